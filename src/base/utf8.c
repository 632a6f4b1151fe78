/* Finding and repairing what is not UTF-8. Nearly every text is plain ASCII or at least valid, so
 * text_is_clean goes over it eight bytes at a time and decodes only where a byte stands out. */
#include "base/text.h"

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* Eight bytes, the first one lowest; every byte that is NUL or not ASCII has its high bit in the
 * result (above the first such byte others may have it too: a NUL borrows). */
static inline uint64_t outstanding(const unsigned char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return (word | (word - ONES)) & HIGHS;
}

static inline bool is_tail(unsigned char c)
{
	return (c & 0xC0) == 0x80;
}

/* The size of the valid sequence that begins at `at`, its first byte not being ASCII. 0: it is
 * invalid, and *ret_bad is the size of its maximal part (at least 1). */
static size_t sequence(const unsigned char *at, size_t left, size_t *ret_bad)
{
	unsigned char first = at[0];
	unsigned char low = 0x80, high = 0xBF;
	size_t size;
	*ret_bad = 1;
	if (first < 0xC2 || first > 0xF4)
		return 0;
	if (first < 0xE0) {
		size = 2;
	} else if (first < 0xF0) {
		size = 3;
		low = first == 0xE0 ? 0xA0 : 0x80; /* shorter forms exist */
		high = first == 0xED ? 0x9F : 0xBF; /* surrogates */
	} else {
		size = 4;
		low = first == 0xF0 ? 0x90 : 0x80;
		high = first == 0xF4 ? 0x8F : 0xBF; /* above U+10FFFF */
	}
	if (left < 2 || at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++) {
		*ret_bad = i;
		if (i >= left || !is_tail(at[i]))
			return 0;
	}
	return size;
}

/* From the first byte that is not ASCII to the next that is; NULL: something is invalid. */
static const unsigned char *skip_wide(const unsigned char *at, const unsigned char *end)
{
	while (at < end && *at >= 0x80) {
		if (*at >= 0xC2 && *at < 0xE0 && end - at >= 2 && is_tail(at[1])) {
			at += 2;
		} else if (*at > 0xE0 && *at < 0xED && end - at >= 3 && is_tail(at[1]) &&
			   is_tail(at[2])) {
			at += 3;
		} else {
			size_t bad;
			size_t size = sequence(at, (size_t)(end - at), &bad);
			if (size == 0)
				return NULL;
			at += size;
		}
	}
	return at;
}

bool text_is_clean(struct span text)
{
	const unsigned char *at = (const unsigned char *)text.at;
	const unsigned char *end = at + text.size;
	while (at < end) {
		while (end - at >= 16 && (outstanding(at) | outstanding(at + 8)) == 0)
			at += 16;
		if (end - at >= 8) {
			uint64_t marks = outstanding(at);
			at += marks == 0 ? 8 : __builtin_ctzll(marks) / 8;
			if (marks == 0)
				continue;
		} else {
			/* Where all before the end is known to be good, look at it whole again. */
			if (text.size >= 8 && outstanding(end - 8) == 0)
				return true;
			while (at < end && *at > 0 && *at < 0x80)
				at++;
			if (at == end)
				return true;
		}
		if (*at == 0)
			return false;
		at = skip_wide(at, end);
		if (at == NULL)
			return false;
	}
	return true;
}

bool text_clean(struct buf *out, struct span text)
{
	const unsigned char *at = (const unsigned char *)text.at;
	size_t good = 0; /* from here on nothing is in `out` yet */
	for (size_t i = 0; i < text.size;) {
		size_t bad = 1;
		size_t size = 1;
		if (at[i] >= 0x80)
			size = sequence(at + i, text.size - i, &bad);
		else if (at[i] == 0)
			size = 0;
		if (size > 0) {
			i += size;
			continue;
		}
		buf_add(out, text.at + good, i - good);
		if (at[i] != 0)
			buf_add(out, "\xEF\xBF\xBD", 3);
		i += bad;
		good = i;
	}
	return buf_add(out, text.at + good, text.size - good);
}
