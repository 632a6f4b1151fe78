/* Counting what is there: for limits and for status. */
#include "spool/spool_private.h"

#include <string.h>

void count_segment(struct spool_counts *counts, const struct segment *segment)
{
	counts->files++;
	counts->rows += segment->rows;
	counts->bytes += segment->bytes;
	if (counts->oldest_ms == 0 || segment->sealed_ms < counts->oldest_ms)
		counts->oldest_ms = segment->sealed_ms;
	if (segment->seq > counts->newest_seq)
		counts->newest_seq = segment->seq;
}

static bool count_ready(void *user, struct folder *in, struct segment *segment,
			struct err *reterr)
{
	(void)reterr;
	if (folder_look(in, segment->name, &segment->bytes) == FOLDER_FILE)
		count_segment(user, segment); /* else it was delivered meanwhile */
	return true;
}

static bool count_aside(void *user, struct folder *in, struct segment *segment,
			struct err *reterr)
{
	struct spool_counts *counts = user;
	int64_t bytes = 0;
	(void)reterr;
	(void)folder_look(in, segment->name, &bytes);
	counts->quarantined++;
	counts->quarantined_bytes += bytes;
	if (segment->seq > counts->newest_seq)
		counts->newest_seq = segment->seq;
	return true;
}

static bool count_other_aside(void *user, struct folder *in, const char *name, struct err *reterr)
{
	struct spool_counts *counts = user;
	size_t size = strlen(name), why = strlen(SPOOL_WHY);
	int64_t bytes = 0;
	(void)reterr;
	(void)folder_look(in, name, &bytes);
	counts->quarantined_bytes += bytes;
	if (size <= why || strcmp(name + size - why, SPOOL_WHY) != 0)
		counts->quarantined++;
	return true;
}

struct counting_tmp {
	struct folder *tmp;
	struct spool_counts *counts;
};

static bool count_part(void *user, const char *name)
{
	struct counting_tmp *counting = user;
	int64_t bytes = 0;
	if (name[0] != '.' && folder_look(counting->tmp, name, &bytes) == FOLDER_FILE) {
		counting->counts->parts++;
		counting->counts->parts_bytes += bytes;
	}
	return true;
}

bool count_more(struct folder *ready, struct folder *quarantine, struct folder *tmp,
		struct spool_counts *ret, struct err *reterr)
{
	struct spool_counts counts = *ret;
	struct walk waiting = {count_ready, NULL, &counts};
	struct walk aside = {count_aside, count_other_aside, &counts};
	struct counting_tmp parts = {tmp, &counts};
	if ((ready != NULL && !walk(ready, &waiting, reterr)) ||
	    (quarantine != NULL && !walk(quarantine, &aside, reterr)) ||
	    (tmp != NULL && !folder_each(tmp, count_part, &parts, reterr)))
		return false;
	*ret = counts;
	return true;
}

bool count_all(struct folder *ready, struct folder *quarantine, struct folder *tmp,
	       struct spool_counts *ret, struct err *reterr)
{
	struct spool_counts counts = {0};
	bool done = count_more(ready, quarantine, tmp, &counts, reterr);
	if (done)
		*ret = counts;
	return done;
}

static bool count_name(void *user, struct folder *in, struct segment *segment,
		       struct err *reterr)
{
	int64_t *files = user;
	(void)in;
	(void)segment;
	(void)reterr;
	(*files)++;
	return true;
}

bool spool_count(struct spool *spool, int64_t *ret_files, struct err *reterr)
{
	struct walk names = {count_name, NULL, ret_files};
	*ret_files = 0;
	return walk(spool->ready, &names, reterr);
}

/* --- for status --- */
static bool is_near(int64_t used, int64_t limit)
{
	return limit > 0 && used > limit / 100 * SPOOL_NEAR_PERCENT;
}

static bool is_scarce(int64_t free, int64_t free_min)
{
	return free >= 0 && free_min > 0 && free * SPOOL_NEAR_PERCENT / 100 < free_min;
}

static void judge(struct spool_summary *summary, const struct spool_limits *limits,
		  int64_t now_us)
{
	int64_t used = summary->bytes + summary->parts_bytes + summary->quarantined_bytes;
	summary->near_limit = is_near(used, limits->bytes_max) ||
			      is_near(summary->files, limits->files_max) ||
			      is_scarce(summary->free_bytes, limits->free_bytes_min) ||
			      is_scarce(summary->free_files, limits->free_files_min);
	summary->too_old = limits->age_max_ms > 0 && summary->oldest_ms > 0 &&
			   now_us / 1000 - summary->oldest_ms > limits->age_max_ms;
}

/* *ret stays NULL where there is no such folder. */
static bool open_if_there(struct folder **ret, struct folder *top, const char *name,
			  struct err *reterr)
{
	return folder_look(top, name, NULL) == FOLDER_NOTHING ||
	       folder_open_in(ret, top, name, reterr);
}

bool spool_look(const char *folder, const struct spool_limits *limits, int64_t now_us,
		struct spool_summary *ret, struct err *reterr)
{
	struct folder *top = NULL, *ready = NULL, *quarantine = NULL, *tmp = NULL;
	struct spool_counts counts;
	bool done = false;
	struct spool_summary summary = {.free_bytes = -1, .free_files = -1};
	if (!file_exists(folder)) {
		*ret = summary;
		return true;
	}
	if (!folder_open(&top, folder, reterr) ||
	    !open_if_there(&ready, top, SPOOL_READY, reterr) ||
	    !open_if_there(&quarantine, top, SPOOL_QUARANTINE, reterr) ||
	    !open_if_there(&tmp, top, SPOOL_TMP, reterr) ||
	    !count_all(ready, quarantine, tmp, &counts, reterr))
		goto out;
	summary.files = counts.files;
	summary.rows = counts.rows;
	summary.bytes = counts.bytes;
	summary.oldest_ms = counts.oldest_ms;
	summary.parts = counts.parts;
	summary.parts_bytes = counts.parts_bytes;
	summary.quarantined = counts.quarantined;
	summary.quarantined_bytes = counts.quarantined_bytes;
	folder_space(top, &summary.free_bytes, &summary.free_files);
	judge(&summary, limits, now_us);
	*ret = summary;
	done = true;
out:
	folder_close(top);
	folder_close(ready);
	folder_close(quarantine);
	folder_close(tmp);
	return done;
}

bool spool_summarize(struct spool *spool, struct spool_summary *ret, struct err *reterr)
{
	return spool_look(folder_path(spool->top), &spool->options.limits, spool_now_us(spool), ret,
			  reterr);
}
