/* The landed format (docs/FORMATS.md): a row as one line of NDJSON, the same whatever collected
 * it, and such a line as a row again.
 *
 * A line is a JSON object: every column of the table by its name in upper case, in the table's
 * order, null included, then EXTRA, an object or null; one line end. Excluded columns are absent,
 * hashed ones hold their digest. Neither LOAD_TIMESTAMP nor staging's own column is in it.
 *   text       a string
 *   int        a number without fraction or exponent
 *   float      a number: the shortest digits that give the same double
 *   bool       true, false
 *   timestamp  "YYYY-MM-DDThh:mm:ss.ffffffZ"
 *   json       the value itself
 *
 * Reading is as forgiving as reading an API's records, for anybody may write such lines: members
 * in any order, absent ones being NULL, times in any ISO 8601 form with a zone. What no column
 * names goes to EXTRA beside the members of the line's own EXTRA; what does not fit is rescued
 * there under its column's name; a row that cannot be taken is rejected with its reason. */
#ifndef FIRN_SHAPE_LANDED_H
#define FIRN_SHAPE_LANDED_H

#include "base/arena.h"
#include "shape/row.h"

/* Appends the line of the row that the shaper has just taken (shaper_row, which for this needs no
 * batch). False: out->failed; nothing of the line is left in it. */
MUST_CHECK bool landed_write(struct buf *out, const struct shaper *shaper);

/* The same table, its columns taken out of landed lines: a shaper of it reads them (shaper_row
 * with fixed NULL). Lives in the arena, and as long as `table`. A hashed column takes a text of
 * 64 lower-case hexadecimal digits for its digest: who wrote the line hashed it already.
 * Columns that are kept at the first (keep_first) and the like stay as they are. */
MUST_CHECK bool landed_table(struct arena *arena, const struct table *table, struct table *ret,
			     struct err *reterr);

/* Appends a JSON Schema (2020-12) of the table's lines, as they are written; reading takes more.
 * False: out->failed. */
MUST_CHECK bool landed_schema(struct buf *out, const struct table *table);

#endif
