#!/bin/sh
# Runs every fuzzer for so many seconds: tests/run_fuzz.sh [10]. Inputs that were found before lie in
# tests/fuzz/corpus/NAME and are tried first. A crash leaves its input in build/fuzz.
set -u
cd "$(dirname "$0")/.."
seconds=${1:-10}
failed=0
for fuzzer in build/fuzz/tests/fuzz/*_fuzz; do
	[ -x "$fuzzer" ] || continue
	name=$(basename "$fuzzer" _fuzz)
	mkdir -p "build/fuzz/corpus/$name"
	seeds=
	[ -d "tests/fuzz/corpus/$name" ] && seeds=tests/fuzz/corpus/$name
	if "$fuzzer" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/$name-" "build/fuzz/corpus/$name" $seeds \
		>"build/fuzz/$name.log" 2>&1; then
		runs=$(sed -n 's/stat::number_of_executed_units: *//p' "build/fuzz/$name.log")
		printf 'ok      %-20s %s inputs\n' "$name" "$runs"
	else
		failed=$((failed + 1))
		tail -n 30 "build/fuzz/$name.log"
		printf 'FAILED  %s\n' "$name"
	fi
done
[ "$failed" = 0 ]
