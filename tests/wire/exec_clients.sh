# Scripts that know nothing of weirbox, unchanged under `weirbox exec`: every row they post is found, read back and cleaned.
export XDG_DATA_HOME=$PWD/data XDG_RUNTIME_DIR=$PWD/run
mkdir -p run
clients=$WEIRBOX_SOURCE/tests/clients
ran=0
printf 'HOST: pinterestdbreadonly.cq2e8zno855e.eu-west-1.rds.amazonaws.com\nUSER: project_user\nPASSWORD: secret\nDATABASE: pinterest_data\nPORT: 3306\n' >db_creds.yaml

printf '[rds]\nhost = pinterestdbreadonly.cq2e8zno855e.eu-west-1.rds.amazonaws.com\nuser = project_user\npassword = %s\ndatabase = pinterest_data\nport = 3306\n' x >creds.ini

# run NAME CMD…: 77 of CMD means its modules are not installed
run() {
    name=$1; shift
    status=0
    "$@" >"$name.out" 2>"$name.err" </dev/null || status=$?
    if [ $status = 77 ]; then
        echo "skipped: $name: $(head -1 "$name.out")"
    elif [ $status != 0 ]; then
        echo "FAIL: $name ended with $status"; cat "$name.out" "$name.err"; exit 1
    else
        echo "ok: $name: $(tail -1 "$name.out")"; ran=$((ran + 1))
    fi
}

n=0
for python in python3 /usr/bin/python3; do
    command -v $python >/dev/null || continue
    n=$((n + 1))
    run batch$n "$WEIRBOX_BIN" exec --check -- $python "$clients/exec_batch.py" 25
    if [ -s batch$n.err ] && grep -q posted batch$n.out; then
        awk '/^  topic/ && ($3 != 25 || $4 != 25 || $5 != 25) {bad = 1} /^  topic/ {n++} END {exit bad || n != 3}' batch$n.err ||
            { echo "FAIL: not every record arrived"; cat batch$n.err; exit 1; }
    fi
    run stream$n "$WEIRBOX_BIN" exec --check -- $python "$clients/exec_stream.py" 40
    if grep -q equal stream$n.out; then
        awk '/^  stream/ && ($4 != 40 || $5 != 40) {bad = 1} /^  stream/ {n++} END {exit bad || n != 3}' stream$n.err ||
            { echo "FAIL: not every record arrived"; cat stream$n.err; exit 1; }
    fi
    run styles$n "$WEIRBOX_BIN" exec --check -- $python "$clients/exec_styles.py" creds.ini
    if grep -q styles styles$n.out; then
        awk '/^  (topic|stream)/ && ($4 != 9 || $5 != 9) {bad = 1} /^  (topic|stream)/ {n++} END {exit bad || n != 6}' styles$n.err ||
            { echo "FAIL: not every record arrived"; cat styles$n.err; exit 1; }
    fi
    run odd$n "$WEIRBOX_BIN" exec --check -- $python "$clients/exec_odd.py"
    if grep -q odd odd$n.out; then
        while read -r line; do
            tr -s ' ' <odd$n.err | grep -qF -- "$line" || { echo "FAIL: the report has no '$line'"; cat odd$n.err; exit 1; }
        done <<REPORT
1 403 MissingAuthenticationTokenException a call of apigw, first: /streams/Kinesis-Prod-Stream/record
exists but has no method POST; it has PUT
1 415 BadRequestException Invoke of apigw, first: /streams/Kinesis-Prod-Stream/record
Content-Type application/vnd.kafka.json.v2+json has no mapping template
1 422 Produce of kafka_rest, first: 57aa68bb79cc.pin
Unrecognized field: ind
1 404 a call of kafka_rest, first: /57aa68bb79cc.pin
the REST proxy has no resource /57aa68bb79cc.pin for POST; records are posted with POST /topics/{topic}
1 400 ResourceNotFoundException DescribeStream of kinesis, first: not-there-yet
the gateway answered 1 of them with status 200
topic 57aa68bb79cc.geo 3 3 3 0
topic 57aa68bb79cc.pin 12 12 12 0
rows: pin 4 geo 4 user 4
topic 57aa68bb79cc.user 1 1 1 0
rows: user 25
stream Kinesis-Prod-Stream - 12 12 0
stream streaming-57aa68bb79cc-geo - 2 1 1
first refused: MISSING_COLUMN: missing column ind: a geo record needs it; this one has none of the columns
its bytes: {"value":{"ind":
REPORT
    fi
    run env$n "$WEIRBOX_BIN" exec --rds-user only:one -- $python "$clients/exec_env.py"
    run boto$n "$WEIRBOX_BIN" exec -- $python "$clients/exec_boto3.py"
done
if command -v node >/dev/null; then
    run node "$WEIRBOX_BIN" exec -- node "$clients/exec_https.js"
fi
if command -v java >/dev/null && java --list-modules 2>/dev/null | grep -q jdk.compiler; then
    run java "$WEIRBOX_BIN" exec -- java "$clients/exec_https.java"
fi
if command -v python3 >/dev/null; then
    run terminal python3 "$clients/exec_tty.py" "$WEIRBOX_BIN"
fi
if command -v mariadb >/dev/null; then
    run mariadb "$WEIRBOX_BIN" exec -- mariadb --skip-ssl -u anybody -pany -h pinterestdbreadonly.cq2e8zno855e.eu-west-1.rds.amazonaws.com -P 3306 \
        pinterest_data -e 'SELECT COUNT(*) FROM user_data'
fi
if command -v keytool >/dev/null; then
    run keytool "$WEIRBOX_BIN" exec -- sh -c 'store=${JAVA_TOOL_OPTIONS#*trustStore=}; keytool -list -keystore "${store%% *}" -storepass changeit | grep -c weirbox0'
fi
[ $ran -gt 0 ] || exit 77
