/* The oldest few of many names: a heap with the newest of the kept ones on top, so that a million
 * names cost a look each and no memory. */
#include "spool/spool_private.h"

struct keeping {
	const struct segment *after;
	struct segment *heap;
	size_t n, n_max;
};

static void swap(struct segment *a, struct segment *b)
{
	struct segment c = *a;
	*a = *b;
	*b = c;
}

static void sink(struct segment *heap, size_t n, size_t i)
{
	for (;;) {
		size_t newest = i, left = 2 * i + 1, right = left + 1;
		if (left < n && segment_compare(&heap[left], &heap[newest]) > 0)
			newest = left;
		if (right < n && segment_compare(&heap[right], &heap[newest]) > 0)
			newest = right;
		if (newest == i)
			return;
		swap(&heap[i], &heap[newest]);
		i = newest;
	}
}

static void rise(struct segment *heap, size_t i)
{
	for (; i > 0 && segment_compare(&heap[i], &heap[(i - 1) / 2]) > 0; i = (i - 1) / 2)
		swap(&heap[i], &heap[(i - 1) / 2]);
}

static bool keep(void *user, struct folder *in, struct segment *segment, struct err *reterr)
{
	struct keeping *keeping = user;
	(void)reterr;
	if (keeping->after != NULL && segment_compare(segment, keeping->after) <= 0)
		return true;
	bool full = keeping->n == keeping->n_max;
	if (full && segment_compare(segment, &keeping->heap[0]) >= 0)
		return true;
	segment->bytes = 0;
	if (folder_look(in, segment->name, &segment->bytes) == FOLDER_NOTHING)
		return true;
	if (full) {
		keeping->heap[0] = *segment;
		sink(keeping->heap, keeping->n, 0);
	} else {
		keeping->heap[keeping->n] = *segment;
		rise(keeping->heap, keeping->n++);
	}
	return true;
}

bool spool_oldest(struct spool *spool, const struct segment *after, size_t n_max,
		  struct segment *ret, size_t *ret_n, struct err *reterr)
{
	struct keeping keeping = {.after = after, .heap = ret, .n_max = n_max};
	struct walk waiting = {keep, NULL, &keeping};
	*ret_n = 0;
	if (n_max == 0)
		return true;
	if (!walk(spool->ready, &waiting, reterr))
		return false;
	for (size_t n = keeping.n; n > 1; n--) {
		swap(&ret[0], &ret[n - 1]);
		sink(ret, n - 1, 0);
	}
	*ret_n = keeping.n;
	return true;
}
