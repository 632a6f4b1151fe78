#include "warehouse/copy.h"

#include "base/bounds.h"
#include "base/json.h"
#include "base/text.h"
#include "warehouse/arrow_read.h"
#include "warehouse/snowflake.h"
#include "warehouse/warehouse_private.h"

#include <stdio.h>
#include <string.h>

/* --- the stage --- */

/* One part of a name as it was given: "x" is exact, anything else folds to upper case. */
static bool add_part(struct buf *sql, const char **at)
{
	const char *from = *at;
	bool quoted = *from == '"';
	char name[NAME_BYTES_MAX + 1];
	size_t n = 0;
	for (from += quoted; *from != '\0' && n < NAME_BYTES_MAX; from++) {
		if (quoted && *from == '"' && *++from != '"')
			break;
		if (!quoted && *from == '.')
			break;
		name[n++] = *from;
	}
	name[n] = '\0';
	if (!quoted)
		text_upper(name);
	sql_name(sql, name);
	*at = from;
	return n > 0;
}

static bool add_stage(struct warehouse *warehouse, const char *stage, struct err *reterr)
{
	struct buf *sql = &warehouse->sql;
	const char *at = stage;
	size_t start = sql->size;
	bool whole = add_part(sql, &at), dotted = *at == '.';
	while (whole && *at == '.') {
		at++;
		buf_add_char(sql, '.');
		whole = add_part(sql, &at);
	}
	if (!whole || *at != '\0')
		return err_set(reterr, ERR_USAGE, "destination.snowflake.stage: '%s' is no name of"
			       " a stage", stage);
	if (dotted || warehouse->schema == NULL)
		return true;
	/* Staging may have made another schema the current one. */
	buf_cut(sql, start);
	sql_name(sql, warehouse->schema);
	buf_add_char(sql, '.');
	at = stage;
	return add_part(sql, &at);
}

static bool keep_url(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct buf *url = user;
	struct span property, value;
	if (arrow_columns(reader) < 4 || !arrow_text(reader, 1, &property) ||
	    !span_is(property, "URL") || !arrow_text(reader, 3, &value))
		return true;
	struct err ignored;
	struct json_doc *doc = json_parse(value, &ignored); /* ["s3://..."] */
	const struct json *first = doc == NULL ? NULL : json_element(json_root(doc), 0);
	buf_clear(url);
	buf_add_span(url, json_kind(first) == JSON_TEXT ? json_text(first) : value);
	json_free(doc);
	return buf_ok(url, reterr);
}

bool copy_stage_url(struct warehouse *warehouse, const char *stage, struct buf *ret,
		    struct err *reterr)
{
	if (warehouse->dialect->kind != WAREHOUSE_SNOWFLAKE)
		return err_set(reterr, ERR_USAGE, "only Snowflake has stages");
	buf_add_text(&warehouse->sql, "DESCRIBE STAGE ");
	if (!add_stage(warehouse, stage, reterr)) {
		buf_clear(&warehouse->sql);
		return false;
	}
	if (!warehouse_each(warehouse, keep_url, ret, reterr))
		return err_at(reterr, "destination.snowflake.stage %s", stage);
	const char *scheme = strstr(buf_text(ret), "://");
	if (scheme == NULL)
		return err_set(reterr, ERR_USAGE, "destination.snowflake.stage: %s is no external"
			       " stage: it has no URL (firn ddl prints how to make one)", stage);
	if (ret->data[ret->size - 1] != '/')
		buf_add_char(ret, '/');
	return buf_ok(ret, reterr);
}

/* --- LIST --- */

struct listing {
	bool (*each)(void *user, struct span url, int64_t bytes, struct err *reterr);
	void *user;
};

static bool take_listed(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct listing *listing = user;
	struct span name, text;
	int64_t bytes = -1;
	if (!arrow_text(reader, 0, &name))
		return true;
	if (arrow_text(reader, 1, &text))
		(void)json_whole(text, &bytes);
	return listing->each(listing->user, name, bytes, reterr);
}

/* What needs no quotes in a location; what comes behind is the caller's to look at. */
static size_t plain_size(struct span prefix)
{
	size_t n = 0;
	while (n < prefix.size && (strchr("-_./=%", prefix.at[n]) != NULL ||
				   (prefix.at[n] >= '0' && prefix.at[n] <= '9') ||
				   (prefix.at[n] >= 'A' && prefix.at[n] <= 'Z') ||
				   (prefix.at[n] >= 'a' && prefix.at[n] <= 'z')))
		n++;
	return n;
}

bool copy_list(struct warehouse *warehouse, const char *stage, struct span prefix,
	       bool (*each)(void *user, struct span url, int64_t bytes, struct err *reterr),
	       void *user, struct err *reterr)
{
	struct listing listing = {each, user};
	buf_add_text(&warehouse->sql, "LIST @");
	if (!add_stage(warehouse, stage, reterr)) {
		buf_clear(&warehouse->sql);
		return false;
	}
	buf_add_char(&warehouse->sql, '/');
	buf_add(&warehouse->sql, prefix.at, plain_size(prefix));
	return warehouse_each(warehouse, take_listed, &listing, reterr) ||
	       err_at(reterr, "cannot list stage %s", stage);
}

/* --- COPY --- */

static bool run_create(struct warehouse *warehouse, struct copy *copy, struct err *reterr)
{
	snprintf(copy->lines, sizeof copy->lines, "_FIRN_COPY_%s%u", warehouse->session,
		 ++warehouse->stage_serial);
	buf_add_text(&warehouse->sql, "CREATE TEMPORARY TABLE ");
	sql_stage(&warehouse->sql, warehouse, copy->lines);
	buf_add_text(&warehouse->sql, " (\"LINE\" TEXT, \"FILE_NAME\" TEXT, \"ROW_NUMBER\""
				      " NUMBER)");
	return warehouse_run(warehouse, NULL, 0, reterr);
}

/* The longest of them that the name ends with: Snowflake calls a file by its key in the bucket in
 * one place and by its URL in another. */
static struct copy_file *find(const struct copy *copy, struct span name)
{
	struct copy_file *found = NULL;
	size_t longest = 0;
	for (size_t i = 0; i < copy->n; i++) {
		struct span path = span_of(copy->files[i].path);
		if (path.size > name.size || path.size <= longest ||
		    !span_equal(span_from(name, name.size - path.size), path) ||
		    (path.size < name.size && name.at[name.size - path.size - 1] != '/'))
			continue;
		longest = path.size;
		found = &copy->files[i];
	}
	return found;
}

/* file, status, rows_parsed, rows_loaded, error_limit, errors_seen, first_error,
 * first_error_line, ...; where no file was read the status alone. */
static bool take_status(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct copy *copy = user;
	struct span name, status, why, line = SPAN("");
	if (arrow_columns(reader) < 7 || !arrow_text(reader, 0, &name))
		return true;
	struct copy_file *file = find(copy, name);
	if (file == NULL)
		return err_set(reterr, ERR_REMOTE, "COPY read %.*s, which was not asked for",
			       SPAN_ARGS(name));
	file->read = arrow_text(reader, 1, &status) && span_is(status, "LOADED");
	if (file->read)
		return true;
	if (!arrow_text(reader, 6, &why))
		why = SPAN("no reason given");
	if (arrow_columns(reader) > 7)
		(void)arrow_text(reader, 7, &line);
	file->why = arena_printf(copy->arena, "%.*s%s%.*s", SPAN_ARGS(why),
				 line.size == 0 ? "" : ", line ", SPAN_ARGS(line));
	return file->why != NULL || err_memory(reterr);
}

/* A line as it stands: nothing in it separates, quotes, escapes or means NULL. */
static bool run_copy(struct warehouse *warehouse, struct copy *copy, struct err *reterr)
{
	struct buf *sql = &warehouse->sql;
	buf_add_text(sql, "COPY INTO ");
	sql_stage(sql, warehouse, copy->lines);
	buf_add_text(sql, " (\"LINE\", \"FILE_NAME\", \"ROW_NUMBER\") FROM (SELECT $1,"
			  " METADATA$FILENAME, METADATA$FILE_ROW_NUMBER FROM @");
	if (!add_stage(warehouse, copy->stage, reterr)) {
		buf_clear(sql);
		return false;
	}
	buf_add_text(sql, "/) FILES = (");
	for (size_t i = 0; i < copy->n; i++) {
		buf_add_text(sql, i == 0 ? "" : ", ");
		sql_text(sql, warehouse->dialect, span_of(copy->files[i].path));
	}
	buf_add_text(sql, ") FILE_FORMAT = (TYPE = CSV COMPRESSION = AUTO FIELD_DELIMITER = NONE"
			  " RECORD_DELIMITER = '\\n' SKIP_BLANK_LINES = TRUE"
			  " ESCAPE_UNENCLOSED_FIELD = NONE FIELD_OPTIONALLY_ENCLOSED_BY = NONE"
			  " NULL_IF = () REPLACE_INVALID_CHARACTERS = TRUE)"
			  " ON_ERROR = SKIP_FILE");
	return warehouse_each(warehouse, take_status, copy, reterr) ||
	       err_at(reterr, "COPY from stage %s", copy->stage);
}

/* --- what the files are --- */

static bool take_figures(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct copy *copy = user;
	struct span name;
	struct copy_file *file = arrow_text(reader, 0, &name) ? find(copy, name) : NULL;
	if (file == NULL)
		return err_set(reterr, ERR_REMOTE, "COPY brought lines of a file that was not"
			       " asked for");
	file->name = arena_text(copy->arena, name);
	file->lines = arrow_int(reader, 1, 0);
	file->not_json = arrow_int(reader, 2, 0);
	file->bad_line = arrow_int(reader, 3, 0);
	file->rows = arrow_int(reader, 4, 0);
	file->rescued = arrow_int(reader, 5, 0);
	return file->name != NULL || err_memory(reterr);
}

static bool run_figures(struct warehouse *warehouse, struct copy *copy, struct err *reterr)
{
	struct buf *sql = &warehouse->sql;
	buf_add_text(sql, "SELECT v.\"_FIRN_FILE\", COUNT(*), COUNT_IF(v.\"_FIRN_DOC\" IS NULL),"
			  " MIN(IFF(v.\"_FIRN_DOC\" IS NULL, v.\"_FIRN_ROW\", NULL)), COUNT_IF(");
	lines_add_reason(sql, copy->table);
	buf_add_text(sql, " IS NULL), SUM(");
	lines_add_rescued(sql, copy->table);
	buf_add_text(sql, ") FROM (");
	lines_add_values(sql, warehouse, copy->table, copy->lines);
	buf_add_text(sql, ") AS v GROUP BY v.\"_FIRN_FILE\"");
	return warehouse_each(warehouse, take_figures, copy, reterr);
}

bool copy_read(struct warehouse *warehouse, struct copy *copy, struct err *reterr)
{
	for (size_t i = 0; i < copy->n; i++) {
		const char *path = copy->files[i].path;
		copy->files[i] = (struct copy_file){.path = path};
	}
	return run_create(warehouse, copy, reterr) && run_copy(warehouse, copy, reterr) &&
	       run_figures(warehouse, copy, reterr);
}

/* --- their rows --- */

static bool leave_out(struct warehouse *warehouse, const struct copy *copy, struct err *reterr)
{
	struct buf *sql = &warehouse->sql;
	size_t n = 0;
	buf_add_text(sql, "DELETE FROM ");
	sql_stage(sql, warehouse, copy->lines);
	buf_add_text(sql, " WHERE \"FILE_NAME\" IN (");
	for (size_t i = 0; i < copy->n; i++) {
		if (copy->files[i].take || copy->files[i].name == NULL)
			continue;
		buf_add_text(sql, n++ == 0 ? "" : ", ");
		sql_text(sql, warehouse->dialect, span_of(copy->files[i].name));
	}
	buf_add_char(sql, ')');
	if (n > 0)
		return warehouse_run(warehouse, NULL, 0, reterr);
	buf_clear(sql);
	return true;
}

static bool stage_rows(struct warehouse *warehouse, struct copy *copy, struct err *reterr)
{
	struct stage *stage = stage_open(warehouse, copy->table, reterr);
	int64_t rows = 0;
	if (stage == NULL)
		return false;
	lines_add_insert(&warehouse->sql, warehouse, copy, stage->name);
	if (!warehouse_run(warehouse, &rows, 1, reterr))
		return err_at(reterr, "cannot stage rows of %s", copy->table->name);
	stage->rows += rows;
	copy->rows = rows;
	return true;
}

static bool stage_rejects(struct warehouse *warehouse, struct copy *copy, struct err *reterr)
{
	struct stage *stage = stage_open(warehouse, &FIRN_REJECTED, reterr);
	int64_t rows = 0;
	if (stage == NULL)
		return false;
	lines_add_rejects(&warehouse->sql, warehouse, copy, stage->name);
	if (!warehouse_run(warehouse, &rows, 1, reterr))
		return false;
	stage->rows += rows;
	copy->rejected = rows;
	return true;
}

bool copy_take(struct warehouse *warehouse, struct copy *copy, struct err *reterr)
{
	int64_t rows = 0, rejected = 0;
	copy->rows = copy->rejected = 0;
	for (size_t i = 0; i < copy->n; i++) {
		const struct copy_file *file = &copy->files[i];
		rows += file->take ? file->rows : 0;
		rejected += file->take ? file->lines - file->rows : 0;
	}
	bool done = leave_out(warehouse, copy, reterr) &&
		    (rows == 0 || stage_rows(warehouse, copy, reterr)) &&
		    (rejected == 0 || stage_rejects(warehouse, copy, reterr));
	if (done && (copy->rows != rows || copy->rejected != rejected))
		done = err_set(reterr, ERR_REMOTE, "table %s: of the lines that COPY read %lld"
			       " rows and %lld rejected ones were expected, and %lld and %lld came",
			       copy->table->name, (long long)rows, (long long)rejected,
			       (long long)copy->rows, (long long)copy->rejected);
	if (!done)
		return false;
	buf_add_text(&warehouse->sql, "DROP TABLE IF EXISTS ");
	sql_stage(&warehouse->sql, warehouse, copy->lines);
	copy->lines[0] = '\0';
	return warehouse_run(warehouse, NULL, 0, reterr);
}
