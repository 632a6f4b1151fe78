"""Faults on demand: each does what it says, to whom it says, as often as it says."""

import time

import adbc
import adbc_driver_manager
import emulator
import pyarrow
import pytest
from conftest import connected, python, refused

TABLE = pyarrow.table({"ID": [str(number) for number in range(20)]})


def staged(loader, name):
    loader.run(f'CREATE TABLE "{name}" ("ID" TEXT)')
    return name


def count(snow, name):
    return snow.rows(f'SELECT COUNT(*) FROM "{name}"')[0][0]


def failing(call):
    with pytest.raises(adbc_driver_manager.Error) as caught:
        call()
    return str(caught.value)


# --- the server does not answer as it should ---
def test_http_500_and_503_are_asked_again_until_they_are_over(snow):
    for status in (500, 503):
        with connected(snow, **{adbc.OPTION + "request_timeout": "60s"}) as loader:
            snow.fault("status", status=status, match=f"'{status}'", seconds=1.5)
            start = time.monotonic()
            assert loader.run(f"SELECT '{status}'") == [(str(status),)]
            assert time.monotonic() - start > 1.4
        tries = [one for one in snow.statements(snow.since) if f"'{status}'" in one["text"]]
        assert len(tries) > 1 and not tries[0]["ran"] and tries[-1]["ran"]
        assert [one["fault"] for one in tries] == ["status"] * (len(tries) - 1) + [None]


def test_http_503_that_stays_fails_after_the_drivers_patience(snow):
    with connected(snow, **{adbc.OPTION + "request_timeout": "2s"}) as loader:
        snow.fault("status", status=503, seconds=60)
        start = time.monotonic()
        failing(lambda: loader.run("SELECT 1"))
        assert time.monotonic() - start < 30
        snow.heal()


def test_the_login_can_fail_as_well(snow):
    snow.fault("status", on="login", status=503, times=1)
    with connected(snow) as loader:
        assert loader.run("SELECT 1") == [(1,)]
    assert [one.get("status") for one in snow.logins(snow.since)] == [503, None]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_breaks_runs_a_statement_once(loader, snow, when):
    """The driver asks again with the same request id, and gets the answer that was lost."""
    name = f"BROKEN_{when.upper()}"
    loader.run(f'CREATE TABLE "{name}" ("N" NUMBER)')
    snow.fault("close", when=when, match="^INSERT")
    loader.run(f'INSERT INTO "{name}" VALUES (1)')
    assert count(snow, name) == 1
    sent = snow.statements(snow.since, kinds=["INSERT"])
    assert sum(one["ran"] for one in sent) == 1
    if when != "before":
        assert snow.wait_for("repeated", since=snow.since)["request"] == sent[0]["request"]


def test_an_answer_that_breaks_off_is_an_error_of_a_statement_that_ran(loader, snow):
    """The driver does not ask again: whether it ran is for its user to find out."""
    staged(loader, "HALF")
    snow.fault("close", when="half", match="^INSERT")
    assert "unexpected EOF" in failing(lambda: loader.run("""INSERT INTO "HALF" VALUES ('a')"""))
    assert count(snow, "HALF") == 1


def test_a_connection_that_always_breaks_fails(snow):
    with connected(snow, **{adbc.OPTION + "request_timeout": "2s"}) as loader:
        staged(loader, "CUT")
        snow.fault("close", match="^INSERT", when="before", seconds=60)
        failing(lambda: loader.run("""INSERT INTO "CUT" VALUES ('a')"""))
        snow.heal()
    assert count(snow, "CUT") == 0


def test_an_answer_can_be_late_before_or_after_the_statement_ran(loader, snow):
    staged(loader, "LATE")
    for after in (False, True):
        snow.fault("delay", delay=1, after=after, match="^INSERT")
        start = time.monotonic()
        loader.run("""INSERT INTO "LATE" VALUES ('a')""")
        assert time.monotonic() - start >= 1
    seconds = [one["seconds"] for one in snow.statements(snow.since, kinds=["INSERT"])]
    assert max(seconds) < 1, "the statement itself is quick"


def test_a_statement_that_takes_longer_is_answered_in_two_steps(loader, snow):
    """As Snowflake does after 45 s."""
    snow.settings(patience=0)
    assert loader.run("SELECT 'in the end'") == [("in the end",)]
    with python(snow) as cursor:
        assert cursor.execute("SELECT 'in the end'").fetchall() == [("in the end",)]


# --- files on their way ---
def test_a_dropped_file_gives_fewer_rows_and_no_error(loader, snow):
    staged(loader, "DROPPED")
    snow.fault("drop_upload")
    loader.ingest("DROPPED", TABLE)
    assert count(snow, "DROPPED") == 0
    assert [one["fault"] for one in snow.uploads(snow.since)] == ["drop_upload"]
    assert loader.ingest("DROPPED", TABLE) == 20 and count(snow, "DROPPED") == 20, "once"


def test_rows_can_be_lost_within_a_file(loader, snow):
    staged(loader, "FEWER")
    snow.fault("lose_rows", rows=3)
    loader.ingest("FEWER", TABLE)
    assert count(snow, "FEWER") == 17


def test_an_upload_that_is_refused_is_sent_again_empty(loader, snow):
    """The driver's second try has no bytes left (as seen with Google's kind of stage, which the
    emulator has): COPY then says so."""
    staged(loader, "UPLOADED")
    snow.fault("status", on="upload", status=503, times=1)
    assert "100194 (22000)" in failing(lambda: loader.ingest("UPLOADED", TABLE))
    first, second = snow.uploads(snow.since)
    assert first["fault"] == "status" and first["bytes"] > 0
    assert second["fault"] is None and second["bytes"] == 0
    assert loader.ingest("UPLOADED", TABLE) == 20


# --- errors of Snowflake's ---
@pytest.mark.parametrize("preset, code", [
    ("suspended", 606), ("quota", 90073), ("locked", 625), ("timeout", 630), ("cancelled", 604),
    ("privileges", 3001), ("missing", 2003), ("too_long", 100078), ("internal", 603)])
def test_a_statement_fails_with_an_error_of_the_list(loader, snow, preset, code):
    staged(loader, f"E_{preset.upper()}")
    snow.fault("error", preset=preset, match="^INSERT")
    insert = f"""INSERT INTO "E_{preset.upper()}" VALUES ('a')"""
    assert loader.run("SELECT 1") == [(1,)], "another statement runs"
    with refused(code):
        loader.run(insert)
    assert count(snow, f"E_{preset.upper()}") == 0, "it did not run"
    loader.run(insert)
    error = snow.statements(snow.since, kinds=["INSERT"])[0]["error"]
    assert int(error["code"]) == code and error["gap"] is False


def test_a_statement_fails_with_any_code(loader, snow):
    snow.fault("error", match="SELECT 2", code="123456", sqlstate="12345", message="Only this.")
    with refused(123456) as caught:
        loader.run("SELECT 2")
    assert "Only this." in str(caught.value) and "12345" in str(caught.value)


def test_an_error_within_a_transaction_leaves_it_open(loader, snow):
    staged(loader, "INSIDE")
    loader.begin()
    loader.run("""INSERT INTO "INSIDE" VALUES ('a')""")
    snow.fault("error", preset="locked", match="^DELETE")
    with refused(625):
        loader.run('DELETE FROM "INSIDE"')
    loader.commit()
    assert count(snow, "INSIDE") == 1


# --- sessions ---
def test_an_expired_token_is_renewed_without_a_word(loader, snow):
    snow.expire()
    assert loader.run("SELECT 1") == [(1,)]
    assert snow.wait_for("renew", since=snow.since)


def test_an_expired_token_that_cannot_be_renewed_is_an_error(snow):
    for strike in (lambda: snow.expire(renew=False),
                   lambda: snow.fault("expire", renew=False, match="SELECT 1")):
        with connected(snow) as loader:
            strike()
            with refused(390114):
                loader.run("SELECT 1")


def test_a_session_that_expires_in_its_transaction_goes_on(loader, snow):
    staged(loader, "EXPIRES")
    loader.begin()
    loader.run("""INSERT INTO "EXPIRES" VALUES ('a')""")
    snow.fault("expire", match="^COMMIT")
    loader.commit()
    assert count(snow, "EXPIRES") == 1


def test_a_killed_session_is_an_error_and_a_new_one_is_not(loader, snow):
    snow.fault("kill", match="SELECT 1")
    with refused(390111):
        loader.run("SELECT 1")
    with connected(snow) as another:
        assert another.run("SELECT 1") == [(1,)]


def test_the_emulator_killed_in_the_middle_and_started_again(tmp_path):
    """The driver's connection survives the server: its session does not."""
    with emulator.start(tmp_path) as snow, connected(snow) as loader:
        staged(loader, "MIDDLE")
        loader.begin()
        loader.run("""INSERT INTO "MIDDLE" VALUES ('a')""")
        snow.kill()
        snow.restart()
        with refused(390111):
            loader.commit()
        assert count(snow, "MIDDLE") == 0


# --- how faults are told ---
def test_a_fault_strikes_as_often_and_where_it_is_told(loader, snow):
    snow.fault("error", preset="internal", match="SELECT '[ab]'", skip=1, times=2)
    outcomes = []
    for text in "axabb":
        try:
            outcomes.append(loader.run(f"SELECT '{text}'")[0][0])
        except adbc_driver_manager.Error:
            outcomes.append("!")
    assert outcomes == ["a", "x", "!", "!", "b"]
    told, = snow.faults()
    assert told["used"] == 2 and told["over"]
    assert len(snow.journal("fault", snow.since)) == 2
    snow.heal()
    assert snow.faults() == []


@pytest.mark.parametrize("wrong", [
    {"kind": "earthquake"}, {"kind": "status", "on": "moon"}, {"kind": "error", "preset": "none"},
    {"on": "query"}, {"kind": "error", "match": "("}])
def test_a_fault_that_makes_no_sense_is_refused(snow, wrong):
    with pytest.raises(AssertionError, match="error"):
        snow.control("POST", "faults", wrong)
    assert snow.faults() == []


def test_what_the_emulator_cannot_do_is_an_error_marked_as_a_gap(loader, snow):
    failing(lambda: loader.run("CREATE PIPE \"P\" AS COPY INTO t FROM @s"))
    error = snow.statements(snow.since)[-1]["error"]
    assert error["gap"] is True
    failing(lambda: loader.run('SELECT * FROM "NOT_THERE"'))
    assert snow.statements(snow.since)[-1]["error"]["gap"] is False
