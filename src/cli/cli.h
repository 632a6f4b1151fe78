/* What the commands share: how a command gets its configuration, its log, its colours, and how it
 * says what went wrong. One file a command: cmd_NAME.c. Results go to standard output, talk to
 * standard error. */
#ifndef FIRN_CLI_CLI_H
#define FIRN_CLI_CLI_H

#include "base/log.h"
#include "base/zone.h"
#include "cli/options.h"
#include "config/config.h"
#include "run/progress.h"
#include "run/setup.h"

#include <signal.h>
#include <stdio.h>

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_PARTLY = 3 };

struct cli {
	struct parsed parsed;
	char **argv;            /* main's */
	bool terminal;          /* standard error is one */
	bool colour, unicode;   /* of standard output */
	bool error_colour;      /* of standard error */
	bool quiet, verbose, json_log;
	bool service;           /* no progress: nobody looks on */
	bool talks;             /* all lines of the log go to standard error too */
	bool said_waiting;      /* for the warehouse */
	int columns;            /* of standard error; 80 where it does not say */
	int out_columns;        /* of standard output; 0: no terminal */
	/* Raised by SIGINT and SIGTERM once catch_signals was called; before, they kill: there is
	 * nothing yet that has to be brought to an end. */
	const volatile sig_atomic_t *stop;
	void (*catch_signals)(void);
	struct config *config;
	struct setup *setup;
	struct zone *zone;
	struct log *log;
	bool *log_complained;   /* see log_options; NULL but for firn start */
	struct pulse *pulses;   /* signs of life, likewise */
	struct progress *progress;
};

/* The file that -c, $FIRN_CONFIG or nothing names. */
const char *cli_config_path(const struct cli *);
/* Reads the configuration; says what is wrong with it. */
MUST_CHECK bool cli_config(struct cli *);
/* And puts the pipeline together (cli_config first, if that was not done). */
MUST_CHECK bool cli_setup(struct cli *);
/* Tables alone (setup_open_tables), and for landed files: neither needs a source. */
MUST_CHECK bool cli_setup_tables(struct cli *);
MUST_CHECK bool cli_setup_landing(struct cli *);
/* The log file and the progress bar, for commands that load. */
MUST_CHECK bool cli_log(struct cli *);

/* One run like that of firn run, for firn start: of these streams and those that they hang on (n
 * 0: all), with the setup that is there. Says all in the log, nothing on standard output. Gives
 * the exit code and the names of the streams that failed, a NUL behind each. */
int cli_run_again(struct cli *, const char *const *streams, size_t n, struct buf *failed);
/* What those runs have left unsealed in the spool is sealed: nobody comes by any more. Whether it
 * could be is said in the log. */
void cli_seal(struct cli *);

/* Says an error on standard error, without secrets, and gives the exit code that goes with it. */
int cli_fail(struct cli *, const struct err *why);
/* A line of talk on standard error, unless -q. */
void cli_say(struct cli *, const char *format, ...) PRINTF_LIKE(2, 3);
/* Text to standard output, without secrets. False: it could not be written. */
bool cli_print(struct cli *, struct span text);
/* Exit code for standard output that failed (a full disk, a closed pipe). */
int cli_finish_output(struct cli *, int code);

/* The commands. */
int cmd_setup(struct cli *);
int cmd_initial_load(struct cli *);
int cmd_run(struct cli *);
int cmd_start(struct cli *);
int cmd_load(struct cli *);
int cmd_service(struct cli *);
int cmd_ddl(struct cli *);
int cmd_flush(struct cli *);
int cmd_status(struct cli *);
int cmd_reset(struct cli *);
int cmd_views(struct cli *);
int cmd_query(struct cli *);
int cmd_validate(struct cli *);
int cmd_report(struct cli *);
int cmd_check(struct cli *);
int cmd_connectors(struct cli *);
int cmd_completion(struct cli *);

#endif
