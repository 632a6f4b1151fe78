#include "cli/cli.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "base/process.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void scrub(const void *user, struct buf *out, struct span text)
{
	const struct config *config = user;
	secrets_scrub(config->secrets, out, text);
}

/* Without secrets, and with control characters that could play with the terminal made visible. */
static void clean(struct cli *cli, const char *text, struct buf *out)
{
	struct buf scrubbed;
	buf_init(&scrubbed, LOG_LINE_BYTES_MAX);
	if (cli->config != NULL)
		scrub(cli->config, &scrubbed, span_of(text));
	else
		buf_add_text(&scrubbed, text);
	for (size_t i = 0; i < scrubbed.size; i++) {
		unsigned char c = (unsigned char)scrubbed.data[i];
		if (c == 0x7F || (c < 0x20 && c != '\n' && c != '\t'))
			buf_addf(out, "\\x%02x", c);
		else
			buf_add_char(out, (char)c);
	}
	buf_done(&scrubbed);
}

static void say(struct cli *cli, const char *prefix, const char *text)
{
	struct buf out;
	buf_init(&out, 4 * LOG_LINE_BYTES_MAX);
	clean(cli, text, &out);
	if (cli->progress != NULL)
		progress_around(cli->progress, true);
	fprintf(stderr, "%s%s%s%s%s", cli->error_colour && prefix[0] != '\0' ? "\033[31m" : "",
		prefix, cli->error_colour && prefix[0] != '\0' ? "\033[0m" : "", buf_text(&out),
		out.size > 0 && out.data[out.size - 1] == '\n' ? "" : "\n");
	buf_done(&out);
}

int cli_fail(struct cli *cli, const struct err *why)
{
	say(cli, "firn: ", why->text);
	return why->kind == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

void cli_say(struct cli *cli, const char *format, ...)
{
	struct buf text;
	va_list args;
	char line[4096];
	if (cli->quiet)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	buf_init(&text, sizeof line);
	say(cli, "", line);
	buf_done(&text);
}

bool cli_print(struct cli *cli, struct span text)
{
	bool done;
	if (cli->config == NULL)
		return fwrite(text.at, 1, text.size, stdout) == text.size;
	struct buf out;
	buf_init(&out, SIZE_MAX / 2);
	scrub(cli->config, &out, text);
	done = !out.failed && fwrite(buf_text(&out), 1, out.size, stdout) == out.size;
	buf_done(&out);
	return done;
}

int cli_finish_output(struct cli *cli, int code)
{
	struct err why;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	err_sys(&why, "cannot write the results");
	return cli_fail(cli, &why);
}

const char *cli_config_path(const struct cli *cli)
{
	const char *path = option_text(&cli->parsed, "config");
	if (path == NULL)
		path = getenv("FIRN_CONFIG");
	return path == NULL || path[0] == '\0' ? "firn.yaml" : path;
}

/* Several mistakes are said at once; of one alone its message is the whole. */
static bool say_mistakes(struct cli *cli, const struct buf *mistakes, const struct err *why)
{
	if (mistakes->size > 0)
		say(cli, "", buf_text(mistakes));
	else
		(void)cli_fail(cli, why);
	return false;
}

/* Snowflake's driver is written in Go, which knows only the environment that the process was
 * started with. A reload of the configuration changes that no more. */
static bool meet_driver(const struct cli *cli, struct err *reterr)
{
	const struct config *config = cli->config;
	const char *const wanted[][2] = {
		{"HTTPS_PROXY", config->proxy}, {"HTTP_PROXY", config->proxy},
		{"NO_PROXY", config->no_proxy}, {"SSL_CERT_FILE", config->ca_file},
	};
	bool differs = false;
	for (size_t i = 0; i < 4 && config->to == CONFIG_TO_SNOWFLAKE; i++) {
		const char *is = getenv(wanted[i][0]);
		if (wanted[i][1] == NULL || (is != NULL && strcmp(is, wanted[i][1]) == 0))
			continue;
		if (!process_set_environment(wanted[i][0], wanted[i][1], reterr))
			return false;
		differs = true;
	}
	return !differs || process_begin_anew(cli->argv, reterr);
}

/* What commands use of a configuration that do not use all of it. */
static enum config_use use_of(const struct cli *cli)
{
	static const struct {
		const char *command;
		enum config_use use;
	} LESS[] = {
		{"query", CONFIG_USE_DESTINATION}, {"views", CONFIG_USE_DESTINATION},
		{"report", CONFIG_USE_DESTINATION}, {"validate", CONFIG_USE_DESTINATION},
		{"reset", CONFIG_USE_DESTINATION}, {"status", CONFIG_USE_NOTHING},
		{"ddl", CONFIG_USE_NOTHING}, {"service", CONFIG_USE_NOTHING},
	};
	bool asks = option_flag(&cli->parsed, "deep") || option_flag(&cli->parsed, "migrate");
	for (size_t i = 0; i < sizeof LESS / sizeof *LESS; i++) {
		if (strcmp(cli->parsed.command->name, LESS[i].command) == 0)
			return asks ? CONFIG_USE_DESTINATION : LESS[i].use;
	}
	return CONFIG_USE_ALL;
}

bool cli_config(struct cli *cli)
{
	struct buf mistakes;
	struct err why = {0};
	if (cli->config != NULL)
		return true;
	buf_init(&mistakes, CONFIG_BYTES_MAX);
	bool done = config_read_for(&cli->config, cli_config_path(cli), use_of(cli),
				    &mistakes, &why);
	if (!done) {
		say_mistakes(cli, &mistakes, &why);
		if (!file_exists(cli_config_path(cli)))
			say(cli, "", "firn: -c FILE or $FIRN_CONFIG names another configuration; "
				     "firn setup makes one, README.md shows one");
	}
	buf_done(&mistakes);
	if (done && !meet_driver(cli, &why))
		done = cli_fail(cli, &why) == EXIT_DONE;
	return done;
}

/* Commands that only look at the warehouse need no source. */
static bool needs_source(const struct cli *cli)
{
	static const char *const WITHOUT[] = {"query", "views", "report", "status",
					      "validate"};
	for (size_t i = 0; i < sizeof WITHOUT / sizeof *WITHOUT; i++) {
		if (strcmp(cli->parsed.command->name, WITHOUT[i]) == 0)
			return false;
	}
	return true;
}

/* A query that waits for a file's lock is not to look like one that hangs. */
static bool say_waiting(void *user, const char *what)
{
	struct cli *cli = user;
	if (!cli->said_waiting)
		cli_say(cli, "waiting: %s", what);
	cli->said_waiting = true;
	return true;
}

enum setup_kind { SETUP_WHOLE, SETUP_LANDING, SETUP_TABLES };

static bool open_setup(struct cli *cli, enum setup_kind kind)
{
	const char *driver = getenv("FIRN_DRIVER_PATH");
	bool done = false;
	struct buf mistakes;
	struct err why = {0};
	buf_init(&mistakes, CONFIG_BYTES_MAX);
	switch (kind) {
	case SETUP_WHOLE:
		done = setup_open(&cli->setup, cli->config, driver, &mistakes, &why);
		break;
	case SETUP_LANDING:
		done = setup_open_landing(&cli->setup, cli->config, driver, &mistakes, &why);
		break;
	case SETUP_TABLES:
		done = setup_open_tables(&cli->setup, cli->config, &mistakes, &why);
		break;
	}
	if (done) {
		cli->setup->waiting = say_waiting;
		cli->setup->waiting_user = cli;
	} else {
		say_mistakes(cli, &mistakes, &why);
	}
	buf_done(&mistakes);
	return done;
}

bool cli_setup(struct cli *cli)
{
	if (!cli_config(cli))
		return false;
	bool landing = cli->config->connector[0] == '\0' && !needs_source(cli);
	return open_setup(cli, landing ? SETUP_LANDING : SETUP_WHOLE);
}

bool cli_setup_landing(struct cli *cli)
{
	return cli_config(cli) && open_setup(cli, SETUP_LANDING);
}

bool cli_setup_tables(struct cli *cli)
{
	return cli_config(cli) && open_setup(cli, SETUP_TABLES);
}

static enum progress_style progress_style(const struct cli *cli)
{
	if (cli->quiet || cli->json_log || cli->service)
		return PROGRESS_NONE;
	return cli->terminal ? PROGRESS_BAR : PROGRESS_LINES;
}

static enum log_level screen_level(const struct cli *cli)
{
	if (cli->quiet)
		return LOG_ERROR;
	if (cli->verbose)
		return LOG_DEBUG;
	return cli->talks ? LOG_INFO : LOG_WARNING;
}

/* Root's files in a service's folders: the service would fail at the next one that it opens. */
static void warn_of_root(const struct cli *cli)
{
	char owner[64];
	if (process_is_root_at(cli->config->state_dir, owner, sizeof owner))
		log_line(cli->log, LOG_WARNING, NULL, "%s is %s's, and this is root: %s could not "
			 "change what is written now -- as that user: runuser -u %s -- firn ...",
			 cli->config->state_dir, owner, owner, owner);
}

bool cli_log(struct cli *cli)
{
	struct err why = {0};
	struct progress_options progress = {
		.style = progress_style(cli),
		.colour = cli->error_colour,
		.unicode = cli->unicode,
		.columns = cli->columns,
	};
	if (!zone_open_local(&cli->zone, getenv("TZ"), &why) ||
	    !progress_new(&cli->progress, &progress, &why)) {
		(void)cli_fail(cli, &why);
		return false;
	}
	struct log_options options = {
		.dir = cli->config->log_dir,
		.pipeline = cli->config->pipeline,
		.keep_days = (int)cli->config->log_keep_days,
		.screen_level = screen_level(cli),
		.json = cli->json_log,
		.zone = cli->zone,
		.scrub = scrub,
		.scrub_user = cli->config,
		.around = progress_around,
		.around_user = cli->progress,
		.complained = cli->log_complained,
	};
	if (log_open(&cli->log, &options, &why)) {
		warn_of_root(cli);
		return true;
	}
	(void)cli_fail(cli, &why);
	return false;
}
