/* Files: what is there after every failing step and who may read it. Linked with --wrap for the
 * calls of fault_disk.h. */
#include "base/file.h"

#include "base/bounds.h"

#include "fault_disk.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

/* --- help --- */
static bool file_is(const char *path, const char *content)
{
	struct buf data;
	struct err err;
	buf_init(&data, MIB);
	bool same = file_read(path, &data, &err) && span_is(buf_span(&data), content);
	buf_done(&data);
	return same;
}

static void put(const char *path, const char *content)
{
	struct err err;
	if (!file_replace(path, span_of(content), &err))
		fail_msg("%s", err.text);
}

static int mode_of(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 ? (int)(info.st_mode & 07777) : -1;
}

/* --- replacing --- */
/* Goal: no failing step may harm the copy that was there. Method: fail the n-th call, n = 1, 2,
 * ... until a run does not reach the n-th. */
static void replacing_survives_every_failing_step(void **state)
{
	bool fired = true;
	int n;
	(void)state;
	for (n = 1; fired; n++) {
		struct err err = {0};
		struct scratch folder = scratch_make(__LINE__);
		struct scratch path = scratch_at(&folder, "cursor");
		put(path.path, "old");

		fault_arm(n);
		bool done = file_replace(path.path, SPAN("new"), &err);
		fired = fault_disarm();

		bool is_new = file_is(path.path, "new");
		assert_true(is_new || (!done && file_is(path.path, "old")));
		assert_int_equal(done, !fired);
		assert_int_equal(err.kind, done ? ERR_NONE : ERR_DISK);
		assert_int_equal(scratch_remove(&folder), 1); /* no other file is left behind */
	}
	/* folder, temp, truncate, mode, write, fsync, rename, fsync; a run that reaches no ninth */
	assert_int_equal(n, 10);
}

static void a_first_file_survives_every_failing_step_too(void **state)
{
	bool fired = true;
	(void)state;
	for (int n = 1; fired; n++) {
		struct err err = {0};
		struct scratch folder = scratch_make(__LINE__);
		struct scratch path = scratch_at(&folder, "cursor");
		fault_arm(n);
		bool done = file_replace(path.path, SPAN("new"), &err);
		fired = fault_disarm();
		assert_int_equal(done, !fired);
		assert_true(!file_exists(path.path) || file_is(path.path, "new"));
		assert_in_range(scratch_remove(&folder), done ? 1 : 0, 1);
	}
}

static void short_and_interrupted_writes_are_gone_on_with(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct scratch path = scratch_at(&folder, "file");
	(void)state;
	half_writes = true;
	put(path.path, "a text of some length");
	half_writes = false;
	assert_true(file_is(path.path, "a text of some length"));
	scratch_remove(&folder);
}

static void a_new_file_is_private_and_an_old_one_keeps_its_mode(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct scratch path = scratch_at(&folder, "file");
	mode_t before = umask(0);
	(void)state;
	put(path.path, "a");
	assert_int_equal(mode_of(path.path), 0600);
	assert_false(file_others_can_read(path.path));
	assert_int_equal(chmod(path.path, 0644), 0);
	assert_true(file_others_can_read(path.path));
	put(path.path, "b");
	assert_int_equal(mode_of(path.path), 0644);
	assert_int_equal(chmod(path.path, 0620), 0);
	assert_false(file_others_can_read(path.path));
	umask(before);
	scratch_remove(&folder);
}

static void what_a_crash_left_behind_is_written_over(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct scratch path = scratch_at(&folder, "file");
	struct scratch left = scratch_at(&folder, ".file.new");
	(void)state;
	put(left.path, "a half of something much longer");
	put(path.path, "new");
	assert_true(file_is(path.path, "new"));
	assert_int_equal(scratch_remove(&folder), 1);
}

/* A configuration is often a link into another folder, and that must stay so. */
static void what_a_link_points_to_is_replaced(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct scratch path = scratch_at(&folder, "file");
	struct scratch link = scratch_at(&folder, "link");
	struct stat info;
	(void)state;
	put(path.path, "old");
	assert_int_equal(symlink("file", link.path), 0);
	put(link.path, "new");
	assert_true(file_is(path.path, "new"));
	assert_true(lstat(link.path, &info) == 0 && S_ISLNK(info.st_mode));
	scratch_remove(&folder);
}

/* Many writers of one file: a reader sees one of the contents whole, and nothing is left. */
static void two_programs_replacing_one_file_never_mix(void **state)
{
	enum { WRITERS = 4, ROUNDS = 50, BYTES = 20000 };
	struct scratch folder = scratch_make(__LINE__);
	struct scratch path = scratch_at(&folder, "file");
	static char content[BYTES];
	(void)state;
	put(path.path, "");
	for (int writer = 0; writer < WRITERS; writer++) {
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid > 0)
			continue;
		struct err err;
		memset(content, 'a' + writer, sizeof content);
		for (int round = 0; round < ROUNDS; round++) {
			struct span part = {content, BYTES - (size_t)round * 7};
			if (!file_replace(path.path, part, &err))
				_exit(1);
		}
		_exit(0);
	}
	for (int ended = 0; ended < WRITERS;) {
		int status;
		struct buf data;
		struct err err;
		buf_init(&data, BYTES);
		assert_true(file_read(path.path, &data, &err));
		for (size_t i = 1; i < data.size; i++)
			assert_int_equal(data.data[i], data.data[0]);
		buf_done(&data);
		if (waitpid(-1, &status, WNOHANG) > 0) {
			assert_int_equal(status, 0);
			ended++;
		}
	}
	assert_int_equal(scratch_remove(&folder), 1);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
	struct err err = {0};
	(void)state;
	assert_false(file_replace("/proc/nonexistent/x/file", SPAN("a"), &err));
	assert_int_equal(err.kind, ERR_DISK);
	assert_string_equal(err.text, "cannot open folder '/proc/nonexistent/x': "
				      "No such file or directory");
}

/* --- reading --- */
static void a_file_is_read_behind_what_is_there(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct scratch path = scratch_at(&folder, "file");
	struct buf data;
	struct err err;
	(void)state;
	put(path.path, "content");
	buf_init(&data, 100);
	buf_add_text(&data, "before ");
	assert_true(file_read(path.path, &data, &err));
	assert_string_equal(buf_text(&data), "before content");
	buf_done(&data);
	scratch_remove(&folder);
}

static void an_empty_file_reads_as_empty_text(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct scratch path = scratch_at(&folder, "file");
	struct buf data;
	struct err err;
	(void)state;
	put(path.path, "");
	buf_init(&data, 100);
	assert_true(file_read(path.path, &data, &err));
	assert_string_equal(buf_text(&data), "");
	buf_done(&data);
	scratch_remove(&folder);
}

static void a_file_of_exactly_the_limit_is_read_and_a_larger_one_refused(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct scratch path = scratch_at(&folder, "file");
	(void)state;
	put(path.path, "12345");
	for (size_t max = 0; max < 8; max++) {
		struct err err = {0};
		struct buf data;
		buf_init(&data, max);
		assert_int_equal(file_read(path.path, &data, &err), max >= 5);
		assert_int_equal(data.size, max >= 5 ? 5 : 0);
		assert_int_equal(err.kind, max >= 5 ? ERR_NONE : ERR_DATA);
		buf_done(&data);
	}
	scratch_remove(&folder);
}

/* Files of /proc say that they have no bytes. */
static void a_file_that_does_not_know_its_size_is_read_whole(void **state)
{
	struct err err;
	struct buf data;
	(void)state;
	buf_init(&data, MIB);
	assert_true(file_read("/proc/self/maps", &data, &err));
	assert_in_range(data.size, 100, MIB);
	buf_clear(&data);
	assert_false(file_read("/dev/zero", &data, &err));
	assert_int_equal(err.kind, ERR_DATA);
	buf_done(&data);
}

static void what_the_user_can_mend_is_a_usage_error(void **state)
{
	struct err err = {0};
	struct buf data;
	(void)state;
	buf_init(&data, MIB);
	assert_false(file_read("/proc/nonexistent/file", &data, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, "cannot open '/proc/nonexistent/file': "
				      "No such file or directory");
	assert_false(file_read("/", &data, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	fault_arm(1);
	assert_false(file_read("/etc/passwd", &data, &err));
	assert_true(fault_disarm());
	assert_int_equal(err.kind, ERR_DISK);
	buf_done(&data);
}

/* --- folders and paths --- */
static bool count_names(void *user, const char *name)
{
	int *left = user;
	assert_int_not_equal(name[0], '.');
	return --*left > 0;
}

static void folders_are_made_with_those_above_and_listed(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct scratch deep = scratch_at(&folder, "a/b//c/");
	struct scratch file = scratch_at(&folder, "a/file");
	struct scratch below = scratch_at(&folder, "a/file/x");
	struct scratch a = scratch_at(&folder, "a");
	struct err err = {0};
	(void)state;
	assert_true(file_make_folder(deep.path, &err));
	assert_true(file_make_folder(deep.path, &err));
	assert_true(file_exists(deep.path));
	assert_int_equal(mode_of(deep.path), 0700);
	put(file.path, "");
	assert_false(file_make_folder(file.path, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_false(file_make_folder(below.path, &err));
	int left = 10;
	assert_true(file_each(a.path, count_names, &left, &err));
	assert_int_equal(left, 8);
	left = 1;
	assert_true(file_each(a.path, count_names, &left, &err));
	assert_int_equal(left, 0);
	assert_false(file_each(file.path, count_names, &left, &err));
	assert_true(file_remove(file.path, &err));
	assert_true(file_remove(file.path, &err)); /* absent is fine */
	assert_false(file_remove(a.path, &err));
	assert_true(file_free_bytes(folder.path) > 0);
	assert_int_equal(file_free_bytes("/proc/nonexistent"), -1);
	scratch_remove(&folder);
}

static void paths_are_seen_from_a_folder_unless_absolute(void **state)
{
	static const char *const CASES[][3] = {
		{"etc", "x", "etc/x"}, {"etc/", "x", "etc/x"}, {"etc", "/x", "/x"},
		{"", "x", "x"}, {NULL, "x", "x"}, {".", "x", "x"}, {"/", "x", "/x"},
		{"..", "../x", "../../x"},
	};
	struct buf path;
	struct err err = {0};
	static char text[PATH_BYTES_MAX + 1];
	(void)state;
	buf_init(&path, 2 * PATH_BYTES_MAX);
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		buf_clear(&path);
		assert_true(file_join(&path, CASES[i][0], CASES[i][1], &err));
		assert_string_equal(buf_text(&path), CASES[i][2]);
	}
	memset(text, 'x', PATH_BYTES_MAX);
	buf_clear(&path);
	assert_false(file_join(&path, NULL, text, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	buf_done(&path);
	assert_true(span_is(file_folder_of("a/b/c"), "a/b"));
	assert_true(span_is(file_folder_of("a//c"), "a"));
	assert_true(span_is(file_folder_of("/c"), "/"));
	assert_true(span_is(file_folder_of("c"), "."));
	assert_string_equal(file_name_of("a/b"), "b");
	assert_string_equal(file_name_of("b"), "b");
}

static void lines_of_two_writers_stay_whole(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct scratch path = scratch_at(&folder, "log");
	struct err err;
	int a = file_open_append(path.path, &err), b = file_open_append(path.path, &err);
	(void)state;
	assert_true(a >= 0 && b >= 0);
	assert_true(file_write_all(a, SPAN("one\n"), &err));
	assert_true(file_write_all(b, SPAN("two\n"), &err));
	assert_true(file_write_all(a, SPAN("three\n"), &err));
	file_close(a);
	file_close(b);
	file_close(-1);
	assert_true(file_is(path.path, "one\ntwo\nthree\n"));
	assert_int_equal(file_open_append(folder.path, &err), -1);
	scratch_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replacing_survives_every_failing_step),
		cmocka_unit_test(a_first_file_survives_every_failing_step_too),
		cmocka_unit_test(short_and_interrupted_writes_are_gone_on_with),
		cmocka_unit_test(a_new_file_is_private_and_an_old_one_keeps_its_mode),
		cmocka_unit_test(what_a_crash_left_behind_is_written_over),
		cmocka_unit_test(what_a_link_points_to_is_replaced),
		cmocka_unit_test(two_programs_replacing_one_file_never_mix),
		cmocka_unit_test(a_folder_that_is_not_there_is_named),
		cmocka_unit_test(a_file_is_read_behind_what_is_there),
		cmocka_unit_test(an_empty_file_reads_as_empty_text),
		cmocka_unit_test(a_file_of_exactly_the_limit_is_read_and_a_larger_one_refused),
		cmocka_unit_test(a_file_that_does_not_know_its_size_is_read_whole),
		cmocka_unit_test(what_the_user_can_mend_is_a_usage_error),
		cmocka_unit_test(folders_are_made_with_those_above_and_listed),
		cmocka_unit_test(paths_are_seen_from_a_folder_unless_absolute),
		cmocka_unit_test(lines_of_two_writers_stay_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
