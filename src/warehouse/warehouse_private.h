/* What the files behind warehouse.h share. */
#ifndef FIRN_WAREHOUSE_WAREHOUSE_PRIVATE_H
#define FIRN_WAREHOUSE_WAREHOUSE_PRIVATE_H

#include "base/buf.h"
#include "warehouse/adbc.h"
#include "warehouse/dialect.h"
#include "warehouse/warehouse.h"

enum { STAGE_NAME_BYTES = 64 };

/* What is staged of one table. The name is new each time: a staging table that could not be
 * dropped is in nobody's way. */
struct stage {
	const struct table *table;
	char name[STAGE_NAME_BYTES];
	int64_t rows;  /* as sent, without a batch that failed */
	int64_t counted; /* of them, those that were found there by a count */
	int64_t seq_last; /* of those */
	int64_t unfit; /* of those, what cannot be taken */
	bool torn;     /* some of a batch that failed may be there, or come yet */
};

/* An excluded column that its table has all the same, from before it was excluded. */
struct withheld {
	const struct table *table;
	const struct column *column;
};

struct warehouse {
	const struct dialect *dialect;
	struct adbc *adbc;
	char *path;      /* as opened; NULL where it is no file */
	char *staging_schema; /* NULL: staging tables are made where the others are */
	char *schema;    /* with staging_schema: where the others are */
	bool in_staging; /* the connection's current schema is the staging one */
	char session[20]; /* makes the names of staging tables unlike all others */
	bool read_only;
	bool sealed;     /* nothing outside of the file can be read or written any more */
	bool packs;      /* the file knows the dialect's way to pack texts */
	bool replaced;   /* rows were deleted and written anew: there may be garbage */
	int64_t memory_bytes; /* raised to this for a commit that needs it; 0: as usual */
	struct buf sql;  /* the statement that is being made */
	struct stage *stages;
	size_t stages_n, stages_room;
	unsigned stage_serial;
	struct withheld *withheld; /* of the tables that were prepared */
	size_t withheld_n, withheld_room;
};

/* Runs what was written to warehouse->sql and empties that. `ret` as in adbc_run. */
MUST_CHECK bool warehouse_run(struct warehouse *, int64_t *ret, size_t n, struct err *reterr);
/* The same for a text that is not ours to write. */
MUST_CHECK bool warehouse_run_text(struct warehouse *, const char *sql, struct err *reterr);
/* Runs warehouse->sql, empties it, and calls `row` for each row (no statement may run in it). */
struct arrow_reader;
MUST_CHECK bool warehouse_each(struct warehouse *,
			       bool (*row)(void *user, struct arrow_reader *, struct err *reterr),
			       void *user, struct err *reterr);

/* The next withheld column of the table; *at begins with 0. NULL: there is none left. */
const struct column *warehouse_withheld(const struct warehouse *, const struct table *,
					size_t *at);

/* --- a merge: stage_merge.c gives it to the dialect, which fills in the counts --- */
struct merge_job {
	const struct table *table;
	const char *stage; /* the staging table; what is not to be merged was deleted from it */
	bool unique;
	int64_t load_timestamp_us;
	int64_t inserted, updated;
};

/* One row that the warehouse refused: its place in the staging table, and why. */
struct refusal {
	size_t merge;
	int64_t row;
	char *reason;
};
struct refusals {
	struct refusal *at;
	size_t n, room;
};
void refusals_done(struct refusals *);
/* Merge `at` of the commit failed with ERR_DATA in `reterr`: finds rows to leave out. False: it
 * is not for single rows that it fails, or there are too many; reterr says so. */
MUST_CHECK bool refusals_find(struct warehouse *, const struct commit *, size_t at,
			      struct refusals *, struct err *reterr);
/* Inside of the transaction: writes the refused rows of merge `at` to FIRN_REJECTED and takes
 * them out of the staging table. */
MUST_CHECK bool refusals_set_aside(struct warehouse *, const struct commit *, size_t at,
				   const struct refusals *, struct err *reterr);

/* The rows that do not fit, to FIRN_REJECTED; they are taken out of the staging table. */
MUST_CHECK bool refusals_set_unfit_aside(struct warehouse *, const struct commit *, size_t at,
					 const struct stage *, struct err *reterr);

/* A staging table's name, with its schema where that is another one. */
void sql_stage(struct buf *sql, const struct warehouse *, const char *stage);
struct stage *stage_of(struct warehouse *, const struct table *); /* NULL: nothing staged */
/* Makes one where nothing is staged; the staging schema is the current one. NULL: reterr says. */
struct stage *stage_open(struct warehouse *, const struct table *, struct err *reterr);
MUST_CHECK bool stage_merge(struct warehouse *, const struct stage *, const struct commit *,
			    struct table_merge *, struct err *reterr);

/* --- state_write.c: inside of the transaction --- */
/* A value of a state's statement, behind the text that joins it to the one before. */
void state_text(struct warehouse *, const char *before, const char *text);
void state_stamp(struct warehouse *, const char *before, int64_t us);
void state_int(struct warehouse *, const char *before, int64_t value);
/* Of windows that come together: another one covers this. */
bool state_window_is_covered(const struct commit *, size_t at);
/* What is there of a watermark that could not be moved; and to say so (ERR_BUSY). */
MUST_CHECK bool state_find(struct warehouse *, const struct commit *, const struct state_move *,
			   struct state_row *ret, struct err *reterr);
/* After a commit whose end was not told: is it in FIRN_STATE, which the same transaction wrote?
 * The commit's own time tells it from another firn's. It has a move. */
MUST_CHECK bool state_is_written(struct warehouse *, const struct commit *, bool *ret,
				 struct err *reterr);
bool state_complain(const struct commit *, const struct state_move *,
		    const struct state_row *found, struct err *reterr);
void state_add_run(struct warehouse *, const struct commit *, const struct run_row *);
/* DuckDB's: */
MUST_CHECK bool state_write_windows(struct warehouse *, const struct commit *, struct err *reterr);
MUST_CHECK bool state_write_moves(struct warehouse *, const struct commit *, struct err *reterr);
MUST_CHECK bool state_write_runs(struct warehouse *, const struct commit *, struct err *reterr);

/* --- own_tables.c --- */
extern const struct table FIRN_STATE, FIRN_WINDOWS;
enum { OWN_TABLES_N = 5 };
extern const struct table *const OWN_TABLES[OWN_TABLES_N];

#endif
