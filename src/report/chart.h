/* Charts as SVG inside of HTML: lines and stacked columns over days, bars by name. Each is a
 * <figure> with a heading, a legend where there is more than one series, and an <svg role="img">
 * whose title and description say in words what it shows; the caller puts the table behind it.
 *
 * Colours are classes of the page's style (html.c); series are told apart by dashes too. A day
 * without a value breaks a line: nothing is drawn where nothing is known. One value is a dot. */
#ifndef FIRN_REPORT_CHART_H
#define FIRN_REPORT_CHART_H

#include "base/span.h"
#include "report/html.h"

#include <stdint.h>

struct chart_series {
	struct span name;
	const double *values; /* one a day or label; NAN: none */
};

struct chart {
	const char *title;
	const char *about; /* a sentence; what the description begins with */
	const char *unit;  /* behind numbers: "", "%", " s" */
	bool counts;       /* whole numbers: no ticks between them */
	bool shares;       /* bars of one series: the labels are all there is; say their part */
	const int64_t *days;       /* lines, columns: since 1970, rising, each once */
	const struct span *labels; /* bars */
	size_t n;                  /* of days or labels; 0: the figure says that there is nothing */
	const struct chart_series *series;
	size_t series_n;
};

/* Opens the figure and draws; figure_end closes it: between them goes the table. */
void chart_lines(struct html *, const struct chart *);
void chart_columns(struct html *, const struct chart *); /* stacked; negative values count as 0 */
void chart_bars(struct html *, const struct chart *); /* the first CHART_BARS_MAX labels */
void chart_end(struct html *);

/* "1,234", "12.5", "1.2M" above a hundred thousand when `brief`; a dash for NAN. 32 bytes. */
void chart_number(double value, bool brief, char out[32]);

#endif
