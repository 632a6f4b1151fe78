#include "run/seen.h"

#include "base/arena.h"
#include "base/bounds.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>

enum { NEAR_MAX = 3, NEAR_BYTES_MIN = 3, NAMING_LINE_MAX = 160 };

/* What a field held, over all rows. */
enum {
	SAW_OBJECT = 1 << 0,
	SAW_LIST = 1 << 1,
	SAW_TEXT = 1 << 2,
	SAW_INT = 1 << 3,
	SAW_FLOAT = 1 << 4,
	SAW_BOOL = 1 << 5,
	SAW_NULL = 1 << 6,
	SAW_KINDS = 7,
	/* what rules a type out */
	SAW_NO_TIME = 1 << 8,    /* a text that is no ISO time */
	SAW_TOO_LARGE = 1 << 9,  /* a whole number of more than 64 bits */
	SAW_NO_UNIX = 1 << 10,   /* a number that is no time of our days in seconds */
	SAW_NO_UNIX_MS = 1 << 11,
};

struct sighting {
	const char *pointer;
	unsigned what;
};

struct seen {
	const struct table *table;
	struct arena *arena;
	struct sighting at[SIGHTINGS_MAX];
	size_t n;
	bool more;
	bool *columns;
	bool any_row;
};

bool seen_new(struct seen **ret, const struct table *table, struct err *reterr)
{
	struct seen *seen = calloc(1, sizeof *seen);
	if (seen == NULL)
		return err_memory(reterr);
	seen->table = table;
	seen->arena = arena_new();
	if (seen->arena != NULL)
		seen->columns = arena_array(seen->arena, table->columns_n, sizeof *seen->columns);
	if (seen->columns == NULL) {
		seen_free(seen);
		return err_memory(reterr);
	}
	*ret = seen;
	return true;
}

void seen_free(struct seen *seen)
{
	if (seen == NULL)
		return;
	arena_free(seen->arena);
	free(seen);
}

/* --- looking --- */

/* Which times of our days: 2001 to 2100. Numbers that are counts or ids are rarely all there. */
static bool is_unix(int64_t value, int64_t unit)
{
	return value >= INT64_C(978307200) * unit && value < INT64_C(4102444800) * unit;
}

static unsigned look_at_number(struct span digits)
{
	int64_t whole;
	if (json_whole(digits, &whole))
		return SAW_INT | (is_unix(whole, 1) ? 0u : SAW_NO_UNIX) |
		       (is_unix(whole, 1000) ? 0u : SAW_NO_UNIX_MS);
	bool fraction = memchr(digits.at, '.', digits.size) != NULL ||
			memchr(digits.at, 'e', digits.size) != NULL ||
			memchr(digits.at, 'E', digits.size) != NULL;
	return (fraction ? SAW_FLOAT : SAW_INT | SAW_TOO_LARGE) | SAW_NO_UNIX | SAW_NO_UNIX_MS;
}

static unsigned look_at(const struct json *value)
{
	int64_t us;
	switch (json_kind(value)) {
	case JSON_OBJECT:
		return SAW_OBJECT;
	case JSON_LIST:
		return SAW_LIST;
	case JSON_TEXT:
		return SAW_TEXT | (stamp_read_iso(json_text(value), &us) ? 0u : SAW_NO_TIME);
	case JSON_NUMBER:
		return look_at_number(json_digits(value));
	case JSON_BOOL:
		return SAW_BOOL;
	case JSON_NULL:
	case JSON_ABSENT:
		break;
	}
	return SAW_NULL;
}

static bool note(struct seen *seen, const char *pointer, unsigned what, struct err *reterr)
{
	for (size_t i = 0; i < seen->n; i++) {
		if (strcmp(seen->at[i].pointer, pointer) == 0) {
			seen->at[i].what |= what;
			return true;
		}
	}
	if (seen->n == SIGHTINGS_MAX) {
		seen->more = true;
		return true;
	}
	char *copy = arena_text(seen->arena, span_of(pointer));
	if (copy == NULL)
		return err_memory(reterr);
	seen->at[seen->n++] = (struct sighting){copy, what};
	return true;
}

/* What the table knows of a place. */
enum named { NAMED_NOT, NAMED_HERE, NAMED_BELOW };

static enum named named_by(const struct table *table, const char *pointer)
{
	size_t size = strlen(pointer);
	enum named named = NAMED_NOT;
	for (unsigned i = 0; i < table->columns_n; i++) {
		const struct column *column = &table->columns[i];
		for (size_t k = 0; k < column->at.n; k++) {
			const struct pointer *at = &column->at.at[k];
			/* What is around the records has no place of its own in EXTRA. */
			bool outer = column->from == CELL_FIXED && at->depth > 0;
			if (strcmp(at->text, pointer) == 0 ||
			    (outer && span_is(at->keys[at->depth - 1], pointer + 1)))
				return NAMED_HERE;
			if (strncmp(at->text, pointer, size) == 0 && at->text[size] == '/')
				named = NAMED_BELOW;
		}
	}
	return named;
}

static void add_step(struct buf *pointer, struct span name)
{
	buf_add_char(pointer, '/');
	for (size_t i = 0; i < name.size; i++) {
		if (name.at[i] == '~')
			buf_add_text(pointer, "~0");
		else if (name.at[i] == '/')
			buf_add_text(pointer, "~1");
		else
			buf_add_char(pointer, name.at[i]);
	}
}

/* Depth is bounded by that of the table's pointers. */
static bool walk(struct seen *seen, const struct json *object, struct buf *pointer,
		 struct err *reterr)
{
	struct json_walk members = json_walk(object);
	bool done = true;
	while (done && json_next(&members)) {
		size_t start = pointer->size;
		add_step(pointer, members.name);
		enum named named = named_by(seen->table, buf_text(pointer));
		if (pointer->failed)
			done = err_memory(reterr);
		else if (named == NAMED_BELOW && json_kind(members.value) == JSON_OBJECT)
			done = walk(seen, members.value, pointer, reterr);
		else if (named == NAMED_NOT)
			done = note(seen, buf_text(pointer), look_at(members.value), reterr);
		buf_cut(pointer, start);
	}
	return done;
}

bool seen_extra(struct seen *seen, struct span extra, struct err *reterr)
{
	struct buf pointer;
	seen->any_row = true;
	if (extra.at == NULL)
		return true;
	struct json_doc *doc = json_parse(extra, reterr);
	if (doc == NULL)
		return false;
	buf_init(&pointer, URL_BYTES_MAX);
	bool done = walk(seen, json_root(doc), &pointer, reterr);
	buf_done(&pointer);
	json_free(doc);
	return done;
}

void seen_column(struct seen *seen, unsigned column)
{
	seen->columns[column] = true;
}

/* --- a column for a field --- */

/* "/user/displayName" -> "USER_DISPLAY_NAME" */
static void write_name(struct buf *out, const char *pointer)
{
	size_t start = out->size;
	bool small_before = false;
	for (const char *at = pointer + 1; *at != '\0'; at++) {
		unsigned char c = (unsigned char)*at;
		bool alnum = c < 0x80 && isalnum(c);
		if (out->size == start && alnum && !isalpha(c))
			buf_add_text(out, "N_");
		if (alnum && isupper(c) && small_before)
			buf_add_char(out, '_');
		if (alnum)
			buf_add_char(out, (char)toupper(c));
		else if (out->size > start && out->data[out->size - 1] != '_')
			buf_add_char(out, '_');
		small_before = alnum && islower(c);
	}
	while (out->size > start && out->data[out->size - 1] == '_')
		buf_cut(out, out->size - 1);
	if (out->size == start)
		buf_add_text(out, "FIELD");
}

static bool is_taken(const struct seen *seen, const char *name)
{
	return table_column(seen->table, span_of(name)) >= 0 || strcmp(name, COLUMN_EXTRA) == 0 ||
	       strcmp(name, COLUMN_LOAD_TIMESTAMP) == 0;
}

static bool ends_in(const char *name, const char *end)
{
	size_t size = strlen(name), tail = strlen(end);
	return size >= tail && strcmp(name + size - tail, end) == 0;
}

static bool sounds_like_time(const char *name)
{
	return ends_in(name, "_AT") || ends_in(name, "_TIME") || ends_in(name, "_DATE") ||
	       ends_in(name, "_ON") || ends_in(name, "TIMESTAMP") || ends_in(name, "_TS") ||
	       strcmp(name, "TIME") == 0 || strcmp(name, "CREATED") == 0 ||
	       strcmp(name, "UPDATED") == 0;
}

/* Ids are text, whatever they look like: nobody adds them up, and the next one may be longer than
 * a number can be. */
static bool sounds_like_id(const char *name)
{
	return strcmp(name, "ID") == 0 || ends_in(name, "_ID");
}

/* The type that takes all that was seen; *ret_format is set where a time is not in ISO. */
static enum type propose(const char *name, unsigned what, const char **ret_format)
{
	unsigned kinds = what & ((1u << SAW_KINDS) - 1) & ~(unsigned)SAW_NULL;
	bool time = sounds_like_time(name);
	*ret_format = NULL;
	if (kinds == 0)
		return time ? TYPE_TIMESTAMP : TYPE_TEXT;
	if ((kinds & (SAW_OBJECT | SAW_LIST)) != 0)
		return TYPE_JSON;
	if (kinds == SAW_BOOL)
		return TYPE_BOOL;
	if ((kinds & SAW_BOOL) != 0)
		return TYPE_JSON;
	if (kinds == SAW_TEXT)
		return (what & SAW_NO_TIME) != 0 ? TYPE_TEXT : TYPE_TIMESTAMP;
	if ((kinds & SAW_TEXT) != 0 || sounds_like_id(name) || (what & SAW_TOO_LARGE) != 0)
		return TYPE_TEXT;
	if (time && (what & SAW_NO_UNIX) == 0)
		*ret_format = "unix";
	else if (time && (what & SAW_NO_UNIX_MS) == 0)
		*ret_format = "unix_ms";
	if (*ret_format != NULL)
		return TYPE_TIMESTAMP;
	return (kinds & SAW_FLOAT) != 0 ? TYPE_FLOAT : TYPE_INT;
}

static void write_pointer(struct buf *out, const char *pointer)
{
	bool plain = true;
	for (const char *at = pointer; *at != '\0'; at++)
		plain &= isalnum((unsigned char)*at) || strchr("/_-.~@$", *at) != NULL;
	if (plain)
		buf_add_text(out, pointer);
	else
		json_add_text(out, span_of(pointer)); /* JSON's quotes are YAML's too */
}

static void write_proposal(const struct seen *seen, const struct sighting *sighting,
			   struct buf *out)
{
	const char *format;
	struct buf name, usual;
	buf_init(&name, URL_BYTES_MAX);
	buf_init(&usual, URL_BYTES_MAX);
	write_name(&name, sighting->pointer);
	if (is_taken(seen, buf_text(&name)))
		buf_add_text(&name, "_2");
	enum type type = propose(buf_text(&name), sighting->what, &format);
	/* Where a column says nothing, it is looked for under its own name. */
	buf_addf(&usual, "/%s", buf_text(&name));
	if (!usual.failed && usual.data != NULL)
		text_lower(usual.data);
	bool usual_place = strcmp(buf_text(&usual), sighting->pointer) == 0;
	buf_addf(out, "%s: ", buf_text(&name));
	if (usual_place && format == NULL) {
		buf_add_text(out, type_name(type));
	} else {
		buf_addf(out, "{ type: %s", type_name(type));
		if (format != NULL)
			buf_addf(out, ", format: %s", format);
		if (!usual_place) {
			buf_add_text(out, ", from: ");
			write_pointer(out, sighting->pointer);
		}
		buf_add_text(out, " }");
	}
	buf_done(&usual);
	buf_done(&name);
}

static void write_kinds(struct buf *out, unsigned what)
{
	static const char *const NAMES[SAW_KINDS] = {"object", "list", "text", "int", "float",
						     "bool", "null"};
	bool first = true;
	for (unsigned i = 0; i < SAW_KINDS; i++) {
		if ((what & (1u << i)) == 0)
			continue;
		buf_addf(out, "%s%s", first ? "" : " or ", NAMES[i]);
		first = false;
	}
}

static void write_extra(const struct seen *seen, struct buf *out)
{
	size_t start = out->size;
	if (seen->n == 0)
		return;
	buf_addf(out, "in EXTRA, %zu%s kind%s:", seen->n, seen->more ? " and more" : "",
		 seen->n == 1 ? "" : "s");
	for (size_t i = 0; i < seen->n; i++) {
		buf_addf(out, "%s%s (", i == 0 ? " " : "  ", seen->at[i].pointer);
		write_kinds(out, seen->at[i].what);
		buf_add_char(out, ')');
	}
	buf_addf(out, "%sto name them:  ", out->size - start > NAMING_LINE_MAX ? "\n    " : "    ");
	for (size_t i = 0; i < seen->n; i++) {
		buf_add_text(out, i == 0 ? "" : ", ");
		write_proposal(seen, &seen->at[i], out);
	}
	buf_add_char(out, '\n');
}

/* --- what never came --- */

static const char *last_step(const char *pointer)
{
	const char *slash = strrchr(pointer, '/');
	return slash == NULL ? pointer : slash + 1;
}

static bool is_near(const char *wanted, const char *found)
{
	const char *a = last_step(wanted), *b = last_step(found);
	const char *one[] = {b, NULL};
	size_t size_a = strlen(a), size_b = strlen(b);
	size_t shorter = size_a < size_b ? size_a : size_b;
	if (shorter >= NEAR_BYTES_MIN && (text_holds_nocase(span_of(a), span_of(b)) ||
					  text_holds_nocase(span_of(b), span_of(a))))
		return true;
	return shorter > 0 && text_nearest(a, one) != NULL;
}

static void add_near(const char *wanted, const char *found, struct buf *out, unsigned *n)
{
	if (*n == NEAR_MAX || !is_near(wanted, found))
		return;
	buf_addf(out, "%s%s", (*n)++ == 0 ? "; near names: " : ", ", found);
}

static void write_never(const struct seen *seen, const struct column *column, struct buf *out)
{
	const struct table *table = seen->table;
	const char *wanted = column->at.at[0].text;
	unsigned n = 0;
	buf_addf(out, "never seen: %s (from ", column->name);
	for (size_t i = 0; i < column->at.n; i++)
		buf_addf(out, "%s%s", i == 0 ? "" : " or ", column->at.at[i].text);
	buf_add_char(out, ')');
	for (size_t i = 0; i < seen->n; i++)
		add_near(wanted, seen->at[i].pointer, out, &n);
	for (unsigned i = 0; i < table->columns_n; i++) {
		if (seen->columns[i] && table->columns[i].at.n > 0)
			add_near(wanted, table->columns[i].at.at[0].text, out, &n);
	}
	buf_add_char(out, '\n');
}

bool seen_write(const struct seen *seen, struct buf *out)
{
	const struct table *table = seen->table;
	write_extra(seen, out);
	for (unsigned i = 0; i < table->columns_n && seen->any_row; i++) {
		const struct column *column = &table->columns[i];
		bool looks = column->from != CELL_DIGEST && column->at.n > 0 && !column->excluded;
		if (looks && !seen->columns[i])
			write_never(seen, column, out);
	}
	return !out->failed;
}
