#include "warehouse/arrow_read.h"

#include "base/arena.h"
#include "base/bounds.h"
#include "base/json.h"
#include "warehouse/arrow_text.h"

#include <assert.h>
#include <nanoarrow/nanoarrow.h>
#include <stdlib.h>

enum show { /* what JSON writes without quotes stands before texts */
	SHOW_NOTHING, SHOW_BOOL, SHOW_INT, SHOW_UINT, SHOW_FLOAT, SHOW_DOUBLE, SHOW_DECIMAL,
	SHOW_HUGE, SHOW_HUGE_UNSIGNED, SHOW_TEXT, SHOW_JSON, SHOW_BYTES, SHOW_UUID, SHOW_BITS,
	SHOW_DATE, SHOW_TIME, SHOW_TIME_ZONE, SHOW_STAMP, SHOW_INTERVAL, SHOW_LIST, SHOW_STRUCT,
	SHOW_MAP, SHOW_UNION, SHOW_ENUM,
};

/* What a column is, and what is inside of it. */
struct node {
	enum show show;
	bool zone;
	int64_t unit;      /* of times: how many make a second */
	int32_t bits, precision, scale;
	int64_t list_size; /* of lists of a fixed size, else 0 */
	const char *name;
	struct node *children; /* of SHOW_ENUM one: the words */
	size_t n;
};

struct arrow_reader {
	struct ArrowArrayStream *stream;
	struct ArrowSchema schema;
	struct ArrowArrayView view;
	struct ArrowArray array;
	struct arena *arena;
	struct node root;
	struct buf *texts; /* one a column */
	int64_t row;
	bool failed; /* a text found no memory */
};

/* --- what the columns are --- */

static const struct { enum ArrowType type; enum show show; } SHOWS[] = {
	{NANOARROW_TYPE_BOOL, SHOW_BOOL},
	{NANOARROW_TYPE_INT8, SHOW_INT}, {NANOARROW_TYPE_INT16, SHOW_INT},
	{NANOARROW_TYPE_INT32, SHOW_INT}, {NANOARROW_TYPE_INT64, SHOW_INT},
	{NANOARROW_TYPE_UINT8, SHOW_UINT}, {NANOARROW_TYPE_UINT16, SHOW_UINT},
	{NANOARROW_TYPE_UINT32, SHOW_UINT}, {NANOARROW_TYPE_UINT64, SHOW_UINT},
	{NANOARROW_TYPE_HALF_FLOAT, SHOW_FLOAT}, {NANOARROW_TYPE_FLOAT, SHOW_FLOAT},
	{NANOARROW_TYPE_DOUBLE, SHOW_DOUBLE},
	{NANOARROW_TYPE_DECIMAL32, SHOW_DECIMAL}, {NANOARROW_TYPE_DECIMAL64, SHOW_DECIMAL},
	{NANOARROW_TYPE_DECIMAL128, SHOW_DECIMAL}, {NANOARROW_TYPE_DECIMAL256, SHOW_DECIMAL},
	{NANOARROW_TYPE_STRING, SHOW_TEXT}, {NANOARROW_TYPE_LARGE_STRING, SHOW_TEXT},
	{NANOARROW_TYPE_STRING_VIEW, SHOW_TEXT}, {NANOARROW_TYPE_BINARY, SHOW_BYTES},
	{NANOARROW_TYPE_LARGE_BINARY, SHOW_BYTES},
	{NANOARROW_TYPE_BINARY_VIEW, SHOW_BYTES}, {NANOARROW_TYPE_FIXED_SIZE_BINARY, SHOW_BYTES},
	{NANOARROW_TYPE_DATE32, SHOW_DATE}, {NANOARROW_TYPE_DATE64, SHOW_STAMP},
	{NANOARROW_TYPE_TIME32, SHOW_TIME}, {NANOARROW_TYPE_TIME64, SHOW_TIME},
	{NANOARROW_TYPE_TIMESTAMP, SHOW_STAMP}, {NANOARROW_TYPE_DURATION, SHOW_TIME},
	{NANOARROW_TYPE_INTERVAL_MONTHS, SHOW_INTERVAL},
	{NANOARROW_TYPE_INTERVAL_DAY_TIME, SHOW_INTERVAL},
	{NANOARROW_TYPE_INTERVAL_MONTH_DAY_NANO, SHOW_INTERVAL},
	{NANOARROW_TYPE_LIST, SHOW_LIST}, {NANOARROW_TYPE_LARGE_LIST, SHOW_LIST},
	{NANOARROW_TYPE_FIXED_SIZE_LIST, SHOW_LIST}, {NANOARROW_TYPE_STRUCT, SHOW_STRUCT},
	{NANOARROW_TYPE_MAP, SHOW_MAP}, {NANOARROW_TYPE_SPARSE_UNION, SHOW_UNION},
	{NANOARROW_TYPE_DENSE_UNION, SHOW_UNION}, {NANOARROW_TYPE_DICTIONARY, SHOW_ENUM},
};

/* What Arrow has only as an extension, and DuckDB's own. `opaque` stands in the metadata. */
static const struct { const char *extension, *opaque; enum show show; } EXTENSIONS[] = {
	{"arrow.json", NULL, SHOW_JSON}, {"arrow.uuid", NULL, SHOW_UUID},
	{"arrow.bool8", NULL, SHOW_BOOL}, {"arrow.opaque", "\"hugeint\"", SHOW_HUGE},
	{"arrow.opaque", "\"uhugeint\"", SHOW_HUGE_UNSIGNED},
	{"arrow.opaque", "\"time_tz\"", SHOW_TIME_ZONE}, {"arrow.opaque", "\"bit\"", SHOW_BITS},
};

static bool holds(struct ArrowStringView text, const char *part)
{
	return text.size_bytes > 0 &&
	       memmem(text.data, (size_t)text.size_bytes, part, strlen(part)) != NULL;
}

static enum show show_of(const struct ArrowSchemaView *view)
{
	struct ArrowStringView type = {NULL, 0}; /* Snowflake's own word for it */
	if (ArrowMetadataGetValue(view->schema->metadata, ArrowCharView("logicalType"),
				  &type) == NANOARROW_OK &&
	    (holds(type, "VARIANT") || holds(type, "OBJECT") || holds(type, "ARRAY")))
		return SHOW_JSON;
	for (size_t i = 0; i < sizeof EXTENSIONS / sizeof EXTENSIONS[0]; i++) {
		if (holds(view->extension_name, EXTENSIONS[i].extension) &&
		    (EXTENSIONS[i].opaque == NULL ||
		     holds(view->extension_metadata, EXTENSIONS[i].opaque)))
			return EXTENSIONS[i].show;
	}
	for (size_t i = 0; i < sizeof SHOWS / sizeof SHOWS[0]; i++) {
		if (SHOWS[i].type == view->type)
			return SHOWS[i].show;
	}
	return SHOW_NOTHING;
}

static int64_t unit_of(const struct ArrowSchemaView *view)
{
	static const int64_t UNITS[] = {
		[NANOARROW_TIME_UNIT_SECOND] = 1, [NANOARROW_TIME_UNIT_MILLI] = 1000,
		[NANOARROW_TIME_UNIT_MICRO] = 1000000, [NANOARROW_TIME_UNIT_NANO] = 1000000000,
	};
	return view->type == NANOARROW_TYPE_DATE64 ? 1000 : UNITS[view->time_unit];
}

static bool describe(struct arena *arena, const struct ArrowSchema *schema, struct node *ret,
		     struct err *reterr)
{
	struct ArrowSchemaView view = {0};
	struct ArrowError error = {{0}};
	if (ArrowSchemaViewInit(&view, schema, &error) != NANOARROW_OK)
		return err_set(reterr, ERR_DATA, "%s", ArrowErrorMessage(&error));
	*ret = (struct node){
		.show = show_of(&view),
		.zone = view.type == NANOARROW_TYPE_TIMESTAMP && view.timezone[0] != '\0',
		.unit = unit_of(&view),
		.bits = view.decimal_bitwidth,
		.precision = view.decimal_precision,
		.scale = view.decimal_scale,
		.list_size = view.type == NANOARROW_TYPE_FIXED_SIZE_LIST ? view.fixed_size : 0,
		.name = schema->name == NULL ? "" : schema->name,
		.n = schema->dictionary != NULL ? 1 : (size_t)schema->n_children,
	};
	if (ret->n == 0)
		return true;
	ret->children = arena_array(arena, ret->n, sizeof *ret->children);
	if (ret->children == NULL)
		return err_memory(reterr);
	if (schema->dictionary != NULL)
		return describe(arena, schema->dictionary, &ret->children[0], reterr);
	for (size_t i = 0; i < ret->n; i++) {
		if (!describe(arena, schema->children[i], &ret->children[i], reterr))
			return false;
	}
	return true;
}

static bool begin(struct arrow_reader *reader, struct err *reterr)
{
	struct ArrowError error = {{0}};
	struct ArrowArrayStream *stream = reader->stream;
	if (stream->get_schema(stream, &reader->schema) != 0) {
		const char *why = stream->get_last_error(stream);
		return err_set(reterr, ERR_DATA, "the result has a column that cannot be read (cast"
			       " it to VARCHAR)%s%s", why == NULL ? "" : ": ",
			       why == NULL ? "" : why);
	}
	if (!describe(reader->arena, &reader->schema, &reader->root, reterr))
		return false;
	if (ArrowArrayViewInitFromSchema(&reader->view, &reader->schema, &error) != NANOARROW_OK)
		return err_set(reterr, ERR_DATA, "%s", ArrowErrorMessage(&error));
	reader->texts = calloc(reader->root.n + 1, sizeof *reader->texts);
	if (reader->texts == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < reader->root.n; i++)
		buf_init(&reader->texts[i], ANSWER_BYTES_MAX);
	return true;
}

bool arrow_reader_new(struct arrow_reader **ret, struct ArrowArrayStream *stream,
		      struct err *reterr)
{
	struct arrow_reader *reader = calloc(1, sizeof *reader);
	if (reader == NULL)
		return err_memory(reterr);
	ArrowArrayViewInitFromType(&reader->view, NANOARROW_TYPE_UNINITIALIZED);
	reader->stream = stream;
	reader->arena = arena_new();
	if (reader->arena == NULL ? !err_memory(reterr) : !begin(reader, reterr)) {
		arrow_reader_free(reader);
		return false;
	}
	*ret = reader;
	return true;
}

void arrow_reader_free(struct arrow_reader *reader)
{
	if (reader == NULL)
		return;
	for (size_t i = 0; reader->texts != NULL && i < reader->root.n; i++)
		buf_done(&reader->texts[i]);
	free(reader->texts);
	ArrowArrayViewReset(&reader->view);
	if (reader->array.release != NULL)
		ArrowArrayRelease(&reader->array);
	if (reader->schema.release != NULL)
		ArrowSchemaRelease(&reader->schema);
	arena_free(reader->arena);
	free(reader);
}

size_t arrow_columns(const struct arrow_reader *reader)
{
	return reader->root.n;
}

const char *arrow_name(const struct arrow_reader *reader, size_t column)
{
	return reader->root.children[column].name;
}

enum type arrow_type(const struct arrow_reader *reader, size_t column)
{
	static const enum type TYPES[SHOW_ENUM + 1] = { /* the others are TYPE_TEXT */
		[SHOW_BOOL] = TYPE_BOOL, [SHOW_INT] = TYPE_INT, [SHOW_UINT] = TYPE_INT,
		[SHOW_HUGE] = TYPE_INT, [SHOW_HUGE_UNSIGNED] = TYPE_INT,
		[SHOW_FLOAT] = TYPE_FLOAT, [SHOW_DOUBLE] = TYPE_FLOAT,
		[SHOW_DECIMAL] = TYPE_FLOAT,
		[SHOW_STAMP] = TYPE_TIMESTAMP, [SHOW_DATE] = TYPE_TIMESTAMP,
		[SHOW_JSON] = TYPE_JSON, [SHOW_LIST] = TYPE_JSON, [SHOW_STRUCT] = TYPE_JSON,
		[SHOW_MAP] = TYPE_JSON,
	};
	static_assert(TYPE_TEXT == 0, "what is not in the list is words");
	return TYPES[reader->root.children[column].show];
}

/* --- rows --- */

enum arrow_step arrow_next(struct arrow_reader *reader, struct err *reterr)
{
	struct ArrowError error = {{0}};
	if (reader->failed && !err_memory(reterr))
		return ARROW_FAILED;
	reader->row++;
	while (reader->array.release == NULL || reader->row >= reader->array.length) {
		if (reader->array.release != NULL)
			ArrowArrayRelease(&reader->array);
		reader->array.release = NULL;
		if (reader->stream->get_next(reader->stream, &reader->array) != 0)
			return ARROW_FAILED;
		if (reader->array.release == NULL)
			return ARROW_END;
		reader->row = 0;
		if (ArrowArrayViewSetArray(&reader->view, &reader->array, &error) != NANOARROW_OK) {
			err_set(reterr, ERR_REMOTE, "the driver's rows are not whole: %s",
				ArrowErrorMessage(&error));
			return ARROW_FAILED;
		}
	}
	return ARROW_ROW;
}

/* --- cells --- */

static struct span bytes_at(const struct ArrowArrayView *view, int64_t i)
{
	struct ArrowBufferView bytes = ArrowArrayViewGetBytesUnsafe(view, i);
	return (struct span){bytes.data.as_char == NULL ? "" : bytes.data.as_char,
			     (size_t)bytes.size_bytes};
}

static void add_decimal(struct buf *out, struct ArrowDecimal *decimal)
{
	struct ArrowBuffer digits;
	ArrowBufferInit(&digits);
	if (ArrowDecimalAppendStringToBuffer(decimal, &digits) != NANOARROW_OK)
		out->failed = true;
	else
		buf_add(out, digits.data, (size_t)digits.size_bytes);
	ArrowBufferReset(&digits);
}

/* Without a sign the same bytes are a number of 256 bits. */
static void add_huge(struct buf *out, struct span bytes, bool is_signed)
{
	uint8_t wide[32] = {0};
	struct ArrowDecimal decimal;
	memcpy(wide, bytes.at, bytes.size < 16 ? bytes.size : 16);
	ArrowDecimalInit(&decimal, is_signed ? 128 : 256, is_signed ? 38 : 76, 0);
	ArrowDecimalSetBytes(&decimal, wide);
	add_decimal(out, &decimal);
}

static void add_scalar(struct buf *out, const struct node *node, const struct ArrowArrayView *view,
		       int64_t i)
{
	struct ArrowDecimal decimal;
	struct ArrowInterval interval;
	switch (node->show) {
	case SHOW_BOOL:
		buf_add_text(out, ArrowArrayViewGetIntUnsafe(view, i) != 0 ? "true" : "false");
		break;
	case SHOW_INT:
		buf_addf(out, "%lld", (long long)ArrowArrayViewGetIntUnsafe(view, i));
		break;
	case SHOW_UINT:
		buf_addf(out, "%llu", (unsigned long long)ArrowArrayViewGetUIntUnsafe(view, i));
		break;
	case SHOW_FLOAT:
		show_float(out, ArrowArrayViewGetDoubleUnsafe(view, i));
		break;
	case SHOW_DOUBLE:
		show_double(out, ArrowArrayViewGetDoubleUnsafe(view, i));
		break;
	case SHOW_DECIMAL:
		ArrowDecimalInit(&decimal, node->bits, node->precision, node->scale);
		ArrowArrayViewGetDecimalUnsafe(view, i, &decimal);
		add_decimal(out, &decimal);
		break;
	case SHOW_HUGE:
	case SHOW_HUGE_UNSIGNED:
		add_huge(out, bytes_at(view, i), node->show == SHOW_HUGE);
		break;
	case SHOW_DATE:
		show_date(out, ArrowArrayViewGetIntUnsafe(view, i));
		break;
	case SHOW_TIME:
		show_time(out, ArrowArrayViewGetIntUnsafe(view, i), node->unit);
		break;
	case SHOW_STAMP:
		show_stamp(out, ArrowArrayViewGetIntUnsafe(view, i), node->unit, node->zone);
		break;
	case SHOW_INTERVAL:
		ArrowIntervalInit(&interval, view->storage_type);
		ArrowArrayViewGetIntervalUnsafe(view, i, &interval);
		show_interval(out, interval.months, interval.days,
			      interval.ns + (int64_t)interval.ms * 1000000);
		break;
	case SHOW_TIME_ZONE:
		show_time_zone(out, (const unsigned char *)bytes_at(view, i).at);
		break;
	case SHOW_UUID:
		show_uuid(out, (const unsigned char *)bytes_at(view, i).at);
		break;
	case SHOW_BITS:
		show_bits(out, bytes_at(view, i));
		break;
	case SHOW_BYTES:
		show_bytes(out, bytes_at(view, i));
		break;
	case SHOW_ENUM:
		i = ArrowArrayViewGetIntUnsafe(view, i);
		buf_add_span(out, bytes_at(view->dictionary, i));
		break;
	default:
		buf_add_span(out, bytes_at(view, i));
	}
}

static bool is_bare(const struct node *node, struct span text)
{
	if (node->show == SHOW_FLOAT || node->show == SHOW_DOUBLE)
		return text.size > 0 && strchr("0123456789", text.at[text.size - 1]) != NULL;
	return (node->show > SHOW_NOTHING && node->show < SHOW_TEXT) || node->show == SHOW_JSON;
}

static void add_json(struct buf *out, const struct node *node, const struct ArrowArrayView *view,
		     int64_t i);

static void add_list(struct buf *out, const struct node *node, const struct ArrowArrayView *view,
		     int64_t i)
{
	int64_t at = i + view->offset;
	int64_t from = at * node->list_size, until = from + node->list_size;
	if (node->list_size == 0) {
		from = ArrowArrayViewListChildOffset(view, at);
		until = ArrowArrayViewListChildOffset(view, at + 1);
	}
	buf_add_char(out, '[');
	for (int64_t k = from; k < until; k++) {
		buf_add_text(out, k == from ? "" : ",");
		add_json(out, &node->children[0], view->children[0], k);
	}
	buf_add_char(out, ']');
}

static void add_struct(struct buf *out, const struct node *node, const struct ArrowArrayView *view,
		       int64_t i)
{
	buf_add_char(out, '{');
	for (size_t k = 0; k < node->n; k++) {
		buf_add_text(out, k == 0 ? "" : ",");
		json_add_text(out, span_of(node->children[k].name));
		buf_add_char(out, ':');
		add_json(out, &node->children[k], view->children[k], i + view->offset);
	}
	buf_add_char(out, '}');
}

/* Keys of an object are texts, whatever the map's are. */
static void add_map(struct buf *out, const struct node *node, const struct ArrowArrayView *view,
		    int64_t i)
{
	const struct node *entry = &node->children[0];
	const struct ArrowArrayView *entries = view->children[0];
	int64_t from = ArrowArrayViewListChildOffset(view, i + view->offset);
	int64_t until = ArrowArrayViewListChildOffset(view, i + view->offset + 1);
	struct buf key;
	buf_init(&key, ANSWER_BYTES_MAX);
	buf_add_char(out, '{');
	for (int64_t k = from; k < until; k++) {
		int64_t at = k + entries->offset;
		buf_clear(&key);
		if (entry->children[0].n == 0)
			add_scalar(&key, &entry->children[0], entries->children[0], at);
		else
			add_json(&key, &entry->children[0], entries->children[0], at);
		buf_add_text(out, k == from ? "" : ",");
		json_add_text(out, buf_span(&key));
		buf_add_char(out, ':');
		add_json(out, &entry->children[1], entries->children[1], at);
	}
	buf_add_char(out, '}');
	out->failed = out->failed || key.failed;
	buf_done(&key);
}

static void add_json(struct buf *out, const struct node *node, const struct ArrowArrayView *view,
		     int64_t i)
{
	struct buf text;
	int8_t member;
	if (ArrowArrayViewIsNull(view, i)) {
		buf_add_text(out, "null");
		return;
	}
	switch (node->show) {
	case SHOW_LIST:
		add_list(out, node, view, i);
		return;
	case SHOW_STRUCT:
		add_struct(out, node, view, i);
		return;
	case SHOW_MAP:
		add_map(out, node, view, i);
		return;
	case SHOW_UNION:
		member = ArrowArrayViewUnionChildIndex(view, i);
		add_json(out, &node->children[member], view->children[member],
			 ArrowArrayViewUnionChildOffset(view, i));
		return;
	default:
		break;
	}
	buf_init(&text, ANSWER_BYTES_MAX);
	add_scalar(&text, node, view, i);
	if (is_bare(node, buf_span(&text)))
		buf_add_span(out, buf_span(&text));
	else
		json_add_text(out, buf_span(&text));
	out->failed = out->failed || text.failed;
	buf_done(&text);
}

bool arrow_text(struct arrow_reader *reader, size_t column, struct span *ret)
{
	const struct node *node = &reader->root.children[column];
	const struct ArrowArrayView *view = reader->view.children[column];
	struct buf *text = &reader->texts[column];
	int64_t row = reader->row + reader->view.offset;
	while (node->show == SHOW_UNION) {
		int8_t member = ArrowArrayViewUnionChildIndex(view, row);
		node = &node->children[member];
		row = ArrowArrayViewUnionChildOffset(view, row);
		view = view->children[member];
	}
	if (ArrowArrayViewIsNull(view, row))
		return false;
	if (node->show == SHOW_TEXT || node->show == SHOW_JSON) {
		*ret = bytes_at(view, row);
		return true;
	}
	buf_clear(text);
	if (node->show == SHOW_LIST || node->show == SHOW_STRUCT || node->show == SHOW_MAP)
		add_json(text, node, view, row);
	else if (node->show != SHOW_NOTHING)
		add_scalar(text, node, view, row);
	reader->failed = reader->failed || text->failed;
	*ret = buf_span(text);
	return true;
}

int64_t arrow_int(const struct arrow_reader *reader, size_t column, int64_t null)
{
	const struct node *node = &reader->root.children[column];
	const struct ArrowArrayView *view = reader->view.children[column];
	int64_t row = reader->row + reader->view.offset;
	if ((node->show != SHOW_INT && node->show != SHOW_STAMP) || ArrowArrayViewIsNull(view, row))
		return null;
	int64_t value = ArrowArrayViewGetIntUnsafe(view, row);
	if (node->show == SHOW_INT)
		return value;
	return node->unit > 1000000 ? value / (node->unit / 1000000)
				    : value * (1000000 / node->unit);
}
