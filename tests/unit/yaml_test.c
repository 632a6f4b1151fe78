/* The tree out of a YAML text: kinds, marks and quotes as written; all that a configuration may
 * not hold refused with its exact line and column. */
#include "base/bounds.h"
#include "config/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

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

static const struct yaml *read_span(struct span text)
{
	struct err err = {.kind = ERR_NONE};
	struct yaml *root = NULL;
	if (!yaml_read(arena, text, "f.yaml", &root, &err))
		fail_msg("%s", err.text);
	assert_int_equal(err.kind, ERR_NONE);
	return root;
}

static const struct yaml *read(const char *text)
{
	return read_span(span_of(text));
}

static void refused_span(struct span text, const char *message)
{
	struct err err = {.kind = ERR_NONE};
	struct yaml *root = NULL;
	if (yaml_read(arena, text, "f.yaml", &root, &err))
		fail_msg("taken: %.*s", SPAN_ARGS(text));
	assert_string_equal(err.text, message);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_null(root);
}

static void refused(const char *text, const char *message)
{
	refused_span(span_of(text), message);
}

static void stands(const struct yaml *node, int line, int column)
{
	assert_non_null(node);
	assert_int_equal(node->line, line);
	assert_int_equal(node->column, column);
}

static void a_node_knows_its_first_byte(void **state)
{
	(void)state;
	const struct yaml *root = read("# head\na: 1\nb:\n  - x\n  - { y: 'z' }\nc: |\n  text\n");
	assert_int_equal(root->kind, YAML_MAP);
	stands(root, 2, 1);
	assert_int_equal(root->n, 3);
	stands(&root->names[1], 3, 1);
	stands(yaml_member(root, "a"), 2, 4);
	const struct yaml *b = yaml_member(root, "b");
	assert_int_equal(b->kind, YAML_LIST);
	stands(b, 4, 3);
	stands(&b->children[0], 4, 5);
	stands(&b->children[1], 5, 5);
	stands(yaml_member(&b->children[1], "y"), 5, 10);
	stands(yaml_member(root, "c"), 6, 4);
	assert_null(yaml_member(root, "d"));
	assert_null(yaml_member(b, "a"));
	assert_null(yaml_member(NULL, "a"));
}

/* Columns are characters, as editors count them. */
static void columns_count_characters(void **state)
{
	(void)state;
	stands(yaml_member(read("{ ä: \"\xF0\x9F\x98\x80\", b: c }"), "b"), 1, 14);
	stands(yaml_member(read("\xEF\xBB\xBFk: v\n"), "k"), 1, 4); /* the mark of UTF-8 is none */
	refused("ä: \"ö\"\nö: &x y\n", "f.yaml:2:4: anchors (&name) are not known here");
}

static void quoted_is_told_from_plain(void **state)
{
	(void)state;
	const struct yaml *list = read("[5, '5', \"5\", a b]")->children;
	const struct yaml *block = yaml_member(read("b: |\n  5\n"), "b");
	assert_false(list[0].quoted);
	assert_true(list[1].quoted && list[2].quoted && block->quoted);
	assert_string_equal(list[3].text.at, "a b");
	assert_string_equal(block->text.at, "5\n");
}

static enum yaml_plain kind_of(const char *text)
{
	return yaml_plain_kind(&read(text)->children[0]);
}

static void only_json_numbers_and_words_are_more_than_text(void **state)
{
	(void)state;
	const char *const numbers[] = {"[0]", "[-1]", "[10.50]", "[1e9]", "[-0.1E-2]", "[1E+2]"};
	const char *const texts[] = {"[yes]", "[no]", "[on]", "[True]", "[0x10]", "[010]", "[+1]",
				     "[.5]", "[5.]", "[1_000]", "[2026-11-23]", "[.inf]", "[-]",
				     "[1e]", "['1']", "[\"true\"]", "['~']", "[1.2.3]", "[NULL]"};
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		assert_int_equal(kind_of(numbers[i]), YAML_NUMBER);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_int_equal(kind_of(texts[i]), YAML_TEXT);
	assert_int_equal(kind_of("[true]"), YAML_BOOL);
	assert_int_equal(kind_of("[false]"), YAML_BOOL);
	assert_int_equal(kind_of("[null]"), YAML_NULL);
	assert_int_equal(kind_of("[~]"), YAML_NULL);
	assert_int_equal(yaml_plain_kind(yaml_member(read("a:\nb: 1"), "a")), YAML_NULL);
	assert_int_equal(yaml_plain_kind(read("[]")), YAML_TEXT);
}

static void an_empty_file_is_an_empty_map(void **state)
{
	(void)state;
	const char *const texts[] = {"", "\n", "# nothing\n", "\xEF\xBB\xBF"};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const struct yaml *root = read(texts[i]);
		assert_int_equal(root->kind, YAML_MAP);
		assert_int_equal(root->n, 0);
		stands(root, 1, 1);
	}
	/* A document that is there and says nothing is a scalar: its reader expects a map. */
	assert_int_equal(read("---\n")->kind, YAML_SCALAR);
}

static void many_children_keep_their_order(void **state)
{
	(void)state;
	char text[8192];
	size_t n = 0;
	for (int i = 0; i < 500; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "k%03d: %d\n", 499 - i, i);
	const struct yaml *root = read(text);
	assert_int_equal(root->n, 500);
	for (int i = 0; i < 500; i++) {
		stands(&root->names[i], i + 1, 1);
		assert_int_equal(strtol(root->children[i].text.at, NULL, 10), i);
	}
}

static void what_yaml_has_and_a_configuration_not_is_refused(void **state)
{
	(void)state;
	refused("a: &x 1\nb: 2\n", "f.yaml:1:4: anchors (&name) are not known here");
	refused("a: 1\nb: *x\n", "f.yaml:2:4: aliases (*name) are not known here");
	refused("a: { *x : 1 }\n", "f.yaml:1:6: aliases (*name) are not known here");
	refused("a: &x {}\n", "f.yaml:1:4: anchors (&name) are not known here");
	refused("a:\n  - &x [1]\n", "f.yaml:2:5: anchors (&name) are not known here");
	refused("&k a: 1\n", "f.yaml:1:1: anchors (&name) are not known here");
	refused("a:\n  <<: { b: 1 }\n", "f.yaml:2:3: merge keys (<<) are not known here");
	refused("a: !!str 5\n", "f.yaml:1:4: tags (!name) are not known here");
	refused("a: !x [1]\n", "f.yaml:1:4: tags (!name) are not known here");
	refused("a:\n  ! {}\n", "f.yaml:2:3: tags (!name) are not known here");
	refused("%TAG ! tag:x,2026:\n---\na: 1\n", "f.yaml:1:1: tags (%TAG) are not known here");
	refused("a: 1\n---\nb: 2\n",
		"f.yaml:2:1: a second document (---) begins here; expected one");
	refused("? [a, b]\n: 1\n", "f.yaml:1:3: a key must be plain text; a value that begins with "
				   "{ or [ must be quoted");
	assert_int_equal(read("%YAML 1.1\n---\n'<<': 1\n...\n")->n, 1);
}

static void a_key_given_twice_is_refused_at_its_second_place(void **state)
{
	(void)state;
	refused("a: 1\nb: 2\nc: 3\nb: 4\na: 5\n",
		"f.yaml:4:1: \"b\" is given twice, first in line 2");
	refused("x: { k: 1, \"k\": 2 }\n", "f.yaml:1:12: \"k\" is given twice, first in line 1");
	refused("\"a\\e[31m\": 1\n\"a\\e[31m\": 1\n",
		"f.yaml:2:1: \"a?[31m\" is given twice, first in line 1");
	assert_int_equal(read("a: 1\nA: 2\naa: 3\n")->n, 3);
}

static void bytes_that_are_no_text_are_refused_where_they_stand(void **state)
{
	(void)state;
	refused("a: 1\nb: \xFF\n", "f.yaml:2:4: these bytes are not UTF-8");
	refused("a: ä\xC3\n", "f.yaml:1:5: these bytes are not UTF-8");
	refused("a: \xED\xA0\x80\n", "f.yaml:1:4: these bytes are not UTF-8");
	refused("a: x\ny: \x01\n", "f.yaml:2:4: a control character is not allowed");
	refused_span((struct span){"a: \0b\n", 6},
		     "f.yaml:1:4: a control character is not allowed");
	refused("a: \"x\\0y\"\n", "f.yaml:1:4: a NUL character is not allowed");
	refused_span((struct span){"\xFF\xFE" "a\0", 4}, "f.yaml:1:1: these bytes are not UTF-8");
}

static void broken_yaml_says_what_and_where(void **state)
{
	(void)state;
	refused("a: [1, 2\nb: 3\n", "f.yaml:2:2: not valid YAML: did not find expected ',' or ']' "
				    "(while parsing a flow sequence that began in line 1)");
	refused("a: b: c\n", "f.yaml:1:5: not valid YAML: mapping values are not allowed in this "
			     "context");
	refused("a:\n\tb: 1\n", "f.yaml:2:1: a tab cannot indent; use blanks");
	refused("a: @x\n", "f.yaml:1:4: a value that begins with @ must be quoted");
	refused("a: \"x\n", "f.yaml:2:1: not valid YAML: found unexpected end of stream (while "
			    "scanning a quoted scalar that began in line 1)");
	refused("a: \"\\ud800\"\n", "f.yaml:1:7: not valid YAML: found invalid Unicode character "
				    "escape code");
}

/* The commonest mistake of a connector file: {scope.name} is a map to YAML. */
static void braces_that_are_not_quoted_are_recognised(void **state)
{
	(void)state;
	refused("path: {item.owner}/issues\n",
		"f.yaml:1:7: a value that begins with { must be quoted: \"{item.owner}...\"");
	refused("a: { b: 1,\n  c: {item.x}{item.y} }\n",
		"f.yaml:2:6: a value that begins with { must be quoted: \"{item.x}...\"");
	refused("a: { value: Bearer {auth.token} }\n",
		"f.yaml:1:20: inside { } a value that holds { must be quoted");
	refused("a: {{x}}\n", "f.yaml:1:5: a key must be plain text; a value that begins with { or "
			      "[ must be quoted");
}

static void too_deep_too_long_too_many_is_refused(void **state)
{
	(void)state;
	read("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"); /* sixteen */
	refused("[[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]]",
		"f.yaml:1:17: more than 16 levels inside each other");
	size_t size = CONFIG_BYTES_MAX + 1;
	char *text = malloc(size);
	assert_non_null(text);
	memset(text, '#', size);
	assert_int_equal(read_span((struct span){text, size - 1})->n, 0);
	refused_span((struct span){text, size}, "f.yaml:1:1: more than 1 MiB");
	for (size_t i = 1; i + 1 < size; i += 2)
		memcpy(text + i, "a,", 2);
	text[0] = '[';
	refused_span((struct span){text, size - 1}, "f.yaml:1:400000: more than 200000 values");
	free(text);
}

static void a_message_shows_no_control_character(void **state)
{
	(void)state;
	char out[YAML_SHOWN_BYTES];
	assert_string_equal(yaml_shown(SPAN("a\x1b[1m\x7f\n\xC2\x9B" "b"), out), "a?[1m???b");
	char text[200];
	memset(text, 'x', sizeof text);
	assert_int_equal(strlen(yaml_shown((struct span){text, 72}, out)), 72);
	assert_null(strchr(out, '.'));
	assert_int_equal(strlen(yaml_shown((struct span){text, 100}, out)), 76);
	memset(text, '\x80', sizeof text); /* not UTF-8: still inside its room */
	assert_true(strlen(yaml_shown((struct span){text, 200}, out)) < YAML_SHOWN_BYTES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, free_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_node_knows_its_first_byte),
		TEST(columns_count_characters),
		TEST(quoted_is_told_from_plain),
		TEST(only_json_numbers_and_words_are_more_than_text),
		TEST(an_empty_file_is_an_empty_map),
		TEST(many_children_keep_their_order),
		TEST(what_yaml_has_and_a_configuration_not_is_refused),
		TEST(a_key_given_twice_is_refused_at_its_second_place),
		TEST(bytes_that_are_no_text_are_refused_where_they_stand),
		TEST(broken_yaml_says_what_and_where),
		TEST(braces_that_are_not_quoted_are_recognised),
		TEST(too_deep_too_long_too_many_is_refused),
		TEST(a_message_shows_no_control_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
