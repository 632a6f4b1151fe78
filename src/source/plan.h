/* A connector's stream as the table that shape and warehouse work with. */
#ifndef FIRN_SOURCE_PLAN_H
#define FIRN_SOURCE_PLAN_H

#include "base/arena.h"
#include "connector/connector.h"
#include "shape/column.h"

/* What the configuration says of one stream's columns: names, upper case. */
struct privacy {
	const char *const *excluded, *const *hashed;
	size_t excluded_n, hashed_n;
};

/* The table lives in the arena. ERR_USAGE: no column of that name (the nearest is named), or a
 * column from around the records would show what another one excludes or hashes. */
MUST_CHECK bool plan_table(struct arena *, const struct stream *, const char *prefix, bool append,
			   const struct privacy *, struct table **ret, struct err *reterr);

#endif
