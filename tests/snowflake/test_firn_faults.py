"""Loads into Snowflake that are disturbed: by the network, by Snowflake, by others, by kill -9.
Each either goes on by itself or fails in one line; nothing of half a window is committed; and the
next load makes the tables equal to those of one that was never disturbed."""

import signal
import subprocess
import time

import pytest
from piping import MARCH, Snow, e2e, firn_sim

SLOW = pytest.mark.slow  # of each kind one or two stay in make test
START, END = "2026-03-24", "2026-03-31"
STREAMS = ["conversations", "users"]


@pytest.fixture(scope="module")
def march():
    with firn_sim.start("--interactions", 400, "--page-size", 50, "--days", 8, *MARCH) as running:
        yield running


@pytest.fixture
def pipe(firn, march, snow):
    """The tables are there already: what is disturbed is rows."""
    march.heal()
    pipe = Snow(firn, march, snow, streams=STREAMS, budget="20s", beside="  create_views: false\n")
    return pipe


def finish(pipe):
    pipe.snow.heal()
    done = pipe.load(START, END)
    assert done.code == 0, done
    pipe.check_truth(STREAMS)
    pipe.transactions()
    assert pipe("status").code in (0, 1)


def nothing_came(pipe):
    for table in ("MOVEWORKS_CONVERSATIONS", "MOVEWORKS_USERS", "FIRN_WINDOWS", "FIRN_STATE"):
        assert pipe.one(f'SELECT COUNT(*) FROM "{table}"') == 0, table


def failed(pipe, done, *says):
    assert done.code == 1, done
    errors = [line for line in pipe.log().splitlines() if "ERROR" in line]
    assert len(errors) == 1 and all(one in errors[0] for one in says), errors
    assert len(done.err) < 3000, done
    nothing_came(pipe)


# --- what passes by itself ---

@pytest.mark.parametrize("fault", [
    {"kind": "status", "status": 503, "seconds": 2},
    pytest.param({"kind": "status", "status": 500, "times": 3}, marks=SLOW),
    {"kind": "close", "when": "before", "match": "^MERGE", "times": 1},
    pytest.param({"kind": "close", "when": "after", "match": "^MERGE", "times": 2}, marks=SLOW),
    {"kind": "close", "when": "after", "match": "^COMMIT", "times": 1},
    {"kind": "expire", "match": "^MERGE INTO .FIRN_STATE", "times": 1},
    pytest.param({"kind": "delay", "delay": 2, "match": "^COPY"}, marks=SLOW)])
def test_a_short_disturbance_passes_and_every_statement_runs_once(pipe, fault):
    pipe.snow.fault(**fault)
    done = pipe.load(START, END)
    assert done.code == 0, done
    pipe.check_truth(STREAMS)
    assert sum(one["used"] for one in pipe.snow.faults()) > 0
    merges = [one for one in pipe.statements(kinds={"MERGE"}) if one.get("ran", True) is not False]
    assert pipe.one("SELECT COUNT(*) FROM FIRN_RUNS") == 2
    assert len([one for one in merges if "FIRN_STATE" in one["text"] and not one["error"]]) == 1


def test_an_answer_to_commit_that_breaks_off_is_looked_after(pipe):
    """The driver does not ask again, and the commit did happen."""
    pipe.snow.fault("close", when="half", match="^COMMIT")
    done = pipe.load(START, END)
    assert done.code == 0, done
    pipe.check_truth(STREAMS)
    pipe.sim.forget()
    done = pipe.load(START, END)
    assert done.code == 0 and pipe.sim.log() == [], done


# --- what fails, and is made good ---

@pytest.mark.parametrize("match, preset, says", [
    ("^MERGE INTO .MOVEWORKS_USERS", "suspended", "No active warehouse"),
    ("^MERGE INTO .FIRN_RUNS", "locked", "has locked"), ("^COMMIT", "internal", "incident"),
    ("^CREATE.*STAGE", "privileges", "privileges"),
    pytest.param("^MERGE INTO .MOVEWORKS_CONV", "quota", "exceeded its quota", marks=SLOW),
    pytest.param("^MERGE INTO .FIRN_STATE", "timeout", "reached its statement or", marks=SLOW),
    pytest.param("^MERGE INTO .FIRN_WINDOWS", "cancelled", "canceled", marks=SLOW),
    pytest.param("^COPY", "suspended", "No active warehouse", marks=SLOW),
    pytest.param("^SELECT COUNT.*FIRN_STAGE", "internal", "incident", marks=SLOW)])
def test_what_snowflake_refuses_is_one_line_and_nothing_of_it_is_committed(pipe, match, preset,
                                                                           says):
    pipe.snow.fault("error", match=match, preset=preset)
    done = pipe.load(START, END)
    assert done.code in (1, 2), done
    assert says in pipe.log() and pipe.log().count("ERROR") == 1, pipe.log()
    nothing_came(pipe)
    finish(pipe)


@pytest.mark.parametrize("kind", ["drop_upload", "lose_rows"])
def test_rows_that_are_lost_on_their_way_fail_the_load(pipe, kind):
    pipe.snow.fault(kind)
    done = pipe.load(START, END)
    failed(pipe, done, "rows were sent to be staged, and")
    finish(pipe)


def test_an_upload_that_is_refused_fails_the_load_and_nothing_more(pipe):
    pipe.snow.fault("status", on="upload", status=503)
    done = pipe.load(START, END)
    assert done.code == 1, done
    nothing_came(pipe)
    finish(pipe)


@pytest.mark.parametrize("match", [
    pytest.param("^COPY", marks=SLOW), pytest.param("^MERGE INTO .FIRN_WINDOWS", marks=SLOW),
    "^COMMIT"])
def test_a_session_that_is_killed(pipe, match):
    pipe.snow.fault("kill", match=match)
    done = pipe.load(START, END)
    failed(pipe, done, "390111")
    finish(pipe)


def test_a_token_that_cannot_be_renewed(pipe):
    pipe.snow.fault("expire", match="^MERGE INTO .FIRN_STATE", renew=False)
    done = pipe.load(START, END)
    failed(pipe, done, "390114")
    finish(pipe)


def test_a_lock_that_another_holds_is_waited_for(pipe):
    assert pipe.load(START, "2026-03-25").code == 0
    pipe.snow.hold(f"ANALYTICS.{pipe.schema}.MOVEWORKS_USERS")
    process = pipe.firn.start("initial-load", "--from", START, "--to", END)
    pipe.snow.wait_for("arrived", since=pipe.snow.mark(), kind="MERGE")
    time.sleep(1)
    assert process.poll() is None
    pipe.snow.let_go()
    assert process.wait(timeout=60) == 0
    finish(pipe)


@pytest.mark.parametrize("match", [
    "^MERGE INTO .FIRN_RUNS", *(pytest.param(one, marks=SLOW) for one in (
        "^COPY", "^MERGE INTO .MOVEWORKS", "^COMMIT"))])
def test_snowflake_dies_in_the_middle(firn, march, tmp_path, match):
    import emulator
    with emulator.start(tmp_path / "snowflake") as snow:
        pipe = Snow(firn, march, snow, schema="MOVEWORKS", streams=STREAMS, budget="4s",
                    beside="  create_views: false\n")
        snow.fault("delay", delay=20, match=match)
        process = firn.start("initial-load", "--from", START, "--to", END, stderr=subprocess.PIPE)
        end = time.monotonic() + 60
        while not any(one["used"] for one in snow.faults()):
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.05)
        snow.kill()
        _, said = process.communicate(timeout=100)
        assert process.returncode == 1 and said.strip(), said
        snow.restart()
        nothing_came(pipe)
        finish(pipe)


# --- firn itself ---

@pytest.mark.parametrize("match", [
    "^MERGE INTO .FIRN_STATE", "^COMMIT", *(pytest.param(one, marks=SLOW) for one in (
        "^CREATE TABLE", "^CREATE TEMPORARY TABLE", "^COPY", "^SELECT COUNT.*FIRN_STAGE",
        "^MERGE INTO .MOVEWORKS", "^DROP TABLE"))])
def test_killed_at_any_moment_the_next_load_goes_on(pipe, match):
    pipe.snow.fault("delay", delay=2, match=match, after=match in ("^COMMIT", "^DROP TABLE"))
    process = pipe.firn.start("initial-load", "--from", START, "--to", END)
    end = time.monotonic() + 60
    while not any(one["used"] for one in pipe.snow.faults()):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    pipe.snow.kill_sessions()  # Snowflake notices by ABORT_DETACHED_QUERY
    finish(pipe)
    assert pipe.one("SELECT COUNT(*) FROM FIRN_STATE") == 2


def test_two_machines_at_once_lose_nothing_and_double_nothing(firn, march, snow, tmp_path):
    (tmp_path / "other").mkdir()
    pipe = Snow(firn, march, snow, streams=STREAMS, beside="  create_views: false\n")
    assert pipe.load(START, "2026-03-25").code == 0
    other = Snow(e2e.Firn(tmp_path / "other"), march, snow, schema=pipe.schema, streams=STREAMS,
                 beside="  create_views: false\n")
    # The first stands just before its commit while the other one loads the same.
    snow.fault("delay", delay=3, match="^MERGE INTO .FIRN_WINDOWS", times=1)
    process = firn.start("initial-load", "--from", START, "--to", END, stderr=subprocess.PIPE)
    end = time.monotonic() + 60
    while not any(one["used"] for one in snow.faults()):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.02)
    done = other.load(START, END)
    _, said = process.communicate(timeout=60)
    codes = sorted([process.returncode, done.code])
    assert codes == [0, 1], (said, done)
    assert "another firn runs pipeline" in said + done.err
    pipe.check_truth(STREAMS)
    for one in (pipe, other):
        assert one.load(START, END).code == 0
    pipe.check_truth(STREAMS)
    generations = pipe.sql('SELECT "STREAM", "GENERATION" FROM FIRN_STATE ORDER BY 1')
    assert [stream for stream, _ in generations] == STREAMS
