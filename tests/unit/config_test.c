/* firn.yaml: every key and its default, references, and secrets that others could read. Mistakes
 * are config_mistakes_test.c's. */
#include "config_case.h"

/* --- what is there, and what is not --- */

static void only_three_things_are_needed_and_the_rest_has_defaults(void **state)
{
	struct desk *desk = *state;
	struct buf path;
	unsetenv("SSL_CERT_FILE");
	const struct config *config = reads(desk, HEAD);
	assert_string_equal(config->file, desk->file.path);
	assert_string_equal(config->folder, desk->folder.path);
	assert_string_equal(config->pipeline, "moveworks");
	assert_string_equal(config->connector, "moveworks");
	assert_false(config->connector_is_path);
	assert_null(config->base_url);
	assert_int_equal(config->auth, CONFIG_AUTH_UNSET);
	assert_null(config->token);
	assert_int_equal(config->streams_n, 0);
	assert_null(config->hash_key);
	assert_int_equal(config->lookback_us, -1);
	assert_int_equal(config->parallel, 4);
	assert_int_equal(config->retry_budget_us, 30 * STAMP_MINUTE);
	assert_null(config->settings);
	assert_null(config->driver);
	assert_true(config->create_views);
	assert_false(config->append);
	assert_string_equal(config->table_prefix, "");
	assert_string_equal(config->timezone, "UTC");
	assert_int_equal(config->lists_n, 0);
	assert_null(config->proxy);
	assert_null(config->no_proxy);
	assert_null(config->ca_file);
	assert_false(config->allow_http);
	assert_int_equal(config->connect_timeout_us, 10 * STAMP_SECOND);
	assert_int_equal(config->low_speed_time_us, 20 * STAMP_SECOND);
	assert_int_equal(config->low_speed_bytes, 1000);
	assert_int_equal(config->max_answer_bytes, 256 * (int64_t)MIB);
	assert_int_equal(config->log_keep_days, 30);
	buf_init(&path, PATH_BYTES_MAX);
	buf_addf(&path, "%s/.firn/moveworks", desk->folder.path);
	assert_string_equal(config->state_dir, buf_text(&path));
	buf_clear(&path);
	buf_addf(&path, "%s/logs", desk->folder.path);
	assert_string_equal(config->log_dir, buf_text(&path));
	buf_done(&path);
}

static const char EVERY_KEY[] =
	"version: 1\n"
	"pipeline: my pipe/line\n"
	"source:\n"
	"  connector: ./my.v2.yaml\n"
	"  base_url: https://h.example/x\n"
	"  auth: { oauth2: { client_id: me, client_secret: shh!, token_url: /t, "
	"scope: a b } }\n"
	"  streams:\n"
	"    users: { exclude: email_addr, hash: [first_name, LAST_NAME] }\n"
	"    calls: {}\n"
	"    others:\n"
	"  hash_key: keykey\n"
	"  lookback: 36h\n"
	"  parallel: 8\n"
	"  retry_budget: 90s\n"
	"  settings: { a: 1, b: [x, y] }\n"
	"destination:\n"
	"  duckdb: data/w.duckdb\n"
	"  driver: /opt/libduckdb.so\n"
	"  create_views: false\n"
	"  write: append\n"
	"  table_prefix: acme_\n"
	"views: { timezone: US/Pacific, knowledge_plugins: [A, B], ticket_plugins: C }\n"
	"http: { proxy: 'http://u:p4ss@p:3128', no_proxy: [a.b, c.d], ca_file: ca.pem,\n"
	"  allow_http: true, connect_timeout: 5s, low_speed_time: 1m, "
	"low_speed_bytes: 2kB,\n  max_answer: 10MiB }\n"
	"state_dir: state\n"
	"log: { dir: /var/log/firn, keep_days: 0 }\n";

static void where_no_authorities_are_named_the_environments_count(void **state)
{
	setenv("SSL_CERT_FILE", "/etc/company.pem", 1);
	assert_string_equal(reads(*state, HEAD)->ca_file, "/etc/company.pem");
	setenv("SSL_CERT_FILE", "", 1);
	assert_null(reads(*state, HEAD)->ca_file);
	setenv("SSL_CERT_FILE", "/etc/company.pem", 1);
	const struct config *config = reads(*state, HEAD "http: { ca_file: /etc/ours.pem }\n");
	unsetenv("SSL_CERT_FILE");
	assert_string_equal(config->ca_file, "/etc/ours.pem");
}

static void every_key_is_read(void **state)
{
	struct desk *desk = *state;
	const struct config *config = reads(desk, EVERY_KEY);
	struct scratch joined = scratch_at(&desk->folder, "./my.v2.yaml");
	assert_string_equal(config->pipeline, "my pipe/line");
	assert_true(config->connector_is_path);
	assert_string_equal(config->connector, joined.path);
	assert_string_equal(config->base_url, "https://h.example/x");
	assert_int_equal(config->auth, CONFIG_AUTH_OAUTH2);
	assert_true(span_is(config->client_id->value, "me"));
	assert_true(span_is(config->client_secret->value, "shh!"));
	assert_string_equal(config->token_url, "/t");
	assert_string_equal(config->scope, "a b");
	assert_int_equal(config->streams_n, 3);
	assert_string_equal(config->streams[0].name, "users");
	assert_int_equal(config->streams[0].line, 8);
	assert_int_equal(config->streams[0].column, 5);
	assert_string_equal(config->streams[0].excluded[0], "EMAIL_ADDR");
	assert_int_equal(config->streams[0].hashed_n, 2);
	assert_string_equal(config->streams[0].hashed[0], "FIRST_NAME");
	assert_int_equal(config->streams[2].excluded_n, 0);
	assert_true(span_is(config->hash_key->value, "keykey"));
	assert_int_equal(config->lookback_us, 36 * STAMP_HOUR);
	assert_int_equal(config->parallel, 8);
	assert_int_equal(config->retry_budget_us, 90 * STAMP_SECOND);
	assert_int_equal(config->settings->n, 2);
	joined = scratch_at(&desk->folder, "data/w.duckdb");
	assert_string_equal(config->duckdb, joined.path);
	assert_string_equal(config->driver, "/opt/libduckdb.so");
	assert_false(config->create_views);
	assert_true(config->append);
	assert_string_equal(config->table_prefix, "ACME_");
	assert_string_equal(config->timezone, "US/Pacific");
	assert_int_equal(config->lists_n, 2);
	assert_string_equal(config->lists[0].name, "knowledge_plugins");
	assert_int_equal(config->lists[0].n, 2);
	assert_string_equal(config->lists[1].values[0], "C");
	assert_string_equal(config->proxy, "http://u:p4ss@p:3128");
	assert_string_equal(config->no_proxy, "a.b,c.d");
	joined = scratch_at(&desk->folder, "ca.pem");
	assert_string_equal(config->ca_file, joined.path);
	assert_true(config->allow_http);
	assert_int_equal(config->connect_timeout_us, 5 * STAMP_SECOND);
	assert_int_equal(config->low_speed_time_us, STAMP_MINUTE);
	assert_int_equal(config->low_speed_bytes, 2000);
	assert_int_equal(config->max_answer_bytes, 10 * (int64_t)MIB);
	joined = scratch_at(&desk->folder, "state");
	assert_string_equal(config->state_dir, joined.path);
	assert_string_equal(config->log_dir, "/var/log/firn");
	assert_int_equal(config->log_keep_days, 0);
}

static void each_way_to_sign_in_is_read(void **state)
{
	const struct config *config = reads(*state,
		"version: 1\nsource: { connector: c, auth: { bearer: 12345678 } }\n" TAIL);
	assert_int_equal(config->auth, CONFIG_AUTH_BEARER);
	assert_true(span_is(config->token->value, "12345678"));
	config = reads(*state, "version: 1\nsource: { connector: c, auth: { api_key: kkkk } }\n"
		       TAIL);
	assert_int_equal(config->auth, CONFIG_AUTH_API_KEY);
	assert_true(span_is(config->key->value, "kkkk"));
	config = reads(*state, "version: 1\nsource: { connector: c, auth: { basic: { user: u, "
			       "password: 'p: #{' } } }\n" TAIL);
	assert_int_equal(config->auth, CONFIG_AUTH_BASIC);
	assert_true(span_is(config->user->value, "u"));
	assert_true(span_is(config->password->value, "p: #{"));
	assert_int_equal(config->auth_line, 2);
}

static void streams_may_be_a_list_of_names(void **state)
{
	const struct config *config = reads(*state,
		"version: 1\nsource: { connector: c, streams: [users, calls] }\n" TAIL);
	assert_int_equal(config->streams_n, 2);
	assert_string_equal(config->streams[1].name, "calls");
	assert_int_equal(config->streams[1].column, 42);
	assert_int_equal(config->streams[1].excluded_n + config->streams[1].hashed_n, 0);
}

/* Names become folders: two pipelines must not meet in one, and none may climb out of its own. */
static void a_pipeline_s_name_is_made_harmless_in_the_state_s_path(void **state)
{
	const struct { const char *name, *folder; } names[] = {
		{"a", "a"}, {"a/b", "a%2Fb"}, {"..", "%2E."}, {".", "%2E"}, {"'ä x'", "%C3%A4%20x"},
		{"a%2Fb", "a%252Fb"}, {"a.b", "a.b"},
	};
	struct desk *desk = *state;
	char text[200], path[200];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(text, sizeof text, "pipeline: %s\n" HEAD, names[i].name);
		snprintf(path, sizeof path, ".firn/%s", names[i].folder);
		struct scratch joined = scratch_at(&desk->folder, path);
		assert_string_equal(reads(desk, text)->state_dir, joined.path);
	}
}

static void a_pipeline_without_a_name_has_its_connector_s(void **state)
{
	const struct config *config = reads(*state,
		"version: 1\nsource: { connector: ./some/where/acme.v2.yaml }\n" TAIL);
	assert_string_equal(config->pipeline, "acme");
}

static void paths_are_as_they_are_where_the_file_has_no_folder(void **state)
{
	struct desk *desk = *state;
	struct config *config;
	char before[PATH_BYTES_MAX];
	assert_non_null(getcwd(before, sizeof before));
	(void)reads(desk, HEAD);
	assert_int_equal(chdir(desk->folder.path), 0);
	buf_clear(&desk->mistakes);
	assert_true(config_read(&config, "firn.yaml", &desk->mistakes, &err));
	assert_int_equal(chdir(before), 0);
	assert_string_equal(config->folder, ".");
	assert_true(strcmp(config->duckdb, "a.duckdb") == 0 ||
		    strcmp(config->duckdb, "./a.duckdb") == 0);
	config_free(config);
}

/* --- references --- */

static void a_reference_needs_no_quotes_wherever_it_stands(void **state)
{
	struct desk *desk = *state;
	struct scratch token = scratch_at(&desk->folder, "token");
	assert_true(file_replace(token.path, SPAN("in-a-file\n"), &err));
	const struct config *config = reads(desk,
		"version: 1\n"
		"pipeline: ${FIRN_TEST_NAME}\n"
		"source: { connector: moveworks, auth: { bearer: ${FIRN_TEST_TOKEN} }, streams:\n"
		"  [${FIRN_TEST_NAME}, \"${FIRN_TEST_NAME}2\", '${FIRN_TEST_NAME}3'], hash_key: "
		"${cmd:[\"printf\", \"{%s},\", \"a\"]}, base_url: 'https://${FIRN_TEST_NAME}/'}\n"
		"destination:\n"
		"  duckdb: ${FIRN_TEST_NAME}-${FIRN_TEST_NAME}.duckdb\n"
		"  driver: ${file:token}\n"
		"state_dir: $${HOME}\n");
	assert_string_equal(config->pipeline, "from-outside");
	assert_true(span_is(config->token->value, "t0k3n-of-test"));
	assert_false(config->token->plain);
	assert_string_equal(config->streams[0].name, "from-outside");
	assert_string_equal(config->streams[1].name, "from-outside2");
	assert_string_equal(config->streams[2].name, "from-outside3");
	assert_true(span_is(config->hash_key->value, "{a},"));
	assert_string_equal(config->base_url, "https://from-outside/");
	struct scratch path = scratch_at(&desk->folder, "from-outside-from-outside.duckdb");
	assert_string_equal(config->duckdb, path.path);
	path = scratch_at(&desk->folder, "in-a-file");
	assert_string_equal(config->driver, path.path);
	path = scratch_at(&desk->folder, "${HOME}");
	assert_string_equal(config->state_dir, path.path);
}

/* What comes from outside is a value, never YAML. */
static void what_a_reference_brings_is_not_read_as_yaml(void **state)
{
	setenv("FIRN_TEST_NAME", "a: {b: [1, 2], c}\nversion: 2", 1);
	const struct config *config = reads(*state,
		"version: 1\nsource: { connector: moveworks, auth: { bearer: ${FIRN_TEST_NAME} } "
		"}\n"
		TAIL);
	assert_true(span_is(config->token->value, "a: {b: [1, 2], c}\nversion: 2"));
}

static void numbers_and_words_may_come_from_outside(void **state)
{
	setenv("FIRN_TEST_NAME", "7", 1);
	const struct config *config = reads(*state,
		"version: 1\nsource: { connector: moveworks, parallel: ${FIRN_TEST_NAME} }\n" TAIL);
	assert_int_equal(config->parallel, 7);
}

static void a_reference_that_fails_is_told_with_its_place(void **state)
{
	unsetenv("FIRN_TEST_MISSING");
	refuses(*state,
		"version: 1\nsource: { connector: moveworks, auth: { bearer: ${FIRN_TEST_MISSING} "
		"} }\n"
		"destination: { duckdb: '${FIRN_TEST_MISSING}' }\nlog: { dir: ${file:none} }\n"
		"state_dir: ${x-y}\n",
		"firn.yaml:2:49: source.auth.bearer: the environment variable FIRN_TEST_MISSING is "
		"not set\n"
		"firn.yaml:3:24: the environment variable FIRN_TEST_MISSING is not set\n"
		"firn.yaml:4:13: ${file:...}: cannot open 'none': No such file or directory\n"
		"firn.yaml:5:12: ${x-y}: expected NAME, file:PATH or cmd:[\"program\", ...]\n");
}

/* Whoever looks at night has not the unit's environment. */
static void a_secret_that_is_not_used_may_be_missing(void **state)
{
	static const char TEXT[] =
		"version: 1\nsource:\n  connector: moveworks\n  hash_key: ${FIRN_TEST_MISSING}\n"
		"  auth: { bearer: '${file:none}' }\ndestination:\n  s3: { bucket: b, region: r, "
		"access_key_id: a, secret_access_key: '${FIRN_TEST_MISSING}' }\n";
	struct desk *desk = *state;
	unsetenv("FIRN_TEST_MISSING");
	assert_false(try(desk, TEXT));
	if (!config_read_for(&desk->config, desk->file.path, CONFIG_USE_NOTHING, &desk->mistakes,
			     &err))
		fail_msg("%s", buf_text(&desk->mistakes));
	assert_int_equal(desk->config->auth, CONFIG_AUTH_BEARER);
	config_free(desk->config);
	desk->config = NULL;
	buf_clear(&desk->mistakes);
	assert_false(config_read_for(&desk->config, desk->file.path, CONFIG_USE_DESTINATION,
				     &desk->mistakes, &err));
	assert_null(strstr(buf_text(&desk->mistakes), "source."));
	assert_non_null(strstr(buf_text(&desk->mistakes),
			       "secret_access_key: the environment variable FIRN_TEST_MISSING"));
}

/* Messages count columns as the user's editor does, whatever stands in front. */
static void places_behind_a_reference_stay_right(void **state)
{
	refuses(*state,
		"version: 1\nsource: { auth: { bearer: ${FIRN_TEST_TOKEN} }, conector: moveworks "
		"}\n"
		TAIL,
		"firn.yaml:2:49: unknown key \"conector\"; did you mean connector?\n");
}

/* --- secrets in the open --- */

static void a_secret_in_clear_is_taken_only_from_a_file_that_is_its_reader_s_alone(void **state)
{
	struct desk *desk = *state;
	static const char text[] =
		"version: 1\nsource: { connector: c, auth: { basic: { user: me, password: secret } "
		"},\n"
		"  hash_key: also-secret }\n" TAIL
		"http: { proxy: 'http://u:pass@h:1' }\n";
	(void)reads(desk, text);
	assert_int_equal(chmod(desk->file.path, 0640), 0); /* file_replace keeps the mode */
	refuses(desk, text,
		"firn.yaml:2:62: source.auth.basic.password stands here in plain text and other "
		"users can read this file: chmod 600 firn.yaml, or write ${NAME} or ${file:PATH}\n"
		"firn.yaml:3:13: source.hash_key stands here in plain text and other users can "
		"read this file: chmod 600 firn.yaml, or write ${NAME} or ${file:PATH}\n"
		"firn.yaml:5:16: the proxy's password stands here in plain text and other users "
		"can read this file: chmod 600 firn.yaml, or write ${NAME} or ${file:PATH}\n");
	const struct config *config = reads(desk,
		"version: 1\nsource: { connector: c, auth: { oauth2: { client_id: me, "
		"client_secret: ${FIRN_TEST_TOKEN} } }, settings: { a: b, c: ${FIRN_TEST_NAME} } "
		"}\n" TAIL
		"http: { proxy: 'http://u:${FIRN_TEST_NAME}@h:1' }\n");
	assert_true(config_is_open(config, yaml_member(config->settings, "a")));
	assert_false(config_is_open(config, yaml_member(config->settings, "c")));
}

static void no_message_shows_a_secret(void **state)
{
	struct desk *desk = *state;
	struct buf shown;
	const struct config *config = reads(desk,
		"version: 1\nsource: { connector: c, auth: { bearer: ${FIRN_TEST_TOKEN} } }\n" TAIL
		"http: { proxy: 'http://u:${FIRN_TEST_NAME}@h:1' }\n");
	buf_init(&shown, KIB);
	secrets_scrub(config->secrets, &shown, SPAN("t0k3n-of-test from-outside"));
	assert_string_equal(buf_text(&shown), "*** ***");
	buf_done(&shown);
	assert_false(try(desk, "version: 1\nsource: { connector: c, auth: { bearer: [s3cr3t] }, "
			       "hash_key: { a: s3cr3t } }\n" TAIL));
	assert_null(strstr(buf_text(&desk->mistakes), "s3cr3t"));
}

/* --- what comes from the table --- */

static void the_manual_and_the_schema_name_every_key(void **state)
{
	static const char *const keys[] = {
		"version", "pipeline", "connector", "bearer", "client_id", "hash_key", "lookback",
		"retry_budget", "duckdb", "write", "table_prefix", "timezone", "no_proxy",
		"max_answer", "state_dir", "keep_days",
	};
	struct buf manual, schema;
	(void)state;
	buf_init(&manual, MIB);
	buf_init(&schema, MIB);
	assert_true(config_manual(&manual));
	assert_true(config_schema(&schema));
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		char quoted[64];
		snprintf(quoted, sizeof quoted, "\"%s\"", keys[i]);
		if (strcmp(keys[i], "timezone") != 0)
			assert_non_null(strstr(buf_text(&schema), quoted));
		if (strcmp(keys[i], "timezone") != 0 && strstr(buf_text(&manual), keys[i]) == NULL)
			fail_msg("%s is not in the manual", keys[i]);
	}
	buf_done(&manual);
	buf_done(&schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_three_things_are_needed_and_the_rest_has_defaults),
		TEST(where_no_authorities_are_named_the_environments_count),
		TEST(every_key_is_read),
		TEST(each_way_to_sign_in_is_read),
		TEST(streams_may_be_a_list_of_names),
		TEST(a_pipeline_s_name_is_made_harmless_in_the_state_s_path),
		TEST(a_pipeline_without_a_name_has_its_connector_s),
		TEST(paths_are_as_they_are_where_the_file_has_no_folder),
		TEST(a_reference_needs_no_quotes_wherever_it_stands),
		TEST(what_a_reference_brings_is_not_read_as_yaml),
		TEST(numbers_and_words_may_come_from_outside),
		TEST(a_reference_that_fails_is_told_with_its_place),
		TEST(a_secret_that_is_not_used_may_be_missing),
		TEST(places_behind_a_reference_stay_right),
		TEST(a_secret_in_clear_is_taken_only_from_a_file_that_is_its_reader_s_alone),
		TEST(no_message_shows_a_secret),
		TEST(the_manual_and_the_schema_name_every_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
