#!/bin/bash
# rds.sh BUILD [SECONDS] [THREADS] - the mock RDS under what the original scripts do (tests/bench/rds.c): turns per second.
# With TARGET=host:port of another MySQL (user project_user, database pinterest_data with the three tables), that one is
# measured too, and the ratio printed.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:?usage: bench/rds.sh BUILD [SECONDS] [THREADS]} seconds=${2:-3} threads=${3:-16}
ninja -C "$build" bench_rds wire_rds_clients >&2
# shellcheck disable=SC2016
ours=$(RDS_COMMAND='exec "'"$build"'/bench_rds" 127.0.0.1 "$MYSQL_TCP_PORT" '"$seconds $threads" "$build/wire_rds_clients")
theirs=""
[ -n "${TARGET:-}" ] && theirs=$("$build/bench_rds" "${TARGET%:*}" "${TARGET#*:}" "$seconds" "$threads")
echo "turns per second, $threads clients, $(nproc) cores for both sides"
while read -r name rate note; do
    other=$(awk -v n="$name" '$1 == n {print $2}' <<<"$theirs")
    if [ -n "$other" ]; then
        awk -v n="$name" -v a="$rate" -v b="$other" 'BEGIN {printf "%-8s weirbox %8d   %s %8d   %.2f times as fast\n", n, a, ENVIRON["TARGET"], b, a / b}'
    else
        printf '%-8s weirbox %8d %s\n' "$name" "$rate" "$note"
    fi
done <<<"$ours"
