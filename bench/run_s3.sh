#!/bin/sh
# Brings boto3 into deps/bench_s3 once, then bench/s3_bench.py with the same arguments, or with
# `collect` before them bench/collect_bench.py.
set -eu
cd "$(dirname "$0")/.."
sum=$(sha256sum bench/s3_requirements.txt | cut -d' ' -f1)
if [ "$(cat deps/stamps/bench_s3 2>/dev/null || true)" != "$sum" ]; then
	echo "bench: bringing boto3" >&2
	rm -rf deps/bench_s3
	python3 -m venv deps/bench_s3
	deps/bench_s3/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r bench/s3_requirements.txt
	printf '%s\n' "$sum" >deps/stamps/bench_s3
fi
make -s build/tests/s3_driver
script=bench/s3_bench.py
if [ "${1:-}" = collect ]; then
	shift
	script=bench/collect_bench.py
fi
exec deps/bench_s3/bin/python -B $script "$@"
