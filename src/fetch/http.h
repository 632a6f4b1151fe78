/* Requests in flight: the only door to libcurl (multi interface, one pool of connections).
 *
 * Every limit is set: connect, low speed, size of an answer (after decompression too), size of
 * its headers. HTTP/2 and compression are used where the server offers them. Redirects are not
 * followed. Proxy, CA file and the hosts without proxy come from the configuration alone, the
 * usual environment variables (https_proxy, no_proxy) counting where it is silent. TLS is always
 * verified. No cookie, no .netrc, no other protocol than HTTP and HTTPS is used.
 *
 * One thread uses an http; http_wake may be called from any, and from a signal's handler. There may
 * be several: each counts itself as a user of libcurl, whose own set-up is safe among threads. The
 * program ignores SIGPIPE, for TLS may write to a connection that has gone. */
#ifndef FIRN_FETCH_HTTP_H
#define FIRN_FETCH_HTTP_H

#include "fetch/exchange.h"

struct http;

struct http_options {
	const char *user_agent;
	const char *proxy, *no_proxy; /* NULL: the environment's; proxy "": none */
	const char *ca_file;          /* NULL: the system's */
	int64_t connect_timeout_ms, answer_bytes_max;
	int64_t low_speed_time_ms, low_speed_bytes; /* less than that in that time: given up */
	/* In use or kept open at once. So many requests are on their way; more wait in line, which
	 * no timeout counts. */
	int64_t connections_max;
};

/* All of the options is copied. ERR_USAGE: the proxy is none (the message does not repeat it). */
MUST_CHECK bool http_new(struct http **ret, const struct http_options *, struct err *reterr);
void http_free(struct http *); /* drops what is in flight; NULL is fine */

/* Begins a request; all of `request` is copied. `user` comes back with the answer. ERR_MEMORY, or
 * ERR_USAGE where the URL or a header cannot be sent; no message repeats the URL. */
MUST_CHECK bool http_begin(struct http *, const struct request *, void *user, struct err *reterr);

/* Lets the transfers go on for at most wait_ms, less when an answer is there or http_wake was
 * called since the last time; also where nothing is in flight. True: *ret_user and *ret hold one
 * answer, which the caller owns (response_done). False: none yet. */
bool http_wait(struct http *, int64_t wait_ms, void **ret_user, struct response *ret);
/* Drops the requests with this user: neither they nor their answers come. */
void http_drop(struct http *, const void *user);
void http_wake(struct http *);
size_t http_in_flight(const struct http *);
int64_t http_bytes_held(const struct http *); /* received for answers that are not handed out yet */

#endif
