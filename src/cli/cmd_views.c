/* firn views. */
#include "cli/cli.h"
#include "run/viewset.h"

static void told(void *user, const char *name, bool written)
{
	struct cli *cli = user;
	if (written)
		log_line(cli->log, LOG_INFO, NULL, "Created view: %s", name);
	printf("%-28s %s\n", name, written ? "created" : "as it was");
}

int cmd_views(struct cli *cli)
{
	struct warehouse *warehouse = NULL;
	struct viewset set;
	struct err why = {0}, old = {0};

	if (!cli_setup(cli) || !cli_log(cli))
		return EXIT_USAGE;
	if (!viewset_make(cli->setup, &set, &why) ||
	    !setup_lock(cli->setup, "views", &old, &why))
		return cli_fail(cli, &why);
	for (size_t i = 0; i < set.left_out_n; i++)
		log_line(cli->log, LOG_WARNING, NULL, "view %s", set.left_out[i]);
	if (set.n + set.left_out_n == 0)
		cli_say(cli, "there are no views for this connector");
	bool done = true;
	if (set.n > 0 && !destination_is_there(cli->config))
		done = err_set(&why, ERR_USAGE, "%s is not there yet: load something first",
			       cli->config->duckdb);
	else if (set.n > 0)
		done = setup_open_warehouse(cli->setup, false, &warehouse, &why) &&
		       warehouse_views(warehouse, set.views, set.n, &set.options, told, cli, &why);
	warehouse_close(warehouse);
	return cli_finish_output(cli, done ? EXIT_DONE : cli_fail(cli, &why));
}
