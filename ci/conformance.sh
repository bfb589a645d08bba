#!/bin/bash
# conformance.sh - clients and engines nobody here wrote, against a cloud of their own. A script of tests/clients exits with 77
# when its client is missing; that is shown as skipped, by name. Python clients come from PyPI into build/conformance.
#
#   ci/conformance.sh [PATTERN]     only the scripts, then the tests, whose name matches
#
# S3, Kinesis and gateway scripts get a cloud of their own here; the others have tests that drive them, which are told of the
# Python with the clients.
set -u
cd "$(dirname "$0")/.."
export WEIRBOX_BIN=$PWD/build/weirbox WEIRBOX_SOURCE=$PWD
export WEIRBOX_SHARED_DATA=${WEIRBOX_SHARED_DATA:-$PWD/../shared/data}
pattern=${1:-.}
work=$(mktemp -d)
trap 'kill -INT "$(cat "$work/pid" 2>/dev/null)" 2>/dev/null; rm -rf "$work"' EXIT

venv=$PWD/build/conformance
packages="boto3 moto[server] requests pymysql sqlalchemy pandas mysql-connector-python cryptography duckdb pyarrow deltalake polars pyspark
          kafka-python confluent-kafka aws-msk-iam-sasl-signer-python python-snappy lz4 zstandard"
if command -v python3 >/dev/null && [ ! -f "$venv/done" ]; then
    echo "fetching Python clients from PyPI …"
    python3 -m venv "$venv" && for package in $packages; do
        "$venv/bin/pip" -q install "$package" >"$work/pip.log" 2>&1 || echo "  $package cannot be had: $(tail -1 "$work/pip.log")"
    done && touch "$venv/done"
fi
for package in kafkajs @aws-sdk/client-kinesis; do
    command -v npm >/dev/null && [ ! -d "$venv/node_modules/$package" ] || continue
    npm --prefix "$venv" install $package >"$work/npm.log" 2>&1 || echo "  $package cannot be had: $(tail -1 "$work/npm.log")"
done
# java_clients FOLDER VERSION: kafka-clients and aws-msk-iam-auth with what they need
java_clients() {
    [ -d "$1" ] && return
    mkdir -p "$work/$2"
    printf '<project><modelVersion>4.0.0</modelVersion><groupId>t</groupId><artifactId>t</artifactId><version>1</version><dependencies>%s%s%s</dependencies></project>' \
        "<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-clients</artifactId><version>$2</version></dependency>" \
        "<dependency><groupId>software.amazon.msk</groupId><artifactId>aws-msk-iam-auth</artifactId><version>1.1.5</version></dependency>" \
        "<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>" >"$work/$2/pom.xml"
    mvn -q -B -f "$work/$2/pom.xml" dependency:copy-dependencies -DoutputDirectory="$1" >"$work/mvn.log" 2>&1 || { rm -rf "$1"; echo "  kafka-clients $2 cannot be had: $(tail -1 "$work/mvn.log")"; }
}
if command -v mvn >/dev/null; then
    java_clients "$venv/kafka-2.8.1" 2.8.1
    java_clients "$venv/kafka-3.7.1" 3.7.1
fi
export NODE_PATH=$venv/node_modules KAFKA_JARS=$venv/kafka-2.8.1 KAFKA_JARS_3=$venv/kafka-3.7.1
[ -d "$venv/bin" ] && export PATH=$venv/bin:$PATH

# hadoop-aws for s3a:// in Spark, of the Hadoop that pyspark brings; with only those parts of the AWS SDK that it uses.
hadoop=$(ls "$venv"/lib/python3*/site-packages/pyspark/jars/hadoop-client-api-*.jar 2>/dev/null | sed 's/.*-api-\(.*\)\.jar/\1/')
if [ -n "$hadoop" ] && command -v mvn >/dev/null && [ ! -f "$venv/hadoop/done" ]; then
    echo "fetching hadoop-aws $hadoop …"
    mkdir -p "$venv/hadoop"
    sed "s/HADOOP/$hadoop/" ci/hadoop-aws.xml >"$venv/hadoop/pom.xml"
    mvn -B -q -f "$venv/hadoop/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$venv/hadoop" >"$work/mvn.log" 2>&1 &&
        touch "$venv/hadoop/done" || echo "  hadoop-aws cannot be had: s3a:// is not tested"
fi
[ -f "$venv/hadoop/done" ] && export HADOOP_AWS=$venv/hadoop

start_cloud() {
    "$WEIRBOX_BIN" up --port 0 --json >"$work/up.json" & echo $! >"$work/pid"
    for _ in $(seq 200); do [ -s "$work/up.json" ] && return; sleep 0.02; done
    echo "weirbox up did not start" >&2; exit 4
}
url() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/" "$work/up.json"; }

pass=0 fail=0 skip=0
for script in tests/clients/s3_* tests/clients/kinesis_* tests/clients/gateway_*; do
    name=$(basename "$script")
    [ -f "$script" ] && [[ $name =~ $pattern ]] || continue
    case $name in *.sh) run=bash ;; *.py) run=python3 ;; *) run=node ;; esac
    command -v $run >/dev/null || { echo "skip  $name: no $run"; skip=$((skip + 1)); continue; }
    start_cloud
    env AWS_ENDPOINT_URL="$(url edge)" AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 AWS_REGION=us-east-1 \
        AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null \
        NODE_EXTRA_CA_CERTS="$("$WEIRBOX_BIN" ca path)" WEIRBOX_EDGE="$(url edge)" WEIRBOX_GATEWAY="$(url apigw)" KAFKA_REST_URL="$(url kafka_rest)" CONNECT_URL="$(url connect)" \
        timeout 900 $run "$script" >"$work/out" 2>&1
    status=$?
    kill -INT "$(cat "$work/pid")" 2>/dev/null; wait 2>/dev/null
    case $status in
        0) echo "pass  $name: $(tail -1 "$work/out")"; pass=$((pass + 1)) ;;
        77) echo "skip  $name: $(tail -1 "$work/out")"; skip=$((skip + 1)) ;;
        *) echo "FAIL  $name (exit $status)"; tail -15 "$work/out" | sed 's/^/      /'; fail=$((fail + 1)) ;;
    esac
done
echo "$pass passed, $fail failed, $skip skipped"

[ -x "$venv/bin/python3" ] && export WEIRBOX_PYTHON=$venv/bin/python3 RDS_PYTHON=$venv/bin/python3 DELTA_PYTHON=$venv/bin/python3
cmake --build build -j "$(nproc)" >"$work/build.log" 2>&1 || { tail -5 "$work/build.log"; exit 1; }
tests=$(ctest --test-dir build -N -R 'clients|engines' | sed -n 's/.*Test *#[0-9]*: //p' | grep -E -- "$pattern" | paste -sd'|')
[ -z "$tests" ] || ctest --test-dir build --output-on-failure -R "^($tests)\$" || fail=1
[ $fail = 0 ]
