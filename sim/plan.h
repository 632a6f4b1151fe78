/* The answer to a query before it is cut into pages: which records, in which order.
 *
 * Without $orderby and without a time that cuts through a day, a plan is a few runs of indexes;
 * else it is a list of rows, kept so that the next page costs nothing. What was published or
 * has gone after the first page was asked for changes nothing for those that follow (`seen`). */
#ifndef FIRN_SIM_PLAN_H
#define FIRN_SIM_PLAN_H

#include "filter.h"
#include "store.h"

enum { PLANS_MAX = 512 };
#define PLAN_BYTES_MAX INT64_C(3000000000) /* of all plans that are kept */

struct run {
	uint32_t publication;
	uint64_t begin, end; /* indexes */
	uint64_t before;     /* rows of the runs before */
};

struct plan {
	const struct store *store;
	enum entity entity;
	struct query query; /* as asked: the key */
	struct seen seen;
	bool newest_only;
	uint64_t n;         /* rows, before $skip and $top */
	struct run *runs;
	size_t n_runs;
	uint64_t *rows;     /* NULL: the runs, in their order */
	int references;
	uint64_t used;      /* when: for throwing away the one unused longest */
};

struct plans;

MUST_CHECK bool plans_new(struct plans **ret, const struct store *store, struct err *reterr);
void plans_free(struct plans *plans);

/* The plan, made or remembered; plan_release gives it back. `newest_only`: of several versions of
 * a record the newest, as they end up in a table. */
MUST_CHECK bool plan_get(struct plans *plans, enum entity entity, const struct query *query,
			 struct seen seen, bool newest_only, struct plan **ret,
			 struct err *reterr);
void plan_release(struct plans *plans, struct plan *plan);
void plans_stats(struct plans *plans, size_t *ret_kept, int64_t *ret_bytes);

uint64_t plan_row(const struct plan *plan, uint64_t at);

#endif
