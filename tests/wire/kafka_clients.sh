# Kafka clients nobody here wrote, each with a cloud of its own; those that are not installed are skipped. `make conformance`
# brings kafka-python, confluent-kafka, kafkajs and the Java clients.
export XDG_DATA_HOME=$PWD/data XDG_RUNTIME_DIR=$PWD/run
mkdir -p run
clients=$WEIRBOX_SOURCE/tests/clients
ran=0

# run NAME CMD…: 77 of CMD means its modules are not installed
run() {
    name=$1; shift
    status=0
    "$WEIRBOX_BIN" exec --kafka-user kafka-user:kafka-secret -- "$@" >"$name.out" 2>"$name.err" </dev/null || status=$?
    if [ $status = 77 ]; then
        echo "skipped: $name: $(head -1 "$name.out")"
    elif [ $status != 0 ]; then
        echo "FAIL: $name ended with $status"; cat "$name.out"; head -60 "$name.err"; exit 1
    else
        echo "ok: $name: $(tail -1 "$name.out")"; ran=$((ran + 1))
    fi
}

python=${WEIRBOX_PYTHON:-python3}
run kcat bash "$clients/kafka_kcat.sh"
command -v "$python" >/dev/null && run python "$python" -B "$clients/kafka_python.py"
command -v "$python" >/dev/null && run confluent "$python" -B "$clients/kafka_confluent.py"
command -v node >/dev/null && run js node "$clients/kafka_js.js"
for jars in "${KAFKA_JARS:-}" "${KAFKA_JARS_3:-}"; do
    [ -n "$jars" ] && run "java$ran" env KAFKA_JARS="$jars" bash "$clients/kafka_java.sh"
done
[ $ran -gt 0 ] || exit 77
