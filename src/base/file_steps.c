/* A lock is flock's, not fcntl's: that one is lost as soon as anything in the process closes any
 * descriptor of that file. */
#include "base/file_steps.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int step_open_locked(const char *path, bool *ret_busy)
{
	for (;;) {
		struct stat named, held;
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			int code = errno;
			close(fd);
			if (code == EINTR)
				continue;
			*ret_busy = code == EWOULDBLOCK;
			errno = code;
			return -1;
		}
		/* A lock of a file that was removed meanwhile keeps nobody out. */
		if (stat(path, &named) == 0 && fstat(fd, &held) == 0 &&
		    named.st_dev == held.st_dev && named.st_ino == held.st_ino)
			return fd;
		close(fd);
	}
}

/* --- for files that are published --- */
int step_open_old(const char *path)
{
	return open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

int step_open_part(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
}

bool step_read(int fd, char *to, size_t room, size_t *ret_n)
{
	size_t n = 0;
	while (n < room) {
		ssize_t got = read(fd, to + n, room - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*ret_n = n;
	return true;
}

bool step_sync(int fd)
{
	return fsync(fd) == 0;
}

bool step_close(int fd)
{
	return close(fd) == 0;
}

bool step_give_name(const char *part, const char *path)
{
#ifdef RENAME_NOREPLACE
	if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != ENOSYS && errno != EINVAL)
		return false;
#endif
	if (link(part, path) == 0)
		return unlink(part) == 0;
	if (errno != EPERM && errno != ENOTSUP && errno != ENOSYS)
		return false;
	if (file_exists(path)) { /* a file system with neither: nobody else writes these names */
		errno = EEXIST;
		return false;
	}
	return rename(part, path) == 0;
}

void step_remove(const char *path)
{
	(void)unlink(path);
}

bool step_make_folder(const char *path)
{
	return mkdir(path, 0777) == 0 || errno == EEXIST;
}

bool step_sync_folder(const char *path, struct err *reterr)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(reterr, "cannot open folder '%s'", path);
	bool done = fsync(fd) == 0 || errno == EINVAL; /* some file systems need none */
	if (!done)
		err_sys(reterr, "cannot make folder '%s' durable", path);
	close(fd);
	return done;
}
