/* The signer against what AWS has published: the signing test suite, byte for byte, and the
 * examples of S3's own documentation. */
#include "deliver/sigv4.h"

#include "base/file.h"
#include "base/json.h"
#include "base/bounds.h"
#include "base/stamp.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SUITE "deps/aws-sigv4/aws-signing-test-suite/v4"
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* S3 must not clean up paths, and these expect it; what is sent unchanged is in the case of the
 * same name that ends in -unnormalized. */
static const char *const NORMALIZED[] = {
	"get-relative-normalized",         "get-relative-relative-normalized",
	"get-slash-dot-slash-normalized",  "get-slash-normalized",
	"get-slash-pointless-dot-normalized", "get-slashes-normalized",
};
/* Of other services, with a path that is encoded twice; they have no context.json. */
static const char *const TWICE[] = {"double-encode-path", "double-url-encode"};

struct vector {
	struct buf request, context, canonical, signed_;
	struct json_doc *doc;
	struct buf path, query, headers;
	struct sigv4_pair pairs[16];
	struct header fields[32];
	char hash[SHA256_HEX + 1];
	struct sigv4_request r;
};

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static void read_part(const char *name, const char *part, struct buf *ret)
{
	char path[400];
	struct err err = {0};
	snprintf(path, sizeof path, SUITE "/%s/%s", name, part);
	buf_init(ret, 64 * KIB);
	if (!file_read(path, ret, &err))
		fail_msg("%s", err.text);
}

static struct span cut_line(struct span *text)
{
	const char *end = memchr(text->at, '\n', text->size);
	struct span line = {text->at, end == NULL ? text->size : (size_t)(end - text->at)};
	*text = span_from(*text, line.size + 1);
	return line;
}

/* "%E1%88%B4" as it is meant. */
static struct span decode(struct buf *out, struct span text)
{
	size_t start = out->size;
	for (size_t i = 0; i < text.size; i++) {
		char digits[3] = {0};
		if (text.at[i] == '%' && i + 2 < text.size) {
			memcpy(digits, text.at + i + 1, 2);
			buf_add_char(out, (char)strtol(digits, NULL, 16));
			i += 2;
		} else {
			buf_add_char(out, text.at[i]);
		}
	}
	return (struct span){out->data + start, out->size - start};
}

static void read_target(struct vector *v, struct span target)
{
	const char *mark = memchr(target.at, '?', target.size);
	size_t size = mark == NULL ? target.size : (size_t)(mark - target.at);
	buf_init(&v->path, 4 * KIB);
	buf_init(&v->query, 4 * KIB);
	assert_non_null(buf_reserve(&v->query, 2 * KIB)); /* spans point into it */
	v->r.path = decode(&v->path, (struct span){target.at, size});
	struct span rest = span_from(target, size + 1);
	while (rest.size > 0) {
		const char *end = memchr(rest.at, '&', rest.size);
		struct span pair = {rest.at, end == NULL ? rest.size : (size_t)(end - rest.at)};
		const char *equals = memchr(pair.at, '=', pair.size);
		size_t name = equals == NULL ? pair.size : (size_t)(equals - pair.at);
		v->pairs[v->r.query_n].name = decode(&v->query, (struct span){pair.at, name});
		v->pairs[v->r.query_n++].value = decode(&v->query, span_from(pair, name + 1));
		rest = span_from(rest, pair.size + 1);
	}
	v->r.query = v->pairs;
}

/* Lines that begin with a blank go on the one before. */
static void read_headers(struct vector *v, struct span *rest)
{
	buf_init(&v->headers, 16 * KIB);
	assert_non_null(buf_reserve(&v->headers, 8 * KIB));
	while (rest->size > 0) {
		struct span line = cut_line(rest);
		if (line.size == 0)
			break;
		bool more = line.at[0] == ' ';
		if (more) {
			buf_cut(&v->headers, v->headers.size - 1);
			buf_add_span(&v->headers, line);
			buf_add_char(&v->headers, '\0');
			continue;
		}
		const char *colon = memchr(line.at, ':', line.size);
		struct header *field = &v->fields[v->r.headers_n++];
		field->name = v->headers.data + v->headers.size;
		buf_add(&v->headers, line.at, (size_t)(colon - line.at));
		buf_add_char(&v->headers, '\0');
		field->value = v->headers.data + v->headers.size;
		buf_add_span(&v->headers, span_from(line, (size_t)(colon - line.at) + 1));
		buf_add_char(&v->headers, '\0');
	}
	v->r.headers = v->fields;
}

static void open_vector(struct vector *v, const char *name)
{
	struct err err = {0};
	*v = (struct vector){0};
	read_part(name, "request.txt", &v->request);
	read_part(name, "context.json", &v->context);
	read_part(name, "header-canonical-request.txt", &v->canonical);
	read_part(name, "header-signed-request.txt", &v->signed_);
	v->doc = json_parse(buf_span(&v->context), &err);
	assert_non_null(v->doc);

	struct span rest = buf_span(&v->request);
	struct span line = cut_line(&rest);
	size_t method = strcspn(line.at, " ");
	line.size -= sizeof " HTTP/1.1" - 1;
	v->r.method = method == 3 ? "GET" : "POST";
	read_target(v, span_from(line, method + 1));
	read_headers(v, &rest);
	assert_true(digest_sha256_hex(rest, v->hash));
	v->r.body_sha256 = v->hash;
	const struct json *root = json_root(v->doc);
	if (json_bool(json_member(root, SPAN("sign_body"))))
		v->fields[v->r.headers_n++] = (struct header){"x-amz-content-sha256", v->hash};
}

static void close_vector(struct vector *v)
{
	json_free(v->doc);
	buf_done(&v->request);
	buf_done(&v->context);
	buf_done(&v->canonical);
	buf_done(&v->signed_);
	buf_done(&v->path);
	buf_done(&v->query);
	buf_done(&v->headers);
}

static void sign_vector(struct vector *v, struct sigv4_signed *ret)
{
	const struct json *root = json_root(v->doc);
	const struct json *keys = json_member(root, SPAN("credentials"));
	struct err err = {0};
	struct sigv4_day day = {0};
	int64_t now_us;
	assert_true(stamp_read_iso(json_text_member(root, "timestamp", ""), &now_us));
	struct sigv4_signer signer = {
		.access_key_id = json_text_member(keys, "access_key_id", ""),
		.secret_access_key = json_text_member(keys, "secret_access_key", ""),
		.session_token = json_text_member(keys, "token", ""),
		.region = json_text_member(root, "region", ""),
		.service = json_text_member(root, "service", ""),
	};
	if (json_bool(json_member(root, SPAN("omit_session_token"))))
		signer.session_token.size = 0;
	if (!sigv4_sign(&v->r, &signer, now_us, &day, ret, &err))
		fail_msg("%s", err.text);
}

/* True: the canonical request and the Authorization header are AWS's. */
static bool signs_as_aws(const char *name)
{
	struct vector v;
	struct sigv4_signed got;
	char line[2000];
	open_vector(&v, name);
	sigv4_signed_init(&got);
	sign_vector(&v, &got);
	snprintf(line, sizeof line, "\nAuthorization:%s\n", buf_text(&got.authorization));
	bool same = span_equal(buf_span(&v.canonical), buf_span(&got.canonical));
	bool authorized = strstr(buf_text(&v.signed_), line) != NULL;
	if (same != authorized || (!same && strstr(name, "-normalized") == NULL))
		print_message("%s:\n%s\n--- expected\n%s\n", name, buf_text(&got.canonical),
			      buf_text(&v.canonical));
	assert_true(same == authorized);
	sigv4_signed_done(&got);
	close_vector(&v);
	return same;
}

struct count {
	int same, normalized, twice;
};

static bool try_vector(void *user, const char *name)
{
	struct count *count = user;
	if (is_one_of(name, TWICE, 2)) {
		count->twice++;
		return true;
	}
	bool normalized = is_one_of(name, NORMALIZED, sizeof NORMALIZED / sizeof *NORMALIZED);
	bool same = signs_as_aws(name);
	if (same == normalized)
		fail_msg("%s: %s", name, same ? "the path was normalised" : "other than AWS");
	count->same += same;
	count->normalized += normalized;
	return true;
}

static void test_published_suite(void **state)
{
	struct count count = {0};
	struct err err = {0};
	(void)state;
	if (!file_is_folder(SUITE)) {
		print_message(SUITE " is not there: tools/deps.sh test brings it\n");
		skip();
	}
	assert_true(file_each(SUITE, try_vector, &count, &err));
	assert_int_equal(count.same, 32);
	assert_int_equal(count.normalized, 6);
	assert_int_equal(count.twice, 2);
}

/* --- examples of "Signature Calculations for the Authorization Header" in S3's reference --- */

static void assert_signature(const struct sigv4_request *r, const char *expected)
{
	struct sigv4_signer signer = {
		.access_key_id = SPAN("AKIAIOSFODNN7EXAMPLE"),
		.secret_access_key = SPAN("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
		.region = SPAN("us-east-1"),
		.service = SPAN("s3"),
	};
	struct sigv4_day day = {0};
	struct sigv4_signed got;
	struct err err = {0};
	sigv4_signed_init(&got);
	assert_true(sigv4_sign(r, &signer, INT64_C(1369353600) * STAMP_SECOND, &day, &got, &err));
	assert_string_equal(got.date, "20130524T000000Z");
	assert_string_equal(strstr(buf_text(&got.authorization), "Signature=") + 10, expected);
	/* The day's key serves again, and another day makes another. */
	assert_true(sigv4_sign(r, &signer, INT64_C(1369353600) * STAMP_SECOND, &day, &got, &err));
	assert_string_equal(strstr(buf_text(&got.authorization), "Signature=") + 10, expected);
	assert_true(sigv4_sign(r, &signer, INT64_C(1369440000) * STAMP_SECOND, &day, &got,
			       &err));
	assert_string_equal(day.date, "20130525");
	assert_string_not_equal(strstr(buf_text(&got.authorization), "Signature=") + 10, expected);
	sigv4_signed_done(&got);
}

static void test_s3_examples(void **state)
{
	static const char sha256[] =
		"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
	const struct header get[] = {{"Host", "examplebucket.s3.amazonaws.com"},
				     {"Range", "bytes=0-9"},
				     {"x-amz-content-sha256", EMPTY_SHA256}};
	const struct header put[] = {{"Host", "examplebucket.s3.amazonaws.com"},
				     {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
				     {"x-amz-content-sha256", sha256},
				     {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
	const struct header list[] = {{"Host", "examplebucket.s3.amazonaws.com"},
				      {"x-amz-content-sha256", EMPTY_SHA256}};
	const struct sigv4_pair query[] = {{SPAN("prefix"), SPAN("J")},
					   {SPAN("max-keys"), SPAN("2")}};
	(void)state;
	assert_signature(&(struct sigv4_request){.method = "GET", .path = SPAN("/test.txt"),
						 .headers = get, .headers_n = 3,
						 .body_sha256 = EMPTY_SHA256},
			 "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
	assert_signature(&(struct sigv4_request){.method = "PUT", .path = SPAN("/test$file.text"),
						 .headers = put, .headers_n = 4,
						 .body_sha256 = sha256},
			 "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
	assert_signature(&(struct sigv4_request){.method = "GET", .path = SPAN("/"),
						 .query = query, .query_n = 2,
						 .headers = list, .headers_n = 2,
						 .body_sha256 = EMPTY_SHA256},
			 "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

/* Names that begin each other, and what libcurl's signers have got wrong. */
static void test_order_and_encoding(void **state)
{
	const struct header headers[] = {
		{"x-amz-server-side-encryption-aws-kms-key-id", "k"},
		{"x-amz-server-side-encryption", "aws:kms"},
		{"x-amz-meta-a-b", "2"}, {"x-amz-meta-a", "1"}, {"Host", "h"},
	};
	const struct sigv4_pair query[] = {
		{SPAN("a-b"), SPAN("+ /=")}, {SPAN("a"), SPAN("%")}, {SPAN("uploads"), SPAN("")},
	};
	struct sigv4_request r = {.method = "PUT", .path = SPAN("/b/..//\xc3\xa4 +%41='\"~"),
				  .query = query, .query_n = 3, .headers = headers, .headers_n = 5,
				  .body_sha256 = "UNSIGNED-PAYLOAD"};
	struct sigv4_signer signer = {SPAN("id"), SPAN("secret"), SPAN("to  ken"), SPAN("r"),
				      SPAN("s3")};
	struct sigv4_day day = {0};
	struct sigv4_signed got;
	struct err err = {0};
	(void)state;
	sigv4_signed_init(&got);
	assert_true(sigv4_sign(&r, &signer, 0, &day, &got, &err));
	assert_string_equal(buf_text(&got.target), "/b/..//%C3%A4%20%2B%2541%3D%27%22~"
						   "?a=%25&a-b=%2B%20%2F%3D&uploads=");
	assert_string_equal(buf_text(&got.canonical),
			    "PUT\n/b/..//%C3%A4%20%2B%2541%3D%27%22~\n"
			    "a=%25&a-b=%2B%20%2F%3D&uploads=\n"
			    "host:h\nx-amz-date:19700101T000000Z\nx-amz-meta-a:1\n"
			    "x-amz-meta-a-b:2\nx-amz-security-token:to ken\n"
			    "x-amz-server-side-encryption:aws:kms\n"
			    "x-amz-server-side-encryption-aws-kms-key-id:k\n\n"
			    "host;x-amz-date;x-amz-meta-a;x-amz-meta-a-b;x-amz-security-token;"
			    "x-amz-server-side-encryption;"
			    "x-amz-server-side-encryption-aws-kms-key-id\nUNSIGNED-PAYLOAD");
	assert_null(strstr(buf_text(&got.authorization), "secret"));
	sigv4_signed_done(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_suite),
		cmocka_unit_test(test_s3_examples),
		cmocka_unit_test(test_order_and_encoding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
