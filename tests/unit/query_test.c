/* What somebody's own SQL may do, and how its results read. */
#include "warehouse_kit.h"

/* --- reading only --- */

static void read_only(struct kit *kit)
{
	struct err err = {.kind = ERR_NONE};
	struct warehouse_options options = kit_options(kit);
	kit_close(kit);
	options.read_only = true;
	if (!warehouse_open(&kit->warehouse, &options, &err))
		fail_msg("%s", err.text);
}

static bool runs(struct kit *kit, const char *sql, struct err *reterr)
{
	struct result *result;
	*reterr = (struct err){.kind = ERR_NONE};
	if (!warehouse_query(kit->warehouse, sql, false, &result, reterr))
		return false;
	while (result_next(result, reterr))
		;
	result_free(result);
	return reterr->kind == ERR_NONE;
}

/* Statements that change the file or anything outside of it; %s is a scratch folder. */
static const char *const CHANGES[] = {
	"INSERT INTO t VALUES (2)",
	"UPDATE t SET a = 3",
	"DELETE FROM t",
	"DROP TABLE t",
	"CREATE TABLE u (a INTEGER)",
	"CREATE OR REPLACE VIEW v AS SELECT 2",
	"ALTER TABLE t ADD COLUMN b INTEGER",
	"TRUNCATE t",
	"WITH x AS (SELECT 1 AS a) INSERT INTO t FROM x",
	"MERGE INTO t USING (SELECT 1 AS a) s ON t.a = s.a WHEN MATCHED THEN DELETE",
	"COPY (SELECT 1) TO '%s/out.csv'",
	"COPY t TO '%s/out.parquet'",
	"EXPORT DATABASE '%s/out'",
	"ATTACH '%s/out.duckdb' AS other",
	"EXPLAIN ANALYZE COPY (SELECT 1) TO '%s/out.csv'",
	"INSTALL httpfs",
	"LOAD '%s/out.so'",
	"SELECT * FROM read_text('/etc/hostname')",
};

static void nothing_changes(struct kit *kit)
{
	struct err err;
	char sql[512], out[256];
	for (size_t i = 0; i < LENGTH(CHANGES); i++) {
		const char *mark = strstr(CHANGES[i], "%s");
		if (mark == NULL)
			snprintf(sql, sizeof sql, "%s", CHANGES[i]);
		else
			snprintf(sql, sizeof sql, "%.*s%s%s", (int)(mark - CHANGES[i]), CHANGES[i],
				 kit->folder, mark + 2);
		if (runs(kit, sql, &err))
			fail_msg("it ran: %s", sql);
		if (err.kind != ERR_USAGE)
			fail_msg("%s: %d %s", sql, (int)err.kind, err.text);
	}
	static const char *const OUTS[] = {"out.csv", "out.parquet", "out", "out.duckdb"};
	for (size_t i = 0; i < LENGTH(OUTS); i++) {
		snprintf(out, sizeof out, "%s/%s", kit->folder, OUTS[i]);
		assert_int_equal(access(out, F_OK), -1);
	}
	assert_true(runs(kit, "SELECT a FROM t", &err));
}

static void a_reader_changes_nothing_inside_or_outside(void **state)
{
	struct kit *kit = *state;
	struct err err;
	kit_do(kit, "CREATE TABLE t AS SELECT 1 AS a");
	read_only(kit);
	nothing_changes(kit);
	assert_false(runs(kit, "SET enable_external_access = true", &err));
	assert_false(runs(kit, "SET profiling_output = '/tmp/x'", &err));
	assert_false(runs(kit, "SELECT 1; DROP TABLE t", &err));
	kit_reopen(kit);
	ASK(kit, "SELECT a FROM t", "1");
}

static void on_a_writing_connection_too(void **state)
{
	struct kit *kit = *state;
	struct err err;
	kit_do(kit, "CREATE TABLE t AS SELECT 1 AS a");
	nothing_changes(kit);
	static const char *const PAIRS[] = {
		"COMMIT; DROP TABLE t", "SELECT ';' ; DROP TABLE t",
		"SELECT 1 /* ; */; DROP TABLE t",
		"SELECT 1 -- ;\n; DROP TABLE t", "SELECT \"a;\" FROM t;;; /* */ DROP TABLE t",
	};
	for (size_t i = 0; i < LENGTH(PAIRS); i++)
		assert_false(runs(kit, PAIRS[i], &err));
	assert_true(runs(kit, "SELECT ';' AS \"a;\" -- end;\n ; -- over\n /* yes */ ;", &err));
	assert_true(runs(kit, "COMMIT", &err)); /* ends the transaction that it ran in, no more */
	assert_false(runs(kit, "DROP TABLE t", &err));
	ASK(kit, "INSERT INTO t VALUES (2)", "1"); /* with leave to write all is as before */
	ASK(kit, "SELECT SUM(a) FROM t", "3");
}

static void a_refusal_says_what_to_do(void **state)
{
	struct kit *kit = *state;
	struct err err;
	kit_do(kit, "CREATE TABLE t AS SELECT 1 AS a");
	read_only(kit);
	assert_false(runs(kit, "DELETE FROM t", &err));
	assert_non_null(strstr(err.text, "this reads only; what writes wants --write: "));
	assert_false(runs(kit, "SELEC 1", &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.text, "Parser Error: syntax error at or near \"SELEC\""));
	assert_false(runs(kit, "SELECT * FROM nothing", &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_false(runs(kit, "SELECT CAST(i::VARCHAR || 'x' AS INTEGER) FROM range(9) r(i)",
			  &err));
	assert_int_equal(err.kind, ERR_REMOTE);
}

static void writing_may_leave_the_file_where_it_is_wanted(void **state)
{
	struct kit *kit = *state;
	char sql[256];
	snprintf(sql, sizeof sql, "COPY (SELECT 7 AS a) TO '%s/out.csv'", kit->folder);
	kit_do(kit, sql);
	snprintf(sql, sizeof sql, "SELECT a FROM '%s/out.csv'", kit->folder);
	ASK(kit, sql, "7");
}

/* --- values --- */

static void values_read_as_people_write_them(void **state)
{
	struct kit *kit = *state;
	ASK(kit, "SELECT TIMESTAMP '2026-11-23 04:05:06.789', TIMESTAMP '2026-11-23',"
	    " TIMESTAMP '1969-12-31 23:59:59.999999', DATE '2026-02-28', TIME '01:02:03.5'",
	    "2026-11-23 04:05:06.789|2026-11-23 00:00:00|1969-12-31 23:59:59.999999|2026-02-28|"
	    "01:02:03.5");
	ASK(kit, "SELECT TIMESTAMPTZ '2026-11-23 04:05:06+02', TIMETZ '04:05:06+05:30',"
	    " TIMESTAMP_NS '2026-11-23 04:05:06.123456789', TIMESTAMP_S '2026-11-23 04:05:06',"
	    " TIMESTAMP_MS '2026-11-23 04:05:06.5'",
	    "2026-11-23 02:05:06+00|04:05:06+05:30|2026-11-23 04:05:06.123456789|"
	    "2026-11-23 04:05:06|2026-11-23 04:05:06.5");
	ASK(kit, "SELECT 0.1::DOUBLE, 1::DOUBLE, 1e300, 0.1::FLOAT, 'nan'::DOUBLE, '-inf'::DOUBLE,"
	    " 1/3", "0.1|1|1e+300|0.1|nan|-inf|0.3333333333333333");
	ASK(kit, "SELECT 12.50::DECIMAL(9,2), -0.05::DECIMAL(4,2), 18446744073709551615::UBIGINT,"
	    " '-170141183460469231731687303715884105728'::HUGEINT,"
	    " '340282366920938463463374607431768211455'::UHUGEINT, (-128)::TINYINT",
	    "12.50|-0.05|18446744073709551615|-170141183460469231731687303715884105728|"
	    "340282366920938463463374607431768211455|-128");
	ASK(kit, "SELECT true, NULL, '', 'a|b', '\\x00\\xFF'::BLOB, '0101'::BIT,"
	    " '47183823-2574-4bfd-b411-99ed177d3e43'::UUID, 'b'::ENUM('a', 'b'),"
	    " INTERVAL '14 months 3 days 04:05:06.7', INTERVAL '0 days'",
	    "true|~||a|b|\\x00ff|0101|47183823-2574-4bfd-b411-99ed177d3e43|b|"
	    "1 year 2 months 3 days 04:05:06.7|00:00:00");
}

static void nested_values_read_as_json(void **state)
{
	struct kit *kit = *state;
	ASK(kit, "SELECT [1, NULL, 3], {'a': 'x\"y', 'b': [DATE '2026-01-01'], 'c': NULL},"
	    " MAP {1: 'one', 2: NULL}, '{\"k\": [1]}'::JSON, [1.5, 'nan'::DOUBLE],"
	    " [[true], []], array_value(1, 2), []",
	    "[1,null,3]|{\"a\":\"x\\\"y\",\"b\":[\"2026-01-01\"],\"c\":null}|"
	    "{\"1\":\"one\",\"2\":null}|{\"k\": [1]}|[1.5,\"nan\"]|[[true],[]]|[1,2]|[]");
	ASK(kit, "SELECT union_value(n := 5)::UNION(n INTEGER, s VARCHAR),"
	    " [union_value(s := 'x')::UNION(n INTEGER, s VARCHAR)], [NULL::UNION(n INTEGER)]",
	    "5|[\"x\"]|[null]");
	/* Offsets of lists in lists, far from the first row. */
	ASK(kit, "SELECT l FROM (SELECT i, [[i, i + 1], [i]] AS l FROM range(5000) r(i))"
	    " WHERE i >= 4999", "[[4999,5000],[4999]]");
	ASK(kit, "SELECT a FROM (SELECT i, {'x': [i], 'm': MAP {i: [i]}} AS a"
	    " FROM range(3000) r(i)) WHERE i = 2999", "{\"x\":[2999],\"m\":{\"2999\":[2999]}}");
}

static void every_type_of_duckdb_can_be_shown(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct result *result;
	struct span cell;
	int rows = 0;
	assert_true(warehouse_query(kit->warehouse, "SELECT * FROM test_all_types()", false,
				    &result, &err));
	for (; result_next(result, &err); rows++) {
		for (size_t i = 0; i < result_columns(result); i++)
			assert_int_equal(result_text(result, i, &cell), rows < 2);
	}
	assert_int_equal(err.kind, ERR_NONE);
	assert_int_equal(rows, 3); /* smallest, largest, NULL */
	result_free(result);
	ASK(kit, "SELECT date, timestamp, timestamp_ns, time, interval, bit, time_tz, timestamp_s"
	    " FROM test_all_types()",
	    "5877642-06-25 (BC)|290309-12-22 (BC) 00:00:00|1677-09-22 00:00:00|00:00:00|00:00:00|"
	    "0010001001011100010101011010111|00:00:00+15:59:59|290309-12-22 (BC) 00:00:00;"
	    "5881580-07-10|294247-01-10 04:00:54.775806|2262-04-11 23:47:16.854775806|24:00:00|"
	    "83 years 3 months 999 days 00:16:39.999999|10101|24:00:00-15:59:59|"
	    "294247-01-10 04:00:54;~|~|~|~|~|~|~|~");
}

static void columns_tell_how_they_are_to_be_shown(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct result *result;
	assert_true(warehouse_query(kit->warehouse, "SELECT 1 AS \"a b\", 1.5, true, 'x',"
				    " TIMESTAMP '2026-01-01', DATE '2026-01-01', '{}'::JSON, [1],"
				    " 1::HUGEINT, 1::FLOAT, {'a': 1}, '1'::VARCHAR AS \"\xC3\xA4\"",
				    false, &result, &err));
	static const enum type TYPES[] = {
		TYPE_INT, TYPE_FLOAT, TYPE_BOOL, TYPE_TEXT, TYPE_TIMESTAMP,
		TYPE_TIMESTAMP, /* a day: it is not cut either */
		TYPE_JSON, TYPE_JSON, TYPE_INT, TYPE_FLOAT, TYPE_JSON, TYPE_TEXT,
	};
	assert_int_equal(result_columns(result), LENGTH(TYPES));
	for (size_t i = 0; i < LENGTH(TYPES); i++)
		assert_int_equal(result_type(result, i), TYPES[i]);
	assert_string_equal(result_name(result, 0), "a b");
	assert_string_equal(result_name(result, 11), "\xC3\xA4");
	result_free(result);
}

static void a_type_that_arrow_does_not_have_is_a_message(void **state)
{
	struct kit *kit = *state;
	struct err err;
	assert_false(runs(kit, "SELECT 1::VARIANT AS v", &err));
	assert_non_null(strstr(err.text, "cast it to VARCHAR"));
	assert_true(runs(kit, "SELECT 1::VARIANT::VARCHAR AS v", &err));
}

/* More rows than fit into the memory that a reader has: they are handed on as they come. */
static void rows_are_read_one_part_after_the_other(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct result *result;
	int64_t rows = 0, bytes = 0;
	assert_true(warehouse_query(kit->warehouse, "SELECT i, repeat('x', 200) FROM range(1000000)"
				    " r(i)", false, &result, &err));
	while (result_next(result, &err)) {
		struct span cell;
		assert_true(result_text(result, 1, &cell));
		bytes += (int64_t)cell.size;
		rows++;
	}
	assert_int_equal(rows, 1000000);
	assert_int_equal(bytes, 200000000);
	result_free(result);
}

static void an_error_in_the_middle_is_an_error(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct result *result;
	int64_t rows = 0;
	if (warehouse_query(kit->warehouse, "SELECT CAST(CASE WHEN i = 900000 THEN 'x' ELSE '1' END"
			    " AS INTEGER) FROM range(1000000) r(i)", false, &result, &err)) {
		while (result_next(result, &err))
			rows++;
		result_free(result);
	}
	assert_int_equal(err.kind, ERR_REMOTE);
	assert_non_null(strstr(err.text, "Conversion Error"));
	assert_true(rows < 1000000);
	assert_true(runs(kit, "SELECT 1", &err)); /* and the connection is as good as before */
}

static void a_comment_without_a_statement_is_a_message(void **state)
{
	struct kit *kit = *state;
	static const char *const EMPTY[] = {"-- nothing", "/* nothing */", "", ";", "-- a\n;"};
	struct err err;
	for (int reads_only = 0; reads_only < 2; reads_only++) {
		for (size_t i = 0; i < LENGTH(EMPTY); i++) {
			assert_false(runs(kit, EMPTY[i], &err));
			assert_int_equal(err.kind, ERR_USAGE);
		}
		read_only(kit);
	}
}

static const struct CMUnitTest TESTS[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)
	TEST(a_reader_changes_nothing_inside_or_outside),
	TEST(on_a_writing_connection_too),
	TEST(a_refusal_says_what_to_do),
	TEST(writing_may_leave_the_file_where_it_is_wanted),
	TEST(values_read_as_people_write_them),
	TEST(nested_values_read_as_json),
	TEST(every_type_of_duckdb_can_be_shown),
	TEST(columns_tell_how_they_are_to_be_shown),
	TEST(a_type_that_arrow_does_not_have_is_a_message),
	TEST(rows_are_read_one_part_after_the_other),
	TEST(an_error_in_the_middle_is_an_error),
	TEST(a_comment_without_a_statement_is_a_message),
};

int main(void)
{
	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
