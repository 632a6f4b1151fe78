/* S3 says what it means in <Code>, but an answer to HEAD has no body, proxies answer for servers,
 * and not every server knows all codes: the code decides where it is known, else the status. */
#include "deliver/s3_judge.h"

#include "base/bounds.h"
#include "base/json.h"
#include "base/text.h"
#include "deliver/xml.h"

#include <stdio.h>

static const struct rule {
	const char *code;
	enum s3_sense sense;
	const char *remedy;
} RULES[] = {
	{"RequestTimeTooSkewed", S3_SENSE_SKEWED, "set this machine's clock"},
	{"ExpiredToken", S3_SENSE_EXPIRED, "renew the session token"},
	{"ExpiredTokenException", S3_SENSE_EXPIRED, "renew the session token"},
	{"TokenRefreshRequired", S3_SENSE_EXPIRED, "renew the session token"},
	{"InvalidToken", S3_SENSE_EXPIRED, "renew the session token"},
	{"EntityTooLarge", S3_SENSE_UNFIT, "deliver smaller objects: deliver: { max_bytes: ... }"},
	{"KeyTooLongError", S3_SENSE_UNFIT, NULL},
	{"KeyTooLong", S3_SENSE_UNFIT, NULL},
	{"BadDigest", S3_SENSE_DAMAGED, NULL},
	{"InvalidDigest", S3_SENSE_DAMAGED, NULL},
	{"XAmzContentSHA256Mismatch", S3_SENSE_DAMAGED, NULL},
	{"XAmzContentChecksumMismatch", S3_SENSE_DAMAGED, NULL},
	{"IncompleteBody", S3_SENSE_LATER, NULL},
	{"RequestTimeout", S3_SENSE_LATER, NULL},
	{"SlowDown", S3_SENSE_LATER, NULL},
	{"Throttling", S3_SENSE_LATER, NULL},
	{"ThrottlingException", S3_SENSE_LATER, NULL},
	{"RequestLimitExceeded", S3_SENSE_LATER, NULL},
	{"BandwidthLimitExceeded", S3_SENSE_LATER, NULL},
	{"ConditionalRequestConflict", S3_SENSE_LATER, NULL},
	{"OperationAborted", S3_SENSE_LATER, NULL},
	{"InternalError", S3_SENSE_LATER, NULL},
	{"ServiceUnavailable", S3_SENSE_LATER, NULL},
	{"InvalidAccessKeyId", S3_SENSE_DENIED, "correct access_key_id"},
	{"SignatureDoesNotMatch", S3_SENSE_DENIED,
	 "correct secret_access_key: it does not belong to the access key"},
	{"AccessDenied", S3_SENSE_DENIED,
	 "allow s3:PutObject on this key (to read: s3:GetObject; to list: s3:ListBucket)"},
	{"NoSuchBucket", S3_SENSE_REFUSED, "make the bucket, or correct destination.s3.bucket"},
	{"InvalidBucketName", S3_SENSE_REFUSED, "correct destination.s3.bucket"},
	{"NotImplemented", S3_SENSE_REFUSED,
	 "a server that does not know If-None-Match needs destination.s3: { conditional: false }"},
};

struct said {
	char code[64], message[300], region[64];
};

/* Printable ASCII of what a server sent, without a full stop at its end: more text follows. */
static void tame(char *text)
{
	size_t size = strlen(text);
	while (size > 0 && strchr(". \r\n\t", text[size - 1]) != NULL)
		text[--size] = '\0';
	for (size_t i = 0; i < size; i++) {
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	}
}

static void listen(const struct response *r, struct said *ret)
{
	struct span body = buf_span(&r->body);
	struct span region = response_header(r, "x-amz-bucket-region");
	*ret = (struct said){0};
	xml_text_of(body, "Code", ret->code, sizeof ret->code);
	xml_text_of(body, "Message", ret->message, sizeof ret->message);
	if (region.size > 0)
		snprintf(ret->region, sizeof ret->region, "%.*s", SPAN_ARGS(region));
	else
		xml_text_of(body, "Region", ret->region, sizeof ret->region);
	tame(ret->code);
	tame(ret->message);
	tame(ret->region);
}

static enum s3_sense by_status(int status)
{
	switch (status) {
	case 401:
	case 403:
		return S3_SENSE_DENIED;
	case 404:
		return S3_SENSE_ABSENT;
	case 412:
		return S3_SENSE_THERE;
	case 413:
		return S3_SENSE_UNFIT;
	case 405:
	case 501:
		return S3_SENSE_REFUSED;
	case 408:
	case 409:
	case 425:
	case 429:
		return S3_SENSE_LATER;
	default:
		break;
	}
	if (status >= 200 && status < 300)
		return S3_SENSE_DONE;
	if (status >= 300 && status < 400)
		return S3_SENSE_REFUSED;
	return status >= 500 ? S3_SENSE_LATER : S3_SENSE_DOUBTFUL;
}

static enum err_kind kind_of(enum s3_sense sense)
{
	switch (sense) {
	case S3_SENSE_SKEWED:
	case S3_SENSE_LATER:
		return ERR_TRANSIENT;
	case S3_SENSE_DENIED:
	case S3_SENSE_EXPIRED:
		return ERR_AUTH;
	case S3_SENSE_UNFIT:
	case S3_SENSE_DAMAGED:
		return ERR_DATA;
	default:
		return ERR_REMOTE;
	}
}

/* Another region than ours is what the server waits for. */
static bool is_elsewhere(const struct response *r, const struct said *said,
			 const struct s3_place *place)
{
	bool points = (r->status >= 300 && r->status < 400) ||
		      strcmp(said->code, "AuthorizationHeaderMalformed") == 0 ||
		      strcmp(said->code, "IllegalLocationConstraintException") == 0;
	return points && said->region[0] != '\0' && strcmp(said->region, place->region) != 0;
}

static enum s3_sense judge_failure(const struct response *r, const char *what,
				   struct err *ret_why)
{
	*ret_why = r->why;
	switch (r->end) {
	case EXCHANGE_OURS:
		err_at(ret_why, "%s", what);
		return ret_why->kind == ERR_DATA ? S3_SENSE_DAMAGED : S3_SENSE_DOUBTFUL;
	case EXCHANGE_UNTRUSTED:
	case EXCHANGE_UNUSABLE:
		return S3_SENSE_REFUSED;
	case EXCHANGE_TOO_LARGE:
		return S3_SENSE_DOUBTFUL;
	case EXCHANGE_REFUSED:
	case EXCHANGE_BROKEN:
	case EXCHANGE_ANSWERED:
		break;
	}
	return ret_why->kind == ERR_TRANSIENT ? S3_SENSE_LATER : S3_SENSE_REFUSED;
}

static void explain(const struct response *r, const struct said *said, enum s3_sense sense,
		    const struct s3_place *place, const char *remedy, const char *what,
		    struct err *ret_why)
{
	char text[700];
	snprintf(text, sizeof text, "%s: %d%s%s%s%s%s%s", what, r->status,
		 said->code[0] == '\0' ? "" : " ", said->code,
		 said->message[0] == '\0' ? "" : ": ", said->message,
		 remedy == NULL ? "" : "; ", remedy == NULL ? "" : remedy);
	err_set(ret_why, kind_of(sense), "%s", text);
	if (sense == S3_SENSE_DENIED)
		err_set(ret_why, ERR_AUTH, "%s (the keys come from %s)", text, place->origin);
	else if (is_elsewhere(r, said, place))
		err_set(ret_why, ERR_USAGE, "%s; the bucket %s is in the region %s: set "
			"destination.s3.region to it", text, place->bucket, said->region);
	else if (r->status >= 300 && r->status < 400)
		err_set(ret_why, ERR_USAGE, "%s; redirects are not followed: correct "
			"destination.s3.endpoint, region or addressing (it points to %.200s)", text,
			r->redirect == NULL ? "nowhere" : r->redirect);
	else if (sense == S3_SENSE_REFUSED && remedy != NULL)
		ret_why->kind = ERR_USAGE;
	ret_why->wait_ms = r->retry_after_ms > 0 ? r->retry_after_ms : 0;
}

enum s3_sense s3_judge(const struct response *r, const struct s3_place *place, const char *what,
		       struct err *ret_why)
{
	struct said said;
	const char *remedy = NULL;
	if (r->end != EXCHANGE_ANSWERED)
		return judge_failure(r, what, ret_why);
	enum s3_sense sense = by_status(r->status);
	if (sense == S3_SENSE_DONE)
		return sense;
	listen(r, &said);
	for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++) {
		if (strcmp(said.code, RULES[i].code) == 0) {
			sense = RULES[i].sense;
			remedy = RULES[i].remedy;
		}
	}
	if (is_elsewhere(r, &said, place) || span_starts(span_of(said.code), SPAN("KMS.")))
		sense = S3_SENSE_REFUSED;
	explain(r, &said, sense, place, remedy, what, ret_why);
	return sense;
}

/* --- headers --- */

/* A key may be given by its id, its ARN or an alias; the answer holds the ARN, or the id. */
static bool is_key(struct span answered, struct span wanted)
{
	if (answered.size == 0)
		return false;
	if (span_starts(wanted, SPAN("alias/")) || text_holds_nocase(wanted, SPAN(":alias/")))
		return true; /* that the server resolved it, and to what, only KMS could tell */
	if (answered.size < wanted.size)
		return false;
	if (!span_equal(span_from(answered, answered.size - wanted.size), wanted))
		return false;
	if (answered.size == wanted.size)
		return true;
	char before = answered.at[answered.size - wanted.size - 1];
	return before == '/' || before == ':';
}

bool s3_encrypted(const struct response *r, const char *encryption, const char *kms_key_id)
{
	struct span how = response_header(r, "x-amz-server-side-encryption");
	struct span key = response_header(r, "x-amz-server-side-encryption-aws-kms-key-id");
	if (kms_key_id != NULL)
		return span_is(how, "aws:kms") && is_key(key, span_of(kms_key_id));
	return encryption == NULL || span_is(how, encryption);
}

static void read_checksum(struct span base64, char out[SHA256_HEX + 1])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789+/";
	enum { LETTERS = 43 }; /* and one '=' */
	uint32_t bits = 0;
	int bits_n = 0, n = 0;
	out[0] = '\0';
	if (base64.size != LETTERS + 1 || base64.at[LETTERS] != '=')
		return;
	for (int i = 0; i < LETTERS; i++) {
		const char *at = base64.at[i] == '\0' ? NULL : strchr(letters, base64.at[i]);
		if (at == NULL) {
			out[0] = '\0';
			return;
		}
		bits = (bits << 6 | (uint32_t)(at - letters)) & 0xFFFF;
		for (bits_n += 6; bits_n >= 4 && n < SHA256_HEX; bits_n -= 4)
			out[n++] = "0123456789abcdef"[bits >> (bits_n - 4) & 15];
	}
	out[n] = '\0';
}

void s3_read_head(const struct response *r, struct s3_head *ret)
{
	struct span meta = response_header(r, "x-amz-meta-sha256");
	struct span etag = response_header(r, "etag");
	*ret = (struct s3_head){.size = -1, .records = -1};
	read_checksum(response_header(r, "x-amz-checksum-sha256"), ret->sha256);
	ret->sha256_is_checksum = ret->sha256[0] != '\0';
	if (!ret->sha256_is_checksum && meta.size == SHA256_HEX)
		snprintf(ret->sha256, sizeof ret->sha256, "%.*s", SPAN_ARGS(meta));
	if (!json_whole(response_header(r, "content-length"), &ret->size))
		ret->size = -1;
	if (!json_whole(response_header(r, "x-amz-meta-records"), &ret->records))
		ret->records = -1;
	if (etag.size >= 2 && etag.at[0] == '"' && etag.at[etag.size - 1] == '"')
		etag = (struct span){etag.at + 1, etag.size - 2};
	snprintf(ret->etag, sizeof ret->etag, "%.*s", SPAN_ARGS(etag));
}
