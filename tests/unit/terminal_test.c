/* A terminal and what is none, by way of a pseudo-terminal. */
#include "base/terminal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

static void a_terminal_says_how_wide_it_is(void **state)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	(void)state;
	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
		skip();
	int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(terminal_is(terminal));
	assert_int_equal(terminal_columns(terminal), 0);
	struct winsize size = {.ws_col = 93, .ws_row = 20};
	assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
	assert_int_equal(terminal_columns(terminal), 93);
	close(terminal);
	close(master);
}

static void a_pipe_or_nothing_is_no_terminal(void **state)
{
	int ends[2];
	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_false(terminal_is(ends[0]));
	assert_int_equal(terminal_columns(ends[0]), 0);
	close(ends[0]);
	close(ends[1]);
	assert_false(terminal_is(ends[0]));
	assert_int_equal(terminal_columns(ends[0]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_terminal_says_how_wide_it_is),
		cmocka_unit_test(a_pipe_or_nothing_is_no_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
