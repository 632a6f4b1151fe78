/* How far a load is: a bar at a terminal, a line every ten seconds elsewhere. Writes to standard
 * error only. Safe from two threads. */
#ifndef FIRN_RUN_PROGRESS_H
#define FIRN_RUN_PROGRESS_H

#include "base/err.h"

#include <stdint.h>

struct progress;

enum progress_style { PROGRESS_NONE, PROGRESS_LINES, PROGRESS_BAR };

struct progress_options {
	enum progress_style style;
	bool colour, unicode;
	int columns; /* of the terminal */
};
MUST_CHECK bool progress_new(struct progress **ret, const struct progress_options *,
			     struct err *reterr);
void progress_free(struct progress *); /* NULL is fine */

struct progress_state {
	int64_t rows;                /* fetched so far */
	int64_t windows_done, windows_total;
	const char *unit;            /* "days", "windows", "files" */
	const char *waiting;         /* why nothing moves, or NULL */
	int64_t wait_left_ms;
};
/* Cheap to call often: draws ten times a second at most. */
void progress_show(struct progress *, const struct progress_state *);
/* Takes the bar away before another line is written (before) and puts it back. */
void progress_around(void *progress, bool before);
/* The last state stays on the screen, with the time it took. */
void progress_end(struct progress *);

#endif
