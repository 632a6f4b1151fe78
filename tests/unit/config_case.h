/* What the tests of firn.yaml share: a folder with one, read or refused. */
#ifndef FIRN_TESTS_CONFIG_CASE_H
#define FIRN_TESTS_CONFIG_CASE_H

#include "config/config.h"

#include "base/bounds.h"
#include "base/file.h"
#include "base/stamp.h"

#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct err err;

struct desk {
	struct scratch folder, file;
	struct buf mistakes;
	struct config *config;
};

static inline int begin(void **state)
{
	static struct desk desk;
	desk.folder = scratch_make(__LINE__);
	desk.file = scratch_at(&desk.folder, "firn.yaml");
	desk.config = NULL;
	buf_init(&desk.mistakes, MIB);
	setenv("FIRN_TEST_TOKEN", "t0k3n-of-test", 1);
	setenv("FIRN_TEST_NAME", "from-outside", 1);
	*state = &desk;
	return 0;
}

static inline int end(void **state)
{
	struct desk *desk = *state;
	config_free(desk->config);
	buf_done(&desk->mistakes);
	scratch_remove(&desk->folder);
	return 0;
}

static inline bool try(struct desk *desk, const char *text)
{
	err = (struct err){0};
	config_free(desk->config);
	desk->config = NULL;
	buf_clear(&desk->mistakes);
	if (!file_replace(desk->file.path, span_of(text), &err))
		fail_msg("%s", err.text);
	return config_read(&desk->config, desk->file.path, &desk->mistakes, &err);
}

static inline const struct config *reads(struct desk *desk, const char *text)
{
	if (!try(desk, text))
		fail_msg("%s", buf_text(&desk->mistakes));
	assert_int_equal(desk->mistakes.size, 0);
	return desk->config;
}

/* All that is said, a line each, without the file's folder. */
static inline void refuses(struct desk *desk, const char *text, const char *messages)
{
	struct buf said;
	size_t folder = strlen(desk->folder.path) + 1;
	bool done = try(desk, text);
	assert_false(done);
	assert_int_equal(err.kind, ERR_USAGE);
	buf_init(&said, MIB);
	for (const char *at = buf_text(&desk->mistakes); *at != '\0'; at++) {
		if (strncmp(at, desk->folder.path, folder - 1) == 0)
			at += folder;
		buf_add_char(&said, *at);
	}
	assert_string_equal(buf_text(&said), messages);
	buf_done(&said);
}

#define TAIL "destination: { duckdb: a.duckdb }\n"
#define HEAD "version: 1\nsource: { connector: moveworks }\n" TAIL

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
