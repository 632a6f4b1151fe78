"""firn load, killed at any moment: what is loaded next is what an undisturbed load gives."""

import random
import signal
import subprocess
import time

import pytest

from test_load_files import Central, at, weather

FILES, ROWS = 60, 100


def row(file, n):
    return weather(CUSTOMER_ID=str(n % 7), LOCATION_ID=f"{file}-{n}", OBSERVED_AT=at(n % 24),
                   TEMPERATURE=float(n), EXTRA={"file": file})


def begin(central):
    return central.firn.start("load", "landing", stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)


def whole(central):
    """What every file brought, and how often each file is remembered."""
    rows = central.sql("SELECT CAST(json_extract(EXTRA, '$.file') AS INTEGER), COUNT(*),"
                       " COUNT(DISTINCT LOCATION_ID), SUM(TEMPERATURE) FROM CURRENT_WEATHER"
                       " GROUP BY 1 ORDER BY 1")
    return rows, central.one("SELECT COUNT(*) FROM FIRN_FILES"), central.one(
        "SELECT COUNT(DISTINCT FILE_KEY) FROM FIRN_FILES")


TRUTH = ([(file, ROWS, ROWS, float(sum(range(ROWS)))) for file in range(FILES)], FILES, FILES)


@pytest.fixture
def central(firn):
    central = Central(firn)
    for file in range(FILES):
        central.named([row(file, n) for n in range(ROWS)], seq=file + 1)
    return central


def test_killed_at_any_moment_every_file_is_loaded_once(central, firn, tmp_path):
    begun = time.monotonic()
    assert central.load().code == 0
    lasts = time.monotonic() - begun
    assert whole(central) == TRUTH
    seed = random.randrange(1 << 30)
    chance, killed = random.Random(seed), 0
    for moment in [0.2, 0.5, 0.8, 0.95, *(chance.uniform(0, 1.1) for _ in range(6))]:
        for path in [*firn.path("").glob("central.duckdb*"), *firn.path("").glob(".firn/*/*")]:
            path.unlink()
        for again in (False, True):
            begun = time.monotonic()
            running = begin(central)
            try:
                running.wait(timeout=moment * lasts)
                if not again:  # faster than the first one was
                    lasts = time.monotonic() - begun
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
                killed += running.wait() == -signal.SIGKILL
        assert central.load().code == 0, (seed, moment)
        assert whole(central) == TRUTH, (seed, moment)
    assert killed >= 5, (seed, killed)


def test_a_load_that_is_killed_between_two_pages_keeps_what_it_has_committed(central):
    """More files come; the killed load's are not read again."""
    assert central.load().code == 0
    for file in range(FILES, FILES + 3):
        central.named([row(file, n) for n in range(ROWS)], seq=file + 1)
    running = begin(central)
    running.send_signal(signal.SIGKILL)
    running.wait()
    done = central.load()
    assert done.code == 0 and f"{FILES} loaded before" in done.out, done
    assert central.one("SELECT COUNT(*) FROM FIRN_FILES") == FILES + 3
