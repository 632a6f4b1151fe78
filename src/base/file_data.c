/* What a file holds, by its descriptor. */
#include "base/file.h"

#include "base/bounds.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_sync(int fd, struct err *reterr)
{
	if (fdatasync(fd) == 0)
		return true;
	return err_sys(reterr, "cannot sync");
}

bool file_cut(int fd, int64_t bytes, struct err *reterr)
{
	int code;
	do
		code = ftruncate(fd, (off_t)bytes);
	while (code != 0 && errno == EINTR);
	return code == 0 || err_sys(reterr, "cannot cut to %lld bytes", (long long)bytes);
}

bool file_read_at(int fd, int64_t at, void *to, size_t room, size_t *ret_size, struct err *reterr)
{
	size_t have = 0;
	while (have < room) {
		ssize_t n = pread(fd, (char *)to + have, room - have, (off_t)(at + (int64_t)have));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(reterr, "cannot read");
		if (n == 0)
			break;
		have += (size_t)n;
	}
	*ret_size = have;
	return true;
}

bool file_bytes(int fd, int64_t *ret, struct err *reterr)
{
	struct stat info;
	if (fstat(fd, &info) != 0)
		return err_sys(reterr, "cannot look at it");
	if (!S_ISREG(info.st_mode))
		return err_set(reterr, ERR_DATA, "not a file");
	*ret = info.st_size;
	return true;
}

bool file_allocate(int fd, int64_t bytes, struct err *reterr)
{
	static const char zeros[4 * KIB];
	int code;
	do
		code = fallocate(fd, 0, 0, (off_t)bytes);
	while (code != 0 && errno == EINTR);
	if (code == 0)
		return true;
	if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL)
		return err_sys(reterr, "cannot set aside %lld bytes", (long long)bytes);
	for (int64_t left = bytes; left > 0; left -= (int64_t)sizeof zeros) {
		size_t n = left < (int64_t)sizeof zeros ? (size_t)left : sizeof zeros;
		if (!file_write_all(fd, (struct span){zeros, n}, reterr))
			return false;
	}
	return true;
}
