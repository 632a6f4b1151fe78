#include "report/table.h"

#include "base/bounds.h"
#include "base/json.h"
#include "base/text.h"
#include "report/tabling.h"

#include <stdlib.h>

enum { CUT_COLUMNS_MIN = 6 }; /* no column is made narrower than that */

struct table_writer {
	struct table_options options;
	struct buf out;
	int64_t rows;
	/* of a table: rows that wait until the widths are known */
	size_t *widths;
	size_t spare;         /* columns of the screen that it leaves free */
	bool folded;          /* names stand in several lines */
	bool records;         /* no line can hold a row: each column gets one */
	int64_t records_n;
	size_t name_width;    /* of records: the longest name's */
	struct buf kept;      /* their cells' bytes */
	struct span *cells;   /* offsets into kept until it is written; at NULL: NULL */
	size_t kept_n, kept_room;
	bool measured;
};

static bool flush(struct table_writer *writer, struct err *reterr)
{
	if (!buf_ok(&writer->out, reterr))
		return false;
	if (!writer->options.write(writer->options.user, buf_span(&writer->out)))
		return err_sys(reterr, "cannot write the results");
	buf_clear(&writer->out);
	return true;
}

bool table_begin(struct table_writer **ret, const struct table_options *options,
		 struct err *reterr)
{
	struct table_writer *writer = calloc(1, sizeof *writer);
	if (writer == NULL)
		return err_memory(reterr);
	writer->options = *options;
	buf_init(&writer->out, 4 * (size_t)ANSWER_BYTES_MAX);
	buf_init(&writer->kept, 4 * (size_t)ANSWER_BYTES_MAX);
	writer->widths = calloc(options->columns + 1, sizeof *writer->widths);
	if (writer->widths == NULL) {
		table_free(writer);
		return err_memory(reterr);
	}
	*ret = writer;
	return true;
}

void table_free(struct table_writer *writer)
{
	if (writer == NULL)
		return;
	buf_done(&writer->out);
	buf_done(&writer->kept);
	free(writer->widths);
	free(writer->cells);
	free(writer);
}

static bool is_number(const struct table_writer *writer, size_t column)
{
	enum type type = writer->options.types[column];
	return type == TYPE_INT || type == TYPE_FLOAT;
}

/* --- CSV (RFC 4180) --- */

static void row_csv(struct table_writer *writer, const struct span *cells)
{
	if (writer->rows == 0) {
		for (size_t i = 0; i < writer->options.columns; i++) {
			buf_add_text(&writer->out, i == 0 ? "" : ",");
			table_add_csv(&writer->out, span_of(writer->options.names[i]));
		}
		buf_add_text(&writer->out, "\n");
	}
	for (size_t i = 0; cells != NULL && i < writer->options.columns; i++) {
		buf_add_text(&writer->out, i == 0 ? "" : ",");
		if (cells[i].at != NULL)
			table_add_csv(&writer->out, cells[i]);
	}
	if (cells != NULL)
		buf_add_text(&writer->out, "\n");
}

/* --- JSON --- */

static void row_json(struct table_writer *writer, const struct span *cells)
{
	struct buf *out = &writer->out;
	buf_add_text(out, writer->rows == 0 ? "[\n" : ",\n");
	buf_add_char(out, '{');
	for (size_t i = 0; i < writer->options.columns; i++) {
		enum type type = writer->options.types[i];
		buf_add_text(out, i == 0 ? "" : ",");
		json_add_text(out, span_of(writer->options.names[i]));
		buf_add_char(out, ':');
		if (cells[i].at == NULL)
			buf_add_text(out, "null");
		else if (type == TYPE_JSON || type == TYPE_BOOL ||
			 (is_number(writer, i) && table_is_json_number(cells[i])))
			buf_add_span(out, cells[i]);
		else
			json_add_text(out, cells[i]);
	}
	buf_add_char(out, '}');
}

/* --- Markdown --- */

static void row_markdown(struct table_writer *writer, const struct span *cells)
{
	struct buf *out = &writer->out;
	size_t n = writer->options.columns;
	if (writer->rows == 0) {
		for (size_t i = 0; i < n; i++) {
			buf_add_text(out, "| ");
			table_add_markdown(out, span_of(writer->options.names[i]));
			buf_add_char(out, ' ');
		}
		buf_add_text(out, "|\n");
		for (size_t i = 0; i < n; i++)
			buf_add_text(out, is_number(writer, i) ? "| ---: " : "| --- ");
		buf_add_text(out, "|\n");
	}
	for (size_t i = 0; cells != NULL && i < n; i++) {
		buf_add_text(out, "| ");
		if (cells[i].at != NULL)
			table_add_markdown(out, cells[i]);
		buf_add_char(out, ' ');
	}
	if (cells != NULL)
		buf_add_text(out, "|\n");
}

/* --- the table --- */

static void add_blanks(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_char(out, ' ');
}

/* A number or a time that is cut says something else. */
static bool may_cut(const struct table_writer *writer, size_t column)
{
	enum type type = writer->options.types[column];
	return writer->options.screen_columns > 0 && (type == TYPE_TEXT || type == TYPE_JSON);
}

/* Takes up to `over` columns from the widest that may be cut, so that all of them stay as wide as
 * each other or the next is as wide as they. Returns how many it
 * took; 0: nothing may be cut any more. */
static size_t cut_widest(struct table_writer *writer, size_t over)
{
	size_t n = writer->options.columns, widest = 0, second = CUT_COLUMNS_MIN, wide_n = 0;
	for (size_t i = 0; i < n; i++) {
		if (may_cut(writer, i) && writer->widths[i] > widest)
			widest = writer->widths[i];
	}
	if (widest <= CUT_COLUMNS_MIN)
		return 0;
	for (size_t i = 0; i < n; i++) {
		size_t width = writer->widths[i];
		wide_n += may_cut(writer, i) && width == widest;
		if (may_cut(writer, i) && width < widest && width > second)
			second = width;
	}
	size_t less = (over + wide_n - 1) / wide_n;
	size_t width = widest - second < less ? second : widest - less;
	size_t left = width == second ? 0 : less * wide_n - over;
	size_t took = 0;
	for (size_t i = 0; i < n; i++) {
		if (!may_cut(writer, i) || writer->widths[i] != widest)
			continue;
		took += widest - (left > 0 ? width + 1 : width);
		writer->widths[i] = left > 0 ? width + 1 : width;
		left -= left > 0;
	}
	return took;
}

static size_t name_width(const struct table_writer *writer, size_t column, bool folded)
{
	struct span name = span_of(writer->options.names[column]);
	return folded ? table_name_folded(name) : text_width(name);
}

/* The columns that a line takes with its names, folded or not. */
static size_t line_width(const struct table_writer *writer, bool folded)
{
	size_t whole = writer->options.columns > 0 ? 2 * (writer->options.columns - 1) : 0;
	for (size_t i = 0; i < writer->options.columns; i++) {
		size_t width = name_width(writer, i, folded);
		whole += width > writer->widths[i] ? width : writer->widths[i];
	}
	return whole;
}

/* Until now the widths are those of the rows alone. A table that is too wide folds its names,
 * then cuts text, then gives up lines. */
static void fit_screen(struct table_writer *writer)
{
	size_t n = writer->options.columns, screen = writer->options.screen_columns;
	writer->folded = screen > 0 && line_width(writer, false) > screen;
	for (size_t i = 0; i < n; i++) {
		size_t width = name_width(writer, i, writer->folded);
		size_t own = name_width(writer, i, false);
		if (width > writer->widths[i])
			writer->widths[i] = width;
		if (own > writer->name_width)
			writer->name_width = own;
	}
	if (screen == 0)
		return;
	size_t whole = line_width(writer, writer->folded);
	for (size_t took = 1; whole > screen && took > 0; whole -= took)
		took = cut_widest(writer, whole - screen);
	writer->records = whole > screen;
	writer->spare = whole <= screen ? screen - whole : 0;
}

/* Returns the columns that it takes: no more than its own and those that the line has to spare,
 * which come after the table was measured. */
static size_t add_cell(struct table_writer *writer, size_t column, struct span text, size_t *spare)
{
	struct buf *out = &writer->out;
	size_t width = text_width(text), own = writer->widths[column], room = own + *spare;
	if (width <= room || !may_cut(writer, column)) {
		buf_add_span(out, text);
	} else {
		const char *end = writer->options.unicode ? "…" : "...";
		size_t end_width = text_width(span_of(end));
		bool shown = room > end_width;
		struct span kept = table_cut(text, shown ? room - end_width : room);
		buf_add_span(out, kept);
		buf_add_text(out, shown ? end : "");
		width = text_width(kept) + (shown ? end_width : 0);
	}
	if (width > own)
		*spare -= width - own < *spare ? width - own : *spare;
	return width;
}

static void line_text(struct table_writer *writer, const struct span *cells)
{
	struct buf *out = &writer->out;
	size_t spare = writer->spare;
	for (size_t i = 0; i < writer->options.columns; i++) {
		size_t width = is_number(writer, i) ? text_width(cells[i]) : 0;
		bool last = i + 1 == writer->options.columns;
		buf_add_text(out, i == 0 ? "" : "  ");
		if (is_number(writer, i) && writer->widths[i] > width)
			add_blanks(out, writer->widths[i] - width);
		width = add_cell(writer, i, cells[i], &spare);
		size_t blanks = writer->widths[i] > width ? writer->widths[i] - width : 0;
		if (!is_number(writer, i) && !last)
			add_blanks(out, blanks);
	}
	buf_add_char(out, '\n');
}

static void underline(struct table_writer *writer)
{
	for (size_t i = 0; i < writer->options.columns; i++) {
		buf_add_text(&writer->out, i == 0 ? "" : "  ");
		for (size_t k = 0; k < writer->widths[i]; k++)
			buf_add_char(&writer->out, '-');
	}
	buf_add_char(&writer->out, '\n');
}

/* The blanks at the end of a line that was just written. */
static void trim_line(struct buf *out)
{
	size_t size = out->size - 1;
	while (size > 0 && out->data[size - 1] == ' ')
		size--;
	buf_cut(out, size);
	buf_add_char(out, '\n');
}

/* The names' last parts stand in one line, right above the rows. */
static bool head_text(struct table_writer *writer, struct err *reterr)
{
	size_t n = writer->options.columns, lines = 1;
	struct span *names = calloc(n + 1, sizeof *names);
	if (names == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < n && writer->folded; i++) {
		size_t own = table_name_lines(span_of(writer->options.names[i]), writer->widths[i]);
		lines = own > lines ? own : lines;
	}
	buf_add_text(&writer->out, writer->options.colour ? "\033[1m" : "");
	for (size_t line = lines; line-- > 0;) {
		for (size_t i = 0; i < n; i++) {
			names[i] = span_of(writer->options.names[i]);
			if (writer->folded)
				names[i] = table_name_line(names[i], writer->widths[i], line);
		}
		line_text(writer, names);
		trim_line(&writer->out);
	}
	buf_add_text(&writer->out, writer->options.colour ? "\033[0m" : "");
	if (!writer->options.colour)
		underline(writer);
	free(names);
	return true;
}

/* One row as lines of "NAME  value". */
static void record_text(struct table_writer *writer, const struct span *cells)
{
	struct buf *out = &writer->out;
	size_t screen = writer->options.screen_columns, taken = writer->name_width + 2;
	buf_addf(out, "-[ %lld ]-\n", (long long)++writer->records_n);
	for (size_t i = 0; i < writer->options.columns; i++) {
		struct span name = span_of(writer->options.names[i]);
		size_t spare = screen > taken + CUT_COLUMNS_MIN ? screen - taken : CUT_COLUMNS_MIN;
		buf_add_span(out, name);
		add_blanks(out, taken - text_width(name));
		writer->widths[i] = 0;
		add_cell(writer, i, cells[i], &spare);
		buf_add_char(out, '\n');
	}
}

static void shown_row(struct table_writer *writer, const struct span *cells)
{
	if (writer->records)
		record_text(writer, cells);
	else
		line_text(writer, cells);
}

/* The widths are known: what was kept is written. */
static bool measured(struct table_writer *writer, struct err *reterr)
{
	size_t n = writer->options.columns;
	if (writer->measured)
		return true;
	writer->measured = true;
	fit_screen(writer);
	if (!writer->records && !head_text(writer, reterr))
		return false;
	for (size_t row = 0; row < writer->kept_n; row++) {
		struct span *cells = writer->cells + row * n;
		for (size_t i = 0; i < n; i++)
			cells[i].at = buf_text(&writer->kept) + (size_t)cells[i].at;
		shown_row(writer, cells);
	}
	writer->kept_n = 0;
	return flush(writer, reterr);
}

/* Cells as they will be shown, appended to `kept`. */
static bool show_cells(struct table_writer *writer, const struct span *cells, struct span *ret,
		       struct err *reterr)
{
	for (size_t i = 0; i < writer->options.columns; i++) {
		size_t start = writer->kept.size;
		if (cells[i].at == NULL)
			buf_add_text(&writer->kept, "NULL");
		else
			table_add_shown(&writer->kept, cells[i]);
		ret[i] = (struct span){(const char *)start, writer->kept.size - start};
		if (!writer->measured) {
			struct span shown = {buf_text(&writer->kept) + start, ret[i].size};
			size_t width = text_width(shown);
			if (width > writer->widths[i])
				writer->widths[i] = width;
		}
	}
	return buf_ok(&writer->kept, reterr);
}

static bool row_text(struct table_writer *writer, const struct span *cells, struct err *reterr)
{
	size_t n = writer->options.columns;
	if (writer->kept_n == writer->kept_room) {
		size_t room = writer->kept_room == 0 ? 64 : writer->kept_room * 2;
		struct span *grown = realloc(writer->cells, room * n * sizeof *grown);
		if (grown == NULL)
			return err_memory(reterr);
		writer->cells = grown;
		writer->kept_room = room;
	}
	if (writer->measured)
		buf_clear(&writer->kept);
	struct span *row = writer->cells + writer->kept_n * n;
	if (!show_cells(writer, cells, row, reterr))
		return false;
	if (!writer->measured) {
		writer->kept_n++;
		return writer->kept_n < TABLE_ROWS_KEPT || measured(writer, reterr);
	}
	for (size_t i = 0; i < n; i++)
		row[i].at = buf_text(&writer->kept) + (size_t)row[i].at;
	shown_row(writer, row);
	return true;
}

bool table_row(struct table_writer *writer, const struct span *cells, struct err *reterr)
{
	bool done = true;
	switch (writer->options.format) {
	case TABLE_TEXT:
		done = row_text(writer, cells, reterr);
		break;
	case TABLE_CSV:
		row_csv(writer, cells);
		break;
	case TABLE_JSON:
		row_json(writer, cells);
		break;
	case TABLE_MARKDOWN:
		row_markdown(writer, cells);
		break;
	}
	writer->rows++;
	return done && (writer->out.size < 64 * KIB || flush(writer, reterr));
}

bool table_end(struct table_writer *writer, struct err *reterr)
{
	char count[32];
	switch (writer->options.format) {
	case TABLE_TEXT:
		if (!measured(writer, reterr))
			return false;
		if (writer->options.no_count)
			break;
		text_write_count(count, sizeof count, writer->rows);
		buf_addf(&writer->out, "(%s row%s)\n", count, writer->rows == 1 ? "" : "s");
		break;
	case TABLE_CSV:
		if (writer->rows == 0)
			row_csv(writer, NULL);
		break;
	case TABLE_JSON:
		buf_add_text(&writer->out, writer->rows == 0 ? "[]\n" : "\n]\n");
		break;
	case TABLE_MARKDOWN:
		if (writer->rows == 0)
			row_markdown(writer, NULL);
		break;
	}
	return flush(writer, reterr);
}
