"""Puts rows of the RDS into Kinesis streams behind API Gateway from several threads: raw PyMySQL, ISO dates, int and str
partition keys, trailing and double slashes, keep-alive and not. Then reads the streams back with boto3 as a notebook would,
without an endpoint, and compares with the RDS. Nothing in it knows weirbox.

argv: number of rows."""
import base64  # noqa: F401
import datetime
import json
import sys
import threading

try:
    import boto3
    import pymysql
    import requests
except ImportError as missing:
    print(missing)
    sys.exit(77)

HOST = "pinterestdbreadonly.cq2e8zno855e.eu-west-1.rds.amazonaws.com"
GATEWAY = "https://b1c2d3e4f5.execute-api.us-east-1.amazonaws.com"
USER = "98fe76dc54ba"
PATHS = ["/dev/streams/{}/record", "/dev//streams/{}/record", "/prod/streams/{}/record/"]
N = int(sys.argv[1])


def iso(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    raise TypeError(type(value))


def rows(table):
    connection = pymysql.connect(host=HOST, user="project_user", password=":t%;yCY3Yjg", database="pinterest_data",
                                 port=3306, cursorclass=pymysql.cursors.DictCursor)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM {} LIMIT %s".format(table), (N,))
        return cursor.fetchall()


def put(stream, values, failures):
    session = requests.Session()
    for i, value in enumerate(values):
        body = {"StreamName": stream, "Data": value, "PartitionKey": i if i % 2 else "partition-%d" % i}
        how = session.put if i % 3 else requests.put
        answer = how(GATEWAY + PATHS[i % len(PATHS)].format(stream), headers={"Content-Type": "application/json"},
                     data=json.dumps(body, default=iso))
        if answer.status_code != 200 or "SequenceNumber" not in answer.json():
            failures.append((answer.status_code, answer.text))


sent, threads, failures = {}, [], []
for table, name in (("pinterest_data", "pin"), ("geolocation_data", "geo"), ("user_data", "user")):
    stream = "streaming-%s-%s" % (USER, name)
    sent[stream] = [json.loads(json.dumps(row, default=iso)) for row in rows(table)]
    assert len(sent[stream]) == N
    threads.append(threading.Thread(target=put, args=(stream, sent[stream], failures)))
[t.start() for t in threads]
[t.join() for t in threads]
assert not failures, failures[0]

kinesis = boto3.client("kinesis", region_name="us-east-1")
for stream, values in sent.items():
    got = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        at = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while True:
            answer = kinesis.get_records(ShardIterator=at)
            got += [json.loads(r["Data"]) for r in answer["Records"]]
            at = answer["NextShardIterator"]
            if not answer["Records"] and not answer["MillisBehindLatest"]:
                break
    key = lambda row: json.dumps(row, sort_keys=True)
    assert sorted(map(key, got)) == sorted(map(key, values)), stream
print("equal", boto3.__version__, pymysql.__version__)
