/* Whose a spool is. Two pipelines with one folder by mistake would deliver each other's files, each
 * to its own destination; LOCK keeps them apart only while one of them runs. */
#include "spool/spool_private.h"

#include <stdio.h>
#include <string.h>

static bool path_of(struct buf *ret, const char *folder, const char *name, struct err *reterr)
{
	buf_init(ret, 2 * PATH_BYTES_MAX);
	return file_join(ret, folder, name, reterr);
}

/* Empty and unprintable ones are nobody's name. */
static bool is_name(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		if ((unsigned char)text.at[i] < ' ')
			return false;
	}
	return text.size > 0 && text.size < SPOOL_OWNER_BYTES;
}

/* A file that is not as we wrote it is as good as none; one that cannot be read is not: it may
 * be another's. */
static bool read_owner(const char *path, char ret[SPOOL_OWNER_BYTES], struct err *reterr)
{
	struct buf text;
	buf_init(&text, KIB);
	ret[0] = '\0';
	bool done = spool_read_mark(path, &text, reterr);
	struct span name = buf_span(&text);
	if (name.size > 0 && name.at[name.size - 1] == '\n')
		name.size--;
	if (done && is_name(name))
		snprintf(ret, SPOOL_OWNER_BYTES, "%.*s", SPAN_ARGS(name));
	buf_done(&text);
	return done;
}

bool spool_owner(const char *folder, char ret[SPOOL_OWNER_BYTES], struct err *reterr)
{
	struct buf path;
	ret[0] = '\0';
	bool done = path_of(&path, folder, SPOOL_OWNER, reterr) &&
		    (!file_exists(buf_text(&path)) ||
		     read_owner(buf_text(&path), ret, reterr));
	buf_done(&path);
	return done;
}

static bool write_owner(const char *folder, const char *owner, struct err *reterr)
{
	struct buf path, text;
	buf_init(&text, KIB);
	buf_addf(&text, "%s\n", owner);
	bool done = path_of(&path, folder, SPOOL_OWNER, reterr) && buf_ok(&text, reterr) &&
		    file_replace(buf_text(&path), buf_span(&text), reterr);
	buf_done(&path);
	buf_done(&text);
	return done;
}

static bool refuse(const char *folder, const char *owner, const char *wanted, struct err *reterr)
{
	return err_set(reterr, ERR_USAGE,
		       "spool '%s' belongs to pipeline '%s', and this is pipeline '%s' -- give "
		       "each a spool.dir of its own; where there is no '%s' any more, firn reset "
		       "--rename '%s' takes its spool over", folder, owner, wanted, owner, owner);
}

static bool is_for(const char *folder, const char *found, const char *owner, struct err *reterr)
{
	return found[0] == '\0' || strcmp(found, owner) == 0 ||
	       refuse(folder, found, owner, reterr);
}

bool spool_is_for(const char *folder, const char *owner, struct err *reterr)
{
	char found[SPOOL_OWNER_BYTES];
	return spool_owner(folder, found, reterr) && is_for(folder, found, owner, reterr);
}

/* What is there already is synced with INSTANCE: whoever wrote it may have died before that. */
bool owner_settle(struct spool *spool, const char *folder, struct err *reterr)
{
	const char *owner = spool->options.owner;
	char found[SPOOL_OWNER_BYTES];
	if (owner == NULL)
		return true;
	if (!spool_owner(folder, found, reterr) || !is_for(folder, found, owner, reterr))
		return false;
	if (found[0] != '\0' || write_owner(folder, owner, reterr))
		return true;
	reserve_release(spool); /* one that was made before spools had owners, on a full disk */
	return write_owner(folder, owner, reterr);
}

static bool sync_folder(const char *path, struct err *reterr)
{
	struct folder *folder = NULL;
	bool done = folder_open(&folder, path, reterr) && folder_sync(folder, reterr);
	folder_close(folder);
	return done;
}

bool spool_take_over(const char *folder, const char *from, const char *to, struct err *reterr)
{
	char found[SPOOL_OWNER_BYTES];
	struct file_lock *lock = NULL;
	struct buf path;
	if (!file_is_folder(folder))
		return true;
	bool done = path_of(&path, folder, SPOOL_LOCK, reterr) &&
		    file_lock(&lock, buf_text(&path), "reset", reterr) &&
		    spool_owner(folder, found, reterr);
	if (done && strcmp(found, from) == 0)
		done = write_owner(folder, to, reterr);
	else if (done) /* whoever took it may have died before it was on disk */
		done = is_for(folder, found, to, reterr) && sync_folder(folder, reterr);
	file_unlock(lock);
	buf_done(&path);
	return done;
}
