#include "store.h"

#include "render.h"

#include "base/stamp.h"

bool store_render(const struct store *store, enum entity entity, uint64_t row, struct buf *out)
{
	if (store->samples != NULL)
		return buf_add_span(out, store->samples->all[entity][row_index(row)].text);
	char *at = buf_reserve(out, RECORD_BYTES_MAX);
	if (at == NULL)
		return false;
	char *end = render_record(store->world, entity, row_publication(store, entity, row),
				  row_index(row), at);
	out->size += (size_t)(end - at);
	*end = '\0';
	return true;
}

size_t store_id(const struct store *store, enum entity entity, uint64_t row, char *out,
		size_t room)
{
	char id[ID_BYTES_MAX];
	struct span text = {id, 0};
	if (store->samples != NULL)
		text = store->samples->all[entity][row_index(row)].id;
	else
		text.size = render_id(store->world, entity, row_index(row), id);
	size_t size = text.size < room ? text.size : room;
	memcpy(out, text.at, size);
	return size;
}

struct seen store_seen(const struct store *store, enum entity entity, int64_t now_us,
		       int64_t retention_us)
{
	int64_t oldest_ms = INT64_MIN;
	if (retention_us < now_us)
		oldest_ms = stamp_floor(now_us - retention_us, STAMP_DAY) / 1000;
	struct seen seen = {INT64_MAX, INT64_MIN};
	if (store->samples != NULL)
		return (struct seen){oldest_ms, now_us / 1000};
	for (uint32_t i = 0; i < store->world->n_publications[entity]; i++) {
		int64_t stamp_ms = store->world->publications[entity][i].stamp_ms;
		if (stamp_ms < oldest_ms || stamp_ms * 1000 > now_us)
			continue;
		if (stamp_ms < seen.min_ms)
			seen.min_ms = stamp_ms;
		if (stamp_ms > seen.max_ms)
			seen.max_ms = stamp_ms;
	}
	return seen;
}
