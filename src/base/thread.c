/* Signals go to the first thread alone: every other one is started with all of them blocked, so
 * that a request to stop is never swallowed by a thread that cannot act on it. */
#include "base/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct thread {
	pthread_t id;
	void (*run)(void *);
	void *user;
};

static void *begin(void *user)
{
	struct thread *thread = user;
	thread->run(thread->user);
	return NULL;
}

bool thread_start(struct thread **ret, void (*run)(void *), void *user, struct err *reterr)
{
	sigset_t all, before;
	struct thread *thread = malloc(sizeof *thread);
	if (thread == NULL)
		return err_memory(reterr);
	thread->run = run;
	thread->user = user;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int code = pthread_create(&thread->id, NULL, begin, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (code != 0) {
		free(thread);
		return err_set(reterr, ERR_MEMORY, "cannot start a thread: %s", strerror(code));
	}
	*ret = thread;
	return true;
}

void thread_join(struct thread *thread)
{
	if (thread == NULL)
		return;
	pthread_join(thread->id, NULL);
	free(thread);
}

struct monitor {
	pthread_mutex_t lock;
	pthread_cond_t signal;
};

bool monitor_new(struct monitor **ret, struct err *reterr)
{
	struct monitor *monitor = malloc(sizeof *monitor);
	if (monitor == NULL)
		return err_memory(reterr);
	int code = pthread_mutex_init(&monitor->lock, NULL);
	if (code == 0) {
		code = pthread_cond_init(&monitor->signal, NULL);
		if (code != 0)
			pthread_mutex_destroy(&monitor->lock);
	}
	if (code != 0) {
		free(monitor);
		return err_set(reterr, ERR_MEMORY, "cannot make a lock: %s", strerror(code));
	}
	*ret = monitor;
	return true;
}

void monitor_free(struct monitor *monitor)
{
	if (monitor == NULL)
		return;
	pthread_cond_destroy(&monitor->signal);
	pthread_mutex_destroy(&monitor->lock);
	free(monitor);
}

void monitor_enter(struct monitor *monitor)
{
	pthread_mutex_lock(&monitor->lock);
}

void monitor_leave(struct monitor *monitor)
{
	pthread_mutex_unlock(&monitor->lock);
}

void monitor_wait(struct monitor *monitor)
{
	pthread_cond_wait(&monitor->signal, &monitor->lock);
}

void monitor_signal(struct monitor *monitor)
{
	pthread_cond_broadcast(&monitor->signal);
}
