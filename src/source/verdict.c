/* What an answer means. The connector's rules are tried first, in order; all conditions of a rule
 * must hold. Then the built-in ones: Retry-After always, 429, 408 and 425 wait a minute, 5xx and
 * what the wire broke are tried again, 401 signs in anew, other refusals fail the stream. */
#include "base/bounds.h"
#include "base/text.h"
#include "source/talk.h"

#include <stdio.h>
#include <stdlib.h>

enum { MESSAGE_BYTES = 300, BUILT_IN_WAIT_MS = 60 * 1000 };
/* A server that says "again, at once" for ever would be asked for ever: the least wait uses up
 * the run's budget. */
enum { WAIT_MS_MIN = 1000 };

void talk_words(struct buf *out, struct span text, size_t bytes_max)
{
	struct buf clean;
	size_t size = text.size;
	if (size > bytes_max) {
		size = bytes_max;
		while (size > 0 && (text.at[size] & 0xC0) == 0x80)
			size--;
	}
	buf_init(&clean, 3 * bytes_max);
	text_clean(&clean, (struct span){text.at, size});
	for (size_t i = 0; i < clean.size; i++) {
		unsigned char c = (unsigned char)clean.data[i];
		unsigned char next = (unsigned char)clean.data[i + 1];
		/* U+0080 to U+009F are control characters too, and terminals obey them. */
		bool high = c == 0xC2 && next < 0xA0;
		i += high;
		buf_add_char(out, c < 0x20 || c == 0x7F || high ? ' ' : (char)c);
	}
	if (text.size > size)
		buf_add_text(out, "...");
	buf_done(&clean);
}

void talk_message(const struct rest *rest, const struct json *root, struct span body,
		  struct buf *out)
{
	const struct json *said = NULL;
	if (root != NULL)
		said = json_point_any(root, rest->stream->message_at, true);
	if (json_kind(said) == JSON_TEXT)
		talk_words(out, text_trim(json_text(said)), MESSAGE_BYTES);
	else if (text_trim(body).size > 0)
		talk_words(out, text_trim(body), MESSAGE_BYTES);
	else
		buf_add_text(out, "an empty body");
}

static bool same_value(const struct json *found, const struct value *wanted)
{
	switch (json_kind(found)) {
	case JSON_TEXT:
		return wanted->kind == VALUE_TEXT && span_equal(json_text(found), wanted->text);
	case JSON_NUMBER:
		return wanted->kind == VALUE_NUMBER &&
		       span_equal(json_digits(found), wanted->text);
	case JSON_BOOL:
		return wanted->kind == VALUE_BOOL &&
		       span_is(wanted->text, json_bool(found) ? "true" : "false");
	case JSON_NULL:
		return wanted->kind == VALUE_NULL;
	default:
		return false;
	}
}

static bool status_holds(const struct error_rule *rule, int status)
{
	for (size_t i = 0; i < rule->statuses_n; i++) {
		if (status >= rule->statuses[i].from && status < rule->statuses[i].until)
			return true;
	}
	return rule->statuses_n == 0;
}

static bool value_holds(const struct error_rule *rule, const struct json *root)
{
	if (rule->at.n == 0)
		return true;
	const struct json *found = root == NULL ? NULL : json_point_any(root, rule->at, true);
	if (rule->is_any_n == 0)
		return same_value(found, &rule->is);
	for (size_t i = 0; i < rule->is_any_n; i++) {
		if (same_value(found, &rule->is_any[i]))
			return true;
	}
	return false;
}

/* `says` is looked for in the API's own words, else in the body. But a good page is full of
 * customers' words: where the API says elsewhere what it has to say, and the rule names no
 * status, they are not searched. */
static bool words_hold(const struct rest *rest, const struct error_rule *rule, int status,
		       const struct json *root, struct span body)
{
	struct pointers at = rest->stream->message_at;
	if (rule->says == NULL)
		return true;
	const struct json *said = root == NULL ? NULL : json_point_any(root, at, true);
	if (json_kind(said) == JSON_TEXT)
		return text_holds_nocase(json_text(said), span_of(rule->says));
	bool page = status >= 200 && status < 300 && root != NULL && at.n > 0 &&
		    rule->statuses_n == 0;
	return !page && text_holds_nocase(body, span_of(rule->says));
}

static const struct error_rule *find_rule(const struct rest *rest, int status,
					  const struct json *root, struct span body)
{
	for (size_t i = 0; i < rest->stream->errors_n; i++) {
		const struct error_rule *rule = &rest->stream->errors[i];
		if (status_holds(rule, status) && value_holds(rule, root) &&
		    words_hold(rest, rule, status, root, body))
			return rule;
	}
	return NULL;
}

/* --- how long --- */

static int64_t until_ms(int64_t then_us, int64_t now_us)
{
	return then_us <= now_us ? 0 : (then_us - now_us + 999) / 1000;
}

/* A header's number: seconds from now, or a point in time. The server's own clock counts. */
static bool header_wait(const struct response *response, const struct error_wait *wait,
			int64_t now_us, int64_t *ret_ms)
{
	static const struct stamp_format formats[] = {{STAMP_UNIX, NULL, 1},
						      {STAMP_UNIX_MS, NULL, 1}};
	struct span text = response_header(response, wait->header);
	int64_t us;
	if (text.at == NULL || text.size == 0)
		return false;
	if (!stamp_read(&formats[wait->kind == WAIT_HEADER_UNIX_MS], text, &us))
		return false;
	*ret_ms = wait->kind == WAIT_HEADER_S ? us / 1000 : until_ms(us, now_us);
	return us >= 0;
}

static bool one_wait(const struct response *response, const struct error_wait *wait,
		     int64_t now_us, int64_t *ret_ms)
{
	int64_t unit_us = 0;
	switch (wait->kind) {
	case WAIT_FIXED:
		*ret_ms = wait->us / 1000;
		return true;
	case WAIT_HEADER_S:
	case WAIT_HEADER_UNIX:
	case WAIT_HEADER_UNIX_MS:
		return header_wait(response, wait, now_us, ret_ms);
	case WAIT_NEXT_MINUTE:
		unit_us = STAMP_MINUTE;
		break;
	case WAIT_NEXT_HOUR:
		unit_us = STAMP_HOUR;
		break;
	case WAIT_NEXT_DAY:
		unit_us = STAMP_DAY;
		break;
	}
	*ret_ms = until_ms(stamp_floor(now_us, unit_us) + unit_us, now_us);
	return true;
}

static int64_t asked_wait_ms(const struct response *response, const struct error_rule *rule,
		       int64_t now_us)
{
	int64_t now = response->date_us > 0 ? response->date_us : now_us;
	int64_t wait_ms;
	if (response->retry_after_ms >= 0)
		return response->retry_after_ms;
	for (size_t i = 0; rule != NULL && i < rule->waits_n; i++) {
		if (one_wait(response, &rule->waits[i], now, &wait_ms))
			return wait_ms;
	}
	return BUILT_IN_WAIT_MS;
}

static int64_t wait_of(const struct response *response, const struct error_rule *rule,
		       int64_t now_us)
{
	int64_t wait_ms = asked_wait_ms(response, rule, now_us);
	return wait_ms < WAIT_MS_MIN ? WAIT_MS_MIN : wait_ms;
}

/* --- the verdict --- */

static enum err_kind kind_of(enum verdict_kind kind)
{
	switch (kind) {
	case VERDICT_WAIT:
	case VERDICT_RETRY:
	case VERDICT_RESTART:
		return ERR_TRANSIENT;
	case VERDICT_SIGN_IN:
	case VERDICT_FAIL_RUN:
		return ERR_AUTH;
	default:
		return ERR_REMOTE;
	}
}

static const char *host_of(const struct rest *rest)
{
	return rest->origin == NULL ? "the API" : rest->origin;
}

static void say(const struct rest *rest, const struct response *response, const struct json *root,
		const char *hint, struct verdict *ret)
{
	struct buf words;
	buf_init(&words, 2 * ERR_TEXT_BYTES);
	talk_message(rest, root, buf_span(&response->body), &words);
	err_set(&ret->why, kind_of(ret->kind), "%s: HTTP %d from %s: %s%s%s", rest->stream->name,
		response->status, host_of(rest), buf_text(&words), hint == NULL ? "" : " -- ",
		hint == NULL ? "" : hint);
	buf_done(&words);
}

static void say_redirect(const struct rest *rest, const struct response *response,
			 struct verdict *ret)
{
	struct buf target;
	const char *to = response->redirect == NULL ? "nowhere" : response->redirect;
	size_t size = strcspn(to, "?#"); /* behind it may stand our own api key */
	buf_init(&target, 2 * ERR_TEXT_BYTES);
	talk_words(&target, (struct span){to, size}, MESSAGE_BYTES);
	err_set(&ret->why, ERR_REMOTE, "%s: HTTP %d from %s points to %s; redirects are not "
		"followed: put that address into source.base_url if it is right",
		rest->stream->name, response->status, host_of(rest), buf_text(&target));
	buf_done(&target);
}

/* A proxy's password and a certificate concern all streams; what else cannot be mended by asking
 * again concerns this one. */
static void judge_wire(const struct rest *rest, const struct response *response,
		       struct verdict *ret)
{
	if (response->why.kind == ERR_TRANSIENT)
		ret->kind = VERDICT_RETRY;
	else if (response->end == EXCHANGE_UNTRUSTED || response->why.kind == ERR_AUTH)
		ret->kind = VERDICT_FAIL_RUN;
	else
		ret->kind = VERDICT_FAIL_STREAM;
	ret->why = response->why;
	err_at(&ret->why, "%s", rest->stream->name);
}

static enum verdict_kind verdict_of(enum error_then then)
{
	switch (then) {
	case THEN_WAIT:
		return VERDICT_WAIT;
	case THEN_RETRY:
		return VERDICT_RETRY;
	case THEN_RESTART:
		return VERDICT_RESTART;
	case THEN_EMPTY:
		return VERDICT_EMPTY;
	case THEN_FAIL_STREAM:
		return VERDICT_FAIL_STREAM;
	case THEN_FAIL_RUN:
		return VERDICT_FAIL_RUN;
	}
	return VERDICT_FAIL_STREAM;
}

static enum verdict_kind built_in(int status)
{
	if (status == 429 || status == 408 || status == 425)
		return VERDICT_WAIT;
	if (status >= 500)
		return VERDICT_RETRY;
	return status == 401 ? VERDICT_SIGN_IN : VERDICT_FAIL_STREAM;
}

static const char *built_in_hint(int status)
{
	if (status == 401)
		return "the sign-in was refused; see source.auth";
	if (status == 403)
		return "the sign-in lacks the right to read this";
	return NULL;
}

/* With `match: position` a bare answer is one element's part. It fails alone where there are
 * others to go on with. */
static bool fails_alone(const struct rest *rest, const struct error_rule *rule,
			const struct json *root)
{
	const struct repeat_rule *repeat = &rest->stream->repeat;
	if (!repeat->by_position || rule->then != THEN_FAIL_STREAM ||
	    json_kind(root) != JSON_OBJECT || rest->question.elements_n != 1)
		return false;
	const struct setting_value *list =
		settings_find(rest->setup->settings, span_of(repeat->over->name));
	return list != NULL && list->n > 1;
}

void talk_judge(const struct rest *rest, const struct response *response, const struct json *root,
		const struct err *json_error, int64_t now_us, struct verdict *ret, bool *ret_page)
{
	*ret = (struct verdict){.kind = VERDICT_PAGE};
	*ret_page = false;
	if (response->end != EXCHANGE_ANSWERED) {
		judge_wire(rest, response, ret);
		return;
	}
	int status = response->status;
	bool good = status >= 200 && status < 300;
	const struct error_rule *rule =
		find_rule(rest, status, root, buf_span(&response->body));
	if (rule != NULL && !fails_alone(rest, rule, good ? root : NULL)) {
		ret->kind = verdict_of(rule->then);
		say(rest, response, root, rule->hint, ret);
	} else if (good && root != NULL) {
		*ret_page = true;
		return;
	} else if (good) {
		ret->kind = VERDICT_RETRY;
		err_set(&ret->why, ERR_TRANSIENT,
			"%s: HTTP %d from %s, but the body is not whole JSON: %s",
			rest->stream->name, status, host_of(rest), json_error->text);
	} else if (status >= 300 && status < 400) {
		ret->kind = VERDICT_FAIL_STREAM;
		say_redirect(rest, response, ret);
	} else {
		ret->kind = built_in(status);
		say(rest, response, root, built_in_hint(status), ret);
	}
	if (ret->kind == VERDICT_WAIT)
		ret->wait_ms = wait_of(response, rule, now_us);
	else if (ret->kind == VERDICT_RETRY && response->retry_after_ms > 0)
		ret->wait_ms = response->retry_after_ms;
}

enum part talk_judge_part(const struct rest *rest, const struct json *part, struct err *why)
{
	struct buf words;
	const struct error_rule *rule = find_rule(rest, 200, part, SPAN(""));
	if (rule == NULL)
		return PART_GOOD;
	if (rule->then == THEN_EMPTY)
		return PART_PASSED;
	buf_init(&words, 2 * ERR_TEXT_BYTES);
	talk_message(rest, part, SPAN("an error without words"), &words);
	err_set(why, ERR_REMOTE, "%s: %s%s%s", rest->stream->name, buf_text(&words),
		rule->hint == NULL ? "" : " -- ", rule->hint == NULL ? "" : rule->hint);
	buf_done(&words);
	return PART_BAD;
}
