/* What the files behind run/load.h share; nobody else includes this.
 *
 *	load.c     begins a load
 *	todo.c     which windows of which streams are asked for
 *	flow.c     the loop: requests go out, answers come in, the loader's reports too
 *	answer.c   what becomes of one answer
 *	task.c     a window on its way: begun, read, complete
 *	lane.c     a stream that failed
 *	commit.c   batches and complete windows on their way into the warehouse
 *	settle.c   what the local copy of the state learns from that
 *	spooling.c the same for streams that go through the spool: rows, commits, gaps
 *	rejects.c  records that could not be taken
 *	end.c      ends a load: the last commit, the views, what the caller is told */
#ifndef FIRN_RUN_FLOW_H
#define FIRN_RUN_FLOW_H

#include "base/bounds.h"
#include "fetch/http.h"
#include "fetch/retry.h"
#include "run/keyset.h"
#include "run/load.h"
#include "run/loader.h"
#include "spool/spool.h"

/* What came of one element in one window. */
struct tally {
	struct keyset keys;
	int64_t rows;        /* taken */
	int64_t rejected, rescued;
	int64_t cursor_us;   /* the greatest value of the window's column, STAMP_NONE: none */
	bool failed;         /* match: position: this element's part was bad */
};

enum task_state {
	TASK_QUEUED,  /* not begun */
	TASK_READY,   /* its next request can go out at ready_ms */
	TASK_FLYING,  /* a request of it is in flight */
	TASK_ANSWERED, /* its answer is here and waits for room in the loader */
	TASK_WAITING, /* read, but children of it are not */
};
enum task_asks { ASKS_PAGE, ASKS_COUNT };

/* One set of pages: a window of a stream's part, or what is asked for one row of the parent. */
struct task {
	struct lane *lane;
	struct task *next;          /* in the lane's queue, or in load->open */
	struct interval window;     /* until WINDOW_OPEN: no end; {0, 0}: no window */
	bool completes;             /* its end is not ahead: it may be marked complete */
	size_t element, elements_n; /* of repeat */
	struct value *parent;       /* by column of the parent stream; one block, owned */
	struct task *above;         /* the task whose row this one is for, NULL: a window's own */
	size_t below;               /* tasks for its rows that have not ended */
	bool broken;                /* one of them failed */
	struct rest *rest;
	struct response *answer;    /* of TASK_ANSWERED; owned */
	enum task_state state;
	enum task_asks asks;
	int64_t ready_ms;
	int tries, restarts;
	unsigned asked;             /* requests sent */
	bool signed_again, second_reading, counted;
	unsigned sign_generation;   /* of the credentials that its last request carried */
	int64_t count;              /* the API's own, -1: none */
	int64_t until_us;           /* where the window really ends: never past the server's Date */
	int64_t oldest_us;          /* the first moment that this load asks for in this part */
	struct tally *tallies;      /* one for each element, at least one */
};

/* A stream on its way. */
struct lane {
	const struct stream *stream;
	const struct table *table;
	struct load *load;
	struct lane *parent;
	struct lane **children;
	size_t children_n;
	size_t depth;               /* parents above it */
	bool *needs;                /* of a child: which of the parent's columns it asks with */
	struct shaper *shaper;
	struct batch *batch;
	int64_t seq;
	/* staged (or on the way) since the last commit was sent */
	int64_t staged_rows, staged_bytes;
	struct keyset staged_keys;
	bool staged_twice;          /* some key came twice: the commit reduces first */
	/* of a load into the spool; the batch is NULL then */
	struct buf lines;           /* landed rows that the spool does not have yet */
	int64_t spooled;            /* rows that are durable there */
	bool once;                  /* read once: what could not be taken is a gap */
	bool missed;                /* its gap was noted */
	struct task *queue, *queue_last;
	size_t queued, flying, open; /* open: begun and not ended */
	size_t tasks_total, tasks_done;
	size_t skipped;             /* complete windows of history that are not asked for again */
	int64_t next_ask_ms;        /* limits.pause */
	const struct template *host; /* streams with one base_url wait together */
	struct run_row run;
	bool failed;                /* nothing more is asked for it */
	bool partly;                /* some element's part was bad; the others went on */
	bool child_failed;          /* or a child's: its windows cannot be complete any more */
	bool committed;             /* something of it is in the warehouse */
	bool count_refused;         /* said once */
	bool limit_told;           /* that the source no longer has what is asked for */
	int64_t told_rescued, told_rejected; /* of run's: what the local copy knows already */
	struct err why;
};

struct host_wait {
	const struct template *host;
	int64_t until_ms;
};

/* A window that was read whole and not committed yet. */
struct ready_window {
	struct lane *lane;
	struct window_row row;      /* texts live as long as the setup */
	int64_t oldest_us;          /* of this load, for a part without a watermark */
};

struct load {
	const struct load_options *options;
	struct setup *setup;
	struct log *log;
	struct http *http;
	struct loader *loader;
	struct arena *arena;
	struct lane *lanes;
	size_t lanes_n;
	size_t depth_max;           /* of them */
	struct task *open_first;    /* begun tasks, oldest first */
	size_t flying;
	size_t turn;                /* the lane whose turn it is to begin a task */
	int64_t answers, answers_ms; /* how many came, and how long they took together */
	int64_t held_bytes;         /* of answers that wait for room in the loader */
	struct host_wait waits[STREAMS_MAX];
	size_t waits_n;
	struct retry_random random;
	struct retry_budget budget; /* by staging_may_wait: the loader takes from it too */
	struct staging staging;     /* the loader's */
	char wait_why[160];
	/* signing in */
	bool signing;               /* a token request is in flight */
	bool skew_told;             /* that the server's clock is not ours */
	int sign_tries;
	int64_t sign_ready_ms;
	unsigned sign_generation;   /* raised when credentials or the token changed */
	int sign_marker;            /* its address is the request's user */
	/* rejected records */
	struct batch *rejects;
	int64_t rejects_seq, rejects_staged;
	struct buf reject_lines;    /* of a load into the spool, instead of the batch */
	/* the spool */
	struct spool *spool;        /* NULL: this load goes into the warehouse, or is a dry run */
	bool collecting;            /* a collection is open in it */
	bool spool_failed, spool_failure_told;
	struct err spool_why;
	struct local_landed *landed; /* rows of settings that the next sync makes durable */
	size_t landed_n, landed_room;
	/* commits */
	struct ready_window *ready;
	size_t ready_n, ready_room;
	int64_t last_commit_ms, last_commit_took_ms;
	bool opened;                /* the lanes are */
	bool loader_used, loader_failed;
	int64_t sent_bytes;         /* to the warehouse's staging */
	int waited_for_warehouse;
	bool commit_sent;           /* some commit of this load was sent */
	char run_id[48];
	const char *host;
	int64_t started_us, now_us;
	bool fail_run;              /* everything stops */
	bool fail_run_told;         /* once, whatever the number of streams */
	struct err why_run;
	struct load_result *result;
};

/* todo.c */
MUST_CHECK bool todo_plan(struct load *, struct err *reterr);

/* task.c */
MUST_CHECK bool task_add(struct lane *, const struct task *model, struct err *reterr);
MUST_CHECK bool task_begin(struct load *, struct lane *, struct err *reterr);
void task_end(struct load *, struct task *); /* takes it out and frees it */
void task_free(struct task *);
/* After its last page: children, count, then complete. The task may be gone afterwards. */
MUST_CHECK bool task_read(struct load *, struct task *, struct err *reterr);
void task_forget(struct task *); /* what its pages brought: it is read again from page one */
void task_window_text(const struct task *, char *out, size_t room); /* for people */
/* A dry run: the window and its count are noted, nothing is read. */
MUST_CHECK bool task_dry(struct load *, struct task *, struct err *reterr);
/* Called by the row sink. */
MUST_CHECK bool task_row(struct task *, const struct row_report *, size_t element,
			 struct err *reterr);
/* The part that an element's state is kept under; lives as long as the setup. NULL: no memory. */
const char *task_part(const struct task *, size_t element, struct err *reterr);

/* lane.c */
/* The stream failed: its tasks are dropped. Its parent cannot complete its windows any more. */
void lane_fail(struct load *, struct lane *, const struct err *why);
void lane_blame(struct lane *, const struct err *why); /* keeps it, without secrets */

/* answer.c: the task may be gone afterwards */
MUST_CHECK bool answer_take(struct load *, struct task *, const struct response *,
			    struct err *reterr);
MUST_CHECK bool answer_sign(struct load *, const struct response *, struct err *reterr);
void load_stop_all(struct load *, const struct err *why);
MUST_CHECK bool load_note_sign(struct load *, struct err *reterr);

/* commit.c */
/* The row that the lane's shaper has just taken is on its way. */
MUST_CHECK bool commit_row(struct load *, struct lane *, struct err *reterr);
MUST_CHECK bool commit_flush(struct load *, struct lane *, struct err *reterr); /* seals, stages */
bool commit_due(struct load *);
MUST_CHECK bool commit_send(struct load *, struct err *reterr);
bool commit_rest(const struct load *); /* windows that no commit has taken yet */
MUST_CHECK bool commit_collect(struct load *, struct err *reterr); /* what the loader reports */
MUST_CHECK bool commit_wait(struct load *, struct err *reterr); /* until none is under way */
void commit_free(struct loader_commit *); /* that the loader gave back; NULL is fine */
/* settle.c: what the local copy learns. */
MUST_CHECK bool settle_commit(struct load *, const struct commit *, struct lane *const *lanes,
			      size_t pending_windows, size_t pending_runs, struct err *reterr);
/* The warehouse was not needed: windows and run rows wait here for the next load that brings
 * something. */
MUST_CHECK bool settle_empty(struct load *, struct err *reterr);
MUST_CHECK bool settle_runs(struct load *, struct err *reterr);

/* spooling.c: a load into the spool. Its collections are its commits. */
MUST_CHECK bool spooling_begin(struct load *, struct err *reterr);
MUST_CHECK bool spooling_row(struct load *, struct lane *, struct err *reterr);
/* Whether the row of settings that was just shaped has been landed as it is; else it is noted. */
MUST_CHECK bool spooling_knows(struct load *, const struct lane *, const struct row_report *,
			       bool *ret, struct err *reterr);
MUST_CHECK bool spooling_reject(struct load *, const struct lane *, const struct row_report *,
				struct err *reterr);
bool spooling_due(const struct load *);
/* What was collected is on disk; the local copy knows, and is the caller's to save. */
MUST_CHECK bool spooling_commit(struct load *, struct err *reterr);
/* A failure of the spool is acted upon here, where no row is being handed out. */
void spooling_collect(struct load *);
/* Notes the gap of a stream that is read once, before its tasks are dropped: `all` of it, or what
 * was not read yet. Of any other stream nothing. */
void spooling_missed(struct load *, struct lane *, bool all);
void spooling_missed_element(struct load *, const struct task *, size_t element,
			     const struct err *why);

/* rejects.c */
#define REJECTED_FILE "rejected.ndjson" /* in state_dir */
void rejects_keep(struct load *); /* what spooling_reject has noted goes to its file */
MUST_CHECK bool reject_add(struct load *, const struct lane *, const struct row_report *,
			   struct err *reterr);

/* flow.c */
MUST_CHECK bool flow_run(struct load *, struct err *reterr);

/* end.c */
MUST_CHECK bool end_load(struct load *, struct err *reterr);
/* What can still be kept of a load that broke off: that its streams failed, and why. */
void end_broken(struct load *, const struct err *why);
MUST_CHECK bool end_tell(struct load *, struct load_result *ret, struct err *reterr);

#endif
