#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cuts at a whole character: a torn one would be repaired to U+FFFD by every reader. */
static void mark_cut(char *text)
{
	size_t end = ERR_TEXT_BYTES - 4;
	while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
		end--;
	memcpy(text + end, "...", 4);
}

static void fill(char *text, const char *format, va_list args)
{
	int size = vsnprintf(text, ERR_TEXT_BYTES, format, args);
	if (size < 0)
		text[0] = '\0';
	else if (size >= ERR_TEXT_BYTES)
		mark_cut(text);
}

bool err_set(struct err *reterr, enum err_kind kind, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	reterr->kind = kind;
	reterr->wait_ms = 0;
	fill(reterr->text, format, args);
	va_end(args);
	return false;
}

bool err_sys(struct err *reterr, const char *format, ...)
{
	int code = errno;
	char what[ERR_TEXT_BYTES];
	va_list args;
	va_start(args, format);
	fill(what, format, args);
	va_end(args);
	return err_set(reterr, ERR_DISK, "%s: %s", what, strerror(code));
}

bool err_memory(struct err *reterr)
{
	return err_set(reterr, ERR_MEMORY, "out of memory");
}

bool err_at(struct err *reterr, const char *format, ...)
{
	char where[ERR_TEXT_BYTES];
	char what[ERR_TEXT_BYTES];
	va_list args;
	va_start(args, format);
	fill(where, format, args);
	va_end(args);
	memcpy(what, reterr->text, sizeof what);
	if (snprintf(reterr->text, ERR_TEXT_BYTES, "%s: %s", where, what) >= ERR_TEXT_BYTES)
		mark_cut(reterr->text);
	return false;
}
