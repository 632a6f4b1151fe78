#include "weather.h"

#include "random.h"

enum kind { PLAIN, TEMPERATURE, SHARE, FALL, DEGREES, CODE, DAYLIGHT };
enum { QUARTER_S = 900, HOUR_S = 3600, DAY_S = 86400, CELLS_A_DEGREE = 16 };

static const struct weather_variable VARIABLES[] = {
	{"temperature_2m", "°C", 270, 60, 15, 1, TEMPERATURE},
	{"apparent_temperature", "°C", 255, 65, 20, 1, TEMPERATURE},
	{"dew_point_2m", "°C", 200, 20, 15, 1, TEMPERATURE},
	{"relative_humidity_2m", "%", 65, -20, 12, 0, SHARE},
	{"cloud_cover", "%", 50, 0, 70, 0, SHARE},
	{"precipitation", "mm", 0, 0, 40, 1, FALL},
	{"rain", "mm", 0, 0, 40, 1, FALL},
	{"snowfall", "cm", 0, 0, 200, 2, FALL},
	{"pressure_msl", "hPa", 10132, 20, 200, 1, PLAIN},
	{"surface_pressure", "hPa", 10050, 20, 200, 1, PLAIN},
	{"wind_speed_10m", "km/h", 120, 40, 70, 1, PLAIN},
	{"wind_gusts_10m", "km/h", 250, 60, 120, 1, PLAIN},
	{"wind_direction_10m", "°", 0, 0, 0, 0, DEGREES},
	{"weather_code", "wmo code", 0, 0, 0, 0, CODE},
	{"is_day", "", 0, 0, 0, 0, DAYLIGHT},
};

const struct weather_variable *weather_variable(struct span name)
{
	for (size_t i = 0; i < sizeof VARIABLES / sizeof *VARIABLES; i++) {
		if (span_is(name, VARIABLES[i].name))
			return &VARIABLES[i];
	}
	return NULL;
}

static int32_t to_cell(double degrees)
{
	double cells = degrees * CELLS_A_DEGREE;
	return (int32_t)(cells < 0 ? cells - 0.5 : cells + 0.5);
}

struct weather_cell weather_cell(double latitude, double longitude)
{
	return (struct weather_cell){to_cell(latitude), to_cell(longitude)};
}

static uint64_t cell_base(uint64_t seed, struct weather_cell cell)
{
	uint64_t place = (uint64_t)(uint32_t)cell.latitude << 32 | (uint32_t)cell.longitude;
	return mix64(mix64(seed ^ UINT64_C(0x77656174686572)) ^ place);
}

int32_t weather_elevation_dm(uint64_t seed, struct weather_cell cell)
{
	return (int32_t)below(draw(cell_base(seed, cell), 1), 9000);
}

static uint64_t name_hash(const char *name)
{
	uint64_t hash = 0;
	for (; *name != '\0'; name++)
		hash = mix64(hash ^ (unsigned char)*name);
	return hash;
}

/* The sun's second of the day: 240 s a degree to the east. */
static int64_t solar(struct weather_cell cell, int64_t second)
{
	int64_t shifted = second + (int64_t)cell.longitude * 240 / CELLS_A_DEGREE;
	return (shifted % DAY_S + DAY_S) % DAY_S;
}

/* -1000 at four in the morning, 1000 at four in the afternoon, straight in between. */
static int64_t wave(int64_t of_day)
{
	int64_t since = (of_day - 4 * HOUR_S + DAY_S) % DAY_S;
	int64_t half = since < DAY_S / 2 ? since : DAY_S - since;
	return half * 4000 / DAY_S - 1000;
}

static int64_t shake(uint64_t base, int64_t step, int32_t most)
{
	return (int64_t)below(draw(base, (uint64_t)step), (uint32_t)(2 * most + 1)) - most;
}

static int64_t value_of(const struct weather_variable *v, uint64_t base, struct weather_cell cell,
			int64_t second)
{
	static const uint8_t CODES[] = {0, 1, 2, 3, 45, 51, 61, 63, 71, 80, 95};
	int64_t of_day = solar(cell, second), quarter = second / QUARTER_S;
	int32_t away = cell.latitude < 0 ? -cell.latitude : cell.latitude;
	int64_t value = v->middle + v->swing * wave(of_day) / 1000;
	if (v->noise > 0)
		value += shake(base, second / HOUR_S, v->noise) + shake(~base, quarter, 3);
	switch ((enum kind)v->kind) {
	case TEMPERATURE: return value - (int64_t)away * 45 / (10 * CELLS_A_DEGREE);
	case SHARE: return value < 0 ? 0 : value > 100 ? 100 : value;
	case FALL: return value < v->noise / 2 ? 0 : value - v->noise / 2;
	case DEGREES: return below(draw(base, (uint64_t)quarter), 360);
	case CODE: return CODES[below(draw(base, (uint64_t)(second / HOUR_S)), sizeof CODES)];
	case DAYLIGHT: return of_day >= 6 * HOUR_S && of_day < 18 * HOUR_S;
	case PLAIN: break;
	}
	return value < 0 ? 0 : value;
}

bool weather_add_value(struct buf *out, uint64_t seed, struct weather_cell cell,
		       const struct weather_variable *variable, int64_t second)
{
	static const int64_t SCALES[] = {1, 10, 100};
	if (cell.latitude < -80 * CELLS_A_DEGREE)
		return buf_add_text(out, "null");
	second -= (second % QUARTER_S + QUARTER_S) % QUARTER_S;
	uint64_t base = mix64(cell_base(seed, cell) ^ name_hash(variable->name));
	int64_t value = value_of(variable, base, cell, second);
	int64_t scale = SCALES[variable->digits], size = value < 0 ? -value : value;
	const char *sign = value < 0 ? "-" : "";
	if (scale == 1)
		return buf_addf(out, "%s%lld", sign, (long long)size);
	return buf_addf(out, "%s%lld.%0*lld", sign, (long long)(size / scale), variable->digits,
			(long long)(size % scale));
}
