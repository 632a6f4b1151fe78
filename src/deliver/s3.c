#include "deliver/s3_private.h"

#include "base/bounds.h"
#include "base/clock.h"

#include <assert.h>
#include <stdlib.h>

static bool consists_of(const char *text, const char *letters)
{
	return text[0] != '\0' && text[strspn(text, letters)] == '\0';
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool check_names(const struct s3_options *o, const char *region, struct err *reterr)
{
	size_t size = strlen(o->bucket);
	/* Upper case and underscores: buckets of before 2018, and other servers'. */
	if (size < 3 || size > 255 || !consists_of(o->bucket, LOWER UPPER DIGITS "-._") ||
	    o->bucket[0] == '.' || strstr(o->bucket, "..") != NULL)
		return err_set(reterr, ERR_USAGE, "'%.100s' is no name of a bucket: 3 to 63 of "
			       "a-z, 0-9, '-' and '.'", o->bucket);
	if (region == NULL)
		return err_set(reterr, ERR_USAGE, "the bucket's region is not known: set "
			       "destination.s3.region, or AWS_REGION");
	if (!consists_of(region, LOWER UPPER DIGITS "-"))
		return err_set(reterr, ERR_USAGE, "'%.100s' is no region", region);
	if (o->encryption != NULL && strcmp(o->encryption, "AES256") != 0 &&
	    strcmp(o->encryption, "aws:kms") != 0)
		return err_set(reterr, ERR_USAGE, "encryption is AES256 or aws:kms, not '%.100s'",
			       o->encryption);
	return true;
}

/* --- the address --- */

struct address {
	struct buf endpoint; /* "https://host/path", no slash at the end */
	struct buf origin, path;
	bool virtual_;
};

static void address_init(struct address *a)
{
	buf_init(&a->endpoint, URL_BYTES_MAX);
	buf_init(&a->origin, URL_BYTES_MAX);
	buf_init(&a->path, URL_BYTES_MAX);
}

static void address_done(struct address *a)
{
	buf_done(&a->endpoint);
	buf_done(&a->origin);
	buf_done(&a->path);
}

static void choose_endpoint(struct address *a, const struct s3_options *o, const char *endpoint,
			    const char *region)
{
	bool china = span_starts(span_of(region), SPAN("cn-"));
	bool dotted = strchr(o->bucket, '.') != NULL; /* TLS's wildcard has one level */
	a->virtual_ = o->addressing == S3_ADDRESSING_VIRTUAL ||
		      (o->addressing == S3_ADDRESSING_USUAL && endpoint == NULL && !dotted);
	if (endpoint == NULL)
		buf_addf(&a->endpoint, "https://s3.%s.amazonaws.com%s", region,
			 china ? ".cn" : "");
	else
		buf_add_text(&a->endpoint, endpoint);
	while (a->endpoint.size > 0 && a->endpoint.data[a->endpoint.size - 1] == '/')
		buf_cut(&a->endpoint, a->endpoint.size - 1);
}

/* The host of "https://host/path" becomes "https://bucket.host", its path is kept. */
static bool split_endpoint(struct address *a, const char *bucket, struct err *reterr)
{
	const char *text = buf_text(&a->endpoint);
	const char *host = strstr(text, "://");
	if (host == NULL || strpbrk(text, "?#") != NULL)
		return err_set(reterr, ERR_USAGE, "destination.s3.endpoint must be a URL like "
			       "https://host:port");
	host += 3;
	size_t host_size = strcspn(host, "/");
	struct buf url;
	buf_init(&url, URL_BYTES_MAX);
	buf_add(&url, text, (size_t)(host - text));
	if (a->virtual_)
		buf_addf(&url, "%s.", bucket);
	buf_add(&url, host, host_size);
	bool done = url_origin(buf_text(&url), &a->origin, reterr) ||
		    err_at(reterr, "destination.s3.endpoint");
	buf_done(&url);
	buf_addf(&a->path, "%s/", host + host_size);
	if (!a->virtual_)
		buf_addf(&a->path, "%s/", bucket);
	return done && buf_ok(&a->path, reterr);
}

/* As libcurl writes Host: without the scheme's own port. */
static void drop_usual_port(struct buf *origin)
{
	bool secure = span_starts(buf_span(origin), SPAN("https:"));
	const char *port = secure ? ":443" : ":80";
	size_t size = strlen(port);
	if (origin->size > size && strcmp(origin->data + origin->size - size, port) == 0)
		buf_cut(origin, origin->size - size);
}

static bool find_address(struct s3 *s3, const struct s3_options *o, const char *region,
			 struct err *reterr)
{
	struct address a;
	const char *endpoint = o->endpoint;
	if (endpoint == NULL)
		endpoint = credentials_endpoint(o->credentials);
	address_init(&a);
	choose_endpoint(&a, o, endpoint, region);
	bool done = buf_ok(&a.endpoint, reterr) && split_endpoint(&a, o->bucket, reterr);
	if (done && !o->allow_http && span_starts(buf_span(&a.origin), SPAN("http:")) &&
	    !url_is_loopback(buf_text(&a.origin)))
		done = err_set(reterr, ERR_USAGE, "destination.s3.endpoint is not encrypted: use "
			       "https://, or say http: { allow_http: true }");
	if (done) {
		drop_usual_port(&a.origin);
		s3->base = arena_text(s3->arena, buf_span(&a.origin));
		s3->path = arena_text(s3->arena, buf_span(&a.path));
		s3->name = arena_printf(s3->arena, "s3://%s at %s", o->bucket,
					buf_text(&a.origin));
		done = (s3->base != NULL && s3->path != NULL && s3->name != NULL) ||
		       err_memory(reterr);
	}
	if (done)
		s3->host = strstr(s3->base, "://") + 3;
	address_done(&a);
	return done;
}

/* --- made and ended --- */

static int64_t usual_now_us(void *user)
{
	(void)user;
	return clock_now_us();
}

/* NULL stays NULL. */
static const char *copy(struct s3 *s3, const char *text, bool *failed)
{
	const char *ret = text == NULL ? NULL : arena_text(s3->arena, span_of(text));
	*failed = *failed || (text != NULL && ret == NULL);
	return ret;
}

static bool fill(struct s3 *s3, const struct s3_options *o, struct err *reterr)
{
	const char *region = o->region != NULL ? o->region : credentials_region(o->credentials);
	bool own = o->endpoint != NULL || credentials_endpoint(o->credentials) != NULL;
	bool failed = false;
	if (region == NULL && own)
		region = "us-east-1"; /* what servers other than AWS usually call theirs */
	if (!check_names(o, region, reterr))
		return false;
	s3->arena = arena_new();
	if (s3->arena == NULL)
		return err_memory(reterr);
	s3->credentials = o->credentials;
	s3->place.bucket = copy(s3, o->bucket, &failed);
	s3->place.region = copy(s3, region, &failed);
	s3->place.origin = credentials_origin(o->credentials);
	s3->kms_key_id = copy(s3, o->kms_key_id, &failed);
	s3->encryption = copy(s3, o->kms_key_id != NULL ? "aws:kms" : o->encryption, &failed);
	s3->conditional = o->conditional;
	s3->now_us = o->now_us != NULL ? o->now_us : usual_now_us;
	s3->now_user = o->now_user;
	if (failed)
		return err_memory(reterr);
	return find_address(s3, o, region, reterr) && http_new(&s3->http, o->http, reterr);
}

bool s3_new(struct s3 **ret, const struct s3_options *options, struct err *reterr)
{
	struct s3 *s3 = calloc(1, sizeof *s3);
	assert(options->bucket != NULL && options->credentials != NULL);
	if (s3 == NULL)
		return err_memory(reterr);
	sigv4_signed_init(&s3->signed_);
	bool done = fill(s3, options, reterr);
	if (done)
		*ret = s3;
	else
		s3_free(s3);
	return done;
}

void s3_free(struct s3 *s3)
{
	if (s3 == NULL)
		return;
	http_free(s3->http);
	s3_drop_flights(s3);
	sigv4_signed_done(&s3->signed_);
	arena_free(s3->arena);
	free(s3);
}

const char *s3_name(const struct s3 *s3)
{
	return s3->name;
}
