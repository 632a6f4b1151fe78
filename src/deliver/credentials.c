#include "deliver/credentials_private.h"

#include "base/bounds.h"
#include "base/file.h"
#include "base/stamp.h"
#include "config/secret.h"

#include <stddef.h>
#include <stdlib.h>

enum { AGAIN_S = 60 };

void key_set_init(struct key_set *keys)
{
	buf_init(&keys->id, KIB);
	buf_init(&keys->secret, KIB);
	buf_init(&keys->token, SECRET_BYTES_MAX);
	keys->expires_us = INT64_MAX;
}

void key_set_done(struct key_set *keys)
{
	buf_wipe(&keys->id);
	buf_wipe(&keys->secret);
	buf_wipe(&keys->token);
}

/* --- the profile --- */

static bool read_file(struct credentials *c, const char *given, const char *usual,
		      bool is_config, struct err *reterr)
{
	struct buf path, text;
	bool done = true;
	buf_init(&path, PATH_BYTES_MAX);
	buf_init(&text, CONFIG_BYTES_MAX);
	if (given != NULL)
		buf_add_text(&path, given);
	else if (c->env.home != NULL && c->env.home[0] != '\0')
		buf_addf(&path, "%s/.aws/%s", c->env.home, usual);
	if (path.size > 0 && !path.failed && file_exists(path.data))
		done = file_read(path.data, &text, reterr) &&
		       aws_profile_read(c->arena, buf_span(&text), is_config, c->profile_name,
					&c->profile, reterr);
	buf_done(&path);
	buf_wipe(&text);
	return done;
}

static bool read_profile(struct credentials *c, struct err *reterr)
{
	const struct credentials_environment *env = &c->env;
	c->profile_name = env->aws_profile != NULL ? env->aws_profile : "default";
	return read_file(c, env->aws_config_file, "config", true, reterr) &&
	       read_file(c, env->aws_shared_credentials_file, "credentials", false, reterr);
}

/* --- the chain --- */

static bool take_fixed(struct credentials *c, struct span id, struct span secret,
		       struct span token, const char *origin, struct err *reterr)
{
	c->source = KEYS_FIXED;
	c->origin = origin;
	if (id.size == 0 || secret.size == 0)
		return err_set(reterr, ERR_USAGE, "%s: access_key_id and secret_access_key go "
			       "together, one is missing", origin);
	buf_add_span(&c->keys.id, id);
	buf_add_span(&c->keys.secret, secret);
	buf_add_span(&c->keys.token, token);
	c->have = true;
	c->version = 1;
	return buf_ok(&c->keys.id, reterr) && buf_ok(&c->keys.secret, reterr) &&
	       buf_ok(&c->keys.token, reterr);
}

static bool take_web_identity(struct credentials *c, const char *role, const char *file,
			      const char *session, const char *origin, struct err *reterr)
{
	c->source = KEYS_WEB_IDENTITY;
	c->origin = origin;
	c->role_arn = role;
	c->token_file = file;
	c->session_name = session;
	if (role == NULL || file == NULL)
		return err_set(reterr, ERR_USAGE, "%s: the role's ARN and the token's file go "
			       "together, one is missing", origin);
	return true;
}

/* *ret_found: the profile says where keys come from. */
static bool take_profile(struct credentials *c, bool *ret_found, struct err *reterr)
{
	const struct aws_profile *p = &c->profile;
	const char *origin = arena_printf(c->arena, "the AWS profile '%s'", c->profile_name);
	if (origin == NULL)
		return err_memory(reterr);
	if (c->env.aws_profile != NULL && !p->found)
		return err_set(reterr, ERR_USAGE, "AWS_PROFILE names the profile '%.100s', which "
			       "is neither in ~/.aws/config nor in ~/.aws/credentials",
			       c->env.aws_profile);
	*ret_found = true;
	if (p->web_identity_token_file != NULL)
		return take_web_identity(c, p->role_arn, p->web_identity_token_file,
					 p->role_session_name, origin, reterr);
	if (p->unsupported != NULL && p->credential_process == NULL)
		return err_set(reterr, ERR_USAGE, "%s: %s is not supported; let a program bring "
			       "the keys: credential_process = aws configure export-credentials "
			       "--profile %.100s --format process, in a profile of its own",
			       origin, p->unsupported, c->profile_name);
	if (p->aws_access_key_id != NULL || p->aws_secret_access_key != NULL)
		return take_fixed(c, span_of(p->aws_access_key_id),
				  span_of(p->aws_secret_access_key),
				  span_of(p->aws_session_token), origin, reterr);
	*ret_found = p->credential_process != NULL;
	c->source = KEYS_PROCESS;
	c->origin = origin;
	return true;
}

static bool choose(struct credentials *c, const struct credentials_options *o,
		   struct err *reterr)
{
	const struct credentials_environment *env = &c->env;
	bool found = false;
	if (o->access_key_id.size > 0 || o->secret_access_key.size > 0)
		return take_fixed(c, o->access_key_id, o->secret_access_key, o->session_token,
				  "the configuration", reterr);
	if (env->aws_access_key_id != NULL || env->aws_secret_access_key != NULL)
		return take_fixed(c, span_of(env->aws_access_key_id),
				  span_of(env->aws_secret_access_key),
				  span_of(env->aws_session_token),
				  "the environment (AWS_ACCESS_KEY_ID)", reterr);
	if (env->aws_web_identity_token_file != NULL)
		return take_web_identity(c, env->aws_role_arn, env->aws_web_identity_token_file,
					 env->aws_role_session_name,
					 "the web identity (AWS_WEB_IDENTITY_TOKEN_FILE)",
					 reterr);
	if (!take_profile(c, &found, reterr))
		return false;
	if (found)
		return true;
	if (env->aws_container_credentials_relative_uri != NULL ||
	    env->aws_container_credentials_full_uri != NULL) {
		c->source = KEYS_CONTAINER;
		c->origin = "the container";
		return true;
	}
	c->source = KEYS_MACHINE;
	c->origin = "the machine's role";
	return true;
}

/* --- made and ended --- */

/* Every variable's text, in the arena; an empty one is as good as none. */
static bool copy_environment(struct credentials *c, const struct credentials_environment *from)
{
	const size_t n = sizeof *from / sizeof(const char *);
	for (size_t i = 0; i < n; i++) {
		const char *text;
		memcpy(&text, (const char *)from + i * sizeof text, sizeof text);
		if (text != NULL && text[0] == '\0')
			text = NULL;
		if (text != NULL && (text = arena_text(c->arena, span_of(text))) == NULL)
			return false;
		memcpy((char *)&c->env + i * sizeof text, &text, sizeof text);
	}
	return true;
}

static bool copy_http(struct credentials *c, const struct http_options *from)
{
	struct http_options *o = &c->http_options;
	const char **texts[] = {&o->user_agent, &o->proxy, &o->no_proxy, &o->ca_file};
	*o = *from;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (*texts[i] != NULL &&
		    (*texts[i] = arena_text(c->arena, span_of(*texts[i]))) == NULL)
			return false;
	}
	return true;
}

static const char *first(const char *a, const char *b, const char *c)
{
	return a != NULL ? a : b != NULL ? b : c;
}

/* What must not be seen is known to whoever prints. */
static bool note(struct credentials *c, struct err *reterr)
{
	if (c->secrets == NULL || !c->have)
		return true;
	bool fixed = c->source == KEYS_FIXED;
	struct span secret = buf_span(&c->keys.secret), token = buf_span(&c->keys.token);
	if (fixed)
		return secrets_note(c->secrets, secret, reterr) &&
		       (token.size == 0 || secrets_note(c->secrets, token, reterr));
	return secrets_note_token(c->secrets, secret, reterr) &&
	       (token.size == 0 || secrets_note_token(c->secrets, token, reterr));
}

static bool fill(struct credentials *c, const struct credentials_options *o, struct err *reterr)
{
	c->arena = arena_new();
	if (c->arena == NULL || !copy_environment(c, &o->environment) ||
	    !copy_http(c, o->http))
		return err_memory(reterr);
	c->secrets = o->secrets;
	if (!read_profile(c, reterr))
		return false;
	const char *region = NULL;
	if (o->region != NULL && (region = arena_text(c->arena, span_of(o->region))) == NULL)
		return err_memory(reterr);
	c->region = first(region, first(c->env.aws_region, c->env.aws_default_region, NULL),
			  c->profile.region);
	c->endpoint = first(c->env.aws_endpoint_url_s3, c->env.aws_endpoint_url,
			    c->profile.endpoint_url);
	return choose(c, o, reterr) && note(c, reterr);
}

bool credentials_new(struct credentials **ret, const struct credentials_options *options,
		     struct err *reterr)
{
	struct credentials *c = calloc(1, sizeof *c);
	if (c == NULL)
		return err_memory(reterr);
	key_set_init(&c->keys);
	bool done = fill(c, options, reterr);
	if (done)
		*ret = c;
	else
		credentials_free(c);
	return done;
}

void credentials_free(struct credentials *c)
{
	if (c == NULL)
		return;
	http_free(c->http);
	http_free(c->metadata);
	key_set_done(&c->keys);
	arena_free(c->arena);
	free(c);
}

/* --- renewal --- */

static bool say_none(const struct credentials *c, struct err *reterr)
{
	struct err why = *reterr;
	return err_set(reterr, ERR_USAGE, "no AWS keys were found: not in destination.s3, not in "
		       "AWS_ACCESS_KEY_ID, no web identity, no profile '%s', no container, and "
		       "the machine has no role (%.200s)", c->profile_name, why.text);
}

static bool renew(struct credentials *c, struct err *reterr)
{
	struct key_set fresh;
	key_set_init(&fresh);
	bool off = c->source == KEYS_MACHINE && c->env.aws_ec2_metadata_disabled != NULL &&
		   strcmp(c->env.aws_ec2_metadata_disabled, "true") == 0;
	bool done = off ? err_set(reterr, ERR_USAGE, "AWS_EC2_METADATA_DISABLED")
			: credentials_fetch(c, &fresh, reterr);
	if (done) {
		key_set_done(&c->keys);
		c->keys = fresh;
		c->have = true;
		c->expired = false;
		c->version++;
		return note(c, reterr);
	}
	key_set_done(&fresh);
	/* Of a machine that never had a role. */
	if (c->source == KEYS_MACHINE && !c->have && reterr->kind != ERR_MEMORY)
		return say_none(c, reterr);
	return false;
}

bool credentials_get(struct credentials *c, int64_t now_us, struct credentials_keys *ret,
		     struct err *reterr)
{
	const int64_t margin_us = CREDENTIALS_MARGIN_S * STAMP_SECOND;
	bool fresh = c->have && !c->expired && c->keys.expires_us - margin_us > now_us;
	bool good = c->have && !c->expired && c->keys.expires_us > now_us;
	if (!fresh && c->source != KEYS_FIXED && (!good || now_us >= c->again_us)) {
		struct err why = {0};
		if (!renew(c, &why)) {
			c->again_us = now_us + AGAIN_S * STAMP_SECOND;
			if (!good) {
				*reterr = why;
				return false;
			}
		}
	}
	*ret = (struct credentials_keys){
		.access_key_id = buf_span(&c->keys.id),
		.secret_access_key = buf_span(&c->keys.secret),
		.session_token = buf_span(&c->keys.token),
		.expires_us = c->keys.expires_us,
		.version = c->version,
	};
	return true;
}

bool credentials_expire(struct credentials *c)
{
	if (c->source == KEYS_FIXED)
		return false;
	c->expired = true;
	return true;
}

const char *credentials_region(const struct credentials *c)
{
	return c->region;
}

const char *credentials_endpoint(const struct credentials *c)
{
	return c->endpoint;
}

const char *credentials_origin(const struct credentials *c)
{
	return c->origin;
}
