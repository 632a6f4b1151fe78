/* Signs of life of a child: what is silent, for how long, and what is not called silence. */
#include "base/pulse.h"

#include "base/bounds.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { LOOK_MS = 1000 };

struct bench {
	struct pulse pulses[PULSES];
	struct pulse_watch watch;
	int64_t now_ms;
	const char *doing;
};

static void begin(struct bench *bench)
{
	*bench = (struct bench){.now_ms = 5000};
	pulse_watch_begin(&bench->watch, bench->pulses, bench->now_ms);
}

/* After so many looks, one each second. */
static int64_t after(struct bench *bench, int looks)
{
	int64_t silent_ms = 0;
	for (int i = 0; i < looks; i++) {
		bench->now_ms += LOOK_MS;
		silent_ms = pulse_silent_ms(&bench->watch, bench->now_ms, &bench->doing);
	}
	return silent_ms;
}

static void a_beat_ends_a_silence_and_what_was_done_is_known(void **state)
{
	struct bench bench;
	(void)state;
	begin(&bench);
	pulse_beat(&bench.pulses[PULSE_LOOP], "asking");
	assert_int_equal(after(&bench, 1), 0);
	assert_int_equal(after(&bench, 7), 7 * LOOK_MS);
	assert_string_equal(bench.doing, "asking");
	pulse_again(&bench.pulses[PULSE_LOOP]);
	assert_int_equal(after(&bench, 1), 0);
	assert_string_equal(bench.doing, "asking");
}

/* The loop goes on asking while the loader's statement never comes back; and it waits for it. */
static void a_thread_that_hangs_is_not_hidden_by_the_other_one(void **state)
{
	struct bench bench;
	(void)state;
	begin(&bench);
	pulse_beat(&bench.pulses[PULSE_LOADER], "merging");
	(void)after(&bench, 1);
	for (int i = 1; i <= 5; i++) {
		pulse_beat(&bench.pulses[PULSE_LOOP], "asking");
		assert_int_equal(after(&bench, 1), i * LOOK_MS);
		assert_string_equal(bench.doing, "merging");
	}
	pulse_rest(&bench.pulses[PULSE_LOOP]);
	assert_int_equal(after(&bench, 5), 10 * LOOK_MS);
	assert_string_equal(bench.doing, "merging");
}

static void rest_is_no_silence_unless_all_are_at_rest(void **state)
{
	struct bench bench;
	(void)state;
	begin(&bench);
	pulse_beat(&bench.pulses[PULSE_LOADER], "merging");
	pulse_rest(&bench.pulses[PULSE_LOADER]);
	for (int i = 0; i < 5; i++) {
		pulse_beat(&bench.pulses[PULSE_LOOP], "asking");
		assert_int_equal(after(&bench, 1), 0);
	}
	pulse_rest(&bench.pulses[PULSE_LOOP]);
	assert_int_equal(after(&bench, 1), 0);
	assert_int_equal(after(&bench, 5), 5 * LOOK_MS);
	assert_null(bench.doing);
}

/* Stopped with its child, or on a machine that slept. */
static void what_the_parent_did_not_see_is_no_silence(void **state)
{
	struct bench bench;
	(void)state;
	begin(&bench);
	pulse_beat(&bench.pulses[PULSE_LOOP], "asking");
	(void)after(&bench, 1);
	bench.now_ms += 24 * 3600 * 1000;
	assert_int_equal(after(&bench, 1), PULSE_LOOK_MS_MAX);
}

static void nobody_watches(void **state)
{
	struct pulse_watch watch;
	const char *doing;
	(void)state;
	pulse_beat(NULL, "asking");
	pulse_again(NULL);
	pulse_rest(NULL);
	assert_null(pulse_at(NULL, PULSE_LOADER));
	pulse_watch_begin(&watch, NULL, 0);
	assert_int_equal(pulse_silent_ms(&watch, RUN_SILENT_MS * INT64_C(10), &doing), 0);
	assert_null(doing);
}

static int beat_once(void *user, struct buf *report)
{
	(void)report;
	pulse_beat(pulse_at(user, PULSE_LOADER), "merging in the child");
	clock_sleep_ms(60000);
	return 0;
}

static void a_child_is_felt_by_its_parent(void **state)
{
	struct pulse *pulses = process_shared(PULSES * sizeof *pulses);
	struct pulse_watch watch;
	struct child *child;
	struct err err;
	const char *doing = NULL;
	int64_t until_ms = clock_mono_ms() + 10000;
	(void)state;
	assert_non_null(pulses);
	pulse_watch_begin(&watch, pulses, 0);
	assert_true(child_start(&child, beat_once, pulses, &err));
	while (doing == NULL && clock_mono_ms() < until_ms) {
		clock_sleep_ms(5);
		assert_int_equal(pulse_silent_ms(&watch, 0, &doing), 0);
	}
	assert_non_null(doing);
	assert_string_equal(doing, "merging in the child");
	assert_int_equal(pulse_silent_ms(&watch, 3000, &doing), 3000);
	child_free(child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_beat_ends_a_silence_and_what_was_done_is_known),
		cmocka_unit_test(a_thread_that_hangs_is_not_hidden_by_the_other_one),
		cmocka_unit_test(rest_is_no_silence_unless_all_are_at_rest),
		cmocka_unit_test(what_the_parent_did_not_see_is_no_silence),
		cmocka_unit_test(nobody_watches),
		cmocka_unit_test(a_child_is_felt_by_its_parent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
