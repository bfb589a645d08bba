#!/bin/bash
# bench/run.sh - prints one table: start, the whole run, requests a second, idle memory, rendering of templates.
# Requests are made by wrk (Debian package wrk), which shares the machine's cores with the program: compare figures of one
# run with each other, not with those of another machine. The processor time of the program for one request depends less on
# who else is there. Rows that need wrk say so where it is missing.
set -eu
cd "$(dirname "$0")/.."
weirbox=${WEIRBOX_BIN:-build/weirbox}
[ -x "$weirbox" ] || { echo "build first: make build" >&2; exit 3; }
work=$(mktemp -d)
trap 'kill $(cat "$work/pid" 2>/dev/null) 2>/dev/null; rm -rf "$work"' EXIT

row() { printf '%-58s %12s  %s\n' "$1" "$2" "$3"; }
median() { sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }
field() { sed "s/.*\"$1\":\([0-9.]*\).*/\1/"; }

start_cloud() {
    "$weirbox" up --port 0 --json --auth off "$@" >"$work/up.json" & echo $! >"$work/pid"
    while [ ! -s "$work/up.json" ]; do sleep 0.002; done
}
stop_cloud() { kill -INT "$(cat "$work/pid")"; wait 2>/dev/null || true; rm -f "$work/pid"; : >"$work/up.json"; }
url() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/" "$work/up.json"; }

echo "weirbox on $(nproc) cores, $(date -u +%F)"
row "measure" "figure" "unit"

for _ in 1 2 3 4 5 6 7 8 9; do
    from=$(date +%s%N)
    start_cloud
    echo $((($(date +%s%N) - from) / 1000))
    stop_cloud
done | median | { read -r us; row "start of the process to ready, seen from a shell" "$(awk "BEGIN{print $us/1000}")" "ms, median of 9"; }
for _ in 1 2 3 4 5 6 7 8 9; do "$weirbox" run --posts 1 --json | field ready_ms; done | median | { read -r ms; row "opening the cloud inside the process" "$ms" "ms, median of 9"; }

start_cloud; sleep 1
row "idle memory of the cloud" "$(awk '/VmRSS/{print $2/1024}' "/proc/$(cat "$work/pid")/status")" "MiB resident"
stop_cloud

for _ in 1 2 3; do "$weirbox" run --json 2>/dev/null >"$work/run.json"; sed 's/.*"data":{"ready_ms":[0-9.]*,"ms":\([0-9.]*\).*/\1/' "$work/run.json"; done | median |
    { read -r ms; row "whole run: 11,154 posts x 3 tables x 2 paths" "$ms" "ms, median of 3"; }

ninja -C build bench_vtl >/dev/null
build/bench_vtl | sed -E 's/ +([0-9.]+) us a request/|\1|us of processor a request/' |
    while IFS='|' read -r name us unit; do row "template of the tutorial: $name" "$us" "$unit"; done

if ! command -v wrk >/dev/null; then
    row "requests a second" "-" "needs wrk: apt-get install wrk"
    exit 0
fi
cpu_us() { awk -v tick="$(getconf CLK_TCK)" '{print ($14 + $15) * 1e6 / tick}' "/proc/$(cat "$work/pid")/stat"; }
load() { # name, url, script
    local before after
    before=$(cpu_us)
    wrk -t1 -c32 -d4s -s "bench/wrk/$3" "$2" >"$work/wrk.txt" 2>/dev/null
    after=$(cpu_us)
    awk -v us="$(awk "BEGIN{print $after - $before}")" -v name="$1" '
        /requests in/ {n = $1} /Requests\/sec/ {rate = $2} /Non-2xx/ {bad = " (" $NF " refused)"}
        END {printf "%-58s %12.0f  requests/s, 32 connections, %.1f us of processor each%s\n", name, rate, us / n, bad}' "$work/wrk.txt"
}
start_cloud
load "Kinesis PutRecord, 1 KiB" "$(url kinesis)" put_record.lua
load "gateway -> Kinesis (mapping template)" "$(url apigw)" gateway_stream.lua
load "S3 PutObject, 1 KiB" "$(url s3)" put_object.lua
load "Kafka REST produce, 0.7 KiB, and the sink to S3" "$(url kafka_rest)" produce.lua
load "gateway -> Kafka REST (proxy), and the sink to S3" "$(url apigw)" gateway_batch.lua
stop_cloud
sed 's/^topics.regex=.*/topics.regex=none/' fixtures/connect/s3-sink.properties >"$work/no-sink.properties"
start_cloud --connector "$work/no-sink.properties"
load "Kafka REST produce, 0.7 KiB" "$(url kafka_rest)" produce.lua
load "gateway -> Kafka REST (proxy)" "$(url apigw)" gateway_batch.lua
stop_cloud
