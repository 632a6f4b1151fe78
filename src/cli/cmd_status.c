/* firn status: out of the local copy of the state; --deep asks the warehouse. */
#include "base/bounds.h"
#include "base/clock.h"
#include "cli/status.h"
#include "run/agenda.h"
#include "run/spooled.h"

#include <stdlib.h>
#include <string.h>

/* --- the local copy as report/ wants it --- */

static bool fill_days(const struct local_stream *known, struct arena *arena,
		      struct status_stream *stream)
{
	struct status_day *days = arena_array(arena, known->days_n + 1, sizeof *days);
	if (days == NULL)
		return false;
	for (size_t i = 0; i < known->days_n; i++)
		days[i] = (struct status_day){known->days[i].day, known->days[i].rows};
	stream->days = days;
	stream->days_n = known->days_n;
	return true;
}

/* What waits in another pipeline's spool is that one's to show. */
static bool fill_owner(const struct setup *setup, struct status_spool *spool, struct err *reterr)
{
	const struct config *config = setup->config;
	char owner[SPOOL_OWNER_BYTES];
	struct err why = {0};
	if (!spool_owner(config->spool_dir, owner, reterr))
		return false;
	if (owner[0] != '\0')
		spool->owner = arena_text(setup->arena, span_of(owner));
	if (!spool_is_for(config->spool_dir, config->pipeline, &why))
		spool->refused = arena_text(setup->arena, span_of(why.text));
	if ((owner[0] != '\0' && spool->owner == NULL) ||
	    (why.kind != ERR_NONE && spool->refused == NULL))
		return err_memory(reterr);
	return true;
}

/* Without the spool's lock: a run may be under way. */
static bool fill_spool(const struct setup *setup, struct status *status, struct err *reterr)
{
	const struct config *config = setup->config;
	const struct local_delivery *last = &setup->local->delivery;
	struct spool_limits limits = spooled_limits(config);
	struct spool_summary summary;
	if (!file_exists(config->spool_dir))
		return true;
	if (!fill_owner(setup, &status->spool, reterr))
		return false;
	if (status->spool.refused != NULL)
		return true;
	if (!spool_look(config->spool_dir, &limits, status->at_us, &summary, reterr))
		return false;
	status->spool = (struct status_spool){
		.owner = status->spool.owner,
		.files = summary.files,
		.rows = summary.rows,
		.bytes = summary.bytes,
		.quarantined = summary.quarantined,
		.oldest_us = summary.oldest_ms == 0 ? STAMP_NONE : summary.oldest_ms * 1000,
		.bytes_max = limits.bytes_max,
		.near_limit = summary.near_limit,
		.too_old = summary.too_old,
		/* Files may have been deleted by hand, or brought to their place. */
		.error = summary.files + summary.parts > 0 ? last->reason : NULL,
		.failed_us = last->failed_us,
		.failure_seen = last->seen,
	};
	return true;
}

/* `oldest_us`: from then on the source still has what is asked for; STAMP_NONE: all of it. */
static bool fill_parts(const struct local *local, struct arena *arena, int64_t oldest_us,
		       struct status_stream *stream)
{
	struct interval holes[GAPS_MAX];
	stream->parts = arena_array(arena, local->parts_n + 1, sizeof *stream->parts);
	stream->gaps = arena_array(arena, (local->parts_n + 1) * GAPS_MAX + local->findings_n,
				   sizeof *stream->gaps);
	stream->fewer = arena_array(arena, local->findings_n + 1, sizeof *stream->fewer);
	if (stream->parts == NULL || stream->gaps == NULL || stream->fewer == NULL)
		return false;
	for (size_t i = 0; i < local->parts_n; i++) {
		const struct local_part *part = &local->parts[i];
		if (strcmp(part->stream, stream->stream) != 0)
			continue;
		stream->parts[stream->parts_n++] =
			(struct status_part){part->part, part->watermark_us};
		/* A stream is as far as the last of its parts. */
		if (stream->parts_n == 1 || part->watermark_us < stream->watermark_us)
			stream->watermark_us = part->watermark_us;
		size_t n = local_gaps(part, holes, GAPS_MAX);
		for (size_t k = 0; k < n && k < GAPS_MAX; k++)
			stream->gaps[stream->gaps_n++] = (struct status_gap){
				.lost = oldest_us != STAMP_NONE &&
					holes[k].until_us <= oldest_us,
				.part = part->part, .from_us = holes[k].from_us,
				.until_us = holes[k].until_us};
	}
	for (size_t i = 0; i < local->findings_n; i++) {
		const struct finding *finding = &local->findings[i];
		if (strcmp(finding->stream, stream->stream) != 0)
			continue;
		if (finding->kind != FINDING_FEWER)
			stream->gaps[stream->gaps_n++] = (struct status_gap){
				finding->kind == FINDING_LOST, finding->part, finding->from_us,
				finding->until_us, finding->times, finding->reason};
		else
			stream->fewer[stream->fewer_n++] = (struct status_fewer){
				finding->part, finding->from_us, finding->until_us,
				finding->counted, finding->came};
	}
	return true;
}

/* What `firn start` has noted: with jitter, what was missed and what is tried again. Without it,
 * and while a run is under way, as the schedule says. *ret_due_us: when that next run should have
 * begun, as far as it is known. Writes nothing. */
static int64_t next_run_us(const struct config *config, int64_t now_us, int64_t *ret_due_us)
{
	const struct config_schedule *given = &config->schedule;
	struct zone *zone = NULL;
	struct agenda *agenda = NULL;
	struct err ignored, why = {0};
	if (!given->given || !zone_open(&zone, given->timezone, NULL, &ignored))
		return STAMP_NONE;
	struct schedule schedule = agenda_schedule(config, zone);
	int64_t next_us = schedule_next_us(&schedule, now_us);
	bool known = agenda_open(&agenda, config->state_dir, now_us, false, &why, &ignored) &&
		     why.kind == ERR_NONE && !agenda->died;
	if (known)
		*ret_due_us = next_us = agenda_next(agenda, &schedule, now_us).at_us;
	agenda_close(agenda);
	zone_close(zone);
	return next_us < now_us ? now_us : next_us;
}

/* A run that is due begins within seconds where firn start is there; by hand or by cron it may have
 * come in its place. */
static int64_t overdue_us(const struct status *status, int64_t due_us)
{
	if (due_us == STAMP_NONE || status->at_us - due_us < RUN_LATE_S * STAMP_SECOND)
		return STAMP_NONE;
	for (size_t i = 0; i < status->streams_n; i++) {
		const struct run_row *last = status->streams[i].last;
		if (last != NULL && last->started_us >= due_us)
			return STAMP_NONE;
	}
	return due_us;
}

/* Without a connector every table could have been loaded: those that were. */
static bool is_shown(const struct setup *setup, const struct local_stream *known)
{
	return setup->config->connector[0] != '\0' ||
	       (known != NULL && (known->has_run || known->rows >= 0));
}

/* What is collected is rejected before it is spooled; a warehouse may refuse some later. */
static const char *rejected_in(const struct setup *setup, const struct planned *planned)
{
	if (!planned->spooled)
		return "FIRN_REJECTED";
	return setup_lands(setup) ? "rejected.ndjson in state_dir"
				  : "rejected.ndjson in state_dir, and FIRN_REJECTED";
}

bool status_fill(struct setup *setup, struct status *ret, struct err *reterr)
{
	*ret = (struct status){.pipeline = setup->config->pipeline,
			       .destination = setup->destination,
			       .at_us = clock_now_us(),
			       .spool = {.oldest_us = STAMP_NONE},
			       .next_run_us = STAMP_NONE,
			       .overdue_us = STAMP_NONE};
	int64_t due_us = STAMP_NONE;
	ret->next_run_us = next_run_us(setup->config, ret->at_us, &due_us);
	ret->streams = arena_array(setup->arena, setup->streams_n, sizeof *ret->streams);
	if (ret->streams == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < setup->streams_n; i++) {
		const struct planned *planned = &setup->streams[i];
		const struct local_stream *known =
			local_find_stream(setup->local, planned->stream->name);
		if (!is_shown(setup, known))
			continue;
		struct status_stream *stream = &ret->streams[ret->streams_n++];
		*stream = (struct status_stream){
			.stream = planned->stream->name,
			.table = planned->table->name,
			.rows = known == NULL ? -1 : known->rows,
			.watermark_us = STAMP_NONE,
			.loaded_us = known == NULL ? STAMP_NONE : known->loaded_us,
			.rescued = known == NULL ? 0 : known->rescued,
			.rejected = known == NULL ? 0 : known->rejected,
			.rejected_in = rejected_in(setup, planned),
			.last = known != NULL && known->has_run ? &known->last : NULL,
			.failure_seen = known != NULL && known->failure_seen,
		};
		int64_t oldest_us = planned->stream->keeps == KEEPS_FOR
					    ? ret->at_us - planned->stream->keeps_us
					    : STAMP_NONE;
		if (!fill_parts(setup->local, setup->arena, oldest_us, stream) ||
		    (known != NULL && !fill_days(known, setup->arena, stream)))
			return err_memory(reterr);
	}
	ret->overdue_us = overdue_us(ret, due_us);
	return fill_spool(setup, ret, reterr);
}

/* --- --deep --- */

static bool ask_warehouse(struct setup *setup, struct err *reterr)
{
	struct warehouse *warehouse = NULL;
	struct state state = {0};
	bool done = setup_open_warehouse(setup, true, &warehouse, reterr) &&
		    warehouse_read_state(warehouse, setup->config->pipeline, &state, reterr) &&
		    local_adopt(setup->local, &state, reterr);
	for (size_t i = 0; done && i < setup->streams_n; i++) {
		struct local_stream *stream =
			local_stream(setup->local, setup->streams[i].stream->name);
		done = stream != NULL || err_memory(reterr);
		done = done && warehouse_count(warehouse, setup->streams[i].table->name,
					       &stream->rows, reterr);
	}
	state_done(&state);
	warehouse_close(warehouse);
	return done;
}

static bool mark_seen(struct cli *cli, struct err *reterr)
{
	struct err old = {0};
	local_close(cli->setup->local);
	cli->setup->local = NULL;
	return setup_lock(cli->setup, "status --seen", &old, reterr) &&
	       local_seen(cli->setup->local, reterr) && local_save(cli->setup->local, reterr);
}

static bool write_status(struct cli *cli, const struct status *status, struct buf *out)
{
	enum { AS_TABLE, AS_JSON, AS_PROMETHEUS };
	struct status_screen screen = {cli->colour, cli->unicode, cli->out_columns};
	int64_t format = AS_TABLE;
	(void)option_number(&cli->parsed, "format", &format);
	if (option_flag(&cli->parsed, "json") || format == AS_JSON)
		return status_json(status, out);
	if (format == AS_PROMETHEUS)
		return status_prometheus(status, out);
	return status_text(status, &screen, out);
}

int cmd_status(struct cli *cli)
{
	struct status status;
	struct buf out, reasons;
	struct err why = {0}, old = {0};

	if (!cli_setup(cli))
		return EXIT_USAGE;
	buf_init(&out, SIZE_MAX / 4);
	buf_init(&reasons, MIB);
	bool done = option_flag(&cli->parsed, "seen") ? mark_seen(cli, &why)
						      : setup_local(cli->setup, &old, &why);
	bool elsewhere = done && !setup_lands(cli->setup);
	bool deep = elsewhere && option_flag(&cli->parsed, "deep");
	if (deep)
		done = ask_warehouse(cli->setup, &why);
	else if (elsewhere && cli->setup->local->fresh && old.kind == ERR_NONE &&
		 destination_is_there(cli->config))
		cli_say(cli, "the local copy of the state is missing; --deep asks the warehouse");
	done = done && status_fill(cli->setup, &status, &why);
	if (done && !deep && old.kind != ERR_NONE) {
		status.state_error = old.text;
		status.state_is_elsewhere = elsewhere;
	}
	int code = EXIT_FAILED;
	if (done) {
		status_reasons(&status, &reasons);
		code = reasons.size > 0 ? EXIT_FAILED : EXIT_DONE;
		done = write_status(cli, &status, &out) || buf_ok(&out, &why);
	}
	if (done)
		(void)cli_print(cli, buf_span(&out));
	else
		code = cli_fail(cli, &why);
	buf_done(&reasons);
	buf_done(&out);
	return cli_finish_output(cli, code);
}
