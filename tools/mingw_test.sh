#!/bin/sh
# Does tools/mingw.sh find what would not compile for Windows? For each case a scratch tree with a
# single mistake, which must be named; a tree without one must pass.
set -eu
tools=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0 passed=0

run() {
	"$tools/mingw.sh" --root "$tree" objects
}

# What is POSIX alone has a Windows half beside it, or is where the law does not reach.
plant() {
	rm -rf "$tree"
	mkdir -p "$tree/src/base" "$tree/src/config" "$tree/src/connector" "$tree/src/shape" \
		"$tree/src/spool" "$tree/src/run"
	for file in base/good config/keys_good config/yaml connector/good shape/good spool/good; do
		printf '#include <stdio.h>\nint a(void);\nint a(void)\n{\n\treturn 0;\n}\n' \
			>"$tree/src/$file.c"
	done
	printf '#include <sys/wait.h>\n' >"$tree/src/base/child.c"
	printf '#include <windows.h>\n' >"$tree/src/base/child_windows.c"
	printf '#include <sys/wait.h>\n' >"$tree/src/run/good.c"
	printf '#include <sys/wait.h>\n' >"$tree/src/config/good.c"
}

# breach PATH TEXT WORDS: that file fails, told with these words.
breach() {
	plant
	# shellcheck disable=SC2059
	printf "$2" >"$tree/$1"
	if out=$(run 2>&1); then status=0; else status=$?; fi
	if [ "$status" != 0 ] && [ "$status" != 77 ] &&
		printf '%s\n' "$out" | grep -F "$1:" | grep -F -q "$3"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'not found as it should be: %s: %s\n%s\n' "$1" "$3" "$out"
	fi
}

plant
if out=$(run 2>&1); then status=0; else status=$?; fi
if [ "$status" = 77 ]; then
	printf '%s\n' "$out"
	exit 77
fi
if [ "$status" = 0 ] && [ "$out" = 'mingw: 7 files compile for Windows' ] &&
	[ -f "$tree/objects/src-base-child_windows.o" ]; then
	passed=$((passed + 1))
else
	failed=$((failed + 1))
	printf 'a tree without a mistake:\n%s\n' "$out"
fi

for folder in base connector shape spool; do
	breach "src/$folder/bad.c" '#include <poll.h>\n' 'poll.h'
done
breach src/config/keys_bad.c '#include <poll.h>\n' 'poll.h'
breach src/base/bad_windows.c '#include <sys/wait.h>\n' 'sys/wait.h'
# A long has 32 bits there, and a call that is not declared is an error.
breach src/spool/bad.c 'long a(long long b);\nlong a(long long b)\n{\n\treturn b;\n}\n' 'conversion'
breach src/shape/bad.c '#include <unistd.h>\nint a(void);\nint a(void)\n{\n\treturn fork();\n}\n' \
	'fork'

printf 'mingw_test: %d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
