/* What the files behind rest.h share; nobody else includes this. */
#ifndef FIRN_SOURCE_TALK_H
#define FIRN_SOURCE_TALK_H

#include "base/json.h"
#include "source/rest.h"

enum { TALK_HEADERS_MAX = 64 };

struct rest {
	const struct rest_setup *setup;
	struct question question;
	const struct stream *stream;
	char *origin; /* the only scheme, host and port that is ever asked */

	/* where the paging stands */
	bool done;
	int64_t pages, records; /* answered; brought */
	int64_t number;         /* of offset and page */
	struct buf token;       /* next_token; empty: none */
	enum value_kind token_kind; /* as it came: a number goes into a body as one */
	struct buf link;        /* next_url, link_header; empty: none */
	const char *next_at;    /* the pointer that found it; NULL: none did */
	uint64_t page_hash;     /* of the last page's records */
	int64_t page_records;
	uint64_t *seen;         /* hashes of links and tokens that were followed, a hash table */
	size_t seen_n, seen_room;

	/* the request being made, and texts that slots point into */
	struct buf url, shown, body, words;
	size_t plain_size;      /* of the url without the api key that was put behind it */
	struct header headers[TALK_HEADERS_MAX];
	size_t headers_n;
	struct buf header_texts[TALK_HEADERS_MAX];
	char slot_text[STAMP_TEXT_BYTES];
	bool cut;               /* a slot's text was too long for `words` */
	bool one_element;       /* item.* is that of `element` alone, not joined */
	size_t element;
	int64_t fetched_us;

	/* the page being read */
	struct json_doc *turned; /* `shape: columns`: the last record */
	struct fixed_cell *fixed; /* by column */
	struct buf *fixed_texts;
	bool any_fixed;
	bool more_unasked;
};

/* ask.c */
struct template_scope talk_scope(struct rest *);
MUST_CHECK bool talk_make_url(struct rest *, const struct sign_mark *, const struct template *path,
			      const struct entry *query, size_t query_n, struct err *reterr);
MUST_CHECK bool talk_follow_url(struct rest *, const struct sign_mark *, struct err *reterr);
/* `count`: for the API's own count, which is a GET whatever the stream's method. */
MUST_CHECK bool talk_make_request(struct rest *, const struct sign_mark *, bool count,
				  struct request *ret, struct err *reterr);

/* verdict.c: what an answer means, before anybody looks for records. *ret_page is true where it
 * is a page to be read; else *ret is filled. `doc` is NULL where the body is no JSON. */
void talk_judge(const struct rest *, const struct response *, const struct json *root,
		const struct err *json_error, int64_t now_us, struct verdict *ret, bool *ret_page);
/* The same rules for one element's part of an answer: PART_PASSED where a rule lets it pass as
 * empty; bad, *why says so. */
enum part { PART_GOOD, PART_PASSED, PART_BAD };
enum part talk_judge_part(const struct rest *, const struct json *part, struct err *why);
/* What the API says of itself: message_at, else the beginning of the body. Never empty. */
void talk_message(const struct rest *, const struct json *root, struct span body,
		  struct buf *out);
/* A server's words as a message may show them: no control characters, long ones cut at a whole
 * character. */
void talk_words(struct buf *out, struct span text, size_t bytes_max);

/* records.c: the records of an answer, handed to the sink. */
enum records_end { RECORDS_READ, RECORDS_BAD, RECORDS_FAILED };
struct records_of {
	const struct json *root;
	struct span body;
	bool dirty;
};
struct records_found {
	int64_t records, let_pass; /* let_pass: elements' parts */
	uint64_t hash;             /* two pages with the same one hold the same records */
	const struct json *last;   /* record; NULL: none. Valid as long as the answer */
};
/* RECORDS_BAD: the answer has not the form that the connector describes; `why` says how. */
enum records_end talk_read_records(struct rest *, const struct records_of *, struct row_sink *,
				   struct records_found *ret, struct err *why,
				   struct err *reterr);
MUST_CHECK bool talk_fix_cells(struct rest *, const struct json *around, struct err *reterr);

/* paging.c: after a page: where the next one is. False: ERR_DATA, a page that repeats, a link to
 * elsewhere or none at all; ERR_MEMORY. */
MUST_CHECK bool talk_advance(struct rest *, const struct response *, const struct json *root,
			     const struct json *last_record, struct err *reterr);
void talk_forget_pages(struct rest *); /* the links and tokens that were followed */

#endif
