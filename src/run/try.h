/* `connectors try`: asks one stream for its first pages, shapes their rows as a load would, and
 * tells what a connector's author wants to know. Nothing is loaded, nothing is kept, no state is
 * looked at. With a saved answer nothing is asked either.
 *
 * Credentials and settings come from a configuration, if one is given; its credentials go only
 * where that configuration's own connector would send them. */
#ifndef FIRN_RUN_TRY_H
#define FIRN_RUN_TRY_H

#include "base/arena.h"
#include "base/bounds.h"
#include "config/config.h"
#include "shape/column.h"

#include <signal.h>

struct try_options {
	const char *connector;       /* a file, or a built-in's name */
	bool is_path;
	const char *stream;          /* NULL: the only one */
	const struct config *config; /* NULL: no sign-in, settings out of `set` alone */
	const char *const *set;      /* "NAME=VALUE"; VALUE may hold ${...}; [..] is a list */
	size_t set_n;
	int64_t from_us, until_us;   /* STAMP_NONE: the last step of the stream's window */
	int64_t pages;
	const char *answer;          /* the file of a saved answer, or NULL */
	const volatile sig_atomic_t *stop;
	/* Each request and each answer, as it goes and comes: whole lines, without secrets. */
	void (*say)(void *user, struct span lines);
	void *user;
};

struct try_result {
	const char *stream;
	const struct table *table;
	int64_t rows, rejected;
	/* The first rows, cell by cell: the table's columns without excluded ones; times as people
	 * write them; at NULL: NULL. */
	struct span *shown;
	size_t shown_n;
	const char **names;
	enum type *types;
	size_t columns_n;
	struct buf json;             /* all rows, as they are landed: objects, ",\n" in between */
	struct buf talk;             /* lines about how it was asked */
	struct buf notes;            /* lines about the rows, the paging, the connector */
	bool failed;                 /* the API refused, or a page could not be read: `why` */
	struct err why;
	struct secrets *secrets;     /* what must not be printed: scrub rows and notes with it */
	bool owns_secrets;
	struct connector *connector;
	struct arena *arena;
};

/* False: it could not begin (ERR_USAGE: the file, the settings, the sign-in; `mistakes` as in
 * connector_parse). The caller gives the result back in any case. */
MUST_CHECK bool try_run(const struct try_options *, struct try_result *ret, struct buf *mistakes,
			struct err *reterr);
void try_result_done(struct try_result *);

#endif
