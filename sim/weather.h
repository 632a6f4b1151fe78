/* Open-Meteo as its documents and its server's source show it: /v1/forecast, and the history host's
 * the same path below /history. One place answers an object, several a list in the order asked;
 * coordinates that come back are those of a grid cell, 1/16 degree wide.
 *
 * A value is a function of (seed, cell, quarter of an hour, variable), made with whole numbers, so
 * that it is the same on any machine, in any order, for one place or among a thousand. South of 60
 * degrees there is no elevation (the member is left out), south of 80 no values (null). Only
 * generationtime_ms differs from answer to answer, as it does there. */
#ifndef FIRN_SIM_WEATHER_H
#define FIRN_SIM_WEATHER_H

#include "handle.h"

enum {
	WEATHER_PLACES_MAX = 1000, /* in one request, as of the free host */
	WEATHER_VARIABLES_MAX = 32,
	WEATHER_BACK_DAYS = 92,    /* how far /v1/forecast reaches back, */
	WEATHER_AHEAD_DAYS = 16,   /* and ahead */
	WEATHER_QUERY_BYTES = 1 << 17,
};

/* --- values (weather_values.c) --- */

struct weather_variable {
	const char *name, *unit;
	int32_t middle, swing, noise; /* in units of the last digit */
	uint8_t digits;               /* behind the point */
	uint8_t kind;                 /* of weather_values.c */
};

/* 1/16 degree: 60.17 is 963. */
struct weather_cell {
	int32_t latitude, longitude;
};

struct weather_cell weather_cell(double latitude, double longitude);
const struct weather_variable *weather_variable(struct span name); /* NULL: none of that name */
/* Appends the number, or null. `second` since 1970, rounded down to its quarter of an hour. */
bool weather_add_value(struct buf *out, uint64_t seed, struct weather_cell cell,
		       const struct weather_variable *variable, int64_t second);
int32_t weather_elevation_dm(uint64_t seed, struct weather_cell cell); /* decimetres */

/* --- questions (weather_read.c) --- */

struct weather_question {
	struct weather_cell cells[WEATHER_PLACES_MAX];
	size_t cells_n;
	const struct weather_variable *current[WEATHER_VARIABLES_MAX];
	const struct weather_variable *hourly[WEATHER_VARIABLES_MAX];
	size_t current_n, hourly_n;
	bool current_weather, unixtime;
	int64_t first_day, last_day; /* of hourly, since 1970, both included */
};

/* ERR_USAGE: to be answered with 400 and these words. */
MUST_CHECK bool weather_read(struct span query, bool history, int64_t now_us,
			     struct weather_question *ret, struct err *reterr);

/* --- quotas (weather_quota.c) --- */

enum weather_unit { QUOTA_MINUTE, QUOTA_HOUR, QUOTA_DAY, QUOTA_UNITS };

struct weather_quota;

MUST_CHECK bool weather_quota_new(struct weather_quota **ret, const int64_t limits[QUOTA_UNITS],
				  struct err *reterr);
void weather_quota_free(struct weather_quota *); /* NULL is fine */
/* How many calls the question counts for: places, times variables above ten and weeks above two. */
double weather_weight(const struct weather_question *);
/* The words of a refusal, or NULL: it was counted. Units begin with the simulated clock's. */
const char *weather_quota_take(struct weather_quota *, int64_t now_us, double weight);
const char *weather_quota_words(enum weather_unit unit);

/* --- the answer (weather_answer.c, weather.c) --- */

void weather_answer(const struct weather_question *question, uint64_t seed, int64_t now_us,
		    const struct twist *twist, struct answer *ret);

/* False: the path is none of its. */
bool weather(struct sim *sim, const struct request *request, struct outcome *out);

#endif
