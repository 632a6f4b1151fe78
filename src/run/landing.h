/* Landed files into the warehouse: what `firn load` does.
 *
 * Files are looked up in FIRN_FILES, a page of them at a time; one that is loaded already is passed
 * by. Every other one is read to its end before any row of it is taken: a damaged file gives no
 * row, is named, and the others go on. Rows are staged and merged as those of an API are, several
 * files a transaction, their rows in FIRN_FILES in the same one. Memory does not grow with the
 * number of files or their size. */
#ifndef FIRN_RUN_LANDING_H
#define FIRN_RUN_LANDING_H

#include "base/log.h"
#include "run/progress.h"
#include "run/setup.h"

#include <signal.h>

struct credentials_environment;
struct pulse;
struct retry_budget;

struct landing_options {
	struct setup *setup;        /* of setup_open_landing, locked */
	struct log *log;
	struct progress *progress;
	const char *path;           /* a folder, a file, a spool, or s3://bucket/prefix */
	const struct credentials_environment *aws; /* for s3://; NULL: nothing is set */
	struct retry_budget *budget; /* of the run, counted on; NULL: a new one */
	const volatile sig_atomic_t *stop; /* not 0: end soon, keep what is complete */
	struct pulse *pulse;        /* NULL: nobody watches */
	const struct view *views;   /* made or refreshed after the last commit; n 0: none */
	size_t views_n;
	const struct view_options *view_options;
	/* NULL, or called for each file that gives no row, with the reason. */
	void (*damaged)(void *user, const char *path, const char *why);
	void *user;
};

struct landing_table { /* that had files; texts live as long as the setup */
	const char *stream, *table;
	struct run_row run;         /* `pages` counts files */
	int64_t damaged;
	bool failed;                /* damaged files, too many rows rejected: run.error says */
};

struct landing_result {
	struct landing_table *tables;
	size_t tables_n;
	int64_t loaded, passed_by;  /* files */
	int64_t damaged;            /* of no known table, too */
	int64_t left_out;           /* what is no landed file */
	bool stopped;
	bool committed;             /* something came into the warehouse */
};

/* False: it broke off (reterr); what was committed before stays, and `ret` says so. ERR_USAGE: the
 * path is not there. */
MUST_CHECK bool landing_load(const struct landing_options *, struct landing_result *ret,
			     struct err *reterr);

#endif
