/* Two walks over one tree: leftovers (what no column took) and public (all but what is private).
 * Only rows that have something left pay for this; the usual row never comes here.
 *
 * Recursion is bounded by the tree's depth, POINTER_DEPTH_MAX; values below the tree are written
 * by json_write, which has its own bound. */
#include "shape/extra.h"

#include "base/bounds.h"
#include "base/digest.h"
#include "base/text.h"

bool extra_hash(struct span hash_key, const struct json *value, struct buf *work, char ret[65])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char mac[SHA256_BYTES];
	size_t start = work->size;
	bool done = true;

	if (json_kind(value) == JSON_TEXT)
		done = text_clean(work, json_text(value));
	else if (json_kind(value) == JSON_NUMBER)
		done = buf_add_span(work, json_digits(value));
	else
		done = json_write(work, value, NULL);
	if (done) {
		struct span text = span_from(buf_span(work), start);
		done = digest_hmac_sha256(hash_key, text, mac);
		work->failed |= !done;
	}
	buf_cut(work, start);
	if (!done)
		return false;
	for (unsigned i = 0; i < SHA256_BYTES; i++) {
		ret[2 * i] = digits[mac[i] >> 4];
		ret[2 * i + 1] = digits[mac[i] & 15];
	}
	ret[64] = '\0';
	return true;
}

bool extra_is_hash(const struct json *value)
{
	struct span text = json_kind(value) == JSON_TEXT ? json_text(value) : SPAN("");
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
	}
	return text.size == SHA256_HEX;
}

static bool write_hash(struct extra_writer *writer, const struct json *value)
{
	char hex[65];
	if (json_kind(value) == JSON_NULL || (writer->landed && extra_is_hash(value)))
		return json_write(writer->out, value, NULL);
	return extra_hash(writer->hash_key, value, writer->out, hex) &&
	       buf_addf(writer->out, "\"%s\"", hex);
}

/* What a private column at this place asks for; excluded anywhere wins over hashed. */
enum privacy_of { OPEN, HASHED, HIDDEN };

static enum privacy_of privacy_of(const struct extra_writer *writer, const struct node *node)
{
	enum privacy_of found = OPEN;
	for (unsigned i = 0; node != NULL && i < node->leaves_n; i++) {
		const struct column *column = &node->columns[node->leaves[i].column];
		if (column->excluded || (column->hashed && writer->drop_hashed))
			return HIDDEN;
		if (column->hashed)
			found = HASHED;
	}
	return found;
}

static bool add_member(struct extra_writer *writer, const struct json_walk *walk)
{
	if (!walk->object)
		return json_add_comma(writer->out);
	return json_add_comma(writer->out) && json_add_text(writer->out, walk->name) &&
	       buf_add_char(writer->out, ':');
}

static struct span position_name(size_t i, char room[24])
{
	size_t at = 24;
	do
		room[--at] = (char)('0' + i % 10);
	while ((i /= 10) > 0);
	return (struct span){room + at, 24 - at};
}

/* A member that differs in case only from a private one is private too: an API that writes
 * "Email" tomorrow shall not put into EXTRA what "email" was excluded for. */
static const struct node *private_namesake(const struct extra_writer *writer,
					   const struct node *node, struct span name)
{
	for (unsigned i = 0; i < node->n; i++) {
		const struct node *child = node->children[i];
		if (privacy_of(writer, child) != OPEN && text_same_nocase(child->name, name))
			return child;
	}
	return NULL;
}

static const struct node *step(const struct extra_writer *writer, const struct node *node,
			       const struct json_walk *walk, size_t i)
{
	char room[24];
	struct span name = walk->object ? walk->name : position_name(i, room);
	const struct node *child = tree_child(node, name, node->n);
	if (child == NULL && walk->object && node->private_below)
		child = private_namesake(writer, node, name);
	return child;
}

bool extra_write_public(struct extra_writer *writer, const struct node *node,
			const struct json *value)
{
	struct buf *out = writer->out;
	enum json_kind kind = json_kind(value);
	if (node == NULL || !node->private_below)
		return json_write(out, value, NULL);
	switch (privacy_of(writer, node)) {
	case HIDDEN:
		return buf_add_text(out, "null");
	case HASHED:
		return write_hash(writer, value);
	case OPEN:
		break;
	}
	if (kind != JSON_OBJECT && kind != JSON_LIST)
		return json_write(out, value, NULL);

	bool object = kind == JSON_OBJECT;
	bool done = buf_add_char(out, object ? '{' : '[');
	struct json_walk walk = json_walk(value);
	for (size_t i = 0; done && json_next(&walk); i++) {
		const struct node *child = step(writer, node, &walk, i);
		/* A hidden member goes; a hidden element leaves its place to null. */
		if (object && privacy_of(writer, child) == HIDDEN)
			continue;
		done = add_member(writer, &walk) && extra_write_public(writer, child, walk.value);
	}
	return done && buf_add_char(out, object ? '}' : ']');
}

/* What a place leaves over. */
enum leftover {
	LEFT_NOTHING,
	LEFT_ALL,
	LEFT_HASHED,
	LEFT_BELOW,   /* what is left of its members */
	LEFT_MISFITS, /* only what did not fit a column below: the rest was taken or is ignored */
};

static enum leftover leftover_of(const struct extra_writer *writer, const struct node *node,
				 const struct json *value, bool misfits_only)
{
	bool taken = misfits_only || node->ignored, hashed = false;
	bool container = json_kind(value) == JSON_OBJECT || json_kind(value) == JSON_LIST;
	if (json_kind(value) == JSON_NULL)
		return LEFT_NOTHING; /* null fits every column, and holds nothing below */
	for (unsigned i = 0; i < node->leaves_n; i++) {
		const struct slot *slot = &writer->slots[node->leaves[i].column];
		const struct column *column = &node->columns[node->leaves[i].column];
		if (slot->value == value && slot->misfit)
			return column->hashed ? LEFT_HASHED : LEFT_ALL;
		taken |= column->excluded || slot->value == value;
		hashed |= column->hashed;
	}
	if (taken)
		return writer->misfits && container && node->n > 0 ? LEFT_MISFITS : LEFT_NOTHING;
	if (hashed)
		return LEFT_HASHED;
	return container && (node->n > 0 || node->leaves_n == 0) ? LEFT_BELOW : LEFT_ALL;
}

static bool write_left(struct extra_writer *writer, const struct node *node,
		       const struct json *container, bool misfits_only, bool *ret_any);

/* One member or element: true also where nothing of it is left. */
static bool write_member(struct extra_writer *writer, const struct node *child,
			 const struct json_walk *walk, bool misfits_only, bool *ret_any)
{
	enum leftover left = child != NULL
				     ? leftover_of(writer, child, walk->value, misfits_only)
				     : misfits_only ? LEFT_NOTHING : LEFT_ALL;
	size_t start = writer->out->size;
	bool any = left != LEFT_NOTHING;
	bool done = true;

	if (left == LEFT_NOTHING && walk->object)
		return true;
	if (!add_member(writer, walk))
		return false;
	switch (left) {
	case LEFT_NOTHING:
		break;
	case LEFT_ALL:
		done = extra_write_public(writer, child, walk->value);
		break;
	case LEFT_HASHED:
		done = write_hash(writer, walk->value);
		break;
	case LEFT_BELOW:
	case LEFT_MISFITS:
		done = write_left(writer, child, walk->value, left == LEFT_MISFITS, &any);
		break;
	}
	if (done && !any && walk->object)
		buf_cut(writer->out, start);
	else if (done && !any) /* an element's place must stay */
		done = buf_add_text(writer->out, "null");
	*ret_any |= any;
	return done;
}

/* *ret_any: something was left, and written. */
static bool write_left(struct extra_writer *writer, const struct node *node,
		       const struct json *container, bool misfits_only, bool *ret_any)
{
	bool object = json_kind(container) == JSON_OBJECT;
	size_t start = writer->out->size;
	bool done = buf_add_char(writer->out, object ? '{' : '[');
	struct json_walk walk = json_walk(container);

	*ret_any = false;
	for (size_t i = 0; done && json_next(&walk); i++)
		done = write_member(writer, step(writer, node, &walk, i), &walk, misfits_only,
				    ret_any);
	done = done && buf_add_char(writer->out, object ? '}' : ']');
	if (done && !*ret_any)
		buf_cut(writer->out, start);
	return done;
}

bool extra_write(struct extra_writer *writer, const struct json *record)
{
	bool any;
	enum leftover left = leftover_of(writer, writer->tree, record, false);
	switch (left) {
	case LEFT_NOTHING:
		return true;
	case LEFT_ALL:
		return extra_write_public(writer, writer->tree, record);
	case LEFT_HASHED: /* an object all the same: the whole has no name */
		return buf_add_text(writer->out, "{\"\":") && write_hash(writer, record) &&
		       buf_add_char(writer->out, '}');
	case LEFT_BELOW:
	case LEFT_MISFITS:
		break;
	}
	return write_left(writer, writer->tree, record, left == LEFT_MISFITS, &any);
}
