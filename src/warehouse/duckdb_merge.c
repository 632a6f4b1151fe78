/* Merging one table in DuckDB, by row numbers and in this order:
 *
 *   1. of equal keys in the staging table all but the newest go
 *   2. _FIRN_MATCH: target row, staged row, and whether the staged one may replace it. Of the
 *      target only the key and the column of newness are read.
 *   3. _FIRN_DIFF: those that are newer, and of those as new the ones that differ. Rows are
 *      compared by a hash of their columns: a row that came again with its old stamp and another
 *      content is missed where two texts have one hash, once in 18,000,000,000,000,000,000.
 *   4. the old versions of what differs are deleted, and all that is new or newer is inserted,
 *      without another look at the target where nothing was matched
 *
 * DuckDB's own MERGE was rejected by measurement (bench/README.md): it joins whole rows, so that
 * a load of new rows takes twice the CPU, one of known rows three to five times as much.
 * In-place UPDATE keeps every changed cell in memory until the commit. It is the way for tables
 * whose rows hold something that is not staged: columns that keep their first value, columns that
 * the user added, and keys that are unique by an index (DuckDB finds a key that was deleted in
 * the same transaction still taken).
 *
 * Newness with NULL: a row without a stamp replaces only one without a stamp. */
#include "warehouse/duckdb.h"

#include "warehouse/warehouse_private.h"

#include <inttypes.h>
#include <string.h>

#define MATCH "\"_FIRN_MATCH\""
#define DIFF "\"_FIRN_DIFF\""

struct merging {
	struct warehouse *warehouse;
	struct buf *sql;
	const struct table *table;
	struct merge_job *job;
	struct written columns[WRITTEN_MAX];
	size_t columns_n;
	/* what was found */
	int64_t staged;            /* rows that are to be merged */
	int64_t matched;           /* staged rows whose key is in the target */
	int64_t equal;             /* pairs as new as each other */
	int64_t first, last;       /* of their target rows */
	int64_t differing;         /* staged rows that are to replace something */
	int64_t replaced;          /* target rows that they replace */
};

static void add_stage(struct merging *merging)
{
	sql_name(merging->sql, merging->job->stage);
}

static void add_target(struct merging *merging)
{
	sql_name(merging->sql, merging->table->name);
}

static bool run(struct merging *merging, int64_t *ret, size_t n, struct err *reterr)
{
	return warehouse_run(merging->warehouse, ret, n, reterr);
}

static bool run_text(struct merging *merging, const char *text, struct err *reterr)
{
	return warehouse_run_text(merging->warehouse, text, reterr);
}

/* NULL: the one read last wins, also where the stamp is excluded and so not staged. */
static const char *newest_of(const struct table *table)
{
	if (table->newest < 0 || table->columns[table->newest].excluded)
		return NULL;
	return table->columns[table->newest].name;
}

/* --- 1. the newest of each key --- */

static void add_key(struct merging *merging)
{
	const struct table *table = merging->table;
	for (unsigned i = 0; i < table->key_n; i++) {
		buf_add_text(merging->sql, i == 0 ? "" : ", ");
		sql_name(merging->sql, table->columns[table->key[i]].name);
	}
	if (table->append && newest_of(table) != NULL) {
		buf_add_text(merging->sql, ", ");
		sql_name(merging->sql, newest_of(table));
	}
}

static bool has_doubles(struct merging *merging, bool *ret, struct err *reterr)
{
	int64_t doubles;
	buf_add_text(merging->sql, "SELECT COUNT(*) FROM (SELECT 1 FROM ");
	add_stage(merging);
	buf_add_text(merging->sql, " GROUP BY ");
	add_key(merging);
	buf_add_text(merging->sql, " HAVING COUNT(*) > 1)");
	if (!run(merging, &doubles, 1, reterr))
		return false;
	*ret = doubles > 0;
	return true;
}

/* Where versions are kept, the first of equal ones stays, as it would in two commits. */
static bool reduce(struct merging *merging, struct err *reterr)
{
	const char *newest = newest_of(merging->table);
	int64_t dropped;
	bool doubles;
	if (merging->job->unique)
		return true;
	if (!has_doubles(merging, &doubles, reterr))
		return false;
	if (!doubles)
		return true;
	buf_add_text(merging->sql, "DELETE FROM ");
	add_stage(merging);
	buf_add_text(merging->sql, " WHERE rowid IN (SELECT r FROM (SELECT rowid AS r,"
				   " ROW_NUMBER() OVER (PARTITION BY ");
	add_key(merging);
	buf_add_text(merging->sql, " ORDER BY ");
	if (merging->table->append) {
		buf_add_text(merging->sql, "\"" COLUMN_SEQ "\", rowid");
	} else {
		if (newest != NULL) {
			sql_name(merging->sql, newest);
			buf_add_text(merging->sql, " DESC NULLS LAST, ");
		}
		buf_add_text(merging->sql, "\"" COLUMN_SEQ "\" DESC, rowid DESC");
	}
	buf_add_text(merging->sql, ") AS n FROM ");
	add_stage(merging);
	buf_add_text(merging->sql, ") WHERE n > 1)");
	if (!run(merging, &dropped, 1, reterr))
		return false;
	merging->staged -= dropped;
	return true;
}

/* --- 2. what is there already --- */

/* 2: newer; 1: as new, or there is no stamp; 0: older. */
static void add_newness(struct merging *merging)
{
	const struct table *table = merging->table;
	const char *newest = newest_of(table);
	if (newest == NULL || table->append) {
		buf_add_text(merging->sql, "1");
		return;
	}
	buf_add_text(merging->sql, "CASE WHEN ");
	sql_column(merging->sql, "s", newest);
	buf_add_text(merging->sql, " IS NOT DISTINCT FROM ");
	sql_column(merging->sql, "t", newest);
	buf_add_text(merging->sql, " THEN 1 WHEN ");
	sql_column(merging->sql, "s", newest);
	buf_add_text(merging->sql, " > ");
	sql_column(merging->sql, "t", newest);
	buf_add_text(merging->sql, " OR ");
	sql_column(merging->sql, "t", newest);
	/* A stamp that keeps its first value does not make a difference by itself. */
	buf_addf(merging->sql, " IS NULL THEN %d ELSE 0 END",
		 table->columns[table->newest].keep_first ? 1 : 2);
}

static void add_same(struct merging *merging, const char *column, const char *equals)
{
	sql_column(merging->sql, "t", column);
	buf_add_text(merging->sql, equals);
	sql_column(merging->sql, "s", column);
}

static bool match(struct merging *merging, struct err *reterr)
{
	const struct table *table = merging->table;
	int64_t found[4];
	buf_add_text(merging->sql, "CREATE TEMP TABLE " MATCH " AS SELECT t.rowid AS r,"
				   " s.rowid AS q, ");
	add_newness(merging);
	buf_add_text(merging->sql, " AS w FROM ");
	add_target(merging);
	buf_add_text(merging->sql, " AS t JOIN ");
	add_stage(merging);
	buf_add_text(merging->sql, " AS s ON ");
	for (unsigned i = 0; i < table->key_n; i++) {
		buf_add_text(merging->sql, i == 0 ? "" : " AND ");
		add_same(merging, table->columns[table->key[i]].name, " = ");
	}
	if (table->append && newest_of(table) != NULL) {
		buf_add_text(merging->sql, " AND ");
		add_same(merging, newest_of(table), " IS NOT DISTINCT FROM ");
	}
	if (!run(merging, NULL, 0, reterr))
		return false;
	buf_add_text(merging->sql, "SELECT COUNT(DISTINCT q), COUNT(*) FILTER (WHERE w = 1),"
				   " MIN(r) FILTER (WHERE w = 1), MAX(r) FILTER (WHERE w = 1)"
				   " FROM " MATCH);
	if (!run(merging, found, 4, reterr))
		return false;
	merging->matched = found[0];
	merging->equal = found[1];
	merging->first = found[2];
	merging->last = found[3];
	return true;
}

/* --- 3. what differs --- */

static bool is_key(const struct table *table, const struct column *column)
{
	for (unsigned i = 0; i < table->key_n; i++) {
		if (&table->columns[table->key[i]] == column)
			return true;
	}
	return false;
}

/* The columns that an update would change. */
static bool is_compared(const struct merging *merging, size_t at)
{
	const struct written *column = &merging->columns[at];
	if (column->column == NULL)
		return strcmp(column->name, COLUMN_LOAD_TIMESTAMP) != 0;
	return !column->column->keep_first && !is_key(merging->table, column->column);
}

static bool compares(const struct merging *merging)
{
	size_t at = 0;
	if (warehouse_withheld(merging->warehouse, merging->table, &at) != NULL)
		return true;
	for (size_t i = 0; i < merging->columns_n; i++) {
		if (is_compared(merging, i))
			return true;
	}
	return false;
}

/* JSON is compared as the text that it is: the staging table has it as text. A withheld column is
 * to be NULL. */
static void add_hash(struct merging *merging, bool staged)
{
	const struct column *withheld;
	size_t at = 0;
	bool first = true;
	buf_add_text(merging->sql, "hash(");
	for (size_t i = 0; i < merging->columns_n; i++) {
		if (!is_compared(merging, i))
			continue;
		buf_add_text(merging->sql, first ? "" : ", ");
		sql_name(merging->sql, merging->columns[i].name);
		if (merging->columns[i].type == TYPE_JSON)
			buf_add_text(merging->sql, "::VARCHAR");
		first = false;
	}
	while ((withheld = warehouse_withheld(merging->warehouse, merging->table, &at)) != NULL) {
		buf_add_text(merging->sql, first ? "" : ", ");
		if (staged)
			buf_add_text(merging->sql, "NULL");
		else
			sql_name(merging->sql, withheld->name);
		first = false;
	}
	buf_add_char(merging->sql, ')');
}

/* Rows that came one after the other lie one after the other: a range of the target holds them and
 * little else, and reading it whole is cheaper than picking. */
static bool is_dense(const struct merging *merging)
{
	return merging->equal >= (merging->last - merging->first + 1) / 4;
}

static bool find_differing(struct merging *merging, struct err *reterr)
{
	int64_t found[2];
	buf_add_text(merging->sql, "CREATE TEMP TABLE " DIFF " AS SELECT r, q FROM " MATCH
				   " WHERE w = 2");
	if (merging->equal > 0 && compares(merging)) {
		buf_add_text(merging->sql, " UNION ALL SELECT m.r, m.q FROM " MATCH " AS m"
					   " JOIN (SELECT rowid AS q, ");
		add_hash(merging, true);
		buf_add_text(merging->sql, " AS h FROM ");
		add_stage(merging);
		buf_add_text(merging->sql, ") AS s ON s.q = m.q JOIN (SELECT rowid AS r, ");
		add_hash(merging, false);
		buf_add_text(merging->sql, " AS h FROM ");
		add_target(merging);
		buf_addf(merging->sql, " WHERE rowid BETWEEN %" PRId64 " AND %" PRId64 "%s) AS t"
			 " ON t.r = m.r WHERE m.w = 1 AND s.h <> t.h", merging->first,
			 merging->last, is_dense(merging) ? "" :
			 " AND rowid IN (SELECT r FROM " MATCH " WHERE w = 1)");
	}
	if (!run(merging, NULL, 0, reterr))
		return false;
	buf_add_text(merging->sql, "SELECT COUNT(DISTINCT q), COUNT(*) FROM " DIFF);
	if (!run(merging, found, 2, reterr))
		return false;
	merging->differing = found[0];
	merging->replaced = found[1];
	return true;
}

/* --- 4. writing --- */

static bool count_wrong(const char *what, int64_t is, int64_t should, struct err *reterr)
{
	return err_set(reterr, ERR_REMOTE, "%" PRId64 " rows were %s, and %" PRId64 " should be",
		       is, what, should);
}

#define UNIQUE_ONES "constraint_type IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY')"

/* True in *ret: a row of the target holds nothing but what is staged, or is to be NULL. */
static bool is_plain(struct merging *merging, bool *ret, struct err *reterr)
{
	static const char *const LISTS[] = {
		"duckdb_columns() WHERE ",
		", (SELECT COUNT(*) FROM duckdb_indexes() WHERE ",
		", (SELECT COUNT(*) FROM duckdb_constraints() WHERE " UNIQUE_ONES " AND ",
	};
	int64_t found[3], known = (int64_t)merging->columns_n;
	size_t at = 0;
	*ret = false;
	while (warehouse_withheld(merging->warehouse, merging->table, &at) != NULL)
		known++;
	for (unsigned i = 0; i < merging->table->columns_n; i++) {
		if (merging->table->columns[i].keep_first)
			return true;
	}
	buf_add_text(merging->sql, "SELECT (SELECT COUNT(*) FROM ");
	for (size_t i = 0; i < 3; i++) {
		buf_add_text(merging->sql, LISTS[i]);
		buf_add_text(merging->sql, "database_name = current_database() AND schema_name ="
					   " current_schema() AND lower(table_name) = lower(");
		sql_text(merging->sql, merging->warehouse->dialect,
			 span_of(merging->table->name));
		buf_add_text(merging->sql, "))");
	}
	if (!run(merging, found, 3, reterr))
		return false;
	*ret = found[0] == known && found[1] == 0 && found[2] == 0;
	return true;
}

static bool delete_old(struct merging *merging, struct err *reterr)
{
	int64_t deleted;
	buf_add_text(merging->sql, "DELETE FROM ");
	add_target(merging);
	buf_add_text(merging->sql, " WHERE rowid IN (SELECT r FROM " DIFF ")");
	if (!run(merging, &deleted, 1, reterr))
		return false;
	if (deleted != merging->replaced)
		return count_wrong("taken out", deleted, merging->replaced, reterr);
	merging->warehouse->replaced = true;
	return run_text(merging, "DELETE FROM " MATCH " WHERE q IN (SELECT q FROM " DIFF ")",
			reterr);
}

static void add_value(struct merging *merging, size_t at)
{
	const struct written *column = &merging->columns[at];
	if (column->column == NULL && strcmp(column->name, COLUMN_LOAD_TIMESTAMP) == 0)
		sql_stamp(merging->sql, merging->job->load_timestamp_us);
	else
		sql_column(merging->sql, "s", column->name);
	if (column->type == TYPE_JSON)
		buf_add_text(merging->sql, "::JSON");
}

static bool update_in_place(struct merging *merging, struct err *reterr)
{
	const struct column *withheld;
	size_t at = 0;
	int64_t updated;
	bool first = true;
	buf_add_text(merging->sql, "UPDATE ");
	add_target(merging);
	buf_add_text(merging->sql, " AS t SET ");
	for (size_t i = 0; i < merging->columns_n; i++) {
		const struct column *column = merging->columns[i].column;
		if (column != NULL && !is_compared(merging, i))
			continue;
		buf_add_text(merging->sql, first ? "" : ", ");
		sql_name(merging->sql, merging->columns[i].name);
		buf_add_text(merging->sql, " = ");
		add_value(merging, i);
		first = false;
	}
	while ((withheld = warehouse_withheld(merging->warehouse, merging->table, &at)) != NULL) {
		buf_add_text(merging->sql, first ? "" : ", ");
		sql_name(merging->sql, withheld->name);
		buf_add_text(merging->sql, " = NULL");
		first = false;
	}
	buf_add_text(merging->sql, " FROM " DIFF " AS d JOIN ");
	add_stage(merging);
	buf_add_text(merging->sql, " AS s ON s.rowid = d.q WHERE t.rowid = d.r");
	if (!run(merging, &updated, 1, reterr))
		return false;
	return updated == merging->replaced ||
	       count_wrong("updated", updated, merging->replaced, reterr);
}

static bool insert(struct merging *merging, int64_t rows, bool all, struct err *reterr)
{
	int64_t inserted;
	if (rows == 0)
		return true;
	buf_add_text(merging->sql, "INSERT INTO ");
	add_target(merging);
	for (size_t i = 0; i < merging->columns_n; i++) {
		buf_add_text(merging->sql, i == 0 ? " (" : ", ");
		sql_name(merging->sql, merging->columns[i].name);
	}
	buf_add_text(merging->sql, ") SELECT ");
	for (size_t i = 0; i < merging->columns_n; i++) {
		buf_add_text(merging->sql, i == 0 ? "" : ", ");
		add_value(merging, i);
	}
	buf_add_text(merging->sql, " FROM ");
	add_stage(merging);
	buf_add_text(merging->sql, " AS s");
	if (!all)
		buf_add_text(merging->sql, " ANTI JOIN " MATCH " AS m ON m.q = s.rowid");
	if (!run(merging, &inserted, 1, reterr))
		return false;
	return inserted == rows || count_wrong("inserted", inserted, rows, reterr);
}

static bool write(struct merging *merging, struct err *reterr)
{
	struct merge_job *job = merging->job;
	bool plain = true;
	job->inserted = merging->staged - merging->matched;
	job->updated = merging->differing;
	if (merging->differing == 0)
		return insert(merging, job->inserted, merging->matched == 0, reterr);
	if (!is_plain(merging, &plain, reterr))
		return false;
	if (!plain)
		return update_in_place(merging, reterr) &&
		       insert(merging, job->inserted, false, reterr);
	return delete_old(merging, reterr) &&
	       insert(merging, job->inserted + job->updated,
		      merging->differing == merging->matched, reterr);
}

bool duckdb_merge(struct warehouse *warehouse, struct merge_job *job, struct err *reterr)
{
	struct merging merging = {
		.warehouse = warehouse, .sql = &warehouse->sql, .table = job->table, .job = job,
	};
	merging.columns_n = table_written(job->table, merging.columns);
	buf_add_text(merging.sql, "SELECT COUNT(*) FROM ");
	add_stage(&merging);
	if (!run(&merging, &merging.staged, 1, reterr))
		return false;
	if (merging.staged == 0)
		return true;
	if (!reduce(&merging, reterr) || !match(&merging, reterr))
		return false;
	bool compared = merging.matched > 0 && !job->table->append;
	if (compared && !find_differing(&merging, reterr))
		return false;
	return write(&merging, reterr) &&
	       run_text(&merging, "DROP TABLE " MATCH, reterr) &&
	       (!compared || run_text(&merging, "DROP TABLE " DIFF, reterr));
}

void duckdb_record(struct buf *sql, const struct dialect *dialect, const struct table *table)
{
	struct written columns[WRITTEN_MAX];
	size_t n = table_written(table, columns);
	bool first = true;
	buf_add_text(sql, "CAST(json_object(");
	for (size_t i = 0; i < n; i++) {
		if (strcmp(columns[i].name, COLUMN_LOAD_TIMESTAMP) == 0 ||
		    (columns[i].column != NULL && columns[i].column->hashed))
			continue;
		buf_add_text(sql, first ? "" : ", ");
		sql_text(sql, dialect, span_of(columns[i].name));
		buf_add_text(sql, columns[i].type == TYPE_JSON ? ", COALESCE(TRY_CAST(" : ", ");
		sql_column(sql, "s", columns[i].name);
		if (columns[i].type == TYPE_JSON) {
			buf_add_text(sql, " AS JSON), to_json(");
			sql_column(sql, "s", columns[i].name);
			buf_add_text(sql, "))");
		}
		first = false;
	}
	buf_add_text(sql, ") AS VARCHAR)");
}
