/* Where things lie in an array, by a hash of what they are found by: for arrays of as many parts
 * as a source has (ten thousand locations), where a walk for each would take longer than the
 * collection. The caller compares: two things may share a hash.
 *
 *	for (size_t step = 0, at; index_next(&index, hash, &step, &at);)
 *		if (things[at] is the one) ...
 *
 * {0} is an empty index. Positions are below UINT32_MAX. */
#ifndef FIRN_RUN_INDEX_H
#define FIRN_RUN_INDEX_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct index_slot {
	uint64_t hash;
	uint32_t place; /* the position + 1; 0: free */
};
struct index {
	struct index_slot *slots;
	size_t room, n; /* room: 0 or a power of two */
};

/* The next position that was added with this hash; *step begins at 0. False: no more. */
bool index_next(const struct index *, uint64_t hash, size_t *step, size_t *ret);
MUST_CHECK bool index_add(struct index *, uint64_t hash, size_t position); /* false: no memory */
void index_clear(struct index *); /* keeps its memory */
void index_done(struct index *);

#endif
