/* The table as a JSON Schema (draft 2020-12). Editors read YAML with its types resolved: what is
 * text here may reach them as a number or a boolean, so text takes those too. */
#include "config/keys_private.h"

#include "base/json.h"

#include <inttypes.h>

enum { DEFINITIONS_MAX = 16 };

struct schema {
	struct buf *out;
	const struct form *titled[DEFINITIONS_MAX];
	size_t titled_n;
	bool references; /* ${...} is taken for every scalar */
};

static void add_form(struct schema *s, const struct form *form, const char *help,
		     const struct key *key, int level);

/* "type":"x" or "type":["x","y"]; with null where that is taken. */
static void add_types(struct buf *out, const char *const *types, bool null)
{
	json_add_name(out, "type");
	buf_add_char(out, '[');
	for (; *types != NULL; types++) {
		json_add_comma(out);
		json_add_text(out, span_of(*types));
	}
	if (null) {
		json_add_comma(out);
		json_add_text(out, SPAN("null"));
	}
	buf_add_char(out, ']');
}

#define TYPES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void add_pattern(struct buf *out, const char *pattern, bool null)
{
	add_types(out, TYPES("string"), null);
	json_add_string(out, "pattern", pattern);
}

static void add_bounds(struct buf *out, const struct form *form, const char *least,
		       const char *most)
{
	if (form->min == 0 && form->max == 0)
		return;
	if (form->min > 0 || form->kind == FORM_INT)
		json_add_int(out, least, form->min);
	if (form->max > 0 && form->max != INT64_MAX)
		json_add_int(out, most, form->max);
}

static void add_choices(struct buf *out, const struct form *form, bool null)
{
	json_add_name(out, "enum");
	buf_add_char(out, '[');
	for (size_t i = 0; form->choices[i] != NULL; i++) {
		json_add_comma(out);
		json_add_text(out, span_of(form->choices[i]));
	}
	if (null) {
		json_add_comma(out);
		buf_add_text(out, "null");
	}
	buf_add_char(out, ']');
}

static void add_scalar(struct buf *out, const struct form *form, bool null)
{
	switch (form->kind) {
	case FORM_TEXT:
	case FORM_SECRET:
	case FORM_TEMPLATE:
		add_types(out, TYPES("string", "number", "boolean"), null);
		break;
	case FORM_BOOL: add_types(out, TYPES("boolean"), null); break;
	case FORM_INT:
		add_types(out, TYPES("integer"), null);
		add_bounds(out, form, "minimum", "maximum");
		break;
	case FORM_NUMBER: add_types(out, TYPES("number"), null); break;
	case FORM_DURATION: add_pattern(out, "^[0-9]+(ms|s|m|h|d)$", null); break;
	case FORM_SIZE:
		add_types(out, TYPES("string", "integer"), null);
		json_add_string(out, "pattern", "^[0-9]+(kB|MB|GB|KiB|MiB|GiB)?$");
		break;
	case FORM_CHOICE: add_choices(out, form, null); break;
	case FORM_NAME: add_pattern(out, "^[a-z][a-z0-9_-]*$", null); break;
	case FORM_COLUMN: add_pattern(out, "^[A-Z][A-Z0-9_]*$", null); break;
	case FORM_POINTER: add_pattern(out, "^(/([^~]|~[01])*)?$", null); break;
	case FORM_URL: add_pattern(out, "^https?://[^/@]+(/.*)?$", null); break;
	case FORM_TIME: add_types(out, TYPES("string"), null); break;
	default: add_types(out, TYPES("string", "number", "boolean", "null"), false);
	}
}

static void add_scalar_or_reference(struct schema *s, const struct form *form, bool null)
{
	bool text = form->kind == FORM_TEXT || form->kind == FORM_SECRET;
	if (!s->references || text || form->kind == FORM_SCALAR) {
		add_scalar(s->out, form, null);
		return;
	}
	json_add_name(s->out, "anyOf");
	buf_add_text(s->out, "[{");
	add_scalar(s->out, form, null);
	buf_add_text(s->out, "},{\"type\":\"string\",\"pattern\":\"\\\\$\\\\{\"}]");
}

static void add_map(struct schema *s, const struct form *form, int level)
{
	struct buf *out = s->out;
	bool required = false;
	json_add_string(out, "type", "object");
	json_add_name(out, "properties");
	buf_add_char(out, '{');
	for (const struct key *key = form->keys; key->name != NULL; key++) {
		json_add_name(out, key->name);
		add_form(s, key->form, key->help, key, level + 1);
		required = required || (key->flags & KEY_REQUIRED) != 0;
	}
	buf_add_char(out, '}');
	if (required) {
		json_add_name(out, "required");
		buf_add_char(out, '[');
		for (const struct key *key = form->keys; key->name != NULL; key++) {
			if ((key->flags & KEY_REQUIRED) == 0)
				continue;
			json_add_comma(out);
			json_add_text(out, span_of(key->name));
		}
		buf_add_char(out, ']');
	}
	json_add_name(out, "additionalProperties");
	buf_add_text(out, "false");
}

/* Alternatives are forms, a list's lone value, and ~. */
static void open_alternatives(struct buf *out)
{
	json_add_name(out, "anyOf");
	buf_add_char(out, '[');
}

static void close_alternatives(struct buf *out, bool null)
{
	if (null) {
		json_add_comma(out);
		buf_add_text(out, "{\"type\":\"null\"}");
	}
	buf_add_char(out, ']');
}

static void add_list(struct schema *s, const struct form *form, int level)
{
	json_add_string(s->out, "type", "array");
	json_add_name(s->out, "items");
	add_form(s, form->of, NULL, NULL, level + 1);
	add_bounds(s->out, form, "minItems", "maxItems");
}

static void add_reference(struct schema *s, const struct form *form)
{
	bool known = false;
	for (size_t i = 0; i < s->titled_n; i++)
		known = known || s->titled[i] == form;
	if (!known && s->titled_n < DEFINITIONS_MAX)
		s->titled[s->titled_n++] = form;
	json_add_name(s->out, "$ref");
	buf_addf(s->out, "\"#/$defs/%s\"", form->title);
}

static void add_named(struct schema *s, const struct form *form, int level)
{
	json_add_string(s->out, "type", "object");
	json_add_name(s->out, "additionalProperties");
	add_form(s, form->of, NULL, NULL, level + 1);
	if (form->name != NULL) {
		json_add_name(s->out, "propertyNames");
		add_form(s, form->name, NULL, NULL, level + 1);
	}
	add_bounds(s->out, form, "minProperties", "maxProperties");
}

static void add_default(struct buf *out, const struct key *key)
{
	struct yaml value = {.kind = YAML_SCALAR, .text = span_of(key->fallback)};
	bool bare = key->form->kind == FORM_BOOL || key->form->kind == FORM_INT ||
		    key->form->kind == FORM_NUMBER;
	json_add_name(out, "default");
	if (bare && yaml_plain_kind(&value) != YAML_TEXT)
		buf_add_span(out, value.text);
	else
		json_add_text(out, value.text);
}

static void add_kind(struct schema *s, const struct form *form, bool null, int level)
{
	struct buf *out = s->out;
	if (form->kind == FORM_ANY)
		return;
	if (form_is_scalar(form->kind)) {
		add_scalar_or_reference(s, form, null);
		return;
	}
	bool lone = form->kind == FORM_LIST && form->lone;
	if (!null && !lone && form->kind != FORM_EITHER) {
		if (form->title != NULL)
			add_reference(s, form);
		else if (form->kind == FORM_MAP)
			add_map(s, form, level);
		else if (form->kind == FORM_NAMED)
			add_named(s, form, level);
		else
			add_list(s, form, level);
		return;
	}
	open_alternatives(out);
	for (size_t i = 0; form->kind == FORM_EITHER && form->any[i] != NULL; i++) {
		json_add_comma(out);
		add_form(s, form->any[i], NULL, NULL, level + 1);
	}
	if (lone)
		add_form(s, form->of, NULL, NULL, level + 1);
	if (form->kind != FORM_EITHER) {
		struct form plain = *form;
		plain.lone = plain.nullable = false;
		json_add_comma(out);
		buf_add_char(out, '{');
		if (form->title != NULL)
			add_reference(s, form);
		else
			add_kind(s, &plain, false, level + 1);
		buf_add_char(out, '}');
	}
	close_alternatives(out, null);
}

static void add_form(struct schema *s, const struct form *form, const char *help,
		     const struct key *key, int level)
{
	bool null = form->nullable || (key != NULL && (key->flags & KEY_REMOVES) != 0);
	buf_add_char(s->out, '{');
	if (help != NULL)
		json_add_string(s->out, "description", help);
	if (level <= 2 * LEVELS_MAX)
		add_kind(s, form, null, level);
	if (key != NULL && key->fallback != NULL)
		add_default(s->out, key);
	buf_add_char(s->out, '}');
}

bool keys_schema(const struct form *form, const char *title, const char *help, bool references,
		 struct buf *out)
{
	struct schema s = {.out = out, .references = references};
	buf_add_char(out, '{');
	json_add_string(out, "$schema", "https://json-schema.org/draft/2020-12/schema");
	json_add_string(out, "title", title);
	json_add_string(out, "description", help);
	add_map(&s, form, 0);
	json_add_name(out, "$defs");
	buf_add_char(out, '{');
	for (size_t i = 0; i < s.titled_n; i++) { /* printing one may add another */
		json_add_name(out, s.titled[i]->title);
		buf_add_char(out, '{');
		add_map(&s, s.titled[i], 0);
		buf_add_char(out, '}');
	}
	buf_add_text(out, "}}\n");
	return !out->failed;
}
