/* Text with `{scope.name}` in it: filled in, never evaluated (docs/CONNECTORS.md, part 1).
 *
 * A template is parsed once, when the connector is read; `{{` and `}}` are braces. A scalar of
 * the file that is not quoted and reads as a number, true, false or null keeps that kind, and so
 * does a template that is one slot alone: in a JSON body a number stays a number. */
#ifndef FIRN_CONNECTOR_TEMPLATE_H
#define FIRN_CONNECTOR_TEMPLATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum slot_scope {
	SLOT_LITERAL,
	SLOT_SETTINGS, /* settings.NAME; a list joined by commas */
	SLOT_ITEM,     /* item.FIELD of `repeat` or `rows`, item.value of a plain list */
	SLOT_PARENT,   /* parent.COLUMN of `for_each` */
	SLOT_WINDOW,   /* window.from, until, last */
	SLOT_PAGING,   /* paging.token, offset, page */
	SLOT_RUN,      /* run.started_at, fetched_at */
	SLOT_AUTH,     /* auth.token, user, password, key: in `auth` only */
};

enum value_kind {
	VALUE_ABSENT,
	VALUE_NULL,
	VALUE_TEXT,
	VALUE_NUMBER, /* text: the digits as written */
	VALUE_BOOL,   /* text: true or false */
};

struct value {
	enum value_kind kind;
	struct span text;
};

struct template_part {
	enum slot_scope scope;
	struct span text; /* SLOT_LITERAL: the text itself; else the name behind the dot */
};

struct template {
	const struct template_part *parts;
	size_t n;
	enum value_kind literal; /* of a template without slots: what the scalar is */
	int line, column;        /* where it stands in the file */
};

/* Where the filled-in text goes, and so how it is encoded. */
enum template_place {
	PLACE_PLAIN,  /* as it is: column values, ids */
	PLACE_PATH,   /* slots percent-encoded, literals as written; a value that is missing, empty,
		       * `.` or `..` is an error */
	PLACE_QUERY,  /* all of it percent-encoded (a blank is %20) */
	PLACE_HEADER, /* as it is; a control character is an error */
	PLACE_HOST,   /* slots hold letters, digits, `.` and `-` only, unless a slot is the whole */
};

/* How a slot finds its value: `ret` stays valid until the next call of the same function.
 * VALUE_ABSENT where there is none. */
struct template_scope {
	void (*find)(void *user, enum slot_scope scope, struct span name, struct value *ret);
	void *user;
};

/* Slots whose names are fixed (window, paging, run, auth) are checked here, the others by whoever
 * knows them. The error's text is without file and line: the caller puts them in front; so are
 * `literal` (VALUE_TEXT at first), `line` and `column` the caller's to set. */
MUST_CHECK bool template_parse(struct arena *arena, struct span text, struct template *ret,
			       struct err *reterr);
/* Appends the filled-in text to `out`. *ret_absent is set, and nothing appended, where a slot
 * has no value or null (in a path that is ERR_USAGE instead). */
MUST_CHECK bool template_fill(const struct template *, enum template_place place,
			      struct template_scope scope, struct buf *out, bool *ret_absent,
			      struct err *reterr);
/* The same for a JSON body or a column's value: the kind is kept where the template is a bare
 * scalar or one slot alone, else it is text. `out` holds the text that ret points into. */
MUST_CHECK bool template_value(const struct template *, struct template_scope scope,
			       struct buf *out, struct value *ret, struct err *reterr);
bool template_has(const struct template *, enum slot_scope scope, const char *name); /* NULL: any */
const char *slot_scope_name(enum slot_scope scope);
bool template_show(const struct template *, struct buf *out); /* as it was written */

#endif
