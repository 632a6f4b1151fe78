/* firn reset: the one thing that moves a watermark back. Deletes no data. */
#include "base/terminal.h"
#include "cli/cli.h"
#include "spool/spool.h"

#include <string.h>

static bool confirmed(struct cli *cli, const char *const *streams, size_t n, struct err *reterr)
{
	char line[16];
	if (option_flag(&cli->parsed, "yes"))
		return true;
	if (!cli->terminal || !terminal_is(TERMINAL_IN))
		return err_set(reterr, ERR_USAGE, "reset asks first; --yes answers for you");
	fprintf(stderr, "Forget watermarks and windows of ");
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s%s", i == 0 ? "" : ", ", streams[i]);
	fprintf(stderr, "%s%s? No data is deleted. [y/N] ", n == 0 ? "all streams of " : " of ",
		cli->config->pipeline);
	fflush(stderr);
	if (fgets(line, sizeof line, stdin) != NULL && (line[0] == 'y' || line[0] == 'Y'))
		return true;
	return err_set(reterr, ERR_STOPPED, "nothing was changed");
}

/* The warehouse first: its generations go on, so that another firn that is running notices. */
static bool forget(struct cli *cli, const char *const *streams, size_t n, struct err *reterr)
{
	struct setup *setup = cli->setup;
	struct warehouse *warehouse = NULL;
	struct state state = {0};
	const char *pipeline = cli->config->pipeline;
	bool done = true;

	local_reset(setup->local, streams, n);
	if (!destination_is_there(cli->config))
		return local_adopt(setup->local, &state, reterr) &&
		       local_save(setup->local, reterr);
	setup->local->unsettled = true;
	done = local_save(setup->local, reterr) &&
	       setup_open_warehouse(setup, false, &warehouse, reterr) &&
	       warehouse_reset(warehouse, pipeline, streams, n, reterr) &&
	       warehouse_read_state(warehouse, pipeline, &state, reterr) &&
	       local_adopt(setup->local, &state, reterr) && local_save(setup->local, reterr);
	state_done(&state);
	warehouse_close(warehouse);
	return done;
}

/* --- --rename --- */

/* *ret_any: there was something of the old one's. */
static bool take_warehouse(struct cli *cli, const char *old, bool *ret_any, struct err *reterr)
{
	struct setup *setup = cli->setup;
	struct warehouse *warehouse = NULL;
	struct state state = {0};
	const char *pipeline = cli->config->pipeline;
	bool done = setup_open_warehouse(setup, false, &warehouse, reterr) &&
		    warehouse_rename(warehouse, old, pipeline, ret_any, reterr) &&
		    warehouse_read_state(warehouse, pipeline, &state, reterr) &&
		    local_adopt(setup->local, &state, reterr) && local_save(setup->local, reterr);
	state_done(&state);
	warehouse_close(warehouse);
	return done;
}

/* Where files are landed the local copy is the state. It can be the old one's only where both are
 * told the same state_dir. */
static bool take_local(struct cli *cli, const char *old, bool *ret_any, struct err *reterr)
{
	struct setup *setup = cli->setup;
	struct local *olds = NULL;
	struct err why = {0};
	if (!setup->local->fresh)
		return true;
	if (!local_open(&olds, cli->config->state_dir, old, setup->place, &why, reterr))
		return false;
	*ret_any = !olds->fresh;
	if (olds->fresh) {
		local_close(olds);
		return true;
	}
	local_close(setup->local);
	setup->local = olds;
	olds->pipeline = cli->config->pipeline;
	return local_save(olds, reterr);
}

/* The state first: done again after a crash in between, or when nobody uses the spool any more,
 * there is only that left to take. */
static bool take_over(struct cli *cli, const char *old, struct err *reterr)
{
	const struct config *config = cli->config;
	char owner[SPOOL_OWNER_BYTES];
	bool any = false;
	if (!spool_owner(config->spool_dir, owner, reterr))
		return false;
	bool spool = strcmp(owner, old) == 0;
	if (!spool && !spool_is_for(config->spool_dir, config->pipeline, reterr))
		return false;
	if (setup_lands(cli->setup) ? !take_local(cli, old, &any, reterr)
				    : destination_is_there(config) &&
					      !take_warehouse(cli, old, &any, reterr))
		return false;
	if (!any && !spool)
		return err_set(reterr, ERR_USAGE, "there is no state of a pipeline '%s', and "
			       "no spool of its in '%s'", old, config->spool_dir);
	return !spool || spool_take_over(config->spool_dir, old, config->pipeline, reterr);
}

int cmd_reset(struct cli *cli)
{
	struct err why = {0}, old = {0};
	const char *from = option_text(&cli->parsed, "rename");
	size_t n;
	const char *const *streams = option_names(&cli->parsed, "streams", &n);
	bool done;

	if (!cli_setup(cli))
		return EXIT_USAGE;
	if (from != NULL && n > 0) {
		err_set(&why, ERR_USAGE, "--rename takes over all streams; it does not go with "
			"--streams");
		return cli_fail(cli, &why);
	}
	if (!setup_select(cli->setup, streams, n, &why) ||
	    (from == NULL && !confirmed(cli, streams, n, &why)) ||
	    !setup_lock(cli->setup, "reset", &old, &why))
		return cli_fail(cli, &why);
	if (from != NULL)
		done = take_over(cli, from, &why);
	else
		done = forget(cli, streams, n, &why);
	if (!done)
		return cli_fail(cli, &why);
	cli_say(cli, from == NULL ? "watermarks and windows are forgotten; the data is as it was"
				  : "state and spool were taken over");
	return EXIT_DONE;
}
