/* Power cuts, full disks, memory that does not suffice: all of a commit or nothing of it. */
#include "warehouse_kit.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

enum { ROWS = 2000 };

/* Commit number g brings ROWS new rows with N = g, makes those of g - 1 newer, adds window g and
 * moves the watermark to it. */
static bool commit_number(struct kit *kit, int64_t g, const char *doc, struct err *reterr)
{
	static char ids[2 * ROWS][48];
	static struct item items[2 * ROWS];
	for (int64_t i = 0; i < 2 * ROWS; i++) {
		int64_t of = i < ROWS ? g : g - 1;
		snprintf(ids[i], sizeof ids[i], "k%lld-%lld", (long long)of, (long long)i % ROWS);
		items[i] = (struct item){ids[i], i < ROWS ? "new" : "again", of, g * 10, doc};
	}
	size_t n = g == 1 ? ROWS : 2 * ROWS;
	struct table_merge merge = {.table = &ITEMS, .rows_staged = (int64_t)n};
	struct window_row window = {"items", "", g - 1, g, ROWS, ROWS, 0};
	struct state_move move = {"items", "", g == 1 ? STAMP_NONE : g - 1, g - 1, g};
	struct run_row run = {.run_id = "r", .stream = "items", .command = "run", .host = "h",
			      .version = "v", .ended_us = STAMP_NONE, .pages = g,
			      .window_from_us = STAMP_NONE, .window_until_us = STAMP_NONE};
	struct commit commit = {.pipeline = "p", .load_timestamp_us = g, .merges = &merge,
				.merges_n = 1, .windows = &window, .windows_n = 1, .moves = &move,
				.moves_n = 1, .runs = &run, .runs_n = 1};
	kit_stage_items(kit, &ITEMS, items, n);
	return warehouse_commit(kit->warehouse, &commit, reterr);
}

/* The generation that is there; everything else has to agree with it. */
static int64_t check_whole(struct kit *kit)
{
	char expected[256];
	ASK(kit, "SELECT COUNT(*) <= 1 FROM FIRN_STATE", "true");
	long long g = strtoll(kit_ask(kit, "SELECT COALESCE(MAX(GENERATION), 0) FROM FIRN_STATE"),
			      NULL, 10);
	snprintf(expected, sizeof expected, "%lld|%lld|%lld|%lld|%lld", g * ROWS, g * ROWS, g, g,
		 g);
	ASK(kit, "SELECT COUNT(*), COUNT(DISTINCT ID), COALESCE(MAX(N), 0),"
	    " (SELECT COUNT(*) FROM FIRN_WINDOWS), (SELECT COALESCE(MAX(PAGES), 0) FROM FIRN_RUNS)"
	    " FROM ITEMS", expected);
	snprintf(expected, sizeof expected, "%lld|%d", g > 0 ? (g - 1) * ROWS : 0,
		 g > 0 ? ROWS : 0);
	ASK(kit, "SELECT COUNT(*) FILTER (WHERE NAME = 'again'),"
	    " COUNT(*) FILTER (WHERE NAME = 'new') FROM ITEMS", expected);
	return g;
}

/* Says so when it begins. */
static void load_for_ever(const struct kit *parent, int begins)
{
	struct kit kit = *parent;
	struct err err = {.kind = ERR_NONE};
	struct state state;
	kit_open(&kit);
	kit_prepare(&kit, &ITEMS);
	if (!warehouse_read_state(kit.warehouse, "p", &state, &err))
		_exit(1);
	int64_t g = state.rows_n == 0 ? 0 : state.rows[0].generation;
	if (write(begins, "x", 1) != 1)
		_exit(3);
	for (;;) {
		if (!commit_number(&kit, ++g, "{\"some\":\"text\"}", &err))
			_exit(2);
	}
}

/* Goal: killed at any moment, a file holds whole commits. Method: kill a process that commits
 * without a pause, at random moments, and look; the next process goes on where that one ended. */
static void killed_at_any_moment_the_file_holds_whole_commits(void **state)
{
	struct kit *kit = *state;
	enum { KILLS = 25 };
	int64_t before = 0, moved = 0;
	int longest_ms = 120;
	srand(11);
	kit_prepare(kit, &ITEMS);
	for (int i = 0; i < KILLS; i++) {
		int status, begins[2];
		char byte;
		kit_close(kit);
		assert_int_equal(pipe(begins), 0);
		pid_t pid = fork();
		if (pid == 0)
			load_for_ever(kit, begins[1]);
		close(begins[1]);
		assert_int_equal(read(begins[0], &byte, 1), 1);
		close(begins[0]);
		clock_sleep_ms(rand() % longest_ms);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		kit_open(kit);
		int64_t now = check_whole(kit);
		assert_true(now >= before);
		moved += now > before;
		longest_ms += now == before ? longest_ms / 2 : 0; /* a slow machine */
		before = now;
	}
	assert_true(moved > KILLS / 3); /* else it was not killed among commits */
}

/* A file system of a few megabytes. Needs the right to mount one. */
static bool mount_small(const struct kit *kit, char folder[96], const char *size)
{
	char options[64];
	snprintf(folder, 96, "%s/small", kit->folder);
	snprintf(options, sizeof options, "size=%s", size);
	assert_int_equal(mkdir(folder, 0700), 0);
	return mount("tmpfs", folder, "tmpfs", 0, options) == 0;
}

static void a_full_disk_fails_the_commit_and_harms_nothing(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	char folder[96], text[600];
	int64_t g = 0;
	if (!mount_small(kit, folder, "6m")) {
		print_message("[ SKIPPED  ] cannot mount a tmpfs: %s\n", strerror(errno));
		skip();
	}
	kit_close(kit);
	snprintf(kit->file, sizeof kit->file, "%s/w.duckdb", folder);
	kit_open(kit);
	kit_prepare(kit, &ITEMS);
	for (;;) {
		/* Incompressible enough to fill it soon. */
		size_t size = (size_t)snprintf(text, sizeof text, "\"");
		while (size < 500)
			size += (size_t)snprintf(text + size, sizeof text - size, "%08x", rand());
		snprintf(text + size, sizeof text - size, "\"");
		if (!commit_number(kit, g + 1, text, &err))
			break;
		assert_true(++g < 1000);
	}
	if (err.kind != ERR_DISK)
		fail_msg("%d: %s", (int)err.kind, err.text);
	kit_close(kit);
	assert_int_equal(mount("tmpfs", folder, "tmpfs", MS_REMOUNT, "size=64m"), 0);
	kit_open(kit);
	assert_int_equal(check_whole(kit), g);
	assert_true(commit_number(kit, g + 1, "{}", &err));
	assert_int_equal(check_whole(kit), g + 1);
	kit_close(kit);
	assert_int_equal(umount(folder), 0);
	snprintf(kit->file, sizeof kit->file, "%s/w.duckdb", kit->folder);
}

/* --- many rows --- */

/* Rows from..until, `at` seconds; every `step`th only. */
static void load_many(struct kit *kit, int64_t until, int64_t step, int64_t at, const char *name,
		      int64_t expected_new)
{
	static char ids[BATCH_ROWS_MAX][32];
	static struct item items[BATCH_ROWS_MAX];
	struct err err = {.kind = ERR_NONE};
	size_t n = 0;
	int64_t staged = 0;
	for (int64_t i = 0; i < until; i += step) {
		snprintf(ids[n], sizeof ids[n], "key-%09lld", (long long)i);
		items[n] = (struct item){ids[n], name, i, at, NULL};
		staged++;
		if (++n == BATCH_ROWS_MAX || i + step >= until) {
			kit_stage_items(kit, &ITEMS, items, n);
			n = 0;
		}
	}
	struct table_merge merge = {.table = &ITEMS, .rows_staged = staged, .unique = true};
	if (!kit_try_commit(kit, &merge, at, &err))
		fail_msg("%s", err.text);
	assert_int_equal(merge.inserted, expected_new);
	assert_int_equal(merge.updated, staged - expected_new);
}

/* Versions that were replaced leave holes; where they are many, closing the file fills them. */
static void a_table_that_is_mostly_holes_is_written_anew(void **state)
{
	struct kit *kit = *state;
	enum { MANY = 380000 };
	kit_prepare(kit, &ITEMS);
	load_many(kit, MANY, 1, 10, "first", MANY);
	load_many(kit, MANY, 2, 20, "second", 0);
	ASK(kit, "SELECT COUNT(*), MAX(rowid) > 560000 FROM ITEMS", "380000|true");
	kit_reopen(kit);
	ASK(kit, "SELECT COUNT(*), COUNT(DISTINCT ID), MAX(rowid) + 1,"
	    " COUNT(*) FILTER (WHERE NAME = 'second') FROM ITEMS", "380000|380000|380000|190000");
}

/* In place every changed cell stays in memory until the commit: too much for the budget, and
 * still better done than not. */
static void a_commit_that_does_not_fit_gets_more_memory(void **state)
{
	struct kit *kit = *state;
	enum { MANY = 300000 };
	static char name[400];
	memset(name, 'x', sizeof name - 1);
	kit_prepare(kit, &ITEMS);
	kit_do(kit, "ALTER TABLE ITEMS ADD COLUMN note VARCHAR");
	load_many(kit, MANY, 1, 10, "first", MANY);
	load_many(kit, MANY, 1, 20, name, 0);
	ASK(kit, "SELECT COUNT(*), MIN(length(NAME)) FROM ITEMS", "300000|399");
	char usual[32]; /* as DuckDB says it: the budget is the usual one again */
	snprintf(usual, sizeof usual, "%.1f MiB", (double)(DUCKDB_LOAD_BYTES / (MIB / 10)) / 10);
	ASK(kit, "SELECT value FROM duckdb_settings() WHERE name = 'memory_limit'", usual);
}

static const struct CMUnitTest TESTS[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)
	TEST(killed_at_any_moment_the_file_holds_whole_commits),
	TEST(a_full_disk_fails_the_commit_and_harms_nothing),
	TEST(a_table_that_is_mostly_holes_is_written_anew),
	TEST(a_commit_that_does_not_fit_gets_more_memory),
};

int main(void)
{
	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
