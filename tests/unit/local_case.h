/* What the tests of the local copy share: one that is full, and its file. */
#ifndef FIRN_TESTS_LOCAL_CASE_H
#define FIRN_TESTS_LOCAL_CASE_H

#include "run/local.h"

#include "base/bounds.h"
#include "base/file.h"
#include "base/stamp.h"

#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define DAY STAMP_DAY

static struct err err;

static inline struct local *open_copy(const struct scratch *folder, const char *pipeline,
			       const char *destination, struct err *why)
{
	struct local *local = NULL;
	*why = (struct err){0};
	if (!local_open(&local, folder->path, pipeline, destination, why, &err))
		fail_msg("%s", err.text);
	return local;
}

static inline struct local *open_usual(const struct scratch *folder)
{
	struct err why;
	return open_copy(folder, "p", "DuckDB /a.duckdb", &why);
}

static inline void save(struct local *local)
{
	if (!local_save(local, &err))
		fail_msg("%s", err.text);
}

static inline struct window_row window(const char *stream, int64_t from_us, int64_t until_us,
				int64_t loaded)
{
	return (struct window_row){.stream = stream, .part = "", .from_us = from_us,
				   .until_us = until_us, .rows_loaded = loaded,
				   .rows_counted = loaded, .completed_us = until_us + 5};
}

static inline struct run_row run(const char *id, const char *stream)
{
	return (struct run_row){
		.run_id = id, .stream = stream, .command = "run", .started_us = 1, .ended_us = 2,
		.window_from_us = 3, .window_until_us = STAMP_NONE, .pages = 4, .rows_fetched = 5,
		.rows_inserted = 6, .rows_updated = 7, .rows_rescued = 8, .rows_rejected = 9,
		.retries = 10, .bytes = 11, .outcome = OUTCOME_PARTIAL,
		.error = "it said \"no\"\nand \x01", .host = "h\xc3\xa9", .version = "1",
	};
}

static inline struct finding fewer(const char *stream, int64_t from_us, int64_t until_us)
{
	return (struct finding){.kind = FINDING_FEWER, .stream = stream, .part = "", .from_us =
				from_us, .until_us = until_us, .counted = 5, .came = 4, .at_us = 6};
}

static inline void add_interval(struct intervals *set, int64_t from_us, int64_t until_us)
{
	assert_true(intervals_add(set, (struct interval){from_us, until_us}, &err));
}

/* One of everything. */
static inline void fill(struct local *local)
{
	struct local_part *part = local_part(local, "users", "a/b");
	part->watermark_us = 9 * DAY;
	part->known_us = 8 * DAY;
	part->known_generation = 12;
	add_interval(&part->complete, -DAY, 2 * DAY);
	add_interval(&part->complete, 3 * DAY, 9 * DAY);
	add_interval(&part->seen, 2 * DAY, 3 * DAY);
	local_part(local, "none", "");
	struct local_stream *stream = local_stream(local, "users");
	stream->rows = 123;
	stream->rescued = 4;
	stream->rejected = 5;
	stream->loaded_us = 77;
	struct run_row row = run("r1", "users"), other = run("r2", "users");
	other.error = NULL;
	struct finding found = fewer("users", 1, 2);
	struct window_row open = window("users", 9 * DAY, 10 * DAY, 3);
	assert_true(local_set_last(local, &row, &err) && local_add_run(local, &row, &err) &&
		    local_add_run(local, &other, &err) &&
		    local_add_finding(local, &found, &err) &&
		    local_add_window(local, &open, &err));
	stream->failure_seen = true;
	found.kind = FINDING_LOST;
	assert_true(local_add_finding(local, &found, &err));
	assert_true(local_note_delivery(local, 88, "S3 is \"away\"", &err));
	local->delivery.seen = true;
	local->views = local_text(local, "digest");
	local->fresh = false;
}

static inline void read_file(const struct scratch *folder, struct buf *ret)
{
	struct scratch path = scratch_at(folder, "state.json");
	buf_init(ret, STATE_BYTES_MAX);
	if (!file_read(path.path, ret, &err))
		fail_msg("%s", err.text);
}

static inline void write_file(const struct scratch *folder, struct span text)
{
	struct scratch path = scratch_at(folder, "state.json");
	if (!file_replace(path.path, text, &err))
		fail_msg("%s", err.text);
}

#endif
