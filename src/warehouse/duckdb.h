/* What only DuckDB does: opening a file that others may hold, its settings, its error messages,
 * its way of merging. */
#ifndef FIRN_WAREHOUSE_DUCKDB_H
#define FIRN_WAREHOUSE_DUCKDB_H

#include "base/buf.h"
#include "base/err.h"
#include "warehouse/adbc.h"

struct dialect;
struct table;
struct merge_job;
struct warehouse;
struct warehouse_options;

extern const struct adbc_option DUCKDB_INGEST[]; /* the driver's; ends with a NULL name */

enum err_kind duckdb_judge(const struct adbc_failure *);
MUST_CHECK bool duckdb_open(struct warehouse *, const struct warehouse_options *,
			    struct err *reterr);
void duckdb_closing(struct warehouse *);
MUST_CHECK bool duckdb_merge(struct warehouse *, struct merge_job *, struct err *reterr);
void duckdb_record(struct buf *sql, const struct dialect *, const struct table *);
bool duckdb_more_memory(struct warehouse *);
void duckdb_usual_memory(struct warehouse *);

#endif
