"""A disk that its logs have filled: firn start goes on, says so once, and logs again when there is
room."""

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


def fill(disk):
    with open(disk / "filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            pass
    assert shutil.disk_usage(disk).free == 0


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
            while COMPLAINT not in service.text():  # the page that is begun still takes lines
                assert hour < 22, service.text()
                service.set_clock(f"2026-05-05T{hour}:00:01Z")
                service.wait_for("run done")
                hour += 1
                service.wait_for(f"next run 2026-05-05 {hour}:00:00")
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
