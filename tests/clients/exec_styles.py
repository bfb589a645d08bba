"""The ways emulators phrase their posts: dates, values, paths, keys, credentials from ini and environment. Every one of them
arrives and is cleaned. Nothing in it knows weirbox.

argv: an ini file with the credentials."""
import configparser
import datetime
import json
import os
import sys

try:
    import pymysql
    import requests
except ImportError as missing:
    print(missing)
    sys.exit(77)

config = configparser.ConfigParser()
config.read(sys.argv[1])
creds = config["rds"]
GATEWAY = os.environ.get("INVOKE_BASE_URL", "https://zz9plural0.execute-api.eu-west-1.amazonaws.com")
USER = "0e95b18877fd"
TABLES = {"pin": "pinterest_data", "geo": "geolocation_data", "user": "user_data"}


def row(table, n):
    db = pymysql.connect(host=creds["host"], user=creds["user"], password=creds["password"], database=creds["database"],
                         port=int(creds["port"]))
    cursor = db.cursor(pymysql.cursors.DictCursor)
    cursor.execute("SELECT * FROM %s LIMIT %d, 1" % (table, n))
    return cursor.fetchone()  # the connection is never closed


def iso(v):
    return v.isoformat() if isinstance(v, datetime.datetime) else str(v)


DATES = [str, iso, lambda v: v.strftime("%Y-%m-%d %H:%M:%S")]
VALUES = [lambda r, date: json.loads(json.dumps(r, default=date)), lambda r, date: [json.loads(json.dumps(r, default=date))],
          lambda r, date: json.dumps(r, default=date)]
PATHS = ["/test/streams/{}/record", "/first//streams/{}/record", "/0affee876ba9-stage/streams/{}/record/"]

n = 0
for date in DATES:
    for value in VALUES:
        for name, table in TABLES.items():
            body = value(row(table, n), date)
            answer = requests.post(GATEWAY + "/%s/topics/%s.%s" % (("dev", "prod", "Production")[n % 3], USER, name),
                                   headers={"Content-Type": "application/vnd.kafka.json.v2+json"},
                                   data=json.dumps({"records": [{"value": body}]}), timeout=(3, 30))
            assert answer.status_code == 200, answer.text
            stream = "streaming-%s-%s" % (USER, name)
            put = {"StreamName": (stream, "YourStreamName", None)[n % 3], "Data": body, "PartitionKey": (7, "test", "partition-1")[n % 3]}
            if put["StreamName"] is None:
                del put["StreamName"]
            answer = requests.request("PUT", GATEWAY + PATHS[n % 3].format(stream), data=json.dumps(put),
                                      headers={"Content-Type": "application/json"})
            assert answer.status_code == 200, answer.text
            n += 1
assert sorted(requests.get(GATEWAY + "/test/streams", headers={"Content-Type": "application/json"}).json()["StreamNames"])[:1]
answer = requests.post(GATEWAY + "/test/streams/x/record", json={})
assert (answer.status_code, answer.json()) == (403, {"message": "Missing Authentication Token"}), answer.text
print("styles", n)
