#include "run/landed_bucket.h"

#include "base/bounds.h"
#include "base/file.h"
#include "run/bucket.h"

#include <stdlib.h>

/* Two connections: one lists while the other fetches. */
struct landed_bucket {
	struct credentials *credentials;
	struct s3 *lists, *fetches;
	char *bucket;
	char *prefix;
	int64_t listed_bytes; /* of the object that `each` has now */
};

static const char SCHEME[] = "s3://";

bool landed_is_url(const char *path)
{
	return strncmp(path, SCHEME, sizeof SCHEME - 1) == 0;
}

/* --- opening --- */

static bool split(struct landed_bucket *bucket, const char *url, struct err *reterr)
{
	const char *name = url + sizeof SCHEME - 1;
	size_t size = strcspn(name, "/");
	if (size == 0)
		return err_set(reterr, ERR_USAGE, "'%s' names no bucket", url);
	bucket->bucket = strndup(name, size);
	bucket->prefix = strdup(name + size + (name[size] == '/'));
	if (bucket->bucket == NULL || bucket->prefix == NULL)
		return err_memory(reterr);
	size_t end = strlen(bucket->prefix);
	while (end > 0 && bucket->prefix[end - 1] == '/')
		bucket->prefix[--end] = '\0';
	return true;
}

static bool connect(struct landed_bucket *bucket, const struct config *config,
		    const struct credentials_environment *aws, struct err *reterr)
{
	struct bucket_way way;
	if (!bucket_way(&way, config, aws, 1, &bucket->credentials, reterr))
		return false;
	way.s3.bucket = bucket->bucket;
	return s3_new(&bucket->lists, &way.s3, reterr) &&
	       s3_new(&bucket->fetches, &way.s3, reterr);
}

bool landed_bucket_open(struct landed_bucket **ret, const char *url, const struct config *config,
			const struct credentials_environment *aws, struct err *reterr)
{
	struct landed_bucket *bucket = calloc(1, sizeof *bucket);
	if (bucket == NULL)
		return err_memory(reterr);
	if (split(bucket, url, reterr) && connect(bucket, config, aws, reterr)) {
		*ret = bucket;
		return true;
	}
	landed_bucket_close(bucket);
	return false;
}

void landed_bucket_close(struct landed_bucket *bucket)
{
	if (bucket == NULL)
		return;
	s3_free(bucket->lists);
	s3_free(bucket->fetches);
	credentials_free(bucket->credentials);
	free(bucket->bucket);
	free(bucket->prefix);
	free(bucket);
}

/* --- listing --- */

struct listing {
	struct landed_bucket *bucket;
	bool (*each)(void *user, const char *url, struct err *reterr);
	void *user;
};

/* "raw" means raw/... and the object of that name, but not raw2/... */
static bool is_below(const struct landed_bucket *bucket, struct span key)
{
	struct span prefix = span_of(bucket->prefix);
	return prefix.size == 0 || key.size == prefix.size || key.at[prefix.size] == '/';
}

static bool take_listed(void *user, const struct s3_listed *listed, struct err *reterr)
{
	struct listing *listing = user;
	struct buf url;
	if (!is_below(listing->bucket, listed->key) || listed->key.size == 0 ||
	    listed->key.at[listed->key.size - 1] == '/') /* a folder's mark */
		return true;
	listing->bucket->listed_bytes = listed->size;
	buf_init(&url, PATH_BYTES_MAX);
	buf_addf(&url, "%s%s/%.*s", SCHEME, listing->bucket->bucket, SPAN_ARGS(listed->key));
	bool done = buf_ok(&url, reterr) && listing->each(listing->user, buf_text(&url), reterr);
	buf_done(&url);
	return done;
}

bool landed_bucket_each(struct landed_bucket *bucket,
			bool (*each)(void *user, const char *url, struct err *reterr), void *user,
			struct err *reterr)
{
	struct listing listing = {bucket, each, user};
	return s3_list(bucket->lists, span_of(bucket->prefix), take_listed, &listing, reterr);
}

int64_t landed_bucket_listed(const struct landed_bucket *bucket)
{
	return bucket->listed_bytes;
}

/* --- fetching --- */

static bool begin(void *user, struct err *reterr)
{
	return file_cut(*(const int *)user, 0, reterr);
}

static bool take(void *user, struct span piece, struct err *reterr)
{
	return file_write_all(*(const int *)user, piece, reterr);
}

bool landed_bucket_fetch(struct landed_bucket *bucket, const char *url, const char *path,
			 struct err *reterr)
{
	const char *key = url + sizeof SCHEME + strlen(bucket->bucket);
	struct s3_head head;
	int fd = file_open_append(path, reterr);
	struct s3_sink sink = {&fd, begin, take};
	bool done = fd >= 0 && s3_fetch(bucket->fetches, span_of(key), &sink, &head, reterr);
	file_close(fd);
	return done;
}
