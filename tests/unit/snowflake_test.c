/* What is said to Snowflake, word by word, and how its errors are judged. No connection is made:
 * the door to the driver is replaced (the linker's --wrap), and writes down what comes by. That
 * the statements mean what they should is shown by tests/snowflake, over an emulator. */
#include "warehouse_kit.h"

#include "warehouse/snowflake.h"
#include "warehouse/warehouse_private.h"

struct recorded {
	struct warehouse warehouse;
	struct buf said;    /* the statements, a line each */
	int64_t counts[2];  /* what the next ones tell */
};

/* The tests run one after the other. */
static struct recorded *recorded;

bool __wrap_adbc_run(struct adbc *adbc, const char *sql, int64_t *ret, size_t n,
		     struct err *reterr);
bool __wrap_adbc_run(struct adbc *adbc, const char *sql, int64_t *ret, size_t n,
		     struct err *reterr)
{
	(void)adbc;
	(void)reterr;
	buf_addf(&recorded->said, "%s%s", recorded->said.size == 0 ? "" : "\n", sql);
	for (size_t i = 0; i < n && i < 2; i++)
		ret[i] = recorded->counts[i];
	return true;
}

static int begin_record(void **state)
{
	recorded = calloc(1, sizeof *recorded);
	if (recorded == NULL)
		return 1;
	recorded->warehouse.dialect = dialect_of(WAREHOUSE_SNOWFLAKE);
	buf_init(&recorded->warehouse.sql, SQL_BYTES_MAX);
	buf_init(&recorded->said, SQL_BYTES_MAX);
	*state = recorded;
	return 0;
}

static int end_record(void **state)
{
	(void)state;
	buf_done(&recorded->warehouse.sql);
	buf_done(&recorded->said);
	free(recorded);
	recorded = NULL;
	return 0;
}

static void said(const char *expected)
{
	assert_string_equal(buf_text(&recorded->said), expected);
	buf_clear(&recorded->said);
}

/* --- errors --- */

static enum err_kind judged(int code, const char *text)
{
	return snowflake_judge(&(struct adbc_failure){.text = text, .vendor_code = code});
}

static void errors_are_sorted_by_what_can_be_done_about_them(void **state)
{
	static const struct {
		int code;
		enum err_kind kind;
	} CODES[] = {
		{604, ERR_TRANSIENT}, {606, ERR_USAGE}, {625, ERR_TRANSIENT}, {630, ERR_TRANSIENT},
		{603, ERR_REMOTE}, {904, ERR_REMOTE}, {1003, ERR_REMOTE}, {2002, ERR_USAGE},
		{2003, ERR_USAGE}, {2043, ERR_USAGE}, {3001, ERR_USAGE}, {90073, ERR_USAGE},
		{100035, ERR_DATA}, {100072, ERR_DATA}, {100078, ERR_DATA}, {100090, ERR_DATA},
		{100194, ERR_TRANSIENT}, {390100, ERR_AUTH}, {390102, ERR_AUTH},
		{390111, ERR_TRANSIENT}, {390112, ERR_TRANSIENT}, {390114, ERR_TRANSIENT},
		{390144, ERR_AUTH}, {390189, ERR_AUTH}, {390303, ERR_AUTH}, {390318, ERR_AUTH},
		{390422, ERR_AUTH}, {394400, ERR_AUTH}, {394508, ERR_AUTH}, {260002, ERR_TRANSIENT},
		{261004, ERR_TRANSIENT}, {7, ERR_REMOTE},
	};
	(void)state;
	for (size_t i = 0; i < LENGTH(CODES); i++) {
		enum err_kind kind = judged(CODES[i].code, "whatever");
		if (kind != CODES[i].kind)
			fail_msg("%d is of kind %d, not %d", CODES[i].code, kind, CODES[i].kind);
	}
}

/* Within an ingest the driver gives no code but in its text. */
static void a_code_in_the_text_counts_where_the_driver_gives_none(void **state)
{
	(void)state;
	assert_int_equal(judged(0, "[Snowflake] 000606 (57P03): 01b2: No active warehouse"),
			 ERR_USAGE);
	assert_int_equal(judged(0, "error during COPY: 100078 (22000): String 'x' is too long"),
			 ERR_DATA);
	assert_int_equal(judged(0, "unknown error type: 000625 (57014): Statement '01c4b15b-020a'"
				   " has locked table 'T' in transaction 1780060538685000000"),
			 ERR_TRANSIENT);
	assert_int_equal(judged(0, "row 100078 of 200000 is odd"), ERR_REMOTE);
	assert_int_equal(judged(2003, "100078 (22000): the number beside the text counts"),
			 ERR_USAGE);
}

static void a_connection_that_breaks_is_worth_another_try(void **state)
{
	static const char *const BREAKS[] = {
		"dial tcp 127.0.0.1:1: connect: connection refused", "unexpected EOF",
		"read tcp: connection reset by peer", "net/http: TLS handshake timeout",
		"dial tcp: lookup x.snowflakecomputing.com: no such host", "i/o timeout",
		"Post \"http://x/\": context deadline exceeded", "write: broken pipe",
		"HTTP Status: 503. Hanging?", NULL,
	};
	(void)state;
	for (size_t i = 0; BREAKS[i] != NULL; i++)
		assert_int_equal(judged(0, BREAKS[i]), ERR_TRANSIENT);
	assert_int_equal(judged(0, "[Driver Manager] Could not load `x`"), ERR_USAGE);
	assert_int_equal(judged(0, ""), ERR_REMOTE);
}

/* --- reading only --- */

static void what_reads_is_let_through(void **state)
{
	static const char *const READS[] = {
		"SELECT 1", "  select 1 ;", "SELECT 1; -- that was all\n", "SELECT 1;/* x */ // y",
		"-- first a word\nSELECT 1", "/* DELETE */ SELECT 'DELETE FROM t'", "(SELECT 1)",
		"WITH a AS (SELECT 1) SELECT * FROM a", "VALUES (1)", "SHOW TABLES", "desc table t",
		"DESCRIBE VIEW v", "EXPLAIN SELECT 1", "LIST @stage", "ls @s",
		"SELECT \"DELETE\", \"a;b\" FROM t", "SELECT $$ ; DELETE FROM t $$",
		"SELECT 'it''s; DELETE', 'a\\'; DELETE FROM t'",
		"SELECT updated, calls, mergers FROM t",
		"SELECT SYSTEM_ID FROM t", NULL,
	};
	(void)state;
	for (size_t i = 0; READS[i] != NULL; i++) {
		if (!snowflake_only_reads(READS[i]))
			fail_msg("refused: %s", READS[i]);
	}
}

static void what_may_write_is_refused_however_it_is_dressed(void **state)
{
	static const char *const WRITES[] = {
		"", " ", ";", "; SELECT 1", "-- SELECT", "/* SELECT 1", "'SELECT'", "1 SELECT",
		"DELETE FROM t", "insert into t values (1)", "UPDATE t SET a = 1", "MERGE INTO t",
		"CREATE TABLE t (a INT)", "DROP TABLE t", "ALTER SESSION SET X = 1", "TRUNCATE t",
		"USE ROLE accountadmin", "GRANT ROLE a TO USER b", "COPY INTO t FROM @s",
		"PUT file:///etc/passwd @s", "GET @s file:///tmp", "REMOVE @s", "SET a = 1",
		"BEGIN", "BEGIN SELECT 1; END", "DECLARE x INT", "COMMIT", "UNDROP TABLE t",
		"CALL p()", "EXECUTE IMMEDIATE 'DROP TABLE t'", "EXECUTE TASK t",
		"WITH p AS PROCEDURE () RETURNS INT LANGUAGE SQL AS $$ BEGIN END $$ CALL p()",
		"SELECT 1; DELETE FROM t", "SELECT 1;;DELETE FROM t",
		"SELECT 1; /* */ DROP TABLE t",
		/* An escaped quote ends no text for Snowflake. */
		"SELECT 'a\\' , ' ; DELETE FROM t --'", "SELECT 'a\\\\'; DELETE FROM t",
		"SELECT 1 -- '\n; DELETE FROM t --'", "SELECT 1 // '\n; DROP TABLE t --'",
		"SELECT /* ' */ 1; DROP TABLE t --'", "SELECT $$'$$; DROP TABLE t --'",
		"SELECT 1; 'x'", "SELECT 1; $$x$$", "SELECT 1; \"x\"",
		"SHOW TABLES ->> DELETE FROM t", "SHOW TABLES ->> SELECT * FROM $1",
		"SELECT s.NEXTVAL", "SELECT seq.nextval FROM t",
		"SELECT SYSTEM$CANCEL_ALL_QUERIES(1)", "SELECT system$abort_session(1)",
		"SELECT \"SYSTEM$ABORT_SESSION\"(1)", "EXPLAIN DELETE FROM t",
		"SELECT * FROM t; SELECT 2", NULL,
	};
	(void)state;
	for (size_t i = 0; WRITES[i] != NULL; i++) {
		if (snowflake_only_reads(WRITES[i]))
			fail_msg("let through: %s", WRITES[i]);
	}
}

/* --- MERGE --- */

enum { LITTLE_ID, LITTLE_NAME, LITTLE_DOC, LITTLE_AT, LITTLE_COLUMNS };

static const struct column LITTLE_LIST[LITTLE_COLUMNS] = {
	[LITTLE_ID] = {.name = "ID", .type = TYPE_TEXT, .required = true},
	[LITTLE_NAME] = {.name = "NAME", .type = TYPE_TEXT},
	[LITTLE_DOC] = {.name = "DOC", .type = TYPE_JSON},
	[LITTLE_AT] = {.name = "AT", .type = TYPE_TIMESTAMP},
};
static const unsigned LITTLE_KEY[] = {LITTLE_ID}, TWO_KEYS[] = {LITTLE_ID, LITTLE_NAME};

struct little {
	struct column columns[LITTLE_COLUMNS];
	struct table table;
};

static void little(struct little *ret)
{
	memcpy(ret->columns, LITTLE_LIST, sizeof ret->columns);
	ret->table = (struct table){
		.name = "T", .stream = "t", .columns = ret->columns, .columns_n = LITTLE_COLUMNS,
		.key = LITTLE_KEY, .key_n = 1, .newest = LITTLE_AT, .cursor = LITTLE_AT,
	};
}

static struct merge_job merged(const struct table *table, bool unique)
{
	struct err err = {.kind = ERR_NONE};
	struct merge_job job = {.table = table, .stage = "S", .unique = unique};
	recorded->counts[0] = 5;
	recorded->counts[1] = 2;
	assert_true(snowflake_merge(&recorded->warehouse, &job, &err));
	assert_int_equal(recorded->warehouse.sql.size, 0);
	return job;
}

#define PLAIN_SOURCE "(SELECT s.\"ID\" AS \"ID\", s.\"NAME\" AS \"NAME\"," \
	" TRY_PARSE_JSON(s.\"DOC\") AS \"DOC\", s.\"AT\" AS \"AT\" FROM \"S\" AS s"
#define REDUCED " QUALIFY ROW_NUMBER() OVER (PARTITION BY s.\"ID\" ORDER BY s.\"AT\" DESC NULLS" \
	" LAST, s.\"" COLUMN_SEQ "\" DESC) = 1"
#define NEWER "(t.\"AT\" IS NULL AND s.\"AT\" IS NOT NULL OR t.\"AT\" < s.\"AT\" OR t.\"AT\" IS" \
	" NOT DISTINCT FROM s.\"AT\""
#define DIFFERS "t.\"NAME\" IS DISTINCT FROM s.\"NAME\" OR TO_JSON(t.\"DOC\") IS DISTINCT FROM" \
	" TO_JSON(s.\"DOC\")"
#define INSERT " WHEN NOT MATCHED THEN INSERT (\"ID\", \"NAME\", \"DOC\", \"AT\") VALUES" \
	" (s.\"ID\", s.\"NAME\", s.\"DOC\", s.\"AT\")"

static void a_merge_reduces_to_the_newest_and_writes_what_is_newer_and_different(void **state)
{
	struct little of;
	(void)state;
	little(&of);
	struct merge_job job = merged(&of.table, false);
	said("MERGE INTO \"T\" AS t USING " PLAIN_SOURCE REDUCED ") AS s ON t.\"ID\" = s.\"ID\""
	     " WHEN MATCHED AND " NEWER " AND (" DIFFERS " OR t.\"AT\" IS DISTINCT FROM s.\"AT\"))"
	     " THEN UPDATE SET t.\"NAME\" = s.\"NAME\", t.\"DOC\" = s.\"DOC\", t.\"AT\" = s.\"AT\""
	     INSERT);
	assert_int_equal(job.inserted, 5);
	assert_int_equal(job.updated, 2);
}

static void keys_that_come_once_are_not_sorted(void **state)
{
	struct little of;
	(void)state;
	little(&of);
	merged(&of.table, true);
	assert_null(strstr(buf_text(&recorded->said), "QUALIFY"));
}

/* Without a stamp the last that came counts, and what differs is written. */
static void without_a_stamp_what_differs_is_written(void **state)
{
	struct little of;
	(void)state;
	little(&of);
	of.table.newest = -1;
	merged(&of.table, false);
	said("MERGE INTO \"T\" AS t USING " PLAIN_SOURCE " QUALIFY ROW_NUMBER() OVER (PARTITION BY"
	     " s.\"ID\" ORDER BY s.\"" COLUMN_SEQ "\" DESC) = 1) AS s ON t.\"ID\" = s.\"ID\""
	     " WHEN MATCHED AND (" DIFFERS " OR t.\"AT\" IS DISTINCT FROM s.\"AT\")"
	     " THEN UPDATE SET t.\"NAME\" = s.\"NAME\", t.\"DOC\" = s.\"DOC\", t.\"AT\" = s.\"AT\""
	     INSERT);
	/* The same where the stamp is excluded: it is in no row. */
	little(&of);
	of.columns[LITTLE_AT].excluded = true;
	merged(&of.table, true);
	assert_null(strstr(buf_text(&recorded->said), "\"AT\""));
}

static void a_column_that_keeps_its_first_value_is_never_updated(void **state)
{
	struct little of;
	(void)state;
	little(&of);
	of.columns[LITTLE_NAME].keep_first = true;
	merged(&of.table, true);
	assert_null(strstr(buf_text(&recorded->said), "t.\"NAME\""));
	assert_non_null(strstr(buf_text(&recorded->said), "s.\"NAME\", s.\"DOC\", s.\"AT\")"));
	buf_clear(&recorded->said);
	/* As a stamp it says which row is newer, and is no difference by itself. */
	little(&of);
	of.columns[LITTLE_AT].keep_first = true;
	merged(&of.table, true);
	said("MERGE INTO \"T\" AS t USING " PLAIN_SOURCE ") AS s ON t.\"ID\" = s.\"ID\""
	     " WHEN MATCHED AND ((t.\"AT\" <= s.\"AT\" OR t.\"AT\" IS NULL) AND (" DIFFERS "))"
	     " THEN UPDATE SET t.\"NAME\" = s.\"NAME\", t.\"DOC\" = s.\"DOC\"" INSERT);
}

static void excluded_columns_are_in_no_statement(void **state)
{
	struct little of;
	struct buf text;
	(void)state;
	little(&of);
	of.columns[LITTLE_NAME].excluded = of.columns[LITTLE_DOC].excluded = true;
	merged(&of.table, false);
	assert_null(strstr(buf_text(&recorded->said), "NAME"));
	assert_null(strstr(buf_text(&recorded->said), "DOC"));
	buf_init(&text, SQL_BYTES_MAX);
	snowflake_record(&text, recorded->warehouse.dialect, &of.table);
	assert_string_equal(buf_text(&text),
			    "TO_JSON(OBJECT_CONSTRUCT_KEEP_NULL('ID', s.\"ID\", 'AT', s.\"AT\"))");
	buf_done(&text);
}

/* Each version is a row; a version that is there already is not written again. */
static void where_versions_are_kept_nothing_is_updated(void **state)
{
	struct little of;
	(void)state;
	little(&of);
	of.table.append = true;
	recorded->counts[1] = 99;
	struct merge_job job = merged(&of.table, false);
	said("MERGE INTO \"T\" AS t USING " PLAIN_SOURCE " QUALIFY ROW_NUMBER() OVER (PARTITION BY"
	     " s.\"ID\", s.\"AT\" ORDER BY s.\"" COLUMN_SEQ "\") = 1) AS s ON t.\"ID\" = s.\"ID\""
	     " AND t.\"AT\" IS NOT DISTINCT FROM s.\"AT\"" INSERT);
	assert_int_equal(job.inserted, 5);
	assert_int_equal(job.updated, 0);
}

static void a_table_of_keys_alone_is_only_added_to(void **state)
{
	struct little of;
	(void)state;
	little(&of);
	of.table.columns_n = 2;
	of.table.key = TWO_KEYS;
	of.table.key_n = 2;
	of.table.newest = -1;
	merged(&of.table, true);
	said("MERGE INTO \"T\" AS t USING (SELECT s.\"ID\" AS \"ID\", s.\"NAME\" AS \"NAME\" FROM"
	     " \"S\" AS s) AS s ON t.\"ID\" = s.\"ID\" AND t.\"NAME\" = s.\"NAME\" WHEN NOT MATCHED"
	     " THEN INSERT (\"ID\", \"NAME\") VALUES (s.\"ID\", s.\"NAME\")");
}

/* When it was written changes with every write, and is no difference. */
static void the_time_of_loading_is_written_and_not_compared(void **state)
{
	struct little of;
	(void)state;
	little(&of);
	of.table.has_extra = true;
	merged(&of.table, true);
	const char *text = buf_text(&recorded->said);
	assert_non_null(strstr(text, "TRY_PARSE_JSON(s.\"EXTRA\") AS \"EXTRA\","
				     " TIMESTAMP '1970-01-01 00:00:00.000000' AS"
				     " \"LOAD_TIMESTAMP\" FROM"));
	assert_non_null(strstr(text, "TO_JSON(t.\"EXTRA\") IS DISTINCT FROM"
				     " TO_JSON(s.\"EXTRA\"))"));
	assert_non_null(strstr(text, "t.\"LOAD_TIMESTAMP\" = s.\"LOAD_TIMESTAMP\" WHEN NOT"));
	assert_null(strstr(text, "t.\"LOAD_TIMESTAMP\" IS"));
}

static void staging_elsewhere_is_named_with_its_schema(void **state)
{
	struct little of;
	char schema[] = "ST\"AGE";
	(void)state;
	little(&of);
	recorded->warehouse.staging_schema = schema;
	merged(&of.table, true);
	assert_non_null(strstr(buf_text(&recorded->said), " FROM \"ST\"\"AGE\".\"S\" AS s)"));
}

static void text_that_is_no_json_is_found_and_kept_as_it_is(void **state)
{
	struct little of;
	struct buf text;
	(void)state;
	little(&of);
	of.table.has_extra = true;
	of.columns[LITTLE_NAME].hashed = true;
	buf_init(&text, SQL_BYTES_MAX);
	assert_true(snowflake_unfit(&text, &of.table));
	assert_string_equal(buf_text(&text),
			    "(s.\"DOC\" IS NOT NULL AND TRY_PARSE_JSON(s.\"DOC\") IS NULL OR"
			    " s.\"EXTRA\" IS NOT NULL AND TRY_PARSE_JSON(s.\"EXTRA\") IS NULL)");
	buf_clear(&text);
	snowflake_record(&text, recorded->warehouse.dialect, &of.table);
	assert_string_equal(buf_text(&text),
			    "TO_JSON(OBJECT_CONSTRUCT_KEEP_NULL('ID', s.\"ID\", 'DOC',"
			    " COALESCE(TRY_PARSE_JSON(s.\"DOC\"), TO_VARIANT(s.\"DOC\")), 'AT',"
			    " s.\"AT\", 'EXTRA', COALESCE(TRY_PARSE_JSON(s.\"EXTRA\"),"
			    " TO_VARIANT(s.\"EXTRA\"))))");
	buf_clear(&text);
	little(&of);
	of.columns[LITTLE_DOC].excluded = true;
	assert_false(snowflake_unfit(&text, &of.table));
	assert_int_equal(text.size, 0);
	buf_done(&text);
}

/* --- state --- */

#define STAMP(second) "TIMESTAMP '1970-01-01 00:00:0" second ".000000'"

static struct window_row window(const char *stream, int64_t from_s, int64_t until_s)
{
	return (struct window_row){.stream = stream, .part = "", .rows_loaded = 7,
				   .rows_counted = -1, .from_us = from_s * STAMP_SECOND,
				   .until_us = until_s * STAMP_SECOND,
				   .completed_us = 9 * STAMP_SECOND};
}

static void windows_are_one_statement_that_takes_away_what_they_cover(void **state)
{
	struct err err = {.kind = ERR_NONE};
	const struct window_row rows[] = {window("a'b\\", 0, 1), window("c", 1, 2),
					  window("c", 1, 3)};
	struct commit commit = {.pipeline = "p", .windows = rows, .windows_n = 0};
	(void)state;
	assert_true(snowflake_write_windows(&recorded->warehouse, &commit, &err));
	said("");
	commit.windows_n = 3; /* the third covers the second */
	assert_true(snowflake_write_windows(&recorded->warehouse, &commit, &err));
	said("MERGE INTO \"FIRN_WINDOWS\" AS t USING (SELECT v.*, k.covers FROM (VALUES"
	     " ('a''b\\\\', '', " STAMP("0") ", " STAMP("1") ", 7, NULL, " STAMP("9") "),"
	     " ('c', '', " STAMP("1") ", " STAMP("3") ", 7, NULL, " STAMP("9") ")) AS"
	     " v(s, p, f, u, l, c, a) CROSS JOIN (VALUES (FALSE), (TRUE)) AS k(covers)) AS n ON"
	     " t.\"PIPELINE\" = 'p' AND t.\"STREAM\" = n.s AND t.\"PART\" = n.p AND"
	     " t.\"WINDOW_FROM\" >= n.f AND t.\"WINDOW_UNTIL\" <= n.u AND n.covers ="
	     " (t.\"WINDOW_FROM\" > n.f OR t.\"WINDOW_UNTIL\" < n.u)"
	     " WHEN MATCHED AND n.covers THEN DELETE WHEN MATCHED THEN UPDATE SET"
	     " t.\"ROWS_LOADED\" = n.l, t.\"ROWS_COUNTED\" = n.c, t.\"COMPLETED_AT\" = n.a"
	     " WHEN NOT MATCHED AND NOT n.covers THEN INSERT (\"PIPELINE\", \"STREAM\", \"PART\","
	     " \"WINDOW_FROM\", \"WINDOW_UNTIL\", \"ROWS_LOADED\", \"ROWS_COUNTED\","
	     " \"COMPLETED_AT\") VALUES ('p', n.s, n.p, n.f, n.u, n.l, n.c, n.a)");
}

static void watermarks_are_one_compare_and_set(void **state)
{
	struct err err = {.kind = ERR_NONE};
	const struct state_move moves[] = {
		{.stream = "a", .part = "", .before_us = STAMP_NONE, .after_us = STAMP_SECOND},
		{.stream = "b", .part = "x", .before_us = STAMP_SECOND, .before_generation = 4,
		 .after_us = 2 * STAMP_SECOND},
	};
	struct commit commit = {.pipeline = "p", .moves = moves, .moves_n = 0,
				.load_timestamp_us = 9 * STAMP_SECOND};
	(void)state;
	assert_true(snowflake_write_moves(&recorded->warehouse, &commit, &err));
	said("");
	commit.moves_n = 2;
	recorded->counts[0] = recorded->counts[1] = 1;
	assert_true(snowflake_write_moves(&recorded->warehouse, &commit, &err));
	said("MERGE INTO \"FIRN_STATE\" AS t USING (SELECT * FROM (VALUES"
	     " ('a', '', CAST(NULL AS TIMESTAMP), 0, " STAMP("1") "),"
	     " ('b', 'x', " STAMP("1") ", 4, " STAMP("2") ")) AS v(s, p, b, g, a)) AS n ON"
	     " t.\"PIPELINE\" = 'p' AND t.\"STREAM\" = n.s AND t.\"PART\" = n.p WHEN MATCHED AND"
	     " t.\"GENERATION\" = n.g AND t.\"WATERMARK\" IS NOT DISTINCT FROM n.b THEN UPDATE SET"
	     " t.\"WATERMARK\" = n.a, t.\"GENERATION\" = n.g + 1, t.\"SCHEMA_VERSION\" = 1,"
	     " t.\"UPDATED_AT\" = " STAMP("9") " WHEN NOT MATCHED AND n.g = 0 THEN INSERT"
	     " (\"PIPELINE\", \"STREAM\", \"PART\", \"WATERMARK\", \"GENERATION\","
	     " \"SCHEMA_VERSION\", \"UPDATED_AT\") VALUES ('p', n.s, n.p, n.a, 1, 1, "
	     STAMP("9") ")");
}

static void runs_are_one_statement(void **state)
{
	struct err err = {.kind = ERR_NONE};
	struct run_row run = {.run_id = "r", .stream = "s", .command = "run", .host = "h",
			      .version = "1", .started_us = 0, .ended_us = STAMP_NONE,
			      .window_from_us = STAMP_NONE, .window_until_us = STAMP_NONE,
			      .error = "it's\\bad", .outcome = OUTCOME_FAILED};
	struct commit commit = {.pipeline = "p", .runs = &run, .runs_n = 0};
	(void)state;
	assert_true(snowflake_write_runs(&recorded->warehouse, &commit, &err));
	said("");
	commit.runs_n = 1;
	assert_true(snowflake_write_runs(&recorded->warehouse, &commit, &err));
	const char *text = buf_text(&recorded->said);
	assert_non_null(strstr(text, "MERGE INTO \"FIRN_RUNS\" AS t USING (SELECT * FROM (VALUES"
				     " ('r', 'p', 's', 'run', TIMESTAMP"));
	assert_non_null(strstr(text, "'failed', 'it''s\\\\bad', 'h', '1')) AS v(\"RUN_ID\","));
	assert_non_null(strstr(text, "ON t.\"RUN_ID\" = n.\"RUN_ID\" AND t.\"STREAM\" ="
				     " n.\"STREAM\" WHEN MATCHED THEN UPDATE SET"));
	assert_null(strchr(text, '\n'));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_record, end_record)
	const struct CMUnitTest tests[] = {
		TEST(errors_are_sorted_by_what_can_be_done_about_them),
		TEST(a_code_in_the_text_counts_where_the_driver_gives_none),
		TEST(a_connection_that_breaks_is_worth_another_try),
		TEST(what_reads_is_let_through),
		TEST(what_may_write_is_refused_however_it_is_dressed),
		TEST(a_merge_reduces_to_the_newest_and_writes_what_is_newer_and_different),
		TEST(keys_that_come_once_are_not_sorted),
		TEST(without_a_stamp_what_differs_is_written),
		TEST(a_column_that_keeps_its_first_value_is_never_updated),
		TEST(excluded_columns_are_in_no_statement),
		TEST(where_versions_are_kept_nothing_is_updated),
		TEST(a_table_of_keys_alone_is_only_added_to),
		TEST(the_time_of_loading_is_written_and_not_compared),
		TEST(staging_elsewhere_is_named_with_its_schema),
		TEST(text_that_is_no_json_is_found_and_kept_as_it_is),
		TEST(windows_are_one_statement_that_takes_away_what_they_cover),
		TEST(watermarks_are_one_compare_and_set),
		TEST(runs_are_one_statement),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
