/* Rows a day of each stream: counted, bounded, kept. */
#include "run/local.h"

#include "base/bounds.h"
#include "base/file.h"
#include "base/stamp.h"

#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define DAY STAMP_DAY

static void rows_of_one_day_are_added_up(void **state)
{
	struct local_stream stream = {0};
	(void)state;
	local_note_rows(&stream, 10 * DAY, 1);
	local_note_rows(&stream, 11 * DAY - 1, 2);
	local_note_rows(&stream, 11 * DAY, 4);
	local_note_rows(&stream, 12 * DAY, 0);
	assert_int_equal(stream.days_n, 2);
	assert_int_equal(stream.days[0].day, 10);
	assert_int_equal(stream.days[0].rows, 3);
	assert_int_equal(stream.days[1].day, 11);
	assert_int_equal(stream.days[1].rows, 4);
}

static void a_clock_that_was_set_back_adds_to_an_older_day(void **state)
{
	struct local_stream stream = {0};
	(void)state;
	local_note_rows(&stream, 10 * DAY, 1);
	local_note_rows(&stream, 12 * DAY, 2);
	local_note_rows(&stream, 11 * DAY, 3);
	local_note_rows(&stream, 10 * DAY, 4);
	local_note_rows(&stream, -1, 5);
	assert_int_equal(stream.days_n, 4);
	for (int64_t i = 1; i < 4; i++)
		assert_int_equal(stream.days[i].day, 9 + i);
	assert_int_equal(stream.days[0].day, -1);
	assert_int_equal(stream.days[1].rows, 5);
}

static void only_the_newest_days_are_kept(void **state)
{
	struct local_stream stream = {0};
	(void)state;
	for (int64_t day = 0; day < 2 * HISTORY_DAYS_MAX; day++)
		local_note_rows(&stream, 2 * day * DAY, day + 1);
	assert_int_equal(stream.days_n, HISTORY_DAYS_MAX);
	assert_int_equal(stream.days[0].day, 2 * HISTORY_DAYS_MAX);
	local_note_rows(&stream, DAY, 1); /* older than all */
	assert_int_equal(stream.days[0].day, 2 * HISTORY_DAYS_MAX);
	local_note_rows(&stream, (2 * HISTORY_DAYS_MAX + 1) * DAY, 7); /* between */
	assert_int_equal(stream.days_n, HISTORY_DAYS_MAX);
	assert_int_equal(stream.days[0].day, 2 * HISTORY_DAYS_MAX + 1);
	assert_int_equal(stream.days[0].rows, 7);
	assert_int_equal(stream.days[1].day, 2 * HISTORY_DAYS_MAX + 2);
}

static void days_come_back_from_disk(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct local *local = NULL;
	struct err why = {0}, err;
	(void)state;
	assert_true(local_open(&local, folder.path, "p", "d", &why, &err));
	struct local_stream *stream = local_stream(local, "users");
	assert_non_null(stream);
	local_note_rows(stream, 3 * DAY, 30);
	local_note_rows(stream, 5 * DAY, 50);
	assert_true(local_save(local, &err));
	local_close(local);
	assert_true(local_open(&local, folder.path, "p", "d", &why, &err));
	const struct local_stream *read = local_find_stream(local, "users");
	assert_non_null(read);
	assert_int_equal(read->days_n, 2);
	assert_int_equal(read->days[0].day, 3);
	assert_int_equal(read->days[1].rows, 50);
	local_close(local);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_one_day_are_added_up),
		cmocka_unit_test(a_clock_that_was_set_back_adds_to_an_older_day),
		cmocka_unit_test(only_the_newest_days_are_kept),
		cmocka_unit_test(days_come_back_from_disk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
