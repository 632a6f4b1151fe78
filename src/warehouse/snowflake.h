/* What only Snowflake does: signing in, its settings, its error codes, its MERGE. */
#ifndef FIRN_WAREHOUSE_SNOWFLAKE_H
#define FIRN_WAREHOUSE_SNOWFLAKE_H

#include "base/buf.h"
#include "base/err.h"
#include "warehouse/adbc.h"

struct commit;
struct copy;
struct dialect;
struct merge_job;
struct table;
struct warehouse;
struct warehouse_options;

enum err_kind snowflake_judge(const struct adbc_failure *);
MUST_CHECK bool snowflake_open(struct warehouse *, const struct warehouse_options *,
			       struct err *reterr);
/* Ends with a NULL name: one file, one upload and one COPY at a time. */
extern const struct adbc_option SNOWFLAKE_INGEST[];

/* snowflake_merge.c */
MUST_CHECK bool snowflake_merge(struct warehouse *, struct merge_job *, struct err *reterr);
void snowflake_record(struct buf *sql, const struct dialect *, const struct table *);
/* A condition over the staging table s: rows whose text is not the JSON that it should be. False:
 * the table has no such column. */
bool snowflake_unfit(struct buf *sql, const struct table *);

/* snowflake_lines.c: landed lines as rows. v: a query of lines_add_values; `lines` the temporary
 * table with LINE, FILE_NAME and ROW_NUMBER. */
void lines_add_values(struct buf *sql, const struct warehouse *, const struct table *,
		      const char *lines);
void lines_add_reason(struct buf *sql, const struct table *); /* NULL: v's row can be taken */
void lines_add_rescued(struct buf *sql, const struct table *); /* how many values of v's row */
/* Into the staging tables: the rows that can be taken, and the others. */
void lines_add_insert(struct buf *sql, const struct warehouse *, const struct copy *,
		      const char *stage);
void lines_add_rejects(struct buf *sql, const struct warehouse *, const struct copy *,
		       const char *stage);

/* snowflake_state.c: one statement each, inside of the transaction */
MUST_CHECK bool snowflake_write_windows(struct warehouse *, const struct commit *,
					struct err *reterr);
MUST_CHECK bool snowflake_write_moves(struct warehouse *, const struct commit *,
				      struct err *reterr);
MUST_CHECK bool snowflake_write_runs(struct warehouse *, const struct commit *,
				     struct err *reterr);

/* True: the statement can only read. Snowflake has no read-only transaction that would stop a
 * CREATE; what is let through begins with SELECT, WITH, VALUES, SHOW, DESCRIBE, DESC, EXPLAIN or
 * LIST, calls no procedure and chains no other statement. */
bool snowflake_only_reads(const char *sql);

#endif
