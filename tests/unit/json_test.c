/* Reading JSON: every digit and every byte that a customer's text has, and where it is wrong. */
#include "json_check.h"

#include <stdio.h>
#include <stdlib.h>

/* --- reading --- */
static void every_kind_is_told_from_every_other(void **state)
{
	struct json_doc *doc = parse(SPAN("[null, true, false, 1.50, \"t\", [], {}]"));
	static const enum json_kind KINDS[] = {JSON_NULL, JSON_BOOL, JSON_BOOL, JSON_NUMBER,
					       JSON_TEXT, JSON_LIST, JSON_OBJECT};
	const struct json *list = json_root(doc);
	(void)state;
	assert_int_equal(json_kind(list), JSON_LIST);
	assert_int_equal(json_count(list), 7);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(json_kind(json_element(list, i)), KINDS[i]);
	assert_null(json_element(list, 7));
	assert_true(json_bool(json_element(list, 1)));
	assert_false(json_bool(json_element(list, 2)));
	assert_true(span_is(json_digits(json_element(list, 3)), "1.50"));
	assert_true(span_is(json_text(json_element(list, 4)), "t"));
	assert_int_equal(json_kind(NULL), JSON_ABSENT);
	assert_string_equal(json_kind_name(JSON_OBJECT), "object");
	assert_string_equal(json_kind_name(JSON_ABSENT), "nothing");
	json_free(doc);
	json_free(NULL);
}

/* Code that looks for what is not there must not crash on what is. */
static void asking_a_value_for_what_it_is_not_gives_nothing(void **state)
{
	struct json_doc *doc = parse(SPAN("{\"a\": 1}"));
	const struct json *number = json_member(json_root(doc), SPAN("a"));
	(void)state;
	assert_int_equal(json_text(number).size, 0);
	assert_int_equal(json_digits(json_root(doc)).size, 0);
	assert_int_equal(json_count(number), 0);
	assert_int_equal(json_count(NULL), 0);
	assert_null(json_member(number, SPAN("a")));
	assert_null(json_member(NULL, SPAN("a")));
	assert_null(json_element(json_root(doc), 0));
	assert_null(json_element(NULL, 0));
	assert_false(json_bool(number));
	assert_false(json_bool(NULL));
	struct json_walk walk = json_walk(number);
	assert_false(json_next(&walk));
	walk = json_walk(NULL);
	assert_false(json_next(&walk));
	json_free(doc);
}

static void numbers_keep_every_digit_that_was_written(void **state)
{
	(void)state;
	assert_written(SPAN("[12345678901234567890123, 1.10, -0, 1E+400, 0.1e-7, 1.0]"),
		       "[12345678901234567890123,1.10,-0,1E+400,0.1e-7,1.0]", 0);
	assert_written(SPAN(" 7 "), "7", 0);
}

static void a_walk_goes_in_the_order_written_equal_names_too(void **state)
{
	struct json_doc *doc = parse(SPAN("{\"b\":[1,[2]],\"a\":2,\"b\":3}"));
	static const char *const NAMES[] = {"b", "a", "b"};
	struct json_walk walk = json_walk(json_root(doc));
	int n = 0;
	(void)state;
	for (; json_next(&walk); n++)
		assert_true(span_is(walk.name, NAMES[n]));
	assert_int_equal(n, 3);
	assert_int_equal(json_count(json_root(doc)), 3);
	walk = json_walk(json_member(json_root(doc), SPAN("b")));
	assert_false(json_next(&walk)); /* the last b is a number */
	walk = json_walk(json_root(doc));
	assert_true(json_next(&walk));
	walk = json_walk(walk.value);
	assert_true(json_next(&walk));
	assert_int_equal(walk.name.size, 0);
	assert_true(span_is(json_digits(walk.value), "1"));
	assert_true(json_next(&walk));
	assert_int_equal(json_kind(walk.value), JSON_LIST);
	assert_false(json_next(&walk));
	json_free(doc);
}

static void what_is_not_whole_json_is_refused_with_its_place(void **state)
{
	(void)state;
	assert_refused(SPAN(""), "the text is empty");
	assert_refused(SPAN("\xEF\xBB\xBF"), "the text is empty");
	assert_refused(SPAN(" "), "line 1, column 1: input data is empty");
	assert_refused(SPAN("{\"value\": [1, 2"), "line 1, column 16: unexpected end of data");
	assert_refused(SPAN("{\"a\": 1,\n \"b\" 2}"),
		       "line 2, column 6: unexpected character, expected a colon after object key");
	assert_refused(SPAN("[1,]"), "line 1, column 3: trailing comma is not allowed");
	assert_refused(SPAN("[01]"), "line 1, column 2: number with leading zero is not allowed");
	assert_refused(SPAN("<html>"),
		       "line 1, column 1: unexpected character, expected a valid root value");
	assert_refused(SPAN("{} {}"), "line 1, column 4: unexpected content after document");
	assert_refused(SPAN("[NaN]"),
		       "line 1, column 2: unexpected character, expected a valid JSON value");
	assert_refused(SPAN("[1] // x"), "line 1, column 5: unexpected content after document");
	assert_refused(SPAN("[\"\\x\"]"), "line 1, column 4: invalid escaped character in string");
	/* a column is a character, not a byte */
	assert_refused(SPAN("[\"\xC3\xA4\xE6\x97\xA5\", ?]"),
		       "line 1, column 8: unexpected character, expected a valid JSON value");
}

static void a_byte_order_mark_in_front_is_skipped(void **state)
{
	(void)state;
	assert_written(SPAN("\xEF\xBB\xBF{\"a\":1}"), "{\"a\":1}", 0);
}

/* --- what a customer's text must survive --- */
static void bytes_that_are_not_utf_8_are_let_through_and_cleaned_on_writing(void **state)
{
	struct json_doc *doc = parse(SPAN("{\"a\":\"x\xFFy\",\"b\":\"good\"}"));
	(void)state;
	assert_true(json_dirty(doc));
	assert_true(span_is(json_text(json_member(json_root(doc), SPAN("a"))), "x\xFFy"));
	json_free(doc);
	assert_written(SPAN("{\"a\":\"x\xFFy\",\"b\":\"good\"}"),
		       "{\"a\":\"x" FFFD "y\",\"b\":\"good\"}", 1);
	assert_written(SPAN("[\"\xE6\x97\"]"), "[\"" FFFD "\"]", 1);
	assert_written(SPAN("[\"\xED\xA0\x80\\n\xC3\"]"), "[\"" FFFD FFFD FFFD "\\n" FFFD "\"]",
		       1);
	assert_written(SPAN("{\"n\xFF\":\"\xFE\"}"), "{\"n" FFFD "\":\"" FFFD "\"}", 2);
	assert_written(SPAN("\"\xC3\""), "\"" FFFD "\"", 1);
}

static void escapes_of_lone_surrogates_are_let_through(void **state)
{
	(void)state;
	assert_written(SPAN("[\"a\\ud800b\"]"), "[\"a" FFFD "b\"]", 1);
	assert_written(SPAN("[\"a\\uDC00b\"]"), "[\"a" FFFD "b\"]", 1);
	assert_written(SPAN("[\"\\ud800\"]"), "[\"" FFFD "\"]", 1);
	assert_written(SPAN("\"\\udfff\""), "\"" FFFD "\"", 1);
	assert_written(SPAN("[\"\\ud800\\ud83d\\udc1f\"]"),
		       "[\"" FFFD "\xF0\x9F\x90\x9F\"]", 1);
	assert_written(SPAN("[\"\\ud83d\\udc1f\\udc1f\"]"),
		       "[\"\xF0\x9F\x90\x9F" FFFD "\"]", 1);
	assert_written(SPAN("[\"\\ud800\\n\", \"\\ud800\\u0041\", \"\\uDBFF\\\\u\"]"),
		       "[\"" FFFD "\\n\",\"" FFFD "A\",\"" FFFD "\\\\u\"]", 3);
	/* an escaped backslash in front is no escape of a surrogate */
	assert_written(SPAN("[\"\\\\ud800\"]"), "[\"\\\\ud800\"]", 0);
	assert_written(SPAN("[\"\\\\ud800\", \"\\ud800\"]"), "[\"\\\\ud800\",\"" FFFD "\"]", 1);
}

static void clean_documents_are_not_dirty(void **state)
{
	struct json_doc *doc = parse(SPAN("[\"\\ud83d\\udc1f \\u00e4 \\u000a \\\\u0000\"]"));
	(void)state;
	assert_false(json_dirty(doc));
	json_free(doc);
}

static void an_escaped_nul_makes_a_document_dirty_and_is_dropped(void **state)
{
	static const char PREFIX[] = "0000000000";
	(void)state;
	assert_written(SPAN("[\"a\\u0000b\"]"), "[\"ab\"]", 1);
	assert_written(SPAN("{\"a\\u0000\":\"\\u0000\"}"), "{\"a\":\"\"}", 2);
	assert_written(SPAN("[\"\\\\\\u0000\"]"), "[\"\\\\\"]", 1);
	for (size_t shift = 0; shift < sizeof PREFIX; shift++) {
		char text[64];
		snprintf(text, sizeof text, "[\"%s\\u0000\"]", PREFIX + shift);
		struct json_doc *doc = parse(span_of(text));
		assert_true(json_dirty(doc));
		json_free(doc);
	}
}

/* Repair must not open a door for what is an error in any case. */
static void control_characters_stay_an_error_in_texts_to_be_repaired_too(void **state)
{
	(void)state;
	assert_refused(SPAN("[\"a\nb\"]"),
		       "line 1, column 4: unexpected control character in string");
	assert_refused(SPAN("[\"\xFF\", \"a\nb\"]"),
		       "line 1, column 9: unexpected control character in string");
	assert_refused(SPAN("[\"\xFF\", \"a\\\nb\"]"),
		       "line 1, column 10: unexpected control character in string");
	assert_refused(SPAN("[\"\\ud800\", \"a\0b\"]"),
		       "line 1, column 14: unexpected control character in string");
}

static void a_place_behind_a_repair_is_that_of_the_original(void **state)
{
	(void)state;
	assert_refused(SPAN("[\"\\ud800\", \"\\udc00\", ?]"),
		       "line 1, column 22: unexpected character, expected a valid JSON value");
	assert_refused(SPAN("[\"\\ud800\",\n \"x\""), "line 2, column 5: unexpected end of data");
	assert_refused(SPAN("[\"\xFF"), "line 1, column 4: unexpected end of data");
	assert_refused(SPAN("[\"\\ud800"), "line 1, column 9: unexpected end of data");
	assert_refused(SPAN("[\"\\ud800\\u12\"]"),
		       "line 1, column 9: invalid escaped sequence in string");
	assert_refused(SPAN("[\xFF]"),
		       "line 1, column 2: unexpected character, expected a valid JSON value");
}

/* --- pointers --- */
/* RFC 6901, section 5. */
static void pointers_point_as_the_rfc_shows(void **state)
{
	static const char *const CASES[][2] = {
		{"/foo/0", "\"bar\""}, {"/foo/1", "\"baz\""}, {"/", "0"}, {"/a~1b", "1"},
		{"/c%d", "2"}, {"/e^f", "3"}, {"/g|h", "4"}, {"/i\\j", "5"}, {"/k\"l", "6"},
		{"/ ", "7"}, {"/m~0n", "8"}, {"/foo", "[\"bar\",\"baz\"]"},
	};
	struct json_doc *doc = parse(SPAN(
		"{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,"
		"\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8}"));
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct buf out;
		buf_init(&out, KIB);
		assert_true(json_write(&out, point(json_root(doc), CASES[i][0], false), NULL));
		assert_string_equal(buf_text(&out), CASES[i][1]);
		buf_done(&out);
	}
	assert_ptr_equal(point(json_root(doc), "", false), json_root(doc));
	static const char *const ABSENT[] = {
		"/foo/2", "/foo/00", "/foo/01", "/foo/-", "/foo/", "/foo/x", "/foo/0/0", "/nope",
		"/foo/99999999999999999999", "/FOO", "/a/b", "/foo/+1",
	};
	for (size_t i = 0; i < sizeof ABSENT / sizeof ABSENT[0]; i++)
		assert_null(point(json_root(doc), ABSENT[i], false));
	json_free(doc);
}

static void the_exact_name_comes_before_one_of_another_case(void **state)
{
	struct json_doc *doc = parse(SPAN("{\"Value\":1,\"value\":2,\"NextLink\":{\"A\":3}}"));
	const struct json *root = json_root(doc);
	(void)state;
	assert_true(span_is(json_digits(point(root, "/value", true)), "2"));
	assert_true(span_is(json_digits(point(root, "/Value", true)), "1"));
	assert_true(span_is(json_digits(point(root, "/nextlink/a", true)), "3"));
	assert_null(point(root, "/nextlink/a", false));
	json_free(doc);
}

static void the_first_pointer_that_is_there_and_not_null_counts(void **state)
{
	struct json_doc *doc = parse(SPAN("{\"a\":null,\"b\":false,\"c\":1}"));
	struct arena *arena = arena_new();
	struct pointer list[4];
	struct err err;
	(void)state;
	assert_true(pointer_parse(arena, SPAN("/x"), &list[0], &err));
	assert_true(pointer_parse(arena, SPAN("/a"), &list[1], &err));
	assert_true(pointer_parse(arena, SPAN("/b"), &list[2], &err));
	assert_true(pointer_parse(arena, SPAN("/c"), &list[3], &err));
	const struct json *root = json_root(doc);
	struct pointers all = {list, 4}, two = {list, 2}, one = {list, 1}, none = {list, 0};
	assert_int_equal(json_kind(json_point_any(root, all, false)), JSON_BOOL);
	assert_int_equal(json_kind(json_point_any(root, two, false)), JSON_NULL);
	assert_null(json_point_any(root, one, false));
	assert_null(json_point_any(root, none, false));
	arena_free(arena);
	json_free(doc);
}

static void what_is_no_pointer_is_refused_with_what_was_meant(void **state)
{
	struct arena *arena = arena_new();
	struct pointer pointer;
	struct err err = {0};
	char deep[3 * POINTER_DEPTH_MAX];
	(void)state;
	assert_false(pointer_parse(arena, SPAN("url"), &pointer, &err));
	assert_string_equal(err.text, "\"url\" is no pointer; did you mean /url?");
	assert_int_equal(err.kind, ERR_USAGE);
	assert_false(pointer_parse(arena, SPAN("/a~2"), &pointer, &err));
	assert_false(pointer_parse(arena, SPAN("/a~"), &pointer, &err));
	assert_false(pointer_parse(arena, SPAN("/a~/b"), &pointer, &err));
	memset(deep, '/', sizeof deep);
	assert_true(pointer_parse(arena, (struct span){deep, POINTER_DEPTH_MAX}, &pointer, &err));
	assert_int_equal(pointer.depth, POINTER_DEPTH_MAX);
	assert_false(pointer_parse(arena, (struct span){deep, POINTER_DEPTH_MAX + 1}, &pointer,
				   &err));
	arena_free(arena);
}

/* --- reading our own files back --- */
static void whole_numbers_are_whole_and_fit(void **state)
{
	static const char *const WRONG[] = {
		"", "-", "1.0", "1e3", "1E3", "9223372036854775808", "-9223372036854775809", "+1",
		" 1", "1 ", "0x1", "99999999999999999999", "--1",
	};
	int64_t value = 7;
	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		assert_false(json_whole(span_of(WRONG[i]), &value));
	assert_int_equal(value, 7);
	assert_true(json_whole(SPAN("9223372036854775807"), &value) && value == INT64_MAX);
	assert_true(json_whole(SPAN("-9223372036854775808"), &value) && value == INT64_MIN);
	assert_true(json_whole(SPAN("-0"), &value) && value == 0);
	assert_true(json_whole(SPAN("0"), &value) && value == 0);
	assert_true(json_whole(SPAN("007"), &value) && value == 7);
}

static void absent_members_and_those_of_another_kind_fall_back(void **state)
{
	struct json_doc *doc = parse(SPAN("{\"n\":5,\"f\":1.5,\"t\":\"x\",\"z\":null}"));
	const struct json *root = json_root(doc);
	(void)state;
	assert_int_equal(json_int_member(root, "n", -1), 5);
	assert_int_equal(json_int_member(root, "f", -1), -1);
	assert_int_equal(json_int_member(root, "t", -1), -1);
	assert_int_equal(json_int_member(root, "none", -1), -1);
	assert_int_equal(json_int_member(NULL, "n", -1), -1);
	assert_true(span_is(json_text_member(root, "t", "?"), "x"));
	assert_true(span_is(json_text_member(root, "n", "?"), "?"));
	assert_null(json_text_member(root, "z", NULL).at);
	json_free(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_told_from_every_other),
		cmocka_unit_test(asking_a_value_for_what_it_is_not_gives_nothing),
		cmocka_unit_test(numbers_keep_every_digit_that_was_written),
		cmocka_unit_test(a_walk_goes_in_the_order_written_equal_names_too),
		cmocka_unit_test(what_is_not_whole_json_is_refused_with_its_place),
		cmocka_unit_test(a_byte_order_mark_in_front_is_skipped),
		cmocka_unit_test(bytes_that_are_not_utf_8_are_let_through_and_cleaned_on_writing),
		cmocka_unit_test(escapes_of_lone_surrogates_are_let_through),
		cmocka_unit_test(clean_documents_are_not_dirty),
		cmocka_unit_test(an_escaped_nul_makes_a_document_dirty_and_is_dropped),
		cmocka_unit_test(control_characters_stay_an_error_in_texts_to_be_repaired_too),
		cmocka_unit_test(a_place_behind_a_repair_is_that_of_the_original),
		cmocka_unit_test(pointers_point_as_the_rfc_shows),
		cmocka_unit_test(the_exact_name_comes_before_one_of_another_case),
		cmocka_unit_test(the_first_pointer_that_is_there_and_not_null_counts),
		cmocka_unit_test(what_is_no_pointer_is_refused_with_what_was_meant),
		cmocka_unit_test(whole_numbers_are_whole_and_fit),
		cmocka_unit_test(absent_members_and_those_of_another_kind_fall_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
