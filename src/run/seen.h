/* What the rows of an answer show about the connector that read them: fields that no column
 * names, with a column proposed for each, and columns whose field never came. For `connectors
 * try`. Pure: no clock, no file. */
#ifndef FIRN_RUN_SEEN_H
#define FIRN_RUN_SEEN_H

#include "base/buf.h"
#include "base/err.h"
#include "shape/column.h"

struct seen;

/* The table must outlive it. */
MUST_CHECK bool seen_new(struct seen **ret, const struct table *table, struct err *reterr);
void seen_free(struct seen *); /* NULL is fine */

/* Of each row: its EXTRA (at NULL: it has none), and the columns whose field was there. */
MUST_CHECK bool seen_extra(struct seen *, struct span extra, struct err *reterr);
void seen_column(struct seen *, unsigned column);

/* Lines for people:
 *	in EXTRA, 2 kinds: /via (object)  /due_at (text or null)    to name them:  VIA: json, ...
 *	never seen: PRIORITY_LEVEL (from /priority_level); near names: /priority */
bool seen_write(const struct seen *, struct buf *out);

#endif
