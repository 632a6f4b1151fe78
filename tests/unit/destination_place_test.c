/* run/destination.c: the local copy knows its destination again, however the configuration's
 * folder is named, and does not take another one for it. */
#include "run/setup.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A folder with real/data, and link, which is another name of real. */
struct place {
	char folder[64];
	char real[80], link[80], data[80];
};

static int begin(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	assert_non_null(place);
	snprintf(place->folder, sizeof place->folder, "/tmp/firn-place-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->real, sizeof place->real, "%s/real", place->folder);
	snprintf(place->link, sizeof place->link, "%s/link", place->folder);
	snprintf(place->data, sizeof place->data, "%s/real/data", place->folder);
	assert_int_equal(mkdir(place->real, 0700), 0);
	assert_int_equal(mkdir(place->data, 0700), 0);
	assert_int_equal(symlink("real", place->link), 0);
	*state = place;
	return 0;
}

static int end(void **state)
{
	struct place *place = *state;
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(unlink(place->link), 0);
	assert_int_equal(rmdir(place->data), 0);
	assert_int_equal(rmdir(place->real), 0);
	assert_int_equal(rmdir(place->folder), 0);
	free(place);
	return 0;
}

/* The place of a DuckDB file whose path config_read makes so, seen by a process in `here`. */
static void names(const char *here, const char *folder, const char *duckdb, const char *expected)
{
	struct config config = {.to = CONFIG_TO_DUCKDB, .folder = folder, .duckdb = duckdb};
	struct arena *arena = arena_new();
	struct err err;
	assert_non_null(arena);
	assert_int_equal(chdir(here), 0);
	char *place = destination_place(&config, arena, &err);
	if (place == NULL)
		fail_msg("%s", err.text);
	assert_string_equal(place, expected);
	arena_free(arena);
}

static const char *in(const char *folder, const char *name)
{
	static char paths[4][PATH_MAX];
	static size_t n;
	char *path = paths[n++ % 4];
	snprintf(path, PATH_MAX, "%s/%s", folder, name);
	return path;
}

static void a_relative_path_is_the_same_from_everywhere(void **state)
{
	const struct place *place = *state;
	names(place->real, ".", "data/x.duckdb", "DuckDB data/x.duckdb");
	names(place->real, ".", "./data/x.duckdb", "DuckDB data/x.duckdb");
	names(place->data, "..", "../data/x.duckdb", "DuckDB data/x.duckdb");
	names("/", place->real, in(place->real, "data/x.duckdb"), "DuckDB data/x.duckdb");
	names("/", place->link, in(place->link, "data/x.duckdb"), "DuckDB data/x.duckdb");
	names("/", place->real, in(place->real, "none/x.duckdb"), "DuckDB none/x.duckdb");
}

static void an_absolute_path_into_the_folder_is_no_other_place(void **state)
{
	const struct place *place = *state;
	const char *real = in(place->real, "data/x.duckdb");
	const char *link = in(place->link, "data/x.duckdb");
	names(place->real, ".", real, "DuckDB data/x.duckdb");
	names(place->real, ".", link, "DuckDB data/x.duckdb");
	names("/", place->link, real, "DuckDB data/x.duckdb");
	names("/", place->real, link, "DuckDB data/x.duckdb");
}

static void another_folder_is_another_place(void **state)
{
	const struct place *place = *state;
	const char *path = in(place->folder, "x.duckdb");
	const char *beside = in(place->folder, "reality/x.duckdb");
	char expected[PATH_MAX];
	snprintf(expected, sizeof expected, "DuckDB %s", path);
	names(place->real, ".", path, expected);
	names("/", place->real, path, expected);
	snprintf(expected, sizeof expected, "DuckDB %s", beside);
	names("/", place->real, beside, expected);
	names("/", "/", "/x.duckdb", "DuckDB x.duckdb");
}

static void what_has_no_path_is_named_as_in_messages(void **state)
{
	struct config config = {.to = CONFIG_TO_S3, .folder = ".",
				.s3 = {.bucket = "b", .prefix = "p"}};
	struct arena *arena = arena_new();
	struct err err;
	(void)state;
	assert_string_equal(destination_place(&config, arena, &err), "s3://b/p");
	config = (struct config){.to = CONFIG_TO_FOLDER, .folder = "/srv", .landing = "/srv/out"};
	assert_string_equal(destination_place(&config, arena, &err), "folder out");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_relative_path_is_the_same_from_everywhere,
						begin, end),
		cmocka_unit_test_setup_teardown(
			an_absolute_path_into_the_folder_is_no_other_place, begin, end),
		cmocka_unit_test_setup_teardown(another_folder_is_another_place, begin, end),
		cmocka_unit_test(what_has_no_path_is_named_as_in_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
