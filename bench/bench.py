"""firn beside its peers: the same records, the same server, one run, each into a fresh DuckDB file
with upsert by id. Prints wall and CPU seconds (user + system of the whole tree) and the peak memory
of the largest process, and firn's share of each.

usage: bench.py [--rows 100000,1000000] [--only firn,arrow] [--repeat 3] [--markdown FILE]
       bench.py latency      a backfill over a server that takes 200 ms an answer, parallel 1 and 8

Timings of one run are to be compared with each other, not with those of another machine or day.
"""
import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from importlib import metadata

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(TOP, os.environ.get("FIRN_BUILD", "build"))
PYTHON = os.path.join(TOP, "deps/bench/bin/python")
PEERS = os.path.join(TOP, "bench/peers")
FIRST, LAST = "2026-03-02", "2026-03-31"
SINCE, UNTIL = "2026-03-02T00:00:00.000Z", "2026-04-01T00:00:00.000Z"


class Server:
    def __init__(self, *options):
        self.folder = tempfile.mkdtemp(prefix="firn-bench-")
        port_file = os.path.join(self.folder, "port")
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "firn-sim"), "--port", "0", "--port-file", port_file, "--quiet",
             "--until", LAST, "--days", "30", "--page-size", "1000", *options])
        for _ in range(600):
            if os.path.exists(port_file) and open(port_file).read().strip():
                break
            time.sleep(0.05)
        self.base = f"http://127.0.0.1:{open(port_file).read().strip()}/export/v1/records"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


def measure(command, cwd, environment=None):
    """Wall and CPU seconds, peak MiB, exit code; of the whole process tree."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})})
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        sys.stderr.write(output.decode(errors="replace")[-2000:])
        raise SystemExit(f"{command[0]} ended with {code}")
    return {"wall": wall, "cpu": cpu, "mib": usage.ru_maxrss / 1024}


def configuration(base, parallel=4):
    return json.dumps({
        "version": 1, "pipeline": "bench",
        "source": {"connector": "moveworks", "base_url": base, "auth": {"bearer": "${TOKEN}"},
                   "streams": ["interactions"], "parallel": parallel},
        "destination": {"duckdb": "bench.duckdb", "create_views": False},
    })


def run_firn(base, folder, rows, parallel=4):
    with open(os.path.join(folder, "firn.yaml"), "w") as file:
        file.write(configuration(base, parallel))
    return measure([os.path.join(BUILD, "firn"), "-q", "initial-load", "--from", FIRST, "--to", LAST],
                   folder, {"TOKEN": "test-token"})


def run_dlt(variant):
    def run(base, folder, rows):
        out = os.path.join(folder, "dlt.duckdb")
        return measure([PYTHON, os.path.join(PEERS, "dlt_load.py"), variant, base, SINCE, UNTIL,
                        out], folder, {"HOME": folder, "DLT_DATA_DIR": folder})
    return run


def run_hand(base, folder, rows):
    return measure([PYTHON, os.path.join(PEERS, "hand.py"), base, SINCE, UNTIL,
                    os.path.join(folder, "hand.duckdb")], folder)


def save_pages(base, folder):
    url = (f"{base}/interactions?$orderby=id&$filter=last_updated_time%20ge%20'{SINCE}'"
           f"%20and%20last_updated_time%20lt%20'{UNTIL}'")
    number = 0
    while url:
        request = urllib.request.Request(url, headers={"Authorization": "Bearer test-token"})
        body = urllib.request.urlopen(request).read()
        with open(os.path.join(folder, f"{number:06}.json"), "wb") as file:
            file.write(body)
        url = json.loads(body).get("@odata.nextLink")
        number += 1


def run_read_json(base, folder, rows):
    pages = os.path.join(folder, "pages")
    os.mkdir(pages)
    save_pages(base, pages)
    return measure([PYTHON, os.path.join(PEERS, "read_json.py"), pages,
                    os.path.join(folder, "read.duckdb")], folder)


PEERS_OF = {
    "firn": ("firn", run_firn, None),
    "arrow": ("dlt, pages as Arrow tables", run_dlt("arrow"), None),
    "tuned": ("dlt, rest_api tuned: parquet, upsert, no nesting", run_dlt("tuned"), None),
    "default": ("dlt, rest_api, its defaults", run_dlt("default"), 100_000),
    "hand": ("requests + pandas + duckdb by hand", run_hand, None),
    "read_json": ("DuckDB's read_json over saved pages, MERGE, no HTTP", run_read_json, None),
}


def median(results):
    return {key: sorted(r[key] for r in results)[len(results) // 2] for key in results[0]}


def compare(sizes, only, repeat):
    lines = []
    for rows in sizes:
        lines += [f"### {rows:,} interactions", "",
                  "| what | wall s | CPU s | peak MiB | firn's CPU is | firn's memory is |",
                  "| --- | ---: | ---: | ---: | ---: | ---: |"]
        with Server("--interactions", str(rows), "--only", "interactions") as server:
            results = {}
            for name in only:
                title, run, most = PEERS_OF[name]
                if most is not None and rows > most:
                    continue
                runs = []
                for _ in range(repeat if name == "firn" or rows <= 100_000 else 1):
                    folder = tempfile.mkdtemp(prefix="firn-bench-")
                    runs.append(run(server.base, folder, rows))
                    shutil.rmtree(folder)
                results[name] = median(runs)
                print(f"{rows} {title}: {results[name]}", file=sys.stderr, flush=True)
            ours = results.get("firn")
            for name, result in results.items():
                share = ("" if name == "firn" or ours is None
                         else f"1/{result['cpu'] / ours['cpu']:.1f}")
                memory = ("" if name == "firn" or ours is None
                          else f"1/{result['mib'] / ours['mib']:.1f}")
                lines.append(f"| {PEERS_OF[name][0]} | {result['wall']:.2f} | {result['cpu']:.2f} "
                             f"| {result['mib']:.0f} | {share} | {memory} |")
        lines.append("")
    return lines


def latency(repeat):
    lines = ["### A backfill of 30 days over a server that takes 200 ms an answer", "",
             "| parallel | wall s |", "| ---: | ---: |"]
    walls = {}
    with Server("--interactions", "60000", "--only", "interactions", "--latency", "200ms") as server:
        for parallel in (1, 8):
            runs = []
            for _ in range(repeat):
                folder = tempfile.mkdtemp(prefix="firn-bench-")
                runs.append(run_firn(server.base, folder, 60000, parallel))
                shutil.rmtree(folder)
            walls[parallel] = median(runs)["wall"]
            lines.append(f"| {parallel} | {walls[parallel]:.1f} |")
    lines += ["", f"8 at once are {walls[1] / walls[8]:.1f} times as fast as one.", ""]
    return lines


def versions():
    """Of the programs that are compared; firn's DuckDB is asked through firn."""
    own = subprocess.run([os.path.join(BUILD, "firn"), "--version"], capture_output=True,
                         text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="firn-bench-") as folder:
        with open(os.path.join(folder, "firn.yaml"), "w") as file:
            file.write(configuration("http://127.0.0.1:1"))
        asked = subprocess.run([os.path.join(BUILD, "firn"), "-q", "query", "--write", "--format",
                                "csv", "SELECT version()"], cwd=folder, capture_output=True,
                               text=True, env={**os.environ, "TOKEN": "none"})
        duckdb = asked.stdout.strip().splitlines()[-1] if asked.returncode == 0 else "unknown"
    packages = ", ".join(f"{name} {metadata.version(name)}"
                         for name in ("dlt", "duckdb", "pandas", "pyarrow", "requests"))
    return f"{own} with DuckDB {duckdb}; {packages}."


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["compare", "latency", "all"], default="all")
    parser.add_argument("--rows", default="100000,1000000")
    parser.add_argument("--only", default=",".join(PEERS_OF))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--markdown")
    given = parser.parse_args()
    lines = [f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {platform.machine()}, "
             f"Python {platform.python_version()}; medians of {given.repeat} runs (of one for "
             "peers above 100,000).", versions(), ""]
    if given.what != "latency":
        lines += compare([int(n) for n in given.rows.split(",")], given.only.split(","),
                         given.repeat)
    if given.what != "compare":
        lines += latency(given.repeat)
    text = "\n".join(lines)
    print(text)
    if given.markdown:
        with open(given.markdown, "w") as file:
            file.write(text + "\n")


if __name__ == "__main__":
    main()
