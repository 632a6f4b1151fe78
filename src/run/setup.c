#include "run/setup.h"

#include "base/bounds.h"
#include "base/text.h"
#include "fetch/exchange.h"

#include <stdio.h>
#include <stdlib.h>

/* --- the connector --- */

bool setup_connector_text(const char *name, bool is_path, struct buf *room, struct span *ret,
			  struct err *reterr)
{
	const char *names[64] = {NULL};
	if (is_path) {
		if (!file_read(name, room, reterr)) {
			if (reterr->kind == ERR_DATA) /* too large: the file is to be mended */
				reterr->kind = ERR_USAGE;
			return false;
		}
		*ret = buf_span(room);
		return true;
	}
	for (size_t i = 0; BUILTIN_CONNECTORS[i].name != NULL; i++) {
		if (i + 1 < sizeof names / sizeof *names)
			names[i] = BUILTIN_CONNECTORS[i].name;
		if (strcmp(BUILTIN_CONNECTORS[i].name, name) == 0) {
			*ret = BUILTIN_CONNECTORS[i].text;
			return true;
		}
	}
	const char *near = text_nearest(name, names);
	return err_set(reterr, ERR_USAGE,
		       "no connector %s is built in%s%s%s (a path to a file has a slash in it, "
		       "such as ./%s.yaml)", name, near == NULL ? "" : "; did you mean ",
		       near == NULL ? "" : near, near == NULL ? "" : "?", name);
}

bool setup_read_connector(struct setup *setup, struct buf *mistakes, struct err *reterr)
{
	const struct config *config = setup->config;
	struct buf room;
	struct span text;
	if (config->connector[0] == '\0') {
		err_set(reterr, ERR_USAGE, "%s:%d:%d: source.connector is missing: it says what is"
			" read", config->file, config->connector_line, config->connector_column);
		buf_addf(mistakes, "%s\n", reterr->text);
		return false;
	}
	buf_init(&room, CONFIG_BYTES_MAX);
	bool done = setup_connector_text(config->connector, config->connector_is_path, &room,
					 &text, reterr);
	if (!done)
		buf_addf(mistakes, "%s:%d:%d: source.connector: %s\n", config->file,
			 config->connector_line, config->connector_column, reterr->text);
	else
		done = connector_parse(&setup->connector, text, config->connector, mistakes,
				       reterr);
	buf_done(&room);
	return done;
}

/* --- signing in --- */

static const enum auth_kind KINDS[] = {
	[CONFIG_AUTH_UNSET] = AUTH_NONE,     [CONFIG_AUTH_BEARER] = AUTH_BEARER,
	[CONFIG_AUTH_API_KEY] = AUTH_API_KEY, [CONFIG_AUTH_BASIC] = AUTH_BASIC,
	[CONFIG_AUTH_OAUTH2] = AUTH_OAUTH2,
};

static bool check_auth(struct setup *setup, struct err *reterr)
{
	const struct config *config = setup->config;
	enum auth_kind kind = KINDS[config->auth];
	return connector_takes_auth(setup->connector, kind, reterr) ||
	       err_at(reterr, "%s:%d:%d: source.auth%s", config->file, config->auth_line,
		      config->auth_column, kind == AUTH_NONE ? " is missing" : "");
}

static struct span value_of(const struct secret *secret)
{
	return secret == NULL ? SPAN("") : secret->value;
}

struct credentials setup_credentials(const struct config *config)
{
	return (struct credentials){
		.kind = KINDS[config->auth],
		.token = value_of(config->token),
		.user = value_of(config->user),
		.password = value_of(config->password),
		.key = value_of(config->key),
		.client_id = value_of(config->client_id),
		.client_secret = value_of(config->client_secret),
		.token_url = config->token_url,
		.scope = config->scope,
	};
}

/* The hash key is not read again: one run hashes everything with the same. */
bool setup_reload_secrets(struct setup *setup, struct err *reterr)
{
	if (!secrets_reload(setup->config->secrets, reterr))
		return false;
	setup->credentials = setup_credentials(setup->config);
	return true;
}

/* --- secrets among the settings --- */

static bool refuse_open(const struct setup *setup, const struct setting *setting,
			const struct yaml *node, struct err *reterr)
{
	const struct config *config = setup->config;
	return err_set(reterr, ERR_USAGE,
		       "%s:%d:%d: %s stands here in plain text and other users can read this file: "
		       "chmod 600 %s, or write ${NAME} or ${file:PATH}", config->file, node->line,
		       node->column, setting->name, config->file);
}

/* `given`: a map of the configuration, for settings or for the fields of a list's element. */
static bool check_open(const struct setup *setup, const struct setting *settings, size_t n,
		       const struct yaml *given, struct err *reterr)
{
	for (size_t i = 0; i < n; i++) {
		const struct yaml *node = yaml_member(given, settings[i].name);
		if (node == NULL)
			continue;
		if (settings[i].type == SETTING_SECRET && config_is_open(setup->config, node))
			return refuse_open(setup, &settings[i], node, reterr);
		for (size_t k = 0; k < node->n && settings[i].fields_n > 0; k++) {
			if (!check_open(setup, settings[i].fields, settings[i].fields_n,
					&node->children[k], reterr))
				return false;
		}
	}
	return true;
}

/* They are scrubbed like all others. */
static bool note_secret_settings(struct setup *setup, struct err *reterr)
{
	struct secrets *secrets = setup->config->secrets;
	bool done = true;
	for (size_t i = 0; i < setup->settings.n && done; i++) {
		const struct setting_value *value = &setup->settings.at[i];
		if (value->setting->type == SETTING_SECRET)
			done = secrets_note(secrets, value->value.text, reterr);
		for (size_t k = 0; k < value->n * value->setting->fields_n && done; k++) {
			size_t field = k % value->setting->fields_n;
			if (value->setting->fields[field].type == SETTING_SECRET)
				done = secrets_note(secrets,
						    value->elements[k / value->setting->fields_n]
							    .fields[field].text, reterr);
		}
	}
	return done;
}

/* --- streams and tables --- */

const struct config_stream *setup_configured(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->streams_n; i++) {
		if (strcmp(config->streams[i].name, name) == 0)
			return &config->streams[i];
	}
	return NULL;
}

bool setup_check_streams(struct setup *setup, struct buf *mistakes, struct err *reterr)
{
	const struct connector *connector = setup->connector;
	const struct config *config = setup->config;
	const char **known = arena_array(setup->arena, connector->streams_n + 1, sizeof *known);
	bool good = true;
	if (known == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < connector->streams_n; i++)
		known[i] = connector->streams[i].name;
	for (size_t i = 0; i < config->streams_n; i++) {
		const struct config_stream *stream = &config->streams[i];
		if (connector_stream(connector, stream->name) != NULL)
			continue;
		const char *near = text_nearest(stream->name, known);
		struct err one;
		err_set(&one, ERR_USAGE, "%s:%d:%d: %s has no stream %s%s%s%s", config->file,
			stream->line, stream->column, connector->name, stream->name,
			near == NULL ? "" : "; did you mean ", near == NULL ? "" : near,
			near == NULL ? "" : "?");
		if (good)
			*reterr = one;
		buf_addf(mistakes, "%s\n", one.text);
		good = false;
	}
	return good;
}

static bool selects(const struct config *config, const struct stream *stream)
{
	if (config->streams_n == 0)
		return !stream->optional;
	return setup_configured(config, stream->name) != NULL;
}

const struct planned *setup_planned(const struct setup *setup, const struct stream *stream)
{
	for (size_t i = 0; i < setup->streams_n; i++) {
		if (setup->streams[i].stream == stream)
			return &setup->streams[i];
	}
	return NULL;
}

static bool is_hidden(const struct table *table, const struct template *template,
		      const char **ret_name)
{
	for (size_t i = 0; i < template->n; i++) {
		const struct template_part *part = &template->parts[i];
		int column = part->scope == SLOT_PARENT ? table_column(table, part->text) : -1;
		if (column >= 0 &&
		    (table->columns[column].excluded || table->columns[column].hashed)) {
			*ret_name = table->columns[column].name;
			return true;
		}
	}
	return false;
}

/* A child asks for, and may write down, values of its parent's row: what the user hides there
 * would come out here. */
static bool check_child(const struct setup *setup, const struct stream *stream,
			struct err *reterr)
{
	const struct config *config = setup->config;
	const struct config_stream *given = setup_configured(config, stream->name);
	int line = given == NULL ? config->connector_line : given->line;
	int at = given == NULL ? config->connector_column : given->column;
	const struct planned *parent = setup_planned(setup, stream->for_each);
	const char *name = NULL;
	if (parent == NULL)
		return err_set(reterr, ERR_USAGE,
			       "%s:%d:%d: source.streams: %s asks for each row of %s: name that "
			       "stream too", config->file, line, at, stream->name,
			       stream->for_each->name);
	bool hidden = is_hidden(parent->table, stream->path, &name);
	for (size_t i = 0; i < stream->query_n && !hidden; i++) {
		for (size_t k = 0; k < stream->query[i].n && !hidden; k++)
			hidden = is_hidden(parent->table, &stream->query[i].values[k], &name);
	}
	for (size_t i = 0; i < stream->columns_n && !hidden; i++) {
		if (stream->columns[i].source == FROM_VALUE)
			hidden = is_hidden(parent->table, stream->columns[i].value, &name);
	}
	if (hidden)
		return err_set(reterr, ERR_USAGE,
			       "%s:%d:%d: source.streams: %s of %s cannot be excluded or hashed: "
			       "%s uses it", config->file, line, at, name, parent->stream->name,
			       stream->name);
	return true;
}

static bool plan_stream(struct setup *setup, const struct stream *stream, struct err *reterr)
{
	const struct config *config = setup->config;
	const struct config_stream *given = setup_configured(config, stream->name);
	struct privacy privacy = {0};
	struct table *table;

	if (stream->for_each != NULL && !check_child(setup, stream, reterr))
		return false;
	if (given != NULL)
		privacy = (struct privacy){given->excluded, given->hashed, given->excluded_n,
					   given->hashed_n};
	if (!plan_table(setup->arena, stream, config->table_prefix, config->append, &privacy,
			&table, reterr)) {
		if (given != NULL)
			err_at(reterr, "%s:%d:%d", config->file, given->line, given->column);
		return false;
	}
	/* Mistakes of privacy show here, before anything is asked. */
	struct shaper *shaper;
	if (!shaper_new(&shaper, table, setup->hash_key, reterr))
		return given == NULL ? err_at(reterr, "%s: source.streams", config->file)
				     : err_at(reterr, "%s:%d:%d: source.streams", config->file,
					      given->line, given->column);
	shaper_free(shaper);
	setup->streams[setup->streams_n++] = (struct planned){stream, table, false};
	return true;
}

/* Parents before their children, whatever the file's order; a chain is no longer than the list. */
static bool plan_streams(struct setup *setup, struct err *reterr)
{
	const struct connector *connector = setup->connector;
	setup->streams = arena_array(setup->arena, connector->streams_n, sizeof *setup->streams);
	setup->tables = arena_array(setup->arena, connector->streams_n + 1, sizeof *setup->tables);
	if (setup->streams == NULL || setup->tables == NULL)
		return err_memory(reterr);
	for (size_t round = 0; round < connector->streams_n; round++) {
		for (size_t i = 0; i < connector->streams_n; i++) {
			const struct stream *stream = &connector->streams[i];
			size_t depth = 0;
			for (const struct stream *s = stream->for_each; s != NULL; s = s->for_each)
				depth++;
			if (depth == round && selects(setup->config, stream) &&
			    !plan_stream(setup, stream, reterr))
				return false;
		}
	}
	if (setup->streams_n == 0)
		return err_set(reterr, ERR_USAGE, "%s: source.streams selects nothing",
			       setup->config->file);
	setup_mark_spooled(setup);
	return true;
}

void setup_list_tables(struct setup *setup)
{
	setup->tables_n = 0;
	for (size_t i = 0; i < setup->streams_n; i++)
		setup->tables[setup->tables_n++] = setup->streams[i].table;
	setup->tables[setup->tables_n++] = &FIRN_REJECTED;
}

/* --- the whole --- */

static char *arena_of(struct setup *setup, const struct buf *text)
{
	return arena_text(setup->arena, buf_span(text));
}

/* Said once and before anything is sent, not by each request. */
static bool check_clear(const struct setup *setup, struct err *reterr)
{
	const struct config *config = setup->config;
	struct request request = {.url = setup->base_url, .shown = setup->base_url};
	return request_check_clear(&request, setup->credentials.kind != AUTH_NONE,
				   config->allow_http, reterr) ||
	       err_at(reterr, "%s:%d:%d: source.base_url", config->file, config->base_url_line,
		      config->base_url_column);
}

static bool find_ends(struct setup *setup, const char *environment_driver, struct err *reterr)
{
	const struct config *config = setup->config;
	struct buf text;
	buf_init(&text, URL_BYTES_MAX);
	bool done = rest_base_url(setup->connector, setup->credentials.kind, &setup->settings,
				  config->base_url, &text, reterr);
	if (!done)
		err_at(reterr, "%s", config->file);
	setup->base_url = done ? arena_of(setup, &text) : NULL;
	buf_clear(&text);
	enum warehouse_kind kind;
	if (done && destination_is_warehouse(config, &kind)) {
		done = driver_find(kind, config->driver, environment_driver, &text, reterr);
		setup->driver = done ? arena_of(setup, &text) : NULL;
		done = done && (setup->driver != NULL || err_memory(reterr));
	}
	buf_done(&text);
	setup->destination = destination_name(config, setup->arena);
	if (done)
		setup->place = destination_place(config, setup->arena, reterr);
	done = done && setup->place != NULL;
	if (done && (setup->base_url == NULL || setup->destination == NULL))
		return err_memory(reterr);
	return done && check_clear(setup, reterr);
}

bool setup_open(struct setup **ret, const struct config *config, const char *environment_driver,
		struct buf *mistakes, struct err *reterr)
{
	struct setup *setup = calloc(1, sizeof *setup);
	bool done = false;

	if (setup == NULL || (setup->arena = arena_new()) == NULL) {
		err_memory(reterr);
		goto out;
	}
	setup->config = config;
	setup->credentials = setup_credentials(config);
	setup->hash_key = value_of(config->hash_key);
	if (!setup_read_connector(setup, mistakes, reterr) ||
	    !settings_read(setup->arena, setup->connector, config->settings, config->file,
			   &setup->settings, mistakes, reterr) ||
	    !setup_check_streams(setup, mistakes, reterr))
		goto out;
	done = check_auth(setup, reterr) &&
	       check_open(setup, setup->connector->settings, setup->connector->settings_n,
			  config->settings, reterr) &&
	       note_secret_settings(setup, reterr) && plan_streams(setup, reterr) &&
	       find_ends(setup, environment_driver, reterr);
	if (!done) {
		buf_addf(mistakes, "%s\n", reterr->text);
		goto out;
	}
	setup_list_tables(setup);
	setup->rest = (struct rest_setup){setup->connector, &setup->settings, setup->base_url, 0};
	done = sign_new(&setup->sign, setup->connector, &setup->settings, &setup->credentials,
			setup->base_url, reterr);
out:
	if (done)
		*ret = setup;
	else
		setup_close(setup);
	return done;
}

void setup_close(struct setup *setup)
{
	if (setup == NULL)
		return;
	sign_free(setup->sign);
	local_close(setup->local);
	file_unlock(setup->lock);
	connector_free(setup->connector);
	for (size_t i = 0; i < setup->others_n; i++)
		connector_free(setup->others[i]);
	arena_free(setup->arena);
	free(setup);
}

bool setup_local(struct setup *setup, struct err *why, struct err *reterr)
{
	const struct config *config = setup->config;
	return local_open(&setup->local, config->state_dir, config->pipeline, setup->place,
			  why, reterr);
}

bool setup_lock(struct setup *setup, const char *command, struct err *why, struct err *reterr)
{
	const struct config *config = setup->config;
	struct buf path;
	buf_init(&path, PATH_BYTES_MAX);
	bool done = file_make_folder(config->state_dir, reterr) &&
		    file_join(&path, config->state_dir, "lock", reterr) &&
		    file_lock(&setup->lock, buf_text(&path), command, reterr);
	if (!done && reterr->kind == ERR_BUSY)
		err_at(reterr, "pipeline %s", config->pipeline);
	buf_done(&path);
	return done && setup_local(setup, why, reterr);
}
