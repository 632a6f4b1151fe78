#include "base/windows.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>

/* --- names --- */
static bool refuse(int code)
{
	errno = code;
	return false;
}

/* Old interfaces take 260 units, and a folder must have room for a short name below it. */
static bool allow_long(wchar_t path[WINDOWS_PATH_MAX])
{
	static const wchar_t PREFIX[] = L"\\\\?\\", SHARE[] = L"\\\\?\\UNC\\";
	wchar_t whole[WINDOWS_PATH_MAX];
	DWORD room = WINDOWS_PATH_MAX - 8;
	if (wcslen(path) < MAX_PATH - 12 || wcsncmp(path, PREFIX, 4) == 0)
		return true;
	DWORD size = GetFullPathNameW(path, room, whole, NULL);
	if (size == 0 || size >= room)
		return refuse(ENAMETOOLONG);
	bool is_share = whole[0] == L'\\' && whole[1] == L'\\';
	wcscpy(path, is_share ? SHARE : PREFIX);
	wcscat(path, whole + (is_share ? 2 : 0));
	return true;
}

bool windows_path(const char *path, wchar_t ret[WINDOWS_PATH_MAX])
{
	if (path[0] == '\0')
		return refuse(ENOENT);
	if (strlen(path) >= PATH_BYTES_MAX)
		return refuse(ENAMETOOLONG);
	int size = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, ret,
				       PATH_BYTES_MAX);
	if (size <= 0)
		return refuse(EILSEQ);
	for (wchar_t *at = ret; *at != L'\0'; at++) {
		if (*at == L'/')
			*at = L'\\';
		if (*at == L':' && at != ret + 1 && wcsncmp(ret, L"\\\\?\\", 4) != 0)
			return refuse(EINVAL);
	}
	return allow_long(ret);
}

bool windows_join(const char *folder, const char *name, wchar_t ret[WINDOWS_PATH_MAX])
{
	char path[PATH_BYTES_MAX];
	if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
		return refuse(ENAMETOOLONG);
	return windows_path(path, ret);
}

bool windows_add(struct buf *ret, const wchar_t *text)
{
	int size = WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, text, -1, NULL, 0, NULL,
				       NULL);
	if (size <= 0)
		return refuse(EILSEQ);
	char *to = buf_reserve(ret, (size_t)size);
	if (to == NULL)
		return refuse(ENOMEM);
	WideCharToMultiByte(CP_UTF8, 0, text, -1, to, size, NULL, NULL);
	ret->size += (size_t)size - 1;
	return true;
}

bool windows_add_path(struct buf *ret, const wchar_t *path)
{
	size_t before = ret->size;
	bool is_long = wcsncmp(path, L"\\\\?\\", 4) == 0;
	bool is_share = is_long && wcsncmp(path + 4, L"UNC\\", 4) == 0;
	if (is_share && !buf_add_char(ret, '/'))
		return refuse(ENOMEM);
	if (!windows_add(ret, path + (is_share ? 7 : is_long ? 4 : 0)))
		return false;
	for (size_t i = before; i < ret->size; i++) {
		if (ret->data[i] == '\\')
			ret->data[i] = '/';
	}
	return true;
}

/* --- errors --- */
bool windows_failed(void)
{
	static const struct {
		DWORD code;
		int as;
	} KNOWN[] = {
		{ERROR_FILE_NOT_FOUND, ENOENT},	  {ERROR_PATH_NOT_FOUND, ENOENT},
		{ERROR_INVALID_NAME, ENOENT},	  {ERROR_INVALID_DRIVE, ENOENT},
		{ERROR_BAD_NETPATH, ENOENT},	  {ERROR_BAD_NET_NAME, ENOENT},
		{ERROR_FILE_EXISTS, EEXIST},	  {ERROR_ALREADY_EXISTS, EEXIST},
		{ERROR_ACCESS_DENIED, EACCES},	  {ERROR_SHARING_VIOLATION, EBUSY},
		{ERROR_LOCK_VIOLATION, EWOULDBLOCK}, {ERROR_IO_PENDING, EWOULDBLOCK},
		{ERROR_DISK_FULL, ENOSPC},	  {ERROR_HANDLE_DISK_FULL, ENOSPC},
		{ERROR_NOT_ENOUGH_MEMORY, ENOMEM}, {ERROR_OUTOFMEMORY, ENOMEM},
		{ERROR_TOO_MANY_OPEN_FILES, EMFILE}, {ERROR_DIRECTORY, ENOTDIR},
		{ERROR_DIR_NOT_EMPTY, ENOTEMPTY}, {ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG},
		{ERROR_WRITE_PROTECT, EROFS},	  {ERROR_NOT_SAME_DEVICE, EXDEV},
		{ERROR_TOO_MANY_LINKS, EMLINK},	  {ERROR_INVALID_FUNCTION, ENOTSUP},
		{ERROR_NOT_SUPPORTED, ENOTSUP},	  {ERROR_INVALID_PARAMETER, EINVAL},
		{ERROR_CANT_RESOLVE_FILENAME, ELOOP}, {ERROR_NO_UNICODE_TRANSLATION, EILSEQ},
	};
	DWORD code = GetLastError();
	for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
		if (KNOWN[i].code == code)
			return refuse(KNOWN[i].as);
	}
	return refuse(EIO);
}

/* --- handles --- */
HANDLE windows_open(const wchar_t *path, DWORD access, DWORD how, DWORD attributes,
		    SECURITY_ATTRIBUTES *security)
{
	HANDLE handle = CreateFileW(path, access,
				    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
				    security, how, attributes | FILE_ATTRIBUTE_NORMAL, NULL);
	if (handle == INVALID_HANDLE_VALUE)
		windows_failed();
	return handle;
}

HANDLE windows_open_no_link(const wchar_t *path, DWORD access, DWORD how, DWORD attributes,
			    SECURITY_ATTRIBUTES *security)
{
	BY_HANDLE_FILE_INFORMATION info;
	HANDLE handle = windows_open(path, access | FILE_READ_ATTRIBUTES, how,
				     attributes | FILE_FLAG_OPEN_REPARSE_POINT, security);
	if (handle == INVALID_HANDLE_VALUE)
		return handle;
	if (GetFileInformationByHandle(handle, &info) &&
	    (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0)
		return handle;
	CloseHandle(handle);
	errno = ELOOP;
	return INVALID_HANDLE_VALUE;
}

int windows_fd(HANDLE handle, int flags)
{
	int fd = handle == INVALID_HANDLE_VALUE ? -1 : _open_osfhandle((intptr_t)handle, flags);
	if (fd < 0 && handle != INVALID_HANDLE_VALUE) {
		CloseHandle(handle);
		errno = EMFILE;
	}
	return fd;
}

HANDLE windows_handle(int fd)
{
	return (HANDLE)_get_osfhandle(fd);
}

bool windows_is_file(HANDLE handle)
{
	BY_HANDLE_FILE_INFORMATION info;
	return GetFileType(handle) == FILE_TYPE_DISK &&
	       GetFileInformationByHandle(handle, &info) &&
	       (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) == 0;
}

bool windows_is_same(HANDLE handle, const wchar_t *path)
{
	BY_HANDLE_FILE_INFORMATION held, named;
	HANDLE other = windows_open_no_link(path, 0, OPEN_EXISTING, 0, NULL);
	if (other == INVALID_HANDLE_VALUE)
		return false;
	bool same = GetFileInformationByHandle(handle, &held) &&
		    GetFileInformationByHandle(other, &named) &&
		    held.dwVolumeSerialNumber == named.dwVolumeSerialNumber &&
		    held.nFileIndexHigh == named.nFileIndexHigh &&
		    held.nFileIndexLow == named.nFileIndexLow;
	CloseHandle(other);
	return same;
}

/* --- names in folders --- */
/* The way that replaces also what is open; since Windows Server 2019. False: it is unknown. */
static bool move_over(const wchar_t *from, const wchar_t *to)
{
	const FILE_INFO_BY_HANDLE_CLASS rename_ex = (FILE_INFO_BY_HANDLE_CLASS)22;
	enum { REPLACE = 1, POSIX = 2 }; /* all younger than the headers of some compilers */
	size_t size = wcslen(to) * sizeof *to;
	FILE_RENAME_INFO *info = calloc(1, sizeof *info + size);
	if (info == NULL)
		return false;
	HANDLE handle = windows_open(from, DELETE | SYNCHRONIZE, OPEN_EXISTING,
				     FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS,
				     NULL);
	bool done = false;
	if (handle != INVALID_HANDLE_VALUE) {
		const DWORD flags = REPLACE | POSIX;
		memcpy(info, &flags, sizeof flags); /* a BOOLEAN once, now a DWORD */
		info->FileNameLength = (DWORD)size;
		memcpy(info->FileName, to, size);
		done = SetFileInformationByHandle(handle, rename_ex, info,
						  (DWORD)(sizeof *info + size));
		CloseHandle(handle);
	}
	free(info);
	return done;
}

bool windows_move(const wchar_t *from, const wchar_t *to, bool replace)
{
	enum { TRIES = 20, PAUSE_MS = 25 }; /* virus scanners hold what is new for a moment */
	const DWORD how = MOVEFILE_WRITE_THROUGH | (replace ? MOVEFILE_REPLACE_EXISTING : 0);
	for (int i = 1; !MoveFileExW(from, to, how); i++) {
		DWORD code = GetLastError();
		bool is_held = code == ERROR_ACCESS_DENIED || code == ERROR_SHARING_VIOLATION;
		if (is_held && replace && move_over(from, to))
			return true;
		if (!is_held || i == TRIES) {
			SetLastError(code);
			return windows_failed();
		}
		Sleep(PAUSE_MS);
	}
	return true;
}

bool windows_each(const wchar_t *folder, bool (*each)(void *user, const char *name), void *user)
{
	wchar_t all[WINDOWS_PATH_MAX + 2];
	WIN32_FIND_DATAW entry;
	bool more = true;
	swprintf(all, WINDOWS_PATH_MAX + 2, L"%ls\\*", folder);
	HANDLE search = FindFirstFileW(all, &entry);
	if (search == INVALID_HANDLE_VALUE)
		return GetLastError() == ERROR_FILE_NOT_FOUND /* a bare drive */ ||
		       windows_failed();
	do {
		char name[sizeof entry.cFileName / sizeof entry.cFileName[0] * 3];
		WideCharToMultiByte(CP_UTF8, 0, entry.cFileName, -1, name, sizeof name, NULL, NULL);
		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
			more = each(user, name);
	} while (more && FindNextFileW(search, &entry));
	bool done = !more || GetLastError() == ERROR_NO_MORE_FILES || windows_failed();
	FindClose(search);
	return done;
}

bool windows_sync_folder(const wchar_t *path)
{
	HANDLE handle = windows_open(path, GENERIC_WRITE, OPEN_EXISTING,
				     FILE_FLAG_BACKUP_SEMANTICS, NULL);
	if (handle == INVALID_HANDLE_VALUE)
		return false;
	bool done = FlushFileBuffers(handle) || windows_failed();
	if (!done && (errno == EACCES || errno == EINVAL || errno == ENOTSUP))
		done = true; /* knows no such thing: the handle had every right */
	CloseHandle(handle);
	return done;
}

/* --- rights --- */
bool windows_private(SECURITY_ATTRIBUTES *ret, bool folder)
{
	const wchar_t *rights = folder ? L"D:P(A;OICI;FA;;;OW)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
				       : L"D:P(A;;FA;;;OW)(A;;FA;;;SY)(A;;FA;;;BA)";
	*ret = (SECURITY_ATTRIBUTES){.nLength = sizeof *ret};
	return ConvertStringSecurityDescriptorToSecurityDescriptorW(
		       rights, SDDL_REVISION_1, &ret->lpSecurityDescriptor, NULL) ||
	       windows_failed();
}

void windows_private_done(SECURITY_ATTRIBUTES *rights)
{
	LocalFree(rights->lpSecurityDescriptor);
}
