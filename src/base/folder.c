#include "base/folder.h"

#include "base/bounds.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct folder {
	int fd;
	char path[]; /* for messages */
};

/* --- opening --- */
static bool open_at(struct folder **ret, int in, const char *name, int flags, const char *above,
		    struct err *reterr)
{
	size_t room = strlen(above) + 1 + strlen(name) + 1;
	struct folder *folder = malloc(sizeof *folder + room);
	if (folder == NULL)
		return err_memory(reterr);
	snprintf(folder->path, room, "%s%s%s", above, above[0] == '\0' ? "" : "/", name);
	folder->fd = openat(in, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	if (folder->fd < 0) {
		err_sys(reterr, "cannot open folder '%s'", folder->path);
		free(folder);
		return false;
	}
	*ret = folder;
	return true;
}

bool folder_open(struct folder **ret, const char *path, struct err *reterr)
{
	return open_at(ret, AT_FDCWD, path, 0, "", reterr);
}

bool folder_open_in(struct folder **ret, const struct folder *in, const char *name,
		    struct err *reterr)
{
	return open_at(ret, in->fd, name, O_NOFOLLOW, in->path, reterr);
}

bool folder_make_in(struct folder **ret, const struct folder *in, const char *name,
		    struct err *reterr)
{
	if (mkdirat(in->fd, name, 0700) != 0 && errno != EEXIST)
		return err_sys(reterr, "cannot make folder '%s/%s'", in->path, name);
	return folder_open_in(ret, in, name, reterr);
}

void folder_close(struct folder *folder)
{
	if (folder == NULL)
		return;
	close(folder->fd);
	free(folder);
}

const char *folder_path(const struct folder *folder)
{
	return folder->path;
}

bool folder_sync(const struct folder *folder, struct err *reterr)
{
	if (fsync(folder->fd) == 0 || errno == EINVAL)
		return true;
	return err_sys(reterr, "cannot sync folder '%s'", folder->path);
}

/* --- looking --- */
static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

bool folder_each(const struct folder *folder, bool (*each)(void *user, const char *name),
		 void *user, struct err *reterr)
{
	bool more = true;
	/* A descriptor of its own: where reading stands belongs to the descriptor. */
	int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	if (entries == NULL) {
		err_sys(reterr, "cannot list '%s'", folder->path);
		file_close(fd);
		return false;
	}
	while (more) {
		errno = 0;
		const struct dirent *entry = readdir(entries);
		if (entry == NULL)
			break;
		more = is_dots(entry->d_name) || each(user, entry->d_name);
	}
	bool done = !more || errno == 0;
	if (!done)
		err_sys(reterr, "cannot list '%s'", folder->path);
	closedir(entries);
	return done;
}

enum folder_kind folder_look(const struct folder *folder, const char *name, int64_t *ret_bytes)
{
	struct stat info;
	if (fstatat(folder->fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? FOLDER_NOTHING : FOLDER_OTHER;
	if (S_ISDIR(info.st_mode))
		return FOLDER_FOLDER;
	if (!S_ISREG(info.st_mode))
		return FOLDER_OTHER;
	if (ret_bytes != NULL)
		*ret_bytes = info.st_size;
	return FOLDER_FILE;
}

void folder_space(const struct folder *folder, int64_t *ret_bytes, int64_t *ret_files)
{
	struct statvfs info;
	*ret_bytes = -1;
	*ret_files = -1;
	if (fstatvfs(folder->fd, &info) != 0)
		return;
	if (__builtin_mul_overflow(info.f_bavail, info.f_frsize, ret_bytes))
		*ret_bytes = -1;
	if (info.f_files > 0 && info.f_favail <= INT64_MAX) /* btrfs counts none */
		*ret_files = (int64_t)info.f_favail;
}

/* --- files --- */
int folder_create(const struct folder *folder, const char *name, struct err *reterr)
{
	int fd = openat(folder->fd, name,
			O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		err_sys(reterr, "cannot make '%s/%s'", folder->path, name);
	return fd;
}

int folder_open_file(const struct folder *folder, const char *name, bool *ret_absent,
		     struct err *reterr)
{
	/* Not waiting for the other end of what turns out to be a pipe. */
	int fd = openat(folder->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	*ret_absent = fd < 0 && errno == ENOENT;
	if (fd < 0)
		err_sys(reterr, "cannot open '%s/%s'", folder->path, name);
	return fd;
}

static bool no_such_thing(int code)
{
	return code == EPERM || code == EOPNOTSUPP || code == ENOSYS || code == EINVAL ||
	       code == EMLINK || code == EXDEV;
}

static bool move_failed(const struct folder *from, const char *name, const struct folder *to,
			const char *new_name, struct err *reterr)
{
	return err_sys(reterr, "cannot move '%s/%s' to '%s/%s'", from->path, name, to->path,
		       new_name);
}

bool folder_link(const struct folder *from, const char *name, const struct folder *to,
		 const char *new_name, struct err *reterr)
{
	if (linkat(from->fd, name, to->fd, new_name, 0) == 0)
		return true;
	if (no_such_thing(errno))
		return folder_move(from, name, to, new_name, reterr);
	return move_failed(from, name, to, new_name, reterr);
}

bool folder_move(const struct folder *from, const char *name, const struct folder *to,
		 const char *new_name, struct err *reterr)
{
	struct stat taken;
	if (renameat2(from->fd, name, to->fd, new_name, RENAME_NOREPLACE) == 0)
		return true;
	if (!no_such_thing(errno))
		return move_failed(from, name, to, new_name, reterr);
	/* An old kernel or file system. A file's link fails where the name is taken; for the rest
	 * there is only looking first: the caller's lock keeps others away. */
	if (linkat(from->fd, name, to->fd, new_name, 0) == 0) {
		(void)unlinkat(from->fd, name, 0);
		return true;
	}
	if (errno == EEXIST)
		return move_failed(from, name, to, new_name, reterr);
	if (fstatat(to->fd, new_name, &taken, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return move_failed(from, name, to, new_name, reterr);
	}
	if (renameat(from->fd, name, to->fd, new_name) == 0)
		return true;
	return move_failed(from, name, to, new_name, reterr);
}

bool folder_replace(const struct folder *folder, const char *name, const char *new_name,
		    struct err *reterr)
{
	if (renameat(folder->fd, name, folder->fd, new_name) == 0)
		return true;
	return move_failed(folder, name, folder, new_name, reterr);
}

bool folder_remove(const struct folder *folder, const char *name, struct err *reterr)
{
	if (unlinkat(folder->fd, name, 0) == 0 || errno == ENOENT)
		return true;
	return err_sys(reterr, "cannot remove '%s/%s'", folder->path, name);
}

void folder_discard(const struct folder *folder, const char *name)
{
	(void)unlinkat(folder->fd, name, 0);
}
