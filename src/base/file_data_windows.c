/* What a file holds, by its descriptor. */
#include "base/file.h"

#include "base/windows.h"

#include <errno.h>
#include <io.h>

bool file_write_all(int fd, struct span data, struct err *reterr)
{
	while (data.size > 0) {
		/* One call for all: what is added in one call stays together. */
		int n = _write(fd, data.at, data.size < INT_MAX ? (unsigned)data.size : INT_MAX);
		if (n == 0)
			errno = ENOSPC; /* else this would never end */
		if (n <= 0)
			return err_sys(reterr, "cannot write");
		data = span_from(data, (size_t)n);
	}
	return true;
}

void file_close(int fd)
{
	if (fd >= 0)
		_close(fd);
}

bool file_sync(int fd, struct err *reterr)
{
	if (FlushFileBuffers(windows_handle(fd)))
		return true;
	windows_failed();
	return err_sys(reterr, "cannot sync");
}

bool file_cut(int fd, int64_t bytes, struct err *reterr)
{
	FILE_END_OF_FILE_INFO end = {.EndOfFile.QuadPart = bytes};
	if (SetFileInformationByHandle(windows_handle(fd), FileEndOfFileInfo, &end, sizeof end))
		return true;
	windows_failed();
	return err_sys(reterr, "cannot cut to %lld bytes", (long long)bytes);
}

bool file_read_at(int fd, int64_t at, void *to, size_t room, size_t *ret_size, struct err *reterr)
{
	size_t have = 0;
	while (have < room) {
		uint64_t from = (uint64_t)at + have;
		OVERLAPPED place = {.Offset = (DWORD)from, .OffsetHigh = (DWORD)(from >> 32)};
		DWORD n = 0, want = room - have < INT_MAX ? (DWORD)(room - have) : INT_MAX;
		if (!ReadFile(windows_handle(fd), (char *)to + have, want, &n, &place) &&
		    GetLastError() != ERROR_HANDLE_EOF) {
			windows_failed();
			return err_sys(reterr, "cannot read");
		}
		if (n == 0)
			break;
		have += n;
	}
	*ret_size = have;
	return true;
}

bool file_bytes(int fd, int64_t *ret, struct err *reterr)
{
	LARGE_INTEGER size;
	if (!windows_is_file(windows_handle(fd)))
		return err_set(reterr, ERR_DATA, "not a file");
	if (!GetFileSizeEx(windows_handle(fd), &size)) {
		windows_failed();
		return err_sys(reterr, "cannot look at it");
	}
	*ret = size.QuadPart;
	return true;
}

/* The C library writes zeros: space that is only set aside is given back when the file closes. */
bool file_allocate(int fd, int64_t bytes, struct err *reterr)
{
	int64_t have;
	if (!file_bytes(fd, &have, reterr))
		return false;
	if (have >= bytes || _chsize_s(fd, bytes) == 0)
		return true;
	return err_sys(reterr, "cannot set aside %lld bytes", (long long)bytes);
}
