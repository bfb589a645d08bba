# weirbox apigw: what a call meets, templates rendered and checked; bad input said clearly.
. "$WEIRBOX_SOURCE/tests/support/cli.sh"
weirbox=$WEIRBOX_BIN

row='{"StreamName":"other","Data":{"a":1},"PartitionKey":"p"}'
expect 0 'resource  /streams/{stream-name}/record' "$weirbox" apigw explain PUT /test/streams/s/record --body "$row"
expect 0 '"Data": "eyJhIjoxfQ=="' "$weirbox" apigw explain PUT /test/streams/s/record --body "$row"
expect 0 'answer    200 {"SequenceNumber"' "$weirbox" apigw explain PUT https://abc.execute-api.us-east-1.amazonaws.com/dev/streams/s/record --body "$row"
expect 1 'has no method POST; it has PUT' "$weirbox" apigw explain POST /test/streams/s/record
expect 0 'resource  /{proxy+}' "$weirbox" apigw explain POST /test/streams
expect 1 'Content-Type text/csv has no mapping template' "$weirbox" apigw explain PUT /test/streams/s/record --header 'Content-Type: text/csv'
expect 1 'ends after the stage' "$weirbox" apigw explain GET /test
expect 0 'Endpoint request URI: http://kafka-rest:8082/topics/x.pin?a=b' "$weirbox" apigw explain GET '/test/topics/x.pin?a=b'
expect 2 'PATH is /{stage}/' "$weirbox" apigw explain GET test
expect 2 'Name: value' "$weirbox" apigw explain GET /test/streams --header nonsense

printf '{"x": $input.json("$.x"), "q": "$input.params("q")"}' >good.vtl
printf '#if(' >bad.vtl
printf '{"x": "$input.json("$.x")"}' >quoted.vtl
printf '{"x":[1, 2]}' >body.json
expect 0 '{"x": [1,2], "q": "7"}' "$weirbox" apigw render good.vtl --body @body.json --query q=7
expect 1 'bad.vtl: ' "$weirbox" apigw render bad.vtl
expect 3 'missing.vtl' "$weirbox" apigw render missing.vtl
expect 0 'compiles' "$weirbox" apigw lint good.vtl
expect 1 'line 1' "$weirbox" apigw lint bad.vtl
expect 1 'prints a text with its quotes' "$weirbox" apigw lint quoted.vtl
finish
