/* What DuckDB costs, without network and JSON parsing: rows like Moveworks' interactions are made,
 * staged in batches and committed, by the same calls as a load makes. Prints CPU seconds, wall
 * time and the peak of resident memory, of the whole process.
 *
 *   load_bench ROWS [file=PATH] [commit=300000] [batch=10000] [changed=PERCENT] [stride=1]
 *                   [verbose=1]
 *
 * Without `file` a scratch file is made and removed. With one that holds rows already the same
 * rows come again, `changed` percent of them with another text and a newer stamp; with a stride
 * of n only every nth. */
#include "base/bounds.h"
#include "base/clock.h"
#include "base/file.h"
#include "shape/batch.h"
#include "warehouse/warehouse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { COLUMNS = 11, ID_BYTES = 12, POOL = 4096, DETAILS_MAX = 512 };

static const struct column COLUMN_LIST[COLUMNS] = {
	{.name = "ID", .type = TYPE_TEXT, .required = true},
	{.name = "CONVERSATION_ID", .type = TYPE_TEXT},
	{.name = "USER_ID", .type = TYPE_TEXT},
	{.name = "ACTOR", .type = TYPE_TEXT},
	{.name = "TYPE", .type = TYPE_TEXT},
	{.name = "PLATFORM", .type = TYPE_TEXT},
	{.name = "LABEL", .type = TYPE_TEXT},
	{.name = "PARENT_INTERACTION_ID", .type = TYPE_TEXT},
	{.name = "DETAILS", .type = TYPE_JSON},
	{.name = "CREATED_AT", .type = TYPE_TIMESTAMP},
	{.name = "LAST_UPDATED_AT", .type = TYPE_TIMESTAMP},
};
static const unsigned KEY[] = {0};
static const struct table INTERACTIONS = {
	.name = "MOVEWORKS_INTERACTIONS", .stream = "interactions", .columns = COLUMN_LIST,
	.columns_n = COLUMNS, .key = KEY, .key_n = 1, .newest = 10, .cursor = 10,
	.has_extra = true,
};
static const struct table *const TABLES[] = {&INTERACTIONS};

struct bench {
	int64_t rows, commit_rows, batch_rows, changed, stride;
	const char *file;
	bool verbose, scratch;
	struct warehouse *warehouse;
	struct batch *batch;
	char (*details)[DETAILS_MAX]; /* texts to choose from */
	int64_t seq, staged, inserted, updated, generation;
};

static void stop(const char *what, const struct err *err)
{
	fprintf(stderr, "load_bench: %s: %s\n", what, err->text);
	exit(1);
}

static double cpu_s(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static long peak_mib(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss / 1024;
}

/* --- rows --- */

static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static struct cell words(const char *text, size_t size)
{
	return (struct cell){.kind = CELL_TEXT, .text = {text, size}};
}

static struct cell id(char out[ID_BYTES], uint64_t seed)
{
	static const char LETTERS[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint64_t a = mix(seed), b = mix(seed + 77);
	for (int i = 0; i < ID_BYTES; i++)
		out[i] = LETTERS[(i < 6 ? a >> (i * 6) : b >> ((i - 6) * 6)) & 63];
	return words(out, ID_BYTES);
}

static struct cell digits(char out[20], uint64_t value)
{
	for (int i = 19; i >= 0; i--, value /= 10)
		out[i] = (char)('0' + value % 10);
	return words(out, 20);
}

static bool make_details(struct bench *bench)
{
	static const char *const WORDS[] = {
		"password", "reset", "please", "help", "with", "my", "account", "laptop", "the",
		"vpn", "is", "not", "working", "request", "access", "to", "ticket", "software",
		"install", "how", "do", "I", "vacation", "policy", "payroll", "benefits", "need",
		"new", "monitor", "keyboard", "team", "approve", "status", "when", "will", "be",
		"resolved", "thank", "you", "article", "knowledge", "base", "found", "following",
		"steps", "open", "settings", "click", "network", "connect", "restart", "device",
		"contact", "support", "if", "issue", "persists", "form", "submitted", "done",
	};
	uint64_t n = sizeof WORDS / sizeof WORDS[0], random = 1;
	bench->details = calloc(POOL, sizeof *bench->details);
	if (bench->details == NULL)
		return false;
	for (int i = 0; i < POOL; i++) {
		char *text = bench->details[i];
		size_t size = 0, target = 120 + mix((uint64_t)i) % 200;
		while (size < target)
			size += (size_t)snprintf(text + size, DETAILS_MAX - size, "%s ",
						 WORDS[(random = mix(random)) % n]);
	}
	return true;
}

/* About 250 bytes, no two the same. */
static struct cell details(const struct bench *bench, char out[DETAILS_MAX], uint64_t row,
			   bool changed)
{
	int size = snprintf(out, DETAILS_MAX,
			    "{\"content\":\"%s\",\"domain\":\"IT_DOMAIN\",\"entity\":\"e%u\"%s}",
			    bench->details[mix(row) % POOL], (unsigned)(mix(row + 3) % 1000000),
			    changed ? ",\"edited\":true" : "");
	return words(out, (size_t)size);
}

static void add_row(struct bench *bench, int64_t at)
{
	static const int64_t BEGIN_US = INT64_C(1700000000000000);
	uint64_t row = (uint64_t)at, random = mix(row + 11);
	char own[ID_BYTES], conversation[ID_BYTES], parent[ID_BYTES], user[20], text[DETAILS_MAX];
	bool bot = at % 2 == 1, changed = (int64_t)(mix(row + 5) % 100) < bench->changed;
	int64_t batch_stamp = BEGIN_US + (at / 3000 + 1) * 3000 * 37000;
	struct cell cells[COLUMNS] = {
		id(own, row), id(conversation, row / 6 + UINT64_C(1000000000000)),
		digits(user, mix(row / 6 % 20000)), bot ? words("bot", 3) : words("user", 4),
		bot ? words("INTERACTION_TYPE_BOT_MESSAGE", 28) :
		random % 3 == 0 ? words("INTERACTION_TYPE_BUTTON_CLICK", 29) :
		words("INTERACTION_TYPE_FREE_TEXT", 26),
		random % 2 == 0 ? words("msteams", 7) : words("slack", 5),
		random % 60 == 0 ? words("file_ticket", 11) : (struct cell){.kind = CELL_NULL},
		bot ? id(parent, row - 1) : (struct cell){.kind = CELL_NULL},
		details(bench, text, row, changed),
		{.kind = CELL_WHOLE, .whole = BEGIN_US + at * 37000},
		{.kind = CELL_WHOLE, .whole = batch_stamp + (changed ? STAMP_MINUTE : 0)},
	};
	struct err err;
	if (!batch_add_row(bench->batch, cells, (struct span){NULL, 0}, bench->seq++, &err))
		stop("row", &err);
}

/* --- loading --- */

static void stage(struct bench *bench)
{
	struct rows *rows;
	struct err err;
	if (batch_rows(bench->batch) == 0)
		return;
	if (!batch_seal(bench->batch, &rows, &err))
		stop("seal", &err);
	bench->staged += rows_count(rows);
	if (!warehouse_stage(bench->warehouse, &INTERACTIONS, rows_schema(rows), rows_array(rows),
			     &err))
		stop("stage", &err);
	rows_free(rows);
}

static void commit(struct bench *bench, int64_t done)
{
	double cpu = cpu_s();
	int64_t before_us = STAMP_NONE;
	struct table_merge merge = {
		.table = &INTERACTIONS, .unique = true, .rows_staged = bench->staged,
	};
	/* Known rows keep the watermark of the load before. */
	struct state_move move = {"interactions", "", before_us, bench->generation, STAMP_NONE};
	struct commit all = {
		.pipeline = "bench", .load_timestamp_us = clock_now_us(), .merges = &merge,
		.merges_n = 1, .moves = &move, .moves_n = 1,
	};
	struct err err;
	if (!warehouse_commit(bench->warehouse, &all, &err))
		stop("commit", &err);
	bench->generation++;
	bench->inserted += merge.inserted;
	bench->updated += merge.updated;
	bench->staged = 0;
	if (bench->verbose)
		printf("  %9lld rows: commit %.2f CPU s, peak %ld MiB\n", (long long)done,
		       cpu_s() - cpu, peak_mib());
}

static void load(struct bench *bench)
{
	for (int64_t row = 0; row < bench->rows;) {
		add_row(bench, row++ * bench->stride);
		bool due = bench->staged + batch_rows(bench->batch) >= bench->commit_rows ||
			   row == bench->rows;
		if (due || batch_rows(bench->batch) >= bench->batch_rows)
			stage(bench);
		if (due)
			commit(bench, row);
	}
}

static void open_file(struct bench *bench)
{
	struct err err;
	struct buf driver;
	struct state state;
	buf_init(&driver, PATH_BYTES_MAX);
	if (!driver_find(WAREHOUSE_DUCKDB, NULL, getenv("FIRN_DRIVER_PATH"), &driver, &err))
		stop("driver", &err);
	struct warehouse_options options = {
		.kind = WAREHOUSE_DUCKDB, .path = bench->file, .driver = buf_text(&driver),
	};
	if (!warehouse_open(&bench->warehouse, &options, &err) ||
	    !warehouse_prepare(bench->warehouse, TABLES, 1, &err) ||
	    !warehouse_read_state(bench->warehouse, "bench", &state, &err))
		stop(bench->file, &err);
	if (state.rows_n > 0)
		bench->generation = state.rows[0].generation;
	state_done(&state);
	buf_done(&driver);
	if (!batch_new(&bench->batch, &INTERACTIONS, &err))
		stop("batch", &err);
	if (!make_details(bench)) {
		err_memory(&err);
		stop("texts", &err);
	}
}

static int64_t number(const char *word, const char *name, int64_t is)
{
	size_t size = strlen(name);
	if (strncmp(word, name, size) != 0 || word[size] != '=')
		return is;
	return strtoll(word + size + 1, NULL, 10);
}

static void read_words(struct bench *bench, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (i == 1)
			bench->rows = strtoll(argv[i], NULL, 10);
		if (strncmp(argv[i], "file=", 5) == 0)
			bench->file = argv[i] + 5;
		bench->commit_rows = number(argv[i], "commit", bench->commit_rows);
		bench->batch_rows = number(argv[i], "batch", bench->batch_rows);
		bench->changed = number(argv[i], "changed", bench->changed);
		bench->stride = number(argv[i], "stride", bench->stride);
		bench->verbose = number(argv[i], "verbose", bench->verbose) != 0;
	}
	if (bench->rows <= 0) {
		fprintf(stderr, "usage: load_bench ROWS [file=PATH] [commit=300000] [batch=10000]"
			" [changed=PERCENT] [stride=1] [verbose=1]\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct bench bench = {
		.commit_rows = MERGE_ROWS_MAX, .batch_rows = BATCH_ROWS_MAX, .stride = 1,
	};
	struct err err;
	read_words(&bench, argc, argv);
	if (bench.file == NULL) {
		bench.file = "load_bench.duckdb";
		bench.scratch = true;
		if (!file_remove(bench.file, &err))
			stop(bench.file, &err);
	}
	int64_t start_ms = clock_mono_ms();
	open_file(&bench);
	load(&bench);
	warehouse_close(bench.warehouse);
	printf("%lld rows, %lld a commit: %.2f CPU s, %.2f s, peak %ld MiB; inserted %lld, updated"
	       " %lld\n", (long long)bench.rows, (long long)bench.commit_rows, cpu_s(),
	       (double)(clock_mono_ms() - start_ms) / 1000, peak_mib(), (long long)bench.inserted,
	       (long long)bench.updated);
	batch_free(bench.batch);
	free(bench.details);
	if (bench.scratch && !file_remove(bench.file, &err))
		stop(bench.file, &err);
	return 0;
}
