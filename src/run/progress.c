#include "run/progress.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/thread.h"

#include <stdio.h>
#include <stdlib.h>

enum { DRAW_EVERY_MS = 100, LINE_EVERY_MS = 10 * 1000, LINE_BYTES = 2048, BAR_CELLS = 24 };

struct progress {
	struct progress_options options;
	struct monitor *monitor; /* the log takes the bar away from another thread too */
	int64_t start_ms, drawn_ms, rate_ms, rate_rows;
	double rows_per_s;
	struct progress_state last;
	bool any, on_screen;
};

bool progress_new(struct progress **ret, const struct progress_options *options,
		  struct err *reterr)
{
	struct progress *progress = calloc(1, sizeof *progress);
	if (progress == NULL)
		return err_memory(reterr);
	if (!monitor_new(&progress->monitor, reterr)) {
		free(progress);
		return false;
	}
	progress->options = *options;
	if (progress->options.columns < 20)
		progress->options.columns = 80;
	progress->start_ms = progress->rate_ms = clock_mono_ms();
	/* The first line of a log comes after its interval, the bar at once. */
	progress->drawn_ms = options->style == PROGRESS_LINES ? progress->start_ms : 0;
	*ret = progress;
	return true;
}

void progress_free(struct progress *progress)
{
	if (progress == NULL)
		return;
	monitor_free(progress->monitor);
	free(progress);
}

/* A rate of the last seconds: what it was at the start says nothing about the end. */
static void measure(struct progress *progress, int64_t now_ms, int64_t rows)
{
	int64_t span_ms = now_ms - progress->rate_ms;
	if (span_ms < 500)
		return;
	double now = (double)(rows - progress->rate_rows) * 1000.0 / (double)span_ms;
	progress->rows_per_s =
		progress->rows_per_s <= 0 ? now : 0.7 * progress->rows_per_s + 0.3 * now;
	progress->rate_ms = now_ms;
	progress->rate_rows = rows;
}

static void time_left(const struct progress *progress, const struct progress_state *state,
		      int64_t now_ms, char *out, size_t room)
{
	int64_t done = state->windows_done, all = state->windows_total;
	out[0] = '\0';
	if (done <= 0 || done >= all || now_ms - progress->start_ms < 1000)
		return;
	int64_t left_ms = (now_ms - progress->start_ms) * (all - done) / done;
	text_write_duration(out, room, (left_ms + 999) / 1000 * 1000000);
}

static void add_bar(const struct progress *progress, struct buf *out)
{
	static const char *const eighths[] = {"", "\u258f", "\u258e", "\u258d", "\u258c",
					      "\u258b", "\u258a", "\u2589"};
	const struct progress_state *state = &progress->last;
	int64_t all = state->windows_total > 0 ? state->windows_total : 1;
	int64_t filled = state->windows_done * BAR_CELLS * 8 / all;
	bool unicode = progress->options.unicode;
	int cells = 0;

	buf_add_text(out, unicode ? "\u2595" : "[");
	for (; cells < filled / 8; cells++)
		buf_add_text(out, unicode ? "\u2588" : "=");
	if (cells < BAR_CELLS && filled % 8 > 0) {
		buf_add_text(out, unicode ? eighths[filled % 8] : ">");
		cells++;
	}
	for (; cells < BAR_CELLS; cells++)
		buf_add_char(out, ' ');
	buf_add_text(out, unicode ? "\u258f" : "]");
}

/* "12,345 rows  8,200/s  42 of 150 days  1m 20s left" */
static void add_words(const struct progress *progress, int64_t now_ms, struct buf *out)
{
	const struct progress_state *state = &progress->last;
	char rows[32], rate[32], left[32];
	text_write_count(rows, sizeof rows, state->rows);
	text_write_count(rate, sizeof rate, (int64_t)progress->rows_per_s);
	time_left(progress, state, now_ms, left, sizeof left);
	buf_addf(out, "%s rows  %s/s  %lld of %lld %s", rows, rate,
		 (long long)state->windows_done, (long long)state->windows_total, state->unit);
	if (left[0] != '\0')
		buf_addf(out, "  %s left", left);
	if (state->waiting != NULL) {
		text_write_duration(left, sizeof left,
				    (state->wait_left_ms + 999) / 1000 * 1000000);
		buf_addf(out, "  waiting %s: %s", left, state->waiting);
	}
}

static void clear(struct progress *progress)
{
	if (progress->on_screen)
		fputs("\r\033[K", stderr);
	progress->on_screen = false;
}

/* Cut to the terminal's width: a bar that wraps cannot be taken away again. */
static void draw(struct progress *progress, int64_t now_ms)
{
	struct buf line;
	buf_init(&line, LINE_BYTES);
	if (progress->options.style == PROGRESS_BAR) {
		add_bar(progress, &line);
		buf_add_char(&line, ' ');
	}
	add_words(progress, now_ms, &line);
	if (progress->options.style == PROGRESS_BAR) {
		size_t width_max = (size_t)progress->options.columns - 1;
		while (text_width(buf_span(&line)) > width_max) {
			size_t end = line.size - 1;
			while (end > 0 && ((unsigned char)line.data[end] & 0xC0) == 0x80)
				end--;
			buf_cut(&line, end);
		}
		clear(progress);
		fprintf(stderr, "\r%s%s%s", progress->options.colour ? "\033[36m" : "",
			buf_text(&line), progress->options.colour ? "\033[0m" : "");
		progress->on_screen = true;
	} else {
		fprintf(stderr, "%s\n", buf_text(&line));
	}
	fflush(stderr);
	buf_done(&line);
}

void progress_show(struct progress *progress, const struct progress_state *state)
{
	int64_t now_ms = clock_mono_ms();
	int64_t every_ms =
		progress->options.style == PROGRESS_BAR ? DRAW_EVERY_MS : LINE_EVERY_MS;
	if (progress->options.style == PROGRESS_NONE)
		return;
	monitor_enter(progress->monitor);
	progress->last = *state;
	progress->any = true;
	measure(progress, now_ms, state->rows);
	if (now_ms - progress->drawn_ms >= every_ms) {
		progress->drawn_ms = now_ms;
		draw(progress, now_ms);
	}
	monitor_leave(progress->monitor);
}

void progress_around(void *user, bool before)
{
	struct progress *progress = user;
	if (progress->options.style != PROGRESS_BAR)
		return;
	monitor_enter(progress->monitor);
	if (before)
		clear(progress);
	else if (progress->any && !progress->on_screen)
		draw(progress, clock_mono_ms());
	fflush(stderr);
	monitor_leave(progress->monitor);
}

void progress_end(struct progress *progress)
{
	char took[32];
	int64_t now_ms = clock_mono_ms();
	if (progress->options.style != PROGRESS_BAR)
		return;
	monitor_enter(progress->monitor);
	if (!progress->any) {
		monitor_leave(progress->monitor);
		return;
	}
	progress->last.waiting = NULL;
	if (now_ms > progress->start_ms) /* of the whole, at the end */
		progress->rows_per_s = (double)progress->last.rows * 1000 /
				       (double)(now_ms - progress->start_ms);
	draw(progress, now_ms);
	text_write_duration(took, sizeof took, (now_ms - progress->start_ms) / 100 * 100000);
	fprintf(stderr, "  %s\n", took);
	fflush(stderr);
	progress->on_screen = false;
	progress->any = false;
	monitor_leave(progress->monitor);
}
