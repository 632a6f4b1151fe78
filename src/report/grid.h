/* The rows of a query, kept in memory: a report looks at them more than once. */
#ifndef FIRN_REPORT_GRID_H
#define FIRN_REPORT_GRID_H

#include "base/arena.h"
#include "warehouse/warehouse.h"

struct grid {
	const char *const *names;
	const enum type *types;
	size_t columns, rows;
	bool cut;          /* there were more than GRID_ROWS_MAX rows */
	struct span *cells; /* row after row; at NULL: SQL's NULL */
};

/* Everything lives in the arena. Fails as warehouse_query does. */
MUST_CHECK bool grid_query(struct arena *, struct warehouse *, const char *sql, struct grid *ret,
			   struct err *reterr);

struct span grid_cell(const struct grid *, size_t row, size_t column);
/* NAN: NULL, or no finite number. */
double grid_number(const struct grid *, size_t row, size_t column);
/* A date, or the date of a timestamp, in days since 1970; false: it is none. */
bool grid_day(const struct grid *, size_t row, size_t column, int64_t *ret);

#endif
