#include "run/keyset.h"

#include "base/bounds.h"

#include <stdlib.h>
#include <string.h>

/* Little: each of ten thousand places has a set for its one row. */
enum { ROOM_MIN = 16 };

static size_t find(const uint64_t *slots, size_t room, uint64_t hash)
{
	size_t at = (size_t)(hash ^ (hash >> 32)) & (room - 1);
	while (slots[at] != 0 && slots[at] != hash)
		at = (at + 1) & (room - 1);
	return at;
}

static bool grow(struct keyset *set, struct err *reterr)
{
	size_t room = set->room == 0 ? ROOM_MIN : set->room * 2;
	uint64_t *slots = calloc(room, sizeof *slots);
	if (slots == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < set->room; i++) {
		if (set->slots[i] != 0)
			slots[find(slots, room, set->slots[i])] = set->slots[i];
	}
	free(set->slots);
	set->slots = slots;
	set->room = room;
	return true;
}

bool keyset_add(struct keyset *set, uint64_t hash, bool *ret_new, struct err *reterr)
{
	*ret_new = true;
	if (set->n >= KEYS_MAX) {
		set->full = true;
		return true;
	}
	if (hash == 0) {
		*ret_new = !set->zero;
		set->n += *ret_new;
		set->zero = true;
		return true;
	}
	if (set->n + set->n / 3 >= set->room && !grow(set, reterr)) /* at most 3/4 full */
		return false;
	size_t at = find(set->slots, set->room, hash);
	*ret_new = set->slots[at] == 0;
	set->slots[at] = hash;
	set->n += *ret_new;
	return true;
}

void keyset_clear(struct keyset *set)
{
	if (set->slots != NULL)
		memset(set->slots, 0, set->room * sizeof *set->slots);
	set->n = 0;
	set->zero = set->full = false;
}

void keyset_done(struct keyset *set)
{
	free(set->slots);
	*set = (struct keyset){0};
}
