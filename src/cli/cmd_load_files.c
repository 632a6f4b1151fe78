/* firn load PATH. */
#include "base/bounds.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/delivery.h"
#include "run/landing.h"
#include "run/viewset.h"

static void add_table(struct buf *out, const struct landing_table *table)
{
	char files[32], rows[32], inserted[32], updated[32];
	text_write_count(files, sizeof files, table->run.pages);
	text_write_count(rows, sizeof rows, table->run.rows_fetched);
	text_write_count(inserted, sizeof inserted, table->run.rows_inserted);
	text_write_count(updated, sizeof updated, table->run.rows_updated);
	buf_addf(out, "%-24s %9s files %12s rows %12s new %12s changed", table->table, files, rows,
		 inserted, updated);
	if (table->run.rows_rejected > 0)
		buf_addf(out, "  %lld rejected", (long long)table->run.rows_rejected);
	if (table->run.rows_rescued > 0)
		buf_addf(out, "  %lld rescued", (long long)table->run.rows_rescued);
	if (table->failed)
		buf_addf(out, "  FAILED: %s", table->run.error);
	buf_add_char(out, '\n');
}

static void add_files(struct buf *out, const char *what, int64_t n)
{
	char count[32];
	text_write_count(count, sizeof count, n);
	if (n == 0)
		return;
	if (out->size > 0 && out->data[out->size - 1] != '\n')
		buf_add_text(out, ", ");
	buf_addf(out, "%s %s", count, what);
}

static bool tell(struct cli *cli, const struct landing_result *result)
{
	struct buf out;
	bool printed = true;
	buf_init(&out, MIB);
	for (size_t i = 0; i < result->tables_n; i++)
		add_table(&out, &result->tables[i]);
	add_files(&out, "files loaded", result->loaded);
	add_files(&out, "loaded before", result->passed_by);
	add_files(&out, "damaged", result->damaged);
	add_files(&out, "left out", result->left_out);
	if (out.size == 0)
		buf_add_text(&out, "no landed files there");
	buf_add_char(&out, '\n');
	if (!cli->quiet)
		printed = cli_print(cli, buf_span(&out));
	buf_done(&out);
	return printed;
}

static int code_of(const struct landing_result *result, bool done, const struct err *why)
{
	if (!done && result->committed)
		return EXIT_PARTLY;
	if (!done)
		return why->kind == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
	for (size_t i = 0; i < result->tables_n; i++) {
		if (result->tables[i].failed)
			return EXIT_PARTLY;
	}
	return result->damaged > 0 ? EXIT_PARTLY : EXIT_DONE;
}

/* On standard error and in the day's file. */
static int fail(struct cli *cli, const struct err *why)
{
	log_line(cli->log, LOG_ERROR, NULL, "%s", why->text);
	return why->kind == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

int cmd_load(struct cli *cli)
{
	struct credentials_environment aws = cli_aws_environment();
	struct landing_result result = {0};
	struct viewset views = {0};
	struct err why = {0}, old = {0};

	if (!cli_setup_landing(cli))
		return EXIT_USAGE;
	if (cli->config->create_views && !viewset_make(cli->setup, &views, &why))
		return cli_fail(cli, &why);
	if (!cli_log(cli))
		return EXIT_FAILED;
	if (!setup_lock(cli->setup, "load", &old, &why))
		return fail(cli, &why);
	if (old.kind != ERR_NONE)
		log_line(cli->log, LOG_WARNING, NULL,
			 "the local copy of the state is not used: %s", old.text);
	struct landing_options options = {
		.setup = cli->setup,
		.log = cli->log,
		.progress = cli->progress,
		.path = cli->parsed.words[0],
		.aws = &aws,
		.stop = cli->stop,
		.views = views.views,
		.views_n = views.n,
		.view_options = &views.options,
	};
	cli->catch_signals();
	bool done = landing_load(&options, &result, &why);
	if (!done)
		fail(cli, &why);
	bool printed = tell(cli, &result);
	return cli_finish_output(cli, printed ? code_of(&result, done, &why) : EXIT_FAILED);
}
