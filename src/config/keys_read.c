/* What a checked file says. A getter asks for a key by its name; a name that the table does not
 * have is our own bug. */
#include "config/keys_private.h"

#include "base/text.h"

#include <assert.h>
#include <stdlib.h>

struct keys keys_of(const struct form *form, const struct yaml *node)
{
	const struct form *map = form;
	for (const struct form *const *any = form->any; map->kind == FORM_EITHER; any++) {
		assert(*any != NULL);
		if ((*any)->kind == FORM_MAP)
			map = *any;
	}
	assert(map->kind == FORM_MAP);
	bool usable = node != NULL && node->kind == YAML_MAP;
	return (struct keys){.form = map, .map = usable ? node : NULL};
}

static const struct key *known(struct keys keys, const char *name)
{
	const struct key *key = form_key(keys.form, span_of(name));
	assert(key != NULL);
	return key;
}

/* Where the key is looked for after `map`; NULL: nowhere. */
static const struct yaml *beneath(struct keys keys, const char *name)
{
	return (known(keys, name)->flags & keys.not_beneath) != 0 ? NULL : keys.beneath;
}

const struct yaml *keys_own(struct keys keys, const char *name)
{
	assert(known(keys, name) != NULL);
	return yaml_member(keys.map, name);
}

/* ~ is a value of its own where any scalar or anything at all is taken. */
static bool says_nothing(const struct key *key, const struct yaml *node)
{
	enum form_kind kind = key->form->kind;
	return form_is_null(node) && kind != FORM_SCALAR && kind != FORM_ANY;
}

const struct yaml *keys_node(struct keys keys, const char *name)
{
	const struct key *key = known(keys, name);
	const struct yaml *node = yaml_member(keys.map, name);
	if (node == NULL)
		node = yaml_member(beneath(keys, name), name);
	return node == NULL || says_nothing(key, node) ? NULL : node;
}

bool keys_given(struct keys keys, const char *name)
{
	return keys_node(keys, name) != NULL;
}

static const struct yaml *name_in(const struct yaml *map, const char *name)
{
	for (size_t i = 0; map != NULL && map->kind == YAML_MAP && i < map->n; i++) {
		if (span_is(map->names[i].text, name))
			return &map->names[i];
	}
	return NULL;
}

const struct yaml *keys_mark(struct keys keys, const char *name)
{
	const struct yaml *mark = name_in(keys.map, name);
	if (mark == NULL)
		mark = name_in(beneath(keys, name), name);
	return mark == NULL ? keys.map : mark;
}

/* The value as far as it is right, else the default as a bare scalar. */
static bool right(struct keys keys, const char *name, struct yaml *ret)
{
	const struct key *key = known(keys, name);
	const struct yaml *node = keys_node(keys, name);
	if (node != NULL && node->kind == YAML_SCALAR && form_takes(key->form, node)) {
		*ret = *node;
		return true;
	}
	if (key->fallback == NULL)
		return false;
	*ret = (struct yaml){.kind = YAML_SCALAR, .text = span_of(key->fallback)};
	return true;
}

const char *keys_text(struct keys keys, const char *name)
{
	struct yaml value;
	return right(keys, name, &value) ? value.text.at : NULL;
}

bool keys_bool(struct keys keys, const char *name)
{
	struct yaml value;
	return right(keys, name, &value) && span_is(value.text, "true");
}

int64_t keys_int(struct keys keys, const char *name)
{
	struct yaml value;
	int64_t number;
	return right(keys, name, &value) && form_int(&value, &number) ? number : 0;
}

double keys_number(struct keys keys, const char *name)
{
	struct yaml value;
	return right(keys, name, &value) ? strtod(value.text.at, NULL) : 0;
}

int64_t keys_duration(struct keys keys, const char *name)
{
	struct yaml value;
	int64_t us;
	return right(keys, name, &value) && form_duration(&value, &us) ? us : 0;
}

int64_t keys_size(struct keys keys, const char *name)
{
	struct yaml value;
	int64_t bytes;
	return right(keys, name, &value) && text_size(value.text, &bytes) ? bytes : 0;
}

/* The first alternative that is a choice. */
static const struct form *choice_of(const struct form *form)
{
	for (const struct form *const *any = form->any; form->kind == FORM_EITHER; any++) {
		assert(*any != NULL);
		if ((*any)->kind == FORM_CHOICE)
			return *any;
	}
	assert(form->kind == FORM_CHOICE);
	return form;
}

int keys_choice(struct keys keys, const char *name)
{
	struct yaml value;
	if (!right(keys, name, &value))
		return -1;
	return form_choice(choice_of(known(keys, name)->form), &value);
}

const struct form *keys_form(struct keys keys, const char *name)
{
	const struct form *form = known(keys, name)->form;
	const struct yaml *node = keys_node(keys, name);
	const struct form *pick = node == NULL ? form : form_pick(form, node);
	return pick == NULL ? form : pick;
}

struct keys keys_map(struct keys keys, const char *name)
{
	return keys_of(known(keys, name)->form, keys_node(keys, name));
}

const struct yaml *keys_list(struct keys keys, const char *name, size_t *ret_n)
{
	const struct yaml *node = keys_node(keys, name);
	*ret_n = 0;
	if (node == NULL || node->kind == YAML_MAP) {
		bool lone = node != NULL && form_fits(known(keys, name)->form, node);
		*ret_n = lone;
		return lone ? node : NULL;
	}
	if (node->kind == YAML_SCALAR) {
		*ret_n = 1;
		return node;
	}
	*ret_n = node->n;
	return node->children;
}
