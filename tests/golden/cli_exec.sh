# weirbox exec: exit statuses, what the command is given, what it may not reach, and that nothing of it stays behind.
. "$WEIRBOX_SOURCE/tests/support/cli.sh"
ASAN_OPTIONS=verify_asan_link_order=0 expect 0 "9 acknowledged" "$WEIRBOX_BIN" exec -- "$WEIRBOX_BIN" emulate stream --posts 3 # finds the gateway by itself
export XDG_DATA_HOME=$PWD/data XDG_RUNTIME_DIR=$PWD/run
mkdir -p run
weirbox=$WEIRBOX_BIN
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }
gone() { # PID: within two seconds
    for _ in $(seq 100); do kill -0 "$1" 2>/dev/null && [ "$(ps -o stat= -p "$1" | cut -c1)" != Z ] || return 0; sleep 0.02; done
    return 1
}
appears() { for _ in $(seq 200); do [ -s "$1" ] && return 0; sleep 0.02; done; return 1; }

# statuses, as of env(1)
expect 0 "" $weirbox exec -- true
expect 7 "ended with status 7" $weirbox exec -- sh -c 'exit 7'
grep -q "no call of the command has reached the cloud" stderr.txt || fail "it is not told that nothing was called"
expect 127 "cannot run 'no-such-command': No such file" $weirbox exec -- no-such-command
touch plain-file
expect 126 "cannot run './plain-file': Permission denied" $weirbox exec -- ./plain-file
expect 137 "ended with status 137" $weirbox exec -- sh -c 'kill -9 $$'
expect 143 "ended with status 143" $weirbox exec -- sh -c 'kill $$'
expect 125 "needs -- CMD" $weirbox exec
expect 125 "has no option --bogus" $weirbox exec --bogus -- true
expect 125 "services are edge, s3" $weirbox exec --redirect a.b=nothing -- true
expect 125 "cannot read the fault rules none.json" $weirbox exec --faults none.json -- true
expect 125 "set XDG_RUNTIME_DIR" env XDG_RUNTIME_DIR=/proc $weirbox exec -- true

$weirbox exec --check -- sh -c 'exit 7' 2>report.txt || :
grep -q 'nothing: no topic' report.txt || fail "--check does not say that nothing arrived"
grep -q '"action"' report.txt && fail "calls of the check are told as the command's"

timeout -s INT 2 $weirbox exec --check -- sleep 100 2>report.txt || :
grep -q 'nothing: no topic' report.txt && ! grep -q 'ended with status' report.txt || fail "Ctrl-C ends with: $(cat report.txt)"

# what is the command's stays the command's: options, input, output, quotes
[ "$($weirbox exec printf '%s|' --json '' 'a b' -- x)" = "--json||a b|--|x|" ] || fail "arguments are changed"
[ "$(echo in | $weirbox exec -- cat)" = in ] || fail "stdin does not reach the command"
expect 3 "weirbox exec --seed 5 -- sh -c 'exit 3 # '\\''x'" $weirbox exec --seed 5 -- sh -c "exit 3 # 'x"

# what is told of a failure: the last calls, without those among the cloud's own services, and how to repeat it
cat >fail.sh <<'SH'
for i in $(seq 30); do
    curl -sS -o /dev/null "$KAFKA_REST_URL/topics/0a1b2c3d4e5f.pin" -H 'Content-Type: application/vnd.kafka.json.v2+json' -d '{"records":[{"value":1}]}'
done
curl -sS -o /dev/null "$KAFKA_REST_URL/topics/none"
exit 3
SH
if command -v curl >/dev/null; then
    expect 3 "weirbox: the command ended with status 3; seed 41" $weirbox exec --seed 41 -- sh fail.sh
    [ "$(grep -cE '^[0-9:.]{12}  kafka_rest ' stderr.txt)" = 20 ] || fail "not the last 20 calls: $(cat stderr.txt)"
    grep -q "UploadPart" stderr.txt && fail "calls among the cloud's services hide the command's own"
    grep -q "GetTopic  .* 404 .* none" stderr.txt || fail "the refused call is not shown"
    tail -1 stderr.txt | grep -qx "  weirbox exec --seed 41 -- sh fail.sh" || fail "the last line is not the command that repeats it"
fi
mkdir -p own && echo "index,unique_id" >own/pinterest_data.csv
expect 125 "pinterest_data needs the columns" $weirbox exec --tables own -- true
expect 125 "none" $weirbox exec --tables none -- true

# the environment
AWS_PROFILE=real AWS_SESSION_TOKEN=real HTTP_PROXY=http://real $weirbox exec --seed 9 -- env >env.txt
for name in AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_KINESIS AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION AWS_DEFAULT_REGION \
    AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_EC2_METADATA_DISABLED AWS_CA_BUNDLE REQUESTS_CA_BUNDLE SSL_CERT_FILE CURL_CA_BUNDLE \
    NODE_EXTRA_CA_CERTS JAVA_TOOL_OPTIONS HTTPS_PROXY NO_PROXY KAFKA_REST_URL MYSQL_HOST MYSQL_TCP_PORT RDS_HOST WEIRBOX_URL WEIRBOX_SEED LD_PRELOAD; do
    grep -q "^$name=." env.txt || fail "$name is not exported"
done
grep -qx WEIRBOX_SEED=9 env.txt || fail "the seed is not exported"
grep -qE '^(AWS_PROFILE|AWS_SESSION_TOKEN|HTTP_PROXY)=' env.txt && fail "a real profile leaks in"
$weirbox exec -- sh -c 'cat "$AWS_CONFIG_FILE" "$AWS_SHARED_CREDENTIALS_FILE"' >profile.txt
grep -q '^endpoint_url = http://127.0.0.1:' profile.txt && grep -q '^aws_access_key_id = AKIA' profile.txt || fail "no profile is generated"
[ "$(ls run/weirbox)" = "" ] || fail "files are left behind: $(ls run/weirbox)"

# hard-coded names, over TLS and by the proxy; other hosts are refused and named
if command -v curl >/dev/null; then
    put='curl -sS -o answer.txt -w %{http_code} -X PUT -H Content-Type:application/json --data {"StreamName":"streaming-0a1b2c3d4e5f-pin","Data":{"a":1},"PartitionKey":"p"}'
    url=b1c2d3.execute-api.us-east-1.amazonaws.com/any-stage/streams/streaming-0a1b2c3d4e5f-pin/record
    expect 0 "200" $weirbox exec -- $put https://$url
    expect 0 "200" $weirbox exec -- $put --noproxy '*' https://$url
    expect 0 "200" $weirbox exec -- $put --noproxy '*' http://$url
    expect 0 "200" $weirbox exec -- $put --noproxy '*' --cacert no/such/folder/global-bundle.pem https://$url
    expect 0 "200" $weirbox exec -- $put --noproxy '*' --cacert us-east-1-bundle.pem https://$url
    expect 77 "" $weirbox exec -- $put --noproxy '*' --cacert my-bundle.pem https://$url
    expect 0 "200" env -u LD_PRELOAD $weirbox exec -- env -u LD_PRELOAD $put https://$url
    expect 0 "200" $weirbox exec --redirect 'gateway.example.org:8443=apigw' -- $put --noproxy '*' "https://gateway.example.org:8443/${url#*/}"
    expect 0 "200" $weirbox exec --redirect '10.1.2.3=apigw' -- $put --noproxy '*' "http://10.1.2.3/${url#*/}"
    expect 56 "refused a connection to example.org:443 (by HTTPS_PROXY)" $weirbox exec -- curl -sS https://example.org/
    expect 7 "refused a connection to example.org:81 (curl)" $weirbox exec -- curl -sS --noproxy '*' http://example.org:81/
    expect 7 "refused a connection to 192.0.2.1:80 (curl)" $weirbox exec -- curl -sS --noproxy '*' http://192.0.2.1/
    expect 7 "refused a connection to 2001:db8::1:80 (curl)" $weirbox exec -- curl -sS --noproxy '*' 'http://[2001:db8::1]/'
    expect 0 "200" $weirbox exec -- sh -c 'curl -sS -o ready.txt -w "%{http_code}" "$WEIRBOX_URL/_weirbox/ready"'
    expect 22 'GetTopic' $weirbox exec -- sh -c 'curl -sS -f "$KAFKA_REST_URL/topics/none"'
fi

# nothing outlives the run: children in the background, in a session of their own, and when weirbox is killed
expect 0 "" $weirbox exec -- sh -c 'sleep 1000 & echo $! >back.pid; setsid sleep 1000 & echo $! >own.pid; exit 0'
gone "$(cat back.pid)" || fail "a background child is left"
gone "$(cat own.pid)" || fail "a child with a session of its own is left"
$weirbox exec -- sh -c 'setsid sleep 1000 & echo $! >own.pid; echo $$ >cmd.pid; trap "" TERM INT HUP; sleep 1000; sleep 1000' 2>killed.txt &
us=$!
appears cmd.pid || fail "the command did not start"
sleep 0.1
kill -9 $us
gone "$(cat cmd.pid)" || fail "the command outlives a weirbox that was killed"
gone "$(cat own.pid)" || fail "its children outlive a weirbox that was killed"
wait $us 2>/dev/null || true
expect 0 "" $weirbox exec -- true
[ "$(ls run/weirbox)" = "" ] || fail "the files of a killed run are left behind: $(ls run/weirbox)"

# the first signal is the command's to handle, the second kills, a repeat within 100 ms is the same wish
rm -f up.txt
$weirbox exec -- sh -c 'trap "echo cleaned >trapped.txt; exit 9" TERM; echo up >up.txt; while :; do sleep 0.05; done' 2>term.txt &
us=$!
appears up.txt; kill -TERM $us
status=0; wait $us || status=$?
[ $status = 9 ] && [ -s trapped.txt ] || fail "the command could not end by itself: $status"
rm -f up.txt
$weirbox exec -- sh -c 'trap "" TERM; echo up >up.txt; while :; do sleep 0.05; done' 2>term.txt &
us=$!
appears up.txt; kill -TERM $us; kill -TERM $us; sleep 0.05
kill -0 $us 2>/dev/null || fail "a repeat at once is taken for a second wish"
sleep 0.15; kill -TERM $us
status=0; wait $us || status=$?
[ $status = 137 ] || fail "the second signal did not kill: $status"
finish
