/* Windows, watermarks and runs: what a commit writes beside the rows. */
#include "warehouse_kit.h"

static struct commit state_commit(void)
{
	return (struct commit){.pipeline = "p", .load_timestamp_us = 100 * STAMP_SECOND};
}

static void an_empty_commit_is_a_commit(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct commit commit = state_commit();
	kit_prepare(kit, NULL);
	assert_true(warehouse_commit(kit->warehouse, &commit, &err));
	assert_int_equal(err.kind, ERR_NONE);
}

static void windows_replace_what_they_cover(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct window_row first[] = {
		{"s", "", 0, 10, 1, 1, 100}, {"s", "", 10, 20, 2, -1, 100},
		{"s", "", 30, 40, 3, 3, 100}, {"s", "x", 10, 20, 4, 4, 100},
		{"other", "", 10, 20, 5, 5, 100},
	};
	struct window_row second[] = {
		{"s", "", 0, 10, 6, 6, 200},                              /* the same again */
		/* one covers the other */
		{"s", "", 10, 20, 7, 7, 200}, {"s", "", 10, 25, 8, 8, 200},
		/* equal, and over the edge of what is there: the last stays */
		{"s", "", 35, 50, 9, 9, 200}, {"s", "", 35, 50, 10, 10, 200},
	};
	struct commit commit = state_commit();
	kit_prepare(kit, NULL);
	commit.windows = first;
	commit.windows_n = LENGTH(first);
	assert_true(warehouse_commit(kit->warehouse, &commit, &err));
	commit.windows = second;
	commit.windows_n = LENGTH(second);
	assert_true(warehouse_commit(kit->warehouse, &commit, &err));
	ASK(kit, "SELECT STREAM, PART, epoch_us(WINDOW_FROM), epoch_us(WINDOW_UNTIL), ROWS_LOADED,"
	    " ROWS_COUNTED, epoch_us(COMPLETED_AT) FROM FIRN_WINDOWS ORDER BY ALL",
	    "other||10|20|5|5|100;s||0|10|6|6|200;s||10|25|8|8|200;s||30|40|3|3|100;"
	    "s||35|50|10|10|200;s|x|10|20|4|4|100");
	ASK(kit, "SELECT DISTINCT PIPELINE FROM FIRN_WINDOWS", "p");
}

static void a_watermark_moves_by_compare_and_set(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct item items[] = {{"a", "A", 1, 10, NULL}};
	struct table_merge merge = {.table = &ITEMS, .rows_staged = 1};
	struct state_move first = {"items", "", STAMP_NONE, 0, 10 * STAMP_SECOND};
	struct state_move next = {"items", "", 10 * STAMP_SECOND, 1, 20 * STAMP_SECOND};
	struct commit commit = state_commit();
	kit_prepare(kit, &ITEMS);
	commit.moves = &first;
	commit.moves_n = 1;
	assert_true(warehouse_commit(kit->warehouse, &commit, &err));

	/* Twice the first: another firn was here before us. Nothing of the commit stays. */
	kit_stage_items(kit, &ITEMS, items, 1);
	commit.merges = &merge;
	commit.merges_n = 1;
	assert_false(warehouse_commit(kit->warehouse, &commit, &err));
	assert_int_equal(err.kind, ERR_BUSY);
	assert_string_equal(err.text, "stream items: the watermark is 1970-01-01 00:00:10"
			    " (generation 1) where none was expected; another firn runs pipeline"
			    " 'p', or the local copy of its state is old");
	assert_int_equal(merge.inserted, 0);
	ASK(kit, "SELECT COUNT(*) FROM ITEMS", "0");

	commit.moves = &next;
	assert_true(warehouse_commit(kit->warehouse, &commit, &err)); /* staging was kept */
	assert_int_equal(merge.inserted, 1);
	ASK(kit, "SELECT PIPELINE, STREAM, PART, epoch(WATERMARK)::INT, GENERATION,"
	    " SCHEMA_VERSION, epoch(UPDATED_AT)::INT FROM FIRN_STATE", "p|items||20|2|1|100");

	/* The right watermark of another generation: reset and loaded anew in between. */
	struct state_move stale = {"items", "", 20 * STAMP_SECOND, 1, 30 * STAMP_SECOND};
	commit.merges_n = 0;
	commit.moves = &stale;
	assert_false(warehouse_commit(kit->warehouse, &commit, &err));
	assert_int_equal(err.kind, ERR_BUSY);
	struct state_move absent = {"items", "x", 20 * STAMP_SECOND, 1, 30 * STAMP_SECOND};
	commit.moves = &absent;
	assert_false(warehouse_commit(kit->warehouse, &commit, &err));
	assert_non_null(strstr(err.text, "stream items of x: the watermark is none where"));
}

static void a_run_is_written_once_with_the_counts_of_its_merges(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct item items[] = {{"a", "A", 1, 10, NULL}, {"b", "B", 1, 10, NULL}};
	struct item more[] = {{"a", "A2", 1, 11, NULL}, {"c", "C", 1, 10, NULL}};
	struct run_row run = {
		.run_id = "r'1", .stream = "items", .command = "initial-load",
		.started_us = 1 * STAMP_SECOND, .ended_us = STAMP_NONE,
		.window_from_us = STAMP_NONE, .window_until_us = 5 * STAMP_SECOND, .pages = 2,
		.rows_fetched = 3, .retries = 4,
		.rows_rescued = 6, .rows_rejected = 7, .bytes = 5, .outcome = OUTCOME_PARTIAL,
		.error = "it's \"broken\"; -- \\", .host = "h\xC3\xB6st", .version = "1.0",
	};
	struct table_merge merge = {.table = &ITEMS, .rows_staged = 2};
	const int into[] = {0};
	struct commit commit = state_commit();
	commit.merges = &merge;
	commit.merges_n = 1;
	commit.runs = &run;
	commit.runs_n = 1;
	commit.count_into = into;
	kit_prepare(kit, &ITEMS);
	kit_stage_items(kit, &ITEMS, items, 2);
	assert_true(warehouse_commit(kit->warehouse, &commit, &err));
	kit_stage_items(kit, &ITEMS, more, 2);
	assert_true(warehouse_commit(kit->warehouse, &commit, &err));
	assert_int_equal(run.rows_inserted, 3);
	ASK(kit, "SELECT * EXCLUDE (STARTED_AT, WINDOW_UNTIL) FROM FIRN_RUNS",
	    "r'1|p|items|initial-load|~|~|2|3|3|1|6|7|4|5|partial|it's \"broken\"; -- \\|"
	    "h\xC3\xB6st|1.0");
	ASK(kit, "SELECT STARTED_AT, WINDOW_UNTIL FROM FIRN_RUNS",
	    "1970-01-01 00:00:01|1970-01-01 00:00:05");
}

static void a_failed_commit_leaves_the_run_row_as_it_was(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct item items[] = {{"a", "A", 1, 10, NULL}};
	struct run_row run = {.run_id = "r", .stream = "items", .command = "run", .host = "h",
			      .version = "v"};
	struct table_merge merge = {.table = &ITEMS, .rows_staged = 1};
	struct state_move wrong = {"items", "", 5, 5, 6};
	const int into[] = {0};
	struct commit commit = state_commit();
	commit.merges = &merge;
	commit.merges_n = 1;
	commit.runs = &run;
	commit.runs_n = 1;
	commit.moves = &wrong;
	commit.moves_n = 1;
	commit.count_into = into;
	kit_prepare(kit, &ITEMS);
	kit_stage_items(kit, &ITEMS, items, 1);
	assert_false(warehouse_commit(kit->warehouse, &commit, &err));
	assert_int_equal(run.rows_inserted, 0);
	ASK(kit, "SELECT (SELECT COUNT(*) FROM FIRN_RUNS), (SELECT COUNT(*) FROM ITEMS)", "0|0");
}

static void rejected_records_are_kept_once(void **state)
{
	struct kit *kit = *state;
	struct cell cells[] = {cell_text("p"), cell_text("s"), cell_text("r1"), cell_text("aa"),
			       cell_text("first"), cell_text("{"), cell_whole(1)};
	kit_prepare(kit, NULL);
	kit_stage(kit, &FIRN_REJECTED, cells, NULL);
	cells[4] = cell_text("second");
	kit_stage(kit, &FIRN_REJECTED, cells, NULL);
	assert_int_equal(kit_commit(kit, &FIRN_REJECTED, 2, 100).inserted, 1);
	cells[2] = cell_text("r2");
	kit_stage(kit, &FIRN_REJECTED, cells, NULL);
	assert_int_equal(kit_commit(kit, &FIRN_REJECTED, 1, 100).inserted, 0);
	ASK(kit, "SELECT RUN_ID, REASON FROM FIRN_REJECTED", "r1|first");
}

/* Anybody's names: quotes, SQL, other alphabets, everywhere that a name or a text can stand. */
static void names_and_texts_are_never_read_as_sql(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	const char *evil = "x'; DROP TABLE \"FIRN_STATE\"; --\"\\ \xE2\x9D\x84";
	struct column columns[] = {
		{.name = "a \"quoted\" ; DROP TABLE x; -- KEY", .type = TYPE_TEXT,
		 .comment = "it's; \"a\" comment --"},
		{.name = "\xC3\x9C\xE2\x9D\x84", .type = TYPE_JSON, .keep_first = true},
	};
	const unsigned key[] = {0};
	struct table table = {.name = "T\"'; DROP TABLE y; --", .stream = evil, .columns = columns,
			      .columns_n = 2, .key = key, .key_n = 1, .newest = -1,
			      .has_extra = true, .comment = evil};
	struct cell cells[] = {cell_text(evil), cell_text("{\"'\":\"\\\"\"}")};
	struct window_row window = {evil, evil, 0, 1, 1, 1, 1};
	struct state_move move = {evil, evil, STAMP_NONE, 0, 5};
	struct table_merge merge = {.table = &table, .rows_staged = 1};
	struct commit commit = {.pipeline = evil, .merges = &merge, .merges_n = 1,
				.windows = &window, .windows_n = 1, .moves = &move, .moves_n = 1};
	struct state found;
	kit_prepare(kit, &table);
	for (int i = 0; i < 2; i++) {
		kit_stage(kit, &table, cells, "{\"a\":1}");
		if (!warehouse_commit(kit->warehouse, &commit, &err))
			fail_msg("%s", err.text);
		move = (struct state_move){evil, evil, 5, 1, 6};
		cells[1] = cell_text("{}");
	}
	assert_true(warehouse_read_state(kit->warehouse, evil, &found, &err));
	assert_int_equal(found.rows_n, 1);
	assert_int_equal(found.windows_n, 1);
	assert_string_equal(found.rows[0].stream, evil);
	assert_string_equal(found.windows[0].part, evil);
	state_done(&found);
	ASK(kit, "SELECT * EXCLUDE (LOAD_TIMESTAMP) FROM \"T\"\"'; DROP TABLE y; --\"",
	    "x'; DROP TABLE \"FIRN_STATE\"; --\"\\ \xE2\x9D\x84|{\"'\":\"\\\"\"}|{\"a\":1}");
	ASK(kit, "SELECT comment FROM duckdb_columns() WHERE column_index = 1 AND table_name LIKE"
	    " 'T\"%'", "it's; \"a\" comment --");
}

static const struct CMUnitTest TESTS[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)
	TEST(an_empty_commit_is_a_commit),
	TEST(windows_replace_what_they_cover),
	TEST(a_watermark_moves_by_compare_and_set),
	TEST(a_run_is_written_once_with_the_counts_of_its_merges),
	TEST(a_failed_commit_leaves_the_run_row_as_it_was),
	TEST(rejected_records_are_kept_once),
	TEST(names_and_texts_are_never_read_as_sql),
};

int main(void)
{
	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
