/* When a run is due. Pure: no clock, no file.
 *
 * `at` are times of the day on the clock of a zone. On the day on which clocks are set forward, a
 * time that does not exist is due at the moment of the change; on the day on which they are set
 * back, a time that comes twice is due the first time only. `every` is a fixed distance, counted
 * from 1970 in UTC, so that a restart does not shift it and 10m is :00, :10, :20, ...
 *
 * Jitter puts a start off by less than jitter_us, and always before the next one is due. It
 * follows from the seed and the moment alone: asked again it is the same. */
#ifndef FIRN_RUN_SCHEDULE_H
#define FIRN_RUN_SCHEDULE_H

#include "base/zone.h"

#include <stddef.h>
#include <stdint.h>

struct schedule {
	const int *at_minutes; /* of the day */
	size_t at_n;           /* 0: every_us counts */
	int64_t every_us;
	int64_t jitter_us;
	const struct zone *zone; /* of at_minutes; not owned */
	uint64_t seed;         /* tells machines and pipelines apart */
};

/* The first moment later than after_us, without jitter. */
int64_t schedule_next_us(const struct schedule *, int64_t after_us);
/* By how much the start that is due then is put off. */
int64_t schedule_delay_us(const struct schedule *, int64_t due_us);

#endif
