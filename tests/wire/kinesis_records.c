/* What Kinesis promises of records: routing, order, iterators, limits, faults. */
#include "base/codec.h"
#include "mocks/cloud/fault.h"
#include "mocks/kinesis/seqno.h"
#include "tests/wire/kinesis.h"

static const struct cloud_setting four[] = { { "kinesis.streams", "one:1,four:4" }, { 0 } };

static void records_go_where_the_md5_of_their_key_says(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, four);
    for (int i = 0; i < 64; i++) {
        struct str key = arena_f(&b.arena, "key-%d", i);
        uint8_t md5[MD5_BYTES];
        codec_md5(key, md5);
        struct str body = arena_f(&b.arena, "{\"StreamName\":\"four\",\"Data\":\"\",\"PartitionKey\":\"%s\"}", key.p);
        struct str reply = bench_ok(&b, "PutRecord", body.p), id = bench_text(&b, reply, "ShardId");
        struct seqno s;
        assert_int_equal(id.p[id.n - 1] - '0', md5[0] >> 6);
        assert_int_equal(bench_text(&b, reply, "SequenceNumber").n, SEQNO_DIGITS);
        assert_true(seqno_parse(bench_text(&b, reply, "SequenceNumber"), &s));
        assert_int_equal(s.shard, md5[0] >> 6);
        assert_int_equal(s.time_s, START_MS / 1000);
        assert_false(bench_has(reply, "EncryptionType"));
    }
    bench_close(&b);
}

static void an_explicit_hash_key_overrides_the_partition_key(void **state)
{
    (void)state;
    static const struct { const char *hash, *shard; } cases[] = {
        { "0", "shardId-000000000000" },
        { "85070591730234615865843651857942052863", "shardId-000000000000" },
        { "85070591730234615865843651857942052864", "shardId-000000000001" },
        { "170141183460469231731687303715884105728", "shardId-000000000002" },
        { "340282366920938463463374607431768211455", "shardId-000000000003" },
    };
    struct bench b;
    bench_open(&b, four);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str body = arena_f(&b.arena, "{\"StreamName\":\"four\",\"Data\":\"\",\"PartitionKey\":\"a\",\"ExplicitHashKey\":\"%s\"}",
                                  cases[i].hash);
        assert_str(bench_text(&b, bench_ok(&b, "PutRecord", body.p), "ShardId"), cases[i].shard);
    }
    bench_refused(&b, "PutRecord", "{\"StreamName\":\"four\",\"Data\":\"\",\"PartitionKey\":\"a\",\"ExplicitHashKey\":"
                  "\"340282366920938463463374607431768211456\"}", "InvalidArgumentException",
                  "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was "
                  "340282366920938463463374607431768211456");
    bench_close(&b);
}

static void what_was_put_is_got_in_order(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, four);
    struct buf body = BUF_INIT;
    buf_z(&body, "{\"StreamName\":\"one\",\"Records\":[");
    for (int i = 0; i < 500; i++)
        buf_f(&body, "%s{\"Data\":\"AAECAw==\",\"PartitionKey\":\"k\\u00fc%d\"}", i ? "," : "", i);
    buf_z(&body, "]}");
    struct str reply = bench_as(&b, b.client, "PutRecords", buf_str(&body)), *put, *got;
    buf_release(&body);
    assert_int_equal(b.status, 200);
    assert_int_equal(bench_number(reply, "FailedRecordCount"), 0);
    assert_int_equal(bench_items(&b, reply, "Records", &put), 500);
    struct str iterator = bench_iterator(&b, "one", 0, HORIZON);
    for (size_t i = 0; i < 500;) {
        reply = bench_get(&b, iterator, 7);
        size_t n = bench_items(&b, reply, "Records", &got);
        assert_in_range(n, 1, 7);
        for (size_t j = 0; j < n; j++, i++) {
            assert_true(str_eq(bench_text(&b, got[j], "SequenceNumber"), bench_text(&b, put[i], "SequenceNumber")));
            assert_str(bench_text(&b, got[j], "PartitionKey"), arena_f(&b.arena, "k\xc3\xbc%zu", i).p);
            assert_str(bench_text(&b, got[j], "Data"), "AAECAw==");
            assert_str(bench_member(got[j], "ApproximateArrivalTimestamp"), "1736071467");
        }
        iterator = bench_text(&b, reply, "NextShardIterator");
    }
    reply = bench_get(&b, iterator, 0);
    assert_str(bench_member(reply, "Records"), "[]");
    assert_int_equal(bench_number(reply, "MillisBehindLatest"), 0);
    assert_false(bench_has(reply, "ChildShards"));
    bench_close(&b);
}

static struct str put_one(struct bench *b, const char *stream, const char *key)
{
    struct str body = arena_f(&b->arena, "{\"StreamName\":\"%s\",\"Data\":\"\",\"PartitionKey\":\"%s\"}", stream, key);
    return bench_text(b, bench_ok(b, "PutRecord", body.p), "SequenceNumber");
}

/* The partition keys read from there on, joined. */
static struct str keys_from(struct bench *b, const char *position)
{
    struct str *records, reply = bench_get(b, bench_iterator(b, "one", 0, position), 0), all = S("");
    size_t n = bench_items(b, reply, "Records", &records);
    for (size_t i = 0; i < n; i++)
        all = arena_f(&b->arena, STR_F STR_F, STR_A(all), STR_A(bench_text(b, records[i], "PartitionKey")));
    return all;
}

static void all_five_kinds_of_iterator_begin_where_they_say(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, four);
    struct str latest_of_nothing = bench_iterator(&b, "one", 0, LATEST);
    put_one(&b, "one", "a");
    clock_advance_ms(&b.clock, 1500);
    struct str middle = put_one(&b, "one", "b");
    struct str latest = bench_iterator(&b, "one", 0, LATEST);
    clock_advance_ms(&b.clock, 1500);
    put_one(&b, "one", "c");
    assert_str(keys_from(&b, HORIZON), "abc");
    assert_str(keys_from(&b, LATEST), "");
    struct { const char *more, *keys; } cases[] = {
        { "\"ShardIteratorType\":\"AT_SEQUENCE_NUMBER\",\"StartingSequenceNumber\":\"%s\"", "bc" },
        { "\"ShardIteratorType\":\"AFTER_SEQUENCE_NUMBER\",\"StartingSequenceNumber\":\"%s\"", "c" },
    };
    for (size_t i = 0; i < 2; i++)
        assert_str(keys_from(&b, arena_f(&b.arena, cases[i].more, arena_z(&b.arena, middle)).p), cases[i].keys);
    static const struct { const char *time, *keys; } times[] = {
        { "0", "abc" }, { "1736071467", "abc" }, { "1736071467.001", "bc" }, { "1736071468.5", "bc" }, { "1736071468.501", "c" },
        { "1736071470", "c" },
    };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        assert_str(keys_from(&b, arena_f(&b.arena, "\"ShardIteratorType\":\"AT_TIMESTAMP\",\"Timestamp\":%s", times[i].time).p),
                   times[i].keys);
    struct str *records; /* LATEST was resolved when it was asked for */
    assert_int_equal(bench_items(&b, bench_get(&b, latest, 0), "Records", &records), 1);
    assert_int_equal(bench_items(&b, bench_get(&b, latest_of_nothing, 0), "Records", &records), 3);
    struct str quoted = arena_f(&b.arena, "\\\"" STR_F "\\\"", STR_A(latest));
    assert_int_equal(bench_items(&b, bench_get(&b, quoted, 0), "Records", &records), 1);
    bench_close(&b);
}

static void millis_behind_latest_is_the_distance_to_the_tip(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, four);
    for (int i = 0; i < 3; i++) {
        put_one(&b, "one", "k");
        clock_advance_ms(&b.clock, 1250);
    }
    struct str reply = bench_get(&b, bench_iterator(&b, "one", 0, HORIZON), 1);
    assert_int_equal(bench_number(reply, "MillisBehindLatest"), 2500);
    reply = bench_get(&b, bench_text(&b, reply, "NextShardIterator"), 1);
    assert_int_equal(bench_number(reply, "MillisBehindLatest"), 1250);
    reply = bench_get(&b, bench_text(&b, reply, "NextShardIterator"), 1);
    assert_int_equal(bench_number(reply, "MillisBehindLatest"), 0);
    bench_close(&b);
}

static void an_iterator_expires_after_five_minutes_of_the_clock(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, four);
    struct str iterator = bench_iterator(&b, "one", 0, LATEST);
    clock_advance_ms(&b.clock, 300000);
    bench_get(&b, iterator, 0);
    clock_advance_ms(&b.clock, 1);
    bench_refused(&b, "GetRecords", arena_f(&b.arena, "{\"ShardIterator\":\"" STR_F "\"}", STR_A(iterator)).p,
                  "ExpiredIteratorException",
                  "Iterator expired. The iterator was created at time Sun Jan 05 10:04:27 UTC 2025 while right now it is Sun Jan "
                  "05 10:09:27 UTC 2025 which is further in the future than the tolerated delay of 300000 milliseconds.");
    bench_close(&b);
}

static void retention_drops_old_records(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, four);
    put_one(&b, "one", "a");
    clock_advance_ms(&b.clock, 23 * 3600000);
    put_one(&b, "one", "b");
    assert_str(keys_from(&b, HORIZON), "ab");
    clock_advance_ms(&b.clock, 3600001);
    assert_str(keys_from(&b, HORIZON), "b");
    bench_close(&b);
}

struct refusal {
    const char *action, *body, *code, *message;
};

static void refusals_have_the_words_of_aws(void **state)
{
    (void)state;
#define ONE_NULL(where) "1 validation error detected: Value null at '" where "' failed to satisfy constraint: Member must not be null"
    static const struct refusal cases[] = {
        { "PutRecord", "{}", "ValidationException",
          "3 validation errors detected: Value null at 'data' failed to satisfy constraint: Member must not be null; Value null at "
          "'partitionKey' failed to satisfy constraint: Member must not be null; Value null at 'streamName' failed to satisfy "
          "constraint: Member must not be null" },
        { "PutRecord", "{\"StreamName\":\"one\",\"Data\":\"\",\"PartitionKey\":\"\"}", "ValidationException",
          "1 validation error detected: Value '' at 'partitionKey' failed to satisfy constraint: Member must have length greater "
          "than or equal to 1" },
        { "PutRecord", "{\"StreamName\":\"one\",\"Data\":\"x\",\"PartitionKey\":\"a\"}", "SerializationException",
          "'x' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: 1" },
        { "PutRecord", "{\"StreamName\":7}", "SerializationException",
          "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String" },
        { "PutRecord", "{\"StreamName\":\"none\",\"Data\":\"\",\"PartitionKey\":\"a\"}", "ResourceNotFoundException",
          "Stream none under account 000000000000 not found." },
        { "PutRecord", "{\"StreamARN\":\"arn:aws:kinesis:us-east-1:000000000000:stream/none\",\"Data\":\"\",\"PartitionKey\":\"a\"}",
          "ResourceNotFoundException", "Stream none under account 000000000000 not found." },
        { "PutRecord", "{\"StreamARN\":\"nonsense\",\"Data\":\"\",\"PartitionKey\":\"a\"}", "ValidationException",
          "1 validation error detected: Value 'nonsense' at 'streamARN' failed to satisfy constraint: Member must satisfy regular "
          "expression pattern: arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+" },
        { "PutRecord", "{\"StreamName\":\"one\",\"Data\":\"\",\"PartitionKey\":\"a\",\"SequenceNumberForOrdering\":"
          "\"1000000000000000000000000000000000000000000\"}", "InvalidArgumentException", "ExclusiveMinimumSequenceNumber "
          "1000000000000000000000000000000000000000000 used in PutRecord on stream one under account 000000000000 is invalid." },
        { "PutRecords", "{\"StreamName\":\"one\",\"Records\":[]}", "ValidationException",
          "1 validation error detected: Value '[]' at 'records' failed to satisfy constraint: Member must have length greater than "
          "or equal to 1" },
        { "PutRecords", "{\"StreamName\":\"one\",\"Records\":[{\"Data\":\"\"}]}", "ValidationException",
          ONE_NULL("records.1.member.partitionKey") },
        { "PutRecords", "{\"StreamName\":\"none\",\"Records\":[{\"Data\":\"\",\"PartitionKey\":\"a\"}]}", "ResourceNotFoundException",
          "Stream none under account 000000000000 not found." },
        { "PutRecords", "{\"StreamName\":\"one\",\"Records\":[{\"Data\":\"\",\"PartitionKey\":\"a\"},{\"Data\":\"\",\"PartitionKey\":\"a\","
          "\"ExplicitHashKey\":\"340282366920938463463374607431768211456\"}]}", "InvalidArgumentException",
          "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was "
          "340282366920938463463374607431768211456" },
        { "GetShardIterator", "{\"StreamName\":\"one\",\"ShardId\":\"shardId-0\",\"ShardIteratorType\":\"NOW\"}", "ValidationException",
          "1 validation error detected: Value 'NOW' at 'shardIteratorType' failed to satisfy constraint: Member must satisfy enum value "
          "set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]" },
        { "GetShardIterator", "{\"StreamName\":\"one\",\"ShardId\":\"shardId-1\"," LATEST "}", "ResourceNotFoundException",
          "Shard shardId-000000000001 in stream one under account 000000000000 does not exist" },
        { "GetShardIterator", "{\"StreamName\":\"none\",\"ShardId\":\"shardId-1\"," LATEST "}", "ResourceNotFoundException",
          "Shard shardId-000000000001 in stream none under account 000000000000 does not exist" },
        { "GetShardIterator", "{\"StreamName\":\"one\",\"ShardId\":\"2147483648\"," LATEST "}", "ResourceNotFoundException",
          "Could not find shard 2147483648 in stream one under account 000000000000." },
        { "GetShardIterator", "{\"StreamName\":\"one\",\"ShardId\":\"abc\"," LATEST "}", "ResourceNotFoundException",
          "Could not find shard abc in stream one under account 000000000000." },
        { "GetShardIterator", "{\"StreamName\":\"one\",\"ShardId\":\"shardId-0\",\"ShardIteratorType\":\"AT_SEQUENCE_NUMBER\"}",
          "InvalidArgumentException", "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or "
          "(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified AT_SEQUENCE_NUMBER and no StartingSequenceNumber." },
        { "GetShardIterator", "{\"StreamName\":\"one\",\"ShardId\":\"shardId-0\"," LATEST ",\"StartingSequenceNumber\":\"5\"}",
          "InvalidArgumentException", "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or "
          "(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified LATEST and also a StartingSequenceNumber." },
        { "GetShardIterator", "{\"StreamName\":\"one\",\"ShardId\":\"shardId-0\",\"ShardIteratorType\":\"AT_SEQUENCE_NUMBER\","
          "\"StartingSequenceNumber\":\"5\"}", "InvalidArgumentException", "Invalid StartingSequenceNumber. It encodes "
          "shardId-000000000005, while it was used in a call to a shard with shardId-000000000000" },
        { "GetShardIterator", "{\"StreamName\":\"one\",\"ShardId\":\"shardId-0\",\"ShardIteratorType\":\"AT_SEQUENCE_NUMBER\","
          "\"StartingSequenceNumber\":\"26227199374822427428162556223570313216\"}", "InvalidArgumentException", "StartingSequenceNumber "
          "26227199374822427428162556223570313216 used in GetShardIterator on shard shardId-000000000000 in stream one under account "
          "000000000000 is invalid." },
        { "GetShardIterator", "{\"StreamName\":\"one\",\"ShardId\":\"shardId-0\",\"ShardIteratorType\":\"AT_SEQUENCE_NUMBER\","
          "\"StartingSequenceNumber\":\"49657736782383513259640255418192379815028954591580389378\"}", "InvalidArgumentException",
          "StartingSequenceNumber 49657736782383513259640255418192379815028954591580389378 used in GetShardIterator on shard "
          "shardId-000000000000 in stream one under account 000000000000 is invalid because it did not come from this stream." },
        { "GetShardIterator", "{\"StreamName\":\"one\",\"ShardId\":\"shardId-0\",\"ShardIteratorType\":\"AT_TIMESTAMP\"}",
          "InvalidArgumentException", "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no "
          "timestamp parameter." },
        { "GetShardIterator", "{\"StreamName\":\"one\",\"ShardId\":\"shardId-0\",\"ShardIteratorType\":\"AT_TIMESTAMP\",\"Timestamp\":"
          "1736071468}", "InvalidArgumentException", "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
          "timestampInMillis: 1736071468000, currentTimestampInMillis: 1736071467000" },
        { "GetRecords", "{}", "ValidationException", ONE_NULL("shardIterator") },
        { "GetRecords", "{\"ShardIterator\":\"a\"}", "InvalidArgumentException", "Invalid ShardIterator." },
        { "GetRecords", "{\"ShardIterator\":\"AAAAAAAAAAGxxxx=\"}", "InvalidArgumentException", "Invalid ShardIterator." },
        { "GetRecords", "{\"ShardIterator\":\"a\",\"Limit\":10001}", "ValidationException",
          "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to "
          "10000" },
        { "GetRecords", "{\"ShardIterator\":\"a\",\"Limit\":0}", "ValidationException",
          "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1" },
    };
    struct bench b;
    bench_open(&b, four);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        bench_refused(&b, cases[i].action, cases[i].body, cases[i].code, cases[i].message);
    /* nothing of the refused batches was stored */
    assert_str(keys_from(&b, HORIZON), "");
    bench_close(&b);
}

static void a_forged_iterator_is_invalid(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, four);
    struct str iterator = bench_iterator(&b, "one", 0, HORIZON);
    for (size_t i = 0; i < iterator.n; i += 7) {
        char *forged = arena_z(&b.arena, iterator);
        forged[i] = forged[i] == 'A' ? 'B' : 'A';
        bench_call(&b, "GetRecords", arena_f(&b.arena, "{\"ShardIterator\":\"%s\"}", forged).p);
        assert_true(b.status == 400 || b.status == 200);
    }
    bench_close(&b);
}

static struct str big_put(struct bench *b, size_t bytes)
{
    struct buf data = BUF_INIT, raw = BUF_INIT, body = BUF_INIT;
    memset(buf_room(&raw, bytes + 1), 'x', bytes);
    raw.n = bytes;
    codec_base64(&data, buf_str(&raw));
    buf_f(&body, "{\"StreamName\":\"one\",\"PartitionKey\":\"big\",\"Data\":\"");
    buf_str_add(&body, buf_str(&data));
    buf_z(&body, "\"}");
    struct str reply = bench_as(b, b->client, "PutRecord", buf_str(&body));
    buf_release(&data);
    buf_release(&raw);
    buf_release(&body);
    return reply;
}

static void a_record_holds_one_mib_unless_the_stream_allows_more(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, four);
    big_put(&b, 1048576);
    assert_int_equal(b.status, 200);
    struct str reply = big_put(&b, 1048577);
    assert_int_equal(b.status, 400);
    assert_str(bench_text(&b, reply, "message"),
               "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=1048577 cap=1048577]' at 'data' failed to satisfy "
               "constraint: Member must have length less than or equal to 1048576");
    bench_ok(&b, "UpdateMaxRecordSize", "{\"StreamARN\":\"arn:aws:kinesis:us-east-1:000000000000:stream/one\",\"MaxRecordSizeInKiB\":10240}");
    big_put(&b, 5 << 20);
    assert_int_equal(b.status, 200);
    big_put(&b, 6 << 20);
    struct str *records; /* an answer stays within 10 MiB */
    assert_int_equal(bench_items(&b, bench_get(&b, bench_iterator(&b, "one", 0, HORIZON), 0), "Records", &records), 2);
    bench_close(&b);
}

static void unknown_streams_are_created_when_the_setting_says_so(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.auto_create", "on" }, { "kinesis.default_shards", "3" }, { 0 } });
    put_one(&b, "fresh", "k");
    struct str *shards, reply = bench_ok(&b, "ListShards", "{\"StreamName\":\"fresh\"}");
    assert_int_equal(bench_items(&b, reply, "Shards", &shards), 3);
    bench_refused(&b, "DescribeStream", "{\"StreamName\":\"other\"}", "ResourceNotFoundException",
                  "Stream other under account 000000000000 not found.");
    bench_close(&b);
}

static void a_partial_fault_refuses_each_nth_entry_and_stores_the_others(void **state)
{
    (void)state;
    struct bench b;
    struct err e;
    bench_open(&b, four);
    assert_ok(faults_load(cloud_faults(b.cloud), S("[{\"service\":\"kinesis\",\"action\":\"PutRecords\",\"resource\":\"one\",\"partial\":3}]"), &e), &e);
    struct str *records, reply = bench_ok(&b, "PutRecords",
        "{\"StreamName\":\"one\",\"Records\":[{\"Data\":\"\",\"PartitionKey\":\"0\"},{\"Data\":\"\",\"PartitionKey\":\"1\"},"
        "{\"Data\":\"\",\"PartitionKey\":\"2\"},{\"Data\":\"\",\"PartitionKey\":\"3\"},{\"Data\":\"\",\"PartitionKey\":\"4\"}]}");
    assert_int_equal(bench_number(reply, "FailedRecordCount"), 2);
    assert_int_equal(bench_items(&b, reply, "Records", &records), 5);
    for (size_t i = 0; i < 5; i++) {
        assert_true(bench_has(records[i], "ErrorCode") == (i % 3 == 0));
        assert_true(bench_has(records[i], "SequenceNumber") == (i % 3 != 0));
    }
    assert_str(bench_text(&b, records[3], "ErrorCode"), "ProvisionedThroughputExceededException");
    assert_str(bench_text(&b, records[3], "ErrorMessage"),
               "Rate exceeded for shard shardId-000000000000 in stream one under account 000000000000.");
    faults_clear(cloud_faults(b.cloud));
    assert_str(keys_from(&b, HORIZON), "124");
    bench_close(&b);
}

static void a_throttle_fault_is_kinesis_own(void **state)
{
    (void)state;
    struct bench b;
    struct err e;
    bench_open(&b, four);
    assert_ok(faults_load(cloud_faults(b.cloud), S("[{\"service\":\"kinesis\",\"action\":\"PutRecord\",\"throttle\":true,\"times\":1}]"), &e), &e);
    bench_refused(&b, "PutRecord", "{\"StreamName\":\"one\",\"Data\":\"\",\"PartitionKey\":\"a\"}", "ProvisionedThroughputExceededException", "Rate exceeded*");
    put_one(&b, "one", "b");
    assert_str(keys_from(&b, HORIZON), "b");
    bench_close(&b);
}

static void write_limits_hold_when_enforced(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.streams", "one:1" }, { "kinesis.enforce_limits", "on" }, { 0 } });
    for (int i = 0; i < 1000; i++)
        put_one(&b, "one", "k");
    bench_refused(&b, "PutRecord", "{\"StreamName\":\"one\",\"Data\":\"\",\"PartitionKey\":\"a\"}", "ProvisionedThroughputExceededException",
                  "Rate exceeded for shard shardId-000000000000 in stream one under account 000000000000.");
    struct str reply = bench_ok(&b, "PutRecords", "{\"StreamName\":\"one\",\"Records\":[{\"Data\":\"\",\"PartitionKey\":\"0\"}]}");
    assert_int_equal(bench_number(reply, "FailedRecordCount"), 1);
    clock_advance_ms(&b.clock, 1);
    put_one(&b, "one", "k");
    clock_advance_ms(&b.clock, 2000);
    big_put(&b, 1000000);
    assert_int_equal(b.status, 200);
    big_put(&b, 100000);
    assert_int_equal(b.status, 400);
    clock_advance_ms(&b.clock, 100);
    big_put(&b, 100000);
    assert_int_equal(b.status, 200);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_go_where_the_md5_of_their_key_says),
        cmocka_unit_test(an_explicit_hash_key_overrides_the_partition_key),
        cmocka_unit_test(what_was_put_is_got_in_order),
        cmocka_unit_test(all_five_kinds_of_iterator_begin_where_they_say),
        cmocka_unit_test(millis_behind_latest_is_the_distance_to_the_tip),
        cmocka_unit_test(an_iterator_expires_after_five_minutes_of_the_clock),
        cmocka_unit_test(retention_drops_old_records),
        cmocka_unit_test(refusals_have_the_words_of_aws),
        cmocka_unit_test(a_forged_iterator_is_invalid),
        cmocka_unit_test(a_record_holds_one_mib_unless_the_stream_allows_more),
        cmocka_unit_test(unknown_streams_are_created_when_the_setting_says_so),
        cmocka_unit_test(a_partial_fault_refuses_each_nth_entry_and_stores_the_others),
        cmocka_unit_test(a_throttle_fault_is_kinesis_own),
        cmocka_unit_test(write_limits_hold_when_enforced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
