/* Answers compressed with gzip, each once: what comes out is kept by the hash of what went in, so
 * that a page that is asked for again costs a look. */
#ifndef FIRN_SIM_ZIPPED_H
#define FIRN_SIM_ZIPPED_H

#include "base/buf.h"

#define ZIPPED_BYTES_MAX INT64_C(2000000000) /* kept; what comes beyond is made each time */

struct zipped;

MUST_CHECK bool zipped_new(struct zipped **ret, struct err *reterr);
void zipped_free(struct zipped *zipped); /* NULL is fine */
/* Replaces the bytes by their gzip. False: no memory; the bytes stay. */
bool zipped_replace(struct zipped *zipped, struct buf *body);

#endif
