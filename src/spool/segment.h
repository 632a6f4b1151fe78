/* A segment is one sealed file of the spool: gzip of NDJSON, rows of one table and one customer,
 * never changed again. All that is known of it stands in its path:
 *
 *   ready/<table>/<customer>/<sealed_ms>-<seq>-<rows>-<sha256>.ndjson.gz
 *
 *   sealed_ms  13 digits: when it was sealed, milliseconds since 1970 UTC
 *   seq        10 digits: counts the segments of a spool, to tell apart those of a millisecond
 *   rows       1 to 12 digits, no leading zero: its lines
 *   sha256     32 lower-case hexadecimal digits: the first half of the SHA-256 of its bytes
 *
 * Names of fixed width sort by age. The same name is never used for other content, so the object
 * key that is made of it can be sent again after any doubt. Nothing here touches a file. */
#ifndef FIRN_SPOOL_SEGMENT_H
#define FIRN_SPOOL_SEGMENT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	SEGMENT_FOLDER_BYTES = 112, /* a table or a customer as a folder's name, NUL included */
	SEGMENT_NAME_BYTES = 84,    /* a segment's name, NUL included */
	SEGMENT_HASH_HEX = 32,
};

struct segment {
	char table[SEGMENT_FOLDER_BYTES];    /* as in its path: lower case, percent-encoded */
	char customer[SEGMENT_FOLDER_BYTES]; /* as in its path: percent-encoded */
	char name[SEGMENT_NAME_BYTES];
	/* What the name says: */
	int64_t sealed_ms;
	int64_t seq;
	int64_t rows;
	char hash[SEGMENT_HASH_HEX + 1];
	int64_t bytes; /* of the file, as the spool found it; not in the name */
};

/* How any text becomes one folder of a path or of an object key: bytes outside [A-Za-z0-9_-] are
 * percent-encoded (upper-case hexadecimal), so that "..", "/" and the like are only letters; a
 * table is put in lower case first (ASCII). What would be too long is cut and ends in "-" and 32
 * hexadecimal digits of the whole text's SHA-256, so that two texts never meet.
 * ERR_USAGE: the text is empty. Policies that name a customer's folder need the same words. */
MUST_CHECK bool segment_table_folder(struct span table, char out[SEGMENT_FOLDER_BYTES],
				     struct err *reterr);
MUST_CHECK bool segment_customer_folder(struct span customer, char out[SEGMENT_FOLDER_BYTES],
					struct err *reterr);
/* True for what the two above can have written. */
bool segment_is_folder(const char *name);

/* Fills name, sealed_ms, seq, rows and hash. False: not a segment's name, nothing is filled. */
bool segment_parse(const char *name, struct segment *ret);
/* Writes `name` out of sealed_ms, seq, rows and hash. ERR_DATA: one of them is out of range. */
MUST_CHECK bool segment_write_name(struct segment *segment, struct err *reterr);
/* Below 0, 0, above 0: by sealed_ms, seq, then table, customer and name: oldest first. */
int segment_compare(const struct segment *a, const struct segment *b);

/* Appends the object key: <prefix>/<table>/<YYYY>/<MM>/<DD>/<customer>/<instance>-<name>, the day
 * being that of sealing in UTC. Slashes at the prefix's ends are left out, and with an empty
 * prefix the one behind it. The key holds "%" as a letter: whoever puts it into a URL encodes it
 * once more. Always the same for the same segment, prefix and instance. */
void segment_key(struct buf *out, struct span prefix, const char *instance,
		 const struct segment *segment);

#endif
