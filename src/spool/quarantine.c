#include "spool/spool_private.h"

#include <stdio.h>
#include <string.h>

bool shift(const struct folder *from, const char *name, const struct folder *to,
	   const char *new_name, struct err *reterr)
{
	bool is_file = folder_look(from, name, NULL) == FOLDER_FILE;
	bool done = is_file ? folder_link(from, name, to, new_name, reterr)
			    : folder_move(from, name, to, new_name, reterr);
	/* A power cut may bring the old name back: then it is moved once more. */
	return done && folder_sync(to, reterr) && (!is_file || folder_remove(from, name, reterr));
}

bool open_place(struct folder *root, const struct segment *id, bool make, struct folder **ret,
		struct err *reterr)
{
	struct folder *table = NULL;
	bool done;
	*ret = NULL;
	if (make) {
		done = folder_make_in(&table, root, id->table, reterr) &&
		       folder_make_in(ret, table, id->customer, reterr) &&
		       folder_sync(table, reterr) && folder_sync(root, reterr);
		if (!done) {
			folder_close(*ret);
			*ret = NULL;
		}
	} else if (folder_look(root, id->table, NULL) == FOLDER_NOTHING) {
		return true;
	} else {
		done = folder_open_in(&table, root, id->table, reterr) &&
		       (folder_look(table, id->customer, NULL) == FOLDER_NOTHING ||
			folder_open_in(ret, table, id->customer, reterr));
	}
	folder_close(table);
	return done;
}

/* "<name>.why" with one line; the reason comes before the file, so that none is without. */
static bool write_why(struct folder *to, const char *name, const char *why, struct err *reterr)
{
	char why_name[256]; /* what a file system takes: a long name is cut */
	struct buf line;
	bool done = false;
	int fd = -1;
	snprintf(why_name, sizeof why_name, "%.240s%s", name, SPOOL_WHY);
	buf_init(&line, SPOOL_WHY_BYTES_MAX);
	buf_addf(&line, "%.1000s\n", why);
	if (!buf_ok(&line, reterr) || !folder_remove(to, why_name, reterr))
		goto out;
	fd = folder_create(to, why_name, reterr);
	if (fd < 0)
		goto out;
	done = file_write_all(fd, buf_span(&line), reterr) && file_sync(fd, reterr) &&
	       folder_sync(to, reterr);
	if (!done)
		err_at(reterr, "'%s/%s'", folder_path(to), why_name);
out:
	file_close(fd);
	buf_done(&line);
	return done;
}

/* Names there were free when somebody else put files of the same name twice. */
static bool free_name(const struct folder *to, const char *name, char out[256],
		      struct err *reterr)
{
	enum { TRIES = 1000 };
	snprintf(out, 256, "%s", name);
	for (int i = 2; i < TRIES; i++) {
		if (folder_look(to, out, NULL) == FOLDER_NOTHING)
			return true;
		snprintf(out, 256, "%.240s~%d", name, i);
	}
	return err_set(reterr, ERR_DISK, "'%s' holds too many files named %s", folder_path(to),
		       name);
}

bool set_aside(struct spool *spool, struct folder *in, const char *name,
	       const struct segment *id, const char *why, struct err *reterr)
{
	struct folder *to = NULL;
	char new_name[256];
	bool done = false;
	int64_t bytes = 0;
	(void)folder_look(in, name, &bytes);
	if (id != NULL ? !open_place(spool->quarantine, id, true, &to, reterr)
		       : !folder_make_in(&to, spool->quarantine, SPOOL_FOREIGN, reterr) ||
				 !folder_sync(spool->quarantine, reterr))
		goto out;
	if (!free_name(to, name, new_name, reterr) || !write_why(to, new_name, why, reterr) ||
	    !shift(in, name, to, new_name, reterr))
		goto out;
	spool->counts.quarantined++;
	spool->counts.quarantined_bytes += bytes;
	spool_tell(spool, SPOOL_QUARANTINED, id, why);
	done = true;
out:
	if (!done)
		err_at(reterr, "cannot set aside '%s/%s'", folder_path(in), name);
	folder_close(to);
	return done;
}

/* What this process knows of ready/, without a file that has left it. */
static void uncount(struct spool *spool, const struct segment *segment, int64_t bytes)
{
	spool->counts.files--;
	spool->counts.rows -= segment->rows;
	spool->counts.bytes -= bytes;
}

bool spool_done(struct spool *spool, const struct segment *segment, struct err *reterr)
{
	struct folder *place = NULL;
	int64_t bytes;
	bool done = true;
	if (!seal_finish(spool, segment, reterr) ||
	    !open_place(spool->ready, segment, false, &place, reterr))
		return false;
	if (place == NULL)
		return true;
	if (folder_look(place, segment->name, &bytes) == FOLDER_FILE) {
		done = folder_remove(place, segment->name, reterr);
		if (done)
			uncount(spool, segment, bytes);
	}
	folder_close(place);
	return done;
}

bool spool_quarantine(struct spool *spool, const struct segment *segment, const char *why,
		      struct err *reterr)
{
	struct folder *place = NULL;
	int64_t bytes = 0;
	bool done = true;
	if (!seal_finish(spool, segment, reterr) ||
	    !open_place(spool->ready, segment, false, &place, reterr))
		return false;
	if (place == NULL)
		return true;
	enum folder_kind kind = folder_look(place, segment->name, &bytes);
	if (kind != FOLDER_NOTHING) {
		done = set_aside(spool, place, segment->name, segment, why, reterr);
		if (done && kind == FOLDER_FILE)
			uncount(spool, segment, bytes);
	}
	folder_close(place);
	return done;
}
