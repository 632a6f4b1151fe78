/* Windows, watermarks and runs, inside of a commit's transaction: few statements, whatever the
 * number of rows. DuckDB's way of writing them, and what other dialects share with it. */
#include "warehouse/arrow_read.h"
#include "warehouse/warehouse_private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void state_text(struct warehouse *warehouse, const char *before, const char *text)
{
	buf_add_text(&warehouse->sql, before);
	sql_text_or_null(&warehouse->sql, warehouse->dialect, text);
}

void state_stamp(struct warehouse *warehouse, const char *before, int64_t us)
{
	buf_add_text(&warehouse->sql, before);
	sql_stamp(&warehouse->sql, us);
}

void state_int(struct warehouse *warehouse, const char *before, int64_t value)
{
	buf_add_text(&warehouse->sql, before);
	sql_int(&warehouse->sql, value);
}

/* --- windows --- */

static bool covers(const struct window_row *a, const struct window_row *b)
{
	return strcmp(a->stream, b->stream) == 0 && strcmp(a->part, b->part) == 0 &&
	       a->from_us <= b->from_us && a->until_us >= b->until_us;
}

/* Of windows that come together, what another one covers is left out; of equal ones the last
 * stays. */
bool state_window_is_covered(const struct commit *commit, size_t at)
{
	for (size_t i = 0; i < commit->windows_n; i++) {
		if (i != at && covers(&commit->windows[i], &commit->windows[at]) &&
		    (i > at || !covers(&commit->windows[at], &commit->windows[i])))
			return true;
	}
	return false;
}

static bool drop_covered(struct warehouse *warehouse, const struct commit *commit,
			 struct err *reterr)
{
	struct buf *sql = &warehouse->sql;
	buf_add_text(sql, "DELETE FROM \"FIRN_WINDOWS\" USING (SELECT * FROM (VALUES ");
	for (size_t i = 0; i < commit->windows_n; i++) {
		const struct window_row *window = &commit->windows[i];
		state_text(warehouse, i == 0 ? "(" : ", (", window->stream);
		state_text(warehouse, ", ", window->part);
		state_stamp(warehouse, ", ", window->from_us);
		state_stamp(warehouse, ", ", window->until_us);
		buf_add_char(sql, ')');
	}
	buf_add_text(sql, ") AS v(s, p, f, u)) AS n WHERE \"FIRN_WINDOWS\".\"PIPELINE\" = ");
	state_text(warehouse, "", commit->pipeline);
	buf_add_text(sql, " AND \"FIRN_WINDOWS\".\"STREAM\" = n.s"
			  " AND \"FIRN_WINDOWS\".\"PART\" = n.p"
			  " AND \"FIRN_WINDOWS\".\"WINDOW_FROM\" >= n.f"
			  " AND \"FIRN_WINDOWS\".\"WINDOW_UNTIL\" <= n.u");
	return warehouse_run(warehouse, NULL, 0, reterr);
}

bool state_write_windows(struct warehouse *warehouse, const struct commit *commit,
			 struct err *reterr)
{
	bool first = true;
	if (commit->windows_n == 0)
		return true;
	if (!drop_covered(warehouse, commit, reterr))
		return false;
	buf_add_text(&warehouse->sql, "INSERT INTO \"FIRN_WINDOWS\" (\"PIPELINE\", \"STREAM\","
		     " \"PART\", \"WINDOW_FROM\", \"WINDOW_UNTIL\", \"ROWS_LOADED\","
		     " \"ROWS_COUNTED\", \"COMPLETED_AT\") VALUES ");
	for (size_t i = 0; i < commit->windows_n; i++) {
		const struct window_row *window = &commit->windows[i];
		assert(window->from_us <= window->until_us);
		if (state_window_is_covered(commit, i))
			continue;
		state_text(warehouse, first ? "(" : ", (", commit->pipeline);
		state_text(warehouse, ", ", window->stream);
		state_text(warehouse, ", ", window->part);
		state_stamp(warehouse, ", ", window->from_us);
		state_stamp(warehouse, ", ", window->until_us);
		state_int(warehouse, ", ", window->rows_loaded);
		buf_add_text(&warehouse->sql, ", ");
		sql_int_or_null(&warehouse->sql, window->rows_counted, -1);
		state_stamp(warehouse, ", ", window->completed_us);
		buf_add_char(&warehouse->sql, ')');
		first = false;
	}
	return warehouse_run(warehouse, NULL, 0, reterr);
}

/* --- watermarks --- */

static void where_move(struct warehouse *warehouse, const struct commit *commit,
		       const struct state_move *move)
{
	state_text(warehouse, " WHERE \"PIPELINE\" = ", commit->pipeline);
	state_text(warehouse, " AND \"STREAM\" = ", move->stream);
	state_text(warehouse, " AND \"PART\" = ", move->part);
}

static void say_state(char *out, size_t room, int64_t us, int64_t generation)
{
	char stamp[STAMP_TEXT_BYTES];
	if (generation == 0) {
		snprintf(out, room, "none");
	} else if (us == STAMP_NONE) {
		snprintf(out, room, "none (generation %" PRId64 ")", generation);
	} else {
		stamp_write_short(us, stamp);
		snprintf(out, room, "%s (generation %" PRId64 ")", stamp, generation);
	}
}

static bool keep_found(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct state_row *found = user;
	(void)reterr;
	found->watermark_us = arrow_int(reader, 0, STAMP_NONE);
	found->generation = arrow_int(reader, 1, 0);
	return true;
}

bool state_find(struct warehouse *warehouse, const struct commit *commit,
		const struct state_move *move, struct state_row *ret, struct err *reterr)
{
	*ret = (struct state_row){.watermark_us = STAMP_NONE};
	buf_add_text(&warehouse->sql, "SELECT \"WATERMARK\", \"GENERATION\" FROM \"FIRN_STATE\"");
	where_move(warehouse, commit, move);
	return warehouse_each(warehouse, keep_found, ret, reterr);
}

bool state_is_written(struct warehouse *warehouse, const struct commit *commit, bool *ret,
		      struct err *reterr)
{
	int64_t found = 0;
	assert(commit->moves_n > 0);
	buf_add_text(&warehouse->sql, "SELECT COUNT(*) FROM \"FIRN_STATE\"");
	where_move(warehouse, commit, &commit->moves[0]);
	state_int(warehouse, " AND \"GENERATION\" = ", commit->moves[0].before_generation + 1);
	state_stamp(warehouse, " AND \"UPDATED_AT\" = ", commit->load_timestamp_us);
	bool done = warehouse_run(warehouse, &found, 1, reterr);
	*ret = found == 1;
	return done;
}

bool state_complain(const struct commit *commit, const struct state_move *move,
		    const struct state_row *found, struct err *reterr)
{
	char is[STAMP_TEXT_BYTES + 40], expected[STAMP_TEXT_BYTES + 40];
	say_state(is, sizeof is, found->watermark_us, found->generation);
	say_state(expected, sizeof expected, move->before_us, move->before_generation);
	return err_set(reterr, ERR_BUSY, "stream %s%s%s: the watermark is %s where %s was expected;"
		       " another firn runs pipeline '%s', or the local copy of its state is old",
		       move->stream, move->part[0] == '\0' ? "" : " of ", move->part, is,
		       expected, commit->pipeline);
}

static void add_first_state(struct warehouse *warehouse, const struct commit *commit,
			    const struct state_move *move)
{
	buf_add_text(&warehouse->sql, "INSERT INTO \"FIRN_STATE\" (\"PIPELINE\", \"STREAM\","
		     " \"PART\", \"WATERMARK\", \"GENERATION\", \"SCHEMA_VERSION\","
		     " \"UPDATED_AT\") SELECT ");
	state_text(warehouse, "", commit->pipeline);
	state_text(warehouse, ", ", move->stream);
	state_text(warehouse, ", ", move->part);
	state_stamp(warehouse, ", ", move->after_us);
	state_int(warehouse, ", 1, ", STATE_SCHEMA_VERSION);
	state_stamp(warehouse, ", ", commit->load_timestamp_us);
	buf_add_text(&warehouse->sql, " WHERE NOT EXISTS (SELECT 1 FROM \"FIRN_STATE\"");
	where_move(warehouse, commit, move);
	buf_add_char(&warehouse->sql, ')');
}

static void add_next_state(struct warehouse *warehouse, const struct commit *commit,
			   const struct state_move *move)
{
	state_stamp(warehouse, "UPDATE \"FIRN_STATE\" SET \"WATERMARK\" = ", move->after_us);
	state_int(warehouse, ", \"GENERATION\" = ", move->before_generation + 1);
	state_int(warehouse, ", \"SCHEMA_VERSION\" = ", STATE_SCHEMA_VERSION);
	state_stamp(warehouse, ", \"UPDATED_AT\" = ", commit->load_timestamp_us);
	where_move(warehouse, commit, move);
	state_int(warehouse, " AND \"GENERATION\" = ", move->before_generation);
	state_stamp(warehouse, " AND \"WATERMARK\" IS NOT DISTINCT FROM ", move->before_us);
}

bool state_write_moves(struct warehouse *warehouse, const struct commit *commit,
		       struct err *reterr)
{
	for (size_t i = 0; i < commit->moves_n; i++) {
		const struct state_move *move = &commit->moves[i];
		int64_t changed;
		assert(move->after_us >= move->before_us && "a watermark never moves back here");
		if (move->before_generation == 0)
			add_first_state(warehouse, commit, move);
		else
			add_next_state(warehouse, commit, move);
		if (!warehouse_run(warehouse, &changed, 1, reterr))
			return false;
		struct state_row found;
		if (changed != 1)
			return state_find(warehouse, commit, move, &found, reterr) &&
			       state_complain(commit, move, &found, reterr);
	}
	return true;
}

/* --- runs --- */

void state_add_run(struct warehouse *warehouse, const struct commit *commit,
		   const struct run_row *run)
{
	state_text(warehouse, "(", run->run_id);
	state_text(warehouse, ", ", commit->pipeline);
	state_text(warehouse, ", ", run->stream);
	state_text(warehouse, ", ", run->command);
	state_stamp(warehouse, ", ", run->started_us);
	state_stamp(warehouse, ", ", run->ended_us);
	state_stamp(warehouse, ", ", run->window_from_us);
	state_stamp(warehouse, ", ", run->window_until_us);
	state_int(warehouse, ", ", run->pages);
	state_int(warehouse, ", ", run->rows_fetched);
	state_int(warehouse, ", ", run->rows_inserted);
	state_int(warehouse, ", ", run->rows_updated);
	state_int(warehouse, ", ", run->rows_rescued);
	state_int(warehouse, ", ", run->rows_rejected);
	state_int(warehouse, ", ", run->retries);
	state_int(warehouse, ", ", run->bytes);
	state_text(warehouse, ", ", outcome_name(run->outcome));
	state_text(warehouse, ", ", run->error);
	state_text(warehouse, ", ", run->host);
	state_text(warehouse, ", ", run->version);
	buf_add_char(&warehouse->sql, ')');
}

bool state_write_runs(struct warehouse *warehouse, const struct commit *commit, struct err *reterr)
{
	struct buf *sql = &warehouse->sql;
	if (commit->runs_n == 0)
		return true;
	buf_add_text(sql, "DELETE FROM \"FIRN_RUNS\" WHERE (\"RUN_ID\", \"STREAM\") IN (");
	for (size_t i = 0; i < commit->runs_n; i++) {
		state_text(warehouse, i == 0 ? "(" : ", (", commit->runs[i].run_id);
		state_text(warehouse, ", ", commit->runs[i].stream);
		buf_add_char(sql, ')');
	}
	buf_add_char(sql, ')');
	if (!warehouse_run(warehouse, NULL, 0, reterr))
		return false;
	buf_add_text(sql, "INSERT INTO \"FIRN_RUNS\" (");
	for (unsigned i = 0; i < FIRN_RUNS.columns_n; i++) {
		buf_add_text(sql, i == 0 ? "" : ", ");
		sql_name(sql, FIRN_RUNS.columns[i].name);
	}
	buf_add_text(sql, ") VALUES ");
	for (size_t i = 0; i < commit->runs_n; i++) {
		buf_add_text(sql, i == 0 ? "" : ", ");
		state_add_run(warehouse, commit, &commit->runs[i]);
	}
	return warehouse_run(warehouse, NULL, 0, reterr);
}
