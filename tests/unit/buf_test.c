/* The growing buffer: its limit, its remembered failure, the NUL behind. Linked with --wrap for
 * malloc, calloc and realloc. */
#include "base/buf.h"

#include "fault_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void a_fresh_buffer_reads_as_empty_text(void **state)
{
	struct buf buf;
	(void)state;
	buf_init(&buf, 10);
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf_span(&buf).size, 0);
	buf_done(&buf);
}

static void a_nul_stands_behind_after_every_change(void **state)
{
	struct buf buf;
	(void)state;
	buf_init(&buf, 1000);
	buf_add_text(&buf, "abc");
	assert_string_equal(buf.data, "abc");
	buf_add_char(&buf, 'd');
	assert_string_equal(buf.data, "abcd");
	buf_add_span(&buf, SPAN("ef"));
	assert_string_equal(buf.data, "abcdef");
	buf_addf(&buf, "%d", 42);
	assert_string_equal(buf.data, "abcdef42");
	buf_cut(&buf, 2);
	assert_string_equal(buf.data, "ab");
	buf_clear(&buf);
	assert_string_equal(buf.data, "");
	buf_done(&buf);
}

static void exactly_the_limit_fits_and_one_more_does_not(void **state)
{
	for (size_t max = 0; max < 200; max++) {
		struct buf buf;
		struct err err = {0};
		(void)state;
		buf_init(&buf, max);
		for (size_t i = 0; i < max; i++)
			assert_true(buf_add_char(&buf, 'x'));
		assert_true(buf_ok(&buf, &err));
		assert_false(buf_add_char(&buf, 'x'));
		assert_int_equal(buf.size, max);
		assert_false(buf_ok(&buf, &err));
		assert_int_equal(err.kind, ERR_MEMORY);
		assert_non_null(strstr(err.text, "more than"));
		buf_done(&buf);
	}
}

/* The caller checks once, at the end: what came after a failure must not look as if all were
 * there. */
static void a_failure_is_remembered_and_later_adds_do_nothing(void **state)
{
	struct buf buf;
	struct err err = {0};
	(void)state;
	buf_init(&buf, 5);
	buf_add_text(&buf, "abc");
	assert_false(buf_add_text(&buf, "too long"));
	assert_false(buf_add_text(&buf, "d"));
	assert_string_equal(buf_text(&buf), "abc");
	assert_false(buf_ok(&buf, &err));
	assert_string_equal(err.text, "more than 5 bytes");
	assert_null(buf_take(&buf));
	assert_true(buf_add_text(&buf, "again"));
	buf_clear(&buf);
	assert_false(buf_add_text(&buf, "too long"));
	buf_clear(&buf);
	assert_true(buf_add_text(&buf, "d"));
	buf_done(&buf);
}

static void formatted_text_of_any_length_is_whole(void **state)
{
	char text[1000];
	(void)state;
	for (size_t size = 0; size < sizeof text; size += 7) {
		struct buf buf;
		memset(text, 'y', size);
		text[size] = '\0';
		buf_init(&buf, 2000);
		assert_true(buf_addf(&buf, "<%s>", text));
		assert_int_equal(buf.size, size + 2);
		assert_int_equal(buf_text(&buf)[size + 1], '>');
		buf_done(&buf);
	}
}

static void the_greatest_limit_is_no_trap(void **state)
{
	struct buf buf;
	(void)state;
	buf_init(&buf, SIZE_MAX);
	assert_true(buf_add_text(&buf, "abc"));
	assert_true(buf.room > 3);
	assert_string_equal(buf_text(&buf), "abc");
	buf_done(&buf);
}

static void bytes_taken_out_belong_to_the_taker(void **state)
{
	struct buf buf;
	(void)state;
	buf_init(&buf, 100);
	buf_add_text(&buf, "abc");
	char *taken = buf_take(&buf);
	assert_int_equal(buf.size, 0);
	assert_string_equal(taken, "abc");
	free(taken);
	taken = buf_take(&buf);
	assert_string_equal(taken, ""); /* of an empty one too: never NULL without a failure */
	free(taken);
	buf_done(&buf);
}

static void room_that_was_reserved_may_be_written(void **state)
{
	struct buf buf;
	(void)state;
	buf_init(&buf, 100);
	char *at = buf_reserve(&buf, 100);
	assert_non_null(at);
	assert_string_equal(buf_text(&buf), ""); /* nothing was written yet */
	memset(at, 'z', 100);
	buf.size = 100;
	assert_null(buf_reserve(&buf, 1));
	buf_done(&buf);
}

/* Goal: no failing allocation may lose what was there or go unnoticed. Method: fail the n-th,
 * n = 1, 2, ... until a run does not reach the n-th. */
static void growth_survives_every_failing_allocation(void **state)
{
	bool fired = true;
	(void)state;
	for (int n = 1; fired; n++) {
		struct buf buf;
		struct err err = {0};
		size_t kept = 0;
		buf_init(&buf, 100000);
		fault_arm(n);
		for (int i = 0; i < 2000 && buf_addf(&buf, "%08d", i); i++)
			kept = buf.size;
		bool done = buf_ok(&buf, &err);
		fired = fault_disarm();
		assert_int_equal(done, !fired);
		assert_int_equal(kept, buf.size);
		assert_int_equal(buf.size % 8, 0);
		if (!done)
			assert_string_equal(err.text, "out of memory");
		buf_done(&buf);
		assert_true(n < 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fresh_buffer_reads_as_empty_text),
		cmocka_unit_test(a_nul_stands_behind_after_every_change),
		cmocka_unit_test(exactly_the_limit_fits_and_one_more_does_not),
		cmocka_unit_test(a_failure_is_remembered_and_later_adds_do_nothing),
		cmocka_unit_test(formatted_text_of_any_length_is_whole),
		cmocka_unit_test(the_greatest_limit_is_no_trap),
		cmocka_unit_test(bytes_taken_out_belong_to_the_taker),
		cmocka_unit_test(room_that_was_reserved_may_be_written),
		cmocka_unit_test(growth_survives_every_failing_allocation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
