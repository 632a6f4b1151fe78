/* One call at a time, tried again where that may help. */
#include "deliver/s3_private.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "base/json.h"
#include "deliver/xml.h"
#include "fetch/retry.h"

#include <assert.h>

/* True: another try is worth it, and its wait is over. */
static bool wait_again(int *failures, const struct err *why)
{
	struct retry_random random = {(uint64_t)clock_now_us()};
	if (++*failures >= TRIES_MAX)
		return false;
	int64_t wait_ms = retry_backoff_ms(&random, *failures);
	if (why->wait_ms > wait_ms)
		wait_ms = why->wait_ms;
	if (wait_ms > BACKOFF_CAP_MS)
		return false; /* the caller knows how long it may wait */
	clock_sleep_ms(wait_ms);
	return true;
}

static bool exchange(struct s3 *s3, const struct s3_call *call, struct response *ret,
		     struct err *reterr)
{
	void *user;
	if (!s3_begin(s3, call, s3, reterr))
		return false;
	while (!http_wait(s3->http, 1000, &user, ret))
		continue;
	assert(user == s3);
	return true;
}

/* The answer is a 2xx; false: *ret is done with. `begin` may be NULL. */
static bool ask(struct s3 *s3, const struct s3_call *call, const struct s3_sink *sink,
		struct response *ret, bool *ret_absent, struct err *reterr)
{
	struct buf what;
	bool done = false, mended = false;
	int failures = 0;
	assert(s3->flights_n == 0);
	buf_init(&what, URL_BYTES_MAX);
	s3_add_shown(&what, s3, call->method, call->key);
	*ret_absent = false;
	while (!done) {
		struct err why = {0};
		if (sink != NULL && !sink->begin(sink->user, reterr))
			break;
		if (!exchange(s3, call, ret, reterr))
			break;
		enum s3_sense sense = s3_judge(ret, &s3->place, buf_text(&what), &why);
		done = sense == S3_SENSE_DONE;
		bool mends = !done && !mended && s3_mend(s3, sense, ret);
		mended = mended || mends;
		if (done)
			break;
		*ret_absent = sense == S3_SENSE_ABSENT;
		response_done(ret);
		bool later = sense == S3_SENSE_LATER && why.kind == ERR_TRANSIENT;
		if (!mends && (!later || !wait_again(&failures, &why))) {
			*reterr = why;
			break;
		}
	}
	buf_done(&what);
	return done;
}

bool s3_look(struct s3 *s3, struct span key, struct s3_head *ret, bool *ret_absent,
	     struct err *reterr)
{
	const struct header headers[] = {{"x-amz-checksum-mode", "ENABLED"}};
	struct response response;
	struct s3_call call = {.method = "HEAD", .key = key, .headers = headers, .headers_n = 1,
			       .body_sha256 = EMPTY_SHA256};
	if (!ask(s3, &call, NULL, &response, ret_absent, reterr))
		return false;
	s3_read_head(&response, ret);
	response_done(&response);
	return true;
}

bool s3_fetch(struct s3 *s3, struct span key, const struct s3_sink *sink, struct s3_head *ret,
	      struct err *reterr)
{
	const struct header headers[] = {{"x-amz-checksum-mode", "ENABLED"}};
	const struct request_sink take = {sink->user, sink->take};
	struct response response;
	bool absent;
	struct s3_call call = {.method = "GET", .key = key, .headers = headers, .headers_n = 1,
			       .body_sha256 = EMPTY_SHA256, .take = &take};
	if (!ask(s3, &call, sink, &response, &absent, reterr))
		return false;
	s3_read_head(&response, ret);
	response_done(&response);
	return true;
}

/* --- listing --- */

struct page {
	struct buf key, etag, size, token;
	bool more;
};

static void read_text(struct span inside, const char *name, struct buf *out)
{
	struct span inner;
	buf_clear(out);
	if (xml_next(&inside, name, &inner))
		xml_add_text(out, inner);
}

static struct span unquoted(struct span etag)
{
	if (etag.size >= 2 && etag.at[0] == '"' && etag.at[etag.size - 1] == '"')
		return (struct span){etag.at + 1, etag.size - 2};
	return etag;
}

/* ERR_REMOTE: not such a list. */
static bool read_page(struct span body, struct page *page,
		      bool (*each)(void *user, const struct s3_listed *, struct err *reterr),
		      void *user, bool *ret_stopped, struct err *reterr)
{
	struct span list, rest, one;
	struct s3_listed listed;
	*ret_stopped = false;
	if (!xml_next(&body, "ListBucketResult", &list))
		return err_set(reterr, ERR_REMOTE, "the answer is not a list of objects");
	for (rest = list; xml_next(&rest, "Contents", &one);) {
		read_text(one, "Key", &page->key);
		read_text(one, "ETag", &page->etag);
		read_text(one, "Size", &page->size);
		listed = (struct s3_listed){.key = buf_span(&page->key),
					    .etag = unquoted(buf_span(&page->etag))};
		if (page->key.failed || page->etag.failed || page->key.size == 0 ||
		    !json_whole(buf_span(&page->size), &listed.size) || listed.size < 0)
			return err_set(reterr, ERR_REMOTE, "the list of objects has an entry "
				       "without a key or a size");
		if (!each(user, &listed, reterr)) {
			*ret_stopped = true;
			return false;
		}
	}
	read_text(list, "IsTruncated", &page->token);
	page->more = span_is(buf_span(&page->token), "true");
	read_text(list, "NextContinuationToken", &page->token);
	if (page->more && (page->token.size == 0 || page->token.failed))
		return err_set(reterr, ERR_REMOTE, "the list of objects goes on without saying "
			       "where");
	return true;
}

static bool ask_page(struct s3 *s3, struct span prefix, struct span token, struct response *ret,
		     struct err *reterr)
{
	struct sigv4_pair query[] = {{SPAN("list-type"), SPAN("2")},
				     {SPAN("prefix"), prefix},
				     {SPAN("continuation-token"), token}};
	bool absent;
	struct s3_call call = {.method = "GET", .query = query,
			       .query_n = token.size > 0 ? 3 : 2, .body_sha256 = EMPTY_SHA256};
	return ask(s3, &call, NULL, ret, &absent, reterr);
}

bool s3_list(struct s3 *s3, struct span prefix,
	     bool (*each)(void *user, const struct s3_listed *, struct err *reterr), void *user,
	     struct err *reterr)
{
	struct page page = {.more = true};
	bool done = true, stopped;
	buf_init(&page.key, URL_BYTES_MAX);
	buf_init(&page.etag, KIB);
	buf_init(&page.size, KIB);
	buf_init(&page.token, URL_BYTES_MAX);
	for (int pages = 0; done && page.more; pages++) {
		struct response response;
		if (pages == PAGES_MAX)
			done = err_set(reterr, ERR_REMOTE, "%s: a list without end", s3->name);
		else if (!ask_page(s3, prefix, buf_span(&page.token), &response, reterr))
			done = false;
		else {
			done = read_page(buf_span(&response.body), &page, each, user, &stopped,
					 reterr);
			if (!done && !stopped)
				err_at(reterr, "%s", s3->name);
			response_done(&response);
		}
	}
	buf_done(&page.key);
	buf_done(&page.etag);
	buf_done(&page.size);
	buf_done(&page.token);
	return done;
}
