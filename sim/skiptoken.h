/* What stands in the link to the next page: where it begins, what could be seen when page one was
 * asked for, and the question, made unreadable. Nothing is remembered for it: a link is good for as
 * long as the program runs, and leads to the same records whatever was published or has gone. */
#ifndef FIRN_SIM_SKIPTOKEN_H
#define FIRN_SIM_SKIPTOKEN_H

#include "store.h"

struct skiptoken {
	uint64_t offset; /* into the records asked for, behind $skip */
	struct seen seen;
	struct span query; /* as it was sent with page one, without the question mark */
};

bool skiptoken_write(struct buf *out, const struct skiptoken *token, uint64_t seed);
/* False: not one of ours. token->query lies in `room`. */
bool skiptoken_read(struct span text, uint64_t seed, struct buf *room, struct skiptoken *ret);

#endif
