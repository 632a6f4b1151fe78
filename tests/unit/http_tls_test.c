/* Whom TLS trusts: certificates made on the spot, servers in this process. And HTTP/2, which is
 * offered over TLS alone. */
#include "base/bounds.h"

#include "fetching.h"
#include "wire_tls.h"

#include <signal.h>

#define OK "HTTP/1.1 200 OK"

struct pki {
	struct wire_identity authority, stranger, server;
	char authority_file[40], stranger_file[40];
};

static struct pki pki;
static struct wire wire;

static int set_up(void **state)
{
	(void)state;
	/* What the program does too: OpenSSL may write to a connection that has gone. */
	signal(SIGPIPE, SIG_IGN);
	pki.authority = wire_identify(NULL, -1, 30, NULL);
	pki.stranger = wire_identify_as("Stranger", NULL, -1, 30, NULL);
	pki.server = wire_identify("DNS:localhost,IP:127.0.0.1", -1, 30, &pki.authority);
	snprintf(pki.authority_file, sizeof pki.authority_file, "/tmp/firn-test-ca.XXXXXX");
	memcpy(pki.stranger_file, pki.authority_file, sizeof pki.stranger_file);
	return wire_write_certificate(&pki.authority, pki.authority_file) &&
			       wire_write_certificate(&pki.stranger, pki.stranger_file)
		       ? 0
		       : -1;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(pki.authority_file);
	unlink(pki.stranger_file);
	wire_forget(&pki.authority);
	wire_forget(&pki.stranger);
	wire_forget(&pki.server);
	return 0;
}

static bool answer_plainly(struct wire_peer *peer)
{
	return wire_answer(peer, OK, "trusted");
}

static bool never_asked(struct wire_peer *peer)
{
	(void)peer;
	abort(); /* the request, with its token, went to one who is not trusted */
}

static void start_tls(const struct wire_identity *identity, bool (*answer)(struct wire_peer *))
{
	memset(&wire, 0, sizeof wire);
	wire.answer = answer;
	wire_use_tls(&wire, identity);
	assert_true(wire_start(&wire));
}

static struct response get_trusting(const char *ca_file, const char *base)
{
	struct http_options options = quick_options();
	options.ca_file = ca_file;
	struct http *http = http_of(&options);
	struct response got = get(http, base, "/page");
	http_free(http);
	return got;
}

static void a_server_whose_authority_is_named_is_trusted(void **state)
{
	char base[80];
	(void)state;
	start_tls(&pki.server, answer_plainly);
	struct response got = get_trusting(pki.authority_file, wire.base);
	assert_body(&got, "trusted");
	response_done(&got);
	snprintf(base, sizeof base, "https://localhost:%d", wire.port);
	got = get_trusting(pki.authority_file, base);
	assert_body(&got, "trusted");
	response_done(&got);
	wire_stop_tls(&wire);
}

static void an_unknown_authority_is_not_trusted(void **state)
{
	(void)state;
	start_tls(&pki.server, never_asked);
	const char *const files[] = {NULL, pki.stranger_file};
	for (int i = 0; i < 2; i++) {
		struct response got = get_trusting(files[i], wire.base);
		assert_non_null(strstr(got.why.text, "http: { ca_file: ... }"));
		assert_failed(&got, EXCHANGE_UNTRUSTED, ERR_REMOTE,
			      "/page: nobody trusted signed the certificate of 127.0.0.1:");
	}
	wire_stop_tls(&wire);
}

static void a_certificate_that_signed_itself_is_not_trusted(void **state)
{
	(void)state;
	struct wire_identity lonely = wire_identify("IP:127.0.0.1", -1, 30, NULL);
	start_tls(&lonely, never_asked);
	struct response got = get_trusting(pki.authority_file, wire.base);
	assert_failed(&got, EXCHANGE_UNTRUSTED, ERR_REMOTE, "nobody trusted signed");
	wire_stop_tls(&wire);
	wire_forget(&lonely);
}

static void a_certificate_for_another_host_is_not_trusted(void **state)
{
	char base[80];
	(void)state;
	struct wire_identity other =
		wire_identify("DNS:other.example,DNS:*.localhost", -1, 30, &pki.authority);
	start_tls(&other, never_asked);
	snprintf(base, sizeof base, "https://localhost:%d", wire.port);
	const char *const bases[] = {wire.base, base};
	for (int i = 0; i < 2; i++) {
		struct response got = get_trusting(pki.authority_file, bases[i]);
		assert_non_null(strstr(got.why.text, "correct the host in the URL"));
		assert_non_null(strstr(got.why.text, "http: { ca_file: ... }"));
		assert_failed(&got, EXCHANGE_UNTRUSTED, ERR_REMOTE,
			      "the certificate is for another host than ");
	}
	wire_stop_tls(&wire);
	wire_forget(&other);
}

static void a_certificate_out_of_its_time_is_not_trusted(void **state)
{
	static const int days[][2] = {{-30, -1}, {1, 30}};
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct wire_identity late =
			wire_identify("IP:127.0.0.1", days[i][0], days[i][1], &pki.authority);
		start_tls(&late, never_asked);
		struct response got = get_trusting(pki.authority_file, wire.base);
		assert_non_null(strstr(got.why.text, "check this machine's clock"));
		assert_failed(&got, EXCHANGE_UNTRUSTED, ERR_REMOTE, "out of date");
		wire_stop_tls(&wire);
		wire_forget(&late);
	}
}

static void a_file_without_certificates_is_a_mistake_of_the_configuration(void **state)
{
	char empty[] = "/tmp/firn-test-ca.XXXXXX";
	(void)state;
	close(mkstemp(empty));
	start_tls(&pki.server, never_asked);
	const char *const files[] = {"/nowhere/ca.pem", empty};
	for (int i = 0; i < 2; i++) {
		struct response got = get_trusting(files[i], wire.base);
		assert_non_null(strstr(got.why.text, files[i]));
		assert_failed(&got, EXCHANGE_UNUSABLE, ERR_USAGE, "correct http: { ca_file: ... }");
	}
	wire_stop_tls(&wire);
	unlink(empty);
}

/* An authority that was made anew under its old name: TLS fails over the signature. */
static void an_authority_of_the_same_name_is_not_trusted(void **state)
{
	(void)state;
	struct wire_identity renewed = wire_identify(NULL, -1, 30, NULL);
	struct wire_identity server = wire_identify("IP:127.0.0.1", -1, 30, &renewed);
	start_tls(&server, never_asked);
	struct response got = get_trusting(pki.authority_file, wire.base);
	assert_true(got.end == EXCHANGE_UNTRUSTED || got.end == EXCHANGE_REFUSED);
	assert_non_null(strstr(got.why.text, "http: { ca_file: ... }"));
	response_done(&got);
	wire_stop_tls(&wire);
	wire_forget(&server);
	wire_forget(&renewed);
}

static bool speak_first(struct wire_peer *peer)
{
	wire_sayf(peer, "220 mail.example ready\r\n");
	return false;
}

static void a_port_that_speaks_no_tls_is_refused(void **state)
{
	char base[80];
	(void)state;
	memset(&wire, 0, sizeof wire);
	wire.answer = answer_plainly;
	wire.greet = speak_first;
	assert_true(wire_start(&wire));
	snprintf(base, sizeof base, "https://127.0.0.1:%d", wire.port);
	struct response got = get_trusting(pki.authority_file, base);
	assert_failed(&got, EXCHANGE_REFUSED, ERR_TRANSIENT, "check that this port speaks https");
	wire_stop(&wire);
}

/* --- HTTP/2 (RFC 9113): just enough of it to answer --- */

static int choose_h2(SSL *tls, const unsigned char **out, unsigned char *size,
		     const unsigned char *offered, unsigned offered_size, void *user)
{
	(void)tls;
	(void)user;
	for (unsigned i = 0; i < offered_size; i += 1U + offered[i]) {
		if (offered[i] == 2 && memcmp(offered + i + 1, "h2", 2) == 0) {
			*out = offered + i + 1;
			*size = 2;
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

enum { H2_DATA, H2_HEADERS, H2_RESET = 3, H2_SETTINGS, H2_END_STREAM = 1, H2_END_HEADERS = 4 };

static bool h2_frame(struct wire_peer *peer, int type, int flags, const unsigned char *stream,
		     const char *data, size_t size)
{
	const unsigned char head[9] = {0, (unsigned char)(size >> 8), (unsigned char)size,
				       (unsigned char)type, (unsigned char)flags,
				       stream[0], stream[1], stream[2], stream[3]};
	return wire_send(peer, head, sizeof head) && wire_send(peer, data, size);
}

static bool h2_take(struct wire_peer *peer, void *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		long n = wire_tls_pull(peer, (char *)data + done, size - done);
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* Answers every stream of a connection; the third is reset. Takes the place of the reader of
 * wire.h: it returns false, so that nothing of HTTP/1 is looked for. */
static bool greet_h2(struct wire_peer *peer)
{
	static const unsigned char whole[4] = {0};
	unsigned char head[9], data[16384 + 24];
	if (!wire_tls_greet(peer) || !h2_take(peer, data, 24) ||
	    memcmp(data, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24) != 0 ||
	    !h2_frame(peer, H2_SETTINGS, 0, whole, "", 0))
		return false;
	while (h2_take(peer, head, sizeof head)) {
		size_t size = (size_t)head[1] << 8 | head[2];
		if (size > sizeof data || !h2_take(peer, data, size))
			break;
		if (head[3] == H2_SETTINGS && head[4] == 0)
			h2_frame(peer, H2_SETTINGS, 1, whole, "", 0);
		if (head[3] != H2_HEADERS)
			continue;
		atomic_fetch_add(&peer->wire->asked_n, 1);
		/* ":status: 200" is number 8 of HPACK's own table, then "date" by name 33. */
		h2_frame(peer, H2_HEADERS, H2_END_HEADERS, head + 5,
			 "\x88\x0f\x12\x1dMon, 23 Nov 2026 03:00:00 GMT", 33);
		if (head[8] == 5)
			h2_frame(peer, H2_RESET, 0, head + 5, "\0\0\0\2", 4);
		else
			h2_frame(peer, H2_DATA, H2_END_STREAM, head + 5, "of two", 6);
	}
	return false;
}

/* More of them than handles, so that each is used again while others share the connection. */
static void http_2_is_used_where_it_is_offered_over_one_connection(void **state)
{
	enum { REQUESTS = 60, AT_ONCE = 4 };
	struct http_options options = quick_options();
	(void)state;
	memset(&wire, 0, sizeof wire);
	wire.answer = never_asked;
	wire_use_tls(&wire, &pki.server);
	wire.greet = greet_h2;
	SSL_CTX_set_alpn_select_cb(wire.user, choose_h2, NULL);
	assert_true(wire_start(&wire));
	options.ca_file = pki.authority_file;
	struct http *http = http_of(&options);
	int broken = 0;
	for (int i = 0; i < AT_ONCE; i++)
		begin(http, &(struct request){.method = "GET", .url = wire.base}, NULL);
	for (int i = 0; i < REQUESTS; i++) {
		void *user;
		struct response got = next_answer(http, &user);
		if (i < REQUESTS - AT_ONCE)
			begin(http, &(struct request){.method = "GET", .url = wire.base}, NULL);
		if (got.end == EXCHANGE_BROKEN) {
			broken++;
			assert_failed(&got, EXCHANGE_BROKEN, ERR_TRANSIENT, "127.0.0.1:");
			continue;
		}
		assert_body(&got, "of two");
		assert_int_equal(got.status, 200);
		assert_int_equal(got.date_us, INT64_C(1795402800000000));
		response_done(&got);
	}
	assert_int_equal(broken, 1);
	assert_int_equal(atomic_load(&wire.accepted_n), 1);
	assert_int_equal(atomic_load(&wire.asked_n), REQUESTS);
	http_free(http);
	wire_stop_tls(&wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_whose_authority_is_named_is_trusted),
		cmocka_unit_test(an_unknown_authority_is_not_trusted),
		cmocka_unit_test(a_certificate_that_signed_itself_is_not_trusted),
		cmocka_unit_test(a_certificate_for_another_host_is_not_trusted),
		cmocka_unit_test(a_certificate_out_of_its_time_is_not_trusted),
		cmocka_unit_test(a_file_without_certificates_is_a_mistake_of_the_configuration),
		cmocka_unit_test(an_authority_of_the_same_name_is_not_trusted),
		cmocka_unit_test(a_port_that_speaks_no_tls_is_refused),
		cmocka_unit_test(http_2_is_used_where_it_is_offered_over_one_connection),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
