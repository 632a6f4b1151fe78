/* What a table must hold that a correct loader has filled: of every record that can be seen, the
 * newest version, one JSON object a line, in the order of ids. Given piece by piece: the whole of
 * ten million records is not made at once. */
#ifndef FIRN_SIM_TRUTH_H
#define FIRN_SIM_TRUTH_H

#include "sim.h"

struct truth;

/* `filter` as behind $filter, "" for all. With `gone`, what the API keeps no longer is told too,
 * as it stands in the table of one who followed all along. */
MUST_CHECK bool truth_open(struct truth **ret, struct sim *sim, enum entity entity,
			   struct span filter, bool gone, struct err *reterr);
/* Appends the next lines; false at the end. */
bool truth_next(struct truth *truth, struct buf *out);
void truth_close(struct truth *truth); /* NULL is fine */

#endif
