/* A connector's stream as a table, with what the configuration says of its columns. */
#include "unit/rest_case.h"

static const char STREAMS[] = REST_HEAD
	"streams:\n"
	"  users:\n    comment: people\n    path: /users\n    paging: none\n    records: "
	"/data/users\n"
	"    key: [ID, AT]\n    newest: SEEN\n    query: { since: \"{window.from}\" }\n"
	"    window: { column: AT, format: iso }\n    ignore: [/url, /x/y]\n"
	"    columns:\n      ID: text\n      AT: { type: timestamp, format: unix }\n"
	"      SEEN: { type: timestamp, keep: first }\n"
	"      AGE: { type: int, from: [/age, /years], required: true, comment: in years }\n"
	"      UNIT: { type: text, outer: /Meta/unit }\n"
	"      META: { type: json, outer: /meta }\n      DATA: { type: json, outer: /DATA }\n"
	"      HASH: { type: text, digest: [/id] }\n      FIXED: { type: bool, value: true }\n"
	"  plain: { path: /p, paging: none, key: [ID], columns: { ID: text, "
	"MAIL: { type: text, outer: /mail } } }\n"
	"  one: { path: /p, paging: none, key: [ID], records: { at: /it, shape: one }, columns: "
	"{ ID: text, MAIL: { type: text, outer: /it/mail } } }\n";

static struct table *plan(struct rest_case *c, const char *stream, const char *excluded,
			  const char *hashed)
{
	struct table *table = NULL;
	struct privacy privacy = {.excluded = &excluded, .excluded_n = excluded != NULL,
				  .hashed = &hashed, .hashed_n = hashed != NULL};
	c->err = (struct err){0};
	if (!plan_table(c->arena, connector_stream(c->connector, stream), "org_", true, &privacy,
			&table, &c->err))
		assert_null(table);
	return table;
}

static void a_stream_becomes_a_table(void **state)
{
	struct rest_case c;
	(void)state;
	rest_read(&c, STREAMS, "{}");
	struct table *table = plan(&c, "users", "META", "AGE");
	assert_null(table);
	assert_string_equal(c.err.text,
		"source.streams.users: DATA holds AGE as well; exclude it too");
	table = plan(&c, "users", "DATA", "AGE");
	assert_non_null(table);
	assert_string_equal(table->name, "org_SHOP_USERS");
	assert_string_equal(table->stream, "users");
	assert_string_equal(table->comment, "people");
	assert_int_equal(table->columns_n, 9);
	assert_int_equal(table->key_n, 2);
	assert_string_equal(table->columns[table->key[1]].name, "AT");
	assert_string_equal(table->columns[table->newest].name, "SEEN");
	assert_string_equal(table->columns[table->cursor].name, "AT");
	assert_true(table->append);
	assert_true(table->has_extra);
	assert_int_equal(table->ignore_n, 2);
	const struct column *age = &table->columns[table_column(table, SPAN("AGE"))];
	assert_true(age->hashed && age->required && !age->excluded && !age->keep_first);
	assert_int_equal(age->type, TYPE_TEXT); /* a digest is text */
	assert_int_equal(age->given, TYPE_INT);
	assert_int_equal(age->at.n, 2);
	assert_string_equal(age->comment, "in years");
	assert_int_equal(table->columns[1].format.style, STAMP_UNIX);
	assert_true(table->columns[2].keep_first);
	assert_int_equal(table->columns[table_column(table, SPAN("UNIT"))].from, CELL_FIXED);
	assert_int_equal(table->columns[table_column(table, SPAN("HASH"))].from, CELL_DIGEST);
	assert_int_equal(table->columns[table_column(table, SPAN("FIXED"))].from, CELL_FIXED);
	assert_true(table->columns[table_column(table, SPAN("DATA"))].excluded);
	assert_int_equal(table_column(table, SPAN("NOPE")), -1);
	rest_end(&c);
}

static void versions_need_a_column_that_tells_them_apart(void **state)
{
	struct rest_case c;
	(void)state;
	rest_read(&c, STREAMS, "{}");
	struct table *table = plan(&c, "plain", NULL, NULL);
	assert_non_null(table);
	assert_false(table->append);
	assert_int_equal(table->newest, -1);
	assert_int_equal(table->cursor, -1);
	rest_end(&c);
}

static void refused(const char *stream, const char *excluded, const char *hashed,
		    const char *message)
{
	struct rest_case c;
	rest_read(&c, STREAMS, "{}");
	assert_null(plan(&c, stream, excluded, hashed));
	assert_string_equal(c.err.text, message);
	assert_int_equal(c.err.kind, ERR_USAGE);
	rest_end(&c);
}

static void columns_that_are_not_there_are_named_with_the_nearest(void **state)
{
	(void)state;
	refused("users", "AEG", NULL, "source.streams.users: no column AEG; did you mean AGE?");
	refused("users", NULL, "ZZZZZ", "source.streams.users: no column ZZZZZ; columns are "
		"ID, AT, SEEN, AGE, UNIT, META, DATA, HASH, FIXED");
}

/* META would show the excluded UNIT inside it, DATA all records; a record its own. */
static void what_stands_around_the_records_keeps_nothing_private(void **state)
{
	(void)state;
	refused("users", "UNIT", NULL,
		"source.streams.users: META holds UNIT as well; exclude it too");
	refused("users", NULL, "UNIT",
		"source.streams.users: META holds UNIT as well; exclude it too");
	refused("users", NULL, "AGE",
		"source.streams.users: DATA holds AGE as well; exclude it too");
	refused("one", "MAIL", NULL,
		"source.streams.one: MAIL cannot be kept from the records that "
				     "it stands in; take it `from` them");
	refused("plain", "MAIL", NULL, "source.streams.plain: MAIL cannot be kept from the records "
				       "that it stands in; take it `from` them");
	struct rest_case c;
	rest_read(&c, STREAMS, "{}");
	assert_non_null(plan(&c, "users", "META", NULL)); /* UNIT was asked for by name */
	assert_non_null(plan(&c, "users", "FIXED", NULL));
	rest_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_becomes_a_table),
		cmocka_unit_test(versions_need_a_column_that_tells_them_apart),
		cmocka_unit_test(columns_that_are_not_there_are_named_with_the_nearest),
		cmocka_unit_test(what_stands_around_the_records_keeps_nothing_private),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
