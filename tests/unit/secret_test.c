/* Secrets: where they come from, that they can be read again, and that nothing shows them. */
#include "config/secret.h"

#include "base/bounds.h"
#include "base/file.h"
#include "base/thread.h"

#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct err err;

/* --- help --- */

struct desk {
	struct scratch folder;
	struct secrets *secrets;
	struct buf out;
};

static int begin(void **state)
{
	static struct desk desk;
	desk.folder = scratch_make(__LINE__);
	buf_init(&desk.out, 4 * (size_t)CONFIG_BYTES_MAX);
	*state = &desk;
	return secrets_new(&desk.secrets, desk.folder.path, &err) ? 0 : 1;
}

static int end(void **state)
{
	struct desk *desk = *state;
	secrets_free(desk->secrets);
	buf_done(&desk->out);
	scratch_remove(&desk->folder);
	return 0;
}

static void put_file(struct desk *desk, const char *name, const char *text)
{
	struct scratch path = scratch_at(&desk->folder, name);
	if (!file_replace(path.path, span_of(text), &err))
		fail_msg("%s", err.text);
}

static const char *expand(struct desk *desk, const char *text, bool *ret_reference)
{
	err = (struct err){0};
	buf_clear(&desk->out);
	if (!secrets_expand(desk->secrets, span_of(text), &desk->out, ret_reference, &err))
		return NULL;
	return buf_text(&desk->out);
}

static void expands(struct desk *desk, const char *text, const char *to)
{
	bool reference;
	const char *found = expand(desk, text, &reference);
	if (found == NULL)
		fail_msg("%s", err.text);
	assert_string_equal(found, to);
}

static void refuses(struct desk *desk, const char *text, const char *words)
{
	bool reference;
	assert_null(expand(desk, text, &reference));
	assert_int_equal(err.kind, ERR_USAGE);
	if (strstr(err.text, words) == NULL)
		fail_msg("%s", err.text);
}

static struct secret *add(struct desk *desk, const char *text)
{
	struct secret *secret = NULL;
	if (!secrets_add(desk->secrets, "source.auth.bearer", span_of(text), false, &secret, &err))
		fail_msg("%s", err.text);
	return secret;
}

static const char *scrub(struct desk *desk, const char *text)
{
	buf_clear(&desk->out);
	secrets_scrub(desk->secrets, &desk->out, span_of(text));
	return buf_text(&desk->out);
}

#define SCRUBS(desk, from, to) assert_string_equal(scrub(desk, from), to)

/* --- where values come from --- */

static void a_name_is_replaced_by_the_environment(void **state)
{
	bool reference;
	setenv("FIRN_TEST_A", "a value", 1);
	setenv("FIRN_TEST_EMPTY", "", 1);
	expands(*state, "${FIRN_TEST_A}", "a value");
	expands(*state, "<${FIRN_TEST_A}|${FIRN_TEST_A}>", "<a value|a value>");
	expands(*state, "${FIRN_TEST_EMPTY}", "");
	assert_non_null(expand(*state, "${FIRN_TEST_A}", &reference));
	assert_true(reference);
	assert_non_null(expand(*state, "plain", &reference));
	assert_false(reference);
}

/* What a variable holds is not looked into again. */
static void a_value_is_not_expanded_twice(void **state)
{
	setenv("FIRN_TEST_A", "${FIRN_TEST_B} $$ ${", 1);
	expands(*state, "${FIRN_TEST_A}", "${FIRN_TEST_B} $$ ${");
}

static void two_dollars_are_one_and_a_lone_one_stays(void **state)
{
	expands(*state, "$$", "$");
	expands(*state, "$${FIRN_TEST_A}", "${FIRN_TEST_A}");
	expands(*state, "5$ or $x or $", "5$ or $x or $");
	expands(*state, "$$$$", "$$");
	expands(*state, "", "");
}

static void mistakes_in_a_reference_say_what_was_expected(void **state)
{
	unsetenv("FIRN_TEST_MISSING");
	refuses(*state, "${FIRN_TEST_MISSING}", "FIRN_TEST_MISSING is not set");
	refuses(*state, "${}", "is not a name of the environment");
	refuses(*state, "${1X}", "expected NAME, file:PATH or cmd:");
	refuses(*state, "${A-B}", "expected NAME");
	refuses(*state, "a ${FIRN", "${ without its }");
	refuses(*state, "${env:X}", "expected NAME");
}

static void a_file_is_read_relative_to_the_configuration(void **state)
{
	struct desk *desk = *state;
	struct scratch path = scratch_at(&desk->folder, "token");
	char text[SCRATCH_BYTES + 32];
	put_file(desk, "token", "tok en\n");
	expands(desk, "${file:token}", "tok en");
	snprintf(text, sizeof text, "[${file:%s}]", path.path);
	expands(desk, text, "[tok en]");
	put_file(desk, "token", "a\r\n");
	expands(desk, "${file:token}", "a");
	put_file(desk, "token", "a\n\n");
	expands(desk, "${file:token}", "a\n"); /* one line end alone is the editor's */
	put_file(desk, "token", "");
	expands(desk, "${file:token}", "");
	refuses(desk, "${file:none}", "none");
	refuses(desk, "${file:}", "");
	refuses(desk, "${file:.}", "");
}

static void a_program_is_run_without_a_shell(void **state)
{
	struct desk *desk = *state;
	struct scratch made = scratch_at(&desk->folder, "made");
	char text[SCRATCH_BYTES + 64];
	expands(desk, "${cmd:[\"printf\", \"%s}%s\", \"a\", \"b\"]}", "a}b");
	expands(desk, "${cmd:[\"echo\", \"$HOME\", \"`id`\", \"x y\"]}", "$HOME `id` x y");
	expands(desk, "${cmd:[\"printf\", \"\\\"}\\\\\\\\\"]}", "\"}\\");
	snprintf(text, sizeof text, "${cmd:[\"echo\", \"a; touch %s\"]}", made.path);
	assert_true(expand(desk, text, &(bool){false}) != NULL);
	assert_false(file_exists(made.path));
}

static void a_program_that_fails_is_a_mistake_with_its_name(void **state)
{
	refuses(*state, "${cmd:[\"false\"]}", "false");
	refuses(*state, "${cmd:[\"firn-no-such-program\"]}", "firn-no-such-program");
	refuses(*state, "${cmd:echo hi}", "expected a list of texts");
	refuses(*state, "${cmd:[]}", "expected a list of texts");
	refuses(*state, "${cmd:[1]}", "expected a list of texts");
	refuses(*state, "${cmd:{\"a\": \"b\"}}", "expected a list of texts");
	refuses(*state, "${cmd:[\"head\", \"-c\", \"100000\", \"/dev/zero\"]}", "more than");
}

static void more_than_a_secret_may_hold_is_refused(void **state)
{
	struct desk *desk = *state;
	char *text = malloc(SECRET_BYTES_MAX + 2);
	assert_non_null(text);
	memset(text, 'x', SECRET_BYTES_MAX + 1);
	text[SECRET_BYTES_MAX + 1] = '\0';
	put_file(desk, "large", text);
	struct secret *secret;
	assert_false(secrets_add(desk->secrets, "s", SPAN("${file:large}"), false, &secret, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	free(text);
}

/* --- a secret --- */

static void a_secret_knows_whether_it_is_plain_and_can_be_read_again(void **state)
{
	struct desk *desk = *state;
	put_file(desk, "token", "abcdef");
	setenv("FIRN_TEST_A", "from outside", 1);
	struct secret *secret = add(desk, "in the file");
	assert_true(secret->plain && !secret->rereadable);
	secret = add(desk, "${FIRN_TEST_A}");
	assert_false(secret->plain || secret->rereadable);
	secret = add(desk, "Token ${file:token}");
	assert_true(!secret->plain && secret->rereadable);
	assert_true(span_is(secret->value, "Token abcdef"));
	secret = add(desk, "${cmd:[\"echo\", \"hi\"]}");
	assert_true(!secret->plain && secret->rereadable);
	assert_string_equal(secret->name, "source.auth.bearer");
	assert_false(secrets_add(desk->secrets, "where", SPAN("${FIRN_TEST_MISSING}"), false,
				 &secret, &err));
	assert_non_null(strstr(err.text, "where: "));
}

/* Others hold a span of it: what they hold must stay readable whatever comes after. */
static void a_secret_is_read_again_and_its_old_value_lives_on(void **state)
{
	struct desk *desk = *state;
	put_file(desk, "token", "first-token\n");
	struct secret *secret = add(desk, "${file:token}");
	struct span old = secret->value;
	put_file(desk, "token", "second-token\n");
	assert_true(secrets_reload(desk->secrets, &err));
	assert_true(span_is(secret->value, "second-token"));
	assert_true(span_is(old, "first-token"));
	SCRUBS(desk, "first-token second-token", "*** ***");
	for (int i = 0; i < 1000; i++) /* nothing piles up while it stays the same */
		assert_true(secrets_reload(desk->secrets, &err));
	assert_true(span_is(old, "first-token"));
}

static void a_secret_that_cannot_be_read_again_keeps_its_value(void **state)
{
	struct desk *desk = *state;
	struct scratch path = scratch_at(&desk->folder, "token");
	put_file(desk, "token", "first-token");
	struct secret *secret = add(desk, "${file:token}");
	unlink(path.path);
	assert_false(secrets_reload(desk->secrets, &err));
	assert_non_null(strstr(err.text, "source.auth.bearer: ${file:...}"));
	assert_true(span_is(secret->value, "first-token"));
}

/* --- scrubbing --- */

static void a_secret_is_taken_out_wherever_it_stands(void **state)
{
	struct desk *desk = *state;
	add(desk, "s3cr3t");
	SCRUBS(desk, "s3cr3t", "***");
	SCRUBS(desk, "a s3cr3t, s3cr3ts3cr3t", "a ***, ******");
	SCRUBS(desk, "xs3cr3ty", "x***y");
	SCRUBS(desk, "s3cr3", "s3cr3");
	SCRUBS(desk, "S3CR3T", "S3CR3T");
	SCRUBS(desk, "", "");
}

/* A word of three letters stands everywhere. */
static void what_is_too_short_to_be_a_secret_is_left(void **state)
{
	struct desk *desk = *state;
	add(desk, "abc");
	add(desk, "");
	assert_true(secrets_note(desk->secrets, SPAN("xyz"), &err));
	SCRUBS(desk, "abc xyz", "abc xyz");
	add(desk, "abcd");
	SCRUBS(desk, "abc abcd", "abc ***");
}

static void of_secrets_that_overlap_nothing_is_left_standing(void **state)
{
	struct desk *desk = *state;
	add(desk, "abcdef");
	add(desk, "defghi");
	add(desk, "abcdefg");
	add(desk, "cdef");
	SCRUBS(desk, "abcdef", "***");
	SCRUBS(desk, "_abcdefghi_", "_***_");
	SCRUBS(desk, "abcdefg-defghi", "***-***");
	SCRUBS(desk, "bcdefghij", "b***j");
}

/* As a URL and as JSON repeat it. */
static void a_secret_in_another_spelling_is_taken_out_too(void **state)
{
	struct desk *desk = *state;
	add(desk, "p\"s/w d+%");
	SCRUBS(desk, "?x=p%22s%2Fw%20d%2B%25&y=1", "?x=***&y=1");
	SCRUBS(desk, "{\"token\":\"p\\\"s/w d+%\"}", "{\"token\":\"***\"}");
	SCRUBS(desk, "p\"s/w d+%", "***");
}

static void query_entries_that_name_a_secret_are_hidden_whatever_they_hold(void **state)
{
	struct desk *desk = *state;
	SCRUBS(desk, "GET https://h/p?apikey=12&q=1", "GET https://h/p?apikey=***&q=1");
	SCRUBS(desk, "?a=1&API_KEY=x y", "?a=1&API_KEY=*** y");
	SCRUBS(desk, "?token=a&access_token=b&key=c&client_secret=d&password=e",
	       "?token=***&access_token=***&key=***&client_secret=***&password=***");
	SCRUBS(desk, "\"https://h?key=1\" said", "\"https://h?key=***\" said");
	SCRUBS(desk, "?apikey=&x=1", "?apikey=&x=1");
	SCRUBS(desk, "monkey=1 token=2 ?monkey=3&mytoken=4",
	       "monkey=1 token=2 ?monkey=3&mytoken=4");
	SCRUBS(desk, "?key=1\r\nnext", "?key=***\r\nnext");
	SCRUBS(desk, "?", "?");
	SCRUBS(desk, "=x", "=x");
	add(desk, "sec&ret");
	SCRUBS(desk, "?key=sec&ret&x=1", "?key=***&x=1");
}

/* Who somebody is stands in logs for good reasons; where the user hid even that, it stays
 * hidden. */
static void an_identity_in_clear_is_not_scrubbed(void **state)
{
	struct desk *desk = *state;
	struct secret *secret;
	setenv("FIRN_TEST_A", "hidden-client", 1);
	assert_true(secrets_add(desk->secrets, "client_id", SPAN("my-client"), true, &secret,
				&err));
	assert_true(span_is(secret->value, "my-client"));
	assert_true(secrets_add(desk->secrets, "client_id", SPAN("${FIRN_TEST_A}"), true, &secret,
				&err));
	SCRUBS(desk, "my-client hidden-client", "my-client ***");
	add(desk, "my-client"); /* until it is somebody's password too */
	SCRUBS(desk, "my-client", "***");
}

/* Tokens come and go for months; those of the configuration stay, whatever comes. */
static void of_tokens_the_newest_are_kept(void **state)
{
	struct desk *desk = *state;
	char token[32];
	assert_true(secrets_note(desk->secrets, SPAN("a setting"), &err));
	assert_true(secrets_note_token(desk->secrets, SPAN("configured"), &err));
	add(desk, "configured");
	for (int i = 0; i < TOKENS_NOTED_MAX + 100; i++) {
		snprintf(token, sizeof token, "token-%06d", i);
		assert_true(secrets_note_token(desk->secrets, span_of(token), &err));
		assert_true(secrets_note_token(desk->secrets, span_of(token), &err));
	}
	SCRUBS(desk, token, "***");
	SCRUBS(desk, "token-000100 configured a setting", "*** *** ***");
	SCRUBS(desk, "token-000099", "token-000099");
}

static void bytes_of_any_value_are_scrubbed(void **state)
{
	struct desk *desk = *state;
	assert_true(secrets_note(desk->secrets, (struct span){"a\0b\xff", 4}, &err));
	buf_clear(&desk->out);
	secrets_scrub(desk->secrets, &desk->out, (struct span){"xa\0b\xffy\0", 7});
	assert_true(span_equal(buf_span(&desk->out), (struct span){"x***y\0", 6}));
}

/* The loader's thread writes to the log while secrets are read again. */
static void write_lines(void *user)
{
	const struct desk *desk = user;
	struct buf out;
	buf_init(&out, KIB);
	for (int i = 0; i < 2000; i++) {
		buf_clear(&out);
		secrets_scrub(desk->secrets, &out, SPAN("a line with token-one in it"));
	}
	buf_done(&out);
}

static void reading_again_does_not_disturb_who_scrubs(void **state)
{
	struct desk *desk = *state;
	struct thread *thread;
	char token[32];
	put_file(desk, "token", "token-one");
	add(desk, "${file:token}");
	assert_true(thread_start(&thread, write_lines, desk, &err));
	for (int i = 0; i < 200; i++) {
		snprintf(token, sizeof token, "token-%d", i);
		put_file(desk, "token", token);
		assert_true(secrets_reload(desk->secrets, &err));
		assert_true(secrets_note(desk->secrets, span_of(token), &err));
	}
	thread_join(thread);
}

/* --- files --- */

static void count_path(void *user, const char *path)
{
	assert_non_null(strstr(path, "token"));
	++*(int *)user;
}

static void the_file_of_a_secret_is_told_once(void **state)
{
	struct desk *desk = *state;
	int told = 0;
	put_file(desk, "token", "abcdef");
	add(desk, "${file:token}");
	add(desk, "x${file:token}");
	assert_true(secrets_reload(desk->secrets, &err));
	secrets_each_file(desk->secrets, count_path, &told);
	assert_int_equal(told, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_is_replaced_by_the_environment),
		TEST(a_value_is_not_expanded_twice),
		TEST(two_dollars_are_one_and_a_lone_one_stays),
		TEST(mistakes_in_a_reference_say_what_was_expected),
		TEST(a_file_is_read_relative_to_the_configuration),
		TEST(a_program_is_run_without_a_shell),
		TEST(a_program_that_fails_is_a_mistake_with_its_name),
		TEST(more_than_a_secret_may_hold_is_refused),
		TEST(a_secret_knows_whether_it_is_plain_and_can_be_read_again),
		TEST(a_secret_is_read_again_and_its_old_value_lives_on),
		TEST(a_secret_that_cannot_be_read_again_keeps_its_value),
		TEST(a_secret_is_taken_out_wherever_it_stands),
		TEST(what_is_too_short_to_be_a_secret_is_left),
		TEST(of_secrets_that_overlap_nothing_is_left_standing),
		TEST(a_secret_in_another_spelling_is_taken_out_too),
		TEST(query_entries_that_name_a_secret_are_hidden_whatever_they_hold),
		TEST(an_identity_in_clear_is_not_scrubbed),
		TEST(of_tokens_the_newest_are_kept),
		TEST(bytes_of_any_value_are_scrubbed),
		TEST(reading_again_does_not_disturb_who_scrubs),
		TEST(the_file_of_a_secret_is_told_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
