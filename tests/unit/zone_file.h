/* Time zone files made by hand, and what must hold around a change of the clocks. */
#ifndef FIRN_UNIT_ZONE_FILE_H
#define FIRN_UNIT_ZONE_FILE_H

#include "base/buf.h"
#include "base/stamp.h"
#include "base/zone_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { HOUR = 3600, DAY = 86400 };

struct change {
	int64_t at_s;
	int32_t offset_s;
};

static inline void add_number(struct buf *out, int64_t value, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		buf_add_char(out, (char)((uint64_t)value >> (8 * i)));
}

static inline void add_header(struct buf *out, char version, size_t times, size_t types,
			      size_t leap)
{
	buf_add(out, (char[]){'T', 'Z', 'i', 'f', version}, 5);
	buf_add(out, (char[15]){0}, 15);
	add_number(out, 0, 4);
	add_number(out, 0, 4);
	add_number(out, (int64_t)leap, 4);
	add_number(out, (int64_t)times, 4);
	add_number(out, (int64_t)types, 4);
	add_number(out, types == 0 ? 0 : 4, 4);
}

/* A type for each change and one for the time before all. */
static inline void add_block(struct buf *out, int time_bytes, int32_t first_s,
		      const struct change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_number(out, changes[i].at_s, time_bytes);
	for (size_t i = 0; i < n; i++)
		add_number(out, (int64_t)i + 1, 1);
	add_number(out, first_s, 4);
	add_number(out, 0, 2);
	for (size_t i = 0; i < n; i++) {
		add_number(out, changes[i].offset_s, 4);
		add_number(out, 0, 2);
	}
	buf_add(out, "AAA", 4);
}

/* Version 2 with an empty first block, as today's files are. */
static inline struct buf zone_bytes(int32_t first_s, const struct change *changes, size_t n,
			     const char *footer)
{
	struct buf out;
	buf_init(&out, 10000);
	add_header(&out, '2', 0, 0, 0);
	add_header(&out, '2', n, n + 1, 0);
	add_block(&out, 8, first_s, changes, n);
	buf_addf(&out, "\n%s\n", footer);
	return out;
}

static inline struct zone *made_zone(int32_t first_s, const struct change *changes, size_t n,
			      const char *footer)
{
	struct err err = {0};
	struct buf bytes = zone_bytes(first_s, changes, n, footer);
	struct zone *zone = zone_parse(buf_span(&bytes), &err);
	if (zone == NULL)
		fail_msg("%s: %s", footer, err.text);
	buf_done(&bytes);
	return zone;
}

/* Around a change at at_s: the offset up to it and from it on, the wall clock that is skipped or
 * comes twice, and that everything else comes back. */
static inline void assert_change(const struct zone *zone, int64_t at_s, int32_t before_s,
			  int32_t after_s)
{
	int64_t at = at_s * STAMP_SECOND;
	int64_t wall_before = at + before_s * STAMP_SECOND;
	int64_t wall_after = at + after_s * STAMP_SECOND;
	assert_int_equal(zone_offset_s(zone, at - 1), before_s);
	assert_int_equal(zone_offset_s(zone, at), after_s);
	assert_int_equal(zone_local(zone, at - 1), wall_before - 1);
	assert_int_equal(zone_local(zone, at), wall_after);
	if (after_s > before_s) {
		assert_int_equal(zone_utc(zone, wall_before - 1), at - 1);
		assert_int_equal(zone_utc(zone, wall_before), at);
		assert_int_equal(zone_utc(zone, (wall_before + wall_after) / 2), at);
		assert_int_equal(zone_utc(zone, wall_after - 1), at);
		assert_int_equal(zone_utc(zone, wall_after), at);
		assert_int_equal(zone_utc(zone, wall_after + 1), at + 1);
	} else {
		int64_t twice = (wall_before + wall_after) / 2;
		assert_int_equal(zone_utc(zone, wall_after - 1),
				 wall_after - 1 - before_s * STAMP_SECOND);
		assert_int_equal(zone_utc(zone, twice), twice - before_s * STAMP_SECOND);
		assert_int_equal(zone_utc(zone, wall_before - 1), at - 1);
		assert_int_equal(zone_utc(zone, wall_before), wall_before - after_s * STAMP_SECOND);
	}
}

#endif
