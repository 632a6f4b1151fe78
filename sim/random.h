/* Chance that is always the same: every value is a function of (seed, what, index), so that any
 * record can be made at any time, alone, in any order, and needs no memory. */
#ifndef FIRN_SIM_RANDOM_H
#define FIRN_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* A bijection of 64 bits that leaves no pattern (the finalizer of splitmix64): different inputs
 * give different outputs, which is what makes ids unique. */
static inline uint64_t mix64(uint64_t x)
{
	x += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

/* The `what`-th draw of the thing whose base is `base`. */
static inline uint64_t draw(uint64_t base, uint64_t what)
{
	return mix64(base ^ (what * UINT64_C(0xD6E8FEB86659FD93)));
}

/* 0 .. n-1 */
static inline uint32_t below(uint64_t drawn, uint32_t n)
{
	return (uint32_t)(((drawn >> 32) * n) >> 32);
}

/* True in `share` of 65,536 cases, out of bits that below() does not look at. */
static inline bool chance(uint64_t drawn, uint32_t share)
{
	return (drawn & 0xFFFF) < share;
}

/* 0 <= x < 1 */
static inline double unit(uint64_t drawn)
{
	return (double)(drawn >> 11) * 0x1p-53;
}

/* Shares `children` out over `parents` so that both directions are a short calculation: child i
 * belongs to the parent p with spread_first(p) <= i < spread_first(p + 1). The number of children
 * varies from parent to parent; with at least as many children as parents each has one. Beyond
 * `parents` it goes on for ever in the same proportion. */
struct spread {
	uint64_t seed, parents, children;
	double ratio, reach;
};

static inline struct spread spread_of(uint64_t seed, uint64_t parents, uint64_t children)
{
	double ratio = (double)children / (double)parents;
	double reach = ratio <= 1 ? 0 : 1 - 1 / ratio;
	return (struct spread){seed, parents, children, ratio, reach > 0.85 ? 0.85 : reach * 0.99};
}

static inline uint64_t spread_first(const struct spread *s, uint64_t parent)
{
	if (parent == 0)
		return 0;
	if (parent == s->parents)
		return s->children;
	double moved = s->reach * unit(mix64(s->seed ^ parent));
	return (uint64_t)(((double)parent + moved) * s->ratio);
}

static inline uint64_t spread_parent(const struct spread *s, uint64_t child)
{
	uint64_t parent = (uint64_t)(((double)child + 0.5) / s->ratio);
	while (parent > 0 && spread_first(s, parent) > child)
		parent--;
	while (spread_first(s, parent + 1) <= child)
		parent++;
	return parent;
}

#endif
