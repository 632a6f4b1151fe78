/* Merging one staging table in Snowflake: a single MERGE that reduces to the newest of each key,
 * parses JSON, and writes a row only where it is newer, or as new and different. The result's
 * cells are the rows that were inserted and updated.
 *
 * Newness with NULL: a row without a stamp replaces only one without a stamp. JSON is compared as
 * TO_JSON writes it, which sorts the keys of objects. */
#include "warehouse/snowflake.h"

#include "warehouse/warehouse_private.h"

#include <string.h>

struct merging {
	struct buf *sql;
	const struct warehouse *warehouse;
	const struct table *table;
	struct merge_job *job;
	struct written columns[WRITTEN_MAX];
	size_t columns_n;
};

static const char *newest_of(const struct table *table)
{
	if (table->newest < 0 || table->columns[table->newest].excluded)
		return NULL;
	return table->columns[table->newest].name;
}

static bool is_key(const struct table *table, const struct column *column)
{
	for (unsigned i = 0; i < table->key_n; i++) {
		if (&table->columns[table->key[i]] == column)
			return true;
	}
	return false;
}

static bool is_load_timestamp(const struct written *column)
{
	return column->column == NULL && strcmp(column->name, COLUMN_LOAD_TIMESTAMP) == 0;
}

/* The columns that an update would change. */
static bool is_compared(const struct merging *merging, size_t at)
{
	const struct written *column = &merging->columns[at];
	if (column->column == NULL)
		return !is_load_timestamp(column);
	return !column->column->keep_first && !is_key(merging->table, column->column);
}

/* --- what is merged --- */

static void add_source(struct merging *merging)
{
	const struct table *table = merging->table;
	const char *newest = newest_of(table);
	struct buf *sql = merging->sql;
	buf_add_text(sql, "(SELECT ");
	for (size_t i = 0; i < merging->columns_n; i++) {
		const struct written *column = &merging->columns[i];
		buf_add_text(sql, i == 0 ? "" : ", ");
		if (is_load_timestamp(column))
			sql_stamp(sql, merging->job->load_timestamp_us);
		else if (column->type == TYPE_JSON)
			buf_add_text(sql, "TRY_PARSE_JSON(");
		if (!is_load_timestamp(column))
			sql_column(sql, "s", column->name);
		buf_add_text(sql, column->type == TYPE_JSON ? ") AS " : " AS ");
		sql_name(sql, column->name);
	}
	buf_add_text(sql, " FROM ");
	sql_stage(sql, merging->warehouse, merging->job->stage);
	buf_add_text(sql, " AS s");
	if (!merging->job->unique) {
		buf_add_text(sql, " QUALIFY ROW_NUMBER() OVER (PARTITION BY ");
		for (unsigned i = 0; i < table->key_n; i++) {
			buf_add_text(sql, i == 0 ? "" : ", ");
			sql_column(sql, "s", table->columns[table->key[i]].name);
		}
		if (newest != NULL) {
			buf_add_text(sql, table->append ? ", " : " ORDER BY ");
			sql_column(sql, "s", newest);
		}
		if (table->append) /* of equal versions the first stays */
			buf_add_text(sql, " ORDER BY s.\"" COLUMN_SEQ "\"");
		else
			buf_addf(sql, "%s s.\"" COLUMN_SEQ "\" DESC",
				 newest != NULL ? " DESC NULLS LAST," : " ORDER BY");
		buf_add_text(sql, ") = 1");
	}
	buf_add_char(sql, ')');
}

static void add_pair(struct merging *merging, const char *column, const char *between)
{
	sql_column(merging->sql, "t", column);
	buf_add_text(merging->sql, between);
	sql_column(merging->sql, "s", column);
}

static void add_match(struct merging *merging)
{
	const struct table *table = merging->table;
	for (unsigned i = 0; i < table->key_n; i++) {
		buf_add_text(merging->sql, i == 0 ? "" : " AND ");
		add_pair(merging, table->columns[table->key[i]].name, " = ");
	}
	if (table->append && newest_of(table) != NULL) {
		buf_add_text(merging->sql, " AND ");
		add_pair(merging, newest_of(table), " IS NOT DISTINCT FROM ");
	}
}

/* --- what is written --- */

static bool add_difference(struct merging *merging)
{
	const struct column *withheld;
	size_t at = 0;
	bool first = true;
	for (size_t i = 0; i < merging->columns_n; i++) {
		const struct written *column = &merging->columns[i];
		if (!is_compared(merging, i))
			continue;
		buf_add_text(merging->sql, first ? "" : " OR ");
		if (column->type == TYPE_JSON) {
			buf_add_text(merging->sql, "TO_JSON(");
			add_pair(merging, column->name, ") IS DISTINCT FROM TO_JSON(");
			buf_add_char(merging->sql, ')');
		} else {
			add_pair(merging, column->name, " IS DISTINCT FROM ");
		}
		first = false;
	}
	while ((withheld = warehouse_withheld(merging->warehouse, merging->table, &at)) != NULL) {
		buf_add_text(merging->sql, first ? "" : " OR ");
		sql_column(merging->sql, "t", withheld->name);
		buf_add_text(merging->sql, " IS NOT NULL");
		first = false;
	}
	return !first;
}

/* " AND (newer OR as new AND different)" */
static void add_when(struct merging *merging)
{
	const struct table *table = merging->table;
	const char *newest = newest_of(table);
	struct buf *sql = merging->sql;
	if (newest == NULL) {
		buf_add_text(sql, " AND (");
		(void)add_difference(merging);
		buf_add_char(sql, ')');
		return;
	}
	/* A stamp that keeps its first value does not make a difference by itself. */
	bool by_itself = !table->columns[table->newest].keep_first;
	buf_add_text(sql, " AND (");
	if (by_itself) {
		sql_column(sql, "t", newest);
		buf_add_text(sql, " IS NULL AND ");
		sql_column(sql, "s", newest);
		buf_add_text(sql, " IS NOT NULL OR ");
		add_pair(merging, newest, " < ");
		buf_add_text(sql, " OR ");
		add_pair(merging, newest, " IS NOT DISTINCT FROM ");
	} else {
		buf_add_char(sql, '(');
		add_pair(merging, newest, " <= ");
		buf_add_text(sql, " OR ");
		sql_column(sql, "t", newest);
		buf_add_text(sql, " IS NULL)");
	}
	buf_add_text(sql, " AND (");
	(void)add_difference(merging);
	buf_add_text(sql, "))");
}

static bool updates(const struct merging *merging)
{
	size_t at = 0;
	if (!merging->table->append &&
	    warehouse_withheld(merging->warehouse, merging->table, &at) != NULL)
		return true;
	for (size_t i = 0; i < merging->columns_n && !merging->table->append; i++) {
		if (is_compared(merging, i))
			return true;
	}
	return false;
}

static void add_update(struct merging *merging)
{
	const struct column *withheld;
	size_t at = 0;
	bool first = true;
	buf_add_text(merging->sql, " WHEN MATCHED");
	add_when(merging);
	buf_add_text(merging->sql, " THEN UPDATE SET ");
	for (size_t i = 0; i < merging->columns_n; i++) {
		if (!is_compared(merging, i) && !is_load_timestamp(&merging->columns[i]))
			continue;
		buf_add_text(merging->sql, first ? "" : ", ");
		sql_column(merging->sql, "t", merging->columns[i].name);
		buf_add_text(merging->sql, " = ");
		sql_column(merging->sql, "s", merging->columns[i].name);
		first = false;
	}
	while ((withheld = warehouse_withheld(merging->warehouse, merging->table, &at)) != NULL) {
		buf_add_text(merging->sql, first ? "" : ", ");
		sql_column(merging->sql, "t", withheld->name);
		buf_add_text(merging->sql, " = NULL");
		first = false;
	}
}

static void add_insert(struct merging *merging)
{
	buf_add_text(merging->sql, " WHEN NOT MATCHED THEN INSERT (");
	for (size_t i = 0; i < merging->columns_n; i++) {
		buf_add_text(merging->sql, i == 0 ? "" : ", ");
		sql_name(merging->sql, merging->columns[i].name);
	}
	buf_add_text(merging->sql, ") VALUES (");
	for (size_t i = 0; i < merging->columns_n; i++) {
		buf_add_text(merging->sql, i == 0 ? "" : ", ");
		sql_column(merging->sql, "s", merging->columns[i].name);
	}
	buf_add_char(merging->sql, ')');
}

bool snowflake_merge(struct warehouse *warehouse, struct merge_job *job, struct err *reterr)
{
	struct merging merging = {
		.sql = &warehouse->sql, .warehouse = warehouse, .table = job->table, .job = job,
	};
	int64_t counts[2] = {0, 0};
	merging.columns_n = table_written(job->table, merging.columns);
	bool update = updates(&merging);
	buf_add_text(merging.sql, "MERGE INTO ");
	sql_name(merging.sql, job->table->name);
	buf_add_text(merging.sql, " AS t USING ");
	add_source(&merging);
	buf_add_text(merging.sql, " AS s ON ");
	add_match(&merging);
	if (update)
		add_update(&merging);
	add_insert(&merging);
	if (!warehouse_run(warehouse, counts, update ? 2 : 1, reterr))
		return false;
	job->inserted = counts[0];
	job->updated = counts[1];
	return true;
}

/* --- rows that are refused --- */

bool snowflake_unfit(struct buf *sql, const struct table *table)
{
	struct written columns[WRITTEN_MAX];
	size_t n = table_written(table, columns);
	bool first = true;
	for (size_t i = 0; i < n; i++) {
		if (columns[i].type != TYPE_JSON)
			continue;
		buf_add_text(sql, first ? "(" : " OR ");
		sql_column(sql, "s", columns[i].name);
		buf_add_text(sql, " IS NOT NULL AND TRY_PARSE_JSON(");
		sql_column(sql, "s", columns[i].name);
		buf_add_text(sql, ") IS NULL");
		first = false;
	}
	buf_add_text(sql, first ? "" : ")");
	return !first;
}

void snowflake_record(struct buf *sql, const struct dialect *dialect, const struct table *table)
{
	struct written columns[WRITTEN_MAX];
	size_t n = table_written(table, columns);
	bool first = true;
	buf_add_text(sql, "TO_JSON(OBJECT_CONSTRUCT_KEEP_NULL(");
	for (size_t i = 0; i < n; i++) {
		if (is_load_timestamp(&columns[i]) ||
		    (columns[i].column != NULL && columns[i].column->hashed))
			continue;
		buf_add_text(sql, first ? "" : ", ");
		sql_text(sql, dialect, span_of(columns[i].name));
		buf_add_text(sql, ", ");
		if (columns[i].type == TYPE_JSON) {
			buf_add_text(sql, "COALESCE(TRY_PARSE_JSON(");
			sql_column(sql, "s", columns[i].name);
			buf_add_text(sql, "), TO_VARIANT(");
			sql_column(sql, "s", columns[i].name);
			buf_add_text(sql, "))");
		} else {
			sql_column(sql, "s", columns[i].name);
		}
		first = false;
	}
	buf_add_text(sql, "))");
}
