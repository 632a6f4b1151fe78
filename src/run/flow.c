/* The loop of a load. One thread asks, reads and shapes; the loader's thread works on the
 * warehouse beside it. Nothing here waits for long in one place: requests go out while there is
 * room for their answers, answers are read while the loader has room for their rows, and while it
 * has none the transfers still go on (a server that is not read from would call us slow).
 *
 * Begun windows go before new ones, so that few are open at once, but for the last ones; new ones
 * are begun by the streams in turn. */
#include "run/flow.h"

#include "base/clock.h"
#include "base/pulse.h"

#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 100 };

static int64_t host_until_ms(const struct load *load, const struct lane *lane)
{
	for (size_t i = 0; i < load->waits_n; i++) {
		if (load->waits[i].host == lane->host)
			return load->waits[i].until_ms;
	}
	return 0;
}

static bool has_room(const struct load *load)
{
	return load->flying < (size_t)load->setup->config->parallel &&
	       http_bytes_held(load->http) + load->held_bytes < FLIGHT_BYTES_MAX;
}

/* May the stream ask now? *ret_ms: when to look again, where it may not for a reason of time. */
static bool may_ask(const struct load *load, const struct lane *lane, int64_t now_ms,
		    int64_t *ret_ms)
{
	int64_t until_ms = host_until_ms(load, lane);
	if (lane->next_ask_ms > until_ms)
		until_ms = lane->next_ask_ms;
	if (until_ms > now_ms) {
		if (until_ms < *ret_ms)
			*ret_ms = until_ms;
		return false;
	}
	if (lane->stream->parallel > 0 && lane->flying >= (size_t)lane->stream->parallel)
		return false;
	for (size_t i = 0; i < lane->children_n; i++) {
		if (lane->children[i]->queued > CHILDREN_QUEUED_MAX)
			return false; /* first what was asked for the rows that came */
	}
	return true;
}

/* --- sending --- */

static bool check_clear(const struct load *load, const struct request *request,
			struct err *reterr)
{
	const struct setup *setup = load->setup;
	return request_check_clear(request, setup->credentials.kind != AUTH_NONE,
				   setup->config->allow_http, reterr);
}

static bool send_sign_in(struct load *load, struct err *reterr)
{
	struct request request;
	struct err why = {0};
	load->signing = sign_ask(load->setup->sign, &request, &why) &&
			check_clear(load, &request, &why) &&
			http_begin(load->http, &request, &load->sign_marker, &why);
	if (load->signing)
		return true;
	if (why.kind == ERR_MEMORY) {
		*reterr = why;
		return false;
	}
	load_stop_all(load, &why);
	return true;
}

/* Sends the task's next request, or finds that it was read whole. */
static bool send_next(struct load *load, struct task *task, struct err *reterr)
{
	struct lane *lane = task->lane;
	struct sign_mark mark;
	struct request request;
	enum rest_step step = REST_ASK;
	struct err why = {0};
	bool made = sign_mark(load->setup->sign, &mark, &why);
	if (made && task->asks == ASKS_COUNT)
		made = rest_count_ask(task->rest, &mark, clock_now_us(), &request, &why);
	else if (made)
		made = rest_next(task->rest, &mark, clock_now_us(), &request, &step, &why);
	if (made && step == REST_DONE)
		return task_read(load, task, reterr);
	made = made && check_clear(load, &request, &why) &&
	       http_begin(load->http, &request, task, &why);
	if (!made) {
		if (why.kind == ERR_MEMORY) {
			*reterr = why;
			return false;
		}
		lane_fail(load, lane, &why);
		return true;
	}
	task->state = TASK_FLYING;
	task->asked++;
	task->sign_generation = load->sign_generation;
	load->flying++;
	lane->flying++;
	lane->next_ask_ms = clock_mono_ms() + lane->stream->pause_us / 1000;
	return true;
}

/* The task may be gone afterwards. */
static bool step(struct load *load, struct task *task, struct err *reterr)
{
	if (task->state == TASK_WAITING)
		return task_read(load, task, reterr);
	if (load->options->dry_run && task->asks == ASKS_PAGE)
		return task_dry(load, task, reterr);
	return send_next(load, task, reterr);
}

/* The next task to go on with: a begun one that is ready, of which the least was asked. *ret_ms as
 * in may_ask. */
static struct task *ready_task(struct load *load, int64_t now_ms, int64_t *ret_ms)
{
	struct task *least = NULL;
	for (struct task *task = load->open_first; task != NULL; task = task->next) {
		if (task->state == TASK_WAITING && task->below == 0)
			return task;
		if (task->state != TASK_READY)
			continue;
		if (task->ready_ms > now_ms) {
			if (task->ready_ms < *ret_ms)
				*ret_ms = task->ready_ms;
			continue;
		}
		if ((least == NULL || task->asked < least->asked) &&
		    may_ask(load, task->lane, now_ms, ret_ms))
			least = task;
	}
	return least;
}

/* The last windows are read side by side, or a few would be left at the end with places free beside
 * them: as many as have no place yet, where their keys take little memory. */
static bool is_tail(const struct load *load)
{
	int64_t rows = 0, parallel = load->setup->config->parallel;
	size_t queued = 0, begun = 0;
	for (size_t i = 0; i < load->lanes_n; i++) {
		const struct lane *lane = &load->lanes[i];
		if (lane->depth > 0)
			continue;
		queued += lane->queued;
		begun += lane->tasks_done + lane->open;
		rows += lane->run.rows_fetched;
	}
	return queued > 0 && queued <= (size_t)parallel && begun > 0 &&
	       rows / (int64_t)begun * parallel <= TAIL_ROWS_MAX;
}

/* Begun and not read yet: windows (depth 0), what is asked for their rows, for those rows, ... */
static size_t open_tasks(const struct load *load, size_t depth)
{
	size_t n = 0;
	for (const struct task *task = load->open_first; task != NULL; task = task->next)
		n += task->state != TASK_WAITING && task->lane->depth == depth;
	return n;
}

/* The deepest first: what waits for them holds memory. Each depth has places of its own, or tasks
 * that are held back until others are done for them would keep those from beginning. */
static struct lane *next_lane(struct load *load, bool tail, int64_t now_ms, int64_t *ret_ms)
{
	for (size_t depth = load->depth_max + 1; depth-- > 0;) {
		size_t most = (size_t)load->setup->config->parallel;
		if (open_tasks(load, depth) >= (tail && depth == 0 ? 2 * most : most))
			continue;
		for (size_t i = 0; i < load->lanes_n; i++) {
			struct lane *lane = &load->lanes[(load->turn + i) % load->lanes_n];
			if (lane->depth != depth || lane->queue == NULL ||
			    !may_ask(load, lane, now_ms, ret_ms))
				continue;
			load->turn = (size_t)(lane - load->lanes) + 1;
			return lane;
		}
	}
	return NULL;
}

static bool send_all(struct load *load, int64_t now_ms, int64_t *ret_ms, struct err *reterr)
{
	if (load->signing)
		return true;
	if (sign_due(load->setup->sign, clock_now_us()) && !load->fail_run) {
		if (load->sign_ready_ms > now_ms) {
			*ret_ms = load->sign_ready_ms < *ret_ms ? load->sign_ready_ms : *ret_ms;
			return true;
		}
		return send_sign_in(load, reterr);
	}
	while (has_room(load)) {
		bool tail = is_tail(load);
		struct lane *lane = tail ? next_lane(load, tail, now_ms, ret_ms) : NULL;
		struct task *task = lane == NULL ? ready_task(load, now_ms, ret_ms) : NULL;
		if (task != NULL) {
			if (!step(load, task, reterr))
				return false;
			continue;
		}
		if (lane == NULL && !tail)
			lane = next_lane(load, tail, now_ms, ret_ms);
		if (lane == NULL)
			return true;
		if (!task_begin(load, lane, reterr))
			return false;
	}
	return true;
}

/* --- receiving --- */

static bool keep_answer(struct load *load, struct task *task, struct response *response,
			struct err *reterr)
{
	task->answer = malloc(sizeof *task->answer);
	if (task->answer == NULL) {
		response_done(response);
		return err_memory(reterr);
	}
	*task->answer = *response;
	task->state = TASK_ANSWERED;
	load->held_bytes += (int64_t)response->body.size;
	load->answers++;
	load->answers_ms += response->took_ms;
	load->flying--;
	task->lane->flying--;
	return true;
}

static bool receive(struct load *load, int64_t wait_ms, struct err *reterr)
{
	struct response response;
	void *user;
	while (http_wait(load->http, wait_ms, &user, &response)) {
		bool done = true;
		if (user == &load->sign_marker) {
			done = answer_sign(load, &response, reterr);
			response_done(&response);
		} else {
			done = keep_answer(load, user, &response, reterr);
		}
		if (!done)
			return false;
		wait_ms = 0;
	}
	return true;
}

static bool read_answers(struct load *load, struct err *reterr)
{
	struct task *task = load->open_first;
	while (task != NULL && (load->loader == NULL || loader_has_room(load->loader))) {
		if (task->state != TASK_ANSWERED) {
			task = task->next;
			continue;
		}
		struct response answer = *task->answer;
		load->held_bytes -= (int64_t)answer.body.size;
		free(task->answer);
		task->answer = NULL;
		bool done = answer_take(load, task, &answer, reterr);
		response_done(&answer);
		if (!done)
			return false;
		task = load->open_first; /* the list may have changed anywhere */
	}
	return true;
}

/* --- the loop --- */

static bool anything_left(const struct load *load)
{
	if (load->open_first != NULL || load->signing)
		return true;
	for (size_t i = 0; i < load->lanes_n; i++) {
		if (load->lanes[i].queue != NULL)
			return true;
	}
	return false;
}

static void show(struct load *load, int64_t now_ms)
{
	struct progress_state state = {.unit = "windows"};
	int64_t wait_ms = 0;
	for (size_t i = 0; i < load->lanes_n; i++) {
		const struct lane *lane = &load->lanes[i];
		state.rows += lane->run.rows_fetched;
		if (lane->parent != NULL)
			continue;
		state.windows_done += (int64_t)lane->tasks_done;
		state.windows_total += (int64_t)lane->tasks_total;
	}
	for (size_t i = 0; i < load->waits_n; i++) {
		if (load->waits[i].until_ms - now_ms > wait_ms)
			wait_ms = load->waits[i].until_ms - now_ms;
	}
	if (load->flying == 0 && wait_ms > 0) {
		state.waiting = load->wait_why;
		state.wait_left_ms = wait_ms;
	}
	progress_show(load->options->progress, &state);
}

static void stop(struct load *load)
{
	struct err why;
	err_set(&why, ERR_STOPPED, "stopped before it was done; what is complete was kept, the "
		"next run goes on");
	load->result->stopped = true;
	load_stop_all(load, &why);
}

bool flow_run(struct load *load, struct err *reterr)
{
	while (anything_left(load)) {
		int64_t now_ms = clock_mono_ms();
		int64_t next_ms = now_ms + TICK_MS;
		pulse_beat(pulse_at(load->options->pulses, PULSE_LOOP), "asking the source");
		if (*load->options->stop != 0 && !load->result->stopped)
			stop(load);
		if (!commit_collect(load, reterr) || !read_answers(load, reterr) ||
		    !send_all(load, now_ms, &next_ms, reterr))
			return false;
		if (commit_due(load) && !commit_send(load, reterr))
			return false;
		show(load, now_ms);
		if (!anything_left(load))
			break;
		int64_t wait_ms = next_ms - clock_mono_ms();
		if (!receive(load, wait_ms > 0 ? wait_ms : 0, reterr))
			return false;
	}
	show(load, clock_mono_ms());
	return true;
}
