#include "run/load.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/process.h"
#include "base/pulse.h"
#include "base/thread.h"
#include "run/flow.h"
#include "run/reach.h"

#include <stdio.h>
#include <stdlib.h>

/* --- beginning --- */

/* Time orders them, the rest tells apart what began in one second. */
static void name_run(struct load *load)
{
	struct stamp_parts at = stamp_parts(load->started_us);
	char seed[128];
	snprintf(seed, sizeof seed, "%s %d %lld", load->host, process_id(),
		 (long long)load->started_us);
	load->random.state = digest_hash64(span_of(seed), 0);
	snprintf(load->run_id, sizeof load->run_id, "%04d%02d%02dT%02d%02d%02dZ-%06x",
		 at.year % 10000, at.month, at.day, at.hour, at.minute, at.second,
		 (unsigned)(load->random.state >> 40) & 0xFFFFFF);
	log_set_run(load->log, load->run_id);
}

static bool open_staging(struct load *load, struct err *reterr)
{
	load->staging = (struct staging){
		.log = load->log,
		.stop = load->options->stop,
		.random = {load->random.state ^ 1},
		.budget = &load->budget,
	};
	return monitor_new(&load->staging.guard, reterr);
}

static bool open_http(struct load *load, struct err *reterr)
{
	const struct config *config = load->setup->config;
	struct http_options options = reach_options(config, config->parallel + 1);
	return http_new(&load->http, &options, reterr);
}

static void told_opened(void *user)
{
	struct load *load = user;
	/* The name begins with the kind: "DuckDB x.duckdb", "Snowflake ACCOUNT DATABASE.SCHEMA". */
	const char *name = load->setup->destination;
	int kind = (int)strcspn(name, " ");
	log_line(load->log, LOG_INFO, NULL, "Successfully connected to %.*s (%s)", kind, name,
		 name + kind + 1);
}

static void wake(void *user)
{
	struct load *load = user;
	http_wake(load->http);
}

static bool waiting(void *user, const char *what)
{
	struct load *load = user;
	if (load->waited_for_warehouse++ == 0)
		log_line(load->log, LOG_WARNING, NULL, "waiting: %s", what);
	return *load->options->stop == 0;
}

static bool start_loader(struct load *load, struct err *reterr)
{
	struct loader_options options = {
		.tables = load->setup->tables,
		.tables_n = load->setup->tables_n,
		.staging = &load->staging,
		.opened = told_opened,
		.wake = wake,
		.user = load,
	};
	if (!setup_warehouse(load->setup, false, &options.warehouse, reterr))
		return false;
	options.warehouse.waiting = waiting;
	options.warehouse.user = load;
	options.caller = pulse_at(load->options->pulses, PULSE_LOOP);
	options.warehouse.pulse = pulse_at(load->options->pulses, PULSE_LOADER);
	return loader_start(&load->loader, &options, reterr);
}

static bool *needed_columns(struct load *load, const struct stream *child)
{
	const struct stream *parent = child->for_each;
	bool *needs = arena_array(load->arena, parent->columns_n, sizeof *needs);
	for (size_t i = 0; needs != NULL && i < parent->columns_n; i++) {
		const char *name = parent->columns[i].name;
		needs[i] = template_has(child->path, SLOT_PARENT, name);
		for (size_t k = 0; k < child->query_n; k++) {
			for (size_t v = 0; v < child->query[k].n; v++)
				needs[i] |= template_has(&child->query[k].values[v], SLOT_PARENT,
							 name);
		}
		for (size_t k = 0; k < child->headers_n; k++) {
			for (size_t v = 0; v < child->headers[k].n; v++)
				needs[i] |= template_has(&child->headers[k].values[v], SLOT_PARENT,
							 name);
		}
		for (size_t k = 0; k < child->columns_n; k++)
			needs[i] |= child->columns[k].source == FROM_VALUE &&
				    template_has(child->columns[k].value, SLOT_PARENT, name);
		/* A body is a tree; asking with one column more costs nothing. */
		needs[i] |= child->body != NULL;
	}
	return needs;
}

/* What all streams hold together stays bounded. */
static void limit_batch(const struct load *load, struct lane *lane)
{
	int64_t bytes = 2 * SNOWFLAKE_BATCH_BYTES_MAX / (int64_t)load->setup->streams_n;
	if (load->setup->config->to == CONFIG_TO_SNOWFLAKE)
		batch_limit(lane->batch, SNOWFLAKE_BATCH_ROWS_MAX,
			    bytes < SNOWFLAKE_BATCH_BYTES_MAX ? bytes
							      : SNOWFLAKE_BATCH_BYTES_MAX);
}

static bool open_lane(struct load *load, struct lane *lane, const struct planned *planned,
		      struct err *reterr)
{
	*lane = (struct lane){
		.stream = planned->stream,
		.table = planned->table,
		.load = load,
		.host = planned->stream->base_url,
		.once = planned->stream->keeps == KEEPS_NOTHING &&
			planned->stream->rows == ROWS_FROM_API,
		.run = {
			.run_id = load->run_id,
			.stream = planned->stream->name,
			.command = load->options->command,
			.started_us = load->started_us,
			.ended_us = STAMP_NONE,
			.window_from_us = STAMP_NONE,
			.window_until_us = STAMP_NONE,
			.outcome = OUTCOME_PARTIAL,
			.host = load->host,
			.version = FIRN_VERSION,
		},
	};
	lane->children = arena_array(load->arena, load->setup->streams_n, sizeof *lane->children);
	if (lane->children == NULL)
		return err_memory(reterr);
	for (struct lane *other = load->lanes; other < lane; other++) {
		if (other->stream != planned->stream->for_each)
			continue;
		lane->parent = other;
		lane->depth = other->depth + 1;
		if (lane->depth > load->depth_max)
			load->depth_max = lane->depth;
		other->children[other->children_n++] = lane;
		lane->needs = needed_columns(load, lane->stream);
		if (lane->needs == NULL)
			return err_memory(reterr);
	}
	buf_init(&lane->lines, ANSWER_BYTES_MAX);
	if (!shaper_new(&lane->shaper, lane->table, load->setup->hash_key, reterr))
		return false;
	if (load->options->spooled)
		return true;
	if (!batch_new(&lane->batch, lane->table, reterr))
		return false;
	limit_batch(load, lane);
	return true;
}

/* History of what is gone once it was read cannot be asked for. */
static bool left_out(const struct load *load, const struct planned *planned)
{
	bool once = load->options->initial && planned->stream->keeps == KEEPS_NOTHING &&
		    planned->stream->rows == ROWS_FROM_API;
	if (once && load->options->spooled)
		log_line(load->log, LOG_WARNING, planned->stream->name,
			 "left out: it is read once, there is no history to ask for");
	return once || planned->spooled != load->options->spooled;
}

static bool open_lanes(struct load *load, struct err *reterr)
{
	const struct setup *setup = load->setup;
	load->lanes = arena_array(load->arena, setup->streams_n, sizeof *load->lanes);
	if (load->lanes == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < setup->streams_n; i++) {
		if (left_out(load, &setup->streams[i]))
			continue;
		struct lane *lane = &load->lanes[load->lanes_n++];
		if (!open_lane(load, lane, &setup->streams[i], reterr))
			return false;
	}
	load->opened = true;
	return true;
}

/* --- the state --- */

/* From here on the local copy counts along. */
static bool know_rows(struct load *load, const struct lane *lane, int64_t rows,
		      struct err *reterr)
{
	struct local_stream *stream = local_stream(load->setup->local, lane->stream->name);
	if (stream == NULL)
		return err_memory(reterr);
	stream->rows = rows;
	return true;
}

/* Before the source is asked for what could not be written. */
static bool check_tables(struct load *load, struct warehouse *warehouse, struct err *reterr)
{
	const struct table **tables = arena_array(load->arena, load->lanes_n, sizeof *tables);
	if (tables == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < load->lanes_n; i++)
		tables[i] = load->lanes[i].table;
	return warehouse_fits(warehouse, tables, load->lanes_n, reterr);
}

static bool read_state(struct warehouse *warehouse, void *user, struct err *reterr)
{
	struct load *load = user;
	struct state state = {0};
	if ((!load->options->dry_run && !check_tables(load, warehouse, reterr)) ||
	    !warehouse_read_state(warehouse, load->setup->config->pipeline, &state, reterr))
		return false;
	bool done = local_adopt(load->setup->local, &state, reterr);
	state_done(&state);
	for (size_t i = 0; done && i < load->lanes_n; i++) {
		int64_t rows;
		done = warehouse_count(warehouse, load->lanes[i].table->name, &rows, reterr) &&
		       know_rows(load, &load->lanes[i], rows < 0 ? 0 : rows, reterr);
	}
	return done;
}

static bool was_in_warehouse(const struct local *local)
{
	for (size_t i = 0; i < local->parts_n; i++) {
		if (local->parts[i].known_generation > 0)
			return true;
	}
	return false;
}

/* The warehouse is asked only where the local copy is of no use. A DuckDB file that is not there
 * has no state, and must not be made just to find that out. */
static bool know_state(struct load *load, struct err *reterr)
{
	struct local *local = load->setup->local;
	bool there = destination_is_there(load->setup->config);
	struct state none = {0};
	if (load->options->spooled)
		return load->options->dry_run || spooling_begin(load, reterr);
	if (!there && was_in_warehouse(local)) {
		log_line(load->log, LOG_WARNING, NULL,
			 "%s is gone: everything is loaded as for the first time",
			 load->setup->destination);
		local->windows_n = 0; /* they stood beside rows that are gone */
		local->views = "";
		local->fresh = true;
	}
	if (!local->fresh && !local->unsettled)
		return true;
	if (!there) {
		for (size_t i = 0; i < load->lanes_n; i++) {
			if (!know_rows(load, &load->lanes[i], 0, reterr))
				return false;
		}
		return local_adopt(local, &none, reterr);
	}
	return loader_call(load->loader, false, read_state, load, reterr);
}

/* --- the whole --- */

static void close_load(struct load *load)
{
	/* The task above may go first. */
	for (struct task *task = load->open_first; task != NULL; task = task->next)
		task->above = NULL;
	while (load->open_first != NULL)
		task_end(load, load->open_first);
	for (size_t i = 0; i < load->lanes_n; i++) {
		struct lane *lane = &load->lanes[i];
		while (lane->queue != NULL) {
			struct task *next = lane->queue->next;
			task_free(lane->queue);
			lane->queue = next;
		}
		shaper_free(lane->shaper);
		batch_free(lane->batch);
		buf_done(&lane->lines);
		keyset_done(&lane->staged_keys);
	}
	commit_free(loader_stop(load->loader));
	batch_free(load->rejects);
	http_free(load->http);
	free(load->ready);
	free(load->landed);
	monitor_free(load->staging.guard);
	buf_done(&load->reject_lines);
	arena_free(load->arena);
}

/* Rows out of the configuration itself. */
static bool row_of_settings(void *user, const struct row_report *report, size_t element,
			    struct err *reterr)
{
	struct lane *lane = user;
	bool is_new, known = false;
	(void)element;
	lane->run.rows_fetched++;
	if (!report->taken) {
		lane->run.rows_rejected++;
		return reject_add(lane->load, lane, report, reterr);
	}
	if (!keyset_add(&lane->staged_keys, report->key_hash, &is_new, reterr))
		return false;
	lane->staged_twice |= !is_new;
	if (lane->load->options->spooled &&
	    !spooling_knows(lane->load, lane, report, &known, reterr))
		return false;
	return known || commit_row(lane->load, lane, reterr);
}

static bool take_settings(struct load *load, struct err *reterr)
{
	for (size_t i = 0; i < load->lanes_n; i++) {
		struct lane *lane = &load->lanes[i];
		struct row_sink sink = {.shaper = lane->shaper, .batch = lane->batch,
					.seq = &lane->seq, .row = row_of_settings, .user = lane};
		if (lane->stream->rows != ROWS_FROM_API && !lane->failed &&
		    !rest_settings_rows(&load->setup->rest, lane->stream, &sink, reterr))
			return false;
	}
	return true;
}

static bool run_all(struct load *load, struct err *reterr)
{
	load->setup->rest.started_us = load->started_us;
	return load_note_sign(load, reterr) && open_lanes(load, reterr) &&
	       know_state(load, reterr) && todo_plan(load, reterr) &&
	       (load->options->dry_run || take_settings(load, reterr)) &&
	       flow_run(load, reterr);
}

bool load_run(const struct load_options *options, struct load_result *ret, struct err *reterr)
{
	struct load load = {
		.options = options,
		.setup = options->setup,
		.log = options->log,
		.result = ret,
		.started_us = clock_now_us(),
		.last_commit_ms = clock_mono_ms(),
		.spool = options->spool,
		.budget = {.total_ms = options->setup->config->retry_budget_us / 1000},
	};
	int64_t start_ms = clock_mono_ms();
	char host[64];
	*ret = (struct load_result){0};
	if (options->budget != NULL)
		load.budget = *options->budget;
	buf_init(&load.reject_lines, ANSWER_BYTES_MAX);
	load.now_us = load.started_us;
	process_host(host, sizeof host);
	load.host = arena_text(options->setup->arena, span_of(host));
	load.arena = arena_new();
	bool done = (load.arena != NULL && load.host != NULL) || err_memory(reterr);
	if (done)
		name_run(&load);
	done = done && open_staging(&load, reterr) && open_http(&load, reterr) &&
	       (options->spooled || start_loader(&load, reterr)) &&
	       run_all(&load, reterr);
	done = done && end_load(&load, reterr);
	if (!done)
		end_broken(&load, reterr);
	progress_end(options->progress);
	done = done && end_tell(&load, ret, reterr);
	ret->took_ms = clock_mono_ms() - start_ms;
	ret->page_ms = load.answers == 0 ? 0 : load.answers_ms / load.answers;
	close_load(&load);
	if (options->budget != NULL)
		*options->budget = load.budget;
	return done;
}

void load_result_done(struct load_result *result)
{
	free(result->windows);
	*result = (struct load_result){0};
}
