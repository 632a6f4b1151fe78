/* What the files of the spool share. See spool.h for what is promised, INTERNALS.md for the order
 * of the steps. */
#ifndef FIRN_SPOOL_SPOOL_PRIVATE_H
#define FIRN_SPOOL_SPOOL_PRIVATE_H

#include "base/bounds.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/gzip.h"
#include "spool/spool.h"

#define SPOOL_TMP "tmp"
#define SPOOL_READY "ready"
#define SPOOL_QUARANTINE "quarantine"
#define SPOOL_FOREIGN "foreign"
#define SPOOL_INSTANCE "INSTANCE"
#define SPOOL_OWNER "OWNER"
#define SPOOL_RESERVE "RESERVE"
#define SPOOL_LOCK "LOCK"
#define SPOOL_WHY ".why"

enum {
	INSTANCE_HEX = 16,
	PART_NAME_BYTES = 10 + 1 + 13 + 1 + SEGMENT_FOLDER_BYTES + 1 + SEGMENT_FOLDER_BYTES + 5,
};

/* A file in tmp/: gzip members, one for each collection that had rows of its table. */
struct part {
	struct segment id; /* table, customer, seq; all of it once it is linked */
	char file[PART_NAME_BYTES];
	int fd;
	struct folder *to; /* ready/<table>/<customer> */
	/* The collections that were acknowledged, and with the one that is open: */
	int64_t bytes, bytes_now;
	int64_t rows, rows_now;
	struct digest *digest, *digest_now;
	struct gzip_writer *gzip;
	int64_t first_us; /* when its first row came, to the millisecond: it stands in `file` */
	bool open;   /* holds rows of the open collection */
	bool cut;    /* was made shorter since it was synced last */
	bool bad;    /* its descriptor has failed to sync: only good for reading */
	bool linked; /* has its name in ready/ too: the one in tmp/ is to go */
};

struct spool_counts { /* of what is not in parts */
	int64_t files, rows, bytes; /* ready/ */
	int64_t oldest_ms, newest_seq;
	int64_t quarantined, quarantined_bytes;
	int64_t parts, parts_bytes; /* tmp/ */
};

struct spool {
	struct spool_options options;
	char instance[INSTANCE_HEX + 1];
	struct file_lock *lock;
	struct folder *top, *tmp, *ready, *quarantine;
	struct part *parts[SPOOL_PARTS_MAX];
	size_t parts_n;
	int64_t seq_next;
	struct spool_counts counts; /* as known; counted anew before it says full */
	int64_t left, left_bytes;   /* files in tmp/ that belong to no part */
	struct spool_dropped dropped;
	struct spool_recovery recovery;
	bool tmp_changed; /* names in tmp/ are not synced yet */
	bool collecting, failed;
	struct err failure; /* of the open collection */
};

/* --- spool.c --- */
int64_t spool_now_us(const struct spool *spool);
void spool_tell(struct spool *spool, enum spool_event event, const struct segment *segment,
		const char *why);

/* The text of INSTANCE or OWNER, which is there; nothing where it is too long to be as we wrote it.
 * ERR_DISK: it cannot be read, which is not the same. */
MUST_CHECK bool spool_read_mark(const char *path, struct buf *ret, struct err *reterr);

/* --- owner.c --- */
/* The spool that is locked is its owner's, or becomes it. After know_instance, which syncs. */
MUST_CHECK bool owner_settle(struct spool *spool, const char *folder, struct err *reterr);

/* --- part.c --- */
/* "<seq>.<begun_ms>.<table>.<customer>.part"; false: not such a name. */
bool part_parse(const char *file, struct segment *ret, int64_t *ret_first_us);
/* The name under which a part is copied: ".new" for ".part". */
void part_write_copy_name(const char *file, char out[PART_NAME_BYTES]);
/* The part for these rows, with its member open; made where there is none. */
MUST_CHECK bool part_for(struct spool *spool, struct span table, struct span customer,
			 struct part **ret, struct err *reterr);
/* tmp/`file` has become the segment `made`, and could not be removed: a linked part. */
MUST_CHECK bool part_adopt(struct spool *spool, const struct segment *made, const char *file,
			   struct err *reterr);
/* tmp/`file` goes on growing. On success `fd` (at its end) and `digest` (of its bytes) are the
 * part's; rows and bytes are those of `id`. */
MUST_CHECK bool part_take_over(struct spool *spool, const struct segment *id, const char *file,
			       int64_t first_us, int fd, struct digest *digest,
			       struct err *reterr);
/* The part that takes more rows of this table and customer; NULL: none. */
struct part *part_find(struct spool *spool, const struct segment *id);
MUST_CHECK bool part_add(struct spool *spool, struct part *part, struct span lines,
			 struct err *reterr);
MUST_CHECK bool part_end(struct spool *spool, struct part *part, struct err *reterr);
MUST_CHECK bool part_sync(struct spool *spool, struct part *part, struct err *reterr);
void part_accept(struct part *part);
/* False: the part is gone from the spool's list. */
bool part_take_back(struct spool *spool, struct part *part);
void part_forget(struct spool *spool, struct part *part); /* frees it; its file stays */
void part_leave(struct spool *spool, struct part *part);  /* to be salvaged later */

/* --- seal.c --- */
MUST_CHECK bool seal_part(struct spool *spool, struct part *part, struct err *reterr);
/* Microseconds until a part of such an age and size is due; 0 or less: it is. */
int64_t seal_due_us(const struct spool *spool, int64_t first_us, int64_t bytes, int64_t now_us);
/* A segment is not deleted as long as its rows are in tmp/ too: they would be sealed once more. */
MUST_CHECK bool seal_finish(struct spool *spool, const struct segment *segment,
			    struct err *reterr);
/* Gives tmp/`file` the name of `id` (rows, hash and folders are set) in `to`. */
MUST_CHECK bool seal_link(struct spool *spool, const char *file, struct folder *to,
			  struct segment *id, struct err *reterr);

/* --- salvage.c --- */
/* Makes a segment of the whole members of a file in tmp/ and removes the file; or, where parts
 * are kept and it is not due, a part that goes on growing under the same name. */
MUST_CHECK bool salvage(struct spool *spool, const char *file, const struct segment *id,
			int64_t first_us, struct err *reterr);
/* Tries what had to be left before. */
MUST_CHECK bool salvage_left(struct spool *spool, struct err *reterr);
/* The same for what the segment may have been made of. */
MUST_CHECK bool salvage_of(struct spool *spool, const struct segment *segment,
			   struct err *reterr);
/* Appends bytes [at, until) of one file to another, and to the digest. */
MUST_CHECK bool salvage_copy(int from, int64_t at, int64_t until, int to, struct digest *digest,
			     struct err *reterr);

/* --- recover.c --- */
MUST_CHECK bool recover(struct spool *spool, struct err *reterr);
/* Whether ready/ or quarantine/ holds it, whenever it was sealed; its name is then synced. */
MUST_CHECK bool recover_is_sealed(struct spool *spool, const struct segment *made, bool *ret,
				  struct err *reterr);

/* --- walk.c: every name of ready/ or quarantine/ --- */
struct walk {
	/* NULL: none of them is wanted. False ends the walk, with *reterr set. */
	bool (*segment)(void *user, struct folder *in, struct segment *segment,
			struct err *reterr); /* bytes is not set */
	bool (*other)(void *user, struct folder *in, const char *name, struct err *reterr);
	void *user;
};
MUST_CHECK bool walk(struct folder *root, const struct walk *walk, struct err *reterr);

/* --- look.c --- */
/* Counts what is in the folders. `parts` are files in tmp/. NULL folders are empty. */
MUST_CHECK bool count_all(struct folder *ready, struct folder *quarantine, struct folder *tmp,
			  struct spool_counts *ret, struct err *reterr);

/* The same on top of what *ret says already. */
MUST_CHECK bool count_more(struct folder *ready, struct folder *quarantine, struct folder *tmp,
			   struct spool_counts *ret, struct err *reterr);
void count_segment(struct spool_counts *counts, const struct segment *segment);

/* --- room.c --- */
/* ERR_DISK with the reason where there is no room for `more` bytes; makes it with drop-oldest. */
MUST_CHECK bool room_for(struct spool *spool, int64_t more, struct err *reterr);
/* Also the file system's room and the number of files, before a collection. */
MUST_CHECK bool room_for_collection(struct spool *spool, struct err *reterr);
void reserve_make(struct spool *spool);    /* where there is room for it */
void reserve_release(struct spool *spool); /* the disk is full */

/* --- quarantine.c --- */
/* Moves what is at `name` in `in`, whatever it is, to quarantine/<table>/<customer>/, or to
 * quarantine/foreign/ where `id` is NULL; `id` may be no more than table and customer. */
MUST_CHECK bool set_aside(struct spool *spool, struct folder *in, const char *name,
			  const struct segment *id, const char *why, struct err *reterr);
/* Takes a name from one folder to another so that it is always in at least one of them, also
 * after a power cut. */
MUST_CHECK bool shift(const struct folder *from, const char *name, const struct folder *to,
		      const char *new_name, struct err *reterr);
/* <root>/<table>/<customer>, made where it is missing. */
MUST_CHECK bool open_place(struct folder *root, const struct segment *id, bool make,
			   struct folder **ret, struct err *reterr);

#endif
