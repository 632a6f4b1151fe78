/* Rejected records: into FIRN_REJECTED with the rows of their load, or, where there are only files
 * to land, into state_dir/rejected.ndjson. */
#include "base/clock.h"
#include "run/flow.h"

static void set_text(struct cell *cells, const char *column, struct span text)
{
	int at = table_column(&FIRN_REJECTED, span_of(column));
	if (text.at != NULL)
		cells[at] = (struct cell){.kind = CELL_TEXT, .text = text};
}

bool reject_add(struct load *load, const struct lane *lane, const struct row_report *report,
		struct err *reterr)
{
	struct cell cells[16] = {{0}};
	int at = table_column(&FIRN_REJECTED, SPAN("REJECTED_AT"));

	log_line(load->log, LOG_WARNING, lane->stream->name, "rejected a record: %s",
		 report->reason);
	if (load->options->spooled)
		return spooling_reject(load, lane, report, reterr);
	if (load->rejects == NULL && !batch_new(&load->rejects, &FIRN_REJECTED, reterr))
		return false;
	set_text(cells, "PIPELINE", span_of(load->setup->config->pipeline));
	set_text(cells, "STREAM", span_of(lane->stream->name));
	set_text(cells, "RUN_ID", span_of(load->run_id));
	set_text(cells, "RECORD_SHA256", span_of(report->record_sha256));
	set_text(cells, "REASON", span_of(report->reason));
	set_text(cells, "RECORD", report->record);
	cells[at] = (struct cell){.kind = CELL_WHOLE, .whole = clock_now_us()};
	return batch_add_row(load->rejects, cells, (struct span){NULL, 0}, load->rejects_seq++,
			     reterr);
}

/* --- those of collections: a file beside the local copy --- */

static int64_t count_lines(struct span text)
{
	int64_t n = 0;
	for (size_t i = 0; i < text.size; i++)
		n += text.at[i] == '\n';
	return n;
}

/* Reads the file on from *at to `until`, a piece after the other, into `out` (NULL: nowhere), and
 * counts its lines. */
static bool read_until(int fd, int64_t *at, int64_t until, struct buf *out, int64_t *ret_lines,
		       struct err *reterr)
{
	char piece[16 * KIB];
	size_t size = 1;
	while (*at < until && size > 0) {
		size_t want = until - *at < (int64_t)sizeof piece ? (size_t)(until - *at)
								  : sizeof piece;
		if (!file_read_at(fd, *at, piece, want, &size, reterr))
			return false;
		*ret_lines += count_lines((struct span){piece, size});
		*at += (int64_t)size;
		if (out != NULL)
			buf_add(out, piece, size);
	}
	return out == NULL || buf_ok(out, reterr);
}

/* Keeps the newest whole lines, at most half of what may be. */
static bool halve(const char *path, int fd, int64_t bytes, int64_t *ret_dropped,
		  struct err *reterr)
{
	struct buf kept;
	int64_t at = 0, lines = 0;
	int64_t from = bytes > REJECTED_BYTES_MAX / 2 ? bytes - REJECTED_BYTES_MAX / 2 : 0;
	buf_init(&kept, REJECTED_BYTES_MAX);
	bool done = read_until(fd, &at, from, NULL, ret_dropped, reterr) &&
		    read_until(fd, &at, bytes, &kept, &lines, reterr);
	if (done) {
		struct span text = buf_span(&kept);
		size_t cut = 0;
		while (from > 0 && cut < text.size && text.at[cut++] != '\n')
			continue;
		*ret_dropped += from > 0 && cut > 0;
		done = file_replace(path, span_from(text, cut), reterr);
	}
	buf_done(&kept);
	return done;
}

static bool make_room(const char *path, size_t more, int64_t *ret_dropped, struct err *reterr)
{
	int64_t bytes;
	if (!file_exists(path))
		return true;
	int fd = file_open_read(path, reterr);
	if (fd < 0)
		return false;
	bool done = file_bytes(fd, &bytes, reterr) &&
		    (bytes + (int64_t)more <= REJECTED_BYTES_MAX ||
		     halve(path, fd, bytes, ret_dropped, reterr));
	file_close(fd);
	return done;
}

static bool append(struct load *load, const char *path, struct err *reterr)
{
	int64_t dropped = 0;
	if (!make_room(path, load->reject_lines.size, &dropped, reterr))
		return false;
	if (dropped > 0)
		log_line(load->log, LOG_WARNING, NULL,
			 "dropped the %lld oldest records of %s: it holds %d MiB at most",
			 (long long)dropped, path, REJECTED_BYTES_MAX / MIB);
	int fd = file_open_append_private(path, reterr);
	bool done = fd >= 0 && file_write_all(fd, buf_span(&load->reject_lines), reterr);
	file_close(fd);
	return done;
}

void rejects_keep(struct load *load)
{
	struct err why = {0};
	struct buf path;
	if (load->reject_lines.size == 0)
		return;
	buf_init(&path, PATH_BYTES_MAX);
	if (!file_join(&path, load->setup->config->state_dir, REJECTED_FILE, &why) ||
	    !append(load, buf_text(&path), &why))
		log_line(load->log, LOG_ERROR, NULL, "rejected records could not be kept: %s",
			 why.text);
	buf_done(&path);
	buf_clear(&load->reject_lines);
}
