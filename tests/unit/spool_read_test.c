/* Reading what waits: the oldest first, in little memory, and only what is whole. */
#include "spool_case.h"

#include "base/digest.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* A segment's file, made by hand; its content does not matter here. */
static void put_segment(const struct spool_case *it, int64_t ms, int seq)
{
	char name[200];
	snprintf(name, sizeof name,
		 "ready/t/acme/%013lld-%010d-3-0123456789abcdef0123456789abcdef.ndjson.gz",
		 (long long)ms, seq);
	struct scratch path = scratch_at(&it->folder, name);
	int fd = open(path.path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0 && write(fd, "x", 1) == 1);
	close(fd);
}

/* Goal: any order of names, any n: the oldest, in order, each once. Method: names with times by
 * chance, and a pass in steps of k. */
static void a_pass_meets_every_segment_once_and_in_order(void **state)
{
	enum { N = 257 };
	static struct segment some[N + 1];
	struct spool_case it;
	uint64_t seed = 20261123;
	(void)state;
	case_begin(&it, __LINE__);
	case_collect(&it, "t", "{}\n");
	case_seal(&it);
	for (int i = 1; i < N; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
		put_segment(&it, (int64_t)(seed >> 40) % 50, 100 + i);
	}
	for (size_t k = 1; k <= N + 1; k = k * 3 + 1) {
		struct segment last = {0};
		struct err err;
		size_t n = k, met = 0;
		while (n > 0) {
			if (!spool_oldest(it.spool, met == 0 ? NULL : &last, k, some, &n, &err))
				fail_msg("%s", err.text);
			for (size_t i = 0; i < n; i++, met++) {
				assert_true(met == 0 || segment_compare(&last, &some[i]) < 0);
				last = some[i];
			}
		}
		assert_int_equal(met, N);
	}
	case_end(&it);
}

static long peak_kib(void)
{
	struct rusage usage;
	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

/* Goal: waiting segments cost no memory. */
static void names_that_wait_cost_no_memory(void **state)
{
	enum { N = 20000 };
	static struct segment some[SPOOL_OLDEST_MAX];
	struct spool_case it;
	struct err err;
	size_t n;
	(void)state;
	case_begin(&it, __LINE__);
	case_collect(&it, "t", "{}\n");
	assert_true(spool_oldest(it.spool, NULL, SPOOL_OLDEST_MAX, some, &n, &err));
	long before = peak_kib();
	for (int i = 0; i < N; i++)
		put_segment(&it, N - i, i);
	assert_true(spool_oldest(it.spool, NULL, SPOOL_OLDEST_MAX, some, &n, &err));
	assert_int_equal(n, SPOOL_OLDEST_MAX);
	assert_int_equal(some[0].sealed_ms, 1);
	spool_close(it.spool);
	case_open(&it);
	assert_int_equal(case_look(&it).files, N + 1);
	/* N names of 330 bytes would be 6 MiB */
	assert_true(peak_kib() - before < 1500);
	case_end(&it);
}

static void a_segment_comes_out_as_it_went_in_as_often_as_wanted(void **state)
{
	struct spool_case it;
	struct spool_reader *reader;
	struct err err;
	struct buf file;
	char bytes[4 * KIB], hex[SHA256_HEX + 1];
	(void)state;
	case_begin(&it, __LINE__);
	case_collect(&it, "T", "{\"a\":1}\n{\"a\":2}");
	case_seal(&it);
	struct segment segment = case_oldest(&it);
	assert_int_equal(segment.rows, 2);
	assert_string_equal(segment.table, "t");
	char name[300];
	snprintf(name, sizeof name, "ready/t/acme/%s", segment.name);
	struct scratch path = scratch_at(&it.folder, name);
	buf_init(&file, MIB);
	assert_true(file_read(path.path, &file, &err));
	assert_true(digest_sha256_hex(buf_span(&file), hex));
	assert_memory_equal(hex, segment.hash, SEGMENT_HASH_HEX);
	assert_true(spool_read_open(it.spool, &segment, &reader, &err));
	assert_int_equal(spool_reader_bytes(reader), file.size);
	assert_int_equal(segment.bytes, file.size);
	assert_string_equal(spool_reader_sha256(reader), hex);
	for (size_t room = 1; room < file.size + 3; room++) {
		size_t have = 0, size;
		do {
			assert_true(spool_read(reader, bytes + have, room, &size, &err));
			have += size;
		} while (size > 0);
		assert_true(span_equal((struct span){bytes, have}, buf_span(&file)));
		assert_true(spool_read_again(reader, &err));
	}
	spool_read_close(reader);
	buf_done(&file);
	case_end(&it);
}

static void a_file_that_changes_while_it_is_read_is_told(void **state)
{
	struct spool_case it;
	struct spool_reader *reader;
	struct err err = {0};
	char bytes[4 * KIB], name[300];
	size_t size;
	(void)state;
	case_begin(&it, __LINE__);
	case_collect(&it, "t", "{\"a\":1}\n");
	case_seal(&it);
	struct segment segment = case_oldest(&it);
	assert_true(spool_read_open(it.spool, &segment, &reader, &err));
	snprintf(name, sizeof name, "ready/t/acme/%s", segment.name);
	int fd = open(scratch_at(&it.folder, name).path, O_WRONLY);
	assert_int_equal(pwrite(fd, "!", 1, 12), 1);
	assert_false(spool_read(reader, bytes, sizeof bytes, &size, &err));
	assert_int_equal(err.kind, ERR_DATA);
	assert_true(spool_read_again(reader, &err));
	assert_int_equal(ftruncate(fd, 3), 0);
	assert_false(spool_read(reader, bytes, sizeof bytes, &size, &err));
	assert_int_equal(err.kind, ERR_DATA);
	close(fd);
	spool_read_close(reader);
	assert_false(spool_read_open(it.spool, &segment, &reader, &err));
	assert_int_equal(err.kind, ERR_DATA);
	case_end(&it);
}

static void what_is_gone_is_told_and_may_be_done_twice(void **state)
{
	struct spool_case it;
	struct spool_reader *reader;
	struct err err = {0};
	(void)state;
	case_begin(&it, __LINE__);
	case_collect(&it, "t", "{}\n");
	case_seal(&it);
	struct segment segment = case_oldest(&it);
	assert_true(spool_done(it.spool, &segment, &err));
	assert_int_equal(case_look(&it).files, 0);
	assert_true(spool_done(it.spool, &segment, &err));
	assert_true(spool_quarantine(it.spool, &segment, "x", &err));
	assert_int_equal(case_look(&it).quarantined, 0);
	assert_false(spool_read_open(it.spool, &segment, &reader, &err));
	assert_int_equal(err.kind, ERR_BUSY);
	memcpy(segment.table, "u", 2);
	assert_false(spool_read_open(it.spool, &segment, &reader, &err));
	assert_int_equal(err.kind, ERR_BUSY);
	case_end(&it);
}

static void quarantine_keeps_the_file_and_says_why(void **state)
{
	struct spool_case it;
	struct err err;
	struct buf why;
	char name[300];
	(void)state;
	case_begin(&it, __LINE__);
	case_collect(&it, "t", "{}\n");
	case_seal(&it);
	struct segment segment = case_oldest(&it);
	assert_true(spool_quarantine(it.spool, &segment, "the server says \"bad\"", &err));
	struct spool_summary summary = case_look(&it);
	assert_int_equal(summary.files, 0);
	assert_int_equal(summary.quarantined, 1);
	assert_true(summary.quarantined_bytes > segment.bytes);
	assert_int_equal(it.events[SPOOL_QUARANTINED], 1);
	snprintf(name, sizeof name, "quarantine/t/acme/%s.why", segment.name);
	buf_init(&why, KIB);
	assert_true(file_read(scratch_at(&it.folder, name).path, &why, &err));
	assert_string_equal(buf_text(&why), "the server says \"bad\"\n");
	buf_done(&why);
	/* its number is not given away again */
	spool_close(it.spool);
	case_open(&it);
	case_collect(&it, "t", "{}\n");
	case_seal(&it);
	assert_true(case_oldest(&it).seq > segment.seq);
	case_end(&it);
}

static void looking_needs_no_spool(void **state)
{
	struct spool_summary summary;
	struct spool_limits limits = spool_limits_default();
	struct scratch folder = scratch_make(__LINE__);
	struct scratch none = scratch_at(&folder, "none");
	struct err err;
	(void)state;
	assert_true(spool_look(none.path, &limits, 0, &summary, &err));
	assert_int_equal(summary.files + summary.parts + summary.quarantined, 0);
	assert_false(summary.near_limit || summary.too_old);
	assert_false(file_exists(none.path));
	assert_true(spool_look(folder.path, &limits, 0, &summary, &err));
	assert_int_equal(scratch_remove(&folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pass_meets_every_segment_once_and_in_order),
		cmocka_unit_test(names_that_wait_cost_no_memory),
		cmocka_unit_test(a_segment_comes_out_as_it_went_in_as_often_as_wanted),
		cmocka_unit_test(a_file_that_changes_while_it_is_read_is_told),
		cmocka_unit_test(what_is_gone_is_told_and_may_be_done_twice),
		cmocka_unit_test(quarantine_keeps_the_file_and_says_why),
		cmocka_unit_test(looking_needs_no_spool),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
