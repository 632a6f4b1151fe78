#include "report/table.h"

#include "base/bounds.h"
#include "base/json.h"
#include "base/text.h"

#include <stdlib.h>

enum { CUT_COLUMNS_MIN = 6 }; /* no column is made narrower than that */

struct table_writer {
	struct table_options options;
	struct buf out;
	int64_t rows;
	/* of a table: rows that wait until the widths are known */
	size_t *widths;
	size_t spare;         /* columns of the screen that it leaves free */
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
	for (size_t i = 0; i < options->columns; i++)
		writer->widths[i] = text_width(span_of(options->names[i]));
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

/* Appends the control character that begins here as something to be seen, so that no text of an
 * API plays with a terminal; U+0080 to U+009F too, which terminals obey. 0: it is none. */
static size_t add_control(struct buf *out, struct span text)
{
	unsigned char c = (unsigned char)text.at[0];
	if (c < 0x20 || c == 0x7F) {
		buf_addf(out, "\\x%02x", c);
		return 1;
	}
	if (c != 0xC2 || text.size < 2 || (unsigned char)text.at[1] >= 0xA0)
		return 0;
	buf_addf(out, "\\u00%02x", (unsigned char)text.at[1]);
	return 2;
}

/* --- CSV (RFC 4180) --- */

static void add_csv(struct buf *out, struct span text)
{
	bool quote = false;
	for (size_t i = 0; i < text.size && !quote; i++)
		quote = strchr(",\"\r\n", text.at[i]) != NULL || text.at[i] == '\0';
	/* An empty text is not NULL, and a blank at an end must stay. */
	quote |= text.size == 0 || text.at[0] == ' ' || text.at[text.size - 1] == ' ';
	if (!quote) {
		buf_add_span(out, text);
		return;
	}
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] == '"')
			buf_add_char(out, '"');
		buf_add_char(out, text.at[i]);
	}
	buf_add_char(out, '"');
}

static void row_csv(struct table_writer *writer, const struct span *cells)
{
	if (writer->rows == 0) {
		for (size_t i = 0; i < writer->options.columns; i++) {
			buf_add_text(&writer->out, i == 0 ? "" : ",");
			add_csv(&writer->out, span_of(writer->options.names[i]));
		}
		buf_add_text(&writer->out, "\n");
	}
	for (size_t i = 0; cells != NULL && i < writer->options.columns; i++) {
		buf_add_text(&writer->out, i == 0 ? "" : ",");
		if (cells[i].at != NULL)
			add_csv(&writer->out, cells[i]);
	}
	if (cells != NULL)
		buf_add_text(&writer->out, "\n");
}

/* --- JSON --- */

/* False for what JSON has no number for: inf, nan, nothing. */
static bool is_json_number(struct span text)
{
	static const char PARTS[] = "0123456789+-.eE";
	for (size_t i = 0; i < text.size; i++) {
		if (memchr(PARTS, text.at[i], sizeof PARTS - 1) == NULL)
			return false;
	}
	return text.size > 0 && text.at[text.size - 1] >= '0' && text.at[text.size - 1] <= '9';
}

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
			 (is_number(writer, i) && is_json_number(cells[i])))
			buf_add_span(out, cells[i]);
		else
			json_add_text(out, cells[i]);
	}
	buf_add_char(out, '}');
}

/* --- Markdown --- */

static void add_markdown(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		size_t size = 0;
		if (c == '\n')
			buf_add_text(out, "<br>");
		else if (c == '\t')
			buf_add_char(out, ' ');
		else if (c == '|' || c == '\\')
			buf_addf(out, "\\%c", c);
		else if (c != '\r' && (size = add_control(out, span_from(text, i))) == 0)
			buf_add_char(out, c);
		i += size > 1 ? size - 1 : 0;
	}
}

static void row_markdown(struct table_writer *writer, const struct span *cells)
{
	struct buf *out = &writer->out;
	size_t n = writer->options.columns;
	if (writer->rows == 0) {
		for (size_t i = 0; i < n; i++) {
			buf_add_text(out, "| ");
			add_markdown(out, span_of(writer->options.names[i]));
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
			add_markdown(out, cells[i]);
		buf_add_char(out, ' ');
	}
	if (cells != NULL)
		buf_add_text(out, "|\n");
}

/* --- the table --- */

/* One line, whatever the text holds. */
static void add_shown(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.size;) {
		char c = text.at[i];
		size_t size = 1;
		if (c == '\n')
			buf_add_text(out, "\\n");
		else if (c == '\t')
			buf_add_text(out, "\\t");
		else if ((size = add_control(out, span_from(text, i))) == 0)
			buf_add_char(out, c);
		i += size > 0 ? size : 1;
	}
}

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

/* The widest first: all that may be cut get the same greatest width that lets the line fit. */
static void fit_screen(struct table_writer *writer)
{
	size_t n = writer->options.columns, screen = writer->options.screen_columns;
	for (;;) {
		size_t whole = 2 * (n - 1), widest = 0, second = CUT_COLUMNS_MIN, wide_n = 0;
		for (size_t i = 0; i < n; i++) {
			whole += writer->widths[i];
			if (may_cut(writer, i) && writer->widths[i] > widest)
				widest = writer->widths[i];
		}
		if (whole <= screen)
			writer->spare = screen - whole;
		if (whole <= screen || widest <= CUT_COLUMNS_MIN)
			return;
		for (size_t i = 0; i < n; i++) {
			size_t width = writer->widths[i];
			wide_n += may_cut(writer, i) && width == widest;
			if (may_cut(writer, i) && width < widest && width > second)
				second = width;
		}
		size_t less = (whole - screen + wide_n - 1) / wide_n;
		size_t width = widest - second < less ? second : widest - less;
		size_t left = width == second ? 0 : less * wide_n - (whole - screen);
		for (size_t i = 0; i < n; i++) {
			if (!may_cut(writer, i) || writer->widths[i] != widest)
				continue;
			writer->widths[i] = left > 0 ? width + 1 : width;
			left -= left > 0;
		}
	}
}

/* As much of the text as stands in so many columns, at a whole character. */
static struct span cut_text(struct span text, size_t columns)
{
	size_t size = 0;
	while (size < text.size) {
		size_t next = size + 1;
		while (next < text.size && (text.at[next] & 0xC0) == 0x80)
			next++;
		size_t width = text_width((struct span){text.at + size, next - size});
		if (width > columns)
			break;
		columns -= width;
		size = next;
	}
	return (struct span){text.at, size};
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
		struct span kept = cut_text(text, shown ? room - end_width : room);
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

static bool head_text(struct table_writer *writer, struct err *reterr)
{
	size_t n = writer->options.columns;
	struct span *names = calloc(n + 1, sizeof *names);
	if (names == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < n; i++)
		names[i] = span_of(writer->options.names[i]);
	buf_add_text(&writer->out, writer->options.colour ? "\033[1m" : "");
	line_text(writer, names);
	if (writer->options.colour)
		buf_add_text(&writer->out, "\033[0m");
	else
		for (size_t i = 0; i < n; i++) {
			buf_add_text(&writer->out, i == 0 ? "" : "  ");
			for (size_t k = 0; k < writer->widths[i]; k++)
				buf_add_char(&writer->out, '-');
		}
	buf_add_text(&writer->out, writer->options.colour ? "" : "\n");
	free(names);
	return true;
}

/* The widths are known: what was kept is written. */
static bool measured(struct table_writer *writer, struct err *reterr)
{
	size_t n = writer->options.columns;
	if (writer->measured)
		return true;
	writer->measured = true;
	fit_screen(writer);
	if (!head_text(writer, reterr))
		return false;
	for (size_t row = 0; row < writer->kept_n; row++) {
		struct span *cells = writer->cells + row * n;
		for (size_t i = 0; i < n; i++)
			cells[i].at = buf_text(&writer->kept) + (size_t)cells[i].at;
		line_text(writer, cells);
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
			add_shown(&writer->kept, cells[i]);
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
	line_text(writer, row);
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
