#include "report/status.h"

#include "base/json.h"
#include "base/stamp.h"
#include "base/text.h"

#include <string.h>

static void add_range(struct buf *out, const char *part, int64_t from_us, int64_t until_us)
{
	char from[STAMP_TEXT_BYTES], until[STAMP_TEXT_BYTES];
	stamp_write_short(from_us, from);
	stamp_write_short(until_us, until);
	buf_addf(out, "%s%s%s to %s", part, part[0] == '\0' ? "" : ": ", from, until);
}

static void missed_reason(const char *stream, const struct status_gap *gap, struct buf *out)
{
	char from[STAMP_TEXT_BYTES], until[STAMP_TEXT_BYTES];
	stamp_write_short(stamp_floor(gap->from_us, STAMP_SECOND), from);
	stamp_write_short(stamp_floor(gap->until_us, STAMP_SECOND), until);
	buf_addf(out, "%s%s%s: ", stream, gap->part[0] == '\0' ? "" : ": ", gap->part);
	if (gap->times == 1)
		buf_addf(out, "the reading of %s", from);
	else
		buf_addf(out, "%lld readings from %s to %s", (long long)gap->times, from, until);
	buf_addf(out, " could not be taken: %s\n", gap->reason);
}

static bool has_failed(const struct status_stream *stream)
{
	return stream->last != NULL && stream->last->outcome != OUTCOME_DONE &&
	       !stream->failure_seen;
}

static bool failed_likewise(const struct status_stream *a, const struct status_stream *b)
{
	const char *one = has_failed(a) ? a->last->error : NULL;
	const char *other = has_failed(b) ? b->last->error : NULL;
	return one != NULL && other != NULL && a->last->outcome == b->last->outcome &&
	       strcmp(one, other) == 0;
}

/* One cause is one line: a wrong token fails all streams, and a pager shows few lines. */
static void failure_reason(const struct status *status, size_t at, struct buf *out)
{
	const struct status_stream *stream = &status->streams[at];
	const struct run_row *last = stream->last;
	if (!has_failed(stream))
		return;
	for (size_t i = 0; i < at; i++) {
		if (failed_likewise(&status->streams[i], stream))
			return;
	}
	buf_add_text(out, stream->stream);
	for (size_t i = at + 1; i < status->streams_n; i++) {
		if (failed_likewise(stream, &status->streams[i]))
			buf_addf(out, ", %s", status->streams[i].stream);
	}
	buf_addf(out, ": the last run %s: %s\n",
		 last->outcome == OUTCOME_FAILED ? "failed" : "was done in part only",
		 last->error == NULL ? "it was cut off"
				     : text_without_name(last->error, stream->stream));
}

static void stream_reasons(const struct status_stream *stream, struct buf *out)
{
	if (stream->rejected > 0)
		buf_addf(out, "%s: %lld record%s rejected; see %s\n", stream->stream,
			 (long long)stream->rejected, stream->rejected == 1 ? "" : "s",
			 stream->rejected_in);
	if (stream->rescued > 0)
		buf_addf(out, "%s: %lld rows with values that did not fit; they are in EXTRA\n",
			 stream->stream, (long long)stream->rescued);
	for (size_t i = 0; i < stream->fewer_n; i++) {
		const struct status_fewer *fewer = &stream->fewer[i];
		buf_addf(out, "%s: the API counted %lld records, %lld came: ", stream->stream,
			 (long long)fewer->counted, (long long)fewer->came);
		add_range(out, fewer->part, fewer->from_us, fewer->until_us);
		buf_addf(out, "; firn initial-load --again for those days reads them anew\n");
	}
	for (size_t i = 0; i < stream->gaps_n; i++) {
		const struct status_gap *gap = &stream->gaps[i];
		if (gap->times > 0) {
			missed_reason(stream->stream, gap, out);
			continue;
		}
		buf_addf(out, "%s: ", stream->stream);
		add_range(out, gap->part, gap->from_us, gap->until_us);
		buf_add_text(out, gap->lost ? " was not loaded and the source no longer has it\n"
					    : " is not loaded; firn initial-load for those days "
					      "fills it\n");
	}
}

/* What waits since when, and why it does. */
static void delivery_reason(const struct status_spool *spool, struct buf *out)
{
	char oldest[STAMP_TEXT_BYTES], failed[STAMP_TEXT_BYTES];
	if (spool->error == NULL || spool->failure_seen)
		return;
	stamp_write_short(stamp_floor(spool->failed_us, STAMP_SECOND), failed);
	buf_add_text(out, "spool: ");
	if (spool->oldest_us != STAMP_NONE) {
		stamp_write_short(stamp_floor(spool->oldest_us, STAMP_SECOND), oldest);
		buf_addf(out, "%lld file%s with %lld row%s wait%s since %s; ",
			 (long long)spool->files, spool->files == 1 ? "" : "s",
			 (long long)spool->rows, spool->rows == 1 ? "" : "s",
			 spool->files == 1 ? "s" : "", oldest);
	}
	buf_addf(out, "the last delivery, at %s, failed: %s\n", failed, spool->error);
}

static void spool_reasons(const struct status_spool *spool, struct buf *out)
{
	if (spool->refused != NULL)
		buf_addf(out, "%s\n", spool->refused);
	delivery_reason(spool, out);
	if (spool->quarantined > 0)
		buf_addf(out, "spool: %lld damaged or refused file%s set aside in quarantine/; the "
			      ".why beside each says why\n", (long long)spool->quarantined,
			 spool->quarantined == 1 ? " is" : "s are");
	if (spool->near_limit)
		buf_addf(out, "spool: it is nearly full: %lld files wait with %lld of at most %lld "
			      "bytes; firn flush delivers them\n", (long long)spool->files,
			 (long long)spool->bytes, (long long)spool->bytes_max);
	if (spool->too_old)
		buf_add_text(out, "spool: the oldest file waits longer than spool.max_age; firn "
			     "flush says what keeps it\n");
}

static void overdue_reason(const struct status *status, struct buf *out)
{
	char text[STAMP_TEXT_BYTES];
	if (status->overdue_us == STAMP_NONE)
		return;
	stamp_write_short(stamp_floor(status->overdue_us, STAMP_SECOND), text);
	buf_addf(out, "nobody runs the schedule: the run due %s UTC has not begun; see whether "
		      "firn start is there (firn service, systemctl status)\n", text);
}

bool status_reasons(const struct status *status, struct buf *out)
{
	if (status->state_error != NULL)
		buf_addf(out, "the copy of the state on this machine is not used: %s; the next run "
			      "makes it anew%s\n", status->state_error,
			 status->state_is_elsewhere ? ", and --deep asks the warehouse now" : "");
	overdue_reason(status, out);
	for (size_t i = 0; i < status->streams_n; i++) {
		failure_reason(status, i, out);
		stream_reasons(&status->streams[i], out);
	}
	spool_reasons(&status->spool, out);
	return !out->failed;
}

/* --- for programs --- */

static void add_time(struct buf *out, const char *name, int64_t us)
{
	char text[STAMP_TEXT_BYTES];
	if (us == STAMP_NONE) {
		json_add_string(out, name, NULL);
		return;
	}
	stamp_write_iso(us, text);
	json_add_string(out, name, text);
}

static void add_known(struct buf *out, const char *name, int64_t value)
{
	if (value < 0)
		json_add_string(out, name, NULL);
	else
		json_add_int(out, name, value);
}

static void add_run(struct buf *out, const struct run_row *run)
{
	json_add_name(out, "last_run");
	if (run == NULL) {
		buf_add_text(out, "null");
		return;
	}
	buf_add_char(out, '{');
	json_add_string(out, "run_id", run->run_id);
	json_add_string(out, "command", run->command);
	add_time(out, "started_at", run->started_us);
	add_time(out, "ended_at", run->ended_us);
	add_time(out, "window_from", run->window_from_us);
	add_time(out, "window_until", run->window_until_us);
	json_add_int(out, "pages", run->pages);
	json_add_int(out, "rows_fetched", run->rows_fetched);
	json_add_int(out, "rows_inserted", run->rows_inserted);
	json_add_int(out, "rows_updated", run->rows_updated);
	json_add_int(out, "rows_rescued", run->rows_rescued);
	json_add_int(out, "rows_rejected", run->rows_rejected);
	json_add_int(out, "retries", run->retries);
	json_add_int(out, "bytes", run->bytes);
	json_add_int(out, "passed_as_empty", run->let_pass);
	json_add_string(out, "outcome", outcome_name(run->outcome));
	json_add_string(out, "error", run->error);
	json_add_string(out, "host", run->host);
	json_add_string(out, "version", run->version);
	buf_add_char(out, '}');
}

static void add_lists(struct buf *out, const struct status_stream *stream)
{
	buf_add_text(out, ",\"parts\":[");
	for (size_t i = 0; i < stream->parts_n; i++) {
		json_add_comma(out);
		buf_add_char(out, '{');
		json_add_string(out, "part", stream->parts[i].part);
		add_time(out, "watermark", stream->parts[i].watermark_us);
		buf_add_char(out, '}');
	}
	buf_add_text(out, "],\"gaps\":[");
	for (size_t i = 0; i < stream->gaps_n; i++) {
		json_add_comma(out);
		buf_add_char(out, '{');
		json_add_string(out, "kind", stream->gaps[i].times > 0 ? "missed"
					     : stream->gaps[i].lost    ? "lost"
								       : "hole");
		json_add_string(out, "part", stream->gaps[i].part);
		add_time(out, "from", stream->gaps[i].from_us);
		add_time(out, "until", stream->gaps[i].until_us);
		add_known(out, "times", stream->gaps[i].times > 0 ? stream->gaps[i].times : -1);
		json_add_string(out, "reason", stream->gaps[i].reason);
		buf_add_char(out, '}');
	}
	buf_add_text(out, "],\"fewer\":[");
	for (size_t i = 0; i < stream->fewer_n; i++) {
		json_add_comma(out);
		buf_add_char(out, '{');
		json_add_string(out, "part", stream->fewer[i].part);
		add_time(out, "from", stream->fewer[i].from_us);
		add_time(out, "until", stream->fewer[i].until_us);
		json_add_int(out, "counted", stream->fewer[i].counted);
		json_add_int(out, "came", stream->fewer[i].came);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void add_days(struct buf *out, const struct status_stream *stream)
{
	char text[STAMP_TEXT_BYTES];
	buf_add_text(out, ",\"days\":[");
	for (size_t i = 0; i < stream->days_n; i++) {
		stamp_write_short(stream->days[i].day * STAMP_DAY, text);
		json_add_comma(out);
		buf_add_char(out, '{');
		json_add_string(out, "day", text);
		json_add_int(out, "rows", stream->days[i].rows);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void add_spool(struct buf *out, const struct status_spool *spool)
{
	json_add_name(out, "spool");
	buf_add_char(out, '{');
	json_add_int(out, "files", spool->files);
	json_add_int(out, "rows", spool->rows);
	json_add_int(out, "bytes", spool->bytes);
	add_time(out, "oldest_at", spool->oldest_us);
	json_add_int(out, "quarantined", spool->quarantined);
	add_time(out, "failed_at", spool->error == NULL ? STAMP_NONE : spool->failed_us);
	json_add_string(out, "error", spool->error);
	json_add_string(out, "owner", spool->owner);
	buf_add_char(out, '}');
}

static void add_stream(struct buf *out, const struct status *status,
		       const struct status_stream *stream)
{
	json_add_comma(out);
	buf_add_char(out, '{');
	json_add_string(out, "stream", stream->stream);
	json_add_string(out, "table", stream->table);
	add_known(out, "rows", stream->rows);
	add_time(out, "watermark", stream->watermark_us);
	add_time(out, "loaded_at", stream->loaded_us);
	add_known(out, "fresh_seconds",
		  stream->loaded_us == STAMP_NONE
			  ? -1
			  : (status->at_us - stream->loaded_us) / STAMP_SECOND);
	json_add_int(out, "rescued", stream->rescued);
	json_add_int(out, "rejected", stream->rejected);
	add_days(out, stream);
	add_lists(out, stream);
	add_run(out, stream->last);
	buf_add_char(out, '}');
}

bool status_json(const struct status *status, struct buf *out)
{
	struct buf reasons;
	buf_init(&reasons, 1024 * 1024);
	status_reasons(status, &reasons);
	buf_add_char(out, '{');
	json_add_string(out, "pipeline", status->pipeline);
	json_add_string(out, "destination", status->destination);
	add_time(out, "at", status->at_us);
	buf_addf(out, ",\"ok\":%s,\"reasons\":[", reasons.size == 0 ? "true" : "false");
	for (const char *at = buf_text(&reasons); *at != '\0';) {
		size_t size = strcspn(at, "\n");
		json_add_comma(out);
		json_add_text(out, (struct span){at, size});
		at += size + (at[size] == '\n');
	}
	buf_add_text(out, "],\"streams\":[");
	for (size_t i = 0; i < status->streams_n; i++)
		add_stream(out, status, &status->streams[i]);
	buf_add_char(out, ']');
	add_spool(out, &status->spool);
	add_time(out, "next_run", status->next_run_us);
	buf_add_text(out, "}\n");
	buf_done(&reasons);
	return !out->failed;
}
