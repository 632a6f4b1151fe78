#include "base/bounds.h"
#include "base/file.h"
#include "base/process.h"
#include "warehouse/adbc.h"
#include "warehouse/warehouse.h"

static const struct driver {
	enum warehouse_kind kind;
	const char *file, *bring;
	const char *manifest, *entry; /* NULL: there are none of it */
} DRIVERS[] = {
	{WAREHOUSE_DUCKDB, "libduckdb.so", "the package firn-duckdb or 'make' brings it", NULL,
	 NULL},
	{WAREHOUSE_SNOWFLAKE, "libadbc_driver_snowflake.so", "the package firn-snowflake,"
	 " 'make snowflake-driver' or 'dbc install snowflake' brings it", "snowflake",
	 "AdbcDriverSnowflakeInit"},
};

struct hunt {
	const struct driver *driver;
	struct buf *ret;
	struct buf tried;
};

/* `folder` may be the file itself. */
static bool look(struct hunt *hunt, const char *folder, const char *below)
{
	struct err ignored = {.kind = ERR_NONE};
	struct buf in;
	size_t start = hunt->ret->size;
	buf_init(&in, PATH_BYTES_MAX);
	buf_addf(&in, "%s%s", folder, below);
	bool found = !in.failed &&
		     file_join(hunt->ret, buf_text(&in), hunt->driver->file, &ignored) &&
		     file_exists(hunt->ret->data + start);
	if (!found)
		buf_cut(hunt->ret, start);
	buf_addf(&hunt->tried, "%s%s", hunt->tried.size == 0 ? "" : ", ", buf_text(&in));
	buf_done(&in);
	return found;
}

/* A path that somebody named: the library, or the folder that it is in. */
static bool look_at(struct hunt *hunt, const char *path)
{
	if (path == NULL || path[0] == '\0')
		return false;
	if (look(hunt, path, ""))
		return true;
	struct buf inside;
	buf_init(&inside, PATH_BYTES_MAX);
	buf_addf(&inside, "%s/.", path);
	bool folder = inside.failed || file_exists(buf_text(&inside));
	buf_done(&inside);
	return !folder && file_exists(path) && buf_add_text(hunt->ret, path);
}

static bool look_around(struct hunt *hunt)
{
	struct buf program;
	bool found = false;
	buf_init(&program, PATH_BYTES_MAX);
	if (process_path(&program)) {
		buf_cut(&program, file_folder_of(buf_text(&program)).size);
		found = look(hunt, buf_text(&program), "/lib") ||
			look(hunt, buf_text(&program), "/../lib/firn");
	}
	buf_done(&program);
	return found || look(hunt, FIRN_PREFIX "/lib/firn", "");
}

bool driver_find(enum warehouse_kind kind, const char *configured, const char *environment,
		 struct buf *ret, struct err *reterr)
{
	struct hunt hunt = {.ret = ret};
	struct err ignored = {.kind = ERR_NONE};
	for (size_t i = 0; i < sizeof DRIVERS / sizeof DRIVERS[0]; i++) {
		if (DRIVERS[i].kind == kind)
			hunt.driver = &DRIVERS[i];
	}
	buf_init(&hunt.tried, 16 * PATH_BYTES_MAX);
	bool named = configured != NULL && configured[0] != '\0';
	bool found = look_at(&hunt, configured) ||
		     (!named && (look_at(&hunt, environment) || look_around(&hunt)));
	if (!found && !named && hunt.driver->manifest != NULL &&
	    adbc_knows_driver(hunt.driver->manifest, hunt.driver->entry, &ignored))
		found = buf_add_text(ret, hunt.driver->manifest);
	if (!found && named)
		err_set(reterr, ERR_USAGE, "there is no driver at '%s'", configured);
	else if (!found)
		err_set(reterr, ERR_USAGE, "%s was not found in %s; %s, or $FIRN_DRIVER_PATH names"
			" it", hunt.driver->file, buf_text(&hunt.tried), hunt.driver->bring);
	buf_done(&hunt.tried);
	return found && buf_ok(ret, reterr);
}
