/* firn completion: what shells, man and editors want to know of firn, out of its own tables. make
 * install asks for each. */
#include "base/bounds.h"
#include "cli/cli.h"

static bool print_shell(const char *name, struct buf *out)
{
	if (strcmp(name, "manual") == 0)
		return options_manual(out);
	if (strcmp(name, "config-manual") == 0)
		return config_manual(out);
	if (strcmp(name, "schema") == 0)
		return config_schema(out);
	return options_completion(name, out);
}

static bool is_known(const struct command *command, const char *name)
{
	for (const char *const *at = command->subcommands; *at != NULL; at++) {
		if (strcmp(*at, name) == 0)
			return true;
	}
	return false;
}

int cmd_completion(struct cli *cli)
{
	struct buf out;
	struct err why;
	const char *name = cli->parsed.words[0];
	int code = EXIT_DONE;
	if (!is_known(cli->parsed.command, name)) {
		err_set(&why, ERR_USAGE, "completion: expected %s, found %s",
			cli->parsed.command->words, name);
		return cli_fail(cli, &why);
	}
	buf_init(&out, MIB);
	if (!print_shell(name, &out)) {
		err_memory(&why);
		code = cli_fail(cli, &why);
	} else {
		(void)!fwrite(buf_text(&out), 1, out.size, stdout);
	}
	buf_done(&out);
	return cli_finish_output(cli, code);
}
