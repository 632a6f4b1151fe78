/* Where the driver's library is looked for. */
#include "warehouse_kit.h"

#include "base/process.h"

struct place {
	char folder[64];
	struct buf found;
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	if (place == NULL)
		return 1;
	snprintf(place->folder, sizeof place->folder, "/tmp/firn_test_XXXXXX");
	buf_init(&place->found, PATH_BYTES_MAX);
	*state = place;
	return mkdtemp(place->folder) == NULL;
}

static int free_place(void **state)
{
	struct place *place = *state;
	remove_folder(place->folder);
	buf_done(&place->found);
	free(place);
	return 0;
}

static void put(const struct place *place, const char *name, char path[256])
{
	snprintf(path, 256, "%s/%s", place->folder, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	fclose(file);
}

static bool find(struct place *place, const char *configured, const char *environment,
		 struct err *reterr)
{
	buf_clear(&place->found);
	return driver_find(WAREHOUSE_DUCKDB, configured, environment, &place->found, reterr);
}

static void a_named_file_or_folder_is_taken(void **state)
{
	struct place *place = *state;
	struct err err = {.kind = ERR_NONE};
	char library[256], other[256];
	put(place, "libduckdb.so", library);
	put(place, "my_duckdb.so.1", other);
	assert_true(find(place, other, NULL, &err));
	assert_string_equal(buf_text(&place->found), other);
	assert_true(find(place, place->folder, NULL, &err));
	assert_string_equal(buf_text(&place->found), library);
	assert_true(find(place, NULL, place->folder, &err));
	assert_string_equal(buf_text(&place->found), library);
	assert_true(find(place, "", other, &err));
	assert_string_equal(buf_text(&place->found), other);
	assert_true(find(place, other, place->folder, &err)); /* the configured one comes first */
	assert_string_equal(buf_text(&place->found), other);
}

static void a_configured_driver_that_is_not_there_is_not_replaced(void **state)
{
	struct place *place = *state;
	struct err err = {.kind = ERR_NONE};
	char library[256], expected[512];
	put(place, "libduckdb.so", library);
	char none[256];
	snprintf(none, sizeof none, "%s/none.so", place->folder);
	assert_false(find(place, none, place->folder, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	snprintf(expected, sizeof expected, "there is no driver at '%s'", none);
	assert_string_equal(err.text, expected);
	/* A folder without it is not the library either. */
	remove(library);
	assert_false(find(place, place->folder, NULL, &err));
	assert_int_equal(place->found.size, 0);
}

static void lib_beside_the_program_is_looked_into(void **state)
{
	struct place *place = *state;
	struct err err = {.kind = ERR_NONE};
	struct buf program;
	buf_init(&program, PATH_BYTES_MAX);
	assert_true(process_path(&program));
	*strrchr(program.data, '/') = '\0';
	if (find(place, NULL, NULL, &err)) {
		assert_non_null(strstr(buf_text(&place->found), "/libduckdb.so"));
	} else {
		assert_int_equal(err.kind, ERR_USAGE);
		assert_non_null(strstr(err.text, program.data));
		assert_non_null(strstr(err.text, "the package firn-duckdb or 'make' brings it, or"
						 " $FIRN_DRIVER_PATH names"));
	}
	buf_done(&program);
}

static void a_message_names_the_other_driver_too(void **state)
{
	struct place *place = *state;
	struct err err = {.kind = ERR_NONE};
	assert_false(driver_find(WAREHOUSE_SNOWFLAKE, NULL, place->folder, &place->found, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.text, "libadbc_driver_snowflake.so was not found in /tmp/firn"));
	assert_non_null(strstr(err.text, "make snowflake-driver"));
}

static void a_file_that_is_no_driver_is_told(void **state)
{
	struct place *place = *state;
	struct err err = {.kind = ERR_NONE};
	struct warehouse *warehouse;
	char library[256], path[256];
	put(place, "libduckdb.so", library);
	snprintf(path, sizeof path, "%s/x.duckdb", place->folder);
	struct warehouse_options options = {.kind = WAREHOUSE_DUCKDB, .path = path,
					    .driver = library};
	assert_false(warehouse_open(&warehouse, &options, &err));
	assert_null(strchr(err.text, '\n'));
	assert_int_equal(err.kind, ERR_USAGE);
}

static const struct CMUnitTest TESTS[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, free_place)
	TEST(a_named_file_or_folder_is_taken),
	TEST(a_configured_driver_that_is_not_there_is_not_replaced),
	TEST(lib_beside_the_program_is_looked_into),
	TEST(a_message_names_the_other_driver_too),
	TEST(a_file_that_is_no_driver_is_told),
};

int main(void)
{
	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
