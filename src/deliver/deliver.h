/* Delivery: carries what is spooled to S3 or to a folder, the oldest first.
 *
 * Idempotent by segment: its key never stands for other bytes, so a delivery that was killed at
 * whatever moment is simply made again; what arrived already is seen to be there. A segment is
 * given up (`done`) only when the destination has confirmed it. Nothing is dropped for a refusal:
 * 401, 403, a missing bucket keep everything and raise the alarm. One segment that cannot be
 * delivered never holds up the others: it is set aside with its reason where it is at fault, and
 * left for the next time where that is not known. */
#ifndef FIRN_DELIVER_DELIVER_H
#define FIRN_DELIVER_DELIVER_H

#include "base/err.h"
#include "fetch/retry.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

struct pulse;
struct s3;

struct deliver_segment {
	const char *key;  /* "<table>/YYYY/MM/DD/<customer>/<instance>-<name>" */
	const char *name; /* for people */
	int64_t rows;
	void *handle;     /* the source's own */
};

/* What `open` knows of a segment's bytes, having read them once. */
struct deliver_bytes {
	void *reader;
	int64_t size;
	const char *sha256; /* SHA256_HEX digits, lower case; lives as long as the reader */
};

/* Where segments come from; src/deliver/from_spool.h is one. Every segment that `next` hands out
 * comes back by exactly one of done, quarantine and leave; its texts live until then. */
struct deliver_source {
	void *user;
	/* The oldest that was not handed out yet. *ret_any false: there is none. */
	bool (*next)(void *user, struct deliver_segment *ret, bool *ret_any, struct err *reterr);
	/* ERR_DATA: it is damaged: quarantine. ERR_BUSY: it is gone. Else: not readable now. */
	bool (*open)(void *user, const struct deliver_segment *, struct deliver_bytes *ret,
		     struct err *reterr);
	/* The next bytes; *ret_n 0 at the end. ERR_DATA: they have changed since. */
	bool (*read)(void *reader, void *to, size_t room, size_t *ret_n, struct err *reterr);
	bool (*again)(void *reader, struct err *reterr); /* from the first byte on */
	void (*close)(void *reader);
	bool (*done)(void *user, const struct deliver_segment *, struct err *reterr);
	bool (*quarantine)(void *user, const struct deliver_segment *, const char *why,
			   struct err *reterr);
	void (*leave)(void *user, const struct deliver_segment *);
};

struct deliver_options {
	const struct deliver_source *source;
	struct s3 *s3;       /* or NULL: */
	const char *folder;
	const char *prefix;  /* in front of each key in the bucket; NULL or "": none */
	int64_t in_flight_max; /* puts at a time, 1 to DELIVER_IN_FLIGHT_MAX */
	struct retry_budget *budget; /* what may be waited in all */
	/* Not 0: what is on its way is ended, nothing new begins. May be NULL. */
	const volatile sig_atomic_t *stop;
	/* Told as it happens, a line each, fit to log; may be NULL. */
	void (*told)(void *user, bool warning, const char *text);
	void *told_user;
	struct pulse *pulse; /* beats while it gets on or waits; NULL is fine */
};

struct deliver_result {
	int64_t files, rows, bytes; /* delivered */
	int64_t were_there;         /* of the files: an earlier try had arrived */
	int64_t quarantined;
	int64_t left;               /* handed out and not delivered; the source may have more */
	int64_t retries;
	bool emptied;               /* the source was asked to its end */
	struct err why;             /* the first reason why anything is left; ERR_NONE: none */
	bool alarm;                 /* that reason needs a person: AUTH, USAGE, REMOTE, DISK */
};

/* False only where it cannot go on at all: memory, or the spool itself fails (ERR_DISK). What is
 * left at the destination's fault is no failure of the call: see ret->left and ret->why. */
MUST_CHECK bool deliver(const struct deliver_options *options, struct deliver_result *ret,
			struct err *reterr);

#endif
