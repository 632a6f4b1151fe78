/* Answers of every framing, and what goes out with a request: real sockets on loopback, every
 * byte by hand. What goes wrong is in http_fault_test, many at once in http_flight_test. */
#include "base/bounds.h"

#include "fetching.h"

#include <dlfcn.h>
#include <zlib.h>

#define OK "HTTP/1.1 200 OK"

static bool answer_whole(struct wire_peer *peer)
{
	return wire_answer(peer, OK "\r\nDate: Mon, 23 Nov 2026 03:00:00 GMT\r\nX-Page: 7", "{}\n");
}

static void a_whole_answer_comes_with_all_that_is_known_of_it(void **state)
{
	(void)state;
	struct response got = get_once(answer_whole, NULL);
	assert_body(&got, "{}\n");
	assert_int_equal(got.status, 200);
	assert_int_equal(got.date_us, INT64_C(1795402800000000));
	assert_int_equal(got.retry_after_ms, -1);
	assert_null(got.redirect);
	assert_true(got.took_ms >= 0 && got.took_ms < 5000);
	assert_int_equal(got.wire_bytes, strlen(OK "\r\nDate: Mon, 23 Nov 2026 03:00:00 GMT\r\n"
						   "X-Page: 7\r\nContent-Length: 3\r\n\r\n{}\n"));
	struct span page = response_header(&got, "x-page");
	assert_true(span_is(page, "7"));
	response_done(&got);
}

static bool answer_chunked(struct wire_peer *peer)
{
	wire_say(peer, "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" OK
		       "\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n");
	wire_say(peer, "5;x=y\r\nhello\r\n");
	wire_sleep_ms(20);
	return wire_say(peer, "7\r\n, world\r\n0\r\nX-End: 1\r\n\r\n");
}

static void a_chunked_answer_is_put_together_without_its_trailers(void **state)
{
	(void)state;
	struct response got = get_once(answer_chunked, NULL);
	assert_body(&got, "hello, world");
	assert_null(response_header(&got, "x-end").at);
	assert_null(response_header(&got, "x-early").at);
	response_done(&got);
}

static bool answer_endless(struct wire_peer *peer)
{
	wire_say(peer, "HTTP/1.0 200 OK\r\n\r\nall that");
	wire_sleep_ms(10);
	wire_say(peer, " there is");
	return false;
}

static void an_answer_without_a_length_ends_with_its_connection(void **state)
{
	(void)state;
	struct response got = get_once(answer_endless, NULL);
	assert_body(&got, "all that there is");
	response_done(&got);
}

static bool answer_nothing(struct wire_peer *peer)
{
	return wire_say(peer, "HTTP/1.1 204 No Content\r\n\r\n");
}

static void an_answer_without_a_body_is_empty(void **state)
{
	(void)state;
	struct response got = get_once(answer_nothing, NULL);
	assert_body(&got, "");
	assert_int_equal(got.status, 204);
	response_done(&got);
}

static size_t pack(const char *text, size_t size, unsigned char *out, size_t room)
{
	z_stream z = {.next_in = (unsigned char *)(uintptr_t)text, .avail_in = (unsigned)size,
		      .next_out = out, .avail_out = (unsigned)room};
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static bool answer_packed(struct wire_peer *peer)
{
	static char text[300000];
	unsigned char packed[8000];
	char accepted[100] = "";
	wire_header(peer, "Accept-Encoding", accepted, sizeof accepted);
	if (strstr(accepted, "gzip") == NULL)
		return wire_answer(peer, OK, "not asked for");
	memset(text, 'a', sizeof text);
	size_t size = pack(text, sizeof text, packed, sizeof packed);
	return wire_say(peer, OK "\r\nContent-Encoding: gzip\r\n") &&
	       wire_sayf(peer, "Content-Length: %zu\r\n\r\n", size) &&
	       wire_send(peer, packed, size);
}

static void a_compressed_answer_is_unpacked(void **state)
{
	(void)state;
	struct response got = get_once(answer_packed, NULL);
	assert_int_equal(got.end, EXCHANGE_ANSWERED);
	assert_int_equal(got.body.size, 300000);
	for (size_t i = 0; i < got.body.size; i++)
		assert_int_equal(got.body.data[i], 'a');
	assert_true(got.wire_bytes < 2000);
	response_done(&got);
}

/* A wire whose requests are looked at; answers what the path says. */
static bool answer_by_path(struct wire_peer *peer)
{
	if (wire_path_is(peer, "/packed"))
		return answer_packed(peer);
	if (strncmp(peer->request, "HEAD ", 5) == 0)
		return wire_say(peer, OK "\r\nContent-Length: 99999999999\r\n\r\n");
	return wire_answer(peer, OK, "fine");
}

struct looked {
	struct wire wire;
	struct http *http;
};

static int set_up(void **state)
{
	struct http_options options = quick_options();
	struct looked *looked = calloc(1, sizeof *looked);
	assert_non_null(looked);
	looked->wire.answer = answer_by_path;
	assert_true(wire_start(&looked->wire));
	looked->http = http_of(&options);
	*state = looked;
	return 0;
}

static int tear_down(void **state)
{
	struct looked *looked = *state;
	http_free(looked->http);
	wire_stop(&looked->wire);
	free(looked);
	return 0;
}

/* Sends a request for a path; what the server saw of it stands in wire.last. */
static struct response send_to(struct looked *looked, const char *method, const char *path,
			       struct span body, const struct header *headers, size_t headers_n)
{
	char url[400];
	snprintf(url, sizeof url, "%s%s", looked->wire.base, path);
	const struct request request = {.method = method, .url = url, .shown = method,
					.headers = headers, .headers_n = headers_n, .body = body};
	return exchange(looked->http, &request);
}

static void assert_seen(const struct looked *looked, const char *part)
{
	if (strstr(looked->wire.last, part) == NULL)
		print_message("%s\n", looked->wire.last);
	assert_non_null(strstr(looked->wire.last, part));
}

static void assert_unseen(const struct looked *looked, const char *part)
{
	assert_null(strcasestr(looked->wire.last, part));
}

static void a_get_sends_its_url_as_it_was_given(void **state)
{
	struct looked *looked = *state;
	struct response got = send_to(looked, "GET",
				      "/a%2fb/../c/./%7E/?x=%e4&$f=a'b:c,d+e=&&[y]=@/?#gone",
				      (struct span){0}, NULL, 0);
	assert_body(&got, "fine");
	assert_seen(looked, "GET /a%2fb/../c/./%7E/?x=%e4&$f=a'b:c,d+e=&&[y]=@/? HTTP/1.1\r\n");
	assert_seen(looked, "\r\nUser-Agent: firn/test\r\n");
	assert_unseen(looked, "\r\nContent-");
	assert_unseen(looked, "\r\nCookie");
	assert_unseen(looked, "\r\nAuthorization");
	response_done(&got);
}

static void headers_go_out_as_given(void **state)
{
	struct looked *looked = *state;
	const struct header headers[] = {{"Authorization", "Bearer a:b==;,"},
					 {"X-Empty", ""},
					 {"User-Agent", "mine"},
					 {"Accept", "application/json"}};
	struct response got = send_to(looked, "GET", "/", (struct span){0}, headers, 4);
	assert_body(&got, "fine");
	assert_seen(looked, "\r\nAuthorization: Bearer a:b==;,\r\n");
	assert_seen(looked, "\r\nX-Empty:\r\n");
	assert_seen(looked, "\r\nUser-Agent: mine\r\n");
	assert_seen(looked, "\r\nAccept: application/json\r\n");
	assert_unseen(looked, "firn/test");
	assert_unseen(looked, "*/*");
	response_done(&got);
}

static void a_body_goes_out_whole_without_ceremony(void **state)
{
	struct looked *looked = *state;
	const struct header json = {"content-type", "application/json"};
	/* Big enough that libcurl by itself would ask for leave first ("Expect"). */
	static char big[1500000];
	memset(big, 'x', sizeof big);
	static const char *const methods[] = {"POST", "PUT", "PATCH", "GET"};
	for (int i = 0; i < 4; i++) {
		struct response got = send_to(looked, methods[i], "/p", SPAN("{\"a\\u0000\":1}"),
					      &json, 1);
		assert_body(&got, "fine");
		assert_int_equal(strncmp(looked->wire.last, methods[i], strlen(methods[i])), 0);
		assert_seen(looked, "\r\ncontent-type: application/json\r\n");
		assert_seen(looked, "\r\nContent-Length: 13\r\n");
		assert_seen(looked, "\r\n\r\n{\"a\\u0000\":1}");
		response_done(&got);
	}
	struct response got =
		send_to(looked, "POST", "/p", (struct span){big, sizeof big}, NULL, 0);
	assert_body(&got, "fine");
	assert_seen(looked, "\r\nContent-Length: 1500000\r\n");
	assert_unseen(looked, "\r\nExpect");
	assert_unseen(looked, "\r\nContent-Type");
	response_done(&got);
	got = send_to(looked, "PUT", "/p", (struct span){0}, NULL, 0);
	assert_body(&got, "fine");
	assert_seen(looked, "\r\nContent-Length: 0\r\n");
	response_done(&got);
	got = send_to(looked, "DELETE", "/p", (struct span){0}, NULL, 0);
	assert_body(&got, "fine");
	assert_seen(looked, "DELETE /p HTTP/1.1\r\n");
	assert_unseen(looked, "\r\nContent-Length");
	response_done(&got);
}

/* All go over one handle and one connection: nothing of one may show in the next. */
static void a_head_has_no_body_and_leaves_no_trace(void **state)
{
	struct looked *looked = *state;
	for (int i = 0; i < 3; i++) {
		struct response got = send_to(looked, "HEAD", "/h", (struct span){0}, NULL, 0);
		assert_body(&got, "");
		assert_true(span_is(response_header(&got, "content-length"), "99999999999"));
		response_done(&got);
		got = send_to(looked, "GET", "/g", (struct span){0}, NULL, 0);
		assert_body(&got, "fine");
		assert_seen(looked, "GET /g HTTP/1.1\r\n");
		response_done(&got);
	}
	assert_int_equal(atomic_load(&looked->wire.accepted_n), 1);
}

/* A landed file whose hash is to be proved must come as it lies there. */
static void a_request_with_its_own_accept_encoding_gets_the_bytes_as_they_came(void **state)
{
	struct looked *looked = *state;
	const struct header own = {"accept-encoding", "gzip"};
	struct response got = send_to(looked, "GET", "/packed", (struct span){0}, &own, 1);
	assert_int_equal(got.end, EXCHANGE_ANSWERED);
	assert_true(got.body.size < 2000);
	assert_memory_equal(got.body.data, "\x1f\x8b", 2);
	response_done(&got);
}

static void what_would_break_out_of_its_line_is_refused(void **state)
{
	struct looked *looked = *state;
	static const struct {
		const char *method, *path, *name, *value;
	} cases[] = {
		{"GET", "/", "X", "a\r\nEvil: " SECRET},
		{"GET", "/", "X", "a\nEvil: " SECRET},
		{"GET", "/", "X", SECRET "\x7f"},
		{"GET", "/", "X:", SECRET},
		{"GET", "/", "X Y", SECRET},
		{"GET", "/", "X\nY", SECRET},
		{"GET", "/", "", SECRET},
		{"GET /x", "/", "X", SECRET},
		{"GET\r\n", "/", "X", SECRET},
		{"", "/", "X", SECRET},
		{"GET", "/a b?" SECRET, "X", "y"},
		{"GET", "/a\nb?" SECRET, "X", "y"},
		{"GET", "/a\xc3\xa4?" SECRET, "X", "y"},
		{"GET", "/a\x7f?" SECRET, "X", "y"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err err = {0};
		char url[200];
		const struct header header = {cases[i].name, cases[i].value};
		snprintf(url, sizeof url, "%s%s", looked->wire.base, cases[i].path);
		const struct request request = {.method = cases[i].method, .url = url,
						.shown = "GET page", .headers = &header,
						.headers_n = 1};
		assert_false(http_begin(looked->http, &request, NULL, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_null(strstr(err.text, SECRET));
		assert_non_null(strstr(err.text, "GET page: "));
	}
	assert_int_equal(http_in_flight(looked->http), 0);
	assert_int_equal(atomic_load(&looked->wire.asked_n), 0);
}

static void what_is_no_url_of_http_is_refused(void **state)
{
	struct looked *looked = *state;
	static const char *const urls[] = {
		"ftp://127.0.0.1/" SECRET, "file:///etc/passwd",
		"http://user:" SECRET "@127.0.0.1/", "127.0.0.1/" SECRET,
		"http://127.1/?" SECRET, "http://[::1/?" SECRET, "", "http://",
		"https://a.example:99999/?" SECRET,
	};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct err err = {0};
		const struct request request = {.method = "GET", .url = urls[i]};
		assert_false(http_begin(looked->http, &request, NULL, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_null(strstr(err.text, SECRET));
	}
}

static bool answer_redirect(struct wire_peer *peer)
{
	if (!wire_path_is(peer, "/page"))
		return wire_answer(peer, OK, "followed");
	return wire_answer(peer, "HTTP/1.1 302 Found\r\nLocation: ../login?to=%2Fpage", "moved");
}

static void a_redirect_is_told_and_not_followed(void **state)
{
	(void)state;
	struct response got = get_once(answer_redirect, NULL);
	assert_body(&got, "moved");
	assert_int_equal(got.status, 302);
	assert_non_null(strstr(got.redirect, "/login?to=%2Fpage"));
	assert_int_equal(strncmp(got.redirect, "http://127.0.0.1:", 17), 0);
	response_done(&got);
}

static bool answer_later(struct wire_peer *peer)
{
	return wire_answer(peer, "HTTP/1.1 429 Slow Down\r\nDate: Mon, 23 Nov 2026 03:00:00 GMT\r\n"
				 "Retry-After: Mon, 23 Nov 2026 03:01:30 GMT", "");
}

static void a_wait_that_the_server_asks_for_is_told(void **state)
{
	(void)state;
	struct response got = get_once(answer_later, NULL);
	assert_int_equal(got.status, 429);
	assert_int_equal(got.retry_after_ms, 90000);
	response_done(&got);
}

static void an_ipv6_address_works(void **state)
{
	static struct wire wire;
	struct http_options options = quick_options();
	(void)state;
	memset(&wire, 0, sizeof wire);
	wire.answer = answer_whole;
	wire.family = AF_INET6;
	if (!wire_start(&wire)) {
		print_message("this machine has no ::1\n");
		skip();
	}
	struct http *http = http_of(&options);
	struct response got = get(http, wire.base, "/x");
	assert_body(&got, "{}\n");
	assert_non_null(strstr(wire.last, "\r\nHost: [::1]:"));
	response_done(&got);
	http_free(http);
	wire_stop(&wire);
}

/* It asks whoever is first in the list of names, which the program is where it answers at all. */
static void gnutls_is_told_that_it_need_not_begin(void **state)
{
	(void)state;
	if (dlsym(RTLD_DEFAULT, "gnutls_global_init") == NULL)
		skip(); /* this libcurl brings none */
	int (*asked)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "_gnutls_global_init_skip");
	assert_non_null(asked);
	assert_int_equal(asked(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_answer_comes_with_all_that_is_known_of_it),
		cmocka_unit_test(a_chunked_answer_is_put_together_without_its_trailers),
		cmocka_unit_test(an_answer_without_a_length_ends_with_its_connection),
		cmocka_unit_test(an_answer_without_a_body_is_empty),
		cmocka_unit_test(gnutls_is_told_that_it_need_not_begin),
		cmocka_unit_test(a_compressed_answer_is_unpacked),
		cmocka_unit_test_setup_teardown(a_get_sends_its_url_as_it_was_given, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(headers_go_out_as_given, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_body_goes_out_whole_without_ceremony, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_head_has_no_body_and_leaves_no_trace, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_request_with_its_own_accept_encoding_gets_the_bytes_as_they_came, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(what_would_break_out_of_its_line_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_url_of_http_is_refused, set_up,
						tear_down),
		cmocka_unit_test(a_redirect_is_told_and_not_followed),
		cmocka_unit_test(a_wait_that_the_server_asks_for_is_told),
		cmocka_unit_test(an_ipv6_address_works),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
