/* firn validate: is what lies in the warehouse whole? */
#include "base/clock.h"
#include "cli/cli.h"
#include "report/validate.h"
#include "run/viewset.h"

#include <stdint.h>

static bool write_out(void *user, struct span text)
{
	return cli_print(user, text);
}

static int64_t keeps_us(const struct stream *stream)
{
	switch (stream->keeps) {
	case KEEPS_FOREVER:
		return INT64_MAX;
	case KEEPS_FOR:
		return stream->keeps_us;
	case KEEPS_NOTHING:
		break;
	}
	return 0;
}

/* All streams of the configuration: what is selected may refer to the others. */
static const struct validate_stream *list_streams(struct cli *cli, size_t *ret_n,
						  struct err *reterr)
{
	struct setup *setup = cli->setup;
	size_t n = setup->streams_n, names_n;
	const char *const *names = option_names(&cli->parsed, "streams", &names_n);
	struct validate_stream *streams = arena_array(setup->arena, n, sizeof *streams);
	if (streams == NULL) {
		err_memory(reterr);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		streams[i] = (struct validate_stream){
			.name = setup->streams[i].stream->name,
			.table = setup->streams[i].table,
			.keeps_us = keeps_us(setup->streams[i].stream),
		};
	if (!setup_select(setup, names, names_n, reterr))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < setup->streams_n; k++)
			streams[i].selected |= setup->streams[k].table == streams[i].table;
	}
	*ret_n = n;
	return streams;
}

int cmd_validate(struct cli *cli)
{
	struct warehouse *warehouse = NULL;
	struct viewset views;
	struct validate_result result = {0};
	struct err why = {0};

	if (!cli_setup(cli))
		return EXIT_USAGE;
	struct validate_options options = {
		.pipeline = cli->config->pipeline,
		.destination = cli->setup->destination,
		.now_us = clock_now_us(),
		.json = option_flag(&cli->parsed, "json"),
		.colour = cli->colour,
		.unicode = cli->unicode,
		.screen_columns = (size_t)cli->out_columns,
		.write = write_out,
		.user = cli,
	};
	if (!viewset_make(cli->setup, &views, &why))
		return cli_fail(cli, &why);
	size_t all = cli->setup->streams_n;
	options.streams = list_streams(cli, &options.streams_n, &why);
	if (options.streams == NULL)
		return cli_fail(cli, &why);
	if (cli->config->create_views && cli->setup->streams_n == all) {
		options.views = views.views;
		options.views_n = views.n;
		options.view_options = &views.options;
	}
	bool done = setup_open_warehouse(cli->setup, true, &warehouse, &why);
	options.warehouse = warehouse;
	done = done && validate_run(&options, &result, &why);
	warehouse_close(warehouse);
	if (!done)
		return cli_finish_output(cli, cli_fail(cli, &why));
	if (result.failed + result.warned > 0)
		cli_say(cli, "%zu checks failed, %zu warned", result.failed, result.warned);
	return cli_finish_output(cli, result.failed > 0 ? EXIT_FAILED : EXIT_DONE);
}
