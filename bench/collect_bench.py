#!/usr/bin/env python3
"""1,000,000 observations collected from a simulated Open-Meteo and delivered to a versitygw on this
machine: 100 collections of 10,000 places, one object each. Run by `bench/run_s3.sh collect`.

firn is started anew for each collection (`firn run`), syncs what it read to the spool before it
delivers, and does both in one process. The scripts it is measured beside run once for all of them,
keep what they read in memory and sync nothing: requests of 100 places over a connection kept open,
the same columns, gzip, and boto3 with 1 thread or 8, each of which makes collections of its own; or
files in a folder, sent by one rclone behind it (where that is installed). All send the same number
of requests and objects.

CPU is that of the client alone (user and system); memory is the largest process's."""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import s3_server  # noqa: E402
from s3_bench import measure, rclone  # noqa: E402

SCRIPT = """
import concurrent.futures, gzip, json, os, sys, time, urllib3
base, endpoint, places, times, threads, folder = sys.argv[1:7]
places, times, threads = int(places), int(times), int(threads)
http = urllib3.PoolManager(maxsize=threads)
where = [(round(-80 + n % 1600 / 10, 1), round(-170 + n // 1600 / 10, 1)) for n in range(places)]
if folder:
    def put(key, body):
        with open(os.path.join(folder, key), "wb") as file:
            file.write(body)
else:
    import boto3, botocore.config
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1",
                      config=botocore.config.Config(max_pool_connections=threads))
    def put(key, body):
        s3.put_object(Bucket="landing", Key=f"script{threads}/" + key, Body=body)
def collect(turn):
    lines = []
    for first in range(0, places, 100):
        part = where[first:first + 100]
        answer = http.request("GET", base + "/v1/forecast", fields={
            "latitude": ",".join(str(place[0]) for place in part),
            "longitude": ",".join(str(place[1]) for place in part),
            "current_weather": "true", "timeformat": "unixtime"})
        assert answer.status == 200, answer.status
        for n, one in enumerate(json.loads(answer.data)):
            lines.append(json.dumps({"CUSTOMER_ID": "acme", "LOCATION_NAME": f"place {first + n}",
                                     "FETCHED_AT": time.time(), **one["current_weather"]}))
    put(f"{turn:06}.ndjson.gz", gzip.compress("\\n".join(lines).encode(), 6))
with concurrent.futures.ThreadPoolExecutor(threads) as pool:
    for _ in pool.map(collect, range(times)):
        pass
"""


def run(commands, env):
    """Seconds, CPU seconds and MiB of processes one after another; None: one failed."""
    done = [measure(words, env) for words in commands]
    if None in done:
        return None
    return sum(one[0] for one in done), sum(one[1] for one in done), max(one[2] for one in done)


def clients(folder, base, endpoint, asked, env):
    """(name, [command, ...]) of each."""
    def script(threads, to):
        return [sys.executable, "-c", SCRIPT, base, endpoint, asked.places, asked.times, threads,
                to]
    yield ("firn run, a process a collection, all synced",
           [[ROOT / "build" / "firn", "run", "--config", folder / "firn.yaml"]] * asked.times)
    yield "script: urllib3, gzip, boto3, 1 thread", [script(1, "")]
    yield "the same, 8 threads", [script(8, "")]
    if shutil.which("rclone", path=env["PATH"]):
        (folder / "files").mkdir()
        yield ("the same into a folder, 1 thread, and rclone copy",
               [script(1, folder / "files"), rclone(folder / "files", endpoint)])


def configure(folder, base, endpoint, places):
    lines = "".join(
        f"      - {{ name: place {n}, latitude: {round(-80 + n % 1600 / 10, 1)}, "
        f"longitude: {round(-170 + n // 1600 / 10, 1)} }}\n" for n in range(places))
    (folder / "firn.yaml").write_text(
        "version: 1\npipeline: weather\n"
        f"source:\n  connector: openmeteo\n  base_url: {base}/v1\n  settings:\n"
        f"    customer_id: acme\n    locations:\n{lines}"
        "destination: { s3: { bucket: landing, region: us-east-1, "
        f"endpoint: '{endpoint}' }} }}\n")
    (folder / "firn.yaml").chmod(0o600)


def start_weather(folder):
    port = folder / "port"
    process = subprocess.Popen([ROOT / "build" / "firn-sim", "--port", "0", "--port-file", port,
                                "--interactions", "10", "--until", "now", "--quiet"])
    while not (port.exists() and port.read_text()):
        time.sleep(0.05)
    return process, f"http://127.0.0.1:{port.read_text().strip()}"


def main():
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--places", type=int, default=10000)
    words.add_argument("--times", type=int, default=100)
    asked = words.parse_args()
    total = asked.places * asked.times
    print("| client | observations/s | CPU s | peak MiB |\n| --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        weather, base = start_weather(folder)
        try:
            (folder / "s3").mkdir()
            with s3_server.start(folder / "s3") as s3:
                env = {"PATH": os.environ["PATH"], "HOME": place, **s3.env}
                configure(folder, base, s3.endpoint, asked.places)
                for name, commands in clients(folder, base, s3.endpoint, asked, env):
                    took = run(commands, env)
                    if took is None:
                        print(f"bench: {name} failed: not measured", file=sys.stderr)
                        continue
                    print(f"| {name} | {total / took[0]:,.0f} | {took[1]:.1f} | {took[2]:.1f} |",
                          flush=True)
        finally:
            weather.terminate()
            weather.wait()


if __name__ == "__main__":
    main()
