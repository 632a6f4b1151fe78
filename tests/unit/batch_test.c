/* Rows in, one Arrow record batch out. */
#include "unit/shape_case.h"

static const struct want EVERY_TYPE[] = {
	{.name = "A", .type = TYPE_TEXT, .flags = "k"},
	{.name = "B", .type = TYPE_INT},
	{.name = "C", .type = TYPE_FLOAT},
	{.name = "HIDDEN", .type = TYPE_TEXT, .flags = "x"},
	{.name = "D", .type = TYPE_BOOL},
	{.name = "E", .type = TYPE_TIMESTAMP},
	{.name = "F", .type = TYPE_JSON},
	{0},
};
enum { CELLS = 7 };

static void add(struct batch *batch, const struct cell *cells, struct span extra, int64_t seq)
{
	struct err err = {0};
	if (!batch_add_row(batch, cells, extra, seq, &err))
		fail_msg("%s", err.text);
}

static struct rows *seal(struct batch *batch)
{
	struct err err = {0};
	struct rows *rows;
	if (!batch_seal(batch, &rows, &err))
		fail_msg("%s", err.text);
	return rows;
}

static struct cell text(const char *words)
{
	return (struct cell){.kind = CELL_TEXT, .text = span_of(words)};
}

static struct cell whole(int64_t value)
{
	return (struct cell){.kind = CELL_WHOLE, .whole = value};
}

static void columns_come_in_order_then_extra_then_seq(void **state)
{
	static const char *const formats[] = {"A:u", "B:l", "C:g", "D:b", "E:tsu:", "F:u",
					      "EXTRA:u", "_FIRN_SEQ:l"};
	struct shape s;
	char shown[64];
	(void)state;
	shape_open(&s, EVERY_TYPE, NULL);
	struct rows *rows = seal(s.batch);
	struct ArrowSchema *schema = rows_schema(rows);
	assert_int_equal(schema->n_children, sizeof formats / sizeof *formats);
	for (int64_t i = 0; i < schema->n_children; i++) {
		snprintf(shown, sizeof shown, "%s:%s", schema->children[i]->name,
			 schema->children[i]->format);
		assert_string_equal(shown, formats[i]);
	}
	assert_int_equal(rows_count(rows), 0);
	assert_int_equal(rows_array(rows)->length, 0);
	rows_free(rows);
	shape_close(&s);
}

static void cells_are_read_back_as_they_were_put(void **state)
{
	struct shape s;
	(void)state;
	shape_open(&s, EVERY_TYPE, NULL);
	struct cell cells[CELLS] = {
		text("a"), whole(INT64_MIN), {.kind = CELL_REAL, .real = 0.5}, text("secret"),
		whole(1), whole(STAMP_MAX), text("{\"x\":1}")};
	struct cell empty[CELLS] = {text("")};
	struct cell others[CELLS] = {text("\xE2\x82\xAC"), whole(INT64_MAX),
				     {.kind = CELL_REAL, .real = -1e308}, {0}, whole(0),
				     whole(STAMP_MIN), text("null")};
	add(s.batch, cells, SPAN("{}"), 7);
	add(s.batch, empty, (struct span){NULL, 0}, 8);
	add(s.batch, others, SPAN("{\"y\":[]}"), INT64_MAX);
	assert_int_equal(batch_rows(s.batch), 3);
	int64_t bytes = batch_bytes(s.batch);
	assert_int_equal(bytes, 1 + 4 * 8 + 7 + 2 + 3 + 4 * 8 + 4 + 8);
	struct rows *rows = seal(s.batch);
	assert_int_equal(rows_bytes(rows), bytes);
	rows_text(rows, &s.text);
	assert_string_equal(buf_text(&s.text),
		"A=a B=-9223372036854775808 C=0.5 D=1 E=253402300799999999 F={\"x\":1} EXTRA={}\n"
		"A=\n"
		"A=\xE2\x82\xAC B=9223372036854775807 C=-1e+308 D=0 E=-62135596800000000 F=null "
		"EXTRA={\"y\":[]}\n");
	struct ArrowArray *seq = rows_array(rows)->children[7];
	assert_int_equal(((const int64_t *)seq->buffers[1])[2], INT64_MAX);
	rows_free(rows);
	shape_close(&s);
}

static void a_table_of_firns_own_has_no_extra(void **state)
{
	struct shape s;
	struct batch *batch;
	struct err err = {0};
	(void)state;
	make_table(&s, EVERY_TYPE, NULL);
	s.table.has_extra = false;
	assert_true(batch_new(&batch, &s.table, &err));
	struct cell cells[CELLS] = {text("a")};
	add(batch, cells, (struct span){NULL, 0}, 1);
	struct rows *rows = seal(batch);
	assert_int_equal(rows_schema(rows)->n_children, 7);
	rows_text(rows, &s.text);
	assert_string_equal(buf_text(&s.text), "A=a\n");
	rows_free(rows);
	batch_free(batch);
	buf_done(&s.text);
	arena_free(s.arena);
}

static void sealing_empties_the_batch_for_the_next_rows(void **state)
{
	struct shape s;
	(void)state;
	shape_open(&s, EVERY_TYPE, NULL);
	struct rows *sealed[3];
	for (int i = 0; i < 3; i++) {
		struct cell cells[CELLS] = {text(i == 0 ? "first" : "later"), whole(i)};
		add(s.batch, cells, (struct span){NULL, 0}, i);
		sealed[i] = seal(s.batch);
		assert_int_equal(batch_rows(s.batch), 0);
		assert_int_equal(batch_bytes(s.batch), 0);
	}
	for (int i = 0; i < 3; i++) {
		rows_text(sealed[i], &s.text);
		rows_free(sealed[i]);
	}
	assert_string_equal(buf_text(&s.text), "A=first B=0\nA=later B=1\nA=later B=2\n");
	shape_close(&s);
}

static void a_batch_is_full_by_rows_or_by_bytes(void **state)
{
	struct shape s;
	char *large = malloc(BATCH_BYTES_MAX);
	(void)state;
	assert_non_null(large);
	memset(large, 'x', BATCH_BYTES_MAX);
	shape_open(&s, EVERY_TYPE, NULL);
	struct cell cells[CELLS] = {text("a")};
	for (int i = 0; i < BATCH_ROWS_MAX; i++) {
		assert_false(batch_full(s.batch));
		add(s.batch, cells, (struct span){NULL, 0}, i);
	}
	assert_true(batch_full(s.batch));
	rows_free(seal(s.batch));
	assert_false(batch_full(s.batch));
	cells[0].text = (struct span){large, BATCH_BYTES_MAX};
	add(s.batch, cells, (struct span){NULL, 0}, 0);
	assert_true(batch_full(s.batch));
	shape_close(&s);
	free(large);
}

/* A driver moves array and schema out and releases them itself. */
static void what_a_driver_consumed_is_left_alone(void **state)
{
	struct shape s;
	(void)state;
	shape_open(&s, EVERY_TYPE, NULL);
	struct cell cells[CELLS] = {text("a")};
	add(s.batch, cells, (struct span){NULL, 0}, 0);
	struct rows *rows = seal(s.batch);
	ArrowArrayRelease(rows_array(rows));
	ArrowSchemaRelease(rows_schema(rows));
	assert_int_equal(rows_count(rows), 1);
	rows_free(rows);
	rows_free(NULL);
	batch_free(NULL);
	shape_close(&s);
}

/* A driver that failed may still hold what it was given, on any thread, while the rows are given
 * to it again; the cells go with the last. */
static void shares_have_the_same_cells_and_outlive_each_other(void **state)
{
	struct shape s;
	struct err err = {0};
	struct rows *first, *second;
	struct ArrowArray seq;
	(void)state;
	shape_open(&s, EVERY_TYPE, NULL);
	struct cell cells[CELLS] = {text("a")};
	add(s.batch, cells, (struct span){NULL, 0}, 7);
	struct rows *rows = seal(s.batch);
	assert_true(rows_share(rows, &first, &err));
	assert_true(rows_share(rows, &second, &err));
	assert_int_equal(rows_count(second), 1);
	assert_string_equal(rows_schema(second)->children[7]->name, "_FIRN_SEQ");
	/* A driver may move a column out and let go of all others. */
	ArrowArrayMove(rows_array(first)->children[7], &seq);
	rows_free(first);
	rows_free(rows);
	struct ArrowArray *again = rows_array(second);
	assert_int_equal(again->length, 1);
	assert_int_equal(((const int64_t *)again->children[7]->buffers[1])[0], 7);
	assert_memory_equal(again->children[0]->buffers[2], "a", 1);
	rows_free(second);
	assert_int_equal(((const int64_t *)seq.buffers[1])[0], 7);
	ArrowArrayRelease(&seq);
	shape_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_come_in_order_then_extra_then_seq),
		cmocka_unit_test(cells_are_read_back_as_they_were_put),
		cmocka_unit_test(a_table_of_firns_own_has_no_extra),
		cmocka_unit_test(sealing_empties_the_batch_for_the_next_rows),
		cmocka_unit_test(a_batch_is_full_by_rows_or_by_bytes),
		cmocka_unit_test(what_a_driver_consumed_is_left_alone),
		cmocka_unit_test(shares_have_the_same_cells_and_outlive_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
