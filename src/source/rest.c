#include "source/rest.h"

#include "base/bounds.h"
#include "source/talk.h"

#include <stdlib.h>

static void begin_paging(struct rest *rest)
{
	buf_clear(&rest->token);
	buf_clear(&rest->link);
	rest->done = false;
	rest->pages = rest->records = 0;
	rest->page_records = 0;
	rest->page_hash = 0;
	rest->number = rest->stream->paging.first;
	talk_forget_pages(rest);
}

bool rest_open(struct rest **ret, const struct rest_setup *setup, const struct question *question,
	       struct err *reterr)
{
	struct rest *rest = calloc(1, sizeof *rest);
	if (rest == NULL)
		return err_memory(reterr);
	rest->setup = setup;
	rest->question = *question;
	rest->stream = question->stream;
	buf_init(&rest->token, URL_BYTES_MAX);
	buf_init(&rest->link, URL_BYTES_MAX);
	buf_init(&rest->url, URL_BYTES_MAX);
	buf_init(&rest->shown, URL_BYTES_MAX);
	buf_init(&rest->words, REQUEST_BYTES_MAX);
	buf_init(&rest->body, REQUEST_BYTES_MAX);
	for (size_t i = 0; i < TALK_HEADERS_MAX; i++)
		buf_init(&rest->header_texts[i], HEADER_BYTES_MAX);
	size_t n = rest->stream->columns_n;
	rest->fixed = calloc(n + 1, sizeof *rest->fixed);
	rest->fixed_texts = calloc(n + 1, sizeof *rest->fixed_texts);
	if (rest->fixed == NULL || rest->fixed_texts == NULL) {
		rest_close(rest);
		return err_memory(reterr);
	}
	for (size_t i = 0; i < n; i++) {
		enum column_source source = rest->stream->columns[i].source;
		buf_init(&rest->fixed_texts[i], CELL_BYTES_MAX);
		rest->any_fixed |= source == FROM_VALUE || source == FROM_OUTER;
	}
	begin_paging(rest);
	*ret = rest;
	return true;
}

void rest_close(struct rest *rest)
{
	if (rest == NULL)
		return;
	buf_done(&rest->token);
	buf_done(&rest->link);
	buf_done(&rest->url);
	buf_done(&rest->shown);
	buf_done(&rest->words);
	buf_done(&rest->body);
	for (size_t i = 0; i < TALK_HEADERS_MAX; i++)
		buf_done(&rest->header_texts[i]);
	if (rest->fixed_texts != NULL) {
		for (size_t i = 0; i < rest->stream->columns_n; i++)
			buf_done(&rest->fixed_texts[i]);
	}
	json_free(rest->turned);
	free(rest->fixed_texts);
	free(rest->fixed);
	free(rest->seen);
	free(rest->origin);
	free(rest);
}

void rest_restart(struct rest *rest)
{
	begin_paging(rest);
}

int64_t rest_pages(const struct rest *rest)
{
	return rest->pages;
}

bool rest_next(struct rest *rest, const struct sign_mark *mark, int64_t now_us,
	       struct request *ret, enum rest_step *ret_step, struct err *reterr)
{
	const struct stream *stream = rest->stream;
	*ret_step = rest->done ? REST_DONE : REST_ASK;
	if (rest->done)
		return true;
	rest->fetched_us = now_us;
	bool made = rest->link.size > 0
			    ? talk_follow_url(rest, mark, reterr)
			    : talk_make_url(rest, mark, stream->path, stream->query,
					    stream->query_n, reterr);
	return made && talk_make_request(rest, mark, false, ret, reterr);
}

/* Under `paging: none`: does the answer look like the first page of several? */
static bool looks_unfinished(const struct rest *rest, const struct response *response,
			     const struct json *root, int64_t records)
{
	static const char *const links[] = {"next", "next_page", "nextLink", "@odata.nextLink",
					    "next_cursor", "nextPageToken", "next_page_token"};
	if (response_link(response, "next").at != NULL)
		return true;
	for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
		enum json_kind kind = json_kind(json_member(root, span_of(links[i])));
		if (kind == JSON_TEXT || kind == JSON_NUMBER)
			return true;
	}
	for (size_t i = 0; i < rest->stream->query_n; i++) {
		const struct template *value = &rest->stream->query[i].values[0];
		int64_t asked;
		if (rest->stream->query[i].n == 1 && value->n == 1 &&
		    value->parts[0].scope == SLOT_LITERAL &&
		    json_whole(value->parts[0].text, &asked) && asked > 1 && asked == records)
			return true;
	}
	return false;
}

static void fail(struct verdict *ret, enum verdict_kind kind, const struct err *why)
{
	ret->kind = kind;
	ret->why = *why;
}

/* A page that was read: is it one that was read before, and where is the next? */
static bool settle_page(struct rest *rest, const struct response *response,
			const struct json *root, const struct records_found *found,
			struct verdict *ret, struct err *reterr)
{
	struct err why = {0};
	ret->records = found->records;
	ret->let_pass = found->let_pass;
	if (rest->page_records > 0 && found->records == rest->page_records &&
	    found->hash == rest->page_hash) {
		err_set(&why, ERR_DATA, "%s: page %lld has the same records as the page before: "
			"the API repeats itself", rest->stream->name, (long long)rest->pages + 1);
		fail(ret, VERDICT_FAIL_STREAM, &why);
		return true;
	}
	rest->pages++;
	rest->records += ret->records;
	rest->page_records = ret->records;
	rest->page_hash = found->hash;
	if (rest->stream->paging.kind == PAGING_NONE)
		rest->more_unasked = looks_unfinished(rest, response, root, ret->records);
	if (talk_advance(rest, response, root, found->last, &why))
		return true;
	if (why.kind == ERR_MEMORY) {
		*reterr = why;
		return false;
	}
	fail(ret, VERDICT_FAIL_STREAM, &why);
	return true;
}

static bool read_page(struct rest *rest, const struct response *response,
		      const struct json_doc *doc, struct row_sink *sink, struct verdict *ret,
		      struct err *reterr)
{
	struct records_of answer = {json_root(doc), buf_span(&response->body), json_dirty(doc)};
	struct records_found found;
	struct err why = {0};

	switch (talk_read_records(rest, &answer, sink, &found, &why, reterr)) {
	case RECORDS_FAILED:
		return false;
	case RECORDS_BAD:
		/* A wrong number of elements is like a torn body: it may be whole next time. */
		fail(ret, why.kind == ERR_TRANSIENT ? VERDICT_RETRY : VERDICT_FAIL_STREAM, &why);
		return true;
	case RECORDS_READ:
		break;
	}
	return settle_page(rest, response, answer.root, &found, ret, reterr);
}

bool rest_take(struct rest *rest, const struct response *response, int64_t now_us,
	       struct row_sink *sink, struct verdict *ret, struct err *reterr)
{
	struct err json_error = {0};
	bool page = false;
	bool done = true;
	struct json_doc *doc = NULL;

	rest->fetched_us = now_us;
	if (response->end == EXCHANGE_ANSWERED)
		doc = json_parse(buf_span(&response->body), &json_error);
	if (json_error.kind == ERR_MEMORY) {
		*reterr = json_error;
		return false;
	}
	talk_judge(rest, response, doc == NULL ? NULL : json_root(doc), &json_error, now_us, ret,
		   &page);
	if (page)
		done = read_page(rest, response, doc, sink, ret, reterr);
	else if (ret->kind == VERDICT_EMPTY)
		rest->done = true;
	json_free(doc);
	return done;
}

bool rest_count_ask(struct rest *rest, const struct sign_mark *mark, int64_t now_us,
		    struct request *ret, struct err *reterr)
{
	const struct count_rule *count = &rest->stream->count;
	rest->fetched_us = now_us;
	return talk_make_url(rest, mark, count->path, count->query, count->query_n, reterr) &&
	       talk_make_request(rest, mark, true, ret, reterr);
}

bool rest_count_take(struct rest *rest, const struct response *response, int64_t now_us,
		     int64_t *ret_count, struct verdict *ret, struct err *reterr)
{
	struct err json_error = {0};
	struct json_doc *doc = NULL;
	bool page;

	*ret_count = -1;
	if (response->end == EXCHANGE_ANSWERED)
		doc = json_parse(buf_span(&response->body), &json_error);
	if (json_error.kind == ERR_MEMORY) {
		*reterr = json_error;
		return false;
	}
	talk_judge(rest, response, doc == NULL ? NULL : json_root(doc), &json_error, now_us, ret,
		   &page);
	if (page) {
		const struct json *at =
			json_point_any(json_root(doc), rest->stream->count.at, true);
		struct span digits = json_kind(at) == JSON_TEXT ? json_text(at) : json_digits(at);
		if ((json_kind(at) != JSON_NUMBER && json_kind(at) != JSON_TEXT) ||
		    !json_whole(digits, ret_count) || *ret_count < 0) {
			*ret_count = -1;
			err_set(&ret->why, ERR_DATA, "%s: the answer to the count has no number",
				rest->stream->name);
		}
	} else if (ret->kind == VERDICT_FAIL_STREAM || ret->kind == VERDICT_EMPTY ||
		   ret->kind == VERDICT_RESTART) {
		ret->kind = VERDICT_PAGE; /* counting is a favour: its refusal stops nothing */
	}
	json_free(doc);
	return true;
}

bool rest_settings_rows(const struct rest_setup *setup, const struct stream *stream,
			struct row_sink *sink, struct err *reterr)
{
	struct question question = {.stream = stream};
	struct rest *rest = NULL;
	size_t rows = 1;
	bool done = true;

	if (stream->rows == ROWS_FROM_LIST)
		rows = settings_find(setup->settings, span_of(stream->rows_list->name))->n;
	struct json_doc *empty = json_parse(SPAN("{}"), reterr);
	if (empty == NULL || !rest_open(&rest, setup, &question, reterr)) {
		json_free(empty);
		return false;
	}
	rest->one_element = true;
	rest->fetched_us = setup->started_us;
	for (size_t i = 0; i < rows && done; i++) {
		struct row_report report;
		rest->element = i;
		done = talk_fix_cells(rest, json_root(empty), reterr) &&
		       shaper_row(sink->shaper, json_root(empty), rest->fixed, false,
				  (*sink->seq)++, sink->batch, &report, reterr) &&
		       sink->row(sink->user, &report, i, reterr);
	}
	rest_close(rest);
	json_free(empty);
	return done;
}

void rest_hints(const struct rest *rest, struct rest_hints *ret)
{
	*ret = (struct rest_hints){.more_unasked = rest->more_unasked, .ended = rest->done};
	if (!rest->done)
		ret->next = rest->next_at;
}

bool rest_base_url(const struct connector *connector, enum auth_kind kind,
		   const struct settings *settings, const char *configured, struct buf *ret,
		   struct err *reterr)
{
	const struct template *base = connector->auth[kind].base_url;
	struct rest_setup setup = {.connector = connector, .settings = settings};
	struct stream none = {.name = "base_url"};
	struct question question = {.stream = &none};
	struct rest *rest = NULL;
	bool absent = false;

	if (configured != NULL)
		return buf_add_text(ret, configured) || err_memory(reterr);
	if (base == NULL)
		base = connector->base_url;
	if (base == NULL) /* then every stream has its own, or takes rows from settings */
		return buf_add_text(ret, "") || err_memory(reterr);
	if (!rest_open(&rest, &setup, &question, reterr))
		return false;
	bool done = template_fill(base, PLACE_HOST, talk_scope(rest), ret, &absent, reterr);
	rest_close(rest);
	if (done && absent)
		return err_set(reterr, ERR_USAGE, "base_url: a setting it needs has no value");
	return done || err_at(reterr, "base_url");
}
