#include "run/agenda.h"

#include "base/arena.h"
#include "base/bounds.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "base/stamp.h"
#include "warehouse/state.h"

#include <stdlib.h>

enum { AGENDA_FORMAT = 1 };

/* Begun so much later than planned, a run counts as missed: for what is said, not for what is
 * done. */
#define LATE_US STAMP_MINUTE
/* Clocks are corrected by some seconds all the time. */
#define SET_BACK_US STAMP_MINUTE

/* --- the file --- */

static bool keep_streams(struct agenda *agenda, const struct json *list)
{
	struct json_walk walk = json_walk(list);
	const char **streams = arena_array(agenda->arena, json_count(list) + 1, sizeof *streams);
	size_t n = 0;
	while (streams != NULL && json_next(&walk)) {
		if (json_kind(walk.value) != JSON_TEXT)
			continue;
		streams[n] = arena_text(agenda->arena, json_text(walk.value));
		if (streams[n++] == NULL)
			return false;
	}
	agenda->streams = streams;
	agenda->streams_n = n;
	return streams != NULL;
}

static bool read_json(struct agenda *agenda, const struct json *root, struct err *why)
{
	if (json_int_member(root, "format", 0) != AGENDA_FORMAT)
		return err_set(why, ERR_DATA, "'%s' is not of this firn's format", agenda->path);
	agenda->handled_us = json_int_member(root, "handled", STAMP_NONE);
	agenda->retry_us = json_int_member(root, "retry", STAMP_NONE);
	agenda->failures = json_int_member(root, "failures", 0);
	agenda->running = json_int_member(root, "running", 0) != 0;
	agenda->stopped = json_int_member(root, "stopped", 0) != 0;
	return keep_streams(agenda, json_member(root, SPAN("streams"))) || err_memory(why);
}

static bool read_file(struct agenda *agenda, struct err *why)
{
	struct buf text;
	buf_init(&text, STATE_BYTES_MAX);
	bool done = file_read(agenda->path, &text, why);
	struct json_doc *doc = done ? json_parse(buf_span(&text), why) : NULL;
	if (done && doc == NULL)
		err_at(why, "'%s'", agenda->path);
	done = doc != NULL && read_json(agenda, json_root(doc), why);
	json_free(doc);
	buf_done(&text);
	return done;
}

bool agenda_save(const struct agenda *agenda, struct err *reterr)
{
	struct buf out;
	buf_init(&out, STATE_BYTES_MAX);
	buf_add_char(&out, '{');
	json_add_int(&out, "format", AGENDA_FORMAT);
	json_add_int(&out, "handled", agenda->handled_us);
	json_add_int(&out, "retry", agenda->retry_us);
	json_add_int(&out, "failures", agenda->failures);
	json_add_int(&out, "running", agenda->running);
	json_add_int(&out, "stopped", agenda->stopped);
	buf_add_text(&out, ",\"streams\":[");
	for (size_t i = 0; i < agenda->streams_n; i++) {
		json_add_comma(&out);
		json_add_text(&out, span_of(agenda->streams[i]));
	}
	buf_add_text(&out, "]}\n");
	bool done = buf_ok(&out, reterr) && file_replace(agenda->path, buf_span(&out), reterr);
	buf_done(&out);
	return done;
}

/* --- opening --- */

static int64_t pause_us(const struct agenda *agenda, int64_t now_us)
{
	int64_t pause = RETRY_RUN_BASE_S * STAMP_SECOND;
	for (int64_t i = 1; i < agenda->failures && pause < RETRY_RUN_CAP_S * STAMP_SECOND; i++)
		pause *= 2;
	if (pause > RETRY_RUN_CAP_S * STAMP_SECOND)
		pause = RETRY_RUN_CAP_S * STAMP_SECOND;
	struct span moment = {(const char *)&now_us, sizeof now_us};
	uint64_t spread = digest_hash64(moment, (uint64_t)(uintptr_t)agenda) %
			  (uint64_t)(pause / 2);
	return pause - pause / 4 + (int64_t)spread;
}

static void note_failure(struct agenda *agenda, int64_t now_us)
{
	agenda->failures++;
	agenda->retry_us = now_us + pause_us(agenda, now_us);
}

static struct agenda *make_agenda(const char *state_dir, struct err *reterr)
{
	struct agenda *agenda = calloc(1, sizeof *agenda);
	struct buf path;
	if (agenda == NULL || (agenda->arena = arena_new()) == NULL) {
		free(agenda);
		err_memory(reterr);
		return NULL;
	}
	buf_init(&path, PATH_BYTES_MAX);
	if (file_join(&path, state_dir, "start.json", reterr))
		agenda->path = buf_take(&path);
	buf_done(&path);
	if (agenda->path == NULL) {
		agenda_close(agenda);
		return NULL;
	}
	return agenda;
}

bool agenda_open(struct agenda **ret, const char *state_dir, int64_t now_us, bool run_now,
		 struct err *why, struct err *reterr)
{
	struct agenda *agenda = make_agenda(state_dir, reterr);
	if (agenda == NULL)
		return false;
	*why = (struct err){0};
	agenda->retry_us = STAMP_NONE;
	if (!file_exists(agenda->path) || !read_file(agenda, why)) {
		agenda->handled_us = run_now ? STAMP_NONE : now_us;
		agenda->streams_n = 0;
	}
	if (why->kind == ERR_MEMORY) {
		*reterr = *why;
		agenda_close(agenda);
		return false;
	}
	if (agenda->running) {
		agenda->running = false;
		agenda->died = true;
		agenda->streams_n = 0;
		note_failure(agenda, now_us);
	} else if (agenda->stopped) {
		agenda->retry_us = now_us;
	}
	*ret = agenda;
	return true;
}

void agenda_close(struct agenda *agenda)
{
	if (agenda == NULL)
		return;
	arena_free(agenda->arena);
	free(agenda->path);
	free(agenda);
}

/* --- what comes next --- */

static void mind_the_clock(struct agenda *agenda, int64_t now_us)
{
	int64_t retry_max_us = now_us + 2 * RETRY_RUN_CAP_S * STAMP_SECOND;
	if (agenda->handled_us != STAMP_NONE && agenda->handled_us > now_us + SET_BACK_US)
		agenda->handled_us = now_us;
	if (agenda->retry_us != STAMP_NONE && agenda->retry_us > retry_max_us)
		agenda->retry_us = now_us;
}

struct agenda_next agenda_next(struct agenda *agenda, const struct schedule *schedule,
			       int64_t now_us)
{
	struct agenda_next next = {.at_us = now_us, .why = AGENDA_FIRST, .due_us = now_us};
	mind_the_clock(agenda, now_us);
	if (agenda->handled_us != STAMP_NONE) {
		next.due_us = schedule_next_us(schedule, agenda->handled_us);
		next.at_us = next.due_us + schedule_delay_us(schedule, next.due_us);
		next.why = now_us - next.at_us > LATE_US ? AGENDA_MISSED : AGENDA_DUE;
	}
	if (agenda->retry_us != STAMP_NONE && agenda->retry_us < next.at_us) {
		next.at_us = agenda->retry_us;
		next.why = agenda->stopped ? AGENDA_AGAIN : AGENDA_RETRY;
	}
	return next;
}

bool agenda_begin(struct agenda *agenda, const struct agenda_next *next, int64_t now_us,
		  struct err *reterr)
{
	/* A retry of some streams stands for no run of all of them. */
	if (next->why != AGENDA_RETRY || agenda->streams_n == 0)
		agenda->handled_us = now_us;
	agenda->retry_us = STAMP_NONE;
	agenda->running = true;
	agenda->stopped = false;
	return agenda_save(agenda, reterr);
}

static bool keep_failed(struct agenda *agenda, struct span failed, struct err *reterr)
{
	size_t n = 0;
	for (size_t i = 0; i < failed.size; i++)
		n += failed.at[i] == '\0';
	agenda->streams_n = 0;
	arena_free(agenda->arena); /* a service lives long */
	agenda->arena = arena_new();
	const char **streams = agenda->arena == NULL ? NULL
			       : arena_array(agenda->arena, n + 1, sizeof *streams);
	for (size_t i = 0; streams != NULL && i < n; i++) {
		struct span name = span_of(failed.at);
		streams[i] = arena_text(agenda->arena, name);
		if (streams[i] == NULL)
			return err_memory(reterr);
		failed = span_from(failed, name.size + 1);
	}
	agenda->streams = streams;
	agenda->streams_n = streams == NULL ? 0 : n;
	return streams != NULL || err_memory(reterr);
}

bool agenda_end(struct agenda *agenda, enum agenda_end how, struct span failed, int64_t now_us,
		struct err *reterr)
{
	agenda->running = false;
	agenda->stopped = how == AGENDA_STOPPED;
	if (how == AGENDA_DONE)
		agenda->failures = 0;
	if (how != AGENDA_FAILED)
		failed = SPAN("");
	if (!keep_failed(agenda, failed, reterr))
		return false;
	if (how == AGENDA_FAILED)
		note_failure(agenda, now_us);
	if (how == AGENDA_STOPPED)
		agenda->retry_us = now_us;
	return agenda_save(agenda, reterr);
}

/* --- for the configuration --- */

/* The many that run the same do not all start at the same second. */
static uint64_t seed_of(const struct config *config)
{
	char host[64];
	process_host(host, sizeof host);
	uint64_t seed = digest_hash64(span_of(host), 0);
	seed = digest_hash64(span_of(config->pipeline), seed);
	return digest_hash64(span_of(config->file), seed);
}

struct schedule agenda_schedule(const struct config *config, const struct zone *zone)
{
	return (struct schedule){
		.at_minutes = config->schedule.at_minutes,
		.at_n = config->schedule.at_n,
		.every_us = config->schedule.every_us,
		.jitter_us = config->schedule.jitter_us,
		.zone = zone,
		.seed = seed_of(config),
	};
}
