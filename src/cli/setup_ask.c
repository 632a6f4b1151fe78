/* Answers out of options, and questions at a terminal for those that are missing. One table says
 * what there is to ask; whether an answer is right is judged at once where that is cheap, and by
 * the checks at the end in any case. */
#include "base/bounds.h"
#include "base/json.h"
#include "base/stamp.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/zone.h"
#include "cli/setup_asking.h"
#include "config/keys.h"
#include "run/setup.h"

#include <stdlib.h>
#include <string.h>

/* --- what is known already --- */

bool setup_know_connector(struct setup_answers *answers, struct err *reterr)
{
	const char *name = answers->at[ANSWER_CONNECTOR];
	bool is_path = strchr(name, '/') != NULL || strchr(name, '.') != NULL;
	struct buf room, mistakes, path;
	struct span text;
	bool done;
	if (answers->connector != NULL)
		return true;
	buf_init(&room, CONFIG_BYTES_MAX);
	buf_init(&mistakes, CONFIG_BYTES_MAX);
	buf_init(&path, PATH_BYTES_MAX);
	char folder[PATH_BYTES_MAX];
	snprintf(folder, sizeof folder, "%.*s", SPAN_ARGS(file_folder_of(answers->file)));
	done = (!is_path || file_join(&path, folder, name, reterr)) &&
	       setup_connector_text(is_path ? buf_text(&path) : name, is_path, &room, &text,
				    reterr) &&
	       connector_parse(&answers->connector, text, name, &mistakes, reterr);
	buf_done(&path);
	buf_done(&mistakes);
	buf_done(&room);
	return done;
}

enum auth_kind setup_auth(const struct setup_answers *answers)
{
	static const enum auth_kind ORDER[] = {AUTH_NONE, AUTH_BEARER, AUTH_API_KEY, AUTH_OAUTH2,
					       AUTH_BASIC};
	const char *wanted = answers->at[ANSWER_AUTH];
	bool given = answers->token.value.size > 0 || answers->token.reference != NULL;
	for (size_t i = 0; i < sizeof ORDER / sizeof ORDER[0]; i++) {
		if (wanted != NULL ? strcmp(auth_kind_name(ORDER[i]), wanted) == 0
				   : answers->connector->auth[ORDER[i]].given &&
					     (ORDER[i] != AUTH_NONE || !given))
			return ORDER[i];
	}
	return AUTH_NONE;
}

bool setup_collects(const struct setup_answers *answers)
{
	bool found = false;
	for (size_t i = 0; i < answers->connector->streams_n; i++)
		found |= answers->connector->streams[i].keeps == KEEPS_NOTHING;
	return found;
}

/* --- the questions --- */

static bool to(const struct setup_answers *answers, const char *kind)
{
	const char *destination = answers->at[ANSWER_DESTINATION];
	return destination != NULL && strcmp(destination, kind) == 0;
}
static bool is_oauth2(const struct setup_answers *a) { return setup_auth(a) == AUTH_OAUTH2; }
static bool is_basic(const struct setup_answers *a) { return setup_auth(a) == AUTH_BASIC; }
static bool to_duckdb(const struct setup_answers *a) { return to(a, "duckdb"); }
static bool to_snowflake(const struct setup_answers *a) { return to(a, "snowflake"); }
static bool to_s3(const struct setup_answers *a) { return to(a, "s3"); }
static bool to_folder(const struct setup_answers *a) { return to(a, "folder"); }
static bool by_time(const struct setup_answers *a) { return a->at[ANSWER_EVERY] == NULL; }
static bool no_schedule(const struct setup_answers *a)
{
	return a->at[ANSWER_EVERY] == NULL && a->at[ANSWER_AT] == NULL;
}

static bool good_destination(const char *text, struct err *reterr)
{
	static const char *const kinds[] = {"duckdb", "snowflake", "s3", "folder"};
	for (size_t i = 0; i < 4; i++) {
		if (strcmp(text, kinds[i]) == 0)
			return true;
	}
	return err_set(reterr, ERR_USAGE, "expected duckdb, snowflake, s3 or folder, found %s",
		       text);
}

static bool good_url(const char *text, struct err *reterr)
{
	return form_is_url(span_of(text)) ||
	       err_set(reterr, ERR_USAGE, "expected https:// or http:// and a host, found %s",
		       text);
}

static bool good_zone(const char *text, struct err *reterr)
{
	struct zone *zone = NULL;
	bool done = zone_open(&zone, text, NULL, reterr);
	zone_close(zone);
	return done;
}

static bool good_times(const char *text, struct err *reterr)
{
	static const struct stamp_format FORMAT = {.style = STAMP_PATTERN,
		.pattern = "YYYYMMDDhh:mm", .unit_us = STAMP_MINUTE};
	int64_t us;
	char day[32];
	for (const char *at = text; *at != '\0';) {
		size_t size = strcspn(at, ",");
		struct span one = text_trim((struct span){at, size});
		snprintf(day, sizeof day, "20260101%.*s", SPAN_ARGS(one));
		/* A day's end, 24:00, is the next one's begin. */
		bool ends = one.size > 1 && one.at[0] == '2' && one.at[1] == '4';
		if (one.size != 5 || ends || !stamp_read(&FORMAT, span_of(day), &us))
			return err_set(reterr, ERR_USAGE, "expected a time of day such as 22:00, "
				       "found %.*s", SPAN_ARGS(one));
		at += size + (at[size] == ',');
	}
	return true;
}

static bool good_duration(const char *text, struct err *reterr)
{
	int64_t us;
	return text_duration(span_of(text), &us) ||
	       err_set(reterr, ERR_USAGE, "expected a duration such as 10m, found %s", text);
}

struct setup_question {
	enum answer answer;
	const char *option;
	const char *prompt, *why; /* NULL: never asked, only an option */
	const char *fallback;     /* NULL: an answer is needed; "": none is */
	bool (*wanted)(const struct setup_answers *);
	bool (*good)(const char *text, struct err *reterr);
};

static const struct setup_question SOURCE_QUESTIONS[] = {
	{ANSWER_CONNECTOR, "connector", "Connector",
	 "What is read: moveworks, openmeteo, or the path of a connector file.", "moveworks",
	 NULL, NULL},
	{.option = NULL},
};
static const struct setup_question QUESTIONS[] = {
	{ANSWER_PIPELINE, "pipeline", "Name", "State, logs and spool are kept under this name.",
	 NULL, NULL, NULL},
	{ANSWER_BASE_URL, "base-url", "Address of the API",
	 "Another region or host; empty for the connector's own.", "", NULL, good_url},
	{ANSWER_CLIENT_ID, "client-id", "Client id", "Of the OAuth client credentials.", NULL,
	 is_oauth2, NULL},
	{ANSWER_SOURCE_USER, "source-user", "User", "Who signs in at the API.", NULL, is_basic,
	 NULL},
	{ANSWER_LOOKBACK, "lookback", NULL, NULL, "", NULL, good_duration},
	{ANSWER_DESTINATION, "destination", "Destination",
	 "Where it goes: duckdb (a file here), snowflake, s3 or folder.", NULL, NULL,
	 good_destination},
	{ANSWER_DUCKDB, "duckdb", "DuckDB file", "Made if it is missing, its folder too.", NULL,
	 to_duckdb, NULL},
	{ANSWER_FOLDER, "folder", "Folder", "Files are landed in it.", "landing", to_folder, NULL},
	{ANSWER_BUCKET, "bucket", "Bucket", "Files are landed in it.", NULL, to_s3, NULL},
	{ANSWER_PREFIX, "prefix", "Prefix", "In front of every key; empty for none.", "", to_s3,
	 NULL},
	{ANSWER_REGION, "region", "Region", "The bucket's; empty for that of the AWS profile.", "",
	 to_s3, NULL},
	{ANSWER_ACCOUNT, "account", "Snowflake account", "ORG-ACCOUNT, or its URL.", NULL,
	 to_snowflake, NULL},
	{ANSWER_USER, "user", "Snowflake user", "A service user of firn's own is best.", NULL,
	 to_snowflake, NULL},
	{ANSWER_KEY_FILE, "key-file", "Private key file",
	 "PEM, PKCS#8. Empty: a password, which Snowflake refuses for service users.", "",
	 to_snowflake, NULL},
	{ANSWER_WAREHOUSE, "warehouse", "Snowflake warehouse", "What computes.", NULL,
	 to_snowflake, NULL},
	{ANSWER_DATABASE, "database", "Database", "It must be there.", NULL, to_snowflake, NULL},
	{ANSWER_SCHEMA, "schema", "Schema", "Tables and views are made in it.", NULL, to_snowflake,
	 NULL},
	{ANSWER_ROLE, "role", "Role", "Whose rights are used; empty for the user's default.", "",
	 to_snowflake, NULL},
	{ANSWER_WRITE, "write", NULL, NULL, "", NULL, NULL},
	{ANSWER_EVERY, "every", "How often it runs",
	 "A duration such as 10m, 6h; empty for times of the day.", NULL, no_schedule,
	 good_duration},
	{ANSWER_AT, "at", "When it runs", "Times of the day, 22:00 or 06:30,22:00.", "22:00",
	 by_time, good_times},
	{ANSWER_TIMEZONE, "timezone", "Time zone", "Of these times: US/Pacific, Europe/Berlin, ...",
	 "UTC", by_time, good_zone},
	{.option = NULL},
};

/* Who names a bucket wants it. What is gone once it was read needs a landing, and which one is
 * not guessed; a file to try it out otherwise. */
static const char *fallback_destination(const struct asking *asking)
{
	static const enum answer NAMED[] = {ANSWER_DUCKDB, ANSWER_ACCOUNT, ANSWER_BUCKET,
					    ANSWER_FOLDER};
	static const char *const KINDS[] = {"duckdb", "snowflake", "s3", "folder"};
	const char *kind = NULL;
	size_t named = 0;
	for (size_t i = 0; i < sizeof NAMED / sizeof *NAMED; i++) {
		if (asking->answers->at[NAMED[i]] != NULL) {
			kind = KINDS[i];
			named++;
		}
	}
	if (named == 1)
		return kind;
	if (setup_collects(asking->answers))
		return asking->ask ? "s3" : NULL;
	return named == 0 || asking->ask ? "duckdb" : NULL;
}

/* Defaults that depend on what was answered. */
static const char *fallback_of(const struct asking *asking, const struct setup_question *question)
{
	struct setup_answers *answers = asking->answers;
	const char *name = answers->at[ANSWER_CONNECTOR];
	if (question->answer == ANSWER_PIPELINE) {
		const char *file = file_name_of(name);
		return arena_printf(answers->arena, "%.*s", (int)strcspn(file, "."), file);
	}
	if (question->answer == ANSWER_DUCKDB)
		return arena_printf(answers->arena, "%s.duckdb", answers->at[ANSWER_PIPELINE]);
	if (question->answer == ANSWER_DESTINATION)
		return fallback_destination(asking);
	if (question->answer == ANSWER_EVERY)
		return setup_collects(answers) ? "10m" : "";
	return question->fallback;
}

static bool read_answer(struct asking *asking, const struct setup_question *question,
			const char *fallback, struct err *reterr)
{
	struct buf line;
	struct err why;
	bool done = false;
	fprintf(stderr, "\n%s\n", question->why);
	while (!done) {
		fprintf(stderr, "%s%s%s%s: ", question->prompt,
			fallback == NULL || fallback[0] == '\0' ? "" : " [",
			fallback == NULL ? "" : fallback,
			fallback == NULL || fallback[0] == '\0' ? "" : "]");
		fflush(stderr);
		buf_init(&line, SECRET_BYTES_MAX);
		if (!terminal_read(false, &line, reterr)) {
			buf_done(&line);
			return false;
		}
		struct span text = text_trim(buf_span(&line));
		if (text.size == 0 && fallback != NULL)
			text = span_of(fallback);
		char *copy = arena_text(asking->answers->arena, text);
		buf_done(&line);
		if (copy == NULL)
			return err_memory(reterr);
		if (copy[0] == '\0' && fallback == NULL)
			cli_say(asking->cli, "an answer is needed");
		else if (copy[0] != '\0' && question->good != NULL && !question->good(copy, &why))
			cli_say(asking->cli, "%s", why.text);
		else
			done = true;
		asking->answers->at[question->answer] = copy[0] == '\0' ? NULL : copy;
	}
	return true;
}

static bool answer(struct asking *asking, const struct setup_question *question, struct err *reterr)
{
	struct setup_answers *answers = asking->answers;
	const char *given = answers->at[question->answer];
	if (given == NULL && question->wanted != NULL && !question->wanted(answers))
		return true;
	if (given == NULL) {
		const char *fallback = fallback_of(asking, question);
		if (asking->ask && question->prompt != NULL)
			return read_answer(asking, question, fallback, reterr);
		if (fallback == NULL)
			return err_set(reterr, ERR_USAGE, "setup needs --%s: %s", question->option,
				       question->why);
		given = fallback[0] == '\0' ? NULL : fallback;
		answers->at[question->answer] = given;
	}
	if (given != NULL && question->good != NULL && !question->good(given, reterr))
		return err_at(reterr, "--%s", question->option);
	return true;
}

static bool answer_all(struct asking *asking, const struct setup_question *questions,
		       struct err *reterr)
{
	for (; questions->option != NULL; questions++) {
		if (!answer(asking, questions, reterr))
			return false;
	}
	return true;
}

static void take_options(struct cli *cli, struct setup_answers *answers,
			 const struct setup_question *questions)
{
	for (; questions->option != NULL; questions++)
		answers->at[questions->answer] = option_text(&cli->parsed, questions->option);
}

bool setup_take_options(struct cli *cli, struct setup_answers *answers, struct err *reterr)
{
	take_options(cli, answers, SOURCE_QUESTIONS);
	take_options(cli, answers, QUESTIONS);
	answers->at[ANSWER_AUTH] = option_text(&cli->parsed, "auth");
	answers->streams = option_names(&cli->parsed, "streams", &answers->streams_n);
	return setup_take_settings(cli, answers, reterr) &&
	       setup_take_secret(cli, answers, &answers->token, reterr) &&
	       setup_take_secret(cli, answers, &answers->password, reterr);
}

/* Who mistypes the first answer at a terminal is asked again. */
static bool ask_connector(struct asking *asking, struct err *reterr)
{
	struct setup_answers *answers = asking->answers;
	bool asked = asking->ask && answers->at[ANSWER_CONNECTOR] == NULL;
	for (;;) {
		if (!answer_all(asking, SOURCE_QUESTIONS, reterr))
			return false;
		if (setup_know_connector(answers, reterr))
			return true;
		if (!asked)
			return false;
		cli_say(asking->cli, "%s", reterr->text);
		answers->at[ANSWER_CONNECTOR] = NULL;
	}
}

bool setup_ask(struct cli *cli, struct setup_answers *answers, bool ask, struct err *reterr)
{
	struct asking asking = {cli, answers, ask};
	return ask_connector(&asking, reterr) && setup_ask_token(&asking, reterr) &&
	       setup_ask_settings(&asking, reterr) && answer_all(&asking, QUESTIONS, reterr) &&
	       setup_ask_password(&asking, reterr);
}
