/* Many requests at once: over how many connections, in what order of ends, woken, dropped, freed
 * in the middle. */
#include "base/bounds.h"

#include "fetching.h"

#define OK "HTTP/1.1 200 OK"

struct flight {
	struct wire wire;
	struct http *http;
};

static bool answer_after_20_ms(struct wire_peer *peer)
{
	char n[16] = "";
	wire_header(peer, "N", n, sizeof n);
	wire_sleep_ms(20);
	return wire_answer(peer, OK, n);
}

enum { SIDE_BY_SIDE = 8 };

static atomic_int inside, inside_most;

/* None is answered before so many are being answered at once: one after the other they would all
 * have to wait for nothing. */
static bool answer_in_company(struct wire_peer *peer)
{
	int now = atomic_fetch_add(&inside, 1) + 1;
	if (now > atomic_load(&inside_most))
		atomic_store(&inside_most, now);
	for (int i = 0; i < 1000 && atomic_load(&inside_most) < SIDE_BY_SIDE; i++)
		wire_sleep_ms(10);
	atomic_fetch_sub(&inside, 1);
	return wire_answer(peer, OK, "x");
}

static bool answer_by_number(struct wire_peer *peer)
{
	char n[16] = "";
	wire_header(peer, "N", n, sizeof n);
	if (n[0] == 's') /* silent */
		wire_linger(peer, 20000);
	return wire_answer(peer, OK, n);
}

static void take_off(struct flight *flight, bool (*answer)(struct wire_peer *), int connections)
{
	struct http_options options = quick_options();
	memset(flight, 0, sizeof *flight);
	flight->wire.answer = answer;
	assert_true(wire_start(&flight->wire));
	options.connections_max = connections;
	options.connect_timeout_ms = 1000;
	flight->http = http_of(&options);
}

static void land(struct flight *flight)
{
	http_free(flight->http);
	wire_stop(&flight->wire);
}

static struct flight flight;

static void ask_for(const char *n, void *user)
{
	const struct header header = {"N", n};
	const struct request request = {.method = "GET", .url = flight.wire.base,
					.shown = "GET it", .headers = &header, .headers_n = 1};
	begin(flight.http, &request, user);
}

/* The last of them waits in line for longer than a connect may take: no timeout may count that. */
static void a_hundred_requests_go_over_no_more_connections_than_allowed(void **state)
{
	enum { REQUESTS = 100, CONNECTIONS = 2 };
	static char names[REQUESTS][16];
	static bool seen[REQUESTS];
	(void)state;
	take_off(&flight, answer_after_20_ms, CONNECTIONS);
	for (int i = 0; i < REQUESTS; i++) {
		snprintf(names[i], sizeof names[i], "%d", i);
		ask_for(names[i], names[i]);
		assert_int_equal(http_in_flight(flight.http), i + 1);
	}
	int64_t start_ms = clock_mono_ms();
	for (int i = 0; i < REQUESTS; i++) {
		void *user;
		struct response got = next_answer(flight.http, &user);
		assert_body(&got, user);
		int n = (int)((char(*)[16])user - names);
		assert_false(seen[n]);
		seen[n] = true;
		assert_int_equal(http_in_flight(flight.http), REQUESTS - 1 - i);
		response_done(&got);
	}
	assert_true(clock_mono_ms() - start_ms >= 1000);
	assert_int_equal(atomic_load(&flight.wire.open_most), CONNECTIONS);
	assert_int_equal(atomic_load(&flight.wire.accepted_n), CONNECTIONS);
	assert_int_equal(http_bytes_held(flight.http), 0);
	land(&flight);
}

static void requests_go_side_by_side(void **state)
{
	(void)state;
	take_off(&flight, answer_in_company, SIDE_BY_SIDE);
	for (int i = 0; i < 40; i++)
		ask_for("x", NULL);
	for (int i = 0; i < 40; i++) {
		void *user;
		struct response got = next_answer(flight.http, &user);
		assert_body(&got, "x");
		response_done(&got);
	}
	assert_int_equal(atomic_load(&inside_most), SIDE_BY_SIDE);
	assert_int_equal(atomic_load(&flight.wire.accepted_n), SIDE_BY_SIDE);
	land(&flight);
}

static void an_answer_does_not_wait_for_a_slower_one_before_it(void **state)
{
	(void)state;
	take_off(&flight, answer_by_number, 4);
	int slow, fast;
	void *user;
	ask_for("s", &slow);
	ask_for("fast", &fast);
	struct response got = next_answer(flight.http, &user);
	assert_ptr_equal(user, &fast);
	assert_body(&got, "fast");
	response_done(&got);
	assert_int_equal(http_in_flight(flight.http), 1);
	land(&flight);
}

static void waiting_ends_in_time_with_nothing(void **state)
{
	void *user;
	struct response got;
	(void)state;
	take_off(&flight, answer_by_number, 4);
	int64_t start_ms = clock_mono_ms();
	assert_false(http_wait(flight.http, 100, &user, &got));
	ask_for("s", NULL);
	assert_false(http_wait(flight.http, 100, &user, &got));
	int64_t took_ms = clock_mono_ms() - start_ms;
	assert_true(took_ms >= 195 && took_ms < 20000);
	assert_false(http_wait(flight.http, 0, &user, &got));
	assert_false(http_wait(flight.http, -1, &user, &got));
	land(&flight);
}

static void *wake_later(void *http)
{
	wire_sleep_ms(50);
	http_wake(http);
	return NULL;
}

static void a_wake_ends_the_waiting(void **state)
{
	pthread_t thread;
	void *user;
	struct response got;
	(void)state;
	take_off(&flight, answer_by_number, 4);
	for (int busy = 0; busy < 2; busy++) {
		if (busy)
			ask_for("s", NULL);
		int64_t start_ms = clock_mono_ms();
		assert_int_equal(pthread_create(&thread, NULL, wake_later, flight.http), 0);
		assert_false(http_wait(flight.http, 20000, &user, &got));
		assert_true(clock_mono_ms() - start_ms < 15000);
		pthread_join(thread, NULL);
	}
	/* One that came before the waiting counts, and once. */
	int64_t start_ms = clock_mono_ms();
	http_wake(flight.http);
	http_wake(flight.http);
	assert_false(http_wait(flight.http, 20000, &user, &got));
	assert_true(clock_mono_ms() - start_ms < 15000);
	start_ms = clock_mono_ms();
	assert_false(http_wait(flight.http, 100, &user, &got));
	assert_true(clock_mono_ms() - start_ms >= 95);
	land(&flight);
}

static void what_is_dropped_never_comes(void **state)
{
	int silent, dropped, kept, waiting;
	void *user;
	struct response got;
	(void)state;
	take_off(&flight, answer_by_number, 2);
	ask_for("s", &silent);
	ask_for("dropped", &dropped);
	ask_for("kept", &kept);
	ask_for("waiting", &waiting);
	http_drop(flight.http, &waiting); /* one that waits in line, */
	assert_int_equal(http_in_flight(flight.http), 3);
	got = next_answer(flight.http, &user);
	assert_ptr_equal(user, &dropped);
	response_done(&got);
	http_drop(flight.http, &silent); /* one on its way, */
	http_drop(flight.http, &silent);
	got = next_answer(flight.http, &user);
	assert_ptr_equal(user, &kept);
	response_done(&got);
	/* and one whose answer is there, but not handed out. */
	ask_for("first", &kept);
	ask_for("second", &dropped);
	wire_sleep_ms(20);
	while (http_in_flight(flight.http) == 2) {
		if (http_wait(flight.http, 100, &user, &got)) {
			http_drop(flight.http, user == &kept ? &dropped : &kept);
			response_done(&got);
		}
	}
	assert_int_equal(http_in_flight(flight.http), 0);
	assert_int_equal(http_bytes_held(flight.http), 0);
	assert_false(http_wait(flight.http, 50, &user, &got));
	land(&flight);
}

static bool answer_a_half(struct wire_peer *peer)
{
	wire_say(peer, OK "\r\nContent-Length: 100000\r\n\r\n");
	for (int i = 0; i < 2500; i++)
		wire_say(peer, "half of all that is.");
	wire_linger(peer, 20000);
	return false;
}

static void bytes_are_held_until_they_are_handed_out_or_dropped(void **state)
{
	int mark;
	void *user;
	struct response got;
	(void)state;
	take_off(&flight, answer_a_half, 4);
	ask_for("x", &mark);
	ask_for("y", NULL);
	for (int i = 0; i < 200 && http_bytes_held(flight.http) < 100000; i++)
		assert_false(http_wait(flight.http, 20, &user, &got));
	assert_int_equal(http_bytes_held(flight.http), 100000);
	http_drop(flight.http, &mark);
	assert_int_equal(http_bytes_held(flight.http), 50000);
	land(&flight); /* the other is freed in the middle */
}

static bool answer_once(struct wire_peer *peer)
{
	wire_answer(peer, OK, "once");
	return false;
}

/* Servers end idle connections without a word; the next request finds that out by itself. */
static void a_connection_that_ended_while_idle_is_not_missed(void **state)
{
	void *user;
	(void)state;
	take_off(&flight, answer_once, 1);
	for (int i = 0; i < 5; i++) {
		ask_for("x", NULL);
		struct response got = next_answer(flight.http, &user);
		assert_body(&got, "once");
		response_done(&got);
		wire_sleep_ms(i % 2 * 20);
	}
	assert_int_equal(atomic_load(&flight.wire.accepted_n), 5);
	land(&flight);
}

/* A broken exchange leaves its connection, its handle and its list in order for the others. */
static void failures_leave_no_trace(void **state)
{
	void *user;
	char nowhere[64];
	int port = 0;
	(void)state;
	take_off(&flight, answer_by_number, 2);
	close(wire_listen(AF_INET, 1, &port));
	snprintf(nowhere, sizeof nowhere, "http://127.0.0.1:%d", port);
	for (int i = 0; i < 20; i++) {
		begin(flight.http, &(struct request){.method = "GET", .url = nowhere}, NULL);
		ask_for("fine", &port);
		for (int j = 0; j < 2; j++) {
			struct response got = next_answer(flight.http, &user);
			assert_int_equal(got.end,
					 user == NULL ? EXCHANGE_REFUSED : EXCHANGE_ANSWERED);
			response_done(&got);
		}
	}
	assert_true(atomic_load(&flight.wire.accepted_n) <= 2);
	land(&flight);
}

static void the_copied_request_may_be_gone(void **state)
{
	void *user;
	(void)state;
	take_off(&flight, answer_by_number, 1);
	char url[100], value[8] = "value", method[8] = "POST", shown[8] = "shown", body[8] = "body";
	const struct header header = {"N", value};
	snprintf(url, sizeof url, "%s", flight.wire.base);
	begin(flight.http, &(struct request){.method = method, .url = url, .shown = shown,
					     .headers = &header, .headers_n = 1,
					     .body = {body, 4}}, NULL);
	memset(url, 'x', sizeof url);
	memset(value, 'x', sizeof value);
	memset(method, 'x', sizeof method);
	memset(body, 'x', sizeof body);
	struct response got = next_answer(flight.http, &user);
	assert_body(&got, "value");
	assert_non_null(strstr(flight.wire.last, "\r\n\r\nbody"));
	response_done(&got);
	land(&flight);
}

static void two_of_them_live_side_by_side(void **state)
{
	struct http_options options = quick_options();
	void *user;
	(void)state;
	take_off(&flight, answer_by_number, 1);
	for (int i = 0; i < 3; i++) {
		struct http *other = http_of(&options);
		ask_for("x", NULL);
		http_free(other);
		struct response got = next_answer(flight.http, &user);
		assert_body(&got, "x");
		response_done(&got);
	}
	http_free(NULL);
	land(&flight);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hundred_requests_go_over_no_more_connections_than_allowed),
		cmocka_unit_test(requests_go_side_by_side),
		cmocka_unit_test(an_answer_does_not_wait_for_a_slower_one_before_it),
		cmocka_unit_test(waiting_ends_in_time_with_nothing),
		cmocka_unit_test(a_wake_ends_the_waiting),
		cmocka_unit_test(what_is_dropped_never_comes),
		cmocka_unit_test(bytes_are_held_until_they_are_handed_out_or_dropped),
		cmocka_unit_test(a_connection_that_ended_while_idle_is_not_missed),
		cmocka_unit_test(failures_leave_no_trace),
		cmocka_unit_test(the_copied_request_may_be_gone),
		cmocka_unit_test(two_of_them_live_side_by_side),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
