/* Signals for a program that waits for them: they are kept back and taken out one at a time, so
 * that no handler runs between two statements and nothing has to be global. What is started while
 * they are kept back gives them free again for itself (signals_release). On Windows SIGNAL_STOP is
 * Ctrl-C, Ctrl-Break, the console's end or the system's; there are no others. */
#ifndef FIRN_BASE_SIGNALS_H
#define FIRN_BASE_SIGNALS_H

#include <stdint.h>

enum signal_kind {
	SIGNAL_NONE,   /* the time was over */
	SIGNAL_STOP,   /* SIGTERM, SIGINT */
	SIGNAL_RELOAD, /* SIGHUP */
	SIGNAL_CHILD,  /* a child has ended, or several: SIGCHLD */
};

/* From here on these are kept back, whatever our caller had set for them. */
void signals_hold(void);
/* Lets them through again, with what they do by default. */
void signals_release(void);
/* The next one; waits for it at most so long. */
enum signal_kind signals_wait(int64_t wait_ms);

#endif
