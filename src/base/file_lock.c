/* The text in the file is for people; the lock is what counts. */
#include "base/file.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "base/file_steps.h"
#include "base/process.h"
#include "base/stamp.h"

#include <stdlib.h>

struct file_lock {
	int fd;
};

/* The value of `name: value` in the holder's text. */
static struct span field(struct span text, const char *name)
{
	struct span wanted = span_of(name);
	while (text.size > 0) {
		const char *end = memchr(text.at, '\n', text.size);
		struct span line = text;
		if (end != NULL)
			line.size = (size_t)(end - text.at);
		if (span_starts(line, wanted) && line.size > wanted.size + 2 &&
		    line.at[wanted.size] == ':')
			return span_from(line, wanted.size + 2);
		text = span_from(text, line.size + 1);
	}
	return SPAN("?");
}

static bool say_holder(const char *path, struct err *reterr)
{
	struct buf text;
	struct err ignored;
	buf_init(&text, LOCK_BYTES_MAX);
	if (!file_read(path, &text, &ignored) || text.size == 0) {
		err_set(reterr, ERR_BUSY, "'%s' is held by another firn", path);
	} else {
		struct span holder = buf_span(&text);
		err_set(reterr, ERR_BUSY, "'%s' is held by process %.*s on %.*s since %.*s (%.*s)",
			path, SPAN_ARGS(field(holder, "pid")), SPAN_ARGS(field(holder, "host")),
			SPAN_ARGS(field(holder, "since")), SPAN_ARGS(field(holder, "what")));
	}
	buf_done(&text);
	return false;
}

static bool write_holder(int fd, const char *what, struct err *reterr)
{
	char host[256], since[STAMP_TEXT_BYTES];
	struct buf text;
	process_host(host, sizeof host);
	stamp_write_short(clock_now_us(), since);
	buf_init(&text, LOCK_BYTES_MAX);
	buf_addf(&text, "pid: %d\nhost: %s\nsince: %s UTC\nwhat: %s\n", process_id(), host, since,
		 what);
	bool done = buf_ok(&text, reterr);
	done = done && file_cut(fd, 0, reterr) && file_write_all(fd, buf_span(&text), reterr);
	buf_done(&text);
	return done;
}

bool file_lock(struct file_lock **ret, const char *path, const char *what, struct err *reterr)
{
	bool busy = false;
	struct file_lock *lock = malloc(sizeof *lock);
	if (lock == NULL)
		return err_memory(reterr);
	lock->fd = step_open_locked(path, &busy);
	if (busy) {
		say_holder(path, reterr);
		goto out;
	}
	if (lock->fd < 0) {
		err_sys(reterr, "cannot lock '%s'", path);
		goto out;
	}
	if (!write_holder(lock->fd, what, reterr)) {
		err_at(reterr, "cannot lock '%s'", path);
		goto out;
	}
	*ret = lock;
	return true;
out:
	file_unlock(lock);
	return false;
}

void file_unlock(struct file_lock *lock)
{
	if (lock == NULL)
		return;
	file_close(lock->fd);
	free(lock);
}
