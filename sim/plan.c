/* Plans are made outside the lock: two threads may make the same one, which harms nobody. */
#include "plan_private.h"

#include <pthread.h>
#include <stdlib.h>

struct plans {
	const struct store *store;
	pthread_mutex_t lock;
	struct plan *kept[PLANS_MAX];
	size_t n;
	int64_t bytes;
	uint64_t clock;
	/* every user's newest publication as of users_ms, or NULL */
	int32_t *users;
	int64_t users_ms;
};

static void plan_free(struct plan *plan)
{
	if (plan == NULL)
		return;
	free(plan->runs);
	free(plan->rows);
	free(plan);
}

static int64_t plan_bytes(const struct plan *plan)
{
	return plan->rows == NULL ? 0 : (int64_t)(plan->n * sizeof *plan->rows);
}

/* As it was when `until_ms` was the newest stamp; under the lock. */
static const int32_t *users_as_of(struct plans *plans, int64_t until_ms)
{
	const struct world *world = plans->store->world;
	if (plans->users != NULL && plans->users_ms == until_ms)
		return plans->users;
	if (plans->users == NULL)
		plans->users = malloc((world->users + 1) * sizeof *plans->users);
	for (uint64_t user = 0; plans->users != NULL && user < world->users; user++)
		plans->users[user] = (int32_t)world_user_publication(world, user, until_ms);
	plans->users_ms = until_ms;
	return plans->users;
}

static bool fill(struct plans *plans, struct plan *plan)
{
	bool of_users = plan->entity == USERS && plan->store->world != NULL;
	bool done;
	if (of_users) {
		pthread_mutex_lock(&plans->lock);
		const int32_t *users = users_as_of(plans, plan->seen.max_ms);
		done = users != NULL && plan_select(plan, users);
		pthread_mutex_unlock(&plans->lock);
	} else {
		done = plan_select(plan, NULL);
	}
	return done && (plan->query.order == ORDER_NONE || plan->rows == NULL || plan_sort(plan));
}

bool plans_new(struct plans **ret, const struct store *store, struct err *reterr)
{
	struct plans *plans = calloc(1, sizeof *plans);
	if (plans == NULL)
		return err_memory(reterr);
	plans->store = store;
	pthread_mutex_init(&plans->lock, NULL);
	*ret = plans;
	return true;
}

void plans_free(struct plans *plans)
{
	if (plans == NULL)
		return;
	for (size_t i = 0; i < plans->n; i++)
		plan_free(plans->kept[i]);
	pthread_mutex_destroy(&plans->lock);
	free(plans->users);
	free(plans);
}

static bool same(const struct plan *a, const struct plan *b)
{
	return a->entity == b->entity && a->newest_only == b->newest_only &&
	       a->seen.min_ms == b->seen.min_ms && a->seen.max_ms == b->seen.max_ms &&
	       a->query.updated.min_us == b->query.updated.min_us &&
	       a->query.updated.max_us == b->query.updated.max_us &&
	       a->query.created.min_us == b->query.created.min_us &&
	       a->query.created.max_us == b->query.created.max_us &&
	       a->query.order == b->query.order && a->query.descending == b->query.descending;
}

static struct plan *find(struct plans *plans, const struct plan *wanted)
{
	for (size_t i = 0; i < plans->n; i++) {
		struct plan *plan = plans->kept[i];
		if (same(plan, wanted)) {
			plan->references++;
			plan->used = ++plans->clock;
			return plan;
		}
	}
	return NULL;
}

/* The caller holds one reference, the list another. */
static void keep(struct plans *plans, struct plan *plan)
{
	while (plans->n == PLANS_MAX ||
	       (plans->n > 0 && plans->bytes + plan_bytes(plan) > PLAN_BYTES_MAX)) {
		size_t oldest = 0;
		for (size_t i = 1; i < plans->n; i++) {
			if (plans->kept[i]->used < plans->kept[oldest]->used)
				oldest = i;
		}
		struct plan *gone = plans->kept[oldest];
		plans->kept[oldest] = plans->kept[--plans->n];
		plans->bytes -= plan_bytes(gone);
		if (--gone->references == 0)
			plan_free(gone);
	}
	plan->references++;
	plan->used = ++plans->clock;
	plans->kept[plans->n++] = plan;
	plans->bytes += plan_bytes(plan);
}

bool plan_get(struct plans *plans, enum entity entity, const struct query *query,
	      struct seen seen, bool newest_only, struct plan **ret, struct err *reterr)
{
	struct plan *plan = calloc(1, sizeof *plan);
	if (plan == NULL)
		return err_memory(reterr);
	plan->store = plans->store;
	plan->entity = entity;
	plan->query = *query;
	plan->seen = seen;
	plan->newest_only = newest_only;
	plan->references = 1;
	pthread_mutex_lock(&plans->lock);
	struct plan *known = find(plans, plan);
	pthread_mutex_unlock(&plans->lock);
	if (known != NULL) {
		plan_free(plan);
		*ret = known;
		return true;
	}
	if (!fill(plans, plan)) {
		plan_free(plan);
		return err_memory(reterr);
	}
	pthread_mutex_lock(&plans->lock);
	keep(plans, plan);
	pthread_mutex_unlock(&plans->lock);
	*ret = plan;
	return true;
}

void plan_release(struct plans *plans, struct plan *plan)
{
	if (plan == NULL)
		return;
	pthread_mutex_lock(&plans->lock);
	if (--plan->references == 0)
		plan_free(plan);
	pthread_mutex_unlock(&plans->lock);
}

void plans_stats(struct plans *plans, size_t *ret_kept, int64_t *ret_bytes)
{
	pthread_mutex_lock(&plans->lock);
	*ret_kept = plans->n;
	*ret_bytes = plans->bytes;
	pthread_mutex_unlock(&plans->lock);
}

uint64_t plan_row(const struct plan *plan, uint64_t at)
{
	if (plan->rows != NULL)
		return plan->rows[at];
	size_t low = 0, high = plan->n_runs;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (plan->runs[middle].before <= at)
			low = middle;
		else
			high = middle;
	}
	const struct run *run = &plan->runs[low];
	return row_of(run->publication, run->begin + (at - run->before));
}
