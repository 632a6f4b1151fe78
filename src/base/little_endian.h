/* Bytes as numbers, the least first, on every processor. */
#ifndef FIRN_BASE_LITTLE_ENDIAN_H
#define FIRN_BASE_LITTLE_ENDIAN_H

#include <stdint.h>
#include <string.h>

static inline uint64_t little_64(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

static inline uint32_t little_32(const char *at)
{
	uint32_t word;
	memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap32(word);
#endif
	return word;
}

#endif
