/* Delivery into a folder: atomic, durable, nothing written over (base/file_publish.h). */
#ifndef FIRN_DELIVER_FOLDER_H
#define FIRN_DELIVER_FOLDER_H

#include "base/buf.h"
#include "deliver/deliver.h"

struct folder {
	const char *path;
	struct buf synced; /* the folder below it that was made and synced last */
};

void folder_init(struct folder *folder, const char *path);
void folder_done(struct folder *folder);

/* The segment's key below the folder; `bytes` is open. ERR_DATA: other bytes stand there under that
 * name, the segment has changed, or its key leads out of the folder; ERR_DISK: what is read, or the
 * folder, fails; ERR_USAGE: the folder is not there. *ret_was_there: the same bytes stood there. */
MUST_CHECK bool folder_put(struct folder *folder, const struct deliver_source *source,
			   const struct deliver_segment *segment,
			   const struct deliver_bytes *bytes, bool *ret_was_there,
			   struct err *reterr);

#endif
