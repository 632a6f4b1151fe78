/* One connection to a warehouse through its ADBC driver: the only door to the driver manager.
 * What goes wrong comes out as a struct err, its kind judged by the dialect. */
#ifndef FIRN_WAREHOUSE_ADBC_H
#define FIRN_WAREHOUSE_ADBC_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct ArrowArray;
struct ArrowArrayStream;
struct ArrowSchema;
struct pulse;

/* What the driver said. */
struct adbc_failure {
	const char *text;
	char sqlstate[6];
	int32_t vendor_code;
};

struct adbc_option {
	const char *name, *value;
};

struct adbc;

/* ADBC's own search knows a driver of this name: by a manifest along its search path, as the dbc
 * tool installs them. ERR_USAGE: why not. */
MUST_CHECK bool adbc_knows_driver(const char *name, const char *entry, struct err *reterr);

/* `driver` is the library's path, or the name that a manifest has; `entry` the name of its first
 * function. */
MUST_CHECK bool adbc_open(struct adbc **ret, const char *driver, const char *entry,
			  const struct adbc_option *options, size_t n,
			  enum err_kind (*judge)(const struct adbc_failure *), struct err *reterr);
void adbc_close(struct adbc *); /* NULL is fine */
/* From here on each statement is a beat of it (base/pulse.h). */
void adbc_watch(struct adbc *, struct pulse *);

/* Runs a statement. The first n cells of its first row, which are whole numbers, go to `ret`:
 * INT64_MIN for NULL and where there is no row. A DML statement's first cell is the number of
 * rows that it changed. */
MUST_CHECK bool adbc_run(struct adbc *, const char *sql, int64_t *ret, size_t n,
			 struct err *reterr);

/* A statement whose rows are read one array after the other. While they are, no other statement
 * should run: the driver would keep what is left in memory. */
struct adbc_rows;
MUST_CHECK bool adbc_query(struct adbc *, const char *sql, struct adbc_rows **ret,
			   struct err *reterr);
/* NULL: the text held no statement, a comment alone. */
struct ArrowArrayStream *adbc_stream(struct adbc_rows *);
/* Why the stream's last call failed. Returns false. */
bool adbc_stream_failed(struct adbc_rows *, struct err *reterr);
void adbc_rows_free(struct adbc_rows *); /* NULL is fine */

/* Appends rows to a table that is there, columns by position. Both are consumed, also on failure.
 * `options` end with a NULL name. *ret_taken is what the driver says it took, -1 where it does not
 * say. */
MUST_CHECK bool adbc_ingest(struct adbc *, const char *table, const struct adbc_option *options,
			    struct ArrowSchema *, struct ArrowArray *rows, int64_t *ret_taken,
			    struct err *reterr);

int64_t adbc_array_rows(const struct ArrowArray *rows);
void adbc_drop_rows(struct ArrowSchema *, struct ArrowArray *rows); /* releases both */

/* What the connection was used for since it was opened. */
struct adbc_usage {
	int64_t statements; /* ingests count as one */
	int64_t rows_sent;
	int64_t busy_ms;    /* waited for the driver */
};
struct adbc_usage adbc_usage(const struct adbc *);

/* A transaction: autocommit is off from begin to commit or roll back. */
MUST_CHECK bool adbc_begin(struct adbc *, struct err *reterr);
MUST_CHECK bool adbc_commit(struct adbc *, struct err *reterr);
void adbc_roll_back(struct adbc *); /* without a transaction: nothing */

#endif
