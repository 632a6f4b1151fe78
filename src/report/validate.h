/* `validate`: the data in the warehouse, checked. Reads only.
 *
 * For people a table: check, table, result, detail. With --json one object:
 *
 *	{"pipeline": "moveworks", "destination": "DuckDB moveworks.duckdb",
 *	 "checked_at": "2026-11-23T04:05:06.789012Z",
 *	 "result": "ok" | "warn" | "fail",     the worst of all checks
 *	 "failed": 0, "warned": 1,             how many checks did
 *	 "checks": [
 *	   {"check": "duplicate keys",         what was looked at, see below
 *	    "table": "MOVEWORKS_USERS", "stream": "users",   stream: null where it is none's
 *	    "result": "ok" | "warn" | "fail",
 *	    "value": 0,                        the number that the result stands on, or null
 *	    "detail": "..."}, ...]}
 *
 *	check           value             ok / warn / fail
 *	table           -                 fail: columns of other types than firn writes
 *	rows            rows              warn: none, or no such table yet
 *	freshness       -                 newest row by its own stamp and by LOAD_TIMESTAMP
 *	duplicate keys  keys              fail: above 0 (of appended tables: key and stamp)
 *	NULL keys       rows              fail: above 0
 *	missing days    days              between the first and the last day of the window column;
 *	                                  warn: some were never asked for
 *	windows         holes             fail: a hole in FIRN_WINDOWS that the source can still
 *	                                  fill; warn: one that it no longer can
 *	counts          windows           fail: fewer rows than the API counted; warn: as many
 *	                                  records were rejected
 *	orphans         values            warn: some refer to nothing; fail: for more than three
 *	                                  days, not counting rows of the first three days of the
 *	                                  table that they refer to (what was before is not there)
 *	extra           rows              fields that no column names: never more than told
 *	rejected        records           warn: above 0
 *	rescued         rows              warn: above 0; values that did not fit their column, of
 *	                                  all runs: a row that was read again counts again
 *	view            rows              fail: it is not there, or does not run */
#ifndef FIRN_REPORT_VALIDATE_H
#define FIRN_REPORT_VALIDATE_H

#include "warehouse/warehouse.h"

struct validate_stream {
	const char *name;
	const struct table *table;
	int64_t keeps_us; /* how far back the source can be asked; INT64_MAX: for ever */
	bool selected;    /* else it is only referred to */
};

struct validate_options {
	struct warehouse *warehouse;
	const char *pipeline, *destination;
	const struct validate_stream *streams;
	size_t streams_n;
	const struct view *views; /* that should be there, where their tables are; n 0: none */
	size_t views_n;
	const struct view_options *view_options;
	int64_t now_us;
	bool json, colour, unicode;
	size_t screen_columns; /* as in table.h */
	/* Takes what is written; false: it could not. */
	bool (*write)(void *user, struct span text);
	void *user;
};

struct validate_result {
	size_t warned, failed;
};

MUST_CHECK bool validate_run(const struct validate_options *, struct validate_result *ret,
			     struct err *reterr);

#endif
