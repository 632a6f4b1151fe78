/* A stream's table: its columns, what tells rows apart, which of equal rows is the newest. */
#include "connector/reader.h"

#include "base/text.h"

#include <stdio.h>

enum { LIST_TEXT_MAX = 400 };

int draft_column(const struct draft *draft, struct span name)
{
	for (size_t i = 0; i < draft->stream->columns_n; i++) {
		if (span_is(name, draft->stream->columns[i].name))
			return (int)i;
	}
	return -1;
}

/* --- one column --- */
struct cell {
	const struct stream *stream;
	struct keys keys;           /* of the long form */
	const struct yaml *name;
	struct connector_column *column;
};

/* The one source that is given. */
static bool read_source(struct reader *r, const struct cell *cell)
{
	static const char *const SOURCES[] = {
		[FROM_RECORD] = "from", [FROM_OUTER] = "outer", [FROM_VALUE] = "value",
		[FROM_DIGEST] = "digest",
	};
	int found = -1;
	for (int i = FROM_RECORD; i <= FROM_DIGEST; i++) {
		if (!keys_given(cell->keys, SOURCES[i]))
			continue;
		if (found >= 0) {
			mistake_add(r->mistakes, cell->name,
				    "columns.%s: %s and %s exclude each other", cell->column->name,
				    SOURCES[found], SOURCES[i]);
			return false;
		}
		found = i;
	}
	cell->column->source = found < 0 ? FROM_RECORD : (enum column_source)found;
	if (cell->column->source == FROM_VALUE)
		cell->column->value = read_template_key(r, cell->keys, "value");
	else if (found >= 0)
		cell->column->at = read_pointers(r, cell->keys, SOURCES[found]);
	return found < 0 || cell->column->value != NULL || cell->column->at.n > 0;
}

static bool point_at_name(struct reader *r, struct connector_column *column)
{
	struct err err;
	char *text = arena_printf(r->arena, "/%s", column->name);
	struct pointer *at = read_array(r, 1, sizeof *at);
	if (text == NULL || at == NULL) {
		r->mistakes->failed = true;
		return false;
	}
	text_lower(text);
	if (!pointer_parse(r->arena, span_of(text), at, &err)) {
		r->mistakes->failed = true; /* a column's name is always a pointer */
		return false;
	}
	column->at = (struct pointers){at, 1};
	return true;
}

/* A value without slots that its own column cannot take. */
static bool fits_type(const struct connector_column *column)
{
	const struct template *value = column->value;
	int64_t number;
	if (value->n == 0)
		return column->type == TYPE_TEXT || column->type == TYPE_JSON;
	for (size_t i = 0; i < value->n; i++) {
		if (value->parts[i].scope != SLOT_LITERAL)
			return true;
	}
	struct span text = value->parts[0].text;
	switch (column->type) {
	case TYPE_INT: return value->literal == VALUE_NUMBER && json_whole(text, &number);
	case TYPE_FLOAT: return value->literal == VALUE_NUMBER;
	case TYPE_BOOL: return value->literal == VALUE_BOOL;
	case TYPE_TIMESTAMP: return stamp_read(&column->format, text, &number);
	default: return value->literal != VALUE_NULL;
	}
}

/* A time that firn writes is read as it was written, whatever `format` says. */
static void fit_format(const struct cell *cell)
{
	const struct template *value = cell->column->value;
	if (value->n != 1 || cell->column->type != TYPE_TIMESTAMP)
		return;
	if (value->parts[0].scope == SLOT_WINDOW && cell->stream->window.given)
		cell->column->format = cell->stream->window.format;
	else if (value->parts[0].scope == SLOT_RUN)
		cell->column->format = (struct stamp_format){.style = STAMP_ISO, .unit_us = 1000};
}

static bool refuse_column(struct reader *r, const struct cell *cell, const char *why)
{
	mistake_add(r->mistakes, cell->name, "columns.%s: %s", cell->column->name, why);
	return false;
}

static bool read_details(struct reader *r, const struct cell *cell)
{
	struct connector_column *column = cell->column;
	struct err err;
	bool timestamp = column->type == TYPE_TIMESTAMP;
	column->required = keys_bool(cell->keys, "required");
	column->keep_first = keys_choice(cell->keys, "keep") == 0;
	column->comment = keys_text(cell->keys, "comment");
	if (keys_given(cell->keys, "format") && !timestamp)
		return refuse_column(r, cell, "format belongs to type timestamp");
	if (!stamp_format_parse(keys_text(cell->keys, "format"), &column->format, &err))
		return refuse_column(r, cell, err.text);
	if (!read_source(r, cell))
		return false;
	if (column->source == FROM_VALUE)
		fit_format(cell);
	if (column->source == FROM_VALUE && !fits_type(column)) {
		mistake_add(r->mistakes, cell->name, "columns.%s: the value is no %s", column->name,
			    type_name(column->type));
		return false;
	}
	if (column->source == FROM_DIGEST && column->type != TYPE_TEXT)
		return refuse_column(r, cell, "a digest is text");
	return column->source != FROM_RECORD || column->at.n > 0 || point_at_name(r, column);
}

static bool read_column(struct reader *r, const struct stream *stream, const struct yaml *name,
			const struct yaml *node, struct connector_column *column)
{
	struct cell cell = {stream, keys_of(&COLUMN_FORM, node), name, column};
	int type = cell.keys.map != NULL ? keys_choice(cell.keys, "type")
					 : form_choice(COLUMN_FORM.any[0], node);
	*column = (struct connector_column){.name = name->text.at};
	if (type < 0)
		return false; /* told */
	column->type = (enum type)type;
	return read_details(r, &cell);
}

/* --- all of them: the stream's, then those of defaults that it does not give --- */
static bool is_ours(const struct draft *draft, const struct connector_column *column)
{
	if (column->source == FROM_VALUE)
		return draft_fills(draft, column->value);
	return draft->kind != STREAM_ROWS;
}

static const struct yaml *name_in(const struct yaml *map, struct span name)
{
	for (size_t i = 0; map != NULL && map->kind == YAML_MAP && i < map->n; i++) {
		if (span_equal(map->names[i].text, name))
			return &map->names[i];
	}
	return NULL;
}

static void read_all(struct reader *r, struct draft *draft, const struct yaml *own,
		     const struct yaml *defaults)
{
	struct stream *stream = draft->stream;
	size_t own_n = own != NULL && own->kind == YAML_MAP ? own->n : 0;
	size_t defaults_n = defaults != NULL && defaults->kind == YAML_MAP ? defaults->n : 0;
	struct connector_column *columns = read_array(r, own_n + defaults_n, sizeof *columns);
	for (size_t i = 0; columns != NULL && i < own_n; i++) {
		const struct yaml *name = &own->names[i];
		bool removed = yaml_plain_kind(&own->children[i]) == YAML_NULL;
		if (removed && name_in(defaults, name->text) == NULL)
			mistake_add(r->mistakes, name, "columns.%s: ~ takes away a column of "
						       "defaults; they have none of that name",
				    name->text.at);
		else if (!removed && read_column(r, stream, name, &own->children[i],
						 &columns[stream->columns_n]))
			stream->columns_n++;
		else if (!removed)
			draft->columns_wrong = true;
	}
	for (size_t i = 0; columns != NULL && i < defaults_n; i++) {
		const struct yaml *name = &defaults->names[i];
		struct connector_column *column = &columns[stream->columns_n];
		if (name_in(own, name->text) != NULL ||
		    yaml_plain_kind(&defaults->children[i]) == YAML_NULL)
			continue;
		if (!read_column(r, stream, name, &defaults->children[i], column))
			draft->columns_wrong = true;
		else if (is_ours(draft, column))
			stream->columns_n++;
	}
	stream->columns = columns;
}

/* A source that a stream without records does not have. */
static void check_sources(struct reader *r, const struct draft *draft, const struct yaml *own)
{
	for (size_t i = 0; i < draft->stream->columns_n; i++) {
		const struct connector_column *column = &draft->stream->columns[i];
		const struct yaml *name = name_in(own, span_of(column->name));
		if (draft->kind == STREAM_ROWS && column->source != FROM_VALUE)
			mistake_add(r->mistakes, name == NULL ? draft->name : name,
				    "columns.%s: rows come from the configuration; give value",
				    column->name);
	}
}

/* --- names of columns in other keys --- */
static void no_column(struct reader *r, const struct draft *draft, const struct yaml *mark,
		      const char *key, const char *name)
{
	char columns[LIST_TEXT_MAX] = "", shown[YAML_SHOWN_BYTES];
	const struct stream *stream = draft->stream;
	if (draft->columns_wrong || stream->columns_n == 0)
		return; /* told */
	for (size_t i = 0; i < stream->columns_n; i++) {
		size_t size = strlen(columns);
		snprintf(columns + size, sizeof columns - size, "%s%s", i > 0 ? ", " : "",
			 stream->columns[i].name);
	}
	mistake_add(r->mistakes, mark, "%s: no column %s; columns are %s", key,
		    yaml_shown(span_of(name), shown), columns);
}

static void read_key(struct reader *r, struct draft *draft)
{
	struct stream *stream = draft->stream;
	const char *own = keys_own(draft->keys, "key") == NULL ? NULL : "key";
	size_t n;
	const struct yaml *names = keys_list(draft->keys, "key", &n);
	if (names == NULL) {
		if (!keys_given(draft->keys, "key") &&
		    !mistakes_unsure(r->mistakes, draft->keys.map))
			mistake_add(r->mistakes, draft->name, "%s: key is required", stream->name);
		return;
	}
	unsigned *key = read_array(r, n, sizeof *key);
	for (size_t i = 0; key != NULL && i < n; i++) {
		const struct yaml *mark = own == NULL ? draft->name : draft_mark(draft, own);
		int column = names[i].kind == YAML_SCALAR ? draft_column(draft, names[i].text) : -1;
		bool twice = false;
		for (size_t k = 0; k < stream->key_n; k++)
			twice = twice || (int)key[k] == column;
		if (names[i].kind == YAML_SCALAR && column < 0)
			no_column(r, draft, mark, "key", names[i].text.at);
		else if (twice)
			mistake_add(r->mistakes, mark, "key: %s is given twice", names[i].text.at);
		else if (column >= 0 && stream->columns[column].type == TYPE_JSON)
			mistake_add(r->mistakes, mark, "key: %s is json, which cannot be compared",
				    names[i].text.at);
		else if (column >= 0)
			key[stream->key_n++] = (unsigned)column;
	}
	stream->key = key;
}

static void read_newest(struct reader *r, struct draft *draft)
{
	struct stream *stream = draft->stream;
	const char *name = keys_text(draft->keys, "newest");
	stream->newest = -1;
	if (name == NULL)
		return;
	stream->newest = draft_column(draft, span_of(name));
	if (stream->newest < 0)
		no_column(r, draft, draft_mark(draft, "newest"), "newest", name);
	else if (stream->columns[stream->newest].type == TYPE_JSON ||
		 stream->columns[stream->newest].type == TYPE_BOOL)
		mistake_add(r->mistakes, draft_mark(draft, "newest"),
			    "newest: %s is %s, which has no order", name,
			    type_name(stream->columns[stream->newest].type));
}

/* What the API filters by decides which row is the newest, unless `newest` says otherwise. */
static void read_window_column(struct reader *r, struct draft *draft)
{
	struct stream *stream = draft->stream;
	const char *name = stream->window.column;
	if (!stream->window.given || name == NULL)
		return;
	int column = draft_column(draft, span_of(name));
	if (column < 0)
		no_column(r, draft, draft_inner_mark(draft, "window", "column"), "window.column",
			  name);
	else if (stream->columns[column].type != TYPE_TIMESTAMP)
		mistake_add(r->mistakes, draft_inner_mark(draft, "window", "column"),
			    "window.column: %s is %s; expected a timestamp", name,
			    type_name(stream->columns[column].type));
	else if (!keys_given(draft->keys, "newest"))
		stream->newest = column;
}

static void read_table(struct reader *r, struct draft *draft)
{
	const char *given = keys_text(draft->keys, "table");
	struct stream *stream = draft->stream;
	stream->table = given;
	if (given != NULL || r->connector->name == NULL)
		return;
	char *table = arena_printf(r->arena, "%s_%s", r->connector->name, stream->name);
	if (table == NULL) {
		r->mistakes->failed = true;
		return;
	}
	text_upper(table);
	for (char *at = table; *at != '\0'; at++)
		*at = *at == '-' ? '_' : *at;
	stream->table = table;
}

void read_columns(struct reader *r, struct draft *draft)
{
	const struct yaml *own = keys_own(draft->keys, "columns");
	bool removed = own != NULL && own->kind == YAML_SCALAR;
	const struct yaml *defaults = removed ? NULL : yaml_member(draft->keys.beneath, "columns");
	read_all(r, draft, own, defaults);
	if (draft->stream->columns_n == 0 && !draft->columns_wrong &&
	    !mistakes_unsure(r->mistakes, draft->keys.map))
		mistake_add(r->mistakes, draft->name, "%s: at least one column is needed",
			    draft->stream->name);
	else if (draft->stream->columns_n > COLUMNS_MAX)
		mistake_add(r->mistakes, draft->name, "%s: %zu columns are too many; at most %d",
			    draft->stream->name, draft->stream->columns_n, (int)COLUMNS_MAX);
	check_sources(r, draft, own);
	read_key(r, draft);
	read_newest(r, draft);
	read_window_column(r, draft);
	read_table(r, draft);
}
