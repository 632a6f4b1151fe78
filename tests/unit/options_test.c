/* The command line: what is given where, what is refused and with which words, and that help,
 * manual and completions come out right. */
#include "cli/options.h"

#include "base/bounds.h"
#include "base/file.h"
#include "base/process.h"
#include "base/stamp.h"
#include "base/text.h"

#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct err err;
static struct parsed parsed;

/* --- help --- */

enum { WORDS_MAX = 16 };

/* Words end with NULL. */
static bool parse(const char *first, ...)
{
	static char *argv[WORDS_MAX + 2];
	static char name[] = "firn";
	int argc = 1;
	va_list args;
	options_done(&parsed);
	err = (struct err){0};
	argv[0] = name;
	va_start(args, first);
	for (const char *word = first; word != NULL; word = va_arg(args, const char *)) {
		assert_true(argc <= WORDS_MAX);
		argv[argc++] = (char *)(uintptr_t)word;
	}
	va_end(args);
	argv[argc] = NULL;
	return options_parse(argc, argv, &parsed, &err);
}

static void is_command(const char *name)
{
	if (err.kind != ERR_NONE)
		fail_msg("%s", err.text);
	assert_non_null(parsed.command);
	assert_string_equal(parsed.command->name, name);
}

#define PARSES(name, ...) \
	do { \
		(void)parse(__VA_ARGS__, NULL); \
		is_command(name); \
	} while (0)

#define REFUSES(message, ...) \
	do { \
		assert_false(parse(__VA_ARGS__, NULL)); \
		assert_int_equal(err.kind, ERR_USAGE); \
		assert_string_equal(err.text, message); \
	} while (0)

static int done(void **state)
{
	(void)state;
	options_done(&parsed);
	return 0;
}

/* --- what is given --- */

static void global_options_stand_before_or_after_the_command(void **state)
{
	(void)state;
	PARSES("run", "-c", "a.yaml", "-q", "run");
	assert_string_equal(option_text(&parsed, "config"), "a.yaml");
	assert_true(option_flag(&parsed, "quiet"));
	PARSES("run", "run", "-c", "a.yaml", "--quiet");
	assert_string_equal(option_text(&parsed, "config"), "a.yaml");
	assert_true(option_flag(&parsed, "quiet"));
	PARSES("run", "-c", "a", "run", "--config", "b"); /* the last one counts */
	assert_string_equal(option_text(&parsed, "config"), "b");
	assert_false(option_flag(&parsed, "verbose"));
	assert_null(option_text(&parsed, "streams"));
}

static void a_value_stands_behind_an_equals_sign_or_in_the_next_word(void **state)
{
	(void)state;
	PARSES("run", "run", "--config=a=b.yaml");
	assert_string_equal(option_text(&parsed, "config"), "a=b.yaml");
	PARSES("run", "run", "--config=");
	assert_string_equal(option_text(&parsed, "config"), "");
	PARSES("run", "-cx.yaml", "run");
	assert_string_equal(option_text(&parsed, "config"), "x.yaml");
	PARSES("run", "-c", "-q", "run"); /* a value may look like an option */
	assert_string_equal(option_text(&parsed, "config"), "-q");
	assert_false(option_flag(&parsed, "quiet"));
}

static void short_flags_go_together(void **state)
{
	(void)state;
	PARSES("run", "-qv", "run");
	assert_true(option_flag(&parsed, "quiet") && option_flag(&parsed, "verbose"));
	PARSES("reset", "reset", "-yqcx");
	assert_true(option_flag(&parsed, "yes") && option_flag(&parsed, "quiet"));
	assert_string_equal(option_text(&parsed, "config"), "x");
}

static void behind_two_dashes_everything_is_a_word(void **state)
{
	(void)state;
	PARSES("query", "query", "--", "--write");
	assert_int_equal(parsed.words_n, 1);
	assert_string_equal(parsed.words[0], "--write");
	assert_false(option_flag(&parsed, "write"));
	PARSES("query", "query", "-");
	assert_string_equal(parsed.words[0], "-");
}

/* What begins with a comment of SQL is SQL, however the comment is written. */
static void comments_of_sql_are_words(void **state)
{
	static const char *const texts[] = {
		"-- all of them\nSELECT 1", "--\nSELECT 1", "--\tx\nSELECT 1",
		"--all of them\nSELECT 1", "--all;\nSELECT 1", "--write it\nSELECT 1",
		"/* a */ SELECT 1",
	};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		PARSES("query", "query", "--format", "csv", texts[i], "--write");
		assert_string_equal(parsed.words[0], texts[i]);
		assert_true(option_flag(&parsed, "write"));
	}
}

static void each_kind_of_value_is_read(void **state)
{
	int64_t number = -1;
	(void)state;
	PARSES("initial-load", "initial-load", "--from", "2026-03-01", "--to=2026-03-02T10:00:00Z");
	assert_true(option_number(&parsed, "from", &number));
	assert_int_equal(number, INT64_C(1772323200) * STAMP_SECOND);
	assert_true(option_number(&parsed, "to", &number));
	assert_int_equal(number, INT64_C(1772445600) * STAMP_SECOND);
	assert_false(option_number(&parsed, "again", &number));
	PARSES("query", "query", "SELECT 1", "--format", "json");
	assert_true(option_number(&parsed, "format", &number));
	assert_int_equal(number, 2);
	PARSES("connectors", "connectors", "try", "x", "--pages", "3", "--set", "a=b,c", "--set",
	       "d=");
	assert_true(option_number(&parsed, "pages", &number));
	assert_int_equal(number, 3);
	size_t n;
	const char *const *pairs = option_names(&parsed, "set", &n);
	assert_int_equal(n, 2);
	assert_string_equal(pairs[0], "a=b,c"); /* a pair is not split */
	assert_string_equal(pairs[1], "d=");
}

static void names_are_split_at_commas_and_may_come_again(void **state)
{
	size_t n;
	(void)state;
	PARSES("run", "run", "--streams", "a, b,,c", "--streams=d");
	const char *const *names = option_names(&parsed, "streams", &n);
	assert_int_equal(n, 4);
	assert_string_equal(names[1], "b");
	assert_string_equal(names[3], "d");
	PARSES("run", "run");
	assert_null(option_names(&parsed, "streams", &n));
	assert_int_equal(n, 0);
}

static void without_a_command_there_is_none(void **state)
{
	(void)state;
	assert_true(parse("--version", NULL));
	assert_null(parsed.command);
	assert_true(option_flag(&parsed, "version"));
	assert_true(parse(NULL, NULL));
	assert_null(parsed.command);
}

/* --- what is refused --- */

static void what_is_unknown_is_named_with_the_nearest(void **state)
{
	(void)state;
	REFUSES("unknown command rum; did you mean run?", "rum");
	REFUSES("unknown command xyzzy; firn --help lists what there is", "xyzzy");
	REFUSES("unknown command inital-load; did you mean initial-load?", "inital-load");
	REFUSES("unknown option --qiet; did you mean --quiet?", "--qiet", "run");
	REFUSES("unknown option --stream; did you mean --streams?", "run", "--stream", "a");
	REFUSES("unknown option --forma; did you mean --format?", "query", "--forma=csv", "x");
	REFUSES("unknown option --xyzzy; firn --help lists what there is", "run", "--xyzzy=1");
	REFUSES("unknown option -x; firn --help lists what there is", "run", "-x");
	/* An option of another command, or in front of its own. */
	REFUSES("unknown option --again; firn --help lists what there is", "run", "--again");
	REFUSES("unknown option --streams; firn --help lists what there is", "--streams", "a",
		"run");
}

static void values_that_are_missing_or_wrong_say_what_was_expected(void **state)
{
	(void)state;
	REFUSES("--config needs a value: --config FILE", "run", "--config");
	REFUSES("--config needs a value: --config FILE", "run", "-c");
	REFUSES("--log-format needs a value: --log-format text|json", "run", "--log-format");
	REFUSES("--from needs a value: --from DATE", "initial-load", "--from");
	REFUSES("--quiet takes no value", "run", "--quiet=1");
	REFUSES("--format: expected table|csv|json|markdown, found xml", "query", "--format=xml");
	REFUSES("--format: expected table|csv|json|markdown, found cs", "query", "--format=cs");
	REFUSES("--from: expected a date such as 2026-11-23, found 1.2.2026", "initial-load",
		"--from", "1.2.2026");
	REFUSES("--pages: expected a whole number, found -1", "connectors", "--pages", "-1");
	REFUSES("--pages: expected a whole number, found 1e3", "connectors", "--pages", "1e3");
	REFUSES("--pages: expected a whole number, found ", "connectors", "--pages=");
	REFUSES("--streams: expected names such as A,B, found nothing", "run", "--streams", "");
	REFUSES("--streams: expected names such as A,B, found nothing", "reset", "--yes",
		"--streams=, ,");
	REFUSES("--set: expected NAME=VALUE, found a", "connectors", "--set", "a");
	REFUSES("--set: expected NAME=VALUE, found =a", "connectors", "--set", "=a");
	REFUSES("query: one word too many: b; firn query --help", "query", "a", "b");
	REFUSES("run: one word too many: all; firn run --help", "run", "all");
}

/* --- help, manual, completions --- */

static void check_help(const struct command *command)
{
	struct buf out;
	buf_init(&out, MIB);
	assert_true(options_help(command, &out));
	for (const char *at = buf_text(&out); *at != '\0';) {
		struct span line = {at, strcspn(at, "\n")};
		if (text_width(line) > 80)
			fail_msg("wider than a terminal: %.*s", SPAN_ARGS(line));
		if (line.size > 0 && line.at[line.size - 1] == ' ')
			fail_msg("a blank at the end of: %.*s", SPAN_ARGS(line));
		at += line.size + (at[line.size] == '\n');
	}
	assert_null(strstr(buf_text(&out), "(null)"));
	for (const struct option *o = command == NULL ? GLOBAL_OPTIONS : command->options;
	     o != NULL && o->name != NULL; o++)
		assert_non_null(strstr(buf_text(&out), o->name));
	buf_done(&out);
}

static void help_fits_a_terminal_and_names_every_option(void **state)
{
	(void)state;
	check_help(NULL);
	for (const struct command *c = COMMANDS; c->name != NULL; c++)
		check_help(c);
}

static void every_command_is_found_by_its_name(void **state)
{
	(void)state;
	for (const struct command *c = COMMANDS; c->name != NULL; c++) {
		assert_ptr_equal(command_find(c->name), c);
		assert_true(c->words_min <= c->words_max && c->run != NULL && c->help[0] != '\0');
	}
	assert_null(command_find("none"));
}

/* Runs a checker over a text; skipped where this machine has none. */
static void check_by(const char *const *argv, const char *text)
{
	struct scratch folder = scratch_make(__LINE__);
	struct scratch file = scratch_at(&folder, "text");
	const char *words[8] = {NULL};
	struct buf out;
	size_t n = 0;
	buf_init(&out, MIB);
	while (argv[n] != NULL) {
		words[n] = argv[n];
		n++;
	}
	words[n] = file.path;
	assert_true(file_replace(file.path, span_of(text), &err));
	bool fine = process_output(words, 20000, &out, &err);
	scratch_remove(&folder);
	if (!fine && strstr(err.text, "No such file") != NULL) {
		print_message("%s is not installed\n", argv[0]);
		buf_done(&out);
		skip();
	}
	if (!fine || out.size > 0)
		fail_msg("%s: %s%s", argv[0], fine ? "" : err.text, buf_text(&out));
	buf_done(&out);
}

static void the_manual_page_is_without_fault(void **state)
{
	static const char *const argv[] = {"mandoc", "-Tlint", "-Wstyle", NULL};
	struct buf out;
	(void)state;
	buf_init(&out, MIB);
	assert_true(options_manual(&out));
	for (const struct command *c = COMMANDS; c->name != NULL; c++)
		assert_non_null(strstr(buf_text(&out), c->name));
	check_by(argv, buf_text(&out));
	buf_done(&out);
}

static void check_completion(const char *shell, const char *const *argv)
{
	struct buf out;
	buf_init(&out, MIB);
	assert_true(options_completion(shell, &out));
	for (const struct command *c = COMMANDS; c->name != NULL; c++)
		assert_non_null(strstr(buf_text(&out), c->name));
	check_by(argv, buf_text(&out));
	buf_done(&out);
}

static void completions_for_bash_parse(void **state)
{
	static const char *const argv[] = {"bash", "-n", NULL};
	(void)state;
	check_completion("bash", argv);
}

static void completions_for_zsh_parse(void **state)
{
	static const char *const argv[] = {"zsh", "-n", NULL};
	(void)state;
	check_completion("zsh", argv);
}

static void completions_for_fish_parse(void **state)
{
	static const char *const argv[] = {"fish", "-n", NULL};
	(void)state;
	check_completion("fish", argv);
}

#define TEST(name) cmocka_unit_test_teardown(name, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(global_options_stand_before_or_after_the_command),
		TEST(a_value_stands_behind_an_equals_sign_or_in_the_next_word),
		TEST(short_flags_go_together),
		TEST(behind_two_dashes_everything_is_a_word),
		TEST(comments_of_sql_are_words),
		TEST(each_kind_of_value_is_read),
		TEST(names_are_split_at_commas_and_may_come_again),
		TEST(without_a_command_there_is_none),
		TEST(what_is_unknown_is_named_with_the_nearest),
		TEST(values_that_are_missing_or_wrong_say_what_was_expected),
		TEST(help_fits_a_terminal_and_names_every_option),
		TEST(every_command_is_found_by_its_name),
		TEST(the_manual_page_is_without_fault),
		TEST(completions_for_bash_parse),
		TEST(completions_for_zsh_parse),
		TEST(completions_for_fish_parse),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
