/* Rules that only a whole stream can break, or all of them together. Each says what would happen
 * in a run: that is why it is a rule. */
#include "connector/reader.h"

#include "base/text.h"

#include <stdio.h>

enum { LIST_TEXT_MAX = 400 };

/* --- the templates of a request --- */
static bool each_of_entries(const struct entry *entries, size_t n,
			    bool (*see)(void *, const struct template *, enum template_place),
			    enum template_place place, void *user)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < entries[i].n; k++) {
			if (!see(user, &entries[i].values[k], place))
				return false;
		}
	}
	return true;
}

static bool each_of_body(const struct body *body,
			 bool (*see)(void *, const struct template *, enum template_place),
			 void *user)
{
	if (body->kind == BODY_SCALAR)
		return see(user, &body->scalar, PLACE_PLAIN);
	for (size_t i = 0; i < body->n; i++) {
		if (!each_of_body(&body->children[i], see, user))
			return false;
	}
	return true;
}

bool request_each(const struct stream *stream,
		  bool (*see)(void *user, const struct template *, enum template_place place),
		  void *user)
{
	return (stream->base_url == NULL || see(user, stream->base_url, PLACE_HOST)) &&
	       (stream->path == NULL || see(user, stream->path, PLACE_PATH)) &&
	       each_of_entries(stream->query, stream->query_n, see, PLACE_QUERY, user) &&
	       each_of_entries(stream->headers, stream->headers_n, see, PLACE_HEADER, user) &&
	       (stream->body == NULL || each_of_body(stream->body, see, user));
}

struct wanted {
	enum slot_scope scope;
	const char *name;
};

static bool is_other(void *user, const struct template *template, enum template_place place)
{
	const struct wanted *wanted = user;
	(void)place;
	return !template_has(template, wanted->scope, wanted->name);
}

bool request_has(const struct stream *stream, enum slot_scope scope, const char *name)
{
	struct wanted wanted = {scope, name};
	return !request_each(stream, is_other, &wanted);
}

/* --- one stream --- */
static void check_window(struct reader *r, struct draft *draft)
{
	struct window_rule *window = &draft->stream->window;
	struct keys keys = keys_map(draft->keys, "window");
	bool until = request_has(draft->stream, SLOT_WINDOW, "until");
	if (!window->given)
		return;
	window->has_last = request_has(draft->stream, SLOT_WINDOW, "last");
	window->has_until = until || window->has_last;
	if (draft->slots_wrong)
		return; /* perhaps it is the slot that is missed here */
	if (!request_has(draft->stream, SLOT_WINDOW, "from"))
		mistake_add(r->mistakes, draft_mark(draft, "window"),
			    "window is given but {window.from} is nowhere in the request: every "
			    "run would ask for everything");
	else if (keys_given(keys, "step") && !window->has_until)
		mistake_add(r->mistakes, draft_inner_mark(draft, "window", "step"),
			    "window.step needs {window.until} or {window.last} in the request");
	if (window->has_last && window->format.unit_us != STAMP_DAY)
		mistake_add(r->mistakes, draft_inner_mark(draft, "window", "format"),
			    "{window.last} needs window.format: YYYY-MM-DD");
	else if (window->has_until && window->format.unit_us > STAMP_DAY)
		mistake_add(r->mistakes, draft_inner_mark(draft, "window", "format"),
			    "{window.until} needs a window.format that can write each day: a month "
			    "or a year cannot be rounded up");
	else if (window->has_until && window->step_us < window->format.unit_us)
		mistake_add(r->mistakes, draft_inner_mark(draft, "window", "step"),
			    "window.step is shorter than what window.format can write");
}

static bool columns_have_item(const struct stream *stream)
{
	for (size_t i = 0; i < stream->columns_n; i++) {
		const struct template *value = stream->columns[i].value;
		if (value != NULL && template_has(value, SLOT_ITEM, NULL))
			return true;
	}
	return false;
}

static void check_repeat(struct reader *r, const struct draft *draft)
{
	const struct stream *stream = draft->stream;
	const struct repeat_rule *repeat = &stream->repeat;
	if (repeat->over == NULL)
		return;
	if (!draft->slots_wrong && !request_has(stream, SLOT_ITEM, NULL))
		mistake_add(r->mistakes, draft_mark(draft, "repeat"),
			    "repeat is given but {item.…} is nowhere in the request: every "
			    "element would ask for the same");
	if (repeat->batch > 1 && !repeat->by_position && columns_have_item(stream))
		mistake_add(r->mistakes, draft_inner_mark(draft, "repeat", "batch"),
			    "repeat.batch %lld: columns may use {item.…} only with match: "
			    "position",
			    (long long)repeat->batch);
	if (repeat->by_position && stream->paging.kind != PAGING_NONE)
		mistake_add(r->mistakes, draft_inner_mark(draft, "repeat", "match"),
			    "repeat.match: position needs paging: none");
}

static void check_paging(struct reader *r, const struct draft *draft)
{
	static const struct { enum paging_kind kind; const char *key, *slot; } USES[] = {
		{PAGING_NEXT_TOKEN, "next_token", "token"},
		{PAGING_OFFSET, "offset", "offset"},
		{PAGING_PAGE, "page", "page"},
	};
	for (size_t i = 0; i < sizeof USES / sizeof USES[0]; i++) {
		if (draft->stream->paging.kind != USES[i].kind || draft->slots_wrong ||
		    request_has(draft->stream, SLOT_PAGING, USES[i].slot))
			continue;
		mistake_add(r->mistakes, draft_inner_mark(draft, "paging", USES[i].key),
			    "{paging.%s} is used nowhere: page two would be page one again",
			    USES[i].slot);
	}
}

static bool entries_have_end(const struct entry *entries, size_t n)
{
	struct wanted until = {SLOT_WINDOW, "until"}, last = {SLOT_WINDOW, "last"};
	return !each_of_entries(entries, n, is_other, PLACE_QUERY, &until) ||
	       !each_of_entries(entries, n, is_other, PLACE_QUERY, &last);
}

/* A count of more than the window would never agree with what came. */
static void check_count(struct reader *r, const struct draft *draft)
{
	const struct count_rule *count = &draft->stream->count;
	if (!count->given || count->path == NULL || draft->slots_wrong ||
	    entries_have_end(count->query, count->query_n) ||
	    template_has(count->path, SLOT_WINDOW, "until") ||
	    template_has(count->path, SLOT_WINDOW, "last"))
		return;
	mistake_add(r->mistakes, draft_mark(draft, "count"),
		    "count needs {window.until} or {window.last} in the request");
}

static void check_child(struct reader *r, const struct draft *draft)
{
	const struct stream *stream = draft->stream, *parent = stream->for_each;
	if (parent == NULL)
		return;
	if (parent->rows != ROWS_FROM_API)
		mistake_add(r->mistakes, draft_mark(draft, "for_each"),
			    "for_each: %s has its rows from the configuration; repeat over its "
			    "list", parent->name);
	if (parent->optional && !stream->optional)
		mistake_add(r->mistakes, draft_mark(draft, "for_each"),
			    "for_each: %s is optional, so %s must be", parent->name, stream->name);
	if (!draft->slots_wrong && !request_has(stream, SLOT_PARENT, NULL))
		mistake_add(r->mistakes, draft_mark(draft, "for_each"),
			    "for_each is given but {parent.…} is nowhere in the request: every "
			    "row would ask for the same");
}

static void check_stream(struct reader *r, struct draft *draft)
{
	const struct stream *stream = draft->stream;
	if (draft->kind == STREAM_ROWS)
		return;
	if (!keys_given(draft->keys, "path") && !mistakes_unsure(r->mistakes, draft->keys.map))
		mistake_add(r->mistakes, draft->name, "%s: path is required", stream->name);
	check_window(r, draft);
	check_repeat(r, draft);
	check_paging(r, draft);
	check_count(r, draft);
	check_child(r, draft);
	if (stream->keeps == KEEPS_NOTHING && stream->window.given)
		mistake_add(r->mistakes,
			    draft_mark(draft, keys_own(draft->keys, "keeps") != NULL ? "keeps"
										     : "window"),
			    "keeps: nothing and window exclude each other");
}

/* --- all of them --- */
static void check_tables(struct reader *r)
{
	for (size_t i = 0; i < r->connector->streams_n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (r->streams[i].table == NULL || r->streams[k].table == NULL ||
			    strcmp(r->streams[i].table, r->streams[k].table) != 0)
				continue;
			mistake_add(r->mistakes, draft_mark(&r->drafts[i], "table"),
				    "%s and %s both write %s", r->streams[k].name,
				    r->streams[i].name, r->streams[i].table);
			break;
		}
	}
}

/* Each circle is told once, by its first stream in the file. */
static bool tells_circle(const struct reader *r, const struct stream *start, char *out, size_t room)
{
	const struct stream *at = start;
	snprintf(out, room, "%s", start->name);
	for (size_t steps = 0; steps < r->connector->streams_n; steps++) {
		at = at->for_each;
		if (at == NULL || at < start)
			return false;
		size_t size = strlen(out);
		snprintf(out + size, room - size, " → %s", at->name);
		if (at == start)
			return true;
	}
	return false;
}

/* A child is read when its parent is: what can be asked again is what the parent keeps. */
static void inherit_keeps(struct reader *r, struct stream *stream)
{
	const struct stream *top = stream;
	for (size_t steps = 0; top->for_each != NULL && steps < r->connector->streams_n; steps++)
		top = top->for_each;
	stream->keeps = top->keeps;
	stream->keeps_us = top->keeps_us;
}

static void check_base_url(struct reader *r)
{
	const struct connector *connector = r->connector;
	bool streams = true, ways = true;
	for (size_t i = 0; i < connector->streams_n; i++)
		streams = streams && (r->drafts[i].kind == STREAM_ROWS ||
				      keys_given(r->drafts[i].keys, "base_url"));
	for (int kind = 0; kind < AUTH_KINDS; kind++)
		ways = ways && (!connector->auth[kind].given ||
				connector->auth[kind].base_url != NULL);
	if (!keys_given(r->top, "base_url") && !streams && !ways &&
	    !mistakes_unsure(r->mistakes, r->top.map))
		mistake_add(r->mistakes, r->top.map,
			    "base_url is required, unless every stream has one");
}

void check_rules(struct reader *r)
{
	char circle[LIST_TEXT_MAX];
	for (size_t i = 0; i < r->connector->streams_n; i++) {
		check_stream(r, &r->drafts[i]);
		if (tells_circle(r, &r->streams[i], circle, sizeof circle))
			mistake_add(r->mistakes, draft_mark(&r->drafts[i], "for_each"),
				    "for_each makes a circle: %s", circle);
	}
	for (size_t i = 0; i < r->connector->streams_n; i++)
		inherit_keeps(r, &r->streams[i]);
	check_tables(r);
	check_base_url(r);
}
