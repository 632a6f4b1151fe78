/* One table, four uses: every kind of mistake with its words and its place, values with their
 * defaults, the grammar and the schema. */
#include "base/json.h"
#include "config/keys.h"
#include "unit/keys_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* --- helpers --- */
static struct arena *arena;

static int make_arena(void **state)
{
	(void)state;
	arena = arena_new();
	return arena == NULL;
}

static int free_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct yaml *tree_of(const char *text)
{
	struct err err = {.kind = ERR_NONE};
	struct yaml *root = NULL;
	if (!yaml_read(arena, span_of(text), "f", &root, &err))
		fail_msg("%s", err.text);
	return root;
}

static void told(const char *text, const char *messages)
{
	struct mistakes mistakes = mistakes_in(arena, "f");
	struct err err = {.kind = ERR_NONE};
	struct buf out;
	buf_init(&out, 1 << 20);
	keys_check(&FORMAT, tree_of(text), &mistakes);
	bool none = mistakes_none(&mistakes, &out, &err);
	assert_string_equal(buf_text(&out), messages);
	assert_int_equal(none, messages[0] == '\0');
	assert_int_equal(err.kind, none ? ERR_NONE : ERR_USAGE);
	if (!none) /* the error is the first line */
		assert_memory_equal(err.text, messages, strlen(err.text));
	buf_done(&out);
}

/* One mistake in a file that is otherwise right; `line` stands in line 2. */
static void wrong(const char *line, const char *message)
{
	char text[512], all[512];
	snprintf(text, sizeof text, "version: 1\n%s\n", line);
	snprintf(all, sizeof all, "f:%s\n", message);
	told(text, all);
}

/* --- checking --- */
static void a_right_file_has_no_mistake(void **state)
{
	(void)state;
	told("version: 1\nname: a-b_1\nsecret: s\nquiet: false\nparallel: 64\nrate: 1.5e3\n"
	     "step: 350ms\nurl: https://[::1]:8443/x\ntime: YYYY-MM-DD\nnext: [/a/b, '']\n"
	     "scalar: ~\nany: { a: [] }\nspool: {}\nstreams:\n  x:\n  y: { path: /p, send: ~, "
	     "keeps: 30d, columns: { ID: text, B: ~, C: { type: int, from: /c } } }\n", "");
	told("version: 1\nstreams: [x, y]\n", "");
}

static void an_unknown_key_says_what_was_meant(void **state)
{
	(void)state;
	wrong("paralel: 4", "2:1: unknown key \"paralel\"; did you mean parallel?");
	wrong("streams: { x: { sned: json } }", "2:17: unknown key \"sned\"; did you mean send?");
	wrong("max_bytes: 5", "2:1: \"max_bytes\" belongs under spool, not at the top");
	wrong("then: form", "2:1: \"then\" belongs under streams.NAME.errors, not at the top");
	wrong("streams: { x: { then: form } }",
	      "2:17: \"then\" belongs under errors, not in streams.x");
	wrong("streams: { x: { parallel: 1 } }", /* not below: looked for in the whole file */
	      "2:17: unknown key \"parallel\"; known here: path, send, columns, errors, keeps, "
	      "step");
	wrong("streams: { x: { dir: a } }", "2:17: \"dir\" belongs under spool, not in streams.x");
	wrong("streams: { x: { per_page: 1 } }",
	      "2:17: \"per_page\" belongs under query, not in streams.x");
	wrong("streams: { x: { X-A: 1 } }",
	      "2:17: \"X-A\" belongs under headers, not in streams.x");
	wrong("streams: { x: { my_token: 1 } }",
	      "2:17: \"my_token\" belongs under auth, not in streams.x");
	wrong("spool: { zzz: 1 }", "2:10: unknown key \"zzz\"; known here: dir, max_bytes");
	wrong("streams: { x: { errors: [{ then: form, zzz: 1 }] } }",
	      "2:40: unknown key \"zzz\"; known here: then, at");
}

static void a_required_key_is_missed(void **state)
{
	(void)state;
	told("name: a\n", "f:1:1: version is required\n");
	told("", "f:1:1: version is required\n");
	told("versoin: 1\n", "f:1:1: unknown key \"versoin\"; did you mean version?\n");
	wrong("streams: { x: { columns: { A: { from: /a } } } }",
	      "2:28: columns.A: type is required");
	wrong("streams: { x: { errors: [{ at: /a }] } }", "2:26: then is required");
	wrong("streams: {}", "2:1: streams: at least one is needed");
	wrong("streams: []", "2:1: streams: at least one is needed");
}

static void a_wrong_kind_says_what_was_expected(void **state)
{
	(void)state;
	told("[1]", "f:1:1: expected a map, found a list\n");
	told("x", "f:1:1: expected a map, found \"x\"\n");
	wrong("name: [a]", "2:1: name: expected lower-case letters, digits, _ or -, found a list");
	wrong("spool: x", "2:1: spool: expected a map, found \"x\"");
	wrong("spool:", "2:1: spool: expected a map, found nothing");
	wrong("secret: [a]", "2:1: secret: expected text, found a list");
	wrong("secret:", "2:1: secret: expected text, found nothing");
	wrong("streams: 5", "2:1: streams: expected a list or a map, found 5");
	wrong("streams: [a, {}]",
	      "2:14: streams: expected lower-case letters, digits, _ or -, found a map");
	wrong("streams: { x: 5 }", "2:12: streams.x: expected a map, found 5");
	wrong("streams: { x: { errors: { then: form } } }",
	      "2:17: errors: expected a list, found a map");
	wrong("streams: { x: { columns: { A: [] } } }",
	      "2:28: columns.A: expected text or int or a map, found a list");
	wrong("next: { a: 1 }",
	      "2:1: next: expected a pointer such as /items or a list, found a map");
	wrong("scalar: []", "2:1: scalar: expected text, a number, true, false or ~, found a list");
}

static void a_wrong_value_says_what_was_expected(void **state)
{
	(void)state;
	told("version: 2\n", "f:1:1: version 2 is not known\n");
	told("version: \"1\"\n", "f:1:1: version \"1\" is not known\n");
	wrong("name: Tickets", "2:1: name: expected lower-case letters, digits, _ or -");
	wrong("quiet: yes", "2:1: quiet: expected true or false, found \"yes\"");
	wrong("quiet: 'true'", "2:1: quiet: expected true or false, found \"true\"");
	wrong("parallel: 65", "2:1: parallel: expected a whole number from 1 to 64, found 65");
	wrong("parallel: 1.5", "2:1: parallel: expected a whole number from 1 to 64, found 1.5");
	wrong("parallel: '4'", "2:1: parallel: expected a whole number from 1 to 64, found \"4\"");
	wrong("rate: fast", "2:1: rate: expected a number, found \"fast\"");
	wrong("step: 1 day", "2:1: step: expected a duration such as 6s or 1d, found \"1 day\"");
	wrong("step: 0s", "2:1: step: expected a duration such as 6s or 1d, found \"0s\"");
	wrong("spool: { max_bytes: 2 GB }",
	      "2:10: spool.max_bytes: expected a size such as 8MiB, found \"2 GB\"");
	wrong("url: ftp://x",
	      "2:1: url: expected https:// or http:// and a host, found \"ftp://x\"");
	wrong("url: https://a:b@c", "2:1: url: expected https:// or http:// and a host, found "
				    "\"https://a:b@c\"");
	wrong("time: hh:mm",
	      "2:1: time: expected iso, unix, unix_ms or a pattern such as YYYY-MM-DD, found "
	      "\"hh:mm\"");
	wrong("streams: { x: { send: jsn } }", "2:17: send: \"jsn\" is none of form, json, basic");
	wrong("streams: { x: { path: tickets } }", "2:17: path: expected to begin with /");
	wrong("streams: { x: { keeps: 3 days } }", "2:17: keeps: expected forever or nothing or a "
						   "duration such as 6s or 1d, found "
						   "\"3 days\"");
	wrong("streams: { X: {} }", "2:12: streams.X: expected lower-case letters, digits, _ or -");
	wrong("streams: { x: { columns: { id: text } } }",
	      "2:28: columns.id: expected upper-case letters, digits and _");
	wrong("streams: { x: { columns: { EXTRA: text } } }", "2:28: EXTRA is firn's own");
	wrong("streams: { x: { columns: { FIRN_X: text } } }", "2:28: FIRN_X is firn's own");
	wrong("streams: { x: { columns: { A: text, B: text, C: text, D: text } } }",
	      "2:17: columns: 4 are too many; at most 3");
}

static void a_type_by_another_name_is_recognised(void **state)
{
	(void)state;
	wrong("streams: { x: { columns: { A: string } } }",
	      "2:28: columns.A: type \"string\" is not known; did you mean text?");
	wrong("streams: { x: { columns: { A: { type: Integer } } } }",
	      "2:33: columns.A: type \"Integer\" is not known; did you mean int?");
	wrong("streams: { x: { columns: { A: tex } } }",
	      "2:28: columns.A: type \"tex\" is not known; did you mean text?");
	wrong("streams: { x: { columns: { A: point } } }",
	      "2:28: columns.A: type \"point\" is not known; it is one of text or int");
}

static void a_pointer_that_is_none_shows_one(void **state)
{
	(void)state;
	wrong("next: tickets", "2:1: next: expected a pointer such as /tickets, found \"tickets\"");
	wrong("next: [/a, url]", "2:12: next: \"url\" is no pointer; did you mean /url?");
	wrong("next: $.data.items",
	      "2:1: next: expected a pointer such as /data/items, found \"$.data.items\"");
	wrong("next: /a~2",
	      "2:1: next: \"/a~2\" is no pointer: ~ is written ~0, / inside a name ~1, and "
	      "32 levels are the most");
}

static void braces_without_quotes_are_told_at_the_value(void **state)
{
	(void)state;
	wrong("streams: { x: { path: {paging.token} } }",
	      "2:23: a value that begins with { must be quoted: \"{paging.token}\"");
	wrong("name: {}", "2:1: name: expected lower-case letters, digits, _ or -, found a map");
}

static void a_secret_is_in_no_message(void **state)
{
	(void)state;
	wrong("secret: { hunter2 }", "2:1: secret: expected text, found a map");
}

static void mistakes_come_in_file_order_once_and_at_most_twenty(void **state)
{
	(void)state;
	struct mistakes mistakes = mistakes_in(arena, "f");
	struct err err = {.kind = ERR_NONE};
	struct buf out;
	buf_init(&out, 1 << 20);
	for (int line = 40; line > 0; line--) {
		mistake_add_at(&mistakes, line, 2, "second %d", line);
		mistake_add_at(&mistakes, line, 1, "first\x1b[1m %d", line);
		mistake_add_at(&mistakes, line, 1, "first\x1b[1m %d", line);
	}
	assert_int_equal(mistakes.n, CONFIG_ERRORS_MAX);
	mistake_add(&mistakes, NULL, "as a whole");
	assert_false(mistakes_none(&mistakes, &out, &err));
	assert_string_equal(err.text, "f: as a whole");
	assert_int_equal(err.kind, ERR_USAGE);
	const char *text = buf_text(&out);
	const char *start = "f: as a whole\nf:1:1: first?[1m 1\nf:1:2: second 1\n"
			    "f:2:1: first?[1m 2\n";
	assert_memory_equal(text, start, strlen(start));
	assert_non_null(strstr(text, "\nf:10:1: first?[1m 10\n"));
	assert_null(strstr(text, "second 10"));
	buf_done(&out);
}

/* --- reading --- */
static void absent_keys_read_as_their_defaults(void **state)
{
	(void)state;
	struct keys keys = keys_of(&FORMAT, tree_of("version: 1\n"));
	assert_true(keys_bool(keys, "quiet"));
	assert_int_equal(keys_int(keys, "parallel"), 4);
	assert_true(keys_number(keys, "rate") == 0.5);
	assert_int_equal(keys_duration(keys, "step"), 90000000);
	assert_string_equal(keys_text(keys, "time"), "iso");
	assert_null(keys_text(keys, "name"));
	assert_false(keys_given(keys, "spool"));
	struct keys spool = keys_map(keys, "spool");
	assert_null(spool.map);
	assert_true(keys_size(spool, "max_bytes") == INT64_C(2147483648));
	assert_string_equal(keys_text(spool, "dir"), "spool");
	size_t n;
	assert_null(keys_list(keys, "next", &n));
	assert_int_equal(n, 0);
	assert_int_equal(keys_choice(keys_of(&STREAM_MAP, NULL), "keeps"), 0);
	assert_int_equal(keys_choice(keys_of(&COLUMN_MAP, NULL), "type"), -1);
}

static void given_keys_read_as_they_stand(void **state)
{
	(void)state;
	struct keys keys = keys_of(&FORMAT, tree_of("version: 1\nquiet: false\nparallel: 7\n"
						    "rate: 2\nstep: 1h\nname: 12\n"
						    "next: [/a, /b]\n"
						    "spool: { max_bytes: 1kB }\nscalar: ~\n"));
	size_t n;
	assert_false(keys_bool(keys, "quiet"));
	assert_int_equal(keys_int(keys, "parallel"), 7);
	assert_true(keys_number(keys, "rate") == 2);
	assert_true(keys_duration(keys, "step") == INT64_C(3600000000));
	assert_int_equal(keys_size(keys_map(keys, "spool"), "max_bytes"), 1000);
	const struct yaml *next = keys_list(keys, "next", &n);
	assert_int_equal(n, 2);
	assert_string_equal(next[1].text.at, "/b");
	assert_true(keys_given(keys, "scalar"));
	assert_int_equal(keys_mark(keys, "parallel")->line, 3);
	assert_int_equal(keys_mark(keys, "any")->line, 1); /* not there: the map */

	struct keys lone = keys_of(&FORMAT, tree_of("next: /a\n"));
	assert_string_equal(keys_list(lone, "next", &n)->text.at, "/a");
	assert_int_equal(n, 1);
	struct keys stream = keys_of(&STREAM_MAP, tree_of("keeps: 30d\nsend: basic\n"));
	assert_int_equal(keys_choice(stream, "keeps"), -1);
	assert_true(keys_duration(stream, "keeps") == INT64_C(2592000000000));
	assert_int_equal(keys_choice(stream, "send"), 2);
	assert_int_equal(keys_form(stream, "keeps")->kind, FORM_DURATION);
}

/* What was found wrong does no harm to those who read on. */
static void wrong_values_read_as_not_given(void **state)
{
	(void)state;
	struct keys keys = keys_of(&FORMAT, tree_of("version: x\nquiet: [1]\nparallel: 900\n"
						    "step: x\nspool: 5\nnext: { a: b }\n"
						    "name: {x}\n"));
	size_t n;
	assert_true(keys_bool(keys, "quiet"));
	assert_int_equal(keys_int(keys, "parallel"), 4);
	assert_int_equal(keys_duration(keys, "step"), 90000000);
	assert_null(keys_map(keys, "spool").map);
	assert_null(keys_list(keys, "next", &n));
	assert_null(keys_text(keys, "name"));
	assert_int_equal(keys_choice(keys_of(&STREAM_MAP, tree_of("send: x")), "send"), 0);
	assert_null(keys_of(&FORMAT, tree_of("[1]")).map);
}

static void what_is_not_here_is_looked_for_beneath(void **state)
{
	(void)state;
	struct keys keys = keys_of(&STREAM_MAP, tree_of("path: /own\nerrors: []\n"));
	keys.beneath = tree_of("\n\npath: /beneath\nsend: json\nstep: 2d\n");
	assert_string_equal(keys_text(keys, "path"), "/own");
	assert_int_equal(keys_choice(keys, "send"), 1);
	assert_true(keys_duration(keys, "step") == INT64_C(172800000000));
	assert_int_equal(keys_mark(keys, "send")->line, 4);
	assert_null(keys_own(keys, "send"));
	keys.not_beneath = KEY_YOURS; /* step is such a key */
	assert_true(keys_duration(keys, "step") == INT64_C(86400000000));
	keys.map = tree_of("send: ~\n"); /* takes away what lies beneath */
	assert_int_equal(keys_choice(keys, "send"), 0);
	assert_false(keys_given(keys, "send"));
	assert_non_null(keys_own(keys, "send"));
}

/* --- printing --- */
static void the_grammar_has_a_row_for_every_key(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 1 << 20);
	assert_true(keys_grammar(&FORMAT, &out));
	const char *text = buf_text(&out);
	const char *const rows[] = {
		"| `version` | number: 1 | required | of this page |  |\n",
		"| `parallel` | number from 1 to 64 | `4` | at once |  |\n",
		"| `step` | duration | `90s` | a slice |  |\n",
		"| `next` | pointer or list of them |  | the next page |  |\n",
		"| `spool` | map |  | on disk |  |\n| `spool.dir` | text | `spool` | where |  |\n",
		"| `streams` | list of NAME or map: name to map: stream |  | what is read |  |\n",
		"\n**stream**\n\n| key | type | default | meaning | message when wrong |\n"
		"| --- | --- | --- | --- | --- |\n"
		"| `path` | T |  | appended \\| to base_url | path: expected to begin with / |\n",
		"| `columns` | map: name to `text` or `int` or map: column |  | what is kept |",
		"| `errors` | list of map: rule |  | what to do when |  |\n",
		"\n**rule**\n", "\n**column**\n",
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (strstr(text, rows[i]) == NULL)
			fail_msg("no \"%s\" in:\n%s", rows[i], text);
	}
	buf_done(&out);
}

static void the_schema_is_json_and_says_what_the_table_says(void **state)
{
	(void)state;
	struct err err = {.kind = ERR_NONE};
	struct buf out;
	buf_init(&out, 1 << 20);
	assert_true(keys_schema(&FORMAT, "a test", "of tables", false, &out));
	struct json_doc *doc = json_parse(buf_span(&out), &err);
	if (doc == NULL)
		fail_msg("%s\n%s", err.text, buf_text(&out));
	static const struct { const char *at, *is; } expected[] = {
		{"/title", "\"a test\""},
		{"/required", "[\"version\"]"},
		{"/additionalProperties", "false"},
		{"/properties/parallel", "{\"description\":\"at once\",\"type\":[\"integer\"],"
					 "\"minimum\":1,\"maximum\":64,\"default\":4}"},
		{"/properties/quiet/default", "true"},
		{"/properties/step/default", "\"90s\""},
		{"/properties/next/anyOf/1/type", "\"array\""},
		{"/properties/streams/anyOf/1/additionalProperties/anyOf/0/$ref",
		 "\"#/$defs/stream\""},
		{"/properties/streams/anyOf/1/additionalProperties/anyOf/1/type", "\"null\""},
		{"/$defs/stream/properties/send/enum", "[\"form\",\"json\",\"basic\",null]"},
		{"/$defs/stream/properties/errors/items/$ref", "\"#/$defs/rule\""},
		{"/$defs/column/required", "[\"type\"]"},
		{"/properties/any", "{\"description\":\"anything\"}"},
	};
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		struct pointer pointer;
		struct buf value;
		size_t cleaned = 0;
		buf_init(&value, 1 << 20);
		assert_true(pointer_parse(arena, span_of(expected[i].at), &pointer, &err));
		const struct json *json = json_point(json_root(doc), &pointer, false);
		if (json == NULL)
			fail_msg("no %s in:\n%s", expected[i].at, buf_text(&out));
		assert_true(json_write(&value, json, &cleaned));
		assert_string_equal(buf_text(&value), expected[i].is);
		buf_done(&value);
	}
	json_free(doc);
	buf_done(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, free_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_right_file_has_no_mistake),
		TEST(an_unknown_key_says_what_was_meant),
		TEST(a_required_key_is_missed),
		TEST(a_wrong_kind_says_what_was_expected),
		TEST(a_wrong_value_says_what_was_expected),
		TEST(a_type_by_another_name_is_recognised),
		TEST(a_pointer_that_is_none_shows_one),
		TEST(braces_without_quotes_are_told_at_the_value),
		TEST(a_secret_is_in_no_message),
		TEST(mistakes_come_in_file_order_once_and_at_most_twenty),
		TEST(absent_keys_read_as_their_defaults),
		TEST(given_keys_read_as_they_stand),
		TEST(wrong_values_read_as_not_given),
		TEST(what_is_not_here_is_looked_for_beneath),
		TEST(the_grammar_has_a_row_for_every_key),
		TEST(the_schema_is_json_and_says_what_the_table_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
