/* Time zones by name: found, not found, and never outside their folder. */
#include "base/file.h"

#include "scratch.h"
#include "zone_file.h"

static struct scratch folder;

static void put_zone(const char *name, const char *footer)
{
	struct err err;
	struct scratch path = scratch_at(&folder, name);
	struct buf above, bytes = zone_bytes(0, NULL, 0, footer);
	buf_init(&above, sizeof path);
	buf_add_span(&above, file_folder_of(path.path));
	assert_true(file_make_folder(buf_text(&above), &err));
	assert_true(file_replace(path.path, buf_span(&bytes), &err));
	buf_done(&above);
	buf_done(&bytes);
}

static int make_zones(void **state)
{
	struct err err;
	(void)state;
	folder = scratch_make(__LINE__);
	put_zone("US/Pacific", "PST8PDT,M3.2.0,M11.1.0");
	put_zone("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3");
	put_zone("America/Argentina/Buenos_Aires", "<-03>3");
	put_zone("posix/Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3");
	put_zone("Etc/GMT+5", "<-05>5");
	struct scratch table = scratch_at(&folder, "Table");
	return file_replace(table.path, SPAN("no zone at all"), &err) ? 0 : -1;
}

static int remove_zones(void **state)
{
	(void)state;
	return scratch_remove(&folder) == 6 ? 0 : -1;
}

static void assert_opens(const char *name)
{
	struct err err;
	struct zone *zone;
	if (!zone_open(&zone, name, folder.path, &err))
		fail_msg("%s", err.text);
	zone_close(zone);
}

static void names_of_any_depth_are_found(void **state)
{
	(void)state;
	assert_opens("US/Pacific");
	assert_opens("America/Argentina/Buenos_Aires");
	assert_opens("Etc/GMT+5");
	assert_opens("UTC"); /* though it is not in the folder */
}

static void assert_unknown(const char *name, const char *said)
{
	struct err err = {0};
	struct zone *zone = NULL;
	assert_false(zone_open(&zone, name, folder.path, &err));
	assert_null(zone);
	assert_int_equal(err.kind, ERR_USAGE);
	if (strstr(err.text, said) == NULL)
		fail_msg("%s", err.text);
}

static void an_unknown_zone_is_an_error_that_names_the_nearest(void **state)
{
	(void)state;
	assert_unknown("US/Pacfic", "did you mean US/Pacific?");
	assert_unknown("us/pacific", "did you mean US/Pacific?");
	assert_unknown("Berlin", "did you mean Europe/Berlin?");
	assert_unknown("Europe/Brelin", "did you mean Europe/Berlin?");
	assert_unknown("America/Buenos_Aires", "not known");
	assert_unknown("Mars", "\"Mars\" is not known");
	assert_unknown("Table", "not known");
	assert_unknown("Europe", "not known");
}

static void a_name_never_leaves_the_folder(void **state)
{
	static const char *const WRONG[] = {
		"", "/etc/localtime", "../US/Pacific", "US/../US/Pacific", "US//Pacific",
		"US/Pacific/", "./US/Pacific", "US\\Pacific", "US/Pacific\n", "Europe/Berlin.",
	};
	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		assert_unknown(WRONG[i], "no name of a time zone");
}

static void where_no_zone_is_installed_utc_still_works(void **state)
{
	struct zone *zone;
	struct err err;
	(void)state;
	assert_true(zone_open(&zone, "UTC", "/proc/nonexistent", &err));
	assert_int_equal(zone_offset_s(zone, INT64_C(1795406706789012)), 0);
	assert_int_equal(zone_utc(zone, 1234567), 1234567);
	zone_close(zone);
	assert_false(zone_open(&zone, "Europe/Berlin", "/proc/nonexistent", &err));
	assert_non_null(strstr(err.text, "tzdata"));
}

static void the_local_zone_takes_what_tz_may_hold(void **state)
{
	struct err err = {0};
	struct zone *zone;
	char path[SCRATCH_BYTES + 20];
	(void)state;
	assert_true(zone_open_local(&zone, "CET-1CEST,M3.5.0,M10.5.0/3", &err));
	assert_change(zone, 1774746000, HOUR, 2 * HOUR);
	zone_close(zone);
	assert_true(zone_open_local(&zone, "", &err));
	assert_int_equal(zone_offset_s(zone, 0), 0);
	zone_close(zone);
	snprintf(path, sizeof path, ":%s/US/Pacific", folder.path);
	assert_true(zone_open_local(&zone, path, &err));
	assert_change(zone, 1772964000, -8 * HOUR, -7 * HOUR);
	zone_close(zone);
	assert_false(zone_open_local(&zone, "No/Such", &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_true(strncmp(err.text, "TZ: ", 4) == 0);
	assert_true(zone_open_local(&zone, NULL, &err)); /* whatever this machine has */
	zone_close(zone);
	zone_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_any_depth_are_found),
		cmocka_unit_test(an_unknown_zone_is_an_error_that_names_the_nearest),
		cmocka_unit_test(a_name_never_leaves_the_folder),
		cmocka_unit_test(where_no_zone_is_installed_utc_still_works),
		cmocka_unit_test(the_local_zone_takes_what_tz_may_hold),
	};
	return cmocka_run_group_tests(tests, make_zones, remove_zones);
}
