/* What Kinesis promises of shards: split, merge, scaling, closed shards, filters, pages. */
#include "tests/wire/kinesis.h"

static size_t list(struct bench *b, const char *more, struct str **ret)
{
    struct str body = arena_f(&b->arena, "{\"StreamName\":\"a\"%s}", more);
    return bench_items(b, bench_ok(b, "ListShards", body.p), "Shards", ret);
}

/* "0 1 2": the indexes of the shards listed. */
static struct str indexes(struct bench *b, const char *more)
{
    struct str *shards, all = S("");
    size_t n = list(b, more, &shards);
    for (size_t i = 0; i < n; i++) {
        int64_t index = -1;
        str_to_i64(str_from(bench_text(b, shards[i], "ShardId"), 8), &index);
        all = arena_f(&b->arena, STR_F "%s%lld", STR_A(all), i ? " " : "", (long long)index);
    }
    return all;
}

static void put(struct bench *b, const char *key, const char *hash, const char *shard)
{
    struct str body = arena_f(&b->arena, "{\"StreamName\":\"a\",\"Data\":\"\",\"PartitionKey\":\"%s\",\"ExplicitHashKey\":\"%s\"}", key, hash);
    assert_str(bench_text(b, bench_ok(b, "PutRecord", body.p), "ShardId"), shard);
}

static void a_split_shard_keeps_its_records_and_names_its_children(void **state)
{
    (void)state;
    struct bench b;
    struct str *shards, *records;
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.streams", "a:1" }, { 0 } });
    put(&b, "old", "7", "shardId-000000000000");
    struct str tail = bench_iterator(&b, "a", 0, LATEST);
    bench_ok(&b, "SplitShard", "{\"StreamName\":\"a\",\"ShardToSplit\":\"shardId-000000000000\",\"NewStartingHashKey\":\"1000\"}");
    assert_int_equal(list(&b, "", &shards), 3);
    assert_str(bench_text(&b, shards[1], "ParentShardId"), "shardId-000000000000");
    assert_str(bench_member(shards[1], "HashKeyRange"), "{\"StartingHashKey\":\"0\",\"EndingHashKey\":\"999\"}");
    assert_str(bench_member(shards[2], "HashKeyRange"), "{\"StartingHashKey\":\"1000\",\"EndingHashKey\":\"340282366920938463463374607431768211455\"}");
    assert_true(bench_has(bench_member(shards[0], "SequenceNumberRange"), "EndingSequenceNumber"));
    put(&b, "low", "999", "shardId-000000000001");
    put(&b, "high", "1000", "shardId-000000000002");

    struct str reply = bench_get(&b, bench_iterator(&b, "a", 0, HORIZON), 0);
    assert_int_equal(bench_items(&b, reply, "Records", &records), 1);
    assert_true(bench_has(reply, "NextShardIterator"));
    reply = bench_get(&b, bench_text(&b, reply, "NextShardIterator"), 0);
    assert_false(bench_has(reply, "NextShardIterator"));
    assert_int_equal(bench_items(&b, reply, "ChildShards", &records), 2);
    assert_str(bench_text(&b, records[1], "ShardId"), "shardId-000000000002");
    assert_str(bench_member(records[1], "ParentShards"), "[\"shardId-000000000000\"]");
    assert_false(bench_has(bench_get(&b, tail, 0), "NextShardIterator"));
    reply = bench_get(&b, bench_iterator(&b, "a", 1, HORIZON), 0);
    assert_int_equal(bench_items(&b, reply, "Records", &records), 1);
    assert_str(bench_text(&b, records[0], "PartitionKey"), "low");
    bench_close(&b);
}

static void merged_shards_have_one_child_with_two_parents(void **state)
{
    (void)state;
    struct bench b;
    struct str *shards, *children;
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.streams", "a:3" }, { 0 } });
    bench_ok(&b, "MergeShards", "{\"StreamName\":\"a\",\"ShardToMerge\":\"shardId-000000000000\",\"AdjacentShardToMerge\":\"shardId-000000000001\"}");
    assert_int_equal(list(&b, "", &shards), 4);
    assert_str(bench_text(&b, shards[3], "ParentShardId"), "shardId-000000000000");
    assert_str(bench_text(&b, shards[3], "AdjacentParentShardId"), "shardId-000000000001");
    put(&b, "k", "5", "shardId-000000000003");
    for (int parent = 0; parent < 2; parent++) {
        struct str reply = bench_get(&b, bench_iterator(&b, "a", parent, HORIZON), 0);
        assert_int_equal(bench_items(&b, reply, "ChildShards", &children), 1);
        assert_str(bench_member(children[0], "ParentShards"), "[\"shardId-000000000000\",\"shardId-000000000001\"]");
    }
    bench_close(&b);
}

static void impossible_changes_are_refused(void **state)
{
    (void)state;
    static const struct { const char *action, *body, *code, *message; } cases[] = {
        { "SplitShard", "{\"StreamName\":\"a\",\"ShardToSplit\":\"x\",\"NewStartingHashKey\":\"5\"}", "ResourceNotFoundException",
          "Could not find shard x in stream a under account 000000000000." },
        { "SplitShard", "{\"StreamName\":\"a\",\"ShardToSplit\":\"shardId-9\",\"NewStartingHashKey\":\"5\"}", "ResourceNotFoundException",
          "Could not find shard shardId-000000000009 in stream a under account 000000000000." },
        { "SplitShard", "{\"StreamName\":\"a\",\"ShardToSplit\":\"shardId-1\",\"NewStartingHashKey\":\"113427455640312821154458202477256070486\"}",
          "InvalidArgumentException", "NewStartingHashKey 113427455640312821154458202477256070486 used in SplitShard() on shard "
          "shardId-000000000001 in stream a under account 000000000000 is not both greater than one plus the shard's StartingHashKey "
          "113427455640312821154458202477256070485 and less than the shard's EndingHashKey 226854911280625642308916404954512140969." },
        { "SplitShard", "{\"StreamName\":\"a\",\"ShardToSplit\":\"shardId-1\",\"NewStartingHashKey\":\"226854911280625642308916404954512140969\"}",
          "InvalidArgumentException", "NewStartingHashKey 226854911280625642308916404954512140969 used in SplitShard()*" },
        { "SplitShard", "{\"StreamName\":\"a\",\"ShardToSplit\":\"shardId-0\"}", "ValidationException",
          "1 validation error detected: Value null at 'newStartingHashKey' failed to satisfy constraint: Member must not be null" },
        { "MergeShards", "{\"StreamName\":\"a\",\"ShardToMerge\":\"shardId-1\",\"AdjacentShardToMerge\":\"shardId-0\"}", "InvalidArgumentException",
          "Shards shardId-000000000001 and shardId-000000000000 in stream a under account 000000000000 are not an adjacent pair of shards "
          "eligible for merging" },
        { "MergeShards", "{\"StreamName\":\"a\",\"ShardToMerge\":\"shardId-2\",\"AdjacentShardToMerge\":\"shardId-0\"}", "InvalidArgumentException",
          "Shards shardId-000000000002*" },
        { "MergeShards", "{\"StreamName\":\"a\",\"ShardToMerge\":\"shardId-0\",\"AdjacentShardToMerge\":\"shardId-7\"}", "ResourceNotFoundException",
          "Could not find shard shardId-000000000007 in stream a under account 000000000000." },
    };
    struct bench b;
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.streams", "a:3" }, { 0 } });
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        bench_refused(&b, cases[i].action, cases[i].body, cases[i].code, cases[i].message);
    bench_ok(&b, "SplitShard", "{\"StreamName\":\"a\",\"ShardToSplit\":\"0\",\"NewStartingHashKey\":\"5\"}");
    bench_refused(&b, "SplitShard", "{\"StreamName\":\"a\",\"ShardToSplit\":\"0\",\"NewStartingHashKey\":\"5\"}", "InvalidArgumentException",
                  "Shard shardId-000000000000 in stream a under account 000000000000 has already been merged or split, and thus is not eligible "
                  "for merging or splitting.");
    bench_close(&b);
}

static void scaling_leaves_equal_ranges_and_every_shard_two_parents_at_most(void **state)
{
    (void)state;
    static const int steps[] = { 5, 3, 6, 4, 8, 7, 4, 2, 1, 2 };
    struct bench b;
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.streams", "a:4" }, { 0 } });
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct str body = arena_f(&b.arena, "{\"StreamName\":\"a\",\"TargetShardCount\":%d,\"ScalingType\":\"UNIFORM_SCALING\"}", steps[i]), *open;
        struct str reply = bench_ok(&b, "UpdateShardCount", body.p);
        assert_int_equal(bench_number(reply, "TargetShardCount"), steps[i]);
        struct str d = bench_member(bench_ok(&b, "DescribeStreamSummary", "{\"StreamName\":\"a\"}"), "StreamDescriptionSummary");
        assert_int_equal(bench_number(d, "OpenShardCount"), steps[i]);
        assert_int_equal(list(&b, ",\"ShardFilter\":{\"Type\":\"AT_LATEST\"}", &open), (size_t)steps[i]);
    }
    struct str *open; /* the last two are halves */
    assert_int_equal(list(&b, ",\"ShardFilter\":{\"Type\":\"AT_LATEST\"}", &open), 2);
    assert_str(bench_member(open[0], "HashKeyRange"), "{\"StartingHashKey\":\"0\",\"EndingHashKey\":\"170141183460469231731687303715884105727\"}");
    bench_close(&b);
}

static void shards_are_listed_by_filter_and_page(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.streams", "a:2" }, { 0 } });
    clock_advance_ms(&b.clock, 10000);
    bench_ok(&b, "SplitShard", "{\"StreamName\":\"a\",\"ShardToSplit\":\"0\",\"NewStartingHashKey\":\"5\"}");
    clock_advance_ms(&b.clock, 10000);
    static const struct { const char *more, *indexes; } cases[] = {
        { "", "0 1 2 3" },
        { ",\"ExclusiveStartShardId\":\"shardId-000000000001\"", "2 3" },
        { ",\"ShardFilter\":{\"Type\":\"AT_LATEST\"}", "1 2 3" },
        { ",\"ShardFilter\":{\"Type\":\"AT_TRIM_HORIZON\"}", "0 1" },
        { ",\"ShardFilter\":{\"Type\":\"FROM_TRIM_HORIZON\"}", "0 1 2 3" },
        { ",\"ShardFilter\":{\"Type\":\"AFTER_SHARD_ID\",\"ShardId\":\"shardId-000000000000\"}", "1 2 3" },
        { ",\"ShardFilter\":{\"Type\":\"AT_TIMESTAMP\",\"Timestamp\":1736071470}", "0 1" },
        { ",\"ShardFilter\":{\"Type\":\"AT_TIMESTAMP\",\"Timestamp\":1736071480}", "1 2 3" },
        { ",\"ShardFilter\":{\"Type\":\"FROM_TIMESTAMP\",\"Timestamp\":1736071480}", "1 2 3" },
        { ",\"ShardFilter\":{\"Type\":\"FROM_TIMESTAMP\",\"Timestamp\":1736071470}", "0 1 2 3" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_str(indexes(&b, cases[i].more), cases[i].indexes);
    bench_refused(&b, "ListShards", "{\"StreamName\":\"a\",\"ShardFilter\":{\"Type\":\"AT_TIMESTAMP\"}}", "InvalidArgumentException", "A ShardFilter*");
    struct str r = bench_ok(&b, "ListShards", "{\"StreamName\":\"a\",\"MaxResults\":2,\"ShardFilter\":{\"Type\":\"AT_LATEST\"}}"), *page;
    assert_int_equal(bench_items(&b, r, "Shards", &page), 2);
    struct str next = arena_f(&b.arena, "{\"NextToken\":\"" STR_F "\"}", STR_A(bench_text(&b, r, "NextToken")));
    r = bench_ok(&b, "ListShards", next.p);
    assert_int_equal(bench_items(&b, r, "Shards", &page), 1);
    assert_str(bench_text(&b, page[0], "ShardId"), "shardId-000000000003");
    assert_false(bench_has(r, "NextToken"));
    r = bench_member(bench_ok(&b, "DescribeStream", "{\"StreamName\":\"a\",\"Limit\":1,\"ExclusiveStartShardId\":\"shardId-000000000001\"}"), "StreamDescription");
    assert_str(bench_member(r, "HasMoreShards"), "true");
    assert_int_equal(bench_items(&b, r, "Shards", &page), 1);
    clock_advance_ms(&b.clock, 300001);
    bench_refused(&b, "ListShards", next.p, "ExpiredNextTokenException", "NextToken has expired.");
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_split_shard_keeps_its_records_and_names_its_children),
        cmocka_unit_test(merged_shards_have_one_child_with_two_parents),
        cmocka_unit_test(impossible_changes_are_refused),
        cmocka_unit_test(scaling_leaves_equal_ranges_and_every_shard_two_parents_at_most),
        cmocka_unit_test(shards_are_listed_by_filter_and_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
