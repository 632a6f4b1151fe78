/* What tests ask of the simulator itself, below /sim/. */
#include "handle.h"

#include "pages.h"
#include "truth.h"

#include "base/stamp.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>

struct route {
	const char *method, *path; /* a path that ends with a slash is a beginning */
	void (*answer)(struct sim *sim, const struct request *request, struct outcome *out);
	const char *help;
};

static void answer_ok(struct outcome *out)
{
	buf_add_text(&out->answer.body, "{\"ok\":true}\n");
}

static bool parameter(const struct request *request, const char *name, struct buf *room)
{
	buf_clear(room);
	return query_value(request->query, name, room);
}

/* --- the journal --- */

static void get_log(struct sim *sim, const struct request *request, struct outcome *out)
{
	(void)request;
	(void)journal_list(sim->journal, &out->answer.body);
}

static void delete_log(struct sim *sim, const struct request *request, struct outcome *out)
{
	(void)request;
	journal_clear(sim->journal);
	answer_ok(out);
}

static void get_stats(struct sim *sim, const struct request *request, struct outcome *out)
{
	(void)request;
	struct buf *body = &out->answer.body;
	size_t plans = 0;
	int64_t bytes = 0;
	plans_stats(sim->plans, &plans, &bytes);
	buf_add_char(body, '{');
	(void)journal_sums(sim->journal, body);
	json_add_int(body, "tokens_given", (int64_t)oauth_given(sim->oauth));
	json_add_int(body, "plans", (int64_t)plans);
	json_add_int(body, "plan_bytes", bytes);
	buf_add_text(body, "}\n");
}

/* --- faults, tokens --- */

static void get_faults(struct sim *sim, const struct request *request, struct outcome *out)
{
	(void)request;
	(void)faults_list(sim->faults, &out->answer.body);
}

static void post_faults(struct sim *sim, const struct request *request, struct outcome *out)
{
	struct err err = {0};
	struct json_doc *doc = json_parse(request->body, &err);
	if (doc == NULL || !faults_add_json(sim->faults, json_root(doc), &err))
		answer_error(&out->answer, 400, NULL, err.text);
	else
		answer_ok(out);
	json_free(doc);
}

static void delete_faults(struct sim *sim, const struct request *request, struct outcome *out)
{
	(void)request;
	faults_clear(sim->faults);
	answer_ok(out);
}

static void delete_tokens(struct sim *sim, const struct request *request, struct outcome *out)
{
	struct buf room;
	int64_t life_us = 0;
	buf_init(&room, 64);
	if (parameter(request, "life", &room) && !text_duration(buf_span(&room), &life_us)) {
		answer_error(&out->answer, 400, NULL, "life: expected a duration such as 2s");
	} else {
		oauth_revoke(sim->oauth, life_us / 1000);
		answer_ok(out);
	}
	buf_done(&room);
}

/* --- time --- */

static void get_clock(struct sim *sim, const struct request *request, struct outcome *out)
{
	char now[STAMP_TEXT_BYTES];
	(void)request;
	stamp_write_iso(moment_now_us(sim->moment), now);
	buf_add_char(&out->answer.body, '{');
	json_add_string(&out->answer.body, "now", now);
	json_add_name(&out->answer.body, "running");
	buf_add_text(&out->answer.body, moment_runs(sim->moment) ? "true}\n" : "false}\n");
}

/* Data are made for DAYS_AHEAD days after the start. */
static bool set_clock(struct sim *sim, const struct json *wanted, struct err *reterr)
{
	int64_t now_us = moment_now_us(sim->moment), by_us = 0;
	struct span now = json_text_member(wanted, "now", "");
	struct span advance = json_text_member(wanted, "advance", "");
	const struct json *running = json_member(wanted, SPAN("running"));
	if (json_kind(wanted) != JSON_OBJECT)
		return err_set(reterr, ERR_USAGE, "expected {\"now\"|\"advance\"|\"running\"}");
	if (now.size > 0 && !stamp_read_date(now, &now_us))
		return err_set(reterr, ERR_USAGE, "now: expected a time");
	if (advance.size > 0 && !text_duration(advance, &by_us))
		return err_set(reterr, ERR_USAGE, "advance: expected a duration such as 1d");
	now_us += by_us;
	if (sim->store.world != NULL &&
	    now_us > sim->options.now_us + (DAYS_AHEAD - 4) * STAMP_DAY)
		return err_set(reterr, ERR_USAGE, "data are made for %d days only, counted from "
			       "the start", DAYS_AHEAD - 4);
	if (now.size > 0 || advance.size > 0)
		moment_set(sim->moment, now_us);
	if (json_kind(running) == JSON_BOOL)
		moment_run(sim->moment, json_bool(running));
	return true;
}

static void post_clock(struct sim *sim, const struct request *request, struct outcome *out)
{
	struct err err = {0};
	struct json_doc *doc = json_parse(request->body, &err);
	if (doc == NULL || !set_clock(sim, json_root(doc), &err))
		answer_error(&out->answer, 400, NULL, err.text);
	else
		get_clock(sim, request, out);
	json_free(doc);
}

/* --- data --- */

static void get_truth(struct sim *sim, const struct request *request, struct outcome *out)
{
	struct err err = {0};
	struct buf filter, room;
	enum entity entity;
	buf_init(&filter, QUERY_BYTES_MAX);
	buf_init(&room, 64);
	bool gone = parameter(request, "gone", &room) && span_is(buf_span(&room), "true");
	(void)parameter(request, "$filter", &filter);
	if (!entity_of(span_from(request->path, sizeof "/sim/truth/" - 1), &entity))
		answer_error(&out->answer, 404, NULL, "no such entity");
	else if (!truth_open(&out->truth, sim, entity, buf_span(&filter), gone, &err))
		answer_error(&out->answer, 400, NULL, err.text);
	else
		out->answer.type = "application/x-ndjson";
	buf_done(&filter);
	buf_done(&room);
}

static void add_publication(const struct sim *sim, enum entity entity, uint32_t at, int64_t now_us,
			    struct buf *out)
{
	const struct world *world = sim->store.world;
	const struct publication *told = &world->publications[entity][at];
	uint64_t begin = 0, end = 0;
	char date[11];
	if (entity != USERS)
		world_range(world, entity, told->day, &begin, &end);
	write_date(world->first_day + told->day, date);
	json_add_comma(out);
	buf_addf(out, "\n{\"entity\":\"%s\",\"day\":\"%s\",\"number\":%u,\"version\":%u,"
		 "\"stamp\":\"%.24s\",\"told\":%s,\"rows\":%" PRIu64 "}", entity_name(entity), date,
		 told->day + 1, told->version, told->text,
		 told->stamp_ms * 1000 <= now_us ? "true" : "false", end - begin);
}

static void get_days(struct sim *sim, const struct request *request, struct outcome *out)
{
	int64_t now_us = moment_now_us(sim->moment);
	(void)request;
	buf_add_char(&out->answer.body, '[');
	for (enum entity e = 0; sim->store.world != NULL && e < ENTITIES; e++) {
		for (uint32_t i = 0; i < sim->store.world->n_publications[e]; i++)
			add_publication(sim, e, i, now_us, &out->answer.body);
	}
	buf_add_text(&out->answer.body, "]\n");
}

static void get_help(struct sim *sim, const struct request *request, struct outcome *out);

static const struct route ROUTES[] = {
	{"GET", "/sim/", get_help, "this"},
	{"GET", "/sim/log", get_log, "the requests seen, a JSON list, the oldest first"},
	{"DELETE", "/sim/log", delete_log, "forgets them, and the sums"},
	{"GET", "/sim/stats", get_stats, "sums of them"},
	{"GET", "/sim/faults", get_faults, "the faults set, with how often each fired"},
	{"POST", "/sim/faults", post_faults, "adds one ({\"kind\":...}) or a list of them"},
	{"DELETE", "/sim/faults", delete_faults, "all is right again"},
	{"DELETE", "/sim/tokens", delete_tokens,
	 "given tokens end; ?life=2s: so long live new ones"},
	{"GET", "/sim/clock", get_clock, "the simulated now"},
	{"POST", "/sim/clock", post_clock,
	 "{\"now\":TIME} {\"advance\":\"1d\"} {\"running\":false}"},
	{"GET", "/sim/days", get_days, "what is told when"},
	{"GET", "/sim/truth/", get_truth,
	 "/sim/truth/users?$filter=...&gone=true: what a table must hold, a record a line"},
};

static void get_help(struct sim *sim, const struct request *request, struct outcome *out)
{
	(void)sim;
	(void)request;
	out->answer.type = "text/plain";
	for (size_t i = 0; i < sizeof ROUTES / sizeof *ROUTES; i++)
		buf_addf(&out->answer.body, "%-6s %-12s %s\n", ROUTES[i].method, ROUTES[i].path,
			 ROUTES[i].help);
}

void control(struct sim *sim, const struct request *request, struct outcome *out)
{
	for (size_t i = 0; i < sizeof ROUTES / sizeof *ROUTES; i++) {
		const struct route *route = &ROUTES[i];
		struct span path = span_of(route->path);
		bool here = span_equal(request->path, path) ||
			    (route->answer == get_truth && span_starts(request->path, path));
		if (!here || strcmp(request->method, route->method) != 0)
			continue;
		answer_json(&out->answer, 200);
		route->answer(sim, request, out);
		return;
	}
	answer_error(&out->answer, 404, NULL, "GET /sim/ says what there is.");
}
