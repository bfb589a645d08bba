"""A posting emulator as the public ones are written: requests with json.dumps, both paths; then boto3 reads back from the
bucket and the streams exactly what was posted."""
import datetime
import json
import os
import sys
import time

try:
    import boto3
    import requests
except ImportError as missing:
    print(missing)
    sys.exit(77)

gateway, user = os.environ["WEIRBOX_GATEWAY"], "0a1b2c3d4e5f"
mark = f"{os.getpid()}-{time.time()}"


def rows(n):
    """What SQLAlchemy would hand over: datetimes, floats, text of every kind."""
    pin = {"index": n, "unique_id": f"id-{mark}-{n}", "title": "Täglich “so” \U0001f600 \\ \"quoted\"\nnext line",
           "description": "No description available Story format", "poster_name": "User Info Error", "follower_count": "12k",
           "tag_list": "a,b", "is_image_or_video": "image", "image_src": "Image src error.", "downloaded": 1,
           "save_location": "Local save in /data/art", "category": "art"}
    geo = {"ind": n, "timestamp": datetime.datetime(2020, 8, 28, 3, 52, 47), "latitude": -89.9787, "longitude": -173.293,
           "country": "Albania"}
    user_row = {"ind": n, "first_name": "Abigail", "last_name": "Ali", "age": 20,
                "date_joined": datetime.datetime(2015, 10, 24, 11, 23, 51)}
    return {"pin": pin, "geo": geo, "user": user_row}


def seen(row):
    return json.loads(json.dumps(row, default=str))


posted = {"pin": [], "geo": [], "user": []}
sequences = {"pin": {}, "geo": {}, "user": {}}
places = {"pin": [], "geo": [], "user": []}
for n in range(12):
    for table, row in rows(n).items():
        payload = json.dumps({"records": [{"value": row}]}, default=str)
        r = requests.request("POST", f"{gateway}/test/topics/{user}.{table}", data=payload,
                             headers={"Content-Type": "application/vnd.kafka.json.v2+json"})
        assert r.status_code == 200, (r.status_code, r.text)
        offset = r.json()["offsets"][0]
        assert offset["error_code"] is None, r.text
        places[table].append((offset["partition"], offset["offset"]))
        payload = json.dumps({"StreamName": f"streaming-{user}-{table}", "Data": row, "PartitionKey": f"key-{n}"}, default=str)
        r = requests.request("PUT", f"{gateway}/dev/streams/streaming-{user}-{table}/record", data=payload,
                             headers={"Content-Type": "application/json"})
        assert r.status_code == 200 and "SequenceNumber" in r.json(), (r.status_code, r.text)
        sequences[table][r.json()["SequenceNumber"]] = seen(row)
        posted[table].append(seen(row))

# what goes wrong says so, as on AWS
wrong = requests.post(f"{gateway}/test/streams/streaming-{user}-pin/record", data="{}", headers={"Content-Type": "application/json"})
assert wrong.status_code == 403 and wrong.json()["message"] == "Missing Authentication Token", wrong.text
wrong = requests.put(f"{gateway}/test/streams/streaming-{user}-pin/record", data="{}", headers={"Content-Type": "text/plain"})
assert wrong.status_code == 415, (wrong.status_code, wrong.text)
wrong = requests.post(f"{gateway}/test/topics/{user}.pin", data="{}", headers={"Content-Type": "application/json"})
assert wrong.status_code == 415, (wrong.status_code, wrong.text)

s3, kinesis = boto3.client("s3"), boto3.client("kinesis")
for table in posted:
    for (partition, offset), row in zip(places[table], posted[table]):
        key = f"topics/{user}.{table}/partition={partition}/{user}.{table}+{partition}+{offset:010d}.json"
        for _ in range(100):  # the sink stores within milliseconds, but after the answer
            try:
                body = s3.get_object(Bucket=f"user-{user}-bucket", Key=key)["Body"].read()
                break
            except s3.exceptions.NoSuchKey:
                time.sleep(0.05)
        assert body.endswith(b"\n") and json.loads(body) == row, (key, body, row)
    for shard in kinesis.list_shards(StreamName=f"streaming-{user}-{table}")["Shards"]:
        iterator = kinesis.get_shard_iterator(StreamName=f"streaming-{user}-{table}", ShardId=shard["ShardId"],
                                              ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        for record in kinesis.get_records(ShardIterator=iterator)["Records"]:
            expected = sequences[table].pop(record["SequenceNumber"], None)
            assert expected is None or json.loads(record["Data"]) == expected, record
    assert not sequences[table], f"{table}: records that were acknowledged are not in the stream: {list(sequences[table])[:3]}"
print("72 posts came back as they were sent")
