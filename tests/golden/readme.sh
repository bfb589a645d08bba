# What README.md shows is true: its commands run, its figures are the program's.
. "$WEIRBOX_SOURCE/tests/support/cli.sh"
readme=$WEIRBOX_SOURCE/README.md

mkdir bin && ln -s "$WEIRBOX_BIN" bin/weirbox && PATH=$PWD/bin:$PATH
cp -r "$WEIRBOX_SOURCE/fixtures/tables" .
sed -n '/^```json/,/^```/p' "$WEIRBOX_SOURCE/docs/faults.md" | sed '1d;$d' >faults.json
sed -n '/^```sh run/,/^```/p' "$readme" | sed '1d;$d' >commands.sh
[ -s commands.sh ] || { echo "FAIL: README.md shows no commands"; failures=1; }
while read -r command; do
    expect 0 "" bash -c "$command"
done <commands.sh

"$WEIRBOX_BIN" status | sed -n 's/^\([a-z_0-9]*\) *\([0-9]* of [0-9]*\) actions.*/\1 \2/p' >counts.txt
while read -r service counts; do
    grep -q "^| $service |.*| $counts |\$" "$readme" || { echo "FAIL: README.md does not say '$counts' for $service"; failures=$((failures + 1)); }
done <counts.txt
finish
