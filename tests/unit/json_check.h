/* What the tests of base/json share. */
#ifndef FIRN_UNIT_JSON_CHECK_H
#define FIRN_UNIT_JSON_CHECK_H

#include "base/bounds.h"
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define FFFD "\xEF\xBF\xBD"

static inline struct json_doc *parse(struct span text)
{
	struct err err = {0};
	struct json_doc *doc = json_parse(text, &err);
	if (doc == NULL)
		fail_msg("%.*s: %s", SPAN_ARGS(text), err.text);
	assert_int_equal(err.kind, ERR_NONE);
	return doc;
}

static inline void assert_written(struct span text, const char *expected, size_t expected_cleaned)
{
	struct json_doc *doc = parse(text);
	struct buf out;
	size_t cleaned = 0;
	buf_init(&out, MIB);
	assert_true(json_write(&out, json_root(doc), &cleaned));
	assert_string_equal(buf_text(&out), expected);
	assert_int_equal(out.size, strlen(expected));
	assert_int_equal(cleaned, expected_cleaned);
	assert_true(cleaned == 0 || json_dirty(doc));
	buf_done(&out);
	json_free(doc);
}

static inline void assert_refused(struct span text, const char *message)
{
	struct err err = {0};
	struct json_doc *doc = json_parse(text, &err);
	if (doc != NULL)
		fail_msg("'%.*s' is taken", SPAN_ARGS(text));
	assert_int_equal(err.kind, ERR_DATA);
	assert_string_equal(err.text, message);
}

static inline const struct json *point(const struct json *root, const char *text, bool any_case)
{
	struct arena *arena = arena_new();
	struct pointer pointer;
	struct err err;
	if (!pointer_parse(arena, span_of(text), &pointer, &err))
		fail_msg("%s", err.text);
	assert_string_equal(pointer.text, text);
	const struct json *found = json_point(root, &pointer, any_case);
	arena_free(arena);
	return found;
}

#endif
