"""firn status: one screen for people, and the same for programs."""

import datetime
import json
import re
import shutil
import subprocess
import time

import pytest

import conftest
import firn_sim
from test_load_files import Central, weather

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
STREAMS = ["conversations", "interactions", "plugin-calls", "plugin-resources", "users"]
UTF8 = {"LANG": "C.UTF-8"}
BROUGHT = firn_sim.ROOT / "deps/bin/promtool"  # by tools/deps.sh test
PROMTOOL = str(BROUGHT) if BROUGHT.exists() else shutil.which("promtool")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    firn = conftest.Firn(tmp_path_factory.mktemp("loaded"))
    with firn_sim.start("--interactions", "600", "--until", "now") as sim:
        firn.write("firn.yaml", firn.moveworks(sim))
        done = firn("initial-load", "--from", (NOW - 5 * DAY).date(), "--to",
                    (NOW - DAY).date())
        assert done.code == 0, done
    return firn


@pytest.fixture
def store(loaded, firn):
    shutil.copytree(loaded.folder, firn.folder, dirs_exist_ok=True)
    return firn


def at_terminal(firn, columns, *args):
    return firn.at_terminal(columns, *args, env=UTF8)


def plain(text):
    return re.sub("\x1b\\[[0-9;]*m", "", text)


def fail_users(firn):
    """One run in which a stream fails."""
    with firn_sim.start("--interactions", "60", "--until", "now") as sim:
        firn.write("firn.yaml", firn.moveworks(sim))
        sim.fault("status", code=403, entity="users", on="any", times=0)
        return firn("run")


def test_a_service_and_a_person_have_one_state(store):
    """Each names the configuration in its own way; a folder that was moved is the same one."""
    whole = store.folder / "firn.yaml"
    for words in ((), ("-c", whole), ("-c", f"../{store.folder.name}/firn.yaml")):
        done = store(*words, "status")
        assert done.code == 0 and "not used" not in done.err, (words, done)
        assert "?" not in done.out, (words, done)
    fail_users(store)
    done = store("-c", whole, "run")
    assert done.code == 1, done
    for words in ((), ("-c", whole)):
        done = store(*words, "status")
        assert done.code == 1 and "cannot connect" in done.out.splitlines()[0], (words, done)


def test_all_is_well_in_the_first_line_and_a_line_a_stream(store):
    done = store("status", env=UTF8)
    lines = done.out.splitlines()
    assert done.code == 0 and lines[0] == "all is well", done
    assert lines[1] == "moveworks -> DuckDB moveworks.duckdb"
    assert [line.split()[0] for line in lines[4:]] == STREAMS
    assert "\x1b" not in done.out
    for line in lines[4:]:  # all rows came today
        assert re.search("·{13}█$", line), line


def test_without_utf8_the_sparkline_is_ascii(store):
    done = store("status", env={"LANG": "C"})
    assert done.out.isascii() and re.search(r"\.{13}#$", done.out, re.M), done


@pytest.mark.parametrize("columns", [160, 100, 80, 60, 50])
def test_a_terminal_gets_colours_and_no_line_is_wrapped(store, columns):
    code, text = at_terminal(store, columns, "status")
    assert code == 0 and "\x1b[32mall is well" in text
    lines = plain(text).splitlines()
    assert max(map(len, lines)) <= columns, text
    for stream in STREAMS:
        assert re.search(f"^{stream} +[0-9,]+ .* done", plain(text), re.M), text
    assert ("NEW, CHANGED" in text) == (columns >= 100)
    assert ("14 DAYS" in text) == (columns > 50)


def test_the_reason_is_in_the_first_line_and_the_exit_code_is_1(store):
    assert fail_users(store).code == 3
    done = store("status")
    assert done.code == 1, done
    assert done.out.startswith("users: the last run failed: "), done
    answer = json.loads(store("status", "--json").out)
    assert answer["ok"] is False and answer["reasons"][0].startswith("users: the last run failed")
    code, text = at_terminal(store, 100, "status")
    assert code == 1 and text.startswith("\x1b[31musers: the last run failed")
    assert "\x1b[31mfailed" in text


def test_many_reasons_leave_the_streams_on_the_screen(store):
    path = store.path(".firn/moveworks/state.json")
    text = path.read_text()
    body = text[:text.rindex(',"sha256"')]
    found = [{"kind": "lost", "stream": "users", "part": "", "from": i * 10 ** 12,
              "until": (i + 1) * 10 ** 12, "counted": 0, "came": 0, "at": 0} for i in range(30)]
    body = body.replace('"findings":[', '"findings":' + json.dumps(found)[:-1])
    import hashlib
    digest = hashlib.sha256(body.encode()).hexdigest()
    path.write_text(f'{body},"sha256":"{digest}"}}\n')
    done = store("status")
    assert done.code == 1 and len(done.out.splitlines()) <= 24, done
    assert "and 22 more; --json names them all" in done.out
    assert len(json.loads(store("status", "--json").out)["reasons"]) == 30


def test_json_keeps_its_names(store):
    done = store("status", "--json")
    answer = json.loads(done.out)
    assert store("status", "--format", "json").out.replace("\n", "")[:80] == done.out[:80]
    assert set(answer) == {"pipeline", "destination", "at", "ok", "reasons", "streams", "spool",
                           "next_run"}
    assert answer["spool"] == {"files": 0, "rows": 0, "bytes": 0, "oldest_at": None,
                               "quarantined": 0, "failed_at": None, "error": None, "owner": None}
    for stream in answer["streams"]:
        assert set(stream) == {"stream", "table", "rows", "watermark", "loaded_at",
                               "fresh_seconds", "rescued", "rejected", "days", "parts", "gaps",
                               "fewer", "last_run"}
        [day] = stream["days"]
        assert day["rows"] == stream["rows"] > 0
        assert day["day"] == stream["loaded_at"][:10]


def metrics(text):
    """{(name, stream or None): value}; each line of the format is looked at."""
    found, typed = {}, set()
    for line in text.splitlines():
        if line.startswith("#"):
            kind, name = line.split()[1:3]
            if kind == "TYPE":
                assert name not in typed, "all lines of a metric stand together"
                typed.add(name)
            continue
        match = re.fullmatch(r'([a-z_]+)\{pipeline="moveworks"(?:,(\w+)="([^"]*)")?\} (-?[\d.]+)',
                             line)
        assert match, line
        assert match[1] in typed, line
        found[match[1], match[3]] = float(match[4])
    return found


def test_prometheus_gets_the_same_numbers(store):
    done = store("status", "--format", "prometheus")
    found = metrics(done.out)
    answer = json.loads(store("status", "--json").out)
    assert done.code == 0 and found["firn_healthy", None] == 1
    for stream in answer["streams"]:
        name = stream["stream"]
        assert found["firn_stream_rows", name] == stream["rows"]
        at = datetime.datetime.fromisoformat(stream["watermark"].replace("Z", "+00:00"))
        assert found["firn_stream_watermark_timestamp_seconds", name] == round(at.timestamp(), 3)
        assert found["firn_stream_last_run_success", name] == 1
        assert found["firn_stream_last_run_fetched_rows", name] == \
            stream["last_run"]["rows_fetched"]
    fail_users(store)
    done = store("status", "--format", "prometheus")
    found = metrics(done.out)
    assert done.code == 1 and found["firn_healthy", None] == 0
    assert found["firn_stream_last_run_success", "users"] == 0


def test_names_cannot_break_out_of_a_label(store):
    text = store.path("firn.yaml").read_text()
    store.write("firn.yaml", text.replace("pipeline: moveworks",
                                          'pipeline: "a\\"} 1\\\\"', 1))
    done = store("status", "--format", "prometheus")
    assert r'{pipeline="a\"} 1\\",version=' in done.out, done


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
def test_promtool_has_nothing_to_say(store):
    fail_users(store)
    done = store("status", "--format", "prometheus")
    ended = subprocess.run([PROMTOOL, "check", "metrics"], input=done.out, text=True,
                           capture_output=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_pipeline_that_never_ran(firn):
    with firn_sim.start("--interactions", "60", "--until", "now") as sim:
        firn.write("firn.yaml", firn.moveworks(sim))
        done = firn("status")
        assert done.code == 0 and "never" in done.out and "?" in done.out, done
        found = metrics(firn("status", "--format", "prometheus").out)
        assert found["firn_stream_gaps", "users"] == 0
        assert ("firn_stream_rows", "users") not in found


# --- the next run ---

def test_the_next_run_is_what_start_has_noted(firn):
    """Jitter, and a failed run's next try; while a run is under way, the schedule's."""
    with firn_sim.start("--interactions", "60", "--until", "now") as sim:
        firn.write("firn.yaml", firn.moveworks(sim) +
                   "schedule: { every: 30d, jitter: 1d }\n")

        def next_us(code=0, **noted):
            if noted:
                firn.path(".firn/moveworks").mkdir(parents=True, exist_ok=True)
                firn.write(".firn/moveworks/start.json", json.dumps(
                    {"format": 1, "handled": now, "retry": -2 ** 63, "failures": 0, "running": 0,
                     "stopped": 0, "streams": [], **noted}))
            done = firn("status", "--json")
            assert done.code == code, done
            text = json.loads(done.out)["next_run"]
            return int(datetime.datetime.fromisoformat(text).timestamp() * 1e6)

        now = int(time.time() * 1e6)
        schedule = next_us(running=1)
        assert schedule % (30 * 86400 * 10 ** 6) == 0 and schedule > now
        assert schedule < next_us(failures=0) < schedule + 86400 * 10 ** 6
        retry = now + 600 * 10 ** 6
        assert next_us(failures=3, retry=retry, streams=["users"]) == retry
        missed = next_us(code=1, handled=now - 70 * 86400 * 10 ** 6)
        assert abs(missed - now) < 60 * 10 ** 6


def test_a_hole_older_than_the_source_keeps_is_not_promised_back(firn, sim):
    firn.write("firn.yaml", firn.moveworks(sim, "  streams: [users]\n"))
    for days in (10, 40, 60):
        day = (NOW - days * DAY).date()
        assert firn("initial-load", "--from", day, "--to", day).code == 0
    done = firn("status", "--json")
    answer = json.loads(done.out)
    [stream] = answer["streams"]
    kinds = {gap["from"][:10]: gap["kind"] for gap in stream["gaps"]}
    assert kinds == {str((NOW - 59 * DAY).date()): "lost",
                     str((NOW - 39 * DAY).date()): "hole"}, done
    said = {line[7:17]: line for line in answer["reasons"]}
    assert "the source no longer has it" in said[str((NOW - 59 * DAY).date())]
    assert "firn initial-load" in said[str((NOW - 39 * DAY).date())]


def test_a_schedule_that_nobody_runs_needs_a_person(firn, sim):
    firn.write("firn.yaml", firn.moveworks(sim) + "schedule: { every: 10m }\n")
    firn.path(".firn/moveworks").mkdir(parents=True)

    def status(minutes_ago, **noted):
        handled = int((time.time() - 60 * minutes_ago) * 1e6)
        firn.write(".firn/moveworks/start.json", json.dumps(
            {"format": 1, "handled": handled, "retry": -2 ** 63, "failures": 0, "running": 0,
             "stopped": 0, "streams": [], **noted}))
        return firn("status")

    done = status(2 * 24 * 60)
    assert done.code == 1, done
    assert re.match(r"nobody runs the schedule: the run due \S+ \S+ UTC has not begun; see "
                    r"whether firn start is there", done.out), done
    assert status(60).code == 0, "it may be about to begin"
    assert status(2 * 24 * 60, running=1).code == 0, "one is under way"
    assert firn("run").code == 0
    assert status(2 * 24 * 60).code == 0, "somebody ran it by hand"


def test_a_pipeline_that_only_loads_files_needs_no_connector(firn):
    central = Central(firn)
    done = firn("status")
    assert done.code == 0, done
    central.land([weather(), weather(OBSERVED_AT="soon")])
    assert central.load().code == 3
    done = firn("status", "--json")
    [stream] = json.loads(done.out)["streams"]
    assert stream["table"] == "CURRENT_WEATHER" and stream["rows"] == 1, done
    assert done.code == 1 and stream["rejected"] == 1, done
    assert "current_weather " in firn("status").out
    [deep] = json.loads(firn("status", "--json", "--deep").out)["streams"]
    assert deep["table"] == stream["table"] and deep["rows"] == 1


def test_who_looks_at_night_needs_none_of_the_unit_s_secrets(firn, sim):
    firn.write("firn.yaml", firn.moveworks(sim, rest="schedule: { every: 10m }\n"))
    assert firn("run").code == 0
    firn.env.clear()
    for words in (["status"], ["status", "--deep"], ["query", "SELECT 1"], ["validate"], ["views"],
                  ["report", "-o", "page.html"], ["ddl"], ["service", "systemd"],
                  ["reset", "--yes"]):
        done = firn(*words)
        assert done.code == 0 and "is not set" not in done.err, (words, done)
    for words in (["run"], ["check"], ["start"]):
        done = firn(*words)
        assert done.code == 2 and "variable FIRN_TEST_TOKEN is not set" in done.err, (words, done)


def test_one_cause_that_fails_all_streams_is_one_line(firn, sim):
    firn.write("firn.yaml", firn.moveworks(sim))
    assert firn("run", env={"FIRN_TEST_TOKEN": "wrong"}).code == 1
    answer = json.loads(firn("status", "--json").out)
    assert len(answer["reasons"]) == 1, answer["reasons"]
    # Whichever was answered first is named as the one that all failed of.
    said = ", ".join(STREAMS) + r": the last run failed: (\S+: )?HTTP 401"
    assert re.match(said, answer["reasons"][0]), answer["reasons"]


def test_a_damaged_copy_of_the_state_is_not_well(store):
    path = store.path(".firn/moveworks/state.json")
    path.write_text(path.read_text().replace("conversations", "konversations", 1))
    done = store("status")
    assert done.code == 1, done
    assert done.out.startswith("the copy of the state on this machine is not used")
    assert "digest" in done.out and "--deep" in done.out, done
    assert store("status", "--deep").code == 0
    assert store("status").code == 1
