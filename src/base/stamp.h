/* Points in time: microseconds since 1970-01-01T00:00:00 UTC in an int64, years 0001 to 9999.
 * Leap seconds (":60") are read as the second after. Nothing here knows a time zone but UTC and
 * written offsets; base/zone.h does. */
#ifndef FIRN_BASE_STAMP_H
#define FIRN_BASE_STAMP_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

#define STAMP_SECOND INT64_C(1000000)
#define STAMP_MINUTE (60 * STAMP_SECOND)
#define STAMP_HOUR (60 * STAMP_MINUTE)
#define STAMP_DAY (24 * STAMP_HOUR)
#define STAMP_MIN INT64_C(-62135596800000000)  /* 0001-01-01T00:00:00 */
#define STAMP_MAX INT64_C(253402300799999999)  /* 9999-12-31T23:59:59.999999 */

enum stamp_style {
	STAMP_ISO,     /* any ISO 8601 time with a zone or offset, 0 to 9 digits of fraction */
	STAMP_UNIX,    /* seconds, also with a fraction, also digits in a string */
	STAMP_UNIX_MS, /* milliseconds, likewise */
	STAMP_PATTERN, /* YYYY MM DD hh mm ss and one f a digit, anything else literal, UTC */
};

struct stamp_format {
	enum stamp_style style;
	const char *pattern; /* of STAMP_PATTERN */
	/* The smallest step that it can write; iso writes milliseconds. A month counts as 31 days
	 * and a year as 366: above STAMP_DAY no moment can be written, only read. */
	int64_t unit_us;
};

/* "iso", "unix", "unix_ms" or a pattern. ERR_USAGE: the text holds no YYYY, or leaves a hole
 * (hours without days). The pattern is kept, not copied. */
MUST_CHECK bool stamp_format_parse(const char *text, struct stamp_format *ret, struct err *reterr);

/* False: not a time of that format, or outside STAMP_MIN..STAMP_MAX. Digits beyond microseconds
 * are cut off. */
bool stamp_read(const struct stamp_format *format, struct span text, int64_t *ret_us);
bool stamp_read_iso(struct span text, int64_t *ret_us); /* the hot path */
/* "2026-11-23" (the day's begin), or what stamp_read_iso takes: dates of the command line. */
bool stamp_read_date(struct span text, int64_t *ret_us);

enum { STAMP_TEXT_BYTES = 64 };
/* NUL behind; false: more than STAMP_TEXT_BYTES. Finer digits than the format's are cut off. */
bool stamp_write(const struct stamp_format *format, int64_t us, char out[STAMP_TEXT_BYTES]);
/* "2026-11-23T04:05:06.789012Z" */
void stamp_write_iso(int64_t us, char out[STAMP_TEXT_BYTES]);
/* For people: "2026-11-23 04:05:06", and only the date where it is a midnight. */
void stamp_write_short(int64_t us, char out[STAMP_TEXT_BYTES]);

struct stamp_parts {
	int year, month, day, hour, minute, second, microsecond;
};
struct stamp_parts stamp_parts(int64_t us);
int64_t stamp_of_parts(const struct stamp_parts *parts);

/* Down and up to a multiple of unit_us since 1970 (a day's begin for STAMP_DAY). */
int64_t stamp_floor(int64_t us, int64_t unit_us);
int64_t stamp_ceil(int64_t us, int64_t unit_us);

/* An HTTP date (RFC 9110, 5.6.7: IMF-fixdate, and the two obsolete forms). */
bool stamp_read_http(struct span text, int64_t *ret_us);

#endif
