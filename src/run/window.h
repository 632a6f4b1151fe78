/* Windows of time: sets of half-open intervals, and how a range is cut into what is asked.
 * Pure arithmetic on microseconds UTC; no clock, no file. */
#ifndef FIRN_RUN_WINDOW_H
#define FIRN_RUN_WINDOW_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct interval { /* [from, until) */
	int64_t from_us, until_us;
};

/* Disjoint, ascending, not touching each other. */
struct intervals {
	struct interval *at;
	size_t n, room;
};

void intervals_done(struct intervals *);
/* Joins with what it overlaps or touches. An empty interval changes nothing. */
MUST_CHECK bool intervals_add(struct intervals *, struct interval, struct err *reterr);
bool intervals_cover(const struct intervals *, struct interval);
/* The end of the unbroken run that holds `from_us` (or begins there); from_us where none does. */
int64_t intervals_run_end(const struct intervals *, int64_t from_us);
/* What is missing within `range`, in order; NULL ret: only counts. Returns how many. */
size_t intervals_holes(const struct intervals *, struct interval range, struct interval *ret,
		       size_t room);

struct slices {
	struct interval *at;
	size_t n;
};
/* Cuts `range` by step_us, the first cut at from + step, or at the first multiple of step since
 * 1970 with `aligned`. step_us 0 or less: one slice. ERR_USAGE: more than WINDOWS_MAX. */
MUST_CHECK bool slices_cut(struct interval range, int64_t step_us, bool aligned,
			   struct slices *ret, struct err *reterr);
void slices_done(struct slices *);

/* Where a watermark may go: to the end of the unbroken run of complete windows that starts at it,
 * or without one (STAMP_NONE of warehouse/state.h) at `oldest_us`. Never back, never ahead of
 * `now_us`. */
int64_t watermark_after(const struct intervals *complete, int64_t watermark_us, int64_t oldest_us,
			int64_t now_us);

#endif
