/* A row as a line of the landed format, and the line as a row again. */
#include "shape/landed.h"
#include "unit/shape_case.h"

static const struct want PLAIN[] = {
	{.name = "ID", .type = TYPE_TEXT, .at = "/id", .flags = "k"},
	{.name = "N", .type = TYPE_INT, .at = "/n"},
	{.name = "F", .type = TYPE_FLOAT, .at = "/f"},
	{.name = "B", .type = TYPE_BOOL, .at = "/b"},
	{.name = "AT", .type = TYPE_TIMESTAMP, .at = "/at", .flags = "n"},
	{.name = "J", .type = TYPE_JSON, .at = "/j"},
	{0},
};

/* The line of a record, without its line end. */
static const char *line_of(struct shape *s, const char *json)
{
	struct err err = {0};
	struct json_doc *doc = json_parse(span_of(json), &err);
	if (doc == NULL || !shaper_row(s->shaper, json_root(doc), s->fixed, json_dirty(doc), 0,
				       NULL, &s->report, &err))
		fail_msg("%s", err.text);
	if (!s->report.taken)
		fail_msg("%s: %s", json, s->report.reason);
	buf_clear(&s->text);
	assert_true(landed_write(&s->text, s->shaper));
	assert_int_equal(s->text.data[s->text.size - 1], '\n');
	buf_cut(&s->text, s->text.size - 1);
	json_free(doc);
	return buf_text(&s->text);
}

static void lines(const struct want *wants, const char *const (*pairs)[2])
{
	struct shape s;
	shape_open(&s, wants, NULL);
	for (; (*pairs)[0] != NULL; pairs++)
		assert_string_equal(line_of(&s, (*pairs)[0]), (*pairs)[1]);
	shape_close(&s);
}

static void a_line_holds_every_column_null_included(void **state)
{
	(void)state;
	lines(PLAIN, (const char *const[][2]){
		{"{\"id\":\"a\",\"n\":7,\"f\":0.5,\"b\":true,\"at\":\"2026-11-23T01:02:03+01:00\","
		 "\"j\":{\"x\":[1, 2.50]},\"new\":1}",
		 "{\"ID\":\"a\",\"N\":7,\"F\":0.5,\"B\":true,"
		 "\"AT\":\"2026-11-23T00:02:03.000000Z\",\"J\":{\"x\":[1,2.50]},"
		 "\"EXTRA\":{\"new\":1}}"},
		{"{\"id\":\"\\\"\\n\\u0001/\xc3\xa4\",\"b\":false}",
		 "{\"ID\":\"\\\"\\n\\u0001/\xc3\xa4\",\"N\":null,\"F\":null,\"B\":false,"
		 "\"AT\":null,\"J\":null,\"EXTRA\":null}"},
		{NULL, NULL}});
}

static void a_double_is_the_shortest_that_reads_the_same(void **state)
{
	static const char *const doubles[] = {"0.1", "0.30000000000000004", "5e-324",
		"2.2250738585072014e-308", "1.7976931348623157e+308", "60.17", "0", "-0", "1e+22",
		"123456789012345680", "0.04", "3", NULL};
	struct shape s;
	char in[128], out[256];
	(void)state;
	shape_open(&s, PLAIN, NULL);
	for (size_t i = 0; doubles[i] != NULL; i++) {
		snprintf(in, sizeof in, "{\"id\":\"a\",\"f\":%s}", doubles[i]);
		snprintf(out, sizeof out, "{\"ID\":\"a\",\"N\":null,\"F\":%s,\"B\":null,"
			 "\"AT\":null,\"J\":null,\"EXTRA\":null}",
			 strcmp(doubles[i], "123456789012345680") == 0 ? "1.2345678901234568e+17"
									: doubles[i]);
		assert_string_equal(line_of(&s, in), out);
	}
	shape_close(&s);
}

static void private_columns_are_absent_or_digests(void **state)
{
	static const struct want private[] = {
		{.name = "ID", .type = TYPE_TEXT, .at = "/id", .flags = "k"},
		{.name = "OUT", .type = TYPE_TEXT, .at = "/out", .flags = "x"},
		{.name = "HASH", .type = TYPE_TEXT, .at = "/hash", .flags = "h"},
		{0},
	};
	struct shape s;
	(void)state;
	shape_open(&s, private, NULL);
	const char *line = line_of(&s, "{\"id\":\"a\",\"out\":\"secret\",\"hash\":\"secret\"}");
	assert_null(strstr(line, "secret"));
	assert_null(strstr(line, "OUT"));
	assert_ptr_equal(strstr(line, "{\"ID\":\"a\",\"HASH\":\""), line);
	shape_close(&s);
}

static void a_full_buffer_keeps_no_part_of_a_line(void **state)
{
	struct shape s;
	struct buf small;
	(void)state;
	shape_open(&s, PLAIN, NULL);
	/* The row's texts are the record's: it lives as long. */
	struct err err = {0};
	struct json_doc *doc = json_parse(SPAN("{\"id\":\"a\"}"), &err);
	assert_true(shaper_row(s.shaper, json_root(doc), s.fixed, false, 0, NULL, &s.report, &err));
	buf_init(&small, 20);
	assert_true(buf_add_text(&small, "before"));
	assert_false(landed_write(&small, s.shaper));
	assert_string_equal(buf_text(&small), "before");
	buf_done(&small);
	json_free(doc);
	shape_close(&s);
}

/* --- reading --- */

/* The shaper of `s` becomes one that reads the table's landed lines. */
static void read_landed(struct shape *s)
{
	struct err err = {0};
	struct table *landed = arena_alloc(s->arena, sizeof *landed);
	if (landed == NULL || !landed_table(s->arena, &s->table, landed, &err))
		fail_msg("%s", err.text);
	shaper_free(s->shaper);
	if (!shaper_new(&s->shaper, landed, HASH_KEY, &err))
		fail_msg("%s", err.text);
}

static void reads(const struct want *wants, const char *const (*pairs)[2])
{
	struct shape s;
	shape_open(&s, wants, NULL);
	read_landed(&s);
	for (; (*pairs)[0] != NULL; pairs++)
		shapes(&s, (*pairs)[0], (*pairs)[1]);
	shape_close(&s);
}

/* What is written of any record reads as the row that it was. */
static void a_line_reads_as_the_row_that_was_written(void **state)
{
	static const char *const records[] = {
		"{\"id\":\"a\",\"n\":7,\"f\":0.1,\"b\":true,"
		"\"at\":\"2026-11-23T00:00:00.5Z\",\"j\":{\"x\":[1.50,null]}}",
		"{\"id\":\"b\"}",
		"{\"id\":18446744073709551615,\"n\":\"seven\",\"b\":0,\"at\":0,\"f\":[]}",
		"{\"id\":\"c\",\"new\":{\"EXTRA\":1},\"EXTRA\":{\"ID\":2},\"}\":\"{\\\"\"}",
		"{\"id\":\"d\",\"ID\":\"other\",\"N\":\"x\",\"J\":null,\"j\":\"text\"}",
		"{\"id\":\"e\",\"EXTRA\":null}",
		"{\"id\":\"f\",\"j\":0,\"EXTRA\":[]}",
		"{\"id\":\"g\\n\\u2028\\ud83d\\ude00\",\"f\":-0.0,\"n\":-9223372036854775808}",
		NULL,
	};
	struct shape from, to;
	(void)state;
	shape_open(&from, PLAIN, NULL);
	shape_open(&to, PLAIN, NULL);
	read_landed(&to);
	for (size_t i = 0; records[i] != NULL; i++) {
		char row[512], line[512];
		snprintf(row, sizeof row, "%s", shape_text(&from, records[i]));
		char *rescued = strstr(row, " rescued ");
		if (rescued != NULL)
			*rescued = '\0'; /* it was when the line was written */
		snprintf(line, sizeof line, "%s", line_of(&from, records[i]));
		char *seq = strstr(row, "_FIRN_SEQ");
		assert_null(seq);
		assert_string_equal(shape_text(&to, line), row);
	}
	shape_close(&from);
	shape_close(&to);
}

static void lines_of_others_are_read_as_records_are(void **state)
{
	(void)state;
	reads(PLAIN, (const char *const[][2]){
		{"{\"N\": 7, \"ID\": \"a\"}", "ID=a N=7"},
		{"{\"ID\":\"a\",\"AT\":\"2026-11-23T02:00:00+02:00\"}",
		 "ID=a AT=1795392000000000"},
		{"{\"ID\":\"a\",\"mine\":1,\"EXTRA\":{\"via\":2}}",
		 "ID=a EXTRA={\"via\":2,\"mine\":1}"},
		{"{\"ID\":\"a\",\"EXTRA\":{}}", "ID=a"},
		{"{\"ID\":\"a\",\"N\":\"x\",\"EXTRA\":{\"N\":1}}",
		 "ID=a EXTRA={\"N\":1,\"N_\":\"x\"} rescued 1"},
		{"{\"ID\":\"a\",\"x\":1,\"x_\":2,\"EXTRA\":{\"x\":3}}",
		 "ID=a EXTRA={\"x\":3,\"x__\":1,\"x_\":2}"},
		{"{\"ID\":\"a\",\"EXTRA\":[1]}", "ID=a EXTRA={\"EXTRA\":[1]} rescued 1"},
		{"{\"ID\":\"a\",\"EXTRA\":\"x\",\"y\":1}",
		 "ID=a EXTRA={\"EXTRA\":\"x\",\"y\":1} rescued 1"},
		{"{\"ID\":\"a\",\"AT\":\"2026-11-23T02:00:00\"}",
		 "ID=a EXTRA={\"AT\":\"2026-11-23T02:00:00\"} rescued 1"},
		{"{\"ID\":\"a\",\"LOAD_TIMESTAMP\":\"x\"}",
		 "ID=a EXTRA={\"LOAD_TIMESTAMP\":\"x\"}"},
		{"{\"ID\":\"a\",\"ID\":\"b\",\"EXTRA\":{\"q\":1},\"EXTRA\":{\"q\":2}}",
		 "ID=b EXTRA={\"q\":2}"},
		{NULL, NULL}});
}

static void a_line_without_its_key_is_rejected(void **state)
{
	(void)state;
	reads(PLAIN, (const char *const[][2]){
		{"{\"N\":1}", "rejected: ID is the key and has no value | {\"N\":1}"},
		{"{\"id\":\"a\"}", "rejected: ID is the key and has no value | {\"id\":\"a\"}"},
		{"[1]", "rejected: the record is not an object | [1]"},
		{NULL, NULL}});
}

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void what_is_private_comes_in_nowhere(void **state)
{
	static const struct want private[] = {
		{.name = "ID", .type = TYPE_TEXT, .at = "/id", .flags = "k"},
		{.name = "MAIL", .type = TYPE_TEXT, .at = "/who/mail", .flags = "x"},
		{.name = "AGE", .type = TYPE_INT, .at = "/who/age", .flags = "h"},
		{0},
	};
	static const char *const leaks[] = {
		"{\"ID\":\"a\",\"MAIL\":\"secret\"}",
		"{\"ID\":\"a\",\"EXTRA\":{\"who\":{\"mail\":\"secret\",\"x\":1}}}",
		"{\"ID\":\"a\",\"AGE\":\"secret\"}",
		"{\"ID\":\"a\",\"who\":{\"mail\":\"secret\",\"x\":1}}",
		"{\"ID\":\"a\",\"MAIL\":\"b\",\"who\":{\"mail\":\"secret\"}}",
		"{\"ID\":\"a\",\"who\":{\"age\":\"secret\"}}",
		"{\"ID\":\"a\",\"EXTRA\":{\"who\":{\"age\":\"secret\"}}}",
		"{\"MAIL\":\"secret\",\"EXTRA\":{\"who\":{\"mail\":\"secret\"}}}",
		NULL,
	};
	struct shape s;
	(void)state;
	shape_open(&s, private, NULL);
	read_landed(&s);
	for (size_t i = 0; leaks[i] != NULL; i++)
		assert_null(strstr(shape_text(&s, leaks[i]), "secret"));
	/* A digest is one already, in the column and in EXTRA. */
	shapes(&s, "{\"ID\":\"a\",\"AGE\":\"" DIGEST "\"}", "ID=a AGE=" DIGEST);
	assert_null(strstr(shape_text(&s, "{\"ID\":\"a\",\"AGE\":\"" DIGEST "0\"}"),
			   DIGEST));
	shape_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_holds_every_column_null_included),
		cmocka_unit_test(a_double_is_the_shortest_that_reads_the_same),
		cmocka_unit_test(private_columns_are_absent_or_digests),
		cmocka_unit_test(a_full_buffer_keeps_no_part_of_a_line),
		cmocka_unit_test(a_line_reads_as_the_row_that_was_written),
		cmocka_unit_test(lines_of_others_are_read_as_records_are),
		cmocka_unit_test(a_line_without_its_key_is_rejected),
		cmocka_unit_test(what_is_private_comes_in_nowhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
