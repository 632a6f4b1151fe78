/* The records of an answer: found, turned into rows, handed to the sink. Three shapes: a list,
 * one object, an object of equally long lists. With `match: position` every element of the batch
 * has its own part of the answer, and a bad part fails alone. */
#include "base/bounds.h"
#include "source/talk.h"

#include <stdlib.h>

/* --- cells that are the same for all records of a page --- */

static enum fixed_kind kind_of(enum value_kind kind)
{
	switch (kind) {
	case VALUE_TEXT:
		return FIXED_TEXT;
	case VALUE_NUMBER:
		return FIXED_NUMBER;
	case VALUE_BOOL:
		return FIXED_BOOL;
	case VALUE_ABSENT:
	case VALUE_NULL:
		break;
	}
	return FIXED_NONE;
}

bool talk_fix_cells(struct rest *rest, const struct json *around, struct err *reterr)
{
	const struct stream *stream = rest->stream;
	for (size_t i = 0; i < stream->columns_n; i++) {
		const struct connector_column *column = &stream->columns[i];
		struct fixed_cell *cell = &rest->fixed[i];
		*cell = (struct fixed_cell){0};
		if (column->source == FROM_OUTER) {
			const struct json *found = json_point_any(around, column->at, false);
			if (found != NULL)
				*cell = (struct fixed_cell){.kind = FIXED_JSON, .json = found};
		} else if (column->source == FROM_VALUE) {
			struct value value;
			buf_clear(&rest->fixed_texts[i]);
			if (!template_value(column->value, talk_scope(rest),
					    &rest->fixed_texts[i], &value, reterr))
				return err_at(reterr, "%s: %s", stream->name, column->name);
			*cell = (struct fixed_cell){kind_of(value.kind), value.text, NULL};
		}
	}
	return true;
}

/* --- finding them --- */

/* "it has count, results": the names of what is there instead. */
static void say_names(const struct json *root, struct buf *out)
{
	enum { NAMES_SHOWN = 10, NAME_SHOWN_BYTES = 40 };
	struct json_walk walk = json_walk(root);
	unsigned n = 0;
	buf_add_text(out, json_count(root) == 0 ? "it is empty" : "it has ");
	while (n < NAMES_SHOWN && json_next(&walk)) {
		if (n++ > 0)
			buf_add_text(out, ", ");
		talk_words(out, walk.name, NAME_SHOWN_BYTES);
	}
	if (json_count(root) > NAMES_SHOWN)
		buf_add_text(out, ", ...");
}

/* "the answer has no /tickets; it has count, results", "/tickets is null; expected a list" */
static enum records_end wrong_form(const struct rest *rest, const struct json *root,
				   const struct json *found, const char *expected,
				   struct err *why)
{
	struct buf words;
	const struct pointers at = rest->stream->records.at;
	const char *place = at.n == 0 ? "" : at.at[0].text;
	enum json_kind kind = json_kind(found);
	buf_init(&words, ERR_TEXT_BYTES);
	if (kind == JSON_ABSENT)
		buf_addf(&words, "the answer has no %s", place);
	else if (kind == JSON_NULL)
		buf_addf(&words, "%s is null; expected %s", *place == '\0' ? "the answer" : place,
			 expected);
	else
		buf_addf(&words, "%s is %s %s; expected %s", *place == '\0' ? "the answer" : place,
			 kind == JSON_OBJECT ? "an" : "a", json_kind_name(kind), expected);
	if (json_kind(root) == JSON_OBJECT && (kind == JSON_ABSENT || found == root)) {
		buf_add_text(&words, "; ");
		say_names(root, &words);
	} else if (kind == JSON_ABSENT) {
		buf_addf(&words, "; it is a %s", json_kind_name(json_kind(root)));
	}
	err_set(why, ERR_DATA, "%s: %s", rest->stream->name, buf_text(&words));
	buf_done(&words);
	return RECORDS_BAD;
}

struct page {
	struct rest *rest;
	struct row_sink *sink;
	bool dirty;
	size_t element;
	struct records_found found;
	struct row_report report; /* of the last record */
};

static bool hand_out(struct page *page, const struct json *record, bool dirty, unsigned cleaned,
		     struct err *reterr)
{
	struct row_sink *sink = page->sink;
	struct row_report *report = &page->report;
	const struct fixed_cell *fixed = page->rest->any_fixed ? page->rest->fixed : NULL;

	if (!shaper_row(sink->shaper, record, fixed, dirty, (*sink->seq)++, sink->batch, report,
			reterr))
		return false;
	report->rescued += cleaned;
	page->found.records++;
	page->found.last = record;
	uint64_t one = report->key_hash;
	if (!report->taken)
		one = digest_hash64((struct span){report->record_sha256, SHA256_HEX}, 0);
	page->found.hash = digest_hash64((struct span){(const char *)&one, sizeof one},
					 page->found.hash);
	return sink->row(sink->user, report, page->element, reterr);
}

static enum records_end read_list(struct page *page, const struct json *list, struct err *reterr)
{
	struct json_walk walk = json_walk(list);
	while (json_next(&walk)) {
		if (!hand_out(page, walk.value, page->dirty, 0, reterr))
			return RECORDS_FAILED;
	}
	return RECORDS_READ;
}

/* --- columns: {"time": [1, 2], "t": [3, 4]} is {"time": 1, "t": 3} and {"time": 2, "t": 4} --- */

struct lists {
	struct json_walk *at; /* one for each; the name is the list's */
	struct span *names;
	size_t n, rows;
};

/* False with `why`: they are no lists, or not equally long. */
static bool find_lists(const struct page *page, const struct json *object, struct lists *ret,
		       struct err *why)
{
	struct json_walk walk = json_walk(object);
	while (json_next(&walk)) {
		if (ret->n == 0)
			ret->rows = json_count(walk.value);
		if (json_kind(walk.value) != JSON_LIST || json_count(walk.value) != ret->rows) {
			struct buf name;
			buf_init(&name, ERR_TEXT_BYTES);
			talk_words(&name, walk.name, 100);
			err_set(why, ERR_DATA, "%s: %s is no list as long as the others",
				page->rest->stream->name, buf_text(&name));
			buf_done(&name);
			return false;
		}
		ret->names[ret->n] = walk.name;
		ret->at[ret->n++] = json_walk(walk.value);
	}
	return true;
}

/* The next record as text: one way of reading records is enough, and such answers are small.
 * Names that are not clean stay so: whoever shapes the record cleans them. */
static bool write_record(struct lists *lists, struct buf *out, size_t *cleaned)
{
	buf_clear(out);
	buf_add_char(out, '{');
	for (size_t i = 0; i < lists->n; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		json_add_text(out, lists->names[i]);
		buf_add_char(out, ':');
		if (!json_next(&lists->at[i]) || !json_write(out, lists->at[i].value, cleaned))
			return false;
	}
	return buf_add_char(out, '}');
}

static enum records_end read_rows(struct page *page, struct lists *lists, struct buf *text,
				  struct err *why, struct err *reterr)
{
	struct rest *rest = page->rest;
	for (size_t i = 0; i < lists->rows; i++) {
		size_t cleaned = 0;
		if (!write_record(lists, text, &cleaned)) {
			if (text->failed && !text->over) {
				err_memory(reterr);
				return RECORDS_FAILED;
			}
			err_set(why, ERR_DATA, "%s: record %zu is too large or nested too deep",
				rest->stream->name, i + 1);
			return RECORDS_BAD;
		}
		json_free(rest->turned);
		rest->turned = json_parse(buf_span(text), reterr);
		if (rest->turned == NULL ||
		    !hand_out(page, json_root(rest->turned), json_dirty(rest->turned),
			      (unsigned)cleaned, reterr))
			return RECORDS_FAILED;
	}
	return RECORDS_READ;
}

static enum records_end read_columns(struct page *page, const struct json *object,
				     struct err *why, struct err *reterr)
{
	size_t n = json_count(object);
	struct lists lists = {.at = calloc(n + 1, sizeof *lists.at),
			      .names = calloc(n + 1, sizeof *lists.names)};
	struct buf text;
	enum records_end end = RECORDS_FAILED;
	buf_init(&text, ANSWER_BYTES_MAX);
	if (lists.at == NULL || lists.names == NULL)
		err_memory(reterr);
	else if (!find_lists(page, object, &lists, why))
		end = RECORDS_BAD;
	else
		end = read_rows(page, &lists, &text, why, reterr);
	buf_done(&text);
	free(lists.names);
	free(lists.at);
	return end;
}

/* --- an answer, or one element's part of it --- */

static enum records_end read_part(struct page *page, const struct json *root, struct err *why,
				  struct err *reterr)
{
	struct rest *rest = page->rest;
	const struct records_rule *rule = &rest->stream->records;
	const struct json *found =
		rule->at.n == 0 ? root : json_point_any(root, rule->at, true);
	enum json_kind kind = json_kind(found);

	if (!talk_fix_cells(rest, root, reterr))
		return RECORDS_FAILED;
	if (rule->missing_is_empty && kind <= JSON_NULL)
		return RECORDS_READ;
	switch (rule->shape) {
	case SHAPE_LIST:
		if (kind != JSON_LIST)
			return wrong_form(rest, root, found, "a list", why);
		return read_list(page, found, reterr);
	case SHAPE_ONE:
		if (kind != JSON_OBJECT)
			return wrong_form(rest, root, found, "an object", why);
		return hand_out(page, found, page->dirty, 0, reterr) ? RECORDS_READ
								     : RECORDS_FAILED;
	case SHAPE_COLUMNS:
		if (kind != JSON_OBJECT)
			return wrong_form(rest, root, found, "an object of lists", why);
		return read_columns(page, found, why, reterr);
	}
	return RECORDS_READ;
}

static enum records_end read_element(struct page *page, const struct json *part,
				     struct err *reterr)
{
	struct err bad = {0};
	enum records_end end = RECORDS_BAD;
	switch (talk_judge_part(page->rest, part, &bad)) {
	case PART_PASSED:
		page->found.let_pass++;
		return RECORDS_READ;
	case PART_GOOD:
		end = read_part(page, part, &bad, reterr);
		break;
	case PART_BAD:
		break;
	}
	if (end != RECORDS_BAD)
		return end;
	page->sink->element_failed(page->sink->user, page->element, &bad);
	return RECORDS_READ;
}

/* One part for each element of the batch, in order; a bare one for a batch of one. */
static enum records_end read_by_position(struct page *page, const struct json *root,
					 struct err *why, struct err *reterr)
{
	struct rest *rest = page->rest;
	const struct question *question = &rest->question;
	bool list = json_kind(root) == JSON_LIST;
	bool bare = question->elements_n == 1 && !list;
	struct json_walk walk = json_walk(root);
	enum records_end end = RECORDS_READ;

	if (!bare && (!list || json_count(root) != question->elements_n)) {
		err_set(why, ERR_TRANSIENT, "%s: asked for %zu elements, the answer has %zu",
			rest->stream->name, question->elements_n,
			list ? json_count(root) : (size_t)1);
		return RECORDS_BAD;
	}
	rest->one_element = true;
	for (size_t i = 0; i < question->elements_n && end == RECORDS_READ; i++) {
		rest->element = page->element = question->element + i;
		if (!bare && !json_next(&walk))
			break;
		end = read_element(page, bare ? root : walk.value, reterr);
	}
	rest->one_element = false;
	return end;
}

enum records_end talk_read_records(struct rest *rest, const struct records_of *answer,
				   struct row_sink *sink, struct records_found *ret,
				   struct err *why, struct err *reterr)
{
	struct page page = {.rest = rest, .sink = sink, .dirty = answer->dirty,
			    .element = rest->question.element};
	bool by_position = rest->stream->repeat.by_position && rest->question.elements_n > 0;
	enum records_end end = by_position
				       ? read_by_position(&page, answer->root, why, reterr)
				       : read_part(&page, answer->root, why, reterr);
	/* The keys, one for one, and the last record whole: a page that agrees in these with the
	 * one before is that page, without a digest of every byte of every page. What goes by
	 * position has one page only. */
	if (end == RECORDS_READ && !by_position && page.report.taken)
		page.found.hash ^= shaper_row_hash(sink->shaper);
	*ret = page.found;
	return end;
}
