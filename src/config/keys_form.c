/* Does a value fit a form? Each kind of scalar is read in one place, here. */
#include "config/keys_private.h"

#include "base/json.h"
#include "base/stamp.h"
#include "base/text.h"

#include <stdlib.h>

bool form_is_scalar(enum form_kind kind)
{
	return kind <= FORM_SCALAR;
}

bool form_is_null(const struct yaml *node)
{
	return node->kind == YAML_SCALAR && yaml_plain_kind(node) == YAML_NULL;
}

bool name_matches(const char *pattern, struct span name)
{
	struct span p = span_of(pattern);
	if (p.size > 0 && p.at[p.size - 1] == '*')
		return span_starts(name, (struct span){p.at, p.size - 1});
	if (p.size > 0 && p.at[0] == '*')
		return name.size >= p.size - 1 &&
		       span_equal(span_from(name, name.size - (p.size - 1)), span_from(p, 1));
	return span_equal(p, name);
}

bool form_is_reserved(const struct form *form, struct span text)
{
	for (const char *const *r = form->reserved; r != NULL && *r != NULL; r++) {
		if (name_matches(*r, text))
			return true;
	}
	return false;
}

const struct key *form_key(const struct form *form, struct span name)
{
	for (const struct key *key = form->keys; key != NULL && key->name != NULL; key++) {
		if (span_is(name, key->name))
			return key;
	}
	return NULL;
}

static bool is_name(struct span text, char first, char last, const char *others)
{
	if (text.size == 0 || text.size > NAME_BYTES_MAX || text.at[0] < first || text.at[0] > last)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		bool letter = c >= first && c <= last;
		if (!letter && !(c >= '0' && c <= '9') && strchr(others, c) == NULL)
			return false;
	}
	return true;
}

bool form_is_pointer(struct span text)
{
	size_t depth = 0;
	if (text.size > 0 && text.at[0] != '/')
		return false;
	for (size_t i = 0; i < text.size; i++) {
		depth += text.at[i] == '/';
		if (text.at[i] != '~')
			continue;
		char code = i + 1 < text.size ? text.at[i + 1] : '\0';
		if (code != '0' && code != '1')
			return false;
	}
	return depth <= POINTER_DEPTH_MAX;
}

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '-' || c == '_';
}

bool form_is_url(struct span text)
{
	struct span https = SPAN("https://"), http = SPAN("http://");
	if (!span_starts(text, https) && !span_starts(text, http))
		return false;
	size_t at = span_starts(text, https) ? https.size : http.size;
	size_t from = at;
	if (at < text.size && text.at[at] == '[') {
		while (at < text.size && text.at[at] != ']')
			at++;
		if (at == text.size || at - from < 3)
			return false;
		at++;
	} else {
		while (at < text.size && is_host_char(text.at[at]))
			at++;
		if (at == from)
			return false;
	}
	if (at < text.size && text.at[at] == ':') {
		from = ++at;
		while (at < text.size && text.at[at] >= '0' && text.at[at] <= '9')
			at++;
		if (at == from || at - from > 5)
			return false;
	}
	for (size_t i = at; i < text.size; i++) {
		if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7F)
			return false;
	}
	return at == text.size || text.at[at] == '/';
}

static bool inside(const struct form *form, int64_t value)
{
	return (form->min == 0 && form->max == 0) || (value >= form->min && value <= form->max);
}

bool form_duration(const struct yaml *scalar, int64_t *ret_us)
{
	return scalar->kind == YAML_SCALAR && text_duration(scalar->text, ret_us);
}

bool form_int(const struct yaml *scalar, int64_t *ret)
{
	return yaml_plain_kind(scalar) == YAML_NUMBER && json_whole(scalar->text, ret);
}

int form_choice(const struct form *form, const struct yaml *scalar)
{
	for (int i = 0; scalar->kind == YAML_SCALAR && form->choices[i] != NULL; i++) {
		if (span_is(scalar->text, form->choices[i]))
			return i;
	}
	return -1;
}

static bool takes_time(struct span text)
{
	struct stamp_format format;
	struct err ignored;
	return stamp_format_parse(text.at, &format, &ignored);
}

static bool takes_kind(const struct form *form, const struct yaml *scalar)
{
	int64_t value;
	switch (form->kind) {
	case FORM_BOOL: return yaml_plain_kind(scalar) == YAML_BOOL;
	case FORM_INT: return form_int(scalar, &value) && inside(form, value);
	case FORM_NUMBER: return yaml_plain_kind(scalar) == YAML_NUMBER;
	case FORM_DURATION: return form_duration(scalar, &value) && inside(form, value);
	case FORM_SIZE: return text_size(scalar->text, &value) && inside(form, value);
	case FORM_CHOICE: return form_choice(form, scalar) >= 0;
	case FORM_NAME: return is_name(scalar->text, 'a', 'z', "_-");
	case FORM_COLUMN: return is_name(scalar->text, 'A', 'Z', "_");
	case FORM_POINTER: return form_is_pointer(scalar->text);
	case FORM_URL: return form_is_url(scalar->text);
	case FORM_TIME: return takes_time(scalar->text);
	default: return true;
	}
}

bool form_takes(const struct form *form, const struct yaml *scalar)
{
	if (form->kind == FORM_EITHER) {
		for (const struct form *const *any = form->any; *any != NULL; any++) {
			if (form_takes(*any, scalar))
				return true;
		}
		return false;
	}
	if (form->kind == FORM_LIST)
		return form->lone && form_takes(form->of, scalar);
	if (scalar->kind != YAML_SCALAR || form->kind > FORM_ANY)
		return false;
	if (form_is_null(scalar))
		return form->nullable || form->kind == FORM_SCALAR || form->kind == FORM_ANY;
	return takes_kind(form, scalar) && !form_is_reserved(form, scalar->text) &&
	       (form->accept == NULL || form->accept(scalar->text));
}

bool form_fits(const struct form *form, const struct yaml *node)
{
	bool null = form_is_null(node);
	switch (form->kind) {
	case FORM_ANY:
		return true;
	case FORM_EITHER:
		for (const struct form *const *any = form->any; *any != NULL; any++) {
			if (form_fits(*any, node))
				return true;
		}
		return form->nullable && null;
	case FORM_MAP:
	case FORM_NAMED:
		return node->kind == YAML_MAP || (form->nullable && null);
	case FORM_LIST:
		return node->kind == YAML_LIST || (form->lone && form_fits(form->of, node)) ||
		       (form->nullable && null);
	default:
		return node->kind == YAML_SCALAR &&
		       (!null || form->nullable || form->kind == FORM_SCALAR);
	}
}

const struct form *form_pick(const struct form *form, const struct yaml *node)
{
	const struct form *only = NULL;
	size_t fitting = 0;
	if (form->kind != FORM_EITHER)
		return form;
	for (const struct form *const *any = form->any; *any != NULL; any++) {
		if (!form_fits(*any, node))
			continue;
		if (node->kind != YAML_SCALAR || form_takes(*any, node))
			return form_pick(*any, node);
		only = *any;
		fitting++;
	}
	return fitting == 1 ? form_pick(only, node) : NULL;
}
