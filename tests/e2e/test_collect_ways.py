"""Collectors by other ways: an API that can be asked again, landed and loaded centrally; a process
that dies at chosen moments; a full spool that drops its oldest."""

import datetime
import os
import pathlib
import random
import signal
import subprocess
import time

import duckdb
import pytest

import firn_sim
import standin
from collecting import Collector
from loading import Pipe

FAULTS = pathlib.Path(firn_sim.ROOT, os.environ.get("FIRN_BUILD", "build"), "tests", "faults.so")


class Landing(Pipe):
    """Moveworks into a folder; `central` loads that folder into DuckDB."""

    def write(self, *args, **keywords):
        super().write(*args, **keywords)
        self.text = self.firn.path("firn.yaml").read_text()
        here = f"{{ duckdb: {self.file.name} }}"
        assert here in self.text
        self.firn.write("central.yaml", self.text.replace("pipeline: moveworks",
                                                          "pipeline: central"))
        self.firn.write("firn.yaml", self.text.replace(here, "{ folder: landing }"))

    def central(self):
        return self.firn("-c", "central.yaml", "load", "landing")


@pytest.fixture
def api():
    """Its clock is some hours behind: where a test puts it on, what it publishes then (under the
    time of a batch) is not in the future of firn's own."""
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=4)
    with firn_sim.start("--interactions", 2000, "--until",
                        then.strftime("%Y-%m-%dT%H:%M:%SZ")) as running:
        yield running


def test_an_api_that_can_be_asked_again_is_landed_and_loaded_as_it_is(firn, api):
    pipe = Landing(firn, api)
    assert pipe("run").code == 0
    assert pipe.central().code == 0
    pipe.check_truth()
    before = len(list(firn.path("landing").rglob("*.gz")))
    api.advance("3h")
    assert pipe("run").code == 0
    assert len(list(firn.path("landing").rglob("*.gz"))) > before
    assert pipe.central().code == 0
    pipe.check_truth()
    assert pipe.status()[1] == 0


def test_killed_at_any_moment_nothing_of_it_is_missing(firn, api):
    pipe = Landing(firn, api)
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    for _ in range(6):
        running = firn.start("run", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.05, 0.6))
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert pipe("run").code == 0, seed
    assert pipe.central().code == 0, seed
    pipe.check_truth()


# --- chosen moments ---

def absolute(firn, server):
    """The calls are told by their paths."""
    return Collector(firn, server, destination=f"{{ folder: {firn.path('landing').resolve()} }}",
                     rest=f"spool: {{ dir: {firn.path('spool').resolve()}/weather }}\n")


def killed(collector, root, fault):
    """A run that is killed at a call on a file below `root`; False: it made fewer of them."""
    done = collector("run", env={"LD_PRELOAD": str(FAULTS), "FAULT": fault, "FAULT_ROOT": str(root)})
    assert done.code in (0, -signal.SIGKILL), (fault, done)
    return done.code != 0


@pytest.mark.skipif(not FAULTS.exists(), reason="faults.so is not built")
@pytest.mark.parametrize("where,fault", [
    (".firn", "rename:KILL:2"),   # synced, and the local copy does not know
    ("spool", "link:KILL:1"),     # the local copy knows, not sealed
    ("spool", "unlink:KILL:1"),   # in ready/ and in tmp/
    ("landing", "rename:KILL:1"),  # sealed, and about to be delivered
    ("spool", "unlink:KILL:2"),   # delivered, and not given up
])
def test_killed_at_a_chosen_moment_every_reading_arrives_once(firn, where, fault):
    with standin.OpenMeteo() as server:
        collector = absolute(firn, server)
        assert collector("run").code == 0
        assert killed(collector, firn.path(where).resolve(), fault)
        assert len(collector.readings()) == (6 if fault == "unlink:KILL:2" else 3)
        assert collector("run").code == 0
        readings = collector.readings()
        assert set(readings.values()) == {1} and len(readings) == 9, readings
        assert collector.waiting() == collector.unfinished() == []


@pytest.mark.skipif(not FAULTS.exists(), reason="faults.so is not built")
def test_killed_while_it_is_put_on_disk_what_was_asked_is_there_or_a_gap(firn):
    with standin.OpenMeteo() as server:
        collector = absolute(firn, server)
        assert collector("run").code == 0
        for call, least in [("write", 3), ("sync", 5)]:
            n = 0
            while killed(collector, firn.path("spool").resolve(), f"{call}:KILL:{n + 1}"):
                n += 1
            assert n >= least, (call, n)
        assert collector("run").code == 0
        readings = collector.readings()
        assert set(readings.values()) == {1}, readings
        gaps = sum(gap["times"] for gap in collector.gaps())
        assert len(readings) % 3 == 0 and gaps > 0
        assert len(readings) // 3 + gaps >= len(server.log), (readings, gaps, server.log)


# --- limits ---

def test_a_full_spool_that_drops_its_oldest_goes_on_and_tells_it(firn):
    firn.write("blocked", "a file where the folder should be")
    with standin.OpenMeteo() as server:
        collector = Collector(firn, server, destination="{ folder: blocked/landing }",
                              rest="spool: { max_bytes: 1MiB, when_full: drop-oldest }\n")
        assert collector("run").code == 3
        oldest = [p.name for p in collector.waiting()]
        junk = firn.path("spool/weather/quarantine/foreign")
        junk.mkdir(parents=True, exist_ok=True)
        (junk / "junk").write_bytes(b"x" * ((1 << 20) - 1500))
        for _ in range(4):
            asked = len(server.log)
            assert collector("run").code == 3
            assert len(server.log) > asked, "it goes on collecting"
        left = [p.name for p in collector.waiting()]
        assert left and not set(oldest) & set(left), (oldest, left)
        gaps = collector.gaps()
        assert gaps and all("dropped undelivered" in gap["reason"] for gap in gaps), gaps
        assert "dropped undelivered, as when_full says" in collector.log()
        firn.path("blocked").unlink()
        assert collector("flush").code == 0
        # what was dropped of the settings' rows is landed again
        assert collector("run").code == 0
        names = {row["LOCATION_NAME"] for row in collector.landed("locations", "blocked/landing")}
        assert len(names) == 3


def test_delivery_waits_no_longer_than_until_the_next_run(firn):
    with standin.OpenMeteo() as server:
        collector = Collector(
            firn, server, budget="10m", rest="schedule: { every: 1m }\nhttp: { allow_http: true }\n",
            destination="{ s3: { bucket: b, region: us-east-1, endpoint: 'http://127.0.0.1:9' } }")
        firn.env.update(AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret")
        began = time.monotonic()
        done = collector("run")
        assert done.code == 3 and time.monotonic() - began < 20, done
        assert len(collector.waiting()) == 3


# --- into a warehouse ---

def test_read_once_into_duckdb_killed_anywhere_every_reading_is_there_once(firn):
    with standin.OpenMeteo() as server:
        collector = Collector(firn, server, destination="{ duckdb: w.duckdb }")
        assert collector("run").code == 0
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        for _ in range(10):
            running = firn.start("run", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0.05, 0.5))
            running.send_signal(signal.SIGKILL)
            running.wait()
        acked = collector.log().count("Spooled 3 rows of CURRENT_WEATHER")
        assert collector("run").code == 0, seed
        assert collector.waiting() == collector.unfinished() == []
        with duckdb.connect(str(firn.path("w.duckdb")), read_only=True) as connection:
            found = connection.execute(
                "SELECT LOCATION_ID, OBSERVED_AT, count(*) FROM CURRENT_WEATHER GROUP BY ALL"
            ).fetchall()
            loaded = connection.execute("SELECT sum(ROWS_LOADED) FROM FIRN_FILES WHERE FILE_KEY "
                                        "LIKE 'current_weather/%'").fetchone()[0]
        assert {n for _, _, n in found} == {1} and len({place for place, _, _ in found}) == 3
        assert loaded % 3 == 0 and loaded // 3 >= acked + 1, (seed, loaded, acked)
