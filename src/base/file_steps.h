/* The steps of file_lock.c and file_publish.c that each system takes in its own way. What fails
 * leaves errno; -1 is no descriptor. */
#ifndef FIRN_BASE_FILE_STEPS_H
#define FIRN_BASE_FILE_STEPS_H

#include "base/err.h"

#include <stddef.h>

/* The file at path, made where it is missing and locked; -1: failed, and *ret_busy where somebody
 * else has it. The lock goes with the descriptor. Others may read the file. */
int step_open_locked(const char *path, bool *ret_busy);

/* What has that name, for reading and step_sync; a link is not followed. */
int step_open_old(const char *path);
int step_open_part(const char *path); /* new, or emptied; for writing */
/* As much as is there, at most `room`; less only at the end. */
bool step_read(int fd, char *to, size_t room, size_t *ret_n);
bool step_sync(int fd);
bool step_close(int fd);
/* False with errno EEXIST: the name is taken. */
bool step_give_name(const char *part, const char *path);
void step_remove(const char *path); /* as far as possible */
bool step_make_folder(const char *path); /* one that is there is fine */
MUST_CHECK bool step_sync_folder(const char *path, struct err *reterr);

#endif
