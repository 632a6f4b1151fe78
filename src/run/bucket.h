/* How the configuration says that a bucket is reached: for delivering into one (run/delivery.h)
 * and for loading out of one (run/landed_bucket.h). */
#ifndef FIRN_RUN_BUCKET_H
#define FIRN_RUN_BUCKET_H

#include "config/config.h"
#include "deliver/credentials.h"
#include "deliver/s3.h"

struct bucket_way {
	struct http_options http;
	struct s3_options s3; /* points into http: the struct must stay where it was filled */
};

/* Fills the options for s3_new, the bucket of the configuration's destination among them, and opens
 * the credentials: theirs is way->s3.credentials, to be freed by the caller after the last s3.
 * What it points at besides is the configuration's. aws: NULL: no credentials of the surroundings.
 */
MUST_CHECK bool bucket_way(struct bucket_way *way, const struct config *,
			   const struct credentials_environment *aws, int64_t connections_max,
			   struct credentials **ret_credentials, struct err *reterr);

#endif
