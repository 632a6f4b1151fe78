/* Sealed rows as text, read back through Arrow's own interface: a line a row, "COLUMN=value" for
 * each cell that is not NULL, without _FIRN_SEQ. Times are microseconds. */
#ifndef FIRN_UNIT_ROWS_TEXT_H
#define FIRN_UNIT_ROWS_TEXT_H

#include "base/buf.h"
#include "shape/batch.h"

#include <nanoarrow/nanoarrow.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static inline void rows_add_cell(const struct ArrowArrayView *column, const char *format,
				 const char *name, int64_t row, struct buf *out)
{
	if (ArrowArrayViewIsNull(column, row))
		return;
	buf_addf(out, "%s=", name);
	if (strcmp(format, "u") == 0) {
		struct ArrowStringView text = ArrowArrayViewGetStringUnsafe(column, row);
		buf_add(out, text.data, (size_t)text.size_bytes);
	} else if (strcmp(format, "g") == 0) {
		buf_addf(out, "%.17g", ArrowArrayViewGetDoubleUnsafe(column, row));
	} else {
		buf_addf(out, "%lld", (long long)ArrowArrayViewGetIntUnsafe(column, row));
	}
	buf_add_char(out, ' ');
}

/* Appends the rows; what a driver would refuse fails the test. */
static inline void rows_text(struct rows *rows, struct buf *out)
{
	struct ArrowSchema *schema = rows_schema(rows);
	struct ArrowArray *array = rows_array(rows);
	struct ArrowArrayView view;
	assert_int_equal(ArrowArrayViewInitFromSchema(&view, schema, NULL), NANOARROW_OK);
	assert_int_equal(ArrowArrayViewSetArray(&view, array, NULL), NANOARROW_OK);
	assert_int_equal(ArrowArrayViewValidate(&view, NANOARROW_VALIDATION_LEVEL_FULL, NULL),
			 NANOARROW_OK);
	assert_int_equal(array->length, rows_count(rows));
	for (int64_t row = 0; row < array->length; row++) {
		for (int64_t i = 0; i + 1 < schema->n_children; i++)
			rows_add_cell(view.children[i], schema->children[i]->format,
				      schema->children[i]->name, row, out);
		if (out->size > 0 && out->data[out->size - 1] == ' ')
			buf_cut(out, out->size - 1);
		buf_add_char(out, '\n');
	}
	ArrowArrayViewReset(&view);
}

#endif
