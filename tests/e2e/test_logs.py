"""Log files: a line says when, which run and which stream; a full disk stops no load."""

import datetime
import json
import os
import re
import subprocess

import pytest


NOW = datetime.datetime.now(datetime.timezone.utc)  # conftest.py: the day must not end


def logs(firn):
    return sorted(firn.path("logs").glob("*.log"))


def test_each_line_has_its_run_and_its_stream(firn, sim):
    firn.write("firn.yaml", firn.moveworks(sim))
    assert firn("run").code == 0
    [path] = logs(firn)
    assert path.name == f"moveworks_pipeline_{datetime.date.today():%Y%m%d}.log"
    lines = path.read_text().splitlines()
    run = json.loads(firn("status", "--json").out)["streams"][0]["last_run"]["run_id"]
    for line in lines:
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - (DEBUG|INFO|WARNING|ERROR) - "
                        rf"\[run {run}\] ", line), line
    assert any("[users] Retrieved " in line for line in lines)
    assert any("Successfully connected to DuckDB" in line for line in lines)


def test_lines_can_be_objects(firn, sim):
    firn.write("firn.yaml", firn.moveworks(sim))
    assert firn("run", "--log-format", "json").code == 0
    lines = [json.loads(line) for line in logs(firn)[0].read_text().splitlines()]
    assert lines and all({"time", "level", "run", "text"} <= set(line) for line in lines)
    assert {"users", "interactions"} <= {line.get("stream") for line in lines}


def test_only_files_of_this_pipeline_that_are_old_enough_go(firn, sim):
    firn.write("firn.yaml", firn.moveworks(sim, rest="log: { keep_days: 3 }\n"))
    today = datetime.date.today()
    names = [f"moveworks_pipeline_{today - datetime.timedelta(days=days):%Y%m%d}.log"
             for days in (2, 3, 4, 400)]
    for name in [*names, "other_pipeline_20000101.log", "moveworks_pipeline_20000101.log.gz"]:
        firn.write("logs/" + name, "x\n")
    assert firn("run").code == 0
    kept = {path.name for path in firn.path("logs").iterdir()}
    assert set(names[:2]) <= kept and not set(names[2:]) & kept
    assert {"other_pipeline_20000101.log", "moveworks_pipeline_20000101.log.gz"} <= kept


@pytest.fixture
def small_disk(firn):
    folder = firn.path("logs")
    folder.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(folder)],
        capture_output=True).returncode == 0
    if not mounted:
        pytest.skip("no tmpfs can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_filled_by_logs_stops_no_load(firn, sim, small_disk):
    firn.write("firn.yaml", firn.moveworks(sim))
    (small_disk / "other").write_bytes(b"x" * 4096)
    for _ in range(3):
        done = firn("run", "-v")
        assert done.code == 0, done
        assert done.err.count("the log cannot be written") <= 1, done
    assert "the log cannot be written: " in done.err and "No space left" in done.err, done
    assert json.loads(firn("status", "--json").out)["ok"]
    assert firn("validate").code == 0
