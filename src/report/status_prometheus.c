/* Status as Prometheus' text format: one table of metrics, each with its HELP and TYPE once, then a
 * line a stream. Names after the conventions: base units (seconds, bytes), no _total, because
 * nothing here is a counter that a restart begins anew. */
#include "report/status.h"

#include "base/stamp.h"

#include <inttypes.h>

enum value {
	ROWS, WATERMARK, LOADED, REJECTED, RESCUED, GAPS, FEWER,
	/* of the last run */
	RUN_START, RUN_END, RUN_DONE, RUN_FETCHED, RUN_INSERTED, RUN_UPDATED, RUN_BYTES,
	RUN_RETRIES,
};

struct metric {
	const char *name, *help;
	enum value value;
	bool time; /* a moment in microseconds */
};

/* False: there is no such value, and no line. */
static bool value_of_run(const struct run_row *run, enum value value, int64_t *ret)
{
	switch (value) {
	case RUN_START: *ret = run->started_us; break;
	case RUN_END: *ret = run->ended_us; break;
	case RUN_DONE: *ret = run->outcome == OUTCOME_DONE; break;
	case RUN_FETCHED: *ret = run->rows_fetched; break;
	case RUN_INSERTED: *ret = run->rows_inserted; break;
	case RUN_UPDATED: *ret = run->rows_updated; break;
	case RUN_BYTES: *ret = run->bytes; break;
	case RUN_RETRIES: *ret = run->retries; break;
	default: return false;
	}
	return *ret != STAMP_NONE;
}

static bool value_of(const struct status_stream *stream, enum value value, int64_t *ret)
{
	switch (value) {
	case ROWS: *ret = stream->rows; return stream->rows >= 0;
	case WATERMARK: *ret = stream->watermark_us; break;
	case LOADED: *ret = stream->loaded_us; break;
	case REJECTED: *ret = stream->rejected; break;
	case RESCUED: *ret = stream->rescued; break;
	case GAPS: *ret = (int64_t)stream->gaps_n; break;
	case FEWER: *ret = (int64_t)stream->fewer_n; break;
	default: return stream->last != NULL && value_of_run(stream->last, value, ret);
	}
	return *ret != STAMP_NONE;
}

static const struct metric STREAM_METRICS[] = {
	{"firn_stream_rows", "Rows in the stream's table.", ROWS, false},
	{"firn_stream_watermark_timestamp_seconds",
	 "Everything that changed before this moment is loaded.", WATERMARK, true},
	{"firn_stream_loaded_timestamp_seconds", "When rows last came in.", LOADED, true},
	{"firn_stream_last_run_start_timestamp_seconds", "When the last run began.", RUN_START,
	 true},
	{"firn_stream_last_run_end_timestamp_seconds", "When the last run ended.", RUN_END, true},
	{"firn_stream_last_run_success", "1 where the last run did all that it should.", RUN_DONE,
	 false},
	{"firn_stream_last_run_fetched_rows", "Rows that the last run fetched.", RUN_FETCHED,
	 false},
	{"firn_stream_last_run_inserted_rows", "Rows that the last run inserted.", RUN_INSERTED,
	 false},
	{"firn_stream_last_run_updated_rows", "Rows that the last run updated.", RUN_UPDATED,
	 false},
	{"firn_stream_last_run_received_bytes", "Bytes that the last run received.", RUN_BYTES,
	 false},
	{"firn_stream_last_run_retries", "Requests that the last run repeated.", RUN_RETRIES,
	 false},
	{"firn_stream_rejected_rows", "Records rejected, until status --seen or reset.", REJECTED,
	 false},
	{"firn_stream_rescued_rows",
	 "Rows with values that did not fit, until status --seen or reset.", RESCUED, false},
	{"firn_stream_gaps", "Times that are not loaded, readings that were not taken.", GAPS,
	 false},
	{"firn_stream_incomplete_windows", "Windows with fewer rows than the API counted.", FEWER,
	 false},
};

/* A label's value: backslash, quote and line end are escaped. */
static void add_label(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, "%s=\"", name);
	for (; *value != '\0'; value++) {
		if (*value == '\n')
			buf_add_text(out, "\\n");
		else if (*value == '\\' || *value == '"')
			buf_addf(out, "\\%c", *value);
		else
			buf_add_char(out, *value);
	}
	buf_add_char(out, '"');
}

static void add_head(struct buf *out, const char *name, const char *help)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void add_value(struct buf *out, int64_t value, bool time)
{
	if (time)
		buf_addf(out, " %.3f\n", (double)value / (double)STAMP_SECOND);
	else
		buf_addf(out, " %" PRId64 "\n", value);
}

static void add_metric(const struct status *status, const struct metric *metric, struct buf *out)
{
	int64_t value;
	bool head = false;
	for (size_t i = 0; i < status->streams_n; i++) {
		const struct status_stream *stream = &status->streams[i];
		if (!value_of(stream, metric->value, &value))
			continue;
		if (!head)
			add_head(out, metric->name, metric->help);
		head = true;
		buf_addf(out, "%s{", metric->name);
		add_label(out, "pipeline", status->pipeline);
		buf_add_char(out, ',');
		add_label(out, "stream", stream->stream);
		buf_add_char(out, '}');
		add_value(out, value, metric->time);
	}
}

static void add_one(const struct status *status, const char *name, const char *help,
		    int64_t value, bool time, struct buf *out)
{
	if (time && value == STAMP_NONE)
		return;
	add_head(out, name, help);
	buf_addf(out, "%s{", name);
	add_label(out, "pipeline", status->pipeline);
	buf_add_char(out, '}');
	add_value(out, value, time);
}

bool status_prometheus(const struct status *status, struct buf *out)
{
	const struct status_spool *spool = &status->spool;
	struct buf reasons;
	buf_init(&reasons, 1024 * 1024);
	bool whole = status_reasons(status, &reasons);
	add_head(out, "firn_build_info", "The version of firn, as a label.");
	buf_add_text(out, "firn_build_info{");
	add_label(out, "pipeline", status->pipeline);
	buf_add_char(out, ',');
	add_label(out, "version", FIRN_VERSION);
	buf_add_text(out, "} 1\n");
	add_one(status, "firn_healthy", "0 where a person is needed: firn status says why.",
		reasons.size == 0, false, out);
	for (size_t i = 0; i < sizeof STREAM_METRICS / sizeof STREAM_METRICS[0]; i++)
		add_metric(status, &STREAM_METRICS[i], out);
	add_one(status, "firn_spool_files", "Files that wait for delivery.", spool->files, false,
		out);
	add_one(status, "firn_spool_rows", "Rows that wait for delivery.", spool->rows, false, out);
	add_one(status, "firn_spool_bytes", "Bytes that wait for delivery.", spool->bytes, false,
		out);
	add_one(status, "firn_spool_quarantined_files", "Damaged files, set aside.",
		spool->quarantined, false, out);
	add_one(status, "firn_spool_oldest_timestamp_seconds",
		"When the oldest file that waits was sealed.", spool->oldest_us, true, out);
	add_one(status, "firn_next_run_timestamp_seconds", "When the next run is due.",
		status->next_run_us, true, out);
	buf_done(&reasons);
	return whole && !out->failed;
}
