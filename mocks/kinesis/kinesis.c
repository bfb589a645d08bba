/* kinesis.c - the table of the 39 actions of API version 2013-12-02, with their parameters and constraints as AWS's
 * API model states them. A row without a function is known but not implemented (501).
 *
 * StreamName is `required` where the model asks for it or StreamARN: a StreamARN fills it in (wire.c).
 */
#include "mocks/kinesis/kinesis.h"

#include "mocks/kinesis/state.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- values ---- */

#define NAME_PATTERN "[a-zA-Z0-9_.-]+"
#define STREAM_ARN_PATTERN "arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+"
#define RESOURCE_ARN_PATTERN "arn:aws.*:kinesis:.*:\\d{12}:.*stream/\\S+"
#define CONSUMER_ARN_PATTERN \
    "^(arn):aws.*:kinesis:.*:\\d{12}:.*stream\\/[a-zA-Z0-9_.-]+\\/consumer\\/[a-zA-Z0-9_.-]+:[0-9]+"

static const char *const iterator_types[] = { "AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER",
                                              "TRIM_HORIZON", NULL };
static const char *const filter_types[] = { "AFTER_SHARD_ID", "AT_TRIM_HORIZON", "FROM_TRIM_HORIZON", "AT_LATEST",
                                            "AT_TIMESTAMP", "FROM_TIMESTAMP", NULL };
static const char *const stream_modes[] = { "PROVISIONED", "ON_DEMAND", NULL };
static const char *const encryption_types[] = { "NONE", "KMS", NULL };
static const char *const scaling_types[] = { "UNIFORM_SCALING", NULL };
static const char *const commitments[] = { "ENABLED", "DISABLED", NULL };
static const char *const metrics[] = { "IncomingBytes", "IncomingRecords", "OutgoingBytes", "OutgoingRecords",
                                       "WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded",
                                       "IteratorAgeMilliseconds", "ALL", NULL };

/* ---- parameters that many actions have ---- */

#define TEXT(n, req, lo, hi, pat) { .name = n, .type = PARAM_STRING, .required = req, .min = lo, .max = hi, .pattern = pat }
#define ENUM(n, req, list) { .name = n, .type = PARAM_STRING, .required = req, .values = list }
#define NUMBER(n, req, lo, hi) { .name = n, .type = PARAM_INTEGER, .required = req, .min = lo, .max = hi }
#define BOOLEAN(n) { .name = n, .type = PARAM_BOOLEAN }
#define TIME(n) { .name = n, .type = PARAM_TIMESTAMP }
#define LIST(n, req, lo, hi, of) \
    { .name = n, .type = PARAM_LIST, .required = req, .min = lo, .max = hi, .members = of, .n_members = 1 }
#define MAP(n, req, lo, hi, of) \
    { .name = n, .type = PARAM_MAP, .required = req, .min = lo, .max = hi, .members = of, .n_members = 2 }
#define STRUCTURE(n, req, of) \
    { .name = n, .type = PARAM_STRUCTURE, .required = req, .members = of, .n_members = COUNT(of) }

#define STREAM_NAME(req) TEXT("StreamName", req, 1, 128, NAME_PATTERN)
#define STREAM_ARN(req) TEXT("StreamARN", req, 1, 2048, STREAM_ARN_PATTERN)
#define STREAM_ID TEXT("StreamId", false, 1, 24, "[a-z0-9]{20}-[a-z0-9]{3}")
#define STREAM STREAM_NAME(true), STREAM_ARN(false), STREAM_ID
#define RESOURCE TEXT("ResourceARN", true, 1, 2048, RESOURCE_ARN_PATTERN), STREAM_ID
#define SHARD(n, req) TEXT(n, req, 1, 128, NAME_PATTERN)
#define HASH(n, req) TEXT(n, req, 0, 0, "0|([1-9]\\d{0,38})")
#define SEQUENCE(n) TEXT(n, false, 0, 0, "0|([1-9]\\d{0,128})")
#define TOKEN TEXT("NextToken", false, 1, 1048576, NULL)
#define TAGS(req) MAP("Tags", req, 1, 200, tag)
#define TAG_KEYS LIST("TagKeys", true, 1, 50, tag)
#define DATA { .name = "Data", .type = PARAM_BLOB, .required = true, .max = 10485760 }
#define PARTITION_KEY TEXT("PartitionKey", true, 1, 256, NULL)
#define MODE(req) STRUCTURE("StreamModeDetails", req, mode_details)
#define METRICS LIST("ShardLevelMetrics", true, 1, 7, metric)

static const struct param tag[] = { TEXT("key", true, 1, 128, NULL), TEXT("value", true, 0, 256, NULL) };
static const struct param metric[] = { ENUM("MetricsName", true, metrics) };
static const struct param mode_details[] = { ENUM("StreamMode", true, stream_modes) };
static const struct param filter[] = { ENUM("Type", true, filter_types), SHARD("ShardId", false), TIME("Timestamp") };
static const struct param entry_members[] = { DATA, HASH("ExplicitHashKey", false), PARTITION_KEY };
static const struct param entry[] = { STRUCTURE("com.amazonaws.kinesis.v20131202.PutRecordsRequestEntry", true, entry_members) };
static const struct param position[] = { ENUM("Type", true, iterator_types), SEQUENCE("SequenceNumber"), TIME("Timestamp") };
static const struct param commitment[] = { ENUM("Status", true, commitments) };

/* ---- parameters by action ---- */

static const struct param add_tags[] = { TAGS(true), STREAM };
static const struct param create_stream[] = { NUMBER("ShardCount", false, 1, 0), STREAM_NAME(true), MODE(false),
                                              TAGS(false), NUMBER("WarmThroughputMiBps", false, 0, 0),
                                              NUMBER("MaxRecordSizeInKiB", false, 1024, 10240) };
static const struct param retention[] = { NUMBER("RetentionPeriodHours", true, 1, 8760), STREAM };
static const struct param resource[] = { RESOURCE };
static const struct param delete_stream[] = { BOOLEAN("EnforceConsumerDeletion"), STREAM };
static const struct param consumer[] = { STREAM_ARN(false), TEXT("ConsumerName", false, 1, 128, NAME_PATTERN),
                                         TEXT("ConsumerARN", false, 1, 2048, CONSUMER_ARN_PATTERN), STREAM_ID };
static const struct param describe_stream[] = { NUMBER("Limit", false, 1, 10000), SHARD("ExclusiveStartShardId", false),
                                                STREAM };
static const struct param stream[] = { STREAM };
static const struct param monitoring[] = { METRICS, STREAM };
static const struct param get_records[] = { NUMBER("Limit", false, 1, 10000), TEXT("ShardIterator", true, 1, 512, NULL),
                                            STREAM_ARN(false), STREAM_ID };
static const struct param get_iterator[] = { SHARD("ShardId", true), ENUM("ShardIteratorType", true, iterator_types),
                                             SEQUENCE("StartingSequenceNumber"), TIME("Timestamp"), STREAM };
static const struct param list_shards[] = { STREAM_NAME(false), TOKEN, SHARD("ExclusiveStartShardId", false),
                                            NUMBER("MaxResults", false, 1, 10000), TIME("StreamCreationTimestamp"),
                                            STRUCTURE("ShardFilter", false, filter), STREAM_ARN(false), STREAM_ID };
static const struct param list_consumers[] = { STREAM_ARN(true), TOKEN, NUMBER("MaxResults", false, 1, 10000),
                                               TIME("StreamCreationTimestamp"), STREAM_ID };
static const struct param list_streams[] = { NUMBER("Limit", false, 1, 10000),
                                             TEXT("ExclusiveStartStreamName", false, 1, 128, NAME_PATTERN), TOKEN };
static const struct param list_tags[] = { NUMBER("Limit", false, 1, 50), TEXT("ExclusiveStartTagKey", false, 1, 128, NULL),
                                          STREAM };
static const struct param merge_shards[] = { SHARD("ShardToMerge", true), SHARD("AdjacentShardToMerge", true), STREAM };
static const struct param put_record[] = { DATA, HASH("ExplicitHashKey", false), PARTITION_KEY,
                                           SEQUENCE("SequenceNumberForOrdering"), STREAM };
static const struct param put_records[] = { LIST("Records", true, 1, 500, entry), STREAM };
static const struct param put_policy[] = { RESOURCE, TEXT("Policy", true, 0, 0, NULL) };
static const struct param register_consumer[] = { STREAM_ARN(true), TEXT("ConsumerName", true, 1, 128, NAME_PATTERN),
                                                  STREAM_ID, TAGS(false) };
static const struct param remove_tags[] = { TAG_KEYS, STREAM };
static const struct param split_shard[] = { HASH("NewStartingHashKey", true), SHARD("ShardToSplit", true), STREAM };
static const struct param encryption[] = { ENUM("EncryptionType", true, encryption_types),
                                           TEXT("KeyId", true, 1, 2048, NULL), STREAM };
static const struct param subscribe[] = { TEXT("ConsumerARN", true, 1, 2048, CONSUMER_ARN_PATTERN), STREAM_ID,
                                          SHARD("ShardId", true), STRUCTURE("StartingPosition", true, position) };
static const struct param tag_resource[] = { TAGS(true), RESOURCE };
static const struct param untag_resource[] = { TAG_KEYS, RESOURCE };
static const struct param account_settings[] = { STRUCTURE("MinimumThroughputBillingCommitment", true, commitment) };
static const struct param record_size[] = { NUMBER("MaxRecordSizeInKiB", true, 1024, 10240), STREAM_ARN(true), STREAM_ID };
static const struct param shard_count[] = { ENUM("ScalingType", true, scaling_types), NUMBER("TargetShardCount", true, 1, 0),
                                            STREAM };
static const struct param stream_mode[] = { STREAM_ARN(true), MODE(true), NUMBER("WarmThroughputMiBps", false, 0, 0),
                                            STREAM_ID };
static const struct param warm_throughput[] = { NUMBER("WarmThroughputMiBps", true, 0, 0), STREAM };

/* ---- the actions ---- */

#define ROW(n, f, p) { .name = n, .run = f, .params = p, .n_params = COUNT(p), .match = "X-Amz-Target: Kinesis_20131202." n }
#define BARE(n, f) { .name = n, .run = f, .match = "X-Amz-Target: Kinesis_20131202." n }

static const struct action actions[] = {
    ROW("PutRecord", records_put, put_record),
    ROW("PutRecords", records_put_many, put_records),
    ROW("GetRecords", records_get, get_records),
    ROW("GetShardIterator", iterators_get, get_iterator),
    ROW("AddTagsToStream", tags_add, add_tags),
    ROW("CreateStream", streams_create, create_stream),
    ROW("DecreaseStreamRetentionPeriod", settings_retain_shorter, retention),
    ROW("DeleteResourcePolicy", NULL, resource),
    ROW("DeleteStream", streams_delete, delete_stream),
    ROW("DeregisterStreamConsumer", consumers_deregister, consumer),
    BARE("DescribeAccountSettings", NULL),
    BARE("DescribeLimits", settings_limits),
    ROW("DescribeStream", streams_describe_stream, describe_stream),
    ROW("DescribeStreamConsumer", consumers_describe, consumer),
    ROW("DescribeStreamSummary", streams_describe_summary, stream),
    ROW("DisableEnhancedMonitoring", settings_unmonitor, monitoring),
    ROW("EnableEnhancedMonitoring", settings_monitor, monitoring),
    ROW("GetResourcePolicy", NULL, resource),
    ROW("IncreaseStreamRetentionPeriod", settings_retain_longer, retention),
    ROW("ListShards", shards_list, list_shards),
    ROW("ListStreamConsumers", consumers_list, list_consumers),
    ROW("ListStreams", streams_list, list_streams),
    ROW("ListTagsForResource", tags_list_arn, resource),
    ROW("ListTagsForStream", tags_list, list_tags),
    ROW("MergeShards", shards_merge, merge_shards),
    ROW("PutResourcePolicy", NULL, put_policy),
    ROW("RegisterStreamConsumer", consumers_register, register_consumer),
    ROW("RemoveTagsFromStream", tags_remove, remove_tags),
    ROW("SplitShard", shards_split, split_shard),
    ROW("StartStreamEncryption", settings_encrypt, encryption),
    ROW("StopStreamEncryption", settings_decrypt, encryption),
    ROW("SubscribeToShard", subscribe_shard, subscribe),
    ROW("TagResource", tags_add_arn, tag_resource),
    ROW("UntagResource", tags_remove_arn, untag_resource),
    ROW("UpdateAccountSettings", NULL, account_settings),
    ROW("UpdateMaxRecordSize", settings_record_size, record_size),
    ROW("UpdateShardCount", shards_update_count, shard_count),
    ROW("UpdateStreamMode", settings_mode, stream_mode),
    ROW("UpdateStreamWarmThroughput", NULL, warm_throughput),
};

const struct service kinesis_service = {
    .name = "kinesis",
    .title = "Amazon Kinesis Data Streams",
    .actions = actions,
    .n_actions = COUNT(actions),
    .port = 4567,
    .max_body_bytes = 20u << 20, /* 10 MiB of records in base64, with room for escapes */
    .signed_requests = true,
    .throttle = { 400, "ProvisionedThroughputExceededException",
                  "Rate exceeded for the shard: too many records or bytes within a second." },
    .route = wire_route,
    .refuse = wire_refuse,
    .bind = wire_bind,
    .phrase = wire_phrase,
    .finish = wire_finish,
    .open = streams_open,
    .close = streams_close,
    .reset = streams_reset,
    .describe = streams_describe,
    .look = records_look,
    .purge = records_purge,
    .names = records_names,
};
