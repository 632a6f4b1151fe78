/* What was asked, for tests that assert on it, and sums of it. Requests to /sim/ are left out. */
#ifndef FIRN_SIM_JOURNAL_H
#define FIRN_SIM_JOURNAL_H

#include "world.h"

#include "base/buf.h"

enum { JOURNAL_MAX = 20000 }; /* entries; the oldest go first */

struct journal_entry {
	const char *method;
	struct span path, query; /* as sent */
	const char *auth;        /* "right", "none", "wrong", "expired" */
	unsigned status;
	struct span faults;      /* the kinds, with blanks between */
	struct span headers;     /* a JSON object, secrets left out */
	int64_t at_ms;           /* since the start */
	int64_t at_us;           /* the simulated now */
	int entity;              /* -1: none */
	uint64_t page, rows, bytes;
};

struct journal;

MUST_CHECK bool journal_new(struct journal **ret, struct err *reterr);
void journal_free(struct journal *journal);
void journal_add(struct journal *journal, const struct journal_entry *entry);
/* A request begins, and has been dealt with: for "how many at once". */
void journal_begin(struct journal *journal);
void journal_end(struct journal *journal);
void journal_clear(struct journal *journal);
bool journal_list(struct journal *journal, struct buf *out);  /* a JSON list */
bool journal_sums(struct journal *journal, struct buf *out);  /* members of an object */

#endif
