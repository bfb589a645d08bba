#!/bin/bash
# bench/kafka.sh [RECORDS] - Kafka by kcat, which shares the machine's cores: records of 200 bytes produced and consumed, wall
# clock of kcat and CPU time of the broker. The connector takes no topic, so that only the broker works.
set -eu
cd "$(dirname "$0")/.."
weirbox=${WEIRBOX_BIN:-build/weirbox} n=${1:-1000000}
[ -x "$weirbox" ] || { echo "build first: make build" >&2; exit 3; }
command -v kcat >/dev/null || { echo "needs kcat: apt-get install kcat" >&2; exit 77; }
work=$(mktemp -d)
trap 'kill -INT "$(cat "$work/pid" 2>/dev/null)" 2>/dev/null; rm -rf "$work"' EXIT

row() { printf '%-46s %8.2f s wall %8.2f s CPU of the broker %8.2f million records/s\n' "$@"; }
cpu_ms() { awk -v hz="$(getconf CLK_TCK)" '{print ($14 + $15) * 1000 / hz}' "/proc/$(cat "$work/pid")/stat"; }
measure() { # name, command…
    local name=$1 cpu from
    shift
    cpu=$(cpu_ms) from=$(date +%s%N)
    "$@"
    awk -v w=$((($(date +%s%N) - from) / 1000000)) -v c=$(($(cpu_ms) - cpu)) -v n="$n" 'BEGIN {print w / 1000, c / 1000, n / w / 1000}' |
        { read -r wall used rate; row "$name" "$wall" "$used" "$rate"; }
}

sed 's/^topics.regex=.*/topics.regex=nothing-of-this-name/' fixtures/connect/s3-sink.properties >"$work/none.properties"
awk -v n="$n" 'BEGIN {s = sprintf("%199s", ""); gsub(" ", "x", s); while (n--) print s}' >"$work/records"
"$weirbox" up --port 0 --json --connector "$work/none.properties" >"$work/up.json" & echo $! >"$work/pid"
while [ ! -s "$work/up.json" ]; do sleep 0.01; done
broker=$(sed 's/.*"kafka":"kafka:\/\/\([^"]*\)".*/\1/' "$work/up.json")

echo "weirbox on $(nproc) cores, $(date -u +%F), $n records of 200 bytes"
for z in none lz4 zstd snappy gzip; do
    measure "kcat -P -z $z" kcat -q -b "$broker" -P -t "bench.$z" -z $z -l "$work/records"
done
measure "kcat -P, idempotent" kcat -q -b "$broker" -P -t bench.once -X enable.idempotence=true -l "$work/records"
measure "kcat -C" sh -c "kcat -q -b '$broker' -C -t bench.none -e -u | cksum >'$work/sum'"
[ "$(cat "$work/sum")" = "$(cksum <"$work/records")" ] || { echo "what was read is not what was sent" >&2; exit 1; }
