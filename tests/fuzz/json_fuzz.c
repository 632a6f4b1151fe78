/* Any bytes: read, walk everything, write, read again. What was written must be clean JSON that
 * is written the same once more. */
#include "base/bounds.h"
#include "base/json.h"
#include "base/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool truth)
{
	if (!truth)
		abort();
}

static size_t walk_all(const struct json *value, int depth)
{
	size_t n = 0;
	size_t bytes = json_text(value).size + json_digits(value).size;
	struct json_walk walk = json_walk(value);
	while (json_next(&walk)) {
		n++;
		bytes += walk.name.size;
		if (walk.object)
			expect(json_member(value, walk.name) != NULL);
		if (depth < 200)
			bytes += walk_all(walk.value, depth + 1);
	}
	expect(n == json_count(value));
	return bytes;
}

static void write_twice(const struct json_doc *doc)
{
	struct buf once, again;
	struct err err = {0};
	size_t cleaned = 0;
	buf_init(&once, 64 * MIB);
	buf_init(&again, 64 * MIB);
	if (!json_write(&once, json_root(doc), &cleaned)) {
		expect(!once.failed && once.size == 0); /* too deep */
		goto out;
	}
	expect(cleaned == 0 || json_dirty(doc));
	expect(text_is_clean(buf_span(&once)));
	struct json_doc *second = json_parse(buf_span(&once), &err);
	expect(second != NULL && !json_dirty(second));
	cleaned = 0;
	expect(json_write(&again, json_root(second), &cleaned));
	expect(cleaned == 0 && span_equal(buf_span(&once), buf_span(&again)));
	json_free(second);
out:
	buf_done(&once);
	buf_done(&again);
}

/* The begin of the input as a pointer into the whole. */
static void point(const struct json_doc *doc, struct span text)
{
	struct arena *arena = arena_new();
	struct pointer pointer;
	struct err err;
	const char *end = memchr(text.at, '\n', text.size);
	if (end != NULL)
		text.size = (size_t)(end - text.at);
	if (arena != NULL && pointer_parse(arena, text, &pointer, &err)) {
		const struct json *exact = json_point(json_root(doc), &pointer, false);
		const struct json *any = json_point(json_root(doc), &pointer, true);
		expect(exact == NULL || any == exact);
	}
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct span text = {(const char *)data, size};
	struct json_doc *doc = json_parse(text, &err);
	if (doc == NULL) {
		expect(err.kind == ERR_DATA && err.text[0] != '\0');
		return 0;
	}
	walk_all(json_root(doc), 0);
	write_twice(doc);
	point(doc, text);
	json_free(doc);
	return 0;
}
