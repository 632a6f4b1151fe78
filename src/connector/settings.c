/* Reading what the user gave: each setting's type and bounds, defaults, digests, and whether the
 * elements of a list can be told apart. */
#include "connector/settings.h"

#include "base/digest.h"
#include "base/text.h"
#include "connector/reader.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATH_TEXT_MAX = 300, DIGEST_HEX = 32 };
enum { DIGEST_BYTES_MAX = 1 * MIB, LABELS_BYTES_MAX = 16 * MIB };

struct giving {
	struct arena *arena;
	struct mistakes *mistakes;
	const struct connector *connector;
	struct setting_value *values; /* one for each setting */
};

static void *make(struct giving *g, size_t n, size_t size)
{
	void *at = arena_array(g->arena, n, size);
	if (at == NULL)
		g->mistakes->failed = true;
	return at;
}

static void missing(struct giving *g, const struct setting *setting, const char *path,
		    const struct yaml *where)
{
	mistake_add(g->mistakes, where, "%s is required%s%s", path,
		    setting->comment == NULL ? "" : ": ",
		    setting->comment == NULL ? "" : setting->comment);
}

/* --- names --- */
static const struct setting *find(const struct setting *settings, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++) {
		if (span_is(name, settings[i].name))
			return &settings[i];
	}
	return NULL;
}

static void check_given(struct giving *g, const struct setting *settings, size_t n,
			const struct yaml *map, const char *path)
{
	const char **names = make(g, n + 1, sizeof *names);
	char shown[YAML_SHOWN_BYTES];
	for (size_t i = 0; names != NULL && i < n; i++)
		names[i] = settings[i].name;
	for (size_t i = 0; names != NULL && i < map->n; i++) {
		struct span name = map->names[i].text;
		if (find(settings, n, name) != NULL || mistakes_full(g->mistakes, &map->names[i]))
			continue;
		const char *near = text_nearest(name.at, names);
		mistake_add(g->mistakes, &map->names[i], "%s has no %s%s%s%s", path,
			    yaml_shown(name, shown), near == NULL ? "" : "; did you mean ",
			    near == NULL ? "" : near, near == NULL ? "" : "?");
	}
}

/* --- one value --- */
static struct value read_scalar(struct giving *g, const struct setting *setting,
				const struct yaml *node, const struct yaml *where, const char *path)
{
	char why[WHY_BYTES];
	struct value value;
	if (node == NULL) {
		if (setting->required)
			missing(g, setting, path, where);
		return setting->fallback;
	}
	bool right = setting_judge(setting, node, &value, why);
	if (right && (value.text.size > 0 || !setting->required))
		return value;
	mistake_add(g->mistakes, node, "%s %s", path, right ? "is empty, but required" : why);
	return (struct value){VALUE_ABSENT, {"", 0}};
}

/* --- lists --- */
static void read_fields(struct giving *g, const struct setting *list, const struct yaml *node,
			const char *path, struct value *fields)
{
	char inner[PATH_TEXT_MAX];
	if (node->kind != YAML_MAP) {
		mistake_add(g->mistakes, node, "%s is %s; expected a map", path,
			    yaml_kind_name(node->kind));
		return;
	}
	check_given(g, list->fields, list->fields_n, node, path);
	for (size_t i = 0; i < list->fields_n; i++) {
		const struct setting *field = &list->fields[i];
		snprintf(inner, sizeof inner, "%.165s.%.128s", path, field->name);
		fields[i] = read_scalar(g, field, yaml_member(node, field->name), node, inner);
	}
}

/* All elements, joined by commas: what the setting is where it stands alone. */
static void join(struct giving *g, struct setting_value *list)
{
	struct buf joined;
	buf_init(&joined, CONFIG_BYTES_MAX);
	for (size_t i = 0; i < list->n && list->setting->fields_n == 0; i++) {
		if (i > 0)
			buf_add_char(&joined, ',');
		buf_add_span(&joined, list->elements[i].fields[0].text);
	}
	const char *text = arena_text(g->arena, buf_span(&joined));
	if (text == NULL || joined.failed)
		g->mistakes->failed = true;
	else if (list->n > 0 && list->setting->fields_n == 0)
		list->value = (struct value){VALUE_TEXT, {text, joined.size}};
	buf_done(&joined);
}

static void read_default_list(struct giving *g, struct setting_value *ret)
{
	const struct setting *setting = ret->setting;
	struct element *elements = make(g, setting->fallback_list_n, sizeof *elements);
	if (elements == NULL)
		return;
	for (size_t i = 0; i < setting->fallback_list_n; i++)
		elements[i] = (struct element){&setting->fallback_list[i], setting->line,
					       setting->column};
	ret->elements = elements;
	ret->n = setting->fallback_list_n;
	join(g, ret);
}

static void read_list(struct giving *g, const struct yaml *node, const struct yaml *where,
		      const char *path, struct setting_value *ret)
{
	const struct setting *setting = ret->setting;
	char inner[PATH_TEXT_MAX];
	if (node == NULL) {
		if (setting->required)
			missing(g, setting, path, where);
		read_default_list(g, ret);
		return;
	}
	if (node->kind != YAML_LIST) {
		mistake_add(g->mistakes, node, "%s is %s; expected a list", path,
			    yaml_kind_name(node->kind));
		return;
	}
	if (node->n == 0 && setting->required)
		mistake_add(g->mistakes, node, "%s: at least one is needed", path);
	struct element *elements = make(g, node->n, sizeof *elements);
	for (size_t i = 0; elements != NULL && i < node->n; i++) {
		const struct yaml *child = &node->children[i];
		bool plain = setting->fields_n == 0;
		struct value *fields = make(g, plain ? 1 : setting->fields_n, sizeof *fields);
		if (fields == NULL)
			return;
		snprintf(inner, sizeof inner, "%.140s[%zu]", path, i);
		if (plain)
			fields[0] = read_scalar(g, setting, child, child, inner);
		else
			read_fields(g, setting, child, inner, fields);
		elements[i] = (struct element){fields, child->line, child->column};
	}
	if (elements == NULL)
		return;
	ret->elements = elements;
	ret->n = node->n;
	join(g, ret);
}

/* --- digests --- */

/* Each part after its length in bytes and a colon: no two lists of parts look the same. */
static bool add_part(struct buf *text, struct value value)
{
	buf_addf(text, "%zu:", value.text.size);
	return buf_add_span(text, value.text);
}

static void fill_digest(struct giving *g, const struct setting *setting,
			const struct setting_value *list, size_t element, struct value *ret)
{
	struct buf text;
	char hex[SHA256_HEX + 1];
	buf_init(&text, DIGEST_BYTES_MAX);
	for (size_t i = 0; i < setting->digest_n; i++) {
		const struct template_part *part = &setting->digest[i];
		const struct settings all = {g->values, g->connector->settings_n};
		const struct setting_value *of = settings_find(&all, part->text);
		if (part->scope == SLOT_ITEM)
			add_part(&text, settings_field(list, element, part->text));
		else if (of != NULL)
			add_part(&text, of->value);
	}
	char *copy = make(g, DIGEST_HEX + 1, 1);
	if (copy == NULL || text.failed || !digest_sha256_hex(buf_span(&text), hex)) {
		g->mistakes->failed = true;
	} else {
		memcpy(copy, hex, DIGEST_HEX);
		*ret = (struct value){VALUE_TEXT, {copy, DIGEST_HEX}};
	}
	buf_done(&text);
}

static void fill_digests(struct giving *g, const struct yaml *given)
{
	for (size_t i = 0; i < g->connector->settings_n; i++) {
		struct setting_value *value = &g->values[i];
		const struct setting *setting = value->setting;
		if (setting->digest_n > 0 && yaml_member(given, setting->name) == NULL)
			fill_digest(g, setting, NULL, 0, &value->value);
		for (size_t k = 0; k < setting->fields_n; k++) {
			for (size_t e = 0; setting->fields[k].digest_n > 0 && e < value->n; e++) {
				/* Ours, made in read_list. */
				struct value *cell = (struct value *)&value->elements[e].fields[k];
				if (cell->kind == VALUE_ABSENT)
					fill_digest(g, &setting->fields[k], value, e, cell);
			}
		}
	}
}

/* --- telling elements apart --- */
struct telling {
	struct giving *g;
	const struct setting_value *list;
	const bool *counts; /* of each field: it tells them apart */
};

struct labelled {
	struct span label;
	size_t element;
};

static int by_label(const void *a, const void *b)
{
	const struct labelled *left = a, *right = b;
	size_t size = left->label.size < right->label.size ? left->label.size : right->label.size;
	int order = size == 0 ? 0 : memcmp(left->label.at, right->label.at, size);
	if (order != 0)
		return order;
	if (left->label.size != right->label.size)
		return left->label.size < right->label.size ? -1 : 1;
	return left->element < right->element ? -1 : left->element > right->element;
}

static void add_label(const struct telling *t, size_t element, struct buf *text)
{
	const struct setting *setting = t->list->setting;
	for (size_t i = 0; i < setting->fields_n; i++) {
		if (t->counts[i])
			add_part(text, t->list->elements[element].fields[i]);
	}
	if (setting->fields_n == 0)
		add_part(text, t->list->elements[element].fields[0]);
}

static void tell_equals(const struct telling *t, struct labelled *all)
{
	const struct setting_value *list = t->list;
	qsort(all, list->n, sizeof *all, by_label);
	for (size_t i = 1; i < list->n; i++) {
		const struct element *element = &list->elements[all[i].element];
		if (!span_equal(all[i - 1].label, all[i].label))
			continue;
		mistake_add_at(t->g->mistakes, element->line, element->column,
			       "settings.%s[%zu] and [%zu] cannot be told apart: equal ids",
			       list->setting->name, all[i - 1].element, all[i].element);
	}
}

/* Sorted by their labels, which live in one buffer: a list may be long, and many streams may
 * repeat over it. */
static void tell_apart(const struct telling *t)
{
	size_t n = t->list->n;
	struct labelled *all = n < 2 ? NULL : malloc(n * sizeof *all);
	struct buf text;
	if (n < 2)
		return;
	buf_init(&text, LABELS_BYTES_MAX);
	for (size_t i = 0; all != NULL && i < n; i++) {
		size_t start = text.size;
		add_label(t, i, &text);
		all[i] = (struct labelled){{NULL, text.size - start}, i};
	}
	const char *at = buf_text(&text);
	for (size_t i = 0; all != NULL && i < n; i++) {
		all[i].label.at = at;
		at += all[i].label.size;
	}
	if (all == NULL || text.failed)
		t->g->mistakes->failed = true;
	else
		tell_equals(t, all);
	free(all);
	buf_done(&text);
}

/* Which fields tell elements apart: those of `repeat.id`, or those that are in a row's key. */
static void mark_fields(const struct stream *stream, const struct setting *list, bool *counts)
{
	for (size_t i = 0; i < stream->repeat.id_n; i++)
		counts[stream->repeat.id[i] - list->fields] = true;
	for (size_t i = 0; stream->rows == ROWS_FROM_LIST && i < stream->key_n; i++) {
		const struct template *value = stream->columns[stream->key[i]].value;
		for (size_t k = 0; value != NULL && k < list->fields_n; k++)
			counts[k] = counts[k] ||
				    template_has(value, SLOT_ITEM, list->fields[k].name);
	}
}

static void check_elements(struct giving *g)
{
	for (size_t i = 0; i < g->connector->streams_n; i++) {
		const struct stream *stream = &g->connector->streams[i];
		const struct setting *over = stream->rows == ROWS_FROM_LIST ? stream->rows_list
									    : stream->repeat.over;
		if (over == NULL)
			continue;
		bool *counts = make(g, over->fields_n, sizeof *counts);
		if (counts == NULL)
			return;
		mark_fields(stream, over, counts);
		tell_apart(&(struct telling){g, &g->values[over - g->connector->settings], counts});
	}
}

/* --- the whole --- */
static void read_all(struct giving *g, const struct yaml *given)
{
	const struct connector *connector = g->connector;
	char path[PATH_TEXT_MAX];
	check_given(g, connector->settings, connector->settings_n,
		    given == NULL ? &(const struct yaml){.kind = YAML_MAP} : given, "settings");
	for (size_t i = 0; i < connector->settings_n; i++) {
		const struct setting *setting = &connector->settings[i];
		const struct yaml *node = yaml_member(given, setting->name);
		g->values[i].setting = setting;
		snprintf(path, sizeof path, "settings.%.128s", setting->name);
		if (setting->type == SETTING_LIST)
			read_list(g, node, given, path, &g->values[i]);
		else
			g->values[i].value = read_scalar(g, setting, node, given, path);
	}
}

bool settings_read(struct arena *arena, const struct connector *connector,
		   const struct yaml *given, const char *file, struct settings *ret,
		   struct buf *mistakes, struct err *reterr)
{
	struct mistakes found = mistakes_in(arena, file);
	struct giving g = {.arena = arena, .mistakes = &found, .connector = connector};
	g.values = make(&g, connector->settings_n, sizeof *g.values);
	if (g.values != NULL && given != NULL && given->kind != YAML_MAP) {
		mistake_add(&found, given, "settings: expected a map, found %s",
			    yaml_kind_name(given->kind));
	} else if (g.values != NULL) {
		read_all(&g, given);
		if (found.n == 0 && !found.failed)
			fill_digests(&g, given);
		if (found.n == 0 && !found.failed)
			check_elements(&g);
	}
	if (!mistakes_none(&found, mistakes, reterr))
		return false;
	*ret = (struct settings){g.values, connector->settings_n};
	return true;
}

const struct setting_value *settings_find(const struct settings *settings, struct span name)
{
	for (size_t i = 0; i < settings->n; i++) {
		if (span_is(name, settings->at[i].setting->name))
			return &settings->at[i];
	}
	return NULL;
}

struct value settings_field(const struct setting_value *list, size_t element, struct span name)
{
	struct value absent = {VALUE_ABSENT, {"", 0}};
	if (list == NULL || element >= list->n)
		return absent;
	if (list->setting->fields_n == 0)
		return span_is(name, "value") ? list->elements[element].fields[0] : absent;
	for (size_t i = 0; i < list->setting->fields_n; i++) {
		if (span_is(name, list->setting->fields[i].name))
			return list->elements[element].fields[i];
	}
	return absent;
}

bool settings_part(const struct stream *stream, const struct settings *settings, size_t element,
		   struct buf *out, struct err *reterr)
{
	const struct setting *over = stream->repeat.over;
	if (over == NULL)
		return buf_ok(out, reterr);
	const struct setting_value *list = settings_find(settings, span_of(over->name));
	if (over->fields_n == 0)
		text_percent(out, settings_field(list, element, SPAN("value")).text);
	for (size_t i = 0; i < stream->repeat.id_n; i++) {
		if (i > 0)
			buf_add_char(out, '/');
		text_percent(out, settings_field(list, element,
						 span_of(stream->repeat.id[i]->name)).text);
	}
	return buf_ok(out, reterr);
}
