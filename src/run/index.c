/* Open addressing, at most half full, nothing is ever taken out. */
#include "run/index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static size_t slot_at(size_t room, uint64_t hash, size_t step)
{
	return ((size_t)(hash ^ (hash >> 32)) + step) & (room - 1);
}

bool index_next(const struct index *index, uint64_t hash, size_t *step, size_t *ret)
{
	while (index->room > 0) {
		const struct index_slot *slot =
			&index->slots[slot_at(index->room, hash, (*step)++)];
		if (slot->place == 0)
			break;
		if (slot->hash == hash) {
			*ret = slot->place - 1;
			return true;
		}
	}
	return false;
}

static void put(struct index *index, struct index_slot new)
{
	size_t step = 0;
	while (index->slots[slot_at(index->room, new.hash, step)].place != 0)
		step++;
	index->slots[slot_at(index->room, new.hash, step)] = new;
	index->n++;
}

static bool grow(struct index *index)
{
	struct index old = *index;
	size_t room = old.room == 0 ? 64 : old.room * 2;
	struct index_slot *slots = calloc(room, sizeof *slots);
	if (slots == NULL)
		return false;
	*index = (struct index){.slots = slots, .room = room};
	for (size_t i = 0; i < old.room; i++) {
		if (old.slots[i].place != 0)
			put(index, old.slots[i]);
	}
	free(old.slots);
	return true;
}

bool index_add(struct index *index, uint64_t hash, size_t position)
{
	assert(position < UINT32_MAX);
	if (index->n >= index->room / 2 && !grow(index))
		return false;
	put(index, (struct index_slot){hash, (uint32_t)position + 1});
	return true;
}

void index_clear(struct index *index)
{
	if (index->slots != NULL)
		memset(index->slots, 0, index->room * sizeof *index->slots);
	index->n = 0;
}

void index_done(struct index *index)
{
	free(index->slots);
	*index = (struct index){0};
}
