/* One table describes a YAML file: its keys, where they stand, what their values look like, their
 * defaults, and a line of help each. From that one table come
 *
 *	keys_check      what is wrong with a file, all of it, each mistake with its place
 *	keys_text ...   what the file says, defaults filled in, no second validation
 *	keys_grammar    the table as Markdown, for the manual
 *	keys_manual     the table as a part of a manual page
 *	keys_schema     the table as JSON Schema, for editors
 *
 * A form says what a value looks like; a key is a name with a form. Forms are static constants
 * that point at each other:
 *
 *	static const struct form STEP = {.kind = FORM_DURATION};
 *	static const struct key WINDOW_KEYS[] = {
 *		{"column", &COLUMN, KEY_REQUIRED, .help = "what the API filters by"},
 *		{"step", &STEP, .fallback = "1d", .help = "how long a slice is"},
 *		{.name = NULL},
 *	};
 *	static const struct form WINDOW = {.kind = FORM_MAP, .keys = WINDOW_KEYS};
 *
 * and a file is read in three steps:
 *
 *	struct mistakes mistakes = mistakes_in(arena, file);
 *	keys_check(&WINDOW, root, &mistakes);
 *	struct keys window = keys_of(&WINDOW, root);
 *	int64_t step_us = keys_duration(window, "step");
 *	... what depends on several values: mistake_add(&mistakes, keys_mark(window, "step"), ...)
 *	if (!mistakes_none(&mistakes, out, reterr)) ...
 *
 * Reading goes on where something was wrong, so that a person learns everything at once: a value
 * that keys_check found wrong reads as if it had not been given. */
#ifndef FIRN_CONFIG_KEYS_H
#define FIRN_CONFIG_KEYS_H

#include "base/arena.h"
#include "base/bounds.h"
#include "base/buf.h"
#include "base/err.h"
#include "config/yaml.h"

#include <stdint.h>

/* --- what a value looks like --- */
enum form_kind {
	/* scalars; null is none of them unless the form is nullable */
	FORM_TEXT,     /* any */
	FORM_SECRET,   /* any; no message shows it */
	FORM_BOOL,     /* true, false */
	FORM_INT,      /* min..max */
	FORM_NUMBER,   /* fractions too */
	FORM_DURATION, /* 350ms 6s 10m 1h 30d; min..max in microseconds */
	FORM_SIZE,     /* 500 8MiB 1kB; min..max in bytes */
	FORM_CHOICE,   /* one of `choices` */
	FORM_NAME,     /* [a-z][a-z0-9_-]* */
	FORM_COLUMN,   /* [A-Z][A-Z0-9_]* */
	FORM_TEMPLATE, /* text with {scope.name} in it, which its reader parses */
	FORM_POINTER,  /* a JSON Pointer: "" or /tickets/0 */
	FORM_URL,      /* https:// or http:// and a host */
	FORM_TIME,     /* iso, unix, unix_ms or a pattern: how times are written */
	FORM_SCALAR,   /* any, null too; its reader looks at its kind */
	/* more than a scalar */
	FORM_ANY,      /* any YAML; its reader looks */
	FORM_MAP,      /* `keys` */
	FORM_NAMED,    /* a map of names that the user chooses, each an `of`; min..max of them */
	FORM_LIST,     /* of `of`; min..max of them */
	FORM_EITHER,   /* the first of `any` that fits the value's YAML kind and takes it */
};

struct misplaced { /* names that people write in the wrong place */
	const char *name;  /* a `*` at its end or begin stands for anything */
	const char *under; /* where it belongs: a key of the same map */
};

struct form {
	enum form_kind kind;
	bool nullable;   /* ~ is taken too: its reader knows what it means (keys_own shows it) */
	bool lone;       /* of a list: one value needs no brackets */
	bool section;    /* of a map: paths in messages begin again with its keys */
	const char *title; /* of a map, one word: a table of its own in the grammar, a definition in
			    * the schema */
	int64_t min, max;  /* both 0: no bounds */
	/* Of a scalar: takes what the kind lets through; NULL: all of it. `wanted` is then said
	 * behind "expected". */
	bool (*accept)(struct span text);
	const char *wanted; /* of a choice with aliases: what it is called, "type" */
	const char *complaint; /* the whole message for a wrong scalar; @: what was found */
	const char *const *choices;  /* ends with NULL */
	const char *const *aliases;  /* pairs: what people write, what they mean; ends with NULL */
	const char *const *reserved; /* NAME, COLUMN: not for users; `X*` too; ends with NULL */
	const struct key *keys;         /* MAP: ends with a NULL name */
	const struct misplaced *misplaced; /* MAP: ends with a NULL name; NULL: none */
	const struct form *name;        /* NAMED: what its names look like; NULL: any text */
	const struct form *of;          /* NAMED, LIST */
	const struct form *const *any;  /* EITHER: ends with NULL */
};

enum {
	KEY_REQUIRED = 1 << 0,
	KEY_REMOVES = 1 << 1, /* ~ is taken: as if not given, and what lies beneath is taken away */
	KEY_YOURS = 1 << 8, /* this bit and those above mean what the format's reader wants */
};

struct key {
	const char *name;
	const struct form *form;
	unsigned flags;
	const char *fallback;  /* the default, as it would be written in the file; NULL: none */
	const char *otherwise; /* what the grammar says in the place of a default */
	const char *help;      /* one line, small first letter, no full stop */
	const char *wrong;     /* messages for the grammar, as examples; " · " between two */
};

/* --- mistakes --- */
struct mistake {
	int line, column;
	const char *text;
};

/* The first CONFIG_ERRORS_MAX of the file, in the order of their places, each once. */
struct mistakes {
	struct arena *arena;
	const char *file;
	struct mistake at[CONFIG_ERRORS_MAX];
	size_t n;
	const struct yaml *unsure[CONFIG_ERRORS_MAX]; /* maps in which a key is unknown */
	size_t unsure_n;
	bool failed; /* no memory: something may be missing */
};

/* Convention: a mistake that begins with a key's name stands at that key (or at the element of
 * its list), one about the inside of a value stands at the value. */
struct mistakes mistakes_in(struct arena *arena, const char *file);
/* `where` NULL: the file as a whole. Control characters become `?`; what comes out of the file
 * and may be long goes through yaml_shown. */
void mistake_add(struct mistakes *, const struct yaml *where, const char *format, ...)
	PRINTF_LIKE(3, 4);
void mistake_add_at(struct mistakes *, int line, int column, const char *format, ...)
	PRINTF_LIKE(4, 5);
/* True where a mistake at this place could no longer be told: looking closer is for nothing. */
bool mistakes_full(const struct mistakes *, const struct yaml *where);
/* True where a key of this map was unknown: perhaps it is the one that seems to be missing. */
bool mistakes_unsure(const struct mistakes *, const struct yaml *map);
/* Appends them to `out` (may be NULL), one a line, `file:line:column: text`; *reterr is the
 * first. True: there were none, nothing was written. ERR_USAGE, or ERR_MEMORY. */
MUST_CHECK bool mistakes_none(const struct mistakes *, struct buf *out, struct err *reterr);

/* --- checking --- */
void keys_check(const struct form *form, const struct yaml *tree, struct mistakes *mistakes);

/* --- reading --- */
/* A map of the file with its table. What it does not hold is looked for beneath, then the key's
 * default counts. `~` means: not given here, and not beneath either. */
struct keys {
	const struct form *form;     /* FORM_MAP */
	const struct yaml *map;      /* NULL: not given */
	const struct yaml *beneath;  /* NULL: nothing there */
	unsigned not_beneath;        /* keys with one of these flags are not looked for beneath */
};

/* `node` may be NULL or no map: then it reads as an empty one. Of a FORM_EITHER the alternative
 * that is a map counts. */
struct keys keys_of(const struct form *form, const struct yaml *node);

/* The value as it stands, here or beneath; NULL: not given, or ~. */
const struct yaml *keys_node(struct keys, const char *name);
bool keys_given(struct keys, const char *name);
/* The value in this map alone, ~ included; NULL: not given here. */
const struct yaml *keys_own(struct keys, const char *name);
/* Where to say what is wrong with a key: its name in this map, else beneath, else the map. */
const struct yaml *keys_mark(struct keys, const char *name);

/* Each gives the default where nothing (or nothing right) was given. NULL, false, 0: no default
 * either. */
const char *keys_text(struct keys, const char *name); /* of any scalar */
bool keys_bool(struct keys, const char *name);
int64_t keys_int(struct keys, const char *name);
double keys_number(struct keys, const char *name);
int64_t keys_duration(struct keys, const char *name); /* microseconds */
int64_t keys_size(struct keys, const char *name);     /* bytes */
/* The index in the form's choices; -1: neither given nor a default. */
int keys_choice(struct keys, const char *name);
/* A map inside the map. */
struct keys keys_map(struct keys, const char *name);
/* The first of *ret_n values of a list (one value alone is a list of one); NULL: none. A
 * default of a list is one value, for its reader to know. */
const struct yaml *keys_list(struct keys, const char *name, size_t *ret_n);
/* The key's form; of a FORM_EITHER the alternative that fits what was given. */
const struct form *keys_form(struct keys, const char *name);

/* One scalar as a form reads it, for elements of lists; false: it does not fit. */
bool form_takes(const struct form *form, const struct yaml *scalar);
bool form_duration(const struct yaml *scalar, int64_t *ret_us);
bool form_int(const struct yaml *scalar, int64_t *ret);
int form_choice(const struct form *form, const struct yaml *scalar); /* -1: none of them */
/* https:// or http://, a host, an optional port; no name and password in it. */
bool form_is_url(struct span text);

/* --- printing --- */
/* What the form wants, for messages and the manual: "a duration such as 6s", "none or a map" */
bool form_words(const struct form *form, struct buf *out);
/* The table as Markdown: the form's own keys, then a table for each map that has a title. */
bool keys_grammar(const struct form *form, struct buf *out);
/* The keys, all of them with their paths, as a list of a manual page (mdoc). */
bool keys_manual(const struct form *form, struct buf *out);
/* The table as a JSON Schema (draft 2020-12), with `title` and `help` on top. `references`: every
 * scalar may also be a text with ${...} in it. */
bool keys_schema(const struct form *form, const char *title, const char *help, bool references,
		 struct buf *out);

#endif
