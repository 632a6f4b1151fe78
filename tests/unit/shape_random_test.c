/* Random records through random tables, against a reference that is slow and simple: no value is
 * lost, what is private is nowhere, and neither equal names nor dirt change what comes out. */
#include "unit/shape_case.h"

enum { ROUNDS = 3000, RECORDS = 6, VALUES = 400, MEMBERS = 5, DEPTH = 4 };

static const char *const NAMES[] = {"a", "b", "c", "0", "1", "x\\u00e9"};
enum { NAMES_N = sizeof NAMES / sizeof *NAMES };
static const char *const PLACES[MEMBERS] = {"0", "1", "2", "3", "4"};

static uint64_t state_of_chance = 88172645463325252;

static unsigned chance(unsigned n)
{
	state_of_chance ^= state_of_chance << 13;
	state_of_chance ^= state_of_chance >> 7;
	state_of_chance ^= state_of_chance << 17;
	return (unsigned)(state_of_chance % n);
}

/* --- records --- */

struct value {
	enum json_kind kind;
	char text[32]; /* of a scalar, as JSON; texts are unique */
	const char *names[MEMBERS];
	struct value *members[MEMBERS];
	size_t n;
};

static struct value values[VALUES];
static size_t values_n;
static unsigned texts_n;

static struct value *random_value(int depth)
{
	struct value *value = &values[values_n++];
	bool full = depth >= DEPTH || values_n > VALUES - 2 * MEMBERS;
	unsigned kind = depth == 0 ? 9 : chance(full ? 8 : 14);
	*value = (struct value){.kind = JSON_TEXT};
	if (kind >= 11)
		value->kind = JSON_LIST;
	else if (kind >= 8)
		value->kind = JSON_OBJECT;
	else if (kind == 0)
		value->kind = JSON_NULL;
	else if (kind == 1)
		value->kind = JSON_BOOL;
	else if (kind <= 3)
		value->kind = JSON_NUMBER;
	if (value->kind == JSON_TEXT)
		snprintf(value->text, sizeof value->text, "\"secret%u.\"", texts_n++);
	else if (value->kind == JSON_NUMBER)
		snprintf(value->text, sizeof value->text, chance(2) == 0 ? "%u" : "%u.50",
			 texts_n++);
	else
		snprintf(value->text, sizeof value->text, "%s",
			 value->kind == JSON_NULL ? "null" : "true");
	if (value->kind < JSON_LIST)
		return value;
	unsigned used = 0;
	for (unsigned i = chance(MEMBERS + 1); i > 0; i--) {
		unsigned name = chance(NAMES_N);
		if (value->kind == JSON_OBJECT && (used >> name & 1) != 0)
			continue;
		used |= 1U << name;
		value->names[value->n] = NAMES[name];
		value->members[value->n] = random_value(depth + 1);
		value->n++;
	}
	return value;
}

/* How a record is written: as it is, with worthless namesakes in front, or with NULs. */
enum way { WRITTEN_PLAIN, WRITTEN_TWICE, WRITTEN_DIRTY };

static void write_json(struct buf *out, const struct value *value, enum way way)
{
	bool object = value->kind == JSON_OBJECT;
	if (value->kind < JSON_LIST) {
		if (way == WRITTEN_DIRTY && value->kind == JSON_TEXT && chance(3) == 0)
			buf_addf(out, "\"\\u0000%s", value->text + 1);
		else
			buf_add_text(out, value->text);
		return;
	}
	buf_add_char(out, object ? '{' : '[');
	for (size_t i = 0; i < value->n; i++) {
		const char *dirt = way == WRITTEN_DIRTY && chance(3) == 0 ? "\\u0000" : "";
		if (object && way == WRITTEN_TWICE && chance(3) == 0)
			buf_addf(out, "\"%s\":%s,", value->names[i],
				 chance(2) == 0 ? "{\"a\":1,\"b\":[{}],\"c\":null}" : "\"old\"");
		if (object)
			buf_addf(out, "\"%s%s\":", value->names[i], dirt);
		write_json(out, value->members[i], way);
		buf_add_char(out, i + 1 < value->n ? ',' : object ? '}' : ']');
	}
	if (value->n == 0)
		buf_add_char(out, object ? '}' : ']');
}

/* --- tables --- */

static struct want wants[8];
static char pointer_texts[8][120], ignored_text[120];

static void random_pointer(char *out, size_t room)
{
	size_t size = strlen(out);
	for (unsigned depth = 1 + chance(3); depth > 0; depth--) {
		const char *name = NAMES[chance(NAMES_N)];
		size += (size_t)snprintf(out + size, room - size, "/%s",
					 strlen(name) > 1 ? "x\xC3\xA9" : name);
	}
}

/* Without a key, so that no record is rejected. */
static void random_wants(bool private)
{
	static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G"};
	static const enum type types[] = {TYPE_TEXT, TYPE_INT, TYPE_BOOL, TYPE_JSON, TYPE_FLOAT};
	static const char *const flags[] = {"", "x", "h"};
	size_t n = 1 + chance(7);
	for (size_t i = 0; i < n; i++) {
		pointer_texts[i][0] = '\0';
		random_pointer(pointer_texts[i], sizeof pointer_texts[i]);
		if (chance(3) == 0) {
			strncat(pointer_texts[i], " ", 2);
			random_pointer(pointer_texts[i], sizeof pointer_texts[i]);
		}
		wants[i] = (struct want){names[i], types[chance(5)], pointer_texts[i],
					 private ? flags[chance(3)] : "", NULL};
	}
	wants[n] = (struct want){0};
	ignored_text[0] = '\0';
	random_pointer(ignored_text, sizeof ignored_text);
}

/* --- the reference --- */

/* The pointer that a column takes its value by; NULL: there is no value. */
static const struct pointer *taken_by(const struct column *column, const struct json *record)
{
	for (size_t i = 0; i < column->at.n; i++) {
		if (json_kind(json_point(record, &column->at.at[i], false)) > JSON_NULL)
			return &column->at.at[i];
	}
	return NULL;
}

static bool is_inside(const struct pointer *outer, const struct span *path, size_t depth)
{
	if (outer == NULL || outer->depth > depth)
		return false;
	for (size_t i = 0; i < outer->depth; i++) {
		if (!span_equal(outer->keys[i], path[i]))
			return false;
	}
	return true;
}

static bool same_json(const struct json *a, const struct json *b)
{
	struct buf x, y;
	buf_init(&x, MIB);
	buf_init(&y, MIB);
	bool same = a != NULL && b != NULL && json_write(&x, a, NULL) && json_write(&y, b, NULL) &&
		    span_equal(buf_span(&x), buf_span(&y));
	buf_done(&x);
	buf_done(&y);
	return same;
}

struct check {
	struct shape *s;
	const struct json *record;
	struct json_doc *extra;
	struct json_doc *cells[8]; /* of JSON columns */
	char texts[8][400];        /* of all columns; "" is NULL */
	struct span path[DEPTH + 2];
};

static const struct json *at_path(const struct json *value, const struct span *path, size_t depth)
{
	struct pointer pointer = {.keys = path, .depth = depth};
	return value == NULL ? NULL : json_point(value, &pointer, false);
}

/* Is the scalar at this path in a column, as it was? */
static bool is_in_column(const struct check *check, const struct json *scalar, size_t depth)
{
	for (unsigned i = 0; i < check->s->table.columns_n; i++) {
		const struct column *column = &check->s->columns[i];
		const struct pointer *at = taken_by(column, check->record);
		if (!is_inside(at, check->path, depth) || check->texts[i][0] == '\0')
			continue;
		if (column->type == TYPE_JSON &&
		    same_json(scalar, at_path(json_root(check->cells[i]), check->path + at->depth,
					      depth - at->depth)))
			return true;
		struct span text = json_kind(scalar) == JSON_TEXT ? json_text(scalar)
								  : json_digits(scalar);
		if (json_kind(scalar) == JSON_BOOL)
			text = SPAN("true");
		char shown[40];
		snprintf(shown, sizeof shown, "%.*s", SPAN_ARGS(text));
		if (column->type != TYPE_JSON && at->depth == depth &&
		    (strcmp(shown, check->texts[i]) == 0 ||
		     (column->type == TYPE_FLOAT &&
		      strtod(shown, NULL) == strtod(check->texts[i], NULL))))
			return true;
	}
	return false;
}

static bool is_ignored(const struct check *check, size_t depth)
{
	return is_inside(check->s->table.ignore, check->path, depth);
}

/* A misfit of a column is never ignored. */
static bool is_column_misfit(const struct check *check, size_t depth)
{
	for (unsigned i = 0; i < check->s->table.columns_n; i++) {
		const struct pointer *at = taken_by(&check->s->columns[i], check->record);
		if (is_inside(at, check->path, depth) && check->texts[i][0] == '\0')
			return true;
	}
	return false;
}

static void no_scalar_is_lost(struct check *check, const struct json *value, size_t depth)
{
	struct json_walk walk = json_walk(value);
	for (size_t i = 0; json_next(&walk); i++) {
		check->path[depth] = walk.object ? walk.name : span_of(PLACES[i]);
		no_scalar_is_lost(check, walk.value, depth + 1);
	}
	if (json_kind(value) <= JSON_NULL || json_kind(value) >= JSON_LIST)
		return;
	const struct json *left = check->extra == NULL
					  ? NULL
					  : at_path(json_root(check->extra), check->path, depth);
	if (same_json(value, left)) {
		assert_true(!is_ignored(check, depth) || is_column_misfit(check, depth));
		return;
	}
	assert_true(is_in_column(check, value, depth) ||
		    (is_ignored(check, depth) && !is_column_misfit(check, depth)));
}

/* --- shaping --- */

static struct json_doc *parsed(struct span text)
{
	struct err err = {0};
	struct json_doc *doc = json_parse(text, &err);
	if (doc == NULL)
		fail_msg("%s in %.*s", err.text, SPAN_ARGS(text));
	return doc;
}

static void check_nothing_lost(struct shape *s, struct span json)
{
	struct err err = {0};
	struct check check = {.s = s};
	struct json_doc *doc = parsed(json);
	struct buf text;
	buf_init(&text, MIB);
	check.record = json_root(doc);
	if (!shaper_row(s->shaper, check.record, s->fixed, false, 0, s->batch, &s->report, &err))
		fail_msg("%s", err.text);
	assert_true(s->report.taken);
	for (unsigned i = 0; i < s->table.columns_n; i++) {
		buf_clear(&text);
		if (!shaper_cell(s->shaper, i, &text))
			continue;
		snprintf(check.texts[i], sizeof check.texts[i], "%s", buf_text(&text));
		if (s->columns[i].type == TYPE_JSON)
			check.cells[i] = parsed(buf_span(&text));
	}
	if (shaper_extra(s->shaper).at != NULL)
		check.extra = parsed(shaper_extra(s->shaper));
	no_scalar_is_lost(&check, check.record, 0);
	for (unsigned i = 0; i < s->table.columns_n; i++)
		json_free(check.cells[i]);
	json_free(check.extra);
	json_free(doc);
	buf_done(&text);
}

static bool open_random(struct shape *s, bool private)
{
	struct err err = {0};
	random_wants(private);
	make_table(s, wants, ignored_text);
	if (shaper_new(&s->shaper, &s->table, HASH_KEY, &err)) {
		assert_true(batch_new(&s->batch, &s->table, &err));
		return true;
	}
	assert_true(private); /* two columns of one place, of which one is private */
	buf_done(&s->text);
	arena_free(s->arena);
	return false;
}

static struct value *random_record(struct buf *json, enum way way)
{
	values_n = 0;
	struct value *record = random_value(0);
	buf_clear(json);
	write_json(json, record, way);
	return record;
}

static void no_value_is_lost(void **unused)
{
	struct shape s;
	struct buf json;
	(void)unused;
	buf_init(&json, MIB);
	for (int round = 0; round < ROUNDS; round++) {
		assert_true(open_random(&s, false));
		for (int i = 0; i < RECORDS; i++) {
			random_record(&json, WRITTEN_PLAIN);
			check_nothing_lost(&s, buf_span(&json));
		}
		shape_close(&s);
	}
	buf_done(&json);
}

/* The text of the row without its count. */
static void row_text(struct shape *s, struct span json, char *out, size_t room)
{
	snprintf(out, room, "%s", shape_span(s, json));
	char *count = strstr(out, " rescued ");
	if (count != NULL)
		*count = '\0';
}

static void equal_names_and_dirt_change_nothing(void **unused)
{
	static char expected[20000], found[20000];
	struct shape s;
	struct buf json;
	(void)unused;
	buf_init(&json, MIB);
	for (int round = 0; round < ROUNDS; round++) {
		if (!open_random(&s, chance(2) == 0))
			continue;
		for (int i = 0; i < RECORDS; i++) {
			struct value *record = random_record(&json, WRITTEN_PLAIN);
			row_text(&s, buf_span(&json), expected, sizeof expected);
			for (enum way way = WRITTEN_TWICE; way <= WRITTEN_DIRTY; way++) {
				buf_clear(&json);
				write_json(&json, record, way);
				row_text(&s, buf_span(&json), found, sizeof found);
				if (strcmp(found, expected) != 0)
					print_message("in: %s\n", buf_text(&json));
				assert_string_equal(found, expected);
			}
		}
		shape_close(&s);
	}
	buf_done(&json);
}

/* True where a column that is not private asks for this very place or one around it that lies
 * inside the private one. */
static bool is_asked_for(const struct shape *s, const struct pointer *private,
			 const struct span *path, size_t depth)
{
	for (unsigned i = 0; i < s->table.columns_n; i++) {
		const struct column *column = &s->columns[i];
		for (size_t k = 0; k < column->at.n; k++) {
			const struct pointer *at = &column->at.at[k];
			if (!column->excluded && !column->hashed && at->depth > private->depth &&
			    is_inside(at, path, depth))
				return true;
		}
	}
	return false;
}

static void no_text_is_shown(struct shape *s, const struct json *value, struct span *path,
			     size_t depth, const char *shown)
{
	struct json_walk walk = json_walk(value);
	char text[40];
	for (size_t i = 0; json_next(&walk); i++) {
		path[depth] = walk.object ? walk.name : span_of(PLACES[i]);
		no_text_is_shown(s, walk.value, path, depth + 1, shown);
	}
	if (json_kind(value) != JSON_TEXT)
		return;
	snprintf(text, sizeof text, "%.*s", SPAN_ARGS(json_text(value)));
	for (unsigned i = 0; i < s->table.columns_n; i++) {
		const struct column *column = &s->columns[i];
		for (size_t k = 0; k < column->at.n; k++) {
			const struct pointer *at = &column->at.at[k];
			if ((column->excluded || column->hashed) && is_inside(at, path, depth) &&
			    !is_asked_for(s, at, path, depth) && strstr(shown, text) != NULL)
				fail_msg("%s is shown in %s", text, shown);
		}
	}
}

static void what_is_private_is_nowhere(void **unused)
{
	static char shown[20000];
	struct span path[DEPTH + 2];
	struct shape s;
	struct buf json;
	(void)unused;
	buf_init(&json, MIB);
	for (int round = 0; round < ROUNDS; round++) {
		if (!open_random(&s, true))
			continue;
		for (int i = 0; i < RECORDS; i++) {
			random_record(&json, i % 2 == 0 ? WRITTEN_PLAIN : WRITTEN_TWICE);
			struct json_doc *doc = parsed(buf_span(&json));
			const char *row = shape_span(&s, buf_span(&json));
			snprintf(shown, sizeof shown, "%s\n%s", row,
				 s.report.rescue == NULL ? "" : s.report.rescue);
			no_text_is_shown(&s, json_root(doc), path, 0, shown);
			s.columns[0].required = true; /* many are rejected then */
			snprintf(shown, sizeof shown, "%s", shape_span(&s, buf_span(&json)));
			no_text_is_shown(&s, json_root(doc), path, 0, shown);
			s.columns[0].required = false;
			json_free(doc);
		}
		shape_close(&s);
	}
	buf_done(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_value_is_lost),
		cmocka_unit_test(equal_names_and_dirt_change_nothing),
		cmocka_unit_test(what_is_private_is_nowhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
