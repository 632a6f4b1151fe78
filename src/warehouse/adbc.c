#include "warehouse/adbc.h"

#include "base/clock.h"
#include "base/pulse.h"

#include <arrow-adbc/adbc.h>
#include <arrow-adbc/adbc_driver_manager.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct adbc {
	struct AdbcDatabase database;
	struct AdbcConnection connection;
	bool transaction;
	struct adbc_usage usage;
	struct pulse *pulse; /* NULL: nobody watches */
	enum err_kind (*judge)(const struct adbc_failure *);
};

struct adbc_rows {
	struct adbc *adbc;
	struct AdbcStatement statement;
	struct ArrowArrayStream stream;
};

/* --- errors --- */

/* The driver's whole message; what stands behind an empty line is advice for somebody else. */
static bool judged(const struct adbc *adbc, const char *text, const struct AdbcError *error,
		   struct err *reterr)
{
	struct adbc_failure failure = {.text = text == NULL ? "the driver did not say why" : text};
	if (error != NULL) {
		memcpy(failure.sqlstate, error->sqlstate, 5);
		if (error->vendor_code != ADBC_ERROR_VENDOR_CODE_PRIVATE_DATA)
			failure.vendor_code = error->vendor_code;
	}
	enum err_kind kind = adbc->judge(&failure);
	const char *end = strstr(failure.text, "\n\nPossible solutions");
	size_t size = end == NULL ? strlen(failure.text) : (size_t)(end - failure.text);
	while (size > 0 && failure.text[size - 1] == '\n')
		size--;
	return err_set(reterr, kind, "%.*s", size > INT32_MAX ? INT32_MAX : (int)size,
		       failure.text);
}

static bool failed(const struct adbc *adbc, struct AdbcError *error, struct err *reterr)
{
	judged(adbc, error->message, error, reterr);
	if (error->release != NULL)
		error->release(error);
	*error = (struct AdbcError)ADBC_ERROR_INIT;
	return false;
}

/* --- opening --- */

bool adbc_knows_driver(const char *name, const char *entry, struct err *reterr)
{
	struct AdbcError error = ADBC_ERROR_INIT;
	struct AdbcDriver driver = {0};
	AdbcStatusCode code = AdbcFindLoadDriver(name, entry, ADBC_VERSION_1_1_0,
						 ADBC_LOAD_FLAG_DEFAULT, NULL, &driver, &error);
	bool found = code == ADBC_STATUS_OK;
	if (!found)
		err_set(reterr, ERR_USAGE, "%s",
			error.message == NULL ? "not found" : error.message);
	if (error.release != NULL)
		error.release(&error);
	if (driver.release != NULL) {
		error = (struct AdbcError)ADBC_ERROR_INIT;
		(void)driver.release(&driver, &error);
		if (error.release != NULL)
			error.release(&error);
	}
	return found;
}

static bool make_database(struct adbc *adbc, const char *driver, const char *entry,
			  const struct adbc_option *options, size_t n, struct err *reterr)
{
	struct AdbcError error = ADBC_ERROR_INIT;
	AdbcStatusCode code = AdbcDatabaseNew(&adbc->database, &error);
	if (code == ADBC_STATUS_OK && strchr(driver, '/') == NULL)
		code = AdbcDriverManagerDatabaseSetLoadFlags(&adbc->database,
							     ADBC_LOAD_FLAG_DEFAULT, &error);
	if (code == ADBC_STATUS_OK)
		code = AdbcDatabaseSetOption(&adbc->database, "driver", driver, &error);
	if (code == ADBC_STATUS_OK)
		code = AdbcDatabaseSetOption(&adbc->database, "entrypoint", entry, &error);
	for (size_t i = 0; i < n && code == ADBC_STATUS_OK; i++)
		code = AdbcDatabaseSetOption(&adbc->database, options[i].name, options[i].value,
					     &error);
	if (code == ADBC_STATUS_OK)
		code = AdbcDatabaseInit(&adbc->database, &error);
	return code == ADBC_STATUS_OK || failed(adbc, &error, reterr);
}

static bool make_connection(struct adbc *adbc, struct err *reterr)
{
	struct AdbcError error = ADBC_ERROR_INIT;
	AdbcStatusCode code = AdbcConnectionNew(&adbc->connection, &error);
	if (code == ADBC_STATUS_OK)
		code = AdbcConnectionInit(&adbc->connection, &adbc->database, &error);
	return code == ADBC_STATUS_OK || failed(adbc, &error, reterr);
}

bool adbc_open(struct adbc **ret, const char *driver, const char *entry,
	       const struct adbc_option *options, size_t n,
	       enum err_kind (*judge)(const struct adbc_failure *), struct err *reterr)
{
	struct adbc *adbc = calloc(1, sizeof *adbc);
	if (adbc == NULL)
		return err_memory(reterr);
	adbc->judge = judge;
	if (!make_database(adbc, driver, entry, options, n, reterr) ||
	    !make_connection(adbc, reterr)) {
		adbc_close(adbc);
		return false;
	}
	*ret = adbc;
	return true;
}

/* A failure here has nobody to tell: what was committed is safe, the rest is not wanted. */
void adbc_close(struct adbc *adbc)
{
	struct AdbcError error = ADBC_ERROR_INIT;
	if (adbc == NULL)
		return;
	if (adbc->connection.private_data != NULL || adbc->connection.private_driver != NULL)
		(void)AdbcConnectionRelease(&adbc->connection, &error);
	if (adbc->database.private_data != NULL || adbc->database.private_driver != NULL)
		(void)AdbcDatabaseRelease(&adbc->database, &error);
	if (error.release != NULL)
		error.release(&error);
	free(adbc);
}

void adbc_watch(struct adbc *adbc, struct pulse *pulse)
{
	adbc->pulse = pulse;
}

/* --- statements --- */

static void release_statement(struct AdbcStatement *statement)
{
	struct AdbcError error = ADBC_ERROR_INIT;
	if (statement->private_data == NULL && statement->private_driver == NULL)
		return;
	(void)AdbcStatementRelease(statement, &error);
	if (error.release != NULL)
		error.release(&error);
}

static void used(struct adbc *adbc, int64_t start_ms, int64_t rows)
{
	adbc->usage.statements++;
	adbc->usage.rows_sent += rows;
	adbc->usage.busy_ms += clock_mono_ms() - start_ms;
	pulse_again(adbc->pulse);
}

struct adbc_usage adbc_usage(const struct adbc *adbc)
{
	return adbc->usage;
}

bool adbc_query(struct adbc *adbc, const char *sql, struct adbc_rows **ret, struct err *reterr)
{
	struct AdbcError error = ADBC_ERROR_INIT;
	struct adbc_rows *rows = calloc(1, sizeof *rows);
	if (rows == NULL)
		return err_memory(reterr);
	rows->adbc = adbc;
	int64_t changed, start_ms = clock_mono_ms();
	AdbcStatusCode code = AdbcStatementNew(&adbc->connection, &rows->statement, &error);
	if (code == ADBC_STATUS_OK)
		code = AdbcStatementSetSqlQuery(&rows->statement, sql, &error);
	if (code == ADBC_STATUS_OK)
		code = AdbcStatementExecuteQuery(&rows->statement, &rows->stream, &changed, &error);
	used(adbc, start_ms, 0);
	if (code != ADBC_STATUS_OK) {
		failed(adbc, &error, reterr);
		adbc_rows_free(rows);
		return false;
	}
	*ret = rows;
	return true;
}

struct ArrowArrayStream *adbc_stream(struct adbc_rows *rows)
{
	return rows->stream.release == NULL ? NULL : &rows->stream;
}

bool adbc_stream_failed(struct adbc_rows *rows, struct err *reterr)
{
	return judged(rows->adbc, rows->stream.get_last_error(&rows->stream), NULL, reterr);
}

void adbc_rows_free(struct adbc_rows *rows)
{
	if (rows == NULL)
		return;
	if (rows->stream.release != NULL)
		rows->stream.release(&rows->stream);
	release_statement(&rows->statement);
	pulse_again(rows->adbc->pulse); /* DuckDB works while it is read */
	free(rows);
}

/* The first row's cell as a whole number; arrays of int64 need no library to be read. */
static int64_t first_cell(const struct ArrowArray *rows, size_t column)
{
	const struct ArrowArray *cells = rows->children[column];
	const uint8_t *valid = cells->buffers[0];
	const int64_t *values = cells->buffers[1];
	int64_t at = rows->offset + cells->offset;
	if (valid != NULL && (valid[at / 8] >> (at % 8) & 1) == 0)
		return INT64_MIN;
	return values[at];
}

/* Reads to the end: DuckDB works while it is read. */
static bool read_cells(struct adbc_rows *rows, int64_t *ret, size_t n, struct err *reterr)
{
	struct ArrowArrayStream *stream = &rows->stream;
	struct ArrowSchema schema = {0};
	if (stream->get_schema(stream, &schema) != 0)
		return adbc_stream_failed(rows, reterr);
	bool whole = (size_t)schema.n_children >= n;
	for (size_t i = 0; whole && i < n; i++)
		whole = strcmp(schema.children[i]->format, "l") == 0;
	schema.release(&schema);

	for (size_t i = 0; i < n; i++)
		ret[i] = INT64_MIN;
	bool first = true;
	for (;;) {
		struct ArrowArray array = {0};
		if (stream->get_next(stream, &array) != 0)
			return adbc_stream_failed(rows, reterr);
		if (array.release == NULL)
			return true;
		for (size_t i = 0; first && whole && array.length > 0 && i < n; i++)
			ret[i] = first_cell(&array, i);
		first = first && array.length == 0;
		array.release(&array);
		if (!whole && n > 0)
			return err_set(reterr, ERR_REMOTE, "the driver gave no whole number where"
				       " one was asked for");
	}
}

bool adbc_run(struct adbc *adbc, const char *sql, int64_t *ret, size_t n, struct err *reterr)
{
	struct adbc_rows *rows;
	if (!adbc_query(adbc, sql, &rows, reterr))
		return false;
	bool done = rows->stream.release == NULL || read_cells(rows, ret, n, reterr);
	adbc_rows_free(rows);
	return done;
}

/* --- rows in --- */

int64_t adbc_array_rows(const struct ArrowArray *rows)
{
	return rows->length;
}

void adbc_drop_rows(struct ArrowSchema *schema, struct ArrowArray *rows)
{
	if (rows->release != NULL)
		rows->release(rows);
	if (schema->release != NULL)
		schema->release(schema);
}

bool adbc_ingest(struct adbc *adbc, const char *table, const struct adbc_option *options,
		 struct ArrowSchema *schema, struct ArrowArray *rows, int64_t *ret_taken,
		 struct err *reterr)
{
	int64_t start_ms = clock_mono_ms(), n = rows->length;
	struct AdbcError error = ADBC_ERROR_INIT;
	struct AdbcStatement statement = {0};
	int64_t taken = -1;
	AdbcStatusCode code = AdbcStatementNew(&adbc->connection, &statement, &error);
	if (code == ADBC_STATUS_OK)
		code = AdbcStatementSetOption(&statement, ADBC_INGEST_OPTION_TARGET_TABLE, table,
					      &error);
	if (code == ADBC_STATUS_OK)
		code = AdbcStatementSetOption(&statement, ADBC_INGEST_OPTION_MODE,
					      ADBC_INGEST_OPTION_MODE_APPEND, &error);
	for (size_t i = 0; code == ADBC_STATUS_OK && options[i].name != NULL; i++)
		code = AdbcStatementSetOption(&statement, options[i].name, options[i].value,
					      &error);
	if (code == ADBC_STATUS_OK)
		code = AdbcStatementBind(&statement, rows, schema, &error);
	if (code == ADBC_STATUS_OK)
		code = AdbcStatementExecuteQuery(&statement, NULL, &taken, &error);
	bool done = code == ADBC_STATUS_OK || failed(adbc, &error, reterr);
	release_statement(&statement);
	adbc_drop_rows(schema, rows);
	if (done)
		*ret_taken = taken;
	used(adbc, start_ms, n);
	return done;
}

/* --- transactions --- */

static AdbcStatusCode set_autocommit(struct adbc *adbc, bool on, struct AdbcError *error)
{
	return AdbcConnectionSetOption(&adbc->connection, ADBC_CONNECTION_OPTION_AUTOCOMMIT,
				       on ? ADBC_OPTION_VALUE_ENABLED : ADBC_OPTION_VALUE_DISABLED,
				       error);
}

bool adbc_begin(struct adbc *adbc, struct err *reterr)
{
	struct AdbcError error = ADBC_ERROR_INIT;
	assert(!adbc->transaction);
	if (set_autocommit(adbc, false, &error) != ADBC_STATUS_OK)
		return failed(adbc, &error, reterr);
	adbc->transaction = true;
	return true;
}

/* After the commit the transaction is over, whatever becomes of autocommit: a failure to switch
 * it on must not look like a failed commit. DuckDB begins a new transaction with the commit, and
 * ends it when autocommit is switched on. */
bool adbc_commit(struct adbc *adbc, struct err *reterr)
{
	struct AdbcError error = ADBC_ERROR_INIT;
	assert(adbc->transaction);
	if (AdbcConnectionCommit(&adbc->connection, &error) != ADBC_STATUS_OK) {
		failed(adbc, &error, reterr);
		adbc_roll_back(adbc);
		return false;
	}
	adbc->transaction = false;
	if (set_autocommit(adbc, true, &error) != ADBC_STATUS_OK && error.release != NULL)
		error.release(&error);
	return true;
}

void adbc_roll_back(struct adbc *adbc)
{
	struct AdbcError error = ADBC_ERROR_INIT;
	if (!adbc->transaction)
		return;
	(void)AdbcConnectionRollback(&adbc->connection, &error);
	if (error.release != NULL)
		error.release(&error);
	error = (struct AdbcError)ADBC_ERROR_INIT;
	(void)set_autocommit(adbc, true, &error);
	if (error.release != NULL)
		error.release(&error);
	adbc->transaction = false;
}
