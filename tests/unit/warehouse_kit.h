/* What the tests of src/warehouse share: a scratch folder with a DuckDB file, a table of every
 * type, rows in a few words, and what a query gives as one line of text. */
#ifndef FIRN_TESTS_WAREHOUSE_KIT_H
#define FIRN_TESTS_WAREHOUSE_KIT_H

#include "base/bounds.h"
#include "base/buf.h"
#include "shape/batch.h"
#include "warehouse/warehouse.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define UNUSED __attribute__((unused))

/* --- a table --- */

enum { ITEM_ID, ITEM_NAME, ITEM_N, ITEM_X, ITEM_OK, ITEM_DOC, ITEM_AT, ITEM_COLUMNS };

static const struct column ITEM_COLUMN_LIST[ITEM_COLUMNS] = {
	[ITEM_ID] = {.name = "ID", .type = TYPE_TEXT, .required = true, .comment = "the key"},
	[ITEM_NAME] = {.name = "NAME", .type = TYPE_TEXT},
	[ITEM_N] = {.name = "N", .type = TYPE_INT},
	[ITEM_X] = {.name = "X", .type = TYPE_FLOAT},
	[ITEM_OK] = {.name = "OK", .type = TYPE_BOOL},
	[ITEM_DOC] = {.name = "DOC", .type = TYPE_JSON},
	[ITEM_AT] = {.name = "AT", .type = TYPE_TIMESTAMP},
};
static const unsigned ITEM_KEY[] = {ITEM_ID};
UNUSED static const struct table ITEMS = {
	.name = "ITEMS", .stream = "items", .comment = "things", .columns = ITEM_COLUMN_LIST,
	.columns_n = ITEM_COLUMNS, .key = ITEM_KEY, .key_n = 1, .newest = ITEM_AT,
	.cursor = ITEM_AT, .has_extra = true,
};

/* One row of it; `at` in seconds since 1970, -1: NULL. */
struct item {
	const char *id, *name;
	int64_t n, at;
	const char *doc;
};

UNUSED static struct cell cell_text(const char *text)
{
	return text == NULL ? (struct cell){.kind = CELL_NULL}
			    : (struct cell){.kind = CELL_TEXT, .text = span_of(text)};
}

UNUSED static struct cell cell_whole(int64_t value)
{
	return (struct cell){.kind = CELL_WHOLE, .whole = value};
}

/* --- a warehouse in a folder of its own --- */

struct kit {
	char folder[64], file[128];
	char driver[PATH_BYTES_MAX];
	struct warehouse *warehouse;
	int64_t seq;
	struct buf text; /* of the last query */
};

UNUSED static void kit_driver(char out[PATH_BYTES_MAX])
{
	struct err err = {.kind = ERR_NONE};
	struct buf path;
	const char *named = getenv("FIRN_DRIVER_PATH");
	buf_init(&path, PATH_BYTES_MAX - 1);
	if (!driver_find(WAREHOUSE_DUCKDB, NULL, named, &path, &err) &&
	    !driver_find(WAREHOUSE_DUCKDB, "build/lib", NULL, &path, &err) &&
	    !driver_find(WAREHOUSE_DUCKDB, "deps/lib", NULL, &path, &err))
		fail_msg("%s", err.text);
	snprintf(out, PATH_BYTES_MAX, "%s", buf_text(&path));
	buf_done(&path);
}

UNUSED static struct warehouse_options kit_options(const struct kit *kit)
{
	return (struct warehouse_options){
		.kind = WAREHOUSE_DUCKDB, .path = kit->file, .driver = kit->driver,
	};
}

UNUSED static void kit_open(struct kit *kit)
{
	struct err err = {.kind = ERR_NONE};
	struct warehouse_options options = kit_options(kit);
	if (!warehouse_open(&kit->warehouse, &options, &err))
		fail_msg("%s", err.text);
}

UNUSED static void kit_close(struct kit *kit)
{
	warehouse_close(kit->warehouse);
	kit->warehouse = NULL;
}

UNUSED static void kit_reopen(struct kit *kit)
{
	kit_close(kit);
	kit_open(kit);
}

UNUSED static int kit_begin(void **state)
{
	struct kit *kit = calloc(1, sizeof *kit);
	if (kit == NULL)
		return 1;
	snprintf(kit->folder, sizeof kit->folder, "/tmp/firn_test_XXXXXX");
	if (mkdtemp(kit->folder) == NULL)
		return 1;
	snprintf(kit->file, sizeof kit->file, "%s/w.duckdb", kit->folder);
	buf_init(&kit->text, SQL_BYTES_MAX);
	kit_driver(kit->driver);
	kit_open(kit);
	*state = kit;
	return 0;
}

UNUSED static void remove_folder(const char *folder)
{
	DIR *entries = opendir(folder);
	if (entries == NULL)
		return;
	for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
		char path[1024];
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (remove(path) != 0)
			remove_folder(path);
	}
	closedir(entries);
	rmdir(folder);
}

UNUSED static int kit_end(void **state)
{
	struct kit *kit = *state;
	kit_close(kit);
	buf_done(&kit->text);
	remove_folder(kit->folder);
	free(kit);
	return 0;
}

/* --- asking --- */

/* Cells with | between them, rows with ; and NULL as ~. */
UNUSED static const char *kit_ask(struct kit *kit, const char *sql)
{
	struct err err = {.kind = ERR_NONE};
	struct result *result;
	bool first = true;
	if (!warehouse_query(kit->warehouse, sql, true, &result, &err))
		fail_msg("%s", err.text);
	buf_clear(&kit->text);
	while (result_next(result, &err)) {
		buf_add_text(&kit->text, first ? "" : ";");
		for (size_t i = 0; i < result_columns(result); i++) {
			struct span cell;
			buf_add_text(&kit->text, i == 0 ? "" : "|");
			buf_add_span(&kit->text, result_text(result, i, &cell) ? cell : SPAN("~"));
		}
		first = false;
	}
	result_free(result);
	if (err.kind != ERR_NONE)
		fail_msg("%s", err.text);
	return buf_text(&kit->text);
}

UNUSED static void kit_do(struct kit *kit, const char *sql)
{
	(void)kit_ask(kit, sql);
}

#define ASK(kit, sql, is) assert_string_equal(kit_ask(kit, sql), is)

/* --- loading --- */

UNUSED static void kit_prepare(struct kit *kit, const struct table *table)
{
	struct err err = {.kind = ERR_NONE};
	if (!warehouse_prepare(kit->warehouse, &table, table == NULL ? 0 : 1, &err))
		fail_msg("%s", err.text);
}

UNUSED static bool kit_try_stage(struct kit *kit, const struct table *table,
				 const struct cell *cells, const char *extra, struct err *reterr)
{
	struct batch *batch;
	struct rows *rows;
	struct span span = extra == NULL ? (struct span){NULL, 0} : span_of(extra);
	assert_true(batch_new(&batch, table, reterr));
	assert_true(batch_add_row(batch, cells, span, kit->seq++, reterr));
	assert_true(batch_seal(batch, &rows, reterr));
	bool done = warehouse_stage(kit->warehouse, table, rows_schema(rows), rows_array(rows),
				    reterr);
	rows_free(rows);
	batch_free(batch);
	return done;
}

UNUSED static void kit_stage(struct kit *kit, const struct table *table, const struct cell *cells,
			     const char *extra)
{
	struct err err = {.kind = ERR_NONE};
	if (!kit_try_stage(kit, table, cells, extra, &err))
		fail_msg("%s", err.text);
}

UNUSED static void item_cells(const struct item *item, struct cell cells[ITEM_COLUMNS])
{
	cells[ITEM_ID] = cell_text(item->id);
	cells[ITEM_NAME] = cell_text(item->name);
	cells[ITEM_N] = cell_whole(item->n);
	cells[ITEM_X] = (struct cell){.kind = CELL_REAL, .real = (double)item->n / 2};
	cells[ITEM_OK] = cell_whole(item->n % 2);
	cells[ITEM_DOC] = cell_text(item->doc);
	cells[ITEM_AT] = item->at < 0 ? (struct cell){.kind = CELL_NULL}
				      : cell_whole(item->at * STAMP_SECOND);
}

/* All of them in one batch. */
UNUSED static void kit_stage_items(struct kit *kit, const struct table *table,
				   const struct item *items, size_t n)
{
	struct err err = {.kind = ERR_NONE};
	struct batch *batch;
	struct rows *rows;
	struct cell cells[ITEM_COLUMNS];
	assert_true(batch_new(&batch, table, &err));
	for (size_t i = 0; i < n; i++) {
		item_cells(&items[i], cells);
		assert_true(batch_add_row(batch, cells, (struct span){NULL, 0}, kit->seq++, &err));
	}
	assert_true(batch_seal(batch, &rows, &err));
	if (!warehouse_stage(kit->warehouse, table, rows_schema(rows), rows_array(rows), &err))
		fail_msg("%s", err.text);
	rows_free(rows);
	batch_free(batch);
}

/* A commit of one table without state. */
UNUSED static bool kit_try_commit(struct kit *kit, struct table_merge *merge, int64_t load_s,
				  struct err *reterr)
{
	struct commit commit = {
		.pipeline = "p", .load_timestamp_us = load_s * STAMP_SECOND, .merges = merge,
		.merges_n = 1,
	};
	return warehouse_commit(kit->warehouse, &commit, reterr);
}

UNUSED static struct table_merge kit_commit(struct kit *kit, const struct table *table,
					    int64_t staged, int64_t load_s)
{
	struct err err = {.kind = ERR_NONE};
	struct table_merge merge = {.table = table, .rows_staged = staged};
	if (!kit_try_commit(kit, &merge, load_s, &err))
		fail_msg("%s", err.text);
	return merge;
}

/* Stages and commits; says what became of the rows: "2 new, 1 changed". */
UNUSED static const char *kit_load(struct kit *kit, const struct table *table,
				   const struct item *items, size_t n, int64_t load_s)
{
	kit_stage_items(kit, table, items, n);
	struct table_merge merge = kit_commit(kit, table, (int64_t)n, load_s);
	buf_clear(&kit->text);
	buf_addf(&kit->text, "%lld new, %lld changed", (long long)merge.inserted,
		 (long long)merge.updated);
	if (merge.refused > 0)
		buf_addf(&kit->text, ", %lld refused", (long long)merge.refused);
	return buf_text(&kit->text);
}

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))
#define LOAD(kit, table, items, load_s, is) \
	assert_string_equal(kit_load(kit, table, items, LENGTH(items), load_s), is)

#endif
