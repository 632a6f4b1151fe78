/* Delivering what is spooled, by the destination's way: put into a bucket, put into a folder, or
 * loaded into the warehouse. What cannot be delivered stays in the spool; that is no failure of
 * the call. */
#ifndef FIRN_RUN_DELIVERY_H
#define FIRN_RUN_DELIVERY_H

#include "run/load.h"
#include "run/spooled.h"

/* Waits no longer than the run's budget has left, nor than until a minute before the schedule is
 * due again. False: it cannot go on at all (memory, the spool's own disk). */
MUST_CHECK bool delivery_run(const struct load_options *, struct spooled *,
			     struct load_delivery *ret, struct err *reterr);

/* delivery_load.c: the same into the warehouse. */
MUST_CHECK bool delivery_load(const struct load_options *, struct spooled *,
			      struct load_delivery *ret, struct err *reterr);

struct credentials;
struct credentials_environment;
struct s3;
/* The bucket as the configuration names it. Both are the caller's: the bucket goes first. */
MUST_CHECK bool delivery_s3_open(const struct config *, const struct credentials_environment *,
				 struct credentials **ret_credentials, struct s3 **ret,
				 struct err *reterr);

/* When the schedule is due next, without jitter; STAMP_MAX: there is none. */
int64_t delivery_next_run_us(const struct config *, int64_t now_us);
/* What may be waited in all: milliseconds. */
int64_t delivery_wait_ms(const struct config *, int64_t now_us, int64_t budget_left_ms);

#endif
