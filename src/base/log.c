/* A line is made whole in memory and then written by one call, so that the lines of two threads,
 * or of two programs with one log, never mix. What comes from outside goes, in this order, through
 * scrub (secrets, while they still look like themselves), UTF-8 repair and the escaping of control
 * characters. */
#include "base/log.h"

#include "base/bounds.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/stamp.h"
#include "base/text.h"
#include "base/thread.h"
#include "base/zone.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SCREEN_FD = 2, DATE_DIGITS = 8, RUN_BYTES = 64 };

struct log {
	struct log_options options;
	struct monitor *monitor;
	struct buf prefix; /* "<pipeline>_pipeline_" */
	char *dir;         /* NULL: no file */
	char run[RUN_BYTES];
	char date[DATE_DIGITS + 1]; /* of the file that is open */
	int fd;            /* -1: none */
	bool complained;
};

static const char *const LEVELS[] = {"DEBUG", "INFO", "WARNING", "ERROR"};

/* --- lines --- */
/* Control characters of ASCII and, as two bytes C2 80 to C2 9F, of Latin-1: a terminal obeys
 * both. */
static bool add_visible(struct buf *out, struct span text)
{
	size_t good = 0;
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.at[i];
		unsigned char next = i + 1 < text.size ? (unsigned char)text.at[i + 1] : 0;
		bool latin = c == 0xC2 && next >= 0x80 && next < 0xA0;
		if (c >= 0x20 && c != 0x7F && !latin)
			continue;
		buf_add(out, text.at + good, i - good);
		buf_addf(out, "\\x%02x", latin ? next : c);
		i += latin;
		good = i + 1;
	}
	return buf_add(out, text.at + good, text.size - good);
}

/* A text from outside as it may be shown. */
static bool add_safe(const struct log *log, struct buf *out, struct span text)
{
	struct buf scrubbed, clean;
	buf_init(&scrubbed, 16 * (size_t)LOG_LINE_BYTES_MAX);
	buf_init(&clean, 64 * (size_t)LOG_LINE_BYTES_MAX);
	if (log->options.scrub != NULL)
		log->options.scrub(log->options.scrub_user, &scrubbed, text);
	else
		buf_add_span(&scrubbed, text);
	/* What could not be scrubbed is not shown at all. */
	bool done = !scrubbed.failed && text_clean(&clean, buf_span(&scrubbed)) &&
		    add_visible(out, buf_span(&clean));
	buf_done(&scrubbed);
	buf_done(&clean);
	return done;
}

static void add_json(struct buf *out, const char *name, struct span text)
{
	json_add_name(out, name);
	json_add_text(out, text);
}

static void add_object(const struct log *log, struct buf *out, const struct stamp_parts *time,
		       int32_t offset_s, enum log_level level, struct span stream,
		       struct span text)
{
	char stamp[STAMP_TEXT_BYTES];
	int minutes = (offset_s < 0 ? -offset_s : offset_s) / 60;
	snprintf(stamp, sizeof stamp, "%04d-%02d-%02dT%02d:%02d:%02d.%03d%c%02d:%02d", time->year,
		 time->month, time->day, time->hour, time->minute, time->second,
		 time->microsecond / 1000, offset_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
	buf_add_char(out, '{');
	json_add_string(out, "time", stamp);
	json_add_string(out, "level", LEVELS[level]);
	if (log->run[0] != '\0')
		json_add_string(out, "run", log->run);
	if (stream.size > 0)
		add_json(out, "stream", stream);
	add_json(out, "text", text);
	buf_add_text(out, "}\n");
}

static void add_file_text(const struct log *log, struct buf *out, const struct stamp_parts *time,
			  enum log_level level, struct span stream, struct span text)
{
	buf_addf(out, "%04d-%02d-%02d %02d:%02d:%02d,%03d - %s - ", time->year, time->month,
		 time->day, time->hour, time->minute, time->second, time->microsecond / 1000,
		 LEVELS[level]);
	if (log->run[0] != '\0')
		buf_addf(out, "[run %s] ", log->run);
	if (stream.size > 0)
		buf_addf(out, "[%.*s] ", SPAN_ARGS(stream));
	buf_add_span(out, text);
	buf_add_char(out, '\n');
}

/* For somebody who looks on: no time, no level where nothing is wrong. */
static void add_screen_text(struct buf *out, enum log_level level, struct span stream,
			    struct span text)
{
	if (level >= LOG_WARNING)
		buf_add_text(out, level == LOG_ERROR ? "error: " : "warning: ");
	if (stream.size > 0)
		buf_addf(out, "[%.*s] ", SPAN_ARGS(stream));
	buf_add_span(out, text);
	buf_add_char(out, '\n');
}

/* --- places --- */
static void show(const struct log *log, struct span line)
{
	struct err ignored;
	if (log->options.around != NULL)
		log->options.around(log->options.around_user, true);
	(void)!file_write_all(SCREEN_FD, line, &ignored);
	if (log->options.around != NULL)
		log->options.around(log->options.around_user, false);
}

static bool *complained_of(struct log *log)
{
	return log->options.complained == NULL ? &log->complained : log->options.complained;
}

/* A line is in the file: when the next one cannot be written, that is another incident. */
static void note_written(struct log *log)
{
	bool *complained = complained_of(log);
	int64_t free_bytes = *complained ? file_free_bytes(log->dir) : 0;
	if (free_bytes < 0 || free_bytes >= LOG_ROOM_BYTES)
		*complained = false;
}

static void complain_once(struct log *log, const struct err *why)
{
	struct buf line;
	bool *complained = complained_of(log);
	if (*complained)
		return;
	*complained = true;
	buf_init(&line, LOG_LINE_BYTES_MAX);
	buf_addf(&line, "warning: the log cannot be written: %s\n", why->text);
	show(log, buf_span(&line));
	buf_done(&line);
}

/* YYYYMMDD as a day's count; INT64_MAX: no date. */
static int64_t day_of(const char *digits)
{
	static const struct stamp_format FORMAT = {
		.style = STAMP_PATTERN, .pattern = "YYYYMMDD", .unit_us = STAMP_DAY,
	};
	int64_t us;
	if (!stamp_read(&FORMAT, (struct span){digits, DATE_DIGITS}, &us))
		return INT64_MAX;
	return us / STAMP_DAY;
}

static bool remove_if_old(void *user, const char *name)
{
	const struct log *log = user;
	struct span rest = span_of(name);
	struct buf path;
	struct err ignored;
	if (!span_starts(rest, buf_span(&log->prefix)))
		return true;
	rest = span_from(rest, log->prefix.size);
	if (rest.size != DATE_DIGITS + strlen(".log") ||
	    !span_is(span_from(rest, DATE_DIGITS), ".log") ||
	    day_of(rest.at) >= day_of(log->date) - log->options.keep_days)
		return true;
	buf_init(&path, PATH_BYTES_MAX);
	if (file_join(&path, log->dir, name, &ignored))
		(void)!file_remove(buf_text(&path), &ignored);
	buf_done(&path);
	return true;
}

static bool open_file(struct log *log, const char *date, struct err *reterr)
{
	struct buf path;
	struct err ignored;
	buf_init(&path, PATH_BYTES_MAX);
	file_close(log->fd);
	log->fd = -1;
	if (file_make_folder(log->dir, reterr) &&
	    file_join(&path, log->dir, buf_text(&log->prefix), reterr)) {
		buf_addf(&path, "%s.log", date);
		if (buf_ok(&path, reterr))
			log->fd = file_open_append(buf_text(&path), reterr);
	}
	buf_done(&path);
	if (log->fd < 0)
		return false;
	memcpy(log->date, date, sizeof log->date);
	if (log->options.keep_days > 0)
		(void)!file_each(log->dir, remove_if_old, log, &ignored);
	return true;
}

/* The day's file; the next day's when the date has changed. */
static bool open_days_file(struct log *log, const struct stamp_parts *time, struct err *reterr)
{
	char date[32];
	snprintf(date, sizeof date, "%04d%02d%02d", time->year, time->month, time->day);
	if (log->fd >= 0 && strcmp(date, log->date) == 0)
		return true;
	return open_file(log, date, reterr);
}

static struct stamp_parts local_time(const struct log *log, int32_t *ret_offset_s)
{
	int64_t now_us = clock_now_us();
	*ret_offset_s = log->options.zone == NULL ? 0 : zone_offset_s(log->options.zone, now_us);
	return stamp_parts(now_us + *ret_offset_s * STAMP_SECOND);
}

/* Whole or not at all: on a disk that has filled, the begin of a line would become one with the
 * first line that has room again. */
static bool write_whole(int fd, struct span line, struct err *reterr)
{
	int64_t before, after;
	struct err ignored;
	bool known = file_bytes(fd, &before, &ignored);
	if (file_write_all(fd, line, reterr))
		return true;
	if (known && file_bytes(fd, &after, &ignored) && after > before)
		(void)!file_cut(fd, before, &ignored);
	return false;
}

static void write_line(struct log *log, enum log_level level, struct span stream,
		       struct span text)
{
	struct err why = {0};
	struct buf line;
	int32_t offset_s;
	struct stamp_parts time = local_time(log, &offset_s);
	buf_init(&line, SIZE_MAX / 2);
	if (log->options.json)
		add_object(log, &line, &time, offset_s, level, stream, text);
	else if (log->dir != NULL)
		add_file_text(log, &line, &time, level, stream, text);
	if (log->dir != NULL && buf_ok(&line, &why) && open_days_file(log, &time, &why) &&
	    write_whole(log->fd, buf_span(&line), &why))
		note_written(log);
	else if (log->dir != NULL)
		complain_once(log, &why);
	if (level >= log->options.screen_level) {
		if (!log->options.json) {
			buf_clear(&line);
			add_screen_text(&line, level, stream, text);
		}
		show(log, buf_span(&line));
	}
	buf_done(&line);
}

/* --- the log --- */
bool log_open(struct log **ret, const struct log_options *options, struct err *reterr)
{
	struct err why = {0};
	int32_t offset_s;
	struct log *log = calloc(1, sizeof *log);
	if (log == NULL)
		return err_memory(reterr);
	log->options = *options;
	log->fd = -1;
	buf_init(&log->prefix, PATH_BYTES_MAX);
	if (!monitor_new(&log->monitor, reterr))
		goto out;
	text_percent(&log->prefix, span_of(options->pipeline));
	buf_add_text(&log->prefix, "_pipeline_");
	if (!buf_ok(&log->prefix, reterr))
		goto out;
	if (options->dir != NULL) {
		size_t size = strlen(options->dir) + 1;
		log->dir = malloc(size);
		if (log->dir == NULL) {
			err_memory(reterr);
			goto out;
		}
		memcpy(log->dir, options->dir, size);
		struct stamp_parts time = local_time(log, &offset_s);
		if (!open_days_file(log, &time, &why))
			complain_once(log, &why);
	}
	*ret = log;
	return true;
out:
	log_close(log);
	return false;
}

void log_close(struct log *log)
{
	if (log == NULL)
		return;
	file_close(log->fd);
	monitor_free(log->monitor);
	buf_done(&log->prefix);
	free(log->dir);
	free(log);
}

void log_set_run(struct log *log, const char *run_id)
{
	monitor_enter(log->monitor);
	snprintf(log->run, sizeof log->run, "%s", run_id == NULL ? "" : run_id);
	monitor_leave(log->monitor);
}

/* At most LOG_LINE_BYTES_MAX of it, cut at a whole character. */
static bool add_formatted(struct buf *out, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int size = vsnprintf(NULL, 0, format, args);
	char *at = size < 0 ? NULL : buf_reserve(out, (size_t)size);
	if (at != NULL) {
		vsnprintf(at, (size_t)size + 1, format, again);
		out->size += (size_t)size;
	}
	va_end(again);
	if (out->size > LOG_LINE_BYTES_MAX) {
		size_t end = LOG_LINE_BYTES_MAX;
		while (end > 0 && ((unsigned char)out->data[end] & 0xC0) == 0x80)
			end--;
		buf_cut(out, end);
		buf_add_text(out, "...");
	}
	return at != NULL;
}

void log_line(struct log *log, enum log_level level, const char *stream, const char *format, ...)
{
	struct buf text, safe_text, safe_stream;
	va_list args;
	buf_init(&text, SIZE_MAX / 2);
	buf_init(&safe_text, SIZE_MAX / 2);
	buf_init(&safe_stream, SIZE_MAX / 2);
	va_start(args, format);
	bool done = add_formatted(&text, format, args) &&
		    add_safe(log, &safe_text, buf_span(&text)) &&
		    add_safe(log, &safe_stream, span_of(stream));
	va_end(args);
	monitor_enter(log->monitor);
	if (done)
		write_line(log, level, buf_span(&safe_stream), buf_span(&safe_text));
	else
		write_line(log, level, SPAN(""), SPAN("(a line that could not be made)"));
	monitor_leave(log->monitor);
	buf_done(&text);
	buf_done(&safe_text);
	buf_done(&safe_stream);
}
