/* What is common to the tests of source/: a connector as text, questions and answers as text. No
 * socket: the answers are made by hand. */
#ifndef FIRN_UNIT_REST_CASE_H
#define FIRN_UNIT_REST_CASE_H

#include "base/bounds.h"
#include "base/text.h"
#include "config/yaml.h"
#include "source/plan.h"
#include "source/rest.h"
#include "unit/rows_text.h"

#include <stdio.h>
#include <stdlib.h>

#define REST_HEAD "format: 1\nconnector: shop\nbase_url: https://api.example.com/v1\n"
/* The time of all answers, and the servers' Date where a test gives one. */
#define NOW_US INT64_C(1795399506000000) /* 2026-11-23T02:05:06Z */
#define NOW_DATE "Date: Mon, 23 Nov 2026 02:05:06 GMT\n"

struct rest_case {
	struct arena *arena;
	struct connector *connector;
	struct settings settings;
	struct rest_setup setup;
	struct question question;
	struct table *table;
	struct shaper *shaper;
	struct batch *batch;
	struct rest *rest;
	struct sign_mark mark;
	int64_t seq;
	struct row_sink sink;
	struct verdict verdict;
	struct err err;
	struct buf text;   /* what ask, answer and rows return */
	struct buf failed; /* "element 3: why; " */
	struct buf seen;   /* "T0 R0+1 ": taken or rejected, of which element, what was rescued */
};

static inline bool rest_case_row(void *user, const struct row_report *report, size_t element,
				 struct err *reterr)
{
	struct rest_case *c = user;
	(void)reterr;
	buf_addf(&c->seen, "%c%zu", report->taken ? 'T' : 'R', element);
	if (report->rescued > 0)
		buf_addf(&c->seen, "+%u", report->rescued);
	buf_add_char(&c->seen, ' ');
	return true;
}

static inline void rest_case_failed(void *user, size_t element, const struct err *why)
{
	struct rest_case *c = user;
	buf_addf(&c->failed, "%zu: %s; ", element, why->text);
}

static inline void rest_read(struct rest_case *c, const char *connector, const char *settings)
{
	struct buf mistakes;
	struct yaml *given = NULL;
	*c = (struct rest_case){.arena = arena_new()};
	buf_init(&mistakes, MIB);
	buf_init(&c->text, 64 * (size_t)MIB);
	buf_init(&c->failed, MIB);
	buf_init(&c->seen, MIB);
	if (!connector_parse(&c->connector, span_of(connector), "shop.yaml", &mistakes, &c->err) ||
	    !yaml_read(c->arena, span_of(settings), "firn.yaml", &given, &c->err) ||
	    !settings_read(c->arena, c->connector, given, "firn.yaml", &c->settings, &mistakes,
			   &c->err))
		fail_msg("%s%s", c->err.text, buf_text(&mistakes));
	buf_done(&mistakes);
	c->setup = (struct rest_setup){c->connector, &c->settings, "https://api.example.com/v1/",
				       NOW_US - STAMP_HOUR};
	if (c->connector->base_url == NULL)
		c->setup.base_url = "";
	c->sink = (struct row_sink){.seq = &c->seq, .row = rest_case_row,
				    .element_failed = rest_case_failed, .user = c};
}

static inline void rest_plan(struct rest_case *c, const char *stream)
{
	struct privacy none = {0};
	const struct stream *found = connector_stream(c->connector, stream);
	assert_non_null(found);
	c->question.stream = found;
	if (!plan_table(c->arena, found, "", false, &none, &c->table, &c->err) ||
	    !shaper_new(&c->shaper, c->table, SPAN("key"), &c->err) ||
	    !batch_new(&c->batch, c->table, &c->err))
		fail_msg("%s", c->err.text);
	c->sink.shaper = c->shaper;
	c->sink.batch = c->batch;
}

/* `streams`: behind REST_HEAD; the first stream is asked, about one day. */
static inline void rest_begin(struct rest_case *c, const char *streams, const char *settings)
{
	char text[8000];
	assert_true((size_t)snprintf(text, sizeof text, "%s%s", REST_HEAD, streams) < sizeof text);
	rest_read(c, text, settings);
	rest_plan(c, c->connector->streams[0].name);
	c->question.from_us = INT64_C(1795305600000000);  /* 2026-11-22T00:00:00Z */
	c->question.until_us = INT64_C(1795392000000000); /* 2026-11-23T00:00:00Z */
	if (!rest_open(&c->rest, &c->setup, &c->question, &c->err))
		fail_msg("%s", c->err.text);
}

static inline void rest_again(struct rest_case *c)
{
	rest_close(c->rest);
	if (!rest_open(&c->rest, &c->setup, &c->question, &c->err))
		fail_msg("%s", c->err.text);
}

static inline void rest_end(struct rest_case *c)
{
	rest_close(c->rest);
	shaper_free(c->shaper);
	batch_free(c->batch);
	connector_free(c->connector);
	arena_free(c->arena);
	buf_done(&c->text);
	buf_done(&c->failed);
	buf_done(&c->seen);
}

static inline const char *request_text(struct rest_case *c, const struct request *request)
{
	buf_clear(&c->text);
	buf_addf(&c->text, "%s %s", request->method, request->url);
	for (size_t i = 0; i < request->headers_n; i++) {
		if (strcmp(request->headers[i].name, "Accept") != 0)
			buf_addf(&c->text, "\n%s: %s", request->headers[i].name,
				 request->headers[i].value);
	}
	if (request->body.at != NULL)
		buf_addf(&c->text, "\n%.*s", SPAN_ARGS(request->body));
	return buf_text(&c->text);
}

/* "GET URL", then headers (Accept aside) and body, a line each; "done"; or "error: ...". */
static inline const char *ask(struct rest_case *c)
{
	struct request request;
	enum rest_step step = REST_ASK;
	c->err = (struct err){0};
	if (!rest_next(c->rest, &c->mark, NOW_US, &request, &step, &c->err)) {
		buf_clear(&c->text);
		buf_addf(&c->text, "error: %s", c->err.text);
		return buf_text(&c->text);
	}
	return step == REST_DONE ? "done" : request_text(c, &request);
}

/* The URL as people see it. */
static inline const char *ask_shown(struct rest_case *c)
{
	struct request request;
	enum rest_step step = REST_ASK;
	if (!rest_next(c->rest, &c->mark, NOW_US, &request, &step, &c->err))
		fail_msg("%s", c->err.text);
	if (step == REST_DONE)
		return "done";
	buf_clear(&c->text);
	buf_add_text(&c->text, request.shown);
	return buf_text(&c->text);
}

/* `headers`: lines, or NULL. */
static inline struct response make_response(int status, const char *headers, struct span body)
{
	struct response response = {.end = EXCHANGE_ANSWERED, .status = status};
	struct err err = {0};
	buf_init(&response.body, 256 * (size_t)MIB);
	buf_init(&response.headers, HEADER_BYTES_MAX);
	buf_add_span(&response.body, body);
	for (const char *line = headers; line != NULL && *line != '\0';) {
		const char *end = strchr(line, '\n');
		size_t size = end == NULL ? strlen(line) : (size_t)(end - line);
		assert_true(response_keep(&response, (struct span){line, size}));
		line = end == NULL ? NULL : end + 1;
	}
	if (!response_settle(&response, "https://api.example.com/v1/x", NOW_US, &err))
		fail_msg("%s", err.text);
	return response;
}

/* "page N", "empty", "wait MS: why", "retry MS: why", "restart: why", "sign in: why",
 * "fail stream: why", "fail run: why", "error: why". */
static inline const char *verdict_text(struct rest_case *c)
{
	static const char *const names[] = {
		[VERDICT_EMPTY] = "empty", [VERDICT_WAIT] = "wait", [VERDICT_RETRY] = "retry",
		[VERDICT_RESTART] = "restart", [VERDICT_SIGN_IN] = "sign in",
		[VERDICT_FAIL_STREAM] = "fail stream", [VERDICT_FAIL_RUN] = "fail run"};
	const struct verdict *verdict = &c->verdict;
	buf_clear(&c->text);
	if (verdict->kind == VERDICT_PAGE)
		buf_addf(&c->text, "page %lld", (long long)verdict->records);
	else
		buf_add_text(&c->text, names[verdict->kind]);
	if (verdict->kind == VERDICT_WAIT || verdict->wait_ms > 0)
		buf_addf(&c->text, " %lld", (long long)verdict->wait_ms);
	if (verdict->kind != VERDICT_PAGE)
		buf_addf(&c->text, ": %s", verdict->why.text);
	return buf_text(&c->text);
}

static inline const char *take(struct rest_case *c, struct response *response)
{
	c->err = (struct err){0};
	buf_clear(&c->failed);
	buf_clear(&c->seen);
	bool done = rest_take(c->rest, response, NOW_US, &c->sink, &c->verdict, &c->err);
	response_done(response);
	if (done)
		return verdict_text(c);
	buf_clear(&c->text);
	buf_addf(&c->text, "error: %s", c->err.text);
	return buf_text(&c->text);
}

static inline const char *answer_span(struct rest_case *c, int status, const char *headers,
				      struct span body)
{
	struct response response = make_response(status, headers, body);
	return take(c, &response);
}

static inline const char *answer(struct rest_case *c, int status, const char *headers,
				 const char *body)
{
	return answer_span(c, status, headers, span_of(body));
}

/* All rows since the last call, a line each. */
static inline const char *rows(struct rest_case *c)
{
	struct rows *sealed;
	if (!batch_seal(c->batch, &sealed, &c->err))
		fail_msg("%s", c->err.text);
	buf_clear(&c->text);
	rows_text(sealed, &c->text);
	rows_free(sealed);
	return buf_text(&c->text);
}

#define ASKS(c, expected) assert_string_equal(ask(c), expected)
#define ANSWERS(c, status, headers, body, expected) \
	assert_string_equal(answer(c, status, headers, body), expected)
#define ROWS(c, expected) assert_string_equal(rows(c), expected)

#endif
