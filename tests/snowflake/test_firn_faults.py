"""Loads into Snowflake that are disturbed: by the network, by Snowflake, by others, by kill -9.
Each either goes on by itself or fails in one line; nothing of half a window is committed; and the
next load makes the tables equal to those of one that was never disturbed."""

import datetime
import re
import signal
import subprocess
import time
import urllib.parse

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


def staged_again(pipe, done, times=None):
    """It went through, told each wait in one line, and used no staging table twice."""
    assert done.code == 0, done
    pipe.check_truth(STREAMS)
    assert sum(one["used"] for one in pipe.snow.faults()) > 0
    waits = [line for line in pipe.log().splitlines() if "waiting" in line]
    assert all(re.search(r"waiting .* \(staging MOVEWORKS_\w+ anew\): ", line) for line in waits)
    assert len(waits) == times if times is not None else waits, pipe.log()
    assert "ERROR" not in pipe.log(), pipe.log()
    made = [re.search(r'"(_FIRN_STAGE_\w+)"', one["text"])[1]
            for one in pipe.statements(kinds={"CREATE TABLE"}) if "_FIRN_STAGE" in one["text"]]
    assert len(set(made)) == len(made) == 2 + len(waits), made
    assert pipe.one("SELECT COUNT(*) FROM FIRN_RUNS WHERE OUTCOME = 'done'") == 2
    pipe.transactions()
    pipe.sim.forget()
    assert pipe.load(START, END).code == 0 and pipe.sim.log() == []


@pytest.mark.parametrize("fault", [
    {"kind": "drop_upload"}, pytest.param({"kind": "lose_rows"}, marks=SLOW),
    pytest.param({"kind": "drop_upload", "skip": 1}, marks=SLOW),
    {"kind": "status", "on": "upload", "status": 503},
    {"kind": "close", "when": "half", "match": "^COPY"},
    pytest.param({"kind": "close", "when": "half", "match": "^CREATE.*STAGE"}, marks=SLOW),
    pytest.param({"kind": "close", "when": "half", "match": "^SELECT COUNT.*FIRN_STAGE"},
                 marks=SLOW)])
def test_an_upload_that_fails_is_repeated_within_the_run(pipe, fault):
    pipe.snow.fault(**fault)
    staged_again(pipe, pipe.load(START, END), times=1)


def test_what_was_staged_before_an_upload_that_fails_is_kept_once(firn, snow):
    """The second batch of a table is lost: the first, no longer in memory, moves into the staging
    table that is new, and no other statement more is said for it."""
    with firn_sim.start("--interactions", 50000, "--page-size", 1000, *MARCH) as sim:
        pipe = Snow(firn, sim, snow, streams=["interactions"], beside="  create_views: false\n")
        assert pipe.load("2026-03-01", "2026-03-01").code == 0
        pipe.forget()
        pipe.snow.fault("drop_upload", skip=1)
        done = pipe.load("2026-03-01", "2026-03-31", "--again")
        assert done.code == 0 and pipe.log().count("(staging MOVEWORKS_INTERACTIONS anew)") == 1
        table = "MOVEWORKS_INTERACTIONS"
        assert pipe.sql(f'SELECT COUNT(*), COUNT(DISTINCT "ID") FROM "{table}"') == [
            (50000, 50000)]
        moved = pipe.statements(kinds={"INSERT"})
        assert len(moved) == 1 and "_FIRN_STAGE" in moved[0]["text"], moved
        kinds = [one["kind"] for one in pipe.statements()]
        merges = sum("MOVEWORKS_INTERACTIONS" in one["text"]
                     for one in pipe.statements(kinds={"MERGE"}))
        assert kinds.count("PUT") >= 3 and kinds.count("CREATE TABLE") == merges + 1
        assert kinds.count("DROP TABLE") == merges + 1
        pipe.transactions()


def test_uploads_that_are_answered_500_for_a_while_are_repeated(pipe):
    pipe.snow.fault("status", on="upload", status=500, times=2)
    staged_again(pipe, pipe.load(START, END))


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


@pytest.mark.parametrize("kind", ["drop_upload", pytest.param("lose_rows", marks=SLOW)])
def test_rows_that_are_always_lost_on_their_way_fail_the_load(pipe, kind):
    pipe.snow.fault(kind, times=1000)
    done = pipe.load(START, END)
    failed(pipe, done, "rows were sent to be staged, and", "given up after 5 tries")
    assert pipe.log().count("staging MOVEWORKS_") == 4, pipe.log()
    finish(pipe)


def test_a_window_that_fails_is_asked_for_alone_the_ones_before_it_stay(pipe):
    pipe.write(streams=STREAMS, budget="20s", parallel=1)  # the ones before it are read by then
    pipe.sim.fault("status", code=403, entity="conversations", on="records",
                   match="ge '2026-03-30", times=1000)
    done = pipe.load(START, END)
    assert done.code == 3, done
    assert pipe.watermark("users") == datetime.datetime(2026, 4, 1)
    assert pipe.watermark("conversations") <= datetime.datetime(2026, 3, 30)
    kept = {window[0] for window in pipe.windows("conversations")}
    assert len(kept) == 6, kept
    pipe.sim.heal()
    pipe.sim.forget()
    finish(pipe)
    asked = urllib.parse.unquote_plus(str(pipe.requests("conversations")))
    assert "ge '2026-03-30T" in asked and not pipe.requests("users")
    assert not [moment for moment in kept if f"ge '{moment:%Y-%m-%d}T" in asked], asked


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
    # The first stands just before its commit while the other one loads the same: it goes on when
    # the other one has read the state and waits for its locks.
    snow.fault("delay", delay=1, match="^MERGE INTO .FIRN_WINDOWS", times=1)
    process = firn.start("initial-load", "--from", START, "--to", END, stderr=subprocess.PIPE)
    end = time.monotonic() + 60
    while not any(one["used"] for one in snow.faults()):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGSTOP)
    mark = snow.mark()
    second = other.firn.start("initial-load", "--from", START, "--to", END,
                              stderr=subprocess.PIPE)
    snow.wait_for("arrived", since=mark, kind="MERGE")
    process.send_signal(signal.SIGCONT)
    _, said = process.communicate(timeout=120)
    _, told = second.communicate(timeout=120)
    codes = sorted([process.returncode, second.returncode])
    assert codes == [0, 1], (said, told)
    assert "another firn runs pipeline" in said + told
    pipe.check_truth(STREAMS)
    for one in (pipe, other):
        assert one.load(START, END).code == 0
    pipe.check_truth(STREAMS)
    generations = pipe.sql('SELECT "STREAM", "GENERATION" FROM FIRN_STATE ORDER BY 1')
    assert [stream for stream, _ in generations] == STREAMS
