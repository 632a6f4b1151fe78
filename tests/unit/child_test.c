/* Work in a child, signals that are waited for, and what systemd is told. */
#include "base/bounds.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/notify.h"
#include "base/signals.h"
#include "scratch.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static int answer(void *user, struct buf *report)
{
	buf_addf(report, "the child of %s", (const char *)user);
	return 3;
}

static int sleep_long(void *user, struct buf *report)
{
	(void)user;
	(void)report;
	sleep(60);
	return 0;
}

static int talk_much(void *user, struct buf *report)
{
	(void)user;
	while (buf_add_char(report, 'x'))
		;
	return 0;
}

static struct child_end end_of(struct child *child, struct buf *report)
{
	struct child_end end;
	int64_t until_ms = clock_mono_ms() + 60000;
	while (!child_ended(child, &end, report)) {
		assert_true(clock_mono_ms() < until_ms);
		(void)signals_wait(20);
	}
	child_free(child);
	return end;
}

static struct child *start(int (*work)(void *, struct buf *), const char *user)
{
	struct child *child;
	struct err err;
	assert_true(child_start(&child, work, (void *)(uintptr_t)user, &err));
	return child;
}

static void code_and_report_come_back(void **state)
{
	struct buf report;
	(void)state;
	buf_init(&report, CHILD_REPORT_BYTES);
	struct child_end end = end_of(start(answer, "mine"), &report);
	assert_int_equal(end.code, 3);
	assert_int_equal(end.signal, 0);
	assert_string_equal(buf_text(&report), "the child of mine");
	buf_done(&report);
}

static void a_report_that_is_too_long_is_cut_and_holds_nobody_up(void **state)
{
	struct buf report;
	(void)state;
	buf_init(&report, CHILD_REPORT_BYTES);
	assert_int_equal(end_of(start(talk_much, ""), &report).code, 0);
	assert_true(report.size > CHILD_REPORT_BYTES / 4 && !report.failed);
	buf_done(&report);
}

static void it_obeys_sigterm_and_cannot_help_sigkill(void **state)
{
	struct buf report;
	(void)state;
	buf_init(&report, CHILD_REPORT_BYTES);
	struct child *child = start(sleep_long, "");
	child_stop(child);
	struct child_end end = end_of(child, &report);
	assert_int_equal(end.signal, SIGTERM);
	assert_int_equal(end.code, -1);
	child = start(sleep_long, "");
	child_kill(child);
	assert_int_equal(end_of(child, &report).signal, SIGKILL);
	/* Given back while it works, it is killed and leaves no zombie. */
	child = start(sleep_long, "");
	pid_t pid = (pid_t)child_id(child);
	child_free(child);
	assert_int_equal(kill(pid, 0), -1);
	buf_done(&report);
}

static void signals_are_taken_out_one_by_one(void **state)
{
	(void)state;
	kill(getpid(), SIGHUP);
	assert_int_equal(signals_wait(0), SIGNAL_RELOAD);
	kill(getpid(), SIGINT);
	assert_int_equal(signals_wait(1000), SIGNAL_STOP);
	kill(getpid(), SIGTERM);
	assert_int_equal(signals_wait(1000), SIGNAL_STOP);
	int64_t before_ms = clock_mono_ms();
	while (signals_wait(60) == SIGNAL_CHILD)
		;
	assert_true(clock_mono_ms() - before_ms >= 50);
}

static void a_child_that_ends_wakes_its_parent(void **state)
{
	struct buf report;
	(void)state;
	buf_init(&report, CHILD_REPORT_BYTES);
	while (signals_wait(0) != SIGNAL_NONE)
		;
	struct child *child = start(answer, "");
	int64_t before_ms = clock_mono_ms();
	assert_int_equal(signals_wait(60000), SIGNAL_CHILD);
	assert_true(clock_mono_ms() - before_ms < 40000);
	(void)end_of(child, &report);
	buf_done(&report);
}

static void heard(int fd, const char *wanted)
{
	char text[2048];
	ssize_t n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	text[n] = '\0';
	if (strncmp(text, wanted, strlen(wanted)) != 0)
		fail_msg("heard %s, not %s", text, wanted);
}

static void hear(const struct sockaddr_un *at, socklen_t size, const char *name)
{
	struct notify *notify;
	struct err err;
	char longest[4096];
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)at, size), 0);
	assert_true(notify_open(&notify, name, &err));
	notify_ready(notify);
	heard(fd, "READY=1");
	notify_status(notify, "two\nlines");
	heard(fd, "STATUS=two lines");
	notify_reloading(notify);
	heard(fd, "RELOADING=1\nMONOTONIC_USEC=");
	notify_alive(notify);
	heard(fd, "WATCHDOG=1");
	notify_stopping(notify);
	heard(fd, "STOPPING=1");
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	notify_status(notify, longest);
	heard(fd, "STATUS=xxxxx");
	close(fd);
	notify_ready(notify); /* nobody is there any more */
	notify_close(notify);
}

static void systemd_hears_by_path_and_by_abstract_name(void **state)
{
	struct scratch scratch = scratch_make(__LINE__);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	(void)state;
	snprintf(at.sun_path, sizeof at.sun_path, "%.80s/notify", scratch.path);
	hear(&at, sizeof at, at.sun_path);
	char name[64];
	int size = snprintf(name, sizeof name, "@firn-test-%d", (int)getpid());
	memset(at.sun_path, 0, sizeof at.sun_path);
	memcpy(at.sun_path + 1, name + 1, (size_t)size - 1);
	hear(&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)size), name);
	scratch_remove(&scratch);
}

static void without_a_listener_nothing_happens(void **state)
{
	static const char *const NAMES[] = {NULL, "", "relative", "/nowhere/at/all"};
	(void)state;
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		struct notify *notify;
		struct err err;
		assert_true(notify_open(&notify, NAMES[i], &err));
		notify_ready(notify);
		notify_status(notify, "fine");
		notify_close(notify);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_and_report_come_back),
		cmocka_unit_test(a_report_that_is_too_long_is_cut_and_holds_nobody_up),
		cmocka_unit_test(it_obeys_sigterm_and_cannot_help_sigkill),
		cmocka_unit_test(signals_are_taken_out_one_by_one),
		cmocka_unit_test(a_child_that_ends_wakes_its_parent),
		cmocka_unit_test(systemd_hears_by_path_and_by_abstract_name),
		cmocka_unit_test(without_a_listener_nothing_happens),
	};
	signal(SIGHUP, SIG_IGN);  /* as under nohup */
	signal(SIGCHLD, SIG_IGN); /* as under some supervisors: ends of children would be lost */
	signals_hold();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
