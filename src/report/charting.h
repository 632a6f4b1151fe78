/* What chart.c (time) and chart_bars.c share; nobody else includes this. */
#ifndef FIRN_REPORT_CHARTING_H
#define FIRN_REPORT_CHARTING_H

#include "report/chart.h"

enum { CHART_WIDTH = 640, CHART_HEIGHT = 250 };

/* <figure>, heading, legend, <svg> with title and description. False: there is nothing to draw,
 * which the figure says. */
bool figure_begin(struct html *, const struct chart *, int height, bool lines);
void figure_end(struct html *); /* </svg>; the figure stays open */
/* At most `max`, from nothing to `most`: 1, 2 or 5 times a power of ten. */
double chart_step(double most, int max, bool whole);

#endif
