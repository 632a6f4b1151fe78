#!/bin/sh
# make demo: a simulated Moveworks server, thirty days of its records loaded into a DuckDB file, one
# incremental sync, and what can be asked of it afterwards. Needs no account and no key; everything
# is in build/demo and can be removed with it.
set -eu
cd "$(dirname "$0")/.."
top=$PWD
folder=$top/build/demo
port_file=$folder/port
mkdir -p "$folder"
cd "$folder"

bold() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || bold() { printf '\n%s\n' "$*"; }

rm -f "$port_file"
"$top/build/firn-sim" --port 0 --port-file "$port_file" --interactions 20000 --quiet &
sim=$!
trap 'kill $sim 2>/dev/null || true' EXIT INT TERM
tries=0
while [ ! -s "$port_file" ]; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || { echo "firn-sim did not start" >&2; exit 1; }
	sleep 0.1
done

cat >firn.yaml <<YAML
# Written by make demo. For the real API leave base_url out and put your key's variable here.
version: 1
pipeline: demo
source:
  connector: moveworks
  base_url: http://127.0.0.1:$(cat "$port_file")/export/v1/records
  auth: { bearer: "\${DEMO_TOKEN}" }
  parallel: 4
destination:
  duckdb: demo.duckdb
YAML
export DEMO_TOKEN=test-token
firn="$top/build/firn"
from=$(date -u -d '29 days ago' +%F)
to=$(date -u +%F)

bold "firn initial-load --from $from --to $to"
"$firn" initial-load --from "$from" --to "$to"
bold "firn run        (asks again for the last day only; nothing is loaded twice)"
echo "A page of users takes two seconds: the API wants to be asked no oftener."
"$firn" run
bold "firn status"
"$firn" status || true
bold "firn query 'SELECT * FROM V_DAILY_SUMMARY ...'"
"$firn" query 'SELECT * FROM V_DAILY_SUMMARY ORDER BY ACTIVITY_DATE DESC LIMIT 7'

bold "What next"
cat <<TEXT
The data is in build/demo/demo.duckdb, the configuration in build/demo/firn.yaml.
Try:
  cd build/demo
  ../firn query 'SELECT * FROM V_PLUGIN_USAGE ORDER BY CALLS DESC LIMIT 10'
  ../firn query --format csv 'SELECT * FROM MOVEWORKS_USERS' >users.csv
  ../firn report -o report.html       charts, to open in a browser
  ../firn --help
For your own tenant, in a folder of its own:
  $firn setup         asks for the API key and where the data goes
  $firn initial-load
TEXT
