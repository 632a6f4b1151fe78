/* The table as a part of a manual page, in mdoc: a list of keys with their paths, what each wants,
 * its default and its meaning. */
#include "base/roff.h"
#include "config/keys_private.h"

static void add_rows(struct buf *out, const struct form *form, const char *path, int level);

static void add_default(const struct key *key, struct buf *words)
{
	if ((key->flags & KEY_REQUIRED) != 0)
		buf_add_text(words, "; required");
	else if (key->otherwise != NULL)
		buf_addf(words, "; default: %s", key->otherwise);
	else if (key->fallback != NULL)
		buf_addf(words, "; default: %s", key->fallback[0] == '\0' ? "\"\"" : key->fallback);
}

/* Keys of a map follow their key; those of maps that the user names have a <name> in their path. */
static void add_below(struct buf *out, const struct form *form, const char *path, int level)
{
	if (level > LEVELS_MAX)
		return;
	if (form->kind == FORM_MAP) {
		add_rows(out, form, path, level);
	} else if (form->kind == FORM_NAMED || form->kind == FORM_LIST) {
		struct buf below;
		buf_init(&below, 1024);
		buf_addf(&below, "%s%s", path, form->kind == FORM_NAMED ? ".<name>" : "");
		add_below(out, form->of, buf_text(&below), level + 1);
		buf_done(&below);
	}
	for (size_t i = 0; form->kind == FORM_EITHER && form->any[i] != NULL; i++)
		add_below(out, form->any[i], path, level + 1);
}

static void add_rows(struct buf *out, const struct form *form, const char *path, int level)
{
	for (const struct key *key = form->keys; key->name != NULL; key++) {
		struct buf below, words;
		buf_init(&below, 1024);
		buf_init(&words, 4096);
		buf_addf(&below, "%s%s%s", path, path[0] == '\0' ? "" : ".", key->name);
		buf_add_text(out, ".It Cm ");
		roff_word(out, buf_text(&below));
		buf_add_char(out, '\n');
		roff_text(out, key->help == NULL ? "" : key->help);
		buf_add_text(out, ".Pq ");
		form_words(key->form, &words);
		add_default(key, &words);
		roff_word(out, buf_text(&words));
		buf_add_char(out, '\n');
		add_below(out, key->form, buf_text(&below), level + 1);
		out->failed |= below.failed || words.failed;
		buf_done(&words);
		buf_done(&below);
	}
}

bool keys_manual(const struct form *form, struct buf *out)
{
	buf_add_text(out, ".Bl -tag -width Ds\n");
	add_rows(out, form, "", 0);
	buf_add_text(out, ".El\n");
	return !out->failed;
}
