/* What the parts of deliver/deliver share; nobody else includes this.
 * deliver.c: the calls' frame, what becomes of a segment, folders; deliver_s3.c: many puts at a
 * time, and when to try again. */
#ifndef FIRN_DELIVER_DELIVER_PRIVATE_H
#define FIRN_DELIVER_DELIVER_PRIVATE_H

#include "deliver/deliver.h"

struct run {
	const struct deliver_options *o;
	const struct deliver_source *source;
	struct deliver_result *result;
	bool ending; /* nothing new begins */
};

bool run_stopped(struct run *run);
/* The next segment, open. *ret_any false: the source is empty. One that cannot be opened was seen
 * to. False: it cannot go on. */
MUST_CHECK bool run_next(struct run *run, struct deliver_segment *ret,
			 struct deliver_bytes *ret_bytes, bool *ret_any, struct err *reterr);
/* What becomes of it; each is its end. */
MUST_CHECK bool run_done(struct run *run, const struct deliver_segment *segment, int64_t bytes,
			 bool was_there, struct err *reterr);
MUST_CHECK bool run_quarantine(struct run *run, const struct deliver_segment *segment,
			       const struct err *why, struct err *reterr);
void run_leave(struct run *run, const struct deliver_segment *segment, const struct err *why);
/* The reason why the call ends early, kept if it is the first that needs a person, or the first. */
void run_blame(struct run *run, const struct err *why);
void run_tell(struct run *run, bool warning, const char *format, ...) PRINTF_LIKE(3, 4);

MUST_CHECK bool deliver_to_s3(struct run *run, struct err *reterr);

#endif
