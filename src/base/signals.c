#include "base/signals.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

static const int HELD[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
enum { HELD_N = sizeof HELD / sizeof HELD[0] };

/* A signal that is ignored is thrown away even while it is kept back: the caller of a service may
 * ignore SIGHUP (nohup) or SIGCHLD. */
static void hold(int how)
{
	sigset_t set;
	sigemptyset(&set);
	for (int i = 0; i < HELD_N; i++) {
		sigaddset(&set, HELD[i]);
		signal(HELD[i], SIG_DFL);
	}
	pthread_sigmask(how, &set, NULL);
}

void signals_hold(void)
{
	hold(SIG_BLOCK);
}

void signals_release(void)
{
	hold(SIG_UNBLOCK);
}

enum signal_kind signals_wait(int64_t wait_ms)
{
	sigset_t set;
	if (wait_ms < 0)
		wait_ms = 0;
	struct timespec wait = {
		.tv_sec = (time_t)(wait_ms / 1000),
		.tv_nsec = (long)(wait_ms % 1000) * 1000000,
	};
	sigemptyset(&set);
	for (int i = 0; i < HELD_N; i++)
		sigaddset(&set, HELD[i]);
	switch (sigtimedwait(&set, NULL, &wait)) {
	case SIGTERM:
	case SIGINT:
		return SIGNAL_STOP;
	case SIGHUP:
		return SIGNAL_RELOAD;
	case SIGCHLD:
		return SIGNAL_CHILD;
	default:
		return SIGNAL_NONE;
	}
}
