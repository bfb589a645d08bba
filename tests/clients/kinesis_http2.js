// The JavaScript SDK's default Kinesis client, which speaks HTTP/2 (prior knowledge over http://), against AWS_ENDPOINT_URL and,
// with NODE_EXTRA_CA_CERTS, over TLS: records, many calls on one connection, faults, subscriptions.
process.env.NODE_NO_WARNINGS = '1';
let sdk;
try {
  sdk = require('@aws-sdk/client-kinesis');
} catch (e) {
  console.log('no @aws-sdk/client-kinesis');
  process.exit(77);
}
const assert = require('assert');
const http = require('http');
const edge = process.env.AWS_ENDPOINT_URL;
const SHARD = 'shardId-000000000000';

function setFaults(rules) {
  return new Promise((done, failed) => http.request(edge + '/_weirbox/faults', { method: 'POST' }, (r) => r.resume().on('end', done))
    .on('error', failed).end(JSON.stringify(rules)));
}

async function fails(promise) {
  try {
    await promise;
  } catch (e) {
    return e;
  }
  throw new Error('it succeeded');
}

async function everything(endpoint) {
  const client = new sdk.KinesisClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, maxAttempts: 1 });
  const call = (name, input) => client.send(new sdk[name + 'Command'](input));
  const StreamName = 'http2-' + Date.now();
  assert.strictEqual(client.config.requestHandler.constructor.name, 'NodeHttp2Handler');
  await call('CreateStream', { StreamName, ShardCount: 1 });
  const put = (key, bytes) => call('PutRecord', { StreamName, PartitionKey: key, Data: Buffer.alloc(bytes, key) });
  await Promise.all(Array.from({ length: 600 }, (_, i) => put('k' + i, 100)));
  await call('PutRecords', { StreamName, Records: Array.from({ length: 4 }, (_, i) => ({ PartitionKey: 'big' + i, Data: Buffer.alloc(900000, 'b') })) });
  let it = (await call('GetShardIterator', { StreamName, ShardId: SHARD, ShardIteratorType: 'TRIM_HORIZON' })).ShardIterator;
  const got = (await call('GetRecords', { ShardIterator: it })).Records;
  assert.strictEqual(got.length, 604);
  assert.strictEqual(got.reduce((sum, r) => sum + r.Data.length, 0), 600 * 100 + 4 * 900000);

  assert.strictEqual((await fails(call('DescribeStream', { StreamName: 'nobody' }))).name, 'ResourceNotFoundException');
  await setFaults([
    { service: 'kinesis', action: 'PutRecord', reset: 'before', times: 1 }, { service: 'kinesis', action: 'PutRecord', reset: 'after', times: 1 },
    { service: 'kinesis', action: 'PutRecord', throttle: true, times: 1 },
  ]);
  it = (await call('GetShardIterator', { StreamName, ShardId: SHARD, ShardIteratorType: 'LATEST' })).ShardIterator;
  for (const key of ['lost', 'stored'])
    assert.match((await fails(put(key, 1))).message, /INTERNAL_ERROR|stream|destroyed|closed/i);
  assert.strictEqual((await fails(put('throttled', 1))).name, 'ProvisionedThroughputExceededException');
  await setFaults([]);
  assert.deepStrictEqual((await call('GetRecords', { ShardIterator: it })).Records.map((r) => r.PartitionKey), ['stored']);

  const StreamARN = (await call('DescribeStreamSummary', { StreamName })).StreamDescriptionSummary.StreamARN;
  const { ConsumerARN } = (await call('RegisterStreamConsumer', { StreamARN, ConsumerName: 'app' })).Consumer;
  const subscription = await call('SubscribeToShard', { ConsumerARN, ShardId: SHARD, StartingPosition: { Type: 'LATEST' } });
  const again = await fails(call('SubscribeToShard', { ConsumerARN, ShardId: SHARD, StartingPosition: { Type: 'LATEST' } }));
  assert.strictEqual(again.name, 'ResourceInUseException');
  await put('pushed', 3);
  const keys = [];
  let children;
  for await (const { SubscribeToShardEvent: e } of subscription.EventStream) {
    keys.push(...e.Records.map((r) => r.PartitionKey));
    children = e.ChildShards;
    assert.strictEqual(!e.ContinuationSequenceNumber, !!children);
    if (keys.length === 1 && !children)
      await call('SplitShard', { StreamName, ShardToSplit: SHARD, NewStartingHashKey: '1000' });
  }
  assert.deepStrictEqual(keys, ['pushed']);
  assert.strictEqual(children.length, 2);
  client.destroy();
}

(async () => {
  await everything(edge);
  if (process.env.NODE_EXTRA_CA_CERTS)
    await everything(edge.replace('http:', 'https:'));
  console.log('@aws-sdk/client-kinesis', require('@aws-sdk/client-kinesis/package.json').version, 'ok');
})().catch((e) => { console.error(e); process.exit(1); });
