/* Whatever the other side does: one answer comes, it says how the exchange ended, and its message
 * names what failed without a secret. */
#include "base/bounds.h"

#include "fetching.h"

#include <zlib.h>

#define OK "HTTP/1.1 200 OK\r\n"

static bool answer_torn(struct wire_peer *peer)
{
	wire_say(peer, OK "Content-Length: 100\r\n\r\n{\"value\":[");
	return false;
}

static bool answer_torn_chunk(struct wire_peer *peer)
{
	wire_say(peer, OK "Transfer-Encoding: chunked\r\n\r\n64\r\n{\"value\":[");
	return false;
}

static bool answer_without_last_chunk(struct wire_peer *peer)
{
	wire_say(peer, OK "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n");
	return false;
}

static bool answer_torn_header(struct wire_peer *peer)
{
	wire_say(peer, OK "Content-Le");
	return false;
}

static bool answer_torn_after_hints(struct wire_peer *peer)
{
	wire_say(peer, "HTTP/1.1 103 Hints\r\nX: y\r\n\r\n" OK "Content-Le");
	return false;
}

static bool answer_reset(struct wire_peer *peer)
{
	wire_say(peer, OK "Content-Length: 100\r\n\r\n{\"value\":[");
	wire_sleep_ms(50);
	wire_reset(peer);
	return false;
}

static void a_torn_answer_is_broken_not_short(void **state)
{
	(void)state;
	struct response got = get_once(answer_torn, NULL);
	assert_failed(&got, EXCHANGE_BROKEN, ERR_TRANSIENT, "/page: the answer broke off");
	got = get_once(answer_torn_chunk, NULL);
	assert_failed(&got, EXCHANGE_BROKEN, ERR_TRANSIENT, "127.0.0.1:");
	got = get_once(answer_without_last_chunk, NULL);
	assert_failed(&got, EXCHANGE_BROKEN, ERR_TRANSIENT, "127.0.0.1:");
	got = get_once(answer_torn_header, NULL);
	assert_failed(&got, EXCHANGE_BROKEN, ERR_TRANSIENT, "127.0.0.1:");
	got = get_once(answer_torn_after_hints, NULL);
	assert_failed(&got, EXCHANGE_BROKEN, ERR_TRANSIENT, "127.0.0.1:");
}

static void a_reset_is_broken(void **state)
{
	(void)state;
	struct response got = get_once(answer_reset, NULL);
	assert_failed(&got, EXCHANGE_BROKEN, ERR_TRANSIENT, "the connection broke");
}

static bool answer_not(struct wire_peer *peer)
{
	(void)peer;
	return false;
}

static void a_connection_without_an_answer_is_broken(void **state)
{
	(void)state;
	struct response got = get_once(answer_not, NULL);
	assert_failed(&got, EXCHANGE_BROKEN, ERR_TRANSIENT, "without an answer");
}

static bool answer_silence(struct wire_peer *peer)
{
	wire_linger(peer, 60000);
	return false;
}

static bool answer_drops(struct wire_peer *peer)
{
	wire_say(peer, OK "Content-Length: 5000\r\n\r\n");
	for (int i = 0; i < 600 && wire_say(peer, "x"); i++)
		wire_sleep_ms(100);
	return false;
}

/* libcurl counts in seconds, so that these take the second each. */
static void silence_is_given_up(void **state)
{
	struct http_options options = quick_options();
	(void)state;
	options.low_speed_time_ms = 1000;
	int64_t start_ms = clock_mono_ms();
	struct response got = get_once(answer_silence, &options);
	assert_failed(&got, EXCHANGE_BROKEN, ERR_TRANSIENT, "less than 1000 bytes in 1000 ms");
	got = get_once(answer_drops, &options);
	assert_failed(&got, EXCHANGE_BROKEN, ERR_TRANSIENT, "gave up waiting for 127.0.0.1:");
	options.low_speed_bytes = 0; /* not even one */
	got = get_once(answer_silence, &options);
	assert_failed(&got, EXCHANGE_BROKEN, ERR_TRANSIENT, "gave up waiting for 127.0.0.1:");
	assert_true(clock_mono_ms() - start_ms < 40000); /* and not 60 */
}

static void a_refused_connection_is_refused(void **state)
{
	struct http_options options = quick_options();
	char base[80];
	int port = 0;
	(void)state;
	int fd = wire_listen(AF_INET, 1, &port);
	close(fd);
	snprintf(base, sizeof base, "http://127.0.0.1:%d", port);
	struct http *http = http_of(&options);
	struct response got = get(http, base, "/page");
	assert_failed(&got, EXCHANGE_REFUSED, ERR_TRANSIENT, "cannot connect to 127.0.0.1 port ");
	got = get(http, base, "/page");
	assert_failed(&got, EXCHANGE_REFUSED, ERR_TRANSIENT, "(Connection refused)");
	/* No byte of a message moves a terminal's cursor; and none is too long to be told. */
	char shown[2000];
	memset(shown, 'x', sizeof shown);
	memcpy(shown, "\x1b[2Jline\nend\x7f", 13);
	shown[sizeof shown - 1] = '\0';
	got = exchange(http, &(struct request){.method = "GET", .url = base, .shown = shown});
	assert_failed(&got, EXCHANGE_REFUSED, ERR_TRANSIENT, "?[2Jline?end?xxx");
	got = exchange(http, &(struct request){.method = "GET", .url = base, .shown = shown});
	assert_failed(&got, EXCHANGE_REFUSED, ERR_TRANSIENT, "...: cannot connect to ");
	http_free(http);
}

/* A full queue of connections drops the next one in silence, as a firewall does. */
static void a_slow_connect_is_given_up(void **state)
{
	enum { FILLERS = 4 };
	struct http_options options = quick_options();
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int port = 0, fillers[FILLERS];
	char base[80];
	(void)state;
	int fd = wire_listen(AF_INET, 0, &port);
	address.sin_port = htons((uint16_t)port);
	for (int i = 0; i < FILLERS; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fillers[i], (struct sockaddr *)&address, sizeof address);
	}
	wire_sleep_ms(50);
	snprintf(base, sizeof base, "http://127.0.0.1:%d", port);
	options.connect_timeout_ms = 300;
	struct http *http = http_of(&options);
	int64_t start_ms = clock_mono_ms();
	struct response got = get(http, base, "/page");
	int64_t took_ms = clock_mono_ms() - start_ms;
	assert_failed(&got, EXCHANGE_REFUSED, ERR_TRANSIENT, "(300 ms)");
	assert_true(took_ms >= 290 && took_ms < 30000);
	http_free(http);
	for (int i = 0; i < FILLERS; i++)
		close(fillers[i]);
	close(fd);
}

/* ".invalid" is never a name (RFC 6761). */
static void an_unknown_name_is_refused(void **state)
{
	struct http_options options = quick_options();
	(void)state;
	struct http *http = http_of(&options);
	struct response got = get(http, "http://nowhere.invalid", "/page");
	assert_failed(&got, EXCHANGE_REFUSED, ERR_TRANSIENT,
		      "GET http://nowhere.invalid/page: cannot find the host nowhere.invalid");
	http_free(http);
}

static bool answer_more(struct wire_peer *peer)
{
	wire_say(peer, OK "Transfer-Encoding: chunked\r\n\r\n");
	while (wire_say(peer, "10\r\n0123456789abcdef\r\n"))
		continue;
	return false;
}

static bool answer_announced(struct wire_peer *peer)
{
	wire_say(peer, OK "Content-Length: 100001\r\n\r\nx");
	wire_linger(peer, 20000);
	return false;
}

static bool answer_exactly(struct wire_peer *peer)
{
	static char body[100001];
	memset(body, 'x', sizeof body - 1);
	return wire_answer(peer, "HTTP/1.1 200 OK", body);
}

static void an_answer_ends_at_its_bound(void **state)
{
	struct http_options options = quick_options();
	(void)state;
	options.answer_bytes_max = 100000;
	struct response got = get_once(answer_more, &options);
	assert_failed(&got, EXCHANGE_TOO_LARGE, ERR_REMOTE, "more than 100000 bytes");
	got = get_once(answer_announced, &options);
	assert_failed(&got, EXCHANGE_TOO_LARGE, ERR_REMOTE, "http: { max_answer: ... }");
	got = get_once(answer_exactly, &options);
	assert_int_equal(got.end, EXCHANGE_ANSWERED);
	assert_int_equal(got.body.size, 100000);
	response_done(&got);
}

/* 64 MB in 65 kB, ten times over. */
static bool answer_bomb(struct wire_peer *peer)
{
	static unsigned char packed[100000];
	z_stream z = {.next_out = packed, .avail_out = sizeof packed};
	static unsigned char zeros[65536];
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	for (int i = 0; i < 1000; i++) {
		z.next_in = zeros;
		z.avail_in = sizeof zeros;
		assert_int_equal(deflate(&z, i == 999 ? Z_FINISH : Z_NO_FLUSH),
				 i == 999 ? Z_STREAM_END : Z_OK);
	}
	deflateEnd(&z);
	wire_sayf(peer, OK "Content-Encoding: gzip\r\nContent-Length: %lu\r\n\r\n", z.total_out);
	wire_send(peer, packed, z.total_out);
	return false;
}

static void a_compressed_answer_is_bounded_by_what_it_becomes(void **state)
{
	(void)state;
	struct response got = get_once(answer_bomb, NULL);
	assert_true(got.wire_bytes < 100000);
	assert_failed(&got, EXCHANGE_TOO_LARGE, ERR_REMOTE, "more than 4194304 bytes");
}

static bool answer_damaged(struct wire_peer *peer)
{
	return wire_answer(peer, OK "Content-Encoding: gzip", "this was never compressed");
}

static bool answer_unknown_coding(struct wire_peer *peer)
{
	return wire_answer(peer, OK "Content-Encoding: rot13", "uryyb");
}

static void a_damaged_compression_is_broken(void **state)
{
	(void)state;
	struct response got = get_once(answer_damaged, NULL);
	assert_failed(&got, EXCHANGE_BROKEN, ERR_TRANSIENT, "damaged compressed answer");
	got = get_once(answer_unknown_coding, NULL);
	assert_failed(&got, EXCHANGE_BROKEN, ERR_TRANSIENT, "damaged compressed answer");
}

static bool answer_many_headers(struct wire_peer *peer)
{
	wire_say(peer, OK);
	for (int i = 0; i < 100000; i++) {
		if (!wire_sayf(peer, "X-%d: 0123456789012345678901234567890123456789\r\n", i))
			return false;
	}
	return wire_answer(peer, "X: y", "");
}

static bool answer_many_hints(struct wire_peer *peer)
{
	while (wire_say(peer, "HTTP/1.1 103 Hints\r\nX-Early: 01234567890123456789\r\n\r\n"))
		continue;
	return false;
}

static bool answer_long_header(struct wire_peer *peer)
{
	static char line[300000];
	memset(line, 'x', sizeof line - 1);
	wire_say(peer, OK "X: ");
	wire_say(peer, line);
	return wire_say(peer, "\r\nContent-Length: 0\r\n\r\n");
}

static void headers_end_at_their_bound(void **state)
{
	(void)state;
	struct response got = get_once(answer_many_headers, NULL);
	assert_failed(&got, EXCHANGE_TOO_LARGE, ERR_REMOTE, "too large headers");
	got = get_once(answer_many_hints, NULL);
	assert_failed(&got, EXCHANGE_TOO_LARGE, ERR_REMOTE, "too large headers");
	got = get_once(answer_long_header, NULL);
	assert_failed(&got, EXCHANGE_TOO_LARGE, ERR_REMOTE, "too large headers");
}

static const char *const BAD_STARTS[] = {
	"HELLO\r\n\r\n", "220 mail.example ESMTP\r\n", "HTTP/9.9 200 OK\r\n\r\n",
	"HTTP/1.1 abc\r\n\r\n", "HTTP/1.1\r\n\r\n", "\x15\x03\x01", "\r\n\r\n",
	"{\"plain\":\"json\"}", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhe",
	"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
};

static bool answer_badly(struct wire_peer *peer)
{
	char n[16] = "0";
	wire_header(peer, "N", n, sizeof n);
	wire_say(peer, BAD_STARTS[strtoul(n, NULL, 10)]);
	return false;
}

/* None of them may be taken for a whole answer. */
static void what_is_not_http_is_no_answer(void **state)
{
	static struct wire wire;
	struct http_options options = quick_options();
	(void)state;
	memset(&wire, 0, sizeof wire);
	wire.answer = answer_badly;
	assert_true(wire_start(&wire));
	struct http *http = http_of(&options);
	for (size_t i = 0; i < sizeof BAD_STARTS / sizeof *BAD_STARTS; i++) {
		char n[16];
		snprintf(n, sizeof n, "%zu", i);
		const struct header header = {"N", n};
		struct response got = exchange(
			http, &(struct request){.method = "GET", .url = wire.base,
						.shown = "GET it", .headers = &header,
						.headers_n = 1});
		if (got.end != EXCHANGE_BROKEN)
			print_message("ends as %d: %s\n", (int)got.end, BAD_STARTS[i]);
		assert_failed(&got, EXCHANGE_BROKEN, ERR_TRANSIENT, "GET it: ");
	}
	http_free(http);
	wire_stop(&wire);
}

static void a_wrong_proxy_is_refused_without_telling_its_password(void **state)
{
	static const char *const proxies[] = {
		"http://user:" SECRET, "ftp://user:" SECRET "@proxy.example:3128",
		"http://user:" SECRET "@proxy.example:port", "http://user:" SECRET "@",
		"user:" SECRET "@proxy example:3128", "http://user:" SECRET "@proxy.example/path",
		"//user:" SECRET "@proxy.example", "http://", ":3128",
	};
	(void)state;
	for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
		struct http_options options = quick_options();
		struct http *http = NULL;
		struct err err = {0};
		options.proxy = proxies[i];
		assert_false(http_new(&http, &options, &err));
		assert_null(http);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_non_null(strstr(err.text, "http: { proxy: ... }"));
		assert_null(strstr(err.text, SECRET));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_torn_answer_is_broken_not_short),
		cmocka_unit_test(a_reset_is_broken),
		cmocka_unit_test(a_connection_without_an_answer_is_broken),
		cmocka_unit_test(silence_is_given_up),
		cmocka_unit_test(a_refused_connection_is_refused),
		cmocka_unit_test(a_slow_connect_is_given_up),
		cmocka_unit_test(an_unknown_name_is_refused),
		cmocka_unit_test(an_answer_ends_at_its_bound),
		cmocka_unit_test(a_compressed_answer_is_bounded_by_what_it_becomes),
		cmocka_unit_test(a_damaged_compression_is_broken),
		cmocka_unit_test(headers_end_at_their_bound),
		cmocka_unit_test(what_is_not_http_is_no_answer),
		cmocka_unit_test(a_wrong_proxy_is_refused_without_telling_its_password),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
