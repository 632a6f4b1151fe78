/* The listening side: libmicrohttpd, a thread for each connection, so that an answer may take its
 * time (latency, faults) without holding up another. */
#ifndef FIRN_SIM_SERVER_H
#define FIRN_SIM_SERVER_H

#include "sim.h"

struct server;

/* `sim` outlives the server. */
MUST_CHECK bool server_start(struct server **ret, struct sim *sim, const char *tls_cert,
			     const char *tls_key, struct err *reterr);
uint16_t server_port(const struct server *server);
void server_stop(struct server *server); /* NULL is fine */

#endif
