#include "run/landing.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "base/process.h"
#include "base/text.h"
#include "run/landed_walk.h"
#include "run/landing_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The table of the older collector's files; its folder's name, too. */
#define OLDER_FOLDER "current_weather"

/* --- beginning --- */

static void name_run(struct landing *l)
{
	struct stamp_parts at = stamp_parts(l->started_us);
	char seed[128];
	snprintf(seed, sizeof seed, "%s %d %" PRId64, l->host, process_id(), l->started_us);
	snprintf(l->run_id, sizeof l->run_id, "%04d%02d%02dT%02d%02d%02dZ-%06x", at.year % 10000,
		 at.month, at.day, at.hour, at.minute, at.second,
		 (unsigned)(digest_hash64(span_of(seed), 0) >> 40) & 0xFFFFFF);
	log_set_run(l->options->log, l->run_id);
	l->staging.random.state = digest_hash64(span_of(seed), 1);
}

static bool open_stream(struct landing *l, const struct planned *planned,
			struct landing_stream *stream, struct err *reterr)
{
	*stream = (struct landing_stream){
		.stream = planned->stream,
		.table = planned->table,
		.run = {
			.run_id = l->run_id,
			.stream = planned->stream->name,
			.command = "load",
			.started_us = l->started_us,
			.ended_us = STAMP_NONE,
			.window_from_us = STAMP_NONE,
			.window_until_us = STAMP_NONE,
			.outcome = OUTCOME_PARTIAL,
			.host = l->host,
			.version = FIRN_VERSION,
		},
	};
	return segment_table_folder(span_of(planned->stream->table), stream->folder, reterr) &&
	       landed_table(l->setup->arena, planned->table, &stream->landed, reterr);
}

static bool open_landing(struct landing *l, struct err *reterr)
{
	char host[64];
	process_host(host, sizeof host);
	l->host = arena_text(l->setup->arena, span_of(host));
	l->page = calloc(FILES_ASKED_MAX, sizeof *l->page);
	l->page_arena = arena_new();
	l->streams = arena_array(l->setup->arena, l->setup->streams_n, sizeof *l->streams);
	if (l->host == NULL || l->page == NULL || l->page_arena == NULL || l->streams == NULL)
		return err_memory(reterr);
	name_run(l);
	for (size_t i = 0; i < l->setup->streams_n; i++) {
		l->streams_n++;
		if (!open_stream(l, &l->setup->streams[i], &l->streams[i], reterr))
			return false;
	}
	return true;
}

static void close_landing(struct landing *l)
{
	for (size_t i = 0; i < l->streams_n; i++) {
		shaper_free(l->streams[i].shaper);
		batch_free(l->streams[i].batch);
		keyset_done(&l->streams[i].keys);
	}
	struct err ignored;
	batch_free(l->files);
	batch_free(l->rejects);
	landed_bucket_close(l->bucket);
	if (l->fetched != NULL && !file_remove(l->fetched, &ignored))
		log_line(l->options->log, LOG_WARNING, NULL, "%s", ignored.text);
	warehouse_close(l->warehouse);
	arena_free(l->page_arena);
	free(l->page);
}

/* --- the warehouse, with the first page --- */

static bool waiting(void *user, const char *what)
{
	struct landing *l = user;
	if (!l->waited)
		log_line(l->options->log, LOG_WARNING, NULL, "waiting: %s", what);
	l->waited = true;
	return *l->options->stop == 0;
}

/* Row counts and watermarks that the local copy does not know; this load moves no watermark. */
static bool know_state(struct landing *l, struct err *reterr)
{
	struct local *local = l->setup->local;
	struct state state = {0};
	if (!local->fresh && !local->unsettled)
		return true;
	if (!warehouse_read_state(l->warehouse, l->setup->config->pipeline, &state, reterr))
		return false;
	bool done = local_adopt(local, &state, reterr);
	state_done(&state);
	for (size_t i = 0; done && i < l->streams_n; i++) {
		struct local_stream *known;
		int64_t rows;
		done = warehouse_count(l->warehouse, l->streams[i].table->name, &rows, reterr);
		if (!done || rows < 0)
			continue;
		known = local_stream(local, l->streams[i].stream->name);
		done = known != NULL || err_memory(reterr);
		if (done)
			known->rows = rows;
	}
	return done;
}

static bool open_warehouse(struct landing *l, struct err *reterr)
{
	struct warehouse_options options;
	const char *name = l->setup->destination;
	int kind = (int)strcspn(name, " ");
	if (l->warehouse != NULL)
		return true;
	if (!setup_warehouse(l->setup, false, &options, reterr))
		return false;
	options.waiting = waiting;
	options.user = l;
	options.pulse = l->options->pulse;
	if (!warehouse_open(&l->warehouse, &options, reterr))
		return false;
	log_line(l->options->log, LOG_INFO, NULL, "Successfully connected to %.*s (%s)", kind,
		 name, name + kind + 1);
	return warehouse_prepare(l->warehouse, NULL, 0, reterr) && know_state(l, reterr);
}

/* Only tables that get rows are made. */
static bool prepare_tables(struct landing *l, struct err *reterr)
{
	const struct table *tables[FILES_ASKED_MAX];
	size_t n = 0;
	for (size_t i = 0; i < l->page_n; i++) {
		struct landing_stream *stream = l->page[i].stream;
		if (stream->prepared)
			continue;
		stream->prepared = true;
		tables[n++] = stream->table;
	}
	return n == 0 || warehouse_prepare(l->warehouse, tables, n, reterr);
}

/* --- pages of files --- */

static bool take_page(struct landing *l, struct err *reterr)
{
	const char *keys[FILES_ASKED_MAX];
	struct loaded_file *loaded = calloc(FILES_ASKED_MAX, sizeof *loaded);
	for (size_t i = 0; i < l->page_n; i++)
		keys[i] = l->page[i].key;
	bool done = loaded != NULL || err_memory(reterr);
	done = done && open_warehouse(l, reterr) && prepare_tables(l, reterr) &&
	       warehouse_files(l->warehouse, l->setup->config->pipeline, keys, l->page_n, loaded,
			       reterr) &&
	       (l->stage_url == NULL || landing_copy_page(l, loaded, reterr));
	for (size_t i = 0; done && i < l->page_n; i++) {
		if (*l->options->stop != 0)
			done = err_set(reterr, ERR_STOPPED, "stopped");
		done = done && (l->page[i].done ||
				landing_take(l, &l->page[i], &loaded[i], reterr)) &&
		       (!landing_due(l) || landing_commit(l, reterr));
		l->files_seen++;
		landing_show(l);
	}
	free(loaded);
	l->page_n = 0;
	if (done) {
		arena_free(l->page_arena);
		l->page_arena = arena_new();
		done = l->page_arena != NULL || err_memory(reterr);
	}
	return done;
}

static struct landing_stream *find_stream(struct landing *l, struct span folder)
{
	for (size_t i = 0; i < l->streams_n; i++) {
		if (text_same_nocase(folder, span_of(l->streams[i].folder)) ||
		    text_same_nocase(folder, span_of(l->streams[i].table->name)))
			return &l->streams[i];
	}
	return NULL;
}

static bool is_table(const void *user, struct span folder)
{
	return find_stream((struct landing *)user, folder) != NULL;
}

/* A segment in a spool has the key under which it will be delivered. */
static bool spooled_key(const struct landing_file *file, struct buf *key, struct err *reterr)
{
	struct buf path, instance;
	buf_init(&path, PATH_BYTES_MAX);
	buf_init(&instance, NAME_BYTES_MAX);
	buf_add(&path, file->path, file->place.root_size);
	buf_add_text(&path, "INSTANCE");
	bool done = buf_ok(&path, reterr) && file_read(buf_text(&path), &instance, reterr);
	if (done) {
		char id[NAME_BYTES_MAX + 1];
		struct span text = text_trim(buf_span(&instance));
		snprintf(id, sizeof id, "%.*s", SPAN_ARGS(text));
		segment_key(key, SPAN(""), id, &file->place.segment);
		done = buf_ok(key, reterr);
	}
	buf_done(&path);
	buf_done(&instance);
	return done;
}

static bool find_key(struct landing *l, struct landing_file *file, struct err *reterr)
{
	const struct landed_place *place = &file->place;
	struct buf key;
	buf_init(&key, PATH_BYTES_MAX);
	bool done = true;
	if (place->spooled)
		done = spooled_key(file, &key, reterr);
	else if (place->kind == LANDED_OLDER)
		buf_addf(&key, "%s/%.*s", OLDER_FOLDER, SPAN_ARGS(place->name));
	else
		buf_addf(&key, "%s%s", file->stream->folder,
			 file->path + place->key_at + place->table.size);
	done = done && buf_ok(&key, reterr);
	file->key = done ? arena_text(l->page_arena, buf_span(&key)) : NULL;
	buf_done(&key);
	return done && (file->key != NULL || err_memory(reterr));
}

static void refuse_table(struct landing *l, const struct landing_file *file)
{
	struct err why;
	if (file->place.table.size == 0)
		err_set(&why, ERR_DATA, "it stands in no table's folder "
			"(<table>/<YYYY>/<MM>/<DD>/<customer>/<name>)");
	else
		err_set(&why, ERR_DATA, "%.*s is no table of a connector that is known here; "
			"source.connector names one more", SPAN_ARGS(file->place.table));
	landing_damaged(l, NULL, file->path, &why);
}

static bool see_file(void *user, const char *path, struct err *reterr)
{
	struct landing *l = user;
	struct landing_file *file = &l->page[l->page_n];
	if (*l->options->stop != 0)
		return err_set(reterr, ERR_STOPPED, "stopped");
	*file = (struct landing_file){.path = arena_text(l->page_arena, span_of(path)),
				      .bytes = l->listed_bytes};
	if (file->path == NULL)
		return err_memory(reterr);
	landed_place(file->path, is_table, l, &file->place);
	if (file->place.kind == LANDED_OTHER) {
		log_line(l->options->log, LOG_WARNING, NULL, "%s is no landed file; it is left "
			 "out", path);
		l->result->left_out++;
		return true;
	}
	file->stream = find_stream(l, file->place.kind == LANDED_OLDER ? SPAN(OLDER_FOLDER)
									: file->place.table);
	if (file->stream == NULL) {
		refuse_table(l, file);
		return true;
	}
	if (!find_key(l, file, reterr))
		return false;
	return ++l->page_n < FILES_ASKED_MAX || take_page(l, reterr);
}

/* --- the whole --- */

static bool count_file(void *user, const char *path, struct err *reterr)
{
	struct landing *l = user;
	(void)path;
	(void)reterr;
	l->files_total++;
	return true;
}

static void told_view(void *user, const char *name, bool written)
{
	struct landing *l = user;
	if (written)
		log_line(l->options->log, LOG_INFO, NULL, "Created view: %s", name);
}

/* A view that cannot be made is no reason to call the load failed. */
static void refresh_views(struct landing *l)
{
	struct err why = {0};
	if (l->options->views_n > 0 && l->result->committed &&
	    !warehouse_views(l->warehouse, l->options->views, l->options->views_n,
			     l->options->view_options, told_view, l, &why))
		log_line(l->options->log, LOG_ERROR, NULL, "views: %s", why.text);
}

/* How many there are is known only when they all were listed. */
static bool see_object(void *user, const char *url, struct err *reterr)
{
	struct landing *l = user;
	l->files_total++;
	return see_file(l, url, reterr);
}

static bool see_listed(void *user, const char *url, struct err *reterr)
{
	struct landing *l = user;
	l->listed_bytes = landed_bucket_listed(l->bucket);
	return see_object(l, url, reterr);
}

static bool load_bucket(struct landing *l, struct err *reterr)
{
	const struct config *config = l->setup->config;
	l->fetched = arena_printf(l->setup->arena, "%s/load.part", config->state_dir);
	if (l->fetched == NULL)
		return err_memory(reterr);
	if (config->to == CONFIG_TO_SNOWFLAKE && config->snowflake.stage != NULL)
		return open_warehouse(l, reterr) && landing_copy_each(l, see_object, reterr) &&
		       (l->page_n == 0 || take_page(l, reterr));
	return landed_bucket_open(&l->bucket, l->options->path, config, l->options->aws,
				  reterr) &&
	       landed_bucket_each(l->bucket, see_listed, l, reterr) &&
	       (l->page_n == 0 || take_page(l, reterr));
}

static bool load_all(struct landing *l, struct err *reterr)
{
	const char *path = l->options->path;
	if (landed_is_url(path))
		return load_bucket(l, reterr);
	return landed_walk(path, count_file, l, reterr) &&
	       landed_walk(path, see_file, l, reterr) &&
	       (l->page_n == 0 || take_page(l, reterr));
}

/* Stopped between two files: what is staged is whole, and is committed. Inside of one, or where
 * the warehouse failed, nothing that is staged may be. */
static bool end_load(struct landing *l, bool done, const struct err *broke, struct err *reterr)
{
	struct err why;
	bool whole = done || (broke->kind == ERR_STOPPED && !l->in_file);
	l->result->stopped = !done && broke->kind == ERR_STOPPED;
	if (whole && landing_settle(l, NULL, reterr)) {
		refresh_views(l);
		if (!done)
			*reterr = *broke;
		return done;
	}
	if (!whole)
		*reterr = *broke;
	struct err first = *reterr;
	if (!landing_settle(l, &first, &why))
		log_line(l->options->log, LOG_ERROR, NULL, "%s", why.text);
	return false;
}

bool landing_load(const struct landing_options *options, struct landing_result *ret,
		  struct err *reterr)
{
	struct landing l = {
		.options = options,
		.setup = options->setup,
		.result = ret,
		.started_us = clock_now_us(),
		.listed_bytes = -1,
		.budget = {.total_ms = options->setup->config->retry_budget_us / 1000},
		.staging = {.log = options->log, .stop = options->stop, .budget = options->budget},
	};
	struct err broke = {0};
	if (options->budget == NULL)
		l.staging.budget = &l.budget;
	*ret = (struct landing_result){0};
	bool done = open_landing(&l, reterr);
	if (done) {
		done = load_all(&l, &broke);
		done = end_load(&l, done, &broke, reterr);
		progress_end(options->progress);
	}
	close_landing(&l);
	return done;
}
