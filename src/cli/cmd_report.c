/* firn report: a page about the data and the pipeline. */
#include "base/bounds.h"
#include "base/file.h"
#include "cli/status.h"
#include "report/report.h"
#include "run/viewset.h"

enum { DAYS_USUAL = 90, CONNECTORS_MAX = 16 };

static void scrub(const void *user, struct buf *out, struct span text)
{
	secrets_scrub(user, out, text);
}

/* Of a pipeline that only loads landed files those of which something was loaded. */
static void list_connectors(const struct setup *setup, const struct status *status,
			    const char *ret[CONNECTORS_MAX + 1])
{
	size_t n = 0;
	if (setup->connector != NULL)
		ret[n++] = setup->connector->name;
	for (size_t i = 0; i < setup->others_n && n < CONNECTORS_MAX; i++) {
		bool loaded = false;
		for (size_t k = 0; k < status->streams_n; k++)
			loaded |= connector_stream(setup->others[i],
						   status->streams[k].stream) != NULL;
		if (loaded)
			ret[n++] = setup->others[i]->name;
	}
}

static bool make_page(struct cli *cli, struct report_options *options, struct buf *out,
		      struct err *reterr)
{
	struct warehouse *warehouse = NULL;
	struct viewset views;
	struct status status;
	struct err why = {0}, old = {0};
	const char *names[CONNECTORS_MAX + 1] = {NULL};
	if (!viewset_make(cli->setup, &views, reterr) ||
	    !setup_local(cli->setup, &old, reterr) ||
	    !status_fill(cli->setup, &status, reterr))
		return false;
	(void)destination_is_warehouse(cli->config, &options->kind);
	if (!setup_open_warehouse(cli->setup, true, &warehouse, &why))
		options->no_warehouse = why.text;
	options->warehouse = warehouse;
	list_connectors(cli->setup, &status, names);
	options->connectors = names;
	options->view_options = &views.options;
	options->status = &status;
	options->scrub = scrub;
	options->scrub_user = cli->config->secrets;
	bool done = report_write(options, out, reterr);
	warehouse_close(warehouse);
	if (done && options->no_warehouse != NULL)
		cli_say(cli, "the page has local state alone: %s", options->no_warehouse);
	return done;
}

static bool write_page(const char *path, const struct buf *page, struct err *reterr)
{
	if (strcmp(path, "-") != 0)
		return file_replace(path, buf_span(page), reterr);
	return fwrite(page->data, 1, page->size, stdout) == page->size ||
	       err_sys(reterr, "cannot write the page");
}

int cmd_report(struct cli *cli)
{
	struct report_options options = {.days = DAYS_USUAL};
	struct err why = {0};
	struct buf page;
	const char *path = option_text(&cli->parsed, "output");
	(void)option_number(&cli->parsed, "days", &options.days);
	if (path == NULL || options.days < 1 || options.days > REPORT_DAYS_MAX) {
		if (path == NULL)
			err_set(&why, ERR_USAGE, "-o FILE says where the page goes (-o -: to "
						 "standard output)");
		else
			err_set(&why, ERR_USAGE, "--days: from 1 to %d", REPORT_DAYS_MAX);
		return cli_fail(cli, &why);
	}
	if (!cli_setup(cli))
		return EXIT_USAGE;
	buf_init(&page, 4 * (size_t)ANSWER_BYTES_MAX);
	bool done = make_page(cli, &options, &page, &why) && write_page(path, &page, &why);
	buf_done(&page);
	return cli_finish_output(cli, done ? EXIT_DONE : cli_fail(cli, &why));
}
