/* Which columns refer to which table, by their names: no connector says so, and no API is known
 * here. Pure.
 *
 * CONVERSATION_ID refers to the stream `conversations`, PLUGIN_CALL_ID to `plugin-calls`,
 * PARENT_INTERACTION_ID to `interactions`: what stands before _ID, or its end behind some _, is
 * the stream's name in the singular (the longest such end counts). The stream's key must be one
 * column, of the same type and hidden in the same way as the one that refers to it. */
#ifndef FIRN_REPORT_ORPHAN_H
#define FIRN_REPORT_ORPHAN_H

#include "warehouse/warehouse.h"

struct orphan_stream {
	const char *name;
	const struct table *table;
};

/* The stream that this column of streams[from] refers to; -1: none. */
int orphan_target(const struct orphan_stream *streams, size_t n, size_t from, unsigned column);

#endif
