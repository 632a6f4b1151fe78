#include "deliver/folder.h"

#include "base/bounds.h"
#include "base/file.h"
#include "base/file_publish.h"

void folder_init(struct folder *folder, const char *path)
{
	folder->path = path;
	buf_init(&folder->synced, PATH_BYTES_MAX);
}

void folder_done(struct folder *folder)
{
	buf_done(&folder->synced);
}

/* Names only: no "..", no "." and nothing empty, so that no key leads elsewhere. */
static bool stays_inside(const char *key)
{
	for (;;) {
		size_t size = strcspn(key, "/");
		struct span name = {key, size};
		if (size == 0 || span_is(name, ".") || span_is(name, ".."))
			return false;
		if (key[size] == '\0')
			return true;
		key += size + 1;
	}
}

static bool prepare(struct folder *folder, struct span below, struct err *reterr)
{
	struct buf path;
	if (folder->synced.size > 0 && span_equal(buf_span(&folder->synced), below))
		return true;
	if (!file_is_folder(folder->path))
		return err_set(reterr, ERR_USAGE, "'%s' is no folder: make it, or correct "
			       "destination.folder", folder->path);
	buf_init(&path, PATH_BYTES_MAX);
	buf_addf(&path, "%s/%.*s", folder->path, SPAN_ARGS(below));
	bool done = buf_ok(&path, reterr) &&
		    file_publish_folder(folder->path, buf_text(&path), reterr);
	buf_clear(&folder->synced);
	if (done)
		buf_add_span(&folder->synced, below);
	buf_done(&path);
	return done;
}

bool folder_put(struct folder *folder, const struct deliver_source *source,
		const struct deliver_segment *segment, const struct deliver_bytes *bytes,
		bool *ret_was_there, struct err *reterr)
{
	const struct file_content content = {bytes->reader, source->read, source->again};
	struct buf path;
	*ret_was_there = false;
	if (!stays_inside(segment->key))
		return err_set(reterr, ERR_DATA, "'%.300s' is no key below a folder",
			       segment->key);
	buf_init(&path, PATH_BYTES_MAX);
	buf_addf(&path, "%s/%s", folder->path, segment->key);
	bool done = buf_ok(&path, reterr) &&
		    prepare(folder, file_folder_of(segment->key), reterr) &&
		    file_publish(buf_text(&path), &content, ret_was_there, reterr);
	buf_done(&path);
	return done;
}
