/* View texts built into the program, and their translation to a dialect.
 * views/CONNECTOR/NAME.sql becomes a row here, NAME being the view's; the language of the files
 * stands at the head of views.c. */
#ifndef FIRN_WAREHOUSE_VIEWS_H
#define FIRN_WAREHOUSE_VIEWS_H

#include "base/buf.h"
#include "base/span.h"
#include "warehouse/warehouse.h"

struct builtin_view {
	const char *connector, *name;
	struct span text;
};
extern const struct builtin_view BUILTIN_VIEWS[];         /* ends with a NULL connector */
extern const struct builtin_view BUILTIN_VIEW_SETTINGS[]; /* views/CONNECTOR/NAME.yaml */
/* report/CONNECTOR/NAME.sql, in the same language: what `firn report` asks. `firn` stands for the
 * connector where firn's own tables are asked. */
extern const struct builtin_view BUILTIN_REPORTS[];

/* The SELECT of a view in the words of one warehouse, without CREATE and without the comment:
 * tables and columns quoted, the prefix in front of tables, days in options->timezone, lists as
 * quoted literals, appended tables reduced to the newest version of each key. Two equal calls
 * give equal texts: whether a view has changed is seen by comparing them. ERR_USAGE: the text
 * uses something that the language of views does not have (our own bug, or a user's file). */
MUST_CHECK bool view_sql(const struct view *, enum warehouse_kind kind,
			 const struct view_options *, struct buf *ret, struct err *reterr);
/* The tables that the view reads, without prefix, as written: so that a view whose tables do not
 * exist is left out. `told` is called once for each. */
MUST_CHECK bool view_tables(const struct view *, void (*told)(void *user, struct span table),
			    void *user, struct err *reterr);
/* What the first line of the file says behind "-- ": the view's COMMENT. Empty: it is none. */
struct span view_comment(struct span text);

#endif
