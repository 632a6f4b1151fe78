/* firn connectors try: what the API answers, and how the connector reads it. The table is for
 * people and everything goes to standard output; of --format json only the rows do. */
#include "base/bounds.h"
#include "base/text.h"
#include "cli/connectors.h"
#include "report/table.h"
#include "run/try.h"

#include <stdlib.h>

enum { CELL_COLUMNS_MAX = 40 };

struct teller {
	struct cli *cli;
	bool json;
	const struct secrets *secrets; /* NULL: what comes is clean */
	bool failed;
};

static bool write_clean(struct teller *teller, FILE *to, struct span text)
{
	struct buf clean;
	if (teller->secrets == NULL)
		return fwrite(text.at, 1, text.size, to) == text.size;
	buf_init(&clean, SIZE_MAX / 2);
	secrets_scrub(teller->secrets, &clean, text);
	bool done = !clean.failed && fwrite(buf_text(&clean), 1, clean.size, to) == clean.size;
	buf_done(&clean);
	return done;
}

static void say(void *user, struct span lines)
{
	struct teller *teller = user;
	FILE *to = teller->json ? stderr : stdout;
	struct buf tame;
	if (teller->json && teller->cli->quiet)
		return;
	buf_init(&tame, SIZE_MAX / 2);
	buf_add_span(&tame, lines);
	connectors_tame(&tame);
	teller->failed |= tame.failed || !write_clean(teller, to, buf_span(&tame));
	buf_done(&tame);
	fflush(to); /* the answer may take its time */
}

static bool write_table(void *user, struct span text)
{
	return write_clean(user, stdout, text);
}

/* --- rows --- */

/* A table is to be looked at: long cells are cut, at a whole character. */
static struct span cut_cell(struct arena *arena, struct span cell, bool unicode)
{
	size_t size = cell.size;
	if (cell.at == NULL || text_width(cell) <= CELL_COLUMNS_MAX)
		return cell;
	while (size > 0 && ((cell.at[size] & 0xC0) == 0x80 ||
			    text_width((struct span){cell.at, size}) > CELL_COLUMNS_MAX - 3))
		size--;
	char *cut = arena_printf(arena, "%.*s%s", (int)size, cell.at, unicode ? "…" : "...");
	return cut == NULL ? cell : span_of(cut);
}

static void say_below(const struct try_result *result, char *out, size_t room)
{
	char rows[32];
	text_write_count(rows, sizeof rows, result->rows);
	if (result->rows > (int64_t)result->shown_n)
		snprintf(out, room, "(%s rows, the first %zu; --format json for all)", rows,
			 result->shown_n);
	else
		snprintf(out, room, "(%s row%s)", rows, result->rows == 1 ? "" : "s");
}

static bool print_table(struct teller *teller, struct try_result *result, struct err *reterr)
{
	struct table_writer *writer = NULL;
	char below[96];
	say_below(result, below, sizeof below);
	struct table_options options = {
		.format = TABLE_TEXT,
		.names = result->names,
		.types = result->types,
		.columns = result->columns_n,
		.colour = teller->cli->colour,
		.screen_columns = (size_t)teller->cli->out_columns,
		.unicode = teller->cli->unicode,
		.no_count = true,
		.write = write_table,
		.user = teller,
	};
	bool done = table_begin(&writer, &options, reterr);
	for (size_t i = 0; i < result->shown_n && done; i++) {
		struct span *cells = result->shown + i * result->columns_n;
		for (size_t k = 0; k < result->columns_n; k++)
			cells[k] = cut_cell(result->arena, cells[k], teller->cli->unicode);
		done = table_row(writer, cells, reterr);
	}
	done = done && table_end(writer, reterr) &&
	       (fprintf(stdout, "%s\n", below) > 0 || err_sys(reterr, "cannot write the results"));
	table_free(writer);
	return done;
}

static bool print_json(struct teller *teller, const struct try_result *result,
		       struct err *reterr)
{
	bool done = fputs(result->rows == 0 ? "[" : "[\n", stdout) >= 0 &&
		    write_clean(teller, stdout, buf_span(&result->json)) &&
		    fputs(result->rows == 0 ? "]\n" : "\n]\n", stdout) >= 0;
	return done || err_sys(reterr, "cannot write the results");
}

static int tell(struct teller *teller, struct try_result *result)
{
	struct cli *cli = teller->cli;
	struct err why = {0};
	int code = result->rejected > 0 ? EXIT_FAILED : EXIT_DONE;
	bool done = true;
	teller->secrets = result->secrets;
	if (!cli->quiet)
		(void)write_clean(teller, stderr, buf_span(&result->talk));
	if (teller->json)
		done = print_json(teller, result, &why);
	else if (result->rows > 0)
		done = print_table(teller, result, &why);
	if (!done)
		return cli_fail(cli, &why);
	say(teller, buf_span(&result->notes));
	if (result->failed) {
		fflush(stdout);
		code = cli_fail(cli, &result->why);
	}
	return code;
}

/* --- options --- */

/* The last day is included; a time instead of a date is taken as it is. */
static void read_window(const struct cli *cli, struct try_options *ret)
{
	int64_t us;
	ret->from_us = ret->until_us = STAMP_NONE;
	(void)option_number(&cli->parsed, "from", &ret->from_us);
	if (option_number(&cli->parsed, "to", &us))
		ret->until_us = us == stamp_floor(us, STAMP_DAY) ? us + STAMP_DAY : us;
}

static bool read_options(struct cli *cli, struct try_options *ret, struct err *reterr)
{
	ret->stream = option_text(&cli->parsed, "stream");
	ret->answer = option_text(&cli->parsed, "answer");
	ret->set = option_names(&cli->parsed, "set", &ret->set_n);
	ret->pages = 1;
	(void)option_number(&cli->parsed, "pages", &ret->pages);
	read_window(cli, ret);
	if (ret->pages < 1 || ret->pages > TRY_PAGES_MAX)
		return err_set(reterr, ERR_USAGE, "--pages: expected 1 to %d", TRY_PAGES_MAX);
	if (ret->from_us != STAMP_NONE && ret->until_us != STAMP_NONE &&
	    ret->from_us >= ret->until_us)
		return err_set(reterr, ERR_USAGE, "--from is later than --to");
	if (ret->answer != NULL && ret->pages > 1)
		cli_say(cli, "--answer is one page: --pages changes nothing");
	return true;
}

int connectors_try(struct cli *cli, const char *name, bool is_path)
{
	struct teller teller = {.cli = cli};
	struct try_options options = {.connector = name, .is_path = is_path, .stop = cli->stop,
				      .say = say, .user = &teller};
	struct try_result result;
	struct buf mistakes;
	struct err why = {0};
	int64_t format = 0;
	int code;

	(void)option_number(&cli->parsed, "format", &format);
	teller.json = format == 1;
	if (!read_options(cli, &options, &why))
		return cli_fail(cli, &why);
	/* firn.yaml of the folder may be another API's: only one that is named counts. */
	if (option_text(&cli->parsed, "config") != NULL) {
		if (!cli_config(cli))
			return EXIT_USAGE;
		options.config = cli->config;
	}
	buf_init(&mistakes, CONFIG_BYTES_MAX);
	cli->catch_signals();
	if (try_run(&options, &result, &mistakes, &why)) {
		code = tell(&teller, &result);
	} else if (mistakes.size > 0) {
		fputs(buf_text(&mistakes), stderr);
		code = why.kind == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
	} else {
		code = cli_fail(cli, &why);
	}
	buf_done(&mistakes);
	try_result_done(&result);
	return cli_finish_output(cli, teller.failed && code == EXIT_DONE ? EXIT_FAILED : code);
}
