/* Time zones out of files made here (no zone needs to be installed), around the days on which the
 * clocks change. The moments are those of 2026 and, for Samoa's lost day, of 2011. */
#include "zone_file.h"

#include <stdlib.h>

static void pacific_changes_in_march_and_november(void **state)
{
	struct zone *zone = made_zone(0, NULL, 0, "PST8PDT,M3.2.0,M11.1.0");
	(void)state;
	assert_change(zone, 1772964000, -8 * HOUR, -7 * HOUR);
	assert_change(zone, 1793523600, -7 * HOUR, -8 * HOUR);
	zone_close(zone);
}

static void berlin_changes_at_one_in_utc(void **state)
{
	struct zone *zone = made_zone(0, NULL, 0, "CET-1CEST,M3.5.0,M10.5.0/3");
	(void)state;
	assert_change(zone, 1774746000, HOUR, 2 * HOUR);
	assert_change(zone, 1792890000, 2 * HOUR, HOUR);
	zone_close(zone);
}

static void lord_howe_changes_by_half_an_hour_and_has_summer_at_new_year(void **state)
{
	struct zone *zone = made_zone(0, NULL, 0, "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
	(void)state;
	assert_change(zone, 1775314800, 39600, 37800);
	assert_change(zone, 1791041400, 37800, 39600);
	assert_int_equal(zone_offset_s(zone, INT64_C(1798761600) * STAMP_SECOND), 39600);
	zone_close(zone);
}

/* Its standard time is the summer's, and winter is what is listed, around Ramadan; later years
 * have no rule but the footer. */
static void casablanca_goes_back_for_ramadan_and_its_list_ends(void **state)
{
	static const struct change LIST[] = {
		{1740276000, 0}, {1743904800, HOUR}, {1771120800, 0}, {1774144800, HOUR},
	};
	struct zone *zone = made_zone(-1820, LIST, 4, "<+01>-1");
	(void)state;
	assert_int_equal(zone_offset_s(zone, 0), -1820);
	assert_change(zone, 1771120800, HOUR, 0);
	assert_change(zone, 1774144800, 0, HOUR);
	assert_int_equal(zone_offset_s(zone, INT64_C(4102444800) * STAMP_SECOND), HOUR);
	zone_close(zone);
}

static void dublin_has_summer_as_standard_and_winter_as_the_exception(void **state)
{
	struct zone *zone = made_zone(0, NULL, 0, "IST-1GMT0,M10.5.0,M3.5.0/1");
	(void)state;
	assert_change(zone, 1774746000, 0, HOUR);
	assert_change(zone, 1792890000, HOUR, 0);
	zone_close(zone);
}

static void kolkata_never_changes(void **state)
{
	struct zone *zone = made_zone(0, NULL, 0, "IST-5:30");
	int64_t us = INT64_C(1795406706789012);
	(void)state;
	assert_int_equal(zone_offset_s(zone, us), 19800);
	assert_int_equal(zone_utc(zone, zone_local(zone, us)), us);
	zone_close(zone);
}

/* Samoa crossed the date line: December 30 of 2011 is on no wall there. */
static void a_lost_day_counts_as_the_moment_of_the_change(void **state)
{
	static const struct change LIST[] = {{1325239200, 14 * HOUR}};
	struct zone *zone = made_zone(-10 * HOUR, LIST, 1, "");
	(void)state;
	assert_change(zone, 1325239200, -10 * HOUR, 14 * HOUR);
	zone_close(zone);
}

static void of_two_jumps_within_a_day_the_right_one_counts(void **state)
{
	static const struct change LIST[] = {{1325239200, HOUR}, {1325260800, 2 * HOUR}};
	struct zone *zone = made_zone(0, LIST, 2, "");
	(void)state;
	assert_change(zone, 1325239200, 0, HOUR);
	assert_change(zone, 1325260800, HOUR, 2 * HOUR);
	zone_close(zone);
}

static void times_of_a_rule_may_be_days_away_or_negative(void **state)
{
	struct zone *gaza = made_zone(0, NULL, 0, "EET-2EEST,M3.4.4/50,M10.4.4/50");
	struct zone *nuuk = made_zone(0, NULL, 0, "<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
	(void)state;
	assert_change(gaza, 1774656000, 2 * HOUR, 3 * HOUR);
	assert_change(gaza, 1792796400, 3 * HOUR, 2 * HOUR);
	assert_change(nuuk, 1774746000, -2 * HOUR, -HOUR);
	assert_change(nuuk, 1792890000, -HOUR, -2 * HOUR);
	zone_close(gaza);
	zone_close(nuuk);
}

/* Jn never counts February 29, n does; 2028 is a leap year. March 1 is J60, and day 59 or 60. */
static void days_of_the_year_are_counted_in_both_ways(void **state)
{
	static const int64_t NEW_YEARS[] = {1798761600, 1830297600}; /* 2027, 2028 */
	struct zone *julian = made_zone(0, NULL, 0, "AAA0BBB,J60/0,J365/0");
	struct zone *counted = made_zone(0, NULL, 0, "AAA0BBB,59/0,364/0");
	(void)state;
	assert_change(julian, NEW_YEARS[0] + 59 * DAY, 0, HOUR);
	assert_change(julian, NEW_YEARS[1] + 60 * DAY, 0, HOUR);
	assert_change(julian, NEW_YEARS[1] + 365 * DAY - HOUR, HOUR, 0);
	assert_change(counted, NEW_YEARS[0] + 59 * DAY, 0, HOUR);
	assert_change(counted, NEW_YEARS[1] + 59 * DAY, 0, HOUR);
	assert_change(counted, NEW_YEARS[1] + 364 * DAY - HOUR, HOUR, 0);
	zone_close(julian);
	zone_close(counted);
}

static void a_change_may_fall_into_the_year_before_or_after(void **state)
{
	/* 2027-01-01 less 25 hours; 2026-12-31 plus 26 hours, on the clock an hour ahead. */
	struct zone *early = made_zone(0, NULL, 0, "AAA0BBB,J1/-25,J100/0");
	struct zone *late = made_zone(0, NULL, 0, "AAA0BBB,J100/0,J365/26");
	(void)state;
	assert_change(early, 1798761600 - 25 * HOUR, 0, HOUR);
	assert_change(late, 1798761600 + HOUR, HOUR, 0);
	zone_close(early);
	zone_close(late);
}

static void summer_time_may_hold_all_the_year(void **state)
{
	struct zone *zone = made_zone(0, NULL, 0, "EST5EDT,0/0,J365/25");
	(void)state;
	for (int64_t at_s = 1767225600 - DAY; at_s < 1767225600 + 800 * DAY; at_s += HOUR)
		assert_int_equal(zone_offset_s(zone, at_s * STAMP_SECOND), -4 * HOUR);
	zone_close(zone);
}

/* No place has such a rule: at 22:00 the clock jumps from 17:00 over 20:00, and three hours later
 * it goes back and shows 20:00 after all. */
static void a_wall_time_that_exists_is_found_though_it_was_jumped_over(void **state)
{
	struct zone *zone = made_zone(0, NULL, 0, "AAA0BBF5,324/25,324/17");
	int64_t us = INT64_C(1795309200000000); /* 2026-11-22T01:00:00Z */
	(void)state;
	assert_int_equal(zone_local(zone, us), us - 5 * HOUR * STAMP_SECOND);
	assert_int_equal(zone_utc(zone, zone_local(zone, us)), us);
	zone_close(zone);
}

static void every_form_of_a_rule_is_read_and_no_other(void **state)
{
	static const char *const RIGHT[] = {
		"UTC0", "<+03>-3", "<-0330>3:30", "AAA-24", "AAA24", "AAA1:02:03",
		"AAA0BBB-1,M1.1.0,M12.5.6", "AAA0BBB,J1,J365/167", "AAA0BBB,0,365/-167:59:59",
		"AAA0BBB+1,M3.2.0/+2,M11.1.0/02:00:00",
	};
	static const char *const WRONG[] = {
		"", "UTC", "AA0", "<+03-3", "<+3>-3", "AAA25", "AAA0:60", "AAA0BBB",
		"AAA0BBB,M3.2.0",
		"AAA0BBB,M0.1.0,M1.1.0", "AAA0BBB,M13.1.0,M1.1.0", "AAA0BBB,M1.0.0,M1.1.0",
		"AAA0BBB,M1.6.0,M1.1.0", "AAA0BBB,M1.1.7,M1.1.0", "AAA0BBB,J0,J1",
		"AAA0BBB,J366,J1", "AAA0BBB,366,1", "AAA0BBB,J1/168,J1", "AAA0BBB,J1,J2,",
		"AAA0BBB,J1,J2 ", "AAA 0", "AAA0BBB,M1.1,M1.1.0", "AAA0BB,J1,J2", "AAA+-1",
	};
	struct zone_rule rule;
	(void)state;
	for (size_t i = 0; i < sizeof RIGHT / sizeof RIGHT[0]; i++) {
		if (!zone_rule_parse(span_of(RIGHT[i]), &rule))
			fail_msg("'%s' is refused", RIGHT[i]);
	}
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
		if (zone_rule_parse(span_of(WRONG[i]), &rule))
			fail_msg("'%s' is taken", WRONG[i]);
	}
	assert_true(zone_rule_parse(SPAN("<+03>-3"), &rule));
	assert_int_equal(rule.std_s, 3 * HOUR);
}

/* --- whole and broken files --- */
static void files_of_version_1_are_read(void **state)
{
	static const struct change LIST[] = {{-1000, HOUR}, {1772964000, 2 * HOUR}};
	struct err err;
	struct buf bytes;
	(void)state;
	buf_init(&bytes, 10000);
	add_header(&bytes, '\0', 2, 3, 0);
	add_block(&bytes, 4, -17, LIST, 2);
	struct zone *zone = zone_parse(buf_span(&bytes), &err);
	assert_non_null(zone);
	assert_int_equal(zone_offset_s(zone, -2000 * STAMP_SECOND), -17);
	assert_change(zone, 1772964000, HOUR, 2 * HOUR);
	zone_close(zone);
	buf_done(&bytes);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
	static const struct change LIST[] = {{1740276000, 0}, {1743904800, HOUR}};
	struct buf bytes = zone_bytes(-1820, LIST, 2, "<+01>-1");
	(void)state;
	for (size_t size = 0; size < bytes.size; size++) {
		struct err err = {0};
		char *part = malloc(size + 1); /* exact but for one, so that a sanitizer sees */
		memcpy(part, bytes.data, size);
		assert_null(zone_parse((struct span){part, size}, &err));
		assert_int_equal(err.kind, ERR_DATA);
		free(part);
	}
	buf_done(&bytes);
}

static void counts_types_and_times_that_cannot_be_are_refused(void **state)
{
	static const struct change BACK[] = {{2000, 0}, {1000, HOUR}};
	static const struct change TWICE[] = {{2000, 0}, {2000, HOUR}};
	static const struct change FAR[] = {{2000, 100000}};
	struct err err = {0};
	(void)state;
	struct buf bytes = zone_bytes(0, BACK, 2, "");
	assert_null(zone_parse(buf_span(&bytes), &err));
	buf_done(&bytes);
	bytes = zone_bytes(0, TWICE, 2, "");
	assert_null(zone_parse(buf_span(&bytes), &err));
	buf_done(&bytes);
	bytes = zone_bytes(0, FAR, 1, "");
	assert_null(zone_parse(buf_span(&bytes), &err));
	buf_done(&bytes);
	bytes = zone_bytes(0, BACK, 1, "");
	bytes.data[88 + 8] = 9; /* a type that is not there */
	assert_null(zone_parse(buf_span(&bytes), &err));
	buf_done(&bytes);
	buf_init(&bytes, 1000);
	add_header(&bytes, '2', 0, 0, 0);
	add_header(&bytes, '2', 0xFFFFFFFF, 0xFFFFFFFF, 0);
	err.kind = ERR_NONE;
	assert_null(zone_parse(buf_span(&bytes), &err));
	assert_int_equal(err.kind, ERR_DATA); /* and not ERR_MEMORY: nothing that large is tried */
	buf_done(&bytes);
}

/* The zones under right/ are 27 seconds off for everybody else. */
static void a_zone_that_counts_leap_seconds_is_refused(void **state)
{
	struct err err;
	struct buf bytes;
	(void)state;
	buf_init(&bytes, 1000);
	add_header(&bytes, '\0', 0, 1, 1);
	add_block(&bytes, 4, 0, NULL, 0);
	add_number(&bytes, 0, 8);
	assert_null(zone_parse(buf_span(&bytes), &err));
	assert_non_null(strstr(err.text, "leap"));
	buf_done(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pacific_changes_in_march_and_november),
		cmocka_unit_test(berlin_changes_at_one_in_utc),
		cmocka_unit_test(lord_howe_changes_by_half_an_hour_and_has_summer_at_new_year),
		cmocka_unit_test(casablanca_goes_back_for_ramadan_and_its_list_ends),
		cmocka_unit_test(dublin_has_summer_as_standard_and_winter_as_the_exception),
		cmocka_unit_test(kolkata_never_changes),
		cmocka_unit_test(a_lost_day_counts_as_the_moment_of_the_change),
		cmocka_unit_test(of_two_jumps_within_a_day_the_right_one_counts),
		cmocka_unit_test(times_of_a_rule_may_be_days_away_or_negative),
		cmocka_unit_test(days_of_the_year_are_counted_in_both_ways),
		cmocka_unit_test(a_change_may_fall_into_the_year_before_or_after),
		cmocka_unit_test(summer_time_may_hold_all_the_year),
		cmocka_unit_test(a_wall_time_that_exists_is_found_though_it_was_jumped_over),
		cmocka_unit_test(every_form_of_a_rule_is_read_and_no_other),
		cmocka_unit_test(files_of_version_1_are_read),
		cmocka_unit_test(a_file_cut_anywhere_is_refused),
		cmocka_unit_test(counts_types_and_times_that_cannot_be_are_refused),
		cmocka_unit_test(a_zone_that_counts_leap_seconds_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
