/* Views are written when they have changed, and only then. */
#include "warehouse_kit.h"

#include "base/text.h"

struct told {
	struct buf text;
};

static void tell(void *user, const char *name, bool written)
{
	struct told *told = user;
	buf_addf(&told->text, "%s%s%s", told->text.size == 0 ? "" : " ", name,
		 written ? "!" : "");
}

static const struct view_options PLAIN = {.prefix = "", .timezone = "UTC"};

/* "NAME!" was written, "NAME" was as it should be. */
static void write_views(struct kit *kit, const struct view *views, size_t n,
			const struct view_options *options, const char *expected)
{
	struct err err = {.kind = ERR_NONE};
	struct told told;
	buf_init(&told.text, 4096);
	if (!warehouse_views(kit->warehouse, views, n, options, tell, &told, &err))
		fail_msg("%s", err.text);
	assert_string_equal(buf_text(&told.text), expected);
	buf_done(&told.text);
}

#define VIEW(name, sql) {name, {sql, sizeof(sql) - 1}, "what it is for: it's \"counts\""}

static void a_view_is_written_only_where_its_text_has_changed(void **state)
{
	struct kit *kit = *state;
	struct view first[] = {VIEW("V_NAMES", "SELECT i.\"NAME\" FROM {table ITEMS} AS i")};
	struct view second[] = {VIEW("V_NAMES", "SELECT i.\"ID\" FROM {table ITEMS} AS i")};
	kit_prepare(kit, &ITEMS);
	write_views(kit, first, 1, &PLAIN, "V_NAMES!");
	write_views(kit, first, 1, &PLAIN, "V_NAMES");
	kit_reopen(kit);
	write_views(kit, first, 1, &PLAIN, "V_NAMES");
	write_views(kit, second, 1, &PLAIN, "V_NAMES!");
	kit_do(kit, "INSERT INTO ITEMS (ID) VALUES ('a')");
	ASK(kit, "SELECT \"ID\" FROM V_NAMES", "a");
	ASK(kit, "SELECT comment LIKE 'what it is for: it''s \"counts\" [firn ________________]'"
	    " FROM duckdb_views() WHERE view_name = 'V_NAMES'", "true");
}

static void a_view_that_somebody_changed_is_restored(void **state)
{
	struct kit *kit = *state;
	struct view views[] = {VIEW("V_NAMES", "SELECT i.\"NAME\" FROM {table ITEMS} AS i")};
	kit_prepare(kit, &ITEMS);
	write_views(kit, views, 1, &PLAIN, "V_NAMES!");
	kit_do(kit, "CREATE OR REPLACE VIEW V_NAMES AS SELECT 1 AS a");
	write_views(kit, views, 1, &PLAIN, "V_NAMES!");
}

static void a_view_without_its_tables_is_left_out(void **state)
{
	struct kit *kit = *state;
	struct view views[] = {
		VIEW("V_BOTH", "SELECT i.\"ID\" FROM {table ITEMS} AS i, {table OTHERS} AS o"),
		VIEW("V_NAMES", "SELECT i.\"NAME\" FROM {table ITEMS} AS i"),
	};
	kit_prepare(kit, &ITEMS);
	write_views(kit, views, 2, &PLAIN, "V_NAMES!");
	kit_do(kit, "CREATE TABLE OTHERS (a INTEGER)");
	write_views(kit, views, 2, &PLAIN, "V_BOTH! V_NAMES");
}

static void tables_and_views_carry_the_prefix(void **state)
{
	struct kit *kit = *state;
	struct table table = ITEMS;
	struct view_options options = PLAIN;
	struct view views[] = {VIEW("V_NAMES", "SELECT i.\"NAME\" FROM {table ITEMS} AS i")};
	table.name = "EU_ITEMS";
	options.prefix = "EU_";
	kit_prepare(kit, &table);
	write_views(kit, views, 1, &options, "EU_V_NAMES!");
	write_views(kit, views, 1, &options, "EU_V_NAMES");
	write_views(kit, views, 1, &PLAIN, "");
}

static void one_that_fails_does_not_keep_the_others(void **state)
{
	struct kit *kit = *state;
	struct err err = {.kind = ERR_NONE};
	struct told told;
	struct view views[] = {
		VIEW("V_GONE", "SELECT i.\"EXCLUDED\" FROM {table ITEMS} AS i"),
		VIEW("ITEMS", "SELECT i.\"NAME\" FROM {table ITEMS} AS i"), /* a table's name */
		VIEW("V_NAMES", "SELECT i.\"NAME\" FROM {table ITEMS} AS i"),
	};
	buf_init(&told.text, 4096);
	kit_prepare(kit, &ITEMS);
	assert_false(warehouse_views(kit->warehouse, views, 3, &PLAIN, tell, &told, &err));
	assert_string_equal(buf_text(&told.text), "V_NAMES!");
	assert_non_null(strstr(err.text, "cannot create view 'V_GONE': "));
	ASK(kit, "SELECT COUNT(*) FROM ITEMS", "0");
	buf_done(&told.text);
}

static const struct CMUnitTest TESTS[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)
	TEST(a_view_is_written_only_where_its_text_has_changed),
	TEST(a_view_that_somebody_changed_is_restored),
	TEST(a_view_without_its_tables_is_left_out),
	TEST(tables_and_views_carry_the_prefix),
	TEST(one_that_fails_does_not_keep_the_others),
};

int main(void)
{
	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
