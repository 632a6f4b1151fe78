/* Statements for a person to read and run: the tables of a warehouse, and all that Snowflake needs
 * to take in landed objects by itself.
 *
 * The landing: an integration and a stage over the bucket; per table a landing table that keeps
 * each line as it came with its file and row number, a pipe that fills it as objects arrive, a
 * stream on it, and a task that the stream wakes, which MERGEs into the final table, newest wins,
 * rejects what has no key, and deletes what is old. Deletes, because TRUNCATE would forget which
 * files are loaded. Everything is CREATE ... IF NOT EXISTS: to run it again changes nothing.
 * Syntax: Snowflake's SQL reference; AWS's policy grammar. */
#ifndef FIRN_WAREHOUSE_DDL_H
#define FIRN_WAREHOUSE_DDL_H

#include "base/buf.h"
#include "warehouse/warehouse.h"

struct ddl_landing {
	/* of Snowflake */
	const char *database, *schema, *warehouse, *role, *integration, *stage;
	const char *aws_role_arn;
	/* of the bucket */
	const char *bucket, *prefix;      /* prefix: "" or without slashes at its ends */
	const char *region;               /* or NULL */
	const char *kms_key;              /* NULL: objects are not encrypted by KMS */
	const char *pipeline;             /* for FIRN_REJECTED */
	const char *const *customers;     /* whose collectors write there */
	const char *const *customer_folders; /* their folders in the bucket */
	size_t customers_n;
	const struct table *const *tables; /* final ones, as load would make them */
	const char *const *folders;       /* by table: its folder in the bucket */
	size_t tables_n;
};

/* CREATE statements of firn's own tables and of these, with their comments. */
MUST_CHECK bool ddl_tables(struct buf *out, enum warehouse_kind, const struct table *const *tables,
			   size_t n, struct err *reterr);
MUST_CHECK bool ddl_landing(struct buf *out, const struct ddl_landing *, struct err *reterr);
/* The parts that are AWS's, as comments: ddl_aws.c. */
MUST_CHECK bool ddl_aws(struct buf *out, const struct ddl_landing *, struct err *reterr);

#endif
