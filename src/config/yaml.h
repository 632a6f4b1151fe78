/* YAML as a tree that remembers where everything stood: the only door to libyaml.
 *
 * What a configuration needs and no more: UTF-8, one document, mappings, sequences and scalars;
 * anchors, aliases, merge keys, tags and keys that are no scalars are refused, and so are a key
 * given twice, more than CONFIG_BYTES_MAX bytes, CONFIG_DEPTH_MAX levels or CONFIG_NODES_MAX
 * values. All scalars are text here (`yes`, `no`, `on`, `0x10`, dates too); whoever reads them
 * decides by yaml_plain_kind what a bare one may be. */
#ifndef FIRN_CONFIG_YAML_H
#define FIRN_CONFIG_YAML_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml {
	enum yaml_kind kind;
	int line, column; /* 1 and up, of its first byte */
	/* scalar */
	struct span text; /* NUL behind */
	bool quoted;      /* '…', "…", | or >: always text */
	/* list and map */
	struct yaml *children;
	struct yaml *names; /* of a map: as many scalars */
	size_t n;
};

/* The root, in the arena; an empty document is an empty map. ERR_USAGE with `file:line:column:`
 * in front of what is wrong. */
MUST_CHECK bool yaml_read(struct arena *, struct span text, const char *file, struct yaml **ret,
			  struct err *reterr);

const struct yaml *yaml_member(const struct yaml *map, const char *name); /* NULL: none */
const char *yaml_kind_name(enum yaml_kind kind); /* "a scalar", "a list", "a map" */

/* What a scalar may be read as: JSON's numbers, true, false; null, ~ or nothing at all are
 * YAML_NULL. Quoted: always YAML_TEXT. */
enum yaml_plain { YAML_TEXT, YAML_NUMBER, YAML_BOOL, YAML_NULL };
enum yaml_plain yaml_plain_kind(const struct yaml *scalar);

/* A text out of the file as a message may show it: control characters as `?`, what is long cut
 * at a whole character. Returns `out`. */
enum { YAML_SHOWN_BYTES = 80 };
const char *yaml_shown(struct span text, char out[YAML_SHOWN_BYTES]);

#endif
