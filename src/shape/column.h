/* A table as firn writes it: names, types, where each cell comes from. Plain data, made by
 * whoever knows the connector (source/) or the landing format (load), used by shape and
 * warehouse alike. */
#ifndef FIRN_SHAPE_COLUMN_H
#define FIRN_SHAPE_COLUMN_H

#include "base/json.h"
#include "base/stamp.h"
#include "base/type.h"

/* Columns that every table has behind its own ones; names that no connector may use. */
#define COLUMN_EXTRA "EXTRA"
#define COLUMN_LOAD_TIMESTAMP "LOAD_TIMESTAMP"
#define COLUMN_SEQ "_FIRN_SEQ" /* staging only: the order of reading */

enum cell_from {
	CELL_RECORD, /* a pointer into the record */
	CELL_FIXED,  /* the same for a whole page: a value, or something around the records */
	CELL_DIGEST, /* 32 hex digits over pointers into the record */
};

struct column {
	const char *name;       /* upper case */
	enum type type;
	enum type given;        /* of a hashed column: of the value itself; its digest is text */
	enum cell_from from;
	struct pointers at;     /* CELL_RECORD, CELL_DIGEST */
	struct stamp_format format; /* TYPE_TIMESTAMP, out of a record or fixed */
	bool required;
	bool keep_first;        /* an update keeps what is there */
	bool excluded;          /* written nowhere */
	bool hashed;            /* HMAC-SHA-256, before anything is written */
	const char *comment;    /* or NULL */
};

struct table {
	const char *name;       /* with the prefix */
	const char *stream;     /* for messages, FIRN_RUNS, FIRN_REJECTED */
	const char *comment;    /* or NULL */
	const struct column *columns;
	unsigned columns_n;
	const unsigned *key;    /* indices into columns */
	unsigned key_n;
	int newest;             /* index, or -1: the one read last wins */
	int cursor;             /* index of the column that windows are cut by, or -1 */
	bool append;            /* keep versions: the key is (key, newest) */
	bool has_extra;         /* false for firn's own tables */
	bool landed;            /* rows come out of landed lines: landed.h */
	const struct pointer *ignore;
	unsigned ignore_n;
};

/* Index of the column, or -1. */
int table_column(const struct table *table, struct span name);

#endif
