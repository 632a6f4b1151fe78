/* The six types that a column can have, from the connector file to the warehouse. */
#ifndef FIRN_BASE_TYPE_H
#define FIRN_BASE_TYPE_H

enum type {
	TYPE_TEXT,
	TYPE_INT,       /* 64 bit, signed */
	TYPE_FLOAT,     /* IEEE double */
	TYPE_BOOL,
	TYPE_TIMESTAMP, /* microseconds since 1970-01-01 UTC */
	TYPE_JSON,      /* an object, list or scalar, kept as minimal JSON text */
	TYPE_COUNT
};

const char *type_name(enum type type); /* "text", "int", "float", "bool", "timestamp", "json" */

#endif
