/* Rows into a staging table, again where that fails for a reason that may pass: the network, a
 * server that cannot answer just now, an upload that got lost. The rows are still in memory then;
 * the warehouse makes its staging anew for each try, so that none comes twice. Tries and waits are
 * those of requests (fetch/retry.h), within the run's budget; each wait is one line in the log.
 * What is wrong with the rows, or with the sign-in, is not tried again. */
#ifndef FIRN_RUN_STAGING_H
#define FIRN_RUN_STAGING_H

#include "base/log.h"
#include "fetch/retry.h"
#include "shape/batch.h"
#include "warehouse/warehouse.h"

#include <signal.h>

struct monitor;

struct staging {
	struct log *log;
	const volatile sig_atomic_t *stop; /* not 0: nothing is waited for any more */
	struct retry_random random;
	struct retry_budget *budget;
	struct monitor *guard; /* of the budget, where two threads take from it; NULL: one does */
};

/* The rows stay the caller's. `how` NULL: one try. */
MUST_CHECK bool staging_put(struct staging *how, struct warehouse *, const struct table *,
			    struct rows *, struct err *reterr);
/* From the budget, as retry_budget_take. */
bool staging_may_wait(struct staging *how, int64_t wait_ms);

#endif
