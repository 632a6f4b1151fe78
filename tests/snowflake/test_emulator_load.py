"""The load path: bulk ingest, MERGE with its counts, and what is written down of it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

import adbc
import emulator
import pyarrow
from conftest import connected, python, refused

MERGE = """MERGE INTO "{0}" AS t USING (
    SELECT "ID", TRY_PARSE_JSON("D") AS "D", "AT" FROM "{1}"
    QUALIFY ROW_NUMBER() OVER (PARTITION BY "ID" ORDER BY "AT" DESC) = 1) AS s
ON t."ID" = s."ID"
WHEN MATCHED AND s."AT" >= t."AT" AND t."D" IS DISTINCT FROM s."D"
    THEN UPDATE SET t."D" = s."D", t."AT" = s."AT"
WHEN NOT MATCHED THEN INSERT ("ID", "D", "AT") VALUES (s."ID", s."D", s."AT")"""
COLUMNS = '("ID" TEXT NOT NULL, "D" {}, "AT" TIMESTAMP_NTZ)'


def rows(ids, value=1, at=0):
    return pyarrow.table({
        "ID": [str(one) for one in ids], "D": [json.dumps({"a": value})] * len(ids),
        "AT": pyarrow.array([1_700_000_000_000_000 + at] * len(ids), pyarrow.timestamp("us"))})


def tables(loader, name):
    loader.run(f'CREATE TABLE "{name}" {COLUMNS.format("VARIANT")}')
    loader.run(f'CREATE TRANSIENT TABLE "S_{name}" {COLUMNS.format("TEXT")}')


def test_starts_on_a_free_port_beside_another_and_ends_when_told(shared, tmp_path):
    with emulator.start(tmp_path / "one") as one:
        assert one.port != shared.port
        assert one.rows("SELECT 1") == [(1,)] == shared.rows("SELECT 1")
        assert one.stop() == 0
    assert one.process.returncode != -signal.SIGKILL


STARTER = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
import emulator
print(emulator.start(sys.argv[2]).process.pid, flush=True)
time.sleep(60)
"""


def runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_ends_with_the_test_that_started_it(tmp_path):
    with subprocess.Popen([sys.executable, "-B", "-c", STARTER, os.path.dirname(__file__),
                           str(tmp_path)], stdout=subprocess.PIPE, text=True) as test:
        pid = int(test.stdout.readline())
        os.kill(pid, 0)
        test.kill()
    end = time.monotonic() + 10
    while time.monotonic() < end and runs(pid):
        time.sleep(0.1)
    assert not runs(pid)


def test_ingest_brings_every_kind_of_value_as_it_was(loader, snow):
    loader.run('CREATE TABLE "KINDS" ("T" TEXT, "B" BOOLEAN, "I" NUMBER(38,0), "F" DOUBLE,'
               ' "AT" TIMESTAMP_NTZ)')
    early, late = -62_135_596_800_000_000, 253_402_300_799_999_999  # year 1, and end of 9999
    table = pyarrow.table({
        "T": ["", None, "Ä\n'\"\\;\U0001f600", "x" * 100_000],
        "B": [True, False, None, True], "I": [2 ** 62, -1, 0, None],
        "F": [1.5, -0.25, None, 1e300],
        "AT": pyarrow.array([early, late, None, -1], pyarrow.timestamp("us"))})
    assert loader.ingest("KINDS", table) == 4
    assert loader.table('SELECT * FROM "KINDS"').to_pydict() == table.to_pydict()
    with python(snow) as cursor:
        assert cursor.execute('SELECT * FROM "KINDS"').fetchall() == [
            tuple(row.values()) for row in table.to_pylist()]


def test_each_ingest_is_loaded_though_its_file_has_the_name_of_an_earlier_one(loader, snow):
    loader.run(f'CREATE TABLE "AGAIN" {COLUMNS.format("TEXT")}')
    for step in range(3):
        assert loader.ingest("AGAIN", rows(range(10), step)) == 10
    assert snow.rows('SELECT COUNT(*) FROM "AGAIN"') == [(30,)]
    names = {upload["path"] for upload in snow.uploads(snow.since)}
    assert len(snow.uploads(snow.since)) == 3 and len(names) == 1, names


def test_uploads_and_copies_side_by_side_lose_nothing(loader, snow):
    """The driver's own defaults: many files, some copied while others are still on their way."""
    loader.run(f'CREATE TABLE "MANY" {COLUMNS.format("TEXT")}')
    table = pyarrow.concat_tables([rows(range(at, at + 500), str(at) * 50)
                                   for at in range(0, 10_000, 500)])
    options = {adbc.STATEMENT + "ingest_target_file_size": "4096",
               adbc.STATEMENT + "ingest_upload_concurrency": "4",
               adbc.STATEMENT + "ingest_copy_concurrency": "4"}
    assert loader.ingest("MANY", table, options=options, stream=True) == 10_000
    assert len(snow.uploads(snow.since)) > 4
    assert snow.rows('SELECT COUNT(*), COUNT(DISTINCT "ID") FROM "MANY"') == [(10_000, 10_000)]


def test_temporary_staging_is_found_by_copy_and_ends_with_its_session(snow):
    with connected(snow) as loader:
        loader.run(f'CREATE TEMPORARY TABLE "BRIEF" {COLUMNS.format("TEXT")}')
        assert loader.ingest("BRIEF", rows(range(5))) == 5
        assert loader.run('SELECT COUNT(*) FROM "BRIEF"') == [(5,)]
    with connected(snow) as loader, refused(2003):
        loader.run('SELECT COUNT(*) FROM "BRIEF"')


def test_a_column_that_the_table_lacks_and_one_that_the_file_lacks(loader):
    loader.run('CREATE TABLE "NARROW" ("ID" TEXT, "OTHER" TEXT)')
    assert loader.ingest("NARROW", rows(range(2))) == 2
    assert loader.run('SELECT * FROM "NARROW" ORDER BY 1') == [("0", None), ("1", None)]


def test_merge_tells_inserted_and_updated(loader, snow):
    tables(loader, "USERS")
    loader.ingest("S_USERS", rows(range(100)))
    assert loader.run(MERGE.format("USERS", "S_USERS")) == [(100, 0)]
    assert loader.run(MERGE.format("USERS", "S_USERS")) == [(0, 0)]
    loader.run('DELETE FROM "S_USERS"')
    loader.ingest("S_USERS", rows(range(90, 105), value=2, at=1))
    loader.ingest("S_USERS", rows(range(95, 105), value=3, at=2))  # the newest of two is taken
    result = loader.table(MERGE.format("USERS", "S_USERS"))
    assert result.column_names == ["number of rows inserted", "number of rows updated"]
    assert result.to_pylist() == [{"number of rows inserted": 5, "number of rows updated": 10}]
    assert snow.rows('SELECT "D":a::INT, COUNT(*) FROM "USERS" GROUP BY 1 ORDER BY 1') == [
        (1, 90), (2, 5), (3, 10)]
    merge = snow.statements(snow.since, kinds=["MERGE"])[-1]
    assert merge["result"] == [["5", "10"]]


def test_merge_without_a_result_tells_the_sum(loader):
    tables(loader, "SUMS")
    loader.ingest("S_SUMS", rows(range(7)))
    assert loader.update(MERGE.format("SUMS", "S_SUMS")) == 7


def test_merge_refuses_two_rows_for_one(loader):
    tables(loader, "TWICE")
    loader.ingest("S_TWICE", rows([1]))
    loader.run(MERGE.format("TWICE", "S_TWICE"))
    loader.ingest("S_TWICE", rows([1], value=2))
    with refused(100090):
        loader.run('MERGE INTO "TWICE" AS t USING "S_TWICE" AS s ON t."ID" = s."ID"'
                   ' WHEN MATCHED THEN UPDATE SET "AT" = s."AT"')


def test_a_key_is_declared_and_not_enforced(loader):
    loader.run('CREATE TABLE "KEYED" ("ID" TEXT NOT NULL, "N" NUMBER, PRIMARY KEY ("ID"))')
    loader.run("""INSERT INTO "KEYED" VALUES ('a', 1), ('a', 2)""")
    assert loader.run('SELECT COUNT(*) FROM "KEYED"') == [(2,)]
    assert [row[4] for row in loader.run('SHOW PRIMARY KEYS IN TABLE "KEYED"')] == ["ID"]
    with refused(100072):
        loader.run('INSERT INTO "KEYED" ("N") VALUES (3)')


# --- what is written down ---
def test_the_journal_has_logins_statements_and_uploads_in_order(snow):
    with connected(snow, **{"QUERY_TAG": "firn test"}) as loader:
        loader.run(f'CREATE TABLE "TOLD" {COLUMNS.format("TEXT")}')
        loader.ingest("TOLD", rows(range(3)))
        with refused(2003):
            loader.run('SELECT * FROM "NOWHERE"')
    login, = snow.logins(snow.since)
    assert login["user"] == "FIRN_LOADER" and login["account"] == "MYORG-MYACCOUNT"
    assert login["namespace"] == {"database": "ANALYTICS", "schema": "MOVEWORKS",
                                  "warehouse": "LOADING", "role": "LOADER"}
    sent = {name: login["parameters"][name] for name in adbc.SESSION}
    assert sent == {**adbc.SESSION, "QUERY_TAG": "firn test"}
    statements = snow.statements(snow.since)
    assert [one["kind"] for one in statements] == [
        "CREATE TABLE", "SELECT", "CREATE STAGE", "PUT", "COPY", "SELECT", "SELECT"]
    assert {one["session"] for one in statements} == {login["session"]}
    assert statements[0]["text"].startswith('CREATE TABLE "TOLD"')
    assert statements[0]["seconds"] > 0 and statements[0]["error"] is None
    assert statements[-1]["error"]["code"] == "002003"
    upload, = snow.uploads(snow.since)
    assert upload["bytes"] > 100
    assert statements[3]["n"] < upload["n"] < statements[4]["n"], "PUT, the file, COPY"
    assert snow.wait_for("close", session=login["session"])


def test_the_journal_is_the_same_over_http(snow, loader):
    loader.run("SELECT 'asked for'")
    with urllib.request.urlopen(f"http://127.0.0.1:{snow.port}/launcher/journal") as answer:
        told = json.load(answer)
    assert told == snow.journal()
    assert any("asked for" in one.get("text", "") for one in told)


def test_the_tests_own_reading_is_not_among_the_statements(snow, loader):
    snow.rows("SELECT 'own'")
    assert snow.statements(snow.since) == []
    assert len(snow.statements(snow.since, all=True)) == 1


# --- the power fails ---
def test_after_a_kill_what_was_committed_is_there_and_nothing_else(tmp_path):
    with emulator.start(tmp_path) as snow:
        with connected(snow) as loader:
            tables(loader, "KEPT")
            loader.run(f'CREATE TEMPORARY TABLE "BRIEF" {COLUMNS.format("TEXT")}')
            loader.run("""COMMENT ON TABLE "KEPT" IS 'stays'""")
            loader.ingest("S_KEPT", rows(range(10)))
            loader.begin()
            loader.run(MERGE.format("KEPT", "S_KEPT"))
            loader.commit()
            loader.run('DELETE FROM "KEPT" WHERE "ID" = \'3\'')
            port, last = snow.port, snow.mark()
            snow.kill()
        snow.restart()
        assert snow.port == port
        assert snow.rows('SELECT COUNT(*) FROM "KEPT"') == [(10,)], "the DELETE was not committed"
        assert snow.rows('SELECT COUNT(*) FROM "S_KEPT"') == [(10,)]
        assert snow.rows("SELECT TABLE_NAME, COMMENT FROM INFORMATION_SCHEMA.TABLES"
                         " WHERE TABLE_NAME IN ('KEPT', 'BRIEF')") == [("KEPT", "stays")]
        assert snow.journal()[last]["n"] == last + 1, "the record goes on"
        with connected(snow) as loader:
            assert loader.ingest("S_KEPT", rows(range(10))) == 10
