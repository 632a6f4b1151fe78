#include "deliver/from_spool.h"

#include "base/bounds.h"
#include "base/buf.h"

#include <stdlib.h>

/* Names held; each batch looks at all that wait. */
enum { BATCH = DELIVER_NAMES };

struct from_spool {
	struct spool *spool;
	struct segment batch[BATCH];
	size_t batch_n, at;
	struct segment last; /* handed out */
	bool begun;
};

struct item {
	struct segment segment;
	char key[];
};

static bool next(void *user, struct deliver_segment *ret, bool *ret_any, struct err *reterr)
{
	struct from_spool *from = user;
	struct buf key;
	if (from->at == from->batch_n) {
		from->at = from->batch_n = 0;
		if (!spool_oldest(from->spool, from->begun ? &from->last : NULL, BATCH,
				  from->batch, &from->batch_n, reterr))
			return false;
	}
	*ret_any = from->batch_n > 0;
	if (!*ret_any)
		return true;
	from->last = from->batch[from->at++];
	from->begun = true;
	buf_init(&key, URL_BYTES_MAX);
	segment_key(&key, SPAN(""), spool_instance(from->spool), &from->last);
	struct item *item = key.failed ? NULL : malloc(sizeof *item + key.size + 1);
	if (item != NULL) {
		item->segment = from->last;
		memcpy(item->key, key.data, key.size + 1);
		*ret = (struct deliver_segment){.key = item->key, .name = item->segment.name,
						.rows = item->segment.rows, .handle = item};
	}
	buf_done(&key);
	return item != NULL || err_memory(reterr);
}

static bool open_segment(void *user, const struct deliver_segment *segment,
			 struct deliver_bytes *ret, struct err *reterr)
{
	struct from_spool *from = user;
	const struct item *item = segment->handle;
	struct spool_reader *reader;
	if (!spool_read_open(from->spool, &item->segment, &reader, reterr))
		return false;
	*ret = (struct deliver_bytes){reader, spool_reader_bytes(reader),
				      spool_reader_sha256(reader)};
	return true;
}

static bool read_on(void *reader, void *to, size_t room, size_t *ret_n, struct err *reterr)
{
	return spool_read(reader, to, room, ret_n, reterr);
}

static bool read_again(void *reader, struct err *reterr)
{
	return spool_read_again(reader, reterr);
}

static void close_segment(void *reader)
{
	spool_read_close(reader);
}

static bool done(void *user, const struct deliver_segment *segment, struct err *reterr)
{
	struct from_spool *from = user;
	struct item *item = segment->handle;
	bool deleted = spool_done(from->spool, &item->segment, reterr);
	free(item);
	return deleted;
}

static bool quarantine(void *user, const struct deliver_segment *segment, const char *why,
		       struct err *reterr)
{
	struct from_spool *from = user;
	struct item *item = segment->handle;
	bool moved = spool_quarantine(from->spool, &item->segment, why, reterr);
	free(item);
	return moved;
}

static void leave(void *user, const struct deliver_segment *segment)
{
	(void)user;
	free(segment->handle);
}

bool from_spool_new(struct from_spool **ret, struct spool *spool,
		    struct deliver_source *ret_source, struct err *reterr)
{
	struct from_spool *from = calloc(1, sizeof *from);
	if (from == NULL)
		return err_memory(reterr);
	from->spool = spool;
	*ret = from;
	*ret_source = (struct deliver_source){from, next, open_segment, read_on, read_again,
					      close_segment, done, quarantine, leave};
	return true;
}

void from_spool_free(struct from_spool *from)
{
	free(from);
}
