/* Where a URL leads to, and what a link means: a token's safety hangs on it. */
#include "fetch/exchange.h"

#include "base/bounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* The origin, or "-" where it is refused; to be freed. */
static char *origin_of(const char *url)
{
	struct buf buf;
	struct err err = {0};
	buf_init(&buf, URL_BYTES_MAX);
	if (!url_origin(url, &buf, &err)) {
		assert_int_equal(err.kind, ERR_USAGE);
		assert_true(strlen(err.text) > 10);
		assert_int_equal(buf.size, 0);
		buf_add_text(&buf, "-");
	}
	return buf_take(&buf);
}

static char *resolved(const char *base, const char *link)
{
	struct buf buf;
	struct err err = {0};
	buf_init(&buf, 4 * URL_BYTES_MAX);
	if (!url_resolve(base, link, &buf, &err)) {
		assert_int_equal(err.kind, ERR_DATA);
		assert_true(strlen(err.text) > 10);
		assert_int_equal(buf.size, 0);
		buf_add_text(&buf, "-");
	}
	return buf_take(&buf);
}

static void check_origins(const char *const (*cases)[2], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *origin = origin_of(cases[i][0]);
		if (strcmp(origin, cases[i][1]) != 0)
			print_message("the origin of %s\n", cases[i][0]);
		assert_string_equal(origin, cases[i][1]);
		free(origin);
	}
}

static void origins_compare_in_one_spelling(void **state)
{
	static const char *const cases[][2] = {
		{"https://api.example.com", "https://api.example.com:443"},
		{"HTTPS://API.Example.COM:443/v1?x=1", "https://api.example.com:443"},
		{"https://api.example.com:0443/", "https://api.example.com:443"},
		{"https://api.example.com:", "https://api.example.com:443"},
		{"http://api.example.com", "http://api.example.com:80"},
		{"http://api.example.com?x=@b", "http://api.example.com:80"},
		{"http://api.example.com#@b", "http://api.example.com:80"},
		{"http://localhost:8080/@", "http://localhost:8080"},
		{"https://under_score.example", "https://under_score.example:443"},
		{"https://xn--bcher-kva.example", "https://xn--bcher-kva.example:443"},
		{"https://a.example.:65535", "https://a.example.:65535"},
		{"http://127.0.0.1", "http://127.0.0.1:80"},
		{"http://1.2.3.4.example", "http://1.2.3.4.example:80"},
		{"http://0x7f.example", "http://0x7f.example:80"},
	};
	(void)state;
	check_origins(cases, sizeof cases / sizeof *cases);
}

static void an_ipv6_address_has_one_spelling(void **state)
{
	static const char *const cases[][2] = {
		{"http://[::1]:8080/x", "http://[::1]:8080"},
		{"http://[::]", "http://[::]:80"},
		{"http://[0:0:0:0:0:0:0:1]", "http://[::1]:80"},
		{"http://[2001:DB8:0:0:1:0:0:1]", "http://[2001:db8::1:0:0:1]:80"},
		{"http://[2001:db8:0:1:1:1:1:1]", "http://[2001:db8:0:1:1:1:1:1]:80"},
		{"http://[1:2:3:4:5:6:7::]", "http://[1:2:3:4:5:6:7:0]:80"},
		{"http://[1::]", "http://[1::]:80"},
		{"http://[0:0:1::]", "http://[0:0:1::]:80"},
		{"http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]:80"},
		{"http://[1:2:3:4:5:6:1.2.3.4]", "http://[1:2:3:4:5:6:102:304]:80"},
		{"http://[:::]", "-"},
		{"http://[::1::]", "-"},
		{"http://[1:2:3:4:5:6:7]", "-"},
		{"http://[1:2:3:4:5:6:7:8:9]", "-"},
		{"http://[1:2:3:4:5:6:7:8::]", "-"},
		{"http://[1:2:3:4:5:6:7:1.2.3.4]", "-"},
		{"http://[1:]", "-"},
		{"http://[12345::]", "-"},
		{"http://[g::]", "-"},
		{"http://[fe80::1%25eth0]", "-"},
		{"http://[::1", "-"},
		{"http://[::1]8080", "-"},
		{"http://[::1]x:80", "-"},
		{"http://[]", "-"},
		{"http://::1", "-"},
	};
	(void)state;
	check_origins(cases, sizeof cases / sizeof *cases);
}

/* Each of these sends some programs to another host than others. */
static void what_can_be_read_in_two_ways_has_no_origin(void **state)
{
	static const char *const cases[][2] = {
		{"https://user@example.com", "-"},
		{"https://user:secret@example.com", "-"},
		{"https://good.example\\@evil.example", "-"},
		{"https://good.example\\.evil.example", "-"},
		{"https://good.example%2eevil.example", "-"},
		{"https://good.example evil.example", "-"},
		{"https://good.example\t.evil", "-"},
		{"https://g\xc3\xb6\x6f.example", "-"},
		{"http://127.1", "-"},
		{"http://2130706433", "-"},
		{"http://0x7f.0.0.1", "-"},
		{"http://127.0.0.0x1", "-"},
		{"http://127.0.0.01", "-"},
		{"http://127.0.0.1.", "-"},
		{"http://127.0.0.256", "-"},
		{"http://1.2.3.4.5", "-"},
		{"http://.example", "-"},
		{"http://a..example", "-"},
		{"http://", "-"},
		{"http:///path", "-"},
		{"http:example.com", "-"},
		{"https://:443", "-"},
		{"https://a.example:65536", "-"},
		{"https://a.example:0", "-"},
		{"https://a.example:99999999999", "-"},
		{"https://a.example:80x", "-"},
		{"https://a.example:-1", "-"},
		{"ftp://a.example", "-"},
		{"//a.example", "-"},
		{"a.example", "-"},
		{" https://a.example", "-"},
		{"", "-"},
	};
	(void)state;
	check_origins(cases, sizeof cases / sizeof *cases);
}

static void a_user_name_is_told_as_what_it_is(void **state)
{
	struct buf buf;
	struct err err = {0};
	(void)state;
	buf_init(&buf, 100);
	assert_false(url_origin("https://user:hunter2@a.example", &buf, &err));
	assert_non_null(strstr(err.text, "user name"));
	assert_null(strstr(err.text, "hunter2"));
	buf_done(&buf);
}

static void an_origin_goes_behind_what_is_there_and_keeps_its_bound(void **state)
{
	struct buf buf;
	struct err err = {0};
	(void)state;
	buf_init(&buf, 30);
	buf_add_text(&buf, "at ");
	assert_true(url_origin("http://A.example", &buf, &err));
	assert_string_equal(buf_text(&buf), "at http://a.example:80");
	assert_false(url_origin("http://a.example", &buf, &err));
	assert_int_equal(err.kind, ERR_MEMORY);
	buf_done(&buf);
}

static void only_this_machine_is_loopback(void **state)
{
	static const char *const yes[] = {
		"http://localhost", "http://LOCALHOST:1/x", "https://127.0.0.1:8443/?a",
		"http://127.255.3.4", "http://[::1]:9", "http://[0:0::0:1]",
	};
	static const char *const no[] = {
		"http://localhost.example.com", "http://127.0.0.1.example.com", "http://128.0.0.1",
		"http://[::2]", "http://[::1:1]", "http://127.0.0.1@example.com",
		"http://example.com", "http://user@localhost", "ftp://localhost", "",
		"http://[::]", "http://0.0.0.0",
	};
	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		assert_true(url_is_loopback(yes[i]));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(url_is_loopback(no[i]));
}

/* The examples of RFC 3986, 5.4, as far as they are of http. */
static void relative_links_mean_what_the_standard_says(void **state)
{
	static const char *const cases[][2] = {
		{"g", "http://a/b/c/g"},
		{"./g", "http://a/b/c/g"},
		{"g/", "http://a/b/c/g/"},
		{"/g", "http://a/g"},
		{"//g", "http://g"},
		{"?y", "http://a/b/c/d;p?y"},
		{"g?y", "http://a/b/c/g?y"},
		{"#s", "http://a/b/c/d;p?q"},
		{"g#s", "http://a/b/c/g"},
		{"g?y#s", "http://a/b/c/g?y"},
		{";x", "http://a/b/c/;x"},
		{"g;x", "http://a/b/c/g;x"},
		{"", "http://a/b/c/d;p?q"},
		{".", "http://a/b/c/"},
		{"./", "http://a/b/c/"},
		{"..", "http://a/b/"},
		{"../", "http://a/b/"},
		{"../g", "http://a/b/g"},
		{"../..", "http://a/"},
		{"../../", "http://a/"},
		{"../../g", "http://a/g"},
		{"../../../g", "http://a/g"},
		{"../../../../g", "http://a/g"},
		{"/./g", "http://a/g"},
		{"/../g", "http://a/g"},
		{"g.", "http://a/b/c/g."},
		{".g", "http://a/b/c/.g"},
		{"g..", "http://a/b/c/g.."},
		{"..g", "http://a/b/c/..g"},
		{"./../g", "http://a/b/g"},
		{"./g/.", "http://a/b/c/g/"},
		{"g/./h", "http://a/b/c/g/h"},
		{"g/../h", "http://a/b/c/h"},
		{"g;x=1/./y", "http://a/b/c/g;x=1/y"},
		{"g;x=1/../y", "http://a/b/c/y"},
		{"g?y/./x", "http://a/b/c/g?y/./x"},
		{"g?y/../x", "http://a/b/c/g?y/../x"},
		{"g#s/../x", "http://a/b/c/g"},
		{"?", "http://a/b/c/d;p?"},
		{"a/b//../c", "http://a/b/c/a/b/c"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *url = resolved("http://a/b/c/d;p?q#f", cases[i][0]);
		assert_string_equal(url, cases[i][1]);
		free(url);
	}
	char *url = resolved("https://a.example:8443", "page?n=2");
	assert_string_equal(url, "https://a.example:8443/page?n=2");
	free(url);
	url = resolved("https://a.example?old", "?n=2");
	assert_string_equal(url, "https://a.example?n=2");
	free(url);
}

/* Servers sign their links, and some do not find the page again when a byte has changed. */
static void an_absolute_link_is_followed_as_it_came(void **state)
{
	static const char *const cases[][2] = {
		{"https://b.example/a/../b/./%2e%2E/%7e?$filter=a%20ge%20'2026'&x[y]=z|",
		 "https://b.example/a/../b/./%2e%2E/%7e?$filter=a%20ge%20'2026'&x[y]=z%7C"},
		{"HTTP://B.example", "HTTP://B.example"},
		{"//b.example/x?y", "http://b.example/x?y"},
		{"  https://b.example/x \r\n", "https://b.example/x"},
		{"https://b.example/x?filter=a ge 'b'&y=\xc3\xa4",
		 "https://b.example/x?filter=a%20ge%20'b'&y=%C3%A4"},
		{"https://b.example/100%/\"<>\\^`{|}",
		 "https://b.example/100%/%22%3C%3E%5C%5E%60%7B%7C%7D"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *url = resolved("http://a/b/c/d;p?q", cases[i][0]);
		assert_string_equal(url, cases[i][1]);
		free(url);
	}
}

static void what_is_no_link_of_http_is_refused(void **state)
{
	static const char *const cases[] = {
		"ftp://b.example/x", "javascript:alert(1)", "mailto:a@b", "file:///etc/passwd",
		"https://user:secret@b.example/", "http:/b", "http:b", "//", "https://b\\@a/",
		"page?a\nb", "/x\x01", "https://b.example/\x7f",
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *url = resolved("http://a/b/c/d;p?q", cases[i]);
		assert_string_equal(url, "-");
		free(url);
	}
}

/* A backslash must not become the slash that would change the host. */
static void a_relative_link_never_leaves_the_host(void **state)
{
	static const char *const links[] = {
		"\\\\evil.example/x", "/\\evil.example",	"\\/evil.example",
		".//evil.example",	"../../..//evil.example", "x//@evil",
	};
	(void)state;
	for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
		char *url = resolved("https://good.example/a/b", links[i]);
		char *origin = origin_of(url);
		assert_string_equal(origin, "https://good.example:443");
		free(origin);
		free(url);
	}
}

static void links_have_a_bound(void **state)
{
	(void)state;
	char *link = malloc(URL_BYTES_MAX + 2);
	assert_non_null(link);
	memset(link, 'x', URL_BYTES_MAX + 1);
	link[URL_BYTES_MAX + 1] = '\0';
	char *url = resolved("http://a", link);
	assert_string_equal(url, "-");
	free(url);
	link[URL_BYTES_MAX] = '\0';
	url = resolved("http://a", link);
	assert_int_equal(strlen(url), URL_BYTES_MAX + sizeof "http://a/" - 1);
	free(url);
	free(link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(origins_compare_in_one_spelling),
		cmocka_unit_test(an_ipv6_address_has_one_spelling),
		cmocka_unit_test(what_can_be_read_in_two_ways_has_no_origin),
		cmocka_unit_test(a_user_name_is_told_as_what_it_is),
		cmocka_unit_test(an_origin_goes_behind_what_is_there_and_keeps_its_bound),
		cmocka_unit_test(only_this_machine_is_loopback),
		cmocka_unit_test(relative_links_mean_what_the_standard_says),
		cmocka_unit_test(an_absolute_link_is_followed_as_it_came),
		cmocka_unit_test(what_is_no_link_of_http_is_refused),
		cmocka_unit_test(a_relative_link_never_leaves_the_host),
		cmocka_unit_test(links_have_a_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
