#include "zipped.h"

#include "base/digest.h"

#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>

enum { SLOTS = 1 << 16 };

struct kept {
	struct kept *next;
	uint64_t hash;
	size_t plain_size, size;
	unsigned char bytes[];
};

struct zipped {
	pthread_mutex_t lock;
	struct kept *slots[SLOTS];
	int64_t bytes;
};

bool zipped_new(struct zipped **ret, struct err *reterr)
{
	*ret = calloc(1, sizeof **ret);
	if (*ret == NULL)
		return err_memory(reterr);
	pthread_mutex_init(&(*ret)->lock, NULL);
	return true;
}

void zipped_free(struct zipped *zipped)
{
	if (zipped == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++) {
		for (struct kept *next, *kept = zipped->slots[i]; kept != NULL; kept = next) {
			next = kept->next;
			free(kept);
		}
	}
	pthread_mutex_destroy(&zipped->lock);
	free(zipped);
}

static struct kept *compress_now(struct span plain, uint64_t hash)
{
	z_stream stream = {0};
	if (plain.size > UINT32_MAX / 2 ||
	    deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	size_t room = deflateBound(&stream, plain.size);
	struct kept *kept = malloc(sizeof *kept + room);
	if (kept != NULL) {
		stream.next_in = (unsigned char *)(uintptr_t)plain.at;
		stream.avail_in = (unsigned)plain.size;
		stream.next_out = kept->bytes;
		stream.avail_out = (unsigned)room;
		(void)deflate(&stream, Z_FINISH);
		kept->hash = hash;
		kept->plain_size = plain.size;
		kept->size = stream.total_out;
	}
	(void)deflateEnd(&stream);
	return kept;
}

bool zipped_replace(struct zipped *zipped, struct buf *body)
{
	uint64_t hash = digest_hash64(buf_span(body), 0);
	struct kept **slot = &zipped->slots[hash % SLOTS], *kept;
	pthread_mutex_lock(&zipped->lock);
	for (kept = *slot; kept != NULL; kept = kept->next) {
		if (kept->hash == hash && kept->plain_size == body->size)
			break;
	}
	pthread_mutex_unlock(&zipped->lock); /* what is kept stays */
	bool fresh = kept == NULL;
	if (fresh)
		kept = compress_now(buf_span(body), hash);
	if (kept == NULL)
		return false;
	buf_clear(body);
	bool done = buf_add(body, kept->bytes, kept->size);
	if (!fresh)
		return done;
	pthread_mutex_lock(&zipped->lock);
	bool keep = zipped->bytes + (int64_t)kept->size < ZIPPED_BYTES_MAX;
	if (keep) {
		zipped->bytes += (int64_t)kept->size;
		kept->next = *slot;
		*slot = kept;
	}
	pthread_mutex_unlock(&zipped->lock);
	if (!keep)
		free(kept);
	return done;
}
