#include "connector/reader.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATH_MAX_BYTES = 300 };

/* --- a value against its setting --- */
static void say_bounds(const struct setting *setting, char *out, size_t room)
{
	if (setting->has_min && setting->has_max)
		snprintf(out, room, "%.15g to %.15g", setting->min, setting->max);
	else if (setting->has_min)
		snprintf(out, room, "at least %.15g", setting->min);
	else
		snprintf(out, room, "at most %.15g", setting->max);
}

static void say_choices(const struct setting *setting, char *out, size_t room)
{
	char shown[YAML_SHOWN_BYTES];
	snprintf(out, room, "one of");
	for (size_t i = 0; i < setting->one_of_n; i++) {
		size_t size = strlen(out);
		snprintf(out + size, room - size, "%s %s", i > 0 ? "," : "",
			 yaml_shown(setting->one_of[i].text, shown));
	}
}

static const char *type_words(enum setting_type type)
{
	switch (type) {
	case SETTING_TEXT: return "text";
	case SETTING_INT: return "a whole number";
	case SETTING_FLOAT: return "a number";
	case SETTING_BOOL: return "true or false";
	case SETTING_SECRET: return "a secret";
	case SETTING_LIST: return "a list";
	}
	return "";
}

static bool has_type(enum setting_type type, const struct yaml *scalar, struct value *ret)
{
	enum yaml_plain plain = yaml_plain_kind(scalar);
	int64_t whole;
	*ret = (struct value){VALUE_TEXT, scalar->text};
	switch (type) {
	case SETTING_INT:
	case SETTING_FLOAT:
		ret->kind = VALUE_NUMBER;
		return plain == YAML_NUMBER &&
		       (type == SETTING_FLOAT || json_whole(scalar->text, &whole));
	case SETTING_BOOL:
		ret->kind = VALUE_BOOL;
		return plain == YAML_BOOL;
	default: /* of a list: its elements */
		return plain != YAML_NULL;
	}
}

static bool is_inside(const struct setting *setting, const struct value *value)
{
	double number = strtod(value->text.at, NULL);
	return !(setting->has_min && number < setting->min) &&
	       !(setting->has_max && number > setting->max);
}

static bool is_one_of(const struct setting *setting, const struct value *value)
{
	for (size_t i = 0; i < setting->one_of_n; i++) {
		if (span_equal(setting->one_of[i].text, value->text))
			return true;
	}
	return setting->one_of_n == 0;
}

bool setting_judge(const struct setting *setting, const struct yaml *scalar, struct value *ret,
		   char why[WHY_BYTES])
{
	char expected[WHY_BYTES - YAML_SHOWN_BYTES - 32], shown[YAML_SHOWN_BYTES];
	bool number = setting->type == SETTING_INT || setting->type == SETTING_FLOAT;
	if (scalar->kind != YAML_SCALAR) {
		snprintf(why, WHY_BYTES, "is %s; expected %s", yaml_kind_name(scalar->kind),
			 type_words(setting->type == SETTING_LIST ? SETTING_TEXT : setting->type));
		return false;
	}
	if (!has_type(setting->type, scalar, ret))
		snprintf(expected, sizeof expected, "%s",
			 type_words(setting->type == SETTING_LIST ? SETTING_TEXT : setting->type));
	else if (number && !is_inside(setting, ret))
		say_bounds(setting, expected, sizeof expected);
	else if (!is_one_of(setting, ret))
		say_choices(setting, expected, sizeof expected);
	else
		return true;
	bool quotes = yaml_plain_kind(scalar) == YAML_TEXT;
	if (yaml_plain_kind(scalar) == YAML_NULL)
		snprintf(why, WHY_BYTES, "is empty; expected %s", expected);
	else if (setting->type == SETTING_SECRET)
		snprintf(why, WHY_BYTES, "is another; expected %s", expected);
	else
		snprintf(why, WHY_BYTES, "is %s%s%s; expected %s", quotes ? "\"" : "",
			 yaml_shown(scalar->text, shown), quotes ? "\"" : "", expected);
	return false;
}

/* --- what is asked for --- */
struct declaration {
	struct keys keys;
	struct setting *setting;
	const char *path; /* "settings.x", "settings.x.fields.y" */
	bool field;
};

static void check_bounds(struct reader *r, const struct declaration *d)
{
	struct setting *s = d->setting;
	const char *bound = s->has_min ? "min" : "max";
	bool number = s->type == SETTING_INT || s->type == SETTING_FLOAT;
	if ((s->has_min || s->has_max) && !number)
		mistake_add(r->mistakes, keys_mark(d->keys, bound),
			    "%s: %s belongs to int and float", d->path, bound);
	else if (s->has_min && s->has_max && s->min > s->max)
		mistake_add(r->mistakes, keys_mark(d->keys, "min"), "%s: min is above max",
			    d->path);
}

static const struct value *read_choices(struct reader *r, const struct declaration *d,
					size_t *ret_n)
{
	char why[WHY_BYTES];
	size_t n;
	const struct yaml *nodes = keys_list(d->keys, "one_of", &n);
	struct value *values = read_array(r, n, sizeof *values);
	size_t good = 0;
	for (size_t i = 0; values != NULL && i < n; i++) {
		if (nodes[i].kind != YAML_SCALAR)
			continue; /* told */
		if (setting_judge(d->setting, &nodes[i], &values[good], why))
			good++;
		else
			mistake_add(r->mistakes, &nodes[i], "%s.one_of: one %s", d->path, why);
	}
	*ret_n = good;
	return values;
}

static void read_list_default(struct reader *r, const struct declaration *d,
			      const struct yaml *node)
{
	char why[WHY_BYTES];
	struct value *values = read_array(r, node->n, sizeof *values);
	for (size_t i = 0; values != NULL && i < node->n; i++) {
		if (node->children[i].kind == YAML_SCALAR &&
		    !setting_judge(d->setting, &node->children[i], &values[i], why))
			mistake_add(r->mistakes, &node->children[i], "%s.default: one %s", d->path,
				    why);
	}
	d->setting->fallback_list = values;
	d->setting->fallback_list_n = node->n;
}

static bool read_digest_part(struct span text, bool field, struct template_part *ret)
{
	struct span settings = SPAN("settings."), item = SPAN("item.");
	if (span_starts(text, settings) && text.size > settings.size)
		*ret = (struct template_part){SLOT_SETTINGS, span_from(text, settings.size)};
	else if (field && span_starts(text, item) && text.size > item.size)
		*ret = (struct template_part){SLOT_ITEM, span_from(text, item.size)};
	else
		return false;
	return true;
}

static void read_digest(struct reader *r, const struct declaration *d, const struct yaml *node)
{
	char shown[YAML_SHOWN_BYTES];
	const struct yaml *list = yaml_member(node, "digest");
	size_t n = list == NULL || list->kind != YAML_LIST ? 0 : list->n;
	struct template_part *parts = read_array(r, n, sizeof *parts);
	size_t good = 0;
	if (d->setting->type != SETTING_TEXT)
		mistake_add(r->mistakes, keys_mark(d->keys, "default"),
			    "%s: a digest is the default of text only", d->path);
	for (size_t i = 0; parts != NULL && i < n; i++) {
		const struct yaml *part = &list->children[i];
		if (part->kind != YAML_SCALAR)
			continue;
		if (read_digest_part(part->text, d->field, &parts[good]))
			good++;
		else
			mistake_add(r->mistakes, part,
				    "%s: a digest is of settings.NAME%s, found \"%s\"", d->path,
				    d->field ? " and item.FIELD" : "",
				    yaml_shown(part->text, shown));
	}
	d->setting->digest = parts;
	d->setting->digest_n = good;
}

static void read_default(struct reader *r, const struct declaration *d)
{
	char why[WHY_BYTES];
	struct setting *s = d->setting;
	const struct yaml *node = keys_own(d->keys, "default");
	const struct yaml *mark = node == NULL ? NULL : keys_mark(d->keys, "default");
	if (node == NULL)
		return;
	if (s->required)
		mistake_add(r->mistakes, mark, "%s: required and default exclude each other",
			    d->path);
	if (s->type == SETTING_SECRET)
		mistake_add(r->mistakes, mark, "%s: a secret has no default", d->path);
	else if (node->kind == YAML_MAP)
		read_digest(r, d, node);
	else if (s->type == SETTING_LIST && keys_given(d->keys, "fields"))
		mistake_add(r->mistakes, mark, "%s: a list with fields has no default", d->path);
	else if (s->type == SETTING_LIST && node->kind == YAML_LIST)
		read_list_default(r, d, node);
	else if (s->type == SETTING_LIST)
		mistake_add(r->mistakes, mark, "%s.default: expected a list", d->path);
	else if (!setting_judge(s, node, &s->fallback, why))
		mistake_add(r->mistakes, mark, "%s.default %s", d->path, why);
}

static void read_setting(struct reader *r, const char *path, bool field, const struct yaml *name,
			 const struct yaml *node, struct setting *ret);

static void read_fields(struct reader *r, const struct declaration *d)
{
	const struct yaml *node = keys_node(d->keys, "fields");
	if (node == NULL || node->kind != YAML_MAP)
		return;
	if (d->setting->type != SETTING_LIST || d->field) {
		mistake_add(r->mistakes, keys_mark(d->keys, "fields"),
			    "%s: fields belong to a list%s", d->path,
			    d->field ? ", and its elements hold none" : "");
		return;
	}
	struct setting *fields = read_array(r, node->n, sizeof *fields);
	for (size_t i = 0; fields != NULL && i < node->n; i++) {
		char path[PATH_MAX_BYTES], shown[YAML_SHOWN_BYTES];
		snprintf(path, sizeof path, "%s.fields.%s", d->path,
			 yaml_shown(node->names[i].text, shown));
		read_setting(r, path, true, &node->names[i], &node->children[i], &fields[i]);
	}
	d->setting->fields = fields;
	d->setting->fields_n = fields == NULL ? 0 : node->n;
}

static void read_setting(struct reader *r, const char *path, bool field, const struct yaml *name,
			 const struct yaml *node, struct setting *ret)
{
	struct declaration d = {keys_of(&SETTING_FORM, node), ret, path, field};
	int type = keys_choice(d.keys, "type");
	*ret = (struct setting){
		.name = name->text.at,
		.type = type < 0 ? SETTING_TEXT : (enum setting_type)type,
		.required = keys_bool(d.keys, "required"),
		.has_min = keys_given(d.keys, "min"),
		.has_max = keys_given(d.keys, "max"),
		.min = keys_number(d.keys, "min"),
		.max = keys_number(d.keys, "max"),
		.comment = keys_text(d.keys, "comment"),
		.line = name->line,
		.column = name->column,
	};
	if (type < 0)
		return; /* told; what depends on it cannot be judged */
	if (field && (ret->type == SETTING_SECRET || ret->type == SETTING_LIST))
		mistake_add(r->mistakes, keys_mark(d.keys, "type"),
			    "%s: %s cannot stand in an element of a list", path,
			    type_words(ret->type));
	check_bounds(r, &d);
	ret->one_of = read_choices(r, &d, &ret->one_of_n);
	read_default(r, &d);
	read_fields(r, &d);
}

/* --- digests, once all names are known --- */
static const struct setting *find(const struct setting *settings, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++) {
		if (span_is(name, settings[i].name))
			return &settings[i];
	}
	return NULL;
}

const struct setting *reader_setting(const struct reader *r, struct span name)
{
	return find(r->settings, r->connector->settings_n, name);
}

/* A part that could be absent would give another digest on the day it is given. */
static void check_digest(struct reader *r, const char *path, const struct setting *s,
			 const struct setting *list)
{
	for (size_t i = 0; i < s->digest_n; i++) {
		const struct template_part *part = &s->digest[i];
		const char *scope = slot_scope_name(part->scope);
		const struct setting *of =
			part->scope == SLOT_ITEM
				? find(list->fields, list->fields_n, part->text)
				: reader_setting(r, part->text);
		const char *why = NULL;
		if (of == NULL)
			why = "is not there";
		else if (of->type == SETTING_SECRET)
			why = "is a secret";
		else if (of->type == SETTING_LIST)
			why = "is a list";
		else if (of->digest_n > 0)
			why = "is a digest itself";
		else if (!of->required && of->fallback.kind == VALUE_ABSENT)
			why = "is neither required nor has it a default";
		if (why != NULL)
			mistake_add_at(r->mistakes, s->line, s->column, "%s: digest: %s.%.*s %s",
				       path, scope, SPAN_ARGS(part->text), why);
	}
}

void read_settings(struct reader *r)
{
	const struct yaml *node = keys_node(r->top, "settings");
	size_t n = node == NULL || node->kind != YAML_MAP ? 0 : node->n;
	char path[PATH_MAX_BYTES], shown[YAML_SHOWN_BYTES];
	r->settings = read_array(r, n, sizeof *r->settings);
	if (r->settings == NULL)
		return;
	r->connector->settings = r->settings;
	r->connector->settings_n = n;
	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof path, "settings.%s", yaml_shown(node->names[i].text, shown));
		read_setting(r, path, false, &node->names[i], &node->children[i], &r->settings[i]);
	}
	for (size_t i = 0; i < n; i++) {
		const struct setting *s = &r->settings[i];
		snprintf(path, sizeof path, "settings.%s", yaml_shown(span_of(s->name), shown));
		check_digest(r, path, s, s);
		size_t size = strlen(path);
		for (size_t k = 0; k < s->fields_n; k++) {
			snprintf(path + size, sizeof path - size, ".fields.%s",
				 yaml_shown(span_of(s->fields[k].name), shown));
			check_digest(r, path, &s->fields[k], s);
		}
	}
}
