/* `check`: what works and what does not, line by line, each failure with its remedy. Loads
 * nothing, makes no file, changes no state. */
#ifndef FIRN_RUN_CHECK_H
#define FIRN_RUN_CHECK_H

#include "config/config.h"

#include <signal.h>

enum check_state { CHECK_OK, CHECK_WARN, CHECK_FAIL };

struct check_line {
	enum check_state state;
	const char *what; /* "sign-in", a stream's name */
	const char *text;
	const char *todo; /* what to do about it; NULL: nothing */
};

struct credentials_environment;

struct check_options {
	const struct config *config;    /* as it was read */
	const char *environment_driver; /* $FIRN_DRIVER_PATH, or NULL */
	const struct credentials_environment *aws; /* for S3; NULL: nothing is set */
	const volatile sig_atomic_t *stop;
	/* Each line as soon as it is known; not scrubbed of secrets yet. */
	void (*told)(void *user, const struct check_line *);
	void *user;
};

struct check_result {
	size_t warned, failed;
	bool usage; /* something that failed is a matter of the configuration */
};

/* False: it could not go on (no memory, stopped). */
MUST_CHECK bool check_run(const struct check_options *, struct check_result *ret,
			  struct err *reterr);

#endif
