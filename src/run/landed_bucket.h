/* Landed objects in a bucket: which there are, and one after the other onto this machine. */
#ifndef FIRN_RUN_LANDED_BUCKET_H
#define FIRN_RUN_LANDED_BUCKET_H

#include "config/config.h"
#include "deliver/credentials.h"

struct landed_bucket;

/* True for "s3://...". */
bool landed_is_url(const char *path);
/* `url`: s3://bucket/prefix. Keys, region and endpoint are the destination's where it is a bucket,
 * else those of AWS's chain. `aws` may be NULL. ERR_USAGE: no bucket is named, no keys are
 * found. */
MUST_CHECK bool landed_bucket_open(struct landed_bucket **ret, const char *url,
				   const struct config *, const struct credentials_environment *aws,
				   struct err *reterr);
void landed_bucket_close(struct landed_bucket *); /* NULL is fine */
/* Every object below the prefix as "s3://bucket/key", in the order of their keys. `each` may fetch
 * meanwhile. */
MUST_CHECK bool landed_bucket_each(struct landed_bucket *,
				   bool (*each)(void *user, const char *url, struct err *reterr),
				   void *user, struct err *reterr);
/* Within `each`: how long the object is, as it was listed. */
int64_t landed_bucket_listed(const struct landed_bucket *);
/* The object's bytes into a file, whatever it held. ERR_DATA: they are not those of the hash that
 * the object carries. */
MUST_CHECK bool landed_bucket_fetch(struct landed_bucket *, const char *url, const char *path,
				    struct err *reterr);

#endif
