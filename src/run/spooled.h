/* A pipeline's spool: opened as the configuration says, its events logged and remembered. */
#ifndef FIRN_RUN_SPOOLED_H
#define FIRN_RUN_SPOOLED_H

#include "base/log.h"
#include "run/load.h"
#include "run/setup.h"
#include "spool/spool.h"

struct spooled {
	struct spool *spool; /* NULL: not open */
	struct setup *setup;
	struct log *log;
};

struct spool_limits spooled_limits(const struct config *);

bool spooled_any(const struct setup *); /* some stream's rows go through the spool */
/* ERR_USAGE: rows of this setup would go into another pipeline's spool (spool_is_for). */
MUST_CHECK bool spooled_is_ours(const struct setup *, struct err *reterr);

/* The setup is locked; it and the log outlive it. Recovers what earlier processes left behind: it
 * is sealed, or goes on growing where more runs follow.
 * ERR_USAGE: it is another pipeline's; ERR_BUSY: another process holds it; ERR_DISK. */
MUST_CHECK bool spooled_open(struct spooled *, struct setup *, struct log *,
			     const struct load_options *, struct err *reterr);
void spooled_close(struct spooled *);

#endif
