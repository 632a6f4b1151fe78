/* Every form of a Snowflake account that people paste gives the one name and the one host. */
#include "warehouse/account.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct form {
	const char *given, *name, *host;
};

static void all(const struct form *forms)
{
	for (; forms->given != NULL; forms++) {
		struct err err = {.kind = ERR_NONE};
		struct account account;
		if (!account_parse(forms->given, &account, &err))
			fail_msg("%s: %s", forms->given, err.text);
		if (strcmp(account.name, forms->name) != 0 ||
		    strcmp(account.host, forms->host) != 0)
			fail_msg("%s: %s at %s, not %s at %s", forms->given, account.name,
				 account.host, forms->name, forms->host);
	}
}

static void an_organisation_and_its_account(void **state)
{
#define SAME "MYORG-MYACCOUNT", "myorg-myaccount.snowflakecomputing.com"
	(void)state;
	all((const struct form[]){
		{"myorg-myaccount", SAME},
		{"MYORG-MYACCOUNT", SAME},
		{"MyOrg.MyAccount", SAME},
		{" myorg-myaccount\r\n", SAME},
		{"\tmyorg-myaccount ", SAME},
		{"myorg-myaccount.snowflakecomputing.com", SAME},
		{"myorg-myaccount.snowflakecomputing.com:443", SAME},
		{"https://myorg-myaccount.snowflakecomputing.com", SAME},
		{"https://myorg-myaccount.snowflakecomputing.com/", SAME},
		{"https://MYORG-MYACCOUNT.SnowflakeComputing.com:443/console/login#/", SAME},
		{"http://myorg-myaccount.snowflakecomputing.com?x=1", SAME},
		{"https://app.snowflake.com/myorg/myaccount", SAME},
		{"https://app.snowflake.com/myorg/myaccount/#/data/databases", SAME},
		{"app.snowflake.com/MYORG/MYACCOUNT/w2Pq", SAME},
		{"jdbc:snowflake://myorg-myaccount.snowflakecomputing.com/?db=A", SAME},
		{"snowflake://loader:secret@myorg-myaccount/ANALYTICS", SAME},
		/* an @ of the query is nobody's host */
		{"jdbc:snowflake://myorg-myaccount.snowflakecomputing.com/?user=me@example.com",
		 SAME},
		{"snowflake://me%40example.com:p@myorg-myaccount/?role=a@b", SAME},
		{"HTTPS://APP.SNOWFLAKE.COM/MYORG/MYACCOUNT", SAME},
		{"MYORG-MYACCOUNT.SNOWFLAKECOMPUTING.COM/", SAME},
		/* a region that it does not need */
		{"myorg-myaccount.us-west-2.aws", SAME},
		{"MYORG-MYACCOUNT.West-Europe.Azure", SAME},
		{NULL, NULL, NULL}});
}

/* A token names an underscore as it is; no host name has one. */
static void underscores_stay_in_the_name_and_not_in_the_host(void **state)
{
	(void)state;
	all((const struct form[]){
		{"myorg-my_account", "MYORG-MY_ACCOUNT", "myorg-my-account.snowflakecomputing.com"},
		{"MYORG.MY_ACCOUNT", "MYORG-MY_ACCOUNT", "myorg-my-account.snowflakecomputing.com"},
		{"https://app.snowflake.com/myorg/my_account/", "MYORG-MY_ACCOUNT",
		 "myorg-my-account.snowflakecomputing.com"}, {NULL, NULL, NULL}});
}

/* A token is issued for the locator alone; the region is part of the host. */
static void a_locator_with_its_region_and_cloud(void **state)
{
	(void)state;
	all((const struct form[]){
		{"xy12345", "XY12345", "xy12345.snowflakecomputing.com"},
		{"XY12345.EU-NORTH-1.AWS", "XY12345",
		 "xy12345.eu-north-1.aws.snowflakecomputing.com"},
		{"xy12345.us-east-1", "XY12345", "xy12345.us-east-1.snowflakecomputing.com"},
		{"xy12345.west-europe.azure", "XY12345",
		 "xy12345.west-europe.azure.snowflakecomputing.com"},
		{"xy12345.fhplus.us-gov-west-1.aws", "XY12345",
		 "xy12345.fhplus.us-gov-west-1.aws.snowflakecomputing.com"},
		{"https://xy12345.europe-west4.gcp.snowflakecomputing.com/", "XY12345",
		 "xy12345.europe-west4.gcp.snowflakecomputing.com"},
		{"https://app.snowflake.com/west-europe.azure/xy12345/", "XY12345",
		 "xy12345.west-europe.azure.snowflakecomputing.com"},
		{"https://app.snowflake.com/us-east-1/xy12345/#/", "XY12345",
		 "xy12345.us-east-1.snowflakecomputing.com"}, {NULL, NULL, NULL}});
}

static void by_a_private_link(void **state)
{
	(void)state;
	all((const struct form[]){
		{"myorg-myaccount.privatelink", "MYORG-MYACCOUNT",
		 "myorg-myaccount.privatelink.snowflakecomputing.com"},
		{"https://myorg-myaccount.privatelink.snowflakecomputing.com", "MYORG-MYACCOUNT",
		 "myorg-myaccount.privatelink.snowflakecomputing.com"},
		{"xy12345.us-east-1.privatelink", "XY12345",
		 "xy12345.us-east-1.privatelink.snowflakecomputing.com"},
		{"MYORG-MYACCOUNT.PRIVATELINK", "MYORG-MYACCOUNT",
		 "myorg-myaccount.privatelink.snowflakecomputing.com"},
		{"XY12345.US-EAST-1.PrivateLink", "XY12345",
		 "xy12345.us-east-1.privatelink.snowflakecomputing.com"},
		/* Snowsight's own address there */
		{"https://app-myorg-myaccount.privatelink.snowflakecomputing.com/",
		 "MYORG-MYACCOUNT", "myorg-myaccount.privatelink.snowflakecomputing.com"},
		{"https://app.us-east-1.privatelink.snowflakecomputing.com/us-east-1/xy12345/#/",
		 "XY12345", "xy12345.us-east-1.privatelink.snowflakecomputing.com"},
		{"https://app.us-east-1.privatelink.snowflakecomputing.com/myorg/myaccount",
		 "MYORG-MYACCOUNT", "myorg-myaccount.privatelink.snowflakecomputing.com"},
		{NULL, NULL, NULL}});
}

static void china_has_a_domain_of_its_own(void **state)
{
	(void)state;
	all((const struct form[]){
		{"xy12345.cn-northwest-1.aws", "XY12345",
		 "xy12345.cn-northwest-1.aws.snowflakecomputing.cn"},
		{"https://myorg-myaccount.snowflakecomputing.cn/", "MYORG-MYACCOUNT",
		 "myorg-myaccount.snowflakecomputing.cn"},
		{"myorg-myaccount.snowflakecomputing.cn", "MYORG-MYACCOUNT",
		 "myorg-myaccount.snowflakecomputing.cn"},
		{"https://app.snowflake.cn/myorg/myaccount", "MYORG-MYACCOUNT",
		 "myorg-myaccount.snowflakecomputing.cn"}, {NULL, NULL, NULL}});
}

static void what_is_no_account_is_refused(void **state)
{
	static const char *const GIVEN[] = {
		"", " ", "-", ".", "-myorg", ".eu-north-1", "myorg-", "my org", "myorg..myaccount",
		"myorg-myaccount.", "https://", "https://app.snowflake.com",
		"https://app.snowflake.com/",
		"https://app.snowflake.com/myorg", "https://docs.snowflake.com/en/user-guide",
		"https://www.example.com/", "https://snowflakecomputing.com",
		".snowflakecomputing.com", "snowflakecomputing.com", "myorg;DROP", "myorg'--",
		"my\"org",
		"my\\org", "myorg/myaccount", "m\xc3\xa4lli-acc", "user@example.com", NULL,
	};
	(void)state;
	for (size_t i = 0; GIVEN[i] != NULL; i++) {
		struct err err = {.kind = ERR_NONE};
		struct account account;
		if (account_parse(GIVEN[i], &account, &err))
			fail_msg("'%s' became %s at %s", GIVEN[i], account.name, account.host);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_non_null(strstr(err.text, "is no Snowflake account"));
	}
}

static void what_is_too_long_is_refused_whole(void **state)
{
	char given[2 * ACCOUNT_BYTES];
	struct account account;
	(void)state;
	for (size_t n = 1; n < sizeof given; n++) {
		struct err err = {.kind = ERR_NONE};
		memset(given, 'a', n);
		given[n] = '\0';
		if (account_parse(given, &account, &err)) {
			assert_int_equal(strlen(account.name), n);
			assert_int_equal(strlen(account.host), n + 23);
		} else {
			assert_true(n > 100);
			assert_int_equal(err.kind, ERR_USAGE);
		}
	}
}

/* A password in a URL is no part of what is told. */
static void a_secret_in_what_was_pasted_is_not_told(void **state)
{
	struct err err = {.kind = ERR_NONE};
	struct account account;
	(void)state;
	assert_false(account_parse("snowflake://loader:hunter2@my org/", &account, &err));
	assert_null(strstr(err.text, "hunter2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_organisation_and_its_account),
		cmocka_unit_test(underscores_stay_in_the_name_and_not_in_the_host),
		cmocka_unit_test(a_locator_with_its_region_and_cloud),
		cmocka_unit_test(by_a_private_link),
		cmocka_unit_test(china_has_a_domain_of_its_own),
		cmocka_unit_test(what_is_no_account_is_refused),
		cmocka_unit_test(what_is_too_long_is_refused_whole),
		cmocka_unit_test(a_secret_in_what_was_pasted_is_not_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
