#include "run/staging.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/thread.h"

enum { LOOK_MS = 100, WHY_BYTES = 700 };

bool staging_may_wait(struct staging *how, int64_t wait_ms)
{
	if (how->guard != NULL)
		monitor_enter(how->guard);
	bool may = retry_budget_take(how->budget, clock_mono_ms(), wait_ms);
	if (how->guard != NULL)
		monitor_leave(how->guard);
	return may;
}

static void pause_for(const struct staging *how, int64_t wait_ms)
{
	int64_t until_ms = clock_mono_ms() + wait_ms;
	for (int64_t left_ms = wait_ms; left_ms > 0 && *how->stop == 0;
	     left_ms = until_ms - clock_mono_ms())
		clock_sleep_ms(left_ms < LOOK_MS ? left_ms : LOOK_MS);
}

/* True: the wait is over and it is worth another try. */
static bool wait(struct staging *how, const struct table *table, int failures, struct err *why)
{
	char shown[32], total[32];
	struct err first = *why;
	if (failures >= TRIES_MAX)
		return err_set(why, ERR_TRANSIENT, "%.*s; given up after %d tries", WHY_BYTES,
			       first.text, failures);
	int64_t wait_ms = retry_backoff_ms(&how->random, failures);
	text_write_duration(shown, sizeof shown, wait_ms * 1000);
	text_write_duration(total, sizeof total, how->budget->total_ms * 1000);
	if (!staging_may_wait(how, wait_ms))
		return err_set(why, ERR_TRANSIENT, "%.*s; waiting %s would pass"
			       " source.retry_budget (%s)", WHY_BYTES, first.text, shown, total);
	log_line(how->log, LOG_WARNING, NULL, "waiting %s (staging %s anew): %s", shown,
		 table->name, first.text);
	pause_for(how, wait_ms);
	return *how->stop == 0;
}

bool staging_put(struct staging *how, struct warehouse *warehouse, const struct table *table,
		 struct rows *rows, struct err *reterr)
{
	for (int failures = 1;; failures++) {
		struct rows *share;
		if (!rows_share(rows, &share, reterr))
			return false;
		bool done = warehouse_stage(warehouse, table, rows_schema(share),
					    rows_array(share), reterr);
		rows_free(share);
		if (done || how == NULL || reterr->kind != ERR_TRANSIENT ||
		    !wait(how, table, failures, reterr))
			return done;
	}
}
