/* What the tests of fetch/http.h have in common: short limits, one request, its one answer. */
#ifndef FIRN_TESTS_FETCHING_H
#define FIRN_TESTS_FETCHING_H

#include "base/clock.h"
#include "fetch/http.h"

#include "wire.h"

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#define SECRET "hunter2"

static inline struct http_options quick_options(void)
{
	return (struct http_options){
		.user_agent = "firn/test",
		.proxy = "",
		.connect_timeout_ms = 5000,
		.low_speed_time_ms = 20000,
		.low_speed_bytes = 1000,
		.answer_bytes_max = 4 << 20,
		.connections_max = 4,
	};
}

static inline struct http *http_of(const struct http_options *options)
{
	struct http *http = NULL;
	struct err err = {0};
	if (!http_new(&http, options, &err))
		fail_msg("%s", err.text);
	return http;
}

/* The next answer; it must come in time. */
static inline struct response next_answer(struct http *http, void **ret_user)
{
	struct response answer;
	int64_t end_ms = clock_mono_ms() + 30000;
	while (!http_wait(http, 1000, ret_user, &answer)) {
		if (clock_mono_ms() > end_ms)
			fail_msg("no answer came");
	}
	return answer;
}

static inline void begin(struct http *http, const struct request *request, void *user)
{
	struct err err = {0};
	if (!http_begin(http, request, user, &err))
		fail_msg("%s", err.text);
}

static inline struct response exchange(struct http *http, const struct request *request)
{
	void *user = NULL;
	int mark;
	begin(http, request, &mark);
	struct response answer = next_answer(http, &user);
	assert_ptr_equal(user, &mark);
	assert_int_equal(http_in_flight(http), 0);
	assert_int_equal(http_bytes_held(http), 0);
	if (answer.end != EXCHANGE_ANSWERED) {
		assert_int_equal(answer.status, 0);
		assert_int_equal(answer.body.size, 0);
		assert_null(strstr(answer.why.text, SECRET));
		assert_true(strlen(answer.why.text) > 10);
	}
	return answer;
}

/* GET of a path that carries a secret in its query. */
static inline struct response get(struct http *http, const char *base, const char *path)
{
	char url[600], shown[600];
	snprintf(url, sizeof url, "%s%s?key=" SECRET, base, path);
	snprintf(shown, sizeof shown, "GET %s%s", base, path);
	return exchange(http, &(struct request){.method = "GET", .url = url, .shown = shown});
}

/* One answer of a wire of its own, under these options; NULL: the quick ones. */
static inline struct response get_once(bool (*answer)(struct wire_peer *),
				       const struct http_options *options)
{
	static struct wire wire;
	memset(&wire, 0, sizeof wire);
	struct http_options quick = quick_options();
	wire.answer = answer;
	assert_true(wire_start(&wire));
	struct http *http = http_of(options == NULL ? &quick : options);
	struct response got = get(http, wire.base, "/page");
	http_free(http);
	wire_stop(&wire);
	return got;
}

static inline void assert_body(const struct response *answer, const char *expected)
{
	if (answer->end != EXCHANGE_ANSWERED)
		fail_msg("%s", answer->why.text);
	assert_string_equal(buf_text(&answer->body), expected);
}

/* How it failed, and a part of what is said of it. */
static inline void assert_failed(struct response *answer, enum exchange_end end,
				 enum err_kind kind, const char *said)
{
	if (answer->end != end || strstr(answer->why.text, said) == NULL)
		print_message("end %d, status %d: %s\n", (int)answer->end, answer->status,
			      answer->why.text);
	assert_int_equal(answer->end, end);
	assert_int_equal(answer->why.kind, kind);
	assert_non_null(strstr(answer->why.text, said));
	response_done(answer);
}

#endif
