/* What the local copy learns: from a commit that is done, or from a load that brought nothing. */
#include "base/clock.h"
#include "run/flow.h"

#include <string.h>

static bool note_window(struct local *local, const struct window_row *row, struct err *reterr)
{
	struct local_part *part = local_part(local, row->stream, row->part);
	if (part == NULL)
		return err_memory(reterr);
	return intervals_add(&part->complete, (struct interval){row->from_us, row->until_us},
			     reterr);
}

/* The first so many have been sent. An array that was never needed is NULL, which memmove may not
 * be given even to move nothing. */
static void forget_pending(struct local *local, size_t windows, size_t runs)
{
	local->windows_n -= windows;
	if (local->windows_n > 0)
		memmove(local->windows, local->windows + windows,
			local->windows_n * sizeof *local->windows);
	local->runs_n -= runs;
	if (local->runs_n > 0)
		memmove(local->runs, local->runs + runs, local->runs_n * sizeof *local->runs);
}

static bool note_lane(struct local *local, struct lane *lane, struct err *reterr)
{
	struct local_stream *stream = local_stream(local, lane->stream->name);
	if (stream == NULL)
		return err_memory(reterr);
	stream->rescued += lane->run.rows_rescued - lane->told_rescued;
	stream->rejected += lane->run.rows_rejected - lane->told_rejected;
	lane->told_rescued = lane->run.rows_rescued;
	lane->told_rejected = lane->run.rows_rejected;
	return true;
}

static bool note_merge(struct local *local, const struct lane *lane,
		       const struct table_merge *merge, int64_t at_us, struct err *reterr)
{
	struct local_stream *stream = local_stream(local, lane->stream->name);
	if (stream == NULL)
		return err_memory(reterr);
	if (merge->rows_after >= 0)
		stream->rows = merge->rows_after;
	else if (stream->rows >= 0)
		stream->rows += merge->inserted;
	if (merge->inserted + merge->updated > 0)
		stream->loaded_us = at_us;
	local_note_rows(stream, at_us, merge->inserted + merge->updated);
	return true;
}

bool settle_commit(struct load *load, const struct commit *commit, struct lane *const *lanes,
		   size_t pending_windows, size_t pending_runs, struct err *reterr)
{
	struct local *local = load->setup->local;
	bool done = true;
	for (size_t i = 0; done && i < commit->windows_n; i++)
		done = note_window(local, &commit->windows[i], reterr);
	for (size_t i = 0; done && i < commit->moves_n; i++) {
		const struct state_move *move = &commit->moves[i];
		struct local_part *part = local_part(local, move->stream, move->part);
		done = part != NULL || err_memory(reterr);
		if (!done)
			break;
		part->watermark_us = part->known_us = move->after_us;
		part->known_generation = move->before_generation + 1;
	}
	for (size_t i = 0; done && i < commit->merges_n; i++) {
		if (lanes[i] != NULL)
			done = note_merge(local, lanes[i], &commit->merges[i],
					  commit->load_timestamp_us, reterr) &&
			       note_lane(local, lanes[i], reterr);
	}
	if (!done)
		return false;
	forget_pending(local, pending_windows, pending_runs);
	local->unsettled = false;
	return local_save(local, reterr);
}

bool settle_empty(struct load *load, struct err *reterr)
{
	struct local *local = load->setup->local;
	for (size_t i = 0; i < load->ready_n; i++) {
		const struct ready_window *ready = &load->ready[i];
		const struct window_row *row = &ready->row;
		if (row->from_us >= row->until_us)
			continue;
		struct local_part *part = local_part(local, row->stream, row->part);
		if (part == NULL)
			return err_memory(reterr);
		if (!note_window(local, row, reterr) ||
		    (!setup_lands(load->setup) && !local_add_window(local, row, reterr)))
			return false;
	}
	for (size_t i = 0; i < load->ready_n; i++) {
		const struct ready_window *ready = &load->ready[i];
		struct local_part *part =
			local_part(local, ready->row.stream, ready->row.part);
		if (part == NULL)
			return err_memory(reterr);
		part->watermark_us = watermark_after(&part->complete, part->watermark_us,
						     ready->oldest_us, clock_now_us());
	}
	load->ready_n = 0;
	return true;
}

bool settle_runs(struct load *load, struct err *reterr)
{
	struct local *local = load->setup->local;
	for (size_t i = 0; i < load->lanes_n; i++) {
		struct lane *lane = &load->lanes[i];
		if (!note_lane(local, lane, reterr) ||
		    !local_set_last(local, &lane->run, reterr))
			return false;
	}
	return true;
}
