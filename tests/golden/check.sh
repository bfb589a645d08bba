# weirbox check: the default seed gives the golden rows and answers; a difference is named; --update mends it.
. "$WEIRBOX_SOURCE/tests/support/cli.sh"
golden=$WEIRBOX_SOURCE/fixtures/golden

expect 0 "same as the goldens" $WEIRBOX_BIN check --golden "$golden"

cp -r "$golden" mine
sed -i '3s/"age":[0-9]*/"age":99/' mine/clean/user.jsonl
sed -i '5d' mine/clean/geo.jsonl
expect 1 "GOLDEN" $WEIRBOX_BIN check --golden mine --path stream --json
grep -q '"table":"user","key":"ind=2","column":"age","expected":"99"' weirbox-diff.jsonl || { echo "FAIL: the cell is not named"; cat weirbox-diff.jsonl; failures=1; }
grep -q '"table":"geo","key":"ind=4","row":"unexpected"' weirbox-diff.jsonl || { echo "FAIL: the row is not named"; failures=1; }
expect 0 "rewritten" $WEIRBOX_BIN check --golden mine --update
expect 0 "same as the goldens" $WEIRBOX_BIN check --golden mine --path stream
diff -r "$golden" mine || { echo "FAIL: --update did not bring the goldens back"; failures=1; }
expect 3 "golden files are missing" $WEIRBOX_BIN check --golden nowhere --path stream
finish
