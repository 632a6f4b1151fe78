#include "truth.h"

#include "base/bounds.h"

#include <stdlib.h>

struct truth {
	struct sim *sim;
	struct plan *plan;
	uint64_t at;
};

bool truth_open(struct truth **ret, struct sim *sim, enum entity entity, struct span filter,
		bool gone, struct err *reterr)
{
	struct query query;
	struct truth *truth = calloc(1, sizeof *truth);
	if (truth == NULL)
		return err_memory(reterr);
	truth->sim = sim;
	int64_t retention_us = gone ? INT64_MAX : sim->options.world.retention_us;
	struct seen seen = store_seen(&sim->store, entity, moment_now_us(sim->moment),
				      retention_us);
	bool done = query_read(SPAN("$orderby=id"), entity, &query, reterr) &&
		    (filter.size == 0 || filter_read(filter, entity, &query, reterr)) &&
		    plan_get(sim->plans, entity, &query, seen, true, &truth->plan, reterr);
	if (done)
		*ret = truth;
	else
		truth_close(truth);
	return done;
}

bool truth_next(struct truth *truth, struct buf *out)
{
	const struct plan *plan = truth->plan;
	size_t start = out->size, enough = start + 256 * KIB;
	while (truth->at < plan->n && out->size < enough) {
		if (!store_render(plan->store, plan->entity, plan_row(plan, truth->at), out) ||
		    !buf_add_char(out, '\n'))
			return false;
		truth->at++;
	}
	return out->size > start;
}

void truth_close(struct truth *truth)
{
	if (truth == NULL)
		return;
	plan_release(truth->sim->plans, truth->plan);
	free(truth);
}
