/* Any JSON as a record: taken as one row, or rejected with a reason. What is kept of it, in EXTRA
 * or as a rejected record, is clean JSON, and what is excluded or hashed stands nowhere in it. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/bounds.h"
#include "base/text.h"
#include "shape/row.h"

#include <string.h>

enum { COLUMNS_N = 9 };

struct model {
	struct arena *arena;
	struct column columns[COLUMNS_N];
	unsigned key[1];
	struct table table;
	struct shaper *shaper;
	struct batch *batch;
};

static void make_column(struct model *model, unsigned i, const char *name, enum type type,
			const char *at)
{
	struct err err;
	struct pointer *pointer = arena_array(model->arena, 1, sizeof *pointer);
	expect(pointer != NULL && pointer_parse(model->arena, span_of(at), pointer, &err));
	model->columns[i] = (struct column){.name = name, .type = type, .given = type,
					    .from = CELL_RECORD, .at = {pointer, 1}};
	expect(stamp_format_parse("iso", &model->columns[i].format, &err));
}

static void make(struct model *model)
{
	struct err err;
	model->arena = arena_new();
	expect(model->arena != NULL);
	make_column(model, 0, "ID", TYPE_TEXT, "/id");
	make_column(model, 1, "N", TYPE_INT, "/n");
	make_column(model, 2, "F", TYPE_FLOAT, "/a/f");
	make_column(model, 3, "B", TYPE_BOOL, "/b");
	make_column(model, 4, "AT", TYPE_TIMESTAMP, "/at");
	make_column(model, 5, "DOC", TYPE_JSON, "/a/doc");
	make_column(model, 6, "FIRST", TYPE_TEXT, "/l/0");
	make_column(model, 7, "GONE", TYPE_TEXT, "/gone");
	make_column(model, 8, "HIDDEN", TYPE_TEXT, "/hidden");
	model->columns[7].excluded = true;
	model->columns[8].hashed = true;
	model->table = (struct table){.name = "T", .stream = "t", .columns = model->columns,
				      .columns_n = COLUMNS_N, .key = model->key, .key_n = 1,
				      .newest = 4, .cursor = 4, .has_extra = true};
	expect(shaper_new(&model->shaper, &model->table, SPAN("key"), &err));
	expect(batch_new(&model->batch, &model->table, &err));
}

/* Whole, clean JSON without the members that nobody may see. */
static void check_kept(struct span text)
{
	struct err err;
	struct json_doc *doc = json_parse(text, &err);
	expect(text_is_clean(text) && doc != NULL);
	expect(json_member(json_root(doc), SPAN("gone")) == NULL);
	const struct json *hidden = json_member(json_root(doc), SPAN("hidden"));
	expect(hidden == NULL || json_kind(hidden) == JSON_NULL ||
	       json_text(hidden).size == SHA256_HEX);
	json_free(doc);
}

static void check_row(struct model *model)
{
	struct rows *rows;
	struct err err;
	struct buf cell;
	struct span extra = shaper_extra(model->shaper);
	buf_init(&cell, 64 * MIB);
	for (unsigned i = 0; i < COLUMNS_N; i++) {
		bool there = shaper_cell(model->shaper, i, &cell);
		expect(!there || i != 7);
		expect(there || i != 0); /* the key */
	}
	expect(text_is_clean(buf_span(&cell)));
	if (extra.at != NULL)
		check_kept(extra);
	expect(batch_rows(model->batch) == 1);
	expect(batch_seal(model->batch, &rows, &err));
	expect(rows_count(rows) == 1 && batch_rows(model->batch) == 0);
	rows_free(rows);
	buf_done(&cell);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model model;
	static int64_t seq;
	struct row_report report;
	struct err err = {0};
	if (model.arena == NULL)
		make(&model);
	struct json_doc *doc = json_parse((struct span){(const char *)data, size}, &err);
	if (doc == NULL)
		return 0;
	expect(shaper_row(model.shaper, json_root(doc), NULL, json_dirty(doc), seq++, model.batch,
			  &report, &err));
	expect(strlen(report.record_sha256) == SHA256_HEX || report.taken);
	if (report.taken) {
		check_row(&model);
	} else {
		expect(report.reason != NULL && report.reason[0] != '\0');
		expect(batch_rows(model.batch) == 0);
		if (report.record.at != NULL)
			check_kept(report.record);
	}
	json_free(doc);
	return 0;
}
