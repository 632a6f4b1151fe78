#include "run/check.h"

#include "base/bounds.h"
#include "run/checking.h"
#include "run/viewset.h"

#include <stdarg.h>
#include <stdio.h>

void check_tell(struct checking *c, enum check_state state, const char *what, const char *todo,
		const char *format, ...)
{
	char text[2 * ERR_TEXT_BYTES];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	for (char *end = strchr(text, '\n'); end != NULL; end = strchr(end, '\n'))
		*end = ' '; /* libraries like to say more in a second line */
	c->result->warned += state == CHECK_WARN;
	c->result->failed += state == CHECK_FAIL;
	c->options->told(c->options->user, &(struct check_line){state, what, text, todo});
}

void check_tell_error(struct checking *c, enum check_state state, const char *what,
		      const char *todo, const char *text)
{
	char copy[ERR_TEXT_BYTES];
	size_t size = strlen(what);
	char *hint = NULL;
	if (strncmp(text, what, size) == 0 && strncmp(text + size, ": ", 2) == 0)
		text += size + 2;
	snprintf(copy, sizeof copy, "%s", text);
	for (char *at = strstr(copy, " -- "); at != NULL; at = strstr(at + 4, " -- "))
		hint = at;
	if (hint != NULL)
		*hint = '\0';
	check_tell(c, state, what, hint == NULL ? todo : hint + 4, "%s", copy);
}

/* --- secrets --- */

static void tell_loose(void *user, const char *path)
{
	struct checking *c = user;
	char todo[PATH_BYTES_MAX + 32];
	if (!file_others_can_read(path))
		return;
	snprintf(todo, sizeof todo, "chmod 600 %s", path);
	check_tell(c, CHECK_WARN, "secrets", todo, "%s can be read by other users of this machine",
		   path);
}

static void count_secret(void *user, const struct secret *secret)
{
	size_t *n = user;
	*n += !secret->identity || !secret->plain;
}

static void tell_plain(void *user, const struct secret *secret)
{
	struct checking *c = user;
	if (secret->plain && !secret->identity)
		check_tell(c, CHECK_WARN, "secrets",
			   "write ${NAME}, ${file:PATH} or ${cmd:[\"program\"]} instead",
			   "%s stands in %s in plain text", secret->name, c->config->file);
}

static void check_secrets(struct checking *c)
{
	size_t n = 0;
	secrets_each(c->config->secrets, count_secret, &n);
	if (n == 0)
		check_tell(c, CHECK_OK, "secrets", NULL, "none are configured");
	else
		check_tell(c, CHECK_OK, "secrets", NULL, "%zu resolved", n);
	secrets_each(c->config->secrets, tell_plain, c);
	secrets_each_file(c->config->secrets, tell_loose, c);
}

/* --- connector, settings, views --- */

static void tell_mistakes(struct checking *c, const struct buf *mistakes, const struct err *why)
{
	const char *at = mistakes->size > 0 ? buf_text(mistakes) : why->text;
	const char *todo = "correct it; firn connectors NAME says what a connector asks for";
	while (*at != '\0') {
		size_t size = strcspn(at, "\n");
		check_tell(c, CHECK_FAIL, "connector", todo, "%.*s", (int)size, at);
		at += size + (at[size] == '\n');
	}
	c->result->usage = true;
}

static void tell_views(struct checking *c)
{
	struct viewset views;
	struct err why = {0};
	if (!viewset_make(c->setup, &views, &why)) {
		check_tell(c, CHECK_FAIL, "views", "correct it in the configuration", "%s",
			   why.text);
		c->result->usage = true;
		return;
	}
	for (size_t i = 0; i < views.left_out_n; i++)
		check_tell(c, CHECK_WARN, "views", "take the column out of exclude if you want the "
			   "view", "%s", views.left_out[i]);
	if (views.n + views.left_out_n == 0)
		check_tell(c, CHECK_OK, "views", NULL, "%s comes with none",
			   c->setup->connector == NULL ? "no connector"
						       : c->setup->connector->name);
	else
		check_tell(c, CHECK_OK, "views", NULL, "%zu, days of %s", views.n,
			   c->config->timezone);
}

/* The library of the warehouse is judged by itself (check_place.c): whether the rest can be put
 * together does not hang on it, and any file that is there will do. */
static bool open_setup(struct checking *c, const struct config *without, struct err *reterr)
{
	struct buf mistakes;
	struct err why = {0};
	buf_init(&mistakes, CONFIG_BYTES_MAX);
	enum warehouse_kind kind;
	bool loads = without->connector[0] == '\0' && destination_is_warehouse(without, &kind);
	bool done = loads ? setup_open_landing(&c->setup, without, NULL, &mistakes, &why)
			  : setup_open(&c->setup, without, NULL, &mistakes, &why);
	if (done && loads) {
		check_tell(c, CHECK_OK, "connector", NULL,
			   "none: this pipeline only loads landed files (firn load)");
		tell_views(c);
	} else if (done) {
		const struct connector *connector = c->setup->connector;
		check_tell(c, CHECK_OK, "connector", NULL, "%s%s, %zu stream%s", connector->name,
			   c->config->connector_is_path ? "" : " (built in)", c->setup->streams_n,
			   c->setup->streams_n == 1 ? "" : "s");
		tell_views(c);
	} else {
		c->setup = NULL;
		tell_mistakes(c, &mistakes, &why);
	}
	buf_done(&mistakes);
	if (!done && why.kind == ERR_MEMORY)
		*reterr = why;
	return done || why.kind != ERR_MEMORY;
}

bool check_run(const struct check_options *options, struct check_result *ret, struct err *reterr)
{
	struct config without = *options->config;
	struct checking c = {.options = options, .config = options->config, .result = ret};
	*ret = (struct check_result){0};
	without.driver = options->config->file;
	check_tell(&c, CHECK_OK, "configuration", NULL, "%s: pipeline %s", c.config->file,
		   c.config->pipeline);
	check_secrets(&c);
	bool done = open_setup(&c, &without, reterr) &&
		    (c.setup == NULL || c.setup->connector == NULL ||
		     check_source(&c, reterr)) && check_place(&c, reterr);
	setup_close(c.setup);
	return done;
}
