#include "report/report.h"

#include "base/bounds.h"
#include "base/stamp.h"
#include "base/text.h"
#include "report/reporting.h"
#include "warehouse/views.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORD_BYTES = 24 }; /* longer texts are broken anywhere */

/* --- asking --- */

static const struct builtin_view *find(const char *connector, const char *name)
{
	for (const struct builtin_view *at = BUILTIN_REPORTS; at->connector != NULL; at++) {
		if (strcmp(at->connector, connector) == 0 && strcmp(at->name, name) == 0)
			return at;
	}
	return NULL;
}

bool report_has(const char *connector, const char *name)
{
	return find(connector, name) != NULL;
}

struct view_names {
	struct buf text;
};

static void add_view_name(void *user, struct span table)
{
	struct view_names *names = user;
	buf_addf(&names->text, "%s%.*s", names->text.size == 0 ? "" : ", ", SPAN_ARGS(table));
}

/* What could not be asked, and what to do. */
static void say_missing(struct report *report, const struct view *view, const char *why)
{
	struct view_names names;
	struct err ignored;
	buf_init(&names.text, KIB);
	(void)!view_tables(view, add_view_name, &names, &ignored);
	buf_add_text(report->html.out, "<p class=\"note\">");
	if (names.text.size > 0) {
		html_text(&report->html, buf_span(&names.text));
		buf_add_text(report->html.out, " cannot be read; <code>firn views</code> makes "
					       "what is missing. ");
	} else {
		buf_add_text(report->html.out, "This cannot be read; firn's own "
					       "tables come with the first load. ");
	}
	html_short(&report->html, span_of(why), 400);
	buf_add_text(report->html.out, "</p>\n");
	buf_done(&names.text);
}

bool report_ask(struct report *report, const char *connector, const char *name, struct grid *ret)
{
	const struct builtin_view *found = find(connector, name);
	struct err why = {0};
	struct buf sql;
	*ret = (struct grid){0};
	if (found == NULL || report->options->warehouse == NULL)
		return false;
	struct view view = {.name = found->name, .text = found->text};
	buf_init(&sql, SQL_BYTES_MAX);
	bool done = view_sql(&view, report->options->kind, &report->view_options, &sql, &why) &&
		    grid_query(report->arena, report->options->warehouse, buf_text(&sql), ret,
			       &why);
	buf_done(&sql);
	if (!done && why.kind == ERR_MEMORY)
		report->failed = true;
	else if (!done)
		say_missing(report, &view, why.text);
	return done;
}

/* --- tables --- */

static void add_cell(struct report *report, const struct grid *grid, size_t row, size_t column)
{
	struct html *html = &report->html;
	struct span cell = grid_cell(grid, row, column);
	char text[32];
	bool number = grid->types[column] == TYPE_INT || grid->types[column] == TYPE_FLOAT;
	int64_t day;
	if (cell.at == NULL) {
		buf_addf(html->out, "<td%s>\xe2\x80\x93</td>", number ? " class=\"n\"" : "");
	} else if (number) {
		chart_number(grid_number(grid, row, column), false, text);
		buf_addf(html->out, "<td class=\"n\">%s</td>", text);
	} else {
		bool time = grid->types[column] != TYPE_TEXT || grid_day(grid, row, column, &day);
		if (time && cell.size > strlen("2026-11-23 04:05:06"))
			cell.size = strlen("2026-11-23 04:05:06");
		buf_addf(html->out, "<td%s><bdi>",
			 time			  ? " class=\"t\""
			 : cell.size > WORD_BYTES ? " class=\"w\""
						  : "");
		html_text(html, cell);
		buf_add_text(html->out, "</bdi></td>");
	}
}

void report_table(struct report *report, const struct grid *grid, const char *title, bool open)
{
	struct html *html = &report->html;
	if (grid->rows == 0)
		return;
	if (!open)
		buf_addf(html->out, "<details><summary>Table: %s</summary>\n", title);
	/* What scrolls must be reachable without a mouse. */
	buf_addf(html->out,
		 "<div class=\"%s\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">"
		 "<table><thead><tr>",
		 open ? "scroll" : "rows", title);
	for (size_t i = 0; i < grid->columns; i++) {
		bool number = grid->types[i] == TYPE_INT || grid->types[i] == TYPE_FLOAT;
		buf_addf(html->out, "<th scope=\"col\"%s>", number ? " class=\"n\"" : "");
		html_heading(html, grid->names[i]);
		buf_add_text(html->out, "</th>");
	}
	buf_add_text(html->out, "</tr></thead><tbody>\n");
	for (size_t row = 0; row < grid->rows; row++) {
		buf_add_text(html->out, "<tr>");
		for (size_t i = 0; i < grid->columns; i++)
			add_cell(report, grid, row, i);
		buf_add_text(html->out, "</tr>\n");
	}
	buf_add_text(html->out, "</tbody></table></div>\n");
	if (grid->cut)
		buf_addf(html->out, "<p class=\"soft\">Only the first %d rows.</p>\n",
			 GRID_ROWS_MAX);
	if (!open)
		buf_add_text(html->out, "</details>\n");
}

/* --- the page --- */

static void add_head(struct report *report)
{
	const struct status *status = report->options->status;
	struct html *html = &report->html;
	char at[STAMP_TEXT_BYTES], from[STAMP_TEXT_BYTES];
	struct buf title;
	buf_init(&title, 4 * KIB);
	buf_addf(&title, "%s: firn report", status->pipeline);
	html_begin(html, buf_span(&title));
	buf_done(&title);
	stamp_write_short(stamp_floor(status->at_us, STAMP_SECOND), at);
	stamp_write_short(stamp_floor(status->at_us, STAMP_DAY) -
				  (report->options->days - 1) * STAMP_DAY, from);
	buf_add_text(html->out, "<header>\n<h1><bdi>");
	html_text(html, span_of(status->pipeline));
	buf_add_text(html->out, "</bdi></h1>\n<p class=\"soft\"><bdi>");
	html_text(html, span_of(status->destination));
	buf_addf(html->out, "</bdi> \xc2\xb7 made %s UTC \xc2\xb7 days since %s, in ", at, from);
	html_text(html, span_of(report->view_options.timezone));
	buf_add_text(html->out, "</p>\n</header>\n<main>\n");
}

static void add_foot(struct report *report)
{
	buf_add_text(report->html.out, "</main>\n<footer><p>Made by firn " FIRN_VERSION
				       ". The page asks the network for nothing.</p></footer>\n");
	html_end(&report->html);
}

/* The lists of report/: the pipeline and the first day, beside those of the views. */
static bool set_lists(struct report *report, const char **pipeline, const char **since)
{
	const struct view_options *given = report->options->view_options;
	struct view_list *lists =
		arena_array(report->arena, given->lists_n + 2, sizeof *lists);
	char day[STAMP_TEXT_BYTES];
	stamp_write_short(stamp_floor(report->options->status->at_us, STAMP_DAY) -
				  (report->options->days - 1) * STAMP_DAY, day);
	*since = arena_text(report->arena, span_of(day));
	*pipeline = report->options->status->pipeline;
	if (lists == NULL || *since == NULL)
		return false;
	report->view_options = *given;
	for (size_t i = 0; i < given->lists_n; i++)
		lists[i] = given->lists[i];
	lists[given->lists_n] = (struct view_list){"pipeline", pipeline, 1};
	lists[given->lists_n + 1] = (struct view_list){"since", since, 1};
	report->view_options.lists = lists;
	report->view_options.lists_n = given->lists_n + 2;
	return true;
}

bool report_write(const struct report_options *options, struct buf *out, struct err *reterr)
{
	const char *pipeline, *since;
	struct report report = {
		.options = options,
		.arena = arena_new(),
		.html = {.out = out, .scrub = options->scrub, .scrub_user = options->scrub_user},
	};
	bool done = report.arena != NULL && set_lists(&report, &pipeline, &since);
	if (done) {
		add_head(&report);
		if (options->warehouse == NULL) {
			buf_add_text(out, "<p class=\"note\">");
			html_text(&report.html, span_of(options->no_warehouse));
			buf_add_text(out, "</p>\n");
		} else {
			report_data(&report);
		}
		report_health(&report);
		add_foot(&report);
		done = !report.failed;
	}
	arena_free(report.arena);
	return done ? buf_ok(out, reterr) : err_memory(reterr);
}
