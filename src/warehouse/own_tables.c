/* firn's own tables, made and checked as all others are. Their columns are part of the manual. */
#include "warehouse/warehouse_private.h"

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

static const struct column STATE_COLUMNS[] = {
	{.name = "PIPELINE", .type = TYPE_TEXT},
	{.name = "STREAM", .type = TYPE_TEXT},
	{.name = "PART", .type = TYPE_TEXT, .comment = "element of a repeated list, else empty"},
	{.name = "WATERMARK", .type = TYPE_TIMESTAMP,
	 .comment = "everything before it is loaded, UTC"},
	{.name = "GENERATION", .type = TYPE_INT, .comment = "one more with every move"},
	{.name = "SCHEMA_VERSION", .type = TYPE_INT},
	{.name = "UPDATED_AT", .type = TYPE_TIMESTAMP},
};

static const struct column WINDOWS_COLUMNS[] = {
	{.name = "PIPELINE", .type = TYPE_TEXT},
	{.name = "STREAM", .type = TYPE_TEXT},
	{.name = "PART", .type = TYPE_TEXT, .comment = "element of a repeated list, else empty"},
	{.name = "WINDOW_FROM", .type = TYPE_TIMESTAMP},
	{.name = "WINDOW_UNTIL", .type = TYPE_TIMESTAMP, .comment = "not part of the window"},
	{.name = "ROWS_LOADED", .type = TYPE_INT, .comment = "distinct keys that came"},
	{.name = "ROWS_COUNTED", .type = TYPE_INT, .comment = "the source's own count"},
	{.name = "COMPLETED_AT", .type = TYPE_TIMESTAMP},
};

static const struct column RUNS_COLUMNS[] = {
	{.name = "RUN_ID", .type = TYPE_TEXT},
	{.name = "PIPELINE", .type = TYPE_TEXT},
	{.name = "STREAM", .type = TYPE_TEXT},
	{.name = "COMMAND", .type = TYPE_TEXT},
	{.name = "STARTED_AT", .type = TYPE_TIMESTAMP},
	{.name = "ENDED_AT", .type = TYPE_TIMESTAMP},
	{.name = "WINDOW_FROM", .type = TYPE_TIMESTAMP},
	{.name = "WINDOW_UNTIL", .type = TYPE_TIMESTAMP},
	{.name = "PAGES", .type = TYPE_INT},
	{.name = "ROWS_FETCHED", .type = TYPE_INT},
	{.name = "ROWS_INSERTED", .type = TYPE_INT},
	{.name = "ROWS_UPDATED", .type = TYPE_INT},
	{.name = "ROWS_RESCUED", .type = TYPE_INT,
	 .comment = "values that did not fit their column and are in EXTRA"},
	{.name = "ROWS_REJECTED", .type = TYPE_INT, .comment = "records in FIRN_REJECTED"},
	{.name = "RETRIES", .type = TYPE_INT},
	{.name = "BYTES", .type = TYPE_INT},
	{.name = "OUTCOME", .type = TYPE_TEXT, .comment = "done, failed or partial"},
	{.name = "ERROR", .type = TYPE_TEXT},
	{.name = "HOST", .type = TYPE_TEXT},
	{.name = "VERSION", .type = TYPE_TEXT, .comment = "of firn"},
};

static const struct column FILES_COLUMNS[] = {
	{.name = "PIPELINE", .type = TYPE_TEXT},
	{.name = "FILE_KEY", .type = TYPE_TEXT},
	{.name = "BYTES", .type = TYPE_INT},
	{.name = "SHA256", .type = TYPE_TEXT},
	{.name = "ROWS_LOADED", .type = TYPE_INT},
	{.name = "LOADED_AT", .type = TYPE_TIMESTAMP},
};

static const struct column REJECTED_COLUMNS[] = {
	{.name = "PIPELINE", .type = TYPE_TEXT},
	{.name = "STREAM", .type = TYPE_TEXT},
	{.name = "RUN_ID", .type = TYPE_TEXT},
	{.name = "RECORD_SHA256", .type = TYPE_TEXT, .comment = "of the record as it came"},
	{.name = "REASON", .type = TYPE_TEXT},
	{.name = "RECORD", .type = TYPE_TEXT, .comment = "what may be kept of it"},
	{.name = "REJECTED_AT", .type = TYPE_TIMESTAMP},
};

static const unsigned FIRST_TWO[] = {0, 1};
static const unsigned FIRST_THREE[] = {0, 1, 2};
static const unsigned FIRST_FIVE[] = {0, 1, 2, 3, 4};
static const unsigned RUNS_KEY[] = {0, 2};
static const unsigned REJECTED_KEY[] = {0, 1, 3};

const struct table FIRN_STATE = {
	.name = "FIRN_STATE", .stream = "", .columns = STATE_COLUMNS,
	.columns_n = LENGTH(STATE_COLUMNS), .key = FIRST_THREE, .key_n = LENGTH(FIRST_THREE),
	.newest = -1, .cursor = -1,
	.comment = "how far each stream is loaded; firn's own, not to be changed by hand",
};

const struct table FIRN_WINDOWS = {
	.name = "FIRN_WINDOWS", .stream = "", .columns = WINDOWS_COLUMNS,
	.columns_n = LENGTH(WINDOWS_COLUMNS), .key = FIRST_FIVE, .key_n = LENGTH(FIRST_FIVE),
	.newest = -1, .cursor = -1,
	.comment = "windows of time that are loaded to their last row; holes are gaps",
};

const struct table FIRN_RUNS = {
	.name = "FIRN_RUNS", .stream = "", .columns = RUNS_COLUMNS,
	.columns_n = LENGTH(RUNS_COLUMNS), .key = RUNS_KEY, .key_n = LENGTH(RUNS_KEY),
	.newest = -1, .cursor = -1,
	.comment = "what each run did with each stream",
};

const struct table FIRN_FILES = {
	.name = "FIRN_FILES", .stream = "", .columns = FILES_COLUMNS,
	.columns_n = LENGTH(FILES_COLUMNS), .key = FIRST_TWO, .key_n = LENGTH(FIRST_TWO),
	.newest = -1, .cursor = -1, .append = true,
	.comment = "landed files that are loaded",
};

/* append: a record rejected again is not written again. */
const struct table FIRN_REJECTED = {
	.name = "FIRN_REJECTED", .stream = "", .columns = REJECTED_COLUMNS,
	.columns_n = LENGTH(REJECTED_COLUMNS), .key = REJECTED_KEY,
	.key_n = LENGTH(REJECTED_KEY), .newest = -1, .cursor = -1, .append = true,
	.comment = "records that could not be taken, and why",
};

const struct table *const OWN_TABLES[OWN_TABLES_N] = {
	&FIRN_STATE, &FIRN_WINDOWS, &FIRN_RUNS, &FIRN_FILES, &FIRN_REJECTED,
};
