/* As in file_replace.c: the new content goes to `.NAME.new` beside the old one, which is locked
 * meanwhile. A link is not followed here: making one is an administrator's right. */
#include "base/file.h"

#include "base/windows.h"

#include <aclapi.h>
#include <errno.h>
#include <stdio.h>

/* The new copy lets in whom the old one did; one that is new stays private. False with errno. */
static bool keep_rights(const wchar_t *old, const wchar_t *temp)
{
	PACL list;
	PSECURITY_DESCRIPTOR all;
	SECURITY_DESCRIPTOR_CONTROL control;
	DWORD revision;
	DWORD code = GetNamedSecurityInfoW(old, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL,
					   NULL, &list, NULL, &all);
	if (code == ERROR_FILE_NOT_FOUND)
		return true;
	if (code == ERROR_SUCCESS) {
		SECURITY_INFORMATION what = UNPROTECTED_DACL_SECURITY_INFORMATION;
		wchar_t name[WINDOWS_PATH_MAX]; /* the call wants one that it could write to */
		if (GetSecurityDescriptorControl(all, &control, &revision) &&
		    (control & SE_DACL_PROTECTED) != 0)
			what = PROTECTED_DACL_SECURITY_INFORMATION;
		wcscpy(name, temp);
		code = SetNamedSecurityInfoW(name, SE_FILE_OBJECT,
					     what | DACL_SECURITY_INFORMATION, NULL, NULL, list,
					     NULL);
		LocalFree(all);
	}
	SetLastError(code);
	return code == ERROR_SUCCESS || windows_failed();
}

struct places {
	char temp[PATH_BYTES_MAX], folder[PATH_BYTES_MAX];
	wchar_t wide[WINDOWS_PATH_MAX], wide_temp[WINDOWS_PATH_MAX], wide_folder[WINDOWS_PATH_MAX];
};

static bool find_places(const char *path, struct places *ret, struct err *reterr)
{
	struct span folder = file_folder_of(path);
	int size = snprintf(ret->temp, sizeof ret->temp, "%.*s/.%s.new", SPAN_ARGS(folder),
			    file_name_of(path));
	if (size < 0 || (size_t)size >= sizeof ret->temp)
		return err_set(reterr, ERR_USAGE, "a path of more than %d bytes: %.80s...",
			       PATH_BYTES_MAX - 1, path);
	snprintf(ret->folder, sizeof ret->folder, "%.*s", SPAN_ARGS(folder));
	return (windows_path(path, ret->wide) && windows_path(ret->temp, ret->wide_temp) &&
		windows_path(ret->folder, ret->wide_folder)) ||
	       err_sys(reterr, "cannot replace '%s'", path);
}

bool file_replace(const char *path, struct span data, struct err *reterr)
{
	struct places at;
	bool done = false;
	if (!find_places(path, &at, reterr))
		return false;
	int fd = windows_open_locked(at.temp, true);
	if (fd < 0)
		return err_sys(reterr, "cannot replace '%s'", path);
	if (!keep_rights(at.wide, at.wide_temp)) {
		err_sys(reterr, "cannot replace '%s'", path);
		goto out;
	}
	if (!file_cut(fd, 0, reterr) || !file_write_all(fd, data, reterr) ||
	    !file_sync(fd, reterr)) {
		err_at(reterr, "cannot replace '%s'", path);
		goto out;
	}
	if (!windows_move(at.wide_temp, at.wide, true)) {
		err_sys(reterr, "cannot replace '%s'", path);
		goto out;
	}
	/* The new content is there; from here on it is only not yet proof against a power cut. */
	done = windows_sync_folder(at.wide_folder) ||
	       err_sys(reterr, "cannot replace '%s' durably", path);
out:
	if (!done)
		DeleteFileW(at.wide_temp); /* `path` is the last good copy and stays */
	file_close(fd);
	return done;
}
