# weirbox check: the default seed gives the golden rows and answers; a difference is named; --update mends it.
. "$WEIRBOX_SOURCE/tests/support/cli.sh"

ln -s "$WEIRBOX_SOURCE/fixtures" fixtures && mkdir below && cd below
expect 0 "same as the goldens in ../fixtures/golden" $WEIRBOX_BIN check
cd ..

# the rest on the 36 posts of fixtures/tables, which are quicker to run
small="--tables $WEIRBOX_SOURCE/fixtures/tables"
expect 0 "rewritten" $WEIRBOX_BIN check $small --golden first --update
cp -r first mine
sed -i '3s/"age":[0-9]*/"age":99/' mine/clean/user.jsonl
sed -i '5d' mine/clean/geo.jsonl
expect 1 "GOLDEN_DIFFERS" $WEIRBOX_BIN check $small --golden mine --path stream --json
grep -q '"table":"user","key":"ind=891","column":"age","expected":"99"' weirbox-diff.jsonl || { echo "FAIL: the cell is not named"; cat weirbox-diff.jsonl; failures=1; }
grep -q '"table":"geo","key":"ind=1637","row":"unexpected"' weirbox-diff.jsonl || { echo "FAIL: the row is not named"; failures=1; }
expect 1 "user ind=891 age: expected 99" $WEIRBOX_BIN check $small --golden mine --path batch
expect 0 "rewritten" $WEIRBOX_BIN check $small --golden mine --update
expect 0 "same as the goldens" $WEIRBOX_BIN check $small --golden mine
diff -r first mine || { echo "FAIL: --update did not bring the goldens back"; failures=1; }
expect 3 "golden files are missing" $WEIRBOX_BIN check $small --golden nowhere --path stream
finish
