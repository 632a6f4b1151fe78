/* The simulated now: runs as the real clock does, from wherever it was set. */
#ifndef FIRN_SIM_MOMENT_H
#define FIRN_SIM_MOMENT_H

#include "base/err.h"

#include <stdint.h>

struct moment;

MUST_CHECK bool moment_new(struct moment **ret, int64_t now_us, bool running, struct err *reterr);
void moment_free(struct moment *moment); /* NULL is fine */
int64_t moment_now_us(struct moment *moment);
void moment_set(struct moment *moment, int64_t now_us);
void moment_run(struct moment *moment, bool running);
bool moment_runs(struct moment *moment);

/* Waits, but not beyond moment_stop. False: it was stopped. */
bool moment_sleep_ms(struct moment *moment, int64_t wait_ms);
void moment_stop(struct moment *moment);

#endif
