#!/bin/sh
# Compiles for Windows, with Debian's mingw-w64, what must stay free of other systems: base,
# connector, shape, spool, and what connector needs of config. Objects, not a program: firn does not
# run on Windows yet. A file NAME_windows.c stands for NAME.c there.
#
#   tools/mingw.sh [--root FOLDER] [OBJECTS]   into OBJECTS (build/mingw)
#
# Without the compiler it says so, and exits with 77. Headers of libyaml, zlib and OpenSSL are the
# machine's own: they are the same for every system.
set -eu
tools=$(cd "$(dirname "$0")" && pwd)
root=$tools/..
if [ "${1:-}" = --root ]; then
	root=$2
	shift 2
fi
out=${1:-build/mingw}
compiler=x86_64-w64-mingw32-gcc-posix
if ! command -v "$compiler" >/dev/null 2>&1; then
	echo "mingw: skipped: no $compiler here (tools/deps.sh test brings it)"
	exit 77
fi

cd "$root"
mkdir -p "$out"
out=$(cd "$out" && pwd)

# Only those headers, in a folder of their own: what else lies beside them is not for Windows.
headers=$out/include
mkdir -p "$headers/openssl"
link() { # link FOLDER FILE...: those of the files that are there
	folder=$1
	shift
	for file in "$@"; do
		[ ! -f "$file" ] || ln -sf "$file" "$folder/"
	done
}
for library in zlib yaml-0.1 libcrypto; do
	include=$(pkg-config --variable=includedir "$library")
	link "$headers" "$include/zlib.h" "$include/zconf.h" "$include/yaml.h"
	for folder in "$include" "$include"/*-linux-gnu; do
		link "$headers/openssl" "$folder"/openssl/*.h
	done
done
sources() {
	for source in src/base/*.c src/connector/*.c src/shape/*.c src/spool/*.c \
		src/config/yaml.c src/config/keys*.c; do
		[ -f "$source" ] && [ ! -f "${source%.c}_windows.c" ] && echo "$source"
	done
	return 0
}

# shellcheck disable=SC2016
compile='
	object=$1/$(echo "${2%.c}" | tr / -).o
	shift
	source=$1
	shift
	"$@" -c -o "$object" "$source"'
# Their isfinite() narrows in a branch that is never taken; our own narrowing Linux' compilers find.
flags="-std=c17 -O2 -Wall -Wextra -Wshadow -Wconversion -Werror -Wno-float-conversion
	-D_GNU_SOURCE -D_WIN32_WINNT=0x0A00 -DFIRN_VERSION=\"x\" -DFIRN_PREFIX=\"x\" -Isrc -isystem $headers
	-isystem deps/yyjson/yyjson -isystem build/third
	-isystem deps/nanoarrow/subprojects/arrow-nanoarrow/src"
count=$(sources | wc -l)
# shellcheck disable=SC2086
sources | xargs -P "$(nproc)" -I '{}' sh -c "$compile" compile "$out" '{}' "$compiler" $flags
echo "mingw: $count files compile for Windows"
[ "$count" -gt 0 ]
