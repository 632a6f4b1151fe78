/* For the *_windows.c files of this folder alone: names, errors and descriptors between firn's
 * world (UTF-8, errno, int) and Windows' own (UTF-16, GetLastError, HANDLE).
 *
 * Every file is opened so that others may read, write, move and delete it meanwhile, as on other
 * systems. A path may have / or \ between its parts. */
#ifndef FIRN_BASE_WINDOWS_H
#define FIRN_BASE_WINDOWS_H

#include "base/bounds.h"
#include "base/buf.h"

#include <wchar.h>
#include <windows.h>

/* A path in UTF-16 is never more units than in UTF-8 bytes; a prefix and a pattern come to it. */
enum { WINDOWS_PATH_MAX = PATH_BYTES_MAX + 16 };

/* False with errno: too long, no UTF-8, or a name with ':' in it, which is not a file but another
 * stream of one. Paths that are longer than old interfaces take get the prefix that allows it. */
bool windows_path(const char *path, wchar_t ret[WINDOWS_PATH_MAX]);
bool windows_join(const char *folder, const char *name, wchar_t ret[WINDOWS_PATH_MAX]);
/* Appends it in UTF-8, false: ret has failed, or it is no UTF-16 (errno EILSEQ). */
bool windows_add(struct buf *ret, const wchar_t *text);
/* The same for a path, with / between its parts and without \\?\ before it. */
bool windows_add_path(struct buf *ret, const wchar_t *path);

/* Sets errno after a call that failed; false. */
bool windows_failed(void);
/* CreateFileW, with what stands above. `attributes` are FILE_FLAG_...; INVALID_HANDLE_VALUE with
 * errno: failed. */
HANDLE windows_open(const wchar_t *path, DWORD access, DWORD how, DWORD attributes,
		    SECURITY_ATTRIBUTES *security);
/* A descriptor that has the handle from here on, closed where that fails: -1 with errno. */
int windows_fd(HANDLE handle, int flags);
HANDLE windows_handle(int fd);
bool windows_is_file(HANDLE handle); /* on a disk, and no folder */
/* Nothing where the name is a link: ELOOP. */
HANDLE windows_open_no_link(const wchar_t *path, DWORD access, DWORD how, DWORD attributes,
			    SECURITY_ATTRIBUTES *security);
/* True where the path leads to that very file. */
bool windows_is_same(HANDLE handle, const wchar_t *path);

/* In one step; false with errno, EEXIST where it may not replace. A file that is open may be
 * replaced where the file system can do that. Waits up to half a second for who holds a file. */
bool windows_move(const wchar_t *from, const wchar_t *to, bool replace);
/* Calls `each` with every name but "." and ".." until it says false. False with errno. A name that
 * is no UTF-16 comes with U+FFFD in it, and is then found by nobody. */
bool windows_each(const wchar_t *folder, bool (*each)(void *user, const char *name), void *user);
/* A folder's names are on disk. Windows promises that of no call: it is asked for with the one
 * that NTFS is known to obey, and a file system that does not know it is taken at its word. */
bool windows_sync_folder(const wchar_t *path);

/* Rights like mode 0600, or 0700 for a folder: the owner, the system and its administrators.
 * False with errno; windows_private_done frees. */
bool windows_private(SECURITY_ATTRIBUTES *ret, bool folder);
void windows_private_done(SECURITY_ATTRIBUTES *rights);

/* --- between file_steps_windows.c and file_replace_windows.c --- */
/* Opens or makes the file and locks it; `wait`: until it is free. -1 with errno, EWOULDBLOCK where
 * somebody else has it. */
int windows_open_locked(const char *path, bool wait);

#endif
