#!/bin/bash
# boto3 against a Kinesis endpoint (AWS_ENDPOINT_URL and credentials in the environment): a producer's and a consumer's day.
set -u
python3 -c 'import boto3' 2>/dev/null || exit 77
exec python3 - <<'PYTHON'
import hashlib, os
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

config = Config(retries={"max_attempts": 0}, parameter_validation=False)
kinesis = boto3.client("kinesis", config=config)
name = "boto3-" + os.urandom(4).hex()


def code(call):
    try:
        call()
    except ClientError as e:
        return e.response["ResponseMetadata"]["HTTPStatusCode"], e.response["Error"]["Code"]
    return "no error"


def expect(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def read(shard, **position):
    iterator = kinesis.get_shard_iterator(StreamName=name, ShardId=shard, **position)["ShardIterator"]
    records = []
    while iterator:
        answer = kinesis.get_records(ShardIterator=iterator, Limit=37)
        records += answer["Records"]
        iterator = answer.get("NextShardIterator")
        if not answer["Records"]:
            return records, answer
    return records, answer


# life of a stream
kinesis.create_stream(StreamName=name, ShardCount=4, Tags={"course": "pinterest"})
kinesis.get_waiter("stream_exists").wait(StreamName=name)
about = kinesis.describe_stream(StreamName=name)["StreamDescription"]
expect((about["StreamStatus"], len(about["Shards"]), about["RetentionPeriodHours"]), ("ACTIVE", 4, 24))
arn = about["StreamARN"]
expect(kinesis.describe_stream_summary(StreamARN=arn)["StreamDescriptionSummary"]["OpenShardCount"], 4)
assert name in [n for page in kinesis.get_paginator("list_streams").paginate() for n in page["StreamNames"]]
expect(code(lambda: kinesis.create_stream(StreamName=name, ShardCount=1)), (400, "ResourceInUseException"))
expect(code(lambda: kinesis.describe_stream(StreamName=name + "x")), (400, "ResourceNotFoundException"))
expect(code(lambda: kinesis.put_record(StreamName=name, Data=b"", PartitionKey="")), (400, "ValidationException"))

# records there and back, each in the shard of its key
sent = {f"kéy-{i}": os.urandom(i) for i in range(300)}
first = kinesis.put_record(StreamARN=arn, PartitionKey="kéy-0", Data=sent["kéy-0"])
expect(len(first["SequenceNumber"]), 56)
rest = [{"PartitionKey": k, "Data": d} for k, d in sent.items()][1:]
answer = kinesis.put_records(StreamName=name, Records=rest)
expect((answer["FailedRecordCount"], len(answer["Records"])), (0, 299))
for entry, given in zip(answer["Records"], rest):
    quarter = hashlib.md5(given["PartitionKey"].encode()).digest()[0] >> 6
    expect(entry["ShardId"], "shardId-%012d" % quarter)
got = {}
for shard in kinesis.list_shards(StreamName=name)["Shards"]:
    records, last = read(shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
    numbers = [int(r["SequenceNumber"]) for r in records]
    expect(numbers, sorted(set(numbers)))
    expect(last["MillisBehindLatest"], 0)
    got.update({r["PartitionKey"]: r["Data"] for r in records})
expect(got, sent)

# the five kinds of iterator
shard, number = first["ShardId"], first["SequenceNumber"]
at, _ = read(shard, ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber=number)
after, _ = read(shard, ShardIteratorType="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=number)
expect(at[0]["SequenceNumber"], number)
expect([r["SequenceNumber"] for r in at[1:]], [r["SequenceNumber"] for r in after])
since, _ = read(shard, ShardIteratorType="AT_TIMESTAMP", Timestamp=at[0]["ApproximateArrivalTimestamp"])
expect(len(since), len(at))
expect(read(shard, ShardIteratorType="LATEST")[0], [])
expect(code(lambda: kinesis.get_records(ShardIterator="AAAA")), (400, "InvalidArgumentException"))

# shards split, merged and scaled; what was stored stays readable
middle = str(2 ** 125)
kinesis.split_shard(StreamName=name, ShardToSplit="shardId-000000000000", NewStartingHashKey=middle)
kinesis.merge_shards(StreamName=name, ShardToMerge="shardId-000000000002", AdjacentShardToMerge="shardId-000000000003")
kinesis.update_shard_count(StreamName=name, TargetShardCount=3, ScalingType="UNIFORM_SCALING")
expect(len(kinesis.list_shards(StreamName=name, ShardFilter={"Type": "AT_LATEST"})["Shards"]), 3)
records, last = read("shardId-000000000000", ShardIteratorType="TRIM_HORIZON")
expect([c["ParentShards"] for c in last["ChildShards"]], [["shardId-000000000000"]] * 2)
stored = sum(len(read(s["ShardId"], ShardIteratorType="TRIM_HORIZON")[0])
             for page in kinesis.get_paginator("list_shards").paginate(StreamName=name) for s in page["Shards"])
expect(stored, 300)

# tags, settings, consumers
kinesis.add_tags_to_stream(StreamName=name, Tags={"owner": "me"})
expect(kinesis.list_tags_for_stream(StreamName=name)["Tags"],
       [{"Key": "course", "Value": "pinterest"}, {"Key": "owner", "Value": "me"}])
kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=48)
kinesis.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId="alias/aws/kinesis")
expect(kinesis.put_record(StreamName=name, Data=b"", PartitionKey="k")["EncryptionType"], "KMS")
consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="app")["Consumer"]
expect(kinesis.describe_stream_consumer(ConsumerARN=consumer["ConsumerARN"])["ConsumerDescription"]["ConsumerStatus"], "ACTIVE")
kinesis.deregister_stream_consumer(ConsumerARN=consumer["ConsumerARN"])

# records pushed to a consumer, over HTTP/1.1; the shard was merged away, so its end is told too
reader = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")["Consumer"]["ConsumerARN"]
closed, _ = read("shardId-000000000002", ShardIteratorType="TRIM_HORIZON")
start = {"Type": "TRIM_HORIZON"}
events = list(kinesis.subscribe_to_shard(ConsumerARN=reader, ShardId="shardId-000000000002", StartingPosition=start)["EventStream"])
events = [e["SubscribeToShardEvent"] for e in events]
expect([r for e in events for r in e["Records"]], closed)
expect(["ContinuationSequenceNumber" in e for e in events], [True] * (len(events) - 1) + [False])
expect(len(events[-1]["ChildShards"]), 1)
expect(code(lambda: kinesis.subscribe_to_shard(ConsumerARN=reader, ShardId="shardId-000000000002", StartingPosition=start)),
       (400, "ResourceInUseException"))
kinesis.deregister_stream_consumer(ConsumerARN=reader)

# keys that are refused
for pair, want in ((("nobody", "x"), "UnrecognizedClientException"), (("test", "wrong"), "InvalidSignatureException")):
    other = boto3.client("kinesis", config=config, aws_access_key_id=pair[0], aws_secret_access_key=pair[1])
    expect(code(lambda: other.list_streams()), (400, want))

# another account does not see it
elsewhere = boto3.client("kinesis", config=config, aws_access_key_id="111122223333", aws_secret_access_key="test")
expect(elsewhere.list_streams()["StreamNames"], [])

kinesis.delete_stream(StreamName=name)
kinesis.get_waiter("stream_not_exists").wait(StreamName=name)
print("boto3", boto3.__version__, "ok")
PYTHON
