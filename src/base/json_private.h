/* What the parts of base/json share; nobody else includes this. */
#ifndef FIRN_BASE_JSON_PRIVATE_H
#define FIRN_BASE_JSON_PRIVATE_H

#include "base/span.h"

/* Repairs strings that a strict reader refuses but a customer's text must survive: in the copy
 * every escape of a lone surrogate is one byte 0xFF (which is never UTF-8). Bytes that are not
 * UTF-8 stay as they are. Nothing grows. */
struct repair {
	size_t read, written;
	bool needed;  /* a lone surrogate was there, or a byte that is not ASCII */
	bool control; /* stopped in front of a raw control character inside a string */
};
/* Writes at most `room` bytes, and stops there: so an offset of the copy is found in the text. */
struct repair json_repair(struct span text, char *out, size_t room);

/* True where a string holds the escape \u0000: then a text read from it has a NUL. */
bool json_escapes_nul(struct span text);

/* Of n names, ret_last[i] says that no later one is equal. False: no memory. */
bool json_last_names(const struct span *names, size_t n, bool *ret_last);

#endif
