/* A stream that failed: nothing more is asked for it, nor for its rows, and those for whose rows
 * it was asked cannot complete their windows any more. What was committed before stays. */
#include "run/flow.h"

#include <string.h>

static void drop_tasks(struct load *load, struct lane *lane)
{
	for (struct task *next, *task = load->open_first; task != NULL; task = next) {
		next = task->next;
		if (task->lane == lane) {
			if (task->above != NULL)
				task->above->broken = true;
			task_end(load, task);
		}
	}
	while (lane->queue != NULL) {
		struct task *task = lane->queue;
		lane->queue = task->next;
		if (task->above != NULL) {
			task->above->broken = true;
			task->above->below--;
		}
		task_free(task);
	}
	lane->queue_last = NULL;
	lane->queued = 0;
}

static void fail_children(struct load *load, struct lane *lane)
{
	for (size_t i = 0; i < lane->children_n; i++) {
		struct lane *child = lane->children[i];
		fail_children(load, child);
		if (!child->failed) {
			child->failed = true;
			err_set(&child->why, ERR_REMOTE, "%s: %s, which it asks with, failed",
				child->stream->name, lane->stream->name);
			spooling_missed(load, child, false);
		}
		drop_tasks(load, child);
	}
}

/* What is kept of it goes into FIRN_RUNS and the local copy: a server may have repeated a
 * secret. */
void lane_blame(struct lane *lane, const struct err *why)
{
	struct buf clean;
	buf_init(&clean, 2 * ERR_TEXT_BYTES);
	secrets_scrub(lane->load->setup->config->secrets, &clean, span_of(why->text));
	err_set(&lane->why, why->kind, "%s", buf_text(&clean));
	buf_done(&clean);
}

static void tell_failure(struct load *load, const struct lane *lane, const struct err *why)
{
	bool of_run = load->fail_run && strcmp(why->text, load->why_run.text) == 0;
	if (of_run && load->fail_run_told)
		return;
	log_line(load->log, LOG_ERROR, of_run ? NULL : lane->stream->name, "%s", lane->why.text);
	load->fail_run_told |= of_run;
}

void lane_fail(struct load *load, struct lane *lane, const struct err *why)
{
	if (!lane->failed) {
		lane->failed = true;
		lane_blame(lane, why);
		spooling_missed(load, lane, false);
		tell_failure(load, lane, why);
	}
	fail_children(load, lane);
	drop_tasks(load, lane);
	for (struct lane *above = lane->parent; above != NULL; above = above->parent)
		above->child_failed = true;
}
