/* Any bytes as a TZif file, and as a TZ string: where they are taken, wall clocks and moments
 * must fit together. */
#include "base/stamp.h"
#include "base/zone_private.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool truth)
{
	if (!truth)
		abort();
}

static void check_moment(const struct zone *zone, int64_t us)
{
	int32_t offset_s = zone_offset_s(zone, us);
	int64_t local = zone_local(zone, us);
	expect(offset_s >= -26 * 3600 && offset_s <= 26 * 3600);
	expect(local == us + offset_s * STAMP_SECOND);
	/* A wall time that exists is found, at the earlier moment of two. */
	int64_t found = zone_utc(zone, local);
	expect(found <= us && zone_local(zone, found) == local);
}

static void check(const struct zone *zone)
{
	for (int64_t year = 1; year < 9990; year += 71) {
		struct stamp_parts parts = {.year = (int)year, .month = (int)(year % 12) + 1,
					    .day = 28, .microsecond = 7};
		check_moment(zone, stamp_of_parts(&parts));
	}
	for (int64_t day = 20500; day < 20900; day += 3)
		check_moment(zone, day * STAMP_DAY + STAMP_HOUR);
	for (size_t i = 0; i < zone->n && i < 50; i++) {
		int64_t at_s = zone->at_s[i];
		if (at_s < STAMP_MIN / STAMP_SECOND + 200000 ||
		    at_s > STAMP_MAX / STAMP_SECOND - 200000)
			continue;
		for (int64_t us = -1; us <= 1; us++)
			check_moment(zone, at_s * STAMP_SECOND + us);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct span bytes = {(const char *)data, size};
	struct zone *zone = zone_parse(bytes, &err);
	if (zone != NULL)
		check(zone);
	else
		expect(err.kind == ERR_DATA);
	zone_close(zone);
	struct zone ruled = {.has_rule = true};
	if (zone_rule_parse(bytes, &ruled.rule))
		check(&ruled);
	return 0;
}
