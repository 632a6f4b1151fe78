"""firn into Snowflake beside the older way (requests, pandas, a Parquet file, MERGE): the same
records, the same server, the emulator of tests/snowflake in Snowflake's place. Prints the client's
wall and CPU seconds and peak memory, statements and bytes sent; the emulator's own work counts for
nobody.

usage: snowflake_bench.py [--rows 100000] [--repeat 3] [--markdown FILE]"""
import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time

import bench

sys.path.append(os.path.join(bench.TOP, "tests/snowflake"))
import emulator  # noqa: E402


def run_firn(base, folder, snow, schema):
    text = bench.configuration(base)
    config = json.loads(text)
    config["destination"] = {"create_views": False, "snowflake": {
        "account": "myorg-myaccount", "user": "FIRN", "auth": {"password": "x"},
        "warehouse": "LOADING", "database": snow.database, "schema": schema, "role": "LOADER",
        "host": "127.0.0.1", "port": snow.port, "protocol": "http",
        "driver": str(emulator.DRIVER)}}
    path = os.path.join(folder, "firn.yaml")
    with open(path, "w") as file:
        json.dump(config, file)
    os.chmod(path, 0o600)
    return bench.measure([os.path.join(bench.BUILD, "firn"), "-q", "initial-load", "--from",
                          bench.FIRST, "--to", bench.LAST], folder, {"TOKEN": "test-token"})


def run_pandas(base, folder, snow, schema):
    return bench.measure([bench.PYTHON, os.path.join(bench.PEERS, "snowflake_pandas.py"), base,
                          bench.SINCE, bench.UNTIL, str(snow.port), schema], folder)


WAYS = {"firn": ("firn", run_firn, "MOVEWORKS_INTERACTIONS"),
        "pandas": ("requests + pandas + Parquet by PUT and COPY + MERGE", run_pandas, "INTERACTIONS")}


def one(way, base, snow, schema, rows):
    _, run, table = WAYS[way]
    snow.settings(schemas=[schema])
    since = snow.mark()
    folder = tempfile.mkdtemp(prefix="firn-bench-")
    result = run(base, folder, snow, schema)
    shutil.rmtree(folder)
    said = snow.statements(since)
    found = snow.rows(f'SELECT COUNT(*) FROM "{schema}"."{table}"')[0][0]
    if found != rows:
        raise SystemExit(f"{way}: {found} of {rows} rows came")
    return {**result, "statements": len(said),
            "bytes": sum(each["bytes"] for each in snow.uploads(since)) +
            sum(len(each["text"]) for each in said)}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--markdown")
    given = parser.parse_args()
    lines = [f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {platform.machine()}; "
             f"medians of {given.repeat} runs.", "",
             f"| {given.rows:,} interactions | wall s | CPU s | peak MiB | statements | MB sent |"
             " firn's CPU is | firn's memory is |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    folder = tempfile.mkdtemp(prefix="firn-bench-")
    results = {}
    with emulator.start(os.path.join(folder, "snowflake")) as snow, \
            bench.Server("--interactions", str(given.rows), "--only", "interactions") as server:
        for way in WAYS:
            results[way] = bench.median([one(way, server.base, snow, f"{way.upper()}{turn}",
                                             given.rows) for turn in range(given.repeat)])
            print(way, results[way], file=sys.stderr, flush=True)
    shutil.rmtree(folder)
    ours = results["firn"]
    for way, result in results.items():
        shares = (["", ""] if way == "firn" else
                  [f"1/{result['cpu'] / ours['cpu']:.1f}", f"1/{result['mib'] / ours['mib']:.1f}"])
        lines.append(f"| {WAYS[way][0]} | {result['wall']:.1f} | {result['cpu']:.2f} |"
                     f" {result['mib']:.0f} | {result['statements']} |"
                     f" {result['bytes'] / 1e6:.1f} | {shares[0]} | {shares[1]} |")
    text = "\n".join(lines)
    print(text)
    if given.markdown:
        with open(given.markdown, "w") as file:
            file.write(text + "\n")


if __name__ == "__main__":
    main()
