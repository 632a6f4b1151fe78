/* The set of keys that came. */
#include "run/keyset.h"

#include "base/bounds.h"
#include "fetch/retry.h"

#include "fault_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct err err;

static bool add(struct keyset *set, uint64_t hash)
{
	bool is_new = false;
	assert_true(keyset_add(set, hash, &is_new, &err));
	return is_new;
}

/* 0 marks a free slot, so it has a way of its own. */
static void every_key_is_new_once_zero_too(void **state)
{
	struct keyset set = {0};
	(void)state;
	for (uint64_t i = 0; i < 10000; i++)
		assert_true(add(&set, i << 32));
	assert_int_equal(set.n, 10000);
	for (uint64_t i = 0; i < 10000; i++)
		assert_false(add(&set, i << 32));
	assert_int_equal(set.n, 10000);
	keyset_done(&set);
}

/* Hashes that differ in one half only must not all fall into one place. */
static void hashes_that_look_alike_are_told_apart(void **state)
{
	struct keyset set = {0};
	(void)state;
	for (uint64_t i = 0; i < 64; i++)
		assert_true(add(&set, UINT64_C(1) << i));
	for (uint64_t i = 0; i < 64; i++)
		assert_true(add(&set, ~(UINT64_C(1) << i)));
	assert_int_equal(set.n, 128);
	keyset_done(&set);
}

static void a_cleared_set_is_empty_and_keeps_its_memory(void **state)
{
	struct keyset set = {0};
	(void)state;
	keyset_clear(&set);
	for (uint64_t i = 0; i < 3000; i++)
		assert_true(add(&set, i));
	size_t room = set.room;
	keyset_clear(&set);
	assert_int_equal(set.n, 0);
	assert_int_equal(set.room, room);
	for (uint64_t i = 0; i < 3000; i++)
		assert_true(add(&set, i));
	keyset_done(&set);
	assert_null(set.slots);
}

/* What was not looked at may be new: whoever counts must count rows then. */
static void a_full_set_says_so_and_takes_everything_for_new(void **state)
{
	struct keyset set = {0};
	(void)state;
	for (uint64_t i = 1; i <= KEYS_MAX; i++)
		assert_true(add(&set, i * UINT64_C(0x9E3779B97F4A7C15)));
	assert_int_equal(set.n, KEYS_MAX);
	assert_false(set.full);
	assert_true(add(&set, UINT64_C(0x9E3779B97F4A7C15)));
	assert_true(set.full);
	keyset_clear(&set);
	assert_false(set.full);
	keyset_done(&set);
}

static void without_memory_nothing_of_it_is_lost(void **state)
{
	struct keyset set = {0};
	bool is_new, fired = false;
	(void)state;
	for (uint64_t i = 1; i <= 5000; i++) {
		fault_arm(1);
		bool done = keyset_add(&set, i, &is_new, &err);
		if (fault_disarm()) {
			fired = true;
			assert_false(done);
			assert_int_equal(err.kind, ERR_MEMORY);
			assert_true(add(&set, i));
		}
	}
	assert_true(fired);
	assert_int_equal(set.n, 5000);
	keyset_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_new_once_zero_too),
		cmocka_unit_test(hashes_that_look_alike_are_told_apart),
		cmocka_unit_test(a_cleared_set_is_empty_and_keeps_its_memory),
		cmocka_unit_test(a_full_set_says_so_and_takes_everything_for_new),
		cmocka_unit_test(without_memory_nothing_of_it_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
