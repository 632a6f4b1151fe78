/* What is said to people: log files and standard error. Only run, report and cli include this;
 * everything below returns errors instead of printing them.
 *
 * A line goes to the day's file `<dir>/<pipeline>_pipeline_YYYYMMDD.log` (local date, as
 * operators' `date +%Y%m%d` says) and, from the level that the terminal wants on, to standard
 * error. In text a file's line reads `2026-11-23 04:05:06,789 - INFO - [run 4f2a] [users] text`;
 * with --log-format json each line is an object: time, level, run, stream, text. Every line is
 * scrubbed of secrets by `scrub` before it goes anywhere. Control characters are written as
 * \xNN, so that no server can forge a line. Writing is safe from two threads. On the screen a line
 * has no time, and its level ("warning: ", "error: ") only where something is wrong. */
#ifndef FIRN_BASE_LOG_H
#define FIRN_BASE_LOG_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct buf;
struct log;
struct zone;

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

struct log_options {
	const char *dir;      /* NULL: no file */
	const char *pipeline; /* percent-encoded into the file's name */
	int keep_days;        /* older files of this pipeline are removed at the start; 0: none */
	enum log_level screen_level;
	bool json;
	const struct zone *zone; /* of the file's date and the lines' times */
	/* Appends `text` to `out` without secrets. NULL: as it is. */
	void (*scrub)(const void *user, struct buf *out, struct span text);
	const void *scrub_user;
	/* Called around every line on the screen, to take a progress bar away and put it back. */
	void (*around)(void *user, bool before);
	void *around_user;
	bool *complained; /* shared by logs that complain once in all; NULL: each for itself */
};

/* False: no memory. The zone must outlive the log, all else is copied but for what `user` points
 * to. */
MUST_CHECK bool log_open(struct log **ret, const struct log_options *options, struct err *reterr);
void log_close(struct log *log); /* NULL is fine */
void log_set_run(struct log *log, const char *run_id);
/* `stream` may be NULL. A log that cannot be written says so on standard error, once until its
 * disk has room again, and goes on: logging never stops a load, and a line is in the file whole or
 * not at all. */
void log_line(struct log *log, enum log_level level, const char *stream, const char *format, ...)
	PRINTF_LIKE(4, 5);

#endif
