/* The six ways that APIs page, and every end of each. A page that repeats is an error. */
#include "unit/rest_case.h"

#include <time.h>

#define TAIL "    key: [ID]\n    columns: { ID: text }\n"

/* A stream with this paging; /rows holds the records. */
static void begin(struct rest_case *c, const char *paging, const char *more)
{
	char text[2000];
	snprintf(text, sizeof text,
		 "streams:\n  issues:\n    path: /issues\n    paging: %s\n    records: "
		 "/rows\n%s" TAIL,
		 paging, more);
	rest_begin(c, text, "{}");
}

#define URL "GET https://api.example.com/v1/issues"
#define PAGE(id, more) "{\"rows\":[{\"id\":\"" id "\"}]" more "}"

static void none_ends_with_its_one_page(void **state)
{
	struct rest_case c;
	struct rest_hints hints;
	(void)state;
	begin(&c, "none", "    query: { per_page: 2 }\n");
	ASKS(&c, URL "?per_page=2");
	ANSWERS(&c, 200, NULL, PAGE("a", ",\"x\":1"), "page 1");
	ROWS(&c, "ID=a\n");
	ASKS(&c, "done");
	ASKS(&c, "done");
	rest_hints(c.rest, &hints);
	assert_false(hints.more_unasked);
	assert_true(hints.ended);
	/* Does it look like the first of several? */
	static const char *const several[] = {
		PAGE("a", ",\"next\":\"u\""), PAGE("a", ",\"next_cursor\":\"u\""),
		PAGE("a", ",\"@odata.nextLink\":\"u\""), "{\"rows\":[{\"id\":1},{\"id\":2}]}"};
	for (size_t i = 0; i < 4; i++) {
		rest_again(&c);
		ask(&c);
		answer(&c, 200, NULL, several[i]);
		rest_hints(c.rest, &hints);
		assert_true(hints.more_unasked);
	}
	rest_again(&c);
	ask(&c);
	answer(&c, 200, "Link: <u>; rel=\"next\"\n", PAGE("a", ",\"next\":null"));
	rest_hints(c.rest, &hints);
	assert_true(hints.more_unasked);
	rest_end(&c);
}

static void links_are_followed_as_they_came(void **state)
{
	struct rest_case c;
	struct rest_hints hints;
	(void)state;
	begin(&c, "{ next_url: [/@odata.nextLink, /links/next] }", "");
	ASKS(&c, URL);
	ANSWERS(&c, 200, NULL,
		PAGE("a", ",\"@odata.nextLink\":"
			  "\"https://api.example.com/v1/issues?$skip=1&x=a%2Fb\""),
		"page 1");
	rest_hints(c.rest, &hints);
	assert_false(hints.ended);
	assert_string_equal(hints.next, "/@odata.nextLink");
	ASKS(&c, URL "?$skip=1&x=a%2Fb");
	/* relative, in another case, at the second pointer; a default port is no other host */
	ANSWERS(&c, 200, NULL, PAGE("b", ",\"links\":{\"NEXT\":\"/v1/issues?p=3\"}"), "page 1");
	rest_hints(c.rest, &hints);
	assert_string_equal(hints.next, "/links/next");
	ASKS(&c, URL "?p=3");
	ANSWERS(&c, 200, NULL, PAGE("c", ",\"links\":{\"next\":\"?p=4\"}"), "page 1");
	ASKS(&c, URL "?p=4");
	ANSWERS(&c, 200, NULL,
		PAGE("d", ",\"links\":{\"next\":\"HTTPS://API.example.com:443/v1/issues?p=5\"}"),
		"page 1");
	ASKS(&c, "GET HTTPS://API.example.com:443/v1/issues?p=5");
	ANSWERS(&c, 200, NULL, PAGE("e", ",\"links\":{\"next\":null}"), "page 1");
	ASKS(&c, "done");
	assert_int_equal(rest_pages(c.rest), 5);
	ROWS(&c, "ID=a\nID=b\nID=c\nID=d\nID=e\n");
	rest_end(&c);
}

static void a_link_without_a_value_is_the_end(void **state)
{
	static const char *const ends[] = {"", ",\"next\":null", ",\"next\":\"\""};
	struct rest_case c;
	(void)state;
	begin(&c, "{ next_url: /next }", "");
	for (size_t i = 0; i < 3; i++) {
		rest_again(&c);
		ask(&c);
		char body[100];
		snprintf(body, sizeof body, PAGE("a", "%s"), ends[i]);
		ANSWERS(&c, 200, NULL, body, "page 1");
		ASKS(&c, "done");
	}
	rest_end(&c);
}

/* An object where a link was expected is no end: the pages behind it would be lost in silence. */
static void a_link_that_is_none_is_an_error(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "{ next_url: /next }", "");
	ask(&c);
	ANSWERS(&c, 200, NULL, PAGE("a", ",\"next\":{\"href\":\"?p=2\"}"),
		"fail stream: issues: /next is an object; expected a link to the next page or "
		"null");
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, NULL, PAGE("a", ",\"next\":true"),
		"fail stream: issues: /next is a bool; expected a link to the next page or null");
	rest_end(&c);
	begin(&c, "{ next_token: /next }", "    query: { t: \"{paging.token}\" }\n");
	ask(&c);
	ANSWERS(&c, 200, NULL, PAGE("a", ",\"next\":[\"x\"]"),
		"fail stream: issues: /next is a list; expected a token of the next page or null");
	rest_end(&c);
}

static void a_link_to_elsewhere_is_refused(void **state)
{
	static const char *const links[] = {
		"https://evil.example.com/v1/issues", "http://api.example.com/v1/issues",
		"https://api.example.com:8443/v1/issues", "//evil.example.com/v1",
		"https://api.example.com.evil.com/"};
	struct rest_case c;
	(void)state;
	begin(&c, "{ next_url: /next }", "");
	for (size_t i = 0; i < 5; i++) {
		char body[200];
		rest_again(&c);
		ask(&c);
		snprintf(body, sizeof body, PAGE("a", ",\"next\":\"%s\""), links[i]);
		const char *verdict = answer(&c, 200, NULL, body);
		assert_memory_equal(verdict,
			"fail stream: issues: the link to the next page leads to ",
				    51);
		assert_int_equal(c.verdict.why.kind, ERR_DATA);
	}
	static const char *const no_links[] = {"https://user:pw@api.example.com/", "ftp://x/"};
	for (size_t i = 0; i < 2; i++) {
		char body[200];
		rest_again(&c);
		ask(&c);
		snprintf(body, sizeof body, PAGE("a", ",\"next\":\"%s\""), no_links[i]);
		const char *verdict = answer(&c, 200, NULL, body);
		assert_memory_equal(verdict, "fail stream: issues: ", 21);
		assert_null(strstr(verdict, "pw@"));
	}
	rest_end(&c);
}

static void a_link_that_was_followed_before_is_an_error(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "{ next_url: /next }", "");
	ask(&c);
	answer(&c, 200, NULL, PAGE("a", ",\"next\":\"?p=2\""));
	ask(&c);
	answer(&c, 200, NULL, PAGE("b", ",\"next\":\"?p=3\""));
	ask(&c);
	ANSWERS(&c, 200, NULL, PAGE("c", ",\"next\":\"?p=2\""),
		"fail stream: issues: page 3 names a next link that was followed before: the API "
		"repeats itself");
	/* back to page one is a circle, too */
	rest_again(&c);
	ask(&c);
	answer(&c, 200, NULL, PAGE("a", ",\"next\":\"?p=2\""));
	ask(&c);
	ANSWERS(&c, 200, NULL, PAGE("b", ",\"next\":\"/v1/issues\""),
		"fail stream: issues: page 2 names a next link that was followed before: the API "
		"repeats itself");
	/* to itself */
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, NULL, PAGE("a", ",\"next\":\"https://api.example.com/v1/issues\""),
		"fail stream: issues: page 1 names a next link that was followed before: the API "
		"repeats itself");
	rest_end(&c);
}

/* Okta's end: a page without records that links to itself. */
static void an_empty_page_that_links_to_itself_is_the_end(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "{ link_header: next }", "    query: { limit: 5 }\n");
	ASKS(&c, URL "?limit=5");
	ANSWERS(&c, 200, "Link: <https://api.example.com/v1/issues?after=1>; rel=\"next\"\n",
		PAGE("a", ""), "page 1");
	ASKS(&c, URL "?after=1");
	ANSWERS(&c, 200, "Link: <https://api.example.com/v1/issues?after=1>; rel=\"next\"\n",
		"{\"rows\":[]}", "page 0");
	ASKS(&c, "done");
	/* on page one */
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, "Link: <https://api.example.com/v1/issues?limit=5>; rel=\"next\"\n",
		"{\"rows\":[]}", "page 0");
	ASKS(&c, "done");
	/* with an api key in the query, which the API does not repeat in its links */
	c.mark = (struct sign_mark){.query = "key", .query_value = "s3cret"};
	rest_again(&c);
	ASKS(&c, URL "?limit=5&key=s3cret");
	ANSWERS(&c, 200, "Link: <https://api.example.com/v1/issues?after=1>; rel=\"next\"\n",
		PAGE("a", ""), "page 1");
	ASKS(&c, URL "?after=1&key=s3cret");
	ANSWERS(&c, 200, "Link: <https://api.example.com/v1/issues?after=1>; rel=\"next\"\n",
		"{\"rows\":[]}", "page 0");
	ASKS(&c, "done");
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, "Link: <https://api.example.com/v1/issues?limit=5>; rel=\"next\"\n",
		"{\"rows\":[]}", "page 0");
	ASKS(&c, "done");
	rest_end(&c);
}

static void link_headers_end_without_that_rel(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "{ link_header: next }", "");
	ask(&c);
	ANSWERS(&c, 200, "Link: <?p=1>; rel=prev, <?p=2>; rel=\"next last\"\n", PAGE("a", ""),
		"page 1");
	ASKS(&c, URL "?p=2");
	ANSWERS(&c, 200, "Link: <?p=1>; rel=prev\n", PAGE("b", ""), "page 1");
	ASKS(&c, "done");
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, NULL, PAGE("a", ""), "page 1");
	ASKS(&c, "done");
	rest_end(&c);
}

static void tokens_go_into_the_next_request(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "{ next_token: [/meta/next_cursor, /next] }",
	      "    query: { cursor: \"{paging.token}\", n: 2 }\n");
	ASKS(&c, URL "?n=2");
	ANSWERS(&c, 200, NULL, PAGE("a", ",\"meta\":{\"next_cursor\":\"a b+c/=&\"}"), "page 1");
	ASKS(&c, URL "?cursor=a%20b%2Bc%2F%3D%26&n=2");
	ANSWERS(&c, 200, NULL, PAGE("b", ",\"next\":18446744073709551615"), "page 1");
	ASKS(&c, URL "?cursor=18446744073709551615&n=2");
	/* torn: the same again */
	ANSWERS(&c, 200, NULL, "{\"rows\":[", "retry: issues: HTTP 200 from "
		"https://api.example.com:443, but the body is not whole JSON: line 1, column 10: "
		"unexpected end of data");
	ASKS(&c, URL "?cursor=18446744073709551615&n=2");
	ANSWERS(&c, 200, NULL, PAGE("c", ",\"meta\":{\"next_cursor\":\"\"}"), "page 1");
	ASKS(&c, "done");
	static const char *const ends[] = {"", ",\"meta\":null",
		",\"meta\":{\"next_cursor\":null}"};
	for (size_t i = 0; i < 3; i++) {
		char body[100];
		rest_again(&c);
		ask(&c);
		snprintf(body, sizeof body, PAGE("a", "%s"), ends[i]);
		ANSWERS(&c, 200, NULL, body, "page 1");
		ASKS(&c, "done");
	}
	rest_end(&c);
}

static void tokens_come_from_the_last_record_or_a_header(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "{ next_token: { last: /id }, more: /has_more }",
	      "    query: { starting_after: \"{paging.token}\" }\n");
	ASKS(&c, URL);
	ANSWERS(&c, 200, NULL, "{\"rows\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"has_more\":true}",
		"page 2");
	ASKS(&c, URL "?starting_after=b");
	ANSWERS(&c, 200, NULL, "{\"rows\":[{\"id\":\"c\"}],\"has_more\":false}", "page 1");
	ASKS(&c, "done");
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"rows\":[],\"has_more\":true}", "page 0");
	ASKS(&c, "done");
	rest_end(&c);
	begin(&c, "{ next_token: { header: X-Next } }", "    query: { t: \"{paging.token}\" }\n");
	ask(&c);
	ANSWERS(&c, 200, "x-next: abc\n", PAGE("a", ""), "page 1");
	ASKS(&c, URL "?t=abc");
	ANSWERS(&c, 200, "x-next:\n", PAGE("b", ""), "page 1");
	ASKS(&c, "done");
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, NULL, PAGE("b", ""), "page 1");
	ASKS(&c, "done");
	rest_end(&c);
}

static void the_same_token_again_is_an_error(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "{ next_token: /next }", "    query: { t: \"{paging.token}\" }\n");
	ask(&c);
	answer(&c, 200, NULL, PAGE("a", ",\"next\":\"x\""));
	ask(&c);
	answer(&c, 200, NULL, PAGE("b", ",\"next\":\"y\""));
	ask(&c);
	ANSWERS(&c, 200, NULL, PAGE("c", ",\"next\":\"x\""),
		"fail stream: issues: page 3 names a next token that was followed before: the API "
		"repeats itself");
	assert_int_equal(c.verdict.why.kind, ERR_DATA);
	rest_end(&c);
}

static void offsets_grow_by_what_came(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "{ offset: 0 }", "    query: { offset: \"{paging.offset}\", limit: 100 }\n");
	ASKS(&c, URL "?offset=0&limit=100");
	ANSWERS(&c, 200, NULL, "{\"rows\":[{\"id\":1},{\"id\":2},{\"no\":3}]}", "page 3");
	assert_string_equal(buf_text(&c.seen), "T0 T0 R0 ");
	ASKS(&c, URL "?offset=3&limit=100");
	ANSWERS(&c, 200, NULL, "{\"rows\":[{\"id\":4}]}", "page 1");
	ASKS(&c, URL "?offset=4&limit=100");
	ANSWERS(&c, 200, NULL, "{\"rows\":[]}", "page 0");
	ASKS(&c, "done");
	rest_end(&c);
}

static void page_numbers_count_up_to_an_empty_page(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "{ page: 1 }", "    query: { page: \"{paging.page}\" }\n");
	ASKS(&c, URL "?page=1");
	ANSWERS(&c, 200, NULL, PAGE("a", ""), "page 1");
	ASKS(&c, URL "?page=2");
	ANSWERS(&c, 200, NULL, PAGE("b", ""), "page 1");
	ASKS(&c, URL "?page=3");
	ANSWERS(&c, 200, NULL, "{\"rows\":[]}", "page 0");
	ASKS(&c, "done");
	rest_end(&c);
}

static void the_answer_may_say_that_it_is_the_end(void **state)
{
	static const struct { const char *key, *goes_on, *ends; } cases[] = {
		{"more: /more", ",\"more\":true", ",\"more\":false"},
		{"more: /more", "", ",\"more\":false"},
		{"done: /done", ",\"done\":false", ",\"done\":true"},
		{"done: /done", ",\"done\":null", ",\"done\":true"},
		{"total: /total", ",\"total\":3", ",\"total\":2"},
		{"total: /total", "", ",\"total\":\"2\""},
		{"pages: /pages", ",\"pages\":3", ",\"pages\":2"},
	};
	static const char *const kinds[] = {
		"{ next_url: /next, %s }", "{ next_token: /next, %s }", "{ offset: 0, %s }",
		"{ page: 1, %s }", "{ link_header: next, %s }"};
	static const char *const slots[] = {
		"", "    query: { t: \"{paging.token}\" }\n",
		"    query: { t: \"{paging.offset}\" }\n",
		"    query: { t: \"{paging.page}\" }\n", ""};
	for (size_t kind = 0; kind < 5; kind++) {
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			struct rest_case c;
			char paging[100], body[200];
			snprintf(paging, sizeof paging, kinds[kind], cases[i].key);
			begin(&c, paging, slots[kind]);
			ask(&c);
			snprintf(body, sizeof body, PAGE("a", ",\"next\":\"?p=2\"%s"),
				cases[i].goes_on);
			ANSWERS(&c, 200, "Link: <?p=2>; rel=next\n", body, "page 1");
			assert_memory_equal(ask(&c), "GET ", 4);
			snprintf(body, sizeof body, PAGE("b", ",\"next\":\"?p=3\"%s"),
				cases[i].ends);
			ANSWERS(&c, 200, "Link: <?p=3>; rel=next\n", body, "page 1");
			ASKS(&c, "done");
			rest_end(&c);
		}
	}
	(void)state;
}

/* The pages of before do not count when the window is begun anew. */
static void a_restart_begins_at_page_one(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "{ next_token: /next, pages: /pages, total: /total }",
	      "    query: { t: \"{paging.token}\" }\n");
	ask(&c);
	answer(&c, 200, NULL, PAGE("a", ",\"next\":\"x\",\"pages\":3,\"total\":3"));
	ask(&c);
	answer(&c, 200, NULL, PAGE("b", ",\"next\":\"y\",\"pages\":3,\"total\":3"));
	rest_restart(c.rest);
	ASKS(&c, URL);
	ANSWERS(&c, 200, NULL, PAGE("a", ",\"next\":\"x\",\"pages\":3,\"total\":3"), "page 1");
	ASKS(&c, URL "?t=x");
	ANSWERS(&c, 200, NULL, PAGE("b", ",\"next\":\"y\",\"pages\":3,\"total\":3"), "page 1");
	ASKS(&c, URL "?t=y");
	ANSWERS(&c, 200, NULL, PAGE("c", ",\"next\":\"z\",\"pages\":3,\"total\":3"), "page 1");
	ASKS(&c, "done");
	assert_int_equal(rest_pages(c.rest), 3);
	rest_end(&c);
}

static void the_same_records_again_are_an_error(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "{ page: 1 }", "    query: { page: \"{paging.page}\" }\n");
	ask(&c);
	answer(&c, 200, NULL, "{\"rows\":[{\"id\":1,\"x\":1},{\"no\":2}]}");
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"n\":0,\"rows\":[{\"id\":1,\"x\":1},{\"no\":2}]}",
		"fail stream: issues: page 2 has the same records as the page before: the API "
		"repeats "
		"itself");
	assert_int_equal(c.verdict.why.kind, ERR_DATA);
	rest_end(&c);
}

/* One record a page, changed and so moved to the next while we read: no repetition. */
static void the_same_key_with_another_record_is_none(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "{ page: 1 }", "    query: { page: \"{paging.page}\" }\n");
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"rows\":[{\"id\":1,\"x\":1}]}", "page 1");
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"rows\":[{\"id\":1,\"x\":2}]}", "page 1");
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"rows\":[{\"id\":1,\"x\":2},{\"id\":1,\"x\":2}]}", "page 2");
	rest_end(&c);
}

/* Remembering a hundred thousand links must not compare each with each. */
static void many_pages_are_as_cheap_as_few(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "{ next_token: /next }", "    query: { t: \"{paging.token}\" }\n");
	clock_t start = clock();
	for (int i = 0; i < 100000; i++) {
		char body[100];
		ask(&c);
		snprintf(body, sizeof body, "{\"rows\":[],\"next\":\"%d\"}", i);
		if (strcmp(answer(&c, 200, NULL, body), "page 0") != 0)
			fail_msg("%s", buf_text(&c.text));
	}
	ask(&c);
	assert_memory_equal(answer(&c, 200, NULL, "{\"rows\":[],\"next\":\"7\"}"), "fail stream",
		11);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 5);
	rest_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_ends_with_its_one_page),
		cmocka_unit_test(links_are_followed_as_they_came),
		cmocka_unit_test(a_link_without_a_value_is_the_end),
		cmocka_unit_test(a_link_that_is_none_is_an_error),
		cmocka_unit_test(a_link_to_elsewhere_is_refused),
		cmocka_unit_test(a_link_that_was_followed_before_is_an_error),
		cmocka_unit_test(an_empty_page_that_links_to_itself_is_the_end),
		cmocka_unit_test(link_headers_end_without_that_rel),
		cmocka_unit_test(tokens_go_into_the_next_request),
		cmocka_unit_test(tokens_come_from_the_last_record_or_a_header),
		cmocka_unit_test(the_same_token_again_is_an_error),
		cmocka_unit_test(offsets_grow_by_what_came),
		cmocka_unit_test(page_numbers_count_up_to_an_empty_page),
		cmocka_unit_test(the_answer_may_say_that_it_is_the_end),
		cmocka_unit_test(a_restart_begins_at_page_one),
		cmocka_unit_test(the_same_records_again_are_an_error),
		cmocka_unit_test(the_same_key_with_another_record_is_none),
		cmocka_unit_test(many_pages_are_as_cheap_as_few),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
