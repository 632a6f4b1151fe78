#include "oauth.h"

#include "random.h"

#include "base/clock.h"
#include "base/json.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct given {
	char text[48];
	int64_t until_ms;
};

struct oauth {
	struct oauth_options options;
	pthread_mutex_t lock;
	struct given given[TOKENS_MAX]; /* the newest, in a ring */
	uint64_t n;
};

bool oauth_new(struct oauth **ret, const struct oauth_options *options, struct err *reterr)
{
	struct oauth *oauth = calloc(1, sizeof *oauth);
	if (oauth == NULL)
		return err_memory(reterr);
	oauth->options = *options;
	pthread_mutex_init(&oauth->lock, NULL);
	*ret = oauth;
	return true;
}

void oauth_free(struct oauth *oauth)
{
	if (oauth == NULL)
		return;
	pthread_mutex_destroy(&oauth->lock);
	free(oauth);
}

const char *auth_name(enum auth auth)
{
	static const char *const NAMES[] = {"right", "none", "wrong", "expired"};
	return NAMES[auth];
}

enum auth oauth_check(struct oauth *oauth, const char *header)
{
	static const char SCHEME[] = "Bearer ";
	if (header == NULL)
		return AUTH_NONE;
	if (strncmp(header, SCHEME, sizeof SCHEME - 1) != 0)
		return AUTH_WRONG;
	const char *token = header + sizeof SCHEME - 1;
	if (*oauth->options.token != '\0' && strcmp(token, oauth->options.token) == 0)
		return AUTH_RIGHT;
	enum auth found = AUTH_WRONG;
	int64_t now_ms = clock_mono_ms();
	pthread_mutex_lock(&oauth->lock);
	for (uint64_t i = 0; i < TOKENS_MAX; i++) {
		const struct given *given = &oauth->given[i];
		if (given->text[0] != '\0' && strcmp(token, given->text) == 0)
			found = now_ms < given->until_ms ? AUTH_RIGHT : AUTH_EXPIRED;
	}
	pthread_mutex_unlock(&oauth->lock);
	return found;
}

static void give(struct oauth *oauth, struct answer *ret)
{
	pthread_mutex_lock(&oauth->lock);
	struct given *given = &oauth->given[oauth->n % TOKENS_MAX];
	uint64_t drawn = mix64(mix64(oauth->options.seed ^ 0x70CE) + oauth->n++);
	snprintf(given->text, sizeof given->text, "sim-%016" PRIx64 "%016" PRIx64, drawn,
		 mix64(drawn));
	given->until_ms = clock_mono_ms() + oauth->options.life_ms;
	answer_json(ret, 200);
	buf_addf(&ret->body, "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":%"
		 PRId64 "}", given->text, oauth->options.life_ms / 1000);
	pthread_mutex_unlock(&oauth->lock);
}

static void refuse(struct answer *ret, unsigned status, const char *code, const char *words)
{
	answer_json(ret, status);
	buf_add_char(&ret->body, '{');
	json_add_string(&ret->body, "error", code);
	json_add_string(&ret->body, "error_description", words);
	buf_add_char(&ret->body, '}');
}

void oauth_answer(struct oauth *oauth, struct span body, struct answer *ret)
{
	struct err err;
	struct json_doc *doc = json_parse(body, &err);
	const struct json *root = doc == NULL ? NULL : json_root(doc);
	if (json_kind(root) != JSON_OBJECT)
		refuse(ret, 400, "invalid_request", "Expected a JSON object.");
	else if (!span_is(json_text_member(root, "grant_type", ""), "client_credentials"))
		refuse(ret, 400, "unsupported_grant_type", "Expected client_credentials.");
	else if (!span_is(json_text_member(root, "client_id", ""), oauth->options.client_id) ||
		 !span_is(json_text_member(root, "client_secret", ""),
			  oauth->options.client_secret))
		refuse(ret, 401, "invalid_client", "The client is not known.");
	else
		give(oauth, ret);
	json_free(doc);
}

void oauth_revoke(struct oauth *oauth, int64_t life_ms)
{
	pthread_mutex_lock(&oauth->lock);
	for (size_t i = 0; i < TOKENS_MAX; i++)
		oauth->given[i].until_ms = 0;
	if (life_ms > 0)
		oauth->options.life_ms = life_ms;
	pthread_mutex_unlock(&oauth->lock);
}

uint64_t oauth_given(struct oauth *oauth)
{
	pthread_mutex_lock(&oauth->lock);
	uint64_t n = oauth->n;
	pthread_mutex_unlock(&oauth->lock);
	return n;
}
