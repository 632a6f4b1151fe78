/* The local copy of the state: what is written comes back, what is damaged does not, and no
 * failing disk harms the copy that was there. Linked with --wrap for the calls of fault_disk.h. */
#include "local_case.h"

#include "fault_disk.h"

/* --- writing and reading back --- */

static void what_was_saved_comes_back_whole(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct buf first, second;
	(void)state;
	struct local *local = open_usual(&folder);
	assert_true(local->fresh);
	fill(local);
	save(local);
	local_close(local);
	read_file(&folder, &first);

	local = open_usual(&folder);
	assert_false(local->fresh);
	assert_false(local->unsettled);
	const struct local_part *part = local_find(local, "users", "a/b");
	assert_int_equal(part->watermark_us, 9 * DAY);
	assert_int_equal(part->known_us, 8 * DAY);
	assert_int_equal(part->known_generation, 12);
	assert_int_equal(part->complete.n, 2);
	assert_int_equal(part->complete.at[0].from_us, -DAY);
	assert_int_equal(part->seen.n, 1);
	part = local_find(local, "none", "");
	assert_int_equal(part->watermark_us, STAMP_NONE);
	assert_int_equal(part->known_generation, 0);
	assert_null(local_find(local, "none", "x"));
	const struct local_stream *stream = local_find_stream(local, "users");
	assert_true(stream->has_run && stream->failure_seen);
	assert_string_equal(stream->last.error, "it said \"no\"\nand \x01");
	assert_int_equal(stream->last.window_until_us, STAMP_NONE);
	assert_int_equal(stream->last.outcome, OUTCOME_PARTIAL);
	assert_int_equal(stream->last.bytes, 11);
	assert_int_equal(local->runs_n, 2);
	assert_null(local->runs[1].error);
	assert_int_equal(local->findings_n, 2);
	assert_int_equal(local->findings[1].kind, FINDING_LOST);
	assert_int_equal(local->windows_n, 1);
	assert_string_equal(local->views, "digest");
	assert_string_equal(local->delivery.reason, "S3 is \"away\"");
	assert_true(local->delivery.failed_us == 88 && local->delivery.seen);

	save(local); /* and nothing is lost or added by going round once more */
	read_file(&folder, &second);
	assert_true(span_equal(buf_span(&first), buf_span(&second)));
	local_close(local);
	buf_done(&first);
	buf_done(&second);
	scratch_remove(&folder);
}

static void a_copy_that_is_missing_is_fresh_and_no_reason_is_given(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct err why;
	(void)state;
	struct local *local = open_copy(&folder, "p", "d", &why);
	assert_true(local->fresh);
	assert_int_equal(why.kind, ERR_NONE);
	assert_string_equal(local->views, "");
	local_close(local);
	scratch_remove(&folder);
}

/* Any bit of it may have been changed by hand or by a failing disk. */
static void a_copy_with_one_wrong_byte_is_taken_for_missing(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct err why;
	struct buf text;
	(void)state;
	struct local *local = open_usual(&folder);
	fill(local);
	save(local);
	local_close(local);
	read_file(&folder, &text);
	for (size_t i = 0; i < text.size; i++) {
		char right = text.data[i];
		text.data[i] = (char)(right ^ (1 << (i % 8)));
		write_file(&folder, buf_span(&text));
		local = open_copy(&folder, "p", "DuckDB /a.duckdb", &why);
		if (!local->fresh || why.kind == ERR_NONE)
			fail_msg("byte %zu of %zu: %c is taken for %c", i, text.size, text.data[i],
				 right);
		assert_int_equal(local->parts_n + local->streams_n + local->runs_n, 0);
		assert_non_null(strstr(why.text, "state.json"));
		local_close(local);
		text.data[i] = right;
	}
	for (size_t size = 0; size < text.size; size++) {
		write_file(&folder, (struct span){text.data, size});
		local = open_usual(&folder);
		assert_true(local->fresh);
		local_close(local);
	}
	buf_add_char(&text, '\n');
	write_file(&folder, buf_span(&text));
	local = open_usual(&folder);
	assert_true(local->fresh);
	local_close(local);
	buf_done(&text);
	scratch_remove(&folder);
}

static void a_copy_of_something_else_is_not_used(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct err why;
	(void)state;
	struct local *local = open_usual(&folder);
	fill(local);
	save(local);
	local_close(local);
	local = open_copy(&folder, "p", "DuckDB /b.duckdb", &why);
	assert_true(local->fresh);
	assert_int_equal(local->parts_n, 0);
	assert_non_null(strstr(why.text, "destination"));
	local_close(local);
	local = open_copy(&folder, "q", "DuckDB /a.duckdb", &why);
	assert_true(local->fresh);
	assert_non_null(strstr(why.text, "another pipeline"));
	local_close(local);
	scratch_remove(&folder);
}

/* A fresh copy knows nothing: saved before the warehouse was asked, it must not be trusted. */
static void a_fresh_copy_that_is_saved_still_has_to_ask_the_warehouse(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct err why;
	(void)state;
	struct local *local = open_usual(&folder);
	save(local);
	local_close(local);
	local = open_copy(&folder, "p", "DuckDB /a.duckdb", &why);
	assert_true(local->fresh || local->unsettled);
	local_close(local);
	scratch_remove(&folder);
}

static void no_failing_disk_harms_the_copy_that_was_there(void **state)
{
	bool fired = true;
	(void)state;
	for (int n = 1; fired; n++) {
		struct scratch folder = scratch_make(__LINE__);
		struct local *local = open_usual(&folder);
		fill(local);
		save(local);
		local_stream(local, "users")->rows = 456;

		fault_arm(n);
		bool done = local_save(local, &err);
		fired = fault_disarm();
		local_close(local);

		assert_int_equal(done, !fired);
		local = open_usual(&folder);
		assert_false(local->fresh);
		int64_t rows = local_find_stream(local, "users")->rows;
		assert_true(rows == 456 || (!done && rows == 123));
		if (!done) {
			assert_int_equal(err.kind, ERR_DISK);
			assert_non_null(strstr(err.text, "state copy"));
		}
		local_close(local);
		assert_int_equal(scratch_remove(&folder), 1);
	}
}

static void a_copy_that_cannot_be_read_is_fresh_with_the_reason(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct scratch path = scratch_at(&folder, "state.json");
	struct err why;
	(void)state;
	assert_int_equal(mkdir(path.path, 0700), 0); /* nobody can read a folder, not even root */
	struct local *local = open_copy(&folder, "p", "d", &why);
	assert_true(local->fresh);
	assert_true(why.kind != ERR_NONE);
	local_close(local);
	rmdir(path.path);
	scratch_remove(&folder);
}

/* --- what waits for the next load --- */

static void empty_windows_that_touch_are_one(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	(void)state;
	struct local *local = open_usual(&folder);
	for (int64_t i = 0; i < 10; i++) {
		struct window_row day = window("users", i * DAY, (i + 1) * DAY, 0);
		struct window_row again = window("users", i * DAY, i * DAY + DAY / 2, 0);
		assert_true(local_add_window(local, &day, &err));
		assert_true(local_add_window(local, &again, &err));
	}
	assert_int_equal(local->windows_n, 1);
	assert_int_equal(local->windows[0].from_us, 0);
	assert_int_equal(local->windows[0].until_us, 10 * DAY);
	struct window_row apart = window("users", 11 * DAY, 12 * DAY, 0);
	struct window_row full = window("users", 10 * DAY, 11 * DAY, 3);
	struct window_row other = window("calls", 10 * DAY, 11 * DAY, 0);
	assert_true(local_add_window(local, &apart, &err));
	assert_true(local_add_window(local, &full, &err));
	assert_true(local_add_window(local, &other, &err));
	assert_int_equal(local->windows_n, 4);
	local_close(local);
	scratch_remove(&folder);
}

/* A source that is asked for years while the warehouse is not needed: the list stays short. */
static void the_oldest_run_rows_go_when_there_are_too_many(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	char id[32];
	(void)state;
	struct local *local = open_usual(&folder);
	for (int i = 0; i < RUNS_PENDING_MAX + 5; i++) {
		snprintf(id, sizeof id, "run%d", i);
		struct run_row row = run(id, "users");
		assert_true(local_add_run(local, &row, &err));
	}
	assert_int_equal(local->runs_n, RUNS_PENDING_MAX);
	assert_string_equal(local->runs[0].run_id, "run5");
	local_close(local);
	scratch_remove(&folder);
}

/* --- what the warehouse says --- */

static void the_warehouse_knows_better_but_what_was_not_sent_stays(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct state_row rows[] = {{"users", "a/b", 5 * DAY, 30}, {"new", "", STAMP_NONE, 2}};
	struct window_row windows[] = {{"users", "a/b", 4 * DAY, 5 * DAY, 1, 1, 0}};
	struct state known = {.rows = rows, .rows_n = 2, .windows = windows, .windows_n = 1};
	(void)state;
	struct local *local = open_usual(&folder);
	fill(local);
	local->unsettled = true;
	struct window_row kept = {"users", "a/b", 7 * DAY, 8 * DAY, 0, 0, 0};
	assert_true(local_add_window(local, &kept, &err));
	assert_true(local_adopt(local, &known, &err));
	const struct local_part *part = local_find(local, "users", "a/b");
	assert_int_equal(part->watermark_us, 5 * DAY);
	assert_int_equal(part->known_us, 5 * DAY);
	assert_int_equal(part->known_generation, 30);
	assert_int_equal(part->complete.n, 2);
	assert_true(intervals_cover(&part->complete, (struct interval){7 * DAY, 8 * DAY}));
	assert_int_equal(local_find(local, "new", "")->known_generation, 2);
	assert_false(local->unsettled || local->fresh);
	assert_int_equal(local->runs_n, 2);
	assert_int_equal(local->findings_n, 2);
	local_close(local);
	scratch_remove(&folder);
}

static void a_part_that_the_warehouse_does_not_know_begins_anew(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct state nothing = {0};
	(void)state;
	struct local *local = open_usual(&folder);
	fill(local);
	local->windows_n = 0;
	assert_true(local_adopt(local, &nothing, &err));
	const struct local_part *part = local_find(local, "users", "a/b");
	assert_int_equal(part->watermark_us, STAMP_NONE);
	assert_int_equal(part->known_generation, 0);
	assert_int_equal(part->complete.n, 0);
	local_close(local);
	scratch_remove(&folder);
}

static void a_reset_forgets_what_it_names_but_not_the_generations(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	const char *const streams[] = {"users"};
	(void)state;
	struct local *local = open_usual(&folder);
	fill(local);
	local_part(local, "calls", "")->watermark_us = DAY;
	local_stream(local, "calls")->rejected = 3;
	struct finding other = fewer("calls", 1, 2);
	assert_true(local_add_finding(local, &other, &err));
	local_reset(local, streams, 1);
	const struct local_part *part = local_find(local, "users", "a/b");
	assert_int_equal(part->watermark_us, STAMP_NONE);
	assert_int_equal(part->complete.n, 0);
	assert_int_equal(part->seen.n, 0);
	assert_int_equal(part->known_generation, 12);
	assert_int_equal(local_find_stream(local, "users")->rescued, 0);
	assert_int_equal(local->windows_n, 0);
	assert_int_equal(local->findings_n, 1);
	assert_int_equal(local_find(local, "calls", "")->watermark_us, DAY);
	assert_int_equal(local_find_stream(local, "calls")->rejected, 3);
	local_reset(local, NULL, 0);
	assert_int_equal(local_find(local, "calls", "")->watermark_us, STAMP_NONE);
	assert_int_equal(local->findings_n, 0);
	local_close(local);
	scratch_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_saved_comes_back_whole),
		cmocka_unit_test(a_copy_that_is_missing_is_fresh_and_no_reason_is_given),
		cmocka_unit_test(a_copy_with_one_wrong_byte_is_taken_for_missing),
		cmocka_unit_test(a_copy_of_something_else_is_not_used),
		cmocka_unit_test(a_fresh_copy_that_is_saved_still_has_to_ask_the_warehouse),
		cmocka_unit_test(no_failing_disk_harms_the_copy_that_was_there),
		cmocka_unit_test(a_copy_that_cannot_be_read_is_fresh_with_the_reason),
		cmocka_unit_test(empty_windows_that_touch_are_one),
		cmocka_unit_test(the_oldest_run_rows_go_when_there_are_too_many),
		cmocka_unit_test(the_warehouse_knows_better_but_what_was_not_sent_stays),
		cmocka_unit_test(a_part_that_the_warehouse_does_not_know_begins_anew),
		cmocka_unit_test(a_reset_forgets_what_it_names_but_not_the_generations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
