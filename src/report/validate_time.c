/* Time: days without rows, holes between complete windows, windows with fewer rows than the API
 * counted. A day without rows is no fault by itself: where its window was read to the end, the
 * source had nothing. */
#include "report/validating.h"

#include "base/bounds.h"
#include "base/buf.h"
#include "base/stamp.h"

#include <stdio.h>

enum { WORDS_BYTES_MAX = 64 * KIB };

struct range {
	int64_t from_us, until_us;
};

/* A list of ranges in one line; what is too much is counted. */
struct line {
	struct buf *out;
	size_t n;
};

static void add_range(struct line *line, struct range range, const char *behind)
{
	char from[STAMP_TEXT_BYTES], last[STAMP_TEXT_BYTES];
	if (line->n++ >= RANGES_SHOWN_MAX)
		return;
	bool days = stamp_floor(range.from_us, STAMP_DAY) == range.from_us &&
		    stamp_floor(range.until_us, STAMP_DAY) == range.until_us;
	stamp_write_short(range.from_us, from);
	stamp_write_short(days ? range.until_us - STAMP_DAY : range.until_us, last);
	buf_addf(line->out, "%s%s", line->n == 1 ? "" : ", ", from);
	if (strcmp(from, last) != 0)
		buf_addf(line->out, " to %s", last);
	buf_add_text(line->out, behind);
}

static void end_line(struct line *line)
{
	if (line->n > RANGES_SHOWN_MAX)
		buf_addf(line->out, " and %zu more", line->n - RANGES_SHOWN_MAX);
}

/* --- windows of one stream --- */

static bool is_of(const struct window_row *window, const char *stream)
{
	return strcmp(window->stream, stream) == 0 && window->until_us > window->from_us;
}

/* True where complete windows of the stream, of whatever part, cover the range. */
static bool was_read(const struct state *state, const char *stream, struct range range)
{
	int64_t at_us = range.from_us;
	while (at_us < range.until_us) {
		int64_t reach_us = at_us;
		for (size_t i = 0; i < state->windows_n; i++) {
			const struct window_row *window = &state->windows[i];
			if (is_of(window, stream) && window->from_us <= at_us &&
			    window->until_us > reach_us)
				reach_us = window->until_us;
		}
		if (reach_us == at_us)
			return false;
		at_us = reach_us;
	}
	return true;
}

static bool still_kept(const struct validating *v, const struct validate_stream *stream,
		       struct range range)
{
	return stream->keeps_us == INT64_MAX ||
	       range.until_us > v->options->now_us - stream->keeps_us;
}

/* --- days --- */

enum day_kind { DAY_READ, DAY_KEPT, DAY_LOST, DAY_KINDS };

struct days {
	struct validating *v;
	const struct validate_stream *stream;
	int64_t last_us; /* the last day that has rows; STAMP_NONE: none yet */
	int64_t missing, never_asked;
	struct range open[DAY_KINDS]; /* ranges that the next day may go on with */
	struct line lines[DAY_KINDS];
	struct buf words[DAY_KINDS];
};

static void close_range(struct days *days, enum day_kind kind)
{
	struct range *open = &days->open[kind];
	if (open->until_us > open->from_us)
		add_range(&days->lines[kind], *open, "");
	*open = (struct range){0, 0};
}

static void add_missing(struct days *days, int64_t day_us)
{
	struct range day = {day_us, day_us + STAMP_DAY};
	enum day_kind kind = was_read(&days->v->state, days->stream->name, day) ? DAY_READ
			     : still_kept(days->v, days->stream, day)           ? DAY_KEPT
									       : DAY_LOST;
	struct range *open = &days->open[kind];
	days->missing++;
	days->never_asked += kind != DAY_READ;
	if (open->until_us != day.from_us || open->until_us == open->from_us) {
		close_range(days, kind);
		open->from_us = day.from_us;
	}
	open->until_us = day.until_us;
}

static void see_day(void *user, int64_t day_us)
{
	struct days *days = user;
	if (day_us == STAMP_NONE)
		return;
	int64_t at_us = days->last_us == STAMP_NONE ? day_us : days->last_us + STAMP_DAY;
	for (; at_us < day_us; at_us += STAMP_DAY)
		add_missing(days, at_us);
	days->last_us = day_us;
}

static void tell_days(struct days *days)
{
	static const char *const WORDS[DAY_KINDS] = {
		"asked for, and the source had nothing",
		"never asked for; firn initial-load can still fetch them",
		"never asked for, and older than the source keeps",
	};
	const struct validate_stream *stream = days->stream;
	struct buf all;
	if (days->missing == 0) {
		validate_add(days->v, VERDICT_OK, "missing days", stream->table->name, stream->name,
			     0, "every day between the first and the last has rows");
		return;
	}
	buf_init(&all, DAY_KINDS * WORDS_BYTES_MAX);
	for (int kind = 0; kind < DAY_KINDS; kind++) {
		close_range(days, (enum day_kind)kind);
		end_line(&days->lines[kind]);
		if (days->lines[kind].n > 0)
			buf_addf(&all, "%s%s (%s)", all.size == 0 ? "" : "; ",
				 buf_text(&days->words[kind]), WORDS[kind]);
	}
	validate_add(days->v, days->never_asked > 0 ? VERDICT_WARN : VERDICT_OK, "missing days",
		     stream->table->name, stream->name, days->missing, "%lld without rows: %s",
		     (long long)days->missing, buf_text(&all));
	days->v->failed |= all.failed;
	buf_done(&all);
}

static bool look_at_days(struct validating *v, const struct validate_stream *stream,
			 struct err *reterr)
{
	const struct table *table = stream->table;
	struct days days = {.v = v, .stream = stream, .last_us = STAMP_NONE};
	if (table->cursor < 0 || table->columns[table->cursor].excluded ||
	    table->columns[table->cursor].type != TYPE_TIMESTAMP)
		return true;
	for (int kind = 0; kind < DAY_KINDS; kind++) {
		buf_init(&days.words[kind], WORDS_BYTES_MAX);
		days.lines[kind].out = &days.words[kind];
	}
	bool done = checks_days(v->options->warehouse, table, see_day, &days, reterr);
	if (done && days.last_us != STAMP_NONE)
		tell_days(&days);
	for (int kind = 0; kind < DAY_KINDS; kind++)
		buf_done(&days.words[kind]);
	return done;
}

/* --- holes --- */

struct holes {
	struct line kept, lost;
	struct buf kept_words, lost_words;
};

/* A hole may reach from what is gone into what the source still keeps. */
static void add_hole(const struct validating *v, const struct validate_stream *stream,
		     const char *part, struct range hole, struct holes *holes)
{
	char behind[128] = "";
	int64_t kept_us = hole.from_us;
	if (part[0] != '\0')
		snprintf(behind, sizeof behind, " [%.100s]", part);
	if (stream->keeps_us != INT64_MAX && v->options->now_us - stream->keeps_us > kept_us)
		kept_us = stamp_ceil(v->options->now_us - stream->keeps_us, STAMP_DAY);
	if (kept_us >= hole.until_us) {
		add_range(&holes->lost, hole, behind);
		return;
	}
	if (kept_us > hole.from_us)
		add_range(&holes->lost, (struct range){hole.from_us, kept_us}, behind);
	add_range(&holes->kept, (struct range){kept_us, hole.until_us}, behind);
}

/* FIRN_WINDOWS comes by stream, part and begin. */
static size_t find_holes(const struct validating *v, const struct validate_stream *stream,
			 struct holes *holes)
{
	const char *part = NULL;
	int64_t end_us = STAMP_NONE;
	size_t windows = 0;
	for (size_t i = 0; i < v->state.windows_n; i++) {
		const struct window_row *window = &v->state.windows[i];
		if (!is_of(window, stream->name))
			continue;
		windows++;
		if (part == NULL || strcmp(part, window->part) != 0)
			end_us = STAMP_NONE;
		part = window->part;
		if (end_us != STAMP_NONE && window->from_us > end_us)
			add_hole(v, stream, part, (struct range){end_us, window->from_us}, holes);
		if (window->until_us > end_us)
			end_us = window->until_us;
	}
	return windows;
}

static void look_at_holes(struct validating *v, const struct validate_stream *stream)
{
	const char *table = stream->table->name;
	struct holes holes;
	buf_init(&holes.kept_words, WORDS_BYTES_MAX);
	buf_init(&holes.lost_words, WORDS_BYTES_MAX);
	holes.kept = (struct line){&holes.kept_words, 0};
	holes.lost = (struct line){&holes.lost_words, 0};
	size_t windows = find_holes(v, stream, &holes);
	end_line(&holes.kept);
	end_line(&holes.lost);
	if (holes.kept.n > 0)
		validate_add(v, VERDICT_FAIL, "windows", table, stream->name,
			     (int64_t)holes.kept.n,
			     "never read to the end: %s; firn initial-load --from DATE --to DATE "
			     "reads it",
			     buf_text(&holes.kept_words));
	if (holes.lost.n > 0)
		validate_add(v, VERDICT_WARN, "windows", table, stream->name,
			     (int64_t)holes.lost.n,
			     "never read, and older than the source keeps: %s",
			     buf_text(&holes.lost_words));
	if (windows > 0 && holes.kept.n + holes.lost.n == 0)
		validate_add(v, VERDICT_OK, "windows", table, stream->name, 0,
			     "%zu without a hole", windows);
	v->failed |= holes.kept_words.failed || holes.lost_words.failed;
	buf_done(&holes.kept_words);
	buf_done(&holes.lost_words);
}

/* --- counts --- */

static bool is_short(const struct window_row *window)
{
	return window->rows_counted > window->rows_loaded;
}

/* A later reading of the same time that was not short makes it good. */
static bool made_good(const struct state *state, const struct window_row *window)
{
	for (size_t i = 0; i < state->windows_n; i++) {
		const struct window_row *later = &state->windows[i];
		if (later != window && strcmp(later->stream, window->stream) == 0 &&
		    strcmp(later->part, window->part) == 0 &&
		    later->from_us <= window->from_us && later->until_us >= window->until_us &&
		    later->completed_us > window->completed_us && later->rows_counted >= 0 &&
		    !is_short(later))
			return true;
	}
	return false;
}

static void look_at_counts(struct validating *v, const struct validate_stream *stream,
			   int64_t rejected)
{
	char behind[64];
	int64_t counted = 0, lacking = 0;
	struct buf words;
	struct line line = {&words, 0};
	buf_init(&words, WORDS_BYTES_MAX);
	for (size_t i = 0; i < v->state.windows_n; i++) {
		const struct window_row *window = &v->state.windows[i];
		if (!is_of(window, stream->name) || window->rows_counted < 0)
			continue;
		counted++;
		if (!is_short(window) || made_good(&v->state, window))
			continue;
		lacking += window->rows_counted - window->rows_loaded;
		snprintf(behind, sizeof behind, " (%lld of %lld)", (long long)window->rows_loaded,
			 (long long)window->rows_counted);
		add_range(&line, (struct range){window->from_us, window->until_us}, behind);
	}
	end_line(&line);
	const char *table = stream->table->name;
	if (line.n > 0)
		validate_add(v, lacking <= rejected ? VERDICT_WARN : VERDICT_FAIL, "counts", table,
			     stream->name, (int64_t)line.n,
			     "%zu with fewer rows than the API counted%s: %s", line.n,
			     lacking <= rejected ? " (as many records were rejected)" : "",
			     buf_text(&words));
	else if (counted > 0)
		validate_add(v, VERDICT_OK, "counts", table, stream->name, 0,
			     "%lld counted, none short of the API's own count", (long long)counted);
	v->failed |= words.failed;
	buf_done(&words);
}

bool validate_time(struct validating *v, size_t i, struct err *reterr)
{
	const struct validate_stream *stream = &v->options->streams[i];
	if (!look_at_days(v, stream, reterr))
		return false;
	look_at_holes(v, stream);
	look_at_counts(v, stream, v->looked[i].rejected);
	return true;
}
