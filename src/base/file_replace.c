/* The new content goes to `.NAME.new` beside the old one. That name is fixed, so that whatever a
 * crash leaves behind is written over by the next try and never piles up; and it is locked while
 * it is being written, so that two programs that replace the same file take turns instead of
 * writing into each other's copy.
 *
 * Rejected: a name with the process's number in it (litter, and numbers come again in
 * containers). */
#include "base/file.h"

#include "base/bounds.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Locked or not (some network file systems have no locks): false only where the name has
 * meanwhile become another file, or none. */
static bool is_still_ours(int folder_fd, const char *temp, int fd)
{
	struct stat named, held;
	int code;
	do
		code = flock(fd, LOCK_EX);
	while (code != 0 && errno == EINTR);
	return fstatat(folder_fd, temp, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(fd, &held) == 0 && named.st_dev == held.st_dev &&
	       named.st_ino == held.st_ino;
}

/* -1: failed, with errno. */
static int open_temp(int folder_fd, const char *temp)
{
	enum { TRIES = 100 };
	for (int i = 0; i < TRIES; i++) {
		int fd = openat(folder_fd, temp, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 || is_still_ours(folder_fd, temp, fd))
			return fd;
		close(fd);
	}
	errno = EBUSY;
	return -1;
}

/* As it was, or 0600; the owner as far as we may. */
static bool keep_mode(int folder_fd, const char *name, int fd)
{
	struct stat old;
	if (fstatat(folder_fd, name, &old, 0) != 0)
		return fchmod(fd, 0600) == 0;
	if (old.st_uid != geteuid() || old.st_gid != getegid()) {
		if (fchown(fd, old.st_uid, old.st_gid) != 0 && errno != EPERM)
			return false;
	}
	return fchmod(fd, old.st_mode & 07777) == 0;
}

static bool replace_in(int folder_fd, const char *name, struct span data, struct err *reterr)
{
	char temp[NAME_MAX + 1];
	bool done = false;
	if ((size_t)snprintf(temp, sizeof temp, ".%s.new", name) >= sizeof temp)
		return err_set(reterr, ERR_USAGE, "file name '%s' is too long", name);
	int fd = open_temp(folder_fd, temp);
	if (fd < 0)
		return err_sys(reterr, "cannot replace '%s'", name);
	if (!keep_mode(folder_fd, name, fd)) {
		err_sys(reterr, "cannot replace '%s'", name);
		goto out;
	}
	if (!file_cut(fd, 0, reterr) || !file_write_all(fd, data, reterr)) {
		err_at(reterr, "cannot replace '%s'", name);
		goto out;
	}
	if (fsync(fd) != 0 || renameat(folder_fd, temp, folder_fd, name) != 0) {
		err_sys(reterr, "cannot replace '%s'", name);
		goto out;
	}
	/* The new content is there; from here on it is only not yet proof against a power cut. */
	done = fsync(folder_fd) == 0 || errno == EINVAL;
	if (!done)
		err_sys(reterr, "cannot replace '%s' durably", name);
out:
	if (!done)
		(void)unlinkat(folder_fd, temp, 0); /* `name` is the last good copy and stays */
	close(fd);
	return done;
}

bool file_replace(const char *path, struct span data, struct err *reterr)
{
	char folder[PATH_BYTES_MAX];
	bool done = false;
	/* What a link points to is replaced, not the link: configurations are often linked. */
	char *real = realpath(path, NULL);
	const char *target = real == NULL ? path : real;
	int folder_fd = -1;
	if ((size_t)snprintf(folder, sizeof folder, "%.*s", SPAN_ARGS(file_folder_of(target))) >=
	    sizeof folder) {
		err_set(reterr, ERR_USAGE, "a path of more than %d bytes: %.80s...",
			PATH_BYTES_MAX - 1, path);
		goto out;
	}
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder_fd < 0)
		err_sys(reterr, "cannot open folder '%s'", folder);
	else
		done = replace_in(folder_fd, file_name_of(target), data, reterr);
out:
	file_close(folder_fd);
	free(real);
	return done;
}
