/* What the parts of deliver/s3 share; nobody else includes this.
 * s3.c: made and ended; s3_request.c: signed and sent; s3_put.c: many at a time; s3_read.c: one by
 * one. */
#ifndef FIRN_DELIVER_S3_PRIVATE_H
#define FIRN_DELIVER_S3_PRIVATE_H

#include "deliver/s3.h"

#include "base/arena.h"
#include "deliver/credentials.h"
#include "deliver/s3_judge.h"
#include "deliver/sigv4.h"

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct s3 {
	struct arena *arena;
	struct http *http;
	struct credentials *credentials;
	const char *name;
	const char *base; /* "https://host[:port]", the port only where it is not the usual one */
	const char *host; /* a part of it */
	const char *path; /* in front of each key: "/", "/bucket/", "/below/bucket/" */
	struct s3_place place;
	const char *encryption, *kms_key_id; /* NULL: not asked for */
	bool conditional;
	bool encrypts; /* it has confirmed the encryption that is asked for */
	int64_t (*now_us)(void *user);
	void *now_user;
	int64_t skew_us; /* what the server's clock is ahead of ours, once that mattered */
	struct sigv4_day day;
	uint64_t keys_version;
	struct sigv4_signed signed_;
	struct flight *flights; /* s3_put.c */
	size_t flights_n;
};

struct s3_call {
	const char *method;
	struct span key; /* size 0: the bucket itself */
	const struct sigv4_pair *query;
	size_t query_n;
	const struct header *headers; /* those of x-amz- and others that are signed */
	size_t headers_n;
	const char *body_sha256;
	struct span body;
	const struct request_source *body_from;
	const struct request_sink *take;
};

/* Signs and begins; `user` comes back from http_wait. ERR_AUTH, ERR_USAGE, ERR_TRANSIENT: no keys
 * are to be had. */
MUST_CHECK bool s3_begin(struct s3 *s3, const struct s3_call *call, void *user,
			 struct err *reterr);
/* "PUT s3://bucket/key", the key percent-encoded. */
void s3_add_shown(struct buf *out, const struct s3 *s3, const char *method, struct span key);
/* Whether a call that was answered so is worth another try at once: the clock's difference was
 * learnt, or new keys are to be had. */
bool s3_mend(struct s3 *s3, enum s3_sense sense, const struct response *response);
void s3_drop_flights(struct s3 *s3);

#endif
