/* What Kinesis promises of streams: their life, what is told of them, tags, settings, consumers. */
#include "tests/wire/kinesis.h"

#define ARN(name) "arn:aws:kinesis:us-east-1:000000000000:stream/" name
#define NOT_FOUND "Stream none under account 000000000000 not found."

static void a_stream_is_created_described_and_deleted(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, NULL);
    assert_int_equal(bench_ok(&b, "CreateStream", "{\"StreamName\":\"a\",\"ShardCount\":3}").n, 0);
    assert_str(bench_header(&b, "content-type"), "application/x-amz-json-1.1");
    struct str d = bench_member(bench_ok(&b, "DescribeStream", "{\"StreamName\":\"a\"}"), "StreamDescription"), *shards;
    assert_str(bench_text(&b, d, "StreamName"), "a");
    assert_str(bench_text(&b, d, "StreamARN"), ARN("a"));
    assert_str(bench_text(&b, d, "StreamStatus"), "ACTIVE");
    assert_str(bench_text(&b, d, "EncryptionType"), "NONE");
    assert_str(bench_member(d, "StreamModeDetails"), "{\"StreamMode\":\"PROVISIONED\"}");
    assert_str(bench_member(d, "EnhancedMonitoring"), "[{\"ShardLevelMetrics\":[]}]");
    assert_int_equal(bench_number(d, "RetentionPeriodHours"), 24);
    assert_int_equal(bench_number(d, "StreamCreationTimestamp"), START_MS / 1000);
    assert_str(bench_member(d, "HasMoreShards"), "false");
    assert_false(bench_has(d, "KeyId"));
    assert_int_equal(bench_items(&b, d, "Shards", &shards), 3);
    static const char *const ranges[] = {
        "{\"StartingHashKey\":\"0\",\"EndingHashKey\":\"113427455640312821154458202477256070484\"}",
        "{\"StartingHashKey\":\"113427455640312821154458202477256070485\",\"EndingHashKey\":\"226854911280625642308916404954512140969\"}",
        "{\"StartingHashKey\":\"226854911280625642308916404954512140970\",\"EndingHashKey\":\"340282366920938463463374607431768211455\"}",
    };
    for (size_t i = 0; i < 3; i++) {
        assert_str(bench_member(shards[i], "HashKeyRange"), ranges[i]);
        assert_false(bench_has(shards[i], "ParentShardId"));
        assert_false(bench_has(bench_member(shards[i], "SequenceNumberRange"), "EndingSequenceNumber"));
    }
    d = bench_member(bench_ok(&b, "DescribeStreamSummary", "{\"StreamARN\":\"" ARN("a") "\"}"), "StreamDescriptionSummary");
    assert_int_equal(bench_number(d, "OpenShardCount"), 3);
    assert_int_equal(bench_number(d, "ConsumerCount"), 0);
    assert_int_equal(bench_ok(&b, "DeleteStream", "{\"StreamName\":\"a\"}").n, 0);
    bench_refused(&b, "DescribeStream", "{\"StreamName\":\"a\"}", "ResourceNotFoundException", "Stream a under account 000000000000 not found.");
    bench_close(&b);
}

static struct str status_of(struct bench *b, const char *name)
{
    struct str body = arena_f(&b->arena, "{\"StreamName\":\"%s\"}", name);
    return bench_text(b, bench_member(bench_ok(b, "DescribeStream", body.p), "StreamDescription"), "StreamStatus");
}

static void states_last_as_long_as_the_settings_say(void **state)
{
    (void)state;
    struct bench b;
    struct str *shards;
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.create_ms", "500" }, { "kinesis.delete_ms", "400" }, { "kinesis.update_ms", "300" }, { 0 } });
    bench_ok(&b, "CreateStream", "{\"StreamName\":\"a\",\"ShardCount\":1}");
    assert_str(status_of(&b, "a"), "CREATING");
    assert_int_equal(bench_items(&b, bench_ok(&b, "ListShards", "{\"StreamName\":\"a\"}"), "Shards", &shards), 0);
    bench_refused(&b, "PutRecord", "{\"StreamName\":\"a\",\"Data\":\"\",\"PartitionKey\":\"k\"}", "ResourceNotFoundException",
                  "Stream a under account 000000000000 not found.");
    bench_refused(&b, "SplitShard", "{\"StreamName\":\"a\",\"ShardToSplit\":\"0\",\"NewStartingHashKey\":\"5\"}", "ResourceInUseException",
                  "Stream a under account 000000000000 not ACTIVE, instead in state CREATING");
    bench_refused(&b, "CreateStream", "{\"StreamName\":\"a\",\"ShardCount\":1}", "ResourceInUseException",
                  "Stream a under account 000000000000 already exists.");
    clock_advance_ms(&b.clock, 500);
    assert_str(status_of(&b, "a"), "ACTIVE");
    bench_ok(&b, "SplitShard", "{\"StreamName\":\"a\",\"ShardToSplit\":\"0\",\"NewStartingHashKey\":\"5\"}");
    assert_str(status_of(&b, "a"), "UPDATING");
    assert_int_equal(bench_items(&b, bench_ok(&b, "ListShards", "{\"StreamName\":\"a\"}"), "Shards", &shards), 1);
    bench_ok(&b, "PutRecord", "{\"StreamName\":\"a\",\"Data\":\"\",\"PartitionKey\":\"k\"}");
    clock_advance_ms(&b.clock, 300);
    assert_int_equal(bench_items(&b, bench_ok(&b, "ListShards", "{\"StreamName\":\"a\"}"), "Shards", &shards), 3);
    assert_str(status_of(&b, "a"), "ACTIVE");
    bench_ok(&b, "DeleteStream", "{\"StreamName\":\"a\"}");
    assert_str(status_of(&b, "a"), "DELETING");
    bench_refused(&b, "PutRecord", "{\"StreamName\":\"a\",\"Data\":\"\",\"PartitionKey\":\"k\"}", "ResourceNotFoundException",
                  "Stream a under account 000000000000 not found.");
    clock_advance_ms(&b.clock, 400);
    bench_ok(&b, "CreateStream", "{\"StreamName\":\"a\",\"ShardCount\":2}");
    assert_str(status_of(&b, "a"), "CREATING");
    bench_close(&b);
}

static void a_stream_without_a_count_is_on_demand(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, NULL);
    bench_ok(&b, "CreateStream", "{\"StreamName\":\"a\"}");
    bench_ok(&b, "CreateStream", "{\"StreamName\":\"b\",\"StreamModeDetails\":{\"StreamMode\":\"ON_DEMAND\"},\"Tags\":{\"k\":\"v\"}}");
    struct str d = bench_member(bench_ok(&b, "DescribeStreamSummary", "{\"StreamName\":\"a\"}"), "StreamDescriptionSummary");
    assert_int_equal(bench_number(d, "OpenShardCount"), 4);
    assert_str(bench_member(d, "StreamModeDetails"), "{\"StreamMode\":\"ON_DEMAND\"}");
    assert_str(bench_ok(&b, "ListTagsForStream", "{\"StreamName\":\"b\"}"), "{\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}],\"HasMoreTags\":false}");
    struct str limits = bench_ok(&b, "DescribeLimits", "{}");
    assert_int_equal(bench_number(limits, "OpenShardCount"), 8);
    assert_int_equal(bench_number(limits, "OnDemandStreamCount"), 2);
    bench_ok(&b, "UpdateStreamMode", "{\"StreamARN\":\"" ARN("a") "\",\"StreamModeDetails\":{\"StreamMode\":\"PROVISIONED\"}}");
    assert_int_equal(bench_number(bench_ok(&b, "DescribeLimits", "{}"), "OnDemandStreamCount"), 1);
    bench_close(&b);
}

static void streams_are_listed_by_name_in_pages(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.streams", "c:1, a:2,b" }, { 0 } });
    struct str r = bench_ok(&b, "ListStreams", "{}"), *summaries;
    assert_str(bench_member(r, "StreamNames"), "[\"a\",\"b\",\"c\"]");
    assert_str(bench_member(r, "HasMoreStreams"), "false");
    assert_int_equal(bench_items(&b, r, "StreamSummaries", &summaries), 3);
    assert_str(bench_text(&b, summaries[2], "StreamARN"), ARN("c"));
    r = bench_ok(&b, "ListStreams", "{\"Limit\":2}");
    assert_str(bench_member(r, "StreamNames"), "[\"a\",\"b\"]");
    assert_str(bench_member(r, "HasMoreStreams"), "true");
    struct str next = bench_text(&b, r, "NextToken");
    r = bench_ok(&b, "ListStreams", arena_f(&b.arena, "{\"NextToken\":\"" STR_F "\"}", STR_A(next)).p);
    assert_str(bench_member(r, "StreamNames"), "[\"c\"]");
    r = bench_ok(&b, "ListStreams", "{\"ExclusiveStartStreamName\":\"a\"}");
    assert_str(bench_member(r, "StreamNames"), "[\"b\",\"c\"]");
    bench_refused(&b, "ListStreams", "{\"NextToken\":\"!\"}", "InvalidArgumentException", "NextToken is invalid.");
    cloud_reset(b.cloud);
    bench_ok(&b, "DeleteStream", "{\"StreamName\":\"c\"}");
    cloud_reset(b.cloud); /* what the settings name is there again */
    assert_str(bench_member(bench_ok(&b, "ListStreams", "{}"), "StreamNames"), "[\"a\",\"b\",\"c\"]");
    bench_close(&b);
}

struct refusal {
    const char *action, *body, *code, *message;
};

static void refusals_have_the_words_of_aws(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        { "CreateStream", "{}", "ValidationException", "1 validation error detected: Value null at 'streamName' failed to satisfy constraint: "
                                                       "Member must not be null" },
        { "CreateStream", "{\"StreamName\":\"a b\",\"ShardCount\":0}", "ValidationException",
          "2 validation errors detected: Value '0' at 'shardCount' failed to satisfy constraint: Member must have value greater than or equal "
          "to 1; Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+" },
        { "CreateStream", "{\"StreamName\":\"x\",\"ShardCount\":\"1\"}", "SerializationException",
          "class java.lang.String can not be converted to an Integer" },
        { "CreateStream", "{\"StreamName\":\"x\",\"ShardCount\":1000}", "LimitExceededException",
          "This request would exceed the shard limit for the account 000000000000 in us-east-1. Current shard count for the account: 2. "
          "Limit: 500. Number of additional shards that would have resulted from this request: 1000. Refer to the AWS Service Limits page "
          "(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to request higher limits." },
        { "CreateStream", "{\"StreamName\":\"x\",\"StreamModeDetails\":{\"StreamMode\":\"FREE\"}}", "ValidationException",
          "1 validation error detected: Value 'FREE' at 'streamModeDetails.streamMode' failed to satisfy constraint: Member must satisfy enum "
          "value set: [PROVISIONED, ON_DEMAND]" },
        { "DeleteStream", "{\"StreamName\":\"none\"}", "ResourceNotFoundException", NOT_FOUND },
        { "DeleteStream", "{}", "ValidationException", "1 validation error detected: Value null at 'streamName' failed to satisfy constraint: "
                                                       "Member must not be null" },
        { "DescribeStream", "{\"StreamName\":\"none\"}", "ResourceNotFoundException", NOT_FOUND },
        { "DescribeStream", "{\"StreamARN\":\"" ARN("none") "\"}", "ResourceNotFoundException", NOT_FOUND },
        { "DescribeStream", "{\"StreamName\":\"a\",\"Limit\":10001}", "ValidationException",
          "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000" },
        { "DescribeStream", "{\"StreamName\":\"a\",\"StreamARN\":\"" ARN("b") "\"}", "InvalidArgumentException", "StreamName a and StreamARN *" },
        { "DescribeStreamSummary", "{\"StreamName\":\"none\"}", "ResourceNotFoundException", NOT_FOUND },
        { "ListStreams", "{\"Limit\":0}", "ValidationException", "1 validation error detected: Value '0' at 'limit' failed to satisfy "
                                                                 "constraint: Member must have value greater than or equal to 1" },
        { "ListShards", "{}", "InvalidArgumentException", "Either NextToken or StreamName should be provided." },
        { "ListShards", "{\"StreamName\":\"a\",\"NextToken\":\"x\"}", "InvalidArgumentException",
          "NextToken and StreamName cannot be provided together." },
        { "ListShards", "{\"NextToken\":\"AAAA\"}", "InvalidArgumentException", "NextToken is invalid." },
        { "ListShards", "{\"StreamName\":\"none\"}", "ResourceNotFoundException", NOT_FOUND },
        { "IncreaseStreamRetentionPeriod", "{\"StreamName\":\"a\",\"RetentionPeriodHours\":23}", "InvalidArgumentException",
          "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short." },
        { "DecreaseStreamRetentionPeriod", "{\"StreamName\":\"a\",\"RetentionPeriodHours\":25}", "InvalidArgumentException",
          "Requested retention period (25 hours) for stream a can not be longer than existing retention period (24 hours). Use "
          "IncreaseRetentionPeriod API." },
        { "IncreaseStreamRetentionPeriod", "{\"StreamName\":\"a\",\"RetentionPeriodHours\":8761}", "ValidationException", "1 validation error*" },
        { "AddTagsToStream", "{\"StreamName\":\"a\",\"Tags\":{}}", "ValidationException", "1 validation error detected: Value '{}' at 'tags'*" },
        { "AddTagsToStream", "{\"StreamName\":\"a\",\"Tags\":{\"a;b\":\"c\"}}", "InvalidArgumentException",
          "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @." },
        { "AddTagsToStream", "{\"StreamName\":\"a\",\"Tags\":{\"a%\":\"c\"}}", "InvalidArgumentException",
          "Failed to add tags to stream a under account 000000000000 because some tags contained illegal characters. The allowed characters "
          "are Unicode letters, white-spaces, '_',',','/','=','+','-','@'." },
        { "RemoveTagsFromStream", "{\"StreamName\":\"none\",\"TagKeys\":[\"a\"]}", "ResourceNotFoundException", NOT_FOUND },
        { "ListTagsForStream", "{\"StreamName\":\"none\"}", "ResourceNotFoundException", NOT_FOUND },
        { "TagResource", "{\"ResourceARN\":\"" ARN("none") "\",\"Tags\":{\"a\":\"b\"}}", "ResourceNotFoundException", NOT_FOUND },
        { "RegisterStreamConsumer", "{\"StreamARN\":\"" ARN("none") "\",\"ConsumerName\":\"c\"}", "ResourceNotFoundException", NOT_FOUND },
        { "DescribeStreamConsumer", "{\"StreamARN\":\"" ARN("a") "\",\"ConsumerName\":\"c\"}", "ResourceNotFoundException",
          "Consumer c under stream a not found for account 000000000000." },
        { "DescribeStreamConsumer", "{}", "InvalidArgumentException", "Either ConsumerARN*" },
        { "EnableEnhancedMonitoring", "{\"StreamName\":\"a\",\"ShardLevelMetrics\":[\"X\"]}", "ValidationException", "1 validation error detected: "
          "Value '[X]' at 'shardLevelMetrics' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set*" },
        { "UpdateShardCount", "{\"StreamName\":\"a\",\"TargetShardCount\":5,\"ScalingType\":\"UNIFORM_SCALING\"}", "LimitExceededException",
          "UpdateShardCount cannot scale*" },
        { "UpdateShardCount", "{\"StreamName\":\"a\",\"TargetShardCount\":3,\"ScalingType\":\"SOME\"}", "ValidationException", "1 validation error*" },
    };
    struct bench b;
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.streams", "a:2" }, { 0 } });
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        bench_refused(&b, cases[i].action, cases[i].body, cases[i].code, cases[i].message);
    bench_close(&b);
}

static void a_wrong_setting_is_refused_at_the_start(void **state)
{
    (void)state;
    static const char *const cases[] = { "a:0", "a:x", "a b:1", ":1", "a:501" };
    const struct service *services[] = { &kinesis_service, NULL };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = { 0 };
        struct cloud_options o = { .services = services, .no_listen = true,
                                   .settings = (struct cloud_setting[]){ { "kinesis.streams", cases[i] }, { 0 } } };
        assert_null(cloud_open(&o, &e));
        assert_non_null(strstr(e.message, "kinesis.streams"));
    }
}

static void tags_are_added_listed_and_removed(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.streams", "a:1" }, { 0 } });
    bench_ok(&b, "AddTagsToStream", "{\"StreamName\":\"a\",\"Tags\":{\"b\":\"1\",\"a\":\"\",\"\\u00fc\":\"2\"}}");
    bench_ok(&b, "TagResource", "{\"ResourceARN\":\"" ARN("a") "\",\"Tags\":{\"b\":\"3\"}}");
    assert_str(bench_ok(&b, "ListTagsForStream", "{\"StreamName\":\"a\",\"Limit\":2}"),
               "{\"Tags\":[{\"Key\":\"a\",\"Value\":\"\"},{\"Key\":\"b\",\"Value\":\"3\"}],\"HasMoreTags\":true}");
    assert_str(bench_ok(&b, "ListTagsForStream", "{\"StreamName\":\"a\",\"ExclusiveStartTagKey\":\"b\"}"),
               "{\"Tags\":[{\"Key\":\"\xc3\xbc\",\"Value\":\"2\"}],\"HasMoreTags\":false}");
    bench_ok(&b, "RemoveTagsFromStream", "{\"StreamName\":\"a\",\"TagKeys\":[\"\\u00fc\",\"none\"]}");
    bench_ok(&b, "UntagResource", "{\"ResourceARN\":\"" ARN("a") "\",\"TagKeys\":[\"a\"]}");
    assert_str(bench_ok(&b, "ListTagsForResource", "{\"ResourceARN\":\"" ARN("a") "\"}"), "{\"Tags\":[{\"Key\":\"b\",\"Value\":\"3\"}]}");
    struct buf many = BUF_INIT;
    for (int i = 0; i < 50; i++)
        buf_f(&many, "%s\"k%d\":\"\"", i ? "," : "{\"StreamName\":\"a\",\"Tags\":{", i);
    buf_z(&many, "}}");
    bench_refused(&b, "AddTagsToStream", buf_cstr(&many), "InvalidArgumentException",
                  "Failed to add tags to stream a under account 000000000000 because a given stream cannot have more than 50 tags associated "
                  "with it.");
    buf_release(&many);
    bench_close(&b);
}

static void settings_are_changed_and_told(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.streams", "a:1" }, { 0 } });
    bench_ok(&b, "IncreaseStreamRetentionPeriod", "{\"StreamName\":\"a\",\"RetentionPeriodHours\":8760}");
    bench_ok(&b, "DecreaseStreamRetentionPeriod", "{\"StreamName\":\"a\",\"RetentionPeriodHours\":48}");
    bench_ok(&b, "StartStreamEncryption", "{\"StreamName\":\"a\",\"EncryptionType\":\"KMS\",\"KeyId\":\"alias/aws/kinesis\"}");
    struct str r = bench_ok(&b, "EnableEnhancedMonitoring", "{\"StreamName\":\"a\",\"ShardLevelMetrics\":[\"IncomingBytes\",\"OutgoingBytes\"]}");
    assert_str(bench_member(r, "CurrentShardLevelMetrics"), "[]");
    assert_str(bench_member(r, "DesiredShardLevelMetrics"), "[\"IncomingBytes\",\"OutgoingBytes\"]");
    bench_ok(&b, "DisableEnhancedMonitoring", "{\"StreamName\":\"a\",\"ShardLevelMetrics\":[\"IncomingBytes\"]}");
    struct str d = bench_member(bench_ok(&b, "DescribeStreamSummary", "{\"StreamName\":\"a\"}"), "StreamDescriptionSummary");
    assert_int_equal(bench_number(d, "RetentionPeriodHours"), 48);
    assert_str(bench_text(&b, d, "EncryptionType"), "KMS");
    assert_str(bench_text(&b, d, "KeyId"), "alias/aws/kinesis");
    assert_str(bench_member(d, "EnhancedMonitoring"), "[{\"ShardLevelMetrics\":[\"OutgoingBytes\"]}]");
    r = bench_ok(&b, "PutRecord", "{\"StreamName\":\"a\",\"Data\":\"\",\"PartitionKey\":\"k\"}");
    assert_str(bench_text(&b, r, "EncryptionType"), "KMS");
    bench_ok(&b, "StopStreamEncryption", "{\"StreamName\":\"a\",\"EncryptionType\":\"KMS\",\"KeyId\":\"alias/aws/kinesis\"}");
    r = bench_ok(&b, "PutRecord", "{\"StreamName\":\"a\",\"Data\":\"\",\"PartitionKey\":\"k\"}");
    assert_false(bench_has(r, "EncryptionType"));
    bench_close(&b);
}

static void consumers_are_registered_listed_and_removed(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.streams", "a:1" }, { 0 } });
    struct str r = bench_ok(&b, "RegisterStreamConsumer", "{\"StreamARN\":\"" ARN("a") "\",\"ConsumerName\":\"z\"}"), *list;
    struct str arn = bench_text(&b, bench_member(r, "Consumer"), "ConsumerARN");
    assert_str(arn, ARN("a") "/consumer/z:1736071467");
    bench_ok(&b, "RegisterStreamConsumer", "{\"StreamARN\":\"" ARN("a") "\",\"ConsumerName\":\"y\"}");
    bench_refused(&b, "RegisterStreamConsumer", "{\"StreamARN\":\"" ARN("a") "\",\"ConsumerName\":\"y\"}", "ResourceInUseException",
                  "Consumer y under stream a already exists for account 000000000000.");
    r = bench_ok(&b, "ListStreamConsumers", "{\"StreamARN\":\"" ARN("a") "\",\"MaxResults\":1}");
    assert_int_equal(bench_items(&b, r, "Consumers", &list), 1);
    assert_str(bench_text(&b, list[0], "ConsumerName"), "y");
    struct str next = bench_text(&b, r, "NextToken");
    r = bench_ok(&b, "ListStreamConsumers", arena_f(&b.arena, "{\"StreamARN\":\"" ARN("a") "\",\"NextToken\":\"" STR_F "\"}", STR_A(next)).p);
    assert_int_equal(bench_items(&b, r, "Consumers", &list), 1);
    assert_str(bench_text(&b, list[0], "ConsumerName"), "z");
    struct str by_arn = arena_f(&b.arena, "{\"ConsumerARN\":\"" STR_F "\"}", STR_A(arn));
    r = bench_member(bench_ok(&b, "DescribeStreamConsumer", by_arn.p), "ConsumerDescription");
    assert_str(bench_text(&b, r, "StreamARN"), ARN("a"));
    assert_str(bench_text(&b, r, "ConsumerStatus"), "ACTIVE");
    bench_ok(&b, "DeregisterStreamConsumer", by_arn.p);
    bench_refused(&b, "DescribeStreamConsumer", by_arn.p, "ResourceNotFoundException", "Consumer z*");
    bench_refused(&b, "DeleteStream", "{\"StreamName\":\"a\"}", "ResourceInUseException", "Stream a*");
    bench_ok(&b, "DeleteStream", "{\"StreamName\":\"a\",\"EnforceConsumerDeletion\":true}");
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_created_described_and_deleted),
        cmocka_unit_test(states_last_as_long_as_the_settings_say),
        cmocka_unit_test(a_stream_without_a_count_is_on_demand),
        cmocka_unit_test(streams_are_listed_by_name_in_pages),
        cmocka_unit_test(refusals_have_the_words_of_aws),
        cmocka_unit_test(a_wrong_setting_is_refused_at_the_start),
        cmocka_unit_test(tags_are_added_listed_and_removed),
        cmocka_unit_test(settings_are_changed_and_told),
        cmocka_unit_test(consumers_are_registered_listed_and_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
