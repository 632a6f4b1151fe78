/* What the files behind report/report.h share; nobody else includes this.
 *
 *	report.c          the page, asking, tables
 *	report_chart.c    grids into charts
 *	report_data.c     what the views say
 *	report_health.c   how the pipeline is */
#ifndef FIRN_REPORT_REPORTING_H
#define FIRN_REPORT_REPORTING_H

#include "base/arena.h"
#include "report/chart.h"
#include "report/grid.h"
#include "report/report.h"

struct report {
	const struct report_options *options;
	struct view_options view_options; /* with the lists that report/ uses */
	struct arena *arena;
	struct html html;
	bool failed; /* no memory */
};

/* Asks report/CONNECTOR/NAME.sql. False: the page now says what is missing. */
bool report_ask(struct report *, const char *connector, const char *name, struct grid *ret);
/* The table behind a chart, folded away; `open`: it stands there. */
void report_table(struct report *, const struct grid *, const char *title, bool open);
/* True where there are queries for this connector. */
bool report_has(const char *connector, const char *name);

/* --- grids into charts; rows without a day are left out --- */
enum chart_kind { CHART_LINES, CHART_COLUMNS, CHART_BARS };

struct chart_column {
	size_t column;
	const char *name;
};

/* Columns of the grid over its first one. */
void report_over_days(struct report *, enum chart_kind, struct chart, const struct grid *,
		      const struct chart_column *columns, size_t n);
void report_bars(struct report *, struct chart, const struct grid *,
		 const struct chart_column *columns, size_t n);
/* Rows of day, name, value: a series a name, the largest first. Of more than CHART_SERIES_MAX the
 * rest is added up as "others" where that means something, else left to the table. */
void report_by_name(struct report *, enum chart_kind, struct chart, const struct grid *,
		    bool add_up);

void report_data(struct report *);
void report_health(struct report *);

#endif
