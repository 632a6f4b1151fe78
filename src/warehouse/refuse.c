/* Rows that a warehouse refuses: a constraint that somebody set on the table, a value that does
 * not convert. One such row fails the whole merge and does not say which it was. So the merge is
 * tried, and rolled back, over halves of what is staged until single rows are left; these go to
 * FIRN_REJECTED, and the rest is merged.
 *
 * Where every half is fine and only the whole is not (two rows that exclude each other), the
 * last row of the shortest beginning that fails is the one to leave out. */
#include "warehouse/warehouse_private.h"

#include "base/bounds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct range { /* [from, until) of rows in the staging table */
	int64_t from, until;
};

enum { RANGES_MAX = 2 * 64 }; /* each half is halved at most 63 times */

struct search {
	struct warehouse *warehouse;
	const struct commit *commit;
	size_t at;
	const struct stage *stage;
	struct refusals *refused;
	size_t found;
};

void refusals_done(struct refusals *refused)
{
	for (size_t i = 0; i < refused->n; i++)
		free(refused->at[i].reason);
	free(refused->at);
	*refused = (struct refusals){.n = 0};
}

static bool refuse(struct search *search, int64_t row, const char *reason, struct err *reterr)
{
	struct refusals *refused = search->refused;
	if (refused->n >= REFUSED_ROWS_MAX)
		return err_set(reterr, ERR_REMOTE, "%s refuses more than %d rows, the last for: %s",
			       search->stage->table->name, REFUSED_ROWS_MAX, reason);
	if (refused->n == refused->room) {
		size_t room = refused->room * 2 + 16;
		struct refusal *more = realloc(refused->at, room * sizeof *more);
		if (more == NULL)
			return err_memory(reterr);
		refused->at = more;
		refused->room = room;
	}
	char *copy = strdup(reason);
	if (copy == NULL)
		return err_memory(reterr);
	refused->at[refused->n++] = (struct refusal){search->at, row, copy};
	search->found++;
	return true;
}

/* --- trying --- */

static void add_refused(struct warehouse *warehouse, const struct refusals *refused, size_t at)
{
	bool first = true;
	for (size_t i = 0; i < refused->n; i++) {
		if (refused->at[i].merge != at)
			continue;
		buf_add_text(&warehouse->sql, first ? "" : ", ");
		sql_int(&warehouse->sql, refused->at[i].row);
		first = false;
	}
	if (first)
		buf_add_text(&warehouse->sql, "-1");
}

static bool leave_only(struct search *search, struct range range, struct err *reterr)
{
	struct warehouse *warehouse = search->warehouse;
	const char *row = warehouse->dialect->row_id;
	buf_add_text(&warehouse->sql, "DELETE FROM ");
	sql_stage(&warehouse->sql, warehouse, search->stage->name);
	buf_addf(&warehouse->sql, " WHERE %s < %lld OR %s >= %lld OR %s IN (", row,
		 (long long)range.from, row, (long long)range.until, row);
	add_refused(warehouse, search->refused, search->at);
	buf_add_text(&warehouse->sql, ")");
	return warehouse_run(warehouse, NULL, 0, reterr);
}

/* True: the answer is in *ret_fits, and `why` says why not. */
static bool try_range(struct search *search, struct range range, bool *ret_fits, struct err *why,
		      struct err *reterr)
{
	struct table_merge merge = search->commit->merges[search->at];
	if (!adbc_begin(search->warehouse->adbc, reterr))
		return false;
	bool done = leave_only(search, range, reterr);
	if (done) {
		*ret_fits = stage_merge(search->warehouse, search->stage, search->commit, &merge,
					why);
		if (!*ret_fits && why->kind != ERR_DATA) {
			*reterr = *why;
			done = false;
		}
	}
	adbc_roll_back(search->warehouse->adbc);
	return done;
}

/* --- searching --- */

/* The numbers that the rows have. */
static bool row_range(struct search *search, struct range *ret, struct err *reterr)
{
	struct warehouse *warehouse = search->warehouse;
	const char *row = warehouse->dialect->row_id;
	int64_t ends[2] = {0, 0};
	buf_addf(&warehouse->sql, "SELECT MIN(%s), MAX(%s) + 1 FROM ", row, row);
	sql_stage(&warehouse->sql, warehouse, search->stage->name);
	if (!warehouse_run(warehouse, ends, 2, reterr))
		return false;
	*ret = (struct range){ends[0], ends[1]};
	return true;
}

static bool halve(struct search *search, struct range all, struct err *reterr)
{
	struct range left[RANGES_MAX] = {all};
	size_t n = 1;
	while (n > 0) {
		struct range range = left[--n];
		struct err why = {.kind = ERR_NONE};
		bool fits;
		if (!try_range(search, range, &fits, &why, reterr))
			return false;
		if (fits)
			continue;
		int64_t middle = range.from + (range.until - range.from) / 2;
		if (middle == range.from) {
			if (!refuse(search, range.from, why.text, reterr))
				return false;
		} else {
			left[n++] = (struct range){middle, range.until};
			left[n++] = (struct range){range.from, middle};
		}
	}
	return true;
}

/* What is before `fits` is fine, what is before `fails` is not. */
static bool find_last(struct search *search, struct range all, struct err *reterr)
{
	int64_t fits = all.from, fails = all.until;
	struct err reason = {.kind = ERR_NONE};
	while (fails - fits > 1) {
		struct err why = {.kind = ERR_NONE};
		int64_t middle = fits + (fails - fits) / 2;
		bool good;
		if (!try_range(search, (struct range){all.from, middle}, &good, &why, reterr))
			return false;
		if (good) {
			fits = middle;
		} else {
			fails = middle;
			reason = why;
		}
	}
	return refuse(search, fits, reason.kind == ERR_NONE ? reterr->text : reason.text, reterr);
}

bool refusals_find(struct warehouse *warehouse, const struct commit *commit, size_t at,
		   struct refusals *refused, struct err *reterr)
{
	struct search search = {
		.warehouse = warehouse, .commit = commit, .at = at, .refused = refused,
		.stage = stage_of(warehouse, commit->merges[at].table),
	};
	struct err why = {.kind = ERR_NONE};
	struct range all = {0, search.stage->rows};
	bool fits = false;
	if (!row_range(&search, &all, reterr) || !halve(&search, all, reterr))
		return false;
	if (search.found > 0)
		return true;
	/* It fails as a whole, or for another reason than its rows. */
	if (!try_range(&search, all, &fits, &why, reterr))
		return false;
	return !fits && find_last(&search, all, reterr);
}

/* --- setting aside --- */

static const char *run_of(const struct commit *commit, size_t at)
{
	bool known = commit->count_into != NULL && commit->count_into[at] >= 0;
	return known ? commit->runs[commit->count_into[at]].run_id : NULL;
}

/* `which`: a condition over the staging table s. */
static bool write_rejected(struct warehouse *warehouse, const struct commit *commit, size_t at,
			   const struct stage *stage, const char *which, const char *reason,
			   struct err *reterr)
{
	const struct dialect *dialect = warehouse->dialect;
	struct buf *sql = &warehouse->sql;
	buf_add_text(sql, "INSERT INTO \"FIRN_REJECTED\" (\"PIPELINE\", \"STREAM\", \"RUN_ID\","
			  " \"RECORD_SHA256\", \"REASON\", \"RECORD\", \"REJECTED_AT\") SELECT ");
	sql_text(sql, dialect, span_of(commit->pipeline));
	buf_add_text(sql, ", ");
	sql_text(sql, dialect, span_of(stage->table->stream));
	buf_add_text(sql, ", ");
	sql_text_or_null(sql, dialect, run_of(commit, at));
	buf_addf(sql, ", %s(r.record), ", dialect->sha256);
	sql_text(sql, dialect, span_of(reason));
	buf_add_text(sql, ", r.record, ");
	sql_stamp(sql, commit->load_timestamp_us);
	buf_add_text(sql, " FROM (SELECT ");
	dialect->record(sql, dialect, stage->table);
	buf_add_text(sql, " AS record FROM ");
	sql_stage(sql, warehouse, stage->name);
	buf_addf(sql, " AS s WHERE %s) AS r WHERE NOT EXISTS (SELECT 1 FROM \"FIRN_REJECTED\" AS f"
		 " WHERE f.\"RECORD_SHA256\" = %s(r.record) AND f.\"PIPELINE\" = ", which,
		 dialect->sha256);
	sql_text(sql, dialect, span_of(commit->pipeline));
	buf_add_text(sql, " AND f.\"STREAM\" = ");
	sql_text(sql, dialect, span_of(stage->table->stream));
	buf_add_char(sql, ')');
	return warehouse_run(warehouse, NULL, 0, reterr);
}

bool refusals_set_aside(struct warehouse *warehouse, const struct commit *commit, size_t at,
			const struct refusals *refused, struct err *reterr)
{
	const struct stage *stage = stage_of(warehouse, commit->merges[at].table);
	const char *row = warehouse->dialect->row_id;
	size_t n = 0;
	for (size_t i = 0; i < refused->n; i++) {
		char which[64];
		if (refused->at[i].merge != at)
			continue;
		snprintf(which, sizeof which, "s.%s = %lld", row, (long long)refused->at[i].row);
		if (!write_rejected(warehouse, commit, at, stage, which, refused->at[i].reason,
				    reterr))
			return false;
		n++;
	}
	if (n == 0)
		return true;
	buf_add_text(&warehouse->sql, "DELETE FROM ");
	sql_stage(&warehouse->sql, warehouse, stage->name);
	buf_addf(&warehouse->sql, " WHERE %s IN (", row);
	add_refused(warehouse, refused, at);
	buf_add_char(&warehouse->sql, ')');
	return warehouse_run(warehouse, NULL, 0, reterr);
}

bool refusals_set_unfit_aside(struct warehouse *warehouse, const struct commit *commit, size_t at,
			      const struct stage *stage, struct err *reterr)
{
	struct buf which;
	if (stage->unfit == 0)
		return true;
	buf_init(&which, SQL_BYTES_MAX);
	bool done = warehouse->dialect->unfit(&which, stage->table) && buf_ok(&which, reterr) &&
		    write_rejected(warehouse, commit, at, stage, buf_text(&which),
				   "what should be JSON is none for the warehouse", reterr);
	if (done) {
		buf_add_text(&warehouse->sql, "DELETE FROM ");
		sql_stage(&warehouse->sql, warehouse, stage->name);
		buf_addf(&warehouse->sql, " AS s WHERE %s", buf_text(&which));
		done = warehouse_run(warehouse, NULL, 0, reterr);
	}
	buf_done(&which);
	return done;
}
