/* What no warehouse takes is rejected, not crashed over and not called a lack of memory; what
 * equal keys and equal records are known by; columns that the page gives. */
#include "unit/shape_case.h"

static const struct want WANTS[] = {
	{.name = "ID", .type = TYPE_TEXT, .at = "/id", .flags = "k"},
	{.name = "T", .type = TYPE_TEXT, .at = "/t"},
	{.name = "J", .type = TYPE_JSON, .at = "/j"},
	{.name = "D", .type = TYPE_TEXT, .at = "/d", .flags = "x"},
	{.name = "N", .type = TYPE_INT, .at = "/n"},
	{0},
};

static struct buf large;

/* `before`, `size` times `what`, `after`. */
static struct span made(const char *before, const char *what, size_t size, const char *after)
{
	buf_clear(&large);
	buf_add_text(&large, before);
	for (size_t i = 0; i < size; i++)
		buf_add_text(&large, what);
	buf_add_text(&large, after);
	assert_false(large.failed);
	return buf_span(&large);
}

static int begin(void **state)
{
	(void)state;
	buf_init(&large, 256 * (size_t)MIB);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_done(&large);
	return 0;
}

static void cells_that_are_too_large_reject_the_record(void **state)
{
	static const char too_large[] = "is larger or deeper than a warehouse takes";
	struct shape s;
	char reason[100];
	(void)state;
	shape_open(&s, WANTS, NULL);
	for (int i = 0; i < 2; i++) {
		snprintf(reason, sizeof reason, "rejected: %s %s", i == 0 ? "T" : "J", too_large);
		const char *before = i == 0 ? "{\"id\":1,\"t\":\"" : "{\"id\":1,\"j\":\"";
		const char *row = shape_span(&s, made(before, "x", CELL_BYTES_MAX + 1, "\"}"));
		assert_string_equal(row, reason); /* and the record is too large to be kept */
		/* Far beyond every buffer it is still the record's fault. */
		row = shape_span(&s, made(before, "x", 6 * (size_t)CELL_BYTES_MAX, "\"}"));
		assert_string_equal(row, reason);
	}
	const char *row = shape_span(&s, made("{\"id\":1,\"t\":\"", "x", CELL_BYTES_MAX, "\"}"));
	assert_int_equal(strlen(row), CELL_BYTES_MAX + strlen("ID=1 T="));
	/* An excluded column may hold what it likes: nobody looks at it. */
	row = shape_span(&s, made("{\"id\":1,\"d\":\"", "x", CELL_BYTES_MAX + 1, "\"}"));
	assert_string_equal(row, "ID=1");
	shape_close(&s);
}

static void extra_that_is_too_large_rejects_the_record(void **state)
{
	struct shape s;
	(void)state;
	shape_open(&s, WANTS, NULL);
	const char *row = shape_span(&s, made("{\"id\":1,\"new\":\"", "x", CELL_BYTES_MAX, "\"}"));
	assert_string_equal(row, "rejected: EXTRA is larger or deeper than a warehouse takes");
	row = shape_span(&s, made("{\"id\":1,\"n\":\"", "x", CELL_BYTES_MAX, "\"}"));
	assert_string_equal(row, "rejected: EXTRA is larger or deeper than a warehouse takes");
	assert_true(shaper_extra(s.shaper).at == NULL);
	assert_string_equal(shape_text(&s, "{\"id\":1,\"new\":1}"), "ID=1 EXTRA={\"new\":1}");
	assert_true(span_is(shaper_extra(s.shaper), "{\"new\":1}"));
	assert_string_equal(shape_text(&s, "{\"id\":1}"), "ID=1");
	assert_true(shaper_extra(s.shaper).at == NULL);
	shape_close(&s);
}

static struct span nested(const char *before, size_t depth, const char *after)
{
	buf_clear(&large);
	buf_add_text(&large, before);
	for (size_t i = 0; i < depth; i++)
		buf_add_char(&large, '[');
	for (size_t i = 0; i < depth; i++)
		buf_add_char(&large, ']');
	buf_add_text(&large, after);
	return buf_span(&large);
}

static void values_that_are_too_deep_reject_the_record(void **state)
{
	struct shape s;
	(void)state;
	shape_open(&s, WANTS, "/skip");
	static const size_t depths[] = {JSON_DEPTH_MAX + 1, 1000, 1000000};
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(shape_span(&s, nested("{\"id\":1,\"j\":", depths[i], "}")),
				    "rejected: J is larger or deeper than a warehouse takes");
		assert_string_equal(shape_span(&s, nested("{\"id\":1,\"new\":", depths[i], "}")),
				    "rejected: EXTRA is larger or deeper than a warehouse takes");
		assert_string_equal(shape_span(&s, nested("{\"id\":1,\"n\":", depths[i], "}")),
				    "rejected: EXTRA is larger or deeper than a warehouse takes");
		assert_string_equal(shape_span(&s, nested("", depths[i], "")),
				    "rejected: the record is not an object");
		assert_string_equal(shape_span(&s, nested("{\"id\":1,\"skip\":", depths[i], "}")),
				    "ID=1");
		assert_string_equal(shape_span(&s, nested("{\"id\":1,\"id\":2,\"j\":", depths[i],
							  "}")),
				    "rejected: the record is larger or deeper than a warehouse "
				    "takes");
	}
	assert_memory_equal(shape_span(&s, nested("{\"id\":1,\"j\":", JSON_DEPTH_MAX, "}")),
			    "ID=1 J=[[", 9);
	shape_close(&s);
}

/* FIRN_REJECTED knows a record by its digest: two that cannot be written whole are two. */
static void records_too_deep_to_be_written_have_digests_of_their_own(void **state)
{
	struct shape s;
	char first[SHA256_HEX + 1];
	(void)state;
	shape_open(&s, WANTS, NULL);
	shape_span(&s, nested("{\"id\":1,\"j\":", 200, "}"));
	memcpy(first, s.report.record_sha256, sizeof first);
	shape_span(&s, nested("{\"id\":2,\"j\":", 200, "}"));
	assert_string_not_equal(first, s.report.record_sha256);
	shape_span(&s, nested("{\"id\":1,\"j\":", 200, "}"));
	assert_string_equal(first, s.report.record_sha256);
	shape_close(&s);
}

static uint64_t key_of(const struct want *wants, const char *json, bool append)
{
	struct shape s;
	make_table(&s, wants, NULL);
	s.table.append = append;
	struct err err = {0};
	assert_true(shaper_new(&s.shaper, &s.table, HASH_KEY, &err));
	assert_true(batch_new(&s.batch, &s.table, &err));
	shape_text(&s, json);
	assert_true(s.report.taken);
	uint64_t hash = s.report.key_hash;
	shape_close(&s);
	return hash;
}

static void equal_keys_have_equal_hashes(void **state)
{
	static const struct want two[] = {
		{.name = "A", .type = TYPE_TEXT, .at = "/a", .flags = "k"},
		{.name = "B", .type = TYPE_TEXT, .at = "/b", .flags = "k"},
		{.name = "F", .type = TYPE_FLOAT, .at = "/f", .flags = "k"},
		{.name = "AT", .type = TYPE_TIMESTAMP, .at = "/at", .flags = "n", .format = "unix"},
		{.name = "X", .type = TYPE_INT, .at = "/x"},
		{0},
	};
	uint64_t key = key_of(two, "{\"a\":\"ab\",\"b\":\"c\",\"f\":0,\"at\":1,\"x\":1}", false);
	(void)state;
	assert_int_equal(key, key_of(two, "{\"x\":2,\"b\":\"c\",\"f\":0.0,\"a\":\"ab\"}", false));
	assert_int_equal(key, key_of(two, "{\"b\":\"c\",\"f\":-0.0,\"a\":\"ab\"}", false));
	assert_int_not_equal(key, key_of(two, "{\"a\":\"a\",\"b\":\"bc\",\"f\":0}", false));
	assert_int_not_equal(key, key_of(two, "{\"a\":\"c\",\"b\":\"ab\",\"f\":0}", false));
	assert_int_not_equal(key, key_of(two, "{\"a\":\"ab\",\"b\":\"c\",\"f\":1}", false));
	/* With `append` versions are kept: the newest-wins column belongs to the key. */
	uint64_t version = key_of(two, "{\"a\":\"ab\",\"b\":\"c\",\"f\":0,\"at\":1}", true);
	assert_int_equal(version, key_of(two, "{\"a\":\"ab\",\"b\":\"c\",\"f\":0,"
						"\"at\":\"1.0\"}", true));
	assert_int_not_equal(version, key_of(two, "{\"a\":\"ab\",\"b\":\"c\",\"f\":0,"
						    "\"at\":2}", true));
}

static uint64_t row_of(const char *json)
{
	struct shape s;
	shape_open(&s, WANTS, NULL);
	s.fixed[4] = (struct fixed_cell){.kind = FIXED_NUMBER, .text = SPAN("1")};
	shape_text(&s, json);
	assert_true(s.report.taken);
	shape_close(&s);
	return s.row_hash;
}

static void equal_records_have_equal_row_hashes(void **state)
{
	uint64_t row = row_of("{\"id\":1,\"t\":\"x\",\"new\":1}");
	(void)state;
	assert_int_equal(row, row_of("{\"id\":1,\"t\":\"x\",\"new\":1}"));
	assert_int_not_equal(row, row_of("{\"id\":1,\"t\":\"y\",\"new\":1}"));
	assert_int_not_equal(row, row_of("{\"id\":1,\"t\":\"x\",\"new\":2}"));
	assert_int_not_equal(row, row_of("{\"id\":1,\"t\":\"x\"}"));
	assert_int_not_equal(row, row_of("{\"id\":1,\"j\":\"x\",\"new\":1}"));
}

static const struct want PAGE[] = {
	{.name = "ID", .type = TYPE_TEXT, .at = "/id", .flags = "k"},
	{.name = "CUSTOMER", .type = TYPE_TEXT},
	{.name = "HEIGHT", .type = TYPE_FLOAT},
	{.name = "UNITS", .type = TYPE_JSON},
	{.name = "LIVE", .type = TYPE_BOOL, .flags = "r"},
	{.name = "HASH", .type = TYPE_TEXT, .at = "#/id /sub/x"},
	{0},
};

static void what_the_page_gives_goes_into_every_row(void **state)
{
	struct shape s;
	struct err err = {0};
	struct json_doc *around = json_parse(SPAN("{\"h\":12.5,\"u\":{\"t\":\"C\"}}"), &err);
	char digest[SHA256_HEX + 1], row[300];
	(void)state;
	assert_non_null(around);
	shape_open(&s, PAGE, NULL);
	s.fixed[1] = (struct fixed_cell){.kind = FIXED_TEXT, .text = SPAN("acme")};
	s.fixed[2] = (struct fixed_cell){
		.kind = FIXED_JSON, .json = json_member(json_root(around), SPAN("h"))};
	s.fixed[3] = (struct fixed_cell){
		.kind = FIXED_JSON, .json = json_member(json_root(around), SPAN("u"))};
	s.fixed[4] = (struct fixed_cell){.kind = FIXED_BOOL, .text = SPAN("true")};
	assert_true(digest_sha256_hex(SPAN("3:a\xC3\xA9" "0:"), digest));
	snprintf(row, sizeof row,
		 "ID=a\xC3\xA9 CUSTOMER=acme HEIGHT=12.5 UNITS={\"t\":\"C\"} LIVE=1 HASH=%.32s",
		 digest);
	shapes(&s, "{\"id\":\"a\xC3\xA9\"}", row);
	s.fixed[4] = (struct fixed_cell){.kind = FIXED_NONE};
	shapes(&s, "{\"id\":\"a\"}",
	       "rejected: LIVE is required and has no value | {\"id\":\"a\"}");
	json_free(around);
	shape_close(&s);
}

/* What does not come out of the record stands in EXTRA beside what does: under a name that is
 * free, for two members of one name would be one. */
static void what_the_page_gives_and_does_not_fit_is_rescued(void **state)
{
	struct shape s;
	struct err err = {0};
	struct json_doc *around = json_parse(SPAN("{\"h\":\"high\",\"u\":1}"), &err);
	(void)state;
	assert_non_null(around);
	shape_open(&s, PAGE, NULL);
	s.columns[2].at = pointers_of(s.arena, "/elevation");
	s.fixed[2] = (struct fixed_cell){
		.kind = FIXED_JSON, .json = json_member(json_root(around), SPAN("h"))};
	s.fixed[4] = (struct fixed_cell){.kind = FIXED_BOOL, .text = SPAN("true")};
	s.columns[5].excluded = true;
	shaper_free(s.shaper);
	batch_free(s.batch);
	assert_true(shaper_new(&s.shaper, &s.table, HASH_KEY, &err));
	assert_true(batch_new(&s.batch, &s.table, &err));
	shapes(&s, "{\"id\":\"a\"}", "ID=a LIVE=1 EXTRA={\"elevation\":\"high\"} rescued 1");
	assert_string_equal(s.report.rescue, "HEIGHT: expected a number, found \"high\"");
	shapes(&s, "{\"id\":\"a\",\"x\":1}",
	       "ID=a LIVE=1 EXTRA={\"x\":1,\"elevation\":\"high\"} rescued 1");
	shapes(&s, "{\"id\":\"a\",\"elevation\":1}",
	       "ID=a LIVE=1 EXTRA={\"elevation\":1,\"HEIGHT\":\"high\"} rescued 1");
	shapes(&s, "{\"id\":\"a\",\"elevation\":1,\"HEIGHT\":2}",
	       "ID=a LIVE=1 EXTRA={\"elevation\":1,\"HEIGHT\":2,\"HEIGHT_\":\"high\"} rescued 1");
	json_free(around);
	shape_close(&s);
}

static void the_order_of_members_is_learned_and_may_change(void **state)
{
	struct shape s;
	(void)state;
	shape_open(&s, WANTS, NULL);
	for (int round = 0; round < 3; round++) {
		shapes(&s, "{\"id\":1,\"t\":\"a\",\"j\":2,\"n\":3}", "ID=1 T=a J=2 N=3");
		shapes(&s, "{\"id\":1,\"t\":\"a\",\"j\":2,\"n\":3}", "ID=1 T=a J=2 N=3");
		shapes(&s, "{\"n\":3,\"j\":2,\"t\":\"a\",\"id\":1}", "ID=1 T=a J=2 N=3");
		shapes(&s, "{\"t\":\"a\",\"id\":1}", "ID=1 T=a");
		shapes(&s, "{\"n\":3,\"z\":0,\"id\":1}", "ID=1 N=3 EXTRA={\"z\":0}");
	}
	shape_close(&s);
}

static void leftover(void *user, struct span name, const struct json *value)
{
	struct buf *out = user;
	buf_addf(out, "%.*s:%s ", SPAN_ARGS(name), json_kind_name(json_kind(value)));
}

static void leftovers_are_told_by_name_and_kind(void **state)
{
	struct shape s;
	struct buf names;
	struct err err = {0};
	(void)state;
	shape_open(&s, WANTS, "/skip");
	buf_init(&names, 1000);
	struct json_doc *doc = json_parse(
		SPAN("{\"id\":1,\"via\":{},\"skip\":1,\"n\":2,\"due\":null}"), &err);
	assert_non_null(doc);
	assert_true(shaper_row(s.shaper, json_root(doc), s.fixed, false, 0, s.batch, &s.report,
			       &err));
	shaper_leftovers(s.shaper, json_root(doc), leftover, &names);
	assert_string_equal(buf_text(&names), "via:object due:null ");
	json_free(doc);
	buf_done(&names);
	shape_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_that_are_too_large_reject_the_record),
		cmocka_unit_test(extra_that_is_too_large_rejects_the_record),
		cmocka_unit_test(values_that_are_too_deep_reject_the_record),
		cmocka_unit_test(records_too_deep_to_be_written_have_digests_of_their_own),
		cmocka_unit_test(equal_keys_have_equal_hashes),
		cmocka_unit_test(equal_records_have_equal_row_hashes),
		cmocka_unit_test(what_the_page_gives_goes_into_every_row),
		cmocka_unit_test(what_the_page_gives_and_does_not_fit_is_rescued),
		cmocka_unit_test(the_order_of_members_is_learned_and_may_change),
		cmocka_unit_test(leftovers_are_told_by_name_and_kind),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
