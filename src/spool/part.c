#include "spool/spool_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- names --- */
enum { SEQ_DIGITS = 10, MS_DIGITS = 13 };
#define FIRST_MS_MAX INT64_C(9999999999999)

void part_write_copy_name(const char *file, char out[PART_NAME_BYTES])
{
	snprintf(out, PART_NAME_BYTES, "%.*s.new", (int)(strlen(file) - strlen(".part")), file);
}

/* So many digits and a dot. */
static bool read_digits(const char **at, int n, int64_t *ret)
{
	*ret = 0;
	for (; n > 0; n--, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		*ret = *ret * 10 + (**at - '0');
	}
	return *(*at)++ == '.';
}

/* What stands before the next dot, as a folder's name. */
static bool read_folder(const char **at, char out[SEGMENT_FOLDER_BYTES])
{
	const char *dot = strchr(*at, '.');
	size_t size = dot == NULL ? 0 : (size_t)(dot - *at);
	if (size == 0 || size >= SEGMENT_FOLDER_BYTES)
		return false;
	memcpy(out, *at, size);
	out[size] = '\0';
	*at = dot + 1;
	return segment_is_folder(out);
}

bool part_parse(const char *file, struct segment *ret, int64_t *ret_first_us)
{
	struct segment id = {0};
	const char *at = file;
	int64_t first_ms;
	if (!read_digits(&at, SEQ_DIGITS, &id.seq) || !read_digits(&at, MS_DIGITS, &first_ms) ||
	    !read_folder(&at, id.table) || !read_folder(&at, id.customer) ||
	    strcmp(at, "part") != 0)
		return false;
	*ret = id;
	*ret_first_us = first_ms * 1000;
	return true;
}

/* --- the list --- */
static void part_free(struct part *part)
{
	if (part == NULL)
		return;
	file_close(part->fd);
	folder_close(part->to);
	digest_free(part->digest);
	digest_free(part->digest_now);
	gzip_writer_free(part->gzip);
	free(part);
}

void part_forget(struct spool *spool, struct part *part)
{
	for (size_t i = 0; i < spool->parts_n; i++)
		if (spool->parts[i] == part) {
			spool->parts[i] = spool->parts[--spool->parts_n];
			break;
		}
	part_free(part);
}

void part_leave(struct spool *spool, struct part *part)
{
	spool->left++;
	spool->left_bytes += part->bytes_now;
	part_forget(spool, part);
}

/* A free place in the list: the part that has waited longest is sealed for it. */
static bool make_place(struct spool *spool, struct err *reterr)
{
	struct part *oldest = NULL;
	if (spool->parts_n < SPOOL_PARTS_MAX)
		return true;
	for (size_t i = 0; i < spool->parts_n; i++) {
		struct part *part = spool->parts[i];
		if (!part->open && (oldest == NULL || part->first_us < oldest->first_us))
			oldest = part;
	}
	if (oldest == NULL)
		return err_set(reterr, ERR_MEMORY,
			       "a collection with rows of more than %d tables and customers",
			       SPOOL_PARTS_MAX);
	return seal_part(spool, oldest, reterr);
}

/* A clock that shows an impossible time gives a part that is due at once. */
static void begin_now(const struct spool *spool, struct part *part)
{
	int64_t ms = spool_now_us(spool) / 1000;
	ms = ms < 0 ? 0 : ms > FIRST_MS_MAX ? FIRST_MS_MAX : ms;
	part->first_us = ms * 1000;
	snprintf(part->file, sizeof part->file, "%010" PRId64 ".%013" PRId64 ".%s.%s.part",
		 part->id.seq, ms, part->id.table, part->id.customer);
}

/* The name in tmp/ is synced by spool_sync, before anything in the file counts. */
static bool part_new(struct spool *spool, const struct segment *id, struct part **ret,
		     struct err *reterr)
{
	struct part *part = calloc(1, sizeof *part);
	if (part == NULL)
		return err_memory(reterr);
	part->fd = -1;
	part->id = *id;
	part->id.seq = spool->seq_next;
	begin_now(spool, part);
	if (!digest_new(&part->digest, reterr) || !digest_new(&part->digest_now, reterr) ||
	    !gzip_writer_new(&part->gzip, reterr) ||
	    !open_place(spool->ready, id, true, &part->to, reterr))
		goto out;
	part->fd = folder_create(spool->tmp, part->file, reterr);
	if (part->fd < 0)
		goto out;
	spool->seq_next++;
	spool->tmp_changed = true;
	spool->parts[spool->parts_n++] = part;
	*ret = part;
	return true;
out:
	part_free(part);
	return false;
}

bool part_adopt(struct spool *spool, const struct segment *made, const char *file,
		struct err *reterr)
{
	struct part *part = calloc(1, sizeof *part);
	if (part == NULL)
		return err_memory(reterr);
	part->fd = -1;
	part->id = *made;
	part->linked = true;
	snprintf(part->file, sizeof part->file, "%s", file);
	if (!make_place(spool, reterr) ||
	    !open_place(spool->ready, made, true, &part->to, reterr)) {
		part_free(part);
		return false;
	}
	spool->parts[spool->parts_n++] = part;
	return true;
}

bool part_take_over(struct spool *spool, const struct segment *id, const char *file,
		    int64_t first_us, int fd, struct digest *digest, struct err *reterr)
{
	struct part *part = calloc(1, sizeof *part);
	if (part == NULL)
		return err_memory(reterr);
	part->fd = -1;
	part->id = *id;
	part->first_us = first_us;
	part->bytes = part->bytes_now = id->bytes;
	part->rows = part->rows_now = id->rows;
	snprintf(part->file, sizeof part->file, "%s", file);
	if (!digest_new(&part->digest_now, reterr) || !gzip_writer_new(&part->gzip, reterr) ||
	    !open_place(spool->ready, id, true, &part->to, reterr)) {
		part_free(part);
		return false;
	}
	part->fd = fd;
	part->digest = digest;
	spool->parts[spool->parts_n++] = part;
	return true;
}

struct part *part_find(struct spool *spool, const struct segment *id)
{
	for (size_t i = 0; i < spool->parts_n; i++) {
		struct part *part = spool->parts[i];
		if (!part->linked && !part->bad && strcmp(part->id.table, id->table) == 0 &&
		    strcmp(part->id.customer, id->customer) == 0)
			return part;
	}
	return NULL;
}

bool part_for(struct spool *spool, struct span table, struct span customer, struct part **ret,
	      struct err *reterr)
{
	struct segment id = {0};
	if (!segment_table_folder(table, id.table, reterr) ||
	    !segment_customer_folder(customer, id.customer, reterr))
		return false;
	struct part *part = part_find(spool, &id);
	if (part == NULL &&
	    (!make_place(spool, reterr) || !part_new(spool, &id, &part, reterr)))
		return false;
	if (!part->open) {
		if (!digest_copy(part->digest_now, part->digest, reterr))
			return false;
		gzip_begin(part->gzip);
		part->open = true;
	}
	*ret = part;
	return true;
}

/* --- writing --- */
struct writing {
	struct spool *spool;
	struct part *part;
};

static bool take(void *user, struct span bytes, struct err *reterr)
{
	const struct writing *writing = user;
	struct part *part = writing->part;
	if (!room_for(writing->spool, (int64_t)bytes.size, reterr))
		return false;
	if (!file_write_all(part->fd, bytes, reterr))
		return err_at(reterr, "'%s/%s'", folder_path(writing->spool->tmp), part->file);
	part->bytes_now += (int64_t)bytes.size;
	return digest_add(part->digest_now, bytes, reterr);
}

bool part_add(struct spool *spool, struct part *part, struct span lines, struct err *reterr)
{
	struct writing writing = {spool, part};
	struct gzip_sink sink = {take, &writing};
	const char *at = lines.at, *end = lines.at + lines.size;
	bool ended = lines.at[lines.size - 1] == '\n';
	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		part->rows_now++;
		at++;
	}
	if (!ended)
		part->rows_now++;
	return gzip_add(part->gzip, lines, &sink, reterr) &&
	       (ended || gzip_add(part->gzip, SPAN("\n"), &sink, reterr));
}

bool part_end(struct spool *spool, struct part *part, struct err *reterr)
{
	struct writing writing = {spool, part};
	struct gzip_sink sink = {take, &writing};
	return gzip_end(part->gzip, &sink, reterr);
}

/* The same bytes as a new file in the old one's place. The digest tells whether what can still be
 * read of the old one is what was written to it. */
static bool write_anew(struct spool *spool, struct part *part, struct err *reterr)
{
	char name[PART_NAME_BYTES], meant[SHA256_HEX + 1], found[SHA256_HEX + 1];
	struct digest *digest = NULL;
	bool done = false;
	int fd = -1;
	part_write_copy_name(part->file, name);
	if (!digest_new(&digest, reterr) || !folder_remove(spool->tmp, name, reterr))
		goto out;
	fd = folder_create(spool->tmp, name, reterr);
	if (fd < 0 ||
	    !salvage_copy(part->fd, 0, part->bytes_now, fd, digest, reterr) ||
	    !digest_hex(part->digest_now, meant, reterr) || !digest_hex(digest, found, reterr))
		goto out;
	if (strcmp(meant, found) != 0) {
		err_set(reterr, ERR_DISK, "'%s/%s' reads back other bytes than were written",
			folder_path(spool->tmp), part->file);
		goto out;
	}
	spool->tmp_changed = true;
	if (!file_sync(fd, reterr) || !folder_replace(spool->tmp, name, part->file, reterr))
		goto out;
	file_close(part->fd);
	part->fd = fd;
	part->cut = false;
	done = true;
out:
	if (!done && fd >= 0) {
		folder_discard(spool->tmp, name);
		file_close(fd);
	}
	digest_free(digest);
	return done;
}

bool part_sync(struct spool *spool, struct part *part, struct err *reterr)
{
	struct err first;
	if (file_sync(part->fd, &first)) {
		part->cut = false;
		return true;
	}
	if (write_anew(spool, part, reterr))
		return true;
	part->bad = true;
	return err_at(reterr, "'%s/%s': %s, and writing it anew failed",
		      folder_path(spool->tmp), part->file, first.text);
}

/* --- the end of a collection --- */
void part_accept(struct part *part)
{
	struct digest *old = part->digest;
	part->digest = part->digest_now;
	part->digest_now = old;
	part->bytes = part->bytes_now;
	part->rows = part->rows_now;
	part->open = false;
}

bool part_take_back(struct spool *spool, struct part *part)
{
	struct err ignored; /* what cannot be taken back is left to recovery */
	bool obeys = file_cut(part->fd, part->bytes, &ignored);
	part->open = false;
	if (obeys)
		part->bytes_now = part->bytes;
	part->rows_now = part->rows;
	if (part->bytes == 0 && folder_remove(spool->tmp, part->file, &ignored)) {
		part_forget(spool, part);
		return false;
	}
	if (part->bad || !obeys || part->bytes == 0) {
		part_leave(spool, part);
		return false;
	}
	part->cut = true;
	return true;
}
