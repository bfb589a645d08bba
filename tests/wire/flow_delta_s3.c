/* Delta tables in the mock S3: commits by If-None-Match, lost acknowledgements, writers at once. */
#include <pthread.h>

#include "mocks/cloud/cloud.h"
#include "mocks/cloud/fault.h"
#include "mocks/s3/s3.h"
#include "tests/unit/sink_delta_world.h"

enum { ROWS = 6 };

struct s3_world {
    struct clock clock;
    struct cloud *cloud;
};

static void world_start(struct s3_world *w)
{
    static const struct service *const services[] = { &s3_service, NULL };
    static const struct cloud_setting settings[] = { { "s3.buckets", "lake" }, { 0 } };
    struct err e = { 0 };
    clock_init_virtual(&w->clock, 1609459200000);
    struct cloud_options o = { .services = services, .clock = &w->clock, .seed = 7, .settings = settings };
    w->cloud = cloud_open(&o, &e);
    if (!w->cloud)
        fail_msg("%s", e.message);
}

static struct delta_store *open_store(struct s3_world *w, const char *prefix, uint64_t seed)
{
    struct err e = { 0 };
    struct delta_s3 o = { .endpoint = cloud_url(w->cloud, "s3"), .bucket = "lake", .prefix = prefix, .key = { S("test"), S("test"), S("") },
                          .region = S("us-east-1"), .clock = &w->clock, .seed = seed };
    struct delta_store *s = delta_store_s3(&o, &e);
    if (!s)
        fail_msg("%s", e.message);
    return s;
}

static struct delta_table *open_table(struct s3_world *w, struct delta_store *s, uint64_t seed)
{
    struct delta_options o = { .store = s, .clock = &w->clock, .seed = seed };
    return delta_open(&o);
}

static void a_bucket_holds_a_table(void **state)
{
    (void)state;
    struct s3_world w;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    struct delta_snapshot *snapshot;
    world_start(&w);
    struct delta_store *s = open_store(&w, "delta/x y+z_pin_table", 1), *beside = open_store(&w, "delta/x y+z_pin_tab", 1);
    struct delta_table *t = open_table(&w, s, 1), *none = open_table(&w, beside, 1);
    for (uint64_t i = 1; i <= 12; i++)
        world_append(t, sink_table_make(ROWS, i, &a));
    delta_close(t);
    t = open_table(&w, s, 2);
    assert_ok(delta_snapshot_open(t, -1, &snapshot, &e), &e);
    assert_int_equal(snapshot->version, 11);
    assert_int_equal(snapshot->checkpoint, 10);
    delta_snapshot_close(snapshot);
    world_assert_once(world_rows(t, -1, &a), 12, ROWS, "bucket");
    assert_int_equal(delta_snapshot_open(none, -1, &snapshot, &e), -1);
    assert_string_equal(e.code, "DELTA_NO_TABLE");
    struct delta_write overwrite = { .mode = DELTA_OVERWRITE };
    struct delta_written done;
    size_t n;
    assert_ok(delta_write_table(t, sink_table_make(ROWS, 1, &a), &overwrite, &done, &e), &e);
    clock_advance_ms(&w.clock, 200 * 3600000);
    assert_ok(delta_vacuum(t, &(struct delta_vacuum){ .retain_hours = -1 }, NULL, NULL, &n, &e), &e);
    assert_int_equal(n, 12);
    world_assert_once(world_rows(t, -1, &a), 1, ROWS, "after the vacuum");
    delta_close(t);
    delta_close(none);
    delta_store_close(s);
    delta_store_close(beside);
    cloud_close(w.cloud);
    arena_release(&a);
}

/* Whatever befalls puts and gets, every batch is there once. */
static void faults_of_the_store_lose_and_double_nothing(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "[{\"service\":\"s3\",\"action\":\"PutObject\",\"reset\":\"after\",\"every\":2,\"times\":20}]",
        "[{\"service\":\"s3\",\"action\":\"PutObject\",\"error\":{\"statusCode\":500},\"phase\":\"after\",\"every\":3,\"times\":20}]",
        "[{\"service\":\"s3\",\"action\":\"PutObject\",\"error\":{\"statusCode\":503,\"code\":\"SlowDown\"},\"every\":2,\"times\":20}]",
        "[{\"service\":\"s3\",\"action\":\"GetObject\",\"reset\":\"before\",\"every\":2,\"times\":20}]",
        "[{\"service\":\"s3\",\"error\":{\"statusCode\":503},\"probability\":0.3,\"times\":60}]",
    };
    for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
        struct s3_world w;
        struct arena a = ARENA_INIT;
        struct err e = { 0 };
        struct delta_stream stream;
        world_start(&w);
        assert_ok(faults_load(cloud_faults(w.cloud), str_of(rules[r]), &e), &e);
        struct delta_store *s = open_store(&w, "t", 1), *folder = open_store(&w, "t/_checkpoints", 2);
        struct delta_table *t = open_table(&w, s, 1);
        assert_ok(delta_stream_open(&stream, folder, &w.clock, 1, &t, 1, false, &e), &e);
        while (stream.batch < 12) {
            struct delta_written done;
            assert_ok(delta_stream_begin(&stream, S("{}"), &e), &e);
            assert_ok(delta_stream_write(&stream, t, sink_table_make(ROWS, (uint64_t)stream.batch + 1, &a), &done, &e), &e);
            assert_ok(delta_stream_end(&stream, &e), &e);
        }
        faults_clear(cloud_faults(w.cloud));
        world_assert_once(world_rows(t, -1, &a), 12, ROWS, rules[r]);
        delta_stream_release(&stream);
        delta_close(t);
        delta_store_close(s);
        delta_store_close(folder);
        cloud_close(w.cloud);
        arena_release(&a);
    }
}

struct writer {
    struct s3_world *w;
    uint64_t first;
};

static void *write_on(void *arg)
{
    struct writer *writer = arg;
    struct delta_store *s = open_store(writer->w, "shared", writer->first);
    struct delta_table *t = open_table(writer->w, s, writer->first);
    for (uint64_t i = 0; i < 8; i++) {
        struct arena a = ARENA_INIT;
        struct err e = { 0 };
        struct delta_written done;
        if (delta_write_table(t, sink_table_make(ROWS, writer->first + i, &a), NULL, &done, &e))
            print_error("%s\n", e.message);
        arena_release(&a);
    }
    delta_close(t);
    delta_store_close(s);
    return NULL;
}

static void three_writers_at_once_write_every_row_once(void **state)
{
    (void)state;
    struct s3_world w;
    struct arena a = ARENA_INIT;
    struct writer writers[3];
    pthread_t threads[3];
    world_start(&w);
    for (int i = 0; i < 3; i++) {
        writers[i] = (struct writer){ &w, (uint64_t)(i * 8 + 1) };
        assert_int_equal(pthread_create(&threads[i], NULL, write_on, &writers[i]), 0);
    }
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    struct delta_store *s = open_store(&w, "shared", 99);
    struct delta_table *t = open_table(&w, s, 99);
    world_assert_once(world_rows(t, -1, &a), 24, ROWS, "three writers");
    delta_close(t);
    delta_store_close(s);
    cloud_close(w.cloud);
    arena_release(&a);
}

static void what_the_store_refuses_is_told(void **state)
{
    (void)state;
    struct s3_world w;
    struct err e = { 0 };
    struct delta_snapshot *snapshot;
    world_start(&w);
    struct delta_s3 o = { .endpoint = cloud_url(w.cloud, "s3"), .bucket = "lake", .prefix = "t", .key = { S("test"), S("wrong"), S("") },
                          .region = S("us-east-1"), .clock = &w.clock };
    static const char *const codes[] = { "SignatureDoesNotMatch", "NoSuchBucket" };
    for (int i = 0; i < 2; i++) {
        struct delta_store *s = delta_store_s3(&o, &e);
        struct delta_table *t = open_table(&w, s, 1);
        assert_int_equal(delta_snapshot_open(t, -1, &snapshot, &e), -1);
        assert_string_equal(e.code, codes[i]);
        delta_close(t);
        delta_store_close(s);
        o.bucket = "none";
        o.key.secret = S("test");
    }
    cloud_close(w.cloud);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_holds_a_table),
        cmocka_unit_test(faults_of_the_store_lose_and_double_nothing),
        cmocka_unit_test(three_writers_at_once_write_every_row_once),
        cmocka_unit_test(what_the_store_refuses_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
