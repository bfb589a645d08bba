# A bundle is whole: its programs compile, its answers are the goldens, its own check finds what was changed.
. "$WEIRBOX_SOURCE/tests/support/cli.sh"
weirbox=$WEIRBOX_BIN

expect 0 "files written into spark" $weirbox export spark spark --from "$WEIRBOX_SOURCE/fixtures/golden"
expect 0 '"files":' $weirbox export databricks databricks --posts 20 --json
expect 2 "weirbox export spark needs DIR" $weirbox export spark
expect 3 "no pin.jsonl" $weirbox export spark other --from nowhere
expect 3 "aicore-majority" $weirbox export spark other --profile nobody
for golden in "$WEIRBOX_SOURCE"/fixtures/golden/queries/*.csv; do
    expect 0 "" cmp "$golden" "spark/expected/$(basename "$golden")"
done
for table in pin geo user; do
    expect 0 "" cmp "$WEIRBOX_SOURCE/fixtures/golden/clean/$table.jsonl" spark/sample/$table.jsonl
done
expect 1 "" grep -rn "@[A-Z]*@" spark databricks --include=*.py --include=*.md
expect 1 "" grep -rniE "AKIA|amazonaws|0a1b2c3d4e5f" spark databricks --include=*.py --include=*.md --include=*.txt
expect 0 "Databricks notebook source" head -1 databricks/notebook.py

if command -v python3 >/dev/null; then
    expect 0 "" python3 -m py_compile spark/job.py spark/check.py spark/dag.py databricks/notebook.py databricks/check.py databricks/dag.py
    expect 0 "10 files compared, 0 differences" python3 spark/check.py spark/expected
    cp -r spark/expected answers
    sed -i 's/\[2015,/[2014,/' answers/users_joined_by_year.json
    rm answers/tables.json
    expect 1 "users_joined_by_year: row 1 (2015" python3 spark/check.py answers
    expect 1 "tables: no answer" python3 spark/check.py answers
fi
finish
