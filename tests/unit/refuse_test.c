/* Rows that are lost on the way, or refused by the warehouse. */
#include "warehouse_kit.h"

static void rows_lost_on_the_way_fail_the_commit(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct item items[] = {{"a", "A", 1, 10, NULL}, {"b", "B", 1, 10, NULL}};
	struct table_merge merge = {.table = &ITEMS, .rows_staged = 2};
	kit_prepare(kit, &ITEMS);
	kit_stage_items(kit, &ITEMS, items, 2);
	kit_do(kit, "DELETE FROM \"_FIRN_STAGE_1\" WHERE ID = 'b'");
	assert_false(kit_try_commit(kit, &merge, 100, &err));
	assert_int_equal(err.kind, ERR_REMOTE);
	assert_string_equal(err.text, "table ITEMS: 2 rows were sent to be staged, and 1 are"
			    " there");
	ASK(kit, "SELECT COUNT(*) FROM ITEMS", "0");
	assert_true(warehouse_unstage(kit->warehouse, &err));
	LOAD(kit, &ITEMS, items, 100, "2 new, 0 changed");
}

static void a_commit_names_every_staged_row(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct item items[] = {{"a", "A", 1, 10, NULL}};
	struct table_merge merge = {.table = &ITEMS, .rows_staged = 0};
	struct commit none = {.pipeline = "p", .load_timestamp_us = 0};
	kit_prepare(kit, &ITEMS);
	kit_stage_items(kit, &ITEMS, items, 1);
	assert_false(kit_try_commit(kit, &merge, 100, &err));
	assert_false(warehouse_commit(kit->warehouse, &none, &err));
	merge.rows_staged = 1;
	assert_true(kit_try_commit(kit, &merge, 100, &err));
	merge.rows_staged = 1;
	assert_false(kit_try_commit(kit, &merge, 100, &err)); /* it is gone from the staging */
}

static void rows_that_a_constraint_refuses_are_found_and_the_rest_is_merged(void **state)
{
	struct kit *kit = *state;
	enum { ROWS = 5000 };
	static char ids[ROWS][16];
	static struct item items[ROWS];
	struct run_row run = {.run_id = "r1", .stream = "items", .command = "run",
			      .ended_us = STAMP_NONE, .window_from_us = STAMP_NONE,
			      .window_until_us = STAMP_NONE, .host = "h", .version = "v"};
	struct table_merge merge = {.table = &ITEMS, .rows_staged = ROWS};
	const int into[] = {0};
	struct commit commit = {.pipeline = "p", .load_timestamp_us = 100 * STAMP_SECOND,
				.merges = &merge, .merges_n = 1, .runs = &run, .runs_n = 1,
				.count_into = into};
	struct err err = {.kind = ERR_NONE};
	for (int i = 0; i < ROWS; i++) {
		snprintf(ids[i], sizeof ids[i], "k%04d", i);
		items[i] = (struct item){ids[i], "name", i, 10, "{\"k\":\"it's\"}"};
	}
	items[0].name = NULL;
	items[1234].n = -5;
	items[4999].doc = "{not json";
	kit_prepare(kit, NULL);
	kit_do(kit, "CREATE TABLE ITEMS (ID VARCHAR, NAME VARCHAR NOT NULL,"
	       " N BIGINT CHECK (N >= 0), X DOUBLE, OK BOOLEAN, DOC JSON, \"AT\" TIMESTAMP,"
	       " EXTRA JSON, LOAD_TIMESTAMP TIMESTAMP)");
	kit_prepare(kit, &ITEMS);
	kit_stage_items(kit, &ITEMS, items, ROWS);
	if (!warehouse_commit(kit->warehouse, &commit, &err))
		fail_msg("%s", err.text);
	assert_int_equal(merge.inserted, ROWS - 3);
	assert_int_equal(merge.refused, 3);
	ASK(kit, "SELECT COUNT(*) FROM ITEMS", "4997");
	ASK(kit, "SELECT PIPELINE, STREAM, RUN_ID, length(RECORD_SHA256), RECORD->>'$.ID',"
	    " RECORD->>'$.DOC.k', RECORD->>'$.DOC', epoch(REJECTED_AT)::INT FROM FIRN_REJECTED"
	    " ORDER BY 5",
	    "p|items|r1|64|k0000|it's|{\"k\":\"it's\"}|100;"
	    "p|items|r1|64|k1234|it's|{\"k\":\"it's\"}|100;"
	    "p|items|r1|64|k4999|~|{not json|100");
	ASK(kit, "SELECT COUNT(*) FROM FIRN_REJECTED WHERE REASON LIKE 'Constraint Error: NOT"
	    " NULL%' OR REASON LIKE 'Constraint Error: CHECK%'"
	    " OR REASON LIKE 'Conversion Error: Malformed"
	    " JSON%'", "3");
	ASK(kit, "SELECT ROWS_INSERTED, ROWS_REJECTED FROM FIRN_RUNS", "4997|3");
	/* They come again with the next look back, and are not written down twice. */
	kit_stage_items(kit, &ITEMS, items, ROWS);
	if (!warehouse_commit(kit->warehouse, &commit, &err))
		fail_msg("%s", err.text);
	assert_int_equal(merge.inserted + merge.updated, 0);
	ASK(kit, "SELECT COUNT(*) FROM FIRN_REJECTED", "3");
}

static void of_two_rows_that_exclude_each_other_one_is_refused(void **state)
{
	struct kit *kit = *state;
	struct item items[] = {{"a", "same", 1, 10, NULL}, {"b", "other", 1, 10, NULL},
			       {"c", "same", 1, 10, NULL}, {"d", "last", 1, 10, NULL}};
	kit_prepare(kit, &ITEMS);
	kit_do(kit, "CREATE UNIQUE INDEX mine ON ITEMS (NAME)");
	LOAD(kit, &ITEMS, items, 100, "3 new, 0 changed, 1 refused");
	ASK(kit, "SELECT ID FROM ITEMS ORDER BY ID", "a;b;d");
	ASK(kit, "SELECT RECORD->>'$.ID' FROM FIRN_REJECTED", "c");
}

static void a_refused_record_is_kept_without_what_is_hashed(void **state)
{
	struct kit *kit = *state;
	struct column columns[ITEM_COLUMNS];
	struct table table = ITEMS;
	memcpy(columns, ITEM_COLUMN_LIST, sizeof columns);
	columns[ITEM_NAME].hashed = true;
	table.columns = columns;
	struct item items[] = {{"a", "5e884898da28", -1, 10, NULL}};
	kit_prepare(kit, NULL);
	kit_do(kit, "CREATE TABLE ITEMS (ID VARCHAR, NAME VARCHAR, N BIGINT CHECK (N >= 0),"
	       " X DOUBLE, OK BOOLEAN, DOC JSON, \"AT\" TIMESTAMP, EXTRA JSON,"
	       " LOAD_TIMESTAMP TIMESTAMP)");
	kit_prepare(kit, &table);
	LOAD(kit, &table, items, 100, "0 new, 0 changed, 1 refused");
	ASK(kit, "SELECT json_keys(RECORD) FROM FIRN_REJECTED",
	    "[\"ID\",\"N\",\"X\",\"OK\",\"DOC\",\"AT\",\"EXTRA\"]");
}

static void too_many_refused_rows_fail_the_commit(void **state)
{
	struct kit *kit = *state;
	enum { ROWS = REFUSED_ROWS_MAX + 1 };
	static char ids[ROWS][16];
	static struct item items[ROWS];
	struct err err = {.kind = ERR_NONE};
	struct table_merge merge = {.table = &ITEMS, .rows_staged = ROWS};
	for (int i = 0; i < ROWS; i++) {
		snprintf(ids[i], sizeof ids[i], "k%04d", i);
		items[i] = (struct item){ids[i], NULL, i, 10, NULL};
	}
	kit_prepare(kit, &ITEMS);
	kit_do(kit, "ALTER TABLE ITEMS ALTER COLUMN NAME SET NOT NULL");
	kit_stage_items(kit, &ITEMS, items, ROWS);
	assert_false(kit_try_commit(kit, &merge, 100, &err));
	assert_int_equal(err.kind, ERR_REMOTE);
	assert_non_null(strstr(err.text, "refuses more than 1000 rows, the last for: Constraint"));
	assert_int_equal(merge.refused, 0);
	ASK(kit, "SELECT COUNT(*) FROM FIRN_REJECTED", "0");
}

static const struct CMUnitTest TESTS[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)
	TEST(rows_lost_on_the_way_fail_the_commit),
	TEST(a_commit_names_every_staged_row),
	TEST(rows_that_a_constraint_refuses_are_found_and_the_rest_is_merged),
	TEST(of_two_rows_that_exclude_each_other_one_is_refused),
	TEST(a_refused_record_is_kept_without_what_is_hashed),
	TEST(too_many_refused_rows_fail_the_commit),
};

int main(void)
{
	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
