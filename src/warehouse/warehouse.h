/* Where the rows end: one connection to DuckDB or Snowflake, and the one transaction that makes
 * rows, windows, watermark and run row appear together or not at all.
 *
 * The way of a row: warehouse_stage puts batches into a staging table of its own (a temporary
 * table, in DuckDB one that spills; one a target table), warehouse_commit reduces what is staged to
 * the newest row per key, MERGEs it, writes the state and commits. Rows may be staged and merged
 * in any order and more than once: newest wins, an unchanged row is not rewritten.
 *
 * Not for two threads at once. Nothing here prints. */
#ifndef FIRN_WAREHOUSE_WAREHOUSE_H
#define FIRN_WAREHOUSE_WAREHOUSE_H

#include "base/err.h"
#include "base/span.h"
#include "shape/column.h"
#include "warehouse/state.h"

struct ArrowArray;
struct ArrowSchema;
struct pulse;
struct warehouse;

enum warehouse_kind { WAREHOUSE_DUCKDB, WAREHOUSE_SNOWFLAKE };

enum snowflake_sign_in { SIGN_IN_KEY, SIGN_IN_TOKEN, SIGN_IN_OAUTH, SIGN_IN_WORKLOAD,
			 SIGN_IN_PASSWORD };

struct snowflake_options {
	const char *account;     /* as it was given: warehouse/account.h */
	const char *user, *warehouse, *database, *schema;
	const char *role;        /* NULL: the user's default */
	const char *staging_schema; /* NULL: schema */
	const char *host;        /* NULL: the account's */
	int64_t port;            /* 0: the protocol's */
	bool plain_http;
	enum snowflake_sign_in sign_in;
	const char *secret;      /* the key (PKCS#8, PEM, no passphrase), token, password; of
				  * SIGN_IN_WORKLOAD the provider's name */
	const char *query_tag;
	int64_t login_timeout_ms, request_timeout_ms;
	/* Proxy and authorities are the environment's that the process was started with. */
};

struct warehouse_options {
	enum warehouse_kind kind;
	const char *path;        /* DuckDB: the file */
	const struct snowflake_options *snowflake;
	const char *driver;      /* the driver's library, found by driver_find */
	bool read_only;
	int64_t lock_wait_ms;    /* how long another holder of the file is waited for */
	/* Called about once a second while waiting, with what is waited for; false: give up. */
	bool (*waiting)(void *user, const char *what);
	void *user;
	struct pulse *pulse;     /* beats with each statement, and while waiting; NULL is fine */
};

/* ERR_BUSY: the file stayed locked (its holder is named); ERR_USAGE: no such file (read_only), no
 * driver, not a DuckDB file. */
MUST_CHECK bool warehouse_open(struct warehouse **ret, const struct warehouse_options *,
			       struct err *reterr);
void warehouse_close(struct warehouse *); /* drops staging, rolls back; NULL is fine */

/* What the connection was used for since it was opened. */
struct warehouse_usage {
	int64_t statements, rows_sent, busy_ms;
};
struct warehouse_usage warehouse_usage(const struct warehouse *);

/* Creates firn's own tables and these where they are missing, with comments; adds columns that
 * a connector gained; never drops or replaces. ERR_USAGE: a column of another type than firn
 * writes is there (the table is named with all such columns; nothing was changed). */
MUST_CHECK bool warehouse_prepare(struct warehouse *, const struct table *const *tables,
				  size_t n, struct err *reterr);

/* The same complaint, and nothing is made. */
MUST_CHECK bool warehouse_fits(struct warehouse *, const struct table *const *tables, size_t n,
			       struct err *reterr);

/* The pipeline's state; empty where firn's tables do not exist yet. */
MUST_CHECK bool warehouse_read_state(struct warehouse *, const char *pipeline, struct state *ret,
				     struct err *reterr);

/* Stages a batch (shape/batch.h's columns); schema and rows are consumed, also on failure.
 * The table must outlive the warehouse's next commit. ERR_TRANSIENT: the same rows can be staged
 * again by the same call (rows_share): what was staged of the table before is then moved into a
 * staging table that is new, so that nothing of the batch that failed is doubled by it, not even
 * what arrives later. */
MUST_CHECK bool warehouse_stage(struct warehouse *, const struct table *, struct ArrowSchema *,
				struct ArrowArray *rows, struct err *reterr);
/* Forgets what is staged (after a failure, before trying again). */
MUST_CHECK bool warehouse_unstage(struct warehouse *, struct err *reterr);

/* Moving a watermark: compare-and-set on what is there. */
struct state_move {
	const char *stream, *part;
	int64_t before_us, before_generation; /* what must be there; generation 0: no row yet */
	int64_t after_us;                     /* the generation becomes before + 1 */
};

struct table_merge { /* of one table in this transaction */
	const struct table *table;
	bool unique;  /* known: no key twice in what is staged. Else it is reduced first. */
	int64_t rows_staged;   /* what must be there: lost rows fail the commit */
	/* filled in by warehouse_commit */
	int64_t inserted, updated;
	int64_t rows_after; /* in the table, where that is known without asking; else -1 */
	/* Rows that the warehouse refused, found by bisecting; they are in FIRN_REJECTED. */
	int64_t refused;
};

struct commit {
	const char *pipeline;
	int64_t load_timestamp_us;
	struct table_merge *merges;
	size_t merges_n;
	const struct window_row *windows;
	size_t windows_n;
	const struct state_move *moves;
	size_t moves_n;
	struct run_row *runs;   /* written or rewritten by (run_id, stream); see `count_into` */
	size_t runs_n;
	/* merges[i]'s counts are added to runs[count_into[i]] before it is written; -1: none. */
	const int *count_into;
};

/* All of it or nothing. What was staged is gone after success. On failure the transaction is
 * rolled back and the staging is as before (warehouse_unstage, or another try).
 * ERR_BUSY: a watermark was not what it should be: another firn runs this pipeline, or the local
 * copy is old; ERR_TRANSIENT: a lock or a lost connection. */
MUST_CHECK bool warehouse_commit(struct warehouse *, struct commit *, struct err *reterr);

/* Forgets watermarks, windows of these streams (n 0: of all); generations go on counting, so that
 * another firn that is running notices. Deletes no data. */
MUST_CHECK bool warehouse_reset(struct warehouse *, const char *pipeline,
				const char *const *streams, size_t n, struct err *reterr);
/* Takes over another pipeline's state, where this one has none. *ret_any false: there is nothing
 * to take over, and nothing was done. ERR_USAGE: this pipeline has state already. */
MUST_CHECK bool warehouse_rename(struct warehouse *, const char *from, const char *to,
				 bool *ret_any, struct err *reterr);

/* Rows that could not be taken go to this table by the same way as all others: staged, merged
 * by (PIPELINE, STREAM, RECORD_SHA256), the first kept. Columns: FIRN_REJECTED of the manual. */
extern const struct table FIRN_REJECTED;
/* What each run did, by stream. */
extern const struct table FIRN_RUNS;
/* Files that are loaded, likewise, by (PIPELINE, FILE_KEY). */
extern const struct table FIRN_FILES;

/* --- reading --- */
struct result; /* rows of a query */
/* `write` false: only statements that change nothing are let through (ERR_USAGE). */
MUST_CHECK bool warehouse_query(struct warehouse *, const char *sql, bool write,
				struct result **ret, struct err *reterr);
size_t result_columns(const struct result *);
const char *result_name(const struct result *, size_t column);
enum type result_type(const struct result *, size_t column); /* how it should be shown */
/* True: a row is there; false: the end, or an error (reterr->kind tells). */
bool result_next(struct result *, struct err *reterr);
/* The cell as text (timestamps "2026-11-23 04:05:06.789", doubles shortest); false: NULL. Valid
 * until the next call of result_next. */
bool result_text(struct result *, size_t column, struct span *ret);
void result_free(struct result *); /* NULL is fine */

/* The rows of a table; -1 where it cannot be read (it is not there yet). */
MUST_CHECK bool warehouse_count(struct warehouse *, const char *table, int64_t *ret,
				struct err *reterr);

/* --- views --- */
struct view {
	const char *name; /* upper case, without prefix */
	struct span text; /* as in views/…: dialect-free */
	const char *comment;
};
struct view_options {
	const char *prefix;   /* of tables and views */
	const char *timezone;
	/* lists that view texts may use: name and values */
	const struct view_list { const char *name; const char *const *values; size_t n; } *lists;
	size_t lists_n;
	/* Appended tables (write: append): the views read the newest version of each key. */
	const struct table *const *tables;
	size_t tables_n;
};
/* Creates or replaces those whose text has changed and whose tables exist. `told` is called with
 * each view's name and whether it was written now. */
MUST_CHECK bool warehouse_views(struct warehouse *, const struct view *, size_t n,
				const struct view_options *,
				void (*told)(void *user, const char *name, bool written),
				void *user, struct err *reterr);

/* The driver's library: `configured`, then `environment` ($FIRN_DRIVER_PATH, a file or a folder),
 * then lib/ beside the program and the installation's folder, then (Snowflake) ADBC's manifests and
 * search path, as the dbc tool installs them: *ret is then a bare name. ERR_USAGE: where it was
 * looked for and what brings it. */
MUST_CHECK bool driver_find(enum warehouse_kind, const char *configured, const char *environment,
			    struct buf *ret, struct err *reterr);

#endif
