# weirbox stream and ingest against a Kinesis nobody here wrote: moto's, with a shard split and two merged, read over restarts
# and a lost checkpoint folder; the tables read by delta-rs where it is there.
import json, os, shutil, subprocess, sys, tempfile

try:
    import boto3
    from moto.server import ThreadedMotoServer
except ImportError as e:
    print(f"no {e.name}")
    sys.exit(77)

weirbox, work = os.environ["WEIRBOX_BIN"], tempfile.mkdtemp()
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
server.start()
host, port = server.get_host_and_port()
url = f"http://127.0.0.1:{port}"
kinesis = boto3.client("kinesis", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
TABLES = ("pin", "geo", "user")


def row(table, i):
    if table == "pin":
        return {"index": i, "unique_id": "u", "title": "t", "description": "d", "poster_name": f"p{i % 5}", "follower_count": f"{i % 50}k", "tag_list": "a",
                "is_image_or_video": "image", "image_src": "s", "downloaded": 1, "save_location": "Local save in /d", "category": ("art", "travel")[i % 2]}
    if table == "geo":
        return {"ind": i, "timestamp": f"2020-01-0{1 + i % 9} 00:00:00", "latitude": 1.5, "longitude": 2.5, "country": ("Chad", "Peru")[i % 2]}
    return {"ind": i, "first_name": "A", "last_name": "B", "age": 20 + i % 40, "date_joined": "2016-01-01 00:00:00"}


def put(first, end):
    for t in TABLES:
        records = [{"Data": json.dumps(row(t, i)), "PartitionKey": str(i)} for i in range(first, end)]
        kinesis.put_records(StreamName=f"streaming-1a2b-{t}", Records=records)


def run(*arguments):
    done = subprocess.run([weirbox, *arguments], cwd=work, capture_output=True, text=True)
    assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stderr}"
    return done.stdout


def stream(expected, *more):
    out = run("stream", "--once", "--json", "--user-id", "1a2b", "--endpoint", url, "--out", "out", *more)
    sums = json.loads(out.splitlines()[-1])["data"]
    assert (sums["records"], sums["gaps"]) == (expected, 0), sums


for t in TABLES:
    kinesis.create_stream(StreamName=f"streaming-1a2b-{t}", ShardCount=2)
put(0, 300)
stream(900, "--batch", "100")
stream(0)
kinesis.split_shard(StreamName="streaming-1a2b-pin", ShardToSplit="shardId-000000000000", NewStartingHashKey="1000000")
kinesis.merge_shards(StreamName="streaming-1a2b-geo", ShardToMerge="shardId-000000000000", AdjacentShardToMerge="shardId-000000000001")
put(300, 400)
stream(300)
shutil.rmtree(f"{work}/out/checkpoint")
put(400, 420)
stream(60)
run("ingest", "kinesis", "--user-id", "1a2b", "--endpoint", url, "--out", "raw")
for t in TABLES:
    key = "index" if t == "pin" else "ind"
    raw = [json.loads(line)[key] for line in open(f"{work}/raw/{t}.jsonl")]
    table = [json.loads(line)["ind"] for line in run("delta", "cat", f"out/delta/1a2b_{t}_table").splitlines()]
    assert sorted(raw) == sorted(table) == list(range(420)), t
    try:
        from deltalake import DeltaTable
        import pyarrow
    except ImportError:
        continue
    read = DeltaTable(f"{work}/out/delta/1a2b_{t}_table").to_pyarrow_table()
    assert sorted(read.column("ind").to_pylist()) == list(range(420)), t
server.stop()
shutil.rmtree(work)
print("moto's Kinesis read over restarts, resharding and a lost checkpoint folder: every row once")
