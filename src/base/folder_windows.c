/* A folder is held by its path and by a handle that does not share deleting: so long nobody can
 * rename or remove it or a folder above it, and the path stays that folder. */
#include "base/folder.h"

#include "base/file.h"
#include "base/windows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

struct folder {
	HANDLE handle;
	char path[];
};

/* --- opening --- */
/* INVALID_HANDLE_VALUE with errno. */
static HANDLE hold(const char *path, bool links)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	BY_HANDLE_FILE_INFORMATION info;
	if (!windows_path(path, wide))
		return INVALID_HANDLE_VALUE;
	HANDLE handle = CreateFileW(wide, FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES,
				    FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING,
				    FILE_FLAG_BACKUP_SEMANTICS |
					    (links ? 0 : FILE_FLAG_OPEN_REPARSE_POINT),
				    NULL);
	if (handle == INVALID_HANDLE_VALUE) {
		windows_failed();
		return handle;
	}
	if (GetFileInformationByHandle(handle, &info) &&
	    (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0 &&
	    (links || (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0))
		return handle;
	CloseHandle(handle);
	errno = ENOTDIR;
	return INVALID_HANDLE_VALUE;
}

static bool open_at(struct folder **ret, const char *above, const char *name, bool links,
		    struct err *reterr)
{
	size_t room = strlen(above) + 1 + strlen(name) + 1;
	struct folder *folder = malloc(sizeof *folder + room);
	if (folder == NULL)
		return err_memory(reterr);
	snprintf(folder->path, room, "%s%s%s", above, above[0] == '\0' ? "" : "/", name);
	folder->handle = hold(folder->path, links);
	if (folder->handle == INVALID_HANDLE_VALUE) {
		err_sys(reterr, "cannot open folder '%s'", folder->path);
		free(folder);
		return false;
	}
	*ret = folder;
	return true;
}

bool folder_open(struct folder **ret, const char *path, struct err *reterr)
{
	return open_at(ret, "", path, true, reterr);
}

bool folder_open_in(struct folder **ret, const struct folder *in, const char *name,
		    struct err *reterr)
{
	return open_at(ret, in->path, name, false, reterr);
}

bool folder_make_in(struct folder **ret, const struct folder *in, const char *name,
		    struct err *reterr)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	SECURITY_ATTRIBUTES rights;
	bool done = windows_join(in->path, name, wide) && windows_private(&rights, true);
	if (done) {
		done = CreateDirectoryW(wide, &rights) || windows_failed() || errno == EEXIST;
		int code = errno;
		windows_private_done(&rights);
		errno = code;
	}
	if (!done)
		return err_sys(reterr, "cannot make folder '%s/%s'", in->path, name);
	return folder_open_in(ret, in, name, reterr);
}

void folder_close(struct folder *folder)
{
	if (folder == NULL)
		return;
	CloseHandle(folder->handle);
	free(folder);
}

const char *folder_path(const struct folder *folder)
{
	return folder->path;
}

bool folder_sync(const struct folder *folder, struct err *reterr)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	return (windows_path(folder->path, wide) && windows_sync_folder(wide)) ||
	       err_sys(reterr, "cannot sync folder '%s'", folder->path);
}

/* --- looking --- */
bool folder_each(const struct folder *folder, bool (*each)(void *user, const char *name),
		 void *user, struct err *reterr)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	return (windows_path(folder->path, wide) && windows_each(wide, each, user)) ||
	       err_sys(reterr, "cannot list '%s'", folder->path);
}

enum folder_kind folder_look(const struct folder *folder, const char *name, int64_t *ret_bytes)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	WIN32_FILE_ATTRIBUTE_DATA info;
	if (!windows_join(folder->path, name, wide))
		return FOLDER_OTHER;
	if (!GetFileAttributesExW(wide, GetFileExInfoStandard, &info)) {
		windows_failed();
		return errno == ENOENT ? FOLDER_NOTHING : FOLDER_OTHER;
	}
	if ((info.dwFileAttributes & (FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_DEVICE)) != 0)
		return FOLDER_OTHER;
	if ((info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
		return FOLDER_FOLDER;
	if (ret_bytes != NULL)
		*ret_bytes = (int64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow;
	return FOLDER_FILE;
}

void folder_space(const struct folder *folder, int64_t *ret_bytes, int64_t *ret_files)
{
	*ret_bytes = file_free_bytes(folder->path);
	*ret_files = -1;
}

/* --- files --- */
int folder_create(const struct folder *folder, const char *name, struct err *reterr)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	SECURITY_ATTRIBUTES rights;
	int fd = -1;
	if (windows_join(folder->path, name, wide) && windows_private(&rights, false)) {
		fd = windows_fd(windows_open(wide, GENERIC_READ | GENERIC_WRITE, CREATE_NEW, 0,
					     &rights),
				_O_RDWR | _O_APPEND);
		int code = errno;
		windows_private_done(&rights);
		errno = code;
	}
	if (fd < 0)
		err_sys(reterr, "cannot make '%s/%s'", folder->path, name);
	return fd;
}

int folder_open_file(const struct folder *folder, const char *name, bool *ret_absent,
		     struct err *reterr)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	int fd = -1;
	if (windows_join(folder->path, name, wide))
		fd = windows_fd(windows_open_no_link(wide, GENERIC_READ, OPEN_EXISTING, 0, NULL),
				_O_RDONLY);
	*ret_absent = fd < 0 && errno == ENOENT;
	if (fd < 0)
		err_sys(reterr, "cannot open '%s/%s'", folder->path, name);
	return fd;
}

static bool move_failed(const struct folder *from, const char *name, const struct folder *to,
			const char *new_name, struct err *reterr)
{
	return err_sys(reterr, "cannot move '%s/%s' to '%s/%s'", from->path, name, to->path,
		       new_name);
}

static bool move(const struct folder *from, const char *name, const struct folder *to,
		 const char *new_name, bool replace, struct err *reterr)
{
	wchar_t old[WINDOWS_PATH_MAX], new[WINDOWS_PATH_MAX];
	return (windows_join(from->path, name, old) && windows_join(to->path, new_name, new) &&
		windows_move(old, new, replace)) ||
	       move_failed(from, name, to, new_name, reterr);
}

bool folder_link(const struct folder *from, const char *name, const struct folder *to,
		 const char *new_name, struct err *reterr)
{
	wchar_t old[WINDOWS_PATH_MAX], new[WINDOWS_PATH_MAX];
	if (windows_join(from->path, name, old) && windows_join(to->path, new_name, new) &&
	    (CreateHardLinkW(new, old, NULL) || windows_failed()))
		return true;
	if (errno == ENOTSUP || errno == EINVAL || errno == EMLINK || errno == EXDEV)
		return folder_move(from, name, to, new_name, reterr);
	return move_failed(from, name, to, new_name, reterr);
}

bool folder_move(const struct folder *from, const char *name, const struct folder *to,
		 const char *new_name, struct err *reterr)
{
	return move(from, name, to, new_name, false, reterr);
}

bool folder_replace(const struct folder *folder, const char *name, const char *new_name,
		    struct err *reterr)
{
	return move(folder, name, folder, new_name, true, reterr);
}

bool folder_remove(const struct folder *folder, const char *name, struct err *reterr)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	if (windows_join(folder->path, name, wide) && (DeleteFileW(wide) || windows_failed()))
		return true;
	return errno == ENOENT || err_sys(reterr, "cannot remove '%s/%s'", folder->path, name);
}

void folder_discard(const struct folder *folder, const char *name)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	if (windows_join(folder->path, name, wide))
		DeleteFileW(wide);
}
