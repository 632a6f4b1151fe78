/* Goal: no failing allocation may crash, leak, or make of a page something else than it is.
 * Method: fail the n-th malloc, calloc or realloc, n = 1, 2, ... until a run does not reach the
 * n-th; the address sanitizer looks for what is left behind. */
#include "fault_memory.h"
#include "unit/rest_case.h"

#define STREAM "settings: { tags: { type: list } }\nstreams:\n  s:\n    path: /x/{item.value}\n" \
	"    query: { t: \"{paging.token}\", f: \"{window.from}\", u: \"{window.until}\" }\n" \
	"    headers: { X-T: \"{item.value}\" }\n    body: { a: [\"{item.value}\", 1] }\n" \
	"    window: { column: AT, format: iso }\n    repeat: { over: settings.tags }\n" \
	"    key: [ID]\n    message_at: /message\n    errors: [ { status: 404, then: empty } ]\n" \
	"    columns: { ID: text, AT: timestamp, J: json, V: { type: text, value: " \
	"\"{item.value}\" }, O: { type: json, outer: /o } }\n"

/* One question, two pages and what is not a page; false with the error where memory was lacking. */
static bool talk(struct rest_case *c, struct response *responses, size_t n, struct err *err)
{
	struct request request;
	enum rest_step step;
	bool done = rest_open(&c->rest, &c->setup, &c->question, err);
	for (size_t i = 0; i < n && done; i++)
		done = rest_next(c->rest, &c->mark, NOW_US, &request, &step, err) &&
		       step == REST_ASK &&
		       rest_take(c->rest, &responses[i], NOW_US, &c->sink, &c->verdict, err);
	if (done)
		assert_true(rest_next(c->rest, &c->mark, NOW_US, &request, &step, err));
	return done;
}

static void every_allocation_may_fail(const char *more, const char *const *bodies, size_t n)
{
	struct rest_case c;
	struct response responses[8];
	char text[2000];
	bool done = false;
	int count = 0;
	snprintf(text, sizeof text, STREAM "%s", more);
	rest_begin(&c, text, "{ tags: [a] }");
	rest_close(c.rest);
	c.rest = NULL;
	c.question.elements_n = 1;
	for (size_t i = 0; i < n; i++)
		responses[i] = make_response(i + 1 == n ? 404 : 200, NULL, span_of(bodies[i]));
	buf_add_text(&c.seen, "room for what the rows say");
	/* The batch is begun, for nanoarrow does not check all that it asks for then. */
	struct cell cells[8] = {{.kind = CELL_TEXT, .text = SPAN("first")}};
	while (!done) {
		struct err err = {0};
		batch_free(c.batch);
		assert_true(batch_new(&c.batch, c.table, &err));
		c.sink.batch = c.batch;
		assert_true(batch_add_row(c.batch, cells, (struct span){NULL, 0}, 0, &err));
		buf_clear(&c.seen);
		fault_arm(++count);
		done = talk(&c, responses, n, &err);
		bool fired = fault_disarm();
		rest_close(c.rest);
		c.rest = NULL;
		if (done && fired) /* only a message may have lost words */
			assert_true(c.verdict.kind == VERDICT_EMPTY);
		if (err.kind != (done ? ERR_NONE : ERR_MEMORY))
			fail_msg("the %d-th: %s", count, err.text);
		done = !fired;
	}
	assert_true(count > 10);
	for (size_t i = 0; i < n; i++)
		response_done(&responses[i]);
	rest_end(&c);
}

static void lists_and_tokens(void **state)
{
	static const char *const bodies[] = {
		("{\"rows\":[{\"id\":1,\"j\":{\"a\":\"\\n\"},\"new\":1},{\"no\":1}],\"o\":[1],"
		 "\"next\":\"t\"}"),
		"{\"rows\":[{\"id\":2,\"at\":\"x\"}],\"next\":\"u\"}",
		"{\"message\":\"gone\"}"};
	(void)state;
	every_allocation_may_fail("    paging: { next_token: /next }\n    records: /rows\n",
		bodies, 3);
}

static void columns_and_dirt(void **state)
{
	static const char *const bodies[] = {
		"{\"r\":{\"id\":[1,\"b\\u0000\"],\"x\":[[],2]},\"next\":\"t\"}",
		"{\"r\":{\"id\":[3]},\"next\":\"u\"}", "{\"message\":\"gone\"}"};
	(void)state;
	every_allocation_may_fail("    paging: { next_token: { last: /id } }\n"
				  "    records: { at: /r, shape: columns }\n", bodies, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_and_tokens),
		cmocka_unit_test(columns_and_dirt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
