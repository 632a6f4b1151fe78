"""Transactions, sessions and locks, where Snowflake and DuckDB differ."""

import os
import signal
import subprocess
import sys
import threading
import time

import adbc_driver_manager
import emulator
import pytest
from conftest import connected, python, refused


def table(loader, name):
    loader.run(f'CREATE TABLE "{name}" ("ID" TEXT, "N" NUMBER(38,0))')
    loader.run(f"""INSERT INTO "{name}" VALUES ('a', 1), ('b', 2)""")


def numbers(snow, name):
    return snow.rows(f'SELECT "N" FROM "{name}" ORDER BY 1')


def in_background(call):
    """Starts it; the function that waits for its result."""
    found = []

    def run():
        try:
            found.append(call())
        except Exception as error:
            found.append(error)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def wait(seconds=15):
        thread.join(seconds)
        assert found, "it still waits"
        return found[0]
    wait.over = lambda: not thread.is_alive()
    return wait


def test_commit_keeps_all_and_rollback_nothing(loader, snow):
    table(loader, "BOTH")
    loader.begin()
    loader.run('UPDATE "BOTH" SET "N" = 10 WHERE "ID" = \'a\'')
    loader.run('DELETE FROM "BOTH" WHERE "ID" = \'b\'')
    assert numbers(snow, "BOTH") == [(1,), (2,)], "others do not see it yet"
    assert loader.run('SELECT "N" FROM "BOTH"') == [(10,)], "it sees its own"
    loader.roll_back()
    assert numbers(snow, "BOTH") == [(1,), (2,)]
    loader.run('UPDATE "BOTH" SET "N" = 10 WHERE "ID" = \'a\'')
    loader.commit()
    assert numbers(snow, "BOTH") == [(2,), (10,)]


def test_the_record_tells_the_borders_of_a_transaction(loader, snow):
    table(loader, "BORDERS")
    mark = snow.mark()
    loader.begin()
    loader.run('UPDATE "BORDERS" SET "N" = 5')
    loader.run('DELETE FROM "BORDERS" WHERE "ID" = \'b\'')
    loader.commit()
    loader.end()
    loader.run('UPDATE "BORDERS" SET "N" = 6')
    sent = [one for one in snow.statements(mark) if one["kind"] != "ALTER SESSION"]
    assert [one["kind"] for one in sent[:4]] == ["BEGIN", "UPDATE", "DELETE", "COMMIT"]
    assert len({one["transaction"] for one in sent[:4]}) == 1 and sent[0]["transaction"]
    assert [one["committed"] for one in sent[:4]] == [None, None, None, "COMMIT"]
    assert sent[-1]["kind"] == "UPDATE" and sent[-1]["transaction"] is None
    assert sent[-1]["autocommit"] is True


def test_whole_transactions_are_told_and_what_does_not_belong_there(loader, snow):
    table(loader, "WHOLE")
    mark = snow.mark()
    loader.begin()
    loader.run('UPDATE "WHOLE" SET "N" = 5')
    loader.roll_back()
    loader.run('DELETE FROM "WHOLE"')
    loader.commit()
    whole = [[one["kind"] for one in of] for of in snow.transactions(mark)]
    assert ["BEGIN", "DELETE", "COMMIT"] in whole
    assert not any("UPDATE" in of for of in whole), "it was rolled back"
    loader.run('DELETE FROM "WHOLE"')
    loader.run("SHOW TABLES")
    loader.commit()
    with pytest.raises(AssertionError, match="within a transaction: SHOW"):
        snow.transactions(mark)
    mark = snow.mark()
    loader.run('DELETE FROM "WHOLE"')
    loader.run('DROP TABLE "WHOLE"')
    with pytest.raises(AssertionError, match="it commits what is open: DROP"):
        snow.transactions(mark)


def test_the_record_tells_what_a_parser_takes_each_statement_for(loader, snow):
    for text, kind in (("SELECT 1", "Select"), ("CREATE PIPE P AS SELECT", "Command"),
                       ("SELECT 1 +", None)):
        mark = snow.mark()
        try:
            loader.run(text)
        except adbc_driver_manager.Error:
            pass
        assert snow.statements(mark)[0]["parsed"] == kind


def test_ddl_commits_an_open_transaction_and_the_record_says_so(loader, snow):
    table(loader, "EARLY")
    loader.begin()
    loader.run('UPDATE "EARLY" SET "N" = 7')
    loader.run('CREATE TABLE "EARLY2" ("ID" TEXT)')
    assert numbers(snow, "EARLY") == [(7,), (7,)]
    loader.roll_back()
    assert numbers(snow, "EARLY") == [(7,), (7,)], "too late"
    created, = [one for one in snow.statements(snow.since) if "EARLY2" in one["text"]]
    assert created["committed"] == "implicit"


def test_a_statement_that_fails_is_undone_alone(loader, snow):
    table(loader, "ALONE")
    loader.begin()
    loader.run('UPDATE "ALONE" SET "N" = 3 WHERE "ID" = \'a\'')
    with refused(100038):
        loader.run("""INSERT INTO "ALONE" SELECT 'c', CAST('x' AS NUMBER)""")
    loader.run('UPDATE "ALONE" SET "N" = 4 WHERE "ID" = \'b\'')
    loader.commit()
    assert numbers(snow, "ALONE") == [(3,), (4,)]


@pytest.mark.parametrize("how", ["close", "kill", "fault"])
def test_a_session_that_ends_leaves_nothing_of_its_transaction(snow, how):
    name = f"GONE_{how.upper()}"
    with connected(snow) as loader:
        table(loader, name)
        loader.begin()
        loader.run(f'UPDATE "{name}" SET "N" = 9')
        assert snow.locks() == {f"ANALYTICS.MOVEWORKS.{name}": snow.sessions()[0]["transaction"]}
        if how == "kill":
            snow.kill_sessions()
        if how == "fault":
            snow.fault("kill", match="SELECT 1")
            with refused(390111):
                loader.run("SELECT 1")
    assert snow.sessions() == [] and snow.locks() == {}
    assert numbers(snow, name) == [(1,), (2,)]


LOST = """
import sys, time
sys.path.insert(0, sys.argv[1])
import adbc, emulator
snow = emulator.Emulator("/", [], "ANALYTICS", "MOVEWORKS")
snow.port = int(sys.argv[2])
with adbc.connect(snow.options(), username="LOST", password="x", **adbc.SESSION) as loader:
    loader.begin()
    loader.run('UPDATE "LOST" SET "N" = 9')
    print("ready", flush=True)
    time.sleep(60)
"""


def test_a_client_that_dies_keeps_its_locks_until_it_is_given_up(tmp_path):
    """As Snowflake does with who idles and holds a lock that another one waits for."""
    with (emulator.start(tmp_path, "--idle-seconds", 2) as snow,
          connected(snow, LOCK_TIMEOUT="20") as loader):
        table(loader, "LOST")
        with subprocess.Popen([sys.executable, "-B", "-c", LOST, os.path.dirname(__file__),
                               str(snow.port)], stdout=subprocess.PIPE, text=True) as client:
            assert client.stdout.readline() == "ready\n"
            client.send_signal(signal.SIGKILL)
        assert len(snow.sessions()) == 2, "it is still there, detached"
        start = time.monotonic()
        loader.run('UPDATE "LOST" SET "N" = "N" + 1')
        assert time.monotonic() - start > 1, "it has waited"
        assert numbers(snow, "LOST") == [(2,), (3,)], "nothing of the dead one's is left"
        assert snow.wait_for("aborted")


# --- others at the same time ---
def test_each_statement_sees_what_others_have_committed_before_it(snow, loader):
    """READ COMMITTED."""
    table(loader, "FRESH")
    loader.begin()
    assert loader.run('SELECT SUM("N") FROM "FRESH"') == [(3,)]
    with connected(snow) as other:
        other.run("""INSERT INTO "FRESH" VALUES ('c', 10)""")
    assert loader.run('SELECT SUM("N") FROM "FRESH"') == [(13,)]
    loader.run('UPDATE "FRESH" SET "N" = 0')
    loader.commit()
    assert snow.rows('SELECT SUM("N") FROM "FRESH"') == [(0,)]


def test_the_second_of_two_waits_and_then_finds_that_it_is_too_late(snow, loader):
    """Compare-and-set: who comes second changes no row."""
    table(loader, "STATE")
    with connected(snow) as other:
        loader.begin()
        other.begin()
        swap = 'UPDATE "STATE" SET "N" = {} WHERE "ID" = \'a\' AND "N" = 1'
        assert loader.run(swap.format(10))[0][0] == 1
        second = in_background(lambda: other.run(swap.format(20)))
        time.sleep(0.5)
        assert not second.over(), "it waits for the lock"
        loader.commit()
        assert second()[0][0] == 0
        other.roll_back()
    assert numbers(snow, "STATE") == [(2,), (10,)]


def test_inserts_do_not_wait_for_each_other(snow, loader):
    table(loader, "ADDED")
    with connected(snow) as other:
        loader.begin()
        other.begin()
        loader.run("""INSERT INTO "ADDED" VALUES ('c', 3)""")
        other.run("""INSERT INTO "ADDED" VALUES ('d', 4)""")
        other.commit()
        loader.commit()
    assert numbers(snow, "ADDED") == [(1,), (2,), (3,), (4,)]


def test_a_lock_is_waited_for_no_longer_than_lock_timeout(snow, loader):
    table(loader, "HELD")
    snow.hold("HELD")
    assert list(snow.locks()) == ["ANALYTICS.MOVEWORKS.HELD"]
    with connected(snow, LOCK_TIMEOUT="1") as other:
        start = time.monotonic()
        with refused(625) as caught:
            other.run('UPDATE "HELD" SET "N" = 5')
        assert 0.9 < time.monotonic() - start < 30
        assert "has locked table 'HELD'" in str(caught.value)
        other.run("""INSERT INTO "HELD" VALUES ('c', 3)""")  # adds only: no lock
        second = in_background(lambda: loader.run('UPDATE "HELD" SET "N" = 5'))
        time.sleep(0.3)
        assert not second.over()
        snow.let_go()
        assert second() == [(3, 0)]


# --- parameters ---
def test_parameters_come_with_the_login_and_by_alter_session(snow):
    with connected(snow, TIMEZONE="Asia/Tokyo", QUERY_TAG="first") as loader:
        ask = "SHOW PARAMETERS LIKE '{}' IN SESSION"
        assert loader.run(ask.format("TIMEZONE"))[0][1] == "Asia/Tokyo"
        assert loader.run(ask.format("LOCK_TIMEOUT"))[0][1] == "600"
        assert loader.run(ask.format("ABORT_DETACHED_QUERY"))[0][1] == "true"
        hours = ("SELECT DATEDIFF(minute, SYSDATE(), CURRENT_TIMESTAMP()::TIMESTAMP_NTZ),"
                 " DATEDIFF(minute, SYSDATE(), LOCALTIMESTAMP()::TIMESTAMP_NTZ)")
        assert loader.run(hours) == [(540, 540)], "SYSDATE() is UTC, the others are not"
        loader.run("ALTER SESSION SET TIMEZONE = 'UTC', QUERY_TAG = 'second''s'")
        assert loader.run(hours) == [(0, 0)]
        assert loader.run(ask.format("QUERY_TAG"))[0][1] == "second's"
        loader.run("ALTER SESSION UNSET TIMEZONE")
        assert loader.run(ask.format("TIMEZONE"))[0][1] == "America/Los_Angeles"
        with refused(1423):
            loader.run("ALTER SESSION SET TIMEZONE = 'Mars/Olympus'")


def test_without_autocommit_a_transaction_begins_by_itself(snow, loader):
    table(loader, "IMPLIED")
    with python(snow, autocommit=False) as cursor:
        cursor.execute('UPDATE "IMPLIED" SET "N" = 8')
        assert numbers(snow, "IMPLIED") == [(1,), (2,)]
        cursor.execute("ALTER SESSION SET AUTOCOMMIT = TRUE")
        cursor.execute("COMMIT")
        assert numbers(snow, "IMPLIED") == [(8,), (8,)]
        cursor.execute('UPDATE "IMPLIED" SET "N" = 9')
        assert numbers(snow, "IMPLIED") == [(9,), (9,)]
