#!/bin/sh
# Does every law of tools/tidy.py bite? For each one a scratch tree with a single breach is
# checked, which must be found where it is, and nothing else; a tree without a breach must pass.
# Words that the checker looks for are put together here, so that it does not find this file.
set -eu
tools=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0 passed=0

# A tree that breaks no law: a header that is used, a door, a function, a test.
plant() {
	rm -rf "$tree"
	mkdir -p "$tree/src/base" "$tree/src/fetch" "$tree/src/shape" "$tree/src/source" \
		"$tree/src/warehouse" "$tree/src/run" "$tree/src/report" "$tree/src/cli" \
		"$tree/src/config" "$tree/src/connector" "$tree/sim" "$tree/tests/unit"
	header src/base/good FIRN_BASE_GOOD_H
	header src/base/log FIRN_BASE_LOG_H
	header src/config/yaml FIRN_CONFIG_YAML_H
	header src/config/config FIRN_CONFIG_CONFIG_H
	header src/fetch/exchange FIRN_FETCH_EXCHANGE_H
	header src/fetch/http FIRN_FETCH_HTTP_H
	cat >"$tree/src/cli/main.c" <<-'END'
		#include "base/good.h"
		#include "base/log.h"
		#include "config/config.h"
		#include "fetch/exchange.h"
		#include "fetch/http.h"

		#include <stdio.h>

		static volatile sig_atomic_t stopped;
		static const char *const NAMES[] = {"strcpy(a, b); getenv(x)", NULL};

		/* printf( and system( in a comment break nothing, */
		// nor does typedef struct
		int main(int argc, char **argv)
		{
			static const int four = 4;
			printf("%s %s\n", getenv("HOME"), own_system(argc) + argv->system(four));
			return 0;
		}
	END
	printf '#include "config/yaml.h"\n' >"$tree/src/connector/good.c"
	printf '#include <yyjson.h>\n#include <unistd.h>\n' >"$tree/src/base/json.c"
	printf 'two trailing blanks are a line break in Markdown  \n' >"$tree/README.md"
}

# header PATH GUARD: an empty header src/...
header() {
	printf '#ifndef %s\n#define %s\n\n#endif\n' "$2" "$2" >"$tree/$1.h"
}

run() {
	python3 "$tools/tidy.py" --root "$tree"
}

# finds PLACE WORDS: the planted breach is the only one, at that place, told with these words.
finds() {
	if out=$(run); then status=0; else status=$?; fi
	if [ "$status" = 1 ] && [ "$(printf '%s\n' "$out" | wc -l)" = 2 ] &&
		printf '%s\n' "$out" | grep -F -q "$1: " && printf '%s\n' "$out" | grep -F -q "$2"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'not found as it should be: %s: %s\n%s\n' "$1" "$2" "$out"
	fi
}

# breach PATH TEXT LINE WORDS: the same for a file with that text (as printf takes it).
breach() {
	plant
	# shellcheck disable=SC2059
	printf "$2" >"$tree/$1"
	finds "$1:$3" "$4"
}

repeated() { # TIMES TEXT
	i=0
	while [ "$i" -lt "$1" ]; do
		printf '%s' "$2"
		i=$((i + 1))
	done
}

plant
if out=$(run) && printf '%s\n' "$out" | grep -q '10 files read, 9 of them C; 0 breaches'; then
	passed=$((passed + 1))
else
	failed=$((failed + 1))
	printf 'a tree without a breach:\n%s\n' "$out"
fi

# --- include directions ---
breach src/base/bad.c 'int x(void);\n#include "fetch/http.h"\n' 2 'base may not include'
breach src/fetch/bad.c '#include "config/config.h"\n' 1 'fetch may not include'
breach src/connector/bad.c '#include "config/config.h"\n' 1 'connector may not include'
breach src/source/bad.c '#include "fetch/http.h"\n' 1 'source may not include'
breach src/report/bad.c '#include "fetch/exchange.h"\n' 1 'report may not include'
breach src/run/bad.c '#include "http.h"\n' 1 'names no folder'
plant
header src/report/page FIRN_REPORT_PAGE_H
printf '#include "report/page.h"\n' >"$tree/src/run/bad.c"
finds src/run/bad.c:1 'run may not include report/page.h'

# --- doors ---
breach src/fetch/bad.c '#include <yyjson.h>\n' 1 'has its door elsewhere: src/base/json.c'
breach src/base/bad.c '#include <openssl/evp.h>\n' 1 'src/base/digest.c'
breach src/config/bad.c '#include <yaml.h>\n' 1 'src/config/yaml.c'
breach src/fetch/bad.c '#include <curl/curl.h>\n' 1 'src/fetch/http.c'
breach src/warehouse/bad.c '#include <arrow-adbc/adbc.h>\n' 1 'src/warehouse/adbc.c'
breach src/shape/bad.c '#include <nanoarrow/nanoarrow.h>\n' 1 'src/shape/batch.c'
breach src/warehouse/bad.c '#include <duckdb.h>\n' 1 'none'
plant
printf '#include <nanoarrow/nanoarrow.h>\n' >"$tree/src/warehouse/arrow_read.c"
printf '#include <nanoarrow/nanoarrow.h>\n' >"$tree/src/warehouse/bad.c"
finds src/warehouse/bad.c:1 'src/warehouse/arrow_read.c'
plant
printf '#include <zlib.h>\n' >"$tree/src/base/a.c"
printf '#include <zlib.h>\n' >"$tree/src/fetch/bad.c"
finds src/fetch/bad.c:1 'src/base/a.c'

# --- what belongs where ---
breach src/cli/bad.c '#include <unistd.h>\n' 1 'POSIX'
breach src/run/bad.c '#include <sys/stat.h>\n' 1 'POSIX'
breach src/run/bad.c '#include <windows.h>\n' 1 'POSIX'
breach src/fetch/bad.c '#include "base/log.h"\n' 1 'return the error instead'
breach src/run/bad.c 'int a(void)\n{\n\treturn getenv("A") != 0;\n}\n' 3 'environment'
breach src/shape/bad.c 'void a(void)\n{\n\tprintf("a");\n}\n' 3 'nobody below run prints'
breach src/fetch/bad.c 'void a(void)\n{\n\tfputs("a", stderr);\n}\n' 3 'nobody below run prints'
breach src/run/bad.c 'static int counter;\n' 1 'global mutable state'
breach src/run/bad.c 'struct list *first_of_all = 0;\n' 1 'global mutable state'
breach src/run/bad.c 'void a(void)\n{\n\tstatic int n = 0;\n\tn++;\n}\n' 3 'global mutable state'

# --- calls and forms ---
for call in strcpy strcat sprintf vsprintf atoi atol strtok gets localtime gmtime system popen; do
	breach sim/bad.c "void a(void)\n{\n\t$call (b);\n}\n" 3 "$call is banned"
done
breach tests/unit/bad_test.c 'typedef struct x x;\n' 1 'no typedef'
breach sim/bad.c '#define TRY(x) \\\n\tif (!(x)) \\\n\t\treturn false\n' 3 'macro that returns'
breach sim/bad.c 'void a(void)\n{\n        b();\n}\n' 3 'indent with tabs'
breach src/base/bad.c 'void a(void); \n' 1 'blanks at the end'
breach README.md "a\nTO""DO: b\n" 2 'leave it out'
breach src/base/bad.c "/* FIX""ME */\n" 1 'leave it out'
breach sim/bad.c "/* X""XX */\n" 1 'leave it out'

# --- sizes: exactly the limit passes, one more does not ---
body=$(repeated 68 '\tb();\n')
plant
# shellcheck disable=SC2059
printf "void a(void)\n{\n$body}\n" >"$tree/sim/good.c"
printf '%s\n' "$(repeated 100 x);" | cut -c 2- >"$tree/sim/wide.c"
# shellcheck disable=SC2059
printf "$(repeated 500 'int a(void);\n')" >"$tree/sim/long.c"
if run >/dev/null; then passed=$((passed + 1)); else failed=$((failed + 1)) && run; fi
breach tests/unit/bad_test.c "void a(void)\n{\n$body\tb();\n}\n" 2 'a function of 71 lines'
breach src/base/bad.c "void a(void)\n{\n$body\tb();\n}\n" 2 'a function of 71 lines'
breach sim/bad.c "$(repeated 501 'int a(void);\n')" 501 'a file of 501 lines'
breach sim/bad.c "$(repeated 12 '\t')a = 12;\n" 1 '103 columns'
breach sim/bad.c "/* $(repeated 95 x) */\n" 1 '101 columns'

# --- headers ---
plant
header src/base/unused FIRN_BASE_UNUSED_H
finds src/base/unused.h:1 'nobody includes this header'
plant
header src/base/own FIRN_BASE_OWN_H
printf '#include "base/own.h"\n' >>"$tree/src/base/own.h"
printf '#ifndef FIRN_BASE_OWN_H\n#define FIRN_BASE_OWN_H\n#include "base/own.h"\n#endif\n' \
	>"$tree/src/base/own.h"
finds src/base/own.h:1 'nobody includes this header'
for text in '#pragma once\n' '#ifndef BASE_GOOD_H\n#define BASE_GOOD_H\n#endif\n' \
	'#ifndef FIRN_GOOD_H\n#define FIRN_GOOD_H\n#endif\n' \
	'#ifndef FIRN_BASE_GOOD_H\n#define FIRN_BASE_GOD_H\n#endif\n' 'int a(void);\n'; do
	breach src/base/good.h "$text" 1 'no include guard FIRN_BASE_GOOD_H'
done

# --- what the tour for maintainers names ---
# tour TEXT LINE WORDS: a tour that is right but for one line
tour() {
	plant
	mkdir -p "$tree/docs"
	printf 'Read `src/base/good.h`, `config/yaml.h`, `main.c`, `src/fetch` and `src/base/*.h`.\n' \
		>"$tree/docs/INTERNALS.md"
	printf 'A new one is `src/cli/NAME.c`; `own_system` is called; `state_dir/a.json` is not\n' \
		>>"$tree/docs/INTERNALS.md"
	printf 'static int state_dir;\n' >"$tree/sim/good.c"
	# shellcheck disable=SC2059
	printf "$1" >>"$tree/docs/INTERNALS.md"
}
tour 'here, and `make X=1` and `ready/` are no files.\n'
if run >/dev/null; then passed=$((passed + 1)); else failed=$((failed + 1)) && run; fi
for name in src/base/god.h config/yam.h man.c 'src/fetchs' 'src/base/*.sql' src/cly/NAME.c \
	docs/NOTHING.md tests/unit/good_test.c; do
	tour "a\n\`$name\`\n"
	finds docs/INTERNALS.md:4 "$name: no such file"
done
tour 'and `other_system`\n'
finds docs/INTERNALS.md:3 'other_system: no such name'

plant
mkdir -p "$tree/docs"
printf '[a](../README.md#b) [b](https://example.org/x.md) [c](#d) `[e](f.md)` [g](../src/base)\n' \
	>"$tree/docs/LINKS.md"
if run >/dev/null; then passed=$((passed + 1)); else failed=$((failed + 1)) && run; fi
printf '[a](README.md)\n' >>"$tree/docs/LINKS.md"
finds docs/LINKS.md:2 'README.md: no such file'

# --- messages that the README explains ---
plant
printf 'const char *a = "cannot read \\"%%%%s\\": "\n\t"it is %%%%d bytes";\n' >"$tree/src/run/good.c"
printf '## When something is wrong\n| says | do |\n| `cannot read … it is 12 bytes` | b |\n' \
	>"$tree/README.md"
if run >/dev/null; then passed=$((passed + 1)); else failed=$((failed + 1)) && run; fi
printf '| `cannot read … it was 12 bytes` | b |\n' >>"$tree/README.md"
finds README.md:4 'no message has the words: it was'

# --- what is of one machine or one registry ---
for host in "py""pi.org" "files.python""hosted.org" "registry.np""mjs.org" "proxy.go""lang.org" \
	"deb.deb""ian.org" "crates"".io"; do
	breach tools.sh "a\ncurl https://$host/x\n" 2 'registries'
done
for path in "/wo""rk/main" "/ro""ot/x" "/ho""me/ann/x" "/Us""ers/ann/x"; do
	breach README.md "cd $path\n" 1 'a path of one machine'
done

printf 'tidy_test: %d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
