/* TZif: a header of counts and a block of tables, once with times of 32 bits and, from version 2
 * on, once more with 64 bits, then a TZ string between two line ends. The first block is only
 * skipped where there is a second one. */
#include "base/zone_private.h"

#include <stdlib.h>

enum { HEADER_BYTES = 44, TYPE_BYTES = 6 };

/* What RFC 8536 allows for a distance from UTC. */
enum { OFFSET_MIN_S = -89999, OFFSET_MAX_S = 93599 };

struct counts {
	size_t ut, std, leap, times, types, chars;
};

static uint64_t big_endian(const unsigned char *at, int bytes)
{
	uint64_t value = 0;
	for (int i = 0; i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

static bool take_header(struct span *rest, char *ret_version, struct counts *ret)
{
	if (rest->size < HEADER_BYTES || !span_starts(*rest, SPAN("TZif")))
		return false;
	const unsigned char *at = (const unsigned char *)rest->at;
	size_t *const fields[] = {&ret->ut, &ret->std, &ret->leap,
				  &ret->times, &ret->types, &ret->chars};
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		*fields[i] = (size_t)big_endian(at + 20 + 4 * i, 4);
	*ret_version = rest->at[4];
	*rest = span_from(*rest, HEADER_BYTES);
	return true;
}

/* The block's size; 0: larger than all that is there. */
static size_t block_size(const struct counts *n, size_t time_bytes, size_t most)
{
	uint64_t size = (uint64_t)n->times * (time_bytes + 1) + (uint64_t)n->types * TYPE_BYTES +
			n->chars + (uint64_t)n->leap * (time_bytes + 4) + n->std + n->ut;
	return size <= most ? (size_t)size : 0;
}

static bool read_block(struct span block, const struct counts *n, int time_bytes,
		       struct zone *zone)
{
	const unsigned char *times = (const unsigned char *)block.at;
	const unsigned char *indices = times + n->times * (size_t)time_bytes;
	const unsigned char *types = indices + n->times;
	int64_t *at_s = (int64_t *)(zone + 1);
	int32_t *offset_s = (int32_t *)(at_s + n->times);
	for (size_t i = 0; i < n->types; i++) {
		int32_t offset = (int32_t)big_endian(types + i * TYPE_BYTES, 4);
		if (offset < OFFSET_MIN_S || offset > OFFSET_MAX_S)
			return false;
	}
	zone->first_s = (int32_t)big_endian(types, 4);
	for (size_t i = 0; i < n->times; i++) {
		const unsigned char *time = times + i * (size_t)time_bytes;
		at_s[i] = time_bytes == 8 ? (int64_t)big_endian(time, 8)
					  : (int32_t)big_endian(time, 4);
		if (indices[i] >= n->types || (i > 0 && at_s[i] <= at_s[i - 1]))
			return false;
		offset_s[i] = (int32_t)big_endian(types + indices[i] * TYPE_BYTES, 4);
	}
	zone->n = n->times;
	zone->at_s = at_s;
	zone->offset_s = offset_s;
	return true;
}

static bool read_footer(struct span rest, struct zone *zone)
{
	if (rest.size < 2 || rest.at[0] != '\n')
		return false;
	rest = span_from(rest, 1);
	const char *end = memchr(rest.at, '\n', rest.size);
	if (end == NULL)
		return false;
	rest.size = (size_t)(end - rest.at);
	zone->has_rule = rest.size > 0;
	return rest.size == 0 || zone_rule_parse(rest, &zone->rule);
}

struct zone *zone_parse(struct span bytes, struct err *reterr)
{
	struct counts counts;
	char version;
	size_t size;
	int time_bytes = 4;
	struct zone *zone = NULL;
	struct span rest = bytes;
	if (!take_header(&rest, &version, &counts))
		goto out;
	if (version >= '2') {
		size = block_size(&counts, 4, rest.size);
		rest = span_from(rest, size);
		if (!take_header(&rest, &version, &counts))
			goto out;
		time_bytes = 8;
	}
	size = block_size(&counts, (size_t)time_bytes, rest.size);
	if (size == 0 || counts.types == 0)
		goto out;
	if (counts.leap > 0) {
		err_set(reterr, ERR_DATA, "a time zone that counts leap seconds");
		return NULL;
	}
	zone = calloc(1, sizeof *zone + counts.times * (sizeof(int64_t) + sizeof(int32_t)));
	if (zone == NULL) {
		err_memory(reterr);
		return NULL;
	}
	rest.size = size;
	if (read_block(rest, &counts, time_bytes, zone)) {
		const char *footer = rest.at + size;
		rest = (struct span){footer, (size_t)(bytes.at + bytes.size - footer)};
		if (time_bytes == 4 || read_footer(rest, zone))
			return zone;
	}
out:
	free(zone);
	err_set(reterr, ERR_DATA, "not a whole time zone file");
	return NULL;
}
