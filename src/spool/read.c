#include "spool/spool_private.h"

#include <stdlib.h>
#include <string.h>

struct spool_reader {
	int fd;
	int64_t bytes, at;
	char sha256[SHA256_HEX + 1]; /* "" until the whole file was read once */
	char hash[SEGMENT_HASH_HEX + 1]; /* as its name says */
	struct digest *digest;
	struct buf path; /* for messages */
};

/* --- opening --- */
static bool open_file(struct spool *spool, const struct segment *segment,
		      struct spool_reader *reader, struct err *reterr)
{
	struct folder *place = NULL;
	bool absent = true;
	if (!open_place(spool->ready, segment, false, &place, reterr))
		return false;
	if (place != NULL) {
		buf_addf(&reader->path, "%s/%s", folder_path(place), segment->name);
		reader->fd = folder_open_file(place, segment->name, &absent, reterr);
	}
	folder_close(place);
	if (reader->fd < 0)
		return absent && err_set(reterr, ERR_BUSY, "segment '%s' is no longer there",
					 segment->name);
	return buf_ok(&reader->path, reterr) &&
	       (file_bytes(reader->fd, &reader->bytes, reterr) ||
		err_at(reterr, "'%s'", buf_text(&reader->path)));
}

static bool changed(const struct spool_reader *reader, struct err *reterr)
{
	return err_set(reterr, ERR_DATA, "'%s' is not what its name says: it was torn or changed "
		       "after it was sealed", buf_text(&reader->path));
}

/* At the end: is it what the name says, and what it was at first? */
static bool check_end(struct spool_reader *reader, struct err *reterr)
{
	char sha256[SHA256_HEX + 1];
	if (!digest_hex(reader->digest, sha256, reterr))
		return false;
	if (strncmp(sha256, reader->hash, SEGMENT_HASH_HEX) != 0)
		return changed(reader, reterr);
	if (reader->sha256[0] == '\0')
		memcpy(reader->sha256, sha256, sizeof sha256);
	return strcmp(reader->sha256, sha256) == 0 || changed(reader, reterr);
}

static bool read_once(struct spool_reader *reader, struct err *reterr)
{
	char piece[SPOOL_PIECE_BYTES / 4];
	size_t size;
	if (reader->bytes == 0)
		return err_set(reterr, ERR_DATA, "'%s' is empty", buf_text(&reader->path));
	do {
		if (!spool_read(reader, piece, sizeof piece, &size, reterr))
			return false;
	} while (size > 0);
	return spool_read_again(reader, reterr);
}

bool spool_read_open(struct spool *spool, const struct segment *segment,
		     struct spool_reader **ret, struct err *reterr)
{
	struct spool_reader *reader = calloc(1, sizeof *reader);
	if (reader == NULL)
		return err_memory(reterr);
	reader->fd = -1;
	buf_init(&reader->path, 2 * PATH_BYTES_MAX);
	memcpy(reader->hash, segment->hash, sizeof reader->hash);
	if (digest_new(&reader->digest, reterr) && open_file(spool, segment, reader, reterr) &&
	    read_once(reader, reterr)) {
		*ret = reader;
		return true;
	}
	spool_read_close(reader);
	return false;
}

void spool_read_close(struct spool_reader *reader)
{
	if (reader == NULL)
		return;
	file_close(reader->fd);
	digest_free(reader->digest);
	buf_done(&reader->path);
	free(reader);
}

/* --- reading --- */
int64_t spool_reader_bytes(const struct spool_reader *reader)
{
	return reader->bytes;
}

const char *spool_reader_sha256(const struct spool_reader *reader)
{
	return reader->sha256;
}

bool spool_read(struct spool_reader *reader, void *to, size_t room, size_t *ret_size,
		struct err *reterr)
{
	int64_t left = reader->bytes - reader->at;
	size_t want = left < (int64_t)room ? (size_t)left : room;
	*ret_size = 0;
	if (want == 0)
		return true;
	if (!file_read_at(reader->fd, reader->at, to, want, ret_size, reterr))
		return err_at(reterr, "'%s'", buf_text(&reader->path));
	if (*ret_size < want) /* shorter than when it was opened */
		return changed(reader, reterr);
	reader->at += (int64_t)want;
	return digest_add(reader->digest, (struct span){to, want}, reterr) &&
	       (reader->at < reader->bytes || check_end(reader, reterr));
}

bool spool_read_again(struct spool_reader *reader, struct err *reterr)
{
	reader->at = 0;
	return digest_begin(reader->digest, reterr);
}
