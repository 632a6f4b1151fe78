/* A question to a server and its answer, as plain data: no socket, no clock. What source/ says
 * it wants to ask and what fetch/ brings back; the only header of fetch/ that source/ may see. */
#ifndef FIRN_FETCH_EXCHANGE_H
#define FIRN_FETCH_EXCHANGE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct header {
	const char *name, *value;
};

/* A body that is read while it is sent, for those that are too large to be held. `again` goes back
 * to its first byte, for a connection that had gone before anything was read from it. */
struct request_source {
	void *user;
	int64_t size;
	bool (*read)(void *user, void *to, size_t room, size_t *ret_n, struct err *reterr);
	bool (*again)(void *user, struct err *reterr);
};

/* Where the body of a 2xx answer goes instead of into response.body, piece by piece; there may be
 * pieces although the answer breaks off later. */
struct request_sink {
	void *user;
	bool (*take)(void *user, struct span piece, struct err *reterr);
};

struct request {
	const char *method; /* "GET", "POST", "PUT", "HEAD" */
	const char *url;    /* absolute, encoded; may carry a secret in its query: never print it */
	const char *shown;  /* the same for people, without secrets */
	const struct header *headers; /* the sign-in's too */
	size_t headers_n;     /* one named Accept-Encoding: the body is handed out as it came */
	struct span body; /* at NULL: none */
	const struct request_source *body_from; /* or NULL; instead of body. Not copied, */
	const struct request_sink *take;        /* or NULL; nor is this: both outlive the answer */
};

/* How the exchange ended, as far as the wire can tell. */
enum exchange_end {
	EXCHANGE_ANSWERED, /* a whole answer with a status */
	EXCHANGE_REFUSED,  /* could not connect, name unknown, proxy refused */
	EXCHANGE_BROKEN,   /* reset, torn, too slow, timed out */
	EXCHANGE_UNTRUSTED, /* TLS: certificate or host name not accepted */
	EXCHANGE_TOO_LARGE, /* more than max_answer */
	EXCHANGE_UNUSABLE, /* the URL or our own options: asking again cannot help */
	EXCHANGE_OURS,     /* body_from or take failed: `why` is theirs */
};

/* A credential must not cross a network in the clear. ERR_USAGE: this request would send one over
 * http:// to another machine, and `allowed` (http.allow_http) does not say that it may. */
MUST_CHECK bool request_check_clear(const struct request *, bool credential, bool allowed,
				    struct err *reterr);

struct response {
	enum exchange_end end;
	int status;            /* 0 unless EXCHANGE_ANSWERED */
	/* Decompressed; empty unless EXCHANGE_ANSWERED. It is whole by HTTP's own measure; where a
	 * compressed stream ends too early inside of that, only the reader's format can tell. */
	struct buf body;
	struct buf headers;    /* raw lines of the last answer, "name: value\n" each */
	bool headers_whole;    /* the empty line behind them came */
	int64_t date_us;       /* the server's Date, 0: none */
	int64_t retry_after_ms; /* -1: none */
	int64_t wire_bytes;    /* that came over the wire: headers and compressed body */
	int64_t took_ms;
	char *redirect;        /* where a 3xx pointed, or NULL; never followed. It may repeat a
				* secret of our own URL: show it without its query. */
	/* Where end is not EXCHANGE_ANSWERED. ERR_TRANSIENT: the same request may work later;
	 * ERR_AUTH: a proxy wants a password; any other kind: asking again cannot help. */
	struct err why;
};

void response_done(struct response *); /* frees what it owns */
/* The value of a header, without blanks around it; compared without case; the first that is
 * there. at NULL: none. */
struct span response_header(const struct response *, const char *name);
/* The target of a Link header (RFC 8288) with that rel, as it was written; at NULL: none. */
struct span response_link(const struct response *, const char *rel);
/* Keeps a line as the server sent it. A status line forgets the lines before it: they were an
 * interim answer's. False: no memory, or more than headers.max. */
MUST_CHECK bool response_keep(struct response *, struct span line);
/* False: the headers broke off, or announce a length that no answer has. */
bool response_is_sound(const struct response *);
/* Fills date_us, retry_after_ms and redirect from the headers of the answer to `url`. A date in
 * Retry-After counts from the server's own Date, without one from now_us. */
MUST_CHECK bool response_settle(struct response *, const char *url, int64_t now_us,
				struct err *reterr);

/* --- URLs (pure text; src/source needs them too) --- */
/* The scheme, host and port of a URL for comparing, in lower case, default ports filled in:
 * "https://api.example.com:443". ERR_USAGE: not an http(s) URL, or one with a user name. */
MUST_CHECK bool url_origin(const char *url, struct buf *ret, struct err *reterr);
/* A link as it came in an answer to `base`: absolute, or relative (RFC 3986). */
MUST_CHECK bool url_resolve(const char *base, const char *link, struct buf *ret,
			    struct err *reterr);
bool url_is_loopback(const char *url);

#endif
