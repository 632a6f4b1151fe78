/* A slim lock and a condition variable need no freeing and cannot fail. */
#include "base/thread.h"

#include "base/windows.h"

#include <errno.h>
#include <process.h>
#include <stdlib.h>

struct thread {
	HANDLE handle;
	void (*run)(void *);
	void *user;
};

static unsigned __stdcall begin(void *user)
{
	struct thread *thread = user;
	thread->run(thread->user);
	return 0;
}

bool thread_start(struct thread **ret, void (*run)(void *), void *user, struct err *reterr)
{
	struct thread *thread = malloc(sizeof *thread);
	if (thread == NULL)
		return err_memory(reterr);
	thread->run = run;
	thread->user = user;
	/* Not CreateThread: the C library must know of the thread. */
	thread->handle = (HANDLE)_beginthreadex(NULL, 0, begin, thread, 0, NULL);
	if (thread->handle == NULL) {
		err_set(reterr, ERR_MEMORY, "cannot start a thread: %s", strerror(errno));
		free(thread);
		return false;
	}
	*ret = thread;
	return true;
}

void thread_join(struct thread *thread)
{
	if (thread == NULL)
		return;
	WaitForSingleObject(thread->handle, INFINITE);
	CloseHandle(thread->handle);
	free(thread);
}

struct monitor {
	SRWLOCK lock;
	CONDITION_VARIABLE signal;
};

bool monitor_new(struct monitor **ret, struct err *reterr)
{
	struct monitor *monitor = malloc(sizeof *monitor);
	if (monitor == NULL)
		return err_memory(reterr);
	InitializeSRWLock(&monitor->lock);
	InitializeConditionVariable(&monitor->signal);
	*ret = monitor;
	return true;
}

void monitor_free(struct monitor *monitor)
{
	free(monitor);
}

void monitor_enter(struct monitor *monitor)
{
	AcquireSRWLockExclusive(&monitor->lock);
}

void monitor_leave(struct monitor *monitor)
{
	ReleaseSRWLockExclusive(&monitor->lock);
}

void monitor_wait(struct monitor *monitor)
{
	SleepConditionVariableSRW(&monitor->signal, &monitor->lock, INFINITE, 0);
}

void monitor_signal(struct monitor *monitor)
{
	WakeAllConditionVariable(&monitor->signal);
}
