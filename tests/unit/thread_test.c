/* Threads, their lock and signal; and the clock that they wait by. */
#include "base/thread.h"

#include "base/clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

struct shared {
	struct monitor *monitor;
	int64_t sum;
	int turn;
};

static void add_many(void *user)
{
	struct shared *shared = user;
	for (int i = 0; i < 100000; i++) {
		monitor_enter(shared->monitor);
		shared->sum++;
		monitor_leave(shared->monitor);
	}
}

static void a_monitor_keeps_two_threads_apart(void **state)
{
	struct shared shared = {0};
	struct thread *threads[3];
	struct err err;
	(void)state;
	assert_true(monitor_new(&shared.monitor, &err));
	for (int i = 0; i < 3; i++)
		assert_true(thread_start(&threads[i], add_many, &shared, &err));
	for (int i = 0; i < 3; i++)
		thread_join(threads[i]);
	assert_int_equal(shared.sum, 300000);
	monitor_free(shared.monitor);
	monitor_free(NULL);
	thread_join(NULL);
}

static void answer(void *user)
{
	struct shared *shared = user;
	monitor_enter(shared->monitor);
	while (shared->turn < 200) {
		while (shared->turn % 2 == 0)
			monitor_wait(shared->monitor);
		shared->turn++;
		monitor_signal(shared->monitor);
	}
	monitor_leave(shared->monitor);
}

static void a_signal_wakes_who_waits(void **state)
{
	struct shared shared = {0};
	struct thread *thread;
	struct err err;
	(void)state;
	assert_true(monitor_new(&shared.monitor, &err));
	assert_true(thread_start(&thread, answer, &shared, &err));
	monitor_enter(shared.monitor);
	while (shared.turn < 200) {
		shared.turn++;
		monitor_signal(shared.monitor);
		while (shared.turn % 2 == 1)
			monitor_wait(shared.monitor);
	}
	monitor_leave(shared.monitor);
	thread_join(thread);
	assert_int_equal(shared.turn, 200);
	monitor_free(shared.monitor);
}

static void look_at_signals(void *user)
{
	sigset_t blocked;
	bool *ret_blocked = user;
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	*ret_blocked = sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGHUP);
}

/* A request to stop must reach the thread that acts on it. */
static void signals_go_to_the_first_thread_alone(void **state)
{
	bool blocked = false;
	struct thread *thread;
	struct err err;
	sigset_t ours;
	(void)state;
	assert_true(thread_start(&thread, look_at_signals, &blocked, &err));
	thread_join(thread);
	assert_true(blocked);
	pthread_sigmask(SIG_SETMASK, NULL, &ours);
	assert_false(sigismember(&ours, SIGTERM));
}

static void clocks_go_forward_and_sleep_at_least_as_long_as_asked(void **state)
{
	int64_t before_ms = clock_mono_ms();
	int64_t before_us = clock_now_us();
	(void)state;
	clock_sleep_ms(30);
	assert_in_range(clock_mono_ms() - before_ms, 29, 30000);
	assert_in_range(clock_now_us() - before_us, 29000, 30000000);
	assert_in_range(before_us, INT64_C(1700000000000000), INT64_C(32503680000000000));
	before_ms = clock_mono_ms();
	clock_sleep_ms(0);
	clock_sleep_ms(-5);
	assert_in_range(clock_mono_ms() - before_ms, 0, 5000);
}

static void on_alarm(int number)
{
	(void)number;
}

/* So that whoever asks to stop need not wait out a pause of a minute. */
static void a_signal_ends_a_sleep_early(void **state)
{
	struct sigaction action = {.sa_handler = on_alarm};
	int64_t before_ms = clock_mono_ms();
	(void)state;
	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	clock_sleep_ms(60000);
	assert_in_range(clock_mono_ms() - before_ms, 0, 40000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_monitor_keeps_two_threads_apart),
		cmocka_unit_test(a_signal_wakes_who_waits),
		cmocka_unit_test(signals_go_to_the_first_thread_alone),
		cmocka_unit_test(clocks_go_forward_and_sleep_at_least_as_long_as_asked),
		cmocka_unit_test(a_signal_ends_a_sleep_early),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
