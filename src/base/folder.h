/* Open folders, and what can be done to names in them. A folder that is open stays the same
 * folder, whatever happens to its path meanwhile; names are one component, and links are not
 * followed.
 *
 * A name that was made, moved or removed is durable only after folder_sync of its folder; what a
 * file holds, after file_sync of the file. To move a file so that a power cut at any moment loses
 * nothing: folder_link, folder_sync of the new folder, folder_remove, folder_sync of the old. */
#ifndef FIRN_BASE_FOLDER_H
#define FIRN_BASE_FOLDER_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct folder;

enum folder_kind { FOLDER_NOTHING, FOLDER_FILE, FOLDER_FOLDER, FOLDER_OTHER };

/* ERR_DISK, ERR_MEMORY. The last part of the path may be a link. */
MUST_CHECK bool folder_open(struct folder **ret, const char *path, struct err *reterr);
/* The folder `name` in `in`. */
MUST_CHECK bool folder_open_in(struct folder **ret, const struct folder *in, const char *name,
			       struct err *reterr);
/* The same; makes it where it is missing, mode 0700. To be sure that its name is durable sync `in`
 * in any case: whoever made it may have died before that. */
MUST_CHECK bool folder_make_in(struct folder **ret, const struct folder *in, const char *name,
			       struct err *reterr);
void folder_close(struct folder *folder); /* NULL is fine */
const char *folder_path(const struct folder *folder); /* for messages */
/* File systems that cannot sync a folder (some network ones say so) are taken at their word. */
MUST_CHECK bool folder_sync(const struct folder *folder, struct err *reterr);
/* Calls `each` with every name, in no order, until it says false. Names may come and go
 * meanwhile; of those nothing is promised. */
MUST_CHECK bool folder_each(const struct folder *folder, bool (*each)(void *user, const char *name),
			    void *user, struct err *reterr);
/* What `name` is; *ret_bytes (or NULL): its size where it is a file. What cannot be looked at is
 * FOLDER_OTHER. */
enum folder_kind folder_look(const struct folder *folder, const char *name, int64_t *ret_bytes);

/* A new file, mode 0600, for reading and for writing at its end; -1: failed, also where the name
 * is taken. */
MUST_CHECK int folder_create(const struct folder *folder, const char *name, struct err *reterr);
/* For reading. -1: failed; *ret_absent: because there is none. */
MUST_CHECK int folder_open_file(const struct folder *folder, const char *name, bool *ret_absent,
				struct err *reterr);
/* Gives the file a second name. Where the file system has no such thing, moves it: the first name
 * is then gone already, and a power cut is as safe as that file system's rename. Fails where the
 * new name is taken. */
MUST_CHECK bool folder_link(const struct folder *from, const char *name, const struct folder *to,
			    const char *new_name, struct err *reterr);
/* Moves a file or a folder. Fails where the new name is taken (only looked at beforehand where
 * the file system cannot promise it). */
MUST_CHECK bool folder_move(const struct folder *from, const char *name, const struct folder *to,
			    const char *new_name, struct err *reterr);
/* In one step, whatever had the new name before. */
MUST_CHECK bool folder_replace(const struct folder *folder, const char *name,
			       const char *new_name, struct err *reterr);
MUST_CHECK bool folder_remove(const struct folder *folder, const char *name,
			      struct err *reterr); /* a file; absent is fine */
void folder_discard(const struct folder *folder, const char *name); /* as far as possible */
/* What is left on its file system for us; -1: it does not say, or has no such limit. */
void folder_space(const struct folder *folder, int64_t *ret_bytes, int64_t *ret_files);

#endif
