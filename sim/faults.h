/* Which requests are answered wrongly, and how.
 *
 * A fault is a kind with parameters, some of which say which requests it is for:
 *	entity=users      only that entity
 *	on=records        records (most kinds' default), count, token, weather, any
 *	page=3            only that page of a question
 *	match=2026-03-05  only where the decoded query holds this text
 *	nth=2             from the second matching request on (then once, unless times says more)
 *	times=2           so many times; without it always
 *	probability=0.1   by chance, the same for the same seed and order of requests
 * As an option it reads KIND:name=value,name=value; over HTTP it is an object with "kind" beside
 * the same names, or a list of such. All that match a request are applied, in the order given. */
#ifndef FIRN_SIM_FAULTS_H
#define FIRN_SIM_FAULTS_H

#include "twist.h"
#include "world.h"

#include "base/buf.h"
#include "base/json.h"

enum { FAULTS_MAX = 256 };
enum fault_on { ON_RECORDS, ON_COUNT, ON_TOKEN, ON_WEATHER, ON_ANY };

/* A request as faults see it. */
struct fault_request {
	enum fault_on on;
	enum entity entity; /* not of ON_TOKEN, ON_WEATHER */
	uint64_t page;      /* from 1; of ON_RECORDS */
	struct span query;  /* decoded */
};

struct faults;

MUST_CHECK bool faults_new(struct faults **ret, uint64_t seed, struct err *reterr);
void faults_free(struct faults *faults);
MUST_CHECK bool faults_add_spec(struct faults *faults, const char *spec, struct err *reterr);
MUST_CHECK bool faults_add_json(struct faults *faults, const struct json *one_or_list,
				struct err *reterr);
void faults_clear(struct faults *faults);
/* What is to be wrong with this request's answer; `fired` receives the kinds, for the journal. */
void faults_twist(struct faults *faults, const struct fault_request *request,
		  struct twist *ret, struct buf *fired);
/* A JSON list of them, with how often each fired. */
bool faults_list(struct faults *faults, struct buf *out);
/* A line for each kind, for --help. */
bool faults_help(struct buf *out);

#endif
