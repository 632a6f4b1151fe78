/* What the files behind run/try.h share; only their tests include this beside them.
 *
 *	try.c        what is needed before anything is asked; the stream and those above it
 *	try_given.c  settings: the configuration's, the command line's, stand-ins
 *	try_ask.c    asking, page by page
 *	try_rows.c   looking at the rows
 *	try_words.c  requests, answers and cells in words */
#ifndef FIRN_RUN_TRYING_H
#define FIRN_RUN_TRYING_H

#include "run/probe.h"
#include "run/seen.h"
#include "run/setup.h"
#include "run/try.h"

struct trying {
	const struct try_options *options;
	struct try_result *result;
	struct arena *arena;         /* the result's */
	struct connector *connector; /* the result's */
	struct settings settings;
	struct credentials credentials;
	char *base_url;
	struct sign *sign;
	struct rest_setup rest;
	struct probe *probe;         /* NULL: a saved answer is read */
	bool stood_in;               /* for some setting */
};

struct try_answer {
	int status;          /* 0: a saved answer */
	int64_t took_ms, bytes;
	bool is_page;        /* it was read; what follows counts */
	int64_t records, rows, rescued, rejected;
	const char *at;      /* where the records are; "": the answer itself */
	bool pages;          /* the stream has more than one page */
	const char *next;    /* what names the next page; NULL: nothing does, it is the end */
	const char *end;     /* what the answer says of an end, "/end_of_stream false"; or NULL */
};

/* One stream while it is asked. */
struct asking {
	struct trying *t;
	const struct stream *stream;
	const struct table *table;
	const struct value **first;  /* of a stream above: where its first row is kept */
	struct shaper *shaper;
	struct batch *batch;
	struct rest *rest;           /* NULL: rows out of the settings */
	struct seen *seen;
	int64_t seq;
	int64_t from_us, until_us;   /* rows outside are told; STAMP_NONE: not looked at */
	int64_t outside, timed;      /* rows outside; rows with a time */
	bool parts;                  /* match: position: the answer is a list of parts */
	size_t element, at;          /* the record's: its part, its place */
	struct try_answer answer;
	int64_t rescued_rows, rejected_rows, cleaned; /* cleaned: texts */
};

/* --- try_given.c --- */
/* NULL in *ret: nothing was given. */
MUST_CHECK bool try_given(struct trying *, const struct yaml **ret, struct err *reterr);
/* What a row of the parent stands in for, by column of it: offline there is none. */
MUST_CHECK bool try_stand_in_row(struct trying *, const struct stream *parent,
				 const struct value **ret, struct err *reterr);

/* --- try_ask.c --- */
/* Asks `stream` with a row of its parent (or NULL). `row`: where the first row it brings is kept,
 * for a child; NULL: it is the stream that is tried. */
MUST_CHECK bool try_stream(struct trying *, const struct stream *, const struct value *parent,
			   const struct value **row, struct err *reterr);

/* --- try_rows.c --- */
struct row_sink try_sink(struct asking *);
/* Notes that only the whole of the rows can tell. */
void try_tell_rows(struct asking *);

/* --- try_words.c --- */
void try_say(struct trying *, const struct buf *lines);

/* "200 OK, 0.41 s, 1.2 MB, 1,000 records at /tickets, ..." and a line end. */
void try_write_answer(const struct try_answer *, struct buf *out);
/* "GET https://...     Authorization: ***", and the body below it. */
void try_write_request(const struct request *, const struct sign_mark *, struct buf *out);
/* What names the next page; NULL: there is none. Both texts live as long as the arena. */
const char *try_next_words(struct arena *, const struct stream *, const struct json *root,
			   bool ended);
const char *try_end_words(struct arena *, const struct stream *, const struct json *root);
/* A cell as the shaper wrote it, for people, and as JSON of the landing form. */
void try_write_cell(enum type type, struct span text, struct buf *out);
void try_write_json(enum type type, struct span text, struct buf *out);

#endif
