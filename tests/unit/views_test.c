/* The language of views: each word in both dialects, what is refused and where, and that all
 * built-in views are written in it. What the views answer is tested end to end. */
#include "base/bounds.h"
#include "warehouse/views.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const char *const PLUGINS[] = {"Bob's plugin", "a\\b", "\"x\""};
static const struct view_list LISTS[] = {
	{"plugins", PLUGINS, 3},
	{"none", NULL, 0},
	{"knowledge_plugins", PLUGINS, 1},
	{"ticket_plugins", PLUGINS, 1},
};

static struct view_options options_of(const char *prefix, const char *timezone)
{
	return (struct view_options){prefix, timezone, LISTS, sizeof LISTS / sizeof LISTS[0],
				     NULL, 0};
}

static void expect_with(const struct view_options *options, enum warehouse_kind kind,
			const char *text, const char *expected)
{
	struct view view = {"V_X", span_of(text), NULL};
	struct err err = {.kind = ERR_NONE};
	struct buf sql;
	buf_init(&sql, SQL_BYTES_MAX);
	if (!view_sql(&view, kind, options, &sql, &err))
		fail_msg("%s", err.text);
	assert_int_equal(err.kind, ERR_NONE);
	assert_string_equal(buf_text(&sql), expected);
	buf_done(&sql);
}

static void expect(enum warehouse_kind kind, const char *text, const char *expected)
{
	struct view_options options = options_of("", "US/Pacific");
	expect_with(&options, kind, text, expected);
}

static void expect_both(const char *text, const char *expected)
{
	expect(WAREHOUSE_DUCKDB, text, expected);
	expect(WAREHOUSE_SNOWFLAKE, text, expected);
}

static void ignore_table(void *user, struct span table)
{
	(void)user;
	(void)table;
}

static void refused(const char *text, const char *message)
{
	struct view view = {"V_X", span_of(text), NULL};
	struct view_options options = options_of("", "US/Pacific");
	struct err err = {.kind = ERR_NONE};
	struct buf sql;
	buf_init(&sql, SQL_BYTES_MAX);
	assert_false(view_sql(&view, WAREHOUSE_DUCKDB, &options, &sql, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, message);
	buf_done(&sql);
}

/* What is wrong with the words themselves stops view_tables as well. */
static void refused_by_both(const char *text, const char *message)
{
	struct view view = {"V_X", span_of(text), NULL};
	struct err err = {.kind = ERR_NONE};
	refused(text, message);
	assert_false(view_tables(&view, ignore_table, NULL, &err));
	assert_string_equal(err.text, message);
}

static void a_table_is_quoted_behind_its_prefix(void **state)
{
	(void)state;
	struct view_options options = options_of("my \"org\"_", "UTC");
	expect_both("SELECT 1 FROM {table USERS} AS u", "SELECT 1 FROM \"USERS\" AS u");
	expect_with(&options, WAREHOUSE_SNOWFLAKE, "FROM {table USERS} AS u",
		    "FROM \"my \"\"org\"\"_USERS\" AS u");
}

static void a_day_is_that_of_the_zone(void **state)
{
	(void)state;
	struct view_options utc = options_of("", "UTC");
	expect(WAREHOUSE_DUCKDB, "{day c.AT_1}",
	       "CAST(timezone('US/Pacific', timezone('UTC', c.\"AT_1\")) AS DATE)");
	expect(WAREHOUSE_SNOWFLAKE, "{day c.AT_1}",
	       "CAST(CONVERT_TIMEZONE('UTC', 'US/Pacific', c.\"AT_1\") AS DATE)");
	expect_with(&utc, WAREHOUSE_DUCKDB, "{day A}", "CAST(\"A\" AS DATE)");
	expect_with(&utc, WAREHOUSE_SNOWFLAKE, "{day A}", "CAST(\"A\" AS DATE)");
}

/* A configured zone is checked elsewhere; whatever it is, it stays inside of its quotes. */
static void a_zone_cannot_leave_its_quotes(void **state)
{
	(void)state;
	struct view_options options = options_of("", "x'\\'");
	expect_with(&options, WAREHOUSE_DUCKDB, "{day A}",
		    "CAST(timezone('x''\\''', timezone('UTC', \"A\")) AS DATE)");
	expect_with(&options, WAREHOUSE_SNOWFLAKE, "{day A}",
		    "CAST(CONVERT_TIMEZONE('UTC', 'x''\\\\''', \"A\") AS DATE)");
}

static void a_member_of_json_is_text(void **state)
{
	(void)state;
	expect(WAREHOUSE_DUCKDB, "{json i.DETAILS detail} = 'x'",
	       "json_extract_string(i.\"DETAILS\", '$.\"detail\"') = 'x'");
	expect(WAREHOUSE_SNOWFLAKE, "{json DETAILS fileTypes_2} = 'x'",
	       "\"DETAILS\":\"fileTypes_2\"::VARCHAR = 'x'");
}

static void a_list_is_its_values_as_literals(void **state)
{
	(void)state;
	expect(WAREHOUSE_DUCKDB, "IN ({list plugins})",
	       "IN ('Bob''s plugin', 'a\\b', '\"x\"')");
	expect(WAREHOUSE_SNOWFLAKE, "IN ({list plugins})",
	       "IN ('Bob''s plugin', 'a\\\\b', '\"x\"')");
	expect_both("IN ({list none})", "IN (NULL)");
}

static void a_percentage_of_nothing_is_0(void **state)
{
	(void)state;
	expect_both("{percent USED t.ALL}",
		    "COALESCE(CAST(ROUND(CAST(100.0 * \"USED\" / NULLIF(t.\"ALL\", 0)"
		    " AS DECIMAL(18, 6)), 2) AS DOUBLE), 0)");
}

static void an_appended_table_is_read_by_its_newest_versions(void **state)
{
	(void)state;
	static const struct column columns[] = {{.name = "A"}, {.name = "B"}, {.name = "AT"}};
	static const unsigned key[] = {1, 0};
	const struct table appended = {.name = "p_T", .columns = columns, .columns_n = 3,
				       .key = key, .key_n = 2, .newest = 2, .append = true};
	const struct table stampless = {.name = "p_U", .columns = columns, .columns_n = 3,
					.key = key, .key_n = 1, .newest = -1, .append = true};
	const struct table upserted = {.name = "p_V", .columns = columns, .columns_n = 3,
				       .key = key, .key_n = 1, .newest = 2};
	const struct table *tables[] = {&upserted, &appended, &stampless};
	struct view_options options = options_of("p_", "UTC");
	options.tables = tables;
	options.tables_n = 3;
	expect_with(&options, WAREHOUSE_SNOWFLAKE, "FROM {table T} AS t",
		    "FROM (SELECT * FROM \"p_T\" QUALIFY ROW_NUMBER() OVER (PARTITION BY"
		    " \"B\", \"A\" ORDER BY \"AT\" DESC NULLS LAST,"
		    " \"LOAD_TIMESTAMP\" DESC NULLS LAST) = 1) AS t");
	expect_with(&options, WAREHOUSE_DUCKDB, "FROM {table U} AS u",
		    "FROM (SELECT * FROM \"p_U\" QUALIFY ROW_NUMBER() OVER (PARTITION BY"
		    " \"B\" ORDER BY \"LOAD_TIMESTAMP\" DESC NULLS LAST) = 1) AS u");
	expect_with(&options, WAREHOUSE_DUCKDB, "FROM {table V} AS v", "FROM \"p_V\" AS v");
	expect_with(&options, WAREHOUSE_DUCKDB, "FROM {table UT} AS v", "FROM \"p_UT\" AS v");
}

static void comments_and_blanks_around_are_not_part_of_the_select(void **state)
{
	(void)state;
	expect_both("-- One.\n-- Two {x} '\n\nSELECT 1, -- a\n\t-- b ;\n\t2\n\n-- end",
		    "SELECT 1,\n\t2");
	expect_both("SELECT 'a -- b', 1 - -1 --", "SELECT 'a -- b', 1 - -1");
}

/* Inside of 'texts' and "identifiers" nothing has a meaning. */
static void quoted_text_is_left_alone(void **state)
{
	(void)state;
	expect_both("SELECT '{x} ''; -- /* }', \"{\"\"}\"", "SELECT '{x} ''; -- /* }', \"{\"\"}\"");
}

static void it_is_appended_to_what_is_there(void **state)
{
	(void)state;
	struct view view = {"V_X", SPAN("-- c\nSELECT {list none}\n"), NULL};
	struct view_options options = options_of("", "UTC");
	struct err err;
	struct buf sql;
	buf_init(&sql, SQL_BYTES_MAX);
	buf_add_text(&sql, "CREATE VIEW x AS ");
	assert_true(view_sql(&view, WAREHOUSE_DUCKDB, &options, &sql, &err));
	assert_string_equal(buf_text(&sql), "CREATE VIEW x AS SELECT NULL");
	buf_done(&sql);
}

static void unknown_words_are_refused_with_their_place(void **state)
{
	(void)state;
	refused_by_both("-- x\nSELECT\n\t{tabel USERS}",
			"V_X:3:2: '{tabel USERS}' is no word of views: these are table, day,"
			" json, list, percent");
	refused_by_both("{}", "V_X:1:1: '{}' is no word of views: these are table, day, json,"
			" list, percent");
	refused("IN ({list plugin})", "V_X:1:5: there is no list 'plugin'");
}

static void words_with_other_arguments_are_refused(void **state)
{
	(void)state;
	refused_by_both("{table}",
			"V_X:1:1: '{table}' should be {table NAME}, with single blanks");
	refused_by_both("{day A B}",
			"V_X:1:1: '{day A B}' should be {day COLUMN}, with single blanks");
	refused_by_both("{json DETAILS}", "V_X:1:1: '{json DETAILS}' should be"
			" {json COLUMN member}, with single blanks");
	refused_by_both("{percent A B C}", "V_X:1:1: '{percent A B C}' should be"
			" {percent COLUMN COLUMN}, with single blanks");
	refused_by_both("{table users}", "V_X:1:1: 'users' is no table: it is written in upper"
			" case, without quotes and prefix");
	refused("{table  A}", "V_X:1:1: '{table  A}' should be {table NAME}, with single blanks");
}

static void names_that_are_no_names_are_refused(void **state)
{
	(void)state;
	const char *const columns[] = {"a", "1A", "C.A", "c.a", ".A", "c.", "A\"", "a.b.C"};
	char text[32], message[128];
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
		snprintf(text, sizeof text, "{day %s}", columns[i]);
		snprintf(message, sizeof message, "V_X:1:1: '%s' is no column: it is written NAME"
			 " or alias.NAME", columns[i]);
		refused(text, message);
	}
	refused("{json A $.b}", "V_X:1:1: '$.b' is no member: letters, digits and _");
	refused("{json A b'}", "V_X:1:1: 'b'' is no member: letters, digits and _");
}

static void unbalanced_braces_are_refused_with_their_place(void **state)
{
	(void)state;
	refused_by_both("SELECT {table A", "V_X:1:8: this { is not closed on its line");
	refused_by_both("SELECT\n {table\nA}", "V_X:2:2: this { is not closed on its line");
	refused_by_both("SELECT {day {A}}", "V_X:1:8: this { is not closed on its line");
	refused_by_both("SELECT 1}", "V_X:1:9: this } closes nothing");
}

static void what_is_no_plain_select_is_refused(void **state)
{
	(void)state;
	refused_by_both("SELECT 1;", "V_X:1:9: a view is one SELECT, without ;");
	refused_by_both("SELECT /* x */ 1", "V_X:1:8: a comment begins with --");
	refused_by_both("SELECT 'a", "V_X:1:8: this ' is never closed");
	refused_by_both("SELECT \"a", "V_X:1:8: this \" is never closed");
	refused_by_both("SELECT 'a\\'", "V_X:1:10: a backslash in a text is an escape in"
			" Snowflake and none in DuckDB; write it without");
	refused("-- only a comment\n \n", "V_X: the view is empty");
	refused("", "V_X: the view is empty");
}

/* Goal: no piece is lost in silence. Method: every limit that is too small. */
static void a_full_buffer_is_an_error(void **state)
{
	(void)state;
	struct view view = {"V_X", SPAN("SELECT {percent A B} FROM {table T} AS t -- x\n"), NULL};
	struct view_options options = options_of("prefix", "UTC");
	struct err err = {.kind = ERR_NONE};
	struct buf sql;
	buf_init(&sql, KIB);
	assert_true(view_sql(&view, WAREHOUSE_DUCKDB, &options, &sql, &err));
	size_t whole = sql.size;
	buf_done(&sql);
	for (size_t room = 0; room < whole; room++) {
		err.kind = ERR_NONE;
		buf_init(&sql, room);
		assert_false(view_sql(&view, WAREHOUSE_DUCKDB, &options, &sql, &err));
		assert_int_equal(err.kind, ERR_MEMORY);
		buf_done(&sql);
	}
}

static void note_table(void *user, struct span table)
{
	struct buf *names = user;
	buf_add_span(names, table);
	buf_add_char(names, ' ');
}

static void each_table_is_told_once(void **state)
{
	(void)state;
	struct view view = {"V_X", SPAN("-- {table NO}\n{table A} {table B} '{table NO}'"
					" {day C} {table A}"), NULL};
	struct err err;
	struct buf names;
	buf_init(&names, KIB);
	assert_true(view_tables(&view, note_table, &names, &err));
	assert_string_equal(buf_text(&names), "A B ");
	buf_done(&names);
}

static void too_many_tables_are_refused(void **state)
{
	(void)state;
	struct err err = {.kind = ERR_NONE};
	struct buf text;
	buf_init(&text, 64 * KIB);
	for (int i = 0; i < VIEW_TABLES_MAX; i++)
		buf_addf(&text, "{table T%02d} {table T00}\n", i);
	struct view view = {"V_X", buf_span(&text), NULL};
	assert_true(view_tables(&view, ignore_table, NULL, &err));
	buf_add_text(&text, "{table X}");
	view.text = buf_span(&text);
	assert_false(view_tables(&view, ignore_table, NULL, &err));
	assert_string_equal(err.text, "V_X:17:1: more than 16 tables");
	buf_done(&text);
}

static void the_comment_is_the_first_line(void **state)
{
	(void)state;
	assert_true(span_is(view_comment(SPAN("-- One.\n-- Two.\nSELECT")), "One."));
	assert_true(span_is(view_comment(SPAN("-- One.\r\nSELECT")), "One."));
	assert_true(span_is(view_comment(SPAN("-- One.")), "One."));
	assert_true(span_is(view_comment(SPAN("SELECT 1 -- x")), ""));
	assert_true(span_is(view_comment(SPAN("")), ""));
}

static void built_in_views_speak_both_dialects_with_a_comment(void **state)
{
	(void)state;
	struct view_options options = options_of("p_", "Asia/Kolkata");
	size_t views = 0;
	for (const struct builtin_view *b = BUILTIN_VIEWS; b->connector != NULL; b++, views++) {
		struct view view = {b->name, b->text, NULL};
		for (int kind = WAREHOUSE_DUCKDB; kind <= WAREHOUSE_SNOWFLAKE; kind++) {
			struct err err;
			struct buf once, again;
			buf_init(&once, SQL_BYTES_MAX);
			buf_init(&again, SQL_BYTES_MAX);
			if (!view_sql(&view, (enum warehouse_kind)kind, &options, &once, &err) ||
			    !view_sql(&view, (enum warehouse_kind)kind, &options, &again, &err) ||
			    !view_tables(&view, ignore_table, NULL, &err))
				fail_msg("%s", err.text);
			assert_string_equal(buf_text(&once), buf_text(&again));
			assert_null(strpbrk(buf_text(&once), "{}"));
			buf_done(&once);
			buf_done(&again);
		}
		assert_true(view_comment(b->text).size > 0);
		assert_true(span_starts(span_of(b->name), SPAN("V_")));
	}
	assert_true(views >= 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_quoted_behind_its_prefix),
		cmocka_unit_test(a_day_is_that_of_the_zone),
		cmocka_unit_test(a_zone_cannot_leave_its_quotes),
		cmocka_unit_test(a_member_of_json_is_text),
		cmocka_unit_test(a_list_is_its_values_as_literals),
		cmocka_unit_test(a_percentage_of_nothing_is_0),
		cmocka_unit_test(an_appended_table_is_read_by_its_newest_versions),
		cmocka_unit_test(comments_and_blanks_around_are_not_part_of_the_select),
		cmocka_unit_test(quoted_text_is_left_alone),
		cmocka_unit_test(it_is_appended_to_what_is_there),
		cmocka_unit_test(unknown_words_are_refused_with_their_place),
		cmocka_unit_test(words_with_other_arguments_are_refused),
		cmocka_unit_test(names_that_are_no_names_are_refused),
		cmocka_unit_test(unbalanced_braces_are_refused_with_their_place),
		cmocka_unit_test(what_is_no_plain_select_is_refused),
		cmocka_unit_test(a_full_buffer_is_an_error),
		cmocka_unit_test(each_table_is_told_once),
		cmocka_unit_test(too_many_tables_are_refused),
		cmocka_unit_test(the_comment_is_the_first_line),
		cmocka_unit_test(built_in_views_speak_both_dialects_with_a_comment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
