/* Points in time: every form that is read, every one that is written, and back again. */
#include "base/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void assert_iso(const char *text, const char *expected)
{
	char shown[STAMP_TEXT_BYTES] = "refused";
	int64_t us;
	if (stamp_read_iso(span_of(text), &us))
		stamp_write_iso(us, shown);
	if (strcmp(shown, expected) != 0)
		fail_msg("%s: %s, not %s", text, shown, expected);
}

static void assert_no_iso(const char *text)
{
	assert_iso(text, "refused");
}

static void the_usual_form_is_read_to_the_millisecond(void **state)
{
	int64_t us;
	(void)state;
	assert_true(stamp_read_iso(SPAN("1970-01-01T00:00:00.000Z"), &us) && us == 0);
	assert_true(stamp_read_iso(SPAN("2026-11-23T04:05:06.789Z"), &us));
	assert_int_equal(us, INT64_C(1795406706789000));
	assert_iso("0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000000Z");
	assert_iso("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999000Z");
	assert_iso("2024-02-29T00:00:00.001Z", "2024-02-29T00:00:00.001000Z");
	assert_iso("2000-02-29T12:30:00.000Z", "2000-02-29T12:30:00.000000Z");
}

/* One wrong byte at each of the 24 places: no byte may pass for a digit or a sign. */
static void a_wrong_byte_in_the_usual_form_is_seen_wherever_it_is(void **state)
{
	static const char USUAL[] = "2026-11-23T04:05:06.789Z";
	int64_t us;
	(void)state;
	for (size_t at = 0; at < sizeof USUAL - 1; at++) {
		for (int c = 0; c < 256; c++) {
			char text[sizeof USUAL];
			memcpy(text, USUAL, sizeof text);
			text[at] = (char)c;
			bool digit = USUAL[at] >= '0' && USUAL[at] <= '9';
			bool good = digit ? c >= '0' && c <= '9' : c == USUAL[at];
			good |= (at == 10 && (c == 't' || c == ' ')) || (at == 19 && c == ',') ||
				(at == 23 && c == 'z');
			if (!good)
				assert_false(stamp_read_iso((struct span){text, 24}, &us));
			else if (!digit)
				assert_true(stamp_read_iso((struct span){text, 24}, &us));
		}
	}
}

/* Both ways of reading must be one: the long way is reached by a fraction of six digits. */
static void the_fast_way_and_the_long_way_agree_on_every_day(void **state)
{
	int64_t before = INT64_MIN;
	(void)state;
	for (int year = 1; year <= 9999; year += year > 1890 && year < 2110 ? 1 : 13) {
		for (int month = 0; month <= 13; month++) {
			for (int day = 0; day <= 32; day++) {
				char fast[80], slow[80];
				int64_t a = 1, b = 1;
				snprintf(fast, sizeof fast, "%04d-%02d-%02dT%02d:59:58.123Z", year,
					 month, day, day % 24);
				snprintf(slow, sizeof slow, "%04d-%02d-%02dT%02d:59:58.123000Z",
					 year, month, day, day % 24);
				bool read = stamp_read_iso(span_of(fast), &a);
				assert_int_equal(read, stamp_read_iso(span_of(slow), &b));
				assert_int_equal(a, b);
				assert_true(!read || a > before);
				before = read ? a : before;
			}
		}
	}
}

static void days_that_are_in_no_calendar_are_refused(void **state)
{
	(void)state;
	assert_no_iso("2026-02-29T00:00:00.000Z");
	assert_no_iso("1900-02-29T00:00:00.000Z");
	assert_no_iso("2026-04-31T00:00:00Z");
	assert_no_iso("2026-00-10T00:00:00.000Z");
	assert_no_iso("2026-13-10T00:00:00.000Z");
	assert_no_iso("2026-01-00T00:00:00.000Z");
	assert_no_iso("0000-01-01T00:00:00.000Z");
	assert_no_iso("2026-01-01T24:00:01.000Z");
	assert_no_iso("2026-01-01T25:00:00.000Z");
	assert_no_iso("2026-01-01T00:60:00.000Z");
	assert_no_iso("2026-01-01T00:00:61.000Z");
}

static void all_of_iso_8601_is_read(void **state)
{
	(void)state;
	assert_iso("2026-11-23T04:05:06Z", "2026-11-23T04:05:06.000000Z");
	assert_iso("2026-11-23t04:05:06z", "2026-11-23T04:05:06.000000Z");
	assert_iso("2026-11-23 04:05:06+00:00", "2026-11-23T04:05:06.000000Z");
	assert_iso("2026-11-23T04:05Z", "2026-11-23T04:05:00.000000Z");
	assert_iso("2026-11-23T04Z", "2026-11-23T04:00:00.000000Z");
	assert_iso("20261123T040506Z", "2026-11-23T04:05:06.000000Z");
	assert_iso("20261123T040506.5+0130", "2026-11-23T02:35:06.500000Z");
	assert_iso("20261123T0405Z", "2026-11-23T04:05:00.000000Z");
	assert_iso("2026-11-23T04:05:06,7Z", "2026-11-23T04:05:06.700000Z");
	assert_iso("2026-11-23T04:30.5Z", "2026-11-23T04:30:30.000000Z");
	assert_iso("2026-11-23T04.25Z", "2026-11-23T04:15:00.000000Z");
	assert_iso("2026-327T04:05:06Z", "2026-11-23T04:05:06.000000Z");
	assert_iso("2024366T04:05:06Z", "2024-12-31T04:05:06.000000Z");
	assert_iso("2026-W48-1T04:05:06Z", "2026-11-23T04:05:06.000000Z");
	assert_iso("2026W481T04:05:06Z", "2026-11-23T04:05:06.000000Z");
	assert_iso("2020-W53-7T00:00:00Z", "2021-01-03T00:00:00.000000Z");
	assert_iso("2026-W01-1T00:00:00Z", "2025-12-29T00:00:00.000000Z");
}

static void what_has_no_zone_or_more_than_a_time_is_refused(void **state)
{
	static const char *const WRONG[] = {
		"", "2026-11-23", "2026-11-23T04:05:06", "2026-11-23T04:05:06.789",
		"2026-11-23T04:05:06Z ", " 2026-11-23T04:05:06Z", "2026-11-23T04:05:06.Z",
		"2026-11-23T04:05:06.0123456789Z", "2026-11-23T04:05:06+", "2026-11-23T04:05:06+1",
		"2026-11-23T04:05:06+01:", "2026-11-23T04:05:06+01:0", "2026-11-23T04:05:06+24:00",
		"2026-11-23T04:05:06+01:60", "2026-11-23T4:05:06Z", "26-11-23T04:05:06Z",
		"2026-11-2304:05:06Z", "2026-11-23TZ", "2026-W54-1T00:00:00Z",
		"2025-W53-1T00:00:00Z", "2026-W00-1T00:00:00Z", "2026-W48-8T00:00:00Z",
		"2026-W48-0T00:00:00Z", "2026-000T00:00:00Z", "2026-366T00:00:00Z", "yesterday",
		"1700000000", "null", "2026-11-23T04:05:06UTC", "+2026-11-23T04:05:06Z",
	};
	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		assert_no_iso(WRONG[i]);
}

static void an_offset_is_taken_away(void **state)
{
	(void)state;
	assert_iso("2026-11-23T04:05:06.789+02:00", "2026-11-23T02:05:06.789000Z");
	assert_iso("2026-11-23T04:05:06.789-0330", "2026-11-23T07:35:06.789000Z");
	assert_iso("2026-11-23T04:05:06-08", "2026-11-23T12:05:06.000000Z");
	assert_iso("2026-01-01T00:30:00+05:45", "2025-12-31T18:45:00.000000Z");
	/* An offset must not carry a time out of the years that warehouses know. */
	assert_no_iso("0001-01-01T00:00:00+00:01");
	assert_no_iso("9999-12-31T23:59:59-00:01");
	assert_no_iso("9999-12-31T24:00:00Z");
}

static void digits_beyond_microseconds_are_cut_off_not_rounded(void **state)
{
	(void)state;
	assert_iso("2026-11-23T04:05:06.123456999Z", "2026-11-23T04:05:06.123456Z");
	assert_iso("1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999Z");
	assert_iso("2026-11-23T04:05:06.1Z", "2026-11-23T04:05:06.100000Z");
}

static void a_leap_second_is_the_second_after(void **state)
{
	(void)state;
	assert_iso("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z");
	assert_iso("2016-12-31T23:59:60.500Z", "2017-01-01T00:00:00.500000Z");
	assert_iso("2026-11-22T24:00:00.000Z", "2026-11-23T00:00:00.000000Z");
	assert_no_iso("2016-12-31T23:59:61Z");
}

static int64_t read_as(const char *name, const char *text)
{
	struct stamp_format format;
	struct err err;
	int64_t us = INT64_MIN;
	assert_true(stamp_format_parse(name, &format, &err));
	if (!stamp_read(&format, span_of(text), &us))
		return INT64_MIN;
	return us;
}

static void unix_times_keep_their_digits(void **state)
{
	(void)state;
	assert_int_equal(read_as("unix", "1700000000"), INT64_C(1700000000000000));
	assert_int_equal(read_as("unix", "1700000000.123456"), INT64_C(1700000000123456));
	assert_int_equal(read_as("unix", "1700000000.1234569"), INT64_C(1700000000123456));
	assert_int_equal(read_as("unix", "0"), 0);
	assert_int_equal(read_as("unix", "-0.0"), 0);
	assert_int_equal(read_as("unix", "0.000001"), 1);
	assert_int_equal(read_as("unix", "0.0000009"), 0);
	assert_int_equal(read_as("unix", "-1.5"), -1500000);
	assert_int_equal(read_as("unix", "1.7e9"), INT64_C(1700000000000000));
	assert_int_equal(read_as("unix", "17000000005E-1"), INT64_C(1700000000500000));
	assert_int_equal(read_as("unix", "0.0000017E+15"), INT64_C(1700000000000000));
	assert_int_equal(read_as("unix", "0001700000000"), INT64_C(1700000000000000));
	assert_int_equal(read_as("unix", "0e999"), 0);
	assert_int_equal(read_as("unix_ms", "1700000000123"), INT64_C(1700000000123000));
	assert_int_equal(read_as("unix_ms", "1700000000123.4567"), INT64_C(1700000000123456));
	assert_int_equal(read_as("unix", "253402300799.999999"), STAMP_MAX);
	assert_int_equal(read_as("unix", "-62135596800"), STAMP_MIN);
}

static void what_is_no_number_or_in_no_year_is_no_unix_time(void **state)
{
	static const char *const WRONG[] = {
		"", "-", "+1", "1.", ".5", "1e", "1e+", "1e1000", "0x10", "1 ", " 1", "1,5", "nan",
		"inf", "253402300800", "-62135596801", "99999999999999999999999999", "1e300",
		"1700000000123000000", "9999999999999", "2026-11-23T04:05:06Z", "--1", "1-1",
	};
	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
		if (read_as("unix", WRONG[i]) != INT64_MIN)
			fail_msg("'%s' was read", WRONG[i]);
	}
}

static void a_pattern_reads_and_writes_what_it_shows(void **state)
{
	static const struct {
		const char *pattern, *text, *iso;
		int64_t unit_us;
	} CASES[] = {
		{"YYYY-MM-DD", "2026-11-23", "2026-11-23T00:00:00.000000Z", STAMP_DAY},
		{"YYYYMMDDhhmmss", "20261123040506", "2026-11-23T04:05:06.000000Z", STAMP_SECOND},
		{"DD.MM.YYYY hh:mm", "23.11.2026 04:05", "2026-11-23T04:05:00.000000Z",
		 STAMP_MINUTE},
		{"YYYY-MM-DDThh:mm:ss.fffZ", "2026-11-23T04:05:06.789Z",
		 "2026-11-23T04:05:06.789000Z", 1000},
		{"YYYY-MM-DD hh:mm:ss.ffffff UTC", "2026-11-23 04:05:06.789012 UTC",
		 "2026-11-23T04:05:06.789012Z", 1},
		{"ss.f|mm|hh|YYYY/MM/DD", "06.7|05|04|2026/11/23", "2026-11-23T04:05:06.700000Z",
		 100000},
		{"YYYY-MM", "2026-11", "2026-11-01T00:00:00.000000Z", 31 * STAMP_DAY},
		{"YYYY", "2026", "2026-01-01T00:00:00.000000Z", 366 * STAMP_DAY},
		{"YYYY-MM-DDThh", "2026-11-23T04", "2026-11-23T04:00:00.000000Z", STAMP_HOUR},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct stamp_format format;
		struct err err;
		char text[STAMP_TEXT_BYTES];
		int64_t us;
		assert_true(stamp_format_parse(CASES[i].pattern, &format, &err));
		assert_int_equal(format.unit_us, CASES[i].unit_us);
		assert_true(stamp_read(&format, span_of(CASES[i].text), &us));
		stamp_write_iso(us, text);
		assert_string_equal(text, CASES[i].iso);
		assert_true(stamp_write(&format, us, text));
		assert_string_equal(text, CASES[i].text);
	}
}

static void a_pattern_reads_nothing_but_what_it_shows(void **state)
{
	(void)state;
	assert_int_equal(read_as("YYYY-MM-DD", "2026-11-2"), INT64_MIN);
	assert_int_equal(read_as("YYYY-MM-DD", "2026-11-230"), INT64_MIN);
	assert_int_equal(read_as("YYYY-MM-DD", "2026/11/23"), INT64_MIN);
	assert_int_equal(read_as("YYYY-MM-DD", "2026-02-30"), INT64_MIN);
	assert_int_equal(read_as("YYYY-MM-DD", "0000-01-01"), INT64_MIN);
	assert_int_equal(read_as("YYYY-MM-DDThhZ", "2026-11-23T04z"), INT64_MIN);
	/* nine digits of fraction: what is finer than a microsecond is cut off */
	assert_int_equal(read_as("YYYY-MM-DD hh:mm:ss.fffffffff", "1970-01-01 00:00:00.000001999"),
			 1);
}

static void a_pattern_with_a_hole_is_refused_with_the_reason(void **state)
{
	static const char *const WRONG[][2] = {
		{"rfc822", "no YYYY"}, {"", "no YYYY"}, {"MM-DD", "no YYYY"},
		{"YYYY hh", "has hh but no DD"}, {"YYYY-DD", "has DD but no MM"},
		{"YYYY-MM-DD mm", "has mm but no hh"}, {"YYYY-MM-DD hh:mm.fff", "has f but no ss"},
		{"YYYY-MM-DD YYYY", "has YYYY twice"}, {"YYYY-MM-DD hh:mm:ss.f f", "has f twice"},
		{"YYYY-MM-DD hh:mm:ss.ffffffffff", "more than nine f"},
		{"YYYY-MM-DD ----------------------------------------------------------", "longer"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
		struct stamp_format format;
		struct err err = {0};
		assert_false(stamp_format_parse(WRONG[i][0], &format, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		if (strstr(err.text, WRONG[i][1]) == NULL)
			fail_msg("'%s' says: %s", WRONG[i][0], err.text);
	}
}

static void finer_digits_than_a_format_has_are_cut_off_downwards(void **state)
{
	static const char *const NAMES[] = {"iso", "unix", "unix_ms", "YYYY-MM-DD hh:mm:ss"};
	static const char *const BEFORE_1970[] = {
		"1969-12-31T23:59:58.999Z", "-2", "-1001", "1969-12-31 23:59:58",
	};
	(void)state;
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		struct stamp_format format;
		struct err err;
		char text[STAMP_TEXT_BYTES];
		assert_true(stamp_format_parse(NAMES[i], &format, &err));
		assert_true(stamp_write(&format, -1000001, text));
		assert_string_equal(text, BEFORE_1970[i]);
		/* What was written is read as what was rounded down. */
		int64_t us;
		assert_true(stamp_read(&format, span_of(text), &us));
		assert_int_equal(us, stamp_floor(-1000001, format.unit_us));
	}
}

static void parts_and_stamps_are_the_same(void **state)
{
	int64_t step = INT64_C(86399999999) * 37 + 12345677;
	(void)state;
	for (int64_t us = STAMP_MIN; us <= STAMP_MAX - step; us += step) {
		struct stamp_parts parts = stamp_parts(us);
		char text[STAMP_TEXT_BYTES];
		int64_t again;
		assert_int_equal(stamp_of_parts(&parts), us);
		stamp_write_iso(us, text);
		assert_true(stamp_read_iso(span_of(text), &again));
		assert_int_equal(again, us);
	}
	struct stamp_parts last = stamp_parts(STAMP_MAX);
	assert_int_equal(last.year, 9999);
	assert_int_equal(last.microsecond, 999999);
	struct stamp_parts first = stamp_parts(STAMP_MIN);
	assert_int_equal(first.year * 10000 + first.month * 100 + first.day, 10101);
}

static void floor_and_ceil_go_down_and_up_before_1970_too(void **state)
{
	(void)state;
	assert_int_equal(stamp_floor(1, STAMP_DAY), 0);
	assert_int_equal(stamp_floor(-1, STAMP_DAY), -STAMP_DAY);
	assert_int_equal(stamp_ceil(1, STAMP_DAY), STAMP_DAY);
	assert_int_equal(stamp_ceil(-1, STAMP_DAY), 0);
	assert_int_equal(stamp_floor(-STAMP_DAY, STAMP_DAY), -STAMP_DAY);
	assert_int_equal(stamp_ceil(STAMP_DAY, STAMP_DAY), STAMP_DAY);
	assert_int_equal(stamp_floor(1234, 1), 1234);
}

static void dates_of_the_command_line_are_days_or_times(void **state)
{
	int64_t us;
	(void)state;
	assert_true(stamp_read_date(SPAN("2026-11-23"), &us));
	assert_int_equal(us, INT64_C(1795392000000000));
	assert_true(stamp_read_date(SPAN("2026-11-23T01:00:00+01:00"), &us));
	assert_int_equal(us, INT64_C(1795392000000000));
	assert_false(stamp_read_date(SPAN("2026-11-31"), &us));
	assert_false(stamp_read_date(SPAN("2026-11"), &us));
	assert_false(stamp_read_date(SPAN("23.11.2026"), &us));
	assert_false(stamp_read_date(SPAN("2026-11-23T01:00:00"), &us));
}

static void people_see_a_midnight_as_a_date(void **state)
{
	char text[STAMP_TEXT_BYTES];
	(void)state;
	stamp_write_short(INT64_C(1795392000000000), text);
	assert_string_equal(text, "2026-11-23");
	stamp_write_short(INT64_C(1795406706789012), text);
	assert_string_equal(text, "2026-11-23 04:05:06");
	stamp_write_short(INT64_C(1795392000000001), text);
	assert_string_equal(text, "2026-11-23 00:00:00");
}

static void the_three_http_dates_are_read(void **state)
{
	static const char *const WRONG[] = {
		"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
		"Sun, 6 Nov 1994 08:49:37 GMT", "Xun, 06 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 GMT ", "1994-11-06T08:49:37Z", "120",
		"Sun Nov 6 08:49:37 1994", "Sunday, 06-Nov-1994 08:49:37 GMT",
	};
	int64_t us;
	(void)state;
	assert_true(stamp_read_http(SPAN("Sun, 06 Nov 1994 08:49:37 GMT"), &us));
	assert_int_equal(us, INT64_C(784111777000000));
	assert_true(stamp_read_http(SPAN("Sunday, 06-Nov-94 08:49:37 GMT"), &us));
	assert_int_equal(us, INT64_C(784111777000000));
	assert_true(stamp_read_http(SPAN("Sun Nov  6 08:49:37 1994"), &us));
	assert_int_equal(us, INT64_C(784111777000000));
	assert_true(stamp_read_http(SPAN("Mon Nov 23 04:05:06 2026"), &us));
	assert_int_equal(us, INT64_C(1795406706000000));
	assert_true(stamp_read_http(SPAN("Monday, 23-Nov-26 04:05:06 GMT"), &us));
	assert_int_equal(us, INT64_C(1795406706000000));
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		assert_false(stamp_read_http(span_of(WRONG[i]), &us));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usual_form_is_read_to_the_millisecond),
		cmocka_unit_test(a_wrong_byte_in_the_usual_form_is_seen_wherever_it_is),
		cmocka_unit_test(the_fast_way_and_the_long_way_agree_on_every_day),
		cmocka_unit_test(days_that_are_in_no_calendar_are_refused),
		cmocka_unit_test(all_of_iso_8601_is_read),
		cmocka_unit_test(what_has_no_zone_or_more_than_a_time_is_refused),
		cmocka_unit_test(an_offset_is_taken_away),
		cmocka_unit_test(digits_beyond_microseconds_are_cut_off_not_rounded),
		cmocka_unit_test(a_leap_second_is_the_second_after),
		cmocka_unit_test(unix_times_keep_their_digits),
		cmocka_unit_test(what_is_no_number_or_in_no_year_is_no_unix_time),
		cmocka_unit_test(a_pattern_reads_and_writes_what_it_shows),
		cmocka_unit_test(a_pattern_reads_nothing_but_what_it_shows),
		cmocka_unit_test(a_pattern_with_a_hole_is_refused_with_the_reason),
		cmocka_unit_test(finer_digits_than_a_format_has_are_cut_off_downwards),
		cmocka_unit_test(parts_and_stamps_are_the_same),
		cmocka_unit_test(floor_and_ceil_go_down_and_up_before_1970_too),
		cmocka_unit_test(dates_of_the_command_line_are_days_or_times),
		cmocka_unit_test(people_see_a_midnight_as_a_date),
		cmocka_unit_test(the_three_http_dates_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
