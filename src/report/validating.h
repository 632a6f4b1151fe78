/* What the files behind report/validate.h share; nobody else includes this.
 *
 *	validate.c          tables, references, views
 *	validate_time.c     days, windows, counts
 *	validate_print.c    the findings, for people and for programs */
#ifndef FIRN_REPORT_VALIDATING_H
#define FIRN_REPORT_VALIDATING_H

#include "base/arena.h"
#include "report/validate.h"
#include "warehouse/checks.h"

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL };
enum { NO_VALUE = -1 };

struct item {
	enum verdict verdict;
	const char *check, *table, *stream; /* stream NULL: none's */
	int64_t value;                      /* NO_VALUE: none */
	const char *detail;
};

struct looked { /* at a table, in the order of options->streams */
	bool whole; /* it is there, with all its columns, of the right types */
	struct table_facts facts;
	int64_t rejected; /* records */
};

struct validating {
	const struct validate_options *options;
	struct validate_result *result;
	struct arena *arena;
	struct item *items;
	size_t n, room;
	struct looked *looked;
	struct state state; /* FIRN_STATE, FIRN_WINDOWS */
	bool failed;        /* no memory */
};

void validate_add(struct validating *, enum verdict, const char *check, const char *table,
		  const char *stream, int64_t value, const char *format, ...) PRINTF_LIKE(7, 8);
MUST_CHECK bool validate_time(struct validating *, size_t stream, struct err *reterr);
MUST_CHECK bool validate_print(struct validating *, struct err *reterr);

#endif
