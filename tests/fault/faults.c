/* A library for LD_PRELOAD that counts a program's calls on the files below one folder, breaks
 * the n-th, and writes down what each did. It reads:
 *
 *   FAULT_ROOT    the folder; calls on other files are left alone, but writes to standard output
 *                 are written down as marks
 *   FAULT         CALL:ACTION:N[,CALL:ACTION:N...], N from 1 on; "N+": that one and all after it.
 *                 CALL is a name below or "any". ACTION: KILL (SIGKILL instead of the call), an
 *                 error (ENOSPC, EIO, EINTR, EDQUOT, EPERM, EINVAL, ENOSYS), SHORT (half of it)
 *   FAULT_COUNT   at the end: a line "CALL N" for every call
 *   FAULT_RECORD  a line of JSON for every call that changed something
 *   FAULT_SKIP    a place in the program, as FAULT_RECORD tells it: its syncs do nothing and say
 *                 that they did
 *
 * One thread. Calls: open write ftruncate fallocate sync link unlink rename mkdir read. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum call { OPEN, WRITE, CUT, ALLOCATE, SYNC, LINK, UNLINK, RENAME, MKDIR, READ, CALLS };
static const char *const NAMES[CALLS] = {"open", "write", "ftruncate", "fallocate", "sync",
					 "link", "unlink", "rename", "mkdir", "read"};

enum { FDS_MAX = 256, PATH_MAX_BYTES = 4096 };

static struct {
	bool ready;
	char root[PATH_MAX_BYTES];
	const char *plan, *skip, *count_file;
	int record;
	long counts[CALLS], any;
	char *paths[FDS_MAX];
} state = {.record = -1};

/* --- the plan --- */
static void start(void)
{
	if (state.ready)
		return;
	state.ready = true;
	const char *root = getenv("FAULT_ROOT"), *record = getenv("FAULT_RECORD");
	snprintf(state.root, sizeof state.root, "%s", root == NULL ? "" : root);
	state.plan = getenv("FAULT");
	state.skip = getenv("FAULT_SKIP");
	state.count_file = getenv("FAULT_COUNT");
	if (record != NULL) {
		int fd = (int)syscall(SYS_openat, AT_FDCWD, record, O_WRONLY | O_CREAT | O_TRUNC,
				      0600);
		state.record = fcntl(fd, F_DUPFD_CLOEXEC, 200);
		syscall(SYS_close, fd);
	}
}

static int errno_of(const char *name, size_t size)
{
	static const struct {
		const char *name;
		int code;
	} CODES[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EINTR", EINTR}, {"EDQUOT", EDQUOT},
		     {"EPERM", EPERM}, {"EINVAL", EINVAL}, {"ENOSYS", ENOSYS}};
	for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++)
		if (strlen(CODES[i].name) == size && memcmp(CODES[i].name, name, size) == 0)
			return CODES[i].code;
	abort();
}

/* 0: the call is to be made; an errno: it fails; -1: it does half of what it should. */
static int count(enum call call)
{
	long mine = ++state.counts[call], all = ++state.any;
	const char *at = state.plan;
	while (at != NULL && *at != '\0') {
		const char *action = strchr(at, ':') + 1, *number = strchr(action, ':') + 1;
		size_t name_size = (size_t)(action - 1 - at);
		bool any = name_size == 3 && memcmp(at, "any", 3) == 0;
		bool meant = any || (strlen(NAMES[call]) == name_size &&
				     memcmp(at, NAMES[call], name_size) == 0);
		char *end;
		long n = strtol(number, &end, 10), reached = any ? all : mine;
		if (meant && (*end == '+' ? reached >= n : reached == n)) {
			if (strncmp(action, "KILL:", 5) == 0)
				kill(getpid(), SIGKILL);
			if (strncmp(action, "SHORT:", 6) == 0)
				return -1;
			return errno_of(action, (size_t)(number - 1 - action));
		}
		at = strchr(end, ',');
		at = at == NULL ? NULL : at + 1;
	}
	return 0;
}

__attribute__((destructor)) static void tell_counts(void)
{
	if (state.count_file == NULL)
		return;
	FILE *file = fopen(state.count_file, "w");
	if (file == NULL)
		abort();
	for (int i = 0; i < CALLS; i++)
		fprintf(file, "%s %ld\n", NAMES[i], state.counts[i]);
	fprintf(file, "any %ld\n", state.any);
	fclose(file);
}

/* --- which files --- */
static bool below_root(const char *path)
{
	size_t size = strlen(state.root);
	return size > 0 && strncmp(path, state.root, size) == 0 &&
	       (path[size] == '/' || path[size] == '\0');
}

static const char *path_of(int fd)
{
	return fd >= 0 && fd < FDS_MAX && state.paths[fd] != NULL ? state.paths[fd] : "";
}

/* The whole path of a name in a folder; false: not ours. */
static bool resolve(int folder, const char *name, char out[PATH_MAX_BYTES])
{
	start();
	if (name[0] == '/')
		snprintf(out, PATH_MAX_BYTES, "%s", name);
	else if (folder == AT_FDCWD)
		return false;
	else
		snprintf(out, PATH_MAX_BYTES, "%s/%s", path_of(folder), name);
	size_t size = strlen(out);
	if (size > 2 && strcmp(out + size - 2, "/.") == 0)
		out[size - 2] = '\0';
	return below_root(out);
}

static void forget(int fd)
{
	if (fd < 0 || fd >= FDS_MAX)
		return;
	free(state.paths[fd]);
	state.paths[fd] = NULL;
}

static bool ours(int fd)
{
	start();
	return path_of(fd)[0] != '\0';
}

/* --- writing down --- */
static void put(const char *format, ...)
{
	char text[3 * PATH_MAX_BYTES];
	va_list args;
	int code = errno;
	va_start(args, format);
	int size = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (state.record >= 0 && syscall(SYS_write, state.record, text, size) != size)
		abort();
	errno = code;
}

static unsigned long inode(int fd)
{
	struct stat info;
	return fstat(fd, &info) == 0 ? info.st_ino : 0;
}

static void put_hex(const void *data, size_t size)
{
	static const char HEX[] = "0123456789abcdef";
	const unsigned char *at = data;
	char text[4096];
	while (size > 0) {
		size_t n = size < sizeof text / 2 ? size : sizeof text / 2;
		for (size_t i = 0; i < n; i++) {
			text[2 * i] = HEX[at[i] >> 4];
			text[2 * i + 1] = HEX[at[i] & 15];
		}
		if (state.record >= 0 && syscall(SYS_write, state.record, text, 2 * n) < 0)
			abort();
		at += n;
		size -= n;
	}
}

/* Who called: the nearest functions of the program itself, as offsets. */
static void site(char out[128])
{
	enum { DEPTH = 16, SHOWN = 5 };
	void *frames[DEPTH];
	Dl_info info;
	static const void *self, *program;
	size_t size = 0;
	int shown = 0, n = backtrace(frames, DEPTH);
	if (self == NULL && dladdr((void *)(uintptr_t)site, &info) != 0)
		self = info.dli_fbase;
	out[0] = '\0';
	for (int i = 0; i < n && shown < SHOWN; i++) {
		if (dladdr(frames[i], &info) == 0 || info.dli_fbase == self)
			continue;
		if (program == NULL)
			program = info.dli_fbase;
		if (info.dli_fbase != program)
			break;
		size += (size_t)snprintf(out + size, 128 - size, "%s%lx", shown == 0 ? "" : ";",
					 (unsigned long)((const char *)frames[i] -
							 (const char *)program));
		shown++;
	}
}

/* --- the calls --- */
static int open_common(int folder, const char *name, int flags, int mode)
{
	char path[PATH_MAX_BYTES];
	bool known = resolve(folder, name, path);
	struct stat before;
	bool existed = known && lstat(path, &before) == 0;
	if (known) {
		int fault = count(OPEN);
		if (fault > 0) {
			errno = fault;
			return -1;
		}
	}
	int fd = (int)syscall(SYS_openat, folder, name, flags, mode);
	if (fd < 0 || !known)
		return fd;
	forget(fd);
	if (fd < FDS_MAX)
		state.paths[fd] = strdup(path);
	if (!existed)
		put("{\"op\":\"create\",\"path\":\"%s\",\"ino\":%lu}\n", path, inode(fd));
	return fd;
}

int open(const char *name, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	int mode = (flags & O_CREAT) != 0 ? va_arg(args, int) : 0;
	va_end(args);
	return open_common(AT_FDCWD, name, flags, mode);
}

int openat(int folder, const char *name, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	int mode = (flags & O_CREAT) != 0 ? va_arg(args, int) : 0;
	va_end(args);
	return open_common(folder, name, flags, mode);
}

int close(int fd)
{
	start();
	forget(fd);
	return (int)syscall(SYS_close, fd);
}

ssize_t write(int fd, const void *data, size_t size)
{
	start();
	if (fd == STDOUT_FILENO) {
		put("{\"op\":\"mark\",\"data\":\"");
		put_hex(data, size);
		put("\"}\n");
		return syscall(SYS_write, fd, data, size);
	}
	if (!ours(fd))
		return syscall(SYS_write, fd, data, size);
	int fault = count(WRITE);
	if (fault > 0) {
		errno = fault;
		return -1;
	}
	if (fault < 0 && size > 1)
		size /= 2;
	struct stat info;
	long at = (fcntl(fd, F_GETFL) & O_APPEND) != 0 && fstat(fd, &info) == 0
			  ? info.st_size : lseek(fd, 0, SEEK_CUR);
	ssize_t n = syscall(SYS_write, fd, data, size);
	if (n > 0) {
		put("{\"op\":\"write\",\"ino\":%lu,\"at\":%ld,\"data\":\"", inode(fd), at);
		put_hex(data, (size_t)n);
		put("\"}\n");
	}
	return n;
}

ssize_t pread(int fd, void *data, size_t size, off_t at)
{
	int fault = ours(fd) ? count(READ) : 0;
	if (fault > 0) {
		errno = fault;
		return -1;
	}
	if (fault < 0 && size > 1)
		size /= 2;
	return syscall(SYS_pread64, fd, data, size, at);
}

int ftruncate(int fd, off_t size)
{
	int fault = ours(fd) ? count(CUT) : 0;
	if (fault > 0) {
		errno = fault;
		return -1;
	}
	int code = (int)syscall(SYS_ftruncate, fd, size);
	if (code == 0 && ours(fd))
		put("{\"op\":\"cut\",\"ino\":%lu,\"size\":%ld}\n", inode(fd), (long)size);
	return code;
}

int fallocate(int fd, int mode, off_t at, off_t size)
{
	int fault = ours(fd) ? count(ALLOCATE) : 0;
	if (fault > 0) {
		errno = fault;
		return -1;
	}
	return (int)syscall(SYS_fallocate, fd, mode, at, size); /* of RESERVE: not written down */
}

static int sync_common(int fd, long number)
{
	char where[128];
	if (!ours(fd))
		return (int)syscall(number, fd);
	int fault = count(SYNC);
	if (fault > 0) {
		put("{\"op\":\"unsynced\",\"ino\":%lu}\n", inode(fd));
		errno = fault;
		return -1;
	}
	site(where);
	if (state.skip != NULL && strcmp(state.skip, where) == 0)
		return 0;
	/* What the disk would hold is told by the record, so the disk itself need not work. */
	put("{\"op\":\"sync\",\"ino\":%lu,\"path\":\"%s\",\"site\":\"%s\"}\n", inode(fd),
	    path_of(fd), where);
	return 0;
}

int fsync(int fd)
{
	return sync_common(fd, SYS_fsync);
}

int fdatasync(int fd)
{
	return sync_common(fd, SYS_fdatasync);
}

static bool two_names(enum call call, int from, const char *old, int to, const char *new,
		      char old_path[PATH_MAX_BYTES], char new_path[PATH_MAX_BYTES], int *ret_fault)
{
	bool known = resolve(from, old, old_path);
	known = resolve(to, new, new_path) || known;
	*ret_fault = known ? count(call) : 0;
	return known;
}

int linkat(int from, const char *old, int to, const char *new, int flags)
{
	char old_path[PATH_MAX_BYTES], new_path[PATH_MAX_BYTES];
	int fault;
	bool known = two_names(LINK, from, old, to, new, old_path, new_path, &fault);
	if (fault > 0) {
		errno = fault;
		return -1;
	}
	int code = (int)syscall(SYS_linkat, from, old, to, new, flags);
	if (code == 0 && known)
		put("{\"op\":\"link\",\"from\":\"%s\",\"to\":\"%s\"}\n", old_path, new_path);
	return code;
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
	char old_path[PATH_MAX_BYTES], new_path[PATH_MAX_BYTES];
	int fault;
	bool known = two_names(RENAME, from, old, to, new, old_path, new_path, &fault);
	if (fault > 0) {
		errno = fault;
		return -1;
	}
	int code = (int)syscall(SYS_renameat2, from, old, to, new, flags);
	if (code == 0 && known)
		put("{\"op\":\"rename\",\"from\":\"%s\",\"to\":\"%s\"}\n", old_path, new_path);
	return code;
}

int renameat(int from, const char *old, int to, const char *new)
{
	return renameat2(from, old, to, new, 0);
}

int unlinkat(int folder, const char *name, int flags)
{
	char path[PATH_MAX_BYTES];
	bool known = resolve(folder, name, path);
	int fault = known ? count(UNLINK) : 0;
	if (fault > 0) {
		errno = fault;
		return -1;
	}
	int code = (int)syscall(SYS_unlinkat, folder, name, flags);
	if (code == 0 && known)
		put("{\"op\":\"unlink\",\"path\":\"%s\"}\n", path);
	return code;
}

static int mkdir_common(int folder, const char *name, mode_t mode)
{
	char path[PATH_MAX_BYTES];
	struct stat info;
	bool known = resolve(folder, name, path);
	int fault = known ? count(MKDIR) : 0;
	if (fault > 0) {
		errno = fault;
		return -1;
	}
	int code = (int)syscall(SYS_mkdirat, folder, name, mode);
	if (code == 0 && known && lstat(path, &info) == 0)
		put("{\"op\":\"mkdir\",\"path\":\"%s\",\"ino\":%lu}\n", path,
		    (unsigned long)info.st_ino);
	return code;
}

int mkdirat(int folder, const char *name, mode_t mode)
{
	return mkdir_common(folder, name, mode);
}

int mkdir(const char *name, mode_t mode)
{
	return mkdir_common(AT_FDCWD, name, mode);
}
