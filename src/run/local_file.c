/* state.json: one JSON object; the last member, "sha256", is the digest of all bytes before it. A
 * copy that does not agree with its own digest is not used: the warehouse knows better. What is as
 * it is by default is left out of a part: there may be ten thousand that were never more. */
#include "run/local.h"

#include "base/bounds.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/stamp.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOCAL_FORMAT = 1, TAIL_BYTES = 128 };

static const char *const FINDING_NAMES[] = {[FINDING_FEWER] = "fewer", [FINDING_LOST] = "lost",
					     [FINDING_MISSED] = "missed"};

/* --- writing --- */

static void write_pair(struct buf *out, int64_t a, int64_t b)
{
	json_add_comma(out);
	buf_add_char(out, '[');
	buf_add_int(out, a);
	buf_add_char(out, ',');
	buf_add_int(out, b);
	buf_add_char(out, ']');
}

static void write_intervals(struct buf *out, const char *name, const struct intervals *set)
{
	if (set->n == 0)
		return;
	json_add_name(out, name);
	buf_add_char(out, '[');
	for (size_t i = 0; i < set->n; i++)
		write_pair(out, set->at[i].from_us, set->at[i].until_us);
	buf_add_char(out, ']');
}

static void write_other_than(struct buf *out, const char *name, int64_t value, int64_t usual)
{
	if (value != usual)
		json_add_int(out, name, value);
}

static void write_part(struct buf *out, const struct local_part *part)
{
	json_add_comma(out);
	buf_add_char(out, '{');
	json_add_string(out, "stream", part->stream);
	json_add_string(out, "part", part->part);
	write_other_than(out, "watermark", part->watermark_us, STAMP_NONE);
	write_other_than(out, "known", part->known_us, STAMP_NONE);
	write_other_than(out, "generation", part->known_generation, 0);
	write_intervals(out, "complete", &part->complete);
	write_intervals(out, "seen", &part->seen);
	buf_add_char(out, '}');
}

static void write_run(struct buf *out, const struct run_row *run)
{
	buf_add_char(out, '{');
	json_add_string(out, "run_id", run->run_id);
	json_add_string(out, "stream", run->stream);
	json_add_string(out, "command", run->command);
	json_add_int(out, "started", run->started_us);
	json_add_int(out, "ended", run->ended_us);
	json_add_int(out, "from", run->window_from_us);
	json_add_int(out, "until", run->window_until_us);
	json_add_int(out, "pages", run->pages);
	json_add_int(out, "fetched", run->rows_fetched);
	json_add_int(out, "inserted", run->rows_inserted);
	json_add_int(out, "updated", run->rows_updated);
	json_add_int(out, "rescued", run->rows_rescued);
	json_add_int(out, "rejected", run->rows_rejected);
	json_add_int(out, "retries", run->retries);
	json_add_int(out, "bytes", run->bytes);
	json_add_int(out, "let_pass", run->let_pass);
	json_add_int(out, "outcome", run->outcome);
	json_add_string(out, "error", run->error);
	json_add_string(out, "host", run->host);
	json_add_string(out, "version", run->version);
	buf_add_char(out, '}');
}

static void write_days(struct buf *out, const struct local_stream *stream)
{
	json_add_name(out, "days");
	buf_add_char(out, '[');
	for (size_t i = 0; i < stream->days_n; i++)
		write_pair(out, stream->days[i].day, stream->days[i].rows);
	buf_add_char(out, ']');
}

static void write_stream(struct buf *out, const struct local_stream *stream)
{
	json_add_comma(out);
	buf_add_char(out, '{');
	json_add_string(out, "stream", stream->stream);
	json_add_int(out, "rows", stream->rows);
	json_add_int(out, "rescued", stream->rescued);
	json_add_int(out, "rejected", stream->rejected);
	json_add_int(out, "loaded", stream->loaded_us);
	json_add_int(out, "failure_seen", stream->failure_seen);
	write_days(out, stream);
	if (stream->has_run) {
		json_add_name(out, "last");
		write_run(out, &stream->last);
	}
	buf_add_char(out, '}');
}

static void write_finding(struct buf *out, const struct finding *finding)
{
	json_add_comma(out);
	buf_add_char(out, '{');
	json_add_string(out, "kind", FINDING_NAMES[finding->kind]);
	json_add_string(out, "stream", finding->stream);
	json_add_string(out, "part", finding->part);
	json_add_int(out, "from", finding->from_us);
	json_add_int(out, "until", finding->until_us);
	json_add_int(out, "counted", finding->counted);
	json_add_int(out, "came", finding->came);
	json_add_int(out, "times", finding->times);
	json_add_string(out, "reason", finding->reason);
	json_add_int(out, "at", finding->at_us);
	buf_add_char(out, '}');
}

static void write_window(struct buf *out, const struct window_row *window)
{
	json_add_comma(out);
	buf_add_char(out, '{');
	json_add_string(out, "stream", window->stream);
	json_add_string(out, "part", window->part);
	json_add_int(out, "from", window->from_us);
	json_add_int(out, "until", window->until_us);
	json_add_int(out, "loaded", window->rows_loaded);
	json_add_int(out, "counted", window->rows_counted);
	json_add_int(out, "completed", window->completed_us);
	buf_add_char(out, '}');
}

static void write_landed(struct buf *out, const struct local *local)
{
	buf_add_text(out, ",\"landed\":[");
	for (size_t i = 0; i < local->landed_n; i++)
		write_pair(out, (int64_t)local->landed[i].key, (int64_t)local->landed[i].row);
	buf_add_char(out, ']');
}

static void write_all(struct buf *out, const struct local *local)
{
	buf_add_char(out, '{');
	json_add_int(out, "format", LOCAL_FORMAT);
	json_add_string(out, "pipeline", local->pipeline);
	json_add_string(out, "destination", local->destination);
	/* A fresh one has not asked the warehouse yet: whoever reads it must. */
	json_add_int(out, "unsettled", local->unsettled || local->fresh);
	json_add_string(out, "views", local->views);
	json_add_int(out, "collecting", local->collecting_us);
	json_add_int(out, "delivery_failed", local->delivery.failed_us);
	json_add_string(out, "delivery_reason", local->delivery.reason);
	json_add_int(out, "delivery_seen", local->delivery.seen);
	buf_add_text(out, ",\"parts\":[");
	for (size_t i = 0; i < local->parts_n; i++)
		write_part(out, &local->parts[i]);
	buf_add_text(out, "],\"streams\":[");
	for (size_t i = 0; i < local->streams_n; i++)
		write_stream(out, &local->streams[i]);
	buf_add_text(out, "],\"findings\":[");
	for (size_t i = 0; i < local->findings_n; i++)
		write_finding(out, &local->findings[i]);
	buf_add_text(out, "],\"windows\":[");
	for (size_t i = 0; i < local->windows_n; i++)
		write_window(out, &local->windows[i]);
	buf_add_text(out, "],\"runs\":[");
	for (size_t i = 0; i < local->runs_n; i++) {
		json_add_comma(out);
		write_run(out, &local->runs[i]);
	}
	buf_add_char(out, ']');
	write_landed(out, local);
}

/* The last member, which ends the object. */
static void make_tail(const char digest[SHA256_HEX + 1], char tail[TAIL_BYTES])
{
	snprintf(tail, TAIL_BYTES, ",\"sha256\":\"%s\"}\n", digest);
}

bool local_save(struct local *local, struct err *reterr)
{
	char digest[SHA256_HEX + 1], tail[TAIL_BYTES];
	struct buf text;
	buf_init(&text, STATE_BYTES_MAX);
	write_all(&text, local);
	bool done = buf_ok(&text, reterr) &&
		    (digest_sha256_hex(buf_span(&text), digest) || err_memory(reterr));
	if (done && strcmp(digest, local->on_disk) != 0) {
		local->on_disk[0] = '\0'; /* a failure leaves either */
		make_tail(digest, tail);
		done = (buf_add_text(&text, tail) || buf_ok(&text, reterr)) &&
		       file_replace(local->path, buf_span(&text), reterr);
		if (done)
			memcpy(local->on_disk, digest, sizeof digest);
	}
	buf_done(&text);
	return done || err_at(reterr, "state copy");
}

/* --- reading --- */

/* NULL: no such text. */
static const char *text_of(struct local *local, const struct json *object, const char *name)
{
	const struct json *value = json_member(object, span_of(name));
	if (json_kind(value) != JSON_TEXT)
		return NULL;
	return arena_text(local->arena, json_text(value));
}

static bool not_whole(struct err *reterr)
{
	return err_set(reterr, ERR_DATA, "an entry is not whole");
}

static void read_run(struct local *local, const struct json *at, struct run_row *ret)
{
	*ret = (struct run_row){
		.run_id = text_of(local, at, "run_id"),
		.stream = text_of(local, at, "stream"),
		.command = text_of(local, at, "command"),
		.started_us = json_int_member(at, "started", 0),
		.ended_us = json_int_member(at, "ended", STAMP_NONE),
		.window_from_us = json_int_member(at, "from", STAMP_NONE),
		.window_until_us = json_int_member(at, "until", STAMP_NONE),
		.pages = json_int_member(at, "pages", 0),
		.rows_fetched = json_int_member(at, "fetched", 0),
		.rows_inserted = json_int_member(at, "inserted", 0),
		.rows_updated = json_int_member(at, "updated", 0),
		.rows_rescued = json_int_member(at, "rescued", 0),
		.rows_rejected = json_int_member(at, "rejected", 0),
		.retries = json_int_member(at, "retries", 0),
		.bytes = json_int_member(at, "bytes", 0),
		.let_pass = json_int_member(at, "let_pass", 0),
		.error = text_of(local, at, "error"),
		.host = text_of(local, at, "host"),
		.version = text_of(local, at, "version"),
	};
	int64_t outcome = json_int_member(at, "outcome", OUTCOME_FAILED);
	ret->outcome = outcome == OUTCOME_DONE      ? OUTCOME_DONE
		       : outcome == OUTCOME_PARTIAL ? OUTCOME_PARTIAL
						    : OUTCOME_FAILED;
}

static bool whole_run(const struct run_row *run)
{
	return run->run_id != NULL && run->stream != NULL && run->command != NULL &&
	       run->host != NULL && run->version != NULL;
}

static bool read_intervals(const struct json *list, struct intervals *ret, struct err *reterr)
{
	struct json_walk walk = json_walk(list);
	while (json_next(&walk)) {
		struct interval one;
		if (!json_whole(json_digits(json_element(walk.value, 0)), &one.from_us) ||
		    !json_whole(json_digits(json_element(walk.value, 1)), &one.until_us))
			return err_set(reterr, ERR_DATA, "an interval is no pair of numbers");
		if (!intervals_add(ret, one, reterr))
			return false;
	}
	return true;
}

static bool read_part(struct local *local, const struct json *at, struct err *reterr)
{
	const char *stream = text_of(local, at, "stream"), *name = text_of(local, at, "part");
	struct local_part *part =
		stream == NULL || name == NULL ? NULL : local_part(local, stream, name);
	if (part == NULL)
		return not_whole(reterr);
	part->watermark_us = json_int_member(at, "watermark", STAMP_NONE);
	part->known_us = json_int_member(at, "known", STAMP_NONE);
	part->known_generation = json_int_member(at, "generation", 0);
	return read_intervals(json_member(at, SPAN("complete")), &part->complete, reterr) &&
	       read_intervals(json_member(at, SPAN("seen")), &part->seen, reterr);
}

/* A copy that an older firn wrote has none. */
static bool read_days(const struct json *list, struct local_stream *stream, struct err *reterr)
{
	struct json_walk walk = json_walk(list);
	while (json_next(&walk)) {
		struct local_day one;
		if (!json_whole(json_digits(json_element(walk.value, 0)), &one.day) ||
		    !json_whole(json_digits(json_element(walk.value, 1)), &one.rows) ||
		    one.day < STAMP_MIN / STAMP_DAY || one.day > STAMP_MAX / STAMP_DAY)
			return err_set(reterr, ERR_DATA, "a day is no pair of numbers");
		local_note_rows(stream, one.day * STAMP_DAY, one.rows);
	}
	return true;
}

static bool read_stream(struct local *local, const struct json *at, struct err *reterr)
{
	const char *name = text_of(local, at, "stream");
	struct local_stream *stream = name == NULL ? NULL : local_stream(local, name);
	if (stream == NULL)
		return not_whole(reterr);
	stream->rows = json_int_member(at, "rows", -1);
	stream->rescued = json_int_member(at, "rescued", 0);
	stream->rejected = json_int_member(at, "rejected", 0);
	stream->loaded_us = json_int_member(at, "loaded", STAMP_NONE);
	const struct json *last = json_member(at, SPAN("last"));
	if (last != NULL) {
		read_run(local, last, &stream->last);
		stream->has_run = whole_run(&stream->last);
	}
	stream->failure_seen = json_int_member(at, "failure_seen", 0) != 0;
	return read_days(json_member(at, SPAN("days")), stream, reterr);
}

static bool read_finding(struct local *local, const struct json *at, struct err *reterr)
{
	struct finding finding = {
		.stream = text_of(local, at, "stream"),
		.part = text_of(local, at, "part"),
		.from_us = json_int_member(at, "from", 0),
		.until_us = json_int_member(at, "until", 0),
		.counted = json_int_member(at, "counted", 0),
		.came = json_int_member(at, "came", 0),
		.times = json_int_member(at, "times", 0),
		.reason = text_of(local, at, "reason"),
		.at_us = json_int_member(at, "at", 0),
	};
	struct span kind = json_text_member(at, "kind", "");
	finding.kind = span_is(kind, FINDING_NAMES[FINDING_LOST])     ? FINDING_LOST
		       : span_is(kind, FINDING_NAMES[FINDING_MISSED]) ? FINDING_MISSED
								      : FINDING_FEWER;
	if (finding.stream == NULL || finding.part == NULL ||
	    (finding.kind == FINDING_MISSED) != (finding.reason != NULL))
		return not_whole(reterr);
	return local_add_finding(local, &finding, reterr);
}

static bool read_window(struct local *local, const struct json *at, struct err *reterr)
{
	struct window_row window = {
		.stream = text_of(local, at, "stream"),
		.part = text_of(local, at, "part"),
		.from_us = json_int_member(at, "from", 0),
		.until_us = json_int_member(at, "until", 0),
		.rows_loaded = json_int_member(at, "loaded", 0),
		.rows_counted = json_int_member(at, "counted", -1),
		.completed_us = json_int_member(at, "completed", 0),
	};
	if (window.stream == NULL || window.part == NULL)
		return not_whole(reterr);
	return local_add_window(local, &window, reterr);
}

static bool read_pending_run(struct local *local, const struct json *at, struct err *reterr)
{
	struct run_row run;
	read_run(local, at, &run);
	return !whole_run(&run) || local_add_run(local, &run, reterr);
}

static bool read_landed(struct local *local, const struct json *at, struct err *reterr)
{
	int64_t key, row;
	if (!json_whole(json_digits(json_element(at, 0)), &key) ||
	    !json_whole(json_digits(json_element(at, 1)), &row))
		return not_whole(reterr);
	return local_note_landed(local, (struct local_landed){(uint64_t)key, (uint64_t)row},
				 reterr);
}

static bool read_list(struct local *local, const struct json *root, const char *name,
		      bool (*read)(struct local *, const struct json *, struct err *),
		      struct err *reterr)
{
	struct json_walk walk = json_walk(json_member(root, span_of(name)));
	while (json_next(&walk)) {
		if (!read(local, walk.value, reterr))
			return err_at(reterr, "%s", name);
	}
	return true;
}

static bool check_digest(struct span text, char ret_digest[SHA256_HEX + 1], struct err *reterr)
{
	const size_t size = sizeof ",\"sha256\":\"\"}\n" - 1 + SHA256_HEX;
	char tail[TAIL_BYTES];
	if (text.size > size) {
		struct span head = {text.at, text.size - size};
		if (!digest_sha256_hex(head, ret_digest))
			return err_memory(reterr);
		make_tail(ret_digest, tail);
		if (span_is(span_from(text, head.size), tail))
			return true;
	}
	return err_set(reterr, ERR_DATA, "it does not agree with its own digest");
}

/* ERR_DATA: the copy is of no use. */
static bool read_all(struct local *local, struct span text, struct err *reterr)
{
	if (!check_digest(text, local->on_disk, reterr))
		return false;
	struct json_doc *doc = json_parse(text, reterr);
	if (doc == NULL)
		return false;
	const struct json *root = json_root(doc);
	bool done = false;
	if (json_int_member(root, "format", 0) != LOCAL_FORMAT)
		err_set(reterr, ERR_DATA, "it was written by another version");
	else if (!span_is(json_text_member(root, "pipeline", ""), local->pipeline))
		err_set(reterr, ERR_DATA, "it is of another pipeline");
	else if (!span_is(json_text_member(root, "destination", ""), local->destination))
		err_set(reterr, ERR_DATA, "the destination was another one then");
	else
		done = read_list(local, root, "parts", read_part, reterr) &&
		       read_list(local, root, "streams", read_stream, reterr) &&
		       read_list(local, root, "findings", read_finding, reterr) &&
		       read_list(local, root, "windows", read_window, reterr) &&
		       read_list(local, root, "runs", read_pending_run, reterr) &&
		       read_list(local, root, "landed", read_landed, reterr);
	local->delivery.failed_us = json_int_member(root, "delivery_failed", 0);
	local->delivery.reason = text_of(local, root, "delivery_reason");
	local->delivery.seen = json_int_member(root, "delivery_seen", 0) != 0;
	local->collecting_us = json_int_member(root, "collecting", STAMP_NONE);
	local->unsettled = json_int_member(root, "unsettled", 0) != 0;
	local->views = arena_text(local->arena, json_text_member(root, "views", ""));
	if (local->views == NULL)
		done = err_memory(reterr);
	json_free(doc);
	return done;
}

static struct local *empty(const char *path, const char *pipeline, const char *destination)
{
	struct local *local = calloc(1, sizeof *local);
	if (local == NULL)
		return NULL;
	local->arena = arena_new();
	if (local->arena == NULL) {
		free(local);
		return NULL;
	}
	local->path = local_text(local, path);
	local->pipeline = local_text(local, pipeline);
	local->destination = local_text(local, destination);
	local->views = "";
	local->collecting_us = STAMP_NONE;
	if (local->path == NULL || local->pipeline == NULL || local->destination == NULL) {
		local_close(local);
		return NULL;
	}
	return local;
}

bool local_open(struct local **ret, const char *state_dir, const char *pipeline,
		const char *destination, struct err *why, struct err *reterr)
{
	struct buf path, text;
	struct local *local = NULL;
	buf_init(&path, PATH_BYTES_MAX);
	buf_init(&text, STATE_BYTES_MAX);
	bool done = file_join(&path, state_dir, "state.json", reterr);
	bool there = done && file_exists(buf_text(&path));
	if (done) {
		local = empty(buf_text(&path), pipeline, destination);
		done = local != NULL || err_memory(reterr);
	}
	if (done && there && file_read(buf_text(&path), &text, why))
		there = read_all(local, buf_span(&text), why);
	else
		there = false;
	if (done && !there) {
		if (why->kind != ERR_NONE)
			err_at(why, "%s", buf_text(&path));
		local_close(local);
		local = empty(buf_text(&path), pipeline, destination);
		done = local != NULL || err_memory(reterr);
		if (done)
			local->fresh = true;
	}
	buf_done(&text);
	buf_done(&path);
	if (done)
		*ret = local;
	return done;
}
