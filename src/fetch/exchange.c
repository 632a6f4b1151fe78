#include "fetch/exchange.h"

#include "base/bounds.h"
#include "base/stamp.h"
#include "base/text.h"

#include <stdlib.h>

bool request_check_clear(const struct request *request, bool credential, bool allowed,
			 struct err *reterr)
{
	bool clear = text_same_nocase((struct span){request->url, strcspn(request->url, ":")},
				       SPAN("http"));
	if (!clear || !credential || allowed || url_is_loopback(request->url))
		return true;
	return err_set(reterr, ERR_USAGE,
		       "%s: http:// would send the credentials unencrypted; use https://, or set "
		       "http: { allow_http: true }", request->shown);
}

void response_done(struct response *answer)
{
	buf_done(&answer->body);
	buf_done(&answer->headers);
	free(answer->redirect);
	answer->redirect = NULL;
}

/* The next header with that name at or behind *at, which is left behind it. at NULL: none. */
static struct span next_header(const struct response *answer, const char *name, size_t *at)
{
	struct span all = buf_span(&answer->headers);
	while (*at < all.size) {
		struct span line = span_from(all, *at);
		const char *end = memchr(line.at, '\n', line.size);
		if (end != NULL)
			line.size = (size_t)(end - line.at);
		*at += line.size + 1;

		const char *colon = memchr(line.at, ':', line.size);
		if (colon == NULL)
			continue;
		size_t size = (size_t)(colon - line.at);
		if (text_same_nocase((struct span){line.at, size}, span_of(name)))
			return text_trim(span_from(line, size + 1));
	}
	return (struct span){NULL, 0};
}

struct span response_header(const struct response *answer, const char *name)
{
	size_t at = 0;
	return next_header(answer, name, &at);
}

/* --- Link (RFC 8288, 3; read as its appendix B.2 tells, which forgives much) --- */

static void skip(struct span *text, const char *any)
{
	while (text->size > 0 && text->at[0] != '\0' && strchr(any, text->at[0]) != NULL)
		*text = span_from(*text, 1);
}

static struct span take_token(struct span *text, const char *ends)
{
	size_t size = 0;
	while (size < text->size && (text->at[size] == '\0' ||
				     strchr(ends, text->at[size]) == NULL))
		size++;
	struct span token = {text->at, size};
	*text = span_from(*text, size);
	return text_trim(token);
}

/* A quoted text without its quotes. What a backslash protects stays behind it: no rel has any. */
static struct span take_quoted(struct span *text)
{
	size_t size = 1;
	while (size < text->size && text->at[size] != '"')
		size += text->at[size] == '\\' ? 2 : 1;
	if (size > text->size)
		size = text->size;
	struct span inside = {text->at + 1, size - 1};
	*text = span_from(*text, size + 1);
	return inside;
}

struct link {
	struct span target, rel;
	bool anchored; /* says something about another page than this one */
};

/* The next link of a header's value. False: the value has no more. */
static bool take_link(struct span *text, struct link *ret)
{
	*ret = (struct link){0};
	skip(text, ", \t");
	if (text->size == 0 || text->at[0] != '<')
		return false;
	*text = span_from(*text, 1);
	ret->target = take_token(text, ">");
	if (text->size == 0)
		return false;
	*text = span_from(*text, 1);
	for (;;) {
		take_token(text, ",;");
		if (text->size == 0 || text->at[0] == ',')
			return true;
		skip(text, "; \t");
		struct span name = take_token(text, "=;,");
		if (text->size == 0 || text->at[0] != '=')
			continue;
		skip(text, "= \t");
		bool quoted = text->size > 0 && text->at[0] == '"';
		struct span value = quoted ? take_quoted(text) : take_token(text, ";,");
		if (ret->rel.at == NULL && text_same_nocase(name, SPAN("rel")))
			ret->rel = value;
		ret->anchored = ret->anchored || text_same_nocase(name, SPAN("anchor"));
	}
}

struct span response_link(const struct response *answer, const char *rel)
{
	struct link link;
	size_t at = 0;
	for (;;) {
		struct span value = next_header(answer, "link", &at);
		if (value.at == NULL)
			return value;
		while (take_link(&value, &link)) {
			while (!link.anchored && link.rel.size > 0) {
				skip(&link.rel, " \t");
				if (text_same_nocase(take_token(&link.rel, " \t"), span_of(rel)))
					return link.target;
			}
		}
	}
}

bool response_keep(struct response *answer, struct span line)
{
	struct buf *kept = &answer->headers;
	struct span text = text_trim(line);
	if (span_starts(line, SPAN("HTTP/"))) {
		buf_clear(kept);
		answer->headers_whole = false;
	} else if (text.size == 0) {
		answer->headers_whole = true;
	} else {
		/* A line that begins with a blank goes on the one before. */
		if ((line.at[0] == ' ' || line.at[0] == '\t') && kept->size > 0) {
			buf_cut(kept, kept->size - 1);
			buf_add_char(kept, ' ');
		}
		buf_add_span(kept, text);
		buf_add_char(kept, '\n');
	}
	return !kept->failed;
}

/* libcurl forgives both: it takes the end of a connection for the end of the answer. */
bool response_is_sound(const struct response *answer)
{
	enum { DIGITS_MAX = 18 }; /* of what surely fits int64_t */
	return answer->headers_whole &&
	       response_header(answer, "content-length").size <= DIGITS_MAX;
}

/* --- what the transport itself needs to know --- */

/* Delay in seconds; a fraction, which some servers send, is rounded up. */
static bool read_seconds(struct span text, int64_t *ret_ms)
{
	int64_t seconds = 0;
	bool part = false;
	size_t i = 0;
	for (; i < text.size && text.at[i] >= '0' && text.at[i] <= '9'; i++) {
		seconds = seconds * 10 + (text.at[i] - '0');
		if (seconds > RETRY_AFTER_S_MAX)
			seconds = RETRY_AFTER_S_MAX;
	}
	if (i == 0)
		return false;
	if (i < text.size && text.at[i] == '.') {
		for (i++; i < text.size && text.at[i] >= '0' && text.at[i] <= '9'; i++)
			part = part || text.at[i] != '0';
	}
	if (part && seconds < RETRY_AFTER_S_MAX)
		seconds++;
	*ret_ms = seconds * 1000;
	return i == text.size;
}

static int64_t retry_after_ms(const struct response *answer, int64_t now_us)
{
	struct span value = response_header(answer, "retry-after");
	int64_t wait_ms, until_us;
	if (value.size == 0)
		return -1;
	if (read_seconds(value, &wait_ms))
		return wait_ms;
	if (!stamp_read_http(value, &until_us))
		return -1;
	int64_t from_us = answer->date_us != 0 ? answer->date_us : now_us;
	wait_ms = until_us <= from_us ? 0 : (until_us - from_us + 999) / 1000;
	return wait_ms < RETRY_AFTER_S_MAX * INT64_C(1000) ? wait_ms
							   : RETRY_AFTER_S_MAX * INT64_C(1000);
}

/* A target that is no URL is kept as it came: it is only shown. */
static bool settle_redirect(struct response *answer, const char *url, struct err *reterr)
{
	struct span target = response_header(answer, "location");
	struct buf link, whole;
	struct err ignored;
	if (answer->status < 300 || answer->status > 399 || target.size == 0)
		return true;
	buf_init(&link, HEADER_BYTES_MAX);
	buf_init(&whole, HEADER_BYTES_MAX);
	buf_add_span(&link, target);
	bool done = buf_ok(&link, reterr);
	if (done) {
		bool resolved = url_resolve(url, buf_text(&link), &whole, &ignored);
		answer->redirect = buf_take(resolved ? &whole : &link);
		done = answer->redirect != NULL || err_memory(reterr);
	}
	buf_done(&whole);
	buf_done(&link);
	return done;
}

bool response_settle(struct response *answer, const char *url, int64_t now_us,
		     struct err *reterr)
{
	struct span date = response_header(answer, "date");
	answer->date_us = 0;
	if (date.at != NULL && !stamp_read_http(date, &answer->date_us))
		answer->date_us = 0;
	answer->retry_after_ms = retry_after_ms(answer, now_us);
	return settle_redirect(answer, url, reterr);
}
