/* firn check: a line for each thing that must work. */
#include "base/bounds.h"
#include "cli/cli.h"
#include "cli/delivery.h"
#include "run/check.h"

#include <stdlib.h>

enum { WHAT_COLUMNS = 17 };

static void told(void *user, const struct check_line *line)
{
	static const char *const WORDS[] = {"ok  ", "warn", "FAIL"};
	static const char *const COLOURS[] = {"\033[32m", "\033[33m", "\033[31m"};
	struct cli *cli = user;
	struct buf out;
	buf_init(&out, LOG_LINE_BYTES_MAX);
	buf_addf(&out, "%s%s%s %-*s %s\n", cli->colour ? COLOURS[line->state] : "",
		 WORDS[line->state], cli->colour ? "\033[0m" : "", WHAT_COLUMNS, line->what,
		 line->text);
	if (line->todo != NULL)
		buf_addf(&out, "     do: %s\n", line->todo);
	(void)cli_print(cli, buf_span(&out)); /* what could not be written is seen at the end */
	fflush(stdout);
	buf_done(&out);
}

int cmd_check(struct cli *cli)
{
	struct check_result result;
	struct err why = {0};
	if (!cli_config(cli)) {
		told(cli, &(struct check_line){CHECK_FAIL, "configuration",
			"it cannot be used: standard error says why",
			"correct what is named there; nothing else was checked"});
		return cli_finish_output(cli, EXIT_USAGE);
	}
	struct credentials_environment aws = cli_aws_environment();
	struct check_options options = {
		.config = cli->config,
		.aws = &aws,
		.environment_driver = getenv("FIRN_DRIVER_PATH"),
		.stop = cli->stop,
		.told = told,
		.user = cli,
	};
	cli->catch_signals();
	if (!check_run(&options, &result, &why))
		return cli_finish_output(cli, cli_fail(cli, &why));
	if (result.failed > 0)
		cli_say(cli, "%zu failed, %zu warned", result.failed, result.warned);
	return cli_finish_output(cli, result.usage ? EXIT_USAGE
						   : result.failed > 0 ? EXIT_FAILED : EXIT_DONE);
}
