/* The source: each stream is asked for the smallest thing that shows whether it may be read, the
 * API's own count where it has one, else the first page of a short window. What comes is thrown
 * away. */
#include "run/checking.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "base/text.h"
#include "run/probe.h"

#include <stdio.h>
#include <stdlib.h>

struct visit {
	struct checking *c;
	struct setup *setup;
	struct probe *probe;
	bool reached, signed_in, clock_told; /* said */
	bool over;                           /* nothing more is to be asked */
	int64_t came_us;                     /* when the last answer came */
};

/* One stream. */
struct errand {
	struct visit *visit;
	const struct planned *planned;
	struct shaper *shaper;
	struct batch *batch;
	struct rest *rest;
	int64_t seq, rejected;
	char reason[ERR_TEXT_BYTES]; /* of the first rejected record */
};

/* --- what any answer shows --- */

static const char *way_out(const struct response *response)
{
	switch (response->end) {
	case EXCHANGE_UNTRUSTED:
		return "see http: { ca_file: ... }, and this machine's clock";
	case EXCHANGE_TOO_LARGE:
		return "see http: { max_answer: ... }";
	case EXCHANGE_REFUSED:
	case EXCHANGE_BROKEN:
	case EXCHANGE_UNUSABLE:
	case EXCHANGE_OURS:
	case EXCHANGE_ANSWERED:
		break;
	}
	return "check source.base_url, the network, and http: { proxy: ... }";
}

static void tell_clock(struct visit *visit, const struct response *response)
{
	char text[32];
	if (visit->clock_told || response->date_us <= 0)
		return;
	visit->clock_told = true;
	/* Date is of the answer's begin and has whole seconds. */
	int64_t ours_us = visit->came_us - response->took_ms * 1000 / 2;
	int64_t ahead_us = ours_us - response->date_us - STAMP_SECOND / 2;
	int64_t skew_us = ahead_us < 0 ? -ahead_us : ahead_us;
	text_write_duration(text, sizeof text, stamp_floor(skew_us, STAMP_SECOND));
	if (skew_us > CLOCK_SKEW_S_MAX * STAMP_SECOND)
		check_tell(visit->c, CHECK_WARN, "clock",
			   "set this machine's clock by NTP: windows end by the server's clock",
			   "this machine is %s %s the server", text,
			   ahead_us > 0 ? "ahead of" : "behind");
	else
		check_tell(visit->c, CHECK_OK, "clock", NULL, "within %s of the server's",
			   skew_us < STAMP_SECOND ? "1s" : text);
}

/* False: the source cannot be reached, which was said. */
static bool tell_reached(struct visit *visit, const struct response *response)
{
	struct checking *c = visit->c;
	if (response->end != EXCHANGE_ANSWERED) {
		check_tell(c, CHECK_FAIL, "source", way_out(response), "%s", response->why.text);
		visit->over = true;
		return false;
	}
	if (!visit->reached)
		check_tell(c, CHECK_OK, "source", NULL, "%s answers in %lld ms",
			   visit->setup->base_url[0] == '\0' ? visit->setup->connector->name
							     : visit->setup->base_url,
			   (long long)response->took_ms);
	visit->reached = true;
	tell_clock(visit, response);
	return true;
}

static void tell_signed_in(struct visit *visit)
{
	enum auth_kind kind = visit->setup->credentials.kind;
	if (!visit->signed_in && kind == AUTH_NONE)
		check_tell(visit->c, CHECK_OK, "sign-in", NULL, "none is needed");
	else if (!visit->signed_in)
		check_tell(visit->c, CHECK_OK, "sign-in", NULL, "accepted (%s)",
			   auth_kind_name(kind));
	visit->signed_in = true;
}

static const char RENEW[] = "check source.auth: was the credential deleted, has it expired, is it "
			    "of another environment?";

static void tell_refused(struct visit *visit, const char *text)
{
	check_tell_error(visit->c, CHECK_FAIL, "sign-in", RENEW, text);
	visit->over = true;
}

/* A 401. What there is to do does not depend on the stream that was asked for. */
static void tell_unknown(struct visit *visit, const char *stream, const char *text)
{
	size_t size = strlen(stream);
	if (strncmp(text, stream, size) == 0 && strncmp(text + size, ": ", 2) == 0)
		text += size + 2;
	const char *hint = strstr(text, " -- ");
	check_tell(visit->c, CHECK_FAIL, "sign-in", RENEW, "%.*s",
		   (int)(hint == NULL ? strlen(text) : (size_t)(hint - text)), text);
	visit->over = true;
}

/* --- asking --- */

/* An answer, or false: none could be had; `over` is set and it was said, or it is our own error. */
static bool exchange(struct visit *visit, const struct request *request, struct response *ret,
		     struct err *reterr)
{
	struct err why = {0};
	if (probe_ask(visit->probe, request, ret, &why)) {
		visit->came_us = clock_now_us();
		return true;
	}
	if (why.kind != ERR_USAGE) {
		*reterr = why;
		return false;
	}
	check_tell(visit->c, CHECK_FAIL, "source", "correct the configuration", "%s", why.text);
	visit->c->result->usage = true;
	visit->over = true;
	return false;
}

static bool ask_for_token(struct visit *visit, struct err *reterr)
{
	struct sign *sign = visit->setup->sign;
	struct request request;
	struct response response;
	struct err why = {0};
	if (!sign_due(sign, clock_now_us()))
		return true;
	if (!sign_ask(sign, &request, &why)) {
		tell_refused(visit, why.text);
		return false;
	}
	if (!exchange(visit, &request, &response, reterr))
		return false;
	bool done = tell_reached(visit, &response);
	if (done && !sign_take(sign, &response, clock_now_us(), &why)) {
		tell_refused(visit, why.text);
		done = false;
	}
	response_done(&response);
	return done;
}

static bool row_came(void *user, const struct row_report *report, size_t element,
		     struct err *reterr)
{
	struct errand *errand = user;
	struct rows *rows;
	(void)element;
	if (!report->taken && errand->rejected++ == 0)
		snprintf(errand->reason, sizeof errand->reason, "%s", report->reason);
	if (!batch_full(errand->batch))
		return true;
	if (!batch_seal(errand->batch, &rows, reterr))
		return false;
	rows_free(rows);
	return true;
}

static void element_failed(void *user, size_t element, const struct err *why)
{
	struct errand *errand = user;
	(void)element;
	errand->rejected++;
	snprintf(errand->reason, sizeof errand->reason, "%s", why->text);
}

/* --- what it means --- */

static void judge(struct errand *errand, const struct verdict *verdict)
{
	struct visit *visit = errand->visit;
	const char *name = errand->planned->stream->name;
	char todo[96];
	switch (verdict->kind) {
	case VERDICT_PAGE:
	case VERDICT_EMPTY:
		break;
	case VERDICT_SIGN_IN:
		tell_unknown(visit, name, verdict->why.text);
		return;
	case VERDICT_WAIT:
		tell_signed_in(visit);
		snprintf(todo, sizeof todo, "wait %lld s and check again",
			 (long long)(verdict->wait_ms + 999) / 1000);
		check_tell_error(visit->c, CHECK_WARN, name, todo, verdict->why.text);
		return;
	case VERDICT_RETRY:
	case VERDICT_RESTART:
		check_tell_error(visit->c, CHECK_FAIL, name,
				 "the server fails at it now: check again later, or ask its owner",
				 verdict->why.text);
		return;
	case VERDICT_FAIL_STREAM:
		tell_signed_in(visit);
		check_tell_error(visit->c, CHECK_FAIL, name,
				 "see what the API says; firn connectors try shows more",
				 verdict->why.text);
		return;
	case VERDICT_FAIL_RUN:
		check_tell_error(visit->c, CHECK_FAIL, name, "no stream can be read before that is "
				 "solved", verdict->why.text);
		visit->over = true;
		return;
	}
	tell_signed_in(visit);
	if (errand->rejected > 0)
		check_tell(visit->c, CHECK_WARN, name,
			   "firn connectors try shows them; see the connector's columns",
			   "may be read, but %lld of %lld records would be rejected: %s",
			   (long long)errand->rejected, (long long)verdict->records,
			   errand->reason);
	else
		check_tell(visit->c, CHECK_OK, name, NULL, "may be read");
}

static void tell_count(struct errand *errand, int64_t count)
{
	char shown[32], step[32];
	const struct window_rule *window = &errand->planned->stream->window;
	tell_signed_in(errand->visit);
	text_write_count(shown, sizeof shown, count);
	text_write_duration(step, sizeof step, window->step_us);
	check_tell(errand->visit->c, CHECK_OK, errand->planned->stream->name, NULL,
		   "may be read; the API counts %s record%s%s%s", shown, count == 1 ? "" : "s",
		   window->given ? " of the last " : "", window->given ? step : "");
}

/* --- one stream --- */

/* One request of the stream and what came of it: its count, or its first page. *ret_told: no
 * further request is needed. */
static bool ask(struct errand *errand, bool count, bool *ret_told, struct err *reterr)
{
	struct visit *visit = errand->visit;
	struct row_sink sink = {errand->shaper, errand->batch, &errand->seq, row_came,
				element_failed, errand};
	struct sign_mark mark;
	struct request request;
	struct response response;
	struct verdict verdict;
	struct err why = {0};
	enum rest_step step;
	int64_t counted = -1;
	*ret_told = true;
	if (!ask_for_token(visit, reterr))
		return visit->over;
	bool made = sign_mark(visit->setup->sign, &mark, &why) &&
		    (count ? rest_count_ask(errand->rest, &mark, clock_now_us(), &request, &why)
			   : rest_next(errand->rest, &mark, clock_now_us(), &request, &step,
				       &why));
	if (!made) {
		check_tell_error(visit->c, CHECK_FAIL, errand->planned->stream->name,
				 "correct the connector or its settings", why.text);
		visit->c->result->usage |= why.kind == ERR_USAGE;
		return why.kind != ERR_MEMORY || err_memory(reterr);
	}
	if (!exchange(visit, &request, &response, reterr))
		return visit->over;
	bool done = true;
	if (tell_reached(visit, &response)) {
		done = count ? rest_count_take(errand->rest, &response, visit->came_us, &counted,
					       &verdict, reterr)
			     : rest_take(errand->rest, &response, visit->came_us, &sink, &verdict,
					 reterr);
		/* Counting may be refused for reasons of its own. */
		bool refused = done && count && verdict.kind == VERDICT_PAGE && counted < 0;
		if (done && counted >= 0 && verdict.kind == VERDICT_PAGE)
			tell_count(errand, counted);
		else if (done && !refused)
			judge(errand, &verdict);
		*ret_told = !refused;
	}
	response_done(&response);
	return done;
}

static struct question question_of(const struct visit *visit, const struct stream *stream,
				   bool count)
{
	const struct window_rule *window = &stream->window;
	struct question question = {.stream = stream};
	int64_t now_us = visit->setup->rest.started_us - window->settle_us;
	question.elements_n = stream->repeat.over != NULL;
	if (!window->given)
		return question;
	question.until_us = window->has_last ? stamp_floor(now_us, STAMP_DAY) : now_us;
	question.from_us = question.until_us - (count ? window->step_us : STAMP_MINUTE);
	if (window->has_last)
		question.from_us = stamp_floor(question.from_us, STAMP_DAY);
	if (!window->has_until)
		question.until_us = WINDOW_OPEN;
	return question;
}

static bool run_errand(struct errand *errand, struct err *reterr)
{
	struct visit *visit = errand->visit;
	const struct stream *stream = errand->planned->stream;
	bool told = false;
	bool done = shaper_new(&errand->shaper, errand->planned->table, visit->setup->hash_key,
			       reterr) &&
		    batch_new(&errand->batch, errand->planned->table, reterr);
	for (int count = stream->count.given; count >= 0 && done && !told; count--) {
		struct question question = question_of(visit, stream, count == 1);
		rest_close(errand->rest);
		errand->rest = NULL;
		done = rest_open(&errand->rest, &visit->setup->rest, &question, reterr) &&
		       ask(errand, count == 1, &told, reterr);
	}
	rest_close(errand->rest);
	batch_free(errand->batch);
	shaper_free(errand->shaper);
	return done;
}

static bool visit_stream(struct visit *visit, const struct planned *planned, struct err *reterr)
{
	const struct stream *stream = planned->stream;
	struct errand *errand;
	if (stream->rows != ROWS_FROM_API) {
		check_tell(visit->c, CHECK_OK, stream->name, NULL,
			   "its rows come out of the configuration");
		return true;
	}
	if (stream->for_each != NULL) {
		check_tell(visit->c, CHECK_OK, stream->name, NULL,
			   "not asked now: it is asked for each row of %s", stream->for_each->name);
		return true;
	}
	if (stream->repeat.over != NULL &&
	    settings_find(&visit->setup->settings, span_of(stream->repeat.over->name))->n == 0) {
		check_tell(visit->c, CHECK_WARN, stream->name, "add what is to be read",
			   "settings.%s is empty: nothing is asked", stream->repeat.over->name);
		return true;
	}
	errand = calloc(1, sizeof *errand);
	if (errand == NULL)
		return err_memory(reterr);
	errand->visit = visit;
	errand->planned = planned;
	bool done = run_errand(errand, reterr);
	free(errand);
	return done;
}

bool check_source(struct checking *c, struct err *reterr)
{
	struct setup *setup = c->setup;
	struct visit visit = {.c = c, .setup = setup};
	struct probe_options options = {
		.config = c->config,
		.secret = setup->credentials.kind != AUTH_NONE,
		.stop = c->options->stop,
	};
	struct err why = {0};
	setup->rest.started_us = clock_now_us();
	if (!probe_new(&visit.probe, &options, &why)) {
		if (why.kind == ERR_MEMORY)
			return err_memory(reterr);
		check_tell(c, CHECK_FAIL, "source", "correct http: in the configuration", "%s",
			   why.text);
		c->result->usage = true;
		return true;
	}
	bool done = true;
	for (size_t i = 0; i < setup->streams_n && done && !visit.over; i++)
		done = visit_stream(&visit, &setup->streams[i], reterr);
	probe_free(visit.probe);
	return done;
}
