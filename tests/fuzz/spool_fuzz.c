/* Any bytes as a part that a crash left in tmp/: recovery ends, leaves tmp/ empty, and what it
 * seals is whole and holds as many rows as its name says. The input may also be wrapped: bytes
 * before and behind a good member, which then must survive. */
#include "fuzz.h"

#include "base/bounds.h"
#include "base/file.h"
#include "base/gzip.h"
#include "spool/spool.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

static bool to_fd(void *user, struct span bytes, struct err *reterr)
{
	return file_write_all(*(int *)user, bytes, reterr);
}

static void write_part(const char *path, const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct err err;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct gzip_sink sink = {to_fd, &fd};
	expect(fd >= 0);
	if (size > 0 && (data[0] & 1) != 0) {
		struct gzip_writer *writer;
		expect(file_write_all(fd, (struct span){text.at + 1, (size - 1) / 2}, &err));
		expect(gzip_writer_new(&writer, &err));
		gzip_begin(writer);
		expect(gzip_add(writer, SPAN("{\"good\":1}\n"), &sink, &err));
		expect(gzip_end(writer, &sink, &err));
		gzip_writer_free(writer);
		text = span_from(text, 1 + (size - 1) / 2);
	}
	expect(file_write_all(fd, text, &err));
	close(fd);
}

static bool count_rows(void *user, struct span bytes, struct err *reterr)
{
	(void)reterr;
	for (size_t i = 0; i < bytes.size; i++)
		*(int64_t *)user += bytes.at[i] == '\n';
	return true;
}

/* The rows in a sealed segment, whose every member must be whole. */
static int64_t rows_of(struct spool *spool, const struct segment *segment)
{
	static char piece[SPOOL_PIECE_BYTES];
	struct spool_reader *reader;
	struct gzip_reader *gzip;
	struct err err;
	int64_t rows = 0;
	struct gzip_sink sink = {count_rows, &rows};
	size_t size = 1;
	bool whole = true;
	expect(spool_read_open(spool, segment, &reader, &err) && gzip_reader_new(&gzip, &err));
	while (size > 0) {
		expect(spool_read(reader, piece, sizeof piece, &size, &err));
		struct span left = {piece, size};
		while (left.size > 0) {
			if (whole)
				gzip_reader_begin(gzip);
			expect(gzip_read(gzip, &left, &sink, &whole, &err));
		}
	}
	expect(whole);
	gzip_reader_free(gzip);
	spool_read_close(reader);
	return rows;
}

static int remove_one(const char *path, const struct stat *is, int type, struct FTW *at)
{
	(void)is, (void)type, (void)at;
	return remove(path);
}

/* Each input has its own: a part has one name here, and only so many of a name are set aside. */
static void empty_quarantine(const char *folder)
{
	char path[256];
	snprintf(path, sizeof path, "%s/quarantine", folder);
	(void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	expect(access(path, F_OK) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char folder[64], path[256];
	struct spool_options options = {.seal = {1000, MIB}};
	struct spool_recovery recovery;
	struct spool_summary summary;
	struct segment segment;
	struct spool *spool;
	struct err err;
	size_t n;
	if (folder[0] == '\0') {
		snprintf(path, sizeof path, "%s/tmp", fuzz_folder(folder));
		expect(mkdir(path, 0700) == 0);
		snprintf(path, sizeof path, "%s/tmp/0000000001.0000000001000.t.c.part", folder);
	}
	write_part(path, data, size);
	expect(spool_open(&spool, folder, &options, &recovery, &err));
	expect(recovery.parts == 1 && recovery.left == 0);
	expect(spool_summarize(spool, &summary, &err) && summary.parts == 0);
	expect(size == 0 || (data[0] & 1) == 0 || summary.files == 1);
	expect(summary.files <= 1 && summary.rows == recovery.rows);
	expect(spool_oldest(spool, NULL, 1, &segment, &n, &err) && n == (size_t)summary.files);
	if (n > 0) {
		expect(rows_of(spool, &segment) == segment.rows && segment.rows > 0);
		expect(spool_done(spool, &segment, &err));
	}
	spool_close(spool);
	empty_quarantine(folder);
	return 0;
}
