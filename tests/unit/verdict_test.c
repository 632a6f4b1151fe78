/* What an answer means: rules in order, all of their conditions, then the built-in ones; and how
 * long to wait. An error is never "no data". */
#include "unit/rest_case.h"

static void begin(struct rest_case *c, const char *errors, const char *message_at)
{
	char text[3000];
	snprintf(text, sizeof text,
		 "streams:\n  s:\n    path: /x\n    paging: none\n    records: "
		 "/rows\n%s%s%s\n%s%s\n"
		 "    key: [ID]\n    columns: { ID: text }\n",
		 errors == NULL ? "" : "    errors:\n", errors == NULL ? "" : errors, "",
		 message_at == NULL ? "" : "    message_at: ",
		 message_at == NULL ? "" : message_at);
	rest_begin(c, text, "{}");
	ask(c);
}

static void the_built_in_rules(void **state)
{
	static const struct { int status; const char *verdict; } cases[] = {
		{429, "wait 60000: s: HTTP 429 from https://api.example.com:443: b"},
		{408, "wait 60000: s: HTTP 408 from https://api.example.com:443: b"},
		{425, "wait 60000: s: HTTP 425 from https://api.example.com:443: b"},
		{500, "retry: s: HTTP 500 from https://api.example.com:443: b"},
		{503, "retry: s: HTTP 503 from https://api.example.com:443: b"},
		{599, "retry: s: HTTP 599 from https://api.example.com:443: b"},
		{401, "sign in: s: HTTP 401 from https://api.example.com:443: b -- the sign-in was "
		      "refused; see source.auth"},
		{403, "fail stream: s: HTTP 403 from https://api.example.com:443: b -- the sign-in "
		      "lacks the right to read this"},
		{400, "fail stream: s: HTTP 400 from https://api.example.com:443: b"},
		{404, "fail stream: s: HTTP 404 from https://api.example.com:443: b"},
	};
	struct rest_case c;
	(void)state;
	begin(&c, NULL, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ANSWERS(&c, cases[i].status, NULL, "b", cases[i].verdict);
		assert_memory_equal(ask(&c), "GET ", 4); /* nothing is over */
	}
	ROWS(&c, "");
	rest_end(&c);
}

static void a_good_status_with_a_body_that_is_not_whole_is_none(void **state)
{
	static const char *const bodies[] = {"", "<html>", "{\"rows\":[{\"id\":1}", "{} x",
					     "{\"rows\":[]}Unexpected error while streaming data"};
	struct rest_case c;
	(void)state;
	begin(&c, NULL, NULL);
	for (size_t i = 0; i < 5; i++) {
		static const char why[] = "retry: s: HTTP 200 from https://api.example.com:443, "
			"but "
					  "the body is not whole JSON: ";
		assert_memory_equal(answer(&c, 200, NULL, bodies[i]), why, sizeof why - 1);
		assert_int_equal(c.verdict.why.kind, ERR_TRANSIENT);
	}
	ROWS(&c, "");
	rest_end(&c);
}

/* The target may repeat the api key of our own URL. */
static void a_redirect_says_where_it_pointed_without_secrets(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, NULL, NULL);
	ANSWERS(&c, 302, "Location: https://eu.example.com/v1/x?apikey=s3cret#f\n", "",
		"fail stream: s: HTTP 302 from https://api.example.com:443 points to "
		"https://eu.example.com/v1/x; redirects are not followed: put that address into "
		"source.base_url if it is right");
	ANSWERS(&c, 301, NULL, "",
		"fail stream: s: HTTP 301 from https://api.example.com:443 points to nowhere; "
		"redirects are not followed: put that address into source.base_url if it is right");
	rest_end(&c);
}

static void what_the_wire_broke_is_judged_by_its_kind(void **state)
{
	static const struct {
		enum exchange_end end;
		enum err_kind kind;
		const char *verdict;
	} cases[] = {
		{EXCHANGE_REFUSED, ERR_TRANSIENT, "retry: s: why"},
		{EXCHANGE_BROKEN, ERR_TRANSIENT, "retry: s: why"},
		{EXCHANGE_REFUSED, ERR_AUTH, "fail run: s: why"},
		{EXCHANGE_UNTRUSTED, ERR_REMOTE, "fail run: s: why"},
		{EXCHANGE_TOO_LARGE, ERR_REMOTE, "fail stream: s: why"},
		{EXCHANGE_UNUSABLE, ERR_USAGE, "fail stream: s: why"},
	};
	struct rest_case c;
	(void)state;
	begin(&c, "    - { says: why, then: empty }\n", NULL);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct response response = {.end = cases[i].end, .retry_after_ms = -1};
		err_set(&response.why, cases[i].kind, "why");
		assert_string_equal(take(&c, &response), cases[i].verdict);
		assert_int_equal(c.verdict.why.kind, cases[i].kind);
	}
	rest_end(&c);
}

static void rules_are_tried_in_order_and_all_conditions_hold(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "    - { status: [403, 429], says: secondary RATE limit, then: wait, for: 90s }\n"
		  "    - { status: [403, 429], says: rate limit, then: wait, for: 30s }\n"
		  "    - { status: 4xx, at: /code, is: [gone, 7, true, ~], then: empty }\n"
		  "    - { status: 5xx, at: /code, is: 12, then: fail_run, hint: look there }\n"
		  "    - { at: /ok, is: false, then: fail_stream }\n"
		  "    - { status: 409, then: restart }\n"
		  "    - { status: 418, then: retry }\n", "[/error/message, /message]");
	ANSWERS(&c, 403, NULL, "{\"message\":\"You hit a Secondary rate limit!\"}",
		"wait 90000: s: HTTP 403 from https://api.example.com:443: You hit a Secondary "
		"rate "
		"limit!");
	assert_memory_equal(answer(&c, 429, NULL, "{\"message\":\"Rate Limit\"}"), "wait 30000: ",
		12);
	/* not the words of message_at, though the body has them */
	assert_memory_equal(answer(&c, 403, NULL, "{\"message\":\"no\",\"x\":\"rate limit\"}"),
			    "fail stream: ", 13);
	/* without them, the body */
	assert_memory_equal(answer(&c, 403, NULL, "<h1>Rate limit</h1>"), "wait 30000: ", 12);
	assert_memory_equal(answer(&c, 404, NULL, "{\"code\":\"gone\"}"), "empty: ", 7);
	ASKS(&c, "done");
	rest_again(&c);
	ask(&c);
	assert_memory_equal(answer(&c, 404, NULL, "{\"CODE\":7}"), "empty: ", 7);
	assert_memory_equal(answer(&c, 404, NULL, "{\"code\":true}"), "empty: ", 7);
	assert_memory_equal(answer(&c, 404, NULL, "{\"code\":null}"), "empty: ", 7);
	assert_memory_equal(answer(&c, 404, NULL, "{\"code\":\"7\"}"), "fail stream: ", 13);
	assert_memory_equal(answer(&c, 404, NULL, "{\"code\":\"true\"}"), "fail stream: ", 13);
	assert_memory_equal(answer(&c, 404, NULL, "{}"), "fail stream: ", 13);
	assert_memory_equal(answer(&c, 500, NULL, "{\"code\":7}"), "retry: ", 7);
	ANSWERS(&c, 500, NULL, "{\"code\":12,\"error\":{\"message\":\"m\"}}",
		"fail run: s: HTTP 500 from https://api.example.com:443: m -- look there");
	ANSWERS(&c, 200, NULL, "{\"ok\":false,\"message\":\"no\"}",
		"fail stream: s: HTTP 200 from https://api.example.com:443: no");
	ANSWERS(&c, 200, NULL, "{\"ok\":true,\"rows\":[]}", "page 0");
	rest_again(&c);
	ask(&c);
	assert_memory_equal(answer(&c, 409, NULL, "x"), "restart: ", 9);
	assert_memory_equal(answer(&c, 418, NULL, "x"), "retry: ", 7);
	rest_end(&c);
}

/* A page full of customers' words is no error because one of them speaks of one. */
static void the_words_of_a_good_page_are_not_the_apis(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "    - { says: rate limit, then: wait }\n", "/message");
	ANSWERS(&c, 200, NULL, "{\"rows\":[{\"id\":\"rate limit\"}]}", "page 1");
	rest_again(&c);
	ask(&c);
	assert_memory_equal(answer(&c, 200, NULL, "{\"message\":\"rate limit\"}"), "wait 60000",
		10);
	assert_memory_equal(answer(&c, 200, NULL, "rate limit"), "wait 60000", 10);
	assert_memory_equal(answer(&c, 500, NULL, "{\"x\":\"rate limit\"}"), "wait 60000", 10);
	rest_end(&c);
	/* A rule that names the status means it; without message_at the body is all there is. */
	begin(&c, "    - { status: 200, says: rate limit, then: wait }\n", "/message");
	assert_memory_equal(answer(&c, 200, NULL, "{\"x\":\"rate limit\"}"), "wait 60000", 10);
	rest_end(&c);
	begin(&c, "    - { says: rate limit, then: wait }\n", NULL);
	assert_memory_equal(answer(&c, 200, NULL, "{\"x\":\"rate limit\"}"), "wait 60000", 10);
	rest_end(&c);
}

static void retry_after_comes_first(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "    - { status: 429, then: wait, for: 90s }\n", NULL);
	assert_memory_equal(answer(&c, 429, "Retry-After: 7\n", "x"), "wait 7000: ", 11);
	assert_memory_equal(answer(&c, 429, NOW_DATE "Retry-After: Mon, 23 Nov 2026 02:05:16 GMT\n",
				   "x"), "wait 10000: ", 12);
	assert_memory_equal(answer(&c, 429, "Retry-After: soon\n", "x"), "wait 90000: ", 12);
	assert_memory_equal(answer(&c, 503, "Retry-After: 7\n", "x"), "retry 7000: ", 12);
	assert_memory_equal(answer(&c, 500, "Retry-After: 0\n", "x"), "retry: ", 7);
	/* "Again, at once" for ever must use up the budget of waiting. */
	assert_memory_equal(answer(&c, 429, "Retry-After: 0\n", "x"), "wait 1000: ", 11);
	rest_end(&c);
}

static void waits_are_read_from_headers(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c,
		"    - { status: 429, then: wait, for: [ { header: X-S, as: s }, { header: X-U, "
		"as: "
		  "unix }, { header: X-M, as: unix_ms }, 15m ] }\n", NULL);
	assert_memory_equal(answer(&c, 429, "X-S: 30\n", "x"), "wait 30000: ", 12);
	assert_memory_equal(answer(&c, 429, "x-s: 1.5\n", "x"), "wait 1500: ", 11);
	/* relative to the server's own clock, which is a minute ahead of ours */
	assert_memory_equal(answer(&c, 429,
		"Date: Mon, 23 Nov 2026 02:06:06 GMT\nX-U: 1795399576\n",
				   "x"), "wait 10000: ", 12);
	assert_memory_equal(answer(&c, 429, "X-U: 1795399516\n", "x"), "wait 10000: ", 12);
	assert_memory_equal(answer(&c, 429, "X-M: 1795399516250\n", "x"), "wait 10250: ", 12);
	assert_memory_equal(answer(&c, 429, "X-U: 5\n", "x"), "wait 1000: ", 11); /* long ago */
	assert_memory_equal(answer(&c, 429, "X-S: never\nX-M: 1795399516250\n", "x"),
			    "wait 10250: ", 12);
	assert_memory_equal(answer(&c, 429, "X-S: -5\nX-U:\n", "x"), "wait 900000: ", 13);
	assert_memory_equal(answer(&c, 429, NULL, "x"), "wait 900000: ", 13);
	rest_end(&c);
}

static void waits_may_last_to_the_next_minute_hour_or_day(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "    - { status: 429, says: minutely, then: wait, for: { next: minute } }\n"
		  "    - { status: 429, says: hourly, then: wait, for: { next: hour } }\n"
		  "    - { status: 429, says: daily, then: wait, for: { next: day } }\n"
		  "    - { status: 429, says: concurrent, then: wait, for: 5s }\n", "/reason");
	assert_memory_equal(answer(&c, 429, NULL, "{\"reason\":\"Minutely API request limit\"}"),
			    "wait 54000: ", 12);
	assert_memory_equal(answer(&c, 429, NULL, "{\"reason\":\"Hourly API request limit\"}"),
			    "wait 3294000: ", 14);
	assert_memory_equal(answer(&c, 429, NULL, "{\"reason\":\"Daily API request limit\"}"),
			    "wait 78894000: ", 15);
	assert_memory_equal(answer(&c, 429, NULL, "{\"reason\":\"Too many concurrent\"}"),
			    "wait 5000: ", 11);
	assert_memory_equal(answer(&c, 429, "Date: Mon, 23 Nov 2026 02:05:00 GMT\n",
				   "{\"reason\":\"minutely\"}"), "wait 60000: ", 12);
	rest_end(&c);
}

static void messages_are_printable_and_short(void **state)
{
	struct rest_case c;
	struct buf body, expected;
	(void)state;
	begin(&c, NULL, "/message");
	ANSWERS(&c, 400, NULL, "{\"message\":\" a\\u0000b\\n\\u001b[31m\\u009b1m\xFF \"}",
		"fail stream: s: HTTP 400 from https://api.example.com:443: ab  [31m "
		"1m\xEF\xBF\xBD");
	ANSWERS(&c, 400, NULL, " \n ",
		"fail stream: s: HTTP 400 from https://api.example.com:443: an empty body");
	ANSWERS(&c, 400, NULL, "{\"message\":{}}",
		"fail stream: s: HTTP 400 from https://api.example.com:443: {\"message\":{}}");
	/* cut at a whole character */
	buf_init(&body, 1000);
	buf_init(&expected, 1000);
	buf_add_text(&expected, "fail stream: s: HTTP 400 from https://api.example.com:443: x");
	buf_add_char(&body, 'x');
	for (int i = 0; i < 120; i++)
		buf_add_text(&body, "\xE2\x82\xAC");
	for (int i = 0; i < 99; i++)
		buf_add_text(&expected, "\xE2\x82\xAC");
	buf_add_text(&expected, "...");
	ANSWERS(&c, 400, NULL, buf_text(&body), buf_text(&expected));
	buf_done(&body);
	buf_done(&expected);
	rest_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_built_in_rules),
		cmocka_unit_test(a_good_status_with_a_body_that_is_not_whole_is_none),
		cmocka_unit_test(a_redirect_says_where_it_pointed_without_secrets),
		cmocka_unit_test(what_the_wire_broke_is_judged_by_its_kind),
		cmocka_unit_test(rules_are_tried_in_order_and_all_conditions_hold),
		cmocka_unit_test(the_words_of_a_good_page_are_not_the_apis),
		cmocka_unit_test(retry_after_comes_first),
		cmocka_unit_test(waits_are_read_from_headers),
		cmocka_unit_test(waits_may_last_to_the_next_minute_hour_or_day),
		cmocka_unit_test(messages_are_printable_and_short),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
