/* Paths as text. Between the parts of a path stands / or \; what firn writes itself has /. */
#include "base/file.h"

#include "base/windows.h"

#include <errno.h>

static bool is_slash(char c)
{
	return c == '/' || c == '\\';
}

/* \a, \\server\share, C:\a; also C:a, behind which no other folder can stand. */
static bool is_absolute(const char *path)
{
	return is_slash(path[0]) || (path[0] != '\0' && path[1] == ':');
}

/* NULL: there is none. */
static const char *last_slash(const char *path)
{
	const char *last = NULL;
	for (const char *at = path; *at != '\0'; at++) {
		if (is_slash(*at))
			last = at;
	}
	return last;
}

static bool too_long(const char *path, struct err *reterr)
{
	return err_set(reterr, ERR_USAGE, "a path of more than %d bytes: %.80s...",
		       PATH_BYTES_MAX - 1, path);
}

bool file_join(struct buf *ret, const char *folder, const char *path, struct err *reterr)
{
	size_t before = ret->size;
	if (!is_absolute(path) && folder != NULL && folder[0] != '\0' && strcmp(folder, ".") != 0) {
		buf_add_text(ret, folder);
		if (ret->size > before && !is_slash(buf_text(ret)[ret->size - 1]))
			buf_add_char(ret, '/');
	}
	buf_add_text(ret, path);
	if (ret->size - before >= PATH_BYTES_MAX)
		return too_long(path, reterr);
	return buf_ok(ret, reterr);
}

bool file_from_root(struct buf *ret, const char *path, struct err *reterr)
{
	wchar_t wide[WINDOWS_PATH_MAX], whole[WINDOWS_PATH_MAX];
	DWORD size = 0;
	if (windows_path(path[0] == '\0' ? "." : path, wide)) {
		size = GetFullPathNameW(wide, WINDOWS_PATH_MAX, whole, NULL);
		if (size == 0)
			windows_failed();
	}
	if (size >= WINDOWS_PATH_MAX)
		return too_long(path, reterr);
	if (size == 0 || (!windows_add_path(ret, whole) && !ret->failed))
		return err_sys(reterr, "cannot tell the folder that firn works in");
	return buf_ok(ret, reterr);
}

struct span file_folder_of(const char *path)
{
	const char *slash = last_slash(path);
	bool has_drive = path[0] != '\0' && path[1] == ':';
	if (slash == NULL)
		return has_drive ? (struct span){path, 2} : SPAN(".");
	while (slash > path && is_slash(slash[-1]))
		slash--;
	/* C: alone would be the folder that was last worked in on that drive. */
	bool is_root = slash == path || (has_drive && slash == path + 2);
	return (struct span){path, (size_t)(slash - path) + (is_root ? 1 : 0)};
}

const char *file_behind(const char *path, const char *folder)
{
	size_t size = strlen(folder);
	if (size == 0 || strncmp(path, folder, size) != 0 ||
	    (!is_slash(path[size]) && !is_slash(folder[size - 1])))
		return NULL;
	return path + size + strspn(path + size, "/\\");
}

const char *file_name_of(const char *path)
{
	const char *slash = last_slash(path);
	if (slash != NULL)
		return slash + 1;
	return path[0] != '\0' && path[1] == ':' ? path + 2 : path;
}

/* One folder, where it can be made, and its name durable in the one above. False with errno. */
static bool make_one(const char *path, SECURITY_ATTRIBUTES *rights)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	char above[PATH_BYTES_MAX];
	struct span folder = file_folder_of(path);
	if (!windows_path(path, wide) || (!CreateDirectoryW(wide, rights) && !windows_failed()))
		return file_is_folder(path);
	memcpy(above, folder.at, folder.size);
	above[folder.size] = '\0';
	return windows_path(above, wide) && windows_sync_folder(wide);
}

bool file_make_folder(const char *path, struct err *reterr)
{
	char part[PATH_BYTES_MAX];
	size_t size = strlen(path);
	SECURITY_ATTRIBUTES rights;
	bool done = false;
	if (file_is_folder(path))
		return true;
	if (size >= sizeof part)
		return too_long(path, reterr);
	if (!windows_private(&rights, true))
		return err_sys(reterr, "cannot make folder '%s'", path);
	/* What cannot be made on the way may be the name of a drive or a server; the last step
	 * tells. */
	for (size_t i = 1; i <= size; i++) {
		if ((!is_slash(path[i]) && path[i] != '\0') || is_slash(path[i - 1]))
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		done = file_is_folder(part) || make_one(part, &rights);
	}
	if (!done) {
		bool fault = errno != ENOSPC && errno != EIO && errno != ENOMEM;
		err_sys(reterr, "cannot make folder '%s'", path);
		if (fault)
			reterr->kind = ERR_USAGE;
	}
	windows_private_done(&rights);
	return done;
}
