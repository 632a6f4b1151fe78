#include "weather.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/stamp.h"

enum { INTERVAL_S = 900, HOUR_S = 3600, DAY_S = 86400 };

/* What current_weather=true has told since long ago, and the variables it means. */
static const char *const OLDER[][2] = {
	{"temperature", "temperature_2m"}, {"windspeed", "wind_speed_10m"},
	{"winddirection", "wind_direction_10m"}, {"is_day", "is_day"},
	{"weathercode", "weather_code"},
};
enum { OLDER_N = sizeof OLDER / sizeof *OLDER };

struct answering {
	const struct weather_question *question;
	uint64_t seed;
	int64_t now_s;
	struct buf *out;
};

static void add_time(const struct answering *a, int64_t second)
{
	char text[STAMP_TEXT_BYTES];
	stamp_write_iso(second * STAMP_SECOND, text);
	if (a->question->unixtime)
		buf_addf(a->out, "%lld", (long long)second);
	else
		buf_addf(a->out, "\"%.16s\"", text);
}

static void add_unit(const struct answering *a, const char *name, const char *unit)
{
	json_add_string(a->out, name, unit);
}

static void begin_units(const struct answering *a, const char *block)
{
	json_add_name(a->out, block);
	buf_add_char(a->out, '{');
	add_unit(a, "time", a->question->unixtime ? "unixtime" : "iso8601");
}

static void begin_moment(const struct answering *a, const char *block)
{
	json_add_name(a->out, block);
	buf_add_char(a->out, '{');
	json_add_name(a->out, "time");
	add_time(a, a->now_s - a->now_s % INTERVAL_S);
	json_add_int(a->out, "interval", INTERVAL_S);
}

static void add_value(const struct answering *a, struct weather_cell cell, const char *name,
		      const struct weather_variable *variable)
{
	json_add_name(a->out, name);
	weather_add_value(a->out, a->seed, cell, variable, a->now_s);
}

/* current_weather=true is stronger than current=. */
static void add_current(const struct answering *a, struct weather_cell cell)
{
	const struct weather_question *q = a->question;
	const struct weather_variable *of[WEATHER_VARIABLES_MAX];
	const char *names[WEATHER_VARIABLES_MAX];
	size_t n = q->current_weather ? OLDER_N : q->current_n;
	for (size_t i = 0; i < n; i++) {
		of[i] = q->current_weather ? weather_variable(span_of(OLDER[i][1]))
					   : q->current[i];
		names[i] = q->current_weather ? OLDER[i][0] : of[i]->name;
	}
	if (n == 0)
		return;
	begin_units(a, q->current_weather ? "current_weather_units" : "current_units");
	add_unit(a, "interval", "seconds");
	for (size_t i = 0; i < n; i++)
		add_unit(a, names[i], of[i]->unit);
	buf_add_char(a->out, '}');
	begin_moment(a, q->current_weather ? "current_weather" : "current");
	for (size_t i = 0; i < n; i++)
		add_value(a, cell, names[i], of[i]);
	buf_add_char(a->out, '}');
}

static void add_hourly(const struct answering *a, struct weather_cell cell)
{
	const struct weather_question *q = a->question;
	int64_t first = q->first_day * DAY_S, end = (q->last_day + 1) * DAY_S;
	if (q->hourly_n == 0)
		return;
	begin_units(a, "hourly_units");
	for (size_t i = 0; i < q->hourly_n; i++)
		add_unit(a, q->hourly[i]->name, q->hourly[i]->unit);
	buf_add_char(a->out, '}');
	json_add_name(a->out, "hourly");
	buf_add_char(a->out, '{');
	json_add_name(a->out, "time");
	buf_add_char(a->out, '[');
	for (int64_t at = first; at < end; at += HOUR_S) {
		json_add_comma(a->out);
		add_time(a, at);
	}
	buf_add_char(a->out, ']');
	for (size_t i = 0; i < q->hourly_n; i++) {
		json_add_name(a->out, q->hourly[i]->name);
		buf_add_char(a->out, '[');
		for (int64_t at = first; at < end; at += HOUR_S) {
			json_add_comma(a->out);
			weather_add_value(a->out, a->seed, cell, q->hourly[i], at);
		}
		buf_add_char(a->out, ']');
	}
	buf_add_char(a->out, '}');
}

static void add_place(const struct answering *a, size_t index, unsigned microseconds)
{
	struct weather_cell cell = a->question->cells[index];
	buf_addf(a->out, "{\"latitude\":%.4f,\"longitude\":%.4f,\"generationtime_ms\":0.%04u",
		 cell.latitude / 16.0, cell.longitude / 16.0, microseconds % 10000);
	json_add_int(a->out, "utc_offset_seconds", 0);
	json_add_string(a->out, "timezone", "GMT");
	json_add_string(a->out, "timezone_abbreviation", "GMT");
	if (cell.latitude >= -60 * 16) {
		int32_t elevation = weather_elevation_dm(a->seed, cell);
		json_add_name(a->out, "elevation");
		buf_addf(a->out, "%d.%d", elevation / 10, elevation % 10);
	}
	if (index > 0)
		json_add_int(a->out, "location_id", (int64_t)index);
	add_current(a, cell);
	add_hourly(a, cell);
	buf_add_char(a->out, '}');
}

/* A place's part that is not as it should be (the fault `place`). True: it was written. */
static bool add_wrong(struct buf *out, const struct twist *twist, size_t index)
{
	if (twist->place == PLACE_RIGHT || twist->place_index != index)
		return false;
	if (twist->place == PLACE_ERROR) {
		buf_add_text(out, "{\"error\":true");
		json_add_string(out, "reason", twist->message);
		buf_add_char(out, '}');
	} else if (twist->place == PLACE_NULL) {
		buf_add_text(out, "null");
	} else if (twist->place == PLACE_TEXT) {
		json_add_text(out, SPAN("no object"));
	}
	return twist->place != PLACE_TWICE;
}

void weather_answer(const struct weather_question *question, uint64_t seed, int64_t now_us,
		    const struct twist *twist, struct answer *ret)
{
	struct answering a = {.question = question, .seed = seed, .out = &ret->body,
			      .now_s = stamp_floor(now_us, STAMP_SECOND) / STAMP_SECOND};
	size_t n = question->cells_n;
	unsigned drift = (unsigned)((uint64_t)clock_now_us() % 9973);
	answer_json(ret, 200);
	ret->rows = n;
	if (n > 1)
		buf_add_char(a.out, '[');
	for (size_t i = 0; i < n; i++) {
		bool here = twist->place_index == i;
		if (here && twist->place == PLACE_ABSENT)
			continue;
		json_add_comma(a.out);
		if (add_wrong(a.out, twist, i))
			continue;
		add_place(&a, i, drift + (unsigned)i);
		if (here && twist->place == PLACE_TWICE) {
			json_add_comma(a.out);
			add_place(&a, i, drift);
		}
	}
	if (n > 1)
		buf_add_char(a.out, ']');
}
