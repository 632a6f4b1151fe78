/* Two passes over a row: the record's members are handed to the columns that ask for them, then
 * each column turns what it got into a cell. Only then is it known whether the record can be
 * taken, and the batch is touched once, with a whole row.
 *
 * All of this is for plain records: clean text, no equal names. One that is not (a dirty
 * document; two members of the same name, which the first pass notices) is written anew, which
 * cleans it and keeps the last of equal names, and the passes begin again. So nobody behind
 * needs to think of either. */
#include "shape/row.h"

#include "base/bounds.h"
#include "shape/shaper.h"

#include <stdlib.h>

/* Members of an object that are compared where their hashes meet. */
enum { NAMES_FEW = 512, NAMES_BITS = 4096 };
enum { BUFFER_KEPT = 64 * KIB };

/* --- the table --- */

static bool same_place(const struct column *a, const struct column *b)
{
	for (size_t i = 0; i < a->at.n && a->from == b->from && a->from != CELL_DIGEST; i++) {
		for (size_t k = 0; k < b->at.n; k++) {
			const struct pointer *x = &a->at.at[i], *y = &b->at.at[k];
			size_t depth = 0;
			while (depth < x->depth && depth < y->depth &&
			       span_equal(x->keys[depth], y->keys[depth]))
				depth++;
			if (depth == x->depth && depth == y->depth)
				return true;
		}
	}
	return false;
}

static bool check_private(const struct table *table, unsigned i, struct span hash_key,
			  struct err *reterr)
{
	const struct column *column = &table->columns[i];
	const char *way = column->excluded ? "excluded" : "hashed";
	bool is_newest = (int)i == table->newest;
	bool is_key = false;
	for (unsigned k = 0; k < table->key_n; k++)
		is_key |= table->key[k] == i;
	if (column->excluded && is_key)
		return err_set(reterr, ERR_USAGE,
			       "%s: %s cannot be excluded: rows are told apart by it",
			       table->stream, column->name);
	if (is_newest)
		return err_set(reterr, ERR_USAGE,
			       "%s: %s cannot be %s: it says which row is newer",
			       table->stream, column->name, way);
	if ((int)i == table->cursor)
		return err_set(reterr, ERR_USAGE, "%s: %s cannot be %s: windows are cut by it",
			       table->stream, column->name, way);
	if (!column->excluded && hash_key.size == 0)
		return err_set(reterr, ERR_USAGE, "%s: hashing %s needs source.hash_key",
			       table->stream, column->name);
	for (unsigned k = 0; k < table->columns_n; k++) {
		const struct column *other = &table->columns[k];
		bool safe = other->excluded || (other->hashed && !column->excluded);
		if (k != i && !safe && same_place(column, other))
			return err_set(reterr, ERR_USAGE,
				       "%s: %s is taken from the same place as %s; %s it too",
				       table->stream, other->name, column->name,
				       column->excluded ? "exclude" : "hash");
	}
	return true;
}

static void note_private(struct shaper *shaper, const struct column *column)
{
	shaper->private_any = true;
	for (size_t i = 0; i < column->at.n && column->from == CELL_RECORD; i++)
		shaper->whole_private |= column->at.at[i].depth == 0;
}

bool shaper_new(struct shaper **ret, const struct table *table, struct span hash_key,
		struct err *reterr)
{
	for (unsigned i = 0; i < table->columns_n; i++) {
		const struct column *column = &table->columns[i];
		if ((column->excluded || column->hashed) &&
		    !check_private(table, i, hash_key, reterr))
			return false;
	}
	struct shaper *shaper = calloc(1, sizeof *shaper);
	if (shaper == NULL)
		return err_memory(reterr);
	shaper->table = table;
	shaper->hash_key = hash_key;
	scratch_init(&shaper->scratch);
	buf_init(&shaper->extra, CELL_BYTES_MAX);
	buf_init(&shaper->record, ANSWER_BYTES_MAX);
	buf_init(&shaper->reason, 2 * ERR_TEXT_BYTES);
	buf_init(&shaper->rescue, ERR_TEXT_BYTES);
	shaper->arena = arena_new();
	if (shaper->arena != NULL) {
		shaper->tree = tree_new(shaper->arena, table);
		shaper->slots = arena_array(shaper->arena, table->columns_n, sizeof *shaper->slots);
		shaper->cells = arena_array(shaper->arena, table->columns_n, sizeof *shaper->cells);
	}
	if (shaper->tree == NULL || shaper->slots == NULL || shaper->cells == NULL) {
		shaper_free(shaper);
		return err_memory(reterr);
	}
	for (unsigned i = 0; i < table->columns_n; i++) {
		if (table->columns[i].excluded || table->columns[i].hashed)
			note_private(shaper, &table->columns[i]);
	}
	*ret = shaper;
	return true;
}

void shaper_free(struct shaper *shaper)
{
	if (shaper == NULL)
		return;
	scratch_done(&shaper->scratch);
	buf_done(&shaper->extra);
	buf_done(&shaper->record);
	buf_done(&shaper->reason);
	buf_done(&shaper->rescue);
	json_free(shaper->plain);
	arena_free(shaper->arena);
	free(shaper);
}

/* --- first pass: who gets what --- */

static void hand_to_columns(struct shaper *shaper, const struct node *node,
			    const struct json *value)
{
	bool null = json_kind(value) == JSON_NULL;
	for (unsigned i = 0; i < node->leaves_n; i++) {
		struct slot *slot = &shaper->slots[node->leaves[i].column];
		unsigned rank = node->leaves[i].rank;
		bool had = json_kind(slot->value) > JSON_NULL;
		if (slot->value != NULL && (null || (had && slot->rank < rank))) {
			shaper->left |= !null;
			continue;
		}
		shaper->left |= had;
		*slot = (struct slot){.value = value, .node = node, .rank = rank};
	}
}

static void visit(struct shaper *shaper, struct node *node, const struct json *value);

/* Is there an earlier member of that name? */
static bool is_second(const struct json *object, const struct json_walk *walk)
{
	struct json_walk earlier = json_walk(object);
	while (json_next(&earlier) && earlier.value != walk->value) {
		if (span_equal(earlier.name, walk->name))
			return true;
	}
	return false;
}

/* Members that no column names, of one object: which names were there. */
struct names {
	uint64_t bits[NAMES_BITS / 64];
	bool begun;
};

static void note_name(struct shaper *shaper, struct names *names, const struct json *object,
		      const struct json_walk *walk)
{
	uint64_t bit = digest_hash64(walk->name, 1) % NAMES_BITS;
	if (!names->begun)
		memset(names->bits, 0, sizeof names->bits);
	names->begun = true;
	if ((names->bits[bit / 64] >> bit % 64 & 1) != 0)
		shaper->twice |= json_count(object) > NAMES_FEW || is_second(object, walk);
	names->bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* The usual line has nothing in it. */
static bool is_empty_extra(const struct shaper *shaper, const struct node *node,
			   const struct json_walk *walk)
{
	return shaper->table->landed && node == shaper->tree &&
	       json_kind(walk->value) == JSON_NULL && span_is(walk->name, COLUMN_EXTRA);
}

static void walk_object(struct shaper *shaper, struct node *node, const struct json *object)
{
	struct json_walk walk = json_walk(object);
	struct names names;
	struct node *before = NULL;
	unsigned guess = node->first;

	names.begun = false;
	while (!shaper->twice && json_next(&walk)) {
		struct node *child = tree_child(node, walk.name, guess);
		if (child == NULL) {
			shaper->left |= node->leaves_n == 0 && !node->ignored &&
					!is_empty_extra(shaper, node, &walk);
			if (shaper->plain == NULL)
				note_name(shaper, &names, object, &walk);
			continue;
		}
		if (before == NULL)
			node->first = child->at;
		else
			before->follow = child->at;
		before = child;
		guess = child->follow;
		shaper->twice |= child->walk == shaper->walk;
		child->walk = shaper->walk;
		visit(shaper, child, walk.value);
	}
}

static void walk_list(struct shaper *shaper, const struct node *node, const struct json *list)
{
	shaper->left |= node->leaves_n == 0 && !node->ignored && json_count(list) > 0;
	for (unsigned i = 0; i < node->n; i++) {
		struct node *child = node->children[i];
		const struct json *element = child->element == SIZE_MAX
						     ? NULL
						     : json_element(list, child->element);
		if (element != NULL)
			visit(shaper, child, element);
	}
}

/* Depth is bounded by the tree's. */
static void visit(struct shaper *shaper, struct node *node, const struct json *value)
{
	hand_to_columns(shaper, node, value);
	if (node->n == 0 && (node->leaves_n > 0 || node->ignored))
		return;
	switch (json_kind(value)) {
	case JSON_OBJECT:
		walk_object(shaper, node, value);
		break;
	case JSON_LIST:
		walk_list(shaper, node, value);
		break;
	case JSON_ABSENT:
	case JSON_NULL:
		break;
	case JSON_BOOL:
	case JSON_NUMBER:
	case JSON_TEXT:
		/* The connector expected members here. */
		shaper->left |= node->leaves_n == 0 && !node->ignored;
		break;
	}
}

static void walk_record(struct shaper *shaper, const struct json *record)
{
	memset(shaper->slots, 0, shaper->table->columns_n * sizeof *shaper->slots);
	shaper->left = shaper->twice = false;
	shaper->walk++;
	visit(shaper, shaper->tree, record);
}

/* Writes the record anew where it is not plain. FIT_NEVER: it is too deep or too large for that. */
static enum cell_fit make_plain(struct shaper *shaper, const struct json **record,
				unsigned *cleaned)
{
	struct buf *out = &shaper->record;
	struct err err = {0};
	size_t dirt = 0;
	buf_clear(out);
	if (!json_write(out, *record, &dirt))
		return out->failed && !out->over ? FIT_FAILED : FIT_NEVER;
	*cleaned += (unsigned)dirt;
	shaper->plain = json_parse(buf_span(out), &err);
	if (shaper->plain == NULL)
		return FIT_FAILED;
	*record = json_root(shaper->plain);
	return FIT;
}

/* The first pass, a second time where the record turns out not to be plain. */
static enum cell_fit read_record(struct shaper *shaper, const struct json **record, bool dirty,
				 unsigned *cleaned)
{
	if (!dirty) {
		walk_record(shaper, *record);
		if (!shaper->twice)
			return FIT;
	}
	enum cell_fit fit = make_plain(shaper, record, cleaned);
	if (fit == FIT)
		walk_record(shaper, *record);
	return fit;
}

/* --- the row as a whole --- */

static uint64_t hash_cell(const struct cell *cell, uint64_t seed)
{
	double real = cell->real + 0.0; /* -0.0 is 0.0, and so they must hash */
	switch (cell->kind) {
	case CELL_TEXT:
		return digest_hash64(cell->text, seed + 1);
	case CELL_WHOLE:
		return digest_hash64((struct span){(const char *)&cell->whole, 8}, seed + 2);
	case CELL_REAL:
		return digest_hash64((struct span){(const char *)&real, 8}, seed + 3);
	case CELL_NULL:
		break;
	}
	return digest_hash64((struct span){"", 0}, seed + 4);
}

static void describe(const struct shaper *shaper, struct row_report *report)
{
	const struct table *table = shaper->table;
	const struct cell *cells = shaper->cells;
	uint64_t hash = 0;
	for (unsigned i = 0; i < table->key_n; i++)
		hash = hash_cell(&cells[table->key[i]], hash);
	if (table->append && table->newest >= 0)
		hash = hash_cell(&cells[table->newest], hash);
	report->cursor_us = INT64_MIN;
	if (table->cursor >= 0 && table->columns[table->cursor].type == TYPE_TIMESTAMP &&
	    cells[table->cursor].kind == CELL_WHOLE)
		report->cursor_us = cells[table->cursor].whole;
	report->key_hash = hash;
}

uint64_t shaper_row_hash(const struct shaper *shaper)
{
	const struct table *table = shaper->table;
	uint64_t hash = digest_hash64(buf_span(&shaper->extra), 0);
	for (unsigned i = 0; i < table->columns_n; i++) {
		if (table->columns[i].from != CELL_FIXED)
			hash = hash_cell(&shaper->cells[i], hash);
	}
	return hash;
}

/* Large buffers are given back before the next row. */
static void begin_buffer(struct buf *buf)
{
	if (buf->room > BUFFER_KEPT)
		buf_done(buf);
	buf_clear(buf);
}

static bool reject(struct shaper *shaper, const char *reason, const struct json *record,
		   struct row_report *report, struct err *reterr)
{
	report->reason = reason;
	return keep_rejected(shaper, record, report, reterr);
}

/* A landed line's EXTRA is an object or null. */
static void note_misfit_extra(const struct json *record, struct row_report *report)
{
	enum json_kind kind = json_kind(json_member(record, SPAN(COLUMN_EXTRA)));
	if (kind <= JSON_NULL || kind == JSON_OBJECT)
		return;
	report->rescued++;
	if (report->rescue == NULL)
		report->rescue = COLUMN_EXTRA ": expected an object or null";
}

bool shaper_row(struct shaper *shaper, const struct json *record, const struct fixed_cell *fixed,
		bool dirty, int64_t seq, struct batch *batch, struct row_report *ret,
		struct err *reterr)
{
	*ret = (struct row_report){0};
	json_free(shaper->plain);
	shaper->plain = NULL;
	begin_buffer(&shaper->record);
	begin_buffer(&shaper->extra);
	scratch_clear(&shaper->scratch);
	memset(shaper->cells, 0, shaper->table->columns_n * sizeof *shaper->cells);
	memset(shaper->slots, 0, shaper->table->columns_n * sizeof *shaper->slots);
	if (json_kind(record) != JSON_OBJECT)
		return reject(shaper, "the record is not an object", record, ret, reterr);

	switch (read_record(shaper, &record, dirty, &ret->rescued)) {
	case FIT_FAILED:
		return err_memory(reterr);
	case FIT_NEVER:
		return reject(shaper, "the record is larger or deeper than a warehouse takes",
			      record, ret, reterr);
	case FIT_NOT:
	case FIT:
		break;
	}
	if (!fill_cells(shaper, record, fixed, dirty, ret, reterr))
		return false;
	if (shaper->table->landed)
		note_misfit_extra(record, ret);
	if (!ret->taken)
		return keep_rejected(shaper, record, ret, reterr);
	struct buf *extra = &shaper->extra;
	if (!keep_extra(shaper, record, fixed, ret->columns > 0)) {
		if (extra->failed && !extra->over)
			return err_memory(reterr);
		return reject(shaper, "EXTRA is larger or deeper than a warehouse takes", record,
			      ret, reterr);
	}
	describe(shaper, ret);
	return batch == NULL ||
	       batch_add_row(batch, shaper->cells, shaper_extra(shaper), seq, reterr);
}

bool shaper_cell(const struct shaper *shaper, unsigned column, struct buf *out)
{
	return cell_write(&shaper->table->columns[column], &shaper->cells[column], out);
}

struct span shaper_extra(const struct shaper *shaper)
{
	return shaper->extra.size > 0 ? buf_span(&shaper->extra) : (struct span){NULL, 0};
}

bool shaper_saw(const struct shaper *shaper, unsigned column)
{
	return shaper->slots[column].value != NULL;
}

void shaper_leftovers(const struct shaper *shaper, const struct json *record,
		      void (*told)(void *user, struct span name, const struct json *value),
		      void *user)
{
	struct json_walk walk = json_walk(record);
	while (json_next(&walk)) {
		const struct node *child = tree_child(shaper->tree, walk.name, shaper->tree->n);
		if (child == NULL)
			told(user, walk.name, walk.value);
	}
}
