"""kafka-python: administration, producing with every compression it has, consuming in a group of two, offsets; MSK IAM by
OAUTHBEARER where aws-msk-iam-sasl-signer is installed."""
import importlib
import json
import os
import sys
import threading
import time

try:
    import kafka
    from kafka import KafkaConsumer, KafkaProducer, TopicPartition
    from kafka.admin import KafkaAdminClient, NewTopic
    from kafka.errors import TopicAlreadyExistsError
except ImportError as e:
    print(e)
    sys.exit(77)

servers = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
admin = KafkaAdminClient(bootstrap_servers=servers)
admin.create_topics([NewTopic("kp", 4, 3)])
try:
    admin.create_topics([NewTopic("kp", 4, 3)])
    sys.exit("a topic was created twice")
except TopicAlreadyExistsError:
    pass

sent = set()
for compression in (None, "gzip", "snappy", "lz4", "zstd"):
    try:
        producer = KafkaProducer(bootstrap_servers=servers, acks="all", compression_type=compression)
    except (AssertionError, RuntimeError) as e:  # the library for it is not installed
        print("without", compression, e)
        continue
    futures = []
    for i in range(200):
        value = json.dumps({"i": i, "by": compression, "name": "Zoë"})
        sent.add(value)
        futures.append(producer.send("kp", key=str(i).encode(), value=value.encode(), headers=[("h", b"1")]))
    producer.flush()
    assert all(f.get(10).topic == "kp" for f in futures)
    producer.close()

got = []
consumer = KafkaConsumer("kp", bootstrap_servers=servers, group_id="kpg", auto_offset_reset="earliest", enable_auto_commit=False, heartbeat_interval_ms=500)
start = time.time()
while len(got) < len(sent) and time.time() - start < 60:
    for records in consumer.poll(500).values():
        got += records
assert {r.value.decode() for r in got} == sent and len(got) == len(sent), (len(got), len(sent))
assert got[0].headers == [("h", b"1")]
consumer.commit()

other = KafkaConsumer("kp", bootstrap_servers=servers, group_id="kpg", auto_offset_reset="earliest", enable_auto_commit=False, heartbeat_interval_ms=500)
over = threading.Event()
failed = []


def keep_polling():
    while not over.is_set():
        if consumer.poll(100):
            failed.append("a record was read twice")


thread = threading.Thread(target=keep_polling)
thread.start()
start = time.time()
while time.time() - start < 60:
    assert not other.poll(100), "a record was read twice"
    if len(other.assignment()) == 2 and len(consumer.assignment()) == 2:
        break
over.set()
thread.join()
assert not failed, failed
assert not other.assignment() & consumer.assignment() and len(other.assignment() | consumer.assignment()) == 4
other.close()
consumer.close()

partition = TopicPartition("kp", 0)
reader = KafkaConsumer(bootstrap_servers=servers)
end = reader.end_offsets([partition])[partition]
assert reader.beginning_offsets([partition])[partition] == 0 and end > 0
assert reader.offsets_for_times({partition: 0})[partition].offset == 0
assert reader.partitions_for_topic("kp") == {0, 1, 2, 3}
reader.close()
admin.delete_topics(["kp"])
admin.close()
done = ["plain"]

try:
    from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
except ImportError:
    MSKAuthTokenProvider = None
if MSKAuthTokenProvider:
    for name in ("kafka.net.sasl.oauth", "kafka.sasl.oauth", "kafka.oauth"):  # by the library's version
        try:
            AbstractTokenProvider = importlib.import_module(name).AbstractTokenProvider
            break
        except ImportError:
            pass

    class Token(AbstractTokenProvider):
        def token(self):
            return MSKAuthTokenProvider.generate_auth_token("us-east-1")[0]

    way = dict(bootstrap_servers="b-2.demo.abcdef.c2.kafka.us-east-1.amazonaws.com:9098", security_protocol="SASL_SSL",
               sasl_mechanism="OAUTHBEARER", sasl_oauth_token_provider=Token())
    producer = KafkaProducer(**way)
    assert producer.send("iam", b"by IAM").get(20).offset == 0
    producer.close()
    consumer = KafkaConsumer("iam", auto_offset_reset="earliest", consumer_timeout_ms=20000, **way)
    assert next(consumer).value == b"by IAM"
    consumer.close()
    done.append("IAM")
print("kafka-python", kafka.__version__, "ok:", len(sent), "records,", ", ".join(done))
