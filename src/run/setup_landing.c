/* A pipeline for landed files: its tables are known from connectors, and nobody is asked. */
#include "base/bounds.h"
#include "run/setup.h"
#include "shape/row.h"

#include <stdlib.h>

static size_t count_builtin(void)
{
	size_t n = 0;
	while (BUILTIN_CONNECTORS[n].name != NULL)
		n++;
	return n;
}

bool setup_has_connector(const struct setup *setup, const char *name)
{
	if (setup->connector != NULL && strcmp(setup->connector->name, name) == 0)
		return true;
	for (size_t i = 0; i < setup->others_n; i++) {
		if (strcmp(setup->others[i]->name, name) == 0)
			return true;
	}
	return false;
}

/* The built-in ones whose name the configured one does not have. */
static bool read_others(struct setup *setup, struct buf *mistakes, struct err *reterr)
{
	setup->others = arena_array(setup->arena, count_builtin(), sizeof(struct connector *));
	if (setup->others == NULL)
		return err_memory(reterr);
	for (size_t i = 0; BUILTIN_CONNECTORS[i].name != NULL; i++) {
		const struct builtin *builtin = &BUILTIN_CONNECTORS[i];
		if (setup_has_connector(setup, builtin->name))
			continue;
		if (!connector_parse(&setup->others[setup->others_n], builtin->text, builtin->name,
				     mistakes, reterr))
			return false;
		setup->others_n++;
	}
	return true;
}

static bool has_table(const struct setup *setup, const char *name)
{
	for (size_t i = 0; i < setup->streams_n; i++) {
		if (strcmp(setup->streams[i].stream->table, name) == 0)
			return true;
	}
	return false;
}

/* `given`: what the configuration says of the stream, or NULL. */
static bool add_stream(struct setup *setup, const struct stream *stream,
		       const struct config_stream *given, struct err *reterr)
{
	const struct config *config = setup->config;
	struct privacy privacy = {0};
	struct shaper *shaper;
	struct table *table;

	if (given != NULL)
		privacy = (struct privacy){given->excluded, given->hashed, given->excluded_n,
					   given->hashed_n};
	if (!plan_table(setup->arena, stream, config->table_prefix, config->append, &privacy,
			&table, reterr) ||
	    !shaper_new(&shaper, table, setup->hash_key, reterr))
		return given == NULL ? false
				     : err_at(reterr, "%s:%d:%d", config->file, given->line,
					      given->column);
	shaper_free(shaper);
	setup->tables[setup->tables_n++] = table;
	setup->streams[setup->streams_n++] = (struct planned){stream, table, false};
	return true;
}

static bool add_streams(struct setup *setup, const struct connector *connector,
			struct err *reterr)
{
	for (size_t i = 0; connector != NULL && i < connector->streams_n; i++) {
		const struct stream *stream = &connector->streams[i];
		const struct config_stream *given =
			connector == setup->connector
				? setup_configured(setup->config, stream->name) : NULL;
		if (!has_table(setup, stream->table) && !add_stream(setup, stream, given, reterr))
			return false;
	}
	return true;
}

static bool plan_all(struct setup *setup, struct err *reterr)
{
	size_t n = setup->connector == NULL ? 0 : setup->connector->streams_n;
	for (size_t i = 0; i < setup->others_n; i++)
		n += setup->others[i]->streams_n;
	setup->streams = arena_array(setup->arena, n, sizeof *setup->streams);
	setup->tables = arena_array(setup->arena, n + 1, sizeof *setup->tables);
	if (setup->streams == NULL || setup->tables == NULL)
		return err_memory(reterr);
	if (!add_streams(setup, setup->connector, reterr))
		return false;
	for (size_t i = 0; i < setup->others_n; i++) {
		if (!add_streams(setup, setup->others[i], reterr))
			return false;
	}
	setup->tables[setup->tables_n++] = &FIRN_REJECTED;
	return true;
}

static bool find_warehouse(struct setup *setup, const char *environment_driver,
			   struct err *reterr)
{
	const struct config *config = setup->config;
	enum warehouse_kind kind;
	struct buf path;

	if (!destination_is_warehouse(config, &kind))
		return err_set(reterr, ERR_USAGE,
			       "%s: landed files are loaded into a warehouse: give "
			       "destination.duckdb or destination.snowflake", config->file);
	buf_init(&path, PATH_BYTES_MAX);
	bool done = driver_find(kind, config->driver, environment_driver, &path, reterr);
	setup->driver = done ? arena_text(setup->arena, buf_span(&path)) : NULL;
	setup->destination = destination_name(config, setup->arena);
	buf_done(&path);
	if (!done)
		return false;
	setup->place = destination_place(config, setup->arena, reterr);
	return setup->place != NULL && ((setup->driver != NULL && setup->destination != NULL) ||
					err_memory(reterr));
}

bool setup_open_tables(struct setup **ret, const struct config *config, struct buf *mistakes,
		       struct err *reterr)
{
	struct setup *setup = calloc(1, sizeof *setup);
	bool done = false;

	if (setup == NULL || (setup->arena = arena_new()) == NULL) {
		err_memory(reterr);
		goto out;
	}
	setup->config = config;
	setup->base_url = "";
	if (config->hash_key != NULL)
		setup->hash_key = config->hash_key->value;
	if (config->connector[0] != '\0' &&
	    (!setup_read_connector(setup, mistakes, reterr) ||
	     !setup_check_streams(setup, mistakes, reterr)))
		goto out;
	done = read_others(setup, mistakes, reterr) && plan_all(setup, reterr);
	if (!done && mistakes->size == 0)
		buf_addf(mistakes, "%s\n", reterr->text);
out:
	if (done)
		*ret = setup;
	else
		setup_close(setup);
	return done;
}

bool setup_open_landing(struct setup **ret, const struct config *config,
			const char *environment_driver, struct buf *mistakes, struct err *reterr)
{
	if (!setup_open_tables(ret, config, mistakes, reterr))
		return false;
	if (find_warehouse(*ret, environment_driver, reterr))
		return true;
	buf_addf(mistakes, "%s\n", reterr->text);
	setup_close(*ret);
	*ret = NULL;
	return false;
}
