/* One bucket of S3, or of a server that speaks like it: objects put, looked at, fetched, listed.
 *
 * Every request is signed (sigv4.h) and goes to the bucket's own host; redirects are not followed,
 * the signature holds for one host. Puts are many at a time: s3_put begins one, s3_wait brings the
 * verdict. The other calls wait for their answer, and try again what may work later, TRIES_MAX
 * times.
 *
 * An object is put with If-None-Match: *, the SHA-256 of its bytes as x-amz-content-sha256 and
 * x-amz-checksum-sha256 (the server checks both), and x-amz-meta-sha256 and x-amz-meta-records.
 * Nothing is written over. What stands under the key already is compared: hash and length equal
 * means that an earlier try arrived. */
#ifndef FIRN_DELIVER_S3_H
#define FIRN_DELIVER_S3_H

#include "base/digest.h"
#include "fetch/http.h"

struct credentials;
struct s3;

enum s3_addressing {
	S3_ADDRESSING_USUAL, /* AWS: virtual, but path where the name has a dot; others: path */
	S3_ADDRESSING_PATH,
	S3_ADDRESSING_VIRTUAL,
};

struct s3_options {
	const char *bucket;
	const char *region;   /* NULL: the credentials' */
	const char *endpoint; /* "https://host[:port][/path]"; NULL: the credentials', else AWS */
	enum s3_addressing addressing;
	bool conditional;       /* false: no If-None-Match, for servers that do not know it */
	const char *encryption; /* NULL: the bucket's own; "AES256", "aws:kms" */
	const char *kms_key_id; /* or NULL; means aws:kms */
	bool allow_http;        /* http:// elsewhere than on loopback */
	const struct http_options *http; /* connections_max: so many puts at a time */
	struct credentials *credentials; /* outlives it */
	/* The clock that signatures carry; NULL: clock_now_us. */
	int64_t (*now_us)(void *user);
	void *now_user;
};

/* All is copied but for the credentials. ERR_USAGE: no region, a name that no bucket has, an
 * endpoint that is no URL. */
MUST_CHECK bool s3_new(struct s3 **ret, const struct s3_options *, struct err *reterr);
void s3_free(struct s3 *); /* drops what is on its way; NULL is fine */
/* For people: "s3://bucket at https://host". */
const char *s3_name(const struct s3 *);

/* --- put --- */
struct s3_object {
	struct span key;     /* not encoded, any bytes but NUL */
	const char *sha256;  /* of the bytes, SHA256_HEX digits */
	int64_t size, records;
	struct span body;    /* copied; at NULL: */
	const struct request_source *body_from; /* lives until the answer */
};

enum s3_verdict {
	S3_STORED,   /* it is there, by this put or by an earlier one (was_there) */
	S3_OTHER,    /* other bytes stand under the key: never written over */
	S3_UNFIT,    /* this object alone is at fault: too large, a key that the server refuses */
	S3_DAMAGED,  /* the bytes that arrived are not those of the hash: read them again */
	S3_LATER,    /* 5xx, 429, 409, a timeout: the same may work later (why.wait_ms) */
	S3_DOUBTFUL, /* refused for a reason that we do not know, or it cannot be verified */
	S3_REFUSED,  /* credentials, rights, bucket, region, encryption: all objects share it */
};

struct s3_answer {
	enum s3_verdict verdict;
	bool was_there;
	struct err why; /* where it is not S3_STORED: a whole message */
};

/* Begins to put. `user` comes back with the answer. False: it cannot be begun at all (keys that
 * cannot be had, memory). */
MUST_CHECK bool s3_put(struct s3 *, const struct s3_object *, void *user, struct err *reterr);
/* Waits at most wait_ms for one answer. False: none yet. Inside, a clock that is wrong is made up
 * for (RequestTimeTooSkewed), keys that have ended are renewed, and what was there is compared. */
bool s3_wait(struct s3 *, int64_t wait_ms, void **ret_user, struct s3_answer *ret);
size_t s3_in_flight(const struct s3 *);
void s3_drop(struct s3 *); /* what is on its way: no answers come; it may arrive all the same */

/* --- look, fetch, list --- */
struct s3_head {
	int64_t size;
	char sha256[SHA256_HEX + 1]; /* the checksum, else x-amz-meta-sha256; "": neither */
	bool sha256_is_checksum;     /* the server's own, not what the writer said */
	char etag[128];              /* without quotes */
	int64_t records;             /* x-amz-meta-records; -1: none */
};
/* ERR_REMOTE with *ret_absent: there is no such object. */
MUST_CHECK bool s3_look(struct s3 *, struct span key, struct s3_head *ret, bool *ret_absent,
			struct err *reterr);

/* Where an object's bytes go. `begin` is called before the first of each try: forget what came
 * before. Either may stop by false with a message. */
struct s3_sink {
	void *user;
	bool (*begin)(void *user, struct err *reterr);
	bool (*take)(void *user, struct span piece, struct err *reterr);
};
MUST_CHECK bool s3_fetch(struct s3 *, struct span key, const struct s3_sink *, struct s3_head *ret,
			 struct err *reterr);

struct s3_listed {
	struct span key, etag; /* etag without quotes */
	int64_t size;
};
/* Every key that begins with `prefix`, ascending, a page at a time; `each` stops it by false. */
MUST_CHECK bool s3_list(struct s3 *, struct span prefix,
			bool (*each)(void *user, const struct s3_listed *, struct err *reterr),
			void *user, struct err *reterr);

#endif
