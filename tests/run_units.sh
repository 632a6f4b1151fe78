#!/bin/sh
# Runs every unit test of a build folder, as many at once as there are cores: tests/run_units.sh
# [build [PATTERN]]; the pattern (grep -E) picks programs by name. One line a program, the whole
# output of one that fails; the last lines name the tests that were skipped, for want of what they
# need, and count those that passed, were skipped, and the programs that failed.
set -u
cd "$(dirname "$0")/.."
build=${1:-build} pattern=${2:-.}
[ -d "$build" ] || { echo "units: there is no folder $build"; exit 2; }
logs=$build/tests/logs
rm -rf "$logs"
mkdir -p "$logs"

# One program: its log, and behind it what the last line wants to know.
run_one='
	test=$1 logs=$2
	name=$(basename "$test")
	start=$(date +%s%N)
	if CMOCKA_MESSAGE_OUTPUT=STDOUT "$test" >"$logs/$name" 2>&1; then
		ok=$(grep -c "^\[       OK \]" "$logs/$name")
		# cmocka names each where it stands and once more at the end, behind their number.
		sed -n "/test(s), listed/d; s/^\[  SKIPPED \] //p" "$logs/$name" | sort -u \
			>"$logs/$name.skipped"
		skip=$(wc -l <"$logs/$name.skipped")
		printf "ok      %-40s %3d tests %5d ms\n" "$name" "$ok" \
			$((($(date +%s%N) - start) / 1000000))
		echo "$ok $skip 0" >"$logs/$name.count"
	else
		cat "$logs/$name"
		printf "FAILED  %s\n" "$name"
		echo "0 0 1" >"$logs/$name.count"
	fi'
ls "$build"/tests/unit/*_test 2>/dev/null | grep -E "/($pattern)[^/]*$" | xargs -P "$(nproc)" -I '{}' sh -c "$run_one" run '{}' "$logs"
cat "$logs"/*.skipped 2>/dev/null | sed 's/^/skipped: /'
cat "$logs"/*.count 2>/dev/null | awk '
	{ ok += $1; skip += $2; failed += $3 }
	END {
		printf "units: %d passed, %d skipped, %d programs failed\n", ok, skip, failed
		exit !(failed == 0 && ok > 0)
	}'
