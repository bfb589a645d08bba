/* kinesis.h - the mock of Amazon Kinesis Data Streams.
 *
 * Stands for kinesis.<region>.amazonaws.com, API version 2013-12-02, over JSON 1.1 and CBOR 1.1. An action is named
 * by X-Amz-Target: Kinesis_20131202.<Action>, or by ?Action=<Action> as API Gateway's integrations do. Behaviour
 * follows the API reference (docs.aws.amazon.com/kinesis/latest/APIReference), limits and sentences as AWS answers.
 *
 * What it promises
 *   - A record goes to the open shard whose hash key range holds the MD5 of its partition key, or its explicit hash
 *     key. Within a shard sequence numbers rise with every record, in AWS's own layout (seqno.h).
 *   - A record acknowledged is read by every iterator that begins at or before it, until retention drops it.
 *   - LATEST means the moment of GetShardIterator. Iterators expire after five minutes of the cloud's clock.
 *   - A consumer that subscribed is told every record once, in order, and going on after the continuation it was told last
 *     loses and repeats none.
 *   - Streams of different accounts and regions do not see each other; account and region are the signature's.
 *   - Parameters are refused with AWS's sentences, all of them at once (mocks/cloud/param.h).
 *
 *   kinesis.c     the table of the 39 actions and their parameters
 *   wire.c        naming an action, order of refusals, how errors look, request ids
 *   streams.c     a stream's life          shards.c     hash ranges, split and merge
 *   streams_list.c, shards_list.c           tell of them
 *   records.c     put                      records_get.c  get, and events for subscribers
 *   iterators.c   where a reader stands    subscribe.c  records pushed to consumers, as an event stream (eventstream.c)
 *   settings.c    retention, encryption, monitoring, account limits
 *   tags.c        tags by stream and by ARN      consumers.c  registered consumers
 *   seqno.c       sequence numbers         cbor.c       requests in CBOR; reply.c answers in either
 *
 * Settings of the cloud (struct cloud_setting), all optional
 *   kinesis.streams         "a:1,b:4": streams that exist from the start (default account and region)
 *   kinesis.auto_create     on: a record for a stream that does not exist creates it
 *   kinesis.default_shards  shards of such a stream, and of CreateStream without ShardCount; 4
 *   kinesis.shard_limit     open shards per account and region; 500
 *   kinesis.create_ms       time a stream stays CREATING; 0
 *   kinesis.delete_ms       time it stays DELETING; 0
 *   kinesis.update_ms       time it stays UPDATING; 0
 *   kinesis.enforce_limits  on: 1,000 records/s and 1 MiB/s per shard, else ProvisionedThroughputExceededException
 *
 * Faults: throttle answers ProvisionedThroughputExceededException; partial n refuses the entries 0, n, 2n, … of a
 * PutRecords and stores the others.
 */
#ifndef MOCKS_KINESIS_KINESIS_H
#define MOCKS_KINESIS_KINESIS_H

#include "mocks/cloud/service.h"

extern const struct service kinesis_service;

#endif
