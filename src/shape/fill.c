/* The second pass over a row: each column turns what it got into a cell. */
#include "base/bounds.h"
#include "base/text.h"
#include "shape/shaper.h"

#include <stdio.h>

enum { SHOWN_BYTES = 60 };

/* --- hashed columns: the value must fit as if it were not hashed; its digest is text --- */

static struct column as_given(const struct column *column)
{
	struct column given = *column;
	if (column->hashed)
		given.type = column->given;
	return given;
}

static enum cell_fit hash_text(struct shaper *shaper, struct span text, struct cell *ret)
{
	struct buf *work = &shaper->scratch.work;
	unsigned char mac[SHA256_BYTES];
	if (!digest_hmac_sha256(shaper->hash_key, text, mac))
		return FIT_FAILED;
	return scratch_cell(&shaper->scratch, text_hex(work, mac, sizeof mac), ret);
}

static enum cell_fit hashed_cell(struct shaper *shaper, const struct column *column,
				 const struct json *value, bool dirty, struct cell *ret)
{
	struct column given = as_given(column);
	struct buf *work = &shaper->scratch.work;
	unsigned cleaned = 0;
	char hex[SHA256_HEX + 1];

	*ret = (struct cell){0};
	if (json_kind(value) <= JSON_NULL)
		return FIT;
	if (shaper->table->landed && extra_is_hash(value))
		return scratch_cell(&shaper->scratch, buf_add_span(work, json_text(value)), ret);
	if (given.type != TYPE_JSON) {
		enum cell_fit fit = cell_of_json(&given, value, dirty, &shaper->scratch, ret,
						 &cleaned);
		if (fit != FIT)
			return fit;
	}
	bool done = extra_hash(shaper->hash_key, value, work, hex);
	return scratch_cell(&shaper->scratch, done && buf_add(work, hex, SHA256_HEX), ret);
}

/* --- columns by where they come from --- */

static enum cell_fit fixed_to_cell(struct shaper *shaper, const struct column *column,
				   const struct fixed_cell *fixed, bool dirty, struct cell *ret,
				   unsigned *cleaned)
{
	static const enum json_kind kinds[] = {[FIXED_TEXT] = JSON_TEXT,
					       [FIXED_NUMBER] = JSON_NUMBER,
					       [FIXED_BOOL] = JSON_BOOL};
	if (fixed == NULL || fixed->kind == FIXED_NONE)
		return FIT;
	if (fixed->kind == FIXED_JSON && column->hashed)
		return hashed_cell(shaper, column, fixed->json, dirty, ret);
	if (fixed->kind == FIXED_JSON)
		return cell_of_json(column, fixed->json, dirty, &shaper->scratch, ret, cleaned);
	if (column->hashed)
		return hash_text(shaper, fixed->text, ret);
	return cell_of_words(column, kinds[fixed->kind], fixed->text, &shaper->scratch, ret);
}

static bool digest_part(struct buf *work, const struct json *value)
{
	size_t start = work->size;
	char length[24];
	bool done = true;

	if (json_kind(value) == JSON_TEXT)
		done = buf_add_span(work, json_text(value));
	else if (json_kind(value) > JSON_NULL)
		done = json_write(work, value, NULL);
	/* The length goes in front: "ab" + "c" is not "a" + "bc". */
	int n = snprintf(length, sizeof length, "%zu:", work->size - start);
	if (!done || buf_reserve(work, (size_t)n) == NULL)
		return false;
	memmove(work->data + start + n, work->data + start, work->size - start);
	memcpy(work->data + start, length, (size_t)n);
	work->size += (size_t)n;
	work->data[work->size] = '\0';
	return true;
}

static enum cell_fit digest_cell(struct shaper *shaper, const struct column *column,
				 const struct json *record, struct cell *ret)
{
	char hex[SHA256_HEX + 1];
	struct buf *work = &shaper->scratch.work;
	for (size_t i = 0; i < column->at.n; i++) {
		if (!digest_part(work, json_point(record, &column->at.at[i], false)))
			return scratch_cell(&shaper->scratch, false, ret);
	}
	if (!digest_sha256_hex(buf_span(work), hex))
		return FIT_FAILED;
	buf_clear(work);
	struct span digest = {hex, SHA256_HEX / 2};
	if (column->hashed)
		return hash_text(shaper, digest, ret);
	return scratch_cell(&shaper->scratch, buf_add_span(work, digest), ret);
}

/* The value at a place of the record without what is private in it. */
static bool write_public(struct shaper *shaper, const struct slot *slot)
{
	struct extra_writer writer = {.tree = shaper->tree, .hash_key = shaper->hash_key,
				      .out = &shaper->scratch.work,
				      .landed = shaper->table->landed};
	if (slot->node == NULL)
		return json_write(writer.out, slot->value, NULL);
	return extra_write_public(&writer, slot->node, slot->value);
}

static enum cell_fit record_cell(struct shaper *shaper, const struct column *column,
				 const struct slot *slot, struct cell *ret, unsigned *cleaned)
{
	if (slot->value == NULL)
		return FIT;
	if (column->hashed)
		return hashed_cell(shaper, column, slot->value, false, ret);
	/* A JSON column may hold members that another column excludes or hashes. */
	if (column->type == TYPE_JSON && slot->node->private_below &&
	    json_kind(slot->value) != JSON_NULL)
		return scratch_cell(&shaper->scratch, write_public(shaper, slot), ret);
	return cell_of_json(column, slot->value, false, &shaper->scratch, ret, cleaned);
}

/* --- misfits --- */

static bool lacks_memory(const struct buf *buf)
{
	return buf->failed && !buf->over;
}

/* "LAST_UPDATED_AT: expected unix seconds, found "yesterday"". False: no memory. */
static bool describe_misfit(struct shaper *shaper, unsigned i, struct buf *out)
{
	const struct column column = as_given(&shaper->table->columns[i]);
	const struct slot *slot = &shaper->slots[i];
	struct buf *work = &shaper->scratch.work;

	buf_clear(out);
	buf_addf(out, "%s: expected %s", column.name, cell_expected(&column));
	if (!column.hashed && slot->value != NULL && write_public(shaper, slot)) {
		struct span shown = buf_span(work);
		bool cut = shown.size > SHOWN_BYTES;
		while (cut && shown.size > 0 &&
		       (shown.size > SHOWN_BYTES || (shown.at[shown.size] & 0xC0) == 0x80))
			shown.size--;
		buf_addf(out, ", found %.*s%s", SPAN_ARGS(shown), cut ? "..." : "");
	}
	bool done = !lacks_memory(work) && !lacks_memory(out);
	buf_clear(work);
	return done;
}

static enum cell_fit note_misfit(struct shaper *shaper, unsigned i, struct row_report *report)
{
	shaper->cells[i] = (struct cell){0};
	shaper->slots[i].misfit = true;
	shaper->left = true;
	report->rescued++;
	if (report->columns++ > 0)
		return FIT_NOT;
	if (!describe_misfit(shaper, i, &shaper->rescue))
		return FIT_FAILED;
	report->rescue = buf_text(&shaper->rescue);
	return FIT_NOT;
}

static enum cell_fit make_cell(struct shaper *shaper, unsigned i, const struct json *record,
			       const struct fixed_cell *fixed, bool dirty,
			       struct row_report *report)
{
	const struct column *column = &shaper->table->columns[i];
	struct slot *slot = &shaper->slots[i];
	struct cell *cell = &shaper->cells[i];
	enum cell_fit fit = FIT;

	if (column->excluded)
		return FIT;
	switch (column->from) {
	case CELL_RECORD:
		fit = record_cell(shaper, column, slot, cell, &report->rescued);
		break;
	case CELL_FIXED:
		fixed = fixed == NULL ? NULL : &fixed[i];
		if (fixed != NULL && fixed->kind == FIXED_JSON)
			slot->value = fixed->json;
		fit = fixed_to_cell(shaper, column, fixed, dirty, cell, &report->rescued);
		break;
	case CELL_DIGEST:
		fit = digest_cell(shaper, column, record, cell);
		break;
	}
	return fit == FIT_NOT ? note_misfit(shaper, i, report) : fit;
}

/* --- the row --- */

static bool is_key(const struct table *table, unsigned column)
{
	for (unsigned i = 0; i < table->key_n; i++) {
		if (table->key[i] == column)
			return true;
	}
	return false;
}

/* Why the record cannot be a row; NULL: as far as this column goes, it can. */
static const char *why_not(const struct shaper *shaper, unsigned i, enum cell_fit fit)
{
	const struct column *column = &shaper->table->columns[i];
	if (fit == FIT_NEVER)
		return "is larger or deeper than a warehouse takes";
	if (shaper->cells[i].kind != CELL_NULL)
		return NULL;
	if (is_key(shaper->table, i))
		return "is the key and has no value";
	return column->required && !column->excluded ? "is required and has no value" : NULL;
}

bool fill_cells(struct shaper *shaper, const struct json *record, const struct fixed_cell *fixed,
		bool dirty, struct row_report *report, struct err *reterr)
{
	const struct table *table = shaper->table;
	struct buf *reason = &shaper->reason;
	for (unsigned i = 0; i < table->columns_n; i++) {
		enum cell_fit fit = make_cell(shaper, i, record, fixed, dirty, report);
		if (fit == FIT_FAILED)
			return err_memory(reterr);
		const char *why = why_not(shaper, i, fit);
		if (why == NULL)
			continue;
		buf_clear(reason);
		if (fit == FIT_NOT && !describe_misfit(shaper, i, reason))
			return err_memory(reterr);
		buf_addf(reason, "%s%s %s", fit == FIT_NOT ? "; " : "", table->columns[i].name,
			 why);
		if (lacks_memory(reason))
			return err_memory(reterr);
		report->reason = buf_text(reason);
		report->taken = false;
		return true;
	}
	report->taken = true;
	return true;
}
