/* Records out of files in place of made ones: FOLDER/conversations.json ... users.json, each
 * {"value": [...]} as an answer of the API that was saved. A file that is not there stands for no
 * records. They are served as they are (compact), with the same filters and pages. */
#ifndef FIRN_SIM_SAMPLES_H
#define FIRN_SIM_SAMPLES_H

#include "world.h"

#include "base/arena.h"

struct sample {
	struct span text, id;
	int64_t updated_us, created_us; /* INT64_MIN: none */
};

struct samples {
	struct arena *arena;
	struct sample *all[ENTITIES];
	size_t n[ENTITIES];
	int64_t newest_us;
};

MUST_CHECK bool samples_open(struct samples **ret, const char *folder, struct err *reterr);
void samples_close(struct samples *samples); /* NULL is fine */

#endif
