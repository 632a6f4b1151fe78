/* Slots hold the segments that are under way. A slot flies (its put is on its way), waits (to be
 * put again), or is parked: refused for a reason that says nothing about it for certain, and tried
 * once more when all others are through.
 *
 * Waiting belongs to the server, not to a segment: one failure that may pass holds everything, and
 * then a single put tries whether it is over. A segment that fails again and again while others go
 * through is left for the next time. */
#include "deliver/deliver_private.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "base/pulse.h"
#include "base/text.h"
#include "deliver/s3.h"

#include <assert.h>
#include <stdlib.h>

enum state { FREE, FLYING, WAITING, PARKED };

struct slot {
	const struct deliver_source *source;
	enum state state;
	struct deliver_segment segment;
	struct deliver_bytes bytes; /* reader NULL: all of it is in `body` */
	char sha256[SHA256_HEX + 1];
	struct buf key, body;
	struct request_source from;
	int64_t sent_ms;
	int64_t others_n; /* stored in all when it failed last */
	int blamed;       /* how often it failed while others were stored */
	bool reread, was_parked;
};

struct port {
	struct run *run;
	struct slot slots[DELIVER_IN_FLIGHT_MAX + 1]; /* one more than fly, so that one can wait */
	size_t slots_n;
	struct retry_random random;
	int failures, doubts; /* in a row */
	int64_t resume_ms;    /* nothing is put before */
	int64_t end_ms;       /* after a stop: until then answers are waited for */
};

static size_t count(const struct port *port, enum state state)
{
	size_t n = 0;
	for (size_t i = 0; i < port->slots_n; i++)
		n += port->slots[i].state == state;
	return n;
}

static void release(struct port *port, struct slot *slot)
{
	if (slot->bytes.reader != NULL)
		port->run->source->close(slot->bytes.reader);
	slot->bytes.reader = NULL;
	slot->state = FREE;
	buf_clear(&slot->key);
	buf_clear(&slot->body);
}

/* --- a segment's ends --- */

static bool store(struct port *port, struct slot *slot, bool was_there, struct err *reterr)
{
	int64_t bytes = slot->bytes.size;
	release(port, slot);
	port->failures = port->doubts = 0;
	return run_done(port->run, &slot->segment, bytes, was_there, reterr);
}

static bool set_aside(struct port *port, struct slot *slot, const struct err *why,
		      struct err *reterr)
{
	release(port, slot);
	return run_quarantine(port->run, &slot->segment, why, reterr);
}

static void leave(struct port *port, struct slot *slot, const struct err *why)
{
	release(port, slot);
	run_leave(port->run, &slot->segment, why);
}

/* --- sending --- */

static bool read_on(void *user, void *to, size_t room, size_t *ret_n, struct err *reterr)
{
	struct slot *slot = user;
	return slot->source->read(slot->bytes.reader, to, room, ret_n, reterr);
}

static bool read_again(void *user, struct err *reterr)
{
	struct slot *slot = user;
	return slot->source->again(slot->bytes.reader, reterr);
}

/* A small body is held, and its file closed. */
static bool hold(struct slot *slot, struct err *reterr)
{
	size_t n = 1;
	if (slot->bytes.size > DELIVER_HELD_BYTES)
		return true;
	buf_clear(&slot->body);
	while (n > 0) {
		char *at = buf_reserve(&slot->body, DELIVER_HELD_BYTES / 16);
		if (at == NULL)
			return err_set(reterr, ERR_DATA, "it has grown");
		if (!read_on(slot, at, DELIVER_HELD_BYTES / 16, &n, reterr))
			return false;
		slot->body.size += n;
	}
	slot->source->close(slot->bytes.reader);
	slot->bytes.reader = NULL;
	return true;
}

static bool fill(struct port *port, struct slot *slot, struct err *reterr)
{
	const char *prefix = port->run->o->prefix;
	struct span front = text_trim(span_of(prefix == NULL ? "" : prefix));
	while (front.size > 0 && front.at[0] == '/')
		front = span_from(front, 1);
	while (front.size > 0 && front.at[front.size - 1] == '/')
		front.size--;
	buf_add_span(&slot->key, front);
	if (front.size > 0)
		buf_add_char(&slot->key, '/');
	buf_add_text(&slot->key, slot->segment.key);
	if (slot->key.failed)
		return err_set(reterr, ERR_DATA, "its key is too long");
	assert(strlen(slot->bytes.sha256) == SHA256_HEX);
	memcpy(slot->sha256, slot->bytes.sha256, SHA256_HEX + 1);
	slot->from = (struct request_source){slot, slot->bytes.size, read_on, read_again};
	slot->others_n = port->run->result->files;
	slot->blamed = 0;
	slot->reread = slot->was_parked = false;
	return hold(slot, reterr);
}

/* Why nothing at all can be sent now, in place of an answer. */
static void answer_instead(const struct err *why, struct s3_answer *ret)
{
	*ret = (struct s3_answer){.why = *why};
	ret->verdict = why->kind == ERR_TRANSIENT ? S3_LATER : S3_REFUSED;
}

static bool take_answer(struct port *port, struct slot *slot, const struct s3_answer *answer,
			struct err *reterr);

static bool send(struct port *port, struct slot *slot, struct err *reterr)
{
	struct s3_object object = {
		.key = buf_span(&slot->key),
		.sha256 = slot->sha256,
		.size = slot->bytes.size,
		.records = slot->segment.rows,
	};
	struct s3_answer instead;
	struct err why = {0};
	if (slot->bytes.reader == NULL) {
		object.body = buf_span(&slot->body);
	} else {
		object.body_from = &slot->from;
		if (!read_again(slot, &why)) {
			instead = (struct s3_answer){.why = why, .verdict = S3_DOUBTFUL};
			return take_answer(port, slot, &instead, reterr);
		}
	}
	slot->state = FLYING;
	slot->sent_ms = clock_mono_ms();
	if (s3_put(port->run->o->s3, &object, slot, &why))
		return true;
	if (why.kind == ERR_MEMORY) {
		*reterr = why;
		return false;
	}
	answer_instead(&why, &instead);
	return take_answer(port, slot, &instead, reterr);
}

/* --- what an answer means for all --- */

/* Holds everything for a while; false: it may not be waited so long. What was waited for an answer
 * in vain counts too. */
static bool hold_all(struct port *port, int64_t sent_ms, const struct err *why)
{
	struct run *run = port->run;
	char text[32];
	int64_t now_ms = clock_mono_ms();
	if (now_ms < port->resume_ms)
		return true; /* one wave of failures is one failure */
	port->failures++;
	int64_t wait_ms = retry_backoff_ms(&port->random, port->failures);
	if (why->wait_ms > wait_ms)
		wait_ms = why->wait_ms;
	if (!retry_budget_take(run->o->budget, sent_ms, now_ms - sent_ms) ||
	    !retry_budget_take(run->o->budget, now_ms, wait_ms))
		return false;
	port->resume_ms = now_ms + wait_ms;
	text_write_duration(text, sizeof text, wait_ms * 1000);
	run_tell(run, port->failures > 1, "%s; trying again in %s", why->text, text);
	return true;
}

static void give_up(struct port *port, struct slot *slot, const struct err *why)
{
	port->run->ending = true;
	leave(port, slot, why);
}

static void take_failure(struct port *port, struct slot *slot, const struct err *why)
{
	int64_t others_n = port->run->result->files;
	slot->blamed = others_n > slot->others_n ? slot->blamed + 1 : slot->blamed;
	slot->others_n = others_n;
	port->run->result->retries++;
	slot->state = WAITING;
	if (slot->blamed >= DELIVER_TRIES_MAX)
		leave(port, slot, why);
	else if (!hold_all(port, slot->sent_ms, why))
		give_up(port, slot, why);
}

static void take_doubt(struct port *port, struct slot *slot, const struct err *why)
{
	run_tell(port->run, true, "%s", why->text);
	port->doubts++;
	slot->state = PARKED;
	if (port->doubts >= DELIVER_DOUBTS_MAX)
		give_up(port, slot, why);
	else if (slot->was_parked || count(port, PARKED) > port->slots_n / 2)
		leave(port, slot, why);
}

/* The bytes that arrived were not those that were meant: read once more, then set aside. */
static bool take_damage(struct port *port, struct slot *slot, const struct err *why,
			struct err *reterr)
{
	struct err reason = {0};
	if (slot->reread)
		return set_aside(port, slot, why, reterr);
	slot->reread = true;
	port->run->result->retries++;
	bool opened = slot->bytes.reader != NULL ||
		      slot->source->open(slot->source->user, &slot->segment, &slot->bytes,
					 &reason);
	if (opened && hold(slot, &reason)) {
		slot->state = WAITING;
		return true;
	}
	if (reason.kind == ERR_DATA)
		return set_aside(port, slot, &reason, reterr);
	leave(port, slot, &reason);
	return true;
}

static bool take_answer(struct port *port, struct slot *slot, const struct s3_answer *answer,
			struct err *reterr)
{
	switch (answer->verdict) {
	case S3_STORED:
		return store(port, slot, answer->was_there, reterr);
	case S3_OTHER:
	case S3_UNFIT:
		return set_aside(port, slot, &answer->why, reterr);
	case S3_DAMAGED:
		return take_damage(port, slot, &answer->why, reterr);
	case S3_LATER:
		take_failure(port, slot, &answer->why);
		break;
	case S3_DOUBTFUL:
		take_doubt(port, slot, &answer->why);
		break;
	case S3_REFUSED:
		give_up(port, slot, &answer->why);
		break;
	}
	return true;
}

/* --- the loop --- */

/* The one that was sent longest ago. */
static struct slot *find(struct port *port, enum state state)
{
	struct slot *found = NULL;
	for (size_t i = 0; i < port->slots_n; i++) {
		struct slot *slot = &port->slots[i];
		if (slot->state == state && (found == NULL || slot->sent_ms < found->sent_ms))
			found = slot;
	}
	return found;
}

/* A new segment into a free slot. *ret_slot NULL: there is none, or none that can be sent. */
static bool load(struct port *port, struct slot **ret_slot, struct err *reterr)
{
	struct run *run = port->run;
	struct slot *slot = find(port, FREE);
	struct err why = {0};
	bool any = false;
	*ret_slot = NULL;
	if (slot == NULL || run->result->emptied)
		return true;
	if (!run_next(run, &slot->segment, &slot->bytes, &any, reterr) || !any)
		return !any ? run->result->emptied : false;
	if (fill(port, slot, &why)) {
		*ret_slot = slot;
		return true;
	}
	if (why.kind == ERR_DATA)
		return set_aside(port, slot, &why, reterr);
	leave(port, slot, &why);
	return true;
}

/* What to put next; NULL: nothing now. While the server fails, others than those that failed are
 * tried first: one that it will never take must not be the one that everybody waits for. */
static bool choose(struct port *port, struct slot **ret, struct err *reterr)
{
	bool fresh_first = port->failures > 0 && count(port, WAITING) <= port->slots_n / 2;
	*ret = fresh_first ? NULL : find(port, WAITING);
	if (*ret == NULL && !load(port, ret, reterr))
		return false;
	if (*ret == NULL)
		*ret = find(port, WAITING);
	bool last = *ret == NULL && port->run->result->emptied && count(port, FLYING) == 0;
	if (last && (*ret = find(port, PARKED)) != NULL)
		(*ret)->was_parked = true;
	return true;
}

/* Sends what can be sent. */
static bool launch(struct port *port, struct err *reterr)
{
	struct run *run = port->run;
	bool done = true;
	while (done && !run->ending && clock_mono_ms() >= port->resume_ms) {
		size_t flying_n = count(port, FLYING);
		/* After a failure one tries whether the server is back. */
		if (flying_n >= (port->failures > 0 ? 1 : port->slots_n - 1))
			break;
		struct slot *slot;
		done = choose(port, &slot, reterr);
		if (done && slot != NULL)
			done = send(port, slot, reterr);
		else if (run->result->emptied || find(port, FREE) == NULL)
			break;
	}
	return done;
}

/* Not for long at once, so that a request to stop is seen soon. */
static bool await(struct port *port, struct err *reterr)
{
	enum { LOOK_MS = 200 };
	struct s3 *s3 = port->run->o->s3;
	struct s3_answer answer;
	void *user;
	int64_t left_ms = port->resume_ms - clock_mono_ms();
	pulse_beat(port->run->o->pulse, "delivering");
	if (s3_in_flight(s3) == 0) {
		clock_sleep_ms(left_ms < LOOK_MS ? left_ms : LOOK_MS);
		return true;
	}
	bool done = true;
	int64_t wait_ms = LOOK_MS;
	while (done && s3_wait(s3, wait_ms, &user, &answer)) {
		done = take_answer(port, user, &answer, reterr);
		wait_ms = 0; /* whatever else has come */
	}
	return done;
}

/* Nothing is under way and nothing can be begun. */
static bool is_over(struct port *port)
{
	struct run *run = port->run;
	if (run_stopped(run) && port->end_ms == 0)
		port->end_ms = clock_mono_ms() + DELIVER_STOP_MS;
	if (count(port, FLYING) > 0)
		return port->end_ms != 0 && clock_mono_ms() >= port->end_ms;
	if (run->ending)
		return true;
	return run->result->emptied && count(port, WAITING) == 0 && count(port, PARKED) == 0;
}

static void end(struct port *port)
{
	s3_drop(port->run->o->s3);
	for (size_t i = 0; i < port->slots_n; i++) {
		struct slot *slot = &port->slots[i];
		if (slot->state != FREE)
			leave(port, slot, NULL);
		buf_done(&slot->key);
		buf_done(&slot->body);
	}
}

bool deliver_to_s3(struct run *run, struct err *reterr)
{
	int64_t slots_n = run->o->in_flight_max;
	struct port *port = calloc(1, sizeof *port);
	bool done = true;
	assert(slots_n > 0 && slots_n <= DELIVER_IN_FLIGHT_MAX);
	if (port == NULL)
		return err_memory(reterr);
	port->run = run;
	port->random.state = (uint64_t)clock_now_us();
	port->slots_n = (size_t)slots_n + 1;
	for (size_t i = 0; i < port->slots_n; i++) {
		port->slots[i].source = run->source;
		buf_init(&port->slots[i].key, URL_BYTES_MAX);
		buf_init(&port->slots[i].body, DELIVER_HELD_BYTES + DELIVER_HELD_BYTES / 8);
	}
	while (done) {
		done = launch(port, reterr);
		if (!done || is_over(port))
			break;
		done = await(port, reterr);
	}
	end(port);
	free(port);
	return done;
}
