/* Waiting before another try: how long, and how much of a run. */
#include "fetch/retry.h"

#include "base/bounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Both ends must be reached, and the middle be where it belongs: full jitter is uniform. */
static void waits_are_drawn_evenly_from_nothing_to_a_limit_that_doubles(void **state)
{
	enum { DRAWS = 20000 };
	(void)state;
	struct retry_random random = {42};
	int64_t limit_ms = BACKOFF_BASE_MS;
	for (int failures = 1; failures <= 12; failures++) {
		int64_t least = INT64_MAX, most = 0, sum = 0;
		for (int i = 0; i < DRAWS; i++) {
			int64_t wait_ms = retry_backoff_ms(&random, failures);
			assert_true(wait_ms >= 0 && wait_ms <= limit_ms);
			least = wait_ms < least ? wait_ms : least;
			most = wait_ms > most ? wait_ms : most;
			sum += wait_ms;
		}
		if (failures == 1)
			assert_true(least == 0 && most == limit_ms);
		assert_true(least < limit_ms / 500 + 1);
		assert_true(most > limit_ms - limit_ms / 500 - 1);
		assert_true(sum / DRAWS > limit_ms * 48 / 100 && sum / DRAWS < limit_ms * 52 / 100);
		limit_ms = limit_ms * 2 < BACKOFF_CAP_MS ? limit_ms * 2 : BACKOFF_CAP_MS;
	}
	assert_int_equal(limit_ms, BACKOFF_CAP_MS);
}

static void any_number_of_failures_has_a_limit(void **state)
{
	(void)state;
	struct retry_random random = {0};
	for (int i = 0; i < 1000; i++) {
		int64_t wait_ms = retry_backoff_ms(&random, INT32_MAX);
		assert_true(wait_ms >= 0 && wait_ms <= BACKOFF_CAP_MS);
	}
}

static void one_seed_gives_one_sequence_and_two_seeds_two(void **state)
{
	(void)state;
	struct retry_random a = {7}, b = {7}, c = {8};
	int differ = 0;
	for (int i = 0; i < 100; i++) {
		int64_t wait_ms = retry_backoff_ms(&a, 6);
		assert_int_equal(wait_ms, retry_backoff_ms(&b, 6));
		differ += wait_ms != retry_backoff_ms(&c, 6);
	}
	assert_true(differ > 90);
}

static void a_budget_grants_what_fits_and_spends_nothing_on_what_does_not(void **state)
{
	(void)state;
	struct retry_budget budget = {.total_ms = 1000};
	assert_int_equal(retry_budget_left_ms(&budget, 0), 1000);
	assert_false(retry_budget_take(&budget, 0, 1001));
	assert_int_equal(budget.spent_ms, 0);
	assert_true(retry_budget_take(&budget, 0, 400));
	assert_true(retry_budget_take(&budget, 400, 0));
	assert_false(retry_budget_take(&budget, 400, 601));
	assert_true(retry_budget_take(&budget, 400, 600));
	assert_int_equal(budget.spent_ms, 1000);
	assert_int_equal(retry_budget_left_ms(&budget, 5000), 0);
	assert_false(retry_budget_take(&budget, 5000, 1));
	assert_true(retry_budget_take(&budget, 5000, 0));
}

/* Four streams that wait for the same host at the same time cost the run that time once. */
static void waits_that_overlap_count_once(void **state)
{
	(void)state;
	struct retry_budget budget = {.total_ms = 100};
	for (int i = 0; i < 4; i++)
		assert_true(retry_budget_take(&budget, 1000 + i, 60));
	assert_int_equal(budget.spent_ms, 63);
	assert_true(retry_budget_take(&budget, 1010, 20));
	assert_int_equal(budget.spent_ms, 63);
	assert_int_equal(retry_budget_left_ms(&budget, 1033), 30 + 37);
	assert_false(retry_budget_take(&budget, 1033, 68));
	assert_true(retry_budget_take(&budget, 1033, 67));
	assert_int_equal(budget.spent_ms, 100);
}

static void no_budget_grants_no_wait_of_any_length(void **state)
{
	(void)state;
	struct retry_budget budget = {0};
	assert_true(retry_budget_take(&budget, INT64_MAX / 2, 0));
	assert_false(retry_budget_take(&budget, INT64_MAX / 2, 1));
	assert_false(retry_budget_take(&budget, 1, INT64_MAX / 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_are_drawn_evenly_from_nothing_to_a_limit_that_doubles),
		cmocka_unit_test(any_number_of_failures_has_a_limit),
		cmocka_unit_test(one_seed_gives_one_sequence_and_two_seeds_two),
		cmocka_unit_test(a_budget_grants_what_fits_and_spends_nothing_on_what_does_not),
		cmocka_unit_test(waits_that_overlap_count_once),
		cmocka_unit_test(no_budget_grants_no_wait_of_any_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
