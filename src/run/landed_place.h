/* What the path of a landed file says: its table, the key that it is remembered by, and what its
 * name promises of its content. Pure: no file is touched.
 *
 *   …/<table>/<YYYY>/<MM>/<DD>/<customer>/<name>   as delivered
 *   …/ready/<table>/<customer>/<segment>           in a spool, not delivered yet
 *   …/<table>/…/<name>                             anybody's own arrangement
 *   …/<epoch>_<customer>_<location>.json           the collector that firn replaces
 *
 * The key is the path from <table>/ on, so that it is the same whatever the path in front, and for
 * a segment in a spool the one that it will be delivered under. */
#ifndef FIRN_RUN_LANDED_PLACE_H
#define FIRN_RUN_LANDED_PLACE_H

#include "base/buf.h"
#include "base/err.h"
#include "spool/segment.h"

enum landed_kind {
	LANDED_LINES, /* NDJSON, plain or gzip */
	LANDED_OLDER, /* the older collector's file: one JSON answer */
	LANDED_OTHER, /* something else: a note, a file that is being written */
};

struct landed_place {
	enum landed_kind kind;
	struct span table;    /* the folder's name as in the path; size 0: none is to be seen */
	struct span name;     /* the file's */
	size_t key_at;        /* where in the path the key begins; SIZE_MAX: see spooled */
	bool spooled;         /* `segment` is in a spool; root_size: of the spool's path */
	size_t root_size;
	bool named;           /* the name promises rows and hash: segment.rows, segment.hash */
	struct segment segment;
};

/* `is_table` says of a folder's name whether it is a table's. The spans point into path. */
void landed_place(const char *path, bool (*is_table)(const void *user, struct span folder),
		  const void *user, struct landed_place *ret);

/* The older collector's "<epoch>_<customer>_<location>.json". The epoch may be "1700000000" or
 * "1700000000-123" (it wrote its dot as a dash); customer and location may hold underscores: then
 * `customer`, who is known to collect here, tells where one ends ("" or NULL: nobody is). False:
 * they cannot be told apart. */
struct landed_older {
	int64_t at_us;
	struct span customer, location;
};
bool landed_older(struct span name, const char *customer, struct landed_older *ret);

#endif
