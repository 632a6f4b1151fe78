/* Rows for people and for programs: an aligned table, CSV, JSON, Markdown. Rows go in one by one;
 * all but the table are written as they come, the table measures the first TABLE_ROWS_KEPT rows
 * and then writes as well. */
#ifndef FIRN_REPORT_TABLE_H
#define FIRN_REPORT_TABLE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "base/type.h"

enum table_format { TABLE_TEXT, TABLE_CSV, TABLE_JSON, TABLE_MARKDOWN };

struct table_writer;

struct table_options {
	enum table_format format;
	const char *const *names;
	const enum type *types; /* numbers stand right, JSON goes into JSON as it is */
	size_t columns;
	bool colour;
	bool no_count; /* no line with the number of rows under a table */
	/* A table that is wider than so many columns has its names in several lines; where that
	 * is not enough, its widest columns of text and JSON are made narrower and their cells
	 * cut, with "…" or "..." at the end; and where that is not enough, each row becomes lines
	 * of its own, one a column. 0: never; what is not a terminal gets all. */
	size_t screen_columns;
	bool unicode;
	/* Takes what is written; false: it could not (reterr of the calls below is then set). */
	bool (*write)(void *user, struct span text);
	void *user;
};

MUST_CHECK bool table_begin(struct table_writer **ret, const struct table_options *,
			    struct err *reterr);
MUST_CHECK bool table_row(struct table_writer *, const struct span *cells, struct err *reterr);
/* Writes what is left, and the number of rows under a table. */
MUST_CHECK bool table_end(struct table_writer *, struct err *reterr);
void table_free(struct table_writer *); /* NULL is fine */

#endif
