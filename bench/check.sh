#!/bin/bash
# check.sh BUILD [ROWS] - how long profiles of generated rows take. GENERATOR and DATA as in clean.sh.
set -eu
build=${1:?usage: bench/check.sh BUILD [ROWS]} rows=${2:-1000000}
ninja -C "$build" bench_check >&2
if [ -z "${DATA:-}" ]; then
    if [ ! -f "${GENERATOR:-}" ]; then
        echo "no rows: set DATA to a folder of them, or GENERATOR to a C file that makes them" >&2
        exit 77
    fi
    DATA=$(mktemp -d "${TMPDIR:-/tmp}/weirbox-bench.XXXXXX")
    trap 'rm -rf "$DATA"' EXIT
    cc -O2 -w -o "$DATA/gen" "$GENERATOR"
    "$DATA/gen" "$rows" "$DATA" >&2
    for table in pin geo user; do mv "$DATA/$table.ndjson" "$DATA/$table.jsonl"; done
fi
for threads in 1 2; do
    echo "$threads thread(s)"
    "$build/bench_check" "$DATA" "$threads"
done
