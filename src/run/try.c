#include "run/try.h"

#include "base/clock.h"
#include "base/text.h"
#include "run/trying.h"

#include <stdlib.h>

/* --- the connector and its stream --- */

static bool read_connector(struct trying *t, struct buf *mistakes, struct err *reterr)
{
	const struct try_options *options = t->options;
	struct buf room;
	struct span text;
	buf_init(&room, CONFIG_BYTES_MAX);
	bool done = setup_connector_text(options->connector, options->is_path, &room, &text,
					 reterr) &&
		    connector_parse(&t->result->connector, text, options->connector, mistakes,
				    reterr);
	buf_done(&room);
	t->connector = t->result->connector;
	return done;
}

static bool pick_stream(const struct trying *t, const struct stream **ret, struct err *reterr)
{
	const struct connector *connector = t->connector;
	const char *name = t->options->stream;
	const char **known = arena_array(t->arena, connector->streams_n + 1, sizeof *known);
	struct buf list;
	if (known == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < connector->streams_n; i++)
		known[i] = connector->streams[i].name;
	*ret = name == NULL ? NULL : connector_stream(connector, name);
	if (name == NULL && connector->streams_n == 1)
		*ret = &connector->streams[0];
	if (*ret != NULL)
		return true;
	buf_init(&list, ERR_TEXT_BYTES);
	for (size_t i = 0; known[i] != NULL; i++)
		buf_addf(&list, "%s%s", i == 0 ? "" : ", ", known[i]);
	const char *near = name == NULL ? NULL : text_nearest(name, known);
	if (name == NULL)
		err_set(reterr, ERR_USAGE, "--stream NAME says which: %s has %s", connector->name,
			buf_text(&list));
	else if (near != NULL)
		err_set(reterr, ERR_USAGE, "%s has no stream %s; did you mean %s?",
			connector->name, name, near);
	else
		err_set(reterr, ERR_USAGE, "%s has no stream %s; it has %s", connector->name, name,
			buf_text(&list));
	buf_done(&list);
	return false;
}

/* --- whose credentials --- */

/* The name that the configuration's own connector gives itself; NULL: its file cannot be read. */
static const char *configured_name(struct trying *t)
{
	const struct config *config = t->options->config;
	struct err ignored;
	struct buf text;
	struct yaml *root = NULL;
	if (!config->connector_is_path)
		return config->connector;
	buf_init(&text, CONFIG_BYTES_MAX);
	const struct yaml *name = NULL;
	if (file_read(config->connector, &text, &ignored) &&
	    yaml_read(t->arena, buf_span(&text), config->connector, &root, &ignored))
		name = yaml_member(root, "connector");
	buf_done(&text);
	return name == NULL || name->kind != YAML_SCALAR ? NULL : name->text.at;
}

/* A token goes only to the host it is meant for: not to whatever another file names. */
static bool check_owner(struct trying *t, struct err *reterr)
{
	const struct config *config = t->options->config;
	if (t->credentials.kind == AUTH_NONE)
		return true;
	const char *name = configured_name(t);
	if (name != NULL && strcmp(name, t->connector->name) == 0)
		return true;
	return err_set(reterr, ERR_USAGE, "%s signs in for the connector %s; %s is %s, and its "
		       "credentials are not sent there: let source.connector name this file",
		       config->file, name == NULL ? config->connector : name, t->options->connector,
		       t->connector->name);
}

static bool find_credentials(struct trying *t, struct err *reterr)
{
	const struct config *config = t->options->config;
	if (t->options->answer != NULL) {
		/* Nothing is sent. What would be asked is shown without its sign-in. */
		t->credentials = (struct credentials){.kind = AUTH_NONE};
		return true;
	}
	t->credentials = (struct credentials){.kind = AUTH_NONE};
	if (config != NULL)
		t->credentials = setup_credentials(config);
	if (connector_takes_auth(t->connector, t->credentials.kind, reterr))
		return check_owner(t, reterr);
	if (config != NULL)
		return err_at(reterr, "%s: source.auth", config->file);
	return err_set(reterr, ERR_USAGE, "%s wants a sign-in: -c firn.yaml gives it; or --answer "
		       "FILE tries an answer that was saved", t->connector->name);
}

/* --- settings --- */

/* Mistakes without a place in the file are those of the command line, if that gave anything. */
static void name_command_line(const struct trying *t, const struct buf *found, struct buf *out)
{
	const struct config *config = t->options->config;
	const char *file = config == NULL || t->options->set_n == 0 ? "" : config->file;
	size_t size = strlen(file);
	const char *at = buf_text(found);
	while (*at != '\0') {
		size_t line = strcspn(at, "\n");
		if (size > 0 && strncmp(at, file, size) == 0 && strncmp(at + size, ": ", 2) == 0)
			buf_addf(out, "--set%.*s\n", (int)(line - size), at + size);
		else
			buf_addf(out, "%.*s\n", (int)line, at);
		at += line + (at[line] == '\n');
	}
}

static bool read_settings(struct trying *t, struct buf *mistakes, struct err *reterr)
{
	const struct config *config = t->options->config;
	const struct yaml *given;
	struct buf found;
	if (!try_given(t, &given, reterr))
		return false;
	buf_init(&found, CONFIG_BYTES_MAX);
	bool done = settings_read(t->arena, t->connector, given,
				  config == NULL ? "--set" : config->file, &t->settings, &found,
				  reterr);
	if (!done)
		name_command_line(t, &found, mistakes);
	buf_done(&found);
	for (size_t i = 0; done && i < t->settings.n; i++) {
		const struct setting_value *value = &t->settings.at[i];
		if (value->setting->type == SETTING_SECRET)
			done = secrets_note(t->result->secrets, value->value.text, reterr);
	}
	return done;
}

/* --- the whole --- */

static bool begin(struct trying *t, struct err *reterr)
{
	const struct config *config = t->options->config;
	struct buf url;
	buf_init(&url, URL_BYTES_MAX);
	bool done = rest_base_url(t->connector, t->credentials.kind, &t->settings,
				  config == NULL ? NULL : config->base_url, &url, reterr);
	t->base_url = done ? arena_text(t->arena, buf_span(&url)) : NULL;
	buf_done(&url);
	if (!done)
		return false;
	if (t->base_url == NULL)
		return err_memory(reterr);
	t->rest = (struct rest_setup){t->connector, &t->settings, t->base_url, clock_now_us()};
	if (!sign_new(&t->sign, t->connector, &t->settings, &t->credentials, t->base_url, reterr))
		return false;
	if (t->options->answer != NULL)
		return true;
	struct probe_options options = {
		.config = config,
		.secret = t->credentials.kind != AUTH_NONE,
		.stop = t->options->stop,
	};
	return probe_new(&t->probe, &options, reterr);
}

/* The streams above come first, the topmost before all. Their depth is bounded by the connector's
 * number of streams: it has no circles. */
static bool ask_down(struct trying *t, const struct stream *stream, const struct value **row,
		     struct err *reterr)
{
	const struct value *parent = NULL;
	if (stream->for_each != NULL && t->probe == NULL) {
		if (!try_stand_in_row(t, stream->for_each, &parent, reterr))
			return false;
	} else if (stream->for_each != NULL) {
		if (!ask_down(t, stream->for_each, &parent, reterr))
			return false;
		if (t->result->failed)
			return true;
		if (parent == NULL) {
			t->result->failed = true;
			err_set(&t->result->why, ERR_DATA, "%s brought no row, and %s asks for "
				"each of them: try an earlier window with --from and --to",
				stream->for_each->name, stream->name);
			return true;
		}
	}
	return try_stream(t, stream, parent, row, reterr);
}

static bool open_result(struct trying *t, struct try_result *result, struct err *reterr)
{
	const struct config *config = t->options->config;
	*result = (struct try_result){.arena = arena_new()};
	t->result = result;
	t->arena = result->arena;
	buf_init(&result->json, 4 * (size_t)ANSWER_BYTES_MAX);
	buf_init(&result->talk, CONFIG_BYTES_MAX);
	buf_init(&result->notes, CONFIG_BYTES_MAX);
	if (result->arena == NULL)
		return err_memory(reterr);
	if (config != NULL) {
		result->secrets = config->secrets;
		return true;
	}
	result->owns_secrets = true;
	return secrets_new(&result->secrets, ".", reterr);
}

bool try_run(const struct try_options *options, struct try_result *ret, struct buf *mistakes,
	     struct err *reterr)
{
	struct trying t = {.options = options};
	const struct stream *stream = NULL;
	bool done = open_result(&t, ret, reterr) && read_connector(&t, mistakes, reterr) &&
		    pick_stream(&t, &stream, reterr) && find_credentials(&t, reterr) &&
		    read_settings(&t, mistakes, reterr) && begin(&t, reterr) &&
		    ask_down(&t, stream, NULL, reterr);
	probe_free(t.probe);
	sign_free(t.sign);
	return done;
}

void try_result_done(struct try_result *result)
{
	buf_done(&result->json);
	buf_done(&result->talk);
	buf_done(&result->notes);
	connector_free(result->connector);
	if (result->owns_secrets)
		secrets_free(result->secrets);
	arena_free(result->arena);
	*result = (struct try_result){0};
}
