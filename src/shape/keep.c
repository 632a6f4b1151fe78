/* What is kept of a record beside its cells: EXTRA of a taken one, and of a rejected one what may
 * be shown. */
#include "base/bounds.h"
#include "shape/shaper.h"

/* --- EXTRA --- */

static struct span outer_name(const struct column *column)
{
	const struct pointer *at = column->at.n > 0 ? &column->at.at[0] : NULL;
	return at != NULL && at->depth > 0 ? at->keys[at->depth - 1] : span_of(column->name);
}

static bool name_is_taken(const struct shaper *shaper, unsigned i, const struct json *record,
			  struct span name)
{
	for (unsigned k = 0; k < i; k++) {
		const struct column *other = &shaper->table->columns[k];
		if (other->from == CELL_FIXED && shaper->slots[k].misfit &&
		    span_equal(outer_name(other), name))
			return true;
	}
	return json_member(record, name) != NULL;
}

/* What does not come out of the record has no place of its own in EXTRA: it stands there under
 * the last name of its pointer, or under its column's where that is taken, for two members of one
 * name would be one. */
static bool add_outer_misfit(struct shaper *shaper, unsigned i, const struct json *record,
			     const struct fixed_cell *fixed)
{
	struct buf *out = &shaper->extra;
	const struct column *column = &shaper->table->columns[i];
	struct span name = outer_name(column);
	char other[2 * NAME_BYTES_MAX], hex[SHA256_HEX + 1];

	if (name_is_taken(shaper, i, record, name))
		name = span_of(column->name);
	while (name_is_taken(shaper, i, record, name) && name.size < sizeof other) {
		memmove(other, name.at, name.size);
		other[name.size++] = '_';
		name.at = other;
	}
	if (out->size > 0)
		buf_cut(out, out->size - 1); /* its closing brace */
	else
		buf_add_char(out, '{');
	json_add_comma(out);
	json_add_text(out, name);
	buf_add_char(out, ':');
	bool done;
	if (fixed->kind != FIXED_JSON)
		done = json_add_text(out, fixed->text);
	else if (column->hashed)
		done = extra_hash(shaper->hash_key, fixed->json, out, hex) &&
		       buf_addf(out, "\"%s\"", hex);
	else
		done = json_write(out, fixed->json, NULL);
	return done && buf_add_char(out, '}');
}

/* --- landed lines: their EXTRA is a member itself --- */

/* Does the text hold an object with the one member EXTRA, itself an object? Its text then. The
 * text is ours: minimal JSON. */
static bool is_extra_alone(struct span text, struct span *ret)
{
	static const char BEGIN[] = "{\"" COLUMN_EXTRA "\":";
	size_t start = sizeof BEGIN - 1, depth = 0;
	bool quoted = false;

	if (!span_starts(text, SPAN("{\"" COLUMN_EXTRA "\":{")))
		return false;
	for (size_t i = start; i < text.size; i++) {
		char c = text.at[i];
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '['))
			depth++;
		else if (!quoted && (c == '}' || c == ']') && --depth == 0) {
			*ret = (struct span){text.at + start, i + 1 - start};
			return i + 2 == text.size;
		}
	}
	return false;
}

/* Every member of `left` but EXTRA itself, under a name that neither has. */
static bool add_beside(struct buf *out, const struct json *left, const struct json *own)
{
	struct json_walk walk = json_walk(left);
	struct buf name;
	bool done = true;
	buf_init(&name, CELL_BYTES_MAX);
	while (done && json_next(&walk)) {
		bool is_own = span_is(walk.name, COLUMN_EXTRA);
		if (is_own && (own != NULL || json_kind(walk.value) == JSON_NULL))
			continue;
		buf_clear(&name);
		done = buf_add_span(&name, walk.name);
		while (done && own != NULL &&
		       (json_member(own, buf_span(&name)) != NULL ||
			(name.size > walk.name.size && json_member(left, buf_span(&name)) != NULL)))
			done = buf_add_char(&name, '_');
		done = done && json_add_comma(out) && json_add_text(out, buf_span(&name)) &&
		       buf_add_char(out, ':') && json_write(out, walk.value, NULL);
	}
	out->failed |= name.failed;
	out->over |= name.over;
	buf_done(&name);
	return done;
}

/* What a landed line's EXTRA held comes up one step, and what else was left stands beside it. */
static bool lift_extra(struct shaper *shaper)
{
	struct buf *out = &shaper->extra;
	struct err err = {0};
	struct span own;

	if (is_extra_alone(buf_span(out), &own)) {
		memmove(out->data, own.at, own.size);
		buf_cut(out, own.size);
	} else if (out->size > 0) {
		struct json_doc *doc = json_parse(buf_span(out), &err);
		const struct json *left = doc == NULL ? NULL : json_root(doc);
		const struct json *held = json_member(left, SPAN(COLUMN_EXTRA));
		bool object = json_kind(held) == JSON_OBJECT;
		bool done = doc != NULL;
		buf_clear(out);
		if (done && object)
			done = json_write(out, held, NULL);
		else
			buf_add_char(out, '{');
		if (done && object)
			buf_cut(out, out->size - 1); /* its closing brace */
		done = done && add_beside(out, left, object ? held : NULL) &&
		       buf_add_char(out, '}');
		out->failed |= doc == NULL;
		json_free(doc);
		if (!done)
			return false;
	}
	if (out->size == 2) /* {} */
		buf_clear(out);
	return true;
}

bool keep_extra(struct shaper *shaper, const struct json *record,
			const struct fixed_cell *fixed, bool misfits)
{
	const struct table *table = shaper->table;
	struct extra_writer writer = {
		.tree = shaper->tree,
		.slots = shaper->slots,
		.hash_key = shaper->hash_key,
		.out = &shaper->extra,
		.misfits = misfits,
		.landed = table->landed,
	};
	if (!shaper->left || !table->has_extra)
		return true;
	if (!extra_write(&writer, record))
		return false;
	for (unsigned i = 0; misfits && i < table->columns_n; i++) {
		if (table->columns[i].from == CELL_FIXED && shaper->slots[i].misfit &&
		    !add_outer_misfit(shaper, i, record, &fixed[i]))
			return false;
	}
	return !table->landed || lift_extra(shaper);
}

/* --- rejected records --- */

/* The record in short, for its digest only: what cannot be written counts as null. */
static bool write_short(struct buf *out, const struct json *record)
{
	struct json_walk walk = json_walk(record);
	buf_clear(out);
	while (json_next(&walk)) {
		size_t start = out->size;
		buf_add_span(out, walk.name);
		buf_add_char(out, '\n');
		if (!json_write(out, walk.value, NULL) && out->over) {
			out->failed = out->over = false;
			buf_cut(out, start);
		}
	}
	return !out->failed;
}

bool keep_rejected(struct shaper *shaper, const struct json *record,
			  struct row_report *report, struct err *reterr)
{
	struct buf *out = &shaper->record;
	struct extra_writer writer = {.tree = shaper->tree, .hash_key = shaper->hash_key,
				      .out = out, .drop_hashed = true,
				      .landed = shaper->table->landed};

	report->taken = false;
	report->record = (struct span){NULL, 0};
	buf_clear(&shaper->extra);
	buf_clear(out);
	bool whole = json_write(out, record, NULL);
	if ((!whole && !out->over && out->failed) || (!whole && !write_short(out, record)) ||
	    !digest_sha256_hex(buf_span(out), report->record_sha256))
		return err_memory(reterr);
	if (!whole || shaper->whole_private ||
	    (shaper->private_any && json_kind(record) != JSON_OBJECT))
		return true;
	if (shaper->private_any) {
		buf_clear(out);
		if (!extra_write_public(&writer, shaper->tree, record))
			return out->over || !out->failed || err_memory(reterr);
	}
	if (out->size <= CELL_BYTES_MAX)
		report->record = buf_span(out);
	return true;
}
