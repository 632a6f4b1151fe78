/* What the files behind file.h share: file_whole.c is the same on every system, file.c (on Windows
 * file_windows.c) is what it stands on. */
#ifndef FIRN_BASE_FILE_PRIVATE_H
#define FIRN_BASE_FILE_PRIVATE_H

#include "base/file.h"

/* For reading, whatever it is; -1: failed, errno says why. */
int file_open_any(const char *path);
/* An errno that the user's path is to blame for. */
bool file_is_users_fault(int code);
/* "cannot open 'x': No such file or directory", out of errno; ERR_USAGE where the path is to blame.
 * Always false. */
bool file_complain(const char *what, const char *path, struct err *reterr);

#endif
