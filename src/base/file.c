#include "base/file_private.h"

#include "base/bounds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* --- reading --- */
bool file_is_users_fault(int code)
{
	return code == ENOENT || code == EACCES || code == EPERM || code == ENOTDIR ||
	       code == EISDIR || code == ELOOP || code == ENAMETOOLONG;
}

int file_open_any(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC);
}

int file_open_read(const char *path, struct err *reterr)
{
	struct stat info;
	/* A pipe must not make us wait for its writer. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		file_complain("open", path, reterr);
		return -1;
	}
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
		return fd;
	file_close(fd);
	err_set(reterr, ERR_USAGE, "'%s' is no file", path);
	return -1;
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool file_is_folder(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool file_may_write(const char *path)
{
	return access(path, file_is_folder(path) ? W_OK | X_OK : W_OK) == 0;
}

bool file_others_can_read(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && (info.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

bool file_make_private(const char *path, struct err *reterr)
{
	return chmod(path, 0600) == 0 || err_sys(reterr, "cannot make '%s' private", path);
}

int64_t file_free_bytes(const char *folder)
{
	struct statvfs info;
	int64_t bytes;
	if (statvfs(folder, &info) != 0 ||
	    __builtin_mul_overflow(info.f_bavail, info.f_frsize, &bytes))
		return -1;
	return bytes;
}

bool file_each(const char *folder, bool (*each)(void *user, const char *name), void *user,
	       struct err *reterr)
{
	DIR *entries = opendir(folder);
	bool more = true;
	if (entries == NULL)
		return file_complain("list", folder, reterr);
	while (more) {
		errno = 0;
		const struct dirent *entry = readdir(entries);
		if (entry == NULL)
			break;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			more = each(user, entry->d_name);
	}
	bool done = !more || errno == 0;
	if (!done)
		file_complain("list", folder, reterr);
	closedir(entries);
	return done;
}

bool file_absolute(struct buf *ret, const char *folder, struct err *reterr)
{
	char *real = realpath(folder, NULL);
	if (real == NULL && errno == ENOMEM)
		return err_memory(reterr);
	if (real == NULL)
		return file_complain("find", folder, reterr);
	bool done = buf_add_text(ret, real) || buf_ok(ret, reterr);
	free(real);
	return done;
}

/* --- writing --- */
bool file_write_all(int fd, struct span data, struct err *reterr)
{
	while (data.size > 0) {
		ssize_t n = write(fd, data.at, data.size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = ENOSPC; /* else this would never end */
		if (n <= 0)
			return err_sys(reterr, "cannot write");
		data = span_from(data, (size_t)n);
	}
	return true;
}

int file_open_append(const char *path, struct err *reterr)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
	if (fd < 0)
		file_complain("write to", path, reterr);
	return fd;
}

int file_open_append_private(const char *path, struct err *reterr)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd >= 0 && fchmod(fd, 0600) == 0)
		return fd;
	file_complain("write to", path, reterr);
	file_close(fd);
	return -1;
}

void file_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

bool file_remove(const char *path, struct err *reterr)
{
	if (unlink(path) == 0 || errno == ENOENT)
		return true;
	return err_sys(reterr, "cannot remove '%s'", path);
}

/* A folder's own content, its names, must be synced like a file's; some network file systems
 * cannot, and say so with EINVAL. */
static bool sync_folder(int fd)
{
	return fsync(fd) == 0 || errno == EINVAL;
}

/* --- paths --- */
bool file_join(struct buf *ret, const char *folder, const char *path, struct err *reterr)
{
	size_t before = ret->size;
	if (path[0] != '/' && folder != NULL && folder[0] != '\0' && strcmp(folder, ".") != 0) {
		buf_add_text(ret, folder);
		if (ret->size > before && buf_text(ret)[ret->size - 1] != '/')
			buf_add_char(ret, '/');
	}
	buf_add_text(ret, path);
	if (ret->size - before >= PATH_BYTES_MAX)
		return err_set(reterr, ERR_USAGE, "a path of more than %d bytes: %.80s...",
			       PATH_BYTES_MAX - 1, path);
	return buf_ok(ret, reterr);
}

bool file_from_root(struct buf *ret, const char *path, struct err *reterr)
{
	char here[PATH_BYTES_MAX];
	if (path[0] == '/')
		return buf_add_text(ret, path) || buf_ok(ret, reterr);
	if (getcwd(here, sizeof here) == NULL)
		return err_sys(reterr, "cannot tell the folder that firn works in");
	while (path[0] == '.' && (path[1] == '/' || path[1] == '\0'))
		path += path[1] == '/' ? 2 : 1;
	return path[0] == '\0' ? buf_add_text(ret, here) || buf_ok(ret, reterr)
				: file_join(ret, here, path, reterr);
}

struct span file_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (slash == NULL)
		return SPAN(".");
	while (slash > path && slash[-1] == '/')
		slash--;
	return (struct span){path, slash == path ? 1 : (size_t)(slash - path)};
}

const char *file_behind(const char *path, const char *folder)
{
	size_t size = strlen(folder);
	if (size == 0 || strncmp(path, folder, size) != 0 ||
	    (path[size] != '/' && folder[size - 1] != '/'))
		return NULL;
	return path + size + strspn(path + size, "/");
}

const char *file_name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash == NULL ? path : slash + 1;
}

/* Makes one folder, and its name durable in the one above. */
static bool make_one(const char *path, struct err *reterr)
{
	struct stat info;
	char above[PATH_BYTES_MAX];
	if (mkdir(path, 0700) != 0) {
		int code = errno;
		if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
			return true;
		errno = code == EEXIST ? ENOTDIR : code;
		return file_complain("make folder", path, reterr);
	}
	snprintf(above, sizeof above, "%.*s", SPAN_ARGS(file_folder_of(path)));
	int fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done = fd >= 0 && sync_folder(fd);
	if (!done)
		err_sys(reterr, "cannot make folder '%s'", path);
	file_close(fd);
	return done;
}

bool file_make_folder(const char *path, struct err *reterr)
{
	char part[PATH_BYTES_MAX];
	size_t size = strlen(path);
	struct stat info;
	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
		return true;
	if (size >= sizeof part)
		return err_set(reterr, ERR_USAGE, "a path of more than %d bytes: %.80s...",
			       PATH_BYTES_MAX - 1, path);
	for (size_t i = 1; i <= size; i++) {
		if ((path[i] != '/' && path[i] != '\0') || path[i - 1] == '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (!make_one(part, reterr))
			return false;
	}
	return true;
}
