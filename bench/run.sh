#!/bin/sh
# make bench: brings the peers into deps/bench once, then bench/bench.py with the same arguments.
set -eu
cd "$(dirname "$0")/.."
sum=$(sha256sum bench/requirements.txt | cut -d' ' -f1)
if [ "$(cat deps/stamps/bench 2>/dev/null || true)" != "$sum" ]; then
	echo "bench: bringing dlt, pandas and DuckDB for Python" >&2
	rm -rf deps/bench
	python3 -m venv deps/bench
	deps/bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r bench/requirements.txt
	printf '%s\n' "$sum" >deps/stamps/bench
fi
deps/bench/bin/python bench/bench.py "$@"
if [ $# = 0 ]; then # Snowflake's emulator needs the tests' Python too: make bench brings it
	deps/bench/bin/python -B bench/snowflake_bench.py
	make -s build/bench/spool_bench
	rm -rf build/bench/spool
	build/bench/spool_bench build/bench/spool
	rm -rf build/bench/spool
	bench/run_s3.sh
	bench/run_s3.sh collect
fi
