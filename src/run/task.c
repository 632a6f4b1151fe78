/* A window on its way. It is complete when its last page was read, everything asked for its rows
 * was read too, no more than one record in a hundred was rejected, and the API's own count, where
 * it has one, was compared. Only then may it be committed as complete. */
#include "run/flow.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

void task_free(struct task *task)
{
	if (task == NULL)
		return;
	size_t n = task->elements_n > 0 ? task->elements_n : 1;
	for (size_t i = 0; task->tallies != NULL && i < n; i++)
		keyset_done(&task->tallies[i].keys);
	if (task->answer != NULL)
		response_done(task->answer);
	free(task->answer);
	free(task->tallies);
	free(task->parent);
	rest_close(task->rest);
	free(task);
}

bool task_add(struct lane *lane, const struct task *model, struct err *reterr)
{
	struct task *task = malloc(sizeof *task);
	if (task == NULL)
		return err_memory(reterr);
	*task = *model;
	task->lane = lane;
	task->next = NULL;
	task->state = TASK_QUEUED;
	task->until_us = model->window.until_us;
	task->count = -1;
	if (lane->queue_last == NULL)
		lane->queue = task;
	else
		lane->queue_last->next = task;
	lane->queue_last = task;
	lane->queued++;
	lane->tasks_total++;
	if (model->window.from_us < model->window.until_us) {
		struct run_row *run = &lane->run;
		int64_t until_us = model->window.until_us == WINDOW_OPEN ? lane->load->now_us
									: model->window.until_us;
		if (run->window_from_us == STAMP_NONE ||
		    model->window.from_us < run->window_from_us)
			run->window_from_us = model->window.from_us;
		if (until_us > run->window_until_us)
			run->window_until_us = until_us;
	}
	return true;
}

static bool make_tallies(struct task *task, struct err *reterr)
{
	size_t n = task->elements_n > 0 ? task->elements_n : 1;
	task->tallies = calloc(n, sizeof *task->tallies);
	if (task->tallies == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < n; i++)
		task->tallies[i].cursor_us = STAMP_NONE;
	return true;
}

bool task_begin(struct load *load, struct lane *lane, struct err *reterr)
{
	struct task *task = lane->queue;
	struct question question = {
		.stream = lane->stream,
		.element = task->element,
		.elements_n = task->elements_n,
		.from_us = task->window.from_us,
		.until_us = task->window.until_us,
		.parent = task->parent,
	};
	lane->queue = task->next;
	if (lane->queue == NULL)
		lane->queue_last = NULL;
	lane->queued--;
	lane->open++;
	task->state = TASK_READY;
	task->next = NULL;
	struct task **last = &load->open_first;
	while (*last != NULL)
		last = &(*last)->next;
	*last = task;
	return make_tallies(task, reterr) &&
	       rest_open(&task->rest, &load->setup->rest, &question, reterr);
}

void task_end(struct load *load, struct task *task)
{
	struct task **at = &load->open_first;
	while (*at != task)
		at = &(*at)->next;
	*at = task->next;
	if (task->state == TASK_FLYING) {
		http_drop(load->http, task);
		load->flying--;
		task->lane->flying--;
	}
	if (task->answer != NULL)
		load->held_bytes -= (int64_t)task->answer->body.size;
	task->lane->open--;
	if (task->above != NULL)
		task->above->below--;
	task_free(task);
}

/* --- rows --- */

static struct task *child_model(const struct lane *lane, struct task *above,
				const struct lane *child, struct err *reterr)
{
	size_t n = lane->stream->columns_n;
	struct buf texts;
	struct task *model = calloc(1, sizeof *model);
	buf_init(&texts, CELL_BYTES_MAX);
	size_t *ends = calloc(n + 1, sizeof *ends);
	bool *there = calloc(n + 1, sizeof *there);
	bool done = model != NULL && ends != NULL && there != NULL;
	for (size_t i = 0; done && i < n; i++) {
		if (child->needs[i])
			there[i] = shaper_cell(lane->shaper, (unsigned)i, &texts);
		ends[i] = texts.size;
	}
	done = done && !texts.failed;
	/* One block: the values, and behind them their texts. */
	struct value *values = done ? malloc(n * sizeof *values + texts.size + 1) : NULL;
	if (values != NULL) {
		char *at = (char *)(values + n);
		memcpy(at, buf_text(&texts), texts.size + 1);
		for (size_t i = 0; i < n; i++) {
			size_t start = i == 0 ? 0 : ends[i - 1];
			struct span text = {at + start, ends[i] - start};
			if (there[i])
				values[i] = rest_cell(lane->table->columns[i].type, text);
			else
				values[i] = (struct value){VALUE_ABSENT, text};
		}
		model->parent = values;
		model->above = above;
	}
	buf_done(&texts);
	free(ends);
	free(there);
	if (values == NULL) {
		free(model);
		err_memory(reterr);
		return NULL;
	}
	return model;
}

static bool ask_for_children(struct task *task, struct err *reterr)
{
	struct lane *lane = task->lane;
	for (size_t i = 0; i < lane->children_n; i++) {
		struct lane *child = lane->children[i];
		if (child->failed)
			continue;
		struct task *model = child_model(lane, task, child, reterr);
		if (model == NULL)
			return false;
		bool added = task_add(child, model, reterr);
		if (!added)
			free(model->parent);
		free(model);
		if (!added)
			return false;
		task->below++;
	}
	return true;
}

bool task_row(struct task *task, const struct row_report *report, size_t element,
	      struct err *reterr)
{
	struct lane *lane = task->lane;
	struct tally *tally = &task->tallies[element - task->element];
	bool is_new;

	lane->run.rows_fetched++;
	lane->run.rows_rescued += report->rescued > 0;
	tally->rescued += report->rescued > 0;
	if (!report->taken) {
		tally->rejected++;
		lane->run.rows_rejected++;
		return reject_add(lane->load, lane, report, reterr);
	}
	tally->rows++;
	if (report->cursor_us > tally->cursor_us)
		tally->cursor_us = report->cursor_us;
	if (!keyset_add(&tally->keys, report->key_hash, &is_new, reterr) ||
	    !keyset_add(&lane->staged_keys, report->key_hash, &is_new, reterr))
		return false;
	lane->staged_twice |= !is_new || lane->staged_keys.full;
	if (lane->children_n > 0 && !ask_for_children(task, reterr))
		return false;
	return commit_row(lane->load, lane, reterr);
}

/* --- the end of a window --- */

static int64_t came(const struct task *task, bool *ret_exact)
{
	int64_t sum = 0;
	size_t n = task->elements_n > 0 ? task->elements_n : 1;
	*ret_exact = true;
	for (size_t i = 0; i < n; i++) {
		const struct tally *tally = &task->tallies[i];
		*ret_exact &= !tally->keys.full;
		sum += (tally->keys.full ? tally->rows : (int64_t)tally->keys.n) + tally->rejected;
	}
	return sum;
}

void task_window_text(const struct task *task, char *out, size_t room)
{
	char from[STAMP_TEXT_BYTES], until[STAMP_TEXT_BYTES];
	if (task->window.from_us == task->window.until_us) {
		snprintf(out, room, "the whole list");
		return;
	}
	stamp_write_short(task->window.from_us, from);
	if (task->window.until_us == WINDOW_OPEN) {
		snprintf(out, room, "from %s on", from);
		return;
	}
	stamp_write_short(task->until_us, until);
	snprintf(out, room, "%s to %s", from, until);
}

void task_forget(struct task *task)
{
	size_t n = task->elements_n > 0 ? task->elements_n : 1;
	for (size_t i = 0; i < n; i++) {
		struct tally *tally = &task->tallies[i];
		/* The same records come again: they are told of once. */
		task->lane->run.rows_rescued -= tally->rescued;
		task->lane->run.rows_rejected -= tally->rejected;
		keyset_clear(&tally->keys);
		tally->rows = tally->rejected = tally->rescued = 0;
	}
}

static bool read_again(struct load *load, struct task *task, int64_t keys)
{
	char window[2 * STAMP_TEXT_BYTES];
	task_window_text(task, window, sizeof window);
	log_line(load->log, LOG_WARNING, task->lane->stream->name,
		 "%s: the API counts %lld records, %lld came; reading the window once more", window,
		 (long long)task->count, (long long)keys);
	task_forget(task);
	rest_restart(task->rest);
	task->second_reading = true;
	task->counted = false;
	task->count = -1;
	task->asks = ASKS_PAGE;
	task->state = TASK_READY;
	task->tries = 0;
	return true;
}

/* Lives as long as the setup. */
const char *task_part(const struct task *task, size_t element, struct err *reterr)
{
	struct load *load = task->lane->load;
	struct buf text;
	char *part = NULL;
	buf_init(&text, URL_BYTES_MAX);
	if (task->elements_n == 0 ||
	    settings_part(task->lane->stream, &load->setup->settings, element, &text, reterr))
		part = arena_text(load->setup->arena, buf_span(&text));
	buf_done(&text);
	return part;
}

static bool note_count(struct load *load, const struct task *task, const char *part,
		       int64_t keys, struct err *reterr)
{
	struct local *local = load->setup->local;
	char window[2 * STAMP_TEXT_BYTES];
	struct finding finding = {
		.kind = FINDING_FEWER,
		.stream = task->lane->stream->name,
		.part = part,
		.from_us = task->window.from_us,
		.until_us = task->until_us,
		.counted = task->count,
		.came = keys,
		.at_us = clock_now_us(),
	};
	struct interval range = {task->window.from_us, task->until_us};
	if (task->count <= keys) {
		local_drop_findings(local, FINDING_FEWER, finding.stream, part, range);
		return true;
	}
	task_window_text(task, window, sizeof window);
	log_line(load->log, LOG_WARNING, task->lane->stream->name,
		 "%s: the API counts %lld records, but only %lld came, twice", window,
		 (long long)task->count, (long long)keys);
	return local_add_finding(local, &finding, reterr);
}

static bool add_ready(struct load *load, const struct task *task, size_t i, struct err *reterr)
{
	const struct tally *tally = &task->tallies[i];
	const char *part = task_part(task, task->element + i, reterr);
	bool open = task->window.until_us == WINDOW_OPEN;
	/* Without an end to ask for, the window ends with the newest row that came. One that is
	 * dated ahead, or that may not have settled, says nothing of the time until then. */
	int64_t settled_us = load->now_us - task->lane->stream->window.settle_us;
	int64_t newest = tally->cursor_us < settled_us ? tally->cursor_us : settled_us;
	if (part == NULL)
		return err_memory(reterr);
	if (load->ready_n == load->ready_room) {
		size_t room = load->ready_room == 0 ? 32 : load->ready_room * 2;
		struct ready_window *grown = realloc(load->ready, room * sizeof *grown);
		if (grown == NULL)
			return err_memory(reterr);
		load->ready = grown;
		load->ready_room = room;
	}
	struct ready_window *ready = &load->ready[load->ready_n++];
	*ready = (struct ready_window){
		.lane = task->lane,
		.oldest_us = task->oldest_us,
		.row = {
			.stream = task->lane->stream->name,
			.part = part,
			.from_us = task->window.from_us,
			.until_us = open ? newest : task->until_us,
			.rows_loaded = tally->keys.full ? tally->rows : (int64_t)tally->keys.n,
			.rows_counted = task->elements_n > 1 ? -1 : task->count,
			.completed_us = clock_now_us(),
		},
	};
	if (!task->completes || ready->row.until_us < ready->row.from_us)
		ready->row.until_us = ready->row.from_us;
	return task->count < 0 || task->elements_n > 1 ||
	       note_count(load, task, part, ready->row.rows_loaded + tally->rejected, reterr);
}

/* More than one rejected record in a hundred says that the connector and the API do not agree. */
static bool too_many_rejected(struct load *load, struct task *task)
{
	size_t n = task->elements_n > 0 ? task->elements_n : 1;
	char window[2 * STAMP_TEXT_BYTES];
	struct err why;
	for (size_t i = 0; i < n; i++) {
		const struct tally *tally = &task->tallies[i];
		if (tally->rejected * 100 <= tally->rows + tally->rejected)
			continue;
		task_window_text(task, window, sizeof window);
		err_set(&why, ERR_DATA,
			"%s: %s: %lld of %lld records were rejected, more than 1 %%; they and the "
			"reasons are in %s", task->lane->stream->name, window,
			(long long)tally->rejected, (long long)(tally->rows + tally->rejected),
			load->options->spooled ? REJECTED_FILE " in state_dir" : "FIRN_REJECTED");
		if (task->lane->once) { /* it cannot be asked for again: the good rows stay */
			task->lane->partly = true;
			lane_blame(task->lane, &why);
			log_line(load->log, LOG_ERROR, task->lane->stream->name, "%s",
				 task->lane->why.text);
			return false;
		}
		lane_fail(load, task->lane, &why);
		return true;
	}
	return false;
}

static bool complete(struct load *load, struct task *task, struct err *reterr)
{
	size_t n = task->elements_n > 0 ? task->elements_n : 1;
	if (too_many_rejected(load, task))
		return true;
	for (size_t i = 0; i < n; i++) {
		if (!task->tallies[i].failed && !add_ready(load, task, i, reterr))
			return false;
	}
	task->lane->tasks_done++;
	task_end(load, task);
	return true;
}

bool task_dry(struct load *load, struct task *task, struct err *reterr)
{
	struct load_result *result = load->result;
	bool countable = task->lane->stream->count.given && !task->counted &&
			 task->window.from_us < task->window.until_us;
	if (countable && task->asks == ASKS_PAGE) {
		task->asks = ASKS_COUNT;
		return true;
	}
	struct load_window *grown =
		realloc(result->windows, (result->windows_n + 1) * sizeof *grown);
	const char *part = task_part(task, task->element, reterr);
	if (grown == NULL || part == NULL) {
		result->windows = grown == NULL ? result->windows : grown;
		return err_memory(reterr);
	}
	result->windows = grown;
	result->windows[result->windows_n++] = (struct load_window){
		(size_t)(task->lane - load->lanes), task->lane->stream->name, part,
		task->window.from_us, task->window.until_us, task->count};
	task->lane->tasks_done++;
	task_end(load, task);
	return true;
}

bool task_read(struct load *load, struct task *task, struct err *reterr)
{
	struct lane *lane = task->lane;
	bool exact;

	if (load->options->dry_run)
		return task_dry(load, task, reterr);
	if (task->below > 0) {
		task->state = TASK_WAITING;
		return true;
	}
	if (task->above != NULL) {
		task->above->broken |= task->broken;
		if (!too_many_rejected(load, task)) {
			lane->tasks_done++;
			task_end(load, task);
		}
		return true;
	}
	if (task->broken || lane->child_failed) {
		task_end(load, task);
		return true;
	}
	bool bounded = task->window.until_us != WINDOW_OPEN &&
		       task->window.from_us != task->window.until_us;
	if (lane->stream->count.given && bounded && !task->counted) {
		task->asks = ASKS_COUNT;
		task->state = TASK_READY;
		task->tries = 0;
		return true;
	}
	int64_t keys = came(task, &exact);
	if (task->count > keys && exact && !task->second_reading)
		return read_again(load, task, keys);
	return complete(load, task, reterr);
}
