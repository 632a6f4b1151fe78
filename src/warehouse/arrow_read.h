/* Reads rows out of an Arrow stream, cell by cell: the only door to nanoarrow's reading side. */
#ifndef FIRN_WAREHOUSE_ARROW_READ_H
#define FIRN_WAREHOUSE_ARROW_READ_H

#include "base/err.h"
#include "base/span.h"
#include "base/type.h"

#include <stddef.h>
#include <stdint.h>

struct ArrowArrayStream;
struct arrow_reader;

/* The stream stays the caller's and must outlive the reader. ERR_DATA: the stream has columns
 * that Arrow has no type for. */
MUST_CHECK bool arrow_reader_new(struct arrow_reader **ret, struct ArrowArrayStream *,
				 struct err *reterr);
void arrow_reader_free(struct arrow_reader *); /* NULL is fine */

size_t arrow_columns(const struct arrow_reader *);
const char *arrow_name(const struct arrow_reader *, size_t column);
/* How the texts of the column are meant: TYPE_INT and TYPE_FLOAT are numbers (or nan, inf, -inf),
 * TYPE_BOOL true or false, TYPE_JSON is JSON, everything else words. */
enum type arrow_type(const struct arrow_reader *, size_t column);

enum arrow_step {
	ARROW_ROW,
	ARROW_END,
	ARROW_FAILED, /* in the stream: it knows why; reterr->kind is ERR_NONE, but for no memory */
};
enum arrow_step arrow_next(struct arrow_reader *, struct err *reterr);

/* The cell as text; false: NULL. Valid until the next row. */
bool arrow_text(struct arrow_reader *, size_t column, struct span *ret);
/* A whole number, or a timestamp in microseconds; `null` for NULL and for other types. */
int64_t arrow_int(const struct arrow_reader *, size_t column, int64_t null);

#endif
