/* What the parts of `firn setup` share: the answers, and where they come from.
 *
 *	setup_old      takes answers out of an older program's file
 *	setup_ask      takes options, and asks for the rest at a terminal
 *	setup_write    makes a configuration with comments of them
 *	cmd_setup      proves it against both ends, then saves it
 *
 * A secret is never an answer: it is a reference (${NAME}, ${file:PATH}), or a value that goes
 * into a file of its own, mode 0600, beside the configuration. */
#ifndef FIRN_CLI_SETUP_H
#define FIRN_CLI_SETUP_H

#include "cli/cli.h"
#include "connector/connector.h"

enum answer {
	ANSWER_CONNECTOR, ANSWER_PIPELINE, ANSWER_BASE_URL, ANSWER_AUTH, ANSWER_CLIENT_ID,
	ANSWER_SOURCE_USER, ANSWER_LOOKBACK, ANSWER_DESTINATION, ANSWER_DUCKDB, ANSWER_FOLDER,
	ANSWER_BUCKET, ANSWER_PREFIX, ANSWER_REGION, ANSWER_ACCOUNT, ANSWER_USER,
	ANSWER_KEY_FILE, ANSWER_WAREHOUSE, ANSWER_DATABASE, ANSWER_SCHEMA, ANSWER_ROLE,
	ANSWER_CREATE_VIEWS, ANSWER_WRITE, ANSWER_AT, ANSWER_EVERY, ANSWER_TIMEZONE,
	ANSWER_LOG_DIR, ANSWERS,
};

struct setup_secret {
	const char *option;   /* "token": --token-file, --token-env */
	const char *suffix;   /* of its file beside the configuration */
	struct buf value;     /* to be put into that file; empty: none */
	const char *reference; /* what the configuration says; NULL: value's file, or not given */
};

struct setup_setting {
	const char *name;
	const char *yaml;     /* its value as it stands in the file */
};

struct setup_answers {
	const char *at[ANSWERS]; /* NULL: not given */
	struct setup_secret token, password;
	struct setup_setting *settings;
	size_t settings_n, settings_room;
	const char *const *streams;
	size_t streams_n;
	struct connector *connector; /* NULL until it is known */
	const char *file;        /* the configuration that is made */
	struct arena *arena;
};

/* What was given on the command line: it counts before what an older file says. */
MUST_CHECK bool setup_take_options(struct cli *, struct setup_answers *, struct err *reterr);
/* ERR_USAGE: the file is none of the two older programs', or damaged. What changes and why is
 * appended to `notes`, a line each. */
MUST_CHECK bool setup_old(struct setup_answers *, const char *path, struct buf *notes,
			  struct err *reterr);
/* Fills in the rest: defaults, and questions with `ask`. ERR_USAGE: an answer is missing and
 * nobody can be asked, or one is wrong. ERR_STOPPED. */
MUST_CHECK bool setup_ask(struct cli *, struct setup_answers *, bool ask, struct err *reterr);
/* `fresh`: references to the secrets' files as they are before saving. */
MUST_CHECK bool setup_write(const struct setup_answers *, bool fresh, struct buf *out,
			    struct err *reterr);

/* Path of the file that a secret goes to: beside the configuration (its name alone where
 * `relative`); `fresh` as above. NULL: no memory. */
const char *setup_secret_path(const struct setup_answers *, const struct setup_secret *,
			      bool relative, bool fresh);
/* A text as a value of firn.yaml: in quotes, $ doubled. */
bool setup_add_value(struct buf *out, struct span text);
MUST_CHECK bool setup_add_setting(struct setup_answers *, const char *name, struct span yaml,
				  struct err *reterr);
/* The connector of ANSWER_CONNECTOR. */
MUST_CHECK bool setup_know_connector(struct setup_answers *, struct err *reterr);
/* Its first way to sign in that setup can ask for; AUTH_NONE where it needs none. */
enum auth_kind setup_auth(const struct setup_answers *);
bool setup_collects(const struct setup_answers *); /* its records are gone once they were read */

#endif
