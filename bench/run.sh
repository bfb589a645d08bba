#!/bin/bash
# bench/run.sh - prints one table: start, the whole run, requests a second, idle memory.
# Requests are made by wrk (Debian package wrk), which shares the machine's cores with the program: compare figures of one
# run with each other, not with those of another machine. Rows that need wrk say so where it is missing.
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
    "$weirbox" up --port 0 --json --auth off >"$work/up.json" & echo $! >"$work/pid"
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

if ! command -v wrk >/dev/null; then
    row "requests a second" "-" "needs wrk: apt-get install wrk"
    exit 0
fi
start_cloud
load() { # name, url, script
    local rate
    rate=$(wrk -t1 -c32 -d4s -s "bench/wrk/$3" "$2" 2>/dev/null | awk '/Requests\/sec/{print $2} /Non-2xx/{bad=$NF} END {if (bad) print "(" bad " refused)"}' | paste -sd' ')
    row "$1" "$rate" "requests/s, 32 connections"
}
load "Kinesis PutRecord, 1 KiB" "$(url kinesis)" put_record.lua
load "Kafka REST produce, one record of 0.7 KiB" "$(url kafka_rest)" produce.lua
load "gateway -> Kafka REST (proxy)" "$(url apigw)" gateway_batch.lua
load "gateway -> Kinesis (mapping template)" "$(url apigw)" gateway_stream.lua
load "S3 PutObject, 1 KiB" "$(url s3)" put_object.lua
stop_cloud
