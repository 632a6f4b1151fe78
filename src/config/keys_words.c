/* The table in words: what a form wants, and the grammar as Markdown. */
#include "config/keys_private.h"

#include "base/text.h"

#include <inttypes.h>

/* "a, b or c" */
static void add_choices(const struct form *form, const char *quote, struct buf *out)
{
	for (size_t i = 0; form->choices[i] != NULL; i++) {
		if (i > 0)
			buf_add_text(out, form->choices[i + 1] == NULL ? " or " : ", ");
		buf_addf(out, "%s%s%s", quote, form->choices[i], quote);
	}
}

static void add_bounds(const struct form *form, struct buf *out)
{
	bool some = form->kind == FORM_DURATION && form->min <= 1000 && form->max == INT64_MAX;
	if (some || (form->min == 0 && form->max == 0))
		return;
	if (form->kind == FORM_DURATION) {
		char least[32], most[32];
		text_write_duration(least, sizeof least, form->min);
		text_write_duration(most, sizeof most, form->max);
		if (form->max == INT64_MAX)
			buf_addf(out, " of at least %s", least);
		else
			buf_addf(out, " from %s to %s", least, most);
	} else if (form->min == form->max) {
		buf_addf(out, ": %" PRId64, form->min);
	} else if (form->max == INT64_MAX) {
		buf_addf(out, " of at least %" PRId64, form->min);
	} else {
		buf_addf(out, " from %" PRId64 " to %" PRId64, form->min, form->max);
	}
}

static void add_words(const struct form *form, struct buf *out, int level);

static void add_alternatives(const struct form *form, struct buf *out, int level)
{
	for (size_t i = 0; form->any[i] != NULL; i++) {
		if (i > 0)
			buf_add_text(out, form->any[i + 1] == NULL ? " or " : ", ");
		add_words(form->any[i], out, level + 1);
	}
}

static void add_words(const struct form *form, struct buf *out, int level)
{
	if (level > LEVELS_MAX)
		return;
	if (form->wanted != NULL && form->kind != FORM_CHOICE) {
		buf_add_text(out, form->wanted);
		return;
	}
	switch (form->kind) {
	case FORM_TEXT:
	case FORM_SECRET:
	case FORM_TEMPLATE: buf_add_text(out, "text"); break;
	case FORM_BOOL: buf_add_text(out, "true or false"); break;
	case FORM_INT: buf_add_text(out, "a whole number"); break;
	case FORM_NUMBER: buf_add_text(out, "a number"); break;
	case FORM_DURATION: buf_add_text(out, "a duration such as 6s or 1d"); break;
	case FORM_SIZE: buf_add_text(out, "a size such as 8MiB"); break;
	case FORM_CHOICE: add_choices(form, "", out); break;
	case FORM_NAME: buf_add_text(out, "lower-case letters, digits, _ or -"); break;
	case FORM_COLUMN: buf_add_text(out, "upper-case letters, digits and _"); break;
	case FORM_POINTER: buf_add_text(out, "a pointer such as /items"); break;
	case FORM_URL: buf_add_text(out, "https:// or http:// and a host"); break;
	case FORM_TIME:
		buf_add_text(out, "iso, unix, unix_ms or a pattern such as YYYY-MM-DD");
		break;
	case FORM_SCALAR: buf_add_text(out, "text, a number, true, false or ~"); break;
	case FORM_ANY: buf_add_text(out, "anything"); break;
	case FORM_MAP:
	case FORM_NAMED: buf_add_text(out, "a map"); break;
	case FORM_LIST:
		if (form->lone) {
			add_words(form->of, out, level + 1);
			buf_add_text(out, " or ");
		}
		buf_add_text(out, "a list");
		break;
	case FORM_EITHER: add_alternatives(form, out, level); break;
	}
	if (form->kind == FORM_INT || form->kind == FORM_DURATION)
		add_bounds(form, out);
}

bool form_words(const struct form *form, struct buf *out)
{
	add_words(form, out, 0);
	return !out->failed;
}

/* --- the grammar --- */
enum { TITLES_MAX = 16 };

struct printing {
	struct buf *out;
	const struct form *titled[TITLES_MAX]; /* tables that are still to be printed */
	size_t titled_n;
};

static void remember(struct printing *p, const struct form *form)
{
	for (size_t i = 0; i < p->titled_n; i++) {
		if (p->titled[i] == form)
			return;
	}
	if (p->titled_n < TITLES_MAX)
		p->titled[p->titled_n++] = form;
}

/* A cell of a table: `|` would end it. */
static void add_cell(struct printing *p, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			buf_add_char(p->out, '\\');
		buf_add_char(p->out, *text);
	}
}

static void add_type(struct printing *p, const struct form *form, int level)
{
	static const char *const SHORT[] = {
		[FORM_TEXT] = "text", [FORM_SECRET] = "secret", [FORM_BOOL] = "true, false",
		[FORM_NUMBER] = "number", [FORM_SIZE] = "size", [FORM_NAME] = "NAME",
		[FORM_COLUMN] = "COLUMN", [FORM_TEMPLATE] = "T", [FORM_POINTER] = "pointer",
		[FORM_URL] = "URL", [FORM_TIME] = "time", [FORM_SCALAR] = "value",
		[FORM_ANY] = "any YAML", [FORM_INT] = "number", [FORM_DURATION] = "duration",
	};
	struct buf *out = p->out;
	if (level > LEVELS_MAX)
		return;
	switch (form->kind) {
	case FORM_CHOICE:
		add_choices(form, "`", out);
		break;
	case FORM_MAP:
		if (form->title != NULL) {
			remember(p, form);
			buf_addf(out, "map: %s", form->title);
		} else {
			buf_add_text(out, form->keys[0].name == NULL ? "`{}`" : "map");
		}
		break;
	case FORM_NAMED:
		buf_add_text(out, "map: name to ");
		add_type(p, form->of, level + 1);
		break;
	case FORM_LIST:
		if (form->lone) {
			add_type(p, form->of, level + 1);
			buf_add_text(out, " or list of them");
		} else {
			buf_add_text(out, "list of ");
			add_type(p, form->of, level + 1);
		}
		break;
	case FORM_EITHER:
		for (size_t i = 0; form->any[i] != NULL; i++) {
			buf_add_text(out, i == 0 ? "" : form->any[i + 1] == NULL ? " or " : ", ");
			add_type(p, form->any[i], level + 1);
		}
		break;
	default:
		buf_add_text(out, SHORT[form->kind]);
		if (form->kind == FORM_INT || form->kind == FORM_DURATION)
			add_bounds(form, out);
	}
}

static void add_rows(struct printing *p, const struct form *form, const char *path, int level);

/* The keys of maps without a title of their own follow their key. */
static void add_below(struct printing *p, const struct form *form, const char *path, int level)
{
	if (level > LEVELS_MAX)
		return;
	if (form->kind == FORM_MAP && form->title == NULL)
		add_rows(p, form, path, level);
	else if (form->kind == FORM_NAMED || form->kind == FORM_LIST)
		add_below(p, form->of, path, level + 1);
	for (size_t i = 0; form->kind == FORM_EITHER && form->any[i] != NULL; i++)
		add_below(p, form->any[i], path, level + 1);
}

static void add_default(struct printing *p, const struct key *key)
{
	if (key->otherwise != NULL)
		add_cell(p, key->otherwise);
	else if ((key->flags & KEY_REQUIRED) != 0)
		buf_add_text(p->out, "required");
	else if (key->fallback != NULL && key->fallback[0] == '\0')
		buf_add_text(p->out, "`\"\"`");
	else if (key->fallback != NULL)
		buf_addf(p->out, "`%s`", key->fallback);
}

static void add_rows(struct printing *p, const struct form *form, const char *path, int level)
{
	for (const struct key *key = form->keys; key->name != NULL; key++) {
		struct buf below;
		buf_init(&below, 512);
		buf_addf(&below, "%s%s%s", path, path[0] == '\0' ? "" : ".", key->name);
		buf_addf(p->out, "| `%s` | ", buf_text(&below));
		add_type(p, key->form, 0);
		buf_add_text(p->out, " | ");
		add_default(p, key);
		buf_add_text(p->out, " | ");
		add_cell(p, key->help == NULL ? "" : key->help);
		buf_add_text(p->out, " | ");
		add_cell(p, key->wrong == NULL ? "" : key->wrong);
		buf_add_text(p->out, " |\n");
		add_below(p, key->form, buf_text(&below), level + 1);
		p->out->failed = p->out->failed || below.failed;
		buf_done(&below);
	}
}

bool keys_grammar(const struct form *form, struct buf *out)
{
	struct printing p = {.out = out, .titled = {form}, .titled_n = 1};
	for (size_t i = 0; i < p.titled_n; i++) {
		if (i > 0)
			buf_addf(out, "\n**%s**\n\n", p.titled[i]->title);
		buf_add_text(out, "| key | type | default | meaning | message when wrong |\n"
				  "| --- | --- | --- | --- | --- |\n");
		add_rows(&p, p.titled[i], "", 0);
	}
	return !out->failed;
}
