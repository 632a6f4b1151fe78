#include "spool/spool_private.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct spool_limits spool_limits_default(void)
{
	return (struct spool_limits){
		.bytes_max = (int64_t)SPOOL_MIB_MAX * MIB,
		.files_max = SPOOL_FILES_MAX,
		.age_max_ms = (int64_t)SPOOL_AGE_DAYS_MAX * 86400 * 1000,
		.free_bytes_min = SPOOL_FREE_BYTES_MIN,
		.free_files_min = SPOOL_FREE_FILES_MIN,
		.reserve_bytes = SPOOL_RESERVE_BYTES,
		.when_full = SPOOL_DROP_NEWEST,
	};
}

struct spool_seal spool_seal_default(void)
{
	return (struct spool_seal){SPOOL_SEAL_WAIT_MS, SPOOL_SEAL_BYTES};
}

int64_t spool_now_us(const struct spool *spool)
{
	return spool->options.now_us == NULL ? clock_now_us()
					     : spool->options.now_us(spool->options.user);
}

void spool_tell(struct spool *spool, enum spool_event event, const struct segment *segment,
		const char *why)
{
	if (spool->options.event != NULL)
		spool->options.event(spool->options.user, event, segment, why);
}

const char *spool_instance(const struct spool *spool)
{
	return spool->instance;
}

/* --- INSTANCE --- */
bool spool_read_mark(const char *path, struct buf *ret, struct err *reterr)
{
	bool done = file_read(path, ret, reterr) || reterr->kind == ERR_DATA;
	if (!done && reterr->kind == ERR_USAGE)
		reterr->kind = ERR_DISK;
	return done;
}

/* "" where there is none yet, or one that is not as we wrote it. One that cannot be read is no
 * reason for another: what was sent under the old name would be sent once more under the new. */
static bool read_instance(struct spool *spool, const char *path, struct err *reterr)
{
	struct buf text;
	if (folder_look(spool->top, SPOOL_INSTANCE, NULL) == FOLDER_NOTHING)
		return true;
	buf_init(&text, KIB);
	bool done = spool_read_mark(path, &text, reterr);
	if (done && text.size == INSTANCE_HEX + 1 && text.data[INSTANCE_HEX] == '\n' &&
	    strspn(text.data, "0123456789abcdef") == INSTANCE_HEX)
		memcpy(spool->instance, text.data, INSTANCE_HEX);
	buf_done(&text);
	return done;
}

static bool draw_instance(struct spool *spool, const char *path, struct err *reterr)
{
	unsigned char bytes[INSTANCE_HEX / 2];
	struct buf text;
	bool done = false;
	buf_init(&text, KIB);
	if (!digest_random(bytes, sizeof bytes, reterr))
		goto out;
	text_hex(&text, bytes, sizeof bytes);
	buf_add_char(&text, '\n');
	done = buf_ok(&text, reterr) && file_replace(path, buf_span(&text), reterr);
	if (done)
		memcpy(spool->instance, text.data, INSTANCE_HEX);
out:
	buf_done(&text);
	return done;
}

/* The path of a file of the spool. */
static bool path_of(struct buf *ret, const char *folder, const char *name, struct err *reterr)
{
	buf_clear(ret);
	return file_join(ret, folder, name, reterr);
}

/* --- opening --- */
/* Makes the name of a folder durable that was there already: whoever made it may have died
 * before that. A folder above that we may not read is somebody else's. */
static bool sync_name(const char *path, struct err *reterr)
{
	struct folder *above;
	struct err ignored;
	char name[PATH_BYTES_MAX];
	snprintf(name, sizeof name, "%.*s", SPAN_ARGS(file_folder_of(path)));
	if (!folder_open(&above, name, &ignored))
		return true;
	bool done = folder_sync(above, reterr);
	folder_close(above);
	return done;
}

static bool open_top(struct spool *spool, const char *path, struct err *reterr)
{
	bool done = file_is_folder(path) ? sync_name(path, reterr)
					 : file_make_folder(path, reterr);
	return done && folder_open(&spool->top, path, reterr);
}

static bool take_lock(struct spool *spool, const char *folder, struct err *reterr)
{
	struct buf path;
	const char *what = spool->options.what == NULL ? "spool" : spool->options.what;
	buf_init(&path, 2 * PATH_BYTES_MAX);
	bool done = path_of(&path, folder, SPOOL_LOCK, reterr);
	if (done && !file_lock(&spool->lock, buf_text(&path), what, reterr)) {
		done = false;
		/* On a full disk the holder's name cannot be written; the lock was free. */
		if (reterr->kind == ERR_DISK &&
		    folder_look(spool->top, SPOOL_RESERVE, NULL) == FOLDER_FILE) {
			reserve_release(spool);
			done = file_lock(&spool->lock, buf_text(&path), what, reterr);
		}
	}
	buf_done(&path);
	return done;
}

/* Syncs the spool's folder in any case: drawing does, and what is there already may have been put
 * there by a process that died before it could. */
static bool know_instance(struct spool *spool, const char *folder, struct err *reterr)
{
	struct buf path;
	buf_init(&path, 2 * PATH_BYTES_MAX);
	bool done = path_of(&path, folder, SPOOL_INSTANCE, reterr) &&
		    read_instance(spool, buf_text(&path), reterr);
	if (done)
		done = spool->instance[0] != '\0'
			       ? folder_sync(spool->top, reterr)
			       : draw_instance(spool, buf_text(&path), reterr);
	buf_done(&path);
	return done;
}

bool spool_open(struct spool **ret, const char *folder, const struct spool_options *options,
		struct spool_recovery *ret_recovery, struct err *reterr)
{
	struct spool *spool = calloc(1, sizeof *spool);
	if (spool == NULL)
		return err_memory(reterr);
	spool->options = *options;
	if (options->owner != NULL && !spool_is_for(folder, options->owner, reterr))
		goto out;
	if (!open_top(spool, folder, reterr) || !take_lock(spool, folder, reterr))
		goto out;
	if (!folder_make_in(&spool->tmp, spool->top, SPOOL_TMP, reterr) ||
	    !folder_make_in(&spool->ready, spool->top, SPOOL_READY, reterr) ||
	    !folder_make_in(&spool->quarantine, spool->top, SPOOL_QUARANTINE, reterr) ||
	    !know_instance(spool, folder, reterr) || !owner_settle(spool, folder, reterr) ||
	    !recover(spool, reterr)) {
		err_at(reterr, "cannot use spool '%s'", folder);
		goto out;
	}
	reserve_make(spool);
	if (ret_recovery != NULL)
		*ret_recovery = spool->recovery;
	*ret = spool;
	return true;
out:
	spool_close(spool);
	return false;
}

void spool_close(struct spool *spool)
{
	if (spool == NULL)
		return;
	spool_abandon(spool);
	while (spool->parts_n > 0)
		part_forget(spool, spool->parts[0]);
	folder_close(spool->tmp);
	folder_close(spool->ready);
	folder_close(spool->quarantine);
	folder_close(spool->top);
	file_unlock(spool->lock);
	free(spool);
}
