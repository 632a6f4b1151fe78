/* What is read out of an answer's headers: the bytes are a stranger's. */
#include "fetch/exchange.h"

#include "base/bounds.h"
#include "base/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW_US (INT64_C(1795402800) * STAMP_SECOND) /* 2026-11-23T03:00:00Z */

/* An answer whose header lines came one by one, as over a wire; they end with a NULL. */
static struct response answer_of(int status, const char *const *lines)
{
	struct response answer = {.status = status};
	buf_init(&answer.headers, HEADER_BYTES_MAX);
	for (; *lines != NULL; lines++)
		assert_true(response_keep(&answer, span_of(*lines)));
	return answer;
}
#define ANSWER(status, ...) answer_of(status, (const char *const[]){__VA_ARGS__, NULL})

static void assert_span(struct span span, const char *expected)
{
	if (expected == NULL) {
		assert_null(span.at);
		return;
	}
	assert_non_null(span.at);
	assert_int_equal(span.size, strlen(expected));
	assert_memory_equal(span.at, expected, span.size);
}

static void a_header_is_found_in_any_case_without_its_blanks(void **state)
{
	(void)state;
	struct response a = ANSWER(200, "HTTP/1.1 200 OK\r\n", "Content-TYPE: \t text/x \r\n",
				   "empty:\r\n", "Content: no\r\n", "twice: 1\r\n", "TWICE: 2\r\n",
				   "url:http://a:80/\n", "\r\n");
	assert_span(response_header(&a, "content-type"), "text/x");
	assert_span(response_header(&a, "CONTENT-TYPE"), "text/x");
	assert_span(response_header(&a, "empty"), "");
	assert_span(response_header(&a, "twice"), "1");
	assert_span(response_header(&a, "url"), "http://a:80/");
	assert_span(response_header(&a, "content-typ"), NULL);
	assert_span(response_header(&a, "ontent-type"), NULL);
	assert_span(response_header(&a, "HTTP/1.1 200 OK"), NULL);
	assert_span(response_header(&a, ""), NULL);
	response_done(&a);
	struct response none = {0};
	assert_span(response_header(&none, "x"), NULL);
	response_done(&none);
}

static void an_interim_answer_leaves_no_header_behind(void **state)
{
	(void)state;
	struct response a = ANSWER(200, "HTTP/1.1 103 Early\r\n", "Link: </a>; rel=next\r\n",
				   "\r\n", "HTTP/1.1 200 OK\r\n", "B: 2\r\n", "\r\n");
	assert_span(response_link(&a, "next"), NULL);
	assert_string_equal(buf_text(&a.headers), "B: 2\n");
	response_done(&a);
}

static void a_folded_header_is_one_line(void **state)
{
	(void)state;
	struct response a = ANSWER(200, "HTTP/1.1 200 OK\r\n", "A: one\r\n", " \t two\r\n",
				   "\tthree: 3\r\n", "B: x\r\n");
	assert_span(response_header(&a, "a"), "one two three: 3");
	assert_span(response_header(&a, "b"), "x");
	assert_span(response_header(&a, "three"), NULL);
	response_done(&a);
}

static void headers_keep_their_bound(void **state)
{
	(void)state;
	struct response a = {0};
	buf_init(&a.headers, 10);
	assert_true(response_keep(&a, SPAN("A: 345678")));
	assert_false(response_keep(&a, SPAN("B: 1")));
	response_done(&a);
}

static void links_are_found_by_their_rel(void **state)
{
	static const struct {
		const char *value, *rel, *expected;
	} cases[] = {
		{"</p?a=1,2;3>; rel=next", "next", "/p?a=1,2;3"},
		{"<a>; rel=\"prev\", <b>; rel=\"next\"", "next", "b"},
		{"<a>;rel=prev,<b>;rel=next", "next", "b"},
		{" < a > ; rel = \"next\" ", "next", "a"},
		{"<a>; REL=\"NEXT\"", "next", "a"},
		{"<a>; rel=\"first next\"", "next", "a"},
		{"<a>; rel=\"first\tnext last\"", "last", "a"},
		{"<a>; rel=\"nextish xnext\"", "next", NULL},
		{"<a>; title=\"a, b; rel=next\"; rel=prev, <b>; rel=next", "next", "b"},
		{"<a>; title=\"\\\", <x>; rel=next; \"; rel=prev, <b>; rel=next", "next", "b"},
		{"<a>; results=\"true\"; rel=\"next\"; cursor=\"0:100:0\"", "next", "a"},
		{"<a>; rel=prev; rel=next", "next", NULL},
		{"<a>; crossorigin; rel=next", "next", "a"},
		{"<a>; rel=next; anchor=\"#other\"", "next", NULL},
		{"<>; rel=next", "next", ""},
		{"<a>", "next", NULL},
		{"<a>; rel", "next", NULL},
		{"<a>; rel=", "next", NULL},
		{"<a>; rel=\"next", "next", "a"},
		{"<a>; rel=\"next\\", "next", NULL},
		{"<a; rel=next", "next", NULL},
		{"a; rel=next", "next", NULL},
		{", ,, <a>; rel=next", "next", "a"},
		{"<a>;;;; rel=next", "next", "a"},
		{"<a> rel=next", "next", NULL},
		{"", "next", NULL},
		{"<a>; rel=\"https://x.example/rel\"", "https://x.example/rel", "a"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct response a = {0};
		buf_init(&a.headers, HEADER_BYTES_MAX);
		buf_addf(&a.headers, "Link:%s\n", cases[i].value);
		struct span link = response_link(&a, cases[i].rel);
		if ((link.at == NULL) != (cases[i].expected == NULL))
			print_message("Link: %s\n", cases[i].value);
		assert_span(link, cases[i].expected);
		response_done(&a);
	}
}

static void links_are_looked_for_in_all_their_headers(void **state)
{
	(void)state;
	struct response a = ANSWER(200, "Link: <a>; rel=prev\r\n", "X: <b>; rel=next\r\n",
				   "link: broken\r\n", "LINK: <c>; rel=last, <d>; rel=next\r\n");
	assert_span(response_link(&a, "prev"), "a");
	assert_span(response_link(&a, "next"), "d");
	assert_span(response_link(&a, "first"), NULL);
	response_done(&a);
}

static int64_t wait_of(const char *retry_after, const char *date)
{
	struct err err = {0};
	struct response a = {.status = 429};
	buf_init(&a.headers, HEADER_BYTES_MAX);
	buf_addf(&a.headers, "Retry-After: %s\n", retry_after);
	if (date != NULL)
		buf_addf(&a.headers, "Date: %s\n", date);
	assert_true(response_settle(&a, "http://a/", NOW_US, &err));
	response_done(&a);
	return a.retry_after_ms;
}

static void retry_after_is_read_in_both_forms(void **state)
{
	(void)state;
	assert_int_equal(wait_of("120", NULL), 120000);
	assert_int_equal(wait_of(" 0 ", NULL), 0);
	assert_int_equal(wait_of("1.2", NULL), 2000);
	assert_int_equal(wait_of("1.0", NULL), 1000);
	assert_int_equal(wait_of("99999999999999999999999", NULL), RETRY_AFTER_S_MAX * 1000LL);
	assert_int_equal(wait_of("99999999999.5", NULL), RETRY_AFTER_S_MAX * 1000LL);
	assert_int_equal(wait_of("", NULL), -1);
	assert_int_equal(wait_of("-5", NULL), -1);
	assert_int_equal(wait_of("soon", NULL), -1);
	assert_int_equal(wait_of("5 s", NULL), -1);
	/* From our clock where the server tells no time, */
	assert_int_equal(wait_of("Mon, 23 Nov 2026 03:00:30 GMT", NULL), 30000);
	assert_int_equal(wait_of("Monday, 23-Nov-26 03:00:30 GMT", NULL), 30000);
	assert_int_equal(wait_of("Mon Nov 23 03:00:30 2026", NULL), 30000);
	assert_int_equal(wait_of("Mon, 23 Nov 2026 02:00:00 GMT", NULL), 0);
	assert_int_equal(wait_of("Tue, 23 Nov 2126 03:00:00 GMT", NULL),
			 RETRY_AFTER_S_MAX * 1000LL);
	/* else from the server's: ours may be wrong by hours. */
	assert_int_equal(wait_of("Mon, 23 Nov 2026 09:00:10 GMT", "Mon, 23 Nov 2026 09:00:00 GMT"),
			 10000);
	assert_int_equal(wait_of("Mon, 23 Nov 2026 03:00:10 GMT", "nonsense"), 10000);
	struct err err = {0};
	struct response none = {.status = 503};
	assert_true(response_settle(&none, "http://a/", NOW_US, &err));
	assert_int_equal(none.retry_after_ms, -1);
	assert_int_equal(none.date_us, 0);
}

static void the_servers_date_is_told(void **state)
{
	struct err err = {0};
	(void)state;
	struct response a = ANSWER(200, "date: Mon, 23 Nov 2026 03:00:00 GMT\r\n");
	assert_true(response_settle(&a, "http://a/", 0, &err));
	assert_int_equal(a.date_us, NOW_US);
	response_done(&a);
}

static void assert_redirect(int status, const char *location, const char *expected)
{
	struct err err = {0};
	struct response a = {.status = status};
	buf_init(&a.headers, HEADER_BYTES_MAX);
	buf_addf(&a.headers, "Location: %s\n", location);
	assert_true(response_settle(&a, "https://a.example/x/y?key=secret", NOW_US, &err));
	if (expected == NULL)
		assert_null(a.redirect);
	else
		assert_string_equal(a.redirect, expected);
	response_done(&a);
	assert_null(a.redirect);
}

static void a_redirect_tells_where_it_pointed(void **state)
{
	(void)state;
	assert_redirect(301, "https://b.example/z", "https://b.example/z");
	assert_redirect(302, "z?q", "https://a.example/x/z?q");
	assert_redirect(303, "/login", "https://a.example/login");
	assert_redirect(307, "//b.example/", "https://b.example/");
	assert_redirect(308, "ftp://b.example/", "ftp://b.example/");
	assert_redirect(302, "", NULL);
	assert_redirect(200, "https://b.example/z", NULL);
	assert_redirect(201, "https://b.example/z", NULL);
	assert_redirect(400, "https://b.example/z", NULL);
}

static void a_credential_crosses_in_the_clear_only_where_it_may(void **state)
{
	struct request away = {.url = "HTTP://a.example/x?k=s3cret", .shown = "the API"};
	struct request safe = {.url = "https://a.example/x", .shown = ""};
	struct request here = {.url = "http://127.0.0.1:8/x", .shown = ""};
	struct err err = {0};
	(void)state;
	assert_false(request_check_clear(&away, true, false, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_memory_equal(err.text, "the API: http:// would send the credentials", 43);
	assert_null(strstr(err.text, "s3cret"));
	assert_true(request_check_clear(&away, true, true, &err));
	assert_true(request_check_clear(&away, false, false, &err));
	assert_true(request_check_clear(&safe, true, false, &err));
	assert_true(request_check_clear(&here, true, false, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_found_in_any_case_without_its_blanks),
		cmocka_unit_test(an_interim_answer_leaves_no_header_behind),
		cmocka_unit_test(a_folded_header_is_one_line),
		cmocka_unit_test(headers_keep_their_bound),
		cmocka_unit_test(links_are_found_by_their_rel),
		cmocka_unit_test(links_are_looked_for_in_all_their_headers),
		cmocka_unit_test(retry_after_is_read_in_both_forms),
		cmocka_unit_test(the_servers_date_is_told),
		cmocka_unit_test(a_redirect_tells_where_it_pointed),
		cmocka_unit_test(a_credential_crosses_in_the_clear_only_where_it_may),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
