/* What the files behind landing.h share: landing.c walks and pages, landing_file.c takes one file,
 * landing_copy.c lets Snowflake read them itself, landing_commit.c sends what is staged. */
#ifndef FIRN_RUN_LANDING_PRIVATE_H
#define FIRN_RUN_LANDING_PRIVATE_H

#include "run/keyset.h"
#include "run/landed_bucket.h"
#include "run/landed_place.h"
#include "run/landed_read.h"
#include "run/landing.h"
#include "run/staging.h"
#include "shape/landed.h"
#include "warehouse/files.h"

/* A table and what is on its way into it. */
struct landing_stream {
	const struct stream *stream;
	const struct table *table;
	char folder[SEGMENT_FOLDER_BYTES];
	struct table landed;
	struct shaper *shaper;   /* NULL until a file needs it, batch likewise */
	struct batch *batch;
	struct keyset keys;
	bool prepared;           /* the warehouse has the table */
	bool any;                /* this load had a file of it */
	bool twice;              /* a key is staged twice */
	int64_t staged_rows, staged_bytes;
	int64_t damaged;
	int64_t told_rescued, told_rejected; /* to the local copy */
	struct run_row run;
	const char *why;         /* the first damage, or NULL */
};

/* One that waits for its page to be looked up. */
struct landing_file {
	const char *path;        /* as it is named: a path, or s3://bucket/key */
	const char *content;     /* where it is read: on this machine */
	const char *key;
	struct landing_stream *stream;
	struct landed_place place;
	int64_t bytes;           /* as it was listed; -1: not known */
	bool done;               /* by landing_copy_page */
};

struct landing {
	const struct landing_options *options;
	struct setup *setup;
	struct landing_result *result;
	struct landing_stream *streams;
	size_t streams_n;
	struct warehouse *warehouse; /* NULL until a file needs it */
	struct arena *page_arena;
	struct landing_file *page;
	size_t page_n;
	struct batch *files, *rejects;
	int64_t files_staged, rejects_staged;
	int64_t seq;
	int64_t files_seen, files_total;
	int64_t started_us;
	struct retry_budget budget;
	struct staging staging;
	const char *host;
	char run_id[64];
	struct landed_bucket *bucket; /* NULL: the files are on this machine */
	const char *stage_url;   /* of the stage through which Snowflake reads; NULL: none */
	int64_t listed_bytes;    /* of the file that is seen now; -1: not known */
	const char *fetched;     /* where an object's bytes are while it is read */
	bool waited;
	bool in_file;            /* some of a file's rows may be staged, not all of them */
};

/* landing_file.c: one file, rows and all. False: the load cannot go on. */
/* How far it is, on the bar. */
void landing_show(struct landing *);
MUST_CHECK bool landing_take(struct landing *, struct landing_file *,
			     const struct loaded_file *, struct err *reterr);
/* Names a file that gives no row. */
void landing_damaged(struct landing *, struct landing_stream *, const char *path,
		     const struct err *why);

/* Its rows in FIRN_FILES; sha256 "": not known. */
MUST_CHECK bool landing_add_file(struct landing *, const struct landing_file *, int64_t bytes,
				 const char *sha256, int64_t rows, struct err *reterr);
/* Without reading it: it is as long as what was loaded, where that is known, and its name carries
 * the hash that it was loaded with. */
bool landing_is_known(const struct landing_file *, const struct loaded_file *);

/* landing_copy.c: s3:// through a stage. Every object below options->path is given to `each`, as
 * landed_bucket_each does, with listed_bytes set. */
MUST_CHECK bool landing_copy_each(struct landing *,
				  bool (*each)(void *user, const char *url, struct err *reterr),
				  struct err *reterr);
/* Of this page the files that COPY can read: `done` of each says so. loaded[i] is page[i]'s. */
MUST_CHECK bool landing_copy_page(struct landing *, const struct loaded_file *loaded,
				  struct err *reterr);

/* landing_older.c: the older collector's file as lines of the landed format. ERR_DATA: it holds no
 * reading. */
MUST_CHECK bool landing_older_lines(const struct landing *, const struct landing_file *,
				    struct buf *out, struct landed_sum *ret, struct err *reterr);

/* landing_commit.c */
MUST_CHECK bool landing_flush(struct landing *, struct landing_stream *, struct err *reterr);
bool landing_due(const struct landing *);
MUST_CHECK bool landing_commit(struct landing *, struct err *reterr);
/* How each table ended; the local copy learns of it. */
MUST_CHECK bool landing_settle(struct landing *, const struct err *broke, struct err *reterr);

#endif
