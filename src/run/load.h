/* Loading: from the API into the warehouse. The heart of firn; run/flow.h says which file does
 * what.
 *
 * One load serves one command (`run`, `initial-load`): it plans windows, keeps requests in
 * flight, shapes what comes, hands batches to the loader's thread, commits what is complete, and
 * tells how each stream ended. A failed stream is a failed stream: the others go on. */
#ifndef FIRN_RUN_LOAD_H
#define FIRN_RUN_LOAD_H

#include "base/log.h"
#include "config/config.h"
#include "run/progress.h"
#include "run/setup.h"

#include <signal.h>

struct credentials_environment;
struct pulse;
struct retry_budget;
struct spool;

struct load_options {
	struct setup *setup;        /* locked */
	struct log *log;
	struct progress *progress;
	const char *command;        /* "run", "initial-load": for FIRN_RUNS */
	bool initial;               /* history: [from, until); else what came since the watermark */
	int64_t from_us, until_us;
	bool again;                 /* complete windows too */
	bool dry_run;               /* only count what would be asked */
	bool more_follow;           /* firn start: runs come by the schedule, and go on with what
				     * this one leaves unsealed as long as it may wait */
	bool spooled;               /* the streams that go through the spool; else the others */
	struct spool *spool;        /* of the former; NULL: a dry run, or it could not be opened: */
	const struct err *spool_why;
	const char *customer;       /* under which rows are spooled */
	struct retry_budget *budget; /* of the run, counted on; NULL: a new one */
	const struct credentials_environment *aws; /* for S3; NULL: nothing is set */
	const volatile sig_atomic_t *stop; /* not 0: end soon, keep what is complete */
	struct pulse *pulses;       /* PULSES of them; NULL: nobody watches */
	const struct view *views;   /* made or refreshed after the last commit; n 0: none */
	size_t views_n;
	const char *const *views_left_out; /* why; told as warnings when the others are made */
	size_t views_left_out_n;
	const struct view_options *view_options;
};

struct load_stream { /* how a stream ended; texts live as long as the setup */
	const char *name, *table;
	struct run_row run;
	bool failed;
	const char *why;
	size_t windows, windows_done, windows_skipped;
	bool through_spool;
	int64_t spooled;            /* rows that are durable there */
};

struct load_window { /* of a dry run */
	size_t order; /* of its stream */
	const char *stream, *part;
	int64_t from_us, until_us, count; /* -1: not known */
};

struct load_delivery { /* of what is spooled */
	bool tried;
	bool unsealed;               /* the disk has no room to finish what was collected: `why` */
	int64_t files, rows, bytes;  /* delivered */
	int64_t left, quarantined;   /* files */
	bool alarm;                  /* what keeps them needs a person */
	struct err why;              /* the first reason why something is left */
};

struct load_result {
	struct load_delivery delivery; /* collect_run's */
	struct load_stream *streams;
	size_t streams_n, failed;
	size_t committed;            /* streams of which something came into the warehouse */
	bool stopped;
	bool run_failed;             /* not a stream: the sign-in, the warehouse, a signal */
	enum err_kind kind;          /* of what failed the run, else of the first failure */
	struct load_window *windows; /* of a dry run, stream by stream, oldest first */
	size_t windows_n;
	int64_t took_ms, page_ms;    /* page_ms: what an answer took on average */
};

/* False: nothing could be begun (reterr). Failures of streams are in the result, which the caller
 * gives back with load_result_done. */
MUST_CHECK bool load_run(const struct load_options *, struct load_result *ret, struct err *reterr);
void load_result_done(struct load_result *);

#endif
