/* firn-sim -- a simulated Moveworks Data API server, and Open-Meteo
 *
 * SYNOPSIS
 *	firn-sim [--port N] [--interactions N] [--days N] [--until DATE|now] [options]
 *	firn-sim --truth ENTITY [--filter TEXT] [options]
 *
 * DESCRIPTION
 *	Serves conversations, interactions, plugin-calls, plugin-resources and users below
 *	/export/v1/records and /export/v1beta2/records, as that API is documented and as its
 *	sample answers look: $filter on last_updated_time and created_time, $orderby, $top, $skip,
 *	$select, $count, pages with an opaque absolute @odata.nextLink, no "value" in an empty
 *	answer, bearer tokens, and tokens for a client's id and secret at /oauth/v1/token.
 *
 *	The records are made up, of any number, and a function of the options alone: the same
 *	options give the same bytes, in whatever order they are asked for (world.h). They come in
 *	daily batches with one stamp each; days can be late or come again (--late-day,
 *	--republish), and the clock can be moved while it runs (POST /sim/clock), so that new days
 *	appear and old ones go.
 *
 *	It serves Open-Meteo too, at /v1/forecast and /history/v1/forecast (weather.h): current
 *	weather and hours for one place or many, quotas, an apikey, errors in that server's words.
 *
 *	Everything that can go wrong between a server and its client can be ordered: --fault, or
 *	POST /sim/faults while it runs. GET /sim/log tells what was asked, GET /sim/truth/ENTITY
 *	what a correct loader must have in its table afterwards. GET /sim/ lists all of these.
 *
 *	It ends at SIGTERM or SIGINT. When it is ready it prints its base URL on a line, and with
 *	--tls the certificate's path behind it; --port-file receives the port.
 *
 * EXIT STATUS
 *	0 it was told to end, 1 it could not go on, 2 a mistake on the command line. */
#include "certificate.h"
#include "server.h"
#include "truth.h"
#include "weather.h"

#include "base/file.h"
#include "base/stamp.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static bool open_data(struct sim *sim, struct err *reterr)
{
	struct options *options = &sim->options;
	if (options->samples == NULL)
		return world_open(&sim->store.world, &options->world, reterr);
	return samples_open(&sim->store.samples, options->samples, reterr);
}

static bool open_parts(struct sim *sim, struct err *reterr)
{
	struct options *options = &sim->options;
	struct oauth_options oauth = {options->token, options->client_id, options->client_secret,
				      options->token_life_ms, options->world.seed};
	if (!open_data(sim, reterr) || !plans_new(&sim->plans, &sim->store, reterr) ||
	    !moment_new(&sim->moment, options->now_us, !options->frozen, reterr) ||
	    !faults_new(&sim->faults, options->world.seed, reterr) ||
	    !oauth_new(&sim->oauth, &oauth, reterr) || !journal_new(&sim->journal, reterr))
		return false;
	if (!weather_quota_new(&sim->quota, options->weather_quota, reterr))
		return false;
	if (options->gzip && !zipped_new(&sim->zipped, reterr))
		return false;
	for (size_t i = 0; i < options->n_faults; i++) {
		if (!faults_add_spec(sim->faults, options->faults[i], reterr))
			return false;
	}
	return true;
}

static void close_parts(struct sim *sim)
{
	zipped_free(sim->zipped);
	weather_quota_free(sim->quota);
	journal_free(sim->journal);
	oauth_free(sim->oauth);
	faults_free(sim->faults);
	moment_free(sim->moment);
	plans_free(sim->plans);
	samples_close(sim->store.samples);
	world_close(sim->store.world);
}

static bool print_truth(struct sim *sim, struct err *reterr)
{
	const struct options *options = &sim->options;
	struct truth *truth = NULL;
	enum entity entity;
	struct buf out;
	if (!entity_of(span_of(options->truth), &entity))
		return err_set(reterr, ERR_USAGE, "--truth: \"%s\" is no entity", options->truth);
	if (!truth_open(&truth, sim, entity, span_of(options->truth_filter), false, reterr))
		return false;
	buf_init(&out, 1 << 24);
	bool done = true;
	while (done && truth_next(truth, &out)) {
		done = fwrite(out.data, 1, out.size, stdout) == out.size;
		buf_clear(&out);
	}
	done = (fflush(stdout) == 0 && done) || err_sys(reterr, "cannot write");
	buf_done(&out);
	truth_close(truth);
	return done;
}

static bool tell(const struct options *options, const struct server *server,
		 const struct certificate *certificate, struct err *reterr)
{
	char port[16];
	unsigned number = server_port(server);
	snprintf(port, sizeof port, "%u\n", number);
	if (options->port_file != NULL &&
	    !file_replace(options->port_file, span_of(port), reterr))
		return false;
	if (options->quiet)
		return true;
	printf("%s://%s:%u/export/v1/records%s%s\n", options->tls ? "https" : "http",
	       options->tls ? "localhost" : "127.0.0.1", number, options->tls ? " " : "",
	       options->tls ? certificate->cert_path : "");
	return fflush(stdout) == 0 || err_sys(reterr, "cannot write");
}

/* The signals are blocked in every thread; this one waits for them. */
static bool serve(struct sim *sim, struct err *reterr)
{
	struct certificate certificate = {0};
	struct server *server = NULL;
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	const struct options *options = &sim->options;
	bool done = !options->tls || certificate_get(&certificate, options->tls_cert,
						     options->tls_key, reterr);
	done = done && server_start(&server, sim,
				    options->tls ? buf_text(&certificate.cert) : NULL,
				    options->tls ? buf_text(&certificate.key) : NULL, reterr);
	done = done && tell(options, server, &certificate, reterr);
	if (done) {
		int which = 0;
		(void)sigwait(&ends, &which);
	}
	server_stop(server);
	certificate_done(&certificate);
	return done;
}

static int help(void)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	(void)options_help(&out);
	fputs(buf_text(&out), stdout);
	buf_done(&out);
	return 0;
}

int main(int argc, char *argv[])
{
	struct err err = {0};
	struct sim *sim = calloc(1, sizeof *sim);
	int code = 0;
	if (sim == NULL)
		return 1;
	bool done = options_read(argc, argv, &sim->options, &err);
	if (done && sim->options.help) {
		code = help();
		goto out;
	}
	if (done && sim->options.version) {
		puts("firn-sim " FIRN_VERSION);
		goto out;
	}
	done = done && open_parts(sim, &err) &&
	       (sim->options.truth != NULL ? print_truth(sim, &err) : serve(sim, &err));
	if (!done) {
		fprintf(stderr, "firn-sim: %s\n", err.text);
		code = err.kind == ERR_USAGE ? 2 : 1;
	}
	close_parts(sim);
out:
	free(sim);
	return code;
}
