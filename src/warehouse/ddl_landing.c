#include "warehouse/ddl.h"

#include "warehouse/warehouse_private.h"

#include <stdio.h>

/* Days that a landed line is kept behind its MERGE, to look at or to merge again by hand. */
enum { LANDED_DAYS = 14 };

struct writing {
	struct buf *out;
	const struct dialect *dialect;
	const struct ddl_landing *landing;
};

static void add(struct writing *w, const char *text)
{
	buf_add_text(w->out, text);
}

static void literal(struct writing *w, const char *text)
{
	sql_text(w->out, w->dialect, span_of(text));
}

/* "DATABASE"."SCHEMA"."PREFIXname" */
static void object(struct writing *w, const char *prefix, const char *name)
{
	char whole[2 * 128 + 32];
	snprintf(whole, sizeof whole, "%s%s", prefix, name);
	sql_name(w->out, w->landing->database);
	add(w, ".");
	sql_name(w->out, w->landing->schema);
	add(w, ".");
	sql_name(w->out, whole);
}

/* The same as a literal, for functions that take a name as text. */
static void object_text(struct writing *w, const char *prefix, const char *name)
{
	struct buf text;
	struct writing inner = {&text, w->dialect, w->landing};
	buf_init(&text, w->out->max);
	object(&inner, prefix, name);
	sql_text(w->out, w->dialect, buf_span(&text));
	w->out->failed |= text.failed;
	buf_done(&text);
}

static void bucket_url(struct writing *w)
{
	struct buf url;
	buf_init(&url, w->out->max);
	buf_addf(&url, "s3://%s/%s%s", w->landing->bucket, w->landing->prefix,
		 w->landing->prefix[0] == '\0' ? "" : "/");
	sql_text(w->out, w->dialect, buf_span(&url));
	w->out->failed |= url.failed;
	buf_done(&url);
}

/* --- once --- */

static void add_account(struct writing *w)
{
	const struct ddl_landing *l = w->landing;
	add(w, "\n-- 1. Once, by an administrator: where everything lives, and who owns it.\n"
	       "USE ROLE ACCOUNTADMIN;\nCREATE ROLE IF NOT EXISTS ");
	sql_name(w->out, l->role);
	add(w, ";\nCREATE DATABASE IF NOT EXISTS ");
	sql_name(w->out, l->database);
	add(w, ";\nCREATE SCHEMA IF NOT EXISTS ");
	sql_name(w->out, l->database);
	add(w, ".");
	sql_name(w->out, l->schema);
	add(w, ";\nCREATE WAREHOUSE IF NOT EXISTS ");
	sql_name(w->out, l->warehouse);
	add(w, " WITH WAREHOUSE_SIZE = XSMALL AUTO_SUSPEND = 60 AUTO_RESUME = TRUE"
	       " INITIALLY_SUSPENDED = TRUE;\n");
	add(w, "CREATE STORAGE INTEGRATION IF NOT EXISTS ");
	sql_name(w->out, l->integration);
	add(w, "\n  TYPE = EXTERNAL_STAGE\n  STORAGE_PROVIDER = 'S3'\n  STORAGE_AWS_ROLE_ARN = ");
	literal(w, l->aws_role_arn);
	add(w, "\n  ENABLED = TRUE\n  STORAGE_ALLOWED_LOCATIONS = (");
	bucket_url(w);
	add(w, ")\n  COMMENT = 'landed objects of firn';\n"
	       "-- Never CREATE OR REPLACE it: that changes its external id, and AWS refuses "
	       "it.\n");
}

static void grant(struct writing *w, const char *what)
{
	add(w, "GRANT ");
	add(w, what);
}

static void to_role(struct writing *w)
{
	add(w, " TO ROLE ");
	sql_name(w->out, w->landing->role);
	add(w, ";\n");
}

static void add_grants(struct writing *w)
{
	const struct ddl_landing *l = w->landing;
	grant(w, "USAGE ON INTEGRATION ");
	sql_name(w->out, l->integration);
	to_role(w);
	grant(w, "USAGE ON DATABASE ");
	sql_name(w->out, l->database);
	to_role(w);
	grant(w, "USAGE, CREATE TABLE, CREATE VIEW, CREATE STAGE, CREATE FILE FORMAT, CREATE PIPE, "
		 "CREATE STREAM, CREATE TASK ON SCHEMA ");
	sql_name(w->out, l->database);
	add(w, ".");
	sql_name(w->out, l->schema);
	to_role(w);
	grant(w, "USAGE ON WAREHOUSE ");
	sql_name(w->out, l->warehouse);
	to_role(w);
	grant(w, "EXECUTE TASK ON ACCOUNT");
	to_role(w);
	grant(w, "ROLE ");
	sql_name(w->out, l->role);
	add(w, " TO ROLE SYSADMIN;\n");
}

static void add_stage(struct writing *w)
{
	const struct ddl_landing *l = w->landing;
	add(w, "\n-- 3. Once, by the owner: how the bucket is read.\nUSE ROLE ");
	sql_name(w->out, l->role);
	add(w, ";\nUSE SCHEMA ");
	sql_name(w->out, l->database);
	add(w, ".");
	sql_name(w->out, l->schema);
	add(w, ";\nCREATE FILE FORMAT IF NOT EXISTS ");
	object(w, "", "FIRN_NDJSON");
	add(w, "\n  TYPE = JSON\n  COMPRESSION = AUTO\n  COMMENT = 'one row a line';\n"
	       "CREATE STAGE IF NOT EXISTS ");
	object(w, "", l->stage);
	add(w, "\n  URL = ");
	bucket_url(w);
	add(w, "\n  STORAGE_INTEGRATION = ");
	sql_name(w->out, l->integration);
	add(w, "\n  FILE_FORMAT = (FORMAT_NAME = ");
	object_text(w, "", "FIRN_NDJSON");
	add(w, ")\n  COMMENT = 'landed objects of firn';\n");
	add(w, "-- Does it read? LIST @");
	object(w, "", l->stage);
	add(w, ";\nCREATE TABLE IF NOT EXISTS ");
	object(w, "", FIRN_REJECTED.name);
	struct written columns[WRITTEN_MAX];
	size_t n = table_written(&FIRN_REJECTED, columns);
	for (size_t i = 0; i < n; i++) {
		add(w, i == 0 ? " (" : ", ");
		sql_name(w->out, columns[i].name);
		add(w, " ");
		add(w, w->dialect->types[columns[i].type]);
	}
	add(w, ");\n");
}

/* --- the MERGE --- */

/* A member of the line as the column's type. NULL where it is null, absent or does not fit. */
static void add_value(struct writing *w, const struct written *column)
{
	static const char *const FUNCTIONS[TYPE_COUNT] = {
		[TYPE_INT] = "TRY_TO_NUMBER(", [TYPE_FLOAT] = "TRY_TO_DOUBLE(",
		[TYPE_BOOL] = "TRY_TO_BOOLEAN(", [TYPE_TIMESTAMP] = "TRY_TO_TIMESTAMP_NTZ(",
	};
	const char *function = FUNCTIONS[column->type];
	if (column->type == TYPE_JSON) { /* JSON's null is NULL */
		add(w, "IFF(IS_NULL_VALUE(r.\"RECORD\":");
		sql_name(w->out, column->name);
		add(w, "), NULL, r.\"RECORD\":");
		sql_name(w->out, column->name);
		add(w, ")");
		return;
	}
	if (function != NULL)
		add(w, function);
	add(w, "r.\"RECORD\":");
	sql_name(w->out, column->name);
	add(w, "::VARCHAR");
	if (column->type == TYPE_TIMESTAMP)
		add(w, ", 'YYYY-MM-DD\"T\"HH24:MI:SS.FF6\"Z\"'");
	if (function != NULL)
		add(w, ")");
}

static bool is_load_timestamp(const struct written *column)
{
	return column->column == NULL && strcmp(column->name, COLUMN_LOAD_TIMESTAMP) == 0;
}

static bool is_key(const struct table *table, const struct column *column)
{
	for (unsigned i = 0; i < table->key_n; i++) {
		if (&table->columns[table->key[i]] == column)
			return true;
	}
	return table->append && table->newest >= 0 && column == &table->columns[table->newest];
}

static const char *newest_of(const struct table *table)
{
	return table->newest < 0 ? NULL : table->columns[table->newest].name;
}

/* Every key's value, `what` behind it, `between` in between. */
static void add_keys_are(struct writing *w, const struct table *table, const char *what,
			 const char *between)
{
	for (unsigned i = 0; i < table->key_n; i++) {
		const struct column *column = &table->columns[table->key[i]];
		struct written key = {column->name, column->type, NULL, column};
		add(w, i == 0 ? "" : between);
		add_value(w, &key);
		add(w, what);
	}
}

/* One row a key: the newest, of equal ones that of the file landed last. */
static void add_source(struct writing *w, const struct table *table,
		       const struct written *columns, size_t n)
{
	add(w, "  USING (\n    SELECT\n");
	for (size_t i = 0; i < n; i++) {
		if (is_load_timestamp(&columns[i]))
			continue;
		add(w, "      ");
		add_value(w, &columns[i]);
		add(w, " AS ");
		sql_name(w->out, columns[i].name);
		add(w, i + 2 < n ? ",\n" : "\n");
	}
	add(w, "    FROM ");
	object(w, "NEW_", table->name);
	add(w, " AS r\n    WHERE ");
	add_keys_are(w, table, " IS NOT NULL", " AND ");
	add(w, "\n    QUALIFY ROW_NUMBER() OVER (PARTITION BY ");
	for (unsigned i = 0; i < table->key_n; i++) {
		add(w, i == 0 ? "" : ", ");
		sql_name(w->out, table->columns[table->key[i]].name);
	}
	if (newest_of(table) != NULL) {
		add(w, table->append ? ", " : " ORDER BY ");
		sql_name(w->out, newest_of(table));
	}
	if (newest_of(table) == NULL || table->append)
		add(w, " ORDER BY");
	else
		add(w, " DESC NULLS LAST,");
	add(w, " r.\"FILE_NAME\" DESC, r.\"FILE_ROW_NUMBER\" DESC) = 1\n  ) AS s\n  ON ");
	const char *between = "";
	for (unsigned i = 0; i < table->columns_n; i++) {
		const struct column *column = &table->columns[i];
		if (!is_key(table, column))
			continue;
		add(w, between);
		between = " AND ";
		sql_column(w->out, "t", column->name);
		add(w, (int)i == table->newest ? " IS NOT DISTINCT FROM " : " = ");
		sql_column(w->out, "s", column->name);
	}
	add(w, "\n");
}

static bool is_updated(const struct table *table, const struct written *column)
{
	if (column->column == NULL)
		return !is_load_timestamp(column);
	return !is_key(table, column->column) && !column->column->keep_first;
}

/* A row is written again only where it is not older and differs. */
static void add_update(struct writing *w, const struct table *table,
		       const struct written *columns, size_t n)
{
	const char *newest = newest_of(table), *between = " AND (";
	add(w, "  WHEN MATCHED");
	if (newest != NULL) {
		add(w, " AND (");
		sql_column(w->out, "s", newest);
		add(w, " >= ");
		sql_column(w->out, "t", newest);
		add(w, " OR ");
		sql_column(w->out, "t", newest);
		add(w, " IS NULL)");
	}
	for (size_t i = 0; i < n; i++) {
		if (!is_updated(table, &columns[i]))
			continue;
		bool json = columns[i].type == TYPE_JSON;
		add(w, between);
		add(w, json ? "TO_JSON(" : "");
		sql_column(w->out, "t", columns[i].name);
		add(w, json ? ") IS DISTINCT FROM TO_JSON(" : " IS DISTINCT FROM ");
		sql_column(w->out, "s", columns[i].name);
		add(w, json ? ")" : "");
		between = " OR ";
	}
	add(w, ") THEN UPDATE SET\n    ");
	for (size_t i = 0; i < n; i++) {
		if (!is_updated(table, &columns[i]))
			continue;
		sql_name(w->out, columns[i].name);
		add(w, " = ");
		sql_column(w->out, "s", columns[i].name);
		add(w, ", ");
	}
	add(w, "\"" COLUMN_LOAD_TIMESTAMP "\" = SYSDATE()\n");
}

static void add_merge(struct writing *w, const struct table *table)
{
	struct written columns[WRITTEN_MAX];
	size_t n = table_written(table, columns);
	add(w, "  MERGE INTO ");
	object(w, "", table->name);
	add(w, " AS t\n");
	add_source(w, table, columns, n);
	if (!table->append)
		add_update(w, table, columns, n);
	add(w, "  WHEN NOT MATCHED THEN INSERT (");
	for (size_t i = 0; i < n; i++) {
		add(w, i == 0 ? "" : ", ");
		sql_name(w->out, columns[i].name);
	}
	add(w, ")\n    VALUES (");
	for (size_t i = 0; i < n; i++) {
		add(w, i == 0 ? "" : ", ");
		if (is_load_timestamp(&columns[i]))
			add(w, "SYSDATE()");
		else
			sql_column(w->out, "s", columns[i].name);
	}
	add(w, ");\n");
}

/* --- per table --- */

/* What has no key is told, not lost. */
static void add_rejects(struct writing *w, const struct table *table)
{
	add(w, "  INSERT INTO ");
	object(w, "", FIRN_REJECTED.name);
	add(w, " (\"PIPELINE\", \"STREAM\", \"RECORD_SHA256\", \"REASON\", \"RECORD\","
	       " \"REJECTED_AT\")\n    SELECT ");
	literal(w, w->landing->pipeline);
	add(w, ", ");
	literal(w, table->stream);
	add(w, ", SHA2(TO_JSON(r.\"RECORD\"), 256), 'its key has no value',"
	       " TO_JSON(r.\"RECORD\"), SYSDATE()\n    FROM ");
	object(w, "NEW_", table->name);
	add(w, " AS r\n    WHERE ");
	add_keys_are(w, table, " IS NULL", " OR ");
	add(w, ";\n");
}

static void add_task(struct writing *w, const struct table *table)
{
	add(w, "CREATE TASK IF NOT EXISTS ");
	object(w, "MERGE_", table->name);
	add(w, "\n  WAREHOUSE = ");
	sql_name(w->out, w->landing->warehouse);
	add(w, "\n  COMMENT = 'newest wins; runs when something has landed'\n"
	       "  WHEN SYSTEM$STREAM_HAS_DATA(");
	object_text(w, "NEW_", table->name);
	add(w, ")\nAS EXECUTE IMMEDIATE $$\nBEGIN\n"
	       "  BEGIN TRANSACTION; -- in it the stream shows all statements the same rows\n");
	add_merge(w, table);
	add_rejects(w, table);
	add(w, "  DELETE FROM ");
	object(w, "LANDED_", table->name);
	buf_addf(w->out, " WHERE \"SCANNED_AT\" < DATEADD('day', -%d, CURRENT_TIMESTAMP());\n",
		 LANDED_DAYS);
	add(w, "  COMMIT;\nEXCEPTION\n  WHEN OTHER THEN\n    ROLLBACK;\n    RAISE;\nEND;\n$$;\n"
	       "ALTER TASK ");
	object(w, "MERGE_", table->name);
	add(w, " RESUME;\n");
}

static void add_pipe(struct writing *w, const struct table *table, const char *folder)
{
	add(w, "CREATE PIPE IF NOT EXISTS ");
	object(w, "PIPE_", table->name);
	add(w, "\n  AUTO_INGEST = TRUE\n  COMMENT = 'a damaged file is skipped as a whole'\n"
	       "AS COPY INTO ");
	object(w, "LANDED_", table->name);
	add(w, "\n  (\"RECORD\", \"FILE_NAME\", \"FILE_ROW_NUMBER\", \"FILE_CONTENT_KEY\","
	       " \"SCANNED_AT\")\n  FROM (SELECT $1, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER,"
	       " METADATA$FILE_CONTENT_KEY, METADATA$START_SCAN_TIME FROM @");
	object(w, "", w->landing->stage);
	/* The folder holds none but letters, digits, "-", "_" and "%". */
	buf_addf(w->out, "/%s/)\n  PATTERN = '.*[.]ndjson([.]gz)?'\n", folder);
	add(w, "  FILE_FORMAT = (FORMAT_NAME = ");
	object_text(w, "", "FIRN_NDJSON");
	add(w, ")\n  ON_ERROR = SKIP_FILE;\n");
}

static void add_table(struct writing *w, const struct table *table, const char *folder)
{
	buf_addf(w->out, "\n-- %s\n", table->name);
	struct written columns[WRITTEN_MAX];
	size_t n = table_written(table, columns);
	add(w, "CREATE TABLE IF NOT EXISTS ");
	object(w, "", table->name);
	for (size_t i = 0; i < n; i++) {
		add(w, i == 0 ? " (" : ", ");
		sql_name(w->out, columns[i].name);
		add(w, " ");
		add(w, w->dialect->types[columns[i].type]);
	}
	add(w, ");\nCREATE TABLE IF NOT EXISTS ");
	object(w, "LANDED_", table->name);
	add(w, " (\"RECORD\" VARIANT, \"FILE_NAME\" VARCHAR, \"FILE_ROW_NUMBER\" NUMBER,"
	       " \"FILE_CONTENT_KEY\" VARCHAR, \"SCANNED_AT\" TIMESTAMP_LTZ)\n"
	       "  COMMENT = 'lines as they landed; emptied by DELETE, never by TRUNCATE';\n"
	       "CREATE STREAM IF NOT EXISTS ");
	object(w, "NEW_", table->name);
	add(w, "\n  ON TABLE ");
	object(w, "LANDED_", table->name);
	add(w, "\n  APPEND_ONLY = TRUE\n  COMMENT = 'what was not merged yet';\n");
	add_pipe(w, table, folder);
	add_task(w, table);
}

/* --- watching --- */

static void add_watching(struct writing *w)
{
	const struct ddl_landing *l = w->landing;
	add(w, "\n-- 5. Looking after it. Nothing here changes anything.\n");
	for (size_t i = 0; i < l->tables_n; i++) {
		add(w, "SELECT SYSTEM$PIPE_STATUS(");
		object_text(w, "PIPE_", l->tables[i]->name);
		add(w, ");\n");
	}
	add(w, "-- Files of the last day that were not loaded, and why.\n");
	for (size_t i = 0; i < l->tables_n; i++) {
		add(w, "SELECT FILE_NAME, STATUS, FIRST_ERROR_MESSAGE, FIRST_ERROR_LINE_NUMBER, "
		       "LAST_LOAD_TIME\n  FROM TABLE(INFORMATION_SCHEMA.COPY_HISTORY("
		       "TABLE_NAME => ");
		object_text(w, "LANDED_", l->tables[i]->name);
		add(w, ", START_TIME => DATEADD('day', -1, CURRENT_TIMESTAMP())))\n"
		       "  WHERE STATUS <> 'Loaded';\n");
	}
	add(w, "-- Rows that have no key.\nSELECT \"STREAM\", \"REASON\", COUNT(*) AS \"ROWS\", "
	       "MAX(\"REJECTED_AT\") AS \"LAST\"\n  FROM ");
	object(w, "", FIRN_REJECTED.name);
	add(w, "\n  GROUP BY \"STREAM\", \"REASON\";\n-- Tasks that failed.\n"
	       "SELECT NAME, STATE, ERROR_MESSAGE, SCHEDULED_TIME\n"
	       "  FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY(ERROR_ONLY => TRUE))\n"
	       "  ORDER BY SCHEDULED_TIME DESC;\n"
	       "-- A pipe that was paused for more than 14 days needs SYSTEM$PIPE_FORCE_RESUME; "
	       "what landed\n-- before the notification was set, within 7 days, is fetched by\n");
	for (size_t i = 0; i < l->tables_n; i++) {
		add(w, "--   ALTER PIPE ");
		object(w, "PIPE_", l->tables[i]->name);
		add(w, " REFRESH;\n");
	}
}

bool ddl_landing(struct buf *out, const struct ddl_landing *landing, struct err *reterr)
{
	struct writing w = {out, dialect_of(WAREHOUSE_SNOWFLAKE), landing};
	if (w.dialect == NULL)
		return err_set(reterr, ERR_USAGE, "this firn was built without Snowflake");
	buf_addf(out, "-- Snowflake takes in what lands in s3://%s/%s by itself: no server of your "
		 "own, no queue, no\n-- scheduler. Run the parts in their order; every statement "
		 "may be run again.\n", landing->bucket, landing->prefix);
	add_account(&w);
	add_grants(&w);
	add(&w, "DESC INTEGRATION ");
	sql_name(out, landing->integration);
	add(&w, "; -- STORAGE_AWS_IAM_USER_ARN and STORAGE_AWS_EXTERNAL_ID are wanted in part 2\n");
	if (!ddl_aws(out, landing, reterr))
		return false;
	add_stage(&w);
	add(&w, "\n-- 4. Per table: the final table, the lines as they landed, a stream, a pipe, a "
		"task.\n");
	for (size_t i = 0; i < landing->tables_n; i++)
		add_table(&w, landing->tables[i], landing->folders[i]);
	add(&w, "\n-- The queue that tells the pipes of new objects, for part 2 (c): the column "
		"notification_channel of\nSHOW PIPES IN SCHEMA ");
	sql_name(out, landing->database);
	add(&w, ".");
	sql_name(out, landing->schema);
	add(&w, ";\n");
	add_watching(&w);
	return buf_ok(out, reterr);
}
