/* Snowflake reads the bucket itself, through an external stage: the files of a page that were not
 * loaded yet, a COPY for each table. What this machine gets to see is names and counts.
 *
 * LIST answers all names at once and in no order, while nothing else can be asked: they wait in a
 * file of the state's folder. A table with excluded or hashed columns is left to the usual way, for
 * COPY would write into Snowflake what may be written nowhere. */
#include "base/bounds.h"
#include "run/landing_private.h"
#include "warehouse/copy.h"

#include <inttypes.h>
#include <stdlib.h>

/* --- which there are --- */

struct names {
	struct landing *l;
	struct span below;  /* of the path below the stage */
	struct buf lines;   /* not written yet */
	int fd;
	bool (*each)(void *user, const char *url, struct err *reterr);
};

static bool write_names(struct names *names, struct err *reterr)
{
	bool done = buf_ok(&names->lines, reterr) &&
		    file_write_all(names->fd, buf_span(&names->lines), reterr);
	buf_clear(&names->lines);
	return done;
}

/* "raw" means raw/... and the object of that name, but not raw2/... */
static bool is_below(struct span path, struct span below)
{
	return below.size == 0 || (span_starts(path, below) &&
				   (path.size == below.size || path.at[below.size] == '/'));
}

/* ["key below the stage", bytes] a line: a key may hold line ends. */
static bool note_name(void *user, struct span url, int64_t bytes, struct err *reterr)
{
	struct names *names = user;
	struct span start = span_of(names->l->stage_url);
	struct span path = span_starts(url, start) ? span_from(url, start.size) : SPAN("");
	if (path.size == 0 || path.at[path.size - 1] == '/' || !is_below(path, names->below))
		return true;
	buf_add_char(&names->lines, '[');
	json_add_text(&names->lines, path);
	buf_addf(&names->lines, ",%" PRId64 "]\n", bytes);
	return names->lines.size < MIB || write_names(names, reterr);
}

static bool see_name(void *user, struct span line, int64_t number, struct err *reterr)
{
	struct names *names = user;
	struct json_doc *doc = json_parse(line, reterr);
	struct buf url;
	(void)number;
	if (doc == NULL)
		return false;
	buf_init(&url, PATH_BYTES_MAX);
	buf_add_text(&url, names->l->stage_url);
	buf_add_span(&url, json_text(json_element(json_root(doc), 0)));
	names->l->listed_bytes = -1;
	(void)json_whole(json_digits(json_element(json_root(doc), 1)), &names->l->listed_bytes);
	bool done = buf_ok(&url, reterr) && names->each(names->l, buf_text(&url), reterr);
	buf_done(&url);
	json_free(doc);
	return done;
}

/* Where the stage begins and what is asked for below it. */
static bool open_stage(struct landing *l, struct span *ret_below, struct err *reterr)
{
	const char *stage = l->setup->config->snowflake.stage, *path = l->options->path;
	struct buf url;
	buf_init(&url, PATH_BYTES_MAX);
	bool done = copy_stage_url(l->warehouse, stage, &url, reterr);
	l->stage_url = done ? arena_text(l->setup->arena, buf_span(&url)) : NULL;
	buf_done(&url);
	if (!done || l->stage_url == NULL)
		return done ? err_memory(reterr) : false;
	/* s3gov:// and s3china:// are buckets too. */
	struct span has = span_of(strstr(l->stage_url, "://"));
	struct span wanted = span_of(strstr(path, "://"));
	struct span root = {has.at, has.size - 1};
	if (!span_starts(wanted, root) ||
	    (wanted.size > root.size && wanted.at[root.size] != '/'))
		return err_set(reterr, ERR_USAGE, "%s is not below %s, which is all that stage %s "
			       "reads; leave destination.snowflake.stage out to load it through "
			       "this machine", path, l->stage_url, stage);
	struct span below = span_from(wanted, wanted.size > root.size ? has.size : root.size);
	while (below.size > 0 && below.at[below.size - 1] == '/')
		below.size--;
	*ret_below = below;
	return true;
}

bool landing_copy_each(struct landing *l,
		       bool (*each)(void *user, const char *url, struct err *reterr),
		       struct err *reterr)
{
	struct names names = {.l = l, .fd = -1, .each = each};
	struct landed_sink sink = {see_name, &names};
	struct landed_sum ignored;
	struct err late;
	char *path = arena_printf(l->setup->arena, "%s/load.list", l->setup->config->state_dir);
	if (path == NULL)
		return err_memory(reterr);
	buf_init(&names.lines, 2 * MIB);
	bool done = open_stage(l, &names.below, reterr) &&
		    (names.fd = file_open_append(path, reterr)) >= 0 &&
		    file_cut(names.fd, 0, reterr) &&
		    copy_list(l->warehouse, l->setup->config->snowflake.stage, names.below,
			      note_name, &names, reterr) &&
		    write_names(&names, reterr);
	file_close(names.fd);
	buf_done(&names.lines);
	done = done && landed_read(path, &sink, &ignored, reterr);
	if (!file_remove(path, &late))
		log_line(l->options->log, LOG_WARNING, NULL, "%s", late.text);
	return done;
}

/* --- a page of them --- */

static bool is_private(const struct table *table)
{
	for (unsigned i = 0; i < table->columns_n; i++) {
		if (table->columns[i].excluded || table->columns[i].hashed)
			return true;
	}
	return false;
}

/* One that was loaded: the key alone, or with its size, says that it is the same. */
static void pass_by(struct landing *l, struct landing_file *file,
		    const struct loaded_file *loaded)
{
	struct err why;
	if (landing_is_known(file, loaded) ||
	    (!file->place.named && loaded->bytes == file->bytes)) {
		l->result->passed_by++;
		return;
	}
	err_set(&why, ERR_DATA, "it was loaded before with other content (%" PRId64 " bytes, now %"
		PRId64 ")", loaded->bytes, file->bytes);
	landing_damaged(l, file->stream, file->path, &why);
}

/* One COPY, and whose file is which of the copy's. */
struct pick {
	struct copy copy;
	struct landing_file *files[FILES_ASKED_MAX];
};

static bool is_whole(const struct landing_file *file, const struct copy_file *copied,
		     struct err *why)
{
	const struct landed_place *place = &file->place;
	if (!copied->read)
		return err_set(why, ERR_DATA, "Snowflake cannot read it: %s",
			       copied->why == NULL ? "COPY passed it by" : copied->why);
	if (copied->not_json > 0)
		return err_set(why, ERR_DATA, "line %" PRId64 " is no JSON", copied->bad_line);
	if (place->named && copied->lines != place->segment.rows)
		return err_set(why, ERR_DATA, "it holds %" PRId64 " rows, and its name promises"
			       " %" PRId64, copied->lines, place->segment.rows);
	return true;
}

/* What a file brings is counted; damaged ones are named. */
static bool judge(struct landing *l, struct pick *pick, struct landing_stream *stream,
		  struct err *reterr)
{
	for (size_t i = 0; i < pick->copy.n; i++) {
		struct copy_file *copied = &pick->copy.files[i];
		const struct landing_file *file = pick->files[i];
		struct err why;
		copied->take = is_whole(file, copied, &why);
		if (!copied->take) {
			landing_damaged(l, stream, file->path, &why);
			continue;
		}
		stream->run.pages++;
		stream->run.bytes += file->bytes > 0 ? file->bytes : 0;
		stream->run.rows_fetched += copied->lines;
		stream->run.rows_rescued += copied->rescued;
		stream->run.rows_rejected += copied->lines - copied->rows;
		l->result->loaded++;
		if (!landing_add_file(l, file, file->bytes, "", copied->rows, reterr))
			return false;
	}
	return true;
}

static bool copy_stream(struct landing *l, struct pick *pick, struct landing_stream *stream,
			struct err *reterr)
{
	struct copy *copy = &pick->copy;
	if (*l->options->stop != 0)
		return err_set(reterr, ERR_STOPPED, "stopped");
	/* What the usual way has read comes first, for the numbers of rows say what came last. */
	if (!landing_flush(l, stream, reterr) || !copy_read(l->warehouse, copy, reterr))
		return false;
	stream->any = true;
	l->in_file = true;
	if (!judge(l, pick, stream, reterr))
		return false;
	copy->seq = l->seq;
	if (!copy_take(l->warehouse, copy, reterr))
		return false;
	l->seq += copy->rows + copy->rejected;
	stream->staged_rows += copy->rows;
	stream->twice = true; /* nobody has looked */
	l->rejects_staged += copy->rejected;
	l->in_file = false;
	if (copy->rejected > 0)
		log_line(l->options->log, LOG_WARNING, stream->stream->name,
			 "rejected %" PRId64 " rows", copy->rejected);
	return true;
}

static void pick_files(struct landing *l, struct pick *pick, const struct landing_stream *stream,
		       const struct loaded_file *loaded)
{
	size_t start = strlen(l->stage_url);
	pick->copy.n = 0;
	for (size_t i = 0; i < l->page_n; i++) {
		struct landing_file *file = &l->page[i];
		if (file->stream != stream || file->place.kind != LANDED_LINES || file->done)
			continue;
		file->done = true;
		if (loaded[i].loaded) {
			pass_by(l, file, &loaded[i]);
			continue;
		}
		pick->files[pick->copy.n] = file;
		pick->copy.files[pick->copy.n++] =
			(struct copy_file){.path = file->path + start};
	}
}

bool landing_copy_page(struct landing *l, const struct loaded_file *loaded, struct err *reterr)
{
	struct pick *pick = calloc(1, sizeof *pick);
	bool done = pick != NULL || err_memory(reterr);
	if (done) {
		pick->copy = (struct copy){
			.stage = l->setup->config->snowflake.stage,
			.pipeline = l->setup->config->pipeline,
			.run_id = l->run_id,
			.arena = l->page_arena,
			.files = arena_array(l->page_arena, FILES_ASKED_MAX,
					     sizeof(struct copy_file)),
		};
		done = pick->copy.files != NULL || err_memory(reterr);
	}
	for (size_t i = 0; done && i < l->streams_n; i++) {
		struct landing_stream *stream = &l->streams[i];
		if (is_private(stream->table))
			continue;
		pick_files(l, pick, stream, loaded);
		pick->copy.table = stream->table;
		done = pick->copy.n == 0 || copy_stream(l, pick, stream, reterr);
	}
	free(pick);
	return done;
}
