/* The table of commands and options: parsing, --help, firn(1) and the completions come from it. */
#include "cli/cli.h"

#define STREAMS_OPTION \
	{"streams", 0, OPTION_NAMES, "A,B", NULL, "only these streams"}
#define END {NULL, 0, OPTION_FLAG, NULL, NULL, NULL}

const struct option GLOBAL_OPTIONS[] = {
	{"config", 'c', OPTION_TEXT, "FILE", NULL,
	 "the configuration (else $FIRN_CONFIG, else firn.yaml)"},
	{"quiet", 'q', OPTION_FLAG, NULL, NULL, "only errors on standard error"},
	{"verbose", 'v', OPTION_FLAG, NULL, NULL, "every page and every step on standard error"},
	{"log-format", 0, OPTION_CHOICE, NULL, "text|json", "of log files and standard error"},
	{"help", 'h', OPTION_FLAG, NULL, NULL, "this help"},
	{"version", 0, OPTION_FLAG, NULL, NULL, "the version"},
	END,
};

static const struct option SETUP_OPTIONS[] = {
	{"from", 0, OPTION_TEXT, "FILE", NULL,
	 "take over moveworks_config.json, or a collector's config.ini"},
	{"connector", 0, OPTION_TEXT, "NAME", NULL, "built in, or the path of a file"},
	{"pipeline", 0, OPTION_TEXT, "NAME", NULL, "the connector's by default"},
	{"base-url", 0, OPTION_TEXT, "URL", NULL, "another host or region"},
	{"auth", 0, OPTION_CHOICE, NULL, "none|bearer|basic|api_key|oauth2", "how to sign in"},
	{"token-file", 0, OPTION_TEXT, "FILE", NULL,
	 "token, key, password or client secret of the API; -: standard input"},
	{"token-env", 0, OPTION_TEXT, "NAME", NULL, "the environment variable it is in"},
	{"client-id", 0, OPTION_TEXT, "ID", NULL, "oauth2: the client's id"},
	{"source-user", 0, OPTION_TEXT, "NAME", NULL, "basic: the API's user"},
	STREAMS_OPTION,
	{"set", 0, OPTION_PAIRS, "NAME=VALUE", NULL, "a setting of the connector; lists as YAML"},
	{"lookback", 0, OPTION_TEXT, "DURATION", NULL, "what each run asks for once more"},
	{"destination", 0, OPTION_CHOICE, NULL, "duckdb|snowflake|s3|folder", "where it goes"},
	{"duckdb", 0, OPTION_TEXT, "FILE", NULL, "its file"},
	{"folder", 0, OPTION_TEXT, "DIR", NULL, "files are landed in it"},
	{"bucket", 0, OPTION_TEXT, "NAME", NULL, "s3: the bucket"},
	{"prefix", 0, OPTION_TEXT, "TEXT", NULL, "s3: in front of every key"},
	{"region", 0, OPTION_TEXT, "NAME", NULL, "s3: the bucket's"},
	{"account", 0, OPTION_TEXT, "NAME", NULL, "snowflake: ORG-ACCOUNT"},
	{"user", 0, OPTION_TEXT, "NAME", NULL, "snowflake: who signs in"},
	{"key-file", 0, OPTION_TEXT, "FILE", NULL, "snowflake: the private key"},
	{"password-file", 0, OPTION_TEXT, "FILE", NULL,
	 "snowflake: password, or the key's passphrase; -: standard input"},
	{"password-env", 0, OPTION_TEXT, "NAME", NULL, "the environment variable it is in"},
	{"warehouse", 0, OPTION_TEXT, "NAME", NULL, "snowflake: what computes"},
	{"database", 0, OPTION_TEXT, "NAME", NULL, "snowflake: where the schema is"},
	{"schema", 0, OPTION_TEXT, "NAME", NULL, "snowflake: where tables are made"},
	{"role", 0, OPTION_TEXT, "NAME", NULL, "snowflake: whose rights are used"},
	{"write", 0, OPTION_CHOICE, NULL, "upsert|append", "of equal keys the newest, or all"},
	{"at", 0, OPTION_TEXT, "TIMES", NULL, "it runs at 22:00, or 06:30,22:00"},
	{"every", 0, OPTION_TEXT, "DURATION", NULL, "or every 10m"},
	{"timezone", 0, OPTION_TEXT, "NAME", NULL, "of these times, such as US/Pacific"},
	{"force", 0, OPTION_FLAG, NULL, NULL, "replace a configuration that is there"},
	{"no-check", 0, OPTION_FLAG, NULL, NULL, "save without asking both ends"},
	END,
};
static const struct option INITIAL_LOAD_OPTIONS[] = {
	{"from", 0, OPTION_DATE, "DATE", NULL, "the first day, UTC"},
	{"to", 0, OPTION_DATE, "DATE", NULL, "the last day, UTC, included"},
	STREAMS_OPTION,
	{"again", 0, OPTION_FLAG, NULL, NULL, "load complete windows anew too"},
	{"dry-run", 0, OPTION_FLAG, NULL, NULL,
	 "print windows, the API's counts and the time to expect"},
	END,
};
static const struct option RUN_OPTIONS[] = {STREAMS_OPTION, END};
static const struct option STATUS_OPTIONS[] = {
	{"json", 0, OPTION_FLAG, NULL, NULL, "the same as one JSON object"},
	{"format", 0, OPTION_CHOICE, NULL, "table|json|prometheus",
	 "prometheus: for node_exporter's textfile collector"},
	{"deep", 0, OPTION_FLAG, NULL, NULL, "ask the warehouse, not only the local copy"},
	{"seen", 0, OPTION_FLAG, NULL, NULL, "what is complained of now has been seen"},
	END,
};
static const struct option RESET_OPTIONS[] = {
	STREAMS_OPTION,
	{"yes", 'y', OPTION_FLAG, NULL, NULL, "without asking"},
	{"rename", 0, OPTION_TEXT, "OLD", NULL,
	 "take over state and spool of the pipeline OLD instead"},
	END,
};
static const struct option QUERY_OPTIONS[] = {
	{"format", 0, OPTION_CHOICE, NULL, "table|csv|json|markdown", "table by default"},
	{"write", 0, OPTION_FLAG, NULL, NULL, "let statements through that change something"},
	END,
};
static const struct option VALIDATE_OPTIONS[] = {
	{"json", 0, OPTION_FLAG, NULL, NULL, "the same as one JSON object"},
	STREAMS_OPTION,
	END,
};
static const struct option REPORT_OPTIONS[] = {
	{"output", 'o', OPTION_TEXT, "FILE", NULL, "where the page goes; - is standard output"},
	{"days", 0, OPTION_COUNT, "N", NULL, "how many days it looks back, 90 by default"},
	END,
};
static const struct option CONNECTORS_OPTIONS[] = {
	{"stream", 0, OPTION_TEXT, "NAME", NULL, "try: the stream"},
	{"set", 0, OPTION_PAIRS, "NAME=VALUE", NULL, "try: a setting"},
	{"from", 0, OPTION_DATE, "DATE", NULL, "try: the window's begin"},
	{"to", 0, OPTION_DATE, "DATE", NULL, "try: the window's last day"},
	{"pages", 0, OPTION_COUNT, "N", NULL, "try: how many pages, 1 by default"},
	{"answer", 0, OPTION_TEXT, "FILE", NULL, "try: a saved answer instead of the network"},
	{"format", 0, OPTION_CHOICE, NULL, "table|json", "try: json prints all rows"},
	{"grammar", 0, OPTION_FLAG, NULL, NULL, "schema: the grammar as Markdown instead"},
	{"tables", 0, OPTION_FLAG, NULL, NULL,
	 "schema: of the rows of landed files instead, of one connector or of all"},
	END,
};
static const struct option SERVICE_OPTIONS[] = {
	{"user", 0, OPTION_TEXT, "NAME", NULL, "who runs it: firn by default"},
	{"part", 0, OPTION_CHOICE, NULL, "service|timer", "timer: only one of its two units"},
	END,
};
static const struct option DDL_OPTIONS[] = {
	{"migrate", 0, OPTION_FLAG, NULL, NULL,
	 "what brings tables of another program over, which firn does not write to"},
	{"database", 0, OPTION_TEXT, "NAME", NULL, "S3: where the tables are made"},
	{"schema", 0, OPTION_TEXT, "NAME", NULL, "S3: in it"},
	{"warehouse", 0, OPTION_TEXT, "NAME", NULL, "S3: that the tasks use"},
	{"role", 0, OPTION_TEXT, "NAME", NULL, "S3: that owns all of it"},
	{"integration", 0, OPTION_TEXT, "NAME", NULL, "S3: of the storage integration"},
	{"stage", 0, OPTION_TEXT, "NAME", NULL, "S3: of the external stage"},
	{"aws-role-arn", 0, OPTION_TEXT, "ARN", NULL, "S3: the AWS role that Snowflake takes on"},
	{"customers", 0, OPTION_NAMES, "A,B", NULL,
	 "S3: whose collectors write there, a policy each"},
	END,
};
static const struct option NO_OPTIONS[] = {END};

static const char *const CONNECTORS_WORDS[] = {"show", "check", "try", "schema", NULL};
static const char *const SERVICES[] = {"systemd", "timer", "taskscheduler", "cron", NULL};
static const char *const PRINTS[] = {"bash", "zsh", "fish", "manual", "config-manual", "schema",
				     NULL};

const struct command COMMANDS[] = {
	{"setup", "", "make a configuration",
	 "Asks for what a configuration needs, proves it against both ends, and saves it with mode "
	 "0600. Secrets are not shown and go to files of their own. Every answer can be an "
	 "option; without a terminal those that have no default must be. --from takes over the "
	 "files of the two older programs.",
	 SETUP_OPTIONS, 0, 0, cmd_setup, NULL},
	{"initial-load", "", "load history, window by window",
	 "Loads history in windows of the connector's step (a day unless it says otherwise), both "
	 "dates included, UTC. A window is complete only with its last row. Interrupted, it goes "
	 "on: complete windows are skipped unless --again is given. At a terminal it asks for "
	 "dates that are missing.",
	 INITIAL_LOAD_OPTIONS, 0, 0, cmd_initial_load, NULL},
	{"run", "", "load what is new, once",
	 "One incremental sync of every stream, from its watermark less the lookback until now. "
	 "Without any earlier load it starts where the source's retention begins.",
	 RUN_OPTIONS, 0, 0, cmd_run, NULL},
	{"start", "", "stay, and run at the scheduled times",
	 "Stays, and runs as run does at the times of the configuration's schedule. A time missed "
	 "meanwhile is caught up at once, a failed run is tried again after growing pauses. "
	 "SIGTERM ends it within ten seconds, SIGHUP reads the configuration again; a wrong one is "
	 "told and not taken. firn service prints what starts it with the machine.",
	 NO_OPTIONS, 0, 0, cmd_start, NULL},
	{"load", "PATH", "load landed files into the warehouse",
	 "Loads landed files: a folder, one file, a spool, or s3://bucket/prefix. Every file is "
	 "loaded once; FIRN_FILES remembers it by its path from <table>/ on, size and hash. A "
	 "damaged file gives no row and is named, and the exit code is 3; the others are loaded. "
	 "The tables are those of the built-in connectors and of source.connector, which may be "
	 "absent. docs/FORMATS.md describes the files.",
	 NO_OPTIONS, 1, 1, cmd_load, NULL},
	{"service", "systemd|timer|taskscheduler|cron", "print what runs this with the machine",
	 "Prints what runs this configuration unattended, with absolute paths. systemd: a hardened "
	 "unit for start. timer: a unit for run, and the timer that starts it. taskscheduler: a "
	 "task of Windows. cron: a line of a crontab. What to do with it stands in its comments.",
	 SERVICE_OPTIONS, 1, 1, cmd_service, SERVICES},
	{"flush", "", "deliver what is spooled",
	 "Tries again to deliver all that waits in the spool, whatever kept it before. "
	 "Asks the source for nothing. Exit code 1 while anything is left.",
	 NO_OPTIONS, 0, 0, cmd_flush, NULL},
	{"status", "", "how each stream stands",
	 "Rows, watermark, freshness, last run, findings and gaps of each stream, out of local "
	 "state: no warehouse is woken. Exit code 1 where something needs a person; the reason is "
	 "in the first line.",
	 STATUS_OPTIONS, 0, 0, cmd_status, NULL},
	{"check", "", "what works and what does not",
	 "Says line by line whether configuration, secrets, source, streams, destination, clock "
	 "and disk are as they should be, and what to do where they are not. Loads nothing.",
	 NO_OPTIONS, 0, 0, cmd_check, NULL},
	{"validate", "", "check the data in the warehouse",
	 "Row counts, freshness, duplicate keys, missing days, orphans between tables, records "
	 "rejected, rows with values rescued into EXTRA. Exit code 1 where a check fails.",
	 VALIDATE_OPTIONS, 0, 0, cmd_validate, NULL},
	{"query", "SQL", "run a query in the destination",
	 "Runs a query, read-only unless --write is given. \"-\" reads it from standard input. "
	 "JSON is one array of objects; CSV has a header line, and NULL is empty.",
	 QUERY_OPTIONS, 1, 1, cmd_query, NULL},
	{"report", "-o FILE.html", "a page with charts of the data and the pipeline",
	 "Writes one HTML page that stands alone: charts of the views, and how the pipeline is. It "
	 "needs no network and no scripts to be read, and can be printed. What a missing view "
	 "would have shown is named in its place.",
	 REPORT_OPTIONS, 0, 0, cmd_report, NULL},
	{"views", "", "create or refresh the analytics views",
	 "Creates the connector's views, and replaces those whose text has changed.",
	 NO_OPTIONS, 0, 0, cmd_views, NULL},
	{"connectors", "[NAME | show NAME | check FILE | try FILE | schema]",
	 "list, describe, check and try connectors",
	 "Without a word it lists the built-in connectors; with a name it describes one. show "
	 "prints the file, check finds mistakes in one, try asks for the first page and loads "
	 "nothing, schema prints a JSON Schema for editors.",
	 CONNECTORS_OPTIONS, 0, 2, cmd_connectors, CONNECTORS_WORDS},
	{"ddl", "", "print the destination's SQL",
	 "Prints the CREATE statements of a warehouse. For an S3 destination it prints all that "
	 "Snowflake needs to take in what lands there by itself: integration, stage, landing "
	 "tables, pipes, streams, tasks that MERGE, the policies and the notification to set at "
	 "AWS, and queries that watch it. Names are those of ddl: in the configuration, or of the "
	 "options. Nothing is changed anywhere.",
	 DDL_OPTIONS, 0, 0, cmd_ddl, NULL},
	{"reset", "", "forget watermarks and windows",
	 "Forgets watermark and windows, so that history is loaded again. Deletes no data. Nothing "
	 "else ever moves a watermark back. With --rename it takes over what the pipeline OLD has: "
	 "its state, and the spool that spool.dir names with all that waits in it.",
	 RESET_OPTIONS, 0, 0, cmd_reset, NULL},
	{"completion", "bash|zsh|fish|manual|config-manual|schema",
	 "print completions, manual pages, a schema",
	 "Prints what a shell completes with, for example: firn completion bash "
	 ">/etc/bash_completion.d/firn; the manual pages firn(1) and firn.yaml(5); and the JSON "
	 "Schema of firn.yaml, with which editors complete and check it.",
	 NO_OPTIONS, 1, 1, cmd_completion, PRINTS},
	{NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};
