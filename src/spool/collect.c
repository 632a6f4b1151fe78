/* A collection: rows of one moment, of any number of tables, that count together. */
#include "spool/spool_private.h"

#include <assert.h>

bool spool_begin(struct spool *spool, struct err *reterr)
{
	assert(!spool->collecting);
	if (!room_for_collection(spool, reterr))
		return false;
	spool->collecting = true;
	spool->failed = false;
	return true;
}

static bool append(struct spool *spool, struct span table, struct span customer,
		   struct span lines, struct err *reterr)
{
	struct part *part;
	return part_for(spool, table, customer, &part, reterr) &&
	       part_add(spool, part, lines, reterr);
}

bool spool_append(struct spool *spool, struct span table, struct span customer,
		  struct span lines, struct err *reterr)
{
	assert(spool->collecting);
	if (!spool->failed && lines.size > 0) {
		spool->failed = !append(spool, table, customer, lines, &spool->failure);
		if (spool->failed)
			err_at(&spool->failure, "cannot spool");
	}
	if (spool->failed)
		*reterr = spool->failure;
	return !spool->failed;
}

/* All or nothing, as far as this process has a say. */
static bool commit(struct spool *spool, struct err *reterr)
{
	bool done = !spool->failed;
	if (!done)
		*reterr = spool->failure;
	for (size_t i = 0; done && i < spool->parts_n; i++)
		if (spool->parts[i]->open)
			done = part_end(spool, spool->parts[i], reterr);
	for (size_t i = 0; done && i < spool->parts_n; i++)
		if (spool->parts[i]->open)
			done = part_sync(spool, spool->parts[i], reterr);
	if (done && spool->tmp_changed) {
		done = folder_sync(spool->tmp, reterr);
		spool->tmp_changed = !done;
	}
	return done;
}

static void take_back(struct spool *spool)
{
	for (size_t i = spool->parts_n; i-- > 0;)
		if (spool->parts[i]->open)
			(void)part_take_back(spool, spool->parts[i]);
	spool->collecting = false;
}

bool spool_sync(struct spool *spool, struct err *reterr)
{
	int64_t wait_ms;
	struct err later; /* what cannot be sealed now is told by the next spool_seal_... */
	assert(spool->collecting);
	if (!commit(spool, reterr)) {
		take_back(spool);
		reserve_release(spool);
		return false;
	}
	for (size_t i = 0; i < spool->parts_n; i++)
		if (spool->parts[i]->open)
			part_accept(spool->parts[i]);
	spool->collecting = false;
	if (!spool_seal_due(spool, &wait_ms, &later))
		wait_ms = 0; /* said again by then */
	return true;
}

void spool_abandon(struct spool *spool)
{
	if (spool->collecting)
		take_back(spool);
}
