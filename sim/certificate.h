/* A certificate for localhost that signs itself, made by the `openssl` program. */
#ifndef FIRN_SIM_CERTIFICATE_H
#define FIRN_SIM_CERTIFICATE_H

#include "base/buf.h"
#include "base/err.h"

struct certificate {
	struct buf cert, key; /* PEM */
	char folder[64];      /* of one that was made; "" else */
	char cert_path[128];  /* what a client names as its CA */
};

/* Reads the two files, or makes them in a new folder below /tmp where they are NULL. */
MUST_CHECK bool certificate_get(struct certificate *ret, const char *cert_path,
				const char *key_path, struct err *reterr);
/* Frees, and takes away what was made. */
void certificate_done(struct certificate *certificate);

#endif
