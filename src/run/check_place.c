/* The destination and this machine: the library, the DuckDB file and who holds it, tables, the
 * folders that firn writes to, and the room there. */
#include "run/checking.h"

#include "base/bounds.h"
#include "base/text.h"
#include "warehouse/checks.h"

#include <stdio.h>

/* --- folders --- */

/* The folder of what stands there. */
static void go_up(struct buf *path)
{
	struct span above = file_folder_of(buf_text(path));
	if (span_is(above, ".")) {
		buf_clear(path);
		buf_add_char(path, '.');
	} else {
		buf_cut(path, above.size);
	}
}

/* The nearest at or above `path` that is there. */
static bool find_there(const char *path, struct buf *ret, struct err *reterr)
{
	buf_clear(ret);
	buf_add_text(ret, path);
	while (buf_ok(ret, reterr) && !file_exists(buf_text(ret)) && ret->size > 1)
		go_up(ret);
	return buf_ok(ret, reterr);
}

/* A folder that firn makes where it is missing. */
bool check_folder(struct checking *c, const char *what, const char *key, const char *path,
			 struct err *reterr)
{
	struct buf there;
	char todo[160];
	buf_init(&there, PATH_BYTES_MAX);
	bool done = find_there(path, &there, reterr);
	const char *folder = buf_text(&there);
	bool made = done && strcmp(folder, path) == 0;
	snprintf(todo, sizeof todo, "give this user the right to write there, or name another "
		 "folder with %s", key);
	if (done && !file_is_folder(folder))
		check_tell(c, CHECK_FAIL, what, todo, "%s is not a folder", folder);
	else if (done && !file_may_write(folder))
		check_tell(c, CHECK_FAIL, what, todo, "%s cannot be written to%s%s%s", folder,
			   made ? "" : ", and ", made ? "" : path,
			   made ? "" : " is to be made there");
	else if (done)
		check_tell(c, CHECK_OK, what, NULL, "%s%s", path, made ? "" : " will be made");
	buf_done(&there);
	return done;
}

bool check_room(struct checking *c, const char *what, const char *path,
		       struct err *reterr)
{
	struct buf there;
	buf_init(&there, PATH_BYTES_MAX);
	bool done = find_there(path, &there, reterr);
	if (done && !file_is_folder(buf_text(&there)))
		go_up(&there);
	int64_t bytes = done ? file_free_bytes(buf_text(&there)) : 0;
	double gib = (double)bytes / (1024.0 * MIB);
	if (done && bytes < 0)
		check_tell(c, CHECK_WARN, what, NULL, "how much is free at %s cannot be told",
			   buf_text(&there));
	else if (done && bytes < DISK_FREE_MIN)
		check_tell(c, CHECK_WARN, what, "make room there",
			   "only %.0f MiB are free at %s", (double)bytes / MIB, buf_text(&there));
	else if (done)
		check_tell(c, CHECK_OK, what, NULL, "%.1f GiB are free at %s", gib,
			   buf_text(&there));
	buf_done(&there);
	return done;
}

/* --- tables --- */

static void check_table(struct checking *c, const struct table *table,
			const struct table_shape *shape, size_t *there)
{
	*there += shape->there;
	if (shape->view) {
		check_tell(c, CHECK_FAIL, "tables",
			   "drop or rename the view, or set destination.table_prefix",
			   "%s is a view, and firn would write to it as a table", table->name);
		c->result->usage = true;
	} else if (shape->differs[0] != '\0') {
		check_tell(c, CHECK_FAIL, "tables",
			   "firn ddl --migrate prints the SQL that changes them; until then firn "
			   "writes nothing",
			   "%s has columns of other types: %s", table->name, shape->differs);
		c->result->usage = true;
	} else if (shape->there && shape->missing[0] != '\0') {
		check_tell(c, CHECK_OK, "tables", NULL, "%s: the next load adds %s", table->name,
			   shape->missing);
	}
}

bool check_tables(struct checking *c, struct warehouse *warehouse, bool *ret_there,
		  struct err *reterr)
{
	const struct setup *setup = c->setup;
	size_t there = 0, failed = c->result->failed;
	for (size_t i = 0; i < setup->tables_n; i++) {
		struct table_shape shape;
		if (!checks_shape(warehouse, setup->tables[i], &shape, reterr))
			return false;
		check_table(c, setup->tables[i], &shape, &there);
		if (ret_there != NULL)
			ret_there[i] = shape.there;
	}
	if (c->result->failed == failed)
		check_tell(c, CHECK_OK, "tables", NULL, "%zu of %zu are there, of the types that "
			   "firn writes", there, setup->tables_n);
	return true;
}

/* --- the DuckDB file --- */

static const char MOVE[] = "give this user the right to write there, or name another file with "
			   "destination.duckdb";

static void check_new_file(struct checking *c)
{
	const char *path = c->config->duckdb;
	struct span above = file_folder_of(path);
	char folder[PATH_BYTES_MAX], todo[PATH_BYTES_MAX + 16];
	snprintf(folder, sizeof folder, "%.*s", SPAN_ARGS(above));
	snprintf(todo, sizeof todo, "mkdir -p %s", folder);
	if (!file_exists(folder))
		check_tell(c, CHECK_FAIL, "destination", todo, "%s: the folder %s is not there",
			   path, folder);
	else if (!file_may_write(folder))
		check_tell(c, CHECK_FAIL, "destination", MOVE,
			   "%s cannot be made: %s cannot be written to", path, folder);
	else
		check_tell(c, CHECK_OK, "destination", NULL,
			   "%s is not there yet: the first load makes it", path);
}

static bool check_opened(struct checking *c, struct warehouse *warehouse, struct err *reterr)
{
	struct err why = {0};
	char folder[PATH_BYTES_MAX];
	const char *path = c->config->duckdb;
	struct span above = file_folder_of(path);
	snprintf(folder, sizeof folder, "%.*s", SPAN_ARGS(above));
	if (!file_may_write(path) || !file_may_write(folder))
		check_tell(c, CHECK_FAIL, "destination", MOVE,
			   "%s can be read, but it or its folder cannot be written to", path);
	else
		check_tell(c, CHECK_OK, "destination", NULL, "%s opens", path);
	if (c->setup == NULL || check_tables(c, warehouse, NULL, &why))
		return true;
	if (why.kind == ERR_MEMORY)
		return err_memory(reterr);
	check_tell(c, CHECK_FAIL, "tables", "see what the warehouse says", "%s", why.text);
	return true;
}

static bool check_file(struct checking *c, const char *driver, struct err *reterr)
{
	struct warehouse_options options = {
		.kind = WAREHOUSE_DUCKDB,
		.path = c->config->duckdb,
		.driver = driver,
		.read_only = true,
	};
	struct warehouse *warehouse = NULL;
	struct err why = {0};
	if (!file_exists(options.path)) {
		check_new_file(c);
		return true;
	}
	if (warehouse_open(&warehouse, &options, &why)) {
		bool done = check_opened(c, warehouse, reterr);
		warehouse_close(warehouse);
		return done;
	}
	if (why.kind == ERR_MEMORY)
		return err_memory(reterr);
	if (why.kind == ERR_BUSY)
		check_tell(c, CHECK_WARN, "destination", "close it there before a load; firn waits "
			   "ten minutes for it", "%s", why.text);
	else
		check_tell(c, CHECK_FAIL, "destination",
			   "destination.duckdb must name a DuckDB file, or one that is not there "
			   "yet",
			   "%s", why.text);
	return true;
}

static bool check_library(struct checking *c, struct buf *driver, bool *ret_there,
			  struct err *reterr)
{
	struct err why = {0};
	struct buf version;
	buf_init(&version, ERR_TEXT_BYTES);
	*ret_there = driver_find(WAREHOUSE_DUCKDB, c->config->driver,
				 c->options->environment_driver, driver, &why) &&
		     checks_driver(WAREHOUSE_DUCKDB, buf_text(driver), &version, &why);
	if (*ret_there)
		check_tell(c, CHECK_OK, "DuckDB", NULL, "%s (%s)", buf_text(&version),
			   buf_text(driver));
	else if (why.kind != ERR_MEMORY)
		check_tell(c, CHECK_FAIL, "DuckDB", "name its library with destination.driver or "
			   "$FIRN_DRIVER_PATH", "%s", why.text);
	buf_done(&version);
	return *ret_there || why.kind != ERR_MEMORY || err_memory(reterr);
}

static bool check_duckdb(struct checking *c, struct err *reterr)
{
	struct buf driver;
	bool there = false;
	buf_init(&driver, PATH_BYTES_MAX);
	bool done = check_library(c, &driver, &there, reterr) &&
		    (!there || check_file(c, buf_text(&driver), reterr)) &&
		    check_room(c, "disk, DuckDB", c->config->duckdb, reterr);
	buf_done(&driver);
	return done;
}

static bool check_destination(struct checking *c, struct err *reterr)
{
	switch (c->config->to) {
	case CONFIG_TO_SNOWFLAKE:
		return check_snowflake(c, reterr);
	case CONFIG_TO_DUCKDB:
		return check_duckdb(c, reterr);
	case CONFIG_TO_S3:
	case CONFIG_TO_FOLDER:
		return check_landing(c, reterr);
	case CONFIG_TO_NOWHERE:
		break;
	}
	return true;
}

bool check_place(struct checking *c, struct err *reterr)
{
	const struct config *config = c->config;
	bool done = check_destination(c, reterr) && check_spool(c, reterr) &&
		    check_folder(c, "state", "state_dir", config->state_dir, reterr) &&
		    check_folder(c, "log", "log: { dir: ... }", config->log_dir, reterr) &&
		    check_room(c, "disk, state", config->state_dir, reterr);
	return done;
}
