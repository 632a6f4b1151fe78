/* In which order. Sorting is by a 64-bit key whose order is that of the text or the time (radix,
 * four passes); the few rows with equal keys are put right by their whole ids. */
#include "plan_private.h"

#include <stdlib.h>

struct keyed {
	uint64_t key, row;
};

static uint64_t sort_key(const struct plan *plan, uint64_t row)
{
	const struct store *store = plan->store;
	if (plan->query.order == ORDER_ID) {
		char id[8] = {0};
		uint64_t key = 0;
		store_id(store, plan->entity, row, id, sizeof id);
		for (int i = 0; i < 8; i++)
			key = key << 8 | (unsigned char)id[i];
		return key;
	}
	bool created = plan->query.order == ORDER_CREATED;
	if (store->samples != NULL) {
		const struct sample *sample = &store->samples->all[plan->entity][row_index(row)];
		int64_t us = created ? sample->created_us : sample->updated_us;
		return (uint64_t)us ^ UINT64_C(1) << 63; /* below zero comes first */
	}
	const struct publication *told = row_publication(store, plan->entity, row);
	return (uint64_t)(created ? world_created_ms(store->world, plan->entity, told->day,
						     row_index(row))
				  : told->stamp_ms);
}

/* One pass of the radix sort, stable. */
static void scatter(const struct keyed *from, struct keyed *to, uint64_t n, int shift,
		    uint64_t *places)
{
	memset(places, 0, 65536 * sizeof *places);
	for (uint64_t i = 0; i < n; i++)
		places[from[i].key >> shift & 0xFFFF]++;
	uint64_t before = 0;
	for (int digit = 0; digit < 65536; digit++) {
		uint64_t here = places[digit];
		places[digit] = before;
		before += here;
	}
	for (uint64_t i = 0; i < n; i++)
		to[places[from[i].key >> shift & 0xFFFF]++] = from[i];
}

static int compare_ids(const struct plan *plan, uint64_t a, uint64_t b)
{
	char x[128], y[128];
	size_t n = store_id(plan->store, plan->entity, a, x, sizeof x);
	size_t m = store_id(plan->store, plan->entity, b, y, sizeof y);
	int order = memcmp(x, y, n < m ? n : m);
	return order != 0 ? order : (n > m) - (n < m);
}

static void settle_ties(const struct plan *plan, struct keyed *all, uint64_t n)
{
	for (uint64_t i = 1; i < n; i++) {
		struct keyed moved = all[i];
		uint64_t at = i;
		while (at > 0 && all[at - 1].key == moved.key &&
		       compare_ids(plan, all[at - 1].row, moved.row) > 0) {
			all[at] = all[at - 1];
			at--;
		}
		all[at] = moved;
	}
}

bool plan_sort(struct plan *plan)
{
	struct keyed *all = malloc((plan->n + 1) * sizeof *all);
	struct keyed *other = malloc((plan->n + 1) * sizeof *other);
	uint64_t *places = malloc(65536 * sizeof *places);
	bool done = all != NULL && other != NULL && places != NULL;
	if (!done)
		goto out;
	for (uint64_t i = 0; i < plan->n; i++)
		all[i] = (struct keyed){sort_key(plan, plan->rows[i]), plan->rows[i]};
	for (int shift = 0; shift < 64; shift += 16) {
		scatter(all, other, plan->n, shift, places);
		struct keyed *swap = all;
		all = other;
		other = swap;
	}
	if (plan->query.order == ORDER_ID)
		settle_ties(plan, all, plan->n);
	for (uint64_t i = 0; i < plan->n; i++) {
		uint64_t at = plan->query.descending ? plan->n - 1 - i : i;
		plan->rows[i] = all[at].row;
	}
out:
	free(all);
	free(other);
	free(places);
	return done;
}

