/* One JSON record -> one typed row of a batch: what fits its column goes there, what does not is
 * rescued into EXTRA, what nobody named goes to EXTRA, what cannot be taken at all is rejected
 * with its reason. Counted, never silent (design, promise 6).
 *
 * The record is walked once along a tree made of the table's pointers; the order of members that
 * the API writes is learned, so that the usual member costs one comparison of its name. */
#ifndef FIRN_SHAPE_ROW_H
#define FIRN_SHAPE_ROW_H

#include "base/buf.h"
#include "base/digest.h"
#include "shape/batch.h"

struct shaper;

/* What a page gives to all its rows. */
enum fixed_kind { FIXED_NONE, FIXED_TEXT, FIXED_NUMBER, FIXED_BOOL, FIXED_JSON };
struct fixed_cell {
	enum fixed_kind kind;
	struct span text;        /* TEXT, NUMBER (digits), BOOL ("true", "false") */
	const struct json *json; /* FIXED_JSON: something around the records */
};

struct row_report {
	bool taken;            /* the batch has one row more; else the record was rejected */
	unsigned rescued;      /* values rescued or cleaned in this row */
	unsigned columns;      /* of them those that did not fit their column */
	/* of a taken row */
	uint64_t key_hash;     /* equal keys have equal hashes */
	int64_t cursor_us;     /* of a timestamp `cursor`; INT64_MIN: NULL, or no such column */
	/* of a rejected record; all live until the next call */
	const char *reason;
	struct span record;    /* what may be kept of it, as JSON; at NULL: nothing may */
	/* Of the whole record as minimal JSON; what is nested too deep for that counts as null. */
	char record_sha256[SHA256_HEX + 1];
	/* The first value that did not fit, for people: "LAST_UPDATED_AT: expected unix seconds,
	 * found "yesterday"" (hashed ones are not shown); NULL: all fitted. */
	const char *rescue;
};

/* `hash_key`: needed where a column is hashed. Table and key must outlive the shaper. ERR_USAGE:
 * a key, newest or cursor column is excluded, the latter two are hashed, another column holds the
 * same in the clear, or hash_key is missing. */
MUST_CHECK bool shaper_new(struct shaper **ret, const struct table *table, struct span hash_key,
			   struct err *reterr);
void shaper_free(struct shaper *); /* NULL is fine */

/* `fixed`: one for each of the table's columns (only those of CELL_FIXED are looked at), or NULL
 * where the table has none. `dirty`: the record's document is (json_dirty). `batch` may be NULL:
 * whoever only wants the row's cells or its landed line. False: no memory. */
MUST_CHECK bool shaper_row(struct shaper *, const struct json *record,
			   const struct fixed_cell *fixed, bool dirty, int64_t seq,
			   struct batch *batch, struct row_report *ret, struct err *reterr);
/* --- the row just taken, while its record is still there --- */
/* A cell as text (times in ISO 8601); false: it is NULL. */
bool shaper_cell(const struct shaper *, unsigned column, struct buf *out);
/* Of all that the record brought, without what the page gives: equal records have equal ones. */
uint64_t shaper_row_hash(const struct shaper *);
/* EXTRA; at NULL: it is NULL. */
struct span shaper_extra(const struct shaper *);
/* True where the record just read held something for the column, null included. */
bool shaper_saw(const struct shaper *, unsigned column);

/* Names and kinds of what went into EXTRA without being named by a column, for `connectors try`:
 * called for each top-level leftover of the row just taken. */
void shaper_leftovers(const struct shaper *, const struct json *record,
		      void (*told)(void *user, struct span name, const struct json *value),
		      void *user);

#endif
