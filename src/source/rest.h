/* One question to a REST API, page by page: what to ask next and what came back, as the
 * connector describes it. A pure conversation: no socket, no clock, no file, so that tests, the
 * fuzzer and `connectors try --answer` run the very code that loads.
 *
 *	rest_open(&rest, &setup, &question, ...);
 *	while (rest_next(rest, &mark, now, &request, &step) && step == REST_ASK) {
 *		response = …the caller asks…
 *		rest_take(rest, &response, now, &sink, &verdict);
 *		…the caller does as the verdict says: go on, wait, try again, give up…
 *	}
 *
 * How pages end and what an error means is docs/CONNECTORS.md's; an error is never "no data". */
#ifndef FIRN_SOURCE_REST_H
#define FIRN_SOURCE_REST_H

#include "connector/connector.h"
#include "connector/settings.h"
#include "fetch/exchange.h"
#include "shape/row.h"
#include "source/sign.h"

struct rest;

struct rest_setup { /* the same for all questions of a run */
	const struct connector *connector;
	const struct settings *settings;
	const char *base_url;    /* filled in; where a stream has none of its own */
	int64_t started_us;
};

#define WINDOW_OPEN INT64_MAX

struct question {
	const struct stream *stream;
	size_t element, elements_n;  /* of repeat.over: the first and how many; 0: no repeat */
	int64_t from_us, until_us;   /* [from, until); until WINDOW_OPEN: no end */
	const struct value *parent;  /* by column of stream->for_each (rest_cell); NULL: none */
};

/* A row's cell as what is asked for the row takes it: a number stays one in a body, or in a column
 * of numbers. */
struct value rest_cell(enum type, struct span text);

/* Everything that `question` points to must outlive the rest. */
MUST_CHECK bool rest_open(struct rest **ret, const struct rest_setup *, const struct question *,
			  struct err *reterr);
void rest_close(struct rest *); /* NULL is fine */

enum rest_step { REST_ASK, REST_DONE };
/* The request stays valid until the next call on this rest; `now_us` is its {run.fetched_at}.
 * ERR_USAGE: a template has no value, a URL is none, or a link leads to another host. */
MUST_CHECK bool rest_next(struct rest *, const struct sign_mark *, int64_t now_us,
			  struct request *ret, enum rest_step *ret_step, struct err *reterr);

/* Where the rows of an answer go. */
struct row_sink {
	struct shaper *shaper;
	struct batch *batch;
	int64_t *seq; /* counts up with every record read */
	/* Called after each record, taken or rejected. `element`: of repeat.over, 0 without. */
	bool (*row)(void *user, const struct row_report *, size_t element, struct err *reterr);
	/* `match: position`: this element's part of the answer is bad; the others go on. */
	void (*element_failed)(void *user, size_t element, const struct err *why);
	void *user;
};

enum verdict_kind {
	VERDICT_PAGE,        /* rows were handed out; ask rest_next */
	VERDICT_EMPTY,       /* an error that the connector lets pass: no rows, counted and shown */
	VERDICT_WAIT,        /* everybody who asks this host waits wait_ms, then the same again */
	VERDICT_RETRY,       /* transient: the same again after a pause, TRIES_MAX times in all */
	VERDICT_RESTART,     /* the whole window again from page one, RESTARTS_MAX times */
	VERDICT_SIGN_IN,     /* 401: once more with fresh credentials, then fail the run */
	VERDICT_FAIL_STREAM,
	VERDICT_FAIL_RUN,
};

struct verdict {
	enum verdict_kind kind;
	int64_t wait_ms;  /* WAIT; RETRY where the server named a time, else 0 */
	struct err why;   /* of all but PAGE: what the server said, and what the user can do */
	int64_t records;  /* of PAGE: how many this page brought */
	int64_t let_pass; /* of PAGE: elements whose part a rule lets pass as empty */
};

/* `now_us`: when the answer came. False: no memory, or sink->row failed (its error). Rows of a
 * page are handed out only after the whole answer was found good. */
MUST_CHECK bool rest_take(struct rest *, const struct response *, int64_t now_us,
			  struct row_sink *, struct verdict *ret, struct err *reterr);
/* Back to page one. */
void rest_restart(struct rest *);
int64_t rest_pages(const struct rest *); /* answered so far */

/* The API's own count of what the question would bring; only where stream->count.given. */
MUST_CHECK bool rest_count_ask(struct rest *, const struct sign_mark *, int64_t now_us,
			       struct request *ret, struct err *reterr);
/* -1 in *ret_count: it refused or gave no number, `why` says so. The verdict is PAGE then too;
 * WAIT, RETRY and SIGN_IN are as above. */
MUST_CHECK bool rest_count_take(struct rest *, const struct response *, int64_t now_us,
				int64_t *ret_count, struct verdict *ret, struct err *reterr);

/* Rows out of the configuration (stream->rows): no question is asked. */
MUST_CHECK bool rest_settings_rows(const struct rest_setup *, const struct stream *,
				   struct row_sink *, struct err *reterr);

/* For `connectors try`. */
struct rest_hints {
	bool more_unasked;   /* paging: none, and the answer links on or is as long as was asked */
	bool ended;          /* no further page */
	const char *next;    /* the place that named the next page, as written; or NULL */
};
void rest_hints(const struct rest *, struct rest_hints *ret);

/* The connector's base_url for this way of signing in, filled in with settings; `configured`
 * (source.base_url) wins. */
MUST_CHECK bool rest_base_url(const struct connector *, enum auth_kind, const struct settings *,
			      const char *configured, struct buf *ret, struct err *reterr);

#endif
