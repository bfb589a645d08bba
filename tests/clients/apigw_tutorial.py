"""boto3 builds the API of AWS's tutorial "REST API as a Kinesis proxy" step by step at AWS_ENDPOINT_URL, and uses it;
then exports it, imports the document and asks the copy the same. Also what the tutorial leaves out: patches, validators,
keys and usage plans, gateway responses, tests of a method, and what is refused."""
import base64
import json
import os
import sys
import urllib.error
import urllib.request

try:
    import boto3
    from botocore.exceptions import ClientError
except ImportError:
    sys.exit(77)

endpoint = os.environ["AWS_ENDPOINT_URL"].rstrip("/")
g = boto3.client("apigateway", endpoint_url=endpoint)
k = boto3.client("kinesis", endpoint_url=endpoint)


def expect(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def code(call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        return e.response["ResponseMetadata"]["HTTPStatusCode"], e.response["Error"]["Code"], e.response["Error"]["Message"]
    return "no error"


def ask(api, method, path, body=None, headers=None):
    request = urllib.request.Request(f"{endpoint}/_aws/execute-api/{api}/test{path}", method=method,
                                     data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=20) as r:
            return r.status, json.loads(r.read() or b"null"), dict(r.headers)
    except urllib.error.HTTPError as e:
        return e.code, json.loads(e.read() or b"null"), dict(e.headers)


NAME = "$input.params('stream-name')"
STEPS = [  # path, method, action, template
    ("/streams", "GET", "ListStreams", "{}"),
    ("/streams/{stream-name}", "GET", "DescribeStream", '{\n    "StreamName": "%s"\n}' % NAME),
    ("/streams/{stream-name}", "POST", "CreateStream",
     '{\n    "ShardCount": #if($input.path(\'$.ShardCount\') == \'\') 5 #else $input.path(\'$.ShardCount\') #end,\n    "StreamName": "%s"\n}' % NAME),
    ("/streams/{stream-name}", "DELETE", "DeleteStream", '{\n    "StreamName": "%s"\n}' % NAME),
    ("/streams/{stream-name}/record", "PUT", "PutRecord",
     '{\n    "StreamName": "%s",\n    "Data": "$util.base64Encode($input.json(\'$.Data\'))",\n    "PartitionKey": "$input.path(\'$.PartitionKey\')"\n}' % NAME),
    ("/streams/{stream-name}/records", "PUT", "PutRecords",
     '{\n    "StreamName": "%s",\n    "Records": [\n       #foreach($elem in $input.path(\'$.records\'))\n          {\n            "Data": "$util.base64Encode($elem.data)",\n'
     '            "PartitionKey": "$elem.partition-key"\n          }#if($foreach.hasNext),#end\n        #end\n    ]\n}' % NAME),
    ("/streams/{stream-name}/records", "GET", "GetRecords", '{\n    "ShardIterator": "$input.params(\'Shard-Iterator\')"\n}'),
    ("/streams/{stream-name}/sharditerator", "GET", "GetShardIterator",
     '{\n    "ShardId": "$input.params(\'shard-id\')",\n    "ShardIteratorType": "TRIM_HORIZON",\n    "StreamName": "%s"\n}' % NAME),
]


def build():
    made = g.create_rest_api(name="KinesisProxy", endpointConfiguration={"types": ["REGIONAL"]})
    api, ids = made["id"], {}
    expect((made["name"], made["endpointConfiguration"]["types"], made["ResponseMetadata"]["HTTPStatusCode"]), ("KinesisProxy", ["REGIONAL"], 201))
    root = [r for r in g.get_resources(restApiId=api)["items"] if r["path"] == "/"][0]
    expect(made["rootResourceId"], root["id"]) if "rootResourceId" in made else None
    ids[""] = root["id"]
    for path in sorted({s[0] for s in STEPS}):
        up, part = path.rsplit("/", 1)
        ids[path] = g.create_resource(restApiId=api, parentId=ids[up], pathPart=part)["id"]
    for path, method, action, template in STEPS:
        to = dict(restApiId=api, resourceId=ids[path], httpMethod=method)
        declared = {"GetShardIterator": {"method.request.querystring.shard-id": False},
                    "GetRecords": {"method.request.header.Shard-Iterator": False}}.get(action, {})
        g.put_method(**to, authorizationType="NONE", requestParameters=declared)
        put = g.put_integration(**to, type="AWS", integrationHttpMethod="POST", uri=f"arn:aws:apigateway:us-east-1:kinesis:action/{action}",
                                credentials="arn:aws:iam::000000000000:role/apigAwsProxyRole",
                                requestParameters={"integration.request.header.Content-Type": "'x-amz-json-1.1'"},
                                requestTemplates={"application/json": template}, passthroughBehavior="WHEN_NO_TEMPLATES")
        expect((put["timeoutInMillis"], put["cacheNamespace"]), (29000, ids[path]))
        g.put_method_response(**to, statusCode="200", responseModels={"application/json": "Empty"})
        g.put_integration_response(**to, statusCode="200", selectionPattern="")
    return api, ids


def use(api, stream):
    """The tutorial's own tests; what came back, without what differs from run to run."""
    expect(ask(api, "POST", f"/streams/{stream}", {"ShardCount": 2})[0], 200)
    k.get_waiter("stream_exists").wait(StreamName=stream)
    assert stream in ask(api, "GET", "/streams")[1]["StreamNames"]
    expect(len(ask(api, "GET", f"/streams/{stream}")[1]["StreamDescription"]["Shards"]), 2)
    sent = {"index": 1, "title": "it's \u00fc \"quoted\"", "ratio": 1.50}
    status, one, headers = ask(api, "PUT", f"/streams/{stream}/record", {"StreamName": "other", "Data": sent, "PartitionKey": "p"})
    expect((status, sorted(one)), (200, ["SequenceNumber", "ShardId"]))
    assert headers["x-amz-apigw-id"].endswith("=") and headers["x-amzn-RequestId"]
    many = ask(api, "PUT", f"/streams/{stream}/records", {"records": [{"data": "a", "partition-key": "p"}, {"data": "b", "partition-key": "p"}]})[1]
    expect((many["FailedRecordCount"], len(many["Records"])), (0, 2))
    iterator = ask(api, "GET", f"/streams/{stream}/sharditerator?shard-id={one['ShardId']}")[1]["ShardIterator"]
    records = ask(api, "GET", f"/streams/{stream}/records", headers={"Shard-Iterator": iterator})[1]["Records"]
    data = [base64.b64decode(r["Data"]).decode() for r in records]
    expect((json.loads(data[0]), data[1:]), (sent, ["a", "b"]))
    refused = []
    for method, path, headers in (("GET", "/nope", None), ("PATCH", "/streams", None), ("PUT", f"/streams/{stream}/record", {"Content-Type": "text/csv"})):
        status, body, headers = ask(api, method, path, {}, headers)
        refused.append((status, body, headers["x-amzn-ErrorType"]))
    expect(ask(api, "DELETE", f"/streams/{stream}")[0], 200)
    return data, refused


api, ids = build()
suffix = os.urandom(3).hex()
expect(code(g.create_stage, restApiId=api, stageName="test", deploymentId="none")[0:2], (400, "BadRequestException"))
deployment = g.create_deployment(restApiId=api, stageName="test", description="first")
first = use(api, f"tutorial-{suffix}")
expect([r[0] for r in first[1]], [403, 403, 415])

# what is read back
expect(len(g.get_resources(restApiId=api, limit=500, embed=["methods"])["items"]), 6)
pages = [i["id"] for p in g.get_paginator("get_resources").paginate(restApiId=api, PaginationConfig={"PageSize": 2}) for i in p["items"]]
expect(sorted(pages), sorted(ids.values()))
method = g.get_method(restApiId=api, resourceId=ids["/streams"], httpMethod="GET")
expect(method["methodIntegration"]["integrationResponses"]["200"]["statusCode"], "200")
expect(g.get_stage(restApiId=api, stageName="test")["deploymentId"], deployment["id"])
expect([d["id"] for d in g.get_deployments(restApiId=api)["items"]], [deployment["id"]])
expect(code(g.get_rest_api, restApiId="none")[1], "NotFoundException")
expect(code(g.put_method, restApiId=api, resourceId=ids["/streams"], httpMethod="GET", authorizationType="NONE"),
       (409, "ConflictException", "Method already exists for this resource"))

# a method on trial, not deployed
trial = g.test_invoke_method(restApiId=api, resourceId=ids["/streams"], httpMethod="GET", pathWithQueryString="/streams")
expect(trial["status"], 200)
assert "StreamNames" in json.loads(trial["body"]) and trial["log"].startswith("Execution log for request "), trial
assert "Endpoint request body after transformations: {}" in trial["log"] and "Method completed with status: 200" in trial["log"]

# export, import, the same answers
for kind in ("oas30", "swagger"):
    export = g.get_export(restApiId=api, stageName="test", exportType=kind, parameters={"extensions": "integrations"}, accepts="application/json")
    expect(export["contentType"], "application/octet-stream")
    copy = g.import_rest_api(body=export["body"].read(), failOnWarnings=True)
    expect(copy["name"], "KinesisProxy")
    g.create_deployment(restApiId=copy["id"], stageName="test")
    expect(use(copy["id"], f"copy-{kind}-{suffix}"), first)
    g.delete_rest_api(restApiId=copy["id"])

# parameters, models, validators
g.create_model(restApiId=api, name="Pin", contentType="application/json",
               schema=json.dumps({"type": "object", "required": ["Data", "PartitionKey"], "properties": {"PartitionKey": {"type": "string"}}}))
validator = g.create_request_validator(restApiId=api, name="all", validateRequestBody=True, validateRequestParameters=True)["id"]
to = dict(restApiId=api, resourceId=ids["/streams/{stream-name}/record"], httpMethod="PUT")
g.update_method(**to, patchOperations=[{"op": "replace", "path": "/requestValidatorId", "value": validator},
                                       {"op": "add", "path": "/requestModels/application~1json", "value": "Pin"},
                                       {"op": "replace", "path": "/requestParameters/method.request.header.X-Batch", "value": "true"}])
# a key, a plan, a gateway response
g.update_method(restApiId=api, resourceId=ids["/streams"], httpMethod="GET", patchOperations=[{"op": "replace", "path": "/apiKeyRequired", "value": "true"}])
g.put_gateway_response(restApiId=api, responseType="THROTTLED", statusCode="429", responseParameters={"gatewayresponse.header.Retry-After": "'1'"},
                       responseTemplates={"application/json": '{"slow":$context.error.messageString}'})
g.create_deployment(restApiId=api, stageName="test")
expect(ask(api, "PUT", "/streams/s/record", {"Data": 1, "PartitionKey": "p"})[1], {"message": "Missing required request parameters: [X-Batch]"})
expect(ask(api, "PUT", "/streams/s/record", {"Data": 1}, {"X-Batch": "1"})[:2], (400, {"message": "Invalid request body"}))
key = g.create_api_key(name="student", enabled=True)
plan = g.create_usage_plan(name="free", apiStages=[{"apiId": api, "stage": "test"}], throttle={"rateLimit": 0.001, "burstLimit": 2})
expect(ask(api, "GET", "/streams")[:2], (403, {"message": "Forbidden"}))
expect(ask(api, "GET", "/streams", headers={"x-api-key": key["value"]})[:2], (403, {"message": "Forbidden"}))
g.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
statuses = [ask(api, "GET", "/streams", headers={"x-api-key": key["value"]}) for _ in range(3)]
expect([s[0] for s in statuses], [200, 200, 429])
expect((statuses[2][1], statuses[2][2]["Retry-After"]), ({"slow": "Too Many Requests"}, "1"))
g.update_usage_plan(usagePlanId=plan["id"], patchOperations=[{"op": "remove", "path": "/apiStages", "value": f"{api}:test"}])
g.delete_usage_plan(usagePlanId=plan["id"])
g.delete_api_key(apiKey=key["id"])
expect(g.get_account()["throttleSettings"]["burstLimit"], 5000)

# tags, stages, the end
arn = f"arn:aws:apigateway:us-east-1::/restapis/{api}"
g.tag_resource(resourceArn=arn, tags={"course": "pinterest"})
expect(g.get_tags(resourceArn=arn)["tags"], {"course": "pinterest"})
g.untag_resource(resourceArn=arn, tagKeys=["course"])
expect(g.get_tags(resourceArn=arn)["tags"], {})
stage = g.update_stage(restApiId=api, stageName="test", patchOperations=[{"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "10"}])
expect(stage["methodSettings"]["*/*"]["throttlingRateLimit"], 10.0)
g.delete_stage(restApiId=api, stageName="test")
expect(ask(api, "GET", "/streams")[:2], (403, {"message": "Forbidden"}))
g.delete_rest_api(restApiId=api)
assert api not in [a["id"] for a in g.get_rest_apis(limit=500)["items"]]
print("boto3", boto3.__version__, "ok")
