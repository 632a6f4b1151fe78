#include "shape/cell.h"

#include "base/bounds.h"
#include "base/real.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

enum { SCRATCH_BLOCK_BYTES = 64 * KIB };

struct scratch_block {
	struct scratch_block *next;
	size_t used, room;
	char bytes[];
};

void scratch_init(struct scratch *scratch)
{
	*scratch = (struct scratch){0};
	buf_init(&scratch->work, 4 * (size_t)CELL_BYTES_MAX);
}

static void free_blocks(struct scratch_block *block)
{
	while (block != NULL) {
		struct scratch_block *next = block->next;
		free(block);
		block = next;
	}
}

void scratch_done(struct scratch *scratch)
{
	free_blocks(scratch->blocks);
	scratch->blocks = NULL;
	buf_done(&scratch->work);
}

/* One block is kept, so that the usual row asks for no memory. */
void scratch_clear(struct scratch *scratch)
{
	struct scratch_block *kept = scratch->blocks;
	if (kept != NULL) {
		free_blocks(kept->next);
		kept->next = NULL;
		kept->used = 0;
		if (kept->room > SCRATCH_BLOCK_BYTES) {
			free(kept);
			scratch->blocks = NULL;
		}
	}
	if (scratch->work.room > SCRATCH_BLOCK_BYTES)
		buf_done(&scratch->work);
	else
		buf_clear(&scratch->work);
}

struct span scratch_settle(struct scratch *scratch)
{
	struct span text = buf_span(&scratch->work);
	struct scratch_block *block = scratch->blocks;

	if (scratch->work.failed)
		return (struct span){NULL, 0};
	if (block == NULL || block->room - block->used < text.size) {
		size_t room = text.size > SCRATCH_BLOCK_BYTES ? text.size : SCRATCH_BLOCK_BYTES;
		block = malloc(sizeof *block + room);
		if (block == NULL)
			return (struct span){NULL, 0};
		*block = (struct scratch_block){scratch->blocks, 0, room};
		scratch->blocks = block;
	}
	char *at = block->bytes + block->used;
	if (text.size > 0)
		memcpy(at, text.at, text.size);
	block->used += text.size;
	buf_clear(&scratch->work);
	return (struct span){at, text.size};
}

static enum cell_fit fit_text(struct span text, struct cell *ret)
{
	if (text.size > CELL_BYTES_MAX)
		return FIT_NEVER;
	*ret = (struct cell){.kind = CELL_TEXT, .text = text};
	return FIT;
}

enum cell_fit scratch_cell(struct scratch *scratch, bool written, struct cell *ret)
{
	struct buf *work = &scratch->work;
	/* Full and too deep are the value's fault; only memory is ours. */
	if (!written || work->failed) {
		bool memory = work->failed && !work->over;
		buf_clear(work);
		return memory ? FIT_FAILED : FIT_NEVER;
	}
	struct span text = scratch_settle(scratch);
	return text.at == NULL ? FIT_FAILED : fit_text(text, ret);
}

static enum cell_fit text_cell(struct span text, bool dirty, struct scratch *scratch,
			       struct cell *ret, unsigned *cleaned)
{
	if (!dirty || text_is_clean(text))
		return fit_text(text, ret);
	(*cleaned)++;
	return scratch_cell(scratch, text_clean(&scratch->work, text), ret);
}

static enum cell_fit json_cell(const struct json *value, struct scratch *scratch,
			       struct cell *ret, unsigned *cleaned)
{
	size_t dirt = 0;
	bool written = json_write(&scratch->work, value, &dirt);
	*cleaned += dirt > 0;
	return scratch_cell(scratch, written, ret);
}

static enum cell_fit whole_cell(int64_t whole, struct cell *ret)
{
	*ret = (struct cell){.kind = CELL_WHOLE, .whole = whole};
	return FIT;
}

static enum cell_fit real_cell(struct span digits, struct cell *ret)
{
	double real;
	if (!real_read(digits, &real))
		return FIT_NOT;
	*ret = (struct cell){.kind = CELL_REAL, .real = real};
	return FIT;
}

static enum cell_fit time_cell(const struct column *column, enum json_kind kind, struct span text,
			       struct cell *ret)
{
	int64_t us;
	bool unix_style = column->format.style == STAMP_UNIX ||
			  column->format.style == STAMP_UNIX_MS;

	if (kind != JSON_TEXT && !(kind == JSON_NUMBER && unix_style))
		return FIT_NOT;
	bool fits = column->format.style == STAMP_ISO ? stamp_read_iso(text, &us)
						      : stamp_read(&column->format, text, &us);
	return fits ? whole_cell(us, ret) : FIT_NOT;
}

/* Digits in a string count too; a blank, a sign alone or a fraction do not. */
static enum cell_fit int_cell(enum json_kind kind, struct span text, struct cell *ret)
{
	int64_t whole;
	if ((kind == JSON_NUMBER || kind == JSON_TEXT) && json_whole(text, &whole))
		return whole_cell(whole, ret);
	return FIT_NOT;
}

enum cell_fit cell_of_json(const struct column *column, const struct json *value, bool dirty,
			   struct scratch *scratch, struct cell *ret, unsigned *cleaned)
{
	enum json_kind kind = json_kind(value);
	*ret = (struct cell){0};
	if (kind == JSON_ABSENT || kind == JSON_NULL)
		return FIT;
	if (column->type == TYPE_JSON)
		return json_cell(value, scratch, ret, cleaned);
	if (kind == JSON_BOOL)
		return column->type == TYPE_BOOL ? whole_cell(json_bool(value), ret) : FIT_NOT;
	if (kind != JSON_TEXT && kind != JSON_NUMBER)
		return FIT_NOT;

	struct span text = kind == JSON_TEXT ? json_text(value) : json_digits(value);
	switch (column->type) {
	case TYPE_TEXT:
		return text_cell(text, dirty && kind == JSON_TEXT, scratch, ret, cleaned);
	case TYPE_TIMESTAMP:
		return time_cell(column, kind, text, ret);
	case TYPE_INT:
		return int_cell(kind, text, ret);
	case TYPE_FLOAT:
		return kind == JSON_NUMBER ? real_cell(text, ret) : FIT_NOT;
	case TYPE_BOOL:
	case TYPE_JSON:
	case TYPE_COUNT:
		break;
	}
	return FIT_NOT;
}

enum cell_fit cell_of_words(const struct column *column, enum json_kind kind, struct span text,
			    struct scratch *scratch, struct cell *ret)
{
	*ret = (struct cell){0};
	if (kind == JSON_ABSENT || kind == JSON_NULL)
		return FIT;
	switch (column->type) {
	case TYPE_TEXT:
		return fit_text(text, ret);
	case TYPE_JSON:
		return scratch_cell(scratch,
				    kind == JSON_TEXT ? json_add_text(&scratch->work, text)
						      : buf_add_span(&scratch->work, text),
				    ret);
	case TYPE_TIMESTAMP:
		return time_cell(column, kind, text, ret);
	case TYPE_INT:
		return int_cell(kind, text, ret);
	case TYPE_FLOAT:
		/* A setting is text or digits; both may be meant as a number. */
		return kind == JSON_BOOL ? FIT_NOT : real_cell(text, ret);
	case TYPE_BOOL:
		if (span_is(text, "true") || span_is(text, "false"))
			return whole_cell(span_is(text, "true"), ret);
		return FIT_NOT;
	case TYPE_COUNT:
		break;
	}
	return FIT_NOT;
}

const char *cell_expected(const struct column *column)
{
	switch (column->type) {
	case TYPE_TEXT:
		return "text or a number";
	case TYPE_INT:
		return "a whole number";
	case TYPE_FLOAT:
		return "a number";
	case TYPE_BOOL:
		return "true or false";
	case TYPE_JSON:
		return "any JSON";
	case TYPE_TIMESTAMP:
	case TYPE_COUNT:
		break;
	}
	switch (column->format.style) {
	case STAMP_UNIX:
		return "unix seconds";
	case STAMP_UNIX_MS:
		return "unix milliseconds";
	case STAMP_PATTERN:
		return column->format.pattern;
	case STAMP_ISO:
		break;
	}
	return "an ISO 8601 time with a zone";
}

bool cell_write(const struct column *column, const struct cell *cell, struct buf *out)
{
	char text[STAMP_TEXT_BYTES];

	switch (cell->kind) {
	case CELL_NULL:
		return false;
	case CELL_TEXT:
		buf_add_span(out, cell->text);
		return true;
	case CELL_REAL:
		buf_addf(out, "%.17g", cell->real);
		return true;
	case CELL_WHOLE:
		break;
	}
	if (column->type == TYPE_TIMESTAMP) {
		stamp_write_iso(cell->whole, text);
		buf_add_text(out, text);
	} else if (column->type == TYPE_BOOL) {
		buf_add_text(out, cell->whole != 0 ? "true" : "false");
	} else {
		buf_addf(out, "%lld", (long long)cell->whole);
	}
	return true;
}
