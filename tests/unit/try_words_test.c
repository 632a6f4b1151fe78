/* Requests, answers and cells of `connectors try`, in words. */
#include "run/trying.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_answer(struct try_answer answer, const char *expected)
{
	struct buf out;
	buf_init(&out, 1 << 16);
	try_write_answer(&answer, &out);
	assert_string_equal(buf_text(&out), expected);
	buf_done(&out);
}

static void an_answer_reads_as_in_the_manual(void **state)
{
	(void)state;
	assert_answer((struct try_answer){.status = 200, .took_ms = 412, .bytes = 1234567,
					  .is_page = true, .records = 1000, .rows = 1000,
					  .rescued = 1, .at = "/tickets", .pages = true,
					  .next = "/after_url", .end = "/end_of_stream false"},
		      "200 OK, 0.41 s, 1.2 MB, 1,000 records at /tickets, 1,000 rows, 1 value "
		      "rescued; next page: /after_url; not the end (/end_of_stream false)\n");
	assert_answer((struct try_answer){.status = 200, .took_ms = 60001, .bytes = 999,
					  .is_page = true, .records = 1, .rows = 0, .rejected = 1,
					  .at = "", .pages = true, .end = "/has_more false"},
		      "200 OK, 60.00 s, 999 B, 1 record, 0 rows, 1 rejected; no next page: the end "
		      "(/has_more false)\n");
	assert_answer((struct try_answer){.status = 200, .bytes = 12345, .is_page = true, .at = ""},
		      "200 OK, 0.00 s, 12 kB, 0 records, 0 rows; one answer (paging: none)\n");
}

static void a_refusal_has_no_records(void **state)
{
	(void)state;
	assert_answer((struct try_answer){.status = 403, .took_ms = 7, .bytes = 1500},
		      "403 Forbidden, 0.00 s, 1.5 kB\n");
	assert_answer((struct try_answer){.status = 599, .bytes = 0}, "599, 0.00 s, 0 B\n");
}

static void a_saved_answer_has_neither_status_nor_time(void **state)
{
	(void)state;
	assert_answer((struct try_answer){.bytes = 5, .is_page = true, .records = 2, .rows = 2,
					  .at = "/x"},
		      "saved answer, 5 B, 2 records at /x, 2 rows; one answer (paging: none)\n");
}

/* The sign-in's value must never be seen, whatever its header is called. */
static void a_request_shows_its_sign_in_as_stars(void **state)
{
	struct buf out;
	struct request get = {.method = "GET", .url = "https://a.example/x?apikey=secret",
			      .shown = "https://a.example/x?apikey=***"};
	struct sign_mark mark = {.header = "Authorization", .header_value = "Bearer secret"};
	(void)state;
	buf_init(&out, 1 << 16);
	try_write_request(&get, &mark, &out);
	assert_string_equal(buf_text(&out),
			    "GET https://a.example/x?apikey=***     Authorization: ***\n");
	buf_clear(&out);
	mark.header = "X-Key";
	get.method = "POST";
	get.body = SPAN("{\"page\":1}");
	try_write_request(&get, &mark, &out);
	assert_string_equal(buf_text(&out), "POST https://a.example/x?apikey=***     X-Key: ***\n"
					    "     {\"page\":1}\n");
	buf_done(&out);
}

static void a_long_body_is_cut_at_a_whole_character(void **state)
{
	char body[3001];
	struct buf out;
	(void)state;
	memset(body, 'a', 1999);
	for (size_t i = 1999; i < 3000; i += 2)
		memcpy(body + i, "\xC3\xA4", 2);
	struct request post = {.method = "POST", .shown = "u", .body = {body, 2999}};
	buf_init(&out, 1 << 16);
	try_write_request(&post, NULL, &out);
	assert_int_equal(out.size, strlen("POST u\n     ") + 1999 + strlen("...\n"));
	buf_done(&out);
}

static void assert_cell(enum type type, const char *text, const char *shown, const char *json)
{
	struct buf out;
	buf_init(&out, 1 << 16);
	try_write_cell(type, span_of(text), &out);
	assert_string_equal(buf_text(&out), shown);
	buf_clear(&out);
	try_write_json(type, span_of(text), &out);
	assert_string_equal(buf_text(&out), json);
	buf_done(&out);
}

static void cells_are_short_for_people_and_exact_for_programs(void **state)
{
	(void)state;
	assert_cell(TYPE_TEXT, "a\"b", "a\"b", "\"a\\\"b\"");
	assert_cell(TYPE_INT, "-12", "-12", "-12");
	assert_cell(TYPE_BOOL, "true", "true", "true");
	assert_cell(TYPE_FLOAT, "60.170000000000002", "60.17", "60.17");
	assert_cell(TYPE_JSON, "{\"a\":1}", "{\"a\":1}", "{\"a\":1}");
	assert_cell(TYPE_TIMESTAMP, "2026-11-20T08:14:02.000000Z", "2026-11-20 08:14:02",
		    "\"2026-11-20T08:14:02.000000Z\"");
	assert_cell(TYPE_TIMESTAMP, "2026-11-20T08:14:02.250000Z", "2026-11-20 08:14:02.25",
		    "\"2026-11-20T08:14:02.250000Z\"");
}

/* --- where the next page is --- */

struct pages {
	struct arena *arena;
	struct json_doc *doc;
	struct pointer at[2];
	struct stream stream;
};

static void open_pages(struct pages *p, const char *answer, const char *first,
		       const char *second)
{
	struct err err;
	*p = (struct pages){.arena = arena_new(), .doc = json_parse(span_of(answer), &err)};
	assert_non_null(p->arena);
	assert_non_null(p->doc);
	assert_true(pointer_parse(p->arena, span_of(first), &p->at[0], &err));
	assert_true(pointer_parse(p->arena, span_of(second), &p->at[1], &err));
	p->stream.paging.at = (struct pointers){p->at, 2};
}

static void close_pages(struct pages *p)
{
	json_free(p->doc);
	arena_free(p->arena);
}

static void the_place_that_named_the_next_page_is_told(void **state)
{
	struct pages p;
	(void)state;
	open_pages(&p, "{\"odata.nextLink\":\"x\"}", "/@odata.nextLink", "/odata.nextLink");
	p.stream.paging.kind = PAGING_NEXT_URL;
	const struct json *root = json_root(p.doc);
	assert_string_equal(try_next_words(p.arena, &p.stream, root, false), "/odata.nextLink");
	assert_null(try_next_words(p.arena, &p.stream, root, true));
	p.stream.paging.kind = PAGING_LINK_HEADER;
	p.stream.paging.header = "next";
	assert_string_equal(try_next_words(p.arena, &p.stream, root, false),
			    "the Link header (next)");
	p.stream.paging.kind = PAGING_NEXT_TOKEN;
	p.stream.paging.token_from = TOKEN_FROM_HEADER;
	p.stream.paging.header = "X-Next";
	assert_string_equal(try_next_words(p.arena, &p.stream, root, false),
			    "the header X-Next");
	close_pages(&p);
}

static void what_says_that_it_is_the_end_is_told_with_its_value(void **state)
{
	struct pages p;
	(void)state;
	open_pages(&p, "{\"meta\":{\"has_more\":false,\"total\":7}}", "/meta/has_more",
		   "/meta/total");
	const struct json *root = json_root(p.doc);
	assert_null(try_end_words(p.arena, &p.stream, root));
	p.stream.paging.total = (struct pointers){&p.at[1], 1};
	assert_string_equal(try_end_words(p.arena, &p.stream, root), "/meta/total 7");
	p.stream.paging.more = (struct pointers){&p.at[0], 1};
	assert_string_equal(try_end_words(p.arena, &p.stream, root), "/meta/has_more false");
	close_pages(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_reads_as_in_the_manual),
		cmocka_unit_test(a_refusal_has_no_records),
		cmocka_unit_test(a_saved_answer_has_neither_status_nor_time),
		cmocka_unit_test(a_request_shows_its_sign_in_as_stars),
		cmocka_unit_test(a_long_body_is_cut_at_a_whole_character),
		cmocka_unit_test(cells_are_short_for_people_and_exact_for_programs),
		cmocka_unit_test(the_place_that_named_the_next_page_is_told),
		cmocka_unit_test(what_says_that_it_is_the_end_is_told_with_its_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
