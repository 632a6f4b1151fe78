"""Snowflake's SQL as far as a loader and its readers use it."""

import datetime
import decimal

import pytest
from conftest import connected, python, refused

CREATE = """CREATE TABLE IF NOT EXISTS "{}" (
    "ID" TEXT NOT NULL COMMENT 'it''s the "key"',
    "USED" BOOLEAN, "LATITUDE" DOUBLE, "WEATHERCODE" NUMBER(38,0),
    "DETAILS" VARIANT, "PLAIN" TEXT, "CREATED_AT" TIMESTAMP_NTZ COMMENT 'UTC',
    PRIMARY KEY ("ID")) COMMENT = 'of it''s kind'"""


def one(loader, expression, name=None):
    (value,), = loader.run(f"SELECT {expression}" + (f' FROM "{name}"' if name else ""))
    return value


# --- tables ---
def test_columns_tell_their_declared_types_and_comments(loader, snow):
    loader.run(CREATE.format("TYPED"))
    asked = ("SELECT COLUMN_NAME, DATA_TYPE, IS_NULLABLE, COMMENT"
             " FROM \"ANALYTICS\".INFORMATION_SCHEMA.COLUMNS"
             " WHERE TABLE_SCHEMA = 'MOVEWORKS' AND TABLE_NAME = 'TYPED' ORDER BY ORDINAL_POSITION")
    expected = [
        ("ID", "TEXT", "NO", "it's the \"key\""), ("USED", "BOOLEAN", "YES", None),
        ("LATITUDE", "FLOAT", "YES", None), ("WEATHERCODE", "NUMBER", "YES", None),
        ("DETAILS", "VARIANT", "YES", None), ("PLAIN", "TEXT", "YES", None),
        ("CREATED_AT", "TIMESTAMP_NTZ", "YES", "UTC")]
    assert loader.run(asked) == expected == snow.rows(asked)
    described = loader.table('DESCRIBE TABLE "TYPED"').to_pylist()
    assert [(row["name"], row["type"], row["null?"], row["primary key"], row["comment"])
            for row in described] == [
        ("ID", "VARCHAR(16777216)", "N", "Y", "it's the \"key\""),
        ("USED", "BOOLEAN", "Y", "N", None), ("LATITUDE", "FLOAT", "Y", "N", None),
        ("WEATHERCODE", "NUMBER(38,0)", "Y", "N", None), ("DETAILS", "VARIANT", "Y", "N", None),
        ("PLAIN", "VARCHAR(16777216)", "Y", "N", None),
        ("CREATED_AT", "TIMESTAMP_NTZ(9)", "Y", "N", "UTC")]
    with python(snow) as cursor:
        cursor.execute('SELECT * FROM "TYPED"')
        assert [column.type_code for column in cursor.description] == [2, 13, 1, 0, 5, 2, 8]


def test_tables_tell_what_there_is(loader):
    assert loader.run(CREATE.format("THERE"))[0][0] == "Table THERE successfully created."
    assert "already exists" in loader.run(CREATE.format("THERE"))[0][0]
    with refused(2002):
        loader.run('CREATE TABLE "THERE" ("ID" TEXT)')
    loader.run('CREATE VIEW "THERE_V" AS SELECT 1 AS "A"')
    assert loader.run("SELECT TABLE_NAME, TABLE_TYPE, COMMENT FROM INFORMATION_SCHEMA.TABLES"
                      " WHERE TABLE_SCHEMA = 'MOVEWORKS' AND TABLE_NAME LIKE 'THERE%' ORDER BY 1"
                      ) == [("THERE", "BASE TABLE", "of it's kind"), ("THERE_V", "VIEW", None)]
    shown, = loader.table("SHOW TABLES LIKE 'THERE%' IN SCHEMA \"ANALYTICS\".\"MOVEWORKS\""
                          ).to_pylist()
    assert (shown["name"], shown["comment"]) == ("THERE", "of it's kind")
    loader.run('DROP TABLE "THERE"')
    with refused(2003):
        loader.run('DROP TABLE "THERE"')
    loader.run('DROP TABLE IF EXISTS "THERE"')
    assert loader.run("SHOW TABLES LIKE 'THERE%'") == []


def test_columns_are_added_and_commented(loader):
    loader.run('CREATE TABLE "GROWS" ("ID" TEXT)')
    loader.run("""INSERT INTO "GROWS" VALUES ('a')""")
    loader.run("""ALTER TABLE "GROWS" ADD COLUMN "EXTRA" VARIANT COMMENT 'the rest'""")
    loader.run('ALTER TABLE "GROWS" ADD COLUMN IF NOT EXISTS "EXTRA" TEXT')
    with refused(1430):
        loader.run('ALTER TABLE "GROWS" ADD COLUMN "EXTRA" TEXT')
    loader.run("""COMMENT ON TABLE "GROWS" IS 'a "table''s" comment'""")
    loader.run("""COMMENT ON COLUMN "GROWS"."ID" IS 'the id'""")
    assert loader.run('SELECT * FROM "GROWS"') == [("a", None)]
    assert loader.run("SELECT COLUMN_NAME, DATA_TYPE, COMMENT FROM INFORMATION_SCHEMA.COLUMNS"
                      " WHERE TABLE_NAME = 'GROWS' ORDER BY ORDINAL_POSITION") == [
        ("ID", "TEXT", "the id"), ("EXTRA", "VARIANT", "the rest")]
    assert loader.run("SELECT COMMENT FROM INFORMATION_SCHEMA.TABLES"
                      " WHERE TABLE_NAME = 'GROWS'") == [("a \"table's\" comment",)]


def test_the_older_programs_table_is_turned_into_the_new_one(loader, snow):
    """Text for times, JSON as a string in VARIANT: SELECT with TRY_, then SWAP WITH."""
    loader.run('CREATE OR REPLACE TABLE OLD_T (ID VARCHAR(255), DETAILS VARIANT,'
               ' CREATED_AT VARCHAR(255))')
    loader.run("""INSERT INTO OLD_T SELECT column1, TO_VARIANT(column2), column3 FROM VALUES
        ('1', '{"detail":"x","n":[1,2]}', '2024-01-02T03:04:05.678Z'), ('2', NULL, 'yesterday'),
        ('3', '{broken', '2024-01-02 03:04:05')""")
    assert loader.run("SELECT TYPEOF(DETAILS) FROM OLD_T ORDER BY ID")[0] == ("VARCHAR",)
    loader.run('CREATE TABLE "NEW_T" ("ID" TEXT NOT NULL, "DETAILS" VARIANT,'
               ' "CREATED_AT" TIMESTAMP_NTZ, PRIMARY KEY ("ID"))')
    loader.run("""INSERT INTO "NEW_T" SELECT ID, TRY_PARSE_JSON(DETAILS::TEXT),
        TRY_TO_TIMESTAMP_NTZ(CREATED_AT) FROM OLD_T""")
    loader.run('ALTER TABLE "OLD_T" SWAP WITH "NEW_T"')
    loader.run('ALTER TABLE "NEW_T" RENAME TO "OLD_T_BEFORE"')
    at = datetime.datetime(2024, 1, 2, 3, 4, 5)
    assert snow.rows('SELECT "ID", TYPEOF("DETAILS"), "DETAILS":detail::TEXT,'
                     ' "DETAILS":n[1]::INT, "CREATED_AT" FROM "OLD_T" ORDER BY 1') == [
        ("1", "OBJECT", "x", 2, at.replace(microsecond=678000)), ("2", None, None, None, None),
        ("3", None, None, None, at)]
    assert snow.rows('SELECT COUNT(*) FROM "OLD_T_BEFORE"') == [(3,)]
    assert loader.run('SHOW PRIMARY KEYS IN TABLE "OLD_T"')[0][4] == "ID"
    assert loader.run('SHOW PRIMARY KEYS IN TABLE "OLD_T_BEFORE"') == []


def test_swap_with_a_table_that_is_not_there_changes_nothing(loader):
    loader.run('CREATE TABLE "STAYS" ("ID" TEXT)')
    with refused(2003):
        loader.run('ALTER TABLE "STAYS" SWAP WITH "NOT_THERE"')
    assert loader.run('SELECT COUNT(*) FROM "STAYS"') == [(0,)]


# --- views ---
def test_a_view_keeps_its_text_and_its_comment(loader):
    text = ("CREATE OR REPLACE VIEW \"V\" COPY GRANTS COMMENT = 'a view''s' AS"
            " SELECT \"ID\", \"DETAILS\":name::TEXT AS \"NAME\" FROM \"VIEWED\"")
    loader.run(CREATE.format("VIEWED"))
    for number in (1, 2):
        loader.run(text.replace("view", f"{number}. view"))
    assert loader.run("SELECT VIEW_DEFINITION, COMMENT FROM INFORMATION_SCHEMA.VIEWS"
                      " WHERE TABLE_NAME = 'V'") == [(text.replace("view", "2. view"),
                                                     "a 2. view's")]
    shown, = loader.table("SHOW VIEWS LIKE 'V'").to_pylist()
    assert (shown["name"], shown["comment"]) == ("V", "a 2. view's")
    loader.run("""INSERT INTO "VIEWED" ("ID", "DETAILS") SELECT 'a', PARSE_JSON('{"name":"x"}')""")
    assert loader.run('SELECT * FROM "V"') == [("a", "x")]


# --- JSON ---
@pytest.mark.parametrize("expression, value", [
    ("PARSE_JSON('{\"a\":{\"b\":[1,{\"c\":\"x\"}]}}'):a.b[1].c::TEXT", "x"),
    ("PARSE_JSON('{\"a\":\"x\"}'):a", '"x"'),
    ("PARSE_JSON('{\"a\":\"x\"}'):a::TEXT", "x"),
    ("PARSE_JSON('{\"a\":\"x\"}')['a']::STRING", "x"),
    ("PARSE_JSON('{\"a\":null}'):a::TEXT", None),
    ("PARSE_JSON('{\"a\":1}'):missing", None),
    ("TRY_PARSE_JSON('{broken')", None),
    ("TRY_PARSE_JSON('{\"a\": 1}')", '{"a":1}'),
    ("TYPEOF(PARSE_JSON('{}'))", "OBJECT"), ("TYPEOF(PARSE_JSON('[]'))", "ARRAY"),
    ("TYPEOF(PARSE_JSON('\"x\"'))", "VARCHAR"), ("TYPEOF(PARSE_JSON('1'))", "INTEGER"),
    ("TYPEOF(PARSE_JSON('null'))", "NULL_VALUE"), ("TYPEOF(TRY_PARSE_JSON('{'))", None),
    ("IS_OBJECT(PARSE_JSON('{}'))", True), ("IS_OBJECT(PARSE_JSON('\"{}\"'))", False),
    ("IS_ARRAY(PARSE_JSON('[]'))", True),
    ("TO_VARIANT('{\"a\":1}')::TEXT", '{"a":1}'),
    ("OBJECT_CONSTRUCT('a', 1, 'b', NULL)", '{"a":1}'),
    ("TO_JSON(PARSE_JSON('{\"a\":1}'))", '{"a":1}'),
    ("GET_PATH(PARSE_JSON('{\"a\":{\"b\":1}}'), 'a.b')", "1"),
])
def test_json(loader, expression, value):
    assert one(loader, expression) == value


def test_parse_json_of_what_is_no_json_is_an_error(loader):
    loader.run('CREATE TABLE "NO_JSON" ("T" TEXT)')
    loader.run("""INSERT INTO "NO_JSON" VALUES ('{broken')""")
    with refused(100069):
        loader.run('SELECT PARSE_JSON("T") FROM "NO_JSON"')


# --- other functions ---
@pytest.mark.parametrize("expression, value", [
    ("TRY_TO_TIMESTAMP_NTZ('2024-01-02T03:04:05.678901Z')",
     datetime.datetime(2024, 1, 2, 3, 4, 5, 678901)),
    ("TRY_TO_TIMESTAMP_NTZ('never')", None), ("TRY_TO_TIMESTAMP_NTZ('')", None),
    ("TRY_CAST('never' AS TIMESTAMP_NTZ)", None), ("TRY_CAST('1.5' AS DOUBLE)", 1.5),
    ("TRY_TO_BOOLEAN('true')", True), ("TRY_TO_BOOLEAN('perhaps')", None),
    ("TRY_TO_NUMBER('x')", None), ("IFF(1 > 2, 'a', 'b')", "b"), ("NVL(NULL, 'x')", "x"),
    ("EQUAL_NULL(NULL, NULL)", True), ("NULL IS DISTINCT FROM 1", True),
    ("ROUND(2.5)", 3), ("ROUND(-2.5)", -3), ("OCTET_LENGTH('\u00e4')", 2), ("LENGTH('\u00e4')", 1),
    ("TO_DATE(CONVERT_TIMEZONE('UTC', 'US/Pacific', '2024-07-01 03:00:00'::TIMESTAMP_NTZ))",
     datetime.date(2024, 6, 30)),
    ("DATEDIFF(second, '2024-07-01'::TIMESTAMP_NTZ, '2024-07-01 00:00:09'::TIMESTAMP_NTZ)", 9),
    ("DATEADD(day, -1, '2024-07-01'::TIMESTAMP_NTZ)", datetime.datetime(2024, 6, 30)),
    ("'it''s'", "it's"), ("'a\\'b\\\\c\\n'", "a'b\\c\n"), ("$$a'b$$", "a'b"),
    ("CURRENT_ROLE()", "LOADER"), ("CURRENT_USER()", "FIRN_LOADER"),
    ("CURRENT_WAREHOUSE()", "LOADING"), ("CURRENT_DATABASE()", "ANALYTICS"),
    ("CURRENT_SCHEMA()", "MOVEWORKS"), ("CURRENT_ORGANIZATION_NAME()", "MYORG"),
    ("CURRENT_ACCOUNT_NAME()", "MYACCOUNT"), ("CURRENT_TRANSACTION()", None),
])
def test_functions(loader, expression, value):
    assert one(loader, expression) == value


def test_sums_of_whole_numbers_are_whole(loader, snow):
    loader.run('CREATE TABLE "SUMMED" ("N" NUMBER(38,0), "F" DOUBLE, "D" NUMBER(10,2))')
    assert loader.run('SELECT SUM("N"), COALESCE(SUM("N"), 0) FROM "SUMMED"') == [(None, 0)]
    loader.run('INSERT INTO "SUMMED" VALUES (1, 0.5, 0.25), (2, 1, 1)')
    assert repr(loader.run('SELECT SUM("N"), SUM("F") FROM "SUMMED"')) == "[(3, 1.5)]"
    assert repr(snow.rows('SELECT SUM("N"), SUM("F") FROM "SUMMED"')) == "[(3, 1.5)]"
    assert snow.rows('SELECT SUM("D") FROM "SUMMED"') == [(decimal.Decimal("1.25"),)]


def test_columns_without_a_name_are_called_as_they_are_written(loader):
    assert loader.table("SELECT COUNT(*), CURRENT_ROLE(), 1 AS \"a\"").column_names == [
        "COUNT(*)", "CURRENT_ROLE()", "a"]


def test_time_of_day_is_utc_only_where_the_session_is(snow):
    with connected(snow) as loader:
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        for expression in ("SYSDATE()", "CURRENT_TIMESTAMP()::TIMESTAMP_NTZ"):
            assert abs(one(loader, expression) - now) < datetime.timedelta(seconds=30)
    with connected(snow, TIMEZONE="America/Los_Angeles") as loader:
        assert now - one(loader, "CURRENT_TIMESTAMP()::TIMESTAMP_NTZ") > datetime.timedelta(hours=6)
        assert abs(one(loader, "SYSDATE()") - now) < datetime.timedelta(minutes=1)


def test_qualify_takes_the_newest_of_each(loader):
    loader.run('CREATE TABLE "VERSIONS" ("ID" TEXT, "N" NUMBER)')
    loader.run("""INSERT INTO "VERSIONS" VALUES ('a', 1), ('a', 3), ('b', 2)""")
    assert loader.run('SELECT "ID", "N" FROM "VERSIONS" QUALIFY ROW_NUMBER() OVER'
                      ' (PARTITION BY "ID" ORDER BY "N" DESC) = 1 ORDER BY 1') == [
        ("a", 3), ("b", 2)]


def test_more_than_one_statement_is_refused(loader):
    with refused(8):
        loader.run("SELECT 1; SELECT 2")
    assert loader.run("SELECT 1;") == [(1,)]


# --- rights and surroundings ---
def test_grants_are_told_as_the_test_wishes(loader, snow):
    ask = 'SHOW GRANTS TO ROLE "LOADER"'
    had = loader.table(ask).to_pylist()
    assert ("CREATE STAGE", "SCHEMA", "ANALYTICS.MOVEWORKS") in [
        (row["privilege"], row["granted_on"], row["name"]) for row in had]
    loader.run('REVOKE CREATE STAGE ON SCHEMA "ANALYTICS"."MOVEWORKS" FROM ROLE "LOADER"')
    assert len(loader.run(ask)) == len(had) - 1
    loader.run('GRANT CREATE STAGE ON SCHEMA "ANALYTICS"."MOVEWORKS" TO ROLE "LOADER"')
    assert len(loader.run(ask)) == len(had)
    before = snow.grants()
    snow.grants([])  # what other tests left behind stays owned
    assert [row for row in loader.table(ask).to_pylist() if row["privilege"] != "OWNERSHIP"] == []
    snow.grants(before)
    with refused(2003):
        loader.run('SHOW GRANTS TO ROLE "NOBODYS"')


def test_a_warehouse_and_a_role_must_exist_to_be_used(loader):
    loader.run('USE WAREHOUSE "LOADING"')
    loader.run("USE ROLE PUBLIC")
    assert one(loader, "CURRENT_ROLE()") == "PUBLIC"
    for wrong in ('USE WAREHOUSE "NONE"', "USE ROLE NONE"):
        with refused(2043):
            loader.run(wrong)
    shown, = loader.table("SHOW WAREHOUSES LIKE 'LOADING'").to_pylist()
    assert shown["state"] == "STARTED"


def test_another_schema_for_staging(loader, snow):
    loader.run('CREATE SCHEMA IF NOT EXISTS "STAGING"')
    loader.run('CREATE TRANSIENT TABLE "ANALYTICS"."STAGING"."ROWS" ("ID" TEXT)')
    loader.run("""INSERT INTO "ANALYTICS"."STAGING"."ROWS" VALUES ('a')""")
    assert snow.rows('SELECT * FROM "STAGING"."ROWS"') == [("a",)]
    assert [row[1] for row in loader.run("SHOW SCHEMAS LIKE 'STAG%'")] == ["STAGING"]
