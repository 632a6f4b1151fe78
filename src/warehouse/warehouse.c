#include "warehouse/warehouse_private.h"

#include "base/bounds.h"
#include "warehouse/arrow_read.h"

#include <stdlib.h>
#include <string.h>

bool warehouse_open(struct warehouse **ret, const struct warehouse_options *options,
		    struct err *reterr)
{
	const struct dialect *dialect = dialect_of(options->kind);
	if (dialect == NULL)
		return err_set(reterr, ERR_USAGE, "this firn was built without that warehouse");
	struct warehouse *warehouse = calloc(1, sizeof *warehouse);
	if (warehouse == NULL)
		return err_memory(reterr);
	warehouse->dialect = dialect;
	warehouse->read_only = options->read_only;
	buf_init(&warehouse->sql, SQL_BYTES_MAX);
	if (!dialect->open(warehouse, options, reterr)) {
		warehouse_close(warehouse);
		return false;
	}
	adbc_watch(warehouse->adbc, options->pulse);
	*ret = warehouse;
	return true;
}

/* Temporary tables go with the connection, and so does an open transaction. */
void warehouse_close(struct warehouse *warehouse)
{
	if (warehouse == NULL)
		return;
	if (warehouse->adbc != NULL) {
		adbc_roll_back(warehouse->adbc);
		if (warehouse->dialect->closing != NULL)
			warehouse->dialect->closing(warehouse);
		adbc_close(warehouse->adbc);
	}
	buf_done(&warehouse->sql);
	free(warehouse->path);
	free(warehouse->schema);
	free(warehouse->staging_schema);
	free(warehouse->stages);
	free(warehouse->withheld);
	free(warehouse);
}

struct warehouse_usage warehouse_usage(const struct warehouse *warehouse)
{
	struct adbc_usage usage = adbc_usage(warehouse->adbc);
	return (struct warehouse_usage){usage.statements, usage.rows_sent, usage.busy_ms};
}

bool warehouse_run(struct warehouse *warehouse, int64_t *ret, size_t n, struct err *reterr)
{
	bool done = buf_ok(&warehouse->sql, reterr) &&
		    adbc_run(warehouse->adbc, buf_text(&warehouse->sql), ret, n, reterr);
	buf_clear(&warehouse->sql);
	return done;
}

bool warehouse_run_text(struct warehouse *warehouse, const char *sql, struct err *reterr)
{
	return adbc_run(warehouse->adbc, sql, NULL, 0, reterr);
}

bool warehouse_each(struct warehouse *warehouse,
		    bool (*row)(void *user, struct arrow_reader *, struct err *reterr), void *user,
		    struct err *reterr)
{
	struct err why = {.kind = ERR_NONE};
	struct adbc_rows *rows = NULL;
	struct arrow_reader *reader = NULL;
	enum arrow_step step;
	bool done = false;
	if (!buf_ok(&warehouse->sql, reterr) ||
	    !adbc_query(warehouse->adbc, buf_text(&warehouse->sql), &rows, reterr) ||
	    !arrow_reader_new(&reader, adbc_stream(rows), reterr))
		goto out;
	while ((step = arrow_next(reader, &why)) == ARROW_ROW) {
		if (!row(user, reader, reterr))
			goto out;
	}
	if (step == ARROW_END)
		done = true;
	else if (why.kind == ERR_NONE)
		adbc_stream_failed(rows, reterr);
	else
		*reterr = why;
out:
	arrow_reader_free(reader);
	adbc_rows_free(rows);
	buf_clear(&warehouse->sql);
	return done;
}
