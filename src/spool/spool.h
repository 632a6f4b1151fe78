/* The spool: what was read once, safe on disk until the far side has it.
 *
 *   LOCK        held by the one process that uses the spool
 *   INSTANCE    16 hexadecimal digits, drawn once: tells this spool's objects from other spools'
 *   OWNER       the pipeline whose rows are in it, one line; no other one opens it
 *   RESERVE     bytes set aside, given back to the file system when it is full
 *   tmp/        the only unfinished files: <seq>.<begun_ms>.<table>.<customer>.part
 *   ready/      <table>/<customer>/<segment>: sealed, waiting to be delivered (segment.h)
 *   quarantine/ <table>/<customer>/<segment> that turned out damaged, and <segment>.why;
 *               foreign/: what somebody else put into ready/ or tmp/
 *
 * There is no index, cursor or ledger that could disagree with the files: which files are in
 * which folder is the whole state, so a person can count, copy and delete them. Files have mode
 * 0600, folders 0700. All of it lies on one file system. One thread uses a spool.
 *
 * What is promised
 * - A collection is acknowledged when spool_sync returns true; from then on its rows survive the
 *   death of the process and of the machine, and stay until spool_done, spool_quarantine or
 *   (drop-oldest only) until room is needed. Each row is in exactly one file.
 * - A collection may hold rows of several tables. Each table's rows are one gzip member of one
 *   part, written and synced table by table. When spool_sync fails, all of it is taken back, as
 *   long as the disk still obeys. When the process is killed before spool_sync returned, each
 *   table's rows are there as a whole or not at all, and any number of the tables may be; nothing
 *   that was acknowledged is lost. The caller was told nothing and collects again: rows that were
 *   there come twice, with the same key, which the destination merges. A table's rows are never
 *   cut in the middle.
 * - A segment is whole: its data is synced before it gets its name in ready/, and its bytes are
 *   compared with the hash in its name whenever they are read. Torn and changed ones are told
 *   (ERR_DATA), never handed out as good.
 * - fsync is never tried again on the same descriptor after it failed: the kernel has by then
 *   marked the pages clean. The part is written anew once, from the bytes as they were meant (the
 *   hash says so); when that fails too, the collection fails.
 *
 * What is assumed of the file system: data that was synced stays; a rename never loses both names
 * (it may be seen as before, as after, or as both until the folders are synced). */
#ifndef FIRN_SPOOL_SPOOL_H
#define FIRN_SPOOL_SPOOL_H

#include "base/bounds.h"
#include "base/err.h"
#include "base/span.h"
#include "spool/segment.h"

#include <stdbool.h>
#include <stdint.h>

struct spool;

enum { SPOOL_OWNER_BYTES = PIPELINE_BYTES_MAX + 1 }; /* NUL included */

enum spool_full {
	SPOOL_DROP_NEWEST, /* a full spool takes no collection: the caller records a gap */
	SPOOL_DROP_OLDEST, /* a full spool deletes its oldest segments */
};

/* A limit of 0 is none. */
struct spool_limits {
	int64_t bytes_max;      /* of all files in the spool: quarantine and tmp/ too */
	int64_t files_max;      /* of segments in ready/ */
	int64_t age_max_ms;     /* of a segment since sealing: an alarm; deletes with drop-oldest */
	int64_t free_bytes_min; /* that stay free on the file system for everybody else */
	int64_t free_files_min; /* inodes, likewise; not asked where the file system has none */
	int64_t reserve_bytes;  /* size of RESERVE */
	enum spool_full when_full;
};

/* When a part becomes a segment: at the first of the two, or by spool_seal_all. */
struct spool_seal {
	int64_t wait_ms_max; /* since the part's first row */
	int64_t bytes_max;   /* compressed; a collection is not cut, so one more may be in it */
};

enum spool_event {
	SPOOL_SEALED,      /* a new segment waits */
	SPOOL_DROPPED,     /* drop-oldest: deleted undelivered */
	SPOOL_QUARANTINED, /* set aside; `why` says why */
	SPOOL_SALVAGED,    /* a segment made of what a crash left in tmp/ */
	SPOOL_LOST,        /* a torn end of a part was left out; no segment, `why` says how much */
};

struct spool_options {
	struct spool_limits limits;
	struct spool_seal seal;
	bool keeps_parts;              /* what an earlier process left in tmp/ goes on growing as
					* long as it is not due, instead of being sealed */
	const char *what;              /* for the lock's holder text, as in file_lock */
	const char *owner;             /* whose it is, the pipeline's name. NULL: not asked */
	int64_t (*now_us)(void *user); /* NULL: base/clock.h. Wall clock, since 1970 UTC */
	/* NULL, or called for each event while a function of the spool runs; it calls none itself.
	 * segment is NULL where none is meant, `why` is "" where nothing more is to say. */
	void (*event)(void *user, enum spool_event event, const struct segment *segment,
		      const char *why);
	void *user; /* of both */
};

/* The limits that hold where the configuration says nothing (base/bounds.h has the numbers). */
struct spool_limits spool_limits_default(void);
struct spool_seal spool_seal_default(void);

/* What recovery found and did. */
struct spool_recovery {
	int64_t parts;         /* left in tmp/ by a process that died */
	int64_t kept;          /* of them go on growing (keeps_parts) */
	int64_t sealed;        /* segments made of them */
	int64_t rows;          /* in those */
	int64_t bytes_dropped; /* torn ends of parts: never acknowledged */
	int64_t quarantined;   /* damaged parts, empty segments and foreign files, set aside */
	int64_t left;          /* parts that could not be sealed (disk full): tried again later */
};

/* --- opening --- */
/* Makes the folder and what belongs into it, takes LOCK and recovers: whole members of parts
 * become segments (with keeps_parts, those that are not due go on growing), torn ends are dropped
 * and counted, leftovers of an interrupted recovery are cleaned, foreign files go to quarantine.
 * May be killed and run again at any point. A spool that is nobody's, as those made before there
 * was OWNER, becomes options->owner's.
 * ERR_USAGE: it is another pipeline's (spool_is_for), and nothing was touched. ERR_BUSY: another
 * process holds it, and the message says who. ERR_DISK: not usable. A full disk is no failure:
 * what waits can still be delivered. ret_recovery may be NULL. */
MUST_CHECK bool spool_open(struct spool **ret, const char *folder,
			   const struct spool_options *options,
			   struct spool_recovery *ret_recovery, struct err *reterr);
/* Releases everything, leaves unsealed parts in tmp/ for the next one who opens the spool (seal
 * them before, unless that one keeps parts), takes back a collection that was not synced. NULL is
 * fine. */
void spool_close(struct spool *spool);
const char *spool_instance(const struct spool *spool); /* as in INSTANCE */

/* --- whose it is --- */
/* "" where it is nobody's yet, or is not there. Without the lock. */
MUST_CHECK bool spool_owner(const char *folder, char ret[SPOOL_OWNER_BYTES], struct err *reterr);
/* Without the lock and without changing anything. ERR_USAGE: it is another's; the message names
 * both and says what to do. */
MUST_CHECK bool spool_is_for(const char *folder, const char *owner, struct err *reterr);
/* What was `from`'s is `to`'s from here on, all that waits in it included. One that is `to`'s
 * already, nobody's or not there is fine, so that it can be done again after a crash at any point.
 * ERR_USAGE: a third one's. ERR_BUSY: somebody uses it. */
MUST_CHECK bool spool_take_over(const char *folder, const char *from, const char *to,
				struct err *reterr);

/* --- collecting: begin, append..., sync or abandon --- */
/* Whether there is room for one more collection. ERR_DISK: not; the collection must not be asked
 * for (what is read once would be lost), and the message is the gap's reason, for instance "spool
 * '/var/lib/firn/spool' is full: 2.0 GiB of at most 2.0 GiB". With drop-oldest makes room first. */
MUST_CHECK bool spool_begin(struct spool *spool, struct err *reterr);
/* One or more lines of NDJSON, of any size; a last line without line end gets one. The text is
 * not looked at otherwise and not kept. Table and customer are any text that is not empty.
 * ERR_DISK: the collection has failed, spool_sync will say so again. ERR_MEMORY likewise, also
 * for more than SPOOL_PARTS_MAX tables and customers in one collection. */
MUST_CHECK bool spool_append(struct spool *spool, struct span table, struct span customer,
			     struct span lines, struct err *reterr);
/* True: all rows since spool_begin are durable. False: none is kept, as long as the disk obeys;
 * the collection may be tried again from spool_begin. Seals what is due by then. Either way the
 * collection is over. A segment that could not be sealed is no failure of the collection: its
 * rows are durable in tmp/. */
MUST_CHECK bool spool_sync(struct spool *spool, struct err *reterr);
void spool_abandon(struct spool *spool); /* takes the collection back; none open is fine */

/* Seals the parts that are due by time or size. *ret_wait_ms: until the next is due; -1: nothing
 * is open. Call it at least that often. Fails with ERR_DISK when a part could not be sealed; its
 * rows stay durable in tmp/ and sealing is tried again with the next call. */
MUST_CHECK bool spool_seal_due(struct spool *spool, int64_t *ret_wait_ms, struct err *reterr);
/* Seals what will be due by then, microseconds since 1970: what nobody comes to seal in time. */
MUST_CHECK bool spool_seal_by(struct spool *spool, int64_t by_us, struct err *reterr);
/* Seals every part, those that recovery had to leave too: at the end of a run. */
MUST_CHECK bool spool_seal_all(struct spool *spool, struct err *reterr);

/* What drop-oldest deleted since the last call, to be logged and recorded. */
struct spool_dropped {
	int64_t files, rows, bytes;
	int64_t from_ms, until_ms; /* of sealing, oldest and newest; 0 where none was dropped */
};
struct spool_dropped spool_take_dropped(struct spool *spool);

/* --- delivering --- */
/* The oldest at most n_max waiting segments that come after `after` (NULL: of all), oldest first.
 * Looks at every waiting name, but keeps no more than n_max of them; n_max of
 * SPOOL_OLDEST_MAX costs 400 KiB. A pass over everything: begin with NULL, go on behind the last
 * one until *ret_n is 0. One that failed and stays is so not met again in the same pass.
 * Works, as spool_read_open and the two after it, while a collection is open. */
MUST_CHECK bool spool_oldest(struct spool *spool, const struct segment *after, size_t n_max,
			     struct segment *ret, size_t *ret_n, struct err *reterr);

struct spool_reader;
/* Opens a segment and reads it once, to compare it with its name: what comes out of spool_read
 * afterwards is whole. ERR_DATA: torn, changed or empty: quarantine it and go on. ERR_DISK: cannot
 * be read (try later). ERR_BUSY: it is no longer there (dropped as the oldest): forget it. */
MUST_CHECK bool spool_read_open(struct spool *spool, const struct segment *segment,
				struct spool_reader **ret, struct err *reterr);
int64_t spool_reader_bytes(const struct spool_reader *reader);
const char *spool_reader_sha256(const struct spool_reader *reader); /* 64 hexadecimal digits */
/* The next at most `room` bytes; *ret_size is 0 at the end. The bytes are hashed once more: with
 * the last of them ERR_DATA where they are no longer those that were checked. */
MUST_CHECK bool spool_read(struct spool_reader *reader, void *to, size_t room, size_t *ret_size,
			   struct err *reterr);
MUST_CHECK bool spool_read_again(struct spool_reader *reader, struct err *reterr); /* to byte 0 */
void spool_read_close(struct spool_reader *reader); /* NULL is fine */

/* The far side has acknowledged it: deletes it. Absent is fine. ERR_DISK: it stays, and is to be
 * sent once more, also as long as what it was made of cannot be removed from tmp/. After a power
 * cut it may be there again; sending it once more is harmless, its key is the same. */
MUST_CHECK bool spool_done(struct spool *spool, const struct segment *segment,
			   struct err *reterr);
/* Moves it to quarantine/ and writes `why` (one line, printable) beside it; it is not delivered
 * again. To have it sent after all, a person moves it back to ready/. */
MUST_CHECK bool spool_quarantine(struct spool *spool, const struct segment *segment,
				 const char *why, struct err *reterr);

/* --- looking --- */
struct spool_summary {
	int64_t files, rows, bytes; /* waiting in ready/ */
	int64_t oldest_ms;          /* sealing time of the oldest; 0: nothing waits */
	int64_t parts, parts_bytes; /* unfinished, in tmp/; their rows are in no number here */
	int64_t quarantined;        /* files there, without their .why */
	int64_t quarantined_bytes;
	int64_t free_bytes, free_files; /* of the file system; -1: it does not say */
	bool near_limit; /* some limit is used by more than SPOOL_NEAR_PERCENT, or full */
	bool too_old;    /* the oldest is older than age_max_ms */
};
/* Without the lock and without changing anything, also while another process collects: numbers
 * are those of the moments at which each folder was read. A spool that does not exist is empty.
 * now_us: for too_old. */
MUST_CHECK bool spool_look(const char *folder, const struct spool_limits *limits, int64_t now_us,
			   struct spool_summary *ret, struct err *reterr);
/* How many segments wait, by their names alone: a fifth of the time that spool_look takes. */
MUST_CHECK bool spool_count(struct spool *spool, int64_t *ret_files, struct err *reterr);
/* spool_look of an open spool. */
MUST_CHECK bool spool_summarize(struct spool *spool, struct spool_summary *ret,
				struct err *reterr);

#endif
