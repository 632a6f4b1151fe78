/* What is common to the tests of shape/: a table in few words, and what became of a record. */
#ifndef FIRN_UNIT_SHAPE_CASE_H
#define FIRN_UNIT_SHAPE_CASE_H

#include "base/bounds.h"
#include "shape/row.h"
#include "unit/rows_text.h"

#include <stdio.h>
#include <stdlib.h>

enum { WANTS_MAX = 40 };

/* A column. `at`: pointers, a blank between them; one '#' in front: a digest over them. A column
 * without is fixed. `flags`: k key, n newest, c cursor, r required, x excluded, h hashed. A list
 * of them ends with one without a name. */
struct want {
	const char *name;
	enum type type;
	const char *at, *flags;
	const char *format; /* of times; NULL: iso */
};

struct shape {
	struct arena *arena;
	struct column columns[WANTS_MAX];
	unsigned key[WANTS_MAX];
	struct table table;
	struct shaper *shaper;
	struct batch *batch;
	struct fixed_cell fixed[WANTS_MAX];
	struct row_report report;
	uint64_t row_hash;
	int64_t seq;
	struct buf text;
};

static inline struct pointers pointers_of(struct arena *arena, const char *text)
{
	struct pointer *at = arena_array(arena, 16, sizeof *at);
	struct err err = {0};
	size_t n = 0;
	for (const char *end; text != NULL; text = end) {
		end = strchr(text, ' ');
		struct span one = {text, end == NULL ? strlen(text) : (size_t)(end - text)};
		if (end != NULL)
			end++;
		if (!pointer_parse(arena, span_is(one, "ALL") ? SPAN("") : one, &at[n++], &err))
			fail_msg("%s", err.text);
	}
	return (struct pointers){at, n};
}

static inline void add_column(struct shape *s, const struct want *want)
{
	struct table *table = &s->table;
	unsigned i = table->columns_n++;
	struct err err = {0};
	const char *flags = want->flags == NULL ? "" : want->flags;
	struct column *column = &s->columns[i];
	bool digest = want->at != NULL && want->at[0] == '#';
	*column = (struct column){
		.name = want->name,
		.type = strchr(flags, 'h') != NULL ? TYPE_TEXT : want->type,
		.given = want->type,
		.from = want->at == NULL ? CELL_FIXED : digest ? CELL_DIGEST : CELL_RECORD,
		.at = pointers_of(s->arena, digest ? want->at + 1 : want->at),
		.required = strchr(flags, 'r') != NULL,
		.excluded = strchr(flags, 'x') != NULL,
		.hashed = strchr(flags, 'h') != NULL,
	};
	if (!stamp_format_parse(want->format == NULL ? "iso" : want->format, &column->format, &err))
		fail_msg("%s", err.text);
	if (strchr(flags, 'k') != NULL)
		s->key[table->key_n++] = i;
	if (strchr(flags, 'n') != NULL)
		table->newest = (int)i;
	if (strchr(flags, 'c') != NULL)
		table->cursor = (int)i;
}

static inline void make_table(struct shape *s, const struct want *wants, const char *ignore)
{
	*s = (struct shape){.arena = arena_new()};
	s->table = (struct table){.name = "T", .stream = "t", .columns = s->columns,
				  .key = s->key, .newest = -1, .cursor = -1, .has_extra = true};
	for (; wants->name != NULL; wants++)
		add_column(s, wants);
	struct pointers ignored = pointers_of(s->arena, ignore);
	s->table.ignore = ignored.at;
	s->table.ignore_n = (unsigned)ignored.n;
	buf_init(&s->text, 256 * (size_t)MIB);
}

#define HASH_KEY SPAN("hash key")

static inline void shape_open(struct shape *s, const struct want *wants, const char *ignore)
{
	struct err err = {0};
	make_table(s, wants, ignore);
	if (!shaper_new(&s->shaper, &s->table, HASH_KEY, &err) ||
	    !batch_new(&s->batch, &s->table, &err))
		fail_msg("%s", err.text);
}

static inline void shape_close(struct shape *s)
{
	shaper_free(s->shaper);
	batch_free(s->batch);
	buf_done(&s->text);
	arena_free(s->arena);
}

/* What became of the record: the row, then "rescued N" where N > 0; or "rejected: REASON", then
 * "| RECORD" as it was kept. */
static inline const char *shape_span(struct shape *s, struct span json)
{
	struct err err = {0};
	struct rows *rows;
	struct json_doc *doc = json_parse(json, &err);
	if (doc == NULL)
		fail_msg("%s", err.text);
	buf_clear(&s->text);
	if (!shaper_row(s->shaper, json_root(doc), s->fixed, json_dirty(doc), s->seq++, s->batch,
			&s->report, &err))
		fail_msg("%s", err.text);
	if (!s->report.taken) {
		buf_addf(&s->text, "rejected: %s", s->report.reason);
		if (s->report.record.at != NULL) {
			buf_add_text(&s->text, " | ");
			buf_add_span(&s->text, s->report.record);
		}
		assert_int_equal(batch_rows(s->batch), 0);
		json_free(doc);
		return buf_text(&s->text);
	}
	assert_int_equal(batch_rows(s->batch), 1);
	s->row_hash = shaper_row_hash(s->shaper);
	if (!batch_seal(s->batch, &rows, &err))
		fail_msg("%s", err.text);
	rows_text(rows, &s->text);
	buf_cut(&s->text, s->text.size - 1);
	if (s->report.rescued > 0)
		buf_addf(&s->text, " rescued %u", s->report.rescued);
	rows_free(rows);
	json_free(doc);
	return buf_text(&s->text);
}

static inline const char *shape_text(struct shape *s, const char *json)
{
	return shape_span(s, span_of(json));
}

static inline void shapes(struct shape *s, const char *json, const char *expected)
{
	const char *found = shape_text(s, json);
	if (strcmp(found, expected) != 0)
		print_message("in: %s\n", json);
	assert_string_equal(found, expected);
}

#endif
