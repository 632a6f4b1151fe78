/* Files that appear whole, or not at all, and are never written over: for folders out of which
 * other programs read. */
#ifndef FIRN_BASE_FILE_PUBLISH_H
#define FIRN_BASE_FILE_PUBLISH_H

#include "base/err.h"

#include <stddef.h>

struct file_content { /* may be read several times; *ret_n 0 is the end */
	void *user;
	bool (*read)(void *user, void *to, size_t room, size_t *ret_n, struct err *reterr);
	bool (*again)(void *user, struct err *reterr); /* back to the first byte */
};

/* `folder` and what is missing above it, below `root`, which must be there; every folder on the
 * way is synced, also one that was there: whoever made it may have died before. Modes are the
 * umask's to say. */
MUST_CHECK bool file_publish_folder(const char *root, const char *folder, struct err *reterr);

/* Writes `.NAME.part` beside it, syncs, gives it its name if nothing has that name, syncs the
 * folder. ERR_DATA: other bytes stand there; *ret_was_there: the same bytes did (they are synced
 * now). Errors of `content` come through as they are; ERR_DISK else. */
MUST_CHECK bool file_publish(const char *path, const struct file_content *content,
			     bool *ret_was_there, struct err *reterr);

#endif
