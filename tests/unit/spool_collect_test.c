/* Collecting and sealing: when rows become a segment, what is taken back, what has no room. What
 * happens when the process dies or the disk fails: tests/fault. */
#include "spool_case.h"

#include <stdio.h>
#include <sys/stat.h>

static void a_part_is_sealed_when_its_first_row_is_old_enough(void **state)
{
	struct spool_case it;
	struct err err;
	int64_t wait_ms;
	(void)state;
	case_begin(&it, __LINE__);
	assert_true(spool_seal_due(it.spool, &wait_ms, &err));
	assert_int_equal(wait_ms, -1);
	case_collect(&it, "t", "{}\n");
	it.now_us += 40 * 1000000;
	case_collect(&it, "t", "{}\n{}");
	assert_true(spool_seal_due(it.spool, &wait_ms, &err));
	assert_int_equal(wait_ms, 20 * 1000);
	assert_int_equal(case_look(&it).files, 0);
	it.now_us += 20 * 1000000;
	assert_true(spool_seal_due(it.spool, &wait_ms, &err));
	assert_int_equal(wait_ms, -1);
	assert_int_equal(case_look(&it).files, 1);
	assert_int_equal(case_look(&it).rows, 3);
	assert_int_equal(case_oldest(&it).sealed_ms, it.now_us / 1000);
	case_end(&it);
}

static void a_clock_that_was_set_back_does_not_keep_rows_waiting(void **state)
{
	struct spool_case it;
	struct err err;
	int64_t wait_ms;
	(void)state;
	case_begin(&it, __LINE__);
	case_collect(&it, "t", "{}\n");
	it.now_us -= 86400 * INT64_C(1000000);
	assert_true(spool_seal_due(it.spool, &wait_ms, &err));
	assert_int_equal(case_look(&it).files, 1);
	case_end(&it);
}

static void a_part_that_is_large_enough_is_sealed_at_once(void **state)
{
	struct spool_case it;
	char line[64];
	(void)state;
	case_begin(&it, __LINE__);
	spool_close(it.spool);
	it.options.seal.bytes_max = 200;
	case_open(&it);
	for (int i = 0; case_look(&it).files == 0 && i < 20; i++) {
		snprintf(line, sizeof line, "{\"i\":%d}\n", i * 7919);
		case_collect(&it, "t", line);
	}
	assert_int_equal(case_look(&it).files, 1);
	assert_true(case_look(&it).bytes >= 200 && case_look(&it).bytes < 260);
	case_end(&it);
}

static void nothing_of_a_collection_that_was_abandoned_stays(void **state)
{
	struct spool_case it;
	struct err err;
	(void)state;
	case_begin(&it, __LINE__);
	case_collect(&it, "t", "{\"a\":1}\n");
	assert_true(spool_begin(it.spool, &err));
	case_append(&it, "t", "{\"a\":2}\n");
	case_append(&it, "u", "{\"a\":2}\n");
	spool_abandon(it.spool);
	spool_abandon(it.spool);
	case_seal(&it);
	assert_int_equal(case_look(&it).rows, 1);
	assert_int_equal(case_look(&it).files, 1);
	assert_int_equal(case_look(&it).parts, 0);
	case_end(&it);
}

static void a_collection_without_rows_leaves_nothing(void **state)
{
	struct spool_case it;
	struct err err;
	(void)state;
	case_begin(&it, __LINE__);
	assert_true(spool_begin(it.spool, &err));
	case_append(&it, "t", "");
	case_sync(&it);
	case_seal(&it);
	assert_int_equal(case_look(&it).files + case_look(&it).parts, 0);
	case_end(&it);
}

static void only_so_many_tables_fit_into_one_collection_and_any_number_into_several(void **state)
{
	struct spool_case it;
	struct err err = {0}, again = {0};
	char table[32];
	bool done = true;
	(void)state;
	case_begin(&it, __LINE__);
	for (int i = 0; i < 3 * SPOOL_PARTS_MAX; i++) {
		snprintf(table, sizeof table, "t%d", i);
		case_collect(&it, table, "{}\n");
	}
	assert_int_equal(case_look(&it).files + case_look(&it).parts, 3 * SPOOL_PARTS_MAX);
	assert_true(spool_begin(it.spool, &err));
	for (int i = 0; i < SPOOL_PARTS_MAX + 1 && done; i++) {
		snprintf(table, sizeof table, "u%d", i);
		done = spool_append(it.spool, span_of(table), SPAN("acme"), SPAN("{}"), &err);
	}
	assert_false(done);
	assert_int_equal(err.kind, ERR_MEMORY);
	assert_false(spool_sync(it.spool, &again));
	assert_int_equal(again.kind, ERR_MEMORY);
	case_seal(&it);
	assert_int_equal(case_look(&it).rows, 3 * SPOOL_PARTS_MAX);
	case_end(&it);
}

static void a_name_without_letters_fails_the_collection(void **state)
{
	struct spool_case it;
	struct err err = {0};
	(void)state;
	case_begin(&it, __LINE__);
	assert_true(spool_begin(it.spool, &err));
	assert_false(spool_append(it.spool, SPAN("t"), SPAN(""), SPAN("{}"), &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_false(spool_append(it.spool, SPAN("t"), SPAN("c"), SPAN("{}"), &err));
	assert_false(spool_sync(it.spool, &err));
	case_collect(&it, "t", "{}\n");
	case_end(&it);
}

static void files_are_for_their_owner_alone(void **state)
{
	static const struct {
		const char *name;
		unsigned mode;
	} WANTED[] = {{"tmp", 0700}, {"ready", 0700}, {"quarantine", 0700}, {"LOCK", 0600},
		      {"INSTANCE", 0600}, {"OWNER", 0600}, {"ready/t/acme", 0700},
		      {"tmp/0000000001.1790000000000.t.acme.part", 0600}};
	struct spool_case it;
	struct stat info;
	(void)state;
	case_begin(&it, __LINE__);
	case_collect(&it, "t", "{}\n");
	for (size_t i = 0; i < sizeof WANTED / sizeof WANTED[0]; i++) {
		struct scratch path = scratch_at(&it.folder, WANTED[i].name);
		assert_int_equal(stat(path.path, &info), 0);
		assert_int_equal(info.st_mode & 07777, WANTED[i].mode);
	}
	case_end(&it);
}

static void the_second_to_come_is_told_who_is_there(void **state)
{
	struct spool_case it;
	struct spool *second;
	struct err err = {0};
	(void)state;
	case_begin(&it, __LINE__);
	assert_false(spool_open(&second, it.folder.path, &it.options, NULL, &err));
	assert_int_equal(err.kind, ERR_BUSY);
	assert_non_null(strstr(err.text, "held by process"));
	case_end(&it);
}

static void an_instance_is_drawn_once(void **state)
{
	struct spool_case it, other;
	char first[32];
	(void)state;
	case_begin(&it, __LINE__);
	case_begin(&other, __LINE__);
	assert_int_equal(strlen(spool_instance(it.spool)), 16);
	assert_string_not_equal(spool_instance(it.spool), spool_instance(other.spool));
	snprintf(first, sizeof first, "%s", spool_instance(it.spool));
	spool_close(it.spool);
	case_open(&it);
	assert_string_equal(spool_instance(it.spool), first);
	case_end(&it);
	case_end(&other);
}

static void what_was_dropped_is_told_once_with_its_times(void **state)
{
	struct spool_case it;
	struct spool_dropped dropped;
	struct err err;
	int64_t first_ms;
	(void)state;
	case_begin(&it, __LINE__);
	spool_close(it.spool);
	it.options.limits.files_max = 2;
	it.options.limits.when_full = SPOOL_DROP_OLDEST;
	case_open(&it);
	first_ms = it.now_us / 1000;
	for (int i = 0; i < 4; i++) {
		case_collect(&it, "t", "{}\n{}\n");
		case_seal(&it);
		it.now_us += 1000000;
	}
	dropped = spool_take_dropped(it.spool);
	assert_int_equal(dropped.files, 2);
	assert_int_equal(dropped.rows, 4);
	assert_int_equal(dropped.from_ms, first_ms);
	assert_int_equal(dropped.until_ms, first_ms + 1000);
	assert_int_equal(it.events[SPOOL_DROPPED], 2);
	assert_int_equal(spool_take_dropped(it.spool).files, 0);
	assert_true(spool_begin(it.spool, &err));
	spool_abandon(it.spool);
	case_end(&it);
}

static void what_is_too_old_alarms_and_is_deleted_only_by_drop_oldest(void **state)
{
	struct spool_case it;
	(void)state;
	case_begin(&it, __LINE__);
	spool_close(it.spool);
	it.options.limits.age_max_ms = 1000;
	case_open(&it);
	case_collect(&it, "t", "{}\n");
	case_seal(&it);
	assert_false(case_look(&it).too_old);
	it.now_us += 2000000;
	assert_true(case_look(&it).too_old);
	case_collect(&it, "u", "{}\n");
	assert_int_equal(case_look(&it).files, 1);
	spool_close(it.spool);
	it.options.limits.when_full = SPOOL_DROP_OLDEST;
	case_open(&it);
	it.now_us += 2000000;
	case_collect(&it, "v", "{}\n");
	assert_int_equal(case_look(&it).files, 0);
	assert_int_equal(spool_take_dropped(it.spool).rows, 2);
	case_end(&it);
}

static void a_spool_that_a_person_emptied_is_not_full(void **state)
{
	struct spool_case it;
	struct err err = {0};
	(void)state;
	case_begin(&it, __LINE__);
	spool_close(it.spool);
	it.options.limits.files_max = 1;
	case_open(&it);
	case_collect(&it, "t", "{}\n");
	case_seal(&it);
	assert_false(spool_begin(it.spool, &err));
	assert_int_equal(err.kind, ERR_DISK);
	assert_non_null(strstr(err.text, "is full"));
	struct scratch ready = scratch_at(&it.folder, "ready/t/acme");
	scratch_remove(&ready);
	case_collect(&it, "u", "{}\n");
	case_end(&it);
}

static void a_full_disk_is_said_in_advance(void **state)
{
	struct spool_case it;
	struct err err = {0};
	(void)state;
	case_begin(&it, __LINE__);
	spool_close(it.spool);
	it.options.limits.free_bytes_min = INT64_MAX / 4;
	case_open(&it);
	assert_false(spool_begin(it.spool, &err));
	assert_int_equal(err.kind, ERR_DISK);
	assert_non_null(strstr(err.text, "to stay free"));
	assert_true(case_look(&it).near_limit);
	case_end(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_is_sealed_when_its_first_row_is_old_enough),
		cmocka_unit_test(a_clock_that_was_set_back_does_not_keep_rows_waiting),
		cmocka_unit_test(a_part_that_is_large_enough_is_sealed_at_once),
		cmocka_unit_test(nothing_of_a_collection_that_was_abandoned_stays),
		cmocka_unit_test(a_collection_without_rows_leaves_nothing),
		cmocka_unit_test(
			only_so_many_tables_fit_into_one_collection_and_any_number_into_several),
		cmocka_unit_test(a_name_without_letters_fails_the_collection),
		cmocka_unit_test(files_are_for_their_owner_alone),
		cmocka_unit_test(the_second_to_come_is_told_who_is_there),
		cmocka_unit_test(an_instance_is_drawn_once),
		cmocka_unit_test(what_was_dropped_is_told_once_with_its_times),
		cmocka_unit_test(what_is_too_old_alarms_and_is_deleted_only_by_drop_oldest),
		cmocka_unit_test(a_spool_that_a_person_emptied_is_not_full),
		cmocka_unit_test(a_full_disk_is_said_in_advance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
