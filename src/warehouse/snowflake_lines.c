/* Landed lines in a temporary table, LINE, FILE_NAME and ROW_NUMBER, as typed rows: the rules of
 * shape/landed.h in Snowflake's SQL.
 *
 * Three queries, one in the other: l parses the line, v makes a value of each member ("_FIRN_DOC"
 * stays beside them, so that what did not fit is known), and the outer one keeps the rest in
 * EXTRA. A parse with 'd' lets the last of two members of one name win. */
#include "warehouse/snowflake.h"

#include "base/clock.h"
#include "warehouse/copy.h"
#include "warehouse/warehouse_private.h"

#include <string.h>

/* In both: "T" or a blank, seconds and their digits if any, and a zone. */
static const char TIME_FORM[] = "'[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}"
				"(:[0-9]{2}([.][0-9]+)?)?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)'";

static bool is_own(const struct written *column)
{
	return column->column != NULL;
}

static void add_member(struct buf *sql, const char *alias, const char *name)
{
	buf_addf(sql, "%s.\"_FIRN_DOC\":", alias);
	sql_name(sql, name);
}

static void add_member_text(struct buf *sql, const char *name)
{
	add_member(sql, "l", name);
	buf_add_text(sql, "::VARCHAR");
}

static void add_typed(struct buf *sql, const char *name, const char *types)
{
	buf_add_text(sql, "IFF(TYPEOF(");
	add_member(sql, "l", name);
	buf_addf(sql, ") IN (%s)", types);
}

/* A member as its column's type, NULL where it is null, absent or does not fit. */
static void add_value(struct buf *sql, const struct written *column)
{
	const char *name = column->name;
	switch (column->type) {
	case TYPE_TEXT:
		add_typed(sql, name, "'VARCHAR', 'INTEGER', 'DECIMAL', 'DOUBLE'");
		buf_add_text(sql, ", ");
		add_member_text(sql, name);
		break;
	case TYPE_INT:
		add_typed(sql, name, "'VARCHAR', 'INTEGER'");
		buf_add_text(sql, " AND REGEXP_LIKE(");
		add_member_text(sql, name);
		buf_add_text(sql, ", '-?[0-9]+') AND TRY_TO_NUMBER(");
		add_member_text(sql, name);
		buf_add_text(sql, ") BETWEEN -9223372036854775808 AND 9223372036854775807, "
				  "TRY_TO_NUMBER(");
		add_member_text(sql, name);
		buf_add_char(sql, ')');
		break;
	case TYPE_FLOAT:
		add_typed(sql, name, "'INTEGER', 'DECIMAL', 'DOUBLE'");
		buf_add_text(sql, ", TRY_TO_DOUBLE(");
		add_member_text(sql, name);
		buf_add_char(sql, ')');
		break;
	case TYPE_BOOL:
		add_typed(sql, name, "'BOOLEAN'");
		buf_add_text(sql, ", TRY_TO_BOOLEAN(");
		add_member_text(sql, name);
		buf_add_char(sql, ')');
		break;
	case TYPE_TIMESTAMP:
		add_typed(sql, name, "'VARCHAR'");
		buf_add_text(sql, " AND REGEXP_LIKE(");
		add_member_text(sql, name);
		buf_addf(sql, ", %s), DATE_TRUNC('MICROSECOND', CONVERT_TIMEZONE('UTC',"
			 " TRY_TO_TIMESTAMP_TZ(", TIME_FORM);
		add_member_text(sql, name);
		buf_add_text(sql, "))::TIMESTAMP_NTZ)");
		break;
	case TYPE_JSON:
		add_typed(sql, name, "'NULL_VALUE'");
		buf_add_text(sql, ", NULL, TO_JSON(");
		add_member(sql, "l", name);
		buf_add_text(sql, "))");
		return;
	case TYPE_COUNT:
		break;
	}
	buf_add_text(sql, ", NULL)");
}

void lines_add_values(struct buf *sql, const struct warehouse *warehouse,
		      const struct table *table, const char *lines)
{
	struct written columns[WRITTEN_MAX];
	size_t n = table_written(table, columns);
	buf_add_text(sql, "SELECT l.\"FILE_NAME\" AS \"_FIRN_FILE\", l.\"ROW_NUMBER\" AS"
			  " \"_FIRN_ROW\", l.\"LINE\" AS \"_FIRN_LINE\", l.\"_FIRN_DOC\"");
	for (size_t i = 0; i < n; i++) {
		if (!is_own(&columns[i]))
			continue;
		buf_add_text(sql, ", ");
		add_value(sql, &columns[i]);
		buf_add_text(sql, " AS ");
		sql_name(sql, columns[i].name);
	}
	buf_add_text(sql, " FROM (SELECT c.*, TRY_PARSE_JSON(c.\"LINE\", 'd') AS \"_FIRN_DOC\""
			  " FROM ");
	sql_stage(sql, warehouse, lines);
	buf_add_text(sql, " AS c) AS l");
}

/* --- what is said of a row --- */

static bool is_needed(const struct table *table, unsigned at)
{
	for (unsigned i = 0; i < table->key_n; i++) {
		if (table->key[i] == at)
			return true;
	}
	return table->columns[at].required;
}

static bool is_key(const struct table *table, unsigned at)
{
	for (unsigned i = 0; i < table->key_n; i++) {
		if (table->key[i] == at)
			return true;
	}
	return false;
}

/* NULL: it can be taken. */
void lines_add_reason(struct buf *sql, const struct table *table)
{
	buf_add_text(sql, "CASE WHEN COALESCE(TYPEOF(v.\"_FIRN_DOC\"), '') <> 'OBJECT' THEN"
			  " 'the record is not an object'");
	for (unsigned i = 0; i < table->columns_n; i++) {
		if (!is_needed(table, i))
			continue;
		buf_add_text(sql, " WHEN ");
		sql_column(sql, "v", table->columns[i].name);
		buf_addf(sql, " IS NULL THEN '%s is %s and has no value'", table->columns[i].name,
			 is_key(table, i) ? "the key" : "required");
	}
	buf_add_text(sql, " END");
}

/* It was not null, and did not fit. */
static void add_misfit(struct buf *sql, const char *name)
{
	sql_column(sql, "v", name);
	buf_add_text(sql, " IS NULL AND TYPEOF(");
	add_member(sql, "v", name);
	buf_add_text(sql, ") <> 'NULL_VALUE'");
}

static bool may_misfit(const struct written *column)
{
	return is_own(column) && column->type != TYPE_JSON;
}

void lines_add_rescued(struct buf *sql, const struct table *table)
{
	struct written columns[WRITTEN_MAX];
	size_t n = table_written(table, columns);
	for (size_t i = 0; i < n; i++) {
		if (!may_misfit(&columns[i]))
			continue;
		buf_add_text(sql, "IFF(");
		add_misfit(sql, columns[i].name);
		buf_add_text(sql, ", 1, 0) + ");
	}
	buf_add_text(sql, "IFF(TYPEOF(");
	add_member(sql, "v", COLUMN_EXTRA);
	buf_add_text(sql, ") NOT IN ('OBJECT', 'NULL_VALUE'), 1, 0)");
}

/* --- EXTRA --- */

/* The members that no column took, with those that did not fit; its own EXTRA only where that is
 * no object. */
static void add_left(struct buf *sql, const struct written *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_text(sql, may_misfit(&columns[i]) ? "OBJECT_INSERT(" : "");
	buf_add_text(sql, "OBJECT_INSERT(OBJECT_DELETE(v.\"_FIRN_DOC\"");
	for (size_t i = 0; i < n; i++) {
		if (!is_own(&columns[i]))
			continue;
		buf_add_text(sql, ", ");
		sql_text(sql, dialect_of(WAREHOUSE_SNOWFLAKE), span_of(columns[i].name));
	}
	buf_add_text(sql, ", '" COLUMN_EXTRA "'), '" COLUMN_EXTRA "', IFF(TYPEOF(");
	add_member(sql, "v", COLUMN_EXTRA);
	buf_add_text(sql, ") NOT IN ('OBJECT', 'NULL_VALUE'), ");
	add_member(sql, "v", COLUMN_EXTRA);
	buf_add_text(sql, ", NULL), TRUE)");
	for (size_t i = 0; i < n; i++) {
		if (!may_misfit(&columns[i]))
			continue;
		buf_add_text(sql, ", ");
		sql_text(sql, dialect_of(WAREHOUSE_SNOWFLAKE), span_of(columns[i].name));
		buf_add_text(sql, ", IFF(");
		add_misfit(sql, columns[i].name);
		buf_add_text(sql, ", ");
		add_member(sql, "v", columns[i].name);
		buf_add_text(sql, ", NULL), TRUE)");
	}
}

/* e: "_FIRN_LEFT" and "_FIRN_OWN" as texts of objects; one object of both. Where they share a
 * name the text is no JSON, and EXTRA's own stays below its name. */
static const char BOTH[] =
	"CASE WHEN e.\"_FIRN_OWN\" IS NULL OR e.\"_FIRN_OWN\" = '{}'"
	" THEN NULLIF(e.\"_FIRN_LEFT\", '{}')"
	" WHEN e.\"_FIRN_LEFT\" = '{}' THEN e.\"_FIRN_OWN\""
	" ELSE TO_JSON(COALESCE("
	"TRY_PARSE_JSON(LEFT(e.\"_FIRN_OWN\", LENGTH(e.\"_FIRN_OWN\") - 1) || ',' ||"
	" SUBSTR(e.\"_FIRN_LEFT\", 2)),"
	" TRY_PARSE_JSON('{\"EXTRA\":' || e.\"_FIRN_OWN\" || ',' || SUBSTR(e.\"_FIRN_LEFT\", 2))"
	")) END";

void lines_add_insert(struct buf *sql, const struct warehouse *warehouse,
		      const struct copy *copy, const char *stage)
{
	struct written columns[WRITTEN_MAX];
	size_t n = table_written(copy->table, columns);
	buf_add_text(sql, "INSERT INTO ");
	sql_stage(sql, warehouse, stage);
	buf_add_text(sql, " (");
	for (size_t i = 0; i < n; i++) {
		if (!is_own(&columns[i]))
			continue;
		sql_name(sql, columns[i].name);
		buf_add_text(sql, ", ");
	}
	buf_add_text(sql, "\"" COLUMN_EXTRA "\", \"" COLUMN_SEQ "\") SELECT ");
	for (size_t i = 0; i < n; i++) {
		if (!is_own(&columns[i]))
			continue;
		sql_column(sql, "e", columns[i].name);
		buf_add_text(sql, ", ");
	}
	buf_addf(sql, "%s, %lld + ROW_NUMBER() OVER (ORDER BY e.\"_FIRN_FILE\", e.\"_FIRN_ROW\")"
		 " FROM (SELECT v.*, TO_JSON(", BOTH, (long long)copy->seq - 1);
	add_left(sql, columns, n);
	buf_add_text(sql, ") AS \"_FIRN_LEFT\", IFF(TYPEOF(");
	add_member(sql, "v", COLUMN_EXTRA);
	buf_add_text(sql, ") = 'OBJECT', TO_JSON(");
	add_member(sql, "v", COLUMN_EXTRA);
	buf_add_text(sql, "), NULL) AS \"_FIRN_OWN\" FROM (");
	lines_add_values(sql, warehouse, copy->table, copy->lines);
	buf_add_text(sql, ") AS v WHERE ");
	lines_add_reason(sql, copy->table);
	buf_add_text(sql, " IS NULL) AS e");
}

void lines_add_rejects(struct buf *sql, const struct warehouse *warehouse,
		       const struct copy *copy, const char *stage)
{
	const struct dialect *dialect = warehouse->dialect;
	buf_add_text(sql, "INSERT INTO ");
	sql_stage(sql, warehouse, stage);
	buf_add_text(sql, " (\"PIPELINE\", \"STREAM\", \"RUN_ID\", \"RECORD_SHA256\", \"REASON\","
			  " \"RECORD\", \"REJECTED_AT\", \"" COLUMN_SEQ "\") SELECT ");
	sql_text(sql, dialect, span_of(copy->pipeline));
	buf_add_text(sql, ", ");
	sql_text(sql, dialect, span_of(copy->table->stream));
	buf_add_text(sql, ", ");
	sql_text(sql, dialect, span_of(copy->run_id));
	buf_addf(sql, ", %s(v.\"_FIRN_LINE\"), ", dialect->sha256);
	lines_add_reason(sql, copy->table);
	buf_add_text(sql, ", v.\"_FIRN_LINE\", ");
	sql_stamp(sql, clock_now_us());
	/* Behind the rows of these lines, for a number stands once in a staging table. */
	buf_addf(sql, ", %lld + ROW_NUMBER() OVER (ORDER BY v.\"_FIRN_FILE\", v.\"_FIRN_ROW\")"
		 " FROM (", (long long)(copy->seq + copy->rows) - 1);
	lines_add_values(sql, warehouse, copy->table, copy->lines);
	buf_add_text(sql, ") AS v WHERE ");
	lines_add_reason(sql, copy->table);
	buf_add_text(sql, " IS NOT NULL");
}
