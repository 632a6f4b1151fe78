/* What a stream asks: templates in every place, windows, repeats, children, bodies, the count. */
#include "unit/rest_case.h"

#define URL "GET https://api.example.com/v1/"
#define END "    paging: none\n    key: [ID]\n    columns: { ID: text, AT: timestamp }\n"
#define SETTINGS "settings:\n" \
	"  org: { type: text, default: \"a b/c?d&e=\xC3\xA9\" }\n" \
	"  top: { type: int, default: 100 }\n  up: { type: text, default: .. }\n" \
	"  team: { type: text }\n  limit: { type: int }\n  ratio: { type: float }\n" \
	"  deep: { type: bool }\n  tags: { type: list }\n  key: { type: secret }\n" \
	"  places: { type: list, fields: { name: { type: text, required: true }, " \
	"latitude: { type: float }, note: { type: text } } }\n"
#define GIVEN "{ team: \"a b/c?d&e=\xC3\xA9\", limit: 100, ratio: 60.170, deep: true, " \
	"tags: [x, \"y z\"], key: \"s3cr&t\", places: [ { name: H, latitude: 60.17 }, " \
	"{ name: T, latitude: 60.450 }, { name: P, latitude: -1 } ] }"

static void begin(struct rest_case *c, const char *stream)
{
	char text[4000];
	assert_true((size_t)snprintf(text, sizeof text, SETTINGS "streams:\n  s:\n%s" END, stream) <
		    sizeof text);
	rest_begin(c, text, GIVEN);
}

static void slots_are_encoded_for_their_place(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "    path: /t/{settings.org}/{settings.top}\n"
		  "    query: { q: \"x {settings.team}\", n: \"{settings.limit}\", "
		  "r: \"{settings.ratio}\", d: \"{settings.deep}\", t: \"{settings.tags}\", "
		  "\"a[b]\": \"{{x}}\" }\n"
		  "    headers: { X-Team: \"{settings.team}!\", X-N: 5 }\n");
	ASKS(&c, URL "t/a%20b%2Fc%3Fd%26e%3D%C3%A9/100"
		 "?q=x%20a%20b%2Fc%3Fd%26e%3D%C3%A9&n=100&r=60.170&d=true"
		 "&t=x%2Cy%20z&a%5Bb%5D=%7Bx%7D"
		 "\nX-Team: a b/c?d&e=\xC3\xA9!\nX-N: 5");
	rest_end(&c);
}

static void a_list_repeats_the_name(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "    path: /x\n    query: { f: [a, \"{settings.limit}\", c] }\n"
		  "    headers: { X-A: [one, two] }\n");
	ASKS(&c, URL "x?f=a&f=100&f=c\nX-A: one\nX-A: two");
	rest_end(&c);
}

static void what_has_no_value_is_left_out(void **state)
{
	struct rest_case c;
	(void)state;
	char text[3000];
	snprintf(text, sizeof text, SETTINGS "streams:\n  s:\n    path: /x\n"
		 "    query: { a: \"{settings.team}\", b: 1, c: [\"x{settings.limit}\", y] }\n"
		 "    headers: { X-Team: \"{settings.team}\", X-B: b }\n"
		 "    body: { a: \"{settings.team}\", b: { c: \"{settings.limit}\", d: 1 }, "
		 "e: [\"{settings.team}\", f], g: { h: \"{settings.team}\" } }\n" END);
	rest_begin(&c, text, "{}");
	ASKS(&c,
		"POST https://api.example.com/v1/x?b=1&c=y\nX-B: b\nContent-Type: "
		"application/json\n"
		 "{\"b\":{\"d\":1},\"e\":[\"f\"],\"g\":{}}");
	rest_end(&c);
}

static void bodies_keep_the_kind_of_their_values(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "    path: /x\n"
		  "    body:\n      n: 100\n      q: \"100\"\n      t: true\n      z: ~\n"
		  "      big: 18446744073709551615\n      f: 0.10\n"
		  "      s: \"{settings.team}\"\n      l: \"{settings.limit}\"\n"
		  "      m: \"{settings.limit} of\"\n      d: \"{settings.deep}\"\n"
		  "      r: \"{settings.ratio}\"\n      tags: \"{settings.tags}\"\n"
		  "      list: [1, \"a\\\"b\\n\", { x: [] }]\n");
	ASKS(&c, "POST https://api.example.com/v1/x\nContent-Type: application/json\n"
		 "{\"n\":100,\"q\":\"100\",\"t\":true,\"z\":null,\"big\":18446744073709551615,"
		 "\"f\":0.10,"
		 "\"s\":\"a b/c?d&e=\xC3\xA9\",\"l\":100,\"m\":\"100 of\",\"d\":true,\"r\":60.170,"
		 "\"tags\":\"x,y z\",\"list\":[1,\"a\\\"b\\n\",{\"x\":[]}]}");
	rest_end(&c);
}

static void secrets_are_sent_but_never_shown(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "    path: /x\n    query: { token: \"{settings.key}\", a: 1 }\n");
	c.mark = (struct sign_mark){.query = "api key", .query_value = "k&1"};
	ASKS(&c, URL "x?token=s3cr%26t&a=1&api%20key=k%261");
	assert_string_equal(ask_shown(&c),
		"https://api.example.com/v1/x?token=***&a=1&api%20key=***");
	c.mark = (struct sign_mark){.header = "Authorization", .header_value = "Bearer t"};
	ASKS(&c, URL "x?token=s3cr%26t&a=1\nAuthorization: Bearer t");
	assert_string_equal(ask_shown(&c), "https://api.example.com/v1/x?token=***&a=1");
	rest_end(&c);
}

/* An API that repeats our secrets in its links must not make us show them. */
static void secrets_in_links_are_not_shown(void **state)
{
	static const char *const repeats[] = {"key=k1", "api%20key=k1", "p=2&token=s3cr%26t",
		"p=2"};
	static const char *const asked[] = {"key=k1&api%20key=k1", "api%20key=k1",
					    "p=2&token=s3cr%26t&api%20key=k1", "p=2&api%20key=k1"};
	struct rest_case c;
	(void)state;
	rest_begin(&c, SETTINGS "streams:\n  s:\n    path: /x\n    query: { token: "
		   "\"{settings.key}\" }\n    paging: { next_url: /next }\n    records: /rows\n"
		   "    key: [ID]\n    columns: { ID: text }\n", GIVEN);
	for (size_t i = 0; i < 4; i++) {
		char body[200], url[200];
		c.mark = (struct sign_mark){.query = "api key", .query_value = "k1"};
		rest_again(&c);
		ask(&c);
		snprintf(body, sizeof body, "{\"rows\":[],\"next\":\"/v1/x?%s\"}", repeats[i]);
		ANSWERS(&c, 200, NULL, body, "page 0");
		snprintf(url, sizeof url, URL "x?%s", asked[i]);
		ASKS(&c, url);
		assert_string_equal(ask_shown(&c), "https://api.example.com/v1/x?***");
	}
	rest_end(&c);
}

static void a_header_cannot_hold_control_characters(void **state)
{
	struct rest_case c;
	(void)state;
	rest_begin(&c, SETTINGS "streams:\n  s:\n    path: /x\n    headers: { X-Team: "
		   "\"{settings.team}\" }\n" END, "{ team: \"a\\r\\nEvil: 1\" }");
	ASKS(&c,
		"error: s: X-Team: {settings.team} holds a control character, which a header "
		"cannot");
	assert_int_equal(c.err.kind, ERR_USAGE);
	rest_end(&c);
}

static void a_path_holds_no_way_out(void **state)
{
	struct rest_case c;
	(void)state;
	rest_begin(&c, SETTINGS "streams:\n  s:\n    path: /x/{settings.up}/y\n" END, GIVEN);
	ASKS(&c, "error: s: path: {settings.up} is . or .., which a path cannot hold");
	assert_int_equal(c.err.kind, ERR_USAGE);
	rest_end(&c);
}

/* --- windows --- */

static const char *window_url(const char *format, int64_t from_us, int64_t until_us)
{
	static char url[300];
	struct rest_case c;
	char stream[500];
	snprintf(stream, sizeof stream, "    path: /x\n    query: { f: \"{window.from}\", "
		 "u: \"{window.until}\" }\n    window: { column: AT, format: \"%s\" }\n", format);
	begin(&c, stream);
	c.question.from_us = from_us;
	c.question.until_us = until_us;
	rest_again(&c);
	const char *asked = ask(&c);
	assert_memory_equal(asked, URL "x?f=", strlen(URL "x?f="));
	snprintf(url, sizeof url, "%s", asked + strlen(URL "x?f="));
	rest_end(&c);
	return url;
}

/* Down and up to the format's unit: nothing between two units is missed. */
static void windows_are_rounded_outwards(void **state)
{
	int64_t from_us = INT64_C(1795305600123456), until_us = INT64_C(1795392000000001);
	(void)state;
	assert_string_equal(window_url("iso", from_us, until_us),
			    "2026-11-22T00%3A00%3A00.123Z&u=2026-11-23T00%3A00%3A00.001Z");
	assert_string_equal(window_url("unix", from_us, until_us), "1795305600&u=1795392001");
	assert_string_equal(window_url("unix_ms", from_us, until_us),
			    "1795305600123&u=1795392000001");
	assert_string_equal(window_url("YYYY-MM-DDThh:mm:ss.fffZ", from_us, until_us),
			    "2026-11-22T00%3A00%3A00.123Z&u=2026-11-23T00%3A00%3A00.001Z");
	assert_string_equal(window_url("YYYY-MM-DD hh:mm", from_us, until_us),
			    "2026-11-22%2000%3A00&u=2026-11-23%2000%3A01");
	assert_string_equal(window_url("YYYY-MM-DD", from_us, until_us), "2026-11-22&u=2026-11-24");
	/* already on a unit: as it is */
	assert_string_equal(window_url("unix", INT64_C(1795305600000000),
		INT64_C(1795392000000000)),
			    "1795305600&u=1795392000");
	assert_string_equal(window_url("iso", 0, WINDOW_OPEN), "1970-01-01T00%3A00%3A00.000Z");
}

static void the_last_day_is_the_last_whole_one_inside(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "    path: /x\n    query: { a: \"{window.from}\", b: \"{window.last}\" }\n"
		  "    window: { column: AT, format: YYYY-MM-DD }\n");
	ASKS(&c, URL "x?a=2026-11-22&b=2026-11-22");
	c.question.until_us += STAMP_DAY + STAMP_HOUR;
	rest_again(&c);
	ASKS(&c, URL "x?a=2026-11-22&b=2026-11-23");
	c.question.until_us = WINDOW_OPEN;
	rest_again(&c);
	ASKS(&c, URL "x?a=2026-11-22");
	rest_end(&c);
}

static void times_in_bodies_are_text_or_numbers(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "    path: /x\n    body: { a: \"{window.from}\", b: \"t{window.until}\" }\n"
		  "    window: { column: AT, format: unix }\n");
	ASKS(&c, "POST https://api.example.com/v1/x\nContent-Type: application/json\n"
		 "{\"a\":1795305600,\"b\":\"t1795392000\"}");
	rest_end(&c);
	begin(&c, "    path: /x\n    body: { a: \"{window.from}\" }\n"
		  "    window: { column: AT, format: iso }\n");
	ASKS(&c, "POST https://api.example.com/v1/x\nContent-Type: application/json\n"
		 "{\"a\":\"2026-11-22T00:00:00.000Z\"}");
	rest_end(&c);
}

/* --- repeats, children --- */

static void a_repeat_asks_for_its_elements(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "    path: /p/{item.name}\n    query: { lat: \"{item.latitude}\", note: "
		  "\"{item.note}\" }\n    repeat: { over: settings.places, batch: 3 }\n");
	c.question.element = 1;
	c.question.elements_n = 1;
	rest_again(&c);
	ASKS(&c, URL "p/T?lat=60.450");
	c.question.element = 0;
	c.question.elements_n = 3;
	rest_again(&c);
	ASKS(&c, URL "p/H%2CT%2CP?lat=60.17%2C60.450%2C-1");
	rest_end(&c);
	begin(&c, "    path: /p\n    body: { v: \"{item.value}\" }\n"
		  "    repeat: { over: settings.tags }\n");
	c.question.element = 1;
	c.question.elements_n = 1;
	rest_again(&c);
	ASKS(&c,
		"POST https://api.example.com/v1/p\nContent-Type: application/json\n{\"v\":\"y "
		"z\"}");
	rest_end(&c);
}

/* A batch that does not fit is told; asking for a part of it would lose the others in silence. */
static void a_batch_that_is_too_long_is_an_error(void **state)
{
	struct rest_case c;
	struct buf given;
	(void)state;
	buf_init(&given, 4 * (size_t)MIB);
	buf_add_text(&given, "{ tags: [");
	for (int i = 0; i < 1000; i++)
		buf_addf(&given, "%s%0990d", i == 0 ? "" : ", t", i);
	buf_add_text(&given, "] }");
	rest_begin(&c, SETTINGS "streams:\n  s:\n    path: /p\n    query: { v: \"{item.value}\" }\n"
		   "    repeat: { over: settings.tags, batch: 1000 }\n" END, buf_text(&given));
	c.question.elements_n = 1000;
	rest_again(&c);
	ASKS(&c,
		"error: s: the URL is longer than 65536 bytes; repeat.batch asks for fewer "
		"elements "
		 "at once");
	assert_int_equal(c.err.kind, ERR_USAGE);
	rest_end(&c);
	rest_begin(&c, SETTINGS "streams:\n  s:\n    path: /p\n    body: { a: \"{item.value}\", "
		   "b: \"{item.value}\" }\n    repeat: { over: settings.tags, batch: 1000 }\n" END,
		   buf_text(&given));
	c.question.elements_n = 1000;
	rest_again(&c);
	ASKS(&c,
		"error: s: body is longer than 1048576 bytes; repeat.batch asks for fewer elements "
		 "at once");
	assert_int_equal(c.err.kind, ERR_USAGE);
	buf_done(&given);
	rest_end(&c);
}

static void a_child_asks_with_its_parents_columns(void **state)
{
	struct rest_case c;
	(void)state;
	rest_read(&c, REST_HEAD "streams:\n  issues: { path: /i, paging: none, key: [ID], columns: "
		  "{ ID: text, N: int } }\n  comments:\n    for_each: issues\n"
		  "    path: /i/{parent.ID}/c\n    query: { n: \"{parent.N}\" }\n    paging: none\n"
		  "    key: [ID]\n    columns: { ID: text, ISSUE: { type: text, value: "
		  "\"{parent.ID}\" }, N: { type: int, value: \"{parent.N}\" } }\n", "{}");
	rest_plan(&c, "comments");
	struct value parent[] = {{VALUE_TEXT, SPAN("a/1")}, {VALUE_TEXT, SPAN("7")}};
	c.question.parent = parent;
	rest_again(&c);
	ASKS(&c, URL "i/a%2F1/c?n=7");
	ANSWERS(&c, 200, NULL, "[{\"id\":\"x\"}]", "page 1");
	ROWS(&c, "ID=x ISSUE=a/1 N=7\n");
	parent[1] = (struct value){VALUE_ABSENT, {"", 0}};
	rest_again(&c);
	ASKS(&c, URL "i/a%2F1/c");
	ANSWERS(&c, 200, NULL, "[{\"id\":\"y\"}]", "page 1");
	ROWS(&c, "ID=y ISSUE=a/1\n");
	parent[0] = parent[1];
	rest_again(&c);
	ASKS(&c, "error: comments: path: {parent.ID} has no value; a path needs it");
	rest_end(&c);
}

/* A number stays one in a body, and a column of numbers takes it. */
static void a_parents_cells_keep_their_types(void **state)
{
	struct rest_case c;
	(void)state;
	rest_read(&c, REST_HEAD "streams:\n  a: { path: /i, paging: none, key: [ID], columns: "
		  "{ ID: text, N: int, F: float, B: bool, T: text } }\n  b:\n    for_each: a\n"
		  "    path: /c\n    body: { id: \"{parent.ID}\", n: \"{parent.N}\", "
		  "f: \"{parent.F}\", b: \"{parent.B}\", t: \"{parent.T}\", "
		  "in: \"n{parent.N}\" }\n    paging: none\n    key: [ID]\n    columns: { "
		  "ID: text, F: { type: float, value: \"{parent.F}\" }, "
		  "B: { type: bool, value: \"{parent.B}\" } }\n", "{}");
	rest_plan(&c, "b");
	struct value parent[] = {rest_cell(TYPE_TEXT, SPAN("x")), rest_cell(TYPE_INT, SPAN("7")),
				 rest_cell(TYPE_FLOAT, SPAN("0.5")),
				 rest_cell(TYPE_BOOL, SPAN("true")),
				 rest_cell(TYPE_TEXT, SPAN("7"))};
	c.question.parent = parent;
	rest_again(&c);
	ASKS(&c, "POST https://api.example.com/v1/c\nContent-Type: application/json\n"
		 "{\"id\":\"x\",\"n\":7,\"f\":0.5,\"b\":true,\"t\":\"7\",\"in\":\"n7\"}");
	ANSWERS(&c, 200, NULL, "[{\"id\":\"y\"}]", "page 1");
	ROWS(&c, "ID=y F=0.5 B=1\n");
	rest_end(&c);
}

static void a_request_may_say_when_it_is_made(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "    path: /x\n    query: { at: \"{run.fetched_at}\" }\n");
	ASKS(&c, URL "x?at=2026-11-23T02%3A05%3A06.000000Z");
	rest_end(&c);
}

/* Some APIs refuse the text "7" where they gave the number 7. */
static void a_token_goes_into_a_body_as_it_came(void **state)
{
	struct rest_case c;
	(void)state;
	rest_begin(&c, "streams:\n  s: { path: /x, body: { after: \"{paging.token}\" }, "
		       "records: /r, paging: { next_token: /n }, key: ID, "
		       "columns: { ID: text } }\n", "{}");
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"r\":[],\"n\":10000000000000000001}", "page 0");
	assert_non_null(strstr(ask(&c), "\n{\"after\":10000000000000000001}"));
	ANSWERS(&c, 200, NULL, "{\"r\":[],\"n\":\"8\"}", "page 0");
	assert_non_null(strstr(ask(&c), "\n{\"after\":\"8\"}"));
	rest_end(&c);
}

/* --- where to --- */

static void a_stream_may_have_its_own_base_url(void **state)
{
	struct rest_case c;
	(void)state;
	rest_begin(&c, "settings: { host: { type: text }, url: { type: text, required: true } }\n"
		   "streams:\n  s:\n    base_url: \"{settings.url}\"\n    path: /x\n" END,
		   "{ url: \"https://history.example.com/v2/\" }");
	ASKS(&c, "GET https://history.example.com/v2/x");
	rest_end(&c);
}

static const char *base_url(const char *connector, const char *settings, enum auth_kind kind,
			    const char *configured)
{
	static char shown[300];
	struct rest_case c;
	struct buf url;
	struct err err = {0};
	buf_init(&url, URL_BYTES_MAX);
	rest_read(&c, connector, settings);
	bool done = rest_base_url(c.connector, kind, &c.settings, configured, &url, &err);
	snprintf(shown, sizeof shown, "%s%.200s", done ? "" : "error: ",
		 done ? buf_text(&url) : err.text);
	buf_done(&url);
	rest_end(&c);
	return shown;
}

static void the_base_url_is_the_configurations_then_the_sign_ins(void **state)
{
	static const char text[] =
		"format: 1\nconnector: shop\nbase_url: https://{settings.sub}.example.com/v1\n"
		"auth: { none: {}, api_key: { query: k, base_url: \"https://pay.example.com\" } }\n"
		"settings: { sub: { type: text, required: true } }\n"
		"streams: { s: { path: /x, paging: none, key: [ID], columns: { ID: text } } }\n";
	(void)state;
	assert_string_equal(base_url(text, "{ sub: acme }", AUTH_NONE, NULL),
			    "https://acme.example.com/v1");
	assert_string_equal(base_url(text, "{ sub: acme }", AUTH_API_KEY, NULL),
			    "https://pay.example.com");
	assert_string_equal(base_url(text, "{ sub: acme }", AUTH_API_KEY, "http://localhost:1/x"),
			    "http://localhost:1/x");
	assert_string_equal(base_url(text, "{ sub: \"evil.com/\" }", AUTH_NONE, NULL),
			    "error: base_url: {settings.sub} may hold letters, digits, . and - "
			    "only");
}

/* --- the API's own count --- */

#define COUNTED "    path: /x\n    query: { f: \"{window.from}\", u: \"{window.until}\", n: 5 }\n" \
		"    window: { column: AT, format: unix }\n"

static const char *count_of(struct rest_case *c, int status, const char *body)
{
	static char shown[300];
	struct response response = make_response(status, NULL, span_of(body));
	int64_t count;
	assert_true(rest_count_take(c->rest, &response, NOW_US, &count, &c->verdict, &c->err));
	response_done(&response);
	snprintf(shown, sizeof shown, "%s %lld%s%.200s", verdict_text(c), (long long)count,
		 count < 0 ? " " : "", count < 0 ? c->verdict.why.text : "");
	return shown;
}

static void the_api_is_asked_for_its_count(void **state)
{
	struct rest_case c;
	struct request request;
	(void)state;
	begin(&c, COUNTED "    count: { path: /x/$count, at: \"\" }\n");
	assert_true(rest_count_ask(c.rest, &c.mark, NOW_US, &request, &c.err));
	assert_string_equal(request_text(&c, &request),
			    URL "x/$count?f=1795305600&u=1795392000");
	assert_string_equal(count_of(&c, 200, "1234"), "page 0 1234");
	assert_string_equal(count_of(&c, 200, "\xEF\xBB\xBF" "1234\n"), "page 0 1234");
	assert_string_equal(count_of(&c, 200, "\"12\""), "page 0 12");
	assert_string_equal(count_of(&c, 200, "{}"),
			    "page 0 -1 s: the answer to the count has no number");
	assert_string_equal(count_of(&c, 200, "-5"),
			    "page 0 -1 s: the answer to the count has no number");
	assert_string_equal(count_of(&c, 200, "1.5"),
			    "page 0 -1 s: the answer to the count has no number");
	assert_string_equal(count_of(&c, 404, "nope"),
			    "page 0 -1 s: HTTP 404 from https://api.example.com:443: nope");
	assert_memory_equal(count_of(&c, 429, "slow"), "wait 60000: ", 12);
	assert_memory_equal(count_of(&c, 503, "slow"), "retry: ", 7);
	assert_memory_equal(count_of(&c, 401, "who"), "sign in: ", 9);
	rest_end(&c);
	/* A search with a body is counted by a plain question. */
	begin(&c, "    path: /x\n    body: { f: \"{window.from}\" }\n"
		  "    window: { column: AT, format: unix }\n    count: { path: /n, query: { "
		  "since: "
		  "\"{window.from}\", to: \"{window.until}\" }, at: [/meta/total, /total] }\n");
	assert_true(rest_count_ask(c.rest, &c.mark, NOW_US, &request, &c.err));
	assert_string_equal(request_text(&c, &request), URL "n?since=1795305600&to=1795392000");
	assert_string_equal(count_of(&c, 200, "{\"total\":7,\"meta\":{\"total\":null}}"),
		"page 0 7");
	rest_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_are_encoded_for_their_place),
		cmocka_unit_test(a_list_repeats_the_name),
		cmocka_unit_test(what_has_no_value_is_left_out),
		cmocka_unit_test(bodies_keep_the_kind_of_their_values),
		cmocka_unit_test(secrets_are_sent_but_never_shown),
		cmocka_unit_test(secrets_in_links_are_not_shown),
		cmocka_unit_test(a_header_cannot_hold_control_characters),
		cmocka_unit_test(a_path_holds_no_way_out),
		cmocka_unit_test(windows_are_rounded_outwards),
		cmocka_unit_test(the_last_day_is_the_last_whole_one_inside),
		cmocka_unit_test(times_in_bodies_are_text_or_numbers),
		cmocka_unit_test(a_repeat_asks_for_its_elements),
		cmocka_unit_test(a_batch_that_is_too_long_is_an_error),
		cmocka_unit_test(a_child_asks_with_its_parents_columns),
		cmocka_unit_test(a_parents_cells_keep_their_types),
		cmocka_unit_test(a_request_may_say_when_it_is_made),
		cmocka_unit_test(a_token_goes_into_a_body_as_it_came),
		cmocka_unit_test(a_stream_may_have_its_own_base_url),
		cmocka_unit_test(the_base_url_is_the_configurations_then_the_sign_ins),
		cmocka_unit_test(the_api_is_asked_for_its_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
