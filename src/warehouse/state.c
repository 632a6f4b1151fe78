#include "warehouse/state.h"

#include "base/arena.h"
#include "base/bounds.h"
#include "warehouse/arrow_read.h"
#include "warehouse/warehouse_private.h"

#include <stdlib.h>
#include <string.h>

const char *outcome_name(enum outcome outcome)
{
	static const char *const NAMES[] = {
		[OUTCOME_DONE] = "done", [OUTCOME_FAILED] = "failed", [OUTCOME_PARTIAL] = "partial",
	};
	return NAMES[outcome];
}

void state_done(struct state *state)
{
	arena_free(state->arena);
	*state = (struct state){0};
}

/* --- reading --- */

struct collector {
	struct arena *arena;
	struct state_row *rows;
	struct window_row *windows;
	size_t rows_n, rows_room, windows_n, windows_room;
};

static char *keep_text(struct collector *all, struct arrow_reader *reader, size_t column)
{
	struct span text;
	return arena_text(all->arena, arrow_text(reader, column, &text) ? text : SPAN(""));
}

static bool keep_row(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct collector *all = user;
	if (all->rows_n == all->rows_room) {
		size_t room = all->rows_room * 2 + 16;
		struct state_row *more = realloc(all->rows, room * sizeof *more);
		if (more == NULL)
			return err_memory(reterr);
		all->rows = more;
		all->rows_room = room;
	}
	struct state_row *row = &all->rows[all->rows_n++];
	*row = (struct state_row){
		.stream = keep_text(all, reader, 0),
		.part = keep_text(all, reader, 1),
		.watermark_us = arrow_int(reader, 2, STAMP_NONE),
		.generation = arrow_int(reader, 3, 0),
	};
	return (row->stream != NULL && row->part != NULL) || err_memory(reterr);
}

static bool keep_window(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct collector *all = user;
	if (all->windows_n == all->windows_room) {
		size_t room = all->windows_room * 2 + 64;
		struct window_row *more = realloc(all->windows, room * sizeof *more);
		if (more == NULL)
			return err_memory(reterr);
		all->windows = more;
		all->windows_room = room;
	}
	struct window_row *window = &all->windows[all->windows_n++];
	*window = (struct window_row){
		.stream = keep_text(all, reader, 0),
		.part = keep_text(all, reader, 1),
		.from_us = arrow_int(reader, 2, STAMP_NONE),
		.until_us = arrow_int(reader, 3, STAMP_NONE),
		.rows_loaded = arrow_int(reader, 4, 0),
		.rows_counted = arrow_int(reader, 5, -1),
		.completed_us = arrow_int(reader, 6, STAMP_NONE),
	};
	return (window->stream != NULL && window->part != NULL) || err_memory(reterr);
}

static bool settle(struct collector *all, struct state *ret, struct err *reterr)
{
	struct state_row *rows = arena_array(all->arena, all->rows_n + 1, sizeof *rows);
	struct window_row *windows = arena_array(all->arena, all->windows_n + 1, sizeof *windows);
	if (rows == NULL || windows == NULL)
		return err_memory(reterr);
	if (all->rows_n > 0)
		memcpy(rows, all->rows, all->rows_n * sizeof *rows);
	if (all->windows_n > 0)
		memcpy(windows, all->windows, all->windows_n * sizeof *windows);
	*ret = (struct state){rows, all->rows_n, windows, all->windows_n, all->arena};
	return true;
}

static void where_pipeline(struct warehouse *warehouse, const char *pipeline)
{
	buf_add_text(&warehouse->sql, " WHERE \"PIPELINE\" = ");
	sql_text(&warehouse->sql, warehouse->dialect, span_of(pipeline));
}

static bool read_tables(struct warehouse *warehouse, const char *pipeline, struct collector *all,
			struct err *reterr)
{
	struct buf *sql = &warehouse->sql;
	buf_add_text(sql, "SELECT \"STREAM\", \"PART\", \"WATERMARK\", \"GENERATION\""
			  " FROM \"FIRN_STATE\"");
	where_pipeline(warehouse, pipeline);
	buf_add_text(sql, " ORDER BY 1, 2");
	if (!warehouse_each(warehouse, keep_row, all, reterr))
		return false;
	buf_add_text(sql, "SELECT \"STREAM\", \"PART\", \"WINDOW_FROM\", \"WINDOW_UNTIL\","
			  " \"ROWS_LOADED\", \"ROWS_COUNTED\", \"COMPLETED_AT\""
			  " FROM \"FIRN_WINDOWS\"");
	where_pipeline(warehouse, pipeline);
	buf_add_text(sql, " ORDER BY 1, 2, 3, 4");
	return warehouse_each(warehouse, keep_window, all, reterr);
}

/* Both or none: they are made in one transaction. */
static bool have_tables(struct warehouse *warehouse, bool *ret, struct err *reterr)
{
	int64_t n;
	buf_add_text(&warehouse->sql, "SELECT COUNT(*) FROM information_schema.tables"
		     " WHERE table_catalog = current_database() AND table_schema ="
		     " current_schema() AND upper(table_name) IN ('FIRN_STATE', 'FIRN_WINDOWS')");
	if (!warehouse_run(warehouse, &n, 1, reterr))
		return false;
	*ret = n == 2;
	return true;
}

bool warehouse_read_state(struct warehouse *warehouse, const char *pipeline, struct state *ret,
			  struct err *reterr)
{
	struct collector all = {.arena = arena_new()};
	bool there = false;
	bool done = (all.arena != NULL || err_memory(reterr)) &&
		    have_tables(warehouse, &there, reterr) &&
		    (!there || read_tables(warehouse, pipeline, &all, reterr)) &&
		    settle(&all, ret, reterr);
	if (!done)
		arena_free(all.arena);
	free(all.rows);
	free(all.windows);
	return done;
}

/* --- reset and rename --- */

static void where_streams(struct warehouse *warehouse, const char *pipeline,
			  const char *const *streams, size_t n)
{
	where_pipeline(warehouse, pipeline);
	for (size_t i = 0; i < n; i++) {
		buf_add_text(&warehouse->sql, i == 0 ? " AND \"STREAM\" IN (" : ", ");
		sql_text(&warehouse->sql, warehouse->dialect, span_of(streams[i]));
	}
	buf_add_text(&warehouse->sql, n > 0 ? ")" : "");
}

static bool forget(struct warehouse *warehouse, const char *pipeline, const char *const *streams,
		   size_t n, struct err *reterr)
{
	struct buf *sql = &warehouse->sql;
	buf_add_text(sql, "UPDATE \"FIRN_STATE\" SET \"WATERMARK\" = NULL,"
			  " \"GENERATION\" = \"GENERATION\" + 1");
	where_streams(warehouse, pipeline, streams, n);
	if (!warehouse_run(warehouse, NULL, 0, reterr))
		return false;
	buf_add_text(sql, "DELETE FROM \"FIRN_WINDOWS\"");
	where_streams(warehouse, pipeline, streams, n);
	return warehouse_run(warehouse, NULL, 0, reterr);
}

static bool in_transaction(struct warehouse *warehouse, bool done, struct err *reterr)
{
	if (done)
		return adbc_commit(warehouse->adbc, reterr);
	adbc_roll_back(warehouse->adbc);
	return false;
}

bool warehouse_reset(struct warehouse *warehouse, const char *pipeline, const char *const *streams,
		     size_t n, struct err *reterr)
{
	bool there;
	if (!have_tables(warehouse, &there, reterr))
		return false;
	if (!there)
		return true;
	if (!adbc_begin(warehouse->adbc, reterr))
		return false;
	return in_transaction(warehouse, forget(warehouse, pipeline, streams, n, reterr), reterr);
}

/* With the state go the history and the files: what was loaded already must stay known. A pipeline
 * of streams that are read once has no more than those. */
static const char *const OF_A_PIPELINE[] = {
	"FIRN_STATE", "FIRN_WINDOWS", "FIRN_FILES", "FIRN_RUNS", "FIRN_REJECTED",
};
enum { OF_A_PIPELINE_N = sizeof OF_A_PIPELINE / sizeof OF_A_PIPELINE[0] };

/* Adds the rows of a pipeline to *ret. */
static bool count_in(struct warehouse *warehouse, const char *table, const char *pipeline,
		     int64_t *ret, struct err *reterr)
{
	int64_t n = 0;
	buf_addf(&warehouse->sql, "SELECT COUNT(*) FROM \"%s\"", table);
	where_pipeline(warehouse, pipeline);
	if (!warehouse_run(warehouse, &n, 1, reterr))
		return false;
	*ret += n;
	return true;
}

static bool take_over(struct warehouse *warehouse, const char *from, const char *to,
		      struct err *reterr)
{
	for (size_t i = 0; i < OF_A_PIPELINE_N; i++) {
		buf_addf(&warehouse->sql, "UPDATE \"%s\" SET \"PIPELINE\" = ", OF_A_PIPELINE[i]);
		sql_text(&warehouse->sql, warehouse->dialect, span_of(to));
		where_pipeline(warehouse, from);
		if (!warehouse_run(warehouse, NULL, 0, reterr))
			return false;
	}
	return true;
}

bool warehouse_rename(struct warehouse *warehouse, const char *from, const char *to,
		      bool *ret_any, struct err *reterr)
{
	bool there;
	int64_t old = 0, new = 0;
	if (!have_tables(warehouse, &there, reterr))
		return false;
	for (size_t i = 0; there && i < OF_A_PIPELINE_N; i++) {
		if (!count_in(warehouse, OF_A_PIPELINE[i], from, &old, reterr))
			return false;
	}
	if (there && !count_in(warehouse, "FIRN_STATE", to, &new, reterr))
		return false;
	*ret_any = old > 0;
	if (old == 0)
		return true;
	if (new > 0)
		return err_set(reterr, ERR_USAGE, "pipeline '%s' has state already; only one that"
			       " has none can take over another's", to);
	if (!adbc_begin(warehouse->adbc, reterr))
		return false;
	return in_transaction(warehouse, take_over(warehouse, from, to, reterr), reterr);
}
