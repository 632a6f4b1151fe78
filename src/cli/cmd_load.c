/* firn run and firn initial-load. */
#include "base/bounds.h"
#include "base/clock.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/delivery.h"
#include "run/collect.h"
#include "run/viewset.h"

#include <stdlib.h>
#include <string.h>

/* --- what it came to --- */

static void add_stream(struct buf *out, const struct load_stream *stream,
		       const struct load_stream *before)
{
	char fetched[32], inserted[32], updated[32];
	text_write_count(fetched, sizeof fetched, stream->run.rows_fetched);
	text_write_count(inserted, sizeof inserted, stream->run.rows_inserted);
	text_write_count(updated, sizeof updated, stream->run.rows_updated);
	if (stream->through_spool) {
		text_write_count(inserted, sizeof inserted, stream->spooled);
		buf_addf(out, "%-18s %12s fetched %12s spooled", stream->name, fetched, inserted);
	} else {
		buf_addf(out, "%-18s %12s fetched %12s new %12s changed", stream->name, fetched,
			 inserted, updated);
	}
	if (stream->run.rows_rejected > 0)
		buf_addf(out, "  %lld rejected", (long long)stream->run.rows_rejected);
	if (stream->run.rows_rescued > 0)
		buf_addf(out, "  %lld rescued", (long long)stream->run.rows_rescued);
	if (stream->run.let_pass > 0)
		buf_addf(out, "  %lld %s passed as empty", (long long)stream->run.let_pass,
			 stream->run.let_pass == 1 ? "error" : "errors");
	if (stream->windows_skipped > 0)
		buf_addf(out, "  %zu windows complete before", stream->windows_skipped);
	if (stream->failed && before != NULL && before->failed &&
	    strcmp(before->why, stream->why) == 0)
		buf_add_text(out, "  FAILED likewise");
	else if (stream->failed)
		buf_addf(out, "  FAILED: %s", text_without_name(stream->why, stream->name));
	buf_add_char(out, '\n');
}

/* Partly done: something was committed, or the others had nothing to commit. Where the run as a
 * whole failed before anything was, nothing is done. */
static int failure_code(const struct load_result *result)
{
	if (result->committed > 0 ||
	    (!result->run_failed && result->failed < result->streams_n))
		return EXIT_PARTLY;
	return result->kind == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

static int tell(struct cli *cli, const struct load_result *result)
{
	struct buf out;
	int code = EXIT_DONE;
	buf_init(&out, MIB);
	for (size_t i = 0; i < result->streams_n && !cli->quiet; i++)
		add_stream(&out, &result->streams[i], i == 0 ? NULL : &result->streams[i - 1]);
	if (!cli->quiet)
		delivery_tell(&result->delivery, &out);
	if (!cli_print(cli, buf_span(&out)))
		code = EXIT_FAILED;
	buf_done(&out);
	if (!delivery_is_whole(&result->delivery))
		code = EXIT_PARTLY;
	if (result->failed > 0)
		code = failure_code(result);
	return cli_finish_output(cli, code);
}

static int tell_plan(struct cli *cli, const struct load_result *result)
{
	struct buf out;
	char from[STAMP_TEXT_BYTES], until[STAMP_TEXT_BYTES], count[32], left[32];
	int64_t records = 0, pages = 0;
	bool exact = true;
	buf_init(&out, SIZE_MAX / 2);
	for (size_t i = 0; i < result->windows_n; i++) {
		const struct load_window *window = &result->windows[i];
		stamp_write_short(window->from_us, from);
		stamp_write_short(window->until_us, until);
		text_write_count(count, sizeof count, window->count);
		buf_addf(&out, "%-18s %-20s %-20s %12s%s%s\n", window->stream, from,
			 window->until_us > STAMP_MAX ? "now" : until,
			 window->count < 0 ? "?" : count, window->part[0] == '\0' ? "" : "  ",
			 window->part);
		exact &= window->count >= 0;
		records += window->count > 0 ? window->count : 0;
		pages += 1 + (window->count > 0 ? window->count / DRY_RUN_PAGE_RECORDS : 0);
	}
	text_write_count(count, sizeof count, records);
	int64_t in_flight = cli->config->parallel;
	text_write_duration(left, sizeof left, (pages * result->page_ms / in_flight + 999) / 1000 *
						       STAMP_SECOND);
	size_t skipped = 0;
	for (size_t i = 0; i < result->streams_n; i++)
		skipped += result->streams[i].windows_skipped;
	buf_addf(&out, "%zu windows, %s%s records, %lld pages or so; at %lld ms an answer and %lld "
		 "in flight about %s", result->windows_n, exact ? "" : "at least ", count,
		 (long long)pages, (long long)result->page_ms, (long long)in_flight, left);
	if (skipped > 0)
		buf_addf(&out, "; %zu more are complete (--again loads them anew)", skipped);
	buf_add_char(&out, '\n');
	bool printed = cli_print(cli, buf_span(&out));
	buf_done(&out);
	int code = result->failed > 0 ? failure_code(result) : EXIT_DONE;
	return cli_finish_output(cli, printed ? code : EXIT_FAILED);
}

/* --- doing it --- */

enum { LOADED = -1 };

/* On standard error and in the day's file. */
static int fail(struct cli *cli, const struct err *why)
{
	log_line(cli->log, LOG_ERROR, NULL, "%s", why->text);
	return why->kind == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

/* LOADED: `result` says how; else the exit code, and why has been said. */
static int load_streams(struct cli *cli, struct load_options *options,
			const char *const *streams, size_t n, struct load_result *result)
{
	struct viewset views;
	struct err why = {0}, old = {0};

	if (cli->setup == NULL && !cli_setup(cli))
		return EXIT_USAGE;
	if (!setup_select(cli->setup, streams, n, &why) ||
	    !viewset_make(cli->setup, &views, &why))
		return cli_fail(cli, &why);
	if (!cli_log(cli))
		return EXIT_FAILED;
	if (!setup_lock(cli->setup, options->command, &old, &why))
		return fail(cli, &why);
	if (old.kind != ERR_NONE)
		log_line(cli->log, LOG_WARNING, NULL,
			 "the local copy of the state is not used: %s", old.text);
	options->setup = cli->setup;
	options->log = cli->log;
	options->progress = cli->progress;
	options->stop = cli->stop;
	options->pulses = cli->pulses;
	struct credentials_environment aws = cli_aws_environment();
	options->aws = &aws;
	if (cli->config->create_views) {
		options->views = views.views;
		options->views_n = views.n;
		options->views_left_out = views.left_out;
		options->views_left_out_n = views.left_out_n;
		options->view_options = &views.options;
	}
	cli->catch_signals();
	return collect_run(options, result, &why) ? LOADED : fail(cli, &why);
}

static int load(struct cli *cli, struct load_options *options)
{
	struct load_result result = {0};
	size_t n;
	const char *const *streams = option_names(&cli->parsed, "streams", &n);
	int code = load_streams(cli, options, streams, n, &result);
	if (code == LOADED)
		code = options->dry_run ? tell_plan(cli, &result) : tell(cli, &result);
	load_result_done(&result);
	return code;
}

/* A stream that asks for another's rows is not run without it. */
static bool with_parents(struct cli *cli, const char *const *streams, size_t n,
			 const char ***ret, size_t *ret_n)
{
	const struct connector *connector = cli->setup->connector;
	const char **all = arena_array(cli->setup->arena, connector->streams_n + 1, sizeof *all);
	*ret_n = 0;
	for (size_t i = 0; all != NULL && i < connector->streams_n; i++) {
		bool wanted = false;
		for (size_t k = 0; k < n; k++) {
			const struct stream *stream = connector_stream(connector, streams[k]);
			for (; stream != NULL; stream = stream->for_each)
				wanted |= stream == &connector->streams[i];
		}
		if (wanted)
			all[(*ret_n)++] = connector->streams[i].name;
	}
	*ret = all;
	return all != NULL;
}

int cli_run_again(struct cli *cli, const char *const *streams, size_t n, struct buf *failed)
{
	struct load_options options = {.command = "start", .more_follow = true};
	struct load_result result = {0};
	const char **all;
	size_t all_n;
	if (!with_parents(cli, streams, n, &all, &all_n))
		return EXIT_FAILED;
	int code = load_streams(cli, &options, all, all_n, &result);
	if (code != LOADED)
		return code;
	code = EXIT_DONE;
	for (size_t i = 0; i < result.streams_n; i++) {
		const struct load_stream *stream = &result.streams[i];
		log_line(cli->log, LOG_INFO, stream->name, "%lld fetched, %lld new, %lld changed",
			 (long long)stream->run.rows_fetched, (long long)stream->run.rows_inserted,
			 (long long)stream->run.rows_updated);
		if (stream->failed && !result.run_failed)
			buf_add(failed, stream->name, strlen(stream->name) + 1);
	}
	if (!delivery_is_whole(&result.delivery))
		code = EXIT_PARTLY;
	if (result.failed > 0)
		code = failure_code(&result);
	load_result_done(&result);
	return code;
}

int cmd_run(struct cli *cli)
{
	struct load_options options = {.command = "run"};
	return load(cli, &options);
}

/* --- the dates of an initial load --- */

static bool ask_date(struct cli *cli, const char *what, const char *fallback, int64_t *ret)
{
	char line[128];
	for (;;) {
		fprintf(stderr, "%s [%s]: ", what, fallback);
		fflush(stderr);
		if (fgets(line, sizeof line, stdin) == NULL)
			return false;
		struct span text = text_trim(span_of(line));
		if (text.size == 0)
			text = span_of(fallback);
		if (stamp_read_date(text, ret))
			return true;
		cli_say(cli, "expected a date such as 2026-11-23");
	}
}

/* Thirty days until yesterday: what most sources still have, and whole days only. */
static bool find_dates(struct cli *cli, int64_t *from_us, int64_t *to_us, struct err *reterr)
{
	char text[STAMP_TEXT_BYTES];
	int64_t today_us = stamp_floor(clock_now_us(), STAMP_DAY);
	bool from = option_number(&cli->parsed, "from", from_us);
	bool to = option_number(&cli->parsed, "to", to_us);
	if ((!from || !to) && !(cli->terminal && terminal_is(TERMINAL_IN)))
		return err_set(reterr, ERR_USAGE, "initial-load needs --from DATE and --to DATE");
	stamp_write_short(today_us - 30 * STAMP_DAY, text);
	if (!from && !ask_date(cli, "first day (UTC)", text, from_us))
		return err_set(reterr, ERR_USAGE, "no first day was given");
	stamp_write_short(today_us - STAMP_DAY, text);
	if (!to && !ask_date(cli, "last day (UTC), included", text, to_us))
		return err_set(reterr, ERR_USAGE, "no last day was given");
	if (*from_us > *to_us)
		return err_set(reterr, ERR_USAGE, "--from is later than --to");
	return true;
}

int cmd_initial_load(struct cli *cli)
{
	struct err why = {0};
	struct load_options options = {
		.command = "initial-load",
		.initial = true,
		.again = option_flag(&cli->parsed, "again"),
		.dry_run = option_flag(&cli->parsed, "dry-run"),
	};
	int64_t to_us;
	if (!find_dates(cli, &options.from_us, &to_us, &why))
		return cli_fail(cli, &why);
	/* The last day is included; a time instead of a date is taken as it is. */
	options.until_us = to_us == stamp_floor(to_us, STAMP_DAY) ? to_us + STAMP_DAY : to_us;
	return load(cli, &options);
}
