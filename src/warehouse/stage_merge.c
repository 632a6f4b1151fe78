/* Staging and the one transaction. Whatever warehouse: rows go into a staging table while
 * autocommit is on, the transaction holds DML only, and what it does not commit it rolls back,
 * staging included. Each table is merged by the dialect's own way (struct merge_job). */
#include "warehouse/warehouse_private.h"

#include "base/bounds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* --- staging --- */

struct stage *stage_of(struct warehouse *warehouse, const struct table *table)
{
	for (size_t i = 0; i < warehouse->stages_n; i++) {
		if (warehouse->stages[i].table == table)
			return &warehouse->stages[i];
	}
	return NULL;
}

void sql_stage(struct buf *sql, const struct warehouse *warehouse, const char *stage)
{
	if (warehouse->staging_schema != NULL) {
		sql_name(sql, warehouse->staging_schema);
		buf_add_char(sql, '.');
	}
	sql_name(sql, stage);
}

/* A driver's ingest makes its own objects in the current schema, which is therefore the staging
 * one while rows are staged. */
static bool use_schema(struct warehouse *warehouse, bool staging, struct err *reterr)
{
	struct buf sql;
	if (warehouse->staging_schema == NULL || warehouse->in_staging == staging)
		return true;
	buf_init(&sql, SQL_BYTES_MAX);
	buf_add_text(&sql, "USE SCHEMA ");
	sql_name(&sql, staging ? warehouse->staging_schema : warehouse->schema);
	bool done = buf_ok(&sql, reterr) && warehouse_run_text(warehouse, buf_text(&sql), reterr);
	buf_done(&sql);
	if (done)
		warehouse->in_staging = staging;
	return done;
}

static bool make_stage(struct warehouse *warehouse, struct stage *stage, struct err *reterr)
{
	snprintf(stage->name, sizeof stage->name, "_FIRN_STAGE_%s%u", warehouse->session,
		 ++warehouse->stage_serial);
	sql_create_stage(&warehouse->sql, warehouse->dialect, stage->table, stage->name);
	return use_schema(warehouse, true, reterr) && warehouse_run(warehouse, NULL, 0, reterr);
}

static struct stage *begin_stage(struct warehouse *warehouse, const struct table *table,
				 struct err *reterr)
{
	if (warehouse->stages_n == warehouse->stages_room) {
		size_t room = warehouse->stages_room * 2 + 8;
		struct stage *more = realloc(warehouse->stages, room * sizeof *more);
		if (more == NULL) {
			err_memory(reterr);
			return NULL;
		}
		warehouse->stages = more;
		warehouse->stages_room = room;
	}
	struct stage *stage = &warehouse->stages[warehouse->stages_n];
	*stage = (struct stage){.table = table};
	if (!make_stage(warehouse, stage, reterr))
		return NULL;
	warehouse->stages_n++;
	return stage;
}

struct stage *stage_open(struct warehouse *warehouse, const struct table *table,
			 struct err *reterr)
{
	struct stage *stage = stage_of(warehouse, table);
	return stage != NULL ? stage : begin_stage(warehouse, table, reterr);
}

/* One that cannot be dropped goes with the connection; the next has another name. */
static bool drop_stage(struct warehouse *warehouse, const struct stage *stage, struct err *reterr)
{
	buf_add_text(&warehouse->sql, "DROP TABLE IF EXISTS ");
	sql_stage(&warehouse->sql, warehouse, stage->name);
	return warehouse_run(warehouse, NULL, 0, reterr);
}

/* What is there: all that was sent, and how many of them do not fit. Where rows can be lost on
 * their way, that may pass. */
static bool count_stage(struct warehouse *warehouse, struct stage *stage, struct err *reterr)
{
	int64_t found[3] = {0, 0, 0};
	struct buf unfit;
	buf_init(&unfit, SQL_BYTES_MAX);
	bool counts = warehouse->dialect->counts_ingests;
	bool looks = warehouse->dialect->unfit != NULL &&
		     warehouse->dialect->unfit(&unfit, stage->table);
	buf_add_text(&warehouse->sql, "SELECT COUNT(*)");
	if (counts)
		buf_add_text(&warehouse->sql, ", MAX(\"" COLUMN_SEQ "\")");
	if (looks)
		buf_addf(&warehouse->sql, ", COUNT_IF(%s)", buf_text(&unfit));
	buf_add_text(&warehouse->sql, " FROM ");
	sql_stage(&warehouse->sql, warehouse, stage->name);
	buf_add_text(&warehouse->sql, " AS s");
	bool done = buf_ok(&unfit, reterr) &&
		    warehouse_run(warehouse, found, 1U + counts + looks, reterr);
	buf_done(&unfit);
	if (done && found[0] != stage->rows)
		return err_set(reterr, counts ? ERR_TRANSIENT : ERR_REMOTE,
			       "table %s: %" PRId64 " rows were sent to be staged, and %" PRId64
			       " are there", stage->table->name, stage->rows, found[0]);
	if (!done)
		return false;
	stage->counted = found[0];
	stage->seq_last = counts ? found[1] : 0;
	stage->unfit = looks ? found[1 + counts] : 0;
	return true;
}

/* Another one takes its place, with what was counted. A COPY whose answer was lost may still be
 * under way into the old one, which is therefore not used again; its rows have later numbers. */
static bool renew_stage(struct warehouse *warehouse, struct stage *stage, struct err *reterr)
{
	struct stage renewed = {.table = stage->table, .rows = stage->rows};
	struct err ignored = {.kind = ERR_NONE};
	if (stage->rows != stage->counted)
		return err_set(reterr, ERR_REMOTE, "table %s: what is staged was not counted",
			       stage->table->name);
	if (!make_stage(warehouse, &renewed, reterr))
		return false;
	if (stage->rows > 0) {
		buf_add_text(&warehouse->sql, "INSERT INTO ");
		sql_stage(&warehouse->sql, warehouse, renewed.name);
		buf_add_text(&warehouse->sql, " SELECT * FROM ");
		sql_stage(&warehouse->sql, warehouse, stage->name);
		buf_add_text(&warehouse->sql, " WHERE \"" COLUMN_SEQ "\" <= ");
		sql_int(&warehouse->sql, stage->seq_last);
		if (!warehouse_run(warehouse, NULL, 0, reterr) ||
		    !count_stage(warehouse, &renewed, reterr))
			return false;
	}
	(void)drop_stage(warehouse, stage, &ignored);
	*stage = renewed;
	return true;
}

/* A batch of which the driver lost rows must not be committed. Only here its rows are still at
 * hand, so that it is counted here. */
static bool put(struct warehouse *warehouse, struct stage *stage, struct ArrowSchema *schema,
		struct ArrowArray *rows, int64_t n, struct err *reterr)
{
	int64_t taken;
	bool counts = warehouse->dialect->counts_ingests;
	stage->torn = counts;
	if (!adbc_ingest(warehouse->adbc, stage->name, warehouse->dialect->ingest, schema, rows,
			 &taken, reterr))
		return err_at(reterr, "cannot stage rows of %s", stage->table->name);
	if (taken >= 0 && taken != n)
		return err_set(reterr, counts ? ERR_TRANSIENT : ERR_REMOTE, "table %s: %" PRId64
			       " rows were sent to be staged, and the driver took %" PRId64,
			       stage->table->name, n, taken);
	stage->rows += n;
	if (counts && !count_stage(warehouse, stage, reterr)) {
		stage->rows -= n;
		return false;
	}
	stage->torn = false;
	return true;
}

bool warehouse_stage(struct warehouse *warehouse, const struct table *table,
		     struct ArrowSchema *schema, struct ArrowArray *rows, struct err *reterr)
{
	int64_t n = adbc_array_rows(rows);
	struct stage *stage = stage_of(warehouse, table);
	bool ready = n > 0;
	if (ready && stage == NULL) {
		stage = begin_stage(warehouse, table, reterr);
		ready = stage != NULL;
	} else if (ready && stage->torn) {
		ready = renew_stage(warehouse, stage, reterr);
	}
	if (!ready || !use_schema(warehouse, true, reterr)) {
		adbc_drop_rows(schema, rows);
		return n == 0;
	}
	return put(warehouse, stage, schema, rows, n, reterr);
}

static bool drop_stages(struct warehouse *warehouse, struct err *reterr)
{
	bool done = true;
	for (size_t i = 0; i < warehouse->stages_n; i++) {
		if (!drop_stage(warehouse, &warehouse->stages[i], reterr))
			done = false;
	}
	warehouse->stages_n = 0;
	return done;
}

bool warehouse_unstage(struct warehouse *warehouse, struct err *reterr)
{
	return drop_stages(warehouse, reterr);
}

/* --- merging one table --- */

bool stage_merge(struct warehouse *warehouse, const struct stage *stage,
		 const struct commit *commit, struct table_merge *merge, struct err *reterr)
{
	struct merge_job job = {
		.table = stage->table,
		.stage = stage->name,
		.unique = merge->unique,
		.load_timestamp_us = commit->load_timestamp_us,
	};
	if (!warehouse->dialect->merge(warehouse, &job, reterr))
		return false;
	merge->inserted = job.inserted;
	merge->updated = job.updated;
	return true;
}

static bool check_stage(struct warehouse *warehouse, struct stage *stage,
			const struct table_merge *merge, struct err *reterr)
{
	if (stage->torn || stage->rows != merge->rows_staged)
		return err_set(reterr, ERR_REMOTE, "table %s: %" PRId64 " rows should be staged,"
			       " and %" PRId64 " were sent", merge->table->name,
			       merge->rows_staged, stage->rows);
	if (stage->counted != stage->rows && !count_stage(warehouse, stage, reterr))
		return false;
	return stage->unfit <= REFUSED_ROWS_MAX ||
	       err_set(reterr, ERR_REMOTE, "table %s: %" PRId64 " rows hold what is no JSON",
		       merge->table->name, stage->unfit);
}

/* Every staged row belongs to the commit, and all that it counts on is staged. */
static bool check_staged(struct warehouse *warehouse, const struct commit *commit,
			 struct err *reterr)
{
	size_t found = 0;
	for (size_t i = 0; i < commit->merges_n; i++) {
		const struct table_merge *merge = &commit->merges[i];
		struct stage *stage = stage_of(warehouse, merge->table);
		if (stage == NULL && merge->rows_staged > 0)
			return err_set(reterr, ERR_REMOTE, "table %s: %" PRId64 " rows should be"
				       " staged, and none is", merge->table->name,
				       merge->rows_staged);
		if (stage == NULL)
			continue;
		found++;
		if (!check_stage(warehouse, stage, merge, reterr))
			return false;
	}
	return found == warehouse->stages_n ||
	       err_set(reterr, ERR_REMOTE, "rows are staged that this commit does not name");
}

/* --- the transaction --- */

/* `at`: the merge that failed, merges_n where it was something else. */
static bool merge_all(struct warehouse *warehouse, struct commit *commit,
		      const struct refusals *refused, size_t *at, struct err *reterr)
{
	for (*at = 0; *at < commit->merges_n; (*at)++) {
		struct table_merge *merge = &commit->merges[*at];
		const struct stage *stage = stage_of(warehouse, merge->table);
		if (stage == NULL)
			continue;
		merge->refused += stage->unfit;
		if (!refusals_set_unfit_aside(warehouse, commit, *at, stage, reterr) ||
		    !refusals_set_aside(warehouse, commit, *at, refused, reterr) ||
		    !stage_merge(warehouse, stage, commit, merge, reterr))
			return err_at(reterr, "cannot merge into %s", merge->table->name);
	}
	return true;
}

static void count_runs(struct commit *commit, int64_t sign)
{
	for (size_t i = 0; i < commit->merges_n; i++) {
		const struct table_merge *merge = &commit->merges[i];
		if (commit->count_into == NULL || commit->count_into[i] < 0)
			continue;
		struct run_row *run = &commit->runs[commit->count_into[i]];
		run->rows_inserted += sign * merge->inserted;
		run->rows_updated += sign * merge->updated;
		run->rows_rejected += sign * merge->refused;
	}
}

/* A connection that breaks at COMMIT does not say whether that happened: the warehouse is asked.
 * Where that cannot be known, the next load asks, for the local copy stays unsettled. */
static bool end_transaction(struct warehouse *warehouse, const struct commit *commit,
			    struct err *reterr)
{
	struct err ignored = {.kind = ERR_NONE};
	bool happened = false;
	if (adbc_commit(warehouse->adbc, reterr))
		return true;
	if (reterr->kind != ERR_TRANSIENT)
		return false;
	if (commit->moves_n == 0 || !state_is_written(warehouse, commit, &happened, &ignored))
		return err_at(reterr, "whether the commit happened is not known, the next load"
			      " asks");
	return happened;
}

static bool write_state(struct warehouse *warehouse, struct commit *commit, struct err *reterr)
{
	count_runs(commit, 1);
	const struct dialect *dialect = warehouse->dialect;
	bool done = dialect->write_windows(warehouse, commit, reterr) &&
		    dialect->write_moves(warehouse, commit, reterr) &&
		    dialect->write_runs(warehouse, commit, reterr) &&
		    end_transaction(warehouse, commit, reterr);
	if (!done)
		count_runs(commit, -1);
	return done;
}

static void clear_counts(struct commit *commit)
{
	for (size_t i = 0; i < commit->merges_n; i++) {
		commit->merges[i].inserted = 0;
		commit->merges[i].updated = 0;
		commit->merges[i].refused = 0;
	}
}

static bool attempt(struct warehouse *warehouse, struct commit *commit,
		    const struct refusals *refused, size_t *at, struct err *reterr)
{
	*at = commit->merges_n;
	clear_counts(commit);
	for (size_t i = 0; i < refused->n; i++)
		commit->merges[refused->at[i].merge].refused++;
	if (!adbc_begin(warehouse->adbc, reterr))
		return false;
	bool done = merge_all(warehouse, commit, refused, at, reterr) &&
		    write_state(warehouse, commit, reterr);
	adbc_roll_back(warehouse->adbc);
	return done;
}

/* What can be mended between two attempts: rows that the warehouse refuses are found and left
 * out, a budget of memory that was too small is raised. */
static bool mend(struct warehouse *warehouse, struct commit *commit, struct refusals *refused,
		 size_t at, struct err *reterr)
{
	if (reterr->kind == ERR_MEMORY)
		return warehouse->dialect->more_memory != NULL &&
		       warehouse->dialect->more_memory(warehouse);
	if (reterr->kind == ERR_DATA && at < commit->merges_n)
		return refusals_find(warehouse, commit, at, refused, reterr);
	return false;
}

bool warehouse_commit(struct warehouse *warehouse, struct commit *commit, struct err *reterr)
{
	struct refusals refused = {.n = 0};
	struct err why = {.kind = ERR_NONE}, ignored = {.kind = ERR_NONE};
	size_t at;
	bool done = false;
	clear_counts(commit);
	if (!check_staged(warehouse, commit, reterr) || !use_schema(warehouse, false, reterr))
		return false;
	do {
		done = attempt(warehouse, commit, &refused, &at, &why);
	} while (!done && mend(warehouse, commit, &refused, at, &why));
	refusals_done(&refused);
	if (warehouse->dialect->usual_memory != NULL)
		warehouse->dialect->usual_memory(warehouse);
	if (!done) {
		clear_counts(commit);
		*reterr = why;
		return false;
	}
	/* It is committed: a staging table that could not be dropped goes with the connection. */
	return drop_stages(warehouse, &ignored) || true;
}
