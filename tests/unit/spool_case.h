/* A spool in a folder of its own, with a clock that the test moves. */
#ifndef FIRN_UNIT_SPOOL_CASE_H
#define FIRN_UNIT_SPOOL_CASE_H

#include "base/bounds.h"
#include "base/file.h"
#include "spool/spool.h"

#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct spool_case {
	struct scratch folder;
	struct spool_options options;
	struct spool_recovery recovery;
	struct spool *spool;
	int64_t now_us;
	int events[5]; /* by kind */
};

static inline int64_t case_now(void *user)
{
	return ((struct spool_case *)user)->now_us;
}

static inline void case_event(void *user, enum spool_event event, const struct segment *segment,
			      const char *why)
{
	struct spool_case *it = user;
	it->events[event]++;
	assert_non_null(why);
	assert_true(segment != NULL || why[0] != '\0');
}

static inline void case_open(struct spool_case *it)
{
	struct err err;
	if (!spool_open(&it->spool, it->folder.path, &it->options, &it->recovery, &err))
		fail_msg("%s", err.text);
}

static inline void case_begin(struct spool_case *it, int line)
{
	*it = (struct spool_case){
		.folder = scratch_make(line),
		.now_us = INT64_C(1790000000000000),
		.options = {.seal = {60 * 1000, MIB}, .what = "test", .owner = "weather",
			    .now_us = case_now,
			    .event = case_event, .user = it},
	};
	case_open(it);
}

static inline void case_end(struct spool_case *it)
{
	spool_close(it->spool);
	scratch_remove(&it->folder);
}

static inline void case_append(struct spool_case *it, const char *table, const char *lines)
{
	struct err err;
	if (!spool_append(it->spool, span_of(table), SPAN("acme"), span_of(lines), &err))
		fail_msg("%s", err.text);
}

static inline void case_sync(struct spool_case *it)
{
	struct err err;
	if (!spool_sync(it->spool, &err))
		fail_msg("%s", err.text);
}

static inline void case_collect(struct spool_case *it, const char *table, const char *lines)
{
	struct err err;
	if (!spool_begin(it->spool, &err))
		fail_msg("%s", err.text);
	case_append(it, table, lines);
	case_sync(it);
}

static inline void case_seal(struct spool_case *it)
{
	struct err err;
	if (!spool_seal_all(it->spool, &err))
		fail_msg("%s", err.text);
}

static inline struct spool_summary case_look(struct spool_case *it)
{
	struct spool_summary summary;
	struct err err;
	if (!spool_summarize(it->spool, &summary, &err))
		fail_msg("%s", err.text);
	return summary;
}

/* The oldest waiting segment; fails the test where there is none. */
static inline struct segment case_oldest(struct spool_case *it)
{
	struct segment segment;
	struct err err;
	size_t n;
	if (!spool_oldest(it->spool, NULL, 1, &segment, &n, &err))
		fail_msg("%s", err.text);
	assert_int_equal(n, 1);
	return segment;
}

#endif
