/* Any bytes as text: clean output is always clean, and clean input is its own output. */
#include "base/text.h"

#include "base/bounds.h"
#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool truth)
{
	if (!truth)
		abort();
}

static void check_clean(struct span text)
{
	struct buf clean, quoted;
	struct err err;
	buf_init(&clean, 3 * text.size + 1);
	buf_init(&quoted, 6 * clean.max + 2);
	expect(text_clean(&clean, text));
	expect(text_is_clean(buf_span(&clean)));
	expect(text_is_clean(text) == span_equal(text, buf_span(&clean)));
	expect(text_width(buf_span(&clean)) <= 2 * clean.size);
	/* Quoted as JSON and read again, it is the same. */
	expect(json_add_text(&quoted, buf_span(&clean)));
	struct json_doc *doc = json_parse(buf_span(&quoted), &err);
	expect(doc != NULL && !json_dirty(doc));
	expect(span_equal(json_text(json_root(doc)), buf_span(&clean)));
	json_free(doc);
	buf_done(&clean);
	buf_done(&quoted);
}

static void check_units(struct span text)
{
	char written[32];
	int64_t value;
	if (text_duration(text, &value)) {
		expect(value >= 0);
		text_write_duration(written, sizeof written, value);
		expect(written[0] != '\0');
	}
	if (text_size(text, &value)) {
		expect(value >= 0);
		text_write_count(written, sizeof written, value);
		expect(written[0] != '\0');
	}
	if (json_whole(text, &value))
		text_write_count(written, sizeof written, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const NAMES[] = {"streams", "base_url", "", NULL};
	struct span text = {(const char *)data, size};
	struct buf out;
	check_clean(text);
	check_units(text);
	buf_init(&out, 3 * size + 1);
	expect(text_percent(&out, text));
	char *name = malloc(size + 1);
	if (name != NULL) {
		memcpy(name, data, size);
		name[size] = '\0';
		text_nearest(name, NAMES);
		text_upper(name);
		text_lower(name);
		expect(text_same_nocase((struct span){name, size}, text) ||
		       memchr(data, 0, size) != NULL);
	}
	free(name);
	expect(text_trim(text).size <= size);
	buf_done(&out);
	return 0;
}
