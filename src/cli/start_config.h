/* firn start's configuration: what it needs of one, and SIGHUP. */
#ifndef FIRN_CLI_START_CONFIG_H
#define FIRN_CLI_START_CONFIG_H

#include "cli/cli.h"

MUST_CHECK bool start_need_schedule(const struct config *, struct err *reterr);

/* Reads the configuration anew and puts it, its setup and its log in place of the old ones; the
 * zone of its schedule goes to the caller. False: it is wrong, the log says why, and all is as
 * before. */
MUST_CHECK bool start_read_again(struct cli *, struct zone **ret_zone);

#endif
