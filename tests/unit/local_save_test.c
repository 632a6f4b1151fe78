/* What is written of the local copy, and when. */
#include "local_case.h"

#include "base/digest.h"

#include <sys/stat.h>

static bool is_there(const struct scratch *folder)
{
	struct scratch path = scratch_at(folder, "state.json");
	return file_exists(path.path);
}

static void remove_file(const struct scratch *folder)
{
	struct scratch path = scratch_at(folder, "state.json");
	assert_int_equal(unlink(path.path), 0);
}

static void a_part_that_holds_nothing_is_kept_and_takes_no_room(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct buf text;
	(void)state;
	struct local *local = open_usual(&folder);
	assert_non_null(local_part(local, "weather", "p1"));
	save(local);
	local_close(local);
	read_file(&folder, &text);
	assert_non_null(strstr(buf_text(&text),
			       "\"parts\":[{\"stream\":\"weather\",\"part\":\"p1\"}]"));
	local = open_usual(&folder);
	const struct local_part *part = local_find(local, "weather", "p1");
	assert_non_null(part);
	assert_true(part->watermark_us == STAMP_NONE && part->known_us == STAMP_NONE);
	assert_int_equal(part->known_generation, 0);
	assert_int_equal(part->complete.n + part->seen.n, 0);
	local_close(local);
	buf_done(&text);
	scratch_remove(&folder);
}

/* As versions before wrote it: with all that is so by default. */
static void an_older_copy_is_read(void **state)
{
	const char head[] = "{\"format\":1,\"pipeline\":\"p\",\"destination\":\"DuckDB /a.duckdb\","
			    "\"unsettled\":0,\"views\":\"\",\"collecting\":-9223372036854775808,"
			    "\"delivery_failed\":0,\"delivery_reason\":null,\"delivery_seen\":0,"
			    "\"parts\":[{\"stream\":\"weather\",\"part\":\"p1\","
			    "\"watermark\":-9223372036854775808,"
			    "\"known\":-9223372036854775808,\"generation\":0,\"complete\":[],"
			    "\"seen\":[]},{\"stream\":\"s\",\"part\":\"\",\"watermark\":7,"
			    "\"known\":5,\"generation\":3,\"complete\":[[1,2],[4,7]],"
			    "\"seen\":[[2,4]]}],\"streams\":[],\"findings\":[],\"windows\":[],"
			    "\"runs\":[],\"landed\":[[-5,6]]";
	struct scratch folder = scratch_make(__LINE__);
	char digest[SHA256_HEX + 1];
	struct buf text;
	(void)state;
	buf_init(&text, STATE_BYTES_MAX);
	assert_true(digest_sha256_hex(span_of(head), digest));
	assert_true(buf_addf(&text, "%s,\"sha256\":\"%s\"}\n", head, digest));
	write_file(&folder, buf_span(&text));
	struct local *local = open_usual(&folder);
	assert_false(local->fresh);
	assert_int_equal(local->parts_n, 2);
	assert_true(local_find(local, "weather", "p1")->watermark_us == STAMP_NONE);
	const struct local_part *part = local_find(local, "s", "");
	assert_true(part->watermark_us == 7 && part->known_us == 5);
	assert_int_equal(part->known_generation, 3);
	assert_int_equal(part->complete.n, 2);
	assert_int_equal(part->seen.at[0].until_us, 4);
	assert_true(local_is_landed(local, (struct local_landed){(uint64_t)INT64_C(-5), 6}));
	local_close(local);
	buf_done(&text);
	scratch_remove(&folder);
}

static void what_the_file_says_already_is_not_written_again(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	(void)state;
	struct local *local = open_usual(&folder);
	fill(local);
	save(local);
	remove_file(&folder);
	save(local);
	assert_false(is_there(&folder));
	local_part(local, "users", "a/b")->watermark_us++;
	save(local);
	assert_true(is_there(&folder));
	local_close(local);

	local = open_usual(&folder); /* it knows what it has read */
	remove_file(&folder);
	save(local);
	assert_false(is_there(&folder));
	local->unsettled = true;
	save(local);
	assert_true(is_there(&folder));
	local_close(local);
	scratch_remove(&folder);
}

/* The file may hold either: what stood there before must be written as if it did not. */
static void behind_a_failure_it_is_written_whatever_was_there(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	(void)state;
	struct local *local = open_usual(&folder);
	fill(local);
	save(local);
	scratch_remove(&folder);
	local->unsettled = true;
	assert_false(local_save(local, &err));
	assert_int_equal(mkdir(folder.path, 0700), 0);
	local->unsettled = false;
	save(local);
	assert_true(is_there(&folder));
	local_close(local);
	scratch_remove(&folder);
}

/* Another pipeline's copy is no reason to leave ours unwritten. */
static void a_copy_that_is_not_used_is_written_over(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct err why;
	(void)state;
	struct local *local = open_copy(&folder, "q", "DuckDB /a.duckdb", &why);
	save(local);
	local_close(local);
	local = open_usual(&folder);
	save(local);
	local_close(local);
	local = open_copy(&folder, "p", "DuckDB /a.duckdb", &why);
	assert_int_equal(why.kind, ERR_NONE);
	local_close(local);
	scratch_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_that_holds_nothing_is_kept_and_takes_no_room),
		cmocka_unit_test(an_older_copy_is_read),
		cmocka_unit_test(what_the_file_says_already_is_not_written_again),
		cmocka_unit_test(behind_a_failure_it_is_written_whatever_was_there),
		cmocka_unit_test(a_copy_that_is_not_used_is_written_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
