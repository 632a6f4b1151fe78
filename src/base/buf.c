#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *buf, size_t bytes_max)
{
	*buf = (struct buf){.max = bytes_max};
}

void buf_done(struct buf *buf)
{
	free(buf->data);
	buf_init(buf, buf->max);
}

void buf_wipe(struct buf *buf)
{
	/* Through a volatile pointer, or the compiler would see that nobody reads it again. */
	volatile char *data = buf->data;
	for (size_t i = 0; data != NULL && i < buf->room; i++)
		data[i] = 0;
	buf_done(buf);
}

void buf_clear(struct buf *buf)
{
	buf->size = 0;
	buf->failed = buf->over = false;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

/* Grows by half, so that a page of megabytes is not copied often and little stays unused. */
static bool grow(struct buf *buf, size_t size)
{
	if (size > buf->max - buf->size) {
		buf->failed = true;
		buf->over = true;
		return false;
	}
	size_t room = buf->room + buf->room / 2;
	if (room < buf->size + size + 1)
		room = buf->size + size + 1;
	if (room < 64)
		room = 64;
	if (room - 1 > buf->max)
		room = buf->max + 1;
	char *data = realloc(buf->data, room);
	if (data == NULL) {
		buf->failed = true;
		return false;
	}
	if (buf->data == NULL)
		data[0] = '\0'; /* whoever reserves room may then write nothing */
	buf->data = data;
	buf->room = room;
	return true;
}

char *buf_reserve(struct buf *buf, size_t size)
{
	assert(buf->size <= buf->max);
	if (buf->failed)
		return NULL;
	if (buf->room <= size || buf->room - size <= buf->size) {
		if (!grow(buf, size))
			return NULL;
	}
	return buf->data + buf->size;
}

bool buf_add(struct buf *buf, const void *data, size_t size)
{
	char *at = buf_reserve(buf, size);
	if (at == NULL)
		return false;
	if (size > 0)
		memcpy(at, data, size);
	at[size] = '\0';
	buf->size += size;
	return true;
}

bool buf_add_span(struct buf *buf, struct span text)
{
	return buf_add(buf, text.at, text.size);
}

bool buf_add_text(struct buf *buf, const char *text)
{
	return buf_add(buf, text, strlen(text));
}

bool buf_add_char(struct buf *buf, char c)
{
	return buf_add(buf, &c, 1);
}

bool buf_add_int(struct buf *buf, int64_t value)
{
	char digits[24];
	size_t at = sizeof digits;
	uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (value < 0)
		digits[--at] = '-';
	return buf_add(buf, digits + at, sizeof digits - at);
}

bool buf_addf(struct buf *buf, const char *format, ...)
{
	char small[256];
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int size = vsnprintf(small, sizeof small, format, args);
	bool done = false;
	if (size < 0) {
		buf->failed = true;
	} else if ((size_t)size < sizeof small) {
		done = buf_add(buf, small, (size_t)size);
	} else {
		char *at = buf_reserve(buf, (size_t)size);
		if (at != NULL) {
			vsnprintf(at, (size_t)size + 1, format, again);
			buf->size += (size_t)size;
			done = true;
		}
	}
	va_end(again);
	va_end(args);
	return done;
}

void buf_cut(struct buf *buf, size_t size)
{
	assert(size <= buf->size);
	buf->size = size;
	if (buf->data != NULL)
		buf->data[size] = '\0';
}

bool buf_ok(const struct buf *buf, struct err *reterr)
{
	if (!buf->failed)
		return true;
	if (!buf->over)
		return err_memory(reterr);
	return err_set(reterr, ERR_MEMORY, "more than %zu bytes", buf->max);
}

char *buf_take(struct buf *buf)
{
	char *data = NULL;
	if (!buf->failed && buf_add(buf, "", 0))
		data = buf->data;
	else
		free(buf->data);
	buf_init(buf, buf->max);
	return data;
}
