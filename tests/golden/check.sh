# weirbox check with a run: the default seed gives the golden rows and answers; a difference is named; --update mends it.
. "$WEIRBOX_SOURCE/tests/support/cli.sh"

ln -s "$WEIRBOX_SOURCE/fixtures" fixtures && mkdir below && cd below
expect 0 "same as the baseline in ../fixtures/golden" $WEIRBOX_BIN check --strict
cd ..

# the rest on the 36 posts of fixtures/tables, which are quicker to run
small="--tables $WEIRBOX_SOURCE/fixtures/tables"
expect 0 "rewritten" $WEIRBOX_BIN check $small --against first --update
cp -r first mine
sed -i '3s/"age":[0-9]*/"age":99/' mine/clean/user.jsonl
sed -i '5d' mine/clean/geo.jsonl
expect 1 "GOLDEN_DIFFERS" $WEIRBOX_BIN check $small --golden mine --path stream --json
grep -q '"table":"user","key":"ind=891","column":"age","expected":"99"' weirbox-diff.jsonl || { echo "FAIL: the cell is not named"; cat weirbox-diff.jsonl; failures=1; }
grep -q '"table":"geo","key":"ind=1637","row":"unexpected"' weirbox-diff.jsonl || { echo "FAIL: the row is not named"; failures=1; }
expect 1 "ind=891  age: 99 →" $WEIRBOX_BIN check $small --against mine --path batch
expect 0 "rewritten" $WEIRBOX_BIN check $small --against mine --update
expect 0 "same as the baseline" $WEIRBOX_BIN check $small --against mine
diff -r first mine || { echo "FAIL: --update did not bring the baseline back"; failures=1; }
expect 3 "there is no baseline in nowhere" $WEIRBOX_BIN check $small --against nowhere --path stream

# a row posted twice multiplies what joins count
printf '891\n891\n1637\n' >twice.txt
expect 0 "1 keys stand in more than one row (ind=891 in 2): inner joins multiply them in popular_category_by_country" \
    $WEIRBOX_BIN check $small --indices twice.txt --against twice --update
expect 1 "and --strict makes that a failure" $WEIRBOX_BIN check $small --indices twice.txt --against twice --strict --path stream
finish
