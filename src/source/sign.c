#include "source/sign.h"

#include "base/bounds.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "source/talk.h"

#include <stdlib.h>

enum { TOKEN_MARGIN_S = 60, SAID_BYTES = 200, WAIT_MS = 60 * 1000 };

struct sign {
	const struct connector *connector;
	const struct settings *settings;
	const struct credentials *given;
	const struct auth *auth;
	const char *base_url;
	struct buf token;      /* oauth2: the one that was asked for */
	int64_t expires_us;
	struct buf value;      /* of the header or the query entry */
	struct buf url, body, basic;
	struct header headers[3];
	size_t headers_n;
};

bool sign_new(struct sign **ret, const struct connector *connector,
	      const struct settings *settings, const struct credentials *given,
	      const char *base_url, struct err *reterr)
{
	struct sign *sign = calloc(1, sizeof *sign);
	if (sign == NULL)
		return err_memory(reterr);
	sign->connector = connector;
	sign->settings = settings;
	sign->given = given;
	sign->auth = &connector->auth[given->kind];
	sign->base_url = base_url;
	buf_init(&sign->token, SECRET_BYTES_MAX);
	buf_init(&sign->value, 4 * SECRET_BYTES_MAX);
	buf_init(&sign->basic, 4 * SECRET_BYTES_MAX);
	buf_init(&sign->url, URL_BYTES_MAX);
	buf_init(&sign->body, 4 * SECRET_BYTES_MAX);
	*ret = sign;
	return true;
}

void sign_free(struct sign *sign)
{
	if (sign == NULL)
		return;
	buf_wipe(&sign->token);
	buf_wipe(&sign->value);
	buf_wipe(&sign->basic);
	buf_wipe(&sign->body);
	buf_done(&sign->url);
	free(sign);
}

static void find(void *user, enum slot_scope scope, struct span name, struct value *ret)
{
	const struct sign *sign = user;
	const struct credentials *given = sign->given;
	struct span text = {NULL, 0};

	*ret = (struct value){VALUE_ABSENT, {"", 0}};
	if (scope == SLOT_SETTINGS) {
		const struct setting_value *setting = settings_find(sign->settings, name);
		if (setting != NULL)
			*ret = setting->value;
		return;
	}
	if (scope != SLOT_AUTH)
		return;
	if (span_is(name, "token"))
		text = given->kind == AUTH_OAUTH2 ? buf_span(&sign->token) : given->token;
	else if (span_is(name, "user"))
		text = given->user;
	else if (span_is(name, "password"))
		text = given->password;
	else if (span_is(name, "key"))
		text = given->key;
	/* Some APIs take a key as the user and no password, or the other way round. */
	bool half = given->kind == AUTH_BASIC && given->user.size + given->password.size > 0;
	if (text.size > 0 || half)
		*ret = (struct value){VALUE_TEXT, text.size > 0 ? text : SPAN("")};
}

static bool fill(struct sign *sign, const struct template *template, enum template_place place,
		 struct buf *out, struct err *reterr)
{
	struct template_scope scope = {find, sign};
	bool absent = false;
	if (!template_fill(template, place, scope, out, &absent, reterr))
		return err_at(reterr, "sign-in");
	if (absent)
		return err_set(reterr, ERR_USAGE, "sign-in: a value of auth.%s is missing",
			       auth_kind_name(sign->given->kind));
	return true;
}

bool sign_due(const struct sign *sign, int64_t now_us)
{
	if (sign->given->kind != AUTH_OAUTH2)
		return false;
	return sign->token.size == 0 || now_us >= sign->expires_us;
}

void sign_forget(struct sign *sign)
{
	buf_clear(&sign->token);
}

/* --- asking for a token --- */

static bool token_url(struct sign *sign, struct err *reterr)
{
	struct buf link;
	bool done = true;
	buf_init(&link, URL_BYTES_MAX);
	if (sign->given->token_url != NULL)
		buf_add_text(&link, sign->given->token_url);
	else
		done = fill(sign, sign->auth->token_url, PLACE_PLAIN, &link, reterr);
	buf_clear(&sign->url);
	done = done && buf_ok(&link, reterr) &&
	       url_resolve(sign->base_url, buf_text(&link), &sign->url, reterr);
	if (!done)
		err_at(reterr, "sign-in: token_url");
	buf_done(&link);
	return done;
}

static void add_field(struct sign *sign, const char *name, struct span value)
{
	struct buf *body = &sign->body;
	if (sign->auth->send == SEND_JSON) {
		json_add_name(body, name);
		json_add_text(body, value);
		return;
	}
	if (body->size > 0)
		buf_add_char(body, '&');
	text_percent(body, span_of(name));
	buf_add_char(body, '=');
	text_percent(body, value);
}

/* One of the connector's own fields: in JSON a number stays one. Without a value it is left out. */
static bool add_own_field(struct sign *sign, const char *name, const struct template *template,
			  struct err *reterr)
{
	struct template_scope scope = {find, sign};
	struct buf text;
	struct value value = {VALUE_ABSENT, {"", 0}};
	buf_init(&text, SECRET_BYTES_MAX);
	bool done = template_value(template, scope, &text, &value, reterr);
	bool bare = value.kind == VALUE_NUMBER || value.kind == VALUE_BOOL;
	if (!done) {
		err_at(reterr, "sign-in");
	} else if (bare && sign->auth->send == SEND_JSON) {
		json_add_name(&sign->body, name);
		buf_add_span(&sign->body, value.text);
	} else if (value.kind > VALUE_NULL) {
		add_field(sign, name, value.text);
	}
	buf_wipe(&text);
	return done;
}

static bool add_fields(struct sign *sign, struct err *reterr)
{
	const struct auth *auth = sign->auth;
	const char *scope = sign->given->scope != NULL ? sign->given->scope : auth->scope;
	bool done = true;

	add_field(sign, "grant_type", SPAN("client_credentials"));
	if (auth->send != SEND_BASIC) {
		add_field(sign, "client_id", sign->given->client_id);
		add_field(sign, "client_secret", sign->given->client_secret);
	}
	if (scope != NULL)
		add_field(sign, "scope", span_of(scope));
	for (size_t i = 0; i < auth->fields_n && done; i++) {
		for (size_t k = 0; k < auth->fields[i].n && done; k++)
			done = add_own_field(sign, auth->fields[i].name,
					     &auth->fields[i].values[k], reterr);
	}
	return done;
}

/* RFC 6749, 2.3.1: both parts are form-encoded before they are joined. */
static void add_basic(struct sign *sign)
{
	struct buf pair;
	buf_init(&pair, 2 * SECRET_BYTES_MAX);
	text_percent(&pair, sign->given->client_id);
	buf_add_char(&pair, ':');
	text_percent(&pair, sign->given->client_secret);
	buf_clear(&sign->basic);
	buf_add_text(&sign->basic, "Basic ");
	digest_base64(&sign->basic, buf_span(&pair));
	buf_wipe(&pair);
	sign->headers[sign->headers_n++] =
		(struct header){"Authorization", buf_text(&sign->basic)};
}

bool sign_ask(struct sign *sign, struct request *ret, struct err *reterr)
{
	bool json = sign->auth->send == SEND_JSON;
	if (!token_url(sign, reterr))
		return false;
	buf_clear(&sign->body);
	if (json)
		buf_add_char(&sign->body, '{');
	if (!add_fields(sign, reterr))
		return false;
	if (json)
		buf_add_char(&sign->body, '}');
	sign->headers_n = 0;
	sign->headers[sign->headers_n++] = (struct header){
		"Content-Type", json ? "application/json" : "application/x-www-form-urlencoded"};
	sign->headers[sign->headers_n++] = (struct header){"Accept", "application/json"};
	if (sign->auth->send == SEND_BASIC)
		add_basic(sign);
	if (sign->body.failed || sign->basic.failed)
		return err_memory(reterr);
	*ret = (struct request){
		.method = "POST",
		.url = buf_text(&sign->url),
		.shown = buf_text(&sign->url),
		.headers = sign->headers,
		.headers_n = sign->headers_n,
		.body = buf_span(&sign->body),
	};
	return true;
}

static int64_t lifetime_us(const struct sign *sign, const struct json *root)
{
	const struct json *at = sign->auth->expires_at.n == 0
					? NULL
					: json_point_any(root, sign->auth->expires_at, true);
	int64_t seconds;
	struct span digits = json_kind(at) == JSON_TEXT ? json_text(at) : json_digits(at);
	bool number = json_kind(at) == JSON_TEXT || json_kind(at) == JSON_NUMBER;
	if (number && json_whole(digits, &seconds) && seconds > 0 && seconds < 400 * 86400)
		return seconds * STAMP_SECOND;
	return sign->auth->expires_us;
}

/* Renewed a minute before its end; a token that lives shorter than two minutes, halfway. */
static void keep_token(struct sign *sign, struct span token, int64_t life_us, int64_t now_us)
{
	int64_t margin_us = TOKEN_MARGIN_S * STAMP_SECOND;
	if (life_us < 2 * margin_us)
		margin_us = life_us / 2;
	buf_clear(&sign->token);
	buf_add_span(&sign->token, token);
	sign->expires_us = now_us + life_us - margin_us;
}

/* What the server says of it: as RFC 6749, 5.2 has it, or as many APIs do. */
static struct span said_of(const struct json *root)
{
	static const char *const names[] = {"error_description", "message", "error"};
	for (size_t i = 0; i < 3; i++) {
		const struct json *said = json_member(root, span_of(names[i]));
		if (json_kind(said) == JSON_OBJECT)
			said = json_member(said, SPAN("message"));
		if (json_kind(said) == JSON_TEXT)
			return text_trim(json_text(said));
	}
	return SPAN("");
}

static bool refused(const struct response *response, const struct json *root, struct err *reterr)
{
	int status = response->status;
	bool wait = status == 429 || status == 408 || status == 425;
	bool elsewhere = status == 404 || (status >= 300 && status < 400);
	bool later = wait || status >= 500;
	struct buf words;
	buf_init(&words, ERR_TEXT_BYTES);
	talk_words(&words, said_of(root), SAID_BYTES);
	err_set(reterr, later ? ERR_TRANSIENT : ERR_AUTH,
		"sign-in: HTTP %d from the token address%s%s%s", status,
		words.size > 0 ? ": " : "", buf_text(&words),
		later ? "" : elsewhere ? " -- check token_url"
				       : " -- check client_id and client_secret");
	buf_done(&words);
	if (response->retry_after_ms > 0)
		reterr->wait_ms = response->retry_after_ms;
	else if (wait)
		reterr->wait_ms = WAIT_MS;
	return false;
}

static bool find_token(struct sign *sign, const struct json *root, int64_t now_us,
		       struct err *reterr)
{
	const struct json *token = json_point_any(root, sign->auth->token_at, true);
	if (json_kind(token) != JSON_TEXT || json_text(token).size == 0)
		return err_set(reterr, ERR_DATA, "sign-in: the token answer has no token");
	keep_token(sign, json_text(token), lifetime_us(sign, root), now_us);
	if (sign->token.over)
		return err_set(reterr, ERR_DATA, "sign-in: the token is longer than %d bytes",
			       SECRET_BYTES_MAX);
	return buf_ok(&sign->token, reterr);
}

bool sign_take(struct sign *sign, const struct response *response, int64_t now_us,
	       struct err *reterr)
{
	struct err json_error = {0};
	bool done = false;
	if (response->end != EXCHANGE_ANSWERED) {
		*reterr = response->why;
		return err_at(reterr, "sign-in");
	}
	struct json_doc *doc = json_parse(buf_span(&response->body), &json_error);
	const struct json *root = doc == NULL ? NULL : json_root(doc);
	if (json_error.kind == ERR_MEMORY)
		*reterr = json_error;
	else if (response->status < 200 || response->status >= 300)
		refused(response, root, reterr);
	else if (root == NULL)
		err_set(reterr, ERR_TRANSIENT, "sign-in: the token answer is not whole JSON: %s",
			json_error.text);
	else
		done = find_token(sign, root, now_us, reterr);
	json_free(doc);
	return done;
}

/* --- what every request carries --- */

static bool mark_basic(struct sign *sign, struct err *reterr)
{
	struct buf pair;
	buf_init(&pair, 2 * SECRET_BYTES_MAX);
	bool done = fill(sign, sign->auth->user, PLACE_PLAIN, &pair, reterr);
	buf_add_char(&pair, ':');
	done = done && fill(sign, sign->auth->password, PLACE_PLAIN, &pair, reterr);
	if (done) {
		buf_add_text(&sign->value, "Basic ");
		digest_base64(&sign->value, buf_span(&pair));
	}
	buf_wipe(&pair);
	return done;
}

/* Of OAuth2 the connector has no say in it (RFC 6750). */
static const struct template BEARER = {
	.parts = (const struct template_part[]){{SLOT_LITERAL, {"Bearer ", 7}},
						{SLOT_AUTH, {"token", 5}}},
	.n = 2,
};

bool sign_mark(struct sign *sign, struct sign_mark *ret, struct err *reterr)
{
	const struct auth *auth = sign->auth;
	bool done = true;
	*ret = (struct sign_mark){0};
	buf_clear(&sign->value);
	switch (sign->given->kind) {
	case AUTH_NONE:
	case AUTH_KINDS:
		return true;
	case AUTH_OAUTH2:
		done = fill(sign, &BEARER, PLACE_HEADER, &sign->value, reterr);
		break;
	case AUTH_BEARER:
	case AUTH_API_KEY:
		done = fill(sign, auth->value, auth->query != NULL ? PLACE_PLAIN : PLACE_HEADER,
			    &sign->value, reterr);
		break;
	case AUTH_BASIC:
		done = mark_basic(sign, reterr);
		break;
	}
	if (!done || !buf_ok(&sign->value, reterr))
		return false;
	if (sign->given->kind == AUTH_API_KEY && auth->query != NULL) {
		ret->query = auth->query;
		ret->query_value = buf_text(&sign->value);
	} else {
		ret->header = auth->header != NULL ? auth->header : "Authorization";
		ret->header_value = buf_text(&sign->value);
	}
	return true;
}
