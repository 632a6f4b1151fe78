#!/bin/sh
# What `make test` and `make test-long` run, in order; the last line says how many passed.
#   tests/run_all.sh            units, laws, fuzzers (10 s each), end to end
#   tests/run_all.sh long       sanitizers, second compiler, long fuzzing, crash sweeps
# Everything is built when this is called. Set FIRN_SAMPLES to the folder of the vendor's sample
# answers to run the tests over them too; they are skipped, visibly, without it.
set -u
cd "$(dirname "$0")/.."
mode=${1:-test}
python=deps/python/bin/python
log=build/tests/run.log
counts=build/tests/counts
mkdir -p build/tests
: >$counts

say() { printf '\n== %s\n' "$*"; }
count() { # count PASSED SKIPPED FAILED
	echo "$1 $2 $3" >>$counts
}

units() { # units FOLDER [PATTERN]
	say "units in $1"
	tests/run_units.sh "$1" "${2:-.}" | tee "$log"
	last=$(tail -n 1 "$log")
	count "$(echo "$last" | sed 's/units: \([0-9]*\) passed.*/\1/')" \
		"$(echo "$last" | sed 's/.* \([0-9]*\) skipped.*/\1/')" \
		"$(echo "$last" | sed 's/.* \([0-9]*\) programs failed.*/\1/')"
}

step() { # step NAME COMMAND...
	step=$1
	shift
	say "$step"
	"$@"
	case $? in
	0) count 1 0 0 ;;
	77) count 0 1 0 ;; # it has said why
	*)
		count 0 0 1
		echo "FAILED: $step"
		;;
	esac
}

pytests() { # pytests NAME ARGUMENTS...
	say "end to end: $1"
	xml=build/tests/$(echo "$1" | tr -cs 'A-Za-z0-9\n' -).xml
	shift
	rm -f "$xml"
	$python -m pytest -q -p no:cacheprovider --tb=short -rs --junitxml="$xml" "$@"
	# shellcheck disable=SC2046
	count $($python tests/count_junit.py "$xml")
}

snowflake() {
	python=deps/fakesnow/bin/python
	pytests "the emulator of Snowflake itself" tests/snowflake/test_emulator_*.py
	pytests "Snowflake" -m "not slow" tests/snowflake/test_firn_*.py
}

start=$(date +%s)
if [ "$mode" = long ]; then
	name="make test-long"
	units build/asan
	# Those that run threads; DuckDB's library was not built with it: tests/tsan.supp.
	TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp" \
		units build/tsan 'loader|log|secret|thread|keyset|http|child|commit|progress'
	step "fuzzers, 30 s each" tests/run_fuzz.sh 30
	FIRN_BUILD=build/asan FIRN_DRIVER_PATH=$PWD/deps/lib pytests "under ASan and UBSan" \
		tests/e2e/test_load.py tests/e2e/test_load_faults.py tests/e2e/test_s3.py -m "not slow"
	pytests "slow sweeps" tests/e2e -m slow
	pytests "spool, slow sweeps" tests/fault -m slow
	python=deps/fakesnow/bin/python
	pytests "Snowflake, slow faults" -m slow tests/snowflake/test_firn_*.py
else
	name="make test"
	units build
	step "laws" tools/tidy.sh
	step "laws of the laws" tools/tidy_test.sh
	step "compiles for Windows" tools/mingw.sh
	step "what would not compile is found" tools/mingw_test.sh
	step "fuzzers, 10 s each" tests/run_fuzz.sh 10
	# They wait more than they work: two at once, and what the second says comes behind the first.
	snowflake >build/tests/snowflake.log 2>&1 &
	pytests "DuckDB" tests/e2e -m "not slow"
	pytests "spool: killed, failed, cut off" tests/fault -m "not slow"
	wait
	cat build/tests/snowflake.log
fi
awk -v name="$name" -v s=$(($(date +%s) - start)) '
	{ passed += $1; skipped += $2; failed += $3 }
	END {
		printf "\n%s: %d passed, %d skipped, %d failed in %d s\n", name, passed, skipped, \
			failed, s
		exit !(failed == 0 && passed > 0)
	}' $counts
