/* What an answer of S3 means. Pure: no socket, no clock, no key. */
#ifndef FIRN_DELIVER_S3_JUDGE_H
#define FIRN_DELIVER_S3_JUDGE_H

#include "deliver/s3.h"
#include "fetch/exchange.h"

enum s3_sense {
	S3_SENSE_DONE,     /* 2xx */
	S3_SENSE_THERE,    /* 412: something stands under the key */
	S3_SENSE_ABSENT,   /* 404, but of a bucket */
	S3_SENSE_SKEWED,   /* our clock and the server's differ: sign anew by its Date */
	S3_SENSE_EXPIRED,  /* the session has ended: get new keys */
	S3_SENSE_UNFIT,    /* as s3_verdict */
	S3_SENSE_DAMAGED,
	S3_SENSE_LATER,
	S3_SENSE_DOUBTFUL,
	S3_SENSE_DENIED,   /* 401, 403 */
	S3_SENSE_REFUSED,  /* the bucket, the region, the server: not for a right that is missing */
};

struct s3_place {
	const char *bucket, *region;
	const char *origin; /* of the keys, for people */
};

/* `what` begins the message: "PUT s3://bucket/key". *ret_why is filled for all but DONE: a whole
 * message with a remedy where one is known. What a server says in it is printable and cut. */
enum s3_sense s3_judge(const struct response *response, const struct s3_place *place,
		       const char *what, struct err *ret_why);

/* True where the answer confirms the encryption that was asked for (s3_options); `encryption` and
 * `kms_key_id` NULL: none was asked for. */
bool s3_encrypted(const struct response *response, const char *encryption,
		  const char *kms_key_id);

/* The answer to a HEAD or GET as s3_head. */
void s3_read_head(const struct response *response, struct s3_head *ret);

#endif
