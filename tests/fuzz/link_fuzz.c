/* Headers, links and URLs as a stranger may send them. The first line of the input is a base URL,
 * the rest are header lines. Beyond memory safety: what an origin or a resolved link is must be so
 * for every reader, or a token could go astray. */
#include "base/bounds.h"
#include "fetch/exchange.h"

#include <stdlib.h>
#include <string.h>

static void must(bool held)
{
	if (!held)
		abort();
}

/* An origin is its own origin. */
static bool origin_is_stable(const char *url, struct buf *origin)
{
	struct err err;
	struct buf again;
	buf_clear(origin);
	if (!url_origin(url, origin, &err))
		return false;
	buf_init(&again, URL_BYTES_MAX);
	must(url_origin(buf_text(origin), &again, &err));
	must(span_equal(buf_span(origin), buf_span(&again)));
	must(url_is_loopback(url) == url_is_loopback(buf_text(origin)));
	buf_done(&again);
	return true;
}

/* A resolved link has an origin; it can be sent; resolving it once more changes nothing. A link
 * without a host stays on the base's. */
static void follow(const char *base, const struct buf *base_origin, const char *link)
{
	struct err err;
	struct buf url, again, origin;
	buf_init(&url, 8 * URL_BYTES_MAX);
	buf_init(&again, 8 * URL_BYTES_MAX);
	buf_init(&origin, URL_BYTES_MAX);
	if (url_resolve(base, link, &url, &err)) {
		must(base_origin->size > 0);
		must(origin_is_stable(buf_text(&url), &origin));
		if (strstr(link, "//") == NULL)
			must(span_equal(buf_span(&origin), buf_span(base_origin)));
		for (size_t i = 0; i < url.size; i++)
			must(url.data[i] > ' ' && url.data[i] <= '~');
		if (url.size <= URL_BYTES_MAX) {
			must(url_resolve(base, buf_text(&url), &again, &err));
			must(span_equal(buf_span(&url), buf_span(&again)));
		}
	}
	buf_done(&url);
	buf_done(&again);
	buf_done(&origin);
}

static void follow_span(const char *base, const struct buf *base_origin, struct span link)
{
	struct buf text;
	buf_init(&text, HEADER_BYTES_MAX);
	if (link.at != NULL && memchr(link.at, '\0', link.size) == NULL &&
	    buf_add_span(&text, link))
		follow(base, base_origin, buf_text(&text));
	buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err;
	struct buf base, origin;
	struct response answer = {.status = 302};
	struct span rest = {(const char *)data, size};
	buf_init(&base, URL_BYTES_MAX);
	buf_init(&origin, URL_BYTES_MAX);
	buf_init(&answer.headers, HEADER_BYTES_MAX);
	bool first = true, kept = true;
	while (rest.size > 0 && kept) {
		const char *end = memchr(rest.at, '\n', rest.size);
		size_t length = end == NULL ? rest.size : (size_t)(end - rest.at) + 1;
		struct span line = {rest.at, length};
		rest = span_from(rest, length);
		if (!first)
			kept = response_keep(&answer, line);
		else if (memchr(line.at, '\0', line.size) == NULL)
			buf_add(&base, line.at, line.size - (end != NULL));
		first = false;
	}
	const char *url = buf_text(&base);
	if (!origin_is_stable(url, &origin))
		buf_clear(&origin);
	follow_span(url, &origin, response_link(&answer, "next"));
	follow_span(url, &origin, response_header(&answer, "x-next"));
	(void)response_is_sound(&answer);
	if (response_settle(&answer, url, 1795402800000000, &err))
		must(answer.retry_after_ms >= -1 &&
		     answer.retry_after_ms <= RETRY_AFTER_S_MAX * INT64_C(1000));
	response_done(&answer);
	buf_done(&base);
	buf_done(&origin);
	return 0;
}
