"""firn start: runs when it is due, once however many were missed, again when it failed; ends,
reloads and dies as promised."""

import os
import re
import signal
import subprocess
import time

import duckdb
import pytest

import conftest
import firn_sim
from loading import Pipe
from serving import Service

EVERY = "schedule: { every: 1h }\n"
PACIFIC = 'schedule: { at: "02:30", timezone: US/Pacific }\n'


@pytest.fixture(scope="module")
def shared():
    with firn_sim.start("--interactions", 300, "--until", "now") as running:
        yield running


@pytest.fixture
def api(shared):
    shared.heal()
    shared.forget()
    yield shared
    shared.heal()


def pipe(firn, api, rest=EVERY, streams=("conversations", "users"), **keywords):
    return Pipe(firn, api, rest=rest, streams=list(streams), **keywords)


def runs(pipe):
    """[(command, stream, outcome)] in order."""
    return pipe.sql("SELECT COMMAND, STREAM, OUTCOME FROM FIRN_RUNS ORDER BY STARTED_AT, STREAM")


# --- when ---

def test_the_first_run_of_every_is_at_once_and_the_next_on_the_hour(firn, api):
    loaded = pipe(firn, api)
    with Service(firn, at="2026-05-05T10:17:00Z") as service:
        service.wait_for("run begins: the first")
        service.wait_for("run done")
        service.wait_for("next run 2026-05-05 11:00:00 (UTC)")
        service.set_clock("2026-05-05T10:59:00Z")
        service.stays_silent("run begins")
        service.set_clock("2026-05-05T10:59:59Z")
        service.wait_for("run begins, due 2026-05-05 11:00:00")
        service.wait_for("run done")
        assert service.stop() < 10 and service.process.returncode == 0
    loaded.check_truth(["conversations", "users"])
    assert {(command, outcome) for command, _, outcome in runs(loaded)} == {("start", "done")}


def test_a_time_of_day_is_waited_for_and_not_run_at_the_first_start(firn, api):
    pipe(firn, api, PACIFIC)
    with Service(firn, at="2026-05-05T10:17:00Z") as service:
        service.wait_for("next run 2026-05-06 02:30:00 (US/Pacific)")
        service.stays_silent("run begins")
    assert not api.log()


@pytest.mark.parametrize("before, due, after", [
    # set forward: 02:30 does not exist, 03:00 PDT is the moment after the gap
    ("2026-03-08T09:59:00Z", "2026-03-08 03:00:00", "2026-03-09 02:30:00"),
    # set back: the first 01:30 of two counts
    ("2026-11-01T08:29:00Z", "2026-11-01 01:30:00", "2026-11-02 01:30:00"),
])
def test_both_days_on_which_clocks_change(firn, api, before, due, after):
    hour = "02:30" if "03-08" in before else "01:30"
    pipe(firn, api, f'schedule: {{ at: "{hour}", timezone: US/Pacific }}\n')
    with Service(firn, at=before) as service:
        service.wait_for(f"next run {due} (US/Pacific)")
        service.set_clock(before.replace(":00Z", ":59Z"))
        service.wait_for(f"run begins, due {due}")
        service.wait_for("run done")
        service.wait_for(f"next run {after}")
        if hour == "01:30": # it comes once more
            service.set_clock("2026-11-01T09:30:05Z")
            service.stays_silent("run begins")


def test_a_machine_that_slept_three_days_catches_up_once(firn, api):
    pipe(firn, api, PACIFIC)
    with Service(firn, at="2026-05-05T09:29:00Z") as service:
        service.wait_for("next run")
        service.set_clock("2026-05-05T09:29:59Z")
        service.wait_for("run done")
        service.set_clock("2026-05-08T12:00:00Z")
        service.wait_for("run begins: the one due 2026-05-06 02:30:00 (US/Pacific) was missed")
        service.wait_for("run done")
        service.wait_for("next run 2026-05-09 02:30:00")
        service.stays_silent("run begins")
        assert service.text().count("run begins") == 2


def test_what_was_missed_while_it_was_down_is_caught_up_at_the_start(firn, api):
    pipe(firn, api, PACIFIC)
    with Service(firn, at="2026-05-05T10:00:00Z") as service:
        service.wait_for("next run")
        service.stop()
    with Service(firn, at="2026-05-07T10:00:00Z") as service:
        service.wait_for("was missed")
        service.wait_for("run done")
        service.wait_for("next run 2026-05-08 02:30:00")
        service.stop()
    with Service(firn, at="2026-05-07T11:00:00Z") as service:
        service.wait_for("next run 2026-05-08 02:30:00")


def test_a_clock_that_is_set_back_holds_nothing_up(firn, api):
    pipe(firn, api)
    with Service(firn, at="2036-05-05T10:00:00Z") as service:
        service.wait_for("run done")
        service.set_clock("2026-05-05T10:59:00Z")
        service.wait_for("next run 2026-05-05 11:00:00")
        service.set_clock("2026-05-05T10:59:59Z")
        service.wait_for("run done")


def test_jitter_puts_a_start_off_and_is_the_same_after_a_restart(firn, api):
    pipe(firn, api, 'schedule: { at: "22:00", jitter: 4h }\n')
    found = []
    for _ in range(2):
        with Service(firn, at="2026-05-05T10:00:00Z") as service:
            found.append(re.search(r"next run (.*) \(UTC\)",
                                   service.wait_for("next run ") + service.text())[1])
            service.stop()
    assert found[0] == found[1] and "2026-05-05 22:00:00" < found[0] < "2026-05-06 02:00:00"


# --- failures ---

def test_only_the_stream_that_failed_is_tried_again_after_growing_pauses(firn, api):
    loaded = pipe(firn, api, "schedule: { every: 30d }\n")
    api.fault("status", code=403, entity="users")
    with Service(firn, at="2026-05-05T10:00:00Z") as service:
        text = service.wait_for("the run failed (exit code 3)")
        service.wait_for("next try")
        service.wait_for("the last run failed; next try 2026-05-05 10:0")
        api.forget()
        service.set_clock("2026-05-05T10:00:30Z")
        service.stays_silent("run begins")
        service.set_clock("2026-05-05T10:01:30Z")
        service.wait_for("run begins again after failure 1, of what failed")
        service.wait_for("the run failed (exit code")
        assert {entry["entity"] for entry in api.log()} == {"users"}, text
        service.set_clock("2026-05-05T10:02:40Z")
        service.stays_silent("run begins")
        api.heal()
        service.set_clock("2026-05-05T10:05:00Z")
        service.wait_for("after failure 2")
        service.wait_for("run done")
        service.stop()
    loaded.check_truth(["conversations", "users"])
    assert [row[2] for row in runs(loaded) if row[1] == "users"] == ["failed", "failed", "done"]


def test_a_restart_does_not_try_a_failing_run_sooner(firn, api):
    pipe(firn, api, "schedule: { every: 30d }\n")
    api.fault("status", code=401)
    with Service(firn, at="2026-05-05T10:00:00Z") as service:
        service.wait_for("the run failed")
        service.stop()
    api.forget()
    with Service(firn, at="2026-05-05T10:00:10Z") as service:
        service.wait_for("the last run failed; next try")
        service.stays_silent("run begins")
    assert not api.log()


def test_a_run_is_not_begun_while_another_one_has_the_lock(firn, api):
    loaded = pipe(firn, api)
    api.fault("delay", seconds=1, times=1)
    manual = firn.start("run", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until_asked(api)
    os.kill(manual.pid, signal.SIGSTOP)  # it holds the lock for as long as we want
    with Service(firn, at="2026-05-05T10:17:00Z") as service:
        service.wait_for(f"is held by process {manual.pid} on ")
        service.wait_for("next try")
        os.kill(manual.pid, signal.SIGCONT)
        assert manual.wait(60) == 0
        service.set_clock("2026-05-05T10:19:00Z")
        service.wait_for("run done")
        service.stop()
    loaded.check_truth(["conversations", "users"])


# --- its life ---

def test_the_second_says_who_holds_it_and_since_when(firn, api):
    pipe(firn, api, PACIFIC)
    with Service(firn) as service:
        service.wait_for("next run")
        done = firn("start", timeout=60)
        assert done.code == 1, done
        assert re.search(rf"pipeline moveworks has its firn start already: .*held by process "
                         rf"{service.process.pid} on .* since 20..-..-.. ..:..:.. UTC \(start\)",
                         done.err), done
        assert firn("run").code == 0 # the run's lock is another one


def test_systemd_is_told(firn, api):
    pipe(firn, api)
    with Service(firn, env={"WATCHDOG_USEC": "400000"}) as service:
        service.notified("READY=1")
        service.notified("STATUS=running")
        service.notified("STATUS=next run")
        for _ in range(4):
            service.notified("WATCHDOG=1")
        service.signal(signal.SIGHUP)
        assert re.search(r"^MONOTONIC_USEC=\d+$", service.notified("RELOADING=1"), re.M)
        service.notified("READY=1")
        service.stop()
        service.notified("STOPPING=1")


def test_a_watchdog_of_another_process_is_none_of_ours(firn, api):
    pipe(firn, api, PACIFIC)
    with Service(firn, env={"WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}) as service:
        service.notified("STATUS=next run")
        with pytest.raises(AssertionError):
            service.notified("WATCHDOG=1", timeout=1)


def slow(api):
    """A load that takes long enough to be disturbed."""
    api.fault("delay", seconds=30, entity="users", times=1)


def wait_until_asked(api):
    """Until a run has come to where it is disturbed."""
    firn_sim.wait_until(lambda: api.faults()[0]["fired"] > 0)


def test_sigterm_in_the_middle_of_a_load_ends_within_ten_seconds(firn, api):
    loaded = pipe(firn, api, "schedule: { every: 30d }\n")
    slow(api)
    with Service(firn, at="2026-05-05T10:00:00Z") as service:
        wait_until_asked(api)
        assert service.stop() < 10 and service.process.returncode == 0
        assert "the run was stopped" in service.text()
    api.heal()
    with Service(firn, at="2026-05-05T10:00:30Z") as service:
        service.wait_for("run begins again: it was stopped")
        service.wait_for("run done")
    loaded.check_truth(["conversations", "users"])


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(one) for one in file.read().split()]


def test_a_run_that_does_not_end_is_killed_and_rolled_back(firn, api):
    loaded = pipe(firn, api, "schedule: { every: 30d }\n")
    slow(api)
    with Service(firn, at="2026-05-05T10:00:00Z") as service:
        wait_until_asked(api)
        child, = children(service.process.pid)
        os.kill(child, signal.SIGSTOP) # it will not obey
        assert 7 < service.stop(30) < 25 and service.process.returncode == 0
        assert "was rolled back" in service.text()
    api.heal()
    assert firn("run").code == 0
    loaded.check_truth(["conversations", "users"])


def test_kill_9_and_a_restart(firn, api):
    loaded = pipe(firn, api, "schedule: { every: 30d }\n")
    slow(api)
    with Service(firn, at="2026-05-05T10:00:00Z") as service:
        wait_until_asked(api)
        child, = children(service.process.pid)
        service.process.kill()
        service.process.wait()
        # or the run outlives its service
        firn_sim.wait_until(lambda: not os.path.exists(f"/proc/{child}"))
    api.heal()
    with Service(firn, at="2026-05-05T10:00:10Z") as service:
        service.wait_for("the last run has not ended well")
        service.wait_for("next try")
        service.set_clock("2026-05-05T10:02:00Z")
        service.wait_for("run done")
    loaded.check_truth(["conversations", "users"])


def test_a_run_that_crashes_is_a_failed_run(firn, api):
    pipe(firn, api, "schedule: { every: 30d }\n")
    slow(api)
    with Service(firn, at="2026-05-05T10:00:00Z") as service:
        wait_until_asked(api)
        child, = children(service.process.pid)
        os.kill(child, signal.SIGABRT)
        service.wait_for("the run was killed by signal 6")
        api.heal()
        service.set_clock("2026-05-05T10:02:00Z")
        service.wait_for("after failure 1, of all streams")
        service.wait_for("run done")


SILENT = {"FIRN_SILENT_MS": "4000"}


def test_a_run_that_hangs_is_killed_and_tried_again(firn, api):
    loaded = pipe(firn, api, "schedule: { every: 30d }\n")
    slow(api)
    with Service(firn, at="2026-05-05T10:00:00Z", env=SILENT) as service:
        service.wait_for("run begins")
        end = time.monotonic() + 20
        while not api.log() and time.monotonic() < end: # it asks: what it is at is known
            time.sleep(0.05)
        child, = children(service.process.pid)
        os.kill(child, signal.SIGSTOP)
        text = service.wait_for("it is killed", timeout=60)
        assert re.search(r"the run hangs: no sign of life for \ds, while asking the source", text)
        service.wait_for("the run was killed by signal 9")
        service.wait_for("the last run failed; next try 2026-05-05 10:0")
        assert not os.path.exists(f"/proc/{child}")
        api.heal()
        service.set_clock("2026-05-05T10:02:00Z")
        service.wait_for("run begins again after failure 1, of all streams")
        service.wait_for("run done")
        assert service.text().count("the run hangs") == 1
        assert service.stop() < 10 and service.process.returncode == 0
    loaded.check_truth(["conversations", "users"])


@pytest.mark.parametrize("what", ["answer", "429", "lock"])
def test_a_run_that_waits_for_longer_than_that_does_not_hang(firn, api, what):
    loaded = pipe(firn, api, "schedule: { every: 30d }\n")
    holder = None
    if what == "answer":
        api.fault("delay", seconds=10, entity="users", times=1)
    elif what == "429":
        api.fault("status", code=429, retry_after="10", times=1)
    else:
        holder = duckdb.connect(str(loaded.file))
        holder.execute("CREATE TABLE another (n INTEGER)")
    with Service(firn, at="2026-05-05T10:00:00Z", env=SILENT) as service:
        begun = time.monotonic()
        if holder is not None:
            service.wait_for("waiting: ")
            service.stays_silent("hangs", 10)
            holder.close()
        service.wait_for("run done", timeout=60)
        assert time.monotonic() - begun > 8 and "hangs" not in service.text()
        service.stop()
    loaded.check_truth(["conversations", "users"])


# --- the configuration ---

def test_without_a_schedule_it_says_how_to_write_one(firn, api):
    pipe(firn, api, "")
    done = firn("start")
    assert done.code == 2 and 'schedule: { at: "22:00"' in done.err, done


def test_sighup_takes_a_new_schedule(firn, api):
    loaded = pipe(firn, api, PACIFIC)
    with Service(firn, at="2026-05-05T10:17:00Z") as service:
        service.wait_for("next run 2026-05-06 02:30:00")
        loaded.write(rest='schedule: { at: "23:00" }\nlog: { dir: others }\n',
                     streams=["users"])
        service.signal(signal.SIGHUP)
        service.wait_for("the configuration was read again")
        service.wait_for("next run 2026-05-05 23:00:00 (UTC)")
    assert "read again" in "".join(p.read_text() for p in firn.path("others").glob("*.log"))


def test_a_wrong_configuration_is_told_and_not_taken(firn, api):
    loaded = pipe(firn, api)
    good = firn.path("firn.yaml").read_text()
    with Service(firn, at="2026-05-05T10:17:00Z") as service:
        service.wait_for("run done")
        firn.write("firn.yaml", good.replace("every: 1h", "evry: 1h"))
        service.signal(signal.SIGHUP)
        service.wait_for('unknown key "evry"')
        service.wait_for("the old one stays in force")
        service.set_clock("2026-05-05T11:00:01Z") # with the broken file still there
        service.wait_for("run done")
        for wrong, says in ((good.replace(EVERY, ""), "schedule is missing"),
                            (good.replace("pipeline: moveworks", "pipeline: other"),
                             "pipeline or state_dir has changed"),
                            (good.replace("[conversations", "[nothing"), "no stream nothing"),
                            ("", "firn.yaml")):
            firn.write("firn.yaml", wrong)
            service.signal(signal.SIGHUP)
            service.wait_for(says)
            service.wait_for("the old one stays in force")
        service.set_clock("2026-05-05T12:00:01Z")
        service.wait_for("run done")
        firn.write("firn.yaml", good)
        service.signal(signal.SIGHUP)
        service.wait_for("the configuration was read again")
    log = loaded.log()
    assert 'unknown key "evry"' in log and "the old one stays in force" in log


def test_a_new_token_is_taken_by_the_next_run(firn, api):
    firn.write("token", "an old one")
    pipe(firn, api, auth="{ bearer: '${file:token}' }")
    with Service(firn, at="2026-05-05T10:17:00Z") as service:
        service.wait_for("the run failed (exit code 1)")
        firn.write("token", firn_sim.TOKEN)
        api.forget()
        service.set_clock("2026-05-05T10:19:00Z")
        service.wait_for("run done")
        assert {entry["status"] for entry in api.log()} == {200} # the old one was not tried
        firn.path("token").unlink()
        service.set_clock("2026-05-05T11:00:01Z")
        service.wait_for("the run failed")
        assert "token" in service.text()


# --- the world around it ---

def test_standard_streams_that_are_closed_harm_nothing(firn, api):
    loaded = pipe(firn, api)
    env = firn.environment()
    process = subprocess.Popen(
        ["sh", "-c", 'exec "$0" start <&- >&- 2>&-', conftest.PROGRAM], cwd=firn.folder, env=env)
    try:
        firn_sim.wait_until(lambda: "run done" in loaded.log())
        assert "run done" in loaded.log()
        for number in range(3): # no file of ours has become one of them
            assert os.readlink(f"/proc/{process.pid}/fd/{number}") == "/dev/null"
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    loaded.check_truth(["conversations", "users"])
    with duckdb.connect(str(loaded.file), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM FIRN_RUNS").fetchone()[0] == 2


def test_a_reader_that_went_away_harms_nothing(firn, api):
    loaded = pipe(firn, api)
    process = firn.start("start", stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stderr.close()
    process.stdout.close()
    try:
        firn_sim.wait_until(lambda: "run done" in loaded.log())
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(60)
    loaded.check_truth(["conversations", "users"])


def test_a_disk_that_takes_no_log_and_no_note_keeps_no_data_out(firn, api):
    """state_dir/start.json cannot be replaced: said, and the run goes on."""
    loaded = pipe(firn, api)
    state = firn.path(".firn/moveworks")
    state.mkdir(parents=True)
    (state / "start.json").mkdir()
    with Service(firn, at="2026-05-05T10:17:00Z") as service:
        service.wait_for("start.json")
        service.wait_for("run done")
    loaded.check_truth(["conversations", "users"])


def test_the_service_is_small_while_it_waits(firn, api):
    pipe(firn, api)
    with Service(firn, at="2026-05-05T10:17:00Z") as service:
        service.wait_for("run done")
        service.wait_for("next run")
        text = open(f"/proc/{service.process.pid}/status").read()
        if "san/" not in conftest.PROGRAM: # sanitizers keep shadows of all memory
            assert int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) < 24 * 1024, text
        maps = open(f"/proc/{service.process.pid}/maps").read()
        assert "libduckdb" not in maps
        assert "Threads:\t1\n" in text
