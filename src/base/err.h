/* What went wrong, sorted by what the caller can do about it.
 *
 * A function that can fail returns bool and takes `struct err *reterr` last. On success *reterr
 * is untouched; on failure it holds one whole message, fit to print, that never carries a secret
 * (what a server said is scrubbed where it is printed, see config/secret.h). Asserts are for our
 * own bugs only. Nobody below run/ prints: errors travel up as values and are told once. */
#ifndef FIRN_BASE_ERR_H
#define FIRN_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#ifdef _WIN32 /* else the compiler takes Windows' old printf for granted */
#define PRINTF_LIKE(text, first) __attribute__((__format__(__gnu_printf__, text, first)))
#else
#define PRINTF_LIKE(text, first) __attribute__((__format__(__printf__, text, first)))
#endif

enum err_kind {
	ERR_NONE,
	ERR_USAGE,     /* command line or configuration: correct it, run again (exit code 2) */
	ERR_AUTH,      /* the remote refused our credentials: stop asking */
	ERR_REMOTE,    /* the remote refused this one thing for good (other 4xx, SQL errors) */
	ERR_TRANSIENT, /* timeout, 429, 5xx, a lock: the same call may work later */
	ERR_DATA,      /* these bytes are wrong: set them aside, go on */
	ERR_DISK,      /* our own storage failed: stop before losing rows */
	ERR_MEMORY,    /* no memory, or a named bound of bounds.h would be passed */
	ERR_BUSY,      /* another firn holds or has moved what we wanted */
	ERR_STOPPED,   /* somebody asked us to stop */
};

enum { ERR_TEXT_BYTES = 1024 };

struct err {
	enum err_kind kind;
	int64_t wait_ms; /* ERR_TRANSIENT: what the remote asked us to wait, or 0 */
	char text[ERR_TEXT_BYTES];
};

/* Each returns false, so that a failing path is one line. A message that is too long is cut
 * at a whole UTF-8 character and ends in "...". */
bool err_set(struct err *reterr, enum err_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);
/* ERR_DISK, with ": " and strerror(errno) behind the message. */
bool err_sys(struct err *reterr, const char *format, ...) PRINTF_LIKE(2, 3);
/* ERR_MEMORY, "out of memory". */
bool err_memory(struct err *reterr);
/* Puts "where: " in front of the message that is there; the kind stays. */
bool err_at(struct err *reterr, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
