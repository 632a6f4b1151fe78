/* Gaps between complete windows, and findings: what somebody has to be told, until it was seen or
 * made good. */
#include "local_case.h"

static void a_gap_is_a_hole_between_complete_windows_until_it_is_seen(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct interval holes[4];
	(void)state;
	struct local *local = open_usual(&folder);
	struct local_part *part = local_part(local, "users", "");
	assert_int_equal(local_gaps(part, holes, 4), 0);
	add_interval(&part->complete, 0, DAY);
	assert_int_equal(local_gaps(part, holes, 4), 0); /* what lies outside is no hole */
	add_interval(&part->complete, 2 * DAY, 3 * DAY);
	add_interval(&part->complete, 5 * DAY, 6 * DAY);
	assert_int_equal(local_gaps(part, holes, 1), 2);
	assert_int_equal(local_gaps(part, holes, 4), 2);
	assert_int_equal(holes[0].from_us, DAY);
	assert_int_equal(holes[1].until_us, 5 * DAY);
	assert_true(local_seen(local, &err));
	part = local_part(local, "users", "");
	assert_int_equal(local_gaps(part, holes, 4), 0);
	/* One that was seen in part is there again: it is not what was seen. */
	add_interval(&part->complete, 9 * DAY, 10 * DAY);
	assert_int_equal(local_gaps(part, holes, 4), 1);
	assert_int_equal(holes[0].from_us, 6 * DAY);
	local_close(local);
	scratch_remove(&folder);
}

static void what_was_seen_or_made_good_is_complained_of_no_more(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	(void)state;
	struct local *local = open_usual(&folder);
	struct finding day = fewer("users", DAY, 2 * DAY), next = fewer("users", 3 * DAY, 4 * DAY);
	assert_true(local_add_finding(local, &day, &err));
	assert_true(local_add_finding(local, &day, &err)); /* found again: still one */
	assert_true(local_add_finding(local, &next, &err));
	assert_int_equal(local->findings_n, 2);
	local_drop_findings(local, FINDING_LOST, "users", "", (struct interval){0, 9 * DAY});
	local_drop_findings(local, FINDING_FEWER, "users", "x", (struct interval){0, 9 * DAY});
	local_drop_findings(local, FINDING_FEWER, "users", "",
			    (struct interval){DAY, 2 * DAY - 1});
	assert_int_equal(local->findings_n, 2);
	local_drop_findings(local, FINDING_FEWER, "users", "", (struct interval){DAY, 2 * DAY});
	assert_int_equal(local->findings_n, 1);
	struct run_row bad = run("r", "users");
	assert_true(local_set_last(local, &bad, &err));
	local_stream(local, "users")->rejected = 9;
	assert_true(local_seen(local, &err));
	assert_int_equal(local->findings_n, 0);
	assert_int_equal(local_find_stream(local, "users")->rejected, 0);
	assert_true(local_find_stream(local, "users")->failure_seen);
	assert_true(local_set_last(local, &bad, &err)); /* a new one has not been seen */
	assert_false(local_find_stream(local, "users")->failure_seen);
	local_close(local);
	scratch_remove(&folder);
}

static void findings_are_bounded(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	(void)state;
	struct local *local = open_usual(&folder);
	for (int64_t i = 0; i < FINDINGS_MAX + 10; i++) {
		struct finding found = fewer("users", i * DAY, (i + 1) * DAY);
		assert_true(local_add_finding(local, &found, &err));
	}
	assert_int_equal(local->findings_n, FINDINGS_MAX);
	local_close(local);
	scratch_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gap_is_a_hole_between_complete_windows_until_it_is_seen),
		cmocka_unit_test(what_was_seen_or_made_good_is_complained_of_no_more),
		cmocka_unit_test(findings_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
