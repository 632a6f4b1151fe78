#include "warehouse/dialect.h"

#include "base/bounds.h"
#include "base/text.h"
#include "warehouse/duckdb.h"
#include "warehouse/snowflake.h"
#include "warehouse/warehouse_private.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

static const struct dialect DIALECTS[] = {
	{
		.kind = WAREHOUSE_DUCKDB,
		.name = "DuckDB",
		.types = {
			[TYPE_TEXT] = "VARCHAR", [TYPE_INT] = "BIGINT", [TYPE_FLOAT] = "DOUBLE",
			[TYPE_BOOL] = "BOOLEAN", [TYPE_TIMESTAMP] = "TIMESTAMP",
			[TYPE_JSON] = "JSON",
		},
		.names_fold = true,
		.packed = " USING COMPRESSION zstd",
		.create_stage = "CREATE TEMP TABLE ",
		.ingest = DUCKDB_INGEST,
		.row_id = "rowid",
		.sha256 = "sha256",
		.views = "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal AND"
			 " database_name = current_database() AND schema_name = current_schema()",
		.read_only_begin = "BEGIN TRANSACTION READ ONLY",
		.create_view = "",
		.seal = "SET enable_external_access = false",
		.judge = duckdb_judge,
		.open = duckdb_open,
		.closing = duckdb_closing,
		.merge = duckdb_merge,
		.write_windows = state_write_windows,
		.write_moves = state_write_moves,
		.write_runs = state_write_runs,
		.record = duckdb_record,
		.more_memory = duckdb_more_memory,
		.usual_memory = duckdb_usual_memory,
	},
	{
		.kind = WAREHOUSE_SNOWFLAKE,
		.name = "Snowflake",
		.types = { /* as information_schema calls them, which CREATE TABLE takes too */
			[TYPE_TEXT] = "TEXT", [TYPE_INT] = "NUMBER", [TYPE_FLOAT] = "FLOAT",
			[TYPE_BOOL] = "BOOLEAN", [TYPE_TIMESTAMP] = "TIMESTAMP_NTZ",
			[TYPE_JSON] = "VARIANT",
		},
		.backslash_escapes = true,
		.create_stage = "CREATE TEMPORARY TABLE ", /* gone with the session, crash or not */
		.ingest = SNOWFLAKE_INGEST,
		.counts_ingests = true,
		.row_id = "\"" COLUMN_SEQ "\"",
		.sha256 = "SHA2",
		.ddl_commits = true,
		.declares = true,
		.create_view = " COPY GRANTS",
		.views = "SELECT table_name, comment FROM information_schema.views WHERE"
			 " table_catalog = current_database() AND table_schema = current_schema()",
		.only_reads = snowflake_only_reads,
		.judge = snowflake_judge,
		.open = snowflake_open,
		.merge = snowflake_merge,
		.write_windows = snowflake_write_windows,
		.write_moves = snowflake_write_moves,
		.write_runs = snowflake_write_runs,
		.unfit = snowflake_unfit,
		.record = snowflake_record,
	},
};

const struct dialect *dialect_of(enum warehouse_kind kind)
{
	for (size_t i = 0; i < sizeof DIALECTS / sizeof DIALECTS[0]; i++) {
		if (DIALECTS[i].kind == kind)
			return &DIALECTS[i];
	}
	return NULL;
}

/* --- names and literals --- */

bool dialect_same_name(const struct dialect *dialect, const char *a, const char *b)
{
	return dialect->names_fold ? text_same_nocase(span_of(a), span_of(b)) : strcmp(a, b) == 0;
}

/* A NUL would end the statement: no name and no text of firn's has one, and a customer's is
 * cleaned of it long before. */
void sql_quote(struct buf *sql, struct span text, char quote, bool backslash)
{
	char also = backslash ? '\\' : quote;
	buf_add_char(sql, quote);
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		if (c == '\0')
			continue;
		if (c == quote || c == also)
			buf_add_char(sql, c);
		buf_add_char(sql, c);
	}
	buf_add_char(sql, quote);
}

void sql_name(struct buf *sql, const char *name)
{
	sql_quote(sql, span_of(name), '"', false);
}

void sql_column(struct buf *sql, const char *alias, const char *name)
{
	buf_add_text(sql, alias);
	buf_add_char(sql, '.');
	sql_name(sql, name);
}

void sql_text(struct buf *sql, const struct dialect *dialect, struct span text)
{
	sql_quote(sql, text, '\'', dialect->backslash_escapes);
}

void sql_text_or_null(struct buf *sql, const struct dialect *dialect, const char *text)
{
	if (text == NULL)
		buf_add_text(sql, "NULL");
	else
		sql_text(sql, dialect, span_of(text));
}

void sql_int(struct buf *sql, int64_t value)
{
	buf_addf(sql, "%" PRId64, value);
}

void sql_int_or_null(struct buf *sql, int64_t value, int64_t null)
{
	if (value == null)
		buf_add_text(sql, "NULL");
	else
		sql_int(sql, value);
}

void sql_stamp(struct buf *sql, int64_t us)
{
	if (us == STAMP_NONE) {
		buf_add_text(sql, "CAST(NULL AS TIMESTAMP)");
		return;
	}
	struct stamp_parts at = stamp_parts(us);
	buf_addf(sql, "TIMESTAMP '%04d-%02d-%02d %02d:%02d:%02d.%06d'", at.year, at.month, at.day,
		 at.hour, at.minute, at.second, at.microsecond);
}

/* --- tables --- */

size_t table_written(const struct table *table, struct written ret[WRITTEN_MAX])
{
	static_assert(COLUMNS_MAX + 2 <= WRITTEN_MAX, "every table fits");
	size_t n = 0;
	assert(table->columns_n <= COLUMNS_MAX);
	for (unsigned i = 0; i < table->columns_n; i++) {
		const struct column *column = &table->columns[i];
		if (!column->excluded)
			ret[n++] = (struct written){column->name, column->type, column->comment,
						    column};
	}
	if (table->has_extra) {
		ret[n++] = (struct written){COLUMN_EXTRA, TYPE_JSON,
			"what no other column holds, under the names of the source", NULL};
		ret[n++] = (struct written){COLUMN_LOAD_TIMESTAMP, TYPE_TIMESTAMP,
			"when firn last wrote this row, UTC", NULL};
	}
	return n;
}

static void add_definition(struct buf *sql, const struct dialect *dialect, const char *name,
			   enum type type)
{
	sql_name(sql, name);
	buf_add_char(sql, ' ');
	buf_add_text(sql, dialect->types[type]);
}

/* Declared, which is for people and for planners: no warehouse that firn loads relies on it.
 * Where versions are kept, a key comes more than once. */
static void add_primary_key(struct buf *sql, const struct table *table)
{
	if (table->append && table->newest >= 0)
		return;
	buf_add_text(sql, ", PRIMARY KEY (");
	for (unsigned i = 0; i < table->key_n; i++) {
		buf_add_text(sql, i == 0 ? "" : ", ");
		sql_name(sql, table->columns[table->key[i]].name);
	}
	buf_add_char(sql, ')');
}

static void add_comment(struct buf *sql, const struct dialect *dialect, const char *before,
			const char *comment)
{
	if (!dialect->declares || comment == NULL)
		return;
	buf_add_text(sql, before);
	sql_text(sql, dialect, span_of(comment));
}

/* Texts of which hardly two are the same: to look for those that are costs more than to pack them
 * (bench/README.md). */
static bool is_packed(const struct table *table, const struct written *column)
{
	if (column->type == TYPE_JSON)
		return true;
	return column->type == TYPE_TEXT && table->key_n == 1 && !table->append &&
	       column->column == &table->columns[table->key[0]];
}

void sql_create_table(struct buf *sql, const struct dialect *dialect, const struct table *table,
		      bool packs)
{
	struct written columns[WRITTEN_MAX];
	size_t n = table_written(table, columns);
	buf_add_text(sql, "CREATE TABLE IF NOT EXISTS ");
	sql_name(sql, table->name);
	for (size_t i = 0; i < n; i++) {
		buf_add_text(sql, i == 0 ? " (" : ", ");
		add_definition(sql, dialect, columns[i].name, columns[i].type);
		if (packs && is_packed(table, &columns[i]))
			buf_add_text(sql, dialect->packed);
		add_comment(sql, dialect, " COMMENT ", columns[i].comment);
	}
	if (dialect->declares)
		add_primary_key(sql, table);
	buf_add_char(sql, ')');
	add_comment(sql, dialect, " COMMENT = ", table->comment);
}

/* JSON is staged as text: the cast on the way out is the check that it is JSON. */
void sql_create_stage(struct buf *sql, const struct dialect *dialect, const struct table *table,
		      const char *name)
{
	struct written columns[WRITTEN_MAX];
	size_t n = table_written(table, columns);
	buf_add_text(sql, dialect->create_stage);
	sql_name(sql, name);
	buf_add_text(sql, " (");
	for (size_t i = 0; i < n; i++) {
		if (table->has_extra && i == n - 1)
			break; /* LOAD_TIMESTAMP is the commit's */
		enum type type = columns[i].type == TYPE_JSON ? TYPE_TEXT : columns[i].type;
		add_definition(sql, dialect, columns[i].name, type);
		buf_add_text(sql, ", ");
	}
	add_definition(sql, dialect, COLUMN_SEQ, TYPE_INT);
	buf_add_char(sql, ')');
}

void sql_add_column(struct buf *sql, const struct dialect *dialect, const char *table,
		    const struct written *column)
{
	buf_add_text(sql, "ALTER TABLE ");
	sql_name(sql, table);
	buf_add_text(sql, " ADD COLUMN IF NOT EXISTS ");
	add_definition(sql, dialect, column->name, column->type);
}

void sql_comment_table(struct buf *sql, const struct dialect *dialect, const struct table *table)
{
	buf_add_text(sql, "COMMENT ON TABLE ");
	sql_name(sql, table->name);
	buf_add_text(sql, " IS ");
	sql_text_or_null(sql, dialect, table->comment);
}

void sql_comment_column(struct buf *sql, const struct dialect *dialect, const char *table,
			const struct written *column)
{
	buf_add_text(sql, "COMMENT ON COLUMN ");
	sql_name(sql, table);
	buf_add_char(sql, '.');
	sql_name(sql, column->name);
	buf_add_text(sql, " IS ");
	sql_text_or_null(sql, dialect, column->comment);
}

void sql_create_view(struct buf *sql, const struct dialect *dialect, const char *name,
		     struct span select)
{
	buf_add_text(sql, "CREATE OR REPLACE VIEW ");
	sql_name(sql, name);
	buf_add_text(sql, dialect->create_view);
	buf_add_text(sql, " AS\n");
	buf_add_span(sql, select);
}

void sql_comment_view(struct buf *sql, const struct dialect *dialect, const char *name,
		      struct span comment)
{
	buf_add_text(sql, "COMMENT ON VIEW ");
	sql_name(sql, name);
	buf_add_text(sql, " IS ");
	sql_text(sql, dialect, comment);
}

static void add_folded(struct buf *sql, const struct dialect *dialect, const char *name)
{
	buf_add_text(sql, dialect->names_fold ? "lower(" : "");
	sql_text(sql, dialect, span_of(name));
	buf_add_text(sql, dialect->names_fold ? ")" : "");
}

void sql_existing_columns(struct buf *sql, const struct dialect *dialect,
			  const struct table *const *tables, size_t n)
{
	buf_add_text(sql, "SELECT c.table_name, c.column_name, c.data_type, t.table_type"
			  " FROM information_schema.columns AS c"
			  " JOIN information_schema.tables AS t ON t.table_catalog ="
			  " c.table_catalog AND t.table_schema = c.table_schema"
			  " AND t.table_name = c.table_name"
			  " WHERE c.table_catalog = current_database()"
			  " AND c.table_schema = current_schema() AND ");
	buf_add_text(sql, dialect->names_fold ? "lower(c.table_name)" : "c.table_name");
	for (size_t i = 0; i < n; i++) {
		buf_add_text(sql, i == 0 ? " IN (" : ", ");
		add_folded(sql, dialect, tables[i]->name);
	}
	buf_add_text(sql, ")");
}
