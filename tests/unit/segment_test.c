/* Names of segments, folders and keys: any text in, harmless names out, and only our own names
 * are taken for segments. */
#include "spool/segment.h"

#include "base/bounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NAME "1790000000000-0000000042-7-0123456789abcdef0123456789abcdef.ndjson.gz"

static const char *customer(struct span text, char out[SEGMENT_FOLDER_BYTES])
{
	struct err err;
	if (!segment_customer_folder(text, out, &err))
		fail_msg("%s", err.text);
	assert_true(segment_is_folder(out));
	return out;
}

static void any_text_is_a_harmless_folder(void **state)
{
	char out[SEGMENT_FOLDER_BYTES];
	struct err err;
	(void)state;
	assert_string_equal(customer(SPAN("Acme_1-x"), out), "Acme_1-x");
	assert_string_equal(customer(SPAN(".."), out), "%2E%2E");
	assert_string_equal(customer(SPAN("a/b\\c"), out), "a%2Fb%5Cc");
	assert_string_equal(customer(SPAN("O'Neil \"&\" S\xc3\xb6hne"), out),
			    "O%27Neil%20%22%26%22%20S%C3%B6hne");
	assert_string_equal(customer(SPAN("'; DROP TABLE x;--"), out),
			    "%27%3B%20DROP%20TABLE%20x%3B--");
	assert_string_equal(customer((struct span){"a\0b\n", 4}, out), "a%00b%0A");
	assert_true(segment_table_folder(SPAN("CURRENT_Weather"), out, &err));
	assert_string_equal(out, "current_weather");
	assert_false(segment_customer_folder(SPAN(""), out, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_false(segment_table_folder(SPAN(""), out, &err));
}

static void long_texts_stay_apart(void **state)
{
	char text[400], a[SEGMENT_FOLDER_BYTES], b[SEGMENT_FOLDER_BYTES];
	(void)state;
	for (size_t size = 1; size < sizeof text; size++) {
		memset(text, size % 2 == 0 ? 'x' : '/', size);
		customer((struct span){text, size}, a);
		text[size - 1] = 'y';
		customer((struct span){text, size}, b);
		assert_string_not_equal(a, b);
		assert_true(strlen(a) < SEGMENT_FOLDER_BYTES);
	}
}

static void only_what_we_write_is_a_folder(void **state)
{
	static const char *const WRONG[] = {"", ".", "..", "a b", "a/b", "%", "%2", "%2e", "a.b",
					    "%GG", "\xc3\xa4", "x%4"};
	char text[SEGMENT_FOLDER_BYTES + 1];
	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		if (segment_is_folder(WRONG[i]))
			fail_msg("'%s'", WRONG[i]);
	memset(text, 'a', sizeof text);
	text[SEGMENT_FOLDER_BYTES] = '\0';
	assert_false(segment_is_folder(text));
	text[SEGMENT_FOLDER_BYTES - 1] = '\0';
	assert_true(segment_is_folder(text));
}

static void a_name_is_read_as_it_was_written(void **state)
{
	struct segment segment, again = {0};
	struct err err;
	(void)state;
	assert_true(segment_parse(NAME, &segment));
	assert_int_equal(segment.sealed_ms, 1790000000000);
	assert_int_equal(segment.seq, 42);
	assert_int_equal(segment.rows, 7);
	assert_string_equal(segment.hash, "0123456789abcdef0123456789abcdef");
	again.sealed_ms = segment.sealed_ms;
	again.seq = segment.seq;
	again.rows = segment.rows;
	memcpy(again.hash, segment.hash, sizeof again.hash);
	assert_true(segment_write_name(&again, &err));
	assert_string_equal(again.name, NAME);
	again.rows = 999999999999;
	assert_true(segment_write_name(&again, &err));
	assert_true(segment_parse(again.name, &segment));
	again.rows = 0;
	assert_false(segment_write_name(&again, &err));
	assert_int_equal(err.kind, ERR_DATA);
}

/* Method: each single byte of a good name left out, doubled, or replaced by any other. */
static void nothing_else_is_a_segment(void **state)
{
	static const char GOOD[] = NAME;
	size_t size = strlen(GOOD);
	(void)state;
	for (size_t i = 0; i < size; i++) {
		char name[sizeof GOOD + 1];
		struct segment segment = {.seq = -7};
		snprintf(name, sizeof name, "%.*s%s", (int)i, GOOD, GOOD + i + 1);
		assert_false(segment_parse(name, &segment));
		assert_int_equal(segment.seq, -7);
		snprintf(name, sizeof name, "%.*s%s", (int)i + 1, GOOD, GOOD + i);
		bool is_rows = i == 25; /* 77 rows are as good as 7 */
		assert_int_equal(segment_parse(name, &segment), is_rows);
		for (int c = 1; c < 256; c++) {
			struct segment other;
			memcpy(name, GOOD, sizeof GOOD);
			name[i] = (char)c;
			if (segment_parse(name, &other))
				assert_string_equal(other.name, name);
		}
	}
	assert_false(segment_parse("1790000000000-0000000042-0-0123456789abcdef0123456789abcdef"
				   ".ndjson.gz", &(struct segment){0}));
	assert_false(segment_parse(NAME "x", &(struct segment){0}));
	assert_false(segment_parse(NAME ".why", &(struct segment){0}));
}

static void a_key_is_the_day_of_sealing_and_the_instance(void **state)
{
	static const struct {
		const char *prefix, *key;
	} CASES[] = {
		{"raw", "raw/"}, {"/raw/", "raw/"}, {"a/b//", "a/b/"}, {"", ""}, {"/", ""},
	};
	struct segment segment = {.table = "current_weather", .customer = "a%2Fb"};
	(void)state;
	assert_true(segment_parse("1767225599999-0000000042-7-0123456789abcdef0123456789abcdef"
				  ".ndjson.gz", &segment));
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct buf key;
		char expected[400];
		buf_init(&key, 4 * KIB);
		segment_key(&key, span_of(CASES[i].prefix), "0011223344556677", &segment);
		snprintf(expected, sizeof expected,
			 "%scurrent_weather/2025/12/31/a%%2Fb/0011223344556677-%s", CASES[i].key,
			 segment.name);
		assert_string_equal(buf_text(&key), expected);
		buf_done(&key);
	}
}

static void order_is_by_age(void **state)
{
	struct segment a = {.table = "t", .customer = "c", .sealed_ms = 5, .seq = 9};
	struct segment b = a;
	(void)state;
	assert_int_equal(segment_compare(&a, &b), 0);
	b.sealed_ms = 6;
	b.seq = 1;
	assert_true(segment_compare(&a, &b) < 0);
	b.sealed_ms = 5;
	assert_true(segment_compare(&a, &b) > 0);
	b.seq = 9;
	b.customer[0] = 'd';
	assert_true(segment_compare(&a, &b) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_text_is_a_harmless_folder),
		cmocka_unit_test(long_texts_stay_apart),
		cmocka_unit_test(only_what_we_write_is_a_folder),
		cmocka_unit_test(a_name_is_read_as_it_was_written),
		cmocka_unit_test(nothing_else_is_a_segment),
		cmocka_unit_test(a_key_is_the_day_of_sealing_and_the_instance),
		cmocka_unit_test(order_is_by_age),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
