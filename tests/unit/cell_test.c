/* Values into cells: each type with what fits it and what does not. */
#include "shape/cell.h"

#include "base/bounds.h"

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct column column_of(enum type type, const char *format)
{
	struct column column = {.name = "C", .type = type};
	struct err err = {0};
	if (!stamp_format_parse(format, &column.format, &err))
		fail_msg("%s", err.text);
	return column;
}

/* The cell as text; "NULL", "NOT", "NEVER". `cleaned` is shown as " cleaned". */
static const char *of_json(enum type type, const char *format, const char *json)
{
	static char shown[400];
	struct column column = column_of(type, format);
	struct scratch scratch;
	struct buf out;
	struct cell cell;
	struct err err = {0};
	unsigned cleaned = 0;
	struct json_doc *doc = json_parse(span_of(json), &err);
	if (doc == NULL)
		fail_msg("%s: %s", json, err.text);
	scratch_init(&scratch);
	buf_init(&out, MIB);
	enum cell_fit fit = cell_of_json(&column, json_root(doc), json_dirty(doc), &scratch, &cell,
					 &cleaned);
	if (fit == FIT && !cell_write(&column, &cell, &out))
		buf_add_text(&out, "NULL");
	else if (fit != FIT)
		buf_add_text(&out, fit == FIT_NOT ? "NOT" : fit == FIT_NEVER ? "NEVER" : "FAILED");
	snprintf(shown, sizeof shown, "%.300s%s", buf_text(&out), cleaned > 0 ? " cleaned" : "");
	buf_done(&out);
	scratch_done(&scratch);
	json_free(doc);
	return shown;
}

static const char *of_words(enum type type, enum json_kind kind, const char *text)
{
	static char shown[400];
	struct column column = column_of(type, "iso");
	struct scratch scratch;
	struct buf out;
	struct cell cell;
	scratch_init(&scratch);
	buf_init(&out, MIB);
	enum cell_fit fit = cell_of_words(&column, kind, span_of(text), &scratch, &cell);
	if (fit == FIT && !cell_write(&column, &cell, &out))
		buf_add_text(&out, "NULL");
	else if (fit != FIT)
		buf_add_text(&out, fit == FIT_NOT ? "NOT" : fit == FIT_NEVER ? "NEVER" : "FAILED");
	snprintf(shown, sizeof shown, "%.300s", buf_text(&out));
	buf_done(&out);
	scratch_done(&scratch);
	return shown;
}

struct example {
	const char *json, *cell;
};

static void all(enum type type, const char *format, const struct example *examples)
{
	for (; examples->json != NULL; examples++) {
		const char *found = of_json(type, format, examples->json);
		if (strcmp(found, examples->cell) != 0)
			print_message("%s %s: %s\n", type_name(type), format, examples->json);
		assert_string_equal(found, examples->cell);
	}
}

static void text_takes_texts_and_numbers_digit_for_digit(void **state)
{
	(void)state;
	all(TYPE_TEXT, "iso", (const struct example[]){
		{"\"abc\"", "abc"}, {"\"\"", ""}, {"null", "NULL"},
		{"18446744073709551615", "18446744073709551615"}, {"1e400", "1e400"},
		{"0.10", "0.10"}, {"-0", "-0"}, {"1E+2", "1E+2"},
		{"123456789012345678901234567890.5", "123456789012345678901234567890.5"},
		{"true", "NOT"}, {"false", "NOT"},
		{"{}", "NOT"}, {"[]", "NOT"}, {"[\"a\"]", "NOT"}, {"\"\\u00e9\\n\"", "\xC3\xA9\n"},
		{NULL, NULL}});
}

static void int_takes_whole_numbers_and_digits_in_a_text(void **state)
{
	(void)state;
	all(TYPE_INT, "iso", (const struct example[]){
		{"0", "0"}, {"-0", "0"}, {"7", "7"}, {"\"7\"", "7"}, {"\"-7\"", "-7"},
		{"9223372036854775807", "9223372036854775807"},
		{"-9223372036854775808", "-9223372036854775808"},
		{"9223372036854775808", "NOT"}, {"-9223372036854775809", "NOT"},
		{"1.5", "NOT"}, {"1e400", "NOT"}, {"\"\"", "NOT"}, {"\" 7\"", "NOT"},
		{"\"7 \"", "NOT"}, {"\"-\"", "NOT"}, {"\"0x7\"", "NOT"}, {"\"7.0\"", "NOT"},
		{"true", "NOT"}, {"null", "NULL"}, {"{}", "NOT"}, {"[7]", "NOT"}, {NULL, NULL}});
}

static void float_takes_any_number_that_a_double_can_hold(void **state)
{
	char long_number[1200] = "1.";
	(void)state;
	all(TYPE_FLOAT, "iso", (const struct example[]){
		{"1.5", "1.5"}, {"7", "7"}, {"-0.25", "-0.25"}, {"1e3", "1000"},
		{"0.1", "0.10000000000000001"}, {"5e-324", "4.9406564584124654e-324"},
		{"1e-400", "0"}, {"1e400", "NOT"}, {"-1e400", "NOT"}, {"\"1.5\"", "NOT"},
		{"\"\"", "NOT"}, {"true", "NOT"}, {"null", "NULL"}, {"[]", "NOT"}, {NULL, NULL}});
	memset(long_number + 2, '0', 1000); /* any number, however many digits it is written with */
	assert_string_equal(of_json(TYPE_FLOAT, "iso", long_number), "1");
}

static void bool_takes_only_true_and_false(void **state)
{
	(void)state;
	all(TYPE_BOOL, "iso", (const struct example[]){
		{"true", "true"}, {"false", "false"}, {"null", "NULL"}, {"1", "NOT"}, {"0", "NOT"},
		{"\"true\"", "NOT"}, {"\"\"", "NOT"}, {"[]", "NOT"}, {"{}", "NOT"}, {NULL, NULL}});
}

static void times_are_read_as_their_format_says(void **state)
{
	(void)state;
	all(TYPE_TIMESTAMP, "iso", (const struct example[]){
		{"\"2026-11-23T04:05:06Z\"", "2026-11-23T04:05:06.000000Z"},
		{"\"2026-11-23T04:05:06.123456789Z\"", "2026-11-23T04:05:06.123456Z"},
		{"\"2026-11-23T04:05:06+02:00\"", "2026-11-23T02:05:06.000000Z"},
		{"\"2026-11-23T04:05:06\"", "NOT"}, {"\"2026-11-23\"", "NOT"}, {"\"\"", "NOT"},
		{"\"yesterday\"", "NOT"}, {"1795132800", "NOT"}, {"null", "NULL"}, {"true", "NOT"},
		{NULL, NULL}});
	all(TYPE_TIMESTAMP, "unix", (const struct example[]){
		{"1795132800", "2026-11-20T00:00:00.000000Z"},
		{"1795132800.25", "2026-11-20T00:00:00.250000Z"},
		{"\"1795132800.25\"", "2026-11-20T00:00:00.250000Z"},
		{"-1", "1969-12-31T23:59:59.000000Z"}, {"\"2026-11-23T04:05:06Z\"", "NOT"},
		{"1e400", "NOT"}, {"\"yesterday\"", "NOT"}, {"null", "NULL"}, {"[]", "NOT"},
		{NULL, NULL}});
	all(TYPE_TIMESTAMP, "unix_ms", (const struct example[]){
		{"1795132800250", "2026-11-20T00:00:00.250000Z"},
		{"\"1795132800250\"", "2026-11-20T00:00:00.250000Z"}, {NULL, NULL}});
	all(TYPE_TIMESTAMP, "YYYY-MM-DD hh:mm:ss", (const struct example[]){
		{"\"2026-11-23 04:05:06\"", "2026-11-23T04:05:06.000000Z"},
		{"\"2026-11-23T04:05:06\"", "NOT"}, {"20261123", "NOT"}, {"null", "NULL"},
		{NULL, NULL}});
}

static void json_takes_anything_as_minimal_text(void **state)
{
	(void)state;
	all(TYPE_JSON, "iso", (const struct example[]){
		{"{ \"a\" : [ 1 , 2.50 ] }", "{\"a\":[1,2.50]}"}, {"\"x\"", "\"x\""}, {"7", "7"},
		{"true", "true"}, {"null", "NULL"}, {"[]", "[]"}, {"{}", "{}"},
		{"{\"a\":null}", "{\"a\":null}"},
		{"{\"a\":1,\"b\":2,\"a\":3}", "{\"b\":2,\"a\":3}"},
		{"18446744073709551615", "18446744073709551615"}, {NULL, NULL}});
}

static void what_is_dirty_is_cleaned_and_counted(void **state)
{
	(void)state;
	all(TYPE_TEXT, "iso", (const struct example[]){
		{"\"a\xFF z\"", "a\xEF\xBF\xBD z cleaned"},
		{"\"a\\ud800\"", "a\xEF\xBF\xBD cleaned"},
		{"\"a\\u0000b\"", "ab cleaned"}, {NULL, NULL}});
	all(TYPE_JSON, "iso", (const struct example[]){
		{"{\"\xFF\":\"\xFE\"}", "{\"\xEF\xBF\xBD\":\"\xEF\xBF\xBD\"} cleaned"},
		{NULL, NULL}});
}

static void words_of_templates_fit_as_they_are_meant(void **state)
{
	(void)state;
	assert_string_equal(of_words(TYPE_TEXT, JSON_TEXT, "a"), "a");
	assert_string_equal(of_words(TYPE_TEXT, JSON_NUMBER, "0.10"), "0.10");
	assert_string_equal(of_words(TYPE_TEXT, JSON_BOOL, "true"), "true");
	assert_string_equal(of_words(TYPE_TEXT, JSON_ABSENT, ""), "NULL");
	assert_string_equal(of_words(TYPE_TEXT, JSON_NULL, ""), "NULL");
	assert_string_equal(of_words(TYPE_INT, JSON_TEXT, "12"), "12");
	assert_string_equal(of_words(TYPE_INT, JSON_NUMBER, "12.5"), "NOT");
	assert_string_equal(of_words(TYPE_FLOAT, JSON_NUMBER, "60.17"), "60.170000000000002");
	assert_string_equal(of_words(TYPE_FLOAT, JSON_TEXT, "60.5"), "60.5");
	assert_string_equal(of_words(TYPE_FLOAT, JSON_TEXT, " 60.5"), "NOT");
	assert_string_equal(of_words(TYPE_FLOAT, JSON_TEXT, "inf"), "NOT");
	assert_string_equal(of_words(TYPE_FLOAT, JSON_TEXT, "nan"), "NOT");
	assert_string_equal(of_words(TYPE_FLOAT, JSON_TEXT, "0x10"), "NOT");
	assert_string_equal(of_words(TYPE_FLOAT, JSON_TEXT, "1.2.3"), "NOT");
	assert_string_equal(of_words(TYPE_FLOAT, JSON_TEXT, ""), "NOT");
	assert_string_equal(of_words(TYPE_FLOAT, JSON_BOOL, "true"), "NOT");
	assert_string_equal(of_words(TYPE_BOOL, JSON_BOOL, "true"), "true");
	assert_string_equal(of_words(TYPE_BOOL, JSON_TEXT, "yes"), "NOT");
	assert_string_equal(of_words(TYPE_TIMESTAMP, JSON_TEXT, "2026-11-23T04:05:06.5Z"),
			    "2026-11-23T04:05:06.500000Z");
	assert_string_equal(of_words(TYPE_JSON, JSON_TEXT, "a\"b"), "\"a\\\"b\"");
	assert_string_equal(of_words(TYPE_JSON, JSON_NUMBER, "1.50"), "1.50");
	assert_string_equal(of_words(TYPE_JSON, JSON_BOOL, "false"), "false");
}

/* A cell of CELL_BYTES_MAX is one that a warehouse takes; one byte more is none. */
static void a_cell_is_as_large_as_a_warehouse_takes(void **state)
{
	struct column text = column_of(TYPE_TEXT, "iso"), json = column_of(TYPE_JSON, "iso");
	size_t size = CELL_BYTES_MAX + 3;
	char *written = malloc(size);
	struct scratch scratch;
	struct cell cell;
	struct err err = {0};
	unsigned cleaned = 0;
	(void)state;
	assert_non_null(written);
	scratch_init(&scratch);
	for (size_t less = 0; less < 4; less++) {
		memset(written, 'x', size);
		written[0] = written[size - less - 1] = '"';
		struct json_doc *doc = json_parse((struct span){written, size - less}, &err);
		assert_non_null(doc);
		size_t bytes = size - less - 2; /* of the text itself */
		assert_int_equal(cell_of_json(&text, json_root(doc), false, &scratch, &cell,
					      &cleaned),
				 bytes <= CELL_BYTES_MAX ? FIT : FIT_NEVER);
		assert_int_equal(cell_of_json(&json, json_root(doc), false, &scratch, &cell,
					      &cleaned),
				 bytes + 2 <= CELL_BYTES_MAX ? FIT : FIT_NEVER);
		scratch_clear(&scratch);
		json_free(doc);
	}
	scratch_done(&scratch);
	free(written);
}

/* Values far beyond any limit are the record's fault, not a lack of memory. */
static void a_value_beyond_all_limits_is_not_called_a_lack_of_memory(void **state)
{
	size_t size = 5 * (size_t)CELL_BYTES_MAX;
	struct column json = column_of(TYPE_JSON, "iso"), text = column_of(TYPE_TEXT, "iso");
	char *written = malloc(size);
	struct scratch scratch;
	struct cell cell;
	struct err err = {0};
	unsigned cleaned = 0;
	(void)state;
	assert_non_null(written);
	memset(written, 'x', size);
	written[0] = written[size - 1] = '"';
	written[1] = '\xFF';
	scratch_init(&scratch);
	struct json_doc *doc = json_parse((struct span){written, size}, &err);
	assert_non_null(doc);
	assert_int_equal(cell_of_json(&json, json_root(doc), true, &scratch, &cell, &cleaned),
			 FIT_NEVER);
	scratch_clear(&scratch);
	assert_int_equal(cell_of_json(&text, json_root(doc), true, &scratch, &cell, &cleaned),
			 FIT_NEVER);
	scratch_done(&scratch);
	json_free(doc);
	free(written);
}

static void deep_values_fit_no_cell(void **state)
{
	char written[2 * (JSON_DEPTH_MAX + 1) + 1] = "";
	(void)state;
	memset(written, '[', JSON_DEPTH_MAX);
	memset(written + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	assert_string_equal(of_json(TYPE_JSON, "iso", written), written);
	memset(written, '[', JSON_DEPTH_MAX + 1);
	memset(written + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_string_equal(of_json(TYPE_JSON, "iso", written), "NEVER");
}

/* Spans into the scratch stay where they are while it grows. */
static void the_scratch_never_moves_what_is_there(void **state)
{
	struct span texts[300];
	char expected[600];
	struct scratch scratch;
	(void)state;
	scratch_init(&scratch);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < 300; i++) {
			snprintf(expected, sizeof expected, "%0599zu", i);
			buf_add_text(&scratch.work, expected);
			texts[i] = scratch_settle(&scratch);
		}
		for (size_t i = 0; i < 300; i++) {
			snprintf(expected, sizeof expected, "%0599zu", i);
			assert_true(span_is(texts[i], expected));
		}
		scratch_clear(&scratch);
	}
	assert_non_null(scratch_settle(&scratch).at); /* an empty text is one */
	scratch_done(&scratch);
}

static void a_column_says_what_it_expects(void **state)
{
	struct column column;
	(void)state;
	column = column_of(TYPE_INT, "iso");
	assert_string_equal(cell_expected(&column), "a whole number");
	column = column_of(TYPE_TIMESTAMP, "unix");
	assert_string_equal(cell_expected(&column), "unix seconds");
	column = column_of(TYPE_TIMESTAMP, "YYYY-MM-DD");
	assert_string_equal(cell_expected(&column), "YYYY-MM-DD");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_takes_texts_and_numbers_digit_for_digit),
		cmocka_unit_test(int_takes_whole_numbers_and_digits_in_a_text),
		cmocka_unit_test(float_takes_any_number_that_a_double_can_hold),
		cmocka_unit_test(bool_takes_only_true_and_false),
		cmocka_unit_test(times_are_read_as_their_format_says),
		cmocka_unit_test(json_takes_anything_as_minimal_text),
		cmocka_unit_test(what_is_dirty_is_cleaned_and_counted),
		cmocka_unit_test(words_of_templates_fit_as_they_are_meant),
		cmocka_unit_test(a_cell_is_as_large_as_a_warehouse_takes),
		cmocka_unit_test(a_value_beyond_all_limits_is_not_called_a_lack_of_memory),
		cmocka_unit_test(deep_values_fit_no_cell),
		cmocka_unit_test(the_scratch_never_moves_what_is_there),
		cmocka_unit_test(a_column_says_what_it_expects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
