/* How defaults reach streams, every form that a key may have, what is said of a connector, and
 * that no allocation that fails does harm. */
#include "connector/connector.h"
#include "fault_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* --- helpers --- */
#define HEAD "format: 1\nconnector: a-b\nbase_url: https://x.y\n"
#define REST "paging: none, key: ID, columns: { ID: text }"

static struct connector *parse(const char *text)
{
	struct connector *connector = NULL;
	struct err err = {.kind = ERR_NONE};
	struct buf mistakes;
	buf_init(&mistakes, 1 << 20);
	if (!connector_parse(&connector, span_of(text), "f", &mistakes, &err))
		fail_msg("%s", buf_text(&mistakes));
	buf_done(&mistakes);
	return connector;
}

static void is_template(const struct template *template, const char *text)
{
	struct buf out;
	buf_init(&out, 1000);
	assert_non_null(template);
	assert_true(template_show(template, &out));
	assert_string_equal(buf_text(&out), text);
	buf_done(&out);
}

/* --- inheritance --- */
static void a_stream_replaces_and_merges_what_defaults_say(void **state)
{
	(void)state;
	struct connector *connector = parse(
		HEAD "defaults:\n  path: /d\n  query: { a: 1, b: 2, c: 3 }\n  headers: { X-A: d }\n"
		"  limits: { parallel: 3, pause: 5s }\n  key: [ID]\n  paging: none\n"
		"  columns: { ID: text, OLD: text, KEPT: int }\n  errors: [{ status: 404, then: "
		"empty }]\n"
		"streams:\n  s:\n    query: { b: 9, z: [1, 2], c: ~ }\n    headers: { x-a: own }\n"
		"    limits: { pause: 1s }\n    errors: [{ status: 410, then: empty }]\n"
		"    columns: { NEW: text, OLD: ~ }\n  t: {}\n");
	const struct stream *s = &connector->streams[0], *t = &connector->streams[1];
	is_template(s->path, "/d");
	assert_int_equal(s->query_n, 3); /* its own first, then those of defaults */
	assert_string_equal(s->query[0].name, "b");
	is_template(s->query[0].values, "9");
	assert_string_equal(s->query[1].name, "z");
	assert_int_equal(s->query[1].n, 2);
	assert_string_equal(s->query[2].name, "a");
	assert_int_equal(s->headers_n, 1); /* names of headers know no case */
	is_template(s->headers[0].values, "own");
	assert_int_equal(s->parallel, 0); /* a map is replaced as a whole */
	assert_true(s->pause_us == STAMP_SECOND);
	assert_int_equal(s->errors_n, 2);
	assert_int_equal(s->errors[0].statuses[0].from, 410);
	assert_int_equal(s->columns_n, 3);
	assert_string_equal(s->columns[0].name, "NEW");
	assert_string_equal(s->columns[2].name, "KEPT");
	assert_int_equal(s->key[0], 1);
	assert_int_equal(t->query_n, 3);
	assert_int_equal(t->parallel, 3);
	assert_string_equal(t->table, "A_B_T");
	connector_free(connector);
}

#define WINDOWED "defaults:\n  window: { column: AT }\n" \
		 "  query: { since: \"{window.from}\", n: 5 }\n" \
		 "  keeps: 30d\n  paging: { page: 1 }\n  repeat: { over: settings.l }\n" \
		 "  headers: { X-P: \"{paging.page}\", X-I: \"{item.value}\" }\n  key: [ID]\n" \
		 "  columns: { ID: text, AT: timestamp, S: { type: text, value: x },\n" \
		 "    I: { type: text, value: \"{item.value}\" } }\n"

static void what_a_child_or_settings_rows_cannot_have_does_not_apply(void **state)
{
	(void)state;
	struct connector *connector = parse(
		HEAD "settings: { l: { type: list, required: true } }\n" WINDOWED
		"streams:\n  s: { path: /s }\n  c: { for_each: s, path: \"/{parent.ID}\" }\n"
		"  r: { rows: settings, key: S }\n"
		"  l: { rows: settings.l, key: I }\n");
	const struct stream *s = &connector->streams[0], *c = &connector->streams[1];
	const struct stream *r = &connector->streams[2], *l = &connector->streams[3];
	assert_true(s->window.given && s->repeat.over != NULL);
	assert_int_equal(s->repeat.id_n, 0); /* a plain list */
	assert_false(c->window.given);
	assert_null(c->repeat.over);
	assert_int_equal(c->query_n, 1); /* without the one that tells the window */
	assert_string_equal(c->query[0].name, "n");
	assert_int_equal(c->headers_n, 1);
	assert_int_equal(c->columns_n, 3); /* without the one of an element */
	assert_int_equal(c->keeps, KEEPS_FOR); /* its parent's */
	assert_int_equal(c->paging.kind, PAGING_PAGE);
	assert_int_equal(r->columns_n, 1);
	assert_int_equal(r->keeps, KEEPS_FOREVER);
	assert_int_equal(l->columns_n, 2);
	connector_free(connector);
}

static void a_stream_takes_away_what_defaults_give(void **state)
{
	(void)state;
	struct connector *connector = parse(
		HEAD "defaults:\n  window: { column: AT }\n  query: { since: \"{window.from}\" }\n"
		"  body: { a: 1 }\n  errors: [{ status: 404, then: empty }]\n  paging: none\n"
		"  key: [ID]\n  columns: { ID: text, AT: timestamp }\nstreams:\n"
		"  s: { path: /s, window: ~, query: ~, body: ~, errors: ~ }\n  t: { path: /t }\n");
	const struct stream *s = &connector->streams[0], *t = &connector->streams[1];
	assert_false(s->window.given);
	assert_int_equal(s->query_n, 0);
	assert_null(s->body);
	assert_string_equal(s->method, "GET");
	assert_int_equal(s->errors_n, 0);
	assert_int_equal(s->newest, -1);
	assert_string_equal(t->method, "POST");
	assert_int_equal(t->newest, 1);
	connector_free(connector);
}

/* --- forms of keys --- */
static const struct paging_rule *paging_of(struct connector **connector, const char *paging)
{
	char text[600];
	connector_free(*connector);
	snprintf(text, sizeof text,
		 HEAD "streams: { s: { path: /s, paging: %s, key: ID, columns: { ID: text } } }\n",
		 paging);
	*connector = parse(text);
	return &(*connector)->streams[0].paging;
}

static void every_kind_of_paging_is_read(void **state)
{
	(void)state;
	struct connector *c = NULL;
	const struct paging_rule *p = paging_of(&c, "none");
	assert_int_equal(p->kind, PAGING_NONE);
	p = paging_of(&c, "{ next_url: [/a, /b], more: /m }");
	assert_int_equal(p->kind, PAGING_NEXT_URL);
	assert_int_equal(p->at.n, 2);
	assert_string_equal(p->more.at[0].text, "/m");
	p = paging_of(&c, "{ link_header: next, pages: /p }");
	assert_string_equal(p->header, "next");
	assert_int_equal(p->pages.n, 1);
	p = paging_of(&c, "{ next_token: { last: /id }, done: /d }, query: { t: '{paging.token}' "
			  "}");
	assert_int_equal(p->token_from, TOKEN_FROM_LAST_RECORD);
	assert_string_equal(p->at.at[0].text, "/id");
	p = paging_of(&c, "{ next_token: { header: X-Next } }, headers: { T: '{paging.token}' }");
	assert_int_equal(p->token_from, TOKEN_FROM_HEADER);
	assert_string_equal(p->header, "X-Next");
	p = paging_of(&c, "{ offset: 1, total: /total }, body: { o: '{paging.offset}' }");
	assert_int_equal(p->kind, PAGING_OFFSET);
	assert_int_equal(p->first, 1);
	assert_int_equal(p->total.n, 1);
	p = paging_of(&c, "{ page: 0 }, query: { p: '{paging.page}' }");
	assert_int_equal(p->kind, PAGING_PAGE);
	assert_int_equal(p->first, 0);
	connector_free(c);
}

static void every_form_of_an_error_rule_is_read(void **state)
{
	(void)state;
	struct connector *connector = parse(
		HEAD "streams:\n  s:\n    path: /s\n    paging: none\n    key: ID\n"
		"    columns: { ID: text }\n    errors:\n"
		"    - { status: [5xx, 429], says: Slow, then: wait }\n"
		"    - { at: [/e, /f], is: [1, x, ~, true], then: fail_run }\n"
		"    - { at: /e, is: ~, then: retry }\n"
		"    - { status: 429, then: wait, for: [{ header: A }, { header: B, as: unix_ms "
		"},\n"
		"        { next: hour }, 350ms] }\n");
	const struct error_rule *rules = connector->streams[0].errors;
	assert_int_equal(connector->streams[0].errors_n, 4);
	assert_int_equal(rules[0].statuses[0].from, 500);
	assert_int_equal(rules[0].statuses[0].until, 600);
	assert_int_equal(rules[0].statuses[1].until, 430);
	assert_int_equal(rules[0].waits_n, 1);
	assert_int_equal(rules[0].waits[0].us, STAMP_MINUTE); /* the default */
	assert_int_equal(rules[0].line, 11);
	assert_int_equal(rules[1].at.n, 2);
	assert_int_equal(rules[1].is_any_n, 4);
	assert_int_equal(rules[1].is_any[0].kind, VALUE_NUMBER);
	assert_int_equal(rules[1].is_any[1].kind, VALUE_TEXT);
	assert_int_equal(rules[1].is_any[2].kind, VALUE_NULL);
	assert_int_equal(rules[1].is_any[3].kind, VALUE_BOOL);
	assert_int_equal(rules[2].is.kind, VALUE_NULL);
	assert_int_equal(rules[2].then, THEN_RETRY);
	static const enum wait_kind KINDS[] = {WAIT_HEADER_S, WAIT_HEADER_UNIX_MS, WAIT_NEXT_HOUR,
					       WAIT_FIXED};
	assert_int_equal(rules[3].waits_n, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(rules[3].waits[i].kind, KINDS[i]);
	assert_int_equal(rules[3].waits[3].us, 350000);
	connector_free(connector);
}

static void columns_come_from_where_they_say(void **state)
{
	(void)state;
	struct connector *connector = parse(
		HEAD "streams: { s: { path: /s, paging: none, key: H, newest: N, columns: {\n"
		"  H: { type: text, digest: [/a, /b] }, N: { type: int, from: [/n, /m], "
		"required: true, "
		"comment: why }, T: { type: timestamp, format: YYYY/MM/DD, value: 2026/11/23 } } "
		"} }\n");
	const struct stream *s = &connector->streams[0];
	assert_int_equal(s->columns[0].source, FROM_DIGEST);
	assert_int_equal(s->columns[0].at.n, 2);
	assert_int_equal(s->columns[1].at.n, 2);
	assert_true(s->columns[1].required);
	assert_string_equal(s->columns[1].comment, "why");
	assert_string_equal(s->columns[2].format.pattern, "YYYY/MM/DD");
	assert_int_equal(s->newest, 1);
	connector_free(connector);
}

/* What firn writes itself can be read, whatever the API's own format is. */
static void times_of_windows_and_runs_are_read_as_written(void **state)
{
	(void)state;
	struct connector *connector = parse(
		HEAD "streams: { s: { path: /s, paging: none, key: D, newest: AT,\n"
		"  query: { d: '{window.from}' }, window: { column: AT, format: YYYYMMDD }, "
		"columns: {\n"
		"  D: { type: timestamp, value: '{window.from}' }, R: { type: timestamp, format: "
		"unix, "
		"value: '{run.fetched_at}' }, AT: { type: timestamp, format: unix } } } }\n");
	const struct connector_column *columns = connector->streams[0].columns;
	assert_string_equal(columns[0].format.pattern, "YYYYMMDD");
	assert_int_equal(columns[1].format.style, STAMP_ISO);
	assert_int_equal(columns[2].format.style, STAMP_UNIX);
	connector_free(connector);
}

/* Numbers and quotes of the file reach the API as they were written. */
static void values_keep_their_kind(void **state)
{
	(void)state;
	struct connector *connector = parse(
		HEAD "streams: { s: { path: '/s/{{x}}', " REST ", body: { a: 1.50, b: '1', c: ~, "
		"d: [true, yes], e: {} } } }\n");
	const struct body *body = connector->streams[0].body;
	static const enum value_kind KINDS[] = {VALUE_NUMBER, VALUE_TEXT, VALUE_NULL};
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(body->children[i].scalar.literal, KINDS[i]);
	is_template(&body->children[0].scalar, "1.50");
	assert_int_equal(body->children[3].children[0].scalar.literal, VALUE_BOOL);
	assert_int_equal(body->children[3].children[1].scalar.literal, VALUE_TEXT);
	assert_int_equal(body->children[4].kind, BODY_MAP);
	is_template(connector->streams[0].path, "/s/{{x}}");
	connector_free(connector);
}

/* --- what is said of it --- */
static void a_summary_is_a_line_a_stream(void **state)
{
	(void)state;
	struct connector *connector = parse(
		"format: 1\nconnector: zendesk\nbase_url: https://z\n"
		"settings: { l: { type: list, required: true } }\nstreams:\n"
		"  tickets: { path: /incremental/tickets/cursor.json, paging: { next_url: "
		"/after_url },\n"
		"    window: { column: AT, format: unix }, query: { s: '{window.from}' }, key: "
		"ID,\n"
		"    columns: { ID: text, AT: timestamp } }\n"
		"  days: { path: /d, optional: true, paging: { link_header: next }, key: [ID, "
		"AT],\n"
		"    window: { column: AT, step: 7d, format: YYYY-MM-DD }, query: { s: "
		"'{window.from}', "
		"e: '{window.last}', i: '{item.value}' },\n    repeat: { over: settings.l, "
		"batch: 5 }, "
		"columns: { ID: text, AT: timestamp } }\n"
		"  notes: { for_each: tickets, path: '/t/{parent.ID}', " REST " }\n"
		"  rows: { rows: settings.l, key: ID, columns: { ID: { type: text, value: "
		"'{item.value}' } } }\n");
	struct buf out;
	buf_init(&out, 1 << 20);
	assert_true(connector_summary(connector, &out));
	assert_string_equal(
		buf_text(&out),
		"tickets  GET /incremental/tickets/cursor.json  asked from the watermark on (no "
		"until: "
		"not sliced)  pages by /after_url  → ZENDESK_TICKETS (ID)\n"
		"days (optional)  GET /d  asked by whole days, 7d at once  for each of "
		"settings.l, 5 at "
		"once  pages by the Link header (next)  → ZENDESK_DAYS (ID, AT)\n"
		"notes  GET /t/{parent.ID}  for each row of tickets  one answer  → "
		"ZENDESK_NOTES (ID)\n"
		"rows  a row for each of settings.l  → ZENDESK_ROWS (ID)\n");
	buf_done(&out);
	connector_free(connector);
}

static void ways_to_sign_in_are_named(void **state)
{
	(void)state;
	struct err err = {.kind = ERR_NONE};
	struct connector *connector = parse("format: 1\nconnector: zendesk\nbase_url: https://z\n"
					    "auth: { bearer: {}, basic: }\n"
					    "streams: { s: { path: /s, " REST " } }\n");
	assert_true(connector_takes_auth(connector, AUTH_BASIC, &err));
	assert_int_equal(err.kind, ERR_NONE);
	assert_false(connector_takes_auth(connector, AUTH_OAUTH2, &err));
	assert_string_equal(err.text, "zendesk takes basic or bearer, not oauth2");
	connector_free(connector);
	connector = parse(HEAD "streams: { s: { path: /s, " REST " } }\n");
	assert_true(connector_takes_auth(connector, AUTH_NONE, &err));
	assert_false(connector_takes_auth(connector, AUTH_BEARER, &err));
	assert_string_equal(err.text, "a-b takes none, not bearer");
	connector_free(connector);
}

/* Goal: no failing allocation leaks, crashes or passes for success. Method: fail the n-th, for
 * every n until a run does not reach it; once for a right file, once for a wrong one. */
static void every_allocation_may_fail(void **state)
{
	(void)state;
	struct buf wide; /* its columns need blocks of memory of their own */
	buf_init(&wide, 1 << 20);
	buf_add_text(&wide, HEAD "streams: { s: { path: /s, paging: none, key: C1, columns: { "
				 "C0: int");
	for (int i = 1; i < 200; i++)
		buf_addf(&wide, ", C%d: text", i);
	buf_add_text(&wide, " } } }\n");
	const char *const texts[] = {
		HEAD "settings: { l: { type: list }, m: { type: list, required: true, fields: { "
		     "a: { type: text, default: "
		"{ digest: [settings.b] } } } }, b: { type: text, default: x, one_of: [x] } }\n"
		"auth: { oauth2: { token_url: /t, fields: { a: b } } }\n" WINDOWED
		"streams:\n  s: { path: /s, ignore: [/a], count: { path: '/{window.until}', at: "
		"'' } }\n"
		"  c: { for_each: s, path: '/{parent.ID}', body: [{ a: 1 }] }\n",
		HEAD "streams: { s: { pth: /s, for_each: t, key: A, columns: { B: txt }, "
		"query: { a: '{window.form}' } } }\n",
		buf_text(&wide),
	};
	for (size_t i = 0; i < 3; i++) {
		bool fired = true;
		for (int n = 1; fired; n++) {
			struct connector *connector = NULL;
			struct err err = {.kind = ERR_NONE};
			struct buf mistakes;
			buf_init(&mistakes, 1 << 20);
			fault_arm(n);
			bool done = connector_parse(&connector, span_of(texts[i]), "f", &mistakes,
						    &err);
			fired = fault_disarm();
			if (!fired && done != (i != 1))
				fail_msg("%s", buf_text(&mistakes));
			/* Without memory a right file fails for that alone; a suggestion may be
			 * lost for want of it, which is no failure. */
			if (fired && i != 1)
				assert_int_equal(err.kind, ERR_MEMORY);
			if (!done)
				assert_true(err.kind == ERR_MEMORY || err.kind == ERR_USAGE);
			connector_free(connector);
			buf_done(&mistakes);
		}
	}
	buf_done(&wide);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_replaces_and_merges_what_defaults_say),
		cmocka_unit_test(what_a_child_or_settings_rows_cannot_have_does_not_apply),
		cmocka_unit_test(a_stream_takes_away_what_defaults_give),
		cmocka_unit_test(every_kind_of_paging_is_read),
		cmocka_unit_test(every_form_of_an_error_rule_is_read),
		cmocka_unit_test(columns_come_from_where_they_say),
		cmocka_unit_test(times_of_windows_and_runs_are_read_as_written),
		cmocka_unit_test(values_keep_their_kind),
		cmocka_unit_test(a_summary_is_a_line_a_stream),
		cmocka_unit_test(ways_to_sign_in_are_named),
		cmocka_unit_test(every_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
