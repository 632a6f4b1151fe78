/* What the files of config/keys share. */
#ifndef FIRN_CONFIG_KEYS_PRIVATE_H
#define FIRN_CONFIG_KEYS_PRIVATE_H

#include "config/keys.h"

enum { LEVELS_MAX = 8 }; /* of forms inside each other that a search or a print walks */

bool form_is_scalar(enum form_kind kind);
bool form_is_null(const struct yaml *node); /* ~, null or nothing */
/* True where the form wants this YAML kind: the value itself may still be wrong. */
bool form_fits(const struct form *form, const struct yaml *node);
/* The form itself; of a FORM_EITHER the alternative that takes the value, else the only one that
 * fits its kind; NULL: none or several. */
const struct form *form_pick(const struct form *form, const struct yaml *node);
bool form_is_pointer(struct span text);
bool form_is_reserved(const struct form *form, struct span text);
const struct key *form_key(const struct form *form, struct span name); /* NULL: none */
bool name_matches(const char *pattern, struct span name); /* `*` at its end or begin */

#endif
