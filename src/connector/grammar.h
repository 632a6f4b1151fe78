/* The one table of the connector language. Readers ask it by names; what only the whole can tell
 * (a column that is not there, a slot in the wrong place) is checked behind it, in rules.c and
 * slots.c. */
#ifndef FIRN_CONNECTOR_GRAMMAR_H
#define FIRN_CONNECTOR_GRAMMAR_H

#include "config/keys.h"

/* Keys that one kind of stream may not have; those of `defaults` do not apply to it. */
enum {
	NOT_CHILD = KEY_YOURS,     /* for_each */
	NOT_ROWS = KEY_YOURS << 1, /* rows */
};

extern const struct form CONNECTOR_FORM;
extern const struct form STREAM_FORM;  /* of `defaults` and each of `streams` */
extern const struct form SETTING_FORM; /* of `settings` and `fields` */
extern const struct form COLUMN_FORM;  /* a type, or a map */
extern const struct form ERROR_FORM;   /* of `errors` */
extern const struct form WAIT_FORM;    /* of `for`: a duration, or a map */

#endif
