/* What the readers of a connector's parts share. Reading never stops at a mistake: it is told,
 * and the part is left out, so that one run tells a person everything. Running out of memory sets
 * mistakes->failed and makes all that follows idle.
 *
 *	connector.c      the whole: in which order the parts are read
 *	read_value.c     templates, pointers, query and header entries, bodies
 *	read_settings.c  what the user is asked for
 *	read_auth.c      the ways to sign in
 *	read_stream.c    a stream: what is asked, and how often
 *	read_answer.c    a stream: paging, counting, records, errors
 *	read_columns.c   a stream: its table
 *	rules.c          what only a whole stream, or all of them, can tell
 *	slots.c          {scope.name}: may it stand there, and is there such a name? */
#ifndef FIRN_CONNECTOR_READER_H
#define FIRN_CONNECTOR_READER_H

#include "config/keys.h"
#include "connector/connector.h"
#include "connector/grammar.h"

enum stream_kind { STREAM_PLAIN, STREAM_CHILD, STREAM_ROWS };

/* A stream while it is read: where it stands in the file, with `defaults` beneath it. */
struct draft {
	struct stream *stream;
	const struct yaml *name;
	struct keys keys;
	enum stream_kind kind;
	bool columns_wrong; /* one could not be read: who names it is not to blame */
	bool slots_wrong;   /* a slot is: perhaps it is the one that seems to be missing */
};

struct reader {
	struct arena *arena;
	struct mistakes *mistakes;
	struct connector *connector;
	struct setting *settings;
	struct stream *streams;
	struct draft *drafts; /* one for each stream */
	struct keys top;
	const struct yaml *defaults; /* a map, or NULL */
	size_t templates_wrong;      /* so far */
	size_t spent;                /* of CONNECTOR_BYTES_MAX: above it reading ends */
};

/* --- read_value.c --- */
void *read_array(struct reader *, size_t n, size_t size); /* NULL: no memory, or told */
/* False: that would be too much; told. */
bool read_spend(struct reader *, size_t bytes);
/* A scalar; false: told, or no memory. */
bool read_template(struct reader *, const struct yaml *node, struct template *ret);
/* The key's, or its default's; NULL: neither, or wrong. */
const struct template *read_template_key(struct reader *, struct keys, const char *name);
/* A path: what does not belong into one is told. */
const struct template *read_path(struct reader *, struct keys, const char *name);
struct pointers read_pointers(struct reader *, struct keys, const char *name);
struct value read_value(const struct yaml *scalar); /* its kind and text */
/* The values of one name in query, headers or fields. */
bool read_entry(struct reader *, const struct yaml *name, const struct yaml *values,
		struct entry *ret);
/* A query of its own, nothing beneath. */
bool read_query(struct reader *, const struct yaml *map, const struct entry **ret, size_t *ret_n);
/* The stream's entries, then those of defaults that it does not give, take away or cannot fill. */
bool read_entries(struct reader *, struct draft *, const char *key, const struct entry **ret,
		  size_t *ret_n);
bool read_body(struct reader *, const struct yaml *node, struct body *ret);
/* False: this kind of stream has no such values; a default that holds one does not apply. */
bool draft_fills(const struct draft *, const struct template *);

/* --- read_settings.c, for what the user gives too --- */
enum { WHY_BYTES = 300 };
/* A scalar as the setting wants it. False: `why` says "is 95; expected -90 to 90". */
bool setting_judge(const struct setting *, const struct yaml *scalar, struct value *ret,
		   char why[WHY_BYTES]);

/* --- the parts --- */
void read_settings(struct reader *);
void read_auth(struct reader *);
void read_stream(struct reader *, struct draft *);
void read_answer(struct reader *, struct draft *);
void read_columns(struct reader *, struct draft *);
void check_names(struct reader *, const struct yaml *map); /* of query and headers */
void check_rules(struct reader *);
void check_slots(struct reader *);

/* Where to say what is wrong with a stream: its own key, else its name (never in defaults, where
 * nobody could tell which stream is meant). */
const struct yaml *draft_mark(const struct draft *, const char *key);
/* `inner` of the stream's own map `key`, else as draft_mark. */
const struct yaml *draft_inner_mark(const struct draft *, const char *key, const char *inner);
const struct setting *reader_setting(const struct reader *, struct span name); /* NULL: none */
int draft_column(const struct draft *, struct span name); /* -1: none */
/* True where a template of the request (and not of columns) holds such a slot. */
bool request_has(const struct stream *, enum slot_scope scope, const char *name);
/* Calls `see` with every template of the request; false ends it. */
bool request_each(const struct stream *, bool (*see)(void *user, const struct template *,
						     enum template_place place), void *user);

#endif
