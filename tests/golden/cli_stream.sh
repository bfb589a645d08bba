# weirbox stream as a program: files, answers, kill -9, a lost checkpoint folder, alerts, mistakes.
. "$WEIRBOX_SOURCE/tests/support/cli.sh"
export XDG_DATA_HOME=$PWD/data XDG_RUNTIME_DIR=$PWD/run
mkdir -p run
weirbox=$WEIRBOX_BIN
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }
unset AWS_ENDPOINT_URL AWS_ENDPOINT_URL_KINESIS

expect 0 "Examples:" $weirbox stream --help
expect 2 "give one of them" $weirbox stream --once --until-idle
expect 2 "between 0.001 and" $weirbox stream --interval 0
expect 3 "is it running, and is the address right" $weirbox stream --once --endpoint http://127.0.0.1:1 --attempts 1

# a mistake in a window file: file, line, column
mkdir -p wrong/windows
printf '{\n  "window": "w",\n  "from": "pin",\n  "size": "1m",\n  "group_by": ["categorie"],\n  "aggregate": {"n": {"count": "*"}}\n}\n' >wrong/windows/w.json
expect 3 'windows/w.json:5:16: group_by[0]: unknown column "categorie"; did you mean "category"' $weirbox stream --once --rules wrong
expect 3 'windows/w.json:5:16' $weirbox rules check --rules wrong
expect 0 "windows   followers_seen_by_country, posts_per_category_per_minute, top_categories" $weirbox rules check

$weirbox up --port 0 --json >up.json 2>up.err &
up=$!
trap 'kill $up 2>/dev/null || true' EXIT
for _ in $(seq 200); do [ -s up.json ] && break; sleep 0.05; done
kinesis=$(sed 's/.*"kinesis":"\([^"]*\)".*/\1/' up.json)
gateway=$(sed 's/.*"apigw":"\([^"]*\)".*/\1/' up.json)
export AWS_ENDPOINT_URL_KINESIS=$kinesis
expect 3 "is --user-id right" $weirbox stream --once --user-id nobody --out nobody

# everything that is in the tables, against what ingest and clean make of the same streams
compare() {
    rm -rf raw cleaned
    $weirbox ingest kinesis --out raw >/dev/null
    $weirbox clean raw --out cleaned >/dev/null
    for t in pin geo user; do
        $weirbox delta cat "$1/delta/0a1b2c3d4e5f_${t}_table" | sort >got
        sort "cleaned/clean/$t.jsonl" >want
        cmp -s got want || fail "$2: the $t table is not what clean makes of the stream: $(wc -l <got) rows, $(wc -l <want) wanted"
    done
    for q in $($weirbox query --list | cut -d' ' -f1); do
        $weirbox query "$q" --from cleaned --format csv >want
        cmp -s "$1/queries/$q.csv" want || fail "$2: $q is not what weirbox query answers"
    done
}

expect 0 "300 posts" $weirbox emulate stream --posts 300 --gateway "$gateway"
expect 0 "900 records in" $weirbox stream --once --out plain
compare plain "once"
expect 0 "0 records in 0 batches" $weirbox stream --once --out plain
expect 0 '"status":"ok","data":{"rows":{"pin":300,"geo":300,"user":300}' $weirbox stream --until-idle --idle 0.05 --interval 0.01 --json --out json
sed 's/^{.*}$//' stdout.txt | grep -q . && fail "--json prints lines that are no objects"

# kill -9 at any moment, while posts come in
$weirbox emulate stream --posts 400 --rate 400 --gateway "$gateway" >/dev/null 2>&1 &
posting=$!
for i in 1 2 3 4 5 6 7 8; do
    $weirbox stream --interval 0.01 --batch 60 --out killed >/dev/null 2>&1 &
    stream=$!
    sleep "0.$((i * 17 % 10))$i"
    kill -9 $stream
    wait $stream 2>/dev/null || true
done
wait $posting
expect 0 "" $weirbox stream --once --batch 60 --out killed
compare killed "killed"

# the checkpoint folder is taken away, as dbutils.fs.rm does
rm -r killed/checkpoint
expect 0 "was made anew from their logs, and nothing is read a second time" $weirbox stream --once --out killed
expect 0 "posts" $weirbox emulate stream --posts 20 --gateway "$gateway"
expect 0 "60 records in 1 batches" $weirbox stream --once --out killed
compare killed "lost folder"

# tables and folder in a bucket
s3=$(sed 's/.*"s3":"\([^"]*\)".*/\1/' up.json)
bucket=s3://user-0a1b2c3d4e5f-bucket
for i in 1 2; do
    expect 0 "written: pin" $weirbox stream --once --delta $bucket/delta --checkpoint $bucket/checkpoint --s3-endpoint "$s3" --out bucket
done
for t in pin geo user; do
    $weirbox delta cat $bucket/delta/0a1b2c3d4e5f_${t}_table --endpoint "$s3" | sort >got
    $weirbox delta cat killed/delta/0a1b2c3d4e5f_${t}_table | sort >want
    cmp -s got want || fail "the $t table in the bucket has other rows"
done

# alerts: a program, a file, and a webhook that nobody answers; windows of event time close at once
mkdir -p mine/windows
cat >mine/windows/joined_per_day.json <<END
{
  "window": "joined_per_day", "from": "user", "time": "date_joined", "size": "1d", "watermark": "0s", "aggregate": {"n": {"count": "*"}},
  "alerts": [
    {"alert": "program", "when": [{"column": "n", "at_least": 2}], "exec": ["sh", "-c", "cat >>$PWD/program.jsonl"]},
    {"alert": "file", "when": [{"column": "n", "at_least": 2}], "file": "alerts.jsonl"}
  ]
}
END
expect 0 "delivered" $weirbox stream --once --rules mine --no-answers --batch 300 --out alerts
windows=$(wc -l <alerts/windows/joined_per_day.jsonl)
raised=$(grep -vc '"n":1}' alerts/windows/joined_per_day.jsonl)
[ "$windows" -gt 10 ] && [ "$raised" -gt 3 ] || fail "windows of event time were not told"
[ "$(sort -u program.jsonl | wc -l)" = "$raised" ] || fail "$(sort -u program.jsonl | wc -l) alerts reached the program, $raised were due"
[ "$(sort -u alerts/alerts.jsonl | wc -l)" = "$raised" ] || fail "$(wc -l <alerts/alerts.jsonl) alerts are in the file, $raised were due"
grep -q '"window":"joined_per_day"' alerts/late.jsonl || fail "late rows are not in late.jsonl"
sed -i 's/"exec": \[.*\]}/"webhook": "http:\/\/127.0.0.1:1\/"}/' mine/windows/joined_per_day.json
expect 1 "could not be delivered; they are in dead.jsonl" $weirbox stream --once --rules mine --no-answers --batch 300 --alert-attempts 1 --out dead
[ "$(wc -l <dead/checkpoint/dead.jsonl)" = "$raised" ] || fail "dead.jsonl does not hold what was not delivered"

# Ctrl-C ends it in order
$weirbox stream --out plain --interval 0.05 >out.txt 2>err.txt &
stream=$!
for _ in $(seq 100); do [ -d plain/checkpoint ] && break; sleep 0.05; done
sleep 0.3
kill -INT $stream
wait $stream || fail "stream did not end cleanly on Ctrl-C"
grep -q "rows kept for joins" out.txt || fail "Ctrl-C does not tell the sums"

# in a cloud of exec's own, by the variables exec gives
unset AWS_ENDPOINT_URL_KINESIS
export ASAN_OPTIONS=verify_asan_link_order=0 # what exec preloads comes before a sanitizer's library
expect 0 "60 records in 1 batches" $weirbox exec -- sh -c "$weirbox emulate stream --posts 20 --gateway \$AWS_ENDPOINT_URL_API_GATEWAY && $weirbox stream --once --out exec"

finish
