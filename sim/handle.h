/* Between server.c, which speaks HTTP, and what answers: one request, and what becomes of it. */
#ifndef FIRN_SIM_HANDLE_H
#define FIRN_SIM_HANDLE_H

#include "answer.h"
#include "faults.h"
#include "sim.h"

struct request {
	const char *method;
	struct span path, query; /* as sent */
	const char *authorization; /* NULL: none */
	const char *scheme, *host; /* "http", the Host header */
	struct span body;
};

struct outcome {
	struct answer answer;
	struct twist twist;
	enum auth auth;
	int entity;      /* -1: none */
	uint64_t page;
	struct buf fired; /* the faults */
	bool control;     /* a request to the simulator itself */
	/* set: the body comes from here, piece by piece */
	struct truth *truth;
};

void outcome_init(struct outcome *outcome);
void outcome_done(struct outcome *outcome);
/* Fills the outcome; whatever goes wrong is an answer too. */
void handle(struct sim *sim, const struct request *request, struct outcome *ret);
/* Which faults are for this request: into ret->twist. */
void handle_twist(struct sim *sim, const struct request *request, enum fault_on on,
		  struct outcome *ret);
/* The part of it for /sim/. */
void control(struct sim *sim, const struct request *request, struct outcome *ret);

#endif
