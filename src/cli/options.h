/* The command line, by tables: one row a command, one row an option. The same rows give --help,
 * the manual page and the shell completions, so that they cannot disagree. */
#ifndef FIRN_CLI_OPTIONS_H
#define FIRN_CLI_OPTIONS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

enum option_kind {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_DATE,     /* 2026-11-23, or a time: microseconds UTC */
	OPTION_NAMES,    /* a,b,c; may be given more than once */
	OPTION_PAIRS,    /* NAME=VALUE; may be given more than once */
	OPTION_COUNT,    /* a whole number */
	OPTION_CHOICE,   /* one of `choices` */
};

struct option {
	const char *name;    /* without its dashes */
	char letter;         /* 0: none */
	enum option_kind kind;
	const char *value;   /* what stands for the value in the help: "FILE" */
	const char *choices; /* "table|csv|json" */
	const char *help;
};

struct command;
struct cli;

struct command {
	const char *name;
	const char *words;     /* what stands behind it: "SQL", "[NAME]", "" */
	const char *help;      /* one line */
	const char *about;     /* some more for the manual page and --help */
	const struct option *options; /* ends with a NULL name */
	unsigned words_min, words_max;
	int (*run)(struct cli *cli);
	const char *const *subcommands; /* for completion; ends with NULL, or NULL */
};

/* Ends with a NULL name. */
extern const struct command COMMANDS[];
extern const struct option GLOBAL_OPTIONS[];

/* What was given. Texts point into argv. */
struct given {
	const struct option *option;
	const char *text;
	int64_t number; /* DATE, COUNT, CHOICE (its index) */
};

struct parsed {
	const struct command *command; /* NULL: none was named */
	struct given *given;
	size_t given_n;
	const char **words;
	size_t words_n;
	struct arena *arena;
};

/* ERR_USAGE: a complete message with the nearest known option or command. */
MUST_CHECK bool options_parse(int argc, char **argv, struct parsed *ret, struct err *reterr);
void options_done(struct parsed *);

bool option_flag(const struct parsed *, const char *name);
const char *option_text(const struct parsed *, const char *name); /* the last; NULL: not given */
bool option_number(const struct parsed *, const char *name, int64_t *ret); /* false: not given */
/* All values of an OPTION_NAMES, split at commas; lives as long as `parsed`. NULL and 0: none. */
const char *const *option_names(struct parsed *, const char *name, size_t *ret_n);

/* Help of one command, or of all (NULL). */
bool options_help(const struct command *, struct buf *out);
bool options_manual(struct buf *out); /* firn(1), as mdoc */
/* "bash", "zsh" or "fish". */
bool options_completion(const char *shell, struct buf *out);
const struct command *command_find(const char *name);

#endif
