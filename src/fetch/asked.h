/* A request that was checked and copied whole, so that it can outlive its maker. */
#ifndef FIRN_FETCH_ASKED_H
#define FIRN_FETCH_ASKED_H

#include "fetch/exchange.h"

struct arena;

struct asked {
	struct arena *arena;    /* holds all that follows */
	struct request request; /* without its headers; POST, PUT and PATCH always have a body */
	/* Its headers as libcurl takes them: "Name: value", "Name;" for an empty value, and "Name:"
	 * for what libcurl must not add by itself. */
	const char **lines;
	size_t lines_n;
	const char *origin;     /* url_origin */
	const char *host;       /* host and port, for messages */
	bool secure;            /* https */
	bool raw;               /* it brings its own Accept-Encoding */
};

/* ERR_USAGE: no http(s) URL, bytes in it that must be encoded, a header that would break out of
 * its line. Messages name the request as `shown`, never by its URL, a header by its name. */
MUST_CHECK bool asked_init(struct asked *ret, const struct request *request, struct err *reterr);
/* The token goes to the host that libcurl sees: it must be the one that url_origin saw, else
 * ERR_USAGE. */
MUST_CHECK bool asked_host_is_seen(const struct asked *asked, struct err *reterr);
void asked_done(struct asked *asked);

#endif
