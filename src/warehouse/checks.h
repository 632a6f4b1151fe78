/* What `check` and `validate` ask of a warehouse. Every statement reads; none changes anything. */
#ifndef FIRN_WAREHOUSE_CHECKS_H
#define FIRN_WAREHOUSE_CHECKS_H

#include "base/buf.h"
#include "warehouse/warehouse.h"

/* The library's own version, "v1.5.6"; no file is opened or made. ERR_USAGE: it is no such
 * library. */
MUST_CHECK bool checks_driver(enum warehouse_kind, const char *driver, struct buf *ret,
			      struct err *reterr);

/* How a table that is there compares with what firn writes. */
struct table_shape {
	bool there;
	bool view;                    /* a view has its name */
	char missing[ERR_TEXT_BYTES]; /* columns that the next load would add: "A, B" */
	char differs[ERR_TEXT_BYTES]; /* "SERVED is VARCHAR, not BOOLEAN, ..." */
};
MUST_CHECK bool checks_shape(struct warehouse *, const struct table *, struct table_shape *ret,
			     struct err *reterr);

/* Of tables that are there with all their columns. Times are STAMP_NONE where there is none. */
struct table_facts {
	int64_t rows, extra;      /* extra: rows with something in EXTRA */
	int64_t null_keys;        /* rows without a value in a column of the key */
	int64_t doubled, surplus; /* keys that come more than once; their rows beyond the first */
	int64_t loaded_us;        /* the newest LOAD_TIMESTAMP */
	int64_t first_us, last_us; /* of `cursor`, else of the newest-wins column */
};
/* With table->append the key is (key, newest). */
MUST_CHECK bool checks_facts(struct warehouse *, const struct table *, struct table_facts *ret,
			     struct err *reterr);

/* Every day (UTC) that has a row by the table's cursor, in order. */
MUST_CHECK bool checks_days(struct warehouse *, const struct table *,
			    void (*told)(void *user, int64_t day_us), void *user,
			    struct err *reterr);

/* How many different values of a column have no row in the table they refer to. */
struct orphan_question {
	const struct table *from;
	unsigned column;
	const struct table *to;     /* by its key, which is one column */
	int64_t loaded_before_us;   /* `old`: first written before this ... */
	int64_t stamped_after_us;   /* ... and, where `from` has a cursor, newer than this by it */
};
struct orphans {
	int64_t values, old;
};
MUST_CHECK bool checks_orphans(struct warehouse *, const struct orphan_question *,
			       struct orphans *ret, struct err *reterr);

/* What FIRN_REJECTED holds of a pipeline, by stream and reason, the most frequent first; the
 * table must be there. */
struct rejected {
	const char *stream, *reason; /* valid during the call */
	int64_t records, newest_us;
};
MUST_CHECK bool checks_rejected(struct warehouse *, const char *pipeline,
				void (*told)(void *user, const struct rejected *), void *user,
				struct err *reterr);

/* What the runs of a pipeline in FIRN_RUNS say of values that did not fit their column, by
 * stream, the most first; the table must be there. A row that was read again counts again. */
struct rescued {
	const char *stream; /* valid during the call */
	int64_t rows, runs, newest_us;
};
MUST_CHECK bool checks_rescued(struct warehouse *, const char *pipeline,
			       void (*told)(void *user, const struct rescued *), void *user,
			       struct err *reterr);

/* Snowflake: where the session stands; each is empty where the role may not use what was asked
 * for, or it does not exist. */
MUST_CHECK bool checks_session(struct warehouse *, struct buf *role, struct buf *compute,
			       struct buf *database, struct buf *schema, struct err *reterr);
/* Snowflake: every right that was granted to this role itself. `name` is as Snowflake writes it:
 * "DB.SCHEMA.TABLE", parts in quotes where they need them. A role that it inherits from has
 * privilege USAGE on ROLE. */
MUST_CHECK bool checks_grants(struct warehouse *, const char *role,
			      void (*told)(void *user, const char *privilege, const char *on,
					   const char *name),
			      void *user, struct err *reterr);

/* The views that are there. */
MUST_CHECK bool checks_views(struct warehouse *, void (*told)(void *user, const char *name),
			     void *user, struct err *reterr);
/* Runs a view to its end: how many rows it has. */
MUST_CHECK bool checks_view(struct warehouse *, const char *name, int64_t *ret_rows,
			    struct err *reterr);

#endif
