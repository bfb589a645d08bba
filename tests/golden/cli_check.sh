# weirbox check --from: a user's own rows and rules, against a baseline of theirs, in every form of report.
. "$WEIRBOX_SOURCE/tests/support/cli.sh"
check="$WEIRBOX_BIN check --from raw --against base"
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }

mkdir raw
for i in 1 2 3 4 5 6 7 8; do
    image="https://pins.invalid/$i"; [ $i = 3 ] && image="Image src error."
    printf '{"index":%d,"unique_id":"u%d","title":"Title %d","description":"d","poster_name":"P%d","follower_count":"%dk","tag_list":"a,b","is_image_or_video":"image","image_src":"%s","downloaded":1,"save_location":"Local save in /data/art","category":"art"}\n' $i $i $i $i $i "$image"
done >raw/pin.jsonl
for i in 1 2 3 4 5 6 7 8; do printf '{"ind":%d,"timestamp":"201%d-01-01 00:00:00","latitude":%d.5,"longitude":-1,"country":"Chad"}\n' $i $i $i; done >raw/geo.jsonl
for i in 1 2 3 4 5 6 7 8; do printf '{"ind":%d,"first_name":"A","last_name":"B%d","age":2%d,"date_joined":"2016-01-01 00:00:00"}\n' $i $i $i; done >raw/user.jsonl

# a baseline, the same again, and stable bytes
expect 3 "there is no baseline in base" $check
expect 0 "rewritten" $check --update
expect 0 "same as the baseline" $check
cp -r base kept
expect 0 "rewritten" $check --update
diff -r kept base || fail "--update changed what is the same"
sort -R raw/pin.jsonl >shuffled && mv shuffled raw/pin.jsonl
expect 0 "same as the baseline" $check

# rules that differ: the figure, the row, the operation that touched the cell, the marker that never matches
mkdir -p rules/clean
sed 's/"Image src error\.", ""/"Image src error", ""/; s/"k": 1000,/"k": 100,/; /"tests"/,/^  \]/d; s/"dedupe": {"switch": "dedupe"},/"dedupe": false/' \
    "$WEIRBOX_SOURCE/pipeline/rules/clean/pin.json" >rules/clean/pin.json
expect 1 "ind=2  follower_count: 2000 → 200  by suffix" $check --rules rules
expect 1 'ind=3  image_src: null → "Image src error."  by none' $check --rules rules
expect 1 '"Image src error" stands in no raw row; is it misspelt?' $check --rules rules
expect 1 "null rate 12.50 % → 0.00 % (-12.50 points)" $check --rules rules
expect 1 "differs  query/top_user_by_country" $check --rules rules

# rows that came clean: the same tables, and nothing is said of operations
expect 0 "0 records quarantined" $WEIRBOX_BIN clean raw --out out
for from in out out/clean; do
    expect 0 "same as the baseline" $WEIRBOX_BIN check --from $from --against base
    grep -q operation/ stdout.txt && fail "operations of $from are judged"
done

# parts of it, by name and pattern
expect 0 "same as the baseline" $check --rules rules 'column/pin.title' --select 'geo'
expect 1 "1 cases: 0 same, 0 warn, 1 differ" $check --rules rules column/pin.image_src
expect 2 "no case is named so" $check column/pin.nothing

# reports
expect 1 '"status":"error","data":{"against":"base","profile":"aicore-majority"' $check --rules rules --json --junit out/junit.xml --html "$PWD/page.html" --diff out/diff.jsonl
grep -q '{"case":"diff/pin","table":"pin","key":"ind=2","column":"follower_count","expected":"2000","actual":"200","rule":"suffix"}' out/diff.jsonl || fail "diff.jsonl lacks the cell"
grep -q '<testcase classname="weirbox.diff" name="pin">' out/junit.xml || fail "junit.xml lacks the case"
grep -q '<failure message="rows: 0 added, 0 removed, 8 changed' out/junit.xml || fail "junit.xml lacks the failure"
env GITHUB_ACTIONS=true $check --rules rules >annotated.txt 2>/dev/null || true
grep -q '^::error title=weirbox check diff/pin::rows: 0 added' annotated.txt || fail "no annotation"
grep -q '^::warning title=weirbox check operation/pin.image_src.null_if::' annotated.txt || fail "no annotation of a warning"
command -v xmllint >/dev/null && { xmllint --noout out/junit.xml || fail "junit.xml is no XML"; }

# hostile cells: shown, never run
cp -r raw hostile
sed -i 's/"Title 2"/"<script>alert(1)<\/script>\&\\u001b[31m\\u202e"/' hostile/pin.jsonl
expect 1 "differs" $WEIRBOX_BIN check --from hostile --against base --html hostile.html --junit hostile.xml
grep -qi '<script' hostile.html && fail "the page holds a script"
grep -q '&lt;script&gt;alert(1)&lt;/script&gt;&amp;' hostile.html || fail "the page does not show the cell"
grep -q '<script' hostile.xml && fail "junit.xml holds a tag of a cell"
grep -q "$(printf '\033')" stdout.txt && fail "an escape sequence reached the terminal"
grep -Eqi '(src|href)=|@import|url\(' hostile.html && fail "the page loads something"

# tolerances
cat >base/tolerances.json <<'JSON'
{"pin.follower_count": {"rel": 0.9}, "pin.image_src": {"ignore": true}, "pin.image_src.null_if": {"ignore": true},
 "top_user_by_country": {"rel": 0.9}, "country_with_top_user.follower_count": {"abs": 8000}, "median_followers_by_age_group": {"ignore": true},
 "median_followers_by_join_year": {"ignore": true}, "median_followers_by_join_year_and_age_group": {"ignore": true}}
JSON
expect 0 "same as the baseline" $check --rules rules
sed -i 's/pin.image_src"/pin.image_scr"/' base/tolerances.json
expect 3 'base/tolerances.json:1:38: pin.image_scr: unknown table, column, operation or query "pin.image_scr"; did you mean "pin.image_src"?' $check
echo '{"pin.title": {"mostly": 0.8}}' >base/tolerances.json
sed -i 's/Title 5/Title five/' raw/pin.jsonl
expect 0 "warns    column/pin.title" $check
sed -i 's/Title 6/Title six/' raw/pin.jsonl
expect 1 "rows: 0 added, 0 removed, 2 changed; cells: title 2" $check
sed -i 's/Title six/Title 6/; s/Title five/Title 5/' raw/pin.jsonl
rm base/tolerances.json

# accepting: one by one from a script, by name, and from a terminal
printf 'x\ns\na\nq\n' >answers.txt
expect 1 "accepted 1 of" sh -c "$check --rules rules --review <answers.txt"
expect 0 "same as the baseline" $check --rules rules column/pin.image_src
expect 1 "differs  column/pin.follower_count" $check --rules rules column/pin.follower_count
expect 0 "rewritten" $check --rules rules --update diff/pin
expect 0 "same as the baseline" $check --rules rules diff/pin
if command -v script >/dev/null; then
    yes a | head -40 | script -qec "$check --rules rules --review" /dev/null >terminal.txt || fail "--review on a terminal"
    grep -q "accept, skip or quit?" terminal.txt || fail "no question on a terminal"
    expect 0 "same as the baseline" $check --rules rules --strict --select 'column/*' --select 'query/*' --select 'diff/*'
fi
rm -r base && cp -r kept base

# rows by hash only, and not at all
expect 0 "rewritten" $check --update --keep hashes
[ ! -e base/clean/pin.jsonl ] && [ -s base/hashes/pin.txt ] || fail "--keep hashes kept rows"
expect 0 "same as the baseline" $check
expect 1 "rows: 0 added, 0 removed, 8 changed" $check --rules rules
expect 0 "rewritten" $check --update --keep none
expect 0 "same as the baseline" $check
expect 1 "the baseline keeps none" $check --rules rules
expect 0 "rewritten" $check --update
[ ! -e base/clean/pin.jsonl ] || fail "a baseline without rows got some"
rm -r base && cp -r kept base

# columns come and go; questions too
sed -i 's/"category": {/"topic": {"from": "category"}, "category": {/; s/"save_location", "category"\]/"save_location", "category", "topic"]/' rules/clean/pin.json
expect 1 "column topic is new" $check --rules rules
cp base/queries/users_joined_by_year.csv base/queries/gone.csv
expect 1 "is in the baseline, and no query file asks it any more" $check
expect 0 "rewritten" $check --update
[ ! -e base/queries/gone.csv ] || fail "--update left an answer that nobody asks for"

# expectations and their rows
cat >rules/clean/geo.json <<'JSON'
{"table": "geo", "key": "ind",
 "columns": {"ind": {"type": "long"}, "country": {}, "coordinates": {"array": ["latitude", "longitude"], "type": "double"}, "timestamp": {"type": "timestamp"}},
 "checks": [{"column": "ind", "references": "pin.ind"}, {"column": "ind", "between": [1, 6], "mostly": 0.5}, {"column": "ind", "between": [1, 7]},
            {"column": "country", "length": [5, null], "severity": "warn"}, {"rows": [10, null]}],
 "tests": [{"given": {"country": "x"}, "expect": {"country": "y"}}]}
JSON
rm rules/clean/pin.json
head -4 raw/geo.jsonl >less && cat raw/geo.jsonl less | sed '$s/"ind":4/"ind":9/' >more && cp raw/geo.jsonl all.jsonl && sed -n 1,8p more >raw/geo.jsonl && sed -n 12p more >>raw/geo.jsonl
expect 1 "1 of 9 rows fail references \"pin.ind\"" $check --rules rules --out out 'check/*'
expect 1 "ind=9  ind: 9" $check --rules rules 'check/geo.ind.references'
expect 1 "differs  check/geo.ind.between.2" $check --rules rules 'check/*'
expect 1 "warns    check/geo.country.length" $check --rules rules 'check/*'
expect 1 "9 rows, expected [10,null]" $check --rules rules 'check/*'
expect 0 "same as the baseline" $check --rules rules check/geo.ind.between
grep -q '^{"ind":9,' out/checks/geo.ind.references.jsonl || fail "the failing row is not kept"
[ "$(wc -l <out/checks/geo.ind.between.jsonl)" = 3 ] || fail "rows that mostly allows are not kept"
expect 0 "fail references" $WEIRBOX_BIN clean raw --rules rules --out cleaned
grep -q '^{"ind":9,' cleaned/checks/geo.ind.references.jsonl || fail "clean does not keep the failing row"
mv all.jsonl raw/geo.jsonl

# examples
expect 1 'test/geo[0]' $check --rules rules 'test/*'
expect 1 'tests[0].expect.country: expected "y", got "x"' $WEIRBOX_BIN rules check --rules rules
grep -q 'FAILED rules/clean/geo.json:5:' stdout.txt || fail "the example's place is not told"
expect 1 '"status":"error","data":{"profile":"aicore-majority","tests":25,"failed":["rules/clean/geo.json:5:' $WEIRBOX_BIN rules check --rules rules --json
expect 0 "0 failed" $WEIRBOX_BIN rules check
for profile in 1lekshmi WilsonRedman elishagretton javeer89; do expect 0 "0 failed" $WEIRBOX_BIN rules check --profile $profile; done

# a damaged baseline says where
sed -i '8s/"nulls": 0/"nulls": none/' base/profile/pin.json
expect 5 "base/profile/pin.json:8:" $check
cp kept/profile/pin.json base/profile/pin.json && sed -i 's/"baseline": 1/"baseline": 2/' base/profile/pin.json
expect 5 "base/profile/pin.json:2:15: baseline: a baseline of version 2" $check
cp kept/profile/pin.json base/profile/pin.json && sed -i 's/"rows": 8/"rows": -8/' base/profile/pin.json
expect 5 "base/profile/pin.json:4:11: rows: must not be negative" $check
cp kept/profile/pin.json base/profile/pin.json && sed -i '3s/.$//' base/clean/pin.jsonl && sed -i '3s/}$//' base/clean/pin.jsonl
expect 5 "base/clean/pin.jsonl:3:" $check
cp kept/clean/pin.jsonl base/clean/pin.jsonl && echo '"a' >>base/queries/top_user_by_country.csv
expect 5 "base/queries/top_user_by_country.csv:3: a quoted field does not end" $check
cp kept/queries/top_user_by_country.csv base/queries/ && expect 0 "same" $check

# usage
expect 2 "--posts is about a run" $check --posts 3
expect 2 "--review asks on the terminal" $check --review --json
expect 2 "did you mean --against?" $WEIRBOX_BIN check --agains base
[ "$($WEIRBOX_BIN check --help | grep -c -- '--out DIR')" = 1 ] || fail "--out is there twice"

# what cannot be read or written
echo x >file
expect 3 "file" $WEIRBOX_BIN check --from raw --against file
expect 3 "nothing_here" $WEIRBOX_BIN check --from nothing_here --against base
expect 3 "cannot" $check --html file/page.html
finish
