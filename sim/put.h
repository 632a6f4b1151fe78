/* Writing a record's pieces, one behind the other: each returns where the next one goes. The room
 * is the caller's business (RECORD_BYTES_MAX holds any record). */
#ifndef FIRN_SIM_PUT_H
#define FIRN_SIM_PUT_H

#include "world.h"

#include <string.h>

#define LIT(at, literal) put((at), literal, sizeof(literal) - 1)

static inline char *put(char *at, const char *text, size_t size)
{
	memcpy(at, text, size);
	return at + size;
}

static inline char *put_text(char *at, const char *text)
{
	return put(at, text, strlen(text));
}

static inline char *put_span(char *at, struct span text)
{
	return put(at, text.at, text.size);
}

static inline char *put_two(char *at, uint32_t number)
{
	at[0] = (char)('0' + number / 10);
	at[1] = (char)('0' + number % 10);
	return at + 2;
}

static inline char *put_number(char *at, uint64_t number)
{
	char digits[20];
	int n = 0;
	do {
		digits[n++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (n > 0)
		*at++ = digits[--n];
	return at;
}

static inline char *put_hex(char *at, uint64_t number)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[number >> shift & 15];
	return at;
}

/* `date` is "2026-11-23T". */
static inline char *put_time(char *at, const char *date, uint32_t ms)
{
	uint32_t s = ms / 1000, left = ms % 1000;
	at = put_two(put(at, date, 11), s / 3600);
	*at++ = ':';
	at = put_two(at, s / 60 % 60);
	*at++ = ':';
	at = put_two(at, s % 60);
	*at++ = '.';
	*at++ = (char)('0' + left / 100);
	at = put_two(at, left % 100);
	*at++ = 'Z';
	return at;
}

/* The 12 characters of conversations, interactions and plugin calls. The 64 of base64url stand in
 * the order of ASCII: the text sorts as the number does. */
static inline char *put_short_id(char *at, const struct world *world, enum entity entity,
				 uint64_t index)
{
	static const char DIGITS[] =
		"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
	uint64_t high = mix64(world->seeds[entity] + index);
	uint64_t low = mix64(high) & 0xFF;
	for (int shift = 58; shift >= 4; shift -= 6)
		*at++ = DIGITS[high >> shift & 63];
	*at++ = DIGITS[(high << 2 & 60) | low >> 6];
	*at++ = DIGITS[low & 63];
	return at;
}

/* Unsigned 64 bit, four in ten above what a signed one holds; the low half makes it unique. */
static inline uint64_t user_number(const struct world *world, uint64_t user)
{
	uint64_t drawn = mix64(world->seeds[USERS] + user);
	uint32_t low = ((uint32_t)user ^ (uint32_t)world->seeds[USERS]) * UINT32_C(2654435761);
	uint64_t high = drawn >> 33 | UINT64_C(1) << 22;
	if (chance(drawn, 26214))
		high |= UINT64_C(1) << 31;
	return high << 32 | low;
}

#endif
