#include "base/file_private.h"

#include "base/windows.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>

/* --- reading --- */
bool file_is_users_fault(int code)
{
	return code == ENOENT || code == EACCES || code == ENOTDIR || code == ELOOP ||
	       code == ENAMETOOLONG || code == EINVAL || code == EILSEQ;
}

int file_open_any(const char *path)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	if (!windows_path(path, wide))
		return -1;
	return windows_fd(windows_open(wide, GENERIC_READ, OPEN_EXISTING, 0, NULL), _O_RDONLY);
}

int file_open_read(const char *path, struct err *reterr)
{
	int fd = file_open_any(path);
	if (fd < 0) {
		file_complain("open", path, reterr);
		return -1;
	}
	if (windows_is_file(windows_handle(fd)))
		return fd;
	file_close(fd);
	err_set(reterr, ERR_USAGE, "'%s' is no file", path);
	return -1;
}

/* INVALID_FILE_ATTRIBUTES, with errno: nothing is there. */
static DWORD attributes_of(const char *path)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	if (!windows_path(path, wide))
		return INVALID_FILE_ATTRIBUTES;
	DWORD attributes = GetFileAttributesW(wide);
	if (attributes == INVALID_FILE_ATTRIBUTES)
		windows_failed();
	return attributes;
}

bool file_exists(const char *path)
{
	return attributes_of(path) != INVALID_FILE_ATTRIBUTES;
}

bool file_is_folder(const char *path)
{
	DWORD attributes = attributes_of(path);
	return attributes != INVALID_FILE_ATTRIBUTES &&
	       (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

/* Opened for it: only so Windows says what all its rules come to. */
bool file_may_write(const char *path)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	DWORD access = file_is_folder(path) ? FILE_ADD_FILE : FILE_WRITE_DATA;
	if (!windows_path(path, wide))
		return false;
	HANDLE handle = windows_open(wide, access, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
	if (handle == INVALID_HANDLE_VALUE)
		return false;
	CloseHandle(handle);
	return true;
}

int64_t file_free_bytes(const char *folder)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	ULARGE_INTEGER bytes;
	if (!windows_path(folder, wide) || !GetDiskFreeSpaceExW(wide, &bytes, NULL, NULL) ||
	    bytes.QuadPart > INT64_MAX)
		return -1;
	return (int64_t)bytes.QuadPart;
}

bool file_each(const char *folder, bool (*each)(void *user, const char *name), void *user,
	       struct err *reterr)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	return (windows_path(folder, wide) && windows_each(wide, each, user)) ||
	       file_complain("list", folder, reterr);
}

bool file_absolute(struct buf *ret, const char *folder, struct err *reterr)
{
	wchar_t wide[WINDOWS_PATH_MAX], whole[WINDOWS_PATH_MAX];
	HANDLE handle = INVALID_HANDLE_VALUE;
	if (windows_path(folder, wide))
		handle = windows_open(wide, 0, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
	if (handle == INVALID_HANDLE_VALUE)
		return file_complain("find", folder, reterr);
	DWORD size = GetFinalPathNameByHandleW(handle, whole, WINDOWS_PATH_MAX, VOLUME_NAME_DOS);
	if (size == 0)
		windows_failed();
	else if (size >= WINDOWS_PATH_MAX)
		errno = ENAMETOOLONG;
	CloseHandle(handle);
	if (size == 0 || size >= WINDOWS_PATH_MAX ||
	    (!windows_add_path(ret, whole) && !ret->failed))
		return file_complain("find", folder, reterr);
	return buf_ok(ret, reterr);
}

/* --- writing --- */
int file_open_append(const char *path, struct err *reterr)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	int fd = -1;
	/* The right to append and no other: then Windows itself finds the end for each write. */
	if (windows_path(path, wide))
		fd = windows_fd(windows_open(wide, FILE_APPEND_DATA | SYNCHRONIZE, OPEN_ALWAYS, 0,
					     NULL),
				_O_WRONLY | _O_APPEND);
	if (fd < 0)
		file_complain("write to", path, reterr);
	return fd;
}

bool file_remove(const char *path, struct err *reterr)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	if (windows_path(path, wide) && (DeleteFileW(wide) || windows_failed()))
		return true;
	return errno == ENOENT || err_sys(reterr, "cannot remove '%s'", path);
}
