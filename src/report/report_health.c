/* How the pipeline is: out of the local state, and where there is a warehouse out of FIRN_RUNS and
 * FIRN_WINDOWS. */
#include "base/stamp.h"
#include "base/text.h"
#include "report/reporting.h"

#include <math.h>
#include <stdlib.h>

static void add_reasons(struct report *report)
{
	struct html *html = &report->html;
	struct buf reasons;
	buf_init(&reasons, 1024 * 1024);
	report->failed |= !status_reasons(report->options->status, &reasons);
	if (reasons.size == 0)
		buf_add_text(html->out, "<p class=\"good\">All is well.</p>\n");
	else
		buf_add_text(html->out, "<p class=\"bad\">A person is needed:</p>\n"
					"<ul class=\"reasons\">\n");
	for (const char *at = buf_text(&reasons); *at != '\0';) {
		size_t size = strcspn(at, "\n");
		buf_add_text(html->out, "<li><bdi>");
		html_text(html, (struct span){at, size});
		buf_add_text(html->out, "</bdi></li>\n");
		at += size + (at[size] == '\n');
	}
	if (reasons.size > 0)
		buf_add_text(html->out, "</ul>\n");
	buf_done(&reasons);
}

static void add_moment(struct html *html, int64_t us)
{
	char text[STAMP_TEXT_BYTES] = "\xe2\x80\x93";
	if (us != STAMP_NONE)
		stamp_write_short(stamp_floor(us, STAMP_SECOND), text);
	buf_addf(html->out, "<td class=\"t\">%s</td>", text);
}

static void add_streams(struct report *report)
{
	const struct status *status = report->options->status;
	struct html *html = &report->html;
	char rows[32];
	buf_add_text(html->out,
		     "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Streams\">"
		     "<table><thead><tr><th scope=\"col\">Stream</th><th scope=\"col\">Table</th>"
		     "<th scope=\"col\" class=\"n\">Rows</th><th scope=\"col\">Watermark (UTC)</th>"
		     "<th scope=\"col\">Rows last came</th><th scope=\"col\">Last run</th>"
		     "<th scope=\"col\">Outcome</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < status->streams_n; i++) {
		const struct status_stream *stream = &status->streams[i];
		const struct run_row *run = stream->last;
		bool bad = run != NULL && run->outcome != OUTCOME_DONE;
		chart_number(stream->rows < 0 ? NAN : (double)stream->rows, false, rows);
		buf_add_text(html->out, "<tr><th scope=\"row\">");
		html_text(html, span_of(stream->stream));
		buf_add_text(html->out, "</th><td class=\"t\">");
		html_text(html, span_of(stream->table));
		buf_addf(html->out, "</td><td class=\"n\">%s</td>", rows);
		add_moment(html, stream->watermark_us);
		add_moment(html, stream->loaded_us);
		add_moment(html, run == NULL ? STAMP_NONE : run->started_us);
		buf_addf(html->out, "<td class=\"%s\">%s</td></tr>\n",
			 run == NULL ? "soft" : bad ? "bad" : "good",
			 run == NULL ? "never ran" : outcome_name(run->outcome));
	}
	buf_add_text(html->out, "</tbody></table></div>\n");
}

/* --- rows a day, where no warehouse tells --- */

struct local_row {
	int64_t day;
	const char *stream;
	int64_t rows;
};

static int by_day(const void *a, const void *b)
{
	const struct local_row *x = a, *y = b;
	return x->day != y->day ? (x->day > y->day) - (x->day < y->day)
				: strcmp(x->stream, y->stream);
}

static bool local_rows(struct report *report, struct grid *ret)
{
	static const char *const NAMES[] = {"DAY", "STREAM", "ROWS"};
	static const enum type TYPES[] = {TYPE_TEXT, TYPE_TEXT, TYPE_INT};
	const struct status *status = report->options->status;
	size_t n = 0;
	for (size_t i = 0; i < status->streams_n; i++)
		n += status->streams[i].days_n;
	struct local_row *rows = arena_array(report->arena, n + 1, sizeof *rows);
	*ret = (struct grid){NAMES, TYPES, 3, n, false,
			     arena_array(report->arena, 3 * n + 1, sizeof *ret->cells)};
	if (rows == NULL || ret->cells == NULL)
		return false;
	n = 0;
	for (size_t i = 0; i < status->streams_n; i++) {
		for (size_t k = 0; k < status->streams[i].days_n; k++)
			rows[n++] = (struct local_row){status->streams[i].days[k].day,
						       status->streams[i].stream,
						       status->streams[i].days[k].rows};
	}
	qsort(rows, n, sizeof *rows, by_day);
	for (size_t i = 0; i < n; i++) {
		char day[STAMP_TEXT_BYTES];
		stamp_write_short(rows[i].day * STAMP_DAY, day);
		ret->cells[3 * i] = span_of(arena_text(report->arena, span_of(day)));
		ret->cells[3 * i + 1] = span_of(rows[i].stream);
		ret->cells[3 * i + 2] =
			span_of(arena_printf(report->arena, "%lld", (long long)rows[i].rows));
		if (ret->cells[3 * i].at == NULL || ret->cells[3 * i + 2].at == NULL)
			return false;
	}
	return true;
}

static void add_charts(struct report *report)
{
	struct grid grid;
	buf_add_text(report->html.out, "<div class=\"charts\">\n");
	bool told = report->options->warehouse != NULL
			    ? report_ask(report, "firn", "rows", &grid)
			    : local_rows(report, &grid);
	if (told)
		report_by_name(report, CHART_COLUMNS,
			       (struct chart){.title = "Rows loaded a day",
					      .about = "New and changed rows, by stream.",
					      .unit = "", .counts = true},
			       &grid, true);
	if (report_ask(report, "firn", "times", &grid))
		report_over_days(report, CHART_LINES,
				 (struct chart){.title = "Run times",
						.about = "The longest run of the day, and the "
							 "average.",
						.unit = " s"},
				 &grid,
				 (const struct chart_column[]){{1, "Longest"}, {2, "Average"}}, 2);
	buf_add_text(report->html.out, "</div>\n");
}

static void add_list(struct report *report, const char *name, const char *title,
		     const char *none)
{
	struct grid grid;
	if (report->options->warehouse == NULL)
		return;
	buf_addf(report->html.out, "<h3>%s</h3>\n", title);
	if (!report_ask(report, "firn", name, &grid))
		return;
	if (grid.rows == 0)
		buf_addf(report->html.out, "<p class=\"soft\">%s</p>\n", none);
	report_table(report, &grid, title, true);
}

void report_health(struct report *report)
{
	buf_add_text(report->html.out, "<section>\n<h2>The pipeline</h2>\n");
	add_reasons(report);
	add_streams(report);
	add_charts(report);
	add_list(report, "failures", "Failures", "No run failed.");
	add_list(report, "gaps", "Gaps",
		 "Between the first and the last complete window nothing is missing.");
	buf_add_text(report->html.out, "</section>\n");
}
