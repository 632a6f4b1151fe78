/* Somebody's own SQL. That it changes nothing is DuckDB's promise, not a look at the text: the
 * file is opened read-only and sealed off from all other files (duckdb.c), or, on a connection that
 * may write, the one statement runs in a read-only transaction. Snowflake promises no such thing:
 * there the text is looked at (snowflake_only_reads), and the role's rights are the real wall. */
#include "base/text.h"
#include "warehouse/arrow_read.h"
#include "warehouse/warehouse_private.h"

#include <stdlib.h>
#include <string.h>

struct result {
	struct warehouse *warehouse;
	struct adbc_rows *rows;
	struct arrow_reader *reader;
	bool transaction; /* read-only; lasts as long as rows are read */
};

/* Behind a quoted text, a comment or one other character. */
static const char *skip_one(const char *sql)
{
	const char *end = NULL;
	if (*sql == '\'' || *sql == '"')
		end = strchr(sql + 1, *sql);
	else if (strncmp(sql, "--", 2) == 0)
		end = strchr(sql, '\n');
	else if (strncmp(sql, "/*", 2) == 0)
		end = strstr(sql + 2, "*/") == NULL ? NULL : strstr(sql + 2, "*/") + 1;
	else
		end = sql;
	return end == NULL ? sql + strlen(sql) : end + 1;
}

/* A second statement could end the read-only transaction. A text in dollars may hold a
 * semicolon that is none: then a good query is refused, which is the safe way to be wrong. */
static bool is_single(const char *sql)
{
	while (*sql != '\0' && *sql != ';')
		sql = skip_one(sql);
	while (*sql == ';' || *sql == ' ' || *sql == '\t' || *sql == '\r' || *sql == '\n' ||
	       strncmp(sql, "--", 2) == 0 || strncmp(sql, "/*", 2) == 0)
		sql = skip_one(sql);
	return *sql == '\0';
}

static bool seal(struct warehouse *warehouse, const char *sql, struct err *reterr)
{
	if (!is_single(sql))
		return err_set(reterr, ERR_USAGE, "one statement at a time");
	if (!warehouse->sealed && warehouse->dialect->seal != NULL &&
	    !warehouse_run_text(warehouse, warehouse->dialect->seal, reterr))
		return false;
	warehouse->sealed = true;
	if (warehouse->dialect->only_reads == NULL)
		return warehouse_run_text(warehouse, warehouse->dialect->read_only_begin, reterr);
	return warehouse->dialect->only_reads(sql) ||
	       err_set(reterr, ERR_USAGE, "this reads only; what writes wants --write");
}

/* What a statement is refused for is its author's to mend. */
static bool explain(bool write, struct err *reterr)
{
	bool refused = reterr->kind == ERR_USAGE && !write;
	if (reterr->kind == ERR_REMOTE)
		reterr->kind = ERR_USAGE;
	if (reterr->kind == ERR_DATA)
		reterr->kind = ERR_REMOTE;
	return refused ? err_at(reterr, "this reads only; what writes wants --write") : false;
}

bool warehouse_query(struct warehouse *warehouse, const char *sql, bool write, struct result **ret,
		     struct err *reterr)
{
	struct result *result = calloc(1, sizeof *result);
	if (result == NULL)
		return err_memory(reterr);
	result->warehouse = warehouse;
	bool by_text = warehouse->dialect->only_reads != NULL;
	if (!write && (by_text || !warehouse->read_only)) {
		if (!seal(warehouse, sql, reterr)) {
			result_free(result);
			return false;
		}
		result->transaction = !by_text;
	}
	bool done = adbc_query(warehouse->adbc, sql, &result->rows, reterr);
	/* A comment alone: DuckDB runs nothing, and gives nothing that could be read. */
	if (done && adbc_stream(result->rows) == NULL) {
		result_free(result);
		return err_set(reterr, ERR_USAGE, "there is no statement in it");
	}
	if (!done || !arrow_reader_new(&result->reader, adbc_stream(result->rows), reterr)) {
		result_free(result);
		return explain(write || by_text, reterr); /* the text was looked at before */
	}
	*ret = result;
	return true;
}

size_t result_columns(const struct result *result)
{
	return arrow_columns(result->reader);
}

const char *result_name(const struct result *result, size_t column)
{
	return arrow_name(result->reader, column);
}

enum type result_type(const struct result *result, size_t column)
{
	return arrow_type(result->reader, column);
}

bool result_next(struct result *result, struct err *reterr)
{
	struct err why = {.kind = ERR_NONE};
	switch (arrow_next(result->reader, &why)) {
	case ARROW_ROW:
		return true;
	case ARROW_END:
		return false;
	case ARROW_FAILED:
		break;
	}
	if (why.kind == ERR_NONE)
		adbc_stream_failed(result->rows, &why);
	*reterr = why;
	return explain(true, reterr);
}

bool result_text(struct result *result, size_t column, struct span *ret)
{
	return arrow_text(result->reader, column, ret);
}

void result_free(struct result *result)
{
	struct err ignored = {.kind = ERR_NONE};
	if (result == NULL)
		return;
	arrow_reader_free(result->reader);
	adbc_rows_free(result->rows);
	if (result->transaction && !warehouse_run_text(result->warehouse, "ROLLBACK", &ignored))
		ignored.kind = ERR_NONE; /* the statement ended it */
	free(result);
}
