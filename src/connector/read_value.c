#include "connector/reader.h"

#include "base/text.h"

#include <stdlib.h>

/* Defaults are merged into every stream: a small file could ask for much memory. */
bool read_spend(struct reader *r, size_t bytes)
{
	if (r->spent > CONNECTOR_BYTES_MAX)
		return false;
	r->spent += bytes < CONNECTOR_BYTES_MAX ? bytes : CONNECTOR_BYTES_MAX;
	if (r->spent <= CONNECTOR_BYTES_MAX)
		return true;
	mistake_add(r->mistakes, r->top.map,
		    "too much: with defaults in every stream this makes more than %d MiB",
		    CONNECTOR_BYTES_MAX / MIB);
	return false;
}

void *read_array(struct reader *r, size_t n, size_t size)
{
	if (!read_spend(r, n * size)) /* n is bounded by CONFIG_NODES_MAX */
		return NULL;
	void *at = arena_array(r->arena, n, size);
	if (at == NULL)
		r->mistakes->failed = true;
	return at;
}

static enum value_kind kind_of(const struct yaml *scalar)
{
	switch (yaml_plain_kind(scalar)) {
	case YAML_NUMBER: return VALUE_NUMBER;
	case YAML_BOOL: return VALUE_BOOL;
	case YAML_NULL: return VALUE_NULL;
	case YAML_TEXT: break;
	}
	return VALUE_TEXT;
}

struct value read_value(const struct yaml *scalar)
{
	return (struct value){kind_of(scalar), scalar->text};
}

bool read_template(struct reader *r, const struct yaml *node, struct template *ret)
{
	struct err err;
	if (node->kind != YAML_SCALAR) {
		r->templates_wrong++; /* told */
		return false;
	}
	if (!read_spend(r, 4 * node->text.size))
		return false; /* told */
	if (!template_parse(r->arena, node->text, ret, &err)) {
		if (err.kind == ERR_MEMORY)
			r->mistakes->failed = true;
		else
			mistake_add(r->mistakes, node, "%s", err.text);
		r->templates_wrong++;
		return false;
	}
	ret->literal = kind_of(node);
	ret->line = node->line;
	ret->column = node->column;
	return true;
}

const struct template *read_template_key(struct reader *r, struct keys keys, const char *name)
{
	const char *text = keys_text(keys, name);
	const struct yaml *node = keys_node(keys, name);
	struct yaml value = {.kind = YAML_SCALAR, .text = span_of(text)};
	if (text == NULL)
		return NULL;
	if (node != NULL && node->text.at == text)
		value = *node;
	struct template *ret = read_array(r, 1, sizeof *ret);
	return ret != NULL && read_template(r, &value, ret) ? ret : NULL;
}

static bool is_path_char(unsigned char c)
{
	return c > ' ' && c < 0x7F && strchr("\"<>\\^`?#", c) == NULL;
}

const struct template *read_path(struct reader *r, struct keys keys, const char *name)
{
	const struct template *path = read_template_key(r, keys, name);
	for (size_t i = 0; path != NULL && i < path->n; i++) {
		struct span text = path->parts[i].text;
		for (size_t k = 0; path->parts[i].scope == SLOT_LITERAL && k < text.size; k++) {
			unsigned char c = (unsigned char)text.at[k];
			if (is_path_char(c))
				continue;
			if (c == '?')
				mistake_add(r->mistakes, keys_mark(keys, name),
					    "%s: what stands behind ? belongs under query", name);
			else
				mistake_add(r->mistakes, keys_mark(keys, name),
					    "%s: what a URL cannot hold is written as %%%02X", name,
					    c);
			return NULL;
		}
	}
	return path;
}

struct pointers read_pointers(struct reader *r, struct keys keys, const char *name)
{
	size_t n;
	const struct yaml *nodes = keys_list(keys, name, &n);
	struct yaml fallback = {.kind = YAML_SCALAR};
	if (nodes == NULL) {
		const char *text = keys_text(keys, name);
		if (text == NULL)
			return (struct pointers){NULL, 0};
		fallback.text = span_of(text);
		nodes = &fallback;
		n = 1;
	}
	struct pointer *at = read_array(r, n, sizeof *at);
	size_t good = 0;
	for (size_t i = 0; at != NULL && i < n; i++) {
		struct err err;
		if (nodes[i].kind != YAML_SCALAR || !read_spend(r, 4 * nodes[i].text.size))
			continue;
		if (pointer_parse(r->arena, nodes[i].text, &at[good], &err))
			good++;
		else if (err.kind == ERR_MEMORY)
			r->mistakes->failed = true;
	}
	return (struct pointers){at, good};
}

bool read_entry(struct reader *r, const struct yaml *name, const struct yaml *values,
		struct entry *ret)
{
	bool list = values->kind == YAML_LIST;
	const struct yaml *nodes = list ? values->children : values;
	size_t n = list ? values->n : 1;
	struct template *templates = read_array(r, n, sizeof *templates);
	size_t good = 0;
	for (size_t i = 0; templates != NULL && i < n; i++)
		good += read_template(r, &nodes[i], &templates[good]);
	*ret = (struct entry){name->text.at, templates, good};
	return good > 0;
}

bool read_query(struct reader *r, const struct yaml *map, const struct entry **ret, size_t *ret_n)
{
	size_t n = map != NULL && map->kind == YAML_MAP ? map->n : 0;
	struct entry *entries = read_array(r, n, sizeof *entries);
	*ret = entries;
	*ret_n = 0;
	for (size_t i = 0; entries != NULL && i < n; i++) {
		if (yaml_plain_kind(&map->children[i]) == YAML_NULL)
			mistake_add(r->mistakes, &map->names[i],
				    "%s: ~ takes away an entry of defaults, and here are none",
				    map->names[i].text.at);
		else
			*ret_n += read_entry(r, &map->names[i], &map->children[i],
					     &entries[*ret_n]);
	}
	return entries != NULL;
}

/* --- merging with defaults --- */
bool draft_fills(const struct draft *draft, const struct template *template)
{
	bool item = template_has(template, SLOT_ITEM, NULL);
	bool parent = template_has(template, SLOT_PARENT, NULL);
	bool window = template_has(template, SLOT_WINDOW, NULL);
	switch (draft->kind) {
	case STREAM_PLAIN: return !parent;
	case STREAM_CHILD: return !item && !window;
	case STREAM_ROWS:
		return !parent && !window && (!item || draft->stream->rows == ROWS_FROM_LIST);
	}
	return true;
}

static const struct yaml *entry_in(const struct yaml *map, struct span name, bool nocase)
{
	for (size_t i = 0; map != NULL && map->kind == YAML_MAP && i < map->n; i++) {
		struct span other = map->names[i].text;
		if (span_equal(other, name) || (nocase && text_same_nocase(other, name)))
			return &map->children[i];
	}
	return NULL;
}

static void check_removal(struct reader *r, const char *key, const struct yaml *name,
			  const struct yaml *defaults, bool nocase)
{
	if (entry_in(defaults, name->text, nocase) == NULL)
		mistake_add(r->mistakes, name,
			    "%s.%s: ~ takes away an entry of defaults; they have none of that name",
			    key, name->text.at);
}

static size_t add_defaults(struct reader *r, struct draft *draft, const struct yaml *own,
			   const struct yaml *defaults, bool nocase, struct entry *entries)
{
	size_t n = 0;
	for (size_t i = 0; i < defaults->n; i++) {
		const struct yaml *name = &defaults->names[i];
		if (entry_in(own, name->text, nocase) != NULL ||
		    yaml_plain_kind(&defaults->children[i]) == YAML_NULL ||
		    !read_entry(r, name, &defaults->children[i], &entries[n]))
			continue;
		bool fills = true;
		for (size_t k = 0; k < entries[n].n; k++)
			fills = fills && draft_fills(draft, &entries[n].values[k]);
		n += fills;
	}
	return n;
}

bool read_entries(struct reader *r, struct draft *draft, const char *key,
		  const struct entry **ret, size_t *ret_n)
{
	bool nocase = strcmp(key, "headers") == 0;
	const struct yaml *own = keys_own(draft->keys, key);
	bool removed = own != NULL && own->kind == YAML_SCALAR;
	const struct yaml *defaults = removed ? NULL : yaml_member(draft->keys.beneath, key);
	size_t own_n = own != NULL && own->kind == YAML_MAP ? own->n : 0;
	size_t defaults_n = defaults != NULL && defaults->kind == YAML_MAP ? defaults->n : 0;
	struct entry *entries = read_array(r, own_n + defaults_n, sizeof *entries);
	size_t n = 0;
	*ret = entries;
	*ret_n = 0;
	if (entries == NULL)
		return false;
	for (size_t i = 0; i < own_n; i++) {
		if (yaml_plain_kind(&own->children[i]) == YAML_NULL)
			check_removal(r, key, &own->names[i], defaults, nocase);
		else
			n += read_entry(r, &own->names[i], &own->children[i], &entries[n]);
	}
	if (defaults_n > 0)
		n += add_defaults(r, draft, own, defaults, nocase, entries + n);
	*ret_n = n;
	return true;
}

/* --- bodies --- */

/* `start_cursor: {paging.token}` without quotes: a map with one name and nothing. */
static bool is_bare_slot(const struct yaml *node)
{
	if (node->n != 1 || node->names[0].quoted || node->children[0].kind != YAML_SCALAR ||
	    node->children[0].quoted || node->children[0].text.size > 0)
		return false;
	for (int scope = SLOT_SETTINGS; scope <= SLOT_AUTH; scope++) {
		struct span name = span_of(slot_scope_name((enum slot_scope)scope));
		struct span text = node->names[0].text;
		if (span_starts(text, name) && text.size > name.size && text.at[name.size] == '.')
			return true;
	}
	return false;
}

bool read_body(struct reader *r, const struct yaml *node, struct body *ret)
{
	char shown[YAML_SHOWN_BYTES];
	if (node->kind == YAML_SCALAR) {
		ret->kind = BODY_SCALAR;
		return read_template(r, node, &ret->scalar);
	}
	if (node->kind == YAML_MAP && is_bare_slot(node)) {
		mistake_add(r->mistakes, node,
			    "a value that begins with { must be quoted: \"{%s}\"",
			    yaml_shown(node->names[0].text, shown));
		r->templates_wrong++;
		return false;
	}
	const char **names = read_array(r, node->n, sizeof *names);
	struct body *children = read_array(r, node->n, sizeof *children);
	if (names == NULL || children == NULL)
		return false;
	bool good = true;
	for (size_t i = 0; i < node->n; i++) {
		names[i] = node->kind == YAML_MAP ? node->names[i].text.at : "";
		/* The tree is at most CONFIG_DEPTH_MAX deep. */
		good &= read_body(r, &node->children[i], &children[i]);
	}
	ret->kind = node->kind == YAML_MAP ? BODY_MAP : BODY_LIST;
	ret->names = names;
	ret->children = children;
	ret->n = node->n;
	return good;
}
