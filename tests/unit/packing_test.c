/* How the tables that firn makes in a DuckDB file are stored. */
#include "warehouse/dialect.h"
#include "warehouse_kit.h"

#define STORED "pragma_storage_info('ITEMS') WHERE segment_type <> 'VALIDITY' AND column_name"

static void fill(struct kit *kit)
{
	kit_prepare(kit, &ITEMS);
	kit_do(kit, "INSERT INTO ITEMS (ID, NAME, DOC) SELECT 'id-' || i, 'name ' || i % 10,"
	       " '{\"text\":\"about ' || i || '\"}' FROM range(10000) AS r(i)");
	kit_do(kit, "CHECKPOINT");
}

/* A dictionary of keys or of JSON has no two entries alike: it took a third of a load's time. */
static void keys_and_json_are_packed_and_other_texts_are_not(void **state)
{
	struct kit *kit = *state;
	fill(kit);
	ASK(kit, "SELECT DISTINCT column_name FROM " STORED " <> 'EXTRA' AND compression = 'ZSTD'"
	    " ORDER BY 1", "DOC;ID");
	kit_reopen(kit);
	fill(kit);
	ASK(kit, "SELECT DISTINCT compression FROM " STORED " IN ('DOC', 'ID')", "ZSTD");
}

/* Where versions are kept the same key comes often, of a key of several columns each may. */
static void keys_that_come_more_than_once_are_not_packed(void **state)
{
	static const unsigned KEY[] = {ITEM_ID, ITEM_NAME};
	struct table table = ITEMS;
	struct buf sql;
	(void)state;
	buf_init(&sql, SQL_BYTES_MAX);
	table.append = true;
	sql_create_table(&sql, dialect_of(WAREHOUSE_DUCKDB), &table, true);
	assert_non_null(strstr(buf_text(&sql), "(\"ID\" VARCHAR, \"NAME\" VARCHAR, "));
	assert_non_null(strstr(buf_text(&sql), "\"DOC\" JSON USING COMPRESSION zstd, "));
	buf_clear(&sql);
	table.append = false;
	table.key = KEY;
	table.key_n = 2;
	sql_create_table(&sql, dialect_of(WAREHOUSE_DUCKDB), &table, true);
	assert_non_null(strstr(buf_text(&sql), "(\"ID\" VARCHAR, \"NAME\" VARCHAR, "));
	buf_done(&sql);
}

/* DuckDB takes the word, and then stores such a column without any compression. */
static void a_file_that_cannot_be_packed_is_compressed_as_it_can(void **state)
{
	struct kit *kit = *state;
	struct buf sql;
	buf_init(&sql, SQL_BYTES_MAX);
	buf_addf(&sql, "ATTACH '%s/old.duckdb' AS old (STORAGE_VERSION 'v1.0.0')", kit->folder);
	kit_do(kit, buf_text(&sql));
	kit_close(kit);
	snprintf(kit->file, sizeof kit->file, "%s/old.duckdb", kit->folder);
	kit_open(kit);
	fill(kit);
	/* A segment or two it leaves as they are, sometimes. */
	ASK(kit, "SELECT COUNT(*) FILTER (WHERE compression NOT IN ('ZSTD', 'Uncompressed')) > 0,"
	    " COUNT(*) FILTER (WHERE compression = 'ZSTD') FROM " STORED " IN ('DOC', 'ID')",
	    "true|0");
	buf_done(&sql);
}

static const struct CMUnitTest TESTS[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)
	TEST(keys_and_json_are_packed_and_other_texts_are_not),
	TEST(keys_that_come_more_than_once_are_not_packed),
	TEST(a_file_that_cannot_be_packed_is_compressed_as_it_can),
};

int main(void)
{
	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
