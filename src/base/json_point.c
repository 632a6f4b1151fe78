#include "base/bounds.h"
#include "base/json.h"
#include "base/text.h"

/* The text of one key without its ~0 and ~1, in place behind `out`; NULL: another ~. */
static char *unescape(struct span key, char *out)
{
	for (size_t i = 0; i < key.size; i++) {
		char c = key.at[i];
		if (c == '~') {
			char code = i + 1 < key.size ? key.at[++i] : '\0';
			if (code != '0' && code != '1')
				return NULL;
			c = code == '0' ? '~' : '/';
		}
		*out++ = c;
	}
	return out;
}

static bool complain(struct span text, const char *why, struct err *reterr)
{
	if (text.size > 0 && text.at[0] != '/')
		return err_set(reterr, ERR_USAGE, "\"%.*s\" is no pointer; did you mean /%.*s?",
			       SPAN_ARGS(text), SPAN_ARGS(text));
	return err_set(reterr, ERR_USAGE, "\"%.*s\" is no pointer: %s", SPAN_ARGS(text), why);
}

bool pointer_parse(struct arena *arena, struct span text, struct pointer *ret,
		   struct err *reterr)
{
	size_t depth = 0;
	for (size_t i = 0; i < text.size; i++)
		depth += text.at[i] == '/';
	if (text.size > 0 && text.at[0] != '/')
		return complain(text, "", reterr);
	if (depth > POINTER_DEPTH_MAX)
		return err_set(reterr, ERR_USAGE, "a pointer deeper than %d levels",
			       POINTER_DEPTH_MAX);

	char *copy = arena_text(arena, text);
	char *keys_text = arena_text(arena, text); /* keys only get shorter */
	struct span *keys = arena_array(arena, depth, sizeof *keys);
	if (copy == NULL || keys_text == NULL || keys == NULL)
		return err_memory(reterr);
	struct span rest = text;
	for (size_t i = 0; i < depth; i++) {
		rest = span_from(rest, 1);
		const char *slash = memchr(rest.at, '/', rest.size);
		struct span key = rest;
		if (slash != NULL)
			key.size = (size_t)(slash - rest.at);
		char *end = unescape(key, keys_text);
		if (end == NULL)
			return complain(text, "~ is written ~0, and / inside a name ~1", reterr);
		keys[i] = (struct span){keys_text, (size_t)(end - keys_text)};
		keys_text = end;
		rest = span_from(rest, key.size);
	}
	*ret = (struct pointer){.text = copy, .keys = keys, .depth = depth};
	return true;
}

static const struct json *member_nocase(const struct json *object, struct span name)
{
	const struct json *found = NULL;
	struct json_walk walk = json_walk(object);
	while (json_next(&walk)) {
		if (text_same_nocase(walk.name, name))
			found = walk.value;
	}
	return found;
}

static const struct json *element(const struct json *list, struct span key)
{
	size_t index = 0;
	if (key.size == 0 || key.size > 9 || (key.size > 1 && key.at[0] == '0'))
		return NULL;
	for (size_t i = 0; i < key.size; i++) {
		if (key.at[i] < '0' || key.at[i] > '9')
			return NULL;
		index = index * 10 + (size_t)(key.at[i] - '0');
	}
	return json_element(list, index);
}

const struct json *json_point(const struct json *value, const struct pointer *pointer,
			      bool any_case)
{
	for (size_t i = 0; i < pointer->depth && value != NULL; i++) {
		struct span key = pointer->keys[i];
		const struct json *inner = NULL;
		switch (json_kind(value)) {
		case JSON_OBJECT:
			inner = json_member(value, key);
			if (inner == NULL && any_case)
				inner = member_nocase(value, key);
			break;
		case JSON_LIST:
			inner = element(value, key);
			break;
		default:
			break;
		}
		value = inner;
	}
	return value;
}

const struct json *json_point_any(const struct json *value, struct pointers pointers,
				  bool any_case)
{
	const struct json *null = NULL;
	for (size_t i = 0; i < pointers.n; i++) {
		const struct json *found = json_point(value, &pointers.at[i], any_case);
		if (json_kind(found) > JSON_NULL)
			return found;
		if (found != NULL)
			null = found;
	}
	return null;
}
