/* firn query: a statement's rows, as they are in the warehouse. */
#include "base/bounds.h"
#include "base/text.h"
#include "cli/cli.h"
#include "report/table.h"

#include <stdlib.h>

static bool write_out(void *user, struct span text)
{
	(void)user;
	return fwrite(text.at, 1, text.size, stdout) == text.size;
}

static bool read_statement(struct cli *cli, struct buf *sql, struct err *reterr)
{
	const char *word = cli->parsed.words[0];
	char chunk[64 * KIB];
	size_t got;
	if (strcmp(word, "-") != 0)
		return buf_add_text(sql, word) || buf_ok(sql, reterr);
	while ((got = fread(chunk, 1, sizeof chunk, stdin)) > 0)
		buf_add(sql, chunk, got);
	if (ferror(stdin))
		return err_sys(reterr, "cannot read the query from standard input");
	return buf_ok(sql, reterr);
}

static bool print_rows(struct result *result, const struct table_options *shape,
		       struct err *reterr)
{
	struct table_writer *writer = NULL;
	struct span *cells = calloc(shape->columns + 1, sizeof *cells);
	struct err end = {0};
	bool done = cells != NULL || err_memory(reterr);
	done = done && table_begin(&writer, shape, reterr);
	while (done && result_next(result, &end)) {
		for (size_t i = 0; i < shape->columns; i++) {
			if (!result_text(result, i, &cells[i]))
				cells[i] = (struct span){NULL, 0};
		}
		done = table_row(writer, cells, reterr);
	}
	if (done && end.kind != ERR_NONE) {
		*reterr = end;
		done = false;
	}
	done = done && table_end(writer, reterr);
	table_free(writer);
	free(cells);
	return done;
}

static bool print_result(struct cli *cli, struct result *result, enum table_format format,
			 struct err *reterr)
{
	size_t n = result_columns(result);
	const char **names = calloc(n + 1, sizeof *names);
	enum type *types = calloc(n + 1, sizeof *types);
	bool done = names != NULL && types != NULL;
	for (size_t i = 0; done && i < n; i++) {
		names[i] = result_name(result, i);
		types[i] = result_type(result, i);
	}
	struct table_options shape = {.format = format, .names = names, .types = types,
				      .columns = n, .colour = cli->colour,
				      .screen_columns = (size_t)cli->out_columns,
				      .unicode = cli->unicode,
				      .write = write_out};
	done = done ? n == 0 || print_rows(result, &shape, reterr) : err_memory(reterr);
	free(names);
	free(types);
	return done;
}

int cmd_query(struct cli *cli)
{
	struct warehouse *warehouse = NULL;
	struct result *result = NULL;
	struct buf sql;
	struct err why = {0};
	int64_t format = TABLE_TEXT;
	bool write = option_flag(&cli->parsed, "write");

	if (!cli_setup(cli))
		return EXIT_USAGE;
	(void)option_number(&cli->parsed, "format", &format);
	buf_init(&sql, SQL_BYTES_MAX);
	bool done = read_statement(cli, &sql, &why) &&
		    setup_open_warehouse(cli->setup, !write, &warehouse, &why) &&
		    warehouse_query(warehouse, buf_text(&sql), write, &result, &why) &&
		    print_result(cli, result, (enum table_format)format, &why);
	result_free(result);
	warehouse_close(warehouse);
	buf_done(&sql);
	return cli_finish_output(cli, done ? EXIT_DONE : cli_fail(cli, &why));
}
