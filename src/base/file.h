/* Files and folders: durable, by steps whose order is the promise.
 *
 * Replacing a file: data, fsync, rename, fsync of the folder; a reader sees the old file or the
 * new one, never a part of either, also after a power cut once the call returned true. An fsync
 * that failed is never tried again on the same file (the pages are already marked clean): the
 * call fails and the old copy stays. */
#ifndef FIRN_BASE_FILE_H
#define FIRN_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* The whole file behind what is in `ret` already. ERR_USAGE where it is not there or may not be
 * read, ERR_DATA above ret->max, ERR_DISK else. */
MUST_CHECK bool file_read(const char *path, struct buf *ret, struct err *reterr);
/* Mode 0600 unless the file was there: then its mode stays. */
MUST_CHECK bool file_replace(const char *path, struct span data, struct err *reterr);
MUST_CHECK bool file_write_all(int fd, struct span data, struct err *reterr);
/* For adding at the end, mode 0644 less the umask where it is new; -1: failed. What is added in
 * one call of file_write_all stays together, whoever else adds. */
MUST_CHECK int file_open_append(const char *path, struct err *reterr);
/* The same for what only its owner may read: mode 0600 whatever it was and the umask says. */
MUST_CHECK int file_open_append_private(const char *path, struct err *reterr);
/* For reading; -1: failed, ERR_USAGE where it is not there, is no file or may not be read. */
MUST_CHECK int file_open_read(const char *path, struct err *reterr);
void file_close(int fd); /* -1 is fine */
/* What the file holds is on disk, and how much that is; its name is not (folder_sync). */
MUST_CHECK bool file_sync(int fd, struct err *reterr);
MUST_CHECK bool file_cut(int fd, int64_t bytes, struct err *reterr);
/* As much as is there from byte `at` on, at most `room`; less only at the end. */
MUST_CHECK bool file_read_at(int fd, int64_t at, void *to, size_t room, size_t *ret_size,
			     struct err *reterr);
/* ERR_DATA: it is no regular file. */
MUST_CHECK bool file_bytes(int fd, int64_t *ret, struct err *reterr);
/* Blocks for so many bytes from the file's begin on, so that they are there when needed. */
MUST_CHECK bool file_allocate(int fd, int64_t bytes, struct err *reterr);
bool file_exists(const char *path);
bool file_is_folder(const char *path);
/* True where we may write to the file that is there, or make files in the folder that is there. */
bool file_may_write(const char *path);
MUST_CHECK bool file_remove(const char *path, struct err *reterr); /* absent is fine */
/* The folder and those above it; existing ones are fine. Mode 0700 for new ones. */
MUST_CHECK bool file_make_folder(const char *path, struct err *reterr);
/* Calls `each` with every name in the folder, in no order, until it says false. */
MUST_CHECK bool file_each(const char *folder, bool (*each)(void *user, const char *name),
			  void *user, struct err *reterr);
/* True where somebody else than its owner can read the file. */
bool file_others_can_read(const char *path);
MUST_CHECK bool file_make_private(const char *path, struct err *reterr); /* mode 0600 */
int64_t file_free_bytes(const char *folder); /* for us, on that file system; -1: cannot say */

/* Appends `path` as seen from `folder`; as it is where it is absolute or folder is NULL or "". */
MUST_CHECK bool file_join(struct buf *ret, const char *folder, const char *path,
			  struct err *reterr);
/* Appends the folder's absolute path, without links, "." and "..". ERR_USAGE: it is not there. */
MUST_CHECK bool file_absolute(struct buf *ret, const char *folder, struct err *reterr);
/* Appends `path` as seen from /: behind the folder that this process works in, without ./ */
MUST_CHECK bool file_from_root(struct buf *ret, const char *path, struct err *reterr);
/* The part of path up to the last slash, without it; "." where there is none. */
struct span file_folder_of(const char *path);
const char *file_name_of(const char *path);
/* What of a path comes behind the folder that it begins with; NULL: it does not, or is that folder.
 * Texts are compared, nothing is looked up. */
const char *file_behind(const char *path, const char *folder);

/* --- one holder at a time --- */
struct file_lock;
/* Takes the lock without waiting and writes who holds it into the file: pid, host, since, what.
 * ERR_BUSY: somebody else has it; the message says who, since when and doing what. The lock is
 * the kernel's: it ends with the process, however that ends. */
MUST_CHECK bool file_lock(struct file_lock **ret, const char *path, const char *what,
			  struct err *reterr);
void file_unlock(struct file_lock *lock); /* NULL is fine */

#endif
