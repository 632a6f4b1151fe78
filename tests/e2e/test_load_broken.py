"""Loads that are interrupted: killed, stopped, locked out, robbed of their files. Whatever happened,
after the next load the tables equal those of one that was never disturbed."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import pytest

import firn_sim
from loading import TABLES, Pipe

START, END = "2026-03-01", "2026-03-31"
MARCH = ("--until", "2026-03-31", "--frozen")


@pytest.fixture(scope="module")
def shared():
    with firn_sim.start("--interactions", 2000, "--page-size", 50, *MARCH) as running:
        yield running


@pytest.fixture
def march(shared):
    shared.heal()
    shared.forget()
    yield shared
    shared.heal()


def begin(pipe, *args, **keywords):
    return pipe.firn.start("initial-load", "--from", START, "--to", END, *args,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, **keywords)


def finish(pipe, entities=TABLES):
    done = pipe.load(START, END)
    assert done.code == 0, done
    pipe.check_truth(entities)


def wait_for_log(pipe, pattern, process, seconds=90, times=1):
    """True: so many lines came; False: the process ended before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if pipe.firn.path("logs").exists() and len(re.findall(pattern, pipe.log())) >= times:
            return True
        if process.poll() is not None:
            return False
        time.sleep(0.001)
    raise AssertionError(f"{pattern} did not come")


# --- killed ---

@pytest.mark.parametrize("line", [
    "Retrieved 50 records from page 2", "Successfully connected to DuckDB",
    "Successfully loaded .* to MOVEWORKS_CONVERSATIONS", "users. MERGE completed",
    "Created view"])
def test_killed_at_a_line_of_the_log_the_next_load_goes_on(firn, march, line):
    pipe = Pipe(firn, march)
    process = begin(pipe)
    wait_for_log(pipe, line, process)
    process.kill()
    process.communicate()
    finish(pipe)
    assert pipe.status()[1] == 0
    assert pipe("run").code == 0


def test_killed_behind_a_commit_nothing_of_it_is_asked_for_again(firn, march):
    """The local copy does not know how the commit ended: it asks the warehouse."""
    pipe = Pipe(firn, march, streams=["conversations"])
    assert pipe.load(START, END).code == 0
    state = firn.path(".firn/moveworks/state.json")
    # As it stood before the last commit was settled.
    text = json.loads(state.read_text())
    assert text["unsettled"] == 0
    state.unlink()
    march.forget()
    done = pipe.load(START, END)
    assert done.code == 0 and march.log() == [], done


@pytest.mark.slow
def test_killed_at_ten_random_moments_nothing_is_lost_and_nothing_doubled(firn):
    """Large enough for several commits in one load."""
    chance = random.Random(20260331)
    with firn_sim.start("--interactions", 60000, *MARCH) as sim:
        pipe = Pipe(firn, sim, streams=["interactions", "plugin-resources"])
        entities = ["interactions", "plugin-resources"]
        begun = time.monotonic()
        assert pipe.load(START, END).code == 0
        took = time.monotonic() - begun
        undisturbed = [pipe.rows(TABLES[entity]) for entity in entities]
        shutil.rmtree(firn.path(".firn"))
        pipe.file.unlink()
        kills = 0
        while kills < 10:
            process = begin(pipe, "--again")
            try:
                process.wait(timeout=chance.uniform(0.05, 0.95) * took)
            except subprocess.TimeoutExpired:
                kills += 1
                process.kill()
            process.communicate()
        finish(pipe, entities)
        assert [pipe.rows(TABLES[entity]) for entity in entities] == undisturbed
        assert pipe("run").code == 0


@pytest.mark.slow
def test_killed_while_it_follows_the_source_it_catches_up(firn):
    """Runs of a day each, killed at random, the clock going on all the time."""
    chance = random.Random(7)
    with firn_sim.start("--days", 20, "--interactions", 20000, "--until", "now") as sim:
        pipe = Pipe(firn, sim)
        from test_load import behind
        for days in range(10, -1, -1):
            behind(sim, days)
            process = firn.start("run", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                process.wait(timeout=chance.uniform(0.02, 0.6))
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate()
        done = pipe("run")
        assert done.code == 0, done
        pipe.check_truth()


# --- stopped ---

def stopped(pipe, process, number=signal.SIGTERM, seconds=30):
    begun = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=seconds)
    assert time.monotonic() - begun < seconds
    return process.returncode, out + err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_while_pages_come_it_keeps_what_is_complete(firn, number):
    with firn_sim.start("--interactions", 2000, "--page-size", 20, "--latency", "30ms",
                        *MARCH) as sim:
        pipe = Pipe(firn, sim, streams=["conversations", "interactions"])
        process = begin(pipe)
        wait_for_log(pipe, "Retrieved", process, times=40)
        code, said = stopped(pipe, process, number)
        assert code == 3 and "stopped before it was done" in said, said
        complete = pipe.one("SELECT count(*) FROM FIRN_WINDOWS")
        assert 0 < complete < 62
        finish(pipe, ["conversations", "interactions"])


@pytest.mark.parametrize("fault", [
    ("status", {"code": 429, "retry_after": 50}), ("delay", {"seconds": 50}),
    ("hang", {"at": "10", "seconds": 50}), ("status", {"code": 503, "retry_after": 50}),
    ("status", {"code": 503, "retry_after": 50, "on": "token"}),
    ("delay", {"seconds": 50, "on": "token"})])
def test_stopped_while_it_waits_for_the_server(firn, march, fault):
    kind, parameters = fault
    pipe = Pipe(firn, march, streams=["conversations"], auth="{ oauth2: { client_id: test-client, "
                "client_secret: test-secret } }")
    march.fault(kind, **parameters)
    process = begin(pipe)
    firn_sim.wait_until(lambda: march.faults()[0]["fired"] > 0)
    time.sleep(0.3)
    code, said = stopped(pipe, process, seconds=30)
    assert code == 1 and "stopped before it was done" in said, said
    march.heal()
    finish(pipe, ["conversations"])


HOLD = textwrap.dedent("""
    import duckdb, sys, time
    connection = duckdb.connect(sys.argv[1])
    connection.execute("CREATE TABLE IF NOT EXISTS mine (a INT)")
    print("held", flush=True)
    sys.stdin.readline()
    """)


class Holder:
    """Another program that has the DuckDB file open."""

    def __init__(self, pipe):
        self.process = subprocess.Popen([sys.executable, "-c", HOLD, str(pipe.file)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == "held\n"

    def __enter__(self):
        return self

    def release(self):
        if self.process.poll() is None:
            self.process.communicate("\n", timeout=10)

    def __exit__(self, *_):
        self.release()


def test_stopped_while_it_waits_for_the_file(firn, march):
    pipe = Pipe(firn, march, streams=["conversations"])
    with Holder(pipe):
        process = begin(pipe)
        wait_for_log(pipe, "waiting:", process)
        code, said = stopped(pipe, process)
        assert code == 1, said
    finish(pipe, ["conversations"])


def test_stopped_before_anything_has_begun_it_just_ends(firn, march):
    pipe = Pipe(firn, march, auth='{ bearer: "${cmd:[\\"sleep\\", \\"60\\"]}" }')
    process = begin(pipe)
    time.sleep(0.5)
    begun = time.monotonic()
    process.terminate()
    assert process.wait(timeout=30) == -signal.SIGTERM and time.monotonic() - begun < 30
    assert not pipe.file.exists()


@pytest.mark.slow
def test_stopped_while_it_commits(firn):
    with firn_sim.start("--interactions", 60000, *MARCH) as sim:
        pipe = Pipe(firn, sim, streams=["plugin-resources"])
        process = begin(pipe)
        wait_for_log(pipe, "Successfully connected", process)
        time.sleep(0.5)
        code, said = stopped(pipe, process)
        assert code in (0, 1, 3), said
        finish(pipe, ["plugin-resources"])


# --- others ---

def test_two_at_once_the_second_says_who_is_there(firn, march):
    pipe = Pipe(firn, march, streams=["conversations"])
    march.fault("delay", seconds=1, times=4)
    process = begin(pipe)
    firn_sim.wait_until(lambda: march.faults()[0]["fired"] > 0)
    process.send_signal(signal.SIGSTOP)  # who waited for it would wait for ever
    done = pipe.load(START, END)
    assert done.code == 1, done
    assert f"process {process.pid}" in done.err or f"pid {process.pid}" in done.err, done
    assert "initial-load" in done.err and "pipeline moveworks" in done.err, done
    assert pipe("status").code in (0, 1)  # looking is allowed
    process.send_signal(signal.SIGCONT)
    assert process.wait(timeout=60) == 0
    pipe.check_truth(["conversations"])


def test_a_file_that_somebody_holds_is_waited_for(firn, march):
    pipe = Pipe(firn, march, streams=["conversations"])
    with Holder(pipe) as holder:
        process = begin(pipe)
        wait_for_log(pipe, f"waiting: .*is held by .*{holder.process.pid}", process)
        time.sleep(1)
        assert process.poll() is None
        holder.release()
        assert process.wait(timeout=60) == 0
    pipe.check_truth(["conversations"])
    assert pipe.one("SELECT count(*) FROM mine") == 0  # nobody else's table was touched


def test_a_query_that_waits_for_the_file_says_so_at_once(firn, march):
    pipe = Pipe(firn, march, streams=["conversations"])
    finish(pipe, ["conversations"])
    with Holder(pipe) as holder:
        query = pipe.firn.start("query", "SELECT 1 AS ONE", "--format", "csv",
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = query.stderr.readline()
        assert said.startswith("waiting: ") and str(holder.process.pid) in said, said
        holder.release()
        out, err = query.communicate(timeout=60)
    assert query.returncode == 0 and out == "ONE\n1\n" and "waiting" not in err, (out, err)


def test_a_file_that_stays_held_fails_the_load_and_names_the_holder(firn, march):
    pipe = Pipe(firn, march, streams=["conversations", "users"], budget="2s")
    with Holder(pipe) as holder:
        begun = time.monotonic()
        done = pipe.load(START, END)
        assert done.code == 1 and str(holder.process.pid) in done.err, done
        assert time.monotonic() - begun < 60  # and not ten minutes
    status, code = pipe.status()
    assert code == 1 and str(holder.process.pid) in " ".join(status["reasons"]), status
    errors = [line for line in pipe.log().splitlines() if "ERROR" in line]
    assert len(errors) == 1 and str(holder.process.pid) in errors[0], errors
    finish(pipe, ["conversations", "users"])
    # The run that failed is told of by the next one that came through.
    assert pipe.sql("SELECT OUTCOME, count(*) FROM FIRN_RUNS GROUP BY 1 ORDER BY 1") == [
        ("done", 2), ("failed", 2)]


def test_a_reader_does_not_stand_in_the_way_between_loads(firn, march):
    pipe = Pipe(firn, march, streams=["conversations"])
    assert pipe.load(START, END).code == 0
    with Holder(pipe):
        pass  # the file is free once the load has ended
    assert pipe("query", "SELECT 1").code == 0


def test_without_the_file_everything_is_loaded_again(firn, march):
    pipe = Pipe(firn, march)
    assert pipe.load(START, END).code == 0
    pipe.file.unlink()
    done = pipe.load(START, END)
    assert done.code == 0 and "is gone" in done.err, done
    pipe.check_truth()
    assert pipe.one("SELECT count(*) FROM V_TOTAL_CONVERSATIONS") > 0
    assert pipe.status()[1] == 0


def test_without_the_state_the_warehouse_knows(firn, march):
    pipe = Pipe(firn, march)
    assert pipe.load(START, END).code == 0
    before = pipe.copy()
    shutil.rmtree(firn.path(".firn"))
    march.forget()
    done = pipe.load(START, END)
    assert done.code == 0 and march.log() == [], done
    assert pipe("status", "--seen").code == 0
    shutil.rmtree(firn.path(".firn"))
    assert pipe("status", "--seen").code == 0  # a copy that never asked is not believed later
    done = pipe.load(START, END, "--again")
    assert done.code == 0 and pipe.copy() == before, done


def test_without_both_it_begins_anew(firn, march):
    pipe = Pipe(firn, march)
    assert pipe.load(START, END).code == 0
    shutil.rmtree(firn.path(".firn"))
    pipe.file.unlink()
    finish(pipe)


@pytest.mark.parametrize("damage", [
    lambda text: text[:len(text) // 2], lambda text: text.replace("watermark", "watermork", 1),
    lambda text: "", lambda text: text.replace("sha256\":\"", "sha256\":\"0", 1)])
def test_a_damaged_state_copy_is_said_and_not_used(firn, march, damage):
    pipe = Pipe(firn, march, streams=["conversations"])
    assert pipe.load(START, END).code == 0
    state = firn.path(".firn/moveworks/state.json")
    state.write_text(damage(state.read_text()))
    march.forget()
    done = pipe.load(START, END)
    assert done.code == 0 and "the local copy of the state is not used" in done.err, done
    assert march.log() == []


def test_another_machine_with_an_old_copy_is_refused_and_then_goes_on(firn, march):
    """A restored backup: what it believes is older than the warehouse."""
    pipe = Pipe(firn, march, streams=["conversations"])
    assert pipe.load("2026-03-01", "2026-03-10").code == 0
    shutil.copytree(firn.path(".firn"), firn.path("backup"))
    assert pipe.load("2026-03-11", "2026-03-20").code == 0
    shutil.rmtree(firn.path(".firn"))
    firn.path("backup").rename(firn.path(".firn"))
    before = pipe.rows(TABLES["conversations"])
    done = pipe.load("2026-03-11", "2026-03-31")
    assert done.code == 1 and "another firn runs pipeline" in done.err, done
    assert pipe.rows(TABLES["conversations"]) == before  # nothing of it came in
    done = pipe.load("2026-03-11", "2026-03-31")
    assert done.code == 0, done
    pipe.check_truth(["conversations"])


def test_a_state_folder_that_cannot_be_written_stops_the_load(firn, march):
    pipe = Pipe(firn, march, streams=["conversations"])
    firn.write(".firn/moveworks", "a file where a folder should be")
    done = pipe.load(START, END)
    assert done.code == 2 and ".firn/moveworks" in done.err, done
    assert march.log() == []


def test_tables_of_another_shape_are_not_written_to(firn, march):
    pipe = Pipe(firn, march, streams=["conversations", "users"])
    import duckdb
    with duckdb.connect(str(pipe.file)) as connection:
        connection.execute("CREATE TABLE MOVEWORKS_CONVERSATIONS (ID INTEGER, DETAILS VARCHAR)")
        connection.execute("INSERT INTO MOVEWORKS_CONVERSATIONS VALUES (1, 'x')")
    done = pipe.load(START, END)
    assert done.code == 2 and "MOVEWORKS_CONVERSATIONS" in done.err, done
    assert pipe.sql("SELECT * FROM MOVEWORKS_CONVERSATIONS") == [(1, "x")]


# --- what waiting costs ---

def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.slow
@pytest.mark.parametrize("fault", [("status", {"code": 429, "retry_after": 100}),
                                   ("delay", {"seconds": 100})])
def test_waiting_costs_next_to_nothing(firn, march, fault):
    kind, parameters = fault
    pipe = Pipe(firn, march, streams=["conversations"], budget="10m")
    march.fault(kind, **parameters)
    process = begin(pipe)
    firn_sim.wait_until(lambda: march.faults()[0]["fired"] > 0)
    time.sleep(1)
    before = cpu_seconds(process.pid)
    time.sleep(30 if kind == "status" else 15)
    assert cpu_seconds(process.pid) - before < 0.1
    stopped(pipe, process)


@pytest.mark.slow
def test_waiting_for_the_file_costs_next_to_nothing(firn, march):
    pipe = Pipe(firn, march, streams=["conversations"])
    with Holder(pipe):
        process = begin(pipe)
        wait_for_log(pipe, "waiting:", process)
        before = cpu_seconds(process.pid)
        time.sleep(15)
        assert cpu_seconds(process.pid) - before < 0.75  # it looks once a second
        stopped(pipe, process)
