#!/bin/bash
# kcat (librdkafka) against KAFKA_BOOTSTRAP_SERVERS and MSK's names: every compression, keys, headers, groups, TLS, SCRAM.
set -eu
command -v kcat >/dev/null || { echo "no kcat"; exit 77; }
b=$KAFKA_BOOTSTRAP_SERVERS
msk=b-1.demo.abcdef.c2.kafka.us-east-1.amazonaws.com
expect() { [ "$1" = "$2" ] || { echo "got '$1', want '$2'"; exit 1; }; }

printf 'k1:one\nk2:two\n' | kcat -q -b "$b" -P -t kcat.keys -K: -H a=b
expect "$(kcat -q -b "$b" -C -t kcat.keys -e -f '%p %o %k %s %h;')" "0 0 k1 one a=b;0 1 k2 two a=b;"
seq 1 5000 >numbers
for z in none gzip snappy lz4 zstd; do
    kcat -q -b "$b" -P -t "kcat.$z" -z $z -X enable.idempotence=true -l numbers
    expect "$(kcat -q -b "$b" -C -t "kcat.$z" -e | cksum)" "$(cksum <numbers)"
done
expect "$(kcat -q -b "$b" -G kcat-group -X auto.offset.reset=earliest -e kcat.keys -f '%s ' 2>/dev/null)" "one two "
printf 'three\n' | kcat -q -b "$b" -P -t kcat.keys
expect "$(kcat -q -b "$b" -G kcat-group -X auto.offset.reset=earliest -e kcat.keys -f '%s ' 2>/dev/null)" "three " # goes on where it was
expect "$(kcat -q -b "$b" -Q -t kcat.keys:0:-1 2>&1 | tr -d '\n')" "kcat.keys [0] offset 3"

tls="-X ssl.ca.location=$SSL_CERT_FILE"
expect "$(kcat -q -b $msk:9092 -C -t kcat.keys -c 1 -f %s)" one
expect "$(kcat -q -b $msk:9094 -X security.protocol=SSL $tls -C -t kcat.keys -c 1 -f %s)" one
for mechanism in SCRAM-SHA-512 SCRAM-SHA-256 PLAIN; do
    login="-X security.protocol=SASL_SSL $tls -X sasl.mechanism=$mechanism -X sasl.username=kafka-user"
    expect "$(kcat -q -b $msk:9096 $login -X sasl.password=kafka-secret -C -t kcat.keys -c 1 -f %s)" one
    if kcat -q -b $msk:9096 $login -X sasl.password=wrong -L -m 3 >/dev/null 2>&1; then echo "$mechanism: a wrong password was let in"; exit 1; fi
done
echo "kcat ok, plain, TLS and SASL"
