/* Opening a DuckDB file, making its tables ready, reading and forgetting state. */
#include "warehouse_kit.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

/* --- opening --- */

static bool try_open(const struct kit *kit, const char *path, bool read_only, struct err *reterr)
{
	struct warehouse *warehouse = NULL;
	struct warehouse_options options = kit_options(kit);
	options.path = path;
	options.read_only = read_only;
	bool done = warehouse_open(&warehouse, &options, reterr);
	warehouse_close(warehouse);
	return done;
}

static void write_file(const struct kit *kit, const char *name, const char *text, size_t size,
		       char path[256])
{
	snprintf(path, 256, "%s/%s", kit->folder, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void what_cannot_be_opened_is_told_in_one_line(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	char path[256], expected[ERR_TEXT_BYTES];
	snprintf(path, sizeof path, "%s/none.duckdb", kit->folder);
	assert_false(try_open(kit, path, true, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	snprintf(expected, sizeof expected, "there is no file '%s' yet", path);
	assert_string_equal(err.text, expected);
	assert_int_equal(access(path, F_OK), -1); /* and it was not made */

	write_file(kit, "text.duckdb", "these are not the rows", 22, path);
	assert_false(try_open(kit, path, false, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	snprintf(expected, sizeof expected, "'%s' is there, but it is no DuckDB file", path);
	assert_string_equal(err.text, expected);

	snprintf(path, sizeof path, "%s/no/folder/x.duckdb", kit->folder);
	assert_false(try_open(kit, path, false, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_null(strchr(err.text, '\n'));
	assert_non_null(strstr(err.text, "No such file or directory"));
}

/* A file header as DuckDB writes it, of a version that does not exist yet: with its checksum, or
 * it would be a damaged file. */
static void a_file_of_a_newer_duckdb_is_told_in_one_line(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	char path[256];
	kit_close(kit);
	FILE *file = fopen(kit->file, "rb");
	assert_non_null(file);
	static char bytes[4096 * 3];
	size_t size = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	assert_memory_equal(bytes + 8, "DUCK", 4);
	bytes[12] = 120;
	uint64_t sum = 5381, word;
	for (size_t at = 8; at < 4096; at += 8) {
		memcpy(&word, bytes + at, 8);
		sum ^= word * UINT64_C(0xbf58476d1ce4e5b9);
	}
	memcpy(bytes, &sum, 8);
	write_file(kit, "newer.duckdb", bytes, size, path);
	assert_false(try_open(kit, path, true, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.text, "was written by a newer DuckDB than this firn can read"));
}

static void any_path_is_a_path(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	static const char *const NAMES[] = {
		"it's.duckdb", "md:x.duckdb", "a?b#c.db", "\xC3\xA4 .db",
	};
	char here[PATH_BYTES_MAX];
	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir(kit->folder), 0);
	for (size_t i = 0; i < LENGTH(NAMES); i++) {
		if (!try_open(kit, NAMES[i], false, &err))
			fail_msg("%s", err.text);
		assert_int_equal(access(NAMES[i], F_OK), 0);
	}
	assert_int_equal(chdir(here), 0);
}

/* Another process that holds the file for a while, and says when it has it. */
static pid_t hold(const struct kit *kit, int64_t hold_ms)
{
	int ready[2];
	char byte = 0;
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct warehouse *warehouse;
		struct warehouse_options options = kit_options(kit);
		struct err err;
		if (!warehouse_open(&warehouse, &options, &err))
			_exit(1);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		clock_sleep_ms(hold_ms);
		warehouse_close(warehouse);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

struct waited {
	int times;
	char what[ERR_TEXT_BYTES];
	int give_up_at;
};

static bool count_wait(void *user, const char *what)
{
	struct waited *waited = user;
	snprintf(waited->what, sizeof waited->what, "%s", what);
	return ++waited->times != waited->give_up_at;
}

static void a_second_process_waits_for_the_first_and_names_it(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct waited waited = {.times = 0};
	struct warehouse_options options = kit_options(kit);
	char expected[ERR_TEXT_BYTES];
	int status;
	kit_close(kit);
	pid_t pid = hold(kit, 1300);
	snprintf(expected, sizeof expected, "'%s' is held by %s (process %d)", kit->file,
		 program_invocation_short_name, (int)pid);

	/* Without patience: at once. A reader has to wait as well. */
	assert_false(warehouse_open(&kit->warehouse, &options, &err));
	assert_int_equal(err.kind, ERR_BUSY);
	assert_string_equal(err.text, expected);
	options.read_only = true;
	assert_false(warehouse_open(&kit->warehouse, &options, &err));
	assert_int_equal(err.kind, ERR_BUSY);

	options.read_only = false;
	options.lock_wait_ms = 20 * 1000;
	options.waiting = count_wait;
	options.user = &waited;
	if (!warehouse_open(&kit->warehouse, &options, &err))
		fail_msg("%s", err.text);
	assert_in_range(waited.times, 1, 4);
	assert_string_equal(waited.what, expected);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void waiting_ends_when_it_is_not_wanted_any_more(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct waited waited = {.give_up_at = 1};
	struct warehouse_options options = kit_options(kit);
	kit_close(kit);
	pid_t pid = hold(kit, 60 * 1000);
	options.lock_wait_ms = 60 * 1000;
	options.waiting = count_wait;
	options.user = &waited;
	int64_t start_ms = clock_mono_ms();
	assert_false(warehouse_open(&kit->warehouse, &options, &err));
	assert_int_equal(err.kind, ERR_STOPPED);
	assert_true(clock_mono_ms() - start_ms < 40000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void readers_read_side_by_side(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	kit_prepare(kit, &ITEMS);
	kit_close(kit);
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		bool done = try_open(kit, kit->file, true, &err);
		clock_sleep_ms(300);
		_exit(done ? 0 : 1);
	}
	if (!try_open(kit, kit->file, true, &err))
		fail_msg("%s", err.text);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void what_a_crash_spilled_is_removed_and_nothing_else(void **state)
{
	struct kit *kit = *state;
	static const char *const MADE[] = {
		"w.duckdb.tmp", "w.duckdb.tmp/duckdb_temp_storage_DEFAULT-0.tmp",
		"w.duckdb.tmp-77", "w.duckdb.tmp-77/duckdb_temp_block-1.block",
		"w.duckdb.tmp-78", "w.duckdb.tmp-78/duckdb_temp_x.tmp",
		"w.duckdb.tmp-78/mine.txt", "other.duckdb.tmp",
		"other.duckdb.tmp/duckdb_temp_storage_DEFAULT-0.tmp",
	};
	static const bool STAYS[] = {false, false, false, false, true, false, true, true, true};
	char path[256];
	kit_close(kit);
	for (size_t i = 0; i < LENGTH(MADE); i++) {
		snprintf(path, sizeof path, "%s/%s", kit->folder, MADE[i]);
		if (strrchr(MADE[i], '/') == NULL)
			assert_int_equal(mkdir(path, 0700), 0);
		else
			write_file(kit, MADE[i], "x", 1, path);
	}
	kit_open(kit);
	for (size_t i = 0; i < LENGTH(MADE); i++) {
		snprintf(path, sizeof path, "%s/%s", kit->folder, MADE[i]);
		assert_int_equal(access(path, F_OK) == 0, STAYS[i]);
	}
}

/* --- tables --- */

static void tables_get_the_types_and_comments_of_the_manual(void **state)
{
	struct kit *kit = *state;
	kit_prepare(kit, &ITEMS);
	ASK(kit, "SELECT column_name, data_type, comment FROM duckdb_columns()"
	    " WHERE table_name = 'ITEMS' ORDER BY column_index",
	    "ID|VARCHAR|the key;NAME|VARCHAR|~;N|BIGINT|~;X|DOUBLE|~;OK|BOOLEAN|~;DOC|JSON|~;"
	    "AT|TIMESTAMP|~;EXTRA|JSON|what no other column holds, under the names of the source;"
	    "LOAD_TIMESTAMP|TIMESTAMP|when firn last wrote this row, UTC");
	ASK(kit, "SELECT table_name, comment IS NOT NULL, has_primary_key FROM duckdb_tables()"
	    " ORDER BY 1", "FIRN_FILES|true|false;FIRN_REJECTED|true|false;FIRN_RUNS|true|false;"
	    "FIRN_STATE|true|false;FIRN_WINDOWS|true|false;ITEMS|true|false");
	ASK(kit, "SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY column_index)"
	    " FROM duckdb_columns() WHERE table_name = 'FIRN_RUNS'",
	    "RUN_ID VARCHAR, PIPELINE VARCHAR, STREAM VARCHAR, COMMAND VARCHAR,"
	    " STARTED_AT TIMESTAMP, ENDED_AT TIMESTAMP, WINDOW_FROM TIMESTAMP,"
	    " WINDOW_UNTIL TIMESTAMP, PAGES BIGINT, ROWS_FETCHED BIGINT, ROWS_INSERTED BIGINT,"
	    " ROWS_UPDATED BIGINT, ROWS_RESCUED BIGINT, ROWS_REJECTED BIGINT, RETRIES BIGINT,"
	    " BYTES BIGINT, OUTCOME VARCHAR, ERROR VARCHAR, HOST VARCHAR, VERSION VARCHAR");
}

static void what_is_there_is_left_alone(void **state)
{
	struct kit *kit = *state;
	kit_prepare(kit, &ITEMS);
	kit_do(kit, "COMMENT ON TABLE ITEMS IS 'mine'");
	kit_do(kit, "COMMENT ON COLUMN ITEMS.ID IS 'mine too'");
	kit_do(kit, "ALTER TABLE ITEMS ADD COLUMN extra_of_mine INTEGER[]");
	kit_do(kit, "INSERT INTO ITEMS (ID) VALUES ('a')");
	kit_reopen(kit);
	kit_prepare(kit, &ITEMS);
	ASK(kit, "SELECT t.comment, c.comment FROM duckdb_tables() t JOIN duckdb_columns() c USING"
	    " (table_name) WHERE table_name = 'ITEMS' AND column_name = 'ID'", "mine|mine too");
	ASK(kit, "SELECT COUNT(*) FROM ITEMS", "1");
}

static void a_column_that_a_connector_gained_is_added(void **state)
{
	struct kit *kit = *state;
	struct table before = ITEMS;
	before.columns_n = ITEM_X;
	before.newest = before.cursor = -1;
	kit_prepare(kit, &before);
	kit_do(kit, "INSERT INTO ITEMS (ID) VALUES ('a')");
	kit_prepare(kit, &ITEMS);
	ASK(kit, "SELECT ID, X, OK, DOC, \"AT\" FROM ITEMS", "a|~|~|~|~");
	struct item items[] = {{"a", "A", 1, 10, "[]"}};
	LOAD(kit, &ITEMS, items, 100, "0 new, 1 changed");
	ASK(kit, "SELECT ID, X, OK, DOC, \"AT\" FROM ITEMS", "a|0.5|true|[]|1970-01-01 00:00:10");
}

static void a_table_in_lower_case_is_the_same_table(void **state)
{
	struct kit *kit = *state;
	struct item items[] = {{"a", "A", 1, 10, "[]"}};
	kit_do(kit, "CREATE TABLE items (id VARCHAR, name VARCHAR)");
	kit_prepare(kit, &ITEMS);
	LOAD(kit, &ITEMS, items, 100, "1 new, 0 changed");
	ASK(kit, "SELECT table_name FROM duckdb_tables() WHERE table_name ILIKE 'items'", "items");
}

static bool try_prepare(struct kit *kit, const struct table *table, struct err *reterr)
{
	return warehouse_prepare(kit->warehouse, &table, 1, reterr);
}

/* The older program's tables: everything named, nothing touched. */
static void columns_of_another_type_are_named_and_nothing_is_changed(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	kit_do(kit, "CREATE TABLE ITEMS (ID VARCHAR, \"AT\" VARCHAR, DOC VARCHAR, N INTEGER)");
	assert_false(try_prepare(kit, &ITEMS, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, "these columns have other types than firn writes; 'firn ddl"
			    " --migrate' prints what changes them: table 'ITEMS': N is INTEGER, not"
			    " BIGINT, DOC is VARCHAR, not JSON, AT is VARCHAR, not TIMESTAMP");
	ASK(kit, "SELECT COUNT(*) FROM duckdb_tables()", "1");
	ASK(kit, "SELECT COUNT(*) FROM duckdb_columns() WHERE NOT internal", "4");
}

static void a_view_in_the_place_of_a_table_is_not_written_to(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	kit_do(kit, "CREATE VIEW ITEMS AS SELECT 'a' AS ID");
	assert_false(try_prepare(kit, &ITEMS, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.text, "'ITEMS' is a view"));
}

static void a_column_that_would_hide_the_row_number_is_refused(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct column columns[ITEM_COLUMNS];
	struct table table = ITEMS;
	memcpy(columns, ITEM_COLUMN_LIST, sizeof columns);
	columns[ITEM_N].name = "ROWID";
	table.columns = columns;
	assert_false(try_prepare(kit, &table, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	kit_prepare(kit, &ITEMS);
	kit_do(kit, "ALTER TABLE ITEMS ADD COLUMN rowid INTEGER");
	assert_false(try_prepare(kit, &ITEMS, &err));
	assert_string_equal(err.text, "table 'ITEMS' has a column 'rowid', a name that DuckDB keeps"
			    " for itself");
}

static void two_streams_may_write_to_one_table(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct table narrow = ITEMS;
	const struct table *tables[] = {&narrow, &ITEMS};
	narrow.columns_n = ITEM_N;
	narrow.newest = narrow.cursor = -1;
	narrow.stream = "others";
	if (!warehouse_prepare(kit->warehouse, tables, 2, &err))
		fail_msg("%s", err.text);
	ASK(kit, "SELECT COUNT(*) FROM duckdb_columns() WHERE table_name = 'ITEMS'", "9");
}

/* --- state --- */

static void load_state(struct kit *kit, const char *pipeline)
{
	struct err err = {.kind = ERR_NONE};
	struct window_row windows[] = {{"a", "", 10, 20, 1, -1, 100}, {"a", "", 0, 10, 2, 2, 100},
				       {"b", "x", 0, 10, 3, 0, 100}};
	struct state_move moves[] = {{"a", "", STAMP_NONE, 0, 20}, {"b", "x", STAMP_NONE, 0, 10},
				     {"b", "y", STAMP_NONE, 0, STAMP_NONE}};
	struct commit commit = {.pipeline = pipeline, .windows = windows, .windows_n = 3,
				.moves = moves, .moves_n = 3};
	if (!warehouse_commit(kit->warehouse, &commit, &err))
		fail_msg("%s", err.text);
}

static struct state read_state(struct kit *kit, const char *pipeline)
{
	struct err err = {.kind = ERR_NONE};
	struct state state;
	if (!warehouse_read_state(kit->warehouse, pipeline, &state, &err))
		fail_msg("%s", err.text);
	return state;
}

static void state_is_read_as_it_was_written(void **state)
{
	struct kit *kit = *state;
	struct state empty = read_state(kit, "p"); /* no tables yet */
	assert_int_equal(empty.rows_n + empty.windows_n, 0);
	state_done(&empty);
	kit_prepare(kit, NULL);
	load_state(kit, "other");
	load_state(kit, "p");
	struct state found = read_state(kit, "p");
	assert_int_equal(found.rows_n, 3);
	assert_string_equal(found.rows[1].stream, "b");
	assert_string_equal(found.rows[1].part, "x");
	assert_int_equal(found.rows[1].watermark_us, 10);
	assert_int_equal(found.rows[1].generation, 1);
	assert_true(found.rows[2].watermark_us == STAMP_NONE);
	assert_int_equal(found.windows_n, 3);
	assert_int_equal(found.windows[0].from_us, 0); /* by stream, part, from */
	assert_int_equal(found.windows[0].rows_counted, 2);
	assert_int_equal(found.windows[1].rows_counted, -1);
	assert_int_equal(found.windows[2].rows_counted, 0);
	assert_int_equal(found.windows[2].completed_us, 100);
	state_done(&found);
	state_done(&found); /* twice is fine */
}

static void a_reset_forgets_and_goes_on_counting(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	const char *streams[] = {"a"};
	assert_true(warehouse_reset(kit->warehouse, "p", NULL, 0, &err)); /* nothing there: fine */
	kit_prepare(kit, NULL);
	load_state(kit, "p");
	load_state(kit, "other");
	assert_true(warehouse_reset(kit->warehouse, "p", streams, 1, &err));
	ASK(kit, "SELECT STREAM, PART, epoch_us(WATERMARK), GENERATION FROM FIRN_STATE WHERE"
	    " PIPELINE = 'p' ORDER BY ALL", "a||~|2;b|x|10|1;b|y|~|1");
	ASK(kit, "SELECT PIPELINE, COUNT(*) FROM FIRN_WINDOWS GROUP BY 1 ORDER BY 1",
	    "other|3;p|1");
	assert_true(warehouse_reset(kit->warehouse, "p", NULL, 0, &err));
	ASK(kit, "SELECT SUM(GENERATION) FROM FIRN_STATE WHERE PIPELINE = 'p'"
	    " AND WATERMARK IS NULL", "7");
	ASK(kit, "SELECT PIPELINE, COUNT(*) FROM FIRN_WINDOWS GROUP BY 1 ORDER BY 1", "other|3");
}

static void state_is_taken_over_only_where_there_is_none(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	bool any = true;
	assert_true(warehouse_rename(kit->warehouse, "old", "new", &any, &err));
	assert_false(any);
	kit_prepare(kit, NULL);
	any = true;
	assert_true(warehouse_rename(kit->warehouse, "old", "new", &any, &err));
	assert_false(any);
	load_state(kit, "old");
	load_state(kit, "busy");
	assert_false(warehouse_rename(kit->warehouse, "old", "busy", &any, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_true(warehouse_rename(kit->warehouse, "old", "new", &any, &err));
	assert_true(any);
	ASK(kit, "SELECT PIPELINE, COUNT(*) FROM FIRN_STATE GROUP BY 1 ORDER BY 1", "busy|3;new|3");
	ASK(kit, "SELECT PIPELINE, COUNT(*) FROM FIRN_WINDOWS GROUP BY 1 ORDER BY 1",
	    "busy|3;new|3");
}

static const struct CMUnitTest TESTS[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)
	TEST(what_cannot_be_opened_is_told_in_one_line),
	TEST(a_file_of_a_newer_duckdb_is_told_in_one_line),
	TEST(any_path_is_a_path),
	TEST(a_second_process_waits_for_the_first_and_names_it),
	TEST(waiting_ends_when_it_is_not_wanted_any_more),
	TEST(readers_read_side_by_side),
	TEST(what_a_crash_spilled_is_removed_and_nothing_else),
	TEST(tables_get_the_types_and_comments_of_the_manual),
	TEST(what_is_there_is_left_alone),
	TEST(a_column_that_a_connector_gained_is_added),
	TEST(a_table_in_lower_case_is_the_same_table),
	TEST(columns_of_another_type_are_named_and_nothing_is_changed),
	TEST(a_view_in_the_place_of_a_table_is_not_written_to),
	TEST(a_column_that_would_hide_the_row_number_is_refused),
	TEST(two_streams_may_write_to_one_table),
	TEST(state_is_read_as_it_was_written),
	TEST(a_reset_forgets_and_goes_on_counting),
	TEST(state_is_taken_over_only_where_there_is_none),
};

int main(void)
{
	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
