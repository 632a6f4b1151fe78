/* What the user gave under source.settings, held against what the connector asks for. */
#ifndef FIRN_CONNECTOR_SETTINGS_H
#define FIRN_CONNECTOR_SETTINGS_H

#include "base/arena.h"
#include "connector/connector.h"

struct yaml;

struct element { /* of a list setting */
	const struct value *fields; /* as setting->fields; of a plain list one value */
	int line, column;
};

struct setting_value {
	const struct setting *setting;
	struct value value;             /* VALUE_ABSENT: not given; of a list: joined by commas */
	const struct element *elements; /* of SETTING_LIST */
	size_t n;
};

struct settings {
	const struct setting_value *at; /* one for each of connector->settings, in its order */
	size_t n;
};

/* `given` is the mapping under source.settings, or NULL. Defaults are filled in, digests
 * computed, types and bounds checked; two elements of one list that `repeat` or `rows` would not
 * tell apart are a mistake. Numbers keep the digits that the user wrote. Mistakes as in
 * connector_parse, with the configuration's file name. All lives in the arena. */
MUST_CHECK bool settings_read(struct arena *, const struct connector *, const struct yaml *given,
			      const char *file, struct settings *ret, struct buf *mistakes,
			      struct err *reterr);

const struct setting_value *settings_find(const struct settings *, struct span name);
/* A field of an element; VALUE_ABSENT where it is not given or not known. `value` of a plain
 * list is its element. */
struct value settings_field(const struct setting_value *, size_t element, struct span name);
/* The name under which state of one element is kept: its id fields, joined by '/', each
 * percent-encoded; empty without a repeat. */
MUST_CHECK bool settings_part(const struct stream *, const struct settings *, size_t element,
			      struct buf *out, struct err *reterr);

#endif
