/* What firn knows about a pipeline, as rows: watermarks, windows, runs. The same structs are
 * read from and written to FIRN_STATE, FIRN_WINDOWS and FIRN_RUNS, and kept in the local copy. */
#ifndef FIRN_WAREHOUSE_STATE_H
#define FIRN_WAREHOUSE_STATE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define STAMP_NONE INT64_MIN /* SQL's NULL */

enum { STATE_SCHEMA_VERSION = 1 };

struct state_row { /* FIRN_STATE */
	const char *stream, *part; /* part "": no repeat */
	int64_t watermark_us;      /* STAMP_NONE: none yet */
	int64_t generation;        /* raised by one with every move */
};

struct window_row { /* FIRN_WINDOWS: a window is here only when it is complete */
	const char *stream, *part;
	int64_t from_us, until_us; /* [from, until) */
	int64_t rows_loaded;       /* distinct keys that came */
	int64_t rows_counted;      /* the API's own count, -1: NULL */
	int64_t completed_us;
};

enum outcome { OUTCOME_DONE, OUTCOME_FAILED, OUTCOME_PARTIAL };
const char *outcome_name(enum outcome); /* "done", "failed", "partial" */

struct run_row { /* FIRN_RUNS: one a run and stream */
	const char *run_id, *stream, *command;
	int64_t started_us, ended_us;      /* ended STAMP_NONE: still going */
	int64_t window_from_us, window_until_us; /* STAMP_NONE: none */
	int64_t pages, rows_fetched, rows_inserted, rows_updated, rows_rescued, rows_rejected;
	int64_t retries, bytes;
	int64_t let_pass; /* errors that the connector takes for an empty answer; no column */
	enum outcome outcome;
	const char *error; /* NULL: none */
	const char *host, *version;
};

/* All state of one pipeline, as read from the warehouse. */
struct state {
	struct state_row *rows;
	size_t rows_n;
	struct window_row *windows; /* by stream, part, from */
	size_t windows_n;
	struct arena *arena;        /* owns everything above */
};
void state_done(struct state *);

#endif
