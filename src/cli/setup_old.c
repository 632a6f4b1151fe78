/* The files of the two programs that came before: moveworks_config.json (token, Snowflake,
 * schedule) and config.ini (a collector's locations). What is taken, what changes and why is said
 * line by line; the files themselves are left as they are. */
#include "base/bounds.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/setup.h"

#include <string.h>

static bool take(struct setup_answers *answers, enum answer which, struct span text,
		 struct err *reterr)
{
	text = text_trim(text);
	if (text.size == 0 || answers->at[which] != NULL)
		return true;
	answers->at[which] = arena_text(answers->arena, text);
	return answers->at[which] != NULL || err_memory(reterr);
}

static bool take_plain(struct setup_answers *answers, enum answer which, const char *text,
		       struct err *reterr)
{
	return take(answers, which, span_of(text), reterr);
}

/* --- moveworks_config.json --- */

static bool take_member(struct setup_answers *answers, enum answer which,
			const struct json *object, const char *name, struct err *reterr)
{
	return take(answers, which, json_text_member(object, name, ""), reterr);
}

static void take_secret(struct setup_secret *secret, struct span value, const char *what,
			const struct setup_answers *answers, struct buf *notes)
{
	const char *path = setup_secret_path(answers, secret, true, false);
	value = text_trim(value);
	if (value.size == 0 || secret->reference != NULL || secret->value.size > 0)
		return;
	buf_add_span(&secret->value, value);
	buf_addf(notes, "%s stood in plain text: it goes to %s, which only you can read; the old "
		 "file still holds it, delete that\n", what, path == NULL ? "?" : path);
}

/* "8:05" was taken for 08:05. */
static bool take_time(struct setup_answers *answers, const struct json *pipeline,
		      struct err *reterr)
{
	struct span text = text_trim(json_text_member(pipeline, "schedule_time", "22:00"));
	const char *colon = memchr(text.at, ':', text.size);
	size_t hours = colon == NULL ? 2 : (size_t)(colon - text.at);
	size_t minutes = colon == NULL ? 2 : text.size - hours - 1;
	const char *whole = arena_printf(answers->arena, "%s%.*s:%s%.*s", hours == 1 ? "0" : "",
					 (int)hours, text.at, minutes == 1 ? "0" : "",
					 colon == NULL ? 0 : (int)minutes,
					 colon == NULL ? "" : colon + 1);
	if (whole == NULL)
		return err_memory(reterr);
	return take(answers, ANSWER_AT, colon == NULL ? text : span_of(whole), reterr);
}

static bool take_pipeline(struct setup_answers *answers, const struct json *pipeline,
			  struct buf *notes, struct err *reterr)
{
	char lookback[32];
	int64_t days = json_int_member(pipeline, "daily_lookback_days", 1);
	const struct json *views = json_member(pipeline, SPAN("create_views"));
	const struct json *upsert = json_member(pipeline, SPAN("use_upsert"));
	bool append = json_kind(upsert) == JSON_BOOL && !json_bool(upsert);
	bool no_views = json_kind(views) == JSON_BOOL && !json_bool(views);
	snprintf(lookback, sizeof lookback, "%lldd", (long long)(days < 0 ? 0 : days));
	buf_addf(notes, "daily_lookback_days: %lld is lookback: %s: counted back from what was "
		 "loaded last, not from today, so that a missed day is not lost\n",
		 (long long)days, lookback);
	buf_add_text(notes, append ? "use_upsert: false is write: append: every version of a row "
				     "is kept, and the views read the newest\n"
				   : "use_upsert: true is write: upsert\n");
	buf_add_text(notes, "schedule_time counts in its timezone on any machine; it used to be "
			    "the machine's clock\n");
	return take_plain(answers, ANSWER_LOOKBACK, lookback, reterr) &&
	       take_plain(answers, ANSWER_WRITE, append ? "append" : "upsert", reterr) &&
	       take_plain(answers, ANSWER_CREATE_VIEWS, no_views ? "false" : "true", reterr) &&
	       take_time(answers, pipeline, reterr) &&
	       take_member(answers, ANSWER_TIMEZONE, pipeline, "timezone", reterr) &&
	       take_plain(answers, ANSWER_TIMEZONE, "US/Pacific", reterr);
}

static bool take_snowflake(struct setup_answers *answers, const struct json *snowflake,
			   struct buf *notes, struct err *reterr)
{
	if (answers->at[ANSWER_DESTINATION] != NULL &&
	    strcmp(answers->at[ANSWER_DESTINATION], "snowflake") != 0)
		return true;
	if (answers->at[ANSWER_KEY_FILE] == NULL) {
		take_secret(&answers->password, json_text_member(snowflake, "password", ""),
			    "Snowflake's password", answers, notes);
		buf_add_text(notes, "Snowflake refuses passwords of service users: sign in with a "
				    "key pair (--key-file), or auth: { token: ... } in the file\n");
	}
	return take_plain(answers, ANSWER_DESTINATION, "snowflake", reterr) &&
	       take_member(answers, ANSWER_ACCOUNT, snowflake, "account", reterr) &&
	       take_member(answers, ANSWER_USER, snowflake, "user", reterr) &&
	       take_member(answers, ANSWER_WAREHOUSE, snowflake, "warehouse", reterr) &&
	       take_member(answers, ANSWER_DATABASE, snowflake, "database", reterr) &&
	       take_member(answers, ANSWER_SCHEMA, snowflake, "schema", reterr) &&
	       take_member(answers, ANSWER_ROLE, snowflake, "role", reterr);
}

static bool from_json(struct setup_answers *answers, const struct json *root, const char *path,
		      struct buf *notes, struct err *reterr)
{
	const struct json *snowflake = json_member(root, SPAN("snowflake"));
	const struct json *pipeline = json_member(root, SPAN("pipeline"));
	if (json_kind(snowflake) != JSON_OBJECT || json_kind(pipeline) != JSON_OBJECT ||
	    json_kind(json_member(root, SPAN("api_token"))) != JSON_TEXT)
		return err_set(reterr, ERR_USAGE, "'%s' is no moveworks_config.json: expected "
			       "api_token, snowflake and pipeline", path);
	take_secret(&answers->token, json_text_member(root, "api_token", ""), "the API's token",
		    answers, notes);
	buf_add_text(notes, "the API is asked in version v1, not v1beta2: same credentials, same "
			    "fields\n");
	if (!take_plain(answers, ANSWER_CONNECTOR, "moveworks", reterr) ||
	    !take_snowflake(answers, snowflake, notes, reterr) ||
	    !take_pipeline(answers, pipeline, notes, reterr))
		return false;
	buf_add_text(notes, "initial_load_completed is not taken over: the first run begins where "
			    "the API's thirty days begin\n"
			    "tables that the older program made have other column types: firn "
			    "ddl --migrate prints the SQL that turns them into firn's\n");
	return true;
}

/* --- config.ini --- */

struct ini {
	struct span latitudes, longitudes, names, customer, dump, data, log;
};

static void take_line(struct ini *ini, struct span section, struct span name, struct span value)
{
	const struct {
		const char *section, *name;
		struct span *to;
	} keys[] = {
		{"Location-info", "latitudes", &ini->latitudes},
		{"Location-info", "longitudes", &ini->longitudes},
		{"Location-info", "names", &ini->names},
		{"Customer-info", "customer_id", &ini->customer},
		{"Structure-info", "dump_folder", &ini->dump},
		{"Structure-info", "data_folder", &ini->data},
		{"Structure-info", "log_folder", &ini->log},
	};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		/* Names of keys have no case there, sections do. */
		if (span_is(section, keys[i].section) &&
		    text_same_nocase(name, span_of(keys[i].name)))
			*keys[i].to = value;
	}
}

static void read_ini(struct span text, struct ini *ini)
{
	struct span section = SPAN("");
	while (text.size > 0) {
		const char *end = memchr(text.at, '\n', text.size);
		size_t size = end == NULL ? text.size : (size_t)(end - text.at);
		struct span line = text_trim((struct span){text.at, size});
		text = span_from(text, end == NULL ? size : size + 1);
		if (line.size == 0 || line.at[0] == '#' || line.at[0] == ';')
			continue;
		if (line.at[0] == '[' && line.at[line.size - 1] == ']') {
			section = (struct span){line.at + 1, line.size - 2};
			continue;
		}
		size_t at = 0;
		while (at < line.size && line.at[at] != '=' && line.at[at] != ':')
			at++;
		if (at < line.size)
			take_line(ini, section, text_trim((struct span){line.at, at}),
				  text_trim(span_from(line, at + 1)));
	}
}

/* The next of a list with commas, without blanks; false: there is none. */
static bool next_of(struct span *list, struct span *ret)
{
	if (list->at == NULL)
		return false;
	const char *comma = memchr(list->at, ',', list->size);
	size_t size = comma == NULL ? list->size : (size_t)(comma - list->at);
	*ret = text_trim((struct span){list->at, size});
	*list = comma == NULL ? (struct span){NULL, 0} : span_from(*list, size + 1);
	return true;
}

static bool is_number(struct span text)
{
	size_t digits = 0;
	for (size_t i = 0; i < text.size; i++) {
		bool digit = text.at[i] >= '0' && text.at[i] <= '9';
		if (!digit && text.at[i] != '.' && !(text.at[i] == '-' && i == 0))
			return false;
		digits += digit;
	}
	return digits > 0;
}

static bool add_locations(struct ini *ini, const char *path, struct buf *out, size_t *ret_n,
			  struct err *reterr)
{
	struct span latitude, longitude, name;
	bool more = next_of(&ini->latitudes, &latitude);
	for (*ret_n = 0; more; more = next_of(&ini->latitudes, &latitude)) {
		if (!next_of(&ini->longitudes, &longitude) || !next_of(&ini->names, &name))
			return err_set(reterr, ERR_USAGE, "'%s': latitudes, longitudes and names "
				       "of [Location-info] are not equally many", path);
		if (!is_number(latitude) || !is_number(longitude) || name.size == 0)
			return err_set(reterr, ERR_USAGE, "'%s': location %zu of [Location-info] "
				       "has no name, or its place is no number", path, *ret_n + 1);
		buf_addf(out, "\n      - { name: ");
		setup_add_value(out, name);
		buf_addf(out, ", latitude: %.*s, longitude: %.*s }", SPAN_ARGS(latitude),
			 SPAN_ARGS(longitude));
		++*ret_n;
	}
	if (next_of(&ini->longitudes, &longitude) || next_of(&ini->names, &name))
		return err_set(reterr, ERR_USAGE, "'%s': latitudes, longitudes and names of "
			       "[Location-info] are not equally many", path);
	return true;
}

static bool add_settings(struct setup_answers *answers, struct ini *ini, const char *path,
			 size_t *ret_n, struct err *reterr)
{
	struct buf value;
	buf_init(&value, CONFIG_BYTES_MAX);
	bool done = setup_add_value(&value, ini->customer) &&
		    setup_add_setting(answers, "customer_id", buf_span(&value), reterr);
	buf_clear(&value);
	done = done && add_locations(ini, path, &value, ret_n, reterr) &&
	       setup_add_setting(answers, "locations", buf_span(&value), reterr);
	buf_done(&value);
	return done;
}

static bool is_folder_name(struct span text)
{
	return text.size > 0 && !span_is(text, "...") && memchr(text.at, '\\', text.size) == NULL;
}

static bool from_ini(struct setup_answers *answers, struct span text, const char *path,
		     struct buf *notes, struct err *reterr)
{
	struct ini ini = {0};
	size_t n = 0;
	read_ini(text, &ini);
	if (ini.latitudes.size == 0 || ini.customer.size == 0)
		return err_set(reterr, ERR_USAGE, "'%s' is neither a moveworks_config.json nor a "
			       "collector's config.ini: expected [Location-info] latitudes, "
			       "longitudes, names and [Customer-info] customer_id", path);
	if (!take_plain(answers, ANSWER_CONNECTOR, "openmeteo", reterr) ||
	    !take_plain(answers, ANSWER_PIPELINE, "weather", reterr) ||
	    !take_plain(answers, ANSWER_EVERY, "10m", reterr) ||
	    !add_settings(answers, &ini, path, &n, reterr))
		return false;
	buf_addf(notes, "%zu locations of customer %.*s are asked for in one request, not one "
		 "each\n", n, SPAN_ARGS(ini.customer));
	buf_add_text(notes, "what is read waits in spool/ until it is delivered, synced and "
			    "bounded, in place of the data and dump folders\n"
			    "the AWS keys' CSV file is not used: keys come from the AWS chain, or "
			    "stand in the configuration as ${file:...}\n");
	if (is_folder_name(ini.dump))
		buf_addf(notes, "files that still wait in the old dump folder are loaded by: firn "
			 "load %.*s\n", SPAN_ARGS(ini.dump));
	if (!is_folder_name(ini.log))
		return true;
	buf_addf(notes, "logs go on in %.*s, a file a day, thirty days\n", SPAN_ARGS(ini.log));
	return take(answers, ANSWER_LOG_DIR, ini.log, reterr);
}

bool setup_old(struct setup_answers *answers, const char *path, struct buf *notes,
	       struct err *reterr)
{
	struct buf text;
	struct json_doc *doc = NULL;
	bool done = false;
	buf_init(&text, CONFIG_BYTES_MAX);
	if (!file_read(path, &text, reterr))
		goto out;
	if (text_trim(buf_span(&text)).size > 0 && text_trim(buf_span(&text)).at[0] == '{') {
		doc = json_parse(buf_span(&text), reterr);
		if (doc != NULL)
			done = from_json(answers, json_root(doc), path, notes, reterr);
		else
			err_at(reterr, "'%s'", path);
		json_free(doc);
	} else {
		done = from_ini(answers, buf_span(&text), path, notes, reterr);
	}
out:
	buf_wipe(&text);
	if (!done && reterr->kind == ERR_DATA)
		reterr->kind = ERR_USAGE;
	return done;
}
