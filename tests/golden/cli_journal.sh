# journal, peek, verify, reset: what has arrived in a cloud that is up, in one of exec, and when there is none.
. "$WEIRBOX_SOURCE/tests/support/cli.sh"
export XDG_DATA_HOME=$PWD/data XDG_RUNTIME_DIR=$PWD/run
mkdir -p run
weirbox=$WEIRBOX_BIN
unset WEIRBOX_URL
command -v curl >/dev/null || exit 77
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }
trap '$weirbox down >/dev/null 2>&1 || true; kill $follower 2>/dev/null || true' EXIT
follower=""

# nobody is up
echo '{"service":"kinesis"}' >one.json
for command in journal "peek topic a.pin" "verify one.json" reset; do
    expect 0 "Examples:" $weirbox ${command%% *} --help
    expect 3 "weirbox up -d starts one" $weirbox $command
done
expect 3 "no cloud answers at http://127.0.0.1:1: " $weirbox journal --url http://127.0.0.1:1
expect 3 "cannot read the checks none.json" $weirbox verify none.json

$weirbox up -d --port 0 --seed 12 >/dev/null
eval "$($weirbox env)"
id=0a1b2c3d4e5f
batch() { curl -sS -o /dev/null "$KAFKA_REST_URL/topics/$1" -H 'Content-Type: application/vnd.kafka.json.v2+json' -d "{\"records\":[{\"value\":$2}]}"; }
stream() { curl -sS -o /dev/null -X PUT "$WEIRBOX_GATEWAY_URL/dev/streams/$1/record" -H 'Content-Type: application/json' -d "{\"StreamName\":\"$1\",\"Data\":$2,\"PartitionKey\":\"k\"}"; }
$weirbox journal -f --service kafka_rest >followed.txt 2>&1 & follower=$!
$weirbox peek topic $id.pin -f --json >peeked.txt 2>&1 & peeker=$!
for _ in $(seq 100); do grep -q "there is no topic '$id.pin'; waiting for it" peeked.txt && break; sleep 0.05; done
batch $id.pin '{"index":7528,"title":"a b"}'
batch $id.pin '"{\"index\": 7529}"'
batch $id.geo '[1,2]'
stream streaming-$id-pin '{"index":7528}'
stream streaming-$id-pin '"eyJpbmRleCI6NzUzMH0="'
curl -sS -o /dev/null -X GET "$WEIRBOX_GATEWAY_URL/dev/streams/streaming-$id-pin/record"

# journal
expect 0 "kafka_rest  Produce" $weirbox journal
expect 0 "403" $weirbox journal --service apigw --status '>=400'
expect 0 "has no method GET" $weirbox journal --status 403 --json
[ "$($weirbox journal --service kinesis --action PutRecord --json | wc -l)" = 2 ] || fail "two PutRecords"
[ "$($weirbox journal --limit 1 | wc -l)" = 1 ] || fail "--limit 1"
[ -z "$($weirbox journal --limit 0)" ] || fail "--limit 0"
[ -z "$(timeout 1 $weirbox journal --limit 0 -f)" ] || fail "--limit 0 -f shows what was before"
$weirbox journal --json | grep -q '"seed":12,"service":"kafka_rest"' || fail "the seed is not told"
expect 2 "no service 'kinesi'; did you mean 'kinesis'?" $weirbox journal --service kinesi
expect 2 "no action 'PutRecrod'; did you mean 'PutRecord'?" $weirbox journal --service kinesis --action PutRecrod
expect 2 "--limit 'x': must be a whole number" $weirbox journal --limit x
expect 2 "did you mean --service?" $weirbox journal --servce s3
for _ in $(seq 100); do [ "$(wc -l <followed.txt)" -ge 3 ] && break; sleep 0.05; done
grep -q "Produce .* $id.geo" followed.txt || fail "journal -f does not follow: $(cat followed.txt)"

# peek
expect 0 '{"index":7528,"title":"a b"}' $weirbox peek topic $id.pin
expect 0 "! JSON inside a JSON string" $weirbox peek topic $id.pin
expect 0 '= {"index":7529}' $weirbox peek topic $id.pin --from 1
expect 0 "! a JSON array" $weirbox peek topic $id.geo
expect 0 "! base64 of JSON" $weirbox peek stream streaming-$id-pin --from start
expect 0 "topics/$id.geo/partition=0/$id.geo+0+0000000000.json" $weirbox peek bucket user-$id-bucket
[ "$($weirbox peek topic $id.pin --limit 1 --json | wc -l)" = 1 ] || fail "peek --limit 1"
expect 0 "nothing has arrived" $weirbox peek stream streaming-$id-user
expect 3 "there is no topic '$id.pim'; did you mean '$id.pin'?" $weirbox peek topic $id.pim
expect 2 "did you mean 'stream'?" $weirbox peek streem x
expect 2 "needs topic|stream|bucket NAME" $weirbox peek topic
expect 2 "neither start, end nor the number" $weirbox peek topic $id.pin --from middle
for _ in $(seq 100); do [ "$(wc -l <peeked.txt)" -ge 3 ] && break; sleep 0.05; done
grep -q "waiting for it" peeked.txt && grep -q '"offset":0' peeked.txt && grep -q '"offset":1' peeked.txt || fail "peek -f does not follow: $(cat peeked.txt)"
kill $peeker

# verify
cat >checks.json <<JSON
[ {"service":"kinesis","action":"PutRecord","resource":"streaming-$id-pin","status":200,"count":{"exactly":2}},
  {"topic":"$id.pin","where":{"index":7528},"count":1},
  {"bucket":"user-$id-bucket","place":"topics/*","count":3} ]
JSON
expect 0 "ok    exactly 2 calls" $weirbox verify checks.json
expect 0 '"status":"ok"' $weirbox verify checks.json --json
echo '{"service":"kinesis","action":"PutRecord","status":400}' >miss.json
expect 1 "MISS  at least 1 calls" $weirbox verify miss.json
expect 1 "status was 200, wanted 400" $weirbox verify miss.json
expect 1 '"status":"failed"' $weirbox verify miss.json --json
echo '{"status":">=400","count":0}' | { $weirbox verify - >out.txt && fail "a refused call is not noticed"; true; }
grep -q "matched: .* 403 " out.txt || fail "the refused call is not shown"
echo '{"service":"kinesis",' >broken.json
expect 2 "broken.json: the checks are not valid JSON: " $weirbox verify broken.json
expect 2 "line 2, column 1" $weirbox verify broken.json
echo '{"actoin":"PutRecord"}' >typo.json
expect 2 "typo.json: check 1: unknown field 'actoin'; did you mean 'action'?" $weirbox verify typo.json
if command -v python3 >/dev/null; then
    for command in "verify checks.json" "verify miss.json" "reset topic $id.geo"; do
        $weirbox $command --json | python3 -c 'import json, sys; assert json.load(sys.stdin)["schema"] == 1' || fail "$command --json is no JSON"
    done
fi

# the same by any HTTP client
expect 0 '"ok":true' curl -sS -f -d @checks.json "$WEIRBOX_URL/_weirbox/verify"
expect 22 "409" curl -sS -f -d @miss.json "$WEIRBOX_URL/_weirbox/verify"
expect 22 "403" curl -sS -f -d @checks.json -H 'Origin: https://elsewhere.example' "$WEIRBOX_URL/_weirbox/verify"
expect 22 "403" curl -sS -f -X POST -H 'Sec-Fetch-Site: cross-site' "$WEIRBOX_URL/_weirbox/reset?topic=$id.pin"
expect 0 '"offset":1' curl -sS -f "$WEIRBOX_URL/_weirbox/peek?topic=$id.pin&from=1"

# the checks that docs/journal.md shows are understood
sed -n '/^```json verify/,/^```/p' "$WEIRBOX_SOURCE/docs/journal.md" | sed '1d;$d' >shown.json
[ -s shown.json ] || fail "docs/journal.md shows no checks"
expect 1 "MISS  exactly 3 calls" $weirbox verify shown.json

# reset
expect 0 "the topic $id.pin is empty" $weirbox reset topic $id.pin
expect 0 "nothing has arrived" $weirbox peek topic $id.pin
batch $id.pin '{"index":1}'
expect 0 "$id.pin-0-2" $weirbox peek topic $id.pin
expect 0 "is empty" $weirbox reset stream streaming-$id-pin
expect 3 "there is no stream 'none'" $weirbox reset stream none
expect 2 "topic|stream|bucket and a NAME" $weirbox reset topic
expect 0 "everything is as it was at the start" $weirbox reset
expect 3 "there is no topic" $weirbox peek topic $id.pin

# no secret enters
curl -sS -o /dev/null -H 'Authorization: AWS4-HMAC-SHA256 Credential=AKIASECRET/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=deadbeefcafe' \
    -H 'X-Amz-Security-Token: tokentoken' "$WEIRBOX_URL/a-bucket/key?X-Amz-Signature=deadbeefcafe&X-Amz-Security-Token=tokentoken&X-Amz-Credential=AKIASECRET"
$weirbox journal --json | grep -q '"service":"s3"' || fail "the signed call is not in the journal"
$weirbox journal --json | grep -E 'AKIASECRET|deadbeefcafe|tokentoken' && fail "a secret is in the journal"
kill $follower 2>/dev/null; follower=""

# inside exec the cloud is the one of exec; a cloud that has gone is told
export ASAN_OPTIONS=verify_asan_link_order=0 # of a weirbox built with it, within exec's LD_PRELOAD
expect 0 "ok    exactly 1 calls" $weirbox exec -- sh -c "curl -sS -o /dev/null \"\$KAFKA_REST_URL/topics\"; echo '{\"action\":\"ListTopics\",\"count\":1}' | $weirbox verify -"
expect 1 "the journal no longer has the oldest calls" $weirbox exec --journal 1 -- sh -c "curl -sS \"\$KAFKA_REST_URL/topics\"; curl -sS \"\$KAFKA_REST_URL/topics\"; echo '{\"action\":\"ListTopics\",\"count\":2}' | $weirbox verify -"
expect 125 "--journal '0': must be a whole number" $weirbox exec --journal 0 -- true
$weirbox down >/dev/null
expect 3 "no cloud answers at $WEIRBOX_URL" $weirbox journal
finish
