#include "base/json_private.h"
#include "base/text.h"

#include <stdint.h>

/* The code unit of an escape \uXXXX at the begin of text; -1: there is none. */
static int32_t escaped_unit(struct span text)
{
	int32_t unit = 0;
	if (text.size < 6 || text.at[0] != '\\' || text.at[1] != 'u')
		return -1;
	for (size_t i = 2; i < 6; i++) {
		int digit = text_hex_digit(text.at[i]);
		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static bool is_high(int32_t unit)
{
	return unit >= 0xD800 && unit < 0xDC00;
}

static bool is_low(int32_t unit)
{
	return unit >= 0xDC00 && unit < 0xE000;
}

struct repair json_repair(struct span text, char *out, size_t room)
{
	struct repair done = {0};
	bool inside = false;
	while (done.read < text.size && done.written < room) {
		char c = text.at[done.read];
		size_t size = 1;
		if (inside && (unsigned char)c < 0x20) {
			done.control = true;
			return done;
		}
		if ((unsigned char)c >= 0x80)
			done.needed = true;
		if (c == '"') {
			inside = !inside;
		} else if (c == '\\' && inside) {
			struct span rest = span_from(text, done.read);
			int32_t unit = escaped_unit(rest);
			bool pair = is_high(unit) && is_low(escaped_unit(span_from(rest, 6)));
			if (!pair && (is_high(unit) || is_low(unit))) {
				out[done.written++] = '\xFF';
				done.read += 6;
				done.needed = true;
				continue;
			}
			size = pair ? 12 : unit >= 0 ? 6 : 2;
			/* A raw control character behind the backslash is met by itself. */
			if (size == 2 && (rest.size < 2 || (unsigned char)rest.at[1] < 0x20))
				size = 1;
		}
		if (size > room - done.written)
			size = room - done.written;
		memcpy(out + done.written, text.at + done.read, size);
		done.read += size;
		done.written += size;
	}
	return done;
}

bool json_escapes_nul(struct span text)
{
	const char *at = text.at;
	const char *end = at + text.size;
	while ((at = memchr(at, '\\', (size_t)(end - at))) != NULL && end - at >= 6) {
		if (memcmp(at + 1, "u0000", 5) == 0)
			return true;
		at += 2; /* of two backslashes the second escapes nothing */
	}
	return false;
}
