/* Digests and encodings of bytes: the only door to libcrypto below fetch and deliver. */
#ifndef FIRN_BASE_DIGEST_H
#define FIRN_BASE_DIGEST_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_HEX = 64 };

/* False: the library failed (no memory). */
MUST_CHECK bool digest_sha256(struct span data, unsigned char out[SHA256_BYTES]);
MUST_CHECK bool digest_hmac_sha256(struct span key, struct span data,
				   unsigned char out[SHA256_BYTES]);
/* The same in lower-case hexadecimal, NUL behind. */
MUST_CHECK bool digest_sha256_hex(struct span data, char out[SHA256_HEX + 1]);

/* SHA-256 of bytes that come piece by piece. */
struct digest;
MUST_CHECK bool digest_new(struct digest **ret, struct err *reterr);
void digest_free(struct digest *digest); /* NULL is fine */
MUST_CHECK bool digest_begin(struct digest *digest, struct err *reterr); /* after digest_new too */
MUST_CHECK bool digest_add(struct digest *digest, struct span data, struct err *reterr);
MUST_CHECK bool digest_copy(struct digest *to, const struct digest *from, struct err *reterr);
/* Of what was added so far, in lower-case hexadecimal; more may be added. */
MUST_CHECK bool digest_hex(const struct digest *digest, char out[SHA256_HEX + 1],
			   struct err *reterr);

/* Bytes that nobody can guess. */
MUST_CHECK bool digest_random(unsigned char *out, size_t size, struct err *reterr);

/* A fast 64-bit hash (not cryptographic, the same on every machine), for telling whether two
 * pages, links or keys are the same. `seed` chains several parts. */
uint64_t digest_hash64(struct span data, uint64_t seed);

bool digest_base64(struct buf *out, struct span data); /* RFC 4648, with padding */

#endif
