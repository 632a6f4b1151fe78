/* firn.yaml: destination, spool, deliver, schedule and ddl: what is read, and what is refused. */
#include "config/config.h"

#include "base/bounds.h"
#include "base/file.h"
#include "base/stamp.h"

#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define HEAD "version: 1\npipeline: p\nsource: { connector: moveworks }\n"
#define AUTH "    auth: { token: '${FIRN_TEST_TOKEN}' }\n"
#define SNOWFLAKE \
	"destination:\n  snowflake:\n    account: myorg-acc\n    user: loader\n" \
	"    warehouse: wh\n    database: analytics\n"

static struct config *config;

static int begin(void **state)
{
	static struct scratch folder;
	folder = scratch_make(__LINE__);
	setenv("FIRN_TEST_TOKEN", "t0k3n-of-test", 1);
	*state = &folder;
	return 0;
}

static int end(void **state)
{
	config_free(config);
	config = NULL;
	scratch_remove(*state);
	return 0;
}

static bool try(void **state, const char *text, struct buf *mistakes)
{
	struct scratch file = scratch_at(*state, "firn.yaml");
	struct err why = {0};
	config_free(config);
	config = NULL;
	if (!file_replace(file.path, span_of(text), &why))
		fail_msg("%s", why.text);
	return config_read(&config, file.path, mistakes, &why);
}

static const struct config *reads(void **state, const char *text)
{
	struct buf mistakes;
	buf_init(&mistakes, MIB);
	if (!try(state, text, &mistakes))
		fail_msg("%s", buf_text(&mistakes));
	buf_done(&mistakes);
	return config;
}

static void refuses(void **state, const char *text, const char *message)
{
	struct buf mistakes;
	buf_init(&mistakes, MIB);
	assert_false(try(state, text, &mistakes));
	if (strstr(buf_text(&mistakes), message) == NULL)
		fail_msg("%s", buf_text(&mistakes));
	buf_done(&mistakes);
}

static void a_destination_is_one_of_four(void **state)
{
	assert_int_equal(reads(state, HEAD "destination: { duckdb: a }\n")->to, CONFIG_TO_DUCKDB);
	assert_int_equal(reads(state, HEAD "destination: { folder: a }\n")->to, CONFIG_TO_FOLDER);
	assert_int_equal(reads(state, HEAD "destination: { s3: { bucket: b } }\n")->to,
			 CONFIG_TO_S3);
	assert_int_equal(reads(state, HEAD SNOWFLAKE "    schema: s\n" AUTH)->to,
			 CONFIG_TO_SNOWFLAKE);
	refuses(state, HEAD "destination: { duckdb: a, folder: b }\n",
		"firn.yaml:4:27: one pipeline has one destination, not two\n");
	refuses(state, HEAD "destination: { snowflak: {} }\n", "did you mean snowflake?");
}

static void without_a_destination_it_is_a_duckdb_file_of_the_pipeline_s_name(void **state)
{
	static const char *const NONE[] = {"", "destination: {}\n",
					   "destination: { write: append }\n"};
	for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++) {
		char text[512];
		snprintf(text, sizeof text, "%s%s", HEAD, NONE[i]);
		const struct config *read = reads(state, text);
		const char *name = strrchr(read->duckdb, '/');
		char wanted[128];
		snprintf(wanted, sizeof wanted, "%s.duckdb", read->pipeline);
		assert_int_equal(read->to, CONFIG_TO_DUCKDB);
		assert_string_equal(name == NULL ? read->duckdb : name + 1, wanted);
	}
	refuses(state, HEAD "destination: { duckdb: }\n", "expected text, found nothing");
}

static void names_of_snowflake_follow_sql(void **state)
{
	const struct config_snowflake *to =
		&reads(state, HEAD SNOWFLAKE "    schema: '\"My \"\"own\"\"\"'\n"
			      "    role: loader\n" AUTH)->snowflake;
	assert_string_equal(to->warehouse, "WH");
	assert_string_equal(to->database, "ANALYTICS");
	assert_string_equal(to->schema, "My \"own\"");
	assert_string_equal(to->staging_schema, "My \"own\"");
	assert_string_equal(to->role, "LOADER");
	assert_string_equal(to->account, "myorg-acc");
	assert_int_equal(to->auth, SNOWFLAKE_TOKEN);
	assert_string_equal(to->token->value.at, "t0k3n-of-test");
	assert_int_equal(to->port, 0);
	assert_false(to->plain_http);
	assert_null(to->host);
	assert_null(to->stage);
	assert_string_equal(reads(state, HEAD SNOWFLAKE "    schema: s\n    staging_schema: t\n"
				  AUTH)
				    ->snowflake.staging_schema, "T");
}

static void one_way_into_snowflake_is_picked(void **state)
{
	const struct config_snowflake *to =
		&reads(state, HEAD SNOWFLAKE "    schema: s\n    auth: { key_file: k.p8, "
			      "key_passphrase: '${FIRN_TEST_TOKEN}' }\n")->snowflake;
	assert_int_equal(to->auth, SNOWFLAKE_KEY);
	assert_string_equal(to->key_passphrase->value.at, "t0k3n-of-test");
	assert_non_null(strstr(to->key_file, "/k.p8"));
	refuses(state, HEAD SNOWFLAKE "    schema: s\n    auth: { key_file: k, "
		"workload_identity: AWS }\n", "picks one way to sign in, not two");
	refuses(state, HEAD SNOWFLAKE "    schema: s\n    auth: {}\n",
		"destination.snowflake.auth: expected key_file, key, token, oauth, "
		"workload_identity or password");
	refuses(state, HEAD SNOWFLAKE "    schema: s\n    auth: { workload_identity: AWS, "
		"key_passphrase: '${FIRN_TEST_TOKEN}' }\n", "key_passphrase belongs to key_file");
	refuses(state, HEAD SNOWFLAKE AUTH, "schema is required");
}

static void a_bucket_s_settings_have_defaults(void **state)
{
	const struct config_s3 *s3 =
		&reads(state, HEAD "destination: { s3: { bucket: b, prefix: /raw/in/ } }\n")->s3;
	assert_string_equal(s3->prefix, "raw/in");
	assert_false(s3->path_style);
	assert_true(s3->conditional);
	assert_int_equal(s3->encryption, ENCRYPT_BUCKET);
	assert_null(s3->access_key_id);
	s3 = &reads(state, HEAD "destination: { s3: { bucket: b, endpoint: 'http://127.0.0.1:1',"
		    " encryption: { kms_key_id: k }, conditional: false } }\n")->s3;
	assert_true(s3->path_style);
	assert_false(s3->conditional);
	assert_int_equal(s3->encryption, ENCRYPT_KMS);
	assert_string_equal(s3->kms_key_id, "k");
	s3 = &reads(state, HEAD "destination: { s3: { bucket: b, encryption: AES256 } }\n")->s3;
	assert_int_equal(s3->encryption, ENCRYPT_AES256);
	s3 = &reads(state, HEAD "destination: { s3: { bucket: b, encryption: 'aws:kms' } }\n")->s3;
	assert_int_equal(s3->encryption, ENCRYPT_KMS);
	assert_null(s3->kms_key_id);
	refuses(state, HEAD "destination: { s3: { bucket: b, access_key_id: A } }\n",
		"access_key_id and secret_access_key go together");
	refuses(state, HEAD "destination: { s3: { bucket: b, encryption: rot13 } }\n",
		"destination.s3.encryption: \"rot13\" is none of AES256, aws:kms");
}

static void a_spool_has_defaults(void **state)
{
	const struct config *c = reads(state, HEAD "destination: { folder: a }\n");
	assert_non_null(strstr(c->spool_dir, "/spool/p"));
	assert_int_equal(c->spool_bytes_max, (int64_t)2 * GIB);
	assert_int_equal(c->spool_age_max_us, 90 * STAMP_DAY);
	assert_false(c->spool_drops_oldest);
	assert_int_equal(c->deliver_wait_us, STAMP_MINUTE);
	assert_int_equal(c->deliver_bytes_max, 8 * MIB);
	c = reads(state, HEAD "destination: { folder: a }\nspool: { when_full: drop-oldest, "
			 "max_bytes: 4GiB }\ndeliver: { max_wait: 0s }\n");
	assert_true(c->spool_drops_oldest);
	assert_int_equal(c->spool_bytes_max, (int64_t)4 * GIB);
	assert_int_equal(c->deliver_wait_us, 0);
}

static void a_schedule_is_times_or_a_distance(void **state)
{
	const struct config_schedule *s =
		&reads(state, HEAD "destination: { folder: a }\nschedule: { at: ['22:00', '06:30', "
			      "'22:00'], timezone: US/Pacific, jitter: 5m }\n")->schedule;
	assert_true(s->given);
	assert_int_equal(s->at_n, 2);
	assert_int_equal(s->at_minutes[0], 390);
	assert_int_equal(s->at_minutes[1], 1320);
	assert_string_equal(s->timezone, "US/Pacific");
	assert_int_equal(s->jitter_us, 5 * STAMP_MINUTE);
	s = &reads(state, HEAD "destination: { folder: a }\nschedule: { every: 10m }\n")->schedule;
	assert_int_equal(s->at_n, 0);
	assert_int_equal(s->every_us, 10 * STAMP_MINUTE);
	assert_string_equal(s->timezone, "UTC");
	assert_false(reads(state, HEAD "destination: { folder: a }\n")->schedule.given);
	refuses(state, HEAD "destination: { folder: a }\nschedule: { at: '24:00' }\n",
		"firn.yaml:5:13: schedule.at: expected a time of day such as \"22:00\"");
	refuses(state, HEAD "destination: { folder: a }\nschedule: { at: '22:00', every: 1m }\n",
		"schedule: expected either at or every");
	refuses(state, HEAD "destination: { folder: a }\nschedule: { every: 1m, timezone: Mars }\n",
		"schedule.timezone: time zone \"Mars\" is not known");
}

static void names_for_ddl_follow_sql(void **state)
{
	const struct config_ddl *ddl = &reads(state, HEAD "destination: { folder: a }\n"
					      "ddl: { database: raw, schema: '\"x\"' }\n")->ddl;
	assert_string_equal(ddl->database, "RAW");
	assert_string_equal(ddl->schema, "x");
	assert_string_equal(ddl->integration, "FIRN_S3");
	assert_null(ddl->role);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_destination_is_one_of_four),
		TEST(without_a_destination_it_is_a_duckdb_file_of_the_pipeline_s_name),
		TEST(names_of_snowflake_follow_sql),
		TEST(one_way_into_snowflake_is_picked),
		TEST(a_bucket_s_settings_have_defaults),
		TEST(a_spool_has_defaults),
		TEST(a_schedule_is_times_or_a_distance),
		TEST(names_for_ddl_follow_sql),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
