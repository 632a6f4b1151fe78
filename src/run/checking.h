/* What the files behind run/check.h share; nobody else includes this.
 *
 *	check.c         configuration, secrets, connector, views
 *	check_source.c  the source: reachable, signed in, each stream allowed, clocks
 *	check_place.c   the destination and this machine's folders
 *	check_snowflake.c  the destination where it is Snowflake */
#ifndef FIRN_RUN_CHECKING_H
#define FIRN_RUN_CHECKING_H

#include "run/check.h"
#include "run/setup.h"

struct checking {
	const struct check_options *options;
	const struct config *config;
	struct check_result *result;
	struct setup *setup; /* NULL: connector or settings are wrong */
};

/* `todo` NULL: nothing to do. The text is a printf format. */
void check_tell(struct checking *, enum check_state, const char *what, const char *todo,
		const char *format, ...) PRINTF_LIKE(5, 6);
/* Without `what: ` in front, its hint (behind the last " -- ") as what to do; `todo` where it has
 * none. */
void check_tell_error(struct checking *, enum check_state, const char *what, const char *todo,
		      const char *text);

/* The tables that are there against what firn writes; there[i] is of setup->tables[i] (NULL: not
 * wanted). */
struct warehouse;
MUST_CHECK bool check_tables(struct checking *, struct warehouse *, bool *there,
			     struct err *reterr);
MUST_CHECK bool check_snowflake(struct checking *, struct err *reterr);
MUST_CHECK bool check_source(struct checking *, struct err *reterr);
/* check_landing.c: a folder or a bucket; the spool. */
MUST_CHECK bool check_landing(struct checking *, struct err *reterr);
MUST_CHECK bool check_spool(struct checking *, struct err *reterr);
/* A folder that is written to, and how much is free there; it may not be there yet. `todo` names
 * the key of the configuration that says another. */
MUST_CHECK bool check_folder(struct checking *, const char *what, const char *key,
			     const char *path, struct err *reterr);
MUST_CHECK bool check_room(struct checking *, const char *what, const char *path,
			   struct err *reterr);
MUST_CHECK bool check_place(struct checking *, struct err *reterr);

#endif
