/* What the parts of deliver/credentials share; nobody else includes this.
 * credentials.c: the chain, renewal; credentials_fetch.c: who gives out keys, and how. */
#ifndef FIRN_DELIVER_CREDENTIALS_PRIVATE_H
#define FIRN_DELIVER_CREDENTIALS_PRIVATE_H

#include "deliver/credentials.h"

#include "base/arena.h"
#include "deliver/aws_files.h"

struct key_set {
	struct buf id, secret, token;
	int64_t expires_us;
};

enum key_source {
	KEYS_FIXED,
	KEYS_WEB_IDENTITY,
	KEYS_PROCESS,
	KEYS_CONTAINER,
	KEYS_MACHINE,
};

struct credentials {
	struct arena *arena;
	struct credentials_environment env;
	struct aws_profile profile;
	const char *profile_name;
	enum key_source source;
	const char *role_arn, *token_file, *session_name; /* of KEYS_WEB_IDENTITY */
	const char *region, *endpoint, *origin;
	struct http_options http_options;
	struct http *http;     /* made when it is needed */
	struct http *metadata; /* without a proxy, and with little patience */
	struct secrets *secrets;
	struct key_set keys;
	bool have, expired;
	int64_t again_us; /* a renewal that failed is not tried before */
	uint64_t version;
};

void key_set_init(struct key_set *keys);
void key_set_done(struct key_set *keys); /* overwrites */

/* New keys from where `source` says. ERR_USAGE also where nobody gives out any. */
MUST_CHECK bool credentials_fetch(struct credentials *c, struct key_set *ret,
				  struct err *reterr);

/* For tests and the above: AWS's JSON (AccessKeyId, SecretAccessKey, SessionToken or Token,
 * Expiration), and STS's XML. ERR_DATA: it is not such. Messages repeat nothing of it. */
MUST_CHECK bool credentials_read_json(struct span text, struct key_set *ret,
				      struct err *reterr);
MUST_CHECK bool credentials_read_sts(struct span text, struct key_set *ret, struct err *reterr);

#endif
