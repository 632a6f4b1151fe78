/* What is to be done next, and when: the schedule, what was missed, and what failed and is tried
 * again. Kept in `<state_dir>/start.json`, so that a restart neither forgets a missed run nor
 * tries a failing one more often.
 *
 *	agenda_open(&agenda, state_dir, now, ...);
 *	for (;;) {
 *		struct agenda_next next = agenda_next(agenda, &schedule, now);
 *		... wait until next.at_us ...
 *		agenda_begin(agenda, &next, now);     the run is under way
 *		... run it; agenda->streams, where this is a retry of some ...
 *		agenda_end(agenda, AGENDA_DONE, ...); or AGENDA_FAILED, AGENDA_STOPPED
 *	}
 *
 * However many times were missed, one run makes them good. A failed run is tried again after a
 * minute, two, four, ... at most an hour, a quarter more or less; what is due by the schedule does
 * not wait for that. A run that was stopped is done again when firn is back; one whose firn died
 * counts as failed. A clock that is set back makes nothing wait longer than its schedule says. */
#ifndef FIRN_RUN_AGENDA_H
#define FIRN_RUN_AGENDA_H

#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"
#include "run/schedule.h"

struct agenda {
	int64_t handled_us;   /* what was due until then has been begun; STAMP_NONE: nothing was */
	int64_t retry_us;     /* STAMP_NONE: nothing failed */
	int64_t failures;     /* in a row */
	bool running, stopped; /* under way; ended by a signal */
	bool died;            /* as it was opened: under way, or its firn is dead */
	const char *const *streams; /* that failed; n 0: all */
	size_t streams_n;
	char *path;
	struct arena *arena;
};

/* Reads it. Without a file (the first start ever) nothing was missed; `run_now`: but a run is due
 * at once. `why`: kind ERR_NONE, or why the file is not used, for a warning. Writes nothing. */
MUST_CHECK bool agenda_open(struct agenda **ret, const char *state_dir, int64_t now_us,
			    bool run_now, struct err *why, struct err *reterr);
void agenda_close(struct agenda *); /* NULL is fine */

enum agenda_why { AGENDA_DUE, AGENDA_MISSED, AGENDA_FIRST, AGENDA_RETRY, AGENDA_AGAIN };
struct agenda_next {
	int64_t at_us; /* not later than now: do it */
	enum agenda_why why;
	int64_t due_us; /* DUE, MISSED: when it should have been, without jitter */
};
struct agenda_next agenda_next(struct agenda *, const struct schedule *, int64_t now_us);

/* From the first start on, what is not begun in time is missed. */
MUST_CHECK bool agenda_save(const struct agenda *, struct err *reterr);
/* Each saves the file; ERR_DISK where it cannot. */
MUST_CHECK bool agenda_begin(struct agenda *, const struct agenda_next *, int64_t now_us,
			     struct err *reterr);
enum agenda_end { AGENDA_DONE, AGENDA_FAILED, AGENDA_STOPPED };
/* `failed`: the streams that failed, a NUL behind each; empty: the run as a whole. */
MUST_CHECK bool agenda_end(struct agenda *, enum agenda_end, struct span failed, int64_t now_us,
			   struct err *reterr);

/* The configuration's schedule (which is given); the zone is that of its timezone and outlives
 * it. Machines and pipelines differ in their seed. */
struct schedule agenda_schedule(const struct config *, const struct zone *);

#endif
