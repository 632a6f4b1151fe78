/* What a person sees of a load under way: how often, how wide, and with which words. Linked with
 * --wrap for clock_mono_ms: time goes on as a test says. */
#include "run/progress.h"

#include "base/buf.h"
#include "base/text.h"
#include "base/thread.h"

#include "screen.h"

#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

#define CLEAR "\r\033[K"
#define EMPTY_24 "                        "

static struct screen screen;
static _Atomic int64_t now_ms, each_look_ms;

int64_t __wrap_clock_mono_ms(void);
int64_t __wrap_clock_mono_ms(void)
{
	return atomic_fetch_add(&now_ms, each_look_ms);
}

/* --- help --- */

static struct progress *begin(enum progress_style style, int columns, bool unicode)
{
	struct progress_options options = {.style = style, .columns = columns, .unicode = unicode};
	struct progress *progress = NULL;
	struct err err = {0};
	now_ms = 5000000;
	each_look_ms = 0;
	if (!progress_new(&progress, &options, &err))
		fail_msg("%s", err.text);
	return progress;
}

static const char *show(struct progress *progress, const struct progress_state *state)
{
	screen_begin(&screen);
	progress_show(progress, state);
	return screen_end(&screen);
}

/* So many ms later, with so many rows and windows out of ten. */
static const char *later(struct progress *progress, int64_t ms, int64_t rows, int64_t done)
{
	struct progress_state state = {.rows = rows, .windows_done = done, .windows_total = 10,
				       .unit = "days"};
	now_ms += ms;
	return show(progress, &state);
}

static const char *around(struct progress *progress, bool before)
{
	screen_begin(&screen);
	progress_around(progress, before);
	return screen_end(&screen);
}

static const char *end(struct progress *progress)
{
	screen_begin(&screen);
	progress_end(progress);
	return screen_end(&screen);
}

/* --- how often --- */

static void a_bar_is_drawn_at_once_and_ten_times_a_second_at_most(void **state)
{
	struct progress *progress = begin(PROGRESS_BAR, 80, false);
	int drawn = 0;
	(void)state;
	assert_string_equal(later(progress, 0, 0, 0), "\r[" EMPTY_24 "] 0 rows  0/s  0 of 10 days");
	assert_string_equal(later(progress, 99, 1, 0), "");
	assert_string_equal(later(progress, 1, 2, 0),
			    CLEAR "\r[" EMPTY_24 "] 2 rows  0/s  0 of 10 days");
	for (int i = 0; i < 1000; i++)
		drawn += later(progress, 1, 3, 0)[0] != '\0';
	assert_int_equal(drawn, 10);
	progress_free(progress);
}

static void lines_come_every_ten_seconds_and_hold_no_codes(void **state)
{
	struct progress *progress = begin(PROGRESS_LINES, 80, true);
	(void)state;
	assert_string_equal(later(progress, 0, 0, 0), "");
	assert_string_equal(later(progress, 9999, 20000, 2), "");
	assert_string_equal(later(progress, 1, 20000, 2),
			    "20,000 rows  2,000/s  2 of 10 days  40s left\n");
	assert_string_equal(around(progress, true), "");
	assert_string_equal(around(progress, false), "");
	assert_string_equal(later(progress, 9999, 40000, 4), "");
	assert_string_equal(later(progress, 1, 40000, 4),
			    "40,000 rows  2,000/s  4 of 10 days  30s left\n");
	assert_string_equal(end(progress), "");
	progress_free(progress);
}

static void without_a_style_nothing_is_written(void **state)
{
	struct progress *progress = begin(PROGRESS_NONE, 80, true);
	(void)state;
	assert_string_equal(later(progress, 0, 0, 0), "");
	assert_string_equal(later(progress, 60000, 5, 5), "");
	assert_string_equal(around(progress, true), "");
	assert_string_equal(around(progress, false), "");
	assert_string_equal(end(progress), "");
	progress_free(progress);
	progress_free(NULL);
}

/* --- what it says --- */

static void a_bar_tells_rows_rate_windows_and_time_left(void **state)
{
	struct progress *progress = begin(PROGRESS_BAR, 80, false);
	(void)state;
	(void)later(progress, 0, 0, 0);
	assert_string_equal(later(progress, 20000, 1234560, 2), CLEAR
		"\r[====>                   ] 1,234,560 rows  61,728/s  2 of 10 days  1m 20s left");
	/* All is done: no time is left. */
	assert_string_equal(later(progress, 100, 1234560, 10), CLEAR
		"\r[========================] 1,234,560 rows  61,728/s  10 of 10 days");
	progress_free(progress);
	progress = begin(PROGRESS_BAR, 80, true);
	(void)later(progress, 0, 0, 0);
	assert_string_equal(later(progress, 400, 7, 1), CLEAR
		"\r\u2595\u2588\u2588\u258d                     \u258f 7 rows  0/s  1 of 10 days");
	progress_free(progress);
}

static void nothing_to_do_is_drawn_too(void **state)
{
	struct progress *progress = begin(PROGRESS_BAR, 80, false);
	struct progress_state none = {.unit = "windows"};
	(void)state;
	assert_string_equal(show(progress, &none),
			    "\r[" EMPTY_24 "] 0 rows  0/s  0 of 0 windows");
	progress_free(progress);
}

/* Ten a second for long, then a hundred: the rate follows, and does not jump. */
static void the_rate_is_that_of_the_last_seconds(void **state)
{
	struct progress *progress = begin(PROGRESS_BAR, 80, false);
	int64_t rows = 0;
	(void)state;
	for (int i = 0; i < 100; i++)
		(void)later(progress, 1000, rows += 10, 0);
	assert_non_null(strstr(later(progress, 1000, rows += 10, 0), " 10/s "));
	assert_non_null(strstr(later(progress, 1000, rows += 100, 0), " 37/s "));
	for (int i = 0; i < 20; i++)
		(void)later(progress, 1000, rows += 100, 0);
	assert_non_null(strstr(screen.text, " 99/s "));
	progress_free(progress);
}

static void a_wait_is_told_with_its_reason_and_the_time_that_is_left(void **state)
{
	struct progress *progress = begin(PROGRESS_BAR, 120, false);
	struct progress_state waits = {.windows_total = 3, .unit = "windows",
				       .waiting = "HTTP 429", .wait_left_ms = 59001};
	(void)state;
	assert_string_equal(show(progress, &waits), "\r[" EMPTY_24
			    "] 0 rows  0/s  0 of 3 windows  waiting 1m: HTTP 429");
	/* At the end nothing is waited for any more. */
	assert_null(strstr(end(progress), "waiting"));
	progress_free(progress);
}

/* --- where it stands --- */

static void a_bar_is_narrower_than_the_terminal_and_its_text_stays_whole(void **state)
{
	struct progress_state waits = {.windows_total = 3, .unit = "windows", .wait_left_ms = 1};
	struct buf reason;
	(void)state;
	buf_init(&reason, 1000);
	for (size_t i = 0; i < 250; i++) /* of two cells, and of one */
		buf_add_text(&reason, i % 2 == 0 ? "\u65e5" : "\u00e9");
	waits.waiting = buf_text(&reason);
	for (int columns = 20; columns < 200; columns++) {
		struct progress *progress = begin(PROGRESS_BAR, columns, true);
		const char *line = show(progress, &waits);
		size_t width = text_width(span_of(line + 1));
		assert_int_equal(line[0], '\r');
		/* A character of two cells may not fit into the last one. */
		assert_in_range(width, (size_t)columns - 2, (size_t)columns - 1);
		assert_true(text_is_clean(span_of(line)));
		progress_free(progress);
	}
	struct progress *progress = begin(PROGRESS_BAR, 0, true); /* not known: 80 */
	assert_in_range(text_width(span_of(show(progress, &waits) + 1)), 78, 79);
	progress_free(progress);
	buf_done(&reason);
}

static void colour_is_ended_behind_the_bar(void **state)
{
	struct progress_options options = {.style = PROGRESS_BAR, .columns = 20, .colour = true};
	struct progress *progress = NULL;
	struct err err = {0};
	(void)state;
	assert_true(progress_new(&progress, &options, &err));
	assert_string_equal(later(progress, 0, 0, 0), "\r\033[36m[                  \033[0m");
	progress_free(progress);
}

static void other_lines_take_the_bar_away_and_get_it_back(void **state)
{
	static const char bar[] = "\r[" EMPTY_24 "] 8 rows  0/s  0 of 10 days";
	struct progress *progress = begin(PROGRESS_BAR, 80, false);
	(void)state;
	/* Nothing was drawn yet: there is nothing to take away or to put back. */
	assert_string_equal(around(progress, true), "");
	assert_string_equal(around(progress, false), "");
	assert_string_equal(later(progress, 0, 8, 0), bar);
	assert_string_equal(around(progress, true), CLEAR);
	assert_string_equal(around(progress, true), "");
	assert_string_equal(around(progress, false), bar);
	assert_string_equal(around(progress, false), "");
	progress_free(progress);
}

static void the_last_state_stays_with_the_time_that_all_took(void **state)
{
	struct progress *progress = begin(PROGRESS_BAR, 80, false);
	(void)state;
	(void)later(progress, 0, 0, 0);
	(void)later(progress, 900, 1, 0);
	(void)later(progress, 50, 5000, 10); /* too soon to be drawn */
	now_ms += 1550;
	/* The rate is that of the whole: 5000 rows in 2.5 s. */
	assert_string_equal(end(progress), CLEAR
		"\r[========================] 5,000 rows  2,000/s  10 of 10 days  2s 500ms\n");
	assert_string_equal(around(progress, true), "");
	assert_string_equal(around(progress, false), "");
	assert_string_equal(end(progress), ""); /* once */
	progress_free(progress);
}

static void an_end_without_a_beginning_says_nothing(void **state)
{
	struct progress *progress = begin(PROGRESS_BAR, 80, false);
	(void)state;
	assert_string_equal(end(progress), "");
	progress_free(progress);
}

/* --- two threads --- */

enum { ROUNDS = 2000 };

static void lines_of_another_thread(void *user)
{
	for (int i = 0; i < ROUNDS; i++) {
		progress_around(user, true);
		progress_around(user, false);
	}
}

static void two_threads_never_draw_over_each_other(void **state)
{
	struct progress *progress = begin(PROGRESS_BAR, 20, false);
	struct progress_state all = {.windows_total = 1, .unit = "days"};
	struct thread *thread = NULL;
	struct err err = {0};
	int bars = 0;
	(void)state;
	each_look_ms = 1000; /* each look at the clock finds that it is time to draw */
	screen_begin(&screen);
	bool started = thread_start(&thread, lines_of_another_thread, progress, &err);
	for (int i = 0; i < ROUNDS; i++)
		progress_show(progress, &all);
	thread_join(thread);
	const char *at = screen_end(&screen);
	assert_true(started);
	/* A bar, taken away, a bar, taken away, ... */
	while (*at != '\0') {
		static const char bar[] = "\r[                  ";
		if (strncmp(at, bar, strlen(bar)) != 0)
			fail_msg("not a bar behind %d of them: %.60s", bars, at);
		at += strlen(bar);
		bars++;
		if (*at != '\0' && strncmp(at, CLEAR, strlen(CLEAR)) != 0)
			fail_msg("not taken away behind %d bars: %.60s", bars, at);
		at += *at == '\0' ? 0 : strlen(CLEAR);
	}
	assert_true(bars >= ROUNDS);
	progress_free(progress);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bar_is_drawn_at_once_and_ten_times_a_second_at_most),
		cmocka_unit_test(lines_come_every_ten_seconds_and_hold_no_codes),
		cmocka_unit_test(without_a_style_nothing_is_written),
		cmocka_unit_test(a_bar_tells_rows_rate_windows_and_time_left),
		cmocka_unit_test(nothing_to_do_is_drawn_too),
		cmocka_unit_test(the_rate_is_that_of_the_last_seconds),
		cmocka_unit_test(a_wait_is_told_with_its_reason_and_the_time_that_is_left),
		cmocka_unit_test(a_bar_is_narrower_than_the_terminal_and_its_text_stays_whole),
		cmocka_unit_test(colour_is_ended_behind_the_bar),
		cmocka_unit_test(other_lines_take_the_bar_away_and_get_it_back),
		cmocka_unit_test(the_last_state_stays_with_the_time_that_all_took),
		cmocka_unit_test(an_end_without_a_beginning_says_nothing),
		cmocka_unit_test(two_threads_never_draw_over_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
