/* Errors as values: what they say, and that nothing is left half-said. */
#include "base/err.h"
#include "base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_setter_returns_false_for_a_one_line_failing_path(void **state)
{
	struct err err = {0};
	(void)state;
	assert_false(err_set(&err, ERR_USAGE, "x"));
	assert_false(err_sys(&err, "x"));
	assert_false(err_memory(&err));
	assert_false(err_at(&err, "x"));
}

static void a_new_error_forgets_the_wait_of_the_old_one(void **state)
{
	struct err err = {.kind = ERR_TRANSIENT, .wait_ms = 5000, .text = "busy"};
	(void)state;
	err_set(&err, ERR_DATA, "row %d", 7);
	assert_int_equal(err.kind, ERR_DATA);
	assert_int_equal(err.wait_ms, 0);
	assert_string_equal(err.text, "row 7");
}

static void a_place_is_put_in_front_and_the_kind_and_wait_stay(void **state)
{
	struct err err = {.kind = ERR_TRANSIENT, .wait_ms = 5000, .text = "busy"};
	(void)state;
	err_at(&err, "%s page %d", "users", 3);
	assert_string_equal(err.text, "users page 3: busy");
	assert_int_equal(err.kind, ERR_TRANSIENT);
	assert_int_equal(err.wait_ms, 5000);
}

/* The formatting itself may change errno. */
static void the_system_reason_is_the_one_at_the_call(void **state)
{
	struct err err = {0};
	(void)state;
	errno = ENOSPC;
	err_sys(&err, "cannot write '%s'", "a");
	assert_int_equal(err.kind, ERR_DISK);
	assert_string_equal(err.text, "cannot write 'a': No space left on device");
}

static void a_message_that_is_too_long_is_cut_at_a_whole_character(void **state)
{
	struct err err = {0};
	(void)state;
	/* Every width of what stands before shifts the cut to another byte of the character. */
	for (int shift = 0; shift < 4; shift++) {
		char text[3 * ERR_TEXT_BYTES] = "abc";
		text[shift] = '\0';
		while (strlen(text) < 2 * ERR_TEXT_BYTES)
			memcpy(text + strlen(text), "\xF0\x9F\x90\x9F", 5);
		err_set(&err, ERR_DATA, "%s", text);
		assert_true(strlen(err.text) < ERR_TEXT_BYTES);
		assert_true(strlen(err.text) > ERR_TEXT_BYTES - 8);
		assert_string_equal(err.text + strlen(err.text) - 3, "...");
		assert_true(text_is_clean(span_of(err.text)));
		err_at(&err, "here");
		assert_string_equal(err.text + strlen(err.text) - 3, "...");
		assert_true(strncmp(err.text, "here: ", 6) == 0);
		assert_true(text_is_clean(span_of(err.text)));
	}
}

static void a_message_of_the_greatest_length_is_whole(void **state)
{
	struct err err = {0};
	char text[ERR_TEXT_BYTES];
	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	err_set(&err, ERR_DATA, "%s", text);
	assert_string_equal(err.text, text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_setter_returns_false_for_a_one_line_failing_path),
		cmocka_unit_test(a_new_error_forgets_the_wait_of_the_old_one),
		cmocka_unit_test(a_place_is_put_in_front_and_the_kind_and_wait_stay),
		cmocka_unit_test(the_system_reason_is_the_one_at_the_call),
		cmocka_unit_test(a_message_that_is_too_long_is_cut_at_a_whole_character),
		cmocka_unit_test(a_message_of_the_greatest_length_is_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
