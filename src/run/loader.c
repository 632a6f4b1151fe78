#include "run/loader.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "base/pulse.h"
#include "base/thread.h"
#include "shape/batch.h"

#include <stdlib.h>

enum job_kind { JOB_STAGE, JOB_COMMIT, JOB_CALL };

struct job {
	enum job_kind kind;
	const struct table *table;
	struct rows *rows;
	struct loader_commit *commit;
	/* JOB_CALL */
	bool (*call)(struct warehouse *, void *user, struct err *reterr);
	void *user;
	bool prepare;
	bool *ended, *done;
};

/* Beyond those that loader_has_room lets in: one answer may bring several batches, and a commit
 * what is left of each stream. More of them wait in put. */
enum { JOBS_MAX = QUEUE_BATCHES_MAX + 6 };

static const char AFTER[] = "going on with what the warehouse said"; /* the caller */

struct loader {
	struct loader_options options;
	struct thread *thread;
	struct monitor *monitor; /* guards everything below, but for `warehouse` */
	struct job jobs[JOBS_MAX];
	size_t first, n;
	bool stopping, failed, told;
	struct err why;
	struct loader_commit *committing, *ended;
	struct warehouse *warehouse; /* the thread's own */
};

static void drop_job(struct job *job)
{
	if (job->kind == JOB_STAGE)
		rows_free(job->rows);
}

static bool open_warehouse(struct loader *loader, bool prepare, struct err *reterr)
{
	if (loader->warehouse == NULL) {
		pulse_beat(loader->options.warehouse.pulse, "opening the warehouse");
		if (!warehouse_open(&loader->warehouse, &loader->options.warehouse, reterr))
			return false;
		loader->options.opened(loader->options.user);
	}
	if (!prepare)
		return true;
	pulse_beat(loader->options.warehouse.pulse, "preparing the tables");
	return warehouse_prepare(loader->warehouse, loader->options.tables,
				 loader->options.tables_n, reterr);
}

static const char *const DOING[] = {
	[JOB_STAGE] = "staging rows",
	[JOB_COMMIT] = "merging and committing",
	[JOB_CALL] = "asking the warehouse",
};

/* Runs without the lock. */
static bool do_job(struct loader *loader, struct job *job, bool *prepared, struct err *reterr)
{
	int64_t start_ms = clock_mono_ms();
	bool prepare = !*prepared && (job->kind != JOB_CALL || job->prepare);
	if (!open_warehouse(loader, prepare, reterr))
		return false;
	*prepared |= prepare;
	pulse_beat(loader->options.warehouse.pulse, DOING[job->kind]);
	if (job->kind == JOB_CALL)
		return job->call(loader->warehouse, job->user, reterr);
	if (job->kind == JOB_STAGE)
		return staging_put(loader->options.staging, loader->warehouse, job->table,
				   job->rows, reterr);
	bool done = warehouse_commit(loader->warehouse, &job->commit->commit, reterr);
	job->commit->took_ms = clock_mono_ms() - start_ms;
	return done;
}

/* `why` NULL: it is done. A commit carries its own failure: that is then told. */
static void end_commit(struct loader *loader, struct loader_commit *commit, const struct err *why)
{
	commit->done = why == NULL;
	if (why != NULL)
		commit->why = *why;
	loader->told |= why != NULL;
	loader->ended = commit;
	loader->committing = NULL;
}

static void end_job(struct loader *loader, struct job *job, const struct err *why)
{
	switch (job->kind) {
	case JOB_COMMIT:
		end_commit(loader, job->commit, why);
		break;
	case JOB_CALL:
		loader->told |= why != NULL;
		*job->done = why == NULL;
		*job->ended = true;
		break;
	case JOB_STAGE:
		break;
	}
	drop_job(job);
}

/* Nobody counts on what was staged any more: what comes behind it is dropped. */
static void fail(struct loader *loader, const struct err *why)
{
	loader->failed = true;
	loader->why = *why;
	while (loader->n > 0) {
		end_job(loader, &loader->jobs[loader->first], why);
		loader->first = (loader->first + 1) % JOBS_MAX;
		loader->n--;
	}
}

static void work(void *user)
{
	struct loader *loader = user;
	bool prepared = false;

	monitor_enter(loader->monitor);
	while (!loader->stopping) {
		if (loader->n == 0) {
			monitor_wait(loader->monitor);
			continue;
		}
		struct job job = loader->jobs[loader->first];
		loader->first = (loader->first + 1) % JOBS_MAX;
		loader->n--;
		monitor_signal(loader->monitor); /* there is room again */
		monitor_leave(loader->monitor);

		struct err why = {0};
		bool done = do_job(loader, &job, &prepared, &why);
		pulse_rest(loader->options.warehouse.pulse);

		monitor_enter(loader->monitor);
		end_job(loader, &job, done ? NULL : &why);
		if (!done)
			fail(loader, &why);
		monitor_signal(loader->monitor);
		monitor_leave(loader->monitor);
		loader->options.wake(loader->options.user);
		monitor_enter(loader->monitor);
	}
	monitor_leave(loader->monitor);
	pulse_beat(loader->options.warehouse.pulse, "closing the warehouse");
	warehouse_close(loader->warehouse);
	pulse_rest(loader->options.warehouse.pulse);
}

bool loader_start(struct loader **ret, const struct loader_options *options, struct err *reterr)
{
	struct loader *loader = calloc(1, sizeof *loader);
	if (loader == NULL)
		return err_memory(reterr);
	loader->options = *options;
	if (!monitor_new(&loader->monitor, reterr) ||
	    !thread_start(&loader->thread, work, loader, reterr)) {
		monitor_free(loader->monitor);
		free(loader);
		return false;
	}
	*ret = loader;
	return true;
}

struct loader_commit *loader_stop(struct loader *loader)
{
	if (loader == NULL)
		return NULL;
	monitor_enter(loader->monitor);
	loader->stopping = true;
	monitor_signal(loader->monitor);
	monitor_leave(loader->monitor);
	pulse_rest(loader->options.caller);
	thread_join(loader->thread);
	pulse_beat(loader->options.caller, AFTER);
	struct loader_commit *left =
		loader->committing != NULL ? loader->committing : loader->ended;
	for (size_t i = 0; i < loader->n; i++)
		drop_job(&loader->jobs[(loader->first + i) % JOBS_MAX]);
	monitor_free(loader->monitor);
	free(loader);
	return left;
}

/* The caller's thread waits for this one's. */
static void await(struct loader *loader)
{
	pulse_rest(loader->options.caller);
	monitor_wait(loader->monitor);
	pulse_beat(loader->options.caller, AFTER);
}

static void put(struct loader *loader, struct job *job)
{
	monitor_enter(loader->monitor);
	while (!loader->failed && loader->n == JOBS_MAX)
		await(loader);
	if (loader->failed) {
		end_job(loader, job, &loader->why);
	} else {
		loader->jobs[(loader->first + loader->n++) % JOBS_MAX] = *job;
		if (job->kind == JOB_COMMIT)
			loader->committing = job->commit;
	}
	monitor_signal(loader->monitor);
	monitor_leave(loader->monitor);
}

bool loader_call(struct loader *loader, bool prepare,
		 bool (*call)(struct warehouse *, void *user, struct err *reterr), void *user,
		 struct err *reterr)
{
	bool done = false, ended = false;
	struct job job = {.kind = JOB_CALL, .call = call, .user = user, .prepare = prepare,
			  .done = &done, .ended = &ended};
	put(loader, &job);
	monitor_enter(loader->monitor);
	while (!ended)
		await(loader);
	if (!done)
		*reterr = loader->why;
	monitor_leave(loader->monitor);
	return done;
}

bool loader_has_room(struct loader *loader)
{
	monitor_enter(loader->monitor);
	bool room = loader->failed || loader->n < QUEUE_BATCHES_MAX;
	monitor_leave(loader->monitor);
	return room;
}

void loader_stage(struct loader *loader, const struct table *table, struct rows *rows)
{
	struct job job = {.kind = JOB_STAGE, .table = table, .rows = rows};
	put(loader, &job);
}

void loader_commit(struct loader *loader, struct loader_commit *commit)
{
	struct job job = {.kind = JOB_COMMIT, .commit = commit};
	commit->done = false;
	put(loader, &job);
}

bool loader_committing(struct loader *loader)
{
	monitor_enter(loader->monitor);
	bool under_way = loader->committing != NULL || loader->ended != NULL;
	monitor_leave(loader->monitor);
	return under_way;
}

void loader_wait(struct loader *loader)
{
	monitor_enter(loader->monitor);
	while (loader->committing != NULL)
		await(loader);
	monitor_leave(loader->monitor);
}

bool loader_poll(struct loader *loader, struct loader_commit **ret, struct err *reterr)
{
	bool something = false;
	monitor_enter(loader->monitor);
	*ret = NULL;
	if (loader->ended != NULL) {
		*ret = loader->ended;
		loader->ended = NULL;
		something = true;
	} else if (loader->failed && !loader->told) {
		*reterr = loader->why;
		loader->told = true;
		something = true;
	}
	monitor_leave(loader->monitor);
	return something;
}
