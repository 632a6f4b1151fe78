/* A lock of Windows is one of bytes, and keeps others from reading them: ours lies far behind the
 * end of any file. */
#include "base/file_steps.h"

#include "base/file.h"
#include "base/windows.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>

enum { LOCK_OFFSET_HIGH = INT32_MAX };

int windows_open_locked(const char *path, bool wait)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	SECURITY_ATTRIBUTES rights;
	HANDLE handle = INVALID_HANDLE_VALUE;
	if (!windows_path(path, wide) || !windows_private(&rights, false))
		return -1;
	for (;;) {
		OVERLAPPED at = {.OffsetHigh = LOCK_OFFSET_HIGH};
		handle = windows_open_no_link(wide, GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS, 0,
					      &rights);
		if (handle == INVALID_HANDLE_VALUE)
			break;
		if (!LockFileEx(handle,
				LOCKFILE_EXCLUSIVE_LOCK | (wait ? 0 : LOCKFILE_FAIL_IMMEDIATELY),
				0, 1, 0, &at)) {
			windows_failed();
			CloseHandle(handle);
			handle = INVALID_HANDLE_VALUE;
			break;
		}
		/* A lock of a file that was removed meanwhile keeps nobody out. */
		if (windows_is_same(handle, wide))
			break;
		CloseHandle(handle);
	}
	int code = errno;
	windows_private_done(&rights);
	errno = code;
	return windows_fd(handle, _O_RDWR);
}

int step_open_locked(const char *path, bool *ret_busy)
{
	int fd = windows_open_locked(path, false);
	*ret_busy = fd < 0 && errno == EWOULDBLOCK;
	return fd;
}

/* --- for files that are published --- */
int step_open_old(const char *path)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	if (!windows_path(path, wide))
		return -1;
	/* Only who may write may sync. */
	return windows_fd(windows_open_no_link(wide, GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING, 0,
					       NULL),
			  _O_RDWR);
}

int step_open_part(const char *path)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	if (!windows_path(path, wide))
		return -1;
	HANDLE handle = windows_open_no_link(wide, GENERIC_WRITE, OPEN_ALWAYS, 0, NULL);
	if (handle != INVALID_HANDLE_VALUE && !SetEndOfFile(handle)) {
		windows_failed();
		CloseHandle(handle);
		return -1;
	}
	return windows_fd(handle, _O_WRONLY);
}

bool step_read(int fd, char *to, size_t room, size_t *ret_n)
{
	size_t n = 0;
	while (n < room) {
		size_t left = room - n;
		int got = _read(fd, to + n, left < INT_MAX ? (unsigned)left : INT_MAX);
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
	return FlushFileBuffers(windows_handle(fd)) || windows_failed();
}

bool step_close(int fd)
{
	return _close(fd) == 0;
}

bool step_give_name(const char *part, const char *path)
{
	wchar_t from[WINDOWS_PATH_MAX], to[WINDOWS_PATH_MAX];
	return windows_path(part, from) && windows_path(path, to) && windows_move(from, to, false);
}

void step_remove(const char *path)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	if (windows_path(path, wide))
		DeleteFileW(wide);
}

bool step_make_folder(const char *path)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	if (!windows_path(path, wide))
		return false;
	return CreateDirectoryW(wide, NULL) || file_is_folder(path) || windows_failed();
}

bool step_sync_folder(const char *path, struct err *reterr)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	return (windows_path(path, wide) && windows_sync_folder(wide)) ||
	       err_sys(reterr, "cannot make folder '%s' durable", path);
}
