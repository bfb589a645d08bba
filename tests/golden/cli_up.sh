# up -d, wait, env, logs, ca, doctor, down: a cloud that stays until it is told to go.
. "$WEIRBOX_SOURCE/tests/support/cli.sh"
export XDG_DATA_HOME=$PWD/data XDG_RUNTIME_DIR=$PWD/run
mkdir -p run
weirbox=$WEIRBOX_BIN
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }
trap '$weirbox down >/dev/null 2>&1 || true' EXIT

for command in up down wait env logs "ca path" "ca trust" doctor exec; do
    expect 0 "Examples:" $weirbox $command --help
done

# nobody is up
expect 0 "no cloud is up" $weirbox down
expect 3 "weirbox up -d starts one" $weirbox env
expect 3 "weirbox up -d starts one" $weirbox logs
expect 4 "not ready after 0 s: no cloud is up" $weirbox wait --timeout 0
expect 4 "not ready" $weirbox wait --timeout 0 --url http://127.0.0.1:1

# what cannot be served is never ready
mkdir -p own && echo "index,unique_id" >own/pinterest_data.csv
expect 3 "pinterest_data needs the columns" $weirbox up -d --port 0 --tables own
expect 4 "no cloud is up" $weirbox wait --timeout 0

# up, seen by all the others
expect 0 "weirbox down ends it" $weirbox up -d --port 0 --seed 12 --verbose
expect 0 "ready" $weirbox wait
expect 3 "a cloud is up already" $weirbox up -d --port 0
eval "$($weirbox env)"
[ "$WEIRBOX_SEED" = 12 ] || fail "env does not tell the seed"
[ -z "${LD_PRELOAD-}${HTTPS_PROXY-}" ] || fail "env changes the whole shell without being asked"
if command -v curl >/dev/null; then
    expect 0 '"ready":true' curl -sS "$WEIRBOX_URL/_weirbox/ready"
    expect 0 '"ready":true' curl -sS --cacert "$($weirbox ca path)" "https${WEIRBOX_URL#http}/_weirbox/ready"
    expect 0 '"offset":0' curl -sS "$KAFKA_REST_URL/topics/a.pin" -H 'Content-Type: application/vnd.kafka.json.v2+json' -d '{"records":[{"value":1}]}'
    (eval "$($weirbox env --redirected)"; curl -sS --noproxy '*' https://sts.amazonaws.com/_weirbox/ready) | grep -q '"ready":true' || fail "env --redirected does not lead names here"
    expect 0 "kafka_rest" $weirbox logs
fi

# in the words of every shell
awkward="a'b\\c\"d\$e"
(JAVA_TOOL_OPTIONS=$awkward; export JAVA_TOOL_OPTIONS; $weirbox down >/dev/null; $weirbox up -d --port 0 >/dev/null)
(eval "$($weirbox env)"; case $JAVA_TOOL_OPTIONS in "$awkward "*) ;; *) echo "FAIL: sh: $JAVA_TOOL_OPTIONS"; exit 1 ;; esac; exit 0) || failures=$((failures + 1))
expect 0 "unset AWS_PROFILE" $weirbox env --shell sh
expect 0 "set -gx AWS_REGION 'us-east-1'" $weirbox env --shell fish
expect 0 '"AWS_PROFILE":null' $weirbox env --shell json
expect 0 'AWS_REGION="us-east-1"' $weirbox env --shell dotenv
expect 0 "AWS_REGION=us-east-1" $weirbox env --shell github
expect 2 "must be one of sh|fish|json|dotenv|github" $weirbox env --shell tcsh
if command -v python3 >/dev/null; then
    $weirbox env --json | python3 -c 'import json, sys; assert json.load(sys.stdin)["AWS_REGION"] == "us-east-1"' || fail "env --json is no JSON"
    $weirbox doctor --json | python3 -c 'import json, sys; assert len(json.load(sys.stdin)["data"]) > 5' || fail "doctor --json is no JSON"
fi

# the others
expect 0 "data/weirbox/ca.pem" $weirbox ca path
expect 0 "keytool -importcert" $weirbox ca trust
expect 0 "a cloud is up" $weirbox doctor
expect 0 "weirbox is down" $weirbox down
expect 0 "no cloud is up" $weirbox down
[ "$(ls run/weirbox)" = "up.lock
up.log" ] || fail "down leaves behind: $(ls run/weirbox)"

# one that was killed is not up; its files are no obstacle
$weirbox up -d --port 0 >/dev/null
kill -9 "$(sed -n 's/^{"pid":\([0-9]*\).*/\1/p' run/weirbox/up.json)"
expect 4 "no cloud is up" $weirbox wait --timeout 0
expect 0 "weirbox is up" $weirbox up -d --port 0
expect 0 '"was_up":true' $weirbox down --json
finish
