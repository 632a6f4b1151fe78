/* JSON in and out: the only door to yyjson.
 *
 * Reading is strict RFC 8259, but for two things that real servers send and a customer's text
 * must survive: bytes that are not UTF-8 and escapes of lone surrogates are let through, and the
 * document is then `dirty`: whoever takes text out of a dirty document cleans it (text_clean).
 * A document whose text holds an escaped NUL is dirty too. A byte order mark in front is skipped,
 * as the RFC allows. Numbers keep the digits that were written. Of equal names in an object the
 * last one counts (design, "Values that warehouses refuse").
 *
 * A document owns all its values: every `const struct json *` and span lives as long as it. */
#ifndef FIRN_BASE_JSON_H
#define FIRN_BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct json_doc;
struct json; /* one value */

enum json_kind {
	JSON_ABSENT, /* what json_kind says of NULL */
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_TEXT,
	JSON_LIST,
	JSON_OBJECT,
};

/* NULL: not whole JSON (ERR_DATA, with line and column of the place) or no memory.
 * `text` is not kept. */
MUST_CHECK struct json_doc *json_parse(struct span text, struct err *reterr);
void json_free(struct json_doc *doc); /* NULL is fine */
const struct json *json_root(const struct json_doc *doc);
bool json_dirty(const struct json_doc *doc);

enum json_kind json_kind(const struct json *value);
const char *json_kind_name(enum json_kind kind); /* "object", "list", "text", "number", ... */
bool json_bool(const struct json *value);
struct span json_text(const struct json *value);   /* of JSON_TEXT: unescaped, raw bytes */
struct span json_digits(const struct json *value); /* of JSON_NUMBER: as it was written */
size_t json_count(const struct json *value);       /* members or elements; 0 for scalars */
const struct json *json_member(const struct json *object, struct span name); /* NULL: none */
const struct json *json_element(const struct json *list, size_t index);      /* NULL: none */

/* Walks a list or an object in the order written:
 *	struct json_walk walk = json_walk(object);
 *	while (json_next(&walk)) use(walk.name, walk.value);
 * `name` is empty in a list. Equal names come as often as they were written. */
struct json_walk {
	struct span name;
	const struct json *value;
	const void *next;
	size_t left;
	bool object;
};
struct json_walk json_walk(const struct json *value);
bool json_next(struct json_walk *walk);

/* --- JSON Pointers (RFC 6901) --- */
struct pointer {
	const char *text;        /* as written */
	const struct span *keys; /* unescaped */
	size_t depth;            /* 0: the whole */
};
struct pointers { /* the first that is there and not null counts */
	const struct pointer *at;
	size_t n;
};
/* The pointer and what it needs live in the arena. ERR_USAGE: no pointer, or deeper than
 * POINTER_DEPTH_MAX. */
MUST_CHECK bool pointer_parse(struct arena *arena, struct span text, struct pointer *ret,
			      struct err *reterr);
/* NULL: not there. With `any_case` a name that is not there exactly is looked for without
 * regard to ASCII case. */
const struct json *json_point(const struct json *value, const struct pointer *pointer,
			      bool any_case);
/* The first of several that is there and not null; else one that is null; else NULL. */
const struct json *json_point_any(const struct json *value, struct pointers pointers,
				  bool any_case);

/* --- writing --- */
/* The value as minimal JSON, UTF-8, with the digits of its numbers, of equal names the last.
 * `cleaned` is raised by the number of texts that had to be cleaned (text_clean): invalid UTF-8
 * becomes U+FFFD, NUL is dropped; it may be NULL. False, and nothing of the value in the buffer:
 * buffer full (buf->failed), or deeper than JSON_DEPTH_MAX (buf not failed). */
MUST_CHECK bool json_write(struct buf *buf, const struct json *value, size_t *cleaned);
/* A JSON string, quotes and all, out of UTF-8 text. */
bool json_add_text(struct buf *buf, struct span text);
/* `"name":` with a comma in front unless the last byte is `{`, `[` or `:` */
bool json_add_name(struct buf *buf, const char *name);
/* The comma that the next element of a list needs, unless it is the first. */
bool json_add_comma(struct buf *buf);
bool json_add_int(struct buf *buf, const char *name, int64_t value);
bool json_add_string(struct buf *buf, const char *name, const char *text); /* NULL: null */

/* --- reading our own files back --- */
/* A member as a whole number or text; `fallback` where it is absent or of another kind. */
int64_t json_int_member(const struct json *object, const char *name, int64_t fallback);
struct span json_text_member(const struct json *object, const char *name, const char *fallback);
/* Digits as a whole number; false: fraction, exponent, or beyond 64 bit. "-0" is 0. */
bool json_whole(struct span digits, int64_t *ret);

#endif
