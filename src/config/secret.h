/* Values that must not be seen: where they come from, reading them again, and taking them out of
 * everything that is printed. */
#ifndef FIRN_CONFIG_SECRET_H
#define FIRN_CONFIG_SECRET_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

struct secrets;

struct secret {
	const char *name;     /* the key that it stands under: "source.auth.bearer" */
	struct span value;    /* resolved; secrets_reload puts another one here, old ones live on */
	bool plain;           /* stands in the file itself */
	bool identity;        /* who somebody is: no secret where it stands in the file itself */
	bool rereadable;      /* ${file:…} or ${cmd:…}: may be another next time */
};

MUST_CHECK bool secrets_new(struct secrets **ret, const char *folder, struct err *reterr);
void secrets_free(struct secrets *); /* overwrites them; NULL is fine */

/* Replaces ${…} and $$ in `text`. ERR_USAGE: a variable is not set, a file cannot be read, a
 * program failed, braces do not close. *ret_reference: something was replaced. */
MUST_CHECK bool secrets_expand(struct secrets *, struct span text, struct buf *ret,
			       bool *ret_reference, struct err *reterr);
/* A secret out of a configuration value; owned by `secrets`. An `identity` (a user's name, a
 * client's id) is no secret where it stands in the file itself: it is then not scrubbed. */
MUST_CHECK bool secrets_add(struct secrets *, const char *name, struct span text, bool identity,
			    struct secret **ret, struct err *reterr);
/* A value that is known already and must only be kept out of what is printed; a token only as
 * long as it is one of the last TOKENS_NOTED_MAX. All this may be called while another thread
 * scrubs. */
MUST_CHECK bool secrets_note(struct secrets *, struct span value, struct err *reterr);
MUST_CHECK bool secrets_note_token(struct secrets *, struct span value, struct err *reterr);
/* Reads those again that can change. */
MUST_CHECK bool secrets_reload(struct secrets *, struct err *reterr);

/* Appends `text` with every known secret replaced by ***, as it is, percent-encoded, or as JSON
 * writes it; older values of reread ones count too, values under four bytes do not. Also what
 * stands behind apikey=, api_key=, key=, token=, access_token=, client_secret=, password= in a
 * URL's query. Safe from two threads. */
void secrets_scrub(const struct secrets *, struct buf *out, struct span text);

/* All that secrets_add made, the newest first. */
void secrets_each(const struct secrets *, void (*told)(void *user, const struct secret *),
		  void *user);

/* The path of each file that a ${file:…} names, once. */
void secrets_each_file(const struct secrets *, void (*told)(void *user, const char *path),
		       void *user);

#endif
