/* The door to libcurl.
 *
 * A transfer waits in line, is active, or has ended; all of them stand in one list in the order in
 * which they began. No more than connections_max are active: libcurl could hold back the others
 * by itself, but it counts its timeouts from the moment it is told of a transfer.
 *
 * Handles are reset and used again; connections, names and TLS sessions are the multi handle's. A
 * body is one buffer, sized at once from what is announced or from the answer before. */
#include "fetch/http.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "fetch/asked.h"
#include "fetch/failure.h"
#include "fetch/settings.h"
#include "fetch/stream.h"

#include <assert.h>
#include <curl/curl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>

enum state { WAITING, ACTIVE, ENDED };

struct transfer {
	struct transfer *next;
	struct http *http;
	struct asked asked;
	void *user;
	enum state state;
	CURL *easy; /* while it is active, as what follows */
	struct curl_slist *lines;
	char words[CURL_ERROR_SIZE];
	size_t header_bytes; /* of interim answers and trailers too */
	enum failure_reason overrun; /* why we ended it ourselves, or FAILURE_NONE */
	struct stream stream;
	struct response answer;
};

struct http {
	CURLM *multi;
	struct settings settings;
	struct transfer *first;
	size_t in_flight_n, idle_n;
	CURL **idle; /* handles; there are connections_max, in use or not */
	int64_t bytes_held;
	size_t body_bytes; /* of the last answer */
	atomic_bool woken;
	bool moved; /* transfers went on just now, and were not waited for since */
};

/* --- made and ended --- */

static bool open_multi(struct http *http)
{
	long connections = (long)http->settings.options.connections_max;
	http->multi = curl_multi_init();
	http->idle = calloc((size_t)connections, sizeof *http->idle);
	bool done = http->multi != NULL && http->idle != NULL;
	for (long i = 0; i < connections && done; i++) {
		http->idle[i] = curl_easy_init();
		done = http->idle[i] != NULL;
		http->idle_n += done;
	}
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, connections);
	curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
	return done;
}

bool http_new(struct http **ret, const struct http_options *options, struct err *reterr)
{
	struct http *http = calloc(1, sizeof *http);
	assert(options->connections_max > 0 && options->answer_bytes_max > 0);
	/* libcurl counts those who use it, under a lock of its own. */
	if (http == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(http);
		return err_memory(reterr);
	}
	atomic_init(&http->woken, false);
	bool done = settings_init(&http->settings, options, reterr) &&
		    (open_multi(http) || err_memory(reterr));
	if (done)
		*ret = http;
	else
		http_free(http);
	return done;
}

/* Gives the handle back. Its options point into this transfer: none may be left. */
static void deactivate(struct transfer *t)
{
	struct http *http = t->http;
	if (t->easy == NULL)
		return;
	curl_multi_remove_handle(http->multi, t->easy);
	curl_easy_reset(t->easy);
	http->idle[http->idle_n++] = t->easy;
	t->easy = NULL;
	curl_slist_free_all(t->lines);
	t->lines = NULL;
}

static void take_out(struct transfer **at)
{
	struct transfer *t = *at;
	*at = t->next;
	t->http->in_flight_n--;
	t->http->bytes_held -= (int64_t)t->answer.body.size;
	deactivate(t);
	response_done(&t->answer);
	asked_done(&t->asked);
	free(t);
}

void http_free(struct http *http)
{
	if (http == NULL)
		return;
	while (http->first != NULL)
		take_out(&http->first);
	for (size_t i = 0; i < http->idle_n; i++)
		curl_easy_cleanup(http->idle[i]);
	free(http->idle);
	curl_multi_cleanup(http->multi);
	settings_done(&http->settings);
	free(http);
	curl_global_cleanup();
}

/* --- what comes --- */

/* 0 where libcurl knows none. */
static int64_t fact(CURL *easy, CURLINFO which)
{
	curl_off_t wide = 0;
	long narrow = 0;
	if ((which & CURLINFO_TYPEMASK) == CURLINFO_OFF_T)
		return curl_easy_getinfo(easy, which, &wide) == CURLE_OK ? wide : 0;
	return curl_easy_getinfo(easy, which, &narrow) == CURLE_OK ? narrow : 0;
}

static size_t take_header(char *data, size_t one, size_t size, void *user)
{
	struct transfer *t = user;
	struct span line = {data, one * size};
	t->header_bytes += line.size;
	if (t->header_bytes > HEADER_BYTES_MAX)
		t->overrun = FAILURE_HEADER_SIZE;
	/* Behind a body stand trailers, which nobody asked for. */
	else if (t->answer.body.size == 0 && !response_keep(&t->answer, line))
		t->overrun = FAILURE_MEMORY;
	return t->overrun == FAILURE_NONE ? line.size : 0;
}

/* What the server announces is believed up to a bound; where it does not, or where the bytes are
 * compressed, the answer before is the best guess. What is not filled costs no memory. */
static bool reserve(struct transfer *t)
{
	struct buf *body = &t->answer.body;
	size_t expected = t->http->body_bytes + t->http->body_bytes / 8;
	int64_t announced = fact(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T);
	if (announced > 0 && (uint64_t)announced > body->max)
		return false;
	bool encoded = response_header(&t->answer, "content-encoding").size > 0;
	if (announced > 0 && (!encoded || (size_t)announced > expected))
		expected = (size_t)announced;
	if (expected > BODY_RESERVE_MAX)
		expected = BODY_RESERVE_MAX;
	return buf_reserve(body, expected < body->max ? expected : body->max) != NULL;
}

static size_t take_body(char *data, size_t one, size_t size, void *user)
{
	struct transfer *t = user;
	struct buf *body = &t->answer.body;
	size_t bytes = one * size;
	if (t->stream.sink != NULL && fact(t->easy, CURLINFO_RESPONSE_CODE) / 100 == 2)
		return stream_take(&t->stream, (struct span){data, bytes}) ? bytes : 0;
	if ((body->data != NULL || reserve(t)) && buf_add(body, data, bytes)) {
		t->http->bytes_held += (int64_t)bytes;
		return bytes;
	}
	bool room = body->max - body->size >= bytes;
	t->overrun = body->failed && room ? FAILURE_MEMORY : FAILURE_BODY_SIZE;
	return 0;
}

/* --- how it ended --- */

/* What libcurl's code alone does not say. */
static enum failure_reason refine(CURL *easy, enum failure_reason reason)
{
	if (reason == FAILURE_SILENT && fact(easy, CURLINFO_PRETRANSFER_TIME_T) == 0)
		return FAILURE_CONNECT_SLOW;
	/* A header line above libcurl's own bound is "out of memory" to older releases. */
	if (reason == FAILURE_MEMORY && fact(easy, CURLINFO_STARTTRANSFER_TIME_T) > 0 &&
	    fact(easy, CURLINFO_SIZE_DOWNLOAD_T) == 0)
		return FAILURE_HEADER_SIZE;
	if (reason == FAILURE_CERTIFICATE_OTHER)
		return failure_of_certificate(fact(easy, CURLINFO_PROXY_SSL_VERIFYRESULT),
					      fact(easy, CURLINFO_SSL_VERIFYRESULT));
	return reason;
}

static enum failure_reason reason_of(const struct transfer *t, CURLcode code)
{
	static const struct {
		int code;
		enum failure_reason reason;
	} reasons[] = {
		{CURLE_COULDNT_RESOLVE_HOST, FAILURE_NAME},
		{CURLE_COULDNT_RESOLVE_PROXY, FAILURE_PROXY_UNUSABLE},
		{CURLE_COULDNT_CONNECT, FAILURE_CONNECT},
		{CURLE_PROXY, FAILURE_PROXY_REFUSED},
		{CURLE_OPERATION_TIMEDOUT, FAILURE_SILENT},
		{CURLE_SSL_CONNECT_ERROR, FAILURE_HANDSHAKE},
		{CURLE_PEER_FAILED_VERIFICATION, FAILURE_CERTIFICATE_OTHER},
		{CURLE_SSL_CACERT_BADFILE, FAILURE_CA_FILE},
		{CURLE_GOT_NOTHING, FAILURE_NOTHING},
		{CURLE_PARTIAL_FILE, FAILURE_TORN},
		{CURLE_BAD_CONTENT_ENCODING, FAILURE_COMPRESSION},
		{CURLE_UNSUPPORTED_PROTOCOL, FAILURE_NOT_HTTP},
		{CURLE_WEIRD_SERVER_REPLY, FAILURE_NOT_HTTP},
		{CURLE_OUT_OF_MEMORY, FAILURE_MEMORY},
		{CURLE_BAD_FUNCTION_ARGUMENT, FAILURE_OPTIONS},
		{100 /* CURLE_TOO_LARGE, since 8.6.0 */, FAILURE_HEADER_SIZE},
	};
	if (t->overrun != FAILURE_NONE)
		return t->overrun;
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
		if (reasons[i].code == (int)code)
			return refine(t->easy, reasons[i].reason);
	}
	return FAILURE_BROKEN;
}

static void fail(struct transfer *t, enum failure_reason reason, int proxy_status)
{
	struct failure failure = {
		.reason = reason,
		.shown = t->asked.request.shown,
		.host = t->asked.host,
		.proxy = t->http->settings.proxy_place,
		.words = t->words,
		.proxy_status = proxy_status,
		.system_error = (int)fact(t->easy, CURLINFO_OS_ERRNO),
		.limits = &t->http->settings.options,
	};
	t->http->bytes_held -= (int64_t)t->answer.body.size;
	if (failure.proxy == NULL) /* the environment's: its name is not told */
		curl_easy_getinfo(t->easy, CURLINFO_PRIMARY_IP, &failure.proxy);
	failure_settle(&failure, &t->answer);
}

static void give_reason(struct transfer *t)
{
	t->http->bytes_held -= (int64_t)t->answer.body.size;
	stream_settle(&t->stream, &t->answer);
}

/* The transfer has its answer, or a reason why it has none. */
static void settle(struct transfer *t, CURLcode code)
{
	struct response *answer = &t->answer;
	int connect_status = (int)fact(t->easy, CURLINFO_HTTP_CONNECTCODE);
	answer->status = (int)fact(t->easy, CURLINFO_RESPONSE_CODE);
	answer->wire_bytes = fact(t->easy, CURLINFO_HEADER_SIZE) +
			     fact(t->easy, CURLINFO_SIZE_DOWNLOAD_T);
	answer->took_ms = fact(t->easy, CURLINFO_TOTAL_TIME_T) / 1000;
	if (answer->status == 407 || connect_status == 407)
		fail(t, FAILURE_PROXY_PASSWORD, 407);
	else if (code != CURLE_OK && connect_status > 299)
		fail(t, FAILURE_PROXY_REFUSED, connect_status);
	else if (t->stream.failed)
		give_reason(t);
	else if (code != CURLE_OK)
		fail(t, reason_of(t, code), 0);
	else if (!response_is_sound(answer))
		fail(t, FAILURE_TORN, 0);
	else if (!response_settle(answer, t->asked.request.url, clock_now_us(), &answer->why))
		fail(t, FAILURE_MEMORY, 0);
	else
		t->http->body_bytes = answer->body.size;
	t->state = ENDED;
	deactivate(t);
}

/* --- what is asked --- */

static bool add_headers(struct transfer *t)
{
	for (size_t i = 0; i < t->asked.lines_n; i++) {
		struct curl_slist *lines = curl_slist_append(t->lines, t->asked.lines[i]);
		if (lines == NULL)
			return false;
		t->lines = lines;
	}
	return true;
}

/* Ubuntu 22.04 has libcurl 7.81, which knows only the number that 7.85 replaced by a text. */
static CURLcode allow_http_only(CURL *easy)
{
	const CURLoption older = (CURLoption)181; /* CURLOPT_PROTOCOLS */
	CURLcode code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	return code != CURLE_UNKNOWN_OPTION
		       ? code
		       : curl_easy_setopt(easy, older, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
}

/* False: libcurl does not know an option that firn relies on. */
static bool configure(CURL *easy, struct transfer *t)
{
	const struct http_options *o = &t->http->settings.options;
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{CURLOPT_NOSIGNAL, 1},
		{CURLOPT_PATH_AS_IS, 1}, /* links are followed as they came */
		{CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_timeout_ms},
		{CURLOPT_LOW_SPEED_TIME, t->http->settings.low_speed_s},
		{CURLOPT_LOW_SPEED_LIMIT, t->http->settings.low_speed_rate},
		{CURLOPT_TCP_KEEPALIVE, 1}, {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
		{CURLOPT_HEADEROPT, CURLHEADER_SEPARATE}, /* a proxy sees no token */
		{CURLOPT_PROXYAUTH, (long)CURLAUTH_ANY},
		{CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
		{CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
	};
	const struct {
		CURLoption option;
		const void *value;
	} values[] = {
		{CURLOPT_PRIVATE, t},
		{CURLOPT_ERRORBUFFER, t->words},
		{CURLOPT_HEADERDATA, t},
		{CURLOPT_WRITEDATA, t},
		{CURLOPT_USERAGENT, o->user_agent},
		{CURLOPT_PROXY, o->proxy},
		{CURLOPT_NOPROXY, o->no_proxy},
		{CURLOPT_CAINFO, o->ca_file},
		{CURLOPT_ACCEPT_ENCODING, t->asked.raw ? NULL : ""},
		{CURLOPT_HTTPHEADER, t->lines},
		{CURLOPT_URL, t->asked.request.url},
	};
	int bad = (int)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	bad |= (int)allow_http_only(easy);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		bad |= (int)curl_easy_setopt(easy, numbers[i].option, numbers[i].value);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		if (values[i].value != NULL)
			bad |= (int)curl_easy_setopt(easy, values[i].option, values[i].value);
	}
	return bad == 0;
}

static bool ask(CURL *easy, struct transfer *t)
{
	const struct request *r = &t->asked.request;
	int bad = 0;
	/* These may be refused: by a handle that has its buffer yet from a shared connection, by a
	 * libcurl without HTTP/2 or without TLS to proxies. To wait for the first connection costs
	 * one handshake, and saves all others where HTTP/2 is spoken. */
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
	if (t->asked.secure) {
		curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
		curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	}
	if (t->http->settings.options.ca_file != NULL)
		curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, t->http->settings.options.ca_file);
	if (strcmp(r->method, "HEAD") == 0)
		return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
	if (r->body_from != NULL) {
		bad |= (int)curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		bad |= (int)curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
					     (curl_off_t)r->body_from->size);
		bad |= (int)curl_easy_setopt(easy, CURLOPT_READFUNCTION, stream_give);
		bad |= (int)curl_easy_setopt(easy, CURLOPT_READDATA, &t->stream);
		bad |= (int)curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, stream_seek);
		bad |= (int)curl_easy_setopt(easy, CURLOPT_SEEKDATA, &t->stream);
	} else if (r->body.at != NULL) {
		bad |= (int)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, r->body.at);
		bad |= (int)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
					     (curl_off_t)r->body.size);
	}
	bad |= (int)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r->method);
	return bad == 0;
}

static void activate(struct transfer *t, CURLM *multi)
{
	t->easy = t->http->idle[--t->http->idle_n];
	t->state = ACTIVE;
	if (!add_headers(t))
		settle(t, CURLE_OUT_OF_MEMORY);
	else if (!configure(t->easy, t) || !ask(t->easy, t) ||
		 curl_multi_add_handle(multi, t->easy) != CURLM_OK)
		settle(t, CURLE_BAD_FUNCTION_ARGUMENT);
}

/* Starts who waits, moves bytes, settles who has ended. */
static void advance(struct http *http)
{
	int left = 0;
	struct transfer *t;
	for (t = http->first; t != NULL && http->idle_n > 0; t = t->next) {
		if (t->state == WAITING)
			activate(t, http->multi);
	}
	CURLMcode code = curl_multi_perform(http->multi, &left);
	for (CURLMsg *m; (m = curl_multi_info_read(http->multi, &left)) != NULL;) {
		if (curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t) == CURLE_OK)
			settle(t, m->data.result);
	}
	/* libcurl fails as a whole where memory is short: nothing would ever end by itself. */
	for (t = http->first; code != CURLM_OK && t != NULL; t = t->next) {
		if (t->state == ACTIVE)
			settle(t, CURLE_OUT_OF_MEMORY);
	}
}

bool http_begin(struct http *http, const struct request *request, void *user, struct err *reterr)
{
	struct transfer *t = calloc(1, sizeof *t);
	if (t == NULL)
		return err_memory(reterr);
	if (!asked_init(&t->asked, request, reterr) || !asked_host_is_seen(&t->asked, reterr)) {
		asked_done(&t->asked);
		free(t);
		return false;
	}
	t->http = http;
	t->user = user;
	stream_init(&t->stream, request);
	t->answer.retry_after_ms = -1;
	buf_init(&t->answer.body, (size_t)http->settings.options.answer_bytes_max);
	buf_init(&t->answer.headers, HEADER_BYTES_MAX);
	struct transfer **end = &http->first;
	while (*end != NULL)
		end = &(*end)->next;
	*end = t;
	http->in_flight_n++;
	advance(http); /* it is on its way while the caller still works on the answer before */
	http->moved = true;
	return true;
}

bool http_wait(struct http *http, int64_t wait_ms, void **ret_user, struct response *ret)
{
	int64_t start_ms = clock_mono_ms();
	for (;;) {
		if (!http->moved)
			advance(http);
		http->moved = false;
		for (struct transfer **at = &http->first; *at != NULL; at = &(*at)->next) {
			if ((*at)->state != ENDED)
				continue;
			*ret_user = (*at)->user;
			*ret = (*at)->answer;
			http->bytes_held -= (int64_t)ret->body.size;
			(*at)->answer = (struct response){0};
			take_out(at);
			return true;
		}
		int64_t left_ms = wait_ms - (clock_mono_ms() - start_ms);
		if (atomic_exchange(&http->woken, false) || left_ms <= 0)
			return false;
		int timeout_ms = left_ms < INT_MAX ? (int)left_ms : INT_MAX;
		if (curl_multi_poll(http->multi, NULL, 0, timeout_ms, NULL) != CURLM_OK)
			clock_sleep_ms(10);
	}
}

void http_drop(struct http *http, const void *user)
{
	for (struct transfer **at = &http->first; *at != NULL;) {
		if ((*at)->user == user)
			take_out(at);
		else
			at = &(*at)->next;
	}
}

void http_wake(struct http *http)
{
	atomic_store(&http->woken, true);
	curl_multi_wakeup(http->multi);
}

size_t http_in_flight(const struct http *http)
{
	return http->in_flight_n;
}

int64_t http_bytes_held(const struct http *http)
{
	return http->bytes_held;
}
