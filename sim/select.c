/* Which records a plan holds. */
#include "plan_private.h"

#include <stdlib.h>

static bool inside(struct range range, int64_t us)
{
	return us >= range.min_us && us <= range.max_us;
}

static bool asked_for(const struct plan *plan, const struct publication *publication)
{
	return publication->stamp_ms >= plan->seen.min_ms &&
	       publication->stamp_ms <= plan->seen.max_ms &&
	       inside(plan->query.updated, publication->stamp_ms * 1000);
}

/* False where a later version has taken this one's place, or is all that is wanted. */
static bool still_there(const struct plan *plan, const struct publication *publication)
{
	const struct world *world = plan->store->world;
	const struct publication *end =
		world->publications[plan->entity] + world->n_publications[plan->entity];
	for (const struct publication *later = publication + 1;
	     later < end && later->day == publication->day; later++) {
		if (later->moves && later->stamp_ms <= plan->seen.max_ms)
			return false;
		if (plan->newest_only && asked_for(plan, later))
			return false;
	}
	return true;
}

/* The runs of whole days; *ret_cut: a time of creation cuts through a day. */
static bool find_runs(struct plan *plan, bool *ret_cut)
{
	const struct world *world = plan->store->world;
	const struct publication *all = world->publications[plan->entity];
	plan->runs = calloc(world->n_publications[plan->entity] + 1, sizeof *plan->runs);
	if (plan->runs == NULL)
		return false;
	for (uint32_t i = 0; i < world->n_publications[plan->entity]; i++) {
		int64_t day_us = (world->first_day + all[i].day) * DAY_MS * INT64_C(1000);
		struct range day = {day_us, day_us + DAY_MS * INT64_C(1000) - 1};
		struct range created = plan->query.created;
		if (!asked_for(plan, &all[i]) || !still_there(plan, &all[i]) ||
		    created.min_us > day.max_us || created.max_us < day.min_us)
			continue;
		if (created.min_us > day.min_us || created.max_us < day.max_us)
			*ret_cut = true;
		struct run *run = &plan->runs[plan->n_runs++];
		run->publication = i;
		world_range(world, plan->entity, all[i].day, &run->begin, &run->end);
		run->before = plan->n;
		plan->n += run->end - run->begin;
	}
	return true;
}

static bool list_rows(struct plan *plan)
{
	const struct world *world = plan->store->world;
	plan->rows = malloc((plan->n + 1) * sizeof *plan->rows);
	if (plan->rows == NULL)
		return false;
	uint64_t n = 0;
	for (size_t i = 0; i < plan->n_runs; i++) {
		struct run *run = &plan->runs[i];
		uint32_t day = world->publications[plan->entity][run->publication].day;
		int64_t begin_us = (world->first_day + day) * DAY_MS * INT64_C(1000);
		bool whole = plan->query.created.min_us <= begin_us &&
			     plan->query.created.max_us >= begin_us + DAY_MS * INT64_C(1000) - 1;
		for (uint64_t index = run->begin; index < run->end; index++) {
			if (whole || inside(plan->query.created,
					    world_created_ms(world, plan->entity, day, index) *
						    1000))
				plan->rows[n++] = row_of(run->publication, index);
		}
	}
	plan->n = n;
	return true;
}

static bool list_users(struct plan *plan, const int32_t *users)
{
	const struct world *world = plan->store->world;
	plan->rows = malloc((world->users + 1) * sizeof *plan->rows);
	if (plan->rows == NULL)
		return false;
	for (uint64_t user = 0; user < world->users; user++) {
		if (users[user] >= 0 && asked_for(plan, &world->publications[USERS][users[user]]))
			plan->rows[plan->n++] = row_of((uint32_t)users[user], user);
	}
	return true;
}

static int by_id_then_stamp(const void *a, const void *b, void *samples)
{
	const struct sample *all = samples;
	const struct sample *x = &all[*(const uint64_t *)a], *y = &all[*(const uint64_t *)b];
	size_t common = x->id.size < y->id.size ? x->id.size : y->id.size;
	int order = common == 0 ? 0 : memcmp(x->id.at, y->id.at, common);
	if (order == 0)
		order = (x->id.size > y->id.size) - (x->id.size < y->id.size);
	if (order == 0)
		order = (x->updated_us > y->updated_us) - (x->updated_us < y->updated_us);
	return order;
}

static bool list_samples(struct plan *plan)
{
	const struct samples *samples = plan->store->samples;
	struct sample *all = samples->all[plan->entity];
	size_t n = samples->n[plan->entity];
	plan->rows = malloc((n + 1) * sizeof *plan->rows);
	if (plan->rows == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		int64_t us = all[i].updated_us;
		if (inside(plan->query.updated, us) &&
		    inside(plan->query.created, all[i].created_us) &&
		    us / 1000 >= plan->seen.min_ms && us / 1000 <= plan->seen.max_ms)
			plan->rows[plan->n++] = i;
	}
	if (!plan->newest_only || plan->n == 0)
		return true;
	qsort_r(plan->rows, plan->n, sizeof *plan->rows, by_id_then_stamp, all);
	uint64_t kept = 0;
	for (uint64_t i = 0; i < plan->n; i++) {
		if (i + 1 == plan->n ||
		    !span_equal(all[plan->rows[i]].id, all[plan->rows[i + 1]].id))
			plan->rows[kept++] = plan->rows[i];
	}
	plan->n = kept;
	return true;
}

bool plan_select(struct plan *plan, const int32_t *users)
{
	const struct store *store = plan->store;
	bool cut = false;
	if (store->samples != NULL)
		return list_samples(plan);
	if (!store->world->options.served[plan->entity] ||
	    store->world->options.counts[plan->entity] == 0)
		return true;
	if (plan->entity == USERS)
		return list_users(plan, users);
	if (!find_runs(plan, &cut))
		return false;
	return (!cut && plan->query.order == ORDER_NONE) || list_rows(plan);
}
