/* Status for people, on one screen. Lines are measured before they are written: what matters least
 * is left out where the terminal is too narrow, and a long list of reasons is cut, with a word on
 * where the rest is. */
#include "report/status.h"

#include "base/stamp.h"
#include "base/text.h"

enum {
	COLUMN_STREAM, COLUMN_ROWS, COLUMN_WATERMARK, COLUMN_LOADED, COLUMN_RAN, COLUMN_OUTCOME,
	COLUMN_NEWS, COLUMN_DAYS, COLUMNS_N,
	CELL_BYTES = 128, SPARK_DAYS = 14, REASONS_SHOWN_MAX = 8, GAP = 2,
};

struct line {
	char cells[COLUMNS_N][CELL_BYTES];
	const char *colour; /* of the outcome; NULL: none */
};

struct sheet {
	const struct status *status;
	const struct status_screen *screen;
	struct buf *out;
	size_t widths[COLUMNS_N]; /* 0: left out */
};

static const char *const HEADS[COLUMNS_N] = {"STREAM", "ROWS", "WATERMARK (UTC)", "LOADED",
					     "LAST RUN", "OUTCOME", "NEW, CHANGED", "14 DAYS"};
/* The first goes first. */
static const int LEAVE_OUT[] = {COLUMN_NEWS, COLUMN_LOADED, COLUMN_WATERMARK, COLUMN_DAYS};

static void put(char cell[CELL_BYTES], const char *text)
{
	size_t size = strlen(text);
	size = size < CELL_BYTES ? size : CELL_BYTES - 1;
	memcpy(cell, text, size);
	cell[size] = '\0';
}

/* The largest unit alone: "3h", "12d". */
static void put_ago(char cell[CELL_BYTES], int64_t us)
{
	static const int64_t UNITS[] = {STAMP_DAY, STAMP_HOUR, STAMP_MINUTE};
	char text[32];
	int64_t unit = STAMP_SECOND;
	us = us < 0 ? 0 : us;
	for (size_t i = 0; i < 3; i++) {
		if (us >= UNITS[i]) {
			unit = UNITS[i];
			break;
		}
	}
	text_write_duration(text, sizeof text, us / unit * unit);
	put(cell, text);
}

/* The height of each day against the highest; a day without rows has a mark of its own. */
static void put_spark(char cell[CELL_BYTES], const struct sheet *sheet,
		      const struct status_stream *stream)
{
	static const char *const BLOCKS[] = {"\xc2\xb7", "\xe2\x96\x81", "\xe2\x96\x82",
					     "\xe2\x96\x83", "\xe2\x96\x84", "\xe2\x96\x85",
					     "\xe2\x96\x86", "\xe2\x96\x87", "\xe2\x96\x88"};
	static const char *const ASCII[] = {".", "_", "_", "-", "-", "=", "=", "#", "#"};
	const char *const *marks = sheet->screen->unicode ? BLOCKS : ASCII;
	int64_t today = stamp_floor(sheet->status->at_us, STAMP_DAY) / STAMP_DAY;
	int64_t rows[SPARK_DAYS] = {0}, most = 0;
	for (size_t i = 0; i < stream->days_n; i++) {
		int64_t at = stream->days[i].day - today + SPARK_DAYS - 1;
		if (at < 0 || at >= SPARK_DAYS)
			continue;
		rows[at] = stream->days[i].rows;
		most = rows[at] > most ? rows[at] : most;
	}
	struct buf text;
	buf_init(&text, CELL_BYTES - 1);
	for (int i = 0; i < SPARK_DAYS; i++) {
		double height = most == 0 ? 0 : 8.0 * (double)rows[i] / (double)most;
		size_t mark = rows[i] == 0 ? 0 : height < 1 ? 1 : (size_t)height;
		buf_add_text(&text, marks[mark]);
	}
	put(cell, buf_text(&text));
	buf_done(&text);
}

static void put_news(char cell[CELL_BYTES], const struct run_row *run)
{
	char inserted[32], updated[32];
	struct buf text;
	text_write_count(inserted, sizeof inserted, run->rows_inserted);
	text_write_count(updated, sizeof updated, run->rows_updated);
	buf_init(&text, CELL_BYTES - 1);
	buf_addf(&text, "+%s ~%s", inserted, updated);
	put(cell, buf_text(&text));
	buf_done(&text);
}

static void fill(const struct sheet *sheet, const struct status_stream *stream,
		 struct line *line)
{
	const struct run_row *run = stream->last;
	int64_t at_us = sheet->status->at_us;
	char text[STAMP_TEXT_BYTES];
	*line = (struct line){0};
	put(line->cells[COLUMN_STREAM], stream->stream);
	put(line->cells[COLUMN_ROWS], "?");
	if (stream->rows >= 0)
		text_write_count(line->cells[COLUMN_ROWS], CELL_BYTES, stream->rows);
	put(line->cells[COLUMN_WATERMARK], "-");
	if (stream->watermark_us != STAMP_NONE) {
		stamp_write_short(stamp_floor(stream->watermark_us, STAMP_SECOND), text);
		put(line->cells[COLUMN_WATERMARK], text);
	}
	put(line->cells[COLUMN_LOADED], "-");
	if (stream->loaded_us != STAMP_NONE)
		put_ago(line->cells[COLUMN_LOADED], at_us - stream->loaded_us);
	put_spark(line->cells[COLUMN_DAYS], sheet, stream);
	put(line->cells[COLUMN_RAN], "never");
	put(line->cells[COLUMN_OUTCOME], "-");
	if (run == NULL)
		return;
	put_ago(line->cells[COLUMN_RAN], at_us - run->started_us);
	put(line->cells[COLUMN_OUTCOME], outcome_name(run->outcome));
	put_news(line->cells[COLUMN_NEWS], run);
	line->colour = run->outcome == OUTCOME_DONE ? "32" : "31";
}

static size_t whole_width(const struct sheet *sheet)
{
	size_t width = 0;
	for (size_t i = 0; i < COLUMNS_N; i++)
		width += sheet->widths[i] == 0 ? 0 : sheet->widths[i] + (i > 0 ? GAP : 0);
	return width;
}

static void measure(struct sheet *sheet)
{
	struct line line;
	for (size_t i = 0; i < COLUMNS_N; i++)
		sheet->widths[i] = strlen(HEADS[i]);
	for (size_t i = 0; i < sheet->status->streams_n; i++) {
		fill(sheet, &sheet->status->streams[i], &line);
		for (size_t k = 0; k < COLUMNS_N; k++) {
			size_t width = text_width(span_of(line.cells[k]));
			if (width > sheet->widths[k])
				sheet->widths[k] = width;
		}
	}
	for (size_t i = 0; i < sizeof LEAVE_OUT / sizeof LEAVE_OUT[0]; i++) {
		if (sheet->screen->columns > 0 &&
		    whole_width(sheet) > (size_t)sheet->screen->columns)
			sheet->widths[LEAVE_OUT[i]] = 0;
	}
}

/* Rows stand right. Nothing is padded behind the last column. */
static void write_line(const struct sheet *sheet, const struct line *line, bool head)
{
	struct buf *out = sheet->out;
	size_t owed = 0;
	for (size_t i = 0; i < COLUMNS_N; i++) {
		const char *cell = line->cells[i];
		const char *colour = head ? "1" : i == COLUMN_OUTCOME ? line->colour
				     : i == COLUMN_DAYS		      ? "36"
								      : NULL;
		if (sheet->widths[i] == 0)
			continue;
		size_t pad = sheet->widths[i] - text_width(span_of(cell));
		if (i == COLUMN_ROWS)
			owed += pad;
		for (; owed > 0 && cell[0] != '\0'; owed--)
			buf_add_char(out, ' ');
		if (sheet->screen->colour && colour != NULL && cell[0] != '\0')
			buf_addf(out, "\033[%sm%s\033[0m", colour, cell);
		else
			buf_add_text(out, cell);
		owed += (i == COLUMN_ROWS ? 0 : pad) + GAP;
	}
	buf_add_char(out, '\n');
}

/* The reason stands in the first line: it may be all that a pager shows. */
static void write_reasons(const struct sheet *sheet)
{
	const char *red = sheet->screen->colour ? "\033[31m" : "";
	const char *green = sheet->screen->colour ? "\033[32m" : "";
	const char *plain = sheet->screen->colour ? "\033[0m" : "";
	struct buf reasons;
	size_t lines = 0;
	buf_init(&reasons, 1024 * 1024);
	status_reasons(sheet->status, &reasons);
	if (reasons.size == 0)
		buf_addf(sheet->out, "%sall is well%s\n", green, plain);
	for (const char *at = buf_text(&reasons); *at != '\0'; lines++) {
		size_t size = strcspn(at, "\n");
		if (lines < REASONS_SHOWN_MAX)
			buf_addf(sheet->out, "%s%.*s%s\n", red, (int)size, at, plain);
		at += size + (at[size] == '\n');
	}
	if (lines > REASONS_SHOWN_MAX)
		buf_addf(sheet->out, "%sand %zu more; --json names them all%s\n", red,
			 lines - REASONS_SHOWN_MAX, plain);
	buf_done(&reasons);
}

/* No reason for anybody to come, but an error is never silence. */
static void write_let_pass(const struct sheet *sheet)
{
	bool any = false;
	for (size_t i = 0; i < sheet->status->streams_n; i++) {
		const struct status_stream *stream = &sheet->status->streams[i];
		int64_t n = stream->last == NULL ? 0 : stream->last->let_pass;
		if (n == 0)
			continue;
		buf_addf(sheet->out, "%s%s: the last run took %lld %s for an empty answer\n",
			 any ? "" : "\n", stream->stream, (long long)n,
			 n == 1 ? "error" : "errors");
		any = true;
	}
}

static void write_foot(const struct sheet *sheet)
{
	const struct status *status = sheet->status;
	char text[STAMP_TEXT_BYTES], count[32], wait[CELL_BYTES];
	write_let_pass(sheet);
	if (status->spool.files > 0) {
		text_write_count(count, sizeof count, status->spool.rows);
		put_ago(wait, status->spool.oldest_us == STAMP_NONE
				      ? 0
				      : status->at_us - status->spool.oldest_us);
		bool one = status->spool.files == 1;
		buf_addf(sheet->out, "\nspool: %lld file%s with %s row%s wait%s, ",
			 (long long)status->spool.files, one ? "" : "s", count,
			 status->spool.rows == 1 ? "" : "s", one ? "s" : "");
		buf_addf(sheet->out, "the oldest for %s\n", wait);
	}
	if (status->next_run_us != STAMP_NONE) {
		stamp_write_short(status->next_run_us, text);
		put_ago(wait, status->next_run_us - status->at_us);
		buf_addf(sheet->out, "\nnext run: %s UTC, in %s\n", text, wait);
	}
}

bool status_text(const struct status *status, const struct status_screen *screen,
		 struct buf *out)
{
	struct sheet sheet = {status, screen, out, {0}};
	struct line line = {0};
	write_reasons(&sheet);
	buf_addf(out, "%s -> %s\n\n", status->pipeline, status->destination);
	measure(&sheet);
	for (size_t i = 0; i < COLUMNS_N; i++)
		put(line.cells[i], HEADS[i]);
	write_line(&sheet, &line, true);
	for (size_t i = 0; i < status->streams_n; i++) {
		fill(&sheet, &status->streams[i], &line);
		write_line(&sheet, &line, false);
	}
	write_foot(&sheet);
	return !out->failed;
}
