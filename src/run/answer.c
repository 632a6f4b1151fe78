/* What becomes of one answer: rows into the batch, or what its verdict says. */
#include "base/clock.h"
#include "base/text.h"
#include "run/flow.h"

#include <stdio.h>

static bool row_came(void *user, const struct row_report *report, size_t element,
		     struct err *reterr)
{
	return task_row(user, report, element, reterr);
}

static void element_failed(void *user, size_t element, const struct err *why)
{
	struct task *task = user;
	struct lane *lane = task->lane;
	task->tallies[element - task->element].failed = true;
	lane->partly = true;
	lane_blame(lane, why);
	spooling_missed_element(lane->load, task, element, &lane->why);
	log_line(lane->load->log, LOG_ERROR, lane->stream->name, "%s", lane->why.text);
}

void load_stop_all(struct load *load, const struct err *why)
{
	if (!load->fail_run)
		load->why_run = *why;
	load->fail_run = true;
	if (load->signing)
		http_drop(load->http, &load->sign_marker);
	load->signing = false;
	for (size_t i = 0; i < load->lanes_n; i++) {
		struct lane *lane = &load->lanes[i];
		if (lane->tasks_done < lane->tasks_total && !lane->failed)
			lane_fail(load, lane, why);
	}
}

/* What a request carries is kept out of all that is printed: the token that was given out, a
 * password in the form in which it is sent. */
bool load_note_sign(struct load *load, struct err *reterr)
{
	struct sign_mark mark;
	struct err why = {0};
	if (sign_due(load->setup->sign, clock_now_us()) ||
	    !sign_mark(load->setup->sign, &mark, &why))
		return true; /* what is wrong is told when a request is made */
	const char *value = mark.header != NULL ? mark.header_value : mark.query_value;
	const char *blank = value == NULL ? NULL : strrchr(value, ' ');
	struct span word = span_of(blank == NULL ? value : blank + 1);
	return secrets_note_token(load->setup->config->secrets, word, reterr);
}

/* What a task asks for in a person's words: "GET, 2026-03-07 to 2026-03-08". */
enum { ASKED_BYTES = 2 * STAMP_TEXT_BYTES + 64 };
static void write_asked(const struct task *task, char ret[ASKED_BYTES])
{
	const struct task *top = task; /* what is asked for a row belongs to the row's window */
	char window[2 * STAMP_TEXT_BYTES + 16];
	while (top->above != NULL)
		top = top->above;
	task_window_text(top, window, sizeof window);
	snprintf(ret, ASKED_BYTES, "%.24s, %s",
		 task->asks == ASKS_COUNT ? "GET count" : task->lane->stream->method, window);
}

/* --- waiting --- */

static void say_wait(struct load *load, const struct task *task, int64_t wait_ms,
		     const struct err *why)
{
	char shown[32], asked[ASKED_BYTES];
	write_asked(task, asked);
	text_write_duration(shown, sizeof shown, wait_ms * 1000);
	snprintf(load->wait_why, sizeof load->wait_why, "%.150s", why->text);
	log_line(load->log, LOG_WARNING, task->lane->stream->name, "waiting %s (%s): %s", shown,
		 asked, why->text);
}

/* False: the run's budget has no room for it, which `why` then says too. */
static bool afford(struct load *load, const struct task *task, int64_t wait_ms, struct err *why)
{
	char wait[32], total[32], asked[ASKED_BYTES];
	struct err first = *why;
	if (staging_may_wait(&load->staging, wait_ms))
		return true;
	text_write_duration(wait, sizeof wait, wait_ms * 1000);
	text_write_duration(total, sizeof total, load->budget.total_ms * 1000);
	write_asked(task, asked);
	return err_set(why, ERR_TRANSIENT, "%.*s; waiting %s would pass source.retry_budget (%s): "
		       "%s", 700, first.text, wait, total, asked);
}

static struct host_wait *host_of(struct load *load, const struct lane *lane)
{
	for (size_t i = 0; i < load->waits_n; i++) {
		if (load->waits[i].host == lane->host)
			return &load->waits[i];
	}
	struct host_wait *wait = &load->waits[load->waits_n++];
	*wait = (struct host_wait){lane->host, 0};
	return wait;
}

/* Counting is a favour: what it cannot say stops nothing. */
static bool give_up_counting(struct load *load, struct task *task, const struct err *why,
			     struct err *reterr)
{
	if (!task->lane->count_refused)
		log_line(load->log, LOG_WARNING, task->lane->stream->name,
			 "the API's own count is not to be had: %s", why->text);
	task->lane->count_refused = true;
	task->counted = true;
	task->count = -1;
	return task_read(load, task, reterr);
}

static bool give_up(struct load *load, struct task *task, const struct err *why,
		    struct err *reterr)
{
	if (task->asks == ASKS_COUNT)
		return give_up_counting(load, task, why, reterr);
	lane_fail(load, task->lane, why);
	return true;
}

/* A server that says 0 is waited for all the same: the budget is what ends this. */
static bool wait_for_host(struct load *load, struct task *task, const struct verdict *verdict,
			  struct err *reterr)
{
	struct err why = verdict->why;
	int64_t wait_ms = verdict->wait_ms > HOST_WAIT_MS_MIN ? verdict->wait_ms : HOST_WAIT_MS_MIN;
	struct host_wait *wait = host_of(load, task->lane);
	int64_t until_ms = clock_mono_ms() + wait_ms;
	task->lane->run.retries++;
	if (!afford(load, task, wait_ms, &why))
		return give_up(load, task, &why, reterr);
	/* Requests that were in flight together are refused together, or nearly: one wait. */
	int64_t more_ms = until_ms - wait->until_ms;
	if (more_ms >= HOST_WAIT_MS_MIN && more_ms >= wait_ms / 4)
		say_wait(load, task, wait_ms, &why);
	if (until_ms > wait->until_ms)
		wait->until_ms = until_ms;
	task->state = TASK_READY;
	return true;
}

static bool try_again(struct load *load, struct task *task, const struct verdict *verdict,
		      struct err *reterr)
{
	struct err why = verdict->why;
	/* A count that could not be had is not waited for in every window. */
	bool hopeless = task->asks == ASKS_COUNT && task->lane->count_refused;
	if (++task->tries >= TRIES_MAX || hopeless) {
		char asked[ASKED_BYTES];
		write_asked(task, asked);
		err_set(&why, ERR_TRANSIENT, "%.*s; given up after %d tries: %s", 800,
			verdict->why.text, task->tries, asked);
		return give_up(load, task, &why, reterr);
	}
	task->lane->run.retries++;
	int64_t wait_ms = retry_backoff_ms(&load->random, task->tries);
	if (verdict->wait_ms > wait_ms)
		wait_ms = verdict->wait_ms;
	if (!afford(load, task, wait_ms, &why))
		return give_up(load, task, &why, reterr);
	say_wait(load, task, wait_ms, &why);
	task->ready_ms = clock_mono_ms() + wait_ms;
	task->state = TASK_READY;
	return true;
}

static void restart(struct load *load, struct task *task, const struct verdict *verdict)
{
	struct err why = verdict->why;
	if (++task->restarts > RESTARTS_MAX) {
		err_set(&why, ERR_REMOTE, "%.*s; the window was begun anew %d times", 900,
			verdict->why.text, RESTARTS_MAX);
		lane_fail(load, task->lane, &why);
		return;
	}
	log_line(load->log, LOG_WARNING, task->lane->stream->name,
		 "beginning the window anew: %s", why.text);
	task->lane->run.retries++;
	task_forget(task);
	rest_restart(task->rest);
	task->state = TASK_READY;
}

/* Of several requests that were in flight with one token the first to come back renews it, the
 * others are asked again; but not for ever, should tokens change faster than answers come. */
static bool sign_in_again(struct load *load, struct task *task, const struct verdict *verdict,
			  struct err *reterr)
{
	bool renewed = task->sign_generation != load->sign_generation;
	if (renewed ? ++task->tries >= TRIES_MAX : task->signed_again) {
		load_stop_all(load, &verdict->why);
		return true;
	}
	task->state = TASK_READY;
	task->lane->run.retries++;
	if (renewed)
		return true;
	task->signed_again = true;
	sign_forget(load->setup->sign);
	load->sign_generation++;
	struct err why = {0};
	if (setup_reload_secrets(load->setup, &why))
		return true;
	if (why.kind == ERR_MEMORY) {
		*reterr = why;
		return false;
	}
	load_stop_all(load, &why);
	return true;
}

/* --- the answer --- */

static bool page_came(struct load *load, struct task *task, const struct verdict *verdict)
{
	struct lane *lane = task->lane;
	lane->run.pages++;
	lane->run.let_pass += verdict->let_pass;
	task->tries = 0;
	task->signed_again = false;
	task->state = TASK_READY;
	log_line(load->log, LOG_INFO, lane->stream->name,
		 "Retrieved %lld records from page %lld", (long long)verdict->records,
		 (long long)rest_pages(task->rest));
	return true;
}

static bool follow(struct load *load, struct task *task, const struct verdict *verdict,
		   struct err *reterr)
{
	switch (verdict->kind) {
	case VERDICT_PAGE:
		return page_came(load, task, verdict);
	case VERDICT_EMPTY:
		task->lane->run.let_pass++;
		task->state = TASK_READY;
		log_line(load->log, LOG_DEBUG, task->lane->stream->name, "let pass: %s",
			 verdict->why.text);
		return true;
	case VERDICT_WAIT:
		return wait_for_host(load, task, verdict, reterr);
	case VERDICT_RETRY:
		return try_again(load, task, verdict, reterr);
	case VERDICT_RESTART:
		restart(load, task, verdict);
		return true;
	case VERDICT_SIGN_IN:
		return sign_in_again(load, task, verdict, reterr);
	case VERDICT_FAIL_STREAM:
		lane_fail(load, task->lane, &verdict->why);
		return true;
	case VERDICT_FAIL_RUN:
		load_stop_all(load, &verdict->why);
		return true;
	}
	return true;
}

static bool count_came(struct load *load, struct task *task, const struct response *response,
		       struct err *reterr)
{
	struct verdict verdict;
	int64_t count;
	if (!rest_count_take(task->rest, response, clock_now_us(), &count, &verdict, reterr))
		return false;
	if (verdict.kind != VERDICT_PAGE)
		return follow(load, task, &verdict, reterr);
	if (count < 0)
		return give_up_counting(load, task, &verdict.why, reterr);
	task->counted = true;
	task->count = count;
	task->tries = 0;
	task->signed_again = false;
	return task_read(load, task, reterr);
}

/* A window never reaches past the server's own clock. */
static void heed_clock(struct load *load, struct task *task, const struct response *response)
{
	char behind[32];
	int64_t late_us = clock_now_us() - response->date_us;
	if (response->date_us <= 0 || !task->completes || task->until_us == WINDOW_OPEN ||
	    response->date_us >= task->until_us || task->window.from_us == task->window.until_us)
		return;
	task->until_us = response->date_us > task->window.from_us ? response->date_us
								  : task->window.from_us;
	if (load->skew_told || late_us <= CLOCK_SKEW_S_MAX * STAMP_SECOND)
		return;
	load->skew_told = true;
	text_write_duration(behind, sizeof behind, late_us / STAMP_SECOND * STAMP_SECOND);
	log_line(load->log, LOG_WARNING, task->lane->stream->name,
		 "the server's clock is %s behind ours: what it dates later is not complete yet",
		 behind);
}

bool answer_take(struct load *load, struct task *task, const struct response *response,
		 struct err *reterr)
{
	struct lane *lane = task->lane;
	struct row_sink sink = {
		.shaper = lane->shaper,
		.batch = lane->batch,
		.seq = &lane->seq,
		.row = row_came,
		.element_failed = element_failed,
		.user = task,
	};
	struct verdict verdict;

	lane->run.bytes += response->wire_bytes;
	heed_clock(load, task, response);
	if (task->asks == ASKS_COUNT)
		return count_came(load, task, response, reterr);
	if (!rest_take(task->rest, response, clock_now_us(), &sink, &verdict, reterr))
		return false;
	return follow(load, task, &verdict, reterr);
}

bool answer_sign(struct load *load, const struct response *response, struct err *reterr)
{
	struct err why = {0};
	load->signing = false;
	if (sign_take(load->setup->sign, response, clock_now_us(), &why)) {
		load->sign_tries = 0;
		load->sign_generation++;
		return load_note_sign(load, reterr);
	}
	if (why.kind == ERR_MEMORY) {
		*reterr = why;
		return false;
	}
	int64_t wait_ms = retry_backoff_ms(&load->random, ++load->sign_tries);
	if (why.wait_ms > wait_ms)
		wait_ms = why.wait_ms;
	if (why.kind != ERR_TRANSIENT || load->sign_tries >= TRIES_MAX ||
	    !staging_may_wait(&load->staging, wait_ms)) {
		load_stop_all(load, &why);
		return true;
	}
	log_line(load->log, LOG_WARNING, NULL, "asking for a token again: %s", why.text);
	load->sign_ready_ms = clock_mono_ms() + wait_ms;
	return true;
}
