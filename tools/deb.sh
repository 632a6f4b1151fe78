#!/bin/sh
# Makes Debian packages out of what is built: tools/deb.sh BUILD OUT, as `make deb` calls it. BUILD
# must be built with PREFIX=/usr.
#
#   firn            the program, manual pages, completions, schemas; no warehouse's library
#   firn-duckdb     DuckDB's library
#   firn-snowflake  Snowflake's driver
#
# One package of each serves Debian 12 and 13, Ubuntu 22.04 and 24.04: tools/symbols.sh says so, and
# Depends names the libraries by both names that they have there (libcurl4t64 | libcurl4).
set -eu

cd "$(dirname "$0")/.."
build=${1:?usage: tools/deb.sh BUILD OUT} out=${2:?usage: tools/deb.sh BUILD OUT}
version=$(cat VERSION)
arch=$(dpkg --print-architecture)
stage=$build/stage
umask 022
die() { printf 'deb: %s\n' "$*" >&2; exit 1; }

# depends FILE...: the packages that the libraries are in which these files need.
depends() {
	for soname in $(objdump -p "$@" | awk '/NEEDED/ {print $2}' | sort -u); do
		case $soname in
		libc.so.6 | libm.so.6 | libdl.so.2 | libpthread.so.0 | libresolv.so.2 | ld-linux*)
			echo "libc6 (>= 2.35)" ;;
		libcurl.so.4) echo "libcurl4t64 (>= 7.81) | libcurl4 (>= 7.81)" ;;
		libcrypto.so.3 | libssl.so.3) echo "libssl3t64 | libssl3" ;;
		libyaml-0.so.2) echo "libyaml-0-2" ;;
		libz.so.1) echo "zlib1g" ;;
		libzstd.so.1) echo "libzstd1" ;;
		libstdc++.so.6) echo "libstdc++6" ;;
		libgcc_s.so.1) echo "libgcc-s1" ;;
		*) die "no package is known for $soname" ;;
		esac
	done | sort -u | paste -sd , | sed 's/,/, /g'
}

# pack NAME DEPENDS DESCRIPTION MORE: the folder $stage/NAME becomes a package. MORE: further fields.
pack() {
	root=$stage/$1
	doc=$root/usr/share/doc/$1
	mkdir -p "$root/DEBIAN" "$doc"
	cp docs/LICENSES.md "$doc/copyright"
	printf '%s (%s) unstable; urgency=medium\n\n  * See README.md.\n\n -- firn <firn@localhost>  %s\n' \
		"$1" "$version" "$(date -Ru -d "@$epoch")" | gzip -9n >"$doc/changelog.gz"
	{
		printf 'Package: %s\nVersion: %s\nArchitecture: %s\n' "$1" "$version" "$arch"
		printf 'Maintainer: firn <firn@localhost>\nSection: database\nPriority: optional\n'
		printf 'Installed-Size: %s\n' "$(du -sk --exclude=DEBIAN "$root" | cut -f1)"
		printf 'Depends: %s\n' "$2"
		[ -z "$4" ] || printf '%s\n' "$4"
		printf 'Description: %s\n' "$3"
	} >"$root/DEBIAN/control"
	(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
	find "$root" -exec touch -h -d "@$epoch" {} +
	mkdir -p "$out"
	SOURCE_DATE_EPOCH=$epoch dpkg-deb -Zzstd --root-owner-group --build "$root" \
		"$out/${1}_${version}_$arch.deb" >/dev/null
	echo "$out/${1}_${version}_$arch.deb"
}

# The same commit gives the same packages.
epoch=$(git log -1 --format=%ct 2>/dev/null || date +%s)
snowflake=deps/lib/libadbc_driver_snowflake.so
[ -f "$snowflake" ] || die "$snowflake is missing: make snowflake-driver brings it"
tools/symbols.sh "$build/firn" deps/lib/libduckdb.so "$snowflake" >&2
rm -rf "$stage"

make -s --no-print-directory PRESET="${build#build/}" PREFIX=/usr DESTDIR="$stage/firn" install >/dev/null
rm -rf "$stage/firn/usr/lib/firn"
strip --strip-unneeded "$stage/firn/usr/bin/firn"
gzip -9n "$stage"/firn/usr/share/man/man*/*
mkdir -p "$stage/firn/usr/share/zsh/vendor-completions" "$stage/firn/usr/share/doc/firn"
mv "$stage"/firn/usr/share/zsh/site-functions/_firn "$stage/firn/usr/share/zsh/vendor-completions/"
rmdir "$stage/firn/usr/share/zsh/site-functions"
cp README.md docs/OPERATING.md docs/CONNECTORS.md "$stage/firn/usr/share/doc/firn/"
pack firn "$(depends "$stage/firn/usr/bin/firn"), ca-certificates, tzdata" \
	"carries records from REST APIs into a data warehouse
 firn asks an API for its records, as a connector file describes it, and merges
 them into tables of Snowflake or DuckDB, or lands them as files in S3 or a
 folder. Rows, watermarks and windows are committed together: killed at any
 moment, the next run goes on and nothing is lost or doubled." \
	"Recommends: firn-duckdb | firn-snowflake"

library() { # library NAME FILE DESCRIPTION
	mkdir -p "$stage/$1/usr/lib/firn"
	install -m 644 "$2" "$stage/$1/usr/lib/firn/"
	pack "$1" "$(depends "$2"), firn (>= $version)" "$3" ""
}
library firn-duckdb deps/lib/libduckdb.so "DuckDB's library, for firn
 With it firn loads into a DuckDB file and reads from it."
library firn-snowflake "$snowflake" "Snowflake's driver, for firn
 With it firn loads into Snowflake and reads from it."
