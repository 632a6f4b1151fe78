/* The name under which a file is written is fixed (`.NAME.part`), so that what a crash leaves is
 * written over by the next try and never piles up. */
#include "base/file_publish.h"

#include "base/bounds.h"
#include "base/file.h"
#include "base/file_steps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECE_BYTES = 32 * KIB };

/* --- folders --- */
bool file_publish_folder(const char *root, const char *folder, struct err *reterr)
{
	char path[PATH_BYTES_MAX];
	size_t size = strlen(root), whole = strlen(folder);
	if (whole >= sizeof path || strncmp(root, folder, size) != 0)
		return err_set(reterr, ERR_USAGE, "'%.200s' is no folder below '%.200s'", folder,
			       root);
	memcpy(path, folder, whole + 1);
	while (size < whole) {
		size += strspn(path + size, "/");
		size += strcspn(path + size, "/");
		char cut = path[size];
		path[size] = '\0';
		if (!step_make_folder(path))
			return err_sys(reterr, "cannot make folder '%s'", path);
		const char *slash = strrchr(path, '/');
		char above[PATH_BYTES_MAX];
		snprintf(above, sizeof above, "%.*s",
			 slash == NULL || slash == path ? 1 : (int)(slash - path),
			 slash == NULL ? "." : path);
		if (!step_sync_folder(above, reterr))
			return false;
		path[size] = cut;
	}
	return true;
}

/* --- files --- */
/* Full pieces, but for the last. */
static bool pull(const struct file_content *content, char *to, size_t *ret_n, struct err *reterr)
{
	size_t n = 0, got = 1;
	while (n < PIECE_BYTES && got > 0) {
		if (!content->read(content->user, to + n, PIECE_BYTES - n, &got, reterr))
			return false;
		n += got;
	}
	*ret_n = n;
	return true;
}

/* What stands there against what is meant; `pieces` has room for two. */
static bool compare(int fd, const char *path, const struct file_content *content, char *pieces,
		    struct err *reterr)
{
	char *ours = pieces, *theirs = pieces + PIECE_BYTES;
	size_t ours_n = PIECE_BYTES, theirs_n;
	if (!content->again(content->user, reterr))
		return false;
	while (ours_n == PIECE_BYTES) {
		if (!pull(content, ours, &ours_n, reterr))
			return false;
		/* One byte more than ours shows whether theirs goes on. */
		size_t room = ours_n < PIECE_BYTES ? ours_n + 1 : PIECE_BYTES;
		if (!step_read(fd, theirs, room, &theirs_n))
			return err_sys(reterr, "cannot read '%s'", path);
		if (theirs_n != ours_n || memcmp(ours, theirs, ours_n) != 0)
			return err_set(reterr, ERR_DATA, "other bytes stand there already: '%s'",
				       path);
	}
	return true;
}

/* *ret_there false: nothing has that name. */
static bool look(const char *path, const struct file_content *content, char *pieces,
		 bool *ret_there, struct err *reterr)
{
	int fd = step_open_old(path);
	*ret_there = fd >= 0 || errno != ENOENT;
	if (fd < 0)
		return !*ret_there || err_sys(reterr, "cannot read '%s'", path);
	bool done = compare(fd, path, content, pieces, reterr);
	if (done && !step_sync(fd))
		done = err_sys(reterr, "cannot make '%s' durable", path);
	file_close(fd);
	return done;
}

static bool write_part(const char *part, const struct file_content *content, char *piece,
		       struct err *reterr)
{
	size_t n = PIECE_BYTES;
	bool done = content->again(content->user, reterr);
	int fd = done ? step_open_part(part) : -1;
	if (done && fd < 0)
		return err_sys(reterr, "cannot write '%s'", part);
	while (done && n == PIECE_BYTES)
		done = pull(content, piece, &n, reterr) &&
		       file_write_all(fd, (struct span){piece, n}, reterr);
	if (done && !step_sync(fd))
		done = err_sys(reterr, "cannot make '%s' durable", part);
	if (fd >= 0 && !step_close(fd) && done)
		done = err_sys(reterr, "cannot write '%s'", part);
	return done;
}

static bool publish(const char *path, const char *part, const char *folder, char *pieces,
		    const struct file_content *content, bool *ret_was_there, struct err *reterr)
{
	if (!look(path, content, pieces, ret_was_there, reterr))
		return false;
	if (*ret_was_there)
		return step_sync_folder(folder, reterr);
	bool done = write_part(part, content, pieces, reterr);
	if (done && !step_give_name(part, path)) {
		if (errno == EEXIST)
			done = look(path, content, pieces, ret_was_there, reterr);
		else
			done = err_sys(reterr, "cannot name '%s'", path);
		step_remove(part);
	} else if (!done) {
		step_remove(part);
	}
	return done && step_sync_folder(folder, reterr);
}

bool file_publish(const char *path, const struct file_content *content, bool *ret_was_there,
		  struct err *reterr)
{
	char folder[PATH_BYTES_MAX], part[PATH_BYTES_MAX + FILE_NAME_BYTES_MAX];
	const char *name = file_name_of(path);
	char *pieces = malloc((size_t)2 * PIECE_BYTES);
	bool done = false;
	*ret_was_there = false;
	if (pieces == NULL)
		return err_memory(reterr);
	if (strlen(path) >= sizeof folder - 8 || strlen(name) > FILE_NAME_BYTES_MAX - 6) {
		err_set(reterr, ERR_DATA, "a name that is too long: %.200s...", path);
	} else {
		snprintf(folder, sizeof folder, "%.*s", SPAN_ARGS(file_folder_of(path)));
		snprintf(part, sizeof part, "%s/.%s.part", folder, name);
		done = publish(path, part, folder, pieces, content, ret_was_there, reterr);
	}
	free(pieces);
	return done;
}
