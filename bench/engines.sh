#!/bin/bash
# engines.sh [ROWS] [ROUNDS] - the same generated rows loaded, cleaned and asked the eight questions by weirbox, DuckDB, Polars
# and SQLite, turn by turn; prints for each measure the best of the rounds and how many times as long the others take.
# The rows are those of tests/bench/rows.c, the statements those of bench/engines.py; answers that differ end it with 1.
# Engines from PyPI live in build/bench-venv, made here; one that cannot be had is left out by name. ENGINES="weirbox duckdb"
# picks; COLUMN=3 takes CPU time instead of wall time, which says more on a busy machine; THREADS=n.
set -eu
cd "$(dirname "$0")/.."
rows=${1:-1000000} rounds=${2:-3} build=build column=${COLUMN:-2}
engines=${ENGINES:-weirbox duckdb polars sqlite}
export THREADS=${THREADS:-2}
venv=$build/bench-venv data=$build/rows/$rows
ninja -C "$build" bench_rows bench_clean >&2
if [ ! -f "$data/complete" ]; then
    mkdir -p "$data"
    "$build/bench_rows" "$rows" "$data" && touch "$data/complete"
fi
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
for package in duckdb polars; do
    case " $engines " in *" $package "*) "$venv/bin/python" -c "import $package" 2>/dev/null || "$venv/bin/pip" install -q "$package" >&2 || true;; esac
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
measure() { # engine
    case $1 in
    weirbox) "$build/bench_clean" "$data" "$work/answers" "$THREADS" ;;
    *) "$venv/bin/python" -B bench/engines.py "$1" "$data" "$work/answers" ;;
    esac
}
present=""
for round in $(seq "$rounds"); do
    for engine in $engines; do
        status=0
        measure "$engine" >"$work/figures" || status=$?
        [ "$status" != 77 ] || { [ "$round" != 1 ] || echo "$engine: not there, and PyPI does not give it" >&2; continue; }
        [ "$status" = 0 ] || { echo "$engine: failed with status $status" >&2; exit 1; }
        sed "s/^/$engine\t/" "$work/figures" >>"$work/all"
        LC_ALL=C sort "$work/answers" >"$work/$engine.answers"
        [ "$round" != 1 ] || present="$present $engine"
    done
done
for engine in $present; do
    cmp -s "$work/weirbox.answers" "$work/$engine.answers" || {
        [ ! -f "$work/weirbox.answers" ] || { echo "$engine answers otherwise:" >&2; diff "$work/weirbox.answers" "$work/$engine.answers" | head >&2; exit 1; }
    }
done
bytes=$(cat "$data"/*.jsonl | wc -c)
kind=wall; [ "$column" = 2 ] || kind=CPU
echo "$rows rows, $(wc -l <"$data/pin.jsonl") lines of pin, $bytes bytes in all; best of $rounds rounds, $kind time in ms, $THREADS threads, $(nproc) cores; all answers equal"
awk -F'\t' -v engines="$present" -v column="$column" -v bytes="$bytes" '
    function row(name, values, unit,   i, line) {
        line = sprintf("%-44s", name)
        for (i = 1; i <= n; i++) line = line ((engine[i], name) in values ? sprintf(" %10.1f", values[engine[i], name]) : sprintf(" %10s", "-"))
        for (i = 2; i <= n; i++) line = line ((engine[i], name) in values && values[engine[1], name] ? sprintf(" %8.1fx", values[engine[i], name] / values[engine[1], name]) : sprintf(" %9s", "-"))
        print line
    }
    BEGIN { n = split(engines, engine, " ") }
    $2 == "rss" { v = $3 / 1024; m = "peak memory, MiB" } $2 != "rss" { v = $(column + 1); m = $2 }
    !(m in seen) { seen[m] = 1; order[++count] = m }
    !(($1, m) in best) || v < best[$1, m] { best[$1, m] = v }
    END {
        line = sprintf("%-44s", "")
        for (i = 1; i <= n; i++) line = line sprintf(" %10s", engine[i])
        for (i = 2; i <= n; i++) line = line sprintf(" %9s", substr(engine[i], 1, 9))
        print line
        for (k = 1; k <= count; k++) {
            m = order[k]
            if (m ~ /^peak|^\(/) continue
            row(m, best)
            for (i = 1; i <= n; i++) {
                total[engine[i], "all"] += best[engine[i], m]
                if (m != "load and clean") total[engine[i], "the questions"] += best[engine[i], m]
            }
        }
        row("the questions", total); row("all", total)
        for (k = 1; k <= count; k++) if (order[k] ~ /^peak|^\(/) row(order[k], best)
        printf "peak memory of %s over the size of the input: %.2f\n", engine[1], best[engine[1], "peak memory, MiB"] * 1048576 / bytes
    }' "$work/all"
