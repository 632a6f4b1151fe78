/* Signing in: what every request carries, and for OAuth2 the token that is asked for first. */
#include "unit/rest_case.h"

#include "base/digest.h"

struct sign_case {
	struct rest_case c;
	struct credentials given;
	struct sign *sign;
	struct buf text;
};

static void begin(struct sign_case *s, const char *auth, const char *settings)
{
	char text[2000];
	snprintf(text, sizeof text, REST_HEAD "auth: { %s }\nsettings: { tenant: { type: text }, "
		 "extra: { type: text } }\nstreams: { s: { path: /x, paging: none, key: [ID], "
		 "columns: { ID: text } } }\n", auth);
	*s = (struct sign_case){0};
	rest_read(&s->c, text, settings);
	buf_init(&s->text, MIB);
}

static void open_sign(struct sign_case *s, struct credentials given)
{
	s->given = given;
	sign_free(s->sign);
	if (!sign_new(&s->sign, s->c.connector, &s->c.settings, &s->given,
		      "https://api.example.com/v1", &s->c.err))
		fail_msg("%s", s->c.err.text);
}

static void end(struct sign_case *s)
{
	sign_free(s->sign);
	buf_done(&s->text);
	rest_end(&s->c);
}

/* "Header: value", "?query=value", "nothing" or "error: ...". */
static const char *mark(struct sign_case *s)
{
	struct sign_mark mark;
	struct err err = {0};
	buf_clear(&s->text);
	if (!sign_mark(s->sign, &mark, &err))
		buf_addf(&s->text, "error: %s", err.text);
	else if (mark.header != NULL)
		buf_addf(&s->text, "%s: %s", mark.header, mark.header_value);
	else if (mark.query != NULL)
		buf_addf(&s->text, "?%s=%s", mark.query, mark.query_value);
	else
		buf_add_text(&s->text, "nothing");
	return buf_text(&s->text);
}

static const char *ask_token(struct sign_case *s)
{
	struct request request;
	struct err err = {0};
	if (sign_ask(s->sign, &request, &err)) {
		assert_string_equal(request.url, request.shown);
		return request_text(&s->c, &request);
	}
	buf_clear(&s->text);
	buf_addf(&s->text, "error: %s", err.text);
	return buf_text(&s->text);
}

/* "ok" or "KIND WAIT_MS: why". */
static const char *take_token(struct sign_case *s, struct response response, int64_t now_us)
{
	static const char *const kinds[] = {
		[ERR_USAGE] = "usage", [ERR_AUTH] = "auth", [ERR_REMOTE] = "remote",
		[ERR_TRANSIENT] = "transient", [ERR_DATA] = "data", [ERR_MEMORY] = "memory"};
	struct err err = {0};
	buf_clear(&s->text);
	if (sign_take(s->sign, &response, now_us, &err))
		buf_add_text(&s->text, "ok");
	else
		buf_addf(&s->text, "%s %lld: %s", kinds[err.kind], (long long)err.wait_ms,
			 err.text);
	response_done(&response);
	return buf_text(&s->text);
}

#define TOKEN(s, status, headers, body) \
	take_token(s, make_response(status, headers, SPAN(body)), NOW_US)

static void none_carries_nothing(void **state)
{
	struct sign_case s;
	(void)state;
	begin(&s, "none: {}", "{}");
	open_sign(&s, (struct credentials){.kind = AUTH_NONE});
	assert_false(sign_due(s.sign, NOW_US));
	assert_string_equal(mark(&s), "nothing");
	end(&s);
}

static void bearer_is_a_header(void **state)
{
	struct sign_case s;
	(void)state;
	begin(&s, "bearer: {}", "{}");
	open_sign(&s, (struct credentials){.kind = AUTH_BEARER, .token = SPAN("t0k")});
	assert_false(sign_due(s.sign, NOW_US));
	assert_string_equal(mark(&s), "Authorization: Bearer t0k");
	s.given.token = SPAN("new"); /* read again by the caller */
	sign_forget(s.sign);
	assert_string_equal(mark(&s), "Authorization: Bearer new");
	s.given.token = SPAN("");
	assert_string_equal(mark(&s), "error: sign-in: a value of auth.bearer is missing");
	s.given.token = SPAN("t\nX: 1");
	assert_string_equal(mark(&s), "error: sign-in: {auth.token} holds a control character, "
				      "which a header cannot");
	end(&s);
	begin(&s, "bearer: { value: \"SSWS {auth.token}\" }", "{}");
	open_sign(&s, (struct credentials){.kind = AUTH_BEARER, .token = SPAN("t0k")});
	assert_string_equal(mark(&s), "Authorization: SSWS t0k");
	end(&s);
}

static void basic_joins_user_and_password(void **state)
{
	struct sign_case s;
	(void)state;
	begin(&s, "basic: { user: \"{auth.user}/token\" }", "{}");
	open_sign(&s, (struct credentials){.kind = AUTH_BASIC, .user = SPAN("me@x"),
					   .password = SPAN("p:w")});
	assert_string_equal(mark(&s), "Authorization: Basic bWVAeC90b2tlbjpwOnc=");
	end(&s);
	/* Some APIs take the key as user and no password, or the other way round. */
	begin(&s, "basic: {}", "{}");
	open_sign(&s, (struct credentials){.kind = AUTH_BASIC, .user = SPAN("key"),
					   .password = SPAN("")});
	assert_string_equal(mark(&s), "Authorization: Basic a2V5Og==");
	open_sign(&s, (struct credentials){.kind = AUTH_BASIC, .user = SPAN(""),
					   .password = SPAN("pat")});
	assert_string_equal(mark(&s), "Authorization: Basic OnBhdA==");
	open_sign(&s, (struct credentials){.kind = AUTH_BASIC});
	assert_string_equal(mark(&s), "error: sign-in: a value of auth.basic is missing");
	end(&s);
}

static void api_keys_go_into_a_header_or_the_query(void **state)
{
	struct sign_case s;
	(void)state;
	begin(&s, "api_key: { header: X-Key }", "{}");
	open_sign(&s, (struct credentials){.kind = AUTH_API_KEY, .key = SPAN("k&1")});
	assert_string_equal(mark(&s), "X-Key: k&1");
	end(&s);
	begin(&s, "api_key: { query: apikey, value: \"v-{auth.key}\" }", "{}");
	open_sign(&s, (struct credentials){.kind = AUTH_API_KEY, .key = SPAN("k&1")});
	assert_string_equal(mark(&s), "?apikey=v-k&1");
	end(&s);
}

/* --- OAuth2 --- */

#define CLIENT (struct credentials){.kind = AUTH_OAUTH2, .client_id = SPAN("id&1"), \
				    .client_secret = SPAN("s3c\"ret")}

static void a_token_is_asked_for_as_a_form(void **state)
{
	struct sign_case s;
	(void)state;
	begin(&s, "oauth2: { token_url: \"https://login.example.com/t\", scope: \"read all\", "
		  "fields: { resource: [a, \"b {settings.tenant}\"], x: \"{settings.extra}\" } }",
	      "{ tenant: acme }");
	open_sign(&s, CLIENT);
	assert_true(sign_due(s.sign, NOW_US));
	assert_string_equal(ask_token(&s),
		"POST https://login.example.com/t\nContent-Type: "
		"application/x-www-form-urlencoded\n"
		"grant_type=client_credentials&client_id=id%261&client_secret=s3c%22ret"
		"&scope=read%20all&resource=a&resource=b%20acme");
	assert_string_equal(mark(&s), "error: sign-in: a value of auth.oauth2 is missing");
	assert_string_equal(TOKEN(&s, 200, NULL, "{\"access_token\":\"T1\",\"expires_in\":3600}"),
			    "ok");
	assert_string_equal(mark(&s), "Authorization: Bearer T1");
	end(&s);
}

static void a_token_is_asked_for_as_json_on_the_same_host(void **state)
{
	struct sign_case s;
	(void)state;
	begin(&s, "oauth2: { token_url: /oauth/v1/token, send: json, fields: { n: a, i: 5, "
	      "t: '5' } }", "{}");
	open_sign(&s, CLIENT);
	assert_string_equal(ask_token(&s),
		"POST https://api.example.com/oauth/v1/token\nContent-Type: application/json\n"
		"{\"grant_type\":\"client_credentials\",\"client_id\":\"id&1\","
		"\"client_secret\":\"s3c\\\"ret\",\"n\":\"a\",\"i\":5,\"t\":\"5\"}");
	/* The configuration's address and scope win. */
	s.given.token_url = "https://other.example.com/t";
	s.given.scope = "s";
	assert_string_equal(ask_token(&s),
		"POST https://other.example.com/t\nContent-Type: application/json\n"
		"{\"grant_type\":\"client_credentials\",\"client_id\":\"id&1\","
		"\"client_secret\":\"s3c\\\"ret\",\"scope\":\"s\","
		"\"n\":\"a\",\"i\":5,\"t\":\"5\"}");
	end(&s);
}

static void a_token_is_asked_for_with_basic(void **state)
{
	struct sign_case s;
	struct buf expected;
	(void)state;
	begin(&s, "oauth2: { token_url: /t, send: basic }", "{}");
	open_sign(&s, CLIENT);
	buf_init(&expected, 1000);
	buf_add_text(&expected, "POST https://api.example.com/t\n"
		     "Content-Type: application/x-www-form-urlencoded\nAuthorization: Basic ");
	digest_base64(&expected, SPAN("id%261:s3c%22ret"));
	buf_add_text(&expected, "\ngrant_type=client_credentials");
	assert_string_equal(ask_token(&s), buf_text(&expected));
	buf_done(&expected);
	end(&s);
}

static void a_token_is_renewed_before_it_ends(void **state)
{
	struct sign_case s;
	(void)state;
	begin(&s, "oauth2: { token_url: /t, expires: 10m }", "{}");
	open_sign(&s, CLIENT);
	TOKEN(&s, 200, NULL, "{\"access_token\":\"T\",\"expires_in\":3600}");
	assert_false(sign_due(s.sign, NOW_US + 3539 * STAMP_SECOND));
	assert_true(sign_due(s.sign, NOW_US + 3540 * STAMP_SECOND));
	TOKEN(&s, 200, NULL, "{\"access_token\":\"T\",\"expires_in\":\"90\"}"); /* short: halfway */
	assert_false(sign_due(s.sign, NOW_US + 44 * STAMP_SECOND));
	assert_true(sign_due(s.sign, NOW_US + 45 * STAMP_SECOND));
	TOKEN(&s, 200, NULL, "{\"access_token\":\"T\"}"); /* silent: the connector's */
	assert_false(sign_due(s.sign, NOW_US + 539 * STAMP_SECOND));
	assert_true(sign_due(s.sign, NOW_US + 540 * STAMP_SECOND));
	TOKEN(&s, 200, NULL, "{\"access_token\":\"T\",\"expires_in\":-5}");
	assert_false(sign_due(s.sign, NOW_US + 539 * STAMP_SECOND));
	TOKEN(&s, 200, NULL, "{\"access_token\":\"T\",\"expires_in\":99999999999999999999}");
	assert_false(sign_due(s.sign, NOW_US + 539 * STAMP_SECOND));
	sign_forget(s.sign);
	assert_true(sign_due(s.sign, NOW_US));
	end(&s);
}

static void tokens_may_stand_elsewhere(void **state)
{
	struct sign_case s;
	(void)state;
	begin(&s, "oauth2: { token_url: /t, token_at: [/data/token, /t], expires_at: /data/ttl }",
	      "{}");
	open_sign(&s, CLIENT);
	assert_string_equal(TOKEN(&s, 200, NULL, "{\"data\":{\"token\":\"A\",\"ttl\":300}}"), "ok");
	assert_string_equal(mark(&s), "Authorization: Bearer A");
	assert_true(sign_due(s.sign, NOW_US + 240 * STAMP_SECOND));
	end(&s);
}

static void refusals_say_why_and_never_the_secret(void **state)
{
	struct sign_case s;
	(void)state;
	begin(&s, "oauth2: { token_url: /t }", "{}");
	open_sign(&s, CLIENT);
	assert_string_equal(TOKEN(&s, 400, NULL,
		"{\"error\":\"invalid_client\",\"error_description\":"
						 "\"no\\n\\u001b[31msuch client\"}"),
		"auth 0: sign-in: HTTP 400 from the token address: no  [31msuch client -- check "
		"client_id and client_secret");
	assert_string_equal(TOKEN(&s, 401, NULL, "<html>"),
		"auth 0: sign-in: HTTP 401 from the token address -- check client_id and "
		"client_secret");
	assert_string_equal(TOKEN(&s, 302, "Location: https://x/\n", ""),
		"auth 0: sign-in: HTTP 302 from the token address -- check token_url");
	assert_string_equal(TOKEN(&s, 404, NULL, "{\"message\":\"gone\"}"),
		"auth 0: sign-in: HTTP 404 from the token address: gone -- check token_url");
	assert_string_equal(TOKEN(&s, 500, NULL, "{\"error\":{\"message\":\"down\"}}"),
		"transient 0: sign-in: HTTP 500 from the token address: down");
	assert_string_equal(TOKEN(&s, 503, "Retry-After: 5\n", ""),
		"transient 5000: sign-in: HTTP 503 from the token address");
	assert_string_equal(TOKEN(&s, 429, NULL, ""),
		"transient 60000: sign-in: HTTP 429 from the token address");
	assert_string_equal(TOKEN(&s, 429, "Retry-After: 5\n", ""),
		"transient 5000: sign-in: HTTP 429 from the token address");
	assert_string_equal(TOKEN(&s, 200, NULL, "{\"access_token\":\"secr"),
		"transient 0: sign-in: the token answer is not whole JSON: line 1, column 22: "
		"unexpected end of data");
	assert_string_equal(TOKEN(&s, 200, NULL, "{\"access_token\":\"\",\"x\":\"secret\"}"),
		"data 0: sign-in: the token answer has no token");
	assert_string_equal(TOKEN(&s, 200, NULL, "{\"access_token\":7}"),
		"data 0: sign-in: the token answer has no token");
	struct response broken = {.end = EXCHANGE_BROKEN, .retry_after_ms = -1};
	err_set(&broken.why, ERR_TRANSIENT, "reset");
	assert_string_equal(take_token(&s, broken, NOW_US), "transient 0: sign-in: reset");
	assert_true(sign_due(s.sign, NOW_US));
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_carries_nothing),
		cmocka_unit_test(bearer_is_a_header),
		cmocka_unit_test(basic_joins_user_and_password),
		cmocka_unit_test(api_keys_go_into_a_header_or_the_query),
		cmocka_unit_test(a_token_is_asked_for_as_a_form),
		cmocka_unit_test(a_token_is_asked_for_as_json_on_the_same_host),
		cmocka_unit_test(a_token_is_asked_for_with_basic),
		cmocka_unit_test(a_token_is_renewed_before_it_ends),
		cmocka_unit_test(tokens_may_stand_elsewhere),
		cmocka_unit_test(refusals_say_why_and_never_the_secret),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
