#include "run/landed_place.h"

#include "base/stamp.h"
#include "base/text.h"

#include <string.h>

enum { PARTS_MAX = 8 }; /* from the right; nothing is read out of those before */

static bool ends_with(struct span text, const char *end)
{
	struct span tail = span_of(end);
	return text.size > tail.size &&
	       span_equal(span_from(text, text.size - tail.size), tail);
}

static bool is_digits(struct span text, size_t size)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	}
	return text.size == size;
}

/* --- the older collector's --- */

/* Digits, and perhaps a dash or a dot and more digits, then an underscore. */
static bool read_epoch(struct span name, int64_t *ret_us, struct span *ret_rest)
{
	static const struct stamp_format UNIX = {.style = STAMP_UNIX, .unit_us = STAMP_SECOND};
	char digits[32];
	size_t n = 0;
	while (n < name.size && n + 1 < sizeof digits && name.at[n] != '_') {
		digits[n] = name.at[n] == '-' ? '.' : name.at[n];
		n++;
	}
	if (n == 0 || n == name.size || name.at[n] != '_' || digits[0] < '0' || digits[0] > '9')
		return false;
	*ret_rest = span_from(name, n + 1);
	return stamp_read(&UNIX, (struct span){digits, n}, ret_us);
}

static bool is_older(struct span name)
{
	int64_t at_us;
	struct span rest;
	return ends_with(name, ".json") && read_epoch(name, &at_us, &rest) &&
	       memchr(rest.at, '_', rest.size) != NULL;
}

bool landed_older(struct span name, const char *customer, struct landed_older *ret)
{
	struct span rest, known = span_of(customer);
	if (!ends_with(name, ".json") || !read_epoch(name, &ret->at_us, &rest))
		return false;
	rest.size -= strlen(".json");
	const char *first = memchr(rest.at, '_', rest.size);
	if (first == NULL)
		return false;
	size_t size = (size_t)(first - rest.at);
	bool one = memchr(first + 1, '_', rest.size - size - 1) == NULL;
	if (known.size > 0 && span_starts(rest, known) && rest.size > known.size &&
	    rest.at[known.size] == '_')
		size = known.size;
	else if (!one)
		return false;
	ret->customer = (struct span){rest.at, size};
	ret->location = span_from(rest, size + 1);
	return ret->customer.size > 0 && ret->location.size > 0;
}

/* --- paths --- */

static enum landed_kind kind_of(struct span name)
{
	static const char *const LINES[] = {".ndjson.gz", ".ndjson", ".jsonl.gz", ".jsonl"};
	if (name.size == 0 || name.at[0] == '.')
		return LANDED_OTHER;
	for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
		if (ends_with(name, LINES[i]))
			return LANDED_LINES;
	}
	return is_older(name) ? LANDED_OLDER : LANDED_OTHER;
}

/* The last parts of the path, the name first. */
static size_t cut_parts(const char *path, struct span parts[PARTS_MAX])
{
	size_t n = 0, end = strlen(path);
	while (n < PARTS_MAX && end > 0) {
		size_t at = end;
		while (at > 0 && path[at - 1] != '/')
			at--;
		if (at < end)
			parts[n++] = (struct span){path + at, end - at};
		end = at > 0 ? at - 1 : 0;
	}
	return n;
}

/* "<instance>-<segment>" or a segment's name alone. */
static bool read_name(struct span name, struct segment *ret)
{
	char text[2 * SEGMENT_NAME_BYTES];
	if (name.size >= sizeof text)
		return false;
	memcpy(text, name.at, name.size);
	text[name.size] = '\0';
	const char *dash = strchr(text, '-');
	return segment_parse(text, ret) || (dash != NULL && segment_parse(dash + 1, ret));
}

static bool fits_folder(struct span name, char out[SEGMENT_FOLDER_BYTES])
{
	if (name.size >= SEGMENT_FOLDER_BYTES)
		return false;
	memcpy(out, name.at, name.size);
	out[name.size] = '\0';
	return true;
}

static bool is_spooled(const char *path, const struct span *parts, size_t n,
		       struct landed_place *ret)
{
	struct segment *segment = &ret->segment;
	if (n < 4 || !span_is(parts[3], "ready") || !ret->named ||
	    !span_is(parts[0], segment->name) || !fits_folder(parts[2], segment->table) ||
	    !fits_folder(parts[1], segment->customer))
		return false;
	ret->spooled = true;
	ret->table = parts[2];
	ret->key_at = SIZE_MAX;
	ret->root_size = (size_t)(parts[3].at - path);
	return true;
}

static bool is_delivered(const struct span *parts, size_t n)
{
	return n >= 6 && is_digits(parts[2], 2) && is_digits(parts[3], 2) &&
	       is_digits(parts[4], 4);
}

void landed_place(const char *path, bool (*is_table)(const void *user, struct span folder),
		  const void *user, struct landed_place *ret)
{
	struct span parts[PARTS_MAX];
	size_t n = cut_parts(path, parts);
	*ret = (struct landed_place){.kind = LANDED_OTHER};
	if (n == 0)
		return;
	ret->name = parts[0];
	ret->kind = kind_of(parts[0]);
	ret->named = read_name(parts[0], &ret->segment);
	ret->key_at = (size_t)(parts[0].at - path);
	if (ret->kind != LANDED_LINES || is_spooled(path, parts, n, ret))
		return;
	if (is_delivered(parts, n)) {
		ret->table = parts[5];
	} else {
		for (size_t i = 1; i < n && ret->table.size == 0; i++) {
			if (is_table(user, parts[i]))
				ret->table = parts[i];
		}
	}
	if (ret->table.size > 0)
		ret->key_at = (size_t)(ret->table.at - path);
}
