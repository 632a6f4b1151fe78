/* Proxies: which one is used, what it sees, and what is said when it refuses. The proxy is a
 * server of the test, too: it answers "GET http://..." itself, and opens tunnels for CONNECT. */
#include "base/bounds.h"

#include "fetching.h"
#include "wire_tls.h"

#include <signal.h>

#define OK "HTTP/1.1 200 OK"
#define WANTED "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\""

static struct wire proxy, server;
static struct http_options options;
static char proxy_url[120];
static char connect_seen[WIRE_REQUEST_BYTES];

static bool answer_directly(struct wire_peer *peer)
{
	char token[100] = "";
	wire_header(peer, "Authorization", token, sizeof token);
	return wire_answer(peer, OK, token[0] == '\0' ? "direct" : token);
}

static bool answer_for_others(struct wire_peer *peer)
{
	return wire_answer(peer, OK, "proxied");
}

static bool answer_who(struct wire_peer *peer)
{
	char who[100] = "";
	wire_header(peer, "Proxy-Authorization", who, sizeof who);
	/* "user:hunter2" */
	if (strcmp(who, "Basic dXNlcjpodW50ZXIy") != 0)
		return wire_answer(peer, WANTED, "who are you?");
	return wire_answer(peer, OK, "proxied");
}

static void relay(struct wire_peer *peer, int fd)
{
	struct pollfd ends[2] = {{peer->fd, POLLIN, 0}, {fd, POLLIN, 0}};
	char bytes[4096];
	while (poll(ends, 2, 20000) > 0) {
		for (int i = 0; i < 2; i++) {
			if (ends[i].revents == 0)
				continue;
			long n = recv(ends[i].fd, bytes, sizeof bytes, 0);
			if (n <= 0 || send(ends[1 - i].fd, bytes, (size_t)n, MSG_NOSIGNAL) != n)
				return;
		}
	}
}

/* Opens a tunnel to the server of the test, whatever host was named. */
static bool answer_connect(struct wire_peer *peer)
{
	char who[100] = "";
	memcpy(connect_seen, peer->request, peer->size + 1);
	wire_header(peer, "Proxy-Authorization", who, sizeof who);
	if (peer->wire->user != NULL && strcmp(who, peer->wire->user) != 0)
		return wire_answer(peer, WANTED, "who are you?");
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)server.port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
	    wire_say(peer, "HTTP/1.1 200 Connected\r\n\r\n"))
		relay(peer, fd);
	close(fd);
	return false;
}

static bool refuse_connect(struct wire_peer *peer)
{
	return wire_answer(peer, "HTTP/1.1 403 Forbidden", "not there");
}

static void start(bool (*answer)(struct wire_peer *), const char *login)
{
	memset(&proxy, 0, sizeof proxy);
	memset(&server, 0, sizeof server);
	proxy.answer = answer;
	server.answer = answer_directly;
	assert_true(wire_start(&proxy) && wire_start(&server));
	snprintf(proxy_url, sizeof proxy_url, "http://%s127.0.0.1:%d", login, proxy.port);
	options = quick_options();
	options.proxy = proxy_url;
}

static void stop(void)
{
	wire_stop(&proxy);
	wire_stop(&server);
}

static struct response get_through(const char *base)
{
	struct http *http = http_of(&options);
	struct response got = get(http, base, "/page");
	http_free(http);
	return got;
}

static void http_goes_through_the_proxy_that_is_configured(void **state)
{
	(void)state;
	start(answer_for_others, "");
	struct response got = get_through("http://nowhere.invalid");
	assert_body(&got, "proxied");
	assert_non_null(strstr(proxy.last, "GET http://nowhere.invalid/page?key="));
	assert_null(strstr(proxy.last, "Proxy-Authorization"));
	response_done(&got);
	stop();
}

static void the_proxy_gets_the_password_that_stands_in_its_url(void **state)
{
	(void)state;
	start(answer_who, "user:" SECRET "@");
	struct http *http = http_of(&options);
	for (int i = 0; i < 3; i++) {
		struct response got = get(http, "http://nowhere.invalid", "/page");
		assert_body(&got, "proxied");
		response_done(&got);
	}
	http_free(http);
	assert_int_equal(atomic_load(&proxy.accepted_n), 1);
	stop();
}

static void a_proxy_that_wants_a_password_is_named_with_the_remedy(void **state)
{
	static const char *const logins[] = {"", "user:wrong" SECRET "@"};
	char name[64];
	(void)state;
	for (int i = 0; i < 2; i++) {
		start(answer_who, logins[i]);
		snprintf(name, sizeof name, "wanted by the proxy 127.0.0.1:%d (it answered 407); ",
			 proxy.port);
		struct response got = get_through("http://nowhere.invalid");
		assert_non_null(strstr(got.why.text, "http: { proxy: http://USER:PASSWORD@"));
		assert_failed(&got, EXCHANGE_REFUSED, ERR_AUTH, name);
		stop();
		start(answer_connect, logins[i]);
		proxy.user = (void *)"Basic dXNlcjpodW50ZXIy";
		snprintf(name, sizeof name, "wanted by the proxy 127.0.0.1:%d (it answered 407); ",
			 proxy.port);
		got = get_through("https://nowhere.invalid");
		assert_failed(&got, EXCHANGE_REFUSED, ERR_AUTH, name);
		stop();
	}
}

static void a_proxy_that_refuses_a_host_is_named(void **state)
{
	char name[64];
	(void)state;
	start(refuse_connect, "user:" SECRET "@");
	snprintf(name, sizeof name, "refused by the proxy 127.0.0.1:%d (it answered 403)",
		 proxy.port);
	struct response got = get_through("https://nowhere.invalid");
	assert_failed(&got, EXCHANGE_REFUSED, ERR_TRANSIENT, name);
	stop();
}

/* A tunnel ends in TLS: the proxy sees the host's name, and neither path nor token. */
static void a_tunnel_shows_the_proxy_no_token(void **state)
{
	char ca_file[] = "/tmp/firn-test-ca.XXXXXX", url[100];
	const struct header token = {"Authorization", "Bearer " SECRET};
	(void)state;
	struct wire_identity authority = wire_identify(NULL, -1, 30, NULL);
	struct wire_identity identity = wire_identify("DNS:api.example", -1, 30, &authority);
	start(answer_connect, "user:" SECRET "@");
	wire_stop(&server);
	memset(&server, 0, sizeof server);
	server.answer = answer_directly;
	wire_use_tls(&server, &identity);
	assert_true(wire_start(&server) && wire_write_certificate(&authority, ca_file));
	proxy.user = (void *)"Basic dXNlcjpodW50ZXIy";
	options.ca_file = ca_file;
	struct http *http = http_of(&options);
	for (int i = 0; i < 3; i++) {
		snprintf(url, sizeof url, "https://api.example/page/%d?key=" SECRET, i);
		struct response got =
			exchange(http, &(struct request){.method = "GET", .url = url,
							 .shown = "GET it", .headers = &token,
							 .headers_n = 1});
		assert_body(&got, "Bearer " SECRET);
		response_done(&got);
	}
	http_free(http);
	assert_int_equal(strncmp(connect_seen, "CONNECT api.example:443 HTTP/1.1\r\n", 34), 0);
	assert_null(strstr(connect_seen, "\r\nAuthorization"));
	assert_null(strstr(connect_seen, SECRET));
	assert_null(strstr(connect_seen, "page"));
	assert_int_equal(atomic_load(&server.accepted_n), 1);
	wire_stop(&proxy);
	wire_stop_tls(&server);
	unlink(ca_file);
	wire_forget(&authority);
	wire_forget(&identity);
}

static void hosts_without_proxy_are_asked_directly(void **state)
{
	(void)state;
	start(answer_for_others, "");
	options.no_proxy = "api.example,127.0.0.1";
	struct response got = get_through(server.base);
	assert_body(&got, "direct");
	response_done(&got);
	options.no_proxy = "api.example";
	got = get_through(server.base);
	assert_body(&got, "proxied");
	response_done(&got);
	stop();
}

static void the_environment_counts_where_the_configuration_is_silent(void **state)
{
	(void)state;
	start(answer_for_others, "user:" SECRET "@");
	setenv("http_proxy", proxy_url, 1);
	options.proxy = NULL;
	struct response got = get_through(server.base);
	assert_body(&got, "proxied");
	response_done(&got);
	setenv("no_proxy", "127.0.0.1", 1);
	got = get_through(server.base);
	assert_body(&got, "direct");
	response_done(&got);
	options.no_proxy = ""; /* overrides */
	got = get_through(server.base);
	assert_body(&got, "proxied");
	response_done(&got);
	unsetenv("no_proxy");
	options.no_proxy = NULL;
	options.proxy = ""; /* none, whatever the environment says */
	got = get_through(server.base);
	assert_body(&got, "direct");
	response_done(&got);
	unsetenv("http_proxy");
	stop();
}

/* Of a proxy that only the environment names, libcurl tells us no name: it must not tell the
 * password, either. */
static void no_message_tells_the_password_of_the_environments_proxy(void **state)
{
	static const char *const bad[] = {
		("ftp://user:" SECRET "@127.0.0.1:1"),
		("http://user:" SECRET "@127.0.0.1:port"),
		("http://user:" SECRET "@nowhere.invalid:3128"),
		("http://user:" SECRET "@127.0.0.1:1"),
		("http://user:" SECRET),
	};
	(void)state;
	start(answer_who, "user:wrong" SECRET "@");
	options.proxy = NULL;
	setenv("http_proxy", proxy_url, 1);
	struct response got = get_through(server.base);
	assert_failed(&got, EXCHANGE_REFUSED, ERR_AUTH, "https_proxy in the environment");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		setenv("http_proxy", bad[i], 1);
		got = get_through(server.base); /* looks for the secret */
		assert_int_equal(got.end, EXCHANGE_REFUSED);
		response_done(&got);
	}
	unsetenv("http_proxy");
	stop();
}

static void a_proxy_that_is_not_there_is_named_not_the_host(void **state)
{
	char name[64];
	int port = 0;
	(void)state;
	start(answer_for_others, "");
	close(wire_listen(AF_INET, 1, &port));
	snprintf(proxy_url, sizeof proxy_url, "http://user:" SECRET "@127.0.0.1:%d", port);
	snprintf(name, sizeof name, "cannot connect to 127.0.0.1 port %d", port);
	struct response got = get_through("https://api.example");
	assert_failed(&got, EXCHANGE_REFUSED, ERR_TRANSIENT, name);
	snprintf(proxy_url, sizeof proxy_url, "http://user:" SECRET "@nowhere.invalid:3128");
	got = get_through("https://api.example");
	assert_failed(&got, EXCHANGE_REFUSED, ERR_TRANSIENT, "proxy nowhere.invalid:3128");
	/* libcurl's own default, which is no one else's */
	snprintf(proxy_url, sizeof proxy_url, "user:" SECRET "@nowhere.invalid");
	got = get_through("https://api.example");
	assert_failed(&got, EXCHANGE_REFUSED, ERR_TRANSIENT, "proxy nowhere.invalid:1080");
	stop();
}

static int set_up(void **state)
{
	static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY",
					    "all_proxy",  "ALL_PROXY",   "no_proxy",
					    "NO_PROXY"};
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unsetenv(names[i]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_goes_through_the_proxy_that_is_configured),
		cmocka_unit_test(the_proxy_gets_the_password_that_stands_in_its_url),
		cmocka_unit_test(a_proxy_that_wants_a_password_is_named_with_the_remedy),
		cmocka_unit_test(a_proxy_that_refuses_a_host_is_named),
		cmocka_unit_test(a_tunnel_shows_the_proxy_no_token),
		cmocka_unit_test(hosts_without_proxy_are_asked_directly),
		cmocka_unit_test(the_environment_counts_where_the_configuration_is_silent),
		cmocka_unit_test(no_message_tells_the_password_of_the_environments_proxy),
		cmocka_unit_test(a_proxy_that_is_not_there_is_named_not_the_host),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
