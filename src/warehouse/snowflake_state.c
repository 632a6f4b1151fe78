/* Windows, watermarks and runs in Snowflake: one MERGE each, for a statement costs a round trip
 * and a start of the warehouse's planner, whatever it does. */
#include "warehouse/snowflake.h"

#include "warehouse/warehouse_private.h"

#include <assert.h>
#include <string.h>

/* --- windows --- */

static void add_windows(struct warehouse *warehouse, const struct commit *commit)
{
	bool first = true;
	for (size_t i = 0; i < commit->windows_n; i++) {
		const struct window_row *window = &commit->windows[i];
		assert(window->from_us <= window->until_us);
		if (state_window_is_covered(commit, i))
			continue;
		state_text(warehouse, first ? "(" : ", (", window->stream);
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
}

/* Each window comes twice: once as itself, to be written, once for the narrower ones that it
 * covers, to be taken away. */
bool snowflake_write_windows(struct warehouse *warehouse, const struct commit *commit,
			     struct err *reterr)
{
	struct buf *sql = &warehouse->sql;
	if (commit->windows_n == 0)
		return true;
	buf_add_text(sql, "MERGE INTO \"FIRN_WINDOWS\" AS t USING (SELECT v.*, k.covers FROM"
		     " (VALUES ");
	add_windows(warehouse, commit);
	buf_add_text(sql, ") AS v(s, p, f, u, l, c, a) CROSS JOIN (VALUES (FALSE), (TRUE))"
		     " AS k(covers)) AS n ON t.\"PIPELINE\" = ");
	state_text(warehouse, "", commit->pipeline);
	buf_add_text(sql, " AND t.\"STREAM\" = n.s AND t.\"PART\" = n.p"
		     " AND t.\"WINDOW_FROM\" >= n.f AND t.\"WINDOW_UNTIL\" <= n.u"
		     " AND n.covers = (t.\"WINDOW_FROM\" > n.f OR t.\"WINDOW_UNTIL\" < n.u)"
		     " WHEN MATCHED AND n.covers THEN DELETE"
		     " WHEN MATCHED THEN UPDATE SET t.\"ROWS_LOADED\" = n.l,"
		     " t.\"ROWS_COUNTED\" = n.c, t.\"COMPLETED_AT\" = n.a"
		     " WHEN NOT MATCHED AND NOT n.covers THEN INSERT (\"PIPELINE\", \"STREAM\","
		     " \"PART\", \"WINDOW_FROM\", \"WINDOW_UNTIL\", \"ROWS_LOADED\","
		     " \"ROWS_COUNTED\", \"COMPLETED_AT\") VALUES (");
	state_text(warehouse, "", commit->pipeline);
	buf_add_text(sql, ", n.s, n.p, n.f, n.u, n.l, n.c, n.a)");
	return warehouse_run(warehouse, NULL, 0, reterr);
}

/* --- watermarks --- */

/* The first that is neither as it was to be found nor as it was just written. Where there is
 * none, somebody else made just these moves. */
static bool complain(struct warehouse *warehouse, const struct commit *commit, int64_t changed,
		     struct err *reterr)
{
	for (size_t i = 0; i < commit->moves_n; i++) {
		const struct state_move *move = &commit->moves[i];
		struct state_row found;
		if (!state_find(warehouse, commit, move, &found, reterr))
			return false;
		if (found.generation != move->before_generation + 1 ||
		    found.watermark_us != move->after_us)
			return state_complain(commit, move, &found, reterr);
	}
	if (changed < (int64_t)commit->moves_n)
		return err_set(reterr, ERR_BUSY, "another firn runs pipeline '%s': it has loaded"
			       " the same in this moment", commit->pipeline);
	return err_set(reterr, ERR_BUSY, "FIRN_STATE has another number of rows for pipeline '%s'"
		       " than it has streams", commit->pipeline);
}

/* A compare-and-set of all of them: fewer rows written than there are moves says that some
 * watermark is not what it was taken for. */
bool snowflake_write_moves(struct warehouse *warehouse, const struct commit *commit,
			   struct err *reterr)
{
	struct buf *sql = &warehouse->sql;
	int64_t changed[2];
	if (commit->moves_n == 0)
		return true;
	buf_add_text(sql, "MERGE INTO \"FIRN_STATE\" AS t USING (SELECT * FROM (VALUES ");
	for (size_t i = 0; i < commit->moves_n; i++) {
		const struct state_move *move = &commit->moves[i];
		assert(move->after_us >= move->before_us && "a watermark never moves back here");
		state_text(warehouse, i == 0 ? "(" : ", (", move->stream);
		state_text(warehouse, ", ", move->part);
		state_stamp(warehouse, ", ", move->before_us);
		state_int(warehouse, ", ", move->before_generation);
		state_stamp(warehouse, ", ", move->after_us);
		buf_add_char(sql, ')');
	}
	state_text(warehouse, ") AS v(s, p, b, g, a)) AS n ON t.\"PIPELINE\" = ",
		 commit->pipeline);
	buf_add_text(sql, " AND t.\"STREAM\" = n.s AND t.\"PART\" = n.p"
		     " WHEN MATCHED AND t.\"GENERATION\" = n.g AND t.\"WATERMARK\" IS NOT"
		     " DISTINCT FROM n.b THEN UPDATE SET t.\"WATERMARK\" = n.a,"
		     " t.\"GENERATION\" = n.g + 1");
	state_int(warehouse, ", t.\"SCHEMA_VERSION\" = ", STATE_SCHEMA_VERSION);
	state_stamp(warehouse, ", t.\"UPDATED_AT\" = ", commit->load_timestamp_us);
	buf_add_text(sql, " WHEN NOT MATCHED AND n.g = 0 THEN INSERT (\"PIPELINE\", \"STREAM\","
		     " \"PART\", \"WATERMARK\", \"GENERATION\", \"SCHEMA_VERSION\","
		     " \"UPDATED_AT\") VALUES (");
	state_text(warehouse, "", commit->pipeline);
	state_int(warehouse, ", n.s, n.p, n.a, 1, ", STATE_SCHEMA_VERSION);
	state_stamp(warehouse, ", ", commit->load_timestamp_us);
	buf_add_char(sql, ')');
	if (!warehouse_run(warehouse, changed, 2, reterr))
		return false;
	return changed[0] + changed[1] == (int64_t)commit->moves_n ||
	       complain(warehouse, commit, changed[0] + changed[1], reterr);
}

/* --- runs --- */

bool snowflake_write_runs(struct warehouse *warehouse, const struct commit *commit,
			  struct err *reterr)
{
	struct buf *sql = &warehouse->sql;
	if (commit->runs_n == 0)
		return true;
	buf_add_text(sql, "MERGE INTO \"FIRN_RUNS\" AS t USING (SELECT * FROM (VALUES ");
	for (size_t i = 0; i < commit->runs_n; i++) {
		buf_add_text(sql, i == 0 ? "" : ", ");
		state_add_run(warehouse, commit, &commit->runs[i]);
	}
	buf_add_text(sql, ") AS v(");
	for (unsigned i = 0; i < FIRN_RUNS.columns_n; i++) {
		buf_add_text(sql, i == 0 ? "" : ", ");
		sql_name(sql, FIRN_RUNS.columns[i].name);
	}
	buf_add_text(sql, ")) AS n ON t.\"RUN_ID\" = n.\"RUN_ID\" AND t.\"STREAM\" = n.\"STREAM\""
			  " WHEN MATCHED THEN UPDATE SET ");
	for (unsigned i = 0; i < FIRN_RUNS.columns_n; i++) {
		buf_add_text(sql, i == 0 ? "" : ", ");
		sql_column(sql, "t", FIRN_RUNS.columns[i].name);
		buf_add_text(sql, " = ");
		sql_column(sql, "n", FIRN_RUNS.columns[i].name);
	}
	buf_add_text(sql, " WHEN NOT MATCHED THEN INSERT (");
	for (unsigned i = 0; i < FIRN_RUNS.columns_n; i++) {
		buf_add_text(sql, i == 0 ? "" : ", ");
		sql_name(sql, FIRN_RUNS.columns[i].name);
	}
	buf_add_text(sql, ") VALUES (");
	for (unsigned i = 0; i < FIRN_RUNS.columns_n; i++) {
		buf_add_text(sql, i == 0 ? "" : ", ");
		sql_column(sql, "n", FIRN_RUNS.columns[i].name);
	}
	buf_add_char(sql, ')');
	return warehouse_run(warehouse, NULL, 0, reterr);
}
