/* Windows of time: sets of intervals against a slow model, slices, and where a watermark goes. */
#include "run/window.h"

#include "base/bounds.h"
#include "base/stamp.h"
#include "fetch/retry.h"
#include "warehouse/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DAY STAMP_DAY
#define HOUR STAMP_HOUR

static struct err err;

/* --- a set of intervals, and a model of it: a mark for every unit of time --- */

enum { UNITS = 96, ROUNDS = 400, OPERATIONS = 40 };

static int64_t draw(struct retry_random *random, int64_t below)
{
	/* Its sequence is what is wanted here, not its meaning. */
	return retry_backoff_ms(random, 20) % below;
}

static void check_form(const struct intervals *set)
{
	for (size_t i = 0; i < set->n; i++) {
		assert_true(set->at[i].from_us < set->at[i].until_us);
		if (i > 0)
			assert_true(set->at[i - 1].until_us < set->at[i].from_us);
	}
}

static void check_marks(const struct intervals *set, const bool *marks)
{
	for (int64_t i = 0; i < UNITS; i++)
		assert_int_equal(intervals_cover(set, (struct interval){i, i + 1}), marks[i]);
}

static void check_questions(const struct intervals *set, const bool *marks,
			    struct retry_random *random)
{
	struct interval holes[UNITS];
	int64_t from = draw(random, UNITS), until = from + draw(random, UNITS - from + 1);
	int64_t end = from;
	size_t n = 0;
	bool all = true;
	for (int64_t i = from; i < until; i++)
		all &= marks[i];
	assert_int_equal(intervals_cover(set, (struct interval){from, until}), all);

	while (end < UNITS && marks[end])
		end++;
	assert_int_equal(intervals_run_end(set, from), end);

	size_t found = intervals_holes(set, (struct interval){from, until}, holes, UNITS);
	for (int64_t i = from; i < until; n++) {
		while (i < until && marks[i])
			i++;
		int64_t begin = i;
		while (i < until && !marks[i])
			i++;
		if (begin == i)
			break;
		assert_true(n < found);
		assert_int_equal(holes[n].from_us, begin);
		assert_int_equal(holes[n].until_us, i);
	}
	assert_int_equal(n, found);
	assert_int_equal(intervals_holes(set, (struct interval){from, until}, NULL, 0), found);
}

static void a_set_says_what_marks_on_paper_say(void **state)
{
	struct retry_random random = {20260331};
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct intervals set = {0};
		bool marks[UNITS + 1] = {false};
		for (int i = 0; i < OPERATIONS; i++) {
			int64_t from = draw(&random, UNITS);
			int64_t size = draw(&random, round % 2 == 0 ? 3 : 20);
			int64_t until = from + size < UNITS ? from + size : UNITS;
			assert_true(intervals_add(&set, (struct interval){from, until}, &err));
			for (int64_t k = from; k < until; k++)
				marks[k] = true;
			check_form(&set);
			check_marks(&set, marks);
			check_questions(&set, marks, &random);
		}
		intervals_done(&set);
	}
}

static void an_empty_or_reversed_interval_changes_nothing(void **state)
{
	struct intervals set = {0};
	(void)state;
	assert_true(intervals_add(&set, (struct interval){5, 5}, &err));
	assert_true(intervals_add(&set, (struct interval){9, 5}, &err));
	assert_int_equal(set.n, 0);
	assert_true(intervals_cover(&set, (struct interval){7, 7}));
	assert_false(intervals_cover(&set, (struct interval){7, 8}));
	assert_int_equal(intervals_run_end(&set, 7), 7);
	intervals_done(&set);
}

/* "begins there": a watermark stands at the end of what is complete, where no unit is marked. */
static void a_run_that_ends_where_it_is_asked_for_ends_there(void **state)
{
	struct intervals set = {0};
	(void)state;
	assert_true(intervals_add(&set, (struct interval){10, 20}, &err));
	assert_int_equal(intervals_run_end(&set, 10), 20);
	assert_int_equal(intervals_run_end(&set, 20), 20);
	assert_int_equal(intervals_run_end(&set, 9), 9);
	assert_int_equal(intervals_run_end(&set, 21), 21);
	intervals_done(&set);
}

static void of_many_holes_as_many_are_given_as_there_is_room_for(void **state)
{
	struct intervals set = {0};
	struct interval holes[2];
	(void)state;
	for (int64_t i = 0; i < 10; i++)
		assert_true(intervals_add(&set, (struct interval){10 * i, 10 * i + 5}, &err));
	assert_int_equal(intervals_holes(&set, (struct interval){0, 100}, holes, 2), 10);
	assert_int_equal(holes[1].from_us, 15);
	intervals_done(&set);
}

static void the_ends_of_time_do_not_overflow(void **state)
{
	struct intervals set = {0};
	(void)state;
	assert_true(intervals_add(&set, (struct interval){STAMP_MIN, 0}, &err));
	assert_true(intervals_add(&set, (struct interval){0, INT64_MAX}, &err));
	assert_int_equal(set.n, 1);
	assert_int_equal(intervals_run_end(&set, STAMP_MAX), INT64_MAX);
	intervals_done(&set);
}

/* --- slices --- */

static struct slices cut(int64_t from_us, int64_t until_us, int64_t step_us, bool aligned)
{
	struct slices slices;
	assert_true(slices_cut((struct interval){from_us, until_us}, step_us, aligned, &slices,
			       &err));
	return slices;
}

/* Every slice begins where the one before ends, none is empty or longer than a step. */
static void check_slices(const struct slices *slices, int64_t from_us, int64_t until_us,
			 int64_t step_us)
{
	int64_t at_us = from_us;
	for (size_t i = 0; i < slices->n; i++) {
		assert_int_equal(slices->at[i].from_us, at_us);
		assert_true(slices->at[i].until_us > at_us);
		assert_true(step_us <= 0 || slices->at[i].until_us - at_us <= step_us);
		at_us = slices->at[i].until_us;
	}
	assert_int_equal(at_us, until_us);
}

static void slices_fill_the_range_without_gap_or_overlap(void **state)
{
	struct retry_random random = {7};
	(void)state;
	for (int i = 0; i < 5000; i++) {
		int64_t from_us = (draw(&random, 400) - 200) * HOUR + draw(&random, 3);
		int64_t until_us = from_us + 1 + draw(&random, 300) * HOUR;
		int64_t step_us = 1 + draw(&random, 50) * HOUR / 2 + draw(&random, HOUR);
		for (int aligned = 0; aligned < 2; aligned++) {
			struct slices slices;
			if ((until_us - from_us) / step_us > 20000)
				continue;
			slices = cut(from_us, until_us, step_us, aligned == 1);
			check_slices(&slices, from_us, until_us, step_us);
			for (size_t k = 0; aligned == 1 && k + 1 < slices.n; k++)
				assert_int_equal(slices.at[k].until_us % step_us, 0);
			slices_done(&slices);
		}
	}
}

static void history_is_cut_from_its_own_begin(void **state)
{
	(void)state;
	struct slices slices = cut(6 * HOUR, 3 * DAY + 6 * HOUR, DAY, false);
	assert_int_equal(slices.n, 3);
	assert_int_equal(slices.at[0].until_us, DAY + 6 * HOUR);
	slices_done(&slices);
}

static void what_came_since_is_cut_at_days(void **state)
{
	(void)state;
	struct slices slices = cut(6 * HOUR, 2 * DAY + HOUR, DAY, true);
	assert_int_equal(slices.n, 3);
	assert_int_equal(slices.at[0].until_us, DAY);
	assert_int_equal(slices.at[2].from_us, 2 * DAY);
	assert_int_equal(slices.at[2].until_us, 2 * DAY + HOUR);
	slices_done(&slices);
	slices = cut(-6 * HOUR, HOUR, DAY, true); /* before 1970 too */
	assert_int_equal(slices.n, 2);
	assert_int_equal(slices.at[0].until_us, 0);
	slices_done(&slices);
}

static void without_a_step_the_range_is_one_slice(void **state)
{
	(void)state;
	struct slices slices = cut(0, 365 * DAY, 0, true);
	assert_int_equal(slices.n, 1);
	slices_done(&slices);
	slices = cut(5, 5, DAY, true);
	assert_int_equal(slices.n, 0);
	slices_done(&slices);
	slices = cut(5, 3, DAY, true);
	assert_int_equal(slices.n, 0);
	slices_done(&slices);
}

static void more_slices_than_the_bound_are_refused(void **state)
{
	struct slices slices;
	(void)state;
	slices = cut(0, (int64_t)WINDOWS_MAX * HOUR - 1, HOUR, false);
	assert_int_equal(slices.n, WINDOWS_MAX);
	slices_done(&slices);
	assert_false(slices_cut((struct interval){0, (int64_t)WINDOWS_MAX * HOUR + 1}, HOUR, false,
				&slices, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_null(slices.at);
}

static void no_range_of_the_calendar_overflows(void **state)
{
	struct slices slices;
	(void)state;
	assert_false(slices_cut((struct interval){STAMP_MIN, STAMP_MAX}, 1, true, &slices, &err));
	slices = cut(STAMP_MIN, STAMP_MAX, 0, true);
	assert_int_equal(slices.n, 1);
	slices_done(&slices);
	slices = cut(STAMP_MIN, STAMP_MAX, INT64_MAX / 2, true);
	check_slices(&slices, STAMP_MIN, STAMP_MAX, 0);
	slices_done(&slices);
}

/* --- the watermark --- */

static void a_watermark_goes_to_the_end_of_the_unbroken_run(void **state)
{
	struct intervals complete = {0};
	(void)state;
	assert_true(intervals_add(&complete, (struct interval){0, 10}, &err));
	assert_true(intervals_add(&complete, (struct interval){20, 30}, &err));
	assert_int_equal(watermark_after(&complete, 10, 0, 100), 10);
	assert_true(intervals_add(&complete, (struct interval){10, 20}, &err));
	assert_int_equal(watermark_after(&complete, 10, 0, 100), 30);
	intervals_done(&complete);
}

static void the_first_watermark_begins_at_the_oldest_moment_of_the_load(void **state)
{
	struct intervals complete = {0};
	(void)state;
	assert_int_equal(watermark_after(&complete, STAMP_NONE, 5, 100), STAMP_NONE);
	assert_true(intervals_add(&complete, (struct interval){20, 30}, &err));
	assert_int_equal(watermark_after(&complete, STAMP_NONE, 5, 100), STAMP_NONE);
	assert_true(intervals_add(&complete, (struct interval){5, 8}, &err));
	assert_int_equal(watermark_after(&complete, STAMP_NONE, 5, 100), 8);
	intervals_done(&complete);
}

static void an_older_range_loaded_later_never_moves_a_watermark(void **state)
{
	struct intervals complete = {0};
	(void)state;
	assert_true(intervals_add(&complete, (struct interval){50, 60}, &err));
	assert_true(intervals_add(&complete, (struct interval){10, 20}, &err));
	assert_int_equal(watermark_after(&complete, 60, 10, 100), 60);
	/* Also where it reaches up to what was there. */
	assert_true(intervals_add(&complete, (struct interval){20, 50}, &err));
	assert_int_equal(watermark_after(&complete, 60, 20, 100), 60);
	intervals_done(&complete);
}

/* A window that reaches ahead (a clock that was wrong when it was loaded) does not take it
 * there. */
static void a_watermark_is_never_ahead_of_the_clock_and_never_goes_back(void **state)
{
	struct intervals complete = {0};
	(void)state;
	assert_true(intervals_add(&complete, (struct interval){0, 90}, &err));
	assert_int_equal(watermark_after(&complete, STAMP_NONE, 0, 50), 50);
	assert_int_equal(watermark_after(&complete, 10, 0, 50), 50);
	assert_int_equal(watermark_after(&complete, 60, 0, 50), 60);
	assert_int_equal(watermark_after(&complete, STAMP_NONE, 60, 50), STAMP_NONE);
	intervals_done(&complete);
}

static void whatever_is_loaded_in_whatever_order_a_watermark_only_grows(void **state)
{
	struct retry_random random = {99};
	(void)state;
	for (int round = 0; round < 500; round++) {
		struct intervals complete = {0};
		int64_t watermark_us = STAMP_NONE, now_us = 40;
		for (int i = 0; i < 30; i++) {
			int64_t from = draw(&random, UNITS);
			struct interval one = {from, from + 1 + draw(&random, 12)};
			assert_true(intervals_add(&complete, one, &err));
			now_us += draw(&random, 4);
			int64_t after_us = watermark_after(&complete, watermark_us, from, now_us);
			assert_true(after_us >= watermark_us);
			assert_true(after_us <= now_us);
			if (watermark_us != STAMP_NONE)
				assert_true(intervals_cover(
					&complete, (struct interval){watermark_us, after_us}));
			watermark_us = after_us;
		}
		intervals_done(&complete);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_says_what_marks_on_paper_say),
		cmocka_unit_test(an_empty_or_reversed_interval_changes_nothing),
		cmocka_unit_test(a_run_that_ends_where_it_is_asked_for_ends_there),
		cmocka_unit_test(of_many_holes_as_many_are_given_as_there_is_room_for),
		cmocka_unit_test(the_ends_of_time_do_not_overflow),
		cmocka_unit_test(slices_fill_the_range_without_gap_or_overlap),
		cmocka_unit_test(history_is_cut_from_its_own_begin),
		cmocka_unit_test(what_came_since_is_cut_at_days),
		cmocka_unit_test(without_a_step_the_range_is_one_slice),
		cmocka_unit_test(more_slices_than_the_bound_are_refused),
		cmocka_unit_test(no_range_of_the_calendar_overflows),
		cmocka_unit_test(a_watermark_goes_to_the_end_of_the_unbroken_run),
		cmocka_unit_test(the_first_watermark_begins_at_the_oldest_moment_of_the_load),
		cmocka_unit_test(an_older_range_loaded_later_never_moves_a_watermark),
		cmocka_unit_test(a_watermark_is_never_ahead_of_the_clock_and_never_goes_back),
		cmocka_unit_test(whatever_is_loaded_in_whatever_order_a_watermark_only_grows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
