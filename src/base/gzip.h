/* gzip (RFC 1952): the only door to zlib. A file may hold several members one after the other;
 * each has its own check sum, and reading them in turn gives their contents in turn. Every header
 * here is the same: no name, no time. */
#ifndef FIRN_BASE_GZIP_H
#define FIRN_BASE_GZIP_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>

/* What takes the bytes that come out; false ends the call with its error. */
struct gzip_sink {
	bool (*take)(void *user, struct span bytes, struct err *reterr);
	void *user;
};

/* --- writing: one member after the other; 270 KiB --- */
struct gzip_writer;
MUST_CHECK bool gzip_writer_new(struct gzip_writer **ret, struct err *reterr);
void gzip_writer_free(struct gzip_writer *writer); /* NULL is fine */
void gzip_begin(struct gzip_writer *writer); /* a new member; an unfinished one is forgotten */
MUST_CHECK bool gzip_add(struct gzip_writer *writer, struct span data,
			 const struct gzip_sink *sink, struct err *reterr);
MUST_CHECK bool gzip_end(struct gzip_writer *writer, const struct gzip_sink *sink,
			 struct err *reterr);

/* --- reading --- */
struct gzip_reader;
MUST_CHECK bool gzip_reader_new(struct gzip_reader **ret, struct err *reterr);
void gzip_reader_free(struct gzip_reader *reader); /* NULL is fine */
void gzip_reader_begin(struct gzip_reader *reader); /* at a member's first byte */
/* Reads on through *in and moves it behind what was read. *ret_whole: the member is over and its
 * check sum is right; *in is behind its last byte. ERR_DATA: this is no gzip, or it was changed.
 * Else all of *in was read and more is needed. */
MUST_CHECK bool gzip_read(struct gzip_reader *reader, struct span *in,
			  const struct gzip_sink *sink, bool *ret_whole, struct err *reterr);

/* Where gzip_end may have begun a member: the first place at or after `from` that looks like our
 * header; text.size where there is none. */
size_t gzip_find(struct span text, size_t from);
enum { GZIP_HEADER_BYTES = 10 };

#endif
