/* Text: what is clean, what cleaning does, names, units, widths. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define FFFD "\xEF\xBF\xBD"

static void assert_cleaned(struct span text, const char *expected)
{
	struct buf out;
	buf_init(&out, 1000);
	assert_true(text_clean(&out, text));
	assert_string_equal(buf_text(&out), expected);
	assert_int_equal(out.size, strlen(expected));
	assert_true(text_is_clean(buf_span(&out)));
	assert_int_equal(text_is_clean(text), span_equal(text, span_of(expected)));
	buf_done(&out);
}

static void text_of_all_scripts_is_left_alone(void **state)
{
	(void)state;
	assert_cleaned(SPAN(""), "");
	assert_cleaned(SPAN("\x01\t\n\x1F ~\x7F"), "\x01\t\n\x1F ~\x7F");
	assert_cleaned(SPAN("H\xC3\xA4m\xC3\xA4l\xC3\xA4inen"), "H\xC3\xA4m\xC3\xA4l\xC3\xA4inen");
	assert_cleaned(SPAN("\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E"),
		       "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E");
	assert_cleaned(SPAN("\xF0\x9F\x90\x9F!"), "\xF0\x9F\x90\x9F!");
	/* first and last of every length, and around the surrogates */
	assert_cleaned(SPAN("\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"
			    "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"),
		       "\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"
		       "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
}

/* The table of Unicode, chapter 3.9 ("substitution of maximal subparts"), and its neighbours. */
static void each_maximal_invalid_part_becomes_one_replacement(void **state)
{
	(void)state;
	assert_cleaned(SPAN("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82"
			    "A"),
		       FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A");
	assert_cleaned(SPAN("\xED\xA0\x80\xED\xBF\xBF\xED\xAF"
			    "A"),
		       FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A");
	assert_cleaned(SPAN("\xF4\x91\x92\x93\xFF"
			    "A\x80\xBF"
			    "B"),
		       FFFD FFFD FFFD FFFD FFFD "A" FFFD FFFD "B");
	assert_cleaned(SPAN("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
			    "A"),
		       FFFD FFFD FFFD FFFD "A");
	assert_cleaned(SPAN("\xF0\x9F\x90"), FFFD);
	assert_cleaned(SPAN("\xF0\x9F"), FFFD);
	assert_cleaned(SPAN("\xE6\x97"), FFFD);
	assert_cleaned(SPAN("\xC3"), FFFD);
	assert_cleaned(SPAN("\xC3\x28"), FFFD "(");
}

static void nul_is_dropped_and_nothing_else(void **state)
{
	(void)state;
	assert_cleaned(SPAN("a\0b"), "ab");
	assert_cleaned(SPAN("\0"), "");
	assert_cleaned(SPAN("\0\0a\0"), "a");
	assert_cleaned(SPAN("a\0\xFF"), "a" FFFD);
	assert_cleaned(SPAN("\xC3\0\xA4"), FFFD FFFD);
}

/* text_is_clean goes in words of eight and sixteen bytes: no position and no length may hide
 * anything from it. The truth is a decoder of one character at a time, written down once more. */
static bool is_clean_slowly(const unsigned char *at, size_t size)
{
	for (size_t i = 0; i < size;) {
		unsigned char c = at[i];
		size_t tails = c < 0x80 ? 0 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
		uint32_t code = tails == 0 ? c : c & (0x3Fu >> tails);
		static const uint32_t LEAST[] = {1, 0x80, 0x800, 0x10000};
		if ((c >= 0x80 && c < 0xC0) || c >= 0xF8 || tails >= size - i)
			return false;
		for (size_t j = 1; j <= tails; j++) {
			if ((at[i + j] & 0xC0) != 0x80)
				return false;
			code = code << 6 | (at[i + j] & 0x3F);
		}
		if (code < LEAST[tails] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
			return false;
		i += tails + 1;
	}
	return true;
}

static void a_bad_byte_is_found_wherever_it_stands(void **state)
{
	static const unsigned char BAD[] = {0x00, 0x80, 0xBF, 0xC0, 0xC3, 0xE2, 0xF0, 0xFF};
	(void)state;
	for (size_t size = 1; size < 70; size++) {
		for (size_t at = 0; at < size; at++) {
			for (size_t bad = 0; bad < sizeof BAD; bad++) {
				char *text = malloc(size); /* exact, so that a sanitizer sees */
				memset(text, 'a', size);
				text[at] = (char)BAD[bad];
				assert_false(text_is_clean((struct span){text, size}));
				free(text);
			}
		}
	}
}

static void random_bytes_are_judged_like_one_by_one(void **state)
{
	static const unsigned char PARTS[] = {
		'a', 'b', 'c', 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xC3, 0xDF, 0xE0,
		0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0x00,
	};
	uint32_t random = 1;
	int clean = 0;
	(void)state;
	for (int round = 0; round < 300000; round++) {
		unsigned char text[40];
		size_t size = 1 + (size_t)round % sizeof text;
		size_t odd = (size_t)round % 5;
		for (size_t i = 0; i < size; i++) {
			random = random * 1664525 + 1013904223;
			text[i] = (random >> 28) < odd ? PARTS[(random >> 8) % sizeof PARTS] : 'x';
		}
		bool expected = is_clean_slowly(text, size);
		clean += expected;
		assert_int_equal(text_is_clean((struct span){(char *)text, size}), expected);
	}
	assert_in_range(clean, 1000, 299000);
}

static void every_code_point_is_judged_rightly(void **state)
{
	(void)state;
	for (uint32_t code = 0x80; code < 0x110800; code++) {
		char text[20] = "0123456789abcdef";
		char *at = text + code % 9;
		size_t tails = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
		uint32_t mark = tails == 1 ? 0xC0 : tails == 2 ? 0xE0 : 0xF0;
		at[0] = (char)(mark | code >> (6 * tails));
		for (size_t i = 1; i <= tails; i++)
			at[i] = (char)(0x80 | (code >> (6 * (tails - i)) & 0x3F));
		bool good = code < 0xD800 || (code >= 0xE000 && code < 0x110000);
		assert_int_equal(text_is_clean((struct span){text, 16}), good);
	}
}

static void case_is_that_of_ascii_letters_only(void **state)
{
	char text[] = "aZ[`{\xC3\xA4";
	(void)state;
	text_upper(text);
	assert_string_equal(text, "AZ[`{\xC3\xA4");
	text_lower(text);
	assert_string_equal(text, "az[`{\xC3\xA4");
	assert_true(text_same_nocase(SPAN("Content-TYPE"), SPAN("content-type")));
	assert_false(text_same_nocase(SPAN("@"), SPAN("`")));
	assert_false(text_same_nocase(SPAN("a"), SPAN("ab")));
	assert_true(text_holds_nocase(SPAN("Hourly Limit EXCEEDED"), SPAN("limit exceeded")));
	assert_true(text_holds_nocase(SPAN("x"), SPAN("")));
	assert_false(text_holds_nocase(SPAN("limi"), SPAN("limit")));
}

static void blanks_are_trimmed_at_both_ends_only(void **state)
{
	(void)state;
	assert_true(span_is(text_trim(SPAN(" \t\r\n a b \n")), "a b"));
	assert_int_equal(text_trim(SPAN(" \n ")).size, 0);
	assert_int_equal(text_trim(SPAN("")).size, 0);
}

static void the_nearest_name_is_what_was_meant(void **state)
{
	static const char *const KEYS[] = {"base_url", "streams", "issues", "auth", "id", NULL};
	(void)state;
	assert_string_equal(text_nearest("isues", KEYS), "issues");
	assert_string_equal(text_nearest("steams", KEYS), "streams");
	assert_string_equal(text_nearest("stremas", KEYS), "streams");
	assert_string_equal(text_nearest("BASE_URL", KEYS), "base_url");
	assert_string_equal(text_nearest("base-url", KEYS), "base_url");
	assert_string_equal(text_nearest("auht", KEYS), "auth");
	assert_null(text_nearest("is", KEYS));
	assert_null(text_nearest("destination", KEYS));
	assert_null(text_nearest("", KEYS));
	assert_string_equal(text_nearest("ID", KEYS), "id");
}

static void names_too_long_to_be_compared_have_no_nearest(void **state)
{
	char name[200];
	const char *names[] = {name, NULL};
	(void)state;
	memset(name, 'n', sizeof name);
	name[65] = '\0';
	assert_null(text_nearest(name, names));
	name[64] = '\0';
	assert_ptr_equal(text_nearest(name, names), name);
}

static void everything_but_unreserved_is_percent_encoded(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 100);
	text_percent(&out, SPAN("AZaz09-_.~"));
	text_percent(&out, SPAN(" /?%\0\xC3\xA4"));
	assert_string_equal(buf_text(&out), "AZaz09-_.~%20%2F%3F%25%00%C3%A4");
	buf_clear(&out);
	text_hex(&out, (const unsigned char *)"\x00\x1F\xAB\xFF", 4);
	assert_string_equal(buf_text(&out), "001fabff");
	buf_done(&out);
}

static void durations_are_whole_numbers_with_a_unit(void **state)
{
	static const char *const WRONG[] = {
		"", "10", "s", "-1s", "+1s", " 1s", "1 s", "1s ", "1.5h", "1h30m", "1S", "1w",
		"9223372036854775808ms", "106751992d", "99999999999999999999s",
	};
	int64_t us;
	(void)state;
	assert_true(text_duration(SPAN("350ms"), &us) && us == 350000);
	assert_true(text_duration(SPAN("6s"), &us) && us == 6000000);
	assert_true(text_duration(SPAN("10m"), &us) && us == 600000000);
	assert_true(text_duration(SPAN("1h"), &us) && us == INT64_C(3600000000));
	assert_true(text_duration(SPAN("30d"), &us) && us == INT64_C(2592000000000));
	assert_true(text_duration(SPAN("0s"), &us) && us == 0);
	assert_true(text_duration(SPAN("106751991d"), &us));
	us = 77;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		assert_false(text_duration(span_of(WRONG[i]), &us));
	assert_int_equal(us, 77);
}

static void durations_for_people_have_two_units_at_most(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} CASES[] = {
		{0, "0s"}, {350000, "350ms"}, {999, "0ms"}, {1000000, "1s"}, {1500000, "1s 500ms"},
		{INT64_C(5400000000), "1h 30m"}, {INT64_C(3600000000), "1h"},
		{INT64_C(3601000000), "1h"}, {INT64_C(12) * 86400000000, "12d"},
		{INT64_C(86400000000) * 12 + INT64_C(3600000000) * 5 + 1, "12d 5h"},
		{-90000000, "-1m 30s"}, {INT64_MIN, "-106751991d 4h"},
	};
	char text[32];
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		text_write_duration(text, sizeof text, CASES[i].us);
		assert_string_equal(text, CASES[i].text);
	}
}

static void sizes_know_powers_of_ten_and_of_two(void **state)
{
	static const char *const WRONG[] = {"", "B", "8MB ", "8mb", "8 MiB", "-1", "1.5GB", "8K",
					    "9223372036854775808", "9000000000GiB"};
	int64_t bytes;
	(void)state;
	assert_true(text_size(SPAN("8MiB"), &bytes) && bytes == 8 * 1048576);
	assert_true(text_size(SPAN("2GiB"), &bytes) && bytes == INT64_C(2147483648));
	assert_true(text_size(SPAN("3KiB"), &bytes) && bytes == 3072);
	assert_true(text_size(SPAN("1kB"), &bytes) && bytes == 1000);
	assert_true(text_size(SPAN("7MB"), &bytes) && bytes == 7000000);
	assert_true(text_size(SPAN("4GB"), &bytes) && bytes == INT64_C(4000000000));
	assert_true(text_size(SPAN("500"), &bytes) && bytes == 500);
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		assert_false(text_size(span_of(WRONG[i]), &bytes));
}

static void counts_have_a_comma_every_three_digits(void **state)
{
	char text[32];
	(void)state;
	text_write_count(text, sizeof text, 0);
	assert_string_equal(text, "0");
	text_write_count(text, sizeof text, 999);
	assert_string_equal(text, "999");
	text_write_count(text, sizeof text, 1000);
	assert_string_equal(text, "1,000");
	text_write_count(text, sizeof text, 1234567);
	assert_string_equal(text, "1,234,567");
	text_write_count(text, sizeof text, INT64_MIN);
	assert_string_equal(text, "-9,223,372,036,854,775,808");
}

static void a_terminal_shows_some_characters_wide_and_some_not_at_all(void **state)
{
	(void)state;
	assert_int_equal(text_width(SPAN("abc")), 3);
	assert_int_equal(text_width(SPAN("H\xC3\xA4iv\xC3\xA4")), 5);
	assert_int_equal(text_width(SPAN("e\xCC\x81")), 1);          /* combining acute */
	assert_int_equal(text_width(SPAN("\xE6\x97\xA5\xE6\x9C\xAC")), 4);
	assert_int_equal(text_width(SPAN("\xEF\xBC\xA1")), 2);       /* full-width A */
	assert_int_equal(text_width(SPAN("\xF0\x9F\x90\x9F")), 2);   /* fish */
	assert_int_equal(text_width(SPAN("\xE2\x80\x8D")), 0);       /* zero width joiner */
	assert_int_equal(text_width(SPAN("\xE2\x96\x88\xE2\x96\x91")), 2); /* blocks of a bar */
	assert_int_equal(text_width(SPAN("\x1B\x07\xC2\x9B")), 0);   /* control characters */
	char *torn = malloc(2); /* not UTF-8, but nothing behind it may be read */
	memcpy(torn, "\xF0\x9F", 2);
	assert_in_range(text_width((struct span){torn, 2}), 0, 2);
	free(torn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_of_all_scripts_is_left_alone),
		cmocka_unit_test(each_maximal_invalid_part_becomes_one_replacement),
		cmocka_unit_test(nul_is_dropped_and_nothing_else),
		cmocka_unit_test(a_bad_byte_is_found_wherever_it_stands),
		cmocka_unit_test(random_bytes_are_judged_like_one_by_one),
		cmocka_unit_test(every_code_point_is_judged_rightly),
		cmocka_unit_test(case_is_that_of_ascii_letters_only),
		cmocka_unit_test(blanks_are_trimmed_at_both_ends_only),
		cmocka_unit_test(the_nearest_name_is_what_was_meant),
		cmocka_unit_test(names_too_long_to_be_compared_have_no_nearest),
		cmocka_unit_test(everything_but_unreserved_is_percent_encoded),
		cmocka_unit_test(durations_are_whole_numbers_with_a_unit),
		cmocka_unit_test(durations_for_people_have_two_units_at_most),
		cmocka_unit_test(sizes_know_powers_of_ten_and_of_two),
		cmocka_unit_test(counts_have_a_comma_every_three_digits),
		cmocka_unit_test(a_terminal_shows_some_characters_wide_and_some_not_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
