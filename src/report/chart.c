#include "report/chart.h"

#include "base/bounds.h"
#include "base/stamp.h"
#include "base/text.h"
#include "report/charting.h"

#include <math.h>
#include <stdio.h>

enum { LEFT = 56, RIGHT = 14, TOP = 10, BOTTOM = 28, X_TICKS_MAX = 6, DOTS_MAX = 40 };

struct scale {
	int64_t first, last; /* days */
	double least, most, step;
};

/* --- numbers and days --- */

/* Up to two digits behind the point, no zeros at their end. */
static void write_fraction(double value, const char *unit, char out[32])
{
	char text[32];
	int size = snprintf(text, sizeof text, "%.2f", value);
	while (size > 0 && text[size - 1] == '0')
		text[--size] = '\0';
	if (size > 0 && text[size - 1] == '.')
		text[--size] = '\0';
	snprintf(out, 32, "%.20s%s", text, unit);
}

void chart_number(double value, bool brief, char out[32])
{
	double size = fabs(value);
	if (isnan(value))
		snprintf(out, 32, "\xe2\x80\x93");
	else if (size >= 1e15)
		snprintf(out, 32, "%.3g", value);
	else if (brief && size >= 1e9)
		write_fraction(value / 1e9, "B", out);
	else if (brief && size >= 1e6)
		write_fraction(value / 1e6, "M", out);
	else if (brief && size >= 1e4)
		write_fraction(value / 1e3, "k", out);
	else if (value == floor(value))
		text_write_count(out, 32, (int64_t)value);
	else
		write_fraction(value, "", out);
}

double chart_step(double most, int max, bool whole)
{
	static const double FACTORS[] = {1, 2, 5};
	double power = 1e-6;
	if (!(most > 0))
		return 1;
	for (;;) {
		for (size_t i = 0; i < 3; i++) {
			double step = FACTORS[i] * power;
			if (most / step <= max && (!whole || step >= 1))
				return step;
		}
		power *= 10;
	}
}

static struct stamp_parts date_of(int64_t day)
{
	return stamp_parts(day * STAMP_DAY);
}

static const char *month_name(int month)
{
	static const char *const NAMES[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	return NAMES[month - 1];
}

/* --- the figure --- */

static void add_legend(struct html *html, const struct chart *chart, bool lines)
{
	if (chart->series_n < 2)
		return;
	buf_add_text(html->out, "<ul class=\"legend\">");
	for (size_t i = 0; i < chart->series_n; i++) {
		buf_add_text(html->out, "<li><svg aria-hidden=\"true\" viewBox=\"0 0 26 10\">");
		if (lines)
			buf_addf(html->out,
				 "<line class=\"l l%zu\" x2=\"26\" y1=\"5\" y2=\"5\"/>", i);
		else
			buf_addf(html->out, "<rect class=\"f%zu\" width=\"26\" height=\"10\"/>",
				 i);
		buf_add_text(html->out, "</svg><bdi>");
		html_short(html, chart->series[i].name, 40);
		buf_add_text(html->out, "</bdi></li>");
	}
	buf_add_text(html->out, "</ul>\n");
}

/* In words: from when to when, and each series' least, most and last value. */
static void add_description(struct html *html, const struct chart *chart)
{
	char text[STAMP_TEXT_BYTES], least_text[32], most_text[32], last_text[32];
	buf_add_text(html->out, chart->about);
	if (chart->days != NULL) {
		stamp_write_short(chart->days[0] * STAMP_DAY, text);
		buf_addf(html->out, " From %s", text);
		stamp_write_short(chart->days[chart->n - 1] * STAMP_DAY, text);
		buf_addf(html->out, " to %s.", text);
	}
	for (size_t i = 0; i < chart->series_n; i++) {
		double least = NAN, most = NAN, last = NAN;
		for (size_t k = 0; k < chart->n; k++) {
			double value = chart->series[i].values[k];
			least = fmin(least, value);
			most = fmax(most, value);
			last = isnan(value) ? last : value;
		}
		chart_number(least, false, least_text);
		chart_number(most, false, most_text);
		chart_number(last, false, last_text);
		buf_add_char(html->out, ' ');
		html_short(html, chart->series[i].name, 40);
		buf_addf(html->out, ": %s%s to %s%s", least_text, chart->unit, most_text,
			 chart->unit);
		if (chart->days != NULL)
			buf_addf(html->out, ", last %s%s", last_text, chart->unit);
		buf_add_char(html->out, '.');
	}
}

bool figure_begin(struct html *html, const struct chart *chart, int height, bool lines)
{
	int id = html->ids++;
	buf_addf(html->out, "<figure>\n<h3>%s</h3>\n<p class=\"soft\">%s</p>\n", chart->title,
		 chart->about);
	if (chart->n == 0 || chart->series_n == 0) {
		buf_add_text(html->out, "<p class=\"soft\">There is nothing yet.</p>\n");
		return false;
	}
	add_legend(html, chart, lines);
	buf_addf(html->out,
		 "<div class=\"scroll\"><svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" "
		 "aria-labelledby=\"t%d d%d\"><title id=\"t%d\">%s</title><desc id=\"d%d\">",
		 CHART_WIDTH, height, id, id, id, chart->title, id);
	add_description(html, chart);
	buf_add_text(html->out, "</desc>\n");
	return true;
}

void figure_end(struct html *html)
{
	buf_add_text(html->out, "</svg></div>\n");
}

void chart_end(struct html *html)
{
	buf_add_text(html->out, "</figure>\n");
}

/* --- axes --- */

static double x_of(const struct scale *scale, int64_t day)
{
	double width = CHART_WIDTH - LEFT - RIGHT;
	if (scale->first == scale->last)
		return LEFT + width / 2;
	return LEFT + width * (double)(day - scale->first) / (double)(scale->last - scale->first);
}

static double y_of(const struct scale *scale, double value)
{
	double height = CHART_HEIGHT - TOP - BOTTOM;
	return TOP + height * (scale->most - value) / (scale->most - scale->least);
}

/* Round numbers around what is drawn; from 0 unless values are below it. */
static void set_range(struct scale *scale, double least, double most, bool whole)
{
	least = fmin(least, 0);
	most = fmax(most, 0);
	if (most - least <= 0)
		most = 1;
	scale->step = chart_step(most - least, 5, whole);
	scale->least = floor(least / scale->step) * scale->step;
	scale->most = ceil(most / scale->step) * scale->step;
}

static void draw_y(struct html *html, const struct chart *chart, const struct scale *scale)
{
	int steps = (int)lround((scale->most - scale->least) / scale->step);
	for (int i = 0; i <= steps; i++) {
		double value = scale->least + scale->step * i, y = y_of(scale, value);
		char text[32];
		if (fabs(value) < scale->step / 1000)
			value = 0;
		chart_number(value, true, text);
		buf_addf(html->out,
			 "<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
			 "<text class=\"soft\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s%s"
			 "</text>\n",
			 value == 0 ? "axis" : "grid", LEFT, CHART_WIDTH - RIGHT, y, y, LEFT - 6,
			 y + 4, text, chart->unit);
	}
}

static void draw_day(struct html *html, const struct scale *scale, int64_t day, bool months)
{
	struct stamp_parts date = date_of(day);
	double x = x_of(scale, day);
	const char *anchor = x < LEFT + 30		  ? "start"
			     : x > CHART_WIDTH - RIGHT - 30 ? "end"
							    : "middle";
	buf_addf(html->out,
		 "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>"
		 "<text class=\"soft\" x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">",
		 x, x, CHART_HEIGHT - BOTTOM, CHART_HEIGHT - BOTTOM + 4, x,
		 CHART_HEIGHT - BOTTOM + 18, anchor);
	if (months)
		buf_addf(html->out, "%s %d</text>\n", month_name(date.month), date.year);
	else
		buf_addf(html->out, "%d %s</text>\n", date.day, month_name(date.month));
}

/* Days a few apart, or the first of months. */
static void draw_x(struct html *html, const struct scale *scale)
{
	static const int64_t DAYS[] = {1, 2, 3, 5, 7, 14, 21};
	static const int MONTHS[] = {1, 2, 3, 6, 12, 24, 60, 120};
	int64_t span = scale->last - scale->first;
	int months = 0;
	for (size_t i = 0; i < sizeof DAYS / sizeof DAYS[0]; i++) {
		if (span / DAYS[i] >= X_TICKS_MAX)
			continue;
		for (int64_t day = scale->first; day <= scale->last; day += DAYS[i])
			draw_day(html, scale, day, false);
		return;
	}
	for (size_t i = 0; i < sizeof MONTHS / sizeof MONTHS[0]; i++) {
		months = MONTHS[i];
		if (span / (30 * (int64_t)months) < X_TICKS_MAX)
			break;
	}
	for (int64_t day = scale->first; day <= scale->last; day++) {
		struct stamp_parts date = date_of(day);
		if (date.day == 1 && (date.year * 12 + date.month - 1) % months == 0)
			draw_day(html, scale, day, true);
	}
}

/* --- lines --- */

static void draw_dot(struct html *html, const struct scale *scale, size_t series, int64_t day,
		     double value)
{
	buf_addf(html->out, "<circle class=\"f%zu\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"/>\n", series,
		 x_of(scale, day), y_of(scale, value));
}

static void draw_line(struct html *html, const struct chart *chart, const struct scale *scale,
		      size_t series)
{
	const double *values = chart->series[series].values;
	bool open = false;
	for (size_t i = 0; i < chart->n; i++) {
		bool joined = i > 0 && chart->days[i] == chart->days[i - 1] + 1 &&
			      !isnan(values[i]) && !isnan(values[i - 1]);
		if (joined && !open)
			buf_addf(html->out, "<path class=\"l l%zu\" d=\"M%.1f %.1f", series,
				 x_of(scale, chart->days[i - 1]), y_of(scale, values[i - 1]));
		else if (!joined && open)
			buf_add_text(html->out, "\"/>\n");
		open = joined;
		if (joined)
			buf_addf(html->out, "L%.1f %.1f", x_of(scale, chart->days[i]),
				 y_of(scale, values[i]));
	}
	if (open)
		buf_add_text(html->out, "\"/>\n");
	for (size_t i = 0; i < chart->n; i++) {
		bool before = i > 0 && chart->days[i] == chart->days[i - 1] + 1 &&
			      !isnan(values[i - 1]);
		bool after = i + 1 < chart->n && chart->days[i + 1] == chart->days[i] + 1 &&
			     !isnan(values[i + 1]);
		if (!isnan(values[i]) && (chart->n <= DOTS_MAX || (!before && !after)))
			draw_dot(html, scale, series, chart->days[i], values[i]);
	}
}

void chart_lines(struct html *html, const struct chart *chart)
{
	double least = NAN, most = NAN;
	if (!figure_begin(html, chart, CHART_HEIGHT, true))
		return;
	for (size_t i = 0; i < chart->series_n; i++) {
		for (size_t k = 0; k < chart->n; k++) {
			least = fmin(least, chart->series[i].values[k]);
			most = fmax(most, chart->series[i].values[k]);
		}
	}
	struct scale scale = {.first = chart->days[0], .last = chart->days[chart->n - 1]};
	set_range(&scale, isnan(least) ? 0 : least, isnan(most) ? 0 : most, chart->counts);
	draw_y(html, chart, &scale);
	draw_x(html, &scale);
	/* The first on top of the others. */
	for (size_t i = chart->series_n; i-- > 0;)
		draw_line(html, chart, &scale, i);
	figure_end(html);
}

/* --- columns --- */

static double height_of(const struct chart *chart, size_t series, size_t at)
{
	double value = chart->series[series].values[at];
	return value > 0 ? value : 0;
}

static void draw_column(struct html *html, const struct chart *chart, const struct scale *scale,
			size_t at, double width)
{
	double below = 0, x = x_of(scale, chart->days[at]) - width / 2;
	char date[STAMP_TEXT_BYTES], text[32];
	stamp_write_short(chart->days[at] * STAMP_DAY, date);
	for (size_t i = 0; i < chart->series_n; i++) {
		double value = height_of(chart, i, at);
		double top = y_of(scale, below + value);
		if (value <= 0)
			continue;
		chart_number(value, false, text);
		buf_addf(html->out,
			 "<rect class=\"f%zu\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" "
			 "height=\"%.2f\"><title>%s, ",
			 i, x, top, width, y_of(scale, below) - top, date);
		html_short(html, chart->series[i].name, 60);
		buf_addf(html->out, ": %s%s</title></rect>\n", text, chart->unit);
		below += value;
	}
}

void chart_columns(struct html *html, const struct chart *chart)
{
	double most = 0;
	if (!figure_begin(html, chart, CHART_HEIGHT, false))
		return;
	for (size_t k = 0; k < chart->n; k++) {
		double sum = 0;
		for (size_t i = 0; i < chart->series_n; i++)
			sum += height_of(chart, i, k);
		most = fmax(most, sum);
	}
	/* Half a day more at both ends, or the outer columns would stand over the edge. */
	struct scale scale = {.first = chart->days[0], .last = chart->days[chart->n - 1]};
	double days = (double)(scale.last - scale.first + 1);
	double width = fmin((CHART_WIDTH - LEFT - RIGHT) / (days + 1) * 0.8, 36);
	set_range(&scale, 0, most, chart->counts);
	scale.first--;
	scale.last++;
	draw_y(html, chart, &scale);
	draw_x(html, &scale);
	for (size_t k = 0; k < chart->n; k++)
		draw_column(html, chart, &scale, k, width);
	figure_end(html);
}
