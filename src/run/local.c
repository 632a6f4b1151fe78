#include "run/local.h"

#include "base/bounds.h"
#include "base/digest.h"
#include "base/file.h"

#include <stdlib.h>

const char *local_text(struct local *local, const char *text)
{
	return text == NULL ? NULL : arena_text(local->arena, span_of(text));
}

bool local_grow(void **at, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return true;
	size_t more = *room == 0 ? 8 : *room * 2;
	void *grown = realloc(*at, more * size);
	if (grown == NULL)
		return false;
	*at = grown;
	*room = more;
	return true;
}

void local_close(struct local *local)
{
	if (local == NULL)
		return;
	for (size_t i = 0; i < local->parts_n; i++) {
		intervals_done(&local->parts[i].complete);
		intervals_done(&local->parts[i].seen);
	}
	free(local->parts);
	free(local->streams);
	free(local->findings);
	free(local->windows);
	free(local->runs);
	free(local->landed);
	index_done(&local->parts_at);
	index_done(&local->landed_at);
	arena_free(local->arena);
	free(local);
}

static uint64_t part_hash(const char *stream, const char *part)
{
	return digest_hash64(span_of(part), digest_hash64(span_of(stream), 0));
}

static const struct local_part *find_part(const struct local *local, const char *stream,
					  const char *part, uint64_t hash)
{
	for (size_t step = 0, at; index_next(&local->parts_at, hash, &step, &at);) {
		const struct local_part *found = &local->parts[at];
		if (strcmp(found->stream, stream) == 0 && strcmp(found->part, part) == 0)
			return found;
	}
	return NULL;
}

const struct local_part *local_find(const struct local *local, const char *stream,
				    const char *part)
{
	return find_part(local, stream, part, part_hash(stream, part));
}

struct local_part *local_part(struct local *local, const char *stream, const char *part)
{
	uint64_t hash = part_hash(stream, part);
	const struct local_part *found = find_part(local, stream, part, hash);
	if (found != NULL)
		return &local->parts[found - local->parts];
	if (!local_grow((void **)&local->parts, local->parts_n, &local->parts_room,
		  sizeof *local->parts))
		return NULL;
	struct local_part *made = &local->parts[local->parts_n];
	*made = (struct local_part){.stream = local_text(local, stream),
				    .part = local_text(local, part),
				    .watermark_us = STAMP_NONE, .known_us = STAMP_NONE};
	if (made->stream == NULL || made->part == NULL ||
	    !index_add(&local->parts_at, hash, local->parts_n))
		return NULL;
	local->parts_n++;
	return made;
}

const struct local_stream *local_find_stream(const struct local *local, const char *stream)
{
	for (size_t i = 0; i < local->streams_n; i++) {
		if (strcmp(local->streams[i].stream, stream) == 0)
			return &local->streams[i];
	}
	return NULL;
}

struct local_stream *local_stream(struct local *local, const char *stream)
{
	const struct local_stream *found = local_find_stream(local, stream);
	if (found != NULL)
		return &local->streams[found - local->streams];
	if (!local_grow((void **)&local->streams, local->streams_n, &local->streams_room,
		  sizeof *local->streams))
		return NULL;
	struct local_stream *made = &local->streams[local->streams_n];
	*made = (struct local_stream){.stream = local_text(local, stream), .rows = -1,
				      .loaded_us = STAMP_NONE};
	if (made->stream == NULL)
		return NULL;
	local->streams_n++;
	return made;
}

static bool copy_run(struct local *local, const struct run_row *run, struct run_row *ret)
{
	*ret = *run;
	ret->run_id = local_text(local, run->run_id);
	ret->stream = local_text(local, run->stream);
	ret->command = local_text(local, run->command);
	ret->error = local_text(local, run->error);
	ret->host = local_text(local, run->host);
	ret->version = local_text(local, run->version);
	return ret->run_id != NULL && ret->stream != NULL && ret->command != NULL &&
	       (ret->error != NULL || run->error == NULL) && ret->host != NULL &&
	       ret->version != NULL;
}

/* Empty windows that touch say together what each said: joining them keeps the list short where
 * an API has nothing for weeks. */
static bool join_empty(struct local *local, const struct window_row *window)
{
	for (size_t i = 0; i < local->windows_n; i++) {
		struct window_row *old = &local->windows[i];
		bool same = strcmp(old->stream, window->stream) == 0 &&
			    strcmp(old->part, window->part) == 0;
		bool empty = old->rows_loaded == 0 && window->rows_loaded == 0 &&
			     (old->rows_counted > 0) == (window->rows_counted > 0);
		bool touch = old->from_us <= window->until_us && window->from_us <= old->until_us;
		if (!same || !empty || !touch)
			continue;
		if (window->from_us < old->from_us)
			old->from_us = window->from_us;
		if (window->until_us > old->until_us)
			old->until_us = window->until_us;
		old->completed_us = window->completed_us;
		return true;
	}
	return false;
}

bool local_add_window(struct local *local, const struct window_row *window, struct err *reterr)
{
	if (join_empty(local, window))
		return true;
	if (!local_grow((void **)&local->windows, local->windows_n, &local->windows_room,
		  sizeof *local->windows))
		return err_memory(reterr);
	struct window_row *made = &local->windows[local->windows_n];
	*made = *window;
	made->stream = local_text(local, window->stream);
	made->part = local_text(local, window->part);
	if (made->stream == NULL || made->part == NULL)
		return err_memory(reterr);
	local->windows_n++;
	return true;
}

bool local_add_run(struct local *local, const struct run_row *run, struct err *reterr)
{
	if (local->runs_n >= RUNS_PENDING_MAX) {
		memmove(local->runs, local->runs + 1, (local->runs_n - 1) * sizeof *local->runs);
		local->runs_n--;
	}
	if (!local_grow((void **)&local->runs, local->runs_n, &local->runs_room,
			sizeof *local->runs) ||
	    !copy_run(local, run, &local->runs[local->runs_n]))
		return err_memory(reterr);
	local->runs_n++;
	return true;
}

bool local_set_last(struct local *local, const struct run_row *run, struct err *reterr)
{
	struct local_stream *stream = local_stream(local, run->stream);
	if (stream == NULL || !copy_run(local, run, &stream->last))
		return err_memory(reterr);
	stream->has_run = true;
	stream->failure_seen = false;
	return true;
}

static bool same_place(const struct finding *finding, const char *stream, const char *part)
{
	return strcmp(finding->stream, stream) == 0 && strcmp(finding->part, part) == 0;
}

void local_drop_findings(struct local *local, enum finding_kind kind, const char *stream,
			 const char *part, struct interval range)
{
	size_t kept = 0;
	for (size_t i = 0; i < local->findings_n; i++) {
		struct finding *finding = &local->findings[i];
		bool gone = finding->kind == kind && same_place(finding, stream, part) &&
			    finding->from_us >= range.from_us &&
			    finding->until_us <= range.until_us;
		if (!gone)
			local->findings[kept++] = *finding;
	}
	local->findings_n = kept;
}

bool local_add_finding(struct local *local, const struct finding *finding, struct err *reterr)
{
	struct interval range = {finding->from_us, finding->until_us};
	if (finding->kind != FINDING_MISSED)
		local_drop_findings(local, finding->kind, finding->stream, finding->part, range);
	if (local->findings_n >= FINDINGS_MAX)
		return true; /* status complains already */
	if (!local_grow((void **)&local->findings, local->findings_n, &local->findings_room,
		  sizeof *local->findings))
		return err_memory(reterr);
	struct finding *made = &local->findings[local->findings_n];
	*made = *finding;
	made->stream = local_text(local, finding->stream);
	made->part = local_text(local, finding->part);
	made->reason = local_text(local, finding->reason);
	if (made->stream == NULL || made->part == NULL ||
	    (made->reason == NULL && finding->reason != NULL))
		return err_memory(reterr);
	local->findings_n++;
	return true;
}

bool local_adopt(struct local *local, const struct state *state, struct err *reterr)
{
	for (size_t i = 0; i < local->parts_n; i++) {
		struct local_part *part = &local->parts[i];
		part->watermark_us = part->known_us = STAMP_NONE;
		part->known_generation = 0;
		part->complete.n = 0;
	}
	for (size_t i = 0; i < state->rows_n; i++) {
		const struct state_row *row = &state->rows[i];
		struct local_part *part = local_part(local, row->stream, row->part);
		if (part == NULL)
			return err_memory(reterr);
		part->watermark_us = part->known_us = row->watermark_us;
		part->known_generation = row->generation;
	}
	for (size_t i = 0; i < state->windows_n; i++) {
		const struct window_row *row = &state->windows[i];
		struct local_part *part = local_part(local, row->stream, row->part);
		if (part == NULL)
			return err_memory(reterr);
		if (!intervals_add(&part->complete, (struct interval){row->from_us, row->until_us},
				   reterr))
			return false;
	}
	/* Windows that were not sent yet are as true as before. */
	for (size_t i = 0; i < local->windows_n; i++) {
		const struct window_row *row = &local->windows[i];
		struct local_part *part = local_part(local, row->stream, row->part);
		if (part == NULL)
			return err_memory(reterr);
		if (!intervals_add(&part->complete, (struct interval){row->from_us, row->until_us},
				   reterr))
			return false;
	}
	local->fresh = false;
	local->unsettled = false;
	return true;
}

static bool wanted(const char *const *streams, size_t n, const char *stream)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(streams[i], stream) == 0)
			return true;
	}
	return n == 0;
}

void local_reset(struct local *local, const char *const *streams, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < local->parts_n; i++) {
		struct local_part *part = &local->parts[i];
		if (!wanted(streams, n, part->stream))
			continue;
		part->watermark_us = STAMP_NONE;
		part->complete.n = 0;
		part->seen.n = 0;
	}
	for (size_t i = 0; i < local->findings_n; i++) {
		if (!wanted(streams, n, local->findings[i].stream))
			local->findings[kept++] = local->findings[i];
	}
	local->findings_n = kept;
	kept = 0;
	for (size_t i = 0; i < local->windows_n; i++) {
		if (!wanted(streams, n, local->windows[i].stream))
			local->windows[kept++] = local->windows[i];
	}
	local->windows_n = kept;
	for (size_t i = 0; i < local->streams_n; i++) {
		struct local_stream *stream = &local->streams[i];
		if (wanted(streams, n, stream->stream))
			stream->rescued = stream->rejected = 0;
	}
	local_forget_landed(local);
}

size_t local_gaps(const struct local_part *part, struct interval *ret, size_t room)
{
	const struct intervals *complete = &part->complete;
	struct interval holes[GAPS_MAX];
	size_t n = 0;
	if (complete->n < 2)
		return 0;
	struct interval all = {complete->at[0].from_us, complete->at[complete->n - 1].until_us};
	size_t found = intervals_holes(complete, all, holes, GAPS_MAX);
	for (size_t i = 0; i < found && i < GAPS_MAX; i++) {
		if (intervals_cover(&part->seen, holes[i]))
			continue;
		if (n < room)
			ret[n] = holes[i];
		n++;
	}
	return n;
}

bool local_seen(struct local *local, struct err *reterr)
{
	struct interval holes[GAPS_MAX];
	for (size_t i = 0; i < local->parts_n; i++) {
		size_t n = local_gaps(&local->parts[i], holes, GAPS_MAX);
		for (size_t k = 0; k < n && k < GAPS_MAX; k++) {
			if (!intervals_add(&local->parts[i].seen, holes[k], reterr))
				return false;
		}
	}
	local->findings_n = 0;
	for (size_t i = 0; i < local->streams_n; i++) {
		local->streams[i].rescued = local->streams[i].rejected = 0;
		local->streams[i].failure_seen = true;
	}
	local->delivery.seen = true;
	return true;
}
