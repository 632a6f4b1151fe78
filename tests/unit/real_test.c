/* A double is read and written as the C library does it, whichever way was taken. */
#include "base/real.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* The way that knows no short cut. */
static void write_slowly(double real, char out[64])
{
	int digits = isnormal(real) ? 15 : 1;
	do
		snprintf(out, 64, "%.*g", digits, real);
	while (digits++ < 17 && strtod(out, NULL) != real);
}

static void check_written(double real)
{
	char expected[64];
	double back;
	struct buf out;
	buf_init(&out, 64);
	write_slowly(real, expected);
	assert_true(real_add(&out, real));
	assert_string_equal(buf_text(&out), expected);
	assert_true(real_read(buf_span(&out), &back));
	assert_memory_equal(&back, &real, sizeof back);
	buf_done(&out);
}

static void check_read(const char *digits)
{
	double real = strtod(digits, NULL), ret;
	if (!real_read(span_of(digits), &ret))
		fail_msg("'%s' was not read", digits);
	if (memcmp(&ret, &real, sizeof ret) != 0)
		fail_msg("'%s' was read as %.17g, not %.17g", digits, ret, real);
}

static uint64_t next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 11;
}

static void a_number_is_written_as_printf_finds_its_digits(void **state)
{
	static const double some[] = {
		0.0,    -0.0,   1.0,         -1.0,      0.1,     0.3,    -0.5,   60.17,   24.94,
		1e-4,   9.9e-5, 0.000123,    1e9,       999999999.999999, 1e15,  1e16,    1e300,
		1e-300, 5e-324, 0.1 + 0.2,   1.0 / 3,   100.0,   120.0,  1e5,    1234567.0,
		2.5e-7, 1e8,    123456789.5, 0.1234567, 2.2250738585072014e-308,
		1.7976931348623157e308, 999999999.0, 99999999.9999995};
	uint64_t random = 1;
	(void)state;
	for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
		check_written(some[i]);
		check_written(-some[i]);
	}
	for (int i = 0; i < 40000; i++) {
		double real = (double)(int64_t)(next(&random) % 2000000000) - 1e9;
		for (uint64_t n = next(&random) % 9; n > 0; n--)
			real /= 10;
		check_written(real);
		check_written(nextafter(real, 2 * real)); /* beside a short one */
	}
	for (int i = 0; i < 40000; i++) {
		uint64_t bits = next(&random) << 11 | next(&random) % 2048;
		double real;
		memcpy(&real, &bits, sizeof real);
		if (isfinite(real))
			check_written(real);
	}
}

static void a_number_is_read_as_strtod_reads_it(void **state)
{
	static const char *const some[] = {
		"0", "-0", "-0.0", "1", "12.5", "007", "1.", ".5", "+1", "1e3", "-1.25E-2", "0.1",
		"123456789012345", "1234567890123456", "0.000000000000001", "0.0000000000000012345",
		"9007199254740993", "9007199254740993.0", "179769313486231570e291", "4.9e-324",
		"0.12345678901234567890123456789012345678901234567890123456789012345678901234567"};
	uint64_t random = 2;
	(void)state;
	for (size_t i = 0; i < sizeof some / sizeof *some; i++)
		check_read(some[i]);
	for (int i = 0; i < 40000; i++) {
		char digits[64];
		int decimals = (int)(next(&random) % 16);
		snprintf(digits, sizeof digits, "%s%llu.%0*llu", next(&random) % 2 ? "-" : "",
			 (unsigned long long)(next(&random) % 1000000), decimals + 1,
			 (unsigned long long)(next(&random) % 100000));
		check_read(digits);
	}
}

static void what_is_no_number_is_not_read(void **state)
{
	static const char *const none[] = {"",    "-",   ".",    "-.",  "1.2.3", " 1",  "1 ",
					   "0x1", "inf", "nan",  "1e",  "--1",   "1-",  "e5",
					   "1e999", "-1e999", "1,5", "1.5f"};
	double ret;
	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		if (real_read(span_of(none[i]), &ret))
			fail_msg("'%s' was read", none[i]);
	}
	assert_false(real_read((struct span){"1\0", 2}, &ret));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_written_as_printf_finds_its_digits),
		cmocka_unit_test(a_number_is_read_as_strtod_reads_it),
		cmocka_unit_test(what_is_no_number_is_not_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
