#include "pages.h"

#include "mischief.h"
#include "skiptoken.h"

#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>

/* A link says it all: other options beside its token would be ours to ignore or to obey, and a
 * client that adds them does not follow links verbatim. */
static bool lone_token(const struct query *query)
{
	return query->order == ORDER_NONE && query->n_select == 0 && !query->count &&
	       query->top == UINT64_MAX && query->skip == 0 &&
	       query->updated.min_us == INT64_MIN && query->updated.max_us == INT64_MAX &&
	       query->created.min_us == INT64_MIN && query->created.max_us == INT64_MAX;
}

bool page_read(struct sim *sim, enum entity entity, struct span raw, struct buf *room,
	       struct page_question *ret, struct err *reterr)
{
	*ret = (struct page_question){.entity = entity, .raw = raw, .origin = raw};
	if (!query_read(raw, entity, &ret->query, reterr))
		return false;
	ret->seen = store_seen(&sim->store, entity, moment_now_us(sim->moment),
			       sim->options.world.retention_us);
	if (ret->query.token[0] == '\0')
		return true;
	struct skiptoken token;
	if (!lone_token(&ret->query))
		return err_set(reterr, ERR_USAGE,
			       "$skiptoken cannot be combined with other query options.");
	if (!skiptoken_read(span_of(ret->query.token), sim->options.world.seed, room, &token))
		return err_set(reterr, ERR_USAGE, "The $skiptoken is not valid.");
	ret->origin = token.query;
	ret->offset = token.offset;
	ret->seen = token.seen; /* else rows that went would shift the rows that follow */
	return query_read(token.query, entity, &ret->query, reterr);
}

uint64_t page_number(const struct sim *sim, const struct page_question *question)
{
	return question->offset / sim->options.page_size + 1;
}

/* --- records --- */

static bool keep_selected(struct buf *out, size_t start, const struct query *query)
{
	struct err err;
	size_t cleaned = 0;
	bool first = true, done = true;
	struct json_doc *doc =
		json_parse((struct span){out->data + start, out->size - start}, &err);
	if (doc == NULL)
		return false;
	buf_cut(out, start);
	buf_add_char(out, '{');
	struct json_walk walk = json_walk(json_root(doc));
	while (json_next(&walk)) {
		bool wanted = false;
		for (size_t i = 0; i < query->n_select; i++)
			wanted = wanted || span_is(walk.name, query->select[i]);
		if (!wanted)
			continue;
		buf_addf(out, "%s\"%.*s\":", first ? "" : ",", SPAN_ARGS(walk.name));
		done = json_write(out, walk.value, &cleaned) && done;
		first = false;
	}
	json_free(doc);
	return buf_add_char(out, '}') && done;
}

struct slice {
	const struct plan *plan;
	const struct query *query;
	const struct twist *twist;
	uint64_t begin, end; /* rows of the plan */
	uint64_t spoiled;
};

static bool add_rows(struct slice *slice, bool first, struct answer *answer)
{
	const struct plan *plan = slice->plan;
	struct buf *out = &answer->body;
	for (uint64_t at = slice->begin; at < slice->end; at++) {
		if (!first)
			buf_add_char(out, ',');
		first = false;
		size_t start = out->size;
		if (!store_render(plan->store, plan->entity, plan_row(plan, at), out))
			return false;
		if (slice->query->n_select > 0 && !keep_selected(out, start, slice->query))
			return false;
		if (slice->twist->record[0] != '\0' &&
		    slice->spoiled++ < slice->twist->record_rows &&
		    !mischief_record(out, start, slice->twist))
			return false;
		answer->rows++;
	}
	return !out->failed;
}

/* The rows [begin, end) of those asked for, with what a twist adds in front or leaves out. */
static bool add_value(const struct plan *plan, const struct page_question *question,
		      uint64_t begin, uint64_t end, uint64_t page_size, const struct twist *twist,
		      struct answer *answer)
{
	const struct query *query = &question->query;
	uint64_t skip = query->skip;
	uint64_t front = twist->rows_double < begin ? twist->rows_double : begin;
	if (twist->rows_before && begin >= page_size) {
		begin -= page_size;
		end = begin + page_size;
	}
	uint64_t drop = twist->rows_drop < end - begin ? twist->rows_drop : end - begin;
	struct slice before = {plan, query, twist, skip + begin - front, skip + begin, UINT64_MAX};
	struct slice page = {plan, query, twist, skip + begin + drop, skip + end, 0};
	return (front == 0 || add_rows(&before, true, answer)) &&
	       add_rows(&page, front == 0, answer);
}

/* --- the link --- */

static void add_link(const struct sim *sim, const struct page_question *question,
		     const char *url, uint64_t offset, struct buf *out)
{
	struct skiptoken token = {offset, question->seen, question->origin};
	buf_addf(out, "%s?$skiptoken=", url);
	(void)skiptoken_write(out, &token, sim->options.world.seed);
}

static void add_next(const struct sim *sim, const struct page_question *question,
		     const char *url, bool more, const struct twist *twist, struct buf *out)
{
	uint64_t size = sim->options.page_size, offset = question->offset + size;
	char other[2048];
	const char *host = strstr(url, "://");
	const char *path = host == NULL ? url : strchr(host + 3, '/');
	bool linked = (more && twist->next != NEXT_NONE) || twist->next == NEXT_SELF ||
		      twist->next == NEXT_TO || twist->next == NEXT_NULL ||
		      twist->next == NEXT_EMPTY;
	if (!linked)
		return;
	buf_add_text(out, twist->next == NEXT_LOWER ? ",\"odata.nextlink\":"
						    : ",\"@odata.nextLink\":");
	if (twist->next == NEXT_NULL) {
		buf_add_text(out, "null");
		return;
	}
	buf_add_char(out, '"');
	if (twist->next == NEXT_SELF) {
		buf_addf(out, "%s?%.*s", url, SPAN_ARGS(question->raw));
	} else if (twist->next == NEXT_TO) {
		uint64_t page = twist->next_page > 0 ? twist->next_page - 1 : 0;
		add_link(sim, question, url, page * size, out);
	} else if (twist->next == NEXT_HOST) {
		snprintf(other, sizeof other, "http://%s%s", twist->next_host,
			 path == NULL ? "/" : path);
		add_link(sim, question, other, offset, out);
	} else if (twist->next == NEXT_RELATIVE) {
		add_link(sim, question, path == NULL ? "/" : path, offset, out);
	} else if (twist->next != NEXT_EMPTY) {
		add_link(sim, question, url, offset, out);
	}
	buf_add_char(out, '"');
}

static void add_context(enum entity entity, const char *url, struct buf *out)
{
	size_t base = strlen(url) - strlen(entity_name(entity)) - 1;
	buf_addf(out, "{\"@odata.context\":\"%.*s/$metadata#%s\"", (int)base, url,
		 entity_name(entity));
}

static bool add_records(struct sim *sim, const struct plan *plan,
			const struct page_question *question, const char *url,
			const struct twist *twist, struct answer *ret)
{
	const struct query *query = &question->query;
	struct buf *out = &ret->body;
	uint64_t size = sim->options.page_size;
	uint64_t all = plan->n > query->skip ? plan->n - query->skip : 0;
	uint64_t total = all < query->top ? all : query->top;
	uint64_t begin = question->offset < total ? question->offset : total;
	uint64_t end = total - begin < size ? total : begin + size;
	(void)buf_reserve(out, (end - begin) * 700 + 4096);
	add_context(question->entity, url, out);
	if (query->count)
		buf_addf(out, ",\"@odata.count\":%" PRIu64, plan->n);
	bool done = true;
	switch (twist->value) {
	case VALUE_LIST:
		if (total == 0)
			break;
		buf_add_text(out, ",\"value\":[");
		done = add_value(plan, question, begin, end, size, twist, ret);
		buf_add_char(out, ']');
		break;
	case VALUE_MISSING: break;
	case VALUE_NULL: buf_add_text(out, ",\"value\":null"); break;
	case VALUE_OBJECT: buf_add_text(out, ",\"value\":{}"); break;
	case VALUE_TEXT: buf_add_text(out, ",\"value\":\"none\""); break;
	}
	add_next(sim, question, url, end < total, twist, out);
	buf_add_char(out, '}');
	return done;
}

bool page_answer(struct sim *sim, const struct page_question *question, const char *url,
		 const struct twist *twist, struct answer *ret, struct err *reterr)
{
	struct plan *plan = NULL;
	if (!plan_get(sim->plans, question->entity, &question->query, question->seen, false,
		      &plan, reterr))
		return false;
	answer_json(ret, 200);
	bool done = add_records(sim, plan, question, url, twist, ret);
	plan_release(sim->plans, plan);
	return buf_ok(&ret->body, reterr) && (done || err_memory(reterr));
}

bool page_count(struct sim *sim, const struct page_question *question, const struct twist *twist,
		struct answer *ret, struct err *reterr)
{
	struct plan *plan = NULL;
	if (!plan_get(sim->plans, question->entity, &question->query, question->seen, false,
		      &plan, reterr))
		return false;
	answer_json(ret, 200);
	ret->type = "text/plain";
	int64_t count = (int64_t)plan->n + twist->count_add;
	if (twist->count_text_given)
		buf_add_text(&ret->body, twist->count_text);
	else
		buf_addf(&ret->body, "%" PRId64, count < 0 ? 0 : count);
	plan_release(sim->plans, plan);
	return buf_ok(&ret->body, reterr);
}
