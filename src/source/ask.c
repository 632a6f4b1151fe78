/* Making a request: slots find their values, the URL is put together, the body is written. */
#include "base/bounds.h"
#include "base/text.h"
#include "source/talk.h"

#include <stdio.h>

static void find_item(struct rest *rest, struct span name, struct value *ret)
{
	const struct stream *stream = rest->stream;
	const struct setting *over =
		stream->rows == ROWS_FROM_LIST ? stream->rows_list : stream->repeat.over;
	const struct setting_value *list = NULL;
	if (over != NULL)
		list = settings_find(rest->setup->settings, span_of(over->name));
	if (list == NULL)
		return;
	if (rest->one_element || rest->question.elements_n == 1) {
		size_t at = rest->one_element ? rest->element : rest->question.element;
		*ret = settings_field(list, at, name);
		return;
	}
	buf_clear(&rest->words);
	bool any = false;
	for (size_t i = 0; i < rest->question.elements_n; i++) {
		struct value one = settings_field(list, rest->question.element + i, name);
		if (i > 0)
			buf_add_char(&rest->words, ',');
		buf_add_span(&rest->words, one.text);
		any |= one.kind > VALUE_NULL;
	}
	/* A part of the elements would pass for all of them: `words` tells the asker. */
	rest->cut |= rest->words.failed;
	if (any)
		*ret = (struct value){VALUE_TEXT, buf_span(&rest->words)};
}

struct value rest_cell(enum type type, struct span text)
{
	switch (type) {
	case TYPE_INT:
	case TYPE_FLOAT:
		return (struct value){VALUE_NUMBER, text};
	case TYPE_BOOL:
		return (struct value){VALUE_BOOL, text};
	default:
		return (struct value){VALUE_TEXT, text};
	}
}

static void find_parent(const struct rest *rest, struct span name, struct value *ret)
{
	const struct stream *parent = rest->stream->for_each;
	if (parent == NULL || rest->question.parent == NULL)
		return;
	for (size_t i = 0; i < parent->columns_n; i++) {
		if (span_is(name, parent->columns[i].name))
			*ret = rest->question.parent[i];
	}
}

static void write_time(struct rest *rest, int64_t us, struct value *ret)
{
	const struct stamp_format *format = &rest->stream->window.format;
	bool digits = format->style == STAMP_UNIX || format->style == STAMP_UNIX_MS;
	if (!stamp_write(format, us, rest->slot_text))
		return;
	*ret = (struct value){digits ? VALUE_NUMBER : VALUE_TEXT, span_of(rest->slot_text)};
}

/* The window as the API's format can say it: `from` down, `until` up, so that nothing between two
 * of its units is missed. */
static void find_window(struct rest *rest, struct span name, struct value *ret)
{
	const struct question *question = &rest->question;
	int64_t unit_us = rest->stream->window.format.unit_us;
	bool open = question->until_us == WINDOW_OPEN;

	if (span_is(name, "from"))
		write_time(rest, stamp_floor(question->from_us, unit_us), ret);
	else if (open)
		return;
	else if (span_is(name, "until"))
		write_time(rest, stamp_ceil(question->until_us, unit_us), ret);
	else if (span_is(name, "last"))
		write_time(rest, stamp_floor(question->until_us, STAMP_DAY) - STAMP_DAY, ret);
}

static void find_paging(struct rest *rest, struct span name, struct value *ret)
{
	if (span_is(name, "token")) {
		if (rest->token.size > 0)
			*ret = (struct value){rest->token_kind, buf_span(&rest->token)};
		return;
	}
	snprintf(rest->slot_text, sizeof rest->slot_text, "%lld", (long long)rest->number);
	*ret = (struct value){VALUE_NUMBER, span_of(rest->slot_text)};
}

static void find(void *user, enum slot_scope scope, struct span name, struct value *ret)
{
	struct rest *rest = user;
	*ret = (struct value){VALUE_ABSENT, {"", 0}};
	switch (scope) {
	case SLOT_SETTINGS: {
		const struct setting_value *setting = settings_find(rest->setup->settings, name);
		if (setting != NULL)
			*ret = setting->value;
		break;
	}
	case SLOT_ITEM:
		find_item(rest, name, ret);
		break;
	case SLOT_PARENT:
		find_parent(rest, name, ret);
		break;
	case SLOT_WINDOW:
		find_window(rest, name, ret);
		break;
	case SLOT_PAGING:
		find_paging(rest, name, ret);
		break;
	case SLOT_RUN:
		stamp_write_iso(span_is(name, "started_at") ? rest->setup->started_us
							    : rest->fetched_us,
				rest->slot_text);
		*ret = (struct value){VALUE_TEXT, span_of(rest->slot_text)};
		break;
	case SLOT_AUTH:
	case SLOT_LITERAL:
		break;
	}
}

struct template_scope talk_scope(struct rest *rest)
{
	return (struct template_scope){find, rest};
}

/* What was filled in is whole. The place's limit is the configuration's fault, not a lack of
 * memory. */
static bool filled_in(struct rest *rest, bool done, const struct buf *out, const char *what,
		      struct err *reterr)
{
	bool over = out->over || (rest->cut && rest->words.over);
	if (over)
		return err_set(reterr, ERR_USAGE, "%s: %s is longer than %zu bytes; repeat.batch "
			       "asks for fewer elements at once", rest->stream->name, what,
			       out->over ? out->max : rest->words.max);
	if (rest->cut || (done && out->failed))
		return err_memory(reterr);
	return done || err_at(reterr, "%s: %s", rest->stream->name, what);
}

/* template_fill with these two. */
static bool fill(struct rest *rest, const struct template *template, enum template_place place,
		 const char *what, struct buf *out, bool *ret_absent, struct err *reterr)
{
	rest->cut = false;
	bool done = template_fill(template, place, talk_scope(rest), out, ret_absent, reterr);
	return filled_in(rest, done, out, what, reterr);
}

/* --- the URL, once for the server and once without secrets for people --- */

static bool holds_secret(const struct rest *rest, const struct template *template)
{
	for (size_t i = 0; i < template->n; i++) {
		const struct template_part *part = &template->parts[i];
		if (part->scope != SLOT_SETTINGS)
			continue;
		const struct setting_value *value =
			settings_find(rest->setup->settings, part->text);
		if (value != NULL && value->setting->type == SETTING_SECRET)
			return true;
	}
	return false;
}

static void add_both(struct rest *rest, struct span text, bool secret)
{
	buf_add_span(&rest->url, text);
	buf_add_span(&rest->shown, secret ? SPAN("***") : text);
}

static void add_query_name(struct rest *rest, const char *name)
{
	struct buf *url = &rest->url;
	bool first = url->size == 0 || memchr(url->data, '?', url->size) == NULL;
	buf_clear(&rest->words);
	buf_add_char(&rest->words, first ? '?' : '&');
	text_percent(&rest->words, span_of(name));
	buf_add_char(&rest->words, '=');
	add_both(rest, buf_span(&rest->words), false);
}

static bool add_query(struct rest *rest, const struct entry *entry, struct err *reterr)
{
	struct buf value;
	buf_init(&value, URL_BYTES_MAX);
	bool done = true;
	for (size_t i = 0; i < entry->n && done; i++) {
		bool absent = false;
		buf_clear(&value);
		done = fill(rest, &entry->values[i], PLACE_QUERY, "the URL", &value, &absent,
			    reterr);
		if (!done || absent)
			continue;
		add_query_name(rest, entry->name);
		add_both(rest, buf_span(&value), holds_secret(rest, &entry->values[i]));
	}
	buf_done(&value);
	return done;
}

static void add_mark(struct rest *rest, const struct sign_mark *mark)
{
	rest->plain_size = rest->url.size;
	if (mark->query == NULL)
		return;
	add_query_name(rest, mark->query);
	text_percent(&rest->url, span_of(mark->query_value));
	buf_add_text(&rest->shown, "***");
}

/* The base without the slash that `path` brings. */
static bool add_base(struct rest *rest, struct err *reterr)
{
	const struct template *own = rest->stream->base_url;
	bool absent = false;
	if (own == NULL)
		buf_add_text(&rest->url, rest->setup->base_url);
	else if (!fill(rest, own, PLACE_HOST, "base_url", &rest->url, &absent, reterr))
		return false;
	if (rest->url.failed)
		return filled_in(rest, true, &rest->url, "base_url", reterr);
	if (absent || rest->url.size == 0)
		return err_set(reterr, ERR_USAGE, "%s: base_url has no value", rest->stream->name);
	while (rest->url.size > 0 && rest->url.data[rest->url.size - 1] == '/')
		buf_cut(&rest->url, rest->url.size - 1);
	buf_add_span(&rest->shown, buf_span(&rest->url));
	return true;
}

static bool url_is_whole(struct rest *rest, struct err *reterr)
{
	rest->cut = false;
	return filled_in(rest, true, &rest->url, "the URL", reterr) &&
	       filled_in(rest, true, &rest->shown, "the URL", reterr);
}

/* Where the first request goes, all go. */
static bool find_origin(struct rest *rest, struct err *reterr)
{
	struct buf origin;
	buf_init(&origin, URL_BYTES_MAX);
	bool done = url_origin(buf_text(&rest->url), &origin, reterr);
	if (done) {
		rest->origin = buf_take(&origin);
		done = rest->origin != NULL || err_memory(reterr);
	}
	buf_done(&origin);
	return done;
}

bool talk_make_url(struct rest *rest, const struct sign_mark *mark, const struct template *path,
		   const struct entry *query, size_t query_n, struct err *reterr)
{
	bool absent = false;
	buf_clear(&rest->url);
	buf_clear(&rest->shown);
	if (!add_base(rest, reterr))
		return false;
	struct buf text;
	buf_init(&text, URL_BYTES_MAX);
	bool done = fill(rest, path, PLACE_PATH, "path", &text, &absent, reterr);
	if (done)
		add_both(rest, buf_span(&text), holds_secret(rest, path));
	buf_done(&text);
	for (size_t i = 0; i < query_n && done; i++)
		done = add_query(rest, &query[i], reterr);
	if (!done)
		return false;
	add_mark(rest, mark);
	if (!url_is_whole(rest, reterr))
		return false;
	return rest->origin != NULL || find_origin(rest, reterr);
}

static bool has_entry(const char *url, struct span name)
{
	for (const char *at = strchr(url, '?'); at != NULL; at = strchr(at + 1, '&')) {
		struct span rest = span_of(at + 1);
		if (span_starts(rest, name) && rest.at[name.size] == '=')
			return true;
	}
	return false;
}

/* True where the query of `url` has an entry of that name, encoded or not. */
static bool has_query(struct rest *rest, const char *url, const char *name)
{
	buf_clear(&rest->words);
	text_percent(&rest->words, span_of(name));
	return has_entry(url, span_of(name)) || has_entry(url, buf_span(&rest->words));
}

static bool query_holds_secret(const struct rest *rest)
{
	for (size_t i = 0; i < rest->stream->query_n; i++) {
		for (size_t k = 0; k < rest->stream->query[i].n; k++) {
			if (holds_secret(rest, &rest->stream->query[i].values[k]))
				return true;
		}
	}
	return false;
}

/* The link as it came. An api key that the API did not repeat in it is put behind it. What it may
 * have repeated of our secrets, and under which name, is not known: where there are any in our
 * query, the link's is not shown. */
bool talk_follow_url(struct rest *rest, const struct sign_mark *mark, struct err *reterr)
{
	struct span link = buf_span(&rest->link);
	size_t path = strcspn(buf_text(&rest->link), "?");
	buf_clear(&rest->url);
	buf_clear(&rest->shown);
	buf_add_span(&rest->url, link);
	rest->plain_size = link.size;
	if (mark->query != NULL && !has_query(rest, buf_text(&rest->url), mark->query))
		add_mark(rest, mark);
	buf_clear(&rest->shown);
	if (path < link.size && (mark->query != NULL || query_holds_secret(rest)))
		buf_addf(&rest->shown, "%.*s?***", (int)path, link.at);
	else
		buf_add_span(&rest->shown, link);
	return url_is_whole(rest, reterr);
}

/* --- headers and body --- */

static bool add_header(struct rest *rest, const char *name, struct span value, struct err *reterr)
{
	if (rest->headers_n == TALK_HEADERS_MAX)
		return err_set(reterr, ERR_USAGE, "%s: more than %d headers", rest->stream->name,
			       TALK_HEADERS_MAX);
	struct buf *text = &rest->header_texts[rest->headers_n];
	buf_clear(text);
	buf_add_span(text, value);
	if (!buf_ok(text, reterr))
		return err_at(reterr, "header %s", name);
	rest->headers[rest->headers_n++] = (struct header){name, buf_text(text)};
	return true;
}

static bool add_headers(struct rest *rest, const struct entry *entry, struct err *reterr)
{
	struct buf value;
	buf_init(&value, HEADER_BYTES_MAX);
	bool done = true;
	for (size_t i = 0; i < entry->n && done; i++) {
		bool absent = false;
		buf_clear(&value);
		done = fill(rest, &entry->values[i], PLACE_HEADER, entry->name, &value, &absent,
			    reterr);
		if (done && !absent)
			done = add_header(rest, entry->name, buf_span(&value), reterr);
	}
	buf_done(&value);
	return done;
}

static bool has_header(const struct rest *rest, const char *name)
{
	for (size_t i = 0; i < rest->headers_n; i++) {
		if (text_same_nocase(span_of(rest->headers[i].name), span_of(name)))
			return true;
	}
	return false;
}

/* Depth is bounded by CONFIG_DEPTH_MAX. *ret_absent: a scalar without a value. */
static bool write_body(struct rest *rest, const struct body *body, bool *ret_absent,
		       struct err *reterr)
{
	struct buf *out = &rest->body;
	*ret_absent = false;
	if (body->kind == BODY_SCALAR) {
		struct value value;
		struct buf text;
		buf_init(&text, REQUEST_BYTES_MAX);
		rest->cut = false;
		bool done = template_value(&body->scalar, talk_scope(rest), &text, &value, reterr);
		done = filled_in(rest, done, &text, "body", reterr);
		if (done && value.kind == VALUE_TEXT)
			json_add_text(out, value.text);
		else if (done && value.kind == VALUE_NULL)
			buf_add_text(out, "null");
		else if (done && value.kind != VALUE_ABSENT)
			buf_add_span(out, value.text);
		*ret_absent = done && value.kind == VALUE_ABSENT;
		buf_done(&text);
		return done && filled_in(rest, true, out, "body", reterr);
	}
	bool map = body->kind == BODY_MAP;
	buf_add_char(out, map ? '{' : '[');
	for (size_t i = 0; i < body->n; i++) {
		size_t start = out->size;
		bool absent;
		if (map)
			json_add_name(out, body->names[i]);
		else
			json_add_comma(out);
		if (!write_body(rest, &body->children[i], &absent, reterr))
			return false;
		if (absent)
			buf_cut(out, start);
	}
	buf_add_char(out, map ? '}' : ']');
	return filled_in(rest, true, out, "body", reterr);
}

bool talk_make_request(struct rest *rest, const struct sign_mark *mark, bool count,
		       struct request *ret, struct err *reterr)
{
	const struct stream *stream = rest->stream;
	const struct body *body = count ? NULL : stream->body;
	bool absent;

	rest->headers_n = 0;
	buf_clear(&rest->body);
	for (size_t i = 0; i < stream->headers_n; i++) {
		if (!add_headers(rest, &stream->headers[i], reterr))
			return false;
	}
	if (mark->header != NULL &&
	    !add_header(rest, mark->header, span_of(mark->header_value), reterr))
		return false;
	if (!has_header(rest, "Accept") &&
	    !add_header(rest, "Accept", SPAN("application/json"), reterr))
		return false;
	if (body != NULL) {
		if (!write_body(rest, body, &absent, reterr))
			return false;
		if (!has_header(rest, "Content-Type") &&
		    !add_header(rest, "Content-Type", SPAN("application/json"), reterr))
			return false;
	}
	*ret = (struct request){
		.method = count ? "GET" : stream->method,
		.url = buf_text(&rest->url),
		.shown = buf_text(&rest->shown),
		.headers = rest->headers,
		.headers_n = rest->headers_n,
		.body = body == NULL ? (struct span){NULL, 0} : buf_span(&rest->body),
	};
	return true;
}
