"""firn ddl --migrate: tables that an older program made (text where firn has times, JSON kept as
strings, columns missing) are refused, left alone, and brought over by what it prints."""

import json
import re
import sys

import duckdb
import pytest

import firn_sim

sys.path.append(str(firn_sim.ROOT / "tests" / "snowflake"))
import emulator  # noqa: E402

TEXT = "VARCHAR(16777216)"
# Table by table: text columns, VARIANT columns, booleans; ID and LOAD_TIMESTAMP are in each.
OLD = {
    "MOVEWORKS_CONVERSATIONS": (["LAST_UPDATED_AT", "USER_ID", "CREATED_AT", "ROUTE",
                                 "PRIMARY_DOMAIN"], [], []),
    "MOVEWORKS_INTERACTIONS": (["LAST_UPDATED_AT", "CONVERSATION_ID", "USER_ID", "CREATED_AT",
                                "PLATFORM", "TYPE", "LABEL", "PARENT_INTERACTION_ID", "ACTOR"],
                               ["DETAILS"], []),
    "MOVEWORKS_PLUGIN_CALLS": (["LAST_UPDATED_AT", "CONVERSATION_ID", "USER_ID",
                                "INTERACTION_ID", "CREATED_AT", "PLUGIN_UPDATE_TIME",
                                "PLUGIN_NAME", "PLUGIN_STATUS"], [], ["SERVED", "USED"]),
    "MOVEWORKS_PLUGIN_RESOURCES": (["CONVERSATION_ID", "INTERACTION_ID", "PLUGIN_CALL_ID",
                                    "USER_ID", "TYPE", "RESOURCE_ID", "LAST_UPDATED_AT",
                                    "CREATED_AT"], ["DETAILS"], ["CITED"]),
    "MOVEWORKS_USERS": (["FIRST_NAME", "LAST_NAME", "EMAIL_ADDR", "USER_PREFERRED_LANGUAGE",
                         "EXTERNAL_IDS", "LAST_UPDATED_AT", "FIRST_INTERACTION_AT",
                         "LAST_INTERACTION_AT"], [], ["HAS_ACCESS_TO_BOT"]),
}
STAMP = "2025-08-02T06:03:42.571Z"
CONFIG = """version: 1
pipeline: moveworks
source:
  connector: moveworks
  base_url: %s
  auth: { bearer: "${FIRN_TEST_TOKEN}" }
"""


def create(table, variant, stamp):
    texts, variants, booleans = OLD[table]
    return (f"CREATE OR REPLACE TABLE {table} (ID {TEXT} NOT NULL, "
            + "".join(f"{name} {TEXT}, " for name in texts)
            + "".join(f"{name} {variant}, " for name in variants)
            + "".join(f"{name} BOOLEAN, " for name in booleans)
            + f"LOAD_TIMESTAMP {stamp} DEFAULT CURRENT_TIMESTAMP(), PRIMARY KEY (ID))")


def statements(text):
    text = re.sub(r"^--.*$", "", text, flags=re.M)
    return [one.strip() for one in text.split(";\n") if one.strip()]


class Store:
    """Either kind: old tables with a few rows, SQL, and what firn writes there."""

    def fill(self):
        for table in OLD:
            self.run(create(table, *self.types))
        rows = [("i1", STAMP, "2025-08-01T10:00:00.123Z", '{"content":"it''s","n":[1,2]}'),
                ("i2", STAMP, "soon", "no JSON"), ("i3", STAMP, None, None)]
        for id_, updated, created, details in rows:
            values = ", ".join("NULL" if value is None else "'" + value.replace("'", "''") + "'"
                               for value in (id_, updated, created))
            detail = "NULL" if details is None else self.string(details)
            self.run("INSERT INTO MOVEWORKS_INTERACTIONS (ID, LAST_UPDATED_AT, CREATED_AT,"
                     f" DETAILS) SELECT {values}, {detail}")
        self.run("INSERT INTO MOVEWORKS_USERS (ID, EXTERNAL_IDS, HAS_ACCESS_TO_BOT,"
                 f" LAST_UPDATED_AT) SELECT 'u1', '[\"a\", \"b\"]', TRUE, '{STAMP}'")


class DuckStore(Store):
    types = ("JSON", "TIMESTAMP")

    def __init__(self, firn):
        self.file = firn.path("old.duckdb")
        self.destination = "destination: { duckdb: old.duckdb }\n"

    def run(self, sql):
        with duckdb.connect(str(self.file)) as connection:
            return connection.execute(sql.replace("CURRENT_TIMESTAMP()",
                                                  "current_timestamp")).fetchall()

    def run_all(self, statements):
        with duckdb.connect(str(self.file)) as connection:
            for statement in statements:
                connection.execute(statement)

    @staticmethod
    def string(text):
        return "to_json('" + text.replace("'", "''") + "'::VARCHAR)"


class SnowStore(Store):
    types = ("VARIANT", "TIMESTAMP_NTZ")

    def __init__(self, snowflake):
        self.rows = snowflake.rows
        self.destination = snowflake.destination()

    def run(self, sql):
        return self.rows(sql)

    def run_all(self, statements):
        for statement in statements:
            self.rows(statement)

    @staticmethod
    def string(text):
        return "TO_VARIANT('" + text.replace("'", "''") + "')"


@pytest.fixture(params=["DuckDB", "Snowflake"])
def store(request, firn, tmp_path):
    if request.param == "DuckDB":
        yield DuckStore(firn)
        return
    with emulator.start(tmp_path / "snowflake") as running:
        yield SnowStore(running)


def numbers(row):
    return [int(value) for value in row]


def test_tables_of_the_older_program_are_left_alone_and_brought_over(firn, sim, store):
    store.fill()
    firn.write("firn.yaml", CONFIG % sim.base + store.destination)
    done = firn("run")
    assert done.code == 2 and "firn ddl --migrate" in done.err, done
    assert done.err.count("other types than firn writes") == 1, done
    assert numbers(store.run("SELECT COUNT(*), COUNT(CREATED_AT) FROM MOVEWORKS_INTERACTIONS")[0]) \
        == [3, 2]

    printed = firn("ddl", "--migrate")
    assert printed.code == 0 and "5 tables" in printed.err, printed
    store.run_all(statements(printed.out))
    rows = store.run('SELECT ID, DETAILS, CREATED_AT, LAST_UPDATED_AT, EXTRA'
                     ' FROM MOVEWORKS_INTERACTIONS ORDER BY ID')
    assert json.loads(rows[0][1]) == {"content": "its", "n": [1, 2]}
    assert str(rows[0][2])[:23].replace("T", " ") == "2025-08-01 10:00:00.123"
    assert str(rows[0][3])[:23].replace("T", " ") == "2025-08-02 06:03:42.571"
    assert json.loads(rows[1][1]) == "no JSON" and rows[1][2] is None and rows[1][4] is None
    assert rows[2][1] is None
    assert json.loads(store.run("SELECT EXTERNAL_IDS FROM MOVEWORKS_USERS")[0][0]) == ["a", "b"]
    old = numbers(store.run("SELECT COUNT(*), COUNT(CREATED_AT)"
                            " FROM MOVEWORKS_INTERACTIONS_BEFORE_FIRN")[0])
    assert old == [3, 2]

    again = firn("ddl", "--migrate")
    assert again.code == 0 and again.out == "" and "nothing is to be migrated" in again.err, again
    done = firn("run")
    assert done.code == 0, done
    count, = numbers(store.run("SELECT COUNT(*) FROM MOVEWORKS_INTERACTIONS"
                               " WHERE ID IN ('i1', 'i2', 'i3')")[0])
    assert count == 3


def test_a_run_that_would_bring_nothing_stops_at_an_older_table_too(firn, store):
    """Before the source is asked for anything."""
    with firn_sim.start("--users", "0", "--interactions", "100") as empty:
        firn.write("firn.yaml", CONFIG % empty.base + "  streams: [users]\n" + store.destination)
        store.run(create("MOVEWORKS_USERS", *store.types))
        for command in (["run"], ["initial-load", "--from", "2026-01-01", "--to", "2026-01-02"]):
            done = firn(*command)
            assert done.code == 2 and "firn ddl --migrate" in done.err, done
            assert "MOVEWORKS_USERS" in done.err, done
        assert empty.log() == []


def test_counts_that_differ_show_before_anything_is_exchanged(firn, store):
    store.fill()
    firn.write("firn.yaml", CONFIG % "http://127.0.0.1:9" + store.destination)
    printed = firn("ddl", "--migrate")
    found = {}
    for statement in statements(printed.out):
        if "SWAP" in statement or statement in ("BEGIN", "COMMIT") or "RENAME" in statement:
            continue
        rows = store.run(statement)
        if " AS what" in statement and "_INTERACTIONS" in statement:
            found[rows[0][0]] = numbers(rows[0][1:])
    assert found == {"ID": [3, 3], "CREATED_AT": [2, 1], "LAST_UPDATED_AT": [3, 3]}
