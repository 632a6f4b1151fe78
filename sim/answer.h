/* An answer before it goes on its way. */
#ifndef FIRN_SIM_ANSWER_H
#define FIRN_SIM_ANSWER_H

#include "twist.h"

#include "base/buf.h"

#define ANSWER_MAX UINT64_C(6000000000) /* bytes; the fault `large` makes it that big */

struct answer {
	unsigned status;
	const char *type; /* Content-Type */
	struct buf body;
	uint64_t rows;    /* records in it, for the statistics */
};

void answer_init(struct answer *answer);
void answer_done(struct answer *answer);
/* Empties it and sets what JSON answers have. */
void answer_json(struct answer *answer, unsigned status);

/* An error as the API words it. `style`: flat {"code","message"}, nested {"error":{...}}, html,
 * text, empty; NULL is flat. The documents know both of the first two. reason is Open-Meteo's:
 * {"error":true,"reason"}. */
void answer_error(struct answer *answer, unsigned status, const char *style, const char *message);
/* What a twist does to a whole answer: cut, garbage, a page for people, padding. */
void answer_spoil(struct answer *answer, const struct twist *twist);
/* The byte that `at` means in a body of that size. */
uint64_t answer_place(struct place at, uint64_t size);

#endif
