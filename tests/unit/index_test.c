/* Positions are found again by their hash, however many there are and whatever shares a hash. */
#include "run/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MANY = 100000 };

static void every_position_is_found_by_its_hash(void **state)
{
	struct index index = {0};
	(void)state;
	for (size_t i = 0; i < MANY; i++)
		assert_true(index_add(&index, i * 64, i)); /* low bits are all alike */
	for (size_t i = 0; i < MANY; i++) {
		size_t step = 0, at = MANY;
		assert_true(index_next(&index, i * 64, &step, &at));
		assert_int_equal(at, i);
		assert_false(index_next(&index, i * 64, &step, &at));
		step = 0;
		assert_false(index_next(&index, i * 64 + 1, &step, &at));
	}
	index_done(&index);
}

static void those_that_share_a_hash_are_all_told(void **state)
{
	struct index index = {0};
	size_t step = 0, at, sum = 0, n = 0;
	(void)state;
	for (size_t i = 0; i < 100; i++)
		assert_true(index_add(&index, i % 2 == 0 ? 7 : 8, i));
	while (index_next(&index, 7, &step, &at)) {
		assert_int_equal(at % 2, 0);
		sum += at;
		n++;
	}
	assert_int_equal(n, 50);
	assert_int_equal(sum, 2450);
	index_done(&index);
}

static void an_empty_or_cleared_one_holds_nothing(void **state)
{
	struct index index = {0};
	size_t step = 0, at;
	(void)state;
	assert_false(index_next(&index, 0, &step, &at));
	assert_true(index_add(&index, 0, 3));
	index_clear(&index);
	step = 0;
	assert_false(index_next(&index, 0, &step, &at));
	assert_true(index_add(&index, 0, 4));
	step = 0;
	assert_true(index_next(&index, 0, &step, &at));
	assert_int_equal(at, 4);
	index_done(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_position_is_found_by_its_hash),
		cmocka_unit_test(those_that_share_a_hash_are_all_told),
		cmocka_unit_test(an_empty_or_cleared_one_holds_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
