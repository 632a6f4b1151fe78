/* Sealing: a part gets its name in ready/. It has both names until the new one is synced, so that
 * there is no moment at which a power cut could leave it without any; recovery knows by its
 * number and its hash that the two are one (recover.c). */
#include "spool/spool_private.h"

#include <string.h>

bool seal_link(struct spool *spool, const char *file, struct folder *to, struct segment *id,
	       struct err *reterr)
{
	id->sealed_ms = spool_now_us(spool) / 1000;
	if (!segment_write_name(id, reterr))
		return false;
	if (!folder_link(spool->tmp, file, to, id->name, reterr)) {
		/* Perhaps the folder has to grow on a full disk. */
		reserve_release(spool);
		if (!folder_link(spool->tmp, file, to, id->name, reterr))
			return false;
	}
	spool->counts.files++;
	spool->counts.rows += id->rows;
	spool->counts.bytes += id->bytes;
	return true;
}

bool seal_part(struct spool *spool, struct part *part, struct err *reterr)
{
	char hash[SHA256_HEX + 1];
	if (part->cut) {
		/* Else a power cut could bring back what was taken back, behind the rows whose
		 * hash the name tells. */
		if (!file_sync(part->fd, reterr)) {
			part_leave(spool, part);
			return false;
		}
		part->cut = false;
	}
	if (!part->linked) {
		if (!digest_hex(part->digest, hash, reterr))
			return false;
		memcpy(part->id.hash, hash, SEGMENT_HASH_HEX);
		part->id.rows = part->rows;
		part->id.bytes = part->bytes;
		if (!seal_link(spool, part->file, part->to, &part->id, reterr))
			return false;
		part->linked = true;
		spool_tell(spool, SPOOL_SEALED, &part->id, "");
	}
	if (!folder_sync(part->to, reterr) ||
	    !folder_remove(spool->tmp, part->file, reterr) || !folder_sync(spool->tmp, reterr))
		return false;
	spool->tmp_changed = false;
	part_forget(spool, part);
	return true;
}

bool seal_finish(struct spool *spool, const struct segment *segment, struct err *reterr)
{
	/* First, for what is salvaged now may still keep its old name and be in the list then. */
	if (spool->left > 0 && !salvage_of(spool, segment, reterr))
		return false;
	for (size_t i = 0; i < spool->parts_n; i++) {
		struct part *part = spool->parts[i];
		if (part->linked && segment_compare(&part->id, segment) == 0)
			return seal_part(spool, part, reterr);
	}
	return true;
}

int64_t seal_due_us(const struct spool *spool, int64_t first_us, int64_t bytes, int64_t now_us)
{
	const struct spool_seal *seal = &spool->options.seal;
	int64_t age_us = now_us - first_us;
	if (age_us < 0 || (seal->bytes_max > 0 && bytes >= seal->bytes_max))
		return 0; /* a clock that was set back tells no age */
	return seal->wait_ms_max * 1000 - age_us;
}

static int64_t due_us(const struct spool *spool, const struct part *part, int64_t now_us)
{
	return part->linked ? 0 : seal_due_us(spool, part->first_us, part->bytes, now_us);
}

/* Seals what is due in so many microseconds. One that fails does not keep the others waiting. */
static bool seal_some(struct spool *spool, int64_t ahead_us, struct err *reterr)
{
	struct err err;
	bool done = spool->left == 0 || salvage_left(spool, reterr);
	int64_t now_us = spool_now_us(spool);
	for (size_t i = spool->parts_n; i-- > 0;) {
		struct part *part = spool->parts[i];
		if (part->open || due_us(spool, part, now_us) > ahead_us)
			continue;
		if (seal_part(spool, part, &err))
			continue;
		if (done)
			*reterr = err;
		done = false;
	}
	return done;
}

bool spool_seal_due(struct spool *spool, int64_t *ret_wait_ms, struct err *reterr)
{
	bool done = seal_some(spool, 0, reterr);
	int64_t now_us = spool_now_us(spool);
	*ret_wait_ms = -1;
	for (size_t i = 0; i < spool->parts_n; i++) {
		int64_t wait_us = due_us(spool, spool->parts[i], now_us);
		int64_t wait_ms = wait_us <= 0 ? 0 : (wait_us + 999) / 1000;
		if (*ret_wait_ms < 0 || wait_ms < *ret_wait_ms)
			*ret_wait_ms = wait_ms;
	}
	return done;
}

bool spool_seal_by(struct spool *spool, int64_t by_us, struct err *reterr)
{
	int64_t ahead_us = by_us - spool_now_us(spool);
	return seal_some(spool, ahead_us > 0 ? ahead_us : 0, reterr);
}

bool spool_seal_all(struct spool *spool, struct err *reterr)
{
	return seal_some(spool, INT64_MAX, reterr);
}
