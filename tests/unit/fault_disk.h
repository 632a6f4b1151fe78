/* The calls of the disk that fail at the n-th: linked with --wrap for each of these. */
#ifndef FIRN_UNIT_FAULT_DISK_H
#define FIRN_UNIT_FAULT_DISK_H

#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

int __real_open(const char *path, int flags, ...);
int __real_openat(int folder, const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *data, size_t size);
int __real_ftruncate(int fd, off_t size);
int __real_fchmod(int fd, mode_t mode);
int __real_fsync(int fd);
int __real_renameat(int from, const char *old, int to, const char *new);
int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int folder, const char *path, int flags, ...);
ssize_t __wrap_write(int fd, const void *data, size_t size);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fsync(int fd);
int __wrap_renameat(int from, const char *old, int to, const char *new);

static bool half_writes; /* each write takes a few bytes only, the first of them none */

static inline bool fails(int code)
{
	if (!fault_here())
		return false;
	errno = code;
	return true;
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	int mode = (flags & O_CREAT) != 0 ? va_arg(args, int) : 0;
	va_end(args);
	return fails(EIO) ? -1 : __real_open(path, flags, mode);
}

int __wrap_openat(int folder, const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	int mode = (flags & O_CREAT) != 0 ? va_arg(args, int) : 0;
	va_end(args);
	return fails(EIO) ? -1 : __real_openat(folder, path, flags, mode);
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	static bool interrupted;
	if (fails(ENOSPC))
		return -1;
	if (!half_writes)
		return __real_write(fd, data, size);
	interrupted = !interrupted;
	if (interrupted) {
		errno = EINTR;
		return -1;
	}
	return __real_write(fd, data, size < 3 ? size : 3);
}

int __wrap_ftruncate(int fd, off_t size)
{
	return fails(EIO) ? -1 : __real_ftruncate(fd, size);
}

int __wrap_fchmod(int fd, mode_t mode)
{
	return fails(EPERM) ? -1 : __real_fchmod(fd, mode);
}

int __wrap_fsync(int fd)
{
	return fails(EIO) ? -1 : __real_fsync(fd);
}

int __wrap_renameat(int from, const char *old, int to, const char *new)
{
	return fails(EIO) ? -1 : __real_renameat(from, old, to, new);
}

#endif
