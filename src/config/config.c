#include "config/config.h"

#include "base/bounds.h"
#include "base/file.h"
#include "base/text.h"
#include "base/zone.h"
#include "config/braces.h"
#include "config/config_private.h"
#include "config/grammar.h"
#include "config/keys.h"

#include <stdlib.h>

/* A value of which the last has been said: a secret, or one that held ${…}. */
struct reference {
	const struct reference *next;
	const struct yaml *node;
	bool plain;
};

static const struct reference *find_reference(const struct config *config,
					      const struct yaml *node)
{
	const struct reference *at = config->references;
	while (at != NULL && at->node != node)
		at = at->next;
	return at;
}

bool config_is_open(const struct config *config, const struct yaml *scalar)
{
	const struct reference *found = find_reference(config, scalar);
	return config->others_can_read && (found == NULL || found->plain);
}

/* --- ${…} in the whole tree --- */

static void note_reference(struct reader *reader, const struct yaml *node, bool plain)
{
	struct config *config = reader->config;
	struct reference *reference = arena_alloc(config->arena, sizeof *reference);
	reader->mistakes->failed |= reference == NULL;
	if (reference == NULL)
		return;
	*reference = (struct reference){config->references, node, plain};
	config->references = reference;
}

/* False: it cannot be had, which has been said. */
static bool expand_scalar(struct reader *reader, struct yaml *node)
{
	struct config *config = reader->config;
	struct buf text;
	struct err why = {0};
	bool reference;
	if (node->text.size == 0 || memchr(node->text.at, '$', node->text.size) == NULL ||
	    find_reference(config, node) != NULL)
		return true;
	buf_init(&text, SECRET_BYTES_MAX);
	bool done = secrets_expand(config->secrets, node->text, &text, &reference, &why);
	if (done) {
		char *copy = arena_text(config->arena, buf_span(&text));
		reader->mistakes->failed |= copy == NULL;
		node->text = (struct span){copy == NULL ? "" : copy, copy == NULL ? 0 : text.size};
		note_reference(reader, node, !reference);
	} else {
		mistake_add(reader->mistakes, node, "%s", why.text);
	}
	buf_wipe(&text);
	return done;
}

static void move_child(struct reader *reader, struct yaml *node, size_t from, size_t to)
{
	const struct reference *found = find_reference(reader->config, &node->children[from]);
	if (from == to)
		return;
	node->children[to] = node->children[from];
	if (node->kind == YAML_MAP)
		node->names[to] = node->names[from];
	if (found != NULL)
		note_reference(reader, &node->children[to], found->plain);
}

/* Secrets are read before and by themselves: only their own text can be read again later. What
 * cannot be had is taken out of the tree, so that nobody complains of it again. */
static bool expand(struct reader *reader, struct yaml *node)
{
	struct mistakes *mistakes = reader->mistakes;
	size_t kept = 0;
	if (node->kind == YAML_SCALAR)
		return expand_scalar(reader, node);
	for (size_t i = 0; i < node->n; i++) {
		if (expand(reader, &node->children[i]))
			move_child(reader, node, i, kept++);
	}
	if (kept < node->n && mistakes->unsure_n < CONFIG_ERRORS_MAX)
		mistakes->unsure[mistakes->unsure_n++] = node;
	node->n = kept;
	return true;
}

static struct yaml *member(struct yaml *map, const char *name)
{
	const struct yaml *found = map == NULL ? NULL : yaml_member(map, name);
	return found == NULL ? NULL : &map->children[found - map->children];
}

/* Said where a secret stands in clear in a file that is not its reader's alone. */
static void refuse_open(struct reader *reader, const struct yaml *node, const char *what)
{
	mistake_add(reader->mistakes, node,
		    "%s stands here in plain text and other users can read this file: chmod 600 "
		    "%s, or write ${NAME} or ${file:PATH}", what, reader->config->file);
}

static bool is_used(const struct reader *reader, const char *path)
{
	return reader->use == CONFIG_USE_ALL ||
	       (reader->use == CONFIG_USE_DESTINATION && strncmp(path, "source.", 7) != 0);
}

/* `path` as in "source.auth.basic.user". */
struct secret *reader_secret(struct reader *reader, struct yaml *root, const char *path,
			     bool identity)
{
	struct config *config = reader->config;
	struct yaml *node = root;
	struct secret *secret = NULL;
	struct err why = {0};
	char name[64];

	for (const char *at = path; node != NULL && *at != '\0';) {
		size_t size = strcspn(at, ".");
		memcpy(name, at, size);
		name[size] = '\0';
		node = member(node, name);
		at += size + (at[size] == '.');
	}
	if (node == NULL || node->kind != YAML_SCALAR || yaml_plain_kind(node) == YAML_NULL)
		return NULL;
	if (!secrets_add(config->secrets, path, node->text, identity, &secret, &why)) {
		node->text = SPAN("?"); /* it was given */
		if (is_used(reader, path) ||
		    !secrets_add(config->secrets, path, node->text, identity, &secret, &why))
			mistake_add(reader->mistakes, node, "%s", why.text);
		return secret;
	}
	if (secret->value.size == 0)
		mistake_add(reader->mistakes, node, "%s is empty", path);
	else if (secret->plain && config->others_can_read && !identity)
		refuse_open(reader, node, path);
	/* What follows sees its value; it never sees a $ in it. */
	node->text = secret->value;
	node->quoted = true;
	note_reference(reader, node, secret->plain);
	return secret;
}

static void read_secrets(struct reader *reader, struct yaml *root)
{
	struct config *config = reader->config;
	config->token = reader_secret(reader, root, "source.auth.bearer", false);
	config->key = reader_secret(reader, root, "source.auth.api_key", false);
	config->user = reader_secret(reader, root, "source.auth.basic.user", true);
	config->password = reader_secret(reader, root, "source.auth.basic.password", false);
	config->client_id = reader_secret(reader, root, "source.auth.oauth2.client_id", true);
	config->client_secret = reader_secret(reader, root, "source.auth.oauth2.client_secret",
					      false);
	config->hash_key = reader_secret(reader, root, "source.hash_key", false);
	destination_secrets(reader, root);
}

/* --- the parts --- */

const char *reader_path(struct reader *reader, const char *path)
{
	struct config *config = reader->config;
	struct buf text;
	struct err why = {0};
	char *copy = NULL;
	if (path == NULL)
		return NULL;
	buf_init(&text, PATH_BYTES_MAX);
	if (file_join(&text, config->folder, path, &why))
		copy = arena_text(config->arena, buf_span(&text));
	reader->mistakes->failed |= copy == NULL;
	buf_done(&text);
	return copy == NULL ? "" : copy;
}

static const char *const *names_of(struct reader *reader, struct keys keys, const char *name,
				   bool upper, size_t *ret_n)
{
	size_t n;
	const struct yaml *list = keys_list(keys, name, &n);
	*ret_n = 0;
	if (list == NULL || n == 0)
		return NULL;
	const char **names = arena_array(reader->config->arena, n, sizeof *names);
	for (size_t i = 0; names != NULL && i < n; i++) {
		char *copy = arena_text(reader->config->arena, list[i].text);
		if (copy != NULL && upper)
			text_upper(copy);
		reader->mistakes->failed |= copy == NULL;
		names[(*ret_n)++] = copy == NULL ? "" : copy;
	}
	reader->mistakes->failed |= names == NULL;
	return names;
}

static void read_streams(struct reader *reader, struct keys source)
{
	struct config *config = reader->config;
	const struct yaml *node = keys_node(source, "streams");
	if (node == NULL || node->kind == YAML_SCALAR)
		return;
	const struct form *form = keys_form(source, "streams");
	struct config_stream *streams = arena_array(config->arena, node->n, sizeof *streams);
	if (streams == NULL) {
		reader->mistakes->failed = true;
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml *name = node->kind == YAML_MAP ? &node->names[i]
								 : &node->children[i];
		struct config_stream *stream = &streams[config->streams_n++];
		*stream = (struct config_stream){.name = name->text.at, .line = name->line,
						 .column = name->column};
		if (node->kind != YAML_MAP)
			continue;
		struct keys keys = keys_of(form->of, &node->children[i]);
		stream->excluded = names_of(reader, keys, "exclude", true, &stream->excluded_n);
		stream->hashed = names_of(reader, keys, "hash", true, &stream->hashed_n);
	}
	config->streams = streams;
}

static void note_place(struct keys source, const char *key, int *line, int *column)
{
	const struct yaml *mark = keys_mark(source, key);
	*line = mark == NULL ? 1 : mark->line;
	*column = mark == NULL ? 1 : mark->column;
}

static void read_auth(struct reader *reader, struct keys source)
{
	struct config *config = reader->config;
	struct keys auth = keys_map(source, "auth");
	static const char *const names[] = {"bearer", "api_key", "basic", "oauth2"};
	static const enum config_auth kinds[] = {CONFIG_AUTH_BEARER, CONFIG_AUTH_API_KEY,
						 CONFIG_AUTH_BASIC, CONFIG_AUTH_OAUTH2};
	for (size_t i = 0; i < 4; i++) {
		if (!keys_given(auth, names[i]))
			continue;
		if (config->auth != CONFIG_AUTH_UNSET)
			mistake_add(reader->mistakes, keys_mark(auth, names[i]),
				    "source.auth picks one way to sign in, not two");
		config->auth = kinds[i];
	}
	if (config->auth == CONFIG_AUTH_UNSET && keys_given(source, "auth"))
		mistake_add(reader->mistakes, keys_mark(source, "auth"),
			    "source.auth: expected bearer, api_key, basic or oauth2");
	note_place(source, "auth", &config->auth_line, &config->auth_column);
	struct keys oauth2 = keys_map(auth, "oauth2");
	config->token_url = keys_text(oauth2, "token_url");
	config->scope = keys_text(oauth2, "scope");
}

static void read_source(struct reader *reader, struct keys keys)
{
	struct config *config = reader->config;
	struct keys source = keys_map(keys, "source");
	const char *connector = keys_text(source, "connector");

	config->connector = connector == NULL ? "" : connector;
	config->connector_is_path = strchr(config->connector, '/') != NULL ||
				    strchr(config->connector, '.') != NULL;
	if (config->connector_is_path)
		config->connector = reader_path(reader, config->connector);
	note_place(source, "connector", &config->connector_line, &config->connector_column);
	config->base_url = keys_text(source, "base_url");
	note_place(source, "base_url", &config->base_url_line, &config->base_url_column);
	config->lookback_us = -1;
	if (keys_given(source, "lookback"))
		config->lookback_us = keys_duration(source, "lookback");
	config->parallel = keys_int(source, "parallel");
	config->retry_budget_us = keys_duration(source, "retry_budget");
	config->settings = keys_node(source, "settings");
	read_auth(reader, source);
	read_streams(reader, source);
}

static void read_views(struct reader *reader, struct keys keys)
{
	struct config *config = reader->config;
	const struct yaml *views = keys_node(keys, "views");
	struct zone *zone = NULL;
	struct err why = {0};

	config->timezone = "UTC";
	if (views == NULL || views->kind != YAML_MAP)
		return;
	struct config_list *lists = arena_array(config->arena, views->n, sizeof *lists);
	reader->mistakes->failed |= lists == NULL;
	for (size_t i = 0; lists != NULL && i < views->n; i++) {
		const struct yaml *name = &views->names[i], *value = &views->children[i];
		size_t n = value->kind == YAML_LIST ? value->n : 1;
		if (span_is(name->text, "timezone")) {
			config->timezone = value->kind == YAML_SCALAR ? value->text.at : "";
			if (!zone_open(&zone, config->timezone, NULL, &why))
				mistake_add(reader->mistakes, value, "views.timezone: %s",
					    why.text);
			zone_close(zone);
			continue;
		}
		const char **values = arena_array(config->arena, n + 1, sizeof *values);
		reader->mistakes->failed |= values == NULL;
		for (size_t k = 0; values != NULL && k < n; k++)
			values[k] = value->kind == YAML_LIST ? value->children[k].text.at
							     : value->text.at;
		lists[config->lists_n++] = (struct config_list){name->text.at, values, n,
								name->line, name->column};
	}
	config->lists = lists;
}

/* Snowflake's driver obeys this variable by itself; both halves of firn trust the same. An empty
 * one counts as none. */
static const char *environment_ca_file(struct reader *reader)
{
	const char *path = getenv("SSL_CERT_FILE");
	if (path == NULL || path[0] == '\0')
		return NULL;
	path = arena_text(reader->config->arena, span_of(path));
	reader->mistakes->failed |= path == NULL;
	return path;
}

static void read_http(struct reader *reader, struct keys keys)
{
	struct config *config = reader->config;
	struct keys http = keys_map(keys, "http");
	struct err why = {0};
	size_t n;

	config->proxy = keys_text(http, "proxy");
	/* Its password is one more thing that is never shown. */
	const char *at = config->proxy == NULL ? NULL : strrchr(config->proxy, '@');
	const char *user = config->proxy == NULL ? NULL : strstr(config->proxy, "://");
	const char *colon = NULL;
	if (at != NULL && user != NULL && at > user)
		colon = memchr(user + 3, ':', (size_t)(at - user - 3));
	if (colon != NULL) {
		struct span password = {colon + 1, (size_t)(at - colon - 1)};
		if (!secrets_note(config->secrets, password, &why))
			mistake_add(reader->mistakes, keys_node(http, "proxy"), "%s", why.text);
		if (config_is_open(config, keys_node(http, "proxy")))
			refuse_open(reader, keys_node(http, "proxy"), "the proxy's password");
	}
	const char *const *hosts = names_of(reader, http, "no_proxy", false, &n);
	struct buf list;
	buf_init(&list, CONFIG_BYTES_MAX);
	for (size_t i = 0; i < n; i++)
		buf_addf(&list, "%s%s", i == 0 ? "" : ",", hosts[i]);
	if (n > 0)
		config->no_proxy = arena_text(config->arena, buf_span(&list));
	reader->mistakes->failed |= n > 0 && config->no_proxy == NULL;
	buf_done(&list);
	config->ca_file = reader_path(reader, keys_text(http, "ca_file"));
	if (config->ca_file == NULL)
		config->ca_file = environment_ca_file(reader);
	config->allow_http = keys_bool(http, "allow_http");
	config->connect_timeout_us = keys_duration(http, "connect_timeout");
	config->low_speed_time_us = keys_duration(http, "low_speed_time");
	config->low_speed_bytes = keys_size(http, "low_speed_bytes");
	config->max_answer_bytes = keys_size(http, "max_answer");
}

/* Names become file names: what is not harmless in one is percent-encoded. */
const char *reader_default_dir(struct reader *reader, const char *above)
{
	const char *name = reader->config->pipeline;
	struct buf text;
	buf_init(&text, PATH_BYTES_MAX);
	buf_add_text(&text, above);
	if (name[0] == '.')
		buf_add_text(&text, "%2E");
	text_percent(&text, span_of(name + (name[0] == '.' ? 1 : 0)));
	const char *path = reader_path(reader, buf_text(&text));
	buf_done(&text);
	return path;
}

static void read_files(struct reader *reader, struct keys keys)
{
	struct config *config = reader->config;
	struct keys log = keys_map(keys, "log");
	const char *state_dir = keys_text(keys, "state_dir");
	config->pipeline = keys_text(keys, "pipeline");
	if (config->pipeline == NULL && config->connector[0] == '\0') {
		if (keys.map != NULL && keys.map->kind == YAML_MAP &&
		    !mistakes_unsure(reader->mistakes, keys_map(keys, "source").map))
			mistake_add(reader->mistakes, keys_mark(keys, "pipeline"),
				    "pipeline is missing: without source.connector it has no name");
		config->pipeline = "unnamed";
	} else if (config->pipeline == NULL) {
		const char *name = file_name_of(config->connector);
		size_t size = config->connector_is_path ? strcspn(name, ".") : strlen(name);
		config->pipeline = arena_text(config->arena, (struct span){name, size});
		reader->mistakes->failed |= config->pipeline == NULL;
		config->pipeline = config->pipeline == NULL ? "" : config->pipeline;
	}
	config->state_dir = state_dir != NULL ? reader_path(reader, state_dir)
					      : reader_default_dir(reader, ".firn/");
	config->log_dir = reader_path(reader, keys_text(log, "dir"));
	config->log_keep_days = keys_int(log, "keep_days");
}

static bool read_tree(struct config *config, struct yaml *root, enum config_use use,
		      struct buf *out, struct err *reterr)
{
	struct mistakes mistakes = mistakes_in(config->arena, config->file);
	struct reader reader = {config, use, &mistakes};
	config->others_can_read = file_others_can_read(config->file);
	read_secrets(&reader, root);
	(void)expand(&reader, root);
	keys_check(&CONFIG_FORM, root, &mistakes);
	struct keys keys = keys_of(&CONFIG_FORM, root);
	read_source(&reader, keys);
	read_views(&reader, keys);
	read_http(&reader, keys);
	read_files(&reader, keys);
	destination_read(&reader, keys);
	return mistakes_none(&mistakes, out, reterr);
}

static bool read_yaml(struct config *config, struct yaml **ret, struct err *reterr)
{
	struct buf text, hidden;
	buf_init(&text, CONFIG_BYTES_MAX);
	buf_init(&hidden, 3 * (size_t)CONFIG_BYTES_MAX);
	bool done = file_read(config->file, &text, reterr) &&
		    (braces_hide(buf_span(&text), &hidden) || buf_ok(&hidden, reterr)) &&
		    yaml_read(config->arena, buf_span(&hidden), config->file, ret, reterr) &&
		    (braces_show(config->arena, *ret) || err_memory(reterr));
	buf_wipe(&hidden);
	buf_wipe(&text);
	return done;
}

bool config_read(struct config **ret, const char *path, struct buf *mistakes, struct err *reterr)
{
	return config_read_for(ret, path, CONFIG_USE_ALL, mistakes, reterr);
}

bool config_read_for(struct config **ret, const char *path, enum config_use use,
		     struct buf *mistakes, struct err *reterr)
{
	struct yaml *root = NULL;
	struct config *config = calloc(1, sizeof *config);
	bool done = false;

	if (config == NULL || (config->arena = arena_new()) == NULL) {
		err_memory(reterr);
		goto out;
	}
	config->file = arena_text(config->arena, span_of(path));
	config->folder = arena_text(config->arena, file_folder_of(path));
	if (config->file == NULL || config->folder == NULL) {
		err_memory(reterr);
		goto out;
	}
	if (!secrets_new(&config->secrets, config->folder, reterr))
		goto out;
	if (!read_yaml(config, &root, reterr)) {
		buf_addf(mistakes, "%s\n", reterr->text);
		goto out;
	}
	done = read_tree(config, root, use, mistakes, reterr);
out:
	if (done)
		*ret = config;
	else
		config_free(config);
	return done;
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	secrets_free(config->secrets);
	arena_free(config->arena);
	free(config);
}
