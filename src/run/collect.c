#include "run/collect.h"

#include "base/clock.h"
#include "fetch/retry.h"
#include "run/delivery.h"
#include "run/spooled.h"

#include <stdlib.h>

static size_t count_spooled(const struct setup *setup)
{
	size_t n = 0;
	for (size_t i = 0; i < setup->streams_n; i++)
		n += setup->streams[i].spooled;
	return n;
}

/* Both loads' results as one; the texts live in the setup's arena. */
static bool join(struct setup *setup, struct load_result *ret, struct load_result *more,
		 struct err *reterr)
{
	size_t n = ret->streams_n + more->streams_n, windows = ret->windows_n + more->windows_n;
	struct load_stream *streams = arena_array(setup->arena, n, sizeof *streams);
	struct load_window *all = realloc(ret->windows, (windows + 1) * sizeof *all);
	if (all != NULL)
		ret->windows = all;
	if (streams == NULL || all == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < ret->streams_n; i++)
		streams[i] = ret->streams[i];
	for (size_t i = 0; i < more->streams_n; i++)
		streams[ret->streams_n + i] = more->streams[i];
	for (size_t i = 0; i < more->windows_n; i++)
		all[ret->windows_n + i] = more->windows[i];
	ret->streams = streams;
	ret->streams_n = n;
	ret->windows_n = windows;
	if (ret->failed == 0 || more->kind == ERR_AUTH)
		ret->kind = more->failed > 0 || more->run_failed ? more->kind : ret->kind;
	ret->failed += more->failed;
	ret->committed += more->committed;
	ret->stopped |= more->stopped;
	ret->run_failed |= more->run_failed;
	ret->took_ms += more->took_ms;
	ret->page_ms = ret->page_ms > more->page_ms ? ret->page_ms : more->page_ms;
	return true;
}

/* The streams of one kind. That it broke off keeps neither the other kind from being loaded nor
 * what is spooled from being delivered: a delivery may be what makes room again. */
static bool load_part(struct load_options *options, bool spooled, struct load_result *ret,
		      struct err *reterr)
{
	struct load_result part = {0};
	struct err why = {0};
	options->spooled = spooled;
	bool done = load_run(options, &part, &why);
	if (!done && why.kind == ERR_MEMORY) {
		*reterr = why;
	} else if (!done) {
		log_line(options->log, LOG_ERROR, NULL, "%s", why.text);
		ret->failed++;
		ret->run_failed = true;
		ret->kind = why.kind;
		done = true;
	} else {
		done = join(options->setup, ret, &part, reterr);
	}
	load_result_done(&part);
	return done;
}

/* What the next run comes too late for is sealed by this one. */
static bool seal(const struct load_options *options, struct spool *spool, struct err *reterr)
{
	const struct config *config = options->setup->config;
	int64_t next_us = delivery_next_run_us(config, clock_now_us());
	if (!options->more_follow || next_us == STAMP_MAX ||
	    (options->stop != NULL && *options->stop != 0))
		return spool_seal_all(spool, reterr);
	return spool_seal_by(spool, next_us + config->schedule.jitter_us, reterr);
}

/* For `status`: what keeps files here. Whoever ended it by a signal knows, and the next one goes
 * on. */
static bool note_delivery(const struct load_options *options, const struct load_delivery *made,
			  struct err *reterr)
{
	struct setup *setup = options->setup;
	struct buf clean;
	bool whole = made->left == 0 && !made->unsealed && made->why.kind == ERR_NONE;
	if (!whole && options->stop != NULL && *options->stop != 0)
		return true;
	buf_init(&clean, 2 * ERR_TEXT_BYTES);
	if (!whole) /* a server may have repeated a secret */
		secrets_scrub(setup->config->secrets, &clean, span_of(made->why.text));
	bool done = buf_ok(&clean, reterr) &&
		    local_note_delivery(setup->local, clock_now_us(),
					whole ? NULL : buf_text(&clean), reterr);
	buf_done(&clean);
	return done;
}

static bool seal_and_deliver(const struct load_options *options, struct spooled *spooled,
			     struct load_delivery *ret, struct err *reterr)
{
	struct err why = {0};
	if (!seal(options, spooled->spool, &why)) {
		log_line(options->log, LOG_ERROR, NULL, "spool: %s", why.text);
		ret->unsealed = true;
		ret->why = why;
	}
	bool done = delivery_run(options, spooled, ret, reterr);
	struct spool_dropped dropped = spool_take_dropped(spooled->spool);
	if (dropped.files > 0)
		log_line(options->log, LOG_ERROR, NULL,
			 "the spool was full: %lld files with %lld rows were dropped undelivered",
			 (long long)dropped.files, (long long)dropped.rows);
	if (done)
		done = note_delivery(options, ret, reterr);
	/* Gaps and what has to be landed again may have come up meanwhile. */
	return local_save(options->setup->local, reterr) && done;
}

bool collect_run(const struct load_options *given, struct load_result *ret, struct err *reterr)
{
	struct setup *setup = given->setup;
	struct retry_budget budget = {.total_ms = setup->config->retry_budget_us / 1000};
	struct load_options options = *given;
	struct spooled spooled = {0};
	struct err why = {0};
	size_t n = count_spooled(setup);
	struct span customer = setup_customer(setup);

	*ret = (struct load_result){0};
	options.spooled = false;
	options.budget = &budget;
	if (n == 0)
		return load_run(&options, ret, reterr);
	/* A mistake in the configuration: nothing is asked, and nothing is missed. */
	if (!spooled_is_ours(setup, reterr))
		return false;
	options.customer = arena_text(setup->arena, customer);
	if (options.customer == NULL)
		return err_memory(reterr);
	if (!options.dry_run &&
	    !spooled_open(&spooled, setup, options.log, &options, &why)) {
		log_line(options.log, LOG_ERROR, NULL, "%s", why.text);
		options.spool_why = &why;
	}
	options.spool = spooled.spool;
	bool done = load_part(&options, true, ret, reterr) &&
		    (n == setup->streams_n || load_part(&options, false, ret, reterr));
	if (done && spooled.spool != NULL)
		done = seal_and_deliver(&options, &spooled, &ret->delivery, reterr);
	spooled_close(&spooled);
	return done;
}

bool collect_seal(const struct load_options *options, struct err *reterr)
{
	struct setup *setup = options->setup;
	struct spooled spooled = {0};
	if (!spooled_any(setup) || !file_exists(setup->config->spool_dir))
		return true;
	bool done = spooled_open(&spooled, setup, options->log, options, reterr) &&
		    spool_seal_all(spooled.spool, reterr);
	spooled_close(&spooled);
	return done && local_save(setup->local, reterr);
}

bool collect_flush(const struct load_options *given, struct load_delivery *ret,
		   struct err *reterr)
{
	struct setup *setup = given->setup;
	struct retry_budget budget = {.total_ms = setup->config->retry_budget_us / 1000};
	struct load_options options = *given;
	struct spooled spooled = {0};
	*ret = (struct load_delivery){0};
	options.budget = &budget;
	if (!spooled_open(&spooled, setup, options.log, &options, reterr))
		return false;
	bool done = seal_and_deliver(&options, &spooled, ret, reterr);
	spooled_close(&spooled);
	return done;
}
