/* A private key out of a PEM text: opened with its passphrase, told by the fingerprint of its
 * public half, written again without a passphrase for a library that signs with it. */
#ifndef FIRN_BASE_PRIVATE_KEY_H
#define FIRN_BASE_PRIVATE_KEY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct private_key {
	struct buf pem;       /* PKCS#8 without a passphrase: a secret; wiped by private_key_done */
	char fingerprint[64]; /* "SHA256:" and base64 of the SHA-256 of the public key, DER */
	int bits;
};

/* `pem` is PKCS#8, encrypted or not, or the older PKCS#1; `passphrase.at` NULL: none was given.
 * ERR_USAGE: no key is in it, the passphrase is missing or wrong, it is not RSA, or has less than
 * `bits_min` bits. */
MUST_CHECK bool private_key_open(struct span pem, struct span passphrase, int bits_min,
				 struct private_key *ret, struct err *reterr);
void private_key_done(struct private_key *); /* a zeroed one is fine */

#endif
