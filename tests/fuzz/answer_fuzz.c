/* Any answers in a conversation with an API, of each way to page. The input: a byte that picks the
 * stream, then answers, each a byte for the status, header lines, an empty line, a body, and a NUL.
 * A verdict that is no page says why; no page leads to another host; rows come of pages only, or of
 * one that fails the stream by what it says about the next. */
#include "fuzz.h"

#include "base/bounds.h"
#include "config/yaml.h"
#include "fetch/exchange.h"
#include "source/plan.h"
#include "source/rest.h"

#include <string.h>

enum { STREAMS_N = 9, ANSWERS_MAX = 12 };

#define ORIGIN "https://api.example.com/"
#define NOW_US INT64_C(1795399506000000)

static const char CONNECTOR[] =
	"format: 1\nconnector: shop\nbase_url: https://api.example.com/v1\n"
	"settings: { ids: { type: list, required: true, fields: { id: { type: text, required: "
	"true } } } }\n"
	"defaults:\n"
	"  message_at: [/error/message, /message]\n"
	"  key: [ID]\n"
	"  columns: { ID: text, N: int, AT: timestamp, D: json }\n"
	"  errors:\n"
	"    - { status: 409, then: restart }\n"
	"    - { status: 420, then: wait, for: [{ header: X-Reset, as: unix }, 5s] }\n"
	"    - { at: /code, is: [7, gone], then: empty }\n"
	"    - { says: broken, then: retry }\n"
	"streams:\n"
	"  none: { path: /a, paging: none, records: { at: /rows, missing: empty } }\n"
	"  link: { path: /b, paging: { next_url: [/next, /links/next] }, records: /rows }\n"
	"  header: { path: /c, paging: { link_header: next } }\n"
	"  token: { path: /d, query: { c: \"{paging.token}\" }, records: /rows,\n"
	"    paging: { next_token: /next, more: /more } }\n"
	"  after: { path: /e, query: { c: \"{paging.token}\" }, records: /rows,\n"
	"    paging: { next_token: { last: /id }, done: /done } }\n"
	"  offset: { path: /f, query: { o: \"{paging.offset}\" }, records: /rows,\n"
	"    paging: { offset: 0, total: /total } }\n"
	"  page: { path: /g, query: { p: \"{paging.page}\" }, records: /rows,\n"
	"    paging: { page: 1, pages: /pages } }\n"
	"  columns: { path: /h, paging: none, records: { at: /rows, shape: columns } }\n"
	"  places: { path: /i, query: { id: \"{item.id}\" }, paging: none,\n"
	"    repeat: { over: settings.ids, batch: 3, match: position },\n"
	"    records: { at: /rows, shape: one } }\n";

struct model {
	struct arena *arena;
	struct connector *connector;
	struct settings settings;
	struct rest_setup setup;
	struct shaper *shapers[STREAMS_N];
	struct batch *batches[STREAMS_N];
};

static void make(struct model *model)
{
	struct err err = {0};
	struct buf mistakes;
	struct yaml *given;
	struct privacy none = {0};
	struct table *table;
	buf_init(&mistakes, MIB);
	model->arena = arena_new();
	expect(model->arena != NULL);
	if (!connector_parse(&model->connector, span_of(CONNECTOR), "shop.yaml", &mistakes, &err)) {
		fputs(buf_text(&mistakes), stderr);
		abort();
	}
	expect(yaml_read(model->arena, SPAN("ids: [{ id: a }, { id: b }, { id: c }]"), "f", &given,
			 &err) &&
	       settings_read(model->arena, model->connector, given, "f", &model->settings,
			     &mistakes, &err));
	model->setup = (struct rest_setup){model->connector, &model->settings, ORIGIN "v1/",
					   NOW_US};
	expect(model->connector->streams_n == STREAMS_N);
	for (size_t i = 0; i < STREAMS_N; i++)
		expect(plan_table(model->arena, &model->connector->streams[i], "", false, &none,
				  &table, &err) &&
		       shaper_new(&model->shapers[i], table, SPAN("key"), &err) &&
		       batch_new(&model->batches[i], table, &err));
	buf_done(&mistakes);
}

static bool row_came(void *user, const struct row_report *report, size_t element,
		     struct err *reterr)
{
	int64_t *rows = user;
	(void)reterr;
	expect(element < 3);
	*rows += report->taken;
	return true;
}

static void part_failed(void *user, size_t element, const struct err *why)
{
	(void)user;
	expect(element < 3 && why->text[0] != '\0');
}

static struct span next_answer(struct span *rest)
{
	const char *end = memchr(rest->at, '\0', rest->size);
	struct span one = {rest->at, end == NULL ? rest->size : (size_t)(end - rest->at)};
	*rest = span_from(*rest, one.size + (end != NULL));
	return one;
}

/* False: no answer that fetch/ would hand on. */
static bool make_response(struct span text, struct response *ret)
{
	static const int STATUSES[] = {200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 409, 420,
				       429, 500, 503};
	struct err err;
	*ret = (struct response){.end = EXCHANGE_ANSWERED};
	buf_init(&ret->body, 64 * MIB);
	buf_init(&ret->headers, HEADER_BYTES_MAX);
	ret->status = STATUSES[text.size == 0 ? 0 : (uint8_t)text.at[0] % 15];
	text = span_from(text, text.size > 0);
	while (text.size > 0 && text.at[0] != '\n') {
		const char *end = memchr(text.at, '\n', text.size);
		size_t size = end == NULL ? text.size : (size_t)(end - text.at);
		if (!response_keep(ret, (struct span){text.at, size}))
			return false;
		text = span_from(text, size + (end != NULL));
	}
	buf_add_span(&ret->body, span_from(text, text.size > 0));
	return response_settle(ret, ORIGIN "v1/x", NOW_US, &err);
}

static void check_verdict(const struct verdict *verdict, int64_t taken)
{
	if (verdict->kind == VERDICT_PAGE) {
		expect(verdict->records >= 0 && taken <= verdict->records);
		return;
	}
	expect(taken == 0 || verdict->kind == VERDICT_FAIL_STREAM);
	expect(verdict->why.text[0] != '\0' && verdict->why.kind != ERR_NONE);
	expect(verdict->kind != VERDICT_WAIT || verdict->wait_ms > 0);
}

/* However it is spelled: capitals, an empty port, the port that is meant anyway. */
static bool is_ours(const char *url)
{
	struct err err = {0};
	struct buf ours, theirs;
	buf_init(&ours, URL_BYTES_MAX);
	buf_init(&theirs, URL_BYTES_MAX);
	bool same = url_origin(ORIGIN, &ours, &err) && url_origin(url, &theirs, &err) &&
		    span_equal(buf_span(&ours), buf_span(&theirs));
	buf_done(&ours);
	buf_done(&theirs);
	return same;
}

static void talk(struct model *model, size_t which, struct rest *rest, struct span answers)
{
	struct sign_mark mark = {0};
	struct request request;
	struct response response;
	struct verdict verdict;
	enum rest_step step;
	struct err err = {0};
	int64_t rows = 0, seq = 0;
	struct row_sink sink = {.shaper = model->shapers[which], .batch = model->batches[which],
				.seq = &seq, .row = row_came, .element_failed = part_failed,
				.user = &rows};
	for (int i = 0; i < ANSWERS_MAX && answers.size > 0; i++) {
		if (!rest_next(rest, &mark, NOW_US, &request, &step, &err) || step == REST_DONE)
			break;
		expect(is_ours(request.url));
		int64_t before = rows;
		bool good = make_response(next_answer(&answers), &response);
		if (good && rest_take(rest, &response, NOW_US, &sink, &verdict, &err)) {
			check_verdict(&verdict, rows - before);
			if (verdict.kind == VERDICT_RESTART)
				rest_restart(rest);
		}
		response_done(&response);
	}
	expect(batch_rows(sink.batch) == rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model model;
	struct rest *rest;
	struct rows *rows;
	struct err err = {0};
	if (model.arena == NULL)
		make(&model);
	if (size == 0)
		return 0;
	size_t which = data[0] % STREAMS_N;
	struct question question = {.stream = &model.connector->streams[which],
				    .elements_n = which == STREAMS_N - 1 ? 3 : 0};
	expect(rest_open(&rest, &model.setup, &question, &err));
	talk(&model, which, rest, (struct span){(const char *)data + 1, size - 1});
	rest_close(rest);
	expect(batch_seal(model.batches[which], &rows, &err));
	rows_free(rows);
	return 0;
}
