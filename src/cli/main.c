#include "base/process.h"
#include "base/terminal.h"
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

/* A signal can only leave a mark; this is the one variable that is not a constant. */
static volatile sig_atomic_t stop_asked;

/* The first asks to end; the second, from somebody who does not want to wait, kills. */
static void ask_to_stop(int number)
{
	if (stop_asked != 0) {
		signal(number, SIG_DFL);
		raise(number);
	}
	stop_asked = number;
}

static void catch_signals(void)
{
	signal(SIGINT, ask_to_stop);
	signal(SIGTERM, ask_to_stop);
}

static bool is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	for (size_t i = 0; i < 3; i++) {
		const char *value = getenv(names[i]);
		if (value != NULL && value[0] != '\0')
			return strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL ||
			       strstr(value, "utf-8") != NULL;
	}
	return false;
}

static void look_around(struct cli *cli)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	bool plain = (no_color != NULL && no_color[0] != '\0') ||
		     (term != NULL && strcmp(term, "dumb") == 0);
	int64_t format = 0;
	cli->stop = &stop_asked;
	cli->catch_signals = catch_signals;
	cli->terminal = terminal_is(TERMINAL_ERROR) &&
			!(term != NULL && strcmp(term, "dumb") == 0);
	cli->error_colour = cli->terminal && !plain;
	cli->colour = terminal_is(TERMINAL_OUT) && !plain;
	cli->unicode = is_utf8();
	cli->columns = terminal_columns(TERMINAL_ERROR);
	cli->columns = cli->columns > 0 ? cli->columns : 80;
	cli->out_columns = terminal_columns(TERMINAL_OUT);
	cli->quiet = option_flag(&cli->parsed, "quiet");
	cli->verbose = option_flag(&cli->parsed, "verbose");
	(void)option_number(&cli->parsed, "log-format", &format);
	cli->json_log = format == 1;
}

static int help(struct cli *cli, const struct command *command)
{
	struct buf out;
	buf_init(&out, 1024 * 1024);
	if (!options_help(command, &out))
		fputs("firn: out of memory\n", stderr);
	fputs(buf_text(&out), stdout);
	buf_done(&out);
	return cli_finish_output(cli, EXIT_DONE);
}

static int run_command(struct cli *cli)
{
	const struct command *command = cli->parsed.command;
	struct err why = {0};
	if (option_flag(&cli->parsed, "version")) {
		puts("firn " FIRN_VERSION);
		return cli_finish_output(cli, EXIT_DONE);
	}
	if (option_flag(&cli->parsed, "help"))
		return help(cli, command);
	if (command == NULL) {
		err_set(&why, ERR_USAGE, "no command was given; firn --help lists them");
		return cli_fail(cli, &why);
	}
	if (cli->parsed.words_n < command->words_min) {
		err_set(&why, ERR_USAGE, "usage: firn %s %s; firn %s --help says more",
			command->name, command->words, command->name);
		return cli_fail(cli, &why);
	}
	return command->run(cli);
}

int main(int argc, char **argv)
{
	struct cli cli = {.argv = argv};
	struct err why = {0};
	int code;

	process_fill_streams();
	process_no_core();
	process_keep_memory();
	signal(SIGPIPE, SIG_IGN);
	bool parsed = options_parse(argc, argv, &cli.parsed, &why);
	look_around(&cli);
	code = parsed ? run_command(&cli) : cli_fail(&cli, &why);
	log_close(cli.log);
	progress_free(cli.progress);
	zone_close(cli.zone);
	setup_close(cli.setup);
	config_free(cli.config);
	options_done(&cli.parsed);
	return code;
}
