/* Durations, sizes and counts as people write and read them. */
#include "base/text.h"

#include "base/stamp.h"

#include <inttypes.h>
#include <stdio.h>

struct unit {
	const char *name;
	int64_t of;
};

/* A whole number and its unit, times that unit. */
static bool read_units(struct span text, const struct unit *units, int64_t *ret)
{
	int64_t number = 0;
	size_t digits = 0;
	for (; digits < text.size; digits++) {
		char c = text.at[digits];
		if (c < '0' || c > '9')
			break;
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, c - '0', &number))
			return false;
	}
	if (digits == 0)
		return false;
	for (; units->name != NULL; units++) {
		if (span_is(span_from(text, digits), units->name)) {
			int64_t product;
			if (__builtin_mul_overflow(number, units->of, &product))
				return false;
			*ret = product;
			return true;
		}
	}
	return false;
}

bool text_duration(struct span text, int64_t *ret_us)
{
	static const struct unit UNITS[] = {
		{"ms", 1000}, {"s", STAMP_SECOND}, {"m", STAMP_MINUTE},
		{"h", STAMP_HOUR}, {"d", STAMP_DAY}, {NULL, 0},
	};
	return read_units(text, UNITS, ret_us);
}

bool text_size(struct span text, int64_t *ret_bytes)
{
	static const struct unit UNITS[] = {
		{"", 1},
		{"kB", 1000}, {"MB", 1000000}, {"GB", 1000000000},
		{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
		{NULL, 0},
	};
	return read_units(text, UNITS, ret_bytes);
}

/* The largest unit that fits and, where it is not zero, the next one: nobody who waits for days
 * wants to read seconds. */
void text_write_duration(char *out, size_t room, int64_t us)
{
	static const struct unit UNITS[] = {
		{"d", STAMP_DAY}, {"h", STAMP_HOUR}, {"m", STAMP_MINUTE},
		{"s", STAMP_SECOND}, {"ms", 1000},
	};
	const size_t last = sizeof UNITS / sizeof UNITS[0] - 1;
	const char *sign = us < 0 ? "-" : "";
	uint64_t left = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
	if (left == 0) {
		snprintf(out, room, "0s");
		return;
	}
	size_t i = 0;
	while (i < last && left < (uint64_t)UNITS[i].of)
		i++;
	uint64_t whole = left / (uint64_t)UNITS[i].of;
	uint64_t rest = i < last ? left % (uint64_t)UNITS[i].of / (uint64_t)UNITS[i + 1].of : 0;
	if (rest == 0)
		snprintf(out, room, "%s%" PRIu64 "%s", sign, whole, UNITS[i].name);
	else
		snprintf(out, room, "%s%" PRIu64 "%s %" PRIu64 "%s", sign, whole, UNITS[i].name,
			 rest, UNITS[i + 1].name);
}

void text_write_count(char *out, size_t room, int64_t count)
{
	char text[32];
	char *at = text + sizeof text - 1;
	uint64_t left = count < 0 ? 0 - (uint64_t)count : (uint64_t)count;
	*at = '\0';
	for (int digits = 0; digits == 0 || left > 0; digits++) {
		if (digits > 0 && digits % 3 == 0)
			*--at = ',';
		*--at = (char)('0' + left % 10);
		left /= 10;
	}
	if (count < 0)
		*--at = '-';
	snprintf(out, room, "%s", at);
}
