// kafkajs: administration, an idempotent producer, a consumer group, offsets.
let kafkajs;
try {
  kafkajs = require('kafkajs');
} catch (e) {
  console.log('no kafkajs');
  process.exit(77);
}
const assert = require('assert');
const { Kafka, logLevel, CompressionTypes } = kafkajs;
const N = 300;

(async () => {
  const kafka = new Kafka({ clientId: 'js', brokers: [process.env.KAFKA_BOOTSTRAP_SERVERS], logLevel: logLevel.ERROR });
  const admin = kafka.admin();
  await admin.connect();
  assert(await admin.createTopics({ topics: [{ topic: 'js', numPartitions: 3, replicationFactor: 3 }] }));
  assert(!(await admin.createTopics({ topics: [{ topic: 'js', numPartitions: 3, replicationFactor: 3 }] })));
  const producer = kafka.producer({ idempotent: true });
  await producer.connect();
  const messages = Array.from({ length: N }, (_, i) => ({ key: String(i), value: JSON.stringify({ i }), headers: { h: 'x' } }));
  const stored = await producer.send({ topic: 'js', compression: CompressionTypes.GZIP, messages });
  assert.deepStrictEqual(stored.map((p) => p.errorCode), [0, 0, 0]);
  const consumer = kafka.consumer({ groupId: 'jsg' });
  await consumer.connect();
  await consumer.subscribe({ topic: 'js', fromBeginning: true });
  const seen = new Set();
  await new Promise((all) => consumer.run({
    eachMessage: async ({ message }) => {
      assert.strictEqual(message.headers.h.toString(), 'x');
      seen.add(JSON.parse(message.value).i);
      if (seen.size === N) all();
    },
  }));
  assert.strictEqual((await admin.describeGroups(['jsg'])).groups[0].state, 'Stable');
  await consumer.disconnect();
  const committed = (await admin.fetchOffsets({ groupId: 'jsg', topics: ['js'] }))[0].partitions;
  assert.strictEqual(committed.reduce((sum, p) => sum + Number(p.offset), 0), N);
  const configs = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: 'js' }] });
  assert.strictEqual(configs.resources[0].configEntries.find((c) => c.configName === 'cleanup.policy').configValue, 'delete');
  await admin.deleteGroups(['jsg']);
  await admin.deleteTopics({ topics: ['js'] });
  assert(!(await admin.listTopics()).includes('js'));
  await producer.disconnect();
  await admin.disconnect();
  console.log(`kafkajs ok: ${N} records`);
})().catch((e) => { console.error(e); process.exit(1); });
