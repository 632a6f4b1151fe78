#include "skiptoken.h"

#include "base/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The same bytes take it away again. */
static void veil(char *data, size_t size, uint64_t seed)
{
	for (size_t i = 0; i < size; i++)
		data[i] = (char)(data[i] ^ (char)(mix64(seed + i / 8) >> (i % 8 * 8)));
}

static uint64_t check_of(struct span text, uint64_t seed)
{
	return digest_hash64(text, seed) & 0xFFFFFFFF;
}

bool skiptoken_write(struct buf *out, const struct skiptoken *token, uint64_t seed)
{
	struct buf plain;
	buf_init(&plain, out->max);
	buf_addf(&plain, "%" PRIu64 " %" PRId64 " %" PRId64 " %.*s", token->offset,
		 token->seen.min_ms, token->seen.max_ms, SPAN_ARGS(token->query));
	buf_addf(&plain, " %08" PRIx64, check_of(buf_span(&plain), seed));
	if (!plain.failed)
		veil(plain.data, plain.size, seed);
	for (size_t i = 0; !plain.failed && i < plain.size; i += 3) {
		uint32_t bits = 0;
		for (size_t j = i; j < i + 3; j++)
			bits = bits << 8 | (j < plain.size ? (unsigned char)plain.data[j] : 0);
		for (size_t j = 0; j < 4 && i + j < plain.size + 1; j++)
			buf_add_char(out, DIGITS[bits >> (18 - 6 * j) & 63]);
	}
	bool done = !plain.failed && !out->failed;
	buf_done(&plain);
	return done;
}

static bool decode(struct span text, struct buf *room)
{
	uint32_t bits = 0;
	int n = 0;
	for (size_t i = 0; i < text.size; i++) {
		const char *digit = memchr(DIGITS, text.at[i], 64);
		if (digit == NULL)
			return false;
		bits = bits << 6 | (uint32_t)(digit - DIGITS);
		n += 6;
		if (n >= 8) {
			n -= 8;
			if (!buf_add_char(room, (char)(bits >> n)))
				return false;
		}
	}
	return room->size > 9;
}

bool skiptoken_read(struct span text, uint64_t seed, struct buf *room, struct skiptoken *ret)
{
	buf_clear(room);
	if (!decode(text, room))
		return false;
	veil(room->data, room->size, seed);
	char check[16];
	size_t size = room->size - 9;
	snprintf(check, sizeof check, " %08" PRIx64,
		 check_of((struct span){room->data, size}, seed));
	if (memcmp(room->data + size, check, 9) != 0)
		return false;
	buf_cut(room, size);
	char *at = room->data;
	ret->offset = strtoull(at, &at, 10);
	ret->seen.min_ms = strtoll(at, &at, 10);
	ret->seen.max_ms = strtoll(at, &at, 10);
	if (*at != ' ')
		return false;
	ret->query = span_of(at + 1);
	return true;
}
