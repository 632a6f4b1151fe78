/* Batches and complete windows on their way into the warehouse: everything that was read whole
 * since the last commit, of all streams, goes in one transaction with the watermarks that follow
 * from it. Rows of windows that are not complete yet may go along: they are merged again later
 * without harm, and their windows are not marked.
 *
 * A commit is due when enough rows are staged or enough windows complete, or when any are and the
 * last commit is long enough ago for its cost not to matter. It takes so many windows and no more,
 * the oldest first; a watermark follows those that it takes. */
#include "base/bounds.h"
#include "base/clock.h"
#include "run/flow.h"

#include <stdlib.h>
#include <string.h>

enum { COMMIT_EVERY_MS = 10 * 1000, COMMIT_SHARE = 10 };

/* What a commit carries, until the loader says how it ended. */
struct sent {
	struct loader_commit wrapped; /* first: its address is the commit's */
	struct arena *arena;
	struct table_merge *merges;
	struct lane **lanes;      /* by merge; NULL: FIRN_REJECTED */
	struct window_row *windows;
	struct state_move *moves;
	struct run_row *runs;
	int *count_into;
	size_t pending_windows, pending_runs; /* of them out of the local copy */
	size_t ready_n;           /* of load->ready, the first */
};

/* --- staging --- */

bool commit_row(struct load *load, struct lane *lane, struct err *reterr)
{
	if (load->options->spooled)
		return spooling_row(load, lane, reterr);
	return !batch_full(lane->batch) || commit_flush(load, lane, reterr);
}

bool commit_flush(struct load *load, struct lane *lane, struct err *reterr)
{
	struct rows *rows;
	if (batch_rows(lane->batch) == 0)
		return true;
	if (!batch_seal(lane->batch, &rows, reterr))
		return false;
	lane->staged_rows += rows_count(rows);
	lane->staged_bytes += rows_bytes(rows);
	load->sent_bytes += rows_bytes(rows);
	load->loader_used = true;
	loader_stage(load->loader, lane->table, rows);
	return true;
}

static bool flush_all(struct load *load, struct err *reterr)
{
	struct rows *rows;
	for (size_t i = 0; i < load->lanes_n; i++) {
		if (load->lanes[i].batch != NULL && !commit_flush(load, &load->lanes[i], reterr))
			return false;
	}
	if (load->rejects == NULL || batch_rows(load->rejects) == 0)
		return true;
	if (!batch_seal(load->rejects, &rows, reterr))
		return false;
	load->rejects_staged += rows_count(rows);
	load->loader_used = true;
	loader_stage(load->loader, &FIRN_REJECTED, rows);
	return true;
}

bool commit_due(struct load *load)
{
	int64_t bytes = 0, pause_ms = COMMIT_EVERY_MS;
	bool full = false;
	if (load->options->spooled)
		return spooling_due(load);
	if (load->loader_failed || loader_committing(load->loader))
		return false;
	for (size_t i = 0; i < load->lanes_n; i++) {
		bytes += load->lanes[i].staged_bytes;
		full |= load->lanes[i].staged_rows >= MERGE_ROWS_MAX;
	}
	if (full || bytes >= MERGE_BYTES_MAX)
		return true;
	if (load->ready_n >= COMMIT_WINDOWS_MAX && (load->loader_used || load->options->initial))
		return true;
	if (COMMIT_SHARE * load->last_commit_took_ms > pause_ms)
		pause_ms = COMMIT_SHARE * load->last_commit_took_ms;
	return load->ready_n > 0 && load->loader_used &&
	       clock_mono_ms() - load->last_commit_ms >= pause_ms;
}

/* --- putting a commit together --- */

static void add_merges(struct load *load, struct sent *sent)
{
	struct commit *commit = &sent->wrapped.commit;
	for (size_t i = 0; i < load->lanes_n; i++) {
		struct lane *lane = &load->lanes[i];
		if (lane->staged_rows == 0)
			continue;
		sent->lanes[commit->merges_n] = lane;
		sent->merges[commit->merges_n++] = (struct table_merge){
			.table = lane->table,
			.unique = !lane->staged_twice,
			.rows_staged = lane->staged_rows,
			.rows_after = -1,
		};
	}
	if (load->rejects_staged > 0) {
		sent->merges[commit->merges_n++] = (struct table_merge){
			.table = &FIRN_REJECTED, .rows_staged = load->rejects_staged};
	}
}

static void add_runs(struct load *load, struct sent *sent)
{
	struct local *local = load->setup->local;
	struct commit *commit = &sent->wrapped.commit;
	sent->pending_runs = local->runs_n;
	for (size_t i = 0; i < local->runs_n; i++)
		sent->runs[commit->runs_n++] = local->runs[i];
	for (size_t i = 0; i < commit->merges_n; i++)
		sent->count_into[i] = -1;
	for (size_t i = 0; i < load->lanes_n; i++) {
		struct lane *lane = &load->lanes[i];
		if (lane->run.pages == 0 && lane->run.ended_us == STAMP_NONE)
			continue;
		for (size_t k = 0; k < commit->merges_n; k++) {
			if (sent->lanes[k] == lane)
				sent->count_into[k] = (int)commit->runs_n;
		}
		sent->runs[commit->runs_n++] = lane->run;
	}
}

static bool has_move(const struct commit *commit, const struct state_move *moves,
		     const char *stream, const char *part)
{
	for (size_t i = 0; i < commit->moves_n; i++) {
		if (strcmp(moves[i].stream, stream) == 0 && strcmp(moves[i].part, part) == 0)
			return true;
	}
	return false;
}

/* Where the part's watermark goes by what this commit completes. */
static bool add_move(struct load *load, struct sent *sent, const char *stream, const char *name,
		     int64_t oldest_us, struct err *reterr)
{
	struct commit *commit = &sent->wrapped.commit;
	struct local_part *part = local_part(load->setup->local, stream, name);
	struct intervals complete = {0};
	bool done = part != NULL || err_memory(reterr);

	if (done && has_move(commit, sent->moves, stream, name))
		return true;
	for (size_t i = 0; done && i < part->complete.n; i++)
		done = intervals_add(&complete, part->complete.at[i], reterr);
	for (size_t i = 0; done && i < commit->windows_n; i++) {
		const struct window_row *row = &sent->windows[i];
		if (strcmp(row->stream, stream) == 0 && strcmp(row->part, name) == 0)
			done = intervals_add(
				&complete, (struct interval){row->from_us, row->until_us}, reterr);
	}
	if (done)
		sent->moves[commit->moves_n++] = (struct state_move){
			.stream = part->stream,
			.part = part->part,
			.before_us = part->known_us,
			.before_generation = part->known_generation,
			.after_us = watermark_after(&complete, part->watermark_us, oldest_us,
						    clock_now_us()),
		};
	intervals_done(&complete);
	return done;
}

static bool add_windows(struct load *load, struct sent *sent, struct err *reterr)
{
	struct local *local = load->setup->local;
	struct commit *commit = &sent->wrapped.commit;
	for (size_t i = 0; i < sent->pending_windows; i++)
		sent->windows[commit->windows_n++] = local->windows[i];
	for (size_t i = 0; i < sent->ready_n; i++) {
		if (load->ready[i].row.from_us < load->ready[i].row.until_us)
			sent->windows[commit->windows_n++] = load->ready[i].row;
	}
	for (size_t i = 0; i < sent->ready_n; i++) {
		const struct ready_window *ready = &load->ready[i];
		if (!add_move(load, sent, ready->row.stream, ready->row.part, ready->oldest_us,
			      reterr))
			return false;
	}
	/* Runs that brought nothing moved watermarks here only: they follow their windows. */
	bool whole = sent->pending_windows == local->windows_n;
	for (size_t i = 0; i < local->parts_n && whole; i++) {
		const struct local_part *part = &local->parts[i];
		if (part->watermark_us != part->known_us && part->watermark_us != STAMP_NONE &&
		    commit->moves_n < COMMIT_WINDOWS_MAX &&
		    !add_move(load, sent, part->stream, part->part, part->watermark_us, reterr))
			return false;
	}
	return true;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static struct sent *new_sent(const struct load *load)
{
	const struct local *local = load->setup->local;
	struct sent *sent = calloc(1, sizeof *sent);
	if (sent == NULL)
		return NULL;
	sent->pending_windows = least(local->windows_n, COMMIT_WINDOWS_MAX);
	sent->ready_n = least(load->ready_n, COMMIT_WINDOWS_MAX - sent->pending_windows);
	sent->arena = arena_new();
	if (sent->arena != NULL) {
		struct arena *arena = sent->arena;
		size_t windows = sent->pending_windows + sent->ready_n;
		size_t merges = load->lanes_n + 1, moves = sent->ready_n + local->parts_n;
		sent->merges = arena_array(arena, merges, sizeof *sent->merges);
		sent->lanes = arena_array(arena, merges, sizeof *sent->lanes);
		sent->count_into = arena_array(arena, merges, sizeof *sent->count_into);
		sent->windows = arena_array(arena, windows, sizeof *sent->windows);
		sent->moves = arena_array(arena, moves, sizeof *sent->moves);
		sent->runs = arena_array(arena, local->runs_n + load->lanes_n, sizeof *sent->runs);
	}
	if (sent->arena == NULL || sent->merges == NULL || sent->lanes == NULL ||
	    sent->count_into == NULL || sent->windows == NULL || sent->moves == NULL ||
	    sent->runs == NULL) {
		arena_free(sent->arena);
		free(sent);
		return NULL;
	}
	return sent;
}

static void free_sent(struct sent *sent)
{
	arena_free(sent->arena);
	free(sent);
}

void commit_free(struct loader_commit *commit)
{
	if (commit != NULL)
		free_sent((struct sent *)commit);
}

bool commit_send(struct load *load, struct err *reterr)
{
	struct local *local = load->setup->local;
	if (load->options->spooled)
		return spooling_commit(load, reterr) && local_save(local, reterr);
	if (!flush_all(load, reterr))
		return false;
	struct sent *sent = new_sent(load);
	if (sent == NULL)
		return err_memory(reterr);
	struct commit *commit = &sent->wrapped.commit;
	add_merges(load, sent);
	add_runs(load, sent);
	if (!add_windows(load, sent, reterr)) {
		free_sent(sent);
		return false;
	}
	commit->pipeline = load->setup->config->pipeline;
	commit->load_timestamp_us = clock_now_us();
	commit->merges = sent->merges;
	commit->windows = sent->windows;
	commit->moves = sent->moves;
	commit->runs = sent->runs;
	commit->count_into = sent->count_into;
	/* From here on the warehouse may know more than the local copy. */
	local->unsettled = true;
	if (!local_save(local, reterr)) {
		free_sent(sent);
		return false;
	}
	for (size_t i = 0; i < load->lanes_n; i++) {
		struct lane *lane = &load->lanes[i];
		lane->staged_rows = lane->staged_bytes = 0;
		lane->staged_twice = false;
		keyset_clear(&lane->staged_keys);
	}
	load->rejects_staged = 0;
	load->ready_n -= sent->ready_n;
	if (load->ready_n > 0)
		memmove(load->ready, load->ready + sent->ready_n,
			load->ready_n * sizeof *load->ready);
	load->commit_sent = true;
	load->loader_used = true;
	load->last_commit_ms = clock_mono_ms();
	loader_commit(load->loader, &sent->wrapped);
	return true;
}

bool commit_rest(const struct load *load)
{
	return load->ready_n > 0 || load->setup->local->windows_n > 0;
}

/* --- what became of it --- */

static void tell(struct load *load, const struct sent *sent)
{
	const struct commit *commit = &sent->wrapped.commit;
	for (size_t i = 0; i < commit->merges_n; i++) {
		const struct table_merge *merge = &commit->merges[i];
		const char *stream = sent->lanes[i] == NULL ? NULL : sent->lanes[i]->stream->name;
		log_line(load->log, LOG_INFO, stream, "Successfully loaded %lld rows to %s",
			 (long long)merge->rows_staged, merge->table->name);
		log_line(load->log, LOG_INFO, stream,
			 "MERGE completed - Inserted: %lld, Updated: %lld",
			 (long long)merge->inserted, (long long)merge->updated);
	}
}

/* The same rule as for records: more than one in a hundred says that something is wrong. */
static void check_refused(struct load *load, const struct sent *sent)
{
	for (size_t i = 0; i < sent->wrapped.commit.merges_n; i++) {
		const struct table_merge *merge = &sent->merges[i];
		struct lane *lane = sent->lanes[i];
		struct err why;
		if (lane == NULL || merge->refused == 0)
			continue;
		lane->run.rows_rejected += merge->refused;
		if (merge->refused * 100 <= merge->rows_staged)
			continue;
		err_set(&why, ERR_DATA, "%s: the warehouse refused %lld of %lld rows, more than "
			"1 %%; they and the reasons are in FIRN_REJECTED", lane->stream->name,
			(long long)merge->refused, (long long)merge->rows_staged);
		lane_fail(load, lane, &why);
	}
}

static bool commit_done(struct load *load, const struct sent *sent, struct err *reterr)
{
	const struct commit *commit = &sent->wrapped.commit;
	for (size_t i = 0; i < commit->merges_n; i++) {
		const struct table_merge *merge = &commit->merges[i];
		struct lane *lane = sent->lanes[i];
		if (lane == NULL)
			continue;
		lane->run.rows_inserted += merge->inserted;
		lane->run.rows_updated += merge->updated;
		lane->committed = true;
	}
	load->last_commit_took_ms = sent->wrapped.took_ms;
	load->last_commit_ms = clock_mono_ms();
	tell(load, sent);
	check_refused(load, sent);
	return settle_commit(load, commit, sent->lanes, sent->pending_windows, sent->pending_runs,
			     reterr);
}

static bool lost_rows(const struct lane *lane, const struct sent *sent)
{
	for (size_t i = 0; sent != NULL && i < sent->wrapped.commit.merges_n; i++) {
		if (sent->lanes[i] == lane)
			return true;
	}
	return lane->staged_rows > 0 || lane->tasks_done < lane->tasks_total ||
	       (lane->batch != NULL && batch_rows(lane->batch) > 0);
}

/* Streams that have rows on the way fail; what was committed before stays. */
static void commit_failed(struct load *load, const struct sent *sent, const struct err *why)
{
	load->loader_failed = true;
	/* A copy that was old is worse than none: the next run asks the warehouse. */
	if (why->kind == ERR_BUSY)
		load->setup->local->fresh = true;
	if (!load->fail_run)
		load->why_run = *why; /* told once */
	load->fail_run = true;
	for (size_t i = 0; i < load->lanes_n; i++) {
		struct lane *lane = &load->lanes[i];
		if (!lane->failed && lost_rows(lane, sent))
			lane_fail(load, lane, why);
	}
	load_stop_all(load, why);
}

bool commit_collect(struct load *load, struct err *reterr)
{
	struct loader_commit *ended;
	struct err why = {0};
	bool done = true;
	if (load->options->spooled) {
		spooling_collect(load);
		return true;
	}
	while (done && loader_poll(load->loader, &ended, &why)) {
		struct sent *sent = (struct sent *)ended;
		if (ended == NULL) {
			commit_failed(load, NULL, &why);
			continue;
		}
		if (ended->done)
			done = commit_done(load, sent, reterr);
		else
			commit_failed(load, sent, &ended->why);
		free_sent(sent);
	}
	return done;
}

bool commit_wait(struct load *load, struct err *reterr)
{
	if (!load->options->spooled)
		loader_wait(load->loader);
	return commit_collect(load, reterr);
}
