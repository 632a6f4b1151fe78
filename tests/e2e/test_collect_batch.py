"""Collectors under firn start: several collections in one object, as `deliver` allows, and nothing
of it lost when the service ends, is asked to deliver, or is killed."""

import datetime
import gzip
import json
import time

import pytest

import standin
from collecting import Collector
from serving import Service

WAIT = 4


@pytest.fixture
def collector(firn):
    with standin.OpenMeteo() as server:
        yield Collector(firn, server, rest="schedule: { every: 1s }\n"
                        f"deliver: {{ max_wait: {WAIT}s, max_bytes: 8MiB }}\n")


def objects(collector):
    return sorted(collector.firn.path("landing").glob("current_weather/*/*/*/*/*"))


def collected(collector):
    return collector.log().count("Spooled 3 rows of CURRENT_WEATHER")


def assert_each_once(collector):
    readings = collector.readings()
    assert set(readings.values()) == {1} and len(readings) == 3 * collected(collector)
    assert collector.waiting() == collector.unfinished() == []
    assert collector.gaps() == []


def test_several_collections_are_one_object_and_the_end_seals(collector):
    with Service(collector.firn) as service:
        service.wait_for("run done", times=7)
        assert service.stop() < 10 and service.process.returncode == 0
    n = collected(collector)
    assert n >= 7 and len(objects(collector)) < n, (n, objects(collector))
    assert collector.unfinished() == [], "what is open is sealed at the end"
    assert collector("flush").code == 0
    assert_each_once(collector)
    for path in objects(collector)[:-1]:  # as long as another run comes in time, and no longer
        rows = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
        first = datetime.datetime.fromisoformat(min(row["FETCHED_AT"] for row in rows))
        sealed = int(path.name.split("-")[1]) / 1000
        assert WAIT - 1 <= sealed - first.timestamp() < WAIT + 5, path


def test_flush_delivers_what_start_has_left_open(collector):
    with Service(collector.firn) as service:
        service.wait_for("run done", times=2)
        service.kill()
    n = collected(collector)
    assert n >= 2 and objects(collector) == []
    assert collector("flush").code == 0
    assert sum(collector.readings().values()) >= 3 * n
    assert collector.waiting() == collector.unfinished() == []


def test_a_start_goes_on_with_what_another_left(collector):
    for _ in range(3):
        with Service(collector.firn) as service:
            service.wait_for("run done")
            service.kill()
    assert collector("run").code == 0
    readings = collector.readings()
    assert set(readings.values()) == {1} and len(readings) >= 3 * (collected(collector))
    assert collector.waiting() == collector.unfinished() == []


def test_where_no_run_comes_in_time_nothing_waits_for_one(firn):
    # Runs are due at multiples of the interval: one whose next is not just about to come.
    minutes = next(n for n in range(10, 60) if -time.time() % (60 * n) > 240)
    with standin.OpenMeteo() as server:
        collector = Collector(firn, server, rest=f"schedule: {{ every: {minutes}m }}\n"
                              "deliver: { max_wait: 1m }\n")
        with Service(firn) as service:
            service.wait_for("run done")
            assert len(objects(collector)) == 1 and collector.unfinished() == []


def test_a_run_by_hand_seals_at_its_end(collector):
    assert collector("run").code == 0 and collector("run").code == 0
    assert len(objects(collector)) == 2
    assert_each_once(collector)
