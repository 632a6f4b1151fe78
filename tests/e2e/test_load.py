"""Loads end to end: the simulated API into a DuckDB file, read back by DuckDB's own package. What
interrupts them is in test_load_broken.py, what the server does wrong in test_load_faults.py."""

import datetime
import json
import re

import duckdb
import pytest

import firn_sim
from loading import TABLES, Pipe, moment

DAY = datetime.timedelta(days=1)
MARCH = ("--until", "2026-03-31", "--frozen")


@pytest.fixture(scope="module")
def march():
    """A month of the past that no test changes."""
    with firn_sim.start("--interactions", 3000, "--page-size", 200, *MARCH) as running:
        yield running


@pytest.fixture
def recent():
    """Twenty days, the server's clock five days behind: it can be set forward."""
    with firn_sim.start("--days", 20, "--interactions", 1500, "--page-size", 100,
                        "--until", "now") as running:
        behind(running, 5)
        yield running


NOW = datetime.datetime.now(datetime.timezone.utc)  # conftest.py: the day must not end


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc)


def behind(sim, days):
    when = utc_now() - days * DAY
    sim.set_clock(now=when.strftime("%Y-%m-%dT%H:%M:%S.000Z"), running=False)


# --- history ---

def test_the_last_windows_are_read_side_by_side(firn):
    """One after the other, the last of them would be read with places free beside it; those before
    them are, so that few are open at once."""
    with firn_sim.start("--interactions", 1500, "--page-size", 20, *MARCH) as sim:
        pipe = Pipe(firn, sim, streams=["interactions"], parallel=1)
        assert pipe.load("2026-03-10", "2026-03-13").code == 0
        asked = []
        for entry in sim.log(path="/export/v1/records/interactions"):
            day = re.search(r"ge%20%272026-03-(\d\d)", entry["query"])
            asked.append("next" if day is None else day[1])
    assert asked[:2] == ["10", "next"], asked
    at = asked.index("12")
    assert asked[at:at + 4] == ["12", "13", "next", "next"], asked


def test_initial_load_equals_the_source_s_truth_row_by_row(firn, march):
    pipe = Pipe(firn, march)
    done = pipe.load("2026-03-01", "2026-03-31")
    assert done.code == 0, done
    pipe.check_truth()
    for entity, table in TABLES.items():
        count = pipe.one(f"SELECT count(*) FROM {table}")
        assert re.search(rf"^{entity} +{count:,} fetched +{count:,} new +0 changed$", done.out,
                         re.M), done
        assert count > 0 or entity == "x"
        # Every window is there, with the API's own count.
        windows = pipe.windows(entity)
        assert windows[0][0] == datetime.datetime(2026, 3, 1)
        assert windows[-1][1] == datetime.datetime(2026, 4, 1)
        assert all(a[1] == b[0] for a, b in zip(windows, windows[1:]))
        assert sum(loaded for _, _, loaded, _ in windows) == count
        assert all(loaded == counted for _, _, loaded, counted in windows)
        assert pipe.watermark(entity) == datetime.datetime(2026, 4, 1)
    runs = pipe.sql("SELECT STREAM, COMMAND, OUTCOME, ERROR, ROWS_INSERTED, ENDED_AT IS NOT NULL "
                    "FROM FIRN_RUNS ORDER BY 1")
    assert [run[0] for run in runs] == sorted(TABLES)
    assert all(run[1:4] == ("initial-load", "done", None) and run[5] for run in runs)
    assert pipe.one("SELECT count(*) FROM FIRN_REJECTED") == 0


def test_operators_find_their_lines_in_the_log(firn, march):
    pipe = Pipe(firn, march, streams=["conversations"])
    assert pipe.load("2026-03-01", "2026-03-31").code == 0
    log = pipe.log()
    count = pipe.one("SELECT count(*) FROM MOVEWORKS_CONVERSATIONS")
    assert "Successfully connected to DuckDB" in log
    assert re.search(r"Retrieved \d+ records from page 1", log)
    assert f"Successfully loaded {count} rows to MOVEWORKS_CONVERSATIONS" in log
    assert f"MERGE completed - Inserted: {count}, Updated: 0" in log
    assert "Created view: V_TOTAL_CONVERSATIONS" in log
    assert "ERROR" not in log


def test_history_that_is_complete_is_not_asked_for_again(firn, march):
    pipe = Pipe(firn, march)
    assert pipe.load("2026-03-01", "2026-03-31").code == 0
    before = pipe.copy()
    march.forget()
    done = pipe.load("2026-03-01", "2026-03-31")
    assert done.code == 0 and "windows complete before" in done.out, done
    assert march.log() == []
    done = pipe.load("2026-03-01", "2026-03-31", "--again")
    assert done.code == 0 and "windows complete before" not in done.out, done
    assert len(march.log(path="/export/v1/records/interactions")) >= 31
    assert "0 new" in done.out and pipe.copy() == before


def test_only_the_streams_that_are_named_are_loaded(firn, march):
    pipe = Pipe(firn, march)
    done = pipe.load("2026-03-10", "2026-03-12", "--streams", "users,conversations")
    assert done.code == 0, done
    assert {entry["entity"] for entry in march.log() if entry["entity"]} >= {"users"}
    tables = {row[0] for row in pipe.sql("SELECT table_name FROM information_schema.tables")}
    assert TABLES["users"] in tables and TABLES["interactions"] not in tables


def test_views_of_tables_that_come_later_are_made(firn, march):
    pipe = Pipe(firn, march)
    assert pipe.load("2026-03-10", "2026-03-12", "--streams", "users").code == 0
    assert pipe.load("2026-03-10", "2026-03-12").code == 0
    assert pipe.one("SELECT count(*) FROM V_TOTAL_CONVERSATIONS") > 0


def test_an_older_range_loaded_later_never_moves_a_watermark(firn, march):
    pipe = Pipe(firn, march, streams=["conversations"])
    assert pipe.load("2026-03-20", "2026-03-25").code == 0
    assert pipe.watermark("conversations") == datetime.datetime(2026, 3, 26)
    assert pipe.load("2026-03-01", "2026-03-05").code == 0
    assert pipe.watermark("conversations") == datetime.datetime(2026, 3, 26)
    status, code = pipe.status()
    gaps = status["streams"][0]["gaps"]
    # By the clock the source keeps nothing of that month; it is asked all the same.
    assert code == 1 and gaps == [{"kind": "lost", "part": "",
                                   "from": "2026-03-06T00:00:00.000000Z",
                                   "until": "2026-03-20T00:00:00.000000Z",
                                   "times": None, "reason": None}]
    assert pipe.load("2026-03-06", "2026-03-19").code == 0  # the gap is filled
    assert pipe.watermark("conversations") == datetime.datetime(2026, 3, 26)
    status, code = pipe.status()
    assert code == 0 and status["streams"][0]["gaps"] == []
    assert pipe.load("2026-03-26", "2026-03-31").code == 0
    assert pipe.watermark("conversations") == datetime.datetime(2026, 4, 1)
    pipe.check_truth(["conversations"])


def test_a_newer_range_waits_for_the_one_between(firn, march):
    pipe = Pipe(firn, march, streams=["conversations"])
    assert pipe.load("2026-03-01", "2026-03-05").code == 0
    assert pipe.load("2026-03-20", "2026-03-25").code == 0
    assert pipe.watermark("conversations") == datetime.datetime(2026, 3, 6)
    assert pipe.load("2026-03-06", "2026-03-19").code == 0
    assert pipe.watermark("conversations") == datetime.datetime(2026, 3, 26)


def test_a_day_that_is_not_over_is_loaded_but_not_complete(firn, sim):
    pipe = Pipe(firn, sim, streams=["conversations"])
    today = utc_now().date()
    done = pipe.load(today - 3 * DAY, today)
    assert done.code == 0, done
    assert pipe.windows("conversations")[-1][1].date() == today
    assert pipe.watermark("conversations").date() == today
    pipe.check_truth(["conversations"], filter=f"last_updated_time ge '{today - 3 * DAY}"
                                               "T00:00:00.000Z'")


def test_a_range_that_the_source_no_longer_keeps_is_asked_for_with_a_warning(firn, march):
    pipe = Pipe(firn, march, streams=["conversations", "users", "interactions"])
    done = pipe.load("2026-03-01", "2026-03-02")
    assert done.code == 0 and "warning" in done.err.lower(), done
    assert done.err.count("the source keeps 30d") == 1, done  # of all streams at once


def test_a_range_that_lies_ahead_is_said_to_be_empty(firn, sim):
    pipe = Pipe(firn, sim, streams=["conversations"])
    today = utc_now().date()
    done = pipe.load(today + 3 * DAY, today + 4 * DAY)
    assert done.code == 0 and f"{today + 3 * DAY} lies ahead" in done.err, done
    assert "lies ahead" not in pipe.load(today, today + 4 * DAY).err
    assert pipe.watermark("conversations") is None or (
        pipe.watermark("conversations") <= utc_now())


def test_a_dry_run_names_what_it_would_pass_over(firn, march):
    pipe = Pipe(firn, march, streams=["conversations"])
    assert pipe.load("2026-03-29", "2026-03-31").code == 0
    done = pipe.load("2026-03-28", "2026-03-31", "--dry-run")
    assert done.out.startswith("conversations") and "1 windows, " in done.out, done
    assert "3 more are complete" in done.out, done


def test_a_dry_run_prints_windows_and_counts_and_loads_nothing(firn, march):
    pipe = Pipe(firn, march)
    done = pipe.load("2026-03-29", "2026-03-31", "--dry-run")
    assert done.code == 0, done
    lines = done.out.splitlines()
    starts = [line.split()[:2] for line in lines[:-1]]
    assert starts == [[s, f"2026-03-{d}"] for s in TABLES if s != "users" for d in (29, 30, 31)] + [
        ["users", "2026-03-29"]]
    counted = sum(march.count(entity, "last_updated_time ge '2026-03-29T00:00:00.000Z' and "
                              "last_updated_time lt '2026-04-01T00:00:00.000Z'")
                  for entity in TABLES)
    assert re.match(rf"13 windows, {counted:,} records, \d+ pages or so; at \d+ ms an answer and "
                    "4 in flight about ", lines[-1]), done
    assert not pipe.file.exists()
    assert not firn.path(".firn/moveworks/state.json").exists()
    assert {entry["path"].endswith("$count") for entry in march.log()[-13:]} == {True}


def test_dates_are_asked_for_only_at_a_terminal(firn, march):
    Pipe(firn, march)
    done = firn("initial-load", "--from", "2026-03-01")
    assert done.code == 2 and "--from DATE and --to DATE" in done.err, done
    done = firn("initial-load", "--from", "2026-03-02", "--to", "2026-03-01")
    assert done.code == 2 and "later" in done.err, done


# --- what came since ---

def test_a_run_after_a_load_inserts_nothing(firn, march):
    pipe = Pipe(firn, march, streams=["conversations"])
    assert pipe.load("2026-03-01", "2026-03-31").code == 0
    before = pipe.sql("SELECT * FROM MOVEWORKS_CONVERSATIONS ORDER BY ID")
    assert pipe.load("2026-03-01", "2026-03-31", "--again").code == 0
    assert pipe.sql("SELECT * FROM MOVEWORKS_CONVERSATIONS ORDER BY ID") == before


def test_runs_follow_the_source_day_by_day(firn, recent):
    pipe = Pipe(firn, recent)
    for days in (5, 4, 3, 2, 1):
        behind(recent, days)
        done = pipe("run")
        assert done.code == 0, done
        pipe.check_truth()
        assert pipe.watermark("interactions") == moment(recent.clock()).replace(microsecond=0)
    before = pipe.sql("SELECT * FROM MOVEWORKS_INTERACTIONS ORDER BY ID")
    done = pipe("run")
    assert done.code == 0 and not re.search(r"[1-9]\d* (new|changed)", done.out), done
    assert pipe.sql("SELECT * FROM MOVEWORKS_INTERACTIONS ORDER BY ID") == before
    runs = pipe.one("SELECT count(*) FROM FIRN_RUNS WHERE COMMAND = 'run' AND OUTCOME = 'done'")
    # A weekend may have brought nothing at all: such a run is told with the next one's rows.
    runs += sum(run["command"] == "run" for run in pipe.state()["runs"])
    assert runs == 6 * 5


def test_days_that_come_late_or_again_are_taken_over(firn):
    with firn_sim.start("--days", 20, "--interactions", 1500, "--page-size", 100, "--until", "now",
                        "--late-day", "interactions:14:3", "--republish",
                        "conversations:15:2") as sim:
        pipe = Pipe(firn, sim)
        changed = 0
        for days in (5, 4, 3, 2, 1, 0):
            behind(sim, days)
            done = pipe("run")
            assert done.code == 0, done
            pipe.check_truth()
            changed += int(re.search(r"^conversations .* (\d+) changed", done.out, re.M)[1])
        assert changed > 0
        status, code = pipe.status()
        assert code == 0, status


def test_a_run_that_brings_nothing_touches_no_warehouse(firn, recent):
    pipe = Pipe(firn, recent, streams=["conversations"])
    recent.set_clock(now="2026-01-01T00:00:00.000Z")  # before all data
    assert pipe("run").code == 0
    assert not pipe.file.exists()
    assert len(pipe.state()["runs"]) == 1
    behind(recent, 5)
    assert pipe("run").code == 0
    pipe.check_truth(["conversations"])
    assert pipe.one("SELECT count(*) FROM FIRN_RUNS") == 2  # its row followed
    assert pipe.state()["runs"] == []
    # An empty run moves the watermark on this machine only, until the next load takes it along.
    recent.fault("drop", rows=1000)
    recent.fault("count", add=-1000)
    stamp = pipe.file.stat().st_mtime_ns
    known = pipe.watermark("conversations")
    behind(recent, 4)
    assert pipe("run").code == 0
    assert pipe.file.stat().st_mtime_ns == stamp
    part = pipe.state()["parts"][0]
    assert part["watermark"] > part["known"]
    recent.heal()
    behind(recent, 3)
    assert pipe("run").code == 0
    assert pipe.watermark("conversations") > known


def test_what_the_source_no_longer_has_is_said_aloud(firn, recent):
    pipe = Pipe(firn, recent, streams=["conversations"])
    assert pipe("run").code == 0
    # As if the last run had been forty days ago.
    old = utc_now() - 40 * DAY
    with duckdb.connect(str(pipe.file)) as connection:
        connection.execute("UPDATE FIRN_STATE SET WATERMARK = ?", [old.replace(tzinfo=None)])
        connection.execute("DELETE FROM FIRN_WINDOWS")
    firn.path(".firn/moveworks/state.json").unlink()
    done = pipe("run")
    assert done.code == 0 and "can no longer be fetched" in done.err, done
    status, code = pipe.status()
    assert code == 1 and status["streams"][0]["gaps"][0]["kind"] == "lost", status
    assert pipe("status", "--seen").code == 0
    assert pipe("run").code == 0
    assert pipe.status()[1] == 0


# --- columns that nobody may see ---

def files_of(firn):
    return [path for path in firn.folder.rglob("*") if path.is_file()]


def test_excluded_and_hashed_columns_reach_no_file_in_the_clear(firn):
    firn.env["HASH_KEY"] = "a key that nobody knows"
    with firn_sim.start("--users", 400, "--only", "users", *MARCH) as sim:
        people = sim.truth("users")
        pipe = Pipe(firn, sim, source=(
            "  hash_key: ${HASH_KEY}\n"
            "  streams: { users: { exclude: [email_addr, EXTERNAL_IDS], hash: [FIRST_NAME, "
            "LAST_NAME] } }\n"))
        # Some records cannot be taken at all: what is kept of them must be clean too.
        sim.fault("record", **{"as": "noid"}, entity="users", on="records", rows=1, times=1)
        done = pipe("initial-load", "--from", "2026-03-31", "--to", "2026-03-31", "-v")
    assert done.code == 0, done
    assert pipe.one("SELECT count(*) FROM FIRN_REJECTED") == 1
    assert pipe.one("SELECT count(*) FROM MOVEWORKS_USERS") > 300
    columns = {row[0] for row in pipe.sql("SELECT column_name FROM information_schema.columns "
                                          "WHERE table_name = 'MOVEWORKS_USERS'")}
    assert "EMAIL_ADDR" not in columns and "FIRST_NAME" in columns
    names = pipe.sql("SELECT FIRST_NAME, LAST_NAME, EXTRA FROM MOVEWORKS_USERS")
    assert all(re.fullmatch("[0-9a-f]{64}", first or "0" * 64) for first, _, _ in names)
    assert all(extra is None or "email" not in extra for _, _, extra in names)
    hidden = ({person["email_addr"] for person in people}
              | {person["last_name"] for person in people if len(person["last_name"]) > 5})
    for path in files_of(firn):
        content = path.read_bytes()
        if path.suffix != ".yaml":
            assert not [one for one in hidden if one.encode() in content], path
    assert not [one for one in hidden if one in done.out + done.err]


def test_a_view_of_an_excluded_column_is_left_out_with_a_warning(firn, march):
    pipe = Pipe(firn, march, source="  streams: { conversations: {}, interactions: { exclude: "
                                    "[PLATFORM] } }\n")
    done = pipe.load("2026-03-01", "2026-03-03")
    assert done.code == 0 and "ERROR" not in pipe.log(), done
    told = "V_TOTAL_INTERACTIONS is not made: it reads PLATFORM, which source.streams excludes"
    assert done.err.count(told) == 1, done
    views = {row[0] for row in pipe.sql("SELECT view_name FROM duckdb_views() WHERE NOT internal")}
    assert "V_TOTAL_CONVERSATIONS" in views and "V_TOTAL_INTERACTIONS" not in views
    # Once, not with every load; firn views says it when it is asked.
    assert told not in pipe.load("2026-03-04", "2026-03-05").err
    assert told in pipe("views").err


def test_no_secret_is_in_any_output_or_file(firn, march):
    secret = "s3cr3t-t0k3n/of+the=API"
    with firn_sim.start("--interactions", 100, *MARCH, "--token", secret) as sim:
        pipe = Pipe(firn, sim, streams=["conversations"])
        for token in (secret, secret + "x"):
            firn.env["FIRN_TEST_TOKEN"] = token
            done = pipe.load("2026-03-01", "2026-03-03", "-v", "--again")
            assert done.code == (0 if token == secret else 1), done
            assert token not in done.out + done.err
            for path in files_of(firn):
                assert token.encode() not in path.read_bytes(), path


def test_a_server_that_repeats_the_token_does_not_get_it_printed(firn, march):
    pipe = Pipe(firn, march, streams=["conversations"])
    march.fault("status", code=400, style="flat", message="bad token test-token")
    firn.env["FIRN_TEST_TOKEN"] = "test-token"
    done = pipe.load("2026-03-01", "2026-03-03")
    march.heal()
    assert done.code == 1 and "bad token ***" in done.err, done
    assert "test-token" not in done.err + pipe.log() + json.dumps(pipe.state())
