/* One question at a time to a source, for the commands that look and load nothing. */
#ifndef FIRN_RUN_PROBE_H
#define FIRN_RUN_PROBE_H

#include "config/config.h"
#include "fetch/exchange.h"

#include <signal.h>

struct probe;

struct probe_options {
	const struct config *config; /* NULL: http's defaults, and no sign-in */
	bool secret;                 /* the sign-in carries credentials: not over a network in the
				      * clear, unless http.allow_http says so */
	const volatile sig_atomic_t *stop;
};

/* Whatever the options point to must outlive the probe. */
MUST_CHECK bool probe_new(struct probe **ret, const struct probe_options *, struct err *reterr);
void probe_free(struct probe *); /* NULL is fine */

/* Sends it and waits for its end, which may be any (response_done is the caller's). ERR_USAGE: it
 * cannot be sent; ERR_STOPPED. */
MUST_CHECK bool probe_ask(struct probe *, const struct request *, struct response *ret,
			  struct err *reterr);

#endif
