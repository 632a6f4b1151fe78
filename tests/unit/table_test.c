/* Rows for people and for programs: four formats, what is NULL and what is empty, widths of what
 * is not ASCII, and text that would play with a terminal. */
#include "report/table.h"

#include "base/bounds.h"
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct err err;

/* --- help --- */

static const char *const NAMES[] = {"NAME", "N", "DOC"};
static const enum type TYPES[] = {TYPE_TEXT, TYPE_INT, TYPE_JSON};

static bool into(void *user, struct span text)
{
	return buf_add_span(user, text);
}

static bool into_nowhere(void *user, struct span text)
{
	(void)user;
	return text.size == 0;
}

static struct table_options shape(enum table_format format, struct buf *out)
{
	return (struct table_options){.format = format, .names = NAMES, .types = TYPES,
				      .columns = 3, .write = into, .user = out};
}

/* NULL cells are ~ here. */
static const char *print(const struct table_options *options, const char *const (*rows)[3],
			 size_t n)
{
	struct table_writer *writer;
	struct buf *out = options->user;
	buf_clear(out);
	assert_true(table_begin(&writer, options, &err));
	for (size_t i = 0; i < n; i++) {
		struct span cells[3];
		for (size_t k = 0; k < options->columns; k++)
			cells[k] = strcmp(rows[i][k], "~") == 0 ? (struct span){NULL, 0}
								: span_of(rows[i][k]);
		assert_true(table_row(writer, cells, &err));
	}
	assert_true(table_end(writer, &err));
	table_free(writer);
	return buf_text(out);
}

#define PRINTS(kind, rows, n, expected) \
	do { \
		struct buf out_; \
		buf_init(&out_, 64 * (size_t)MIB); \
		struct table_options options_ = shape(kind, &out_); \
		assert_string_equal(print(&options_, rows, n), expected); \
		buf_done(&out_); \
	} while (0)

static const char *const PLAIN[][3] = {
	{"anna", "1", "{\"a\":1}"},
	{"bo", "-25", "[]"},
};
static const char *const EMPTY[][3] = {{"", "~", "~"}, {"~", "0", "\"x\""}};

/* --- a table --- */

static void a_table_is_aligned_and_numbers_stand_right(void **state)
{
	(void)state;
	PRINTS(TABLE_TEXT, PLAIN, 2,
	       "NAME    N  DOC\n"
	       "----  ---  -------\n"
	       "anna    1  {\"a\":1}\n"
	       "bo    -25  []\n"
	       "(2 rows)\n");
}

static void a_table_shows_null_and_counts_one_row_or_none(void **state)
{
	(void)state;
	PRINTS(TABLE_TEXT, EMPTY, 1,
	       "NAME     N  DOC\n"
	       "----  ----  ----\n"
	       "      NULL  NULL\n"
	       "(1 row)\n");
	PRINTS(TABLE_TEXT, NULL, 0,
	       "NAME  N  DOC\n"
	       "----  -  ---\n"
	       "(0 rows)\n");
}

static void a_table_may_have_colour_and_no_count(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, MIB);
	struct table_options options = shape(TABLE_TEXT, &out);
	options.colour = options.no_count = true;
	assert_string_equal(print(&options, PLAIN, 1), "\033[1mNAME  N  DOC\n\033[0m"
						       "anna  1  {\"a\":1}\n");
	buf_done(&out);
}

/* U+6F22 U+5B57 are two columns wide each; the accent of the second is none. */
static void what_is_wide_or_combining_stands_in_line(void **state)
{
	static const char *const rows[][3] = {
		{"\xe6\xbc\xa2\xe5\xad\x97", "1", "a"}, {"e\xcc\x81", "2", "b"},
		{"abcd", "3", "c"}};
	(void)state;
	PRINTS(TABLE_TEXT, rows, 3,
	       "NAME  N  DOC\n"
	       "----  -  ---\n"
	       "\xe6\xbc\xa2\xe5\xad\x97  1  a\n"
	       "e\xcc\x81     2  b\n"
	       "abcd  3  c\n"
	       "(3 rows)\n");
}

/* An API's text must not move the cursor, colour the screen or begin a line of its own. */
static void control_characters_are_shown_for_what_they_are(void **state)
{
	static const char *const rows[][3] = {
		{"a\033[31m\r\b", "1", "l1\nl2\t."}, {"\x7f\xc2\x9b" "2J", "2", "\xc2\xa0"}};
	(void)state;
	PRINTS(TABLE_TEXT, rows, 2,
	       "NAME               N  DOC\n"
	       "-----------------  -  ---------\n"
	       "a\\x1b[31m\\x0d\\x08  1  l1\\nl2\\t.\n"
	       "\\x7f\\u009b2J       2  \xc2\xa0\n"
	       "(2 rows)\n");
	PRINTS(TABLE_MARKDOWN, rows, 2,
	       "| NAME | N | DOC |\n"
	       "| --- | ---: | --- |\n"
	       "| a\\x1b[31m\\x08 | 1 | l1<br>l2 . |\n"
	       "| \\x7f\\u009b2J | 2 | \xc2\xa0 |\n");
}

/* The first TABLE_ROWS_KEPT are measured; one that is wider comes behind them. */
static void more_rows_than_are_measured_are_all_printed(void **state)
{
	enum { ROWS = TABLE_ROWS_KEPT + 1 };
	struct table_writer *writer;
	struct buf out;
	char text[32];
	size_t lines = 0;
	(void)state;
	buf_init(&out, 64 * (size_t)MIB);
	struct table_options options = shape(TABLE_TEXT, &out);
	assert_true(table_begin(&writer, &options, &err));
	for (int i = 0; i < ROWS; i++) {
		snprintf(text, sizeof text, "%s%d", i + 1 == ROWS ? "wider-than-all-" : "", i);
		struct span cells[] = {span_of(text), span_of("7"), SPAN("x")};
		assert_true(table_row(writer, cells, &err));
	}
	assert_true(table_end(writer, &err));
	table_free(writer);
	for (const char *at = buf_text(&out); *at != '\0'; at++)
		lines += *at == '\n';
	assert_int_equal(lines, ROWS + 3);
	assert_non_null(strstr(buf_text(&out), "\n9999  7  x\nwider-than-all-10000  7  x\n"
					       "(10,001 rows)\n"));
	buf_done(&out);
}

/* --- CSV --- */

static void csv_tells_null_from_empty_and_quotes_what_needs_it(void **state)
{
	static const char *const rows[][3] = {
		{"a,b", "~", "say \"hi\""}, {"", "2", "two\nlines"}, {" x", "3", "\r"},
		{"x ", "4", "\033"}, {"plain", "5", "~"}};
	(void)state;
	PRINTS(TABLE_CSV, rows, 5,
	       "NAME,N,DOC\n"
	       "\"a,b\",,\"say \"\"hi\"\"\"\n"
	       "\"\",2,\"two\nlines\"\n"
	       "\" x\",3,\"\r\"\n"
	       "\"x \",4,\033\n"
	       "plain,5,\n");
	PRINTS(TABLE_CSV, NULL, 0, "NAME,N,DOC\n");
}

/* --- JSON --- */

static void json_is_one_array_of_objects(void **state)
{
	(void)state;
	PRINTS(TABLE_JSON, PLAIN, 2,
	       "[\n{\"NAME\":\"anna\",\"N\":1,\"DOC\":{\"a\":1}},\n"
	       "{\"NAME\":\"bo\",\"N\":-25,\"DOC\":[]}\n]\n");
	PRINTS(TABLE_JSON, EMPTY, 2,
	       "[\n{\"NAME\":\"\",\"N\":null,\"DOC\":null},\n"
	       "{\"NAME\":null,\"N\":0,\"DOC\":\"x\"}\n]\n");
	PRINTS(TABLE_JSON, NULL, 0, "[]\n");
}

/* What JSON has no number for goes as text; what is written must always be JSON. */
static void numbers_that_json_does_not_have_are_text(void **state)
{
	static const char *const names[] = {"X"};
	static const enum type types[] = {TYPE_FLOAT};
	static const char *const cells[][3] = {{"1.5"}, {"-0.0"}, {"1e300"}, {"inf"}, {"-inf"},
					       {"nan"}, {"-nan"}, {"Infinity"}, {""}, {"-"}};
	struct buf out;
	(void)state;
	buf_init(&out, MIB);
	struct table_options options = {.format = TABLE_JSON, .names = names, .types = types,
					.columns = 1, .write = into, .user = &out};
	const char *text = print(&options, cells, 10);
	assert_non_null(strstr(text, "{\"X\":1.5},\n{\"X\":-0.0},\n{\"X\":1e300},\n"
				     "{\"X\":\"inf\"}"));
	struct json_doc *doc = json_parse(buf_span(&out), &err);
	if (doc == NULL)
		fail_msg("%s", err.text);
	assert_int_equal(json_count(json_root(doc)), 10);
	json_free(doc);
	buf_done(&out);
}

static void json_escapes_what_it_must(void **state)
{
	static const char *const rows[][3] = {{"a\"\\\n\x01\xc3\xa9", "1", "true"}};
	(void)state;
	PRINTS(TABLE_JSON, rows, 1,
	       "[\n{\"NAME\":\"a\\\"\\\\\\n\\u0001\xc3\xa9\",\"N\":1,\"DOC\":true}\n]\n");
}

/* --- Markdown --- */

static void markdown_keeps_its_cells_apart(void **state)
{
	static const char *const rows[][3] = {
		{"a|b", "1", "two\r\nlines"}, {"c:\\d|", "~", ""}};
	(void)state;
	PRINTS(TABLE_MARKDOWN, rows, 2,
	       "| NAME | N | DOC |\n"
	       "| --- | ---: | --- |\n"
	       "| a\\|b | 1 | two<br>lines |\n"
	       "| c:\\\\d\\| |  |  |\n");
	PRINTS(TABLE_MARKDOWN, NULL, 0, "| NAME | N | DOC |\n| --- | ---: | --- |\n");
}

/* --- all of them --- */

static void what_cannot_be_written_is_an_error(void **state)
{
	(void)state;
	for (int format = TABLE_TEXT; format <= TABLE_MARKDOWN; format++) {
		struct table_writer *writer;
		struct span cells[] = {SPAN("a"), SPAN("1"), SPAN("{}")};
		struct table_options options = shape((enum table_format)format, NULL);
		bool done = true;
		options.write = into_nowhere;
		assert_true(table_begin(&writer, &options, &err));
		for (int i = 0; i < 100000 && done; i++)
			done = table_row(writer, cells, &err);
		assert_false(done && table_end(writer, &err));
		assert_int_equal(err.kind, ERR_DISK);
		table_free(writer);
	}
	table_free(NULL);
}

static const char *print_narrow(struct buf *out, size_t columns, bool unicode,
				const char *const (*rows)[3], size_t n)
{
	struct table_options options = shape(TABLE_TEXT, out);
	options.screen_columns = columns;
	options.unicode = unicode;
	return print(&options, rows, n);
}

static void what_is_wider_than_the_screen_is_cut_where_it_is_text(void **state)
{
	static const char *const rows[][3] = {
		{"a name that is long", "1234567", "{\"a\":\"a document that is longer\"}"},
		{"b", "~", "漢字漢字漢字漢字漢字漢字"}};
	struct buf out;
	(void)state;
	buf_init(&out, MIB);
	assert_string_equal(print_narrow(&out, 30, true, rows, 2),
		"NAME              N  DOC\n"
		"----------  -------  ---------\n"
		"a name th…  1234567  {\"a\":\"a …\n"
		"b              NULL  漢字漢字…\n"
		"(2 rows)\n");
	assert_string_equal(print_narrow(&out, 30, false, rows, 1),
		"NAME              N  DOC\n"
		"----------  -------  ---------\n"
		"a name ...  1234567  {\"a\":\"...\n"
		"(1 row)\n");
	/* Not at all where there is room, or no screen. */
	assert_null(strstr(print_narrow(&out, 70, true, rows, 2), "…"));
	assert_null(strstr(print_narrow(&out, 0, true, rows, 2), "…"));
	buf_done(&out);
}

/* A column that was narrow while the table was measured. */
static void long_names_stand_in_several_lines_before_anything_is_cut(void **state)
{
	static const char *const names[] = {"ACTIVITY_DATE", "KNOWLEDGE_SUCCESS_RATE", "TYPE"};
	static const enum type types[] = {TYPE_TIMESTAMP, TYPE_FLOAT, TYPE_TEXT};
	static const char *const rows[][3] = {{"2026-11-22", "43.33", "a text"}};
	struct buf out;
	(void)state;
	buf_init(&out, MIB);
	struct table_options options = shape(TABLE_TEXT, &out);
	options.names = names;
	options.types = types;
	options.screen_columns = 30; /* 10, 10 and 6 with what parts them: it fits */
	options.unicode = true;
	assert_string_equal(print(&options, rows, 1),
		"            KNOWLEDGE_\n"
		"ACTIVITY_     SUCCESS_\n"
		"DATE              RATE  TYPE\n"
		"----------  ----------  ------\n"
		"2026-11-22       43.33  a text\n"
		"(1 row)\n");
	options.screen_columns = 48; /* wide enough for parts that go together */
	assert_null(strstr(print(&options, rows, 1), "KNOWLEDGE_\n"));
	buf_done(&out);
}

static void a_row_that_no_line_can_hold_becomes_lines(void **state)
{
	static const char *const rows[][3] = {{"a name that is long", "1234567", "{}"},
					      {"b", "~", "~"}};
	struct buf out;
	(void)state;
	buf_init(&out, MIB);
	assert_string_equal(print_narrow(&out, 20, true, rows, 2),
		"-[ 1 ]-\n"
		"NAME  a name that i…\n"
		"N     1234567\n"
		"DOC   {}\n"
		"-[ 2 ]-\n"
		"NAME  b\n"
		"N     NULL\n"
		"DOC   NULL\n"
		"(2 rows)\n");
	/* A number stands whole on the narrowest screen, and no rows are none. */
	assert_non_null(strstr(print_narrow(&out, 5, true, rows, 1), "\nN     1234567\n"));
	buf_done(&out);
}

static void what_comes_later_is_cut_too(void **state)
{
	static const char *const narrow[] = {"a", "1", "b"};
	static const char *const wide[] = {"a text that came late", "1", "b"};
	struct buf out;
	struct table_writer *writer;
	(void)state;
	buf_init(&out, MIB);
	struct table_options options = shape(TABLE_TEXT, &out);
	options.screen_columns = 20; /* 4 + 2 + 1 + 2 + 3 and 8 to spare */
	assert_true(table_begin(&writer, &options, &err));
	for (int i = 0; i < TABLE_ROWS_KEPT + 1; i++) {
		const char *const *row = i < TABLE_ROWS_KEPT ? narrow : wide;
		struct span cells[] = {span_of(row[0]), span_of(row[1]), span_of(row[2])};
		assert_true(table_row(writer, cells, &err));
	}
	assert_true(table_end(writer, &err));
	table_free(writer);
	assert_non_null(strstr(buf_text(&out), "\na text th...  1  b\n"));
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_aligned_and_numbers_stand_right),
		cmocka_unit_test(a_table_shows_null_and_counts_one_row_or_none),
		cmocka_unit_test(a_table_may_have_colour_and_no_count),
		cmocka_unit_test(what_is_wide_or_combining_stands_in_line),
		cmocka_unit_test(control_characters_are_shown_for_what_they_are),
		cmocka_unit_test(more_rows_than_are_measured_are_all_printed),
		cmocka_unit_test(csv_tells_null_from_empty_and_quotes_what_needs_it),
		cmocka_unit_test(json_is_one_array_of_objects),
		cmocka_unit_test(numbers_that_json_does_not_have_are_text),
		cmocka_unit_test(json_escapes_what_it_must),
		cmocka_unit_test(markdown_keeps_its_cells_apart),
		cmocka_unit_test(what_cannot_be_written_is_an_error),
		cmocka_unit_test(what_is_wider_than_the_screen_is_cut_where_it_is_text),
		cmocka_unit_test(long_names_stand_in_several_lines_before_anything_is_cut),
		cmocka_unit_test(a_row_that_no_line_can_hold_becomes_lines),
		cmocka_unit_test(what_comes_later_is_cut_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
