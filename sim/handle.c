/* Which request is for whom, and the API's own part: sign-in, records, counts. */
#include "handle.h"

#include "pages.h"
#include "truth.h"
#include "weather.h"

#include "base/text.h"

#include <stdio.h>

#define V1 SPAN("/export/v1/records/")
#define V1BETA2 SPAN("/export/v1beta2/records/")

void outcome_init(struct outcome *outcome)
{
	*outcome = (struct outcome){.entity = -1, .auth = AUTH_NONE};
	answer_init(&outcome->answer);
	buf_init(&outcome->fired, 4096);
}

void outcome_done(struct outcome *outcome)
{
	answer_done(&outcome->answer);
	buf_done(&outcome->fired);
	truth_close(outcome->truth);
	outcome->truth = NULL;
}

/* "/export/v1/records/users/$count": its entity, and whether it is a count. */
static bool entity_path(struct span path, enum entity *ret_entity, bool *ret_count)
{
	struct span rest = {0};
	if (span_starts(path, V1))
		rest = span_from(path, V1.size);
	else if (span_starts(path, V1BETA2))
		rest = span_from(path, V1BETA2.size);
	else
		return false;
	static const char *const COUNTS[] = {"/$count", "/%24count"};
	*ret_count = false;
	for (size_t i = 0; i < 2 && !*ret_count; i++) {
		size_t size = strlen(COUNTS[i]);
		*ret_count = rest.size > size &&
			     memcmp(rest.at + rest.size - size, COUNTS[i], size) == 0;
		if (*ret_count)
			rest.size -= size;
	}
	return entity_of(rest, ret_entity);
}

/* True: a fault has taken the answer over. */
static bool faulty(struct outcome *out)
{
	unsigned status = out->twist.status;
	const char *style = out->twist.style;
	if (status == 0)
		return false;
	if (*style == '\0')
		style = status == 502 ? "html" : status == 401 ? "nested" : "flat";
	answer_error(&out->answer, status, style, out->twist.message);
	return true;
}

void handle_twist(struct sim *sim, const struct request *request, enum fault_on on,
		  struct outcome *out)
{
	struct buf decoded;
	buf_init(&decoded, WEATHER_QUERY_BYTES);
	(void)unescape(&decoded, request->query, true);
	struct fault_request facts = {
		.on = on, .entity = out->entity < 0 ? USERS : (enum entity)out->entity,
		.page = out->page, .query = buf_span(&decoded),
	};
	faults_twist(sim->faults, &facts, &out->twist, &out->fired);
	buf_done(&decoded);
}

static void sign_in(struct sim *sim, const struct request *request, struct outcome *out)
{
	handle_twist(sim, request, ON_TOKEN, out);
	if (faulty(out))
		return;
	if (strcmp(request->method, "POST") != 0)
		answer_error(&out->answer, 405, NULL, "Use POST.");
	else
		oauth_answer(sim->oauth, request->body, &out->answer);
}

static void records(struct sim *sim, const struct request *request, bool count,
		    struct outcome *out)
{
	struct err err = {0};
	struct buf room, url;
	struct page_question question;
	buf_init(&room, QUERY_BYTES_MAX * 2);
	buf_init(&url, QUERY_BYTES_MAX);
	bool readable = page_read(sim, (enum entity)out->entity, request->query, &room, &question,
				  &err);
	out->page = readable && !count ? page_number(sim, &question) : 0;
	handle_twist(sim, request, count ? ON_COUNT : ON_RECORDS, out);
	out->auth = oauth_check(sim->oauth, request->authorization);
	buf_addf(&url, "%s://%s%.*s", request->scheme, request->host, SPAN_ARGS(request->path));
	bool done = true;
	if (faulty(out))
		goto out;
	if (out->auth != AUTH_RIGHT)
		answer_error(&out->answer, 401, "nested", "The credential is missing or invalid.");
	else if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
		answer_error(&out->answer, 405, NULL, "Only GET is supported.");
	else if (!readable)
		answer_error(&out->answer, 400, NULL, err.text);
	else if (count)
		done = page_count(sim, &question, &out->twist, &out->answer, &err);
	else
		done = page_answer(sim, &question, buf_text(&url), &out->twist, &out->answer, &err);
	if (!done)
		answer_error(&out->answer, 500, NULL, err.text);
out:
	buf_done(&room);
	buf_done(&url);
}

void handle(struct sim *sim, const struct request *request, struct outcome *out)
{
	enum entity entity;
	bool count = false;
	if (span_is(request->path, "/sim") || span_starts(request->path, SPAN("/sim/"))) {
		out->control = true;
		control(sim, request, out);
		return;
	}
	if (span_is(request->path, "/oauth/v1/token") ||
	    span_is(request->path, "/rest/v1/oauth/token")) {
		sign_in(sim, request, out);
	} else if (entity_path(request->path, &entity, &count)) {
		out->entity = (int)entity;
		records(sim, request, count, out);
	} else if (!weather(sim, request, out)) {
		out->auth = oauth_check(sim->oauth, request->authorization);
		answer_error(&out->answer, 404, NULL, "There is no such resource.");
	}
	answer_spoil(&out->answer, &out->twist);
}
