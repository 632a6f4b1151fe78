/* What a request asks for: $filter, $orderby, $top, $skip, $count, $select, $skiptoken.
 *
 * $filter is comparisons joined by `and`, with or without parentheses: last_updated_time or
 * created_time, then ge gt le lt eq, then an ISO 8601 time with a zone between single quotes. An
 * API of this kind answers anything else with 400, and so does this one. */
#ifndef FIRN_SIM_FILTER_H
#define FIRN_SIM_FILTER_H

#include "world.h"

#include "base/buf.h"
#include "base/span.h"

enum { FILTER_DEPTH_MAX = 16, QUERY_BYTES_MAX = 16 * 1024, SELECT_MAX = 16 };

/* Points of time in microseconds, both ends included. */
struct range {
	int64_t min_us, max_us;
};

enum order { ORDER_NONE, ORDER_ID, ORDER_CREATED, ORDER_UPDATED };

struct query {
	struct range updated, created;
	enum order order;
	bool descending;
	bool count;                    /* $count=true: the number beside the records */
	uint64_t top, skip;            /* top UINT64_MAX: all */
	const char *select[SELECT_MAX]; /* fields; none: all */
	size_t n_select;
	char token[QUERY_BYTES_MAX];   /* $skiptoken, or "" */
};

/* Reads the part behind the question mark, as it was sent. ERR_USAGE: what to say with the 400. */
MUST_CHECK bool query_read(struct span raw, enum entity entity, struct query *ret,
			   struct err *reterr);
/* Only the expression behind $filter, decoded; narrows the two ranges. */
MUST_CHECK bool filter_read(struct span text, enum entity entity, struct query *query,
			    struct err *reterr);

/* The value of one parameter, decoded, "" when it is not there. False: it is not there. */
bool query_value(struct span raw, const char *name, struct buf *ret);
/* %41 becomes A and, in a query, + a blank. */
bool unescape(struct buf *ret, struct span text, bool query);

#endif
