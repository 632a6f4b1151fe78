/* Bringing over tables that another program made: text where firn has times and JSON, JSON kept as
 * strings, columns missing. firn never writes to such a table and never changes it; it prints the
 * statements that a person reads and runs. */
#ifndef FIRN_WAREHOUSE_MIGRATE_H
#define FIRN_WAREHOUSE_MIGRATE_H

#include "warehouse/warehouse.h"

/* For each of these tables that is there with columns of other types than firn writes: a new table
 * X_FIRN_NEW, filled from the old one with its text read as times and JSON, each key once; a query
 * that compares the counts; and the exchange, after which the old table is X_BEFORE_FIRN.
 * *ret_n: how many tables that were. */
MUST_CHECK bool migrate_sql(struct warehouse *, const struct table *const *tables, size_t n,
			    struct buf *out, size_t *ret_n, struct err *reterr);

#endif
