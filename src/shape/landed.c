/* A row's cells as a line of NDJSON, and a table whose columns are read out of such lines. */
#include "shape/landed.h"

#include "base/bounds.h"
#include "base/real.h"
#include "shape/shaper.h"

/* --- writing --- */

static bool add_whole(struct buf *out, enum type type, int64_t whole)
{
	char text[STAMP_TEXT_BYTES];
	if (type == TYPE_BOOL)
		return buf_add_text(out, whole != 0 ? "true" : "false");
	if (type != TYPE_TIMESTAMP)
		return buf_add_int(out, whole);
	stamp_write_iso(whole, text);
	buf_add_char(out, '"');
	buf_add_text(out, text);
	return buf_add_char(out, '"');
}

static bool add_cell(struct buf *out, const struct column *column, const struct cell *cell)
{
	switch (cell->kind) {
	case CELL_NULL:
		break;
	case CELL_TEXT:
		return column->type == TYPE_JSON ? buf_add_span(out, cell->text)
						 : json_add_text(out, cell->text);
	case CELL_WHOLE:
		return add_whole(out, column->type, cell->whole);
	case CELL_REAL:
		return real_add(out, cell->real);
	}
	return buf_add_text(out, "null");
}

bool landed_write(struct buf *out, const struct shaper *shaper)
{
	const struct table *table = shaper->table;
	struct span extra = shaper_extra(shaper);
	size_t start = out->size;

	buf_add_char(out, '{');
	for (unsigned i = 0; i < table->columns_n; i++) {
		if (!table->columns[i].excluded) {
			json_add_name(out, table->columns[i].name);
			add_cell(out, &table->columns[i], &shaper->cells[i]);
		}
	}
	if (table->has_extra) {
		json_add_name(out, COLUMN_EXTRA);
		if (extra.at == NULL)
			buf_add_text(out, "null");
		else
			buf_add_span(out, extra);
	}
	buf_add_text(out, "}\n");
	if (out->failed && out->size > start)
		buf_cut(out, start);
	return !out->failed;
}

/* --- reading --- */

static bool is_column(const struct table *table, struct span name)
{
	for (unsigned i = 0; i < table->columns_n; i++) {
		if (span_equal(span_of(table->columns[i].name), name))
			return true;
	}
	return false;
}

/* "/NAME", and for a private column also where its API's names may stand: in EXTRA, and at the top
 * (a line of a stranger), which would go to EXTRA. What is excluded or hashed must not come in
 * through there. */
static bool read_place(struct arena *arena, const struct table *table,
		       const struct column *column, struct pointers *ret)
{
	bool is_private = column->excluded || column->hashed;
	size_t more = is_private && column->from == CELL_RECORD ? column->at.n : 0;
	struct pointer *at = arena_array(arena, 1 + 2 * more, sizeof *at);
	struct span *name = arena_array(arena, 1, sizeof *name);

	if (at == NULL || name == NULL)
		return false;
	*name = span_of(column->name);
	at[0] = (struct pointer){column->name, name, 1};
	*ret = (struct pointers){at, 1};
	for (size_t i = 0; i < more; i++) {
		const struct pointer *api = &column->at.at[i];
		if (api->depth == 0) /* the whole record: no member of EXTRA */
			continue;
		struct span *keys = arena_array(arena, api->depth + 1, sizeof *keys);
		if (keys == NULL)
			return false;
		keys[0] = span_of(COLUMN_EXTRA);
		memcpy(keys + 1, api->keys, api->depth * sizeof *keys);
		at[ret->n++] = (struct pointer){api->text, keys, api->depth + 1};
		if (!is_column(table, api->keys[0]) && !span_equal(api->keys[0], keys[0]))
			at[ret->n++] = *api;
	}
	return true;
}

bool landed_table(struct arena *arena, const struct table *table, struct table *ret,
		  struct err *reterr)
{
	struct column *columns = arena_array(arena, table->columns_n, sizeof *columns);
	if (columns == NULL)
		return err_memory(reterr);
	for (unsigned i = 0; i < table->columns_n; i++) {
		struct pointers at;
		columns[i] = table->columns[i];
		if (!read_place(arena, table, &table->columns[i], &at))
			return err_memory(reterr);
		columns[i].at = at;
		columns[i].from = CELL_RECORD;
		columns[i].format = (struct stamp_format){.style = STAMP_ISO, .unit_us = 1};
	}
	*ret = *table;
	ret->columns = columns;
	ret->cursor = -1;
	ret->landed = true;
	ret->ignore = NULL;
	ret->ignore_n = 0;
	return true;
}
