#!/bin/bash
# clean.sh BUILD [ROWS] - cleaning and questions over generated rows, beside DuckDB where WEIRBOX_PYTHON has it.
# The generator is a program of the reader's own: GENERATOR=gen.c (usage: gen ROWS DIR, writing pin, geo and
# user.ndjson). DATA=DIR takes rows that are there already (pin.jsonl, geo.jsonl, user.jsonl).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:?usage: bench/clean.sh BUILD [ROWS]} rows=${2:-1000000}
python=${WEIRBOX_PYTHON:-python3}
ninja -C "$build" bench_clean >&2
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
    echo "weirbox, $threads thread(s)"
    "$build/bench_clean" "$DATA" "$threads"
done
"$python" -c 'import duckdb' 2>/dev/null || exit 0
[ -x "$build/weirbox" ] && sql=$("$build/weirbox" rules sql --dialect duckdb 2>/dev/null) || exit 0
SQL=$sql exec "$python" - "$DATA" <<'PYTHON'
import os, re, sys, time
import duckdb

# The same rules as SQL over the same files; the reader gives texts, as the SQL wants.
data, script = sys.argv[1], os.environ["SQL"]
size = sum(os.path.getsize(f"{data}/{t}.jsonl") for t in ("pin", "geo", "user"))
for threads in (1, 2):
    db = duckdb.connect(config={"threads": threads})
    clean = questions = cpu = 0
    for block in script.split(";\n\n"):
        sql = "\n".join(line for line in block.split("\n") if not line.startswith("-- ")).strip()
        raw = re.match(r"CREATE TABLE IF NOT EXISTS raw_(\w+) \((.*)\)$", sql, re.S)
        if raw:
            columns = ", ".join(f"{name}: 'VARCHAR'" for name in re.findall(r'"\w+"', raw.group(2)))
            sql = (f"CREATE VIEW raw_{raw.group(1)} AS SELECT * FROM read_json('{data}/{raw.group(1)}.jsonl', "
                   f"format = 'newline_delimited', columns = {{{columns}}})")
        if not sql:
            continue
        wall, used = time.time(), time.process_time()
        result = db.execute(sql)
        if sql.startswith("WITH"):
            result.fetchall()
            questions += time.time() - wall
        else:
            clean += time.time() - wall
            cpu += time.process_time() - used
    print(f"duckdb {duckdb.__version__}, {threads} thread(s): clean {clean * 1e3:.0f} ms: {size / 1e6 / clean:.0f} MB/s "
          f"({size / 1e6 / cpu:.0f} MB/s per core), all questions {questions * 1e3:.0f} ms")
    db.close()
PYTHON
