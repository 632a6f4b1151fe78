#include "fetch/retry.h"

#include "base/bounds.h"

#include <assert.h>

/* SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). */
static uint64_t next(struct retry_random *random)
{
	uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

int64_t retry_backoff_ms(struct retry_random *random, int failures)
{
	int64_t limit_ms = BACKOFF_BASE_MS;
	assert(failures > 0);
	for (int i = 1; i < failures && limit_ms < BACKOFF_CAP_MS; i++)
		limit_ms *= 2;
	if (limit_ms > BACKOFF_CAP_MS)
		limit_ms = BACKOFF_CAP_MS;
	/* The remainder prefers small values by less than one part in 10^14. */
	return (int64_t)(next(random) % ((uint64_t)limit_ms + 1));
}

/* What earlier waits, still going on, cover of one that begins now. */
static int64_t covered_ms(const struct retry_budget *budget, int64_t now_ms)
{
	return budget->until_ms > now_ms ? budget->until_ms - now_ms : 0;
}

bool retry_budget_take(struct retry_budget *budget, int64_t now_ms, int64_t wait_ms)
{
	assert(wait_ms >= 0);
	int64_t new_ms = wait_ms - covered_ms(budget, now_ms);
	if (new_ms <= 0)
		return true;
	if (new_ms > budget->total_ms - budget->spent_ms)
		return false;
	budget->spent_ms += new_ms;
	budget->until_ms = now_ms + wait_ms;
	return true;
}

int64_t retry_budget_left_ms(const struct retry_budget *budget, int64_t now_ms)
{
	return covered_ms(budget, now_ms) + budget->total_ms - budget->spent_ms;
}
