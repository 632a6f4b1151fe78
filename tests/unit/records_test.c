/* The records of an answer: where they are, in which shape, what stands around them, and an
 * answer that has one part for each element of a batch. */
#include "unit/rest_case.h"

static void begin(struct rest_case *c, const char *stream)
{
	char text[3000];
	assert_true((size_t)snprintf(text, sizeof text,
				     "streams:\n  s:\n    path: /x\n    key: [ID]\n%s", stream) <
		    sizeof text);
	rest_begin(c, text, "{}");
}

#define PLAIN "    paging: none\n    columns: { ID: text, N: int }\n"

static void lists_are_read_in_order(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, PLAIN "    records: [/data/items, /items]\n");
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"items\":[{\"id\":1,\"n\":1},{\"id\":2},{\"n\":3},7]}", "page 4");
	ROWS(&c, "ID=1 N=1\nID=2\n");
	assert_string_equal(buf_text(&c.seen), "T0 T0 R0 R0 ");
	assert_int_equal(c.seq, 4);
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"DATA\":{\"Items\":[]},\"items\":[{\"id\":1}]}", "page 0");
	rest_end(&c);
	begin(&c, PLAIN);
	ask(&c);
	ANSWERS(&c, 200, NULL, "[{\"id\":1}]", "page 1");
	ROWS(&c, "ID=1\n");
	rest_end(&c);
}

static void one_object_is_one_record(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, PLAIN "    records: { at: /it, shape: one }\n");
	ask(&c);
	ANSWERS(&c, 201, NULL, "{\"it\":{\"id\":1}}", "page 1");
	ROWS(&c, "ID=1\n");
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"it\":[{\"id\":1}]}",
		"fail stream: s: /it is a list; expected an object");
	rest_end(&c);
}

static void columns_are_turned_into_records(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "    paging: none\n    records: { at: /hourly, shape: columns }\n"
		  "    columns: { ID: { type: text, from: /time }, T: float, ALL: { type: json, "
		  "from: "
		  "\"\" }, H: { type: float, outer: /elevation } }\n");
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"elevation\":3.5,\"hourly\":{\"time\":[1,2],\"t\":[0.10,null],"
			       "\"x\":[{\"y\":[]},\"z\"]}}", "page 2");
	ROWS(&c, "ID=1 T=0.10000000000000001 ALL={\"time\":1,\"t\":0.10,\"x\":{\"y\":[]}} H=3.5\n"
		 "ID=2 ALL={\"time\":2,\"t\":null,\"x\":\"z\"} H=3.5\n");
	static const char *const bad[] = {
		"{\"hourly\":{\"time\":[1,2],\"t\":[1]}}",
		"{\"hourly\":{\"time\":[1,2],\"t\":null}}",
		"{\"hourly\":{\"time\":[1,2],\"t\":{}}}"};
	for (size_t i = 0; i < 3; i++) {
		rest_again(&c);
		ask(&c);
		ANSWERS(&c, 200, NULL, bad[i],
			"fail stream: s: t is no list as long as the others");
		ROWS(&c, "");
	}
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"hourly\":{}}", "page 0");
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"hourly\":{\"time\":[]}}", "page 0");
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"hourly\":[]}",
		"fail stream: s: /hourly is a list; expected an object of lists");
	rest_end(&c);
}

/* Texts that were cleaned on the way are counted with their record. */
static void columns_that_are_dirty_are_cleaned_and_counted(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, "    paging: none\n    records: { shape: columns }\n    columns: { ID: text }\n");
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"id\":[\"a\\u0000\",\"b\"],\"x\\u0000\":[1,\"\xFF\"]}", "page 2");
	ROWS(&c, "ID=a EXTRA={\"x\":1}\nID=b EXTRA={\"x\":\"\xEF\xBF\xBD\"}\n");
	assert_string_equal(buf_text(&c.seen), "T0+2 T0+2 ");
	rest_end(&c);
}

static void a_deep_value_in_columns_is_no_lack_of_memory(void **state)
{
	struct rest_case c;
	struct buf body;
	(void)state;
	buf_init(&body, MIB);
	buf_add_text(&body, "{\"id\":[1,");
	for (int i = 0; i < 200; i++)
		buf_add_char(&body, '[');
	for (int i = 0; i < 200; i++)
		buf_add_char(&body, ']');
	buf_add_text(&body, "]}");
	begin(&c, "    paging: none\n    records: { shape: columns }\n    columns: { ID: text }\n");
	ask(&c);
	ANSWERS(&c, 200, NULL, buf_text(&body),
		"fail stream: s: record 2 is too large or nested too deep");
	buf_done(&body);
	rest_end(&c);
}

static void missing_records_are_an_error_unless_said_otherwise(void **state)
{
	struct rest_case c;
	(void)state;
	begin(&c, PLAIN "    records: /tickets\n");
	static const struct { const char *body, *verdict; } bad[] = {
		{"{\"count\":1,\"results\":[]}",
		 "fail stream: s: the answer has no /tickets; it has count, results"},
		{"{}", "fail stream: s: the answer has no /tickets; it is empty"},
		{"[]", "fail stream: s: the answer has no /tickets; it is a list"},
		{"{\"tickets\":null}", "fail stream: s: /tickets is null; expected a list"},
		{"{\"tickets\":{\"a\":1}}",
		"fail stream: s: /tickets is an object; expected a list"},
		{"{\"bad\\nname\":1,\"\xFF\":2}",
		 "fail stream: s: the answer has no /tickets; it has bad name, \xEF\xBF\xBD"},
		{"{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,"
		 "\"k\":1}", "fail stream: s: the answer has no /tickets; it has a, b, c, d, e, "
		 "f, g, "
			     "h, i, j, ..."},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		rest_again(&c);
		ask(&c);
		ANSWERS(&c, 200, NULL, bad[i].body, bad[i].verdict);
	}
	rest_end(&c);
	begin(&c, PLAIN);
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"error\":\"x\"}",
		"fail stream: s: the answer is an object; expected a list; it has error");
	rest_end(&c);
	begin(&c, PLAIN "    records: { at: /tickets, missing: empty }\n");
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"count\":1}", "page 0");
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"tickets\":null}", "page 0");
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"tickets\":7}",
		"fail stream: s: /tickets is a number; expected a list");
	rest_end(&c);
}

static void columns_may_stand_around_the_records_or_be_values(void **state)
{
	struct rest_case c;
	(void)state;
	rest_begin(&c, "settings: { who: { type: text, required: true }, n: { type: int }, "
		   "tags: { type: list }, gone: { type: text } }\n"
		   "streams:\n  s:\n    path: /x\n    paging: none\n    records: /rows\n"
		   "    key: [ID, HASH]\n    columns:\n      ID: text\n"
		   "      UNIT: { type: text, outer: [/meta/unit, /unit] }\n"
		   "      META: { type: json, outer: /meta }\n"
		   "      WHO: { type: text, value: \"{settings.who}-{settings.n}\" }\n"
		   "      N: { type: int, value: \"{settings.n}\" }\n"
		   "      TAGS: { type: json, value: \"{settings.tags}\" }\n"
		   "      GONE: { type: text, value: \"{settings.gone}\" }\n"
		   "      YES: { type: bool, value: true }\n"
		   "      SEEN: { type: timestamp, value: \"{run.fetched_at}\" }\n"
		   "      BEGUN: { type: timestamp, value: \"{run.started_at}\" }\n"
		   "      HASH: { type: text, digest: [/id, /x] }\n",
		   "{ who: acme, n: 7, tags: [a, b] }");
	ask(&c);
	ANSWERS(&c, 200, NULL,
		"{\"unit\":\"C\",\"meta\":{\"unit\":null},\"rows\":[{\"id\":\"a\"}]}",
		"page 1");
	const char *row = rows(&c);
	static const char expected[] =
		"ID=a UNIT=C META={\"unit\":null} WHO=acme-7 N=7 TAGS=\"a,b\" YES=1 "
		"SEEN=1795399506000000 BEGUN=1795395906000000 HASH=";
	assert_memory_equal(row, expected, sizeof expected - 1);
	rest_end(&c);
}

/* --- match: position --- */

static void begin_places(struct rest_case *c, size_t elements, const char *more)
{
	char text[3000];
	snprintf(text, sizeof text,
		 "settings: { places: { type: list, fields: { id: { type: text } } } }\n"
		 "streams:\n  s:\n    path: /x\n    query: { p: \"{item.id}\" }\n"
		 "    repeat: { over: settings.places, batch: 3, match: position }\n"
		 "    paging: none\n    records: { at: /now, shape: one }\n    message_at: "
		 "/reason\n"
		 "    errors: [ { status: 200, at: /error, is: true, then: fail_stream }, "
		 "{ status: 200, at: /error, is: gone, then: empty }, "
		 "{ status: 200, at: /error, is: later, then: wait } ]\n"
		 "    key: [ID]\n    columns: { ID: { type: text, value: \"{item.id}\" }, T: int, "
		 "H: { type: int, outer: /h } }\n%s", more);
	rest_begin(c, text, "{ places: [ { id: a }, { id: b }, { id: c } ] }");
	c->question.elements_n = elements;
	rest_again(c);
}

static void each_part_belongs_to_its_element(void **state)
{
	struct rest_case c;
	(void)state;
	begin_places(&c, 3, "");
	ASKS(&c, "GET https://api.example.com/v1/x?p=a%2Cb%2Cc");
	ANSWERS(&c, 200, NULL,
		"[{\"now\":{\"t\":1},\"h\":9},{\"now\":{\"t\":2}},{\"now\":{\"t\":3}}]",
		"page 3");
	ROWS(&c, "ID=a T=1 H=9\nID=b T=2\nID=c T=3\n");
	assert_string_equal(buf_text(&c.seen), "T0 T1 T2 ");
	ASKS(&c, "done");
	c.question.element = 1;
	c.question.elements_n = 2;
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, NULL, "[{\"now\":{\"t\":2}},{\"now\":{\"t\":3}}]", "page 2");
	ROWS(&c, "ID=b T=2\nID=c T=3\n");
	assert_string_equal(buf_text(&c.seen), "T1 T2 ");
	rest_end(&c);
}

static void a_bad_part_fails_alone(void **state)
{
	struct rest_case c;
	(void)state;
	begin_places(&c, 3, "");
	ask(&c);
	ANSWERS(&c, 200, NULL, "[{\"error\":true,\"reason\":\"no\\nway\"},{\"now\":{\"t\":2}},"
			       "{\"x\":1}]", "page 1");
	ROWS(&c, "ID=b T=2\n");
	assert_string_equal(buf_text(&c.failed),
			    "0: s: no way; 2: s: the answer has no /now; it has x; ");
	/* What a rule lets pass is neither a row nor a failure. */
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, NULL, "[{\"error\":\"gone\"},{\"now\":{\"t\":2}},null]", "page 1");
	ROWS(&c, "ID=b T=2\n");
	assert_int_equal(c.verdict.let_pass, 1);
	assert_string_equal(buf_text(&c.failed), "2: s: the answer has no /now; it is a null; ");
	rest_end(&c);
}

static void another_count_of_parts_is_like_a_torn_body(void **state)
{
	struct rest_case c;
	(void)state;
	begin_places(&c, 3, "");
	ask(&c);
	ANSWERS(&c, 200, NULL, "[{\"now\":{\"t\":1}},{\"now\":{\"t\":2}}]",
		"retry: s: asked for 3 elements, the answer has 2");
	ROWS(&c, "");
	ANSWERS(&c, 200, NULL, "{\"now\":{\"t\":1}}",
		"retry: s: asked for 3 elements, the answer has 1");
	ANSWERS(&c, 200, NULL, "[]", "retry: s: asked for 3 elements, the answer has 0");
	ANSWERS(&c, 200, NULL, "7", "retry: s: asked for 3 elements, the answer has 1");
	/* and the same may be asked again */
	assert_memory_equal(ask(&c), "GET ", 4);
	ANSWERS(&c, 200, NULL, "[{\"now\":{}},{\"now\":{}},{\"now\":{}}]", "page 3");
	rest_end(&c);
}

static void a_batch_of_one_may_be_bare(void **state)
{
	struct rest_case c;
	(void)state;
	begin_places(&c, 1, "");
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"now\":{\"t\":1}}", "page 1");
	ROWS(&c, "ID=a T=1\n");
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, NULL, "[{\"now\":{\"t\":1}}]", "page 1");
	ROWS(&c, "ID=a T=1\n");
	/* It fails alone, for there are others; but it can also say what to do. */
	rest_again(&c);
	ask(&c);
	ANSWERS(&c, 200, NULL, "{\"error\":true,\"reason\":\"no\"}", "page 0");
	assert_string_equal(buf_text(&c.failed), "0: s: no; ");
	rest_again(&c);
	ask(&c);
	assert_memory_equal(answer(&c, 200, NULL, "{\"error\":\"later\"}"), "wait 60000: ", 12);
	rest_end(&c);
}

static void the_only_element_fails_its_stream(void **state)
{
	struct rest_case c;
	(void)state;
	rest_begin(&c, "settings: { places: { type: list, fields: { id: { type: text } } } }\n"
		   "streams:\n  s:\n    path: /x\n    query: { p: \"{item.id}\" }\n"
		   "    repeat: { over: settings.places, match: position }\n    paging: none\n"
		   "    errors: [ { status: 200, at: /error, is: true, then: fail_stream } ]\n"
		   "    key: [ID]\n    columns: { ID: text }\n", "{ places: [ { id: a } ] }");
	c.question.elements_n = 1;
	rest_again(&c);
	ask(&c);
	assert_memory_equal(answer(&c, 200, NULL, "{\"error\":true}"), "fail stream: ", 13);
	rest_end(&c);
}

/* --- rows out of the configuration --- */

static void rows_may_come_out_of_the_settings(void **state)
{
	static const char text[] = REST_HEAD
		"settings: { who: { type: text, required: true }, places: { type: list, fields: "
		"{ name: { type: text }, lat: { type: float }, id: { type: text, default: { "
		"digest: "
		"[settings.who] } } } } }\n"
		"streams:\n"
		"  customers: { rows: settings, key: [WHO], columns: { WHO: { type: text, value: "
		"\"{settings.who}\" }, SEEN: { type: timestamp, value: \"{run.started_at}\", keep: "
		"first } } }\n"
		"  places: { rows: settings.places, key: [NAME], columns: { NAME: { type: text, "
		"value: "
		"\"{item.name}\" }, LAT: { type: float, value: \"{item.lat}\" }, WHO: { type: "
		"text, "
		"value: \"{settings.who}\" } } }\n";
	struct rest_case c;
	(void)state;
	rest_read(&c, text, "{ who: acme, places: [ { name: H, lat: 60.5 }, { name: T, id: i }, "
		  "{ lat: 1, id: j } ] }");
	rest_plan(&c, "customers");
	assert_true(rest_settings_rows(&c.setup, c.question.stream, &c.sink, &c.err));
	ROWS(&c, "WHO=acme SEEN=1795395906000000\n");
	shaper_free(c.shaper);
	batch_free(c.batch);
	rest_plan(&c, "places");
	buf_clear(&c.seen);
	assert_true(rest_settings_rows(&c.setup, c.question.stream, &c.sink, &c.err));
	ROWS(&c, "NAME=H LAT=60.5 WHO=acme\nNAME=T WHO=acme\n");
	assert_string_equal(buf_text(&c.seen), "T0 T1 R2 ");
	rest_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_read_in_order),
		cmocka_unit_test(one_object_is_one_record),
		cmocka_unit_test(columns_are_turned_into_records),
		cmocka_unit_test(columns_that_are_dirty_are_cleaned_and_counted),
		cmocka_unit_test(a_deep_value_in_columns_is_no_lack_of_memory),
		cmocka_unit_test(missing_records_are_an_error_unless_said_otherwise),
		cmocka_unit_test(columns_may_stand_around_the_records_or_be_values),
		cmocka_unit_test(each_part_belongs_to_its_element),
		cmocka_unit_test(a_bad_part_fails_alone),
		cmocka_unit_test(another_count_of_parts_is_like_a_torn_body),
		cmocka_unit_test(a_batch_of_one_may_be_bare),
		cmocka_unit_test(the_only_element_fails_its_stream),
		cmocka_unit_test(rows_may_come_out_of_the_settings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
