/* What is left of a record beside its columns, and what may be kept of a rejected one.
 *
 * The record must be plain: clean text, no equal names in the objects along the tree. row.c sees
 * to that. */
#ifndef FIRN_SHAPE_EXTRA_H
#define FIRN_SHAPE_EXTRA_H

#include "base/buf.h"
#include "shape/tree.h"

/* What became of a column's value in this row. */
struct slot {
	const struct json *value; /* what the column took; NULL: nothing was there */
	const struct node *node;  /* where it stood; NULL: not in the record */
	unsigned rank;
	bool misfit;
};

struct extra_writer {
	const struct node *tree;
	const struct slot *slots; /* by column */
	struct span hash_key;
	struct buf *out;
	bool misfits;     /* some column's value did not fit */
	bool drop_hashed; /* extra_write_public leaves hashed members out, too */
	bool landed;      /* a text that looks like a digest is one: who wrote it hashed it */
};

/* Appends the leftovers as a JSON object: members that no column names, values that did not fit
 * (hashed where their column is), values of a column's other pointers. Nothing is appended where
 * nothing is left. False: out->failed, or nested deeper than JSON_DEPTH_MAX. */
MUST_CHECK bool extra_write(struct extra_writer *, const struct json *record);
/* Appends a value without its excluded members, hashed ones hashed; `node` is where it stands.
 * False as above. */
MUST_CHECK bool extra_write_public(struct extra_writer *, const struct node *node,
				   const struct json *value);
/* The HMAC-SHA-256 of a value's text (of objects and lists: of their JSON), 64 hex digits.
 * False: work->failed, or nested deeper than JSON_DEPTH_MAX. */
MUST_CHECK bool extra_hash(struct span hash_key, const struct json *value, struct buf *work,
			   char ret[65]);
/* True for a text of 64 lower-case hexadecimal digits. */
bool extra_is_hash(const struct json *value);

#endif
