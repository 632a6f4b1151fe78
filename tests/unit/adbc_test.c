/* The door to the driver: statements, transactions, rows in, and what goes wrong. */
#include "warehouse_kit.h"

#include "warehouse/adbc.h"
#include "warehouse/duckdb.h"
#include "warehouse/warehouse_private.h"

static struct adbc *connection(struct kit *kit)
{
	return kit->warehouse->adbc;
}

static int64_t one(struct kit *kit, const char *sql)
{
	struct err err = {.kind = ERR_NONE};
	int64_t cell;
	if (!adbc_run(connection(kit), sql, &cell, 1, &err))
		fail_msg("%s", err.text);
	return cell;
}

static enum err_kind kind_of(struct kit *kit, const char *sql)
{
	struct err err = {.kind = ERR_NONE};
	assert_false(adbc_run(connection(kit), sql, NULL, 0, &err));
	assert_true(err.text[0] != '\0');
	return err.kind;
}

static void the_first_row_is_read_and_dml_tells_its_rows(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	int64_t cells[3];
	assert_int_equal(one(kit, "CREATE TABLE t (a INTEGER)"), INT64_MIN);
	assert_int_equal(one(kit, "INSERT INTO t SELECT range FROM range(10000)"), 10000);
	assert_int_equal(one(kit, "UPDATE t SET a = 5 WHERE a < 0"), 0);
	assert_int_equal(one(kit, "DELETE FROM t WHERE a >= 9990"), 10);
	assert_int_equal(one(kit, "SELECT a::BIGINT FROM t WHERE a < 0"), INT64_MIN);
	assert_true(adbc_run(connection(kit), "SELECT COUNT(*), NULL::BIGINT, MAX(a)::BIGINT"
			     " FROM t", cells, 3, &err));
	assert_int_equal(cells[0], 9990);
	assert_int_equal(cells[1], INT64_MIN);
	assert_int_equal(cells[2], 9989);
	assert_false(adbc_run(connection(kit), "SELECT 'x'", cells, 1, &err));
	assert_false(adbc_run(connection(kit), "SELECT 1::BIGINT", cells, 2, &err));
}

static void errors_are_sorted_by_what_can_be_done(void **state)
{
	struct kit *kit = *state;
	one(kit, "CREATE TABLE t (a INTEGER NOT NULL CHECK (a > 0), b INTEGER UNIQUE)");
	assert_int_equal(kind_of(kit, "INSERT INTO t VALUES (NULL, 1)"), ERR_DATA);
	assert_int_equal(kind_of(kit, "INSERT INTO t VALUES (-1, 1)"), ERR_DATA);
	assert_int_equal(kind_of(kit, "INSERT INTO t VALUES (1, 1), (2, 1)"), ERR_DATA);
	assert_int_equal(kind_of(kit, "SELECT 'x'::INTEGER"), ERR_DATA);
	assert_int_equal(kind_of(kit, "SELECT '{'::JSON"), ERR_DATA);
	assert_int_equal(kind_of(kit, "SELECT 100000::TINYINT"), ERR_DATA);
	assert_int_equal(kind_of(kit, "SELEC"), ERR_REMOTE);
	assert_int_equal(kind_of(kit, "SELECT * FROM nothing"), ERR_REMOTE);
	assert_int_equal(kind_of(kit, "SELECT nothing FROM t"), ERR_REMOTE);
	one(kit, "SET memory_limit = '10MB'");
	assert_int_equal(kind_of(kit, "SELECT list(range) FROM range(9000000)"), ERR_MEMORY);
}

/* As DuckDB writes them, where a test cannot easily make them happen. */
static void messages_are_sorted_too(void **state)
{
	(void)state;
	static const struct { const char *text; enum err_kind kind; } MESSAGES[] = {
		{"IO Error: Could not set lock on file \"x\": Conflicting lock is held in p"
		 " (PID 7)", ERR_BUSY},
		{"IO Error: Could not write file \"x\": No space left on device", ERR_DISK},
		{"IO Error: Could not read from file \"x\": Input/output error", ERR_DISK},
		{"IO Error: Cannot open file \"x\": Permission denied", ERR_USAGE},
		{"Out of Memory Error: failed to offload data block of size 256.0 KiB (9 GiB/9 GiB"
		 " used). This limit was set by the 'max_temp_directory_size' setting.", ERR_DISK},
		{"Out of Memory Error: could not allocate block of size 256.0 KiB", ERR_MEMORY},
		{"TransactionContext Error: Failed to commit: could not write: No space left on"
		 " device", ERR_DISK},
		{"TransactionContext Error: Conflict on update!", ERR_TRANSIENT},
		{"FATAL Error: Failed: database has been invalidated because of a previous fatal"
		 " error", ERR_REMOTE},
		{"INTERRUPT Error: Interrupted!", ERR_STOPPED},
		{"something new", ERR_REMOTE},
	};
	for (size_t i = 0; i < LENGTH(MESSAGES); i++) {
		struct adbc_failure failure = {.text = MESSAGES[i].text};
		if (duckdb_judge(&failure) != MESSAGES[i].kind)
			fail_msg("%s: %d", MESSAGES[i].text, (int)duckdb_judge(&failure));
	}
}

static void advice_for_others_is_left_out(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	one(kit, "SET memory_limit = '10MB'");
	assert_false(adbc_run(connection(kit), "SELECT list(range) FROM range(9000000)", NULL, 0,
			      &err));
	assert_null(strstr(err.text, "Possible solutions"));
	assert_null(strchr(err.text, '\n'));
}

static void what_is_rolled_back_never_was(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	one(kit, "CREATE TABLE t (a INTEGER NOT NULL)");
	adbc_roll_back(connection(kit)); /* without a transaction: nothing */
	assert_true(adbc_begin(connection(kit), &err));
	one(kit, "INSERT INTO t VALUES (1)");
	adbc_roll_back(connection(kit));
	assert_int_equal(one(kit, "SELECT COUNT(*) FROM t"), 0);
	assert_true(adbc_begin(connection(kit), &err));
	one(kit, "INSERT INTO t VALUES (1)");
	assert_true(adbc_commit(connection(kit), &err));
	assert_int_equal(one(kit, "SELECT COUNT(*) FROM t"), 1);
	/* A failed statement dooms the transaction; afterwards all is well. */
	assert_true(adbc_begin(connection(kit), &err));
	one(kit, "INSERT INTO t VALUES (2)");
	assert_int_equal(kind_of(kit, "INSERT INTO t VALUES (NULL)"), ERR_DATA);
	assert_false(adbc_run(connection(kit), "INSERT INTO t VALUES (3)", NULL, 0, &err));
	adbc_roll_back(connection(kit));
	one(kit, "INSERT INTO t VALUES (4)"); /* autocommit again */
	kit_reopen(kit);
	assert_int_equal(one(kit, "SELECT SUM(a)::BIGINT FROM t"), 5);
}

/* DuckDB calls it a success and rolls back: whoever commits must have looked at every statement. */
static void a_doomed_transaction_leaves_nothing(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	one(kit, "CREATE TABLE t (a INTEGER NOT NULL)");
	assert_true(adbc_begin(connection(kit), &err));
	one(kit, "INSERT INTO t VALUES (1)");
	(void)kind_of(kit, "INSERT INTO t VALUES (NULL)");
	assert_true(adbc_commit(connection(kit), &err));
	assert_int_equal(one(kit, "SELECT COUNT(*) FROM t"), 0);
	assert_true(adbc_begin(connection(kit), &err));
	assert_true(adbc_commit(connection(kit), &err));
}

static void rows_go_in_by_position_and_are_consumed(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct batch *batch;
	struct rows *rows;
	struct item item = {"a", "A", 3, 7, "{}"};
	struct cell cells[ITEM_COLUMNS];
	int64_t taken;
	item_cells(&item, cells);
	assert_true(batch_new(&batch, &ITEMS, &err));
	one(kit, "CREATE TEMP TABLE s (a VARCHAR, b VARCHAR, c BIGINT, d DOUBLE, e BOOLEAN,"
		 " f VARCHAR, g TIMESTAMP, h VARCHAR, i BIGINT)");
	one(kit, "CREATE TABLE s AS SELECT 'not this one' AS a");
	for (int i = 0; i < 2; i++) {
		assert_true(batch_add_row(batch, cells, SPAN("{\"x\":1}"), i, &err));
		assert_true(batch_seal(batch, &rows, &err));
		bool there = adbc_ingest(connection(kit), i == 0 ? "s" : "nowhere", DUCKDB_INGEST,
					 rows_schema(rows), rows_array(rows), &taken, &err);
		assert_int_equal(there, i == 0);
		rows_free(rows); /* under ASan: what was consumed is not freed twice */
	}
	assert_int_equal(taken, 1);
	assert_non_null(strstr(err.text, "nowhere"));
	ASK(kit, "SELECT * FROM temp.s", "a|A|3|1.5|true|{}|1970-01-01 00:00:07|{\"x\":1}|0");
	batch_free(batch);
}

static const struct CMUnitTest TESTS[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)
	TEST(the_first_row_is_read_and_dml_tells_its_rows),
	TEST(errors_are_sorted_by_what_can_be_done),
	TEST(messages_are_sorted_too),
	TEST(advice_for_others_is_left_out),
	TEST(what_is_rolled_back_never_was),
	TEST(a_doomed_transaction_leaves_nothing),
	TEST(rows_go_in_by_position_and_are_consumed),
};

int main(void)
{
	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
