/* The settings of a try: those of the configuration, over them the command line's, and offline
 * stand-ins for what is required and was not given: with a saved answer the request is only
 * shown, so that nobody needs an account to write a connector. */
#include "run/trying.h"

#include "base/text.h"

#include <stdio.h>

static const struct setting *find(const struct connector *connector, struct span name)
{
	for (size_t i = 0; i < connector->settings_n; i++) {
		if (span_is(name, connector->settings[i].name))
			return &connector->settings[i];
	}
	return NULL;
}

static bool unknown(struct trying *t, const char *name, struct err *reterr)
{
	const struct connector *connector = t->connector;
	const char **known = arena_array(t->arena, connector->settings_n + 1, sizeof *known);
	if (known == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < connector->settings_n; i++)
		known[i] = connector->settings[i].name;
	const char *near = text_nearest(name, known);
	return err_set(reterr, ERR_USAGE, "--set: %s has no setting %s%s%s%s", connector->name,
		       name, near == NULL ? "" : "; did you mean ", near == NULL ? "" : near,
		       near == NULL ? "" : "?");
}

/* --- one value of the command line --- */

static struct yaml scalar(struct span text, bool quoted)
{
	return (struct yaml){.kind = YAML_SCALAR, .text = text, .quoted = quoted};
}

/* Its places are not those of a file. */
static void forget_places(struct yaml *node)
{
	node->line = node->column = 0;
	for (size_t i = 0; i < node->n; i++) {
		forget_places(&node->children[i]);
		if (node->names != NULL)
			node->names[i].line = node->names[i].column = 0;
	}
}

/* "[...]" is YAML; else elements with commas in between. */
static bool read_list(struct trying *t, struct span text, struct yaml *ret, struct err *reterr)
{
	struct yaml *root;
	size_t n = 1;
	if (text_trim(text).size > 0 && text_trim(text).at[0] == '[') {
		if (!yaml_read(t->arena, text, "--set", &root, reterr))
			return false;
		forget_places(root);
		*ret = *root;
		return true;
	}
	for (size_t i = 0; i < text.size; i++)
		n += text.at[i] == ',';
	*ret = (struct yaml){.kind = YAML_LIST, .n = n};
	ret->children = arena_array(t->arena, n, sizeof *ret->children);
	if (ret->children == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < n; i++) {
		const char *comma = memchr(text.at, ',', text.size);
		size_t size = comma == NULL ? text.size : (size_t)(comma - text.at);
		char *one = arena_text(t->arena, text_trim((struct span){text.at, size}));
		if (one == NULL)
			return err_memory(reterr);
		ret->children[i] = scalar(span_of(one), true);
		text = span_from(text, size + 1);
	}
	return true;
}

static bool read_value(struct trying *t, const struct setting *setting, const char *given,
		       struct yaml *ret, struct err *reterr)
{
	struct secrets *secrets = t->result->secrets;
	struct buf text;
	bool reference = false;
	buf_init(&text, SECRET_BYTES_MAX);
	bool done = secrets_expand(secrets, span_of(given), &text, &reference, reterr);
	char *copy = done ? arena_text(t->arena, buf_span(&text)) : NULL;
	struct span value = {copy, text.size};
	buf_wipe(&text);
	if (!done)
		return err_at(reterr, "--set %s", setting->name);
	if (copy == NULL)
		return err_memory(reterr);
	if (setting->type == SETTING_LIST)
		return read_list(t, value, ret, reterr);
	/* Every user of the machine can read a command line. */
	if (setting->type == SETTING_SECRET && !reference)
		return err_set(reterr, ERR_USAGE,
			       "--set %s: a secret does not belong on the command line; write "
			       "--set %s='${NAME}' or '${file:PATH}'", setting->name,
			       setting->name);
	if (setting->type == SETTING_SECRET && !secrets_note(secrets, value, reterr))
		return false;
	*ret = scalar(value, setting->type == SETTING_TEXT || setting->type == SETTING_SECRET);
	return true;
}

/* --- stand-ins --- */

static struct span stand_in_scalar(struct trying *t, const struct setting *setting)
{
	const char *text = setting->name;
	if (setting->one_of_n > 0)
		return setting->one_of[0].text;
	switch (setting->type) {
	case SETTING_INT:
	case SETTING_FLOAT:
		text = "1";
		if (setting->has_min || setting->has_max)
			text = arena_printf(t->arena, "%.15g",
					    setting->has_min ? setting->min : setting->max);
		break;
	case SETTING_BOOL:
		text = "true";
		break;
	case SETTING_TEXT:
	case SETTING_SECRET:
	case SETTING_LIST:
		break;
	}
	return span_of(text);
}

static bool is_text(const struct setting *setting)
{
	return setting->type == SETTING_TEXT || setting->type == SETTING_SECRET ||
	       setting->type == SETTING_LIST;
}

static bool stand_in(struct trying *t, const struct setting *setting, struct yaml *ret)
{
	struct yaml *element;
	if (setting->type != SETTING_LIST) {
		*ret = scalar(stand_in_scalar(t, setting), is_text(setting));
		return ret->text.at != NULL;
	}
	element = arena_alloc(t->arena, sizeof *element);
	if (element == NULL)
		return false;
	*ret = (struct yaml){.kind = YAML_LIST, .n = 1, .children = element};
	*element = scalar(stand_in_scalar(t, setting), true);
	if (setting->fields_n == 0)
		return true;
	*element = (struct yaml){.kind = YAML_MAP};
	element->names = arena_array(t->arena, setting->fields_n, sizeof *element->names);
	element->children = arena_array(t->arena, setting->fields_n, sizeof *element->children);
	if (element->names == NULL || element->children == NULL)
		return false;
	for (size_t i = 0; i < setting->fields_n; i++) {
		const struct setting *field = &setting->fields[i];
		if (!field->required)
			continue;
		element->names[element->n] = scalar(span_of(field->name), false);
		element->children[element->n++] =
			scalar(stand_in_scalar(t, field), is_text(field));
	}
	return true;
}

/* --- the whole --- */

static struct yaml *put(struct yaml *map, struct span name)
{
	for (size_t i = 0; i < map->n; i++) {
		if (span_equal(map->names[i].text, name))
			return &map->children[i];
	}
	map->names[map->n] = scalar(name, false);
	return &map->children[map->n++];
}

static bool add_given(struct trying *t, struct yaml *map, struct err *reterr)
{
	for (size_t i = 0; i < t->options->set_n; i++) {
		const char *pair = t->options->set[i];
		char *name = arena_text(t->arena, (struct span){pair, strcspn(pair, "=")});
		if (name == NULL)
			return err_memory(reterr);
		const struct setting *setting = find(t->connector, span_of(name));
		if (setting == NULL)
			return unknown(t, name, reterr);
		if (!read_value(t, setting, pair + strlen(name) + 1,
				put(map, span_of(setting->name)), reterr))
			return false;
	}
	return true;
}

static bool add_stand_ins(struct trying *t, struct yaml *map, struct err *reterr)
{
	const struct connector *connector = t->connector;
	for (size_t i = 0; i < connector->settings_n; i++) {
		const struct setting *setting = &connector->settings[i];
		if (!setting->required || yaml_member(map, setting->name) != NULL)
			continue;
		struct yaml *value = put(map, span_of(setting->name));
		if (!stand_in(t, setting, value))
			return err_memory(reterr);
		t->stood_in = true;
		buf_addf(&t->result->talk, "settings.%s was not given: %.*s stands in for it\n",
			 setting->name, value->kind == YAML_SCALAR ? (int)value->text.size : 11,
			 value->kind == YAML_SCALAR ? value->text.at : "one element");
	}
	return true;
}

bool try_given(struct trying *t, const struct yaml **ret, struct err *reterr)
{
	const struct config *config = t->options->config;
	const struct yaml *configured = config == NULL ? NULL : config->settings;
	struct yaml *map = arena_alloc(t->arena, sizeof *map);
	*ret = configured;
	if (map == NULL)
		return err_memory(reterr);
	if (configured != NULL && configured->kind != YAML_MAP)
		return true; /* whoever reads them says so */
	size_t room = (configured == NULL ? 0 : configured->n) + t->connector->settings_n;
	if (configured != NULL)
		*map = *configured;
	else
		map->kind = YAML_MAP;
	map->names = arena_array(t->arena, room, sizeof *map->names);
	map->children = arena_array(t->arena, room, sizeof *map->children);
	if (map->names == NULL || map->children == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < map->n; i++) {
		map->names[i] = configured->names[i];
		map->children[i] = configured->children[i];
	}
	if (!add_given(t, map, reterr) ||
	    (t->options->answer != NULL && !add_stand_ins(t, map, reterr)))
		return false;
	*ret = map->n > 0 || configured != NULL ? map : NULL;
	return true;
}

bool try_stand_in_row(struct trying *t, const struct stream *parent, const struct value **ret,
		      struct err *reterr)
{
	static const char *const SAMPLES[TYPE_COUNT] = {
		[TYPE_INT] = "1", [TYPE_FLOAT] = "1", [TYPE_BOOL] = "true",
		[TYPE_TIMESTAMP] = "2026-01-01T00:00:00.000000Z", [TYPE_JSON] = "{}",
	};
	struct value *row = arena_array(t->arena, parent->columns_n, sizeof *row);
	if (row == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < parent->columns_n; i++) {
		const struct connector_column *column = &parent->columns[i];
		const char *sample = SAMPLES[column->type];
		struct span text = span_of(sample == NULL ? column->name : sample);
		row[i] = rest_cell(column->type, text);
	}
	buf_addf(&t->result->talk, "no row of %s is there offline: its columns' names stand in\n",
		 parent->name);
	*ret = row;
	return true;
}
