#include "options.h"

#include "faults.h"
#include "pages.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/stamp.h"
#include "base/text.h"

#include <stddef.h>
#include <stdio.h>

enum kind { FLAG, TEXT, COUNT, MILLISECONDS, SPECIAL };

struct line {
	const char *name, *argument, *help;
	enum kind kind;
	size_t offset; /* within struct options; not of SPECIAL */
	bool (*take)(struct options *options, struct span value, struct err *reterr);
};

static bool take_port(struct options *options, struct span value, struct err *reterr)
{
	int64_t port = 0;
	if (!json_whole(value, &port) || port < 0 || port > 65535)
		return err_set(reterr, ERR_USAGE, "expected 0 to 65535");
	options->port = (uint16_t)port;
	return true;
}

static bool take_days(struct options *options, struct span value, struct err *reterr)
{
	int64_t days = 0;
	if (!json_whole(value, &days) || days < 1 || days > DAYS_MAX)
		return err_set(reterr, ERR_USAGE, "expected 1 to %d", DAYS_MAX);
	options->world.days = (uint32_t)days;
	return true;
}

/* A date means all of that day: the clock starts at the midnight after it. */
static bool take_until(struct options *options, struct span value, struct err *reterr)
{
	int64_t us = clock_now_us();
	options->world.until_day = false;
	if (!span_is(value, "now") && !stamp_read_date(value, &us))
		return err_set(reterr, ERR_USAGE, "expected a date, a time or now");
	if (value.size == 10) {
		options->world.until_day = true;
		us += STAMP_DAY;
	}
	options->world.until_us = us;
	return true;
}

static bool take_only(struct options *options, struct span value, struct err *reterr)
{
	for (enum entity e = 0; e < ENTITIES; e++)
		options->world.served[e] = false;
	while (value.size > 0) {
		const char *end = memchr(value.at, ',', value.size);
		struct span name = {value.at,
				    end == NULL ? value.size : (size_t)(end - value.at)};
		enum entity entity;
		if (!entity_of(name, &entity))
			return err_set(reterr, ERR_USAGE, "\"%.*s\" is no entity",
				       SPAN_ARGS(name));
		options->world.served[entity] = true;
		value = span_from(value, name.size + 1);
	}
	return true;
}

static bool take_retention(struct options *options, struct span value, struct err *reterr)
{
	if (span_is(value, "forever")) {
		options->world.retention_us = INT64_MAX;
		return true;
	}
	return text_duration(value, &options->world.retention_us) ||
	       err_set(reterr, ERR_USAGE, "expected a duration such as 30d, or forever");
}

static struct span take_part(struct span *rest)
{
	const char *end = memchr(rest->at, ':', rest->size);
	struct span part = {rest->at, end == NULL ? rest->size : (size_t)(end - rest->at)};
	*rest = span_from(*rest, part.size + 1);
	return part;
}

/* [ENTITY:]DAY[:LATER[:move]] */
static bool read_shift(struct span value, uint32_t later, struct shift *ret, struct err *reterr)
{
	enum entity entity;
	int64_t number = 0, days = later;
	*ret = (struct shift){.entity = -1};
	struct span part = take_part(&value);
	if (entity_of(part, &entity)) {
		ret->entity = (int)entity;
		part = take_part(&value);
	}
	if (json_whole(part, &number) && number >= 1) {
		ret->day = number - 1;
	} else if (part.size == 10 && stamp_read_date(part, &number)) {
		ret->day = number / STAMP_DAY;
		ret->dated = true;
	} else {
		return err_set(reterr, ERR_USAGE, "expected a day: 1 is the oldest, or a date");
	}
	part = take_part(&value);
	if (part.size > 0 && (!json_whole(part, &days) || days < 0 || days > DAYS_MAX))
		return err_set(reterr, ERR_USAGE, "expected a number of days behind the day");
	ret->days_later = (uint32_t)days;
	ret->moves = span_is(value, "move");
	return ret->moves || value.size == 0 ||
	       err_set(reterr, ERR_USAGE, "expected \"move\" at the end, or nothing");
}

static bool take_late(struct options *options, struct span value, struct err *reterr)
{
	struct world_options *world = &options->world;
	if (world->n_late == SHIFTS_MAX)
		return err_set(reterr, ERR_USAGE, "given more than %d times", SHIFTS_MAX);
	return read_shift(value, 2, &world->late[world->n_late++], reterr);
}

static bool take_again(struct options *options, struct span value, struct err *reterr)
{
	struct world_options *world = &options->world;
	if (world->n_again == SHIFTS_MAX)
		return err_set(reterr, ERR_USAGE, "given more than %d times", SHIFTS_MAX);
	return read_shift(value, 3, &world->again[world->n_again++], reterr);
}

static bool take_fault(struct options *options, struct span value, struct err *reterr)
{
	if (options->n_faults == FAULT_OPTIONS_MAX)
		return err_set(reterr, ERR_USAGE, "given more than %d times", FAULT_OPTIONS_MAX);
	options->faults[options->n_faults++] = value.at; /* an argument: NUL behind */
	return true;
}

/* MINUTE[,HOUR[,DAY]] */
static bool take_quota(struct options *options, struct span value, struct err *reterr)
{
	for (size_t i = 0; i < 3 && value.size > 0; i++) {
		const char *end = memchr(value.at, ',', value.size);
		struct span part = {value.at,
				    end == NULL ? value.size : (size_t)(end - value.at)};
		if (!json_whole(part, &options->weather_quota[i]) ||
		    options->weather_quota[i] < 0)
			return err_set(reterr, ERR_USAGE, "expected calls a minute, an hour, a "
				       "day, such as 600,5000,10000; 0 is no limit");
		value = span_from(value, part.size + 1);
	}
	return value.size == 0 || err_set(reterr, ERR_USAGE, "expected three numbers at most");
}

#define AT(member) offsetof(struct options, member), NULL

static const struct line LINES[] = {
	{"--port", "N", "listen on 127.0.0.1:N (8080); 0 picks a free one", SPECIAL, 0, take_port},
	{"--ipv6", NULL, "also on [::1]", FLAG, AT(ipv6)},
	{"--port-file", "F", "write the port to this file when ready", TEXT, AT(port_file)},
	{"--quiet", NULL, "print nothing when ready", FLAG, AT(quiet)},
	{"--days", "N", "days of data (30)", SPECIAL, 0, take_days},
	{"--until", "WHEN", "a date: the newest data come on that day, and the clock starts at\n"
	 "its end; or a time; or now (the default)", SPECIAL, 0, take_until},
	{"--frozen", NULL, "the simulated clock stands still", FLAG, AT(frozen)},
	{"--interactions", "N", "so many of them (100000); the others in proportion", COUNT,
	 AT(world.counts[INTERACTIONS])},
	{"--conversations", "N", "so many; 0: none", COUNT, AT(world.counts[CONVERSATIONS])},
	{"--plugin-calls", "N", "so many; 0: none", COUNT, AT(world.counts[PLUGIN_CALLS])},
	{"--plugin-resources", "N", "so many; 0: none", COUNT,
	 AT(world.counts[PLUGIN_RESOURCES])},
	{"--users", "N", "so many; 0: none", COUNT, AT(world.counts[USERS])},
	{"--only", "ENTITY,...", "the others have no records", SPECIAL, 0, take_only},
	{"--seed", "N", "another organisation (1)", COUNT, AT(world.seed)},
	{"--late-day", "[ENTITY:]DAY[:K]", "data day DAY (1: the oldest, or a date) is told\n"
	 "K days late (2)", SPECIAL, 0, take_late},
	{"--republish", "[ENTITY:]DAY[:K[:move]]", "DAY is told again K days later (3), with\n"
	 "changes; move: its older version is gone then", SPECIAL, 0, take_again},
	{"--retention", "DURATION", "what was told on an earlier day is gone (30d; of samples,\n"
	 "and when it is said: forever)", SPECIAL, 0, take_retention},
	{"--samples", "DIR", "serve DIR/conversations.json ... users.json instead", TEXT,
	 AT(samples)},
	{"--page-size", "N", "records a page (500)", COUNT, AT(page_size)},
	{"--latency", "DURATION", "before each answer", MILLISECONDS, AT(latency_ms)},
	{"--gzip", NULL, "compress for who accepts it", FLAG, AT(gzip)},
	{"--token", "T", "the bearer token (test-token)", TEXT, AT(token)},
	{"--client-id", "T", "for POST /oauth/v1/token (test-client)", TEXT, AT(client_id)},
	{"--client-secret", "T", "likewise (test-secret)", TEXT, AT(client_secret)},
	{"--token-life", "DURATION", "of tokens given out (1h)", MILLISECONDS, AT(token_life_ms)},
	{"--weather-key", "T", "the apikey without which weather is refused (none)", TEXT,
	 AT(weather_key)},
	{"--weather-quota", "M[,H[,D]]", "calls a minute, an hour, a day of the simulated\n"
	 "clock, a place counting as one; 0: no limit (the default)", SPECIAL, 0, take_quota},
	{"--tls", NULL, "HTTPS, with a certificate made now; its path is printed", FLAG, AT(tls)},
	{"--tls-cert", "F", "HTTPS with this certificate", TEXT, AT(tls_cert)},
	{"--tls-key", "F", "and this key", TEXT, AT(tls_key)},
	{"--fault", "SPEC", "answer wrongly, see below; may be given often", SPECIAL, 0,
	 take_fault},
	{"--truth", "ENTITY", "print what a table must hold, a record a line, and end", TEXT,
	 AT(truth)},
	{"--filter", "TEXT", "for --truth: as behind $filter", TEXT, AT(truth_filter)},
	{"--help", NULL, "this", FLAG, AT(help)},
	{"--version", NULL, "the version", FLAG, AT(version)},
};

static const struct line *line_of(struct span name)
{
	for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
		if (span_is(name, LINES[i].name))
			return &LINES[i];
	}
	return NULL;
}

static bool take(struct options *options, const struct line *line, const char *value,
		 struct err *reterr)
{
	char *at = (char *)options + line->offset;
	struct span text = span_of(value);
	int64_t number = 0;
	switch (line->kind) {
	case FLAG: *(bool *)at = true; return true;
	case TEXT: *(const char **)at = value; return true;
	case COUNT:
		if (!json_whole(text, &number) || number < 0)
			return err_set(reterr, ERR_USAGE, "expected a whole number");
		*(uint64_t *)at = (uint64_t)number;
		return true;
	case MILLISECONDS:
		if (!text_duration(text, &number))
			return err_set(reterr, ERR_USAGE, "expected a duration such as 200ms");
		*(int64_t *)at = number / 1000;
		return true;
	default: return line->take(options, text, reterr);
	}
}

static bool check(const struct options *options, struct err *reterr)
{
	uint64_t interactions = options->world.counts[INTERACTIONS];
	if (options->page_size < 1 || options->page_size > PAGE_SIZE_MAX)
		return err_set(reterr, ERR_USAGE, "--page-size: expected 1 to %d", PAGE_SIZE_MAX);
	if (interactions < 1 || interactions > INTERACTIONS_MAX)
		return err_set(reterr, ERR_USAGE, "--interactions: expected 1 to 200000000");
	for (enum entity e = 0; e < ENTITIES; e++) {
		uint64_t count = options->world.counts[e];
		if (count != COUNT_DEFAULT && count > INTERACTIONS_MAX * 10)
			return err_set(reterr, ERR_USAGE, "--%s: too many", entity_name(e));
	}
	if ((options->tls_cert == NULL) != (options->tls_key == NULL))
		return err_set(reterr, ERR_USAGE, "--tls-cert and --tls-key belong together");
	return true;
}

bool options_read(int argc, char *argv[], struct options *ret, struct err *reterr)
{
	*ret = (struct options){
		.port = 8080, .token = "test-token", .client_id = "test-client",
		.client_secret = "test-secret", .token_life_ms = 3600000, .page_size = 500,
		.truth_filter = "",
		.world = {.seed = 1, .days = 30, .retention_us = -1},
	};
	for (enum entity e = 0; e < ENTITIES; e++) {
		ret->world.counts[e] = e == INTERACTIONS ? 100000 : COUNT_DEFAULT;
		ret->world.served[e] = true;
	}
	ret->world.until_us = clock_now_us();
	for (int i = 1; i < argc; i++) {
		struct span name = {argv[i], strcspn(argv[i], "=")};
		const struct line *line = line_of(name);
		const char *value = argv[i][name.size] == '=' ? argv[i] + name.size + 1 : NULL;
		if (line == NULL)
			return err_set(reterr, ERR_USAGE, "unknown option %s; see --help", argv[i]);
		if (line->argument == NULL && value != NULL)
			return err_set(reterr, ERR_USAGE, "%s takes no value", line->name);
		if (line->argument != NULL && value == NULL) {
			if (i + 1 == argc)
				return err_set(reterr, ERR_USAGE, "%s needs a value", line->name);
			value = argv[++i];
		}
		if (!take(ret, line, value, reterr))
			return err_at(reterr, "%s", line->name);
	}
	ret->tls = ret->tls || ret->tls_cert != NULL;
	ret->now_us = ret->world.until_us;
	if (ret->world.retention_us < 0)
		ret->world.retention_us = ret->samples != NULL ? INT64_MAX : 30 * STAMP_DAY;
	return check(ret, reterr);
}

bool options_help(struct buf *out)
{
	buf_add_text(out, "firn-sim [options]: a simulated Moveworks Data API; Open-Meteo.\n\n");
	for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
		const struct line *line = &LINES[i];
		char head[64];
		snprintf(head, sizeof head, "%s%s%s", line->name, line->argument == NULL ? "" : " ",
			 line->argument == NULL ? "" : line->argument);
		buf_addf(out, strlen(head) > 26 ? "  %s\n%29s" : "  %-26s %s", head, "");
		for (const char *text = line->help; *text != '\0';) {
			size_t size = strcspn(text, "\n");
			buf_addf(out, "%.*s\n", (int)size, text);
			text += size + (text[size] == '\n');
			if (*text != '\0')
				buf_addf(out, "%29s", "");
		}
	}
	buf_add_text(out,
		     "\nA fault is KIND:name=value,... with a kind's own names:\n");
	(void)faults_help(out);
	return buf_add_text(out,
		"and, for all of them, which requests: entity= on=records|count|token|weather|any\n"
		"page= match=TEXT nth= times= probability=; without times= always.\n"
		"\nWeather is at /v1/forecast (the newest) and /history/v1/forecast (hours gone):\n"
		"latitude= longitude= of up to 1000 places, current_weather=true or current=NAME,\n"
		"hourly=NAME, start_date= end_date=, timeformat=unixtime, apikey=. Faults for it\n"
		"say on=weather; --seed is another climate.\n"
		"\nThe simulator itself answers GET /sim/ with what else it can be asked.\n");
}
