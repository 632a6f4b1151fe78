/* A thread, a lock and a signal between them: the little of pthreads that firn needs, behind
 * names that Windows can have too. */
#ifndef FIRN_BASE_THREAD_H
#define FIRN_BASE_THREAD_H

#include "base/err.h"

struct thread;
struct monitor; /* a lock with one condition */

MUST_CHECK bool thread_start(struct thread **ret, void (*run)(void *), void *user,
			     struct err *reterr);
void thread_join(struct thread *thread); /* waits for its end, frees it; NULL is fine */

MUST_CHECK bool monitor_new(struct monitor **ret, struct err *reterr);
void monitor_free(struct monitor *monitor);
void monitor_enter(struct monitor *monitor);
void monitor_leave(struct monitor *monitor);
void monitor_wait(struct monitor *monitor);   /* leaves, waits for a signal, enters again */
void monitor_signal(struct monitor *monitor); /* wakes everybody who waits */

#endif
