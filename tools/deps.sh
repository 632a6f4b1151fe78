#!/bin/sh
# Brings what firn is built from and tested with, pinned, into deps/ (which git ignores).
#
#   tools/deps.sh build     libraries, headers and sources that `make` needs (the default)
#   tools/deps.sh test      also clang (second compiler, fuzzers), a compiler for Windows, what
#                           looks at pages, manuals, completions and metrics, Snowflake's driver, the tests' Python packages: one environment for
#                           the tests, one for the emulator of Snowflake, which wants another
#                           DuckDB; AWS's signing test suite and an S3 server, versitygw
#   tools/deps.sh snowflake Snowflake's ADBC driver alone: deps/lib/libadbc_driver_snowflake.so
#   tools/deps.sh s3        versitygw alone: deps/bin/versitygw, for make demo-collector
#
# A thing that is here already costs nothing: packages are asked of dpkg, archives are known by
# their SHA-256, unpacked folders by a stamp that holds the same sum. Where the rights to install
# system packages are missing, the one line that would bring them is printed, exit code 2.
set -eu

cd "$(dirname "$0")/.."
top=$PWD
what=${1:-build}
mkdir -p deps/archives deps/stamps deps/lib
say() { printf 'deps: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# --- system packages -------------------------------------------------------------------------
apt_build="pkg-config libcurl4-openssl-dev libyaml-dev libzstd-dev zlib1g-dev libssl-dev
           libmicrohttpd-dev libcmocka-dev"
apt_test="clang libclang-rt-14-dev gcc-mingw-w64-x86-64-posix python3-venv tzdata systemd
          chromium mandoc groff zsh fish"

packages() {
	missing=
	for package in "$@"; do
		state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
		[ "$state" = installed ] || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		say "these system packages are missing; as root:"
		printf 'apt-get install -y%s\n' "$missing"
		exit 2
	fi
	say "installing$missing"
	export DEBIAN_FRONTEND=noninteractive
	apt-get install -y --no-install-recommends $missing >deps/apt.log 2>&1 ||
		{ apt-get update >deps/apt.log 2>&1 &&
		  apt-get install -y --no-install-recommends $missing >>deps/apt.log 2>&1; } ||
		{ tail -n 5 deps/apt.log >&2; die "apt-get failed; the whole of it is in deps/apt.log"; }
}

# unless_runs PACKAGE COMMAND...: names the package where COMMAND does not run.
unless_runs() {
	package=$1
	shift
	"$@" >/dev/null 2>&1 || echo "$package"
}

# --- pinned archives -------------------------------------------------------------------------
# archive FILE SHA256 COMMAND...: the command must put FILE into deps/archives.
archive() {
	file=$1 sum=$2
	shift 2
	if [ ! -f "deps/archives/$file" ]; then
		say "fetching $file"
		(cd deps/archives && "$@" >../fetch.log 2>&1) ||
			{ tail -n 5 deps/fetch.log >&2; die "cannot fetch $file (deps/fetch.log)"; }
	fi
	[ -f "deps/archives/$file" ] || die "$* did not bring $file"
	have=$(sha256sum "deps/archives/$file" | cut -d' ' -f1)
	if [ "$have" != "$sum" ]; then
		mv "deps/archives/$file" "deps/archives/$file.refused"
		die "$file has the SHA-256 $have, expected $sum; it was set aside"
	fi
}

# unpack FILE FOLDER PREFIX...: the members under PREFIX of the archive, in deps/FOLDER.
unpack() {
	file=$1 folder=$2
	shift 2
	stamp=deps/stamps/$folder
	sum=$(sha256sum "deps/archives/$file" | cut -d' ' -f1)
	[ "$(cat "$stamp" 2>/dev/null || true)" != "$sum" ] || return 0
	rm -rf "deps/$folder.new" "deps/$folder"
	mkdir -p "deps/$folder.new"
	tar -xzf "deps/archives/$file" -C "deps/$folder.new" --strip-components=1 "$@"
	mv "deps/$folder.new" "deps/$folder"
	printf '%s\n' "$sum" >"$stamp"
}

# sdist NAME VERSION SHA256: a package's source archive; none of its code is run (tools/sdist).
sdist() {
	printf '%s==%s --hash=sha256:%s\n' "$1" "$2" "$3" >../sdist.txt
	PYTHONPATH=$top/tools/sdist PYTHONDONTWRITEBYTECODE=1 python3 -m pip download --quiet \
		--no-deps --no-build-isolation --no-binary "$1" --require-hashes -r ../sdist.txt
}

bring_yyjson() {
	sum=fcd4dc15c1e39a30bf9fa85d56903029111506860fc3080ab0d81c6c6dacaa8c
	archive yyjson-4.0.6.tar.gz $sum sdist yyjson 4.0.6 $sum
	unpack yyjson-4.0.6.tar.gz yyjson
}

bring_nanoarrow() {
	sum=1ce15bbed8532839347faa78824c5dbd3769bff60661003e34c6fba5dd881bd3
	archive nanoarrow-0.9.0.tar.gz $sum sdist nanoarrow 0.9.0 $sum
	unpack nanoarrow-0.9.0.tar.gz nanoarrow
}

bring_adbc() {
	sum=72d616e43d03b735e4000b653307531a2d1820f1f7e0ce949656f0ab939bd53e
	archive adbc_driver_manager-1.13.0.tar.gz $sum sdist adbc-driver-manager 1.13.0 $sum
	unpack adbc_driver_manager-1.13.0.tar.gz adbc
}

# DuckDB is loaded at run time: only the shared library is wanted.
bring_duckdb() {
	case $(uname -m) in
	x86_64) cpu=x64 version=1.5.6-r.1
		sum=1b9f82478539bb9a1d1df44bd103121a12ae52142c07158dc52b97d2ec1d69ff ;;
	aarch64) cpu=arm64 version=1.5.5-r.5 sum=3b85f3ea438f7dc3691d7b5e6e4222ffe9127fd17885f96ca72e0c99925c348e ;;
	*) die "no DuckDB library is known for $(uname -m)" ;;
	esac
	name=node-bindings-linux-$cpu
	file=duckdb-$name-$version.tgz
	archive "$file" "$sum" npm pack --silent "@duckdb/$name@$version"
	unpack "$file" duckdb
	[ deps/lib/libduckdb.so -nt deps/stamps/duckdb ] ||
		cp deps/duckdb/libduckdb.so deps/lib/libduckdb.so
}

# Snowflake's driver is one shared library in a wheel, loaded at run time.
bring_snowflake() {
	name=adbc_driver_snowflake-1.11.0-py3-none
	case $(uname -m) in
	x86_64)
		file=$name-manylinux1_x86_64.manylinux_2_28_x86_64.manylinux_2_5_x86_64.whl
		sum=7c7d7ecef7246303648a08cee3d78c383133bea8f2e1568cf6e8750ab94b5a57 ;;
	aarch64)
		file=$name-manylinux2014_aarch64.manylinux_2_17_aarch64.manylinux_2_28_aarch64.whl
		sum=07b5edbeb1b85be0882d7095641df26a24b3b4c2ba4d8edda35e3bbe89e70a06 ;;
	*) die "no Snowflake driver is known for $(uname -m)" ;;
	esac
	archive "$file" "$sum" python3 -m pip download --quiet --no-deps \
		--only-binary adbc-driver-snowflake adbc-driver-snowflake==1.11.0
	library=libadbc_driver_snowflake.so
	[ "$(cat deps/stamps/snowflake 2>/dev/null || true)" != "$sum" ] ||
		[ ! -f "deps/lib/$library" ] || return 0
	rm -rf deps/snowflake.new
	python3 -m zipfile -e "deps/archives/$file" deps/snowflake.new
	mv "deps/snowflake.new/adbc_driver_snowflake/$library" "deps/lib/$library"
	rm -rf deps/snowflake.new
	printf '%s\n' "$sum" >deps/stamps/snowflake
}

# python FOLDER REQUIREMENTS: a Python apart from the machine's. Every package is pinned by its hash.
python() {
	folder=$1 list=$2
	sum=$(sha256sum "$list" | cut -d' ' -f1)
	[ "$(cat "deps/stamps/$folder" 2>/dev/null || true)" != "$sum" ] || return 0
	say "making the Python environment deps/$folder"
	rm -rf "deps/$folder"
	python3 -m venv "deps/$folder"
	"deps/$folder/bin/python" -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r "$list" >deps/fetch.log 2>&1 ||
		{ tail -n 5 deps/fetch.log >&2; die "cannot install what $list names"; }
	printf '%s\n' "$sum" >"deps/stamps/$folder"
}

# AWS's published cases of signatures lie in a crate, which cargo alone brings. Their test says so
# and is skipped where there is no cargo that can.
bring_signatures() {
	file=aws-sigv4-1.6.4.crate
	if [ ! -f "deps/archives/$file" ]; then
		cargo info --quiet aws-sigv4@1.6.4 >deps/fetch.log 2>&1 || {
			say "no cargo could fetch $file: AWS's signing test suite is left out"
			return 0
		}
	fi
	archive "$file" f385da9b7757ed4c8214797ad663ff534fb622006143530aa80e21f8e06ff85c \
		find "${CARGO_HOME:-$HOME/.cargo}/registry/cache" -name "$file" -exec cp {} . \;
	unpack "$file" aws-sigv4 aws-sigv4-1.6.4/aws-signing-test-suite/v4
}

# The S3 server of the tests. Go checks the sums of what it fetches against a public log.
bring_versitygw() {
	[ "$(cat deps/stamps/versitygw 2>/dev/null || true)" != v1.8.0 ] ||
		[ ! -x deps/bin/versitygw ] || return 0
	go=go
	if ! go version 2>/dev/null | grep -Eq 'go(1\.(2[5-9]|[3-9][0-9])|[2-9]\.)'; then
		python go tests/go/requirements.txt
		go=$PWD/deps/go/bin/go
	fi
	say "building versitygw"
	GOBIN=$PWD/deps/bin "$go" install github.com/versity/versitygw/cmd/versitygw@v1.8.0 \
		>deps/fetch.log 2>&1 ||
		{ tail -n 5 deps/fetch.log >&2; die "cannot build versitygw (deps/fetch.log)"; }
	echo v1.8.0 >deps/stamps/versitygw
}

# The checker of metrics alone, out of a package that would start a server. apt checks what comes.
bring_promtool() {
	[ ! -x deps/bin/promtool ] || return 0
	say "fetching promtool"
	mkdir -p deps/bin
	rm -rf deps/promtool.new
	mkdir deps/promtool.new
	(cd deps/promtool.new && apt-get download prometheus && dpkg-deb -x prometheus_*.deb .) \
		>deps/fetch.log 2>&1 || {
		say "apt-get could not fetch promtool: what it checks is left out"
		rm -rf deps/promtool.new
		return 0
	}
	mv deps/promtool.new/usr/bin/promtool deps/bin/promtool
	rm -rf deps/promtool.new
}

case $what in
build | test | snowflake | s3) ;;
*) say "usage: tools/deps.sh [build|test|snowflake|s3]"; exit 2 ;;
esac
pip=$(unless_runs python3-pip python3 -m pip --version)
[ "$what" = build ] || [ "$what" = test ] || packages $pip
if [ "$what" = snowflake ]; then
	bring_snowflake
	exit 0
fi
if [ "$what" = s3 ]; then
	bring_versitygw
	exit 0
fi
# All in one line: who must ask somebody else for them asks once.
[ "$what" = test ] || apt_test=
packages $pip $(unless_runs npm npm --version) $apt_build $apt_test
bring_yyjson
bring_nanoarrow
bring_adbc
bring_duckdb
if [ "$what" = test ]; then
	bring_snowflake
	python python tests/requirements.txt
	python fakesnow tests/snowflake/requirements.txt
	bring_promtool
	bring_signatures
	bring_versitygw
fi
