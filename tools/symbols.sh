#!/bin/sh
# What programs and libraries need of the system: the newest glibc that their symbols ask for.
#
#   tools/symbols.sh FILE...    a line a file; exit code 1 where one needs more than the oldest system
#                               has that firn is packaged for: Ubuntu 22.04, with glibc 2.35,
#                               libcurl 7.81 and OpenSSL 3.0 (Debian 12 has 2.36, 7.88, 3.0)
set -eu

glibc_max=2.35
openssl_max=3.0.0
# Functions that libcurl got after 7.81; its symbols carry one version for all.
curl_newer='curl_easy_header|curl_easy_nextheader|curl_ws_[a-z]*|curl_global_trace|
curl_multi_get_handles|curl_multi_waitfds|curl_easy_ssls_[a-z]*|curl_multi_get_offt|
curl_multi_notify_[a-z]*'
curl_newer=$(printf '%s' "$curl_newer" | tr -d '\n')

# newest NAME: of the versions on standard input
newest() { grep -oE "[( ]${1}_[0-9][0-9.]*" | cut -d_ -f2 | sort -uV | tail -n 1; }
above() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | tail -n 1)" != "$2" ]; }

bad=0
for file in "$@"; do
	symbols=$(objdump -T "$file" | grep -F '*UND*')
	glibc=$(printf '%s\n' "$symbols" | newest GLIBC)
	openssl=$(printf '%s\n' "$symbols" | newest OPENSSL)
	late=$(printf '%s\n' "$symbols" | grep -owE "$curl_newer" | sort -u | tr '\n' ' ' || true)
	printf '%s: glibc %s%s%s\n' "${file##*/}" "${glibc:-none}" "${openssl:+, OpenSSL $openssl}" \
		"${late:+, libcurl after 7.81: $late}"
	if above "${glibc:-0}" "$glibc_max"; then
		bad=1
		printf '%s\n' "$symbols" | grep -F "GLIBC_$glibc" >&2
	fi
	above "${openssl:-0}" "$openssl_max" && bad=1
	[ -z "$late" ] || bad=1
done
[ $bad = 0 ] || echo "symbols: newer than glibc $glibc_max, OpenSSL $openssl_max, libcurl 7.81" >&2
exit $bad
