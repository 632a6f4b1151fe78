/* How long to wait before asking again, and how much of a run may be spent so. Pure: no clock, no
 * sleep; which answer is worth another try is the source's to say.
 *
 * Back-off is exponential with full jitter: every wait is drawn anew from nothing to a limit that
 * doubles, so that many who were refused together do not come back together. */
#ifndef FIRN_FETCH_RETRY_H
#define FIRN_FETCH_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* Not for secrets. Any seed is a good one; two runs should not have the same. */
struct retry_random {
	uint64_t state;
};

/* After `failures` tries have failed (1 or more): 0 to BACKOFF_BASE_MS, then to twice that, four
 * times, ..., BACKOFF_CAP_MS, each value as likely as the others. */
int64_t retry_backoff_ms(struct retry_random *random, int failures);

/* What one run may wait in all. Waits that overlap, as several streams have them, count once: it
 * is the run's time that is spent. Zero-initialise all but total_ms. */
struct retry_budget {
	int64_t total_ms, spent_ms;
	int64_t until_ms; /* the end of the last wait that was granted */
};

/* Grants a wait that begins at now_ms (of a clock that is never set back). False, and nothing is
 * spent, where it does not fit: then fail at once with the reason that asked for it. */
bool retry_budget_take(struct retry_budget *budget, int64_t now_ms, int64_t wait_ms);
/* The longest wait that would be granted now. */
int64_t retry_budget_left_ms(const struct retry_budget *budget, int64_t now_ms);

#endif
