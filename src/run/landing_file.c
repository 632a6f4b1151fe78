/* One landed file: read to its end to know that it is whole, then its rows. */
#include "base/bounds.h"
#include "base/clock.h"
#include "base/pulse.h"
#include "run/landing_private.h"

#include <inttypes.h>

void landing_damaged(struct landing *l, struct landing_stream *stream, const char *path,
		     const struct err *why)
{
	log_line(l->options->log, LOG_ERROR, stream == NULL ? NULL : stream->stream->name,
		 "%s: %s; nothing of it is loaded", path, why->text);
	l->result->damaged++;
	if (l->options->damaged != NULL)
		l->options->damaged(l->options->user, path, why->text);
	if (stream == NULL)
		return;
	stream->any = true;
	stream->damaged++;
	if (stream->why == NULL)
		stream->why = arena_printf(l->setup->arena, "%s: %s", path, why->text);
}

/* --- is it whole? --- */

struct check {
	struct buf kept;  /* its lines, as long as they are few */
	bool all_kept;
};

static bool check_line(void *user, struct span line, int64_t number, struct err *reterr)
{
	struct check *check = user;
	struct err why = {0};
	struct json_doc *doc = json_parse(line, &why);
	if (doc == NULL && why.kind != ERR_DATA)
		return err_memory(reterr);
	if (doc == NULL)
		return err_set(reterr, ERR_DATA, "line %" PRId64 " is no JSON: %s", number,
			       why.text);
	json_free(doc);
	if (check->all_kept &&
	    !(buf_add_span(&check->kept, line) && buf_add_char(&check->kept, '\n'))) {
		check->all_kept = false;
		buf_done(&check->kept);
	}
	return true;
}

/* What the name promises must hold. */
static bool check_name(const struct landed_place *place, const struct landed_sum *sum,
		       struct err *reterr)
{
	if (!place->named)
		return true;
	if (strncmp(sum->sha256, place->segment.hash, SEGMENT_HASH_HEX) != 0)
		return err_set(reterr, ERR_DATA, "its content is not what its name promises: "
			       "SHA-256 %s", sum->sha256);
	if (sum->lines != place->segment.rows)
		return err_set(reterr, ERR_DATA, "it holds %" PRId64 " rows, and its name promises"
			       " %" PRId64, sum->lines, place->segment.rows);
	return true;
}

static bool check_file(const struct landing *l, const struct landing_file *file,
		       struct check *check, struct landed_sum *sum, struct err *reterr)
{
	struct landed_sink sink = {check_line, check};
	if (file->place.kind == LANDED_OLDER)
		return landing_older_lines(l, file, &check->kept, sum, reterr);
	return landed_read(file->content, &sink, sum, reterr);
}

/* --- its rows --- */

struct rows_in {
	struct landing *l;
	struct landing_stream *stream;
	int64_t taken;
};

static void set_text(struct cell *cells, const struct table *table, const char *column,
		     struct span text)
{
	if (text.at != NULL)
		cells[table_column(table, span_of(column))] =
			(struct cell){.kind = CELL_TEXT, .text = text};
}

static void set_whole(struct cell *cells, const struct table *table, const char *column,
		      int64_t whole)
{
	cells[table_column(table, span_of(column))] =
		(struct cell){.kind = CELL_WHOLE, .whole = whole};
}

static bool add_reject(struct rows_in *in, const struct row_report *report, struct err *reterr)
{
	struct landing *l = in->l;
	struct cell cells[16] = {{0}};
	const struct table *table = &FIRN_REJECTED;
	if (l->rejects == NULL && !batch_new(&l->rejects, table, reterr))
		return false;
	log_line(l->options->log, LOG_WARNING, in->stream->stream->name, "rejected a row: %s",
		 report->reason);
	set_text(cells, table, "PIPELINE", span_of(l->setup->config->pipeline));
	set_text(cells, table, "STREAM", span_of(in->stream->stream->name));
	set_text(cells, table, "RUN_ID", span_of(l->run_id));
	set_text(cells, table, "RECORD_SHA256", span_of(report->record_sha256));
	set_text(cells, table, "REASON", span_of(report->reason));
	set_text(cells, table, "RECORD", report->record);
	set_whole(cells, table, "REJECTED_AT", clock_now_us());
	in->stream->run.rows_rejected++;
	return batch_add_row(l->rejects, cells, (struct span){NULL, 0}, l->seq++, reterr) &&
	       (!batch_full(l->rejects) || landing_flush(l, NULL, reterr));
}

static bool keep_bounded(struct landing *l, struct landing_stream *stream, struct err *reterr)
{
	int64_t bytes = 0;
	if (batch_full(stream->batch))
		return landing_flush(l, stream, reterr);
	for (size_t i = 0; i < l->streams_n; i++)
		bytes += l->streams[i].batch == NULL ? 0 : batch_bytes(l->streams[i].batch);
	for (size_t i = 0; i < l->streams_n && bytes > LANDED_BATCHES_BYTES; i++) {
		if (!landing_flush(l, &l->streams[i], reterr))
			return false;
	}
	return true;
}

static bool take_row(struct rows_in *in, const struct json_doc *doc, struct err *reterr)
{
	struct landing_stream *stream = in->stream;
	struct row_report report;
	bool is_new;
	if (!shaper_row(stream->shaper, json_root(doc), NULL, json_dirty(doc), in->l->seq++,
			stream->batch, &report, reterr))
		return false;
	stream->run.rows_fetched++;
	stream->run.rows_rescued += report.rescued;
	if (report.rescue != NULL)
		log_line(in->l->options->log, LOG_DEBUG, stream->stream->name, "rescued: %s",
			 report.rescue);
	if (!report.taken)
		return add_reject(in, &report, reterr);
	in->taken++;
	if (!keyset_add(&stream->keys, report.key_hash, &is_new, reterr))
		return false;
	stream->twice |= !is_new;
	return keep_bounded(in->l, stream, reterr);
}

void landing_show(struct landing *l)
{
	struct progress_state state = {.windows_done = l->files_seen,
				       .windows_total = l->files_total, .unit = "files"};
	for (size_t i = 0; i < l->streams_n; i++)
		state.rows += l->streams[i].run.rows_fetched;
	if (state.rows > 0) /* of files that were loaded before nothing is to be seen */
		progress_show(l->options->progress, &state);
	pulse_beat(l->options->pulse, "loading files");
}

static bool row_line(void *user, struct span line, int64_t number, struct err *reterr)
{
	struct rows_in *in = user;
	(void)number;
	if (*in->l->options->stop != 0)
		return err_set(reterr, ERR_STOPPED, "stopped");
	struct json_doc *doc = json_parse(line, reterr);
	bool done = doc != NULL && take_row(in, doc, reterr);
	json_free(doc);
	landing_show(in->l);
	return done;
}

bool landing_add_file(struct landing *l, const struct landing_file *file, int64_t bytes,
		      const char *sha256, int64_t rows, struct err *reterr)
{
	struct cell cells[16] = {{0}};
	const struct table *table = &FIRN_FILES;
	if (l->files == NULL && !batch_new(&l->files, table, reterr))
		return false;
	set_text(cells, table, "PIPELINE", span_of(l->setup->config->pipeline));
	set_text(cells, table, "FILE_KEY", span_of(file->key));
	set_whole(cells, table, "BYTES", bytes);
	if (sha256[0] != '\0')
		set_text(cells, table, "SHA256", span_of(sha256));
	set_whole(cells, table, "ROWS_LOADED", rows);
	set_whole(cells, table, "LOADED_AT", clock_now_us());
	return batch_add_row(l->files, cells, (struct span){NULL, 0}, l->seq++, reterr) &&
	       (!batch_full(l->files) || landing_flush(l, NULL, reterr));
}

static bool open_shaper(struct landing *l, struct landing_stream *stream, struct err *reterr)
{
	if (!shaper_new(&stream->shaper, &stream->landed, l->setup->hash_key, reterr) ||
	    !batch_new(&stream->batch, stream->table, reterr))
		return false;
	/* keep_bounded sees to all of them together. */
	if (l->setup->config->to == CONFIG_TO_SNOWFLAKE)
		batch_limit(stream->batch, SNOWFLAKE_BATCH_ROWS_MAX, LANDED_BATCHES_BYTES);
	return true;
}

static bool take_rows(struct landing *l, const struct landing_file *file,
		      const struct check *check, const struct landed_sum *sum,
		      struct err *reterr)
{
	struct rows_in in = {l, file->stream, 0};
	struct landed_sink sink = {row_line, &in};
	struct landed_sum again = {0};
	struct landing_stream *stream = file->stream;

	stream->any = true;
	l->in_file = true;
	if (stream->shaper == NULL && !open_shaper(l, stream, reterr))
		return false;
	if (check->all_kept) {
		if (!landed_read_text(buf_span(&check->kept), &sink, reterr))
			return false;
	} else if (!landed_read(file->content, &sink, &again, reterr)) {
		return err_at(reterr, "%s", file->path);
	} else if (strcmp(again.sha256, sum->sha256) != 0) {
		/* Its rows are among those that are staged; none of them may be committed. */
		return err_set(reterr, ERR_TRANSIENT, "%s was changed while it was read",
			       file->path);
	}
	stream->run.pages++;
	stream->run.bytes += sum->bytes;
	l->result->loaded++;
	if (!landing_add_file(l, file, sum->bytes, sum->sha256, in.taken, reterr))
		return false;
	l->in_file = false;
	return true;
}

/* --- the file as a whole --- */

bool landing_is_known(const struct landing_file *file, const struct loaded_file *loaded)
{
	return loaded->loaded && file->place.named &&
	       (file->bytes < 0 || file->bytes == loaded->bytes) &&
	       (loaded->sha256[0] == '\0' ||
		strncmp(loaded->sha256, file->place.segment.hash, SEGMENT_HASH_HEX) == 0);
}

/* Of a file on this machine the name is not trusted: reading its bytes costs little. */
static bool is_passed_by(const struct landing *l, const struct landing_file *file,
			 const struct loaded_file *loaded)
{
	struct err ignored;
	char sha256[SHA256_HEX + 1];
	if (!landing_is_known(file, loaded))
		return false;
	return landed_is_url(l->options->path) || loaded->sha256[0] == '\0' ||
	       (landed_hash(file->path, sha256, &ignored) && strcmp(sha256, loaded->sha256) == 0);
}

/* The key stands for other bytes than those that were loaded under it. */
static bool check_loaded(const struct loaded_file *loaded, const struct landed_sum *sum,
			 struct err *reterr)
{
	bool same = loaded->sha256[0] == '\0' ? loaded->bytes == sum->bytes
					      : strcmp(loaded->sha256, sum->sha256) == 0;
	return same || err_set(reterr, ERR_DATA, "it was loaded before with other content (%" PRId64
			       " bytes, SHA-256 %s; now %" PRId64 " bytes, %s)", loaded->bytes,
			       loaded->sha256[0] == '\0' ? "not known" : loaded->sha256,
			       sum->bytes, sum->sha256);
}

/* A bucket that refuses or does not answer is no fault of the file's. */
static bool fetch(struct landing *l, struct landing_file *file, struct err *why)
{
	const struct landing_options *options = l->options;
	file->content = file->path;
	if (!landed_is_url(options->path))
		return true;
	if (l->bucket == NULL && !landed_bucket_open(&l->bucket, options->path, l->setup->config,
						     options->aws, why))
		return false;
	file->content = l->fetched;
	return landed_bucket_fetch(l->bucket, file->path, l->fetched, why);
}

bool landing_take(struct landing *l, struct landing_file *file, const struct loaded_file *loaded,
		  struct err *reterr)
{
	struct check check = {.all_kept = true};
	struct landed_sum sum = {0};
	struct err why = {0};
	bool done = true;

	if (is_passed_by(l, file, loaded)) {
		l->result->passed_by++;
		return true;
	}
	buf_init(&check.kept, LANDED_KEEP_BYTES);
	bool fetched = fetch(l, file, &why);
	bool whole = fetched && check_file(l, file, &check, &sum, &why) &&
		     (!loaded->loaded || check_loaded(loaded, &sum, &why)) &&
		     check_name(&file->place, &sum, &why);
	if (!whole && (why.kind == ERR_MEMORY || (!fetched && why.kind != ERR_DATA))) {
		*reterr = why;
		done = false;
	} else if (!whole) {
		landing_damaged(l, file->stream, file->path, &why);
	} else if (loaded->loaded) {
		l->result->passed_by++;
	} else {
		done = take_rows(l, file, &check, &sum, reterr);
	}
	buf_done(&check.kept);
	return done;
}
