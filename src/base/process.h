/* Runs another program, without a shell. */
#ifndef FIRN_BASE_PROCESS_H
#define FIRN_BASE_PROCESS_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* What the program prints on its standard output, into `ret`; its standard input is empty, its
 * standard error is ours. argv ends with NULL; argv[0] is looked for along PATH. ERR_USAGE: it
 * cannot be started, ends with another code than 0, or prints more than ret->max;
 * ERR_TRANSIENT: it did not end within timeout_ms and was killed. */
MUST_CHECK bool process_output(const char *const *argv, int64_t timeout_ms, struct buf *ret,
			       struct err *reterr);

int process_id(void);
/* Appends the path of the program that runs here. False: the system does not tell. */
bool process_path(struct buf *ret);
/* The machine's name, cut to room; "localhost" where it has none. */
void process_host(char *out, int room);
/* Standard streams that our caller has closed become ones that cannot be used: or the next file
 * that is opened, a database maybe, would be one of them, and be written into. */
void process_fill_streams(void);
/* True: we are root, and the folder, which is there, is the user's who is named in `owner`: what we
 * make in it that user could not change. */
bool process_is_root_at(const char *folder, char *owner, size_t room);
/* Before any thread is started that might read the environment. */
MUST_CHECK bool process_set_environment(const char *name, const char *value, struct err *reterr);
/* Begins this program anew with the environment as it is now, for a library that knows only the
 * one that its process was started with (Go's): same process id, same files. Comes back only when
 * it cannot. `argv` is main's. */
bool process_begin_anew(char *const *argv, struct err *reterr);
/* Memory that this process and its copies (base/child.h) see alike, for as long as they live; all
 * zeros at first. NULL: there is none. */
void *process_shared(size_t size);
/* No core dump of this process: memory holds secrets. */
void process_no_core(void);
/* Lets freed memory stay with the process for its next use instead of giving it back to the
 * system each time: for programs that hold buffers of megabytes, again and again. */
void process_keep_memory(void);

#endif
