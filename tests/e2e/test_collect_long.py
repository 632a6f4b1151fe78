"""A collector's memory while its far side is away for long: part of `make test-long`.

FIRN_COLLECTIONS says how many collections are made, 50 if it is absent; FIRN_DELIVERED how many
segments are delivered, 10,000."""

import gzip
import hashlib
import os
import time
import types

import pytest

import s3_server
import standin
from collecting import Collector
from test_collect_s3 import S3

SEGMENTS = 100_000
NOBODY = types.SimpleNamespace(url="http://127.0.0.1:9")  # nothing is asked for
PEAK_KIB = 24 * 1024
DELIVERED = int(os.environ.get("FIRN_DELIVERED", "10000"))
COLLECTIONS = int(os.environ.get("FIRN_COLLECTIONS", "50"))


def watch(process):
    """VmHWM in KiB and the libraries that were mapped, until the process has ended."""
    peak, mapped = 0, set()
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
                for line in status:
                    if line.startswith("VmHWM"):
                        peak = max(peak, int(line.split()[1]))
            with open(f"/proc/{process.pid}/maps", encoding="utf-8") as maps:
                mapped |= {line.split()[-1] for line in maps if ".so" in line}
        except (FileNotFoundError, ProcessLookupError):
            pass
        time.sleep(0.01)
    return peak, mapped


def fill(firn, segments):
    data = gzip.compress(b'{"CUSTOMER_ID":"acme"}\n')
    name = hashlib.sha256(data).hexdigest()[:32]
    ready = firn.path("spool/weather/ready/current_weather/acme")
    ready.mkdir(parents=True)
    for n in range(segments):
        (ready / f"{1_795_000_000_000 + n:013}-{1:010}-1-{name}.ndjson.gz").write_bytes(data)


@pytest.mark.slow
def test_memory_stays_small_however_much_waits(firn):
    fill(firn, SEGMENTS)
    firn.write("blocked", "a file where the folder should be")
    with standin.OpenMeteo() as meteo:
        collector = Collector(firn, meteo, destination="{ folder: blocked/landing }")
        peak, mapped, began = 0, set(), time.monotonic()
        for _ in range(COLLECTIONS):
            running = firn.start("run", stdout=-3, stderr=-3)
            one, libraries = watch(running)
            assert running.returncode == 3
            peak, mapped = max(peak, one), mapped | libraries
        took = time.monotonic() - began
    assert len(collector.waiting()) == SEGMENTS + COLLECTIONS + 2
    print(f"peak {peak} KiB over {COLLECTIONS} collections, {took / COLLECTIONS:.2f} s each")
    assert not [path for path in mapped if "duckdb" in path or "snowflake" in path], mapped
    assert 1024 < peak < PEAK_KIB, peak


def deliver(collector):
    began = time.monotonic()
    running = collector.firn.start("flush", stdout=-3, stderr=-3)
    peak, _ = watch(running)
    print(f"peak {peak} KiB, {time.monotonic() - began:.1f} s for {DELIVERED} segments")
    assert running.returncode == 0 and collector.waiting() == []
    assert 1024 < peak < PEAK_KIB, peak


@pytest.mark.slow
def test_memory_stays_small_however_much_is_delivered_to_a_folder(firn):
    fill(firn, DELIVERED)
    deliver(Collector(firn, NOBODY, budget="10m"))


@pytest.mark.slow
def test_memory_stays_small_however_much_is_delivered_to_a_bucket(firn, tmp_path):
    fill(firn, DELIVERED)
    with s3_server.start(tmp_path) as s3:
        firn.env.update(s3.user("writer", "writersecret", ["s3:PutObject"]))
        deliver(Collector(firn, NOBODY, destination=S3 % s3.endpoint, budget="10m"))
