"""A disk that its logs have filled: firn start goes on, says so once, logs again when there is
room, and says so again when it fills once more."""

import json
import os
import re
import shutil
import subprocess

import pytest

import firn_sim
from loading import TABLES, Pipe
from serving import Service

COMPLAINT = "the log cannot be written"
LINE_BEGIN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - ")
LINE = re.compile(LINE_BEGIN.pattern + "(DEBUG|INFO|WARNING|ERROR) - .+")


@pytest.fixture
def disk(firn):
    """Of its own, with room for a few lines."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts a small disk")
    disk = firn.path("disk")
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk],
                      capture_output=True).returncode != 0:
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def run_until(service, hour, done):
    """One run an hour, until `done`; gives the next one's hour."""
    while not done():
        assert hour < 23, service.text()
        service.set_clock(f"2026-05-05T{hour:02}:00:01Z")
        service.wait_for("run done")
        hour += 1
        service.wait_for(f"next run 2026-05-05 {hour:02}:00:00")
    return hour


def log_bytes(disk):
    return sum(path.stat().st_size for path in (disk / "logs").glob("*.log"))


def fill(disk):
    with open(disk / "filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            pass
    assert shutil.disk_usage(disk).free == 0


def test_a_disk_that_fills_once_more_is_told_once_more(firn, disk):
    with firn_sim.start("--interactions", 300, "--until", "now") as api:
        Pipe(firn, api, rest=f"schedule: {{ every: 1h }}\nlog: {{ dir: {disk}/logs }}\n")
        with Service(firn, at="2026-05-05T00:17:00Z") as service:
            service.wait_for("next run 2026-05-05 01:00:00")
            hour = 1
            for times in (1, 2):
                fill(disk)
                hour = run_until(service, hour, lambda: service.text().count(COMPLAINT) == times)
                (disk / "filler").unlink()
                before = log_bytes(disk)
                hour = run_until(service, hour,
                                 lambda: log_bytes(disk) > before)
            assert service.text().count(COMPLAINT) == 2, service.text()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_disk_full_of_logs_stops_no_run_and_is_told_once(firn, disk, form):
    with firn_sim.start("--interactions", 300, "--until", "now") as api:
        logs = f"log: {{ dir: {disk}/logs }}\n"
        pipe = Pipe(firn, api, rest="schedule: { every: 1h }\n" + logs)
        with Service(firn, at="2026-05-05T10:17:00Z",
                     args=("--log-format", form)) as service:
            service.wait_for("next run 2026-05-05 11:00:00")
            fill(disk)
            hour = 11
            # The page that is begun still takes lines.
            hour = run_until(service, hour, lambda: COMPLAINT in service.text())
            pipe.file.unlink()
            pipe.firn.path(".firn/moveworks/state.json").unlink()
            for _ in range(2):  # nothing is left but what these load
                service.set_clock(f"2026-05-05T{hour}:00:01Z")
                service.wait_for("run done")
                hour += 1
                service.wait_for(f"next run 2026-05-05 {hour}:00:00")
            pipe.check_truth()
            assert service.text().count(COMPLAINT) == 1, service.text()
            (disk / "filler").unlink()
            service.set_clock(f"2026-05-05T{hour}:00:01Z")
            service.wait_for("run done")
            service.wait_for(f"next run 2026-05-05 {hour + 1}:00:00")
            assert service.stop() < 10 and service.process.returncode == 0
            assert service.text().count(COMPLAINT) == 1, service.text()
        log = "".join(path.read_text() for path in (disk / "logs").glob("*.log"))
        assert f"due 2026-05-05 {hour}:00:00" in log, log
        assert f"next run 2026-05-05 {hour + 1}:00:00" in log, log
        assert sum(len(pipe.rows(table)) for table in TABLES.values()) > 300
        for line in log.splitlines():  # each is whole, none has grown together with another
            if form == "json":
                assert json.loads(line)["text"], line
            else:
                assert LINE.fullmatch(line) and len(LINE_BEGIN.findall(line)) == 1, line
