/* One value of a row on its way from JSON (or from a template) to its column's type. */
#ifndef FIRN_SHAPE_CELL_H
#define FIRN_SHAPE_CELL_H

#include "base/buf.h"
#include "base/json.h"
#include "shape/column.h"

#include <stdint.h>

enum cell_kind { CELL_NULL, CELL_TEXT, CELL_WHOLE, CELL_REAL };

struct cell {
	enum cell_kind kind;
	struct span text; /* CELL_TEXT: of columns text and json, clean UTF-8 */
	int64_t whole;    /* CELL_WHOLE: int, bool (0, 1), timestamp (microseconds) */
	double real;      /* CELL_REAL */
};

enum cell_fit {
	FIT,       /* *ret holds it */
	FIT_NOT,   /* wrong type or form: the cell is NULL, the value to be rescued */
	FIT_NEVER, /* what no warehouse takes (too long, too deep): the record is to be rejected */
	FIT_FAILED, /* no memory */
};

/* Room for texts that had to be made (cleaned, serialised, formatted). Spans into it stay valid
 * until scratch_clear: it grows by blocks and never moves what is there. */
struct scratch {
	struct scratch_block *blocks;
	struct buf work; /* where one text grows before it is settled */
};
void scratch_init(struct scratch *);
void scratch_done(struct scratch *);
void scratch_clear(struct scratch *);
/* Settles what is in scratch->work; at NULL: no memory. */
struct span scratch_settle(struct scratch *);
/* The same as a cell of text; `written`: what the call that wrote there returned. FIT_NEVER where
 * it is larger or deeper than a cell may be. scratch->work is empty afterwards. */
enum cell_fit scratch_cell(struct scratch *, bool written, struct cell *ret);

/* A JSON value into a column. `cleaned` is raised where its text had to be cleaned. JSON null and
 * an absent value (NULL) fit every column as NULL. */
enum cell_fit cell_of_json(const struct column *, const struct json *value, bool dirty,
			   struct scratch *, struct cell *ret, unsigned *cleaned);
/* Text, digits, "true" or "false" out of a template into a column. */
enum cell_fit cell_of_words(const struct column *, enum json_kind kind, struct span text,
			    struct scratch *, struct cell *ret);
/* What a column expects, for messages: "unix seconds", "a whole number", "a time such as …". */
const char *cell_expected(const struct column *);
/* The cell as text, as a URL or a child's column would want it: times in ISO 8601. False: NULL. */
bool cell_write(const struct column *, const struct cell *, struct buf *out);

#endif
