/* What row.c, fill.c and keep.c share; nobody else includes this. */
#ifndef FIRN_SHAPE_SHAPER_H
#define FIRN_SHAPE_SHAPER_H

#include "shape/extra.h"
#include "shape/row.h"
#include "shape/tree.h"

struct shaper {
	const struct table *table;
	struct span hash_key;
	struct arena *arena;
	struct node *tree;
	struct slot *slots; /* by column */
	struct cell *cells;
	struct scratch scratch;
	struct buf extra, reason, rescue, record;
	struct json_doc *plain; /* the record anew, where it was not plain; else NULL */
	uint64_t walk;      /* counts the walks over records */
	bool left;          /* something of the record may belong into EXTRA */
	bool twice;         /* two members of an object have the same name, or may have */
	bool private_any;
	bool whole_private; /* a private column holds the whole record */
};

/* Fills shaper->cells out of shaper->slots. report->taken says whether the record can be one
 * row; false: no memory. `dirty` is the page's, for what it gives to all its rows. */
MUST_CHECK bool fill_cells(struct shaper *, const struct json *record,
			   const struct fixed_cell *fixed, bool dirty, struct row_report *report,
			   struct err *reterr);
/* EXTRA of the row into shaper->extra, empty where there is none. False: shaper->extra failed, or
 * something is nested too deep. */
MUST_CHECK bool keep_extra(struct shaper *, const struct json *record,
			   const struct fixed_cell *fixed, bool misfits);
/* What of a rejected record may be kept, and the digest that it is known by, into the report.
 * False: no memory. */
MUST_CHECK bool keep_rejected(struct shaper *, const struct json *record,
			      struct row_report *report, struct err *reterr);

#endif
