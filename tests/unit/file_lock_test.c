/* One holder at a time, whatever becomes of it. Linked with --wrap for what fault_disk.h names. */
#include "base/file.h"

#include "base/process.h"

#include "fault_disk.h"
#include "scratch.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

static void a_second_holder_is_told_who_the_first_is(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct scratch path = scratch_at(&folder, "lock");
	struct file_lock *lock = NULL, *second = NULL;
	struct err err = {0};
	char who[64], host[200];
	(void)state;
	assert_true(file_lock(&lock, path.path, "initial-load", &err));
	assert_false(file_lock(&second, path.path, "run", &err));
	assert_null(second);
	assert_int_equal(err.kind, ERR_BUSY);
	snprintf(who, sizeof who, "process %d", process_id());
	process_host(host, sizeof host);
	assert_non_null(strstr(err.text, who));
	assert_non_null(strstr(err.text, host));
	assert_non_null(strstr(err.text, "(initial-load)"));
	assert_non_null(strstr(err.text, " UTC"));
	file_unlock(lock);
	assert_true(file_lock(&second, path.path, "run", &err));
	file_unlock(second);
	file_unlock(NULL);
	scratch_remove(&folder);
}

/* The lock is the kernel's: neither a crash nor the text left in the file may keep anybody out. */
static void a_lock_ends_with_its_process(void **state)
{
	struct scratch folder = scratch_make(__LINE__);
	struct scratch path = scratch_at(&folder, "lock");
	struct file_lock *lock = NULL;
	struct err err = {0};
	int ready[2], status;
	char byte = 'x';
	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (!file_lock(&lock, path.path, "run", &err) || write(ready[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_false(file_lock(&lock, path.path, "run", &err));
	assert_int_equal(err.kind, ERR_BUSY);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(file_lock(&lock, path.path, "run", &err));
	file_unlock(lock);
	close(ready[0]);
	close(ready[1]);
	scratch_remove(&folder);
}

static void a_lock_that_cannot_be_made_is_no_busy_one(void **state)
{
	struct file_lock *lock = NULL;
	struct err err = {0};
	(void)state;
	assert_false(file_lock(&lock, "/proc/nonexistent/lock", "run", &err));
	assert_int_equal(err.kind, ERR_DISK);
	assert_null(lock);
	bool fired = true;
	for (int n = 1; fired; n++) {
		struct scratch folder = scratch_make(__LINE__);
		struct scratch path = scratch_at(&folder, "lock");
		fault_arm(n);
		bool done = file_lock(&lock, path.path, "run", &err);
		fired = fault_disarm();
		assert_int_equal(done, !fired);
		if (done)
			file_unlock(lock);
		scratch_remove(&folder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_holder_is_told_who_the_first_is),
		cmocka_unit_test(a_lock_ends_with_its_process),
		cmocka_unit_test(a_lock_that_cannot_be_made_is_no_busy_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
