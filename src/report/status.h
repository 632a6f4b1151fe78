/* How each stream of a pipeline stands, for people and for programs. What is known is handed
 * over; nothing is asked here.
 *
 * `firn status --json`, stable; times are ISO 8601 in UTC, unknown values null:
 *
 *	{ "pipeline": text, "destination": text, "at": time, "ok": bool, "reasons": [text, ...],
 *	  "streams": [ { "stream", "table": text, "rows": int, "watermark", "loaded_at": time,
 *	      "fresh_seconds": int, "rescued", "rejected": int,
 *	      "days": [ { "day": "2026-11-23", "rows": int } ],
 *	      "parts": [ { "part": text, "watermark": time } ],
 *	      "gaps": [ { "kind": "hole" | "lost" | "missed", "part": text, "from", "until": time,
 *	      "times": int, "reason": text } ],
 *	      "fewer": [ { "part": text, "from", "until": time, "counted", "came": int } ],
 *	      "last_run": { "run_id", "command": text, "started_at", "ended_at", "window_from",
 *	          "window_until": time, "pages", "rows_fetched", "rows_inserted", "rows_updated",
 *	          "rows_rescued", "rows_rejected", "retries", "bytes", "passed_as_empty": int,
 *	          "outcome": "done" | "failed" | "partial", "error", "host", "version": text } } ],
 *	  "spool": { "files", "rows", "bytes": int, "oldest_at": time, "quarantined": int,
 *	      "failed_at": time, "error", "owner": text },
 *	  "next_run": time }
 *
 * A gap "hole" is time between complete windows that no complete window covers; "lost" is time
 * that the source no longer gives; "missed" are readings of a stream that is read once, so many
 * "times" from the first to the last, which could not be taken for "reason" (both null for the
 * other kinds). "days" are the UTC days that brought rows, new and changed ones
 * together, oldest first, at most HISTORY_DAYS_MAX of them.
 *
 * "failed_at" and "error" of the spool are of the last delivery, where it failed and something
 * waits still; else null. "owner" is the pipeline that the spool belongs to (null: nobody's yet);
 * where that is another one, nothing in it is counted.
 *
 * The same for Prometheus, by node_exporter's textfile collector: docs/OPERATING.md lists the
 * metrics. */
#ifndef FIRN_REPORT_STATUS_H
#define FIRN_REPORT_STATUS_H

#include "base/buf.h"
#include "warehouse/state.h"

#include <stdbool.h>

struct status_part {
	const char *part;
	int64_t watermark_us;
};

struct status_gap {
	bool lost;
	const char *part;
	int64_t from_us, until_us;
	int64_t times;      /* readings that could not be taken; 0: it is none of these gaps */
	const char *reason; /* of the last of them, else NULL */
};

struct status_fewer {
	const char *part;
	int64_t from_us, until_us, counted, came;
};

struct status_day {
	int64_t day; /* since 1970, UTC */
	int64_t rows;
};

struct status_stream {
	const char *stream, *table;
	int64_t rows;         /* -1: not known */
	int64_t watermark_us; /* the oldest of its parts */
	int64_t loaded_us;
	int64_t rescued, rejected;
	const char *rejected_in; /* where they can be looked at */
	const struct run_row *last; /* NULL: never run */
	bool failure_seen;
	struct status_part *parts;
	size_t parts_n;
	struct status_gap *gaps;
	size_t gaps_n;
	struct status_fewer *fewer;
	size_t fewer_n;
	const struct status_day *days; /* that brought rows, oldest first */
	size_t days_n;
};

struct status_spool { /* what is collected and not yet delivered; all 0: nothing, or no spool */
	int64_t files, rows, bytes, quarantined;
	int64_t oldest_us; /* STAMP_NONE: nothing waits */
	int64_t bytes_max; /* 0: no limit */
	bool near_limit;   /* some limit, of bytes, files, or the disk's room */
	bool too_old;      /* the oldest waits longer than spool.max_age */
	const char *error; /* of the last delivery; NULL: it did not fail, or nothing waits */
	int64_t failed_us; /* when that was */
	bool failure_seen;
	const char *owner;   /* the pipeline that it belongs to; NULL: none yet */
	const char *refused; /* it is another pipeline's, in words; NULL: it is not */
};

struct status {
	const char *pipeline, *destination;
	int64_t at_us;
	struct status_stream *streams;
	size_t streams_n;
	struct status_spool spool;
	int64_t next_run_us; /* STAMP_NONE: nothing is scheduled */
	int64_t overdue_us;  /* a run was due then and has not begun; STAMP_NONE: none */
	const char *state_error; /* why nothing is known; NULL: it is as it was left */
	bool state_is_elsewhere; /* the warehouse has it too */
};

struct status_screen {
	bool colour, unicode;
	int columns; /* of the terminal; 0: as wide as it comes */
};

/* Why a person is needed, a line each; nothing where all is well. */
bool status_reasons(const struct status *, struct buf *out);
/* One screen: the reason first, then a line a stream. Where the terminal is too narrow, what
 * matters least is left out. */
bool status_text(const struct status *, const struct status_screen *, struct buf *out);
bool status_json(const struct status *, struct buf *out);
bool status_prometheus(const struct status *, struct buf *out);

#endif
