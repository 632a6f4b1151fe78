/* Quoting: whatever a name or a text holds, it stays one name and one text. */
#include "warehouse_kit.h"

#include "warehouse/dialect.h"

static struct buf sql;

static int make_buffer(void **state)
{
	(void)state;
	buf_init(&sql, SQL_BYTES_MAX);
	return 0;
}

static int free_buffer(void **state)
{
	(void)state;
	buf_done(&sql);
	return 0;
}

static const struct dialect *duckdb(void)
{
	return dialect_of(WAREHOUSE_DUCKDB);
}

static void names_are_quoted_and_their_quotes_doubled(void **state)
{
	(void)state;
	sql_name(&sql, "a\"b'c");
	buf_add_char(&sql, ' ');
	sql_column(&sql, "t", "\"");
	assert_string_equal(buf_text(&sql), "\"a\"\"b'c\" t.\"\"\"\"");
}

static void texts_are_quoted_as_the_warehouse_reads_them(void **state)
{
	(void)state;
	struct dialect other = *duckdb();
	other.backslash_escapes = true;
	sql_text(&sql, duckdb(), SPAN("it's \"\\n\""));
	buf_add_char(&sql, ' ');
	sql_text(&sql, &other, SPAN("it's \"\\n\""));
	buf_add_char(&sql, ' ');
	sql_text_or_null(&sql, duckdb(), NULL);
	buf_add_char(&sql, ' ');
	sql_text_or_null(&sql, duckdb(), "");
	assert_string_equal(buf_text(&sql), "'it''s \"\\n\"' 'it''s \"\\\\n\"' NULL ''");
}

/* It would end the statement: what stands behind it would be lost without a word. */
static void a_nul_does_not_end_the_statement(void **state)
{
	(void)state;
	sql_text(&sql, duckdb(), (struct span){"a\0'b", 4});
	assert_int_equal(strlen(buf_text(&sql)), sql.size);
	assert_string_equal(buf_text(&sql), "'a''b'");
}

static void stamps_and_numbers_have_a_null(void **state)
{
	(void)state;
	sql_stamp(&sql, 0);
	buf_add_char(&sql, ' ');
	sql_stamp(&sql, -1);
	buf_add_char(&sql, ' ');
	sql_stamp(&sql, STAMP_MIN);
	buf_add_char(&sql, ' ');
	sql_stamp(&sql, STAMP_NONE);
	buf_add_char(&sql, ' ');
	sql_int_or_null(&sql, INT64_MIN, -1);
	buf_add_char(&sql, ' ');
	sql_int_or_null(&sql, -1, -1);
	assert_string_equal(buf_text(&sql), "TIMESTAMP '1970-01-01 00:00:00.000000'"
			    " TIMESTAMP '1969-12-31 23:59:59.999999'"
			    " TIMESTAMP '0001-01-01 00:00:00.000000' CAST(NULL AS TIMESTAMP)"
			    " -9223372036854775808 NULL");
}

static void the_columns_that_are_written_leave_excluded_ones_out(void **state)
{
	(void)state;
	struct column columns[ITEM_COLUMNS];
	struct written written[WRITTEN_MAX];
	struct table table = ITEMS;
	memcpy(columns, ITEM_COLUMN_LIST, sizeof columns);
	columns[ITEM_NAME].excluded = true;
	table.columns = columns;
	assert_int_equal(table_written(&table, written), ITEM_COLUMNS + 1);
	assert_string_equal(written[1].name, "N");
	assert_string_equal(written[ITEM_COLUMNS - 1].name, "EXTRA");
	assert_string_equal(written[ITEM_COLUMNS].name, "LOAD_TIMESTAMP");
	table.has_extra = false;
	assert_int_equal(table_written(&table, written), ITEM_COLUMNS - 1);
}

static void tables_and_their_staging_are_made_of_the_same_columns(void **state)
{
	(void)state;
	struct table table = ITEMS;
	table.columns_n = ITEM_X;
	sql_create_table(&sql, duckdb(), &table, false);
	assert_string_equal(buf_text(&sql), "CREATE TABLE IF NOT EXISTS \"ITEMS\" (\"ID\" VARCHAR,"
			    " \"NAME\" VARCHAR, \"N\" BIGINT, \"EXTRA\" JSON,"
			    " \"LOAD_TIMESTAMP\" TIMESTAMP)");
	buf_clear(&sql);
	sql_create_stage(&sql, duckdb(), &table, "S");
	assert_string_equal(buf_text(&sql), "CREATE TEMP TABLE \"S\" (\"ID\" VARCHAR, \"NAME\""
			    " VARCHAR, \"N\" BIGINT, \"EXTRA\" VARCHAR, \"_FIRN_SEQ\" BIGINT)");
}

static const struct dialect *snowflake(void)
{
	return dialect_of(WAREHOUSE_SNOWFLAKE);
}

/* One statement, with key and comments: each would wake the warehouse's planner. */
static void snowflake_is_told_keys_and_comments_with_the_table(void **state)
{
	struct column columns[ITEM_COLUMNS];
	struct table table = ITEMS;
	(void)state;
	memcpy(columns, ITEM_COLUMN_LIST, sizeof columns);
	columns[ITEM_ID].comment = "it's the \\ key";
	table.columns = columns;
	sql_create_table(&sql, snowflake(), &table, false);
	assert_non_null(strstr(buf_text(&sql), "CREATE TABLE IF NOT EXISTS \"ITEMS\" (\"ID\" TEXT"
			       " COMMENT 'it''s the \\\\ key', \"NAME\" TEXT, \"N\" NUMBER,"
			       " \"X\" FLOAT, \"OK\" BOOLEAN, \"DOC\" VARIANT,"
			       " \"AT\" TIMESTAMP_NTZ, \"EXTRA\" VARIANT COMMENT '"));
	assert_non_null(strstr(buf_text(&sql), "\"LOAD_TIMESTAMP\" TIMESTAMP_NTZ COMMENT '"));
	assert_non_null(strstr(buf_text(&sql), ", PRIMARY KEY (\"ID\")) COMMENT = 'things'"));
	buf_clear(&sql);
	/* Where versions are kept a key comes more than once. */
	table.append = true;
	sql_create_table(&sql, snowflake(), &table, false);
	assert_null(strstr(buf_text(&sql), "PRIMARY KEY"));
}

static void staging_in_snowflake_is_gone_with_its_session_and_holds_json_as_text(void **state)
{
	(void)state;
	sql_create_stage(&sql, snowflake(), &ITEMS, "S");
	assert_string_equal(buf_text(&sql),
			    "CREATE TEMPORARY TABLE \"S\" (\"ID\" TEXT, \"NAME\" TEXT,"
			    " \"N\" NUMBER, \"X\" FLOAT, \"OK\" BOOLEAN, \"DOC\" TEXT,"
			    " \"AT\" TIMESTAMP_NTZ, \"EXTRA\" TEXT, \"" COLUMN_SEQ "\" NUMBER)");
}

static void snowflake_s_views_keep_their_grants(void **state)
{
	(void)state;
	sql_create_view(&sql, snowflake(), "V", SPAN("SELECT 1"));
	assert_string_equal(buf_text(&sql),
			    "CREATE OR REPLACE VIEW \"V\" COPY GRANTS AS\nSELECT 1");
}

static void a_column_that_snowflake_lacks_is_added_and_nothing_else(void **state)
{
	struct written column = {.name = "NEW", .type = TYPE_JSON, .comment = "c\\"};
	(void)state;
	sql_add_column(&sql, snowflake(), "T", &column);
	assert_string_equal(buf_text(&sql),
			    "ALTER TABLE \"T\" ADD COLUMN IF NOT EXISTS \"NEW\" VARIANT");
	buf_clear(&sql);
	sql_comment_column(&sql, snowflake(), "T", &column);
	assert_string_equal(buf_text(&sql), "COMMENT ON COLUMN \"T\".\"NEW\" IS 'c\\\\'");
}

/* Snowflake tells "a" and "A" apart. */
static void names_in_snowflake_are_exact(void **state)
{
	const struct table *tables[] = {&ITEMS};
	(void)state;
	assert_true(dialect_same_name(snowflake(), "A", "A"));
	assert_false(dialect_same_name(snowflake(), "A", "a"));
	sql_existing_columns(&sql, snowflake(), tables, 1);
	assert_non_null(strstr(buf_text(&sql), "c.table_name IN ('ITEMS')"));
	assert_null(strstr(buf_text(&sql), "lower("));
}

static void names_are_the_same_in_any_case_where_the_warehouse_says_so(void **state)
{
	(void)state;
	struct dialect exact = *duckdb();
	exact.names_fold = false;
	assert_true(dialect_same_name(duckdb(), "items", "ITEMS"));
	assert_false(dialect_same_name(&exact, "items", "ITEMS"));
	assert_true(dialect_same_name(&exact, "ITEMS", "ITEMS"));
	assert_false(dialect_same_name(duckdb(), "item", "ITEMS"));
}

static void a_warehouse_that_is_not_built_in_is_told(void **state)
{
	(void)state;
	struct err err = {.kind = ERR_NONE};
	struct warehouse *warehouse;
	struct warehouse_options options = {.kind = (enum warehouse_kind)99, .path = "x"};
	assert_null(dialect_of((enum warehouse_kind)99));
	assert_false(warehouse_open(&warehouse, &options, &err));
	assert_int_equal(err.kind, ERR_USAGE);
}

static const struct CMUnitTest TESTS[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_buffer, free_buffer)
	TEST(names_are_quoted_and_their_quotes_doubled),
	TEST(texts_are_quoted_as_the_warehouse_reads_them),
	TEST(a_nul_does_not_end_the_statement),
	TEST(stamps_and_numbers_have_a_null),
	TEST(the_columns_that_are_written_leave_excluded_ones_out),
	TEST(tables_and_their_staging_are_made_of_the_same_columns),
	TEST(snowflake_is_told_keys_and_comments_with_the_table),
	TEST(staging_in_snowflake_is_gone_with_its_session_and_holds_json_as_text),
	TEST(snowflake_s_views_keep_their_grants),
	TEST(a_column_that_snowflake_lacks_is_added_and_nothing_else),
	TEST(names_in_snowflake_are_exact),
	TEST(names_are_the_same_in_any_case_where_the_warehouse_says_so),
	TEST(a_warehouse_that_is_not_built_in_is_told),
};

int main(void)
{
	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
