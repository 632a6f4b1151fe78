#!/bin/sh
# Runs every fuzzer for so many seconds, as many at once as there are cores: tests/run_fuzz.sh [10].
# Inputs that were found before lie in tests/fuzz/corpus/NAME and are tried first. A crash leaves its
# input in build/fuzz.
set -u
cd "$(dirname "$0")/.."
seconds=${1:-10}
rm -f build/fuzz/*.failed

run_one='
	fuzzer=$1 seconds=$2
	name=$(basename "$fuzzer" _fuzz)
	mkdir -p "build/fuzz/corpus/$name"
	seeds=
	[ -d "tests/fuzz/corpus/$name" ] && seeds=tests/fuzz/corpus/$name
	if "$fuzzer" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
		-print_final_stats=1 -artifact_prefix="build/fuzz/$name-" \
		"build/fuzz/corpus/$name" $seeds >"build/fuzz/$name.log" 2>&1; then
		runs=$(sed -n "s/stat::number_of_executed_units: *//p" "build/fuzz/$name.log")
		printf "ok      %-20s %s inputs\n" "$name" "$runs"
	else
		: >"build/fuzz/$name.failed"
		tail -n 30 "build/fuzz/$name.log"
		printf "FAILED  %s\n" "$name"
	fi'
ls build/fuzz/tests/fuzz/*_fuzz | xargs -P "$(nproc)" -I '{}' sh -c "$run_one" run '{}' "$seconds"
ls build/fuzz/*.log >/dev/null || exit 1
! ls build/fuzz/*.failed >/dev/null 2>&1
