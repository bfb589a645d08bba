#!/bin/bash
# parquet.sh BUILD [ROWS] - writing one table as Parquet on one thread, beside DuckDB's COPY on one thread where
# WEIRBOX_PYTHON has it: same rows, same codec, same row group size, each the best of three, a file at the end. Processor time, so that others at work on the machine do
# not decide.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:?usage: bench/parquet.sh BUILD [ROWS]} rows=${2:-2000000}
python=${WEIRBOX_PYTHON:-python3}
ninja -C "$build" bench_parquet >&2
dir=$(mktemp -d "${TMPDIR:-/tmp}/weirbox-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
"$build/bench_parquet" "$dir" "$rows" >"$dir/ours"
if ! "$python" -c 'import duckdb' 2>/dev/null; then
    awk '{ printf "%-13s weirbox %6d ms %6.1f MB\n", $1, $2, $3 / 1e6 }' "$dir/ours"
    exit 0
fi
exec "$python" - "$dir" "$rows" <<'PYTHON'
import os, sys, time
import duckdb

folder, rows = sys.argv[1], int(sys.argv[2])
db = duckdb.connect(config={"threads": 1})
db.execute(f"create table t as select * from read_parquet('{folder}/uncompressed.parquet')")
print(f"{rows} rows, 7 columns, one thread, processor time; duckdb {duckdb.__version__}")
for line in open(folder + "/ours"):
    codec, ms, size = line.split()
    level = ", compression_level 1" if codec == "zstd" else ""
    best = 1e300
    for _ in range(3):
        start = time.process_time()
        db.execute(f"copy t to '{folder}/duckdb.parquet' (format parquet, compression {codec}, row_group_size 122880{level})")
        best = min(best, (time.process_time() - start) * 1e3)
    theirs = os.path.getsize(folder + "/duckdb.parquet")
    print(f"{codec:13} weirbox {int(ms):6d} ms {int(size) / 1e6:6.1f} MB   duckdb {best:6.0f} ms {theirs / 1e6:6.1f} MB   {best / int(ms):.2f} times as fast")
PYTHON
