/* Values are yyjson's own, handed out as an opaque type: no copy, no wrapper. Numbers are kept
 * as raw text (YYJSON_READ_NUMBER_AS_RAW), so no digit is ever lost.
 *
 * What json_write relies on: a text that the strict reader marked as free of escapes is valid
 * UTF-8 without anything to escape, and is copied as it is. In a repaired document that mark is
 * taken away again, for there it says nothing about UTF-8.
 *
 * Rejected: reading everything with YYJSON_READ_ALLOW_INVALID_UNICODE. It also lets raw control
 * characters through, and each text would have to be validated later. */
#include "base/json.h"

#include "base/bounds.h"
#include "base/json_private.h"
#include "base/text.h"

#include <stdlib.h>
#include <yyjson.h>

struct json_doc {
	yyjson_doc *doc;
	char *repaired; /* what the values point into, where the text had to be repaired */
	bool dirty;
};

static inline yyjson_val *val_of(const struct json *value)
{
	return (yyjson_val *)(uintptr_t)value;
}

static inline const struct json *json_of(yyjson_val *val)
{
	return (const struct json *)val;
}

static inline struct span span_of_val(yyjson_val *val)
{
	return (struct span){unsafe_yyjson_get_str(val), unsafe_yyjson_get_len(val)};
}

/* --- reading --- */
static bool complain(struct span text, size_t at, const char *what, struct err *reterr)
{
	size_t line = 0, column = 0, character = 0;
	yyjson_locate_pos(text.at, text.size, at, &line, &column, &character);
	return err_set(reterr, ERR_DATA, "line %zu, column %zu: %s", line, column, what);
}

static void forget_marks(yyjson_doc *doc)
{
	yyjson_val *val = doc->root;
	for (size_t i = 0; i < doc->val_read; i++, val++) {
		if (unsafe_yyjson_is_str(val))
			val->tag &= ~(uint64_t)YYJSON_SUBTYPE_MASK;
	}
}

/* False without touching reterr where there was nothing to repair. */
static bool parse_repaired(struct json_doc *doc, struct span text, bool *ret_needed,
			   struct err *reterr)
{
	yyjson_read_err why = {0};
	char *copy = malloc(text.size + YYJSON_PADDING_SIZE);
	if (copy == NULL) {
		*ret_needed = true;
		return err_memory(reterr);
	}
	struct repair repair = json_repair(text, copy, text.size);
	*ret_needed = repair.needed || repair.control;
	if (!*ret_needed) {
		free(copy);
		return false;
	}
	memset(copy + repair.written, 0, YYJSON_PADDING_SIZE);
	yyjson_read_flag flags = YYJSON_READ_INSITU | YYJSON_READ_NUMBER_AS_RAW |
				 YYJSON_READ_ALLOW_INVALID_UNICODE;
	doc->doc = yyjson_read_opts(copy, repair.written, flags, NULL, &why);
	if (doc->doc != NULL) {
		doc->repaired = copy;
		doc->dirty = true;
		forget_marks(doc->doc);
		return true;
	}
	if (why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) {
		err_memory(reterr);
	} else if (repair.control && why.pos >= repair.written) {
		complain(text, repair.read, "unexpected control character in string", reterr);
	} else {
		struct repair place = json_repair(text, copy, why.pos);
		complain(text, place.read, why.msg, reterr);
	}
	free(copy);
	return false;
}

struct json_doc *json_parse(struct span text, struct err *reterr)
{
	yyjson_read_err why = {0};
	bool needed = false;
	if (span_starts(text, SPAN("\xEF\xBB\xBF")))
		text = span_from(text, 3);
	if (text.size == 0) {
		err_set(reterr, ERR_DATA, "the text is empty");
		return NULL;
	}
	struct json_doc *doc = calloc(1, sizeof *doc);
	if (doc == NULL) {
		err_memory(reterr);
		return NULL;
	}
	doc->doc = yyjson_read_opts((char *)(uintptr_t)text.at, text.size,
				    YYJSON_READ_NUMBER_AS_RAW, NULL, &why);
	if (doc->doc != NULL) {
		doc->dirty = json_escapes_nul(text);
		return doc;
	}
	bool in_text = why.code == YYJSON_READ_ERROR_INVALID_STRING ||
		       why.code == YYJSON_READ_ERROR_UNEXPECTED_END;
	if (why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
		err_memory(reterr);
	else if (in_text && parse_repaired(doc, text, &needed, reterr))
		return doc;
	else if (!needed)
		complain(text, why.pos, why.msg, reterr);
	free(doc);
	return NULL;
}

void json_free(struct json_doc *doc)
{
	if (doc == NULL)
		return;
	yyjson_doc_free(doc->doc);
	free(doc->repaired);
	free(doc);
}

const struct json *json_root(const struct json_doc *doc)
{
	return json_of(doc->doc->root);
}

bool json_dirty(const struct json_doc *doc)
{
	return doc->dirty;
}

/* --- values --- */
enum json_kind json_kind(const struct json *value)
{
	static const unsigned char KINDS[YYJSON_TYPE_MASK + 1] = {
		[YYJSON_TYPE_RAW] = JSON_NUMBER, [YYJSON_TYPE_NULL] = JSON_NULL,
		[YYJSON_TYPE_BOOL] = JSON_BOOL, [YYJSON_TYPE_NUM] = JSON_NUMBER,
		[YYJSON_TYPE_STR] = JSON_TEXT, [YYJSON_TYPE_ARR] = JSON_LIST,
		[YYJSON_TYPE_OBJ] = JSON_OBJECT,
	};
	return value == NULL ? JSON_ABSENT : KINDS[unsafe_yyjson_get_type(val_of(value))];
}

const char *json_kind_name(enum json_kind kind)
{
	static const char *const NAMES[] = {
		"nothing", "null", "bool", "number", "text", "list", "object",
	};
	return NAMES[kind];
}

bool json_bool(const struct json *value)
{
	return yyjson_is_true(val_of(value));
}

struct span json_text(const struct json *value)
{
	if (json_kind(value) != JSON_TEXT)
		return SPAN("");
	return span_of_val(val_of(value));
}

struct span json_digits(const struct json *value)
{
	if (json_kind(value) != JSON_NUMBER)
		return SPAN("");
	return span_of_val(val_of(value));
}

size_t json_count(const struct json *value)
{
	yyjson_val *val = val_of(value);
	return yyjson_is_ctn(val) ? unsafe_yyjson_get_len(val) : 0;
}

const struct json *json_member(const struct json *object, struct span name)
{
	yyjson_val *val = val_of(object);
	yyjson_val *found = NULL;
	if (!yyjson_is_obj(val))
		return NULL;
	yyjson_val *key = unsafe_yyjson_get_first(val);
	for (size_t left = unsafe_yyjson_get_len(val); left > 0; left--) {
		if (span_equal(span_of_val(key), name))
			found = key + 1;
		key = unsafe_yyjson_get_next(key + 1);
	}
	return json_of(found);
}

const struct json *json_element(const struct json *list, size_t index)
{
	return json_of(yyjson_arr_get(val_of(list), index));
}

struct json_walk json_walk(const struct json *value)
{
	yyjson_val *val = val_of(value);
	struct json_walk walk = {.name = SPAN("")};
	if (yyjson_is_ctn(val)) {
		walk.next = unsafe_yyjson_get_first(val);
		walk.left = unsafe_yyjson_get_len(val);
		walk.object = unsafe_yyjson_is_obj(val);
	}
	return walk;
}

bool json_next(struct json_walk *walk)
{
	if (walk->left == 0)
		return false;
	walk->left--;
	yyjson_val *val = (yyjson_val *)(uintptr_t)walk->next;
	if (walk->object) {
		walk->name = span_of_val(val);
		val++;
	}
	walk->value = json_of(val);
	walk->next = unsafe_yyjson_get_next(val);
	return true;
}

/* --- writing --- */
struct writer {
	struct buf *buf;
	size_t cleaned;
};

static bool write_value(struct writer *, yyjson_val *, int depth);

/* True where the strict reader said that nothing is to be escaped. */
static inline bool is_marked(yyjson_val *text)
{
	return unsafe_yyjson_get_subtype(text) == YYJSON_SUBTYPE_NOESC;
}

static bool is_clean(yyjson_val *text)
{
	return is_marked(text) || text_is_clean(span_of_val(text));
}

static bool write_text(struct writer *writer, yyjson_val *val)
{
	struct span text = span_of_val(val);
	struct buf *buf = writer->buf;
	if (is_marked(val)) {
		char *at = buf_reserve(buf, text.size + 2);
		if (at == NULL)
			return false;
		at[0] = '"';
		memcpy(at + 1, text.at, text.size);
		memcpy(at + 1 + text.size, "\"", 2);
		buf->size += text.size + 2;
		return true;
	}
	if (text_is_clean(text))
		return json_add_text(buf, text);
	struct buf clean;
	buf_init(&clean, 3 * text.size);
	if (text_clean(&clean, text))
		json_add_text(buf, buf_span(&clean));
	else
		buf->failed = true;
	buf_done(&clean);
	writer->cleaned++;
	return !buf->failed;
}

/* A number that differs for most names; only to tell names apart without comparing each. */
static inline uint32_t sketch(struct span name)
{
	uint64_t first = 0, last = 0;
	if (name.size >= 8) {
		memcpy(&first, name.at, 8);
		memcpy(&last, name.at + name.size - 8, 8);
	} else {
		for (size_t i = 0; i < name.size; i++)
			first = first << 8 | (unsigned char)name.at[i];
	}
	first = (first ^ last << 1 ^ name.size) * UINT64_C(0x9E3779B97F4A7C15);
	return (uint32_t)(first >> 32);
}

/* True where no two members of a small object can have the same name once they are clean. */
static bool names_differ(yyjson_val *object)
{
	enum { SMALL = 64, BITS = 1024 };
	uint64_t seen[BITS / 64] = {0};
	size_t n = unsafe_yyjson_get_len(object);
	yyjson_val *key = unsafe_yyjson_get_first(object);
	if (n > SMALL)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint32_t bit = sketch(span_of_val(key)) % BITS;
		if ((seen[bit / 64] >> bit % 64 & 1) != 0 || !is_clean(key))
			return false;
		seen[bit / 64] |= UINT64_C(1) << bit % 64;
		key = unsafe_yyjson_get_next(key + 1);
	}
	return true;
}

static bool write_member(struct writer *writer, yyjson_val *key, bool first, int depth)
{
	return (first || buf_add_char(writer->buf, ',')) && write_text(writer, key) &&
	       buf_add_char(writer->buf, ':') && write_value(writer, key + 1, depth);
}

/* The names as they will be written: those that must be cleaned are, in the arena. */
static bool clean_names(yyjson_val *object, struct arena *arena, struct span *ret)
{
	size_t n = unsafe_yyjson_get_len(object);
	yyjson_val *key = unsafe_yyjson_get_first(object);
	for (size_t i = 0; i < n; i++) {
		ret[i] = span_of_val(key);
		if (!is_clean(key)) {
			struct buf clean;
			buf_init(&clean, 3 * ret[i].size);
			text_clean(&clean, ret[i]);
			ret[i] = (struct span){arena_text(arena, buf_span(&clean)), clean.size};
			bool failed = clean.failed || ret[i].at == NULL;
			buf_done(&clean);
			if (failed)
				return false;
		}
		key = unsafe_yyjson_get_next(key + 1);
	}
	return true;
}

/* The long way, where names could be equal: of those only the last member is written. */
static bool write_last_members(struct writer *writer, yyjson_val *object, int depth)
{
	size_t n = unsafe_yyjson_get_len(object);
	bool done = false;
	struct arena *arena = arena_new();
	struct span *names = arena == NULL ? NULL : arena_array(arena, n, sizeof *names);
	bool *last = arena == NULL ? NULL : arena_array(arena, n, sizeof *last);
	if (names == NULL || last == NULL || !clean_names(object, arena, names) ||
	    !json_last_names(names, n, last)) {
		writer->buf->failed = true;
		goto out;
	}
	yyjson_val *key = unsafe_yyjson_get_first(object);
	bool first = true;
	for (size_t i = 0; i < n; i++) {
		if (last[i]) {
			if (!write_member(writer, key, first, depth))
				goto out;
			first = false;
		}
		key = unsafe_yyjson_get_next(key + 1);
	}
	done = true;
out:
	arena_free(arena);
	return done;
}

static bool write_object(struct writer *writer, yyjson_val *object, int depth)
{
	if (!buf_add_char(writer->buf, '{'))
		return false;
	if (!names_differ(object)) {
		if (!write_last_members(writer, object, depth))
			return false;
		return buf_add_char(writer->buf, '}');
	}
	size_t n = unsafe_yyjson_get_len(object);
	yyjson_val *key = unsafe_yyjson_get_first(object);
	for (size_t i = 0; i < n; i++) {
		if (!write_member(writer, key, i == 0, depth))
			return false;
		key = unsafe_yyjson_get_next(key + 1);
	}
	return buf_add_char(writer->buf, '}');
}

static bool write_list(struct writer *writer, yyjson_val *list, int depth)
{
	size_t n = unsafe_yyjson_get_len(list);
	yyjson_val *val = unsafe_yyjson_get_first(list);
	if (!buf_add_char(writer->buf, '['))
		return false;
	for (size_t i = 0; i < n; i++) {
		if ((i > 0 && !buf_add_char(writer->buf, ',')) ||
		    !write_value(writer, val, depth))
			return false;
		val = unsafe_yyjson_get_next(val);
	}
	return buf_add_char(writer->buf, ']');
}

/* `depth` counts the lists and objects around the value. */
static bool write_value(struct writer *writer, yyjson_val *val, int depth)
{
	switch (unsafe_yyjson_get_type(val)) {
	case YYJSON_TYPE_STR:
		return write_text(writer, val);
	case YYJSON_TYPE_RAW:
		return buf_add_span(writer->buf, span_of_val(val));
	case YYJSON_TYPE_BOOL:
		return buf_add_text(writer->buf, unsafe_yyjson_get_bool(val) ? "true" : "false");
	case YYJSON_TYPE_ARR:
		return depth < JSON_DEPTH_MAX && write_list(writer, val, depth + 1);
	case YYJSON_TYPE_OBJ:
		return depth < JSON_DEPTH_MAX && write_object(writer, val, depth + 1);
	default:
		return buf_add_text(writer->buf, "null");
	}
}

bool json_write(struct buf *buf, const struct json *value, size_t *cleaned)
{
	struct writer writer = {.buf = buf};
	size_t start = buf->size;
	if (value == NULL)
		return buf_add_text(buf, "null");
	if (!write_value(&writer, val_of(value), 0)) {
		buf_cut(buf, start);
		return false;
	}
	if (cleaned != NULL)
		*cleaned += writer.cleaned;
	return true;
}
