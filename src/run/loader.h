/* A thread that owns the warehouse while rows are loaded, so that fetching and shaping go on
 * while it works. Jobs go in by a short queue (backpressure: loader_has_room), what became of
 * commits comes out by loader_poll. One commit is under way at a time.
 *
 * The warehouse is opened with the first job that needs it: a run that brings nothing does not
 * touch it. The first failure ends the work: later jobs are dropped, and the failure is told. */
#ifndef FIRN_RUN_LOADER_H
#define FIRN_RUN_LOADER_H

#include "run/staging.h"
#include "shape/batch.h"
#include "warehouse/warehouse.h"

struct loader;
struct pulse;

struct loader_options {
	struct warehouse_options warehouse;
	const struct table *const *tables; /* made ready when the warehouse is opened */
	size_t tables_n;
	struct staging *staging;    /* how rows are tried again; NULL: they are not */
	void (*opened)(void *user); /* on the loader's thread: the warehouse is there */
	void (*wake)(void *user);   /* on the loader's thread: loader_poll has something */
	void *user;
	/* Signs of life (base/pulse.h): of this thread, warehouse.pulse; of the caller's, which
	 * rests while it waits for this one. NULL is fine. */
	struct pulse *caller;
};

MUST_CHECK bool loader_start(struct loader **ret, const struct loader_options *,
			     struct err *reterr);
/* Waits until what is under way has ended, drops the rest, closes the warehouse. Returns the
 * commit of which nobody has been told how it ended, if there is one. NULL is fine. */
struct loader_commit *loader_stop(struct loader *);

/* Opens the warehouse if it is not, calls `call` with it on the loader's thread behind everything
 * that was put in before, and waits for its end. With `prepare` the tables are made ready first. */
MUST_CHECK bool loader_call(struct loader *, bool prepare,
			    bool (*call)(struct warehouse *, void *user, struct err *reterr),
			    void *user, struct err *reterr);

bool loader_has_room(struct loader *);
/* Takes the rows, whatever becomes of them. Waits where much more is put in than there is room. */
void loader_stage(struct loader *, const struct table *, struct rows *);

/* A commit with everything it points to; made by the caller, given back by loader_poll. */
struct loader_commit {
	struct commit commit;
	void *user;
	bool done;       /* else `why` says what failed, and nothing of it is in the warehouse */
	struct err why;
	int64_t took_ms;
};
/* The commit stands behind everything staged before. Only when none is under way. */
void loader_commit(struct loader *, struct loader_commit *);
bool loader_committing(struct loader *);
void loader_wait(struct loader *); /* until the commit that is under way has ended */

/* True: *ret is a commit that ended (done or failed), or NULL and *reterr is why the loader gave
 * up, where no commit and no call has told it. Each is told once. */
bool loader_poll(struct loader *, struct loader_commit **ret, struct err *reterr);

#endif
