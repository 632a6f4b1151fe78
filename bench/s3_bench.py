#!/usr/bin/env python3
"""10,000 objects of 600 bytes to a versitygw on this machine: firn's delivery beside boto3 and
rclone. Run by `bench/run_s3.sh`, which brings boto3; rclone is used where it is installed.

CPU is that of the client alone (user and system); memory is VmHWM of its process."""

import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import s3_server  # noqa: E402

BOTO3 = """
import sys, os, boto3, concurrent.futures as f
from botocore.config import Config
threads, folder, prefix, endpoint = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1",
                  config=Config(max_pool_connections=threads))
def put(name):
    with open(os.path.join(folder, name), "rb") as file:
        s3.put_object(Bucket="landing", Key=prefix + name, Body=file.read())
names = sorted(os.listdir(folder))
if threads == 1:
    for name in names: put(name)
else:
    with f.ThreadPoolExecutor(threads) as pool: list(pool.map(put, names))
"""


def peak_kib(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines()
                 if line.startswith("VmHWM")), 0)


def measure(words, env):
    start = time.monotonic()
    process = subprocess.Popen(list(map(str, words)), env=env, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    peak = 0
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        peak = max(peak, peak_kib(process.pid))
        time.sleep(0.02)
    process.returncode = status
    if status != 0:
        return None
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, peak / 1024


def fill(folder, count, size):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    data = random.Random(1)
    manifest = []
    for number in range(count):
        path = folder / f"{number:06}"
        path.write_bytes(data.randbytes(size))
        manifest.append(f"1\t{path}\tfirn/{path.name}\n")
    (folder.parent / "manifest").write_text("".join(manifest))


def rclone(folder, endpoint):
    return ["rclone", "copy", "--config", "/dev/null", "--transfers", "16", "--ignore-times",
            "--no-traverse", "--s3-provider", "Other", "--s3-env-auth",
            "--s3-use-presigned-request=true", "--s3-region", "us-east-1", "--s3-endpoint",
            endpoint, "--s3-no-check-bucket", folder, ":s3:landing/rclone"]


def clients(folder, endpoint, env):
    manifest = folder.parent / "manifest"
    driver = ROOT / "build" / "tests" / "s3_driver"
    for flights in (1, 4, 16):
        yield (f"firn, {flights} in flight",
               [driver, "deliver", manifest, f"endpoint={endpoint}", f"in_flight={flights}",
                f"prefix=run{flights}"])
    for threads in (1, 8):
        yield (f"boto3 put_object, {threads} thread{'s' if threads > 1 else ''}",
               [sys.executable, "-c", BOTO3, threads, folder, f"boto{threads}/", endpoint])
    if shutil.which("rclone", path=env["PATH"]):
        yield "rclone copy, 16 transfers", rclone(folder, endpoint)


def main():
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--count", type=int, default=10000)
    words.add_argument("--size", type=int, default=600)
    words.add_argument("--rounds", type=int, default=1)
    asked = words.parse_args()
    print("| client | objects/s | CPU µs an object | peak MiB |\n| --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place) / "files"
        best = {}
        for number in range(asked.rounds):
            (pathlib.Path(place) / str(number)).mkdir()
            with s3_server.start(pathlib.Path(place) / str(number)) as s3:
                env = {"PATH": os.environ["PATH"], "HOME": place, **s3.env}
                for name, command in clients(folder, s3.endpoint, env):
                    fill(folder, asked.count, asked.size)
                    took = measure(command, env)
                    if took is None:
                        print(f"bench: {name} failed: not measured", file=sys.stderr)
                    else:
                        best[name] = min(best.get(name, took), took)
    for name, (seconds, cpu, peak) in best.items():
        print(f"| {name} | {asked.count / seconds:,.0f} | {cpu * 1e6 / asked.count:,.0f} | "
              f"{peak:.1f} |")


if __name__ == "__main__":
    main()
