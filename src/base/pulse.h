/* Signs of life of work in a child (base/child.h), for the parent that waits for its end. Each
 * thread of the work has a pulse, in memory that both processes see; the parent looks at them now
 * and then. A child that is stopped, or that waits for something that never comes, is silent.
 *
 *	struct pulse *pulses = process_shared(PULSES * sizeof *pulses);
 *	pulse_watch_begin(&watch, pulses, now);  the parent, before the child is started
 *	pulse_beat(pulse, "asking");        the child, each time that it gets on; or
 *	pulse_rest(pulse);                  nothing to do, or another of its threads is waited for
 *	pulse_silent_ms(&watch, now, ...);  the parent, at least every PULSE_LOOK_MS_MAX
 *
 * A pulse that is NULL is fine: nobody watches. */
#ifndef FIRN_BASE_PULSE_H
#define FIRN_BASE_PULSE_H

#include <stdint.h>

enum { PULSE_LOOP, PULSE_LOADER, PULSES }; /* the child's first thread, and the other one */

struct pulse {
	_Atomic uint64_t beats;
	/* What is done: a literal, which parent and copy have at one place. NULL: nothing. */
	_Atomic(const char *) doing;
};

struct pulse *pulse_at(struct pulse *pulses, int which); /* NULL of NULL */
void pulse_beat(struct pulse *, const char *doing);
void pulse_again(struct pulse *); /* a beat; what is done stays the same */
void pulse_rest(struct pulse *);

struct pulse_watch {
	struct pulse *pulses;
	uint64_t seen[PULSES];
	int64_t silent_ms[PULSES];
	int64_t looked_ms;
};
void pulse_watch_begin(struct pulse_watch *, struct pulse *pulses, int64_t now_ms);
/* How long the child has been silent: the pulse that has not beaten for the longest; those at rest
 * do not count unless all are. The time in which the parent itself did not look (it was stopped,
 * the machine slept) is nobody's silence. *ret_doing: what that pulse was at. */
int64_t pulse_silent_ms(struct pulse_watch *, int64_t now_ms, const char **ret_doing);

#endif
