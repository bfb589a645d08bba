/* What Kinesis promises a crowd: eight writers, readers, and a stream that is split, merged and scaled under them lose
 * and double nothing. */
#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "mocks/kinesis/seqno.h"
#include "tests/wire/kinesis.h"

enum { WRITERS = 8, CALLS = 60, BATCH = 20 };

struct writer {
    struct bench *b;
    int id;
    size_t placed;
};

static struct str call(struct cloud *cloud, struct arena *a, const char *action, struct str body, int *ret_status)
{
    struct err e = { 0 };
    struct http_header headers[] = { { S("Content-Type"), S("application/x-amz-json-1.1") },
                                     { S("X-Amz-Target"), arena_f(a, "Kinesis_20131202.%s", action) } };
    struct http_request q = { .method = S("POST"), .headers = headers, .n_headers = 2, .body = body, .peer = S("") };
    struct http_reply r = { 0 };
    http_request_target(&q, S("/"));
    if (cloud_invoke_wait(cloud, "kinesis", &q, &r, a, &e))
        return S("");
    *ret_status = r.status;
    struct str copy = arena_dup(a, http_reply_body(&r));
    http_reply_release(&r);
    return copy;
}

/* Batches over the writer's own connection and one record in between through the door the gateway takes. */
static void *write_all(void *arg)
{
    struct writer *w = arg;
    struct bench own = { .arena = ARENA_INIT, .cloud = w->b->cloud };
    struct err e = { 0 };
    struct client_options o = { .clock = &w->b->clock, .max_attempts = 1, .key = { S("test"), S("test"), S("") }, .region = S("us-east-1") };
    own.client = client_open(&o, &e);
    for (int i = 0; i < CALLS; i++) {
        struct buf body = BUF_INIT;
        int status = 0;
        buf_z(&body, "{\"StreamName\":\"a\",\"Records\":[");
        for (int j = 0; j < BATCH; j++)
            buf_f(&body, "%s{\"Data\":\"AQ==\",\"PartitionKey\":\"w%d-%d-%d\"}", j ? "," : "", w->id, i, j);
        buf_z(&body, "]}");
        struct str reply = bench_as(&own, own.client, "PutRecords", buf_str(&body));
        if (own.status == 200 && bench_number(reply, "FailedRecordCount") == 0)
            w->placed += BATCH;
        buf_reset(&body);
        buf_f(&body, "{\"StreamName\":\"a\",\"Data\":\"\",\"PartitionKey\":\"w%d-%d-one\"}", w->id, i);
        call(w->b->cloud, &own.arena, "PutRecord", buf_str(&body), &status);
        w->placed += status == 200;
        buf_release(&body);
        arena_reset(&own.arena);
    }
    client_close(own.client);
    arena_release(&own.arena);
    return NULL;
}

/* Reads a shard to its end; every key once, numbers rising. */
static size_t read_shard(struct bench *b, int shard, struct map *keys)
{
    struct str iterator = bench_iterator(b, "a", shard, HORIZON), last = S(""), *records;
    for (size_t total = 0;;) {
        struct str reply = bench_get(b, iterator, 500);
        size_t n = bench_items(b, reply, "Records", &records);
        for (size_t i = 0; i < n; i++) {
            struct str number = bench_text(b, records[i], "SequenceNumber");
            assert_true(str_cmp(last, number) < 0);
            last = number;
            if (map_put(keys, bench_text(b, records[i], "PartitionKey"), b))
                fail_msg("read twice: " STR_F, STR_A(bench_text(b, records[i], "PartitionKey")));
        }
        total += n;
        if (n == 0)
            return total;
        iterator = bench_text(b, reply, "NextShardIterator");
    }
}

static void check(struct bench *b, const struct writer *writers)
{
    struct map keys = MAP_INIT;
    struct str *shards;
    size_t placed = 0, read = 0, n = bench_items(b, bench_ok(b, "ListShards", "{\"StreamName\":\"a\"}"), "Shards", &shards);
    for (int i = 0; i < WRITERS; i++)
        placed += writers[i].placed;
    for (size_t i = 0; i < n; i++)
        read += read_shard(b, (int)i, &keys);
    assert_int_equal(placed, WRITERS * CALLS * (BATCH + 1));
    assert_int_equal(read, placed);
    map_release(&keys);
}

static void start(struct bench *b, pthread_t threads[WRITERS], struct writer writers[WRITERS])
{
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){ b, i, 0 };
        pthread_create(&threads[i], NULL, write_all, &writers[i]);
    }
}

static void eight_writers_on_four_shards_lose_nothing(void **state)
{
    (void)state;
    struct bench b;
    pthread_t threads[WRITERS];
    struct writer writers[WRITERS];
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.streams", "a:4" }, { 0 } });
    start(&b, threads, writers);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    check(&b, writers);
    bench_close(&b);
}

static void resharding_under_writers_loses_nothing(void **state)
{
    (void)state;
    static const int counts[] = { 8, 5, 10, 6, 3, 4, 7, 4, 2 };
    struct bench b;
    pthread_t threads[WRITERS];
    struct writer writers[WRITERS];
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.streams", "a:4" }, { 0 } });
    start(&b, threads, writers);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct str body = arena_f(&b.arena, "{\"StreamName\":\"a\",\"TargetShardCount\":%d,\"ScalingType\":\"UNIFORM_SCALING\"}", counts[i]);
        bench_ok(&b, "UpdateShardCount", body.p);
        bench_get(&b, bench_iterator(&b, "a", 0, HORIZON), 100);
        bench_ok(&b, "DescribeStream", "{\"StreamName\":\"a\"}");
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    check(&b, writers);
    bench_close(&b);
}

static void *churn(void *arg)
{
    struct bench *b = arg;
    struct arena a = ARENA_INIT;
    int status;
    for (int i = 0; i < 300; i++) {
        call(b->cloud, &a, "CreateStream", S("{\"StreamName\":\"t\",\"ShardCount\":2,\"Tags\":{\"k\":\"v\"}}"), &status);
        call(b->cloud, &a, "PutRecord", S("{\"StreamName\":\"t\",\"Data\":\"AQID\",\"PartitionKey\":\"k\"}"), &status);
        call(b->cloud, &a, "RegisterStreamConsumer", S("{\"StreamARN\":\"arn:aws:kinesis:us-east-1:000000000000:stream/t\",\"ConsumerName\":\"c\"}"), &status);
        call(b->cloud, &a, "AddTagsToStream", S("{\"StreamName\":\"t\",\"Tags\":{\"k\":\"w\"}}"), &status);
        call(b->cloud, &a, "ListStreams", S("{}"), &status);
        call(b->cloud, &a, "DescribeLimits", S("{}"), &status);
        call(b->cloud, &a, "DeleteStream", S("{\"StreamName\":\"t\",\"EnforceConsumerDeletion\":true}"), &status);
        arena_reset(&a);
    }
    arena_release(&a);
    return NULL;
}

static void streams_may_come_and_go_while_they_are_used(void **state)
{
    (void)state;
    struct bench b;
    pthread_t threads[4];
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.auto_create", "1" }, { 0 } });
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, churn, &b);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_writers_on_four_shards_lose_nothing),
        cmocka_unit_test(resharding_under_writers_loses_nothing),
        cmocka_unit_test(streams_may_come_and_go_while_they_are_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
