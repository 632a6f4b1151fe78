#include "shape/batch.h"

#include "base/bounds.h"

#include <nanoarrow/nanoarrow.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { BUFFERS = 3 }; /* of a column: validity, then values, or offsets and bytes */

struct batch {
	const struct table *table;
	struct ArrowSchema schema;
	struct ArrowArray rows;
	int64_t (*used)[BUFFERS]; /* by column: bytes of the batch before */
	int64_t bytes;
	int64_t rows_max, bytes_max;
	bool open; /* rows is being built */
};

/* The cells of which there are shares: each node of a share counts, and the rows themselves. */
struct holder {
	atomic_size_t users;
	struct ArrowArray array;
};

struct rows {
	struct ArrowSchema schema;
	struct ArrowArray array;
	struct holder *held; /* NULL: nothing is shared, `array` has the cells */
	int64_t n, bytes;
};

static enum ArrowType storage_of(enum type type)
{
	switch (type) {
	case TYPE_INT:
		return NANOARROW_TYPE_INT64;
	case TYPE_FLOAT:
		return NANOARROW_TYPE_DOUBLE;
	case TYPE_BOOL:
		return NANOARROW_TYPE_BOOL;
	case TYPE_TIMESTAMP:
		return NANOARROW_TYPE_TIMESTAMP;
	case TYPE_TEXT:
	case TYPE_JSON:
	case TYPE_COUNT:
		break;
	}
	return NANOARROW_TYPE_STRING;
}

static int name_child(struct ArrowSchema *child, const char *name, enum type type)
{
	enum ArrowType storage = storage_of(type);
	int code;

	ArrowSchemaInit(child);
	if (storage == NANOARROW_TYPE_TIMESTAMP)
		code = ArrowSchemaSetTypeDateTime(child, storage, NANOARROW_TIME_UNIT_MICRO, NULL);
	else
		code = ArrowSchemaSetType(child, storage);
	return code != NANOARROW_OK ? code : ArrowSchemaSetName(child, name);
}

static int make_schema(struct ArrowSchema *schema, const struct table *table)
{
	int64_t n = 1 + (table->has_extra ? 1 : 0);
	for (unsigned i = 0; i < table->columns_n; i++)
		n += table->columns[i].excluded ? 0 : 1;

	ArrowSchemaInit(schema);
	int code = ArrowSchemaSetTypeStruct(schema, n);
	int64_t at = 0;
	for (unsigned i = 0; i < table->columns_n && code == NANOARROW_OK; i++) {
		const struct column *column = &table->columns[i];
		if (!column->excluded)
			code = name_child(schema->children[at++], column->name, column->type);
	}
	if (code == NANOARROW_OK && table->has_extra)
		code = name_child(schema->children[at++], COLUMN_EXTRA, TYPE_JSON);
	if (code == NANOARROW_OK)
		code = name_child(schema->children[at], COLUMN_SEQ, TYPE_INT);
	return code;
}

/* nanoarrow forgets what was there when it cannot grow. */
static uint8_t *grow(struct ArrowBufferAllocator *allocator, uint8_t *old, int64_t old_size,
		     int64_t size)
{
	uint8_t *data = realloc(old, (size_t)size);
	(void)allocator;
	(void)old_size;
	if (data == NULL)
		free(old);
	return data;
}

static void watch_growth(struct batch *batch)
{
	struct ArrowBufferAllocator allocator = ArrowBufferAllocatorDefault();
	allocator.reallocate = grow;
	for (int64_t i = 0; i < batch->rows.n_children; i++) {
		for (int k = 0; k < BUFFERS; k++)
			(void)ArrowBufferSetAllocator(ArrowArrayBuffer(batch->rows.children[i], k),
						      allocator);
	}
}

/* Room for as much as the batch before had: growing from nothing costs more than all the rest. */
static int reserve(struct batch *batch)
{
	int code = NANOARROW_OK;
	for (int64_t i = 0; i < batch->rows.n_children && code == NANOARROW_OK; i++) {
		for (int k = 1; k < BUFFERS && code == NANOARROW_OK; k++)
			code = ArrowBufferReserve(ArrowArrayBuffer(batch->rows.children[i], k),
						  batch->used[i][k]);
	}
	return code;
}

static bool begin(struct batch *batch, struct err *reterr)
{
	if (ArrowArrayInitFromSchema(&batch->rows, &batch->schema, NULL) != NANOARROW_OK)
		return err_memory(reterr);
	batch->open = true;
	batch->bytes = 0;
	watch_growth(batch);
	if (ArrowArrayStartAppending(&batch->rows) != NANOARROW_OK ||
	    reserve(batch) != NANOARROW_OK)
		return err_memory(reterr);
	return true;
}

static void note_used(struct batch *batch)
{
	for (int64_t i = 0; i < batch->rows.n_children; i++) {
		for (int k = 0; k < BUFFERS; k++)
			batch->used[i][k] =
				ArrowArrayBuffer(batch->rows.children[i], k)->size_bytes;
	}
}

bool batch_new(struct batch **ret, const struct table *table, struct err *reterr)
{
	struct batch *batch = calloc(1, sizeof *batch);
	if (batch == NULL)
		return err_memory(reterr);
	batch->table = table;
	batch_limit(batch, BATCH_ROWS_MAX, BATCH_BYTES_MAX);
	if (make_schema(&batch->schema, table) == NANOARROW_OK)
		batch->used = calloc((size_t)batch->schema.n_children, sizeof *batch->used);
	if (batch->used == NULL) {
		batch_free(batch);
		return err_memory(reterr);
	}
	*ret = batch;
	return true;
}

void batch_limit(struct batch *batch, int64_t rows_max, int64_t bytes_max)
{
	batch->rows_max = rows_max;
	batch->bytes_max = bytes_max;
}

void batch_free(struct batch *batch)
{
	if (batch == NULL)
		return;
	if (batch->rows.release != NULL)
		ArrowArrayRelease(&batch->rows);
	if (batch->schema.release != NULL)
		ArrowSchemaRelease(&batch->schema);
	free(batch->used);
	free(batch);
}

static int add_cell(struct ArrowArray *child, const struct cell *cell, int64_t *bytes)
{
	switch (cell->kind) {
	case CELL_NULL:
		return ArrowArrayAppendNull(child, 1);
	case CELL_WHOLE:
		*bytes += 8;
		return ArrowArrayAppendInt(child, cell->whole);
	case CELL_REAL:
		*bytes += 8;
		return ArrowArrayAppendDouble(child, cell->real);
	case CELL_TEXT:
		break;
	}
	*bytes += (int64_t)cell->text.size;
	struct ArrowStringView view = {cell->text.at, (int64_t)cell->text.size};
	return ArrowArrayAppendString(child, view);
}

bool batch_add_row(struct batch *batch, const struct cell *cells, struct span extra, int64_t seq,
		   struct err *reterr)
{
	if (!batch->open && !begin(batch, reterr))
		return false;

	struct ArrowArray **child = batch->rows.children;
	const struct table *table = batch->table;
	int code = NANOARROW_OK;
	for (unsigned i = 0; i < table->columns_n && code == NANOARROW_OK; i++) {
		if (!table->columns[i].excluded)
			code = add_cell(*child++, &cells[i], &batch->bytes);
	}
	if (code == NANOARROW_OK && table->has_extra) {
		struct cell cell = {extra.at == NULL ? CELL_NULL : CELL_TEXT, extra, 0, 0};
		code = add_cell(*child++, &cell, &batch->bytes);
	}
	if (code == NANOARROW_OK)
		code = ArrowArrayAppendInt(*child, seq);
	if (code == NANOARROW_OK)
		code = ArrowArrayFinishElement(&batch->rows);
	return code == NANOARROW_OK || err_memory(reterr);
}

int64_t batch_rows(const struct batch *batch)
{
	return batch->open ? batch->rows.length : 0;
}

int64_t batch_bytes(const struct batch *batch)
{
	return batch->open ? batch->bytes : 0;
}

bool batch_full(const struct batch *batch)
{
	return batch_rows(batch) >= batch->rows_max || batch_bytes(batch) >= batch->bytes_max;
}

bool batch_seal(struct batch *batch, struct rows **ret, struct err *reterr)
{
	if (!batch->open && !begin(batch, reterr))
		return false;
	struct rows *rows = calloc(1, sizeof *rows);
	if (rows == NULL)
		return err_memory(reterr);
	if (ArrowArrayFinishBuildingDefault(&batch->rows, NULL) != NANOARROW_OK ||
	    ArrowSchemaDeepCopy(&batch->schema, &rows->schema) != NANOARROW_OK) {
		rows_free(rows);
		return err_memory(reterr);
	}
	note_used(batch);
	ArrowArrayMove(&batch->rows, &rows->array);
	rows->n = rows->array.length;
	rows->bytes = batch->bytes;
	batch->open = false;
	*ret = rows;
	return true;
}

/* --- shares --- */

static void let_go(struct holder *holder)
{
	if (atomic_fetch_sub(&holder->users, 1) > 1)
		return;
	ArrowArrayRelease(&holder->array);
	free(holder);
}

/* A child that was moved out by then has no `release` any more, and its own hold on the cells. */
static void release_share(struct ArrowArray *array)
{
	for (int64_t i = 0; i < array->n_children; i++) {
		if (array->children[i] != NULL && array->children[i]->release != NULL)
			array->children[i]->release(array->children[i]);
		free(array->children[i]);
	}
	free(array->children);
	array->release = NULL;
	let_go(array->private_data);
}

static bool share(struct ArrowArray *of, struct holder *holder, struct ArrowArray *ret)
{
	*ret = *of;
	ret->children = NULL;
	ret->n_children = 0;
	ret->private_data = holder;
	ret->release = release_share;
	atomic_fetch_add(&holder->users, 1);
	if (of->n_children > 0)
		ret->children = calloc((size_t)of->n_children, sizeof *ret->children);
	for (int64_t i = 0; i < of->n_children && ret->children != NULL; i++) {
		struct ArrowArray *child = calloc(1, sizeof *child);
		ret->children[ret->n_children++] = child;
		if (child == NULL || !share(of->children[i], holder, child))
			break;
	}
	bool done = ret->n_children == of->n_children;
	for (int64_t i = 0; done && i < ret->n_children; i++)
		done = ret->children[i] != NULL && ret->children[i]->release != NULL;
	if (!done)
		release_share(ret);
	return done;
}

static bool hold(struct rows *rows)
{
	if (rows->held != NULL)
		return true;
	rows->held = malloc(sizeof *rows->held);
	if (rows->held == NULL)
		return false;
	atomic_init(&rows->held->users, 1);
	ArrowArrayMove(&rows->array, &rows->held->array);
	return true;
}

bool rows_share(struct rows *rows, struct rows **ret, struct err *reterr)
{
	struct rows *again = calloc(1, sizeof *again);
	if (again == NULL)
		return err_memory(reterr);
	again->n = rows->n;
	again->bytes = rows->bytes;
	if (!hold(rows) ||
	    ArrowSchemaDeepCopy(&rows->schema, &again->schema) != NANOARROW_OK ||
	    !share(&rows->held->array, rows->held, &again->array)) {
		rows_free(again);
		return err_memory(reterr);
	}
	*ret = again;
	return true;
}

void rows_free(struct rows *rows)
{
	if (rows == NULL)
		return;
	if (rows->held != NULL)
		let_go(rows->held);
	if (rows->array.release != NULL)
		ArrowArrayRelease(&rows->array);
	if (rows->schema.release != NULL)
		ArrowSchemaRelease(&rows->schema);
	free(rows);
}

int64_t rows_count(const struct rows *rows)
{
	return rows->n;
}

int64_t rows_bytes(const struct rows *rows)
{
	return rows->bytes;
}

struct ArrowSchema *rows_schema(struct rows *rows)
{
	return &rows->schema;
}

struct ArrowArray *rows_array(struct rows *rows)
{
	return &rows->array;
}
