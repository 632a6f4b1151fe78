/* A growing byte buffer that knows its limit from birth (after curl's dynbuf).
 *
 * Failure is remembered: after the first add that could not be kept, `failed` stays set, later
 * adds do nothing, and the caller may check once at the end with buf_ok(). The bytes always
 * carry a NUL behind them that is not counted, so that buf->data is a C string. */
#ifndef FIRN_BASE_BUF_H
#define FIRN_BASE_BUF_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct buf {
	char *data; /* NULL until something was added */
	size_t size, room, max;
	bool failed; /* no memory, or more than max was asked for */
	bool over;   /* the latter */
};

void buf_init(struct buf *buf, size_t bytes_max);
void buf_done(struct buf *buf); /* frees; the buffer may be used again with the same limit */
void buf_wipe(struct buf *buf); /* the same for secrets: overwrites before it frees */
void buf_clear(struct buf *buf); /* empties, keeps the memory, forgets a failure */

bool buf_add(struct buf *buf, const void *data, size_t size);
bool buf_add_span(struct buf *buf, struct span text);
bool buf_add_text(struct buf *buf, const char *text);
bool buf_add_char(struct buf *buf, char c);
bool buf_add_int(struct buf *buf, int64_t value); /* in decimal; a third of buf_addf's cost */
bool buf_addf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
/* Room for `size` more bytes that the caller will write at data + size; NULL: failed. */
char *buf_reserve(struct buf *buf, size_t size);
void buf_cut(struct buf *buf, size_t size); /* back to an earlier size */

static inline struct span buf_span(const struct buf *buf)
{
	return (struct span){buf->data == NULL ? "" : buf->data, buf->size};
}
/* The text as a C string; "" when nothing was added. */
static inline const char *buf_text(const struct buf *buf)
{
	return buf->data == NULL ? "" : buf->data;
}
/* False with ERR_MEMORY when an add failed. */
MUST_CHECK bool buf_ok(const struct buf *buf, struct err *reterr);
/* Moves the bytes out (the caller frees them); the buffer is empty. NULL: it had failed. */
char *buf_take(struct buf *buf);

#endif
