/* What comes back: the next page, the records, the API's count, what an error means. */
#include "connector/reader.h"

#include <stdio.h>

/* --- paging --- */
static const char *const PAGING_KEYS[] = {
	[PAGING_NEXT_URL] = "next_url", [PAGING_NEXT_TOKEN] = "next_token",
	[PAGING_LINK_HEADER] = "link_header", [PAGING_OFFSET] = "offset", [PAGING_PAGE] = "page",
};
enum { PAGING_KEYS_N = sizeof PAGING_KEYS / sizeof PAGING_KEYS[0] };

static void read_token(struct reader *r, struct keys keys, struct paging_rule *paging)
{
	struct keys map = keys_map(keys, "next_token");
	if (map.map == NULL) {
		paging->at = read_pointers(r, keys, "next_token");
		return;
	}
	bool last = keys_given(map, "last"), header = keys_given(map, "header");
	if (last == header && !mistakes_unsure(r->mistakes, map.map))
		mistake_add(r->mistakes, keys_mark(keys, "next_token"),
			    "paging.next_token: give last or header, one of them");
	paging->token_from = last ? TOKEN_FROM_LAST_RECORD : TOKEN_FROM_HEADER;
	paging->at = read_pointers(r, map, "last");
	paging->header = keys_text(map, "header");
}

/* The one kind that is given; PAGING_NONE: told. */
static enum paging_kind find_kind(struct reader *r, const struct draft *draft, struct keys keys)
{
	enum paging_kind found = PAGING_NONE;
	for (int kind = PAGING_NONE + 1; kind < PAGING_KEYS_N; kind++) {
		if (!keys_given(keys, PAGING_KEYS[kind]))
			continue;
		if (found != PAGING_NONE) {
			mistake_add(r->mistakes, draft_mark(draft, "paging"),
				    "paging has %s and %s; expected one kind", PAGING_KEYS[found],
				    PAGING_KEYS[kind]);
			return PAGING_NONE;
		}
		found = (enum paging_kind)kind;
	}
	if (found == PAGING_NONE && !mistakes_unsure(r->mistakes, keys.map))
		mistake_add(r->mistakes, draft_mark(draft, "paging"),
			    "paging has no kind; expected one of next_url, next_token, "
			    "link_header, offset, page");
	return found;
}

static void read_paging(struct reader *r, struct draft *draft)
{
	struct paging_rule *paging = &draft->stream->paging;
	struct keys keys = keys_map(draft->keys, "paging");
	if (keys.map == NULL) {
		if (!keys_given(draft->keys, "paging") &&
		    !mistakes_unsure(r->mistakes, draft->keys.map))
			mistake_add(r->mistakes, draft->name,
				    "%s does not say how it pages; write paging: none when one "
				    "answer holds everything", draft->stream->name);
		return;
	}
	paging->kind = find_kind(r, draft, keys);
	if (paging->kind == PAGING_NEXT_URL)
		paging->at = read_pointers(r, keys, "next_url");
	else if (paging->kind == PAGING_NEXT_TOKEN)
		read_token(r, keys, paging);
	else if (paging->kind == PAGING_LINK_HEADER)
		paging->header = keys_text(keys, "link_header");
	else if (paging->kind == PAGING_OFFSET)
		paging->first = keys_int(keys, "offset");
	else if (paging->kind == PAGING_PAGE)
		paging->first = keys_int(keys, "page");
	paging->more = read_pointers(r, keys, "more");
	paging->done = read_pointers(r, keys, "done");
	paging->total = read_pointers(r, keys, "total");
	paging->pages = read_pointers(r, keys, "pages");
}

/* --- counting --- */

/* Without a query of its own: the stream's entries that tell the window. */
static void copy_window_entries(struct reader *r, struct stream *stream)
{
	struct entry *entries = read_array(r, stream->query_n, sizeof *entries);
	for (size_t i = 0; entries != NULL && i < stream->query_n; i++) {
		bool window = false;
		const struct entry *entry = &stream->query[i];
		for (size_t k = 0; k < entry->n; k++)
			window = window || template_has(&entry->values[k], SLOT_WINDOW, NULL);
		if (window)
			entries[stream->count.query_n++] = *entry;
	}
	stream->count.query = entries;
}

static void read_count(struct reader *r, struct draft *draft)
{
	struct stream *stream = draft->stream;
	struct keys keys = keys_map(draft->keys, "count");
	size_t wrong = r->templates_wrong;
	if (draft->kind != STREAM_PLAIN || keys.map == NULL)
		return;
	stream->count.given = true;
	stream->count.path = read_path(r, keys, "path");
	stream->count.at = read_pointers(r, keys, "at");
	if (keys_given(keys, "query"))
		(void)read_query(r, keys_node(keys, "query"), &stream->count.query,
				 &stream->count.query_n);
	else
		copy_window_entries(r, stream);
	draft->slots_wrong = draft->slots_wrong || r->templates_wrong > wrong;
}

/* --- records --- */
static void read_records(struct reader *r, struct draft *draft)
{
	struct records_rule *records = &draft->stream->records;
	struct keys keys = keys_map(draft->keys, "records");
	int shape = keys_choice(keys, "shape");
	records->shape = shape < 0 ? SHAPE_LIST : (enum records_shape)shape;
	records->missing_is_empty = keys_choice(keys, "missing") == 1;
	records->at = keys.map != NULL ? read_pointers(r, keys, "at")
				       : read_pointers(r, draft->keys, "records");
}

/* --- errors --- */
static void read_statuses(struct reader *r, struct keys keys, struct error_rule *rule)
{
	size_t n;
	const struct yaml *nodes = keys_list(keys, "status", &n);
	struct status_range *ranges = read_array(r, n, sizeof *ranges);
	for (size_t i = 0; ranges != NULL && i < n; i++) {
		int64_t status;
		if (nodes[i].kind != YAML_SCALAR || nodes[i].text.size != 3)
			continue;
		if (form_int(&nodes[i], &status))
			ranges[rule->statuses_n++] =
				(struct status_range){(int)status, (int)status + 1};
		else if (nodes[i].text.at[1] == 'x') {
			int from = (nodes[i].text.at[0] - '0') * 100;
			ranges[rule->statuses_n++] = (struct status_range){from, from + 100};
		}
	}
	rule->statuses = ranges;
}

static void read_is(struct reader *r, struct keys keys, struct error_rule *rule)
{
	const struct yaml *is = keys_own(keys, "is"); /* ~ is a value here */
	if (is == NULL || is->kind == YAML_MAP)
		return;
	if (is->kind == YAML_SCALAR) {
		rule->is = read_value(is);
		return;
	}
	struct value *values = read_array(r, is->n, sizeof *values);
	for (size_t i = 0; values != NULL && i < is->n; i++) {
		if (is->children[i].kind == YAML_SCALAR)
			values[rule->is_any_n++] = read_value(&is->children[i]);
	}
	rule->is_any = values;
}

static bool read_wait(struct reader *r, const struct yaml *node, struct error_wait *ret)
{
	*ret = (struct error_wait){.kind = WAIT_FIXED};
	if (node->kind == YAML_SCALAR) {
		return form_duration(node, &ret->us);
	}
	struct keys keys = keys_of(&WAIT_FORM, node);
	if (keys.map == NULL)
		return false;
	bool header = keys_given(keys, "header"), next = keys_given(keys, "next");
	if (header == next && !mistakes_unsure(r->mistakes, keys.map))
		mistake_add(r->mistakes, node, "for: give header or next, one of them");
	else if (next && keys_given(keys, "as"))
		mistake_add(r->mistakes, node, "for: as belongs to header");
	ret->header = keys_text(keys, "header");
	ret->kind = header ? (enum wait_kind)(WAIT_HEADER_S + keys_choice(keys, "as"))
			   : (enum wait_kind)(WAIT_NEXT_MINUTE + keys_choice(keys, "next"));
	return header != next;
}

static void read_waits(struct reader *r, struct keys keys, struct error_rule *rule)
{
	static const struct error_wait MINUTE = {.kind = WAIT_FIXED, .us = STAMP_MINUTE};
	size_t n;
	const struct yaml *nodes = keys_list(keys, "for", &n);
	if (rule->then != THEN_WAIT) {
		if (nodes != NULL)
			mistake_add(r->mistakes, keys_mark(keys, "for"),
				    "for belongs to then: wait");
		return;
	}
	rule->waits = &MINUTE;
	rule->waits_n = 1;
	if (nodes == NULL)
		return;
	struct error_wait *waits = read_array(r, n, sizeof *waits);
	rule->waits = waits;
	rule->waits_n = 0;
	for (size_t i = 0; waits != NULL && i < n; i++)
		rule->waits_n += read_wait(r, &nodes[i], &waits[rule->waits_n]);
}

/* 2xx alone would take every good answer for an error. */
static bool fits_success(const struct error_rule *rule)
{
	for (size_t i = 0; i < rule->statuses_n; i++) {
		if (rule->statuses[i].from < 300 && rule->statuses[i].until > 200)
			return true;
	}
	return false;
}

static void check_conditions(struct reader *r, struct keys keys, const struct error_rule *rule)
{
	bool status = keys_given(keys, "status"), says = keys_given(keys, "says");
	bool at = keys_given(keys, "at"), is = keys_own(keys, "is") != NULL;
	if (mistakes_unsure(r->mistakes, keys.map))
		return;
	if (is && !at)
		mistake_add(r->mistakes, keys_mark(keys, "is"), "is needs at");
	else if (at && !is)
		mistake_add(r->mistakes, keys_mark(keys, "at"), "at needs is");
	else if (!status && !says && !at)
		mistake_add(r->mistakes, keys.map, "a rule needs status, at or says");
	else if (!says && !at && fits_success(rule))
		mistake_add(r->mistakes, keys_mark(keys, "status"),
			    "a rule for good answers needs at or says");
}

static bool read_rule(struct reader *r, const struct yaml *node, struct error_rule *rule)
{
	struct keys keys = keys_of(&ERROR_FORM, node);
	int then = keys_choice(keys, "then");
	*rule = (struct error_rule){.line = node->line}; /* a wrong one may have been here */
	if (keys.map == NULL)
		return false;
	read_statuses(r, keys, rule);
	rule->at = read_pointers(r, keys, "at");
	read_is(r, keys, rule);
	rule->says = keys_text(keys, "says");
	rule->hint = keys_text(keys, "hint");
	check_conditions(r, keys, rule);
	if (then < 0)
		return false;
	rule->then = (enum error_then)then;
	read_waits(r, keys, rule);
	return true;
}

static void read_errors(struct reader *r, struct draft *draft)
{
	const struct yaml *own = keys_own(draft->keys, "errors");
	bool removed = own != NULL && own->kind == YAML_SCALAR;
	const struct yaml *defaults = removed ? NULL : yaml_member(draft->keys.beneath, "errors");
	const struct yaml *const lists[] = {own, defaults};
	struct stream *stream = draft->stream;
	size_t room = 0;
	for (size_t i = 0; i < 2; i++)
		room += lists[i] != NULL && lists[i]->kind == YAML_LIST ? lists[i]->n : 0;
	struct error_rule *rules = read_array(r, room, sizeof *rules);
	for (size_t i = 0; rules != NULL && i < 2; i++) {
		bool usable = lists[i] != NULL && lists[i]->kind == YAML_LIST;
		for (size_t k = 0; usable && k < lists[i]->n; k++)
			stream->errors_n += read_rule(r, &lists[i]->children[k],
						      &rules[stream->errors_n]);
	}
	stream->errors = rules;
}

/* --- the rest --- */
static void read_keeps(struct draft *draft)
{
	struct stream *stream = draft->stream;
	int choice = keys_choice(draft->keys, "keeps");
	stream->keeps = choice == 0 ? KEEPS_FOREVER : choice == 1 ? KEEPS_NOTHING : KEEPS_FOR;
	if (stream->keeps == KEEPS_FOR)
		stream->keeps_us = keys_duration(draft->keys, "keeps");
}

void read_answer(struct reader *r, struct draft *draft)
{
	struct stream *stream = draft->stream;
	read_keeps(draft);
	if (draft->kind == STREAM_ROWS)
		return;
	struct keys limits = keys_map(draft->keys, "limits");
	stream->parallel = keys_int(limits, "parallel");
	stream->pause_us = keys_duration(limits, "pause");
	read_paging(r, draft);
	read_count(r, draft);
	read_records(r, draft);
	read_errors(r, draft);
	stream->message_at = read_pointers(r, draft->keys, "message_at");
	struct pointers ignore = read_pointers(r, draft->keys, "ignore");
	stream->ignore = ignore.at;
	stream->ignore_n = ignore.n;
}
