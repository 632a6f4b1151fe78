/* `firn report`: one HTML page that stands alone, out of the warehouse's views, FIRN_RUNS,
 * FIRN_WINDOWS and the local state. What it asks stands in report/CONNECTOR/NAME.sql. A view that
 * is not there, or a warehouse that cannot be opened, costs its section only: the page says what is
 * missing and what brings it. Reads only. */
#ifndef FIRN_REPORT_REPORT_H
#define FIRN_REPORT_REPORT_H

#include "report/status.h"
#include "warehouse/warehouse.h"

struct report_options {
	struct warehouse *warehouse;    /* NULL: none, */
	const char *no_warehouse;       /* and why */
	enum warehouse_kind kind;
	const char *const *connectors;  /* whose sections, of report/CONNECTOR; ends with NULL */
	const struct view_options *view_options;
	const struct status *status;
	int64_t days;                   /* how many the page looks back */
	/* Appends `text` without secrets. NULL: as it is. */
	void (*scrub)(const void *user, struct buf *out, struct span text);
	const void *scrub_user;
};

/* Fails for no memory only. */
MUST_CHECK bool report_write(const struct report_options *, struct buf *out, struct err *reterr);

#endif
