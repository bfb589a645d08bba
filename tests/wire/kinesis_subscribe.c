/* SubscribeToShard: an event stream read off the wire, message by message, its checksums verified. */
#include "tests/wire/kinesis.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/codec.h"

enum { MAX_HEAD = 4096 };

static void open_without_signatures(struct bench *b)
{
    const struct service *services[] = { &kinesis_service, NULL };
    const struct cloud_setting settings[] = { { "kinesis.streams", "a:1" }, { 0 } };
    struct err e = { 0 };
    *b = (struct bench){ .arena = ARENA_INIT };
    clock_init_virtual(&b->clock, START_MS);
    struct cloud_options o = { .services = services, .clock = &b->clock, .seed = 7, .settings = settings, .auth = CLOUD_AUTH_OFF };
    b->cloud = cloud_open(&o, &e);
    assert_ok(b->cloud ? 0 : -1, &e);
    b->client = bench_client(b, S("test"), S("test"));
}

/* ---- a subscriber ---- */

struct subscriber {
    struct bench *b;
    int fd, status;
    struct buf raw; /* of the chunked body, from `at` on not read yet */
    size_t at;
    struct buf body;
    size_t told; /* of body */
    struct str kind, content_type; /* of the last message */
};

static const char *arn_of_consumer(struct bench *b)
{
    static const char consumer[] = "{\"StreamARN\":\"arn:aws:kinesis:us-east-1:000000000000:stream/a\",\"ConsumerName\":\"c\"}";
    struct str about = bench_member(bench_ok(b, "RegisterStreamConsumer", consumer), "Consumer");
    return arena_z(&b->arena, bench_text(b, about, "ConsumerARN"));
}

static bool read_more(struct subscriber *s)
{
    char *at = buf_room(&s->raw, 65536);
    ssize_t n = recv(s->fd, at, 65536, 0);
    s->raw.n += n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* The next chunk onto the body; false at the end. */
static bool read_chunk(struct subscriber *s)
{
    for (;;) {
        struct str left = str_from(buf_str(&s->raw), s->at);
        size_t line = str_find(left, S("\r\n")), n = line == STR_NONE ? 0 : (size_t)strtoul(left.p, NULL, 16);
        if (line != STR_NONE && n == 0)
            return false;
        if (line != STR_NONE && left.n >= line + 2 + n + 2) {
            buf_add(&s->body, left.p + line + 2, n);
            s->at += line + 2 + n + 2;
            return true;
        }
        if (!read_more(s))
            return false;
    }
}

static void subscribe(struct subscriber *s, struct bench *b, const char *content_type, struct str body)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(cloud_port(b->cloud, "kinesis")), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval patience = { 20, 0 };
    *s = (struct subscriber){ .b = b, .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(s->fd, (struct sockaddr *)&at, sizeof at), 0);
    struct str head = arena_f(&b->arena, "POST / HTTP/1.1\r\nHost: h\r\nX-Amz-Target: Kinesis_20131202.SubscribeToShard\r\nContent-Type: %s\r\n"
                              "Content-Length: %zu\r\n\r\n", content_type, body.n);
    assert_int_equal(send(s->fd, head.p, head.n, MSG_NOSIGNAL), head.n);
    assert_int_equal(send(s->fd, body.p, body.n, MSG_NOSIGNAL), body.n);
    size_t end = STR_NONE;
    while (end == STR_NONE && read_more(s))
        end = str_find(buf_str(&s->raw), S("\r\n\r\n"));
    assert_true(end != STR_NONE && end < MAX_HEAD);
    s->status = atoi(s->raw.p + strlen("HTTP/1.1 "));
    s->at = end + 4;
}

static void from(struct subscriber *s, struct bench *b, const char *arn, const char *position)
{
    subscribe(s, b, "application/x-amz-json-1.1",
              arena_f(&b->arena, "{\"ConsumerARN\":\"%s\",\"ShardId\":\"shardId-000000000000\",\"StartingPosition\":{%s}}", arn, position));
}

static void part(struct subscriber *s)
{
    close(s->fd);
    buf_release(&s->raw);
    buf_release(&s->body);
}

static uint32_t number_of(const char *p, int bytes)
{
    uint32_t n = 0;
    for (int i = 0; i < bytes; i++)
        n = n << 8 | (uint8_t)p[i];
    return n;
}

/* Payload of the next message; p == NULL at the end. Its headers are s->kind ("event SubscribeToShardEvent") and content_type. */
static struct str hear(struct subscriber *s)
{
    struct str m;
    for (;;) {
        m = str_from(buf_str(&s->body), s->told);
        if (m.n >= 12 && m.n >= number_of(m.p, 4))
            break;
        if (!read_chunk(s))
            return (struct str){ 0 };
    }
    uint32_t n = number_of(m.p, 4), n_headers = number_of(m.p + 4, 4);
    assert_int_equal(number_of(m.p + 8, 4), codec_crc32(0, str_head(m, 8)));
    assert_int_equal(number_of(m.p + n - 4, 4), codec_crc32(0, str_head(m, n - 4)));
    struct str type = { 0 }, name = { 0 };
    for (const char *p = m.p + 12; p < m.p + 12 + n_headers;) {
        struct str key = { p + 1, (uint8_t)p[0] };
        p += 1 + key.n;
        assert_int_equal(p[0], 7);
        struct str value = { p + 3, number_of(p + 1, 2) };
        p += 3 + value.n;
        if (str_is(key, ":message-type"))
            type = value;
        else if (str_is(key, ":content-type"))
            s->content_type = arena_dup(&s->b->arena, value);
        else
            name = value;
    }
    s->kind = arena_f(&s->b->arena, STR_F " " STR_F, STR_A(type), STR_A(name));
    s->told += n;
    return arena_dup(&s->b->arena, (struct str){ m.p + 12 + n_headers, n - 12 - n_headers - 4 });
}

static struct str hear_event(struct subscriber *s)
{
    struct str event = hear(s);
    assert_str(s->kind, "event SubscribeToShardEvent");
    return event;
}

static void greeted(struct subscriber *s)
{
    assert_int_equal(s->status, 200);
    assert_true(str_find(buf_str(&s->raw), S("application/vnd.amazon.eventstream")) != STR_NONE);
    assert_str(hear(s), "{}");
    assert_str(s->kind, "event initial-response");
}

static void put(struct bench *b, const char *key)
{
    bench_ok(b, "PutRecord", arena_f(&b->arena, "{\"StreamName\":\"a\",\"Data\":\"AQ==\",\"PartitionKey\":\"%s\"}", key).p);
}

/* "k1 k2": the partition keys of the event. */
static struct str keys(struct bench *b, struct str event)
{
    struct str *records, all = S("");
    size_t n = bench_items(b, event, "Records", &records);
    for (size_t i = 0; i < n; i++)
        all = arena_f(&b->arena, STR_F "%s" STR_F, STR_A(all), i ? " " : "", STR_A(bench_text(b, records[i], "PartitionKey")));
    return all;
}

#define FROM_HORIZON "\"Type\":\"TRIM_HORIZON\""
#define FROM_LATEST "\"Type\":\"LATEST\""

/* ---- what is pushed ---- */

static void records_come_as_they_arrive(void **state)
{
    (void)state;
    struct bench b;
    struct subscriber s;
    open_without_signatures(&b);
    const char *arn = arn_of_consumer(&b);
    put(&b, "k1");
    put(&b, "k2");
    from(&s, &b, arn, FROM_HORIZON);
    greeted(&s);
    struct str event = hear_event(&s);
    assert_str(keys(&b, event), "k1 k2");
    assert_str(s.content_type, "application/x-amz-json-1.1");
    assert_int_equal(bench_number(event, "MillisBehindLatest"), 0);
    struct str *records;
    bench_items(&b, event, "Records", &records);
    assert_str(bench_text(&b, event, "ContinuationSequenceNumber"), arena_z(&b.arena, bench_text(&b, records[1], "SequenceNumber")));
    assert_str(bench_text(&b, records[0], "Data"), "AQ==");
    put(&b, "k3");
    assert_str(keys(&b, hear_event(&s)), "k3");
    clock_advance_ms(&b.clock, 5000); /* an event at least every five seconds */
    event = hear_event(&s);
    assert_str(keys(&b, event), "");
    assert_true(bench_has(event, "ContinuationSequenceNumber"));
    part(&s);
    bench_close(&b);
}

static void every_position_begins_where_it_says(void **state)
{
    (void)state;
    struct bench b;
    open_without_signatures(&b);
    const char *arn = arn_of_consumer(&b);
    put(&b, "k1");
    struct str first = bench_text(&b, bench_ok(&b, "PutRecord", "{\"StreamName\":\"a\",\"Data\":\"\",\"PartitionKey\":\"k2\"}"), "SequenceNumber");
    clock_advance_ms(&b.clock, 10000);
    put(&b, "k3");
    const struct { const char *position, *want; } cases[] = {
        { FROM_HORIZON, "k1 k2 k3" },
        { FROM_LATEST, "" },
        { arena_f(&b.arena, "\"Type\":\"AT_SEQUENCE_NUMBER\",\"SequenceNumber\":\"" STR_F "\"", STR_A(first)).p, "k2 k3" },
        { arena_f(&b.arena, "\"Type\":\"AFTER_SEQUENCE_NUMBER\",\"SequenceNumber\":\"" STR_F "\"", STR_A(first)).p, "k3" },
        { arena_f(&b.arena, "\"Type\":\"AT_TIMESTAMP\",\"Timestamp\":%ld", START_MS / 1000 + 5).p, "k3" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct subscriber s;
        clock_advance_ms(&b.clock, 6000);
        from(&s, &b, arn, cases[i].position);
        greeted(&s);
        assert_str(keys(&b, hear_event(&s)), cases[i].want);
        part(&s);
    }
    bench_close(&b);
}

/* What a client goes on with after the five minutes: nothing lost, nothing twice. */
static void it_ends_after_five_minutes_and_goes_on(void **state)
{
    (void)state;
    struct bench b;
    struct subscriber s;
    open_without_signatures(&b);
    const char *arn = arn_of_consumer(&b);
    put(&b, "old");
    from(&s, &b, arn, FROM_LATEST);
    greeted(&s);
    struct str event = hear_event(&s);
    assert_str(keys(&b, event), "");
    clock_advance_ms(&b.clock, 300000);
    assert_null(hear(&s).p);
    part(&s);
    put(&b, "new");
    from(&s, &b, arn, arena_f(&b.arena, "\"Type\":\"AFTER_SEQUENCE_NUMBER\",\"SequenceNumber\":\"" STR_F "\"",
                              STR_A(bench_text(&b, event, "ContinuationSequenceNumber"))).p);
    greeted(&s);
    assert_str(keys(&b, hear_event(&s)), "new");
    part(&s);
    bench_close(&b);
}

static void a_closed_shard_ends_it_with_its_children(void **state)
{
    (void)state;
    struct bench b;
    struct subscriber s;
    struct str *children;
    open_without_signatures(&b);
    const char *arn = arn_of_consumer(&b);
    from(&s, &b, arn, FROM_HORIZON);
    greeted(&s);
    hear_event(&s);
    put(&b, "last");
    assert_str(keys(&b, hear_event(&s)), "last");
    bench_ok(&b, "SplitShard", "{\"StreamName\":\"a\",\"ShardToSplit\":\"shardId-000000000000\",\"NewStartingHashKey\":\"1000\"}");
    struct str event = hear_event(&s);
    assert_int_equal(bench_items(&b, event, "ChildShards", &children), 2);
    assert_false(bench_has(event, "ContinuationSequenceNumber"));
    assert_null(hear(&s).p);
    part(&s);
    bench_close(&b);
}

static void cbor_is_answered_in_cbor(void **state)
{
    (void)state;
    struct bench b;
    struct subscriber s;
    struct buf body = BUF_INIT;
    open_without_signatures(&b);
    struct str arn = str_of(arn_of_consumer(&b));
    put(&b, "k1");
    buf_c(&body, (char)0xa3);
    buf_f(&body, "%cConsumerARN%c%c" STR_F, 0x6b, 0x78, (int)arn.n, STR_A(arn));
    buf_f(&body, "%cShardId%cshardId-000000000000", 0x67, 0x74);
    buf_f(&body, "%cStartingPosition%c%cType%cTRIM_HORIZON", 0x70, 0xa1, 0x64, 0x6c);
    subscribe(&s, &b, "application/x-amz-cbor-1.1", buf_str(&body));
    assert_int_equal(s.status, 200);
    hear(&s);
    struct str event = hear_event(&s);
    assert_str(s.content_type, "application/x-amz-cbor-1.1");
    assert_true(str_find(event, S("dData\x41\x01")) != STR_NONE); /* a byte string of one byte */
    buf_release(&body);
    part(&s);
    bench_close(&b);
}

/* ---- who may not, and what ends it early ---- */

static void another_takes_over_after_five_seconds(void **state)
{
    (void)state;
    struct bench b;
    struct subscriber one, two;
    open_without_signatures(&b);
    const char *arn = arn_of_consumer(&b);
    from(&one, &b, arn, FROM_HORIZON);
    greeted(&one);
    hear_event(&one);
    from(&two, &b, arn, FROM_HORIZON);
    assert_int_equal(two.status, 400);
    assert_true(str_find(buf_str(&two.raw), S("ResourceInUseException")) != STR_NONE);
    part(&two);
    clock_advance_ms(&b.clock, 5000);
    from(&two, &b, arn, FROM_HORIZON);
    greeted(&two);
    hear_event(&two);
    do
        hear(&one);
    while (str_is(one.kind, "event SubscribeToShardEvent"));
    assert_str(one.kind, "exception ResourceInUseException");
    assert_null(hear(&one).p);
    part(&one);
    part(&two);
    bench_close(&b);
}

static void it_ends_when_its_consumer_or_stream_goes(void **state)
{
    (void)state;
    struct bench b;
    struct subscriber s;
    open_without_signatures(&b);
    const char *arn = arn_of_consumer(&b);
    from(&s, &b, arn, FROM_HORIZON);
    greeted(&s);
    hear_event(&s);
    bench_ok(&b, "DeregisterStreamConsumer", arena_f(&b.arena, "{\"ConsumerARN\":\"%s\"}", arn).p);
    hear(&s);
    assert_str(s.kind, "exception ResourceNotFoundException");
    assert_null(hear(&s).p);
    part(&s);
    clock_advance_ms(&b.clock, 1000);
    arn = arn_of_consumer(&b);
    from(&s, &b, arn, FROM_HORIZON);
    greeted(&s);
    hear_event(&s);
    bench_ok(&b, "DeleteStream", "{\"StreamName\":\"a\",\"EnforceConsumerDeletion\":true}");
    clock_advance_ms(&b.clock, 5000);
    hear(&s);
    assert_str(s.kind, "exception ResourceNotFoundException");
    part(&s);
    bench_close(&b);
}

static void refusals_name_what_is_wrong(void **state)
{
    (void)state;
    struct bench b;
    open_without_signatures(&b);
    struct str arn = str_of(arn_of_consumer(&b));
    struct arena *a = &b.arena;
#define BODY(c, shard, position) \
    arena_f(a, "{\"ConsumerARN\":\"" STR_F "%s\",\"ShardId\":\"%s\",\"StartingPosition\":{%s}}", STR_A(arn), c, shard, position).p
    bench_refused(&b, "SubscribeToShard", BODY("1", "shardId-000000000000", FROM_LATEST), "ResourceNotFoundException", "Consumer c under stream a*");
    bench_refused(&b, "SubscribeToShard", BODY("", "shardId-000000000007", FROM_LATEST), "ResourceNotFoundException", "Could not find shard*");
    bench_refused(&b, "SubscribeToShard", BODY("", "shardId-000000000000", "\"Type\":\"NOW\""), "ValidationException", "1 validation error detected*");
    bench_refused(&b, "SubscribeToShard", BODY("", "shardId-000000000000", "\"Type\":\"AT_SEQUENCE_NUMBER\""), "InvalidArgumentException", "Must either*");
    bench_refused(&b, "SubscribeToShard", BODY("", "shardId-000000000000", "\"Type\":\"AT_SEQUENCE_NUMBER\",\"SequenceNumber\":\"1\""),
                  "InvalidArgumentException", "Invalid StartingSequenceNumber. It encodes shardId-000000000001*");
    char nines[101] = "";
    memset(nines, '9', 100);
    struct str number = arena_f(a, "\"Type\":\"AT_SEQUENCE_NUMBER\",\"SequenceNumber\":\"%s\"", nines);
    bench_refused(&b, "SubscribeToShard", BODY("", "shardId-000000000000", number.p), "InvalidArgumentException",
                  arena_f(a, "StartingSequenceNumber %s used in SubscribeToShard on*", nines).p);
    bench_close(&b);
}

static void a_cloud_closes_with_subscribers(void **state)
{
    (void)state;
    struct bench b;
    struct subscriber stays, goes;
    open_without_signatures(&b);
    const char *arn = arn_of_consumer(&b);
    from(&goes, &b, arn, FROM_HORIZON);
    greeted(&goes);
    part(&goes); /* noticed with the next event */
    clock_advance_ms(&b.clock, 6000);
    from(&stays, &b, arn, FROM_HORIZON);
    greeted(&stays);
    hear_event(&stays);
    bench_close(&b);
    part(&stays);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_as_they_arrive), cmocka_unit_test(every_position_begins_where_it_says),
        cmocka_unit_test(it_ends_after_five_minutes_and_goes_on), cmocka_unit_test(a_closed_shard_ends_it_with_its_children),
        cmocka_unit_test(cbor_is_answered_in_cbor), cmocka_unit_test(another_takes_over_after_five_seconds),
        cmocka_unit_test(it_ends_when_its_consumer_or_stream_goes), cmocka_unit_test(refusals_name_what_is_wrong),
        cmocka_unit_test(a_cloud_closes_with_subscribers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
