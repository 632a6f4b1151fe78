/* Lines of the landed format as a stranger may write them. Beyond memory safety: a row that was
 * taken, written as a line and read again is the same row, and what is excluded stays out. */
#include "base/bounds.h"
#include "shape/landed.h"

#include <stdlib.h>

enum { COLUMNS = 8 };

static const struct span API_NAME = {"mail", 4};
static const struct pointer API_AT = {"/mail", &API_NAME, 1};

static const struct column TYPES[COLUMNS] = {
	{.name = "ID", .type = TYPE_TEXT},
	{.name = "N", .type = TYPE_INT},
	{.name = "F", .type = TYPE_FLOAT},
	{.name = "B", .type = TYPE_BOOL},
	{.name = "AT", .type = TYPE_TIMESTAMP},
	{.name = "J", .type = TYPE_JSON},
	{.name = "H", .type = TYPE_TEXT, .given = TYPE_INT, .hashed = true},
	{.name = "MAIL", .type = TYPE_TEXT, .excluded = true, .at = {&API_AT, 1}},
};
static const unsigned KEY[] = {0};
static const struct table TABLE = {
	.name = "T", .stream = "t", .columns = TYPES, .columns_n = COLUMNS, .key = KEY, .key_n = 1,
	.newest = 4, .cursor = -1, .has_extra = true,
};

static void must(bool held)
{
	if (!held)
		abort();
}

/* False: no row, the line cannot be taken. */
static bool read_line(struct shaper *shaper, struct span line, struct buf *out)
{
	struct err err;
	struct row_report report;
	struct json_doc *doc = json_parse(line, &err);
	if (doc == NULL)
		return false;
	must(shaper_row(shaper, json_root(doc), NULL, json_dirty(doc), 0, NULL, &report, &err));
	must(report.taken || report.reason != NULL);
	if (report.taken)
		must(landed_write(out, shaper));
	json_free(doc);
	return report.taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err;
	struct table landed;
	struct shaper *shaper;
	struct buf once, twice;
	struct arena *arena = arena_new();

	buf_init(&once, 64 * MIB);
	buf_init(&twice, 64 * MIB);
	must(arena != NULL && landed_table(arena, &TABLE, &landed, &err));
	must(shaper_new(&shaper, &landed, SPAN("key"), &err));
	if (read_line(shaper, (struct span){(const char *)data, size}, &once)) {
		must(read_line(shaper, buf_span(&once), &twice));
		must(span_equal(buf_span(&once), buf_span(&twice)));
	}
	shaper_free(shaper);
	buf_done(&once);
	buf_done(&twice);
	arena_free(arena);
	return 0;
}
