/* How a load ends: what is left is committed, the views follow, the local copy and the caller learn
 * how each stream ended. */
#include "base/clock.h"
#include "base/digest.h"
#include "run/flow.h"
#include "warehouse/views.h"

#include <inttypes.h>
#include <stdlib.h>

/* --- how each stream ended --- */

/* On their way into the warehouse: the next commit takes them. */
static bool has_rows(const struct lane *lane)
{
	return lane->staged_rows > 0 || (lane->batch != NULL && batch_rows(lane->batch) > 0);
}

static void settle_lane(struct lane *lane, int64_t now_us)
{
	struct run_row *run = &lane->run;
	bool bad = lane->failed || lane->partly || lane->child_failed;
	if (lane->child_failed && !lane->failed && !lane->partly)
		err_set(&lane->why, ERR_REMOTE,
			"%s: what is asked for its rows failed, so its windows are not complete",
			lane->stream->name);
	run->ended_us = now_us;
	run->error = bad ? lane->why.text : NULL;
	run->outcome = OUTCOME_DONE;
	if (bad)
		run->outcome = lane->committed || has_rows(lane) ? OUTCOME_PARTIAL : OUTCOME_FAILED;
}

static void settle_lanes(struct load *load, int64_t now_us)
{
	for (size_t i = 0; i < load->lanes_n; i++)
		settle_lane(&load->lanes[i], now_us);
}

static bool keep_runs(struct load *load, struct err *reterr)
{
	for (size_t i = 0; i < load->lanes_n; i++) {
		if (!local_add_run(load->setup->local, &load->lanes[i].run, reterr))
			return false;
	}
	return true;
}

static bool anything_staged(const struct load *load)
{
	for (size_t i = 0; i < load->lanes_n; i++) {
		if (has_rows(&load->lanes[i]))
			return true;
	}
	return load->rejects_staged > 0 ||
	       (load->rejects != NULL && batch_rows(load->rejects) > 0);
}

static void told_view(void *user, const char *name, bool written)
{
	struct load *load = user;
	if (written)
		log_line(load->log, LOG_INFO, NULL, "Created view: %s", name);
}

static bool write_views(struct warehouse *warehouse, void *user, struct err *reterr)
{
	struct load *load = user;
	return warehouse_views(warehouse, load->options->views, load->options->views_n,
			       load->options->view_options, told_view, load, reterr);
}

/* Of the views' texts, and of the tables that this load has made: a view is made only where its
 * tables are. */
static bool digest_views(const struct load *load, char digest[SHA256_HEX + 1], struct err *why)
{
	const struct load_options *options = load->options;
	enum warehouse_kind kind;
	struct buf texts;
	bool done = true;
	(void)destination_is_warehouse(load->setup->config, &kind);
	buf_init(&texts, SQL_BYTES_MAX);
	for (size_t i = 0; i < load->setup->tables_n; i++)
		buf_addf(&texts, "%s\n", load->setup->tables[i]->name);
	for (size_t i = 0; i < options->views_n && done; i++)
		done = view_sql(&options->views[i], kind, options->view_options, &texts, why);
	done = done && buf_ok(&texts, why) &&
	       (digest_sha256_hex(buf_span(&texts), digest) || err_memory(why));
	buf_done(&texts);
	return done;
}

/* Views follow the tables; a view that cannot be made is no reason to call the load failed. */
static bool refresh_views(struct load *load, struct err *reterr)
{
	struct local *local = load->setup->local;
	struct err why = {0};
	char digest[SHA256_HEX + 1];

	const struct load_options *options = load->options;
	if (options->views_n + options->views_left_out_n == 0 || !load->commit_sent ||
	    load->loader_failed)
		return true;
	bool done = digest_views(load, digest, &why);
	if (done && strcmp(digest, local->views) == 0)
		return true;
	for (size_t i = 0; i < options->views_left_out_n; i++)
		log_line(load->log, LOG_WARNING, NULL, "view %s", options->views_left_out[i]);
	if (done && loader_call(load->loader, false, write_views, load, &why)) {
		local->views = local_text(local, digest);
		return local->views != NULL || err_memory(reterr);
	}
	log_line(load->log, LOG_ERROR, NULL, "views: %s", why.text);
	return true;
}

static bool read_usage(struct warehouse *warehouse, void *user, struct err *reterr)
{
	struct warehouse_usage *usage = user;
	(void)reterr;
	*usage = warehouse_usage(warehouse);
	return true;
}

/* A warehouse by the second is paid for: what this run used of it. */
static void tell_usage(struct load *load)
{
	struct warehouse_usage usage;
	struct err ignored = {0};
	if (!load->loader_used || load->loader_failed ||
	    !loader_call(load->loader, false, read_usage, &usage, &ignored))
		return;
	log_line(load->log, LOG_INFO, NULL,
		 "%.*s: %" PRId64 " statements, %" PRId64 " rows (%.1f MB) sent, %.1f s",
		 (int)strcspn(load->setup->destination, " "), load->setup->destination,
		 usage.statements, usage.rows_sent, (double)load->sent_bytes / 1e6,
		 (double)usage.busy_ms / 1e3);
}

/* Where files are landed nothing is ever sent to a warehouse. */
static bool finish_spooled(struct load *load, struct err *reterr)
{
	if (!spooling_commit(load, reterr))
		return false;
	settle_lanes(load, clock_now_us());
	return (setup_lands(load->setup) || keep_runs(load, reterr)) &&
	       settle_runs(load, reterr) && local_save(load->setup->local, reterr);
}

static bool finish(struct load *load, struct err *reterr)
{
	int64_t now_us = clock_now_us();
	if (load->options->spooled)
		return finish_spooled(load, reterr);
	if (!commit_wait(load, reterr))
		return false;
	settle_lanes(load, now_us);
	bool send = anything_staged(load) || load->commit_sent ||
		    (load->options->initial && load->ready_n > 0);
	if (send && !load->loader_failed) {
		do {
			if (!commit_send(load, reterr) || !commit_wait(load, reterr))
				return false;
			settle_lanes(load, now_us);
		} while (commit_rest(load) && !load->loader_failed);
	} else if (!load->loader_failed && !settle_empty(load, reterr)) {
		return false;
	}
	if ((!send || load->loader_failed) && !keep_runs(load, reterr))
		return false;
	bool done = refresh_views(load, reterr) && settle_runs(load, reterr) &&
		    local_save(load->setup->local, reterr);
	tell_usage(load);
	return done;
}

bool end_load(struct load *load, struct err *reterr)
{
	if (!load->options->dry_run)
		return finish(load, reterr);
	settle_lanes(load, clock_now_us());
	return true;
}

void end_broken(struct load *load, const struct err *why)
{
	struct err ignored;
	if (!load->opened || load->options->dry_run)
		return;
	for (size_t i = 0; i < load->lanes_n; i++) {
		struct lane *lane = &load->lanes[i];
		if (!lane->failed)
			lane_blame(lane, why);
		spooling_missed(load, lane, true);
		lane->failed = true;
	}
	settle_lanes(load, clock_now_us());
	(void)(keep_runs(load, &ignored) && settle_runs(load, &ignored) &&
	       local_save(load->setup->local, &ignored));
}

/* --- for the caller --- */

static int by_place(const void *a, const void *b)
{
	const struct load_window *left = a, *right = b;
	if (left->order != right->order)
		return left->order < right->order ? -1 : 1;
	return left->from_us < right->from_us ? -1 : left->from_us > right->from_us;
}

static bool tell_stream(struct load *load, struct lane *lane, struct load_result *ret,
			struct err *reterr)
{
	struct arena *arena = load->setup->arena;
	struct load_stream *stream = &ret->streams[ret->streams_n++];
	*stream = (struct load_stream){
		.name = lane->stream->name,
		.table = lane->table->name,
		.run = lane->run,
		.failed = lane->run.outcome != OUTCOME_DONE,
		.windows = lane->tasks_total,
		.windows_done = lane->tasks_done,
		.windows_skipped = lane->skipped,
		.through_spool = load->options->spooled,
		.spooled = lane->spooled,
	};
	stream->run.run_id = arena_text(arena, span_of(load->run_id));
	ret->committed += lane->committed;
	if (stream->failed) {
		stream->why = arena_text(arena, span_of(lane->why.text));
		stream->run.error = stream->why;
		if (ret->failed++ == 0 || lane->why.kind == ERR_AUTH)
			ret->kind = lane->why.kind;
	}
	return (stream->run.run_id != NULL && (stream->why != NULL || !stream->failed)) ||
	       err_memory(reterr);
}

bool end_tell(struct load *load, struct load_result *ret, struct err *reterr)
{
	ret->streams = arena_array(load->setup->arena, load->lanes_n, sizeof *ret->streams);
	if (ret->streams == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < load->lanes_n; i++) {
		if (!tell_stream(load, &load->lanes[i], ret, reterr))
			return false;
	}
	if (load->fail_run) {
		ret->run_failed = true;
		ret->kind = load->why_run.kind;
	}
	if (ret->windows_n > 0)
		qsort(ret->windows, ret->windows_n, sizeof *ret->windows, by_place);
	return true;
}
