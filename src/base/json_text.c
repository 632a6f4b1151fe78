/* JSON without a document: writing our own files piece by piece, reading their members. */
#include "base/json.h"

#include "base/digest.h"
#include "base/json_private.h"

#include <stdlib.h>

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

static inline uint64_t has_zero(uint64_t word)
{
	return (word - ONES) & ~word & HIGHS;
}

/* Eight bytes, the first one lowest; the lowest high bit in the result is that of the first byte
 * that must be escaped. */
static inline uint64_t marks_of(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	uint64_t control = (word - ONES * 0x20) & ~word & HIGHS;
	return control | has_zero(word ^ ONES * '"') | has_zero(word ^ ONES * '\\');
}

static inline bool must_escape(char c)
{
	return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

enum { ESCAPE_BYTES_MAX = 6 };

static inline size_t write_escape(char *out, char c)
{
	static const char HEX[] = "0123456789abcdef";
	static const char SHORT[0x20] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
	};
	char code = (unsigned char)c < 0x20 ? SHORT[(unsigned char)c] : c;
	out[0] = '\\';
	out[1] = code;
	if (code != 0)
		return 2;
	memcpy(out + 1, "u00", 3);
	out[4] = HEX[c >> 4];
	out[5] = HEX[c & 15];
	return ESCAPE_BYTES_MAX;
}

/* Needs room for ESCAPE_BYTES_MAX a byte, and 8 more. */
static size_t escape(char *out, const char *at, size_t size)
{
	char *begin = out;
	const char *end = at + size;
	while (at < end) {
		if (end - at >= 8) {
			uint64_t marks = marks_of(at);
			int plain = marks == 0 ? 8 : __builtin_ctzll(marks) / 8;
			memcpy(out, at, 8);
			out += plain;
			at += plain;
			if (marks == 0)
				continue;
		} else if (!must_escape(*at)) {
			*out++ = *at++;
			continue;
		}
		out += write_escape(out, *at++);
	}
	return (size_t)(out - begin);
}

bool json_add_text(struct buf *buf, struct span text)
{
	enum { PIECE = 1024, PIECE_ROOM = PIECE * ESCAPE_BYTES_MAX + 8 };
	char small[PIECE_ROOM];
	buf_add_char(buf, '"');
	while (text.size > 0) {
		size_t size = text.size < PIECE ? text.size : PIECE;
		size_t room = size * ESCAPE_BYTES_MAX + 8;
		/* Near its limit the buffer is not asked for more than is needed. */
		if (buf->failed || buf->max - buf->size < room) {
			size_t written = escape(small, text.at, size);
			buf_add(buf, small, written);
		} else {
			char *at = buf_reserve(buf, room);
			size_t written = at == NULL ? 0 : escape(at, text.at, size);
			if (at != NULL)
				at[written] = '\0';
			buf->size += written;
		}
		text = span_from(text, size);
	}
	return buf_add_char(buf, '"');
}

bool json_add_comma(struct buf *buf)
{
	char last = buf->size == 0 ? '[' : buf->data[buf->size - 1];
	if (last == '{' || last == '[' || last == ':')
		return !buf->failed;
	return buf_add_char(buf, ',');
}

bool json_add_name(struct buf *buf, const char *name)
{
	return json_add_comma(buf) && json_add_text(buf, span_of(name)) && buf_add_char(buf, ':');
}

bool json_add_int(struct buf *buf, const char *name, int64_t value)
{
	return json_add_name(buf, name) && buf_add_int(buf, value);
}

bool json_add_string(struct buf *buf, const char *name, const char *text)
{
	if (!json_add_name(buf, name))
		return false;
	return text == NULL ? buf_add_text(buf, "null") : json_add_text(buf, span_of(text));
}

bool json_whole(struct span digits, int64_t *ret)
{
	bool negative = digits.size > 0 && digits.at[0] == '-';
	int64_t value = 0;
	if (digits.size == (negative ? 1 : 0))
		return false;
	/* Counted downwards, for there is one number more below zero than above. */
	for (size_t i = negative ? 1 : 0; i < digits.size; i++) {
		char c = digits.at[i];
		if (c < '0' || c > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, c - '0', &value))
			return false;
	}
	if (!negative && value == INT64_MIN)
		return false;
	*ret = negative ? value : -value;
	return true;
}

int64_t json_int_member(const struct json *object, const char *name, int64_t fallback)
{
	int64_t value;
	const struct json *member = json_member(object, span_of(name));
	if (json_kind(member) == JSON_NUMBER && json_whole(json_digits(member), &value))
		return value;
	return fallback;
}

struct span json_text_member(const struct json *object, const char *name, const char *fallback)
{
	const struct json *member = json_member(object, span_of(name));
	return json_kind(member) == JSON_TEXT ? json_text(member) : span_of(fallback);
}

/* An open hash table of indices, half full at most: linear for a hundred thousand members, and
 * seeded by an address, so that nobody outside can choose names that collide. */
bool json_last_names(const struct span *names, size_t n, bool *ret_last)
{
	size_t slots = 16;
	while (slots < 2 * n)
		slots *= 2;
	size_t *table = calloc(slots, sizeof *table); /* index + 1; 0: free */
	if (table == NULL)
		return false;
	uint64_t seed = (uint64_t)(uintptr_t)table;
	for (size_t i = 0; i < n; i++) {
		size_t slot = (size_t)digest_hash64(names[i], seed) & (slots - 1);
		while (table[slot] != 0 && !span_equal(names[table[slot] - 1], names[i]))
			slot = (slot + 1) & (slots - 1);
		if (table[slot] != 0)
			ret_last[table[slot] - 1] = false;
		table[slot] = i + 1;
		ret_last[i] = true;
	}
	free(table);
	return true;
}
