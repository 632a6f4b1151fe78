/* Work in a process of its own: a copy of this one, which ends with the work. For work that may
 * take much memory or crash, out of a process that must do neither.
 *
 * The caller must have one thread only, and hold nothing that does not survive a copy (a
 * connection, a warehouse). Signals held by base/signals.h are let through in the copy. The copy
 * is in a process group of its own: what is typed at a terminal reaches the caller alone, who
 * passes it on. Where the system can do it (Linux) the copy gets SIGTERM when its parent dies.
 * Whether it still gets on is seen by its pulse (base/pulse.h).
 * Windows has no copies of processes: there child_start fails with ERR_USAGE. */
#ifndef FIRN_BASE_CHILD_H
#define FIRN_BASE_CHILD_H

#include "base/buf.h"
#include "base/err.h"

struct child;

/* `work` runs in the copy; what it returns (0 to 255) is its exit code, what it adds to `report`
 * comes back to the caller: at most CHILD_REPORT_BYTES, the rest is lost. */
MUST_CHECK bool child_start(struct child **ret, int (*work)(void *user, struct buf *report),
			    void *user, struct err *reterr);

struct child_end {
	int code;   /* of its exit; -1: it was killed */
	int signal; /* 0, or what killed it */
};
/* False: it still works. True: how it ended, and its report (appended to a buffer of the
 * caller's); call child_free then. */
bool child_ended(struct child *, struct child_end *ret, struct buf *report);
int child_id(const struct child *);
void child_stop(struct child *); /* SIGTERM: asks it to end */
void child_kill(struct child *); /* SIGKILL */
void child_free(struct child *); /* NULL is fine; kills it where it still works */

#endif
