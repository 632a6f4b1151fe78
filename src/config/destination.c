/* Where it goes and when: destination, spool, deliver, schedule and ddl of firn.yaml. */
#include "config/config_private.h"

#include "base/bounds.h"
#include "base/text.h"
#include "base/zone.h"

#include <stdlib.h>

/* --- secrets --- */

void destination_secrets(struct reader *reader, struct yaml *root)
{
	struct config_snowflake *snowflake = &reader->config->snowflake;
	struct config_s3 *s3 = &reader->config->s3;
	static const char auth[] = "destination.snowflake.auth.";
	const struct {
		struct secret **at;
		const char *name;
	} secrets[] = {
		{&snowflake->key, "key"},
		{&snowflake->key_passphrase, "key_passphrase"},
		{&snowflake->token, "token"},
		{&snowflake->oauth, "oauth"},
		{&snowflake->password, "password"},
	};
	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
		char path[64];
		size_t size = sizeof auth - 1;
		memcpy(path, auth, size);
		memcpy(path + size, secrets[i].name, strlen(secrets[i].name) + 1);
		const char *name = arena_text(reader->config->arena, span_of(path));
		reader->mistakes->failed |= name == NULL;
		if (name != NULL)
			*secrets[i].at = reader_secret(reader, root, name, false);
	}
	s3->access_key_id = reader_secret(reader, root, "destination.s3.access_key_id", true);
	s3->secret_access_key =
		reader_secret(reader, root, "destination.s3.secret_access_key", false);
	s3->session_token = reader_secret(reader, root, "destination.s3.session_token", false);
}

/* --- Snowflake --- */

/* A name as SQL has it: "x" is exact, anything else folds to upper case. */
static const char *name_of(struct reader *reader, struct keys keys, const char *key)
{
	const char *given = keys_text(keys, key);
	if (given == NULL)
		return NULL;
	size_t size = strlen(given);
	bool quoted = size >= 2 && given[0] == '"' && given[size - 1] == '"';
	struct span text = quoted ? (struct span){given + 1, size - 2} : (struct span){given, size};
	char *name = arena_text(reader->config->arena, text);
	if (name == NULL) {
		reader->mistakes->failed = true;
		return "";
	}
	if (!quoted) {
		text_upper(name);
		return name;
	}
	char *to = name;
	for (const char *from = name; *from != '\0'; from++) {
		from += from[0] == '"' && from[1] == '"'; /* a doubled quote is one */
		*to++ = *from;
	}
	*to = '\0';
	return name;
}

static void read_snowflake_auth(struct reader *reader, struct keys auth)
{
	struct config_snowflake *snowflake = &reader->config->snowflake;
	static const struct {
		const char *key;
		enum config_snowflake_auth kind;
	} ways[] = {
		{"key_file", SNOWFLAKE_KEY}, {"key", SNOWFLAKE_KEY}, {"token", SNOWFLAKE_TOKEN},
		{"oauth", SNOWFLAKE_OAUTH}, {"workload_identity", SNOWFLAKE_WORKLOAD},
		{"password", SNOWFLAKE_PASSWORD},
	};
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		if (!keys_given(auth, ways[i].key))
			continue;
		if (snowflake->auth != SNOWFLAKE_UNSET)
			mistake_add(reader->mistakes, keys_mark(auth, ways[i].key),
				    "destination.snowflake.auth picks one way to sign in, not two");
		else
			snowflake->auth = ways[i].kind;
	}
	if (snowflake->auth == SNOWFLAKE_UNSET && auth.map != NULL)
		mistake_add(reader->mistakes, auth.map, "destination.snowflake.auth: expected "
			    "key_file, key, token, oauth, workload_identity or password");
	if (keys_given(auth, "key_passphrase") && snowflake->auth != SNOWFLAKE_KEY)
		mistake_add(reader->mistakes, keys_mark(auth, "key_passphrase"),
			    "key_passphrase belongs to key_file or key");
	snowflake->key_file = reader_path(reader, keys_text(auth, "key_file"));
	snowflake->workload_identity = keys_text(auth, "workload_identity");
}

static void read_snowflake(struct reader *reader, struct keys keys)
{
	struct config *config = reader->config;
	struct config_snowflake *snowflake = &config->snowflake;
	const char *driver = keys_text(keys, "driver");
	snowflake->account = keys_text(keys, "account");
	snowflake->user = keys_text(keys, "user");
	snowflake->warehouse = name_of(reader, keys, "warehouse");
	snowflake->database = name_of(reader, keys, "database");
	snowflake->schema = name_of(reader, keys, "schema");
	snowflake->role = name_of(reader, keys, "role");
	snowflake->staging_schema = keys_given(keys, "staging_schema")
					    ? name_of(reader, keys, "staging_schema")
					    : snowflake->schema;
	snowflake->stage = keys_text(keys, "stage");
	snowflake->host = keys_text(keys, "host");
	snowflake->port = keys_int(keys, "port");
	snowflake->plain_http = keys_choice(keys, "protocol") == 1;
	if (driver != NULL)
		config->driver = reader_path(reader, driver);
	read_snowflake_auth(reader, keys_map(keys, "auth"));
}

/* --- S3 --- */

static const char *without_slashes(struct reader *reader, const char *given)
{
	struct span text = span_of(given == NULL ? "" : given);
	while (text.size > 0 && text.at[0] == '/')
		text = (struct span){text.at + 1, text.size - 1};
	while (text.size > 0 && text.at[text.size - 1] == '/')
		text.size--;
	char *copy = arena_text(reader->config->arena, text);
	reader->mistakes->failed |= copy == NULL;
	return copy == NULL ? "" : copy;
}

static void read_s3(struct reader *reader, struct keys keys)
{
	struct config_s3 *s3 = &reader->config->s3;
	const struct yaml *encryption = keys_node(keys, "encryption");
	s3->bucket = keys_text(keys, "bucket");
	s3->prefix = without_slashes(reader, keys_text(keys, "prefix"));
	s3->region = keys_text(keys, "region");
	s3->endpoint = keys_text(keys, "endpoint");
	s3->path_style = keys_given(keys, "addressing") ? keys_choice(keys, "addressing") == 1
							: s3->endpoint != NULL;
	s3->conditional = keys_bool(keys, "conditional");
	if (keys_given(keys, "access_key_id") != keys_given(keys, "secret_access_key"))
		mistake_add(reader->mistakes, keys.map,
			    "access_key_id and secret_access_key go together");
	if (encryption != NULL && encryption->kind == YAML_MAP) {
		s3->encryption = ENCRYPT_KMS;
		s3->kms_key_id = keys_text(keys_of(keys_form(keys, "encryption"), encryption),
					   "kms_key_id");
	} else if (encryption != NULL) {
		s3->encryption = span_is(encryption->text, "AES256") ? ENCRYPT_AES256 : ENCRYPT_KMS;
	}
}

/* --- the rest --- */

static void read_to(struct reader *reader, struct keys destination)
{
	struct config *config = reader->config;
	static const char *const names[] = {"duckdb", "snowflake", "s3", "folder"};
	static const enum config_destination kinds[] = {CONFIG_TO_DUCKDB, CONFIG_TO_SNOWFLAKE,
							CONFIG_TO_S3, CONFIG_TO_FOLDER};
	for (size_t i = 0; i < 4; i++) {
		if (!keys_given(destination, names[i]))
			continue;
		if (config->to != CONFIG_TO_NOWHERE)
			mistake_add(reader->mistakes, keys_mark(destination, names[i]),
				    "one pipeline has one destination, not two");
		config->to = kinds[i];
	}
}

static const char *default_file(struct reader *reader)
{
	const char *path = reader_default_dir(reader, "");
	char *file = path == NULL ? NULL
				  : arena_printf(reader->config->arena, "%s.duckdb", path);
	reader->mistakes->failed |= file == NULL;
	return file;
}

static void read_destination(struct reader *reader, struct keys root)
{
	struct config *config = reader->config;
	struct keys destination = keys_map(root, "destination");
	read_to(reader, destination);
	config->duckdb = reader_path(reader, keys_text(destination, "duckdb"));
	if (config->to == CONFIG_TO_NOWHERE) {
		config->to = CONFIG_TO_DUCKDB;
		config->duckdb = default_file(reader);
	}
	config->landing = reader_path(reader, keys_text(destination, "folder"));
	config->driver = reader_path(reader, keys_text(destination, "driver"));
	config->create_views = keys_bool(destination, "create_views");
	config->append = keys_choice(destination, "write") == 1;
	const char *given = keys_text(destination, "table_prefix");
	/* Names follow SQL: what is not quoted folds to upper case. */
	char *prefix = arena_text(config->arena, span_of(given == NULL ? "" : given));
	if (prefix != NULL)
		text_upper(prefix);
	reader->mistakes->failed |= prefix == NULL;
	config->table_prefix = prefix == NULL ? "" : prefix;
	if (config->to == CONFIG_TO_SNOWFLAKE)
		read_snowflake(reader, keys_map(destination, "snowflake"));
	if (config->to == CONFIG_TO_S3)
		read_s3(reader, keys_map(destination, "s3"));
}

static void read_spool(struct reader *reader, struct keys root)
{
	struct config *config = reader->config;
	struct keys spool = keys_map(root, "spool"), deliver = keys_map(root, "deliver");
	const char *dir = keys_text(spool, "dir");
	config->spool_dir = dir != NULL ? reader_path(reader, dir)
					: reader_default_dir(reader, "spool/");
	config->spool_bytes_max = keys_size(spool, "max_bytes");
	config->spool_age_max_us = keys_duration(spool, "max_age");
	config->spool_drops_oldest = keys_choice(spool, "when_full") == 1;
	config->deliver_wait_us = keys_duration(deliver, "max_wait");
	config->deliver_bytes_max = keys_size(deliver, "max_bytes");
}

static int by_minute(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void read_times(struct reader *reader, struct keys schedule)
{
	struct config_schedule *to = &reader->config->schedule;
	size_t n, kept = 0;
	const struct yaml *times = keys_list(schedule, "at", &n);
	int *minutes = arena_array(reader->config->arena, n + 1, sizeof *minutes);
	reader->mistakes->failed |= minutes == NULL;
	for (size_t i = 0; minutes != NULL && times != NULL && i < n; i++) {
		const char *at = times[i].text.at;
		if (times[i].text.size == 5) /* else it was said that it is none */
			minutes[kept++] = ((at[0] - '0') * 10 + at[1] - '0') * 60 +
					  (at[3] - '0') * 10 + at[4] - '0';
	}
	if (minutes != NULL && kept > 0)
		qsort(minutes, kept, sizeof *minutes, by_minute);
	for (size_t i = 0; minutes != NULL && i < kept; i++) {
		if (to->at_n == 0 || minutes[to->at_n - 1] != minutes[i])
			minutes[to->at_n++] = minutes[i];
	}
	to->at_minutes = minutes;
}

static void read_schedule(struct reader *reader, struct keys root)
{
	struct config_schedule *to = &reader->config->schedule;
	struct keys schedule = keys_map(root, "schedule");
	struct zone *zone = NULL;
	struct err why = {0};
	to->given = keys_given(root, "schedule");
	to->every_us = keys_duration(schedule, "every");
	to->jitter_us = keys_duration(schedule, "jitter");
	to->timezone = keys_text(schedule, "timezone");
	if (!to->given)
		return;
	read_times(reader, schedule);
	if (keys_given(schedule, "at") == keys_given(schedule, "every") &&
	    !mistakes_unsure(reader->mistakes, schedule.map))
		mistake_add(reader->mistakes, keys_mark(root, "schedule"),
			    "schedule: expected either at or every");
	if (keys_given(schedule, "timezone") &&
	    !zone_open(&zone, to->timezone == NULL ? "" : to->timezone, NULL, &why))
		mistake_add(reader->mistakes, keys_node(schedule, "timezone"),
			    "schedule.timezone: %s", why.text);
	zone_close(zone);
}

static void read_ddl(struct reader *reader, struct keys root)
{
	struct keys ddl = keys_map(root, "ddl");
	reader->config->ddl = (struct config_ddl){
		.database = name_of(reader, ddl, "database"),
		.schema = name_of(reader, ddl, "schema"),
		.warehouse = name_of(reader, ddl, "warehouse"),
		.role = name_of(reader, ddl, "role"),
		.integration = name_of(reader, ddl, "integration"),
		.stage = name_of(reader, ddl, "stage"),
		.aws_role_arn = keys_text(ddl, "aws_role_arn"),
	};
}

void destination_read(struct reader *reader, struct keys root)
{
	read_destination(reader, root);
	read_spool(reader, root);
	read_schedule(reader, root);
	read_ddl(reader, root);
}
