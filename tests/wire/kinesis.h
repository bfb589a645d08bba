/* kinesis.h - a cloud with Kinesis on a free port and a virtual clock, and calls to it over HTTP. */
#ifndef TESTS_WIRE_KINESIS_H
#define TESTS_WIRE_KINESIS_H

#include "base/json.h"
#include "mocks/cloud/cloud.h"
#include "mocks/kinesis/kinesis.h"
#include "net/client.h"
#include "tests/support/t.h"

#define START_MS 1736071467000 /* 2025-01-05T10:04:27Z */

struct bench {
    struct clock clock;
    struct cloud *cloud;
    struct client *client;
    struct arena arena;
    struct str account;
    int status; /* of the last answer */
    const struct http_header *headers;
    size_t n_headers;
};

static inline struct client *bench_client(struct bench *b, struct str access_key, struct str secret)
{
    struct err e;
    struct client_options o = { .clock = &b->clock, .max_attempts = 1, .key = { access_key, secret, S("") },
                                .region = S("us-east-1") };
    struct client *c = client_open(&o, &e);
    assert_non_null(c);
    return c;
}

static inline void bench_open(struct bench *b, const struct cloud_setting *settings)
{
    const struct service *services[] = { &kinesis_service, NULL };
    struct err e = { 0 };
    *b = (struct bench){ .arena = ARENA_INIT };
    clock_init_virtual(&b->clock, START_MS);
    struct cloud_options o = { .services = services, .clock = &b->clock, .seed = 7, .settings = settings };
    b->cloud = cloud_open(&o, &e);
    if (!b->cloud)
        fail_msg("%s", e.message);
    b->client = bench_client(b, S("test"), S("test"));
}

static inline void bench_close(struct bench *b)
{
    client_close(b->client);
    cloud_close(b->cloud);
    arena_release(&b->arena);
}

/* Sends what it is told; the reply's body. */
static inline struct str bench_send(struct bench *b, struct client *client, const char *method, const char *path,
                                    const struct http_header *headers, size_t n, struct str body, bool sign)
{
    struct err e = { 0 };
    struct client_response r = { 0 };
    struct client_request q = { .method = method, .headers = headers, .n_headers = n, .body = body, .sign = sign,
                                .url = arena_f(&b->arena, "%s%s", cloud_url(b->cloud, "kinesis"), path),
                                .service = S("kinesis") };
    if (client_do(client, &q, &b->arena, &r, &e))
        fail_msg("%s", e.message);
    b->status = r.status;
    b->headers = r.headers;
    b->n_headers = r.n_headers;
    return r.body.p ? r.body : S("");
}

static inline struct str bench_as(struct bench *b, struct client *client, const char *action, struct str body)
{
    struct http_header headers[] = {
        { S("Content-Type"), S("application/x-amz-json-1.1") },
        { S("X-Amz-Target"), arena_f(&b->arena, "Kinesis_20131202.%s", action) },
    };
    return bench_send(b, client, "POST", "/", headers, 2, body, true);
}

static inline struct str bench_call(struct bench *b, const char *action, const char *body)
{
    return bench_as(b, b->client, action, str_of(body));
}

static inline struct str bench_header(const struct bench *b, const char *name)
{
    return http_header_get(b->headers, b->n_headers, name);
}

/* The call succeeds; its body. */
static inline struct str bench_ok(struct bench *b, const char *action, const char *body)
{
    struct str reply = bench_call(b, action, body);
    if (b->status != 200)
        fail_msg("%s %s: %d " STR_F, action, body, b->status, STR_A(reply));
    return reply;
}

/* The call is refused with this code and this message (a prefix when it ends in '*'). */
static inline void bench_refused(struct bench *b, const char *action, const char *body, const char *code, const char *message)
{
    struct str reply = bench_call(b, action, body), got = json_get_text(reply, "message", &b->arena);
    if (!got.p)
        got = json_get_text(reply, "Message", &b->arena);
    struct str want = str_of(message);
    bool prefix = str_ends(want, S("*"));
    bool same = prefix ? str_starts(got, str_head(want, want.n - 1)) : str_eq(got, want);
    if (b->status != 400 || !str_is(json_get_text(reply, "__type", &b->arena), code) || !same)
        fail_msg("%s %s:\n  got  %d " STR_F "\n  want %s %s", action, body, b->status, STR_A(reply), code, message);
}

static inline struct str bench_text(struct bench *b, struct str object, const char *name)
{
    return json_get_text(object, name, &b->arena);
}
static inline int64_t bench_number(struct str object, const char *name)
{
    struct json v;
    int64_t n = INT64_MIN;
    if (json_get(object, name, &v) && v.type == JSON_NUMBER)
        str_to_i64(v.raw, &n);
    return n;
}
static inline bool bench_has(struct str object, const char *name)
{
    struct json v;
    return json_get(object, name, &v);
}
static inline struct str bench_member(struct str object, const char *name)
{
    struct json v;
    return json_get(object, name, &v) ? v.raw : S("");
}
/* Elements of the array `name`; their number. */
static inline size_t bench_items(struct bench *b, struct str object, const char *name, struct str **ret_items)
{
    struct json v = { 0 }, item;
    struct json_reader r;
    size_t n = 0, cap = 1024;
    if (!json_get(object, name, &v) || v.type != JSON_ARRAY)
        return 0;
    *ret_items = ARENA_ARRAY(&b->arena, struct str, cap);
    json_open(&r, v.raw);
    json_enter(&r, JSON_ARRAY);
    while (json_element(&r) == 1 && n < cap) {
        json_read(&r, &item);
        (*ret_items)[n++] = item.raw;
    }
    return n;
}

static inline struct str bench_iterator(struct bench *b, const char *stream, int shard, const char *more)
{
    struct str body = arena_f(&b->arena, "{\"StreamName\":\"%s\",\"ShardId\":\"shardId-%012d\",%s}", stream, shard, more);
    return bench_text(b, bench_ok(b, "GetShardIterator", body.p), "ShardIterator");
}
static inline struct str bench_get(struct bench *b, struct str iterator, int limit)
{
    struct str body = limit ? arena_f(&b->arena, "{\"ShardIterator\":\"" STR_F "\",\"Limit\":%d}", STR_A(iterator), limit)
                            : arena_f(&b->arena, "{\"ShardIterator\":\"" STR_F "\"}", STR_A(iterator));
    return bench_ok(b, "GetRecords", body.p);
}
#define HORIZON "\"ShardIteratorType\":\"TRIM_HORIZON\""
#define LATEST "\"ShardIteratorType\":\"LATEST\""

#endif
