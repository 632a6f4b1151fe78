/* The spool as what delivery delivers. Between spool_open and spool_close, by the same thread. */
#ifndef FIRN_DELIVER_FROM_SPOOL_H
#define FIRN_DELIVER_FROM_SPOOL_H

#include "deliver/deliver.h"
#include "spool/spool.h"

struct from_spool;

/* One pass over all that waits, the oldest first; what is left in it is not met again before the
 * next pass. ret_source lives as long as *ret. */
MUST_CHECK bool from_spool_new(struct from_spool **ret, struct spool *spool,
			       struct deliver_source *ret_source, struct err *reterr);
void from_spool_free(struct from_spool *from); /* NULL is fine */

#endif
