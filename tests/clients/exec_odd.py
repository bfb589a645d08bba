"""What emulators do besides posting one row a record to the three topics and streams: one stream for all tables, all tables
into one topic, many rows in a record, rows as text and in Base64, a wrong verb, a wrong content type, a body the REST proxy
refuses, a stream that is not there yet. Then the bucket read as a notebook mounts it. Nothing in it knows weirbox."""
import base64
import json
import sys
import time

try:
    import boto3
    import pymysql
    import requests
except ImportError as missing:
    print(missing)
    sys.exit(77)

GATEWAY = "https://m1n2o3p4q5.execute-api.us-east-1.amazonaws.com/pdp"
USER = "57aa68bb79cc"
TABLES = {"pin": "pinterest_data", "geo": "geolocation_data", "user": "user_data"}
KAFKA = {"Content-Type": "application/vnd.kafka.json.v2+json"}
JSON = {"Content-Type": "application/json"}


def rows(name, first, n):
    db = pymysql.connect(host="pinterestdbreadonly.cq2e8zno855e.eu-west-1.rds.amazonaws.com", user="project_user", password="x",
                         database="pinterest_data", port=3306, cursorclass=pymysql.cursors.DictCursor)
    with db, db.cursor() as cursor:
        cursor.execute("SELECT * FROM %s LIMIT %d, %d" % (TABLES[name], first, n))
        return json.loads(json.dumps(cursor.fetchall(), default=lambda v: v.strftime("%Y-%m-%dT%H:%M:%S")))


def produce(topic, *values, **more):
    body = {"records": [{"value": v} for v in values]}
    return requests.post("%s/topics/%s" % (GATEWAY, topic), headers=KAFKA, data=json.dumps(dict(body, **more)))


def put(stream, data, key, verb="PUT", headers=JSON):
    body = {"StreamName": stream, "Data": data, "PartitionKey": key}
    return requests.request(verb, "%s/streams/%s/record" % (GATEWAY, stream), headers=headers, data=json.dumps(body))


def ok(answer):
    assert answer.status_code == 200, (answer.status_code, answer.text)
    return answer.json()


shared, all_in_one, encoded = "Kinesis-Prod-Stream", USER + ".pin", "streaming-%s-geo" % USER
for n in range(4):
    for name in TABLES:
        row = rows(name, n, 1)[0]
        assert "SequenceNumber" in ok(put(shared, row, name))
        ok(produce(all_in_one, row))
ok(produce(USER + ".user", rows("user", 0, 25)))              # 25 rows in one record
ok(produce(USER + ".geo", *rows("geo", 0, 3)))                # three records in one call
ok(put(encoded, base64.b64encode(json.dumps(rows("geo", 9, 1)[0]).encode()).decode(), "partition-1"))
ok(put(encoded, {"value": rows("geo", 8, 1)[0]}, "partition-1"))

answer = put(shared, {"a": 1}, "pin", verb="POST")
assert (answer.status_code, answer.json()) == (403, {"message": "Missing Authentication Token"}), answer.text
answer = put(shared, {"a": 1}, "pin", headers=KAFKA)
assert answer.status_code == 415, answer.text
answer = requests.post("%s/topics/%s" % (GATEWAY, all_in_one), headers=KAFKA, data=json.dumps(rows("geo", 0, 1)[0]))
assert answer.status_code == 422 and answer.json()["message"].startswith("Unrecognized field"), answer.text
answer = requests.post("%s/%s" % (GATEWAY, all_in_one), headers=KAFKA, data="{}")
assert answer.status_code == 404, answer.text
answer = requests.get("%s/streams/not-there-yet" % GATEWAY, headers=JSON)
assert ok(answer)["__type"].endswith("ResourceNotFoundException"), answer.text

s3 = boto3.client("s3", region_name="us-east-1")
bucket, prefix = "user-%s-bucket" % USER, "topics/%s.pin/partition=0/" % USER
for _ in range(100):                                          # the sink stores when it gets round to it
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    if len(found) == 12:
        break
    time.sleep(0.1)
assert [o["Key"] for o in found] == ["%s%s+0+%010d.json" % (prefix, all_in_one, i) for i in range(12)]
stored = [json.loads(s3.get_object(Bucket=bucket, Key=o["Key"])["Body"].read()) for o in found]
assert stored == [rows(name, n, 1)[0] for n in range(4) for name in TABLES]
print("odd", len(stored))
