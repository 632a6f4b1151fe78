/* The local copy of a pipeline's state: state_dir/state.json, and the lock beside it.
 *
 * Truth is in the warehouse, committed with the rows; this copy lets `status` answer and an empty
 * run end without waking it. Per stream and part it holds the watermark, what the warehouse was
 * last known to hold (which the next commit compares with), the complete windows as intervals,
 * the last runs, what a person should look at, and windows and run rows that were not sent yet.
 *
 * Before a commit is sent the copy is marked unsettled on disk; a process that dies in between
 * leaves the mark, and the next run asks the warehouse. The same where the copy is missing, is
 * of another destination, or turned out to be old. The file is replaced as a whole
 * (file_replace), and carries a digest of itself. */
#ifndef FIRN_RUN_LOCAL_H
#define FIRN_RUN_LOCAL_H

#include "base/arena.h"
#include "base/bounds.h"
#include "base/digest.h"
#include "run/index.h"
#include "run/window.h"
#include "warehouse/state.h"

struct local_part {
	const char *stream, *part;
	int64_t watermark_us;      /* STAMP_NONE: none */
	int64_t known_us, known_generation; /* in the warehouse; generation 0: no row there */
	struct intervals complete; /* all complete windows, joined */
	struct intervals seen;     /* holes in them that a person has seen (status --seen) */
};

struct local_day { /* rows that a UTC day brought, new ones and changed ones */
	int64_t day;               /* since 1970 */
	int64_t rows;
};

struct local_stream {
	const char *stream;
	int64_t rows;              /* in the table, -1: not known */
	int64_t rescued, rejected; /* since somebody looked (status --seen) or reset */
	int64_t loaded_us;         /* when rows last came in, STAMP_NONE: never */
	bool has_run, failure_seen;
	struct run_row last;       /* its last run */
	struct local_day days[HISTORY_DAYS_MAX]; /* the newest days that brought rows, in order */
	size_t days_n;
};

enum finding_kind {
	FINDING_FEWER, /* the API counted more than came, twice */
	FINDING_LOST,  /* the source no longer gives what was missed */
	FINDING_MISSED, /* readings of a stream that is read once, which could not be taken */
};
struct finding {
	enum finding_kind kind;
	const char *stream, *part;
	int64_t from_us, until_us;
	int64_t counted, came;     /* FINDING_FEWER */
	int64_t times;             /* FINDING_MISSED: so many, from the first to the last */
	const char *reason;        /* likewise, of the last; else NULL */
	int64_t at_us;
};

struct local_landed { /* a row out of settings that was landed */
	uint64_t key, row; /* hashes: of its stream and key, of all of it */
};

struct local_delivery { /* of what is spooled: how the last one failed */
	int64_t failed_us;  /* when */
	const char *reason; /* NULL: it did not fail, or none was tried */
	bool seen;          /* somebody looked (status --seen) */
};

struct local {
	const char *path;
	char on_disk[SHA256_HEX + 1]; /* the digest of the file; "": there is none, or not ours */
	const char *pipeline, *destination; /* which one the copy is of */
	bool fresh;     /* there was no usable copy: the warehouse must be asked */
	bool unsettled; /* a commit was sent and its end is not known */
	const char *views; /* a digest of the view texts that the warehouse has; "": not known */
	struct local_part *parts;
	size_t parts_n, parts_room;
	struct index parts_at; /* by stream and part */
	struct local_stream *streams;
	size_t streams_n, streams_room;
	struct finding *findings;
	size_t findings_n, findings_room;
	struct window_row *windows; /* not sent yet */
	size_t windows_n, windows_room;
	struct run_row *runs;       /* not sent yet */
	size_t runs_n, runs_room;
	int64_t collecting_us;      /* a collection began then, and whether what it read is on
				     * disk is not known; STAMP_NONE: none */
	struct local_delivery delivery;
	struct local_landed *landed;
	size_t landed_n, landed_room;
	struct index landed_at; /* by key */
	struct arena *arena;
};

/* Reads the copy. A missing, damaged or foreign one gives an empty, `fresh` one (and the reason in
 * `why`, for a warning; why->kind stays ERR_NONE where it was simply missing). */
MUST_CHECK bool local_open(struct local **ret, const char *state_dir, const char *pipeline,
			   const char *destination, struct err *why, struct err *reterr);
void local_close(struct local *); /* NULL is fine; writes nothing */
/* Writes it; not where the file, as it was read or written last, says just the same. */
MUST_CHECK bool local_save(struct local *, struct err *reterr);

/* Makes what is not there yet. NULL: no memory. */
struct local_part *local_part(struct local *, const char *stream, const char *part);
struct local_stream *local_stream(struct local *, const char *stream);
const struct local_part *local_find(const struct local *, const char *stream, const char *part);
const struct local_stream *local_find_stream(const struct local *, const char *stream);
const char *local_text(struct local *, const char *text); /* a copy that lives as long */
/* Room for one more in one of its arrays; for local*.c alone. */
bool local_grow(void **at, size_t n, size_t *room, size_t size);
/* Rows came in for the stream at that moment: its day's count goes up. The oldest day is dropped
 * above HISTORY_DAYS_MAX. */
void local_note_rows(struct local_stream *, int64_t at_us, int64_t rows);

/* Adds to what is to be sent; empty windows that touch are joined, of run rows the oldest are
 * dropped above RUNS_PENDING_MAX. Texts are copied. */
MUST_CHECK bool local_add_window(struct local *, const struct window_row *, struct err *reterr);
MUST_CHECK bool local_add_run(struct local *, const struct run_row *, struct err *reterr);
MUST_CHECK bool local_add_finding(struct local *, const struct finding *, struct err *reterr);
/* What was found about this range has been made good. */
void local_drop_findings(struct local *, enum finding_kind, const char *stream, const char *part,
			 struct interval);
MUST_CHECK bool local_set_last(struct local *, const struct run_row *, struct err *reterr);

/* --- what goes through the spool (local_once.c) --- */
/* A delivery is over; reason NULL: it left nothing. */
MUST_CHECK bool local_note_delivery(struct local *, int64_t at_us, const char *reason,
				    struct err *reterr);
/* A reading was not taken. One more of the same reason makes the finding longer; above
 * FINDINGS_MAX one of the same part takes it in, whatever its reason. */
MUST_CHECK bool local_add_missed(struct local *, const char *stream, const char *part,
				 int64_t at_us, const char *reason, struct err *reterr);
/* Whether this very row was landed last under its key. */
bool local_is_landed(struct local *, struct local_landed);
MUST_CHECK bool local_note_landed(struct local *, struct local_landed, struct err *reterr);
void local_forget_landed(struct local *); /* all are landed again: some may be lost */

/* Takes over what the warehouse says; pending rows, runs and findings stay. */
MUST_CHECK bool local_adopt(struct local *, const struct state *, struct err *reterr);
/* Forgets streams (n 0: all): watermarks, windows, findings, counters. Not known generations. */
void local_reset(struct local *, const char *const *streams, size_t n);
/* Everything that `status` would complain of has been seen. */
MUST_CHECK bool local_seen(struct local *, struct err *reterr);
/* Holes between a part's first and last complete window that nobody has seen yet: at most `room`
 * of them into `ret`; returns how many there are. */
size_t local_gaps(const struct local_part *, struct interval *ret, size_t room);

#endif
