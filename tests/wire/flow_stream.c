/* weirbox stream against a Kinesis: what is in tables and answers is what the batch reads; restarts, crashes, faults,
 * resharding, iterators that expire, records that were trimmed, streams that are not there. */
#include "base/codec.h"
#include "mocks/cloud/fault.h"
#include "tests/unit/stream_world.h"
#include "tests/wire/kinesis.h"

#define STREAMS "streaming-1a2b-pin:2,streaming-1a2b-geo:1,streaming-1a2b-user:1"

struct setting {
    struct bench b;
    struct world w;
    struct rng r;
    struct arena a;
    uint64_t put;
};

static void open_setting(struct setting *s, const char *streams, uint64_t seed)
{
    *s = (struct setting){ 0 };
    bench_open(&s->b, (struct cloud_setting[]){ { "kinesis.streams", streams }, { 0 } });
    world_begin(&s->w, NULL, NULL);
    rng_seed(&s->r, seed);
    s->w.endpoint = cloud_url(s->b.cloud, "kinesis");
    s->w.clock = &s->b.clock;
    s->w.until = STREAM_ONCE;
    s->w.batch_records = 40;
}

static void close_setting(struct setting *s)
{
    world_end(&s->w);
    bench_close(&s->b);
    arena_release(&s->a);
}

static void put_row(struct setting *s, unsigned table, struct str row, const char *key)
{
    struct buf body = BUF_INIT;
    buf_f(&body, "{\"StreamName\":\"streaming-1a2b-%s\",\"PartitionKey\":\"%s\",\"Data\":\"", ledger_table_names[table], key);
    codec_base64(&body, row);
    buf_z(&body, "\"}");
    bench_ok(&s->b, "PutRecord", buf_cstr(&body));
    buf_release(&body);
    s->put++;
}

static void put_some(struct setting *s, int n)
{
    for (int i = 0; i < n; i++) {
        unsigned table = (unsigned)rng_below(&s->r, 3);
        char key[24];
        snprintf(key, sizeof key, "%llu", (unsigned long long)rng_u64(&s->r));
        put_row(s, table, world_row(&s->r, table, &s->a), key);
        clock_advance_ms(&s->b.clock, (int64_t)rng_below(&s->r, 3000));
    }
}

static void go(struct setting *s)
{
    struct err e = { 0 };
    assert_ok(stream_run(s->w.stream, &e), &e);
}

static void restart(struct setting *s)
{
    struct err e = { 0 };
    if (s->w.stream)
        world_stop_stream(&s->w);
    assert_ok(world_start_stream(&s->w, &e), &e);
}

/* ---- what the batch has ---- */

struct batch {
    struct cleaner *cleaners[LEDGER_TABLES];
    uint64_t tag;
};

static void clean_record(void *arg, const struct ingest_record *r)
{
    struct batch *b = arg;
    struct err e;
    assert_int_equal(cleaner_add(b->cleaners[r->table], r->bytes, b->tag++, &e), 1);
}

static int by_line(const void *a, const void *b) { return str_cmp(*(const struct str *)a, *(const struct str *)b); }

static struct str sorted(struct str text, struct arena *a)
{
    size_t n = 0, cap = 1;
    for (size_t i = 0; i < text.n; i++)
        cap += text.p[i] == '\n';
    struct str *lines = ARENA_ARRAY(a, struct str, cap + 1);
    struct buf out = BUF_INIT;
    while (text.n)
        lines[n++] = str_cut(&text, '\n');
    qsort(lines, n, sizeof *lines, by_line);
    for (size_t i = 0; i < n; i++)
        buf_f(&out, STR_F "\n", STR_A(lines[i]));
    return arena_keep(a, &out);
}

static void assert_as_the_batch(struct setting *s, const char *where)
{
    struct batch b = { 0 };
    struct ingest in = { 0 };
    struct err e = { 0 };
    struct table *tables[LEDGER_TABLES];
    struct ingest_options o = { .endpoint = s->w.endpoint, .user_id = "1a2b", .key = { S("test"), S("test"), S("") }, .region = "us-east-1",
                                .clock = &s->b.clock, .record = clean_record, .arg = &b };
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        b.cleaners[t] = cleaner_open(s->w.rules, str_of(ledger_table_names[t]), false);
    assert_ok(ingest_kinesis(&o, &in, &e), &e);
    assert_int_equal(in.records, s->put);
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        struct buf lines = BUF_INIT;
        table_finish(tables[t] = cleaner_take(b.cleaners[t]));
        for (size_t i = 0; i < tables[t]->n_rows; i++)
            table_put_jsonl(tables[t], i, &lines);
        struct str want = sorted(buf_str(&lines), &s->a), got = tables[t]->n_rows ? sorted(world_rows(s->w.tables[t], -1, &s->a), &s->a) : want;
        if (!str_eq(got, want))
            fail_msg("%s: table %s: %zu bytes, want %zu", where, ledger_table_names[t], got.n, want.n);
        buf_release(&lines);
    }
    for (size_t i = 0; i < analytics_count(s->w.analytics); i++) {
        struct result *asked, *kept;
        assert_ok(analytics_run(s->w.analytics, i, (const struct table *const *)tables, LEDGER_TABLES, &asked, &e), &e);
        assert_ok(stream_answer(s->w.stream, i, &kept, &e), &e);
        if (!result_same(asked, kept))
            fail_msg("%s: " STR_F " differs", where, STR_A(asked->name));
        result_close(asked);
        result_close(kept);
    }
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        table_close(tables[t]);
        cleaner_close(b.cleaners[t]);
    }
    ingest_release(&in);
}

/* ---- tests ---- */

static void tables_and_answers_are_those_of_the_batch_at_every_cut(void **state)
{
    (void)state;
    struct setting s;
    open_setting(&s, STREAMS, 3);
    restart(&s);
    for (int cut = 0; cut < 8; cut++) {
        put_some(&s, 60);
        go(&s);
        assert_as_the_batch(&s, "cut");
        if (cut % 3 == 1)
            restart(&s);
    }
    assert_true(s.w.stream->checkpoint.batch > 8);
    assert_int_equal(s.w.stream->sums.gaps, 0);
    close_setting(&s);
}

/* Every row that came in a closed minute is counted in it, whoever counts. */
static void closed_minutes_count_every_post(void **state)
{
    (void)state;
    struct setting s;
    uint64_t posts = 0;
    open_setting(&s, STREAMS, 4);
    restart(&s);
    for (int i = 0; i < 10; i++) {
        put_some(&s, 50);
        go(&s);
    }
    clock_advance_ms(&s.b.clock, 3600000);
    go(&s); /* nothing came: the minutes close all the same */
    assert_int_equal(stream_sums(s.w.stream).open_windows, 0);
    assert_int_equal(s.w.stream->sums.late, 0);
    struct str text = world_file(&s.w, "windows/posts_per_category_per_minute.jsonl", &s.a);
    while (text.n) {
        struct json v;
        int64_t n = 0;
        struct str line = str_cut(&text, '\n');
        assert_true(json_get(line, "posts", &v) && str_to_i64(v.raw, &n));
        posts += (uint64_t)n;
    }
    assert_int_equal(posts, s.w.stream->sums.rows[0]);
    close_setting(&s);
}

static void faults_of_kinesis_lose_and_double_nothing(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "[{\"service\":\"kinesis\",\"action\":\"GetRecords\",\"reset\":\"after\",\"every\":3,\"times\":30}]",
        "[{\"service\":\"kinesis\",\"action\":\"GetRecords\",\"error\":{\"statusCode\":500},\"every\":2,\"times\":30}]",
        "[{\"service\":\"kinesis\",\"action\":\"GetShardIterator\",\"reset\":\"before\",\"every\":2,\"times\":10}]",
        "[{\"service\":\"kinesis\",\"action\":\"GetRecords\",\"error\":{\"code\":\"ProvisionedThroughputExceededException\"},\"every\":2,\"times\":30}]",
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct setting s;
        struct err e = { 0 };
        open_setting(&s, STREAMS, 5);
        restart(&s);
        put_some(&s, 100);
        assert_ok(faults_load(cloud_faults(s.b.cloud), str_of(rules[i]), &e), &e);
        go(&s);
        faults_clear(cloud_faults(s.b.cloud));
        assert_as_the_batch(&s, rules[i]);
        close_setting(&s);
    }
}

/* The process dies at every operation on the folder in turn, while more is put: the batch is read again up to where it was. */
static void a_batch_cut_short_is_read_again_to_the_same_places(void **state)
{
    (void)state;
    int last = 1;
    for (int n = 1; n <= last; n++) {
        struct setting s;
        struct err e = { 0 };
        open_setting(&s, STREAMS, 6);
        put_some(&s, 90);
        restart(&s);
        struct memory_store *folder = &s.w.stores[FOLDER];
        int before = folder->op;
        folder->fail_at = before + n;
        folder->dies = true;
        folder->after = n % 2;
        int died = stream_run(s.w.stream, &e);
        last = died ? n + 1 : last - 1;
        put_some(&s, 30);
        restart(&s);
        go(&s);
        assert_as_the_batch(&s, arena_f(&s.a, "folder operation %d", n).p);
        close_setting(&s);
    }
    assert_true(last >= 5);
}

static void resharding_is_followed_and_expired_iterators_are_asked_for_again(void **state)
{
    (void)state;
    struct setting s;
    open_setting(&s, STREAMS, 7);
    restart(&s);
    put_some(&s, 50);
    go(&s);
    bench_ok(&s.b, "SplitShard", "{\"StreamName\":\"streaming-1a2b-pin\",\"ShardToSplit\":\"shardId-000000000000\",\"NewStartingHashKey\":\"1000\"}");
    clock_advance_ms(&s.b.clock, 10 * 60000); /* iterators live for five minutes */
    put_some(&s, 50);
    go(&s);
    assert_as_the_batch(&s, "split");
    bench_ok(&s.b, "MergeShards", "{\"StreamName\":\"streaming-1a2b-pin\",\"ShardToMerge\":\"shardId-000000000003\",\"AdjacentShardToMerge\":\"shardId-000000000001\"}");
    clock_advance_ms(&s.b.clock, 10 * 60000);
    put_some(&s, 50);
    restart(&s);
    go(&s);
    assert_as_the_batch(&s, "merge");
    assert_int_equal(s.w.stream->sums.gaps, 0);
    close_setting(&s);
}

struct sequence {
    int64_t last;
    size_t n;
};

static void take_in_order(void *arg, const struct kinesis_record *r)
{
    struct sequence *o = arg;
    int64_t i;
    assert_true(str_to_i64(r->bytes, &i));
    assert_true(i == o->last + 1);
    o->last = i;
    o->n++;
}

static void a_key_keeps_its_order_over_resharding(void **state)
{
    (void)state;
    struct setting s;
    struct err e = { 0 };
    struct sequence o = { .last = -1 };
    open_setting(&s, STREAMS, 8);
    restart(&s);
    for (int i = 0; i < 90; i++) {
        put_row(&s, 1, arena_f(&s.a, "%d", i), "one key");
        clock_advance_ms(&s.b.clock, 700);
        if (i == 30 || i == 60)
            bench_ok(&s.b, "UpdateShardCount", arena_f(&s.a, "{\"StreamName\":\"streaming-1a2b-geo\",\"TargetShardCount\":%d,\"ScalingType\":\"UNIFORM_SCALING\"}", i == 30 ? 2 : 3).p);
    }
    const struct ingest_options options = { .endpoint = s.w.endpoint, .user_id = "1a2b", .key = { S("test"), S("test"), S("") }, .region = "us-east-1", .clock = &s.b.clock };
    const struct kinesis_events events = { .record = take_in_order, .arg = &o };
    struct kinesis_reader *r = kinesis_reader_open(&options, &events, &e);
    assert_ok(kinesis_reader_poll(r, UINT64_MAX, &e), &e);
    assert_int_equal(o.n, 90);
    assert_true(kinesis_reader_at_tip(r));
    kinesis_reader_close(r);
    close_setting(&s);
}

static void trimmed_records_are_told_as_a_gap(void **state)
{
    (void)state;
    struct setting s;
    open_setting(&s, "streaming-1a2b-pin:1,streaming-1a2b-geo:1,streaming-1a2b-user:1", 9);
    restart(&s);
    put_some(&s, 30);
    go(&s);
    assert_int_equal(s.w.stream->sums.gaps, 0);
    put_some(&s, 30); /* nobody reads these */
    clock_advance_ms(&s.b.clock, 26 * 3600000);
    put_some(&s, 6000); /* puts trim now and then */
    restart(&s);
    go(&s);
    assert_int_equal(s.w.stream->sums.gaps, 3);
    assert_non_null(strstr(buf_cstr(&s.w.notes), "gap: gap: streaming-1a2b-pin/shardId-000000000000: that record is no longer kept"));
    close_setting(&s);
}

static void a_stream_made_anew_is_read_from_its_oldest_record_and_told(void **state)
{
    (void)state;
    struct setting s;
    open_setting(&s, STREAMS, 13);
    restart(&s);
    put_some(&s, 40);
    bench_ok(&s.b, "SplitShard", "{\"StreamName\":\"streaming-1a2b-geo\",\"ShardToSplit\":\"shardId-000000000000\",\"NewStartingHashKey\":\"1000\"}");
    clock_advance_ms(&s.b.clock, 60000);
    put_some(&s, 40);
    go(&s);
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        bench_ok(&s.b, "DeleteStream", arena_f(&s.a, "{\"StreamName\":\"streaming-1a2b-%s\"}", ledger_table_names[t]).p);
        clock_advance_ms(&s.b.clock, 60000);
        bench_ok(&s.b, "CreateStream", arena_f(&s.a, "{\"StreamName\":\"streaming-1a2b-%s\",\"ShardCount\":1}", ledger_table_names[t]).p);
        clock_advance_ms(&s.b.clock, 60000);
    }
    s.put = 0;
    put_some(&s, 50);
    restart(&s);
    go(&s);
    assert_int_equal(s.w.stream->sums.records, 50);
    assert_int_equal(s.w.stream->sums.gaps, 3);
    assert_non_null(strstr(buf_cstr(&s.w.notes), "made anew since"));
    restart(&s); /* once */
    put_some(&s, 5);
    go(&s);
    assert_int_equal(s.w.stream->sums.records, 5);
    assert_int_equal(s.w.stream->sums.gaps, 0);
    close_setting(&s);
}

/* What a batch cut short had read is trimmed before it is read again: the batch is done without, and this is told. */
static void a_batch_whose_records_were_trimmed_meanwhile_is_told(void **state)
{
    (void)state;
    struct setting s;
    struct err e = { 0 };
    open_setting(&s, "streaming-1a2b-pin:1,streaming-1a2b-geo:1,streaming-1a2b-user:1", 14);
    restart(&s);
    put_some(&s, 40);
    s.w.stores[0].fail_at = s.w.stores[0].op + 1;
    s.w.stores[0].dies = true;
    assert_int_equal(stream_run(s.w.stream, &e), -1);
    clock_advance_ms(&s.b.clock, 26 * 3600000);
    put_some(&s, 6000);
    restart(&s);
    go(&s);
    assert_true(s.w.stream->sums.gaps >= 3);
    struct str rows = world_rows(s.w.tables[1], -1, &s.a);
    size_t lines = 0;
    while (rows.n)
        str_cut(&rows, '\n'), lines++;
    assert_int_equal(lines, s.w.stream->sums.rows[1]);
    assert_int_equal(s.w.stream->sums.records, 6000);
    close_setting(&s);
}

static void a_stream_that_does_not_exist_is_named_or_waited_for(void **state)
{
    (void)state;
    struct setting s;
    struct err e = { 0 };
    open_setting(&s, "streaming-1a2b-pin:1,streaming-1a2b-user:1", 10);
    restart(&s);
    assert_int_equal(stream_run(s.w.stream, &e), -1);
    assert_string_equal(e.code, "ResourceNotFoundException");
    assert_non_null(strstr(e.message, "ListShards of stream streaming-1a2b-geo"));
    s.w.until = STREAM_FOREVER;
    s.w.looks = 40;
    restart(&s);
    go(&s);
    assert_non_null(strstr(buf_cstr(&s.w.notes), "waiting: ListShards of stream streaming-1a2b-geo"));
    bench_ok(&s.b, "CreateStream", "{\"StreamName\":\"streaming-1a2b-geo\",\"ShardCount\":1}");
    clock_advance_ms(&s.b.clock, 60000);
    put_some(&s, 20);
    s.w.looks = 60;
    go(&s);
    assert_as_the_batch(&s, "waited");
    close_setting(&s);
}

static void a_service_that_is_away_is_waited_for(void **state)
{
    (void)state;
    struct setting s;
    struct err e = { 0 };
    open_setting(&s, STREAMS, 11);
    const char *endpoint = s.w.endpoint;
    s.w.endpoint = "http://127.0.0.1:1";
    restart(&s);
    assert_int_equal(stream_run(s.w.stream, &e), -1);
    assert_string_equal(e.code, "NO_ANSWER");
    s.w.endpoint = endpoint;
    s.w.until = STREAM_UNTIL_IDLE;
    restart(&s);
    put_some(&s, 20);
    go(&s);
    assert_as_the_batch(&s, "until idle");
    close_setting(&s);
}

/* Same seed, same records: the same bytes wherever bytes do not come from the clock of the machine. */
static void the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    struct str bytes[2][4];
    struct arena a = ARENA_INIT;
    for (int i = 0; i < 2; i++) {
        struct setting s;
        open_setting(&s, STREAMS, 12);
        restart(&s);
        put_some(&s, 200);
        go(&s);
        clock_advance_ms(&s.b.clock, 3600000);
        go(&s);
        static const char *const objects[] = { "state/0", "offsets/1", "metadata" };
        for (int k = 0; k < 3; k++) {
            struct memory_object *o = map_get(&s.w.memory[FOLDER].objects, str_of(objects[k]));
            bytes[i][k] = o ? arena_dup(&a, o->bytes) : S("");
        }
        bytes[i][3] = arena_dup(&a, buf_str(&s.w.told));
        close_setting(&s);
    }
    for (int k = 1; k < 4; k++)
        assert_true(bytes[0][k].n && str_eq(bytes[0][k], bytes[1][k]));
    arena_release(&a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_and_answers_are_those_of_the_batch_at_every_cut),
        cmocka_unit_test(closed_minutes_count_every_post),
        cmocka_unit_test(faults_of_kinesis_lose_and_double_nothing),
        cmocka_unit_test(a_batch_cut_short_is_read_again_to_the_same_places),
        cmocka_unit_test(resharding_is_followed_and_expired_iterators_are_asked_for_again),
        cmocka_unit_test(a_key_keeps_its_order_over_resharding),
        cmocka_unit_test(trimmed_records_are_told_as_a_gap),
        cmocka_unit_test(a_stream_made_anew_is_read_from_its_oldest_record_and_told),
        cmocka_unit_test(a_batch_whose_records_were_trimmed_meanwhile_is_told),
        cmocka_unit_test(a_stream_that_does_not_exist_is_named_or_waited_for),
        cmocka_unit_test(a_service_that_is_away_is_waited_for),
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
