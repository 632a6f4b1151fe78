#include "run/window.h"

#include "base/bounds.h"
#include "base/stamp.h"
#include "warehouse/state.h"

#include <stdlib.h>
#include <string.h>

void intervals_done(struct intervals *set)
{
	free(set->at);
	*set = (struct intervals){0};
}

bool intervals_add(struct intervals *set, struct interval one, struct err *reterr)
{
	if (one.from_us >= one.until_us)
		return true;
	if (set->n == set->room) {
		size_t room = set->room == 0 ? 8 : set->room * 2;
		struct interval *at = realloc(set->at, room * sizeof *at);
		if (at == NULL)
			return err_memory(reterr);
		set->at = at;
		set->room = room;
	}
	/* [first, last) are those that it touches. */
	size_t first = 0;
	while (first < set->n && set->at[first].until_us < one.from_us)
		first++;
	size_t last = first;
	while (last < set->n && set->at[last].from_us <= one.until_us) {
		if (set->at[last].from_us < one.from_us)
			one.from_us = set->at[last].from_us;
		if (set->at[last].until_us > one.until_us)
			one.until_us = set->at[last].until_us;
		last++;
	}
	memmove(set->at + first + 1, set->at + last, (set->n - last) * sizeof *set->at);
	set->at[first] = one;
	set->n = set->n - (last - first) + 1;
	return true;
}

bool intervals_cover(const struct intervals *set, struct interval range)
{
	for (size_t i = 0; i < set->n; i++) {
		if (set->at[i].from_us <= range.from_us && set->at[i].until_us >= range.until_us)
			return true;
	}
	return range.from_us >= range.until_us;
}

int64_t intervals_run_end(const struct intervals *set, int64_t from_us)
{
	for (size_t i = 0; i < set->n; i++) {
		if (set->at[i].from_us <= from_us && set->at[i].until_us >= from_us)
			return set->at[i].until_us;
	}
	return from_us;
}

size_t intervals_holes(const struct intervals *set, struct interval range, struct interval *ret,
		       size_t room)
{
	size_t n = 0;
	int64_t at_us = range.from_us;
	for (size_t i = 0; i <= set->n && at_us < range.until_us; i++) {
		int64_t next_us = i < set->n ? set->at[i].from_us : range.until_us;
		if (next_us > range.until_us)
			next_us = range.until_us;
		if (next_us > at_us) {
			if (ret != NULL && n < room)
				ret[n] = (struct interval){at_us, next_us};
			n++;
		}
		if (i < set->n && set->at[i].until_us > at_us)
			at_us = set->at[i].until_us;
	}
	return n;
}

bool slices_cut(struct interval range, int64_t step_us, bool aligned, struct slices *ret,
		struct err *reterr)
{
	*ret = (struct slices){0};
	if (range.from_us >= range.until_us)
		return true;
	int64_t whole_us = range.until_us - range.from_us;
	if (step_us <= 0) {
		step_us = whole_us;
		aligned = false;
	}
	if (whole_us / step_us >= WINDOWS_MAX)
		return err_set(reterr, ERR_USAGE, "the range makes more than %d windows",
			       WINDOWS_MAX);
	ret->at = calloc((size_t)(whole_us / step_us) + 2, sizeof *ret->at);
	if (ret->at == NULL)
		return err_memory(reterr);
	for (int64_t at_us = range.from_us; at_us < range.until_us;) {
		int64_t next_us = (aligned ? stamp_floor(at_us, step_us) : at_us) + step_us;
		if (next_us > range.until_us)
			next_us = range.until_us;
		ret->at[ret->n++] = (struct interval){at_us, next_us};
		at_us = next_us;
	}
	return true;
}

void slices_done(struct slices *slices)
{
	free(slices->at);
	*slices = (struct slices){0};
}

int64_t watermark_after(const struct intervals *complete, int64_t watermark_us, int64_t oldest_us,
			int64_t now_us)
{
	int64_t start_us = watermark_us == STAMP_NONE ? oldest_us : watermark_us;
	int64_t end_us = intervals_run_end(complete, start_us);
	if (end_us > now_us)
		end_us = now_us;
	if (watermark_us != STAMP_NONE)
		return end_us > watermark_us ? end_us : watermark_us;
	/* Without one: only a window that begins at this load's oldest moment makes one. */
	return end_us > oldest_us ? end_us : STAMP_NONE;
}
