/* Kafka's wire as a client that may also be mistaken sees it: versions, records, refusals, long polls, faults. */
#include "tests/wire/kafka_client.h"

#include "base/clock.h"

struct world {
    struct cloud *cloud;
    struct arena arena;
    int fd;
};

static const struct cloud_setting no_auto_create[] = { { "kafka.auto_create", "off" }, { NULL, NULL } };

static int open_world(void **state)
{
    struct world *w = mem_zero(sizeof *w);
    w->cloud = kafka_client_cloud(NULL);
    w->fd = kafka_connect(cloud_port(w->cloud, "kafka"));
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    close(w->fd);
    cloud_close(w->cloud);
    arena_release(&w->arena);
    free(w);
    return 0;
}

static uint16_t port_of(struct world *w) { return cloud_port(w->cloud, "kafka"); }
static struct str one(struct world *w, const char *value) { return batch_of(&w->arena, S("k"), str_of(value), -1, -1, -1); }

/* ---- versions ---- */

static void versions_are_told_from_the_table(void **state)
{
    struct world *w = *state;
    struct buf empty = BUF_INIT;
    struct kafka_reader r = ask(w->fd, &w->arena, API_VERSIONS, 0, &empty);
    assert_int_equal(get_i(&r, 2), 0);
    int64_t n = get_i(&r, 4);
    bool produce_seen = false, transactions_seen = false;
    for (int64_t i = 0; i < n; i++) {
        int64_t key = get_i(&r, 2), min = get_i(&r, 2), max = get_i(&r, 2);
        produce_seen |= key == PRODUCE && min == 0 && max == 9;
        transactions_seen |= key == 24;
    }
    assert_true(produce_seen);
    assert_false(transactions_seen); /* not built, so not promised */
    assert_int_equal(r.left.n, 0);
}

/* KIP-511: a later ApiVersions than there is here is answered as version 0, with error 35 and the list. */
static void a_later_api_versions_is_answered_in_version_0(void **state)
{
    struct world *w = *state;
    struct buf junk = BUF_INIT;
    buf_z(&junk, "whatever");
    struct kafka_reader r = ask(w->fd, &w->arena, API_VERSIONS, 99, &junk);
    assert_int_equal(get_i(&r, 2), 35);
    assert_true(get_i(&r, 4) > 20);
}

static void what_cannot_be_answered_ends_the_connection(void **state)
{
    struct world *w = *state;
    static const struct { int key, version; struct str body; } rows[] = {
        { 1234, 0, S_INIT("") },               /* no such key */
        { METADATA, 99, S_INIT("") },          /* no such version */
        { 24, 0, S_INIT("") },                 /* known, not built */
        { METADATA, 1, S_INIT("\0\0") },       /* ends too early */
        { METADATA, 1, S_INIT("\x7f\xff\xff\xff") }, /* more topics than bytes */
        { METADATA, 1, S_INIT("\0\0\0\1\x7f\xff") }, /* a name longer than the request */
        { PRODUCE, 3, S_INIT("\xff\xff\0\1\0\0\0\0\xff\xff\xff\xfe") }, /* length -2 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int fd = kafka_connect(port_of(w));
        send_request(fd, rows[i].key, rows[i].version, rows[i].body);
        if (!is_closed(fd))
            fail_msg("row %zu was answered", i);
        close(fd);
    }
    struct buf empty = BUF_INIT; /* others are unharmed */
    struct kafka_reader r = ask(w->fd, &w->arena, API_VERSIONS, 0, &empty);
    assert_int_equal(get_i(&r, 2), 0);
}

static void other_protocols_and_huge_lengths_end_the_connection(void **state)
{
    struct world *w = *state;
    static const struct str rows[] = { S_INIT("GET / HTTP/1.1\r\n\r\n"), S_INIT("\xff\xff\xff\xff\0\0"), S_INIT("\x06\x40\0\1\0\0\0\0"), S_INIT("\0\0\0\0") };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int fd = kafka_connect(port_of(w));
        send_raw(fd, rows[i]);
        assert_true(is_closed(fd));
        close(fd);
    }
}

/* ---- records ---- */

static void records_come_back_as_they_went(void **state)
{
    struct world *w = *state;
    struct produced p = produce(w->fd, &w->arena, "a.pin", 0, one(w, "first"));
    assert_int_equal(p.error, 0);
    assert_int_equal(p.offset, 0);
    assert_int_equal(produce(w->fd, &w->arena, "a.pin", 0, one(w, "second")).offset, 1);
    struct fetched f = fetch(w->fd, &w->arena, 0, "a.pin", 0);
    struct kafka_batch b;
    const char *why;
    assert_int_equal(f.error, 0);
    assert_int_equal(f.end, 2);
    assert_int_equal(kafka_batch_read(&b, f.records, true, 1 << 20, &why), KAFKA_NONE);
    assert_int_equal(b.n, 2);
    assert_str(b.records[0].key, "k");
    assert_str(b.records[1].value, "second");
    assert_true(b.records[0].time_ms == 1600000000000);
    kafka_batch_release(&b);
    assert_int_equal(fetch(w->fd, &w->arena, 0, "a.pin", 2).records.n, 0);
    assert_int_equal(fetch(w->fd, &w->arena, 0, "a.pin", 3).error, KAFKA_OFFSET_OUT_OF_RANGE);
    assert_int_equal(fetch(w->fd, &w->arena, 0, "a.pin", -1).error, KAFKA_OFFSET_OUT_OF_RANGE);
    assert_int_equal(fetch(w->fd, &w->arena, 0, "nosuch", 0).error, KAFKA_UNKNOWN_TOPIC_OR_PARTITION);
}

static void old_message_sets_are_taken_and_given(void **state)
{
    struct world *w = *state;
    struct buf set = BUF_INIT;
    struct kafka_batch_writer writer = { .out = &set, .magic = 1 };
    struct plog_record r = { .time_ms = 5, .key = S_INIT("k"), .value = S_INIT("old") };
    kafka_batch_add(&writer, &r);
    struct produced p = produce_as(w->fd, &w->arena, 2, 1, "old", 0, buf_str(&set));
    assert_int_equal(p.error, 0);
    assert_int_equal(produce_as(w->fd, &w->arena, 7, 1, "old", 0, buf_str(&set)).error, KAFKA_INVALID_RECORD);
    set.p[set.n - 1] ^= 1;
    assert_int_equal(produce_as(w->fd, &w->arena, 2, 1, "old", 0, buf_str(&set)).error, KAFKA_CORRUPT_MESSAGE);
    buf_release(&set);
    struct fetched f = fetch(w->fd, &w->arena, 0, "old", 0);
    assert_int_equal(f.end, 1);
    assert_int_equal(f.records.p[16], 2);
}

static void refused_records_are_told_and_not_stored(void **state)
{
    struct world *w = *state;
    struct str good = one(w, "x"), cut = str_head(good, good.n - 1), broken = arena_dup(&w->arena, good);
    ((char *)(uintptr_t)broken.p)[good.n - 2] ^= 1;
    char *large = arena_zero(&w->arena, 2 << 20);
    struct { int version, acks, partition; struct str records; int error; } rows[] = {
        { 7, -1, 0, broken, KAFKA_CORRUPT_MESSAGE },
        { 7, -1, 0, cut, KAFKA_CORRUPT_MESSAGE },
        { 7, -1, 0, S(""), KAFKA_INVALID_RECORD },
        { 7, -1, 0, { 0 }, KAFKA_INVALID_RECORD },
        { 7, -1, 7, good, KAFKA_UNKNOWN_TOPIC_OR_PARTITION },
        { 7, -1, -1, good, KAFKA_UNKNOWN_TOPIC_OR_PARTITION },
        { 7, 5, 0, good, KAFKA_INVALID_REQUIRED_ACKS },
        { 7, -1, 0, batch_of(&w->arena, S("k"), (struct str){ large, 2 << 20 }, -1, -1, -1), KAFKA_MESSAGE_TOO_LARGE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct produced p = produce_as(w->fd, &w->arena, rows[i].version, rows[i].acks, "r", rows[i].partition, rows[i].records);
        if (p.error != rows[i].error || p.offset != -1)
            fail_msg("row %zu: error %d, offset %lld", i, p.error, (long long)p.offset);
    }
    assert_int_equal(fetch(w->fd, &w->arena, 0, "r", 0).end, 0);
    assert_int_equal(produce(w->fd, &w->arena, "no/such", 0, good).error, KAFKA_INVALID_TOPIC_EXCEPTION);
}

static void without_auto_create_a_topic_has_to_be_there(void **state)
{
    struct world *w = *state;
    struct cloud *c = kafka_client_cloud(no_auto_create);
    int fd = kafka_connect(cloud_port(c, "kafka"));
    assert_int_equal(produce(fd, &w->arena, "t", 0, one(w, "x")).error, KAFKA_UNKNOWN_TOPIC_OR_PARTITION);
    struct buf b = BUF_INIT;
    put_i(&b, 1, 4);
    put_s(&b, "t");
    struct kafka_reader r = ask(fd, &w->arena, METADATA, 1, &b);
    assert_int_equal(get_i(&r, 4), 1); /* broker 1 at the port we came in by */
    assert_int_equal(get_i(&r, 4), 1);
    assert_str(get_s(&r), "127.0.0.1");
    assert_int_equal(get_i(&r, 4), cloud_port(c, "kafka"));
    get_s(&r);
    assert_int_equal(get_i(&r, 4), 1);
    assert_int_equal(get_i(&r, 4), 1);
    assert_int_equal(get_i(&r, 2), KAFKA_UNKNOWN_TOPIC_OR_PARTITION);
    close(fd);
    cloud_close(c);
}

/* ---- acks=0 ---- */

static void acks_0_is_not_answered(void **state)
{
    struct world *w = *state;
    struct buf b = BUF_INIT, empty = BUF_INIT;
    put_produce(&b, 7, 0, "z", 0, one(w, "quiet"));
    send_request(w->fd, PRODUCE, 7, buf_str(&b));
    struct kafka_reader r = ask(w->fd, &w->arena, API_VERSIONS, 0, &empty); /* the next answer is the next request's */
    assert_int_equal(get_i(&r, 2), 0);
    assert_int_equal(fetch(w->fd, &w->arena, 0, "z", 0).end, 1);
    buf_reset(&b);
    put_produce(&b, 7, 0, "z", 9, one(w, "lost"));
    send_request(w->fd, PRODUCE, 7, buf_str(&b));
    assert_true(is_closed(w->fd)); /* the only way to tell the client */
    buf_release(&b);
}

/* ---- idempotence ---- */

static void a_numbered_batch_enters_once(void **state)
{
    struct world *w = *state;
    struct buf b = BUF_INIT;
    put_s(&b, NULL);
    put_i(&b, 1000, 4);
    struct kafka_reader r = ask(w->fd, &w->arena, INIT_PRODUCER_ID, 0, &b);
    get_i(&r, 4);
    assert_int_equal(get_i(&r, 2), 0);
    int64_t id = get_i(&r, 8), epoch = get_i(&r, 2);
    const struct { int32_t sequence; int epoch, error; int64_t offset; } rows[] = {
        { 0, 0, 0, 0 }, { 1, 0, 0, 1 }, { 1, 0, 0, 1 }, { 0, 0, 0, 0 }, { 3, 0, KAFKA_OUT_OF_ORDER_SEQUENCE_NUMBER, -1 }, { 2, 0, 0, 2 },
        { 0, 1, 0, 3 }, { 3, 0, KAFKA_INVALID_PRODUCER_EPOCH, -1 }, { 5, 2, KAFKA_OUT_OF_ORDER_SEQUENCE_NUMBER, -1 },
    };
    assert_int_equal(epoch, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct produced p = produce(w->fd, &w->arena, "i", 0, batch_of(&w->arena, S("k"), S("v"), id, (int16_t)rows[i].epoch, rows[i].sequence));
        if (p.error != rows[i].error || p.offset != rows[i].offset)
            fail_msg("row %zu: error %d, offset %lld", i, p.error, (long long)p.offset);
    }
    assert_int_equal(fetch(w->fd, &w->arena, 0, "i", 0).end, 4);
}

static void transactions_are_refused(void **state)
{
    struct world *w = *state;
    struct buf b = BUF_INIT;
    put_s(&b, "tx");
    put_i(&b, 1000, 4);
    struct kafka_reader r = ask(w->fd, &w->arena, INIT_PRODUCER_ID, 0, &b);
    get_i(&r, 4);
    assert_int_equal(get_i(&r, 2), KAFKA_UNSUPPORTED_VERSION);
}

/* ---- long polls ---- */

static void a_fetch_waits_for_records(void **state)
{
    struct world *w = *state;
    struct buf b = BUF_INIT;
    int other = kafka_connect(port_of(w));
    assert_int_equal(produce(w->fd, &w->arena, "w", 0, one(w, "before")).error, 0);
    put_fetch(&b, 15000, 1, "w", 1);
    send_request(other, FETCH, 4, buf_str(&b));
    buf_release(&b);
    assert_true(is_quiet(other, 50));
    int64_t start = clock_stopwatch_us();
    assert_int_equal(produce(w->fd, &w->arena, "w", 0, one(w, "after")).error, 0);
    struct fetched f = read_fetched(read_answer(other, &w->arena));
    assert_true(f.records.n > 61);
    assert_true(clock_stopwatch_us() - start < 5000000);
    close(other);
}

static void a_fetch_waits_no_longer_than_asked(void **state)
{
    struct world *w = *state;
    struct buf b = BUF_INIT;
    assert_int_equal(produce(w->fd, &w->arena, "w", 0, one(w, "x")).error, 0);
    int64_t start = clock_stopwatch_us();
    struct fetched f = fetch(w->fd, &w->arena, 150, "w", 1);
    assert_int_equal(f.records.n, 0);
    assert_true(clock_stopwatch_us() - start >= 140000);
    put_fetch(&b, 100, 1000000, "w", 0); /* less than min_bytes there */
    start = clock_stopwatch_us();
    f = read_fetched(ask(w->fd, &w->arena, FETCH, 4, &b));
    assert_true(f.records.n > 61);
    assert_true(clock_stopwatch_us() - start >= 90000);
}

static void a_waiting_fetch_does_not_hold_up_the_end(void **state)
{
    struct world *w = *state;
    struct buf b = BUF_INIT;
    struct cloud *c = kafka_client_cloud(NULL);
    int fd = kafka_connect(cloud_port(c, "kafka"));
    assert_int_equal(produce(fd, &w->arena, "w", 0, one(w, "x")).error, 0);
    put_fetch(&b, 60000, 1, "w", 1);
    send_request(fd, FETCH, 4, buf_str(&b));
    buf_release(&b);
    assert_true(is_quiet(fd, 30));
    int64_t start = clock_stopwatch_us();
    cloud_close(c);
    assert_true(clock_stopwatch_us() - start < 5000000);
    close(fd);
}

/* ---- faults ---- */

static void set_rule(struct world *w, const char *rule)
{
    struct err e;
    assert_ok(faults_load(cloud_faults(w->cloud), arena_f(&w->arena, "[%s]", rule), &e), &e);
}

static void fault_rules_speak_kafka(void **state)
{
    struct world *w = *state;
    struct str x = one(w, "x");
    set_rule(w, "{\"service\":\"kafka\",\"action\":\"Produce\",\"resource\":\"f\",\"error\":{\"statusCode\":500,\"code\":\"NOT_ENOUGH_REPLICAS\"},\"times\":1}");
    assert_int_equal(produce(w->fd, &w->arena, "f", 0, x).error, KAFKA_NOT_ENOUGH_REPLICAS);
    assert_int_equal(produce(w->fd, &w->arena, "f", 0, x).offset, 0);
    set_rule(w, "{\"service\":\"kafka\",\"action\":\"Produce\",\"error\":{\"statusCode\":500,\"code\":\"REQUEST_TIMED_OUT\"},\"phase\":\"after\",\"times\":1}");
    assert_int_equal(produce(w->fd, &w->arena, "f", 0, x).error, KAFKA_REQUEST_TIMED_OUT); /* stored all the same, once */
    assert_int_equal(fetch(w->fd, &w->arena, 0, "f", 0).end, 2);
    set_rule(w, "{\"service\":\"kafka\",\"action\":\"Fetch\",\"throttle\":true,\"times\":1}");
    assert_int_equal(fetch(w->fd, &w->arena, 0, "f", 0).error, KAFKA_REQUEST_TIMED_OUT);
    set_rule(w, "{\"service\":\"kafka\",\"action\":\"Produce\",\"partial\":1,\"times\":1}");
    assert_int_equal(produce(w->fd, &w->arena, "f", 0, x).error, KAFKA_NOT_LEADER_OR_FOLLOWER);
    set_rule(w, "{\"service\":\"kafka\",\"action\":\"Produce\",\"reset\":\"after\",\"times\":1}");
    struct buf b = BUF_INIT;
    put_produce(&b, 7, -1, "f", 0, x);
    send_request(w->fd, PRODUCE, 7, buf_str(&b));
    buf_release(&b);
    assert_true(is_closed(w->fd));
    close(w->fd);
    w->fd = kafka_connect(port_of(w));
    assert_int_equal(fetch(w->fd, &w->arena, 0, "f", 0).end, 3);
}

static void the_journal_says_why(void **state)
{
    struct world *w = *state;
    struct buf text = BUF_INIT;
    produce(w->fd, &w->arena, "j", 4, one(w, "x"));
    journal_list(cloud_journal(w->cloud), 0, 10, "kafka", &text);
    assert_true(str_find(buf_str(&text), S("\"action\":\"Produce\",\"resource\":\"j\"")) != STR_NONE);
    buf_release(&text);
    journal_list(cloud_journal(w->cloud), 0, 10, "kafka_rest", &text);
    assert_int_equal(text.n, 0);
    buf_release(&text);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(versions_are_told_from_the_table),
        WORLD_TEST(a_later_api_versions_is_answered_in_version_0),
        WORLD_TEST(what_cannot_be_answered_ends_the_connection),
        WORLD_TEST(other_protocols_and_huge_lengths_end_the_connection),
        WORLD_TEST(records_come_back_as_they_went),
        WORLD_TEST(old_message_sets_are_taken_and_given),
        WORLD_TEST(refused_records_are_told_and_not_stored),
        WORLD_TEST(without_auto_create_a_topic_has_to_be_there),
        WORLD_TEST(acks_0_is_not_answered),
        WORLD_TEST(a_numbered_batch_enters_once),
        WORLD_TEST(transactions_are_refused),
        WORLD_TEST(a_fetch_waits_for_records),
        WORLD_TEST(a_fetch_waits_no_longer_than_asked),
        WORLD_TEST(a_waiting_fetch_does_not_hold_up_the_end),
        WORLD_TEST(fault_rules_speak_kafka),
        WORLD_TEST(the_journal_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
