/* What the local copy of the state says, as report/status.h wants it: for `status` and `report`. */
#ifndef FIRN_CLI_STATUS_H
#define FIRN_CLI_STATUS_H

#include "cli/cli.h"
#include "report/status.h"

/* setup->local must have been read. What is handed out lives in the setup's arena, and as long as
 * the local copy. */
MUST_CHECK bool status_fill(struct setup *, struct status *ret, struct err *reterr);

#endif
