/* Who may ask: a fixed bearer token, and tokens given out for a client's id and secret, which end
 * when they said they would. */
#ifndef FIRN_SIM_OAUTH_H
#define FIRN_SIM_OAUTH_H

#include "answer.h"

#include "base/err.h"
#include "base/span.h"

enum { TOKENS_MAX = 256, TOKEN_BYTES_MAX = 512 };
enum auth { AUTH_RIGHT, AUTH_NONE, AUTH_WRONG, AUTH_EXPIRED };

struct oauth_options {
	const char *token; /* the fixed one; "" none */
	const char *client_id, *client_secret;
	int64_t life_ms;
	uint64_t seed;
};

struct oauth;

MUST_CHECK bool oauth_new(struct oauth **ret, const struct oauth_options *options,
			  struct err *reterr);
void oauth_free(struct oauth *oauth);
/* `header` is the value of Authorization, or NULL. */
enum auth oauth_check(struct oauth *oauth, const char *header);
const char *auth_name(enum auth auth); /* "right", "none", "wrong", "expired" */
/* Answers POST /oauth/v1/token: a JSON body with client_id, client_secret, grant_type. */
void oauth_answer(struct oauth *oauth, struct span body, struct answer *ret);
/* Every token given out so far is worth nothing from now on; later ones live for life_ms (0: as
 * before). */
void oauth_revoke(struct oauth *oauth, int64_t life_ms);
uint64_t oauth_given(struct oauth *oauth);

#endif
