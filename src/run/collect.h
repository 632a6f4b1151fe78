/* One run of a pipeline, whatever its streams and its destination:
 *
 *	1. what goes through the spool is collected and synced there;
 *	2. the other streams are loaded straight into the warehouse;
 *	3. the spool is sealed, and everything in it delivered: to S3, to a folder, or loaded. Under
 *	   `start` only what is due before the next run is sealed, so that several collections
 *	   are one object (deliver.max_wait, deliver.max_bytes).
 *
 * Reading comes first, for it cannot be made good; that the far side cannot be reached keeps no
 * reading from being taken. Whoever calls load_run may call this: without a stream for the spool
 * it is the same. */
#ifndef FIRN_RUN_COLLECT_H
#define FIRN_RUN_COLLECT_H

#include "run/load.h"

/* `spooled`, `spool`, `spool_why`, `customer` and `budget` of the options are not looked at.
 * As load_run; what was delivered is in ret->delivery. */
MUST_CHECK bool collect_run(const struct load_options *, struct load_result *ret,
			    struct err *reterr);

/* Only the first half of step 3: what earlier runs have left unsealed is sealed, and waits for
 * delivery. The setup is locked; where there is no spool it is not made. */
MUST_CHECK bool collect_seal(const struct load_options *, struct err *reterr);

/* Only step 3; the setup is locked. False: nothing could be begun. */
MUST_CHECK bool collect_flush(const struct load_options *, struct load_delivery *ret,
			      struct err *reterr);

#endif
