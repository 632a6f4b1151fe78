/* AWS Signature Version 4 in the Authorization header (AWS's "Signature Version 4 signing
 * process"). Pure: the caller gives the time; no socket, no environment.
 *
 * The path and the query are given as they are meant, not encoded: they are encoded here, once,
 * and the same text goes into the URL and into what is signed, so that the two cannot differ. The
 * path is never normalised and never encoded twice: that is S3's rule; other services want both.
 *
 * Why not libcurl's own: each release of it has signed some requests wrongly (headers of which
 * one's name begins another's, a plus in a query), and distributions carry all of them. */
#ifndef FIRN_DELIVER_SIGV4_H
#define FIRN_DELIVER_SIGV4_H

#include "base/digest.h"
#include "fetch/exchange.h"

struct sigv4_pair { /* of the query; both not encoded */
	struct span name, value;
};

struct sigv4_request {
	const char *method;
	struct span path; /* begins with '/', not encoded */
	const struct sigv4_pair *query;
	size_t query_n;
	/* All of them are signed: Host, x-amz-..., Content-Type, If-None-Match. X-Amz-Date and
	 * X-Amz-Security-Token are added here. A name may come twice. */
	const struct header *headers;
	size_t headers_n;
	const char *body_sha256; /* in lower-case hexadecimal */
};

/* Who signs, where. Spans, for none of it is ever printed as a C string. */
struct sigv4_signer {
	struct span access_key_id, secret_access_key;
	struct span session_token; /* size 0: none */
	struct span region, service;
};

enum { SIGV4_DATE_BYTES = 17 }; /* "20150830T123600Z", NUL behind */

struct sigv4_signed {
	struct buf target;        /* path and query, encoded, for the URL */
	struct buf canonical;     /* the canonical request: no secret but the session token in it */
	struct buf authorization; /* the header's value */
	char date[SIGV4_DATE_BYTES]; /* X-Amz-Date's value */
};

/* The signing key of a day; kept, for it is the same for all requests of one. */
struct sigv4_day {
	char date[9]; /* "20150830"; "": none yet */
	unsigned char key[SHA256_BYTES];
};

void sigv4_signed_init(struct sigv4_signed *signed_);
void sigv4_signed_done(struct sigv4_signed *signed_); /* frees; may be used again */

/* `day` is filled where it is empty or of another day; whoever changes the signer empties it.
 * What ret held is replaced. ERR_MEMORY: no memory, or a URL beyond URL_BYTES_MAX. */
MUST_CHECK bool sigv4_sign(const struct sigv4_request *request, const struct sigv4_signer *signer,
			   int64_t now_us, struct sigv4_day *day, struct sigv4_signed *ret,
			   struct err *reterr);

/* Appends the path as S3 has it: everything but A-Z a-z 0-9 - _ . ~ / percent-encoded. */
bool sigv4_add_path(struct buf *out, struct span path);

#endif
