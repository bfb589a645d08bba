#!/bin/bash
# The AWS command line builds a Kinesis proxy of AWS's tutorial step by step at AWS_ENDPOINT_URL, and curl uses it.
# AWS names the program when it is not the one in PATH.
set -eu
aws=${AWS:-aws}
command -v "$aws" >/dev/null && "$aws" --version >/dev/null 2>&1 || exit 77
command -v curl >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
gateway() { "$aws" --endpoint-url "$AWS_ENDPOINT_URL" --region us-east-1 --output text apigateway "$@"; }

api=$(gateway create-rest-api --name KinesisProxy --query id)
root=$(gateway get-resources --rest-api-id "$api" --query 'items[?path==`/`].id')
streams=$(gateway create-resource --rest-api-id "$api" --parent-id "$root" --path-part streams --query id)
one=$(gateway create-resource --rest-api-id "$api" --parent-id "$streams" --path-part '{stream-name}' --query id)
record=$(gateway create-resource --rest-api-id "$api" --parent-id "$one" --path-part record --query id)
cat >put.json <<'JSON'
{"application/json": "{\"StreamName\": \"$input.params('stream-name')\", \"Data\": \"$util.base64Encode($input.json('$.Data'))\", \"PartitionKey\": \"$input.path('$.PartitionKey')\"}"}
JSON
cat >create.json <<'JSON'
{"application/json": "{\"ShardCount\": #if($input.path('$.ShardCount') == '') 5 #else $input.path('$.ShardCount') #end, \"StreamName\": \"$input.params('stream-name')\"}"}
JSON
echo '{"application/json": "{}"}' >list.json
method() { # resource verb action template
    to="--rest-api-id $api --resource-id $1 --http-method $2"
    gateway put-method $to --authorization-type NONE >/dev/null
    gateway put-method-response $to --status-code 200 --response-models '{"application/json":"Empty"}' >/dev/null
    gateway put-integration $to --type AWS --integration-http-method POST --uri "arn:aws:apigateway:us-east-1:kinesis:action/$3" \
        --credentials arn:aws:iam::000000000000:role/apigAwsProxyRole --passthrough-behavior WHEN_NO_TEMPLATES \
        --request-parameters "{\"integration.request.header.Content-Type\":\"'x-amz-json-1.1'\"}" --request-templates "file://$4" >/dev/null
    gateway put-integration-response $to --status-code 200 --selection-pattern "" >/dev/null
}
method "$streams" GET ListStreams list.json
method "$one" POST CreateStream create.json
method "$record" PUT PutRecord put.json
gateway create-deployment --rest-api-id "$api" --stage-name test >/dev/null
gateway get-stages --rest-api-id "$api" --query 'item[].stageName' | grep -qx test

url=$AWS_ENDPOINT_URL/_aws/execute-api/$api/test
stream=cli-$$
curl -sf -X POST -H 'Content-Type: application/json' -d '{}' "$url/streams/$stream"
curl -sf "$url/streams" | grep -q "$stream"
curl -sf -X PUT -H 'Content-Type: application/json' -d '{"Data":{"index":1},"PartitionKey":"p"}' "$url/streams/$stream/record" >put.out
grep -q SequenceNumber put.out
test "$(curl -s -o /dev/null -w '%{http_code}' -X POST "$url/streams/$stream/record")" = 403
gateway test-invoke-method --rest-api-id "$api" --resource-id "$streams" --http-method GET --query log >log.txt
grep -q 'Method completed with status: 200' log.txt
gateway update-stage --rest-api-id "$api" --stage-name test --patch-operations op=replace,path=/variables/x,value=1 --query variables.x | grep -qx 1

gateway get-export --rest-api-id "$api" --stage-name test --export-type swagger --parameters extensions=integrations api.json >/dev/null
grep -q x-amazon-apigateway-integration api.json
copy=$(gateway import-rest-api --cli-binary-format raw-in-base64-out --body file://api.json --query id 2>err.txt) ||
    copy=$(gateway import-rest-api --body file://api.json --query id)
gateway create-deployment --rest-api-id "$copy" --stage-name test >/dev/null
curl -sf -X PUT -H 'Content-Type: application/json' -d '{"Data":{"index":2},"PartitionKey":"p"}' \
    "$AWS_ENDPOINT_URL/_aws/execute-api/$copy/test/streams/$stream/record" | grep -q SequenceNumber
if gateway get-rest-api --rest-api-id nothing 2>err.txt; then exit 1; fi
grep -q NotFoundException err.txt
gateway delete-rest-api --rest-api-id "$copy"
gateway delete-rest-api --rest-api-id "$api"
echo "aws-cli ok"
