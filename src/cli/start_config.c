#include "cli/start_config.h"

#include "base/bounds.h"
#include "run/spooled.h"

#include <stdlib.h>
#include <string.h>

bool start_need_schedule(const struct config *config, struct err *reterr)
{
	return config->schedule.given ||
	       err_set(reterr, ERR_USAGE, "%s: schedule is missing, and start runs by it: add "
		       "schedule: { at: \"22:00\", timezone: US/Pacific }, or "
		       "schedule: { every: 10m }", config->file);
}

/* What a reload may not change: the lock and the agenda are there. */
static bool same_place(const struct config *old, const struct config *new, struct err *reterr)
{
	return (strcmp(old->pipeline, new->pipeline) == 0 &&
		strcmp(old->state_dir, new->state_dir) == 0) ||
	       err_set(reterr, ERR_USAGE, "%s: pipeline or state_dir has changed: stop firn start "
		       "and start it again", new->file);
}

static bool read_anew(const struct cli *cli, struct config **ret_config,
		      struct setup **ret_setup, struct zone **ret_zone, struct buf *mistakes,
		      struct err *reterr)
{
	return config_read(ret_config, cli_config_path(cli), mistakes, reterr) &&
	       setup_open(ret_setup, *ret_config, getenv("FIRN_DRIVER_PATH"), mistakes,
			  reterr) &&
	       same_place(cli->config, *ret_config, reterr) &&
	       start_need_schedule(*ret_config, reterr) && spooled_is_ours(*ret_setup, reterr) &&
	       zone_open(ret_zone, (*ret_config)->schedule.timezone, NULL, reterr);
}

/* The log goes where the configuration says; false: no memory, and all is as before. */
static bool take_config(struct cli *cli, struct config *config, struct setup *setup)
{
	struct cli old = *cli;
	cli->config = config;
	if (!cli_log(cli)) {
		*cli = old;
		return false;
	}
	cli->setup = setup;
	log_close(old.log);
	progress_free(old.progress);
	zone_close(old.zone);
	setup_close(old.setup);
	config_free(old.config);
	return true;
}

static void tell_wrong(struct cli *cli, const struct buf *mistakes,
		       const struct err *why)
{
	const char *at = mistakes->size > 0 ? buf_text(mistakes) : why->text;
	while (*at != '\0') {
		size_t size = strcspn(at, "\n");
		log_line(cli->log, LOG_ERROR, NULL, "%.*s", (int)size, at);
		at += size + (at[size] == '\n');
	}
	log_line(cli->log, LOG_ERROR, NULL,
		 "the new configuration is wrong and not taken: the old one stays in force; "
		 "correct it and send SIGHUP again");
}

bool start_read_again(struct cli *cli, struct zone **ret_zone)
{
	struct config *config = NULL;
	struct setup *setup = NULL;
	struct buf mistakes;
	struct err why = {0};
	*ret_zone = NULL;
	buf_init(&mistakes, CONFIG_BYTES_MAX);
	bool done = read_anew(cli, &config, &setup, ret_zone, &mistakes, &why) &&
		    (take_config(cli, config, setup) || err_memory(&why));
	if (done) {
		log_line(cli->log, LOG_INFO, NULL, "the configuration was read again: %s",
			 config->file);
	} else {
		tell_wrong(cli, &mistakes, &why);
		zone_close(*ret_zone);
		setup_close(setup);
		config_free(config);
	}
	buf_done(&mistakes);
	return done;
}
