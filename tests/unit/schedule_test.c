/* When a run is due: on days on which clocks change, where a day is skipped, with jitter. */
#include "run/schedule.h"

#include "base/span.h"
#include "base/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int64_t at(const char *text)
{
	int64_t us;
	assert_true(stamp_read_iso(span_of(text), &us));
	return us;
}

static struct zone *zone_of(const char *name)
{
	struct zone *zone;
	struct err why;
	if (!zone_open(&zone, name, NULL, &why))
		fail_msg("%s", why.text);
	return zone;
}

/* Each moment is the next of the one before; the list ends with NULL. */
static void due(const char *zone_name, const int *minutes, size_t n, const char *const *moments)
{
	struct schedule schedule = {.at_minutes = minutes, .at_n = n};
	struct zone *zone = zone_of(zone_name);
	schedule.zone = zone;
	for (size_t i = 0; moments[i + 1] != NULL; i++) {
		char found[STAMP_TEXT_BYTES], wanted[STAMP_TEXT_BYTES];
		stamp_write_iso(schedule_next_us(&schedule, at(moments[i])), found);
		stamp_write_iso(at(moments[i + 1]), wanted);
		assert_string_equal(found, wanted);
	}
	zone_close(zone);
}

static void a_time_of_day_is_that_of_its_zone(void **state)
{
	static const int TEN[] = {22 * 60};
	(void)state;
	due("US/Pacific", TEN, 1, (const char *const[]){
		"2026-07-01T04:59:59Z", "2026-07-01T05:00:00Z", "2026-07-02T05:00:00Z", NULL});
	due("Asia/Tokyo", TEN, 1, (const char *const[]){
		"2026-07-01T13:00:00Z", "2026-07-02T13:00:00Z", NULL});
	due("Pacific/Kiritimati", TEN, 1, (const char *const[]){
		"2026-07-01T00:00:00Z", "2026-07-01T08:00:00Z", "2026-07-02T08:00:00Z", NULL});
}

static void a_time_that_does_not_exist_is_due_at_the_moment_after_the_gap(void **state)
{
	static const int HALF[] = {2 * 60 + 30};
	static const int TWICE[] = {2 * 60 + 15, 2 * 60 + 45, 3 * 60};
	(void)state;
	due("US/Pacific", HALF, 1, (const char *const[]){
		"2026-03-07T10:30:00Z", "2026-03-08T10:00:00Z", "2026-03-09T09:30:00Z", NULL});
	/* Three that fall on one moment are one run. */
	due("US/Pacific", TWICE, 3, (const char *const[]){
		"2026-03-07T11:00:00Z", "2026-03-08T10:00:00Z", "2026-03-09T09:15:00Z", NULL});
	due("Europe/Berlin", HALF, 1, (const char *const[]){
		"2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", NULL});
}

static void a_time_that_comes_twice_is_due_once(void **state)
{
	static const int HALF[] = {60 + 30};
	static const int BERLIN[] = {2 * 60 + 30};
	(void)state;
	due("US/Pacific", HALF, 1, (const char *const[]){
		"2026-10-31T08:30:00Z", "2026-11-01T08:30:00Z", "2026-11-02T09:30:00Z", NULL});
	/* Also when the search begins between the two. */
	due("US/Pacific", HALF, 1, (const char *const[]){
		"2026-11-01T09:00:00Z", "2026-11-02T09:30:00Z", NULL});
	due("Europe/Berlin", BERLIN, 1, (const char *const[]){
		"2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", NULL});
}

static void half_hour_changes_and_midnight_changes_are_no_exception(void **state)
{
	static const int QUARTER[] = {2 * 60 + 15}, MIDNIGHT[] = {0};
	(void)state;
	due("Australia/Lord_Howe", QUARTER, 1, (const char *const[]){
		"2026-10-02T15:45:00Z", "2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z", NULL});
	due("America/Santiago", MIDNIGHT, 1, (const char *const[]){
		"2026-09-05T04:00:00Z", "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z", NULL});
}

static void a_day_that_a_place_skips_is_no_hole(void **state)
{
	static const int NOON[] = {12 * 60};
	(void)state;
	/* Samoa had no 30 December 2011: its noon is the moment of the change. */
	due("Pacific/Apia", NOON, 1, (const char *const[]){
		"2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z",
		"2011-12-31T22:00:00Z", NULL});
}

static void a_distance_is_counted_from_the_same_moments_always(void **state)
{
	struct schedule schedule = {.every_us = 10 * STAMP_MINUTE};
	(void)state;
	assert_int_equal(schedule_next_us(&schedule, at("2026-05-05T10:17:03.5Z")),
			 at("2026-05-05T10:20:00Z"));
	assert_int_equal(schedule_next_us(&schedule, at("2026-05-05T10:20:00Z")),
			 at("2026-05-05T10:30:00Z"));
	assert_int_equal(schedule_next_us(&schedule, at("1969-12-31T23:59:00Z")),
			 at("1970-01-01T00:00:00Z"));
}

/* Thirty years, step by step: strictly later, and never more than two days. */
static void what_is_due_always_comes_soon_and_later(void **state)
{
	static const int TIMES[] = {0, 2 * 60 + 30, 23 * 60 + 59};
	static const char *const NAMES[] = {"US/Pacific", "Pacific/Apia", "Africa/Casablanca",
					    "Europe/Dublin", "UTC"};
	(void)state;
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		struct zone *zone = zone_of(NAMES[i]);
		struct schedule schedule = {.at_minutes = TIMES, .at_n = 3, .zone = zone};
		int64_t us = at("1999-12-31T00:00:00Z"), until_us = at("2031-01-01T00:00:00Z");
		while (us < until_us) {
			int64_t next_us = schedule_next_us(&schedule, us);
			assert_true(next_us > us && next_us - us <= 2 * STAMP_DAY);
			us = next_us;
		}
		zone_close(zone);
	}
}

static void jitter_is_the_same_when_asked_again_and_stays_before_the_next(void **state)
{
	struct schedule schedule = {.every_us = 10 * STAMP_MINUTE, .jitter_us = STAMP_HOUR,
				    .seed = 7};
	struct schedule other = schedule;
	int64_t due_us = at("2026-05-05T10:20:00Z"), least = INT64_MAX, most = 0;
	int differ = 0;
	(void)state;
	other.seed = 8;
	for (int i = 0; i < 1000; i++, due_us += schedule.every_us) {
		int64_t delay_us = schedule_delay_us(&schedule, due_us);
		assert_int_equal(delay_us, schedule_delay_us(&schedule, due_us));
		assert_true(delay_us >= 0 && delay_us < schedule.every_us);
		least = delay_us < least ? delay_us : least;
		most = delay_us > most ? delay_us : most;
		differ += delay_us != schedule_delay_us(&other, due_us);
	}
	assert_true(least < STAMP_MINUTE && most > 9 * STAMP_MINUTE);
	assert_true(differ > 990);
	schedule.jitter_us = 0;
	assert_int_equal(schedule_delay_us(&schedule, due_us), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_of_day_is_that_of_its_zone),
		cmocka_unit_test(a_time_that_does_not_exist_is_due_at_the_moment_after_the_gap),
		cmocka_unit_test(a_time_that_comes_twice_is_due_once),
		cmocka_unit_test(half_hour_changes_and_midnight_changes_are_no_exception),
		cmocka_unit_test(a_day_that_a_place_skips_is_no_hole),
		cmocka_unit_test(a_distance_is_counted_from_the_same_moments_always),
		cmocka_unit_test(what_is_due_always_comes_soon_and_later),
		cmocka_unit_test(jitter_is_the_same_when_asked_again_and_stays_before_the_next),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
