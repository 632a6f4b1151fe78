#include "run/landed_read.h"

#include "base/bounds.h"
#include "base/file.h"
#include "base/gzip.h"

#include <stdlib.h>

struct lines {
	const struct landed_sink *sink;
	struct buf carry; /* the begin of a line whose end has not come */
	int64_t number, lines;
};

static bool give(struct lines *lines, struct span line, struct err *reterr)
{
	lines->number++;
	if (line.size > 0 && line.at[line.size - 1] == '\r')
		line.size--;
	if (line.size == 0)
		return true;
	lines->lines++;
	return lines->sink->line(lines->sink->user, line, lines->number, reterr);
}

static bool carry(struct lines *lines, struct span part, struct err *reterr)
{
	if (buf_add_span(&lines->carry, part))
		return true;
	if (!lines->carry.over)
		return err_memory(reterr);
	return err_set(reterr, ERR_DATA, "line %lld is longer than %d MiB",
		       (long long)lines->number + 1, LANDED_LINE_BYTES_MAX / MIB);
}

static bool take(void *user, struct span bytes, struct err *reterr)
{
	struct lines *lines = user;
	while (bytes.size > 0) {
		const char *end = memchr(bytes.at, '\n', bytes.size);
		if (end == NULL)
			return carry(lines, bytes, reterr);
		struct span line = {bytes.at, (size_t)(end - bytes.at)};
		bytes = span_from(bytes, line.size + 1);
		if (lines->carry.size > 0) {
			if (!carry(lines, line, reterr))
				return false;
			line = buf_span(&lines->carry);
		}
		if (!give(lines, line, reterr))
			return false;
		buf_clear(&lines->carry);
	}
	return true;
}

/* The last line may lack its end. */
static bool finish(struct lines *lines, struct err *reterr)
{
	return lines->carry.size == 0 || give(lines, buf_span(&lines->carry), reterr);
}

bool landed_read_text(struct span text, const struct landed_sink *sink, struct err *reterr)
{
	struct lines lines = {.sink = sink};
	buf_init(&lines.carry, LANDED_LINE_BYTES_MAX);
	bool done = take(&lines, text, reterr) && finish(&lines, reterr);
	buf_done(&lines.carry);
	return done;
}

struct reading {
	struct lines lines;
	struct digest *digest;
	struct gzip_reader *gzip; /* NULL: it is plain */
	bool whole;               /* gzip: at a member's end */
	int64_t bytes;
};

/* Members come one after the other. */
static bool take_gzip(struct reading *reading, struct span piece, struct err *reterr)
{
	struct gzip_sink sink = {take, &reading->lines};
	while (piece.size > 0) {
		if (reading->whole)
			gzip_reader_begin(reading->gzip);
		if (!gzip_read(reading->gzip, &piece, &sink, &reading->whole, reterr))
			return false;
	}
	return true;
}

static bool take_piece(struct reading *reading, struct span piece, struct err *reterr)
{
	if (!digest_add(reading->digest, piece, reterr))
		return false;
	if (reading->bytes == 0 && span_starts(piece, SPAN("\x1f\x8b"))) {
		if (!gzip_reader_new(&reading->gzip, reterr))
			return false;
		gzip_reader_begin(reading->gzip);
	}
	reading->bytes += (int64_t)piece.size;
	return reading->gzip != NULL ? take_gzip(reading, piece, reterr)
				     : take(&reading->lines, piece, reterr);
}

static bool read_all(struct reading *reading, int fd, char *room, struct err *reterr)
{
	size_t size;
	do {
		if (!file_read_at(fd, reading->bytes, room, SPOOL_PIECE_BYTES, &size, reterr) ||
		    (size > 0 && !take_piece(reading, (struct span){room, size}, reterr)))
			return false;
	} while (size > 0);
	if (reading->bytes == 0)
		return err_set(reterr, ERR_DATA, "it is empty");
	if (reading->gzip != NULL && !reading->whole)
		return err_set(reterr, ERR_DATA, "its end is missing");
	return finish(&reading->lines, reterr);
}

bool landed_hash(const char *path, char ret[SHA256_HEX + 1], struct err *reterr)
{
	struct digest *digest = NULL;
	char *room = malloc(SPOOL_PIECE_BYTES);
	int fd = file_open_read(path, reterr);
	int64_t at = 0;
	size_t size = 1;
	bool done = fd >= 0 && (room != NULL || err_memory(reterr)) &&
		    digest_new(&digest, reterr);
	while (done && size > 0) {
		done = file_read_at(fd, at, room, SPOOL_PIECE_BYTES, &size, reterr) &&
		       digest_add(digest, (struct span){room, size}, reterr);
		at += (int64_t)size;
	}
	done = done && digest_hex(digest, ret, reterr);
	digest_free(digest);
	file_close(fd);
	free(room);
	return done;
}

bool landed_read(const char *path, const struct landed_sink *sink, struct landed_sum *ret,
		 struct err *reterr)
{
	struct reading reading = {.lines.sink = sink};
	char *room = malloc(SPOOL_PIECE_BYTES);
	int fd = file_open_read(path, reterr);
	bool done = fd >= 0;

	buf_init(&reading.lines.carry, LANDED_LINE_BYTES_MAX);
	if (done && room == NULL)
		done = err_memory(reterr);
	done = done && digest_new(&reading.digest, reterr) &&
	       read_all(&reading, fd, room, reterr) &&
	       digest_hex(reading.digest, ret->sha256, reterr);
	ret->bytes = reading.bytes;
	ret->lines = reading.lines.lines;
	gzip_reader_free(reading.gzip);
	digest_free(reading.digest);
	buf_done(&reading.lines.carry);
	file_close(fd);
	free(room);
	return done;
}
