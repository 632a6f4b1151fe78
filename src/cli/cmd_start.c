/* firn start: stays, and runs when it is time.
 *
 * One small process waits; each run is a child of it, a copy made by fork (base/child.h). So the
 * memory that a load took is given back to the last byte, a crash in a warehouse's library ends a
 * run and not the service, and a run that does not end when it is asked to can be killed: what it
 * had not committed is rolled back, as after any other death. The child works with the
 * configuration as its parent has read it: a file that is broken meanwhile breaks nothing until
 * SIGHUP, and then it is told and not taken. Secrets out of files and programs are read anew for
 * each run.
 *
 * The parent never opens a connection or a warehouse, and starts no thread. Signals are kept back
 * and taken out one at a time (base/signals.h). What is due when: run/agenda.h. */
#include "base/bounds.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/notify.h"
#include "base/process.h"
#include "base/pulse.h"
#include "base/signals.h"
#include "base/stamp.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/start_config.h"
#include "run/agenda.h"
#include "run/spooled.h"

#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 5000, STOP_TICK_MS = 100, MOMENT_BYTES = 128 };

_Static_assert((int)TICK_MS < (int)PULSE_LOOK_MS_MAX &&
	       RUN_SILENT_MS > WAREHOUSE_STATEMENT_S * 1000 + REQUEST_WAIT_MS + LOGIN_WAIT_MS &&
	       RUN_SILENT_MS > WAREHOUSE_LOCK_WAIT_MS,
	       "nothing that a run may wait for is a hang");

struct serving {
	struct cli *cli;
	struct zone *zone;         /* of the schedule */
	struct schedule schedule;
	struct agenda *agenda;
	struct agenda_next begun;  /* what the child does */
	struct file_lock *lock;
	struct notify *notify;
	struct child *child;       /* NULL: waiting */
	int64_t child_ms;          /* since when */
	bool stopping;
	int64_t stop_ms;           /* since when */
	int64_t alive_every_ms, alive_ms; /* watchdog; 0: none asked for. The last sign of life */
	const char *clock_file;    /* NULL: the machine's clock */
	struct pulse_watch watch;  /* of the child */
	int64_t silent_max_ms;
	bool silent;               /* the child was, and is killed */
	char told[2 * MOMENT_BYTES]; /* the status that was said last */
};

/* --- time --- */

/* FIRN_CLOCK is for tests: a file with the seconds by which the schedule's clock is ahead. */
static int64_t now_us(const struct serving *serving)
{
	struct buf text;
	struct err ignored;
	int64_t ahead_s = 0, us = clock_now_us();
	if (serving->clock_file == NULL)
		return us;
	buf_init(&text, KIB);
	if (file_read(serving->clock_file, &text, &ignored) &&
	    json_whole(text_trim(buf_span(&text)), &ahead_s))
		us += ahead_s * STAMP_SECOND;
	buf_done(&text);
	return us;
}

/* "2026-11-23 22:00:00 (US/Pacific)" */
static const char *moment(const struct serving *serving, int64_t us, char out[MOMENT_BYTES])
{
	char text[STAMP_TEXT_BYTES];
	stamp_write_short(zone_local(serving->zone, us), text);
	(void)snprintf(out, MOMENT_BYTES, "%.19s%s (%.40s)", text,
		       strchr(text, ':') == NULL ? " 00:00:00" : "",
		       serving->cli->config->schedule.timezone);
	return out;
}

static void tell_status(struct serving *serving, const char *text)
{
	if (strcmp(text, serving->told) == 0)
		return;
	snprintf(serving->told, sizeof serving->told, "%s", text);
	notify_status(serving->notify, text);
}

static void show_life(struct serving *serving)
{
	int64_t now_ms = clock_mono_ms();
	if (serving->alive_every_ms == 0 ||
	    now_ms - serving->alive_ms < serving->alive_every_ms)
		return;
	serving->alive_ms = now_ms;
	notify_alive(serving->notify);
}

/* --- the configuration --- */

static void take_schedule(struct serving *serving, const struct config *config,
			  struct zone *zone)
{
	serving->zone = zone;
	serving->schedule = agenda_schedule(config, zone);
}

static void reload(struct serving *serving)
{
	struct zone *zone;
	notify_reloading(serving->notify);
	if (start_read_again(serving->cli, &zone)) {
		zone_close(serving->zone);
		take_schedule(serving, serving->cli->config, zone);
	}
	serving->told[0] = '\0';
	notify_ready(serving->notify);
}

/* --- a run --- */

/* In the child. */
static int work(void *user, struct buf *report)
{
	struct serving *serving = user;
	struct cli *cli = serving->cli;
	struct err why = {0};
	bool some = serving->begun.why == AGENDA_RETRY;
	pulse_beat(pulse_at(cli->pulses, PULSE_LOOP), "beginning");
	/* The parent's: a log of its own has its own run id, and removes files that are too old. */
	cli->log = NULL;
	cli->progress = NULL;
	cli->talks = false;
	/* Or it would be held for as long as this one lives on after its parent. */
	file_unlock(serving->lock);
	if (!setup_reload_secrets(cli->setup, &why)) {
		if (cli_log(cli))
			log_line(cli->log, LOG_ERROR, NULL, "%s", why.text);
		return EXIT_FAILED;
	}
	int code = cli_run_again(cli, some ? serving->agenda->streams : NULL,
				 some ? serving->agenda->streams_n : 0, report);
	log_close(cli->log);
	setup_close(cli->setup); /* the lock, and the local copy */
	return code;
}

static void tell_begin(struct serving *serving, const struct agenda_next *next)
{
	char due[MOMENT_BYTES];
	struct log *log = serving->cli->log;
	moment(serving, next->due_us, due);
	switch (next->why) {
	case AGENDA_DUE:
		log_line(log, LOG_INFO, NULL, "run begins, due %s", due);
		break;
	case AGENDA_MISSED:
		log_line(log, LOG_WARNING, NULL, "run begins: the one due %s was missed", due);
		break;
	case AGENDA_FIRST:
		log_line(log, LOG_INFO, NULL, "run begins: the first");
		break;
	case AGENDA_AGAIN:
		log_line(log, LOG_INFO, NULL, "run begins again: it was stopped");
		break;
	case AGENDA_RETRY:
		log_line(log, LOG_INFO, NULL, "run begins again after failure %lld, of %s",
			 (long long)serving->agenda->failures,
			 serving->agenda->streams_n == 0 ? "all streams" : "what failed");
		break;
	}
}

static void tell_error(struct serving *serving, const struct err *why)
{
	log_line(serving->cli->log, LOG_ERROR, NULL, "%s", why->text);
}

static void begin(struct serving *serving, const struct agenda_next *next)
{
	struct err why = {0};
	serving->begun = *next;
	tell_begin(serving, next);
	/* A disk that takes no note of it shall not keep data from being fetched. */
	if (!agenda_begin(serving->agenda, next, now_us(serving), &why))
		tell_error(serving, &why);
	serving->child_ms = clock_mono_ms();
	serving->silent = false;
	pulse_watch_begin(&serving->watch, serving->cli->pulses, serving->child_ms);
	if (child_start(&serving->child, work, serving, &why)) {
		tell_status(serving, "running");
		return;
	}
	tell_error(serving, &why);
	if (!agenda_end(serving->agenda, AGENDA_FAILED, SPAN(""), now_us(serving), &why))
		tell_error(serving, &why);
}

static void tell_end(struct serving *serving, const struct child_end *end, bool failed)
{
	char took[32], retry[MOMENT_BYTES];
	struct log *log = serving->cli->log;
	text_write_duration(took, sizeof took,
			    (clock_mono_ms() - serving->child_ms) / 1000 * STAMP_SECOND);
	if (!failed && serving->agenda->stopped) {
		log_line(log, LOG_WARNING, NULL, "the run was stopped after %s%s; it is done "
			 "again when firn starts", took,
			 end->signal != 0 ? " and what it had not committed was rolled back" : "");
		return;
	}
	if (!failed) {
		log_line(log, LOG_INFO, NULL, "run done in %s", took);
		return;
	}
	moment(serving, serving->agenda->retry_us, retry);
	if (end->signal != 0)
		log_line(log, LOG_ERROR, NULL, "the run was killed by signal %d after %s; next "
			 "try %s", end->signal, took, retry);
	else
		log_line(log, LOG_ERROR, NULL, "the run failed (exit code %d) after %s; next try "
			 "%s, or when the next one is due", end->code, took, retry);
}

/* After the child. */
static void finish(struct serving *serving, const struct child_end *end, struct span failed)
{
	struct err why = {0};
	enum agenda_end how = AGENDA_FAILED;
	child_free(serving->child);
	serving->child = NULL;
	if (end->code == EXIT_DONE)
		how = AGENDA_DONE;
	else if (serving->stopping)
		how = AGENDA_STOPPED;
	if (!agenda_end(serving->agenda, how, failed, now_us(serving), &why))
		tell_error(serving, &why);
	tell_end(serving, end, how == AGENDA_FAILED);
}

/* It waits for something that does not come: the next one may do better, and none would begin. */
static void mind_silence(struct serving *serving)
{
	const char *doing;
	char silent[32];
	int64_t silent_ms = pulse_silent_ms(&serving->watch, clock_mono_ms(), &doing);
	if (serving->silent || silent_ms <= serving->silent_max_ms)
		return;
	serving->silent = true;
	text_write_duration(silent, sizeof silent, silent_ms / 1000 * STAMP_SECOND);
	log_line(serving->cli->log, LOG_ERROR, NULL, "the run hangs: no sign of life for %s%s%s; "
		 "it is killed", silent, doing == NULL ? "" : ", while ",
		 doing == NULL ? "" : doing);
	child_kill(serving->child);
}

static void look_at_child(struct serving *serving)
{
	struct child_end end;
	struct buf report;
	buf_init(&report, CHILD_REPORT_BYTES);
	if (child_ended(serving->child, &end, &report))
		finish(serving, &end, buf_span(&report));
	else if (serving->stopping && clock_mono_ms() - serving->stop_ms > STOP_RUN_MS)
		child_kill(serving->child);
	else
		mind_silence(serving);
	buf_done(&report);
}

/* --- the loop --- */

static void stop(struct serving *serving)
{
	if (serving->stopping) { /* asked again: somebody does not want to wait */
		serving->stop_ms = clock_mono_ms() - STOP_RUN_MS - 1;
		return;
	}
	serving->stopping = true;
	serving->stop_ms = clock_mono_ms();
	notify_stopping(serving->notify);
	log_line(serving->cli->log, LOG_INFO, NULL, "asked to end%s",
		 serving->child == NULL ? "" : ": the run is stopped");
	if (serving->child != NULL)
		child_stop(serving->child);
}

/* How long to sleep. A machine that was asleep shows only by its clock: so never for long. */
static int64_t rest_ms(const struct serving *serving, int64_t until_us)
{
	int64_t rest = TICK_MS;
	int64_t left_ms = until_us == STAMP_MAX ? rest : (until_us - now_us(serving)) / 1000 + 1;
	if (serving->stopping || serving->clock_file != NULL)
		rest = STOP_TICK_MS;
	if (serving->alive_every_ms > 0 && serving->alive_every_ms < rest)
		rest = serving->alive_every_ms;
	return left_ms < rest ? (left_ms < 0 ? 0 : left_ms) : rest;
}

/* Begins what is due; else says when the next is, and gives that moment. */
static int64_t look_at_agenda(struct serving *serving)
{
	int64_t at_us = now_us(serving);
	struct agenda_next next = agenda_next(serving->agenda, &serving->schedule, at_us);
	char text[2 * MOMENT_BYTES], when[MOMENT_BYTES];
	if (next.at_us <= at_us) {
		begin(serving, &next);
		return serving->child == NULL ? at_us : STAMP_MAX;
	}
	snprintf(text, sizeof text, "%s %s",
		 next.why == AGENDA_RETRY ? "the last run failed; next try" : "next run",
		 moment(serving, next.at_us, when));
	if (strcmp(text, serving->told) != 0)
		log_line(serving->cli->log, LOG_INFO, NULL, "%s", text);
	tell_status(serving, text);
	return next.at_us;
}

static void serve(struct serving *serving)
{
	while (!serving->stopping || serving->child != NULL) {
		int64_t until_us = STAMP_MAX;
		show_life(serving);
		if (serving->child != NULL)
			look_at_child(serving);
		if (serving->child == NULL && !serving->stopping)
			until_us = look_at_agenda(serving);
		if (serving->child == NULL && serving->stopping)
			break;
		switch (signals_wait(rest_ms(serving, until_us))) {
		case SIGNAL_STOP:
			stop(serving);
			break;
		case SIGNAL_RELOAD:
			if (!serving->stopping)
				reload(serving);
			break;
		case SIGNAL_CHILD:
		case SIGNAL_NONE:
			break;
		}
	}
}

/* --- beginning --- */

static bool lock(struct serving *serving, struct err *reterr)
{
	const struct config *config = serving->cli->config;
	struct buf path;
	buf_init(&path, PATH_BYTES_MAX);
	bool done = file_make_folder(config->state_dir, reterr) &&
		    file_join(&path, config->state_dir, "start.lock", reterr) &&
		    file_lock(&serving->lock, buf_text(&path), "start", reterr);
	if (!done && reterr->kind == ERR_BUSY)
		err_at(reterr, "pipeline %s has its firn start already", config->pipeline);
	buf_done(&path);
	return done;
}

/* FIRN_SILENT_MS is for tests. */
static int64_t silent_max_ms(void)
{
	const char *text = getenv("FIRN_SILENT_MS");
	int64_t ms = 0;
	return text != NULL && json_whole(span_of(text), &ms) && ms > 0 ? ms : RUN_SILENT_MS;
}

/* Half of what systemd waits, as sd_watchdog_enabled(3) advises. */
static int64_t watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	int64_t us = 0, whose = process_id();
	if (usec == NULL || !json_whole(span_of(usec), &us) || us <= 0)
		return 0;
	if (pid != NULL && (!json_whole(span_of(pid), &whose) || whose != process_id()))
		return 0;
	return us / 2000 > 0 ? us / 2000 : 1;
}

static bool open_serving(struct serving *serving, struct err *reterr)
{
	const struct config *config = serving->cli->config;
	struct err why = {0};
	struct zone *zone = NULL;
	if (!zone_open(&zone, config->schedule.timezone, NULL, reterr))
		return false;
	take_schedule(serving, config, zone);
	if (!lock(serving, reterr) ||
	    !notify_open(&serving->notify, getenv("NOTIFY_SOCKET"), reterr) ||
	    !agenda_open(&serving->agenda, config->state_dir, now_us(serving),
			 config->schedule.at_n == 0, &why, reterr))
		return false;
	if (why.kind != ERR_NONE)
		log_line(serving->cli->log, LOG_WARNING, NULL, "what was missed is not known: %s",
			 why.text);
	if (serving->agenda->failures > 0 && !serving->agenda->stopped)
		log_line(serving->cli->log, LOG_WARNING, NULL, "the last run has not ended well");
	if (!agenda_save(serving->agenda, &why))
		tell_error(serving, &why);
	return true;
}

int cmd_start(struct cli *cli)
{
	struct serving serving = {
		.cli = cli,
		.clock_file = getenv("FIRN_CLOCK"),
		.alive_every_ms = watchdog_ms(),
		.silent_max_ms = silent_max_ms(),
	};
	struct err why = {0};
	int code = EXIT_DONE;
	cli->service = cli->talks = true;
	/* Or each run would complain anew. */
	cli->log_complained = process_shared(sizeof *cli->log_complained);
	cli->pulses = process_shared(PULSES * sizeof *cli->pulses);
	if (!cli_setup(cli))
		return EXIT_USAGE;
	if (!start_need_schedule(cli->config, &why) || !spooled_is_ours(cli->setup, &why))
		return cli_fail(cli, &why);
	signals_hold();
	if (!cli_log(cli))
		return EXIT_FAILED;
	if (open_serving(&serving, &why)) {
		log_line(cli->log, LOG_INFO, NULL, "firn " FIRN_VERSION " starts: pipeline %s",
			 cli->config->pipeline);
		notify_ready(serving.notify);
		serve(&serving);
		cli_seal(cli);
		log_line(cli->log, LOG_INFO, NULL, "firn ends");
	} else {
		log_line(cli->log, LOG_ERROR, NULL, "%s", why.text);
		code = why.kind == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
	}
	notify_close(serving.notify);
	agenda_close(serving.agenda);
	file_unlock(serving.lock);
	zone_close(serving.zone);
	return code;
}
