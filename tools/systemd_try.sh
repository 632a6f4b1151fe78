#!/bin/sh
# Tries the unit of `firn service systemd` under a real systemd: a Debian of its own is booted in
# systemd-nspawn, systemd as its process 1, the packages of `make deb` are installed there, `firn
# setup` is given a simulated API, root loads for the first time, as setup says is next, and what
# `firn service systemd` says is to be done once is done, word for word. What is shown:
#
#	setup proves both ends and saves what the service then runs with, its secret in a file
#	it is ready, and its first run comes through, with the sandbox as it is printed
#	nothing but its own folders can be written
#	systemctl reload reads the configuration again
#	a service that is stopped (SIGSTOP) is noticed by the watchdog, and started again
#	systemctl stop ends it within ten seconds, also in a run that does not obey
#	after the machine was down, the run that was missed is caught up
#
# Needs root, systemd-nspawn (systemd-container), debootstrap (and its mirror, or that of
# FIRN_DEBIAN_MIRROR), and the packages; exit code 77 and the reason where one is missing. The
# Debian is kept in build/systemd/base for the next time. For a test's sake the watchdog is told 6 s
# instead of 60, and the restart comes after 1 s instead of 30; all else is as printed.
set -u
cd "$(dirname "$0")/.."
folder=$PWD/build/systemd
base=$folder/base root=$folder/root
unit=$root/etc/systemd/system/firn-try.service
host='' leader=''

skip() { echo "systemd_try: skipped: $*"; exit 77; }
die() {
	echo "systemd_try: FAILED: $*" >&2
	if [ -n "$leader" ]; then
		inside systemctl --no-pager status firn-try 2>&1 | tail -n 20
		tail -n 15 "$root"/srv/firn/logs/*.log
	fi
	exit 1
}
proved() { echo "  ok  $*"; }

[ "$(id -u)" = 0 ] || skip "it wants root"
for tool in systemd-nspawn debootstrap nsenter; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
[ -x build/firn-sim ] || skip "build/firn-sim is missing: make brings it"
ls build/deb/packages/firn-duckdb_*.deb >/dev/null 2>&1 || skip "no packages: make deb brings them"

inside() { nsenter -t "$leader" -a -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"; }

# within SECONDS COMMAND...: until it succeeds.
within() {
	end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt $end ] || return 1
		sleep 0.2
	done
}

is_first() { grep -q "^NSpid:.*[^0-9]1$" "/proc/$1/status"; }
find_leader() {
	for leader in $(cat "/proc/$host/task/$host/children"); do
		is_first "$leader" && return
	done
	leader=''
	return 1
}

boot() {
	flags=''
	# Where no systemd runs here, nobody gives out a unit for it.
	[ -d /run/systemd/system ] || flags='--keep-unit --register=no'
	# shellcheck disable=SC2086
	systemd-nspawn -q -D "$root" --private-network --machine=firn-try $flags --boot \
		>"$folder/console.log" 2>&1 </dev/null &
	host=$!
	within 60 find_leader || die "the Debian does not boot: build/systemd/console.log"
	within 120 inside systemctl is-active multi-user.target ||
		die "multi-user.target is not reached: build/systemd/console.log"
}

power_off() {
	inside systemctl poweroff >/dev/null 2>&1
	within 60 sh -c "! kill -0 $host" || die "the Debian does not end"
	wait "$host"
	leader='' host=''
}

clean() {
	[ -z "$leader" ] || kill -9 "$leader" 2>/dev/null
	[ -z "$host" ] || { kill "$host" 2>/dev/null; wait "$host"; }
}
trap clean EXIT
trap 'exit 1' INT TERM

log() { cat "$root"/srv/firn/logs/*.log; }
log_has() { log | grep -q "$1"; }
said() { # said TIMES TEXT
	[ "$(log | grep -c "$2")" -ge "$1" ]
}
main_pid() { inside systemctl show -P MainPID firn-try; }
unit_is() { # unit_is PROPERTY VALUE
	[ "$(inside systemctl show -P "$1" firn-try)" = "$2" ]
}

make_base() {
	[ -f "$base/ready" ] && return
	rm -rf "$base"
	mkdir -p "$base"
	include=systemd,systemd-sysv,dbus,ca-certificates,tzdata,libcurl4,libssl3,libyaml-0-2
	debootstrap --variant=minbase --include=$include,libzstd1,libstdc++6,libmicrohttpd12 \
		bookworm "$base" ${FIRN_DEBIAN_MIRROR:+"$FIRN_DEBIAN_MIRROR"} \
		>"$folder/debootstrap.log" 2>&1 ||
		skip "debootstrap cannot make a Debian: build/systemd/debootstrap.log"
	touch "$base/ready"
}

use_port() { sed -i "s|127.0.0.1:[0-9]*|127.0.0.1:$1|" "$root/srv/firn/firn.yaml"; }

sim_unit() { # sim_unit NAME OPTIONS
	cat >"$root/etc/systemd/system/$1.service" <<-UNIT
		[Service]
		ExecStart=/usr/local/bin/firn-sim --quiet --interactions 300 $2
		[Install]
		WantedBy=multi-user.target
	UNIT
	chroot "$root" systemctl -q enable "$1"
}

install_all() {
	rm -rf "$root"
	cp -a "$base" "$root" || die "no copy of the Debian could be made"
	cp build/deb/packages/firn_*.deb build/deb/packages/firn-duckdb_*.deb "$root/tmp/"
	chroot "$root" sh -c 'dpkg -i /tmp/*.deb' >"$folder/dpkg.log" 2>&1 ||
		die "the packages do not install: build/systemd/dpkg.log"
	cp build/firn-sim "$root/usr/local/bin/"
	sim_unit sim "--port 8080"
	sim_unit slow-sim "--port 8081 --latency 60s"
	mkdir "$root/srv/firn" "$unit.d"
	printf '[Service]\nWatchdogSec=6s\nRestartSec=1s\n' >"$unit.d/try.conf"
}

try_setup() {
	within 60 inside systemctl is-active sim || die "the simulated API does not start"
	echo test-token | inside sh -c "cd /srv/firn && firn setup --connector moveworks \
		--pipeline try --base-url http://127.0.0.1:8080/export/v1/records \
		--token-file - --streams conversations,users --destination duckdb \
		--duckdb data/try.duckdb --every 1h" >"$folder/setup.log" 2>&1 ||
		die "firn setup fails: build/systemd/setup.log"
	! grep -q test-token "$root/srv/firn/firn.yaml" || die "the secret is in firn.yaml"
	inside firn -c /srv/firn/firn.yaml initial-load --from "$(date -ud '3 days ago' +%F)" \
		--to "$(date -u +%F)" >>"$folder/setup.log" 2>&1 ||
		die "firn initial-load fails: build/systemd/setup.log"
	runs=$(log | grep -c "run done")
	inside firn -c /srv/firn/firn.yaml service systemd | sed -n '/^\[Unit\]/q; s/^#   //p' \
		>"$folder/once.sh"
	grep -q "systemctl enable --now" "$folder/once.sh" || die "the unit does not say what to do"
	inside sh -ec "$(cat "$folder/once.sh")" >>"$folder/setup.log" 2>&1 ||
		die "what the unit says is to be done once does not work: build/systemd/setup.log"
	proved "firn setup, firn initial-load by root, and the $(wc -l <"$folder/once.sh") lines that the unit begins with"
}

try_ready() {
	within 60 unit_is ActiveState active || die "it is not ready"
	within 120 said $((runs + 1)) "run done" || die "its first run does not come through"
	within 20 sh -c "nsenter -t $leader -a systemctl show -P StatusText firn-try |
		grep -q '^next run'" || die "systemctl status does not say when the next run is"
	inside firn -c /srv/firn/firn.yaml query --format csv "SELECT count(*) > 0 FROM MOVEWORKS_USERS" |
		grep -qi true || die "no rows"
	proved "enabled, started by the boot, READY, loaded: $(inside systemctl show -P StatusText firn-try)"
}

try_sandbox() {
	pid=$(main_pid)
	for place in /etc /usr/bin /srv; do
		! nsenter -t "$leader" -p -m nsenter -t "$pid" -m touch "$place/try" 2>/dev/null ||
			die "the unit can write into $place"
	done
	nsenter -t "$leader" -p -m nsenter -t "$pid" -m touch /srv/firn/data/try ||
		die "the unit cannot write into its own folder"
	score=$(inside systemd-analyze security --no-pager firn-try | tail -n 1 |
		sed 's/^[^O]*//; s/ [^ A-Z0-9]*$//')
	proved "the sandbox: root itself could write nothing there but its folders; $score"
}

try_reload() {
	echo "# again" >>"$root/srv/firn/firn.yaml"
	inside systemctl reload firn-try || die "systemctl reload fails"
	within 20 log_has "the configuration was read again" || die "it is not read again"
	unit_is ActiveState active || die "it is not active after a reload"
	proved "systemctl reload"
}

is_another() { # is_another PID: the service has another process than that
	now=$(main_pid)
	[ "${now:-0}" != 0 ] && [ "$now" != "$1" ]
}

try_watchdog() {
	pid=$(main_pid)
	begun=$(date +%s)
	inside sh -c "kill -STOP $pid"
	within 60 is_another "$pid" || die "the watchdog does not notice"
	within 60 unit_is ActiveState active || die "it does not come back"
	inside journalctl -u firn-try | grep -q "Watchdog timeout" || die "it was not the watchdog"
	proved "the watchdog: stopped by SIGSTOP, killed and active again after $(($(date +%s) - begun)) s"
}

try_stop() {
	begun=$(date +%s)
	inside systemctl stop firn-try
	[ $(($(date +%s) - begun)) -le 10 ] || die "systemctl stop took too long"
	unit_is Result success || die "it did not end well"
	# Now in the middle of a run that does not obey.
	use_port 8081
	chroot "$root" sh -c 'rm /srv/firn/.firn/try/start.json'
	runs=$(log | grep -c "run begins")
	inside systemctl start firn-try || die "it does not start again"
	within 60 said $((runs + 1)) "run begins" || die "no run begins"
	pid=$(main_pid)
	# shellcheck disable=SC2016
	within 20 inside sh -c 'kill -STOP $(cat "/proc/$0/task/$0/children")' "$pid" ||
		die "the run cannot be stopped"
	begun=$(date +%s)
	inside systemctl stop firn-try
	took=$(($(date +%s) - begun))
	[ $took -le 10 ] || die "systemctl stop took $took s in a run that does not obey"
	unit_is Result success || die "it did not end well: $(inside systemctl show -P Result firn-try)"
	log_has "was rolled back" || die "the run was not killed by its service"
	proved "systemctl stop: at once; in a run that does not obey after $took s, and systemd kills nobody"
}

# The Debian sleeps for no hours: the clock of the schedule is put ahead while it is down.
try_reboot() {
	use_port 8080
	inside systemctl start firn-try || die "it does not start again"
	runs=$(log | grep -c "run done")
	within 120 said $((runs + 1)) "run done" || die "what was stopped is not done again"
	power_off
	echo $((3 * 3600)) >"$root/srv/firn/ahead"
	printf '[Service]\nEnvironment=FIRN_CLOCK=/srv/firn/ahead\n' >"$unit.d/clock.conf"
	boot
	within 60 log_has "run begins: the one due .* was missed" || die "it is not caught up"
	within 120 said $((runs + 2)) "run done" || die "what was missed does not come through"
	unit_is ActiveState active || die "it is not active after a reboot"
	proved "a reboot: $(log | grep -o 'run begins: the one due.*' | tail -n 1)"
}

mkdir -p "$folder"
make_base
install_all
boot
echo "systemd $(inside systemctl --version | sed -n '1s/[^(]*(\(.*\))/\1/p') as process 1 of a Debian in systemd-nspawn:"
try_setup
try_ready
try_sandbox
try_reload
try_watchdog
try_stop
try_reboot
power_off
echo "systemd_try: all is as promised"
