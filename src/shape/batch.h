/* Rows in, one Arrow record batch out: the only door to nanoarrow's building side.
 *
 * The batch's columns are the table's (excluded ones left out), then EXTRA where the table has
 * it, then _FIRN_SEQ. Types: text and json are utf8, int is int64, float is double, bool is bool,
 * timestamp is timestamp[us] without zone. A row comes in one call: who shapes it decides first
 * whether it can be taken, so that a batch holds whole rows only. */
#ifndef FIRN_SHAPE_BATCH_H
#define FIRN_SHAPE_BATCH_H

#include "base/err.h"
#include "shape/cell.h"
#include "shape/column.h"

#include <stdint.h>

struct ArrowSchema;
struct ArrowArray;
struct batch;

/* The table must outlive the batch. */
MUST_CHECK bool batch_new(struct batch **ret, const struct table *table, struct err *reterr);
void batch_free(struct batch *); /* NULL is fine */
/* When it is full, where the warehouse wants other sizes than BATCH_…_MAX. */
void batch_limit(struct batch *, int64_t rows_max, int64_t bytes_max);

/* `cells`: one for each of the table's columns (excluded ones are not looked at). Texts are
 * copied. After a failure (no memory) the batch can only be freed. */
MUST_CHECK bool batch_add_row(struct batch *, const struct cell *cells, struct span extra,
			      int64_t seq, struct err *reterr); /* extra.at NULL: none */

int64_t batch_rows(const struct batch *);
int64_t batch_bytes(const struct batch *); /* of text and JSON, and 8 for each other cell */
bool batch_full(const struct batch *);     /* one of its limits is reached */

/* Sealed rows on their way to the warehouse, in Arrow's C data interface. */
struct rows;
/* Moves the rows out; the batch is empty and may be used again. */
MUST_CHECK bool batch_seal(struct batch *, struct rows **ret, struct err *reterr);
void rows_free(struct rows *); /* NULL is fine; what was consumed by then is left alone */
int64_t rows_count(const struct rows *);
int64_t rows_bytes(const struct rows *); /* as batch_bytes */
/* For whoever hands them to a driver, which consumes (releases) both. */
struct ArrowSchema *rows_schema(struct rows *);
struct ArrowArray *rows_array(struct rows *);
/* The same rows once more, for a driver that may have to be given them again. No cell is copied:
 * they stay until all shares are gone, whichever thread releases the last. `rows` has its array
 * for no driver any more. */
MUST_CHECK bool rows_share(struct rows *, struct rows **ret, struct err *reterr);

#endif
