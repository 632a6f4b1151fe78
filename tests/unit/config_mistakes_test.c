/* firn.yaml: every kind of mistake, with its place and what was expected. */
#include "config_case.h"

static void unknown_keys_are_refused_with_the_nearest_known_one(void **state)
{
	refuses(*state,
		"version: 1\npipline: x\nsource: { connector: moveworks, paralel: 3, streems: [a] "
		"}\n"
		"destination: { duckdb: a, tabel_prefix: x }\nhttp: { proxi: x, xyzzy: 1 }\n",
		"firn.yaml:2:1: unknown key \"pipline\"; did you mean pipeline?\n"
		"firn.yaml:3:33: unknown key \"paralel\"; did you mean parallel?\n"
		"firn.yaml:3:45: unknown key \"streems\"; did you mean streams?\n"
		"firn.yaml:4:27: unknown key \"tabel_prefix\"; did you mean table_prefix?\n"
		"firn.yaml:5:9: unknown key \"proxi\"; did you mean proxy?\n"
		"firn.yaml:5:19: unknown key \"xyzzy\"; known here: proxy, no_proxy, ca_file, "
		"allow_http, connect_timeout, low_speed_time, low_speed_bytes, max_answer\n");
}

static void what_is_missing_is_named(void **state)
{
	refuses(*state, "", "firn.yaml:1:1: version is required\n"
			    "firn.yaml:1:1: pipeline is missing: without source.connector it has "
			    "no name\n");
	refuses(*state, "version: 1\nsource: {}\ndestination: {}\n",
		"firn.yaml:1:1: pipeline is missing: without source.connector it has no name\n");
}

static void a_version_of_the_future_is_refused(void **state)
{
	refuses(*state, "version: 2\nsource: { connector: moveworks }\n" TAIL,
		"firn.yaml:1:1: version 2 is not known; this firn reads 1\n");
}

/* Each line is put under a configuration that is otherwise right. */
static void a_wrong_value_says_what_was_expected(void **state)
{
	static const struct { const char *line, *message; } wrong[] = {
		{"pipeline: ''", "4:1: pipeline: expected a name of at most 100 bytes\n"},
		{"pipeline: [a]", "4:1: pipeline: expected a name of at most 100 bytes, "
				  "found a list"},
		{"state_dir: {}", "4:1: state_dir: expected text, found a map"},
		{"log: { keep_days: -1 }",
		 "4:8: log.keep_days: expected a whole number from 0 to 36500, found -1"},
		{"log: { keep_days: 1.5 }",
		 "4:8: log.keep_days: expected a whole number from 0 to 36500, found 1.5"},
		{"log: x", "4:1: log: expected a map, found \"x\""},
		{"http: { connect_timeout: 5 }",
		 "4:9: http.connect_timeout: expected a duration such as 6s or 1d from 1s to 1d, "},
		{"http: { max_answer: 3GiB }",
		 "4:9: http.max_answer: expected a size such as 8MiB"},
		{"http: { allow_http: yes }",
		 "4:9: http.allow_http: expected true or false, found \"yes\""},
		{"views: { timezone: US/Pacifik }",
		 "4:20: views.timezone: time zone \"US/Pacifik\" is not known; did you mean "
		 "US/Pacific?"},
		{"views: { timezone: [UTC] }", "4:20: views.timezone: "},
	};
	struct desk *desk = *state;
	char text[400];
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		snprintf(text, sizeof text, HEAD "%s\n", wrong[i].line);
		assert_false(try(desk, text));
		const char *said = strstr(buf_text(&desk->mistakes), "firn.yaml:");
		assert_non_null(said);
		if (strncmp(said + 10, wrong[i].message, strlen(wrong[i].message)) != 0)
			fail_msg("%s: %s", wrong[i].line, said);
	}
}

static void values_of_the_source_and_the_destination_are_checked_too(void **state)
{
	refuses(*state,
		"version: 1\nsource:\n  connector: moveworks\n  base_url: moveworks.ai\n"
		"  parallel: 65\n  retry_budget: 2d\n  lookback: soon\n  streams: {}\n"
		"destination: { duckdb: a, write: replace, create_views: 1, table_prefix: a-b }\n",
		"firn.yaml:4:3: source.base_url: expected https:// or http:// and a host, found "
		"\"moveworks.ai\"\n"
		"firn.yaml:5:3: source.parallel: expected a whole number from 1 to 64, found 65\n"
		"firn.yaml:6:3: source.retry_budget: expected a duration such as 6s or 1d from 1s "
		"to 1d, found \"2d\"\n"
		"firn.yaml:7:3: source.lookback: expected a duration such as 6s or 1d from 0s to "
		"3660d, found \"soon\"\n"
		"firn.yaml:8:3: source.streams: at least one is needed\n"
		"firn.yaml:9:27: destination.write: \"replace\" is none of upsert, append\n"
		"firn.yaml:9:43: destination.create_views: expected true or false, found 1\n"
		"firn.yaml:9:60: destination.table_prefix: expected letters, digits and _\n");
}

static void one_way_to_sign_in_is_picked(void **state)
{
	refuses(*state, "version: 1\nsource: { connector: c, auth: { bearer: aaaa, api_key: bbbb } "
			"}\n"
			TAIL,
		"firn.yaml:2:47: source.auth picks one way to sign in, not two\n");
	refuses(*state, "version: 1\nsource: { connector: c, auth: {} }\n" TAIL,
		"firn.yaml:2:25: source.auth: expected bearer, api_key, basic or oauth2\n");
	refuses(*state, "version: 1\nsource: { connector: c, auth: { basic: { user: u } } }\n" TAIL,
		"firn.yaml:2:33: source.auth.basic: password is required\n");
	refuses(*state, "version: 1\nsource: { connector: c, auth: { bearer: '' } }\n" TAIL,
		"firn.yaml:2:41: source.auth.bearer is empty\n");
	setenv("FIRN_TEST_NAME", "", 1);
	refuses(*state, "version: 1\nsource: { connector: c, auth: { bearer: ${FIRN_TEST_NAME} } "
			"}\n"
			TAIL,
		"firn.yaml:2:41: source.auth.bearer is empty\n");
}

static void what_is_no_yaml_says_where(void **state)
{
	struct desk *desk = *state;
	assert_false(try(desk, "version: 1\nsource: [\n"));
	assert_non_null(strstr(buf_text(&desk->mistakes), "firn.yaml:"));
	refuses(desk, "- 1\n", "firn.yaml:1:1: expected a map, found a list\n");
	refuses(desk, "version: 1\nversion: 1\n",
		"firn.yaml:2:1: \"version\" is given twice, first in line 1\n");
	refuses(desk, "a: &x 1\n", "firn.yaml:1:4: anchors (&name) are not known here\n");
	refuses(desk, "a: { b: {c} }d }\n",
		"firn.yaml:1:14: not valid YAML: did not find expected key\n");
}

static void a_file_that_is_not_there_is_named(void **state)
{
	struct desk *desk = *state;
	struct config *config;
	assert_false(config_read(&config, "/nowhere/firn.yaml", &desk->mistakes, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.text, "/nowhere/firn.yaml"));
	assert_non_null(strstr(buf_text(&desk->mistakes), "/nowhere/firn.yaml"));
	assert_false(config_read(&config, desk->folder.path, &desk->mistakes, &err));
}

static void too_many_mistakes_are_cut_off(void **state)
{
	struct desk *desk = *state;
	struct buf text;
	size_t lines = 0;
	buf_init(&text, MIB);
	buf_add_text(&text, HEAD);
	for (int i = 0; i < 100; i++)
		buf_addf(&text, "unknown%d: 1\n", i);
	assert_false(try(desk, buf_text(&text)));
	for (const char *at = buf_text(&desk->mistakes); *at != '\0'; at++)
		lines += *at == '\n';
	assert_int_equal(lines, CONFIG_ERRORS_MAX);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unknown_keys_are_refused_with_the_nearest_known_one),
		TEST(what_is_missing_is_named),
		TEST(a_version_of_the_future_is_refused),
		TEST(a_wrong_value_says_what_was_expected),
		TEST(values_of_the_source_and_the_destination_are_checked_too),
		TEST(one_way_to_sign_in_is_picked),
		TEST(what_is_no_yaml_says_where),
		TEST(a_file_that_is_not_there_is_named),
		TEST(too_many_mistakes_are_cut_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
