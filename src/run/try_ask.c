/* One stream, page by page. The stream that is tried is looked at closely; of those above it only
 * the first row counts, which the next one asks with. */
#include "run/trying.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

/* --- what is asked --- */

/* The time that is asked for: the command line's, else the last step of the stream's windows. */
static bool find_window(struct asking *a, struct question *ret, struct err *reterr)
{
	const struct window_rule *rule = &a->stream->window;
	const struct try_options *options = a->t->options;
	int64_t until_us = options->until_us;
	bool given = options->from_us != STAMP_NONE || until_us != STAMP_NONE;
	a->from_us = a->until_us = STAMP_NONE;
	if (!rule->given) {
		if (given && a->first == NULL)
			buf_addf(&a->t->result->talk,
				 "%s has no window: --from and --to change nothing\n",
				 a->stream->name);
		return true;
	}
	if (until_us == STAMP_NONE)
		until_us = a->t->rest.started_us - rule->settle_us;
	if (rule->has_last)
		until_us = options->until_us == STAMP_NONE ? stamp_floor(until_us, STAMP_DAY)
							   : stamp_ceil(until_us, STAMP_DAY);
	ret->from_us = options->from_us;
	if (ret->from_us == STAMP_NONE)
		ret->from_us = until_us - (rule->has_until ? rule->step_us : STAMP_DAY);
	if (rule->has_last)
		ret->from_us = stamp_floor(ret->from_us, STAMP_DAY);
	if (ret->from_us >= until_us)
		return err_set(reterr, ERR_USAGE, "--from is not before the end of the window");
	ret->until_us = rule->has_until ? until_us : WINDOW_OPEN;
	if (options->answer != NULL && !given)
		return true; /* nobody asked the saved answer for just this time */
	/* What the request can say: from rounded down, until up. */
	a->from_us = stamp_floor(ret->from_us, rule->format.unit_us);
	a->until_us = rule->has_until ? stamp_ceil(until_us, rule->format.unit_us) : INT64_MAX;
	return true;
}

/* How many parts a saved answer has decides for how many elements it was asked. */
static bool find_elements(struct asking *a, const struct json *saved, struct question *ret,
			  struct err *reterr)
{
	const struct repeat_rule *repeat = &a->stream->repeat;
	if (repeat->over == NULL)
		return true;
	size_t n = settings_find(&a->t->settings, span_of(repeat->over->name))->n;
	if (n == 0)
		return err_set(reterr, ERR_USAGE, "settings.%s is empty: %s asks for nothing",
			       repeat->over->name, a->stream->name);
	ret->elements_n = 1;
	if (repeat->by_position && json_kind(saved) == JSON_LIST && json_count(saved) > 1)
		ret->elements_n = json_count(saved) < n ? json_count(saved) : n;
	return true;
}

/* --- one page --- */

static bool sign_in(struct trying *t, struct err *reterr)
{
	struct request request;
	struct response response;
	struct buf lines;
	if (!sign_due(t->sign, clock_now_us()))
		return true;
	if (!sign_ask(t->sign, &request, reterr))
		return false;
	buf_init(&lines, URL_BYTES_MAX);
	buf_addf(&lines, "%s %s     (a token)\n", request.method, request.shown);
	try_say(t, &lines);
	bool done = probe_ask(t->probe, &request, &response, reterr);
	if (done) {
		struct try_answer answer = {.status = response.status, .took_ms = response.took_ms,
					    .bytes = (int64_t)response.body.size};
		buf_clear(&lines);
		try_write_answer(&answer, &lines);
		if (response.end == EXCHANGE_ANSWERED)
			try_say(t, &lines);
		done = sign_take(t->sign, &response, clock_now_us(), reterr);
		response_done(&response);
	}
	buf_done(&lines);
	return done;
}

static bool read_saved(struct trying *t, struct response *ret, struct err *reterr)
{
	*ret = (struct response){.end = EXCHANGE_ANSWERED, .status = 200, .headers_whole = true,
				 .retry_after_ms = -1};
	buf_init(&ret->body, ANSWER_BYTES_MAX);
	buf_init(&ret->headers, HEADER_BYTES_MAX);
	if (file_read(t->options->answer, &ret->body, reterr))
		return true;
	response_done(ret);
	return err_at(reterr, "--answer");
}

/* The request, and what came back. False with ERR_NONE: there is no further page. */
static bool ask(struct asking *a, struct response *ret, struct err *reterr)
{
	struct trying *t = a->t;
	struct request request;
	struct sign_mark mark;
	enum rest_step step;
	struct buf lines;
	if (t->probe != NULL && !sign_in(t, reterr))
		return false;
	if (!sign_mark(t->sign, &mark, reterr) ||
	    !rest_next(a->rest, &mark, clock_now_us(), &request, &step, reterr) ||
	    step == REST_DONE)
		return false;
	buf_init(&lines, 4 * URL_BYTES_MAX);
	try_write_request(&request, &mark, &lines);
	try_say(t, &lines);
	buf_done(&lines);
	return t->probe == NULL ? read_saved(t, ret, reterr)
				: probe_ask(t->probe, &request, ret, reterr);
}

static void describe_page(struct asking *a, const struct json *root, struct try_answer *answer)
{
	const struct records_rule *rule = &a->stream->records;
	struct rest_hints hints;
	rest_hints(a->rest, &hints);
	answer->is_page = true;
	answer->at = rule->at.n > 0 ? rule->at.at[0].text : "";
	answer->pages = a->stream->paging.kind != PAGING_NONE;
	answer->next = try_next_words(a->t->arena, a->stream, root, hints.ended);
	answer->end = try_end_words(a->t->arena, a->stream, root);
	if (hints.more_unasked)
		buf_add_text(&a->t->result->notes,
			     "warning: paging: none, but this answer names a next page or is just "
			     "as long as was asked for: what is behind it would never be read\n");
}

/* What became of the answer, in words; false: no further page is asked. */
static bool tell(struct asking *a, const struct response *response, const struct verdict *verdict,
		 const struct json *root)
{
	struct try_result *result = a->t->result;
	struct buf lines;
	a->answer.status = a->t->probe == NULL ? 0 : response->status;
	a->answer.took_ms = response->took_ms;
	a->answer.bytes = (int64_t)response->body.size;
	a->answer.records = verdict->records;
	/* Rows were handed out, and then the next page's place was found to be wrong. Where
	 * settings only stand in, the real host is another than the one that links must lead to. */
	bool bad_end = verdict->kind == VERDICT_FAIL_STREAM && verdict->records > 0;
	bool page = verdict->kind == VERDICT_PAGE || (bad_end && a->t->stood_in);
	if (page)
		describe_page(a, root, &a->answer);
	if (page && bad_end)
		buf_addf(&result->notes, "warning: %s (settings stand in; --set gives them)\n",
			 verdict->why.text);
	buf_init(&lines, URL_BYTES_MAX);
	if (response->end == EXCHANGE_ANSWERED)
		try_write_answer(&a->answer, &lines);
	if (page && rest_pages(a->rest) > 1)
		buf_addf(&lines, "page %lld differs from page %lld\n",
			 (long long)rest_pages(a->rest), (long long)rest_pages(a->rest) - 1);
	if (verdict->kind == VERDICT_EMPTY)
		buf_addf(&lines, "let pass as empty: %s\n", verdict->why.text);
	try_say(a->t, &lines);
	buf_done(&lines);
	if (a->first == NULL && (page || bad_end)) {
		result->rows += a->answer.rows;
		result->rejected += a->answer.rejected;
	}
	if (!page && verdict->kind != VERDICT_EMPTY) {
		result->failed = true;
		result->why = verdict->why;
		if (verdict->kind == VERDICT_WAIT)
			err_set(&result->why, verdict->why.kind,
				"%.900s -- a load would wait %lld s", verdict->why.text,
				(long long)(verdict->wait_ms + 999) / 1000);
	}
	return page;
}

static bool take(struct asking *a, const struct response *response, bool *ret_more,
		 struct err *reterr)
{
	struct row_sink sink = try_sink(a);
	struct verdict verdict;
	struct err ignored;
	struct json_doc *doc = NULL;
	a->answer = (struct try_answer){0};
	a->at = a->element = 0;
	if (response->end == EXCHANGE_ANSWERED)
		doc = json_parse(buf_span(&response->body), &ignored);
	const struct json *root = doc == NULL ? NULL : json_root(doc);
	a->parts = a->stream->repeat.by_position && json_kind(root) == JSON_LIST;
	bool done = rest_take(a->rest, response, clock_now_us(), &sink, &verdict, reterr);
	if (done)
		*ret_more = tell(a, response, &verdict, root);
	json_free(doc);
	return done;
}

static bool ask_pages(struct asking *a, struct err *reterr)
{
	int64_t pages = a->first != NULL || a->t->probe == NULL ? 1 : a->t->options->pages;
	bool more = true;
	for (int64_t i = 0; i < pages && more; i++) {
		struct response response;
		struct err why = {0};
		if (i > 0)
			clock_sleep_ms(a->stream->pause_us / 1000);
		if (!ask(a, &response, &why)) {
			if (why.kind != ERR_NONE)
				*reterr = why;
			return why.kind == ERR_NONE;
		}
		bool done = take(a, &response, &more, reterr);
		response_done(&response);
		if (!done)
			return false;
	}
	return true;
}

/* --- the whole --- */

static const struct config_stream *configured(const struct config *config, const char *name)
{
	for (size_t i = 0; config != NULL && i < config->streams_n; i++) {
		if (strcmp(config->streams[i].name, name) == 0)
			return &config->streams[i];
	}
	return NULL;
}

static bool plan(struct asking *a, struct err *reterr)
{
	const struct config *config = a->t->options->config;
	const struct config_stream *given = configured(config, a->stream->name);
	struct privacy privacy = {0};
	struct table *table;
	struct span hash_key = SPAN("");
	if (given != NULL)
		privacy = (struct privacy){given->excluded, given->hashed, given->excluded_n,
					   given->hashed_n};
	if (config != NULL && config->hash_key != NULL)
		hash_key = config->hash_key->value;
	if (!plan_table(a->t->arena, a->stream, config == NULL ? "" : config->table_prefix,
			config != NULL && config->append, &privacy, &table, reterr))
		return false;
	a->table = table;
	return shaper_new(&a->shaper, table, hash_key, reterr) &&
	       batch_new(&a->batch, table, reterr) && seen_new(&a->seen, table, reterr);
}

/* Which columns are shown, and room for the first rows. */
static bool make_room(struct asking *a, struct err *reterr)
{
	struct try_result *result = a->t->result;
	const struct table *table = a->table;
	result->table = table;
	result->stream = a->stream->name;
	result->names = arena_array(result->arena, table->columns_n, sizeof *result->names);
	result->types = arena_array(result->arena, table->columns_n, sizeof *result->types);
	result->shown = arena_array(result->arena, (size_t)TRY_ROWS_SHOWN * table->columns_n,
				    sizeof *result->shown);
	if (result->names == NULL || result->types == NULL || result->shown == NULL)
		return err_memory(reterr);
	for (unsigned i = 0; i < table->columns_n; i++) {
		if (table->columns[i].excluded)
			continue;
		result->names[result->columns_n] = table->columns[i].name;
		result->types[result->columns_n++] = table->columns[i].type;
	}
	return true;
}

static bool from_settings(struct asking *a, struct err *reterr)
{
	struct row_sink sink = try_sink(a);
	struct buf lines;
	buf_init(&lines, URL_BYTES_MAX);
	buf_addf(&lines, "%s: rows out of the configuration, nothing is asked\n", a->stream->name);
	try_say(a->t, &lines);
	buf_done(&lines);
	if (!rest_settings_rows(&a->t->rest, a->stream, &sink, reterr))
		return false;
	if (a->first == NULL) {
		a->t->result->rows += a->answer.rows;
		a->t->result->rejected += a->answer.rejected;
	}
	return true;
}

static bool from_api(struct asking *a, const struct value *parent, struct err *reterr)
{
	struct question question = {.stream = a->stream, .parent = parent};
	struct response saved;
	struct json_doc *doc = NULL;
	struct err ignored;
	if (a->stream->repeat.by_position && a->t->probe == NULL) {
		if (!read_saved(a->t, &saved, reterr))
			return false;
		doc = json_parse(buf_span(&saved.body), &ignored);
		response_done(&saved);
	}
	bool done = find_elements(a, doc == NULL ? NULL : json_root(doc), &question, reterr) &&
		    find_window(a, &question, reterr) &&
		    rest_open(&a->rest, &a->t->rest, &question, reterr) && ask_pages(a, reterr);
	json_free(doc);
	return done;
}

bool try_stream(struct trying *t, const struct stream *stream, const struct value *parent,
		const struct value **row, struct err *reterr)
{
	struct asking a = {.t = t, .stream = stream, .first = row, .from_us = STAMP_NONE,
			   .until_us = STAMP_NONE};
	bool done = plan(&a, reterr) && (row != NULL || make_room(&a, reterr)) &&
		    (stream->rows == ROWS_FROM_API ? from_api(&a, parent, reterr)
						   : from_settings(&a, reterr));
	if (done && row == NULL)
		try_tell_rows(&a);
	rest_close(a.rest);
	seen_free(a.seen);
	batch_free(a.batch);
	shaper_free(a.shaper);
	return done;
}
