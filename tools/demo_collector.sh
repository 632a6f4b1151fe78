#!/bin/sh
# make demo-collector: two customers' collectors, a real S3 server that goes down and comes back,
# and the central load into DuckDB with the weather views, all on this machine.
#
#	tools/demo_collector.sh [FOLDER]	(build/demo-collector)
#
# Needs no account and no key. Everything is in the folder and can be removed with it; what is
# there is used again, so that a second call goes on where the first one ended.
set -eu
cd "$(dirname "$0")/.."
top=$PWD
folder=${1:-$top/build/demo-collector}
firn=$top/build/firn
gateway=$top/deps/bin/versitygw
mkdir -p "$folder/s3/data/landing" "$folder/s3/iam" "$folder/central"
folder=$(cd "$folder" && pwd)

if [ -t 1 ]; then
	bold() { printf '\n\033[1m%s\033[0m\n' "$*"; }
else
	bold() { printf '\n%s\n' "$*"; }
fi
die() { echo "demo-collector: $*" >&2; exit 1; }

[ -x "$gateway" ] || "$top/tools/deps.sh" s3

sim='' s3=''
end() {
	for process in $sim $s3; do
		kill "$process" 2>/dev/null || true
	done
}
trap end EXIT
trap 'exit 1' INT TERM

# until COMMAND...: true, at most ten seconds long
until_it_is() {
	tries=0
	until "$@" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return 1
		sleep 0.1
	done
}

talk=yes # of firn, on standard error
# in_folder WHO COMMAND...: shows it, runs it there, and says what its exit code means
in_folder() {
	who=$1
	shift
	printf '\n%s$ firn' "$who"
	for word in "$@"; do
		case $word in
		*' '*) printf " '%s'" "$word" ;;
		*) printf ' %s' "$word" ;;
		esac
	done
	printf '\n'
	code=0
	(
		cd "$folder/$who"
		if [ "$talk" = yes ]; then exec 2>&1; else exec 2>/dev/null; fi
		exec "$firn" "$@"
	) || code=$?
	case $code in
	0) ;;
	1) echo "(exit code 1: failed, or a person is needed)" ;;
	3) echo "(exit code 3: partly done; it was read, and is not delivered yet)" ;;
	*) exit "$code" ;;
	esac
}

# --- Open-Meteo, simulated ---------------------------------------------------------------------
weather_starts() {
	rm -f "$folder/weather.port"
	"$top/build/firn-sim" --port 0 --port-file "$folder/weather.port" --interactions 10 --quiet \
		--until now &
	sim=$!
	until_it_is test -s "$folder/weather.port" || die "firn-sim did not start"
	weather=http://127.0.0.1:$(cat "$folder/weather.port")
}

weather_clock() { # JSON
	python3 -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], sys.argv[2].encode())' \
		"$weather/sim/clock" "$1"
}
later() { weather_clock '{"advance": "1h"}'; }

# --- S3: versitygw, with a user for each customer who may put below that customer's name --------
answers() {
	python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1)' \
		"$port"
}

s3_starts() {
	"$gateway" -p "127.0.0.1:$port" -a ACCESSKEY -s SECRETKEY --quiet --keep-alive \
		--iam-dir "$folder/s3/iam" posix "$folder/s3/data" >>"$folder/s3/log" 2>&1 &
	s3=$!
	until_it_is answers || die "versitygw did not start; see $folder/s3/log"
}

s3_stops() {
	kill "$s3"
	wait "$s3" 2>/dev/null || true
	s3=''
}

s3_user() { # NAME
	"$gateway" admin -a ACCESSKEY -s SECRETKEY -er "$endpoint" create-user -a "$1" \
		-s "$1-secret" -r user >"$folder/s3/user.log" 2>&1 ||
		grep -qi exist "$folder/s3/user.log" || die "no user $1: $(cat "$folder/s3/user.log")"
}

s3_rights() {
	cat >"$folder/s3/policy.json" <<'JSON'
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": "acme", "Action": "s3:PutObject",
   "Resource": "arn:aws:s3:::landing/raw/*/*/*/*/acme/*"},
  {"Effect": "Allow", "Principal": "globex", "Action": "s3:PutObject",
   "Resource": "arn:aws:s3:::landing/raw/*/*/*/*/globex/*"},
  {"Effect": "Allow", "Principal": "central", "Action": "s3:GetObject",
   "Resource": "arn:aws:s3:::landing/raw/*"},
  {"Effect": "Allow", "Principal": "central", "Action": "s3:ListBucket",
   "Resource": "arn:aws:s3:::landing"}]}
JSON
	PYTHONPATH=$top/tests/e2e PYTHONDONTWRITEBYTECODE=1 \
		python3 - "$port" "$folder/s3/policy.json" <<'PY'
import sys, types, s3_server
server = types.SimpleNamespace(port=int(sys.argv[1]))
status, _, text = s3_server.S3.request(server, "PUT", "/landing", "policy=",
                                       open(sys.argv[2], "rb").read())
sys.exit(0 if status in (200, 204) else text.decode())
PY
}

# --- configurations ----------------------------------------------------------------------------
collector() { # CUSTOMER, and its locations on standard input
	mkdir -p "$folder/$1"
	(umask 077 && echo "$1-secret" >"$folder/$1/s3.secret")
	(umask 077 && cat >"$folder/$1/firn.yaml") <<YAML
# Written by make demo-collector. For the real API leave base_url out; for AWS, endpoint and keys.
version: 1
pipeline: weather
source:
  connector: openmeteo
  base_url: $weather/v1
  retry_budget: 2s        # for this demo; 30m by default
  settings:
    customer_id: $1
    locations:
$(cat)
destination:
  s3:
    bucket: landing
    prefix: raw
    region: us-east-1
    endpoint: $endpoint
    access_key_id: $1
    secret_access_key: \${file:s3.secret}
schedule: { every: 10m }
YAML
}

collected() { # how many readings both have taken, over all calls
	cat "$folder"/acme/logs/*.log "$folder"/globex/logs/*.log |
		sed -n 's/.*Spooled \([0-9]*\) rows of CURRENT_WEATHER.*/\1/p' |
		awk '{ n += $1 } END { print n + 0 }'
}

weather_starts
port=$((20000 + $$ % 12000)) # below those that the kernel gives to connections
while answers 2>/dev/null; do port=$((port + 1)); done
endpoint=http://127.0.0.1:$port
s3_starts
s3_user acme
s3_user globex
s3_user central
s3_rights || die "the bucket's policy was refused"
collector acme <<'YAML'
      - { name: Helsinki, latitude: 60.17, longitude: 24.94 }
      - { name: Turku, latitude: 60.45, longitude: 22.27 }
      - { name: "O'Brien's yard; DROP TABLE LOCATIONS", latitude: 53.35, longitude: -6.26 }
YAML
collector globex <<'YAML'
      - { name: Sydney, latitude: -33.87, longitude: 151.21 }
      - { name: 東京/1_a, latitude: 35.68, longitude: 139.69 }
YAML
cat >"$folder/central/firn.yaml" <<'YAML'
# Where every customer's rows come together. It knows no source: the files say what they are.
version: 1
pipeline: central
destination: { duckdb: weather.duckdb }
YAML

bold "1. Two customers' collectors, each on a server of its own (here: a folder)"
echo "Each reads Open-Meteo (simulated), keeps what it read on disk, and puts it into S3 with"
echo "keys that may do nothing but s3:PutObject below its own customer's name."
in_folder acme check
weather_clock "{\"now\": \"$(date -u -d '6 hours ago' +%FT%H:%M:00Z)\"}"
in_folder acme run
in_folder globex run

bold "2. S3 goes down. Reading goes on, for what is not read now can never be read again"
s3_stops
talk=no # about each try
for _ in 1 2; do
	later
	in_folder acme run
done
in_folder globex run
talk=yes
echo
echo "What waits is files that a person can read (acme/spool):"
(cd "$folder/acme" && find spool/weather/ready -type f | sort)
in_folder acme status

bold "3. S3 is back"
s3_starts
in_folder acme flush
later
in_folder globex run
in_folder acme status
echo
echo "In the bucket:"
(cd "$folder/s3/data" && find landing/raw -type f | sed 's|/[^/]*$||' | sort | uniq -c)

bold "4. In the middle: all customers' files into one table, each file once"
export AWS_ACCESS_KEY_ID=central AWS_SECRET_ACCESS_KEY=central-secret AWS_REGION=us-east-1
export AWS_ENDPOINT_URL="$endpoint"
in_folder central load s3://landing/raw
in_folder central load s3://landing/raw
in_folder central query 'SELECT CUSTOMER_ID, LOCATION_NAME, OBSERVED_AT, TEMPERATURE, WINDSPEED
  FROM V_LATEST_WEATHER ORDER BY 1, 2'
in_folder central query 'SELECT WEATHER_DATE, CUSTOMER_ID, LOCATION_NAME, READINGS,
  MIN_TEMPERATURE AS MIN, round(MEAN_TEMPERATURE, 1) AS MEAN, MAX_TEMPERATURE AS MAX
  FROM V_DAILY_WEATHER JOIN LOCATIONS USING (CUSTOMER_ID, LOCATION_ID) ORDER BY 1, 2, 3'

landed=$(cd "$folder/central" &&
	"$firn" query --format csv "SELECT sum(ROWS_LOADED) FROM FIRN_FILES
		WHERE FILE_KEY LIKE 'current_weather/%'" | tail -n 1)
bold "Readings taken: $(collected). Loaded: $landed."
[ "$(collected)" = "$landed" ] || die "these should be the same"

bold "What next"
cat <<TEXT
Everything is in $folder:
  acme, globex        the collectors: firn.yaml, spool, logs
  s3/data/landing     the bucket
  central             weather.duckdb
Try:
  cd $folder/central && $firn query 'SELECT * FROM V_DAILY_WEATHER'
  zcat $folder/s3/data/landing/raw/current_weather/*/*/*/acme/*.gz | head -1
How to set this up on your customers' servers: docs/COLLECTOR.md.
TEXT
