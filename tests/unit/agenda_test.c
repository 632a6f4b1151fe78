/* What comes next: missed, failed, stopped and died, across restarts. */
#include "run/agenda.h"

#include "base/bounds.h"
#include "base/file.h"
#include "base/stamp.h"
#include "scratch.h"
#include "warehouse/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW (INT64_C(1780000200) * STAMP_SECOND) /* a multiple of ten minutes */
#define STEP (10 * STAMP_MINUTE)

static const struct schedule TEN_MINUTES = {.every_us = STEP};

static struct agenda *open_agenda(const struct scratch *scratch, int64_t now_us, bool run_now)
{
	struct agenda *agenda;
	struct err why, err;
	assert_true(agenda_open(&agenda, scratch->path, now_us, run_now, &why, &err));
	assert_int_equal(why.kind, ERR_NONE);
	return agenda;
}

static void expect(struct agenda *agenda, int64_t now_us, enum agenda_why why, int64_t at_us)
{
	struct agenda_next next = agenda_next(agenda, &TEN_MINUTES, now_us);
	assert_int_equal(next.why, why);
	assert_int_equal(next.at_us - NOW, at_us - NOW);
}

static void run(struct agenda *agenda, int64_t now_us, enum agenda_end how, struct span failed)
{
	struct err err;
	struct agenda_next next = agenda_next(agenda, &TEN_MINUTES, now_us);
	assert_true(next.at_us <= now_us);
	assert_true(agenda_begin(agenda, &next, now_us, &err));
	assert_true(agenda_end(agenda, how, failed, now_us, &err));
}

static void the_first_start_runs_at_once_or_waits_for_its_time(void **state)
{
	struct scratch scratch = scratch_make(__LINE__);
	struct agenda *agenda = open_agenda(&scratch, NOW, true);
	struct err err;
	(void)state;
	expect(agenda, NOW, AGENDA_FIRST, NOW);
	agenda_close(agenda);
	agenda = open_agenda(&scratch, NOW, false);
	expect(agenda, NOW, AGENDA_DUE, NOW + STEP);
	assert_true(agenda_save(agenda, &err));
	agenda_close(agenda);
	/* Down meanwhile: the times since the first start were missed, and are one run. */
	agenda = open_agenda(&scratch, NOW + 5 * STEP, false);
	expect(agenda, NOW + 5 * STEP, AGENDA_MISSED, NOW + STEP);
	run(agenda, NOW + 5 * STEP, AGENDA_DONE, SPAN(""));
	expect(agenda, NOW + 5 * STEP, AGENDA_DUE, NOW + 6 * STEP);
	agenda_close(agenda);
	scratch_remove(&scratch);
}

static void pauses_double_up_to_an_hour_and_a_restart_knows_them(void **state)
{
	struct scratch scratch = scratch_make(__LINE__);
	struct agenda *agenda = open_agenda(&scratch, NOW, true);
	static const struct schedule YEARLY = {.every_us = 366 * STAMP_DAY};
	static const char FAILED[] = "users\0plugin-calls";
	int64_t now_us = NOW, pause_s = RETRY_RUN_BASE_S;
	struct err err;
	(void)state;
	for (int i = 1; i < 12; i++) {
		struct agenda_next next = agenda_next(agenda, &YEARLY, now_us);
		assert_true(next.at_us <= now_us);
		assert_true(agenda_begin(agenda, &next, now_us, &err));
		assert_true(agenda_end(agenda, AGENDA_FAILED,
				       (struct span){FAILED, sizeof FAILED}, now_us, &err));
		agenda_close(agenda);
		agenda = open_agenda(&scratch, now_us, true);
		next = agenda_next(agenda, &YEARLY, now_us);
		assert_int_equal(next.why, AGENDA_RETRY);
		assert_true(next.at_us - now_us >= pause_s * STAMP_SECOND * 3 / 4);
		assert_true(next.at_us - now_us <= pause_s * STAMP_SECOND * 5 / 4);
		assert_int_equal(agenda->failures, i);
		assert_int_equal(agenda->streams_n, 2);
		assert_string_equal(agenda->streams[0], "users");
		assert_string_equal(agenda->streams[1], "plugin-calls");
		now_us = next.at_us;
		pause_s = 2 * pause_s < RETRY_RUN_CAP_S ? 2 * pause_s : RETRY_RUN_CAP_S;
	}
	assert_int_equal(pause_s, RETRY_RUN_CAP_S);
	struct agenda_next next = agenda_next(agenda, &YEARLY, now_us);
	assert_true(agenda_begin(agenda, &next, now_us, &err));
	assert_true(agenda_end(agenda, AGENDA_DONE, SPAN(""), now_us, &err));
	assert_int_equal(agenda->failures, 0);
	assert_int_equal(agenda_next(agenda, &YEARLY, now_us).why, AGENDA_DUE);
	agenda_close(agenda);
	scratch_remove(&scratch);
}

static void what_is_due_does_not_wait_for_a_retry_nor_a_retry_for_it(void **state)
{
	struct scratch scratch = scratch_make(__LINE__);
	struct agenda *agenda = open_agenda(&scratch, NOW, true);
	int64_t retry_us;
	(void)state;
	for (int64_t i = 0; i < 5; i++)
		run(agenda, NOW + i * STEP, AGENDA_FAILED, SPAN(""));
	/* The pause is 16 minutes by now, the schedule's 10. */
	expect(agenda, NOW + 4 * STEP, AGENDA_DUE, NOW + 5 * STEP);
	run(agenda, NOW + 5 * STEP, AGENDA_DONE, SPAN(""));
	run(agenda, NOW + 6 * STEP, AGENDA_FAILED, (struct span){"users", 6});
	struct agenda_next next = agenda_next(agenda, &TEN_MINUTES, NOW + 6 * STEP);
	assert_int_equal(next.why, AGENDA_RETRY);
	retry_us = next.at_us;
	assert_true(retry_us < NOW + 7 * STEP);
	/* A retry of one stream is not the run that is due after it. */
	run(agenda, retry_us, AGENDA_DONE, SPAN(""));
	expect(agenda, retry_us, AGENDA_DUE, NOW + 7 * STEP);
	agenda_close(agenda);
	scratch_remove(&scratch);
}

static void a_retry_of_some_streams_does_not_stand_for_what_is_late_by_jitter(void **state)
{
	struct scratch scratch = scratch_make(__LINE__);
	struct agenda *agenda = open_agenda(&scratch, NOW, true);
	struct schedule late = {.every_us = STEP, .jitter_us = STEP};
	struct agenda_next next;
	struct err err;
	(void)state;
	run(agenda, NOW, AGENDA_FAILED, (struct span){"users", 6});
	/* A seed whose delay leaves room. */
	while (schedule_delay_us(&late, NOW + STEP) < 2 * STAMP_MINUTE)
		late.seed++;
	agenda->retry_us = NOW + STEP + STAMP_SECOND; /* due, but put off by the jitter */
	next = agenda_next(agenda, &late, NOW + STEP + STAMP_SECOND);
	assert_int_equal(next.why, AGENDA_RETRY);
	assert_true(agenda_begin(agenda, &next, next.at_us, &err));
	assert_true(agenda_end(agenda, AGENDA_DONE, SPAN(""), next.at_us, &err));
	next = agenda_next(agenda, &late, next.at_us);
	assert_int_equal(next.why, AGENDA_DUE);
	assert_int_equal(next.due_us, NOW + STEP);
	agenda_close(agenda);
	scratch_remove(&scratch);
}

static void a_run_that_was_stopped_is_done_again_at_once(void **state)
{
	struct scratch scratch = scratch_make(__LINE__);
	struct agenda *agenda = open_agenda(&scratch, NOW, true);
	(void)state;
	run(agenda, NOW, AGENDA_STOPPED, (struct span){"users", 6});
	agenda_close(agenda);
	agenda = open_agenda(&scratch, NOW + STAMP_MINUTE, true);
	expect(agenda, NOW + STAMP_MINUTE, AGENDA_AGAIN, NOW + STAMP_MINUTE);
	assert_int_equal(agenda->streams_n, 0);
	run(agenda, NOW + STAMP_MINUTE, AGENDA_DONE, SPAN(""));
	expect(agenda, NOW + STAMP_MINUTE, AGENDA_DUE, NOW + STEP);
	agenda_close(agenda);
	scratch_remove(&scratch);
}

static void a_run_whose_firn_died_has_failed(void **state)
{
	struct scratch scratch = scratch_make(__LINE__);
	struct agenda *agenda = open_agenda(&scratch, NOW, true);
	struct agenda_next next = agenda_next(agenda, &TEN_MINUTES, NOW);
	struct err err;
	(void)state;
	assert_true(agenda_begin(agenda, &next, NOW, &err));
	agenda_close(agenda);
	agenda = open_agenda(&scratch, NOW + STAMP_SECOND, true);
	next = agenda_next(agenda, &TEN_MINUTES, NOW + STAMP_SECOND);
	assert_int_equal(next.why, AGENDA_RETRY);
	assert_true(next.at_us > NOW + RETRY_RUN_BASE_S * STAMP_SECOND / 2);
	assert_int_equal(agenda->failures, 1);
	agenda_close(agenda);
	scratch_remove(&scratch);
}

static void a_clock_that_is_set_back_makes_nothing_wait(void **state)
{
	struct scratch scratch = scratch_make(__LINE__);
	struct agenda *agenda = open_agenda(&scratch, NOW, true);
	(void)state;
	run(agenda, NOW, AGENDA_FAILED, SPAN(""));
	expect(agenda, NOW - STAMP_DAY, AGENDA_RETRY, NOW - STAMP_DAY);
	run(agenda, NOW - STAMP_DAY, AGENDA_DONE, SPAN(""));
	expect(agenda, NOW - STAMP_DAY, AGENDA_DUE, NOW - STAMP_DAY + STEP);
	expect(agenda, NOW - 3 * STAMP_DAY, AGENDA_DUE, NOW - 3 * STAMP_DAY + STEP);
	run(agenda, NOW - STAMP_DAY, AGENDA_DONE, SPAN(""));
	/* By some seconds clocks are corrected all the time. */
	expect(agenda, NOW - STAMP_DAY - STAMP_SECOND, AGENDA_DUE, NOW - STAMP_DAY + STEP);
	agenda_close(agenda);
	scratch_remove(&scratch);
}

static void a_damaged_file_is_told_and_not_believed(void **state)
{
	static const char *const TEXTS[] = {"", "{", "[]", "{\"format\":9}", "{\"streams\":[]}"};
	struct scratch scratch = scratch_make(__LINE__);
	struct scratch file = scratch_at(&scratch, "start.json");
	(void)state;
	for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
		struct agenda *agenda;
		struct err why, err;
		assert_true(file_replace(file.path, span_of(TEXTS[i]), &err));
		assert_true(agenda_open(&agenda, scratch.path, NOW, false, &why, &err));
		assert_int_equal(why.kind, ERR_DATA);
		assert_non_null(strstr(why.text, "start.json"));
		expect(agenda, NOW, AGENDA_DUE, NOW + STEP);
		agenda_close(agenda);
	}
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_start_runs_at_once_or_waits_for_its_time),
		cmocka_unit_test(pauses_double_up_to_an_hour_and_a_restart_knows_them),
		cmocka_unit_test(what_is_due_does_not_wait_for_a_retry_nor_a_retry_for_it),
		cmocka_unit_test(a_retry_of_some_streams_does_not_stand_for_what_is_late_by_jitter),
		cmocka_unit_test(a_run_that_was_stopped_is_done_again_at_once),
		cmocka_unit_test(a_run_whose_firn_died_has_failed),
		cmocka_unit_test(a_clock_that_is_set_back_makes_nothing_wait),
		cmocka_unit_test(a_damaged_file_is_told_and_not_believed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
