/* A load whose rows go into the spool: those of streams that are read once, and all where files
 * are landed. What a commit is for the warehouse a collection is here: rows are durable in the
 * spool before the local copy learns of windows and watermarks.
 *
 * A reading of a stream that is read once cannot be asked for again: what could not be taken or
 * kept is noted as a gap, with its reason. */
#include "base/clock.h"
#include "base/digest.h"
#include "run/flow.h"
#include "shape/landed.h"

#include <stdlib.h>

enum { LINES_BYTES = 64 * KIB, LINES_KEPT_BYTES = MIB };

/* --- gaps --- */

static void note_missed(struct load *load, const struct lane *lane, const char *part,
			const char *reason)
{
	struct err why = {0};
	if (!local_add_missed(load->setup->local, lane->stream->name, part, load->started_us,
			      reason, &why))
		log_line(load->log, LOG_ERROR, lane->stream->name,
			 "a gap could not be noted: %s", why.text);
}

void spooling_missed_element(struct load *load, const struct task *task, size_t element,
			     const struct err *why)
{
	struct err ignored = {0};
	if (!task->lane->once)
		return;
	const char *part = task_part(task, element, &ignored);
	note_missed(load, task->lane, part == NULL ? "" : part, why->text);
}

static void missed_task(struct load *load, const struct task *task, const struct err *why)
{
	size_t n = task->elements_n > 0 ? task->elements_n : 1;
	for (size_t i = 0; i < n; i++)
		spooling_missed_element(load, task, task->element + i, why);
}

void spooling_missed(struct load *load, struct lane *lane, bool all)
{
	if (!lane->once || lane->missed || load->options->dry_run)
		return;
	lane->missed = true;
	if (all || lane->tasks_done == 0) {
		note_missed(load, lane, "", lane->why.text);
		return;
	}
	for (const struct task *task = load->open_first; task != NULL; task = task->next) {
		if (task->lane == lane)
			missed_task(load, task, &lane->why);
	}
	for (const struct task *task = lane->queue; task != NULL; task = task->next)
		missed_task(load, task, &lane->why);
}

/* --- the beginning --- */

static void fail_all(struct load *load, const struct err *why)
{
	for (size_t i = 0; i < load->lanes_n; i++) {
		if (!load->lanes[i].failed)
			lane_fail(load, &load->lanes[i], why);
	}
}

/* A run that was killed could not say what it missed. */
static void note_cut_off(struct load *load)
{
	struct local *local = load->setup->local;
	struct err why = {0};
	if (local->collecting_us == STAMP_NONE)
		return;
	for (size_t i = 0; i < load->lanes_n; i++) {
		if (load->lanes[i].once &&
		    !local_add_missed(local, load->lanes[i].stream->name, "",
				      local->collecting_us,
				      "firn was cut off before it knew that what it read was on "
				      "disk", &why))
			log_line(load->log, LOG_ERROR, NULL, "a gap could not be noted: %s",
				 why.text);
	}
	local->collecting_us = STAMP_NONE;
}

static bool any_once(const struct load *load)
{
	for (size_t i = 0; i < load->lanes_n; i++) {
		if (load->lanes[i].once)
			return true;
	}
	return false;
}

bool spooling_begin(struct load *load, struct err *reterr)
{
	struct local *local = load->setup->local;
	struct err why = {0};
	note_cut_off(load);
	if (setup_lands(load->setup) && local->fresh) /* there is nobody else to ask */
		local->fresh = local->unsettled = false;
	if (load->lanes_n == 0)
		return true;
	if (any_once(load))
		local->collecting_us = load->started_us;
	if (!local_save(local, reterr))
		return false;
	/* What is gone once it was read is not asked for without room to keep it. */
	if (load->spool == NULL)
		why = *load->options->spool_why;
	else
		load->collecting = spool_begin(load->spool, &why);
	if (load->collecting)
		return true;
	load->spool_failed = load->spool_failure_told = true;
	fail_all(load, &why);
	return true;
}

/* --- rows --- */

/* Nothing is failed here: a row is being handed out by a task that would be gone. */
static void spool_broke(struct load *load, const struct err *why)
{
	if (!load->spool_failed)
		load->spool_why = *why;
	load->spool_failed = true;
}

static bool append(struct load *load, const char *table, struct buf *lines)
{
	struct err why = {0};
	if (!load->collecting && !load->spool_failed)
		load->collecting = spool_begin(load->spool, &why);
	bool done = load->collecting && !load->spool_failed &&
		    spool_append(load->spool, span_of(table), span_of(load->options->customer),
				 buf_span(lines), &why);
	if (!done)
		spool_broke(load, &why);
	if (lines->room > LINES_KEPT_BYTES)
		buf_done(lines);
	else
		buf_clear(lines);
	return done;
}

bool spooling_row(struct load *load, struct lane *lane, struct err *reterr)
{
	size_t before = lane->lines.size;
	if (load->spool_failed)
		return true;
	if (!landed_write(&lane->lines, lane->shaper))
		return err_memory(reterr);
	lane->staged_rows++;
	lane->staged_bytes += (int64_t)(lane->lines.size - before);
	if (lane->lines.size >= LINES_BYTES)
		(void)append(load, lane->stream->table, &lane->lines);
	return true;
}

/* Without what is kept at its first value, such as the time at which it was first seen. */
static bool hash_row(const struct lane *lane, const struct row_report *report,
		     struct local_landed *ret)
{
	const struct table *table = lane->table;
	uint64_t seed = digest_hash64(span_of(table->name), 0);
	struct buf text;
	bool good = true;
	buf_init(&text, CELL_BYTES_MAX);
	ret->key = digest_hash64((struct span){(const char *)&report->key_hash,
					       sizeof report->key_hash}, seed);
	ret->row = seed;
	for (unsigned i = 0; i < table->columns_n; i++) {
		const struct column *column = &table->columns[i];
		if (column->keep_first || column->excluded)
			continue;
		buf_clear(&text);
		bool there = shaper_cell(lane->shaper, i, &text);
		good &= !text.failed;
		ret->row = digest_hash64(span_of(column->name), ret->row + there);
		ret->row = digest_hash64(buf_span(&text), ret->row);
	}
	buf_done(&text);
	return good;
}

bool spooling_knows(struct load *load, const struct lane *lane, const struct row_report *report,
		    bool *ret, struct err *reterr)
{
	struct local_landed row;
	if (!hash_row(lane, report, &row))
		return err_memory(reterr);
	*ret = local_is_landed(load->setup->local, row);
	if (*ret)
		return true;
	if (!local_grow((void **)&load->landed, load->landed_n, &load->landed_room,
			sizeof *load->landed))
		return err_memory(reterr);
	load->landed[load->landed_n++] = row;
	return true;
}

/* --- rejected records: no landed table is theirs, they stay on this machine --- */

bool spooling_reject(struct load *load, const struct lane *lane, const struct row_report *report,
		     struct err *reterr)
{
	struct buf *out = &load->reject_lines;
	char at[STAMP_TEXT_BYTES];
	stamp_write_iso(clock_now_us(), at);
	buf_add_char(out, '{');
	json_add_string(out, "PIPELINE", load->setup->config->pipeline);
	json_add_string(out, "STREAM", lane->stream->name);
	json_add_string(out, "RUN_ID", load->run_id);
	json_add_string(out, "RECORD_SHA256", report->record_sha256);
	json_add_string(out, "REASON", report->reason);
	json_add_name(out, "RECORD");
	if (report->record.at == NULL || report->record.size > REJECTED_BYTES_MAX / 4)
		buf_add_text(out, "null"); /* its hash tells it all the same */
	else
		json_add_text(out, report->record);
	json_add_string(out, "REJECTED_AT", at);
	buf_add_text(out, "}\n");
	load->rejects_staged++;
	if (!buf_ok(out, reterr))
		return false;
	if (out->size >= REJECTED_BYTES_MAX / 16)
		rejects_keep(load);
	return true;
}

/* --- collections --- */

/* What was collected since the last sync is lost; replayable streams are asked again next time. */
static void lose(struct load *load)
{
	load->spool_failure_told = true;
	if (load->spool != NULL)
		spool_abandon(load->spool);
	load->collecting = false;
	load->ready_n = load->landed_n = 0;
	for (size_t i = 0; i < load->lanes_n; i++) {
		struct lane *lane = &load->lanes[i];
		bool lost = lane->staged_rows > 0;
		buf_clear(&lane->lines);
		lane->staged_rows = lane->staged_bytes = 0;
		if (!lost)
			continue;
		if (!lane->failed)
			lane_blame(lane, &load->spool_why);
		spooling_missed(load, lane, true);
		lane_fail(load, lane, &load->spool_why);
	}
	load_stop_all(load, &load->spool_why);
}

void spooling_collect(struct load *load)
{
	if (load->spool_failed && !load->spool_failure_told)
		lose(load);
}

bool spooling_due(const struct load *load)
{
	int64_t bytes = 0;
	bool any = load->ready_n > 0;
	if (load->spool_failed)
		return false;
	for (size_t i = 0; i < load->lanes_n; i++) {
		bytes += load->lanes[i].staged_bytes;
		any |= load->lanes[i].staged_rows > 0;
	}
	return bytes >= COLLECTION_BYTES_MAX ||
	       (any && clock_mono_ms() - load->last_commit_ms >= COLLECTION_SYNC_MS);
}

static bool note_rows(struct load *load, struct lane *lane, int64_t now_us, struct err *reterr)
{
	struct local_stream *stream = local_stream(load->setup->local, lane->stream->name);
	if (stream == NULL)
		return err_memory(reterr);
	if (setup_lands(load->setup)) { /* this is where they end, as far as we can see */
		stream->rows = (stream->rows < 0 ? 0 : stream->rows) + lane->staged_rows;
		stream->loaded_us = now_us;
		local_note_rows(stream, now_us, lane->staged_rows);
	}
	log_line(load->log, LOG_INFO, lane->stream->name, "Spooled %lld rows of %s",
		 (long long)lane->staged_rows, lane->table->name);
	lane->spooled += lane->staged_rows;
	lane->committed = true;
	lane->staged_rows = lane->staged_bytes = 0;
	keyset_clear(&lane->staged_keys);
	return true;
}

static bool anything_once_open(const struct load *load)
{
	for (size_t i = 0; i < load->lanes_n; i++) {
		if (load->lanes[i].once && (load->lanes[i].open > 0 || load->lanes[i].queued > 0))
			return true;
	}
	return false;
}

static bool settle(struct load *load, struct err *reterr)
{
	struct local *local = load->setup->local;
	int64_t now_us = clock_now_us();
	bool done = true;
	for (size_t i = 0; i < load->lanes_n && done; i++) {
		if (load->lanes[i].staged_rows > 0)
			done = note_rows(load, &load->lanes[i], now_us, reterr);
	}
	for (size_t i = 0; i < load->landed_n && done; i++)
		done = local_note_landed(local, load->landed[i], reterr);
	load->landed_n = 0;
	load->rejects_staged = 0;
	load->last_commit_ms = clock_mono_ms();
	if (!anything_once_open(load))
		local->collecting_us = STAMP_NONE;
	return done && settle_empty(load, reterr);
}

bool spooling_commit(struct load *load, struct err *reterr)
{
	struct err why = {0};
	for (size_t i = 0; i < load->lanes_n; i++) {
		if (load->lanes[i].lines.size > 0)
			(void)append(load, load->lanes[i].stream->table, &load->lanes[i].lines);
	}
	rejects_keep(load);
	if (load->collecting && !load->spool_failed) {
		load->collecting = false;
		if (!spool_sync(load->spool, &why))
			spool_broke(load, &why);
	}
	spooling_collect(load);
	return settle(load, reterr);
}
