/* How an answer's bytes go out: whole, or torn, reset, late, in drops, in chunks. */
#ifndef FIRN_SIM_WIRE_H
#define FIRN_SIM_WIRE_H

#include "handle.h"

#include <microhttpd.h>

/* The response that sends outcome->answer.body (or its truth) as outcome->twist says; it owns the
 * bytes from then on. NULL: no memory. */
struct MHD_Response *wire_response(struct sim *sim, struct outcome *outcome, int socket);
/* Ends the connection with a RST instead of an answer. */
void wire_reset(int socket);

#endif
