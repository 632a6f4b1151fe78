/* Between faults.c, which says when, and fault_kinds.c, which says what. */
#ifndef FIRN_SIM_FAULT_KINDS_H
#define FIRN_SIM_FAULT_KINDS_H

#include "twist.h"

#include "base/span.h"

enum { FAULT_PARAMETERS_MAX = 16 };

struct fault {
	const struct fault_kind *kind;
	uint64_t id;
	int64_t seen, fired;
	char names[FAULT_PARAMETERS_MAX][16];
	char values[FAULT_PARAMETERS_MAX][TWIST_TEXT_MAX];
	size_t n;
};

struct fault_kind {
	const char *name, *parameters; /* their names, with blanks between */
	const char *on;                /* what it is for unless it says so itself */
	void (*apply)(const struct fault *fault, struct twist *twist);
	const char *as;                /* what the parameter `as` may be */
	const char *help;
};

const struct fault_kind *fault_kind(struct span name); /* NULL: none of that name */
const char *fault_text(const struct fault *fault, const char *name, const char *fallback);
int64_t fault_number(const struct fault *fault, const char *name, int64_t fallback);

#endif
