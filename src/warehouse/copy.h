/* Landed files that Snowflake's own COPY reads out of an external stage: their rows get to where
 * warehouse_stage would have put them, and pass through no other machine.
 *
 * COPY puts the lines, as text, into a temporary table (autocommit; it is DDL and COPY, which never
 * stand in a transaction), file by file: ON_ERROR = SKIP_FILE. What they are is then asked of each
 * file; the caller says which are taken; an INSERT makes typed rows of their lines, by the rules of
 * shape/landed.h, in the staging tables of the next commit. Only Snowflake has it.
 *
 * What differs from shape/landed.h: numbers of more than 38 digits are those of Snowflake's JSON;
 * what a member of EXTRA and an unknown member have in common keeps both, EXTRA below its own
 * name. Syntax: Snowflake's SQL reference, COPY INTO <table>, LIST, DESCRIBE STAGE. */
#ifndef FIRN_WAREHOUSE_COPY_H
#define FIRN_WAREHOUSE_COPY_H

#include "base/arena.h"
#include "base/buf.h"
#include "warehouse/warehouse.h"

enum { COPY_FILES_MAX = 1000 }; /* that a COPY may name */

/* `stage` is a stage's name as SQL has it: x, SCHEMA.x, "x"; without a schema it is the
 * configured one's. *ret: its URL, "s3://bucket/prefix/". ERR_USAGE: no external stage. */
MUST_CHECK bool copy_stage_url(struct warehouse *, const char *stage, struct buf *ret,
			       struct err *reterr);
/* Every file whose path below the stage's URL begins with `prefix`, as "s3://bucket/key", and its
 * bytes; perhaps more. In no order. `each` may not use the warehouse. */
MUST_CHECK bool copy_list(struct warehouse *, const char *stage, struct span prefix,
			  bool (*each)(void *user, struct span url, int64_t bytes,
				       struct err *reterr),
			  void *user, struct err *reterr);

struct copy_file {
	const char *path;     /* below the stage's URL */
	/* filled in by copy_read; texts live in the copy's arena */
	bool read;            /* COPY took all of it */
	const char *why;      /* else COPY's words; NULL: it said nothing of this file */
	int64_t lines;        /* that are not empty */
	int64_t not_json;     /* of them; bad_line: the first */
	int64_t bad_line;
	int64_t rows;         /* that can be taken; the others would be rejected */
	int64_t rescued;      /* values */
	const char *name;     /* as Snowflake calls it; NULL: it has no lines */
	/* by the caller, before copy_take */
	bool take;
};

struct copy {
	const char *stage;
	const struct table *table; /* without excluded or hashed columns */
	const char *pipeline, *run_id;
	struct arena *arena;
	struct copy_file *files;   /* n <= COPY_FILES_MAX */
	size_t n;
	int64_t seq;               /* of the first row */
	/* filled in by copy_take */
	int64_t rows, rejected;    /* that are staged now, of the table and of FIRN_REJECTED */
	char lines[64];            /* the temporary table; "": none */
};

MUST_CHECK bool copy_read(struct warehouse *, struct copy *, struct err *reterr);
/* After copy_read; the temporary table is gone afterwards. */
MUST_CHECK bool copy_take(struct warehouse *, struct copy *, struct err *reterr);

#endif
