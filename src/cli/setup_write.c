/* A configuration for people: every key that was answered, with a line on what it means. */
#include "base/bounds.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/setup.h"

#include <string.h>

bool setup_add_value(struct buf *out, struct span text)
{
	struct buf doubled;
	buf_init(&doubled, 2 * (size_t)CONFIG_BYTES_MAX);
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] == '$')
			buf_add_char(&doubled, '$');
		buf_add_char(&doubled, text.at[i]);
	}
	/* JSON's quotes are YAML's too. */
	bool done = !doubled.failed && json_add_text(out, buf_span(&doubled));
	buf_done(&doubled);
	return done;
}

const char *setup_secret_path(const struct setup_answers *answers,
			      const struct setup_secret *secret, bool relative, bool fresh)
{
	const char *file = relative ? file_name_of(answers->file) : answers->file;
	size_t size = strlen(file);
	if (size > 5 && strcmp(file + size - 5, ".yaml") == 0)
		size -= 5;
	return arena_printf(answers->arena, "%.*s.%s%s", (int)size, file, secret->suffix,
			    fresh ? ".new" : "");
}

static void add(struct buf *out, const char *indent, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_addf(out, "%s%s: ", indent, name);
	setup_add_value(out, span_of(value));
	buf_add_char(out, '\n');
}

static void add_secret(const struct setup_answers *answers, const struct setup_secret *secret,
		       bool fresh, struct buf *out)
{
	const char *path;
	if (secret->reference != NULL) {
		json_add_text(out, span_of(secret->reference));
	} else if (secret->value.size > 0) {
		path = setup_secret_path(answers, secret, true, fresh);
		buf_addf(out, "\"${file:%s}\"", path == NULL ? "" : path);
		out->failed |= path == NULL;
	} else {
		buf_add_text(out, "\"\"");
	}
}

static void add_auth(const struct setup_answers *answers, bool fresh, struct buf *out)
{
	enum auth_kind kind = setup_auth(answers);
	if (kind == AUTH_NONE)
		return;
	buf_addf(out, "  auth:\n    # ${NAME} is the environment, ${file:PATH} a file, "
		 "${cmd:[\"prog\",\"arg\"]} what a program prints.\n    %s: ",
		 auth_kind_name(kind));
	if (kind == AUTH_OAUTH2 || kind == AUTH_BASIC) {
		buf_add_text(out, "\n");
		add(out, "      ", kind == AUTH_OAUTH2 ? "client_id" : "user",
		    answers->at[kind == AUTH_OAUTH2 ? ANSWER_CLIENT_ID : ANSWER_SOURCE_USER]);
		buf_addf(out, "      %s: ", kind == AUTH_OAUTH2 ? "client_secret" : "password");
	}
	add_secret(answers, &answers->token, fresh, out);
	buf_add_char(out, '\n');
}

static void add_source(const struct setup_answers *answers, bool fresh, struct buf *out)
{
	buf_add_text(out, "\nsource:\n");
	add(out, "  ", "connector", answers->at[ANSWER_CONNECTOR]);
	if (answers->at[ANSWER_BASE_URL] == NULL)
		buf_add_text(out, "  # base_url: another host or region; without it the "
				  "connector's\n");
	add(out, "  ", "base_url", answers->at[ANSWER_BASE_URL]);
	add_auth(answers, fresh, out);
	if (answers->streams_n > 0) {
		buf_add_text(out, "  streams: [");
		for (size_t i = 0; i < answers->streams_n; i++) {
			json_add_comma(out);
			setup_add_value(out, span_of(answers->streams[i]));
		}
		buf_add_text(out, "]\n");
	} else {
		buf_add_text(out, "  # streams: [a, b]: only these; or { a: { exclude: [COLUMN], "
				  "hash: [COLUMN] } }\n");
	}
	if (answers->at[ANSWER_LOOKBACK] != NULL)
		buf_add_text(out, "  # Each run asks again for this much before the watermark.\n");
	add(out, "  ", "lookback", answers->at[ANSWER_LOOKBACK]);
	if (answers->settings_n > 0)
		buf_add_text(out, "  settings:\n");
	for (size_t i = 0; i < answers->settings_n; i++)
		buf_addf(out, "    %s: %s\n", answers->settings[i].name,
			 answers->settings[i].yaml);
}

static void add_snowflake(const struct setup_answers *answers, bool fresh, struct buf *out)
{
	buf_add_text(out, "  snowflake:\n");
	add(out, "    ", "account", answers->at[ANSWER_ACCOUNT]);
	add(out, "    ", "user", answers->at[ANSWER_USER]);
	if (answers->at[ANSWER_KEY_FILE] != NULL) {
		buf_add_text(out, "    auth:\n");
		add(out, "      ", "key_file", answers->at[ANSWER_KEY_FILE]);
		if (answers->password.value.size > 0 || answers->password.reference != NULL) {
			buf_add_text(out, "      key_passphrase: ");
			add_secret(answers, &answers->password, fresh, out);
			buf_add_char(out, '\n');
		}
	} else {
		buf_add_text(out, "    # Snowflake refuses passwords of service users: make a key "
				  "pair and write\n    # auth: { key_file: rsa_key.p8 }\n"
				  "    auth:\n      password: ");
		add_secret(answers, &answers->password, fresh, out);
		buf_add_char(out, '\n');
	}
	add(out, "    ", "warehouse", answers->at[ANSWER_WAREHOUSE]);
	add(out, "    ", "database", answers->at[ANSWER_DATABASE]);
	add(out, "    ", "schema", answers->at[ANSWER_SCHEMA]);
	add(out, "    ", "role", answers->at[ANSWER_ROLE]);
}

static void add_destination(const struct setup_answers *answers, bool fresh, struct buf *out)
{
	const char *kind = answers->at[ANSWER_DESTINATION];
	bool warehouse = strcmp(kind, "duckdb") == 0 || strcmp(kind, "snowflake") == 0;
	buf_add_text(out, "\ndestination:\n");
	if (strcmp(kind, "duckdb") == 0)
		add(out, "  ", "duckdb", answers->at[ANSWER_DUCKDB]);
	if (strcmp(kind, "folder") == 0)
		add(out, "  ", "folder", answers->at[ANSWER_FOLDER]);
	if (strcmp(kind, "snowflake") == 0)
		add_snowflake(answers, fresh, out);
	if (strcmp(kind, "s3") == 0) {
		buf_add_text(out, "  # Keys come from the AWS chain (environment, profile, role) "
				  "unless they stand here.\n  s3:\n");
		add(out, "    ", "bucket", answers->at[ANSWER_BUCKET]);
		add(out, "    ", "prefix", answers->at[ANSWER_PREFIX]);
		add(out, "    ", "region", answers->at[ANSWER_REGION]);
	}
	if (warehouse && answers->at[ANSWER_CREATE_VIEWS] != NULL)
		buf_addf(out, "  create_views: %s\n", answers->at[ANSWER_CREATE_VIEWS]);
	if (warehouse && answers->at[ANSWER_WRITE] != NULL)
		buf_addf(out, "  write: %s    # upsert keeps the newest of each key, append every "
			 "version\n", answers->at[ANSWER_WRITE]);
}

/* "22:00,06:30" as a list. */
static void add_times(const char *times, struct buf *out)
{
	buf_add_text(out, "  at: [");
	for (const char *at = times; *at != '\0';) {
		size_t size = strcspn(at, ",");
		json_add_comma(out);
		setup_add_value(out, text_trim((struct span){at, size}));
		at += size + (at[size] == ',');
	}
	buf_add_text(out, "]\n");
}

static void add_schedule(const struct setup_answers *answers, struct buf *out)
{
	buf_add_text(out, "\n# When firn start runs.\nschedule:\n");
	if (answers->at[ANSWER_EVERY] != NULL) {
		add(out, "  ", "every", answers->at[ANSWER_EVERY]);
	} else {
		add_times(answers->at[ANSWER_AT], out);
		add(out, "  ", "timezone", answers->at[ANSWER_TIMEZONE]);
	}
	buf_add_text(out, "  # jitter: 5m    puts each start off by up to that much\n");
}

bool setup_write(const struct setup_answers *answers, bool fresh, struct buf *out,
		 struct err *reterr)
{
	buf_add_text(out, "# Written by firn setup, and yours to change: firn check says whether "
			  "it is right,\n# man firn.yaml what can stand here.\nversion: 1\n"
			  "# State, logs and spool are kept under this name.\n");
	add(out, "", "pipeline", answers->at[ANSWER_PIPELINE]);
	add_source(answers, fresh, out);
	add_destination(answers, fresh, out);
	add_schedule(answers, out);
	if (answers->at[ANSWER_LOG_DIR] != NULL) {
		buf_add_text(out, "\nlog:\n");
		add(out, "  ", "dir", answers->at[ANSWER_LOG_DIR]);
	}
	return buf_ok(out, reterr);
}
