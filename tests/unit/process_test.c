/* Other programs: what they print, how they fail, that none outlives its time or gets what is
 * not its own. */
#include "base/process.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "base/thread.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { LONG_MS = 20000 };

struct result {
	bool done;
	struct err err;
	struct buf out;
};

static struct result run(int64_t timeout_ms, const char *const *argv)
{
	struct result result = {.done = false};
	buf_init(&result.out, MIB);
	buf_add_text(&result.out, ">");
	result.done = process_output(argv, timeout_ms, &result.out, &result.err);
	return result;
}

static struct result shell(int64_t timeout_ms, const char *command)
{
	return run(timeout_ms, (const char *const[]){"sh", "-c", command, NULL});
}

static void assert_prints(const char *command, const char *expected)
{
	struct result result = shell(LONG_MS, command);
	if (!result.done)
		fail_msg("%s: %s", command, result.err.text);
	assert_string_equal(buf_text(&result.out), expected);
	buf_done(&result.out);
}

static void assert_fails(struct result result, enum err_kind kind, const char *message)
{
	assert_false(result.done);
	assert_int_equal(result.err.kind, kind);
	assert_string_equal(result.err.text, message);
	assert_string_equal(buf_text(&result.out), ">"); /* no part of a secret is left */
	buf_done(&result.out);
}

static void what_it_prints_comes_behind_what_is_there(void **state)
{
	(void)state;
	assert_prints("printf secret", ">secret");
	assert_prints("true", ">");
	assert_prints("printf a; sleep 0.05; printf b", ">ab");
}

static void arguments_are_handed_over_as_they_are(void **state)
{
	struct result result = run(LONG_MS, (const char *const[]){"printf", "%s|", "a b", "$HOME",
								  "*", "", "'\"", NULL});
	(void)state;
	assert_true(result.done);
	assert_string_equal(buf_text(&result.out), ">a b|$HOME|*||'\"|");
	buf_done(&result.out);
}

static void large_output_comes_whole_and_too_large_output_is_refused(void **state)
{
	struct result result = shell(LONG_MS, "yes 123456789 | head -c 900000");
	(void)state;
	assert_true(result.done);
	assert_int_equal(result.out.size, 900001);
	buf_done(&result.out);
	assert_fails(shell(LONG_MS, "yes"), ERR_USAGE, "'sh' prints more than 1048576 bytes");
}

static void a_program_that_fails_is_named_without_its_arguments(void **state)
{
	(void)state;
	assert_fails(shell(LONG_MS, "echo part; exit 3"), ERR_USAGE, "'sh' ended with code 3");
	assert_fails(shell(LONG_MS, "kill -TERM $$"), ERR_USAGE, "'sh' was ended by signal 15");
	assert_fails(run(LONG_MS, (const char *const[]){"no-such-program", "secret", NULL}),
		     ERR_USAGE, "cannot start 'no-such-program': No such file or directory");
	assert_fails(run(LONG_MS, (const char *const[]){"/etc/passwd", NULL}), ERR_USAGE,
		     "cannot start '/etc/passwd': Permission denied");
}

static void one_that_does_not_end_is_killed_with_all_that_it_started(void **state)
{
	int64_t before_ms = clock_mono_ms();
	(void)state;
	assert_fails(shell(200, "sleep 300 & echo $!; wait"), ERR_TRANSIENT,
		     "'sh' did not end within 200 ms");
	/* Its output is closed, but it runs on: the time counts all the same. */
	assert_fails(shell(200, "exec >/dev/null; sleep 300"), ERR_TRANSIENT,
		     "'sh' did not end within 200 ms");
	assert_fails(shell(0, "echo quick"), ERR_TRANSIENT, "'sh' did not end within 0 ms");
	assert_in_range(clock_mono_ms() - before_ms, 300, 60000);
}

static void the_grandchild_is_gone_too(void **state)
{
	char path[] = "/tmp/firn-pid-XXXXXX";
	char command[100];
	int fd = mkstemp(path);
	(void)state;
	snprintf(command, sizeof command, "sleep 300 & echo $! >%s; wait", path);
	struct result result = shell(500, command);
	assert_false(result.done);
	buf_done(&result.out);
	char digits[16] = "";
	assert_true(read(fd, digits, sizeof digits - 1) > 0);
	pid_t pid = (pid_t)strtol(digits, NULL, 10);
	/* Killed, it may still wait as a zombie for its new parent: then /proc says Z. */
	snprintf(command, sizeof command, "grep -q '^State:.[RSD]' /proc/%d/status", (int)pid);
	result = shell(LONG_MS, command);
	assert_false(result.done);
	buf_done(&result.out);
	close(fd);
	unlink(path);
}

static void its_standard_input_is_empty(void **state)
{
	(void)state;
	assert_prints("cat; echo end", ">end\n");
}

/* A descriptor that a library opened without close-on-exec could be a socket or a database. */
static void it_inherits_no_other_descriptor(void **state)
{
	(void)state;
	assert_int_equal(dup2(2, 77), 77);
	assert_prints("test -e /proc/$$/fd/77 && echo inherited || echo clean", ">clean\n");
	close(77);
}

static void run_in_thread(void *user)
{
	*(struct result *)user = shell(LONG_MS, "kill -TERM $$; echo ran on");
}

/* Our threads block all signals, our service ignores some: a program that is started from there
 * must still be one that can be stopped. */
static void it_starts_with_the_usual_signals(void **state)
{
	struct result result;
	struct thread *thread;
	struct err err;
	(void)state;
	signal(SIGTERM, SIG_IGN);
	assert_true(thread_start(&thread, run_in_thread, &result, &err));
	thread_join(thread);
	signal(SIGTERM, SIG_DFL);
	assert_fails(result, ERR_USAGE, "'sh' was ended by signal 15");
}

static void a_process_knows_its_number_and_its_machine(void **state)
{
	char host[256], little[4];
	(void)state;
	assert_int_equal(process_id(), getpid());
	process_host(host, sizeof host);
	assert_true(strlen(host) > 0);
	process_host(little, sizeof little);
	assert_true(strlen(little) < sizeof little);
	assert_memory_equal(little, host, strlen(little));
}

static void no_core_is_written_of_secrets(void **state)
{
	struct rlimit limit = {1, 1};
	(void)state;
	process_no_core();
	assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
	assert_int_equal(limit.rlim_cur, 0);
	assert_int_equal(limit.rlim_max, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_prints_comes_behind_what_is_there),
		cmocka_unit_test(arguments_are_handed_over_as_they_are),
		cmocka_unit_test(large_output_comes_whole_and_too_large_output_is_refused),
		cmocka_unit_test(a_program_that_fails_is_named_without_its_arguments),
		cmocka_unit_test(one_that_does_not_end_is_killed_with_all_that_it_started),
		cmocka_unit_test(the_grandchild_is_gone_too),
		cmocka_unit_test(its_standard_input_is_empty),
		cmocka_unit_test(it_inherits_no_other_descriptor),
		cmocka_unit_test(it_starts_with_the_usual_signals),
		cmocka_unit_test(a_process_knows_its_number_and_its_machine),
		cmocka_unit_test(no_core_is_written_of_secrets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
