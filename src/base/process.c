/* posix_spawn, not fork: it is safe from any thread, does not copy the page tables of a process
 * that holds hundreds of megabytes, and says why a program could not be started. The program runs
 * in a process group of its own, so that whatever it starts can be killed with it. */
#include "base/process.h"

#include "base/bounds.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Empty input, output into the pipe, our standard error and nothing else; signals as a program
 * expects them. */
static int spawn(const char *const *argv, int output, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, usual;
	int code = posix_spawn_file_actions_init(&actions);
	if (code != 0)
		return code;
	code = posix_spawnattr_init(&attributes);
	if (code != 0)
		goto out;
	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	sigaddset(&usual, SIGINT);
	sigaddset(&usual, SIGTERM);
	sigaddset(&usual, SIGHUP);
	sigaddset(&usual, SIGCHLD);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &usual);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						      POSIX_SPAWN_SETPGROUP);
	code = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (code == 0)
		code = posix_spawn_file_actions_adddup2(&actions, output, 1);
#if defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 34)
	/* Ours are all close-on-exec; this is for those that libraries have opened. */
	if (code == 0)
		code = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
#endif
#endif
	if (code == 0)
		code = posix_spawnp(ret, argv[0], &actions, &attributes,
				    (char *const *)(uintptr_t)argv, environ);
	posix_spawnattr_destroy(&attributes);
out:
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

static bool say_slow(const char *name, int64_t timeout_ms, struct err *reterr)
{
	return err_set(reterr, ERR_TRANSIENT, "'%s' did not end within %lld ms", name,
		       (long long)timeout_ms);
}

/* All that comes until the other side closes. */
static bool collect(int fd, const char *name, int64_t timeout_ms, int64_t until_ms,
		    struct buf *ret, struct err *reterr)
{
	char piece[4 * KIB];
	for (;;) {
		int64_t left_ms = until_ms - clock_mono_ms();
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		if (left_ms <= 0)
			return say_slow(name, timeout_ms, reterr);
		int code = poll(&ready, 1, left_ms > 1000 ? 1000 : (int)left_ms);
		if (code == 0 || (code < 0 && errno == EINTR))
			continue;
		ssize_t n = code < 0 ? -1 : read(fd, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(reterr, "cannot read what '%s' prints", name);
		if (n == 0)
			return true;
		if ((size_t)n > ret->max - ret->size)
			return err_set(reterr, ERR_USAGE, "'%s' prints more than %zu bytes", name,
				       ret->max);
		if (!buf_add(ret, piece, (size_t)n))
			return buf_ok(ret, reterr);
	}
}

/* False: it runs on after until_ms. */
static bool await_end(pid_t pid, int64_t until_ms, int *ret_status)
{
	for (int64_t pause_ms = 1;; pause_ms = pause_ms < 50 ? pause_ms * 2 : 50) {
		pid_t ended = waitpid(pid, ret_status, WNOHANG);
		if (ended == pid)
			return true;
		if (ended < 0 && errno != EINTR) {
			*ret_status = -1; /* somebody else has taken the status */
			return true;
		}
		if (clock_mono_ms() >= until_ms)
			return false;
		clock_sleep_ms(pause_ms);
	}
}

static bool judge(const char *name, int status, struct err *reterr)
{
	if (status == 0)
		return true;
	if (status != -1 && WIFEXITED(status))
		return err_set(reterr, ERR_USAGE, "'%s' ended with code %d", name,
			       WEXITSTATUS(status));
	if (status != -1 && WIFSIGNALED(status))
		return err_set(reterr, ERR_USAGE, "'%s' was ended by signal %d", name,
			       WTERMSIG(status));
	return err_set(reterr, ERR_USAGE, "cannot tell how '%s' ended", name);
}

bool process_output(const char *const *argv, int64_t timeout_ms, struct buf *ret,
		    struct err *reterr)
{
	int ends[2];
	pid_t pid = -1;
	int status = -1;
	size_t before = ret->size;
	int64_t until_ms = clock_mono_ms() + timeout_ms;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_sys(reterr, "cannot start '%s'", argv[0]);
	int code = spawn(argv, ends[1], &pid);
	close(ends[1]);
	if (code != 0) {
		close(ends[0]);
		return err_set(reterr, ERR_USAGE, "cannot start '%s': %s", argv[0],
			       strerror(code));
	}
	bool done = collect(ends[0], argv[0], timeout_ms, until_ms, ret, reterr);
	close(ends[0]);
	if (done && await_end(pid, until_ms, &status)) {
		done = judge(argv[0], status, reterr);
	} else {
		if (done)
			done = say_slow(argv[0], timeout_ms, reterr);
		kill(-pid, SIGKILL);
		await_end(pid, INT64_MAX, &status);
	}
	if (!done)
		buf_cut(ret, before);
	return done;
}

int process_id(void)
{
	return (int)getpid();
}

bool process_path(struct buf *ret)
{
	char path[PATH_BYTES_MAX];
	ssize_t size = readlink("/proc/self/exe", path, sizeof path);
	if (size <= 0 || (size_t)size == sizeof path)
		return false; /* cut off, maybe */
	return buf_add(ret, path, (size_t)size);
}

void process_host(char *out, int room)
{
	char name[256] = "";
	if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0')
		snprintf(name, sizeof name, "localhost");
	snprintf(out, (size_t)room, "%s", name);
}

bool process_is_root_at(const char *folder, char *owner, size_t room)
{
	char text[4 * KIB];
	struct passwd entry, *found = NULL;
	struct stat info;
	if (geteuid() != 0 || stat(folder, &info) != 0 || info.st_uid == 0)
		return false;
	if (getpwuid_r(info.st_uid, &entry, text, sizeof text, &found) == 0 && found != NULL)
		snprintf(owner, room, "%s", entry.pw_name);
	else
		snprintf(owner, room, "#%lu", (unsigned long)info.st_uid);
	return true;
}

void process_fill_streams(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
	}
}

void process_no_core(void)
{
	struct rlimit none = {0, 0};
	(void)setrlimit(RLIMIT_CORE, &none);
}

/* Each answer's body and each batch is some megabytes, which glibc by itself maps and unmaps every
 * time. Measured, an initial load of 100,000 interactions of the simulated server and all that
 * goes with them, three times: 5.8 s of CPU without, 5.4 s with; at most 212 and 213 MiB. */
void process_keep_memory(void)
{
#ifdef __GLIBC__
	enum { TRIM_BYTES = 16 * MIB, MMAP_BYTES = 8 * MIB };
	(void)mallopt(M_TRIM_THRESHOLD, TRIM_BYTES);
	(void)mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
#endif
}

bool process_set_environment(const char *name, const char *value, struct err *reterr)
{
	return setenv(name, value, 1) == 0 || err_sys(reterr, "cannot set %s", name);
}

bool process_begin_anew(char *const *argv, struct err *reterr)
{
	execv("/proc/self/exe", argv);
	return err_sys(reterr, "cannot begin anew with another environment");
}

void *process_shared(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return at == MAP_FAILED ? NULL : at;
}
