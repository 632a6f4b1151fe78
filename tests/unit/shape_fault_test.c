/* Goal: no failing allocation may crash, leak, or pass for a fault of the record.
 * Method: fail the n-th malloc, calloc or realloc, n = 1, 2, ... until a run does not reach the
 * n-th; the address sanitizer looks for what is left behind. */
#include "fault_memory.h"
#include "unit/shape_case.h"

static const struct want WANTS[] = {
	{.name = "ID", .type = TYPE_TEXT, .at = "/id", .flags = "k"},
	{.name = "N", .type = TYPE_INT, .at = "/n"},
	{.name = "F", .type = TYPE_FLOAT, .at = "/f"},
	{.name = "J", .type = TYPE_JSON, .at = "/j"},
	{.name = "NAME", .type = TYPE_TEXT, .at = "/j/name", .flags = "h"},
	{.name = "MAIL", .type = TYPE_TEXT, .at = "/mail", .flags = "x"},
	{.name = "DIGEST", .type = TYPE_TEXT, .at = "#/id /n"},
	{.name = "OUTER", .type = TYPE_INT},
	{0},
};

/* One record of every kind that goes a way of its own. */
static const char *const RECORDS[] = {
	"{\"id\":\"a\",\"n\":1,\"f\":0.5,\"j\":{\"name\":\"Ann\",\"x\":[1]},\"mail\":\"a@b\"}",
	"{\"id\":\"a\",\"n\":\"x\",\"new\":{\"y\":1}}",
	"{\"id\":\"a\\u0000\",\"new\":\"\xFF\"}",
	"{\"id\":\"a\",\"n\":1,\"n\":2,\"z\":1,\"z\":2}",
	"{\"n\":1,\"mail\":\"a@b\",\"j\":{\"name\":\"Ann\"}}",
	"[1,2]",
};
enum { RECORDS_N = sizeof RECORDS / sizeof *RECORDS };

/* The batch holds a row when the first call fails: what nanoarrow asks for when it begins one is
 * not checked everywhere in nanoarrow itself. */
static bool shape_all(struct shape *s, struct json_doc *const docs[RECORDS_N], int n,
		      struct err *err)
{
	assert_true(batch_new(&s->batch, &s->table, err));
	struct cell cells[8] = {{.kind = CELL_TEXT, .text = SPAN("first")}};
	assert_true(batch_add_row(s->batch, cells, (struct span){NULL, 0}, 0, err));
	fault_arm(n);
	bool done = shaper_new(&s->shaper, &s->table, HASH_KEY, err);
	for (size_t i = 0; i < RECORDS_N && done; i++)
		done = shaper_row(s->shaper, json_root(docs[i]), s->fixed, json_dirty(docs[i]),
				  s->seq++, s->batch, &s->report, err);
	bool fired = fault_disarm();
	if (done == fired)
		fail_msg("the %d-th failed, and nobody was told", n);
	shaper_free(s->shaper);
	batch_free(s->batch);
	s->shaper = NULL;
	return done;
}

static void a_lack_of_memory_is_told_as_one(void **state)
{
	struct shape s;
	struct err err = {0};
	struct json_doc *docs[RECORDS_N];
	bool done = false;
	int n = 0;
	(void)state;
	make_table(&s, WANTS, NULL);
	s.fixed[7] = (struct fixed_cell){.kind = FIXED_TEXT, .text = SPAN("x")};
	for (size_t i = 0; i < RECORDS_N; i++) {
		docs[i] = json_parse(span_of(RECORDS[i]), &err);
		assert_non_null(docs[i]);
	}
	while (!done) {
		err = (struct err){0};
		done = shape_all(&s, docs, ++n, &err);
		assert_int_equal(err.kind, done ? ERR_NONE : ERR_MEMORY);
	}
	assert_true(n > 40); /* it did reach them */
	for (size_t i = 0; i < RECORDS_N; i++)
		json_free(docs[i]);
	buf_done(&s.text);
	arena_free(s.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lack_of_memory_is_told_as_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
