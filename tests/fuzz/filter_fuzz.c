/* The simulator's reader of queries: any bytes are read or refused, nothing else happens. */
#include "filter.h"
#include "skiptoken.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct query query;
	struct skiptoken token;
	struct buf room;
	if (size < 1)
		return 0;
	enum entity entity = data[0] % ENTITIES;
	struct span text = {(const char *)data + 1, size - 1};
	buf_init(&room, QUERY_BYTES_MAX);
	bool read = query_read(text, entity, &query, &err);
	assert(read == (err.kind == ERR_NONE));
	assert(!read || query.n_select <= SELECT_MAX);
	err = (struct err){0};
	read = filter_read(text, entity, &query, &err);
	assert(read == (err.kind == ERR_NONE));
	(void)query_value(text, "$filter", &room);
	(void)skiptoken_read(text, 1, &room, &token);
	buf_done(&room);
	return 0;
}
