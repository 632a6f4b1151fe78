#include "deliver/s3_private.h"

#include "base/bounds.h"
#include "base/stamp.h"
#include "base/text.h"

enum { HEADERS_MAX = 24 };

void s3_add_shown(struct buf *out, const struct s3 *s3, const char *method, struct span key)
{
	buf_addf(out, "%s s3://%s/", method, s3->place.bucket);
	sigv4_add_path(out, key);
}

/* Keys of now; what was derived of others is forgotten. */
static bool find_signer(struct s3 *s3, int64_t now_us, struct sigv4_signer *ret,
			struct err *reterr)
{
	struct credentials_keys keys;
	if (!credentials_get(s3->credentials, now_us, &keys, reterr))
		return false;
	if (keys.version != s3->keys_version)
		s3->day = (struct sigv4_day){0};
	s3->keys_version = keys.version;
	*ret = (struct sigv4_signer){
		.access_key_id = keys.access_key_id,
		.secret_access_key = keys.secret_access_key,
		.session_token = keys.session_token,
		.region = span_of(s3->place.region),
		.service = SPAN("s3"),
	};
	return true;
}

/* What was signed, and what goes with it unsigned. */
static bool send(struct s3 *s3, const struct s3_call *call, const struct sigv4_request *signed_,
		 const struct sigv4_signer *signer, void *user, struct err *reterr)
{
	struct header headers[HEADERS_MAX];
	struct buf url, shown, token;
	size_t n = 0;
	buf_init(&url, 2 * URL_BYTES_MAX);
	buf_init(&shown, URL_BYTES_MAX);
	buf_init(&token, HEADER_BYTES_MAX);
	for (size_t i = 0; i < signed_->headers_n; i++) {
		if (strcmp(signed_->headers[i].name, "Host") != 0) /* libcurl's own is the same */
			headers[n++] = signed_->headers[i];
	}
	headers[n++] = (struct header){"X-Amz-Date", s3->signed_.date};
	buf_add_span(&token, signer->session_token);
	if (signer->session_token.size > 0)
		headers[n++] = (struct header){"X-Amz-Security-Token", buf_text(&token)};
	headers[n++] = (struct header){"Authorization", buf_text(&s3->signed_.authorization)};
	headers[n++] = (struct header){"Accept-Encoding", "identity"}; /* bytes as they lie there */
	buf_add_text(&url, s3->base);
	buf_add_span(&url, buf_span(&s3->signed_.target));
	s3_add_shown(&shown, s3, call->method, call->key);
	struct request request = {
		.method = call->method,
		.url = buf_text(&url),
		.shown = buf_text(&shown),
		.headers = headers,
		.headers_n = n,
		.body = call->body,
		.body_from = call->body_from,
		.take = call->take,
	};
	bool done = buf_ok(&url, reterr) && buf_ok(&shown, reterr) && buf_ok(&token, reterr) &&
		    http_begin(s3->http, &request, user, reterr);
	buf_done(&url);
	buf_done(&shown);
	buf_wipe(&token);
	return done;
}

bool s3_begin(struct s3 *s3, const struct s3_call *call, void *user, struct err *reterr)
{
	struct header headers[HEADERS_MAX - 4];
	struct sigv4_signer signer;
	struct buf path;
	size_t n = 0;
	int64_t now_us = s3->now_us(s3->now_user) + s3->skew_us;
	if (call->headers_n > sizeof headers / sizeof *headers - 2)
		return err_set(reterr, ERR_MEMORY, "a request of too many headers");
	headers[n++] = (struct header){"Host", s3->host};
	headers[n++] = (struct header){"x-amz-content-sha256", call->body_sha256};
	for (size_t i = 0; i < call->headers_n; i++)
		headers[n++] = call->headers[i];
	buf_init(&path, URL_BYTES_MAX);
	buf_add_text(&path, s3->path);
	if (call->key.size > 0)
		buf_add_span(&path, call->key);
	else if (path.size > 1) /* the bucket itself */
		buf_cut(&path, path.size - 1);
	struct sigv4_request request = {
		.method = call->method,
		.path = buf_span(&path),
		.query = call->query,
		.query_n = call->query_n,
		.headers = headers,
		.headers_n = n,
		.body_sha256 = call->body_sha256,
	};
	bool done = buf_ok(&path, reterr) && find_signer(s3, now_us, &signer, reterr) &&
		    sigv4_sign(&request, &signer, now_us, &s3->day, &s3->signed_, reterr) &&
		    send(s3, call, &request, &signer, user, reterr);
	buf_done(&path);
	return done;
}

bool s3_mend(struct s3 *s3, enum s3_sense sense, const struct response *response)
{
	const int64_t much_us = 10 * STAMP_MINUTE; /* S3 forgives 15 */
	if (sense == S3_SENSE_EXPIRED)
		return credentials_expire(s3->credentials);
	if (response->date_us == 0)
		return false;
	int64_t skew_us = response->date_us - s3->now_us(s3->now_user);
	int64_t more_us = skew_us - s3->skew_us;
	/* An answer to HEAD says 403 and not why. */
	bool unsaid = sense == S3_SENSE_DENIED && response->body.size == 0 &&
		      (more_us > much_us || more_us < -much_us);
	if (sense != S3_SENSE_SKEWED && !unsaid)
		return false;
	s3->skew_us = skew_us;
	return true;
}
