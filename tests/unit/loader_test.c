/* The loader's thread, with a real DuckDB file: jobs in their order, no more of them than there is
 * room for, one failure told once, an end at any moment. Goes under the thread sanitizer too. */
#include "run/loader.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/pulse.h"
#include "base/thread.h"

#include "unit/warehouse_kit.h"

static struct err err;

/* --- help --- */

struct bench {
	struct kit kit; /* its file, without its warehouse */
	struct loader *loader;
	struct monitor *monitor;
	bool held, opening; /* what `opened` waits for; that it waits */
	int opened_n, wakes_n;
	int64_t seq;
	struct pulse pulses[PULSES];
};

static void opened(void *user)
{
	struct bench *bench = user;
	monitor_enter(bench->monitor);
	bench->opened_n++;
	bench->opening = true;
	monitor_signal(bench->monitor);
	while (bench->held)
		monitor_wait(bench->monitor);
	monitor_leave(bench->monitor);
}

static void wake(void *user)
{
	struct bench *bench = user;
	monitor_enter(bench->monitor);
	bench->wakes_n++;
	monitor_signal(bench->monitor);
	monitor_leave(bench->monitor);
}

static void hold(struct bench *bench, bool held)
{
	monitor_enter(bench->monitor);
	bench->held = held;
	monitor_signal(bench->monitor);
	monitor_leave(bench->monitor);
}

static void start(struct bench *bench)
{
	static const struct table *const tables[] = {&ITEMS, &FIRN_REJECTED};
	struct loader_options options = {
		.warehouse = kit_options(&bench->kit), .tables = tables, .tables_n = 2,
		.opened = opened, .wake = wake, .user = bench,
		.caller = &bench->pulses[PULSE_LOOP],
	};
	options.warehouse.pulse = &bench->pulses[PULSE_LOADER];
	err = (struct err){0};
	if (!loader_start(&bench->loader, &options, &err))
		fail_msg("%s", err.text);
}

static int begin(void **state)
{
	static struct bench bench;
	bench = (struct bench){.opened_n = 0};
	snprintf(bench.kit.folder, sizeof bench.kit.folder, "/tmp/firn_test_XXXXXX");
	if (mkdtemp(bench.kit.folder) == NULL || !monitor_new(&bench.monitor, &err))
		return 1;
	snprintf(bench.kit.file, sizeof bench.kit.file, "%s/w.duckdb", bench.kit.folder);
	buf_init(&bench.kit.text, SQL_BYTES_MAX);
	kit_driver(bench.kit.driver);
	start(&bench);
	*state = &bench;
	return 0;
}

static int end(void **state)
{
	struct bench *bench = *state;
	loader_stop(bench->loader);
	monitor_free(bench->monitor);
	buf_done(&bench->kit.text);
	remove_folder(bench->kit.folder);
	return 0;
}

static struct rows *make_rows(struct bench *bench, int from, int n)
{
	struct batch *batch;
	struct rows *rows;
	struct cell cells[ITEM_COLUMNS];
	char id[16];
	assert_true(batch_new(&batch, &ITEMS, &err));
	for (int i = 0; i < n; i++) {
		snprintf(id, sizeof id, "id%d", from + i);
		item_cells(&(struct item){id, "x", i, 100, NULL}, cells);
		assert_true(batch_add_row(batch, cells, (struct span){NULL, 0}, bench->seq++,
					  &err));
	}
	assert_true(batch_seal(batch, &rows, &err));
	batch_free(batch);
	return rows;
}

static void stage(struct bench *bench, int from, int n)
{
	loader_stage(bench->loader, &ITEMS, make_rows(bench, from, n));
}

struct sent {
	struct loader_commit wrapped;
	struct table_merge merge;
};

static void commit(struct bench *bench, struct sent *sent, int64_t rows)
{
	sent->merge = (struct table_merge){.table = &ITEMS, .rows_staged = rows};
	sent->wrapped = (struct loader_commit){.commit = {
		.pipeline = "p", .load_timestamp_us = STAMP_SECOND, .merges = &sent->merge,
		.merges_n = rows > 0 ? 1 : 0,
	}};
	loader_commit(bench->loader, &sent->wrapped);
}

/* Waits for the next thing that is told, at most ten seconds; false: nothing came. */
static bool told(struct bench *bench, struct loader_commit **ret)
{
	int64_t until_ms = clock_mono_ms() + 10000;
	while (clock_mono_ms() < until_ms) {
		if (loader_poll(bench->loader, ret, &err))
			return true;
		clock_sleep_ms(1);
	}
	return false;
}

static bool count_items(struct warehouse *warehouse, void *user, struct err *reterr)
{
	return warehouse_count(warehouse, "ITEMS", user, reterr);
}

static int64_t items(struct bench *bench)
{
	int64_t n = -2;
	if (!loader_call(bench->loader, false, count_items, &n, &err))
		fail_msg("%s", err.text);
	return n;
}

/* --- the promises --- */

static void what_brings_nothing_does_not_touch_the_warehouse(void **state)
{
	struct bench *bench = *state;
	struct loader_commit *ended;
	assert_true(loader_has_room(bench->loader));
	assert_false(loader_committing(bench->loader));
	assert_false(loader_poll(bench->loader, &ended, &err));
	assert_null(loader_stop(bench->loader));
	bench->loader = NULL;
	assert_int_equal(bench->opened_n, 0);
	assert_false(file_exists(bench->kit.file));
}

static void jobs_are_done_in_the_order_in_which_they_were_put_in(void **state)
{
	struct bench *bench = *state;
	struct loader_commit *ended;
	struct sent sent;
	for (int i = 0; i < 20; i++) {
		stage(bench, 10 * i, 10);
		commit(bench, &sent, 10);
		assert_true(loader_committing(bench->loader));
		assert_int_equal(items(bench), 10 * (i + 1)); /* a call comes behind the commit */
		assert_true(loader_committing(bench->loader)); /* it was not told yet */
		assert_true(told(bench, &ended));
		assert_ptr_equal(ended, &sent.wrapped);
		assert_true(ended->done);
		assert_int_equal(sent.merge.inserted, 10);
		assert_false(loader_committing(bench->loader));
		assert_false(loader_poll(bench->loader, &ended, &err));
	}
	loader_stop(bench->loader);
	bench->loader = NULL;
	assert_int_equal(bench->opened_n, 1);
	assert_int_equal(bench->wakes_n, 60); /* after every job */
}

static void tables_are_made_ready_by_the_first_job_that_needs_them(void **state)
{
	struct bench *bench = *state;
	int64_t n = 0;
	assert_int_equal(items(bench), -1); /* a call that only looks makes no table */
	assert_true(loader_call(bench->loader, true, count_items, &n, &err));
	assert_int_equal(n, 0);
}

static void wait_until_opening(struct bench *bench)
{
	monitor_enter(bench->monitor);
	while (!bench->opening)
		monitor_wait(bench->monitor);
	monitor_leave(bench->monitor);
}

struct feeder {
	struct bench *bench;
	int batches;
	bool done;
};

static void feed(void *user)
{
	struct feeder *feeder = user;
	for (int i = 0; i < feeder->batches; i++)
		stage(feeder->bench, 10 * i, 10);
	monitor_enter(feeder->bench->monitor);
	feeder->done = true;
	monitor_leave(feeder->bench->monitor);
}

/* Whoever asks for room stays within it; whoever does not ask waits, and nothing is lost. */
static void a_busy_loader_has_no_room_and_what_comes_all_the_same_waits(void **state)
{
	struct bench *bench = *state;
	struct feeder feeder = {bench, 40, false};
	struct loader_commit *ended;
	struct thread *thread;
	struct sent sent;
	hold(bench, true);
	stage(bench, 1000, 10);
	wait_until_opening(bench);
	for (int i = 0; i < QUEUE_BATCHES_MAX; i++) {
		assert_true(loader_has_room(bench->loader));
		stage(bench, 2000 + 10 * i, 10);
	}
	assert_false(loader_has_room(bench->loader));
	assert_true(thread_start(&thread, feed, &feeder, &err));
	clock_sleep_ms(100);
	monitor_enter(bench->monitor);
	assert_false(feeder.done);
	monitor_leave(bench->monitor);
	hold(bench, false);
	thread_join(thread);
	commit(bench, &sent, 10 + 10 * QUEUE_BATCHES_MAX + 400);
	assert_true(told(bench, &ended));
	if (!ended->done)
		fail_msg("%s", ended->why.text);
	assert_int_equal(items(bench), 10 + 10 * QUEUE_BATCHES_MAX + 400);
	assert_true(loader_has_room(bench->loader));
}

static void break_the_file(struct bench *bench)
{
	assert_true(file_replace(bench->kit.file, SPAN("this is no DuckDB file at all ........"),
				 &err));
}

static void a_failure_drops_what_comes_behind_it_and_is_told_once(void **state)
{
	struct bench *bench = *state;
	struct loader_commit *ended = NULL;
	break_the_file(bench);
	for (int i = 0; i < 30; i++)
		stage(bench, 10 * i, 10);
	assert_true(told(bench, &ended));
	assert_null(ended);
	assert_non_null(strstr(err.text, "no DuckDB file"));
	assert_false(loader_poll(bench->loader, &ended, &err));
	assert_true(loader_has_room(bench->loader)); /* nobody waits for room that never comes */
	stage(bench, 0, 10);
	assert_false(loader_poll(bench->loader, &ended, &err));
}

/* The commit says why; that the batches before it failed is not told beside it. */
static void a_commit_behind_a_failure_carries_it(void **state)
{
	struct bench *bench = *state;
	struct loader_commit *ended = NULL;
	struct sent sent;
	break_the_file(bench);
	hold(bench, true);
	stage(bench, 0, 10);
	commit(bench, &sent, 10);
	hold(bench, false);
	assert_true(told(bench, &ended));
	if (ended == NULL) /* the batch failed before the commit was put in */
		assert_true(told(bench, &ended));
	assert_ptr_equal(ended, &sent.wrapped);
	assert_false(ended->done);
	assert_non_null(strstr(ended->why.text, "no DuckDB file"));
	assert_false(loader_poll(bench->loader, &ended, &err));
	assert_false(loader_committing(bench->loader));
	commit(bench, &sent, 10); /* and one that is put in later */
	assert_true(told(bench, &ended));
	assert_false(ended->done);
}

static void a_commit_that_fails_is_told_once_and_leaves_nothing(void **state)
{
	struct bench *bench = *state;
	struct loader_commit *ended;
	struct sent sent;
	int64_t n;
	stage(bench, 0, 10);
	commit(bench, &sent, 11); /* one more than is there */
	assert_true(told(bench, &ended));
	assert_ptr_equal(ended, &sent.wrapped);
	assert_false(ended->done);
	assert_non_null(strstr(ended->why.text, "11 rows should be staged"));
	assert_false(loader_poll(bench->loader, &ended, &err));
	assert_false(loader_call(bench->loader, false, count_items, &n, &err));
	assert_non_null(strstr(err.text, "11 rows should be staged"));
	loader_stop(bench->loader);
	start(bench);
	assert_int_equal(items(bench), 0);
}

static bool refuse(struct warehouse *warehouse, void *user, struct err *reterr)
{
	(void)warehouse;
	(void)user;
	return err_set(reterr, ERR_REMOTE, "no");
}

static void a_call_that_fails_is_told_to_its_caller_alone(void **state)
{
	struct bench *bench = *state;
	struct loader_commit *ended;
	assert_false(loader_call(bench->loader, false, refuse, NULL, &err));
	assert_string_equal(err.text, "no");
	assert_false(loader_poll(bench->loader, &ended, &err));
}

static void an_end_in_the_middle_drops_what_was_not_begun(void **state)
{
	struct bench *bench = *state;
	struct sent sent;
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 5; i++)
			stage(bench, 10 * i, 10);
		commit(bench, &sent, 50);
		if (round % 3 == 0)
			clock_sleep_ms(10 * round);
		struct loader_commit *left = loader_stop(bench->loader);
		assert_ptr_equal(left, &sent.wrapped); /* nobody was told how it ended */
		start(bench);
		int64_t n = items(bench);
		assert_true(n == -1 || n == 0 || n == 50);
		assert_true(!left->done || n == 50);
	}
}

static void the_file_is_free_once_the_loader_has_stopped(void **state)
{
	struct bench *bench = *state;
	struct sent sent;
	struct loader_commit *ended;
	stage(bench, 0, 10);
	commit(bench, &sent, 10);
	assert_true(told(bench, &ended));
	assert_null(loader_stop(bench->loader));
	bench->loader = NULL;
	kit_open(&bench->kit);
	ASK(&bench->kit, "SELECT count(*) FROM \"ITEMS\"", "10");
	kit_close(&bench->kit);
}

static void count_in_thread(void *user)
{
	struct bench *bench = user;
	assert_int_equal(items(bench), -1);
}

/* How long the watched are silent when the parent looks every second. */
static int64_t silence(struct pulse_watch *watch, const char **ret_doing)
{
	int64_t silent_ms = 0;
	for (int i = 0; i < 5; i++) {
		clock_sleep_ms(1);
		silent_ms = pulse_silent_ms(watch, watch->looked_ms + 1000, ret_doing);
	}
	return silent_ms;
}

/* Its caller, who waits for it, is not blamed; and while somebody else holds the file, and
 * between two jobs, nobody is. */
static void a_warehouse_that_hangs_is_felt(void **state)
{
	struct bench *bench = *state;
	struct pulse_watch watch;
	struct thread *thread;
	const char *doing;
	pulse_watch_begin(&watch, bench->pulses, 0);
	hold(bench, true);
	assert_true(thread_start(&thread, count_in_thread, bench, &err));
	wait_until_opening(bench);
	int64_t silent_ms = silence(&watch, &doing);
	hold(bench, false);
	thread_join(thread);
	assert_in_range(silent_ms, 4000, 5000);
	assert_string_equal(doing, "opening the warehouse");
	pulse_beat(&bench->pulses[PULSE_LOOP], "asking");
	uint64_t beats = bench->pulses[PULSE_LOADER].beats;
	assert_int_equal(items(bench), -1);
	/* One as the job began, one a statement at least, one as it rests. */
	assert_true(bench->pulses[PULSE_LOADER].beats >= beats + 3);
	int64_t until_ms = clock_mono_ms() + 10000;
	while (bench->pulses[PULSE_LOADER].doing != NULL && clock_mono_ms() < until_ms)
		clock_sleep_ms(1);
	assert_null(bench->pulses[PULSE_LOADER].doing);
	assert_non_null(bench->pulses[PULSE_LOOP].doing);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_brings_nothing_does_not_touch_the_warehouse),
		TEST(jobs_are_done_in_the_order_in_which_they_were_put_in),
		TEST(tables_are_made_ready_by_the_first_job_that_needs_them),
		TEST(a_busy_loader_has_no_room_and_what_comes_all_the_same_waits),
		TEST(a_failure_drops_what_comes_behind_it_and_is_told_once),
		TEST(a_commit_behind_a_failure_carries_it),
		TEST(a_commit_that_fails_is_told_once_and_leaves_nothing),
		TEST(a_call_that_fails_is_told_to_its_caller_alone),
		TEST(an_end_in_the_middle_drops_what_was_not_begun),
		TEST(a_warehouse_that_hangs_is_felt),
		TEST(the_file_is_free_once_the_loader_has_stopped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
