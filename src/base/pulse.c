#include "base/pulse.h"

#include "base/bounds.h"

#include <stdatomic.h>
#include <stddef.h>

struct pulse *pulse_at(struct pulse *pulses, int which)
{
	return pulses == NULL ? NULL : &pulses[which];
}

void pulse_beat(struct pulse *pulse, const char *doing)
{
	if (pulse == NULL)
		return;
	atomic_store(&pulse->doing, doing);
	atomic_fetch_add(&pulse->beats, 1);
}

void pulse_again(struct pulse *pulse)
{
	if (pulse != NULL)
		atomic_fetch_add(&pulse->beats, 1);
}

void pulse_rest(struct pulse *pulse)
{
	pulse_beat(pulse, NULL);
}

void pulse_watch_begin(struct pulse_watch *watch, struct pulse *pulses, int64_t now_ms)
{
	*watch = (struct pulse_watch){.pulses = pulses, .looked_ms = now_ms};
	for (int i = 0; pulses != NULL && i < PULSES; i++) {
		pulse_rest(&pulses[i]);
		watch->seen[i] = atomic_load(&pulses[i].beats);
	}
}

static void look(struct pulse_watch *watch, int64_t now_ms)
{
	int64_t step_ms = now_ms - watch->looked_ms;
	if (step_ms > PULSE_LOOK_MS_MAX)
		step_ms = PULSE_LOOK_MS_MAX;
	watch->looked_ms = now_ms;
	for (int i = 0; i < PULSES; i++) {
		uint64_t beats = atomic_load(&watch->pulses[i].beats);
		watch->silent_ms[i] = beats == watch->seen[i] ? watch->silent_ms[i] + step_ms : 0;
		watch->seen[i] = beats;
	}
}

int64_t pulse_silent_ms(struct pulse_watch *watch, int64_t now_ms, const char **ret_doing)
{
	int64_t longest_ms = -1, shortest_ms = INT64_MAX;
	*ret_doing = NULL;
	if (watch->pulses == NULL)
		return 0;
	look(watch, now_ms);
	for (int i = 0; i < PULSES; i++) {
		const char *doing = atomic_load(&watch->pulses[i].doing);
		if (watch->silent_ms[i] < shortest_ms)
			shortest_ms = watch->silent_ms[i];
		if (doing != NULL && watch->silent_ms[i] > longest_ms) {
			longest_ms = watch->silent_ms[i];
			*ret_doing = doing;
		}
	}
	return longest_ms >= 0 ? longest_ms : shortest_ms;
}
