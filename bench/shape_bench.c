/* What a record costs before any warehouse sees it: pages of 1,000 interactions of 613 bytes on
 * average are parsed, shaped into rows and sealed in batches, by the same calls as a load makes.
 * Prints nanoseconds a record, the best of several rounds.
 *
 *   shape_bench [pages=200] [rounds=5] [extra=1] [hash=1]
 *
 * `extra`: every record has a member that no column names; `hash`: one column is hashed. */
#include "base/arena.h"
#include "base/bounds.h"
#include "base/json.h"
#include "shape/row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RECORDS = 1000, COLUMNS = 11, RECORD_BYTES = 613 };

struct bench {
	long pages, rounds;
	bool extra, hash;
	struct arena *arena;
	struct pointer pointers[COLUMNS];
	struct column columns[COLUMNS];
	struct table table;
	struct buf page;
	double parse_s, shape_s, seal_s;
};

static const unsigned KEY[] = {0};

static void stop(const char *what, const struct err *err)
{
	fprintf(stderr, "shape_bench: %s: %s\n", what, err->text);
	exit(1);
}

static double now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void make_table(struct bench *bench)
{
	static const struct { const char *name, *at; enum type type; } WANTED[COLUMNS] = {
		{"ID", "/id", TYPE_TEXT},
		{"CONVERSATION_ID", "/conversation_id", TYPE_TEXT},
		{"USER_ID", "/user_id", TYPE_TEXT},
		{"ACTOR", "/actor", TYPE_TEXT},
		{"TYPE", "/type", TYPE_TEXT},
		{"PLATFORM", "/platform", TYPE_TEXT},
		{"LABEL", "/label", TYPE_TEXT},
		{"PARENT_INTERACTION_ID", "/parent_interaction_id", TYPE_TEXT},
		{"DETAILS", "/detail", TYPE_JSON},
		{"CREATED_AT", "/created_time", TYPE_TIMESTAMP},
		{"LAST_UPDATED_AT", "/last_updated_time", TYPE_TIMESTAMP},
	};
	struct err err = {0};
	for (size_t i = 0; i < COLUMNS; i++) {
		if (!pointer_parse(bench->arena, span_of(WANTED[i].at), &bench->pointers[i], &err))
			stop("pointer", &err);
		bench->columns[i] = (struct column){
			.name = WANTED[i].name,
			.type = WANTED[i].type,
			.at = {&bench->pointers[i], 1},
			.hashed = bench->hash && i == 2,
		};
	}
	bench->table = (struct table){
		.name = "INTERACTIONS",
		.stream = "interactions",
		.columns = bench->columns,
		.columns_n = COLUMNS,
		.key = KEY,
		.key_n = 1,
		.newest = 10,
		.cursor = 10,
		.has_extra = true,
	};
}

/* Members in the order of the API, a text with markdown, line ends and letters beyond ASCII. */
static void add_record(struct bench *bench, unsigned i)
{
	static const char words[] =
		"Here is what I found: **reset your password** in the portal\\n\\n1. Open the page "
		"\\\"Account\\\"\\n2. Choose \xE2\x80\x9CSecurity\xE2\x80\x9D and go on"
		"\\n\\nIf that does not help, I can file a ticket for you \xF0\x9F\x99\x82. ";
	struct buf *page = &bench->page;
	size_t start = page->size;
	buf_addf(page, "{\"actor\":\"%s\",\"conversation_id\":\"qOd%09u\","
		 "\"created_time\":\"2025-08-01T%02u:%02u:55.%03uZ\",\"detail\":{\"content\":\"",
		 i % 2 == 0 ? "user" : "bot", i / 4, i / 60 % 24, i % 60, i % 1000);
	size_t tail = 234, text = start + RECORD_BYTES - tail;
	buf_add(page, words, sizeof words - 1);
	while (page->size < text)
		buf_add_char(page, 'x');
	buf_addf(page, "\",\"domain\":\"IT\",\"entity\":null},\"id\":\"sy1_%08u\",\"label\":null,"
		 "\"last_updated_time\":\"2025-08-02T06:03:42.571Z\",\"parent_interaction_id\":",
		 i);
	if (i % 2 == 0)
		buf_add_text(page, "null");
	else
		buf_addf(page, "\"sy1_%08u\"", i - 1);
	buf_addf(page, ",\"platform\":\"slack\",\"type\":\"INTERACTION_TYPE_FREE_TEXT\","
		 "\"user_id\":\"31680011850%09u\"%s}", i % 977,
		 bench->extra ? ",\"new_field\":\"something\"" : "");
}

static void make_page(struct bench *bench)
{
	struct err err = {0};
	buf_init(&bench->page, 4 * MIB);
	buf_add_text(&bench->page, "{\"value\":[");
	for (unsigned i = 0; i < RECORDS; i++) {
		if (i > 0)
			buf_add_char(&bench->page, ',');
		add_record(bench, i);
	}
	buf_add_text(&bench->page, "]}");
	if (!buf_ok(&bench->page, &err))
		stop("page", &err);
	printf("%zu bytes a record\n", bench->page.size / RECORDS);
}

static void read_page(struct bench *bench, struct shaper *shaper, struct batch *batch)
{
	struct err err = {0};
	struct row_report report;
	double start_s = now_s();
	struct json_doc *doc = json_parse(buf_span(&bench->page), &err);
	double parsed_s = now_s();
	if (doc == NULL)
		stop("parse", &err);
	struct json_walk walk = json_walk(json_member(json_root(doc), SPAN("value")));
	int64_t seq = 0;
	while (json_next(&walk)) {
		if (!shaper_row(shaper, walk.value, NULL, json_dirty(doc), seq++, batch, &report,
				&err) || !report.taken)
			stop("row", &err);
	}
	double shaped_s = now_s();
	json_free(doc);
	bench->parse_s += parsed_s - start_s + now_s() - shaped_s;
	bench->shape_s += shaped_s - parsed_s;
}

static void run_round(struct bench *bench)
{
	struct err err = {0};
	struct shaper *shaper;
	struct batch *batch;
	struct rows *rows;
	bench->parse_s = bench->shape_s = bench->seal_s = 0;
	if (!shaper_new(&shaper, &bench->table, SPAN("a key for hashing"), &err) ||
	    !batch_new(&batch, &bench->table, &err))
		stop("shaper", &err);
	for (long i = 1; i <= bench->pages; i++) {
		read_page(bench, shaper, batch);
		if (!batch_full(batch) && i < bench->pages)
			continue;
		double start_s = now_s();
		if (!batch_seal(batch, &rows, &err))
			stop("seal", &err);
		rows_free(rows);
		bench->seal_s += now_s() - start_s;
	}
	batch_free(batch);
	shaper_free(shaper);
}

int main(int argc, char **argv)
{
	struct bench bench = {.pages = 200, .rounds = 5};
	double best_s = 0, parse_s = 0, shape_s = 0, seal_s = 0;
	for (int i = 1; i < argc; i++) {
		const char *value = strchr(argv[i], '=');
		long number = value == NULL ? 0 : strtol(value + 1, NULL, 10);
		if (strncmp(argv[i], "pages=", 6) == 0)
			bench.pages = number;
		else if (strncmp(argv[i], "rounds=", 7) == 0)
			bench.rounds = number;
		else if (strncmp(argv[i], "extra=", 6) == 0)
			bench.extra = number != 0;
		else if (strncmp(argv[i], "hash=", 5) == 0)
			bench.hash = number != 0;
	}
	bench.arena = arena_new();
	make_table(&bench);
	make_page(&bench);
	for (long i = 0; i < bench.rounds; i++) {
		run_round(&bench);
		double all_s = bench.parse_s + bench.shape_s + bench.seal_s;
		if (i > 0 && all_s >= best_s)
			continue;
		best_s = all_s;
		parse_s = bench.parse_s;
		shape_s = bench.shape_s;
		seal_s = bench.seal_s;
	}
	double records = (double)bench.pages * RECORDS;
	printf("%ld records: json_parse %.0f, shaper_row %.0f, batch_seal %.0f, together %.0f ns a "
	       "record\n", bench.pages * RECORDS, parse_s / records * 1e9, shape_s / records * 1e9,
	       seal_s / records * 1e9, best_s / records * 1e9);
	buf_done(&bench.page);
	arena_free(bench.arena);
	return 0;
}
