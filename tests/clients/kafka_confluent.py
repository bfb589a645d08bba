"""confluent-kafka (librdkafka): idempotent producing, consuming in a group, the whole of its AdminClient."""
import json
import os
import sys
import time

try:
    from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition, libversion
    from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic, ResourceType
except ImportError as e:
    print(e)
    sys.exit(77)

N = 3000
servers = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
admin = AdminClient({"bootstrap.servers": servers})


def results(futures):
    return [f.result() for f in futures.values()]


results(admin.create_topics([NewTopic("ck", num_partitions=3, replication_factor=3, config={"retention.ms": "1000"})]))
acknowledged = []
producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True, "compression.type": "zstd"})
for i in range(N):
    producer.produce("ck", key=str(i), value=json.dumps({"i": i}), headers={"a": "b"}, on_delivery=lambda e, m: acknowledged.append((e, m.partition(), m.offset())))
    producer.poll(0)
producer.flush()
assert len(acknowledged) == N and not any(e for e, _, _ in acknowledged) and len(set(acknowledged)) == N

consumer = Consumer({"bootstrap.servers": servers, "group.id": "cg", "auto.offset.reset": "earliest", "enable.auto.commit": False})
consumer.subscribe(["ck"])
values, start = [], time.time()
while len(values) < N and time.time() - start < 60:
    for m in consumer.consume(500, 1):
        assert not m.error(), m.error()
        assert m.headers() == [("a", b"b")]
        values.append(json.loads(m.value())["i"])
assert sorted(values) == list(range(N))
consumer.commit(asynchronous=False)
partitions = [TopicPartition("ck", i) for i in range(3)]
assert sum(p.offset for p in consumer.committed(partitions)) == N
assert consumer.get_watermark_offsets(partitions[0])[0] == 0
group = admin.describe_consumer_groups(["cg"])["cg"].result()
assert group.state.name == "STABLE" and len(group.members) == 1 and len(group.members[0].assignment.topic_partitions) == 3
assert "cg" in [g.group_id for g in admin.list_consumer_groups().result().valid]
offsets = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions("cg")])["cg"].result().topic_partitions
assert sum(p.offset for p in offsets) == N
consumer.close()
admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions("cg", [TopicPartition("ck", 0, 5)])])["cg"].result()

resource = ConfigResource(ResourceType.TOPIC, "ck")
resource.add_incremental_config(ConfigEntry("retention.ms", "5000", incremental_operation=AlterConfigOpType.SET))
results(admin.incremental_alter_configs([resource]))
assert results(admin.describe_configs([ConfigResource(ResourceType.TOPIC, "ck")]))[0]["retention.ms"].value == "5000"
bad = ConfigResource(ResourceType.TOPIC, "ck")
bad.add_incremental_config(ConfigEntry("no.such.setting", "1", incremental_operation=AlterConfigOpType.SET))
try:
    results(admin.incremental_alter_configs([bad]))
    sys.exit("an unknown setting was taken")
except KafkaException:
    pass
results(admin.create_partitions([NewPartitions("ck", 5)]))
assert len(admin.list_topics("ck").topics["ck"].partitions) == 5
assert len(admin.describe_cluster().result().nodes) == 1
assert results(admin.delete_records([TopicPartition("ck", 0, 10)]))[0].low_watermark == 10
results(admin.delete_consumer_groups(["cg"]))
results(admin.delete_topics(["ck"]))
assert "ck" not in admin.list_topics().topics
print("confluent-kafka on librdkafka", libversion()[0], "ok:", N, "records")
