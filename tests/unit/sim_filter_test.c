/* The simulator's reading of questions, and the tokens of its links. */
#include "filter.h"
#include "skiptoken.h"

#include "base/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static int64_t at(const char *text)
{
	int64_t us = 0;
	assert_true(stamp_read_iso(span_of(text), &us));
	return us;
}

static bool reads(const char *filter, enum entity entity, struct query *ret)
{
	struct err err = {0};
	assert_true(query_read(SPAN(""), entity, ret, &err));
	bool done = filter_read(span_of(filter), entity, ret, &err);
	assert_int_equal(done, err.kind == ERR_NONE);
	return done;
}

static void comparisons_narrow_to_the_microsecond(void **state)
{
	static const struct {
		const char *operator;
		int64_t min, max; /* from the moment */
	} CASES[] = {
		{"ge", 0, INT64_MAX}, {"gt", 1, INT64_MAX}, {"le", INT64_MIN, 0},
		{"lt", INT64_MIN, -1}, {"eq", 0, 0},
	};
	int64_t moment = at("2026-03-05T06:07:08.901Z");
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		char text[100];
		struct query query;
		int64_t min = CASES[i].min, max = CASES[i].max;
		snprintf(text, sizeof text, "created_time %s '2026-03-05T06:07:08.901Z'",
			 CASES[i].operator);
		assert_true(reads(text, INTERACTIONS, &query));
		assert_int_equal(query.created.min_us, min == INT64_MIN ? min : moment + min);
		assert_int_equal(query.created.max_us, max == INT64_MAX ? max : moment + max);
		assert_int_equal(query.updated.min_us, INT64_MIN);
		assert_int_equal(query.updated.max_us, INT64_MAX);
	}
}

static void what_is_joined_by_and_holds_together(void **state)
{
	struct query query;
	(void)state;
	assert_true(reads("last_updated_time ge '2026-03-05T00:00:00.000Z' and "
			  "(last_updated_time lt '2026-03-06T00:00:00+02:00' and "
			  "(created_time gt '2026-01-01T00:00:00Z')) and "
			  "last_updated_time ge '2026-03-04T00:00:00Z'",
			  PLUGIN_CALLS, &query));
	assert_int_equal(query.updated.min_us, at("2026-03-05T00:00:00Z"));
	assert_int_equal(query.updated.max_us, at("2026-03-05T22:00:00Z") - 1);
	assert_int_equal(query.created.min_us, at("2026-01-01T00:00:00Z") + 1);
}

static void anything_else_is_refused(void **state)
{
	static const char *const WRONG[] = {
		"", " ", "and", "id eq 'x'", "last_updated_time", "last_updated_time ge",
		"last_updated_time ge '", "last_updated_time ge 'x'",
		"last_updated_time ge '2026-03-05'", "last_updated_time ge '2026-03-05T00:00:00'",
		"last_updated_time ge 2026-03-05T00:00:00Z",
		"last_updated_time ne '2026-03-05T00:00:00Z'",
		"Last_Updated_Time ge '2026-03-05T00:00:00Z'",
		"last_updated_time GE '2026-03-05T00:00:00Z'",
		"last_updated_time ge '2026-03-05T00:00:00Z' and",
		("last_updated_time ge '2026-03-05T00:00:00Z' or "
		 "last_updated_time ge '2026-03-05T00:00:00Z'"),
		"(last_updated_time ge '2026-03-05T00:00:00Z'",
		"last_updated_time ge '2026-03-05T00:00:00Z')",
		"((((((((((((((((((((last_updated_time ge '2026-03-05T00:00:00Z'",
		"last_updated_time ge '2026-03-05T00:00:00Z' x",
		"last_updated_time ge '2026-03-05T00:00:00Z';drop",
	};
	struct query query;
	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
		if (reads(WRONG[i], INTERACTIONS, &query))
			fail_msg("taken: %s", WRONG[i]);
	}
	/* users have no created_time */
	assert_true(reads("created_time ge '2026-03-05T00:00:00Z'", CONVERSATIONS, &query));
	assert_false(reads("created_time ge '2026-03-05T00:00:00Z'", USERS, &query));
}

static bool asks(const char *raw, struct query *ret)
{
	struct err err = {0};
	return query_read(span_of(raw), INTERACTIONS, ret, &err);
}

static void options_are_read_however_they_are_encoded(void **state)
{
	struct query query;
	(void)state;
	assert_true(asks("%24filter=last_updated_time+ge+%272026-03-05T00%3A00%3A00.000Z%27"
			 "&$orderby=id%20desc&$top=7&&%24skip=2&$count=true&other=x"
			 "&$select=id,%20label",
			 &query));
	assert_int_equal(query.updated.min_us, at("2026-03-05T00:00:00Z"));
	assert_int_equal(query.order, ORDER_ID);
	assert_true(query.descending);
	assert_int_equal(query.top, 7);
	assert_int_equal(query.skip, 2);
	assert_true(query.count);
	assert_int_equal(query.n_select, 2);
	assert_string_equal(query.select[1], "label");
	assert_true(asks("", &query));
	assert_true(query.top == UINT64_MAX && query.order == ORDER_NONE && !query.count);
}

static void options_that_no_such_api_has_are_refused(void **state)
{
	static const char *const WRONG[] = {
		"$top=-1", "$top=", "$top=1x", "$skip=1e3", "$count=1", "$orderby=label",
		"$orderby=id up", "$orderby=id,created_time", "$select=", "$select=id,nothing",
		"$select=id label", "$expand=x", "$search=x", "$", "%24format=json",
	};
	struct query query;
	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
		if (asks(WRONG[i], &query))
			fail_msg("taken: %s", WRONG[i]);
	}
}

static void a_value_is_found_by_its_decoded_name(void **state)
{
	struct buf value;
	(void)state;
	buf_init(&value, 100);
	assert_true(query_value(SPAN("a=1&%67one=%41+b%zz"), "gone", &value));
	assert_string_equal(buf_text(&value), "A b%zz");
	assert_true(query_value(SPAN("a&b=2"), "a", &value));
	assert_string_equal(buf_text(&value), "");
	assert_false(query_value(SPAN("a=1"), "b", &value));
	buf_done(&value);
}

static void a_token_brings_back_what_was_put_in_and_no_other_is_taken(void **state)
{
	static const char *const QUERIES[] = {"", "a", "ab", "$filter=last_updated_time%20ge"};
	struct buf text, room;
	struct skiptoken back;
	(void)state;
	buf_init(&text, 4096);
	buf_init(&room, 4096);
	for (size_t i = 0; i < sizeof QUERIES / sizeof *QUERIES; i++) {
		struct skiptoken token = {12345678901, {-5, INT64_MAX}, span_of(QUERIES[i])};
		buf_clear(&text);
		assert_true(skiptoken_write(&text, &token, 9));
		assert_true(skiptoken_read(buf_span(&text), 9, &room, &back));
		assert_true(back.offset == token.offset && back.seen.min_ms == -5 &&
			    back.seen.max_ms == INT64_MAX);
		assert_true(span_is(back.query, QUERIES[i]));
		assert_false(skiptoken_read(buf_span(&text), 10, &room, &back));
		for (size_t at_byte = 0; at_byte + 1 < text.size; at_byte++) {
			char was = text.data[at_byte];
			text.data[at_byte] = was == 'A' ? 'B' : 'A';
			assert_false(skiptoken_read(buf_span(&text), 9, &room, &back));
			text.data[at_byte] = was;
		}
	}
	assert_false(skiptoken_read(SPAN(""), 9, &room, &back));
	assert_false(skiptoken_read(SPAN("not a token at all"), 9, &room, &back));
	buf_done(&text);
	buf_done(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparisons_narrow_to_the_microsecond),
		cmocka_unit_test(what_is_joined_by_and_holds_together),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(options_are_read_however_they_are_encoded),
		cmocka_unit_test(options_that_no_such_api_has_are_refused),
		cmocka_unit_test(a_value_is_found_by_its_decoded_name),
		cmocka_unit_test(a_token_brings_back_what_was_put_in_and_no_other_is_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
