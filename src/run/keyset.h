/* How many different keys came: a set of 64-bit hashes. Two keys with one hash would be taken for
 * one; at ten million keys the chance is about three in a million, and the error is on the safe
 * side (fewer seen than came: the window is read again). */
#ifndef FIRN_RUN_KEYSET_H
#define FIRN_RUN_KEYSET_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct keyset {
	uint64_t *slots;
	size_t room; /* a power of two, or 0 */
	size_t n;
	bool zero;   /* the hash 0, which marks a free slot, is in */
	bool full;   /* KEYS_MAX was reached: what came after was not looked at */
};

/* *ret_new: it was not there before (true too once the set is full). */
MUST_CHECK bool keyset_add(struct keyset *, uint64_t hash, bool *ret_new, struct err *reterr);
void keyset_clear(struct keyset *); /* empties, keeps the memory */
void keyset_done(struct keyset *);

#endif
