/* What a process that died left in tmp/: gzip members one behind the other, the last perhaps torn.
 * The whole ones are copied into a new file, which becomes a segment; the old file is not trusted
 * further than its check sums reach, for nobody knows which of its pages were ever written to
 * disk. Or it takes the old one's place and goes on growing. Damage in the middle is stepped over,
 * to the next place that looks like a member. */
#include "spool/spool_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct salvaging {
	int from, to;
	int64_t bytes; /* of the old file */
	int64_t bytes_new, rows, bytes_lost;
	bool damaged; /* something whole came behind something that was not */
	struct gzip_reader *gzip;
	struct digest *digest; /* of the new file */
	bool sealed;           /* the new file is the segment `made` */
	bool grows;            /* the new file is a part that takes more rows */
	struct segment made;
	char piece[SPOOL_PIECE_BYTES];
};

bool salvage_copy(int from, int64_t at, int64_t until, int to, struct digest *digest,
		  struct err *reterr)
{
	char piece[SPOOL_PIECE_BYTES / 4]; /* small enough for any stack */
	while (at < until) {
		size_t want = until - at < (int64_t)sizeof piece ? (size_t)(until - at)
								 : sizeof piece;
		size_t size;
		if (!file_read_at(from, at, piece, want, &size, reterr))
			return false;
		if (size == 0)
			return err_set(reterr, ERR_DISK, "it became shorter while it was read");
		struct span bytes = {piece, size};
		if (!file_write_all(to, bytes, reterr) || !digest_add(digest, bytes, reterr))
			return false;
		at += (int64_t)size;
	}
	return true;
}

/* --- members --- */
static bool count_rows(void *user, struct span bytes, struct err *reterr)
{
	int64_t *rows = user;
	const char *at = bytes.at, *end = bytes.at + bytes.size;
	(void)reterr;
	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		(*rows)++;
		at++;
	}
	return true;
}

/* Reads the member that begins at `at`. *ret_end: behind it, or -1: it is not whole. */
static bool read_member(struct salvaging *salvaging, int64_t at, int64_t *ret_end,
			int64_t *ret_rows, struct err *reterr)
{
	struct gzip_sink sink = {count_rows, ret_rows};
	bool whole = false;
	*ret_rows = 0;
	*ret_end = -1;
	gzip_reader_begin(salvaging->gzip);
	while (!whole) {
		size_t size;
		if (!file_read_at(salvaging->from, at, salvaging->piece, sizeof salvaging->piece,
				  &size, reterr))
			return false;
		struct span left = {salvaging->piece, size};
		struct err bad;
		if (size == 0)
			return true;
		if (!gzip_read(salvaging->gzip, &left, &sink, &whole, &bad)) {
			if (bad.kind == ERR_DATA)
				return true;
			*reterr = bad;
			return false;
		}
		at += (int64_t)(size - left.size);
	}
	*ret_end = at;
	return true;
}

/* The next place at or behind `at` where a member may begin; the file's end where there is none. */
static bool find_member(struct salvaging *salvaging, int64_t at, int64_t *ret, struct err *reterr)
{
	for (;;) {
		size_t size;
		if (!file_read_at(salvaging->from, at, salvaging->piece, sizeof salvaging->piece,
				  &size, reterr))
			return false;
		size_t found = gzip_find((struct span){salvaging->piece, size}, 0);
		if (found < size || size < sizeof salvaging->piece) {
			*ret = found < size ? at + (int64_t)found : salvaging->bytes;
			return true;
		}
		at += (int64_t)size - (GZIP_HEADER_BYTES - 1); /* one may lie across the end */
	}
}

static bool copy_members(struct salvaging *salvaging, struct err *reterr)
{
	int64_t at = 0;
	bool torn = false;
	while (at < salvaging->bytes) {
		int64_t end, rows;
		if (!read_member(salvaging, at, &end, &rows, reterr))
			return false;
		if (end < 0) {
			torn = true;
			if (!find_member(salvaging, at + 1, &end, reterr))
				return false;
			salvaging->bytes_lost += end - at;
		} else {
			if (!salvage_copy(salvaging->from, at, end, salvaging->to,
					  salvaging->digest, reterr))
				return false;
			salvaging->rows += rows;
			salvaging->bytes_new += end - at;
			salvaging->damaged = salvaging->damaged || torn;
		}
		at = end;
	}
	return true;
}

/* --- a part that goes on --- */
static bool may_grow(struct spool *spool, const struct salvaging *salvaging,
		     const struct segment *id, int64_t first_us)
{
	return spool->options.keeps_parts && !salvaging->damaged &&
	       spool->parts_n < SPOOL_PARTS_MAX && part_find(spool, id) == NULL &&
	       seal_due_us(spool, first_us, salvaging->bytes_new, spool_now_us(spool)) > 0;
}

/* The name is synced at once: were it not, a power cut after the new file was sealed could bring
 * back the old one with fewer members, whose hash is then not known as that of a segment. */
static bool grow(struct spool *spool, struct salvaging *salvaging, const char *file,
		 const char *copy, int64_t first_us, struct err *reterr)
{
	if (!file_sync(salvaging->to, reterr) ||
	    !folder_replace(spool->tmp, copy, file, reterr) ||
	    !folder_sync(spool->tmp, reterr) ||
	    !part_take_over(spool, &salvaging->made, file, first_us, salvaging->to,
			    salvaging->digest, reterr))
		return false;
	salvaging->to = -1;
	salvaging->digest = NULL;
	salvaging->grows = true;
	spool->recovery.kept++;
	return true;
}

/* --- the new segment --- */
static bool know_segment(struct spool *spool, struct salvaging *salvaging,
			 const struct segment *id, bool *ret_before, struct err *reterr)
{
	struct segment *made = &salvaging->made;
	char hash[SHA256_HEX + 1];
	if (!digest_hex(salvaging->digest, hash, reterr))
		return false;
	*made = *id;
	memcpy(made->hash, hash, SEGMENT_HASH_HEX);
	made->rows = salvaging->rows;
	made->bytes = salvaging->bytes_new;
	return recover_is_sealed(spool, made, ret_before, reterr);
}

static bool make_segment(struct spool *spool, struct salvaging *salvaging, const char *copy,
			 const struct segment *id, struct err *reterr)
{
	struct segment *made = &salvaging->made;
	struct folder *to = NULL;
	bool done = false;
	struct err ignored;
	/* Members that were never synced may be whole in memory only. Were they missing from the
	 * old file after a power cut, the segment would not be known as made of it, and its other
	 * rows would be sealed once more. Where it fails the copy is all there is. */
	bool durable = file_sync(salvaging->from, &ignored);
	(void)durable;
	if (!open_place(spool->ready, id, true, &to, reterr))
		goto out;
	if (!file_sync(salvaging->to, reterr) || !seal_link(spool, copy, to, made, reterr))
		goto out;
	salvaging->sealed = true;
	spool->recovery.sealed++;
	spool->recovery.rows += made->rows;
	spool_tell(spool, SPOOL_SALVAGED, made, "");
	done = folder_sync(to, reterr);
out:
	folder_close(to);
	return done;
}

static void tell_lost(struct spool *spool, const struct salvaging *salvaging, const char *file)
{
	char why[256 + PART_NAME_BYTES];
	spool->recovery.bytes_dropped += salvaging->bytes_lost;
	snprintf(why, sizeof why, "%" PRId64 " of %" PRId64 " bytes of %s/%s were not whole%s",
		 salvaging->bytes_lost, salvaging->bytes, SPOOL_TMP, file,
		 salvaging->damaged ? ", and whole ones came behind them"
				    : ": a collection that was never acknowledged");
	spool_tell(spool, SPOOL_LOST, NULL, why);
}

/* From here on the rows are in ready/, or there are none. */
static bool remove_old(struct spool *spool, const struct salvaging *salvaging, const char *file,
		       const char *copy, const struct segment *id, struct err *reterr)
{
	if (salvaging->bytes_lost > 0)
		tell_lost(spool, salvaging, file);
	if (salvaging->damaged) {
		if (!set_aside(spool, spool->tmp, file, id,
			       "damaged in the middle; what was whole of it has been sealed",
			       reterr))
			return false;
		spool->recovery.quarantined++;
	}
	return folder_remove(spool->tmp, copy, reterr) &&
	       folder_remove(spool->tmp, file, reterr) && folder_sync(spool->tmp, reterr);
}

/* What was whole gets its place: as a segment, or as a part. */
static bool place(struct spool *spool, struct salvaging *salvaging, const char *file,
		  const char *copy, const struct segment *id, int64_t first_us,
		  struct err *reterr)
{
	bool before = false;
	if (salvaging->rows == 0)
		return true;
	if (!know_segment(spool, salvaging, id, &before, reterr))
		return false;
	if (before)
		return true; /* and then it died, before the old file was gone */
	return may_grow(spool, salvaging, id, first_us)
		       ? grow(spool, salvaging, file, copy, first_us, reterr)
		       : make_segment(spool, salvaging, copy, id, reterr);
}

bool salvage(struct spool *spool, const char *file, const struct segment *id, int64_t first_us,
	     struct err *reterr)
{
	char copy[PART_NAME_BYTES];
	bool absent, done = false;
	struct salvaging *salvaging = calloc(1, sizeof *salvaging);
	if (salvaging == NULL)
		return err_memory(reterr);
	salvaging->from = salvaging->to = -1;
	part_write_copy_name(file, copy);
	if (!gzip_reader_new(&salvaging->gzip, reterr) || !digest_new(&salvaging->digest, reterr))
		goto out;
	salvaging->from = folder_open_file(spool->tmp, file, &absent, reterr);
	if (salvaging->from < 0 || !file_bytes(salvaging->from, &salvaging->bytes, reterr) ||
	    !folder_remove(spool->tmp, copy, reterr))
		goto out;
	salvaging->to = folder_create(spool->tmp, copy, reterr);
	if (salvaging->to < 0 || !copy_members(salvaging, reterr) ||
	    !place(spool, salvaging, file, copy, id, first_us, reterr))
		goto out;
	done = salvaging->grows || remove_old(spool, salvaging, file, copy, id, reterr);
	if (salvaging->grows && salvaging->bytes_lost > 0)
		tell_lost(spool, salvaging, file);
out:
	/* A file that has done its duty and cannot be removed now is removed later. */
	done = done || (salvaging->sealed && part_adopt(spool, &salvaging->made, file, reterr));
	if (!done)
		err_at(reterr, "cannot seal '%s/%s'", folder_path(spool->tmp), file);
	file_close(salvaging->from);
	file_close(salvaging->to);
	gzip_reader_free(salvaging->gzip);
	digest_free(salvaging->digest);
	free(salvaging);
	return done;
}
