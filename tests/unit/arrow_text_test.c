/* Numbers, times and bytes as text. */
#include "warehouse_kit.h"

#include "warehouse/arrow_text.h"

#include <float.h>
#include <math.h>

static struct buf out;

static int make_buffer(void **state)
{
	(void)state;
	buf_init(&out, SQL_BYTES_MAX);
	return 0;
}

static int free_buffer(void **state)
{
	(void)state;
	buf_done(&out);
	return 0;
}

#define SHOWS(call, is) do { \
	buf_clear(&out); \
	call; \
	assert_string_equal(buf_text(&out), is); \
} while (0)

static void doubles_have_the_fewest_digits_that_read_back(void **state)
{
	(void)state;
	SHOWS(show_double(&out, 0.1), "0.1");
	SHOWS(show_double(&out, 0.1 + 0.2), "0.30000000000000004");
	SHOWS(show_double(&out, 1e22), "1e+22");
	SHOWS(show_double(&out, 100), "100");
	SHOWS(show_double(&out, -0.0), "-0");
	SHOWS(show_double(&out, DBL_MAX), "1.7976931348623157e+308");
	SHOWS(show_double(&out, 5e-324), "4.94065645841247e-324");
	SHOWS(show_double(&out, NAN), "nan");
	SHOWS(show_double(&out, -INFINITY), "-inf");
	SHOWS(show_float(&out, (double)0.1F), "0.1");
	SHOWS(show_float(&out, (double)FLT_MAX), "3.4028235e+38");
	srand(3);
	for (int i = 0; i < 20000; i++) {
		union { uint64_t bits; double value; } number;
		number.bits = (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
		if (!isfinite(number.value))
			continue;
		buf_clear(&out);
		show_double(&out, number.value);
		assert_true(strtod(buf_text(&out), NULL) == number.value);
	}
}

static void days_of_all_years_are_right(void **state)
{
	(void)state;
	SHOWS(show_date(&out, 0), "1970-01-01");
	SHOWS(show_date(&out, -1), "1969-12-31");
	SHOWS(show_date(&out, 11016), "2000-02-29");
	SHOWS(show_date(&out, 11017), "2000-03-01");
	SHOWS(show_date(&out, -25508), "1900-03-01");
	SHOWS(show_date(&out, -25509), "1900-02-28");
	SHOWS(show_date(&out, 2932896), "9999-12-31");
	SHOWS(show_date(&out, -719162), "0001-01-01");
	SHOWS(show_date(&out, -719163), "0001-12-31 (BC)");
	SHOWS(show_date(&out, INT32_MAX), "infinity");
	SHOWS(show_date(&out, -INT32_MAX), "-infinity");
	for (int64_t day = -719162; day <= 2932896; day += 97) {
		char stamp[STAMP_TEXT_BYTES];
		stamp_write_iso(day * STAMP_DAY, stamp);
		buf_clear(&out);
		show_date(&out, day);
		assert_memory_equal(buf_text(&out), stamp, 10);
	}
}

static void times_leave_no_zeros_behind(void **state)
{
	(void)state;
	SHOWS(show_time(&out, 86399999999, 1000000), "23:59:59.999999");
	SHOWS(show_time(&out, 86400, 1), "24:00:00");
	SHOWS(show_time(&out, 1500, 1000), "00:00:01.5");
	SHOWS(show_time(&out, 1000000001, 1000000000), "00:00:01.000000001");
	SHOWS(show_stamp(&out, -1, 1000000, false), "1969-12-31 23:59:59.999999");
	SHOWS(show_stamp(&out, -1, 1, true), "1969-12-31 23:59:59+00");
	SHOWS(show_stamp(&out, INT64_MAX, 1000000, true), "infinity");
	SHOWS(show_interval(&out, 0, 0, 0), "00:00:00");
	SHOWS(show_interval(&out, -14, 1, -1500000000), "-1 year -2 months 1 day -00:00:01.5");
	SHOWS(show_interval(&out, 24, 0, 0), "2 years");
}

static void bytes_are_hexadecimal(void **state)
{
	(void)state;
	SHOWS(show_bytes(&out, (struct span){"\x00\xFF", 2}), "\\x00ff");
	SHOWS(show_bytes(&out, SPAN("")), "\\x");
	SHOWS(show_bits(&out, (struct span){"\x03\x15", 2}), "10101");
	SHOWS(show_bits(&out, SPAN("")), "");
}

static const struct CMUnitTest TESTS[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_buffer, free_buffer)
	TEST(doubles_have_the_fewest_digits_that_read_back),
	TEST(days_of_all_years_are_right),
	TEST(times_leave_no_zeros_behind),
	TEST(bytes_are_hexadecimal),
};

int main(void)
{
	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
