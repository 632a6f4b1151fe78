#include "run/schedule.h"

#include "base/digest.h"
#include "base/stamp.h"

/* A zone's clock is less than 27 hours from UTC, and a place that crosses the date line skips a
 * day: within so many days around a moment lies what comes after it. */
enum { DAYS_BEFORE = 2, DAYS_AFTER = 4 };

static int64_t next_at(const struct schedule *schedule, int64_t after_us)
{
	int64_t today_us = stamp_floor(zone_local(schedule->zone, after_us), STAMP_DAY);
	int64_t found_us = INT64_MAX;
	for (int64_t day = -DAYS_BEFORE; day <= DAYS_AFTER; day++) {
		for (size_t i = 0; i < schedule->at_n; i++) {
			int64_t local_us = today_us + day * STAMP_DAY +
					   schedule->at_minutes[i] * STAMP_MINUTE;
			int64_t due_us = zone_utc(schedule->zone, local_us);
			if (due_us > after_us && due_us < found_us)
				found_us = due_us;
		}
	}
	return found_us;
}

int64_t schedule_next_us(const struct schedule *schedule, int64_t after_us)
{
	if (schedule->at_n > 0)
		return next_at(schedule, after_us);
	return stamp_floor(after_us, schedule->every_us) + schedule->every_us;
}

int64_t schedule_delay_us(const struct schedule *schedule, int64_t due_us)
{
	int64_t room_us = schedule_next_us(schedule, due_us) - due_us;
	if (room_us > schedule->jitter_us)
		room_us = schedule->jitter_us;
	if (room_us <= 0)
		return 0;
	struct span moment = {(const char *)&due_us, sizeof due_us};
	return (int64_t)(digest_hash64(moment, schedule->seed) % (uint64_t)room_us);
}
