/* A template is a list of parts, literal or slot; filling in is one walk over them. There are no
 * conditions, no functions, no defaults inside the braces: what a slot cannot say, the engine
 * knows or the API is asked. */
#include "connector/template.h"

#include "base/text.h"
#include "config/yaml.h"

#include <stdio.h>

enum { NAMES_TEXT_MAX = 100 };

struct scope {
	const char *name;
	const char *const *names; /* what it has; NULL: the connector decides */
};

static const struct scope SCOPES[] = {
	[SLOT_SETTINGS] = {"settings", NULL},
	[SLOT_ITEM] = {"item", NULL},
	[SLOT_PARENT] = {"parent", NULL},
	[SLOT_WINDOW] = {"window", (const char *const[]){"from", "until", "last", NULL}},
	[SLOT_PAGING] = {"paging", (const char *const[]){"token", "offset", "page", NULL}},
	[SLOT_RUN] = {"run", (const char *const[]){"started_at", "fetched_at", NULL}},
	[SLOT_AUTH] = {"auth", (const char *const[]){"token", "user", "password", "key", NULL}},
};
enum { SCOPES_N = sizeof SCOPES / sizeof SCOPES[0] };

const char *slot_scope_name(enum slot_scope scope)
{
	return SCOPES[scope].name == NULL ? "" : SCOPES[scope].name;
}

/* --- parsing --- */
static bool unknown_scope(struct span slot, struct span scope, struct err *reterr)
{
	char shown[YAML_SHOWN_BYTES], name[YAML_SHOWN_BYTES];
	const char *names[SCOPES_N];
	for (size_t i = 1; i < SCOPES_N; i++)
		names[i - 1] = SCOPES[i].name;
	names[SCOPES_N - 1] = NULL;
	yaml_shown(slot, shown);
	const char *near = text_nearest(yaml_shown(scope, name), names);
	if (near != NULL)
		return err_set(reterr, ERR_USAGE, "{%s}: no scope \"%s\"; did you mean %s?", shown,
			       name, near);
	return err_set(reterr, ERR_USAGE,
		       "{%s}: expected {scope.name} with a scope of settings, item, parent, "
		       "window, paging, run, auth; a brace of its own is written {{ or }}", shown);
}

static bool unknown_name(struct span slot, const struct scope *scope, struct span name,
			 struct err *reterr)
{
	char shown[YAML_SHOWN_BYTES], text[YAML_SHOWN_BYTES], names[NAMES_TEXT_MAX] = "";
	for (size_t i = 0; scope->names[i] != NULL; i++) {
		size_t size = strlen(names);
		snprintf(names + size, sizeof names - size, "%s%s", i > 0 ? ", " : "",
			 scope->names[i]);
	}
	yaml_shown(slot, shown);
	const char *near = text_nearest(yaml_shown(name, text), scope->names);
	return err_set(reterr, ERR_USAGE, "{%s}: %s has %s%s%s%s", shown, scope->name, names,
		       near == NULL ? "" : "; did you mean ", near == NULL ? "" : near,
		       near == NULL ? "" : "?");
}

static bool is_slot_name(struct span name)
{
	for (size_t i = 0; i < name.size; i++) {
		char c = name.at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '-'))
			return false;
	}
	return name.size > 0;
}

/* `slot` is what stands between the braces. */
static bool parse_slot(struct span slot, struct template_part *ret, struct err *reterr)
{
	const char *dot = memchr(slot.at, '.', slot.size);
	struct span scope = {slot.at, dot == NULL ? slot.size : (size_t)(dot - slot.at)};
	struct span name = span_from(slot, scope.size + (dot != NULL));
	for (size_t i = 1; i < SCOPES_N; i++) {
		if (!span_is(scope, SCOPES[i].name))
			continue;
		const char *const *known = SCOPES[i].names;
		while (known != NULL && *known != NULL && !span_is(name, *known))
			known++;
		if (known != NULL && *known == NULL)
			return unknown_name(slot, &SCOPES[i], name, reterr);
		if (!is_slot_name(name)) {
			char shown[YAML_SHOWN_BYTES];
			return err_set(reterr, ERR_USAGE,
				       "{%s}: expected a name of letters, digits, _ or - behind "
				       "the dot", yaml_shown(slot, shown));
		}
		*ret = (struct template_part){(enum slot_scope)i, name};
		return true;
	}
	return unknown_scope(slot, scope, reterr);
}

/* The next part of `rest`: a run of text, one brace that was written twice, or a slot. Returns
 * its size in the source; 0: wrong. */
static size_t parse_part(struct span rest, struct template_part *ret, struct err *reterr)
{
	char c = rest.at[0];
	if (c != '{' && c != '}') {
		size_t size = 1;
		while (size < rest.size && rest.at[size] != '{' && rest.at[size] != '}')
			size++;
		*ret = (struct template_part){SLOT_LITERAL, {rest.at, size}};
		return size;
	}
	if (rest.size > 1 && rest.at[1] == c) {
		*ret = (struct template_part){SLOT_LITERAL, {rest.at, 1}};
		return 2;
	}
	const char *end = c == '{' ? memchr(rest.at, '}', rest.size) : NULL;
	if (end == NULL) {
		err_set(reterr, ERR_USAGE, "a %c has no %c; a brace of its own is written %c%c", c,
			c == '{' ? '}' : '{', c, c);
		return 0;
	}
	size_t size = (size_t)(end - rest.at) + 1;
	return parse_slot((struct span){rest.at + 1, size - 2}, ret, reterr) ? size : 0;
}

bool template_parse(struct arena *arena, struct span text, struct template *ret,
		    struct err *reterr)
{
	struct template_part part;
	size_t n = 0;
	for (struct span rest = text; rest.size > 0; n++) {
		size_t size = parse_part(rest, &part, reterr);
		if (size == 0)
			return false;
		rest = span_from(rest, size);
	}
	char *copy = arena_text(arena, text);
	struct template_part *parts = arena_array(arena, n, sizeof *parts);
	if (copy == NULL || parts == NULL)
		return err_memory(reterr);
	size_t i = 0;
	for (struct span rest = {copy, text.size}; rest.size > 0; i++)
		rest = span_from(rest, parse_part(rest, &parts[i], reterr));
	*ret = (struct template){.parts = parts, .n = n, .literal = VALUE_TEXT};
	return true;
}

bool template_has(const struct template *template, enum slot_scope scope, const char *name)
{
	for (size_t i = 0; i < template->n; i++) {
		if (template->parts[i].scope == scope &&
		    (name == NULL || span_is(template->parts[i].text, name)))
			return true;
	}
	return false;
}

bool template_show(const struct template *template, struct buf *out)
{
	for (size_t i = 0; i < template->n; i++) {
		const struct template_part *part = &template->parts[i];
		if (part->scope != SLOT_LITERAL)
			buf_addf(out, "{%s.%.*s}", slot_scope_name(part->scope),
				 SPAN_ARGS(part->text));
		else if (span_is(part->text, "{") || span_is(part->text, "}"))
			buf_addf(out, "%c%c", part->text.at[0], part->text.at[0]);
		else
			buf_add_span(out, part->text);
	}
	return !out->failed;
}

/* --- filling in --- */
static bool wrong_slot(const struct template_part *part, const char *why, struct err *reterr)
{
	char shown[YAML_SHOWN_BYTES];
	return err_set(reterr, ERR_USAGE, "{%s.%s} %s", slot_scope_name(part->scope),
		       yaml_shown(part->text, shown), why);
}

static bool is_host(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '.' || c == '-'))
			return false;
	}
	return text.size > 0;
}

static bool has_control(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.at[i];
		if (c < 0x20 || c == 0x7F)
			return true;
	}
	return false;
}

/* A value that came from outside, as its place needs it. */
static bool add_value(const struct template *template, const struct template_part *part,
		      enum template_place place, struct span text, struct buf *out,
		      struct err *reterr)
{
	switch (place) {
	case PLACE_PLAIN:
		buf_add_span(out, text);
		return true;
	case PLACE_PATH:
		/* "." and ".." would lead out of the path, nothing at all to another one. */
		if (text.size == 0)
			return wrong_slot(part, "is empty; a path needs it", reterr);
		if (span_is(text, ".") || span_is(text, ".."))
			return wrong_slot(part, "is . or .., which a path cannot hold", reterr);
		text_percent(out, text);
		return true;
	case PLACE_QUERY:
		text_percent(out, text);
		return true;
	case PLACE_HEADER:
		if (has_control(text))
			return wrong_slot(part, "holds a control character, which a header cannot",
					  reterr);
		buf_add_span(out, text);
		return true;
	case PLACE_HOST:
		if (template->n > 1 && !is_host(text))
			return wrong_slot(part, "may hold letters, digits, . and - only", reterr);
		buf_add_span(out, text);
		return true;
	}
	return true;
}

static void add_literal(enum template_place place, struct span text, struct buf *out)
{
	if (place == PLACE_QUERY)
		text_percent(out, text);
	else
		buf_add_span(out, text);
}

bool template_fill(const struct template *template, enum template_place place,
		   struct template_scope scope, struct buf *out, bool *ret_absent,
		   struct err *reterr)
{
	size_t start = out->size;
	*ret_absent = false;
	for (size_t i = 0; i < template->n; i++) {
		const struct template_part *part = &template->parts[i];
		struct value value = {VALUE_ABSENT, {"", 0}};
		if (part->scope == SLOT_LITERAL) {
			add_literal(place, part->text, out);
			continue;
		}
		scope.find(scope.user, part->scope, part->text, &value);
		if (value.kind == VALUE_ABSENT || value.kind == VALUE_NULL) {
			buf_cut(out, start);
			if (place == PLACE_PATH)
				return wrong_slot(part, "has no value; a path needs it", reterr);
			*ret_absent = true;
			return true;
		}
		if (!add_value(template, part, place, value.text, out, reterr)) {
			buf_cut(out, start);
			return false;
		}
	}
	return buf_ok(out, reterr);
}

bool template_value(const struct template *template, struct template_scope scope,
		    struct buf *out, struct value *ret, struct err *reterr)
{
	size_t start = out->size;
	enum value_kind kind = VALUE_TEXT;
	bool absent = false;
	if (template->n == 1 && template->parts[0].scope != SLOT_LITERAL) {
		struct value value = {VALUE_ABSENT, {"", 0}};
		scope.find(scope.user, template->parts[0].scope, template->parts[0].text, &value);
		buf_add_span(out, value.text);
		kind = value.kind;
	} else {
		bool literal = true;
		for (size_t i = 0; i < template->n; i++)
			literal = literal && template->parts[i].scope == SLOT_LITERAL;
		if (literal)
			kind = template->literal;
		if (!template_fill(template, PLACE_PLAIN, scope, out, &absent, reterr))
			return false;
	}
	if (!buf_ok(out, reterr))
		return false;
	*ret = (struct value){absent ? VALUE_ABSENT : kind, span_from(buf_span(out), start)};
	return true;
}
