/* Records that are not clean: bytes that are no UTF-8, lone surrogates, NUL, equal names. They
 * are shaped as if their texts had been cleaned first and of equal names only the last were
 * there. */
#include "unit/shape_case.h"

#include <time.h>

#define FFFD "\xEF\xBF\xBD"

static const struct want WANTS[] = {
	{.name = "ID", .type = TYPE_TEXT, .at = "/id", .flags = "k"},
	{.name = "A", .type = TYPE_TEXT, .at = "/a/b /a2"},
	{.name = "C", .type = TYPE_INT, .at = "/a/c"},
	{.name = "J", .type = TYPE_JSON, .at = "/j"},
	{0},
};

struct pair {
	const char *json, *row;
};

static void all(const struct want *wants, const struct pair *pairs)
{
	struct shape s;
	shape_open(&s, wants, NULL);
	for (; pairs->json != NULL; pairs++)
		shapes(&s, pairs->json, pairs->row);
	shape_close(&s);
}

static void texts_are_cleaned_and_counted(void **state)
{
	(void)state;
	all(WANTS, (const struct pair[]){
		{"{\"id\":\"x\xFF\"}", "ID=x" FFFD " rescued 1"},
		{"{\"id\":\"x\\ud800y\"}", "ID=x" FFFD "y rescued 1"},
		{"{\"id\":\"x\\u0000y\"}", "ID=xy rescued 1"},
		{"{\"id\":\"x\",\"j\":{\"\xC3\":[\"\xC3\",\"\\udfff\"]}}",
		 "ID=x J={\"" FFFD "\":[\"" FFFD "\",\"" FFFD "\"]} rescued 3"},
		{"{\"id\":\"x\",\"new\\u0000\":\"\xFE\"}",
		 "ID=x EXTRA={\"new\":\"" FFFD "\"} rescued 2"},
		{"{\"id\":\"x\",\"a\":{\"\xFE\":1}}",
		 "ID=x EXTRA={\"a\":{\"" FFFD "\":1}} rescued 1"},
		{"{\"id\":\"x\",\"a\":{\"c\":\"\xFE\"}}",
		 "ID=x EXTRA={\"a\":{\"c\":\"" FFFD "\"}} rescued 2"},
		/* A dirty neighbour makes no clean record dirty. */
		{"{\"id\":\"x\",\"a\":{\"b\":\"\xC3\xA9\\\\u0000\"}}", "ID=x A=\xC3\xA9\\u0000"},
		{NULL, NULL}});
}

static void names_are_what_they_are_once_they_are_clean(void **state)
{
	(void)state;
	all(WANTS, (const struct pair[]){
		{"{\"i\\u0000d\":\"x\"}", "ID=x rescued 1"},
		{"{\"id\":\"x\",\"i\\u0000d\":\"y\"}", "ID=y rescued 1"},
		{"{\"id\":\"x\",\"n\\u0000\":1,\"n\":2}", "ID=x EXTRA={\"n\":2}"},
		{NULL, NULL}});
}

static void a_key_that_was_cleaned_is_kept_and_hashed_as_it_is_written(void **state)
{
	struct shape s;
	(void)state;
	shape_open(&s, WANTS, NULL);
	shape_text(&s, "{\"id\":\"x\\u0000y\"}");
	uint64_t dirty = s.report.key_hash;
	shape_text(&s, "{\"id\":\"xy\"}");
	assert_int_equal(dirty, s.report.key_hash);
	shape_close(&s);
}

static void a_rejected_record_is_clean_too(void **state)
{
	(void)state;
	all(WANTS, (const struct pair[]){
		{"{\"n\":\"\xFF\"}",
		 "rejected: ID is the key and has no value | {\"n\":\"" FFFD "\"}"},
		{"\"\xFF\"", "rejected: the record is not an object | \"" FFFD "\""},
		{"{\"id\":{\"\xFF\":1}}",
		 "rejected: ID: expected text or a number, found {\"" FFFD "\":1}; ID is the key "
		 "and has no value | {\"id\":{\"" FFFD "\":1}}"}, {NULL, NULL}});
}

static void of_equal_names_the_last_counts(void **state)
{
	(void)state;
	all(WANTS, (const struct pair[]){
		{"{\"id\":\"x\",\"id\":\"y\"}", "ID=y"},
		{"{\"id\":\"x\",\"id\":null}",
		 "rejected: ID is the key and has no value | {\"id\":null}"},
		{"{\"id\":true,\"id\":\"y\"}", "ID=y"},
		{"{\"id\":\"x\",\"n\":1,\"n\":{\"z\":2}}", "ID=x EXTRA={\"n\":{\"z\":2}}"},
		{"{\"id\":\"x\",\"j\":1,\"j\":2}", "ID=x J=2"},
		/* All of the object that was there before is gone, not only what came again. */
		{"{\"id\":\"x\",\"a\":{\"b\":\"1\",\"c\":1},\"a\":{\"c\":2}}", "ID=x C=2"},
		{"{\"id\":\"x\",\"a\":{\"b\":\"1\",\"z\":1},\"a\":null}", "ID=x"},
		{"{\"id\":\"x\",\"a\":{\"b\":\"1\"},\"a2\":\"2\",\"a\":{\"b\":null}}", "ID=x A=2"},
		{"{\"id\":\"x\",\"a2\":\"2\",\"a2\":\"3\",\"a\":{\"b\":\"1\"}}",
		 "ID=x A=1 EXTRA={\"a2\":\"3\"}"}, {NULL, NULL}});
}

/* `n` unknown members, each name twice, beside a key that came twice. */
static char *crowd(size_t n, struct buf *expected)
{
	struct buf json;
	buf_init(&json, 64 * (size_t)MIB);
	buf_init(expected, 64 * (size_t)MIB);
	buf_add_text(&json, "{\"id\":\"x\",\"a\":{");
	for (size_t i = 0; i < n; i++)
		buf_addf(&json, "%s\"m%zu\":1", i == 0 ? "" : ",", i);
	buf_add_text(expected, "ID=y EXTRA={\"a\":{");
	for (size_t i = 0; i < n; i++) {
		buf_addf(&json, ",\"m%zu\":2", i);
		buf_addf(expected, "%s\"m%zu\":2", i == 0 ? "" : ",", i);
	}
	buf_add_text(&json, "},\"id\":\"y\"}");
	buf_add_text(expected, "}}");
	return buf_take(&json);
}

static void of_many_equal_names_too(void **state)
{
	static const size_t sizes[] = {1, 30, 33, 64, 65, 300, 600, 5000};
	struct shape s;
	struct buf expected;
	(void)state;
	shape_open(&s, WANTS, NULL);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char *json = crowd(sizes[i], &expected);
		assert_non_null(json);
		assert_string_equal(shape_text(&s, json), buf_text(&expected));
		buf_done(&expected);
		free(json);
	}
	shape_close(&s);
}

static double seconds_for(size_t members, const char *prefix)
{
	struct shape s;
	struct buf json;
	buf_init(&json, 64 * (size_t)MIB);
	buf_add_text(&json, "{\"id\":\"x\"");
	for (size_t i = 0; i < members; i++)
		buf_addf(&json, ",\"%s%zu\":%zu", prefix, i, i);
	buf_addf(&json, ",\"%s0\":1}", prefix);
	shape_open(&s, WANTS, NULL);
	clock_t start = clock();
	const char *row = shape_span(&s, buf_span(&json));
	clock_t end = clock();
	assert_memory_equal(row, "ID=x EXTRA={", 12);
	assert_null(strstr(row, "\"m0\":0"));
	shape_close(&s);
	buf_done(&json);
	return (double)(end - start) / CLOCKS_PER_SEC;
}

/* A hundred thousand members must cost about ten times what ten thousand cost; a square would
 * make it a hundred times, some ten seconds. */
static void a_hundred_thousand_members_are_not_compared_each_with_each(void **state)
{
	(void)state;
	double few = seconds_for(10000, "m");
	assert_true(seconds_for(100000, "m") < 40 * (few < 0.005 ? 0.005 : few));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_cleaned_and_counted),
		cmocka_unit_test(names_are_what_they_are_once_they_are_clean),
		cmocka_unit_test(a_key_that_was_cleaned_is_kept_and_hashed_as_it_is_written),
		cmocka_unit_test(a_rejected_record_is_clean_too),
		cmocka_unit_test(of_equal_names_the_last_counts),
		cmocka_unit_test(of_many_equal_names_too),
		cmocka_unit_test(a_hundred_thousand_members_are_not_compared_each_with_each),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
