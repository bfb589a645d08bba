# Free SQL over Delta tables: one, or a folder of them, by their own names and by the table's word in them.
. "$WEIRBOX_SOURCE/tests/support/cli.sh"
weirbox=$WEIRBOX_BIN

log=out/delta/0a1b_pin_table/_delta_log
mkdir -p $log
cat >$log/00000000000000000000.json <<'LOG'
{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}
{"metaData":{"id":"i","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"ind\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}},{\"name\":\"at\",\"type\":\"timestamp\",\"nullable\":true,\"metadata\":{}},{\"name\":\"c\",\"type\":{\"type\":\"array\",\"elementType\":\"double\",\"containsNull\":true},\"nullable\":true,\"metadata\":{}},{\"name\":\"d\",\"type\":\"decimal(10,2)\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[],"configuration":{}}}
LOG
cp -r out/delta/0a1b_pin_table out/delta/authentication_credentials
expect 0 "pin" $weirbox sql "SHOW TABLES" --from out/delta
expect 0 "authentication_credentials" $weirbox sql "SHOW TABLES" --from out/delta
expect 0 "c,array<double>" $weirbox sql "DESCRIBE pin" --from out/delta --format csv
expect 0 "d,\"decimal(10,2)\"" $weirbox sql "DESCRIBE pin" --from out/delta --format csv
for table in pin df_pin 0a1b_pin_table; do
    expect 0 '"rows":[[0]]' $weirbox sql "SELECT count(*) FROM $table" --from out/delta --format json
done
expect 0 '"rows":[[0]]' $weirbox sql "SELECT count(*) FROM pin" --from out/delta/0a1b_pin_table/ --format json
echo '{"protocol":{"minReaderVersion":9,"minWriterVersion":9}}' >$log/00000000000000000001.json
expect 6 "reader version 9" $weirbox sql "SELECT 1" --from out/delta

# rows that the tests of Delta write: 23 commits, an overwrite among them
maker=${WEIRBOX_BIN%/*}/unit_sink_delta_engines
if [ -x "$maker" ]; then
    mkdir made && "$maker" make "$PWD/made"
    rows=$(wc -l <made/table.jsonl)
    expect 0 "\"rows\":[[$rows,$rows]]" $weirbox sql 'SELECT count(*), count(DISTINCT id) FROM `table`' --from made/table --format json
    expect 0 "id-" $weirbox sql 'SELECT text, coordinates[0], year(at) FROM `table` WHERE text IS NOT NULL ORDER BY id LIMIT 3' --from made
fi
finish
