/* What warehouses say differently: types, quoting, the statements whose text is not the same
 * everywhere. A new warehouse is one more entry in dialect.c. Every identifier and every literal
 * of a statement is quoted here; a customer's rows come in by Arrow and are in no statement's
 * text, but for the names and messages that firn writes into its own tables.
 *
 * Writers add to a buffer and leave its failure to the buffer (buf_ok). */
#ifndef FIRN_WAREHOUSE_DIALECT_H
#define FIRN_WAREHOUSE_DIALECT_H

#include "base/buf.h"
#include "base/err.h"
#include "shape/column.h"
#include "warehouse/warehouse.h"

struct adbc_failure;
struct merge_job;

struct dialect {
	enum warehouse_kind kind;
	const char *name;               /* as users know it: "DuckDB" */
	const char *types[TYPE_COUNT];  /* as CREATE TABLE takes, catalogs tell them */
	bool backslash_escapes;         /* in a literal */
	bool names_fold;                /* names that differ in case only are the same */
	const char *packed;             /* behind the type of a column that is packed as text */
	const char *create_stage;       /* "CREATE TEMP TABLE " */
	const struct adbc_option *ingest; /* of the driver's; ends with a NULL name */
	bool counts_ingests;            /* rows may be lost on their way: each ingest is counted
					 * behind it, and one that failed can be repeated */
	const char *row_id;             /* of a staged row: as it stands in a statement */
	const char *sha256;             /* a function: text to hexadecimal */
	bool ddl_commits;               /* CREATE and ALTER end a transaction: none is begun */
	bool declares;                  /* keys, and comments with the table */
	const char *create_view;        /* behind CREATE OR REPLACE VIEW and its name */
	const char *views;              /* a query: name and comment of every view in the schema */
	const char *read_only_begin;    /* a transaction that changes nothing; NULL: none */
	bool (*only_reads)(const char *sql); /* where there is none: may this be run? */
	const char *seal;               /* nothing but the database can be reached; NULL: not so */

	enum err_kind (*judge)(const struct adbc_failure *);
	bool (*open)(struct warehouse *, const struct warehouse_options *, struct err *reterr);
	void (*closing)(struct warehouse *); /* the connection is still there; NULL: nothing */
	/* Merges what is staged of one table, inside of the transaction. */
	bool (*merge)(struct warehouse *, struct merge_job *, struct err *reterr);
	/* Inside of the transaction too. */
	bool (*write_windows)(struct warehouse *, const struct commit *, struct err *reterr);
	bool (*write_moves)(struct warehouse *, const struct commit *, struct err *reterr);
	bool (*write_runs)(struct warehouse *, const struct commit *, struct err *reterr);
	/* A condition for rows of the staging table s that cannot be taken; false: there is none.
	 * NULL: the merge itself refuses them. */
	bool (*unfit)(struct buf *sql, const struct table *);
	/* A row of the staging table s as JSON text: what may be kept of it. */
	void (*record)(struct buf *sql, const struct dialect *, const struct table *);
	/* A commit did not fit the memory: true where it is worth another try with more of it.
	 * NULL: memory is not ours to give. */
	bool (*more_memory)(struct warehouse *);
	void (*usual_memory)(struct warehouse *); /* after it, however it ended */
};

const struct dialect *dialect_of(enum warehouse_kind kind); /* NULL: not in this program */
bool dialect_same_name(const struct dialect *, const char *a, const char *b);

/* The text in quotes, with each quote of it doubled; and each backslash, where it escapes. */
void sql_quote(struct buf *sql, struct span text, char quote, bool backslash);
void sql_name(struct buf *sql, const char *name);            /* "x""y" */
void sql_column(struct buf *sql, const char *alias, const char *name); /* alias."x" */
void sql_text(struct buf *sql, const struct dialect *, struct span text); /* 'x''y' */
void sql_text_or_null(struct buf *sql, const struct dialect *, const char *text);
void sql_int(struct buf *sql, int64_t value);
void sql_int_or_null(struct buf *sql, int64_t value, int64_t null); /* NULL where they are equal */
void sql_stamp(struct buf *sql, int64_t us);                 /* STAMP_NONE: NULL */

/* The columns that firn writes of a table: its own without the excluded ones, then EXTRA and
 * LOAD_TIMESTAMP where it has them. */
enum { WRITTEN_MAX = 512 };
struct written {
	const char *name;
	enum type type;
	const char *comment;
	const struct column *column; /* NULL: EXTRA, LOAD_TIMESTAMP */
};
size_t table_written(const struct table *, struct written ret[WRITTEN_MAX]);

/* `packs`: long and unlike texts are packed by the dialect's own word, which the place where the
 * table is made must know. */
void sql_create_table(struct buf *sql, const struct dialect *, const struct table *, bool packs);
void sql_create_stage(struct buf *sql, const struct dialect *, const struct table *,
		      const char *name);
void sql_add_column(struct buf *sql, const struct dialect *, const char *table,
		    const struct written *);
void sql_comment_table(struct buf *sql, const struct dialect *, const struct table *);
void sql_comment_column(struct buf *sql, const struct dialect *, const char *table,
			const struct written *);
/* CREATE OR REPLACE VIEW, and the statement that gives it its comment. */
void sql_create_view(struct buf *sql, const struct dialect *, const char *name,
		     struct span select);
void sql_comment_view(struct buf *sql, const struct dialect *, const char *name,
		      struct span comment);
/* Table, column, type and the table's kind of every column of these tables that is there. */
void sql_existing_columns(struct buf *sql, const struct dialect *,
			  const struct table *const *tables, size_t n);

#endif
