/* Rows a day of each stream, so that `status` can draw what came lately without the warehouse. */
#include "base/stamp.h"
#include "run/local.h"

void local_note_rows(struct local_stream *stream, int64_t at_us, int64_t rows)
{
	int64_t day = stamp_floor(at_us, STAMP_DAY) / STAMP_DAY;
	size_t at = stream->days_n;
	if (rows <= 0)
		return;
	/* A clock that was set back adds to an older day. */
	while (at > 0 && stream->days[at - 1].day > day)
		at--;
	if (at > 0 && stream->days[at - 1].day == day) {
		stream->days[at - 1].rows += rows;
		return;
	}
	if (stream->days_n == HISTORY_DAYS_MAX) {
		if (at == 0)
			return;
		memmove(stream->days, stream->days + 1, (at - 1) * sizeof *stream->days);
		at--;
	} else {
		memmove(stream->days + at + 1, stream->days + at,
			(stream->days_n - at) * sizeof *stream->days);
		stream->days_n++;
	}
	stream->days[at] = (struct local_day){day, rows};
}
