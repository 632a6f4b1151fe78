/* Where records come from: the simulated organisation, or files of samples. */
#ifndef FIRN_SIM_STORE_H
#define FIRN_SIM_STORE_H

#include "samples.h"
#include "world.h"

#include "base/buf.h"

/* One of the two. */
struct store {
	struct world *world;
	struct samples *samples;
};

/* A row is a record in one of its versions: publication << 40 | index. */
enum { ROW_INDEX_BITS = 40 };

static inline uint64_t row_of(uint32_t publication, uint64_t index)
{
	return (uint64_t)publication << ROW_INDEX_BITS | index;
}

static inline uint64_t row_index(uint64_t row)
{
	return row & ((UINT64_C(1) << ROW_INDEX_BITS) - 1);
}

static inline const struct publication *row_publication(const struct store *store,
							enum entity entity, uint64_t row)
{
	return &store->world->publications[entity][row >> ROW_INDEX_BITS];
}

/* The stamps that can be seen: what is older is gone, what is newer was not published yet. */
struct seen {
	int64_t min_ms, max_ms;
};
/* The ends are stamps that exist, so that two questions with nothing published between them see
 * the same. */
struct seen store_seen(const struct store *store, enum entity entity, int64_t now_us,
		       int64_t retention_us);

/* Appends the record's JSON. */
bool store_render(const struct store *store, enum entity entity, uint64_t row, struct buf *out);
/* Its id, cut to room; returns the size. */
size_t store_id(const struct store *store, enum entity entity, uint64_t row, char *out,
		size_t room);

#endif
