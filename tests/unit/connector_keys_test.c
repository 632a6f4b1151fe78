/* Wrong connectors, key by key: each mistake with its words and its place. */
#include "unit/connector_case.h"

/* The five examples of the manual, in one file. */
static void a_file_with_five_mistakes_says_all_five(void **state)
{
	(void)state;
	static const char TEXT[] =
		"format: 1\n"
		"connector: zendesk\n"
		"auth: { basic: {} }\n"
		"base_url: https://{settings.subdomain}.zendesk.com/api/v2\n"
		"settings: { subdomain: { type: text, required: true } }\n"
		"streams:\n"
		"  tickets:\n"
		"    path: /incremental/tickets/cursor.json\n"
		"    per_page: 1000\n"
		"    window: { column: AT, format: unix }\n"
		"    query: { start_time: \"{window.form}\" }\n"
		"    base_url: {paging.token}\n"
		"  comments:\n"
		"      pagin: none\n"
		"      path: /comments\n"
		"defaults:\n"
		"  records:\n"
		"    at: tickets\n"
		"  paging: none\n"
		"  key: [ID]\n"
		"  columns: { ID: text, AT: timestamp }\n";
	struct connector *connector = NULL;
	struct err err;
	struct buf out;
	buf_init(&out, 1 << 20);
	assert_false(connector_parse(&connector, span_of(TEXT), "zendesk.yaml", &out, &err));
	assert_string_equal(
		buf_text(&out),
		"zendesk.yaml:9:5: \"per_page\" belongs under query, not in streams.tickets\n"
		"zendesk.yaml:11:26: {window.form}: window has from, until, last; did you mean "
		"from?\n"
		"zendesk.yaml:12:15: a value that begins with { must be quoted: "
		"\"{paging.token}\"\n"
		"zendesk.yaml:14:7: unknown key \"pagin\"; did you mean paging?\n"
		"zendesk.yaml:18:5: at: expected a pointer such as /tickets, found \"tickets\"\n");
	buf_done(&out);
}

/* YAML that cannot be read at all is one mistake. */
static void broken_yaml_is_told_like_any_mistake(void **state)
{
	(void)state;
	told("format: 1\nconnector: &x github\n", "2:12: anchors (&name) are not known here");
	told("format: 1\nformat: 1\n", "2:1: \"format\" is given twice, first in line 1");
	told("[]\n", "1:1: expected a map, found a list");
}

static void only_the_first_twenty_are_told(void **state)
{
	(void)state;
	struct connector *connector = NULL;
	struct err err;
	struct buf text, out;
	buf_init(&text, 1 << 20);
	buf_init(&out, 1 << 20);
	buf_add_text(&text, "format: 1\n");
	for (int i = 0; i < 40; i++)
		buf_addf(&text, "zz%02d: 1\n", 39 - i);
	assert_false(connector_parse(&connector, buf_span(&text), "f", &out, &err));
	size_t lines = 0;
	for (size_t i = 0; i < out.size; i++)
		lines += out.data[i] == '\n';
	assert_int_equal(lines, 20);
	assert_non_null(strstr(buf_text(&out), "f:2:1: unknown key \"zz39\""));
	assert_non_null(strstr(buf_text(&out), "f:21:1: unknown key \"zz20\""));
	buf_done(&text);
	buf_done(&out);
}

/* A file of a few hundred kilobytes that would take gigabytes. */
static void defaults_cannot_eat_the_memory(void **state)
{
	(void)state;
	struct connector *connector = NULL;
	struct err err;
	struct buf text;
	buf_init(&text, 1 << 20);
	buf_add_text(&text, HEAD "defaults:\n  paging: none\n  key: ID\n  columns: { ID: text }\n"
				 "  body: [ 0");
	for (int i = 0; i < 50000; i++)
		buf_add_text(&text, ",1");
	buf_add_text(&text, " ]\nstreams:\n");
	for (int i = 0; i < 200; i++)
		buf_addf(&text, "  s%d: { path: /s }\n", i);
	assert_false(connector_parse(&connector, buf_span(&text), "f", NULL, &err));
	assert_string_equal(err.text, "f:1:1: too much: with defaults in every stream this makes "
				      "more than 64 MiB");
	buf_done(&text);
}

static void the_top_is_checked(void **state)
{
	(void)state;
	told("format: 2\n"
	     "zzz: 1\n",
	     "1:1: format 2 is not known; this firn reads 1");
	told("format: 1\n"
	     "connector: GitHub\n"
	     "base_url: https://a.b\n"
	     "streams: { x: { path: /x, paging: none, key: ID, columns: { ID: text } } }\n",
	     "2:1: connector: expected lower-case letters, digits, _ or -");
	told("format: 1\n"
	     "connector: github\n"
	     "base_url: api.github.com\n"
	     "streams: { x: { path: /x, paging: none, key: ID, columns: { ID: text } } }\n",
	     "3:1: base_url: expected https:// or http:// and a host");
	told("format: 1\n"
	     "connector: github\n"
	     "base_url: '{settings.who}/v1'\n"
	     "streams: { x: { path: /x, paging: none, key: ID, columns: { ID: text } } }\n",
	     "3:1: base_url: expected https:// or http:// and a host");
	told("format: 1\n"
	     "connector: github\n"
	     "base_url: https://api.github.com?x=1\n"
	     "streams: { x: { path: /x, paging: none, key: ID, columns: { ID: text } } }\n",
	     "3:1: base_url: expected https:// or http:// and a host");
	told("format: 1\n"
	     "connector: github\n"
	     "streams: { x: { path: /x, paging: none, key: ID, columns: { ID: text } } }\n",
	     "1:1: base_url is required, unless every stream has one");
	told(HEAD "streams: {}\n",
	     "4:1: streams: at least one is needed");
	told(HEAD,
	     "1:1: streams: at least one is needed");
	told("",
	     "1:1: format is required\n"
	     "1:1: connector is required\n"
	     "1:1: streams: at least one is needed");
}

static void ways_to_sign_in_are_checked(void **state)
{
	(void)state;
	told(HEAD LISTS "auth: { bearer: { value: 'Token x' } }\n"
	     STREAM PATH TAIL,
	     "5:19: auth.bearer.value: {auth.token} is missing");
	told(HEAD LISTS "auth: { basic: { user: a, password: b } }\n"
	     STREAM PATH TAIL,
	     "5:9: auth.basic: neither {auth.user} nor {auth.password} is used");
	told(HEAD LISTS "auth: { api_key: {} }\n"
	     STREAM PATH TAIL,
	     "5:9: auth.api_key: give header or query, one of them");
	told(HEAD LISTS "auth: { api_key: { header: X-Key, query: key } }\n"
	     STREAM PATH TAIL,
	     "5:9: auth.api_key: give header or query, one of them");
	told(HEAD LISTS "auth: { api_key: { header: X-Key, value: k } }\n"
	     STREAM PATH TAIL,
	     "5:35: auth.api_key.value: {auth.key} is missing");
	told(HEAD LISTS "auth: { oauth2: { token_url: /t, send: jsn } }\n"
	     STREAM PATH TAIL,
	     "5:34: auth.oauth2.send: \"jsn\" is none of form, json, basic");
	told(HEAD LISTS "auth: { oauth2: {} }\n"
	     STREAM PATH TAIL,
	     "5:9: auth.oauth2: token_url is required");
	told(HEAD LISTS "auth: { oauth2: }\n"
	     STREAM PATH TAIL,
	     "5:9: auth.oauth2: token_url is required");
	told(HEAD LISTS "auth: { oauth2: { token_url: t } }\n"
	     STREAM PATH TAIL,
	     "5:19: auth.oauth2.token_url: expected a path, or https:// or http:// "
	     "and a host");
	told(HEAD LISTS "auth: {}\n"
	     STREAM PATH TAIL,
	     "5:1: auth: at least one way is needed; none: {} where there is no sign-in");
	told(HEAD LISTS "auth: { digest: {} }\n"
	     STREAM PATH TAIL,
	     "5:9: \"digest\" belongs under settings.NAME.default or "
	     "defaults.columns.NAME or streams.NAME.columns.NAME, not in auth");
	told(HEAD LISTS "auth: { bearer: { base_url: 'x' } }\n"
	     STREAM PATH TAIL,
	     "5:19: auth.bearer.base_url: expected https:// or http:// and a host");
	told(HEAD LISTS "auth: { bearer: { value: '{auth.key}{auth.token}' } }\n"
	     STREAM PATH TAIL,
	     "5:26: {auth.key}: auth.bearer has token");
	told(HEAD LISTS "auth: { bearer: { value: '{auth.token}{run.started_at}' } }\n"
	     STREAM PATH TAIL,
	     "5:26: {run.started_at}: here may stand {settings.NAME} and {auth.…} only");
	told(HEAD LISTS "auth: { bearer: { base_url: 'https://{auth.token}.x' } }\n"
	     STREAM PATH TAIL,
	     "5:29: {auth.token}: here may stand {settings.NAME} only");
	told(HEAD LISTS
	     "auth: { oauth2: { token_url: /t, fields: { a: '{auth.token}' } } }\n"
	     STREAM PATH TAIL,
	     "5:47: {auth.token}: here may stand {settings.NAME} only");
	told(HEAD LISTS "auth: { oauth2: { token_url: '/{settings.key}' } }\n"
	     STREAM PATH TAIL,
	     "5:30: {settings.key}: a secret must not stand in a path or a host");
	told(HEAD LISTS "auth: { bearer: { value: 'Bearer {auth.tokn}' } }\n"
	     STREAM PATH TAIL,
	     "5:26: {auth.tokn}: auth has token, user, password, key; did you mean token?");
}

static void types_and_bounds_of_settings_are_checked(void **state)
{
	(void)state;
	told(HEAD "settings: { x: { type: string } }\n"
	     STREAM PATH TAIL,
	     "4:18: settings.x: type \"string\" is not known; did you mean text?");
	told(HEAD "settings: { x: { type: point } }\n"
	     STREAM PATH TAIL,
	     "4:18: settings.x: type \"point\" is not known; it is one of text, int, "
	     "float, bool, secret or list");
	told(HEAD "settings: { x: {} }\n"
	     STREAM PATH TAIL,
	     "4:13: settings.x: type is required");
	told(HEAD "settings: { x: { type: text, min: 1 } }\n"
	     STREAM PATH TAIL,
	     "4:30: settings.x: min belongs to int and float");
	told(HEAD "settings: { x: { type: int, min: 5, max: 1 } }\n"
	     STREAM PATH TAIL,
	     "4:29: settings.x: min is above max");
	told(HEAD "settings: { x: { type: int, default: a } }\n"
	     STREAM PATH TAIL,
	     "4:29: settings.x.default is \"a\"; expected a whole number");
	told(HEAD "settings: { x: { type: int, default: 1.5 } }\n"
	     STREAM PATH TAIL,
	     "4:29: settings.x.default is 1.5; expected a whole number");
	told(HEAD "settings: { x: { type: float, default: 95, min: -90, max: 90 } }\n"
	     STREAM PATH TAIL,
	     "4:31: settings.x.default is 95; expected -90 to 90");
	told(HEAD "settings: { x: { type: text, required: true, default: a } }\n"
	     STREAM PATH TAIL,
	     "4:46: settings.x: required and default exclude each other");
	told(HEAD "settings: { x: { type: secret, default: a } }\n"
	     STREAM PATH TAIL,
	     "4:32: settings.x: a secret has no default");
	told(HEAD "settings: { x: { type: text, one_of: [a, b], default: c } }\n"
	     STREAM PATH TAIL,
	     "4:46: settings.x.default is \"c\"; expected one of a, b");
	told(HEAD "settings: { x: { type: int, one_of: [1, b] } }\n"
	     STREAM PATH TAIL,
	     "4:41: settings.x.one_of: one is \"b\"; expected a whole number");
	told(HEAD "settings: { x: { type: text, fields: { a: { type: text } } } }\n"
	     STREAM PATH TAIL,
	     "4:30: settings.x: fields belong to a list");
}

static void defaults_and_digests_of_settings_are_checked(void **state)
{
	(void)state;
	told(HEAD "settings: { x: { type: list, fields: { a: { type: secret } } } }\n"
	     STREAM PATH TAIL,
	     "4:45: settings.x.fields.a: a secret cannot stand in an element of a list");
	told(HEAD "settings: { x: { type: list, fields: { a: { type: list } } } }\n"
	     STREAM PATH TAIL,
	     "4:45: settings.x.fields.a: a list cannot stand in an element of a list");
	told(HEAD "settings: { x: { type: list, fields: { a: { type: text, fields: { b: "
	     "{ type: text } } } } } }\n"
	     STREAM PATH TAIL,
	     "4:57: settings.x.fields.a: fields belong to a list, and its elements hold none");
	told(HEAD "settings: { x: { type: list, default: a } }\n"
	     STREAM PATH TAIL,
	     "4:30: settings.x.default: expected a list");
	told(HEAD "settings: { x: { type: list, default: [a, {}] } }\n"
	     STREAM PATH TAIL,
	     "4:43: settings.x.default: expected text, a number, true, false or ~, "
	     "found a map");
	told(HEAD
	     "settings: { x: { type: list, default: [a], fields: { b: { type: text } } } }\n"
	     STREAM PATH TAIL,
	     "4:30: settings.x: a list with fields has no default");
	told(HEAD "settings: { x: { type: int, default: { digest: [settings.y] } }, y: { "
	     "type: text, required: true } }\n"
	     STREAM PATH TAIL,
	     "4:29: settings.x: a digest is the default of text only");
	told(HEAD "settings: { x: { type: text, default: { digest: [y] } } }\n"
	     STREAM PATH TAIL,
	     "4:50: settings.x: a digest is of settings.NAME, found \"y\"");
	told(HEAD "settings: { x: { type: text, default: { digest: [item.y] } } }\n"
	     STREAM PATH TAIL,
	     "4:50: settings.x: a digest is of settings.NAME, found \"item.y\"");
	told(HEAD "settings: { x: { type: text, default: { digest: [settings.y] } } }\n"
	     STREAM PATH TAIL,
	     "4:13: settings.x: digest: settings.y is not there");
	told(HEAD "settings: { x: { type: text, default: { digest: [settings.y] } }, y: "
	     "{ type: text } }\n"
	     STREAM PATH TAIL,
	     "4:13: settings.x: digest: settings.y is neither required nor has it a default");
	told(HEAD "settings: { x: { type: text, default: { digest: [settings.y] } }, y: "
	     "{ type: secret, required: true } }\n"
	     STREAM PATH TAIL,
	     "4:13: settings.x: digest: settings.y is a secret");
	told(HEAD "settings: { x: { type: text, default: { digest: [settings.x] } } }\n"
	     STREAM PATH TAIL,
	     "4:13: settings.x: digest: settings.x is a digest itself");
	told(HEAD "settings: { l: { type: list, fields: { a: { type: text, default: { "
	     "digest: [item.b, settings.l] } }, b: { type: text } } } }\n"
	     STREAM PATH TAIL,
	     "4:40: settings.l.fields.a: digest: item.b is neither required nor has "
	     "it a default\n"
	     "4:40: settings.l.fields.a: digest: settings.l is a list");
	told(HEAD "settings: { X: { type: text } }\n"
	     STREAM PATH TAIL,
	     "4:13: settings.X: expected lower-case letters, digits, _ or -");
	told(HEAD "settings: { x: { type: bool, default: ~ } }\n"
	     STREAM PATH TAIL,
	     "4:30: settings.x.default is empty; expected true or false");
	told(HEAD "settings: { x: { type: text, default: { digset: [settings.y] } } }\n"
	     STREAM PATH TAIL,
	     "4:41: unknown key \"digset\"; did you mean digest?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_with_five_mistakes_says_all_five),
		cmocka_unit_test(broken_yaml_is_told_like_any_mistake),
		cmocka_unit_test(only_the_first_twenty_are_told),
		cmocka_unit_test(defaults_cannot_eat_the_memory),
		cmocka_unit_test(the_top_is_checked),
		cmocka_unit_test(ways_to_sign_in_are_checked),
		cmocka_unit_test(types_and_bounds_of_settings_are_checked),
		cmocka_unit_test(defaults_and_digests_of_settings_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
