/* What is staged, into the warehouse; and what the local copy learns of it. */
#include "base/bounds.h"
#include "base/clock.h"
#include "run/landing_private.h"

#include <inttypes.h>
#include <stdlib.h>

/* --- staging --- */

static bool stage(struct landing *l, const struct table *table, struct batch *batch,
		  int64_t *staged, int64_t *staged_bytes, struct err *reterr)
{
	struct rows *rows;
	if (batch == NULL || batch_rows(batch) == 0)
		return true;
	if (!batch_seal(batch, &rows, reterr))
		return false;
	*staged += rows_count(rows);
	*staged_bytes += rows_bytes(rows);
	bool done = staging_put(&l->staging, l->warehouse, table, rows, reterr);
	rows_free(rows);
	return done;
}

/* NULL: firn's own rows. */
bool landing_flush(struct landing *l, struct landing_stream *stream, struct err *reterr)
{
	int64_t ignored = 0;
	if (stream != NULL)
		return stage(l, stream->table, stream->batch, &stream->staged_rows,
			     &stream->staged_bytes, reterr);
	return stage(l, &FIRN_FILES, l->files, &l->files_staged, &ignored, reterr) &&
	       stage(l, &FIRN_REJECTED, l->rejects, &l->rejects_staged, &ignored, reterr);
}

static int64_t files_waiting(const struct landing *l)
{
	return l->files_staged + (l->files == NULL ? 0 : batch_rows(l->files));
}

bool landing_due(const struct landing *l)
{
	int64_t bytes = 0;
	bool full = files_waiting(l) >= LANDED_COMMIT_FILES;
	for (size_t i = 0; i < l->streams_n; i++) {
		bytes += l->streams[i].staged_bytes;
		full |= l->streams[i].staged_rows >= MERGE_ROWS_MAX;
	}
	return full || bytes >= MERGE_BYTES_MAX;
}

/* --- one transaction --- */

/* Lives as long as one commit. */
struct sending {
	struct arena *arena;
	struct commit commit;
	struct landing_stream **streams; /* by merge; NULL: firn's own table */
	struct table_merge *merges;
	struct run_row *runs;
	int *count_into;
	size_t pending;
};

static bool make_sending(const struct landing *l, struct sending *s, struct err *reterr)
{
	const struct local *local = l->setup->local;
	size_t n = l->streams_n + 2;
	*s = (struct sending){.arena = arena_new()};
	if (s->arena == NULL)
		return err_memory(reterr);
	s->streams = arena_array(s->arena, n, sizeof(struct landing_stream *));
	s->merges = arena_array(s->arena, n, sizeof *s->merges);
	s->count_into = arena_array(s->arena, n, sizeof *s->count_into);
	s->runs = arena_array(s->arena, n + local->runs_n, sizeof *s->runs);
	return (s->streams != NULL && s->merges != NULL && s->count_into != NULL &&
		s->runs != NULL) || err_memory(reterr);
}

static void add_merge(struct sending *s, struct landing_stream *stream,
		      const struct table *table, bool unique, int64_t staged)
{
	if (staged == 0)
		return;
	s->streams[s->commit.merges_n] = stream;
	s->count_into[s->commit.merges_n] = -1;
	s->merges[s->commit.merges_n++] = (struct table_merge){
		.table = table, .unique = unique, .rows_staged = staged, .rows_after = -1};
}

static void fill_sending(struct landing *l, struct sending *s)
{
	const struct local *local = l->setup->local;
	for (size_t i = 0; i < l->streams_n; i++)
		add_merge(s, &l->streams[i], l->streams[i].table, !l->streams[i].twice,
			  l->streams[i].staged_rows);
	add_merge(s, NULL, &FIRN_FILES, false, l->files_staged);
	add_merge(s, NULL, &FIRN_REJECTED, false, l->rejects_staged);
	s->pending = local->runs_n;
	for (size_t i = 0; i < local->runs_n; i++)
		s->runs[s->commit.runs_n++] = local->runs[i];
	for (size_t i = 0; i < l->streams_n; i++) {
		if (!l->streams[i].any)
			continue;
		for (size_t k = 0; k < s->commit.merges_n; k++) {
			if (s->streams[k] == &l->streams[i])
				s->count_into[k] = (int)s->commit.runs_n;
		}
		s->runs[s->commit.runs_n++] = l->streams[i].run;
	}
	s->commit.pipeline = l->setup->config->pipeline;
	s->commit.load_timestamp_us = clock_now_us();
	s->commit.merges = s->merges;
	s->commit.runs = s->runs;
	s->commit.count_into = s->count_into;
}

/* --- what became of it --- */

static bool note_merge(struct landing *l, struct landing_stream *stream,
		       const struct table_merge *merge, struct err *reterr)
{
	struct local_stream *known = local_stream(l->setup->local, stream->stream->name);
	if (known == NULL)
		return err_memory(reterr);
	if (merge->rows_after >= 0)
		known->rows = merge->rows_after;
	else if (known->rows >= 0)
		known->rows += merge->inserted;
	else if (!warehouse_count(l->warehouse, stream->table->name, &known->rows, reterr))
		return false;
	if (merge->inserted + merge->updated > 0)
		known->loaded_us = clock_now_us();
	local_note_rows(known, clock_now_us(), merge->inserted + merge->updated);
	stream->run.rows_inserted += merge->inserted;
	stream->run.rows_updated += merge->updated;
	stream->run.rows_rejected += merge->refused;
	stream->staged_rows = stream->staged_bytes = 0;
	stream->twice = false;
	keyset_clear(&stream->keys);
	return true;
}

static void tell(const struct landing *l, const struct landing_stream *stream,
		 const struct table_merge *merge)
{
	const char *name = stream == NULL ? NULL : stream->stream->name;
	log_line(l->options->log, LOG_INFO, name, "Successfully loaded %" PRId64 " rows to %s",
		 merge->rows_staged, merge->table->name);
	log_line(l->options->log, LOG_INFO, name,
		 "MERGE completed - Inserted: %" PRId64 ", Updated: %" PRId64, merge->inserted,
		 merge->updated);
}

static bool note_commit(struct landing *l, const struct sending *s, struct err *reterr)
{
	struct local *local = l->setup->local;
	for (size_t i = 0; i < s->commit.merges_n; i++) {
		if (s->merges[i].table != &FIRN_FILES)
			tell(l, s->streams[i], &s->merges[i]);
		if (s->streams[i] != NULL &&
		    !note_merge(l, s->streams[i], &s->merges[i], reterr))
			return false;
	}
	local->runs_n -= s->pending;
	if (local->runs_n > 0)
		memmove(local->runs, local->runs + s->pending,
			local->runs_n * sizeof *local->runs);
	l->files_staged = l->rejects_staged = 0;
	l->result->committed = true;
	local->unsettled = false;
	return local_save(local, reterr);
}

bool landing_commit(struct landing *l, struct err *reterr)
{
	struct local *local = l->setup->local;
	struct sending s;
	for (size_t i = 0; i < l->streams_n; i++) {
		if (!landing_flush(l, &l->streams[i], reterr))
			return false;
	}
	if (!landing_flush(l, NULL, reterr))
		return false;
	/* From here on the warehouse may know more than the local copy. */
	local->unsettled = true;
	bool done = local_save(local, reterr) && make_sending(l, &s, reterr);
	if (!done)
		return false;
	fill_sending(l, &s);
	done = warehouse_commit(l->warehouse, &s.commit, reterr) && note_commit(l, &s, reterr);
	arena_free(s.arena);
	return done;
}

/* --- the end --- */

/* The run row of a table as it ended. */
static bool end_stream(struct landing *l, struct landing_stream *stream, const struct err *broke)
{
	struct run_row *run = &stream->run;
	struct arena *arena = l->setup->arena;
	bool lost = broke != NULL && (stream->staged_rows > 0 ||
				      (stream->batch != NULL && batch_rows(stream->batch) > 0));
	run->ended_us = clock_now_us();
	run->outcome = OUTCOME_DONE;
	run->error = NULL;
	if (lost) {
		run->outcome = OUTCOME_FAILED;
		run->error = arena_text(arena, span_of(broke->text));
	} else if (stream->damaged > 0) {
		run->outcome = OUTCOME_PARTIAL;
		run->error = arena_printf(arena, "%" PRId64 " damaged files; the first: %s",
					  stream->damaged, stream->why);
	} else if (run->rows_rejected * 100 > run->rows_fetched) {
		run->outcome = OUTCOME_PARTIAL;
		run->error = arena_printf(arena, "%" PRId64 " of %" PRId64 " rows were rejected, "
					  "more than 1 %%; they and the reasons are in "
					  "FIRN_REJECTED", run->rows_rejected,
					  run->rows_fetched);
	}
	return run->outcome == OUTCOME_DONE || run->error != NULL;
}

static bool note_end(struct landing *l, struct landing_stream *stream, struct err *reterr)
{
	struct local *local = l->setup->local;
	struct local_stream *known = local_stream(local, stream->stream->name);
	if (known == NULL)
		return err_memory(reterr);
	known->rescued += stream->run.rows_rescued - stream->told_rescued;
	known->rejected += stream->run.rows_rejected - stream->told_rejected;
	stream->told_rescued = stream->run.rows_rescued;
	stream->told_rejected = stream->run.rows_rejected;
	return local_set_last(local, &stream->run, reterr);
}

static bool add_result(struct landing *l, const struct landing_stream *stream)
{
	struct landing_table *table = &l->result->tables[l->result->tables_n++];
	*table = (struct landing_table){
		.stream = stream->stream->name,
		.table = stream->table->name,
		.run = stream->run,
		.damaged = stream->damaged,
		.failed = stream->run.outcome != OUTCOME_DONE,
	};
	table->run.run_id = arena_text(l->setup->arena, span_of(l->run_id));
	return table->run.run_id != NULL;
}

/* The last commit carries how it ended; without any, the run rows wait for the next load. */
bool landing_settle(struct landing *l, const struct err *broke, struct err *reterr)
{
	struct local *local = l->setup->local;
	bool done = true;
	for (size_t i = 0; i < l->streams_n; i++) {
		if (l->streams[i].any && !end_stream(l, &l->streams[i], broke))
			return err_memory(reterr);
	}
	bool send = broke == NULL && (files_waiting(l) > 0 || l->result->committed);
	if (send && !landing_commit(l, reterr))
		return false;
	l->result->tables = arena_array(l->setup->arena, l->streams_n, sizeof *l->result->tables);
	if (l->result->tables == NULL)
		return err_memory(reterr);
	for (size_t i = 0; done && i < l->streams_n; i++) {
		struct landing_stream *stream = &l->streams[i];
		if (!stream->any)
			continue;
		done = (send || local_add_run(local, &stream->run, reterr)) &&
		       note_end(l, stream, reterr) &&
		       (add_result(l, stream) || err_memory(reterr));
	}
	return done && local_save(local, reterr);
}
