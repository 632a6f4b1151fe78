/* What the local copy holds of what goes through the spool: readings that could not be taken, which
 * rows out of the settings have been landed, and how the last delivery failed. */
#include "run/local.h"

#include "base/bounds.h"

static struct finding *find_missed(struct local *local, const char *stream, const char *part,
				   const char *reason)
{
	for (size_t i = local->findings_n; i-- > 0;) {
		struct finding *finding = &local->findings[i];
		if (finding->kind == FINDING_MISSED && strcmp(finding->stream, stream) == 0 &&
		    strcmp(finding->part, part) == 0 &&
		    (reason == NULL || strcmp(finding->reason, reason) == 0))
			return finding;
	}
	return NULL;
}

bool local_add_missed(struct local *local, const char *stream, const char *part, int64_t at_us,
		      const char *reason, struct err *reterr)
{
	struct finding *old = find_missed(local, stream, part, reason);
	if (old == NULL && local->findings_n >= FINDINGS_MAX) {
		old = find_missed(local, stream, part, NULL);
		if (old == NULL)
			return true; /* status complains already */
		old->reason = local_text(local, reason);
		if (old->reason == NULL)
			return err_memory(reterr);
	}
	if (old == NULL)
		return local_add_finding(local, &(struct finding){
							.kind = FINDING_MISSED, .stream = stream,
							.part = part, .from_us = at_us,
							.until_us = at_us, .times = 1,
							.reason = reason, .at_us = at_us},
					 reterr);
	old->from_us = at_us < old->from_us ? at_us : old->from_us;
	old->until_us = at_us > old->until_us ? at_us : old->until_us;
	old->at_us = at_us;
	old->times++;
	return true;
}

static struct local_landed *find_landed(struct local *local, uint64_t key)
{
	for (size_t step = 0, at; index_next(&local->landed_at, key, &step, &at);) {
		if (local->landed[at].key == key)
			return &local->landed[at];
	}
	return NULL;
}

bool local_is_landed(struct local *local, struct local_landed row)
{
	const struct local_landed *found = find_landed(local, row.key);
	return found != NULL && found->row == row.row;
}

bool local_note_landed(struct local *local, struct local_landed row, struct err *reterr)
{
	struct local_landed *found = find_landed(local, row.key);
	if (found != NULL) {
		*found = row;
		return true;
	}
	if (!local_grow((void **)&local->landed, local->landed_n, &local->landed_room,
			sizeof *local->landed) ||
	    !index_add(&local->landed_at, row.key, local->landed_n))
		return err_memory(reterr);
	local->landed[local->landed_n++] = row;
	return true;
}

void local_forget_landed(struct local *local)
{
	local->landed_n = 0;
	index_clear(&local->landed_at);
}

bool local_note_delivery(struct local *local, int64_t at_us, const char *reason,
			 struct err *reterr)
{
	local->delivery = (struct local_delivery){0};
	if (reason == NULL)
		return true;
	local->delivery = (struct local_delivery){
		.failed_us = at_us, .reason = local_text(local, reason)};
	return local->delivery.reason != NULL || err_memory(reterr);
}
