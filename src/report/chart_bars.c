/* Bars that lie: names on the left, a bar a series, its value behind it. */
#include "base/bounds.h"
#include "report/charting.h"

#include <math.h>

enum { NAMES_WIDTH = 210, VALUES_WIDTH = 110, BAR = 14, GAP = 10, NAME_COLUMNS = 22 };

static double sum_of(const struct chart *chart)
{
	double sum = 0;
	for (size_t i = 0; i < chart->n; i++)
		sum += chart->series[0].values[i] > 0 ? chart->series[0].values[i] : 0;
	return sum;
}

/* The value, and its share of all. */
static void draw_value(struct html *html, const struct chart *chart, double value, double x,
		       double y)
{
	char text[32];
	double sum = sum_of(chart);
	chart_number(value, false, text);
	buf_addf(html->out, "<text class=\"soft\" x=\"%.1f\" y=\"%.1f\">%s%s", x, y, text,
		 chart->unit);
	if (chart->shares && sum > 0 && value >= 0)
		buf_addf(html->out, " (%.1f%%)", 100 * value / sum);
	buf_add_text(html->out, "</text>\n");
}

static void draw_name(struct html *html, struct span name, double y)
{
	buf_addf(html->out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\"><title>", NAMES_WIDTH,
		 y);
	html_short(html, name, 300);
	buf_add_text(html->out, "</title>");
	html_short(html, name, NAME_COLUMNS);
	buf_add_text(html->out, "</text>\n");
}

void chart_bars(struct html *html, const struct chart *chart)
{
	size_t n = chart->n < CHART_BARS_MAX ? chart->n : CHART_BARS_MAX;
	int group = BAR * (int)chart->series_n + GAP;
	double least = 0, most = 0, width = CHART_WIDTH - NAMES_WIDTH - VALUES_WIDTH - 10;
	if (!figure_begin(html, chart, group * (int)n + GAP, false))
		return;
	for (size_t i = 0; i < chart->series_n; i++) {
		for (size_t k = 0; k < n; k++) {
			least = fmin(least, chart->series[i].values[k]);
			most = fmax(most, chart->series[i].values[k]);
		}
	}
	/* Left of nothing is less than nothing. */
	double scale = most > least ? width / (most - least) : 0;
	double zero = NAMES_WIDTH + 8 - least * scale;
	for (size_t k = 0; k < n; k++) {
		double y = GAP / 2.0 + (double)k * group;
		draw_name(html, chart->labels[k], y + (group - GAP) / 2.0 + 5);
		for (size_t i = 0; i < chart->series_n; i++) {
			double value = chart->series[i].values[k];
			double size = isnan(value) ? 0 : fabs(value) * scale;
			double left = value < 0 ? zero - size : zero;
			double top = y + BAR * (double)i;
			buf_addf(html->out,
				 "<rect class=\"f%zu\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
				 "height=\"%d\"/>",
				 i, left, top + 1, fmax(size, 1), BAR - 2);
			draw_value(html, chart, value, fmax(zero, left + size) + 6,
				   top + BAR - 3);
		}
	}
	figure_end(html);
	if (chart->n > n)
		buf_addf(html->out, "<p class=\"soft\">The first %zu of %zu; the table has more."
				    "</p>\n",
			 n, chart->n);
}
