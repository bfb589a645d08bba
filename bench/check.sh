#!/bin/bash
# check.sh BUILD [ROWS] - how long the profiles of generated rows take: those of tests/bench/rows.c, or of the folder DATA.
set -eu
build=${1:?usage: bench/check.sh BUILD [ROWS]} rows=${2:-1000000}
ninja -C "$build" bench_rows bench_check >&2
data=${DATA:-$build/rows/$rows}
if [ -z "${DATA:-}" ] && [ ! -f "$data/complete" ]; then
    mkdir -p "$data"
    "$build/bench_rows" "$rows" "$data" && touch "$data/complete"
fi
for threads in 1 2; do
    echo "$threads thread(s)"
    "$build/bench_check" "$data" "$threads"
done
