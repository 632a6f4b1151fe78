/* What answers of S3 mean, and the bits of XML and of headers that say it. */
#include "deliver/s3_judge.h"
#include "deliver/xml.h"

#include "base/bounds.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

static const struct s3_place place = {"landing", "eu-west-1", "the environment"};

static void open_answer(struct response *r, int status, const char *headers, const char *body)
{
	*r = (struct response){.end = EXCHANGE_ANSWERED, .status = status, .retry_after_ms = -1};
	buf_init(&r->headers, 64 * KIB);
	buf_init(&r->body, 64 * KIB);
	buf_add_text(&r->headers, headers);
	buf_add_text(&r->body, body);
}

static enum s3_sense judge(int status, const char *headers, const char *code, struct err *why)
{
	struct response r;
	char body[400] = "";
	if (code[0] != '\0')
		snprintf(body, sizeof body, "<?xml version=\"1.0\"?><Error><Code>%s</Code>"
			 "<Message>Words &amp; such.\n</Message><Region>eu-north-1</Region>"
			 "</Error>", code);
	open_answer(&r, status, headers, body);
	enum s3_sense sense = s3_judge(&r, &place, "PUT s3://landing/k", why);
	response_done(&r);
	return sense;
}

static void test_codes_and_statuses(void **state)
{
	static const struct {
		int status;
		const char *code;
		enum s3_sense sense;
		enum err_kind kind;
	} cases[] = {
		{200, "", S3_SENSE_DONE, ERR_NONE},
		{204, "", S3_SENSE_DONE, ERR_NONE},
		{301, "", S3_SENSE_REFUSED, ERR_USAGE},
		{307, "TemporaryRedirect", S3_SENSE_REFUSED, ERR_USAGE},
		{400, "", S3_SENSE_DOUBTFUL, ERR_REMOTE},
		{400, "InvalidArgument", S3_SENSE_DOUBTFUL, ERR_REMOTE},
		{400, "EntityTooLarge", S3_SENSE_UNFIT, ERR_DATA},
		{400, "KeyTooLongError", S3_SENSE_UNFIT, ERR_DATA},
		{400, "BadDigest", S3_SENSE_DAMAGED, ERR_DATA},
		{400, "XAmzContentSHA256Mismatch", S3_SENSE_DAMAGED, ERR_DATA},
		{400, "RequestTimeout", S3_SENSE_LATER, ERR_TRANSIENT},
		{400, "IncompleteBody", S3_SENSE_LATER, ERR_TRANSIENT},
		{400, "ExpiredToken", S3_SENSE_EXPIRED, ERR_AUTH},
		{400, "KMS.NotFoundException", S3_SENSE_REFUSED, ERR_REMOTE},
		{400, "AuthorizationHeaderMalformed", S3_SENSE_REFUSED, ERR_USAGE},
		{401, "", S3_SENSE_DENIED, ERR_AUTH},
		{403, "", S3_SENSE_DENIED, ERR_AUTH},
		{403, "AccessDenied", S3_SENSE_DENIED, ERR_AUTH},
		{403, "InvalidAccessKeyId", S3_SENSE_DENIED, ERR_AUTH},
		{403, "RequestTimeTooSkewed", S3_SENSE_SKEWED, ERR_TRANSIENT},
		{404, "", S3_SENSE_ABSENT, ERR_REMOTE},
		{404, "NoSuchKey", S3_SENSE_ABSENT, ERR_REMOTE},
		{404, "NoSuchBucket", S3_SENSE_REFUSED, ERR_USAGE},
		{405, "", S3_SENSE_REFUSED, ERR_REMOTE},
		{408, "", S3_SENSE_LATER, ERR_TRANSIENT},
		{409, "ConditionalRequestConflict", S3_SENSE_LATER, ERR_TRANSIENT},
		{412, "PreconditionFailed", S3_SENSE_THERE, ERR_REMOTE},
		{413, "", S3_SENSE_UNFIT, ERR_DATA},
		{429, "", S3_SENSE_LATER, ERR_TRANSIENT},
		{500, "", S3_SENSE_LATER, ERR_TRANSIENT},
		{501, "NotImplemented", S3_SENSE_REFUSED, ERR_USAGE},
		{503, "SlowDown", S3_SENSE_LATER, ERR_TRANSIENT},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err why = {0};
		enum s3_sense sense = judge(cases[i].status, "", cases[i].code, &why);
		if (sense != cases[i].sense || why.kind != cases[i].kind)
			fail_msg("%d %s: sense %d, kind %d: %s", cases[i].status, cases[i].code,
				 (int)sense, (int)why.kind, why.text);
		if (sense != S3_SENSE_DONE)
			assert_non_null(strstr(why.text, "PUT s3://landing/k: "));
		if (cases[i].code[0] != '\0')
			assert_non_null(strstr(why.text, cases[i].code));
	}
}

static void test_messages_say_what_to_do(void **state)
{
	struct err why = {0};
	(void)state;
	judge(400, "", "AuthorizationHeaderMalformed", &why);
	assert_string_equal(why.text, "PUT s3://landing/k: 400 AuthorizationHeaderMalformed: Words "
			    "& such; the bucket landing is in the region eu-north-1: set "
			    "destination.s3.region to it");
	judge(301, "x-amz-bucket-region: ap-south-1\n", "", &why);
	assert_non_null(strstr(why.text, "is in the region ap-south-1"));
	judge(403, "", "AccessDenied", &why);
	assert_non_null(strstr(why.text, "s3:PutObject"));
	assert_non_null(strstr(why.text, "(the keys come from the environment)"));
	judge(501, "", "NotImplemented", &why);
	assert_non_null(strstr(why.text, "conditional: false"));
	judge(403, "", "Acc\x1b[31m\xc3\xa4" "ess", &why);
	assert_non_null(strstr(why.text, "403 Acc?[31m??ess"));
}

static void test_failures_of_the_wire(void **state)
{
	static const struct {
		enum exchange_end end;
		enum err_kind kind;
		enum s3_sense sense;
	} cases[] = {
		{EXCHANGE_REFUSED, ERR_TRANSIENT, S3_SENSE_LATER},
		{EXCHANGE_REFUSED, ERR_AUTH, S3_SENSE_REFUSED}, /* a proxy's password */
		{EXCHANGE_BROKEN, ERR_TRANSIENT, S3_SENSE_LATER},
		{EXCHANGE_UNTRUSTED, ERR_REMOTE, S3_SENSE_REFUSED},
		{EXCHANGE_TOO_LARGE, ERR_REMOTE, S3_SENSE_DOUBTFUL},
		{EXCHANGE_UNUSABLE, ERR_USAGE, S3_SENSE_REFUSED},
		{EXCHANGE_OURS, ERR_DATA, S3_SENSE_DAMAGED},
		{EXCHANGE_OURS, ERR_DISK, S3_SENSE_DOUBTFUL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct response r = {.end = cases[i].end, .why = {.kind = cases[i].kind,
								  .text = "why"}};
		struct err why = {0};
		assert_int_equal(s3_judge(&r, &place, "PUT", &why), cases[i].sense);
		assert_non_null(strstr(why.text, "why"));
	}
}

static void test_encryption(void **state)
{
#define SSE "x-amz-server-side-encryption"
#define ARN "arn:aws:kms:eu-north-1:1:key/12ab-34"
	static const struct {
		const char *headers, *encryption, *key;
		bool confirmed;
	} cases[] = {
		{"", NULL, NULL, true},
		{"", "AES256", NULL, false},
		{SSE ": AES256\n", "AES256", NULL, true},
		{SSE ": aws:kms\n", "AES256", NULL, false},
		{SSE ": aws:kms\n", "aws:kms", NULL, true},
		{SSE ": aws:kms\n", "aws:kms", "12ab-34", false},
		{SSE ": aws:kms\n" SSE "-aws-kms-key-id: " ARN "\n", "aws:kms", "12ab-34", true},
		{SSE ": aws:kms\n" SSE "-aws-kms-key-id: " ARN "\n", "aws:kms", ARN, true},
		{SSE ": aws:kms\n" SSE "-aws-kms-key-id: " ARN "\n", "aws:kms", "ab-34", false},
		{SSE ": aws:kms\n" SSE "-aws-kms-key-id: " ARN "\n", "aws:kms", "12ab-345", false},
		{SSE ": aws:kms\n" SSE "-aws-kms-key-id: " ARN "\n", "aws:kms", "alias/x", true},
		{SSE ": AES256\n" SSE "-aws-kms-key-id: " ARN "\n", "aws:kms", ARN, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct response r;
		open_answer(&r, 200, cases[i].headers, "");
		if (s3_encrypted(&r, cases[i].encryption, cases[i].key) != cases[i].confirmed)
			fail_msg("case %zu", i);
		response_done(&r);
	}
}

static void test_heads(void **state)
{
	static const char sum[] =
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	struct response r;
	struct s3_head head;
	(void)state;
	open_answer(&r, 200, "ETag: \"x\"\nContent-Length: 12\nx-amz-meta-records: 3\n"
		    "x-amz-checksum-sha256: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
		    "x-amz-meta-sha256: 0000000000000000000000000000000000000000000000000000000000"
		    "000000\n", "");
	s3_read_head(&r, &head);
	assert_string_equal(head.sha256, sum);
	assert_true(head.sha256_is_checksum);
	assert_string_equal(head.etag, "x");
	assert_int_equal(head.size, 12);
	assert_int_equal(head.records, 3);
	response_done(&r);
	/* A multipart upload's checksum is one of its parts' checksums. */
	open_answer(&r, 200, "x-amz-checksum-sha256: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=-2"
		    "\nx-amz-meta-sha256: 00000000000000000000000000000000000000000000000000000000"
		    "00000000\nContent-Length: x\n", "");
	s3_read_head(&r, &head);
	assert_false(head.sha256_is_checksum);
	assert_int_equal(strspn(head.sha256, "0"), 64);
	assert_int_equal(head.size, -1);
	assert_int_equal(head.records, -1);
	response_done(&r);
}

static void test_xml(void **state)
{
	struct span rest = SPAN("<?xml version='1.0'?><!DOCTYPE a><a x=\"<b>\" y='>'><!-- "
				"<b>no</b> --><n:b>1<b>2</b></n:b><b/><B>3</B><b >4&lt;&#x4e;"
				"&#78;&amp;lt;<![CDATA[<&amp;>]]>&bad;&#0;&#xD800;&</b ><b>5"
				"</a>");
	static const char *const texts[] = {"12", "", "4<NN&lt;<&amp;>&bad;&#0;&#xD800;&"};
	struct span inner;
	char out[8];
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct buf text;
		buf_init(&text, 1000);
		assert_true(xml_next(&rest, "b", &inner));
		assert_true(xml_add_text(&text, inner));
		assert_string_equal(buf_text(&text), texts[i]);
		buf_done(&text);
	}
	assert_false(xml_next(&rest, "b", &inner));
	assert_true(xml_text_of(SPAN("<Key>a&#xe4;b&#x1F327;</Key>"), "Key", out, sizeof out));
	assert_string_equal(out, "a\xc3\xa4" "b\xf0\x9f\x8c"); /* cut to room */
	assert_false(xml_text_of(SPAN("<Key>a"), "Key", out, sizeof out));
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes_and_statuses),
		cmocka_unit_test(test_messages_say_what_to_do),
		cmocka_unit_test(test_failures_of_the_wire),
		cmocka_unit_test(test_encryption),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_xml),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
