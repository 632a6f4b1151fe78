/* Signing in, as a pure conversation: what the configuration gave, and for OAuth2 the token that
 * has to be asked for first and renewed before it ends. */
#ifndef FIRN_SOURCE_SIGN_H
#define FIRN_SOURCE_SIGN_H

#include "base/arena.h"
#include "connector/settings.h"
#include "fetch/exchange.h"

/* Secrets as the configuration resolved them; those that the way does not need are empty. The
 * caller replaces them (and calls sign_forget) when a ${file:…} was read again. */
struct credentials {
	enum auth_kind kind;
	struct span token;         /* bearer; oauth2: asked for */
	struct span user, password; /* basic */
	struct span key;           /* api_key */
	struct span client_id, client_secret; /* oauth2 */
	const char *token_url;     /* oauth2: the configuration's, or NULL: the connector's */
	const char *scope;         /* likewise */
};

struct sign;

/* `base_url` is where the token may go, already filled in. All pointers must outlive it. */
MUST_CHECK bool sign_new(struct sign **ret, const struct connector *, const struct settings *,
			 const struct credentials *, const char *base_url, struct err *reterr);
void sign_free(struct sign *); /* NULL is fine */

/* True: a token must be asked for first (oauth2: none yet, or it ends within a minute). */
bool sign_due(const struct sign *, int64_t now_us);
MUST_CHECK bool sign_ask(struct sign *, struct request *ret, struct err *reterr);
/* ERR_AUTH: refused; ERR_TRANSIENT: try again; ERR_DATA: an answer without a token. */
MUST_CHECK bool sign_take(struct sign *, const struct response *, int64_t now_us,
			  struct err *reterr);
/* After a 401: the token that is there is worth nothing. */
void sign_forget(struct sign *);

/* What every request carries: a header (name NULL: none) or a query entry (likewise). Valid
 * until the next call of sign_… on this sign. */
struct sign_mark {
	const char *header, *header_value;
	const char *query, *query_value; /* not encoded yet */
};
MUST_CHECK bool sign_mark(struct sign *, struct sign_mark *ret, struct err *reterr);

#endif
