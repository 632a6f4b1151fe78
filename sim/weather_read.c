/* The query of /v1/forecast. What it does not know it passes over, as that server does. */
#include "weather.h"

#include "filter.h"

#include "base/stamp.h"

#include <stdio.h>
#include <stdlib.h>

/* The next of a list parted by commas; false: there is none. */
static bool next_of(struct span *rest, struct span *ret)
{
	if (rest->size == 0)
		return false;
	const char *end = memchr(rest->at, ',', rest->size);
	ret->at = rest->at;
	ret->size = end == NULL ? rest->size : (size_t)(end - rest->at);
	*rest = span_from(*rest, ret->size + 1);
	return true;
}

static bool number_of(struct span text, double *ret)
{
	char digits[64], *end = NULL;
	if (text.size == 0 || text.size >= sizeof digits)
		return false;
	memcpy(digits, text.at, text.size);
	digits[text.size] = '\0';
	*ret = strtod(digits, &end);
	return *end == '\0' && *ret == *ret;
}

static bool coordinate(struct span text, const char *name, double most, double *ret,
		       struct err *reterr)
{
	if (!number_of(text, ret))
		return err_set(reterr, ERR_USAGE, "Value of type 'String' required for key "
			       "'%s': %.*s is no number.", name, SPAN_ARGS(text));
	return (*ret >= -most && *ret <= most) ||
	       err_set(reterr, ERR_USAGE, "%s must be in range of -%.0f to %.0f°. Given: %.*s.",
		       most > 90 ? "Longitude" : "Latitude", most, most, SPAN_ARGS(text));
}

static bool read_places(struct span latitudes, struct span longitudes,
			struct weather_question *ret, struct err *reterr)
{
	struct span latitude, longitude;
	double north = 0, east = 0;
	for (;;) {
		bool one = next_of(&latitudes, &latitude), other = next_of(&longitudes, &longitude);
		if (one != other || (!one && ret->cells_n == 0))
			return err_set(reterr, ERR_USAGE, "Parameter 'latitude' and 'longitude' "
				       "must have the same number of elements");
		if (!one)
			return true;
		if (ret->cells_n == WEATHER_PLACES_MAX)
			return err_set(reterr, ERR_USAGE, "Only up to %d locations can be "
				       "requested at once", WEATHER_PLACES_MAX);
		if (!coordinate(latitude, "latitude", 90, &north, reterr) ||
		    !coordinate(longitude, "longitude", 180, &east, reterr))
			return false;
		ret->cells[ret->cells_n++] = weather_cell(north, east);
	}
}

static bool read_variables(struct span names, const char *key,
			   const struct weather_variable **ret, size_t *ret_n, struct err *reterr)
{
	struct span name;
	while (next_of(&names, &name)) {
		const struct weather_variable *variable = weather_variable(name);
		if (variable == NULL)
			return err_set(reterr, ERR_USAGE, "Cannot initialize WeatherVariable from "
				       "invalid String value %.*s for key %s", SPAN_ARGS(name),
				       key);
		if (*ret_n == WEATHER_VARIABLES_MAX)
			return err_set(reterr, ERR_USAGE, "Too many variables");
		ret[(*ret_n)++] = variable;
	}
	return true;
}

static bool read_day(struct span query, const char *name, int64_t low, int64_t high,
		     struct buf *room, int64_t *ret_day, struct err *reterr)
{
	char from[STAMP_TEXT_BYTES], until[STAMP_TEXT_BYTES];
	int64_t us = 0;
	buf_clear(room);
	if (!query_value(query, name, room))
		return true;
	if (room->size != 10 || !stamp_read_date(buf_span(room), &us))
		return err_set(reterr, ERR_USAGE, "Invalid date format. Make sure to use "
			       "'YYYY-MM-DD'");
	*ret_day = us / STAMP_DAY;
	if (*ret_day >= low && *ret_day <= high)
		return true;
	stamp_write_iso(low * STAMP_DAY, from);
	stamp_write_iso(high * STAMP_DAY, until);
	return err_set(reterr, ERR_USAGE, "Parameter '%s' is out of allowed range from %.10s to "
		       "%.10s", name, from, until);
}

/* Both days belong to it. */
static bool read_days(struct span query, bool history, int64_t now_us, struct buf *room,
		      struct weather_question *ret, struct err *reterr)
{
	int64_t today = stamp_floor(now_us, STAMP_DAY) / STAMP_DAY, low = 0;
	int64_t high = history ? today : today + WEATHER_AHEAD_DAYS;
	if (!history)
		low = today - WEATHER_BACK_DAYS;
	else if (!stamp_read_date(SPAN("2016-01-01"), &low))
		return err_set(reterr, ERR_USAGE, "no calendar");
	else
		low /= STAMP_DAY;
	ret->first_day = today;
	ret->last_day = history ? today : today + 6;
	if (!read_day(query, "start_date", low, high, room, &ret->first_day, reterr) ||
	    !read_day(query, "end_date", low, high, room, &ret->last_day, reterr))
		return false;
	return ret->first_day <= ret->last_day ||
	       err_set(reterr, ERR_USAGE, "End-date must be larger or equals than start-date");
}

static bool read_format(struct span query, struct buf *room, struct weather_question *ret,
			struct err *reterr)
{
	buf_clear(room);
	if (query_value(query, "timezone", room) && !span_is(buf_span(room), "GMT") &&
	    !span_is(buf_span(room), "UTC"))
		return err_set(reterr, ERR_USAGE, "Invalid timezone");
	buf_clear(room);
	if (query_value(query, "timeformat", room)) {
		ret->unixtime = span_is(buf_span(room), "unixtime");
		if (!ret->unixtime && !span_is(buf_span(room), "iso8601"))
			return err_set(reterr, ERR_USAGE, "Cannot initialize Timeformat from "
				       "invalid String value %s for key timeformat",
				       buf_text(room));
	}
	buf_clear(room);
	ret->current_weather = query_value(query, "current_weather", room) &&
			       span_is(buf_span(room), "true");
	return true;
}

bool weather_read(struct span query, bool history, int64_t now_us, struct weather_question *ret,
		  struct err *reterr)
{
	struct buf north, east;
	buf_init(&north, WEATHER_QUERY_BYTES);
	buf_init(&east, WEATHER_QUERY_BYTES);
	ret->cells_n = ret->current_n = ret->hourly_n = 0;
	ret->unixtime = ret->current_weather = false;
	(void)query_value(query, "latitude", &north);
	(void)query_value(query, "longitude", &east);
	bool done = read_places(buf_span(&north), buf_span(&east), ret, reterr);
	buf_clear(&north);
	buf_clear(&east);
	(void)query_value(query, "current", &north);
	(void)query_value(query, "hourly", &east);
	done = done &&
	       read_variables(buf_span(&north), "current", ret->current, &ret->current_n, reterr) &&
	       read_variables(buf_span(&east), "hourly", ret->hourly, &ret->hourly_n, reterr) &&
	       read_days(query, history, now_us, &north, ret, reterr) &&
	       read_format(query, &north, ret, reterr);
	buf_done(&north);
	buf_done(&east);
	return done;
}
