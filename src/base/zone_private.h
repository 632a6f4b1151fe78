/* What the parts of base/zone share; nobody else but their tests includes this. */
#ifndef FIRN_BASE_ZONE_PRIVATE_H
#define FIRN_BASE_ZONE_PRIVATE_H

#include "base/zone.h"

#include "base/span.h"

/* One of the two days of a year on which the clocks change. */
struct zone_day {
	enum { ZONE_JULIAN, ZONE_DAY, ZONE_WEEKDAY } kind; /* Jn, n, Mm.w.d */
	int day;         /* Jn: 1 to 365, February 29 never counted; n: 0 to 365; d: Sunday is 0 */
	int month, week; /* week 5: the last */
	int32_t time_s;  /* after the day's begin on the clock of before, -167 h to 167 h */
};

/* A TZ string of POSIX: what holds behind the last change that a file lists. */
struct zone_rule {
	int32_t std_s, dst_s; /* seconds east of UTC */
	bool has_dst;
	struct zone_day start, end; /* of the time dst_s, which may be behind std_s */
};

struct zone {
	struct zone_rule rule;
	bool has_rule;
	int32_t first_s;     /* before the first change */
	size_t n;
	const int64_t *at_s; /* the changes, ascending */
	const int32_t *offset_s; /* from each of them on */
};

/* "CET-1CEST,M3.5.0,M10.5.0/3"; false: not such a text. */
bool zone_rule_parse(struct span text, struct zone_rule *ret);
int32_t zone_rule_offset_s(const struct zone_rule *, int64_t at_s);
/* The first change after at_s; INT64_MAX: none. */
int64_t zone_rule_next_s(const struct zone_rule *, int64_t at_s);

/* A TZif file's bytes (RFC 8536). NULL: not such a file (ERR_DATA), or no memory. */
MUST_CHECK struct zone *zone_parse(struct span bytes, struct err *reterr);

#endif
