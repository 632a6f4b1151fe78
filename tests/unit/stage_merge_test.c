/* What a merge makes of rows, in a real DuckDB file. */
#include "warehouse_kit.h"

#define ITEM_ROWS "SELECT ID, NAME, N, epoch(\"AT\")::INT, epoch(LOAD_TIMESTAMP)::INT FROM ITEMS" \
	" ORDER BY ID"

/* --- rows --- */

static void new_rows_come_in_with_all_their_types(void **state)
{
	struct kit *kit = *state;
	struct item items[] = {{"a", "A", 3, 10, "{\"k\":[1,2]}"}, {"b", NULL, 4, -1, NULL}};
	kit_prepare(kit, &ITEMS);
	LOAD(kit, &ITEMS, items, 100, "2 new, 0 changed");
	ASK(kit, "SELECT * FROM ITEMS ORDER BY ID",
	    "a|A|3|1.5|true|{\"k\":[1,2]}|1970-01-01 00:00:10|~|1970-01-01 00:01:40;"
	    "b|~|4|2|false|~|~|~|1970-01-01 00:01:40");
	ASK(kit, "SELECT typeof(DOC), DOC->>'$.k[1]' FROM ITEMS WHERE ID = 'a'", "JSON|2");
}

/* "A row that comes again unchanged is not written again and keeps its LOAD_TIMESTAMP." */
static void the_same_batch_twice_changes_nothing(void **state)
{
	struct kit *kit = *state;
	struct item items[] = {{"a", "A", 1, 10, "{}"}, {"b", "B", 2, -1, NULL}};
	kit_prepare(kit, &ITEMS);
	LOAD(kit, &ITEMS, items, 100, "2 new, 0 changed");
	LOAD(kit, &ITEMS, items, 200, "0 new, 0 changed");
	ASK(kit, ITEM_ROWS, "a|A|1|10|100;b|B|2|~|100");
}

static void a_newer_row_replaces_and_an_older_one_does_not(void **state)
{
	struct kit *kit = *state;
	struct item first[] = {{"a", "old", 1, 10, NULL}, {"b", "new", 1, 20, NULL}};
	struct item second[] = {{"a", "new", 1, 20, NULL}, {"b", "old", 1, 10, NULL},
				{"c", "new", 1, 5, NULL}};
	kit_prepare(kit, &ITEMS);
	LOAD(kit, &ITEMS, first, 100, "2 new, 0 changed");
	LOAD(kit, &ITEMS, second, 200, "1 new, 1 changed");
	ASK(kit, ITEM_ROWS, "a|new|1|20|200;b|new|1|20|100;c|new|1|5|200");
}

static void at_equal_stamps_what_differs_replaces_in_every_column(void **state)
{
	struct kit *kit = *state;
	struct item items[] = {{"a", "x", 1, 10, "{\"k\":1}"}, {"b", "x", 1, 10, NULL},
			       {"c", NULL, 1, 10, NULL}, {"d", "x", 1, 10, NULL}};
	struct item again[] = {{"a", "x", 1, 10, "{\"k\":2}"}, {"b", NULL, 1, 10, NULL},
			       {"c", "x", 1, 10, NULL}, {"d", "x", 2, 10, NULL}};
	kit_prepare(kit, &ITEMS);
	LOAD(kit, &ITEMS, items, 100, "4 new, 0 changed");
	LOAD(kit, &ITEMS, again, 200, "0 new, 4 changed");
	ASK(kit, "SELECT ID, NAME, N, X, OK, DOC FROM ITEMS ORDER BY ID",
	    "a|x|1|0.5|true|{\"k\":2};b|~|1|0.5|true|~;c|x|1|0.5|true|~;d|x|2|1|false|~");
}

static void a_row_without_stamp_replaces_only_one_without(void **state)
{
	struct kit *kit = *state;
	struct item first[] = {{"a", "stamp", 1, 10, NULL}, {"b", "none", 1, -1, NULL},
			       {"c", "none", 1, -1, NULL}};
	struct item second[] = {{"a", "none", 1, -1, NULL}, {"b", "stamp", 1, 10, NULL},
				{"c", "again", 1, -1, NULL}};
	kit_prepare(kit, &ITEMS);
	LOAD(kit, &ITEMS, first, 100, "3 new, 0 changed");
	LOAD(kit, &ITEMS, second, 200, "0 new, 2 changed");
	ASK(kit, ITEM_ROWS, "a|stamp|1|10|100;b|stamp|1|10|200;c|again|1|~|200");
}

static void of_equal_keys_in_one_load_the_newest_wins_then_the_last_read(void **state)
{
	struct kit *kit = *state;
	struct item items[] = {
		{"a", "2", 1, 20, NULL}, {"a", "1", 1, 10, NULL}, {"a", "none", 1, -1, NULL},
		{"b", "first", 1, 10, NULL}, {"b", "last", 1, 10, NULL},
		{"c", "only", 1, 10, NULL},
		{"d", "first", 1, -1, NULL}, {"d", "last", 1, -1, NULL},
	};
	kit_prepare(kit, &ITEMS);
	LOAD(kit, &ITEMS, items, 100, "4 new, 0 changed");
	ASK(kit, "SELECT ID, NAME FROM ITEMS ORDER BY ID", "a|2;b|last;c|only;d|last");
}

static void a_batch_staged_twice_is_loaded_once(void **state)
{
	struct kit *kit = *state;
	struct item items[] = {{"a", "A", 1, 10, NULL}, {"b", "B", 1, 10, NULL}};
	kit_prepare(kit, &ITEMS);
	kit_stage_items(kit, &ITEMS, items, 2);
	kit->seq = 0; /* the same rows with the same places, as after a torn connection */
	kit_stage_items(kit, &ITEMS, items, 2);
	struct table_merge merge = kit_commit(kit, &ITEMS, 4, 100);
	assert_int_equal(merge.inserted, 2);
	ASK(kit, "SELECT COUNT(*), COUNT(DISTINCT ID) FROM ITEMS", "2|2");
}

static void extra_is_compared_and_replaced_too(void **state)
{
	struct kit *kit = *state;
	struct item item = {"a", "A", 1, 10, NULL};
	struct cell cells[ITEM_COLUMNS];
	item_cells(&item, cells);
	kit_prepare(kit, &ITEMS);
	kit_stage(kit, &ITEMS, cells, "{\"more\":1}");
	assert_int_equal(kit_commit(kit, &ITEMS, 1, 100).inserted, 1);
	kit_stage(kit, &ITEMS, cells, "{\"more\":1}");
	assert_int_equal(kit_commit(kit, &ITEMS, 1, 200).updated, 0);
	kit_stage(kit, &ITEMS, cells, NULL);
	assert_int_equal(kit_commit(kit, &ITEMS, 1, 300).updated, 1);
	ASK(kit, "SELECT EXTRA, epoch(LOAD_TIMESTAMP)::INT FROM ITEMS", "~|300");
}

static void without_a_stamp_the_last_read_wins(void **state)
{
	struct kit *kit = *state;
	struct table table = ITEMS;
	table.newest = -1;
	struct item first[] = {{"a", "1", 1, 20, NULL}, {"a", "2", 1, 10, NULL}};
	struct item second[] = {{"a", "3", 1, 5, NULL}};
	kit_prepare(kit, &table);
	LOAD(kit, &table, first, 100, "1 new, 0 changed");
	ASK(kit, ITEM_ROWS, "a|2|1|10|100");
	LOAD(kit, &table, second, 200, "0 new, 1 changed");
	ASK(kit, ITEM_ROWS, "a|3|1|5|200");
}

static void an_excluded_stamp_is_none(void **state)
{
	struct kit *kit = *state;
	struct column columns[ITEM_COLUMNS];
	struct table table = ITEMS;
	memcpy(columns, ITEM_COLUMN_LIST, sizeof columns);
	columns[ITEM_AT].excluded = true;
	table.columns = columns;
	struct item first[] = {{"a", "1", 1, 20, NULL}, {"a", "2", 1, 10, NULL}};
	struct item second[] = {{"a", "3", 1, 5, NULL}};
	kit_prepare(kit, &table);
	LOAD(kit, &table, first, 100, "1 new, 0 changed");
	LOAD(kit, &table, second, 200, "0 new, 1 changed");
	ASK(kit, "SELECT ID, NAME FROM ITEMS", "a|3");
}

static void keys_of_several_columns_are_told_apart(void **state)
{
	struct kit *kit = *state;
	static const unsigned KEY[] = {ITEM_ID, ITEM_N};
	struct table table = ITEMS;
	table.key = KEY;
	table.key_n = 2;
	struct item items[] = {{"a", "x", 1, 10, NULL}, {"a", "y", 2, 10, NULL},
			       {"a", "z", 2, 11, NULL}};
	kit_prepare(kit, &table);
	LOAD(kit, &table, items, 100, "2 new, 0 changed");
	LOAD(kit, &table, items, 200, "0 new, 0 changed");
	ASK(kit, "SELECT ID, N, NAME FROM ITEMS ORDER BY ALL", "a|1|x;a|2|z");
}

static void a_column_that_keeps_its_first_value_keeps_it(void **state)
{
	struct kit *kit = *state;
	struct column columns[ITEM_COLUMNS];
	struct table table = ITEMS;
	memcpy(columns, ITEM_COLUMN_LIST, sizeof columns);
	columns[ITEM_NAME].keep_first = true;
	table.columns = columns;
	struct item first[] = {{"a", "first", 1, 10, "{}"}, {"b", "first", 1, 10, "{}"}};
	struct item second[] = {{"a", "second", 2, 11, "[1]"}, {"b", "second", 1, 10, "{}"}};
	kit_prepare(kit, &table);
	LOAD(kit, &table, first, 100, "2 new, 0 changed");
	LOAD(kit, &table, second, 200, "0 new, 1 changed");
	ASK(kit, ITEM_ROWS, "a|first|2|11|200;b|first|1|10|100");
	ASK(kit, "SELECT DOC, typeof(DOC) FROM ITEMS ORDER BY ID", "[1]|JSON;{}|JSON");
}

static void versions_are_kept_once_each_where_the_table_appends(void **state)
{
	struct kit *kit = *state;
	struct table table = ITEMS;
	table.append = true;
	struct item first[] = {{"a", "1", 1, 10, NULL}, {"a", "2", 1, 20, NULL},
			       {"a", "1", 1, 10, NULL}, {"b", "none", 1, -1, NULL}};
	struct item second[] = {{"a", "other", 1, 10, NULL}, {"a", "3", 1, 30, NULL},
				{"b", "none", 1, -1, NULL}};
	kit_prepare(kit, &table);
	LOAD(kit, &table, first, 100, "3 new, 0 changed");
	LOAD(kit, &table, second, 200, "1 new, 0 changed");
	ASK(kit, "SELECT ID, NAME, epoch(LOAD_TIMESTAMP)::INT FROM ITEMS ORDER BY ALL",
	    "a|1|100;a|2|100;a|3|200;b|none|100");
}

static void an_excluded_column_is_absent_from_a_new_table_and_null_in_an_old_one(void **state)
{
	struct kit *kit = *state;
	struct column columns[ITEM_COLUMNS];
	struct table table = ITEMS;
	memcpy(columns, ITEM_COLUMN_LIST, sizeof columns);
	columns[ITEM_NAME].excluded = true;
	table.columns = columns;
	struct item items[] = {{"a", "secret", 1, 10, NULL}};
	kit_prepare(kit, &table);
	LOAD(kit, &table, items, 100, "1 new, 0 changed");
	ASK(kit, "SELECT COUNT(*) FROM duckdb_columns() WHERE table_name = 'ITEMS' AND"
	    " column_name = 'NAME'", "0");
	kit_prepare(kit, &ITEMS); /* included once more */
	struct item more[] = {{"b", "secret", 1, 10, NULL}};
	LOAD(kit, &table, more, 100, "1 new, 0 changed");
	ASK(kit, "SELECT ID, NAME FROM ITEMS ORDER BY ID", "a|~;b|~");
}

/* As a table is that holds more than is staged, and as one that does not. */
static void a_row_that_comes_again_loses_what_is_excluded_since(void **state)
{
	struct kit *kit = *state;
	static const char *const MORE[] = {"SELECT 1", "ALTER TABLE ITEMS ADD COLUMN MINE INT"};
	struct column columns[ITEM_COLUMNS];
	struct table table = ITEMS;
	memcpy(columns, ITEM_COLUMN_LIST, sizeof columns);
	columns[ITEM_NAME].excluded = true;
	table.columns = columns;
	struct item first[] = {{"a", "secret", 1, 10, NULL}, {"b", "secret", 1, 10, NULL},
			       {"c", "secret", 1, 10, NULL}};
	struct item again[] = {{"a", "secret", 2, 11, NULL}, {"b", "secret", 1, 10, NULL}};
	for (size_t i = 0; i < LENGTH(MORE); i++) {
		kit_prepare(kit, &ITEMS);
		LOAD(kit, &ITEMS, first, 100, "3 new, 0 changed");
		kit_do(kit, MORE[i]);
		kit_prepare(kit, &table);
		LOAD(kit, &table, again, 200, "0 new, 2 changed");
		ASK(kit, ITEM_ROWS, "a|~|2|11|200;b|~|1|10|200;c|secret|1|10|100");
		LOAD(kit, &table, again, 300, "0 new, 0 changed");
		kit_do(kit, "DROP TABLE ITEMS");
	}
}

/* Random orders of batches that hold several versions of each key: the same table. */
static void the_order_of_merging_does_not_matter(void **state)
{
	struct kit *kit = *state;
	enum { KEYS = 40, VERSIONS = 6, ALL = KEYS * VERSIONS };
	static char ids[ALL][16], names[ALL][16];
	struct item items[ALL];
	char *expected = NULL;
	srand(7);
	kit_prepare(kit, &ITEMS);
	for (int round = 0; round < 6; round++) {
		for (int i = 0; i < ALL; i++) {
			int at = i % VERSIONS;
			snprintf(ids[i], sizeof ids[i], "k%d", i / VERSIONS);
			snprintf(names[i], sizeof names[i], "v%d", at);
			items[i] = (struct item){ids[i], names[i], at, at == 0 ? -1 : at * 10,
						 NULL};
		}
		for (int i = ALL - 1; i > 0; i--) {
			int other = rand() % (i + 1);
			struct item swap = items[i];
			items[i] = items[other];
			items[other] = swap;
		}
		for (int at = 0, size; at < ALL; at += size) {
			size = 1 + rand() % 70;
			size = size > ALL - at ? ALL - at : size;
			kit_load(kit, &ITEMS, items + at, (size_t)size, 100);
		}
		const char *is = kit_ask(kit, "SELECT * EXCLUDE (LOAD_TIMESTAMP) FROM ITEMS"
					 " ORDER BY ID");
		if (expected == NULL)
			expected = strdup(is);
		assert_string_equal(is, expected);
		kit_do(kit, "DELETE FROM ITEMS");
	}
	free(expected);
}

/* --- tables that somebody changed by hand --- */

static void columns_that_a_user_added_are_left_alone(void **state)
{
	struct kit *kit = *state;
	struct item first[] = {{"a", "1", 1, 10, "{}"}, {"b", "1", 1, 10, NULL}};
	struct item second[] = {{"a", "2", 1, 11, "{\"x\":1}"}, {"c", "1", 1, 10, NULL}};
	kit_prepare(kit, &ITEMS);
	LOAD(kit, &ITEMS, first, 100, "2 new, 0 changed");
	kit_do(kit, "ALTER TABLE ITEMS ADD COLUMN note VARCHAR DEFAULT 'none'");
	kit_do(kit, "UPDATE ITEMS SET note = 'mine' WHERE ID = 'a'");
	LOAD(kit, &ITEMS, second, 200, "1 new, 1 changed");
	ASK(kit, "SELECT ID, NAME, DOC, note FROM ITEMS ORDER BY ID",
	    "a|2|{\"x\":1}|mine;b|1|~|none;c|1|~|none");
}

static void a_unique_index_that_a_user_made_is_no_hindrance(void **state)
{
	struct kit *kit = *state;
	struct item first[] = {{"a", "1", 1, 10, NULL}, {"b", "1", 1, 10, NULL}};
	struct item second[] = {{"a", "2", 1, 11, NULL}, {"b", "2", 1, 11, NULL},
				{"c", "2", 1, 11, NULL}};
	struct item third[] = {{"a", "3", 1, 12, NULL}, {"b", "3", 1, 12, NULL}};
	kit_prepare(kit, &ITEMS);
	kit_do(kit, "CREATE UNIQUE INDEX mine ON ITEMS (ID)");
	LOAD(kit, &ITEMS, first, 100, "2 new, 0 changed");
	kit_reopen(kit);
	LOAD(kit, &ITEMS, second, 200, "1 new, 2 changed");
	kit_reopen(kit);
	LOAD(kit, &ITEMS, third, 300, "0 new, 2 changed");
	ASK(kit, "SELECT ID, NAME FROM ITEMS ORDER BY ID", "a|3;b|3;c|2");
}

static void doubles_that_were_put_into_the_table_do_not_break_the_load(void **state)
{
	struct kit *kit = *state;
	struct item first[] = {{"a", "1", 1, 10, NULL}, {"b", "1", 1, 10, NULL}};
	struct item second[] = {{"a", "2", 1, 11, NULL}, {"b", "1", 1, 10, NULL}};
	kit_prepare(kit, &ITEMS);
	LOAD(kit, &ITEMS, first, 100, "2 new, 0 changed");
	kit_do(kit, "INSERT INTO ITEMS FROM ITEMS");
	LOAD(kit, &ITEMS, second, 200, "0 new, 1 changed");
	ASK(kit, "SELECT ID, NAME FROM ITEMS ORDER BY ALL", "a|2;b|1;b|1");
}

static const struct CMUnitTest TESTS[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)
	TEST(new_rows_come_in_with_all_their_types),
	TEST(the_same_batch_twice_changes_nothing),
	TEST(a_newer_row_replaces_and_an_older_one_does_not),
	TEST(at_equal_stamps_what_differs_replaces_in_every_column),
	TEST(a_row_without_stamp_replaces_only_one_without),
	TEST(of_equal_keys_in_one_load_the_newest_wins_then_the_last_read),
	TEST(a_batch_staged_twice_is_loaded_once),
	TEST(extra_is_compared_and_replaced_too),
	TEST(without_a_stamp_the_last_read_wins),
	TEST(an_excluded_stamp_is_none),
	TEST(keys_of_several_columns_are_told_apart),
	TEST(a_column_that_keeps_its_first_value_keeps_it),
	TEST(versions_are_kept_once_each_where_the_table_appends),
	TEST(an_excluded_column_is_absent_from_a_new_table_and_null_in_an_old_one),
	TEST(a_row_that_comes_again_loses_what_is_excluded_since),
	TEST(the_order_of_merging_does_not_matter),
	TEST(columns_that_a_user_added_are_left_alone),
	TEST(a_unique_index_that_a_user_made_is_no_hindrance),
	TEST(doubles_that_were_put_into_the_table_do_not_break_the_load),
};

int main(void)
{
	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
