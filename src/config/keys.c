/* Checking a file against its table, in one walk. Every message says the path of the key, what
 * was expected and what was found; an unknown key says where it was perhaps meant to stand.
 *
 * A mistake inside one value does not stop the walk: all others are looked at too. */
#include "config/keys_private.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 400, PLACES_MAX = 3 };

struct checking {
	const struct form *root;
	struct mistakes *mistakes;
};

/* The way from the root to a value: names only, an element of a list adds none. */
struct step {
	const struct step *up;
	const char *name;
	bool first; /* paths in messages begin here */
};

static void put_path(const struct step *step, bool whole, char *out, size_t room)
{
	char shown[YAML_SHOWN_BYTES];
	out[0] = '\0';
	if (step == NULL)
		return;
	if (!step->first || whole)
		put_path(step->up, whole, out, room);
	size_t size = strlen(out);
	snprintf(out + size, room - size, "%s%s", size > 0 ? "." : "",
		 yaml_shown(span_of(step->name), shown));
}

/* "at: ", or nothing at the root and where paths begin anew. */
static void put_prefix(const struct step *step, bool inside, char *out, size_t room)
{
	put_path(inside ? NULL : step, false, out, room);
	size_t size = strlen(out);
	if (size > 0)
		snprintf(out + size, room - size, ": ");
}

static void put_words(const struct form *form, char *out, size_t room)
{
	struct buf words;
	buf_init(&words, room - 1);
	(void)form_words(form, &words); /* what did not fit is left out */
	snprintf(out, room, "%s", buf_text(&words));
	buf_done(&words);
}

static const char *found(const struct yaml *node, char out[YAML_SHOWN_BYTES + 2])
{
	char shown[YAML_SHOWN_BYTES];
	if (node->kind != YAML_SCALAR)
		return yaml_kind_name(node->kind);
	switch (yaml_plain_kind(node)) {
	case YAML_NULL:
		return "nothing";
	case YAML_TEXT:
		snprintf(out, YAML_SHOWN_BYTES + 2, "\"%s\"", yaml_shown(node->text, shown));
		return out;
	default:
		return yaml_shown(node->text, out);
	}
}

/* `token: {paging.token}` without quotes is a map with one name and no value. */
static bool is_bare_slot(const struct yaml *node)
{
	return node->kind == YAML_MAP && node->n == 1 && !node->names[0].quoted &&
	       node->children[0].kind == YAML_SCALAR && !node->children[0].quoted &&
	       node->children[0].text.size == 0 && node->line == node->names[0].line;
}

static void wrong_pointer(struct checking *c, const char *prefix, const struct yaml *node,
			  const struct yaml *mark)
{
	char shown[YAML_SHOWN_BYTES], better[YAML_SHOWN_BYTES];
	yaml_shown(node->text, shown);
	yaml_shown(span_from(node->text, span_starts(node->text, SPAN("$.")) ? 2 : 0), better);
	for (char *at = better; span_starts(node->text, SPAN("$.")) && *at != '\0'; at++)
		*at = *at == '.' ? '/' : *at;
	if (span_starts(node->text, SPAN("/")))
		mistake_add(c->mistakes, mark,
			    "%s\"%s\" is no pointer: ~ is written ~0, / inside a name ~1, and "
			    "%d levels are the most", prefix, shown, (int)POINTER_DEPTH_MAX);
	else if (mark == node)
		mistake_add(c->mistakes, mark, "%s\"%s\" is no pointer; did you mean /%s?", prefix,
			    shown, better);
	else
		mistake_add(c->mistakes, mark, "%sexpected a pointer such as /%s, found \"%s\"",
			    prefix, better, shown);
}

/* "settings.x: type "string" is not known; did you mean text?" */
static void wrong_alias(struct checking *c, const struct step *step, const struct form *form,
			const struct yaml *node, const struct yaml *mark)
{
	char prefix[TEXT_MAX], words[TEXT_MAX], shown[YAML_SHOWN_BYTES];
	if (step != NULL && strcmp(step->name, form->wanted) == 0)
		step = step->first ? NULL : step->up;
	put_prefix(step, false, prefix, sizeof prefix);
	const char *near = text_nearest(node->text.at, form->choices);
	for (const char *const *a = form->aliases; near == NULL && a[0] != NULL; a += 2) {
		if (text_same_nocase(node->text, span_of(a[0])))
			near = a[1];
	}
	yaml_shown(node->text, shown);
	put_words(form, words, sizeof words);
	if (near != NULL)
		mistake_add(c->mistakes, mark, "%s%s \"%s\" is not known; did you mean %s?", prefix,
			    form->wanted, shown, near);
	else
		mistake_add(c->mistakes, mark, "%s%s \"%s\" is not known; it is one of %s", prefix,
			    form->wanted, shown, words);
}

static void wrong_choice(struct checking *c, const char *prefix, const struct form *form,
			 const struct yaml *node, const struct yaml *mark)
{
	char choices[TEXT_MAX] = "", shown[YAML_SHOWN_BYTES];
	if (form->choices[1] == NULL) {
		mistake_add(c->mistakes, mark, "%sexpected %s, found \"%s\"", prefix,
			    form->choices[0], yaml_shown(node->text, shown));
		return;
	}
	for (const char *const *choice = form->choices; *choice != NULL; choice++) {
		size_t size = strlen(choices);
		snprintf(choices + size, sizeof choices - size, "%s%s", size > 0 ? ", " : "",
			 *choice);
	}
	mistake_add(c->mistakes, mark, "%s\"%s\" is none of %s", prefix,
		    yaml_shown(node->text, shown), choices);
}

/* `complaint` with what was found in the place of its @. */
static void complain(struct checking *c, const struct form *form, const struct yaml *node,
		     const struct yaml *mark)
{
	char shown[YAML_SHOWN_BYTES + 2];
	const char *at = strchr(form->complaint, '@');
	int before = at == NULL ? (int)strlen(form->complaint) : (int)(at - form->complaint);
	mistake_add(c->mistakes, mark, "%.*s%s%s", before, form->complaint,
		    at == NULL ? "" : found(node, shown), at == NULL ? "" : at + 1);
}

static bool wrong_value(struct checking *c, const struct step *step, const struct form *form,
			const struct yaml *node, const struct yaml *mark)
{
	char prefix[TEXT_MAX], words[TEXT_MAX], shown[YAML_SHOWN_BYTES + 2];
	bool scalar = node->kind == YAML_SCALAR && !form_is_null(node);
	put_prefix(step, false, prefix, sizeof prefix);
	put_words(form, words, sizeof words);
	if (form->kind != FORM_SECRET && is_bare_slot(node))
		mistake_add(c->mistakes, node,
			    "a value that begins with { must be quoted: \"{%s}\"",
			    yaml_shown(node->names[0].text, shown));
	else if (form->complaint != NULL)
		complain(c, form, node, mark);
	else if (scalar && form->kind == FORM_CHOICE && form->aliases != NULL)
		wrong_alias(c, step, form, node, mark);
	else if (scalar && form->kind == FORM_CHOICE)
		wrong_choice(c, prefix, form, node, mark);
	else if (scalar && form->kind == FORM_POINTER)
		wrong_pointer(c, prefix, node, mark);
	else if (scalar && form_is_reserved(form, node->text))
		mistake_add(c->mistakes, mark, "%s is firn's own", yaml_shown(node->text, shown));
	else if (scalar && (form->wanted != NULL || form->kind == FORM_NAME ||
			    form->kind == FORM_COLUMN))
		mistake_add(c->mistakes, mark, "%sexpected %s", prefix, words);
	else
		mistake_add(c->mistakes, mark, "%sexpected %s, found %s", prefix, words,
			    form->kind == FORM_SECRET && scalar ? "something else"
								: found(node, shown));
	return false;
}

static bool check(struct checking *c, const struct step *step, const struct form *form,
		  const struct yaml *node, const struct yaml *mark);

/* --- unknown keys --- */
struct search {
	const char *name;
	const struct form *without; /* the map in which it stands */
	char places[TEXT_MAX];
	size_t n;
};

static void add_place(struct search *s, const char *path)
{
	size_t size = strlen(s->places);
	if (path[0] == '\0' || s->n == PLACES_MAX)
		return;
	snprintf(s->places + size, sizeof s->places - size, "%s%s", s->n > 0 ? " or " : "", path);
	s->n++;
}

/* The maps on the way down: a form may hold itself. */
struct above {
	const struct above *up;
	const struct form *form;
};

static bool is_inside(const struct above *above, const struct form *form)
{
	for (; above != NULL; above = above->up) {
		if (above->form == form)
			return true;
	}
	return false;
}

/* All maps below `form` that know the key. */
static void search(struct search *s, const struct above *up, const struct form *form,
		   const char *path)
{
	char below[TEXT_MAX];
	const char *dot = path[0] == '\0' ? "" : ".";
	struct above above = {up, form};
	if (is_inside(up, form) || s->n == PLACES_MAX)
		return;
	switch (form->kind) {
	case FORM_MAP:
		if (form != s->without && form_key(form, span_of(s->name)) != NULL) {
			add_place(s, path);
			return;
		}
		for (const struct key *key = form->keys; key->name != NULL; key++) {
			snprintf(below, sizeof below, "%s%s%s", path, dot, key->name);
			search(s, &above, key->form, below);
		}
		return;
	case FORM_NAMED:
		snprintf(below, sizeof below, "%s%sNAME", path, dot);
		search(s, &above, form->of, below);
		return;
	case FORM_LIST:
		search(s, &above, form->of, path);
		return;
	case FORM_EITHER:
		for (const struct form *const *any = form->any; *any != NULL; any++)
			search(s, &above, *any, path);
		return;
	default:
		return;
	}
}

static const char *nearest_key(const struct form *form, const char *name)
{
	size_t n = 0;
	while (form->keys[n].name != NULL)
		n++;
	const char **names = malloc((n + 1) * sizeof *names);
	if (names == NULL)
		return NULL; /* only the suggestion is lost */
	for (size_t i = 0; i <= n; i++)
		names[i] = form->keys[i].name;
	const char *near = text_nearest(name, names);
	free(names);
	return near;
}

static const char *misplaced_under(const struct form *form, struct span name)
{
	for (const struct misplaced *m = form->misplaced; m != NULL && m->name != NULL; m++) {
		if (name_matches(m->name, name))
			return m->under;
	}
	return NULL;
}

static void unknown_key(struct checking *c, const struct step *step, const struct form *form,
			const struct yaml *map, const struct yaml *name)
{
	struct mistakes *m = c->mistakes;
	char here[TEXT_MAX], shown[YAML_SHOWN_BYTES], words[TEXT_MAX];
	struct search s = {.name = name->text.at, .without = form};

	if (m->unsure_n < CONFIG_ERRORS_MAX && !mistakes_unsure(m, map))
		m->unsure[m->unsure_n++] = map;
	if (mistakes_full(m, name))
		return;
	const char *near = nearest_key(form, name->text.at);
	yaml_shown(name->text, shown);
	put_path(step, true, here, sizeof here);
	if (misplaced_under(form, name->text) != NULL) {
		add_place(&s, misplaced_under(form, name->text));
	} else if (near != NULL) {
		mistake_add(m, name, "unknown key \"%s\"; did you mean %s?", shown, near);
		return;
	}
	if (s.n == 0)
		search(&s, NULL, form, "");
	if (s.n == 0)
		search(&s, NULL, c->root, "");
	if (s.n > 0) {
		mistake_add(m, name, "\"%s\" belongs under %s, not %s%s", shown, s.places,
			    here[0] == '\0' ? "at the top" : "in ", here);
		return;
	}
	words[0] = '\0';
	for (const struct key *key = form->keys; key->name != NULL; key++) {
		size_t size = strlen(words);
		snprintf(words + size, sizeof words - size, "%s%s", size > 0 ? ", " : "",
			 key->name);
	}
	if (words[0] == '\0')
		mistake_add(m, name, "unknown key \"%s\"; no key is known here", shown);
	else
		mistake_add(m, name, "unknown key \"%s\"; known here: %s", shown, words);
}

/* --- maps and lists --- */
static bool check_number(struct checking *c, const struct step *step, const struct form *form,
			 size_t n, const struct yaml *mark)
{
	char prefix[TEXT_MAX];
	put_prefix(step, false, prefix, sizeof prefix);
	if (form->max > 0 && n > (size_t)form->max) {
		mistake_add(c->mistakes, mark, "%s%zu are too many; at most %" PRId64, prefix, n,
			    form->max);
		return false;
	}
	if (n >= (size_t)form->min)
		return true;
	if (form->min == 1)
		mistake_add(c->mistakes, mark, "%sat least one is needed", prefix);
	else
		mistake_add(c->mistakes, mark, "%sat least %" PRId64 " are needed", prefix,
			    form->min);
	return false;
}

static void missing_key(struct checking *c, const struct step *step, const struct form *form,
			const struct key *key, const struct yaml *mark)
{
	char prefix[TEXT_MAX];
	struct step below = {step, key->name, form->section};
	put_prefix(step, form->section, prefix, sizeof prefix);
	if (key->form->kind == FORM_NAMED && key->form->min > 0)
		(void)check_number(c, &below, key->form, 0, mark);
	else
		mistake_add(c->mistakes, mark, "%s%s is required", prefix, key->name);
}

static bool check_map(struct checking *c, const struct step *step, const struct form *form,
		      const struct yaml *map, const struct yaml *mark)
{
	bool right = true;
	for (size_t i = 0; i < map->n; i++) {
		const struct yaml *name = &map->names[i];
		const struct key *key = form_key(form, name->text);
		if (key == NULL) {
			unknown_key(c, step, form, map, name);
			right = false;
			continue;
		}
		struct step below = {step, key->name, form->section || step == NULL};
		if ((key->flags & KEY_REMOVES) != 0 && form_is_null(&map->children[i]))
			continue;
		right &= check(c, &below, key->form, &map->children[i], name);
	}
	if (mistakes_unsure(c->mistakes, map))
		return right;
	for (const struct key *key = form->keys; key->name != NULL; key++) {
		if ((key->flags & KEY_REQUIRED) == 0 || yaml_member(map, key->name) != NULL)
			continue;
		missing_key(c, step, form, key, mark);
		right = false;
	}
	return right;
}

static bool check_named(struct checking *c, const struct step *step, const struct form *form,
			const struct yaml *map, const struct yaml *mark)
{
	bool right = check_number(c, step, form, map->n, mark);
	for (size_t i = 0; i < map->n; i++) {
		const struct yaml *name = &map->names[i];
		struct step below = {step, name->text.at, step == NULL};
		if (form->name != NULL && !form_takes(form->name, name))
			right = wrong_value(c, &below, form->name, name, name);
		right &= check(c, &below, form->of, &map->children[i], name);
	}
	return right;
}

static bool check_list(struct checking *c, const struct step *step, const struct form *form,
		       const struct yaml *list, const struct yaml *mark)
{
	if (list->kind != YAML_LIST)
		return check(c, step, form->of, list, mark);
	bool right = check_number(c, step, form, list->n, mark);
	for (size_t i = 0; i < list->n; i++)
		right &= check(c, step, form->of, &list->children[i], &list->children[i]);
	return right;
}

static bool check(struct checking *c, const struct step *step, const struct form *form,
		  const struct yaml *node, const struct yaml *mark)
{
	if (form->kind != FORM_ANY && !form_fits(form, node))
		return wrong_value(c, step, form, node, mark);
	if (form_is_null(node) && form->nullable)
		return true;
	switch (form->kind) {
	case FORM_ANY:
		return true;
	case FORM_MAP:
		return check_map(c, step, form, node, mark);
	case FORM_NAMED:
		return check_named(c, step, form, node, mark);
	case FORM_LIST:
		return check_list(c, step, form, node, mark);
	case FORM_EITHER: {
		const struct form *pick = form_pick(form, node);
		return pick == NULL ? wrong_value(c, step, form, node, mark)
				    : check(c, step, pick, node, mark);
	}
	default:
		return form_takes(form, node) || wrong_value(c, step, form, node, mark);
	}
}

void keys_check(const struct form *form, const struct yaml *tree, struct mistakes *mistakes)
{
	struct checking c = {form, mistakes};
	(void)check(&c, NULL, form, tree, tree);
}
