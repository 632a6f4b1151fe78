/* Limits: what happens when the spool or its disk is full. */
#include "spool/spool_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* --- the reserve --- */
void reserve_make(struct spool *spool)
{
	const struct spool_limits *limits = &spool->options.limits;
	struct err ignored; /* without it only the last few writes on a full disk are harder */
	int64_t free_bytes, free_files;
	if (limits->reserve_bytes <= 0 ||
	    folder_look(spool->top, SPOOL_RESERVE, NULL) != FOLDER_NOTHING)
		return;
	folder_space(spool->top, &free_bytes, &free_files);
	if (free_bytes < limits->free_bytes_min + limits->reserve_bytes || free_files == 0)
		return;
	int fd = folder_create(spool->top, SPOOL_RESERVE, &ignored);
	if (fd >= 0 && !file_allocate(fd, limits->reserve_bytes, &ignored))
		folder_discard(spool->top, SPOOL_RESERVE);
	file_close(fd);
}

void reserve_release(struct spool *spool)
{
	folder_discard(spool->top, SPOOL_RESERVE);
}

/* --- how full --- */
static int64_t used_bytes(const struct spool *spool)
{
	const struct spool_counts *counts = &spool->counts;
	int64_t used = counts->bytes + counts->quarantined_bytes + spool->left_bytes;
	for (size_t i = 0; i < spool->parts_n; i++)
		if (!spool->parts[i]->linked)
			used += spool->parts[i]->bytes_now;
	return used;
}

/* A person may have removed or added files. */
static bool count_again(struct spool *spool, struct err *reterr)
{
	return count_all(spool->ready, spool->quarantine, NULL, &spool->counts, reterr);
}

static void write_bytes(int64_t bytes, char out[32])
{
	static const char *const UNITS[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	int64_t unit = 1;
	size_t i = 0;
	for (; i < 4 && bytes / unit >= 1024; i++)
		unit *= 1024;
	if (i == 0)
		snprintf(out, 32, "%" PRId64 " bytes", bytes);
	else
		snprintf(out, 32, "%.1f %s", (double)bytes / (double)unit, UNITS[i]);
}

static bool say_full(const struct spool *spool, int64_t used, struct err *reterr)
{
	char now[32], most[32];
	write_bytes(used, now);
	write_bytes(spool->options.limits.bytes_max, most);
	return err_set(reterr, ERR_DISK, "spool '%s' is full: %s of at most %s wait for delivery",
		       folder_path(spool->top), now, most);
}

static bool over_bytes(const struct spool *spool, int64_t more)
{
	int64_t limit = spool->options.limits.bytes_max;
	return limit > 0 && used_bytes(spool) + more > limit;
}

static bool over_files(const struct spool *spool)
{
	int64_t limit = spool->options.limits.files_max;
	return limit > 0 && spool->counts.files >= limit;
}

/* What the file system itself has left. The reserve that could not be made counts as used. */
static bool check_disk(struct spool *spool, struct err *reterr)
{
	const struct spool_limits *limits = &spool->options.limits;
	int64_t free_bytes, free_files, need = limits->free_bytes_min;
	char now[32], least[32];
	folder_space(spool->top, &free_bytes, &free_files);
	if (folder_look(spool->top, SPOOL_RESERVE, NULL) != FOLDER_FILE)
		need += limits->reserve_bytes;
	if (free_bytes >= 0 && free_bytes < need) {
		write_bytes(free_bytes, now);
		write_bytes(need, least);
		return err_set(reterr, ERR_DISK, "the disk of spool '%s' is full: %s free, %s are "
			       "to stay free", folder_path(spool->top), now, least);
	}
	if (free_files >= 0 && free_files < limits->free_files_min)
		return err_set(reterr, ERR_DISK, "the disk of spool '%s' is full: room for %"
			       PRId64 " more files, %" PRId64 " are to stay free",
			       folder_path(spool->top), free_files, limits->free_files_min);
	return true;
}

/* --- drop-oldest --- */
static bool drop_one(struct spool *spool, const struct segment *segment, struct err *reterr)
{
	struct spool_dropped *dropped = &spool->dropped;
	if (!spool_done(spool, segment, reterr))
		return false;
	dropped->files++;
	dropped->rows += segment->rows;
	dropped->bytes += segment->bytes;
	if (dropped->from_ms == 0 || segment->sealed_ms < dropped->from_ms)
		dropped->from_ms = segment->sealed_ms;
	if (segment->sealed_ms > dropped->until_ms)
		dropped->until_ms = segment->sealed_ms;
	spool_tell(spool, SPOOL_DROPPED, segment, "");
	return true;
}

struct wanted {
	int64_t more;   /* bytes */
	bool collection; /* the file system and the number of files too */
};

static bool is_too_old(const struct spool *spool, const struct segment *segment)
{
	int64_t limit = spool->options.limits.age_max_ms;
	return limit > 0 && spool_now_us(spool) / 1000 - segment->sealed_ms > limit;
}

static bool is_needed(struct spool *spool, const struct wanted *wanted)
{
	struct err ignored;
	if (over_bytes(spool, wanted->more))
		return true;
	return wanted->collection && (over_files(spool) || !check_disk(spool, &ignored));
}

/* Deletes the oldest segments as long as they are needed or too old. Fewer is no failure: what is
 * still wrong then is said by who asked. */
static bool drop_oldest(struct spool *spool, const struct wanted *wanted, struct err *reterr)
{
	enum { AT_ONCE = 64 };
	size_t n = AT_ONCE;
	bool done = true, more = true;
	struct segment *oldest = calloc(AT_ONCE, sizeof *oldest);
	if (oldest == NULL)
		return err_memory(reterr);
	while (done && more && n == AT_ONCE) {
		done = spool_oldest(spool, NULL, AT_ONCE, oldest, &n, reterr);
		for (size_t i = 0; done && more && i < n; i++) {
			more = is_too_old(spool, &oldest[i]) || is_needed(spool, wanted);
			done = !more || drop_one(spool, &oldest[i], reterr);
		}
	}
	free(oldest);
	return done;
}

struct spool_dropped spool_take_dropped(struct spool *spool)
{
	struct spool_dropped dropped = spool->dropped;
	spool->dropped = (struct spool_dropped){0};
	return dropped;
}

/* --- the questions --- */
bool room_for(struct spool *spool, int64_t more, struct err *reterr)
{
	struct wanted wanted = {.more = more};
	if (!over_bytes(spool, more))
		return true;
	if (!count_again(spool, reterr))
		return false;
	if (over_bytes(spool, more) && spool->options.limits.when_full == SPOOL_DROP_OLDEST &&
	    !drop_oldest(spool, &wanted, reterr))
		return false;
	return !over_bytes(spool, more) || say_full(spool, used_bytes(spool), reterr);
}

bool room_for_collection(struct spool *spool, struct err *reterr)
{
	struct wanted wanted = {.more = 1, .collection = true};
	struct err full;
	const struct spool_limits *limits = &spool->options.limits;
	reserve_make(spool);
	bool is_full = over_bytes(spool, 1) || over_files(spool) || !check_disk(spool, &full);
	if (is_full && !count_again(spool, reterr))
		return false;
	bool drops = limits->when_full == SPOOL_DROP_OLDEST && (is_full || limits->age_max_ms > 0);
	if (drops && !drop_oldest(spool, &wanted, reterr))
		return false;
	if (over_bytes(spool, 1))
		return say_full(spool, used_bytes(spool), reterr);
	if (over_files(spool))
		return err_set(reterr, ERR_DISK, "spool '%s' is full: %" PRId64
			       " files wait for delivery", folder_path(spool->top),
			       spool->counts.files);
	return check_disk(spool, reterr);
}
