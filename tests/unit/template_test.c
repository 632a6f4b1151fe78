/* Text with {scope.name} in it: parsed once, filled in for each place as that place needs it. */
#include "connector/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

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

/* Values by name; a name that is not here has none. */
static void find(void *user, enum slot_scope scope, struct span name, struct value *ret)
{
	static const struct {
		const char *name;
		enum value_kind kind;
		const char *text;
	} VALUES[] = {
		{"text", VALUE_TEXT, "a b/ä&\"{}"}, {"number", VALUE_NUMBER, "1.50"},
		{"bool", VALUE_BOOL, "true"}, {"null", VALUE_NULL, ""}, {"empty", VALUE_TEXT, ""},
		{"host", VALUE_TEXT, "eu-1.example"}, {"line", VALUE_TEXT, "a\r\nX: y"},
		{"del", VALUE_TEXT, "a\x7f"}, {"dot", VALUE_TEXT, "."}, {"dots", VALUE_TEXT, ".."},
		{"dots3", VALUE_TEXT, "..."}, {"url", VALUE_TEXT, "https://x.y:8/z"},
	};
	(void)user;
	assert_int_equal(scope, SLOT_SETTINGS);
	*ret = (struct value){VALUE_ABSENT, {"", 0}};
	for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++) {
		if (span_is(name, VALUES[i].name))
			*ret = (struct value){VALUES[i].kind, span_of(VALUES[i].text)};
	}
}

static const struct template_scope SCOPE = {find, NULL};

static struct template parse(const char *text)
{
	struct template template;
	struct err err = {.kind = ERR_NONE};
	if (!template_parse(arena, span_of(text), &template, &err))
		fail_msg("%s", err.text);
	return template;
}

static void refused(const char *text, const char *message)
{
	struct template template;
	struct err err = {.kind = ERR_NONE};
	if (template_parse(arena, span_of(text), &template, &err))
		fail_msg("taken: %s", text);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, message);
}

/* What stands behind what was there; NULL: absent, and nothing was appended. */
static void fills(const char *text, enum template_place place, const char *expected)
{
	struct template template = parse(text);
	struct err err = {.kind = ERR_NONE};
	struct buf out;
	bool absent = true;
	buf_init(&out, 1000);
	buf_add_text(&out, "<");
	if (!template_fill(&template, place, SCOPE, &out, &absent, &err))
		fail_msg("%s", err.text);
	assert_int_equal(absent, expected == NULL);
	assert_string_equal(buf_text(&out) + 1, expected == NULL ? "" : expected);
	assert_int_equal(err.kind, ERR_NONE);
	buf_done(&out);
}

static void fails(const char *text, enum template_place place, const char *message)
{
	struct template template = parse(text);
	struct err err = {.kind = ERR_NONE};
	struct buf out;
	bool absent;
	buf_init(&out, 1000);
	buf_add_text(&out, "<");
	assert_false(template_fill(&template, place, SCOPE, &out, &absent, &err));
	assert_string_equal(buf_text(&out), "<");
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, message);
	buf_done(&out);
}

static void slots_and_text_are_told_apart(void **state)
{
	(void)state;
	struct template template = parse("a{window.from}{item.x-Y_1}b");
	assert_int_equal(template.n, 4);
	assert_int_equal(template.parts[0].scope, SLOT_LITERAL);
	assert_int_equal(template.parts[1].scope, SLOT_WINDOW);
	assert_int_equal(template.parts[2].scope, SLOT_ITEM);
	assert_true(span_is(template.parts[2].text, "x-Y_1"));
	assert_true(template_has(&template, SLOT_WINDOW, NULL));
	assert_true(template_has(&template, SLOT_WINDOW, "from"));
	assert_false(template_has(&template, SLOT_WINDOW, "until"));
	assert_false(template_has(&template, SLOT_AUTH, NULL));
	assert_int_equal(parse("").n, 0);
	assert_int_equal(parse("plain").literal, VALUE_TEXT);
}

static void a_template_shows_as_it_was_written(void **state)
{
	(void)state;
	static const char *const TEXTS[] = {"", "a", "{{a}}", "x{run.started_at}y{{{auth.key}}}",
					    "{settings.a}{parent.B}{paging.page}"};
	for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
		struct template template = parse(TEXTS[i]);
		struct buf out;
		buf_init(&out, 1000);
		assert_true(template_show(&template, &out));
		assert_string_equal(buf_text(&out), TEXTS[i]);
		buf_done(&out);
	}
}

static void every_scope_has_its_name(void **state)
{
	(void)state;
	static const char *const NAMES[] = {"", "settings", "item", "parent", "window", "paging",
					    "run", "auth"};
	for (int scope = SLOT_LITERAL; scope <= SLOT_AUTH; scope++)
		assert_string_equal(slot_scope_name((enum slot_scope)scope), NAMES[scope]);
}

static void what_no_slot_can_be_is_refused(void **state)
{
	(void)state;
	refused("{window.form}", "{window.form}: window has from, until, last; did you mean from?");
	refused("{window.x}", "{window.x}: window has from, until, last");
	refused("{paging.tokn}",
		"{paging.tokn}: paging has token, offset, page; did you mean token?");
	refused("{run.started}",
		"{run.started}: run has started_at, fetched_at; did you mean started_at?");
	refused("{auth.tokens}",
		"{auth.tokens}: auth has token, user, password, key; did you mean token?");
	refused("{windw.from}", "{windw.from}: no scope \"windw\"; did you mean window?");
	refused("{\"a\":1}", "{\"a\":1}: expected {scope.name} with a scope of settings, item, "
			     "parent, window, paging, run, auth; a brace of its own is written "
			     "{{ or "
			     "}}");
	refused("{}", "{}: expected {scope.name} with a scope of settings, item, parent, window, "
		      "paging, run, auth; a brace of its own is written {{ or }}");
	refused("{settings.a b}", "{settings.a b}: expected a name of letters, digits, _ or - "
				  "behind "
				  "the dot");
	refused("{item}", "{item}: expected a name of letters, digits, _ or - behind the dot");
	refused("a{", "a { has no }; a brace of its own is written {{");
	refused("a}", "a } has no {; a brace of its own is written }}");
	refused("{settings.a}}", "a } has no {; a brace of its own is written }}");
	refused("{\x1b[1m.x}", "{?[1m.x}: expected {scope.name} with a scope of settings, item, "
			       "parent, window, paging, run, auth; a brace of its own is written "
			       "{{ "
			       "or }}");
}

static void a_plain_place_takes_values_as_they_are(void **state)
{
	(void)state;
	fills("x{settings.text}{{}}", PLACE_PLAIN, "xa b/ä&\"{}{}");
	fills("{settings.number}", PLACE_PLAIN, "1.50");
	fills("{settings.empty}", PLACE_PLAIN, "");
	fills("", PLACE_PLAIN, "");
}

/* A value can neither add a segment, nor leave the path, nor lead to another one. */
static void a_path_keeps_values_inside_their_segment(void **state)
{
	(void)state;
	fills("/a%20b/$count/{settings.text}", PLACE_PATH,
	      "/a%20b/$count/a%20b%2F%C3%A4%26%22%7B%7D");
	fills("/{settings.dots3}", PLACE_PATH, "/...");
	fails("/{settings.none}/x", PLACE_PATH, "{settings.none} has no value; a path needs it");
	fails("/{settings.null}", PLACE_PATH, "{settings.null} has no value; a path needs it");
	fails("/{settings.empty}/x", PLACE_PATH, "{settings.empty} is empty; a path needs it");
	fails("/{settings.dot}", PLACE_PATH, "{settings.dot} is . or .., which a path cannot hold");
	fails("/{settings.dots}/x", PLACE_PATH,
	      "{settings.dots} is . or .., which a path cannot hold");
}

static void a_query_is_percent_encoded_as_a_whole(void **state)
{
	(void)state;
	fills("a ge '{settings.number}' and +{settings.text}", PLACE_QUERY,
	      "a%20ge%20%271.50%27%20and%20%2Ba%20b%2F%C3%A4%26%22%7B%7D");
}

static void a_header_takes_no_control_character(void **state)
{
	(void)state;
	fills("Bearer {settings.text}", PLACE_HEADER, "Bearer a b/ä&\"{}");
	fails("x {settings.line}", PLACE_HEADER,
	      "{settings.line} holds a control character, which a header cannot");
	fails("{settings.del}", PLACE_HEADER,
	      "{settings.del} holds a control character, which a header cannot");
}

/* {settings.subdomain} must not turn https://{…}.zendesk.com into another host. */
static void a_host_takes_letters_digits_dots_and_dashes(void **state)
{
	(void)state;
	fills("https://{settings.host}.com/v1", PLACE_HOST, "https://eu-1.example.com/v1");
	fills("{settings.url}", PLACE_HOST, "https://x.y:8/z"); /* the whole of it */
	fails("https://{settings.text}", PLACE_HOST,
	      "{settings.text} may hold letters, digits, . and - only");
	fails("https://{settings.url}/x", PLACE_HOST,
	      "{settings.url} may hold letters, digits, . and - only");
	fails("https://{settings.empty}.x", PLACE_HOST,
	      "{settings.empty} may hold letters, digits, . and - only");
}

static void without_a_value_all_of_it_is_left_out(void **state)
{
	(void)state;
	static const enum template_place PLACES[] = {PLACE_PLAIN, PLACE_QUERY, PLACE_HEADER,
						     PLACE_HOST};
	for (size_t i = 0; i < sizeof PLACES / sizeof PLACES[0]; i++) {
		fills("a{settings.host}{settings.none}b", PLACES[i], NULL);
		fills("{settings.null}", PLACES[i], NULL);
	}
}

static void value_is(struct template template, enum value_kind kind, const char *text)
{
	struct err err = {.kind = ERR_NONE};
	struct value value;
	struct buf out;
	buf_init(&out, 1000);
	buf_add_text(&out, "before");
	if (!template_value(&template, SCOPE, &out, &value, &err))
		fail_msg("%s", err.text);
	assert_int_equal(value.kind, kind);
	assert_true(span_is(value.text, text));
	buf_done(&out);
}

static void a_slot_alone_keeps_its_kind(void **state)
{
	(void)state;
	value_is(parse("{settings.number}"), VALUE_NUMBER, "1.50");
	value_is(parse("{settings.bool}"), VALUE_BOOL, "true");
	value_is(parse("{settings.null}"), VALUE_NULL, "");
	value_is(parse("{settings.text}"), VALUE_TEXT, "a b/ä&\"{}");
	value_is(parse("{settings.none}"), VALUE_ABSENT, "");
	value_is(parse("{settings.number} m"), VALUE_TEXT, "1.50 m");
	value_is(parse("x{settings.none}"), VALUE_ABSENT, "");
}

static void a_bare_scalar_keeps_its_kind(void **state)
{
	(void)state;
	struct template number = parse("007"), null = parse("~");
	number.literal = VALUE_NUMBER;
	null.literal = VALUE_NULL;
	value_is(number, VALUE_NUMBER, "007"); /* digit for digit */
	value_is(null, VALUE_NULL, "~");
	value_is(parse("5"), VALUE_TEXT, "5"); /* quoted in the file */
	value_is(parse(""), VALUE_TEXT, "");
	value_is(parse("{{}}"), VALUE_TEXT, "{}");
}

static void a_full_buffer_is_told(void **state)
{
	(void)state;
	struct template template = parse("0123456789{settings.text}");
	struct err err = {.kind = ERR_NONE};
	struct value value;
	struct buf out;
	bool absent;
	buf_init(&out, 12);
	assert_false(template_fill(&template, PLACE_PLAIN, SCOPE, &out, &absent, &err));
	assert_int_equal(err.kind, ERR_MEMORY);
	buf_clear(&out);
	assert_false(template_value(&template, SCOPE, &out, &value, &err));
	buf_done(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, free_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(slots_and_text_are_told_apart),
		TEST(a_template_shows_as_it_was_written),
		TEST(every_scope_has_its_name),
		TEST(what_no_slot_can_be_is_refused),
		TEST(a_plain_place_takes_values_as_they_are),
		TEST(a_path_keeps_values_inside_their_segment),
		TEST(a_query_is_percent_encoded_as_a_whole),
		TEST(a_header_takes_no_control_character),
		TEST(a_host_takes_letters_digits_dots_and_dashes),
		TEST(without_a_value_all_of_it_is_left_out),
		TEST(a_slot_alone_keeps_its_kind),
		TEST(a_bare_scalar_keeps_its_kind),
		TEST(a_full_buffer_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
