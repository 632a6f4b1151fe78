/* What setup must not show, and what the connector wants to know: secrets out of files, variables,
 * standard input or a terminal that does not show them; settings out of --set or lines. */
#include "base/bounds.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cli/setup_asking.h"

#include <stdlib.h>
#include <string.h>

/* --- secrets --- */

static bool read_secret_file(struct setup_answers *answers, struct setup_secret *secret,
			     const char *path, struct err *reterr)
{
	struct buf whole;
	if (strcmp(path, "-") != 0) {
		/* Where it is now it stays: seen from the configuration's folder. */
		buf_init(&whole, PATH_BYTES_MAX);
		bool done = file_exists(path) ? file_from_root(&whole, path, reterr)
					      : err_set(reterr, ERR_USAGE, "--%s-file: '%s' is "
							"not there", secret->option, path);
		secret->reference = done ? arena_printf(answers->arena, "${file:%s}",
							buf_text(&whole)) : NULL;
		buf_done(&whole);
		return done && (secret->reference != NULL || err_memory(reterr));
	}
	if (!terminal_read(terminal_is(TERMINAL_IN), &secret->value, reterr))
		return err_at(reterr, "--%s-file -", secret->option);
	return true;
}

bool setup_take_secret(struct cli *cli, struct setup_answers *answers,
			struct setup_secret *secret, struct err *reterr)
{
	char name[32];
	snprintf(name, sizeof name, "%s-file", secret->option);
	const char *path = option_text(&cli->parsed, name);
	snprintf(name, sizeof name, "%s-env", secret->option);
	const char *variable = option_text(&cli->parsed, name);
	if (path != NULL && variable != NULL)
		return err_set(reterr, ERR_USAGE, "--%s-file and --%s-env: one of them, not both",
			       secret->option, secret->option);
	if (path != NULL)
		return read_secret_file(answers, secret, path, reterr);
	if (variable == NULL)
		return true;
	secret->reference = arena_printf(answers->arena, "${%s}", variable);
	return secret->reference != NULL || err_memory(reterr);
}

static bool ask_secret(struct asking *asking, struct setup_secret *secret, const char *prompt,
		       const char *why, bool needed, struct err *reterr)
{
	if (secret->reference != NULL || secret->value.size > 0)
		return true;
	if (!asking->ask)
		return !needed || err_set(reterr, ERR_USAGE, "setup needs --%s-file FILE, "
					  "--%s-env NAME, or --%s-file - for standard input: %s",
					  secret->option, secret->option, secret->option, why);
	fprintf(stderr, "\n%s\n", why);
	for (;;) {
		fprintf(stderr, "%s (not shown): ", prompt);
		fflush(stderr);
		bool done = terminal_read(true, &secret->value, reterr);
		fputc('\n', stderr);
		if (!done || secret->value.size > 0 || !needed)
			return done;
		cli_say(asking->cli, "an answer is needed");
	}
}

bool setup_ask_token(struct asking *asking, struct err *reterr)
{
	static const char *const PROMPTS[AUTH_KINDS] = {
		[AUTH_BEARER] = "API token", [AUTH_API_KEY] = "API key",
		[AUTH_OAUTH2] = "Client secret", [AUTH_BASIC] = "Password",
	};
	enum auth_kind kind = setup_auth(asking->answers);
	if (kind == AUTH_NONE)
		return true;
	return ask_secret(asking, &asking->answers->token, PROMPTS[kind],
			  "What signs in at the API. It is kept in a file that only you can read.",
			  true, reterr);
}

bool setup_ask_password(struct asking *asking, struct err *reterr)
{
	struct setup_answers *answers = asking->answers;
	bool key = answers->at[ANSWER_KEY_FILE] != NULL;
	if (strcmp(answers->at[ANSWER_DESTINATION], "snowflake") != 0)
		return true;
	if (key)
		return ask_secret(asking, &answers->password, "Passphrase of the key",
				  "Empty where the key has none.", false, reterr);
	return ask_secret(asking, &answers->password, "Password",
			  "Of the Snowflake user. It is kept in a file that only you can read.",
			  true, reterr);
}

/* --- settings of the connector --- */

bool setup_add_setting(struct setup_answers *answers, const char *name, struct span yaml,
		       struct err *reterr)
{
	if (answers->settings == NULL) {
		answers->settings_room = SETTINGS_MAX;
		answers->settings = arena_array(answers->arena, SETTINGS_MAX,
						sizeof *answers->settings);
	}
	for (size_t i = 0; i < answers->settings_n; i++) {
		if (strcmp(answers->settings[i].name, name) == 0)
			return true; /* the first counts: an option, then the old file */
	}
	if (answers->settings == NULL || answers->settings_n == answers->settings_room)
		return err_memory(reterr);
	struct setup_setting *setting = &answers->settings[answers->settings_n++];
	setting->name = arena_text(answers->arena, span_of(name));
	setting->yaml = arena_text(answers->arena, yaml);
	return (setting->name != NULL && setting->yaml != NULL) || err_memory(reterr);
}

bool setup_take_settings(struct cli *cli, struct setup_answers *answers, struct err *reterr)
{
	size_t n;
	const char *const *pairs = option_names(&cli->parsed, "set", &n);
	for (size_t i = 0; i < n; i++) {
		size_t size = strcspn(pairs[i], "=");
		char name[NAME_BYTES_MAX];
		snprintf(name, sizeof name, "%.*s", (int)size, pairs[i]);
		const char *value = pairs[i] + size + 1;
		bool list = value[0] == '[' || value[0] == '{';
		struct buf yaml;
		buf_init(&yaml, CONFIG_BYTES_MAX);
		bool done = list ? buf_add_text(&yaml, value)
				 : setup_add_value(&yaml, span_of(value));
		done = (done || err_memory(reterr)) &&
		       setup_add_setting(answers, name, buf_span(&yaml), reterr);
		buf_done(&yaml);
		if (!done)
			return false;
	}
	return true;
}

static bool has_setting(const struct setup_answers *answers, const char *name)
{
	for (size_t i = 0; i < answers->settings_n; i++) {
		if (strcmp(answers->settings[i].name, name) == 0)
			return true;
	}
	return false;
}

static bool is_number(const struct setting *setting)
{
	return setting->type == SETTING_INT || setting->type == SETTING_FLOAT;
}

/* A number goes into the file as it was typed, so it must be one. */
static bool good_value(const struct setting *setting, const char *text)
{
	char *end = NULL;
	double number = strtod(text, &end);
	bool good = end != text && *end == '\0' &&
		    strspn(text, "0123456789+-.eE") == strlen(text) &&
		    (!setting->has_min || number >= setting->min) &&
		    (!setting->has_max || number <= setting->max);
	if (!is_number(setting) || good)
		return true;
	fprintf(stderr, "expected a number");
	if (setting->has_min)
		fprintf(stderr, " from %g", setting->min);
	if (setting->has_max)
		fprintf(stderr, "%s %g", setting->has_min ? " to" : " up to", setting->max);
	fprintf(stderr, ", found %s\n", text);
	return false;
}

/* A line of the user's, as a value; *ret_empty where there is none. */
static bool read_value(const struct setting *setting, struct buf *yaml, bool *ret_empty,
		       struct err *reterr)
{
	struct buf line;
	struct span text = SPAN("");
	bool done = true;
	buf_init(&line, SECRET_BYTES_MAX);
	do {
		buf_clear(&line);
		fprintf(stderr, "%s: ", setting->name);
		fflush(stderr);
		done = terminal_read(false, &line, reterr);
		text = text_trim(buf_span(&line));
		buf_cut(&line, (size_t)(text.at - buf_text(&line)) + text.size);
	} while (done && text.size > 0 && !good_value(setting, text.at));
	*ret_empty = text.size == 0;
	if (done && text.size > 0 && is_number(setting))
		buf_add_span(yaml, text);
	else if (done && text.size > 0)
		setup_add_value(yaml, text);
	buf_done(&line);
	return done;
}

/* The same until there is one. */
static bool need_value(const struct setting *setting, struct buf *yaml, struct err *reterr)
{
	bool empty = true;
	while (empty) {
		if (!read_value(setting, yaml, &empty, reterr))
			return false;
		if (empty)
			fprintf(stderr, "an answer is needed\n");
	}
	return true;
}

/* Elements one after the other, until one is empty. */
static bool read_list(const struct setting *setting, struct buf *yaml, struct err *reterr)
{
	const struct setting plain = {.name = setting->name, .type = SETTING_TEXT};
	fprintf(stderr, "One after the other; an empty line ends.\n");
	for (size_t n = 0;; n++) {
		size_t before = yaml->size;
		bool empty = false, first = true;
		buf_add_text(yaml, setting->fields_n > 0 ? "\n      - { " : "\n      - ");
		if (setting->fields_n == 0 && !read_value(&plain, yaml, &empty, reterr))
			return false;
		for (size_t i = 0; i < setting->fields_n && !empty; i++) {
			const struct setting *field = &setting->fields[i];
			if (!field->required)
				continue;
			buf_addf(yaml, "%s%s: ", first ? "" : ", ", field->name);
			if (first ? !read_value(field, yaml, &empty, reterr)
				  : !need_value(field, yaml, reterr))
				return false;
			first = false;
		}
		if (empty) {
			buf_cut(yaml, before);
			if (n == 0)
				buf_add_text(yaml, "[]");
			return buf_ok(yaml, reterr);
		}
		if (setting->fields_n > 0)
			buf_add_text(yaml, " }");
	}
}

static bool ask_setting(struct asking *asking, const struct setting *setting, struct err *reterr)
{
	struct buf yaml;
	bool done = true;
	if (!asking->ask)
		return err_set(reterr, ERR_USAGE, "setup needs --set %s=VALUE%s%s", setting->name,
			       setting->comment == NULL ? "" : ": ",
			       setting->comment == NULL ? "" : setting->comment);
	buf_init(&yaml, CONFIG_BYTES_MAX);
	fprintf(stderr, "\n%s, for the connector%s%s\n", setting->name,
		setting->comment == NULL ? "." : ": ",
		setting->comment == NULL ? "" : setting->comment);
	if (setting->type == SETTING_LIST)
		done = read_list(setting, &yaml, reterr);
	else
		done = need_value(setting, &yaml, reterr);
	done = done && setup_add_setting(asking->answers, setting->name, buf_span(&yaml), reterr);
	buf_done(&yaml);
	return done;
}

bool setup_ask_settings(struct asking *asking, struct err *reterr)
{
	const struct connector *connector = asking->answers->connector;
	for (size_t i = 0; i < connector->settings_n; i++) {
		if (connector->settings[i].required &&
		    !has_setting(asking->answers, connector->settings[i].name) &&
		    !ask_setting(asking, &connector->settings[i], reterr))
			return false;
	}
	return true;
}
