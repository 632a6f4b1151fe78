/* A stream's request: what is asked, by time, for each of a list, for each row of another stream,
 * or not at all. */
#include "connector/reader.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

static const struct yaml *name_in(const struct yaml *map, const char *key)
{
	for (size_t i = 0; map != NULL && map->kind == YAML_MAP && i < map->n; i++) {
		if (span_is(map->names[i].text, key))
			return &map->names[i];
	}
	return NULL;
}

const struct yaml *draft_mark(const struct draft *draft, const char *key)
{
	const struct yaml *mark = name_in(draft->keys.map, key);
	return mark == NULL ? draft->name : mark;
}

const struct yaml *draft_inner_mark(const struct draft *draft, const char *key, const char *inner)
{
	const struct yaml *mark = name_in(keys_own(draft->keys, key), inner);
	return mark == NULL ? draft_mark(draft, key) : mark;
}

/* --- kinds of streams --- */

/* Tells what the kind excludes. What defaults say of it does not apply and needs no word. */
static void check_excluded(struct reader *r, const struct draft *draft)
{
	const char *kind = draft->kind == STREAM_ROWS ? "rows" : "for_each";
	unsigned excluded = draft->keys.not_beneath;
	for (const struct key *key = STREAM_FORM.keys; key->name != NULL; key++) {
		const struct yaml *own = keys_own(draft->keys, key->name);
		if ((key->flags & excluded) == 0 || own == NULL ||
		    yaml_plain_kind(own) == YAML_NULL)
			continue;
		mistake_add(r->mistakes, draft_mark(draft, key->name),
			    "%s and %s exclude each other", kind, key->name);
	}
}

static void read_kind(struct reader *r, struct draft *draft)
{
	if (keys_given(draft->keys, "rows") && keys_own(draft->keys, "for_each") == NULL) {
		draft->kind = STREAM_ROWS;
		draft->keys.not_beneath = NOT_ROWS;
	} else if (keys_given(draft->keys, "for_each")) {
		draft->kind = STREAM_CHILD;
		draft->keys.not_beneath = NOT_CHILD;
	}
	check_excluded(r, draft);
}

/* `window: ~` takes away what defaults give; where they give nothing, it is a slip. */
static void check_removals(struct reader *r, const struct draft *draft)
{
	const struct yaml *map = draft->keys.map;
	for (size_t i = 0; map != NULL && i < map->n; i++) {
		const char *name = map->names[i].text.at;
		const struct key *key = STREAM_FORM.keys;
		while (key->name != NULL && strcmp(key->name, name) != 0)
			key++;
		if (key->name == NULL || (key->flags & KEY_REMOVES) == 0 ||
		    yaml_plain_kind(&map->children[i]) != YAML_NULL ||
		    yaml_member(r->defaults, name) != NULL)
			continue;
		mistake_add(r->mistakes, &map->names[i],
			    "%s: ~ takes away what defaults give; they do not give it", name);
	}
}

/* --- by time --- */
static void read_window(struct reader *r, struct draft *draft)
{
	struct window_rule *window = &draft->stream->window;
	struct keys keys = keys_map(draft->keys, "window");
	struct err err;
	if (draft->kind != STREAM_PLAIN || keys.map == NULL)
		return;
	window->given = true;
	window->column = keys_text(keys, "column");
	window->step_us = keys_duration(keys, "step");
	window->lookback_us = keys_duration(keys, "lookback");
	window->settle_us = keys_duration(keys, "settle");
	if (!stamp_format_parse(keys_text(keys, "format"), &window->format, &err))
		mistake_add(r->mistakes, keys_mark(keys, "format"), "window.format: %s", err.text);
}

/* --- for each of a list --- */

/* The list setting behind "settings.NAME"; NULL: told. */
static const struct setting *find_list(struct reader *r, const struct yaml *mark, const char *path,
				       const char *text)
{
	struct span name = span_from(span_of(text), sizeof "settings." - 1);
	const struct setting *found = reader_setting(r, name);
	if (found != NULL && found->type == SETTING_LIST)
		return found;
	char shown[YAML_SHOWN_BYTES];
	size_t n = 0;
	const char **lists = read_array(r, r->connector->settings_n + 1, sizeof *lists);
	if (lists == NULL)
		return NULL;
	for (size_t i = 0; i < r->connector->settings_n; i++) {
		if (r->settings[i].type == SETTING_LIST)
			lists[n++] = r->settings[i].name;
	}
	const char *near = found != NULL ? NULL : text_nearest(name.at, lists);
	yaml_shown(span_of(text), shown);
	if (found != NULL)
		mistake_add(r->mistakes, mark, "%s: %s is no list", path, shown);
	else
		mistake_add(r->mistakes, mark, "%s: no list %s%s%s%s", path, shown,
			    near == NULL ? "" : "; did you mean settings.",
			    near == NULL ? "" : near, near == NULL ? "" : "?");
	return NULL;
}

static const struct setting *find_field(const struct setting *list, struct span name)
{
	for (size_t i = 0; i < list->fields_n; i++) {
		if (span_is(name, list->fields[i].name))
			return &list->fields[i];
	}
	return NULL;
}

static void read_repeat_id(struct reader *r, const struct draft *draft, struct keys keys)
{
	struct repeat_rule *repeat = &draft->stream->repeat;
	char shown[YAML_SHOWN_BYTES];
	size_t n;
	const struct yaml *names = keys_list(keys, "id", &n);
	size_t room = names == NULL ? repeat->over->fields_n : n;
	const struct setting **id = read_array(r, room, sizeof *id);
	for (size_t i = 0; id != NULL && i < room; i++) {
		if (names == NULL) {
			id[repeat->id_n++] = &repeat->over->fields[i];
			continue;
		}
		const struct setting *field = find_field(repeat->over, names[i].text);
		if (field != NULL)
			id[repeat->id_n++] = field;
		else
			mistake_add(r->mistakes, &names[i],
				    "repeat.id: settings.%s has no field \"%s\"",
				    repeat->over->name, yaml_shown(names[i].text, shown));
	}
	repeat->id = id;
}

static void read_repeat(struct reader *r, struct draft *draft)
{
	struct repeat_rule *repeat = &draft->stream->repeat;
	struct keys keys = keys_map(draft->keys, "repeat");
	const char *over;
	if (draft->kind != STREAM_PLAIN || keys.map == NULL)
		return;
	repeat->batch = keys_int(keys, "batch");
	repeat->by_position = keys_choice(keys, "match") == 0;
	over = keys_text(keys, "over");
	if (over == NULL)
		return;
	repeat->over = find_list(r, draft_inner_mark(draft, "repeat", "over"), "repeat.over",
				 over);
	if (repeat->over != NULL)
		read_repeat_id(r, draft, keys);
}

/* --- out of the configuration --- */
static void read_rows(struct reader *r, struct draft *draft)
{
	struct stream *stream = draft->stream;
	const char *rows = keys_text(draft->keys, "rows");
	if (draft->kind != STREAM_ROWS || rows == NULL)
		return;
	stream->rows = ROWS_FROM_SETTINGS;
	if (strcmp(rows, "settings") == 0)
		return;
	stream->rows = ROWS_FROM_LIST;
	stream->rows_list = find_list(r, draft_mark(draft, "rows"), "rows", rows);
}

/* --- for each row of another stream --- */
static void read_for_each(struct reader *r, struct draft *draft)
{
	const struct connector *connector = r->connector;
	const char *name = keys_text(draft->keys, "for_each");
	char shown[YAML_SHOWN_BYTES];
	if (draft->kind != STREAM_CHILD || name == NULL)
		return;
	const char **names = read_array(r, connector->streams_n + 1, sizeof *names);
	if (names == NULL)
		return;
	for (size_t i = 0; i < connector->streams_n; i++) {
		names[i] = r->streams[i].name;
		if (strcmp(names[i], name) == 0)
			draft->stream->for_each = &r->streams[i];
	}
	if (draft->stream->for_each != NULL)
		return;
	const char *near = text_nearest(name, names);
	mistake_add(r->mistakes, draft_mark(draft, "for_each"), "for_each: no stream \"%s\"%s%s%s",
		    yaml_shown(span_of(name), shown), near == NULL ? "" : "; did you mean ",
		    near == NULL ? "" : near, near == NULL ? "" : "?");
}

/* --- the request itself --- */

static bool is_one_of(struct span name, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (text_same_nocase(name, span_of(*names)))
			return true;
	}
	return false;
}

void check_names(struct reader *r, const struct yaml *map)
{
	static const char *const SIGN_IN[] = {"Authorization", "Proxy-Authorization", "Cookie",
					      NULL};
	static const char *const OURS[] = {"Host", "Content-Length", "Transfer-Encoding",
					   "Connection", "Accept-Encoding", NULL};
	const struct auth *key = &r->connector->auth[AUTH_API_KEY];
	const struct yaml *headers = yaml_member(map, "headers");
	const struct yaml *query = yaml_member(map, "query");
	for (size_t i = 0; headers != NULL && headers->kind == YAML_MAP && i < headers->n; i++) {
		const struct yaml *name = &headers->names[i];
		if (is_one_of(name->text, SIGN_IN) ||
		    (key->header != NULL && text_same_nocase(name->text, span_of(key->header))))
			mistake_add(r->mistakes, name, "headers.%s: sign-in belongs under auth",
				    name->text.at);
		else if (is_one_of(name->text, OURS))
			mistake_add(r->mistakes, name, "headers.%s is firn's own", name->text.at);
	}
	for (size_t i = 0; query != NULL && query->kind == YAML_MAP && i < query->n; i++) {
		const struct yaml *name = &query->names[i];
		if (key->query != NULL && span_is(name->text, key->query))
			mistake_add(r->mistakes, name, "query.%s: sign-in belongs under auth",
				    name->text.at);
	}
}

static void read_request(struct reader *r, struct draft *draft)
{
	struct stream *stream = draft->stream;
	const struct yaml *body = keys_node(draft->keys, "body");
	bool given = body != NULL && yaml_plain_kind(body) != YAML_NULL;
	size_t wrong = r->templates_wrong;
	int method = keys_choice(draft->keys, "method");
	stream->base_url = read_template_key(r, draft->keys, "base_url");
	stream->path = read_path(r, draft->keys, "path");
	(void)read_entries(r, draft, "query", &stream->query, &stream->query_n);
	(void)read_entries(r, draft, "headers", &stream->headers, &stream->headers_n);
	if (given) {
		struct body *tree = read_array(r, 1, sizeof *tree);
		if (tree != NULL && read_body(r, body, tree))
			stream->body = tree;
		if (method == 0)
			mistake_add(r->mistakes, draft_mark(draft, "method"),
				    "method: GET and body exclude each other");
	}
	bool post = method == 1 || (method < 0 && given);
	stream->method = post ? "POST" : "GET";
	draft->slots_wrong = r->templates_wrong > wrong;
}

void read_stream(struct reader *r, struct draft *draft)
{
	struct stream *stream = draft->stream;
	read_kind(r, draft);
	check_removals(r, draft);
	stream->optional = keys_bool(draft->keys, "optional");
	stream->comment = keys_text(draft->keys, "comment");
	stream->method = "GET";
	read_rows(r, draft);
	if (draft->kind == STREAM_ROWS)
		return;
	read_window(r, draft);
	read_repeat(r, draft);
	read_for_each(r, draft);
	read_request(r, draft);
}
