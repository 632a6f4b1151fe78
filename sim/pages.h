/* From a question about records to its answer, right or twisted.
 *
 * Pages are made anew for each request: a record takes about 0.2 microseconds, less than sending
 * it, so that nothing is gained by keeping 600 MB for each million of them. */
#ifndef FIRN_SIM_PAGES_H
#define FIRN_SIM_PAGES_H

#include "answer.h"
#include "sim.h"

enum { PAGE_SIZE_MAX = 100000 };

struct page_question {
	enum entity entity;
	struct query query;
	struct seen seen;
	uint64_t offset;    /* behind $skip */
	struct span raw;    /* the query of this request, as it was sent */
	struct span origin; /* that of page one */
};

/* Reads a query; `room` keeps what a $skiptoken held. ERR_USAGE: to be answered with 400. */
MUST_CHECK bool page_read(struct sim *sim, enum entity entity, struct span raw, struct buf *room,
			  struct page_question *ret, struct err *reterr);
/* Which page of its question it is, from 1. */
uint64_t page_number(const struct sim *sim, const struct page_question *question);

/* `url` is where it was asked, without the query: "http://127.0.0.1:8080/.../users". */
MUST_CHECK bool page_answer(struct sim *sim, const struct page_question *question,
			    const char *url, const struct twist *twist, struct answer *ret,
			    struct err *reterr);
MUST_CHECK bool page_count(struct sim *sim, const struct page_question *question,
			   const struct twist *twist, struct answer *ret, struct err *reterr);

#endif
