# Bad input gives one clear message and the right exit status, and loses nothing else.
. "$WEIRBOX_SOURCE/tests/support/cli.sh"
weirbox=$WEIRBOX_BIN

# usage
expect 2 "did you mean 'run'?" $weirbox rum
expect 2 "did you mean 'emulate" $weirbox emulate
expect 2 "did you mean --posts?" $weirbox run --post 3
expect 2 "must be a whole number from 1" $weirbox run --posts none
expect 2 "must be one of batch|stream|both" $weirbox run --path sideways
expect 2 "--posts needs a value" $weirbox run --posts
expect 2 "give one of them" $weirbox run --posts 3 --indices rows.txt
expect 2 "takes no further operand" $weirbox run extra
expect 2 "weirbox clean needs DIR" $weirbox clean
expect 2 "no query 'nothing'" $weirbox query nothing --from "$WEIRBOX_SOURCE/fixtures/golden"
for command in "rules check" "rules explain" "rules sql" stream "delta log" "delta cat" "delta history" "delta vacuum" run check "emulate basic" "emulate batch" "emulate stream" "ingest s3" "ingest kinesis" clean query sql "export spark" "export databricks" up status "faults lint"; do
    expect 0 "Examples:" $weirbox $command --help
done
expect 0 "Commands:" $weirbox --help

# rules and tables
expect 0 "no mistake found" $weirbox rules check
expect 0 "follower_count" $weirbox rules explain pin
expect 0 "SELECT" $weirbox rules sql users_joined_by_year --dialect spark
expect 2 "must be one of sqlite|duckdb|spark" $weirbox rules sql --dialect oracle
expect 3 "nothing_here" $weirbox delta log nothing_here

# free SQL
expect 2 "line 1, column 8: no such function: nofunc; beside SQLite's own there are add_months" $weirbox sql "SELECT nofunc(1)" --from "$WEIRBOX_SOURCE/fixtures/golden"
expect 2 "line 1, column 15: no such table: nowhere; there are pin, geo, user" $weirbox sql "SELECT 1 FROM nowhere" --from "$WEIRBOX_SOURCE/fixtures/golden"
expect 3 "nothing_here" $weirbox sql "SELECT 1" --from nothing_here
expect 3 "cannot read the statement none.sql" $weirbox sql @none.sql
echo "SELECT count(*) AS n FROM df_pin" >count.sql
expect 0 '"rows":[[' $weirbox sql @count.sql --from "$WEIRBOX_SOURCE/fixtures/golden" --format json
expect 2 "weirbox sql needs STATEMENT" $weirbox sql

# files that are not there, or broken
expect 3 "cannot read the fault rules none.json" $weirbox run --faults none.json
echo '[{"service":"s3","throtle":true}]' >faults.json
expect 3 "unknown field 'throtle'" $weirbox run --faults faults.json
expect 3 "unknown field 'throtle'" $weirbox faults lint faults.json
expect 3 "none.txt" $weirbox run --indices none.txt
printf '1\ntwo\n' >rows.txt
expect 3 "rows.txt:2" $weirbox run --indices rows.txt
expect 3 "nowhere" $weirbox run --tables nowhere
expect 3 "aicore-majority" $weirbox run --profile nobody

# a table file with a broken line: refused by file:line:column, or left out and reported
mkdir tables
printf 'index,unique_id,title,description,poster_name,follower_count,tag_list,is_image_or_video,image_src,downloaded,save_location,category\n' >tables/pinterest_data.csv
for i in 0 1 2; do
    printf '%d,id-%d,t,d,p,%s,a,image,s,1,Local save in /data/art,art\n' $i $i 12abc >>tables/pinterest_data.csv
done
printf 'ind,timestamp,latitude,longitude,country\n0,2020-01-01 00:00:00,1.5,2.5,Chad\n1,2020-01-01 00:00:00,1.5,north,Chad\n2,2020-13-01 00:00:00,1,2,Chad\n' >tables/geolocation_data.csv
printf 'ind,first_name,last_name,age,date_joined\n0,A,B,20,2016-01-01 00:00:00\n1,C,D,21,2016-01-01 00:00:00\n2,E,F,22,2017-01-01 00:00:00\n' >tables/user_data.csv
expect 3 "geolocation_data.csv:3:" $weirbox run --tables tables
expect 3 "geolocation_data.csv:4:" $weirbox run --tables tables
expect 0 "1 of 3 posts can be formed" $weirbox run --tables tables --skip-broken --out out
grep -q '"ind":0.*"follower_count":null' out/batch/clean/pin.jsonl || { echo "FAIL: 12abc did not become null"; failures=$((failures + 1)); }
grep -v unique_id tables/pinterest_data.csv | cut -d, -f2- >short.csv
(head -1 tables/pinterest_data.csv | cut -d, -f1,3-; tail -n +2 tables/pinterest_data.csv | cut -d, -f1,3-) >short.csv
mkdir lacking; cp tables/user_data.csv tables/geolocation_data.csv lacking; cp short.csv lacking/pinterest_data.csv
expect 3 "unique_id" $weirbox run --tables lacking

# connector settings
sed 's/flush.size=1/flush.sise=1/' "$WEIRBOX_SOURCE/fixtures/connect/s3-sink.properties" >sink.properties
expect 3 "flush.sise" $weirbox run --posts 3 --connector sink.properties
sed 's/^s3.bucket.name=.*/s3.bucket.name=nobodys-bucket/' "$WEIRBOX_SOURCE/fixtures/connect/s3-sink.properties" >sink.properties
expect 3 "nobodys-bucket" $weirbox run --posts 3 --path batch --connector sink.properties

# API documents
echo '{"openapi":' >api.json
expect 3 "" $weirbox run --posts 3 --api api.json

# a port in use
exec 3<>/dev/null
$weirbox up --port 0 --json >up.json 2>/dev/null &
up=$!
for _ in $(seq 100); do [ -s up.json ] && break; sleep 0.05; done
port=$(sed 's/.*"edge":"http:\/\/127.0.0.1:\([0-9]*\)".*/\1/' up.json)
expect 3 "port $port" timeout 10 $weirbox up --port "$port"
# … and nobody at the address, or a service that refuses
expect 3 "no call was acknowledged" $weirbox emulate batch --posts 40 --gateway http://127.0.0.1:1 --attempts 1
s3=$(sed 's/.*"s3":"\([^"]*\)".*/\1/' up.json)
expect 3 "NoSuchBucket" $weirbox ingest s3 --endpoint "$s3" --bucket none --out raw
expect 3 "check the access key" env AWS_ACCESS_KEY_ID=nobody $weirbox ingest s3 --endpoint "$s3" --out raw
kill -INT $up; wait $up || { echo "FAIL: up did not end cleanly on Ctrl-C"; failures=$((failures + 1)); }

# malformed records are quarantined with a reason; their neighbours are cleaned
mkdir raw2
printf '%s\n' '{"ind":1,"first_name":"A","last_name":"B","age":20,"date_joined":"2016-01-01 00:00:00"}' '{"ind":2,' '{"ind":3}' \
    '{"ind":4,"first_name":"C","last_name":"D","age":"x","date_joined":"2016-02-30 00:00:00"}' >raw2/user.jsonl
expect 0 "2 records quarantined" $weirbox clean raw2 --out cleaned
[ "$(wc -l <cleaned/clean/user.jsonl)" = 2 ] || { echo "FAIL: neighbours were lost"; failures=$((failures + 1)); }
grep -q '"ind":4,.*"age":null,"date_joined":null' cleaned/clean/user.jsonl || { echo "FAIL: unreadable cells did not become null"; failures=$((failures + 1)); }

finish
