/* What the user gives under source.settings: taken, refused with its place, filled with defaults
 * and digests, told apart. */
#include "config/yaml.h"
#include "connector/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define TAIL "paging: none, key: ID, columns: { ID: text }"
static const char CONNECTOR[] =
	"format: 1\nconnector: c\nbase_url: https://x.y\nsettings:\n"
	"  customer_id: { type: text, required: true, comment: whose collector this is }\n"
	"  variables: { type: list, default: [t, h] }\n"
	"  days: { type: int, default: 7, min: 1, max: 30 }\n"
	"  rate: { type: float, min: 0.5 }\n"
	"  top: { type: float, max: 9 }\n"
	"  fine: { type: bool }\n"
	"  token: { type: secret }\n"
	"  level: { type: text, one_of: [low, high] }\n"
	"  mark: { type: text, default: { digest: [settings.customer_id, settings.days] } }\n"
	"  locations: { type: list, fields: { name: { type: text, required: true }, latitude: {\n"
	"    type: float, required: true, min: -90, max: 90 }, note: { type: text }, id: {\n"
	"    type: text, default: { digest: [settings.customer_id, item.name] } } } }\n"
	"streams:\n"
	"  now: { path: /f, repeat: { over: settings.locations, id: [id] }, query: { l: "
	"'{item.latitude}' }, " TAIL " }\n"
	"  vars: { path: /v, repeat: { over: settings.variables }, query: { v: '{item.value}' }, "
	TAIL " }\n"
	"  places: { rows: settings.locations, key: [N, L], columns: { N: { type: text, value: "
	"'{item.name}' }, L: { type: float, value: '{item.latitude}' } } }\n"
	"  plain: { path: /p, " TAIL " }\n";

struct given {
	struct arena *arena;
	struct connector *connector;
	struct settings settings;
};

static int make(void **state)
{
	static struct given given;
	struct err err;
	given = (struct given){.arena = arena_new()};
	*state = &given;
	return given.arena == NULL || !connector_parse(&given.connector, span_of(CONNECTOR), "c",
							NULL, &err);
}

static int unmake(void **state)
{
	struct given *given = *state;
	connector_free(given->connector);
	arena_free(given->arena);
	return 0;
}

static bool read(struct given *given, const char *text, struct buf *mistakes, struct err *reterr)
{
	struct yaml *root = NULL;
	if (text != NULL && !yaml_read(given->arena, span_of(text), "firn.yaml", &root, reterr))
		fail_msg("%s", reterr->text);
	return settings_read(given->arena, given->connector, root, "firn.yaml", &given->settings,
			     mistakes, reterr);
}

static void taken(struct given *given, const char *text)
{
	struct err err = {.kind = ERR_NONE};
	if (!read(given, text, NULL, &err))
		fail_msg("%s", err.text);
	assert_int_equal(err.kind, ERR_NONE);
}

static void refused(struct given *given, const char *text, const char *messages)
{
	struct err err = {.kind = ERR_NONE};
	struct buf out;
	buf_init(&out, 1 << 20);
	assert_false(read(given, text, &out, &err));
	assert_string_equal(buf_text(&out), messages);
	assert_int_equal(err.kind, ERR_USAGE);
	buf_done(&out);
}

static void is(const struct given *given, const char *name, enum value_kind kind,
	       const char *text)
{
	const struct setting_value *value = settings_find(&given->settings, span_of(name));
	assert_non_null(value);
	assert_int_equal(value->value.kind, kind);
	assert_true(span_is(value->value.text, text));
}

static void field_is(const struct given *given, const char *list, size_t element,
		     const char *name, const char *text)
{
	const struct setting_value *value = settings_find(&given->settings, span_of(list));
	struct value field = settings_field(value, element, span_of(name));
	if (text == NULL)
		assert_int_equal(field.kind, VALUE_ABSENT);
	else if (!span_is(field.text, text))
		fail_msg("%.*s is not %s", SPAN_ARGS(field.text), text);
}

static void what_is_given_is_taken_digit_for_digit(void **state)
{
	struct given *given = *state;
	taken(given, "customer_id: 0042\ndays: 30\nrate: 0.50\nfine: true\ntoken: s\nlevel: low\n"
		     "top: -1e3\nvariables: [a b, '5']\n");
	is(given, "customer_id", VALUE_TEXT, "0042");
	is(given, "days", VALUE_NUMBER, "30");
	is(given, "rate", VALUE_NUMBER, "0.50");
	is(given, "top", VALUE_NUMBER, "-1e3");
	is(given, "fine", VALUE_BOOL, "true");
	is(given, "token", VALUE_TEXT, "s");
	is(given, "variables", VALUE_TEXT, "a b,5");
	assert_null(settings_find(&given->settings, SPAN("nothing")));
}

static void what_is_not_given_has_its_default(void **state)
{
	struct given *given = *state;
	taken(given, "customer_id: acme\n");
	is(given, "days", VALUE_NUMBER, "7");
	is(given, "rate", VALUE_ABSENT, "");
	is(given, "variables", VALUE_TEXT, "t,h");
	field_is(given, "variables", 1, "value", "h");
	field_is(given, "variables", 2, "value", NULL);
	is(given, "locations", VALUE_ABSENT, "");
}

/* 4:acme8:Helsinki, as the manual says; a length in front of each part, so that no two lists of
 * parts look the same. */
static void a_digest_is_that_of_the_manual(void **state)
{
	struct given *given = *state;
	taken(given, "customer_id: acme\nlocations: [ { name: Helsinki, latitude: 60.170 }, "
		     "{ name: Turku, latitude: 60.45, id: own, note: x } ]\n");
	field_is(given, "locations", 0, "id", "5570e5b3f869aaf3b3ae79b49a4ee8d5");
	field_is(given, "locations", 1, "id", "own");
	field_is(given, "locations", 0, "latitude", "60.170");
	field_is(given, "locations", 0, "note", NULL);
	field_is(given, "locations", 0, "zzz", NULL);
	is(given, "mark", VALUE_TEXT, "79574c38af54bc227da7e965988f0cfc"); /* 4:acme1:7 */
}

static void what_does_not_fit_is_told_with_its_place(void **state)
{
	struct given *given = *state;
	refused(given, NULL,
		"firn.yaml: settings.customer_id is required: whose collector this is\n");
	refused(given, "days: 3\n",
		"firn.yaml:1:1: settings.customer_id is required: whose collector this is\n");
	refused(given, "customer_id: ''\n",
		"firn.yaml:1:14: settings.customer_id is empty, but required\n");
	refused(given, "customer_id: [a]\n",
		"firn.yaml:1:14: settings.customer_id is a list; expected text\n");
	refused(given, "customer_id: a\ndays: 31\n",
		"firn.yaml:2:7: settings.days is 31; expected 1 to 30\n");
	refused(given, "customer_id: a\ndays: 1.5\n",
		"firn.yaml:2:7: settings.days is 1.5; expected a whole number\n");
	refused(given, "customer_id: a\ndays: '5'\n",
		"firn.yaml:2:7: settings.days is \"5\"; expected a whole number\n");
	refused(given, "customer_id: a\nrate: 0.4\ntop: 10\n",
		"firn.yaml:2:7: settings.rate is 0.4; expected at least 0.5\n"
		"firn.yaml:3:6: settings.top is 10; expected at most 9\n");
	refused(given, "customer_id: a\nfine: yes\n",
		"firn.yaml:2:7: settings.fine is \"yes\"; expected true or false\n");
	refused(given, "customer_id: a\nlevel: mid\n",
		"firn.yaml:2:8: settings.level is \"mid\"; expected one of low, high\n");
	refused(given, "customer_id: a\ndayz: 3\nzz: 1\n",
		"firn.yaml:2:1: settings has no dayz; did you mean days?\n"
		"firn.yaml:3:1: settings has no zz\n");
	refused(given, "customer_id: a\nvariables: t\n",
		"firn.yaml:2:12: settings.variables is a scalar; expected a list\n");
	refused(given, "customer_id: a\nvariables: [t, {}]\n",
		"firn.yaml:2:16: settings.variables[1] is a map; expected text\n");
	refused(given, "[]\n", "firn.yaml:1:1: settings: expected a map, found a list\n");
	refused(given, "customer_id: ~\n",
		"firn.yaml:1:14: settings.customer_id is empty; expected text\n");
}

static void what_does_not_fit_in_a_list_names_the_element(void **state)
{
	struct given *given = *state;
	refused(given, "customer_id: a\nlocations: [ { name: a, latitude: 1 }, { name: b, "
		       "latitude: "
		       "2 },\n  { name: c, latitude: 95 } ]\n",
		"firn.yaml:3:24: settings.locations[2].latitude is 95; expected -90 to 90\n");
	refused(given, "customer_id: a\nlocations: [ { name: a }, x ]\n",
		"firn.yaml:2:14: settings.locations[0].latitude is required\n"
		"firn.yaml:2:27: settings.locations[1] is a scalar; expected a map\n");
	refused(given, "customer_id: a\nlocations: [ { name: a, latitude: 1, lat: 2 } ]\n",
		"firn.yaml:2:38: settings.locations[0] has no lat\n");
}

static void a_secret_is_in_no_message(void **state)
{
	struct given *given = *state;
	refused(given, "customer_id: a\ntoken: [hunter2]\n",
		"firn.yaml:2:8: settings.token is a list; expected a secret\n");
}

/* Two elements under one name would share a watermark, or a row. */
static void elements_that_cannot_be_told_apart_are_refused(void **state)
{
	struct given *given = *state;
	refused(given, "customer_id: a\nlocations: [ { name: a, latitude: 1, id: x }, { name: b, "
		       "latitude: 2, id: x } ]\n",
		"firn.yaml:2:47: settings.locations[0] and [1] cannot be told apart: equal ids\n");
	refused(given, "customer_id: a\nlocations: [ { name: a, latitude: 1, id: x }, { name: a, "
		       "latitude: 1, id: y } ]\n",
		"firn.yaml:2:47: settings.locations[0] and [1] cannot be told apart: equal ids\n");
	refused(given, "customer_id: a\nvariables: [t, h, t]\n",
		"firn.yaml:2:19: settings.variables[0] and [2] cannot be told apart: equal ids\n");
	taken(given, "customer_id: a\nlocations: [ { name: a, latitude: 1 }, { name: a, latitude: "
		     "1.0, id: y } ]\n");
}

static void a_part_is_named_by_its_ids(void **state)
{
	struct given *given = *state;
	struct err err;
	struct buf out;
	buf_init(&out, 1000);
	taken(given, "customer_id: a\nvariables: [a/b c]\nlocations: [ { name: n, latitude: 1, id: "
		     "'x y' } ]\n");
	const struct stream *streams = given->connector->streams;
	assert_true(settings_part(&streams[0], &given->settings, 0, &out, &err));
	assert_string_equal(buf_text(&out), "x%20y");
	buf_clear(&out);
	assert_true(settings_part(&streams[1], &given->settings, 0, &out, &err));
	assert_string_equal(buf_text(&out), "a%2Fb%20c");
	buf_clear(&out);
	assert_true(settings_part(&streams[3], &given->settings, 0, &out, &err));
	assert_string_equal(buf_text(&out), "");
	buf_done(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_given_is_taken_digit_for_digit),
		TEST(what_is_not_given_has_its_default),
		TEST(a_digest_is_that_of_the_manual),
		TEST(what_does_not_fit_is_told_with_its_place),
		TEST(what_does_not_fit_in_a_list_names_the_element),
		TEST(a_secret_is_in_no_message),
		TEST(elements_that_cannot_be_told_apart_are_refused),
		TEST(a_part_is_named_by_its_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
