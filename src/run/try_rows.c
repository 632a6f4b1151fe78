/* The rows of a try: what was rescued or rejected, with its place in the answer; the first ones
 * for people, all of them as they would be landed. */
#include "run/trying.h"

static void add_place(const struct asking *a, const struct column *column, struct buf *out)
{
	const struct records_rule *rule = &a->stream->records;
	const char *field = column != NULL && column->at.n > 0 ? column->at.at[0].text : "";
	if (a->rest != NULL && rest_pages(a->rest) > 0)
		buf_addf(out, "page %lld ", (long long)rest_pages(a->rest) + 1);
	if (a->parts)
		buf_addf(out, "/%zu", a->element);
	if (a->stream->rows == ROWS_FROM_API && rule->at.n > 0)
		buf_add_text(out, rule->at.at[0].text);
	if (rule->shape == SHAPE_LIST)
		buf_addf(out, "/%zu", a->at);
	buf_add_text(out, field);
	if (rule->shape == SHAPE_COLUMNS)
		buf_addf(out, "/%zu", a->at);
}

/* "rescued into EXTRA: /tickets/17/generated_timestamp: GENERATED_AT: expected ..." */
static void note_rescued(struct asking *a, const struct row_report *report)
{
	struct buf *notes = &a->t->result->notes;
	a->cleaned += report->rescued - report->columns;
	if (report->rescue == NULL || a->rescued_rows++ >= TRY_NOTES_MAX)
		return;
	struct span name = {report->rescue, strcspn(report->rescue, ":")};
	int column = table_column(a->table, name);
	buf_add_text(notes, "rescued into EXTRA: ");
	add_place(a, column < 0 ? NULL : &a->table->columns[column], notes);
	buf_addf(notes, ": %s", report->rescue);
	if (report->columns > 1)
		buf_addf(notes, " (and %u more in this row)", report->columns - 1);
	buf_add_char(notes, '\n');
}

static void note_rejected(struct asking *a, const struct row_report *report)
{
	struct buf *notes = &a->t->result->notes;
	if (a->rejected_rows++ >= TRY_NOTES_MAX)
		return;
	buf_add_text(notes, "rejected: ");
	add_place(a, NULL, notes);
	buf_addf(notes, ": %s\n", report->reason);
}

static bool keep_cells(struct asking *a, struct err *reterr)
{
	struct try_result *result = a->t->result;
	struct buf cell, shown;
	bool keep = result->shown_n < TRY_ROWS_SHOWN, done = true;
	size_t n = 0;
	buf_init(&cell, CELL_BYTES_MAX);
	buf_init(&shown, 2 * CELL_BYTES_MAX);
	buf_add_text(&result->json, result->json.size == 0 ? "{" : ",\n{");
	for (unsigned i = 0; i < a->table->columns_n && done; i++) {
		const struct column *column = &a->table->columns[i];
		if (column->excluded)
			continue;
		buf_clear(&cell);
		buf_clear(&shown);
		bool there = shaper_cell(a->shaper, i, &cell);
		json_add_name(&result->json, column->name);
		if (there)
			try_write_json(column->type, buf_span(&cell), &result->json);
		else
			buf_add_text(&result->json, "null");
		if (keep && there) {
			try_write_cell(column->type, buf_span(&cell), &shown);
			char *copy = arena_text(result->arena, buf_span(&shown));
			result->shown[result->shown_n * result->columns_n + n] =
				(struct span){copy, shown.size};
			done = copy != NULL && !shown.failed;
		}
		done = done && !cell.failed;
		n++;
	}
	struct span extra = shaper_extra(a->shaper);
	json_add_name(&result->json, COLUMN_EXTRA);
	buf_add_span(&result->json, extra.at == NULL ? SPAN("null") : extra);
	buf_add_char(&result->json, '}');
	buf_done(&shown);
	buf_done(&cell);
	result->shown_n += keep;
	return (done || err_memory(reterr)) && buf_ok(&result->json, reterr);
}

static bool keep_first(struct asking *a, struct err *reterr)
{
	struct arena *arena = a->t->arena;
	size_t n = a->stream->columns_n;
	struct value *row = arena_array(arena, n, sizeof *row);
	struct buf cell;
	bool done = row != NULL;
	buf_init(&cell, CELL_BYTES_MAX);
	for (size_t i = 0; i < n && done; i++) {
		buf_clear(&cell);
		if (!shaper_cell(a->shaper, (unsigned)i, &cell))
			continue;
		char *copy = arena_text(arena, buf_span(&cell));
		done = copy != NULL && !cell.failed;
		row[i] = rest_cell(a->table->columns[i].type, (struct span){copy, cell.size});
	}
	buf_done(&cell);
	*a->first = row;
	return done || err_memory(reterr);
}

static bool take_row(struct asking *a, const struct row_report *report, struct err *reterr)
{
	a->answer.rows++;
	a->answer.rescued += report->rescued;
	if (a->first != NULL)
		return *a->first != NULL || keep_first(a, reterr);
	if (report->cursor_us != INT64_MIN && a->from_us != STAMP_NONE) {
		a->timed++;
		a->outside += report->cursor_us < a->from_us || report->cursor_us >= a->until_us;
	}
	for (unsigned i = 0; i < a->table->columns_n; i++) {
		if (shaper_saw(a->shaper, i))
			seen_column(a->seen, i);
	}
	note_rescued(a, report);
	return seen_extra(a->seen, shaper_extra(a->shaper), reterr) && keep_cells(a, reterr);
}

static bool row_came(void *user, const struct row_report *report, size_t element,
		     struct err *reterr)
{
	struct asking *a = user;
	struct rows *rows;
	if (element != a->element)
		a->at = 0;
	a->element = element;
	if (!report->taken) {
		a->answer.rejected++;
		if (a->first == NULL)
			note_rejected(a, report);
	} else if (!take_row(a, report, reterr)) {
		return false;
	}
	a->at++;
	if (!batch_full(a->batch))
		return true;
	if (!batch_seal(a->batch, &rows, reterr))
		return false;
	rows_free(rows);
	return true;
}

static void element_failed(void *user, size_t element, const struct err *why)
{
	struct asking *a = user;
	buf_addf(&a->t->result->notes, "/%zu: %s\n", element, why->text);
	a->t->result->failed = true;
	a->t->result->why = *why;
}

struct row_sink try_sink(struct asking *a)
{
	return (struct row_sink){a->shaper, a->batch, &a->seq, row_came, element_failed, a};
}

/* --- what is said at the end --- */

static void note_more(struct buf *notes, const char *what, int64_t n)
{
	if (n > TRY_NOTES_MAX)
		buf_addf(notes, "%s: and %lld rows more\n", what, (long long)(n - TRY_NOTES_MAX));
}

void try_tell_rows(struct asking *a)
{
	struct buf *notes = &a->t->result->notes;
	char from[STAMP_TEXT_BYTES], until[STAMP_TEXT_BYTES] = "";
	note_more(notes, "rescued into EXTRA", a->rescued_rows);
	note_more(notes, "rejected", a->rejected_rows);
	if (a->cleaned > 0)
		buf_addf(notes, "%lld texts held bytes that no warehouse takes, and were cleaned\n",
			 (long long)a->cleaned);
	(void)seen_write(a->seen, notes);
	if (a->from_us == STAMP_NONE)
		return;
	stamp_write_short(a->from_us, from);
	if (a->until_us != INT64_MAX)
		stamp_write_short(a->until_us, until);
	if (a->answer.is_page && a->t->result->rows == 0 && a->t->result->rejected == 0 &&
	    a->t->options->from_us == STAMP_NONE)
		buf_addf(notes, "nothing from %s%s%s: --from DATE asks for an earlier time\n", from,
			 until[0] == '\0' ? " on" : " until ", until);
	if (a->outside == 0)
		return;
	buf_addf(notes, "warning: %lld of %lld rows lie outside the window (%s from %s%s%s): the "
		 "API ignores the filter, or filters by something else\n", (long long)a->outside,
		 (long long)a->timed, a->stream->window.column, from,
		 until[0] == '\0' ? " on" : " until ", until);
}
