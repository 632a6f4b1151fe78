/* Wrong answers' halves of streams: error rules, columns, and what defaults may not say. */
#include "unit/connector_case.h"

static void error_rules_are_checked(void **state)
{
	(void)state;
	told(HEAD STREAM PATH "    errors: [ { then: fail_run } ]\n"
	     TAIL,
	     "7:15: a rule needs status, at or says");
	told(HEAD STREAM PATH "    errors: [ { status: 404, then: skip } ]\n"
	     TAIL,
	     "7:30: then: \"skip\" is none of wait, retry, restart, empty, "
	     "fail_stream, fail_run");
	told(HEAD STREAM PATH "    errors: [ { status: 404 } ]\n"
	     TAIL,
	     "7:15: then is required");
	told(HEAD STREAM PATH "    errors: [ { is: true, then: retry } ]\n"
	     TAIL,
	     "7:17: is needs at");
	told(HEAD STREAM PATH "    errors: [ { at: /e, then: retry } ]\n"
	     TAIL,
	     "7:17: at needs is");
	told(HEAD STREAM PATH "    errors: [ { status: 404, then: retry, for: 5s } ]\n"
	     TAIL,
	     "7:43: for belongs to then: wait");
	told(HEAD STREAM PATH "    errors: [ { status: 99, then: retry } ]\n"
	     TAIL,
	     "7:17: status: expected a whole number from 100 to 599 or 5xx, found 99");
	told(HEAD STREAM PATH "    errors: [ { status: 6xx, then: retry } ]\n"
	     TAIL,
	     "7:17: status: expected a whole number from 100 to 599 or 5xx, found \"6xx\"");
	told(HEAD STREAM PATH "    errors: [ { status: 200, then: fail_run } ]\n"
	     TAIL,
	     "7:17: a rule for good answers needs at or says");
	told(HEAD STREAM PATH
	     "    errors: [ { status: 429, then: wait, for: { header: X, next: day } } ]\n"
	     TAIL,
	     "7:47: for: give header or next, one of them");
	told(HEAD STREAM PATH "    errors: [ { status: 429, then: wait, for: {} } ]\n"
	     TAIL,
	     "7:47: for: give header or next, one of them");
	told(HEAD STREAM PATH
	     "    errors: [ { status: 429, then: wait, for: { next: day, as: unix } } ]\n"
	     TAIL,
	     "7:47: for: as belongs to header");
	told(HEAD STREAM PATH
	     "    errors: [ { status: 429, then: wait, for: [{ header: X, as: sec "
	     "}, 15] } ]\n"
	     TAIL,
	     "7:61: for.as: \"sec\" is none of s, unix, unix_ms\n"
	     "7:72: for: expected a duration such as 6s or 1d, found 15");
	told(HEAD STREAM PATH "    errors: [ { stats: 429, then: wait } ]\n"
	     TAIL,
	     "7:17: unknown key \"stats\"; did you mean status?");
	told(HEAD STREAM PATH "    errors: [ { says: '', then: wait } ]\n"
	     TAIL,
	     "7:17: says: expected some text");
	told(HEAD STREAM PATH "    errors: [ { at: e, is: 1, then: wait } ]\n"
	     TAIL,
	     "7:17: at: expected a pointer such as /e, found \"e\"");
}

/* What was read of a wrong rule must not reach the one behind it. */
static void a_wrong_rule_leaves_nothing_behind(void **state)
{
	(void)state;
	told(HEAD STREAM PATH "    errors:\n"
	     "    - { status: [403, 404, 405, 406], thne: wait }\n"
	     "    - { status: [410, 411, 412, 413], at: /x, is: [1, 2, 3], says: a, then: wiat }\n"
	     "    - { status: [500], then: wait, for: [{ header: X }, { hedaer: Y }, 5s] }\n"
	     TAIL,
	     "8:39: unknown key \"thne\"; did you mean then?\n"
	     "9:71: then: \"wiat\" is none of wait, retry, restart, empty, fail_stream, "
	     "fail_run\n"
	     "10:59: unknown key \"hedaer\"; did you mean header?");
}

static void keys_and_names_of_columns_are_checked(void **state)
{
	(void)state;
	told(HEAD STREAM PATH NO_PAGES "    key: [ID]\n"
	     "    columns: { ID_: text, NAME: text }\n",
	     "8:5: key: no column ID; columns are ID_, NAME");
	told(HEAD STREAM PATH NO_PAGES "    key: [ID, ID]\n"
	     "    columns: { ID: text }\n",
	     "8:5: key: ID is given twice");
	told(HEAD STREAM PATH NO_PAGES "    key: []\n"
	     "    columns: { ID: text }\n",
	     "8:5: key: at least one is needed");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: json }\n",
	     "8:5: key: ID is json, which cannot be compared");
	told(HEAD STREAM PATH NO_PAGES "    columns: { ID: text }\n",
	     "5:3: issues: key is required");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n",
	     "5:3: issues: at least one column is needed");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: {}\n",
	     "5:3: issues: at least one column is needed");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: text, EXTRA: json, LOAD_TIMESTAMP: text, _FIRN_SEQ: int }\n",
	     "9:26: EXTRA is firn's own\n"
	     "9:39: LOAD_TIMESTAMP is firn's own\n"
	     "9:61: _FIRN_SEQ is firn's own");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: text, A: { type: text, from: /a, value: b } }\n",
	     "9:26: columns.A: from and value exclude each other");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: text, a: text }\n",
	     "9:26: columns.a: expected upper-case letters, digits and _");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: string }\n",
	     "9:16: columns.ID: type \"string\" is not known; did you mean text?");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: { type: txt } }\n",
	     "9:22: columns.ID: type \"txt\" is not known; did you mean text?");
}

static void sources_and_types_of_columns_are_checked(void **state)
{
	(void)state;
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: text, A: { type: text, format: unix } }\n",
	     "9:26: columns.A: format belongs to type timestamp");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: text, A: { type: timestamp, format: hh } }\n",
	     "9:48: columns.A.format: expected iso, unix, unix_ms or a pattern such "
	     "as YYYY-MM-DD, found \"hh\"");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: text, A: { type: bool, value: yes } }\n",
	     "9:26: columns.A: the value is no bool");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: text, A: { type: int, value: 1.5 } }\n",
	     "9:26: columns.A: the value is no int");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: text, A: { type: timestamp, value: now } }\n",
	     "9:26: columns.A: the value is no timestamp");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: text, A: { type: int, digest: [/a] } }\n",
	     "9:26: columns.A: a digest is text");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: text, A: { type: text, keep: last } }\n",
	     "9:43: columns.A.keep: expected first, found \"last\"");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    newest: B\n"
	     "    columns: { ID: text }\n",
	     "9:5: newest: no column B; columns are ID");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    newest: B\n"
	     "    columns: { ID: text, B: json }\n",
	     "9:5: newest: B is json, which has no order");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: text, A: ~ }\n",
	     "9:26: columns.A: ~ takes away a column of defaults; they have none of "
	     "that name");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    table: issues\n"
	     "    columns: { ID: text }\n",
	     "9:5: table: expected upper-case letters, digits and _");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    table: FIRN_RUNS\n"
	     "    columns: { ID: text }\n",
	     "9:5: FIRN_RUNS is firn's own");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: text, A: { type: text, from: a } }\n",
	     "9:43: columns.A.from: expected a pointer such as /a, found \"a\"");
	told(HEAD STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: [text] }\n",
	     "9:16: columns.ID: expected text, int, float, bool, timestamp or json "
	     "or a map, found a list");
	told(HEAD "streams:\n"
	     "  issues: { path: /a, paging: none, key: ID, columns: { ID: text } }\n"
	     "  pulls: { path: /b, paging: none, table: GITHUB_ISSUES, key: ID, "
	     "columns: { ID: text } }\n",
	     "6:36: issues and pulls both write GITHUB_ISSUES");
}

static void defaults_are_checked(void **state)
{
	(void)state;
	told(HEAD "defaults: { query: { a: ~ }, columns: { B: ~ }, headers: { "
	     "Authorization: x } }\n"
	     STREAM PATH TAIL,
	     "4:22: query.a: ~ takes away an entry of defaults, and these are they\n"
	     "4:41: columns.B: ~ takes away an entry of defaults, and these are they\n"
	     "4:60: headers.Authorization: sign-in belongs under auth");
	told(HEAD "defaults: { for_each: issues }\n"
	     STREAM PATH TAIL,
	     "6:3: for_each is given but {parent.…} is nowhere in the request: "
	     "every row would ask for the same\n"
	     "6:3: for_each makes a circle: issues → issues");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_rules_are_checked),
		cmocka_unit_test(a_wrong_rule_leaves_nothing_behind),
		cmocka_unit_test(keys_and_names_of_columns_are_checked),
		cmocka_unit_test(sources_and_types_of_columns_are_checked),
		cmocka_unit_test(defaults_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
