/* What a landed file's path says. */
#include "run/landed_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HASH "9f86d081884c7d659a2feaa0c55ad015"
#define SEGMENT "1795392000000-0000000001-3-" HASH ".ndjson.gz"

static bool is_table(const void *user, struct span folder)
{
	(void)user;
	return span_is(folder, "weather");
}

static struct landed_place place(const char *path)
{
	struct landed_place found;
	landed_place(path, is_table, NULL, &found);
	return found;
}

/* Table and key of a path; NULL: none. */
static void says(const char *path, const char *table, const char *key)
{
	struct landed_place found = place(path);
	assert_int_equal(found.kind, LANDED_LINES);
	assert_true(span_is(found.table, table));
	assert_string_equal(path + found.key_at, key);
}

static void the_key_begins_with_the_table(void **state)
{
	(void)state;
	says("/srv/raw/weather/2026/11/23/acme/a.ndjson", "weather",
	     "weather/2026/11/23/acme/a.ndjson");
	says("s3://bucket/raw/weather/2026/11/23/acme/a.ndjson.gz", "weather",
	     "weather/2026/11/23/acme/a.ndjson.gz");
	says("/weather/old/weather/mine/a.jsonl", "weather", "weather/mine/a.jsonl");
	/* A customer may have a table's name. */
	says("/raw/weather/2026/11/23/weather/a.ndjson", "weather",
	     "weather/2026/11/23/weather/a.ndjson");
	/* As delivered, a table that nobody knows is still told from the others. */
	says("/weather/strange/2026/11/23/acme/a.ndjson", "strange",
	     "strange/2026/11/23/acme/a.ndjson");
	assert_int_equal(place("/srv/a.ndjson").table.size, 0);
}

static void a_name_of_firn_promises_rows_and_hash(void **state)
{
	(void)state;
	struct landed_place found = place("/raw/weather/2026/11/23/acme/0123456789abcdef-" SEGMENT);
	assert_true(found.named);
	assert_int_equal(found.segment.rows, 3);
	assert_string_equal(found.segment.hash, HASH);
	assert_false(place("/weather/1795392000000-1-3-" HASH ".ndjson.gz").named);
	assert_false(place("/weather/" SEGMENT ".ndjson").named);
}

static void a_segment_in_a_spool_is_known(void **state)
{
	(void)state;
	static const char path[] = "/var/spool/ready/weather/a%2Fb/" SEGMENT;
	struct landed_place found = place(path);
	assert_true(found.spooled);
	assert_int_equal(found.root_size, strlen("/var/spool/"));
	assert_string_equal(found.segment.table, "weather");
	assert_string_equal(found.segment.customer, "a%2Fb");
	assert_false(place("/var/spool/quarantine/weather/acme/" SEGMENT).spooled);
	assert_false(place("/var/ready/weather/acme/a.ndjson").spooled);
}

static void other_files_are_left_out(void **state)
{
	(void)state;
	static const char *const others[] = {"/weather/README", "/weather/.a.ndjson.gz.part",
		"/weather/.a.ndjson", "/weather/a.json", "/weather/x_acme_Turku.json", "/", "",
		"/weather/a.ndjson.tmp", NULL};
	for (size_t i = 0; others[i] != NULL; i++)
		assert_int_equal(place(others[i]).kind, LANDED_OTHER);
	assert_int_equal(place("/dump/1700000000_acme_Turku.json").kind, LANDED_OLDER);
}

static void older(const char *name, const char *customer, const char *expected, const char *where)
{
	struct landed_older found;
	assert_true(landed_older(span_of(name), customer, &found));
	assert_true(span_is(found.customer, expected));
	assert_true(span_is(found.location, where));
	assert_int_equal(found.at_us / 1000000, 1700000000);
}

static void an_older_name_is_taken_apart_where_that_is_certain(void **state)
{
	struct landed_older found;
	(void)state;
	older("1700000000_acme_Turku.json", "", "acme", "Turku");
	older("1700000000-1234567_acme_Turku.json", NULL, "acme", "Turku");
	older("1700000000.5_a-b_New York.json", "other", "a-b", "New York");
	older("1700000000_a_b_c_d.json", "a_b", "a_b", "c_d");
	assert_false(landed_older(SPAN("1700000000_a_b_c.json"), "", &found));
	assert_false(landed_older(SPAN("1700000000_a_b_c.json"), "b", &found));
	assert_false(landed_older(SPAN("1700000000_acme_.json"), "", &found));
	assert_false(landed_older(SPAN("1700000000__Turku.json"), "", &found));
	assert_false(landed_older(SPAN("17x_acme_Turku.json"), "", &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_begins_with_the_table),
		cmocka_unit_test(a_name_of_firn_promises_rows_and_hash),
		cmocka_unit_test(a_segment_in_a_spool_is_known),
		cmocka_unit_test(other_files_are_left_out),
		cmocka_unit_test(an_older_name_is_taken_apart_where_that_is_certain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
