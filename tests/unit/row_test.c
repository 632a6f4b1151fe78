/* A record becomes a row: what fits goes into its column, the rest stays in EXTRA at its own
 * place, what cannot be a row is rejected with its reason. */
#include "unit/shape_case.h"

static const struct want PLAIN[] = {
	{.name = "ID", .type = TYPE_TEXT, .at = "/id", .flags = "k"},
	{.name = "N", .type = TYPE_INT, .at = "/n"},
	{.name = "F", .type = TYPE_FLOAT, .at = "/f"},
	{.name = "B", .type = TYPE_BOOL, .at = "/b"},
	{.name = "AT", .type = TYPE_TIMESTAMP, .at = "/at", .flags = "nc"},
	{.name = "J", .type = TYPE_JSON, .at = "/j"},
	{0},
};

/* A few names at several depths, lists, and columns with more than one pointer. */
static const struct want NESTED[] = {
	{.name = "ID", .type = TYPE_TEXT, .at = "/id", .flags = "k"},
	{.name = "LOGIN", .type = TYPE_TEXT, .at = "/user/login"},
	{.name = "CITY", .type = TYPE_TEXT, .at = "/user/home/city /city"},
	{.name = "SECOND", .type = TYPE_INT, .at = "/list/1"},
	{.name = "DEEP", .type = TYPE_INT, .at = "/list/2/x"},
	{0},
};

struct pair {
	const char *json, *row;
};

static void all(const struct want *wants, const char *ignore, const struct pair *pairs)
{
	struct shape s;
	shape_open(&s, wants, ignore);
	for (; pairs->json != NULL; pairs++)
		shapes(&s, pairs->json, pairs->row);
	shape_close(&s);
}

static void values_go_into_their_columns(void **state)
{
	(void)state;
	all(PLAIN, NULL, (const struct pair[]){
		{"{\"id\":\"a\",\"n\":7,\"f\":0.5,\"b\":true,\"at\":\"2026-11-23T00:00:00Z\","
		 "\"j\":{\"x\":[1]}}",
		 "ID=a N=7 F=0.5 B=1 AT=1795392000000000 J={\"x\":[1]}"},
		{"{\"id\":\"b\"}", "ID=b"},
		{"{\"id\":18446744073709551615}", "ID=18446744073709551615"},
		{"{\"id\":1e400}", "ID=1e400"}, {"{\"id\":0.10}", "ID=0.10"},
		{"{\"id\":\"\"}", "ID="}, {NULL, NULL}});
}

static void null_fits_every_column_and_holds_nothing(void **state)
{
	(void)state;
	all(PLAIN, NULL, (const struct pair[]){
		{"{\"id\":\"a\",\"n\":null,\"f\":null,\"b\":null,\"at\":null,\"j\":null}", "ID=a"},
		{"{\"id\":\"a\",\"new\":null}", "ID=a EXTRA={\"new\":null}"}, {NULL, NULL}});
	all(NESTED, NULL, (const struct pair[]){
		{"{\"id\":\"a\",\"user\":null,\"list\":null,\"city\":null}", "ID=a"},
		{"{\"id\":\"a\",\"user\":{\"login\":null,\"home\":null},\"list\":[null,null,null]}",
		 "ID=a EXTRA={\"list\":[null,null,null]}"},
		{"{\"id\":\"a\",\"user\":{},\"list\":[]}", "ID=a"}, {NULL, NULL}});
}

static void what_does_not_fit_is_rescued_under_its_api_name(void **state)
{
	(void)state;
	all(PLAIN, NULL, (const struct pair[]){
		{"{\"id\":\"a\",\"n\":\"seven\"}", "ID=a EXTRA={\"n\":\"seven\"} rescued 1"},
		{"{\"id\":\"a\",\"n\":1.5,\"f\":1e400,\"b\":0,\"at\":\"yesterday\"}",
		 "ID=a EXTRA={\"n\":1.5,\"f\":1e400,\"b\":0,\"at\":\"yesterday\"} rescued 4"},
		{"{\"id\":\"a\",\"n\":{\"x\":1},\"f\":[],\"b\":\"true\",\"at\":0}",
		 "ID=a EXTRA={\"n\":{\"x\":1},\"f\":[],\"b\":\"true\",\"at\":0} rescued 4"},
		{"{\"id\":\"a\",\"n\":18446744073709551615}",
		 "ID=a EXTRA={\"n\":18446744073709551615} rescued 1"}, {NULL, NULL}});
}

static void the_first_misfit_is_told_to_people(void **state)
{
	struct shape s;
	(void)state;
	shape_open(&s, PLAIN, NULL);
	shape_text(&s, "{\"id\":\"a\",\"at\":\"yesterday\",\"n\":\"x\"}");
	assert_string_equal(s.report.rescue, "N: expected a whole number, found \"x\"");
	assert_int_equal(s.report.columns, 2);
	shape_text(&s, "{\"id\":\"a\",\"at\":{\"a\":1}}");
	assert_string_equal(s.report.rescue,
			    "AT: expected an ISO 8601 time with a zone, found {\"a\":1}");
	shape_text(&s, "{\"id\":\"a\",\"n\":\"\xE2\x82\xAC-2345678901234567890123456789012345678901"
		       "234567890123456789\"}");
	assert_string_equal(s.report.rescue,
			    "N: expected a whole number, found \"\xE2\x82\xAC-234567890123456789"
			    "0123456789012345678901234567890123456...");
	shape_text(&s, "{\"id\":\"a\"}");
	assert_null(s.report.rescue);
	shape_close(&s);
}

static void unknown_members_stay_at_their_own_place(void **state)
{
	(void)state;
	all(PLAIN, NULL, (const struct pair[]){
		{"{\"new\":1,\"id\":\"a\",\"other\":{\"x\":[1,2.50]}}",
		 "ID=a EXTRA={\"new\":1,\"other\":{\"x\":[1,2.50]}}"},
		{"{\"id\":\"a\",\"ID\":\"b\"}", "ID=a EXTRA={\"ID\":\"b\"}"}, {NULL, NULL}});
	all(NESTED, NULL, (const struct pair[]){
		{"{\"id\":\"a\",\"user\":{\"login\":\"l\",\"age\":3},\"x\":0}",
		 "ID=a LOGIN=l EXTRA={\"user\":{\"age\":3},\"x\":0}"},
		{"{\"id\":\"a\",\"user\":{\"login\":\"l\",\"home\":{\"city\":\"c\",\"zip\":1}}}",
		 "ID=a LOGIN=l CITY=c EXTRA={\"user\":{\"home\":{\"zip\":1}}}"},
		{"{\"id\":\"a\",\"user\":{\"login\":\"l\",\"home\":{\"city\":\"c\"}}}",
		 "ID=a LOGIN=l CITY=c"},
		{"{\"id\":\"a\",\"user\":\"root\"}", "ID=a EXTRA={\"user\":\"root\"}"},
		{"{\"id\":\"a\",\"user\":{\"login\":{\"x\":1},\"age\":3}}",
		 "ID=a EXTRA={\"user\":{\"login\":{\"x\":1},\"age\":3}} rescued 1"},
		{"{\"id\":\"a\",\"user\":[{\"login\":\"l\"}]}",
		 "ID=a EXTRA={\"user\":[{\"login\":\"l\"}]}"}, {NULL, NULL}});
}

static void the_first_pointer_with_a_value_counts(void **state)
{
	(void)state;
	all(NESTED, NULL, (const struct pair[]){
		{"{\"id\":\"a\",\"city\":\"c\"}", "ID=a CITY=c"},
		{"{\"id\":\"a\",\"city\":\"c\",\"user\":{\"home\":{\"city\":\"h\"}}}",
		 "ID=a CITY=h EXTRA={\"city\":\"c\"}"},
		{"{\"id\":\"a\",\"user\":{\"home\":{\"city\":\"h\"}},\"city\":\"c\"}",
		 "ID=a CITY=h EXTRA={\"city\":\"c\"}"},
		{"{\"id\":\"a\",\"user\":{\"home\":{\"city\":null}},\"city\":\"c\"}",
		 "ID=a CITY=c"},
		{"{\"id\":\"a\",\"city\":\"c\",\"user\":{\"home\":{\"city\":null}}}",
		 "ID=a CITY=c"},
		{"{\"id\":\"a\",\"user\":{\"home\":{\"city\":true}},\"city\":\"c\"}",
		 "ID=a EXTRA={\"user\":{\"home\":{\"city\":true}},\"city\":\"c\"} rescued 1"},
		{NULL, NULL}});
}

static void pointers_index_lists(void **state)
{
	(void)state;
	all(NESTED, NULL, (const struct pair[]){
		{"{\"id\":\"a\",\"list\":[1,2]}", "ID=a SECOND=2 EXTRA={\"list\":[1,null]}"},
		{"{\"id\":\"a\",\"list\":[null,2]}", "ID=a SECOND=2 EXTRA={\"list\":[null,null]}"},
		{"{\"id\":\"a\",\"list\":[1,\"x\",{\"x\":9,\"y\":8}]}",
		 "ID=a DEEP=9 EXTRA={\"list\":[1,\"x\",{\"y\":8}]} rescued 1"},
		{"{\"id\":\"a\",\"list\":{\"1\":5,\"2\":{\"x\":6}}}", "ID=a SECOND=5 DEEP=6"},
		{"{\"id\":\"a\",\"list\":[]}", "ID=a"}, {NULL, NULL}});
	/* "01" and "-" are names, not places (RFC 6901, 4). */
	all((const struct want[]){{.name = "ID", .type = TYPE_INT, .at = "/id", .flags = "k"},
				  {.name = "A", .type = TYPE_INT, .at = "/l/01"},
				  {.name = "B", .type = TYPE_INT, .at = "/l/-"},
				  {.name = "C", .type = TYPE_INT, .at = "/l/+1"},
				  {.name = "D", .type = TYPE_INT, .at = "/l/18446744073709551617"},
				  {0}},
	    NULL, (const struct pair[]){
		{"{\"id\":1,\"l\":[7,8,9]}", "ID=1 EXTRA={\"l\":[7,8,9]}"},
		{"{\"id\":1,\"l\":{\"01\":1,\"-\":2}}", "ID=1 A=1 B=2"}, {NULL, NULL}});
}

static void a_column_may_hold_what_others_are_taken_from(void **state)
{
	static const struct want whole[] = {
		{.name = "ID", .type = TYPE_TEXT, .at = "/id", .flags = "k"},
		{.name = "ALL_OF_IT", .type = TYPE_JSON, .at = "ALL"},
		{.name = "N", .type = TYPE_INT, .at = "/a/n"},
		{.name = "A", .type = TYPE_JSON, .at = "/a"},
		{0},
	};
	(void)state;
	all(whole, NULL, (const struct pair[]){
		{"{\"id\":\"x\",\"a\":{\"n\":1,\"m\":2},\"b\":3}",
		 "ID=x ALL_OF_IT={\"id\":\"x\",\"a\":{\"n\":1,\"m\":2},\"b\":3} N=1 "
		 "A={\"n\":1,\"m\":2}"},
		/* A misfit is rescued into EXTRA, whoever else holds it. */
		{"{\"id\":\"x\",\"a\":{\"n\":\"one\",\"m\":2},\"b\":3}",
		 "ID=x ALL_OF_IT={\"id\":\"x\",\"a\":{\"n\":\"one\",\"m\":2},\"b\":3} "
		 "A={\"n\":\"one\",\"m\":2} EXTRA={\"a\":{\"n\":\"one\"}} rescued 1"},
		{NULL, NULL}});
}

static void ignored_members_are_not_even_in_extra(void **state)
{
	(void)state;
	all(PLAIN, "/url /links/self /n /deep/a", (const struct pair[]){
		{"{\"id\":\"a\",\"url\":\"u\",\"links\":{\"self\":1}}", "ID=a"},
		{"{\"id\":\"a\",\"links\":{\"self\":1,\"next\":2}}",
		 "ID=a EXTRA={\"links\":{\"next\":2}}"},
		{"{\"id\":\"a\",\"url\":{\"x\":1},\"links\":7}", "ID=a EXTRA={\"links\":7}"},
		{"{\"id\":\"a\",\"n\":1}", "ID=a N=1"},
		/* A column's misfit is never lost, though its name is ignored. */
		{"{\"id\":\"a\",\"n\":\"x\"}", "ID=a EXTRA={\"n\":\"x\"} rescued 1"},
		{NULL, NULL}});
	/* Below an ignored name nothing is kept but what a column asks for. */
	all(NESTED, "/user /list", (const struct pair[]){
		{"{\"id\":\"a\",\"user\":{\"login\":\"l\",\"age\":3}}", "ID=a LOGIN=l"},
		{"{\"id\":\"a\",\"user\":{\"login\":true,\"age\":3}}",
		 "ID=a EXTRA={\"user\":{\"login\":true}} rescued 1"},
		{"{\"id\":\"a\",\"list\":[1,\"x\",3]}",
		 "ID=a EXTRA={\"list\":[null,\"x\",null]} rescued 1"},
		{"{\"id\":\"a\",\"user\":\"root\"}", "ID=a"}, {NULL, NULL}});
}

static void a_record_without_its_key_is_rejected_with_its_reason(void **state)
{
	(void)state;
	all(PLAIN, NULL, (const struct pair[]){
		{"{\"n\":1}", "rejected: ID is the key and has no value | {\"n\":1}"},
		{"{\"id\":null,\"n\":1}",
		 "rejected: ID is the key and has no value | {\"id\":null,\"n\":1}"},
		{"{\"id\":true}", "rejected: ID: expected text or a number, found true; "
				  "ID is the key and has no value | {\"id\":true}"},
		{"{}", "rejected: ID is the key and has no value | {}"},
		{"{\"id\":\"a\"}", "ID=a"}, {NULL, NULL}});
}

static void a_record_that_is_no_object_is_rejected(void **state)
{
	(void)state;
	all(PLAIN, NULL, (const struct pair[]){
		{"\"a\"", "rejected: the record is not an object | \"a\""},
		{"[{\"id\":1}]", "rejected: the record is not an object | [{\"id\":1}]"},
		{"null", "rejected: the record is not an object | null"},
		{"1e400", "rejected: the record is not an object | 1e400"},
		{"true", "rejected: the record is not an object | true"}, {NULL, NULL}});
}

static void required_makes_missing_and_wrong_values_rejects(void **state)
{
	(void)state;
	all((const struct want[]){{.name = "ID", .type = TYPE_TEXT, .at = "/id", .flags = "k"},
				  {.name = "N", .type = TYPE_INT, .at = "/n", .flags = "r"}, {0}},
	    NULL, (const struct pair[]){
		{"{\"id\":\"a\",\"n\":1}", "ID=a N=1"},
		{"{\"id\":\"a\"}", "rejected: N is required and has no value | {\"id\":\"a\"}"},
		{"{\"id\":\"a\",\"n\":null}",
		 "rejected: N is required and has no value | {\"id\":\"a\",\"n\":null}"},
		{"{\"id\":\"a\",\"n\":\"x\"}",
		 "rejected: N: expected a whole number, found \"x\"; N is required and has no "
		 "value | {\"id\":\"a\",\"n\":\"x\"}"}, {NULL, NULL}});
}

/* The reason of one column must not be told with the misfit of another. */
static void reason_and_rescue_are_told_apart(void **state)
{
	struct shape s;
	(void)state;
	shape_open(&s, (const struct want[]){
		{.name = "N", .type = TYPE_INT, .at = "/n"},
		{.name = "ID", .type = TYPE_TEXT, .at = "/id", .flags = "k"}, {0}}, NULL);
	shape_text(&s, "{\"n\":\"x\"}");
	assert_string_equal(s.report.reason, "ID is the key and has no value");
	assert_string_equal(s.report.rescue, "N: expected a whole number, found \"x\"");
	shape_text(&s, "{\"n\":\"x\",\"id\":{}}");
	assert_string_equal(s.report.reason, "ID: expected text or a number, found {}; "
					     "ID is the key and has no value");
	assert_string_equal(s.report.rescue, "N: expected a whole number, found \"x\"");
	shape_close(&s);
}

static void a_rejected_record_is_known_by_its_digest(void **state)
{
	struct shape s;
	char first[SHA256_HEX + 1], hex[SHA256_HEX + 1];
	(void)state;
	shape_open(&s, PLAIN, NULL);
	shape_text(&s, "{ \"n\" : 1.50 }");
	memcpy(first, s.report.record_sha256, sizeof first);
	assert_true(digest_sha256_hex(SPAN("{\"n\":1.50}"), hex));
	assert_string_equal(first, hex);
	shape_text(&s, "{\"n\":1.50}");
	assert_string_equal(first, s.report.record_sha256);
	shape_text(&s, "{\"n\":1.5}");
	assert_string_not_equal(first, s.report.record_sha256);
	shape_close(&s);
}

static void the_cursor_is_told_in_microseconds(void **state)
{
	struct shape s;
	(void)state;
	shape_open(&s, PLAIN, NULL);
	shape_text(&s, "{\"id\":\"a\",\"at\":\"2026-11-23T00:00:00.000001Z\"}");
	assert_int_equal(s.report.cursor_us, INT64_C(1795392000000001));
	shape_text(&s, "{\"id\":\"a\",\"at\":\"x\"}");
	assert_int_equal(s.report.cursor_us, INT64_MIN);
	shape_text(&s, "{\"id\":\"a\"}");
	assert_int_equal(s.report.cursor_us, INT64_MIN);
	shape_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_go_into_their_columns),
		cmocka_unit_test(null_fits_every_column_and_holds_nothing),
		cmocka_unit_test(what_does_not_fit_is_rescued_under_its_api_name),
		cmocka_unit_test(the_first_misfit_is_told_to_people),
		cmocka_unit_test(unknown_members_stay_at_their_own_place),
		cmocka_unit_test(the_first_pointer_with_a_value_counts),
		cmocka_unit_test(pointers_index_lists),
		cmocka_unit_test(a_column_may_hold_what_others_are_taken_from),
		cmocka_unit_test(ignored_members_are_not_even_in_extra),
		cmocka_unit_test(a_record_without_its_key_is_rejected_with_its_reason),
		cmocka_unit_test(a_record_that_is_no_object_is_rejected),
		cmocka_unit_test(required_makes_missing_and_wrong_values_rejects),
		cmocka_unit_test(reason_and_rescue_are_told_apart),
		cmocka_unit_test(a_rejected_record_is_known_by_its_digest),
		cmocka_unit_test(the_cursor_is_told_in_microseconds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
