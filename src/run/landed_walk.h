/* Every file below a folder, folders in the order of their names, so that days come in their
 * order. Of a spool only what waits in it (ready/) is walked. Memory: the names of the folders on
 * the way down. */
#ifndef FIRN_RUN_LANDED_WALK_H
#define FIRN_RUN_LANDED_WALK_H

#include "base/err.h"

/* `path` may be one file. `each` gets whole paths, absolute ones; false ends the walk with its
 * error. ERR_USAGE: the path is not there, or folders lie deeper than LANDED_DEPTH_MAX. */
MUST_CHECK bool landed_walk(const char *path,
			    bool (*each)(void *user, const char *path, struct err *reterr),
			    void *user, struct err *reterr);

#endif
