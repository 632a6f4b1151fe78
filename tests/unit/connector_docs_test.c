/* docs/CONNECTORS.md says what the program does: its grammar is the table's, its examples are
 * accepted, and every message that it shows is one that a test has seen. */
#include "base/bounds.h"
#include "base/file.h"
#include "connector/connector.h"
#include "connector/grammar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void load(const char *path, struct buf *ret)
{
	struct err err;
	buf_init(ret, CONFIG_BYTES_MAX);
	if (!file_read(path, ret, &err))
		fail_msg("%s", err.text);
}

/* What stands behind `begin` and before the next `end`; *at moves behind it. at NULL: none. */
static struct span between(const char **at, const char *begin, const char *end)
{
	const char *from = strstr(*at, begin);
	if (from == NULL)
		return (struct span){NULL, 0};
	from += strlen(begin);
	const char *until = strstr(from, end);
	assert_non_null(until);
	*at = until + strlen(end);
	return (struct span){from, (size_t)(until - from)};
}

/* After a change of the table: firn connectors schema --grammar prints it. */
static void the_grammar_in_the_manual_is_the_table(void **state)
{
	(void)state;
	struct buf manual, grammar;
	load("docs/CONNECTORS.md", &manual);
	buf_init(&grammar, 1 << 20);
	assert_true(connector_grammar(&grammar));
	const char *at = buf_text(&manual);
	struct span shown = between(&at, "<!-- grammar -->\n", "<!-- end of grammar -->");
	assert_non_null(shown.at);
	if (!span_equal(shown, buf_span(&grammar)))
		fail_msg("docs/CONNECTORS.md: between the marks should stand:\n%s",
			 buf_text(&grammar));
	buf_done(&manual);
	buf_done(&grammar);
}

/* What an example leaves out is as in the manual's first connector. */
static void accepts(struct span example, int number)
{
	struct connector *connector = NULL;
	struct err err;
	struct buf text;
	buf_init(&text, 1 << 20);
	buf_add_span(&text, example);
	if (strstr(buf_text(&text), "format: 1") == NULL)
		buf_add_text(&text, "format: 1\nconnector: shop\n");
	if (strstr(buf_text(&text), "base_url: https://api") == NULL &&
	    strstr(buf_text(&text), "\nbase_url:") == NULL &&
	    !span_starts(example, SPAN("base_url:")))
		buf_add_text(&text, "base_url: https://api.shop.example/v2\n");
	if (strstr(buf_text(&text), "streams:") == NULL)
		buf_add_text(&text, "streams: { s: { path: /s, paging: none, key: ID, columns: { "
				    "ID: text } } }\n");
	if (!connector_parse(&connector, buf_span(&text), "example", NULL, &err))
		fail_msg("example %d: %s in:\n%s", number, err.text, buf_text(&text));
	connector_free(connector);
	buf_done(&text);
}

static void the_examples_of_the_manual_are_accepted(void **state)
{
	(void)state;
	struct buf manual;
	int n = 0;
	load("docs/CONNECTORS.md", &manual);
	const char *at = buf_text(&manual);
	for (;;) {
		struct span example = between(&at, "\n```yaml\n", "\n```\n");
		if (example.at == NULL)
			break;
		example.size++; /* its last line's end */
		accepts(example, ++n);
	}
	assert_true(n >= 12);
	buf_done(&manual);
}

/* The strings of the tests' sources, put together as the compiler does. */
static void load_strings(const char *path, struct buf *out)
{
	struct buf text;
	load(path, &text);
	bool inside = false;
	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];
		if (c == '"')
			inside = !inside;
		else if (inside && c == '\\')
			buf_add_char(out, text.data[++i]);
		else if (inside)
			buf_add_char(out, c);
	}
	buf_add_char(out, '\n');
	buf_done(&text);
}

static void has_all(const struct form *form, const struct buf *strings, size_t *n)
{
	for (const struct key *key = form->keys; key != NULL && key->name != NULL; key++) {
		struct span rest = span_of(key->wrong == NULL ? "" : key->wrong);
		while (rest.size > 0) {
			const char *dot = strstr(rest.at, " · ");
			struct span one = {rest.at, dot == NULL ? rest.size
								: (size_t)(dot - rest.at)};
			rest = dot == NULL ? (struct span){"", 0} : span_of(dot + strlen(" · "));
			if (span_starts(one, SPAN("in a run: ")))
				continue; /* the engine's tests have those */
			if (span_starts(one, SPAN("in firn.yaml: source.auth: ")))
				one = span_from(one, strlen("in firn.yaml: source.auth: "));
			else if (span_starts(one, SPAN("in firn.yaml: ")))
				one = span_from(one, strlen("in firn.yaml: "));
			char message[200];
			snprintf(message, sizeof message, "%.*s", SPAN_ARGS(one));
			if (strstr(buf_text(strings), message) == NULL)
				fail_msg("no test of: %s", message);
			(*n)++;
		}
		if (key->form->kind == FORM_MAP && key->form->title == NULL)
			has_all(key->form, strings, n);
		for (size_t i = 0; key->form->kind == FORM_EITHER && key->form->any[i] != NULL; i++)
			has_all(key->form->any[i], strings, n);
	}
}

static void every_message_of_the_manual_is_in_a_test(void **state)
{
	(void)state;
	static const char *const TESTS[] = {
		"tests/unit/connector_keys_test.c", "tests/unit/connector_stream_test.c",
		"tests/unit/connector_table_test.c", "tests/unit/connector_rules_test.c",
		"tests/unit/settings_test.c",
	};
	static const struct form *const FORMS[] = {&CONNECTOR_FORM, &STREAM_FORM, &SETTING_FORM,
						   &COLUMN_FORM, &ERROR_FORM};
	struct buf strings;
	size_t n = 0;
	buf_init(&strings, 16 * MIB);
	for (size_t i = 0; i < sizeof TESTS / sizeof TESTS[0]; i++)
		load_strings(TESTS[i], &strings);
	for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
		has_all(FORMS[i], &strings, &n);
		for (size_t k = 0; FORMS[i]->kind == FORM_EITHER && FORMS[i]->any[k] != NULL; k++)
			has_all(FORMS[i]->any[k], &strings, &n);
	}
	assert_true(n > 30);
	buf_done(&strings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_grammar_in_the_manual_is_the_table),
		cmocka_unit_test(the_examples_of_the_manual_are_accepted),
		cmocka_unit_test(every_message_of_the_manual_is_in_a_test),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
