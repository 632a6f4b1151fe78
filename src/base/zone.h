/* Time zones, read from the system's TZif files (RFC 8536, version 1 to 4, footer included).
 * Why not the C library: it takes an unknown zone for UTC in silence, and its zone is global. */
#ifndef FIRN_BASE_ZONE_H
#define FIRN_BASE_ZONE_H

#include "base/err.h"

#include <stdint.h>

struct zone;

/* An IANA name, also a backward one (US/Pacific), or "UTC". `folder` NULL: /usr/share/zoneinfo
 * and the other usual places. ERR_USAGE: unknown (with the nearest known name), or not a name;
 * "UTC" works where no zone is installed at all. */
MUST_CHECK bool zone_open(struct zone **ret, const char *name, const char *folder,
			  struct err *reterr);
/* The machine's zone out of /etc/localtime; UTC where there is none. `tz` is the environment's
 * TZ, or NULL. */
MUST_CHECK bool zone_open_local(struct zone **ret, const char *tz, struct err *reterr);
void zone_close(struct zone *zone); /* NULL is fine */

/* Seconds east of UTC at that moment. */
int32_t zone_offset_s(const struct zone *zone, int64_t us);
/* What a clock on the wall shows, as if it were UTC. */
int64_t zone_local(const struct zone *zone, int64_t us);
/* The moment of a wall time: of two (clocks set back) the earlier; one that is skipped (set
 * forward) counts as the moment of the change. */
int64_t zone_utc(const struct zone *zone, int64_t local_us);

#endif
